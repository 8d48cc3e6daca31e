"""Which workflow an indicator's page is of: by what it measures, and by the workflows' own words."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from engine.pages.kinds import Found
from engine.pages.numbers_found import Scale, is_odd, scale_of
from engine.pages.text import even
from engine.pages.values import ReadPage
from engine.prose.proposals import proposals
from engine.quarter import FiscalYear
from engine.workflow import Measure, MeasureKind, Workflow

#: So many letters of a workflow's title are looked for together, and such a part of them must be there.
_TOGETHER, _ENOUGH = 6, 0.5
#: What is best is chosen where the next one fits so much less.
_CLEARLY = 1.3
#: A mean of answers is no higher; points that are more are out of a hundred.
_HIGHEST_SCORE = 10
_KINDS = {
    Scale.PERCENT: MeasureKind.PERCENT,
    Scale.COUNT: MeasureKind.COUNT,
    Scale.SCORE: MeasureKind.SCORE,
}


class Choice(NamedTuple):
    """The workflow chosen and why, or ``None`` and the candidates, the best first.

    ``words`` is what decided: the unit, or the title of the workflow that the page speaks of.
    """

    workflow: Workflow | None
    words: str
    candidates: tuple[Workflow, ...]


def choose(
    page: ReadPage, odd: Sequence[Found], workflows: Sequence[Workflow], year: FiscalYear | None = None
) -> Choice:
    """The workflow of a page of that year, given what was found odd about its numbers.

    A percentage, a count or a mean is measured; a level is reached by milestones, and which milestones
    those are the words of the page tell.
    """
    scale, by_words = _scale(page), list(_by_words(page, workflows))
    if scale in _KINDS and Found.STEPS_IN_PERCENT not in odd:
        measured = _measured(_KINDS[scale], odd, workflows)
        others = tuple(one for _, one in by_words if one not in measured)
        if measured:
            return Choice(measured[0], page.unit or "", (*measured, *others))
    by_words = _by_what_was_done(page, year, by_words)
    if _is_clear(by_words):
        best = by_words[0][1]
        return Choice(best, best.title.th, tuple(one for _, one in by_words))
    candidates = tuple(one for _, one in by_words) or tuple(workflows)
    return Choice(None, "", candidates)


def _scale(page: ReadPage) -> Scale | None:
    """What the page measures in: by its unit, by the first words of its title, by a result between levels."""
    unit = page.unit if page.unit and not is_odd(page.unit) else None
    found = scale_of(unit) or scale_of(_first_word(page.title)) or scale_of(page.unit)
    is_between = page.achieved is not None and page.achieved != int(page.achieved)
    if found is Scale.LEVEL and (
        is_between or "คะแนน" in (page.unit or "") or "พึงพอใจ" in (page.title or "")
    ):
        return Scale.SCORE
    is_of_hundred = any(
        value is not None and value > _HIGHEST_SCORE for value in (page.target, page.achieved)
    )
    return Scale.PERCENT if found is Scale.SCORE and is_of_hundred else found


def _first_word(title: str | None) -> str | None:
    found = re.search("ร้อยละ|ระดับความสำเร็จ|จำนวน|คะแนน", even(title or "")[:60])
    return found[0] if found else None


def _measured(kind: MeasureKind, odd: Sequence[Found], workflows: Sequence[Workflow]) -> list[Workflow]:
    """The workflows that measure in that kind, the one first that takes the target as it is meant here."""
    falls = Found.LESS_IS_BETTER in odd
    of_target = not {Found.WEIGHT_AS_TARGET, Found.TARGET_ZERO, Found.NO_TARGET} & set(odd)
    found = [(measure, one) for one in workflows for measure in _measures(one) if measure.kind is kind]
    found.sort(key=lambda pair: (pair[0].falls != falls, pair[0].of_target != of_target, pair[1].key))
    return [one for _, one in found]


def _measures(workflow: Workflow) -> Iterator[Measure]:
    return (one.measure for one in workflow.milestones if one.measure is not None)


def _by_words(page: ReadPage, workflows: Sequence[Workflow]) -> Iterator[tuple[float, Workflow]]:
    """The workflows of milestones whose title the page speaks of, the best first."""
    texts = [page.title, page.definition, page.method, page.evidence_asked]
    texts += [one.narrative for one in page.quarters]
    told = "".join(even("\n".join(filter(None, texts))).split())
    found = [(_share(one.title.th, told), one) for one in workflows if not any(_measures(one))]
    yield from sorted(
        ((share, one) for share, one in found if share >= _ENOUGH), key=lambda pair: (-pair[0], pair[1].key)
    )


def _is_clear(found: Sequence[tuple[float, Workflow]]) -> bool:
    return len(found) == 1 or (len(found) > 1 and found[0][0] >= found[1][0] * _CLEARLY)


def _by_what_was_done(
    page: ReadPage, year: FiscalYear | None, found: list[tuple[float, Workflow]]
) -> list[tuple[float, Workflow]]:
    """Where the titles do not decide, each counts by how many of its milestones the reports tell as done."""
    if year is None or not found or _is_clear(found):
        return found
    told = [(share * _told_of(one, page, year), one) for share, one in found]
    told.sort(key=lambda pair: (-pair[0], pair[1].key))
    return told if told[0][0] > 0 else found


def _told_of(workflow: Workflow, page: ReadPage, year: FiscalYear) -> float:
    """The share of its milestones of which the reports tell that something was done."""
    done = {
        one.milestone
        for quarter in page.quarters
        if quarter.narrative
        for one in proposals(workflow, year, quarter.number, quarter.narrative)
        if one.done
    }
    return len(done) / len(workflow.milestones)


def _share(title: str, told: str) -> float:
    pieces = _pieces(title)
    return sum(piece in told for piece in pieces) / len(pieces) if pieces else 0.0


@lru_cache(256)
def _pieces(title: str) -> tuple[str, ...]:
    """Every run of some letters of a title, without the first word that only says that something is done."""
    plain = "".join(re.sub(r"^การ", "", even(title)).split())
    return tuple(plain[at : at + _TOGETHER] for at in range(max(len(plain) - _TOGETHER + 1, 0)))

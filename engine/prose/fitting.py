"""Which milestone and kind of fact a statement tells of, by the phrases that the workflow declares."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

from engine.searching import folded
from engine.workflow import MilestoneDefinition, OccurrenceKind, Phrase, Workflow

#: So many letters, blanks not counted, may lie between the words of a phrase.
_TOGETHER = 60
#: A statement tells first what was done: a phrase farther behind may only be part of something else.
_HEAD = 30
_AND = ("และ", "รวมทั้ง", "พร้อมทั้ง", ",")


class Fit(NamedTuple):
    """A kind of fact whose phrase stands in a statement, from where to where, blanks not counted."""

    milestone: MilestoneDefinition
    kind: OccurrenceKind
    phrase: Phrase
    start: int
    end: int
    last: int  # where its last word begins
    begins: bool  # with it a statement begins, or words that stand apart
    joined: bool  # before its last word stands "and"

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its phrase, each as it is written first."""
        return tuple(forms[0] for forms in self.phrase.words)

    @property
    def at_head(self) -> bool:
        return self.begins or self.start <= _HEAD


def squeezed(text: str) -> str:
    """The text as phrases are looked for: one spelling of what looks alike, and no blanks."""
    return "".join(folded(text).split())


def fits(workflow: Workflow, text: str) -> list[Fit]:
    """Every kind of fact that the text may tell of, the best first, one for each kind.

    The phrase that begins first is best, of two the one whose words stand closer.
    """
    parts = folded(text).split()
    told = "".join(parts)
    beginnings = frozenset(accumulate(map(len, parts), initial=0))  # a blank stood there
    found = [
        Fit(milestone, kind, *best, best[1] in beginnings, told.endswith(_AND, 0, best[3]))
        for milestone in workflow.milestones
        for kind in milestone.kinds
        if (best := _best(kind, told)) is not None
    ]
    return sorted(found, key=lambda one: (one.start, one.end, -len(one.phrase.written)))


def also_told(found: Sequence[Fit]) -> list[Fit]:
    """What a statement tells besides with the same verb: จัดทำแผนและบัญชีข้อมูล."""
    return [
        one
        for one in found[1:]
        if one.joined and one.start == found[0].start and one.milestone.key != found[0].milestone.key
    ]


def _best(kind: OccurrenceKind, told: str) -> tuple[Phrase, int, int, int] | None:
    found = [(phrase, *place) for phrase in kind.phrases for place in _places(phrase, told)]
    return min(found, key=lambda one: one[1:], default=None)


def _places(phrase: Phrase, told: str) -> Iterator[tuple[int, int, int]]:
    """From where to where its words stand, and where the last of them begins."""
    first, wanted, unwanted = _patterns(phrase)
    for form in first:  # to look for plain words is many times as fast, and nearly always they are not there
        if form in told:
            break
    else:
        return
    if (found := wanted.search(told)) and (unwanted is None or not unwanted.search(told)):
        yield (*found.span(), found.start(1))


@lru_cache(maxsize=4096)
def _patterns(phrase: Phrase) -> tuple[tuple[str, ...], re.Pattern[str], re.Pattern[str] | None]:
    """The forms of its first word, what finds its words in their order, and a word that may not be there."""
    forms = [[squeezed(form) for form in word] for word in phrase.words]
    words = ["|".join(map(re.escape, word)) for word in forms]
    between = f".{{0,{_TOGETHER}}}?"
    words[-1] = f"({words[-1]})"
    wanted = re.compile(between.join(f"(?:{word})" for word in words), re.DOTALL)
    without = "|".join(re.escape(squeezed(word)) for word in phrase.without)
    return tuple(forms[0]), wanted, re.compile(without) if without else None

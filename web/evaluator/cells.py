"""The cells of the matrix as pieces of a page, each built once for all cells that show the same."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import NamedTuple
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from engine.matrix import Cell, Difference, due_of, reached_by, target_level
from engine.quarter import WorkCalendar
from engine.wording import Wording, level_text
from engine.workflow import Workflow
from web.evaluator.asking import Question

#: The signs of a cell, each told by the legend, and by a word beside it.
VERIFIED, TARGET, BLOCKED, RETURNED, LATE, CORRECTED = "✔", "⚑", "■", "↩", "!", "✎"
UP, DOWN, SAME = "▲", "▼", "="
#: How a trend is drawn: a bar for each quarter.
_BAR, _HEIGHT, _LEAST = 9, 16, 1


class Shown(NamedTuple):
    """All that stands in a cell; cells that show the same are one piece of the page.

    ``left`` are the working days until something is due, negative when that is past, ``None`` where they are
    not told; ``compared`` says that there is another reading, ``difference`` how far from it the cell is.
    """

    level: str
    claimed: int
    verified: int
    aim: int | None
    top: int
    trail: tuple[int, ...]
    blocked: bool
    returned: bool
    late: bool
    left: int | None
    compared: bool
    difference: Difference | None
    life: str
    corrected: tuple[int, int] | None = None  # the levels in the seal, where they are others

    @property
    def reached(self) -> bool:
        """Whether the target is."""
        return self.aim is not None and self.claimed >= self.aim


class CellWords:
    """Says in one language what a cell shows: signs for who sees, words for who hears, in the same order."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self.inside = lru_cache(8192)(self._inside)
        say = wording.say
        self.none = f'<td class="radap-none">–{_hidden(say("matrix.none"))}</td>'
        self._claimed, self._verified = _hidden(say("basis.claimed")), _hidden(say("basis.verified"))
        self._target, self._reached = _hidden(say("label.target")), _hidden(say("matrix.reached"))

    def _inside(self, shown: Shown) -> str:
        parts = [f"<b>{self._claimed}{shown.level}</b>", f"<i>{VERIFIED}{self._verified}{shown.verified}</i>"]
        if shown.aim is not None:
            words, class_ = (self._reached, " class=radap-reached") if shown.reached else (self._target, "")
            parts.append(f"<i{class_}>{TARGET}{words}{shown.aim}</i>")
        if shown.trail:
            parts.append(self.trend(shown))
            parts.append(_hidden(self.trend_told(shown.trail)))
        parts += [f"<em>{mark}</em>" for mark in self.marks(shown)]
        parts += [f"<small>{escape(note)}</small>" for note in self.notes(shown)]
        return "".join(parts)

    def trend(self, shown: Shown) -> Markup:
        """A drawing of the levels of the quarters, of which the page holds one for all that look the same."""
        name = _name(shown.top, shown.trail)
        return Markup(f'<svg class="radap-trend" aria-hidden="true"><use href="#{name}"/></svg>')  # noqa: S704 - numbers of ours

    def trend_told(self, trail: tuple[int, ...]) -> str:
        """The levels of the quarters in words."""
        return self._wording.say("matrix.trend", levels=list(map(str, trail)))

    def marks(self, shown: Shown) -> list[str]:
        """What stands out of it, each by a sign and a word."""
        marked = (
            (shown.blocked, BLOCKED, "matrix.blocked"),
            (shown.returned, RETURNED, "matrix.returned"),
            (shown.late, LATE, "matrix.late"),
            (shown.corrected is not None, CORRECTED, "matrix.corrected"),
        )
        return [f"{sign} {self._wording.say(kind)}" for is_so, sign, kind in marked if is_so]

    def notes(self, shown: Shown) -> list[str]:
        """What besides is told of it: how it differs, the days left, and a life that is not the usual one."""
        found = [self._difference(shown.difference)] if shown.compared else []
        if shown.corrected is not None:
            claimed, verified = shown.corrected
            found.append(self._wording.say("matrix.sealed_at", claimed=claimed, verified=verified))
        if shown.left is not None:
            found.append(self._left(shown.left, late=shown.late))
        if shown.life != "active":
            found.append(self._wording.word("life", shown.life))
        return found

    def _difference(self, difference: Difference | None) -> str:
        """How much further it is than the reading beside: a sign, a word and a number."""
        if difference is None:
            return self._wording.say("matrix.not_there")
        by = difference.claimed
        sign, kind = (UP, "up") if by > 0 else (DOWN, "down") if by < 0 else (SAME, "same")
        verified = f" {VERIFIED} {difference.verified:+d}" if difference.verified else ""
        return f"{sign} {self._wording.say(f'matrix.{kind}', by=abs(by), was=difference.was)}{verified}"

    def _left(self, left: int, *, late: bool) -> str:
        if late:
            return self._wording.say("matrix.days_late" if left else "late.just", days=abs(left))
        return self._wording.say("matrix.days_left" if left else "left.today", days=left)


def _hidden(words: str) -> str:
    return f'<span class="govuk-visually-hidden"> {escape(words)} </span>'


class Cells:
    """The cells of one page."""

    def __init__(
        self,
        question: Question,
        workflows: Mapping[int, Workflow],
        calendar: WorkCalendar,
        words: CellWords,
        root: str,
        differences: Mapping[int, Difference],
    ) -> None:
        self._question, self._words, self._differences = question, words, differences
        today, self._report_due = question.moment.today, question.moment.report_due
        # A few days, targets and levels answer for a thousand cells.
        self._left = cache(lambda due: calendar.working_days_between(today, due))
        self._aim = cache(lambda version, target: target_level(workflows[version], target))
        self._tops = {version: one.top_level for version, one in workflows.items()}
        self._path = f"{root}/indicators/{question.year.be}/"
        self._suffix = escape(_of_proof(question))
        through = min(question.shown_through, today)
        self._quarters = sum(one.first_day <= through for one in question.year.quarters)
        self._shown: dict[int, Shown] = {}

    def shown(self, cell: Cell) -> Shown:
        """What stands in the cell; worked out once."""
        found = self._shown.get(cell.id)
        if found is None:
            found = self._shown[cell.id] = self._of(cell)
        return found

    def _of(self, cell: Cell) -> Shown:
        due, today = due_of(cell, self._report_due), self._question.moment.today
        return Shown(
            level_text(cell.claimed, cell.claimed_fraction),
            cell.claimed,
            cell.verified,
            self._aim(cell.workflow_version, cell.target),
            self._tops[cell.workflow_version],
            reached_by(cell.trail, self._quarters),
            cell.blocked,
            cell.returned,
            due is not None and due < today,
            # Of a year that is over nobody counts the days any more.
            None if due is None or today > self._question.year.last_day else self._left(due),
            self._question.beside is not None,
            self._differences.get(cell.id),
            cell.life,
            cell.corrected,
        )

    def row(self, cells: Sequence[Sequence[Cell]]) -> Markup:
        """A row's cells, one after the other; of what an agency does not do there is a dash.

        One text: a thousand cells by the template would cost ten times as much.
        """
        return Markup("".join([self._cell(own) if own else self._words.none for own in cells]))  # noqa: S704 - made of escaped parts

    def _cell(self, own: Sequence[Cell]) -> str:
        links = [f'<a href="{self.proof(one)}">{self._words.inside(self.shown(one))}</a>' for one in own]
        return f"<td id=i{own[0].id}>{''.join(links)}</td>"

    def proof(self, cell: Cell) -> str:
        """The address of the cell's proof, escaped."""
        return f"{self._path}{_quoted(cell.code)}/proof{self._suffix}"

    def drawings(self) -> Markup:
        """The trends that the cells point to, each drawn once."""
        trends = {(one.top, one.trail) for one in self._shown.values()}
        return Markup("").join([_symbol(top, trail) for top, trail in sorted(trends)])


def _of_proof(question: Question) -> str:
    """What the proof of a cell is asked for: the day and the instant of the matrix."""
    if question.day is not None:
        asked = {"on": question.day.isoformat(), "known_at": question.fields.get("known_at", "")}
    elif question.quarter and question.shown_through < question.moment.today:
        asked = {"on": question.shown_through.isoformat()}
    else:
        return ""
    return "?" + urlencode({name: value for name, value in asked.items() if value})


@lru_cache(20_000)
def _quoted(code: str) -> str:
    return quote(code, safe="")


def _name(top: int, trail: tuple[int, ...]) -> str:
    return f"t{top}-" + "-".join(map(str, trail))


@lru_cache(4096)
def _symbol(top: int, trail: tuple[int, ...]) -> Markup:
    """A bar for each quarter, as high as its level."""
    bars = []
    for place, level in enumerate(trail):
        height = max(_LEAST, round(_HEIGHT * min(level, top) / top))
        x = place * (_BAR + 1)
        bars.append(f'<rect x="{x}" y="{_HEIGHT - height}" width="{_BAR}" height="{height}"/>')
    box = f"0 0 {4 * (_BAR + 1)} {_HEIGHT}"
    return Markup(f'<symbol id="{_name(top, trail)}" viewBox="{box}">{"".join(bars)}</symbol>')  # noqa: S704 - numbers of ours

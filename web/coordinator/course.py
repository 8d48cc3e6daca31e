"""The year of an indicator as lines: its levels, and its measured values on their way to the target."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from engine.course import BurnUp, Point, Step, burn_ups, levels_through
from engine.levels import Basis
from engine.quarter import FiscalYear
from engine.wording import Wording
from web.coordinator.scene import Scene

#: The field of the lines, in units that are pixels on a small phone, and the room for words around it.
_WIDTH, _HEIGHT, _LEFT, _TOP = 280, 110, 34, 8


class Course(NamedTuple):
    """A drawing of a year: paths of what was and of what is planned, and the table behind it.

    ``heights`` are the values at the left with their places, ``quarters`` the quarters with those of their
    first days, ``aim`` is the height of the target; ``lines`` are the kinds of lines with their words.
    """

    title: str
    told: str
    area: str
    line: str
    dashes: str
    aim: float | None
    heights: list[tuple[float, str]]
    quarters: list[tuple[float, int]]
    lines: list[tuple[str, str]]
    heads: list[str]
    rows: list[tuple[str, str, str]]


def courses(scene: Scene) -> list[Course]:
    """The levels, and below them each measured value; nothing where nothing has moved."""
    values = (_of_values(scene, one) for one in burn_ups(scene.indicator, scene.found.on))
    return [one for one in (_of_levels(scene), *values) if one is not None]


@dataclass(frozen=True, slots=True)
class _Scale:
    """From days and values to places of the drawing."""

    year: FiscalYear
    low: Decimal
    high: Decimal

    def x(self, day: date) -> float:
        return round(_LEFT + (day - self.year.first_day).days * _WIDTH / 366, 1)

    def y(self, value: Decimal | int) -> float:
        return round(_TOP + _HEIGHT * float((self.high - value) / (self.high - self.low)), 1)

    def steps(self, points: Sequence[tuple[date, Decimal | int]], through: date) -> str:
        """The path that stays at each value until the day of the next."""
        if not points:
            return ""
        (first, value), *others = points
        turns = "".join(f"H{self.x(day)}V{self.y(each)}" for day, each in others)
        return f"M{self.x(first)} {self.y(value)}{turns}H{self.x(through)}"

    @property
    def quarters(self) -> list[tuple[float, int]]:
        return [(self.x(one.first_day), one.number) for one in self.year.quarters]


def _of_levels(scene: Scene) -> Course | None:
    indicator, on, wording = scene.indicator, scene.found.on, scene.wording
    claimed = levels_through(indicator, on, Basis.CLAIMED)
    verified = levels_through(indicator, on, Basis.VERIFIED)
    if len(claimed) == len(verified) == 1:
        return None
    top, aim = indicator.workflow.top_level, scene.found.target_level
    scale = _Scale(indicator.fiscal_year, Decimal(0), Decimal(top))
    area = scale.steps(verified, on)
    bottom, left = scale.y(0), scale.x(indicator.fiscal_year.first_day)
    bases = [wording.word("basis", one) for one in (Basis.CLAIMED, Basis.VERIFIED)]
    return Course(
        wording.say("course.levels"),
        wording.say("course.levels_told", claimed=claimed[-1].level, verified=verified[-1].level),
        f"{area}V{bottom}H{left}Z",
        scale.steps(claimed, on),
        "",
        None if aim is None or aim > top else scale.y(aim),
        [(scale.y(level), str(level)) for level in range(top + 1)],
        scale.quarters,
        [*zip(("line", "area"), bases, strict=True), *_aim(wording, aim)],
        [wording.say("course.day"), *bases],
        list(_together(claimed, verified, wording)),
    )


def _together(
    claimed: Iterable[Step], verified: Iterable[Step], wording: Wording
) -> Iterator[tuple[str, str, str]]:
    """On each day on which either changed, where both stood."""
    now = {Basis.CLAIMED: 0, Basis.VERIFIED: 0}
    changes: dict[date, dict[Basis, int]] = {}
    for basis, steps in ((Basis.CLAIMED, claimed), (Basis.VERIFIED, verified)):
        for step in steps:
            changes.setdefault(step.on, {})[basis] = step.level
    for day, levels in sorted(changes.items()):
        now |= levels
        yield wording.value(day), str(now[Basis.CLAIMED]), str(now[Basis.VERIFIED])


def _of_values(scene: Scene, found: BurnUp) -> Course | None:
    """The way to the target, and what is planned from today on; without plans it stays where it is."""
    on, wording, year = scene.found.on, scene.wording, scene.indicator.fiscal_year
    reached = list(_known(found.reached))
    planned = [*((on, value) for _, value in reached[-1:]), *_known(found.planned)]
    if not planned:
        return None
    values = [value for _, value in chain(reached, planned)]
    goal = found.goal
    high = max([*values, *([] if goal is None else [goal]), Decimal(1)])
    scale = _Scale(year, min([*values, Decimal(0)]), high)
    written = {Decimal(0), values[len(reached) - 1] if reached else high, *([] if goal is None else [goal])}
    return Course(
        wording.say("course.value", milestone=found.milestone.title),
        wording.say("course.value_told", value=reached[-1][1] if reached else None, goal=goal),
        "",
        scale.steps(reached, on),
        scale.steps(planned, year.last_day),
        None if goal is None else scale.y(goal),
        list(_apart(scale, written, wording)),
        scale.quarters,
        [
            ("line", wording.say("course.reached")),
            ("dashes", wording.say("course.planned")),
            *_aim(wording, goal),
        ],
        [wording.say("course.day"), wording.say("course.number"), wording.say("course.what")],
        [
            (wording.value(day), wording.value(value), wording.say(f"course.{how}"))
            for how, points in (("reached", reached), ("planned", planned[1:]))
            for day, value in points
        ],
    )


def _known(points: Iterable[Point]) -> Iterator[tuple[date, Decimal]]:
    return ((one.on, one.value) for one in points if one.value is not None)


def _aim(wording: Wording, aim: Decimal | int | None) -> list[tuple[str, str]]:
    return [] if aim is None else [("aim", wording.say("course.aim", aim=wording.value(aim)))]


def _apart(scale: _Scale, values: Iterable[Decimal], wording: Wording) -> Iterator[tuple[float, str]]:
    """The values from the highest, but those that would be written over another."""
    last = -99.0
    for value in sorted(values, reverse=True):
        y = scale.y(value)
        if y - last >= 14:
            yield y, wording.value(value)
            last = y

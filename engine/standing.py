"""Where an indicator stands on a day, gathered once: for pages, programs and the drawn ladder."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from engine.explain import Missing, Next, next_level
from engine.indicator import Indicator
from engine.levels import Basis, LevelResult, level_of
from engine.matrix import target_level
from engine.quarter import Quarter
from engine.wording import Wording


@dataclass(frozen=True, slots=True)
class QuarterStanding:
    """One quarter as of the day asked for; ``None`` where it had not begun or nothing was reported."""

    quarter: Quarter
    claimed: int | None
    verified: int | None
    self_reported: Decimal | None


@dataclass(frozen=True, slots=True)
class Stand:
    """An indicator on one day, as known at one instant."""

    indicator: Indicator
    on: date
    known_at: datetime | None
    claimed: LevelResult
    verified: LevelResult
    projected: LevelResult
    quarters: tuple[QuarterStanding, ...]
    next: Next | None
    next_verified: Next | None

    @property
    def self_reported(self) -> Decimal | None:
        """What the agency reported last, up to that day; a quarter that was not reported hides nothing."""
        given = [one.self_reported for one in self.quarters if one.self_reported is not None]
        return given[-1] if given else None

    @property
    def target_level(self) -> int | None:
        """The level that the target means."""
        return target_level(self.indicator.workflow, self.indicator.target)


def stand(indicator: Indicator, on: date, known_at: datetime | None) -> Stand:
    """Compute everything from the facts; nothing that is stored is looked at."""

    def at(day: date, basis: Basis) -> LevelResult:
        through = indicator.fiscal_year.last_day if basis is Basis.PROJECTED else None
        return level_of(indicator.workflow, indicator.facts, day, known_at, basis, through)

    claimed, verified, projected = (at(on, basis) for basis in Basis)
    quarters = []
    for quarter in indicator.fiscal_year.quarters:
        begun = quarter.first_day <= on
        day = min(quarter.last_day, on)
        quarters.append(
            QuarterStanding(
                quarter,
                at(day, Basis.CLAIMED).level if begun else None,
                at(day, Basis.VERIFIED).level if begun else None,
                _self_reported(indicator, quarter, known_at) if begun else None,
            )
        )
    missing = next_level(indicator, on, known_at)
    unverified = (
        next_level(indicator, on, known_at, Basis.VERIFIED) if verified.level < claimed.level else None
    )
    return Stand(indicator, on, known_at, claimed, verified, projected, tuple(quarters), missing, unverified)


def _self_reported(indicator: Indicator, quarter: Quarter, known_at: datetime | None) -> Decimal | None:
    report = indicator.reports.get(quarter.number)
    if report is None or (known_at is not None and report.written_at and report.written_at > known_at):
        return None
    return report.self_reported


def sentence(one: Missing, wording: Wording) -> str:
    """What is missing, without who can lift it; of several ways it says how many are needed."""
    text = wording.say(one.condition.kind, one.condition.params)
    if one.choose is None:
        return text
    return wording.say("missing.one_of_several", sentence=text, way=one.group, choose=one.choose)

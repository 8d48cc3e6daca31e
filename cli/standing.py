"""Where an indicator stands on a day, gathered once: for the JSON of programs and for the drawn ladder."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from cli.desk import plain_number
from engine.explain import Missing, Next, next_level, rule_text
from engine.indicator import Indicator
from engine.levels import Basis, LevelResult, Proof, level_of
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


# --- for programs --------------------------------------------------------------------------------------


def as_data(found: Stand, wording: Wording) -> dict[str, Any]:
    """The contract of ``radap level --json``."""
    indicator = found.indicator
    ahead = found.next
    return {
        "code": indicator.code,
        "fiscal_year": indicator.fiscal_year.be,
        "workflow": indicator.workflow.key,
        "target": _number(indicator.target),
        "on": found.on,
        "known_at": found.known_at,
        **{
            basis: {"level": result.level, "fraction": result.fraction}
            for basis, result in (
                ("claimed", found.claimed),
                ("verified", found.verified),
                ("projected", found.projected),
            )
        },
        "self_reported": _number(found.self_reported),
        "quarters": [
            {
                "quarter": one.quarter.number,
                "claimed": one.claimed,
                "verified": one.verified,
                "self_reported": _number(one.self_reported),
            }
            for one in found.quarters
        ],
        "next": None
        if ahead is None
        else {"level": ahead.level, "missing": [_missing(one, wording) for one in ahead.missing]},
        "proof": {"levels": [_rung(found, place) for place in range(len(found.claimed.rungs))]},
    }


def _missing(one: Missing, wording: Wording) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "text": sentence(one, wording),
        "who": [str(role) for role in one.condition.who],
        "due_on": one.due_on,
    }


def sentence(one: Missing, wording: Wording) -> str:
    """What is missing, without who can lift it; of several ways it says how many are needed."""
    text = wording.say(one.condition.kind, one.condition.params)
    if one.choose is None:
        return text
    return wording.say("missing.one_of_several", sentence=text, way=one.group, choose=one.choose)


def _rung(found: Stand, place: int) -> dict[str, Any]:
    claimed, verified = found.claimed.rungs[place], found.verified.rungs[place]
    level = claimed.level
    return {
        "level": level.level,
        "state": level.state,
        "title": {"th": level.title.th, "en": level.title.en},
        "verified": verified.proof.met,
        **_proof(claimed.proof),
    }


def _proof(proof: Proof) -> dict[str, Any]:
    data: dict[str, Any] = {
        "rule": rule_text(proof.rule),
        "met": proof.met,
        "progress": round(proof.progress, 4),
    }
    if proof.parts:
        return {**data, "parts": [_proof(part) for part in proof.parts]}
    have, need = (_number(value) for value in (proof.have, proof.need))
    return {**data, "have": have, "need": need, "waived": proof.waived, "facts": list(proof.facts)}


def _number(value: Decimal | int | None) -> int | float | None:
    return plain_number(value) if isinstance(value, Decimal) else value

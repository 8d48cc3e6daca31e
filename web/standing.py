"""Where an indicator stands, as the JSON of programs tells it."""

from decimal import Decimal
from typing import Any

from engine.explain import Missing, rule_text
from engine.levels import Proof
from engine.numbers import json_number
from engine.standing import Stand, sentence
from engine.wording import Wording


def as_data(found: Stand, wording: Wording) -> dict[str, Any]:
    """The contract of ``radap level --json``."""
    indicator = found.indicator
    ahead = found.next
    return {
        "code": indicator.code,
        "fiscal_year": indicator.fiscal_year.be,
        "workflow": indicator.workflow.key,
        "target": number(indicator.target),
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
        "self_reported": number(found.self_reported),
        "quarters": [
            {
                "quarter": one.quarter.number,
                "claimed": one.claimed,
                "verified": one.verified,
                "self_reported": number(one.self_reported),
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
    have, need = (number(value) for value in (proof.have, proof.need))
    return {**data, "have": have, "need": need, "waived": proof.waived, "facts": list(proof.facts)}


def number(value: Decimal | int | None) -> int | float | None:
    return json_number(value) if isinstance(value, Decimal) else value

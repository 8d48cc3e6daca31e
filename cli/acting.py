"""The common course of a command that changes an indicator: one transaction, then what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cli.desk import Desk
from engine.actions import Outcome
from engine.permissions import Person
from storage.transaction import Tx


@dataclass(frozen=True, slots=True)
class Turn:
    """One action's surroundings: the open transaction, the indicator's year, and what every action takes."""

    tx: Tx
    code: str
    year: int
    by: Person
    common: dict[str, Any]


def act(
    desk: Desk,
    code: str,
    year: str | None,
    by: str | None,
    if_version: int | None,
    as_json: bool,
    do: Callable[[Turn], Outcome],
) -> Outcome:
    """Do it in one transaction and tell what came of it."""
    house = desk.house()
    code = code.strip()
    with house.store.begin() as tx:
        person = desk.person(tx, by)
        common = {"by": person, "now": desk.clock(), "expected_version": if_version}
        outcome = do(Turn(tx, code, desk.year(tx, code, year), person, common))
    tell(desk, outcome, as_json)
    return outcome


def tell(desk: Desk, outcome: Outcome, as_json: bool) -> None:
    """What was done, and where the indicator stands now."""
    before, after, event = outcome.before, outcome.after, outcome.event
    if as_json:
        desk.json(
            {
                "code": outcome.indicator.code,
                "fiscal_year": outcome.indicator.fiscal_year.be,
                "event": None if event is None else event.what,
                "number": outcome.number,
                "version": outcome.indicator.version,
                "claimed": {"before": before.claimed.level, "after": after.claimed.level},
                "verified": {"before": before.verified.level, "after": after.verified.level},
            }
        )
        return
    if event is None:
        desk.say("done.nothing", code=outcome.indicator.code)
        return
    desk.say("done.event", code=outcome.indicator.code, event=event.what, number=outcome.number)
    for basis, old, new in (
        ("claimed", before.claimed.level, after.claimed.level),
        ("verified", before.verified.level, after.verified.level),
    ):
        kind = "done.level_moved" if old != new else "done.level_stays"
        desk.say(kind, basis=basis, before=old, after=new)

"""Petitions: what agencies asked for, and what became of it."""

from collections.abc import Collection
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine.petition import Petition, PetitionKind
from storage import tables as t
from storage.among import among
from storage.asking import Lookup
from storage.statements import upsert

_t = t.petitions.c


_OF = Lookup(
    select(t.petitions).where(among(_t.indicator_id, "indicators")).order_by(_t.indicator_id, _t.number)
)


def of(connection: Connection, indicators: Collection[int]) -> dict[int, list[Petition]]:
    """The petitions about each of the indicators that has any, by number: one statement."""
    found: dict[int, list[Petition]] = {}
    for indicator, number, kind, *rest in _OF.all(connection, {"indicators": list(indicators)}):
        found.setdefault(indicator, []).append(Petition(number, PetitionKind(kind), *rest))
    return found


def keep(connection: Connection, indicator: int, petition: Petition) -> None:
    """Write a petition, new or changed."""
    row = {**asdict(petition), "indicator_id": indicator, "kind": str(petition.kind)}
    connection.execute(upsert(t.petitions, connection.dialect), row)

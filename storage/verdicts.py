"""Verdicts on quarter reports, and appeals against them."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import bindparam, insert, select
from sqlalchemy.engine import Connection

from engine.appeal import Appeal
from engine.verdict import Verdict, VerdictKind
from storage import tables as t
from storage.statements import upsert

_v, _a = t.verdicts.c, t.appeals.c
_OF = select(t.verdicts).where(_v.indicator_id == bindparam("indicator")).order_by(_v.number)
_APPEALS_OF = select(t.appeals).where(_a.indicator_id == bindparam("indicator")).order_by(_a.number)


def of(connection: Connection, indicator: int) -> list[Verdict]:
    """Every verdict on the indicator's reports, by number."""
    rows = connection.execute(_OF, {"indicator": indicator})
    return [verdict_of(row) for row in rows]


def verdict_of(row: Any) -> Verdict:
    """A whole row of the table."""
    found = Verdict._make(row[1:])
    met = None if found.met is None else tuple(one for one in str(found.met).split(",") if one)
    return found._replace(kind=VerdictKind(found.kind), met=met)


def keep(connection: Connection, indicator: int, verdict: Verdict) -> None:
    """Write a new verdict."""
    met = None if verdict.met is None else ",".join(verdict.met)
    row = {**verdict._asdict(), "kind": str(verdict.kind), "met": met}
    connection.execute(insert(t.verdicts), {"indicator_id": indicator, **row})


def appeals_of(connection: Connection, indicator: int) -> list[Appeal]:
    """Every appeal about the indicator's reports, by number."""
    rows = connection.execute(_APPEALS_OF, {"indicator": indicator})
    return [Appeal(*row[1:]) for row in rows]


def keep_appeal(connection: Connection, indicator: int, appeal: Appeal) -> None:
    """Write an appeal, new or decided."""
    connection.execute(upsert(t.appeals, connection.dialect), {**asdict(appeal), "indicator_id": indicator})

"""Second readings are blind: the scores that somebody is not shown who may still read a report again."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Select, and_, bindparam, exists, select
from sqlalchemy.engine import Connection

from engine.indicator import Indicator
from engine.permissions import Person, Role
from storage import tables as t

_v, _later = t.verdicts.c, t.verdicts.alias("later").c
#: An acceptance that was drawn, and after which nobody has found anything yet.
UNREAD = and_(
    t.DRAWN,
    ~exists().where(
        _later.indicator_id == _v.indicator_id, _later.quarter == _v.quarter, _later.number > _v.number
    ),
)
#: The quarters of which scores are hidden, by indicator.
Hidden = Mapping[int, Collection[int]]
_NOTHING: Hidden = MappingProxyType({})


def _unread_of_others() -> Select[Any]:
    return select(_v.indicator_id, _v.quarter).where(UNREAD, _v.given_by != bindparam("person"))


_OF_INDICATOR = _unread_of_others().where(_v.indicator_id == bindparam("indicator"))
_OF_YEAR = (
    _unread_of_others()
    .join(t.indicators, t.indicators.c.id == _v.indicator_id)
    .where(t.indicators.c.fiscal_year == bindparam("year"))
)


def hidden_at(connection: Connection, person: Person, indicator: int) -> frozenset[int]:
    """The quarters of the indicator whose scores the person is not shown: they may read them again."""
    # A script on the database reads nothing again, whatever it may do.
    if not person.has(Role.EVALUATOR):
        return frozenset()
    given = {"person": person.id, "indicator": indicator}
    return frozenset(quarter for _, quarter in connection.execute(_OF_INDICATOR, given))


def hidden_in(connection: Connection, person: Person, fiscal_year: int) -> Hidden:
    """The same of every indicator of the year."""
    if not person.has(Role.EVALUATOR):
        return _NOTHING
    found: defaultdict[int, set[int]] = defaultdict(set)
    for indicator, quarter in connection.execute(_OF_YEAR, {"person": person.id, "year": fiscal_year}):
        found[indicator].add(quarter)
    return found


def without_scores(indicator: Indicator, quarters: Collection[int]) -> Indicator:
    """The indicator as it was read, without the scores of these quarters."""
    for quarter in quarters:
        indicator.reports[quarter].evaluation = None
    return indicator

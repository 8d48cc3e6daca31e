"""What came to a sealed quarter after its seal: which facts, and the levels of both sides."""

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import and_, or_, select
from sqlalchemy.engine import Connection

from engine.quarter import Quarter
from storage import tables as t
from storage.views import level_at_quarter


class Correction(NamedTuple):
    """An indicator of a sealed quarter that is not as it was sealed; ``facts`` are the numbers of those facts
    that were recorded, approved or taken back since. Without any its levels moved by a verdict alone."""

    indicator: int
    code: str
    title_th: str
    title_en: str
    sealed_claimed: int
    sealed_verified: int
    claimed: int
    verified: int
    facts: tuple[int, ...] = ()

    @property
    def moved(self) -> bool:
        """Whether a level is another than in the seal."""
        return (self.sealed_claimed, self.sealed_verified) != (self.claimed, self.verified)


_i, _d, _o, _l, _s = (
    t.indicators.c,
    t.indicator_details.c,
    t.occurrences.c,
    t.seal_lines.c,
    t.seals.c,
)

#: As :func:`engine.sealing.recorded_after` has it, of facts of a quarter beside its seal.
IS_LATE = and_(
    _o.quarter == _s.quarter,
    or_(_o.recorded_at > _s.sealed_at, _o.approved_at > _s.sealed_at, _o.voided_at > _s.sealed_at),
)


def corrections(connection: Connection, quarter: Quarter, limit: int | None = None) -> list[Correction]:
    """The corrections of a sealed quarter by code, at most so many: two statements."""
    key = (_s.fiscal_year == quarter.fiscal_year, _s.quarter == quarter.number)
    claimed, verified = (level_at_quarter(basis, quarter.number) for basis in ("claimed", "verified"))
    late = select(_o.number).where(_o.indicator_id == _i.id, IS_LATE).correlate(t.indicators, t.seals)
    lines = (
        select(
            _i.id,
            _l.code,
            _d.title_th,
            _d.title_en,
            _l.claimed_level,
            _l.verified_level,
            claimed,
            verified,
        )
        .join_from(t.seal_lines, t.seals, and_(_s.fiscal_year == _l.fiscal_year, _s.quarter == _l.quarter))
        .join(t.indicators, _i.id == _l.indicator_id)
        .join(t.indicator_details, _d.indicator_id == _i.id)
        .where(*key, or_(_l.claimed_level != claimed, _l.verified_level != verified, late.exists()))
        .order_by(_l.code, _i.id)
        .limit(limit)
    )
    found = [Correction(*row) for row in connection.execute(lines)]
    numbers = _facts(connection, quarter, [one.indicator for one in found])
    return [one._replace(facts=tuple(numbers.get(one.indicator, ()))) for one in found]


def _facts(connection: Connection, quarter: Quarter, indicators: list[int]) -> dict[int, list[int]]:
    query = (
        select(_o.indicator_id, _o.number)
        .where(
            _o.indicator_id.in_(indicators),
            _s.fiscal_year == quarter.fiscal_year,
            _s.quarter == quarter.number,
            IS_LATE,
        )
        .order_by(_o.indicator_id, _o.number)
    )
    found: dict[int, list[int]] = defaultdict(list)
    for indicator, number in connection.execute(query) if indicators else ():
        found[indicator].append(number)
    return found

"""When things are due and whether they still are: the policy, with what the city has extended and sealed."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from operator import itemgetter

from sqlalchemy import bindparam, func, select
from sqlalchemy.engine import Connection

from engine.ports import Policy
from engine.quarter import DeadlinePolicy, FiscalYear, Quarter, WorkCalendar, deadline_of
from storage import tables as t
from storage.asking import Lookup
from storage.transaction import Tx

#: Beyond these days nobody looks, and calendars end.
_FIRST, _LAST = date(1900, 1, 1), date(2900, 1, 1)
_DAY, _INSTANT = timedelta(days=1), timedelta(microseconds=1)


class Deadlines:
    """What one transaction has read of extensions and seals; ``review_days`` are working days.

    ``sealed`` tells the last sealed quarter of each year that has one, ``extended`` the day until which an
    agency was given longer for a quarter, ``years`` the fiscal years that have indicators.
    """

    def __init__(
        self,
        policy: Policy,
        review_days: int,
        sealed: Mapping[int, int],
        extended: Mapping[tuple[int, Quarter], date],
        years: range,
    ) -> None:
        self._years = years
        self._policy = policy
        self._review_days = review_days
        self._sealed = sealed
        self._extensions: dict[Quarter, dict[int, date]] = {}
        for (agency, quarter), until in extended.items():
            self._extensions.setdefault(quarter, {})[agency] = until
        self._over: dict[tuple[int, int], tuple[date, frozenset[date]]] = {}
        self._reviewed: dict[date, date] = {}

    def usual(self, quarter: Quarter) -> date:
        """The day by which the quarter's work is due for agencies without an extension."""
        return _usual(quarter, self._policy.deadlines, self._policy.calendar)

    def of(self, quarter: Quarter, agency: int) -> date:
        """The day by which the agency's work of the quarter is due; no extension makes it earlier."""
        until = self._extensions.get(quarter, {}).get(agency)
        return self.usual(quarter) if until is None else max(self.usual(quarter), until)

    def extended(self, quarter: Quarter) -> Mapping[int, date]:
        """The days of the agencies that were given longer for the quarter."""
        return {agency: self.of(quarter, agency) for agency in self._extensions.get(quarter, ())}

    def any_due(self, low: date, high: date) -> bool:
        """Whether the work of an open quarter is due from ``low`` to ``high`` for any agency."""
        place = bisect_left(self._due, (low,))
        return place < len(self._due) and self._due[place][0] <= high

    def quarters_due(self, low: date, high: date) -> list[Quarter]:
        """The open quarters whose work is due then for any agency, in their order."""
        first, last = bisect_left(self._due, (low,)), bisect_right(self._due, high, key=itemgetter(0))
        return sorted({quarter for _, quarter in self._due[first:last]})

    @cached_property
    def _due(self) -> list[tuple[date, Quarter]]:
        """Every day on which the work of a quarter that is not sealed is due."""
        quarters = [quarter for year in self._years for quarter in FiscalYear(year).quarters]
        return sorted(
            (day, quarter)
            for quarter in quarters
            if not self.is_sealed(quarter)
            for day in {self.usual(quarter), *self.extended(quarter).values()}
        )

    @property
    def sealed_years(self) -> Collection[int]:
        """The fiscal years of which a quarter is sealed."""
        return self._sealed.keys()

    def is_sealed(self, quarter: Quarter) -> bool:
        return quarter.number <= self._sealed.get(quarter.fiscal_year, 0)

    def is_over(self, agency: int, fiscal_year: int, due_on: date) -> bool:
        """Whether a milestone due on that day belongs to a sealed quarter.

        It does when it was due by the agency's deadline of a quarter that has been sealed since: a milestone
        is due on the deadline of its quarter, and one that was postponed beyond it belongs to a later one.
        """
        last = self._sealed.get(fiscal_year, 0)
        if not last:
            return False
        if (agency, fiscal_year) not in self._over:
            days = [self.of(quarter, agency) for quarter in FiscalYear(fiscal_year).quarters]
            # A quarter that was extended far enough ends after the next one does.
            self._over[agency, fiscal_year] = max(days[:last]), frozenset(days[last:])
        over, still_open = self._over[agency, fiscal_year]
        return due_on <= over and due_on not in still_open

    def review_due(self, handed_on: datetime) -> date:
        """The day by which a review is due of what was handed on at that instant."""
        day = self._policy.day_of(handed_on)
        if day not in self._reviewed:
            self._reviewed[day] = self._policy.calendar.add_working_days(day, self._review_days)
        return self._reviewed[day]

    def handed_on(self, low: date, high: date) -> tuple[datetime, datetime] | None:
        """From when till when, both included, what is due for review from ``low`` to ``high`` was handed on.

        :meth:`review_due` the other way round; ``None`` where no instant leads to these days.
        """
        first, last = max(low, _FIRST), min(high, _LAST)
        if self._review_days:
            first, last = self._worked_on(first, 1), self._worked_on(last, -1)
            if first > last:
                return None
            first = self._worked_before(first)
            # Whoever hands on in the days off that follow has the same day to be reviewed by.
            last = self._worked_on(self._worked_before(last) + _DAY, 1) - _DAY
        begins, ends = (datetime.combine(day, time(), self._policy.zone) for day in (first, last))
        return (begins, ends + _DAY - _INSTANT) if first <= last else None

    def _worked_on(self, day: date, way: int) -> date:
        """The day itself when it is worked on, else the next one that is, forwards or backwards."""
        while not self._policy.calendar.is_working_day(day):
            day += way * _DAY
        return day

    def _worked_before(self, day: date) -> date:
        """The day from which a review is due on ``day``: so few days back are walked faster than counted."""
        for _ in range(self._review_days):
            day = self._worked_on(day - _DAY, -1)
        return day


@lru_cache(maxsize=1024)
def _usual(quarter: Quarter, policy: DeadlinePolicy, calendar: WorkCalendar) -> date:
    return deadline_of(quarter, policy, calendar)


_s, _e = t.seals.c, t.extensions.c
_SEALED = Lookup(select(_s.fiscal_year, func.max(_s.quarter)).group_by(_s.fiscal_year))
# A year that is sealed to its end needs no extensions any more.
_ENDED = select(_s.fiscal_year).where(_s.quarter == 4)
_EXTENDED = Lookup(
    select(_e.agency_id, _e.fiscal_year, _e.quarter, _e.until_on).where(_e.fiscal_year.not_in(_ENDED))
)
# Two questions of their own: each is answered by one end of an index.
_YEARS = Lookup(
    select(
        select(func.min(t.indicators.c.fiscal_year)).scalar_subquery(),
        select(func.max(t.indicators.c.fiscal_year)).scalar_subquery(),
    )
)


def read_deadlines(connection: Connection, policy: Policy, review_days: int) -> Deadlines:
    """The deadlines as they stand now."""
    sealed = {row[0]: row[1] for row in _SEALED.all(connection)}
    extended = {
        (agency, Quarter(year, quarter)): until for agency, year, quarter, until in _EXTENDED.all(connection)
    }
    first, last = _YEARS.one(connection)
    years = range(0) if first is None else range(first, last + 1)
    return Deadlines(policy, review_days, sealed, extended, years)


_LONGER = Lookup(
    select(_e.quarter, _e.until_on).where(
        _e.agency_id == bindparam("agency"), _e.fiscal_year == bindparam("year")
    )
)


def deadlines_of_year(tx: Tx, agency: int, year: FiscalYear) -> dict[int, date]:
    """When the agency's work of each quarter of the year is due, by the quarter's number: one statement."""
    given = {"agency": agency, "year": year.year}
    longer = {row.quarter: row.until_on for row in _LONGER.all(tx.connection, given)}
    policy = tx.policy
    return {
        one.number: deadline_of(one, policy.deadlines, policy.calendar, longer.get(one.number))
        for one in year.quarters
    }

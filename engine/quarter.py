"""Fiscal years, their quarters, working days, and the day by which a quarter's work is due."""

from bisect import bisect_left, bisect_right
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from itertools import accumulate
from zoneinfo import ZoneInfo

#: The Buddhist Era counts this many years more than the Common Era.
BE_OFFSET = 543
#: A year like this, where one of the Common Era belongs, was meant in the Buddhist Era.
BE_YEARS = range(2400, 2801)

# First and last month and day of the quarters 1 to 4. The first quarter lies in the year before.
_FIRST_DAYS = ((10, 1), (1, 1), (4, 1), (7, 1))
_LAST_DAYS = ((12, 31), (3, 31), (6, 30), (9, 30))
# The quarter in which each month lies, from January.
_QUARTER_OF_MONTH = (2, 2, 2, 3, 3, 3, 4, 4, 4, 1, 1, 1)


@dataclass(frozen=True, slots=True, order=True)
class FiscalYear:
    """A fiscal year, 1 October to 30 September, by the CE year in which it ends."""

    year: int
    # Worked out once: every action and every level asks for them.
    first_day: date = field(init=False, repr=False, compare=False)
    last_day: date = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not date.min.year < self.year <= date.max.year:
            raise ValueError(f"no calendar reaches the fiscal year that ends in {self.year}")
        object.__setattr__(self, "first_day", date(self.year - 1, 10, 1))
        object.__setattr__(self, "last_day", date(self.year, 9, 30))

    @classmethod
    def from_be(cls, year: int) -> "FiscalYear":
        """The fiscal year by its name: 2564 is 1 October 2020 to 30 September 2021."""
        return cls(year - BE_OFFSET)

    @classmethod
    def containing(cls, day: date) -> "FiscalYear":
        return cls(day.year + (day.month >= 10))

    @property
    def be(self) -> int:
        return self.year + BE_OFFSET

    def nearest(self, day: date) -> date:
        """The day itself when it lies in the year, else the year's first or last day."""
        return min(max(day, self.first_day), self.last_day)

    @property
    def quarters(self) -> tuple["Quarter", "Quarter", "Quarter", "Quarter"]:
        return _quarters(self.year)

    def __str__(self) -> str:
        return str(self.be)


@dataclass(frozen=True, slots=True, order=True)
class Quarter:
    """One quarter of a fiscal year, which is named by the CE year in which it ends."""

    fiscal_year: int
    number: int
    first_day: date = field(init=False, repr=False, compare=False)
    last_day: date = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.number not in (1, 2, 3, 4):
            raise ValueError(f"a year has quarters 1 to 4, not {self.number}")
        if not date.min.year < self.fiscal_year <= date.max.year:
            raise ValueError(f"no calendar reaches the fiscal year that ends in {self.fiscal_year}")
        year = self.fiscal_year - (self.number == 1)
        object.__setattr__(self, "first_day", date(year, *_FIRST_DAYS[self.number - 1]))
        object.__setattr__(self, "last_day", date(year, *_LAST_DAYS[self.number - 1]))

    @classmethod
    def containing(cls, day: date) -> "Quarter":
        return _quarters(day.year + (day.month >= 10))[_QUARTER_OF_MONTH[day.month - 1] - 1]

    @property
    def next(self) -> "Quarter":
        if self.number == 4:
            return Quarter(self.fiscal_year + 1, 1)
        return Quarter(self.fiscal_year, self.number + 1)

    @property
    def previous(self) -> "Quarter":
        if self.number == 1:
            return Quarter(self.fiscal_year - 1, 4)
        return Quarter(self.fiscal_year, self.number - 1)

    def __str__(self) -> str:
        return f"Q{self.number}/{self.fiscal_year + BE_OFFSET}"


@cache
def _quarters(year: int) -> tuple[Quarter, Quarter, Quarter, Quarter]:
    return Quarter(year, 1), Quarter(year, 2), Quarter(year, 3), Quarter(year, 4)


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The day on which the instant falls in the zone. Raises ``ValueError`` for an instant without one."""
    if instant.utcoffset() is None:
        # Python would read it in the zone of the machine, and a report at 23:30 would change its day.
        raise ValueError(f"{instant.isoformat()} has no time zone, so it falls on no certain day")
    return instant.astimezone(zone).date()


class Shift(StrEnum):
    """Where a day goes that nobody works on."""

    NEXT_WORKING_DAY = "next_working_day"
    PREVIOUS_WORKING_DAY = "previous_working_day"
    NONE = "none"


_STEP = {Shift.NEXT_WORKING_DAY: 1, Shift.PREVIOUS_WORKING_DAY: -1}


@dataclass(frozen=True, eq=False)
class WorkCalendar:
    """Which days are worked on: all but the weekend (ISO weekdays, Monday 1 to Sunday 7) and the holidays.

    Every question is answered by counting, not by walking: a sum over years costs what one over days does.
    The holidays are not looked at before the first question.
    """

    holidays: AbstractSet[date] = frozenset()
    weekend: frozenset[int] = frozenset({6, 7})

    def __post_init__(self) -> None:
        if not self.weekend < frozenset(range(1, 8)):
            raise ValueError(f"a weekend is some of the weekdays 1 to 7, not {sorted(self.weekend)}")

    @cached_property
    def _free(self) -> frozenset[date]:
        return frozenset(self.holidays)

    @cached_property
    def _taken(self) -> tuple[int, ...]:
        """Ordinals of the holidays that fall on no weekend, in order."""
        taken = (day.toordinal() for day in self._free if day.isoweekday() not in self.weekend)
        return tuple(sorted(taken))

    @cached_property
    def _worked(self) -> tuple[int, ...]:
        """Working days among a week's first 0 to 7."""
        return tuple(accumulate((day not in self.weekend for day in range(1, 8)), initial=0))

    # By the set that Python compares at once, for whoever remembers what it worked out asks again and again.
    def __eq__(self, other: object) -> bool:
        if not isinstance(other, WorkCalendar):
            return NotImplemented
        return (self._free, self.weekend) == (other._free, other.weekend)

    def __hash__(self) -> int:
        return hash((self._free, self.weekend))

    def is_working_day(self, day: date) -> bool:
        return day.isoweekday() not in self.weekend and day not in self._free

    def add_working_days(self, day: date, n: int) -> date:
        """The ``n``-th working day after ``day``, or before it for a negative ``n``; ``day`` itself for 0.

        ``day`` is never counted, be it a working day or not. Raises ``OverflowError`` beyond the calendar.
        """
        if n == 0:
            return day
        ordinal = day.toordinal()
        nth = self._until(ordinal) + n if n > 0 else self._until(ordinal - 1) + 1 + n
        found = bisect_left(_ORDINALS, nth, key=self._until)
        if nth < 1 or found == len(_ORDINALS):
            raise OverflowError(f"the calendar ends before {n} working days from {day}")
        return date.fromordinal(found)

    def working_days_between(self, a: date, b: date) -> int:
        """How many working days lead from ``a`` to ``b``: ``a`` is not counted, ``b`` is if it is one.

        Negative when ``b`` lies before ``a``. It undoes :meth:`add_working_days`, forwards and backwards:
        ``working_days_between(a, add_working_days(a, n)) == n``.
        """
        if b >= a:
            return self._until(b.toordinal()) - self._until(a.toordinal())
        return self._until(b.toordinal() - 1) - self._until(a.toordinal() - 1)

    def shift(self, day: date, rule: Shift) -> date:
        """``day`` itself when it is worked on, else the working day that the rule names."""
        if rule is Shift.NONE or self.is_working_day(day):
            return day
        return self.add_working_days(day, _STEP[rule])

    def _until(self, ordinal: int) -> int:
        """How many working days the calendar has had by the end of that day; day 1 was a Monday."""
        weeks, days = divmod(ordinal, 7)
        return weeks * self._worked[7] + self._worked[days] - bisect_right(self._taken, ordinal)


_ORDINALS = range(date.max.toordinal() + 1)


class Side(StrEnum):
    """On which side of the quarter's last day a deadline lies."""

    AFTER = "after"
    BEFORE = "before"


class DaysAre(StrEnum):
    CALENDAR = "calendar"
    WORKING = "working"


@dataclass(frozen=True, slots=True)
class DeadlinePolicy:
    """When a quarter's work is due. Rule-makers differ, so all of it is configuration and nothing default.

    It holds for quarters that begin ``since`` that day; for those that had begun before, ``before`` holds.
    """

    days: int
    direction: Side
    shift: Shift
    days_are: DaysAre
    since: date = date.min
    before: "DeadlinePolicy | None" = None

    def __post_init__(self) -> None:
        if self.days < 0:
            raise ValueError(f"a deadline lies 0 or more days from the quarter's end, not {self.days}")

    def of(self, quarter: Quarter) -> "DeadlinePolicy":
        """The policy that holds for the quarter."""
        policy = self
        while policy.before is not None and quarter.first_day < policy.since:
            policy = policy.before
        return policy

    def followed_by(self, other: "DeadlinePolicy", changed_on: date) -> "DeadlinePolicy":
        """The other one for the quarters that begin after that day; those that have begun keep this one."""
        since = Quarter.containing(changed_on).next.first_day
        before = self.before if self.since == since and self.before is not None else self
        return replace(other, since=since, before=before)


def deadline_of(
    quarter: Quarter, policy: DeadlinePolicy, calendar: WorkCalendar, extension_until: date | None = None
) -> date:
    """The last day on which the quarter's work is on time.

    The day of an extension was chosen by a person and is not shifted; it never makes a deadline earlier.
    """
    policy = policy.of(quarter)
    days = policy.days if policy.direction is Side.AFTER else -policy.days
    if policy.days_are is DaysAre.WORKING:
        day = calendar.add_working_days(quarter.last_day, days)
    else:
        day = quarter.last_day + timedelta(days=days)
    usual = calendar.shift(day, policy.shift)
    return usual if extension_until is None else max(usual, extension_until)


class Timeliness(StrEnum):
    ON_TIME = "on_time"
    LATE = "late"
    MISSING = "missing"


def timeliness(submitted_on: date | None, deadline: date) -> Timeliness:
    """Whether the work came on time; what comes on the day of the deadline does."""
    if submitted_on is None:
        return Timeliness.MISSING
    return Timeliness.ON_TIME if submitted_on <= deadline else Timeliness.LATE

"""Fiscal years, quarters, working days and deadlines."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.quarter import (
    DaysAre,
    DeadlinePolicy,
    FiscalYear,
    Quarter,
    Shift,
    Side,
    Timeliness,
    WorkCalendar,
    deadline_of,
    local_day,
    timeliness,
)

BANGKOK = ZoneInfo("Asia/Bangkok")
FIRST, LAST = date(2500 - 543, 1, 1), date(2700 - 543, 12, 31)

# A few real holidays around the turn of the year 2564: New Year's Eve and Day, Chakri Day, Songkran.
HOLIDAYS = frozenset(
    [date(2020, 12, 31), date(2021, 1, 1), date(2021, 4, 6), *(date(2021, 4, day) for day in (13, 14, 15))]
)
THAI = WorkCalendar(HOLIDAYS)


@pytest.fixture(params=["Asia/Bangkok", "America/New_York"])
def _machine_zone(request: pytest.FixtureRequest) -> Iterator[None]:
    """The machine stands in another zone; it is put back afterwards."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


# --- fiscal years and quarters -------------------------------------------------------------------------


def test_fiscal_year_2564_runs_from_october_2020_to_september_2021():
    year = FiscalYear.from_be(2564)
    assert year == FiscalYear(2021)
    assert (year.be, year.first_day, year.last_day) == (2564, date(2020, 10, 1), date(2021, 9, 30))
    assert str(year) == "2564"


def test_quarters_of_2564_are_the_four_of_the_law():
    assert [(str(quarter), quarter.first_day, quarter.last_day) for quarter in FiscalYear(2021).quarters] == [
        ("Q1/2564", date(2020, 10, 1), date(2020, 12, 31)),
        ("Q2/2564", date(2021, 1, 1), date(2021, 3, 31)),
        ("Q3/2564", date(2021, 4, 1), date(2021, 6, 30)),
        ("Q4/2564", date(2021, 7, 1), date(2021, 9, 30)),
    ]


@pytest.mark.usefixtures("_machine_zone")
def test_every_day_of_be_2500_to_2700_lies_in_the_right_quarter():
    """By a table of months written down here: walked day by day, so no day is in two quarters or in none."""
    number_of = dict(
        zip([10, 11, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9], [1] * 3 + [2] * 3 + [3] * 3 + [4] * 3, strict=True)
    )
    wrong = []
    day = FIRST
    while day <= LAST:
        year = day.year + 1 if day.month > 9 else day.year
        expected = Quarter(year, number_of[day.month])
        found = Quarter.containing(day)
        is_inside = found.first_day <= day <= found.last_day
        if found != expected or not is_inside or FiscalYear.containing(day) != FiscalYear(year):
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


@pytest.mark.usefixtures("_machine_zone")
def test_every_local_day_holds_whatever_the_zone_of_the_machine():
    """From the first to the last second of each day in Bangkok, which is UTC+7 all year round."""
    wrong = []
    day = FIRST
    while day <= LAST:
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7)
        last = midnight + timedelta(hours=23, minutes=59, seconds=59)
        if local_day(midnight, BANGKOK) != day or local_day(last, BANGKOK) != day:
            wrong.append(day)
        day += timedelta(days=1)
    assert wrong == []


@pytest.mark.usefixtures("_machine_zone")
def test_zone_of_the_machine_is_really_another():
    """Or the two tests above would show nothing."""
    hour = {"Asia/Bangkok": 7, "America/New_York": 19}[os.environ["TZ"]]
    assert datetime.fromtimestamp(0).hour == hour  # noqa: DTZ006 - the machine's own zone is what is asked for


def test_local_day_of_a_late_evening_in_utc_is_the_next_one_in_bangkok():
    assert local_day(datetime(2021, 6, 30, 16, 59, tzinfo=UTC), BANGKOK) == date(2021, 6, 30)
    assert local_day(datetime(2021, 6, 30, 17, 0, tzinfo=UTC), BANGKOK) == date(2021, 7, 1)


def test_local_day_of_a_naive_instant_is_refused():
    naive = datetime(2021, 6, 30, 17, 0)  # noqa: DTZ001 - the naive instant is what is refused
    with pytest.raises(ValueError, match="2021-06-30T17:00:00 has no time zone"):
        local_day(naive, BANGKOK)


def test_quarters_follow_each_other_without_a_gap():
    quarter = Quarter.containing(FIRST)
    while quarter.last_day < LAST:
        assert quarter.next.first_day == quarter.last_day + timedelta(days=1)
        assert quarter.next.previous == quarter
        assert quarter < quarter.next
        quarter = quarter.next


def test_quarters_are_sorted_by_time():
    assert sorted([Quarter(2022, 1), Quarter(2021, 4), Quarter(2021, 2)]) == [
        Quarter(2021, 2),
        Quarter(2021, 4),
        Quarter(2022, 1),
    ]


@pytest.mark.parametrize("number", [0, 5, -1])
def test_quarter_with_an_impossible_number_is_refused(number):
    with pytest.raises(ValueError, match="quarters 1 to 4"):
        Quarter(2021, number)


@pytest.mark.parametrize("year", [1, 0, 10000])
def test_year_beyond_the_calendar_is_refused(year):
    with pytest.raises(ValueError, match="no calendar"):
        FiscalYear(year)
    with pytest.raises(ValueError, match="no calendar"):
        Quarter(year, 1)


# --- working days --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2021, 4, 5), True),  # an ordinary Monday
        (date(2021, 4, 6), False),  # Chakri Day, a Tuesday
        (date(2021, 4, 10), False),  # a Saturday
        (date(2021, 4, 11), False),  # a Sunday
    ],
)
def test_working_day_is_no_weekend_and_no_holiday(day, works):
    assert THAI.is_working_day(day) is works


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2021, 4, 9), 1, date(2021, 4, 12)),  # Friday to Monday
        (date(2021, 4, 9), 2, date(2021, 4, 16)),  # and on, over Songkran
        (date(2021, 4, 10), 1, date(2021, 4, 12)),  # from a Saturday
        (date(2021, 4, 16), -1, date(2021, 4, 12)),
        (date(2021, 4, 11), -1, date(2021, 4, 9)),  # back from a Sunday
        (date(2021, 4, 11), 0, date(2021, 4, 11)),  # no step at all stays, even on a Sunday
    ],
)
def test_added_working_days_step_over_weekends_and_holidays(day, n, expected):
    assert THAI.add_working_days(day, n) == expected


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (date(2021, 4, 9), date(2021, 4, 9), 0),
        (date(2021, 4, 9), date(2021, 4, 12), 1),
        (date(2021, 4, 9), date(2021, 4, 11), 0),  # ends on a Sunday, which is not counted
        (date(2021, 4, 12), date(2021, 4, 16), 1),  # Songkran between
        (date(2021, 4, 16), date(2021, 4, 12), -1),
        (date(2021, 4, 11), date(2021, 4, 9), -1),  # starts on a Sunday: only the Friday counts
    ],
)
def test_working_days_between_leave_out_the_first_day_and_count_the_last(a, b, expected):
    assert THAI.working_days_between(a, b) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Shift.NEXT_WORKING_DAY, date(2021, 4, 16)),
        (Shift.PREVIOUS_WORKING_DAY, date(2021, 4, 12)),
        (Shift.NONE, date(2021, 4, 14)),
    ],
)
def test_shift_moves_a_holiday_as_the_rule_says(rule, expected):
    assert THAI.shift(date(2021, 4, 14), rule) == expected
    assert THAI.shift(date(2021, 4, 12), rule) == date(2021, 4, 12)


@pytest.mark.parametrize("weekend", [frozenset(range(1, 8)), frozenset({0, 6}), frozenset({8})])
def test_calendar_without_a_working_week_is_refused(weekend):
    with pytest.raises(ValueError, match="weekend"):
        WorkCalendar(weekend=weekend)


def test_calendars_with_the_same_days_are_equal():
    assert WorkCalendar(HOLIDAYS) == THAI
    assert hash(WorkCalendar(HOLIDAYS)) == hash(THAI)
    assert WorkCalendar() != THAI


def test_working_days_past_the_end_of_the_calendar_are_refused():
    with pytest.raises(OverflowError):
        THAI.add_working_days(date.max, 1)
    with pytest.raises(OverflowError):
        THAI.add_working_days(date.min, -1)


def test_first_day_of_the_calendar_can_be_reached():
    assert THAI.add_working_days(date(1, 1, 2), -1) == date(1, 1, 1)  # a Monday


days = st.dates(date(2020, 1, 1), date(2022, 12, 31))
steps = st.integers(-400, 400)
calendars = st.builds(
    WorkCalendar,
    st.frozensets(days, max_size=40),
    st.frozensets(st.integers(1, 7), max_size=6),
)


def walked(calendar: WorkCalendar, day: date, n: int) -> date:
    """`add_working_days` as one would do it with a finger on a wall calendar."""
    step = timedelta(days=1 if n > 0 else -1)
    while n:
        day += step
        if day.isoweekday() not in calendar.weekend and day not in calendar.holidays:
            n -= step.days
    return day


@given(calendars, days, steps)
def test_added_working_days_are_those_of_a_finger_on_the_calendar(calendar, day, n):
    assert calendar.add_working_days(day, n) == walked(calendar, day, n)


@given(calendars, days, steps)
def test_working_days_between_undo_added_ones(calendar, day, n):
    assert calendar.working_days_between(day, calendar.add_working_days(day, n)) == n


@given(calendars, days, days)
def test_added_working_days_undo_those_between_to_a_working_day(calendar, a, b):
    b = calendar.shift(b, Shift.NEXT_WORKING_DAY)
    assert calendar.add_working_days(a, calendar.working_days_between(a, b)) == b


@given(calendars, days, days)
def test_working_days_there_and_back_cancel_out_between_working_days(calendar, a, b):
    a, b = (calendar.shift(day, Shift.PREVIOUS_WORKING_DAY) for day in (a, b))
    assert calendar.working_days_between(a, b) == -calendar.working_days_between(b, a)


@given(calendars, days, days, days)
def test_working_days_between_grow_with_the_later_day(calendar, a, b, c):
    b, c = sorted((b, c))
    assert calendar.working_days_between(a, b) <= calendar.working_days_between(a, c)


@given(calendars, days, days, steps)
def test_added_working_days_keep_the_order_of_days(calendar, a, b, n):
    a, b = sorted((a, b))
    assert calendar.add_working_days(a, n) <= calendar.add_working_days(b, n)


@given(calendars, days, st.sampled_from([Shift.NEXT_WORKING_DAY, Shift.PREVIOUS_WORKING_DAY]))
def test_shift_ends_on_the_nearest_working_day_of_its_side(calendar, day, rule):
    shifted = calendar.shift(day, rule)
    step = timedelta(days=1 if rule is Shift.NEXT_WORKING_DAY else -1)
    assert calendar.is_working_day(shifted)
    while day != shifted:
        assert not calendar.is_working_day(day)
        day += step


# --- deadlines -----------------------------------------------------------------------------------------


def policy(
    days: int,
    direction: Side = Side.AFTER,
    shift: Shift = Shift.NONE,
    days_are: DaysAre = DaysAre.CALENDAR,
) -> DeadlinePolicy:
    return DeadlinePolicy(days, direction, shift, days_are)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (policy(0), date(2021, 3, 31)),
        (policy(15), date(2021, 4, 15)),
        (policy(15, shift=Shift.NEXT_WORKING_DAY), date(2021, 4, 16)),  # the 15th is Songkran
        (policy(15, shift=Shift.PREVIOUS_WORKING_DAY), date(2021, 4, 12)),
        (policy(10, shift=Shift.NEXT_WORKING_DAY), date(2021, 4, 12)),  # Saturday to Monday
        (policy(11, Side.BEFORE, Shift.PREVIOUS_WORKING_DAY), date(2021, 3, 19)),
        (policy(5, days_are=DaysAre.WORKING), date(2021, 4, 8)),  # over Chakri Day
        (policy(5, Side.BEFORE, days_are=DaysAre.WORKING), date(2021, 3, 24)),
    ],
)
def test_deadline_of_the_second_quarter_follows_the_policy(rule, expected):
    assert deadline_of(Quarter(2021, 2), rule, THAI) == expected


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, date(2021, 4, 16)),
        (date(2021, 4, 24), date(2021, 4, 24)),  # a Saturday, but somebody chose it
        (date(2021, 4, 1), date(2021, 4, 16)),  # nobody loses days by being given longer
    ],
)
def test_deadline_with_an_extension_is_never_earlier(until, expected):
    assert deadline_of(Quarter(2021, 2), policy(15, shift=Shift.NEXT_WORKING_DAY), THAI, until) == expected


def test_deadline_of_negative_days_is_refused():
    with pytest.raises(ValueError, match="0 or more days"):
        policy(-1)


@given(calendars, st.integers(0, 60), st.sampled_from(Side), st.sampled_from(DaysAre), st.integers(1, 4))
def test_deadline_that_is_shifted_is_a_working_day(calendar, count, side, days_are, number):
    rule = policy(count, side, Shift.NEXT_WORKING_DAY, days_are)
    assert calendar.is_working_day(deadline_of(Quarter(2021, number), rule, calendar))


@pytest.mark.parametrize(
    ("submitted_on", "expected"),
    [
        (None, Timeliness.MISSING),
        (date(2021, 4, 15), Timeliness.ON_TIME),
        (date(2021, 4, 16), Timeliness.ON_TIME),  # the day itself
        (date(2021, 4, 17), Timeliness.LATE),
    ],
)
def test_timeliness_counts_the_day_of_the_deadline_as_on_time(submitted_on, expected):
    assert timeliness(submitted_on, date(2021, 4, 16)) is expected

"""What is owed is found by its due day and by its indicator alike, and never by reading a whole table."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select, update

from engine import actions
from engine.actions import NewOccurrence
from engine.quarter import Quarter, WorkCalendar
from engine.reminders import Subject, Topic
from engine.reminders.ports import Window
from storage import owed
from storage import tables as t
from storage.deadlines import Deadlines, read_deadlines
from storage.owed_statements import SOURCES
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MEETINGS,
    OPERATOR,
    POLICY,
    REPORT,
    SAI_MAI,
    SECTION_HEAD,
    THUNG_KHRU,
    YEAR,
    at,
    new_indicator,
)
from tests.counting import statements
from tests.storage.plans import plan_of

REVIEW_DAYS = 5
#: The deadlines of the year's quarters: ten days after their ends, or the next working day.
Q1, Q2, Q3, Q4 = date(2021, 1, 11), date(2021, 4, 12), date(2021, 7, 12), date(2021, 10, 11)
EVER = (date.min, date.max)


def deadlines(tx) -> Deadlines:
    return read_deadlines(tx.connection, POLICY, REVIEW_DAYS)


def owed_now(store, topic: Topic) -> list[tuple[int, int, str, date]]:
    """What is owed, as (agency, indicator, key, due day); asked in every way, with one answer."""
    with store.read() as tx:
        known = deadlines(tx)
        by_day = list(owed.subjects(tx.connection, known, Window(topic, *EVER)))
        ids = list(tx.connection.execute(select(t.indicators.c.id)).scalars())
        by_owner = owed.owed_of(tx.connection, known, ids, [topic])
        by_owner += owed.extensions_of(tx.connection, known, [THUNG_KHRU, SAI_MAI])
        of_topic = [one for one in by_owner if one.topic is topic]
        left = owed.still_owed(tx.connection, known, by_day)
    assert set(by_day) == set(of_topic) == left
    assert len(by_day) == len(of_topic) == len(left)
    return sorted((one.agency, one.indicator, one.key, one.due_on) for one in by_day)


def keys(store, topic: Topic) -> list[tuple[str, date]]:
    return [(key, due_on) for _, _, key, due_on in owed_now(store, topic)]


def do(store, action, on: date, *given, by=COORDINATOR, code=CODE, **more):
    with store.begin() as tx:
        return action(tx, code, YEAR, *given, by=by, now=at(on), **more)


def record(store, milestone: str, on: date, **more):
    return do(store, actions.record_occurrence, on, NewOccurrence(milestone, on, **more))


def seal(store, through: int, on: date) -> None:
    for number in range(1, through + 1):
        with store.begin() as tx:
            if tx.sealed_through(YEAR) < number:
                actions.seal_quarter(tx, Quarter(YEAR, number), by=OPERATOR, now=at(on))


def extend(store, until: date, quarter: int = 1, agency: int = THUNG_KHRU) -> None:
    with store.begin() as tx:
        actions.grant_extension(
            tx, agency, Quarter(YEAR, quarter), until, reason="น้ำท่วม", by=EVALUATOR, now=at(date(2020, 12, 1))
        )


def add(store, code: str, agency: int = SAI_MAI, **more) -> int:
    with store.begin() as tx:
        new = replace(new_indicator(code, agency=agency), **more)
        return actions.create_indicator(tx, new, by=ADMINISTRATOR, now=at(date(2020, 10, 2))).id


DAY = date(2020, 12, 1)
ALL = [(GUIDELINES, Q1), (COMMITTEE, Q1), (MEETINGS, Q3), (ISSUE, Q4), (REPORT, Q4)]


def but(*done: str) -> list[tuple[str, date]]:
    return sorted(pair for pair in ALL if pair[0] not in done)


# --- milestones ------------------------------------------------------------------------------------------


def test_undone_milestones_are_owed_by_their_due_days(city):
    assert keys(city, Topic.MILESTONE) == but()


def test_subject_names_the_version_of_the_definition(city):
    with city.read() as tx:
        found = owed.owed_of(tx.connection, deadlines(tx), [1], [Topic.MILESTONE])
        version = tx.connection.execute(select(t.indicators.c.workflow_version_id)).scalar_one()

    assert {one.workflow for one in found} == {version} != {0}


def test_achieved_and_verified_milestones_are_owed_no_more(city):
    record(city, GUIDELINES, DAY)
    record(city, COMMITTEE, DAY)
    do(city, actions.verify_milestone, DAY, COMMITTEE, by=EVALUATOR)

    assert keys(city, Topic.MILESTONE) == but(GUIDELINES, COMMITTEE)


def test_begun_and_blocked_milestones_are_owed_still(city):
    record(city, MEETINGS, DAY)
    do(city, actions.block_milestone, DAY, ISSUE, waiting_for="สำนักสิ่งแวดล้อม")

    assert keys(city, Topic.MILESTONE) == but()


def test_waived_milestone_is_not_owed(city):
    expires = date(2021, 9, 30)
    do(city, actions.waive_milestone, DAY, ISSUE, expires_on=expires, reason="งด", by=EVALUATOR)

    assert keys(city, Topic.MILESTONE) == but(ISSUE)


def test_postponed_milestone_is_owed_by_the_day_it_was_put_off_to(city):
    until = date(2021, 8, 2)
    do(city, actions.postpone_milestone, DAY, GUIDELINES, until=until, reason="โรคระบาด", by=EVALUATOR)

    assert keys(city, Topic.MILESTONE) == sorted([*but(GUIDELINES), (GUIDELINES, until)])


def test_returned_milestone_is_to_be_mended_by_its_day(city):
    for milestone in (GUIDELINES, COMMITTEE):
        record(city, milestone, DAY)
    for milestone, fix_by in ((GUIDELINES, date(2020, 12, 15)), (COMMITTEE, None)):
        do(city, actions.return_milestone, DAY, milestone, reason="ไม่ชัด", fix_by=fix_by, by=EVALUATOR)

    assert keys(city, Topic.MILESTONE) == but(GUIDELINES, COMMITTEE)
    assert keys(city, Topic.RETURNED_MILESTONE) == [
        (COMMITTEE, date(2020, 12, 8)),
        (GUIDELINES, date(2020, 12, 15)),
    ]


def test_only_the_last_return_of_a_milestone_counts(city):
    record(city, GUIDELINES, DAY)
    for day in (2, 3):
        fix_by = date(2020, 12, 10 + day)
        do(city, actions.return_milestone, DAY, GUIDELINES, reason="ไม่ชัด", fix_by=fix_by, by=EVALUATOR)
        if day == 2:
            do(city, actions.achieve_milestone, DAY, GUIDELINES)

    assert keys(city, Topic.RETURNED_MILESTONE) == [(GUIDELINES, date(2020, 12, 13))]


def test_mended_milestone_is_owed_no_more(city):
    record(city, GUIDELINES, DAY)
    do(city, actions.return_milestone, DAY, GUIDELINES, reason="ไม่ชัด", by=EVALUATOR)
    do(city, actions.achieve_milestone, DAY, GUIDELINES)

    assert keys(city, Topic.RETURNED_MILESTONE) == []


@pytest.mark.parametrize(
    ("life", "is_owed"),
    [
        ("draft", False),
        ("active", True),
        ("cancellation_requested", True),
        ("cancelled", False),
        ("closed", False),
    ],
)
@pytest.mark.parametrize("topic", list(Topic))
def test_only_of_running_indicators_anything_is_owed(year, topic, life, is_owed):
    """Of everything there is something before; the life alone decides."""
    with year.begin() as tx:
        something_of_everything(tx.connection, life)

    assert bool(owed_now(year, topic)) is is_owed


def something_of_everything(connection, life: str) -> None:
    """One indicator, and no seal, of which something of each topic is owed."""
    for table in (t.seal_lines, t.seals, t.reports):
        connection.execute(delete(table))
    connection.execute(update(t.indicators).values(life="closed"))
    connection.execute(update(t.indicators).where(t.indicators.c.id == 1).values(life=life))
    connection.execute(
        update(t.milestones)
        .where(t.milestones.c.indicator_id == 1, t.milestones.c.key == MEETINGS)
        .values(state="returned")
    )
    connection.execute(
        insert(t.decisions).values(
            indicator_id=1, number=99, milestone=MEETINGS, ruling="returned", decided_at=at(DAY),
            decided_by=5, reason="", fix_by=DAY,
        )
    )  # fmt: skip # one row, one line
    plan = select(t.occurrences).where(t.occurrences.c.indicator_id == 1).limit(1)
    row = {**connection.execute(plan).one()._mapping, "number": 99, "planned": True, "voided_at": None}
    connection.execute(insert(t.occurrences).values({**row, "occurred_on": DAY, "quarter": 3}))
    for quarter, state in ((1, "submitted"), (2, "endorsed"), (4, "returned")):
        connection.execute(
            insert(t.reports).values(
                indicator_id=1, quarter=quarter, state=state, narrative="", return_reason="",
                submitted_at=at(DAY), endorsed_at=at(DAY), fix_by=DAY if state == "returned" else None,
            )
        )  # fmt: skip # one row, one line
    appeal_of(connection, 1, 2)


def appeal_of(connection, id_: int, quarter: int, judge: int = EVALUATOR.id) -> None:
    """A verdict on the report of a quarter, and an appeal that waits."""
    connection.execute(
        insert(t.verdicts).values(
            indicator_id=id_, number=90 + quarter, quarter=quarter, kind="accepted", given_at=at(DAY),
            given_by=judge, quality_reason="", timeliness_reason="", remark="", drawn=False,
        )
    )  # fmt: skip # one row, one line
    connection.execute(
        insert(t.appeals).values(
            indicator_id=id_, number=90 + quarter, quarter=quarter, verdict=90 + quarter, reason="x",
            made_at=at(DAY), made_by=COORDINATOR.id, state="pending", answer="",
        )
    )  # fmt: skip # one row, one line


def test_appeal_is_due_some_working_days_after_it_was_made_until_it_is_decided(city):
    with city.begin() as tx:
        appeal_of(tx.connection, 1, 1)
        known = deadlines(tx)
        (found,) = owed.owed_of(tx.connection, known, [1], [Topic.APPEAL])
        kept = found._replace(not_to=0)  # as an answer keeps it

        assert found.due_on == POLICY.calendar.add_working_days(DAY, REVIEW_DAYS)
        assert found.not_to == EVALUATOR.id
        assert list(owed.found_again(tx.connection, known, [kept])) == [found]
        tx.connection.execute(update(t.appeals).values(state="dismissed"))
        assert owed.owed_of(tx.connection, known, [1], [Topic.APPEAL]) == []


# --- sealed quarters -------------------------------------------------------------------------------------


def test_milestones_of_a_sealed_quarter_are_owed_no_more(city):
    seal(city, 1, date(2021, 1, 20))

    assert keys(city, Topic.MILESTONE) == but(GUIDELINES, COMMITTEE)


def test_milestone_that_was_put_off_beyond_the_seal_is_owed_still(city):
    until = date(2021, 2, 1)
    do(city, actions.postpone_milestone, DAY, GUIDELINES, until=until, reason="โรคระบาด", by=EVALUATOR)
    seal(city, 1, date(2021, 1, 20))

    assert (GUIDELINES, until) in keys(city, Topic.MILESTONE)


def test_milestone_of_a_sealed_quarter_is_over_on_the_longer_day_as_well(city):
    extend(city, date(2021, 1, 29))
    assert (GUIDELINES, date(2021, 1, 29)) in keys(city, Topic.MILESTONE)
    seal(city, 1, date(2021, 1, 20))

    assert keys(city, Topic.MILESTONE) == but(GUIDELINES, COMMITTEE)


def test_open_quarter_that_is_due_before_a_sealed_one_is_owed_still(city):
    """The first was extended beyond the deadline of the second, and sealed before it."""
    extend(city, date(2021, 5, 14))
    with city.begin() as tx:
        tx.connection.execute(update(t.milestones).where(t.milestones.c.key == COMMITTEE).values(due_on=Q2))
    seal(city, 1, date(2021, 1, 20))

    assert keys(city, Topic.MILESTONE) == sorted([*but(GUIDELINES, COMMITTEE), (COMMITTEE, Q2)])


@pytest.mark.parametrize(("milestone", "is_owed"), [(GUIDELINES, False), (ISSUE, True)])
def test_returned_milestone_is_owed_until_its_own_quarter_is_sealed(city, milestone, is_owed):
    """One of the fourth quarter that was done in the first is to be mended, whatever became of the first."""
    record(city, milestone, DAY)
    fix_by = date(2020, 12, 8)
    do(city, actions.return_milestone, DAY, milestone, reason="ไม่ชัด", fix_by=fix_by, by=EVALUATOR)
    seal(city, 1, date(2021, 1, 20))

    assert keys(city, Topic.RETURNED_MILESTONE) == ([(milestone, fix_by)] if is_owed else [])


def test_reports_and_plans_of_a_sealed_quarter_are_owed_no_more(city):
    plan = NewOccurrence(MEETINGS, date(2020, 12, 20), planned=True)
    do(city, actions.record_occurrence, DAY, plan)
    assert keys(city, Topic.MEETING) == [("1", date(2020, 12, 20))]
    seal(city, 1, date(2021, 1, 20))

    assert keys(city, Topic.MEETING) == []
    assert keys(city, Topic.REPORT) == [("2", Q2), ("3", Q3), ("4", Q4)]


def test_extension_of_a_sealed_quarter_is_owed_no_more(city):
    extend(city, date(2021, 1, 29))
    seal(city, 1, date(2021, 1, 20))

    assert keys(city, Topic.EXTENSION) == []


def test_of_a_year_sealed_to_its_end_nothing_is_owed(city):
    record(city, ISSUE, date(2021, 9, 1))
    fix_by = date(2021, 12, 1)
    do(city, actions.return_milestone, date(2021, 9, 2), ISSUE, reason="x", fix_by=fix_by, by=EVALUATOR)
    assert keys(city, Topic.RETURNED_MILESTONE) == [(ISSUE, fix_by)]
    seal(city, 4, date(2021, 10, 20))

    assert {topic: owed_now(city, topic) for topic in Topic} == {topic: [] for topic in Topic}


# --- reports ---------------------------------------------------------------------------------------------


def report(store, on: date, quarter: int = 1, **more) -> None:
    do(store, actions.write_report, on, quarter, narrative="รายงาน", **more)


def submit(store, on: date, quarter: int = 1) -> None:
    report(store, on, quarter)
    do(store, actions.submit_report, on, quarter)


def test_report_is_owed_for_every_quarter_until_it_is_submitted(city):
    report(city, DAY)
    assert keys(city, Topic.REPORT) == [("1", Q1), ("2", Q2), ("3", Q3), ("4", Q4)]

    do(city, actions.submit_report, DAY, 1)

    assert keys(city, Topic.REPORT) == [("2", Q2), ("3", Q3), ("4", Q4)]


def test_report_of_an_agency_with_longer_time_is_due_later(city):
    other = add(city, "5042-2017")
    extend(city, date(2021, 1, 29))

    assert [one for one in owed_now(city, Topic.REPORT) if one[2] == "1"] == [
        (THUNG_KHRU, 1, "1", date(2021, 1, 29)),
        (SAI_MAI, other, "1", Q1),
    ]


@pytest.mark.parametrize(
    ("low", "high", "agencies"),
    [
        (Q1, Q1, [SAI_MAI]),
        (Q1 - timedelta(1), Q1 - timedelta(1), []),
        (Q1 + timedelta(1), date(2021, 1, 28), []),
        (date(2021, 1, 29), date(2021, 1, 29), [THUNG_KHRU]),
        (Q1, date(2021, 1, 29), [THUNG_KHRU, SAI_MAI]),
        (date(2021, 1, 30), Q2 - timedelta(1), []),
    ],
)
def test_window_holds_the_reports_that_are_due_in_it(city, low, high, agencies):
    add(city, "5042-2017")
    extend(city, date(2021, 1, 29))
    window = Window(Topic.REPORT, low, high)

    with city.read() as tx:
        found = list(owed.subjects(tx.connection, deadlines(tx), window))
        filled = owed.occupied(tx.connection, deadlines(tx), [window])

    assert [one.agency for one in found] == agencies
    assert filled == ([window] if agencies else [])


def test_extension_that_is_not_longer_moves_nothing(city):
    """A rule of the house that changed since may put the usual day behind it."""
    extend(city, date(2021, 1, 29))
    with city.begin() as tx:
        tx.connection.execute(update(t.extensions).values(until_on=date(2021, 1, 5)))

    assert keys(city, Topic.REPORT)[0] == ("1", Q1)


def test_submitted_report_waits_for_its_endorsement_and_then_for_its_evaluation(city):
    submit(city, date(2021, 1, 4))
    assert keys(city, Topic.ENDORSEMENT) == [("1", date(2021, 1, 11))]

    do(city, actions.endorse_report, date(2021, 1, 8), 1, by=SECTION_HEAD)

    assert keys(city, Topic.ENDORSEMENT) == []
    assert keys(city, Topic.EVALUATION) == [("1", date(2021, 1, 15))]

    do(city, actions.accept_report, date(2021, 1, 9), 1, quality=95, by=EVALUATOR)

    assert keys(city, Topic.EVALUATION) == []


def test_review_is_due_from_the_local_day_on(city):
    """What is handed in on Monday at 23:30 in London was handed in on Tuesday in Bangkok."""
    report(city, date(2021, 1, 4))
    with city.begin() as tx:
        now = datetime(2021, 1, 4, 23, 30, tzinfo=UTC)
        actions.submit_report(tx, CODE, YEAR, 1, by=COORDINATOR, now=now)

    assert keys(city, Topic.ENDORSEMENT) == [("1", date(2021, 1, 12))]


def test_returned_report_is_to_be_mended_by_its_day_also_while_somebody_writes_at_it(city):
    submit(city, date(2021, 1, 4))
    do(city, actions.return_report, date(2021, 1, 5), 1, reason="ขาดภาพ", by=SECTION_HEAD)
    assert keys(city, Topic.RETURNED_REPORT) == [("1", date(2021, 1, 12))]

    report(city, date(2021, 1, 6))

    assert keys(city, Topic.RETURNED_REPORT) == [("1", date(2021, 1, 12))]
    assert keys(city, Topic.REPORT) == [("2", Q2), ("3", Q3), ("4", Q4)]

    do(city, actions.submit_report, date(2021, 1, 6), 1)

    assert keys(city, Topic.RETURNED_REPORT) == []


def test_extension_runs_out_for_an_agency_that_has_not_submitted(city):
    add(city, "5042-2017")
    extend(city, date(2021, 1, 29))
    assert owed_now(city, Topic.EXTENSION) == [(THUNG_KHRU, 0, "1", date(2021, 1, 29))]

    submit(city, date(2021, 1, 4))

    assert owed_now(city, Topic.EXTENSION) == []


# --- plans -----------------------------------------------------------------------------------------------


def test_planned_occurrence_is_owed_until_it_is_fulfilled(city):
    on = date(2021, 1, 15)
    do(city, actions.record_occurrence, DAY, NewOccurrence(MEETINGS, on, planned=True))
    assert keys(city, Topic.MEETING) == [("1", on)]

    kept = do(city, actions.record_occurrence, on, NewOccurrence(MEETINGS, on, fulfils=1))
    assert keys(city, Topic.MEETING) == []

    do(city, actions.void_occurrence, on, kept.number, reason="ผิดวัน")

    assert keys(city, Topic.MEETING) == [("1", on)]


def test_plan_that_was_taken_back_is_owed_no_more(city):
    do(city, actions.record_occurrence, DAY, NewOccurrence(MEETINGS, date(2021, 1, 15), planned=True))
    do(city, actions.void_occurrence, DAY, 1, reason="ยกเลิก")

    assert keys(city, Topic.MEETING) == []


# --- windows, portions, what is left ---------------------------------------------------------------------


def test_due_days_of_reviews_lead_back_to_the_instants_of_handing_on():
    """For every hour of two months: in the window of its due day, and in no other."""
    calendar = WorkCalendar(frozenset({date(2021, 4, 13), date(2021, 4, 14), date(2021, 4, 15)}))
    for days in (0, 1, 5):
        known = Deadlines(replace(POLICY, calendar=calendar), days, {}, {}, range(2021, 2022))
        for hour in range(24 * 60):
            handed_on = datetime(2021, 3, 15, tzinfo=UTC) + timedelta(hours=hour)
            due_on = known.review_due(handed_on)
            for offset in (-1, 0, 1):
                day = due_on + timedelta(offset)
                bounds = known.handed_on(day, day)
                within = bounds is not None and bounds[0] <= handed_on <= bounds[1]
                assert within is (offset == 0), (days, handed_on, day)


def test_window_of_days_off_leads_to_no_instant():
    known = Deadlines(POLICY, REVIEW_DAYS, {}, {}, range(2021, 2022))

    assert known.handed_on(date(2021, 1, 9), date(2021, 1, 10)) is None
    assert known.handed_on(*EVER) is not None


@pytest.mark.parametrize("topic", list(Topic))
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_portions_hold_everything_once(city, topic, limit):
    fill_both_agencies(city)
    window, found, after = Window(topic, *EVER), [], None
    with city.read() as tx:
        known = deadlines(tx)
        every = list(owed.subjects(tx.connection, known, window))
        while True:
            some, after = owed.portion(tx.connection, known, window, after, limit)
            assert len(some) <= limit
            found += some
            if after is None:
                break

    assert found == every
    assert len(set(found)) == len(found) >= 2


def fill_both_agencies(store) -> None:
    """Two indicators of Thung Khru and two of Sai Mai, and of each some of every topic."""
    for code, agency in (("5049-2018", THUNG_KHRU), ("5042-2017", SAI_MAI), ("5042-2018", SAI_MAI)):
        add(store, code, agency)
    for agency in (THUNG_KHRU, SAI_MAI):
        extend(store, date(2021, 1, 29), 1, agency)
    with store.begin() as tx:
        for id_ in (1, 2, 3, 4):
            rows_of_every_kind(tx.connection, id_)


def rows_of_every_kind(connection, id_: int) -> None:
    for key in (GUIDELINES, COMMITTEE):
        connection.execute(
            update(t.milestones)
            .where(t.milestones.c.indicator_id == id_, t.milestones.c.key == key)
            .values(state="returned")
        )
    connection.execute(
        update(t.milestones)
        .where(t.milestones.c.indicator_id == id_, t.milestones.c.key == ISSUE)
        .values(state="postponed", postponed_to=date(2021, 8, 2))
    )
    for number, key in ((1, GUIDELINES), (2, COMMITTEE)):
        connection.execute(
            insert(t.decisions).values(
                indicator_id=id_, number=number, milestone=key, ruling="returned", decided_at=at(DAY),
                decided_by=5, reason="", fix_by=DAY,
            )
        )  # fmt: skip # one row, one line
        connection.execute(
            insert(t.occurrences).values(
                indicator_id=id_, number=number, milestone=MEETINGS, kind="", counts=True, occurred_on=Q3,
                quarter=3, counts_on=Q3, recorded_at=at(DAY), recorded_by=2, planned=True, note="",
                void_reason="",
            )
        )  # fmt: skip # one row, one line
    for quarter, state in ((2, "submitted"), (3, "endorsed"), (4, "returned")):
        connection.execute(
            insert(t.reports).values(
                indicator_id=id_, quarter=quarter, state=state, narrative="", return_reason="",
                submitted_at=at(DAY), endorsed_at=at(DAY), fix_by=DAY if state == "returned" else None,
            )
        )  # fmt: skip # one row, one line
        appeal_of(connection, id_, quarter)


def test_occupied_windows_are_those_that_hold_something(city):
    """Every topic on every day of a year and a half, asked at once and one by one."""
    fill_both_agencies(city)
    days = [date(2020, 10, 1) + timedelta(number) for number in range(550)]
    windows = [Window(topic, day, day) for topic in Topic for day in days]
    with city.read() as tx:
        known = deadlines(tx)
        holding = {
            Window(one.topic, one.due_on, one.due_on)
            for topic in Topic
            for one in owed.subjects(tx.connection, known, Window(topic, *EVER))
        }
        filled = owed.occupied(tx.connection, known, windows)

    assert len({window.topic for window in holding}) == len(Topic)
    assert [window for window in filled if window in holding] == [one for one in windows if one in holding]
    # The usual deadline of a quarter for which everybody has longer, and those by which everything came in.
    assert {one for one in filled if one not in holding} == {
        Window(Topic.REPORT, day, day) for day in (Q1, Q2, Q3, Q4)
    }


def test_no_window_is_occupied_where_none_is_asked_for(city):
    with city.read() as tx:
        assert owed.occupied(tx.connection, deadlines(tx), []) == []


def test_window_that_ends_before_it_begins_is_empty(city):
    for topic in Topic:
        window = Window(topic, date(2021, 12, 1), date(2020, 12, 1))
        with city.read() as tx:
            assert owed.occupied(tx.connection, deadlines(tx), [window]) == []
            assert list(owed.subjects(tx.connection, deadlines(tx), window)) == []


def test_subject_whose_day_has_moved_is_another(city):
    with city.read() as tx:
        known = deadlines(tx)
        now = Subject(Topic.MILESTONE, THUNG_KHRU, 1, GUIDELINES, Q1)
        before = now._replace(due_on=Q1 - timedelta(1))
        other = now._replace(key="nothing")
        gone = now._replace(indicator=7)

        assert owed.still_owed(tx.connection, known, [before, now, other, gone]) == {now}


def test_running_indicators_of_an_agency(city):
    second = add(city, "5049-2018", THUNG_KHRU)
    add(city, "5049-2019", THUNG_KHRU, draft=True)
    add(city, "5042-2017", SAI_MAI, workflow=MEASURED)

    with city.read() as tx:
        assert owed.running_of(tx.connection, THUNG_KHRU) == [1, second]


def test_city_without_indicators_owes_nothing(city):
    with city.begin() as tx:
        for table in (t.search_texts, t.milestones, t.indicator_details, t.indicators):
            tx.connection.execute(delete(table))

    assert {topic: owed_now(city, topic) for topic in Topic} == {topic: [] for topic in Topic}


# --- how it is found -------------------------------------------------------------------------------------


INDEXES = {
    Topic.MILESTONE: ["ix_milestones_undone", "ix_milestones_postponed"],
    Topic.ENDORSEMENT: ["ix_reports_submitted"],
    Topic.EVALUATION: ["ix_reports_endorsed"],
    Topic.APPEAL: ["ix_appeals_pending"],
    Topic.RETURNED_MILESTONE: ["ix_decisions_returned"],
    Topic.RETURNED_REPORT: ["ix_reports_to_mend"],
    Topic.EXTENSION: ["ix_extensions_until_on"],
    Topic.MEETING: ["ix_occurrences_planned"],
}


@pytest.mark.parametrize("topic", list(INDEXES))
def test_what_is_due_is_a_range_of_an_index(city, topic):
    with city.begin() as tx:
        known = deadlines(tx)
        window = Window(topic, date(2021, 1, 1), date(2021, 1, 31))
        with statements(city.engine) as run:
            list(owed.subjects(tx.connection, known, window))
        plans = [plan_of(tx.connection, *one) for one in run]

    assert len(plans) == len(SOURCES[topic]) == len(INDEXES[topic])
    for plan, index in zip(plans, INDEXES[topic], strict=True):
        (line, *_) = [line for line in plan.splitlines() if index in line]
        assert "SCAN" not in line
        following = plan.partition(index)[2]
        column = SOURCES[topic][INDEXES[topic].index(index)].due.name
        assert f"{column}" in (line if city.is_sqlite else following.partition("Filter")[0])
        assert "SCAN milestones" not in plan
        assert "Seq Scan on milestones" not in plan


def test_all_windows_are_asked_about_in_two_statements_of_seeks(city):
    with city.begin() as tx:
        known = deadlines(tx)
        windows = [Window(topic, date(2021, 1, 1), date(2021, 1, 31)) for topic in Topic]
        with statements(city.engine) as run:
            owed.occupied(tx.connection, known, windows)
        plans = [plan_of(tx.connection, *one) for one in run]

    assert len(plans) == 2
    for plan in plans:
        assert [index for indexes in INDEXES.values() for index in indexes if index not in plan] == []
        for table in ("milestones", "reports", "decisions", "occurrences", "extensions"):
            assert f"SCAN {table}\n" not in plan + "\n"
            assert f"Seq Scan on {table}" not in plan


def test_what_is_looked_at_again_is_found_by_its_own_keys(city):
    """Not among all milestones of its indicator, nor among all that is due."""
    with city.begin() as tx:
        known = deadlines(tx)
        (one, *_) = [each for each in owed.owed_of(tx.connection, known, [1]) if each.key == GUIDELINES]
        with statements(city.engine) as run:
            assert owed.still_owed(tx.connection, known, [one]) == {one}
        plans = [plan_of(tx.connection, *each) for each in run]

    if city.is_sqlite:  # PostgreSQL has its own mind about tables as small as here
        key = "USING PRIMARY KEY (indicator_id=? AND key=?)"
        assert [plan for plan in plans if key not in plan] == []
    assert len(plans) == 2

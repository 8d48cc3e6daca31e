"""One transaction: what is saved is loaded, one of two writers loses knowingly, readers see one moment."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import exc, func, select

from engine import actions
from engine.actions import NewOccurrence
from engine.errors import Refusal
from engine.events import Event, Happened
from engine.indicator import Indicator
from engine.ports import Change
from engine.quarter import Quarter
from storage import tables as t
from storage.backup import TABLES
from storage.journal import canonical
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    MEASURED_NEXT,
    OPERATOR,
    WORKFLOW,
    YEAR,
    at,
    found_city,
    new_indicator,
    new_store,
)
from tests.storage.story import IMPORTED, OTHER, PERCENT, STORY, take

DAY = date(2020, 12, 1)
#: Seconds after which something that should have happened has not.
LONG = 30


def record(store, milestone=GUIDELINES, day=DAY, **more):
    with store.begin() as tx:
        new = NewOccurrence(milestone, day)
        return actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(day), **more)


def load(store, code=CODE) -> Indicator:
    with store.read() as tx:
        indicator: Indicator = tx.indicator(code, YEAR)
    return indicator


def sorted_milestones(indicator: Indicator) -> Indicator:
    """Milestones come back by key; the definition has them in the order of the ladder."""
    return replace(indicator, milestones=dict(sorted(indicator.milestones.items())))


def test_indicator_loads_as_it_was_saved_after_every_step(database_url):
    store = new_store(database_url)
    saved = {}
    for step in STORY:
        outcome = take(store, step)
        if isinstance(outcome, Indicator):
            saved[outcome.code] = outcome
        elif isinstance(outcome, actions.Outcome):
            saved[outcome.indicator.code] = outcome.indicator
            loaded = load(store, outcome.indicator.code)
            assert sorted_milestones(loaded) == sorted_milestones(outcome.indicator), step

    assert sorted(saved) == sorted([CODE, OTHER, PERCENT, IMPORTED])
    store.close()


def test_story_leaves_rows_of_every_kind(year):
    with year.read() as tx:
        counts = {
            table.name: tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in TABLES  # those that last
        }

    assert [name for name, count in counts.items() if count == 0] == []


def test_fields_round_trip_exactly(year):
    loaded, measured = load(year), load(year, PERCENT)

    fact = loaded.occurrences[0]
    assert (fact.document_number, fact.note) == ("กท 0401/๑๒", "ตามหนังสือ")
    assert fact.recorded_at.isoformat() == "2020-12-01T02:00:00.000010+00:00"
    assert measured.occurrences[0].value == Decimal("79.123456789")
    assert str(loaded.reports[1].self_reported) == "2.50"
    assert loaded.weight == Decimal(1)
    assert loaded.workflow is WORKFLOW
    assert measured.workflow is MEASURED_NEXT


def test_unreported_value_stays_null(city):
    with city.begin() as tx:
        actions.write_report(tx, CODE, YEAR, 1, narrative="ยังไม่วัด", by=COORDINATOR, now=at(DAY))
    with city.begin() as tx:
        zero = Decimal(0)
        actions.write_report(tx, CODE, YEAR, 2, self_reported=zero, by=COORDINATOR, now=at(DAY))

    reports = load(city).reports

    assert (reports[1].self_reported, reports[2].self_reported) == (None, Decimal(0))


def test_writer_with_old_version_is_told_who_did_what_and_when(city):
    seen = load(city).version
    record(city, COMMITTEE)

    with pytest.raises(Refusal) as refused:
        record(city, GUIDELINES, expected_version=seen)

    (condition,) = refused.value.conditions
    assert condition.kind == "indicator.changed_meanwhile"
    assert condition.params == {
        "code": CODE,
        "by": COORDINATOR.name,
        "what": "occurrence_recorded",
        "at": at(DAY),
        "version": seen + 1,
    }
    assert [one.milestone for one in load(city).occurrences] == [COMMITTEE]


def test_writer_with_current_version_is_let_through(city):
    record(city, GUIDELINES, expected_version=load(city).version)

    assert len(load(city).occurrences) == 1


def test_change_of_an_indicator_loaded_earlier_is_refused_when_another_was_first(city):
    stale = load(city)
    record(city, COMMITTEE)
    stale.life = "closed"
    event = Event(Happened.INDICATOR_CLOSED, at(DAY), ADMINISTRATOR.id, {})

    with pytest.raises(Refusal) as refused, city.begin() as tx:
        tx.save(Change(stale, event, milestones=list(stale.milestones.values())))

    assert [one.kind for one in refused.value.conditions] == ["indicator.changed_meanwhile"]
    assert (load(city).life, load(city).journal_seq) == ("active", 2)


def test_raising_block_keeps_nothing(city):
    before = load(city)

    def fail() -> None:
        with city.begin() as tx:
            new = NewOccurrence(GUIDELINES, DAY)
            actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(DAY))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert load(city) == before


def test_several_actions_in_one_transaction_are_one(city):
    with city.begin() as tx:
        for milestone in (GUIDELINES, COMMITTEE):
            new = NewOccurrence(milestone, DAY)
            actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(DAY))

    assert (load(city).stored.claimed.level, load(city).version) == (2, 3)


def test_reader_sees_one_moment_while_others_write(city):
    with city.read() as tx:
        first = tx.indicator(CODE, YEAR)
        record(city)
        second = tx.indicator(CODE, YEAR)
        journal = tx.connection.execute(
            select(func.count()).where(t.journal.c.stream == first.id)
        ).scalar_one()

    assert (first, journal) == (second, 1)
    assert len(load(city).occurrences) == 1


def test_reader_cannot_write(city):
    new = NewOccurrence(GUIDELINES, DAY)

    with city.read() as tx, pytest.raises(Exception, match=r"read.?only"):
        actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(DAY))

    assert load(city).occurrences == []


def test_connection_that_was_read_through_can_be_written_through(city):
    with pytest.raises(exc.DBAPIError), city.read() as tx:
        tx.connection.execute(t.plan_nodes.insert().values(code="1", title="แผน"))

    with city.engine.connect() as connection, connection.begin():
        connection.execute(t.plan_nodes.insert().values(code="2", title="แผน"))

    with city.read() as tx:
        assert tx.connection.execute(select(t.plan_nodes.c.code)).scalars().all() == ["2"]


def test_unknown_code_is_refused_with_the_nearest(city):
    with pytest.raises(Refusal) as refused, city.read() as tx:
        tx.indicator("5049-2071", YEAR)

    (condition,) = refused.value.conditions
    assert (condition.kind, condition.params["nearest"]) == ("indicator.unknown", [CODE])


def test_code_of_another_year_is_refused_with_its_years(city):
    with pytest.raises(Refusal) as refused, city.read() as tx:
        tx.indicator(CODE, YEAR + 1)

    (condition,) = refused.value.conditions
    assert [year.year for year in condition.params["years"]] == [YEAR]


def test_code_cannot_be_created_twice_in_a_year(city):
    with pytest.raises(Refusal) as refused, city.begin() as tx:
        actions.create_indicator(tx, new_indicator(), by=ADMINISTRATOR, now=FOUNDED)

    assert [one.kind for one in refused.value.conditions] == ["indicator.exists"]


@pytest.mark.parametrize("deed", ["create", "seal"])
def test_of_two_who_do_the_same_at_once_one_is_refused_in_words(city, deed):
    """The second has looked before the first has committed: on PostgreSQL both find nothing in their way."""
    both = threading.Barrier(2)
    first_only = threading.Lock()

    def do() -> str:
        with city.begin() as tx:
            if city.is_sqlite:
                first_only.acquire()  # there the second is not let in before the first has gone
            else:
                both.wait(LONG)
            try:
                if deed == "create":
                    new = replace(new_indicator(), code=OTHER)
                    actions.create_indicator(tx, new, by=ADMINISTRATOR, now=FOUNDED)
                else:
                    quarter = Quarter(YEAR, 1)
                    actions.seal_quarter(tx, quarter, by=OPERATOR, now=at(date(2021, 2, 1)))
            except Refusal as refused:
                return refused.conditions[0].kind
            finally:
                if city.is_sqlite:
                    first_only.release()
        return "done"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(one.result(LONG) for one in [pool.submit(do), pool.submit(do)])

    assert found == sorted(["done", {"create": "indicator.exists", "seal": "quarter.sealed"}[deed]])


def test_same_code_in_the_next_year_is_another_indicator(city):
    with city.begin() as tx:
        actions.create_indicator(tx, new_indicator(year=YEAR + 1), by=ADMINISTRATOR, now=FOUNDED)
    record(city)

    with city.read() as tx:
        later = tx.indicator(CODE, YEAR + 1)
        listed = [(one.code, one.fiscal_year.year) for one in tx.indicators()]

    assert (later.occurrences, listed) == ([], [(CODE, YEAR), (CODE, YEAR + 1)])


def test_unregistered_workflow_is_refused(city):
    unknown = replace(WORKFLOW, version=9)

    with pytest.raises(Refusal) as refused, city.begin() as tx:
        actions.create_indicator(tx, new_indicator("5049-1", workflow=unknown), by=ADMINISTRATOR, now=FOUNDED)

    assert [one.kind for one in refused.value.conditions] == ["workflow.not_registered"]


def test_indicators_come_by_id_with_their_own_facts_across_portions(database_url, monkeypatch):
    monkeypatch.setattr("storage.rows.PORTION", 2)
    store = new_store(database_url)
    codes = tuple(f"5049-{number:04d}" for number in range(5))
    found_city(store, codes)
    with store.begin() as tx:
        new = NewOccurrence(GUIDELINES, DAY)
        actions.record_occurrence(tx, codes[3], YEAR, new, by=COORDINATOR, now=at(DAY))

    with store.read() as tx:
        everyone = [(one.code, len(one.occurrences), len(one.milestones)) for one in tx.indicators(YEAR, 1)]
        nobody = list(tx.indicators(YEAR, 2)) + list(tx.indicators(YEAR + 1))

    assert everyone == [(code, int(code == codes[3]), 5) for code in codes]
    assert nobody == []
    store.close()


def test_event_is_kept_as_the_text_that_was_hashed(city):
    outcome = record(city)

    with city.read() as tx:
        kept = tx.connection.execute(
            select(t.journal).where(t.journal.c.seq == 2, t.journal.c.stream == 1)
        ).one()

    assert kept.data == canonical(outcome.event.data)
    assert (kept.what, kept.at, kept.by) == (
        "occurrence_recorded",
        at(DAY).isoformat(timespec="microseconds"),
        2,
    )


def test_decision_of_an_evaluator_is_saved_with_its_ruling(city):
    record(city)
    with city.begin() as tx:
        actions.verify_milestone(tx, CODE, YEAR, GUIDELINES, remark="ครบ", by=EVALUATOR, now=at(DAY, 10))

    (decision,) = load(city).decisions

    assert (str(decision.ruling), decision.reason, decision.decided_by) == ("verified", "ครบ", EVALUATOR.id)

"""A sealed quarter stays as it was, and whoever alters what lies behind the seal is found."""

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, insert, literal, select, update

from engine import actions
from engine.actions import NewOccurrence
from engine.errors import Refusal
from engine.matrix import CellState
from engine.quarter import Quarter
from engine.workflow import Workflow
from storage import checks, registry, schema
from storage import tables as t
from storage.corrections import corrections
from storage.journal import canonical
from storage.matrix import district_matrix
from storage.narrowing import Wanted
from storage.seals import SealHash, Tampered, kept_lines
from storage.store import Store, connect
from storage.types import instant_text
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    MEETINGS,
    OPERATOR,
    POLICY,
    SECTION_HEAD,
    WORKFLOW,
    YEAR,
    at,
    found_city,
    new_indicator,
    new_store,
    open_store,
)

OTHER = "5049-0938"
FIRST, SECOND = Quarter(YEAR, 1), Quarter(YEAR, 2)
LONG = 30
WHY = "พ้นกำหนดส่งแล้ว"


def parse(source: str) -> Workflow:
    """A definition is what its text says; its hash is that of the text."""
    return replace(WORKFLOW, source_hash=hashlib.sha256(source.encode()).hexdigest())


def record(store, milestone, day, code=CODE, now=None, **more):
    with store.begin() as tx:
        new = NewOccurrence(milestone, day)
        return actions.record_occurrence(tx, code, YEAR, new, by=COORDINATOR, now=now or at(day), **more)


def seal(store, quarter=FIRST, day=None):
    with store.begin() as tx:
        now = at(day or quarter.last_day + timedelta(days=20))
        return actions.seal_quarter(tx, quarter, reason=WHY, by=EVALUATOR, now=now)


def found(store, quarter=FIRST) -> list[Tampered]:
    with store.read() as tx:
        return list(checks.seal(tx, quarter))


def kinds(refused) -> list[str]:
    return [one.kind for one in refused.value.conditions]


def fill_sealed(url: str) -> None:
    """Two indicators with facts and a verified milestone; the first quarter is sealed."""
    store = Store(connect(url), POLICY, parse)
    schema.upgrade(store.engine)
    with store.begin() as tx:
        registry.found_city(tx, FOUNDED)
        agency = registry.add_agency(tx, WORKFLOW.title, "district", by=OPERATOR.id, now=FOUNDED)
        registry.register_workflow(tx, parse("text"), "text", by=OPERATOR.id, now=FOUNDED)
        for code in (CODE, OTHER):
            new = new_indicator(code, agency=agency, workflow=parse("text"))
            actions.create_indicator(tx, new, by=ADMINISTRATOR, now=FOUNDED)
    record(store, GUIDELINES, date(2020, 12, 1))
    record(store, COMMITTEE, date(2020, 12, 2))
    record(store, GUIDELINES, date(2020, 12, 3), OTHER)
    with store.begin() as tx:
        now = at(date(2020, 12, 4))
        actions.verify_milestone(tx, CODE, YEAR, GUIDELINES, by=EVALUATOR, now=now)
        where, later = (tx, CODE, YEAR), at(date(2021, 1, 4))
        link = "https://example.org/report"
        actions.attach_evidence(*where, GUIDELINES, link=link, file_name="รายงาน", by=COORDINATOR, now=later)
        result = Decimal("2.0")
        actions.write_report(*where, 1, narrative="ครบ", self_reported=result, by=COORDINATOR, now=later)
        actions.submit_report(*where, 1, by=COORDINATOR, now=later)
        actions.endorse_report(*where, 1, by=SECTION_HEAD, now=later)
        actions.accept_report(*where, 1, quality=95, by=EVALUATOR, now=later)
    seal(store)
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def sealed(request, copy_of):
    """The database of `fill_sealed`, opened anew: what an altered definition says is read again."""
    store = Store(connect(copy_of(request.param, fill_sealed)), POLICY, parse)
    yield store
    store.close()


def run(store, *statements) -> None:
    with store.engine.connect() as connection, connection.begin():
        for statement in statements:
            assert connection.execute(statement).rowcount != 0


def test_seal_keeps_levels_rules_and_ends_of_every_indicator(sealed):
    with sealed.read() as tx:
        lines = tx.connection.execute(select(t.seal_lines).order_by(t.seal_lines.c.indicator_id)).all()
        heads = {one.code: (one.journal_seq, one.journal_head) for one in tx.indicators()}

    assert [(one.code, one.claimed_level, one.verified_level) for one in lines] == [
        (CODE, 2, 1),
        (OTHER, 1, 0),
    ]
    assert {one.workflow_hash for one in lines} == {parse("text").source_hash}
    assert {one.code: (one.journal_seq, one.journal_head) for one in lines} == heads
    assert found(sealed) == []


def test_unsealed_quarter_has_no_seal(sealed):
    assert found(sealed, SECOND) == [Tampered("", "no_seal")]


def test_later_records_leave_the_seal_whole(sealed):
    record(sealed, MEETINGS, date(2021, 2, 1))
    with sealed.begin() as tx:
        now = at(date(2021, 2, 2))
        actions.verify_milestone(tx, CODE, YEAR, COMMITTEE, by=EVALUATOR, now=now)
    with sealed.begin() as tx:
        now, until = at(date(2021, 2, 3)), date(2021, 6, 1)
        actions.waive_milestone(
            tx, OTHER, YEAR, MEETINGS, reason="งด", expires_on=until, by=EVALUATOR, now=now
        )
    seal(sealed, SECOND)

    assert (found(sealed), found(sealed, SECOND)) == ([], [])


o, i, v, sl, s, j = (
    t.occurrences.c,
    t.indicators.c,
    t.workflow_versions.c,
    t.seal_lines.c,
    t.seals.c,
    t.journal.c,
)
TAMPERING = {
    "day of a fact": (
        update(t.occurrences).where(o.indicator_id == 2).values(counts_on=date(2021, 1, 5)),
        [Tampered(OTHER, "level"), Tampered(OTHER, "occurrence", 1)],
    ),
    "fact deleted": (
        delete(t.occurrences).where(o.indicator_id == 1, o.number == 2),
        [Tampered(CODE, "level"), Tampered(CODE, "occurrence", 2)],
    ),
    "words of a fact": (
        update(t.occurrences).where(o.indicator_id == 1, o.number == 1).values(document_number="9/2563"),
        [Tampered(CODE, "occurrence", 1)],
    ),
    "fact slipped in": (
        insert(t.occurrences).from_select(
            [column.name for column in t.occurrences.columns],
            select(
                literal(2),
                literal(7),
                *[
                    column
                    for column in t.occurrences.columns
                    if column.name not in ("indicator_id", "number")
                ],
            ).where(o.indicator_id == 1, o.number == 2),
        ),
        [Tampered(OTHER, "level"), Tampered(OTHER, "occurrence", 7)],
    ),
    "text of a report": (update(t.reports).values(narrative="แก้ภายหลัง"), [Tampered(CODE, "report", 1)]),
    "result of a report": (update(t.reports).values(self_reported=5), [Tampered(CODE, "report", 1)]),
    "score of a report": (update(t.reports).values(quality=100), [Tampered(CODE, "report", 1)]),
    "evidence": (update(t.evidence).values(file_name="อื่น.pdf"), [Tampered(CODE, "evidence", 1)]),
    "target": (
        update(t.indicators).where(i.id == 2).values(target=1),
        [Tampered(OTHER, "target")],
    ),
    "decision": (
        update(t.decisions).values(ruling="returned"),
        [Tampered(CODE, "level"), Tampered(CODE, "decision", 1)],
    ),
    "text of a rule": (
        update(t.workflow_versions).values(source="texT"),
        [Tampered(CODE, "rule"), Tampered(OTHER, "rule")],
    ),
    "event before the sealed end": (
        update(t.journal).where(j.stream == 1, j.seq == 2).values(data="{}"),
        [Tampered(CODE, "journal")],
    ),
    "event at the sealed end": (
        update(t.journal).where(j.stream == 2, j.seq == 2).values(by=1),
        [Tampered(OTHER, "journal")],
    ),
    "event deleted": (
        delete(t.journal).where(j.stream == 2, j.seq == 1),
        [Tampered(OTHER, "journal")],
    ),
    "level in a line": (
        update(t.seal_lines).where(sl.indicator_id == 1).values(claimed_level=5),
        [Tampered(CODE, "level"), Tampered("", "hash")],
    ),
    "fraction in a line": (
        update(t.seal_lines).where(sl.indicator_id == 2).values(verified_fraction=0.5),
        [Tampered(OTHER, "level"), Tampered("", "hash")],
    ),
    "code in a line": (
        update(t.seal_lines).where(sl.indicator_id == 2).values(code="5049-0001"),
        [Tampered("5049-0001", "code"), Tampered("", "hash")],
    ),
    "rule in a line": (
        update(t.seal_lines).where(sl.indicator_id == 2).values(workflow_version=2),
        [Tampered(OTHER, "rule"), Tampered("", "hash")],
    ),
    "journal's end in a line": (
        update(t.seal_lines).where(sl.indicator_id == 2).values(journal_seq=1),
        [Tampered(OTHER, "journal"), Tampered("", "hash")],
    ),
    "line deleted": (delete(t.seal_lines).where(sl.indicator_id == 2), [Tampered("", "hash")]),
    "hash of the seal": (
        update(t.seals).values(hash="f" * 64),
        [Tampered("", "hash"), Tampered("", "journal")],
    ),
    "predecessor of the seal": (update(t.seals).values(previous_hash="f" * 64), [Tampered("", "hash")]),
    "sealer": (update(t.seals).values(sealed_by=COORDINATOR.id), [Tampered("", "journal")]),
    "instant of sealing": (
        update(t.seals).values(sealed_at=at(date(2021, 1, 21))),
        [Tampered("", "hash"), Tampered("", "journal")],
    ),
    "seal's own event": (
        delete(t.journal).where(j.stream == t.CITY, j.what == "quarter_sealed"),
        [Tampered("", "journal")],
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_tampering_behind_the_seal_is_named(sealed, what):
    statement, expected = TAMPERING[what]

    run(sealed, statement)

    assert found(sealed) == expected


def unreadable(source: str) -> Workflow:
    if source != "text":
        raise ValueError(source)
    return parse(source)


def test_rule_that_cannot_be_read_any_more_is_named(sealed):
    """A house that has it still in its memory names it, and one that begins anew does as well."""
    with sealed.read() as tx:
        assert [one.code for one in tx.indicators()] == [CODE, OTHER]
    run(sealed, update(t.workflow_versions).values(source="= ="))
    anew = Store(connect(str(sealed.engine.url.render_as_string(hide_password=False))), POLICY, unreadable)
    sealed._parse = unreadable

    try:
        for store in (sealed, anew):
            assert found(store) == [Tampered(CODE, "rule"), Tampered(OTHER, "rule")]
    finally:
        anew.close()


def test_seal_rewritten_with_a_fitting_hash_is_found_by_the_citys_journal(sealed):
    """Whoever lowers a level in fact and line alike and computes the hash anew forgets the journal."""
    run(
        sealed,
        delete(t.occurrences).where(o.indicator_id == 2),
        update(t.seal_lines).where(sl.indicator_id == 2).values(claimed_level=0, claimed_fraction=0),
    )
    with sealed.read() as tx:
        row = tx.connection.execute(select(t.seals)).one()
        digest = SealHash(FIRST, instant_text(row.sealed_at), row.previous_hash)
        for line in kept_lines(tx.connection, FIRST):
            digest.add(line)
    run(sealed, update(t.seals).values(hash=digest.hexdigest()))

    assert found(sealed) == [Tampered(OTHER, "occurrence", 1), Tampered("", "journal")]


def test_seal_event_carries_the_hash(city):
    digest = seal(city)

    with city.read() as tx:
        told = tx.connection.execute(select(j.data).where(j.what == "quarter_sealed")).scalar_one()
        previous = tx.connection.execute(select(s.previous_hash)).scalar_one()
    particulars = {"open": {"unreported": 1}, "reason": WHY}
    assert told == canonical({"fiscal_year": YEAR, "quarter": 1, "hash": digest, **particulars})
    assert previous == "0" * 64


def test_seals_are_chained(city):
    first = seal(city)
    seal(city, SECOND)

    with city.read() as tx:
        previous = tx.connection.execute(select(s.previous_hash).where(s.quarter == 2)).scalar_one()

    assert previous == first


def test_sealing_twice_is_refused(city):
    seal(city)

    with pytest.raises(Refusal) as refused:
        seal(city)

    assert kinds(refused) == ["quarter.sealed"]


def test_sealing_out_of_turn_is_refused(city):
    with pytest.raises(Refusal) as refused:
        seal(city, SECOND)

    assert kinds(refused) == ["quarter.not_in_turn"]


@pytest.mark.parametrize("day", [date(2020, 12, 30), date(2020, 12, 31)])
def test_sealing_before_the_quarter_has_ended_is_refused(city, day):
    with pytest.raises(Refusal) as refused:
        seal(city, FIRST, day)

    assert kinds(refused) == ["quarter.not_ended"]


def test_refused_seal_leaves_no_rows(city):
    with pytest.raises(Refusal):
        seal(city, SECOND)

    with city.read() as tx:
        counts = [
            tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (t.seals, t.seal_lines)
        ]
    assert counts == [0, 0]


def test_fact_in_a_sealed_quarter_is_refused(city):
    seal(city)

    with pytest.raises(Refusal) as refused:
        record(city, GUIDELINES, date(2020, 12, 1), now=at(date(2021, 2, 1)))

    assert kinds(refused) == ["quarter.sealed"]


def test_report_of_a_sealed_quarter_is_frozen(city):
    day = date(2021, 1, 5)
    with city.begin() as tx:
        actions.write_report(tx, CODE, YEAR, 1, narrative="ครบ", by=COORDINATOR, now=at(day))
        actions.write_report(tx, CODE, YEAR, 2, narrative="ร่าง", by=COORDINATOR, now=at(day))
    seal(city)

    with city.read() as tx:
        states = {number: str(one.state) for number, one in tx.indicator(CODE, YEAR).reports.items()}
    with pytest.raises(Refusal) as refused, city.begin() as tx:
        actions.submit_report(tx, CODE, YEAR, 1, by=COORDINATOR, now=at(date(2021, 2, 1)))

    assert states == {1: "sealed", 2: "draft"}
    assert "quarter.sealed" in kinds(refused)


def test_seal_of_one_year_leaves_the_next_untouched(city):
    with city.begin() as tx:
        actions.create_indicator(tx, new_indicator(year=YEAR + 1), by=ADMINISTRATOR, now=FOUNDED)
    seal(city)

    with city.read() as tx:
        years = {one.fiscal_year.year: (one.sealed_through, one.version) for one in tx.indicators()}
        codes = tx.connection.execute(select(t.seal_lines.c.indicator_id)).scalars().all()

    assert years == {YEAR: (1, 2), YEAR + 1: (0, 1)}
    assert codes == [1]


def test_writer_who_saw_the_indicator_before_the_seal_loses(city):
    with city.read() as tx:
        seen = tx.indicator(CODE, YEAR).version
    seal(city)

    with pytest.raises(Refusal) as refused:
        record(city, GUIDELINES, date(2021, 2, 1), expected_version=seen)

    assert kinds(refused) == ["indicator.changed_meanwhile"]


def postgres_waits(store, count: int) -> bool:
    """Whether that many connections stand before somebody else's lock."""
    with store.engine.connect() as connection:
        waiting = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND wait_event_type = 'Lock'"
        ).scalar_one()
    return bool(waiting == count)


def until(condition) -> None:
    turn = threading.Event()
    for _ in range(LONG * 100):
        if condition():
            return
        turn.wait(0.01)
    raise AssertionError("it never came so")


@pytest.fixture
def postgres_city(postgres):
    url = postgres.create()
    store = new_store(url)
    found_city(store, (CODE, OTHER))
    yield store
    store.close()
    postgres.drop(url)


def test_writer_who_waited_for_the_seal_sees_it(postgres_city):
    """On PostgreSQL a fact must not slip behind a seal that is committed while its writer waits."""
    store = postgres_city
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as tx:
            actions.seal_quarter(tx, FIRST, reason=WHY, by=EVALUATOR, now=at(date(2021, 1, 20)))

            def write() -> None:
                with store.begin() as own:
                    new, now = NewOccurrence(GUIDELINES, date(2020, 12, 1)), at(date(2021, 1, 20))
                    actions.record_occurrence(own, CODE, YEAR, new, by=COORDINATOR, now=now)

            late = pool.submit(write)
            until(lambda: postgres_waits(store, 1))
        error = late.exception(LONG)

    assert isinstance(error, Refusal)
    assert [one.kind for one in error.conditions] == ["quarter.sealed"]
    assert found(store) == []


def test_seal_that_waited_for_a_writer_holds_what_was_written(postgres_city):
    store = postgres_city
    day = date(2020, 12, 1)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as tx:
            new = NewOccurrence(GUIDELINES, day)
            actions.record_occurrence(tx, OTHER, YEAR, new, by=COORDINATOR, now=at(date(2021, 1, 20)))
            sealing = pool.submit(seal, store)
            until(lambda: postgres_waits(store, 1))
        sealing.result(LONG)

    with store.read() as tx:
        levels = tx.connection.execute(select(sl.claimed_level).order_by(sl.indicator_id)).scalars().all()
    assert (levels, found(store)) == ([0, 1], [])


def test_two_writers_on_one_indicator_land_one_after_the_other_on_postgresql(postgres_city):
    store = postgres_city
    day = date(2020, 12, 1)
    with ThreadPoolExecutor(1) as pool:
        with store.begin() as tx:
            new = NewOccurrence(GUIDELINES, day)
            actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(day))
            second = pool.submit(record, store, COMMITTEE, day)
            until(lambda: postgres_waits(store, 1))
        second.result(LONG)

    with store.read() as tx:
        indicator = tx.indicator(CODE, YEAR)
        broken = [one for _, one in checks.journal(tx) if one]
    assert [one.milestone for one in indicator.occurrences] == [GUIDELINES, COMMITTEE]
    assert (indicator.version, indicator.stored.claimed.level, broken) == (3, 2, [])


def test_many_writers_on_postgresql_leave_whole_chains(postgres_city):
    store = postgres_city

    def work(thread: int) -> None:
        for number in range(10):
            with store.begin() as tx:
                new = NewOccurrence(MEETINGS, date(2020, 12, 1), document_number=f"{thread}/{number}")
                code = CODE if number % 2 else OTHER
                actions.record_occurrence(tx, code, YEAR, new, by=COORDINATOR, now=at(date(2020, 12, 1)))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))

    with store.read() as tx:
        facts = [len(one.occurrences) for one in tx.indicators()]
        broken = [one for _, one in checks.journal(tx) if one]
        wrong = [one for one in checks.levels(tx) if one]
    assert (facts, broken, wrong) == ([40, 40], [], [])


def test_sealed_year_reopened_by_another_process_is_still_sealed(city):
    seal(city)
    again = open_store(city.engine.url.render_as_string(hide_password=False))

    with again.read() as tx:
        found_now = (tx.sealed_through(YEAR), checks.sealed_quarters(tx))
    again.close()

    assert found_now == (1, [FIRST])


# --- corrections -----------------------------------------------------------------------------------------


def test_corrections_stand_beside_the_seal_and_leave_its_proof_whole(sealed):
    with sealed.begin() as tx:
        kept = list(kept_lines(tx.connection, FIRST))
        assert corrections(tx.connection, FIRST) == []
        late = at(date(2021, 1, 25))
        missing = NewOccurrence(COMMITTEE, date(2020, 12, 20), note=WHY)
        actions.record_after_seal(tx, OTHER, YEAR, missing, by=EVALUATOR, now=late)
        actions.void_after_seal(tx, CODE, YEAR, 1, reason=WHY, by=ADMINISTRATOR, now=late)

    with sealed.read() as tx:
        assert list(kept_lines(tx.connection, FIRST)) == kept
        told = [(one.code, *one[4:]) for one in corrections(tx.connection, FIRST)]
        cells = {one.code: (one.claimed, one.corrected) for one in district_matrix(tx.connection, YEAR, 1)}
        narrowed = [
            [
                one.code
                for one in district_matrix(tx.connection, YEAR, quarter, Wanted(state=CellState.CORRECTED))
            ]
            for quarter in (None, 1, 2)
        ]
    assert told == [(OTHER, 1, 0, 2, 0, (2,)), (CODE, 2, 1, 0, 0, (1,))]
    assert cells == {OTHER: (2, (1, 0)), CODE: (0, (2, 1))}
    assert narrowed == [[OTHER, CODE], [OTHER, CODE], []]
    assert found(sealed) == []


def test_correction_that_was_altered_is_named(sealed):
    with sealed.begin() as tx:
        missing = NewOccurrence(COMMITTEE, date(2020, 12, 20), note=WHY)
        actions.record_after_seal(tx, OTHER, YEAR, missing, by=EVALUATOR, now=at(date(2021, 1, 25)))
    run(sealed, update(t.occurrences).where(t.occurrences.c.note == WHY).values(note="ไม่มีเหตุผล"))
    assert found(sealed) == [Tampered(OTHER, "occurrence", 2)]

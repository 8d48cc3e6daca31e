"""The doctor: every stored column that was tampered with is found, and nothing else is."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import update

from engine.errors import Refusal
from engine.permissions import Role
from storage import checks, registry
from storage import tables as t
from storage.checks import Finding
from storage.evidence import EvidenceFolder, Limits
from tests.cast import CODE, EVALUATOR, FOUNDED, WORKFLOW, YEAR, new_store
from tests.storage.story import FILE, STORY, take

i = t.indicators.c


def findings(store) -> list[Finding]:
    with store.read() as tx:
        return [one for one in checks.levels(tx) if one]


def test_nothing_is_found_after_any_step(database_url):
    store = new_store(database_url)
    for step in STORY:
        take(store, step)
        with store.read() as tx:
            assert [one for one in checks.levels(tx) if one] == [], step
            assert [one for _, one in checks.journal(tx) if one] == [], step
            for quarter in checks.sealed_quarters(tx):
                assert list(checks.seal(tx, quarter)) == [], step
    store.close()


TAMPERED = {
    "claimed_level": 5,
    "claimed_fraction": 0.25,
    "verified_level": 5,
    "verified_fraction": 0.75,
    "as_of": date(2021, 9, 2),
    "changes_on": date(2021, 9, 30),
    "next_due_on": date(2021, 9, 3),
    "claimed_q1": 1,
    "claimed_q2": 1,
    "claimed_q3": None,
    "claimed_q4": 0,
    "verified_q1": None,
    "verified_q2": 5,
    "verified_q3": 5,
    "verified_q4": 5,
    "ladder": "not_started",
}
#: Columns by which a finding calls a column of the row: standings and trails are one value each.
_CALLED = {
    **{f"{basis}_{part}": basis for basis in ("claimed", "verified") for part in ("level", "fraction")},
    **{
        f"{basis}_q{number}": f"{basis}_trail" for basis in ("claimed", "verified") for number in (1, 2, 3, 4)
    },
}


@pytest.mark.parametrize("column", TAMPERED)
def test_tampered_column_is_found_and_named(year, column):
    with year.engine.connect() as connection, connection.begin():
        changed = connection.execute(
            update(t.indicators)
            .where(i.id == 1, i[column].is_distinct_from(TAMPERED[column]))
            .values({column: TAMPERED[column]})
        )
        assert changed.rowcount == 1

    (found,) = findings(year)

    assert (found.kind, found.code) == ("level.differs", CODE)
    assert found.detail.startswith(f"{_CALLED.get(column, column)}: ")


def test_every_kept_column_is_tampered_with_above():
    provable = {column.name for column in i} - {
        "id",  # the others are not computed from facts
        "code",
        "fiscal_year",
        "agency_id",
        "workflow_version_id",
        "owner_id",
        "target",
        "weight",
        "life",
        "version",
        "journal_seq",
        "journal_head",
        "told_seq",
    }

    assert set(TAMPERED) == provable


def test_deleted_fact_is_found_by_the_levels_that_rest_on_it(year):
    with year.engine.connect() as connection, connection.begin():
        connection.execute(t.occurrences.delete().where(t.occurrences.c.number == 1))

    assert [one.code for one in findings(year)] == [CODE, "5049-1001", "5049-1002"]


def test_unreadable_instant_in_the_journal_does_not_stop_the_doctor(year):
    with year.engine.connect() as connection, connection.begin():
        connection.execute(update(t.journal).values(at="never"))

    assert findings(year) == []


def test_evidence_file_vanished_altered_and_whole_are_told_apart(year, tmp_path):
    folder = EvidenceFolder(tmp_path / "evidence", Limits(100, frozenset()))

    def found() -> list[Finding | None]:
        with year.read() as tx:
            return list(checks.files(tx, folder))

    vanished = found()
    folder.path(FILE.sha256).parent.mkdir(parents=True)
    folder.path(FILE.sha256).write_bytes(b"other")
    altered = found()

    assert vanished == [Finding("evidence.vanished", FILE.sha256)]
    assert altered == [Finding("evidence.altered", FILE.sha256)]


def test_sealed_quarters_are_listed_in_order(year):
    with year.read() as tx:
        listed = checks.sealed_quarters(tx)

    assert [(one.fiscal_year, one.number) for one in listed] == [(YEAR, 1), (YEAR, 2)]


def test_registry_lists_what_the_story_added(year):
    with year.read() as tx:
        people = registry.people(tx.connection)
        agencies = registry.agencies(tx.connection)
        evaluator = registry.person(tx.connection, " Evaluator@Strategy.example ")

    assert [one.code for one in agencies] == ["5049", "5042", None]
    assert [role for role, _ in people[-1].roles] == [Role.COORDINATOR, Role.VIEWER]
    assert evaluator == EVALUATOR


@pytest.mark.parametrize("given", ["5049", "สำนักงานเขตทุ่งครุ", "Thung Khru District"])
def test_agency_is_found_by_code_and_by_either_name(city, given):
    with city.read() as tx:
        assert registry.agency(tx.connection, given).id == 1


def test_same_definition_registers_once(city):
    with city.begin() as tx:
        again = registry.register_workflow(tx, WORKFLOW, "x", by=1, now=FOUNDED)

    assert again is False


def test_definition_changed_under_its_version_is_refused(city):
    changed = replace(WORKFLOW, source_hash="0" * 64)

    with pytest.raises(Refusal) as refused, city.begin() as tx:
        registry.register_workflow(tx, changed, "x", by=1, now=FOUNDED)

    assert [one.kind for one in refused.value.conditions] == ["workflow.changed_without_version"]


@pytest.mark.parametrize(
    ("kind", "find"),
    [
        ("agency.unknown", lambda connection: registry.agency(connection, "Thung Kru District")),
        ("person.unknown", lambda connection: registry.person(connection, "evaluater@strategy.example")),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(city, kind, find):
    with city.read() as tx, pytest.raises(Refusal) as refused:
        find(tx.connection)

    (condition,) = refused.value.conditions
    nearest = {"agency.unknown": "Thung Khru District", "person.unknown": "evaluator@strategy.example"}
    assert (condition.kind, condition.params["nearest"][0]) == (kind, nearest[kind])

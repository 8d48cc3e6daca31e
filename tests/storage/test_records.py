"""Records are brought to what is wanted all together or not at all, on either database, and only once."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select

from engine.actions import seal_quarter
from engine.quarter import FiscalYear, Quarter
from engine.records import How, Kind, Record
from storage import checks, kept_records, records, search_checks
from storage import tables as t
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    OPERATOR,
    YEAR,
    at,
    found_city,
    new_store,
)
from tests.storage.story import everything

BANG_RAK = "สำนักงานเขตบางรัก"
#: One of each kind, as a file would say it: the later ones name those before.
ALL = [
    Record(
        Kind.EXTENSION,
        "5049 Q1",
        {"agency": "5049", "quarter": 1, "until": date(2021, 1, 29), "reason": "ย้าย"},
    ),
    Record(
        Kind.INDICATOR,
        "5004-2017",
        {
            "agency": BANG_RAK,
            "workflow": "civil_society_network",
            "version": 1,
            "title": "ระดับความสำเร็จของเครือข่าย",
            "target": Decimal(4),
            "plan": "5.2",
            "owner": "5042",
            "definition": "นิยาม",
        },
    ),
    Record(Kind.PLAN_NODE, "5.2", {"title": "ภาคประชาสังคม", "parent": "5"}),
    Record(Kind.PLAN_NODE, "5", {"title": "เมืองประชาธิปไตย"}),
    Record(
        Kind.PERSON,
        "new@bangrak.example",
        {"name": "ผู้ประสานงานเขตบางรัก", "roles": (f"coordinator@{BANG_RAK}",)},
    ),
    Record(Kind.AGENCY, BANG_RAK, {"name": BANG_RAK, "kind": "district"}),
]


@pytest.fixture
def store(database_url):
    made = new_store(database_url)
    found_city(made)
    yield made
    made.close()


def write(store, *wanted, by=OPERATOR, try_only=False):
    return records.write(
        store,
        FiscalYear(YEAR),
        lambda _kept: (list(wanted), []),
        {"source": "test"},
        by=by,
        now=FOUNDED,
        try_only=try_only,
    )


def rows(store):
    with store.read() as tx:
        return everything(tx.connection)


def sound(store) -> None:
    with store.read() as tx:
        assert [one for one in checks.levels(tx) if one] == []
        assert [one for _, one in checks.journal(tx) if one] == []
        assert [one for one in search_checks.search(tx.connection) if one] == []


def test_everything_is_added_with_its_events_and_the_second_time_nothing(store):
    written = write(store, *ALL)

    assert (written.faults, written.count(How.ADDED)) == ([], len(ALL))
    with store.read() as tx:
        kept = kept_records.read(store, tx.connection, YEAR)
        events = list(
            tx.connection.execute(select(t.journal.c.what).where(t.journal.c.stream == 0)).scalars()
        )
    for one in ALL:
        assert one.fields.items() <= kept.records[one.name].fields.items()
    assert events[-4:] == ["agency_added", "person_added", "extension_granted", "records_written"]
    sound(store)

    before = rows(store)
    again = write(store, *ALL)
    assert (again.faults, again.count(How.SAME), rows(store)) == ([], len(ALL), before)


def test_what_is_tried_leaves_nothing_behind(store):
    before = rows(store)

    tried = write(store, *ALL, try_only=True)

    assert (tried.faults, tried.count(How.ADDED), rows(store)) == ([], len(ALL), before)


def test_one_refusal_takes_everything_back_and_all_are_told(store):
    before = rows(store)
    wrong = [
        Record(Kind.PERSON, "x@y.example", {"name": "ก", "roles": ("wizard",)}, ("people", 0)),
        Record(Kind.PERSON, "z@y.example", {"name": "ข", "roles": ("coordinator",)}, ("people", 1)),
        Record(Kind.AGENCY, "เมือง", {"name": "เมือง", "kind": "castle"}, ("agencies", 0)),
    ]

    written = write(store, *ALL, *wrong)

    assert [(one.kind, one.path) for one in written.faults] == [
        ("agency.kind_unknown", ("agencies", 0)),
        ("role.unknown", ("people", 0)),
        ("role.needs_agency", ("people", 1)),
    ]
    assert rows(store) == before


def test_what_is_there_is_changed_by_its_actions(store):
    changed = write(
        store,
        Record(Kind.AGENCY, "5049", {"name_en": "Thung Khru District Office"}),
        Record(
            Kind.PERSON,
            "coordinator@thungkhru.example",
            {"name": "ผู้ประสานงาน", "language": "en", "roles": ("viewer",)},
        ),
        Record(Kind.INDICATOR, CODE, {"target": Decimal(4), "title": "เครือข่ายใหม่", "weight": Decimal("0.5")}),
    )

    assert (changed.faults, changed.count(How.CHANGED)) == ([], 3)
    with store.read() as tx:
        indicator = tx.indicator(CODE, YEAR)
        person = kept_records.read(store, tx.connection, YEAR).records[
            Kind.PERSON, "coordinator@thungkhru.example"
        ]
    assert (indicator.target, indicator.weight, indicator.title.th) == (
        Decimal(4),
        Decimal("0.5"),
        "เครือข่ายใหม่",
    )
    assert person.fields == {"name": "ผู้ประสานงาน", "language": "en", "roles": ("coordinator@5049", "viewer")}
    sound(store)


def test_target_and_weight_stand_once_a_quarter_is_sealed(store):
    with store.begin() as tx:
        for number in (1, 2):
            seal_quarter(tx, Quarter(YEAR, number), reason="ทดสอบ", by=EVALUATOR, now=at(date(2021, 5, 1)))
    before = rows(store)

    written = write(store, Record(Kind.INDICATOR, CODE, {"target": Decimal(4)}, ("indicators", 0)))

    assert [(one.kind, one.path) for one in written.faults] == [("quarter.sealed", ("indicators", 0))]
    assert rows(store) == before
    with store.read() as tx:
        assert [one for one in checks.seal(tx, Quarter(YEAR, 2)) if one.fault != "evidence"] == []


def test_each_record_is_refused_by_the_rules_of_its_own_action(store):
    wrong = ALL[0]._replace(fields={**ALL[0].fields, "until": date(2021, 1, 4)})  # before the usual day

    written = write(store, wrong, by=ADMINISTRATOR)

    assert [one.kind for one in written.faults] == ["extension.not_longer"]


def test_who_may_not_is_refused_before_anything_is_read(store):
    with pytest.raises(Exception, match=r"person\.not_permitted"):
        write(store, *ALL, by=COORDINATOR)


def test_agency_without_a_code_is_given_one(store):
    write(store, Record(Kind.AGENCY, BANG_RAK, {"name": BANG_RAK}))

    written = write(store, Record(Kind.AGENCY, BANG_RAK, {"code": "5004"}))

    with store.read() as tx:
        kept = kept_records.read(store, tx.connection, YEAR)
    assert written.faults == []
    assert kept.records[Kind.AGENCY, "5004"].fields["name"] == BANG_RAK

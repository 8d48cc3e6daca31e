"""Pages of the existing site are kept with all that they tell, once, on both databases."""

from decimal import Decimal
from typing import Any

import pytest

from cli.bootstrap import catalogue
from engine import actions
from engine.errors import Refusal
from engine.indicator import ReportState
from engine.pages.taking_in import Given, Prepared, prepare
from engine.quarter import FiscalYear
from storage import checks, imports, registry, schema
from storage.store import Store, connect
from storage.taking_in import How, Taken, city_of, take_in
from tests.cast import FOUNDED, POLICY, at
from tests.pages import ROWS, Row, text_only, whole
from workflows.catalogue import parse

WORKFLOWS = catalogue().list()
NOW = FOUNDED
BY_CODE = {row["code"]: row for row in ROWS}


@pytest.fixture
def store(database_url):
    store = Store(connect(database_url), POLICY, parse)
    schema.upgrade(store.engine)
    with store.begin() as tx:
        registry.found_city(tx, NOW)
    yield store
    store.close()


def ready(tx, text: str, **given: Any) -> Prepared:
    told: dict[str, Any] = {"fiscal_year": FiscalYear(2021), "agency": "สำนักงานเขตทุ่งครุ", **given}
    return prepare(text, Given(**told), city_of(tx.connection, WORKFLOWS))


def kept(store: Store, text: str, *, update: bool = False, **given: Any) -> Taken:
    with store.begin() as tx:
        by = registry.person(tx.connection, registry.OPERATOR_EMAIL)
        return take_in(
            tx,
            city_of(tx.connection, WORKFLOWS),
            ready(tx, text, **given),
            "page.txt",
            text,
            update=update,
            by=by,
            now=NOW,
        )


def page_of(code: str) -> str:
    return whole(BY_CODE[code])


def test_page_is_kept_with_its_past_and_no_time_is_made_up(store):
    outcome = kept(store, page_of("5018-0808")).outcome
    with store.read() as tx:
        one = tx.indicator("5018-0808", 2021)
        texts = tx.texts(one)
        (page,) = tx.imported_pages(one)
    assert (one.title.th, one.unit, one.target) == (
        "ระดับความสำเร็จ ... ครบตามขั้นตอน 4 ขั้นตอน",
        "ร้อยละ",
        Decimal(100),
    )
    assert (texts.kind, texts.result_kind, texts.plan[0].code) == ("routine", "output", "1.2.1.1")
    assert [
        (report.quarter, report.state, report.self_reported, report.submitted_at)
        for report in one.reports.values()
    ] == [
        (1, ReportState.ACCEPTED, Decimal(25), None),
        (2, ReportState.ACCEPTED, Decimal(45), None),
        (3, ReportState.DRAFT, Decimal(70), None),
        (4, ReportState.DRAFT, None, None),
    ]
    evaluation = one.reports[1].evaluation
    assert (evaluation.quality, evaluation.timeliness) == (100, 100)
    assert (page.name, page.text) == ("page.txt", page_of("5018-0808"))
    assert outcome is not None
    assert outcome.event is not None
    assert outcome.event.data["proposals"] == 3


def test_zero_is_kept_where_that_is_asked_for(store):
    kept(store, page_of("5018-0808"), zero_as_is=True)
    with store.read() as tx:
        assert tx.indicator("5018-0808", 2021).reports[4].self_reported == 0


def test_same_page_once_more_changes_nothing(store):
    kept(store, page_of("5018-0808"))
    with store.read() as tx:
        before = tx.indicator("5018-0808", 2021).version
    assert kept(store, page_of("5018-0808")) == Taken(How.SAME, None)
    assert kept(store, page_of("5018-0808") + "\n\n").how is How.SAME
    with store.read() as tx:
        one = tx.indicator("5018-0808", 2021)
        assert (one.version, len(tx.imported_pages(one))) == (before, 1)


def test_changed_page_is_told_and_written_only_when_asked(store):
    kept(store, page_of("5018-0808"))
    changed = page_of("5018-0808").replace("ลงพื้นที่ตรวจติดตาม", "ลงพื้นที่ครบทุกแห่ง").replace("70.00", "75.00")
    differs = kept(store, changed)
    assert (differs.how, [(one.field, one.quarter) for one in differs.changes]) == (
        How.DIFFERS,
        [("narrative", 3), ("result", 3)],
    )
    assert kept(store, changed, update=True).how is How.UPDATED
    with store.read() as tx:
        one = tx.indicator("5018-0808", 2021)
        assert (one.reports[3].narrative, one.reports[3].self_reported) == ("- ลงพื้นที่ครบทุกแห่ง", Decimal(75))
        states = {each.value: each.state for each in tx.proposals(one) if each.quarter == 3}
        assert states == {Decimal(70): "outdated", Decimal(75): "pending"}
        assert [each.number for each in tx.imported_pages(one)] == [1, 2]
    assert kept(store, changed).how is How.SAME


def test_report_that_was_handed_in_here_is_not_imported_over(store):
    kept(store, page_of("5018-0808"))
    with store.begin() as tx:
        by = registry.person(tx.connection, registry.OPERATOR_EMAIL)
        actions.submit_report(tx, "5018-0808", 2021, 3, by=by, now=at(FiscalYear(2021).last_day))
    with pytest.raises(Refusal) as refused:
        kept(store, page_of("5018-0808").replace("70.00", "75.00"), update=True)
    assert [one.kind for one in refused.value.conditions] == ["import.report_went_on"]


def test_report_that_was_judged_here_is_not_imported_over(store):
    code = "0900-0981"
    kept(store, page_of(code))
    with store.begin() as tx:
        by = registry.person(tx.connection, registry.OPERATOR_EMAIL)
        actions.return_report(tx, code, 2021, 3, reason="ไม่ครบ", by=by, now=at(FiscalYear(2021).last_day))
    changed = page_of(code).replace("ลงพื้นที่ตรวจติดตาม", "ลงพื้นที่ครบทุกแห่ง")

    with pytest.raises(Refusal) as refused:
        kept(store, changed, update=True)

    assert [one.kind for one in refused.value.conditions] == ["import.report_went_on"]
    with store.read() as tx:
        assert tx.indicator(code, 2021).reports[3].state == ReportState.RETURNED


def test_agreed_values_are_left_as_they_are(store):
    kept(store, page_of("5018-0808"))
    differs = kept(store, page_of("5018-0808").replace("100.0000\nผลงาน", "90\nผลงาน", 1), update=True)
    assert [(one.field, one.is_kept) for one in differs.changes] in ([("target", False)], [])


def test_facts_read_from_results_become_levels_once_accepted(store):
    kept(store, page_of("5018-0808"))
    with store.begin() as tx:
        by = registry.person(tx.connection, registry.OPERATOR_EMAIL)
        now = at(FiscalYear(2021).last_day)
        done = actions.accept_proposals(tx, "5018-0808", 2021, only_certain=True, by=by, now=now)
        one = tx.indicator("5018-0808", 2021)
    assert (done.accepted, done.refused) == ((1, 2, 3), ())
    assert [fact.value for fact in one.occurrences] == [Decimal(25), Decimal(45), Decimal(70)]
    assert one.stored.claimed_trail == (1, 1, 2, 2)


def test_of_values_that_contradict_each_other_a_person_takes_one(store):
    code, now = "5018-0808", at(FiscalYear(2021).last_day)
    kept(store, page_of(code))
    with store.begin() as tx:
        by = registry.person(tx.connection, registry.OPERATOR_EMAIL)
        text = "ดำเนินการได้ร้อยละ 80 และรวมเป็นร้อยละ 90"
        actions.write_report(tx, code, 2021, 4, narrative=text, by=by, now=now)
        actions.propose_facts(tx, code, 2021, by=by, now=now)
        first, second = [one for one in tx.proposals(tx.indicator(code, 2021)) if one.is_contradicted]
        assert (first.text, second.text) == ("ร้อยละ 80", "ร้อยละ 90")
        done = actions.accept_proposals(tx, code, 2021, only_certain=False, by=by, now=now)
        assert [(number, why.conditions[0].kind) for number, why in done.left] == [
            (first.number, "proposal.contradicted"),
            (second.number, "proposal.contradicted"),
        ]
        actions.accept_proposal(tx, code, 2021, second.number, by=by, now=now)
    with store.read() as tx:
        states = {one.value: one.state for one in tx.proposals(tx.indicator(code, 2021)) if one.quarter == 4}
    assert states == {Decimal(80): "set_aside", Decimal(90): "accepted"}


@pytest.mark.parametrize("made", [whole, text_only], ids=["whole", "text_only"])
def test_every_page_that_was_seen_goes_in(store, made):
    for row in ROWS:
        taken = kept(
            store, made(row), code=row["code"], workflow=None if _tells_its_workflow(row) else "success_level"
        )
        assert taken.how is How.ADDED, row["code"]
    with store.read() as tx:
        assert [one for one in checks.levels(tx) if one] == []
        assert [one for _, one in checks.journal(tx) if one] == []
        assert all(imports.pages_of(tx.connection, one.id) for one in tx.indicators())


def _tells_its_workflow(row: Row) -> bool:
    return bool(row["unit"]) and not row["unit"].startswith("ระดับ")


def test_page_that_cannot_be_kept_tells_everything_that_is_missing(store):
    with pytest.raises(Refusal) as refused:
        kept(store, text_only(ROWS[2]), fiscal_year=None, agency="ไม่มีหน่วยงานนี้")
    assert [one.kind for one in refused.value.conditions] == [
        "import_found.no_code",
        "import_found.no_year",
        "import_found.agency_unknown",
    ]


def test_indicator_that_was_not_imported_is_left_alone(store):
    with store.begin() as tx:
        by = registry.person(tx.connection, registry.OPERATOR_EMAIL)
        prepared = ready(tx, page_of("5018-0808"))
        assert prepared.workflow is not None
        assert prepared.agency is not None
        registry.register_workflow(tx, prepared.workflow, prepared.workflow.source, by=by.id, now=NOW)
        agency = registry.add_agency(tx, prepared.agency.name, "district", code="5049", by=by.id, now=NOW)
        new = actions.NewIndicator(
            "5018-0808", FiscalYear(2021), agency, prepared.workflow, prepared.workflow.title
        )
        actions.create_indicator(tx, new, by=by, now=NOW)
    with pytest.raises(Refusal) as refused:
        kept(store, page_of("5018-0808"), update=True)
    assert [one.kind for one in refused.value.conditions] == ["import.not_imported"]


def test_part_of_a_transaction_is_taken_back_by_itself(store):
    with store.begin() as tx:
        by = registry.person(tx.connection, registry.OPERATOR_EMAIL)
        for code in ("5018-0808", "5018-0817"):
            prepared = ready(tx, page_of(code))
            try:
                with tx.part():
                    take_in(
                        tx,
                        city_of(tx.connection, WORKFLOWS),
                        prepared,
                        code,
                        page_of(code),
                        update=False,
                        by=by,
                        now=NOW,
                    )
                    if code == "5018-0808":
                        raise KeyError(code)
            except KeyError:
                continue
    with store.read() as tx:
        assert [one.code for one in tx.indicators()] == ["5018-0817"]

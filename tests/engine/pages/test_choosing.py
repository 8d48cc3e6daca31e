"""What a page is of, where nobody says it: which workflow, which agency; and what cannot be told."""

from decimal import Decimal

import pytest

from cli.bootstrap import catalogue
from engine.pages.choosing import choose
from engine.pages.findings import findings
from engine.pages.kinds import Found, Weight
from engine.pages.reading import read_page
from engine.pages.taking_in import City, Given, KnownAgency, prepare
from engine.pages.values import Form, ReadPage
from engine.quarter import FiscalYear
from engine.workflow import Text
from tests.pages import ROWS, Row, whole
from tests.seed import PAGE

WORKFLOWS = catalogue().list()
YEAR = FiscalYear(2021)
THUNG_KHRU = KnownAgency("5049", Text("สำนักงานเขตทุ่งครุ", "Thung Khru"), "district")
BANG_RAK = KnownAgency(None, Text("สำนักงานเขตบางรัก", "Bang Rak"), "district")
CITY = City(WORKFLOWS, (THUNG_KHRU, BANG_RAK))
BY_CODE = {row["code"]: row for row in ROWS}


def chosen(page: ReadPage) -> str | None:
    workflow = choose(page, [one.kind for one in findings(page)], WORKFLOWS).workflow
    return workflow.key if workflow else None


@pytest.mark.parametrize(
    ("code", "workflow"),
    [
        ("1700-0876", "success_level"),
        ("5008-838", "success_level"),
        ("1500-1428", "satisfaction_score"),
        ("5001-0767", "satisfaction_score"),
        ("5030-1052", "count_of_target"),
        ("2300-0816", "count_of_target"),
        ("5006-983", "percent_of_target"),
        ("5018-0808", "percent_of_target"),
        ("1900-6527", "percent_achieved"),
        ("5046-0906", "percent_achieved"),
        ("5008-2003", "percent_falling"),
    ],
)
def test_page_is_of_what_it_measures(code, workflow):
    assert chosen(read_page(whole(BY_CODE[code]))) == workflow


def test_page_of_milestones_is_known_by_its_words():
    assert chosen(read_page(PAGE)) == "civil_society_network"


def test_titles_that_fit_alike_are_told_apart_by_what_was_done():
    page = read_page(
        "ระดับความสำเร็จของการดำเนินงานจัดตั้งเครือข่ายประชาสังคมเขต\n"
        "ค่าเป้าหมาย ระดับ : 5\nผลงานที่ทำได้ ระดับ : 4\n"
        "*** สยป. ตรวจประเมินตัวชี้วัด : ไตรมาสที่ 1:\n"
        "- กำหนดแนวทางการจัดตั้งเครือข่าย เมื่อวันที่ 2 พ.ย. 2563 - มีคำสั่งแต่งตั้งคณะกรรมการเครือข่าย ลว. 4 ธ.ค. 2563\n"
        "- ประชุมคณะกรรมการ ครั้งที่ 1/64 เมื่อวันที่ 14 ม.ค. 64 - ที่ประชุมมีมติคัดเลือกประเด็นน้ำท่วมขัง เมื่อวันที่ 25 ก.พ. 64\n"
    )
    assert choose(page, [], WORKFLOWS).workflow is None
    choice = choose(page, [], WORKFLOWS, YEAR)
    assert choice.workflow is not None
    assert choice.workflow.key == "civil_society_network"
    assert "success_level" in {one.key for one in choice.candidates}


def test_page_that_fits_nothing_is_refused_with_the_candidates():
    page = ReadPage(Form.WHOLE, code="5049-2017", title="เรื่องอื่น", unit="ระดับ", target=Decimal(5))
    choice = choose(page, [], WORKFLOWS)
    assert (choice.workflow, choice.candidates) == (None, WORKFLOWS)


def test_agency_is_that_of_the_code_or_as_given():
    by_code = prepare(PAGE, Given("5049-2017", YEAR), CITY)
    assert by_code.agency == THUNG_KHRU
    assert Found.AGENCY_BY_CODE in {one.kind for one in by_code.findings}
    given = prepare(PAGE, Given("5004-2017", YEAR, "สำนักงานเขตบางรัก"), CITY)
    assert given.agency == BANG_RAK._replace(code="5004")
    words = prepare(PAGE, Given("5049-2017", YEAR, "สำนักงานเขตทุ่งครุ (5049)"), CITY)
    assert words.agency == THUNG_KHRU
    taken = prepare(PAGE, Given("5049-2017", YEAR, "สำนักงานเขตบางรัก"), CITY)
    assert taken.agency == BANG_RAK


@pytest.mark.parametrize(
    ("given", "fatal"),
    [
        (Given(None, YEAR), {Found.NO_CODE}),
        (Given("5049-2017"), {Found.NO_YEAR}),
        (Given("5099-2017", YEAR), {Found.NO_AGENCY}),
        (Given("5049-2017", YEAR, "บางรัก"), {Found.AGENCY_UNKNOWN}),
        (Given("5049-2017", YEAR, workflow="network"), {Found.WORKFLOW_UNKNOWN}),
        (Given(), {Found.NO_CODE, Found.NO_YEAR}),
    ],
)
def test_what_cannot_be_told_is_asked_for(given, fatal):
    prepared = prepare(PAGE, given, CITY)
    assert {one.kind for one in prepared.fatal} == fatal


def test_given_values_stand_and_differences_are_told():
    text = whole(BY_CODE["5018-0808"])
    prepared = prepare(text, Given("5049-2017", YEAR, title="ชื่ออื่น", code_of_file="5049-1"), CITY)
    assert (prepared.code, prepared.title) == ("5049-2017", "ชื่ออื่น")
    assert Found.CODE_DIFFERS in {one.kind for one in prepared.findings}
    by_name = prepare(PAGE, Given(None, YEAR, code_of_file="5049-2017"), CITY)
    assert by_name.code == "5049-2017"
    assert Found.CODE_OF_FILE in {one.kind for one in by_name.findings}


def test_zero_after_a_result_is_not_reported_unless_it_is_wanted():
    text = whole(BY_CODE["5018-0808"])
    assert [one.self_reported for one in prepare(text, Given(), CITY).reports][3] is None
    assert [one.self_reported for one in prepare(text, Given(zero_as_is=True), CITY).reports][3] == 0


def test_year_of_a_page_without_its_table_is_that_of_its_last_report():
    assert [one.self_reported for one in prepare(PAGE, Given(), CITY).reports] == [None, None, None, 5]


@pytest.mark.parametrize("row", ROWS[::9], ids=lambda row: row["code"])
def test_no_finding_but_the_fatal_keeps_a_page_out(row: Row):
    prepared = prepare(whole(row), Given(row["code"], YEAR, "5049", "success_level"), CITY)
    assert prepared.fatal == []
    assert all(one.weight is not Weight.FATAL for one in prepared.findings)

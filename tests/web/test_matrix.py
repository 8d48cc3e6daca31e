"""The matrix: what it shows whom, how it is narrowed, as of which day, and beside what."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from urllib.parse import quote

import pytest
from sqlalchemy import event

from engine import actions
from engine.actions import NewOccurrence, create_indicator
from engine.levels import Basis, level_of
from engine.permissions import Grant, Role
from engine.quarter import FiscalYear
from engine.workflow import Text
from storage import registry
from storage.matrix import district_matrix
from storage.narrowing import Moment, Wanted
from storage.registry import Details
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    ISSUE,
    SAI_MAI_COORDINATOR,
    YEAR,
    at,
    new_indicator,
)
from tests.counting import counted
from tests.web.coordinators import BASE, DAY, did, enter, heading, words
from tests.web.districts import grow
from tests.web.doorway import come_in

_CELL = re.compile(
    r"<td id=i(\d+)>(.*?)</td>|<tr class=\"govuk-table__row\" role=\"row\" id=\"i(\d+)\">(.*?)</tr>",
    re.DOTALL,
)


def cells(page) -> dict[int, str]:
    """What stands in each cell, in words, by the indicator."""
    assert page.status_code == 200, page.text
    return {int(one or other): words(text or row) for one, text, other, row in _CELL.findall(page.text)}


@pytest.fixture
def districts(town):
    """Twelve districts, looked at by the evaluator."""
    with town.store.begin() as tx:
        grow(tx, 12, 1)
    return enter(town, EVALUATOR)


def loaded(town, year=YEAR):
    with town.store.read() as tx:
        return {one.id: one for one in tx.indicators(year)}


_IN_GRID = re.compile(r"ตามที่บันทึก ([\d.]+) ✔ ตรวจรับแล้ว (\d+) ⚑")
_ALONE = re.compile(r"-77 ([\d.]+) (\d+) 5 ")


def levels(page) -> dict[int, tuple[str, str]]:
    """The claimed and the verified level of each cell."""
    found = {id_: _IN_GRID.search(text) or _ALONE.search(text) for id_, text in cells(page).items()}
    return {id_: (match[1], match[2]) for id_, match in found.items() if match}


def computed(town, on, known_at=None, *, whole=False) -> dict[int, tuple[str, str]]:
    """The same as the engine finds them."""

    def text(result) -> str:
        number = result.level if whole else result.level + result.fraction
        return f"{number:.2f}".rstrip("0").rstrip(".")

    return {
        id_: (
            text(level_of(one.workflow, one.facts, on, known_at)),
            str(level_of(one.workflow, one.facts, on, known_at, Basis.VERIFIED).level),
        )
        for id_, one in loaded(town).items()
    }


def test_every_cell_shows_the_levels_of_the_engine(districts):
    found = levels(districts.get("/matrix?year=2564"))
    assert found == computed(districts, DAY)
    assert len(set(found.values())) > 4


@pytest.mark.parametrize("quarter", [1, 2])
def test_cells_of_a_quarter_show_the_levels_of_its_last_day(districts, quarter):
    on = FiscalYear(YEAR).quarters[quarter - 1].last_day
    shown = levels(districts.get(f"/matrix?year=2564&quarter={quarter}"))
    assert shown == computed(districts, on, whole=True)


def test_cell_says_everything_in_words_and_leads_to_its_proof(districts):
    did(districts, actions.record_occurrence, NewOccurrence(GUIDELINES, date(2020, 12, 1)))
    did(districts, actions.block_milestone, ISSUE, waiting_for="สำนักพัฒนาสังคม", by=COORDINATOR)
    page = districts.get("/matrix?year=2564")

    assert cells(page)[1] == (
        "ตามที่บันทึก 1 ✔ ตรวจรับแล้ว 0 ⚑ เป้าหมาย 5 รายไตรมาส: 1, 1, 1 ■ ติดขัด ! ล่าช้า เกิน 91 วันทำการ"
    )
    assert f'href="{BASE}/proof"' in page.text


def test_work_of_one_district_alone_stands_by_itself(districts):
    page = districts.get("/matrix?year=2564")
    shared, _, alone = page.text.partition('id="alone"')
    assert "งานเฉพาะของเขตที่ 7" in words(alone)
    assert "งานเฉพาะของเขตที่ 7" not in words(shared)


# --- whose ---------------------------------------------------------------------------------------------


def test_coordinator_sees_their_own_district_alone(districts):
    others = districts.get("/matrix?year=2564")
    assert "สายไหม" in others.text
    for address in (
        "/matrix?year=2564",
        "/matrix?year=2564&agency=2",
        "/matrix?year=2564&beside=2564-1",
        "/matrix?year=2564&on=2021-01-31",
        "/matrix/civil_society_network?year=2564",
    ):
        enter(districts, COORDINATOR)
        own = districts.get(address)
        assert "สายไหม" not in own.text
        assert "5042-2017" not in own.text
    enter(districts, SAI_MAI_COORDINATOR)
    assert "ทุ่งครุ" not in districts.get("/matrix?year=2564").text


def test_whoever_has_no_role_sees_nothing_and_is_told_so(districts):
    with districts.store.begin() as tx:
        new = registry.add_person(tx, "new@radap.example", "ผู้มาใหม่", "th", [], by=1, now=FOUNDED)
    come_in(districts, new)
    page = districts.get("/matrix?year=2564")
    assert cells(page) == {}
    assert "ไม่มีตัวชี้วัดที่ท่านดูได้ในปีนี้" in words(page.text)


def test_owner_sees_what_they_set_the_guidelines_of(districts):
    with districts.store.begin() as tx:
        owner = registry.add_agency(
            tx, Text("สำนัก", "Department"), "department", code="0100", by=1, now=FOUNDED
        )
        own = replace(new_indicator("5042-500", agency=2), workflow_owner=owner)
        made = create_indicator(tx, own, by=ADMINISTRATOR, now=FOUNDED)
        grants = [Grant(Role.OWNER, owner)]
        person = registry.add_person(tx, "owner@radap.example", "เจ้าของ", "th", grants, by=1, now=FOUNDED)
    come_in(districts, person)
    assert list(cells(districts.get("/matrix?year=2564"))) == [made.id]


def test_matrix_lies_at_the_hand_of_those_who_look_at_the_city(districts):
    assert "ตารางติดตาม" in districts.get("/").text
    enter(districts, COORDINATOR)
    assert "ตารางติดตาม" not in districts.get("/").text
    assert districts.get("/matrix").status_code == 200


# --- narrowed --------------------------------------------------------------------------------------------


def codes(page) -> set[int]:
    return set(cells(page))


def test_every_state_is_what_the_cells_are_marked_with(districts):
    every = cells(districts.get("/matrix?year=2564"))
    for state, mark in (
        ("blocked", "■ ติดขัด"),
        ("returned", "↩ ส่งกลับ"),
        ("late", "! ล่าช้า"),
        ("at_target", "⚑ ถึงเป้าหมาย"),
        ("below_target", "⚑ เป้าหมาย"),
    ):
        asked = codes(districts.get(f"/matrix?year=2564&state={state}"))
        in_grid = {id_ for id_, text in every.items() if mark in text}
        if state.endswith("target"):
            asked &= {id_ for id_, text in every.items() if "⚑" in text}
        assert asked == in_grid, state
        assert in_grid, state


@pytest.mark.parametrize(("level", "quarter"), [(2, 0), (2, 2), (0, 1)])
def test_level_is_that_of_the_quarter_asked_for(districts, level, quarter):
    on = FiscalYear(YEAR).quarters[quarter - 1].last_day if quarter else DAY
    expected = {id_ for id_, (claimed, _) in computed(districts, on).items() if int(claimed[0]) == level}
    asked = f"&quarter={quarter}" if quarter else ""
    assert codes(districts.get(f"/matrix?year=2564&level={level}{asked}")) == expected
    assert expected


def test_matrix_is_narrowed_by_plan_kind_group_and_definition(districts):
    with districts.store.begin() as tx:
        top = registry.add_plan_node(tx, "5", "ด้านที่ ๕", None)
        dimension = registry.add_plan_node(tx, "5.2", "มิติที่ ๕.๒", top)
        other = registry.add_plan_node(tx, "6", "ด้านที่ ๖", None)
        registry.describe(tx, 1, Details(kind="strategic", result_kind="output", plan_node=dimension))

    for asked in (f"plan={top}", f"plan={dimension}", "result_kind=output"):
        assert codes(districts.get(f"/matrix?year=2564&{asked}")) == {1}
    assert codes(districts.get(f"/matrix?year=2564&plan={other}")) == set()
    strategic = codes(districts.get("/matrix?year=2564&kind=strategic"))
    assert strategic == {1} | {
        id_ for id_, one in loaded(districts).items() if one.workflow.key == "percent_achieved"
    }
    assert codes(districts.get("/matrix?year=2564&workflow=percent_achieved")) == strategic - {1}
    assert codes(districts.get("/matrix?year=2564&group=district")) == set(loaded(districts))
    assert codes(districts.get("/matrix?year=2564&group=department")) == set()
    assert codes(districts.get("/matrix?year=2564&agency=1")) == {
        id_ for id_, one in loaded(districts).items() if one.agency == 1
    }


def test_page_that_fits_nothing_offers_to_widen(districts):
    page = districts.get("/matrix?year=2564&kind=routine")
    assert "แสดงเฉพาะ: ประเภท ตัวชี้วัดงานประจำ" in words(page.text)
    assert "ไม่มีตัวชี้วัดที่ตรงกับตัวกรอง" in words(page.text)
    assert 'href="?year=2564">ล้างตัวกรอง' in page.text


HOSTILE = [
    "'",
    '"><script>alert(1)</script>',
    "-1",
    "9" * 400,
    "๑",
    "NaN",
    "\x00",
    "../../x",
    "{{7*7}}",
]
FIELDS = (
    "year",
    "quarter",
    "beside",
    "on",
    "known_at",
    "agency",
    "group",
    "plan",
    "kind",
    "result_kind",
    "workflow",
    "level",
    "state",
    "sort",
    "page",
    "basis",
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_address_is_answered_with_a_page(districts, text):
    for path in ("/matrix", "/matrix/civil_society_network", f"{BASE}/proof"):
        answer = districts.client.get(path, params=dict.fromkeys(FIELDS, text))
        assert answer.status_code in (200, 422), path
        assert "<script>alert" not in answer.text
        assert ">49<" not in answer.text
    assert districts.client.get("/matrix/" + quote(text, safe="")).status_code == 404


def test_day_that_cannot_be_read_is_told_of_and_kept(districts):
    for asked, sentence in (("31 ก.ย. 2564", "เดือนกันยายน"), ("2022-01-05", "อยู่นอกปีงบประมาณ 2564")):
        page = districts.client.get("/matrix", params={"year": "2564", "on": asked})
        assert page.status_code == 422
        assert sentence in words(page.text)
        assert f'value="{asked}"' in page.text


# --- as of a day, beside another reading ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "on", "known_at"),
    [
        ({"on": "2021-01-19"}, date(2021, 1, 19), None),
        ({"on": "31 ม.ค. 2564", "known_at": "2021-01-15"}, date(2021, 1, 31), at(date(2021, 1, 15), 23)),
        ({"known_at": "1 เม.ย. 2564 เวลา 08.00 น."}, DAY, at(date(2021, 4, 1), 8)),
        ({"quarter": "1", "known_at": "2021-01-15"}, date(2020, 12, 31), at(date(2021, 1, 15), 23)),
    ],
)
def test_any_day_and_instant_is_computed_from_the_facts(districts, asked, on, known_at):
    page = districts.client.get("/matrix", params={"year": "2564", **asked})
    assert levels(page) == computed(districts, on, known_at)


def test_computing_takes_as_many_statements_for_many_as_for_few(districts):
    def asked(address: str) -> int:
        districts.get(address)
        with counted(districts.store) as sent:
            districts.get(address)
        return len(sent)

    few = asked("/matrix?year=2564&agency=1&on=2021-01-19")
    assert asked("/matrix?year=2564&on=2021-01-19") == few


def test_computed_levels_are_what_filters_ask_for(districts):
    on = date(2021, 1, 19)
    expected = {id_ for id_, (claimed, _) in computed(districts, on).items() if int(claimed[0]) == 2}
    assert codes(districts.get(f"/matrix?year=2564&on={on}&level=2")) == expected
    reached = codes(districts.get(f"/matrix?year=2564&on={on}&state=at_target"))
    below = codes(districts.get(f"/matrix?year=2564&on={on}&state=below_target"))
    assert reached | below == set(loaded(districts))
    assert reached & below == set()


def test_quarters_stand_side_by_side_with_sign_and_word(districts):
    for day in (date(2020, 12, 1), date(2021, 2, 1)):
        milestone = GUIDELINES if day.year == 2020 else COMMITTEE
        did(districts, actions.record_occurrence, NewOccurrence(milestone, day))
    shown = cells(districts.get("/matrix?year=2564&quarter=2&beside=2564-1"))
    assert "▲ เพิ่มขึ้น 1 จาก 1" in shown[1]
    assert "▼ ลดลง 1 จาก 2" in cells(districts.get("/matrix?year=2564&quarter=1&beside=2564-2"))[1]
    assert "= เท่าเดิม" in cells(districts.get("/matrix?year=2564&quarter=3&beside=2564-2"))[1]


def test_years_stand_side_by_side_by_the_work(districts):
    with districts.store.begin() as tx:
        before = create_indicator(
            tx, new_indicator("5049-1", year=YEAR - 1), by=ADMINISTRATOR, now=at(date(2019, 10, 2))
        )
        fact = NewOccurrence(GUIDELINES, date(2019, 11, 2))
        actions.record_occurrence(tx, before.code, YEAR - 1, fact, by=COORDINATOR, now=at(date(2020, 1, 2)))
    shown = cells(districts.get("/matrix?year=2564&beside=2563-4"))
    assert "▼ ลดลง 1 จาก 1" in shown[1]
    assert "ไม่มีให้เทียบ" in shown[2]


# --- one definition, milestone by milestone ---------------------------------------------------------------


def test_milestones_of_one_definition_stand_by_district(districts):
    did(districts, actions.block_milestone, ISSUE, waiting_for="สำนักพัฒนาสังคม: แบบ", by=COORDINATOR)
    page = districts.get("/matrix/civil_society_network?year=2564")
    (row,) = [one for one in page.text.split("<tr>") if f"· {CODE}" in one]

    assert heading(page) == "เครือข่ายภาคประชาสังคม"
    assert f'href="{BASE}/milestones/{ISSUE}"' in row
    assert "■ ติดขัด กำหนด 11 ต.ค. 2564 สำนักพัฒนาสังคม: แบบ" in words(row)
    assert "○ ยังไม่เริ่ม ! ล่าช้า กำหนด 11 ม.ค. 2564" in words(row)
    assert districts.get("/matrix/unknown").status_code == 404


# --- as often asked for many as for few -------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    ["/matrix?year=2564", "/matrix?year=2564&beside=2564-1", "/matrix/civil_society_network?year=2564"],
)
def test_matrix_asks_as_often_for_thirty_districts_as_for_one(town, path):
    enter(town, EVALUATOR)

    def asked() -> int:
        town.get(path)
        with counted(town.store) as sent:
            assert town.get(path).status_code == 200
        return len(sent)

    one = asked()
    with town.store.begin() as tx:
        grow(tx, 30, 1)
    assert asked() == one


def test_huge_city_is_shown_in_pages(town, monkeypatch):
    monkeypatch.setattr("web.evaluator.asking.AGENCIES", 5)
    monkeypatch.setattr("web.evaluator.matrix.AGENCIES", 5)
    with town.store.begin() as tx:
        grow(tx, 12, 1)
    enter(town, EVALUATOR)
    pages = [cells(town.get(f"/matrix?year=2564&page={number}")) for number in (1, 2, 3)]
    assert set().union(*pages) == set(loaded(town))
    assert sum(map(len, pages)) == len(loaded(town))
    assert "หน่วยงานถัดไป" in town.get("/matrix?year=2564").text
    assert "หน่วยงานถัดไป" not in town.get("/matrix?year=2564&page=3").text


# --- the statement -----------------------------------------------------------------------------------------


def test_matrix_is_one_select_over_indexes(districts):
    moment = Moment(DAY, 2, date(2021, 4, 12))
    wanted = Wanted(person=EVALUATOR, size=100)
    sent: list[tuple[str, object]] = []

    def note(_connection, _cursor, statement, parameters, *_rest):
        sent.append((statement, parameters))

    event.listen(districts.store.engine, "before_cursor_execute", note)
    with districts.store.read() as tx:
        found = district_matrix(tx.connection, YEAR, None, wanted, moment)
    event.remove(districts.store.engine, "before_cursor_execute", note)

    assert len(found) == len(loaded(districts))
    assert len(sent) == 1
    if districts.store.is_sqlite:
        with districts.store.read() as tx:
            rows = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sent[0][0]}", sent[0][1])
            plan = [row.detail for row in rows]
        assert [
            one for one in plan if one.startswith("SCAN") and "seat" not in one and "seals" not in one
        ] == []
    assert found[0].target == Decimal(5)

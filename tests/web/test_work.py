"""My work: each task in its place, with the one thing to do, for whoever is to do it."""

from datetime import date

import pytest

from engine import actions
from engine.actions import NewOccurrence, NewPetition
from engine.permissions import Grant, Person, Role
from engine.petition import PetitionKind
from storage import registry
from tests.cast import (
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    ISSUE,
    MEETINGS,
    OPERATOR,
    REPORT,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
)
from tests.engine.test_wording import THAI
from tests.web.coordinators import BASE, DAY, did, enter, heading, rows, words
from tests.web.doorway import come_in, send


def groups(page) -> dict[str, int]:
    """The groups of the desk, each with how many rows it has."""
    found = {}
    for one in page.text.split('<h2 class="govuk-heading-m radap-group')[1:]:
        title, _, count = words("<" + one.partition("</h2>")[0]).rpartition(" (")
        found[title] = int(count.rstrip(")"))
    return found


def links_to(page, row: str) -> str:
    """Where the button of the row leads."""
    (found,) = [one for one in page.text.split('<li class="radap-row radap-task">')[1:] if row in one]
    return str(found.partition('radap-task__do" href="')[2].partition('"')[0])


def test_work_that_is_due_stands_first_with_its_day_and_the_one_thing_to_do(town):
    enter(town, day=date(2021, 1, 4))
    page = town.get("/")

    assert heading(page) == "งานของฉัน"
    assert groups(page) == {"ต้องทำ": 3}
    assert [one.partition(" ระดับความสำเร็จ")[0] for one in rows(page)][:3] == [
        "รายงานผลไตรมาสที่ 1 ปีงบประมาณ 2564",
        "ขั้นความสำเร็จ: แต่งตั้งคณะกรรมการ",
        "ขั้นความสำเร็จ: กำหนดแนวทาง",
    ]
    assert "กำหนด วันจันทร์ที่ 11 มกราคม 2564 เหลืออีก 5 วันทำการ" in rows(page)[0]
    assert links_to(page, "กำหนดแนวทาง") == f"{BASE}/milestones/{GUIDELINES}/record"
    assert links_to(page, "รายงานผลไตรมาสที่ 1 ") == f"{BASE}/quarters/1"


def test_overdue_work_says_for_how_long(town):
    enter(town, day=date(2021, 1, 13))
    assert "เกินกำหนด 2 วันทำการ" in rows(town.get("/"))[0]


def test_what_is_not_near_is_folded_away(town):
    enter(town, day=date(2021, 1, 4))
    page = town.get("/")
    assert "ยังไม่ใกล้กำหนด (6)" in words(page.text)


def test_work_long_past_is_folded_away(town):
    enter(town, day=date(2022, 3, 1))
    page = town.get("/")
    assert THAI.say("desk.past") in words(page.text)


def test_returned_milestone_comes_first_and_leads_to_its_answer(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(COMMITTEE, DAY))
    did(town, actions.return_milestone, COMMITTEE, reason="แนบคำสั่ง", by=EVALUATOR)
    page = town.get("/")

    assert next(iter(groups(page))) == "ส่งกลับให้แก้ไข"
    assert rows(page)[0].startswith("ส่งกลับ: แต่งตั้งคณะกรรมการ")
    assert links_to(page, "ส่งกลับ:") == f"{BASE}/milestones/{COMMITTEE}/answer"


def test_blocked_milestone_says_for_whom_it_waits(town):
    enter(town, day=date(2021, 1, 4))
    did(town, actions.block_milestone, GUIDELINES, waiting_for="สำนักพัฒนาสังคม")
    page = town.get("/")

    assert groups(page) == {"ต้องทำ": 2, "ติดขัด รอหน่วยงานอื่น": 1}
    assert "รอ: สำนักพัฒนาสังคม" in rows(page)[2]


def test_plan_stands_by_its_day_and_is_to_be_kept_after_it(town):
    enter(town)
    plan = NewOccurrence(MEETINGS, date(2021, 6, 1), note="ประชุมครั้งที่ 3", planned=True)
    did(town, actions.record_occurrence, plan)
    assert groups(town.get("/"))["นัดหมายไว้"] == 1

    enter(town, day=date(2021, 6, 2))
    page = town.get("/")
    (row,) = [one for one in rows(page) if one.startswith("นัดหมาย:")]
    assert "ประชุมครั้งที่ 3" in row
    assert "เกินกำหนด 1 วันทำการ" in row
    assert links_to(page, "นัดหมาย:") == f"{BASE}/milestones/{MEETINGS}/record?fulfils=1"


def test_done_milestone_without_its_document_asks_for_it(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(REPORT, DAY))
    page = town.get("/")

    assert groups(page)["ทำแล้ว แต่ยังขาดหลักฐาน"] == 1
    did(town, actions.attach_evidence, REPORT, link="https://example.org/report")
    assert "ทำแล้ว แต่ยังขาดหลักฐาน" not in groups(town.get("/"))


def test_report_waits_for_the_head_and_lies_on_their_desk(town):
    enter(town)
    did(town, actions.write_report, 2, narrative="ประชุมแล้วสองครั้ง")
    did(town, actions.submit_report, 2)
    assert groups(town.get("/"))["รอผู้อื่นพิจารณา"] == 1

    enter(town, SECTION_HEAD)
    page = town.get("/")
    assert groups(page)["รอท่านพิจารณา"] == 1
    assert links_to(page, "รับรอง:") == f"{BASE}/quarters/2"


def test_undated_fact_lies_on_the_desk_of_the_head_once_its_quarter_is_over(town):
    enter(town, day=date(2021, 3, 1))
    did(town, actions.record_occurrence, NewOccurrence(ISSUE, None, 2, note="ไม่มีวันที่"))
    assert "รับรองได้ตั้งแต่ วันพุธที่ 31 มีนาคม 2564" in words(town.get("/").text)
    enter(town, SECTION_HEAD, date(2021, 3, 1))
    assert "รอท่านพิจารณา" not in groups(town.get("/"))

    enter(town, SECTION_HEAD, date(2021, 4, 1))
    assert links_to(town.get("/"), "ไม่ระบุวันที่:") == f"{BASE}/occurrences/1/approve"


def test_evaluator_sees_what_waits_for_them_of_every_district(town):
    enter(town)
    did(town, actions.write_report, 2, narrative="ประชุมแล้วสองครั้ง")
    did(town, actions.submit_report, 2)
    did(town, actions.endorse_report, 2, by=SECTION_HEAD)
    longer = NewPetition(PetitionKind.EXTENSION, date(2021, 8, 2), "น้ำท่วม", quarter=3)
    did(town, actions.make_petition, longer)
    enter(town, EVALUATOR)

    page = town.get("/")
    assert groups(page) == {"รอท่านพิจารณา": 2}
    assert links_to(page, "ขอขยายเวลา:") == f"{BASE}/petitions/1"


def test_decision_nobody_is_reminded_of_any_more_does_not_press(town):
    enter(town)
    did(town, actions.write_report, 2, narrative="ประชุมแล้วสองครั้ง")
    did(town, actions.submit_report, 2)
    did(town, actions.endorse_report, 2, by=SECTION_HEAD)
    enter(town, EVALUATOR, date(2022, 3, 1))

    page = town.get("/")
    assert "รอท่านพิจารณา" not in groups(page)
    assert THAI.say("desk.past") in words(page.text)


@pytest.mark.parametrize(
    ("person", "kind"),
    [(SAI_MAI_COORDINATOR, "desk.no_indicator"), (EVALUATOR, "desk.nothing_waits")],
)
def test_empty_desk_explains_itself(town, person, kind):
    enter(town, person)
    assert THAI.say(kind) in words(town.get("/").text)


def test_person_without_a_role_is_told_whom_to_ask(town):
    with town.store.begin() as tx:
        added = registry.add_person(tx, "new@example.org", "คนใหม่", "th", [], by=OPERATOR.id, now=FOUNDED)
    enter(town)
    come_in(town, added)
    assert THAI.say("desk.no_role") in words(town.get("/").text)


def test_person_of_two_agencies_switches_once(town):
    grants = [Grant(Role.COORDINATOR, THUNG_KHRU), Grant(Role.COORDINATOR, SAI_MAI)]
    with town.store.begin() as tx:
        given = (tx, "both@example.org", "สองเขต", "th", grants)
        added = registry.add_person(*given, by=OPERATOR.id, now=FOUNDED)
    enter(town, Person(added, "สองเขต"))
    assert THAI.say("desk.no_indicator") not in words(town.get("/").text)

    answer = send(town, "/account/agency", at="/", agency=str(SAI_MAI))
    assert answer.headers["location"] == "/"
    assert THAI.say("desk.no_indicator") in words(town.get("/").text)
    assert send(town, "/account/agency", at="/", agency="99").status_code == 404


def test_indicators_of_the_year_are_listed_with_their_levels(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, DAY))
    page = town.get("/indicators?year=2564")

    assert heading(page) == "ตัวชี้วัด ปีงบประมาณ 2564"
    text = words(page.text)
    assert "5049-2017 · สำนักงานเขตทุ่งครุ · เป้าหมาย 5 ระดับ" in text
    assert "ตามที่บันทึก 1 จาก 5 · ตรวจรับแล้ว 0" in text


@pytest.mark.parametrize("year", ["", "2021", "9999", "x", "๒๕๖๔"])
def test_year_that_is_none_shows_the_newest_there_is(town, year):
    enter(town)
    assert heading(town.get(f"/indicators?year={year}")) == "ตัวชี้วัด ปีงบประมาณ 2564"


def test_indicators_of_others_are_not_listed(town):
    enter(town, SAI_MAI_COORDINATOR)
    page = town.get("/indicators?year=2564")
    assert "5049-2017" not in page.text
    assert THAI.say("page.no_indicators") in words(page.text)


def test_desk_speaks_the_language_of_its_person(town):
    town.change(language="en")
    enter(town, COORDINATOR)
    page = town.get("/")
    assert heading(page) == "My work"
    assert '<html lang="en"' in page.text

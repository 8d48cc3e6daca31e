"""The page of an indicator, which replaces the city's old one: every field of it, and the way on."""

from datetime import date
from decimal import Decimal

import pytest

from engine import actions
from engine.actions import NewOccurrence
from storage import registry
from storage.registry import Details
from tests.cast import COMMITTEE, COORDINATOR, EVALUATOR, FOUNDED, GUIDELINES, MEETINGS, SECTION_HEAD, at
from tests.engine.test_wording import THAI
from tests.web.coordinators import (
    BASE,
    DAY,
    arrive,
    banner,
    did,
    enter,
    fill,
    heading,
    indicator,
    value_of,
    words,
)
from tests.web.doorway import come_in


def described(town):
    """An indicator with all that the old page carried."""
    with town.store.begin() as tx:
        top = registry.add_plan_node(tx, "5", "ด้านที่ ๕ มหานครประชาธิปไตย", None)
        node = registry.add_plan_node(tx, "5.2", "เมืองธรรมาภิบาล", top)
        details = Details(
            "strategic",
            "output",
            "เครือข่ายระดับเขต",
            "นับจำนวนเครือข่าย",
            "1. แนวทาง 2. รายงานการประชุม",
            node,
            "ชื่อไม่ปรากฏในหน้าเดิม",
        )
        registry.describe(tx, 1, details)
    return town


def test_page_has_every_field_of_the_old_one(town):
    enter(described(town))
    did(
        town,
        actions.write_report,
        1,
        narrative="ประชุมแล้ว",
        self_reported=Decimal(2),
        now=at(date(2021, 1, 5)),
    )
    did(town, actions.submit_report, 1, now=at(date(2021, 1, 5)))
    did(town, actions.endorse_report, 1, by=SECTION_HEAD, now=at(date(2021, 1, 6)))
    did(town, actions.accept_report, 1, quality=95, remark="ชัดเจน", by=EVALUATOR, now=at(date(2021, 1, 7)))
    did(town, actions.write_report, 2, narrative="จัดประชุม", self_reported=Decimal(3))
    did(town, actions.submit_report, 2)
    page = town.get(BASE)

    said = words(page.text)
    assert heading(page) == "ระดับความสำเร็จของการสร้างเครือข่าย"
    for told in (
        "5049-2017",
        "หน่วยงาน สำนักงานเขตทุ่งครุ",
        "ปีงบประมาณ ปีงบประมาณ 2564",
        "เป้าหมาย 5 ระดับ",
        "น้ำหนัก 1",
        "ประเภท ตัวชี้วัดเชิงยุทธศาสตร์ · ผลผลิต",
        "5 ด้านที่ ๕ มหานครประชาธิปไตย 5.2 เมืองธรรมาภิบาล",
        "นิยาม เครือข่ายระดับเขต",
        "วิธีการคำนวณ นับจำนวนเครือข่าย",
        "เอกสารหลักฐานที่ขอ 1. แนวทาง 2. รายงานการประชุม",
        "ชื่อไม่ปรากฏในหน้าเดิม",
        "ไตรมาสที่ 1 กำหนด 11 ม.ค. 2564 รับรายงานแล้ว 0 0 2 95 / 100 ชัดเจน",
        "ไตรมาสที่ 2 กำหนด 12 เม.ย. 2564 ส่งแล้ว 0 0 3 –",
        "ข้อความรายงานไตรมาสที่ 1 ประชุมแล้ว",
        "อยู่ระหว่างพิจารณา: รายงานไตรมาสที่ 2",
        "coordinator@thungkhru.example",
        "head@thungkhru.example",
        "พิมพ์ข้อมูล",
        "ยังไม่เคยแจ้งเตือนใครเรื่องตัวชี้วัดนี้",
    ):
        assert told in said, told


def test_ladder_shows_where_it_stands_in_words_as_well(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, DAY))
    did(town, actions.record_occurrence, NewOccurrence(COMMITTEE, date(2021, 6, 1), planned=True))
    did(town, actions.verify_milestone, GUIDELINES, by=EVALUATOR)
    page = town.get(BASE)

    assert "ตามที่บันทึกระดับ 1 ตรวจรับแล้วระดับ 1 คาดการณ์ระดับ 2 เป้าหมายระดับ 5 จาก 5 ระดับ" in words(page.text)
    assert "กำหนดแนวทาง ตามที่บันทึก · ตรวจรับแล้ว" in words(page.text)
    assert "แต่งตั้งคณะกรรมการ คาดการณ์" in words(page.text)
    assert page.text.count("radap-rung__drawing") == 5


def test_what_is_missing_leads_to_where_it_is_supplied(town):
    enter(town)
    page = town.get(BASE)

    assert THAI.say("level.missing_for", level=1) in words(page.text)
    assert f'href="{BASE}/milestones/{GUIDELINES}/record#day"' in page.text
    assert "ผู้ที่ทำได้: ผู้ประสานงาน · ภายใน 11 ม.ค. 2564" in words(page.text)


def test_what_others_supply_is_no_link_for_who_may_not(town):
    enter(town, EVALUATOR)
    page = town.get(BASE)
    assert "/record#day" not in page.text


def test_reported_result_that_the_facts_do_not_give_is_named(town):
    enter(town)
    did(town, actions.write_report, 2, self_reported=Decimal(4))
    assert THAI.say("page.differs", reported="4", claimed="0") in words(town.get(BASE).text)


def test_tasks_say_their_state_and_how_much_is_done(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(MEETINGS, DAY))
    said = words(town.get(BASE).text)
    assert "จัดประชุม ระดับ 3 · ทำแล้ว 1 จาก 2 รายการ · กำหนด 12 ก.ค. 2564 กำลังดำเนินการ" in said


def test_history_tells_what_happened_in_words(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, DAY, document_number="571/2564"))
    did(town, actions.return_milestone, GUIDELINES, reason="ไม่ชัด", by=EVALUATOR)
    said = words(town.get(f"{BASE}/history").text)

    assert "บันทึกการดำเนินการ กำหนดแนวทาง · วันที่ 18 พ.ค. 2564 · 571/2564 · ตามที่บันทึก 0 → 1" in said
    assert "ส่งขั้นความสำเร็จกลับแก้ไข กำหนดแนวทาง · แก้ไขภายใน 25 พ.ค. 2564 · “ไม่ชัด”" in said
    assert "guidelines_set" not in said


def test_milestone_that_was_returned_is_answered_point_by_point(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(COMMITTEE, DAY))
    did(town, actions.return_milestone, COMMITTEE, reason="แนบคำสั่ง\nลงนาม", by=EVALUATOR)
    page = town.get(f"{BASE}/milestones/{COMMITTEE}")
    assert "แนบคำสั่ง" in page.text
    form = f"{BASE}/milestones/{COMMITTEE}/answer"
    assert fill(town, form, **{"answer-1": "แนบแล้ว", "answer-2": " "}).status_code == 422
    after = arrive(town, fill(town, form, **{"answer-1": "แนบแล้ว", "answer-2": "ลงนามแล้ว"}))

    assert banner(after)[0] == THAI.say("done_now.achieved")
    assert indicator(town).decisions[-1].reason == "1. แนบคำสั่ง\n→ แนบแล้ว\n2. ลงนาม\n→ ลงนามแล้ว"


def test_milestone_that_was_reopened_is_said_to_be_done_again(town):
    enter(town)
    page, done = f"{BASE}/milestones/{GUIDELINES}", THAI.say("act.achieve")
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, DAY))
    assert done not in town.get(page).text  # what is complete is achieved by itself
    after = arrive(town, fill(town, f"{page}/reopen", reason="พิมพ์ผิด"))
    assert "พิมพ์ผิด" in words(after.text)
    assert f'href="{page}/answer">{done}' in after.text
    assert f'href="{page}/answer"' in town.get(BASE).text
    assert heading(town.get(f"{page}/answer")) == done
    arrive(town, fill(town, f"{page}/answer"))

    assert indicator(town).milestones[GUIDELINES].state == "achieved"
    assert done not in town.get(page).text


def test_milestone_is_blocked_and_goes_on(town):
    enter(town)
    page = f"{BASE}/milestones/{MEETINGS}"
    after = arrive(town, fill(town, f"{page}/block", reason="สำนักพัฒนาสังคม: แนวทาง"))
    assert "รอ: สำนักพัฒนาสังคม: แนวทาง" in words(after.text)
    arrive(town, fill(town, f"{page}/resume"))
    assert indicator(town).milestones[MEETINGS].state == "open"  # nothing was done at it yet


def test_two_who_block_a_milestone_at_once_see_both_reasons(town):
    enter(town)
    form = f"{BASE}/milestones/{MEETINGS}/block"
    opened = town.get(form)
    arrive(town, fill(town, form, reason="สำนัก ก"))
    mine = {name: value_of(opened, name) for name in ("token", "version", "seen")} | {"reason": "สำนัก ข"}
    answer = town.client.post(form, data=mine, follow_redirects=False)

    assert answer.status_code == 422
    assert indicator(town).milestones[MEETINGS].blocked_by == "สำนัก ก"
    assert value_of(answer, "reason") == "สำนัก ข"
    assert "รอ: สำนัก ก" in words(answer.text)
    again = {**mine, "seen": value_of(answer, "seen")}
    assert town.client.post(form, data=again, follow_redirects=False).status_code == 303
    assert indicator(town).milestones[MEETINGS].blocked_by == "สำนัก ข"


def test_petition_is_made_and_granted(town):
    enter(town)
    page = f"{BASE}/milestones/{MEETINGS}"
    given = {"kind": "postponement", "day": "2 ส.ค. 2564", "reason": "น้ำท่วม"}
    asked = arrive(town, fill(town, f"{page}/ask", **given))
    assert banner(asked) == [THAI.say("done_now.asked")]
    assert "ถอนคำขอ" in words(asked.text)

    enter(town, EVALUATOR)
    after = arrive(town, fill(town, f"{BASE}/petitions/1/grant"))
    assert banner(after) == [THAI.say("done_now.granted")]
    assert indicator(town).milestones[MEETINGS].postponed_to == date(2021, 8, 2)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ["kind", "reason", "day"]),
        ({"kind": "holiday", "reason": "x", "day": "2 ส.ค. 2564"}, ["kind"]),
        ({"kind": "waiver", "reason": "น้ำท่วม", "day": "1 พ.ค. 2564"}, ["day"]),
        ({"kind": "waiver", "reason": "น้ำท่วม", "day": "1 ต.ค. 2564"}, ["day"]),
    ],
)
def test_petition_that_makes_no_sense_is_not_made(town, fields, wrong):
    enter(town)
    page = fill(town, f"{BASE}/milestones/{MEETINGS}/ask", **fields)
    assert page.status_code == 422
    with town.store.read() as tx:
        assert tx.petitions(tx.indicator("5049-2017", 2021)) == []


def test_longer_time_is_asked_for_a_quarter(town):
    enter(town)
    arrive(town, fill(town, f"{BASE}/quarters/3/ask", day="2 ส.ค. 2564", reason="น้ำท่วม"))
    with town.store.read() as tx:
        (petition,) = tx.petitions(tx.indicator("5049-2017", 2021))
    assert (petition.kind, petition.quarter) == ("extension", 3)


@pytest.mark.parametrize(
    "path",
    [
        "/indicators/2021/5049-2017",
        "/indicators/2564/5049-9999",
        "/indicators/x/5049-2017",
        f"{BASE}/milestones/none",
        f"{BASE}/milestones/none/record",
        f"{BASE}/occurrences/1/void",
        f"{BASE}/occurrences/x/void",
        f"{BASE}/evidence/7/withdraw",
        f"{BASE}/petitions/1",
        f"{BASE}/petitions/99999999999999999999",
    ],
)
def test_path_that_names_nothing_leads_nowhere(town, path):
    enter(town)
    assert town.get(path).status_code == 404


def test_what_was_done_is_told_only_in_our_own_words(town):
    enter(town)
    page = town.get(f"{BASE}?done=<script>&from=1&to=2")
    assert banner(page) == []
    assert banner(town.get(f"{BASE}?done=recorded&from=x&to=9999")) == ["บันทึกการดำเนินการแล้ว"]


def test_reader_of_the_city_sees_the_page_and_may_change_nothing(town):
    from engine.permissions import Grant, Role  # noqa: PLC0415 - for this one only

    with town.store.begin() as tx:
        grants = [Grant(Role.VIEWER)]
        added = registry.add_person(tx, "v@example.org", "ผู้ชม", "th", grants, by=COORDINATOR.id, now=FOUNDED)
    enter(town)
    come_in(town, added)
    page = town.get(f"{BASE}/milestones/{MEETINGS}")
    assert page.status_code == 200
    assert "/record" not in page.text
    assert town.get(f"{BASE}/milestones/{MEETINGS}/record").status_code == 403

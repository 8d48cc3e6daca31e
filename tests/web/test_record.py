"""Recording on a page: what was done, is planned, or was done on a day that nobody knows."""

import re
from datetime import date

import pytest

from engine import actions
from engine.actions import NewOccurrence
from tests.cast import COMMITTEE, GUIDELINES, MEETINGS, REPORT, SAI_MAI_COORDINATOR, SECTION_HEAD
from tests.engine.test_wording import THAI
from tests.web.coordinators import (
    BASE,
    DAY,
    PNG,
    arrive,
    banner,
    did,
    enter,
    errors,
    fill,
    heading,
    indicator,
    value_of,
)
from tests.web.doorway import token_in

PAGE = f"{BASE}/milestones/{MEETINGS}"
FORM = f"{PAGE}/record"


@pytest.mark.parametrize(
    "typed",
    ["18 พ.ค. 2564", "18/5/2564", "๑๘ พฤษภาคม ๒๕๖๔", "2021-05-18", "18 พ.ค.64", "วันอังคารที่ 18 พฤษภาคม 2564"],
)
def test_meeting_is_recorded_on_the_day_that_was_typed(town, typed):
    enter(town)
    page = arrive(town, fill(town, FORM, way="done", day=typed, document="ประชุมครั้งที่ 2/64"))

    (fact,) = indicator(town).occurrences
    assert (fact.milestone, fact.occurred_on, fact.document_number) == (
        MEETINGS,
        date(2021, 5, 18),
        "ประชุมครั้งที่ 2/64",
    )
    assert banner(page) == ["บันทึกการดำเนินการแล้ว"]
    assert "วันอังคารที่ 18 พฤษภาคม 2564" in page.text


def test_level_that_rises_is_told_at_once(town):
    enter(town)
    page = arrive(town, fill(town, f"{BASE}/milestones/{GUIDELINES}/record", way="done", day="18 พ.ค. 2564"))

    assert banner(page) == ["บันทึกการดำเนินการแล้ว", "ระดับเพิ่มขึ้นจาก 0 เป็น 1"]


def test_photo_is_attached_to_what_it_proves(town):
    enter(town)
    sent = [("files", ("ประชุม.png", PNG, "image/png"))]
    page = arrive(town, fill(town, FORM, way="done", day="18 พ.ค. 2564", files=sent))

    found = indicator(town)
    (evidence,) = found.evidence
    assert (evidence.milestone, evidence.occurrence, evidence.file_name) == (MEETINGS, 1, "ประชุม.png")
    assert "ประชุม.png" in page.text


def test_plan_moves_no_level_and_is_kept_later(town):
    enter(town)
    page = arrive(town, fill(town, FORM, way="planned", day="1 มิ.ย. 2564", note="ประชุมครั้งที่ 3"))
    (plan,) = indicator(town).occurrences
    assert (plan.planned, plan.occurred_on) == (True, date(2021, 6, 1))
    assert banner(page) == [THAI.say("done_now.planned")]

    enter(town, day=date(2021, 6, 2))
    form = town.get(f"{FORM}?fulfils=1")
    assert (value_of(form, "day"), value_of(form, "note")) == ("1 มิ.ย. 2564", "ประชุมครั้งที่ 3")
    assert THAI.say("page.planned") in town.get(f"{BASE}/milestones/{MEETINGS}").text
    page = arrive(town, fill(town, f"{FORM}?fulfils=1", way="done", day="1 มิ.ย. 2564", fulfils="1"))
    assert indicator(town).occurrences[1].fulfils == 1
    assert THAI.say("page.plan_kept") in page.text
    assert THAI.say("page.planned") not in page.text
    assert THAI.say("page.keep_plan") not in page.text


@pytest.mark.parametrize("number", ["2", "-1", "๑", "9" * 5000, "x"])
def test_plan_that_is_none_leaves_the_form_empty(town, number):
    enter(town)
    form = town.get(f"{FORM}?fulfils={number}")
    assert (form.status_code, value_of(form, "day")) == (200, "")


def test_undated_fact_waits_for_approval(town):
    enter(town)
    page = arrive(town, fill(town, FORM, way="undated", quarter="2", note="หนังสือหาย"))

    (fact,) = indicator(town).occurrences
    assert (fact.occurred_on, fact.quarter, fact.counts_on) == (None, 2, None)
    assert THAI.say("page.waits_for_approval") in page.text


def test_undated_fact_is_approved_by_the_head(town):
    enter(town)
    fill(town, FORM, way="undated", quarter="2", note="หนังสือหาย")
    enter(town, SECTION_HEAD)
    page = arrive(town, fill(town, f"{BASE}/occurrences/1/approve"))

    assert indicator(town).occurrences[0].counts_on == date(2021, 3, 31)
    assert banner(page)[0] == THAI.say("done_now.approved")


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"day": "31 ก.ย. 2564"}, "day", "30"),
        ({"day": "เมื่อวาน"}, "day", "18"),
        ({"day": "18 พ.ค. 2021"}, "day", "2564"),
        ({"day": "18 พ.ค. 2563"}, "day", "ปีงบประมาณ"),
        ({"day": "19 พ.ค. 2564"}, "day", "19 พ.ค. 2564"),
        ({"day": ""}, "day", "วัน"),
        ({"way": "planned", "day": "18 พ.ค. 2564"}, "day", "18 พ.ค. 2564"),
        ({"way": "undated", "quarter": "2"}, "note", "วัน"),
        ({"way": "undated"}, "quarter", "ไตรมาส"),
        ({"way": "undated", "quarter": "4", "note": "x"}, "quarter", "ไตรมาสที่ 4"),
        ({"day": "18 พ.ค. 2564", "kind": "party"}, "kind", "party"),
        ({"day": "18 พ.ค. 2564", "note": "ก" * 2001}, "note", "2001"),
    ],
)
def test_form_that_is_wrong_is_shown_again_with_what_to_do_and_all_that_was_typed(town, typed, field, says):
    enter(town)
    given = {"way": "done", "document": "ประชุมครั้งที่ 2/64", **typed}
    page = fill(town, FORM, **given)

    assert page.status_code == 422
    (found,) = errors(page)
    assert found[0] == field
    assert says in found[1]
    assert value_of(page, "document") == "ประชุมครั้งที่ 2/64"
    assert value_of(page, "day") == given.get("day", "")
    assert page.text.count("มีข้อผิดพลาด:") == 1  # in the title, for who cannot see the page
    assert indicator(town).occurrences == []


def test_two_faults_are_told_at_once(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(MEETINGS, DAY, document_number="ประชุมครั้งที่ 2/64"))
    page = fill(town, FORM, way="done", day="1 ต.ค. 2564", document="ประชุมครั้งที่ 2 / 64")

    assert [field for field, _ in errors(page)] == ["day", "document"]


def test_file_that_is_not_taken_keeps_the_others_and_what_was_typed(town):
    enter(town)
    sent = [("files", ("ก.png", PNG, "image/png")), ("files", ("ข.exe", b"MZ" + b"\0" * 100, "image/png"))]
    page = fill(town, FORM, way="done", day="18 พ.ค. 2564", files=sent)

    assert page.status_code == 422
    assert [field for field, _ in errors(page)] == ["files"]
    assert "ก.png" in page.text
    again = {
        "token": token_in(page),
        "way": "done",
        "day": "18 พ.ค. 2564",
        "upload": value_of(page, "upload"),
    }
    arrive(town, town.client.post(FORM, data=again, follow_redirects=False))
    assert [one.file_name for one in indicator(town).evidence] == ["ก.png"]


def test_evidence_is_attached_to_a_milestone_from_its_page(town):
    enter(town)
    page = f"{BASE}/milestones/{REPORT}"
    sent = [("files", ("รายงาน.txt", "รายงานผล".encode(), "text/plain"))]
    after = arrive(town, fill(town, page, to=f"{page}/evidence", files=sent))

    (evidence,) = indicator(town).evidence
    assert (evidence.request, evidence.file_name) == ("report", "รายงาน.txt")
    assert banner(after) == [THAI.say("done_now.attached")]


def test_newer_version_takes_the_place_of_an_older_one_and_holds_until_its_day(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(MEETINGS, DAY))
    fill(town, PAGE, to=f"{PAGE}/evidence", files=[_text("เดิม.txt")], occurrence="1")
    older = town.get(f"{PAGE}?replaces=1")
    assert f'{PAGE}?replaces=1#attach">{THAI.say("act.replace")}' in town.get(PAGE).text
    assert [
        re.search(f'<option value="1" selected>.*{name}', older.text) is not None
        for name in ("เดิม.txt", "18")
    ]
    given = {"replaces": "1", "occurrence": "1", "expires": "30 ก.ย. 2565"}
    after = arrive(town, fill(town, PAGE, to=f"{PAGE}/evidence", files=[_text("ใหม่.txt")], **given))

    newer = indicator(town).evidence[1]
    assert (newer.replaces, newer.occurrence, newer.expires_on) == (1, 1, date(2022, 9, 30))
    assert THAI.say("evidence_list.expires", day=newer.expires_on) in after.text
    assert THAI.say("evidence_list.older") in after.text


@pytest.mark.parametrize(
    ("names", "fields", "field"),
    [
        (["ก.txt", "ข.txt"], {"replaces": "1"}, "replaces"),
        (["ก.txt"], {"replaces": "7"}, "replaces"),
        (["ก.txt"], {"expires": "31 ก.ย. 2565"}, "expires"),
        (["ก.txt"], {"expires": "1 ม.ค. 2564"}, "expires"),
    ],
    ids=["two for one", "none such", "no day", "past"],
)
def test_version_or_last_day_that_cannot_be_is_told_at_its_field(town, names, fields, field):
    enter(town)
    fill(town, PAGE, to=f"{PAGE}/evidence", files=[_text("เดิม.txt")])
    answer = fill(town, PAGE, to=f"{PAGE}/evidence", files=[_text(one) for one in names], **fields)

    assert [where for where, _ in errors(answer)] == [field]
    assert len(indicator(town).evidence) == 1
    assert all(one in answer.text for one in names)


def _text(name: str):
    return "files", (name, name.encode(), "text/plain")


@pytest.mark.parametrize(
    ("fields", "kind"), [({}, "evidence.nothing"), ({"link": "javascript:alert(1)"}, "evidence.no_link")]
)
def test_nothing_or_no_link_is_not_attached(town, fields, kind):
    enter(town)
    page = f"{BASE}/milestones/{REPORT}"
    answer = fill(town, page, to=f"{page}/evidence", **fields)

    assert answer.status_code == 422
    assert len(errors(answer)) == 1
    assert indicator(town).evidence == []


def test_fact_is_taken_back_with_a_reason(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(COMMITTEE, DAY))
    assert errors(fill(town, f"{BASE}/occurrences/1/void"))[0][0] == "reason"
    page = arrive(town, fill(town, f"{BASE}/occurrences/1/void", reason="พิมพ์ผิดขั้น"))

    assert indicator(town).occurrences[0].void_reason == "พิมพ์ผิดขั้น"
    assert "พิมพ์ผิดขั้น" in page.text


def test_coordinator_of_another_district_finds_nothing_there(town):
    enter(town, SAI_MAI_COORDINATOR)
    for path in (BASE, PAGE, FORM, f"{BASE}/quarters/1", f"{BASE}/history", f"{BASE}/occurrences/1/void"):
        page = town.get(path)
        assert (page.status_code, heading(page)) == (404, THAI.say("page.refused")), path


def test_section_head_who_may_not_verify_is_told_so(town):
    enter(town, SECTION_HEAD)
    assert town.get(f"{PAGE}/verify").status_code == 403


def test_what_is_hidden_in_a_text_is_taken_out_and_thai_marks_stay(town):
    enter(town)
    note = "ที่ปรึกษา\u202eกลับ\u0000 น้ำ" + "\u0e49" * 50
    fill(town, FORM, way="done", day="18 พ.ค. 2564", note=note)

    assert indicator(town).occurrences[0].note == "ที่ปรึกษากลับ น้ำ" + "\u0e49" * 4

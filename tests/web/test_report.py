"""The report of a quarter on pages: written with drafts, checked, handed in, endorsed, returned, answered."""

from decimal import Decimal

import pytest

from engine import actions
from engine.actions import NewOccurrence
from tests.cast import COORDINATOR, EVALUATOR, GUIDELINES, SAI_MAI_COORDINATOR, SECTION_HEAD
from tests.engine.test_wording import THAI
from tests.web.coordinators import (
    BASE,
    DAY,
    arrive,
    banner,
    did,
    enter,
    errors,
    fill,
    heading,
    indicator,
    value_of,
    words,
)
from tests.web.doorway import token_in

PAGE = f"{BASE}/quarters/2"
NARRATIVE = "จัดประชุมครั้งที่ 1/64 เมื่อวันที่ 19 ม.ค. 2564\nมีมติให้ดำเนินการต่อ"


def report(town):
    return indicator(town).reports[2]


def hand_in(town, **fields):
    return fill(town, f"{PAGE}/check", to=f"{PAGE}/submit", **fields)


def test_report_is_written_checked_and_handed_in_with_a_receipt(town):
    enter(town)
    check = arrive(town, fill(town, PAGE, narrative=NARRATIVE, value="๐", then="check"))
    assert heading(check) == "ตรวจทานก่อนส่ง"
    assert "จัดประชุมครั้งที่ 1/64" in check.text
    receipt = arrive(town, hand_in(town))

    assert (report(town).state, report(town).narrative, report(town).self_reported) == (
        "submitted",
        NARRATIVE,
        Decimal(0),
    )
    said = words(receipt.text)
    assert heading(receipt) == "ได้รับรายงานแล้ว"
    assert "18 พ.ค. 2564 เวลา 09:00 น." in said
    assert "ช้ากว่ากำหนด (วันจันทร์ที่ 12 เมษายน 2564)" in said
    assert f'data-draft-done="{COORDINATOR.id} {PAGE}"' in receipt.text


def test_saved_draft_is_not_handed_in(town):
    enter(town)
    page = arrive(town, fill(town, PAGE, narrative=NARRATIVE, value="", then="stay"))

    assert banner(page) == [THAI.say("done_now.saved")]
    assert (report(town).state, report(town).self_reported) == ("draft", None)
    assert value_of(page, "narrative") == NARRATIVE


def test_number_that_was_given_can_be_taken_back(town):
    """Empty is not reported, and not reported is not 0."""
    enter(town)
    fill(town, PAGE, narrative=NARRATIVE, value="3", then="stay")
    fill(town, PAGE, narrative=NARRATIVE, value="", then="stay")
    assert report(town).self_reported is None


def test_computed_level_stands_beside_what_is_reported_and_what_contradicts_it_is_named(town):
    enter(town)
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, DAY.replace(month=2)))
    check = arrive(town, fill(town, PAGE, narrative=NARRATIVE, value="4", then="check"))

    assert THAI.say("warning.other_level", value=4, level=1) in words(check.text)
    arrive(town, hand_in(town))  # a person may know better
    assert report(town).state == "submitted"


@pytest.mark.parametrize(
    ("narrative", "value", "kind", "params"),
    [
        (NARRATIVE, "80", "warning.beyond_ladder", {"value": 80, "top": 5, "level": 0}),
        (NARRATIVE, "", "warning.not_reported", {}),
        ("-", "0", "warning.says_nothing", {}),
    ],
    ids=["percent", "nothing", "dash"],
)
def test_what_does_not_fit_is_named_before_it_is_handed_in(town, narrative, value, kind, params):
    enter(town)
    check = arrive(town, fill(town, PAGE, narrative=narrative, value=value, then="check"))
    assert THAI.say(kind, params) in words(check.text)


def test_text_of_an_earlier_quarter_and_a_falling_result_are_named(town):
    enter(town)
    did(town, actions.write_report, 1, narrative=NARRATIVE, self_reported=Decimal(2))
    check = arrive(town, fill(town, PAGE, narrative=NARRATIVE, value="1", then="check"))

    assert THAI.say("warning.said_before", quarter=1) in words(check.text)
    assert THAI.say("warning.fell", value=1, before=2, quarter=1) in words(check.text)


@pytest.mark.parametrize("value", ["สาม", "1,5", "NaN", "1e400", "--3"])
def test_number_that_is_none_is_a_sentence_and_the_text_stays(town, value):
    enter(town)
    page = fill(town, PAGE, narrative=NARRATIVE, value=value, then="check")

    ((field, sentence),) = errors(page)
    assert (page.status_code, field) == (422, "value")
    assert value in sentence
    assert value_of(page, "narrative") == NARRATIVE


def test_empty_report_is_not_handed_in(town):
    enter(town)
    fill(town, PAGE, narrative=" ", value="", then="stay")
    page = hand_in(town)
    assert [field for field, _ in errors(page)] == ["narrative"]


def test_text_of_two_hundred_thousand_letters_is_kept_out_with_a_sentence(town):
    enter(town)
    page = fill(town, PAGE, narrative="x" * 200_000, value="", then="check")
    ((field, sentence),) = errors(page)
    assert (field, "200000" in sentence) == ("narrative", True)


# --- two people ----------------------------------------------------------------------------------------


def test_conflicting_edit_shows_both_versions_and_overwrites_nothing(town):
    enter(town)
    before = town.get(PAGE)
    did(town, actions.write_report, 2, narrative="ของหัวหน้า", by=SECTION_HEAD)
    data = {
        "token": token_in(before),
        "seen": value_of(before, "seen"),
        "narrative": "ของผู้ประสานงาน",
        "value": "",
        "then": "stay",
    }
    page = town.client.post(PAGE, data=data, follow_redirects=False)

    assert page.status_code == 409
    assert report(town).narrative == "ของหัวหน้า"
    assert "ของหัวหน้า" in words(page.text)
    assert SECTION_HEAD.name in words(page.text)
    assert value_of(page, "narrative") == "ของผู้ประสานงาน"
    again = {**data, "token": token_in(page), "seen": value_of(page, "seen"), "narrative": "ของทั้งสองคน"}
    arrive(town, town.client.post(PAGE, data=again, follow_redirects=False))
    assert report(town).narrative == "ของทั้งสองคน"


def test_change_elsewhere_in_the_indicator_is_no_conflict(town):
    enter(town)
    before = town.get(PAGE)
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, DAY))
    data = {"token": token_in(before), "seen": value_of(before, "seen"), "narrative": NARRATIVE, "value": ""}
    assert town.client.post(PAGE, data=data, follow_redirects=False).status_code == 303


def test_report_that_changed_after_it_was_checked_is_not_handed_in_unread(town):
    enter(town)
    fill(town, PAGE, narrative=NARRATIVE, value="", then="stay")
    seen = town.get(f"{PAGE}/check")
    did(town, actions.write_report, 2, narrative="ของหัวหน้า", by=SECTION_HEAD)
    data = {"token": token_in(seen), "seen": value_of(seen, "seen")}
    page = town.client.post(f"{PAGE}/submit", data=data)

    assert THAI.say("report.changed", by=SECTION_HEAD.name) in words(page.text)
    assert report(town).state == "draft"


# --- drafts --------------------------------------------------------------------------------------------


def save(town, narrative: str, value: str = ""):
    data = {"token": token_in(town.get(PAGE)), "narrative": narrative, "value": value}
    return town.client.post(f"{PAGE}/draft", data=data)


def test_draft_is_kept_as_it_is_typed_and_offered_again(town):
    enter(town)
    said = save(town, "พิมพ์ค้างไว้", "3")
    assert said.json() == {"saved": "บันทึกร่างแล้ว 18 พ.ค. 2564 เวลา 09:00 น."}
    assert indicator(town).reports == {}  # nothing was said yet

    page = town.get(PAGE)
    assert "พิมพ์ค้างไว้" in words(page.text)
    assert 'name="narrative" value="พิมพ์ค้างไว้"' in page.text  # in the form that takes it over
    arrive(town, fill(town, PAGE, narrative="พิมพ์ค้างไว้ แล้วพิมพ์ต่อ", value="3", then="stay"))
    assert "draft/forget" not in town.get(PAGE).text


def test_draft_is_seen_by_its_author_alone(town):
    enter(town)
    save(town, "พิมพ์ค้างไว้")
    enter(town, SECTION_HEAD)
    assert "พิมพ์ค้างไว้" not in town.get(PAGE).text


def test_draft_is_thrown_away(town):
    enter(town)
    save(town, "พิมพ์ค้างไว้")
    fill(town, PAGE, to=f"{PAGE}/draft/forget")
    assert "พิมพ์ค้างไว้" not in town.get(PAGE).text


def test_draft_of_another_district_is_not_kept(town):
    enter(town, SAI_MAI_COORDINATOR)
    data = {"token": token_in(town.get("/")), "narrative": "x"}
    assert town.client.post(f"{PAGE}/draft", data=data).status_code == 404


# --- endorsed, returned, answered ----------------------------------------------------------------------


def submitted(town):
    enter(town)
    fill(town, PAGE, narrative=NARRATIVE, value="0", then="stay")
    hand_in(town)
    return enter(town, SECTION_HEAD)


def test_head_endorses_what_they_have_read(town):
    submitted(town)
    page = arrive(town, fill(town, f"{PAGE}/endorse"))
    assert (report(town).state, banner(page)) == ("endorsed", [THAI.say("done_now.endorsed")])


def test_head_does_not_endorse_what_changed_meanwhile(town):
    submitted(town)
    seen = town.get(f"{PAGE}/endorse")
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, DAY))
    data = {"token": token_in(seen), "version": value_of(seen, "version")}
    page = town.client.post(f"{PAGE}/endorse", data=data)

    assert (page.status_code, report(town).state) == (422, "submitted")
    assert COORDINATOR.name in words(page.text)


def test_return_with_a_day_that_cannot_be_returns_nothing(town):
    submitted(town)
    page = fill(town, f"{PAGE}/return", reason="ขาดภาพถ่าย", day="31 ก.ย. 2564")

    assert [field for field, _ in errors(page)] == ["day"]
    assert report(town).state == "submitted"


def test_coordinator_does_not_endorse_their_own(town):
    submitted(town)
    enter(town)
    assert town.get(f"{PAGE}/endorse").status_code == 403


def test_returned_report_is_mended_and_answered_point_by_point(town):
    submitted(town)
    assert errors(fill(town, f"{PAGE}/return"))[0][0] == "reason"
    reason = "1. ระบุวันที่\n2. แนบรายงานการประชุม"
    page = arrive(town, fill(town, f"{PAGE}/return", reason=reason, day="25 พ.ค. 2564"))
    assert report(town).state == "returned"
    assert "ระบุวันที่" in words(page.text)

    enter(town)
    form = town.get(PAGE)
    assert "ส่งกลับให้แก้ไข ภายใน วันอังคารที่ 25 พฤษภาคม 2564" in words(form.text)
    check = arrive(town, fill(town, PAGE, narrative=f"{NARRATIVE} (19 ม.ค.)", value="0", then="check"))
    assert "ข้อ 1: ระบุวันที่" in words(check.text)
    refused = hand_in(town, **{"answer-1": "ระบุแล้ว"})
    assert errors(refused) == [
        ("answer-2", THAI.say("return.unanswered", number=2, point="แนบรายงานการประชุม"))
    ]
    assert value_of(refused, "answer-1") == "ระบุแล้ว"
    arrive(town, hand_in(town, **{"answer-1": "ระบุแล้ว", "answer-2": "แนบแล้ว"}))

    assert report(town).answer == "1. ระบุวันที่\n→ ระบุแล้ว\n2. แนบรายงานการประชุม\n→ แนบแล้ว"
    enter(town, SECTION_HEAD)
    assert "→ แนบแล้ว" in words(town.get(PAGE).text)


def test_handed_in_report_is_read_not_written(town):
    submitted(town)
    enter(town)
    page = town.get(PAGE)
    assert "<textarea" not in page.text
    answer = fill(town, "/", to=PAGE, narrative="x", value="", seen="")
    assert (answer.status_code, report(town).narrative) in ((409, NARRATIVE), (422, NARRATIVE))


def test_warnings_end_once_the_report_is_accepted(town):
    enter(town)
    did(town, actions.write_report, 2, narrative=NARRATIVE, self_reported=Decimal(4))
    did(town, actions.submit_report, 2)
    did(town, actions.endorse_report, 2, by=SECTION_HEAD)
    assert THAI.say("page.contradictions") in words(town.get(PAGE).text)

    did(town, actions.accept_report, 2, by=EVALUATOR)
    assert THAI.say("page.contradictions") not in words(town.get(PAGE).text)


@pytest.mark.parametrize("number", ["0", "5", "x", "1.0", "²"])
def test_quarter_that_is_none_leads_nowhere(town, number):
    enter(town)
    assert town.get(f"{BASE}/quarters/{number}").status_code == 404


def test_receipt_of_what_was_not_handed_in_leads_to_the_report(town):
    enter(town)
    assert town.client.get(f"{PAGE}/receipt", follow_redirects=False).headers["location"] == PAGE

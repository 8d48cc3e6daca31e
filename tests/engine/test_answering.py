"""A return is answered point by point, whoever wrote its points and however."""

import pytest

from engine import actions
from engine.answering import answered, points_of, unanswered
from tests.cast import COMMITTEE, COORDINATOR, EVALUATOR, SECTION_HEAD, at
from tests.engine.memory import desk, kinds


@pytest.mark.parametrize(
    ("reason", "points"),
    [
        ("แนบมติที่ประชุม", ["แนบมติที่ประชุม"]),
        ("1. แนบมติ\n2. ระบุวันที่", ["แนบมติ", "ระบุวันที่"]),
        ("1) แนบมติ 2) ระบุวันที่", ["แนบมติ", "ระบุวันที่"]),
        ("๑.แนบมติ\n๒.ระบุวันที่", ["แนบมติ", "ระบุวันที่"]),
        ("- แนบมติ\n\n• ระบุวันที่\n", ["แนบมติ", "ระบุวันที่"]),
        ("1..แนบมติ\n2..ระบุวันที่", ["แนบมติ", "ระบุวันที่"]),
        ("(1) แนบมติ\n(2) ระบุวันที่", ["แนบมติ", "ระบุวันที่"]),
        ("ขาดรายงานการประชุมครั้งที่ 2/64 วันที่ 18.5.64", ["ขาดรายงานการประชุมครั้งที่ 2/64 วันที่ 18.5.64"]),
        ("1.5 เท่าของเป้าหมายไม่ถูกต้อง", ["1.5 เท่าของเป้าหมายไม่ถูกต้อง"]),
        ("  \n ", []),
        ("", []),
    ],
)
def test_reason_has_its_points(reason, points):
    assert points_of(reason) == points


def test_each_point_without_an_answer_is_named():
    found = list(unanswered("แนบมติ\nระบุวันที่\nลงนาม", ["แนบแล้ว", " "]))
    assert [(one.params["number"], one.params["point"]) for one in found] == [(2, "ระบุวันที่"), (3, "ลงนาม")]


def test_answer_keeps_the_points_it_answers():
    assert answered("1. แนบมติ\n2. ระบุวันที่", ["แนบแล้ว", " 18 พ.ค. "]) == (
        "1. แนบมติ\n→ แนบแล้ว\n2. ระบุวันที่\n→ 18 พ.ค."
    )


def returned_report():
    made = desk()
    on = at(made.indicator.fiscal_year.quarters[1].last_day)
    made.do(actions.write_report, 2, narrative="We met.", now=on)
    made.do(actions.submit_report, 2, now=on)
    made.do(actions.return_report, 2, reason="name the day\nattach the minutes", by=SECTION_HEAD, now=on)
    made.do(actions.write_report, 2, narrative="We met on 3 March.", now=on)
    return made, on


def test_returned_report_is_handed_in_again_with_every_point_answered():
    made, on = returned_report()
    answers = ["3 March", "attached"]
    outcome = made.do(actions.submit_report, 2, answers=answers, now=on)

    report = made.indicator.reports[2]
    assert report.answer == "1. name the day\n→ 3 March\n2. attach the minutes\n→ attached"
    assert outcome.event is not None
    assert outcome.event.data["answer"] == report.answer
    assert (report.state, report.return_reason) == ("submitted", "")


def test_returned_report_with_a_point_unanswered_is_refused():
    made, on = returned_report()
    assert kinds(lambda: made.do(actions.submit_report, 2, answers=["3 March"], now=on)) == [
        "return.unanswered"
    ]
    assert made.indicator.reports[2].state == "draft"


def test_returned_milestone_is_put_forward_again_with_every_point_answered():
    made = desk()
    made.record(COMMITTEE, made.indicator.fiscal_year.first_day)
    now = at(made.indicator.fiscal_year.first_day, 12)
    made.do(actions.return_milestone, COMMITTEE, reason="illegible", by=EVALUATOR, now=now)
    assert kinds(lambda: made.do(actions.achieve_milestone, COMMITTEE, answers=[""], now=now)) == [
        "return.unanswered"
    ]
    outcome = made.do(actions.achieve_milestone, COMMITTEE, answers=["scanned anew"], by=COORDINATOR, now=now)

    assert made.indicator.decisions[-1].reason == "1. illegible\n→ scanned anew"
    assert outcome.event is not None
    assert outcome.event.data["answer"] == "1. illegible\n→ scanned anew"


def test_script_may_hand_in_again_without_answers():
    made, on = returned_report()
    made.do(actions.submit_report, 2, now=on)
    assert made.indicator.reports[2].answer == ""

"""From the narratives of a quarter to the facts that they propose, and to nothing else."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from engine.indicator import Facts, Occurrence
from engine.levels import level_of
from engine.prose.proposals import Confidence, Proposal, ProposalStanding, of_year, proposals
from engine.quarter import FiscalYear
from engine.workflow import Workflow
from workflows.catalogue import Catalogue

CATALOGUE = Catalogue(Path(__file__).parents[2] / "workflows")
NETWORK = CATALOGUE.get("civil_society_network")
YEAR = FiscalYear.from_be(2564)
PAGE = (Path(__file__).parents[1] / "data" / "5049-2017.txt").read_text(encoding="utf-8").splitlines()
#: The four narratives stand behind the line that tells of the evaluation.
_BEFORE = next(number for number, line in enumerate(PAGE) if line.startswith("***"))
THUNG_KHRU = {quarter: PAGE[_BEFORE + quarter] for quarter in (1, 2, 3, 4)}

DONE, PLANNED, POSTPONED = ProposalStanding.DONE, ProposalStanding.PLANNED, ProposalStanding.POSTPONED
CANCELLED, REFERENCE, UNSUPPORTED = (
    ProposalStanding.CANCELLED,
    ProposalStanding.REFERENCE,
    ProposalStanding.UNSUPPORTED,
)


def read(text: str, quarter: int = 2, workflow: Workflow = NETWORK, unit: str = "") -> tuple[Proposal, ...]:
    return proposals(workflow, YEAR, quarter, text, unit=unit)


def brief(one: Proposal) -> tuple[str, str | None, str | None]:
    return one.standing.value, one.kind, one.occurred_on.isoformat() if one.occurred_on else None


def kinds_of(one: Proposal) -> list[str]:
    return [reason.kind.removeprefix("prose.") for reason in one.why]


# --- the page of Thung Khru -----------------------------------------------------------------------------


def test_page_of_thung_khru_proposes_its_facts_and_no_others():
    assert [(one.quarter, *brief(one)) for one in of_year(NETWORK, YEAR, THUNG_KHRU)] == [
        (1, "done", "project_plan", None),
        (1, "done", "appointing_order", "2020-11-30"),
        (1, "done", "meeting", "2020-12-21"),
        (2, "done", "meeting", "2021-01-19"),
        (2, "reference", None, "2016-12-30"),
        (2, "done", "invitation", None),
        (3, "done", "appointing_order", None),
        (3, "done", "meeting", "2021-05-18"),
        (3, "done", "position_order", "2021-05-24"),
        (3, "done", "position_order", "2021-05-25"),
        (3, "done", "meeting", "2021-06-29"),
        (4, "done", "resolution", None),
        (4, "done", "report", "2021-08-19"),
    ]


def test_page_of_thung_khru_names_documents_meetings_and_counts():
    found = of_year(NETWORK, YEAR, THUNG_KHRU)
    numbers = [one.document_number for one in found if one.document_number]
    assert numbers == ["ประชุมครั้งที่ 1/64", "571/2559", "ประชุมครั้งที่ 2/64", "ประชุมครั้งที่ 3/64"]
    assert [(one.count, one.count_unit) for one in found if one.count] == [(Decimal(7), "ประเด็น")]
    assert [one.kind for one in found if not one.counts] == ["invitation", "position_order", "position_order"]


def test_every_place_of_thung_khru_is_its_text():
    for one in of_year(NETWORK, YEAR, THUNG_KHRU):
        assert THUNG_KHRU[one.quarter][one.start : one.end] == one.text
        assert one.note == " ".join(one.text.split())


def accepted(found: tuple[Proposal, ...]) -> list[Occurrence]:
    """The facts as they stand once a person took all that was done, and another approved the undated."""
    noon = datetime(2021, 10, 1, 5, tzinfo=UTC)
    facts: list[Occurrence] = []
    for one in found:
        if one.done and one.milestone and one.kind:
            counts_on = one.occurred_on or YEAR.quarters[one.quarter - 1].last_day
            place = (len(facts) + 1, one.milestone, one.kind, one.counts)
            facts.append(Occurrence(*place, one.occurred_on, one.quarter, counts_on, noon, 1))
    return facts


def test_levels_of_thung_khru_once_all_is_accepted():
    facts = Facts(accepted(of_year(NETWORK, YEAR, THUNG_KHRU)))
    levels = [level_of(NETWORK, facts, quarter.last_day).level for quarter in YEAR.quarters]
    assert levels == [2, 3, 3, 5]


def test_agenda_of_29_june_is_not_taken_as_the_choice_of_the_issue():
    *_, meeting = read(THUNG_KHRU[3], 3)
    assert brief(meeting) == ("done", "meeting", "2021-06-29")
    assert "purpose" in kinds_of(meeting)


# --- where one statement ends and the next begins -------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "- แต่งตั้งคณะกรรมการ เมื่อวันที่ 5 ม.ค. 64 - จัดประชุมคณะกรรมการ เมื่อวันที่ 9 ก.พ. 64",
        "-แต่งตั้งคณะกรรมการ 5 ม.ค. 64\n-จัดประชุมคณะกรรมการ 9 ก.พ. 64",
        "1. แต่งตั้งคณะกรรมการ วันที่ 5 ม.ค. 64 2. จัดประชุมคณะกรรมการ วันที่ 9 ก.พ. 64",
        "1.. แต่งตั้งคณะกรรมการ วันที่ 5 ม.ค. 64 2.. จัดประชุมคณะกรรมการ วันที่ 9 ก.พ. 64",
        "1)แต่งตั้งคณะกรรมการ (5/1/2564) 2)จัดประชุมคณะกรรมการ (9/2/2564)",
        "(๑) แต่งตั้งคณะกรรมการ ๕ มกราคม ๒๕๖๔ (๒) จัดประชุมคณะกรรมการ ๙ กุมภาพันธ์ ๒๕๖๔",
        "• แต่งตั้งคณะกรรมการ 5 ม.ค. 64 • จัดประชุมคณะกรรมการ 9 ก.พ. 64",
        "แต่งตั้งคณะกรรมการ เมื่อวันที่ 5 ม.ค. 64 และจัดประชุมคณะกรรมการ เมื่อวันที่ 9 ก.พ. 64",
        "แต่งตั้งคณะกรรมการ เมื่อวันที่ 5 ม.ค. 64 จัดประชุมคณะกรรมการ เมื่อวันที่ 9 ก.พ. 64",
        "เมื่อวันที่ 5 ม.ค. 64 ได้แต่งตั้งคณะกรรมการ และเมื่อวันที่ 9 ก.พ. 64 จัดประชุมคณะกรรมการ",
        "วันที่ 5 ม.ค. 64 แต่งตั้งคณะกรรมการ วันที่ 9 ก.พ. 64 จัดประชุมคณะกรรมการ",
        "แต่งตั้งคณะกรรมการ ลว. 5 ม.ค. 64 ประชุมคณะกรรมการ เมื่อ 9 ก.พ. 64",
        "แต่งตั้งคณะกรรมการ เมื่อ 5 ม.ค. 64 สำนักงานเขตบางรักได้จัดประชุมคณะกรรมการ เมื่อ 9 ก.พ. 64",
        "ไตรมาสที่ 2 (ม.ค. - มี.ค. 64) แต่งตั้งคณะกรรมการ 5 ม.ค. 64 และจัดประชุมคณะกรรมการ 9 ก.พ. 64",
        "5 ม.ค. 64 - แต่งตั้งคณะกรรมการ\n9 ก.พ. 64 - ประชุมคณะกรรมการ",
        "มีคำสั่งแต่งตั้งฯ ที่ 8/2564 ลว. 5 ม.ค. 64 และจัดประชุมคณะกรรมการ 9 ก.พ. 64",
        "เเต่งตั้งคณะกรรมการ  5 ม.ค.\u200b64\n\n\nจัดประชุม คณะ กรรมการ\u00a09 ก.พ. 64",
    ],
)
def test_two_things_are_told_apart(text):
    assert [brief(one) for one in read(text)] == [
        ("done", "appointing_order", "2021-01-05"),
        ("done", "meeting", "2021-02-09"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "จัดประชุมคณะกรรมการ วันที่ 9 - 10 ก.พ. 64 เวลา 08.30 - 16.30 น.",
        "จัดประชุมคณะกรรมการ แผนงาน/โครงการ 1 - 2 ระหว่างวันที่ 9-10 ก.พ. 64",
        "จัดประชุมคณะกรรมการ จำนวน 7. ประเด็น 9-10 ก.พ. 64",
    ],
)
def test_a_dash_or_a_number_inside_begins_nothing(text):
    assert [brief(one) for one in read(text)] == [("done", "meeting", "2021-02-10")]


def test_each_meeting_has_its_day_and_its_number():
    text = "จัดประชุมคณะกรรมการ ครั้งที่ 1/64 เมื่อวันที่ 5 ม.ค. 64 ครั้งที่ 2/64 วันที่ 9 ก.พ. 64 และครั้งที่ 3/64 วันที่ 2 มี.ค. 64"
    assert [(one.occurred_on, one.document_number) for one in read(text)] == [
        (date(2021, 1, 5), "ประชุมครั้งที่ 1/64"),
        (date(2021, 2, 9), "ประชุมครั้งที่ 2/64"),
        (date(2021, 3, 2), "ประชุมครั้งที่ 3/64"),
    ]


def test_things_side_by_side_without_a_day_are_told_apart_by_their_milestones():
    text = "แต่งตั้งคณะกรรมการเครือข่ายและจัดประชุมคณะกรรมการเรียบร้อยแล้ว"
    assert [brief(one) for one in read(text)] == [
        ("done", "appointing_order", None),
        ("done", "meeting", None),
    ]


def test_a_resolution_has_the_day_of_its_meeting():
    text = "จัดประชุมเครือข่าย เมื่อวันที่ 9 ก.พ. 64 ที่ประชุมมีมติคัดเลือกประเด็นการจัดการขยะ"
    meeting, resolution = read(text)
    assert brief(resolution) == ("done", "resolution", "2021-02-09")
    assert "date_shared" in kinds_of(resolution)
    assert resolution.confidence is Confidence.MEDIUM
    assert meeting.confidence is Confidence.HIGH


def test_a_log_of_days_is_cut_at_its_days():
    text = "28/10/2563 ศึกษารายละเอียด 30/11/2563 แต่งตั้งคณะกรรมการ 31/12/2563 จัดประชุมคณะกรรมการ"
    assert [brief(one) for one in read(text, 1)] == [
        ("unsupported", None, "2020-10-28"),
        ("done", "appointing_order", "2020-11-30"),
        ("done", "meeting", "2020-12-31"),
    ]


def test_two_things_made_at_once_are_both_told():
    text = "จัดทำแผนพัฒนาฐานข้อมูลและบัญชีข้อมูล เมื่อวันที่ 5 ม.ค. 64"
    assert [brief(one) for one in read(text, 2, CATALOGUE.get("database_development"))] == [
        ("done", "plan", "2021-01-05"),
        ("done", "catalogue", "2021-01-05"),
    ]


def test_a_day_behind_another_verb_may_not_be_that_of_the_first():
    text = "แต่งตั้งคณะทำงานความปลอดภัย และประชุมคณะทำงาน เมื่อวันที่ 15 มกราคม 2564"
    (one,) = read(text, 2, CATALOGUE.get("occupational_safety_steps"))
    assert (one.kind, one.confidence) == ("appointing_order", Confidence.LOW)
    assert "another_verb" in kinds_of(one)


@pytest.mark.parametrize(
    "text",
    [
        "ประชุมคณะกรรมการ จำนวน 2 ครั้ง 1. วันที่ 5 ม.ค. 64 2. วันที่ 9 ก.พ. 64",
        "ประชุมคณะกรรมการ ครั้งที่ 1 (5 ม.ค. 64) ครั้งที่ 2 (9 ก.พ. 64)",
        "ประชุมคณะกรรมการ\n- ครั้งที่ 1/64 วันที่ 5 ม.ค. 64\n- ครั้งที่ 2/64 วันที่ 9 ก.พ. 64",
    ],
)
def test_days_that_are_listed_below_what_was_done_on_them_belong_to_it(text):
    assert [brief(one) for one in read(text)] == [
        ("done", "meeting", "2021-01-05"),
        ("done", "meeting", "2021-02-09"),
    ]


def test_a_report_that_comes_first_is_no_heading():
    text = "รายงานผลการดำเนินงานเครือข่ายต่อผู้บริหาร เมื่อวันที่ 5 ม.ค. 64\n- จัดประชุมคณะกรรมการ"
    assert [one.kind for one in read(text)] == ["report", "meeting"]


def test_a_list_of_what_something_consists_of_is_no_list_of_things_done():
    (one,) = read("ได้ประเด็นปัญหา จำนวน 3 ประเด็น ได้แก่ 1) ขยะ 2) น้ำเสีย 3) ยาเสพติด")
    assert (one.kind, one.count) == ("resolution", Decimal(3))


@pytest.mark.parametrize(
    "heading",
    [
        "ไตรมาสที่ 2 ดำเนินการดังนี้\n1. ",
        "สรุปผลการดำเนินงาน : ",
        "ผลการดำเนินงานไตรมาสที่ 2\n- ",
        "รายงานผลการดำเนินงาน - ",
        "สรุปผลการดำเนินการ 1.",
    ],
)
def test_a_heading_proposes_nothing(heading):
    assert [one.kind for one in read(f"{heading}จัดประชุมคณะกรรมการ")] == ["meeting"]


# --- what is not done -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("จะจัดประชุมคณะกรรมการในวันที่ 25 มีนาคม 2564", PLANNED),
        ("กำหนดจัดประชุมคณะกรรมการในวันที่ 25 มีนาคม 2564", PLANNED),
        ("มีกำหนดประชุมคณะกรรมการในเดือนมีนาคม 2564", PLANNED),
        ("อยู่ระหว่างแต่งตั้งคณะกรรมการ", PLANNED),
        ("ยังไม่ได้จัดประชุมคณะกรรมการ", PLANNED),
        ("รอแนวทางและหลักเกณฑ์การจัดตั้งเครือข่ายจากสำนักพัฒนาสังคม", PLANNED),
        ("เตรียมจัดประชุมคณะกรรมการ", PLANNED),
        ("ไม่สามารถจัดประชุมคณะกรรมการได้เนื่องจากโควิด-19", PLANNED),
        ("เลื่อนการประชุมคณะกรรมการเครือข่ายออกไป เนื่องจากโควิด-19", POSTPONED),
        ("จะจัดประชุมคณะกรรมการเดือนมีนาคม 2564 แต่เลื่อนออกไป", POSTPONED),
        ("ขอยกเลิกการจัดประชุมคณะกรรมการ", CANCELLED),
        ("งดจัดประชุมคณะกรรมการ", CANCELLED),
        ("ร่างคำสั่งแต่งตั้งคณะกรรมการ", PLANNED),
        ("จัดทำบันทึกเสนอแต่งตั้งคณะกรรมการ เมื่อวันที่ 18 ก.พ. 64", PLANNED),
        ("จึงต้องแต่งตั้งคณะกรรมการใหม่", PLANNED),
        ("สำนักพัฒนาสังคมแจ้งให้รายงานผล ภายในวันที่ 20 ก.ย. 64", PLANNED),
        ("แต่งตั้งคณะกรรมการไม่ทันในไตรมาสที่ 1", PLANNED),
        ("ขออนุมัติจัดประชุมคณะกรรมการ วันที่ 18 มี.ค. 64", PLANNED),
        ("นัดประชุมคณะกรรมการ ในวันที่ 18 มี.ค. 64", PLANNED),
        ("แผนไตรมาสต่อไป จัดประชุมคณะกรรมการ วันที่ 21 เม.ย. 64", PLANNED),
        ("เปลี่ยนแปลงวันประชุมคณะกรรมการ เป็นวันที่ 18 มี.ค. 64", POSTPONED),
        ("ยกเลิกการประชุมคณะกรรมการ ที่กำหนดไว้วันที่ 18 มี.ค. 64", CANCELLED),
    ],
)
def test_what_is_not_done_is_not_proposed_as_done(text, standing):
    assert [one.standing for one in read(text)] == [standing]


def test_what_was_done_stays_done_before_a_plan():
    text = "จัดประชุมคณะกรรมการ ครั้งที่ 1/64 เมื่อวันที่ 5 ม.ค. 64 และจะจัดประชุมคณะกรรมการ ครั้งที่ 2/64 ในเดือนมีนาคม 2564"
    assert [brief(one) for one in read(text)] == [
        ("done", "meeting", "2021-01-05"),
        ("planned", "meeting", None),
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "เลื่อนการประชุมคณะกรรมการ เนื่องจากโควิด-19 และได้จัดประชุมคณะกรรมการเมื่อวันที่ 18 ก.พ. 64",
            [("postponed", "meeting", None), ("done", "meeting", "2021-02-18")],
        ),
        (
            "ยังไม่ได้ส่งรายงานผล แต่ได้จัดประชุมคณะกรรมการ เมื่อ 18 ก.พ. 64",
            [("planned", "report", None), ("done", "meeting", "2021-02-18")],
        ),
        (
            "ประชุมคณะกรรมการ เมื่อวันที่ 18 ก.พ. 64 แต่ที่ประชุมยังไม่มีมติคัดเลือกประเด็น",
            [("done", "meeting", "2021-02-18"), ("planned", "resolution", None)],
        ),
        (
            "ประชุมคณะกรรมการ เมื่อวันที่ 18 ก.พ. 64 งบประมาณ 4,500 บาท และกำหนดประชุมครั้งต่อไปวันที่ 17 มี.ค. 64",
            [("done", "meeting", "2021-02-18"), ("planned", "meeting", "2021-03-17")],
        ),
        ("จัดประชุมคณะกรรมการ วันที่ 18 ก.พ. 64 แต่ไม่สามารถจัดประชุมได้", [("planned", "meeting", "2021-02-18")]),
    ],
)
def test_what_was_done_is_told_apart_from_what_was_not(text, told):
    assert [brief(one) for one in read(text)] == told


def test_what_stands_under_a_heading_of_plans_is_planned_until_the_next_heading():
    plan = "แผนการดำเนินงานไตรมาสต่อไป : จัดประชุมคณะกรรมการ วันที่ 21 เม.ย. 64"
    result = "ผลการดำเนินงาน : จัดประชุมคณะกรรมการ วันที่ 9 ก.พ. 64"
    for text in (f"{plan}\n{result}", f"{result}\n{plan}"):
        found = {one.occurred_on: one.standing for one in read(text)}
        assert found == {date(2021, 2, 9): DONE, date(2021, 4, 21): PLANNED}


@pytest.mark.parametrize(
    "text",
    [
        "จัดทำหนังสือเชิญ เพื่อแต่งตั้งคณะกรรมการ",
        "จัดทำหนังสือเชิญ เพื่อพิจารณาคัดเลือกประเด็น และรายงานผลการดำเนินการ",
    ],
)
def test_a_purpose_is_no_completion(text):
    assert [brief(one) for one in read(text)] == [("done", "invitation", None)]


@pytest.mark.parametrize(
    "purpose",
    [
        "เพื่อให้ที่ประชุมมีมติคัดเลือกประเด็น",
        "เพื่อให้ได้ประเด็นปัญหาของพื้นที่",
        "เพื่อนำเข้าที่ประชุมคัดเลือกประเด็น",
        "เพื่อเสนอที่ประชุมเห็นชอบประเด็น",
        "เพื่อพิจารณาคัดเลือกประเด็น และมอบหมายให้แต่งตั้งคณะกรรมการ",
    ],
)
def test_a_meeting_for_a_purpose_is_a_meeting_and_no_more(purpose):
    text = f"จัดประชุมคณะกรรมการ เมื่อวันที่ 5 ม.ค. 64 {purpose}"
    assert [brief(one) for one in read(text)] == [("done", "meeting", "2021-01-05")]


def test_a_day_by_which_it_is_due_is_not_the_day_of_the_fact():
    (on_the_day,) = read("ส่งรายงานสรุปเครือข่ายภายในกำหนด เมื่อวันที่ 15 มีนาคม 2564")
    assert on_the_day.occurred_on == date(2021, 3, 15)
    (one,) = read("ส่งรายงานสรุปเครือข่าย ภายในวันที่ 15 มีนาคม 2564")
    assert (brief(one), "deadline" in kinds_of(one)) == (("done", "report", None), True)


def test_what_only_considers_an_issue_does_not_choose_it():
    (one,) = read("พิจารณาคัดเลือกประเด็นปัญหาของพื้นที่")
    assert (one.kind, one.counts) == ("agenda_item", False)


# --- days, documents, other years -----------------------------------------------------------------------


def test_appointment_by_an_order_has_the_day_and_the_number_of_the_order():
    (one,) = read("แต่งตั้งคณะกรรมการเครือข่าย ตามคำสั่งสำนักงานเขต ที่ 12/2564 ลงวันที่ 4 มกราคม 2564")
    assert (brief(one), one.document_number) == (("done", "appointing_order", "2021-01-04"), "12/2564")


def test_letter_keeps_the_number_of_its_office():
    (one,) = read("มีหนังสือ ที่ กท๕๐๔๙/๑๑๑๖ ลว. 4 ม.ค. 64 เชิญชวนเครือข่าย")
    assert (brief(one), one.document_number) == (("done", "invitation", "2021-01-04"), "กท 5049/1116")


def test_order_under_which_a_meeting_is_held_is_a_reference():
    text = "จัดประชุมคณะกรรมการ ตามคำสั่งที่ 12/2564 ลงวันที่ 4 ม.ค. 64 เมื่อวันที่ 9 ก.พ. 64"
    assert [(brief(one), one.document_number) for one in read(text)] == [
        (("done", "meeting", "2021-02-09"), None),
        (("reference", None, "2021-01-04"), "12/2564"),
    ]


def test_order_of_another_year_in_brackets_is_set_aside_with_its_number():
    text = "คณะกรรมการเครือข่าย (คำสั่งที่ 300/2562 ลว. 1 ส.ค. 2562) ได้ประชุมเครือข่าย เมื่อวันที่ 9 ก.พ. 2564"
    assert [(brief(one), one.document_number) for one in read(text)] == [
        (("done", "meeting", "2021-02-09"), None),
        (("reference", None, "2019-08-01"), "300/2562"),
    ]


def test_day_behind_what_it_was_done_by_is_still_its_day():
    (one,) = read("จัดประชุมคณะกรรมการตามนโยบายผู้ว่าราชการ เมื่อวันที่ 5 ม.ค. 64")
    assert brief(one) == ("done", "meeting", "2021-01-05")


def test_a_new_committee_in_place_of_an_old_one_is_work_of_this_year():
    old = "แต่งตั้งคณะกรรมการแทนชุดเดิมตามคำสั่งที่ 5/2560 ลงวันที่ 3 ม.ค. 2560"
    assert [brief(one) for one in read(old)] == [
        ("done", "appointing_order", None),
        ("reference", None, "2017-01-03"),
    ]


def test_order_of_another_year_is_no_work_of_this_one():
    (one,) = read("แต่งตั้งคณะกรรมการเครือข่าย ตามคำสั่งที่ 9/2559 ลงวันที่ 4 มกราคม 2559")
    assert (one.standing, "outside_year" in kinds_of(one)) == (REFERENCE, True)


@pytest.mark.parametrize(
    "text",
    [
        "แต่งตั้งคณะกรรมการเครือข่าย ตามคำสั่งที่ 215/2561",
        "ใช้คณะกรรมการชุดเดิมตามคำสั่ง ที่ 215/2561 ลงวันที่ 14 พ.ค. 2561 เรื่อง แต่งตั้งคณะกรรมการเครือข่าย",
    ],
)
def test_order_numbered_or_titled_in_another_year_is_no_work_of_this_one(text):
    assert DONE not in {one.standing for one in read(text)}
    assert "215/2561" in {one.document_number for one in read(text)}


@pytest.mark.parametrize(
    "known",
    [
        "ตามที่คณะกรรมการได้ประชุมเมื่อวันที่ 5 ม.ค. 64 นั้น สำนักงานเขต",
        "สืบเนื่องจากการประชุมคณะกรรมการ เมื่อวันที่ 5 ม.ค. 64 ฝ่ายพัฒนาชุมชน",
        "อ้างถึงหนังสือที่ กท 1508/667 ลว. 5 ม.ค. 64 สำนักงานเขต",
    ],
)
def test_what_is_known_already_is_a_reference(known):
    assert sorted(brief(one) for one in read(f"{known}ได้แต่งตั้งคณะทำงาน ตามคำสั่ง ลว. 9 ก.พ. 64")) == [
        ("done", "appointing_order", "2021-02-09"),
        ("reference", None, "2021-01-05"),
    ]


def test_a_letter_has_its_own_day_and_not_the_one_that_it_speaks_of():
    (one,) = read("มีหนังสือ ลงวันที่ 5 ม.ค. 64 เชิญคณะกรรมการเข้าร่วมประชุมในวันที่ 20 ม.ค. 64")
    assert brief(one) == ("done", "invitation", "2021-01-05")


def test_a_resolution_keeps_the_day_of_its_meeting_beside_a_later_report():
    text = "ที่ประชุมคณะกรรมการ เมื่อวันที่ 5 ม.ค. 64 มีมติเลือกประเด็นขยะ และได้รายงานผลผู้อำนวยการเขต เมื่อวันที่ 9 ก.พ. 64"
    assert [brief(one) for one in read(text)][1:] == [
        ("done", "resolution", "2021-01-05"),
        ("done", "report", "2021-02-09"),
    ]


def test_month_that_was_worked_on_is_not_when_it_was_done():
    text = "บันทึกข้อมูลเดือน ม.ค. 64 แล้ว เมื่อวันที่ 5 ก.พ. 64"
    (one,) = read(text, 2, CATALOGUE.get("database_development"))
    assert brief(one) == ("done", "entry", "2021-02-05")


def test_day_of_another_quarter_is_flagged():
    (one,) = read("จัดประชุมคณะกรรมการ เมื่อวันที่ 5 พ.ย. 2563", 2)
    assert (brief(one), one.confidence) == (("done", "meeting", "2020-11-05"), Confidence.MEDIUM)
    assert "other_quarter" in kinds_of(one)


@pytest.mark.parametrize(
    ("quarter", "when", "first", "last"),
    [
        (2, "ระหว่างวันที่ 9-10 ก.พ. 64", (2021, 2, 9), (2021, 2, 10)),
        (1, "ระหว่างวันที่ ๑๔-๑๖ ธันวาคม ๒๕๖๓", (2020, 12, 14), (2020, 12, 16)),
        (1, "14-25 Dec", (2020, 12, 14), (2020, 12, 25)),
        (2, "ตั้งแต่วันที่ 28 ธ.ค. 2563 ถึงวันที่ 5 ม.ค. 2564", (2020, 12, 28), (2021, 1, 5)),
    ],
)
def test_of_a_range_that_is_over_the_last_day_is_proposed(quarter, when, first, last):
    (one,) = read(f"จัดประชุมคณะกรรมการ {when}", quarter)
    assert (one.occurred_on, one.first, one.last) == (date(*last), date(*first), date(*last))
    assert (one.confidence, "range_end" in kinds_of(one)) == (Confidence.MEDIUM, True)


@pytest.mark.parametrize(
    ("when", "first", "last", "why"),
    [
        ("ในเดือนมกราคม 2564", (2021, 1, 1), (2021, 1, 31), "months"),
        ("เดือน ม.ค. - มี.ค. 64", (2021, 1, 1), (2021, 3, 31), "months"),
        ("ระหว่างวันที่ 29 มี.ค. - 2 เม.ย. 64", (2021, 3, 29), (2021, 4, 2), "range"),
        ("ปี 2562-2564", (2019, 1, 1), (2021, 12, 31), "range"),
    ],
)
def test_no_day_is_guessed_of_months_and_of_days_that_were_still_to_come(when, first, last, why):
    (one,) = read(f"จัดประชุมคณะกรรมการ {when}")
    assert (one.standing, one.occurred_on) == (DONE, None)
    assert (one.first, one.last, one.undated) == (date(*first), date(*last), False)
    assert why in kinds_of(one)


def test_no_day_of_a_range_is_proposed_for_what_is_only_planned():
    (one,) = read("จะจัดประชุมคณะกรรมการ ระหว่างวันที่ 9-10 ก.พ. 64")
    assert (one.standing, one.occurred_on, one.last) == (PLANNED, None, date(2021, 2, 10))


def test_day_without_a_year_lies_in_the_fiscal_year():
    (one,) = read("จัดประชุมคณะกรรมการ วันที่ 15 ธันวาคม", 1)
    assert (one.occurred_on, one.confidence) == (date(2020, 12, 15), Confidence.MEDIUM)


def test_swapped_day_and_month_are_no_doubt_where_only_one_lies_in_the_quarter():
    (sure,) = read("จัดประชุมคณะกรรมการ 9/2/2564", 2)
    (unsure,) = read("จัดประชุมคณะกรรมการ 3/2/2564", 2)
    assert (sure.confidence, unsure.confidence) == (Confidence.HIGH, Confidence.MEDIUM)


def test_text_that_fits_nothing_is_kept_for_the_reader():
    (one,) = read("ลงพื้นที่เก็บขยะ เมื่อวันที่ 3 มีนาคม 2564")
    assert brief(one) == ("unsupported", None, "2021-03-03")


@pytest.mark.parametrize("text", ["", "-", " \n ", "- -", "…", "\u200b"])
def test_a_text_that_says_nothing_proposes_nothing(text):
    assert read(text) == ()


def test_what_stood_in_an_earlier_quarter_is_not_proposed_again():
    text = "แต่งตั้งคณะกรรมการ เมื่อวันที่ 30 พ.ย. 2563 - จัดทำโครงการจัดตั้งเครือข่าย"
    found = of_year(NETWORK, YEAR, {1: text, 2: f"{text} - จัดประชุมคณะกรรมการ วันที่ 9 ก.พ. 64"})
    assert [(one.quarter, one.standing, one.kind) for one in found] == [
        (1, DONE, "appointing_order"),
        (1, DONE, "project_plan"),
        (2, REFERENCE, "appointing_order"),
        (2, REFERENCE, "project_plan"),
        (2, DONE, "meeting"),
    ]


# --- other workflows ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workflow", "text", "kind"),
    [
        ("database_development", "แต่งตั้งคณะทำงานธรรมาภิบาลข้อมูล ตามคำสั่งที่ 5/2564", "appointing_order"),
        ("database_development", "จัดทำบัญชีข้อมูลของหน่วยงาน", "catalogue"),
        ("database_development", "บันทึกข้อมูลในระบบ จำนวน 22 รายการ เดือน พ.ย. 63", "entry"),
        ("database_development", "จัดอบรมเจ้าหน้าที่ผู้บันทึกข้อมูล", "training"),
        ("database_development", "เผยแพร่ฐานข้อมูลบนเว็บไซต์สำนักงานเขต", "opening"),
        ("success_level", "สำรวจและจัดทำทะเบียนพื้นที่ทำการค้า", "survey"),
        ("success_level", "จัดทำแผนปฏิบัติงานของสำนักงานเขต", "draft_plan"),
        ("success_level", "แผนปฏิบัติงานได้รับความเห็นชอบจากผู้อำนวยการเขต", "plan"),
        ("success_level", "มีคำสั่งมอบหมายหน้าที่เจ้าหน้าที่เทศกิจ", "order"),
        ("success_level", "ดำเนินการตามแผนที่กำหนด", "activity"),
        ("occupational_safety_steps", "จัดส่งโครงการให้สำนักอนามัย", "project"),
        ("occupational_safety_steps", "จัดส่งเอกสารหลักฐานให้สำนักอนามัย", "report"),
        ("bylaw_drafting", "ยกร่างข้อบัญญัติกรุงเทพมหานคร", "draft"),
        ("bylaw_drafting", "จัดรับฟังความคิดเห็นต่อร่างข้อบัญญัติ", "hearing"),
        ("bylaw_drafting", "ประกาศเชิญชวนแสดงความคิดเห็นต่อร่างข้อบัญญัติ", "announcement"),
        ("bylaw_drafting", "เสนอร่างข้อบัญญัติต่อสภากรุงเทพมหานคร", "submission"),
    ],
)
def test_phrases_of_the_definitions_that_come_along(workflow, text, kind):
    (one,) = read(text, 2, CATALOGUE.get(workflow))
    assert (one.standing, one.kind) == (DONE, kind)


# --- measured -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("workflow", "unit", "text", "value", "day"),
    [
        (
            "percent_of_target",
            "ร้อยละ",
            "เบิกจ่ายแล้ว คิดเป็นร้อยละ 22.46 (ข้อมูล ณ วันที่ 25 มีนาคม 2564)",
            "22.46",
            "2021-03-25",
        ),
        ("percent_of_target", "ร้อยละ", "ผลการดำเนินงาน ๔๑.๙๔ %", "41.94", None),
        ("percent_of_target", "ร้อยละ", "เป้าหมายร้อยละ 90 ทำได้ร้อยละ 62", "62", None),
        ("count_of_target", "ครั้ง", "จัดกิจกรรมแล้ว 1,204 ครั้ง", "1204", None),
        ("satisfaction_score", "คะแนน", "ความพึงพอใจมีคะแนนเฉลี่ย 4.452/5", "4.452", None),
        ("satisfaction_score", "คะแนน", "ความพึงพอใจเฉลี่ย ๔.๓๘ จาก ๕ คะแนน", "4.38", None),
        (
            "satisfaction_score",
            "คะแนน",
            "คะแนนเต็ม 5 คะแนน ได้ 4.6 คะแนน สูงกว่าปี 2563 ที่ได้ 4.3 คะแนน",
            "4.6",
            None,
        ),
        ("percent_of_target", "ร้อยละ", "แผนร้อยละ 40 ผลร้อยละ 38.2", "38.2", None),
        ("percent_of_target", "ร้อยละ", "ทำได้ร้อยละ 20 ไตรมาสที่ 3 ตั้งเป้าไว้ร้อยละ 45", "20", None),
        ("count_of_target", "แห่ง", "ผ่านเกณฑ์จำนวน 6 แห่ง ไม่ผ่าน 2 แห่ง จากทั้งหมด 8 แห่ง", "6", None),
        ("count_of_target", "ครั้ง", "ม.ค. จำนวน 2 ครั้ง ก.พ. จำนวน 3 ครั้ง รวม 5 ครั้ง", "5", None),
        ("count_of_target", "ครั้ง", "กำหนดจัด 4 ครั้ง ขณะนี้จัดแล้ว 2 ครั้ง", "2", None),
        ("count_of_target", "ครั้ง", "จัดกิจกรรมสัปดาห์ละ 2 ครั้ง รวม 24 ครั้ง", "24", None),
    ],
)
def test_a_value_that_is_certain_is_proposed(workflow, unit, text, value, day):
    (one,) = read(text, 2, CATALOGUE.get(workflow), unit)
    assert (one.standing, one.milestone, one.value) == (DONE, "result", Decimal(value))
    assert one.occurred_on == (date.fromisoformat(day) if day else None)


@pytest.mark.parametrize(
    ("workflow", "unit", "text"),
    [
        ("percent_of_target", "ร้อยละ", "ร้อยละ 20 ร้อยละ 35 ร้อยละ 40 ร้อยละ 55 ร้อยละ 60"),
        ("percent_of_target", "ร้อยละ", "คาดว่าจะเบิกจ่ายได้ร้อยละ 90"),
        ("percent_of_target", "ร้อยละ", "เป้าหมายไม่น้อยกว่าร้อยละ 90"),
        ("percent_of_target", "ร้อยละ", "ดำเนินการแล้ว 45 ครั้ง"),
        ("percent_of_target", "ระดับ", "คิดเป็นร้อยละ 62"),
        ("satisfaction_score", "คะแนน", "คะแนนเฉลี่ย 48.3"),
        ("count_of_target", "", "จัดกิจกรรม 4 ครั้ง"),
        ("count_of_target", "ครั้ง", "จัดกิจกรรมครั้งที่ 4"),
    ],
)
def test_a_value_that_is_not_certain_is_not_proposed(workflow, unit, text):
    assert read(text, 2, CATALOGUE.get(workflow), unit) == ()


def test_values_that_contradict_each_other_are_each_proposed_at_their_words():
    text = "เบิกจ่ายแล้ว คิดเป็นร้อยละ 22.46 (ข้อมูล ณ วันที่ 25 มีนาคม 2564) - ความก้าวหน้า 35 % - เป้าหมายร้อยละ 90"
    found = read(text, 2, CATALOGUE.get("percent_of_target"), "ร้อยละ")
    assert [(one.value, one.text) for one in found] == [
        (Decimal("22.46"), "ร้อยละ 22.46"),
        (Decimal(35), "35 %"),
    ]
    assert [one.confidence for one in found] == [Confidence.LOW, Confidence.LOW]
    assert [one.occurred_on for one in found] == [date(2021, 3, 25), None]
    assert [one.why[-1].params["others"] for one in found] == [[Decimal(35)], [Decimal("22.46")]]


def test_value_that_is_stated_twice_contradicts_nothing():
    text = "ดำเนินการได้ร้อยละ 62 - รวมเป็นร้อยละ 62.00"
    (one,) = read(text, 2, CATALOGUE.get("percent_of_target"), "ร้อยละ")
    assert "contradicts" not in kinds_of(one)

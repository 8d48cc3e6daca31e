"""An agency asks for a correction of a sealed quarter; whoever may correct finds the form filled in."""

from datetime import date

import pytest

from engine import actions
from engine.actions import NewOccurrence
from engine.quarter import FiscalYear
from tests.cast import ADMINISTRATOR, COMMITTEE, COORDINATOR, EVALUATOR, GUIDELINES, YEAR, at
from tests.web.coordinators import (
    BASE,
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

DAY = date(2021, 2, 1)
MILESTONE = f"{BASE}/milestones/{COMMITTEE}"
WHY = "พบคำสั่งแต่งตั้งภายหลัง"


@pytest.fixture
def sealed(town):
    """The guidelines were recorded and the first quarter is sealed; the coordinator looks."""
    town.clock.now = at(date(2021, 1, 5))
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, date(2020, 12, 1)))
    with town.store.begin() as tx:
        quarter = FiscalYear(YEAR).quarters[0]
        actions.seal_quarter(tx, quarter, reason="พ้นกำหนด", by=EVALUATOR, now=town.clock.now)
    return enter(town, COORDINATOR, DAY)


def asked(town):
    return fill(town, f"{MILESTONE}/ask_correction", day="20 ธ.ค. 2563", document="คำสั่ง 571/2563", reason=WHY)


def test_missing_fact_is_asked_for_from_the_page_of_its_milestone(sealed):
    assert f'href="{MILESTONE}/ask_correction"' in sealed.get(MILESTONE).text
    refused = fill(sealed, f"{MILESTONE}/ask_correction", day="25 ม.ค. 2564", document="571", reason="")
    assert {field for field, _ in errors(refused)} == {"day", "reason"}
    assert value_of(refused, "document") == "571"

    page = arrive(sealed, asked(sealed))

    assert banner(page)[0].startswith("ส่งคำขอแล้ว")
    said = words(page.text)
    assert "ขอแก้ไขหลังปิดไตรมาส: แต่งตั้งคณะกรรมการ" in said
    assert "20 ธันวาคม 2563 · คำสั่ง 571/2563" in said
    assert f"เหตุผล: {WHY}" in said
    assert "รอพิจารณา" in said
    assert "อนุมัติ" not in said


@pytest.mark.parametrize("by", [EVALUATOR, ADMINISTRATOR])
def test_whoever_may_correct_finds_it_and_the_form_filled_in(sealed, by):
    asked(sealed)
    enter(sealed, by, DAY)
    assert f'href="{BASE}/petitions/1"' in sealed.get("/").text
    form = f"{MILESTONE}/correct?petition=1"
    assert f'href="{form}"' in sealed.get(f"{BASE}/petitions/1").text
    page = sealed.get(form)
    given = {name: value_of(page, name) for name in ("day", "document", "petition")}
    assert given == {"day": "20 ธ.ค. 2563", "document": "คำสั่ง 571/2563", "petition": "1"}
    assert f"{WHY}</textarea>" in page.text

    done = arrive(sealed, fill(sealed, form, to=f"{MILESTONE}/correct", reason=WHY, **given))

    assert banner(done)[0].startswith("บันทึกการแก้ไขหลังปิดไตรมาสแล้ว")
    fact = indicator(sealed).occurrences[-1]
    assert (fact.occurred_on, fact.recorded_by, fact.note) == (date(2020, 12, 20), by.id, WHY)
    assert "อนุมัติแล้ว" in words(sealed.get(f"{BASE}/petitions/1").text)
    again = fill(sealed, form, to=f"{MILESTONE}/correct", reason="อีกครั้ง", day="21 ธ.ค. 2563", petition="1")
    assert "คำขอ อนุมัติแล้ว" in words(again.text)
    assert len(indicator(sealed).occurrences) == 2


def test_it_stands_in_the_queue_and_is_not_said_to_have_run_out(sealed):
    asked(sealed)
    enter(sealed, EVALUATOR, DAY)
    said = words(sealed.get("/review").text)
    assert "ขอแก้ไขหลังปิดไตรมาส" in said
    assert "หมดอายุ" not in said


def test_wrong_fact_is_asked_to_be_taken_back_and_is(sealed):
    act = f"{BASE}/occurrences/1/ask_correction"
    assert f'href="{act}"' in sealed.get(f"{BASE}/milestones/{GUIDELINES}").text
    assert [field for field, _ in errors(fill(sealed, act, reason=""))] == ["reason"]
    arrive(sealed, fill(sealed, act, reason="ของปีก่อน"))

    enter(sealed, EVALUATOR, DAY)
    page = sealed.get(f"{BASE}/petitions/1")
    assert "ขอให้ยกเลิกข้อเท็จจริงนี้" in page.text
    arrive(sealed, fill(sealed, f"{BASE}/petitions/1/grant"))

    fact = indicator(sealed).occurrences[0]
    assert (fact.void_reason, fact.voided_by) == ("ของปีก่อน", EVALUATOR.id)


def test_declined_correction_says_that_nothing_changes_and_why(sealed):
    asked(sealed)
    enter(sealed, EVALUATOR, DAY)
    page = sealed.get(f"{BASE}/petitions/1/decline")
    assert "ข้อเท็จจริงและระดับทุกค่าคงเดิม" in page.text
    fill(sealed, f"{BASE}/petitions/1/decline", reason="คำสั่งเป็นของปีก่อน")

    enter(sealed, COORDINATOR, DAY)
    said = words(sealed.get(f"{BASE}/petitions/1").text)
    assert "ไม่อนุมัติ" in said
    assert "คำสั่งเป็นของปีก่อน" in said
    assert len(indicator(sealed).occurrences) == 1


def test_form_of_another_petition_leads_nowhere(sealed):
    arrive(sealed, fill(sealed, f"{BASE}/occurrences/1/ask_correction", reason="ของปีก่อน"))
    enter(sealed, EVALUATOR, DAY)
    for number in ("1", "2", "x"):
        assert sealed.get(f"{MILESTONE}/correct?petition={number}").status_code == 404


def test_nobody_asks_where_nothing_is_sealed_nor_evaluators_at_all(town):
    enter(town, COORDINATOR, DAY)
    assert "ask_correction" not in town.get(MILESTONE).text
    enter(town, EVALUATOR, DAY)
    assert town.get(f"{MILESTONE}/ask_correction").status_code == 403
    assert heading(town.get(MILESTONE))

"""The proof of a level: each rule met or not and by which fact, as level_of finds it; and what is missing."""

import re
from datetime import date

import pytest

from engine import actions
from engine.actions import NewOccurrence
from engine.levels import Basis, level_of
from tests.cast import (
    COMMITTEE,
    EVALUATOR,
    GUIDELINES,
    MEETINGS,
    REPORT,
    SAI_MAI_COORDINATOR,
    at,
)
from tests.web.coordinators import BASE, DAY, did, enter, indicator, words

PROOF = f"{BASE}/proof"
_RUNG = re.compile(r'<h3[^>]*radap-rung-head">ระดับ (\d): (.*?)</h3>', re.DOTALL)
_LEVEL = re.compile(r'radap-standing__level">(.*?)<')


@pytest.fixture
def proved(town):
    """Guidelines verified with a link, the committee told later, one of two meetings; the evaluator looks."""
    enter(town, day=date(2021, 1, 20))
    new = NewOccurrence(GUIDELINES, date(2020, 12, 14), document_number="12/2563")
    did(town, actions.record_occurrence, new)
    did(town, actions.attach_evidence, GUIDELINES, link="https://example.org/12", occurrence=1)
    did(town, actions.verify_milestone, GUIDELINES, by=EVALUATOR)
    town.clock.now = at(date(2021, 3, 1))
    did(town, actions.record_occurrence, NewOccurrence(COMMITTEE, date(2021, 1, 5)))
    did(town, actions.record_occurrence, NewOccurrence(MEETINGS, date(2021, 2, 2)))
    did(town, actions.record_occurrence, NewOccurrence(MEETINGS, date(2021, 6, 2), planned=True))
    return enter(town, EVALUATOR)


@pytest.mark.parametrize("basis", list(Basis))
@pytest.mark.parametrize(
    ("asked", "on", "known_at"),
    [
        ("", DAY, None),
        ("on=2020-12-14", date(2020, 12, 14), None),
        ("on=31 ม.ค. 2564", date(2021, 1, 31), None),
        ("on=31 ม.ค. 2564&known_at=31 ม.ค. 2564", date(2021, 1, 31), at(date(2021, 1, 31), 23)),
    ],
)
def test_proof_is_that_of_level_of(proved, basis, asked, on, known_at):
    fields = dict(one.split("=") for one in asked.split("&") if one)
    page = proved.client.get(PROOF, params={"basis": str(basis), **fields})
    one = indicator(proved)
    through = one.fiscal_year.last_day if basis is Basis.PROJECTED else None
    found = level_of(one.workflow, one.facts, on, known_at, basis, through)

    level = f"{found.level + found.fraction:.2f}".rstrip("0").rstrip(".")
    assert _LEVEL.findall(page.text) == [level]
    shown = {int(number): "ครบแล้ว" in words(text) for number, text in _RUNG.findall(page.text)}
    assert shown == {rung.level.level: rung.proof.met for rung in found.rungs}
    facts = {int(number) for number in re.findall(r"รายการที่ (\d+):", page.text)}
    assert facts == {number for rung in found.rungs for number in rung.proof.facts}


def test_fact_is_told_with_its_day_document_evidence_and_who_accepted_it(proved):
    text = proved.get(PROOF).text
    (fact,) = [one for one in text.split("<li>") if "12/2563" in one]

    assert words(fact).startswith("รายการที่ 1: 14 ธ.ค. 2563 · 12/2563 ผู้ประสานงานเขตทุ่งครุ เมื่อ 20 ม.ค. 2564")
    assert "✔ ตรวจรับโดย ผู้ประเมิน เมื่อ 20 ม.ค. 2564" in words(fact)
    assert 'href="https://example.org/12"' in fact


def test_what_is_missing_says_who_can_supply_it(proved):
    claimed, verified = words(proved.get(PROOF).text), words(proved.get(f"{PROOF}?basis=verified").text)

    assert "สิ่งที่ยังขาดสำหรับระดับ 3" in claimed
    assert "ผู้ที่ทำได้: ผู้ประสานงาน" in claimed
    assert "สิ่งที่ยังขาดเพื่อให้ตรวจรับถึงระดับ 2" in verified
    assert "ผู้ที่ทำได้: ผู้ประเมิน" in verified


def test_evidence_of_a_milestone_itself_stands_at_its_rule(proved):
    did(proved, actions.attach_evidence, COMMITTEE, link="https://example.org/order")
    (rule,) = [one for one in proved.get(PROOF).text.split("<h3") if "example.org/order" in one]
    assert "ระดับ 2: แต่งตั้งคณะกรรมการ" in words("<h3" + rule)


def test_withdrawn_evidence_proves_nothing(proved):
    did(proved, actions.withdraw_evidence, 1, reason="ผิดไฟล์")
    assert "https://example.org/12" not in proved.get(PROOF).text


def test_proof_of_another_district_is_not_there(proved):
    enter(proved, SAI_MAI_COORDINATOR)
    assert proved.get(PROOF).status_code == 404


def test_day_of_another_year_is_told_of(proved):
    page = proved.client.get(PROOF, params={"on": "1 ต.ค. 2565"})
    assert page.status_code == 422
    assert "อยู่นอกปีงบประมาณ 2564" in words(page.text)
    assert 'value="1 ต.ค. 2565"' in page.text


def test_proof_asks_as_often_for_thirty_facts_as_for_one(proved):
    from tests.counting import counted  # noqa: PLC0415 - it makes rows of its own

    def asked() -> int:
        proved.get(PROOF)
        with counted(proved.store) as sent:
            proved.get(PROOF)
        return len(sent)

    few = asked()
    for number in range(30):
        did(proved, actions.record_occurrence, NewOccurrence(REPORT, DAY, document_number=f"{number}/64"))
    assert asked() == few

"""The evaluator seals a quarter: what is open is listed, what stops it stops it, and the proof names it."""

import re
import threading
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import delete, func, select, update

from engine import actions
from engine.actions import NewOccurrence, NewPetition
from engine.petition import PetitionKind
from storage import tables as t
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    MEETINGS,
    REPORT,
    SECTION_HEAD,
    at,
)
from tests.web.coordinators import BASE, arrive, banner, did, enter, errors, fill, heading, value_of, words
from tests.web.doorway import token_in
from web.reports.worker import Maker

PAGE = "/seals/2564/1"
DAY = date(2021, 2, 1)
_CHECK = re.compile(r'id="check-(\w+)">.*?<strong[^>]*>(.*?)</strong>', re.DOTALL)


@pytest.fixture
def open_quarter(town):
    """A level that was not verified, an undated fact, a report that waits, and two petitions."""
    town.clock.now = at(date(2021, 1, 5))
    did(town, actions.record_occurrence, NewOccurrence(GUIDELINES, date(2020, 12, 1)))
    did(town, actions.record_occurrence, NewOccurrence(MEETINGS, None, 1, note="ไม่ลงวันที่"))
    did(town, actions.write_report, 1, narrative="จัดทำแนวทางแล้ว", self_reported=Decimal(3))
    did(town, actions.submit_report, 1)
    for kind, about in (
        (PetitionKind.EXTENSION, {"quarter": 1}),
        (PetitionKind.WAIVER, {"milestone": REPORT}),
    ):
        did(town, actions.make_petition, NewPetition(kind, date(2021, 3, 1), "น้ำท่วม", **about))
    return enter(town, EVALUATOR, DAY)


def settle(town) -> None:
    """What stops the seal is done."""
    did(town, actions.endorse_report, 1, by=SECTION_HEAD)
    did(town, actions.accept_report, 1, quality=95, by=EVALUATOR)
    did(town, actions.decline_petition, 1, reason="พ้นกำหนด", by=EVALUATOR)


def seal(town, reason: str = "พ้นกำหนดส่งแล้ว"):
    """Through both pages."""
    checked = fill(town, PAGE, to=f"{PAGE}/check", reason=reason)
    seen = re.search(r'name="seen" value="(\w+)"', checked.text)
    assert seen, checked.text
    data = {"token": token_in(checked), "seen": seen[1], "reason": reason}
    return town.client.post(f"{PAGE}/close", data=data, follow_redirects=False)


def marks(page) -> list[str]:
    """What each check says of itself, in its order."""
    heads = re.findall(
        r'<h2 class="govuk-heading-s" id="check-(\w+)">.*?<strong[^>]*>(.*?)</strong>', page.text, re.DOTALL
    )
    return [f"{key}: {said}" for key, said in heads]


def test_everything_that_is_open_is_listed_with_the_way_to_it(open_quarter):
    page = open_quarter.get(PAGE)

    assert marks(page) == [
        "unevaluated: 1 รายการ ต้องทำก่อน",
        "appealed: ไม่มี",
        "undecided: 1 รายการ ต้องทำก่อน",
        "unreported: ไม่มี",
        "contradicting: 1 รายการ ต้องให้เหตุผล",
        "unverified: 1 รายการ ต้องให้เหตุผล",
        "undated: 1 รายการ ต้องให้เหตุผล",
        "petitioned: 1 รายการ ต้องให้เหตุผล",
    ]
    for href in ("/quarters/1", "/petitions/1", "", "/occurrences/2/approve", "/petitions/2"):
        assert f'href="{BASE}{href}"' in page.text
    assert "รายงาน 3 คำนวณได้ 1" in words(page.text)
    assert "ยังปิดไตรมาสไม่ได้" in page.text
    assert f'action="{PAGE}/check"' not in page.text


def test_quarter_is_not_sealed_past_what_stops_it(open_quarter):
    data = {"token": token_in(open_quarter.get(PAGE)), "reason": "x"}
    checked = open_quarter.client.post(f"{PAGE}/check", data=data)
    seen = re.search(r'name="seen" value="(\w+)"', checked.text)
    assert seen is not None
    answer = open_quarter.client.post(f"{PAGE}/close", data={**data, "seen": seen[1]})

    assert answer.status_code == 422
    assert len(errors(answer)) == 2
    assert sealed(open_quarter) == 0


def sealed(town) -> int:
    with town.store.read() as tx:
        return int(tx.connection.execute(select(func.count()).select_from(t.seals)).scalar_one())


def test_the_rest_needs_a_reason_which_is_kept(open_quarter):
    settle(open_quarter)
    without = fill(open_quarter, PAGE, to=f"{PAGE}/check", reason=" ")
    assert errors(without) == [("reason", "โปรดระบุเหตุผลเพื่อปิดไตรมาส")]

    page = arrive(open_quarter, seal(open_quarter))

    said = words(page.text)
    assert "ปิดไตรมาสแล้ว" in said
    assert "พ้นกำหนดส่งแล้ว" in said
    assert "ระดับที่บันทึกสูงกว่าระดับที่ตรวจรับ 1" in said
    assert re.search(r'<code class="radap-hash">[0-9a-f]{64}</code>', page.text)


def test_nothing_is_sealed_but_what_was_looked_at(open_quarter):
    settle(open_quarter)
    checked = fill(open_quarter, PAGE, to=f"{PAGE}/check", reason="พ้นกำหนด")
    seen = re.search(r'name="seen" value="(\w+)"', checked.text)
    assert seen is not None
    did(open_quarter, actions.decline_petition, 2, reason="ไม่จำเป็น", by=EVALUATOR)
    data = {"token": token_in(checked), "seen": seen[1], "reason": "พ้นกำหนด"}

    answer = open_quarter.client.post(f"{PAGE}/close", data=data)

    assert answer.status_code == 422
    assert "มีข้อมูลเปลี่ยนไป" in errors(answer)[0][1]
    assert sealed(open_quarter) == 0


def test_quarters_of_the_year_say_where_they_are(open_quarter):
    settle(open_quarter)
    seal(open_quarter)

    page = open_quarter.get("/seals?year=2564")
    tags = re.findall(r'<strong class="govuk-tag[^"]*">(.*?)</strong>', page.text)

    assert heading(page) == "การปิดไตรมาส ปีงบประมาณ 2564"
    assert tags[0] == "ปิดแล้ว"
    assert tags[1].startswith("ยังไม่สิ้นไตรมาส")


def test_who_may_not_seal_looks_only(open_quarter):
    settle(open_quarter)
    enter(open_quarter, ADMINISTRATOR, DAY)
    page = open_quarter.get(PAGE)
    assert "ผู้ประเมินเป็นผู้ปิดไตรมาส" in page.text
    data = {"token": token_in(page)}
    assert open_quarter.client.post(f"{PAGE}/check", data=data).status_code == 403

    enter(open_quarter, COORDINATOR, DAY)
    assert open_quarter.get(PAGE).status_code == 403
    assert open_quarter.get("/seals").status_code == 403
    assert "/seals" not in open_quarter.get("/").text


@pytest.mark.parametrize("path", ["/seals/2564/5", "/seals/25/1", "/seals/0000/1", "/seals/x/1"])
def test_quarter_that_there_is_not_leads_nowhere(town, path):
    assert enter(town, EVALUATOR).get(path).status_code == 404


def verified(town):
    data = {"token": token_in(town.get(PAGE))}
    return town.client.post(f"{PAGE}/verify", data=data)


def test_proof_names_what_was_altered(open_quarter):
    settle(open_quarter)
    seal(open_quarter)
    assert heading(verified(open_quarter)) == "ไม่มีสิ่งใดถูกแก้ไข"

    with open_quarter.store.engine.connect() as connection, connection.begin():
        connection.execute(update(t.reports).values(narrative="แก้ทีหลัง"))
        connection.execute(delete(t.journal).where(t.journal.c.stream == 1, t.journal.c.seq == 2))
    page = verified(open_quarter)

    assert heading(page) == "พบสิ่งที่ถูกแก้ไข 1 รายการ"
    assert f"ประวัติของ {CODE} ไม่ตรงกับที่ปิดไว้" in page.text


def test_seal_of_a_large_city_is_proved_in_the_background(open_quarter, monkeypatch):
    settle(open_quarter)
    seal(open_quarter)
    monkeypatch.setattr("web.evaluator.seal.AT_ONCE", 0)
    with open_quarter.store.engine.connect() as connection, connection.begin():
        connection.execute(update(t.reports).values(narrative="แก้ทีหลัง"))
    data = {"token": token_in(open_quarter.get(PAGE))}
    asked = open_quarter.client.post(f"{PAGE}/verify", data=data, follow_redirects=False)
    assert asked.headers["location"] == "/jobs/1"

    assert Maker(open_quarter.site).run_one(threading.Event())

    page = open_quarter.get("/jobs/1")
    assert heading(page) == "ผลตรวจสอบการปิดไตรมาส ไตรมาสที่ 1 ปีงบประมาณ 2564"
    told = open_quarter.get("/jobs/1/file").content.decode("utf-8-sig").splitlines()
    assert told[1] == "พบสิ่งที่ถูกแก้ไข 1 รายการ"
    assert told[-1].endswith(f"รายงานไตรมาสที่ 1 ของ {CODE} ไม่ตรงกับประวัติที่ปิดไว้")


def test_altered_text_is_named_by_its_report(open_quarter):
    settle(open_quarter)
    seal(open_quarter)
    with open_quarter.store.engine.connect() as connection, connection.begin():
        connection.execute(update(t.reports).values(narrative="แก้ทีหลัง"))

    assert f"รายงานไตรมาสที่ 1 ของ {CODE} ไม่ตรงกับประวัติที่ปิดไว้" in verified(open_quarter).text


def test_what_came_after_the_seal_is_marked_on_the_page_of_the_indicator(open_quarter):
    settle(open_quarter)
    seal(open_quarter)
    page = open_quarter.get(BASE)
    assert "ปิดไว้ที่ระดับ 1 ตรวจรับ 0" in page.text
    assert "บันทึกหลังปิดไตรมาส" not in page.text
    assert "บันทึกหลังปิดไตรมาส" not in open_quarter.get(f"{BASE}/proof").text

    open_quarter.clock.advance(seconds=60)
    did(open_quarter, actions.verify_milestone, GUIDELINES, by=EVALUATOR)

    assert "บันทึกหลังปิดไตรมาส" in open_quarter.get(BASE).text
    assert "บันทึกหลังปิดไตรมาส" in open_quarter.get(f"{BASE}/proof").text
    did(open_quarter, actions.record_occurrence, NewOccurrence(COMMITTEE, DAY))
    assert "บันทึกหลังปิดไตรมาส" not in open_quarter.get(f"{BASE}/milestones/{COMMITTEE}").text


def test_sealed_quarter_is_corrected_by_a_new_fact_that_is_shown_beside_the_seal(open_quarter):
    settle(open_quarter)
    seal(open_quarter)
    open_quarter.clock.advance(seconds=60)
    milestone = f"{BASE}/milestones/{COMMITTEE}"
    assert f'href="{milestone}/correct"' in open_quarter.get(milestone).text

    refused = fill(open_quarter, f"{milestone}/correct", day="1 ก.พ. 2564", reason="")
    assert {field for field, _ in errors(refused)} == {"day", "reason"}
    assert value_of(refused, "day") == "1 ก.พ. 2564"
    answer = fill(open_quarter, f"{milestone}/correct", day="20 ธ.ค. 2563", reason="พบคำสั่งภายหลัง")

    page = arrive(open_quarter, answer)
    assert banner(page)[0].startswith("บันทึกการแก้ไขหลังปิดไตรมาสแล้ว ระดับที่ปิดไว้คงเดิม")
    assert re.search(r"บันทึกหลังปิดไตรมาส\b.*พบคำสั่งภายหลัง", words(page.text))
    told = words(open_quarter.get(BASE).text)
    assert "ปิดไว้ที่ระดับ 1 ตรวจรับ 0" in told
    assert "บันทึกหลังปิดไตรมาส · “พบคำสั่งภายหลัง”" in told
    said = "ปิดไว้ที่ระดับ 1 ตรวจรับ 0 ตอนนี้ระดับ 2 ตรวจรับ 0 · ข้อเท็จจริงที่ 3"
    assert said in words(open_quarter.get(PAGE).text)
    cell = words(open_quarter.get("/matrix?year=2564&quarter=1").text)
    assert "✎ ต่างจากที่ปิด" in cell
    assert "ปิดไว้ 1 ตรวจรับ 0" in cell
    assert heading(verified(open_quarter)) == "ไม่มีสิ่งใดถูกแก้ไข"


def test_wrong_fact_of_a_sealed_quarter_is_taken_back_by_evaluators_alone(open_quarter):
    settle(open_quarter)
    seal(open_quarter)
    open_quarter.clock.advance(seconds=60)
    milestone, act = f"{BASE}/milestones/{GUIDELINES}", f"{BASE}/occurrences/1/correct"
    assert f'href="{act}"' in open_quarter.get(milestone).text
    page = arrive(open_quarter, fill(open_quarter, act, reason="ของปีก่อน"))
    assert "ของปีก่อน" in page.text
    assert "ปิดไว้ที่ระดับ 1 ตรวจรับ 0 ตอนนี้ระดับ 0" in words(open_quarter.get(PAGE).text)
    assert heading(verified(open_quarter)) == "ไม่มีสิ่งใดถูกแก้ไข"

    enter(open_quarter, COORDINATOR)
    assert "/correct" not in open_quarter.get(milestone).text
    assert open_quarter.get(act).status_code == 403
    refused = fill(open_quarter, f"{milestone}/record", way="done", day="20 ธ.ค. 2563")
    assert "ให้ยื่นคำขอแก้ไขหลังปิดไตรมาสที่หน้าขั้นความสำเร็จ" in words(refused.text)

"""An evaluator's day, as they see it: many districts at once, a report scored, an appeal decided."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from engine import actions
from engine.permissions import Grant, Role
from engine.verdict import ReviewPolicy
from storage import registry
from tests.browser.conftest import CAMERA, DESK, PHONE, WITHOUT_SCRIPTS, Served
from tests.browser.test_pages import findings, is_examined
from tests.cast import (
    CODE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    OPERATOR,
    OTHER_EVALUATOR,
    POLICY,
    SECTION_HEAD,
    WORKFLOW,
    YEAR,
    at,
)
from tests.web.coordinators import indicator
from tests.web.doorway import EMAIL, give_password
from tests.web.test_review import districts

HOME = f"/indicators/2564/{CODE}"
EVALUATORS, OTHERS = "evaluator@strategy.example", "other@strategy.example"
READERS = {"phone": PHONE, "without_scripts": WITHOUT_SCRIPTS}
ACROSS = f"/review/2564/{WORKFLOW.key}/{GUIDELINES}"


@pytest.fixture
def city(served: Served) -> Served:
    """Thung Khru and five districts more, a report of Thung Khru that waits, and two evaluators."""
    town = served.town
    town.store.policy = replace(POLICY, review=ReviewPolicy(second_percent=100))
    with town.store.begin() as tx:
        grants = [Grant(Role.EVALUATOR)]
        registry.add_person(tx, OTHERS, OTHER_EVALUATOR.name, "th", grants, by=OPERATOR.id, now=FOUNDED)
    for person in (EVALUATOR, OTHER_EVALUATOR):
        give_password(town, person.id)
    districts(town, 5)
    with town.store.begin() as tx:
        actions.endorse_report(tx, CODE, YEAR, 1, by=SECTION_HEAD, now=town.clock.now)
    return served


@pytest.mark.parametrize("reader", READERS)
def test_evaluator_sends_three_back_at_once_scores_a_report_and_another_decides_the_appeal(
    city: Served, opened: Callable[..., Page], reader: str
):
    device = READERS[reader]
    page = opened(EVALUATORS, device)
    page.get_by_role("link", name="ตรวจประเมิน").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("งานตรวจประเมิน")

    # One milestone of six districts: three are sent back at once, with one reason.
    page.get_by_role("link", name="กำหนดแนวทาง").first.click()
    for number in (1, 2, 3):
        page.get_by_label(f"สำนักงานเขตที่ {number}", exact=True).check()
    page.get_by_label("ส่งกลับให้แก้ไข").check()
    page.get_by_label("เหตุผลสำหรับทุกหน่วยงานที่เลือก").fill("คำสั่งไม่ได้ลงนาม")
    page.get_by_role("button", name="ดำเนินการกับที่เลือก").click()
    expect(page.get_by_role("heading", name="สำเร็จ 3 จาก 3 หน่วยงาน")).to_be_visible()
    states = [
        indicator(city.town, f"{6000 + number}-2017").milestones[GUIDELINES].state for number in range(1, 6)
    ]
    assert states == ["returned"] * 3 + ["achieved"] * 2

    # The report of Thung Khru is scored by the checklist, with a score of their own and its reason.
    page.goto("/")
    page.get_by_role("link", name="ประเมิน รายงานผลไตรมาสที่ 1").click()
    for words in ("เล่าว่าทำอะไร", "ระบุวันที่", "หลักฐานครบ"):
        page.get_by_label(words).check()
    page.get_by_label("รับรายงานและให้คะแนน").check()
    page.get_by_label("2.1 คุณภาพรายงาน").select_option("75")
    page.get_by_role("button", name="บันทึกผล").click()
    expect(page.get_by_role("alert")).to_contain_text("ระบุเหตุผล")
    page.get_by_label("เหตุผล ถ้า 2.1 ต่างจากที่เสนอ").fill("ภาพไม่ชัด")
    page.get_by_role("button", name="บันทึกผล").click()
    expect(page.get_by_text("75 / 100")).to_be_visible()

    # Thung Khru appeals; the evaluator who scored cannot decide, another one does.
    district = opened(EMAIL, device)
    district.goto(f"{HOME}/quarters/1")
    district.get_by_role("link", name="อุทธรณ์").click()
    district.get_by_label("เหตุผลที่อุทธรณ์").fill("แนบภาพใหม่แล้ว")
    district.get_by_role("button", name="ยื่นอุทธรณ์").click()
    expect(district.get_by_role("alert")).to_contain_text("ยื่นอุทธรณ์แล้ว")
    page.goto(f"{HOME}/appeals/1")
    expect(page.get_by_text("ต้องให้ผู้ประเมินคนอื่นตัดสิน")).to_be_visible()
    other = opened(OTHERS, device)
    other.goto("/review")
    other.get_by_role("link", name="ตัดสิน").click()
    # The report was drawn: whoever may still read it again does so before they see the first scores.
    other.get_by_role("link", name="สอบทานรายงาน").click()
    other.get_by_label("ระบุวันที่").check()
    other.get_by_role("button", name="บันทึกผลสอบทาน").click()
    other.goto(f"{HOME}/appeals/1")
    other.get_by_label("รับอุทธรณ์").check()
    other.get_by_label("2.1 ใหม่").select_option("90")
    other.get_by_label("เหตุผลของคำตัดสิน").fill("ภาพชัดแล้ว")
    other.get_by_role("button", name="บันทึกคำตัดสิน").click()
    expect(other.get_by_role("alert")).to_contain_text("รับอุทธรณ์แล้ว")
    given = indicator(city.town).reports[1].evaluation
    assert given is not None
    assert (given.quality, given.evaluated_by) == (90, OTHER_EVALUATOR.id)


@pytest.mark.parametrize("reader", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_of_an_evaluator_keeps_anybody_out(city: Served, opened: Callable[..., Page], reader):
    """In Thai and in English; no page is wider than what it is read on; and each has its picture."""
    now = at(city.town.clock.now.date(), 8)
    town = city.town
    evaluate = f"{HOME}/quarters/1/evaluate"
    page = opened(EVALUATORS, reader)
    wrong: dict[str, object] = {}
    looked_at(page, reader, {"evaluate": evaluate}, wrong)
    with town.store.begin() as tx:
        on = (tx, CODE, YEAR, 1)
        met = ["tells_what", "evidenced"]
        actions.accept_report(*on, met=met, remark="ภาพไม่ชัด", by=OTHER_EVALUATOR, now=now)
        actions.return_milestone(tx, CODE, YEAR, GUIDELINES, reason="ไม่ได้ลงนาม", by=EVALUATOR, now=now)
        for number in range(1, 6):
            code = f"{6000 + number}-2017"
            for action, by in (
                (actions.write_report, OPERATOR),
                (actions.submit_report, OPERATOR),
                (actions.endorse_report, OPERATOR),
                (actions.accept_report, EVALUATOR),
            ):
                more: dict[str, Any] = {"narrative": "ประชุมแล้ว"} if action is actions.write_report else {}
                if action is actions.accept_report:
                    more = {"quality": 90 - 5 * (number % 2)}
                action(tx, code, YEAR, 1, by=by, now=now, **more)
    looked_at(page, reader, {"second": f"{HOME}/quarters/1/second"}, wrong)
    theirs = {
        "accepted": f"{HOME}/quarters/1",
        "appeal_make": f"{HOME}/quarters/1/appeal",
        "ask_end": f"{HOME}/ask",
    }
    looked_at(opened(EMAIL, reader), reader, theirs, wrong)
    with town.store.begin() as tx:
        actions.make_appeal(tx, CODE, YEAR, 1, reason="แนบภาพใหม่แล้ว", by=COORDINATOR, now=now)
    pages = {
        "review": "/review",
        "across": ACROSS,
        "across_all": f"{ACROSS}?show=all",
        "appeal": f"{HOME}/appeals/1",
        "strictness": "/review/strictness?year=2564",
    }
    looked_at(page, reader, pages, wrong)
    send_back(page)
    seen(page, reader, "across_done", wrong)
    assert wrong == {}


def send_back(page: Page) -> None:
    """Three at once, of which one was touched by somebody else meanwhile."""
    page.goto(ACROSS)
    for number in (1, 2, 3):
        page.get_by_label(f"สำนักงานเขตที่ {number}", exact=True).check()
    page.locator("[name^=pick-]").first.evaluate("one => { one.value = '1'; }")
    page.get_by_label("ส่งกลับให้แก้ไข").check()
    page.get_by_label("เหตุผลสำหรับทุกหน่วยงานที่เลือก").fill("คำสั่งไม่ได้ลงนาม")
    page.get_by_role("button", name="ดำเนินการกับที่เลือก").click()
    expect(page.get_by_role("heading", name="สำเร็จ 2 จาก 3 หน่วยงาน")).to_be_visible()


def looked_at(page: Page, reader: dict[str, Any], pages: dict[str, str], wrong: dict[str, object]) -> None:
    for name, path in pages.items():
        for language in ("en", "th"):
            answer = page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            assert answer is not None
            if answer.status != 200:
                wrong[f"{name} {language} status"] = answer.status
            seen(page, reader, name, wrong, language)


def seen(
    page: Page, reader: dict[str, Any], name: str, wrong: dict[str, object], language: str = "th"
) -> None:
    """What axe-core finds, whether it is too wide, and its picture in Thai."""
    width = reader["viewport"]["width"]
    if is_examined(reader, language, long=False) and (found := findings(page)):
        wrong[f"{name} {language} axe"] = found
    if page.evaluate("document.documentElement.scrollWidth") > width:
        wrong[f"{name} width"] = page.evaluate("document.documentElement.scrollWidth")
    if language == "th":
        CAMERA.keep(page, f"{name}-{width}")

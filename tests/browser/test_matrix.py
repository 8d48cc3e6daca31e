"""The matrix of fifty districts, from which an evaluator drills to the proof of Thung Khru."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from engine import actions
from engine.actions import NewOccurrence
from tests.browser.conftest import CAMERA, DESK, PHONE, WITHOUT_SCRIPTS, Served
from tests.browser.test_pages import findings, is_examined, languages
from tests.cast import CODE, COORDINATOR, MEETINGS, YEAR
from tests.web.districts import grow

MAIL = "evaluator@strategy.example"
PAGES = {
    "matrix": "/matrix?year=2564",
    "matrix_narrowed": "/matrix?year=2564&quarter=2&state=returned&sort=level",
    "matrix_beside": "/matrix?year=2564&quarter=3&beside=2564-1",
    "matrix_wrong": "/matrix?year=2564&on=31 ก.ย. 2564",
    "matrix_empty": "/matrix?year=2564&level=2&state=blocked&kind=routine",
    "matrix_milestones": "/matrix/civil_society_network?year=2564",
    "proof": f"/indicators/2564/{CODE}/proof",
    "proof_verified": f"/indicators/2564/{CODE}/proof?basis=verified&on=2021-03-31",
}


@pytest.fixture
def city(served: Served) -> Served:
    """Fifty districts."""
    with served.town.store.begin() as tx:
        grow(tx)
    return served


@pytest.fixture
def few(served: Served, long: bool) -> Served:
    """Just so many districts that every kind of cell is there: to look at fifty takes long."""
    with served.town.store.begin() as tx:
        grow(tx, 50 if long or CAMERA.is_on else 8)
    return served


@pytest.mark.parametrize("reader", [WITHOUT_SCRIPTS, PHONE], ids=["without_scripts", "phone"])
def test_evaluator_drills_from_the_city_to_the_proof_of_thung_khru(
    city: Served, opened: Callable[..., Page], reader
):
    page = opened(MAIL, reader)
    page.get_by_role("link", name="ตารางติดตาม").click()
    page.locator("summary", has_text="เลือกปี").click()
    page.get_by_label("ไตรมาส", exact=True).select_option("2")
    page.get_by_role("button", name="แสดง").click()
    table = page.get_by_role("region", name="งานที่หลายหน่วยงานทำ")
    expect(table.get_by_role("row")).to_have_count(51)
    row = table.get_by_role("row", name="สำนักงานเขตทุ่งครุ")
    row.get_by_role("link", name="2 ✔").first.click()

    expect(page.get_by_role("heading", level=1)).to_have_text("ที่มาของระดับ")
    expect(page.locator(".radap-standing__level")).to_have_text("2.5")
    expect(page.get_by_text("ณ วันที่ 31 มี.ค. 2564")).to_be_visible()
    expect(page.get_by_role("heading", name="ระดับ 2:")).to_contain_text("ครบแล้ว")
    expect(page.get_by_role("heading", name="ระดับ 3:")).to_contain_text("ยังไม่ครบ")
    expect(page.get_by_text("19/2564")).to_be_visible()


def test_what_somebody_records_is_marked_and_said_without_a_reload(city: Served, opened: Callable[..., Page]):
    page = opened(MAIL, DESK)
    page.goto("/matrix?year=2564")
    number = "#i1"
    expect(page.locator(f"{number} b").first).to_contain_text("2.5")
    with page.expect_response("**/matrix?year=2564"), city.town.store.begin() as tx:
        fact = NewOccurrence(MEETINGS, city.town.clock.now.date(), document_number="2/64")
        actions.record_occurrence(tx, CODE, YEAR, fact, by=COORDINATOR, now=city.town.clock.now)

    expect(page.locator(f"{number} b").first).to_contain_text("3")
    expect(page.locator(number)).to_have_class("radap-changed")
    expect(page.get_by_role("status")).to_contain_text("มีการเปลี่ยนแปลง: สำนักงานเขตทุ่งครุ")


@pytest.mark.parametrize("reader", [PHONE, DESK], ids=["phone", "desk"])
def test_matrix_keeps_nobody_out(few: Served, opened: Callable[..., Page], reader, long):
    """In both languages; no page is wider than what it is read on; and each has its picture."""
    width = reader["viewport"]["width"]
    page = opened(MAIL, reader)
    wrong: dict[str, object] = {}
    for name, path in PAGES.items():
        for language in languages(reader, long=long):
            page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            if is_examined(reader, language, long=long) and (found := findings(page)):
                wrong[f"{name} {language} axe"] = found
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
                wrong[f"{name} {language} width"] = wide
        if reader is PHONE:
            page.set_viewport_size({"width": 320, "height": 640})
            if (wide := page.evaluate("document.documentElement.scrollWidth")) > 320:
                wrong[f"{name} narrowest"] = wide
            page.set_viewport_size({"width": 390, "height": 844})
        whole = not name.startswith("matrix") or name == "matrix_empty"
        CAMERA.keep(page, f"{name}-{width}", full_page=whole)
    assert wrong == {}


def test_table_is_entered_and_skipped_by_keyboard(city: Served, opened: Callable[..., Page]):
    page = opened(MAIL, DESK)
    page.goto("/matrix?year=2564")
    skip = page.get_by_role("link", name="ข้ามตาราง")
    skip.focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("region", name="งานที่หลายหน่วยงานทำ")).to_be_focused()
    page.keyboard.press("Tab")
    assert "/matrix/civil_society_network" in str(
        page.evaluate("document.activeElement.getAttribute('href')")
    )
    skip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#after")).to_be_focused()

"""A coordinator's day, as they see it: with and without scripts, at a desk and on a phone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESK, PHONE, WITHOUT_SCRIPTS, Served
from tests.cast import CODE, MEETINGS
from tests.web.coordinators import PNG, indicator
from tests.web.doorway import EMAIL, HEAD_EMAIL, PASSWORD

HOME = f"/indicators/2564/{CODE}"
READERS = {"desk": DESK, "phone": PHONE, "without_scripts": WITHOUT_SCRIPTS}


@pytest.mark.parametrize("reader", READERS)
def test_coordinator_records_a_meeting_hands_in_the_quarter_and_mends_it(
    served: Served, opened: Callable[..., Page], tmp_path: Path, reader: str
):
    seen = READERS[reader]
    photo = tmp_path / "ภาพการประชุม.png"
    photo.write_bytes(PNG)
    page = opened(EMAIL, seen)
    expect(page.get_by_role("heading", level=1)).to_have_text("งานของฉัน")

    # The indicator says what is missing, and leads to the form.
    page.goto(HOME)
    expect(page.locator(".radap-standing__level")).to_have_text("2.5")
    page.get_by_role("link", name="จัดประชุม”").first.click()
    page.get_by_label("วันที่", exact=True).fill("18 พ.ค. 2564")
    page.get_by_label("เลขที่เอกสาร").fill("ประชุมครั้งที่ 2/64")
    page.locator("input[type=file]").set_input_files(photo)
    page.get_by_role("button", name="บันทึก", exact=True).click()

    # The level rises before their eyes.
    banner = page.get_by_role("alert")
    expect(banner).to_contain_text("บันทึกการดำเนินการแล้ว")
    expect(banner).to_contain_text("ระดับเพิ่มขึ้นจาก 2 เป็น 3")
    expect(page.get_by_text("วันอังคารที่ 18 พฤษภาคม 2564").first).to_be_visible()
    expect(page.get_by_text("ภาพการประชุม.png").first).to_be_visible()

    # The quarter is written, checked, handed in.
    write_and_hand_in(page, "ประชุมครั้งที่ 1/64 เมื่อ 19 ม.ค. 2564", "2")
    expect(page.get_by_role("heading", level=1)).to_have_text("ได้รับรายงานแล้ว")
    expect(page.get_by_text("18 พ.ค. 2564 เวลา 09:00 น.").first).to_be_visible()

    # The head endorses; nothing is as they like it, so it comes back.
    head = opened(HEAD_EMAIL, seen)
    head.get_by_role("link", name="พิจารณา รายงานผลไตรมาสที่ 2").click()
    head.get_by_role("link", name="รับรองรายงาน").click()
    head.get_by_role("button", name="รับรอง", exact=True).click()
    expect(head.get_by_role("alert")).to_contain_text("รับรองรายงานแล้ว")
    head.get_by_role("link", name="ส่งรายงานกลับให้แก้ไข").click()
    head.get_by_label("ต้องแก้ไขอะไร").fill("1. ระบุจำนวนผู้เข้าร่วม\n2. แนบรายงานการประชุม")
    head.get_by_role("button", name="ส่งกลับ").click()
    expect(head.get_by_role("alert")).to_contain_text("ส่งรายงานกลับแล้ว")

    # It stands first on the coordinator's desk, and is answered point by point.
    page.goto("/")
    page.get_by_role("link", name="แก้ไขและตอบ รายงานผลไตรมาสที่ 2").click()
    expect(page.get_by_text("ระบุจำนวนผู้เข้าร่วม")).to_be_visible()
    page.get_by_label("สิ่งที่ทำในไตรมาสนี้").fill("ประชุมครั้งที่ 1/64 เมื่อ 19 ม.ค. 2564 ผู้เข้าร่วม 32 คน")
    page.get_by_role("button", name="บันทึกและตรวจทาน").click()
    page.get_by_label("ข้อ 1:").fill("ระบุแล้ว 32 คน")
    page.get_by_role("button", name="ส่งรายงาน").click()
    expect(page.get_by_role("alert")).to_contain_text("ข้อ 2 ยังไม่ได้ตอบ")
    page.get_by_label("ข้อ 2:").fill("แนบแล้ว")
    page.get_by_role("button", name="ส่งรายงาน").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ได้รับรายงานแล้ว")

    found = indicator(served.town)
    assert found.reports[2].state == "submitted"
    assert found.reports[2].answer.endswith("→ แนบแล้ว")
    assert [(one.milestone, one.file_name) for one in found.evidence] == [(MEETINGS, "ภาพการประชุม.png")]


def write_and_hand_in(page: Page, narrative: str, value: str) -> None:
    page.goto(f"{HOME}/quarters/2")
    page.get_by_label("สิ่งที่ทำในไตรมาสนี้").fill(narrative)
    page.get_by_label("ผลที่หน่วยงานรายงานเอง").fill(value)
    page.get_by_role("button", name="บันทึกและตรวจทาน").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ตรวจทานก่อนส่ง")
    page.get_by_role("button", name="ส่งรายงาน").click()


def test_nothing_moves_while_a_page_loads_and_no_script_holds_it_up(
    served: Served, opened: Callable[..., Page]
):
    page = opened(EMAIL, PHONE)
    page.add_init_script(
        """
        window.shifts = [];
        new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map((one) => one.value)))
          .observe({ type: "layout-shift", buffered: true });
        """
    )
    for path in ("/", HOME, f"{HOME}/milestones/{MEETINGS}", f"{HOME}/quarters/2"):
        page.goto(path)
        page.wait_for_load_state("networkidle")
        page.evaluate("document.fonts.ready.then(() => true)")
        # Under 0.1 nobody notices: a font that arrives may move a line by a hair.
        assert page.evaluate("window.shifts.reduce((sum, one) => sum + one, 0)") < 0.1, path
        assert page.locator("script:not([defer])").count() == 0, path
        assert page.locator("script[src]").count() <= 2, path


# --- what scripts add --------------------------------------------------------------------------------------


def test_what_is_typed_is_kept_on_the_server_as_it_is_typed(served: Served, opened: Callable[..., Page]):
    page = opened(EMAIL, DESK)
    page.goto(f"{HOME}/quarters/2")
    page.get_by_label("สิ่งที่ทำในไตรมาสนี้").press_sequentially("กำลังพิมพ์")
    expect(page.locator("[data-saved-note]")).to_have_text("บันทึกร่างแล้ว 18 พ.ค. 2564 เวลา 09:00 น.")

    again = opened(EMAIL, PHONE)
    again.goto(f"{HOME}/quarters/2")
    expect(again.get_by_text("มีร่างที่ท่านพิมพ์ค้างไว้")).to_be_visible()
    again.get_by_role("button", name="ใช้ร่างนี้").click()
    expect(again.get_by_label("สิ่งที่ทำในไตรมาสนี้")).to_have_value("กำลังพิมพ์")


def test_without_a_connection_what_was_typed_is_there(served: Served, opened: Callable[..., Page]):
    page = opened(EMAIL, PHONE)
    page.goto(f"{HOME}/milestones/{MEETINGS}/record")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.get_by_label("หมายเหตุ").press_sequentially("พิมพ์ไว้ตอนไม่มีสัญญาณ")
    page.context.set_offline(True)
    page.goto("/indicators", wait_until="domcontentloaded")

    expect(page.get_by_role("heading", level=1)).to_have_text("ไม่มีการเชื่อมต่อ")
    expect(page.get_by_text("พิมพ์ไว้ตอนไม่มีสัญญาณ")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("link", name="บันทึกการดำเนินการ").click()
    expect(page.get_by_label("หมายเหตุ")).to_have_value("พิมพ์ไว้ตอนไม่มีสัญญาณ")

    # Whoever changes to another language is told in it.
    page.goto("/indicators?lang=en")
    page.wait_for_function("caches.match('/language').then((one) => one.text()).then((one) => one === 'en')")
    page.context.set_offline(True)
    page.goto("/account", wait_until="domcontentloaded")
    expect(page.get_by_role("heading", level=1)).to_have_text("No connection")


def test_form_that_is_sent_without_a_connection_or_a_session_loses_nothing(
    served: Served, opened: Callable[..., Page]
):
    page = opened(EMAIL, PHONE)
    form = f"{HOME}/milestones/{MEETINGS}/record"
    page.goto(form)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(form)  # the worker serves it from here on
    page.get_by_label("วันที่", exact=True).fill("18 พ.ค. 2564")
    page.get_by_label("หมายเหตุ").fill("พิมพ์แล้วกดบันทึก")
    page.context.set_offline(True)
    page.get_by_role("button", name="บันทึก", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ไม่มีการเชื่อมต่อ")
    expect(page.get_by_text("พิมพ์แล้วกดบันทึก")).to_be_visible()
    page.context.set_offline(False)
    page.get_by_role("link", name="บันทึกการดำเนินการ").click()

    # And the session ends before it is sent once more.
    page.context.clear_cookies()
    page.get_by_role("button", name="บันทึก", exact=True).click()
    page.get_by_label("อีเมล").fill(EMAIL)
    page.get_by_label("รหัสผ่าน").fill(PASSWORD)
    page.get_by_role("button", name="เข้าสู่ระบบ").click()
    expect(page.get_by_label("หมายเหตุ")).to_have_value("พิมพ์แล้วกดบันทึก")
    page.get_by_role("button", name="บันทึก", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("บันทึกการดำเนินการแล้ว")

    assert [one.note for one in indicator(served.town).occurrences][-1] == "พิมพ์แล้วกดบันทึก"
    assert page.evaluate("Object.keys(localStorage)") == []


def test_report_that_was_typed_without_a_connection_is_offered_and_goes_with_who_leaves(
    served: Served, opened: Callable[..., Page]
):
    page = opened(EMAIL, DESK)
    page.goto(f"{HOME}/quarters/2")
    page.context.set_offline(True)
    page.get_by_label("สิ่งที่ทำในไตรมาสนี้").press_sequentially("ไม่มีสัญญาณ")
    expect(page.locator("[data-saved-note]")).to_have_text("เก็บสิ่งที่พิมพ์ไว้ในเครื่องนี้แล้ว")
    page.context.set_offline(False)
    page.reload()
    page.get_by_role("button", name="ใช้ข้อความนี้").click()
    expect(page.get_by_label("สิ่งที่ทำในไตรมาสนี้")).to_have_value("ไม่มีสัญญาณ")

    page.get_by_role("button", name="ออกจากระบบ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("เข้าสู่ระบบ")
    assert page.evaluate("Object.keys(localStorage)") == []


def test_form_with_a_fault_takes_the_reader_to_it(served: Served, opened: Callable[..., Page]):
    page = opened(EMAIL, DESK)
    page.goto(f"{HOME}/milestones/{MEETINGS}/record")
    page.get_by_label("วันที่", exact=True).fill("31 ก.ย. 2564")
    page.get_by_role("button", name="บันทึก", exact=True).click()

    summary = page.get_by_role("alert")
    expect(summary).to_be_focused()
    summary.get_by_role("link").first.click()
    expect(page.get_by_label("วันที่", exact=True)).to_be_focused()
    expect(page.get_by_label("วันที่", exact=True)).to_have_value("31 ก.ย. 2564")


def test_everything_can_be_reached_by_keyboard(served: Served, opened: Callable[..., Page]):
    page = opened(EMAIL, DESK)
    page.goto(HOME)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="ข้ามไปยังเนื้อหาหลัก")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('href')"))
    expected = set(
        page.locator("main a[href]").evaluate_all("all => all.map((one) => one.getAttribute('href'))")
    )
    assert expected <= reached


def test_nothing_is_fetched_from_elsewhere_and_nothing_is_refused(
    served: Served, opened: Callable[..., Page]
):
    page = opened(EMAIL, PHONE)
    fetched: list[str] = []
    said: list[Any] = []
    page.on("request", lambda request: fetched.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    for path in ("/", HOME, f"{HOME}/milestones/{MEETINGS}/record", f"{HOME}/quarters/2"):
        page.goto(path)
        page.wait_for_load_state("networkidle")

    assert said == []
    assert {one.partition("/")[0] for one in (url.removeprefix("http://") for url in fetched)} == {
        served.address.removeprefix("http://")
    }

"""An evaluator seals a quarter and takes its reports away; axe-core finds nothing on the way."""

import threading
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pypdf
import pytest
from playwright.sync_api import Page, expect

from engine import actions
from tests.browser.conftest import CAMERA, DAY, DESK, PHONE, WITHOUT_SCRIPTS, Served
from tests.browser.test_pages import OF_THE_EVALUATOR, findings
from tests.cast import CODE, EVALUATOR, SECTION_HEAD, YEAR, at
from tests.web.doorway import EVALUATOR_EMAIL
from web.reports.worker import Maker

HOME = f"/indicators/2564/{CODE}"
READERS: dict[str, dict[str, Any]] = {"desk": DESK, "phone": PHONE, "without_scripts": WITHOUT_SCRIPTS}


@pytest.fixture
def evaluated(served: Served) -> Served:
    """The report of the first quarter was evaluated: nothing stops its seal, something needs a reason."""
    now = at(DAY)
    with served.town.store.begin() as tx:
        actions.endorse_report(tx, CODE, YEAR, 1, by=SECTION_HEAD, now=now)
        actions.accept_report(tx, CODE, YEAR, 1, quality=95, remark="ครบถ้วน", by=EVALUATOR, now=now)
    return served


def saved(page: Page, name: str, folder: Path) -> Path:
    """The file that a link hands out."""
    with page.expect_download() as handed:
        page.get_by_role("link", name=name).click()
    path = folder / handed.value.suggested_filename
    handed.value.save_as(path)
    return path


def prints_well(page: Page) -> None:
    """On paper there is nothing to press, and our own letters, which place Thai tone marks right."""
    page.emulate_media(media="print")
    for hidden in (".radap-header", ".govuk-service-navigation", ".govuk-back-link", "main button"):
        expect(page.locator(hidden).first).to_be_hidden()
    font = page.locator("h1").evaluate("one => getComputedStyle(one).fontFamily")
    assert font.startswith("Sarabun"), font
    page.emulate_media(media="screen")


@pytest.mark.parametrize("reader", READERS)
def test_evaluator_seals_a_quarter_and_takes_its_reports_away(
    evaluated: Served, opened: Callable[..., Page], tmp_path: Path, reader: str
):
    width = READERS[reader]["viewport"]["width"]
    wrong: dict[str, list[str]] = {}

    def look(name: str) -> None:
        """Nothing keeps anybody out, nothing is wider than the page, and there is a picture of it."""
        if reader == "without_scripts":
            return
        if found := findings(page):
            wrong[name] = found
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        if name not in OF_THE_EVALUATOR:
            CAMERA.keep(page, f"{name}-{width}")

    page = opened(EVALUATOR_EMAIL, READERS[reader])
    page.get_by_role("link", name="ปิดไตรมาส", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("การปิดไตรมาส ปีงบประมาณ 2564")
    look("seals")
    page.get_by_role("link", name="ไตรมาสที่ 1").click()
    expect(page.get_by_text("ระดับที่บันทึกสูงกว่าระดับที่ตรวจรับ")).to_be_visible()
    look("seal")
    page.get_by_role("button", name="ตรวจทานก่อนปิด").click()
    expect(page.get_by_role("alert")).to_contain_text("โปรดระบุเหตุผลเพื่อปิดไตรมาส")
    page.get_by_label("เหตุใดจึงปิดไตรมาส").fill("พ้นกำหนดส่งและแจ้งเตือนครบทุกระดับแล้ว")
    page.get_by_role("button", name="ตรวจทานก่อนปิด").click()
    expect(page.get_by_role("button", name="ปิดไตรมาส", exact=True)).to_be_visible()
    look("seal_check")
    page.get_by_role("button", name="ปิดไตรมาส", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("ปิดไตรมาสแล้ว")
    digest = page.locator("code.radap-hash").first.inner_text()
    look("sealed")
    prints_well(page)
    page.get_by_role("button", name="ตรวจสอบการปิดไตรมาส").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ไม่มีสิ่งใดถูกแก้ไข")
    look("seal_verified")

    # What is printed of one indicator is there at once.
    page.goto(HOME)
    report = pypdf.PdfReader(saved(page, "รายงานตัวชี้วัด (PDF)", tmp_path))
    assert len(report.pages) >= 2
    assert digest in "".join(report.pages[-1].extract_text().split())
    sheets = openpyxl.load_workbook(saved(page, "ตารางข้อมูล (XLSX)", tmp_path))
    assert sheets["ระดับ"]["A2"].value == CODE
    with zipfile.ZipFile(saved(page, "ชุดหลักฐาน (ZIP)", tmp_path)) as pack:
        assert "manifest.json" in pack.namelist()

    # That of the city is made meanwhile; the page looks again by itself.
    page.get_by_role("link", name="รายงาน", exact=True).click()
    expect(page.get_by_label("ขอบเขต")).to_be_visible()
    look("reports")
    page.get_by_label("ขอบเขต").select_option(label="ทั้งเมือง")
    page.get_by_role("button", name="จัดทำ", exact=True).click()
    expect(page.get_by_text("รอจัดทำ")).to_be_visible()
    look("job_waiting")
    assert Maker(evaluated.town.site).run_one(threading.Event())
    expect(page.get_by_text("เสร็จแล้ว")).to_be_visible(timeout=15_000)
    look("job")
    city = pypdf.PdfReader(saved(page, "ดาวน์โหลด", tmp_path))
    assert len(city.pages) >= 1
    page.goto("/jobs")
    look("jobs")
    assert wrong == {}

"""An administrator sets a year up from the year before and from a file; axe-core finds nothing on the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import CAMERA, DESK, PHONE, WITHOUT_SCRIPTS, Served
from tests.browser.test_pages import ADMINISTRATOR_EMAIL, findings
from tests.cast import ADMINISTRATOR, CODE
from tests.fifty import found_fifty
from tests.web.doorway import give_password
from tests.web.test_campaign import TEXT

READERS: dict[str, dict[str, Any]] = {"desk": DESK, "phone": PHONE, "without_scripts": WITHOUT_SCRIPTS}


@pytest.mark.parametrize("reader", READERS)
def test_administrator_sets_a_year_up(
    served: Served, opened: Callable[..., Page], tmp_path: Path, reader: str
):
    found_fifty(served.town.store)
    give_password(served.town, ADMINISTRATOR.id)
    page = opened(ADMINISTRATOR_EMAIL, READERS[reader])
    width = READERS[reader]["viewport"]["width"]
    wrong: dict[str, object] = {}

    def looked_at(name: str) -> None:
        if reader != "without_scripts":
            wrong.update({f"{name} axe": found} if (found := findings(page)) else {})
            CAMERA.keep(page, f"{name}-{width}")
        if (wide := page.evaluate("document.documentElement.scrollWidth")) > width:
            wrong[f"{name} width"] = wide

    page.goto("/administration/campaign")
    page.get_by_role("button", name="ดูสิ่งที่จะเปลี่ยน").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ตรวจก่อนบันทึก: ปีงบประมาณ 2565")
    looked_at("campaign_carry")
    page.get_by_role("button", name="บันทึกทั้งหมด").click()
    expect(page.get_by_text("บันทึกแล้วทั้งหมด")).to_be_visible()

    file = tmp_path / "campaign.toml"
    file.write_text(TEXT.replace("target", "taget"), encoding="utf-8")
    page.get_by_label("ไฟล์ตั้งปีงบประมาณ (TOML)").set_input_files(file)
    page.get_by_role("button", name="ดูสิ่งที่จะเปลี่ยน").first.click()
    expect(page.get_by_role("alert")).to_contain_text("หมายถึง target")
    looked_at("campaign_unfit")
    page.get_by_label("ข้อความของไฟล์").fill(TEXT.replace("5004", "6023"))
    page.get_by_role("button", name="ดูสิ่งที่จะเปลี่ยน").click()
    page.get_by_text("ตัวชี้วัด (").click()
    expect(page.get_by_text("ค่าเป้าหมาย: 5 → 4").first).to_be_visible()
    looked_at("campaign_file")
    page.get_by_role("button", name="บันทึกทั้งหมด").click()
    expect(page.get_by_text("บันทึกแล้วทั้งหมด")).to_be_visible()

    page.goto(f"/indicators/2565/{CODE}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert wrong == {}

"""Files sent by the script of a form, over a broken connection and a reload, and by a form without it."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from storage.evidence import MIB, EvidenceFolder, Limits
from tests.browser.conftest import DESK, PHONE, WITHOUT_SCRIPTS, Served
from tests.cast import CODE, MEETINGS, YEAR
from tests.web.doorway import EMAIL
from tests.web.hostile_files import PDF, jpeg, pdf

HOME = f"/indicators/{YEAR + 543}/{CODE}/milestones/{MEETINGS}"
Opened = Callable[..., Page]


@pytest.fixture
def large(served: Served, tmp_path: Path) -> Path:
    """A document of several pieces, where that many bytes are taken."""
    files = served.town.site.evidence
    assert isinstance(files, EvidenceFolder)
    files.limits = Limits(10 * MIB, files.limits.media_types)
    file = tmp_path / "รายงาน ใหญ่.pdf"
    file.write_bytes(pdf(b"%" + os.urandom(3 * MIB + 7)))
    return file


def form(opened: Opened, reader: dict[str, Any] = PHONE) -> Page:
    page = opened(EMAIL, reader)
    page.goto(f"{HOME}/record")
    page.get_by_label("วันที่", exact=True).fill("18 พ.ค. 2564")
    return page


def save(page: Page) -> None:
    page.get_by_role("button", name="บันทึก", exact=True).click()


def attached(served: Served) -> list[tuple[str, int]]:
    with served.town.store.read() as tx:
        found = tx.indicator(CODE, YEAR).evidence
    sizes = []
    for one in found:
        with served.town.site.evidence.open(one.sha256 or "") as content:
            sizes.append((one.file_name, len(content.read())))
    return sizes


def test_file_goes_on_where_the_connection_broke(served: Served, opened: Opened, large: Path):
    page, broken = form(opened), []

    def send(route: Route) -> None:
        if route.request.method == "PATCH" and route.request.headers["upload-offset"] == str(2 * MIB):
            broken.append(route.request.headers["upload-offset"])
            if len(broken) == 1:
                route.abort()
                return
        route.continue_()

    page.route("**/uploads/*", send)
    page.locator("input[type=file]").set_input_files(large)
    save(page)  # before it is whole: it is done when it is

    expect(page.get_by_role("alert")).to_contain_text("บันทึกการดำเนินการแล้ว")
    assert broken == [str(2 * MIB)] * 2
    assert attached(served) == [(large.name, large.stat().st_size)]


def test_file_goes_on_after_a_reload(served: Served, opened: Opened, large: Path):
    page, sent = form(opened, DESK), []
    page.route(
        "**/uploads/*",
        lambda route: (
            route.abort() if route.request.headers.get("upload-offset") == str(MIB) else route.continue_()
        ),
    )
    page.locator("input[type=file]").set_input_files(large)
    expect(page.locator("[data-uploads]")).to_contain_text("การเชื่อมต่อขาด")

    page.unroute("**/uploads/*")
    page.reload()
    page.on(
        "request",
        lambda one: sent.append(one.headers.get("upload-offset")) if one.method == "PATCH" else None,
    )
    page.get_by_label("วันที่", exact=True).fill("18 พ.ค. 2564")
    page.locator("input[type=file]").set_input_files(large)
    expect(page.locator("[data-uploads]")).to_contain_text("ครบแล้ว")
    save(page)

    expect(page.get_by_role("alert")).to_contain_text("บันทึกการดำเนินการแล้ว")
    assert sent[0] == str(MIB)
    assert attached(served) == [(large.name, large.stat().st_size)]


def test_file_that_is_refused_is_told_and_the_others_are_attached(
    served: Served, opened: Opened, tmp_path: Path
):
    page = form(opened)
    for name, content in (("หน้า.pdf", b"<html>"), ("ภาพ.jpg", jpeg()), ("ลบ.pdf", PDF)):
        (tmp_path / name).write_bytes(content)
    page.locator("input[type=file]").set_input_files([tmp_path / n for n in ("หน้า.pdf", "ภาพ.jpg", "ลบ.pdf")])

    rows = page.locator("[data-uploads] li")
    expect(rows.nth(0)).to_contain_text("ไม่รับไฟล์ หน้า.pdf")
    expect(rows.nth(2)).to_contain_text("ครบแล้ว")
    rows.nth(2).get_by_role("button").click()
    expect(rows).to_have_count(2)
    save(page)

    expect(page.get_by_role("alert")).to_contain_text("บันทึกการดำเนินการแล้ว")
    assert [name for name, _ in attached(served)] == ["ภาพ.jpg"]
    with served.town.store.read() as tx:
        assert tx.connection.exec_driver_sql("SELECT count(*) FROM uploads").scalar_one() == 0


@pytest.mark.parametrize("reader", [DESK, WITHOUT_SCRIPTS], ids=["script", "none"])
def test_files_stay_when_something_else_is_wrong(
    served: Served, opened: Opened, tmp_path: Path, reader: dict[str, Any]
):
    page = form(opened, reader)
    for name in ("หนึ่ง.pdf", "สอง.pdf"):
        (tmp_path / name).write_bytes(PDF)
    page.locator("input[type=file]").set_input_files([tmp_path / "หนึ่ง.pdf", tmp_path / "สอง.pdf"])
    page.get_by_label("วันที่", exact=True).fill("เมื่อวาน")
    save(page)

    expect(page.locator(".govuk-error-summary")).to_be_visible()
    expect(page.locator("[data-uploads] li")).to_have_count(2)
    page.get_by_label("วันที่", exact=True).fill("18 พ.ค. 2564")
    page.get_by_label("เอาออก สอง.pdf").check()
    save(page)

    expect(page.get_by_role("alert")).to_contain_text("บันทึกการดำเนินการแล้ว")
    assert [name for name, _ in attached(served)] == ["หนึ่ง.pdf"]


def test_attached_picture_is_shown_and_handed_out(served: Served, opened: Opened, tmp_path: Path):
    page = form(opened)
    (tmp_path / "ภาพ.jpg").write_bytes(jpeg(size=(400, 300)))
    page.locator("input[type=file]").set_input_files(tmp_path / "ภาพ.jpg")
    save(page)

    thumb = page.get_by_alt_text("ภาพย่อของ ภาพ.jpg")
    thumb.scroll_into_view_if_needed()
    expect(thumb).to_have_js_property("naturalWidth", 240)
    with page.expect_download() as download:
        page.get_by_role("link", name="ภาพ.jpg", exact=True).click()
    assert download.value.suggested_filename == "ภาพ.jpg"

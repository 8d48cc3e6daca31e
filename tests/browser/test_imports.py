"""The pages of the import, and of the facts that reports propose, as their readers see them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from engine import actions
from tests.browser.conftest import CAMERA, DESK, PHONE, WITHOUT_SCRIPTS, Served
from tests.browser.test_pages import ADMINISTRATOR_EMAIL, findings, is_examined
from tests.cast import ADMINISTRATOR, COORDINATOR, YEAR, at
from tests.seed import AFTER, IMPORTED, PAGE, import_the_page, know_the_network
from tests.web.doorway import EMAIL, give_password

PROPOSALS = f"/indicators/2564/{IMPORTED}/proposals"
PAGES = {
    "import": (ADMINISTRATOR_EMAIL, "/administration/import"),
    "proposals": (EMAIL, PROPOSALS),
    "proposal": (EMAIL, f"{PROPOSALS}/12"),
    "proposal_month": (EMAIL, f"{PROPOSALS}/14"),
}
#: What the third report tells besides: of a meeting only the month, of another a range of days.
MORE = "- จัดประชุมคณะกรรมการประชาคมเขตทุ่งครุ ในเดือนเมษายน 2564 - จัดประชุมเครือข่าย ระหว่างวันที่ 20-22 เม.ย. 2564"


@pytest.fixture
def after_the_year(served: Served) -> Served:
    """The page was imported, and somebody looks at it when the year is over."""
    town = served.town
    town.clock.now = at(AFTER)
    give_password(town, ADMINISTRATOR.id)
    know_the_network(town)
    import_the_page(town)
    with town.store.begin() as tx:
        before = tx.indicator(IMPORTED, YEAR).reports[3].narrative
        common: dict[str, Any] = {"by": COORDINATOR, "now": at(AFTER)}
        actions.write_report(tx, IMPORTED, YEAR, 3, narrative=f"{before}\n{MORE}", **common)
        actions.propose_facts(tx, IMPORTED, YEAR, **common)
    return served


@pytest.mark.parametrize("reader", [PHONE, DESK], ids=["phone", "desk"])
def test_pages_of_the_import_keep_nobody_out(
    after_the_year: Served, opened: Callable[..., Page], reader, long
):
    width = reader["viewport"]["width"]
    wrong: dict[str, object] = {}

    def look(page: Page, name: str, language: str) -> None:
        if is_examined(reader, language, long=long) and (found := findings(page)):
            wrong[f"{name} {language} axe"] = found
        if page.evaluate("document.documentElement.scrollWidth") > width:
            wrong[f"{name} {language} width"] = page.evaluate("document.documentElement.scrollWidth")

    pages = {email: opened(email, reader) for email in (ADMINISTRATOR_EMAIL, EMAIL)}
    for name, (email, path) in PAGES.items():
        for language in ("en", "th"):
            answer = pages[email].goto(f"{path}?lang={language}")
            assert answer is not None
            assert answer.status == 200
            look(pages[email], name, language)
        CAMERA.keep(pages[email], f"{name}-{width}")
    page = pages[ADMINISTRATOR_EMAIL]
    page.goto("/administration/import")
    _paste(page)
    look(page, "import_read", "th")
    CAMERA.keep(page, f"import_read-{width}")
    assert wrong == {}


def _paste(page: Page) -> None:
    page.fill("#text", PAGE)
    page.fill("#code", "5049-2019")
    page.fill("#year", "2564")
    page.select_option("#workflow", "civil_society_network")
    page.click("form .radap-buttons button >> nth=-1")
    page.wait_for_selector("#findings")


def test_page_is_imported_and_its_facts_accepted_without_scripts(
    after_the_year: Served, opened: Callable[..., Page]
):
    page = opened(ADMINISTRATOR_EMAIL, WITHOUT_SCRIPTS)
    page.goto("/administration/import")
    _paste(page)
    page.click("text=นำเข้าตัวชี้วัดนี้")
    assert "12 รายการรอพิจารณา" in page.inner_text("main")
    page = opened(EMAIL, WITHOUT_SCRIPTS)
    page.goto("/indicators/2564/5049-2019/proposals")
    page.click("text=รับที่ค่อนข้างแน่ทั้งหมด")
    page.click("#proposal-1 button")
    assert "รับเป็นข้อเท็จจริงแล้ว" in page.inner_text("main")
    assert "3 รายการรอพิจารณา" in page.inner_text("main")

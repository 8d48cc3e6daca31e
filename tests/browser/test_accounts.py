"""Accounts in a real browser: a forgotten password, the second step; with scripts and without."""

import re

import pyotp
import pytest
from playwright.sync_api import Page, expect

from engine.signing_in import SETUP_LASTS
from notifications import password_links
from notifications.password_links import PasswordLink
from storage import quiets
from tests.browser.conftest import CAMERA, DESK, PHONE, WITHOUT_SCRIPTS, Open, Served
from tests.browser.test_pages import findings
from tests.cast import COORDINATOR
from tests.web.doorway import CLIENT, EMAIL, OTHER, PASSWORD, accounts_of

READERS = {"phone": PHONE, "desk": DESK, "without_scripts": WITHOUT_SCRIPTS}


@pytest.fixture(params=sorted(READERS))
def reader(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Look:
    """Looks at a page as a person with little sight does; keeps its picture if it is always the same."""

    def __init__(self, page: Page, reader: str) -> None:
        self._page = page
        self._reader = reader
        self.wrong: dict[str, object] = {}

    def __call__(self, name: str, *, kept: bool = True) -> None:
        page = self._page
        if self._reader == "without_scripts":
            return
        width = READERS[self._reader]["viewport"]["width"]
        if found := findings(page):
            self.wrong[f"{name} axe"] = found
        if page.evaluate("document.documentElement.scrollWidth") > width:
            self.wrong[f"{name} width"] = page.evaluate("document.documentElement.scrollWidth")
        if kept:
            CAMERA.keep(page, f"{name}-{width}")


def test_second_step_is_set_up_with_a_telephone_and_asked_for(served: Served, opened: Open, reader: str):
    page = opened(EMAIL, READERS[reader])
    look = Look(page, reader)
    page.get_by_role("link", name=COORDINATOR.name).click()
    page.get_by_role("link", name="ตั้งค่าการยืนยันตัวตนขั้นที่สอง").click()
    expect(page.get_by_label("รหัสผ่านปัจจุบัน")).to_be_visible()
    look("factor_begin")
    page.get_by_label("รหัสผ่านปัจจุบัน").fill(PASSWORD)
    page.get_by_role("button", name="ตั้งค่าการยืนยันตัวตนขั้นที่สอง").click()

    picture = page.get_by_role("img", name=re.compile("คิวอาร์โค้ด"))
    expect(picture).to_be_visible()
    assert (
        picture.evaluate("image => image.complete && image.naturalWidth > 100") or reader == "without_scripts"
    )
    secret = page.locator("main code").inner_text().replace(" ", "")
    look("factor_scan", kept=False)
    page.get_by_label("รหัส 6 หลักจากแอป").fill("000000")
    page.get_by_role("button", name="ตั้งค่าการยืนยันตัวตนขั้นที่สอง").click()
    expect(page.get_by_role("alert")).to_contain_text("รหัสไม่ถูกต้อง")
    page.get_by_label("รหัส 6 หลักจากแอป").fill(pyotp.TOTP(secret).at(served.town.clock.now))
    page.get_by_role("button", name="ตั้งค่าการยืนยันตัวตนขั้นที่สอง").click()
    expect(page.locator("main code")).to_have_count(10)
    codes = page.locator("main code").all_inner_texts()
    look("recovery_codes", kept=False)
    page.get_by_role("button", name="เก็บรหัสแล้ว").click()
    expect(page.get_by_role("button", name="ยกเลิกการยืนยันตัวตนขั้นที่สอง")).to_be_visible()
    look("factor_set")

    page.get_by_role("button", name="ออกจากระบบ").click()
    page.get_by_label("อีเมล").fill(EMAIL)
    page.get_by_label("รหัสผ่าน").fill(PASSWORD)
    page.get_by_role("button", name="เข้าสู่ระบบ").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ยืนยันตัวตนขั้นที่สอง")
    look("code")
    page.goto("/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("ยืนยันตัวตนขั้นที่สอง")
    page.get_by_text("ไม่มีโทรศัพท์อยู่กับตัว").click()
    page.get_by_label("รหัสกู้คืน").fill(codes[0])
    page.locator("details").get_by_role("button", name="เข้าสู่ระบบ").click()
    page.wait_for_url("**/account")
    expect(page.get_by_role("heading", level=1)).to_have_text("บัญชีของฉัน")
    assert look.wrong == {}


def test_first_password_is_set_by_a_link(served: Served, opened: Open, reader: str):
    town = served.town
    ends_at = town.clock.now + SETUP_LASTS
    with town.store.read() as tx:
        secret = quiets.link_secret(tx.connection)
    token = password_links.make(secret, PasswordLink(COORDINATOR.id, ends_at), "A" * 43)
    digest = password_links.fingerprint(token)
    accounts_of(town).keep_link(COORDINATOR.id, digest, ends_at, CLIENT, town.clock.now)

    page = opened(None, READERS[reader])
    look = Look(page, reader)
    page.goto(password_links.path_of(token))
    look("set_password")
    page.get_by_label("รหัสผ่านใหม่").fill("short")
    page.get_by_role("button", name="ตั้งรหัสผ่าน").click()
    expect(page.get_by_role("alert")).to_contain_text("รหัสผ่านสั้นเกินไป")
    page.get_by_label("รหัสผ่านใหม่").fill(OTHER)
    page.get_by_role("button", name="ตั้งรหัสผ่าน").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ตั้งรหัสผ่านแล้ว")
    look("password_set")
    page.get_by_role("link", name="ไปที่หน้าเข้าสู่ระบบ").click()
    page.get_by_label("อีเมล").fill(EMAIL)
    page.get_by_label("รหัสผ่าน").fill(OTHER)
    page.get_by_role("button", name="เข้าสู่ระบบ").click()
    page.wait_for_url("**/")
    assert look.wrong == {}


def test_link_is_asked_for(served: Served, opened: Open, reader: str):
    page = opened(None, READERS[reader])
    look = Look(page, reader)
    page.goto("/sign-in")
    page.get_by_role("link", name="ลืมรหัสผ่าน").click()
    page.get_by_label("อีเมล").fill(EMAIL)
    page.get_by_role("button", name="ส่งลิงก์").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("ตรวจดูอีเมลของท่าน")
    look("reset_sent")
    assert look.wrong == {}

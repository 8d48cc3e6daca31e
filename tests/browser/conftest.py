"""A real browser on real pages: the system's Chromium, a server on this machine, a day that stands still."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

from engine import actions
from engine.actions import NewOccurrence
from tests import chromium
from tests.cast import (
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    MEETINGS,
    REPORT,
    SECTION_HEAD,
    YEAR,
    at,
    found_city,
    new_store,
    open_store,
)
from tests.conftest import Copies
from tests.web.doorway import give_password, sign_in
from tests.web.town import Town

DAY = date(2021, 5, 18)
#: How each reader looks at the pages.
PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 1,
}
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}}
WITHOUT_SCRIPTS: dict[str, Any] = {**DESK, "java_script_enabled": False}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    path = chromium.path()
    if path is None:
        pytest.skip("no chromium on this machine: pages are not opened in a browser")
    return {"executable_path": path, "args": list(chromium.ARGUMENTS)}


class _Relay:
    """Hands requests to the pages, whose own address is known only once they are served."""

    def __init__(self) -> None:
        self.app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)


class Served:
    """A town with its pages at an address of this machine, on a day of May."""

    def __init__(self, town: Town, address: str) -> None:
        self.town = town
        self.address = address


class Camera:
    """Takes the pictures of docs/screenshots, when asked to: it takes longer than all else about a page."""

    folder = Path(__file__).parents[2] / "docs" / "screenshots"
    is_on = False

    def keep(self, page: Page, name: str, *, full_page: bool = True) -> None:
        """In as many colours as the pages have: a quarter of the size."""
        if self.is_on:
            page.evaluate("document.fonts.ready.then(() => true)")
            with Image.open(BytesIO(page.screenshot(full_page=full_page))) as drawn:
                few = drawn.convert("P", palette=Image.Palette.ADAPTIVE, colors=64)
                few.save(self.folder / f"{name}.png", optimize=True)


CAMERA = Camera()


@pytest.fixture(scope="session", autouse=True)
def _camera(request: pytest.FixtureRequest) -> None:
    CAMERA.is_on = bool(request.config.getoption("--pictures"))


@pytest.fixture
def served(copy_of: Copies, tmp_path: Path) -> Iterator[Served]:
    """Thung Khru in May: guidelines and committee are there, and one of the two meetings."""
    store = open_store(copy_of("sqlite", fill_prepared))
    town = Town(store, tmp_path / "evidence")
    town.clock.now = at(DAY)
    relay = _Relay()
    server = uvicorn.Server(
        uvicorn.Config(relay, port=0, log_level="error", lifespan="off", access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    town.open(replace(town.site, base_url=address, public=True))
    relay.app = town.client.app
    yield Served(town, address)
    server.should_exit = True
    thread.join()
    store.close()


def fill_prepared(url: str) -> None:
    """What was done before, and the passwords of those who come."""
    store = new_store(url)
    found_city(store)
    town = Town(store, Path(url.removeprefix("sqlite:///")).parent)
    town.clock.now = at(DAY)
    for person in (COORDINATOR.id, SECTION_HEAD.id, EVALUATOR.id):
        give_password(town, person)
    with town.store.begin() as tx:
        for milestone, day in (
            (GUIDELINES, date(2020, 12, 14)),
            (COMMITTEE, date(2020, 11, 30)),
            (MEETINGS, date(2021, 1, 19)),
        ):
            new = NewOccurrence(milestone, day, document_number=f"{day:%d}/2564")
            actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=at(day))
        plan = NewOccurrence(MEETINGS, date(2021, 6, 29), planned=True, note="ประชุมครั้งที่ 3/64")
        actions.record_occurrence(tx, CODE, YEAR, plan, by=COORDINATOR, now=at(date(2021, 3, 1)))
        narrative, then = "จัดทำโครงการและแต่งตั้งคณะกรรมการแล้ว", at(date(2021, 1, 5))
        actions.write_report(tx, CODE, YEAR, 1, narrative=narrative, by=COORDINATOR, now=then)
        actions.submit_report(tx, CODE, YEAR, 1, by=COORDINATOR, now=then)
        waiting = "สำนักพัฒนาสังคม: แบบรายงาน"
        where = (tx, CODE, YEAR, REPORT)
        actions.block_milestone(*where, waiting_for=waiting, by=COORDINATOR, now=at(date(2021, 3, 2)))
    store.close()


#: Opens a page as a reader of that kind, signed in under an address; the form for it is tested with accounts.
Open = Callable[..., Page]


@pytest.fixture
def opened(browser: Browser, served: Served) -> Iterator[Open]:
    contexts: list[BrowserContext] = []

    def open_page(email: str | None, reader: dict[str, Any], **more: Any) -> Page:
        context = browser.new_context(base_url=served.address, locale="th-TH", **reader, **more)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        if email is not None:
            cookies = sign_in(served.town, email).cookies
            served.town.client.cookies.clear()
            context.add_cookies(
                [{"name": name, "value": cookies[name], "url": served.address} for name in cookies]
            )
            page.goto("/")
        return page

    yield open_page
    for context in contexts:
        context.close()

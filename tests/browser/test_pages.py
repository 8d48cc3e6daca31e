"""Every page: nothing keeps anybody out (axe-core), in both languages; and its picture."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from cli.bootstrap import House
from cli.changing import Changing
from cli.settings import Public, Settings
from engine import actions
from engine.actions import NewPetition
from engine.jobs import Product, Scope, Wanted
from engine.petition import PetitionKind
from engine.tokens import NewToken
from engine.workflow import Text
from storage import jobs, registry, tokens
from tests.browser.conftest import CAMERA, DAY, DESK, PHONE, Served
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    ISSUE,
    MEETINGS,
    REPORT,
    SECTION_HEAD,
    THUNG_KHRU,
    YEAR,
    at,
)
from tests.fifty import found_fifty
from tests.web.coordinators import PNG
from tests.web.doorway import CLIENT, EMAIL, EVALUATOR_EMAIL, HEAD_EMAIL, give_password
from tests.web.post import post, tell_a_program
from tests.web.sheets import TARGETS, file_of, tried

ADMINISTRATOR_EMAIL = "administrator@strategy.example"
WHOLE_CITY, NAME = Text("ทั้งเมือง", "The whole city"), Text("สำนักงานเขตทุ่งครุ", "Thung Khru District Office")
HOME = f"/indicators/2564/{CODE}"
#: A spreadsheet of which something becomes, and one in which much is wrong.
RIGHT = file_of("ค่าเป้าหมาย", ("น้ำหนัก", *TARGETS), (2, CODE, 4))
WRONG = file_of("ค่าเป้าหมาย", ("หมายเหตุ", *TARGETS), ("", CODE, "สี่"), ("", "5049-2071", 4), ("", "", 4))

NOBODY: dict[str, str] = {
    "sign_in": "/sign-in",
    "forgotten": "/forgotten",
    "offline": "/offline",
    "unknown": "/nowhere",
}
OF_THE_COORDINATOR: dict[str, str] = {
    "work": "/",
    "indicators": "/indicators?year=2564",
    "indicator": HOME,
    "history": f"{HOME}/history",
    "states": f"{HOME}/states",
    "milestone": f"{HOME}/milestones/{MEETINGS}",
    "returned": f"{HOME}/milestones/{COMMITTEE}",
    "replace": f"{HOME}/milestones/{MEETINGS}?replaces=1",
    "record": f"{HOME}/milestones/{MEETINGS}/record",
    "answer": f"{HOME}/milestones/{COMMITTEE}/answer",
    "block": f"{HOME}/milestones/{ISSUE}/block",
    "ask": f"{HOME}/milestones/{ISSUE}/ask",
    "ask_longer": f"{HOME}/quarters/3/ask",
    "petition": f"{HOME}/petitions/1",
    "ask_missing": f"{HOME}/milestones/{MEETINGS}/ask_correction",
    "ask_correction": f"{HOME}/occurrences/1/ask_correction",
    "void": f"{HOME}/occurrences/1/void",
    "write": f"{HOME}/quarters/3",
    "check": f"{HOME}/quarters/3/check",
    "receipt": f"{HOME}/quarters/1/receipt",
    "report": f"{HOME}/quarters/1",
    "account": "/account",
    "tokens": "/account/tokens",
    "search": "/search?q=ประชุม",
    "give_results": "/spreadsheets",
    "search_nothing": "/search?q=ไม่มีคำนี้",
}
OF_THE_HEAD: dict[str, str] = {
    "head_work": "/",
    "endorse": f"{HOME}/quarters/1/endorse",
    "return_report": f"{HOME}/quarters/1/return",
}
WAITS = "wait=blocked&workflow=civil_society_network&milestone=report_submitted"
OF_THE_EVALUATOR: dict[str, str] = {
    "city": "/city?year=2564",
    "city_plan": "/city/plan?year=2564&method=share_at_target",
    "city_agency": f"/city/agencies?year=2564&method=weighted&node={THUNG_KHRU}",
    "city_waiting": f"/city/waiting?year=2564&{WAITS}",
    "seals": "/seals?year=2564",
    "seal": "/seals/2564/1",
    "correct": f"{HOME}/milestones/{MEETINGS}/correct",
    "reports": "/reports",
    "jobs": "/jobs",
    "extend": "/administration/calendar/extend",
}
OF_THE_ADMINISTRATOR: dict[str, str] = {
    "administration": "/administration",
    "people": "/administration/people",
    "people_none": "/administration/people?q=ไม่มีผู้นี้",
    "add_person": "/administration/people/add",
    "agencies": "/administration/agencies",
    "add_agency": "/administration/agencies/add",
    "outbox": "/administration/outbox",
    "message": "/administration/outbox/1",
    "webhooks": "/administration/webhooks",
    "webhook": "/administration/webhooks/1",
    "add_webhook": "/administration/webhooks/add",
    "journal": "/administration/journal?verify=1",
    "journal_indicator": f"/administration/journal?code={CODE}",
    "door": "/administration/entrance",
    "workflows": "/administration/workflows",
    "workflow": "/administration/workflows/1",
    "workflow_place": f"/administration/workflows/1?code={CODE}&year=2564",
    "calendar": "/administration/calendar",
    "campaign": "/administration/campaign",
    "person": f"/administration/people/{COORDINATOR.id}",
    "settings": "/administration/settings",
    "setting": "/administration/settings/reminders.milestone.before",
    "setting_checklist": "/administration/settings/review.checklist",
    "setting_ladder": "/administration/settings/reminders.report.ladder",
    "all_jobs": "/administration/jobs",
    "spreadsheets": "/administration/spreadsheets",
    "spreadsheet": "/administration/spreadsheets/3",
    "spreadsheet_wrong": "/administration/spreadsheets/4",
}
EVERY = [
    *((None, name, path) for name, path in NOBODY.items()),
    *((EMAIL, name, path) for name, path in OF_THE_COORDINATOR.items()),
    *((HEAD_EMAIL, name, path) for name, path in OF_THE_HEAD.items()),
    *((EVALUATOR_EMAIL, name, path) for name, path in OF_THE_EVALUATOR.items()),
    *((ADMINISTRATOR_EMAIL, name, path) for name, path in OF_THE_ADMINISTRATOR.items()),
]


@pytest.fixture
def full(served: Served) -> Served:
    """Something of everything is there."""
    now = at(DAY)
    town = served.town
    found_fifty(town.store)
    give_password(town, ADMINISTRATOR.id)
    post(town)
    with town.store.begin() as tx:
        actions.return_milestone(
            tx, CODE, YEAR, COMMITTEE, reason="1. แนบคำสั่งที่ลงนามแล้ว\n2. ระบุเลขที่คำสั่ง", by=EVALUATOR, now=now
        )
        petition = NewPetition(PetitionKind.POSTPONEMENT, DAY.replace(month=8), "น้ำท่วมพื้นที่", REPORT)
        actions.make_petition(tx, CODE, YEAR, petition, by=COORDINATOR, now=now)
        narrative = "อยู่ระหว่างนัดประชุมครั้งที่ 3/64"
        actions.write_report(tx, CODE, YEAR, 3, narrative=narrative, by=SECTION_HEAD, now=now)
    tell_a_program(town.store, now)
    settings = Settings(public=Public(enabled=True))
    town.site.settings = Changing(House(settings, town.store, town.site.evidence, town.clock), lambda: 0.0)
    with town.store.begin() as tx:
        administrator = registry.person(tx.connection, ADMINISTRATOR_EMAIL)
        town.site.settings.change(tx, "reminders.milestone.before", "14, 7, 1", by=administrator, now=now)
        for scope, of, name in ((Scope.CITY, "", WHOLE_CITY), (Scope.AGENCY, str(THUNG_KHRU), NAME)):
            wanted = Wanted(Product.PDF, scope, of, YEAR)
            jobs.ask(tx.connection, wanted, name, EVALUATOR.id, now)
        jobs.claim(tx.connection, "holder", 60, now)
        jobs.fail(tx.connection, 1, "holder", "จัดทำไม่สำเร็จ ขอใหม่อีกครั้ง", now)
        jobs.claim(tx.connection, "holder", 60, now)
        jobs.beat(tx.connection, 2, "holder", 60, 3, 12)
    upload = town.site.uploads.take(COORDINATOR.id, _Source(PNG), "ภาพการประชุม.png", now)
    with town.store.begin() as tx:
        where = (tx, CODE, YEAR, MEETINGS)
        town.site.uploads.attach(*where, upload, request=None, occurrence=3, by=COORDINATOR, now=now)
        for called, scopes in (("ระบบสารบรรณ", ["read", "record"]), ("รายงานประจำเดือน", ["read"])):
            new = NewToken(called, scopes, 90)
            _, token = tokens.make(tx, COORDINATOR.id, new, CLIENT, now)
        tokens.revoke(tx, COORDINATOR.id, token.id, CLIENT, now)
    for content in (RIGHT, WRONG):
        tried(town, content, "ค่าเป้าหมายปี 2564.xlsx", ADMINISTRATOR)
    return served


class _Source:
    """Bytes that are read once."""

    def __init__(self, content: bytes) -> None:
        self._left = content

    def read(self, size: int, /) -> bytes:
        given, self._left = self._left[:size], self._left[size:]
        return given


_AXE = Axe().axe_script
_RUN = "axe.run(document, {resultTypes: ['violations']}).then(found => found.violations)"


def findings(page: Page) -> list[str]:
    """What axe-core finds, each with the first place of it."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE)
        # From the next page on the browser has it at hand: handing it over anew costs as much as running it.
        page.context.add_init_script(_AXE)
    found = page.evaluate(_RUN)
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]


def is_examined(reader: object, language: str, *, long: bool) -> bool:
    """Thai as on a phone and English as at a desk; in the long form all four, which takes twice as long."""
    return long or (language == "th") is (reader is PHONE)


def languages(reader: object, *, long: bool) -> list[str]:
    """In which a page is opened: only in the one that is examined, unless pictures are taken as well."""
    return [one for one in ("en", "th") if CAMERA.is_on or is_examined(reader, one, long=long)]


@pytest.mark.parametrize("reader", [PHONE, DESK], ids=["phone", "desk"])
def test_no_page_keeps_anybody_out(full: Served, opened: Callable[..., Page], reader, long):
    """In Thai and in English; no page is wider than what it is read on; and each has its picture."""
    width = reader["viewport"]["width"]
    pages: dict[str | None, Page] = {}
    wrong: dict[str, object] = {}
    for email, name, path in EVERY:
        page = pages[email] = pages[email] if email in pages else opened(email, reader)
        for language in languages(reader, long=long):
            answer = page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
            assert answer is not None
            if answer.status != (404 if name == "unknown" else 200):
                wrong[f"{name} {language} status"] = answer.status
            if page.locator("html").get_attribute("lang") != language:
                wrong[f"{name} {language} lang"] = page.locator("html").get_attribute("lang")
            if is_examined(reader, language, long=long) and (found := findings(page)):
                wrong[f"{name} {language} axe"] = found
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong[f"{name} {language} width"] = page.evaluate("document.documentElement.scrollWidth")
        CAMERA.keep(page, f"{name}-{width}")
    assert wrong == {}


def test_pages_fit_the_narrowest_phone(full: Served, opened: Callable[..., Page]):
    page = opened(EMAIL, {"viewport": {"width": 320, "height": 640}})
    too_wide = {}
    for name, path in OF_THE_COORDINATOR.items():
        page.goto(path)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 320:
            too_wide[name] = width
    assert too_wide == {}


def test_what_keeps_somebody_out_is_found(served: Served, opened: Callable[..., Page]):
    """On the first page that is examined, and on those that come after it."""
    page = opened(None, DESK)
    for _ in range(2):
        page.goto("/sign-in")
        page.evaluate("document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/nowhere\">')")
        assert [one.partition(":")[0] for one in findings(page)] == ["image-alt"]

"""Mails for tests: a composer of a small house, and mails read back as any program reads them."""

import email
import email.policy
from collections.abc import Iterable
from datetime import UTC, date, datetime
from email.message import EmailMessage
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po

from engine.quarter import WorkCalendar
from engine.reminders import Topic
from engine.wording import Wording
from notifications.messages import Composed, Composer, Digest, Item, Recipient, Renders, Said, Sender
from notifications.templating import Templates

ROOT = Path(__file__).parents[2]
NOW = datetime(2021, 3, 1, 1, 0, tzinfo=UTC)
TODAY = date(2021, 3, 1)  # a Monday
REF = "<digest.12.20210301@radap.example>"
HOME = "https://radap.example"
SENDER = Sender("ระบบติดตามตัวชี้วัด", "radap@bangkok.example")
CALENDAR = WorkCalendar(
    frozenset({date(2021, 4, 13), date(2021, 4, 14), date(2021, 4, 15)}), frozenset({6, 7})
)
COORDINATOR = Recipient("ผู้ประสานงาน เขตทุ่งครุ", "coordinator@thungkhru.example", "th")


def _sentences(language: str) -> dict[str, str]:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "radap.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale=language) if one.id}


WORDINGS = {
    language: Wording(language, _sentences(language), ZoneInfo("Asia/Bangkok")) for language in ("th", "en")
}


def composer(templates: Renders | None = None, sender: Sender = SENDER) -> Composer:
    return Composer(templates or Templates(), WORDINGS, CALENDAR, sender, HOME)


def item(
    topic: Topic = Topic.MILESTONE,
    what: Said = "จัดประชุมครบ 2 ครั้งแล้ว",
    due_on: date = date(2021, 3, 4),
    days: int = 3,
    **more: object,
) -> Item:
    """One thing that is owed; due on Thursday, with three working days left."""
    given: dict[str, object] = {
        "code": "5049-2017",
        "title": "การจัดตั้งเครือข่ายประชาสังคมเขต",
        "agency": "สำนักงานเขตทุ่งครุ",
        "link": "/i/1",
        "uid": "milestone-1-1-meetings_held@radap.example",
    }
    return Item(topic=topic, what=what, due_on=due_on, days=days, **{**given, **more})  # type: ignore[arg-type]  # a test names what it is about


def digest_of(*items: Item, to: Recipient = COORDINATOR, unsubscribe: str | None = None) -> Digest:
    return Digest(to, TODAY, items or (item(),), unsubscribe)


def parsed(mail: Composed) -> EmailMessage:
    """The mail as a mail program has it, without a single defect."""
    message = email.message_from_bytes(mail.content, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert [part.defects for part in message.walk()] == [[] for _ in message.walk()]
    assert [header.defects for header in message.values()] == [() for _ in message.values()]
    return message


def text_of(mail: Composed) -> str:
    return _content(mail, "plain")


def page_of(mail: Composed) -> str:
    return _content(mail, "html")


def _content(mail: Composed, kind: str) -> str:
    body = parsed(mail).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def names_of_headers(mail: Composed) -> list[str]:
    return list(parsed(mail).keys())


def kinds(broken: Iterable[object]) -> list[tuple[int, str]]:
    return [(one.line, one.kind) for one in broken]  # type: ignore[attr-defined]  # a fault, or what is broken

"""Mails as they might be sent: one with everything in it and one with nothing more than it needs.

The house's own wording is tried on them, and a person can look at them before anything is sent.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from engine.indicator import MilestoneState
from engine.permissions import Role
from engine.quarter import FiscalYear, Quarter, WorkCalendar
from engine.reminders import Topic
from engine.wording import Wording
from engine.workflow import Text
from notifications.messages import (
    Changes,
    Composed,
    Composer,
    Digest,
    EndpointStopped,
    Finished,
    Item,
    Line,
    News,
    Recipient,
    Reset,
    Sender,
    escalated,
)

NOW = datetime(2021, 3, 1, 1, 0, tzinfo=UTC)
TODAY = date(2021, 3, 1)
_REF = "<sample@radap.invalid>"
_AGENCY = Text("สำนักงานเขตทุ่งครุ", "Thung Khru District Office")
_NETWORK = Text(
    "ระดับความสำเร็จในการจัดตั้งเครือข่ายประชาสังคมเขต",
    "success level of setting up the district civil-society network",
)
_CAMERAS = Text("ระดับความสำเร็จของการจัดทำแผนการติดตั้งกล้อง CCTV", "success level of CCTV installation plan")
_NAMES = {"th": "ผู้ประสานงาน เขตทุ่งครุ", "en": "Coordinator of Thung Khru"}


def full_digest(language: str) -> Digest:
    """Overdue and told upwards, blocked, in somebody's stead, due today and later: with every link."""
    items = (
        Item(
            topic=Topic.MILESTONE,
            code="5049-2017",
            title=_NETWORK,
            agency=_AGENCY,
            what=Text("แต่งตั้งคณะกรรมการแล้ว", "Committee appointed"),
            due_on=date(2021, 2, 23),
            days=-3,
            link="/indicators/5049-2017/2564/committee_appointed",
            state=MilestoneState.BLOCKED,
            waits_for="ฝ่ายปกครอง" if language == "th" else "Administrative Section",
            why=escalated(Role.SECTION_HEAD, 3),
            told_before=(
                ("ผู้ประสานงานสำรองเขตทุ่งครุ" if language == "th" else "Deputy of Thung Khru", date(2021, 2, 23)),
                ("หัวหน้าฝ่ายเขตทุ่งครุ" if language == "th" else "Section head of Thung Khru", date(2021, 2, 24)),
            ),
            snooze="/a/snooze.1",
            uid="milestone-1-1-committee_appointed@radap.invalid",
        ),
        Item(
            topic=Topic.MILESTONE,
            code="5049-2017",
            title=_NETWORK,
            agency=_AGENCY,
            what=Text("จัดประชุมครบ 2 ครั้งแล้ว", "Two meetings held"),
            due_on=date(2021, 3, 4),
            days=3,
            link="/indicators/5049-2017/2564/meetings_held",
            state=MilestoneState.IN_PROGRESS,
            acknowledge="/a/acknowledge.2",
            snooze="/a/snooze.2",
            uid="milestone-1-1-meetings_held@radap.invalid",
        ),
        Item(
            topic=Topic.REPORT,
            code="5049-0876",
            title=_CAMERAS,
            agency=_AGENCY,
            what=Quarter(2021, 2),
            due_on=TODAY,
            days=0,
            link="/indicators/5049-0876/2564/quarters/2",
            acknowledge="/a/acknowledge.3",
            snooze="/a/snooze.3",
            instead_of="ผู้ประสานงานสำรองเขตทุ่งครุ" if language == "th" else "Deputy of Thung Khru",
            uid="report-1-2-2@radap.invalid",
        ),
    )
    return Digest(
        to=_recipient(language),
        on=TODAY,
        items=items,
        unsubscribe="/a/unsubscribe.1",
        standing_in_for=("ผู้ประสานงานสำรองเขตทุ่งครุ" if language == "th" else "Deputy of Thung Khru",),
    )


def bare_digest(language: str) -> Digest:
    """One thing, of which there is nothing to say but when it is due."""
    item = Item(
        topic=Topic.EXTENSION,
        code="",
        title="",
        agency="",
        what=Quarter(2021, 2),
        due_on=date(2021, 3, 2),
        days=1,
        link="/extensions/2",
    )
    return Digest(to=_recipient(language), on=TODAY, items=(item,))


def full_changes(language: str) -> Changes:
    """One line of each kind."""
    by = "ผู้ประเมิน" if language == "th" else "the evaluator"
    reason = "ขาดคำสั่งแต่งตั้ง" if language == "th" else "The order is missing."
    lines = tuple(
        Line(
            news=news,
            code="5049-2017",
            title=_NETWORK,
            agency=_AGENCY,
            thing=thing,
            who=by,
            at=NOW,
            link="/indicators/5049-2017/2564",
            reason=reason if news is News.RETURNED else "",
            until=date(2021, 3, 8) if news in _UNTIL else None,
            before=before,
            after=after,
        )
        for news, thing, before, after in _CHANGED
    )
    return Changes(_recipient(language), lines, unsubscribe="/a/unsubscribe.1")


_UNTIL = (News.RETURNED, News.EXTENDED, News.POSTPONED, News.WAIVED)
_CHANGED: tuple[tuple[News, Text | Quarter, int | None, int | None], ...] = (
    (News.RETURNED, Text("แต่งตั้งคณะกรรมการแล้ว", "Committee appointed"), None, None),
    (News.VERIFIED, Text("กำหนดแนวทางและหลักเกณฑ์แล้ว", "Guidelines and criteria set"), None, None),
    (News.REOPENED, Text("กำหนดแนวทางและหลักเกณฑ์แล้ว", "Guidelines and criteria set"), None, None),
    (News.POSTPONED, Text("จัดประชุมครบ 2 ครั้งแล้ว", "Two meetings held"), None, None),
    (News.WAIVED, Text("คัดเลือกประเด็นแล้ว", "Issue chosen"), None, None),
    (News.SUBMITTED, Quarter(2021, 1), None, None),
    (News.ENDORSED, Quarter(2021, 1), None, None),
    (News.ACCEPTED, Quarter(2021, 1), None, None),
    (News.EXTENDED, Quarter(2021, 2), None, None),
    (News.CANCELLATION_DECLINED, _NETWORK, None, None),
    (News.CANCELLED, _NETWORK, None, None),
    (News.LEVEL_REACHED, Text("ตามที่บันทึก", "claimed"), 1, 2),
    (News.LEVEL_LOST, Text("ตรวจรับแล้ว", "verified"), 2, 1),
    (News.MIGRATED, Text("การจัดตั้งเครือข่ายประชาสังคมเขต", "District civil-society network"), 1, 2),
)


def bare_changes(language: str) -> Changes:
    """One thing, about no indicator and by nobody."""
    line = Line(News.EXTENDED, "", "", Quarter(2021, 2), "", NOW, "/quarters/2", until=date(2021, 4, 30))
    return Changes(_recipient(language), (line,))


def reset(language: str) -> Reset:
    """The link to set a new password."""
    return Reset(_recipient(language), "/password/2.1", NOW + timedelta(hours=1))


def finished(language: str) -> Finished:
    """A report that can be fetched."""
    week = NOW + timedelta(days=7)
    return Finished(_recipient(language), "pdf", _AGENCY, FiscalYear(2021), "/jobs/12", week)


def not_made(language: str) -> Finished:
    """One that could not be made."""
    why = "ไม่มีตัวชี้วัด" if language == "th" else "There is no indicator."
    return Finished(_recipient(language), "pack", _AGENCY, FiscalYear(2021), "/jobs/13", None, why)


def stopped(language: str) -> EndpointStopped:
    """A program that has not answered for three days."""
    name = "ระบบข้อมูลกลาง" if language == "th" else "Data hub"
    since = NOW - timedelta(days=3)
    return EndpointStopped(
        _recipient(language), name, since, "HTTP 503 Service Unavailable", "/administration/webhooks/3"
    )


def composed(composer: Composer, language: str) -> Iterator[Composed]:
    """Every sample as a mail."""
    for digest in (full_digest(language), bare_digest(language)):
        yield composer.mail(digest, _REF, NOW)
    for changes in (full_changes(language), bare_changes(language)):
        yield composer.mail(changes, _REF, NOW)
    yield composer.reset(reset(language), _REF, NOW)
    for told in (finished(language), not_made(language)):
        yield composer.job(told, _REF, NOW)
    yield composer.stopped(stopped(language), _REF, NOW)
    yield composer.test(_recipient(language), _REF, NOW)


def sample_values(
    wordings: Mapping[str, Wording], calendar: WorkCalendar, sender: Sender, base_url: str
) -> dict[str, list[dict[str, Any]]]:
    """What each template is given for the samples, the one with everything in it first."""
    recorder = _Recorder()
    composer = Composer(recorder, wordings, calendar, sender, base_url)
    for language in wordings:
        for _ in composed(composer, language):
            pass
    return recorder.given


class _Recorder:
    def __init__(self) -> None:
        self.given: dict[str, list[dict[str, Any]]] = {}

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        self.given.setdefault(name, []).append({**values})
        return name


def _recipient(language: str) -> Recipient:
    return Recipient(_NAMES[language], "coordinator@radap.invalid", language)

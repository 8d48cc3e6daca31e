"""Mails as their readers have them: who was told of what, read back from the plain text and the calendar."""

import email
import email.policy
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from typing import NamedTuple

from aiosmtpd.smtp import Envelope

from tests.routes.reminded_oracle import Item, Told, agency_of

_TOPICS = {
    "ขั้นความสำเร็จที่ต้องทำให้แล้วเสร็จ": "milestone",
    "Milestones to be reached": "milestone",
    "รายงานผลรายไตรมาสที่ต้องส่ง": "report",
    "Quarter reports to be handed in": "report",
    "รายงานที่รอการรับรอง": "endorsement",
    "Reports waiting to be endorsed": "endorsement",
    "งานที่รอการตรวจรับและประเมิน": "evaluation",
    "Work waiting to be evaluated": "evaluation",
    "ขั้นความสำเร็จที่ส่งกลับแก้ไข": "returned_milestone",
    "Milestones returned to be mended": "returned_milestone",
    "รายงานที่ส่งกลับแก้ไข": "returned_report",
    "Reports returned to be mended": "returned_report",
    "การขยายเวลาที่ใกล้สิ้นสุด": "extension",
    "Extensions about to end": "extension",
    "การประชุมและกิจกรรมที่กำหนดวันไว้": "meeting",
    "Planned meetings and activities": "meeting",
}
_NEWS = {
    "ส่งกลับแก้ไข": "returned",
    "Returned to be mended": "returned",
    "ตรวจรับแล้ว": "verified",
    "Verified": "verified",
    "เลื่อนออกไป": "postponed",
    "Postponed": "postponed",
    "ได้รับยกเว้น": "waived",
    "Waived": "waived",
    "ส่งแล้ว รอการรับรอง": "submitted",
    "Handed in, to be endorsed": "submitted",
    "ได้รับแล้ว รอหัวหน้าฝ่ายรับรอง": "received",
    "Received, to be endorsed by your section head": "received",
    "รับรองแล้ว": "endorsed",
    "Endorsed": "endorsed",
    "รับรายงานแล้ว": "accepted",
    "Accepted": "accepted",
    "ขยายเวลาส่งแล้ว": "extended",
    "Given longer time": "extended",
}
_MILESTONES = {
    "กำหนดแนวทางและหลักเกณฑ์แล้ว": "guidelines_set",
    "Guidelines and criteria set": "guidelines_set",
    "แต่งตั้งคณะกรรมการแล้ว": "committee_appointed",
    "Committee appointed": "committee_appointed",
    "จัดประชุมครบ 2 ครั้งแล้ว": "meetings_held",
    "Two meetings held": "meetings_held",
    "คัดเลือกประเด็นแล้ว": "issue_chosen",
    "Issue chosen": "issue_chosen",
    "ส่งรายงานผลการดำเนินการแล้ว": "report_submitted",
    "Report submitted": "report_submitted",
}
_THAI_MONTHS = "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม"
_ENGLISH_MONTHS = "January February March April May June July August September October November December"
_MONTHS = {
    name: number
    for names in (_THAI_MONTHS, _ENGLISH_MONTHS)
    for number, name in enumerate(names.split(), start=1)
}
_QUARTER = re.compile(r"(?:ไตรมาสที่ |\bQ)([1-4])\b")
_LEVEL = re.compile(r"(?:ระดับเพิ่มขึ้นจาก|Level rose from) \d (?:เป็น|to) \d \((.+)\)")
_NUMBERED = re.compile(r"\d+\. (.+)")
_LABELS = {
    "กำหนด": "due",
    "Due": "due",
    "ตัวชี้วัด": "indicator",
    "Indicator": "indicator",
    "หน่วยงาน": "agency",
    "Agency": "agency",
}
_EVENT = re.compile(
    r"UID:(\w+)-(\d+)-(\d+)-\w+@radap\.example\r\n.*?DTSTART;VALUE=DATE:(\d{8})\r\n", re.DOTALL
)


class Mail(NamedTuple):
    """One mail: its Message-ID and day, to whom, what is to be done, what changed, and its calendar."""

    ref: str
    on: date
    to: str
    items: list[Item]
    changes: Counter[Told]
    events: Counter[tuple[str, int, int, date]]


def read(envelope: Envelope) -> Mail:
    """The mail as the email package of the standard library reads it."""
    message = email.message_from_bytes(envelope.original_content or b"", policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    (to,) = envelope.rcpt_tos
    assert to is not None
    assert message["To"].addresses[0].addr_spec == to
    body = message.get_body(("plain",))
    assert body is not None
    lines = body.get_content().splitlines()
    attached = [part.get_content() for part in message.iter_attachments()]
    return Mail(
        message["Message-ID"],
        message["Date"].datetime.date(),
        to,
        list(_items(lines)),
        Counter(_changes(lines)),
        Counter(event for calendar in attached for event in _events(calendar)),
    )


def _items(lines: list[str]) -> Iterator[Item]:
    for topic, what, told in _paragraphs(lines):
        if topic:
            agency, code, key = _about(what, told)
            yield Item(topic, agency, code, key, _day(told["due"]))


def _changes(lines: list[str]) -> Iterator[Told]:
    for topic, what, told in _paragraphs(lines):
        if topic:
            continue
        if level := _LEVEL.fullmatch(what):
            yield Told("level_reached", *_about(level[1], told))
        else:
            news, _, thing = what.partition(": ")
            yield Told(_NEWS[news], *_about(thing, told))


def _paragraphs(lines: list[str]) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(topic, first line, what the lines under it say by their labels) of everything that is numbered."""
    topic, what, told = "", "", dict[str, str]()
    for line in [*lines, "1. "]:
        numbered = _NUMBERED.match(line + " ")
        heading = line.startswith("== ")
        if (numbered or heading) and what:
            yield topic, what, told
            what = ""
        if heading:
            topic = _TOPICS[line.strip("= ")]
        elif numbered:
            what, told = numbered[1].strip(), {}
        elif line.startswith("   "):
            label, _, value = line.strip().partition(": ")
            told[_LABELS.get(label, "")] = value


def _about(thing: str, told: dict[str, str]) -> tuple[str, str, str]:
    """(agency, code, key) of what a paragraph is about."""
    code = told.get("indicator", "").partition(" ")[0]
    agency = f"{5000 + int(told['agency'].split()[-1].removeprefix('สำนักงานเขตที่'))}"
    assert not code or agency_of(code) == agency
    quarter = _QUARTER.search(thing)
    return agency, code, _MILESTONES.get(thing) or (quarter[1] if quarter else thing)


def _day(written: str) -> date:
    """A day in full, of either era."""
    day, month, year = written.split()[-3:]
    return date(int(year) - (543 if month in _THAI_MONTHS.split() else 0), _MONTHS[month], int(day))


def _events(calendar: str) -> Iterator[tuple[str, int, int, date]]:
    """(topic, agency's id, indicator's id, day) of every event of a calendar."""
    for topic, agency, indicator, day in _EVENT.findall(calendar.replace("\r\n ", "")):
        yield topic, int(agency), int(indicator), date.fromisoformat(day)

"""The calendar is read back by a real reader, and folded so that no Thai letter is cut."""

import unicodedata
from datetime import UTC, date, datetime, timedelta

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.reminders import Subject, Topic
from notifications.calendar_feed import Entry, attachment, feed, uid_of

NOW = datetime(2021, 3, 1, 1, tzinfo=UTC)
MEETING = Entry(
    uid="meeting-1-7-3@radap.example",
    on=date(2021, 3, 8),
    summary="ประชุมคณะกรรมการเครือข่ายประชาสังคมเขต ครั้งที่ 2 (5049-2017)",
    description="สำนักงานเขตทุ่งครุ; ห้อง 1, ชั้น 2\nเปิด: https://radap.example/i/1",
    link="https://radap.example/i/1?a=1;b=2,3",
    alarm_on=date(2021, 3, 5),
    sequence=2,
    changed_at=datetime(2021, 2, 1, 3, 4, 5, tzinfo=UTC),
)


def read(raw: bytes) -> icalendar.Calendar:
    calendar = icalendar.Calendar.from_ical(raw)
    assert isinstance(calendar, icalendar.Calendar)
    assert [one.errors for one in calendar.walk()] == [[] for _ in calendar.walk()]
    return calendar


def test_feed_is_read_back():
    calendar = read(feed([MEETING], "กำหนดการของผู้ประสานงาน", NOW))
    (event,) = calendar.walk("VEVENT")
    assert str(calendar["X-WR-CALNAME"]) == "กำหนดการของผู้ประสานงาน"
    assert str(calendar["METHOD"]) == "PUBLISH"
    assert calendar["REFRESH-INTERVAL"].params["VALUE"] == "DURATION"
    assert calendar.decoded("REFRESH-INTERVAL") == timedelta(hours=6)
    assert str(event["UID"]) == MEETING.uid
    assert str(event["SUMMARY"]) == MEETING.summary
    assert str(event["DESCRIPTION"]) == MEETING.description
    assert str(event["URL"]) == MEETING.link
    assert event["DTSTART"].params["VALUE"] == "DATE"
    assert event.decoded("DTSTART") == MEETING.on
    assert event.decoded("DTEND") == date(2021, 3, 9)
    assert event.decoded("DTSTAMP") == NOW
    assert event.decoded("LAST-MODIFIED") == MEETING.changed_at
    assert event["SEQUENCE"] == 2
    assert str(event["TRANSP"]) == "TRANSPARENT"


def test_alarm_rings_at_nine_on_its_day():
    (alarm,) = read(feed([MEETING], "x", NOW)).walk("VALARM")
    assert str(alarm["ACTION"]) == "DISPLAY"
    assert str(alarm["DESCRIPTION"]) == MEETING.summary
    starts = datetime(2021, 3, 8, tzinfo=UTC)
    assert starts + alarm.decoded("TRIGGER") == datetime(2021, 3, 5, 9, tzinfo=UTC)


def test_alarm_on_the_day_itself_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="no alarm"):
        feed([Entry("u", date(2021, 3, 8), "x", alarm_on=date(2021, 3, 8))], "x", NOW)


def test_attachment_holds_the_same_events():
    fed, attached = (
        read(raw).walk("VEVENT") for raw in (feed([MEETING], "x", NOW), attachment([MEETING], NOW))
    )
    assert [event.to_ical() for event in fed] == [event.to_ical() for event in attached]


def test_bare_entry_says_no_more_than_it_knows():
    (event,) = read(feed([Entry("u@h", date(2021, 3, 8), "x")], "x", NOW)).walk("VEVENT")
    assert sorted(event) == ["DTEND", "DTSTAMP", "DTSTART", "SEQUENCE", "SUMMARY", "TRANSP", "UID"]
    assert event.subcomponents == []


def test_empty_feed_is_a_calendar():
    assert read(feed([], "x", NOW)).walk("VEVENT") == []


def test_nothing_in_a_text_becomes_a_line_of_its_own():
    entry = Entry("u\r\nX-A:1", date(2021, 3, 8), "a\r\nATTENDEE:x", "b\nEND:VEVENT\r\nX-B:1")
    calendar = read(feed([entry], "c\r\nX-C:1", NOW))
    (event,) = calendar.walk("VEVENT")
    assert str(event["SUMMARY"]) == "a ATTENDEE:x"
    assert str(event["DESCRIPTION"]) == "b\nEND:VEVENT\nX-B:1"
    assert {name for name in (*calendar, *event) if name in ("X-A", "X-B", "X-C", "ATTENDEE")} == set()


@pytest.mark.parametrize("link", ["javascript:alert(1)", "https://x.example/\r\nX:1", "x"])
def test_link_is_a_link(link):
    with pytest.raises(ValueError, match="link"):
        feed([Entry("u", date(2021, 3, 8), "x", link=link)], "x", NOW)


def test_lines_are_folded_between_whole_letters():
    raw = feed([MEETING], "กำหนดการ", NOW)
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert sum(line.startswith(b" ") for line in lines) >= 3
    for line in lines:
        text = line.removeprefix(b" ").decode()  # no character is cut
        assert not unicodedata.category(text[:1] or "x").startswith("M")  # nor one from its tone mark


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Cf")), max_size=300)


@given(TEXT, st.text("ก่ี้ำ๊เแโ็ aA,;\\:", max_size=300))
def test_any_text_comes_back(title, thai):
    entry = Entry("u@h", date(2021, 3, 8), f"x {title}", f"x{thai}\n{title}")
    raw = feed([entry], "x", NOW)
    assert max(map(len, raw.split(b"\r\n"))) <= 75
    (event,) = read(raw).walk("VEVENT")
    assert str(event["DESCRIPTION"]) == entry.description
    assert str(event["SUMMARY"]) == " ".join(entry.summary.split())


def test_name_of_an_event_stays_when_its_day_moves():
    subject = Subject(Topic.MILESTONE, 1, 7, "meetings_held", date(2021, 3, 8))
    moved = subject._replace(due_on=date(2021, 4, 8))
    assert uid_of(subject, "radap.example") == uid_of(moved, "radap.example")
    assert uid_of(subject, "radap.example") == "milestone-1-7-meetings_held@radap.example"
    assert uid_of(subject._replace(topic=Topic.MEETING), "h") != uid_of(subject, "h")

"""Mails are read back as a mail program reads them: their words, their headers, and nothing smuggled in."""

import email.header
from dataclasses import replace
from datetime import date
from email.utils import parsedate_to_datetime
from pathlib import Path

import icalendar
import pytest

from engine.errors import Refusal
from engine.indicator import MilestoneState
from engine.permissions import Role
from engine.quarter import Quarter
from engine.reminders import Topic
from engine.workflow import Text
from notifications import samples
from notifications.messages import (
    Changes,
    Digest,
    Item,
    Line,
    News,
    Recipient,
    Sender,
    escalated,
    in_order,
    passed_up,
)
from tests.notifications.mailroom import (
    COORDINATOR,
    HOME,
    NOW,
    REF,
    TODAY,
    composer,
    digest_of,
    item,
    names_of_headers,
    page_of,
    parsed,
    text_of,
)

GOLDEN = Path(__file__).parent / "golden"
COMPOSER = composer()


# --- the words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["th", "en"])
@pytest.mark.parametrize("mail", ["digest", "changes", "reset", "job", "test"])
def test_words_of_a_mail_are_those_that_were_read_and_approved(mail, language):
    made = {
        "digest": lambda: COMPOSER.mail(samples.full_digest(language), REF, NOW),
        "changes": lambda: COMPOSER.mail(samples.full_changes(language), REF, NOW),
        "reset": lambda: COMPOSER.reset(samples.reset(language), REF, NOW),
        "job": lambda: COMPOSER.job(samples.finished(language), REF, NOW),
        "test": lambda: COMPOSER.test(samples.full_digest(language).to, REF, NOW),
    }[mail]()
    approved = (GOLDEN / f"{mail}.{language}.txt").read_text(encoding="utf-8")
    assert f"{parsed(made)['Subject']}\n\n{text_of(made)}" == approved


@pytest.mark.parametrize("language", ["th", "en"])
def test_page_says_what_the_text_says(language):
    mail = COMPOSER.mail(samples.full_digest(language), REF, NOW)
    text, page = text_of(mail), page_of(mail)
    for said in (
        *("5049-2017", "5049-0876", "/a/snooze.1", "/a/acknowledge.2", "/a/unsubscribe.1"),
        *(line.strip("= ") for line in text.splitlines() if line.startswith("==")),
        *(line.partition(": ")[2] for line in text.splitlines() if line.startswith("   ") and "http" in line),
    ):
        assert said in text
        assert said in page


@pytest.mark.parametrize(
    ("days", "due_on", "thai", "english"),
    [
        (0, TODAY, "ครบกำหนดวันนี้", "Due today"),
        (
            0,
            date(2021, 3, 6),
            "วันนี้เป็นวันทำการสุดท้ายก่อนครบกำหนด",
            "Today is the last working day before it is due",
        ),
        (0, date(2021, 2, 28), "เลยกำหนดแล้ว", "Past its due day"),
        (1, date(2021, 3, 2), "เหลืออีก 1 วันทำการ", "1 working day left"),
        (14, date(2021, 3, 19), "เหลืออีก 14 วันทำการ", "14 working days left"),
        (-1, date(2021, 2, 28), "เกินกำหนด 1 วันทำการ", "1 working day overdue"),
        (-7, date(2021, 2, 18), "เกินกำหนด 7 วันทำการ", "7 working days overdue"),
    ],
)
def test_time_left_is_told_in_working_days(days, due_on, thai, english):
    for to, said in ((COORDINATOR, thai), (replace(COORDINATOR, language="en"), english)):
        mail = COMPOSER.mail(digest_of(item(due_on=due_on, days=days), to=to), REF, NOW)
        assert parsed(mail)["Subject"].startswith(f"{said}: ")


def test_due_day_is_told_with_its_weekday_in_the_era_of_the_language():
    due = item(due_on=date(2021, 4, 13), days=31)
    assert "   กำหนด: วันอังคารที่ 13 เมษายน 2564\n" in text_of(COMPOSER.mail(digest_of(due), REF, NOW))
    english = digest_of(due, to=replace(COORDINATOR, language="en"))
    assert "   Due: Tuesday 13 April 2021\n" in text_of(COMPOSER.mail(english, REF, NOW))


def test_most_urgent_thing_stands_first_and_in_the_subject():
    digest = digest_of(
        item(Topic.REPORT, "ส่งรายงาน", TODAY, 0),
        item(Topic.MILESTONE, "ประชุม", date(2021, 3, 4), 3),
        item(Topic.MILESTONE, "แต่งตั้ง", date(2021, 2, 24), -3),
        item(Topic.REPORT, "รายงานอื่น", date(2021, 2, 26), -1),
    )
    mail = COMPOSER.mail(digest, REF, NOW)
    assert parsed(mail)["Subject"] == "เกินกำหนด 3 วันทำการ: แต่งตั้ง (5049-2017) และอีก 3 เรื่อง"
    assert text_of(mail).splitlines()[2] == "เร่งด่วนที่สุด: แต่งตั้ง (เกินกำหนด 3 วันทำการ)"
    assert [one.what for one in in_order(digest.items)] == ["แต่งตั้ง", "ประชุม", "รายงานอื่น", "ส่งรายงาน"]


def test_each_topic_has_its_heading_once():
    items = tuple(item(topic, f"งาน {topic}") for topic in Topic for _ in range(2))
    headings = [
        line for line in text_of(COMPOSER.mail(digest_of(*items), REF, NOW)).splitlines() if line[:2] == "=="
    ]
    assert len(headings) == len(set(headings)) == len(Topic)


@pytest.mark.parametrize(
    ("topic", "subject"),
    [
        (Topic.REPORT, "เหลืออีก 3 วันทำการ: รายงานผลไตรมาสที่ 2 ปีงบประมาณ 2564 (5049-2017)"),
        (Topic.EXTENSION, "เหลืออีก 3 วันทำการ: การขยายเวลาไตรมาสที่ 2 ปีงบประมาณ 2564 (5049-2017)"),
    ],
)
def test_quarter_is_told_as_its_report_or_its_extension(topic, subject):
    assert parsed(COMPOSER.mail(digest_of(item(topic, Quarter(2021, 2))), REF, NOW))["Subject"] == subject


def test_states_and_titles_are_said_in_the_language_of_the_reader():
    told = item(state=MilestoneState.RETURNED, agency=Text("เขตทุ่งครุ", "Thung Khru"))
    english = text_of(COMPOSER.mail(digest_of(told, to=replace(COORDINATOR, language="en")), REF, NOW))
    assert "   State: returned\n" in english
    assert "   Agency: Thung Khru\n" in english
    assert "   สถานะ: ส่งกลับแก้ไข\n" in text_of(COMPOSER.mail(digest_of(told), REF, NOW))


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (
            escalated(Role.DIRECTOR, 7),
            "It is still not done 7 working days after its due day, so you are told as director.",
        ),
        (
            escalated(Role.DEPUTY, 1),
            "It is still not done 1 working day after its due day, so you are told as deputy coordinator.",
        ),
        (
            passed_up(Role.SECTION_HEAD),
            "There is no section head who can be told, so you are told instead.",
        ),
        ("because", "because"),
    ],
)
def test_reader_of_a_higher_rung_is_told_why(why, said):
    mail = COMPOSER.mail(digest_of(item(why=why), to=replace(COORDINATOR, language="en")), REF, NOW)
    assert f"   Why you are told: {said}\n" in text_of(mail)


def test_long_title_is_shortened_in_the_subject_only():
    long = "ประชุมคณะกรรมการ" * 20
    mail = COMPOSER.mail(digest_of(item(what=long)), REF, NOW)
    assert len(parsed(mail)["Subject"]) < 110
    assert "… (5049-2017)" in parsed(mail)["Subject"]
    assert f"1. {long}\n" in text_of(mail)


def test_what_people_wrote_is_no_markup_of_the_page():
    mail = COMPOSER.mail(digest_of(item(what='<script>"x"</script> {{ name }}')), REF, NOW)
    assert "<script" not in page_of(mail)
    assert "&lt;script&gt;&#34;x&#34;&lt;/script&gt; {{ name }}" in page_of(mail)
    assert '<script>"x"</script> {{ name }}' in text_of(mail)


# --- the form ------------------------------------------------------------------------------------------


def test_digest_has_a_text_a_page_and_a_calendar():
    message = parsed(COMPOSER.mail(digest_of(), REF, NOW))
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "text/calendar",
    ]
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "radap.ics"
    (event,) = icalendar.Calendar.from_ical(attached.get_content()).walk("VEVENT")
    assert event["UID"] == "milestone-1-1-meetings_held@radap.example"
    assert event.decoded("DTSTART") == date(2021, 3, 4)
    assert event["SUMMARY"] == "จัดประชุมครบ 2 ครั้งแล้ว (5049-2017)"
    assert event["URL"] == f"{HOME}/i/1"


def test_calendar_rings_a_working_day_before():
    songkran = item(due_on=date(2021, 4, 16), days=31)
    (attached,) = parsed(COMPOSER.mail(digest_of(songkran), REF, NOW)).iter_attachments()
    (alarm,) = icalendar.Calendar.from_ical(attached.get_content()).walk("VALARM")
    # Friday after Songkran; the working day before is Monday the 12th, at nine.
    assert alarm.decoded("TRIGGER").total_seconds() == -(4 * 24 - 9) * 3600


@pytest.mark.parametrize("gone", [item(due_on=date(2021, 2, 26), days=-1), item(uid="")])
def test_mail_without_days_to_come_has_no_calendar(gone):
    assert parsed(COMPOSER.mail(digest_of(gone), REF, NOW)).get_content_type() == "multipart/alternative"


def test_headers_of_a_digest():
    mail = COMPOSER.mail(digest_of(unsubscribe="/a/off.1"), REF, NOW)
    message = parsed(mail)
    assert mail.subject == message["Subject"] == "เหลืออีก 3 วันทำการ: จัดประชุมครบ 2 ครั้งแล้ว (5049-2017)"
    assert (mail.ref, message["Message-ID"]) == (REF, REF)
    assert parsedate_to_datetime(message["Date"]) == NOW
    assert message["Date"] == "Mon, 01 Mar 2021 08:00:00 +0700"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "th"
    assert message["List-Unsubscribe"] == f"<{HOME}/a/off.1>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["To"].addresses[0].addr_spec == COORDINATOR.email
    assert message["From"].addresses[0].addr_spec == "radap@bangkok.example"


def test_what_may_not_be_switched_off_has_no_unsubscribe():
    names = names_of_headers(COMPOSER.mail(digest_of(unsubscribe=None), REF, NOW))
    assert [name for name in names if name.startswith("List-")] == []


@pytest.mark.parametrize(
    "name",
    [
        "ผู้ประสานงาน เขตทุ่งครุ",
        "นางสาวประภัสสรกุลธิดาวรรณ ณ อยุธยาศรีวัฒนาประเสริฐกุล",
        "Coordinator of Thung Khru",
        'Coordinator "Planning", M.A. (Thung Khru)',
        "back\\slash",
        "=?utf-8?b?4LiB?=",
        "S" * 150,
        "José ใจดี 😀",
    ],
)
def test_names_arrive_as_they_are(name):
    mail = COMPOSER.mail(digest_of(to=replace(COORDINATOR, name=name)), REF, NOW)
    raw = (
        mail.content.partition(b"\r\nTo: ")[2]
        .partition(b"\r\nSubject: ")[0]
        .replace(b"\r\n ", b"\n ")
        .decode()
    )
    shown = str(email.header.make_header(email.header.decode_header(raw.rpartition("<")[0].strip())))
    assert shown.replace('"', "").replace("\\", "") == name.replace('"', "").replace("\\", "")
    (address,) = parsed(mail)["To"].addresses
    assert address.addr_spec == COORDINATOR.email
    # Python's own reader puts blanks between encoded words of a name; ours end at blanks where they can.
    assert "".join(address.display_name.split()) == "".join(name.split())


def test_thai_name_of_two_words_is_read_with_one_mark_between_at_most():
    (address,) = parsed(COMPOSER.mail(digest_of(), REF, NOW))["To"].addresses
    assert address.display_name.split() == ["ผู้ประสานงาน", "เขตทุ่งครุ"]


def test_every_line_is_short_plain_and_ends_as_the_protocol_wants():
    mail = COMPOSER.mail(samples.full_digest("th"), REF, NOW)
    assert mail.content.isascii()
    lines = mail.content.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert [line for line in lines if b"\r" in line or b"\n" in line or line.startswith(b".")] == []


def test_same_mail_is_made_again_byte_for_byte():
    digest = samples.full_digest("th")
    assert COMPOSER.mail(digest, REF, NOW) == composer().mail(digest, REF, NOW)


def test_address_that_needs_smtputf8_is_written_as_it_is():
    mail = COMPOSER.mail(digest_of(to=replace(COORDINATOR, email="งานแผน@เขต.example")), REF, NOW)
    assert "To: " in mail.content.partition(b"Subject:")[0].decode()
    assert "<งานแผน@xn--g3c5a7d.example>".encode() in mail.content or b"@xn--" in mail.content


# --- what must not happen ------------------------------------------------------------------------------

SMUGGLED = [
    "x\r\nBcc: all@thief.example",
    "x\nBcc: all@thief.example\n\nhello",
    "x\rBcc: all@thief.example",
    "x\x00\x0bBcc: all@thief.example",
    "x\u2028Bcc: all@thief.example\u0085y",
    "\u202eelpmaxe.feiht@lla",
    "<all@thief.example>, x",
    '"<all@thief.example>" <x@thief.example>,',
    "=?utf-8?q?=0D=0ABcc:_all=40thief.example?=",
]


@pytest.mark.parametrize("smuggled", SMUGGLED)
def test_no_header_can_be_smuggled_in(smuggled):
    usual = names_of_headers(COMPOSER.mail(digest_of(unsubscribe="/a/1"), REF, NOW))
    digest = Digest(
        Recipient(smuggled, COORDINATOR.email, "th"),
        TODAY,
        (
            item(
                what=smuggled,
                title=smuggled,
                agency=smuggled,
                waits_for=smuggled,
                why=smuggled,
                instead_of=smuggled,
            ),
        ),
        "/a/1",
        (smuggled,),
    )
    mail = composer(sender=Sender(smuggled, "radap@bangkok.example")).mail(digest, REF, NOW)
    message = parsed(mail)
    assert names_of_headers(mail) == usual
    assert [one.addr_spec for one in message["To"].addresses] == [COORDINATOR.email]
    assert [one.addr_spec for one in message["From"].addresses] == ["radap@bangkok.example"]
    for name in ("To", "From", "Subject"):
        assert not set("\r\n\x00\x0b\u2028\u0085\u202e") & set(str(message[name]))


@pytest.mark.parametrize(
    "address",
    ["a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "nobody", "a b@c.example", "", "a@b@c"],
)
def test_anything_but_one_address_is_refused(address):
    with pytest.raises(Refusal):
        COMPOSER.mail(digest_of(to=replace(COORDINATOR, email=address)), REF, NOW)


@pytest.mark.parametrize("ref", ["", "abc", "<a@b>\r\nBcc: c@d", "<a b@c>", "<a>", "<a@b><c@d>"])
def test_message_id_is_one(ref):
    with pytest.raises(ValueError, match="message id"):
        COMPOSER.mail(digest_of(), ref, NOW)


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "https://x.example/\r\nBcc: a@b",
        "https://x.example/a b",
        "",
        "https://x.example/><",
    ],
)
def test_links_are_links(link):
    for digest in (digest_of(item(link=link)), digest_of(unsubscribe=link or "x")):
        with pytest.raises(ValueError, match="link"):
            COMPOSER.mail(digest, REF, NOW)


def test_mail_about_nothing_is_not_made():
    with pytest.raises(ValueError, match="nothing"):
        COMPOSER.mail(Digest(COORDINATOR, TODAY, ()), REF, NOW)
    with pytest.raises(ValueError, match="nothing"):
        COMPOSER.mail(Changes(COORDINATOR, ()), REF, NOW)


# --- changes -------------------------------------------------------------------------------------------


def line(news: News = News.VERIFIED, **more: object) -> Line:
    given: dict[str, object] = {"code": "5049-2017", "title": "เครือข่าย", "thing": "ประชุม", "who": "ผู้ประเมิน"}
    return Line(news=news, at=NOW, link="/i/1", **{**given, **more})  # type: ignore[arg-type]  # a test names what it is about


@pytest.mark.parametrize(
    ("told", "thai"),
    [
        (line(News.RETURNED, thing=Quarter(2021, 1)), "ส่งกลับแก้ไข: รายงานผลไตรมาสที่ 1 ปีงบประมาณ 2564"),
        (line(News.LEVEL_REACHED, thing="", before=1, after=3), "ระดับเพิ่มขึ้นจาก 1 เป็น 3"),
        (line(News.LEVEL_LOST, thing="", before=3, after=2), "ระดับลดลงจาก 3 เป็น 2"),
        (line(News.MIGRATED, thing="เครือข่าย", before=1, after=2), "เปลี่ยนแบบตัวชี้วัดจากรุ่น 1 เป็นรุ่น 2 (เครือข่าย)"),
    ],
)
def test_change_is_told_in_the_subject(told, thai):
    assert parsed(COMPOSER.mail(Changes(COORDINATOR, (told,)), REF, NOW))["Subject"] == f"{thai} (5049-2017)"


def test_return_says_why_and_until_when():
    told = line(News.RETURNED, reason="ขาดคำสั่ง\nและรายงาน", until=date(2021, 3, 8))
    text = text_of(COMPOSER.mail(Changes(COORDINATOR, (told,)), REF, NOW))
    assert "   เหตุผล: ขาดคำสั่ง\n     และรายงาน\n   แก้ไขภายใน: วันจันทร์ที่ 8 มีนาคม 2564\n" in text
    assert "   โดย: ผู้ประเมิน เมื่อ 1 มี.ค. 2564 เวลา 08:00 น.\n" in text


def test_lines_of_a_reason_stay_its_own():
    """A numbered one must pass neither for a change of its own nor for a line of the mail."""
    told = line(News.RETURNED, reason="1. ขาดภาพ\r\n\u202e2. ขาดวันที่\n\n   โดย: ผู้อื่น")
    mail = COMPOSER.mail(Changes(COORDINATOR, (told,)), REF, NOW)
    assert "   เหตุผล: 1. ขาดภาพ\n     2. ขาดวันที่\n     โดย: ผู้อื่น\n" in text_of(mail)
    assert "white-space: pre-line" in page_of(mail).partition("เหตุผล:")[0].rpartition("<p")[2]


def test_item_is_what_is_told_and_nothing_else():
    """Who builds an item sees at a glance what it needs: what has no default."""
    assert Item.__slots__[:8] == ("topic", "code", "title", "agency", "what", "due_on", "days", "link")

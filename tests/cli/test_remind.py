"""The commands of reminders: what will be told, ticks, the outbox, who was told what, and a mail to try."""

import email
from datetime import UTC, datetime
from email.policy import default
from pathlib import Path

from tests.cli.conftest import CODE, COORDINATOR, SECTION_HEAD
from tests.notifications.smtp_servers import ScriptedServer

#: Wednesday 13 January 2021, two working days before the first quarter's work is due, at nine in Bangkok.
NINE = datetime(2021, 1, 13, 2, tzinfo=UTC)
WEEK = ["--from", "2021-01-11", "--to", "2021-01-20"]


def mails() -> list[email.message.EmailMessage]:
    """What lies in the folder of mails, by subject."""
    files = Path("var/mail").glob("*.eml")
    found = [email.message_from_bytes(file.read_bytes(), policy=default) for file in files]
    return sorted(found, key=lambda one: one["To"])


def text_of(mail) -> str:
    """The plain text that a mail program shows."""
    return str(mail.get_body(("plain",)).get_content())


def tick(radap, at=NINE, *words):
    said = radap("worker", "--once", "--now", at.isoformat(), "--json", *words)
    assert said.code == 0, said.err
    return said.data


def test_plan_names_every_reminder_with_its_day_its_reader_and_its_reason(radap):
    lines = radap("remind", "plan", *WEEK, "--json", at=NINE).data

    by_day = [
        (one["on"], one["topic"], one["key"], one["step"], one["role"])
        for one in lines
        if one["key"] in ("guidelines_set", "1") and one["email"] in (COORDINATOR, SECTION_HEAD)
    ]
    assert sorted(by_day) == [
        ("2021-01-12", "milestone", "guidelines_set", -3, "coordinator"),
        ("2021-01-12", "report", "1", -3, "coordinator"),
        ("2021-01-14", "milestone", "guidelines_set", -1, "coordinator"),
        ("2021-01-14", "report", "1", -1, "coordinator"),
        ("2021-01-15", "milestone", "guidelines_set", 0, "coordinator"),
        ("2021-01-15", "report", "1", 0, "coordinator"),
        ("2021-01-18", "milestone", "guidelines_set", 1, "coordinator"),
        ("2021-01-18", "milestone", "guidelines_set", 1, "section_head"),
        ("2021-01-18", "report", "1", 1, "coordinator"),
        ("2021-01-18", "report", "1", 1, "section_head"),
        ("2021-01-20", "milestone", "guidelines_set", 3, "coordinator"),
        ("2021-01-20", "milestone", "guidelines_set", 3, "section_head"),
        ("2021-01-20", "report", "1", 3, "coordinator"),
        ("2021-01-20", "report", "1", 3, "section_head"),
    ]


def test_plan_counts_reminders_and_mails_for_people(radap):
    radap.columns = 300
    said = radap("remind", "plan", "--from", "2021-01-12", "--to", "12 ม.ค. 2564", at=NINE, lang="th")

    assert "15 ม.ค. 2564" in said.out
    assert "ขั้นความสำเร็จที่ต้องทำให้แล้วเสร็จ: แต่งตั้งคณะกรรมการแล้ว" in said.out
    assert "รายงานผลรายไตรมาสที่ต้องส่ง: ไตรมาสที่ 1 ปีงบประมาณ 2564" in said.out
    assert said.out.endswith("จะแจ้งเตือน 3 เรื่อง ในอีเมล 1 ฉบับ หากไม่มีการดำเนินการใดระหว่างนี้\n")


def test_plan_of_days_the_wrong_way_round_is_refused(radap):
    said = radap("remind", "plan", "--from", "2021-01-20", "--to", "2021-01-11")

    assert (said.code, said.out) == (2, "")
    assert said.err == "The last day 11 Jan 2021 lies before the first 20 Jan 2021: swap them.\n"


def test_tick_sends_one_digest_and_the_same_tick_nothing_more(radap):
    first, again = tick(radap), tick(radap)

    (mail,) = mails()
    body = text_of(mail)
    assert (first["news"], first["messages"], first["sent"]) == (2, 1, 1)
    assert (again["news"], again["messages"], again["sent"]) == (0, 0, 0)
    assert mail["To"].addresses[0].addr_spec == COORDINATOR
    assert "วันศุกร์ที่ 15 มกราคม 2564" in body
    assert "/indicators/2564/5049-2017" in body


def test_worker_says_in_words_why_nothing_is_sent(radap):
    with ScriptedServer() as server:  # offers no STARTTLS
        sent = {"RADAP_MAIL__MAILER": "smtp", "RADAP_MAIL__HOST": "127.0.0.1"}
        port = {"RADAP_MAIL__PORT": str(server.port)}
        said = radap("worker", "--once", "--now", NINE.isoformat(), lang="th", **sent, **port)

    assert (said.code, server.letters) == (1, [])
    assert "เซิร์ฟเวอร์ไม่เสนอ STARTTLS ทั้งที่ตั้งค่าให้ต้องใช้" in said.err


def test_who_was_told_what_is_shown_with_the_indicator(radap):
    tick(radap)
    said = radap("remind", "who", CODE, "--json", at=NINE)

    assert [(one["person"], one["topic"], one["key"], one["step"], one["state"]) for one in said.data] == [
        ("ผู้ประสานงานเขตทุ่งครุ", "milestone", "committee_appointed", -3, "sent"),
        ("ผู้ประสานงานเขตทุ่งครุ", "milestone", "guidelines_set", -3, "sent"),
        ("ผู้ประสานงานเขตทุ่งครุ", "report", "1", -3, "sent"),
    ]
    radap.columns = 300
    listed = radap("remind", "who", CODE, at=NINE, lang="th").out
    assert listed.count("ส่งแล้ว") == 3
    assert "ขั้นความสำเร็จที่ต้องทำให้แล้วเสร็จ: แต่งตั้งคณะกรรมการแล้ว" in listed


def test_work_done_after_it_was_owed_is_not_told(radap):
    nothing_goes_out = {"RADAP_MAIL__MAILER": "smtp", "RADAP_MAIL__PORT": "1"}
    said = radap("worker", "--once", "--now", NINE.isoformat(), "--json", **nothing_goes_out)
    assert (said.data["sent"], said.data["deferred"]) == (0, 1)
    day = ["--on", "2020-11-02", "--by", COORDINATOR]
    assert radap("record", CODE, "guidelines_set", *day, at=NINE).code == 0

    tick(radap, datetime(2021, 1, 13, 3, tzinfo=UTC))

    body = next(body for body in map(text_of, mails()) if "วันศุกร์ที่ 15 มกราคม 2564" in body)
    assert "กำหนดแนวทางและหลักเกณฑ์แล้ว" not in body
    assert "แต่งตั้งคณะกรรมการแล้ว" in body


def test_message_can_be_held_let_go_and_is_refused_when_there_is_none(radap):
    nothing_goes_out = {"RADAP_MAIL__MAILER": "smtp", "RADAP_MAIL__PORT": "1"}
    radap("worker", "--once", "--now", NINE.isoformat(), **nothing_goes_out)
    pending = radap("remind", "outbox", "--json", at=NINE).data["messages"]
    number = str(next(one["id"] for one in pending if one["kind"] == "digest"))

    assert radap("remind", "hold", number, "--reason", "wrong deadline", at=NINE).code == 0
    assert [one["id"] for one in radap("remind", "outbox", "--failed", "--json").data["messages"]] == [
        int(number)
    ]
    tick(radap)
    assert mails() == []
    assert radap("remind", "release", number, at=NINE).out == f"Message {number} is let go.\n"
    tick(radap, datetime(2021, 1, 13, 2, 1, tzinfo=UTC))
    assert len(mails()) >= 1

    said = radap("remind", "retry", "999")
    assert (said.code, said.out) == (1, "")
    assert "999" in said.err


def test_instant_of_a_tick_needs_once(radap):
    said = radap("worker", "--now", NINE.isoformat())

    assert (said.code, said.err) == (2, "--now goes only with --once: add --once.\n")


def test_trial_mail_is_laid_into_the_folder(radap):
    said = radap("remind", "test", "--to", "officer@radap.example", lang="th")

    (mail,) = mails()
    assert said.code == 0
    assert mail["To"].addresses[0].addr_spec == "officer@radap.example"


def test_trial_mail_to_a_server_that_is_not_there_says_so(radap):
    said = radap(
        "remind", "test", "--to", "officer@radap.example", RADAP_MAIL__MAILER="smtp", RADAP_MAIL__PORT="1"
    )

    assert said.code == 1
    assert said.out.startswith("The server does not take the test mail to officer@radap.example now: ")


def test_address_that_is_two_is_refused(radap):
    said = radap("remind", "test", "--to", "a@radap.example, b@radap.example")

    assert said.code != 0
    assert mails() == []


def test_worker_brings_to_today_what_changes_by_itself(radap):
    """A waiver ends although nobody does anything."""
    waived = ("waive", CODE, "guidelines_set", "--year", "2564", "--until", "2021-01-08", "--reason", "โควิด")
    assert radap(*waived, at=datetime(2021, 1, 5, 3, tzinfo=UTC)).code == 0
    tick(radap)

    last = radap("journal", "show", CODE, "--year", "2564", "--json").data[-1]
    assert (last["what"], last["data"]["from"]) == ("level_refreshed", "2021-01-09")

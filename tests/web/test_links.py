"""Links of mails: opening one does nothing, pressing its button does it once, and the rest is a sentence."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from engine.actions import NewOccurrence, record_occurrence
from engine.permissions import Role
from engine.reminders import Topic, plan
from engine.reminders.policy import Rung
from notifications.links import Link, make
from storage import tables as t
from storage.ledger import StoredLedger
from tests.cast import CODE, COORDINATOR, EVALUATOR, GUIDELINES, MEETINGS, SECTION_HEAD, YEAR, at
from tests.notifications.mailroom import WORDINGS
from tests.web.town import ACKNOWLEDGE, DUE, GOOD_UNTIL, LIMIT, SNOOZE, SUBJECT, TODAY, UNSUBSCRIBE, P

THAI, ENGLISH = WORDINGS["th"], WORDINGS["en"]
TOMORROW = TODAY + timedelta(1)
HEADING = re.compile(r"<h1[^>]*>(.*)</h1>")


def heading(page) -> str:
    found = HEADING.search(page.text)
    assert found, page.text
    return found[1]


def offered(text: str) -> list[tuple[str, str]]:
    """The days to choose from: as they are sent, and as they are read."""
    radio = r'type="radio" name="until".* value="(.*?)" required.*>\s*<label[^>]*>(.*)</label>'
    return re.findall(radio, text)


def told(page) -> list[str]:
    """The sentences that say what became of something, or what is in the way."""
    main = page.text.partition("<main")[2]
    errors = re.findall(r'<a href="#until">(.*)</a>', main)
    return errors or re.findall(r'<p class="govuk-body[^"]*">(.*)</p>', main)


# --- what a link shows -----------------------------------------------------------------------------------


def test_link_shows_what_it_will_do_about_which_item_of_which_indicator(town):
    page = town.get(town.link(ACKNOWLEDGE, town.remind()))

    assert (page.status_code, heading(page)) == (200, "รับทราบการแจ้งเตือน")
    facts = dict(re.findall(r"<dt[^>]*>(.*)</dt>\s*<dd[^>]*>(.*)</dd>", page.text))
    assert facts == {
        "เรื่อง": "กำหนดแนวทาง",
        "ตัวชี้วัด": "5049-2017 ระดับความสำเร็จของการสร้างเครือข่าย",
        "หน่วยงาน": "สำนักงานเขตทุ่งครุ",
        "กำหนด": 'วันจันทร์ที่ 11 มกราคม 2564<br><span class="radap-muted">เหลืออีก 5 วันทำการ</span>',
    }
    assert f"สำหรับ {COORDINATOR.name}" in page.text
    assert "จนถึงวันจันทร์ที่ 18 มกราคม 2564" in page.text  # how long the link works
    assert re.findall(r"<button[^>]*>(.*)</button>", page.text) == ["รับทราบ"]
    assert page.text.count("<form") == 1
    assert '<form method="post">' in page.text


def test_snooze_offers_the_next_working_days(town):
    page = town.get(town.link(SNOOZE, town.remind()))

    before, _, after = page.text.partition("หลังวันครบกำหนด")
    assert offered(before) == [
        ("2021-01-05", "วันอังคารที่ 5 มกราคม 2564"),
        ("2021-01-06", "วันพุธที่ 6 มกราคม 2564"),
        ("2021-01-07", "วันพฤหัสบดีที่ 7 มกราคม 2564"),
        ("2021-01-08", "วันศุกร์ที่ 8 มกราคม 2564"),
        ("2021-01-11", "วันจันทร์ที่ 11 มกราคม 2564 <b>วันครบกำหนด</b>"),
    ]
    assert offered(after) == [
        ("2021-01-12", "วันอังคารที่ 12 มกราคม 2564"),
        ("2021-01-13", "วันพุธที่ 13 มกราคม 2564"),
        ("2021-01-14", "วันพฤหัสบดีที่ 14 มกราคม 2564"),
        ("2021-01-15", "วันศุกร์ที่ 15 มกราคม 2564"),
        ("2021-01-18", "วันจันทร์ที่ 18 มกราคม 2564"),
    ]
    assert "checked" not in page.text


def test_snooze_offers_no_day_beyond_the_last_on_which_anybody_may_be_silent(town):
    town.clock.now = at(LIMIT - timedelta(2))
    link = town.link(SNOOZE, town.remind(step=3), through=LIMIT)

    assert [day for day, _ in offered(town.get(link).text)] == ["2021-01-19", "2021-01-20"]


def test_unsubscribing_shows_the_topics(town):
    page = town.get(town.link(UNSUBSCRIBE, "extension-meeting"))

    assert heading(page) == "ปิดการแจ้งเตือน"
    assert re.findall("<li>(.*)</li>", page.text) == ["การขยายเวลาที่ใกล้สิ้นสุด", "การประชุมและกิจกรรมที่กำหนดวันไว้"]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_whoever_only_looks_changes_nothing(town, place):
    """Programs that look into mails open links, ask for their heads, and fetch them beforehand."""
    link = town.each_link()[place]
    with town.nothing_changes():
        looked = [
            town.get(link),
            town.client.head(link),
            town.get(link, purpose="prefetch", **{"sec-purpose": "prefetch;prerender"}),
            town.get(link, **{"user-agent": "Mozilla/5.0 (compatible; LinkScanner)"}),
            town.get(f"{link}?until=2021-01-05&List-Unsubscribe=One-Click"),
        ]
    assert [page.status_code for page in looked] == [200] * 5
    assert looked[1].content == b""


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_do_nothing(town, method):
    link = town.link(UNSUBSCRIBE, "meeting")
    with town.nothing_changes():
        assert town.client.request(method, link).status_code == 405


# --- what a link does ------------------------------------------------------------------------------------


def test_acknowledging_is_kept_and_says_what_happens_next(town):
    page = town.post(town.link(ACKNOWLEDGE, town.remind()))

    assert (page.status_code, heading(page)) == (200, "บันทึกการรับทราบแล้ว")
    due = "วันจันทร์ที่ 11 มกราคม 2564"
    assert told(page) == [
        f"ท่านจะไม่ได้รับแจ้งเตือนเรื่อง “กำหนดแนวทาง” อีกก่อนครบกำหนด {due} หากถึงวันนั้นยังไม่แล้วเสร็จ ระบบจะแจ้งเตือนตามปกติ",
        "ปิดหน้านี้ได้แล้ว",
    ]
    assert "<form" not in page.text
    assert town.quiets() == [(P, "milestone", GUIDELINES, DUE, DUE, False)]
    with town.store.read() as tx:
        used = t.used_links.c
        kept = tx.connection.execute(select(used.person_id, used.action, used.used_at)).all()
    assert [tuple(row) for row in kept] == [(P, "acknowledge", at(TODAY))]


def test_snoozing_is_kept_and_says_what_happens_next(town):
    page = town.post(town.link(SNOOZE, town.remind()), {"until": "2021-01-07"})

    assert (page.status_code, heading(page)) == (200, "เลื่อนการแจ้งเตือนแล้ว")
    assert "แก่ท่านอีกครั้งในวันพฤหัสบดีที่ 7 มกราคม 2564" in told(page)[0]
    assert town.quiets() == [(P, "milestone", GUIDELINES, DUE, date(2021, 1, 7), True)]


def owed(town, on: date) -> list[tuple[int, str]]:
    """Who comes to be told of the first milestone on a day, and by which rule."""
    ledger = StoredLedger(town.store, 5)
    survey = ledger.survey(on)
    told = plan(
        town.site.reminders,
        town.store.policy.calendar,
        survey.roster,
        [SUBJECT],
        on,
        since=on - timedelta(1),
        quiet=survey.quiet,
    )
    return [(one.person, one.rule) for one in told.owed]


def test_snoozed_is_silent_until_its_day_and_told_on_it(town):
    assert [owed(town, date(2021, 1, day)) for day in (6, 7, 8)] == [[(P, "due")], [], [(P, "due")]]

    town.post(town.link(SNOOZE, town.remind()), {"until": "2021-01-07"})

    assert owed(town, date(2021, 1, 6)) == []
    assert owed(town, date(2021, 1, 7)) == [(P, "snoozed:2021-01-07")]
    assert owed(town, date(2021, 1, 8)) == [(P, "due")]


def test_acknowledged_is_silent_until_it_is_due(town):
    town.post(town.link(ACKNOWLEDGE, town.remind()))

    assert [owed(town, date(2021, 1, day)) for day in (6, 8, 11)] == [[], [], [(P, "due")]]


def test_unsubscribing_switches_its_topics_off_and_is_in_the_journal(town):
    page = town.post(town.link(UNSUBSCRIBE, "extension-meeting"))

    assert (page.status_code, heading(page)) == (200, "ปิดการแจ้งเตือนแล้ว")
    assert "การขยายเวลาที่ใกล้สิ้นสุด, การประชุมและกิจกรรมที่กำหนดวันไว้" in told(page)[0]
    with town.store.read() as tx:
        off = tx.connection.execute(select(t.people.c.switched_off).where(t.people.c.id == P)).scalar_one()
        j = t.journal.c
        query = select(j.what, j.by).where(j.what == "topic_switched_off").order_by(j.seq)
        events = [tuple(row) for row in tx.connection.execute(query)]
    assert off == "extension,meeting"
    assert events == [("topic_switched_off", P)] * 2


@pytest.mark.parametrize("multipart", [False, True])
def test_mail_program_unsubscribes_with_one_press(town, multipart):
    """RFC 8058: a POST of that one field, as a form or in parts, without anything that was shown before."""
    link = town.link(UNSUBSCRIBE, "meeting")
    if multipart:
        done = town.client.post(link, files={"List-Unsubscribe": (None, "One-Click")})
    else:
        done = town.post(link, {"List-Unsubscribe": "One-Click"})

    assert done.status_code == 200
    with town.store.read() as tx:
        kept = tx.connection.execute(select(t.people.c.switched_off).where(t.people.c.id == P))
        assert kept.scalar_one() == "meeting"


def test_only_what_may_be_switched_off_is(town):
    town.with_policy(Topic.MEETING, optional=False)
    town.post(town.link(UNSUBSCRIBE, "extension-meeting-report-gossip"))

    with town.store.read() as tx:
        kept = tx.connection.execute(select(t.people.c.switched_off).where(t.people.c.id == P))
        assert kept.scalar_one() == "extension"


def test_link_answers_for_its_person_only(town):
    head = town.remind(person=SECTION_HEAD.id)
    own = town.remind()
    town.post(town.link(ACKNOWLEDGE, own))

    assert town.post(town.link(ACKNOWLEDGE, head, SECTION_HEAD.id)).status_code == 200
    assert [person for person, *_ in town.quiets()] == [P, SECTION_HEAD.id]


# --- which day -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("until", "sentence"),
    [
        ("", "No day is chosen yet. Choose the day on which to be reminded again."),
        ("next week", "No day is chosen yet. Choose the day on which to be reminded again."),
        ("2021-01-32", "No day is chosen yet. Choose the day on which to be reminded again."),
        ("๒๐๒๑-๐๑-๐๕", "No day is chosen yet. Choose the day on which to be reminded again."),
        ("2021-01-04", "4 Jan 2021 does not lie ahead. Choose a day after today."),
        ("0001-01-01", "1 Jan 1 does not lie ahead. Choose a day after today."),
        ("2021-01-09", "9 Jan 2021 is a day off. Choose a working day."),
        (
            "2021-01-21",
            "It cannot be snoozed until 21 Jan 2021, but until 20 Jan 2021 at most. Choose an earlier day.",
        ),
        (
            "9999-12-31",
            "It cannot be snoozed until 31 Dec 9999, but until 20 Jan 2021 at most. Choose an earlier day.",
        ),
    ],
)
def test_day_that_cannot_be_is_asked_for_again(town, until, sentence):
    link = town.link(SNOOZE, town.remind())
    with town.nothing_changes():
        page = town.post(f"{link}?lang=en", {"until": until})

    assert (page.status_code, told(page)) == (422, [sentence])
    assert page.text.count('type="radio"') == 10
    assert town.post(link, {"until": "2021-01-20"}).status_code == 200  # the link is not used up


def test_no_day_is_left_to_snooze_until(town):
    town.clock.now = at(LIMIT)
    link = town.link(SNOOZE, town.remind(step=7), through=LIMIT)
    with town.nothing_changes():
        pages = [town.get(link), town.post(link, {"until": "2021-01-21"})]

    sentence = THAI.say("snooze.over", due=DUE, limit=LIMIT)
    assert [(page.status_code, told(page)) for page in pages] == [(409, [sentence])] * 2


def test_what_is_due_is_not_answered_by_having_seen_it(town):
    link = town.link(ACKNOWLEDGE, town.remind())
    town.clock.now = at(DUE)
    with town.nothing_changes():
        pages = [town.get(link), town.post(link)]

    sentence = THAI.say("acknowledge.due", due=DUE)
    assert [(page.status_code, told(page)) for page in pages] == [(409, [sentence])] * 2


def test_reminder_that_is_needed_is_not_switched_off(town):
    link = town.link(UNSUBSCRIBE, "milestone")
    with town.nothing_changes():
        pages = [town.get(link), town.post(link)]

    sentence = THAI.say("topic.needed")
    assert [(page.status_code, told(page)) for page in pages] == [(409, [sentence])] * 2


def test_snooze_follows_the_policy_of_the_house(town):
    ladder = (Rung(Role.COORDINATOR),)
    town.with_policy(Topic.MILESTONE, overdue=(), repeat_every=0, ladder=ladder)
    page = town.get(town.link(SNOOZE, town.remind()))

    assert [day for day, _ in offered(page.text)][-1] == DUE.isoformat()


# --- what cannot be done ---------------------------------------------------------------------------------


def test_link_works_once(town):
    reminder = town.remind()
    for link, data in (
        (town.link(ACKNOWLEDGE, reminder), {}),
        (town.link(SNOOZE, reminder), {"until": "2021-01-07"}),
        (town.link(UNSUBSCRIBE, "meeting"), {"List-Unsubscribe": "One-Click"}),
    ):
        assert town.post(link, data).status_code == 200
        town.clock.advance(minutes=5)
        with town.nothing_changes():
            again = [town.post(link, data), town.get(link)]
        sentence = THAI.say("link.used", at=town.clock.now - timedelta(minutes=5))
        assert [(page.status_code, told(page)) for page in again] == [(409, [sentence])] * 2
    assert town.used() == 3


def test_of_many_presses_at_once_one_counts(town):
    link = town.link(SNOOZE, town.remind())
    town.get(link)  # an application puts its routes together at its first request
    with ThreadPoolExecutor(6) as threads:
        days = [f"2021-01-{day:02}" for day in (5, 6, 7, 8, 11, 12)]
        pages = list(threads.map(lambda day: town.post(link, {"until": day}), days))

    assert sorted(page.status_code for page in pages) == [200] + [409] * 5
    assert len(town.quiets()) == town.used() == 1


def test_link_that_has_run_out(town):
    links = [town.link(action, town.remind()) for action in (ACKNOWLEDGE, SNOOZE)]
    assert town.get(links[0]).status_code == 200
    town.clock.now = at(GOOD_UNTIL + timedelta(1), 0)
    with town.nothing_changes():
        pages = [ask(link) for link in links for ask in (town.get, town.post)]

    sentence = THAI.say("link.expired", day=GOOD_UNTIL)
    assert [(page.status_code, told(page)) for page in pages] == [(410, [sentence])] * 4


def test_link_of_another_city(town):
    other = make("ab" * 32, Link(SNOOZE, P, str(town.remind()), GOOD_UNTIL))
    with town.nothing_changes():
        pages = [town.get(f"/links/{other}"), town.post(f"/links/{other}", {"until": "2021-01-07"})]

    assert [(page.status_code, told(page)) for page in pages] == [(403, [THAI.say("link.forged")])] * 2


def test_link_works_no_more_when_the_city_has_another_secret(town):
    link = town.link(SNOOZE, town.remind())
    assert town.get(link).status_code == 200
    with town.store.begin() as tx:
        tx.connection.execute(update(t.city).values(link_secret="cd" * 32))

    assert town.get(link).status_code == 403


def test_link_of_what_is_done(town):
    links = [town.link(action, town.remind()) for action in (ACKNOWLEDGE, SNOOZE)]
    with town.store.begin() as tx:
        done = NewOccurrence(GUIDELINES, TODAY)
        record_occurrence(tx, CODE, YEAR, done, by=COORDINATOR, now=town.clock.now)
    with town.nothing_changes():
        pages = [ask(link) for link in links for ask in (town.get, town.post)]

    assert [(page.status_code, told(page)) for page in pages] == [(404, [THAI.say("link.done")])] * 4


def test_link_of_what_is_due_on_another_day_now(town):
    link = town.link(ACKNOWLEDGE, town.remind())
    with town.store.begin() as tx:
        tx.connection.execute(update(t.milestones).values(due_on=DUE + timedelta(7)))

    assert told(town.get(link)) == [THAI.say("link.done")]


@pytest.mark.parametrize("about", ["none", "other"])
def test_link_of_a_reminder_that_is_not_there(town, about):
    """None of that number, or one that is somebody else's."""
    reminder = 4711 if about == "none" else town.remind(person=EVALUATOR.id)
    for link in (town.link(SNOOZE, reminder), town.link(ACKNOWLEDGE, reminder)):
        with town.nothing_changes():
            pages = [town.get(link), town.post(link, {"until": "2021-01-07"})]
        assert [(page.status_code, told(page)) for page in pages] == [(404, [THAI.say("link.gone")])] * 2


def test_link_of_a_person_who_is_not_there(town):
    link = town.link(UNSUBSCRIBE, "meeting", person=4711)
    with town.nothing_changes():
        pages = [town.get(link), town.post(link)]

    assert [(page.status_code, told(page)) for page in pages] == [(404, [THAI.say("link.gone")])] * 2


HOSTILE = [
    "x",
    "snooze.2.1.737000.",
    "..%2F..%2Fetc%2Fpasswd",
    "%2e%2e",
    "%00",
    "snooze.2.1.737000.AAAAAAAAAAAAAAAAAAAAAA%00",
    "snooze.2.1.737000.AAAAAAAAAAAAAAAAAAAAAA%0A",
    "snooze.2.1.9999999.AAAAAAAAAAAAAAAAAAAAAA",
    "snooze.99999999999999999999.1.737000.AAAAAAAAAAAAAAAAAAAAAA",
    "%E2%80%AEsnooze.2.1.737000.AAAAAAAAAAAAAAAAAAAAAA",
    "%E2%81%A6%E2%81%A9",
    "%F0%9F%98%80",
    "%FF%FE",
    "%ED%A0%80",
    "<script>alert(1)</script>",
    "'%20OR%20'1'='1",
    "{{7*7}}",
    "a" * 10_240,
    "%E0%B8%81" * 3_000,
    "snooze." + "9" * 10_240,
]


@pytest.mark.parametrize("token", HOSTILE, ids=lambda token: token[:40])
def test_hostile_token_is_a_sentence(town, token):
    with town.nothing_changes():
        pages = [
            town.get(f"/links/{token}"),
            town.post(f"/links/{token}", {"until": "2021-01-07"}),
            town.client.head(f"/links/{token}"),
        ]

    for page in pages:
        assert page.status_code in (403, 404), page.text
    assert told(pages[0]) in ([THAI.say("link.forged")], [THAI.say("page.unknown")])
    assert "script>alert" not in pages[0].text


def test_token_that_was_changed_anywhere_is_forged(town):
    token = town.token(SNOOZE, town.remind())
    for place in range(len(token)):
        other = "x" if token[place] != "x" else "y"
        assert town.get(f"/links/{token[:place]}{other}{token[place + 1 :]}").status_code == 403, place


# --- how it reads ----------------------------------------------------------------------------------------


def test_page_speaks_the_language_of_its_person_unless_asked_otherwise(town):
    link = town.link(ACKNOWLEDGE, town.remind())
    assert heading(town.get(link, **{"accept-language": "en"})) == "รับทราบการแจ้งเตือน"
    assert heading(town.get(f"{link}?lang=en")) == "Mark as seen"
    town.change(language="en")
    assert heading(town.get(link)) == "Mark as seen"
    assert heading(town.get(f"{link}?lang=th")) == "รับทราบการแจ้งเตือน"
    assert heading(town.get(f"{link}?lang=xx")) == "รับทราบการแจ้งเตือน"  # as was chosen before


def test_page_offers_the_other_language_before_the_button_is_pressed(town):
    link = town.link(ACKNOWLEDGE, town.remind())
    offered = '<a class="govuk-link" href="?lang=en" lang="en" hreflang="en">English</a>'
    assert offered in town.get(link).text
    assert "?lang=" not in town.post(link).text


def test_every_kind_of_link_reads_in_english(town):
    for link, data, before, after in zip(
        town.each_link(),
        ({}, {"until": "2021-01-07"}, {}),
        ("Mark as seen", "Snooze a reminder", "Switch reminders off"),
        ("Noted as seen", "Snoozed", "Switched off"),
        strict=True,
    ):
        shown = town.get(f"{link}?lang=en")
        done = town.post(f"{link}?lang=en", data)
        assert (heading(shown), heading(done)) == (before, after)
        assert 'lang="en"' in shown.text
        # The titles have a name in English; only people's names and the house's are Thai.
        left = re.sub(
            "|".join(map(re.escape, (COORDINATOR.name, "ระบบติดตามตัวชี้วัด", "ภาษาไทย"))), "", shown.text
        )
        assert re.findall("[ก-๙]+", left) == []


def test_what_people_wrote_is_text_on_the_page(town):
    town.change(name="<b>\u202eสมศรี</b>")
    with town.store.begin() as tx:
        title = '"><script>alert(1)</script>\u2066'
        tx.connection.execute(update(t.indicator_details).values(title_th=title))
    page = town.get(town.link(SNOOZE, town.remind()))

    assert "&lt;b&gt; สมศรี&lt;/b&gt;" in page.text
    assert "&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert re.findall("[\u202a-\u202e\u2066-\u2069]", page.text) == []


def test_report_is_named_by_its_quarter(town):
    report = SUBJECT._replace(topic=Topic.REPORT, key="1")
    page = town.get(town.link(SNOOZE, town.remind(report)))

    assert ">รายงานผลไตรมาสที่ 1 ปีงบประมาณ 2564</dd>" in page.text


def test_meeting_is_named_by_its_note(town):
    with town.store.begin() as tx:
        planned = NewOccurrence(MEETINGS, date(2021, 1, 8), planned=True, note="ประชุมครั้งที่ 1")
        record_occurrence(tx, CODE, YEAR, planned, by=COORDINATOR, now=town.clock.now)
    meeting = SUBJECT._replace(topic=Topic.MEETING, key="1", due_on=date(2021, 1, 8))
    page = town.get(town.link(SNOOZE, town.remind(meeting)))

    assert ">ประชุมครั้งที่ 1</dd>" in page.text

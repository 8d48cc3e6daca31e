"""The private calendar: what is owed by one's agencies, for whoever knows the address, and nothing else."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from engine import actions
from engine.actions import NewOccurrence
from engine.permissions import Grant, Role
from notifications.calendar_feed import uid_of
from storage import duty, registry
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    MEETINGS,
    OPERATOR,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
    YEAR,
    at,
    new_indicator,
)
from tests.counting import counted
from tests.notifications.mailroom import WORDINGS
from tests.web.town import DUE, SUBJECT, TODAY, P, Town


def made(town: Town, person: int = P) -> str:
    """The path of a new calendar of that person."""
    with town.store.begin() as tx:
        token = duty.make_calendar(tx, person, by=OPERATOR.id, now=town.clock.now)
    return f"/calendar/{token}.ics"


def do(town: Town, action: Callable[..., Any], *given: Any, code: str = CODE, **more: Any) -> None:
    by = more.pop("by", COORDINATOR)
    with town.store.begin() as tx:
        action(tx, code, YEAR, *given, by=by, now=town.clock.now, **more)


def events(page) -> list[Any]:
    """The entries as any calendar program reads them."""
    assert page.status_code == 200, page.text
    return list(Calendar.from_ical(page.content).walk("VEVENT"))


def entries(page) -> list[tuple[date, str]]:
    """The day and the summary of each entry."""
    return [(one["DTSTART"].dt, str(one["SUMMARY"])) for one in events(page)]


Q1, Q2, Q3, Q4 = DUE, date(2021, 4, 12), date(2021, 7, 12), date(2021, 10, 11)
YEAR_OF_WORK = [
    (Q1, f"กำหนดแนวทาง ({CODE})"),
    (Q1, f"แต่งตั้งคณะกรรมการ ({CODE})"),
    (Q1, f"รายงานผลไตรมาสที่ 1 ปีงบประมาณ 2564 ({CODE})"),
    (Q2, f"รายงานผลไตรมาสที่ 2 ปีงบประมาณ 2564 ({CODE})"),
    (Q3, f"จัดประชุม ({CODE})"),
    (Q3, f"รายงานผลไตรมาสที่ 3 ปีงบประมาณ 2564 ({CODE})"),
    (Q4, f"เลือกประเด็น ({CODE})"),
    (Q4, f"ส่งรายงาน ({CODE})"),
    (Q4, f"รายงานผลไตรมาสที่ 4 ปีงบประมาณ 2564 ({CODE})"),
]


def test_calendar_holds_what_the_agency_owes(town):
    page = town.get(made(town))

    assert page.headers["content-type"] == "text/calendar; charset=utf-8"
    shown = entries(page)
    assert [on for on, _ in shown] == [Q1, Q1, Q1, Q2, Q3, Q3, Q4, Q4, Q4]
    assert sorted(shown) == sorted(YEAR_OF_WORK)


def test_entry_leads_to_its_indicator_and_rings_on_the_working_day_before(town):
    (first,) = (one for one in events(town.get(made(town))) if one["UID"] == uid_of(SUBJECT, "radap.example"))

    assert first["DTSTART"].dt == DUE
    assert str(first["URL"]) == f"https://radap.example/indicators/2564/{CODE}"
    assert str(first["DESCRIPTION"]).splitlines() == [
        "ระดับความสำเร็จของการสร้างเครือข่าย",
        "สำนักงานเขตทุ่งครุ",
        f"https://radap.example/indicators/2564/{CODE}",
    ]
    (alarm,) = first.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(days=-2, hours=-15)  # Friday at nine; it is due on Monday


def test_what_is_done_is_not_in_it_and_what_is_planned_or_returned_is(town):
    path = made(town)
    do(town, actions.record_occurrence, NewOccurrence(GUIDELINES, TODAY))
    planned = NewOccurrence(MEETINGS, date(2021, 1, 20), planned=True, note="ประชุมครั้งที่ 1")
    do(town, actions.record_occurrence, planned)
    do(town, actions.write_report, 1, narrative="เสร็จ")
    do(town, actions.submit_report, 1)
    do(town, actions.return_report, 1, reason="ขาดเอกสาร", fix_by=date(2021, 1, 22), by=EVALUATOR)

    shown = entries(town.get(path))
    assert (Q1, f"กำหนดแนวทาง ({CODE})") not in shown
    assert [one for one in shown if one[0] < Q2] == [
        (Q1, f"แต่งตั้งคณะกรรมการ ({CODE})"),
        (date(2021, 1, 20), f"ประชุมครั้งที่ 1 ({CODE})"),
        (date(2021, 1, 22), f"ส่งกลับแก้ไข: รายงานผลไตรมาสที่ 1 ปีงบประมาณ 2564 ({CODE})"),
    ]
    # The number of the meeting is 2, and so is that of the quarter: each is told in its own words.
    assert (Q2, f"รายงานผลไตรมาสที่ 2 ปีงบประมาณ 2564 ({CODE})") in shown


def test_everybody_sees_the_work_of_their_own_agencies_only(town):
    with town.store.begin() as tx:
        actions.create_indicator(
            tx, new_indicator("5042-2017", agency=SAI_MAI), by=ADMINISTRATOR, now=at(TODAY)
        )
    codes = {
        person.id: {summary[-10:-1] for _, summary in entries(town.get(made(town, person.id)))}
        for person in (COORDINATOR, SECTION_HEAD, SAI_MAI_COORDINATOR, EVALUATOR, ADMINISTRATOR)
    }
    assert codes == {
        COORDINATOR.id: {CODE},
        SECTION_HEAD.id: {CODE},
        SAI_MAI_COORDINATOR.id: {"5042-2017"},
        EVALUATOR.id: set(),
        ADMINISTRATOR.id: set(),
    }


@pytest.mark.parametrize(
    ("role", "entries_shown"), [(Role.DEPUTY, 9), (Role.DIRECTOR, 0), (Role.EVALUATOR, 0), (Role.VIEWER, 0)]
)
def test_calendar_shows_the_agency_to_who_works_for_it(town, role, entries_shown):
    with town.store.begin() as tx:
        grants = [Grant(role, THUNG_KHRU)]
        registry.add_person(tx, "new@city.example", "คนใหม่", "th", grants, by=OPERATOR.id, now=at(TODAY))
        person = registry.person(tx.connection, "new@city.example").id

    assert len(entries(town.get(made(town, person)))) == entries_shown


def test_calendar_speaks_the_language_of_its_person(town):
    path = made(town)
    town.change(language="en")
    page = town.get(path)

    assert (Q1, f"Guidelines set ({CODE})") in entries(page)
    assert f"X-WR-CALNAME:{WORDINGS['en'].say('calendar.name')}" in page.text


def test_calendar_is_sent_again_only_when_it_has_changed(town):
    path = made(town)
    first = town.get(path)
    tag = first.headers["etag"]
    town.clock.advance(days=1)
    same = [
        town.get(path, **{"if-none-match": asked})
        for asked in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*")
    ]
    other = town.get(path, **{"if-none-match": '"other"'})
    do(town, actions.record_occurrence, NewOccurrence(GUIDELINES, TODAY))
    changed = town.get(path, **{"if-none-match": tag})

    assert [(page.status_code, page.content, page.headers["etag"]) for page in same] == [(304, b"", tag)] * 4
    assert (other.status_code, other.headers["etag"]) == (200, tag)
    assert (changed.status_code, len(entries(changed))) == (200, 8)
    assert changed.headers["etag"] != tag
    assert first.headers["cache-control"] == "private, no-cache"


def test_calendar_that_is_asked_for_changes_nothing(town):
    path = made(town)
    with town.nothing_changes():
        assert town.get(path).status_code == 200
        head = town.client.head(path)
    assert (head.status_code, head.content) == (200, b"")


def test_revoked_or_replaced_calendar_is_not_there(town):
    first = made(town)
    second = made(town)
    assert [town.get(path).status_code for path in (first, second)] == [404, 200]
    with town.store.begin() as tx:
        duty.revoke_calendar(tx, P, by=OPERATOR.id, now=town.clock.now)

    gone = town.get(second)
    assert gone.status_code == 404
    assert WORDINGS["th"].say("page.unknown") in gone.text
    assert town.client.head(second).status_code == 404


@pytest.mark.parametrize(
    "token",
    ["", "x", "%00", "..%2F..%2Fradap", "%E2%80%AEx", "%FF", "a" * 10_240, "'%20OR%201=1--", "x.ics", "None"],
    ids=lambda token: token[:20],
)
def test_hostile_address_is_a_page_that_is_not_there(town, token):
    made(town)
    with town.nothing_changes():
        assert town.get(f"/calendar/{token}.ics").status_code == 404


def test_calendar_of_many_indicators_takes_as_many_statements_as_that_of_one(town):
    path = made(town)
    assert len(entries(town.get(path))) == 9  # from now on the definition is known
    with counted(town.store) as of_one:
        town.get(path)
    with town.store.begin() as tx:
        for number in range(2018, 2038):
            actions.create_indicator(tx, new_indicator(f"5049-{number}"), by=ADMINISTRATOR, now=at(TODAY))
    with counted(town.store) as of_many:
        assert len(entries(town.get(path))) == 9 * 21
    assert len(of_many) == len(of_one) <= 15


def test_who_serves_two_agencies_sees_both(town):
    with town.store.begin() as tx:
        actions.create_indicator(
            tx, new_indicator("5042-2017", agency=SAI_MAI), by=ADMINISTRATOR, now=at(TODAY)
        )
        grants = [*COORDINATOR.grants, *SAI_MAI_COORDINATOR.grants]
        registry.add_person(tx, "both@city.example", "สองเขต", "th", grants, by=OPERATOR.id, now=at(TODAY))
        both = registry.person(tx.connection, "both@city.example").id

    shown = entries(town.get(made(town, both)))
    assert len(shown) == 18
    assert (Q4, f"ส่งรายงาน ({CODE})") in shown
    assert (Q4, "ส่งรายงาน (5042-2017)") in shown

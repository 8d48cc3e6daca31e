"""The administration's pages: closed to everybody else, each change journaled, hostile words only words."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, select, update

from engine.actions import grant_extension
from engine.errors import Refusal
from engine.permissions import Action, Grant, Person, Role
from engine.quarter import FiscalYear, WorkCalendar
from engine.workflow import Text
from storage import registry, roles, views
from storage import tables as t
from storage.account_tables import door_log, sessions
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    OPERATOR,
    SAI_MAI,
    THUNG_KHRU,
    YEAR,
)
from tests.counting import counted
from tests.web.coordinators import BASE, arrive, banner, enter, errors, words
from tests.web.doorway import EMAIL, come_in, give_password, set_up_factor, sign_in, token_in
from tests.web.post import post
from tests.web.test_rules import filled, rules_of
from tests.web.town import TODAY

PEOPLE = "/administration/people"
AGENCIES = "/administration/agencies"
OUTBOX = "/administration/outbox"
JOURNAL = "/administration/journal"
DOOR = "/administration/entrance"
WORKFLOWS = "/administration/workflows"
CALENDAR = "/administration/calendar"
JOBS = "/administration/jobs"
ONE = f"{PEOPLE}/{COORDINATOR.id}"
#: The pages that have rows of something of which there may be many.
LISTS = [PEOPLE, ONE, AGENCIES, OUTBOX, f"{OUTBOX}/1", JOURNAL, DOOR, WORKFLOWS, CALENDAR, JOBS]
HOSTILE = '"><script>alert(1)</script>{{ 7 * 7 }}'


def send(town, path, /, at=None, **fields):
    """Send a form with the token of a page."""
    data = {"token": token_in(town.get(at or "/administration")), **fields}
    return town.client.post(path, data=data, follow_redirects=False)


def told(town):
    """What the city's journal says last: what, by whom, and its particulars."""
    with town.store.read() as tx:
        last = views.history(tx.connection, t.CITY)[-1].entry
    return last.what, last.by, json.loads(last.data)


def grants(town, email="coordinator@thungkhru.example"):
    with town.store.read() as tx:
        return registry.person(tx.connection, email).grants


def second_administrator(town):
    with town.store.begin() as tx:
        given = [Grant(Role.ADMINISTRATOR)]
        return registry.add_person(
            tx, "second@strategy.example", "ผู้ดูแลระบบคนที่สอง", "th", given, by=OPERATOR.id, now=FOUNDED
        )


def test_nobody_else_comes_in(town):
    """Made from the table of rules: whoever adds a page of the administration is held to it."""
    ruled = {key: rule for key, rule in rules_of(town).items() if key[1].startswith("/administration")}
    paths = [key for key, rule in ruled.items() if rule.action is not Action.EXTEND]
    assert len(ruled) == len(paths) + 3  # what evaluators do there
    assert len(paths) > 10
    for person in (COORDINATOR, EVALUATOR):
        enter(town, person)
        token = token_in(town.get("/"))
        with town.nothing_changes():
            for method, path in paths:
                data = {"token": token} if method == "POST" else None
                answer = town.client.request(method, filled(path), data=data, follow_redirects=False)
                assert answer.status_code == 403, (method, path)
    assert "/administration" not in town.get("/").text


def test_somebody_is_found_by_name_address_role_and_agency(town):
    enter(town, ADMINISTRATOR)
    for query, found in (
        ("q=ไซ", []),
        ("q=สายไหม", ["ผู้ประสานงานเขตสายไหม"]),
        ("q=HEAD@", ["หัวหน้าฝ่ายเขตทุ่งครุ"]),
        ("q=%25", []),
        ("role=evaluator", ["ผู้ประเมิน"]),
        (f"agency={SAI_MAI}", ["ผู้ประสานงานเขตสายไหม"]),
        (f"role=section_head&agency={SAI_MAI}", []),
        ("role=nonsense&agency=x&after=y", 5),
    ):
        page = town.get(f"{PEOPLE}?{query}")
        names = re.findall(rf'href="{PEOPLE}/\d+">([^<]+)<', page.text)
        assert (len(names) if isinstance(found, int) else names) == found, query


def test_list_goes_on_behind_its_last_row(town):
    with town.store.begin() as tx:
        for number in range(60):
            email = f"p{number}@example.org"
            registry.add_person(tx, email, f"ก {number % 7}", "th", [], by=OPERATOR.id, now=FOUNDED)
    enter(town, ADMINISTRATOR)
    seen, path = [], PEOPLE
    while path:
        page = town.get(path)
        seen += re.findall(rf'href="{PEOPLE}/(\d+)"', page.text)
        following = re.search(r'href="(\?after=\d+)"', page.text)
        path = PEOPLE + following[1] if following else ""
    assert len(seen) == len(set(seen)) == 65


def test_person_is_added_with_a_link_that_is_shown_once(town):
    enter(town, ADMINISTRATOR)
    fields = {"email": "New@ThungKhru.example", "name": "ผู้ประสานงานสำรอง", "language": "th"}
    wrong = send(town, f"{PEOPLE}/add", **fields, role="deputy", agency="")
    assert [field for field, _ in errors(wrong)] == ["agency"]

    page = send(town, f"{PEOPLE}/add", **fields, role="deputy", agency=str(THUNG_KHRU))

    assert page.status_code == 200
    assert grants(town, "new@thungkhru.example") == (Grant(Role.DEPUTY, THUNG_KHRU),)
    (link,) = re.findall(r"https://radap\.example(/password/[^<\s]+)", page.text)
    assert town.get(link).status_code == 200
    what, by, data = told(town)
    assert (what, by) == ("link_made", ADMINISTRATOR.id)
    assert "/password/" not in town.get(f"{PEOPLE}/{data['person']}").text
    again = send(town, f"{PEOPLE}/add", **fields, role="deputy", agency=str(THUNG_KHRU))
    assert [field for field, _ in errors(again)] == ["email"]


def test_role_is_given_and_taken(town):
    enter(town, ADMINISTRATOR)
    answer = send(town, f"{ONE}/give", role="evaluator", agency="")
    assert banner(arrive(town, answer)) == ["ให้บทบาทแล้ว"]
    particulars = {"person": COORDINATOR.id, "role": "evaluator", "agency": None}
    assert told(town) == ("role_given", ADMINISTRATOR.id, particulars)
    assert grants(town) == (*COORDINATOR.grants, Grant(Role.EVALUATOR))

    for held in (f"coordinator@{THUNG_KHRU}", "evaluator@"):
        assert send(town, f"{ONE}/take", held=held).status_code == 303
    assert told(town) == ("role_taken", ADMINISTRATOR.id, particulars)
    assert grants(town) == ()


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("give", {"role": "operator", "agency": ""}),
        ("give", {"role": "coordinator", "agency": ""}),
        ("give", {"role": "coordinator", "agency": str(THUNG_KHRU)}),
        ("give", {"role": HOSTILE, "agency": HOSTILE}),
        ("take", {"held": "evaluator@"}),
        ("second-factor", {}),
        ("back", {"number": "1"}),
        ("away", {"substitute": HOSTILE, "first": "1 ม.ค. 2564", "last": "2 ม.ค. 2564"}),
        ("away", {"substitute": "head@thungkhru.example", "first": "31 ก.พ. 2564", "last": ""}),
    ],
)
def test_what_cannot_be_changes_nothing_and_is_told(town, act, fields):
    enter(town, ADMINISTRATOR)
    with town.nothing_changes():
        answer = send(town, f"{ONE}/{act}", **fields)
    assert answer.status_code == 422
    assert errors(answer)
    assert "<script>alert" not in answer.text
    assert ">49<" not in answer.text


def test_nobody_changes_their_own_roles_and_the_last_administrator_stays(town):
    second = second_administrator(town)
    enter(town, ADMINISTRATOR)
    for act, fields in (("give", {"role": "evaluator", "agency": ""}), ("take", {"held": "administrator@"})):
        answer = send(town, f"{PEOPLE}/{ADMINISTRATOR.id}/{act}", **fields)
        assert answer.status_code == 422
    assert send(town, f"{PEOPLE}/{second}/take", held="administrator@").status_code == 303

    enter(town, OPERATOR)
    answer = send(town, f"{PEOPLE}/{ADMINISTRATOR.id}/take", at="/account", held="administrator@")
    assert answer.status_code == 422
    assert grants(town, "administrator@strategy.example") == ADMINISTRATOR.grants


def test_two_administrators_who_take_each_others_role_at_once_leave_one(town):
    second = Person(second_administrator(town), "ผู้ดูแลระบบคนที่สอง", ADMINISTRATOR.grants)
    together = threading.Barrier(2)

    def take(by, person):
        together.wait()
        try:
            with town.store.begin() as tx:
                roles.take_role(tx, person.id, Grant(Role.ADMINISTRATOR), by=by, now=FOUNDED)
        except Refusal as refused:
            return refused.conditions[0].kind
        return "taken"

    with ThreadPoolExecutor(2) as pool:
        results = pool.map(take, (ADMINISTRATOR, second), (second, ADMINISTRATOR))
        assert sorted(results) == ["role.last_administrator", "taken"]


def test_sessions_end_and_the_second_factor_comes_off(town):
    set_up_factor(town)
    come_in(town)
    enter(town, ADMINISTRATOR, TODAY)
    assert send(town, f"{ONE}/sessions").status_code == 303
    assert told(town)[:2] == ("sessions_ended", ADMINISTRATOR.id)
    assert send(town, f"{ONE}/second-factor").status_code == 303
    assert told(town)[:2] == ("factor_removed", ADMINISTRATOR.id)
    with town.store.read() as tx:
        left = tx.connection.execute(select(sessions.c.person_id)).scalars().all()
    assert set(left) == {ADMINISTRATOR.id}


def test_substitute_is_named_for_some_days_and_taken_back(town):
    enter(town, ADMINISTRATOR, TODAY)
    days = {"first": "11 ม.ค. 2564", "last": "15 ม.ค. 2564"}
    answer = send(town, f"{ONE}/away", substitute="head@thungkhru.example", **days)
    page = arrive(town, answer)
    assert "11 ม.ค. 2564 ถึง 15 ม.ค. 2564: หัวหน้าฝ่ายเขตทุ่งครุ" in words(page.text)
    assert told(town)[0] == "substitution_given"
    (number,) = re.findall(r'name="number" value="(\d+)"', page.text)
    assert send(town, f"{ONE}/back", number=number).status_code == 303
    assert told(town)[0] == "substitution_withdrawn"


def test_operator_and_strangers_have_no_page(town):
    enter(town, ADMINISTRATOR)
    for person in (OPERATOR.id, 999_999_999, "x", "1" * 30):
        assert town.get(f"{PEOPLE}/{person}").status_code == 404


def test_agency_is_added_below_another(town):
    enter(town, ADMINISTRATOR)
    fields = {"name": "ฝ่ายพัฒนาชุมชน", "kind": "department", "below": str(THUNG_KHRU)}
    answer = send(town, f"{AGENCIES}/add", **fields, code="5049-1", name_en="")
    page = arrive(town, answer)
    assert banner(page) == ["เพิ่มหน่วยงานแล้ว"]
    what, by, data = told(town)
    assert (what, by, data["parent"]) == ("agency_added", ADMINISTRATOR.id, THUNG_KHRU)
    below = page.text.split("สำนักงานเขตทุ่งครุ")[-1]
    assert "ฝ่ายพัฒนาชุมชน" in below.split("</ul>")[0]

    with town.nothing_changes():
        wrong = {
            "code": {**fields, "code": "5049"},
            "name": {**fields, "name": " "},
            "kind": {**fields, "kind": HOSTILE},
        }
        for field, given in wrong.items():
            answer = send(town, f"{AGENCIES}/add", **given)
            assert [name for name, _ in errors(answer)] == [field]


def test_message_is_read_word_for_word_but_for_what_acts_in_its_readers_name(town):
    post(town)
    enter(town, ADMINISTRATOR, TODAY)
    page = town.get(f"{OUTBOX}/1").text
    assert "เรียน ผู้ประสานงานเขตทุ่งครุ\n\n&lt;b&gt;ครบกำหนด&lt;/b&gt; 15 ม.ค. 2564\n" in page
    assert "https://radap.example/links/…" in page
    assert "a.b-c_1" not in page
    assert "<script>no such" not in page


def test_messages_are_narrowed_by_state(town):
    post(town, more=60)
    enter(town, ADMINISTRATOR, TODAY)
    for state, shown in (("troubled", 1), ("failed", 1), ("pending", 50), ("held", 0), (HOSTILE, 50)):
        page = town.client.get(OUTBOX, params={"state": state})
        assert len(re.findall(rf'href="{OUTBOX}/\d+"', page.text)) == shown, state
        assert "<script>alert" not in page.text


def test_message_is_moved_as_its_state_allows(town):
    post(town)
    enter(town, ADMINISTRATOR, TODAY)
    move = f"{OUTBOX}/1/move"
    with town.nothing_changes():
        assert send(town, move, step="hold", reason="ไม่ได้").status_code == 422
        assert send(town, move, step=HOSTILE).status_code == 200
    for step, kind in (("retry", "retried"), ("hold", "held"), ("release", "released")):
        page = arrive(town, send(town, move, step=step, reason=HOSTILE))
        assert "&lt;script&gt;" in page.text
        particulars = {"message": 1, "step": kind, "reason": HOSTILE}
        assert told(town) == ("message_moved", ADMINISTRATOR.id, particulars)
    assert town.get(f"{OUTBOX}/999").status_code == 404
    assert town.get(f"{OUTBOX}/x").status_code == 404


def events(page):
    """The rows of the journal's page: number, event and particulars."""
    cells = re.findall(r"<tr[^>]*>(.*?)</tr>", page.text, re.DOTALL)[1:]
    rows = [[words(one) for one in re.findall(r"<td[^>]*>(.*?)</td>", cell)] for cell in cells]
    return [(int(row[0]), row[2], row[3]) for row in rows]


def test_journal_tells_who_did_what_to_whom(town):
    enter(town, ADMINISTRATOR, TODAY)
    send(town, f"{ONE}/give", role="owner", agency=str(SAI_MAI))
    page = town.get(JOURNAL)
    told_of = "ผู้ประสานงานเขตทุ่งครุ · หน่วยงานเจ้าของตัวชี้วัด · สำนักงานเขตสายไหม"
    assert events(page)[0][1:] == ("ให้บทบาท", told_of)
    assert ADMINISTRATOR.name in words(page.text)
    for query, count in (
        ("kind=role_given", 1),
        ("kind=role_taken", 0),
        ("first=4 ม.ค. 2564", 1),
        ("last=3 ม.ค. 2564", len(events(page)) - 1),
        ("first=4 ม.ค. 2564&last=4 ม.ค. 2564", 1),
        (f"before={events(page)[0][0]}", len(events(page)) - 1),
    ):
        assert len(events(town.get(f"{JOURNAL}?{query}"))) == count, query


def test_journal_of_an_indicator_leads_to_it_and_unknown_ones_are_said(town):
    enter(town, ADMINISTRATOR, TODAY)
    page = town.get(f"{JOURNAL}?code={CODE}")
    assert f'href="{BASE}"' in page.text
    assert [what for _, what, _ in events(page)] == ["สร้างตัวชี้วัด"]
    for field, query in (
        ("code", {"code": HOSTILE}),
        ("code", {"code": CODE, "year": "2570"}),
        ("year", {"code": CODE, "year": "1"}),
        ("first", {"first": "31 ก.พ. 2564"}),
    ):
        page = town.client.get(JOURNAL, params={**query, "verify": "1"})
        assert [name for name, _ in errors(page)] == [field]
        assert "<script>alert" not in page.text
    assert town.get(f"{JOURNAL}?kind=x&before=y&year=z&first=1 ม.ค. 9999&last=31 ธ.ค. 543").status_code in (
        200,
        422,
    )


def test_stream_is_proved_and_the_event_that_was_touched_is_named(town):
    enter(town, ADMINISTRATOR, TODAY)
    for query in ("verify=1", f"code={CODE}&verify=1"):
        assert "ครบถ้วน" in words(town.get(f"{JOURNAL}?{query}").text)
    j = t.journal.c
    with town.store.begin() as tx:
        touched = update(t.journal).where(j.stream == t.CITY, j.seq == 3)
        tx.connection.execute(touched.values(data="{}"))
    assert "ประวัติส่วนกลาง: เหตุการณ์ที่ 3 ถูกแก้ไขภายหลัง" in words(town.get(f"{JOURNAL}?verify=1").text)
    assert "ครบถ้วน" in words(town.get(f"{JOURNAL}?code={CODE}&verify=1").text)


def test_definition_is_drawn_with_where_its_indicators_stand(town):
    enter(town, ADMINISTRATOR, TODAY)
    page = words(town.get(WORKFLOWS).text)
    assert "เครือข่ายภาคประชาสังคม civil_society_network 1 1" in page
    assert "ร้อยละ percent_achieved 1 0" in page
    page = town.get(f"{WORKFLOWS}/1").text
    assert page.count('<svg class="radap-state__drawing"') == page.count("<title id=") == 6
    rungs = [words(one) for one in re.findall(r'radap-state__words">(.*?)</div>', page, re.DOTALL)]
    assert rungs[0] == "ส่งรายงาน ถึงระดับนี้เมื่อ ส่งรายงาน"
    assert rungs[-1] == "ยังไม่เริ่ม ตัวชี้วัดที่อยู่ระดับนี้ 1"
    assert town.get(f"{WORKFLOWS}/99").status_code == 404


def test_calendar_shows_days_off_and_the_day_of_each_agency(town):
    policy = replace(town.store.policy, calendar=WorkCalendar(frozenset({date(2021, 4, 13)})))
    town.store.policy = policy
    with town.store.begin() as tx:
        quarter = FiscalYear(YEAR).quarters[1]
        reason, now = "น้ำท่วม <b>", town.clock.now
        grant_extension(tx, SAI_MAI, quarter, date(2021, 5, 7), reason=reason, by=EVALUATOR, now=now)
    enter(town, ADMINISTRATOR, TODAY)
    page = words(town.get(CALENDAR).text)
    assert "13 เม.ย. 2564 อังคาร" in page
    assert "สำนักงานเขตสายไหม 11 ม.ค. 2564 7 พ.ค. 2564 (ขยายเวลา) 12 ก.ค. 2564 11 ต.ค. 2564" in page
    assert "สำนักงานเขตทุ่งครุ 11 ม.ค. 2564 12 เม.ย. 2564 12 ก.ค. 2564 11 ต.ค. 2564" in page
    assert "สำนักงานเขตสายไหม ไตรมาส 2 7 พ.ค. 2564 น้ำท่วม <b>" in page
    for year in ("2570", "0", "9999", "x"):
        assert town.get(f"{CALENDAR}?year={year}").status_code == 200


def test_evaluator_gives_an_agency_longer(town):
    enter(town, EVALUATOR, TODAY)
    path = f"{CALENDAR}/extend"
    assert f'href="{path}"' in town.get("/review").text
    given = {
        "agency": str(THUNG_KHRU),
        "year": "2564",
        "quarter": "1",
        "day": "29 ม.ค. 2564",
        "reason": "น้ำท่วม",
    }
    wrong = {"agency": "99", "year": "1", "quarter": "5", "day": "31 ก.พ. 2564"}
    with town.nothing_changes():
        for name, value in wrong.items():
            answer = send(town, path, at="/account", **{**given, name: value})
            assert [field for field, _ in errors(answer)] == [name]
        assert send(town, path, at="/account", **{**given, "day": "1 ม.ค. 2564"}).status_code == 422
    page = arrive(town, send(town, path, at="/account", **given))
    assert banner(page) == ["ขยายเวลาแล้ว"]
    assert told(town)[:2] == ("extension_granted", EVALUATOR.id)


def test_administrator_gives_longer_on_the_calendar_but_not_to_the_agency_they_work_for(town):
    enter(town, ADMINISTRATOR, TODAY)
    path = f"{CALENDAR}/extend"
    assert f'href="{path}"' in town.get(CALENDAR).text
    given = {"year": "2564", "quarter": "1", "day": "29 ม.ค. 2564", "reason": "น้ำท่วม"}
    page = arrive(town, send(town, path, agency=str(THUNG_KHRU), **given))
    assert banner(page) == ["ขยายเวลาแล้ว"]
    assert told(town)[:2] == ("extension_granted", ADMINISTRATOR.id)
    assert "29 ม.ค. 2564 (ขยายเวลา)" in words(town.get(CALENDAR).text)

    with town.store.begin() as tx:
        row = {"person_id": ADMINISTRATOR.id, "role": "director", "agency_id": SAI_MAI}
        tx.connection.execute(insert(t.grants).values(row))
    with town.nothing_changes():
        answer = send(town, path, agency=str(SAI_MAI), **given)
    assert answer.status_code == 422
    assert [text for _, text in errors(answer)] == [
        "ผู้ดูแลระบบ ขยายเวลาให้หน่วยงานของตนเองไม่ได้ ผู้ที่ทำได้: ผู้ประเมิน, ผู้ดูแลระบบ"
    ]


def test_door_tells_who_came_in_failed_and_was_refused(town):
    give_password(town)
    sign_in(town, password="wrong")
    sign_in(town, email="nobody@example.org")
    sign_in(town)
    assert town.get("/administration/settings").status_code == 403
    enter(town, ADMINISTRATOR)
    said = words(town.get(DOOR).text)
    assert "ถูกปฏิเสธ ผู้ประสานงานเขตทุ่งครุ" in said
    assert "403 manage_settings /administration/settings" in said
    assert said.count("เข้าสู่ระบบไม่สำเร็จ ผู้ประสานงานเขตทุ่งครุ") == 1
    assert said.count("เข้าสู่ระบบไม่สำเร็จ (ไม่มีบัญชี)") == 1

    refused = town.get(f"{DOOR}?what=refused")
    assert refused.text.count('<tr class="govuk-table__row" role="row">') == 2  # its head and the one line
    own = words(town.get(f"{DOOR}?what=failed&email={EMAIL}").text)
    assert own.count("เข้าสู่ระบบไม่สำเร็จ ผู้ประสานงานเขตทุ่งครุ") == 1
    assert "(ไม่มีบัญชี)" not in own
    assert errors(town.get(f"{DOOR}?email=nobody@example.org"))[0][0] == "email"


def test_door_goes_on_behind_its_last_line(town):
    enter(town, ADMINISTRATOR)
    rows = [
        {
            "at": FOUNDED,
            "what": "failed",
            "subject": "",
            "address": "a",
            "agent": "",
            "detail": f"<b>{number}",
        }
        for number in range(60)
    ]
    with town.store.begin() as tx:
        tx.connection.execute(insert(door_log), rows)
    first = town.get(f"{DOOR}?what=failed")
    (behind,) = re.findall(r'href="(\?what=failed&amp;before=\d+)"', first.text)
    second = town.get(DOOR + behind.replace("&amp;", "&"))
    seen = [re.findall(r"&lt;b&gt;(\d+)", page.text) for page in (first, second)]
    assert [*seen[0], *seen[1]] == [str(number) for number in reversed(range(60))]


def grow(town, through, since):
    with town.store.begin() as tx:
        line = {"at": FOUNDED, "what": "refused", "person_id": COORDINATOR.id, "subject": "", "address": ""}
        tx.connection.execute(insert(door_log), [{**line, "agent": "", "detail": ""}] * (through - since))
        rows = [{"message_id": 1, "at": FOUNDED, "what": "held", "detail": ""}] * (through - since)
        tx.connection.execute(insert(t.outbox_log), rows)
        for number in range(since, through):
            name = Text(f"หน่วยงาน {number}", f"Agency {number}")
            registry.add_agency(tx, name, "department", by=OPERATOR.id, now=FOUNDED)
            email, given = f"p{number}@example.org", [Grant(Role.VIEWER)]
            registry.add_person(tx, email, f"ผู้เข้าชม {number}", "th", given, by=OPERATOR.id, now=FOUNDED)


def asked(town):
    found = {}
    for path in LISTS:
        town.get(path)
        with counted(town.store) as sent:
            assert town.get(path).status_code == 200
        found[path] = len(sent)
    return found


def test_lists_ask_as_often_for_thirty_rows_as_for_one(town):
    post(town)
    grow(town, 1, 0)
    enter(town, ADMINISTRATOR)
    one = asked(town)
    grow(town, 30, 1)

    assert asked(town) == one
    assert max(one.values()) < 25

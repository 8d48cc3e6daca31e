"""The pages of evaluators: the queue, a report evaluated, one milestone of many districts, appeals."""

import re
from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, select

from engine import actions
from engine.actions import NewOccurrence, NewPetition, create_indicator
from engine.errors import Unmet
from engine.indicator import Evaluation
from engine.permissions import Action, Grant, Person, Role, who_may
from engine.petition import PetitionKind
from engine.reminders import DEFAULT
from engine.verdict import ReviewPolicy
from engine.workflow import Text
from notifications.reminders import House, Reminders
from storage import evidence, registry
from storage import tables as t
from storage.ledger import StoredLedger
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    OPERATOR,
    OTHER_EVALUATOR,
    POLICY,
    REPORT,
    SECTION_HEAD,
    WORKFLOW,
    YEAR,
    at,
    new_indicator,
)
from tests.counting import counted
from tests.notifications.mailroom import WORDINGS
from tests.web.coordinators import (
    BASE,
    DAY,
    arrive,
    banner,
    did,
    enter,
    errors,
    fill,
    heading,
    indicator,
    words,
)
from tests.web.doorway import token_in
from tests.web.town import Town

THAI = WORDINGS["th"]
PAGE = f"{BASE}/quarters/2"
ACROSS = f"/review/2564/{WORKFLOW.key}/{GUIDELINES}"
MET = {f"met-{item.key}": "1" for item in POLICY.review.checklist}


def endorsed(town: Town, day: date = DAY) -> None:
    for action, by in (
        (actions.write_report, COORDINATOR),
        (actions.submit_report, COORDINATOR),
        (actions.endorse_report, SECTION_HEAD),
    ):
        more = {"narrative": "ประชุมครั้งที่ 1/64 แล้ว"} if action is actions.write_report else {}
        did(town, action, 2, by=by, now=at(day, 8), **more)


def add_other(town: Town) -> None:
    with town.store.begin() as tx:
        grants = [Grant(Role.EVALUATOR)]
        added = registry.add_person(
            tx, "other@strategy.example", OTHER_EVALUATOR.name, "th", grants, by=OPERATOR.id, now=FOUNDED
        )
        assert added == OTHER_EVALUATOR.id


def districts(town: Town, count: int, since: int = 1) -> list[str]:
    """So many districts, each with the same indicator, whose guidelines are set."""
    codes = []
    with town.store.begin() as tx:
        for number in range(since, since + count):
            code = f"{6000 + number}-2017"
            name = Text(f"สำนักงานเขตที่ {number}", f"District {number}")
            agency = registry.add_agency(
                tx, name, "district", code=str(6000 + number), by=OPERATOR.id, now=FOUNDED
            )
            create_indicator(tx, new_indicator(code, agency=agency), by=ADMINISTRATOR, now=FOUNDED)
            by = Person(COORDINATOR.id, COORDINATOR.name, (Grant(Role.COORDINATOR, agency),))
            fact = NewOccurrence(GUIDELINES, date(2020, 12, 14), document_number=f"{number}/2563")
            actions.record_occurrence(tx, code, YEAR, fact, by=by, now=at(date(2020, 12, 14)))
            codes.append(code)
    return codes


def evaluation(town: Town) -> Evaluation:
    given = indicator(town).reports[2].evaluation
    assert given is not None
    return given


def versions(page) -> dict[int, str]:
    """The indicators that may be ticked, each with the version that the page shows."""
    return {
        int(number): value for number, value in re.findall(r'name="pick-(\d+)"[^>]*value="(\d+)"', page.text)
    }


# --- a report evaluated ----------------------------------------------------------------------------------


def test_evaluator_accepts_a_report_by_the_checklist(town):
    endorsed(town)
    enter(town, EVALUATOR)
    page = town.get(f"{PAGE}/evaluate")
    assert heading(page) == "ประเมินรายงาน: รายงานผลไตรมาสที่ 2 ปีงบประมาณ 2564"
    assert "ช้ากว่ากำหนด" in words(page.text)
    one = fill(town, f"{PAGE}/evaluate", verdict="accept", remark="ดี", **(MET | {"met-dated": ""}))
    assert banner(arrive(town, one)) == [THAI.say("done_now.accepted")]
    given = evaluation(town)
    assert (given.quality, given.timeliness, given.remark) == (95, 50, "ดี")
    after = words(town.get(PAGE).text)
    assert "95 / 50" in after
    assert "ระบุวันที่และเลขที่เอกสารของสิ่งที่ทำ ยังไม่ผ่าน" in after


def test_score_of_ones_own_needs_a_reason_and_loses_nothing_that_was_ticked(town):
    endorsed(town)
    enter(town, EVALUATOR)
    refused = fill(
        town, f"{PAGE}/evaluate", verdict="accept", quality="75", timeliness="100", remark="ดี", **MET
    )
    assert [name for name, _ in errors(refused)] == ["quality_reason", "timeliness_reason"]
    assert refused.text.count(" checked") == len(MET) + 1
    assert ">\nดี</textarea>" in refused.text
    assert indicator(town).reports[2].state == "endorsed"


def test_report_is_sent_back_with_the_answers_to_the_checklist(town):
    endorsed(town)
    enter(town, EVALUATOR)
    empty = fill(town, f"{PAGE}/evaluate", verdict="return")
    assert [name for name, _ in errors(empty)] == ["reason"]
    sent = fill(
        town,
        f"{PAGE}/evaluate",
        verdict="return",
        reason="1. แนบภาพ",
        day="25 พ.ค. 2564",
        **{"met-dated": "1"},
    )
    assert banner(arrive(town, sent)) == [THAI.say("done_now.report_returned")]
    kept = indicator(town).reports[2]
    assert (kept.state, kept.return_reason, kept.fix_by) == ("returned", "1. แนบภาพ", date(2021, 5, 25))
    with town.store.read() as tx:
        (verdict,) = tx.verdicts(indicator(town))
    assert (verdict.kind, verdict.met) == ("returned", ("dated",))


def test_without_a_choice_nothing_happens(town):
    endorsed(town)
    enter(town, EVALUATOR)
    refused = fill(town, f"{PAGE}/evaluate", **MET)
    assert errors(refused) == [("verdict", THAI.say("evaluate.choose"))]


def test_submitted_report_can_be_sent_back_but_not_scored(town):
    did(town, actions.write_report, 2, narrative="ประชุมแล้ว", now=at(DAY))
    did(town, actions.submit_report, 2, now=at(DAY))
    enter(town, EVALUATOR)
    page = town.get(f"{PAGE}/evaluate")
    assert 'value="return"' in page.text
    assert 'value="accept"' not in page.text
    refused = fill(town, f"{PAGE}/evaluate", verdict="accept", **MET)
    assert errors(refused) == [("verdict", THAI.say("evaluate.choose"))]


def test_page_tells_what_is_new_since_the_last_verdict(town):
    fact = NewOccurrence(GUIDELINES, date(2021, 2, 1))
    did(town, actions.record_occurrence, fact, now=at(date(2021, 2, 1)))
    did(town, actions.verify_milestone, GUIDELINES, by=EVALUATOR, now=at(date(2021, 2, 2)))
    endorsed(town)
    enter(town, EVALUATOR)
    page = town.get(f"{PAGE}/evaluate").text
    news = words(page[page.index(THAI.say("evaluate.news")) :])
    assert "ครั้งก่อน: ตรวจรับขั้นความสำเร็จ" in news
    assert THAI.word("event", "report_endorsed") in news
    assert THAI.word("event", "occurrence_recorded") not in news
    assert "กำหนดแนวทาง" in page[page.index('id="facts"') :]


def test_desk_of_an_evaluator_leads_to_the_evaluation(town):
    endorsed(town)
    enter(town, EVALUATOR)
    desk = town.get("/")
    assert f'href="{PAGE}/evaluate">ประเมิน' in desk.text
    assert 'href="/review"' in desk.text
    enter(town, COORDINATOR)
    assert 'href="/review"' not in town.get("/").text


# --- read twice ------------------------------------------------------------------------------------------


def test_second_evaluator_does_not_see_what_the_first_found(town):
    town.store.policy = replace(POLICY, review=ReviewPolicy(second_percent=100))
    add_other(town)
    endorsed(town)
    did(town, actions.accept_report, 2, met=["tells_what"], remark="บางเกินไป", by=EVALUATOR, now=at(DAY))
    enter(town, EVALUATOR)
    assert "/second" not in town.get("/review").text
    enter(town, OTHER_EVALUATOR)
    assert f"{PAGE}/second" in town.get("/review").text
    page = town.get(f"{PAGE}/second")
    for secret in ("บางเกินไป", EVALUATOR.name + " ", "75 /", THAI.say("evaluate.news")):
        assert secret not in words(page.text)
    report = words(town.get(PAGE).text)
    assert ("บางเกินไป" in report, "75 /" in report) == (False, False)
    done = arrive(town, fill(town, f"{PAGE}/second", **MET))
    assert banner(done) == [THAI.say("done_now.read_again")]
    assert THAI.say("second.differs", first=75, second=100) in words(done.text)
    assert evaluation(town).quality == 75
    assert "/second" not in town.get("/review").text
    assert town.client.get(f"{PAGE}/second", follow_redirects=False).headers["location"] == PAGE


# --- the queue -------------------------------------------------------------------------------------------


def test_queue_has_everything_that_waits_by_the_day_it_is_due(town):
    endorsed(town, date(2021, 5, 10))
    did(town, actions.record_occurrence, NewOccurrence(COMMITTEE, date(2021, 5, 3)), now=at(date(2021, 5, 3)))
    asked = NewPetition(PetitionKind.CANCELLATION, date(2021, 5, 14), "รวมกับตัวชี้วัดอื่น")
    did(town, actions.make_petition, asked, now=at(date(2021, 5, 12)))
    did(town, actions.write_report, 1, narrative="เขียนแล้ว", now=at(date(2021, 5, 13)))
    did(town, actions.submit_report, 1, now=at(date(2021, 5, 13)))
    enter(town, EVALUATOR)
    page = town.get("/review")
    found = [words(one) for one in re.findall(r'<th scope="row".*?</th>', page.text, re.DOTALL)]
    assert [one.partition(":")[0] for one in found] == [
        THAI.word("waits", kind) for kind in ("milestone", "report", "petition", "submitted")
    ]
    assert "ยกเลิกตัวชี้วัด" in found[2]
    assert THAI.say("review.run_out") in found[2]
    assert "15 วัน" in words(page.text)
    assert f'href="/review/2564/{WORKFLOW.key}/{COMMITTEE}"' in page.text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("kind=report", 1),
        ("kind=appeal", 0),
        ("kind=nonsense", 1),
        (f"workflow={WORKFLOW.key}", 1),
        ("workflow=percent_achieved", 0),
        ("workflow=nonsense", 1),
        ("agency=1", 1),
        ("agency=2", 0),
        ("agency=x", 1),
        ("kind=report&agency=1&workflow=civil_society_network", 1),
    ],
)
def test_queue_is_narrowed(town, query, count):
    endorsed(town)
    enter(town, EVALUATOR)
    assert town.get(f"/review?{query}").text.count('<th scope="row"') == count


def test_empty_queue_says_so(town):
    enter(town, EVALUATOR)
    assert THAI.say("review.nothing") in words(town.get("/review").text)
    assert THAI.say("review.nothing_narrowed") in words(town.get("/review?kind=appeal").text)


# --- one milestone across districts ----------------------------------------------------------------------


def send(town: Town, page, **fields: str):
    data = {"token": token_in(page), **fields}
    return town.client.post(ACROSS, data=data, follow_redirects=False)


def answers(page) -> dict[str, str]:
    """What became of each district, by its code."""
    part = page.text[page.text.index('id="answers"') : page.text.index("</section>")]
    found = [words(one) for one in re.findall(r"<li.*?</li>", part, re.DOTALL)]
    return {re.findall(r"\d{4}-\d{4}", one)[0]: one for one in found}


def test_three_districts_are_sent_back_at_once_each_with_its_event_and_its_reason(town):
    codes = districts(town, 4)
    enter(town, EVALUATOR)
    page = town.get(ACROSS)
    seen = versions(page)
    picked = sorted(seen)[:3]
    done = send(
        town,
        page,
        act="return",
        reason="คำสั่งไม่ได้ลงนาม",
        day="25 พ.ค. 2564",
        **{f"pick-{one}": seen[one] for one in picked},
        **{f"why-{picked[2]}": "อ่านไม่ออก"},
    )
    assert done.status_code == 200
    assert sorted(answers(done)) == codes[:3]
    assert all(THAI.say("review.sent_back") in one for one in answers(done).values())
    kept = [indicator(town, code) for code in codes]
    assert [one.milestones[GUIDELINES].state for one in kept] == ["returned"] * 3 + ["achieved"]
    assert [one.decisions[-1].reason for one in kept[:3]] == ["คำสั่งไม่ได้ลงนาม"] * 2 + ["อ่านไม่ออก"]
    assert {one.decisions[-1].fix_by for one in kept[:3]} == {date(2021, 5, 25)}
    assert [one.journal_seq for one in kept] == [3, 3, 3, 2]
    assert codes[3] in words(done.text)  # what still waits is there to go on with


def test_conflict_and_refusal_are_named_and_take_nothing_from_the_others(town):
    codes = districts(town, 3)
    enter(town, EVALUATOR)
    page = town.get(ACROSS)
    seen = versions(page)
    with town.store.begin() as tx:
        by = Person(SECTION_HEAD.id, SECTION_HEAD.name, (Grant(Role.OPERATOR),))
        fact = NewOccurrence(COMMITTEE, date(2021, 1, 4))
        actions.record_occurrence(tx, codes[0], YEAR, fact, by=by, now=town.clock.now)
    with town.store.begin() as tx:
        actions.return_milestone(tx, codes[1], YEAR, GUIDELINES, reason="x", by=EVALUATOR, now=town.clock.now)
    second = sorted(seen)[1]
    given = {f"pick-{one}": version for one, version in seen.items()}
    given[f"pick-{second}"] = str(indicator(town, codes[1]).version)
    done = send(town, page, act="verify", reason="ครบ", **given)
    said = answers(done)
    assert SECTION_HEAD.name in said[codes[0]]
    assert THAI.say("review.not_done") in said[codes[0]]
    assert THAI.say("review.not_done") in said[codes[1]]
    assert THAI.say("review.verified") in said[codes[2]]
    states = [indicator(town, code).milestones[GUIDELINES].state for code in codes]
    assert states == ["achieved", "returned", "verified"]
    # What was refused is still ticked, with the version as it is now.
    first = min(seen)
    assert re.search(
        rf'name="pick-{first}"[^>]*value="{indicator(town, codes[0]).version}" checked', done.text
    )
    assert ">\nครบ</textarea>" in done.text


def test_nobody_verifies_own_work_at_once_either(town):
    did(
        town, actions.record_occurrence, NewOccurrence(GUIDELINES, date(2021, 2, 1)), now=at(date(2021, 2, 1))
    )
    with town.store.begin() as tx:
        tx.connection.execute(insert(t.grants).values(person_id=COORDINATOR.id, role="evaluator"))
    enter(town, COORDINATOR)
    page = town.get(ACROSS)
    done = send(town, page, act="verify", **{f"pick-{one}": value for one, value in versions(page).items()})
    assert THAI.say("person.own_work", person=COORDINATOR.name) in answers(done)[CODE]
    assert indicator(town).milestones[GUIDELINES].state == "achieved"


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({}, ["pick", "act"]),
        ({"act": "verify"}, ["pick"]),
        ({"pick-1": "2"}, ["act"]),
        ({"pick-1": "2", "act": "return"}, ["reason"]),
        ({"pick-1": "2", "act": "return", "why-2": "x"}, ["reason"]),
        ({"pick-1": "2", "act": "return", "reason": "x", "day": "31 ก.ย. 2564"}, ["day"]),
        ({"pick-1": "2", "act": "burn", "reason": "x"}, ["act"]),
        ({"pick-x": "2", "act": "verify"}, ["pick"]),
    ],
)
def test_form_with_a_fault_does_nothing_and_loses_nothing(town, fields, wrong):
    did(
        town, actions.record_occurrence, NewOccurrence(GUIDELINES, date(2021, 2, 1)), now=at(date(2021, 2, 1))
    )
    enter(town, EVALUATOR)
    refused = send(town, town.get(ACROSS), **fields)
    assert refused.status_code == 422
    assert [name for name, _ in errors(refused)] == wrong
    assert (" checked" in refused.text) == ("pick-1" in fields or fields.get("act") == "verify")
    assert indicator(town).milestones[GUIDELINES].state == "achieved"


def test_indicator_that_there_is_not_is_left_out(town):
    enter(town, EVALUATOR)
    did(
        town, actions.record_occurrence, NewOccurrence(GUIDELINES, date(2021, 2, 1)), now=at(date(2021, 2, 1))
    )
    done = send(town, town.get(ACROSS), act="verify", **{"pick-999": "1"})
    assert (done.status_code, answers(done) if 'id="answers"' in done.text else {}) == (200, {})


def test_page_of_fifty_districts_asks_as_often_as_for_one_and_names_what_lacks(town):
    def asked() -> int:
        town.get(ACROSS)
        town.get("/review")
        with counted(town.store) as sent:
            assert town.get(ACROSS).status_code == 200
            town.get("/review")
        return len(sent)

    districts(town, 1)
    enter(town, EVALUATOR)
    one = asked()
    districts(town, 49, since=2)
    assert asked() == one
    page = town.get(ACROSS)
    assert len(versions(page)) == 50
    given = {f"pick-{number}": version for number, version in versions(page).items()}
    done = send(town, page, act="verify", **given)
    assert len(answers(done)) == 50
    assert all(THAI.say("review.verified") in words for words in answers(done).values())
    assert THAI.say("review.none_waits") in words(done.text)
    every = town.get(f"{ACROSS}?show=all")
    assert len(versions(every)) == 50


def test_document_that_must_be_there_is_named_where_it_lacks(town):
    did(town, actions.record_occurrence, NewOccurrence(REPORT, date(2021, 2, 1)), now=at(date(2021, 2, 1)))
    enter(town, EVALUATOR)
    page = town.get(f"/review/2564/{WORKFLOW.key}/{REPORT}")
    assert THAI.say("review.lacks", evidence="รายงาน") in words(page.text)


def test_file_that_serves_another_district_too_is_told_before_anything_is_verified(town):
    codes, kept = districts(town, 2), evidence.Kept("0" * 64, 3, "text/plain")
    with town.store.begin() as tx:
        evidence.register(tx, kept, FOUNDED)
        for code in codes:
            where = (tx, code, YEAR, GUIDELINES)
            actions.attach_evidence(*where, sha256=kept.sha256, file_name="ก.txt", by=OPERATOR, now=at(DAY))
    enter(town, EVALUATOR)
    said = words(town.get(ACROSS).text)

    for code in codes:
        assert said.count(f"ไฟล์เดียวกันนี้ใช้เป็นหลักฐานใน {code} ปี 2564") == 1


@pytest.mark.parametrize(
    "path",
    ["2564/nonsense/x", f"2564/{WORKFLOW.key}/x", f"99x/{WORKFLOW.key}/{GUIDELINES}", f"x/{WORKFLOW.key}/x"],
)
def test_milestone_that_is_none_leads_nowhere(town, path):
    enter(town, EVALUATOR)
    assert town.get(f"/review/{path}").status_code == 404


# --- appeals ---------------------------------------------------------------------------------------------


def test_appeal_is_made_by_the_district_and_decided_by_another_evaluator(town):
    town.store.policy = replace(POLICY, review=ReviewPolicy(second_percent=0))
    add_other(town)
    endorsed(town)
    did(town, actions.accept_report, 2, met=["tells_what"], remark="ขาดภาพ", by=EVALUATOR, now=at(DAY))
    enter(town, COORDINATOR)
    assert f"{PAGE}/appeal" in town.get(PAGE).text
    assert [name for name, _ in errors(fill(town, f"{PAGE}/appeal", reason=" "))] == ["reason"]
    made = arrive(town, fill(town, f"{PAGE}/appeal", reason="แนบภาพแล้วเมื่อ 10 พ.ค."))
    assert banner(made) == [THAI.say("done_now.appealed")]
    assert 'name="decision"' not in made.text
    assert f"{PAGE}/appeal" not in town.get(PAGE).text

    page = f"{BASE}/appeals/1"
    enter(town, EVALUATOR)
    queue = words(town.get("/review").text)
    assert THAI.say("review.own_verdict") in queue
    assert 'name="decision"' not in town.get(page).text
    own = fill(town, page, decision="uphold", reason="x", quality="100")
    not_theirs = Unmet("person.own_verdict", {"person": EVALUATOR.name}, who_may(Action.DECIDE_APPEAL))
    assert [sentence for _, sentence in errors(own)] == [THAI.unmet(not_theirs)]

    look, decide = (f'href="{page}">{THAI.word("do", verb)}' for verb in ("look", "decide"))
    assert (look in town.get("/").text, decide in town.get("/").text) == (True, False)
    enter(town, COORDINATOR)
    assert (look in town.get("/").text, decide in town.get("/").text) == (True, False)
    enter(town, OTHER_EVALUATOR)
    assert decide in town.get("/").text
    empty = fill(town, page)
    assert [name for name, _ in errors(empty)] == ["decision"]
    unchanged = fill(town, page, decision="uphold", reason="ครบ")
    assert [name for name, _ in errors(unchanged)] == ["quality"]
    done = arrive(town, fill(town, page, decision="uphold", reason="ครบ", quality="100"))
    assert banner(done) == [THAI.say("done_now.upheld")]
    assert evaluation(town).quality == 100
    assert THAI.word("appeal_state", "upheld") in words(town.get(PAGE).text)
    told = told_of(town)
    assert told["appeal_made"] == {EVALUATOR.id, OTHER_EVALUATOR.id}
    assert told["appeal_upheld"] == {COORDINATOR.id, SECTION_HEAD.id, EVALUATOR.id}


def told_of(town: Town) -> dict[str, set[int]]:
    """Whom the worker would tell of what has happened."""
    house = House(DEFAULT, POLICY.calendar, POLICY.zone, "radap.example")
    ledger = StoredLedger(town.store, DEFAULT.review_days, by_line=False)
    Reminders(ledger, house).catch_up(town.clock.now)
    with town.store.read() as tx:
        rows = tx.connection.execute(select(t.notices.c.what, t.notices.c.person_id)).all()
    return {what: {one.person_id for one in rows if one.what == what} for what, _ in rows}


def test_appeal_that_cannot_be_made_says_why(town):
    endorsed(town)
    enter(town, COORDINATOR)
    page = town.get(f"{PAGE}/appeal")
    assert THAI.say("appeal.nothing") in words(page.text)
    assert "<textarea" not in page.text
    assert town.get(f"{BASE}/appeals/1").status_code == 404
    assert town.get(f"{BASE}/quarters/1/appeal").status_code == 404


def test_end_of_an_indicator_is_asked_for_and_granted_from_what_waits(town):
    enter(town)
    assert f'href="{BASE}/ask"' in town.get(BASE).text
    refused = fill(town, f"{BASE}/ask", reason="รวมกับตัวชี้วัดอื่น")
    assert [name for name, _ in errors(refused)] == ["day"]
    asked = arrive(town, fill(town, f"{BASE}/ask", reason="รวมกับตัวชี้วัดอื่น", day="30 มิ.ย. 2564"))
    assert "ยกเลิกตัวชี้วัด" in words(asked.text)
    assert f'href="{BASE}/ask"' not in town.get(BASE).text
    enter(town, EVALUATOR)
    assert f'href="{BASE}/petitions/1"' in town.get("/review?kind=petition").text
    assert "ขอยกเลิก: " in words(town.get("/").text)
    arrive(town, fill(town, f"{BASE}/petitions/1/grant"))
    assert indicator(town).life == "cancelled"


# --- strictness ------------------------------------------------------------------------------------------


def test_strictness_is_told_of_who_gave_five_verdicts_and_not_of_fewer(town):
    add_other(town)
    codes = districts(town, 7)
    with town.store.begin() as tx:
        for number, code in enumerate(codes):
            operator = Person(OPERATOR.id, OPERATOR.name, OPERATOR.grants)
            on = (tx, code, YEAR, 1)
            actions.write_report(*on, narrative="ประชุมแล้ว", by=operator, now=at(DAY))
            actions.submit_report(*on, by=operator, now=at(DAY))
            actions.endorse_report(*on, by=operator, now=at(DAY))
            by, quality = (EVALUATOR, 80) if number < 5 else (OTHER_EVALUATOR, 100)
            actions.accept_report(*on, quality=quality, by=by, now=at(DAY))
    enter(town, EVALUATOR)
    page = town.get("/review/strictness?year=2564")
    rows = [words(one) for one in re.findall(r"<tr.*?</tr>", page.text, re.DOTALL)][1:]
    assert rows == [
        f"{EVALUATOR.name} {THAI.say('strictness.stricter', points='20')} 5 0 (0%) 80.0 −20.0 0 –",
        f"{OTHER_EVALUATOR.name} {THAI.say('strictness.too_few', fewest=5)} 2 – – – 0 –",
    ]
    assert page.text.count("<rect") == 1
    assert f'<title id="bar-1">{EVALUATOR.name}: ' in page.text
    assert THAI.say("strictness.none") in words(town.get("/review/strictness?year=2565").text)


def test_long_queue_stands_on_pages_that_hold_everything_once(town):
    codes = districts(town, 60)
    enter(town, EVALUATOR)
    seen, number, query = [], 1, "?kind=milestone"
    while query:
        page = town.get(f"/review{query}")
        rows = re.findall(r'<th scope="row".*?</th>', page.text, re.DOTALL)
        assert len(rows) == (25, 25, 10)[number - 1]
        seen += [re.findall(r"\d{4}-2017", words(one))[0] for one in rows]
        number += 1
        query = f"?kind=milestone&page={number}"
        query = query if query.replace("&", "&amp;") in page.text else ""

    assert sorted(seen) == sorted(codes)
    last = words(town.get("/review?page=99").text)
    assert f"{THAI.say('review.waits', count=60)} · {THAI.say('review.shown', first=51, last=60)}" in last
    assert town.get("/review?page=x").text.count('<th scope="row"') == 25

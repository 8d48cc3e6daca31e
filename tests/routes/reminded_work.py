"""What people do in a driven year, as a list of acts from their places in the city, and how they do it."""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from engine import actions
from engine.actions import NewOccurrence
from engine.permissions import Person, Role
from engine.quarter import Quarter
from engine.reminders import Topic
from storage import duty
from storage.transaction import Tx
from tests.routes.reminded_city import FIRST, LAST, YEAR, City, Size, codes, district, evaluator_of
from tests.routes.reminded_oracle import ENDS, LADDER, Act, Days

#: The local time at which people work: after the mails of the house's hour, before those of the late hour.
WORKS_AT = 9, 30
#: How many working days from its due day a milestone is done.
_DONE = (-20, -10, -2, 0, 2, 9, 16)
#: How many working days from its deadline a report is handed in, then reviewed; late enough for every rung.
_SUBMITTED, _ENDORSED, _ACCEPTED = (-12, 0, 2, 8), (1, 4, 7, 13), (2, 6, 14)
#: The two weeks in which a coordinator is away, around the first deadline.
_AWAY = date(2021, 1, 8), date(2021, 1, 21)
_LONGER_UNTIL = date(2021, 1, 22)
_DECIDED_ON, _GONE_ON = date(2020, 12, 8), date(2021, 1, 19)


def year_of_work(size: Size, days: Days, until: date = LAST) -> dict[date, list[Act]]:
    """Everything that is done through ``until``, by its day."""
    acts = [
        act
        for number in range(1, size.districts + 1)
        for act in (*_of_district(number, days), *_of_indicators(number, size, days))
        if FIRST < act.on <= until
    ]
    acts.sort(key=lambda act: act.on)
    return {on: list(some) for on, some in groupby(acts, key=lambda act: act.on)}


def _of_district(number: int, days: Days) -> Iterator[Act]:
    """What is done once in a district: each fourth one has its own story."""
    agency, first = district(number), codes(Size(1, 1), district(number))[0]
    on = _DECIDED_ON
    match number % 4:
        case 1:  # longer time, and a meeting on a Sunday that is held
            yield Act(date(2021, 1, 11), "extend", "evaluator", agency, "1", _LONGER_UNTIL)
            yield Act(on, "plan", "coordinator", first, "นัดประชุมครั้งแรก", date(2020, 12, 20))
            yield Act(date(2020, 12, 21), "keep", "coordinator", first, "นัดประชุมครั้งแรก", date(2020, 12, 20))
        case 2:  # the coordinator is away for two weeks, and a planned meeting is forgotten
            away, back = _AWAY
            yield Act(on, "away", "administrator", agency, "", away, back, "coordinator", "section_head")
            yield Act(on, "plan", "coordinator", first, "นัดประชุมที่ลืม", date(2020, 12, 24))
        case 3:  # the coordinator wants to hear of no meetings and extensions, and there are both
            for topic in ("meeting", "extension"):
                yield Act(on, "switch_off", "coordinator", agency, topic, whom="coordinator")
            yield Act(on, "plan", "coordinator", first, "นัดประชุมเงียบ", date(2020, 12, 24))
            yield Act(date(2021, 1, 12), "extend", "evaluator", agency, "1", _LONGER_UNTIL)
        case _:  # the coordinator's mailbox is closed
            yield Act(_GONE_ON, "gone", "administrator", agency, whom="coordinator")


def _of_indicators(number: int, size: Size, days: Days) -> Iterator[Act]:
    for place, code in enumerate(codes(size, district(number))):
        for step, (key, quarter) in enumerate(LADDER.items()):
            if (number + place + step) % 11 != 10:  # else it is never done
                turn = number + 2 * place + 3 * step
                yield from _of_milestone(code, key, days.deadline(quarter), turn, days)
        for quarter in ENDS:
            yield from _of_report(code, quarter, number + place + quarter, days)


def _of_milestone(code: str, key: str, due_on: date, turn: int, days: Days) -> Iterator[Act]:
    """Done at some time; each fifth one is put off or waived before, or verified or returned after it."""
    done = days.walk(due_on, _DONE[turn % 7])
    match turn % 5:
        case 0 if key == "issue_chosen":
            yield Act(_DECIDED_ON, "postpone", "evaluator", code, key, date(2021, 8, 28))  # a Saturday
        case 1 if key == "report_submitted":
            yield Act(_DECIDED_ON, "waive", "evaluator", code, key, LAST)
            return
        case 2 if key == "committee_appointed":
            yield Act(days.walk(done, 1), "verify", "evaluator", code, key)
        case 3 | 4:
            back = days.walk(done, 2)
            # To be mended by a Sunday, or in the days that the house gives when no day is named.
            fix_by = back + timedelta(13 - back.weekday()) if turn % 2 else None
            yield Act(back, "return", "evaluator", code, key, fix_by)
            yield Act(days.walk(back, 3 if turn % 3 else 9), "mend", "coordinator", code, key)
    yield Act(done, "record", "coordinator", code, key)


def _of_report(code: str, quarter: int, turn: int, days: Days) -> Iterator[Act]:
    """Handed in at some time, sometimes returned and mended, endorsed and accepted; some never are."""
    if turn % 9 == 8:
        return
    key = str(quarter)
    on = days.walk(days.deadline(quarter), _SUBMITTED[turn % 4])
    yield Act(on, "submit", "coordinator", code, key)
    if turn % 3 == 1:
        on = days.walk(on, 1)
        yield Act(on, "return_report", "section_head", code, key)
        on = days.walk(on, 2 if turn % 2 else 8)
        yield Act(on, "submit", "coordinator", code, key)
    on = days.walk(on, _ENDORSED[(turn // 2) % 4])
    yield Act(on, "endorse", "section_head", code, key)
    on = days.walk(on, _ACCEPTED[turn % 3])
    yield Act(on, "accept", "evaluator", code, key)


# --- done in the house -------------------------------------------------------------------------------------


def do(city: City, tx: Tx, act: Act) -> None:
    """The act, by the public action of the house."""
    by, now = _person(city, act.by, act.agency), city.clock.at
    given: dict[str, Any] = {"by": by, "now": now}
    on_indicator = tx, act.code, YEAR
    quarter = int(act.key) if act.key.isdigit() else 0
    whom = _person(city, act.whom, act.agency).id if act.whom else 0
    match act.what:
        case "record":
            for _ in range(2 if act.key == "meetings_held" else 1):
                actions.record_occurrence(*on_indicator, NewOccurrence(act.key, act.on), **given)
        case "plan":
            planned = NewOccurrence("meetings_held", act.day, note=act.key, planned=True)
            actions.record_occurrence(*on_indicator, planned, **given)
        case "keep":
            kept = NewOccurrence("meetings_held", act.day, fulfils=1)
            actions.record_occurrence(*on_indicator, kept, **given)
        case "mend":
            actions.achieve_milestone(*on_indicator, act.key, **given)
        case "return":
            actions.return_milestone(*on_indicator, act.key, reason="ไม่ชัดเจน", fix_by=act.day, **given)
        case "verify":
            actions.verify_milestone(*on_indicator, act.key, **given)
        case "postpone":
            assert act.day
            actions.postpone_milestone(*on_indicator, act.key, until=act.day, reason="โรคระบาด", **given)
        case "waive":
            assert act.day
            actions.waive_milestone(*on_indicator, act.key, expires_on=act.day, reason="งดกิจกรรม", **given)
        case "submit":
            actions.write_report(*on_indicator, quarter, narrative="รายงานผล", **given)
            actions.submit_report(*on_indicator, quarter, **given)
        case "endorse":
            actions.endorse_report(*on_indicator, quarter, **given)
        case "accept":
            actions.accept_report(*on_indicator, quarter, quality=95, **given)
        case "return_report":
            actions.return_report(*on_indicator, quarter, reason="ขาดภาพ", fix_by=act.day, **given)
        case "extend":
            assert act.day
            agency, of = city.agencies[act.agency], Quarter(YEAR, quarter)
            actions.grant_extension(tx, agency, of, act.day, reason="น้ำท่วม", **given)
        case "away":
            assert act.day
            assert act.last
            substitute = _person(city, act.substitute, act.agency).id
            duty.give_substitution(tx, whom, substitute, act.day, act.last, by=by.id, now=now)
        case "switch_off":
            duty.switch_topic(tx, whom, Topic(act.key), on=False, by=by.id, now=now)
        case "gone":
            pass  # nobody in the house knows of it yet


def _person(city: City, role: str, agency: str) -> Person:
    if role == Role.EVALUATOR:
        agency = evaluator_of(agency)
    return city.people[Role(role), "" if role == Role.ADMINISTRATOR else agency]

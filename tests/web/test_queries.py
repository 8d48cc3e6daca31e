"""A page with rows asks as often for thirty of them as for one."""

from datetime import date

import pytest

from engine import actions
from engine.actions import NewOccurrence, create_indicator
from engine.jobs import Product, Scope, Wanted
from engine.workflow import Text
from storage import jobs
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    MEETINGS,
    REPORT,
    SECTION_HEAD,
    WORKFLOW,
    YEAR,
    at,
    new_indicator,
)
from tests.cast import COORDINATOR as C
from tests.counting import counted
from tests.web.coordinators import BASE, DAY, enter
from tests.web.doorway import come_in
from tests.web.programs import ONE, Program, program

#: The pages that have rows of something of which there may be many.
PAGES = [
    "/",
    "/indicators?year=2564",
    BASE,
    f"{BASE}/history",
    f"{BASE}/milestones/{MEETINGS}",
    f"{BASE}/milestones/{REPORT}",
    f"{BASE}/quarters/1",
    f"{BASE}/proposals",
    "/search?q=2564+64",
    "/search?q=สร้างเครือข่าย",
    "/search?q=64",
    "/account",
]


#: Those of evaluators, of whom everything of the city waits.
OF_EVALUATORS = [
    "/",
    "/review",
    f"/review/2564/{WORKFLOW.key}/{GUIDELINES}",
    "/review/strictness?year=2564",
    "/indicators/2564/5049-3000/quarters/1/evaluate",
]


def grow(town, through: int, since: int) -> None:
    """So many indicators with work of every kind, and as many facts at one of them."""
    with town.store.begin() as tx:
        for number in range(since, through):
            code = f"5049-3{number:03}"
            create_indicator(tx, new_indicator(code), by=ADMINISTRATOR, now=FOUNDED)
            day = date(2021, 2, 1)
            for new in (
                NewOccurrence(GUIDELINES, day),
                NewOccurrence(REPORT, day),
                NewOccurrence(MEETINGS, None, 1, note="ไม่ทราบวันที่"),
                NewOccurrence(MEETINGS, date(2021, 6, 1), planned=True, note="นัด"),
            ):
                actions.record_occurrence(tx, code, YEAR, new, by=C, now=at(day))
            actions.write_report(tx, code, YEAR, 1, narrative="ทำแล้ว", by=C, now=at(day))
            actions.submit_report(tx, code, YEAR, 1, by=C, now=at(day))
            fact = NewOccurrence(MEETINGS, day, document_number=f"{number}/64")
            actions.record_occurrence(tx, CODE, YEAR, fact, by=C, now=at(day))
            link = f"https://example.org/{number}"
            actions.attach_evidence(tx, CODE, YEAR, REPORT, link=link, by=C, now=at(day))
    for _ in range(since, through):
        come_in(town, C.id)


#: Those of who looks at the whole city.
OF_THE_CITY = ["/seals?year=2564", "/seals/2564/1", "/reports", "/jobs"]


def asked(town, pages=PAGES) -> dict[str, int]:
    found = {}
    for path in pages:
        town.get(path)  # what is read once in a process was read
        with counted(town.store) as sent:
            assert town.get(path).status_code == 200
        found[path] = len(sent)
    return found


@pytest.mark.parametrize("person", [C, SECTION_HEAD], ids=["coordinator", "head"])
def test_pages_ask_as_often_for_thirty_rows_as_for_one(town, person):
    enter(town, person, DAY)
    grow(town, 1, 0)
    enter(town, person, DAY)
    one = asked(town)
    grow(town, 30, 1)
    enter(town, person, DAY)

    assert asked(town) == one
    assert max(one.values()) < 40


def test_pages_of_evaluators_ask_as_often_for_thirty_rows_as_for_one(town):
    grow(town, 1, 0)
    judge(town, range(1))
    enter(town, EVALUATOR, DAY)
    one = asked(town, OF_EVALUATORS)
    grow(town, 30, 1)
    judge(town, range(1, 30))
    enter(town, EVALUATOR, DAY)

    assert asked(town, OF_EVALUATORS) == one
    assert max(one.values()) < 40


def judge(town, numbers: range) -> None:
    """A verdict, and a report that waits for one, at each indicator."""
    now = at(date(2021, 2, 2))
    with town.store.begin() as tx:
        for number in numbers:
            on = (tx, f"5049-3{number:03}", YEAR)
            actions.endorse_report(*on, 1, by=SECTION_HEAD, now=now)
            actions.accept_report(*on, 1, met=["tells_what"], by=EVALUATOR, now=now)
            actions.write_report(*on, 2, narrative="ทำแล้ว", by=C, now=now)
            actions.submit_report(*on, 2, by=C, now=now)
            actions.endorse_report(*on, 2, by=SECTION_HEAD, now=now)


def test_pages_of_the_city_ask_as_often_for_thirty_rows_as_for_one(town):
    enter(town, C, DAY)
    grow(town, 1, 0)
    order(town, 1, 0)
    enter(town, EVALUATOR, DAY)
    one = asked(town, OF_THE_CITY)
    grow(town, 30, 1)
    order(town, 30, 1)
    enter(town, EVALUATOR, DAY)

    assert asked(town, OF_THE_CITY) == one
    assert max(one.values()) < 40


def order(town, through: int, since: int) -> None:
    """So many jobs of the evaluator."""
    with town.store.begin() as tx:
        for number in range(since, through):
            wanted = Wanted(Product.PDF, Scope.INDICATOR, str(number), YEAR)
            jobs.ask(tx.connection, wanted, Text("", ""), EVALUATOR.id, at(DAY))


#: What programs read of rows of which there may be many.
OF_PROGRAMS = [
    "/me/work",
    "/indicators?year=2564",
    f"{ONE}",
    f"{ONE}/history",
    f"{ONE}/milestones/{MEETINGS}",
    f"{ONE}/quarters/1",
    "/matrix?year=2564",
    f"/matrix/{WORKFLOW.key}?year=2564",
    "/city?year=2564",
    "/review",
    f"/review/2564/{WORKFLOW.key}/{GUIDELINES}",
    "/search?q=64",
    "/jobs",
]


def test_programs_ask_as_often_for_thirty_rows_as_for_one(town):
    grow(town, 1, 0)
    order(town, 1, 0)
    judge(town, range(1))
    town.clock.now = at(DAY)
    theirs = program(town, EVALUATOR.id)
    one = asked_by(theirs)
    grow(town, 30, 1)
    order(town, 30, 1)
    judge(town, range(1, 30))

    assert asked_by(theirs) == one
    assert max(one.values()) < 40


def asked_by(theirs: Program) -> dict[str, int]:
    found = {}
    for path in OF_PROGRAMS:
        theirs.get(path)
        with counted(theirs.town.store) as sent:
            assert theirs.get(path).status_code == 200, path
        found[path] = len(sent)
    return found

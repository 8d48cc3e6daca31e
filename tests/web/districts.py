"""A city of fifty districts that do the same work, some further than others, for the pages that show all."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

from engine import actions
from engine.actions import NewOccurrence, create_indicator
from engine.permissions import Grant, Person, Role
from engine.workflow import Text
from storage import registry
from storage.registry import Details
from storage.transaction import Tx
from tests.cast import (
    ADMINISTRATOR,
    COMMITTEE,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    ISSUE,
    MEASURED,
    MEETINGS,
    OPERATOR,
    SAI_MAI,
    THUNG_KHRU,
    YEAR,
    at,
    new_indicator,
)

NAMES = ("พระนคร", "ดุสิต", "หนองจอก", "บางรัก", "บางเขน", "บางกะปิ", "ปทุมวัน", "ป้อมปราบศัตรูพ่าย")
#: What all of them do, besides the network of which each has one.
WORK = (
    ("ร้อยละความสำเร็จของการเบิกจ่ายงบประมาณในภาพรวม", "Budget disbursement"),
    ("ร้อยละของปริมาณมูลฝอยที่คัดแยกนำไปใช้ประโยชน์", "Waste that is sorted"),
    ("พื้นที่สีเขียวที่เพิ่มขึ้น", "Added green area"),
)
STEPS = (
    (GUIDELINES, date(2020, 12, 14)),
    (COMMITTEE, date(2020, 12, 21)),
    (MEETINGS, date(2021, 1, 19)),
    (MEETINGS, date(2021, 4, 20)),
    (ISSUE, date(2021, 5, 10)),
)


def grow(tx: Tx, districts: int = 50, works: int = 3) -> list[int]:
    """So many districts in all; returns the ids of the new ones."""
    found = [THUNG_KHRU, SAI_MAI]
    for number in range(3, districts + 1):
        name = NAMES[number % len(NAMES)] + (f" {number}" if number > 2 + len(NAMES) else "")
        text = Text(f"สำนักงานเขต{name}", f"District {number}")
        code = str(5100 + number)
        found.append(registry.add_agency(tx, text, "district", code=code, by=OPERATOR.id, now=FOUNDED))
    for number, agency in enumerate(found[:districts], start=1):
        _work(tx, number, agency, works)
    return found[2:]


def _work(tx: Tx, number: int, agency: int, works: int) -> None:
    code = {THUNG_KHRU: "5049", SAI_MAI: "5042"}.get(agency, str(5100 + number))
    by = Person(100 + number, "ผู้ประสานงาน", (Grant(Role.COORDINATOR, agency),))
    if agency != THUNG_KHRU:
        network = f"{code}-2017"
        create_indicator(tx, new_indicator(network, agency=agency), by=ADMINISTRATOR, now=FOUNDED)
        for day, do in sorted(_network(tx, network, number, by), key=lambda one: one[0]):
            do(now=at(day))
    for place, (title, english) in enumerate(WORK[:works]):
        measured = replace(
            new_indicator(f"{code}-9{place}", agency=agency, workflow=MEASURED),
            title=Text(title, english),
            unit="ร้อยละ",
            target=Decimal(80),
        )
        made = create_indicator(tx, measured, by=ADMINISTRATOR, now=FOUNDED)
        registry.describe(tx, made.id, Details(kind="routine" if place else "strategic"))
        if number % (place + 2):
            value = NewOccurrence("result", date(2021, 1, 10), value=Decimal(number % 6 * 20))
            actions.record_occurrence(tx, measured.code, YEAR, value, by=by, now=at(date(2021, 1, 11)))
    if number % 7 == 0:
        own = replace(
            new_indicator(f"{code}-77", agency=agency), title=Text(f"งานเฉพาะของเขตที่ {number}", "Own")
        )
        create_indicator(tx, own, by=ADMINISTRATOR, now=FOUNDED)


def _network(tx: Tx, code: str, number: int, by: Person) -> Iterator[tuple[date, Callable[..., object]]]:
    """What became of the network of a district, each thing with its day."""
    where = (tx, code, YEAR)
    for milestone, day in STEPS[: number % 6]:
        fact = NewOccurrence(milestone, day, document_number=f"{day:%d}/2564")
        yield day, partial(actions.record_occurrence, *where, fact, by=by)
    if number % 6 >= 2:
        yield date(2021, 1, 15), partial(actions.verify_milestone, *where, GUIDELINES, by=EVALUATOR)
    if number % 3:
        write = partial(actions.write_report, *where, 2, narrative="จัดประชุมแล้ว", by=by)
        yield date(2021, 4, 5), write
        yield date(2021, 4, 6), partial(actions.submit_report, *where, 2, by=by)
    if number % 12 == 4:
        block = partial(actions.block_milestone, *where, ISSUE, waiting_for="สำนักพัฒนาสังคม", by=by)
        yield date(2021, 3, 2), block
    if number % 12 == 3:
        back = partial(actions.return_milestone, *where, COMMITTEE, reason="แนบคำสั่ง", by=EVALUATOR)
        yield date(2021, 4, 2), back

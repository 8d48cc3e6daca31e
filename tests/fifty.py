"""The fifty districts of a city with a year behind them, for pages that look at all of them."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import select, update

from engine import actions
from engine.actions import NewIndicator, NewOccurrence, create_indicator
from engine.permissions import Grant, Person, Role
from engine.quarter import FiscalYear, Quarter
from engine.workflow import Text
from storage import registry
from storage import tables as t
from storage.store import Store
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
    REPORT,
    WORKFLOW,
    YEAR,
    at,
)
from web.evaluator.pictures import districts

PLAN = (
    ("5", "ด้านที่ ๕ เมืองประชาธิปไตย", None),
    ("5.2", "มิติที่ ๕.๒ เมืองธรรมาภิบาล", "5"),
    ("5.2.1", "เป้าหมายที่ ๕.๒.๑ ประชาชนมีส่วนร่วม", "5.2"),
    ("5.2.1.1", "กลยุทธ์ที่ ๕.๒.๑.๑ สร้างเครือข่ายภาคประชาสังคม", "5.2.1"),
    ("5.2.1.2", "กลยุทธ์ที่ ๕.๒.๑.๒ เปิดเผยข้อมูลของเมือง", "5.2.1"),
    ("5.3", "มิติที่ ๕.๓ การบริหารที่มีประสิทธิภาพ", "5"),
    ("7", "ด้านที่ ๗ การบริหารจัดการเมือง", None),
)
#: The days of the facts that make each level of the network, in their order.
_DONE = (
    (GUIDELINES, date(2020, 11, 3)),
    (COMMITTEE, date(2020, 11, 30)),
    (MEETINGS, date(2021, 1, 19)),
    (MEETINGS, date(2021, 3, 18)),
    (ISSUE, date(2021, 4, 29)),
)


def found_fifty(store: Store) -> None:
    """Two indicators of each district, as differently far as districts are; those that are there stay."""
    with store.begin() as tx:
        plan: dict[str | None, int | None] = {None: None}
        for code, title, parent in PLAN:
            plan[code] = registry.add_plan_node(tx, code, title, plan[parent])
        there = {one.name.th: one.id for one in registry.agencies(tx.connection)}
        for number, (name, district) in enumerate(sorted(districts().items())):
            th = f"สำนักงานเขต{name}"
            en = f"{district.lines.en.replace('-|', '').replace('|', ' ')} District Office"
            agency = there.get(th) or registry.add_agency(
                tx, Text(th, en), "district", code=f"{6001 + number}", by=OPERATOR.id, now=FOUNDED
            )
            _district(tx, number, agency, plan)


def _district(tx: Tx, number: int, agency: int, plan: dict[str | None, int | None]) -> None:
    by = Person(OPERATOR.id, "ผู้ประสานงาน", (Grant(Role.COORDINATOR, agency),))
    network, percent = f"{6001 + number}-2017", f"{6001 + number}-938"
    title = Text("ระดับความสำเร็จของการสร้างเครือข่ายภาคประชาสังคม", "Civil-society network of the district")
    new = NewIndicator(
        network, FiscalYear(YEAR), agency, WORKFLOW, title, "ระดับ", Decimal(5 if number % 9 else 3)
    )
    create = partial(create_indicator, tx, by=ADMINISTRATOR, now=FOUNDED)
    _put(tx, create(new).id, plan["5.2.1.1"])
    title = Text("ร้อยละของเรื่องร้องเรียนที่แก้ไขแล้วเสร็จ", "Share of complaints that were settled")
    new = NewIndicator(percent, FiscalYear(YEAR), agency, MEASURED, title, "ร้อยละ", Decimal(80), Decimal(2))
    _put(tx, create(new).id, plan["7" if number % 4 else "5.2.1.2"] if number % 7 else None)
    _live(tx, network, number, by)
    if number % 5:
        value = NewOccurrence("result", date(2021, 3, 31), value=Decimal(40 + number))
        actions.record_occurrence(tx, percent, YEAR, value, by=by, now=at(date(2021, 4, 2)))


def _put(tx: Tx, indicator: int, node: int | None) -> None:
    table = t.indicator_details
    tx.connection.execute(update(table).where(table.c.indicator_id == indicator).values(plan_node_id=node))


def _live(tx: Tx, code: str, number: int, by: Person) -> None:
    """What the district did of the network and what came of it, in the order of time."""
    where = (tx, code, YEAR)
    done = _DONE[: (number * 7) % 6]
    steps: list[tuple[date, Callable[..., object]]] = []
    for milestone, day in done:
        new = NewOccurrence(milestone, day, document_number=f"{day.month}{day.day}/2564")
        fact = partial(actions.record_occurrence, *where, new, by=by)
        steps.append((day + timedelta(days=number % 20), fact))
    for quarter in (Quarter(YEAR, 1), Quarter(YEAR, 2)):
        if (number + quarter.number) % 8:
            came_on = quarter.last_day + timedelta(days=5 + (number * quarter.number) % 12)
            told = "ดำเนินการตามแผนงานของไตรมาสแล้ว"
            write = partial(actions.write_report, *where, quarter.number, narrative=told, by=by)
            steps += [
                (came_on, write),
                (came_on, partial(actions.submit_report, *where, quarter.number, by=by)),
            ]
    if number % 3 == 0 and done:
        verify = partial(actions.verify_milestone, *where, GUIDELINES, by=EVALUATOR)
        steps.append((date(2021, 4, 20), verify))
    if number % 4 == 0 and len(done) > 1:
        why = "แนบคำสั่งที่ลงนามแล้ว"
        back = partial(actions.return_milestone, *where, COMMITTEE, reason=why, by=EVALUATOR)
        steps.append((date(2021, 4, 1) + timedelta(days=number % 25), back))
    if number % 2:
        waits_for = "สำนักพัฒนาสังคม: แบบรายงาน"
        block = partial(actions.block_milestone, *where, REPORT, waiting_for=waits_for, by=by)
        steps.append((date(2021, 2, 1) + timedelta(days=2 * number), block))
    for day, do in sorted(steps, key=lambda step: step[0]):
        do(now=at(day))


def agency_of(store: Store, name: str) -> int:
    """The id of the district of that name."""
    with store.read() as tx:
        found = select(t.agencies.c.id).where(t.agencies.c.name_th == f"สำนักงานเขต{name}")
        return int(tx.connection.execute(found).scalar_one())

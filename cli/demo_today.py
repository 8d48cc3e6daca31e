"""The demo's running year: an indicator of Thung Khru in this fiscal year, with something to do about it.

Nothing of it was read anywhere: its facts are made up, and every one of them says so.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial

from engine import actions
from engine.actions import NewIndicator, NewOccurrence
from engine.permissions import Person
from engine.quarter import FiscalYear
from engine.workflow import Text
from storage import registry, telling, views
from storage.store import Store
from storage.transaction import Tx
from workflows.catalogue import Catalogue

NETWORK, SAFETY = "5049-9001", "5049-9002"
_AGENCY = "5049"
_MADE_UP = "ข้อมูลสมมติสำหรับการสาธิต"
_PEOPLE = ("coordinator.5049@radap.example", "evaluator@radap.example", registry.OPERATOR_EMAIL)
_TITLES = {
    NETWORK: Text(
        "ระดับความสำเร็จในการจัดตั้งเครือข่ายประชาสังคมเขต (สาธิตปีปัจจุบัน)",
        "Success level of setting up the district civil-society network (demo of this year)",
    ),
    SAFETY: Text(
        "ร้อยละความสำเร็จของการจัดระเบียบทางเท้า (สาธิตปีปัจจุบัน)",
        "Percent of pavements put in order (demo of this year)",
    ),
}

Step = tuple[date, Callable[[datetime], object]]


def begin(store: Store, catalogue: Catalogue, now: datetime) -> bool:
    """Add this year's indicators unless they are there; whether they were added."""
    today = store.policy.day_of(now)
    year = FiscalYear.containing(today)
    with store.begin() as tx:
        if year.year in views.years_of(tx.connection, NETWORK):
            return False
        coordinator, evaluator, operator = (registry.person(tx.connection, email) for email in _PEOPLE)
        start = _at(store, year.first_day)
        agency = registry.agency(tx.connection, _AGENCY)
        for code, key, unit, target in (
            (NETWORK, "civil_society_network", "ระดับ", 5),
            (SAFETY, "percent_achieved", "ร้อยละ", 100),
        ):
            workflow = catalogue.get(key)
            new = NewIndicator(code, year, agency.id, workflow, _TITLES[code], unit, Decimal(target))
            actions.create_indicator(tx, new, by=operator, now=start)
        steps = [*_network(tx, year, today, coordinator, evaluator), *_percent(tx, year, today, coordinator)]
        for on, do in sorted(steps, key=lambda step: step[0]):
            if year.first_day < on <= today:
                do(min(now, _at(store, on)))
        telling.call_told(tx.connection)
    return True


def _network(tx: Tx, year: FiscalYear, today: date, coordinator: Person, evaluator: Person) -> Iterator[Step]:
    """Two milestones are done, of which one was sent back; one waits for others, one is planned."""
    first, where = year.first_day, (tx, NETWORK, year.year)
    record = partial(_record, tx, NETWORK, year, coordinator)
    guidelines, committee, planned = first + timedelta(11), first + timedelta(25), today + timedelta(8)
    yield guidelines, record(NewOccurrence("guidelines_set", guidelines, note=_MADE_UP))
    order = NewOccurrence("committee_appointed", committee, document_number="คำสั่งสาธิตที่ 1", note=_MADE_UP)
    yield committee, record(order)
    yield (
        first + timedelta(30),
        lambda now: actions.block_milestone(
            *where,
            "issue_chosen",
            waiting_for=f"สำนักพัฒนาสังคม: แนวทางคัดเลือกประเด็น ({_MADE_UP})",
            by=coordinator,
            now=now,
        ),
    )
    if planned <= year.last_day:
        meeting = NewOccurrence("meetings_held", planned, note=f"ประชุมครั้งที่ 1 ({_MADE_UP})", planned=True)
        yield today, record(meeting)
    yield (
        max(committee + timedelta(1), today - timedelta(1)),
        lambda now: actions.return_milestone(
            *where,
            "committee_appointed",
            reason=f"1. แนบคำสั่งที่ลงนามแล้ว\n2. ระบุเลขที่คำสั่งให้ครบ ({_MADE_UP})",
            by=evaluator,
            now=now,
        ),
    )


def _percent(tx: Tx, year: FiscalYear, today: date, coordinator: Person) -> Iterator[Step]:
    """The report of the running quarter was handed in early: it waits for the section head."""
    quarter = next(one for one in year.quarters if one.first_day <= today <= one.last_day)
    record = partial(_record, tx, SAFETY, year, coordinator)
    yield today, record(NewOccurrence("result", today, value=Decimal(62), note=_MADE_UP))

    def hand_in(now: datetime) -> None:
        where, by = (tx, SAFETY, year.year, quarter.number), coordinator
        narrative = f"จัดระเบียบทางเท้าแล้ว 31 จุด จากเป้าหมาย 50 จุด ({_MADE_UP})"
        actions.write_report(*where, narrative=narrative, self_reported=Decimal(62), by=by, now=now)
        actions.submit_report(*where, by=by, now=now)

    yield today, hand_in


def _record(
    tx: Tx, code: str, year: FiscalYear, by: Person, new: NewOccurrence
) -> Callable[[datetime], object]:
    return lambda now: actions.record_occurrence(tx, code, year.year, new, by=by, now=now)


def _at(store: Store, day: date) -> datetime:
    """Nine in the morning of a local day."""
    return datetime.combine(day, time(9), store.policy.zone).astimezone(UTC)

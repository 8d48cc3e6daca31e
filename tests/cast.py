"""The small cast of every test: one workflow of five milestones, two districts, the people who work there."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from engine.actions import NewIndicator, create_indicator
from engine.permissions import Grant, Person, Role
from engine.ports import Policy
from engine.quarter import DaysAre, DeadlinePolicy, FiscalYear, Shift, Side, WorkCalendar
from engine.scores import ScoreScale
from engine.workflow import (
    Bound,
    EvidenceRequest,
    LevelRule,
    Measure,
    MeasureKind,
    MilestoneDefinition,
    Order,
    Reached,
    Text,
    Workflow,
)
from storage import registry, schema
from storage.store import Store
from storage.transaction import Tx
from tests.engines import engine_at

CODE = "5049-2017"
YEAR = 2021
ZONE = ZoneInfo("Asia/Bangkok")
#: Before the year begins: when the city is founded and its indicators are created.
FOUNDED = datetime(2020, 9, 30, 20, tzinfo=UTC)  # 1 October in Bangkok

GUIDELINES, COMMITTEE, MEETINGS, ISSUE, REPORT = MILESTONES = (
    "guidelines_set",
    "committee_appointed",
    "meetings_held",
    "issue_chosen",
    "report_submitted",
)
_TITLES = {
    GUIDELINES: Text("กำหนดแนวทาง", "Guidelines set"),
    COMMITTEE: Text("แต่งตั้งคณะกรรมการ", "Committee appointed"),
    MEETINGS: Text("จัดประชุม", "Meetings held"),
    ISSUE: Text("เลือกประเด็น", "Issue chosen"),
    REPORT: Text("ส่งรายงาน", "Report submitted"),
}
_DUE = {GUIDELINES: 1, COMMITTEE: 1, MEETINGS: 3, ISSUE: 4, REPORT: 4}
#: The last milestone asks for a document; the meetings must be two.
WORKFLOW = Workflow(
    key="civil_society_network",
    version=1,
    title=Text("เครือข่ายภาคประชาสังคม", "Civil society network"),
    order=Order.TOLERANT,
    milestones=tuple(
        MilestoneDefinition(
            key,
            _TITLES[key],
            needs=2 if key == MEETINGS else 1,
            due_quarter=_DUE[key],
            evidence=(EvidenceRequest("report", Text("รายงาน", "Report")),) if key == REPORT else (),
        )
        for key in MILESTONES
    ),
    levels=tuple(
        LevelRule(level, key, _TITLES[key], Reached(key)) for level, key in enumerate(MILESTONES, start=1)
    ),
    source_hash="5" * 64,
)
#: One measured milestone, in percent: 50 is level 1, 80 is level 2.
MEASURED = Workflow(
    key="percent_achieved",
    version=1,
    title=Text("ร้อยละ", "Percent"),
    order=Order.TOLERANT,
    milestones=(MilestoneDefinition("result", Text("ผล", "Result"), measure=Measure(MeasureKind.PERCENT)),),
    levels=tuple(
        LevelRule(level, f"level_{level}", Text(f"ระดับ {level}", f"Level {level}"), Bound("result", limit))
        for level, limit in ((1, Decimal(50)), (2, Decimal(80)))
    ),
    source_hash="6" * 64,
)
WORKFLOWS = (WORKFLOW, MEASURED)
#: What some indicators move to: 60 is level 1 there. It is kept under a text of its own.
MEASURED_NEXT = replace(
    MEASURED,
    version=2,
    levels=(replace(MEASURED.levels[0], rule=Bound("result", Decimal(60))), MEASURED.levels[1]),
    source_hash="8" * 64,
)
NEXT_TEXT = "percent_achieved 2"

POLICY = Policy(
    zone=ZONE,
    calendar=WorkCalendar(),
    deadlines=DeadlinePolicy(10, Side.AFTER, Shift.NEXT_WORKING_DAY, DaysAre.CALENDAR),
    scale=ScoreScale(),
)

# Ids as the first rows of an empty database get them; `found_city` below proves it.
THUNG_KHRU, SAI_MAI = 1, 2
OPERATOR = Person(1, "operator", (Grant(Role.OPERATOR),))
COORDINATOR = Person(2, "ผู้ประสานงานเขตทุ่งครุ", (Grant(Role.COORDINATOR, THUNG_KHRU),))
SAI_MAI_COORDINATOR = Person(3, "ผู้ประสานงานเขตสายไหม", (Grant(Role.COORDINATOR, SAI_MAI),))
SECTION_HEAD = Person(4, "หัวหน้าฝ่ายเขตทุ่งครุ", (Grant(Role.SECTION_HEAD, THUNG_KHRU),))
EVALUATOR = Person(5, "ผู้ประเมิน", (Grant(Role.EVALUATOR),))
#: Of the store only where a test adds them, as the next person.
OTHER_EVALUATOR = Person(7, "ผู้ประเมินคนที่สอง", (Grant(Role.EVALUATOR),))
ADMINISTRATOR = Person(6, "ผู้ดูแลระบบ", (Grant(Role.ADMINISTRATOR),))
_PEOPLE = {
    "coordinator@thungkhru.example": COORDINATOR,
    "coordinator@saimai.example": SAI_MAI_COORDINATOR,
    "head@thungkhru.example": SECTION_HEAD,
    "evaluator@strategy.example": EVALUATOR,
    "administrator@strategy.example": ADMINISTRATOR,
}


def at(day: date, hour: int = 9) -> datetime:
    """That hour of the day in Bangkok."""
    return datetime.combine(day, time(hour), ZONE).astimezone(UTC)


def new_indicator(
    code: str = CODE, *, agency: int = THUNG_KHRU, workflow: Workflow = WORKFLOW, year: int = YEAR
) -> NewIndicator:
    """An indicator as an administrator gives it."""
    title = Text("ระดับความสำเร็จของการสร้างเครือข่าย", "Success of building the network")
    return NewIndicator(code, FiscalYear(year), agency, workflow, title, "ระดับ", target=Decimal(5))


def new_store(url: str) -> Store:
    """A store on the empty database at ``url``: its schema is there, no row is."""
    store = open_store(url)
    schema.upgrade(store.engine)
    return store


def open_store(url: str) -> Store:
    """A store on the database at ``url`` as it is."""
    kept = {workflow.key: workflow for workflow in WORKFLOWS} | {NEXT_TEXT: MEASURED_NEXT}
    return Store(engine_at(url), POLICY, kept.__getitem__)


def found_city(store: Store, codes: tuple[str, ...] = (CODE,)) -> None:
    """Agencies, people, workflows, and an indicator of Thung Khru for each of the codes."""
    with store.begin() as tx:
        write_city(tx)
        for code in codes:
            create_indicator(tx, new_indicator(code), by=ADMINISTRATOR, now=FOUNDED)


def write_city(tx: Tx) -> None:
    """Agencies, people and workflows, with the ids named above."""
    assert registry.found_city(tx, FOUNDED) == OPERATOR
    for agency, name, code in (
        (THUNG_KHRU, Text("สำนักงานเขตทุ่งครุ", "Thung Khru District"), "5049"),
        (SAI_MAI, Text("สำนักงานเขตสายไหม", "Sai Mai District"), "5042"),
    ):
        added = registry.add_agency(tx, name, "district", code=code, by=OPERATOR.id, now=FOUNDED)
        assert added == agency
    for email, person in _PEOPLE.items():
        grants = list(person.grants)
        registry.add_person(tx, email, person.name, "th", grants, by=OPERATOR.id, now=FOUNDED)
        assert registry.person(tx.connection, email) == person
    for workflow in WORKFLOWS:
        registry.register_workflow(tx, workflow, workflow.key, by=OPERATOR.id, now=FOUNDED)

"""The demo year: real indicators of the city replayed through the same actions that people use.

Every step runs at its own instant of the past, as an injected clock gives it. What the public pages do
not show is never made up silently: the people are roles, the documents are marked as samples, and the
scores of the Thung Khru reports (their table is lost) are marked as assumed.
"""

import io
import json
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from engine import actions
from engine.actions import NewIndicator, NewOccurrence
from engine.actions.reports import deadline
from engine.indicator import Indicator
from engine.permissions import Grant, Person, Role
from engine.quarter import FiscalYear, Quarter
from engine.scores import as_evaluated
from engine.workflow import Text, Workflow
from storage import evidence as files
from storage import registry, telling, views
from storage.evidence import EvidenceStore
from storage.registry import Agency, Details
from storage.store import Store
from storage.transaction import Tx
from workflows.catalogue import Catalogue

_DATA = Path(__file__).parent / "demo_data"
#: Pages that do not tell their year are put into the year of the story.
YEAR = FiscalYear.from_be(2564)
CODE = "5049-2017"
_DOMAIN = "radap.example"
_SAMPLE = (
    "เอกสารตัวอย่างสำหรับการสาธิต ไม่ใช่หลักฐานจริง\nA sample made for the demo, not real evidence.\n\n{title}\n"
)

Step = Callable[[str], None]


@dataclass(slots=True)
class Loaded:
    """What the demo found there, what it added, and what it had to decide."""

    indicators: int = 0
    already_there: int = 0
    reports: int = 0
    not_reported: list[tuple[str, int]] = field(default_factory=list)
    assumed_year: list[str] = field(default_factory=list)
    not_measured: list[tuple[str, int]] = field(default_factory=list)


class Cast(NamedTuple):
    """Who acts for one agency, and the evaluator of the city."""

    coordinator: Person
    head: Person
    evaluator: Person


def is_demo(tx: Tx) -> bool:
    """Whether the database holds the demo city, and not somebody's own."""
    return f"evaluator@{_DOMAIN}" in {one.email for one in registry.people(tx.connection)}


def visitors(tx: Tx) -> tuple[tuple[int, str], ...]:
    """As whom one looks around: who does the work of the story, who reviews it, looks on, runs the city."""
    code = CODE.partition("-")[0]
    names = (f"coordinator.{code}", f"head.{code}", "evaluator", "evaluator.2", "viewer", "administrator")
    found = [registry.person(tx.connection, f"{name}@{_DOMAIN}") for name in names]
    return tuple((person.id, person.name) for person in found)


def total() -> int:
    """How many indicators the demo loads."""
    return 1 + len(_others())


def fill(store: Store, evidence: EvidenceStore, catalogue: Catalogue, step: Step) -> Loaded:
    """Load everything that is not there yet, an indicator at a time; running it again changes nothing."""
    loaded = Loaded()
    evaluator, operator = _found(store, catalogue)
    people = (evaluator, operator)
    loads = [(CODE, YEAR, partial(_replay, store, evidence, catalogue, *people))]
    for page in _others():
        load = partial(_load_page, store, catalogue, page, _year_of(page), *people, loaded)
        loads.append((page["code"], _year_of(page), load))
    for code, year, load in loads:
        with store.read() as tx:
            there = year.year in views.years_of(tx.connection, code)
        if there:
            loaded.already_there += 1
        else:
            load()
            loaded.indicators += 1
        step(code)
    if loaded.indicators:
        with store.begin() as tx:
            telling.call_told(tx.connection)
    return loaded


def _year_of(page: dict[str, Any]) -> FiscalYear:
    return FiscalYear.from_be(page["fiscal_year_be"]) if page["fiscal_year_be"] else YEAR


# -- the city ----------------------------------------------------------------------------------------


def _found(store: Store, catalogue: Catalogue) -> tuple[Person, Person]:
    """Agencies, definitions and the evaluator, in one transaction."""
    now = _at(date(2019, 10, 1), store)
    with store.begin() as tx:
        operator = registry.found_city(tx, now)
        for workflow in catalogue.list():
            registry.register_workflow(tx, workflow, workflow.source, by=operator.id, now=now)
        if not registry.agencies(tx.connection):
            for row in registry.city_list():
                name = Text(row["name_th"], row["name_en"] or row["name_th"])
                registry.add_agency(tx, name, row["kind"], code=row["code"], by=operator.id, now=now)
        evaluator = _person(tx, "evaluator", "ผู้ประเมิน", [Grant(Role.EVALUATOR)], operator, now)
        _person(tx, "administrator", "ผู้ดูแลระบบ", [Grant(Role.ADMINISTRATOR)], operator, now)
        # Appeals, second readings and corrections need somebody else; executives only look.
        _person(tx, "evaluator.2", "ผู้ประเมินคนที่สอง", [Grant(Role.EVALUATOR)], operator, now)
        _person(tx, "viewer", "ผู้บริหาร", [Grant(Role.VIEWER)], operator, now)
    return evaluator, operator


def _agency(tx: Tx, code: str, operator: Person, now: datetime) -> Agency:
    """The agency of that code; one whose name was not seen is called by its code and marked so."""
    for agency in registry.agencies(tx.connection):
        if agency.code == code:
            return agency
    kind = "district" if code.startswith("50") else "department"
    word = "สำนักงานเขต" if kind == "district" else "หน่วยงาน"
    name = Text(f"{word} (รหัส {code})", f"{kind.capitalize()} (code {code})")
    added = registry.add_agency(tx, name, kind, code=code, by=operator.id, now=now)
    return Agency(added, code, name, kind)


def _cast(tx: Tx, agency: Agency, evaluator: Person, operator: Person, now: datetime) -> Cast:
    """The agency's coordinator and section head, added on first use."""

    def one(role: str, word: str, kind: Role) -> Person:
        name = f"{word} {agency.name.th}"
        return _person(tx, f"{role}.{agency.code}", name, [Grant(kind, agency.id)], operator, now)

    return Cast(
        one("coordinator", "ผู้ประสานงาน", Role.COORDINATOR),
        one("head", "หัวหน้าฝ่าย", Role.SECTION_HEAD),
        evaluator,
    )


def _person(tx: Tx, role: str, name: str, grants: list[Grant], operator: Person, now: datetime) -> Person:
    email = f"{role}@{_DOMAIN}"
    if email not in {one.email for one in registry.people(tx.connection)}:
        registry.add_person(tx, email, name, "th", grants, by=operator.id, now=now)
    return registry.person(tx.connection, email)


# -- the Thung Khru year -----------------------------------------------------------------------------


def _replay(
    store: Store,
    evidence: EvidenceStore,
    catalogue: Catalogue,
    evaluator: Person,
    operator: Person,
) -> None:
    """Every fact on its day, undated ones approved at their quarter's end, every quarter evaluated."""
    story = _story()
    workflow = catalogue.get(story["workflow"])
    start = _at(YEAR.first_day, store)
    with store.begin() as tx:
        agency = _agency(tx, story["agency"], operator, start)
        cast = _cast(tx, agency, evaluator, operator, start)
        title = Text(story["title"]["th"], story["title"]["en"])
        new = NewIndicator(CODE, YEAR, agency.id, workflow, title, story["unit"], Decimal(story["target"]))
        indicator = actions.create_indicator(tx, new, by=operator, now=start)
        registry.describe(tx, indicator.id, _story_details(tx, story))
        for happens_on, do in sorted(_steps(tx, evidence, story, workflow, cast), key=lambda pair: pair[0]):
            do(_at(happens_on, store))


def _steps(
    tx: Tx, evidence: EvidenceStore, story: dict[str, Any], workflow: Workflow, cast: Cast
) -> Iterator[tuple[date, Callable[[datetime], object]]]:
    """The year as (day, what is done on it); on one day things are done in the order given here."""
    for fact in story["facts"]:
        yield fact.get("day") or YEAR.quarters[fact["quarter"] - 1].last_day, partial(_record, tx, fact, cast)
    for quarter in YEAR.quarters:
        yield quarter.last_day, partial(_approve_waiting, tx, quarter, cast)
        submitted_on = quarter.last_day + timedelta(days=7)
        yield submitted_on, partial(_hand_in, tx, quarter, story, cast)
        yield submitted_on, partial(_attach_samples, tx, evidence, workflow, cast)
        yield submitted_on + timedelta(days=7), partial(_evaluate, tx, quarter, workflow, cast)


def _record(tx: Tx, fact: dict[str, Any], cast: Cast, now: datetime) -> None:
    new = NewOccurrence(
        fact["milestone"],
        fact.get("day"),
        fact.get("quarter"),
        fact["kind"],
        document_number=fact.get("document"),
        note=fact["note"],
    )
    actions.record_occurrence(tx, CODE, YEAR.year, new, by=cast.coordinator, now=now)


def _approve_waiting(tx: Tx, quarter: Quarter, cast: Cast, now: datetime) -> None:
    for fact in tx.indicator(CODE, YEAR.year).occurrences:
        if fact.counts and fact.waits_for_approval and fact.quarter == quarter.number:
            actions.approve_occurrence(tx, CODE, YEAR.year, fact.number, by=cast.head, now=now)


def _hand_in(tx: Tx, quarter: Quarter, story: dict[str, Any], cast: Cast, now: datetime) -> None:
    number = quarter.number
    typed = story["self_reported"].get(str(number))
    actions.write_report(
        tx,
        CODE,
        YEAR.year,
        number,
        narrative=story["narratives"][str(number)],
        self_reported=None if typed is None else Decimal(typed),
        by=cast.coordinator,
        now=now,
    )
    actions.submit_report(tx, CODE, YEAR.year, number, by=cast.coordinator, now=now)
    actions.endorse_report(tx, CODE, YEAR.year, number, by=cast.head, now=now)


def _attach_samples(tx: Tx, evidence: EvidenceStore, workflow: Workflow, cast: Cast, now: datetime) -> None:
    """A sample document for everything that an achieved milestone still asks for."""
    indicator = tx.indicator(CODE, YEAR.year)
    attached = {(one.milestone, one.request) for one in indicator.evidence}
    for milestone in workflow.milestones:
        if indicator.milestones[milestone.key].state != "achieved":
            continue
        for asked in milestone.evidence:
            if (milestone.key, asked.key) not in attached:
                text = _SAMPLE.format(title=asked.title.th)
                name = f"{asked.key}.txt"
                kept = evidence.keep(io.BytesIO(text.encode()), name)
                files.register(tx, kept, now)
                actions.attach_evidence(
                    tx,
                    CODE,
                    YEAR.year,
                    milestone.key,
                    request=asked.key,
                    sha256=kept.sha256,
                    file_name=name,
                    by=cast.coordinator,
                    now=now,
                )


def _evaluate(tx: Tx, quarter: Quarter, workflow: Workflow, cast: Cast, now: datetime) -> None:
    remark = "คะแนนสมมติสำหรับการสาธิต หน้าเดิมไม่แสดงตารางคะแนน"
    actions.accept_report(
        tx, CODE, YEAR.year, quarter.number, quality=100, remark=remark, by=cast.evaluator, now=now
    )
    states = tx.indicator(CODE, YEAR.year).milestones
    for milestone in workflow.milestones:
        if states[milestone.key].state == "achieved":
            actions.verify_milestone(tx, CODE, YEAR.year, milestone.key, by=cast.evaluator, now=now)


def _story_details(tx: Tx, story: dict[str, Any]) -> Details:
    node: int | None = None
    for level in story["plan"]:
        node = registry.add_plan_node(tx, level["code"], level["title"], node)
    return Details(
        story["kind"],
        story["result_kind"],
        story["definition"],
        story["method"],
        story["evidence_asked"],
        node,
        story["title_note"],
    )


# -- the other pages ---------------------------------------------------------------------------------


def _load_page(
    store: Store,
    catalogue: Catalogue,
    page: dict[str, Any],
    year: FiscalYear,
    evaluator: Person,
    operator: Person,
    loaded: Loaded,
) -> None:
    """One page: its indicator, and for each quarter what was reported and how it was scored."""
    if not page["fiscal_year_be"]:
        loaded.assumed_year.append(page["code"])
    start = _at(year.first_day, store)
    with store.begin() as tx:
        agency = _agency(tx, page["agency"], operator, start)
        cast = _cast(tx, agency, evaluator, operator, start)
        workflow = catalogue.get(page["workflow"])
        # Where the page shows no title, the file says in a few words of ours what it is about.
        title = Text(page["title_th"], page["title_en"])
        target = None if page["target"] is None else _number(page["target"])
        new = NewIndicator(
            page["code"], year, agency.id, workflow, title, (page["unit"] or "").strip(), target
        )
        indicator = actions.create_indicator(tx, new, by=operator, now=start)
        registry.describe(tx, indicator.id, Details(page["kind"], page["result_kind"]))
        for number, result, scores in _quarters(page, loaded):
            _report_page(tx, indicator, year.quarters[number - 1], result, scores, cast, store, loaded)


def _quarters(
    page: dict[str, Any], loaded: Loaded
) -> Iterator[tuple[int, Decimal, tuple[int | None, int | None]]]:
    """The quarters that were reported: (number, result, 2.1 and 2.2).

    On the pages a 0 after a quarter that was not 0 stands for "not reported": it is left out and noted.
    A page without its table still tells the year's result, which is that of the last quarter.
    """
    if not page["quarters"] and page["achieved"] is not None:
        yield 4, _number(page["achieved"]), (None, None)
    reported_before = False
    for row in page["quarters"]:
        if row["result"] is None:
            continue
        if row["result"] == 0 and reported_before:
            loaded.not_reported.append((page["code"], row["quarter"]))
            continue
        reported_before = reported_before or row["result"] != 0
        yield row["quarter"], _number(row["result"]), as_evaluated(row["quality"], row["timeliness"])


def _report_page(
    tx: Tx,
    indicator: Indicator,
    quarter: Quarter,
    result: Decimal,
    scores: tuple[int | None, int | None],
    cast: Cast,
    store: Store,
    loaded: Loaded,
) -> None:
    code, year, number = indicator.code, quarter.fiscal_year, quarter.number
    quality, timeliness = scores
    due_on = deadline(tx, indicator.agency, quarter)
    handed_in_on = (
        due_on + timedelta(days=3) if timeliness == 50 else max(quarter.last_day, due_on - timedelta(days=1))
    )
    now = _at(handed_in_on, store)
    for milestone in indicator.workflow.milestones:
        if milestone.measure is not None:
            _measure(tx, indicator, milestone.key, quarter, result, cast, now, loaded)
    actions.write_report(tx, code, year, number, self_reported=result, by=cast.coordinator, now=now)
    actions.submit_report(tx, code, year, number, by=cast.coordinator, now=now)
    actions.endorse_report(tx, code, year, number, by=cast.head, now=now)
    loaded.reports += 1
    if timeliness is not None:
        evaluated_at = now + timedelta(days=7)
        actions.accept_report(
            tx,
            code,
            year,
            number,
            quality=quality,
            timeliness_given=timeliness,
            timeliness_reason="ตามหน้าเดิม",
            by=cast.evaluator,
            now=evaluated_at,
        )


def _measure(
    tx: Tx,
    indicator: Indicator,
    milestone: str,
    quarter: Quarter,
    result: Decimal,
    cast: Cast,
    now: datetime,
    loaded: Loaded,
) -> None:
    """The result as a measured fact; a number that cannot be one (100 out of 5) stays self-reported only."""
    definition = indicator.workflow.milestone(milestone)
    assert definition is not None
    assert definition.measure is not None
    if not definition.measure.admits(result):
        loaded.not_measured.append((indicator.code, quarter.number))
        return
    new = NewOccurrence(milestone, quarter.last_day, value=result)
    actions.record_occurrence(tx, indicator.code, quarter.fiscal_year, new, by=cast.coordinator, now=now)


# -- helpers -----------------------------------------------------------------------------------------


def _number(value: float) -> Decimal:
    return Decimal(str(value))


def _at(day: date, store: Store) -> datetime:
    """Nine in the morning of a local day."""
    return datetime.combine(day, time(9), store.policy.zone).astimezone(UTC)


def _story() -> dict[str, Any]:
    return tomllib.loads((_DATA / "thung_khru.toml").read_text(encoding="utf-8"))


def _others() -> list[dict[str, Any]]:
    return _read("indicators.json")


def _read(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((_DATA / name).read_text(encoding="utf-8"))
    return found

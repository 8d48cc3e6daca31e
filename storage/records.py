"""The city's records brought to what they are to be: all of it in one transaction, or nothing; or only tried.

What is tried is done and taken back, so that whatever would be refused is told before, and by the same
rules: there is no second set of checks.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import update

from engine import actions
from engine.actions import NewIndicator, check_manager
from engine.errors import Refusal, refuse
from engine.events import Event, Happened
from engine.faults import Fault
from engine.permissions import Grant, Person
from engine.quarter import FiscalYear
from engine.records import Difference, How, Kind, Record, compared
from engine.roles import grant_of
from engine.workflow import Text
from storage import duty, kept_records, registry, roles
from storage import tables as t
from storage.kept_records import Kept
from storage.store import Store
from storage.transaction import Tx

#: What somebody wants, made from what is kept; the faults are those of what they wrote.
Wanted = Callable[[Kept], tuple[list[Record], list[Fault]]]
#: Told how many of how many are written.
Progress = Callable[[int, int], None]


class Written(NamedTuple):
    """What became of the records, or would; with any ``faults`` nothing was written."""

    differences: list[Difference]
    faults: list[Fault]

    def count(self, how: How) -> int:
        return sum(one.how is how for one in self.differences)


class _TakenBack(Exception):
    """Ends a transaction whose work is not to be kept."""


def write(
    store: Store,
    fiscal_year: FiscalYear,
    wanted: Wanted,
    source: Mapping[str, Any],
    *,
    by: Person,
    now: datetime,
    try_only: bool = False,
    with_results: bool = False,
    done: Progress = lambda _done, _total: None,
) -> Written:
    """Bring the records to what is wanted; ``source`` says in the city's journal where it came from.

    With ``try_only``, and where anything at all is wrong, it is all taken back. Only ``with_results`` of
    quarters is it known what was reported.
    """
    written = Written([], [])
    try:
        with store.begin() as tx:
            kept = kept_records.read(store, tx.connection, fiscal_year.year, with_results=with_results)
            records, unread = wanted(kept)
            if not with_results or any(one.kind is not Kind.RESULT for one in records):
                check_manager(by)  # who writes reports may give results, and nothing besides
            written = _write(tx, kept, fiscal_year, records, unread, source, by, now, done)
            if try_only or written.faults:
                raise _TakenBack
    except _TakenBack:
        pass
    return written


def _write(
    tx: Tx,
    kept: Kept,
    year: FiscalYear,
    records: list[Record],
    unread: list[Fault],
    source: Mapping[str, Any],
    by: Person,
    now: datetime,
    done: Progress,
) -> Written:
    found, wrong = compared(kept.records, records)
    faults = [*unread, *wrong]
    to_do = [one for one in found if one.how is not How.SAME]
    # What cannot be read is told alone: what would follow from it helps nobody.
    if faults or not to_do:
        return Written(found, faults)
    hand = _Hand(tx, kept, year, by, now)
    for number, one in enumerate(to_do, start=1):
        try:
            _WRITE[one.kind](hand, one)
        except Refusal as refused:
            faults += [Fault(one.place, unmet.kind, unmet.params) for unmet in refused.conditions]
        done(number, len(to_do))
    if not faults:
        tx.record(Event(Happened.RECORDS_WRITTEN, now, by.id, {**source, **_told(to_do, year)}))
    return Written(found, faults)


def _told(to_do: Iterable[Difference], year: FiscalYear) -> dict[str, Any]:
    """What the city's journal keeps of it: how many of each kind, and the plan, which has no other event."""
    counts: dict[str, int] = {}
    plan = []
    for one in to_do:
        name = f"{one.kind}_{one.how}"
        counts[name] = counts.get(name, 0) + 1
        if one.kind is Kind.PLAN_NODE:
            plan.append([one.key, one.after.get("title"), one.after.get("parent")])
    return {"fiscal_year": year.year, "counts": counts, **({"plan": plan} if plan else {})}


@dataclass
class _Hand:
    """Who writes, where, when; ``kept`` learns the id of what is added, for what follows names it."""

    tx: Tx
    kept: Kept
    year: FiscalYear
    by: Person
    now: datetime

    def agency(self, one: Difference, field: str) -> int | None:
        return self.kept.id_of(Kind.AGENCY, one.after.get(field))

    def added(self, one: Difference, row: int) -> None:
        self.kept.ids[one.kind, one.key] = row

    @property
    def common(self) -> dict[str, Any]:
        return {"by": self.by.id, "now": self.now}


def _agency(hand: _Hand, one: Difference) -> None:
    said = one.after
    if one.before is None:
        name = str(said["name"])
        words = Text(name, str(said.get("name_en") or name))
        code = said.get("code")
        more: dict[str, Any] = {
            "code": None if code is None else str(code),
            "parent": hand.agency(one, "parent"),
        }
        kind = str(said.get("kind") or registry.AGENCY_KINDS[0])
        if kind not in registry.AGENCY_KINDS:
            raise refuse("agency.kind_unknown", given=kind)
        hand.added(one, registry.add_agency(hand.tx, words, kind, **more, **hand.common))
        return
    columns = {"name": "name_th", "name_en": "name_en", "code": "code"}
    given: dict[str, Any] = {columns[name]: said[name] for name in columns if name in said}
    registry.change_agency(hand.tx, hand.kept.ids[one.kind, one.key], given, **hand.common)


def _person(hand: _Hand, one: Difference) -> None:
    said = one.after
    held = one.before.get("roles") if one.before else ()
    new = [_grant(hand, role) for role in _words(said.get("roles")) if role not in _words(held)]
    if one.before is None:
        name, language = str(said["name"]), str(said.get("language") or "th")
        hand.added(one, registry.add_person(hand.tx, one.key, name, language, new, **hand.common))
        return
    person = hand.kept.ids[one.kind, one.key]
    if "name" in said:
        registry.rename_person(hand.tx, person, str(said["name"]), **hand.common)
    if "language" in said:
        duty.set_language(hand.tx, person, str(said["language"]), **hand.common)
    for grant in new:
        roles.give_role(hand.tx, person, grant, by=hand.by, now=hand.now)


def _words(value: Any) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


def _grant(hand: _Hand, typed: str) -> Grant:
    role, _, at = typed.partition("@")
    return grant_of(role, hand.kept.id_of(Kind.AGENCY, at) if at else None)


def _plan_node(hand: _Hand, one: Difference) -> None:
    title = str(one.after.get("title", ""))
    if one.before is None:
        parent = hand.kept.id_of(one.kind, one.after.get("parent"))
        hand.added(one, registry.add_plan_node(hand.tx, one.key, title, parent))
    else:
        node = hand.kept.ids[one.kind, one.key]
        hand.tx.connection.execute(update(t.plan_nodes).where(t.plan_nodes.c.id == node).values(title=title))


#: Fields of an indicator that the engine knows under another name, and those that are details alone.
_AGREED = {
    "title": "title_th",
    "title_en": "title_en",
    "unit": "unit",
    "target": "target",
    "weight": "weight",
}
_DETAILS = ("kind", "result_kind", "definition", "method", "evidence_asked")


def _indicator(hand: _Hand, one: Difference) -> None:
    if one.before is None:
        _add_indicator(hand, one)
        return
    said, code, year = one.after, one.key, hand.year.year
    if "draft" in said:
        actions.activate_indicator(hand.tx, code, year, by=hand.by, now=hand.now)
    given: dict[str, Any] = {_AGREED[name]: said[name] for name in _AGREED if name in said}
    given |= {name: said[name] for name in _DETAILS if name in said}
    if "owner" in said:
        given["owner_id"] = hand.agency(one, "owner")
    if "plan" in said:
        given["plan_node_id"] = hand.kept.id_of(Kind.PLAN_NODE, said["plan"])
    if given:
        actions.change_indicator(hand.tx, code, year, given, by=hand.by, now=hand.now)


def _add_indicator(hand: _Hand, one: Difference) -> None:
    said, agency = one.after, hand.agency(one, "agency")
    assert agency is not None, "an indicator names its agency"
    title, target, weight = str(said["title"]), said.get("target"), said.get("weight")
    key, version = str(said["workflow"]), said["version"]
    workflow = hand.kept.workflows.get((key, version)) if isinstance(version, int) else None
    if workflow is None:
        raise refuse("workflow.not_registered", key=key, version=version)
    new = NewIndicator(
        code=one.key,
        fiscal_year=hand.year,
        agency=agency,
        workflow=workflow,
        title=Text(title, str(said.get("title_en") or title)),
        unit=str(said.get("unit") or ""),
        target=target if isinstance(target, Decimal) else None,
        weight=weight if isinstance(weight, Decimal) else Decimal(1),
        workflow_owner=hand.agency(one, "owner"),
        draft=said.get("draft") is True,
    )
    made = actions.create_indicator(hand.tx, new, by=hand.by, now=hand.now)
    texts: dict[str, Any] = {name: said.get(name) for name in _DETAILS}
    node = hand.kept.id_of(Kind.PLAN_NODE, said.get("plan"))
    registry.describe(hand.tx, made.id, registry.Details(**texts, plan_node=node))


def _extension(hand: _Hand, one: Difference) -> None:
    said = {**hand.kept.records[one.kind, one.key].fields, **one.after} if one.before else dict(one.after)
    until, quarter = said["until"], said["quarter"]
    agency = hand.kept.id_of(Kind.AGENCY, said["agency"])
    assert isinstance(until, date), "an extension says its day"
    assert isinstance(quarter, int), "and its quarter"
    assert agency is not None, "and whose it is"
    actions.grant_extension(
        hand.tx,
        agency,
        hand.year.quarters[quarter - 1],
        until,
        reason=str(said.get("reason") or ""),
        by=hand.by,
        now=hand.now,
    )


def _result(hand: _Hand, one: Difference) -> None:
    """What a quarter brought, as a draft of its report: nothing is handed in by it."""
    named = one.after if one.before is None else hand.kept.records[one.kind, one.key].fields
    code, quarter, result, narrative = (
        *(named[name] for name in ("indicator", "quarter")),
        *(one.after.get(name) for name in ("result", "narrative")),
    )
    assert isinstance(quarter, int), "a result says its quarter"
    actions.write_report(
        hand.tx,
        str(code),
        hand.year.year,
        quarter,
        narrative=None if narrative is None else str(narrative),
        self_reported=result if isinstance(result, Decimal) else None,
        not_reported="result" in one.after and result is None,
        by=hand.by,
        now=hand.now,
    )


_WRITE: Mapping[Kind, Callable[[_Hand, Difference], None]] = {
    Kind.AGENCY: _agency,
    Kind.PERSON: _person,
    Kind.PLAN_NODE: _plan_node,
    Kind.INDICATOR: _indicator,
    Kind.EXTENSION: _extension,
    Kind.RESULT: _result,
}

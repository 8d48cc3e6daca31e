"""Between the rows of an indicator and the engine's values: what is read and written by every action."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, func, literal_column, select, update
from sqlalchemy.engine import Dialect

from engine.indicator import (
    Decision,
    Evaluation,
    Evidence,
    Indicator,
    Milestone,
    Occurrence,
    QuarterReport,
    Ruling,
    Standing,
    Stored,
    Waiver,
)
from engine.ports import Change
from engine.quarter import FiscalYear
from engine.workflow import Text, Workflow
from storage import search_index
from storage import tables as t
from storage.among import among
from storage.statements import FromJson, Prepared, as_json, insert_once, once_for_each_kind, upsert

#: A row of a table, whole and in the order of its columns.
Row = tuple[Any, ...]

#: How many indicators are held at once when all of them are read.
PORTION = 500

_SEALED = (
    select(func.coalesce(func.max(t.seals.c.quarter), literal_column("0")))
    .where(t.seals.c.fiscal_year == t.indicators.c.fiscal_year)
    .scalar_subquery()
)
_TRAILS = tuple(f"{basis}_q{number}" for basis in ("claimed", "verified") for number in (1, 2, 3, 4))
_i, _d = t.indicators.c, t.indicator_details.c
_HEAD = select(
    _i.id,
    _i.code,
    _i.fiscal_year,
    _i.agency_id,
    _i.workflow_version_id,
    _i.owner_id,
    _i.target,
    _i.weight,
    _i.life,
    _i.ladder,
    _i.version,
    _i.journal_seq,
    _i.journal_head,
    _i.claimed_level,
    _i.claimed_fraction,
    _i.verified_level,
    _i.verified_fraction,
    _i.as_of,
    _i.changes_on,
    _i.next_due_on,
    *(_i[name] for name in _TRAILS),
    _d.title_th,
    _d.title_en,
    _d.unit,
    _SEALED.label("sealed_through"),
).join_from(t.indicators, t.indicator_details)

_o = t.occurrences.c
_OCCURRENCE_FIELDS = tuple(column.name for column in t.occurrences.columns if column.name != "indicator_id")
_MILESTONE_FIELDS = ("key", "state", "due_on", "since", "blocked_by", "postponed_to", "reason")
_DECISION_FIELDS = tuple(column.name for column in t.decisions.columns if column.name != "indicator_id")
_WAIVER_FIELDS = tuple(column.name for column in t.waivers.columns if column.name != "indicator_id")
_EVIDENCE_FIELDS = tuple(column.name for column in t.evidence.columns if column.name != "indicator_id")
_REPORT_FIELDS = tuple(column.name for column in t.reports.columns if column.name != "indicator_id")
_SCORES = 5  # the last columns of a report row are its evaluation


def _children(table: Any, fields: tuple[str, ...], order: str) -> Select[Any]:
    return select(*(table.c[name] for name in fields)).order_by(table.c[order])


_CHILDREN = {
    "milestones": _children(t.milestones, _MILESTONE_FIELDS, "key"),
    "occurrences": _children(t.occurrences, _OCCURRENCE_FIELDS, "number"),
    "decisions": _children(t.decisions, _DECISION_FIELDS, "number"),
    "waivers": _children(t.waivers, _WAIVER_FIELDS, "number"),
    "evidence": _children(t.evidence, _EVIDENCE_FIELDS, "number"),
    "reports": _children(t.reports, _REPORT_FIELDS, "quarter"),
}
_FROM_JSON = {name: FromJson(query) for name, query in _CHILDREN.items()}


def _with_children(dialect: Dialect) -> Select[Any]:
    """Indicators, each with all its children on the same row: one statement costs far less than seven."""
    own = (query.where(t.metadata.tables[name].c.indicator_id == _i.id) for name, query in _CHILDREN.items())
    return _HEAD.add_columns(*(as_json(query, t.indicators, dialect) for query in own))


class Statements:
    """Every statement of an action, compiled for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        this_one = and_(_i.code == bindparam("code"), _i.fiscal_year == bindparam("fiscal_year"))
        whole = _with_children(dialect)
        self.one = Prepared(whole.where(this_one), dialect)
        self.lock = Prepared(select(_i.id).where(this_one).with_for_update(), dialect)
        after = whole.where(_i.id > bindparam("after")).order_by(_i.id)
        self.portion = Prepared(after.limit(literal_column(str(PORTION))), dialect)
        self.these = Prepared(whole.where(among(_i.id, "indicators")).order_by(_i.id), dialect)
        self.move = Prepared(_move(), dialect)
        self.upserts = {
            table.name: Prepared(upsert(table, dialect), dialect, [column.name for column in table.columns])
            for table in (t.milestones, t.occurrences, t.decisions, t.waivers, t.evidence, t.reports)
        }
        journal_columns = [column.name for column in t.journal.columns]
        self.append = Prepared(t.journal.insert(), dialect, journal_columns)
        self.extension = Prepared(_extension(), dialect)
        self.sealed_through = Prepared(_sealed_through(), dialect)
        self.workflow_version = Prepared(_workflow_version(), dialect)
        self.newest_version = Prepared(_newest_version(), dialect)
        self.create = Prepared(insert_once(t.indicators, dialect).returning(_i.id), dialect, [*CREATED])
        self.begin_journal = Prepared(_begin_journal(), dialect)
        self.describe = Prepared(
            t.indicator_details.insert(), dialect, ["indicator_id", "title_th", "title_en", "unit"]
        )
        self.make_findable = Prepared(search_index.put(dialect), dialect, search_index.NAMES)


statements_for = once_for_each_kind(Statements)

#: What is written of an indicator when it is created; its id is given then.
CREATED = tuple(column.name for column in t.indicators.columns if column.name not in ("id", "told_seq"))
_v = t.workflow_versions.c


def _extension() -> Select[Any]:
    e = t.extensions.c
    return select(e.until_on).where(
        e.agency_id == bindparam("agency"),
        e.fiscal_year == bindparam("fiscal_year"),
        e.quarter == bindparam("quarter"),
    )


def _sealed_through() -> Select[Any]:
    s = t.seals.c
    return (
        select(s.quarter)
        .where(s.fiscal_year == bindparam("fiscal_year"))
        .order_by(s.quarter.desc())
        .limit(literal_column("1"))
    )


def _workflow_version() -> Select[Any]:
    return select(_v.id).where(_v.key == bindparam("key"), _v.version == bindparam("version"))


def _newest_version() -> Select[Any]:
    newest = select(_v.id).where(_v.key == bindparam("key"))
    return newest.order_by(_v.version.desc()).limit(literal_column("1"))


def _begin_journal() -> Any:
    """The end of the journal of an indicator that was just created."""
    head = bindparam("head", type_=_i.journal_head.type)
    return update(t.indicators).where(_i.id == bindparam("indicator")).values(journal_head=head)


_MOVED = (
    "life",
    "ladder",
    "claimed_level",
    "claimed_fraction",
    "verified_level",
    "verified_fraction",
    "as_of",
    "changes_on",
    "next_due_on",
    *_TRAILS,
    "version",
    "journal_seq",
    "journal_head",
)


def _move() -> Any:
    """Move an indicator to its next version, only if it still is at the one that was loaded."""
    columns = [(_i[name], bindparam(f"b_{name}", type_=_i[name].type)) for name in _MOVED]
    this_one = and_(_i.id == bindparam("b_id"), _i.version == bindparam("b_loaded_version"))
    return update(t.indicators).ordered_values(*columns).where(this_one)


def moved(indicator: Indicator, seq: int, head: str) -> Row:
    """The parameters of :func:`_move`, in their order."""
    stored, version = indicator.stored, indicator.version
    return (
        str(indicator.life),
        indicator.ladder,
        *stored.claimed,
        *stored.verified,
        stored.as_of,
        stored.changes_on,
        stored.next_due_on,
        *stored.claimed_trail,
        *stored.verified_trail,
        version + 1,
        seq,
        head,
        indicator.id,
        version,
    )


def stored_columns(stored: Stored) -> dict[str, Any]:
    """The columns of the indicator row that keep its levels."""
    return {
        "claimed_level": stored.claimed.level,
        "claimed_fraction": stored.claimed.fraction,
        "verified_level": stored.verified.level,
        "verified_fraction": stored.verified.fraction,
        "as_of": stored.as_of,
        "changes_on": stored.changes_on,
        "next_due_on": stored.next_due_on,
        **dict(zip(_TRAILS, stored.claimed_trail + stored.verified_trail, strict=True)),
    }


def indicator_of(row: Any, workflow: Workflow) -> Indicator:
    """An indicator with all its children from a row of :class:`Statements`."""
    indicator = Indicator(
        id=row[0],
        code=row[1],
        fiscal_year=year_of(row[2]),
        agency=row[3],
        workflow=workflow,
        title=Text(row[28], row[29]),
        unit=row[30],
        target=row[6],
        weight=row[7],
        life=row[8],
        ladder=row[9],
        workflow_owner=row[5],
        version=row[10],
        journal_seq=row[11],
        journal_head=row[12],
        sealed_through=row[31],
        stored=Stored(
            Standing(row[13], row[14]),
            Standing(row[15], row[16]),
            row[17],
            row[18],
            row[19],
            tuple(row[20:24]),
            tuple(row[24:28]),
        ),
    )
    for (name, put), text in zip(_PUT.items(), row[32:], strict=True):
        for child in _FROM_JSON[name](text):
            put(indicator, child)
    return indicator


def _put_milestone(owner: Indicator, row: Any) -> None:
    owner.milestones[row[0]] = Milestone(*row)


def _put_occurrence(owner: Indicator, row: Any) -> None:
    owner.occurrences.append(Occurrence._make(row))


def _put_decision(owner: Indicator, row: Any) -> None:
    number, milestone, ruling, *rest = row
    owner.decisions.append(Decision(number, milestone, Ruling(ruling), *rest))


def _put_waiver(owner: Indicator, row: Any) -> None:
    owner.waivers.append(Waiver._make(row))


def _put_evidence(owner: Indicator, row: Any) -> None:
    owner.evidence.append(Evidence._make(row))


def _put_report(owner: Indicator, row: Any) -> None:
    report = QuarterReport(*row[:-_SCORES])
    quality, timeliness, remark, evaluated_at, evaluated_by = row[-_SCORES:]
    if evaluated_at is not None:
        report.evaluation = Evaluation(quality, timeliness, remark, evaluated_at, evaluated_by)
    owner.reports[report.quarter] = report


#: In the order of `_CHILDREN`.
_PUT = {
    "milestones": _put_milestone,
    "occurrences": _put_occurrence,
    "decisions": _put_decision,
    "waivers": _put_waiver,
    "evidence": _put_evidence,
    "reports": _put_report,
}


def milestone_row(owner: int, one: Milestone) -> Row:
    return (
        owner,
        one.key,
        str(one.state),
        one.due_on,
        one.since,
        one.blocked_by,
        one.postponed_to,
        one.reason,
    )


def report_row(owner: int, report: QuarterReport) -> Row:
    given = report.evaluation
    scores = (given.quality, given.timeliness, given.remark) if given else (None, None, None)
    judged = (given.evaluated_at, given.evaluated_by) if given else (None, None)
    return (
        owner,
        report.quarter,
        str(report.state),
        report.narrative,
        report.self_reported,
        report.written_at,
        report.written_by,
        report.submitted_at,
        report.submitted_by,
        report.endorsed_at,
        report.endorsed_by,
        report.return_reason,
        report.fix_by,
        report.answer,
        *scores,
        *judged,
    )


def changed(change: Change) -> Iterator[tuple[str, Row]]:
    """The rows of a change with their tables; the engine's fields are the columns after the owner's."""
    owner = change.indicator.id
    for milestone in change.milestones:
        yield "milestones", milestone_row(owner, milestone)
    for occurrence in change.occurrences:
        yield "occurrences", (owner, *occurrence)
    for decision in change.decisions:
        yield "decisions", (owner, *decision)
    for waiver in change.waivers:
        yield "waivers", (owner, *waiver)
    for evidence in change.evidence:
        yield "evidence", (owner, *evidence)
    for report in change.reports:
        yield "reports", report_row(owner, report)


@cache
def year_of(fiscal_year: int) -> FiscalYear:
    """The fiscal year kept as the CE year in which it ends."""
    return FiscalYear(fiscal_year)

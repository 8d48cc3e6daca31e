"""What evaluators work through: all that waits, one milestone across agencies, what each has given."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Integer, Select, String, and_, bindparam, exists, func, literal, or_, select
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from engine.strictness import Given, given_of
from engine.verdict import Verdict
from engine.workflow import Text
from storage import tables as t
from storage.among import among
from storage.blind import UNREAD
from storage.owed_statements import RUNNING
from storage.verdicts import verdict_of

_i, _a, _d, _w, _m, _r, _p, _v, _c, _o, _e = (
    t.indicators.c,
    t.agencies.c,
    t.indicator_details.c,
    t.workflow_versions.c,
    t.milestones.c,
    t.reports.c,
    t.petitions.c,
    t.verdicts.c,
    t.appeals.c,
    t.occurrences.c,
    t.evidence.c,
)

#: So many of each kind are shown, those that wait longest.
MOST = 100


class Waiting(NamedTuple):
    """Something that waits: of what kind, since when, about which milestone, quarter or petition.

    ``number`` is that of the petition or the appeal, ``until`` the day a petition asks for; ``judge`` is
    whose verdict is disputed, or to be read again.
    """

    kind: str
    indicator: int
    code: str
    fiscal_year: int
    agency: Text
    title: Text
    version: int  # of the workflow, as it is kept
    key: str
    number: int
    since: datetime
    until: date | None
    judge: int | None


class Filter(NamedTuple):
    """Only what is of that agency and that workflow; ``None`` for all."""

    agency: int | None = None
    workflow: str | None = None


def _waiting(
    table: Any,
    condition: ColumnElement[bool],
    since: Any,
    key: Any,
    number: Any = None,
    until: Any = None,
    judge: Any = None,
) -> Select[Any]:
    """What waits in one table, the longest waiting first, with what its indicator is known by."""
    agency, workflow = bindparam("agency", type_=Integer), bindparam("workflow", type_=String)
    return (
        select(
            _i.id,
            _i.code,
            _i.fiscal_year,
            _a.name_th,
            _a.name_en,
            _d.title_th,
            _d.title_en,
            _i.workflow_version_id,
            key.label("key"),
            (literal(0) if number is None else number).label("number"),
            since.label("since"),
            (literal(None) if until is None else until).label("until"),
            (literal(None) if judge is None else judge).label("judge"),
        )
        .join_from(table, t.indicators, _i.id == table.c.indicator_id)
        .join(t.indicator_details, _d.indicator_id == _i.id)
        .join(t.agencies, _a.id == _i.agency_id)
        .join(t.workflow_versions, _w.id == _i.workflow_version_id)
        .where(
            condition,
            RUNNING,
            or_(agency.is_(None), _i.agency_id == agency),
            or_(workflow.is_(None), _w.key == workflow),
        )
        .order_by(since, table.c.indicator_id)
        .limit(MOST + 1)
    )


_DISPUTED = and_(_v.indicator_id == _c.indicator_id, _v.number == _c.verdict)

# Built once, for building one takes ten times as long as asking it.
_WAITING: dict[str, Select[Any]] = {
    "appeal": _waiting(
        t.appeals,
        t.APPEALED,
        _c.made_at,
        _c.quarter,
        _c.number,
        judge=select(_v.given_by).where(_DISPUTED).scalar_subquery(),
    ),
    "report": _waiting(t.reports, t.ENDORSED, _r.endorsed_at, _r.quarter),
    "milestone": _waiting(t.milestones, t.ACHIEVED, _m.since, _m.key),
    "petition": _waiting(t.petitions, t.PENDING, _p.asked_at, _p.kind, _p.number, _p.until, _p.asked_by),
    "second": _waiting(t.verdicts, UNREAD, _v.given_at, _v.quarter, judge=_v.given_by),
    "submitted": _waiting(t.reports, t.SUBMITTED, _r.submitted_at, _r.quarter),
}
#: What may wait for an evaluator; the last waits for a section head, and may be sent back all the same.
KINDS = tuple(_WAITING)


def waiting_of(connection: Connection, kind: str, only: Filter) -> list[Waiting]:
    """What of that kind waits, the longest waiting first; one more than :data:`MOST` where there is more."""
    rows = connection.execute(_WAITING[kind], only._asdict())
    return [
        Waiting(
            kind, id_, code, year, Text(agency, agency_en), Text(title, title_en), version, str(key), *rest
        )
        for id_, code, year, agency, agency_en, title, title_en, version, key, *rest in rows
    ]


class Front(NamedTuple):
    """One milestone of one workflow and year: at how many indicators it waits, and since when."""

    fiscal_year: int
    workflow: str
    version: int
    milestone: str
    waiting: int
    since: datetime


_FRONTS = (
    select(
        _i.fiscal_year,
        _w.key,
        func.max(_i.workflow_version_id),
        _m.key,
        func.count(),
        func.min(_m.since, type_=_m.since.type),
    )
    .join_from(t.milestones, t.indicators, _i.id == _m.indicator_id)
    .join(t.workflow_versions, _w.id == _i.workflow_version_id)
    .where(t.ACHIEVED, RUNNING)
    .group_by(_i.fiscal_year, _w.key, _m.key)
    .order_by(func.count().desc(), _w.key, _m.key)
)


def fronts(connection: Connection) -> list[Front]:
    """Every milestone that waits anywhere, the most frequent first."""
    return [Front(*row) for row in connection.execute(_FRONTS)]


_KNOWN = select(_w.key, func.max(_w.id)).group_by(_w.key).order_by(_w.key)


def workflows(connection: Connection) -> dict[str, int]:
    """The newest version that is kept of each workflow, by key."""
    return {row[0]: row[1] for row in connection.execute(_KNOWN)}


# --- one milestone across agencies -----------------------------------------------------------------------

#: So many indicators are on one page: a form has so many fields.
PAGE = 60


@dataclass(frozen=True, slots=True)
class Across:
    """One indicator's milestone, with its facts and documents.

    ``since`` is when the milestone came into its state; ``judged`` is the last decision on it, if any.
    """

    indicator: int
    code: str
    agency: Text
    version: int
    workflow: int
    state: str
    since: datetime | None
    facts: list[Any]
    evidence: list[Any]
    judged: Any


_KEY: Any = bindparam("milestone")
_ROWS = (
    select(
        _i.id,
        _i.code,
        _a.name_th,
        _a.name_en,
        _i.version,
        _i.workflow_version_id,
        _m.state,
        _m.since,
    )
    .join_from(t.indicators, t.milestones, _m.indicator_id == _i.id)
    .join(t.agencies, _a.id == _i.agency_id)
    .join(t.workflow_versions, _w.id == _i.workflow_version_id)
    .where(
        _i.fiscal_year == bindparam("year"),
        _w.key == bindparam("workflow"),
        _m.key == _KEY,
        RUNNING,
        or_(bindparam("state", type_=String).is_(None), _m.state == bindparam("state", type_=String)),
    )
    .order_by(_a.code.nulls_last(), _i.agency_id, _i.code)
)
_FACTS = (
    select(
        _o.indicator_id,
        _o.number,
        _o.kind,
        _o.occurred_on,
        _o.quarter,
        _o.counts_on,
        _o.planned,
        _o.counts,
        _o.value,
        _o.document_number,
        _o.note,
    )
    .where(among(_o.indicator_id, "indicators"), _o.milestone == _KEY, _o.voided_at.is_(None))
    .order_by(_o.indicator_id, _o.number)
)
_newer = t.evidence.alias("newer")
_EVIDENCE = (
    select(_e.indicator_id, _e.number, _e.request, _e.file_name, _e.link, _e.expires_on, _e.sha256)
    .where(
        among(_e.indicator_id, "indicators"),
        _e.milestone == _KEY,
        _e.withdrawn_at.is_(None),
        ~exists().where(
            _newer.c.indicator_id == _e.indicator_id,
            _newer.c.replaces == _e.number,
            _newer.c.withdrawn_at.is_(None),
        ),
    )
    .order_by(_e.indicator_id, _e.number)
)
_q = t.decisions.c
_DECISIONS = (
    select(_q.indicator_id, _q.ruling, _q.decided_at, _q.reason)
    .where(among(_q.indicator_id, "indicators"), _q.milestone == _KEY)
    .order_by(_q.indicator_id, _q.number)
)


def across(
    connection: Connection, year: int, workflow: str, milestone: str, state: str | None, page: int
) -> tuple[list[Across], bool]:
    """A page (from 1) of the indicators with that milestone, by agency, and whether there are more.

    Four statements, however many there are.
    """
    given = {"year": year, "workflow": workflow, "milestone": milestone, "state": state}
    query = _ROWS.limit(PAGE + 1).offset((page - 1) * PAGE)
    rows = connection.execute(query, given).all()
    these = {"indicators": [row[0] for row in rows], "milestone": milestone}
    facts, evidence, judged = (
        _by_indicator(connection.execute(one, these)) for one in (_FACTS, _EVIDENCE, _DECISIONS)
    )
    found = [
        Across(
            row.id,
            row.code,
            Text(row.name_th, row.name_en),
            row.version,
            row.workflow_version_id,
            row.state,
            row.since,
            facts[row.id],
            evidence[row.id],
            _last(judged[row.id]),
        )
        for row in rows[:PAGE]
    ]
    return found, len(rows) > PAGE


def _last(decisions: list[Any]) -> Any:
    return decisions[-1] if decisions else None


def _by_indicator(rows: Iterable[Any]) -> defaultdict[int, list[Any]]:
    found: defaultdict[int, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.indicator_id].append(row)
    return found


_NAMES = (
    select(_i.id, _i.code, _a.name_th, _a.name_en)
    .join_from(t.indicators, t.agencies, _a.id == _i.agency_id)
    .where(among(_i.id, "indicators"), _i.fiscal_year == bindparam("year"))
    .order_by(_a.code.nulls_last(), _i.agency_id, _i.code)
)


def names_of_indicators(
    connection: Connection, year: int, indicators: Iterable[int]
) -> dict[int, tuple[str, Text]]:
    """Code and agency of each of these indicators of the year, by agency; an unknown one is left out."""
    rows = connection.execute(_NAMES, {"year": year, "indicators": list(indicators)})
    return {id_: (code, Text(name, name_en)) for id_, code, name, name_en in rows}


# --- how strict they are ---------------------------------------------------------------------------------

_JUDGED = (
    select(_w.key, *t.verdicts.columns)
    .join_from(t.verdicts, t.indicators, _i.id == _v.indicator_id)
    .join(t.workflow_versions, _w.id == _i.workflow_version_id)
    .where(_i.fiscal_year == bindparam("year"))
    .order_by(_v.indicator_id, _v.number)
)


def given_in(connection: Connection, year: int) -> list[Given]:
    """All that evaluators gave to reports of the year."""
    found: defaultdict[tuple[str, int], list[Verdict]] = defaultdict(list)
    for row in connection.execute(_JUDGED, {"year": year}):
        found[row[0], row.indicator_id].append(verdict_of(row[1:]))
    return [one for (workflow, _), verdicts in found.items() for one in given_of(workflow, verdicts)]

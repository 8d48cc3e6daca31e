"""Imported pages and the facts that texts propose: kept by actions, read by pages."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Table, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection, Dialect

from engine.pages.kept import Texts
from engine.pages.values import ImportedPage, PlanLine
from engine.proposed import Proposed
from engine.prose.reasons import Reason
from engine.quarter import FiscalYear, Quarter
from engine.workflow import Text
from storage import tables as t
from storage.import_tables import PROPOSED
from storage.statements import Prepared, once_for_each_kind, upsert

_p, _g, _n, _d = t.proposals.c, t.imported_pages.c, t.plan_nodes.c, t.indicator_details.c


# --- pages -----------------------------------------------------------------------------------------------

_PAGES = (
    select(*(column for column in t.imported_pages.columns if column.name != "indicator_id"))
    .where(_g.indicator_id == bindparam("indicator"))
    .order_by(_g.number)
)


def pages_of(connection: Connection, indicator: int) -> list[ImportedPage]:
    """The pages that the indicator was imported from, the newest last."""
    return [ImportedPage(*row) for row in connection.execute(_PAGES, {"indicator": indicator})]


class Statements:
    """What an import writes for every page, compiled for one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.keep_page = Prepared(t.imported_pages.insert(), dialect, _names(t.imported_pages))
        self.keep_proposal = Prepared(upsert(t.proposals, dialect), dialect, _names(t.proposals))
        values = {name: bindparam(f"b_{name}", type_=_d[name].type) for name in _DETAILS}
        describe = update(t.indicator_details).where(_d.indicator_id == bindparam("b_indicator_id"))
        self.describe = Prepared(describe.values(values), dialect)
        self.plan_node = Prepared(select(_n.id).where(_n.code == bindparam("code")), dialect)


_DETAILS = ("kind", "result_kind", "definition", "method", "evidence_asked", "plan_node_id")
statements_for = once_for_each_kind(Statements)


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def details(indicator: int, texts: Texts, plan_node: int | None) -> dict[str, Any]:
    """The parameters that keep the long texts of the indicator, and its place in the plan."""
    values = (*texts[: len(_DETAILS) - 1], plan_node)
    return {"b_indicator_id": indicator} | dict(zip((f"b_{name}" for name in _DETAILS), values, strict=True))


_TEXTS = (
    select(_d.kind, _d.result_kind, _d.definition, _d.method, _d.evidence_asked, _n.code, _n.title)
    .join_from(t.indicator_details, t.plan_nodes, _n.id == _d.plan_node_id, isouter=True)
    .where(_d.indicator_id == bindparam("indicator"))
)


def texts_of(connection: Connection, indicator: int) -> Texts:
    """The long texts that are kept; of the plan the indicator's own place alone."""
    row = connection.execute(_TEXTS, {"indicator": indicator}).one()
    plan = (PlanLine(row.code, row.title),) if row.code else ()
    return Texts(row.kind, row.result_kind, row.definition, row.method, row.evidence_asked, plan)


_NODES = select(_n.code, _n.id).where(_n.code.in_(bindparam("codes", expanding=True)))


def add_plan(connection: Connection, texts: Texts) -> int | None:
    """The id of the deepest place of the plan that the page tells, added with those above it."""
    codes = [line.code for line in texts.plan]
    known: dict[str, int] = {row.code: row.id for row in connection.execute(_NODES, {"codes": codes})}
    node: int | None = None
    for line in sorted(texts.plan, key=lambda one: one.code.count(".")):
        if line.code not in known:
            row = insert(t.plan_nodes).values(code=line.code, title=line.title, parent_id=node)
            known[line.code] = int(connection.execute(row.returning(_n.id)).scalar_one())
        node = known[line.code]
    return node


# --- proposals -------------------------------------------------------------------------------------------

_OF = (
    select(*(column for column in t.proposals.columns if column.name != "indicator_id"))
    .where(_p.indicator_id == bindparam("indicator"))
    .order_by(_p.number)
)
_PENDING = (
    select(func.count()).select_from(t.proposals).where(_p.indicator_id == bindparam("indicator"), PROPOSED)
)


def proposals_of(connection: Connection, indicator: int) -> list[Proposed]:
    """Every proposal of the indicator, by number."""
    rows = connection.execute(_OF, {"indicator": indicator})
    return [Proposed._make(row)._replace(why=_reasons(row.why)) for row in rows]


def pending(connection: Connection, indicator: int) -> int:
    """How many proposals of the indicator wait for somebody."""
    return int(connection.execute(_PENDING, {"indicator": indicator}).scalar_one())


def proposal_row(indicator: int, one: Proposed) -> tuple[Any, ...]:
    """A whole row of the table."""
    return (indicator, *one._replace(why=_as_json(one.why)))  # type: ignore[arg-type]  # as it is kept


#: What a particular of a reason can be besides plain text and numbers: its sign, how it is written and read.
_TYPES: tuple[tuple[type, str, Any, Any], ...] = (
    (date, "day", date.isoformat, date.fromisoformat),
    (Decimal, "number", str, Decimal),
    (Quarter, "quarter", lambda one: [one.fiscal_year, one.number], lambda two: Quarter(*two)),
    (FiscalYear, "year", lambda one: one.year, FiscalYear),
    (Text, "text", lambda one: [one.th, one.en], lambda two: Text(*two)),
)
_READERS = {sign: read for _, sign, _, read in _TYPES}


def _as_json(reasons: Iterable[Reason]) -> str:
    rows = [[one.kind, {name: _written(value) for name, value in one.params.items()}] for one in reasons]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _written(value: object) -> object:
    for kind, sign, write, _ in _TYPES:
        if isinstance(value, kind):
            return {sign: write(value)}
    if isinstance(value, list | tuple):
        return [_written(one) for one in value]
    return value


def _reasons(text: str) -> tuple[Reason, ...]:
    rows: list[tuple[str, Mapping[str, Any]]] = json.loads(text)
    return tuple(Reason(kind, {name: _read(value) for name, value in given.items()}) for kind, given in rows)


def _read(value: object) -> object:
    if isinstance(value, dict):
        ((sign, written),) = value.items()
        return _READERS[sign](written)
    return [_read(one) for one in value] if isinstance(value, list) else value

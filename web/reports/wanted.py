"""What may be asked for: who may have a product, what it is called, and how it is made."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select

from engine.errors import refuse
from engine.indicator import Indicator
from engine.jobs import Product, Scope, Wanted
from engine.permissions import Action, Person, Subject, may
from engine.quarter import FiscalYear, Quarter
from engine.wording import Wording
from engine.workflow import Text
from storage import checks, seals
from storage import tables as t
from storage.blind import hidden_in, without_scores
from storage.file_names import clean_name
from storage.registry import agencies
from storage.reporting import YearRow, plan_of, rows_of_year
from storage.transaction import Tx
from web.reports import pack, pdf, sheets
from web.reports.data import Telling, indicator_report
from web.reports.tables import agency_report, city_report, dimension_report
from web.site import Site
from web.spreadsheets.names import Names
from web.spreadsheets.taking import Asked, Given, take
from web.spreadsheets.telling import as_data

#: Told how much is done, and of how much.
Progress = Callable[[int, int], None]
WHOLE_CITY = Text("ทั้งเมือง", "the whole city")
#: The letters of a text file are UTF-8, and every program is told so by the mark at its beginning.
_TEXT = "text/plain; charset=utf-8"

#: Which products are made of which scope.
OFFERED: Mapping[Scope, tuple[Product, ...]] = {
    Scope.INDICATOR: (Product.PDF, Product.SHEETS, Product.PACK),
    Scope.AGENCY: (Product.PDF, Product.SHEETS, Product.PACK),
    Scope.DIMENSION: (Product.PDF,),
    Scope.CITY: (
        Product.PDF,
        Product.SHEETS,
        Product.PACK,
        Product.PROOF,
        Product.TRIAL,
        Product.INTAKE,
    ),
}
_ENDINGS: Mapping[Product, str] = {
    Product.PDF: "pdf",
    Product.SHEETS: "xlsx",
    Product.PACK: "zip",
    Product.PROOF: "txt",
    Product.TRIAL: "json",
    Product.INTAKE: "json",
}
MEDIA_TYPES: Mapping[Product, str] = {
    Product.PDF: pdf.MEDIA_TYPE,
    Product.SHEETS: sheets.MEDIA_TYPE,
    Product.PACK: pack.MEDIA_TYPE,
    Product.PROOF: _TEXT,
    Product.TRIAL: "application/json",
    Product.INTAKE: "application/json",
}


class Found(NamedTuple):
    """What a wish is about: its name, and whose it is as far as permissions care; ``None`` for one's own."""

    name: Text
    subject: Subject | None


def find(tx: Tx, wanted: Wanted) -> Found | None:
    """What is wished for; ``None`` where there is no such thing, or no such product of it."""
    if wanted.product not in OFFERED[wanted.scope]:
        return None
    match wanted.scope:
        case Scope.INDICATOR:
            return _indicator(tx, wanted)
        case Scope.AGENCY:
            return next(
                (
                    Found(one.name, Subject(one.id))
                    for one in agencies(tx.connection)
                    if str(one.id) == wanted.of
                ),
                None,
            )
        case Scope.DIMENSION:
            steps = plan_of(tx.connection).dimensions()
            return next(
                (Found(Text(one.title, one.title), Subject()) for one in steps if one.code == wanted.of), None
            )
        case Scope.CITY:
            # What becomes of a file of theirs is told to whoever gave it, as far as they may do it.
            is_own = wanted.product in (Product.TRIAL, Product.INTAKE)
            return Found(WHOLE_CITY, None if is_own else Subject())


def _indicator(tx: Tx, wanted: Wanted) -> Found | None:
    i, d = t.indicators.c, t.indicator_details.c
    query = (
        select(i.agency_id, i.owner_id, d.title_th, d.title_en)
        .join_from(t.indicators, t.indicator_details)
        .where(i.fiscal_year == wanted.fiscal_year, i.code == wanted.of)
    )
    row = tx.connection.execute(query).one_or_none()
    return Found(Text(row.title_th, row.title_en), Subject(row[0], row[1])) if row else None


def may_have(person: Person, found: Found) -> bool:
    """Whether the person may see all that the product holds."""
    return found.subject is None or may(person, Action.VIEW, found.subject)


def file_name(telling: Telling, wanted: Wanted, name: Text) -> str:
    """What the product is called where it is saved."""
    say = telling.wording.say
    called = wanted.of if wanted.scope is Scope.INDICATOR else telling.wording.value(name)
    parts = [say(f"file.{wanted.product}"), called, str(FiscalYear(wanted.fiscal_year).be)]
    if wanted.quarter:
        parts.append(f"Q{wanted.quarter}")
    return clean_name(f"{' '.join(parts)}.{_ENDINGS[wanted.product]}")


@dataclass(frozen=True, slots=True)
class Making:
    """One product being made, from one snapshot of the database, into a file."""

    tx: Tx
    site: Site
    telling: Telling
    wanted: Wanted
    by: Person
    target: Path
    progress: Progress


def make(site: Site, telling: Telling, wanted: Wanted, by: Person, target: Path, progress: Progress) -> None:
    """Make the product; refused where there is nothing to make it of."""
    with site.store.read() as tx:
        _MAKERS[wanted.product](Making(tx, site, telling, wanted, by, target, progress))


def _pdf(making: Making) -> None:
    tx, telling, wanted, by = making.tx, making.telling, making.wanted, making.by
    year = FiscalYear(wanted.fiscal_year)
    making.progress(0, 2)
    match wanted.scope:
        case Scope.INDICATOR:
            template = "indicator"
            data = indicator_report(tx, telling, next(_indicators(making)), by)
        case Scope.AGENCY:
            template = "agency"
            rows, indicators = _some(_rows(making, int(wanted.of))), _indicators(making)
            data = agency_report(tx, telling, rows, indicators, by, plan_of(tx.connection))
        case Scope.DIMENSION:
            template, plan = "city", plan_of(tx.connection)
            step = next(one for one in plan.dimensions() if one.code == wanted.of)
            rows = _some(row for row in _rows(making) if plan.dimension(row.plan_node) == step)
            data = dimension_report(tx, telling, step, rows, year, by)
        case Scope.CITY:
            template = "city"
            data = city_report(tx, telling, _some(_rows(making)), year, by)
    making.progress(1, 2)
    making.target.write_bytes(pdf.pdf(template, data))


def _some(rows: Iterable[YearRow]) -> list[YearRow]:
    found = list(rows)
    if not found:
        raise refuse("report_pdf.no_indicator")
    return found


def _rows(making: Making, agency: int | None = None) -> Iterator[YearRow]:
    """The indicators as rows, without the scores that their reader is still to find."""
    connection, year = making.tx.connection, making.wanted.fiscal_year
    hidden = hidden_in(connection, making.by, year)
    return (row.without_scores(hidden.get(row.id, ())) for row in rows_of_year(connection, year, agency))


def _sheets(making: Making) -> None:
    tx, wanted = making.tx, making.wanted
    sheets.write_sheets(
        tx,
        making.telling,
        making.target,
        wanted.fiscal_year,
        _indicators(making),
        _names(tx),
        _stepping(making),
    )


def _pack(making: Making) -> None:
    tx = making.tx
    with making.target.open("wb") as file:
        pack.write_pack(
            tx,
            making.telling,
            file,
            making.site.evidence,
            _indicators(making),
            _names(tx),
            _stepping(making),
        )


def _proof(making: Making) -> None:
    """What was altered behind a seal, a line each."""
    quarter, wording = Quarter(making.wanted.fiscal_year, making.wanted.quarter), making.telling.wording
    total = seals.count_of_lines(making.tx.connection, quarter) + 1
    lines: list[str] = []
    for done, found in enumerate(checks.seal_by_line(making.tx, quarter), start=1):
        lines += altered_words(found, quarter, wording)
        making.progress(done, total)
    head = wording.say("seals.altered", count=len(lines)) if lines else wording.say("seals.whole")
    about = wording.say("seals.verified_at", at=making.telling.now)
    text = "\r\n".join([wording.value(quarter), head, about, "", *lines])
    making.target.write_text(f"\ufeff{text}\r\n", encoding="utf-8")


def _spreadsheet(making: Making) -> None:
    """A spreadsheet that somebody gave, tried or taken in; what becomes of it is told as data."""
    site, asked = making.site, Asked.of(making.wanted.of)
    own = making.telling.wording
    others = [one for one in site.wordings.values() if one.language != own.language]
    with site.evidence.open(asked.sha256) as content:
        taken = take(
            site.store,
            Given(content, asked.name, asked.kind, FiscalYear(making.wanted.fiscal_year)),
            Names([own, *others]),
            by=making.by,
            now=making.telling.now,
            try_only=making.wanted.product is Product.TRIAL,
            expected=asked.expected,
            progress=making.progress,
        )
    told = as_data(taken, own, written=making.wanted.product is Product.INTAKE)
    making.target.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def altered_words(found: Iterable[seals.Tampered], quarter: Quarter, wording: Wording) -> list[str]:
    """What was altered behind a seal, a sentence each."""
    return [
        wording.say(f"seal.{one.fault}", code=one.code, quarter=quarter, number=one.number or None)
        for one in found
    ]


_MAKERS: Mapping[Product, Callable[[Making], None]] = {
    Product.PDF: _pdf,
    Product.SHEETS: _sheets,
    Product.PACK: _pack,
    Product.PROOF: _proof,
    Product.TRIAL: _spreadsheet,
    Product.INTAKE: _spreadsheet,
}


def _indicators(making: Making) -> Iterator[Indicator]:
    """The indicators with all their facts, without the scores that their reader is still to find."""
    tx, wanted = making.tx, making.wanted
    hidden = hidden_in(tx.connection, making.by, wanted.fiscal_year)
    agency = int(wanted.of) if wanted.scope is Scope.AGENCY else None
    is_one = wanted.scope is Scope.INDICATOR
    found = (
        [tx.indicator(wanted.of, wanted.fiscal_year)] if is_one else tx.indicators(wanted.fiscal_year, agency)
    )
    return (without_scores(one, hidden.get(one.id, ())) for one in found)


def _names(tx: Tx) -> dict[int, Text]:
    return {one.id: one.name for one in agencies(tx.connection)}


def _stepping(making: Making) -> Callable[[], None]:
    """Counts the indicators as they are done."""
    wanted, i = making.wanted, t.indicators.c
    query = select(func.count()).where(i.fiscal_year == wanted.fiscal_year)
    if wanted.scope is Scope.AGENCY:
        query = query.where(i.agency_id == int(wanted.of))
    is_one = wanted.scope is Scope.INDICATOR
    total = 1 if is_one else int(making.tx.connection.execute(query).scalar_one())
    counted = count(1)
    return lambda: making.progress(next(counted), total)

"""The command `radap matrix`: where every indicator of the city stands."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby
from typing import Annotated, Any

import typer
from rich import box
from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from cli import ladder, parsing
from cli.desk import Desk
from cli.options import Json, NeededYear
from engine.matrix import Cell
from storage.matrix import district_matrix


def matrix(
    ctx: typer.Context,
    year: NeededYear,
    quarter: Annotated[
        str | None, typer.Option("--quarter", metavar="N", help="At the end of this quarter; now by default.")
    ] = None,
    agency: Annotated[
        str | None, typer.Option("--agency", metavar="CODE|NAME", help="This agency alone.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Every agency with its indicators and their levels."""
    desk: Desk = ctx.obj
    fiscal_year = parsing.fiscal_year(year)
    number = None if quarter is None else parsing.quarter_number(quarter)
    with desk.house().store.read() as tx:
        cells = district_matrix(tx.connection, fiscal_year.year, number)
        if agency is not None:
            wanted = desk.agency(tx, agency).id
            cells = [cell for cell in cells if cell.agency_id == wanted]
    if as_json:
        desk.json([_as_data(cell) for cell in cells])
        return
    if not cells:
        desk.say("matrix.empty", year=fiscal_year)
        return
    for part in _drawn(desk, cells):
        desk.out.print(part)
    counts = Counter(cell.claimed for cell in cells)
    shares = "  ".join(f"{level}: {count}" for level, count in sorted(counts.items()))
    desk.say("matrix.counts", indicators=len(cells), shares=shares)


def _as_data(cell: Cell) -> dict[str, Any]:
    return {
        "code": cell.code,
        "agency": {"code": cell.agency_code, "th": cell.agency.th, "en": cell.agency.en},
        "title": {"th": cell.title.th, "en": cell.title.en},
        "unit": cell.unit,
        "workflow": cell.workflow,
        "target": cell.target,
        "life": cell.life,
        "claimed": {"level": cell.claimed, "fraction": cell.claimed_fraction},
        "verified": {"level": cell.verified},
        "self_reported": cell.self_reported,
        "next_due_on": cell.next_due_on,
        "sealed": None
        if cell.sealed_claimed is None
        else {"claimed": cell.sealed_claimed, "verified": cell.sealed_verified},
    }


#: Below this width the heads are signs, explained under the table.
_WIDE = 110
_HEADS = (
    (ladder.CLAIMED, "basis.claimed"),
    (ladder.VERIFIED, "basis.verified"),
    ("✎", "label.self_reported"),
    (ladder.TARGET, "label.target"),
)


def _drawn(desk: Desk, cells: list[Cell]) -> Iterator[RenderableType]:
    """Agencies one under the other, each with its indicators; titles give way to a narrow terminal."""
    value, say = desk.wording.value, desk.wording.say
    wide = desk.out.width >= _WIDE
    heads = [f"{sign} {say(word)}" if wide else sign for sign, word in _HEADS]
    numbers = {cell: _numbers(desk, cell) for cell in cells}
    widths = [
        max(cell_len(text) for text in (heads[place], *(row[place] for row in numbers.values())))
        for place in range(len(heads))
    ]
    code = max(cell_len(text) for text in (say("label.code"), *(cell.code for cell in cells)))
    title = max(desk.out.width - code - sum(widths) - _GAP * (len(widths) + 1), _LEAST_TITLE)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
    table.add_column(say("label.code"), no_wrap=True)
    table.add_column(say("label.indicator"), no_wrap=True)
    for head in heads:
        table.add_column(head, justify="right", no_wrap=True)
    for _, own in groupby(cells, key=lambda cell: cell.agency_id):
        of_agency = list(own)
        first = of_agency[0]
        table.add_row(
            Text(first.agency_code or "–", style="bold"), _cut(value(first.agency), title, style="bold")
        )
        for cell in of_agency:
            table.add_row(cell.code, _cut(value(cell.title), title), *numbers[cell])
    yield table
    if not wide:
        yield Text("   ".join(f"{sign} {say(word)}" for sign, word in _HEADS), style="dim")


_GAP, _LEAST_TITLE = 3, 12


def _numbers(desk: Desk, cell: Cell) -> list[str]:
    return [
        str(cell.claimed),
        str(cell.verified),
        *map(desk.wording.value, (cell.self_reported, cell.target)),
    ]


def _cut(words: str, width: int, style: str = "") -> Text:
    text = Text(words, style=style)
    text.truncate(width, overflow="ellipsis")
    return text

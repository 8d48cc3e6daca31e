"""Commands that take things out: `radap export all`; `pdf | xlsx | pack` of a part of it."""

from pathlib import Path
from typing import Annotated

import typer

from cli import campaigns, full, open_data, parsing, sheet_files
from cli.desk import Desk
from cli.options import By
from cli.site import site_of
from engine.errors import refuse
from engine.jobs import Product, Scope, Wanted
from storage.transaction import Tx

app = typer.Typer(
    no_args_is_help=True,
    help="Take out: everything, a year, reports as PDF, spreadsheets, evidence, templates.",
)
app.command("all")(full.send_out)
app.command("campaign")(campaigns.send_out)
app.command("template")(sheet_files.template)
app.command("open-data")(open_data.send_out)

Code = Annotated[
    str | None, typer.Argument(metavar="[CODE]", help="One indicator; without it all of the year.")
]
To = Annotated[Path, typer.Option("--to", metavar="FILE", help="Where to write it; no file is overwritten.")]
Year = Annotated[
    str | None, typer.Option("--year", metavar="BE", help="Fiscal year in the Buddhist Era, such as 2564.")
]
OfAgency = Annotated[
    str | None, typer.Option("--agency", metavar="CODE|NAME", help="All indicators of this agency.")
]


@app.command("pdf")
def pdf_(
    ctx: typer.Context,
    to: To,
    code: Code = None,
    year: Year = None,
    agency: OfAgency = None,
    dimension: Annotated[
        str | None, typer.Option("--dimension", metavar="CODE", help="A dimension of the plan, such as 5.2.")
    ] = None,
    by: By = None,
) -> None:
    """The official report, in Thai."""
    _export(ctx.obj, Product.PDF, to, code, year, agency, dimension, by)


@app.command()
def xlsx(
    ctx: typer.Context, to: To, code: Code = None, year: Year = None, agency: OfAgency = None, by: By = None
) -> None:
    """The spreadsheet: a sheet for each question."""
    _export(ctx.obj, Product.SHEETS, to, code, year, agency, None, by)


@app.command()
def pack(
    ctx: typer.Context, to: To, code: Code = None, year: Year = None, agency: OfAgency = None, by: By = None
) -> None:
    """The evidence with its manifest, and a list of what is missing."""
    _export(ctx.obj, Product.PACK, to, code, year, agency, None, by)


def _export(
    desk: Desk,
    product: Product,
    to: Path,
    code: str | None,
    year: str | None,
    agency: str | None,
    dimension: str | None,
    by: str | None,
) -> None:
    # Imported when they are needed: they take a moment, and no other command needs them.
    from web.reports import wanted as wishes  # noqa: PLC0415 - see above
    from web.reports.data import Telling  # noqa: PLC0415 - see above

    if to.exists():
        raise refuse("export.exists", file=str(to))
    site = site_of(desk.house())
    with site.store.read() as tx:
        person = desk.person(tx, by)
        wanted = _wanted(desk, tx, product, code, year, agency, dimension)
        found = wishes.find(tx, wanted)
    if found is None:
        raise refuse("export.unknown", given=wanted.of)
    if not wishes.may_have(person, found):
        raise refuse("job.not_permitted")
    telling = Telling.of(site, product, desk.wording.language)
    partial = to.with_name(f".{to.name}.partial")
    try:
        with desk.progress("progress.export", None) as bar:
            wishes.make(site, telling, wanted, person, partial, bar.at)
        partial.rename(to)
    finally:
        partial.unlink(missing_ok=True)
    desk.say("done.exported", file=str(to), size=to.stat().st_size)


def _wanted(
    desk: Desk,
    tx: Tx,
    product: Product,
    code: str | None,
    year: str | None,
    agency: str | None,
    dimension: str | None,
) -> Wanted:
    if code is not None:
        own = code.strip()
        return Wanted(product, Scope.INDICATOR, own, desk.year(tx, own, year))
    if year is None:
        raise parsing.unreadable("export.no_year")
    fiscal_year = parsing.fiscal_year(year).year
    if agency is not None:
        return Wanted(product, Scope.AGENCY, str(desk.agency(tx, agency).id), fiscal_year)
    if dimension is not None:
        return Wanted(product, Scope.DIMENSION, dimension.strip(), fiscal_year)
    return Wanted(product, Scope.CITY, "", fiscal_year)

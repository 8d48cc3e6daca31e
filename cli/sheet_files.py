"""Commands about spreadsheets: `radap import xlsx FILE`, `radap export template FILE`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import bootstrap, parsing
from cli.desk import REFUSED, Desk
from cli.options import By, Json, OneFile
from engine.errors import refuse
from engine.nearest import nearest
from engine.quarter import FiscalYear
from engine.records import How, Kind
from engine.wording import Wording
from storage import kept_records

if TYPE_CHECKING:
    from web.spreadsheets.columns import SheetKind
    from web.spreadsheets.taking import Taken

Kinds = Annotated[
    str | None,
    typer.Option("--kind", metavar="KIND", help="agencies, plan, people, indicators, targets or results."),
]
OfYear = Annotated[
    str | None, typer.Option("--year", metavar="BE", help="Fiscal year in the Buddhist Era, such as 2564.")
]
#: So many differences and faults are shown; `--json` has up to 5,000 of each.
_SHOWN = 200


def take_in(
    ctx: typer.Context,
    file: OneFile,
    kind: Kinds = None,
    year: OfYear = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would change; write nothing.")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Take a spreadsheet in (XLSX, or CSV with --kind): all of it, or nothing where anything is wrong."""
    # Imported when they are needed: they take a moment, and no other command needs them.
    from web.spreadsheets import telling  # noqa: PLC0415 - see above
    from web.spreadsheets.names import Names  # noqa: PLC0415 - see above
    from web.spreadsheets.taking import Given, take  # noqa: PLC0415 - see above

    desk: Desk = ctx.obj
    only, of_year = _kind(kind), None if year is None else parsing.fiscal_year(year)
    if file.suffix.lower() == ".csv" and only is None:
        raise _which_kind()
    house = desk.house()
    with house.store.read() as tx:
        person = desk.person(tx, by)
    if not file.is_file():
        raise refuse("sheet.no_file", file=str(file))
    with file.open("rb") as content, desk.progress("progress.import", None) as bar:
        given = Given(content, file.name, only, of_year)
        taken = take(
            house.store,
            given,
            Names(_wordings(desk)),
            by=person,
            now=desk.clock(),
            try_only=dry_run,
            progress=bar.at,
        )
    if as_json:
        desk.json(telling.as_data(taken, desk.wording, written=not dry_run))
    else:
        _tell(desk, taken, dry_run=dry_run)
    if taken.findings.count:
        raise typer.Exit(REFUSED)


def _tell(desk: Desk, taken: "Taken", *, dry_run: bool) -> None:
    from web.spreadsheets import telling  # noqa: PLC0415 - see above

    wording, findings = desk.wording, taken.findings
    told = [*findings.notes[:_SHOWN], *findings.wrong[:_SHOWN]]
    desk.complain(telling.finding_words(one, wording) for one in told)
    if findings.count:
        left = max(0, findings.count - _SHOWN)
        desk.note("sheet.refused", count=findings.count, left=left or None)
        return
    changed = [one for one in taken.differences if one.how is not How.SAME]
    rows = [
        [wording.word("record_kind", one.kind), one.key, wording.word("how", one.how), "\n".join(said)]
        for one in changed[:_SHOWN]
        if (said := telling.changes_words(one, taken, wording)) or one.how is How.ADDED
    ]
    if rows:
        desk.table(["label.kind", "label.key", "sheet.becomes", "records.changes"], rows)
    if len(changed) > _SHOWN:
        desk.say("records.more", count=len(changed) - _SHOWN)
    for kind, of_kind in telling.counted(taken.differences).items():
        desk.say("sheet.counts", kind=Kind(kind), **{str(how): count for how, count in of_kind.items()})
    end = "sheet.nothing" if not changed else "sheet.would" if dry_run else "sheet.taken"
    desk.say(end, file=taken.name, year=taken.year)


def template(
    ctx: typer.Context,
    file: OneFile,
    kind: Kinds = None,
    year: OfYear = None,
    filled: Annotated[bool, typer.Option("--filled", help="With what is there, to be edited.")] = False,
    by: By = None,
) -> None:
    """A template to fill in and give back: XLSX with a sheet for each kind, or CSV of one."""
    from web.spreadsheets.columns import SheetKind  # noqa: PLC0415 - see above
    from web.spreadsheets.filling import Filling  # noqa: PLC0415 - see above
    from web.spreadsheets.template import nothing, write_book, write_csv  # noqa: PLC0415 - see above

    desk: Desk = ctx.obj
    only = _kind(kind)
    of_year = FiscalYear(desk.this_year()) if year is None else parsing.fiscal_year(year)
    if file.exists():
        raise refuse("export.exists", file=str(file))
    is_csv = file.suffix.lower() == ".csv"
    if is_csv and only is None:
        raise _which_kind()
    kinds = list(SheetKind) if only is None else [only]
    house = desk.house()
    with house.store.read() as tx:
        kept = kept_records.read(house.store, tx.connection, of_year.year, with_results=filled)
        filling = Filling(kept, of_year, desk.person(tx, by), kinds)
    rows = filling.rows if filled else nothing
    partial = file.with_name(f".{file.name}.partial")
    try:
        if is_csv and only is not None:
            with partial.open("w", encoding="utf-8", newline="") as target:
                write_csv(target, desk.wording, only, rows)
        else:
            with desk.progress("progress.export", None) as bar:
                write_book(partial, desk.wording, house.policy.zone, kinds, filling.offered, rows, bar.step)
        partial.rename(file)
    finally:
        partial.unlink(missing_ok=True)
    desk.say("done.exported", file=str(file), size=file.stat().st_size)


def _kind(typed: str | None) -> "SheetKind | None":
    from web.spreadsheets.columns import SheetKind  # noqa: PLC0415 - see above

    known = [str(one) for one in SheetKind]
    if typed is None:
        return None
    if typed not in known:
        raise parsing.unreadable(
            "sheet.kind_unknown", given=typed, nearest=nearest(typed, known), known=known
        )
    return SheetKind(typed)


def _which_kind() -> parsing.Unreadable:
    from web.spreadsheets.columns import SheetKind  # noqa: PLC0415 - see above

    return parsing.unreadable("sheet.csv_kind", kinds=[str(one) for one in SheetKind])


def _wordings(desk: Desk) -> list[Wording]:
    """Every language, the one that is spoken first: names are offered in it."""
    own = desk.wording
    others = [one for one in bootstrap.LANGUAGES if one != own.language]
    return [own, *(bootstrap.wording(one, own.zone) for one in others)]

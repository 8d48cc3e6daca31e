"""`radap export all` and `radap import all`: everything that may leave the house, and into an empty one."""

from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import func, select

from cli.desk import REFUSED, Desk
from cli.options import Json
from storage import tables as t
from storage.export_format import PARTS
from storage.exporting import export_all
from storage.importing import import_all
from storage.transaction import Tx

Place = Annotated[
    Path, typer.Argument(metavar="FOLDER|FILE.zip", help="A folder, or one file that ends in .zip.")
]


def send_out(ctx: typer.Context, place: Place, as_json: Json = False) -> None:
    """Everything as JSON lines with the evidence and its hashes; without a secret of the house."""
    desk: Desk = ctx.obj
    house = desk.house()
    with house.store.read() as tx:
        total = _total(tx)
    with desk.progress("progress.export", total) as bar:
        exported = export_all(house.store, house.evidence, place, bar.step)
    if as_json:
        told = {"rows": exported.rows, "files": exported.files, "lacking": exported.lacking}
        desk.json({"to": str(place), **told})
    else:
        desk.say("done.exported_all", file=str(place), rows=exported.rows, files=exported.files)
    for sha256 in exported.lacking:
        desk.note("export.lacks", sha256=sha256)
    if exported.lacking:
        raise typer.Exit(REFUSED)


def _total(tx: Tx) -> int:
    """How many rows and files there are to go."""
    tables = [part.table for part in PARTS] + [t.files]
    counts = (tx.connection.execute(select(func.count()).select_from(one)) for one in tables)
    return sum(int(one.scalar_one()) for one in counts)


def take_in(ctx: typer.Context, place: Place, as_json: Json = False) -> None:
    """Fill an empty database from a full export: every journal hash and every seal stays what it was."""
    desk: Desk = ctx.obj
    house = desk.house(new=True)
    with desk.progress("progress.import", None) as bar:
        taken = import_all(house.store, house.evidence, place, bar.at)
    if as_json:
        told = {"rows": taken.rows, "files": taken.files, "lacking": taken.lacking}
        desk.json({"from": str(place), **told})
    else:
        desk.say("done.imported_all", file=str(place), rows=taken.rows, files=taken.files, url=desk.url)
        desk.note("import.no_passwords")
    for sha256 in taken.lacking:
        desk.note("import.lacks", sha256=sha256)

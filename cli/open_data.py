"""The command `radap export open-data FOLDER`: a year's sealed results, with the record of them."""

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli import bootstrap, parsing
from cli.desk import Desk
from cli.options import NeededYear
from cli.site import site_of
from engine.errors import refuse
from storage import published
from storage.published import Corrected, Seal

if TYPE_CHECKING:
    from web.site import Site


def send_out(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A new or empty folder.")],
    year: NeededYear,
    base: Annotated[
        str,
        typer.Option(
            "--base", metavar="URL", help="Where the folder will lie; addresses in it begin with that."
        ),
    ] = "",
) -> None:
    """Sealed results of a year as CSV and JSON, their data dictionary, and a DCAT record of them."""
    desk: Desk = ctx.obj
    of_year = parsing.fiscal_year(year)
    if folder.exists() and any(folder.iterdir()):
        raise refuse("export.folder_not_empty", folder=str(folder))
    site = site_of(desk.house())
    with site.store.read() as tx:
        seals = [
            one for one in published.sealed_quarters(tx.connection) if one.quarter.fiscal_year == of_year.year
        ]
        since = published.corrected_since(tx.connection)
    if not seals:
        raise refuse("export.nothing_sealed", year=of_year)
    folder.mkdir(parents=True, exist_ok=True)
    with desk.progress("progress.export", None) as bar:
        for name, text in _files(site, seals, since, base if not base or base.endswith("/") else f"{base}/"):
            with (folder / name).open("w", encoding="utf-8", newline="") as file:
                file.writelines(text)
            bar.step()
    desk.say("done.open_data", folder=str(folder), year=of_year, quarters=len(seals))


def _files(
    site: "Site", seals: list[Seal], since: list[Corrected], base: str
) -> Iterator[tuple[str, Iterator[str]]]:
    """Each file by its name, written a piece at a time."""
    # Imported when they are needed: they take a moment, and no other command needs them.
    from web.public import publisher_of  # noqa: PLC0415 - see above
    from web.public.columns import dictionary  # noqa: PLC0415 - see above
    from web.public.downloads import FILES, file_name  # noqa: PLC0415 - see above
    from web.public.record import Addresses, catalogue, content_of  # noqa: PLC0415 - see above
    from web.spreadsheets import comma  # noqa: PLC0415 - see above

    wordings = [site.wordings[one] for one in bootstrap.LANGUAGES]
    for seal in seals:
        for kind, (_, write) in FILES.items():
            yield file_name(seal, kind), write(site.store, seal)
    yield "dictionary.csv", chain([comma.MARK], map(comma.line, dictionary(wordings)))
    addresses = Addresses(
        f"{base}catalog.jsonld",
        lambda seal: f"{base}{file_name(seal, 'csv')}",
        f"{base}dictionary.csv",
        lambda seal, kind: f"{base}{file_name(seal, kind)}",
    )
    found = catalogue(
        seals,
        since,
        publisher_of(site),
        addresses,
        wordings,
        lambda seal, kind: content_of(site.store, seal, kind),
    )
    yield "catalog.jsonld", iter([json.dumps(found, ensure_ascii=False, indent=2), "\n"])

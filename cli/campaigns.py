"""A year set up at once: `radap import campaign`, `radap export campaign`, `radap campaign carry-over`."""

from typing import TYPE_CHECKING, Annotated

import typer

from cli import parsing
from cli.desk import Desk
from cli.options import By, Json, NeededYear, OneFile
from engine.carry_over import Versions
from engine.records import Difference, How
from workflows.reading import text_of

if TYPE_CHECKING:
    from web.campaigns import SetUp

app = typer.Typer(no_args_is_help=True, help="A fiscal year at once: carry-over from the year before.")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would change, and write nothing.")]
#: So many differences are told one by one; `--json` tells all.
_SHOWN = 200


def take_in(
    ctx: typer.Context, file: OneFile, dry_run: DryRun = False, by: By = None, as_json: Json = False
) -> None:
    """Set a year up as a campaign file says (docs/campaign.example.toml): all of it or nothing."""
    # Imported when they are needed: they take a moment, and no other command needs them.
    from web import campaigns  # noqa: PLC0415 - see above

    desk: Desk = ctx.obj
    text, house = text_of(file), desk.house()
    with house.store.read() as tx:
        person = desk.person(tx, by)
    with desk.progress("progress.import", None) as bar:
        set_up = campaigns.take_in(
            house.store, text, str(file), by=person, now=desk.clock(), try_only=dry_run, done=bar.at
        )
    _tell(desk, set_up, dry_run, as_json)


@app.command("carry-over")
def carry_over(
    ctx: typer.Context,
    before: Annotated[str, typer.Option("--from", metavar="BE", help="The year that goes on.")],
    after: Annotated[str, typer.Option("--to", metavar="BE", help="The year that is set up.")],
    versions: Annotated[
        Versions, typer.Option("--workflows", help="On the newest version of each definition, or the same.")
    ] = Versions.NEWEST,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="AGENCY", help="Leave its indicators behind; several times."),
    ] = None,
    dry_run: DryRun = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make next year's indicators from last year's: codes, targets and plan stay, facts begin anew."""
    from web import campaigns  # noqa: PLC0415 - as above

    desk: Desk = ctx.obj
    years, house = (parsing.fiscal_year(before), parsing.fiscal_year(after)), desk.house()
    with house.store.read() as tx:
        person = desk.person(tx, by)
    with desk.progress("progress.import", None) as bar:
        set_up = campaigns.carry_over(
            house.store,
            *years,
            versions=versions,
            without=without or (),
            by=person,
            now=desk.clock(),
            try_only=dry_run,
            done=bar.at,
        )
    _tell(desk, set_up, dry_run, as_json)


def send_out(ctx: typer.Context, year: NeededYear) -> None:
    """The year as a campaign file on standard output, to be edited and taken in again."""
    from web import campaigns  # noqa: PLC0415 - as above

    desk: Desk = ctx.obj
    desk.text(campaigns.text_of(desk.house().store, parsing.fiscal_year(year)).rstrip())


def _tell(desk: Desk, set_up: "SetUp", dry_run: bool, as_json: bool) -> None:
    from web import campaigns  # noqa: PLC0415 - as above

    wording, written = desk.wording, set_up.written
    if as_json:
        desk.json(campaigns.as_data(set_up, wording, dry_run=dry_run))
        return
    to_do = [one for one in written.differences if one.how is not How.SAME]
    if to_do:
        desk.table(
            ["label.what", "records.key", "records.changes"],
            [
                [_what(desk, one), one.key, "\n".join(campaigns.changes_of(one, set_up.names, wording))]
                for one in to_do[:_SHOWN]
            ],
        )
    if len(to_do) > _SHOWN:
        desk.say("records.more", count=len(to_do) - _SHOWN)
    for note in set_up.notes:
        desk.text(campaigns.note_of(note, set_up.names, wording))
    counts = {str(how): written.count(how) for how in How}
    kind = "records.nothing" if not to_do else "records.would" if dry_run else "records.done"
    desk.say(kind, year=set_up.year, **counts)


def _what(desk: Desk, one: Difference) -> str:
    return f"{desk.wording.value(one.kind)} ({desk.wording.value(one.how)})"

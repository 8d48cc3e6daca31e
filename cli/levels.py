"""The command `radap level`: where one indicator stands, with its ladder."""

from datetime import date
from typing import Annotated

import typer

from cli import ladder, parsing
from cli.desk import Desk
from cli.options import Code, Json, Year
from engine.errors import refuse
from engine.indicator import Indicator
from engine.standing import stand
from web import standing


def level(
    ctx: typer.Context,
    code: Code,
    year: Year = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="On which day; today, or the year's last day.")
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            "--known-at", metavar="INSTANT", help="As known then: 2021-07-01T09:00, or a day (its end)."
        ),
    ] = None,
    why: Annotated[
        bool, typer.Option("--why", help="Show what is missing, who can supply it, and the proof.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The level of an indicator: claimed, verified and projected, with its quarters."""
    desk: Desk = ctx.obj
    day = None if on is None else parsing.day(on)
    known = None if known_at is None else parsing.instant(known_at, desk.settings.zone)
    indicator = _load(desk, code.strip(), year)
    found = stand(indicator, _day(desk, indicator, day), known)
    if as_json:
        desk.json(standing.as_data(found, desk.wording))
        return
    for part in ladder.drawn(desk, found, why=why):
        desk.out.print(part)


def _load(desk: Desk, code: str, year: str | None) -> Indicator:
    with desk.house().store.read() as tx:
        return tx.indicator(code, desk.year(tx, code, year))


def _day(desk: Desk, indicator: Indicator, given: date | None) -> date:
    """The day asked for, inside the year; without one today, or the year's end that is nearest to it."""
    year = indicator.fiscal_year
    if given is None:
        return year.nearest(desk.today())
    if not year.first_day <= given <= year.last_day:
        raise refuse("day.outside_year", day=given, year=year, first=year.first_day, last=year.last_day)
    return given

"""`radap demo`: fill an empty database with the demo year, tell its story, and say what to try next."""

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Annotated

import typer
from rich.padding import Padding
from rich.table import Table
from rich.text import Text
from sqlalchemy import func, select

from cli import bootstrap, demo, demo_today, ladder, reminded
from cli import serve as serving
from cli.desk import Desk
from cli.site import site_of
from engine.errors import Refusal, refuse
from engine.indicator import Indicator, Occurrence
from engine.permissions import Role
from engine.quarter import Quarter
from engine.reminders import Roster
from engine.standing import stand
from engine.wording import Wording
from engine.workflow import Text as EngineText
from storage import duty, schema, views
from storage.journal import Entry
from storage.tables import indicators

_LOOPBACK = "127.0.0.1"
_NEXT = (
    ("level", "level 5049-2017 --year 2564 --why"),
    ("on", "level 5049-2017 --year 2564 --on 2021-06-30 --why"),
    ("matrix", "matrix --year 2564 --quarter 4"),
    ("history", "journal show 5049-2017 --year 2564"),
    ("remind", "remind plan --from 2021-01-04 --to 2021-01-08"),
    ("doctor", "doctor"),
)


def run(
    ctx: typer.Context,
    serve: Annotated[
        bool, typer.Option("--serve", help="Then serve the pages and remind, until stopped.")
    ] = False,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="On which port to serve.")
    ] = 8000,
) -> None:
    """Fill an empty database with real indicators and replay fiscal year 2564."""
    desk: Desk = ctx.obj
    house = desk.house(new=True)
    schema.upgrade(house.engine)
    _refuse_a_city_of_its_own(desk)
    with desk.progress("demo.loading", demo.total()) as bar:
        loaded = demo.fill(house.store, house.evidence, bootstrap.catalogue(), bar.step)
    demo_today.begin(house.store, bootstrap.catalogue(), house.clock())
    if loaded.indicators == 0:
        desk.say("demo.already_there", indicators=loaded.already_there)
    with house.store.read() as tx:
        indicator = tx.indicator(demo.CODE, demo.YEAR.year)
        history = [line.entry for line in views.history(tx.connection, indicator.id)]
        roster = duty.roster(tx.connection)
    _tell(desk, indicator)
    _tell_of_reminders(desk, indicator, history, roster)
    if loaded.indicators:
        _tell_of_the_others(desk, loaded)
    desk.out.print(_next_steps(desk))
    if serve:
        _serve(desk, port)


def _serve(desk: Desk, port: int) -> None:
    """On this machine only; where the port is taken, on any other."""
    try:
        listening = serving.listening_on(_LOOPBACK, port)
    except Refusal:
        listening = serving.listening_on(_LOOPBACK, 0)
    with listening:
        with desk.house().store.read() as tx:
            visitors = demo.visitors(tx)
        address = serving.address_of(listening)
        site = replace(site_of(desk.house()), base_url=address, demo_people=visitors)
        serving.until_stopped(desk, site, listening, with_worker=True)


def _refuse_a_city_of_its_own(desk: Desk) -> None:
    """The demo never mixes with indicators that somebody keeps in earnest."""
    with desk.house().store.read() as tx:
        kept = tx.connection.execute(select(func.count()).select_from(indicators)).scalar_one()
        if kept and not demo.is_demo(tx):
            raise refuse("demo.not_empty", indicators=kept)


def _tell(desk: Desk, indicator: Indicator) -> None:
    """The year fact by fact, the level at every quarter's end, and the ladder as it stands."""
    desk.out.print(Text(desk.wording.say("demo.story", year=indicator.fiscal_year), style="bold"))
    desk.out.print(_facts(desk, indicator))
    found = stand(indicator, indicator.fiscal_year.last_day, None)
    for part in ladder.drawn(desk, found, why=False):
        desk.out.print(part)


def _facts(desk: Desk, indicator: Indicator) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    say = desk.wording.say
    for quarter in indicator.fiscal_year.quarters:
        for fact in _of(indicator, quarter):
            table.add_row(_day(desk, fact), _fact(desk, indicator, fact))
        claimed = indicator.stored.claimed_trail[quarter.number - 1]
        verified = indicator.stored.verified_trail[quarter.number - 1]
        ending = say("demo.quarter_end", quarter=quarter, claimed=claimed, verified=verified)
        table.add_row("", Padding(Text(f"→ {ending}", style="bold"), (0, 0, 1, 0)))
    return table


def _tell_of_reminders(desk: Desk, indicator: Indicator, history: list[Entry], roster: Roster) -> None:
    """What was due, on which days somebody was reminded of it, and when it was done."""
    wording, house = desk.wording, desk.house()
    policy = house.reminders
    found = reminded.over_the_year(indicator, history, policy, house.policy, roster)
    desk.out.print("")
    desk.out.print(Text(wording.say("demo.reminders"), style="bold"))
    desk.table(
        ["label.due", "label.thing", "label.told_on", "label.done_on"],
        [
            [
                wording.value(one.due_on),
                _thing(wording, one.what),
                _told_on(wording, one.told),
                wording.value(one.done_on),
            ]
            for one in found
        ],
    )


def _thing(wording: Wording, what: EngineText | Quarter) -> str:
    return wording.say("thing.report", quarter=what) if isinstance(what, Quarter) else wording.value(what)


def _told_on(wording: Wording, told: tuple[tuple[date, Role], ...]) -> str:
    """The days by the role that was told on them."""
    by_role: dict[Role, list[date]] = {}
    for day, role in told:
        by_role.setdefault(role, []).append(day)
    if not by_role:
        return wording.say("demo.nobody_told")
    return "\n".join(
        wording.say("demo.told_on", role=role, days=sorted(set(days))) for role, days in by_role.items()
    )


def _of(indicator: Indicator, quarter: Quarter) -> Iterator[Occurrence]:
    """The facts of a quarter by day; those without a day last."""
    own = [one for one in indicator.occurrences if one.quarter == quarter.number and one.voided_at is None]
    yield from sorted(own, key=lambda one: (one.occurred_on or quarter.last_day, one.number))


def _day(desk: Desk, fact: Occurrence) -> Text:
    if fact.occurred_on is None:
        return Text(desk.wording.say("demo.undated"), style="dim")
    return Text(desk.wording.value(fact.occurred_on))


def _fact(desk: Desk, indicator: Indicator, fact: Occurrence) -> Text:
    definition = indicator.workflow.milestone(fact.milestone)
    kind = definition.kind(fact.kind) if definition else None
    text = Text(f"{'●' if fact.counts else '·'} {desk.wording.value(kind.title) if kind else fact.milestone}")
    if fact.document_number:
        text.append(f" {fact.document_number}")
    if not fact.counts:
        text.append(f" ({desk.wording.say('demo.does_not_count')})", style="dim")
    elif fact.occurred_on is None and fact.counts_on is not None:
        text.append(f" ({desk.wording.say('demo.approved', day=fact.counts_on)})", style="dim")
    return text


def _tell_of_the_others(desk: Desk, loaded: demo.Loaded) -> None:
    desk.out.print("")
    desk.say("demo.loaded", indicators=loaded.indicators, reports=loaded.reports)
    for kind, found in (
        ("demo.not_reported", loaded.not_reported),
        ("demo.not_measured", loaded.not_measured),
    ):
        if found:
            codes = ", ".join(f"{code} ({number})" for code, number in found)
            desk.say(kind, count=len(found), codes=codes)
    if loaded.assumed_year:
        desk.say("demo.assumed_year", count=len(loaded.assumed_year), year=demo.YEAR)


def _next_steps(desk: Desk) -> Table:
    table = Table(title=desk.wording.say("demo.next"), title_justify="left", box=None, pad_edge=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    elsewhere = "" if desk.db is None else f" --db {shlex.quote(desk.url)}"
    for word, command in _NEXT:
        table.add_row(f"{_program()}{elsewhere} {command}", desk.wording.say(f"demo.next_{word}"))
    return table


def _program() -> str:
    """How this program was called, so that what is printed can be typed as it stands."""
    return "radap" if shutil.which("radap") else os.path.relpath(sys.argv[0])

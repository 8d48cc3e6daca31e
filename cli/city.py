"""Commands about the city's records: indicators, agencies, and longer time for an agency."""

from decimal import Decimal
from typing import Annotated

import typer

from cli import bootstrap, parsing
from cli.acting import Turn, act
from cli.desk import Desk
from cli.matrix import matrix
from cli.options import By, Code, Json, NeededYear, Reason, Year
from engine import actions
from engine.actions import NewIndicator, Outcome
from engine.workflow import Text
from storage import registry

indicators = typer.Typer(no_args_is_help=True, help="Indicators: add, list, cancel, close.")
agencies = typer.Typer(no_args_is_help=True, help="Agencies: add, list.")

indicators.command("list")(matrix)


@indicators.command("add")
def add_indicator(
    ctx: typer.Context,
    code: Code,
    year: NeededYear,
    agency: Annotated[str, typer.Option("--agency", metavar="CODE|NAME", help="Whose indicator it is.")],
    workflow: Annotated[str, typer.Option("--workflow", metavar="KEY", help="See `radap workflow list`.")],
    title_th: Annotated[str, typer.Option("--title", metavar="TEXT", help="Title in Thai.")],
    title_en: Annotated[str, typer.Option("--title-en", metavar="TEXT", help="Title in English.")] = "",
    unit: Annotated[str, typer.Option("--unit", metavar="TEXT", help="Unit, such as ระดับ.")] = "",
    target: Annotated[
        str | None, typer.Option("--target", metavar="X", help="What is to be reached.")
    ] = None,
    weight: Annotated[str, typer.Option("--weight", metavar="X", help="Weight among its siblings.")] = "1",
    owner: Annotated[
        str | None,
        typer.Option("--owner", metavar="CODE|NAME", help="The department that sets the guidelines."),
    ] = None,
    draft: Annotated[
        bool, typer.Option("--draft", help="Not agreed yet: nothing is recorded until `indicator activate`.")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Add an indicator on the newest version of a definition; it is active at once, unless a draft."""
    desk: Desk = ctx.obj
    definition = bootstrap.catalogue().get(workflow)
    fiscal_year = parsing.fiscal_year(year)
    with desk.house().store.begin() as tx:
        person = desk.person(tx, by)
        now = desk.clock()
        new = NewIndicator(
            code=code.strip(),
            fiscal_year=fiscal_year,
            agency=desk.agency(tx, agency).id,
            workflow=definition,
            title=Text(title_th, title_en or title_th),
            unit=unit,
            target=None if target is None else parsing.number(target),
            weight=Decimal(1) if weight == "1" else parsing.number(weight),
            workflow_owner=None if owner is None else desk.agency(tx, owner).id,
            draft=draft,
        )
        registry.register_workflow(tx, definition, definition.source, by=person.id, now=now)
        added = actions.create_indicator(tx, new, by=person, now=now)
    if as_json:
        desk.json({"code": added.code, "fiscal_year": fiscal_year.be, "version": added.version})
    else:
        desk.say("done.indicator_added", code=added.code, year=fiscal_year, workflow=definition.title)


@indicators.command("activate")
def activate(ctx: typer.Context, code: Code, year: Year = None, by: By = None, as_json: Json = False) -> None:
    """Let work on a draft begin."""

    def do(turn: Turn) -> Outcome:
        return actions.activate_indicator(turn.tx, turn.code, turn.year, by=turn.by, now=turn.common["now"])

    act(ctx.obj, code, year, by, None, as_json, do)


@indicators.command("request-cancellation")
def request_cancellation(
    ctx: typer.Context, code: Code, reason: Reason, year: Year = None, by: By = None, as_json: Json = False
) -> None:
    """Ask the evaluator to cancel an indicator; work on it goes on until that is decided."""

    def do(turn: Turn) -> Outcome:
        return actions.request_cancellation(
            turn.tx, turn.code, turn.year, reason=reason, by=turn.by, now=turn.common["now"]
        )

    act(ctx.obj, code, year, by, None, as_json, do)


@indicators.command("decline-cancellation")
def decline_cancellation(
    ctx: typer.Context,
    code: Code,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    year: Year = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Turn a request for cancellation down."""

    def do(turn: Turn) -> Outcome:
        return actions.decline_cancellation(
            turn.tx, turn.code, turn.year, reason=reason, by=turn.by, now=turn.common["now"]
        )

    act(ctx.obj, code, year, by, None, as_json, do)


@indicators.command("cancel")
def cancel(
    ctx: typer.Context, code: Code, reason: Reason, year: Year = None, by: By = None, as_json: Json = False
) -> None:
    """Cancel an indicator: nothing can be recorded on it any more."""

    def do(turn: Turn) -> Outcome:
        return actions.cancel_indicator(
            turn.tx, turn.code, turn.year, reason=reason, by=turn.by, now=turn.common["now"]
        )

    act(ctx.obj, code, year, by, None, as_json, do)


@indicators.command("close")
def close(
    ctx: typer.Context,
    code: Code,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why.")] = "",
    year: Year = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Close an indicator at the end of its work."""

    def do(turn: Turn) -> Outcome:
        return actions.close_indicator(
            turn.tx, turn.code, turn.year, reason=reason, by=turn.by, now=turn.common["now"]
        )

    act(ctx.obj, code, year, by, None, as_json, do)


# --- agencies and people -------------------------------------------------------------------------------


@agencies.command("add")
def add_agency(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name in Thai.")],
    name_en: Annotated[str, typer.Option("--name-en", metavar="TEXT", help="Name in English.")] = "",
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="district or department.")] = "district",
    code: Annotated[str | None, typer.Option("--code", metavar="CODE", help="Its code, where known.")] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Add an agency."""
    desk: Desk = ctx.obj
    if kind not in registry.AGENCY_KINDS:
        raise parsing.unreadable("agency.kind_unknown", given=kind)
    with desk.house().store.begin() as tx:
        person = desk.person(tx, by)
        actions.check_manager(person)
        words = Text(name, name_en or name)
        added = registry.add_agency(tx, words, kind, code=code, by=person.id, now=desk.clock())
    if as_json:
        desk.json({"id": added, "code": code, "th": words.th, "en": words.en})
    else:
        desk.say("done.agency_added", name=words, code=code)


@agencies.command("list")
def list_agencies(ctx: typer.Context, as_json: Json = False) -> None:
    """Every agency."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        found = registry.agencies(tx.connection)
    if as_json:
        rows = [
            {"id": one.id, "code": one.code, "th": one.name.th, "en": one.name.en, "kind": one.kind}
            for one in found
        ]
        desk.json(rows)
        return
    desk.table(
        ["label.code", "label.name", "label.kind"],
        [
            [one.code or "–", desk.wording.value(one.name), desk.wording.word("agency_kind", one.kind)]
            for one in found
        ],
    )


def extend(
    ctx: typer.Context,
    agency: Annotated[str, typer.Argument(metavar="AGENCY", help="Code or name.")],
    quarter: Annotated[str, typer.Argument(metavar="QUARTER", help="1 to 4.")],
    until: Annotated[str, typer.Option("--until", metavar="DATE", help="The new last day.")],
    reason: Reason,
    year: NeededYear,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Give one agency longer for one quarter."""
    desk: Desk = ctx.obj
    day = parsing.day(until)
    wanted = parsing.fiscal_year(year).quarters[parsing.quarter_number(quarter) - 1]
    with desk.house().store.begin() as tx:
        whose = desk.agency(tx, agency)
        person = desk.person(tx, by)
        actions.grant_extension(tx, whose.id, wanted, day, reason=reason, by=person, now=desk.clock())
    if as_json:
        desk.json({"agency": whose.code, "quarter": wanted.number, "until": day})
    else:
        desk.say("done.extended", agency=whose.name, quarter=wanted, until=day)

"""Commands about petitions: what an agency asks for, and what is decided on it."""

from typing import Annotated

import typer

from cli import parsing
from cli.acting import Turn, act
from cli.desk import Desk
from cli.facts import Document, Value
from cli.options import By, Code, IfVersion, Json, Number, Reason, Year
from engine import actions
from engine.actions import NewPetition, Outcome
from engine.petition import PetitionKind

app = typer.Typer(
    no_args_is_help=True, help="Petitions: ask for time, a waiver or a correction; grant, decline."
)

Until = Annotated[
    str | None,
    typer.Option("--until", metavar="DATE", help="Until which day it is asked for; of a correction its day."),
]
Wrong = Annotated[
    int | None,
    typer.Option("--record", metavar="N", help="Of a correction: the record that is to be taken back."),
]
FactKind = Annotated[
    str | None, typer.Option("--kind", metavar="KIND", help="Of a correction: the kind of what is missing.")
]


@app.command()
def ask(
    ctx: typer.Context,
    code: Code,
    kind: Annotated[
        str,
        typer.Argument(metavar="KIND", help="postponement, waiver, extension, cancellation or correction."),
    ],
    reason: Reason,
    about: Annotated[
        str,
        typer.Argument(
            metavar="[MILESTONE|QUARTER]", help="A milestone, or 1 to 4; a cancellation is about neither."
        ),
    ] = "",
    until: Until = None,
    record: Wrong = None,
    fact_kind: FactKind = None,
    value: Value = None,
    document: Document = None,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Ask for a milestone later or not at all, for longer for a quarter, for an end, or for a correction."""
    known = [str(one) for one in PetitionKind]
    if kind not in known:
        raise parsing.unreadable("petition.kind_unknown", given=kind, known=known)
    of_quarter = kind == PetitionKind.EXTENSION
    new = NewPetition(
        PetitionKind(kind),
        None if until is None else parsing.day(until),
        reason,
        milestone="" if of_quarter else about,
        quarter=parsing.quarter_number(about) if of_quarter else 0,
        occurrence=record,
        fact_kind=fact_kind,
        value=None if value is None else parsing.number(value),
        document_number=document,
    )

    def do(turn: Turn) -> Outcome:
        return actions.make_petition(turn.tx, turn.code, turn.year, new, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command()
def grant(
    ctx: typer.Context,
    code: Code,
    number: Number,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Give what was asked for, and with it do the thing."""

    def do(turn: Turn) -> Outcome:
        return actions.grant_petition(turn.tx, turn.code, turn.year, number, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command()
def decline(
    ctx: typer.Context,
    code: Code,
    number: Number,
    reason: Reason,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Turn it down."""

    def do(turn: Turn) -> Outcome:
        return actions.decline_petition(turn.tx, turn.code, turn.year, number, reason=reason, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command()
def withdraw(
    ctx: typer.Context,
    code: Code,
    number: Number,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Take it back before it is decided."""

    def do(turn: Turn) -> Outcome:
        return actions.withdraw_petition(turn.tx, turn.code, turn.year, number, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command("list")
def list_petitions(ctx: typer.Context, code: Code, year: Year = None, as_json: Json = False) -> None:
    """The petitions about an indicator."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        indicator = tx.indicator(code.strip(), desk.year(tx, code.strip(), year))
        made = tx.petitions(indicator)
    if as_json:
        desk.json(
            [
                {
                    "number": one.number,
                    "kind": one.kind,
                    "milestone": one.milestone or None,
                    "quarter": one.quarter or None,
                    "until": one.until,
                    "reason": one.reason,
                    "state": one.state,
                    "asked_at": one.asked_at,
                    "decided_at": one.decided_at,
                    "answer": one.answer or None,
                    "record": one.occurrence,
                    "fact_kind": one.fact_kind,
                    "value": one.value,
                    "document_number": one.document_number,
                }
                for one in made
            ]
        )
        return
    desk.table(
        ["label.number", "label.kind", "label.thing", "label.petition_day", "label.state", "label.answer"],
        [
            [
                str(one.number),
                desk.wording.value(one.kind),
                desk.title(indicator, one.milestone)
                if one.milestone
                else desk.wording.value(indicator.fiscal_year.quarters[one.quarter - 1])
                if one.quarter
                else desk.wording.value(indicator.title),
                desk.wording.value(one.until),
                desk.wording.word("petition_state", one.state),
                one.answer or "–",
            ]
            for one in made
        ],
    )

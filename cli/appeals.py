"""Commands about appeals: an agency disputes a verdict on its report, another evaluator decides."""

from typing import Annotated

import typer

from cli import parsing
from cli.acting import Turn, act
from cli.desk import Desk
from cli.options import By, Code, IfVersion, Json, Number, QuarterNumber, Reason, Year
from engine import actions
from engine.actions import Outcome

app = typer.Typer(no_args_is_help=True, help="Appeals against verdicts on reports: make, uphold, dismiss.")


@app.command()
def make(
    ctx: typer.Context,
    code: Code,
    quarter: QuarterNumber,
    reason: Reason,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Appeal against the scores of a report, or against its return after it was accepted."""
    number = parsing.quarter_number(quarter)

    def do(turn: Turn) -> Outcome:
        return actions.make_appeal(turn.tx, turn.code, turn.year, number, reason=reason, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command()
def uphold(
    ctx: typer.Context,
    code: Code,
    number: Number,
    reason: Reason,
    quality: Annotated[
        int | None, typer.Option("--quality", metavar="2.1", help="The new 2.1; left out, it stays.")
    ] = None,
    timeliness: Annotated[
        int | None, typer.Option("--timeliness", metavar="2.2", help="The new 2.2; left out, it stays.")
    ] = None,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Find for the agency: other scores, or those back that a return took."""

    def do(turn: Turn) -> Outcome:
        return actions.decide_appeal(
            turn.tx,
            turn.code,
            turn.year,
            number,
            uphold=True,
            reason=reason,
            quality=quality,
            timeliness=timeliness,
            **turn.common,
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command()
def dismiss(
    ctx: typer.Context,
    code: Code,
    number: Number,
    reason: Reason,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Find against the agency: the verdict stands."""

    def do(turn: Turn) -> Outcome:
        return actions.decide_appeal(
            turn.tx, turn.code, turn.year, number, uphold=False, reason=reason, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command("list")
def list_appeals(ctx: typer.Context, code: Code, year: Year = None, as_json: Json = False) -> None:
    """The appeals about an indicator's reports."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        indicator = tx.indicator(code.strip(), desk.year(tx, code.strip(), year))
        made = tx.appeals(indicator)
    if as_json:
        desk.json(
            [
                {
                    "number": one.number,
                    "quarter": one.quarter,
                    "reason": one.reason,
                    "state": one.state,
                    "made_at": one.made_at,
                    "decided_at": one.decided_at,
                    "answer": one.answer or None,
                }
                for one in made
            ]
        )
        return
    desk.table(
        ["label.number", "label.quarter", "label.reason", "label.state", "label.answer"],
        [
            [
                str(one.number),
                desk.wording.value(indicator.fiscal_year.quarters[one.quarter - 1]),
                one.reason,
                desk.wording.word("appeal_state", one.state),
                one.answer or "–",
            ]
            for one in made
        ],
    )

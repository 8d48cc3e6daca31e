"""Commands about a milestone: what people decide on it, from achieved to waived."""

from typing import Annotated

import typer

from cli import parsing
from cli.acting import Turn, act
from cli.options import By, Code, FixBy, IfVersion, Json, MilestoneKey, Reason, Year
from engine import actions
from engine.actions import Outcome

Until = Annotated[str, typer.Option("--until", metavar="DATE", help="The last day of it.")]


def achieve(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Declare a milestone achieved again, after it was returned or reopened."""

    def do(turn: Turn) -> Outcome:
        return actions.achieve_milestone(turn.tx, turn.code, turn.year, milestone, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


def verify(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    year: Year = None,
    remark: Annotated[str, typer.Option("--remark", metavar="TEXT", help="A word to the agency.")] = "",
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Accept a milestone with the records made so far."""

    def do(turn: Turn) -> Outcome:
        return actions.verify_milestone(
            turn.tx, turn.code, turn.year, milestone, remark=remark, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


def return_(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    reason: Reason,
    year: Year = None,
    fix_by: FixBy = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Send a milestone back to be mended; the verified level falls, the claimed one stands."""
    day = None if fix_by is None else parsing.day(fix_by)

    def do(turn: Turn) -> Outcome:
        return actions.return_milestone(
            turn.tx, turn.code, turn.year, milestone, reason=reason, fix_by=day, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


def reopen(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    reason: Reason,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Take a milestone back into work; its records stop counting until it is declared achieved again."""

    def do(turn: Turn) -> Outcome:
        return actions.reopen_milestone(
            turn.tx, turn.code, turn.year, milestone, reason=reason, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


def block(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    waiting_for: Annotated[str, typer.Option("--waiting-for", metavar="WHOM", help="For whom it waits.")],
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Report that a milestone waits for somebody else."""

    def do(turn: Turn) -> Outcome:
        return actions.block_milestone(
            turn.tx, turn.code, turn.year, milestone, waiting_for=waiting_for, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


def resume(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Lift a block or a postponement."""

    def do(turn: Turn) -> Outcome:
        return actions.resume_milestone(turn.tx, turn.code, turn.year, milestone, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


def postpone(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    until: Until,
    reason: Reason,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Put a milestone off to a later day of the year."""
    day = parsing.day(until)

    def do(turn: Turn) -> Outcome:
        return actions.postpone_milestone(
            turn.tx, turn.code, turn.year, milestone, until=day, reason=reason, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


def waive(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    until: Until,
    reason: Reason,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Excuse an agency from a milestone; until that day it does not break the ladder."""
    day = parsing.day(until)

    def do(turn: Turn) -> Outcome:
        return actions.waive_milestone(
            turn.tx, turn.code, turn.year, milestone, expires_on=day, reason=reason, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)

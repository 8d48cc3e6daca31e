"""Commands about quarter reports: write, submit, endorse, accept, return, show."""

from pathlib import Path
from typing import Annotated

import typer

from cli import parsing
from cli.acting import Turn, act
from cli.desk import Desk
from cli.options import By, Code, FixBy, IfVersion, Json, QuarterNumber, Reason, Year
from engine import actions
from engine.actions import Outcome
from engine.indicator import QuarterReport

Met = Annotated[
    list[str] | None,
    typer.Option("--met", metavar="KEY", help="A question of the checklist that is met; repeat it."),
]

app = typer.Typer(no_args_is_help=True, help="Quarter reports: write, submit, endorse, accept, return, show.")


@app.command()
def write(
    ctx: typer.Context,
    code: Code,
    quarter: QuarterNumber,
    text: Annotated[str | None, typer.Option("--text", metavar="TEXT", help="What was done.")] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Read the text from a UTF-8 file.")
    ] = None,
    result: Annotated[
        str | None,
        typer.Option(
            "--result", metavar="X", help="The result as the agency reports it; not reported is not 0."
        ),
    ] = None,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Write the draft of a report, or over it; what is not given stays as it was."""
    number = parsing.quarter_number(quarter)
    narrative = text if file is None else _text_of(file)
    value = None if result is None else parsing.number(result)

    def do(turn: Turn) -> Outcome:
        return actions.write_report(
            turn.tx, turn.code, turn.year, number, narrative=narrative, self_reported=value, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


def _text_of(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise parsing.unreadable("file.no_text", file=str(file)) from None


@app.command()
def submit(
    ctx: typer.Context,
    code: Code,
    quarter: QuarterNumber,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Hand a report in."""
    number = parsing.quarter_number(quarter)

    def do(turn: Turn) -> Outcome:
        return actions.submit_report(turn.tx, turn.code, turn.year, number, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command()
def endorse(
    ctx: typer.Context,
    code: Code,
    quarter: QuarterNumber,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Stand behind a submitted report, as section head."""
    number = parsing.quarter_number(quarter)

    def do(turn: Turn) -> Outcome:
        return actions.endorse_report(turn.tx, turn.code, turn.year, number, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command()
def accept(
    ctx: typer.Context,
    code: Code,
    quarter: QuarterNumber,
    quality: Annotated[
        int | None, typer.Option("--quality", metavar="2.1", help="Score 2.1; left out, it is not evaluated.")
    ] = None,
    timeliness: Annotated[
        int | None,
        typer.Option(
            "--timeliness", metavar="2.2", help="Score 2.2; left out, what the time of submission earns."
        ),
    ] = None,
    remark: Annotated[str, typer.Option("--remark", metavar="TEXT", help="A word to the agency.")] = "",
    met: Met = None,
    quality_reason: Annotated[
        str, typer.Option("--quality-reason", metavar="TEXT", help="Why 2.1 differs from the checklist.")
    ] = "",
    timeliness_reason: Annotated[
        str, typer.Option("--timeliness-reason", metavar="TEXT", help="Why 2.2 differs from the receipt.")
    ] = "",
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Accept an endorsed report with its scores, as evaluator."""
    number = parsing.quarter_number(quarter)

    def do(turn: Turn) -> Outcome:
        return actions.accept_report(
            turn.tx,
            turn.code,
            turn.year,
            number,
            quality=quality,
            timeliness_given=timeliness,
            remark=remark,
            met=met,
            quality_reason=quality_reason,
            timeliness_reason=timeliness_reason,
            **turn.common,
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command("return")
def return_(
    ctx: typer.Context,
    code: Code,
    quarter: QuarterNumber,
    reason: Reason,
    fix_by: FixBy = None,
    met: Met = None,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Send a report back to be mended."""
    number = parsing.quarter_number(quarter)
    day = None if fix_by is None else parsing.day(fix_by)

    def do(turn: Turn) -> Outcome:
        return actions.return_report(
            turn.tx, turn.code, turn.year, number, reason=reason, fix_by=day, met=met, **turn.common
        )

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command()
def show(
    ctx: typer.Context,
    code: Code,
    quarter: Annotated[
        str | None, typer.Argument(metavar="[QUARTER]", help="1 to 4; all by default.")
    ] = None,
    year: Year = None,
    as_json: Json = False,
) -> None:
    """The quarter reports of an indicator, with their scores."""
    desk: Desk = ctx.obj
    wanted = (1, 2, 3, 4) if quarter is None else (parsing.quarter_number(quarter),)
    code = code.strip()
    with desk.house().store.read() as tx:
        indicator = tx.indicator(code, desk.year(tx, code, year))
    reports = [indicator.reports[number] for number in wanted if number in indicator.reports]
    if as_json:
        desk.json([_as_data(report) for report in reports])
        return
    if not reports:
        desk.say("report.none", code=code)
    for report in reports:
        given = report.evaluation
        desk.say(
            "report.head",
            quarter=indicator.fiscal_year.quarters[report.quarter - 1],
            state=report.state,
            result=report.self_reported,
            submitted_at=report.submitted_at,
            quality=None if given is None else given.quality,
            timeliness=None if given is None else given.timeliness,
            origin=desk.wording.say("page.scores_of_page") if report.came_judged else None,
        )
        if report.return_reason:
            desk.say("report.returned_because", reason=report.return_reason, fix_by=report.fix_by)
        if report.narrative:
            desk.text(report.narrative)


def _as_data(report: QuarterReport) -> dict[str, object]:
    given = report.evaluation
    return {
        "quarter": report.quarter,
        "state": report.state,
        "narrative": report.narrative,
        "self_reported": report.self_reported,
        "submitted_at": report.submitted_at,
        "endorsed_at": report.endorsed_at,
        "return_reason": report.return_reason or None,
        "fix_by": report.fix_by,
        "quality": None if given is None else given.quality,
        "timeliness": None if given is None else given.timeliness,
        "remark": None if given is None else given.remark,
        "scores_of_page": report.came_judged,
    }

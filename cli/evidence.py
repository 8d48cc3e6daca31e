"""Commands about evidence that is kept: list, withdraw, get back, sweep."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.acting import Turn, act
from cli.desk import Desk
from cli.options import By, Code, IfVersion, Json, Reason, Year
from cli.sweeping import sweep_files
from engine.actions import Outcome, withdraw_evidence
from engine.evidence import EvidenceState, evidence_states
from engine.indicator import Indicator

app = typer.Typer(no_args_is_help=True, help="Evidence: list, withdraw, get back.")


@app.command("list")
def list_evidence(ctx: typer.Context, code: Code, year: Year = None, as_json: Json = False) -> None:
    """The evidence of an indicator, and whether each file is still whole."""
    desk: Desk = ctx.obj
    house = desk.house()
    with house.store.read() as tx:
        indicator = tx.indicator(code.strip(), desk.year(tx, code.strip(), year))
    today = house.policy.day_of(desk.clock())
    states = evidence_states(indicator, min(today, indicator.fiscal_year.last_day))
    rows = [
        {
            "number": one.number,
            "milestone": one.milestone,
            "request": one.request or None,
            "record": one.occurrence,
            "file_name": one.file_name or None,
            "link": one.link,
            "sha256": one.sha256,
            "attached_at": one.attached_at,
            "expires_on": one.expires_on,
            "replaces": one.replaces,
            "withdrawn_at": one.withdrawn_at,
            "state": states[one.number],
            "whole": None if one.sha256 is None else house.evidence.intact(one.sha256),
        }
        for one in indicator.evidence
    ]
    if as_json:
        desk.json(rows)
        return
    desk.table(
        ["label.number", "label.milestone", "label.request", "label.record", "label.file", "label.state"],
        [
            [
                str(row["number"]),
                desk.title(indicator, str(row["milestone"])),
                _asked_for(desk, indicator, str(row["milestone"]), row["request"]),
                str(row["record"] or "–"),
                str(row["file_name"] or row["link"]),
                _state_of(desk, row),
            ]
            for row in rows
        ],
    )


def _asked_for(desk: Desk, indicator: Indicator, milestone: str, key: object) -> str:
    """The title of the document that it is; its key where the definition asks for it no longer."""
    definition = indicator.workflow.milestone(milestone)
    asked = () if definition is None else definition.evidence
    return next((desk.wording.value(one.title) for one in asked if one.key == key), str(key or "–"))


def _state_of(desk: Desk, row: Mapping[str, object]) -> str:
    say, state = desk.wording.say, row["state"]
    if state is EvidenceState.WITHDRAWN:
        return say("label.withdrawn")
    if row["whole"] is False:
        return say("label.lost")
    return say(
        "evidence_list.state",
        state=say("label.kept") if state is EvidenceState.HOLDS else desk.wording.value(state),
        expires=row["expires_on"],
        replaces=row["replaces"],
    )


@app.command("withdraw")
def withdraw(
    ctx: typer.Context,
    code: Code,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the evidence.")],
    reason: Reason,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Take a piece of evidence back; the file itself is kept."""

    def do(turn: Turn) -> Outcome:
        return withdraw_evidence(turn.tx, turn.code, turn.year, number, reason=reason, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


@app.command("get")
def get(
    ctx: typer.Context,
    sha256: Annotated[
        str, typer.Argument(metavar="SHA256", help="As `radap evidence list --json` shows it.")
    ],
    target: Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")],
) -> None:
    """Write a kept file to another place."""
    desk: Desk = ctx.obj
    with desk.house().evidence.open(sha256) as content, target.open("xb") as copy:
        while chunk := content.read(1 << 20):
            copy.write(chunk)
    desk.say("done.written", file=str(target))


@app.command("sweep")
def sweep(ctx: typer.Context, as_json: Json = False) -> None:
    """Remove files that nobody attached within a day; the worker does so each night."""
    desk: Desk = ctx.obj
    swept = sweep_files(desk.house())
    if as_json:
        desk.json({"swept": swept})
    else:
        desk.say("done.swept", count=swept)

"""Commands about facts: record, plan, approve, void; and attach, for what proves them."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from cli import parsing
from cli.acting import Turn, act
from cli.desk import Desk
from cli.options import By, Code, IfVersion, Json, MilestoneKey, Number, Reason, Year
from engine.actions import (
    NewOccurrence,
    Outcome,
    approve_occurrence,
    attach_evidence,
    record_after_seal,
    record_occurrence,
    void_after_seal,
    void_occurrence,
)
from storage import evidence
from storage.file_names import clean_name, named_as

Kind = Annotated[
    str | None,
    typer.Option("--kind", metavar="KIND", help="Kind of record, where the milestone has several."),
]
Value = Annotated[str | None, typer.Option("--value", metavar="X", help="What was measured.")]
Document = Annotated[
    str | None, typer.Option("--document", metavar="NO", help="Number of the document, such as 571/2559.")
]
AfterSeal = Annotated[
    bool,
    typer.Option("--after-seal", help="Correct a sealed quarter, which stays as it was sealed (evaluators)."),
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="A remark; needed where there is no day.")]


def record(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    year: Year = None,
    on: Annotated[
        str | None, typer.Option("--on", metavar="DATE", help="When it happened: 2021-05-18, 18 พ.ค. 2564.")
    ] = None,
    quarter: Annotated[
        str | None,
        typer.Option("--quarter", metavar="N", help="Without a day: the quarter (give --note as well)."),
    ] = None,
    kind: Kind = None,
    value: Value = None,
    document: Document = None,
    note: Note = "",
    files: Annotated[
        list[Path] | None,
        typer.Option("--evidence", metavar="FILE", help="A file that proves it; may be given several times."),
    ] = None,
    fulfils: Annotated[
        int | None, typer.Option("--fulfils", metavar="N", help="Number of the plan that this keeps.")
    ] = None,
    after_seal: AfterSeal = False,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Record something that was done: a meeting, an order, a measured value."""
    desk: Desk = ctx.obj
    new = NewOccurrence(
        milestone=milestone,
        occurred_on=_day(on),
        quarter=None if quarter is None else parsing.quarter_number(quarter),
        kind=kind,
        value=None if value is None else parsing.number(value),
        document_number=document,
        note=note,
        fulfils=fulfils,
    )
    kept = [(file, _keep(desk, file)) for file in files or []]

    def do(turn: Turn) -> Outcome:
        doing = record_after_seal if after_seal else record_occurrence
        outcome = doing(turn.tx, turn.code, turn.year, new, **turn.common)
        for file, content in kept:
            evidence.register(turn.tx, content, desk.clock())
            attach_evidence(
                turn.tx,
                turn.code,
                turn.year,
                milestone,
                occurrence=outcome.number,
                sha256=content.sha256,
                file_name=_called(file, content),
                after_seal=after_seal,
                by=turn.by,
                now=turn.common["now"],
            )
        return outcome

    act(desk, code, year, by, if_version, as_json, do)


def plan(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    on: Annotated[str, typer.Option("--on", metavar="DATE", help="The day to come.")],
    year: Year = None,
    kind: Kind = None,
    value: Value = None,
    note: Note = "",
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Plan something for a day to come; only the projected level counts it."""
    new = NewOccurrence(
        milestone=milestone,
        occurred_on=_day(on),
        kind=kind,
        value=None if value is None else parsing.number(value),
        note=note,
        planned=True,
    )

    def do(turn: Turn) -> Outcome:
        return record_occurrence(turn.tx, turn.code, turn.year, new, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


def approve(
    ctx: typer.Context,
    code: Code,
    number: Number,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Approve a record without a day: it counts from the end of its quarter."""

    def do(turn: Turn) -> Outcome:
        return approve_occurrence(turn.tx, turn.code, turn.year, number, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


def void(
    ctx: typer.Context,
    code: Code,
    number: Number,
    reason: Reason,
    year: Year = None,
    after_seal: AfterSeal = False,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Take a record back; it stays in the history."""
    doing = void_after_seal if after_seal else void_occurrence

    def do(turn: Turn) -> Outcome:
        return doing(turn.tx, turn.code, turn.year, number, reason=reason, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


def attach(
    ctx: typer.Context,
    code: Code,
    milestone: MilestoneKey,
    what: Annotated[
        str, typer.Argument(metavar="FILE|LINK", help="A file, or a link that begins with https://.")
    ],
    year: Year = None,
    request: Annotated[
        str | None,
        typer.Option("--as", metavar="KEY", help="Which of the documents asked for; the first by default."),
    ] = None,
    occurrence: Annotated[
        int | None,
        typer.Option("--record", metavar="N", help="Number of the record that it proves."),
    ] = None,
    expires: Annotated[
        str | None, typer.Option("--expires", metavar="DATE", help="The last day on which it holds.")
    ] = None,
    replaces: Annotated[
        int | None,
        typer.Option(
            "--replaces", metavar="N", help="Number of the evidence of which it is a newer version."
        ),
    ] = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Attach a file or a link as evidence."""
    desk: Desk = ctx.obj
    is_link = what.startswith(("https://", "http://"))
    expires_on = _day(expires)
    content = None if is_link else _keep(desk, Path(what))

    def do(turn: Turn) -> Outcome:
        if content is not None:
            evidence.register(turn.tx, content, desk.clock())
        return attach_evidence(
            turn.tx,
            turn.code,
            turn.year,
            milestone,
            request=request,
            occurrence=occurrence,
            sha256=content.sha256 if content else None,
            link=what if is_link else None,
            file_name=_called(Path(what), content) if content else "",
            expires_on=expires_on,
            replaces=replaces,
            **turn.common,
        )

    act(desk, code, year, by, if_version, as_json, do)


def _called(file: Path, kept: evidence.Kept) -> str:
    """What a kept file is called."""
    return named_as(clean_name(file.name), kept.media_type)


def _day(typed: str | None) -> date | None:
    return None if typed is None else parsing.day(typed)


def _keep(desk: Desk, file: Path) -> evidence.Kept:
    """Stream a file into the evidence store; one that nothing points to afterwards does no harm."""
    house = desk.house()
    with file.open("rb") as content:
        kept = house.evidence.keep(content, file.name, house.scanner)
    with house.store.read() as tx:
        for code, year, milestone in evidence.used_by(tx.connection, kept.sha256):
            desk.note("evidence.used_before", name=file.name, code=code, year=year, milestone=milestone)
    return kept

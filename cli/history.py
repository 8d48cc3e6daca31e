"""Commands about the past: the journal of an indicator, the proof that nothing was touched, seals."""

import json
from datetime import date, datetime
from typing import Annotated, Any

import typer

from cli import parsing
from cli.desk import REFUSED, Desk, count
from cli.options import By, Json, Year
from engine.actions import seal_quarter
from engine.quarter import FiscalYear, Quarter
from engine.verdict import judged_elsewhere
from storage import checks, views
from storage.corrections import corrections
from storage.tables import CITY, indicators
from storage.transaction import Tx

app = typer.Typer(no_args_is_help=True, help="The journal: show it, verify it.")


@app.command()
def show(
    ctx: typer.Context,
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="Indicator; without one, the city's own journal.")
    ] = None,
    year: Year = None,
    as_json: Json = False,
) -> None:
    """What happened to an indicator, by whom and when, oldest first."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        stream = CITY if code is None else tx.indicator(code.strip(), desk.year(tx, code.strip(), year)).id
        lines = views.history(tx.connection, stream)
    if as_json:
        desk.json(
            [
                {
                    "number": one.entry.seq,
                    "what": one.entry.what,
                    "at": one.entry.at,
                    "by": one.by or None,
                    "data": json.loads(one.entry.data),
                    "hash": one.entry.hash,
                }
                for one in lines
            ]
        )
        return
    desk.table(
        ["label.number", "label.at", "label.event", "label.by", "label.particulars"],
        [
            [
                str(one.entry.seq),
                desk.wording.value(datetime.fromisoformat(one.entry.at)),
                desk.wording.word("event", one.entry.what),
                desk.wording.word("person_name", one.by) or "–",
                _particulars(desk, json.loads(one.entry.data)),
            ]
            for one in lines
        ],
        numbers=(0,),
    )


def _particulars(desk: Desk, data: dict[str, Any]) -> str:
    """What moved first, then the rest as it is kept, without what only programs need."""
    parts = []
    if "versions" in data:
        before, after = data["versions"]
        parts.append(desk.wording.say("history.versions", before=before, after=after))
    for basis in ("claimed", "verified"):
        if basis in data:
            before, after = data[basis]
            parts.append(f"{desk.wording.word('basis', basis)} {before} → {after}")
    plain = {**data}
    for name, value in data.items():
        if isinstance(value, dict) and name in ("occurrence", "evidence"):
            plain |= value
        elif name in ("occurrence", "evidence"):
            plain["number"] = value
    for key in (
        "milestone",
        "number",
        "occurred_on",
        "document_number",
        "quarter",
        "reason",
        "code",
        "name",
        "hash",
    ):
        value = plain.get(key)
        if isinstance(value, str | int):
            parts.append(f"{desk.wording.say(f'particular.{key}')} {_shown(desk, key, value)}")
    if quarters := judged_elsewhere(data):
        parts.append(desk.wording.say("history.page_scores", quarters=quarters))
    return " · ".join(parts) or "–"


def _shown(desk: Desk, key: str, value: str | int) -> str:
    if key == "occurred_on":
        return desk.wording.value(date.fromisoformat(str(value)))
    return f"{str(value)[:12]}…" if key == "hash" else str(value)


@app.command()
def verify(
    ctx: typer.Context,
    year: Annotated[
        str | None, typer.Argument(metavar="[YEAR]", help="With --seal: of this fiscal year (BE) alone.")
    ] = None,
    quarter: Annotated[
        str | None, typer.Argument(metavar="[QUARTER]", help="With --seal: this quarter alone, 1 to 4.")
    ] = None,
    with_seals: Annotated[
        bool, typer.Option("--seal", help="Prove the sealed quarters as well, level by level.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Walk the whole journal; names the first event of each indicator that was touched."""
    desk: Desk = ctx.obj
    wanted = _wanted(year, quarter, with_seals)
    findings: list[dict[str, Any]] = []
    streams = 0
    with desk.house().store.read() as tx:
        with desk.progress("progress.journal", count(tx, indicators) + 1) as bar:
            for code, broken in checks.journal(tx):
                streams += 1
                bar.step()
                if broken is not None:
                    findings.append(_broken(desk, code, broken.stream, broken.seq, broken.fault))
        seals = [one for one in wanted or checks.sealed_quarters(tx) if with_seals]
        findings += [finding for quarter in seals for finding in _seal_findings(desk, tx, quarter)]
        corrected = [one for quarter in seals for one in _corrected(desk, tx, quarter)]
    if as_json:
        desk.json({"streams": streams, "seals": len(seals), "findings": findings, "corrected": corrected})
    else:
        for finding in findings:
            desk.text(finding["text"])
        if not findings:
            desk.say("journal.whole", streams=streams)
            if with_seals:
                desk.say("seal.whole", seals=len(seals))
        for one in corrected:
            desk.text(one["text"])
    if findings:
        raise typer.Exit(REFUSED)


def _wanted(year: str | None, quarter: str | None, with_seals: bool) -> list[Quarter]:
    """The quarters that are named; none means all that are sealed."""
    if year is None:
        return []
    if not with_seals:
        raise parsing.unreadable("seal.not_asked")
    quarters = parsing.fiscal_year(year).quarters
    return list(quarters) if quarter is None else [quarters[parsing.quarter_number(quarter) - 1]]


def _broken(desk: Desk, code: str, stream: int, seq: int, fault: str) -> dict[str, Any]:
    who = code or (desk.wording.say("journal.city") if stream == CITY else str(stream))
    text = desk.wording.say(f"journal.{fault}", code=who, number=seq)
    return {"code": code or None, "event": seq, "fault": fault, "text": text}


def _seal_findings(desk: Desk, tx: Tx, quarter: Quarter) -> list[dict[str, Any]]:
    return [
        {
            "code": one.code or None,
            "quarter": quarter.number,
            "fiscal_year": FiscalYear(quarter.fiscal_year).be,
            "fault": one.fault,
            "number": one.number or None,
            "text": desk.wording.say(
                f"seal.{one.fault}", code=one.code, quarter=quarter, number=one.number or None
            ),
        }
        for one in checks.seal(tx, quarter)
    ]


def _corrected(desk: Desk, tx: Tx, quarter: Quarter) -> list[dict[str, Any]]:
    """What was corrected after the seal: no finding, for the seal stands beside it as it was made."""
    return [
        {
            "code": one.code,
            "quarter": quarter.number,
            "fiscal_year": FiscalYear(quarter.fiscal_year).be,
            "sealed": {"claimed": one.sealed_claimed, "verified": one.sealed_verified},
            "now": {"claimed": one.claimed, "verified": one.verified},
            "facts": one.facts,
            "text": desk.wording.say("seal.corrected", {**one._asdict(), "quarter": quarter}),
        }
        for one in corrections(tx.connection, quarter)
    ]


def seal(
    ctx: typer.Context,
    year: Annotated[str, typer.Argument(metavar="YEAR", help="Fiscal year in the Buddhist Era.")],
    quarter: Annotated[str, typer.Argument(metavar="QUARTER", help="1 to 4.")],
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why, although something is still open.")
    ] = "",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Freeze a quarter: every level, rule version and journal end, under one hash."""
    desk: Desk = ctx.obj
    wanted = parsing.fiscal_year(year).quarters[parsing.quarter_number(quarter) - 1]
    with desk.progress("progress.seal", total=None), desk.house().store.begin() as tx:
        still_open = tx.still_open(wanted)
        digest = seal_quarter(tx, wanted, reason=reason, by=desk.person(tx, by), now=desk.clock())
    if as_json:
        desk.json(
            {
                "fiscal_year": FiscalYear(wanted.fiscal_year).be,
                "quarter": wanted.number,
                "hash": digest,
                "open": still_open,
            }
        )
    else:
        for check, number in still_open.items():
            desk.say(f"sealing.{check}", count=number, quarter=wanted)
        desk.say("done.sealed", quarter=wanted, hash=digest)

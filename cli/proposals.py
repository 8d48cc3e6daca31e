"""Commands about the facts that texts propose: list them, read the reports again, accept, refuse."""

from collections.abc import Iterable
from typing import Annotated, Any

import typer

from cli import parsing
from cli.acting import Turn, act
from cli.desk import REFUSED, Desk
from cli.options import By, Code, IfVersion, Json, Year
from engine import actions
from engine.actions import Accepted, Outcome
from engine.actions.proposals import as_fact
from engine.errors import Refusal
from engine.proposed import OPEN, Proposed
from engine.wording import Wording

Numbers = Annotated[
    list[int] | None,
    typer.Argument(metavar="[NUMBER...]", help="Numbers of proposals; none for all that wait."),
]


def listed(
    ctx: typer.Context,
    code: Code,
    year: Year = None,
    every: Annotated[
        bool, typer.Option("--every", help="Also those that were decided on, or are no longer in the text.")
    ] = False,
    as_json: Json = False,
) -> None:
    """The facts that the texts of an indicator propose."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        indicator = tx.indicator(code.strip(), desk.year(tx, code.strip(), year))
        found = [one for one in tx.proposals(indicator) if every or one.state in OPEN]
    if as_json:
        desk.json([_as_data(desk.wording, one) for one in found])
        return
    if not found:
        desk.say("import.nothing_proposed", code=indicator.code)
        return
    heads = ["label.number", "label.quarter", "label.milestone", "label.at", "label.confidence"]
    desk.table(
        [*heads, "label.state", "label.words"],
        [
            [
                str(one.number),
                str(one.quarter),
                "–" if one.milestone is None else desk.title(indicator, one.milestone),
                _when(desk.wording, one),
                desk.wording.word("confidence", one.confidence),
                desk.wording.word("proposal_state", one.state),
                one.text or desk.wording.value(one.value),
            ]
            for one in found
        ],
        numbers=(0, 1),
    )


def read(
    ctx: typer.Context,
    code: Code,
    year: Year = None,
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Read the facts that the reports of an indicator propose now."""

    def do(turn: Turn) -> Outcome:
        return actions.propose_facts(turn.tx, turn.code, turn.year, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


def accept(
    ctx: typer.Context,
    code: Code,
    numbers: Numbers = None,
    year: Year = None,
    milestone: Annotated[
        str | None, typer.Option("--milestone", metavar="MILESTONE", help="At this milestone instead.")
    ] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="On this day instead.")] = None,
    no_day: Annotated[
        bool, typer.Option("--no-day", help="Nobody knows the day: it counts once somebody approves it.")
    ] = False,
    kind: Annotated[
        str | None, typer.Option("--kind", metavar="KIND", help="As this kind of record instead.")
    ] = None,
    certain: Annotated[
        bool, typer.Option("--certain", help="Of all that wait only those about which nothing is in doubt.")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make facts of proposals: of all that wait, or of one, which may be changed."""
    desk: Desk = ctx.obj
    said = {"milestone": milestone, "occurred_on": parsing.day(on) if on else None, "kind": kind}
    changes: dict[str, Any] = {name: value for name, value in said.items() if value}
    if no_day and on:
        raise parsing.unreadable("proposal.day_or_none")
    if no_day:
        changes["occurred_on"] = None
    if changes and len(numbers or []) != 1:
        raise parsing.unreadable("proposal.change_one")
    house = desk.house()
    with house.store.begin() as tx:
        person, own = desk.person(tx, by), code.strip()
        fiscal_year, now = desk.year(tx, own, year), desk.clock()
        if not numbers:
            done = actions.accept_proposals(tx, own, fiscal_year, only_certain=certain, by=person, now=now)
        else:
            for number in numbers:
                changed = None
                if changes:
                    one = next(
                        (one for one in tx.proposals(tx.indicator(own, fiscal_year)) if one.number == number),
                        None,
                    )
                    changed = None if one is None else as_fact(one, changes)
                actions.accept_proposal(tx, own, fiscal_year, number, changed=changed, by=person, now=now)
            done = Accepted(tuple(numbers), (), ())
        level = tx.indicator(own, fiscal_year).stored.claimed.level
    if as_json:
        desk.json({"code": own, **accepted_data(desk, done), "claimed": level})
    else:
        tell_accepted(desk, done)
    if done.refused:
        raise typer.Exit(REFUSED)


def refuse(
    ctx: typer.Context,
    code: Code,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the proposal.")],
    year: Year = None,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why it is no fact.")] = "",
    by: By = None,
    if_version: IfVersion = None,
    as_json: Json = False,
) -> None:
    """Say that a proposal is no fact."""

    def do(turn: Turn) -> Outcome:
        return actions.refuse_proposal(turn.tx, turn.code, turn.year, number, reason=reason, **turn.common)

    act(ctx.obj, code, year, by, if_version, as_json, do)


def accepted_data(desk: Desk, done: Accepted) -> dict[str, Any]:
    """For programs: which proposals became facts, and why others did not, by their numbers."""

    def sentences(why: Iterable[tuple[int, Refusal]]) -> dict[str, list[str]]:
        return {str(number): desk.wording.refusal(refusal) for number, refusal in why}

    return {
        "accepted": done.accepted,
        "approved": done.approved,
        "refused": sentences(done.refused),
        "left": sentences(done.left),
    }


def tell_accepted(desk: Desk, done: Accepted) -> None:
    desk.say("import.facts", accepted=len(done.accepted), approved=len(done.approved))
    for number, refusal in (*done.refused, *done.left):
        for text in desk.wording.refusal(refusal):
            desk.note("import.not_a_fact", number=number, sentence=text)


def _when(wording: Wording, one: Proposed) -> str:
    """Its day; where a person has to give it, the days among which it is."""
    if one.needs_day:
        return wording.say("import.day_asked", first=one.first_on, last=one.last_on)
    return wording.value(one.occurred_on)


def _as_data(wording: Wording, one: Proposed) -> dict[str, Any]:
    return {
        "number": one.number,
        "quarter": one.quarter,
        "words": [one.begins, one.ends],
        "text": one.text,
        "standing": one.standing,
        "milestone": one.milestone,
        "kind": one.kind,
        "counts": one.counts,
        "occurred_on": one.occurred_on,
        "first_on": one.first_on,
        "last_on": one.last_on,
        "needs_day": one.needs_day,
        "is_contradicted": one.is_contradicted,
        "document_number": one.document_number,
        "value": one.value,
        "confidence": one.confidence,
        "why": [wording.say(reason.kind, reason.params) for reason in one.why],
        "state": one.state,
        "record": one.occurrence,
    }

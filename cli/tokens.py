"""Commands about personal tokens: made for programs of people, listed, revoked."""

from typing import Annotated, Any

import typer

from cli import parsing
from cli.accounts import manager
from cli.desk import Desk
from cli.options import By, Json
from engine.errors import refuse
from engine.permissions import Person
from engine.tokens import LASTS, NewToken, Scope
from storage import registry, tokens
from storage.sessions import Client
from storage.tokens import Token
from storage.transaction import Tx

app = typer.Typer(no_args_is_help=True, help="Tokens of programs: add, list, revoke.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Whose token it is.")]
#: From where all of this is done, as the door's log names it.
_HERE = Client("", "radap token")


def _person(tx: Tx, email: str) -> Person:
    """The person of that address; the operator comes to no door."""
    if email.strip().lower() == registry.OPERATOR_EMAIL:
        raise refuse("user.operator", email=email)
    return registry.person(tx.connection, email)


@app.command()
def add(
    ctx: typer.Context,
    email: Email,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scopes: Annotated[
        list[str] | None,
        typer.Option("--scope", metavar="SCOPE", help="read, record, review, manage or admin; repeatable."),
    ] = None,
    days: Annotated[int, typer.Option("--days", metavar="N", help="How long it works.")] = LASTS[0],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Make a token with which a program works for a person; its secret is told once."""
    desk: Desk = ctx.obj
    new = NewToken(name, scopes or [str(Scope.READ)], days)
    with desk.house().store.begin() as tx:
        actor, person = manager(desk, tx, by), _person(tx, email)
        secret, made = tokens.make(tx, person.id, new, _HERE, desk.clock(), by=actor.id)
    if as_json:
        desk.json({**_as_data(made), "token": secret})
        return
    desk.say("tokens.cli_made", name=made.name, person=person.name, until=made.ends_at)
    desk.text(secret)


@app.command("list")
def list_tokens(ctx: typer.Context, email: Email, by: By = None, as_json: Json = False) -> None:
    """The tokens of a person, the newest first; never their secrets."""
    desk: Desk = ctx.obj
    now = desk.clock()
    with desk.house().store.read() as tx:
        manager(desk, tx, by)
        found = tokens.of_person(tx.connection, _person(tx, email).id)
    if as_json:
        desk.json([{**_as_data(one), "live": one.is_live(now)} for one in found])
        return
    value = desk.wording.value
    desk.table(
        ["label.number", "label.name", "label.scopes", "label.ends", "label.used", "label.state"],
        [
            [
                str(one.id),
                one.name,
                ", ".join(sorted(one.scopes)),
                value(one.ends_at),
                value(one.used_at),
                _state(desk, one),
            ]
            for one in found
        ],
    )


def _state(desk: Desk, one: Token) -> str:
    if one.revoked_at is not None:
        return desk.wording.say("tokens.revoked")
    return "–" if one.is_live(desk.clock()) else desk.wording.say("tokens.ended")


@app.command()
def revoke(
    ctx: typer.Context,
    email: Email,
    number: Annotated[
        int | None, typer.Argument(metavar="[NUMBER]", help="As `radap token list` shows it.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All that the person has.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """End a token, or all of a person: programs that use it come in no more."""
    desk: Desk = ctx.obj
    if (number is None) is not every:
        raise parsing.unreadable("tokens.one_or_all")
    with desk.house().store.begin() as tx:
        actor, person = manager(desk, tx, by), _person(tx, email)
        if number is None:
            ended = tokens.revoke_all(tx, person.id, _HERE, desk.clock(), by=actor.id)
        else:
            tokens.revoke(tx, person.id, number, _HERE, desk.clock(), by=actor.id)
            ended = 1
    if as_json:
        desk.json({"number": number, "revoked": ended})
    elif number is None:
        desk.say("tokens.cli_all_revoked", count=ended, person=person.name)
    else:
        desk.say("tokens.cli_revoked", number=number, person=person.name)


def _as_data(one: Token) -> dict[str, Any]:
    return {
        "number": one.id,
        "name": one.name,
        "scopes": sorted(one.scopes),
        "made_at": one.made_at,
        "ends_at": one.ends_at,
        "used_at": one.used_at,
        "revoked_at": one.revoked_at,
    }

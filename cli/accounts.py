"""Commands about how people come in: links to set a password, sessions, the second step, the door's log."""

import getpass
import sys
from typing import Annotated, Any

import typer

from cli.desk import Desk
from cli.options import By, Json
from engine import actions
from engine.errors import refuse
from engine.permissions import Person
from engine.signing_in import LONGEST
from storage import door, registry, second_factors, sessions
from storage.accounts import StoredAccounts
from storage.door import AtTheDoor
from storage.passwords import Passwords
from storage.sessions import Client
from storage.transaction import Tx
from web import setup_links
from web.setup_links import SetupLink

Email = Annotated[str, typer.Argument(metavar="EMAIL")]
#: From where all of this is done, as the door's log names it.
_HERE = Client("", "radap user")


def manager(desk: Desk, tx: Tx, by: str | None) -> Person:
    """Whoever acts, who is to be somebody who manages people."""
    person = desk.person(tx, by)
    actions.check_manager(person)
    return person


def _accounts(desk: Desk) -> StoredAccounts:
    settings = desk.settings
    return StoredAccounts(desk.house().store, Passwords(), settings.mail.sender_name, "radap")


def _person(desk: Desk, email: str, by: str | None) -> Person:
    """The person of that address, for a manager; the operator comes to no door."""
    with desk.house().store.read() as tx:
        manager(desk, tx, by)
        if email.strip().lower() == registry.OPERATOR_EMAIL:
            raise refuse("user.operator", email=email)
        return registry.person(tx.connection, email)


def _manager(desk: Desk, by: str | None) -> Person:
    with desk.house().store.read() as tx:
        return manager(desk, tx, by)


# --- links to set a password -------------------------------------------------------------------------------


def link_for(desk: Desk, person: int, by: int) -> SetupLink | None:
    """A link for that person; ``None`` in a house where nobody has a password."""
    if desk.settings.sign_in.oidc.only:
        return None
    store, base_url = desk.house().store, desk.settings.web.base_url
    return setup_links.make(store, _accounts(desk), base_url, person, _HERE, desk.clock(), by)


def tell_link(desk: Desk, made: SetupLink) -> None:
    desk.say("user.link", url=made.url, until=made.until)


def told_of(made: SetupLink | None) -> dict[str, Any]:
    """The link as programs are told of it."""
    return {"link": made.url if made else None, "link_until": made.until if made else None}


def link(ctx: typer.Context, email: Email, by: By = None, as_json: Json = False) -> None:
    """Make a new link with which a person sets a password; it works once, for 7 days."""
    desk: Desk = ctx.obj
    person, actor = _person(desk, email, by), _manager(desk, by)
    made = link_for(desk, person.id, actor.id)
    if made is None:
        raise refuse("user.no_passwords", name=desk.settings.sign_in.oidc.name)
    if as_json:
        desk.json({"email": email.strip().lower(), **told_of(made)})
    else:
        tell_link(desk, made)


def password(ctx: typer.Context, email: Email, by: By = None, as_json: Json = False) -> None:
    """Set a person's password: typed twice, or read from standard input.

    Their sessions end; where it takes the place of another password, their tokens as well.
    """
    desk: Desk = ctx.obj
    person, actor, accounts = _person(desk, email, by), _manager(desk, by), _accounts(desk)
    at_stake = accounts.tokens_at_stake(person.id, desk.clock())
    if at_stake and sys.stdin.isatty() and not as_json:
        desk.say("user.tokens_will_end", name=person.name, tokens=at_stake)
    ended = accounts.set_password(person.id, _typed(desk), _HERE, desk.clock(), by=actor.id)
    if as_json:
        desk.json({"email": email.strip().lower(), "set": True, "tokens_revoked": ended})
    else:
        desk.say("user.password_set", name=person.name, tokens=ended or None)


def _typed(desk: Desk) -> str:
    """What was typed: twice by a person, who cannot see it; once by a program."""
    if not sys.stdin.isatty():
        return sys.stdin.readline(LONGEST + 2).rstrip("\r\n")
    say = desk.wording.say
    first, again = (getpass.getpass(say(kind)) for kind in ("user.type_password", "user.type_again"))
    if first != again:
        raise refuse("user.passwords_differ")
    return first


# --- sessions and the second step --------------------------------------------------------------------------


def list_sessions(
    ctx: typer.Context,
    email: Email,
    end: Annotated[bool, typer.Option("--end", help="End all of them.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Where a person is signed in."""
    desk: Desk = ctx.obj
    person, now = _person(desk, email, by), desk.clock()
    with desk.house().store.read() as tx:
        found = sessions.of_person(tx.connection, person.id, now)
    if end:
        _accounts(desk).end_sessions(person.id, _HERE, now, by=_manager(desk, by).id)
    if as_json:
        desk.json({"sessions": [one._asdict() for one in found], "ended": end})
    elif end or not found:
        desk.say("user.sessions_ended" if end else "user.no_sessions", name=person.name, count=len(found))
    else:
        value = desk.wording.value
        heads = ["label.begun", "label.seen", "label.address", "label.browser"]
        desk.table(
            heads, [[value(one.begun_at), value(one.seen_at), one.address, one.agent] for one in found]
        )


def second_factor(
    ctx: typer.Context,
    email: Email,
    remove: Annotated[bool, typer.Option("--remove", help="Take it off; their sessions end.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Whether a person is asked for a code after the password."""
    desk: Desk = ctx.obj
    person, now = _person(desk, email, by), desk.clock()
    with desk.house().store.read() as tx:
        found = second_factors.of_person(tx.connection, person.id, now)
    if remove:
        _accounts(desk).take_factor_off(person.id, _HERE, now, by=_manager(desk, by).id)
    if as_json:
        desk.json({"set_at": found.set_at, "codes_left": found.codes_left, "removed": remove})
    elif remove:
        desk.say("user.factor_removed", name=person.name)
    elif found.set_at is None:
        desk.say("user.factor_none", name=person.name)
    else:
        desk.say("user.factor_set", name=person.name, at=found.set_at, left=found.codes_left)


# --- the log -----------------------------------------------------------------------------------------------


def show_log(
    ctx: typer.Context,
    email: Annotated[str | None, typer.Argument(metavar="[EMAIL]")] = None,
    last: Annotated[int, typer.Option("--last", metavar="N", min=1, help="How many lines.")] = 50,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Who signed in, failed, had to wait or was refused: the newest first."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        manager(desk, tx, by)
        known = registry.people(tx.connection)
        who = registry.person(tx.connection, email) if email else None
        lines = door.lines(tx.connection, last, person=who.id if who else None, email=email or "")
    emails = {one.id: one.email for one in known}
    typed = {door.subject_of(one.email): one.email for one in known}
    shown = [(line, emails.get(line.person or 0) or typed.get(line.subject)) for line in lines]
    if as_json:
        desk.json(
            [
                {
                    "at": line.at,
                    "what": line.what,
                    "person": person,
                    "address": line.address,
                    "browser": line.agent,
                    "detail": line.detail,
                }
                for line, person in shown
            ]
        )
        return
    value, word = desk.wording.value, desk.wording.word
    desk.table(
        ["label.at", "label.what", "label.email", "label.address", "label.detail"],
        [
            [value(line.at), word("door", line.what), _whose(desk, line, person), line.address, line.detail]
            for line, person in shown
        ],
    )


def _whose(desk: Desk, line: door.Line, person: str | None) -> str:
    """The address of the person; of an attempt under one that nobody has, only that it is so."""
    if person is not None:
        return person
    nobody = line.subject and line.what in (AtTheDoor.FAILED, AtTheDoor.WAITED, AtTheDoor.RESET_ASKED)
    return desk.wording.say("user.nobody") if nobody else "–"

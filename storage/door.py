"""The door's log: a line for whatever somebody did there, and how long they have to wait because of it."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Column, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from engine.signing_in import OF_ACCOUNT, OF_ADDRESS, Limits, wait_until
from storage.account_tables import door_log
from storage.sessions import Client
from storage.tables import people
from storage.transaction import Tx

_d = door_log.c
#: What is kept of what somebody wanted.
_DETAIL = 200


class AtTheDoor(StrEnum):
    """What somebody did at the door: the vocabulary of its log."""

    TRIED = "tried"  # an attempt that is just being looked at
    FAILED = "failed"
    WAITED = "waited"  # turned away because of what had failed before
    PASSWORD_ACCEPTED = "password_accepted"  # noqa: S105 - a word, not a password
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"
    PASSWORD_SET = "password_set"  # noqa: S105 - a word, not a password
    LINK_MADE = "link_made"
    RESET_ASKED = "reset_asked"
    FACTOR_SET = "factor_set"
    FACTOR_REMOVED = "factor_removed"
    CODES_MADE = "codes_made"
    TOKEN_MADE = "token_made"  # noqa: S105 - a word, not a secret
    TOKEN_REVOKED = "token_revoked"  # noqa: S105 - a word, not a secret
    REFUSED = "refused"  # wanted what they may not


#: What counts as failed: also an attempt that is not decided, or many at once would all be looked at.
_COUNTED = (AtTheDoor.FAILED, AtTheDoor.TRIED)


def log(
    tx: Tx,
    what: AtTheDoor,
    person: int | None,
    client: Client,
    now: datetime,
    *,
    subject: str = "",
    detail: str = "",
) -> int:
    """Write down what somebody did at the door; returns the number of the line."""
    line = insert(door_log).values(
        at=now,
        what=what,
        person_id=person,
        subject=subject,
        address=client.address,
        agent=client.agent,
        detail=printable(detail, _DETAIL),
    )
    return int(tx.connection.execute(line.returning(_d.id)).scalar_one())


def came_of(tx: Tx, line: int, what: AtTheDoor, person: int | None = None, detail: str = "") -> None:
    """Write down what came of an attempt."""
    given = {"what": what, "person_id": person, "detail": printable(detail, _DETAIL)}
    tx.connection.execute(update(door_log).where(_d.id == line).values(given))


def wait(
    connection: Connection, subject: str, client: Client, now: datetime, *, but: int = 0
) -> datetime | None:
    """Until when the account or the network address has to wait; the attempt of that line does not count."""
    waits = [
        wait_until(_failures(connection, column, value, limits.window, now, but), limits, now)
        for column, value, limits in _limited(subject, client)
    ]
    return max((one for one in waits if one is not None), default=None)


def _limited(subject: str, client: Client) -> list[tuple[Column[str], str, Limits]]:
    """What is limited: an account only where there is one, and the address from which it is tried."""
    of_account = [(_d.subject, subject, OF_ACCOUNT)] if subject else []
    return [*of_account, (_d.address, client.address, OF_ADDRESS)]


def _failures(
    connection: Connection, column: Column[str], value: str, window: timedelta, now: datetime, but: int
) -> list[datetime]:
    query = select(_d.at).where(column == value, _d.at > now - window, _d.what.in_(_COUNTED), _d.id != but)
    return list(connection.execute(query).scalars())


def times(
    connection: Connection, what: AtTheDoor, since: datetime, *, subject: str = "", address: str = ""
) -> int:
    """How often that was done since then, for an account or from a network address."""
    whose = _d.subject == subject if subject else _d.address == address
    query = select(func.count()).select_from(door_log).where(_d.what == what, _d.at > since, whose)
    return int(connection.execute(query).scalar_one())


def subject_of(email: str) -> str:
    """What the log keeps of an address that was typed."""
    return hashlib.sha256(email.strip().lower().encode(errors="replace")).hexdigest()


class Line(NamedTuple):
    """A line of the log; ``name`` is that of the person, where it is known who it was."""

    id: int
    at: datetime
    what: AtTheDoor
    person: int | None
    subject: str
    address: str
    agent: str
    detail: str
    name: str | None


def lines(
    connection: Connection,
    n: int,
    *,
    person: int | None = None,
    email: str = "",
    what: AtTheDoor | None = None,
    before: int | None = None,
) -> list[Line]:
    """The last lines, the newest first: all, or those of one person and of attempts under their address.

    Narrowed to what was done, and to those ``before`` a line.
    """
    wanted = [
        *([or_(_d.person_id == person, _d.subject == subject_of(email))] if person is not None else []),
        *([_d.what == what] if what is not None else []),
        *([_d.id < before] if before is not None else []),
    ]
    query = (
        select(
            *(_d.id, _d.at, _d.what, _d.person_id, _d.subject, _d.address, _d.agent, _d.detail),
            people.c.name,
        )
        .join_from(door_log, people, people.c.id == _d.person_id, isouter=True)
        .where(*wanted)
        .order_by(_d.id.desc())
        .limit(n)
    )
    rows = connection.execute(query)
    return [Line(row.id, row.at, AtTheDoor(row.what), *row[3:]) for row in rows]


def printable(text: str, most: int) -> str:
    """What can be kept and shown of a text that came from outside."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text[:most])

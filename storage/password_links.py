"""Links with which a person sets a password: the newest of each kind, kept as its hash, until it was used."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum

from sqlalchemy import delete, func, or_, select
from sqlalchemy.engine import Connection

from engine.outbox import RESET, Claimed
from engine.signing_in import RESET_LASTS
from storage.account_tables import credentials, password_links
from storage.outbox_tables import outbox
from storage.statements import upsert
from storage.transaction import Tx

_l, _o, _c = password_links.c, outbox.c, credentials.c


class LinkKind(StrEnum):
    """Where a link comes from: made by an administrator, or asked for at the door and sent by mail."""

    SETUP = "setup"
    RESET = "reset"


def keep(tx: Tx, kind: LinkKind, person: int, digest: str, ends_at: datetime, now: datetime) -> None:
    """From now on that is the person's link of that kind; an earlier one opens nothing."""
    row = {"person_id": person, "kind": kind, "digest": digest, "made_at": now, "ends_at": ends_at}
    tx.connection.execute(upsert(password_links, tx.connection.dialect), row)


def is_live(connection: Connection, person: int, digest: str, now: datetime) -> bool:
    """Whether the link still sets a password."""
    query = select(_l.kind).where(_l.person_id == person, _l.digest == digest, _l.ends_at > now)
    return connection.execute(query).one_or_none() is not None


def use(tx: Tx, person: int, digest: str, now: datetime) -> bool:
    """Whether the link still sets a password: it does so once."""
    gone = delete(password_links).where(_l.person_id == person, _l.digest == digest, _l.ends_at > now)
    return tx.connection.execute(gone).rowcount == 1


def forget(tx: Tx, person: int) -> None:
    """No link of the person sets a password any more."""
    tx.connection.execute(delete(password_links).where(_l.person_id == person))


def wanted(connection: Connection, messages: Collection[Claimed], now: datetime) -> set[int]:
    """Those of the messages whose link is still wanted: lately asked for, not again, nor set meanwhile."""
    asked = [one for one in messages if one.kind == RESET and now - one.created_at < RESET_LASTS]
    if not asked:
        return set()
    last = (
        select(func.max(_o.id))
        .where(_o.kind == RESET, _o.person_id.in_([one.person for one in asked]))
        .group_by(_o.person_id)
    )
    query = (
        select(_o.id)
        .join(credentials, _c.person_id == _o.person_id, isouter=True)
        .where(
            _o.id.in_([one.id for one in asked]),
            _o.id.in_(last),
            or_(_c.changed_at.is_(None), _c.changed_at <= _o.created_at),
        )
    )
    return set(connection.execute(query).scalars())

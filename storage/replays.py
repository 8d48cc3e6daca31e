"""What was answered to a change, kept under the key that its sender gave it, to be told again."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select, update

from engine.tokens import REPLAYED_FOR
from storage.statements import insert_once
from storage.token_tables import replays
from storage.transaction import Tx

_r = replays.c


class Answer(NamedTuple):
    """An answer as it was given."""

    status: int
    headers: Mapping[str, str]
    body: str


class Kept(NamedTuple):
    """What was asked under a key, as a hash, and what was answered."""

    request_hash: str
    answer: Answer


def claim(tx: Tx, token: int, key: str, request_hash: str, now: datetime) -> Kept | None:
    """What was answered under the key already; ``None`` where it is ours now, until the transaction ends.

    Two at once: the second waits here for the end of the first.
    """
    tx.connection.execute(delete(replays).where(_r.at <= now - REPLAYED_FOR))
    row = insert_once(replays, tx.store.engine.dialect).values(
        token_id=token, key=key, request_hash=request_hash, at=now, status=0, headers="{}", body=""
    )
    if tx.connection.execute(row.returning(_r.key)).scalar_one_or_none() is not None:
        return None
    found = tx.connection.execute(
        select(_r.request_hash, _r.status, _r.headers, _r.body).where(_r.token_id == token, _r.key == key)
    ).one()
    return Kept(found.request_hash, Answer(found.status, json.loads(found.headers), found.body))


def keep(tx: Tx, token: int, key: str, answer: Answer) -> None:
    """Keep what is answered, in the transaction of what it tells of."""
    given = {"status": answer.status, "headers": json.dumps(dict(answer.headers)), "body": answer.body}
    tx.connection.execute(update(replays).where(_r.token_id == token, _r.key == key).values(given))

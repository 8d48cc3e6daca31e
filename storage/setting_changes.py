"""Settings that were changed while the house ran: every change, who made it and when, with its event."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, insert, select
from sqlalchemy.engine import Connection

from engine.errors import unless
from engine.events import Event, Happened
from engine.guards import not_permitted
from engine.permissions import Action, Person, Subject
from storage import tables as t
from storage.transaction import Tx


class SettingChange(NamedTuple):
    """A change of one setting; ``value`` is ``None`` where the configuration's own holds again."""

    key: str
    value: Any
    at: datetime
    by: str


_c = t.setting_changes.c
_NEWEST = select(func.coalesce(func.max(_c.id), 0))
_EVERY = (
    select(_c.key, _c.value, _c.changed_at, t.people.c.name)
    .join(t.people, t.people.c.id == _c.changed_by)
    .order_by(_c.id)
)


def newest(connection: Connection) -> int:
    """The number of the newest change, 0 while there is none: one end of an index."""
    return int(connection.execute(_NEWEST).scalar_one())


def every(connection: Connection) -> list[SettingChange]:
    """Every change in its order."""
    return [
        SettingChange(key, None if value is None else json.loads(value), at, by)
        for key, value, at, by in connection.execute(_EVERY)
    ]


def change(tx: Tx, key: str, before: str, after: str, value: Any, *, by: Person, now: datetime) -> None:
    """Set it to the value, or with ``None`` back to the configuration's own.

    ``before`` and ``after`` are what the journal tells of it. That it is a key which may be changed, and a
    value that fits, is for whoever calls to know.
    """
    unless([not_permitted(by, Action.MANAGE_SETTINGS, Subject())])
    row = {
        "key": key,
        "value": None if value is None else json.dumps(value, ensure_ascii=False),
        "changed_at": now,
        "changed_by": by.id,
    }
    tx.connection.execute(insert(t.setting_changes).values(row))
    data = {"key": key, "before": before, "after": after, "back": value is None}
    tx.record(Event(Happened.SETTING_CHANGED, now, by.id, data))

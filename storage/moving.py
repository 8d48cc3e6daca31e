"""What people do to a message of the queue: send it again, keep it back, let it go; each is journaled."""

from collections.abc import Callable, Mapping
from datetime import datetime

from engine.events import Event, Happened
from engine.outbox import Step
from storage import outbox
from storage.transaction import Tx

#: What somebody may do, with the step that a message then takes.
MOVES: Mapping[str, Step] = {"retry": Step.RETRIED, "hold": Step.HELD, "release": Step.RELEASED}
_DO: Mapping[str, Callable[..., None]] = {
    "retry": outbox.retry,
    "hold": outbox.hold,
    "release": outbox.release,
}


def move(tx: Tx, name: str, message: int, *, why: str, by: int, now: datetime) -> None:
    """Move it; refused (``message.unknown``, ``message.wrong_state``)."""
    _DO[name](tx.connection, message, why=why, now=now)
    data = {"message": message, "step": str(MOVES[name]), "reason": why}
    tx.record(Event(Happened.MESSAGE_MOVED, now, by, data))

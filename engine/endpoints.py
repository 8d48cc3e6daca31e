"""Programs that are told what happens: what each wants to hear, and for how long one that fails is tried."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from engine.outbox import NewMessage, Way

#: An endpoint that has taken nothing for so long is stopped, and the administrators are told.
GIVE_UP_AFTER = timedelta(days=3)
#: So long what was told can be told again, and what is for a paused endpoint waits.
KEPT_FOR = timedelta(days=30)
#: The kinds of messages: one for an event, one to try the endpoint, and the mail that it was stopped.
EVENT, TEST, STOPPED = "event", "test", "stopped"


class EndpointState(StrEnum):
    """Whether an endpoint is told anything."""

    ACTIVE = "active"
    PAUSED = "paused"  # by somebody
    STOPPED = "stopped"  # by itself: it took nothing for too long, or said that it is gone
    REMOVED = "removed"


#: From which states somebody may bring an endpoint into which.
MOVES = {
    EndpointState.PAUSED: frozenset({EndpointState.ACTIVE}),
    EndpointState.ACTIVE: frozenset({EndpointState.PAUSED, EndpointState.STOPPED}),
    EndpointState.REMOVED: frozenset({EndpointState.ACTIVE, EndpointState.PAUSED, EndpointState.STOPPED}),
}


class Wish(NamedTuple):
    """What an endpoint wants to hear: these kinds of events, or all of them; of one agency, or of all.

    It hears nothing of what was before ``since``, the instant as the journal would have it.
    """

    endpoint: int
    events: frozenset[str]
    agency: int | None
    since: str

    def covers(self, what: str, agency: int, at: str) -> bool:
        """Whether it wants to hear of such an event of then; ``agency`` is 0 for one that belongs to none."""
        return (not self.events or what in self.events) and self.agency in (None, agency) and at >= self.since


class Stopped(NamedTuple):
    """An endpoint that was stopped, as administrators are told of it."""

    endpoint: int
    name: str
    since: datetime
    answer: str


def message_to(endpoint: int, event: str, kind: str, now: datetime) -> NewMessage:
    """The message that tells an endpoint of the event of that id: made once, whoever asks."""
    key = f"{Way.PROGRAM}:{endpoint}:{event}"
    return NewMessage(key, Way.PROGRAM, kind, None, now, event, endpoint)


def event_id(stream: int, seq: int) -> str:
    """What an event is called for ever: the stream of the journal and its number there."""
    return f"{stream}:{seq}"

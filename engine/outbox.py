"""A message of the outbox: its states, the steps between them, and what a worker is handed of it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

#: Nothing that is to be tried again waits for longer, whatever a server asks for.
LONGEST_WAIT = timedelta(days=1)


class State(StrEnum):
    """Where a message is."""

    PENDING = "pending"
    CLAIMED = "claimed"  # a worker holds it and has told nobody yet
    SENDING = "sending"  # the server may have it by now
    SENT = "sent"
    FAILED = "failed"  # refused for good
    UNCERTAIN = "uncertain"  # nobody knows whether the server has it
    WITHDRAWN = "withdrawn"  # nothing was left to tell
    HELD = "held"  # an operator keeps it back


#: The kind of a message that carries a link to set a password.
RESET = "reset"
#: What somebody has to look at.
TROUBLED = frozenset({State.FAILED, State.UNCERTAIN, State.HELD})


class Step(StrEnum):
    """What happens to a message: the vocabulary of its log."""

    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"  # a later message to the same person tells it
    REROUTED = "rerouted"  # it goes by mail, for its channel does not reach its reader
    LEASE_EXPIRED = "lease_expired"
    POSSIBLE_DUPLICATE = "possible_duplicate"
    HELD = "held"
    RELEASED = "released"
    RETRIED = "retried"
    REPEATED = "repeated"  # a program is told again what it was told


#: From which states each step leads where: the holder's, those of the queue itself, an operator's.
STEPS: Mapping[Step, tuple[tuple[State, ...], State]] = {
    Step.SENDING: ((State.CLAIMED,), State.SENDING),
    Step.SENT: ((State.SENDING,), State.SENT),
    Step.DEFERRED: ((State.CLAIMED, State.SENDING), State.PENDING),
    Step.FAILED: ((State.CLAIMED, State.SENDING), State.FAILED),
    Step.UNCERTAIN: ((State.SENDING,), State.UNCERTAIN),
    Step.WITHDRAWN: ((State.PENDING, State.CLAIMED), State.WITHDRAWN),
    Step.REROUTED: ((State.CLAIMED, State.SENDING), State.PENDING),
    Step.MERGED: ((State.PENDING,), State.WITHDRAWN),
    Step.CLAIMED: ((State.PENDING,), State.CLAIMED),
    Step.LEASE_EXPIRED: ((State.CLAIMED,), State.PENDING),
    Step.POSSIBLE_DUPLICATE: ((State.UNCERTAIN,), State.PENDING),
    Step.HELD: ((State.PENDING,), State.HELD),
    Step.RELEASED: ((State.HELD, State.UNCERTAIN), State.PENDING),
    Step.RETRIED: ((State.FAILED, State.UNCERTAIN), State.PENDING),
    Step.REPEATED: ((State.SENT, State.FAILED, State.UNCERTAIN), State.PENDING),
}


class Way(StrEnum):
    """By which channel a message goes."""

    MAIL = "mail"
    LINE = "line"
    WEBHOOK = "webhook"
    PROGRAM = "program"  # to one of the endpoints of programs


class NewMessage(NamedTuple):
    """A message to come; ``key`` says what it is, so that it is made once, whoever asks.

    ``message_ref`` is the Message-ID, the same in every attempt. ``endpoint`` is that of a program.
    """

    key: str
    channel: Way
    kind: str
    person: int | None
    not_before: datetime
    message_ref: str
    endpoint: int | None = None


def event_key(stream: int, seq: int) -> str:
    """The key of the message that tells programs of an event of a journal."""
    return f"{Way.WEBHOOK}:{stream}:{seq}"


def event_of(key: str) -> tuple[int, int]:
    """The journal's stream and the number of the event that such a key names."""
    _, stream, seq = key.split(":")
    return int(stream), int(seq)


class Claimed(NamedTuple):
    """A message that the caller holds; ``attempts`` counts how often its sending began before."""

    id: int
    key: str
    channel: Way
    kind: str
    person: int | None
    attempts: int
    message_ref: str
    not_before: datetime
    created_at: datetime


class Expired(NamedTuple):
    """The messages whose leases had run out, by what they were doing."""

    claimed: list[int]
    sending: list[int]

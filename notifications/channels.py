"""What every channel takes and answers: a letter in, and what became of it out."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from engine.wording import Wording
from notifications import pieces

#: How much of an answer is kept, in characters.
MAX_SAID = 500
#: One of our own kinds at the beginning of what was said; a server's words begin with a number.
_OURS = re.compile(r"(channel\.\w+|message\.\w+|address\.\w+|person\.no_address)(?:: (.*))?")


class Outcome(StrEnum):
    """What became of a letter."""

    SENT = "sent"
    LATER = "later"  # surely not accepted, for a reason that may pass
    REFUSED = "refused"  # for good
    BOUNCED = "bounced"  # for good, because of the address: it is to be suppressed
    UNCERTAIN = "uncertain"  # all was handed over, but the reply was lost: it may have arrived
    # Nothing is wrong with this letter; nobody sends anything until an operator has looked.
    MISCONFIGURED = "misconfigured"


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome with what the server said, on one line of at most 500 characters.

    Where no server said anything, ``said`` is a kind of ours, with a particular behind a colon:
    ``channel.unreachable: Connection refused``; :func:`told` makes a sentence of it. ``retry_after`` is
    how many seconds the server asked us to wait, if it did.
    """

    outcome: Outcome
    said: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be sent: ``to`` whom, the bytes, and ``ref``, which stays the same when it is repeated.

    For mails ``content`` is a whole RFC 5322 message and ``ref`` its Message-ID. A webhook takes the JSON
    body and no ``to``; LINE takes text in UTF-8 and the user id of LINE.
    """

    to: str
    content: bytes
    ref: str


#: What is done while the other side reads a letter; it raises nothing.
Meanwhile = Callable[[], object]


def nothing() -> None:
    """What is done meanwhile where there is nothing to do."""


class Channel(Protocol):
    """A way out of the house. One channel is used by one thread at a time."""

    def send(self, letter: Letter, meanwhile: Meanwhile = nothing) -> Answer:
        """Hand the letter over; whatever the other side does is an answer, never an exception.

        A channel that has to wait for the answer to a whole letter may call ``meanwhile`` before it does,
        once; another need not.
        """

    def close(self) -> None:
        """Say goodbye and give the connection back; the channel may be used again."""


def one_line(said: bytes | str) -> str:
    """What a server said, without line breaks, control marks and bidi marks, at most 500 characters."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    # Cut before it is cleaned as well: a server may say megabytes.
    return pieces.shortened(pieces.one_line(text[: 4 * MAX_SAID]), MAX_SAID)


def ours(outcome: Outcome, kind: str, detail: object = "") -> Answer:
    """An answer in our own words, because no server said anything."""
    return Answer(outcome, one_line(f"{kind}: {detail}" if str(detail) else kind))


def told(said: str, wording: Wording) -> str:
    """What was said, for a person: our kinds as sentences of their language, a server's words as they are."""
    kind = _OURS.fullmatch(said)
    if kind is None or kind[1] not in wording.sentences:
        return said
    return wording.say(kind[1], {"detail": kind[2], "given": kind[2]})

"""The journal's chain: how an event becomes text and a hash, and how a whole history is proved untouched."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from engine.events import Event
from storage.types import instant_text

#: The predecessor of the first event of every stream.
GENESIS = "0" * 64


class Entry(NamedTuple):
    """One row of the journal. ``stream`` is an indicator's id, or 0 for the city's own events."""

    stream: int
    seq: int
    what: str
    at: str
    by: int
    data: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place where a stream's chain does not hold: ``seq`` and what is wrong with it.

    ``fault`` is ``altered`` (content and hash disagree), ``missing`` (a number is skipped), ``unchained``
    (it does not carry its predecessor's hash) or ``head`` (the stream ends elsewhere than its owner says).
    """

    stream: int
    seq: int
    fault: str


_encoder = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def canonical(data: object) -> str:
    """JSON with sorted keys and no spaces: the one text of a value."""
    return _encoder.encode(data)


def chained(stream: int, seq: int, event: Event, previous_hash: str) -> Entry:
    """The event as the row that follows ``previous_hash``."""
    at = instant_text(event.at)
    data = canonical(event.data)
    digest = entry_hash(stream, seq, event.what, at, event.by, data, previous_hash)
    return Entry(stream, seq, str(event.what), at, event.by, data, previous_hash, digest)


def entry_hash(stream: int, seq: int, what: str, at: str, by: int, data: str, previous_hash: str) -> str:
    """SHA-256 over every field, one a line; JSON text has no raw line break, so no two rows share a text."""
    text = f"{previous_hash}\n{stream}\n{seq}\n{what}\n{at}\n{by}\n{data}"
    return hashlib.sha256(text.encode()).hexdigest()


def first_break(stream: int, entries: Iterable[Entry], seq: int, head: str) -> Broken | None:
    """Walk a stream's rows in order; ``seq`` and ``head`` are where its owner says it ends."""
    previous, expected = GENESIS, 1
    for entry in entries:
        if entry.seq != expected:
            return Broken(stream, expected, "missing")
        if entry.previous_hash != previous:
            return Broken(stream, entry.seq, "unchained")
        if entry.hash != _hash_of(entry):
            return Broken(stream, entry.seq, "altered")
        previous, expected = entry.hash, expected + 1
    if expected - 1 < seq:
        return Broken(stream, expected, "missing")
    if expected - 1 > seq or previous != head:
        return Broken(stream, expected - 1, "head")
    return None


def _hash_of(entry: Entry) -> str:
    return entry_hash(
        entry.stream, entry.seq, entry.what, entry.at, entry.by, entry.data, entry.previous_hash
    )

"""Delivery: claim a message, look again whether it is owed, write it, keep it, send it, note the answer."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import zip_longest
from typing import NamedTuple, Protocol

from engine.outbox import Claimed, Step, Way
from engine.reminders.ports import Begun, Contents, Ended, Opens, Queue
from notifications.channels import Answer, Channel, Letter, Outcome

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Terms:
    """How a worker delivers.

    ``batch`` messages are claimed at once. What the server would not take now is tried again after the
    seconds of ``back_off`` (the last of them from then on). It is given up when all of these were waited for
    and it was to go out more than ``give_up_after`` ago: after a long silence of ours it has its chances yet.
    A wait for the pace of up to ``patience`` seconds is sat out. What messages have to tell is read for many
    at once, and looked at again where that was more than ``fresh_seconds`` ago. After an answer that
    ``halts`` nothing more is sent in this run.
    """

    batch: int = 20
    back_off: tuple[float, ...] = (60, 300, 900, 3600, 3 * 3600)
    give_up_after: timedelta = timedelta(days=5)
    patience: float = 2.0
    fresh_seconds: float = 1.0
    halts: frozenset[Outcome] = frozenset({Outcome.MISCONFIGURED})


class Writing(Protocol):
    """What turns the contents of a message into what goes out."""

    def write(self, message: Claimed, contents: Contents, now: datetime) -> "Written | None":
        """The message word for word; ``None`` when nothing is left to tell."""


class Written(NamedTuple):
    """A message as it goes out: its subject for lists, and the letter.

    A letter that ``opens`` something is ``kept`` without what opens it.
    """

    subject: str
    letter: Letter
    kept: bytes | None = None
    opens: Opens | None = None


class Pacing(Protocol):
    """What limits how fast mails go out."""

    def wait(self, domain: str, now: float) -> float:
        """0.0 when one may go out to that domain now, else in how many seconds to ask again."""


@dataclass(slots=True)
class Delivered:
    """What one run did: how many messages ended in which step, and why nobody sends any more, if so."""

    steps: Counter[Step] = field(default_factory=Counter)
    halted: str = ""


#: What becomes of a message by the answer of its channel; what is tried again is worked out by ``_ended``.
_STEPS = {
    Outcome.SENT: Step.SENT,
    Outcome.LATER: Step.DEFERRED,
    Outcome.REFUSED: Step.FAILED,
    Outcome.BOUNCED: Step.FAILED,
    Outcome.UNCERTAIN: Step.UNCERTAIN,
    Outcome.MISCONFIGURED: Step.DEFERRED,
}


class Delivery:
    """One worker's way through the messages of a channel, on a connection of its own: one thread runs one.

    Without a channel, which an operator may have taken out of the settings, what waits for it goes by mail,
    or fails where it is for nobody.
    """

    def __init__(
        self,
        queue: Queue,
        writing: Writing,
        way: Way,
        channel: Channel | None,
        pace: Pacing,
        terms: Terms,
        *,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
        new_token: Callable[[], str],
        jitter: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._writing = writing
        self._way = way
        self._channel = channel
        self._pace = pace
        self._terms = terms
        self._clock = clock
        self._monotonic = monotonic
        self._new_token = new_token
        self._jitter = jitter

    def run(self, stopping: threading.Event) -> Delivered:
        """Deliver until nothing is left whose time has come, or until asked to stop.

        How one message ended is written down in the commit that lets the next one go out.
        """
        done, token = Delivered(), self._new_token()
        self._queue.expire(self._way, self._clock())
        open_end: Ended | None = None
        while not stopping.is_set() and not done.halted:
            batch = self._queue.claim(self._way, self._terms.batch, token, self._clock())
            reading = _Reading(self._queue, batch, self._terms.fresh_seconds, self._clock, self._monotonic)
            ahead = _Ahead(reading, partial(self._prepared, reading=reading))
            for message, following in zip_longest(batch, batch[1:]):
                # What was claimed and is not sent any more is given back, so that nobody waits for the lease.
                give_back = bool(stopping.is_set() or done.halted)
                step = _given_back(message) if give_back else ahead.take(message)
                if isinstance(step, Begun) and (wait := self._wait(step)):
                    # No answer waits with us: whoever was killed meanwhile would leave it in doubt.
                    self._settle(token, open_end, None, done)
                    open_end = None
                    step = self._sit_out(wait, step, stopping)
                begun = step if isinstance(step, Begun) else None
                held = self._settle(token, open_end, begun, done)
                open_end = None
                if begun is None:
                    assert isinstance(step, Ended)
                    open_end = step
                elif held:
                    assert self._channel is not None
                    letter = Letter(begun.to_address, begun.content, message.message_ref)
                    answer = self._channel.send(letter, partial(ahead.look, following))
                    open_end = self._ended(message, answer)
                    if answer.outcome in self._terms.halts:
                        done.halted = answer.said
            if not batch:
                break
        self._settle(token, open_end, None, done)
        return done

    def _settle(self, token: str, ended: Ended | None, begun: Begun | None, done: Delivered) -> bool:
        if ended is None and begun is None:
            return False
        held = self._queue.settle(token, self._clock(), ended, begun)
        if ended is not None:
            done.steps[ended.step] += 1
        return held

    def _prepared(self, message: Claimed, reading: "_Reading") -> Begun | Ended:
        """The message word for word, or why it does not go out now."""
        now = self._clock()
        if self._channel is None:
            step = Step.FAILED if message.person is None else Step.REROUTED
            return Ended(message, step, "message.no_channel")
        # One message that cannot be read or written must not stop the others, nor leave the last in doubt.
        try:
            contents = reading.of(message)
        except Exception as fault:  # noqa: BLE001 - see above
            _log.exception("message %s cannot be read", message.id)
            return self._later(message, f"message.unreadable: {type(fault).__name__}", now)
        try:
            written = self._writing.write(message, contents, now)
        except Exception as fault:  # noqa: BLE001 - see above
            _log.exception("message %s cannot be written", message.id)
            return Ended(message, Step.FAILED, f"message.unwritable: {type(fault).__name__}")
        if written is None:
            return Ended(message, Step.WITHDRAWN, "message.nothing_left")
        if not written.letter.to and self._way is not Way.WEBHOOK:
            return Ended(message, Step.FAILED, "message.no_address")
        letter = written.letter
        return Begun(message, letter.to, written.subject, letter.content, written.kept, written.opens)

    def _wait(self, begun: Begun) -> float:
        """In how many seconds it may go out; once that is 0.0, it counts as gone."""
        return self._pace.wait(begun.to_address.rpartition("@")[2].lower(), self._monotonic())

    def _sit_out(self, wait: float, begun: Begun, stopping: threading.Event) -> Begun | Ended:
        """Wait a little; for what has to wait for longer somebody else comes again."""
        while 0 < wait <= self._terms.patience and not stopping.wait(wait):
            wait = self._wait(begun)
        if not wait:
            return begun
        later = self._clock() + timedelta(seconds=wait)
        return Ended(begun.message, Step.DEFERRED, "message.paced", later)

    def _ended(self, message: Claimed, answer: Answer) -> Ended:
        """What the answer makes of the message."""
        step, now = _STEPS[answer.outcome], self._clock()
        if step is Step.FAILED and self._way is Way.LINE:
            return Ended(message, Step.REROUTED, answer.said)
        if step is Step.DEFERRED:
            return self._later(message, answer.said, now, answer.retry_after or 0.0)
        if step is Step.UNCERTAIN and not self._is_too_late(message, now):
            return Ended(message, step, answer.said, self._again(message, now))
        return Ended(message, step, answer.said, unreachable=answer.outcome is Outcome.BOUNCED)

    def _later(self, message: Claimed, said: str, now: datetime, least: float = 0.0) -> Ended:
        """It is tried again, in so many seconds at least, or given up."""
        if self._is_too_late(message, now):
            return Ended(message, Step.FAILED, said)
        return Ended(message, Step.DEFERRED, said, self._again(message, now, least))

    def _is_too_late(self, message: Claimed, now: datetime) -> bool:
        tried = message.attempts >= len(self._terms.back_off)
        return tried and now - message.created_at > self._terms.give_up_after

    def _again(self, message: Claimed, now: datetime, least: float = 0.0) -> datetime:
        waits = self._terms.back_off
        seconds = waits[min(message.attempts, len(waits) - 1)] * self._jitter()
        return now + timedelta(seconds=max(seconds, least))


class _Ahead:
    """The next message, written while the server reads the one before it: that time is lost otherwise.

    Where what it rests on has grown old meanwhile, it is written anew.
    """

    def __init__(self, reading: "_Reading", prepared: Callable[[Claimed], Begun | Ended]) -> None:
        self._reading = reading
        self._prepared = prepared
        self._next: dict[int, Begun | Ended] = {}

    def look(self, message: Claimed | None) -> None:
        if message is not None:
            self._next = {message.id: self._prepared(message)}

    def take(self, message: Claimed) -> Begun | Ended:
        step = self._next.get(message.id) if self._reading.is_fresh else None
        return self._prepared(message) if step is None else step


class _Reading:
    """What the messages of a batch have to tell: read for all at once, and again when it grows old."""

    def __init__(
        self,
        queue: Queue,
        batch: Sequence[Claimed],
        fresh_seconds: float,
        clock: Callable[[], datetime],
        monotonic: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._batch = batch
        self._fresh_seconds = fresh_seconds
        self._clock = clock
        self._monotonic = monotonic
        self._known: dict[int, Contents] = {}
        self._read_at = 0.0

    def of(self, message: Claimed) -> Contents:
        if message.id not in self._known or not self.is_fresh:
            self._read(message)
        return self._known[message.id]

    @property
    def is_fresh(self) -> bool:
        return self._monotonic() - self._read_at <= self._fresh_seconds

    def _read(self, message: Claimed) -> None:
        left = self._batch[self._batch.index(message) :]
        self._read_at = self._monotonic()
        try:
            found = self._queue.contents(left, self._clock())
        except Exception:
            if len(left) == 1:
                raise
            # One that cannot be read must not stop the others: then each is read alone.
            left = [message]
            found = self._queue.contents(left, self._clock())
        self._known = {one.id: contents for one, contents in zip(left, found, strict=True)}


def _given_back(message: Claimed) -> Ended:
    return Ended(message, Step.DEFERRED, "message.given_back", message.not_before)


def on_threads(
    deliveries: list[Delivery], stopping: threading.Event, *, most: int | None = None
) -> Delivered:
    """Run each on a thread, ``most`` at a time; what they did. When all ended, raises what one raised."""
    with ThreadPoolExecutor(most or len(deliveries), "delivery") as threads:
        running = [threads.submit(one.run, stopping) for one in deliveries]
    results = [one.result() for one in running]
    total = Delivered(halted=next((one.halted for one in results if one.halted), ""))
    for one in results:
        total.steps += one.steps
    return total

"""A mail server of moods: for each letter it decides anew how to fail, and it remembers what it took."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from email import message_from_bytes
from email.message import Message
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from tests.cast import ZONE


class Mood(StrEnum):
    """What becomes of a letter."""

    ACCEPT = "accept"
    CLOSING = "421"  # said instead of taking the sender
    GREYLISTED = "450"  # said to the recipient
    BUSY = "451"  # said after the last dot
    CUT = "cut"  # hangs up in the middle of the letter
    LOSE = "lose"  # takes the letter and hangs up without a word
    WAIT = "wait"  # takes the letter, and says so when it is released
    HESITATE = "hesitate"  # takes the letter, but not before it is released


class Arrived(NamedTuple):
    """A letter that was taken: its Message-ID, to whom, and the local day that it names as its own."""

    ref: str
    to: str
    day: str


class MoodyServer:
    """aiosmtpd in a thread, on a port of its own; ``mood`` is asked once for each letter."""

    def __init__(self, mood: Callable[[], Mood] = lambda: Mood.ACCEPT, *, keep: bool = False) -> None:
        self.mood = mood
        self.arrived: list[Arrived] = []
        self.letters: list[Message] | None = [] if keep else None
        self.moods: Counter[Mood] = Counter()
        #: Set when somebody has to wait for a reply.
        self.waiting = threading.Event()
        self.port = 0

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(ready),))
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    def release(self) -> None:
        """Say what was held back."""
        self._loop.call_soon_threadsafe(self._released.set)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._over, self._released = asyncio.get_running_loop(), asyncio.Event(), asyncio.Event()
        # Whoever is killed hangs up as well: aiosmtpd leaves the exception to the loop, which would print it.
        self._loop.set_exception_handler(lambda *_: None)
        server = await self._loop.create_server(lambda: _Moody(self, loop=self._loop), "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._over.wait()
        server.close()

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: "_Moody", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        server.mood = self.mood()
        self.moods[server.mood] += 1
        if server.mood is Mood.CLOSING:
            return "421 4.3.2 closing for today"
        envelope.mail_from = address
        return "250 2.1.0 sender ok"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: "_Moody", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if server.mood is Mood.GREYLISTED:
            return "450 4.2.0 come again"
        if server.mood is Mood.HESITATE:
            await self._wait()
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 recipient ok"

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: "_Moody", session: Session, envelope: Envelope
    ) -> str:
        if server.mood is Mood.BUSY:
            return "451 4.3.0 try later"
        self._take(envelope)
        if server.mood is Mood.LOSE:
            await server.hang_up()
        if server.mood is Mood.WAIT:
            await self._wait()
        return "250 2.0.0 kept"

    async def _wait(self) -> None:
        self.waiting.set()
        await self._released.wait()

    def _take(self, envelope: Envelope) -> None:
        letter = message_from_bytes(envelope.original_content or b"")
        day = parsedate_to_datetime(letter["Date"]).astimezone(ZONE).date()
        self.arrived.append(Arrived(letter["Message-ID"], envelope.rcpt_tos[0], day.isoformat()))
        if self.letters is not None:
            self.letters.append(letter)


class _Moody(SMTP):
    mood = Mood.ACCEPT

    def __init__(self, house: MoodyServer, **options: Any) -> None:
        super().__init__(house, hostname="mail.example.go.th", **options)

    async def hang_up(self) -> None:
        """At once, with a reset; this ends whoever asks for it."""
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.abort()
        await asyncio.Event().wait()

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd calls it by this name
        if self.mood is not Mood.CUT:
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.readexactly(500)
        await self.hang_up()

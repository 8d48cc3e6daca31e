"""Mail servers for tests: a good one, and one that misbehaves as a script says."""

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass
class MailServer:
    """aiosmtpd in a thread, on a port of its own; keeps what it was given and counts who came."""

    utf8: bool = True
    implicit_tls: ssl.SSLContext | None = None
    starttls: ssl.SSLContext | None = None
    users: Mapping[str, str] | None = None
    received: list[Envelope] = field(default_factory=list)
    connections: int = 0
    greeted: list[str] = field(default_factory=list)
    port: int = 0

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(ready),))
        self._thread.start()
        ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @property
    def contents(self) -> list[bytes]:
        """Every letter's bytes, in order."""
        return [envelope.original_content or b"" for envelope in self.received]

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        server = await self._loop.create_server(self._meet, "127.0.0.1", 0, ssl=self.implicit_tls)
        self.port = server.sockets[0].getsockname()[1]
        ready.set()
        await self._over.wait()
        server.close()

    def _meet(self) -> SMTP:
        self.connections += 1
        return SMTP(
            self,
            loop=self._loop,
            enable_SMTPUTF8=self.utf8,
            tls_context=self.starttls,
            authenticator=self._knows,
            auth_required=self.users is not None,
            auth_require_tls=False,
        )

    def _knows(self, server: Any, session: Any, envelope: Any, mechanism: str, given: Any) -> AuthResult:
        password = (self.users or {}).get(given.login.decode())
        return AuthResult(success=password == given.password.decode(), handled=False)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.greeted.append(hostname)
        return responses

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.received.append(envelope)
        return "250 2.0.0 kept"


# --- the bad one ---------------------------------------------------------------------------------------

#: Instead of a reply: hang up.
CUT = "<cut>"
#: Before a reply: say it byte by byte, each soon enough for a time-out that is set anew with every byte.
SLOWLY = "<slowly>"

_GOOD = {
    "greeting": "220 mail.example.go.th ESMTP",
    "EHLO": "250-mail.example.go.th\r\n250-8BITMIME\r\n250 SIZE 1000000",
    "HELO": "250 mail.example.go.th",
    "STARTTLS": "220 go on",
    "AUTH": "235 welcome",
    "MAIL": "250 2.1.0 sender ok",
    "RCPT": "250 2.1.5 recipient ok",
    "DATA": "354 go on",
    "END": "250 2.0.0 queued as 4F1",
    "RSET": "250 2.0.0 cleared",
    "QUIT": "221 bye",
}


class ScriptedServer:
    """Replies as written in ``script``: by verb, ``greeting`` or ``END`` (of DATA); a list is said in order.

    ``cut_after``: hang up when so many bytes of a letter have come. ``sip``: take so many bytes of a letter
    in so many seconds. ``hang_up_after``: hang up in silence after so many letters of a connection.
    """

    def __init__(
        self,
        script: Mapping[str, str | Sequence[str]] | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        cut_after: int | None = None,
        sip: tuple[int, float] | None = None,
        hang_up_after: int | None = None,
    ) -> None:
        replies: dict[str, str | Sequence[str]] = {**_GOOD, **(script or {})}
        self._replies = {
            verb: [said] if isinstance(said, str) else list(said) for verb, said in replies.items()
        }
        self._tls = tls
        self._cut_after = cut_after
        self._sip = sip
        self._hang_up_after = hang_up_after
        self._over = threading.Event()
        self._guest: _Guest | None = None
        self.connections = 0
        self.heard: list[str] = []
        self.letters: list[bytes] = []
        self._listening = socket.socket()
        # Fixed, so that the buffer does not grow until it holds a letter that nobody takes out of it.
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 200_000)
        self._listening.bind(("127.0.0.1", 0))
        self._listening.listen()
        self.port = int(self._listening.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        if self._guest is not None:
            self._guest.throw_out()
        self._thread.join()
        self._listening.close()

    def verbs(self) -> list[str]:
        """What was asked, in order, without its words."""
        return [line.split()[0].upper() for line in self.heard]

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                guest, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            self._guest = _Guest(self, guest)
            with suppress(OSError, _HungUp):
                self._guest.serve()
            self._guest.close()

    def reply_to(self, verb: str) -> str:
        replies = self._replies.get(verb, ["500 5.5.1 what?"])
        return replies.pop(0) if len(replies) > 1 else replies[0]


class _HungUp(Exception):
    pass


class _Guest:
    """One connection, one guest at a time: who comes meanwhile waits at the door."""

    def __init__(self, house: ScriptedServer, line: socket.socket) -> None:
        self._house = house
        self._line = line
        self._line.settimeout(10)
        self._ahead = b""

    def throw_out(self) -> None:
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self._line.close()

    def serve(self) -> None:
        self._say(self._house.reply_to("greeting"))
        letters = 0
        while True:
            heard = self._until(b"\r\n").decode()
            self._house.heard.append(heard)
            verb = heard.split()[0].upper()
            said = self._house.reply_to(verb)
            self._say(said)
            if verb == "QUIT":
                return
            if verb == "STARTTLS" and said.startswith("220"):
                assert self._house._tls is not None
                self._line = self._house._tls.wrap_socket(self._line, server_side=True)
                self._ahead = b""
            if verb == "DATA" and said.startswith("354"):
                self._letter()
                letters += 1
                if letters == self._house._hang_up_after:
                    return

    def _letter(self) -> None:
        house = self._house
        if house._cut_after is not None:
            while len(self._ahead) < house._cut_after:
                self._more()
            raise _HungUp
        while house._sip is not None and not self._ahead.endswith(b"\r\n.\r\n"):
            size, seconds = house._sip
            if house._over.wait(seconds):
                raise _HungUp
            self._ahead += self._line.recv(size)
        content = b"" if self._ahead.startswith(b".\r\n") else self._until(b"\r\n.\r\n")
        house.letters.append(content)
        self._say(house.reply_to("END"))

    def _say(self, said: str) -> None:
        if said == CUT:
            raise _HungUp
        if not said.startswith(SLOWLY):
            self._line.sendall(
                f"{said}\r\n".encode() if not said.endswith(CUT) else said[: -len(CUT)].encode()
            )
            if said.endswith(CUT):
                raise _HungUp
            return
        for byte in f"{said.removeprefix(SLOWLY)}\r\n".encode():
            self._line.sendall(bytes([byte]))
            time.sleep(0.05)

    def _until(self, end: bytes) -> bytes:
        while end not in self._ahead:
            self._more()
        taken, _, self._ahead = self._ahead.partition(end)
        return taken

    def _more(self) -> None:
        more = self._line.recv(65536)
        if not more:
            raise _HungUp
        self._ahead += more

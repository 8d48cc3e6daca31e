"""A connection whose whole conversation has one deadline: a peer that trickles cannot hold us for ever."""

import io
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from notifications.channels import Answer, Outcome, ours

#: Seconds on a clock that never goes back, such as `time.monotonic`; handed in from above.
Stopwatch = Callable[[], float]

#: How many bytes the other side may say between two of our sentences.
MAX_HEARD = 256 * 1024


class Address(NamedTuple):
    """A place to connect to, as the operating system's look-up gives it."""

    family: int
    where: tuple[Any, ...]

    @property
    def host(self) -> str:
        return str(self.where[0])


Resolver = Callable[[str, int], Sequence[Address]]


def resolve(host: str, port: int) -> list[Address]:
    """Every address of a host. Raises OSError when there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [Address(family, where) for family, _, _, _, where in found]


class TimedSocket:
    """A connected socket; whatever is not done at ``until`` on the stopwatch raises TimeoutError.

    It has as much of a socket as smtplib and http.client ask for.
    """

    def __init__(self, addresses: Sequence[Address], stopwatch: Stopwatch, until: float) -> None:
        """Connect to the first address that answers. Raises the last OSError when none does."""
        self._stopwatch = stopwatch
        self.until = until
        self._ahead = b""
        self._heard = 0
        self._socket = self._connected(addresses)
        # The last dot of a mail goes alone: it must not wait for the packet before it to be acknowledged.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _connected(self, addresses: Sequence[Address]) -> socket.socket:
        refused: OSError = OSError("no address")
        for address in addresses:
            attempt = socket.socket(address.family, socket.SOCK_STREAM)
            try:
                attempt.settimeout(self._left())
                attempt.connect(address.where)
            except OSError as error:
                attempt.close()
                refused = error
            else:
                return attempt
        raise refused

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from now on. What was heard before and not read is forgotten: nobody vouches for it."""
        self._ahead = b""
        self._socket.settimeout(self._left())
        self._socket = context.wrap_socket(self._socket, server_hostname=host)

    def sendall(self, data: bytes) -> None:
        self._heard = 0
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(self._left())
            rest = rest[self._socket.send(rest) :]

    def receive_into(self, buffer: Any) -> int:
        """What the other side says next, into the buffer; 0 when it has hung up.

        Not more than one line at a time: what it says unasked stays where :meth:`interrupted` sees it.
        """
        if not self._ahead:
            self._socket.settimeout(self._left())
            self._ahead = self._socket.recv(16384)
            self._heard += len(self._ahead)
            if self._heard > MAX_HEARD:
                raise ConnectionError("the other side does not stop talking")
        end = min(self._ahead.find(b"\n") + 1 or len(self._ahead), len(buffer))
        buffer[:end], self._ahead = self._ahead[:end], self._ahead[end:]
        return end

    def interrupted(self) -> bool:
        """Whether the other side has spoken, or hung up, while it was our turn."""
        if self._ahead:
            return True
        self._socket.settimeout(0)
        try:
            self._ahead = self._socket.recv(4096)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return False
        except OSError:
            return True
        return True

    def makefile(self, mode: str) -> io.BufferedReader:
        """A reader of whole lines: a line that breaks off is as if it had not come."""
        assert mode == "rb"
        return _WholeLines(_Heard(self))

    def close(self) -> None:
        self._socket.close()

    @property
    def late(self) -> bool:
        """Whether the time is up."""
        return self._stopwatch() >= self.until

    def _left(self) -> float:
        left = self.until - self._stopwatch()
        if left <= 0:
            raise TimeoutError("the time is up")
        return left


class _Heard(io.RawIOBase):
    def __init__(self, line: TimedSocket) -> None:
        self._line = line

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._line.receive_into(buffer)


class _WholeLines(io.BufferedReader):
    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        whole = line.endswith(b"\n") or (size is not None and len(line) == size)
        return line if whole else b""


def not_connected(error: Exception) -> Answer:
    """What it means that no connection came about, or none that can be trusted."""
    match error:
        case TimeoutError():
            return ours(Outcome.LATER, "channel.too_slow")
        case ssl.SSLCertVerificationError():
            return ours(Outcome.MISCONFIGURED, "channel.not_trusted", error.verify_message)
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return ours(Outcome.LATER, "channel.cut_off")
        case ssl.SSLError():
            return ours(Outcome.MISCONFIGURED, "channel.no_tls", error.reason or "")
        case OSError():
            return ours(Outcome.LATER, "channel.unreachable", error.strerror or error)
    return ours(Outcome.MISCONFIGURED, "channel.unreachable", error)

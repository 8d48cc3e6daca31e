"""Whether a file carries something known to be malicious: asked of clamd, the daemon of ClamAV.

Its protocol: ``zINSTREAM`` and then the content in chunks, each behind its length, a length of 0 at the end;
the answer is one line.
"""

import logging
import socket
import struct
from contextlib import closing
from dataclasses import dataclass
from typing import BinaryIO, Protocol
from urllib.parse import urlsplit

from engine.errors import refuse

_log = logging.getLogger(__name__)

_CHUNK = 1 << 17
_LONGEST_ANSWER = 4096


class ScannerAway(Exception):
    """Nobody could say whether the file is clean: the scanner is not there, too slow, or took too little."""


class Scanner(Protocol):
    """Looks for malicious content."""

    def find(self, content: BinaryIO) -> str | None:
        """What was found in the content, which stands at its beginning; ``None`` where it is clean.

        Raises :class:`ScannerAway`.
        """


def scan(scanner: Scanner, content: BinaryIO, name: str) -> None:
    """Refuse what is malicious, and what nobody could look at; both are logged."""
    content.seek(0)
    try:
        found = scanner.find(content)
    except ScannerAway as away:
        _log.warning("a file was not taken, for the scanner is away: %s", away)
        raise refuse("evidence.unscanned", name=name) from away
    if found is not None:
        _log.warning("malicious content was refused: %r in %r", found, name)
        raise refuse("evidence.malicious", name=name, found=found)


@dataclass(frozen=True, slots=True)
class Clamd:
    """A clamd at ``unix:/path/of/its.socket`` or ``tcp:host:port``; a connection for each file.

    ``seconds`` is how long it may be silent. A file longer than its ``StreamMaxLength`` it does not look at,
    which is as if it were away. One that is not ``required`` may be away: what it did not see is logged.
    """

    address: str
    seconds: float = 30.0
    required: bool = True

    def find(self, content: BinaryIO) -> str | None:
        """What clamd calls it; ``None`` where it finds nothing."""
        try:
            with closing(self._connected()) as line:
                said = _ask(line, content)
        except (OSError, ValueError) as error:
            said = str(error)
        if said.endswith(" FOUND"):
            return said.removesuffix(" FOUND")
        if said != "OK":
            if self.required:
                raise ScannerAway(said)
            _log.warning("a file is taken unseen, for the scanner is away: %s", said)
        return None

    def _connected(self) -> socket.socket:
        kind, _, where = self.address.partition(":")
        if kind == "tcp":
            parts = urlsplit(f"//{where}")
            return socket.create_connection((parts.hostname or "", parts.port or 0), timeout=self.seconds)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(self.seconds)
        try:
            line.connect(where)
        except BaseException:
            line.close()
            raise
        return line


def _ask(line: socket.socket, content: BinaryIO) -> str:
    try:
        line.sendall(b"zINSTREAM\0")
        while chunk := content.read(_CHUNK):
            line.sendall(struct.pack(">L", len(chunk)) + chunk)
        line.sendall(struct.pack(">L", 0))
    except (BrokenPipeError, ConnectionResetError):
        pass  # it hung up, having said why: what it said is still to be read
    answer = b""
    while b"\0" not in answer and len(answer) < _LONGEST_ANSWER:
        said = line.recv(_LONGEST_ANSWER)
        if not said:
            break
        answer += said
    return answer.rstrip(b"\0\n").decode(errors="replace").removeprefix("stream: ")

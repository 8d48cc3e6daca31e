"""A small clamd: a real socket that speaks the protocol, finds one word, and can be told to misbehave."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

MALICE = b"malicious word"


@dataclass
class ClamdServer:
    """Listens at a socket of the file system or at a port; ``seen`` is all that it was sent.

    ``most`` is its StreamMaxLength, ``say`` what it answers instead, ``wait`` for how long it is silent.
    """

    path: Path | None = None
    most: int = 1 << 30
    say: bytes | None = None
    wait: float = 0.0
    hang_up: bool = False
    seen: list[bytes] = field(default_factory=list)

    def __enter__(self) -> Self:
        if self.path:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.bind(str(self.path))
            self._socket.listen()
        else:
            self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    @property
    def address(self) -> str:
        """As the settings have it."""
        return f"unix:{self.path}" if self.path else f"tcp:127.0.0.1:{self._socket.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with line, line.makefile("rb") as stream:
                self._answer(line, stream.read)

    def _answer(self, line: socket.socket, read: Callable[[int], bytes]) -> None:
        if self.hang_up:
            return
        assert read(10) == b"zINSTREAM\0"
        content, length = b"", 1
        while length:
            (length,) = struct.unpack(">L", read(4))
            content += read(length)
            if len(content) > self.most:
                line.sendall(b"INSTREAM size limit exceeded. ERROR\0")
                return
        self.seen.append(content)
        time.sleep(self.wait)
        found = b"stream: Test.Word FOUND\0" if MALICE in content else b"stream: OK\0"
        line.sendall(self.say or found)

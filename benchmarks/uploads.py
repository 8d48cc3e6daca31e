"""What the server holds of a large file while it comes in: by a plain form, and piece by piece."""

import http.client
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from tempfile import TemporaryDirectory
from typing import Any, Self
from urllib.parse import urlencode

from benchmarks.results import Row, at_most
from benchmarks.size import FULL, Size

BENCH = "Uploads"
FLAT = at_most(32)
MIB = 1024 * 1024
LARGE, SMALL = 200 * MIB, 4 * MIB
_PIECE = MIB
_BOUNDARY = "of-the-bench"
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


def run(size: Size) -> list[Row]:
    """Send one file after the other to a server in a process of its own, and ask it what it held at most."""
    length = LARGE if size == FULL else 10 * SMALL
    found = []
    for name, send in (
        ("a plain form", _by_form),
        ("pieces of 1 MB", _in_pieces),
        ("one long piece", _at_once),
    ):
        with TemporaryDirectory() as folder, Server(folder, length + MIB) as server:
            send(server, SMALL)  # all that is needed is imported then
            held = server.ask("held")
            send(server, length)
            what = f"{length // MIB} MB by {name}: the most that the server held above what it held before"
            found.append(Row(BENCH, what, server.ask("most") - held, "MB", FLAT))
    return found


class Server:
    """The pages in a process of their own, with somebody signed in."""

    def __init__(self, folder: str, most: int) -> None:
        command = [sys.executable, "-m", "benchmarks.uploading", folder, str(most)]
        # What forms bring is laid on the disk of the bench, not where the machine may keep it in memory.
        environment = {**os.environ, "TMPDIR": folder}
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self._told: dict[str, Any] = json.loads(self._said())
        page = self.send("GET", "/account")
        found = _TOKEN.search(page.decode())
        assert found, "nobody is signed in"
        self.token = found[1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def form(self) -> str:
        """The path of a form that takes files."""
        return str(self._told["form"])

    def ask(self, what: str) -> float:
        """Megabytes: what the process holds, or the most that it has held since it was asked that."""
        assert self._process.stdin
        self._process.stdin.write(f"{what}\n")
        self._process.stdin.flush()
        return float(self._said())

    def _said(self) -> str:
        assert self._process.stdout
        said = self._process.stdout.readline()
        assert said, "the server has ended before its time"
        return said

    def send(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> bytes:
        """One request on a connection of its own."""
        line = http.client.HTTPConnection("127.0.0.1", self._told["port"], timeout=300)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        line.request(method, path, body, {"Cookie": self._told["cookie"], **given})
        answer = line.getresponse()
        content = answer.read()
        line.close()
        assert answer.status == status, f"{method} {path}: {answer.status} {content[:500]!r}"
        return content


def _content(length: int) -> Iterator[bytes]:
    """A document of that length, in pieces; each length another content."""
    yield b"%PDF-1.7\n%" + str(length).encode().ljust(_PIECE - 11, b"x") + b"\n"
    piece = os.urandom(_PIECE)
    for _ in range(length // _PIECE - 1):
        yield piece


def _by_form(server: Server, length: int) -> None:
    fields = (
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="token"\r\n\r\n{server.token}\r\n'
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="files"; filename="large.pdf"\r\n'
        "Content-Type: application/pdf\r\n\r\n"
    ).encode()
    end = f"\r\n--{_BOUNDARY}--\r\n".encode()

    def body() -> Iterator[bytes]:
        yield fields
        yield from _content(length)
        yield end

    server.send(
        "POST",
        server.form,
        body(),
        303,
        Content_Type=f"multipart/form-data; boundary={_BOUNDARY}",
        Content_Length=str(len(fields) + length + len(end)),
    )


def _begun(server: Server, length: int) -> str:
    form = urlencode({"name": "large.pdf", "size": length, "token": server.token})
    kind = "application/x-www-form-urlencoded"
    told = server.send("POST", "/uploads", form, 201, Content_Type=kind)
    return str(json.loads(told)["id"])


def _in_pieces(server: Server, length: int) -> None:
    _sent(server, length, lambda: ((piece, len(piece)) for piece in _content(length)))


def _at_once(server: Server, length: int) -> None:
    _sent(server, length, lambda: iter([(_content(length), length)]))


def _sent(server: Server, length: int, pieces: Callable[[], Iterator[tuple[Any, int]]]) -> None:
    upload, offset = _begun(server, length), 0
    for piece, size in pieces():
        told = server.send(
            "PATCH",
            f"/uploads/{upload}",
            piece,
            Upload_Offset=str(offset),
            Content_Length=str(size),
            x_radap_token=server.token,
        )
        offset += size
    assert json.loads(told)["whole"], told
    server.send("DELETE", f"/uploads/{upload}", None, 204, x_radap_token=server.token)

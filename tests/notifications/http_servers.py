"""An HTTP server for tests: it keeps what it was sent and answers as it was told, well or badly."""

import ssl
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self


@dataclass(frozen=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class HttpServer:
    """Answers every POST with ``status`` and ``headers``; ``raw`` instead goes out as it is.

    ``trickle`` says it byte by byte, each soon after the last. ``names`` are those asked for in TLS.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"
    raw: bytes | None = None
    trickle: bool = False
    tls: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    names: list[str | None] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.house = self
        if self.tls is not None:
            self.tls.sni_callback = lambda _, name, __: self.names.append(name)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        if self.tls is not None:
            self.tls.sni_callback = None


class _Server(ThreadingHTTPServer):
    house: HttpServer

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        self.house.connections += 1
        if self.house.tls is not None:
            try:
                request = self.house.tls.wrap_socket(request, server_side=True)
            except OSError:
                request.close()
                return
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about."""


def _handler(house: HttpServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            house.received.append(Received(self.path, dict(self.headers.items()), body))
            if house.raw is None:
                self.send_response(house.status)
                for name, value in {**house.headers, "Content-Length": str(len(house.body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(house.body)
            for byte in house.raw or b"":
                self.wfile.write(bytes([byte]))
                if house.trickle:
                    time.sleep(0.05)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named so by http.server
            pass

    return Handler

"""A mail server in a process of its own that takes everything and keeps nothing, and takes its time."""

import socketserver
import subprocess
import sys
import threading
import time
from typing import Any, Self


class Sink:
    """The server as a process, on ``port``; ``delay`` are the seconds that a reply is under way."""

    def __init__(self, delay: float = 0.0) -> None:
        command = [sys.executable, "-m", "benchmarks.smtp_sink", str(delay)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def taken(self) -> int:
        """How many mails it has taken since it was asked last."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


class _Guest(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: "_Server"

    def handle(self) -> None:
        self._say("220 sink")
        for line in self.rfile:
            match line[:4].upper():
                case b"EHLO":
                    self._say("250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8")
                case b"DATA":
                    self._say("354 go on")
                    while self.rfile.readline() != b".\r\n":
                        pass
                    self.server.taken += 1
                    self._say("250 ok")
                case b"QUIT":
                    self._say("221 bye")
                    return
                case _:
                    self._say("250 ok")

    def _say(self, reply: str) -> None:
        time.sleep(self.server.delay)
        self.wfile.write(reply.encode() + b"\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, delay: float) -> None:
        super().__init__(("127.0.0.1", 0), _Guest)
        self.delay = delay
        self.taken = 0


def _serve(delay: float) -> None:
    server = _Server(delay)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address: Any = server.server_address
    sys.stdout.write(f"{address[1]}\n")
    sys.stdout.flush()
    for _ in sys.stdin:
        taken, server.taken = server.taken, 0
        sys.stdout.write(f"{taken}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(float(sys.argv[1]))

"""A real server that speaks S3, and buckets on it."""

import logging
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count

from storage.evidence_s3 import Bucket


@dataclass
class Buckets:
    """A server with as many buckets as tests ask for."""

    endpoint: str
    _numbers: Iterator[int] = field(default_factory=count)

    def create(self, prefix: str = "radap") -> Bucket:
        name = f"radap-{next(self._numbers)}"
        made = urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")
        with urllib.request.urlopen(made) as answer:
            assert answer.status == 200
        return Bucket(name, prefix, self.endpoint, "us-east-1", "key", "secret")


@contextmanager
def serving() -> Iterator[Buckets]:
    """The server, on a port of this machine."""
    from moto.server import ThreadedMotoServer  # noqa: PLC0415 - only who serves waits for it to be read

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield Buckets(f"http://{host}:{port}")
    server.stop()

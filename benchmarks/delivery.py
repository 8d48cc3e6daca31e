"""Digests from the outbox to a mail server: over one connection, over several, and only built."""

import sqlite3
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import sweep_city as city
from benchmarks.measure import cost, ratio
from benchmarks.peers import plain_mail
from benchmarks.radap_adapter import NAME as RADAP
from benchmarks.results import Row, at_least
from benchmarks.size import Size
from benchmarks.smtp_sink import Sink
from cli.mail_settings import MailSection
from cli.post import PostOffice
from engine.outbox import Way
from notifications.templating import Templates

BENCH = "Delivery of digests"
END_TO_END, DELAYED, BUILT = at_least(5), at_least(10), at_least(5)
ITEMS = 10
DELAY_SECONDS = 0.01
CONNECTIONS = 8
PLAIN = "a new connection and EmailMessage for each mail"

_BACK = """
    UPDATE outbox SET state = 'pending', token = NULL, lease_until = NULL, attempts = 0, answer = '',
        to_address = '', subject = '', content = NULL, sent_at = NULL;
    DELETE FROM outbox_log;
"""


def run(size: Size) -> list[Row]:
    """Deliver the same digests again and again, in turns with a script that has their values at hand."""
    with TemporaryDirectory() as folder:
        path = str(Path(folder) / "city.db")
        city.build(path, size.mails * ITEMS, agencies=size.mails)
        _gather(path, size.mails)
        mails = _values(path, size.mails)
        near = _end_to_end(path, mails, size, delay=0.0, connections=1)
        far = _end_to_end(path, mails, size, delay=DELAY_SECONDS, connections=CONNECTIONS)
        built = _built(path, mails, size)
    return [
        Row(BENCH, f"{RADAP} over one connection / {PLAIN}", near, "times", END_TO_END),
        Row(
            BENCH,
            f"{DELAY_SECONDS * 1000:.0f} ms of delay: {RADAP} over {CONNECTIONS} connections / {PLAIN}",
            far,
            "times",
            DELAYED,
        ),
        Row(
            BENCH,
            f"rendering and building a digest of {ITEMS}: {RADAP} / from_string and EmailMessage",
            built,
            "times",
            BUILT,
        ),
    ]


def _office(path: str, port: int = 25, connections: int = 1) -> PostOffice:
    mail = MailSection(
        mailer="smtp",
        host="127.0.0.1",
        port=port,
        security="none",
        connections=connections,
        per_minute=0,
        per_domain_per_minute=0,
    )
    return PostOffice(city.house(path, mail, _now()))


def _now() -> Any:
    return city.at(city.FLOOD) + timedelta(hours=1)


def _gather(path: str, mails: int) -> None:
    """Make a digest of ten items for the coordinator of every agency."""
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE city SET swept_on = ?", (city.BUSY.isoformat(),))
    office = _office(path)
    office.reminders.sweep(_now())
    gathered = office.reminders.gather(_now())
    assert gathered == mails, f"{gathered} digests"
    _put_back(path)


def _put_back(path: str) -> None:
    """Everything waits again as if nothing had been sent."""
    with sqlite3.connect(path) as connection:
        connection.executescript(_BACK)


class _Recording:
    """Our templates, which note what they are given."""

    def __init__(self) -> None:
        self._templates = Templates()
        self.values: list[Mapping[str, Any]] = []

    def render(self, name: str, values: Mapping[str, Any]) -> str:
        if name.startswith("digest/subject"):
            self.values.append(values)
        return self._templates.render(name, values)


def _values(path: str, mails: int) -> list[tuple[Mapping[str, Any], str]]:
    """What the templates are given for each digest, and to whom it goes."""
    office, templates = _office(path), _Recording()
    office.templates = templates
    found = []
    for write in _writes(office, mails):
        written = write()
        assert written is not None
        found.append((templates.values[-1], written.letter.to))
    assert {len(values["items"]) for values, _ in found} == {ITEMS}
    return found


def _writes(office: PostOffice, mails: int) -> list[Callable[[], Any]]:
    """What writes each digest, its contents being read already."""
    queue = office.queue
    claimed = queue.claim(Way.MAIL, mails, "values", _now())
    contents = queue.contents(claimed, _now())
    return [
        partial(office.letters.write, message, one, _now())
        for message, one in zip(claimed, contents, strict=True)
    ]


def _end_to_end(
    path: str, mails: list[tuple[Mapping[str, Any], str]], size: Size, *, delay: float, connections: int
) -> float:
    """How many times as many mails a second, the median of the rounds."""
    with Sink(delay) as sink:
        office = _office(path, sink.port, connections)
        seconds: dict[str, list[float]] = {RADAP: [], PLAIN: []}
        for _ in range(size.rounds):
            _put_back(path)
            seconds[RADAP].append(cost(lambda: office.deliver(threading.Event())))
            assert sink.taken() == len(mails)
            seconds[PLAIN].append(cost(lambda: plain_mail.send(sink.port, mails)))
            assert sink.taken() == len(mails)
    _put_back(path)
    return ratio(seconds[PLAIN], seconds[RADAP])


def _built(path: str, mails: list[tuple[Mapping[str, Any], str]], size: Size) -> float:
    """How many times as many digests a second are built."""
    writes = _writes(_office(path), len(mails))
    seconds: dict[str, list[float]] = {RADAP: [], PLAIN: []}
    for _ in range(size.rounds):
        seconds[RADAP].append(cost(lambda: [write() for write in writes]))
        seconds[PLAIN].append(cost(lambda: [plain_mail.build(*mail).as_bytes() for mail in mails]))
    return ratio(seconds[PLAIN], seconds[RADAP])

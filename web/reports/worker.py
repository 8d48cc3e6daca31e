"""Whoever makes what was asked for in the background: one job at a time, taken up by another if it dies."""

import logging
import secrets
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.engine import Connection

from engine.errors import Refusal, refuse
from engine.jobs import JOB, Job, Result, is_told, job_key
from engine.outbox import NewMessage, Way
from storage import jobs, outbox
from storage.registry import reader
from web.reports import wanted as wishes
from web.reports.data import Telling
from web.site import Site

_log = logging.getLogger(__name__)
#: How long a worker that says nothing holds a job, and how often it says something.
LEASE_SECONDS, _BEAT_SECONDS = 60.0, 1.0
#: How often it is asked whether there is something to make.
_PAUSE_SECONDS = 1.0


class Lost(Exception):
    """The job is held no longer: another worker has taken it up, or we are told to stop."""


class Maker:
    """Makes the jobs of a site; each runs on the thread that calls."""

    def __init__(self, site: Site, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._site = site
        self._lease = lease_seconds

    def until_stopped(self, stopping: threading.Event) -> None:
        """Make what is asked for as it comes; what goes wrong is logged, and the next one comes."""
        while not stopping.is_set():
            try:
                if self.run_one(stopping):
                    continue
            except Exception:  # noqa: BLE001 - the database may be away for a while; the next job must come
                _log.exception("no job could be taken")
            stopping.wait(_PAUSE_SECONDS)

    def run_one(self, stopping: threading.Event) -> bool:
        """Make the oldest job that waits; ``False`` where none does."""
        token, clock = secrets.token_hex(16), self._site.clock
        with self._site.store.read() as tx:
            if not jobs.is_any(tx.connection):
                return False
        with self._site.store.begin() as tx:
            said = self._site.wordings[self._site.language].say("job.given_up")
            jobs.expire(tx.connection, said, clock())
            job = jobs.claim(tx.connection, token, self._lease, clock())
        if job is None:
            return False
        try:
            with self._beating(job, token, stopping) as beat:
                self._make(job, token, beat)
        except Lost:
            with self._site.store.begin() as tx:
                jobs.release(tx.connection, job.id, token)
        except Refusal as refused:
            wording = self._telling(job).wording
            self._fail(job, token, " ".join(wording.refusal(refused)))
        except Exception:  # noqa: BLE001 - whoever asked is told, and the log has the rest
            _log.exception("job %s could not be made", job.id)
            self._fail(job, token, self._telling(job).wording.say("job.broken"))
        return True

    def _make(self, job: Job, token: str, beat: "_Beat") -> None:
        """Make it, keep it by its content, and say that it is done."""
        site, telling = self._site, self._telling(job)
        with site.store.read() as tx:
            known, found = reader(tx.connection, job.asked_by), wishes.find(tx, job.wanted)
        if known is None or found is None or not wishes.may_have(known[0], found):
            raise refuse("job.not_permitted")
        person, _ = known
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "made"
            wishes.make(site, telling, job.wanted, person, made, beat.progress)
            size = made.stat().st_size
            with made.open("rb") as content:
                sha256 = site.evidence.keep_as(content)
        result = Result(
            wishes.file_name(telling, job.wanted, found.name),
            wishes.MEDIA_TYPES[job.wanted.product],
            sha256,
            size,
        )
        now = site.clock()
        with site.store.begin() as tx:
            if jobs.finish(tx.connection, job.id, token, result, now):
                by_mail = jobs.wants_mail(tx.connection, job.id)
                self._tell(tx.connection, job, by_mail)

    def _fail(self, job: Job, token: str, said: str) -> None:
        with self._site.store.begin() as tx:
            if jobs.fail(tx.connection, job.id, token, said, self._site.clock()):
                self._tell(tx.connection, job, jobs.wants_mail(tx.connection, job.id))

    def _tell(self, connection: Connection, job: Job, by_mail: bool) -> None:
        """A mail to whoever had to wait for long, or asked for one: once, whatever happens."""
        now = self._site.clock()
        if is_told(job.asked_at, now, by_mail):
            ref = f"<job.{job.id}@{self._site.host}>"
            message = NewMessage(job_key(job.id), Way.MAIL, JOB, job.asked_by, now, ref)
            outbox.enqueue(connection, [message], now)

    def _telling(self, job: Job) -> Telling:
        with self._site.store.read() as tx:
            known = reader(tx.connection, job.asked_by)
        language = known[1] if known else self._site.language
        return Telling.of(self._site, job.wanted.product, language)

    @contextmanager
    def _beating(self, job: Job, token: str, stopping: threading.Event) -> Iterator["_Beat"]:
        """While the block runs the lease is renewed and the progress told."""
        beat = _Beat(self._site, job.id, token, self._lease, stopping)
        thread = threading.Thread(target=beat.run, name=f"job-{job.id}", daemon=True)
        thread.start()
        try:
            yield beat
        finally:
            beat.ended.set()
            thread.join()


class _Beat:
    """Says every second that the job is still being made, and how far it is."""

    def __init__(self, site: Site, job: int, token: str, lease: float, stopping: threading.Event) -> None:
        self._site, self._job, self._token, self._lease = site, job, token, lease
        self._stopping = stopping
        self._at = (0, 0)
        self._lost = False
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(min(_BEAT_SECONDS, self._lease / 3)):
            try:
                with self._site.store.begin() as tx:
                    held = jobs.beat(tx.connection, self._job, self._token, self._lease, *self._at)
            except Exception:  # noqa: BLE001 - one beat may be missed; when the lease ends another takes it up
                _log.exception("job %s missed a beat", self._job)
                continue
            if not held:
                self._lost = True
                return

    def progress(self, done: int, total: int) -> None:
        """Note how far it is; whoever has lost the job makes it no further."""
        self._at = (done, total)
        if self._lost or self._stopping.is_set():
            raise Lost

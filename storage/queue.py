"""What whoever delivers is handed: the queue of messages, on a store."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy.engine import Connection

from engine.endpoints import STOPPED, Stopped
from engine.jobs import JOB, Job, job_of
from engine.outbox import Claimed, Expired, Step, Way
from engine.reminders import Contact, ReminderPolicy, is_silenced, quiet_key
from engine.reminders.ports import Begun, Contents, Ended
from storage import duty, endpoints, jobs, outbox, password_links, quiets, reminding
from storage.contents import contents_of
from storage.deadlines import read_deadlines
from storage.password_links import LinkKind
from storage.store import Store
from storage.transaction import Tx

#: Who reads what is for nobody of ours, or for somebody whom we do not know any more.
NOBODY = Contact(0, "", None, "th", None, frozenset())


def _ended_jobs(connection: Connection, messages: Sequence[Claimed]) -> dict[int, Job]:
    """The jobs of which messages tell, by the message; most tell of none."""
    told = {one.id: job_of(one.key) for one in messages if one.kind == JOB}
    found = jobs.jobs_among(connection, told.values()) if told else {}
    return {message: found[job] for message, job in told.items() if job in found}


def _stopped(connection: Connection, messages: Sequence[Claimed]) -> dict[str, Stopped]:
    """The endpoints of which messages tell that they were stopped, by the message's key."""
    told = [one.key for one in messages if one.kind == STOPPED]
    return endpoints.stopped(connection, told) if told else {}


class StoredQueue:
    """Implements :class:`engine.reminders.ports.Queue` on a store.

    ``policy`` is what it was reminded by; ``by_line`` whether the house tells people on LINE. ``resend`` is
    what becomes of a message of which nobody knows whether it arrived; ``lease_seconds`` is how long a worker
    that says nothing holds what it has claimed.
    """

    def __init__(
        self,
        store: Store,
        policy: ReminderPolicy,
        *,
        lease_seconds: float,
        resend: bool,
        by_line: bool = False,
    ) -> None:
        self._store = store
        self._policy = policy
        self._by_line = by_line
        self._lease = lease_seconds
        self._resend = resend

    def ready(self, now: datetime) -> Counter[Way]:
        """How many messages of each channel wait for whoever delivers now."""
        with self._store.read() as tx:
            return outbox.ready(tx.connection, now)

    def expire(self, way: Way, now: datetime) -> Expired:
        with self._store.begin() as tx:
            return outbox.expire(tx.connection, way, resend=self._resend, now=now)

    def claim(self, way: Way, n: int, token: str, now: datetime) -> list[Claimed]:
        with self._store.begin() as tx:
            return outbox.claim(tx.connection, way, n, lease_seconds=self._lease, token=token, now=now)

    def contents(self, messages: Sequence[Claimed], now: datetime) -> list[Contents]:
        with self._store.read() as tx:
            connection, policy = tx.connection, self._store.policy
            people = sorted({one.person for one in messages if one.person is not None})
            readers = {one.id: one for one in duty.contacts(connection, people, by_line=self._by_line)}
            given = [(one, readers.get(one.person or 0, NOBODY)) for one in messages]
            deadlines = read_deadlines(connection, policy, self._policy.review_days)
            silenced = self._silenced(connection, people, policy.day_of(now))
            contents, done = contents_of(connection, self._store.workflow, deadlines, given, silenced)
            wanted = password_links.wanted(connection, messages, now)
            ended = _ended_jobs(connection, messages)
            stopped = _stopped(connection, messages)
        if done:
            with self._store.begin() as tx:
                reminding.withdraw(tx.connection, done, now)
        return [
            one._replace(
                link_wanted=message.id in wanted,
                job=ended.get(message.id),
                stopped=stopped.get(message.key),
            )
            for message, one in zip(messages, contents, strict=True)
        ]

    def _silenced(
        self, connection: Connection, people: list[int], today: date
    ) -> Callable[[reminding.Reminder], bool]:
        """Whether the reader of a reminder put it off after it came to be owed."""
        calendar, topics = self._store.policy.calendar, self._policy.topics
        answers_from = self._policy.answers_from(calendar, today)
        answers = quiets.answers(connection, answers_from, people) if people else {}

        def silenced(one: reminding.Reminder) -> bool:
            answer = answers.get(quiet_key(one.person, one.subject))
            return is_silenced(answer, topics[one.subject.topic], calendar, one.step, today)

        return silenced

    def settle(self, token: str, now: datetime, ended: Ended | None, begun: Begun | None) -> bool:
        with self._store.begin() as tx:
            if ended is not None:
                self._end(tx, token, now, ended)
            if begun is None:
                return False
            held = outbox.sending(
                tx.connection,
                begun.message.id,
                token,
                to_address=begun.to_address,
                subject=begun.subject,
                content=begun.content if begun.kept is None else begun.kept,
                lease_seconds=self._lease,
                now=now,
            )
            if held and begun.opens is not None:
                person, digest, ends_at = begun.opens
                password_links.keep(tx, LinkKind.RESET, person, digest, ends_at, now)
            return held

    def _end(self, tx: Tx, token: str, now: datetime, ended: Ended) -> None:
        message, later, answer = ended.message.id, ended.not_before or now, ended.answer
        connection = tx.connection
        match ended.step:
            case Step.SENT:
                outbox.sent(connection, message, token, answer=answer, now=now)
            case Step.DEFERRED:
                outbox.deferred(connection, message, token, not_before=later, answer=answer, now=now)
            case Step.UNCERTAIN:
                resend = self._resend and ended.not_before is not None  # else it was tried for long enough
                outbox.uncertain(
                    connection, message, token, answer=answer, resend=resend, not_before=later, now=now
                )
            case Step.REROUTED:
                outbox.rerouted(connection, message, token, why=answer, now=now)
            case Step.WITHDRAWN:
                outbox.withdrawn(connection, message, token, why=answer, now=now)
            case _:
                held = outbox.failed(connection, message, token, answer=answer, now=now)
                if held and ended.unreachable and ended.message.person:
                    duty.mark_unreachable(tx, ended.message.person, answer, by=0, now=now)

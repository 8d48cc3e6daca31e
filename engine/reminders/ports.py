"""What whoever reminds and delivers is handed: the ledger of what is owed, and the queue of messages."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, Protocol

from engine.endpoints import Stopped, Wish
from engine.jobs import Job
from engine.outbox import Claimed, Expired, NewMessage, Step, Way
from engine.permissions import Role
from engine.quarter import FiscalYear, Quarter
from engine.reminders.notices import Happening, Notice
from engine.reminders.planning import Owed, Quiet, QuietKey, Subject
from engine.reminders.policy import Topic
from engine.reminders.roster import Contact, Roster
from engine.workflow import Text


class Survey(NamedTuple):
    """What every plan of a day is made from: who there is, what they answered, what definitions narrow.

    ``wishes`` are those of the programs that are told what happens.
    """

    roster: Roster
    quiet: Mapping[QuietKey, Quiet]
    narrow: Mapping[int, tuple[int, ...]]
    wishes: tuple[Wish, ...] = ()


class Window(NamedTuple):
    """The subjects of a topic that are due from ``low`` to ``high``, both included."""

    topic: Topic
    low: date
    high: date


class Follows(NamedTuple):
    """What follows from news: who is told of it, what is owed because of it, and what programs are told."""

    notices: list[Notice]
    owed: list[Owed]
    messages: list[NewMessage]


class Ledger(Protocol):
    """What is owed and what happened. Every method is one transaction of its own, or several."""

    def swept_on(self) -> date | None:
        """The last day for which everything newly owed was written down; ``None`` when that is not known."""

    def survey(self, due_from: date) -> Survey:
        """What plans are made from, as it stands now, without the answers on what was due before that day."""

    def due(self, windows: Iterable[Window]) -> Iterator[list[Subject]]:
        """All subjects of the windows, in portions; no transaction is open between two of them."""

    def woken(self, after: date, through: date) -> list[Subject]:
        """The subjects of which a snooze ends after the one day and by the other."""

    def owe(self, owed: Iterable[Owed]) -> int:
        """Write down what is owed; what is there already is left. Returns how much was new."""

    def end_sweep(self, on: date, owed: Iterable[Owed]) -> int:
        """Write down the last of what is newly owed, and the day for which that is all of it."""

    def catch_up(
        self,
        n: int,
        due_from: date,
        decide: Callable[[list[Happening], list[Subject], Survey], Follows],
        now: datetime,
    ) -> int:
        """Deal with the news of up to ``n`` indicators, and of the city: all that happened, and what is owed.

        What follows from it is written down in the same transaction that says that people were told. Returns
        of how many there was news; fewer than ``n`` when none is left.
        """

    def waiting(self, today: date) -> list[Contact]:
        """Whoever has reminders owed by ``today`` that no message holds."""

    def notified(self) -> list[Contact]:
        """Whoever has notices that no message holds."""

    def gather(self, digests: Iterable[NewMessage], today: date, now: datetime) -> int:
        """Put each person's waiting reminders into their message; returns how many messages took some.

        What an earlier digest could not tell them yet, and certainly has not, goes along.
        """

    def gather_notices(self, messages: Iterable[NewMessage], now: datetime) -> int:
        """Put each person's waiting notices into their message; returns how many messages took some."""


class Due(NamedTuple):
    """One reminder as it stands now, with the words that its reader knows it by.

    ``what`` is the milestone, the quarter of the report or of the extension, or what is planned.
    ``told_before`` are others who were told of the same, by name, with the day. An extension has no ``code``.
    """

    reminder: int
    subject: Subject
    step: int
    role: Role
    instead_of: str
    code: str
    fiscal_year: FiscalYear
    title: Text
    agency: Text
    what: Text | Quarter | str
    state: str
    waits_for: str
    told_before: tuple[tuple[str, date], ...]


class Changed(NamedTuple):
    """One event as its reader is told of it: what happened to what, and who did it when."""

    happening: Happening
    code: str
    fiscal_year: FiscalYear
    title: Text
    agency: Text
    thing: Text | Quarter | str
    who: str
    at: datetime


class About(NamedTuple):
    """The agency that an event is about, and its indicator, if it is about one."""

    agency: int
    agency_code: str | None
    agency_name: Text
    code: str = ""
    fiscal_year: FiscalYear | None = None


class Heard(NamedTuple):
    """An event as programs hear of it: word for word as the journal has it, and what it is about."""

    stream: int
    seq: int
    what: str
    at: str
    by: int
    data: Mapping[str, Any]
    previous_hash: str
    hash: str
    about: About | None


class Contents(NamedTuple):
    """What a message has to tell now: what of it is still owed, and what happened.

    ``link_wanted`` is whether its reader still waits for a link to set a password; ``job`` is the one whose
    end it tells, ``stopped`` the endpoint that is told nothing any more; ``heard`` is for a program.
    """

    reader: Contact
    due: tuple[Due, ...]
    changed: tuple[Changed, ...]
    link_wanted: bool = False
    job: Job | None = None
    stopped: Stopped | None = None
    heard: Heard | None = None


class Ended(NamedTuple):
    """How the sending of a message ended. ``not_before`` is when it is tried again, if it is."""

    message: Claimed
    step: Step
    answer: str
    not_before: datetime | None = None
    unreachable: bool = False  # the address takes no mail for good


class Opens(NamedTuple):
    """A link to set a password as the store keeps it: whose, its SHA-256, and until when it works."""

    person: int
    digest: str
    ends_at: datetime


class Begun(NamedTuple):
    """A message that is about to be sent, word for word.

    One that ``opens`` something is ``kept`` without what opens it.
    """

    message: Claimed
    to_address: str
    subject: str
    content: bytes
    kept: bytes | None = None
    opens: Opens | None = None


class Queue(Protocol):
    """The queue of messages. Every method is one transaction of its own."""

    def expire(self, way: Way, now: datetime) -> Expired:
        """Take back what is held by workers of the channel that are gone."""

    def claim(self, way: Way, n: int, token: str, now: datetime) -> list[Claimed]:
        """Up to ``n`` messages of the channel whose time has come, now held by the token."""

    def contents(self, messages: Sequence[Claimed], now: datetime) -> list[Contents]:
        """What each of the messages has to tell now.

        What was done meanwhile, or put off by its reader, is left out and written down as such.
        """

    def settle(self, token: str, now: datetime, ended: Ended | None, begun: Begun | None) -> bool:
        """Write down how one message ended and that the next is being sent, in one commit.

        ``False`` when the next one is no longer held by the token: then it must not be sent.
        """

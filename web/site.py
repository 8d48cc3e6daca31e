"""What pages are made from: handed in whole, so that nothing is global and two sites may share a process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from threading import Event
from typing import Any, Protocol
from urllib.parse import urlsplit

from engine.permissions import Person
from engine.reminders import ReminderPolicy
from engine.wording import Wording
from notifications.posting import OUTSIDE, Reach
from storage.clamd import Scanner
from storage.evidence import EvidenceStore
from storage.passwords import Passwords
from storage.store import Store
from storage.transaction import Tx
from storage.uploads import Uploads


@dataclass(frozen=True, slots=True)
class OpenId:
    """Another house where people may sign in (OpenID Connect); ``only`` there, or here as well.

    ``issuer`` is its address, ``name`` stands on the button.
    """

    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    name: str
    only: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that may be changed while the house runs.

    ``kind`` says what is written for it: a "whole" number, a "choice" among ``choices``, "yes", "numbers",
    "dates", or "tables" (mappings; of a ladder ``choices`` are the roles). ``default`` is that of the
    release, ``started`` what the house was started with, ``now`` what holds, and ``written`` the same as the
    file would write it. It is ``unfit`` where what it was changed to does not fit the file any more. ``at``
    and ``by`` tell of its last change.
    """

    key: str
    kind: str
    choices: tuple[str, ...]
    default: Any
    started: Any
    now: Any
    written: str
    is_changed: bool = False
    unfit: bool = False
    at: datetime | None = None
    by: str = ""


#: What a setting is to be: as the file would write it, or of a list its days or its rows.
NewValue = str | list[str] | list[dict[str, str | int]]


class ChangingSettings(Protocol):
    """The settings of a house that may be changed while it runs."""

    @property
    def reminders(self) -> ReminderPolicy:
        """Who is reminded of what."""

    @property
    def public(self) -> bool:
        """Whether everybody may read sealed results."""

    def follow(self, *, at_once: bool = False) -> None:
        """Read what was changed meanwhile; not more often than every second, unless ``at_once``."""

    def listed(self) -> list[Setting]:
        """Every setting that may be changed."""

    def change(self, tx: Tx, key: str, typed: NewValue | None, *, by: Person, now: datetime) -> None:
        """Set one to what was typed, ``None``: back to what the house was started with; with its event.

        Raises :class:`~engine.errors.Refusal` for what may not be changed, and for what is no fit value.
        """


@dataclass(slots=True)
class Site:
    """A house as its pages know it.

    ``house`` is the name at the head of every page, ``base_url`` the address under which people reach the
    pages, ``language`` what is spoken to who asks for none; ``clock`` gives aware instants. ``demo_people``
    are those of the demo as whom its own machine may sign in without a password. ``openid`` is the other
    house where people may sign in, if there is one; ``scanner`` looks for malice in what they send.
    Once ``stopping`` is set, whoever is being answered for long is let go. Where the house is ``public``
    everybody may read sealed results, under the ``licence`` of that address, if one was decided upon.
    ``reach`` is how far the endpoints of programs may lie. ``settings`` are those that may be changed while
    it runs: ``reminders``, ``public`` and the store's policy follow them, and nothing else here ever changes.
    """

    store: Store
    reminders: ReminderPolicy
    wordings: Mapping[str, Wording]
    clock: Callable[[], datetime]
    house: str
    base_url: str
    evidence: EvidenceStore
    passwords: Passwords
    language: str = "th"
    demo_people: tuple[tuple[int, str], ...] = ()
    openid: OpenId | None = None
    scanner: Scanner | None = None
    stopping: Event = field(default_factory=Event)
    public: bool = False
    licence: str = ""
    reach: Reach = OUTSIDE
    settings: ChangingSettings | None = None

    def follow(self, *, at_once: bool = False) -> None:
        """Go by the settings as they are now."""
        if self.settings is not None:
            self.settings.follow(at_once=at_once)
            self.reminders, self.public = self.settings.reminders, self.settings.public

    @property
    def uploads(self) -> Uploads:
        """What people have sent and have not attached yet."""
        return Uploads(self.store, self.evidence, self.scanner)

    @property
    def takes_passwords(self) -> bool:
        """Whether people sign in here at all."""
        return self.openid is None or not self.openid.only

    @property
    def root(self) -> str:
        """What stands before the path of every page: empty, or where a proxy serves us below another site."""
        return urlsplit(self.base_url).path.rstrip("/")

    @property
    def host(self) -> str:
        """The name of this house's server, which ends every Message-ID."""
        return urlsplit(self.base_url).hostname or "radap"

    def today(self) -> date:
        """The local day."""
        return self.store.policy.day_of(self.clock())

"""Where all is introduced to all: settings to policy, the store to definitions, sentences to doors."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.pofile import read_po
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError

from cli.evidence_settings import evidence_store_of, scanner_of
from cli.policies import policy_of
from cli.running import Current, current_of
from cli.settings import Settings
from engine.errors import refuse
from engine.ports import Policy
from engine.reminders import ReminderPolicy
from engine.wording import Wording
from storage import schema
from storage.clamd import Scanner
from storage.evidence import EvidenceStore
from storage.store import Store, connect
from workflows.catalogue import Catalogue, parse

Clock = Callable[[], datetime]

ROOT = Path(__file__).parent.parent
LANGUAGES = ("th", "en")
_DRIVERS = ("sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg")


def clock() -> datetime:
    """The real time; everything below is handed an instant."""
    return datetime.now(UTC)


@cache
def sentences(language: str, of: str = "radap") -> Mapping[str, str]:
    """Every sentence of a file of ``locale/`` in that language: by kind, of the help by its English text."""
    path = ROOT / "locale" / language / "LC_MESSAGES" / f"{of}.po"
    with path.open("rb") as file:
        read = read_po(file, locale=language)
    return {str(message.id): str(message.string) for message in read if message.id}


def wording(language: str, zone: ZoneInfo) -> Wording:
    """The sentences of one language."""
    return Wording(language, sentences(language), zone)


def catalogue() -> Catalogue:
    """The definitions that come with this release."""
    return Catalogue(ROOT / "workflows")


@dataclass
class House:
    """A running house: what every command and page works with.

    ``started`` are the settings that it was started with; ``current`` what holds since the last change.
    """

    started: Settings
    store: Store
    evidence: EvidenceStore
    clock: Clock
    current: Current = field(init=False)

    def __post_init__(self) -> None:
        self.current = Current(self.started)

    def follow(self) -> Current:
        """Read what was changed of the settings meanwhile, here or elsewhere, and go by it from now on."""
        with self.store.read() as tx:
            found = current_of(tx.connection, self.started, self.current)
        if found is not self.current:
            # A transaction keeps the policy that it began with.
            self.store.policy, self.current = found.policy, found
        return found

    @property
    def settings(self) -> Settings:
        return self.current.settings

    @property
    def reminders(self) -> ReminderPolicy:
        return self.current.reminders

    @cached_property
    def scanner(self) -> Scanner | None:
        """Who looks for malware in files, if anybody does."""
        return scanner_of(self.settings.evidence)

    @property
    def policy(self) -> Policy:
        return self.store.policy

    @property
    def engine(self) -> Engine:
        return self.store.engine

    def close(self) -> None:
        self.store.close()


def build(settings: Settings, now: Clock = clock, *, new: bool = False, must_exist: bool = False) -> House:
    """Put a house together on its database.

    A database that is not set up, or of another schema, is refused, unless a ``new`` one may be made; one
    that ``must_exist`` may be of an older schema and is not made.
    """
    database = settings.database
    _mind_the_file(database.url, new=new and not must_exist)
    engine = connect(database.url, busy_seconds=database.busy_seconds, connections=database.connections)
    try:
        if not new:
            schema.require_current(engine)
        store = Store(engine, policy_of(settings), parse)
    except BaseException:
        engine.dispose()
        raise
    house = House(settings, store, evidence_store_of(settings.evidence), now)
    if not new:
        house.follow()
    return house


def _address_of(url: str) -> URL:
    """The address as one of a database that we know; what stands before an @ may be a password."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # the latter of a port that is no number
        raise refuse("database.bad_url", url="…" if "@" in url else url) from None
    if parsed.drivername not in _DRIVERS:
        raise refuse("database.bad_url", url=parsed.render_as_string(hide_password=True))
    return parsed


def _mind_the_file(url: str, *, new: bool) -> None:
    """A missing SQLite file is not made by merely looking at it; a new one gets its folder."""
    parsed = _address_of(url)
    name = parsed.database
    if parsed.get_backend_name() != "sqlite" or not name or name.startswith((":memory:", "file:")):
        return
    file = Path(name)
    if new:
        file.parent.mkdir(parents=True, exist_ok=True)
    elif not file.exists():
        raise refuse("schema.missing")


def keep_what_is_there(house: House) -> None:
    """For a process that stays: what was imported is never garbage, and walking it takes a tenth of a second.

    Whoever waits for a lock that is held meanwhile would wait for as long; and so it is with the holidays.
    """
    len(house.policy.calendar.holidays)
    gc.collect()
    gc.freeze()

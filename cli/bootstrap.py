"""Where all is introduced to all: settings to policy, the store to definitions, sentences to doors."""

import gc
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import get_args
from zoneinfo import ZoneInfo

import holidays
from babel.messages.pofile import read_po
from sqlalchemy.engine import Engine, make_url

from cli.evidence_settings import evidence_store_of, scanner_of
from cli.settings import Settings, Weekday
from engine.errors import refuse
from engine.ports import Policy
from engine.quarter import DeadlinePolicy, WorkCalendar
from engine.reminders import ReminderPolicy, Topic
from engine.scores import ScoreScale
from engine.verdict import CheckItem, ReviewPolicy
from engine.wording import Catalogues, Wording
from engine.workflow import Text
from storage import endpoints, jobs, schema
from storage.clamd import Scanner
from storage.evidence import EvidenceStore
from storage.previews import Previews
from storage.store import Store, connect
from storage.uploads import Uploads
from workflows.catalogue import Catalogue, parse

Clock = Callable[[], datetime]

ROOT = Path(__file__).parent.parent
LANGUAGES = ("th", "en")
#: The calendar years for which holidays are computed: from before the oldest page that was seen (BE 2556)
#: to well beyond any plan.
_YEARS = range(2010, 2046)


def clock() -> datetime:
    """The real time; everything below is handed an instant."""
    return datetime.now(UTC)


@cache
def sentences() -> Catalogues:
    """Every sentence of ``locale/``, by language and kind."""
    return {language: _catalogue(language) for language in LANGUAGES}


def _catalogue(language: str) -> Mapping[str, str]:
    path = ROOT / "locale" / language / "LC_MESSAGES" / "radap.po"
    with path.open("rb") as file:
        read = read_po(file, locale=language)
    return {str(message.id): str(message.string) for message in read if message.id}


def wording(language: str, zone: ZoneInfo) -> Wording:
    """The sentences of one language."""
    return Wording(language, sentences()[language], zone)


def policy_of(settings: Settings) -> Policy:
    """The settings that decisions rest on."""
    reports, deadlines = settings.reports, settings.deadlines
    return Policy(
        zone=settings.zone,
        calendar=work_calendar(settings),
        deadlines=DeadlinePolicy(deadlines.days, deadlines.direction, deadlines.shift, deadlines.days_are),
        scale=ScoreScale(
            quality=reports.quality_scores,
            timeliness=reports.timeliness_scores,
            on_time=reports.on_time_score,
            late=reports.late_score,
            missing=reports.missing_score,
            quarter_weights=reports.quarter_weights,
        ),
        fix_days=reports.fix_days,
        review=review_policy(settings),
    )


def review_policy(settings: Settings) -> ReviewPolicy:
    """How evaluators work."""
    review = settings.review
    items = [CheckItem(one.key, Text(one.th, one.en), one.points) for one in review.checklist]
    return ReviewPolicy(tuple(items), review.second_percent, review.second_seed, review.appeal_days)


def reminder_policy(settings: Settings) -> ReminderPolicy:
    """Who is reminded of what, when, as the settings say."""
    reminders = settings.reminders
    topics = {topic: reminders.topic(topic).policy() for topic in Topic}
    return ReminderPolicy(topics, reminders.hour, reminders.review_days)


def work_calendar(settings: Settings) -> WorkCalendar:
    """The country's holidays with the house's own additions and removals."""
    calendar = settings.calendar
    days = (_official_holidays(calendar.country) | calendar.added_holidays) - calendar.removed_holidays
    names = get_args(Weekday)
    return WorkCalendar(days, frozenset(names.index(day) + 1 for day in calendar.weekend))


@cache
def _official_holidays(country: str) -> frozenset[date]:
    return frozenset(holidays.country_holidays(country, years=_YEARS))


def catalogue() -> Catalogue:
    """The definitions that come with this release."""
    return Catalogue(ROOT / "workflows")


@dataclass(frozen=True)
class House:
    """A running house: what every command and page works with."""

    settings: Settings
    store: Store
    evidence: EvidenceStore
    clock: Clock

    @cached_property
    def scanner(self) -> Scanner | None:
        """Who looks for malware in files, if anybody does."""
        return scanner_of(self.settings.evidence)

    def sweep_files(self) -> int:
        """Remove files that nobody attached, results nobody fetched, old pictures; returns how many."""
        now = self.clock()
        with self.store.begin() as tx:
            jobs.sweep(tx.connection, now)
            endpoints.sweep(tx.connection, now)
        uploads = Uploads(self.store, self.evidence, self.scanner)
        return uploads.sweep(now) + Previews(self.evidence).sweep(now)

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
    return House(settings, store, evidence_store_of(settings.evidence), now)


def _mind_the_file(url: str, *, new: bool) -> None:
    """A missing SQLite file is not made by merely looking at it; a new one gets its folder."""
    parsed = make_url(url)
    name = parsed.database
    if parsed.get_backend_name() != "sqlite" or not name or name.startswith((":memory:", "file:")):
        return
    file = Path(name)
    if new:
        file.parent.mkdir(parents=True, exist_ok=True)
    elif not file.exists():
        raise refuse("schema.missing")


def keep_what_is_there() -> None:
    """For a process that stays: what was imported is never garbage, and walking it takes a tenth of a second.

    Whoever waits for a lock that is held meanwhile would wait for as long.
    """
    gc.collect()
    gc.freeze()

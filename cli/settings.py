"""The settings of a house: ``config.toml`` and ``RADAP_*`` variables, read once into a frozen value."""

import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from cli.evidence_settings import EvidenceSection
from cli.mail_settings import (
    EndpointsSection,
    LineSection,
    MailSection,
    OutboxSection,
    WebhookSection,
    WebSection,
)
from cli.settings_faults import BETWEEN, PREFIX, fault_of_key, faults_of_variables, telling
from cli.sign_in_settings import SignInSection
from cli.troubles import condition_of
from engine.errors import Refusal, Unmet
from engine.nearest import nearest
from engine.permissions import Role
from engine.quarter import BE_OFFSET, BE_YEARS, DaysAre, Shift, Side
from engine.reminders import DEFAULT, Rung, Topic, TopicPolicy, ladder_fault
from engine.verdict import CHECKLIST, ReviewPolicy
from workflows.toml_faults import place_and_fault

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, sorted(available_timezones()))
        raise PydanticCustomError("unknown_zone", "no such zone", {"nearest": near}) from None
    return name


_USUAL_COUNTRY = "TH"


def _known_country(code: str) -> str:
    if code == _USUAL_COUNTRY:
        return code
    # Imported when it is needed: it takes a moment, and no other setting needs it.
    from holidays import list_supported_countries  # noqa: PLC0415 - see above

    known = list_supported_countries()
    if code not in known:
        raise PydanticCustomError("unknown_country", "no such country", {"nearest": nearest(code, known)})
    return code


def _of_the_common_era(day: date) -> date:
    if day.year in BE_YEARS:
        raise PydanticCustomError("buddhist_era", "a year of the other era", {"ce": day.year - BE_OFFSET})
    return day


def _some_days_of_the_week(days: frozenset[Weekday]) -> frozenset[Weekday]:
    if len(days) == len(get_args(Weekday)):
        raise PydanticCustomError("whole_week", "no day is left to work on", {})
    return days


def _rising(scores: tuple[int, ...]) -> tuple[int, ...]:
    if not scores or any(low >= high for low, high in pairwise(scores)):
        raise PydanticCustomError("not_rising", "scores rise from the lowest to the highest", {})
    return scores


Day = Annotated[date, AfterValidator(_of_the_common_era)]
Scores = Annotated[tuple[int, ...], AfterValidator(_rising)]
Weight = Annotated[Decimal, Field(gt=0)]


class Section(BaseModel):
    """A table of the file: keys that are not named here are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Section):
    url: Annotated[str, Field(min_length=1)] = "sqlite:///var/radap.db"
    busy_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    connections: Annotated[int, Field(ge=1, le=1000)] = 10


class Calendar(Section):
    zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Bangkok"
    country: Annotated[str, AfterValidator(_known_country)] = _USUAL_COUNTRY
    weekend: Annotated[frozenset[Weekday], AfterValidator(_some_days_of_the_week)] = frozenset(
        {"saturday", "sunday"}
    )
    added_holidays: frozenset[Day] = frozenset()
    removed_holidays: frozenset[Day] = frozenset()


class Deadlines(Section):
    days: Annotated[int, Field(ge=0, le=90)] = 15
    direction: Side = Side.AFTER
    shift: Shift = Shift.NEXT_WORKING_DAY
    days_are: DaysAre = DaysAre.CALENDAR


class Reports(Section):
    fix_days: Annotated[int, Field(ge=1, le=90)] = 5
    quality_scores: Scores = (0, 75, 80, 85, 90, 95, 100)
    timeliness_scores: Scores = (0, 50, 100)
    on_time_score: int = 100
    late_score: int = 50
    missing_score: int = 0
    quarter_weights: tuple[Weight, Weight, Weight, Weight] = (Decimal(1), Decimal(1), Decimal(1), Decimal(1))

    @field_validator("on_time_score", "late_score", "missing_score")
    @classmethod
    def _is_a_score(cls, earned: int, info: ValidationInfo) -> int:
        allowed = info.data.get("timeliness_scores", (earned,))
        if earned not in allowed:
            raise PydanticCustomError("no_score", "not a score", {"allowed": [str(one) for one in allowed]})
        return earned


class CheckItemTable(Section):
    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
    th: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]
    points: Annotated[int, Field(ge=1, le=1000)]


def _named_once(items: tuple[CheckItemTable, ...]) -> tuple[CheckItemTable, ...]:
    keys = [one.key for one in items]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            raise PydanticCustomError("item_twice", "the key stands there twice", {"at": index, "again": key})
    return items


class Review(Section):
    # No more: every question is a field of a form.
    checklist: Annotated[
        tuple[CheckItemTable, ...], Field(min_length=1, max_length=30), AfterValidator(_named_once)
    ] = tuple(
        CheckItemTable(key=one.key, th=one.title.th, en=one.title.en, points=one.points) for one in CHECKLIST
    )
    second_percent: Annotated[int, Field(ge=0, le=100)] = ReviewPolicy().second_percent
    second_seed: Annotated[str, Field(min_length=1)] = ReviewPolicy().second_seed
    appeal_days: Annotated[int, Field(ge=1, le=90)] = ReviewPolicy().appeal_days


def _unlike(days: tuple[int, ...]) -> tuple[int, ...]:
    for index, day in enumerate(days):
        if day in days[:index]:
            raise PydanticCustomError("day_twice", "the day stands there twice", {"at": index, "again": day})
    return days


class RungTable(Section):
    # Owners belong to another agency, viewers and operators have no work that could be due.
    role: Literal[
        Role.COORDINATOR, Role.DEPUTY, Role.SECTION_HEAD, Role.DIRECTOR, Role.EVALUATOR, Role.ADMINISTRATOR
    ]
    after: Annotated[int, Field(ge=0, le=366)] = 0


def _a_ladder(rungs: tuple[RungTable, ...]) -> tuple[RungTable, ...]:
    if fault := ladder_fault([Rung(rung.role, rung.after) for rung in rungs]):
        kind, index = fault
        what = {"at": index, "role": rungs[index].role.value, "after": rungs[index].after} if rungs else {}
        raise PydanticCustomError(kind, "no ladder is like this", what)
    return rungs


class TopicTable(Section):
    before: Annotated[tuple[Annotated[int, Field(ge=0, le=366)], ...], AfterValidator(_unlike)]
    overdue: Annotated[tuple[Annotated[int, Field(ge=1, le=366)], ...], AfterValidator(_unlike)]
    repeat_every: Annotated[int, Field(ge=0, le=366)]
    ladder: Annotated[tuple[RungTable, ...], AfterValidator(_a_ladder)]
    optional: bool
    until: Annotated[int, Field(ge=1, le=800)]

    @field_validator("until")
    @classmethod
    def _is_after_every_step(cls, until: int, info: ValidationInfo) -> int:
        rungs: tuple[RungTable, ...] = info.data.get("ladder", ())
        last = max((*info.data.get("overdue", ()), *(rung.after for rung in rungs)), default=0)
        if until < last:
            raise PydanticCustomError("until_early", "steps come after it", {"ge": last})
        return until

    def policy(self) -> TopicPolicy:
        rungs = tuple(Rung(rung.role, rung.after) for rung in self.ladder)
        return TopicPolicy(self.before, self.overdue, self.repeat_every, rungs, self.optional, self.until)


def _table_of(topic: Topic) -> TopicTable:
    return TopicTable.model_validate(DEFAULT.topics[topic], from_attributes=True)


class Reminders(Section):
    """Every topic has a table of its own name; a key that it leaves out keeps that topic's default."""

    hour: Annotated[int, Field(ge=0, le=23)] = DEFAULT.hour
    review_days: Annotated[int, Field(ge=1, le=90)] = DEFAULT.review_days
    milestone: TopicTable = _table_of(Topic.MILESTONE)
    report: TopicTable = _table_of(Topic.REPORT)
    endorsement: TopicTable = _table_of(Topic.ENDORSEMENT)
    evaluation: TopicTable = _table_of(Topic.EVALUATION)
    appeal: TopicTable = _table_of(Topic.APPEAL)
    returned_milestone: TopicTable = _table_of(Topic.RETURNED_MILESTONE)
    returned_report: TopicTable = _table_of(Topic.RETURNED_REPORT)
    extension: TopicTable = _table_of(Topic.EXTENSION)
    meeting: TopicTable = _table_of(Topic.MEETING)

    @model_validator(mode="before")
    @classmethod
    def _keep_what_is_left_out(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return {
            name: {**_table_of(Topic(name)).model_dump(), **value}
            if name in set(Topic) and isinstance(value, dict)
            else value
            for name, value in given.items()
        }

    def topic(self, topic: Topic) -> TopicTable:
        table: TopicTable = getattr(self, topic)
        return table


class Public(Section):
    enabled: bool = False
    licence: Annotated[str, Field(pattern=r"^(https?://\S+)?$")] = ""


class Language(Section):
    default: Literal["th", "en"] = "th"


class Settings(BaseSettings):
    """Every setting with its default; ``config.toml`` tells what each is for."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    database: Database = Database()
    evidence: EvidenceSection = EvidenceSection()
    calendar: Calendar = Calendar()
    deadlines: Deadlines = Deadlines()
    reports: Reports = Reports()
    review: Review = Review()
    reminders: Reminders = Reminders()
    mail: MailSection = MailSection()
    outbox: OutboxSection = OutboxSection()
    web: WebSection = WebSection()
    sign_in: SignInSection = SignInSection()
    public: Public = Public()
    webhook: WebhookSection = WebhookSection()
    endpoints: EndpointsSection = EndpointsSection()
    line: LineSection = LineSection()
    language: Language = Language()

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.calendar.zone)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library passes it by this name
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what :func:`load` has put together: it must know which value came from where."""
        return (init_settings,)


def load(path: Path | None, environment: Mapping[str, str]) -> Settings:
    """The settings of a file (``None``: all defaults), with what the environment says above it.

    Raises :class:`~engine.errors.Refusal` with a condition for every broken or misspelt key.
    """
    text = "" if path is None else _read(path)
    try:
        from_file = tomllib.loads(text)
    except ValueError as broken:
        line, what = place_and_fault(broken, text)
        unreadable = Unmet("config.unreadable", {"file": str(path), "line": line, "what": what})
        raise Refusal([unreadable]) from broken
    if faults := faults_of_variables(environment, Settings()):
        raise Refusal(faults)
    from_environment = _from(environment)
    try:
        settings = Settings(**_merged(from_file, from_environment))
    except ValidationError as refused:
        errors = telling(refused.errors(include_url=False))
        faults = [fault_of_key(error, path, text, from_environment, Settings()) for error in errors]
        raise Refusal(sorted(faults, key=lambda fault: fault.params.get("line", 0))) from refused
    return settings


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        condition = condition_of(error, "")
        if condition is None:
            raise
        raise Refusal([condition]) from error
    except UnicodeDecodeError as broken:
        line = broken.object.count(b"\n", 0, broken.start) + 1
        raise Refusal([Unmet("config.not_utf8", {"file": str(path), "line": line})]) from broken


def _from(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says; lists are written as JSON there."""
    source = EnvSettingsSource(Settings, env_prefix=PREFIX, env_nested_delimiter=BETWEEN)
    source.env_vars = {name.lower(): value for name, value in environment.items()}
    return source()


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged

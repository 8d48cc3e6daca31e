"""The settings of a house: ``config.toml`` and ``RADAP_*`` variables, read once into a frozen value."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
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
)
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from engine.errors import Refusal, Unmet
from engine.nearest import nearest
from engine.quarter import DaysAre, Shift, Side
from workflows.toml_lines import line_of

PREFIX = "RADAP_"
_BETWEEN = "__"  # RADAP_DATABASE__URL is the key url of the section [database]

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
MIB = 1024 * 1024


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(name, sorted(available_timezones()))
        raise PydanticCustomError("unknown_zone", "no such zone", {"nearest": near}) from None
    return name


def _known_country(code: str) -> str:
    # Imported when it is needed: it takes a moment, and no other setting needs it.
    from holidays import list_supported_countries  # noqa: PLC0415 - see above

    known = list_supported_countries()
    if code not in known:
        raise PydanticCustomError("unknown_country", "no such country", {"nearest": nearest(code, known)})
    return code


def _some_days_of_the_week(days: frozenset[Weekday]) -> frozenset[Weekday]:
    if len(days) == len(get_args(Weekday)):
        raise PydanticCustomError("whole_week", "no day is left to work on", {})
    return days


def _rising(scores: tuple[int, ...]) -> tuple[int, ...]:
    if not scores or any(low >= high for low, high in pairwise(scores)):
        raise PydanticCustomError("not_rising", "scores rise from the lowest to the highest", {})
    return scores


Scores = Annotated[tuple[int, ...], AfterValidator(_rising)]
Weight = Annotated[Decimal, Field(gt=0)]


class Section(BaseModel):
    """A table of the file: keys that are not named here are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Database(Section):
    url: Annotated[str, Field(min_length=1)] = "sqlite:///var/radap.db"
    busy_seconds: Annotated[float, Field(gt=0, le=600)] = 10.0
    connections: Annotated[int, Field(ge=1, le=1000)] = 10


class Evidence(Section):
    folder: Path = Path("var/evidence")
    max_bytes: Annotated[int, Field(ge=1)] = 25 * MIB
    media_types: frozenset[str] = frozenset(
        {
            "application/pdf",
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            "image/jpeg",
            "image/png",
            "image/webp",
            "image/heic",
            "text/plain",
            "text/csv",
        }
    )


class Calendar(Section):
    zone: Annotated[str, AfterValidator(_known_zone)] = "Asia/Bangkok"
    country: Annotated[str, AfterValidator(_known_country)] = "TH"
    weekend: Annotated[frozenset[Weekday], AfterValidator(_some_days_of_the_week)] = frozenset(
        {"saturday", "sunday"}
    )
    added_holidays: frozenset[date] = frozenset()
    removed_holidays: frozenset[date] = frozenset()


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


class Language(Section):
    default: Literal["th", "en"] = "th"


class Settings(BaseSettings):
    """Every setting with its default; ``config.toml`` tells what each is for."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True)

    database: Database = Database()
    evidence: Evidence = Evidence()
    calendar: Calendar = Calendar()
    deadlines: Deadlines = Deadlines()
    reports: Reports = Reports()
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
    except tomllib.TOMLDecodeError as broken:
        place = re.search(r"\(at line (\d+)", str(broken))
        line = int(place[1]) if place else text.count("\n") + 1
        what = {"file": str(path), "line": line, "message": str(broken)}
        raise Refusal([Unmet("config.unreadable", what)]) from broken
    faults = [*_stray_variables(environment), *_lists_that_are_none(environment)]
    if faults:
        raise Refusal(faults)
    from_environment = _from(environment)
    try:
        settings = Settings(**_merged(from_file, from_environment))
    except ValidationError as refused:
        errors = refused.errors(include_url=False)
        faults = [_fault(error, path, text, from_environment) for error in errors]
        raise Refusal(sorted(faults, key=lambda fault: fault.params.get("line", 0))) from refused
    return settings


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise Refusal([Unmet("file.missing", {"file": str(path)})]) from None
    except UnicodeDecodeError as broken:
        line = broken.object.count(b"\n", 0, broken.start) + 1
        raise Refusal([Unmet("config.not_utf8", {"file": str(path), "line": line})]) from broken


def _from(environment: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says; lists are written as JSON there."""
    source = EnvSettingsSource(Settings, env_prefix=PREFIX, env_nested_delimiter=_BETWEEN)
    source.env_vars = {name.lower(): value for name, value in environment.items()}
    return source()


def _lists_that_are_none(environment: Mapping[str, str]) -> Iterator[Unmet]:
    """A variable that stands for a list and is none: the library would not tell which."""
    for section, model in _sections().items():
        for key, field in model.model_fields.items():
            name = f"{PREFIX}{section}{_BETWEEN}{key}".upper()
            if name in environment and isinstance(field.default, tuple | frozenset):
                try:
                    json.loads(environment[name])
                except json.JSONDecodeError:
                    example = _example((section, key))
                    given = _shown(environment[name])
                    yield Unmet("config.unfit", {"key": name, "given": given, "example": example})


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = _merged(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _sections() -> dict[str, type[BaseModel]]:
    return {
        name: field.annotation
        for name, field in Settings.model_fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
    }


def variables() -> list[str]:
    """The name of every environment variable that is read."""
    return [
        f"{PREFIX}{section}{_BETWEEN}{key}".upper()
        for section, model in _sections().items()
        for key in model.model_fields
    ]


#: Read before there are settings.
ELSEWHERE = (f"{PREFIX}CONFIG",)


def _stray_variables(environment: Iterable[str]) -> list[Unmet]:
    """A variable with our prefix that nobody reads is a misspelt one."""
    known = variables()
    return [
        Unmet("config.unknown_variable", {"key": name, "nearest": nearest(name, known)})
        for name in sorted(environment)
        if name.startswith(PREFIX) and name not in known and name not in ELSEWHERE
    ]


def _fault(error: ErrorDetails, path: Path | None, text: str, from_environment: Mapping[str, Any]) -> Unmet:
    """One error of the library as our condition: where, which key, what is wrong, what to write instead."""
    loc = error["loc"]
    key = ".".join(str(part) for part in loc[:2])
    where: dict[str, Any] = {"key": key, "file": str(path), "line": line_of(text, loc) or 1}
    if len(loc) > 1 and loc[1] in from_environment.get(str(loc[0]), {}):
        where = {"key": f"{PREFIX}{loc[0]}{_BETWEEN}{loc[1]}".upper()}
    if error["type"] == "extra_forbidden":
        model: type[BaseModel] = _sections()[str(loc[0])] if len(loc) > 1 else Settings
        known = list(model.model_fields)
        near = nearest(str(loc[-1]), known)
        return Unmet("config.unknown_key", {**where, "nearest": near, "known": known})
    context = error.get("ctx", {})
    if error["type"] in ("literal_error", "enum", "no_score"):
        allowed = context.get("allowed") or re.findall(r"'([^']*)'", context["expected"])
        given = {"given": str(error["input"]), "allowed": allowed}
        return Unmet("config.not_allowed", {**where, **given})
    what = {**where, "given": _shown(error["input"]), "example": _example(loc)}
    limits: dict[str, Any] = {
        name: context[name] for name in ("ge", "gt", "le", "min_length", "nearest") if name in context
    }
    kind = _KINDS.get(error["type"], "config.unfit")
    return Unmet(kind, {**what, **limits})


#: The library's kinds of errors in ours; any other is simply unfit.
_KINDS = {
    "greater_than": "config.too_small",
    "greater_than_equal": "config.too_small",
    "less_than_equal": "config.too_large",
    "not_rising": "config.not_rising",
    "whole_week": "config.whole_week",
    "unknown_zone": "config.unknown_name",
    "unknown_country": "config.unknown_name",
}


def _example(loc: tuple[int | str, ...]) -> str:
    """The default of the key, as one would write it in the file."""
    default: Any = Settings()
    for part in loc[:2]:
        default = getattr(default, str(part), None)
    if isinstance(default, frozenset) and not default:
        default = [date(2021, 4, 12)]
    return _shown(default)


def _shown(value: Any) -> str:
    """A value as TOML writes it."""
    match value:
        case bool():
            return str(value).lower()
        case str() | Path():
            return f'"{value}"'
        case BaseModel() | dict():
            return "a table"
        case list() | tuple() | set() | frozenset():
            return f"[{', '.join(_shown(one) for one in sorted(value, key=str))}]"
        case Decimal() | int() | float() | date():
            return str(value)
    return "" if value is None else repr(value)

"""The settings of a house while it runs: what it was started with, and what was changed since."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from pydantic import ValidationError
from sqlalchemy.engine import Connection

from cli.policies import deadline_policy, policy_of, reminder_policy
from cli.settings import Settings
from cli.settings_faults import fault_of_value, telling
from engine.errors import Refusal
from engine.ports import Policy
from engine.quarter import DeadlinePolicy, local_day
from engine.reminders import ReminderPolicy, Topic
from storage import setting_changes
from storage.setting_changes import SettingChange


class Kind(StrEnum):
    """What is written for a setting."""

    WHOLE = "whole"
    CHOICE = "choice"
    YES = "yes"
    NUMBERS = "numbers"
    DATES = "dates"
    TABLES = "tables"


_OF_TOPICS = {
    "before": Kind.NUMBERS,
    "overdue": Kind.NUMBERS,
    "repeat_every": Kind.WHOLE,
    "until": Kind.WHOLE,
    "ladder": Kind.TABLES,
    "optional": Kind.YES,
}
#: What may be changed while the house runs. Nothing of it says where anything lies, who we are to anybody, or
#: how what was judged already is to be read: that stays in the file.
_OF_TABLES: Mapping[str, Mapping[str, Kind]] = {
    "calendar": {"added_holidays": Kind.DATES, "removed_holidays": Kind.DATES},
    "deadlines": {
        "days": Kind.WHOLE,
        "direction": Kind.CHOICE,
        "shift": Kind.CHOICE,
        "days_are": Kind.CHOICE,
    },
    "reports": {"fix_days": Kind.WHOLE},
    "review": {"checklist": Kind.TABLES, "second_percent": Kind.WHOLE, "appeal_days": Kind.WHOLE},
    "reminders": {"hour": Kind.WHOLE, "review_days": Kind.WHOLE},
    **{f"reminders.{topic}": _OF_TOPICS for topic in Topic},
    "mail": {"per_minute": Kind.WHOLE, "per_domain_per_minute": Kind.WHOLE},
    "outbox": {"gather_minutes": Kind.CHOICE},
    "public": {"enabled": Kind.YES},
}
CHANGEABLE: Mapping[str, Kind] = {
    f"{table}.{name}": kind for table, names in _OF_TABLES.items() for name, kind in names.items()
}
_DEADLINES = "deadlines."


@dataclass(frozen=True)
class Current:
    """What holds now. ``held`` is the newest change of each key that was ever changed.

    ``unfit`` are the keys whose change does not fit what stands in the file by now: the file's value holds.
    ``seen`` is the number of the newest change.
    """

    settings: Settings
    deadlines: DeadlinePolicy | None = None
    held: Mapping[str, SettingChange] = field(default_factory=dict)
    unfit: frozenset[str] = frozenset()
    seen: int = 0

    @cached_property
    def policy(self) -> Policy:
        return policy_of(self.settings, self.deadlines)

    @cached_property
    def reminders(self) -> ReminderPolicy:
        return reminder_policy(self.settings)

    @property
    def values(self) -> dict[str, Any]:
        """What was changed and is not back at the file's value."""
        return {key: one.value for key, one in self.held.items() if one.value is not None}


def current_of(connection: Connection, started: Settings, known: Current) -> Current:
    """What holds by now; the very value that is known already while nothing was changed."""
    newest = setting_changes.newest(connection)
    if newest == known.seen:
        return known
    changes = setting_changes.every(connection)
    held = {one.key: one for one in changes if one.key in CHANGEABLE}
    values = {key: one.value for key, one in held.items() if one.value is not None}
    settings, unfit = _fitting(started, values)
    return Current(settings, _deadlines(started, changes), held, unfit, newest)


def changed(started: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with these values; refused as the file would be where they do not fit."""
    raw = started.model_dump()
    for key, value in values.items():
        *tables, name = key.split(".")
        table = raw
        for one in tables:
            table = table[one]
        table[name] = value
    try:
        return Settings(**raw)
    except ValidationError as refused:
        errors = telling(refused.errors(include_url=False))
        raise Refusal([fault_of_value(error, Settings()) for error in errors]) from refused


def read(kind: Kind, typed: str) -> Any:
    """The value that was typed, as the file would write it; without the brackets of a list, or the quotes."""
    is_list = kind in (Kind.NUMBERS, Kind.DATES, Kind.TABLES)
    text = f"[{typed}]" if is_list and not typed.lstrip().startswith("[") else typed
    try:
        found = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return typed
    return found["value"] if list(found) == ["value"] else typed


def value_at(settings: Settings, key: str) -> Any:
    """The value of a key."""
    found: Any = settings
    for name in key.split("."):
        found = getattr(found, name)
    return found


def plain_at(settings: Settings, key: str) -> Any:
    """The same, ready for JSON."""
    *tables, name = key.split(".")
    found: Any = settings.model_dump(mode="json")
    for one in tables:
        found = found[one]
    value = found[name]
    return sorted(value) if CHANGEABLE[key] is Kind.DATES else value


def _fitting(started: Settings, values: Mapping[str, Any]) -> tuple[Settings, frozenset[str]]:
    """The settings with as many of the values as fit, and the keys of those that do not."""
    try:
        return changed(started, values), frozenset()
    except Refusal:
        settings, unfit = started, set()
        for key, value in values.items():
            try:
                settings = changed(settings, {key: value})
            except Refusal:
                unfit.add(key)
        return settings, frozenset(unfit)


def _deadlines(started: Settings, changes: Iterable[SettingChange]) -> DeadlinePolicy:
    """When quarters are due: a change holds for those that begin after its day."""
    policy = deadline_policy(started.deadlines)
    values: dict[str, Any] = {}
    for one in changes:
        if not one.key.startswith(_DEADLINES):
            continue
        values[one.key] = one.value
        set_to = {key: value for key, value in values.items() if value is not None}
        settings, _ = _fitting(started, set_to)
        policy = policy.followed_by(deadline_policy(settings.deadlines), local_day(one.at, started.zone))
    return policy

"""Changing settings while the house runs: what may be changed, and doing it, for pages and commands alike."""

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any, get_args

from cli import running
from cli.bootstrap import House
from cli.running import CHANGEABLE, Kind, plain_at, value_at
from cli.settings import RungTable, Settings
from cli.settings_faults import shown
from engine.errors import refuse
from engine.nearest import nearest
from engine.permissions import Person
from engine.reminders import ReminderPolicy
from storage import setting_changes
from storage.transaction import Tx
from web.site import NewValue, Setting

#: So long whoever serves may not know what another process changed.
_EVERY_SECONDS = 1.0


class Changing:
    """Implements :class:`web.site.ChangingSettings` on a house."""

    def __init__(self, house: House, monotonic: Callable[[], float]) -> None:
        self._house = house
        self._monotonic = monotonic
        self._followed_at: float | None = None

    @property
    def reminders(self) -> ReminderPolicy:
        return self._house.reminders

    @property
    def public(self) -> bool:
        return self._house.settings.public.enabled

    def follow(self, *, at_once: bool = False) -> None:
        now = self._monotonic()
        if at_once or self._followed_at is None or now - self._followed_at >= _EVERY_SECONDS:
            self._followed_at = now
            self._house.follow()

    def listed(self) -> list[Setting]:
        defaults = Settings()
        return [self._setting(key, kind, defaults) for key, kind in CHANGEABLE.items()]

    def _setting(self, key: str, kind: Kind, defaults: Settings) -> Setting:
        current = self._house.current
        last = current.held.get(key)
        return Setting(
            key=key,
            kind=str(kind),
            choices=_choices(key, kind),
            default=_told(value_at(defaults, key), kind),
            started=_told(value_at(self._house.started, key), kind),
            now=_told(value_at(current.settings, key), kind),
            written=_written(value_at(current.settings, key), kind),
            is_changed=key in current.values and key not in current.unfit,
            unfit=key in current.unfit,
            at=last.at if last else None,
            by=last.by if last else "",
        )

    def change(self, tx: Tx, key: str, typed: NewValue | None, *, by: Person, now: datetime) -> None:
        if key not in CHANGEABLE:
            raise refuse("setting.not_changeable", key=key, nearest=nearest(key, list(CHANGEABLE)))
        tx.lock_city()
        current = running.current_of(tx.connection, self._house.started, self._house.current)
        values = {one: value for one, value in current.values.items() if one not in current.unfit}
        if typed is None:
            if values.pop(key, None) is None and key not in current.unfit:
                raise refuse("setting.not_changed", key=key)
        else:
            values[key] = running.read(CHANGEABLE[key], typed) if isinstance(typed, str) else typed
        settings = running.changed(self._house.started, values)
        before, after = value_at(current.settings, key), value_at(settings, key)
        if typed is not None and before == after and key in current.values:
            raise refuse("setting.same", key=key)
        value = None if typed is None else plain_at(settings, key)
        setting_changes.change(tx, key, shown(before), shown(after), value, by=by, now=now)


def _told(value: Any, kind: Kind) -> Any:
    """The value as pages and programs are told it."""
    match kind:
        case Kind.TABLES:
            return tuple(one.model_dump(mode="json") for one in value)
        case Kind.DATES:
            return tuple(sorted(value))
        case Kind.CHOICE:
            return str(value)
    return value


def _written(value: Any, kind: Kind) -> str:
    """The value as the file writes it: of a list of tables each on a line of its own."""
    if kind is not Kind.TABLES:
        return shown(value)
    return "\n".join(("[", *(f"  {shown([one])[1:-1]}," for one in value), "]"))


def _choices(key: str, kind: Kind) -> tuple[str, ...]:
    """What may be chosen, as the settings declare it; of a ladder its roles."""
    if key.endswith(".ladder"):
        return tuple(map(str, get_args(RungTable.model_fields["role"].annotation)))
    if kind is not Kind.CHOICE:
        return ()
    *tables, name = key.split(".")
    section = value_at(Settings(), ".".join(tables))
    declared = type(section).model_fields[name].annotation
    if isinstance(declared, type) and issubclass(declared, Enum):
        return tuple(str(one.value) for one in declared)
    return tuple(map(str, get_args(declared)))

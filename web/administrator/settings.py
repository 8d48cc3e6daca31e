"""Settings that may be changed while the house runs: what holds and since when, and changing one."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Unmet
from engine.permissions import Action
from engine.thai_dates import DateProblem, parse_day
from engine.wording import Wording
from storage.transaction import Tx
from web.administrator.counter import Counter, by_of
from web.administrator.setting_rows import blame, columns_of, fields_of, moved, put, typed_rows, wanted_rows
from web.coordinator.views import Tag
from web.doors import Doors, for_city
from web.reading import Typed
from web.site import ChangingSettings, NewValue, Setting

#: No value that anybody types is longer.
_LONGEST = 8000


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages ``/administration/settings`` and one for each setting."""
    room, rule = _Settings(counter), for_city(Action.MANAGE_SETTINGS)
    doors.add(router, "/administration/settings", room.listed, rule)
    doors.add(router, "/administration/settings/{key}", room.ask, rule)
    doors.add(router, "/administration/settings/{key}", room.change, rule, ["POST"])


class _Settings:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    @property
    def _changing(self) -> ChangingSettings:
        if self._counter.site.settings is None:
            raise HTTPException(404)
        return self._counter.site.settings

    def listed(self, request: Request) -> Response:
        """Every setting in its group, with what holds and where that comes from."""
        wording = self._counter.wording(request)
        groups: dict[str, list[dict[str, Any]]] = {}
        for one in self._changing.listed():
            row = {
                "key": one.key,
                "words": wording.say(_named(one.key)),
                "now": list(_in_words(one, one.now, wording)),
                "state": _state(one, wording),
                "last": _last(one, wording),
            }
            groups.setdefault(one.key.rpartition(".")[0], []).append(row)
        named = [(group, _group(group, wording), rows) for group, rows in groups.items()]
        values = {
            "groups": [(words, rows) for group, words, rows in named if "." not in group],
            "topics": [(words, rows) for group, words, rows in named if "." in group],
        }
        return self._counter.show(request, "settings", wording.say("admin.settings"), values)

    def ask(self, request: Request, key: str) -> Response:
        one = self._of(key)
        if one.kind == "tables":
            return self._asked(request, one, Typed(fields_of(one.now, columns_of(one))))
        return self._asked(request, one, Typed({"value": _typed(one, self._counter.wording(request))}))

    def _of(self, key: str) -> Setting:
        found = next((one for one in self._changing.listed() if one.key == key), None)
        if found is None:
            raise HTTPException(404)
        return found

    def _asked(self, request: Request, one: Setting, typed: Typed) -> Response:
        wording = self._counter.wording(request)
        values = {
            "key": one.key,
            "kind": one.kind,
            "group": _group(one.key.rpartition(".")[0], wording),
            "effect": wording.say(_effect(one.key)),
            "hint": wording.say(f"setting.hint_{one.kind}"),
            "choices": _choices(one, wording),
            "state": _state(one, wording),
            "last": _last(one, wording),
            "values": [
                (wording.say(f"setting.{name}"), list(_in_words(one, value, wording)))
                for name, value in _told_apart(one)
            ],
            "can_go_back": one.is_changed or one.unfit,
            "row_columns": columns_of(one) if one.kind == "tables" else (),
            "row_count": len(typed_rows(typed, columns_of(one))) if one.kind == "tables" else 0,
        }
        return self._counter.show(request, "setting", wording.say(_named(one.key)), values, typed)

    def _rearranged(self, one: Setting, typed: Typed) -> bool:
        """Whether a button asked for another row, a row less or another order: nothing is set yet."""
        if one.kind != "tables":
            return False
        rows = moved(typed_rows(typed, columns_of(one)), typed.fields.get("do", ""))
        if rows is not None:
            put(typed, rows, columns_of(one))
        return rows is not None

    def change(self, request: Request, key: str) -> Response:
        """Set it to what was typed, or back to what the file says, as the button tells."""
        one, typed, site = self._of(key), Typed(request.state.form), self._counter.site
        if self._rearranged(one, typed):
            return self._asked(request, one, typed)
        wanted = None if typed.fields.get("do") == "back" else _wanted(one, typed)

        def do(tx: Tx) -> None:
            self._changing.change(tx, key, wanted, by=by_of(request), now=site.clock())

        if not self._counter.act(typed, do, at="value"):
            if one.kind == "tables":
                blame(typed, key, typed.faults.pop("value", []), columns_of(one))
            return self._asked(request, one, typed)
        site.follow(at_once=True)
        return self._counter.to("/settings", "setting_back" if wanted is None else "setting_changed")


def _wanted(one: Setting, typed: Typed) -> NewValue:
    """What was typed; days as people write them, each on a line of its own."""
    if one.kind == "tables":
        return wanted_rows(typed, columns_of(one))
    text = typed.text("value", _LONGEST)
    if one.kind != "dates":
        return text
    days = []
    for line in filter(None, map(str.strip, text.splitlines())):
        try:
            days.append(parse_day(line).isoformat())
        except DateProblem as problem:
            typed.fault("value", Unmet(problem.kind, problem.params))
    return days


def _typed(one: Setting, wording: Wording) -> str:
    """The value as its field holds it."""
    match one.now:
        case bool():
            return str(one.now).lower()
        case tuple() if one.kind == "dates":
            return "\n".join(wording.value(day) for day in one.now)
        case tuple() if one.kind == "numbers":
            return ", ".join(map(str, one.now))
    return str(one.now)


def _choices(one: Setting, wording: Wording) -> list[tuple[str, str, str]]:
    """What may be chosen, each in words."""
    if one.kind == "yes":
        return [(value, wording.word("setting_value", value), "") for value in ("true", "false")]
    if one.kind == "tables":
        return [
            ("", wording.say("setting_row.choose"), ""),
            *((v, wording.word("role", v), "") for v in one.choices),
        ]
    return [(value, _choice(value, wording), "") for value in one.choices]


def _choice(value: str, wording: Wording) -> str:
    return value if value.isdigit() else wording.word("setting_value", value)


def _told_apart(one: Setting) -> Iterator[tuple[str, Any]]:
    """What holds, and what the file and the release say where that is something else."""
    yield "now", one.now
    if one.started != one.now or one.is_changed:
        yield "started", one.started
    if one.default != one.started:
        yield "default", one.default


def _in_words(one: Setting, value: Any, wording: Wording) -> Iterator[str]:
    """A value in the words of its readers, line by line."""
    match value:
        case bool():
            yield wording.word("setting_value", str(value).lower())
        case tuple() if one.kind == "tables":
            yield from (_entry(each, wording) for each in value)
        case tuple():
            each_in_words = (wording.value(each) if one.kind == "dates" else str(each) for each in value)
            yield ", ".join(each_in_words) or "–"
        case str():
            yield _choice(value, wording)
        case _:
            yield str(value)


def _entry(entry: Mapping[str, Any], wording: Wording) -> str:
    """A rung of a ladder, or a question of the checklist."""
    if "role" in entry:
        return wording.say("setting.rung", role=entry["role"], after=entry["after"] or None)
    return wording.say("setting.item", title=entry[wording.language], points=entry["points"])


def _group(group: str, wording: Wording) -> str:
    """The name of a table of the file; each topic of the reminders has one of its own."""
    table, _, topic = group.partition(".")
    if topic:
        return wording.word("heading", topic)
    return wording.say(f"setting.group_{table}")


def _named(key: str) -> str:
    """The sentence that names a setting; topics of the reminders share theirs."""
    table, *topic, name = key.split(".")
    return f"setting.topic_{name}" if topic else f"setting.{table}_{name}"


def _effect(key: str) -> str:
    """The sentence that says what a change does to what is there already."""
    table, *topic, name = key.split(".")
    return "setting.effect_topic" if topic else f"setting.effect_{table}_{name}"


def _state(one: Setting, wording: Wording) -> Tag | None:
    """Where the value comes from; nothing where it is the file's."""
    if one.unfit:
        return Tag(wording.say("setting.is_unfit"), "red")
    return Tag(wording.say("setting.is_changed"), "blue") if one.is_changed else None


def _last(one: Setting, wording: Wording) -> str:
    return wording.say("setting.changed_by", at=one.at, by=one.by) if one.at else ""

"""The journal: what happened to the city's records or to one indicator, by day and kind, and its proof."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.events import Happened
from engine.indicator import Indicator
from engine.permissions import Action
from engine.quarter import Quarter
from engine.verdict import shown_of
from engine.wording import Wording
from engine.workflow import Text
from storage import checks, registry, views
from storage.blind import hidden_at
from storage.tables import CITY
from storage.transaction import Tx
from storage.views import Asked, HistoryLine
from web.administrator.choosing import indicator_of
from web.administrator.counter import ROWS, Counter, by_of
from web.coordinator.indicator import particulars
from web.coordinator.scene import path_of
from web.doors import Doors, for_city
from web.reading import Typed, whole_number

_FIELDS = ("code", "year", "kind", "first", "last")
#: So much of a hash tells it from every other.
_HASH = 12


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page ``/administration/journal``."""
    room = _Journal(counter)
    doors.add(router, "/administration/journal", room.browse, for_city(Action.MANAGE_PEOPLE))


@dataclass(frozen=True, slots=True)
class _Names:
    """The names of those whom events name by their numbers."""

    people: Mapping[int, str]
    agencies: Mapping[int, Text]


class _Journal:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def browse(self, request: Request) -> Response:
        """The events asked for, the newest first; with ``verify`` whether the whole stream is untouched."""
        wording, given = self._counter.wording(request), request.query_params
        typed = Typed({name: given.get(name, "") for name in _FIELDS})
        before = whole_number(given.get("before", ""), 9)
        kind = next((one for one in Happened if one == typed.fields["kind"]), None)
        first, last = self._instant(typed.day("first")), self._instant(typed.day("last"), 1)
        with self._counter.site.store.read() as tx:
            indicator = indicator_of(tx, typed, self._counter.site.today())
            stream = indicator.id if indicator else CITY
            asked = Asked(kind, first, last, before)
            found = [] if typed.faults else views.browse(tx.connection, stream, asked, ROWS + 1)
            names = _names(tx, found)
            hidden = hidden_at(tx.connection, by_of(request), indicator.id) if indicator else frozenset()
            proof = _proof(tx, stream, indicator, wording) if given.get("verify") and not typed.faults else []
        shown, query = found[:ROWS], {name: value for name, value in typed.fields.items() if value}
        values = {
            "rows": [_row(one, indicator, hidden, names, wording) for one in shown],
            "kinds": [("", wording.say("admin.any_kind")), *_kinds(wording)],
            "whose": wording.value(indicator.title) if indicator else wording.say("journal.city"),
            "href": self._counter.site.root + path_of(indicator.fiscal_year.be, indicator.code)
            if indicator
            else "",
            "proof": proof,
            "verify": "?" + urlencode({**query, "verify": "1"}),
            "next": "?" + urlencode({**query, "before": shown[-1].entry.seq}) if len(found) > ROWS else "",
            "first": "?" + urlencode(query) if before is not None else "",
        }
        return self._counter.show(request, "journal", wording.say("admin.journal"), values, typed)

    def _instant(self, day: date | None, days: int = 0) -> datetime | None:
        """When a local day begins, or so many days after it."""
        if day is None or not date.min < day < date.max - timedelta(days=1):
            return None
        zone = self._counter.site.store.policy.zone
        return datetime.combine(day + timedelta(days=days), time.min, zone).astimezone(UTC)


def _proof(tx: Tx, stream: int, indicator: Indicator | None, wording: Wording) -> list[str]:
    """What the proof of the stream found, as a sentence."""
    broken = checks.stream(tx, stream)
    whose = indicator.code if indicator else wording.say("journal.city")
    if broken is None:
        return [wording.say("admin.stream_whole", whose=whose)]
    return [wording.say(f"journal.{broken.fault}", code=whose, number=broken.seq)]


def _kinds(wording: Wording) -> list[tuple[str, str]]:
    return sorted(((str(one), wording.word("event", one)) for one in Happened), key=lambda each: each[1])


def _names(tx: Tx, found: list[HistoryLine]) -> _Names:
    """Two statements, however many events there are."""
    numbers: set[int] = set()
    for line in found:
        data = json.loads(line.entry.data)
        numbers.update(data[key] for key in ("person", "substitute") if isinstance(data.get(key), int))
    agencies = {one.id: one.name for one in registry.agencies(tx.connection)}
    return _Names(views.names_of(tx.connection, numbers), agencies)


def _row(
    line: HistoryLine,
    indicator: Indicator | None,
    hidden: Collection[int],
    names: _Names,
    wording: Wording,
) -> list[str]:
    entry, data = line.entry, shown_of(line.entry.what, json.loads(line.entry.data), hidden)
    about = particulars(indicator, data, wording) if indicator else _about(data, names, wording)
    return [
        str(entry.seq),
        wording.value(datetime.fromisoformat(entry.at)),
        wording.word("event", entry.what),
        " · ".join(about) or "–",
        wording.word("person_name", line.by) or "–",
        entry.hash[:_HASH],
    ]


def _about(data: Mapping[str, Any], names: _Names, wording: Wording) -> Iterator[str]:
    """What an event of the city was about, in the words of its readers."""
    if isinstance(name := data.get("name"), Mapping):
        yield wording.value(Text(name.get("th", ""), name.get("en", "")))
    elif name:
        yield str(name)
    for key in ("person", "substitute"):
        if key in data:
            yield names.people.get(data[key], str(data[key]))
    if data.get("role"):
        yield wording.word("role", data["role"])
    if data.get("agency") in names.agencies:
        yield wording.value(names.agencies[data["agency"]])
    if "quarter" in data and "fiscal_year" in data:
        yield wording.value(Quarter(data["fiscal_year"], data["quarter"]))
    for key in ("first_on", "last_on", "until"):
        if data.get(key):
            yield wording.value(date.fromisoformat(data[key]))
    for key in (
        "email",
        "key",
        "version",
        "topic",
        "language",
        "message",
        "job",
        "before",
        "after",
        "why",
        "reason",
    ):
        if data.get(key):
            yield str(data[key])

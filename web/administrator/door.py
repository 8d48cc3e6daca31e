"""The door's log: who came in, who failed, had to wait or was refused, the newest first."""

from collections.abc import Mapping
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Refusal
from engine.permissions import Action
from engine.wording import Wording
from storage import door, registry
from storage.door import AtTheDoor, Line
from storage.registry import Listed
from storage.transaction import Tx
from web.account import named
from web.administrator.counter import ROWS, Counter
from web.doors import Doors, for_city
from web.reading import Typed, whole_number

_FIELDS = ("what", "email")


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page ``/administration/entrance``."""
    doors.add(router, "/administration/entrance", _Log(counter).browse, for_city(Action.MANAGE_PEOPLE))


class _Log:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def browse(self, request: Request) -> Response:
        """The lines asked for; of a person also what was tried under their address."""
        wording, given = self._counter.wording(request), request.query_params
        typed = Typed({name: given.get(name, "") for name in _FIELDS})
        what = next((one for one in AtTheDoor if one == typed.fields["what"]), None)
        before = whole_number(given.get("before", ""), 9)
        with self._counter.site.store.read() as tx:
            found = _lines(tx, typed, what, before)
            by_address = {door.subject_of(one.email): one for one in registry.people(tx.connection)}
        shown, query = found[:ROWS], {name: value for name, value in typed.fields.items() if value}
        values = {
            "rows": [
                [
                    wording.value(one.at),
                    wording.word("door", one.what),
                    self._whose(one, by_address, wording),
                    " · ".join(filter(None, (one.address, named(one.agent)))),
                    one.detail or "–",
                ]
                for one in shown
            ],
            "kinds": [("", wording.say("admin.any_kind")), *_kinds(wording)],
            "next": "?" + urlencode({**query, "before": shown[-1].id}) if len(found) > ROWS else "",
            "first": "?" + urlencode(query) if before is not None else "",
        }
        return self._counter.show(request, "door", wording.say("admin.entrance"), values, typed)

    def _whose(self, line: Line, by_address: Mapping[str, Listed], wording: Wording) -> object:
        """Who it was, or whose account was tried; of an address that nobody has, only that it is so."""
        tried = by_address.get(line.subject)
        person, name = (tried.id, tried.name) if tried else (line.person, line.name)
        if person is not None:
            return {"href": f"{self._counter.site.root}/administration/people/{person}", "words": name}
        return wording.say("user.nobody") if line.subject else "–"


def _lines(tx: Tx, typed: Typed, what: AtTheDoor | None, before: int | None) -> list[Line]:
    email, person = typed.line("email", 254), None
    try:
        person = registry.person(tx.connection, email).id if email else None
    except Refusal as refused:
        typed.fault("email", *refused.conditions)
        return []
    return door.lines(tx.connection, ROWS + 1, person=person, email=email, what=what, before=before)


def _kinds(wording: Wording) -> list[tuple[str, str]]:
    return [(str(one), wording.word("door", one)) for one in AtTheDoor]

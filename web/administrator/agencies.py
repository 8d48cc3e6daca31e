"""Agencies: the tree of them with who serves each, and adding one."""

from collections.abc import Iterable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Unmet
from engine.permissions import Action
from engine.wording import Wording
from engine.workflow import Text
from storage import people, registry
from storage.people import Counted
from storage.transaction import Tx
from web.administrator.choosing import agencies_to_choose
from web.administrator.counter import Counter, by_of
from web.doors import Doors, for_city
from web.reading import Typed

#: Codes of agencies and their names are no longer.
_CODE, _NAME = 16, 200


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages ``/administration/agencies`` and ``/administration/agencies/add``."""
    room, rule = _Agencies(counter), for_city(Action.MANAGE_PEOPLE)
    doors.add(router, "/administration/agencies", room.show, rule)
    doors.add(router, "/administration/agencies/add", room.ask, rule)
    doors.add(router, "/administration/agencies/add", room.add, rule, ["POST"])


class _Agencies:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def show(self, request: Request) -> Response:
        wording = self._counter.wording(request)
        with self._counter.site.store.read() as tx:
            every = people.agencies(tx.connection)
        values = {"tree": _tree(every, None, wording), "count": len(every)}
        return self._counter.show(request, "agencies", wording.say("admin.agencies"), values)

    def ask(self, request: Request) -> Response:
        return self._asked(request, Typed({"kind": registry.AGENCY_KINDS[0]}))

    def _asked(self, request: Request, typed: Typed) -> Response:
        wording = self._counter.wording(request)
        with self._counter.site.store.read() as tx:
            every = registry.agencies(tx.connection)
        values = {
            "list": "/agencies",
            "list_title": wording.say("admin.agencies"),
            "kinds": [(one, wording.word("agency_kind", one), "") for one in registry.AGENCY_KINDS],
            "agencies": agencies_to_choose(every, wording, wording.say("admin.below_none")),
        }
        return self._counter.show(request, "add_agency", wording.say("admin.add_agency"), values, typed)

    def add(self, request: Request) -> Response:
        typed, site = Typed(request.state.form), self._counter.site
        name, name_en, code = (
            typed.line("name", _NAME),
            typed.line("name_en", _NAME),
            typed.line("code", _CODE),
        )
        kind, below = typed.line("kind"), typed.whole("below")
        if not name:
            typed.fault("name", Unmet("admin.agency_name_missing"))
        if kind not in registry.AGENCY_KINDS:
            typed.fault("kind", Unmet("admin.agency_kind_missing"))

        def do(tx: Tx) -> None:
            there = {one.id for one in registry.agencies(tx.connection)}
            registry.add_agency(
                tx,
                Text(name, name_en or name),
                kind,
                code=code or None,
                parent=below if below in there else None,
                by=by_of(request).id,
                now=site.clock(),
            )

        if not self._counter.act(typed, do, at="code"):
            return self._asked(request, typed)
        return self._counter.to("/agencies", "agency_added")


def _tree(every: Iterable[Counted], parent: int | None, wording: Wording) -> list[dict[str, Any]]:
    """The agencies below one, each with those below it; they were added after it, so it ends."""
    return [
        {
            "id": one.id,
            "name": wording.value(one.name),
            "kind": wording.word("agency_kind", one.kind),
            "code": one.code or "",
            "people": one.people,
            "below": _tree(every, one.id, wording),
        }
        for one in every
        if one.parent == parent
    ]

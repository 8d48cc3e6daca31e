"""Definitions: their versions with how many indicators run on each, and one with its ladder drawn."""

from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Unmet
from engine.permissions import Action
from engine.standing import stand
from storage import definitions
from storage.transaction import Tx
from web.administrator.choosing import indicator_of
from web.administrator.counter import Counter, number_of
from web.doors import Doors, for_city
from web.reading import Typed
from web.states import Place, place_of, states_of, told_of


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages under ``/administration/workflows``."""
    room, rule = _Definitions(counter), for_city(Action.MANAGE_INDICATORS)
    doors.add(router, "/administration/workflows", room.listed, rule)
    doors.add(router, "/administration/workflows/{version}", room.show, rule)


class _Definitions:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def listed(self, request: Request) -> Response:
        wording, base = self._counter.wording(request), f"{self._counter.site.root}/administration/workflows"
        with self._counter.site.store.read() as tx:
            found = definitions.kept(tx.connection, self._counter.site.store.workflow)
        values = {
            "rows": [
                [
                    {"href": f"{base}/{one.id}", "words": wording.value(one.workflow.title)},
                    one.workflow.key,
                    one.workflow.version,
                    one.indicators,
                    wording.value(one.registered_at),
                ]
                for one in found
            ]
        }
        return self._counter.show(request, "workflows", wording.say("admin.workflows"), values)

    def show(self, request: Request, version: str) -> Response:
        """One version: its diagram with who stands where, the place of one indicator, and its milestones."""
        wording, number = self._counter.wording(request), number_of(version)
        typed = Typed({name: request.query_params.get(name, "") for name in ("code", "year")})
        with self._counter.site.store.read() as tx:
            every = definitions.kept(tx.connection, self._counter.site.store.workflow)
            found = next((one for one in every if one.id == number), None)
            if found is None:
                raise HTTPException(404)
            standing = definitions.standing(tx.connection, number)
            place = _place(tx, typed, number, self._counter.site.today())
        workflow = found.workflow
        values = {
            "key": workflow.key,
            "version": workflow.version,
            "hash": workflow.source_hash,
            "indicators": found.indicators,
            "description": wording.value(workflow.description),
            "rows": states_of(workflow, wording, place, standing),
            "told": told_of(place, workflow, wording) if place else wording.value(workflow.title),
            "is_found": place is not None,
            "milestones": [
                [
                    wording.value(one.title),
                    one.needs,
                    wording.say("admin.quarter", number=one.due_quarter),
                    wording.word("role", one.supplied_by),
                    ", ".join(wording.value(asked.title) for asked in one.evidence) or "–",
                ]
                for one in workflow.milestones
            ],
        }
        return self._counter.show(request, "workflow", wording.value(workflow.title), values, typed)


def _place(tx: Tx, typed: Typed, version: int, today: date) -> Place | None:
    """Where the indicator of the address stands; one that does not run on this version is a fault."""
    indicator = indicator_of(tx, typed, today)
    if indicator is None:
        return None
    if definitions.version_of(tx.connection, indicator.id) != version:
        typed.fault("code", Unmet("states.other_version", {"code": indicator.code}))
        return None
    found = stand(indicator, indicator.fiscal_year.nearest(today), None)
    return place_of(indicator, found)

"""Webhooks: the programs that are told of every event, adding one, and what each was told."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.endpoints import MOVES, EndpointState
from engine.errors import Refusal
from engine.events import Happened
from engine.permissions import Action
from engine.wording import Wording
from notifications.channels import told as said_in_words
from notifications.posting import target_in_reach
from storage import endpoints, registry, told
from storage.endpoints import Endpoint, New
from storage.told import Message
from storage.transaction import Tx
from web.administrator.choosing import agencies_to_choose
from web.administrator.counter import ROWS, Counter, by_of, number_of
from web.administrator.outbox import COLOURS
from web.coordinator.views import Tag
from web.doors import Doors, for_city
from web.reading import Typed, whole_number

_URL, _NAME = 2000, 200
_STATES = {EndpointState.ACTIVE: "green", EndpointState.PAUSED: "yellow", EndpointState.STOPPED: "red"}
#: What a box of the form that asks for a kind of events is called.
_BOX = "event-"


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages under ``/administration/webhooks``."""
    room, rule = _Webhooks(counter), for_city(Action.MANAGE_WEBHOOKS)
    doors.add(router, "/administration/webhooks", room.listed, rule)
    doors.add(router, "/administration/webhooks/add", room.ask, rule)
    doors.add(router, "/administration/webhooks/add", room.add, rule, ["POST"])
    doors.add(router, "/administration/webhooks/{endpoint}", room.show, rule)
    doors.add(router, "/administration/webhooks/{endpoint}/do", room.do, rule, ["POST"])


#: What the buttons of an endpoint do, in one transaction.
_Act = Callable[[Tx, int, Request, Typed], None]


class _Webhooks:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._acts: Mapping[str, _Act] = {
            "pause": self._moving(endpoints.pause),
            "resume": self._moving(endpoints.resume),
            "remove": self._moving(endpoints.remove),
            "test": lambda tx, number, _, __: endpoints.try_(tx, number, counter.site.clock()),
            "repeat": self._repeat,
        }

    def listed(self, request: Request) -> Response:
        wording = self._counter.wording(request)
        with self._counter.site.store.read() as tx:
            found = endpoints.endpoints(tx.connection)
        values = {"rows": [_row(one, wording) for one in found]}
        return self._counter.show(request, "webhooks", wording.say("admin.webhooks"), values)

    def ask(self, request: Request) -> Response:
        return self._asked(request, Typed({}))

    def _asked(self, request: Request, typed: Typed) -> Response:
        wording = self._counter.wording(request)
        with self._counter.site.store.read() as tx:
            agencies = registry.agencies(tx.connection)
        kinds = sorted((wording.word("event", one), str(one)) for one in Happened)
        values = {
            "agencies": agencies_to_choose(agencies, wording, wording.say("admin.whole_city")),
            "kinds": [(_BOX + kind, words) for words, kind in kinds],
            "picked": any(name.startswith(_BOX) for name in typed.fields),
        }
        return self._counter.show(request, "add_webhook", wording.say("admin.add_webhook"), values, typed)

    def add(self, request: Request) -> Response:
        """Add it; its page shows the secret of its signatures, once."""
        typed, site = Typed(request.state.form), self._counter.site
        url, name = typed.line("url", _URL), typed.line("name", _NAME)
        try:
            name = name or target_in_reach(url, site.reach).host
            target_in_reach(url, site.reach)
        except Refusal as refused:
            typed.fault("url", *refused.conditions)
        events = tuple(str(one) for one in Happened if typed.fields.get(_BOX + one))
        added: list[tuple[int, str]] = []

        def do(tx: Tx) -> None:
            wanted = typed.whole("agency")
            agency = next((one.id for one in registry.agencies(tx.connection) if one.id == wanted), None)
            new = New(url, name, events, agency)
            added.append(endpoints.add(tx, new, by=by_of(request).id, now=site.clock()))

        if not self._counter.act(typed, do, at="url"):
            return self._asked(request, typed)
        number, secret = added[0]
        return self._shown(request, number, Typed({}), secret)

    def show(self, request: Request, endpoint: str) -> Response:
        return self._shown(request, number_of(endpoint), Typed({}))

    def do(self, request: Request, endpoint: str) -> Response:
        """Pause it, resume it, remove it, try it, or tell it something again: as the button says."""
        number, typed = number_of(endpoint), Typed(request.state.form)
        name = typed.line("act")
        if name == "renew":
            return self._renew(request, number, typed)
        act = self._acts.get(name)
        if act is None or not self._counter.act(typed, lambda tx: act(tx, number, request, typed)):
            return self._shown(request, number, typed)
        path = "/webhooks" if name == "remove" else f"/webhooks/{number}"
        return self._counter.to(path, f"endpoint_{name}")

    def _renew(self, request: Request, number: int, typed: Typed) -> Response:
        """Give it another secret; the page shows it, once."""
        by, now, renewed = by_of(request).id, self._counter.site.clock(), []

        def do(tx: Tx) -> None:
            renewed.append(endpoints.renew(tx, number, by=by, now=now))

        self._counter.act(typed, do)
        return self._shown(request, number, typed, "".join(renewed))

    def _moving(self, move: Callable[..., None]) -> _Act:
        return lambda tx, number, request, _: move(
            tx, number, by=by_of(request).id, now=self._counter.site.clock()
        )

    def _repeat(self, tx: Tx, number: int, request: Request, typed: Typed) -> None:
        by, now = by_of(request).id, self._counter.site.clock()
        endpoints.repeat(tx, number, typed.whole("message"), by=by, now=now)

    def _shown(self, request: Request, number: int, typed: Typed, secret: str = "") -> Response:
        wording = self._counter.wording(request)
        before = whole_number(request.query_params.get("before", ""), 9)
        with self._counter.site.store.read() as tx:
            one = _endpoint(tx, number)
            found = told.messages(tx.connection, endpoint=number, before=before, limit=ROWS + 1)
        shown = found[:ROWS]
        values = {
            "id": number,
            "one": _row(one, wording),
            "secret": secret,
            "moves": [
                (name, wording.say(f"admin.endpoint_{name}"))
                for name, state in _BUTTONS.items()
                if one.state in MOVES[state]
            ],
            "rows": [_delivery(each, wording) for each in shown],
            "next": f"?before={shown[-1].id}" if len(found) > ROWS else "",
            "first": "?" if before is not None else "",
        }
        return self._counter.show(request, "webhook", one.name, values, typed)


_BUTTONS = {"resume": EndpointState.ACTIVE, "pause": EndpointState.PAUSED}


def _endpoint(tx: Tx, number: int) -> Endpoint:
    """The endpoint of that number; one that there is not leads nowhere."""
    try:
        return endpoints.endpoint(tx.connection, number)
    except Refusal:
        raise HTTPException(404) from None


def _row(one: Endpoint, wording: Wording) -> dict[str, object]:
    failing = one.failing_since is not None and one.state is EndpointState.ACTIVE
    words = wording.say("admin.failing") if failing else wording.word("endpoint_state", one.state)
    return {
        "id": one.id,
        "name": one.name,
        "url": one.url,
        "host": urlsplit(one.url).hostname,
        "state": Tag(words, "orange" if failing else _STATES[one.state]),
        "events": ", ".join(wording.word("event", kind) for kind in one.events)
        or wording.say("admin.every_event"),
        "agency": wording.value(one.agency_name) if one.agency_name else wording.say("admin.whole_city"),
        "added": wording.say("admin.added_by", at=one.added_at, by=one.added_by),
        "failing_since": wording.value(one.failing_since) if one.failing_since else "",
        "again": wording.value(one.not_before) if failing and one.not_before else "",
        "answer": said_in_words(one.answer, wording),
        "waiting": one.waiting,
        "failed": one.failed,
    }


def _delivery(one: Message, wording: Wording) -> dict[str, object]:
    return {
        "id": one.id,
        "event": one.message_ref,
        "what": wording.word("event", one.subject) if one.subject else wording.say("admin.not_written"),
        "state": Tag(wording.word("message_state", one.state), COLOURS.get(one.state, "grey")),
        "at": wording.value(one.sent_at or one.created_at),
        "answer": said_in_words(one.answer, wording),
        "attempts": one.attempts,
        "again": one.state in ("sent", "failed", "uncertain"),
    }

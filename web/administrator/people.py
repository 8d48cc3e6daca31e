"""People: looking for them, and adding one with a first role."""

from collections.abc import Callable
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Refusal
from engine.permissions import Action
from engine.roles import OF_PEOPLE
from notifications import addresses
from storage import people, registry
from storage.people import Sought
from storage.transaction import Tx
from web.administrator.choosing import agencies_to_choose, grant_in, in_words, roles_to_choose
from web.administrator.counter import ROWS, Counter, after_of, by_of
from web.administrator.person import PersonPage
from web.doors import Doors, for_city
from web.reading import Typed, whole_number


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages ``/administration/people`` and ``/administration/people/add``."""
    room, rule = _People(counter), for_city(Action.MANAGE_PEOPLE)
    doors.add(router, "/administration/people", room.search, rule)
    doors.add(router, "/administration/people/add", room.ask, rule)
    doors.add(router, "/administration/people/add", room.add, rule, ["POST"])


class _People:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def search(self, request: Request) -> Response:
        """Those who fit, by name."""
        wording = self._counter.wording(request)
        asked = ("q", "role", "agency")
        typed = Typed({name: request.query_params.get(name, "") for name in asked})
        sought = Sought(
            typed.line("q", 200),
            next((one for one in OF_PEOPLE if one == typed.fields["role"]), ""),
            whole_number(typed.fields["agency"], 9),
        )
        with self._counter.site.store.read() as tx:
            found = people.search(tx.connection, sought, after_of(request), ROWS + 1)
            agencies = registry.agencies(tx.connection)
        shown, more = found[:ROWS], len(found) > ROWS
        query = {name: value for name, value in typed.fields.items() if value}
        values = {
            "rows": [
                {
                    "id": one.id,
                    "name": one.name,
                    "email": one.email,
                    "roles": [in_words(held, wording) for held in one.roles],
                    "unreachable": one.unreachable,
                }
                for one in shown
            ],
            "roles": roles_to_choose(wording, wording.say("admin.any_role")),
            "agencies": agencies_to_choose(agencies, wording, wording.say("admin.any_agency")),
            "is_narrowed": bool(query),
            "next": "?" + urlencode({**query, "after": shown[-1].id}) if more else "",
            "first": "?" + urlencode(query) if after_of(request) is not None else "",
        }
        return self._counter.show(request, "people", wording.say("admin.people"), values, typed)

    def ask(self, request: Request) -> Response:
        """The form of a new person."""
        return self._asked(request, Typed({"language": "th"}))

    def _asked(self, request: Request, typed: Typed) -> Response:
        wording = self._counter.wording(request)
        with self._counter.site.store.read() as tx:
            agencies = registry.agencies(tx.connection)
        values = {
            "list": "/people",
            "list_title": wording.say("admin.people"),
            "roles": roles_to_choose(wording, wording.say("admin.choose")),
            "agencies": agencies_to_choose(agencies, wording, wording.say("admin.no_agency")),
            "languages": [(one, wording.say(f"language.{one}"), "") for one in self._counter.site.wordings],
        }
        return self._counter.show(request, "add_person", wording.say("admin.add_person"), values, typed)

    def add(self, request: Request) -> Response:
        """Add the person; their page shows the link with which they set a password, once."""
        typed, site = Typed(request.state.form), self._counter.site
        with site.store.read() as tx:
            grant = grant_in(typed, registry.agencies(tx.connection))
        email, name = (
            _checked(typed, "email", addresses.address),
            _checked(typed, "name", addresses.display_name),
        )
        language = typed.line("language") if typed.line("language") in site.wordings else site.language
        added: list[int] = []

        def do(tx: Tx) -> None:
            given = [grant] if grant else []
            by, now = by_of(request).id, site.clock()
            added.append(registry.add_person(tx, email, name, language, given, by=by, now=now))

        if not self._counter.act(typed, do, at="email"):
            return self._asked(request, typed)
        return PersonPage(self._counter).with_link(request, added[0], "admin.done_added")


def _checked(typed: Typed, name: str, check: Callable[[str], str]) -> str:
    """What the field holds, as it may be kept; what may not be is its fault."""
    try:
        return check(typed.line(name))
    except Refusal as refused:
        typed.fault(name, *refused.conditions)
        return ""

"""The way in: the parts of the administration."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.permissions import Action
from web.administrator.counter import Counter
from web.doors import Doors, for_city

#: The parts in their order, each under its own path.
PARTS = (
    "people",
    "agencies",
    "outbox",
    "webhooks",
    "journal",
    "entrance",
    "workflows",
    "import",
    "calendar",
    "campaign",
    "spreadsheets",
    "settings",
    "jobs",
)


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page ``/administration``."""

    def hall(request: Request) -> Response:
        wording = counter.wording(request)
        parts = [(one, wording.say(f"admin.{one}"), wording.say(f"admin.{one}_does")) for one in PARTS]
        return counter.show(request, "hall", wording.say("page.menu_administration"), {"parts": parts})

    doors.add(router, "/administration", hall, for_city(Action.MANAGE_PEOPLE))

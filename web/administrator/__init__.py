"""The pages of administrators: each of their parts is a room of its own."""

from starlette.routing import Router

from storage.accounts import StoredAccounts
from web.administrator import (
    agencies,
    calendar,
    campaign,
    door,
    hall,
    imports,
    jobs,
    journal,
    outbox,
    people,
    person,
    settings,
    spreadsheets,
    webhooks,
    workflows,
)
from web.administrator.counter import Counter
from web.doors import Doors
from web.pages import Pages
from web.site import Site


def routes(site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> Router:
    """Every page under ``/administration``."""
    router = Router()
    counter = Counter(site, pages, accounts)
    for room in (
        hall,
        people,
        person,
        agencies,
        outbox,
        webhooks,
        journal,
        door,
        workflows,
        imports,
        calendar,
        campaign,
        spreadsheets,
        settings,
        jobs,
    ):
        room.add_routes(router, counter, doors)
    return router

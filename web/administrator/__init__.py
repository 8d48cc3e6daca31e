"""The pages of administrators: people, agencies, messages, the journal, definitions, the calendar."""

from fastapi import APIRouter

from storage.accounts import StoredAccounts
from web.administrator import agencies, calendar, hall, imports, journal, outbox, people, person, workflows
from web.administrator.counter import Counter
from web.doors import Doors
from web.pages import Pages
from web.site import Site


def routes(site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> APIRouter:
    """Every page under ``/administration``."""
    router = APIRouter()
    counter = Counter(site, pages, accounts)
    for room in (hall, people, person, agencies, outbox, journal, workflows, imports, calendar):
        room.add_routes(router, counter, doors)
    return router

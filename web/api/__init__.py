"""The API for programs: what the pages read and do, under the same rules, for whoever brings a token."""

from collections.abc import Iterator

from starlette.routing import Router

from storage.accounts import StoredAccounts
from web.api import (
    acts,
    administration,
    campaigns,
    city,
    files,
    house,
    imports,
    indicators,
    mine,
    people,
    proposals,
    reports,
    review,
    seals,
    spreadsheets,
    webhooks,
)
from web.api.course import Course
from web.api.document import Document
from web.api.operation import Operation
from web.coordinator.scene import Counter
from web.doors import OPEN, Doors
from web.pages import Pages
from web.site import Site


def routes(site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> Router:
    """Every operation, and the document that describes them."""
    router = Router()
    every = list(operations(site, pages, accounts))
    Course(site, pages, doors).add(router, every)
    doors.add(router, "/api/v1/openapi.json", Document(site, every).answer, OPEN)
    return router


def operations(site: Site, pages: Pages, accounts: StoredAccounts) -> Iterator[Operation]:
    """All of it, in the order in which it is documented."""
    counter = Counter(site, pages)
    yield from mine.operations(site)
    yield from indicators.operations(counter)
    yield from acts.operations()
    yield from reports.operations(counter)
    yield from proposals.operations(counter)
    yield from city.operations(site)
    yield from review.operations(site)
    yield from seals.operations(site)
    yield from files.operations(site, pages)
    yield from people.operations(site, accounts)
    yield from administration.operations(site)
    yield from imports.operations()
    yield from campaigns.operations(site)
    yield from spreadsheets.operations(site)
    yield from webhooks.operations(site)
    yield from house.operations(site)

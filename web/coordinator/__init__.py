"""The pages of those who do the work: their desk, an indicator, its milestones and its quarter reports."""

from starlette.routing import Router

from web.coordinator import acts, ask, indicator, proposals, record, report, report_decide, work
from web.coordinator.scene import Counter
from web.doors import Doors
from web.pages import Pages
from web.site import Site


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """Every page of a coordinator, a section head and a deputy."""
    router = Router()
    counter = Counter(site, pages)
    for room in (work, indicator, record, acts, ask, report, report_decide, proposals):
        room.add_routes(router, counter, doors)
    return router

"""The pages of those who look at the whole city, and judge: evaluators, owner departments, executives."""

from starlette.routing import Router

from web.coordinator.scene import Counter
from web.doors import Doors
from web.evaluator import (
    across,
    appeals,
    evaluate,
    live,
    matrix,
    milestones,
    overview,
    proof,
    rollup,
    seal,
    strictness,
    waiting,
    waits,
)
from web.pages import Pages
from web.site import Site


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """Every page about more than one indicator, and every page on which something is judged."""
    router = Router()
    for look in (live, matrix, milestones, overview, proof, rollup, seal, waits):
        look.add_routes(router, site, pages, doors)
    counter = Counter(site, pages)
    for room in (waiting, strictness, across, evaluate, appeals):
        room.add_routes(router, counter, doors)
    return router

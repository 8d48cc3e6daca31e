"""The pages of those who look at the whole city: evaluators, owner departments, executives."""

from fastapi import APIRouter

from web.doors import Doors
from web.evaluator import live, matrix, milestones, overview, proof, rollup, waits
from web.pages import Pages
from web.site import Site


def routes(site: Site, pages: Pages, doors: Doors) -> APIRouter:
    """Every page about more than one indicator."""
    router = APIRouter()
    for room in (live, matrix, milestones, overview, proof, rollup, waits):
        room.add_routes(router, site, pages, doors)
    return router

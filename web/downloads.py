"""What can be taken away of one indicator at once: its report, its spreadsheet, its evidence."""

import tempfile
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.jobs import Product, Scope, Wanted
from storage.evidence import digest_of
from web.doors import SEEN, Doors, Place, Visit
from web.pages import Pages
from web.ranges import attachment, handed_out
from web.reports import wanted as wishes
from web.reports.data import Telling
from web.site import Site

_PAGE = "/indicators/{year}/{code}"


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """The products of one indicator, for whoever may see it."""
    router = Router()
    here = Downloads(site, pages)
    doors.add(router, f"{_PAGE}/report.pdf", here.report, SEEN)
    doors.add(router, f"{_PAGE}/report.xlsx", here.sheets, SEEN)
    doors.add(router, f"{_PAGE}/evidence.zip", here.pack, SEEN)
    return router


class Downloads:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages

    def report(self, request: Request) -> Response:
        return self._made(request, Product.PDF)

    def sheets(self, request: Request) -> Response:
        return self._made(request, Product.SHEETS)

    def pack(self, request: Request) -> Response:
        return self._made(request, Product.PACK)

    def _made(self, request: Request, product: Product) -> Response:
        """Make it here and now; it is gone from the disk when it was sent."""
        place: Place = request.state.place
        visit: Visit = request.state.visit
        wanted = Wanted(product, Scope.INDICATOR, place.code, place.year)
        telling = Telling.of(self._site, product, self._pages.language(request))
        with self._site.store.read() as tx:
            found = wishes.find(tx, wanted)
        if found is None:
            raise HTTPException(404)
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / "made"
            wishes.make(self._site, telling, wanted, visit.person, made, lambda _done, _total: None)
            tag, size, content = digest_of(made), made.stat().st_size, made.open("rb")
        headers = {"Content-Disposition": attachment(wishes.file_name(telling, wanted, found.name))}
        return handed_out(request, content, size, tag, wishes.MEDIA_TYPES[product], headers)

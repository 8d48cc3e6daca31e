"""The web application: put together from what it is handed, and from nothing else."""

from collections.abc import Mapping

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from engine.errors import Refusal
from web import calendars, links
from web.middleware import HEADERS, BodyLimit, ClosedDoors
from web.pages import FOLDER, Pages
from web.site import Site

#: No form of ours is longer.
_LONGEST_FORM = 64 * 1024

#: With which status a refusal is answered; any other is a conflict with how things stand (409).
REFUSED: Mapping[str, int] = {
    "link.forged": 403,
    "link.expired": 410,
    "link.used": 409,
    "link.gone": 404,
    "link.done": 404,
}
#: What is said where a request leads to no page of ours.
_WRONG: Mapping[int, str] = {404: "page.unknown", 405: "page.wrong_method", 413: "page.too_large"}


def create_app(site: Site) -> FastAPI:
    """The pages of a site, as an ASGI application."""
    pages = Pages(site)

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        wording = pages.wording(request)
        status = REFUSED.get(error.conditions[0].kind, 409)
        return pages.tell(request, wording.say("page.refused"), wording.refusal(error), status)

    def wrong(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        kind = _WRONG.get(error.status_code, "page.unreadable")
        return _told(pages, request, kind, error.status_code, error.headers)

    def unreadable(request: Request, _error: Exception) -> Response:
        return _told(pages, request, "page.unreadable", 400)

    def broken(request: Request, _error: Exception) -> Response:
        # Answered outside of everything else, so that it brings the headers itself.
        return _told(pages, request, "page.broken", 500, HEADERS)

    # What describes an interface for programs will come with one.
    app = FastAPI(openapi_url=None, redirect_slashes=False)
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(HTTPException, wrong)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(Exception, broken)
    app.add_middleware(BodyLimit, limit=_LONGEST_FORM)
    app.add_middleware(ClosedDoors)
    app.include_router(links.routes(site, pages))
    app.include_router(calendars.routes(site))
    app.mount("/static", StaticFiles(directory=FOLDER / "static"))
    return app


def _told(
    pages: Pages, request: Request, kind: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    wording = pages.wording(request)
    return pages.tell(request, wording.say("page.refused"), [wording.say(kind)], status, headers)

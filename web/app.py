"""The web application: put together from what it is handed, and from nothing else."""

from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from engine.errors import Refusal
from storage.accounts import StoredAccounts
from web import (
    account,
    administrator,
    api,
    calendars,
    coordinator,
    downloads,
    evaluator,
    evidence,
    forgotten,
    jobs,
    links,
    offline,
    public,
    search,
    second_factor,
    session,
    tokens,
    uploading,
)
from web.api import problems
from web.doors import CodeFirst, Doors, SignInFirst, code_address, sign_in_address
from web.middleware import BodyLimit, ClosedDoors, OwnName, headers_for
from web.pages import FOLDER, Pages
from web.site import Site

#: No form of ours is longer.
_LONGEST_FORM = 512 * 1024

#: With which status a refusal is answered; any other is a conflict with how things stand (409).
REFUSED: Mapping[str, int] = {
    "link.forged": 403,
    "link.expired": 410,
    "link.used": 409,
    "link.gone": 404,
    "link.done": 404,
    "password_link.expired": 410,
    "password_link.used": 410,
    "sign_in.wait": 429,
    "sign_in.busy": 503,
}
#: What is said where a request leads to no page of ours.
_WRONG: Mapping[int, str] = {
    403: "page.forbidden",
    404: "page.unknown",
    405: "page.wrong_method",
    413: "page.too_large",
}


def create_app(site: Site) -> Starlette:
    """The pages of a site, as an ASGI application."""
    pages, headers = Pages(site), headers_for(site.base_url)

    def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, Refusal)
        wording = pages.wording(request)
        if problems.is_for_programs(request):
            return problems.refused(request, error, wording)
        status = REFUSED.get(error.conditions[0].kind, 409)
        return pages.tell(request, wording.say("page.refused"), wording.refusal(error), status)

    def wrong(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if problems.is_for_programs(request):
            return problems.plain_status(request, error.status_code, pages.wording(request), error.headers)
        kind = _WRONG.get(error.status_code, "page.unreadable")
        return _told(pages, request, kind, error.status_code, error.headers)

    def not_understood(request: Request, error: Exception) -> Response:
        assert isinstance(error, problems.Wrong)
        return problems.wrong(request, error, pages.wording(request))

    def broken(request: Request, _error: Exception) -> Response:
        # Answered outside of everything else, so that it brings the headers itself.
        if problems.is_for_programs(request):
            return problems.plain_status(request, 500, pages.wording(request), headers)
        return _told(pages, request, "page.broken", 500, headers)

    def not_ours(request: Request) -> Response:
        return _told(pages, request, "page.not_ours", 400)

    def sign_in_first(_request: Request, error: Exception) -> Response:
        assert isinstance(error, SignInFirst)
        address = code_address if isinstance(error, CodeFirst) else sign_in_address
        return RedirectResponse(address(site.root, error.next_path), 303)

    # What describes the interface for programs is written by :mod:`web.api.document`.
    app = Starlette()
    app.router.redirect_slashes = False  # an address is right or it is not
    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(SignInFirst, sign_in_first)
    app.add_exception_handler(HTTPException, wrong)
    app.add_exception_handler(problems.Wrong, not_understood)
    app.add_exception_handler(Exception, broken)
    app.add_middleware(BodyLimit, limit=_LONGEST_FORM)
    app.add_middleware(GZipMiddleware, minimum_size=1024, compresslevel=6)
    app.add_middleware(OwnName, base_url=site.base_url, refused=not_ours)
    app.add_middleware(ClosedDoors, headers=headers)
    doors, accounts = Doors(site, pages), StoredAccounts(site.store, site.passwords, site.house, site.host)
    for router in (
        links.routes(site, pages, doors),
        calendars.routes(site, doors),
        session.routes(site, pages, doors, accounts),
        forgotten.routes(site, pages, doors, accounts),
        account.routes(site, pages, doors, accounts),
        second_factor.routes(site, pages, doors, accounts),
        tokens.routes(site, pages, doors, accounts),
        uploading.routes(site, pages, doors),
        evidence.routes(site, pages, doors),
        downloads.routes(site, pages, doors),
        jobs.routes(site, pages, doors),
        offline.routes(pages, doors),
        coordinator.routes(site, pages, doors),
        evaluator.routes(site, pages, doors),
        search.routes(site, pages, doors),
        public.routes(site, pages, doors),
        administrator.routes(site, pages, doors, accounts),
        api.routes(site, pages, doors, accounts),
    ):
        # As they are: a router that is included has each of its routes worked out a second time.
        app.router.routes.extend(router.routes)
    app.state.rules = doors.rules
    app.mount("/static", _KeptFiles(directory=FOLDER / "static"))
    return app


class _KeptFiles(StaticFiles):
    """Files whose address changes with them, so that browsers may keep them for ever."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        answer = super().file_response(*args, **kwargs)
        answer.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return answer


def _told(
    pages: Pages, request: Request, kind: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    wording = pages.wording(request)
    return pages.tell(request, wording.say("page.refused"), [wording.say(kind)], status, headers)

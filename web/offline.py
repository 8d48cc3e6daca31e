"""The page that a browser keeps for when there is no connection, and the worker that keeps it."""

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Router

from web.doors import OPEN, Doors
from web.pages import FOLDER, Pages


def routes(pages: Pages, doors: Doors) -> Router:
    """``/offline`` and ``/worker.js``, which may serve every page only from the root."""
    router = Router()

    def offline(request: Request) -> Response:
        """Says that there is no connection, and shows what was typed in this browser and not sent."""
        title = pages.wording(request).say("page.offline")
        # It is kept by the browser for everybody who uses it: nobody's name stands in it.
        return pages.show(request, "offline.html", {"title": title, "visit": None}, headers=_KEPT)

    def worker() -> Response:
        return FileResponse(FOLDER / "static" / "worker.js", media_type="text/javascript", headers=_KEPT)

    doors.add(router, "/offline", offline, OPEN)
    doors.add(router, "/worker.js", worker, OPEN)
    return router


_KEPT = {"Cache-Control": "no-cache"}

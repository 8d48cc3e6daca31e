"""Files on their way in: sent piece by piece by the script of a form, or whole by a form without it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Router

from engine.errors import Refusal, Unmet
from engine.permissions import Action, Role, who_may
from storage.uploads import Upload, Uploads
from web.doors import SIGNED_IN, Doors, Rule, Visit
from web.pages import Pages
from web.reading import whole_number
from web.site import Site

#: So much of a body is held at a time, for each connection.
_PIECE = 1 << 20
_OFFSET = "Upload-Offset"
#: With which status a refusal is answered; any other is about the file itself (422).
_REFUSED: Mapping[str, int] = {
    "evidence.too_large": 413,
    "evidence.unscanned": 503,
    "upload.longer": 413,
    "upload.offset": 409,
    "upload.too_much": 409,
    "upload.unknown": 404,
}


def taken(request: Request, uploads: Uploads, person: int, now: datetime) -> tuple[list[Upload], list[Unmet]]:
    """What a form brought as ``files``, and what was sent before and is named by its fields ``upload``.

    All that is whole, so that a form with a fault elsewhere is shown again with its files still there, and
    what is wrong with the rest. What is named by ``upload_remove`` is forgotten.
    """
    form = request.state.form
    removed = {str(one) for one in form.getlist("upload_remove")}
    for one in removed:
        uploads.drop(person, one)
    named = [str(one) for one in form.getlist("upload") if str(one) not in removed]
    found = uploads.of(person, named)
    faults = [Unmet("upload.unknown")] if len(found) < len(set(named)) else []
    for sent in form.getlist("files"):
        # A browser sends an empty file where none was chosen.
        if not isinstance(sent, UploadFile) or not (sent.filename or sent.size):
            continue
        try:
            found.append(uploads.take(person, sent.file, sent.filename or "", now))
        except Refusal as refusal:
            faults += refusal.conditions
    return found, faults


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """What the script of a form speaks to, under ``/uploads``."""
    router = Router()
    here = UploadDesk(site, pages)
    doors.add(router, "/uploads", here.begin, SIGNED_IN, ["POST"])
    doors.add(router, "/uploads/{id}", here.add, Rule(signed_in=True, files=True), ["PATCH"])
    doors.add(router, "/uploads/{id}", here.tell, SIGNED_IN)
    doors.add(router, "/uploads/{id}", here.drop, SIGNED_IN, ["DELETE"])
    return router


class UploadDesk:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages
        self._uploads = site.uploads

    def begin(self, request: Request) -> Response:
        """Expect a file of that name and size."""
        form = request.state.form
        size = _whole(str(form.get("size", "")))
        begin = self._uploads.begin
        return self._answered(
            request,
            lambda person: begin(person, str(form.get("name", "")), size, self._site.clock()),
            201,
        )

    def tell(self, request: Request) -> Response:
        """How much of it is here."""
        return self._answered(request, lambda person: self._uploads.find(person, request.path_params["id"]))

    def drop(self, request: Request) -> Response:
        """Forget it."""
        self._uploads.drop(sender_of(request), request.path_params["id"])
        return Response(status_code=204)

    async def add(self, request: Request) -> Response:
        """Append the body, piece by piece, so that what came before a broken connection is kept."""
        person, offset = sender_of(request), _whole(request.headers.get(_OFFSET, ""))
        try:
            upload = await run_in_threadpool(self.expected, person, request.path_params["id"], offset)
            upload = await self.received(request, upload)
        except Refusal as refusal:
            return self._refused(request, refusal)
        return _told(upload)

    def expected(self, person: int, id: str, offset: int) -> Upload:  # noqa: A002 - its name in the path
        """Said before anything is read of the body: an offset that does not fit would be sent in vain."""
        upload = self._uploads.find(person, id)
        if upload.received != offset:
            raise Refusal([Unmet("upload.offset", {"name": upload.name, "offset": upload.received})])
        return upload

    async def received(self, request: Request, upload: Upload) -> Upload:
        person, held = sender_of(request), bytearray()

        async def write(upload: Upload) -> Upload:
            chunk = BytesIO(held)
            held.clear()
            add = self._uploads.add
            return await run_in_threadpool(add, person, upload.id, upload.received, chunk, self._site.clock())

        try:
            async for piece in request.stream():
                held += piece
                if len(held) >= _PIECE:
                    upload = await write(upload)
        except ClientDisconnect:
            if held:
                await write(upload)
            raise
        return await write(upload) if held or upload.sha256 is None else upload

    def _answered(self, request: Request, act: Callable[[int], Upload], status: int = 200) -> Response:
        try:
            return _told(act(sender_of(request)), status)
        except Refusal as refusal:
            return self._refused(request, refusal)

    def _refused(self, request: Request, refusal: Refusal) -> Response:
        """The sentences in the language of the page, and where to go on if that is what was wrong."""
        first = refusal.conditions[0]
        said: dict[str, Any] = {"sentences": self._pages.wording(request).refusal(refusal)}
        if "offset" in first.params:
            said["offset"] = first.params["offset"]
        return JSONResponse(said, _REFUSED.get(first.kind, 422))


def sender_of(request: Request) -> int:
    """Who sends: somebody who may attach files to something."""
    visit: Visit = request.state.visit
    if not any(one.role in (Role.OPERATOR, *who_may(Action.ATTACH)) for one in visit.person.grants):
        raise HTTPException(403)
    return visit.person.id


def _whole(text: str) -> int:
    number = whole_number(text, 15)
    if number is None:
        raise HTTPException(400)
    return number


def _told(upload: Upload, status: int = 200) -> Response:
    said = {
        "id": upload.id,
        "name": upload.name,
        "size": upload.size,
        "offset": upload.received,
        "whole": upload.sha256 is not None,
    }
    return JSONResponse(said, status, {_OFFSET: str(upload.received)})

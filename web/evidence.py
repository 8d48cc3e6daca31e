"""Evidence as people get to see it: handed out as files, and shown as far as that is safe."""

import re
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from sqlalchemy import select
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from storage import tables as t
from storage.previews import MEDIA_TYPE, WIDTHS, Previews
from web.doors import SEEN, Doors, Place
from web.pages import Pages
from web.ranges import attachment, handed_out
from web.reading import whole_number
from web.site import Site

_PAGE = "/indicators/{year}/{code}/evidence/{number}"
_TEXTS = ("text/plain", "text/csv")
#: So much of a text is shown.
_SHOWN = 64 * 1024
#: What would turn the direction of a text, and show it otherwise than it is.
_TURNING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class _File(NamedTuple):
    """A file that is evidence, under the name that it was given there."""

    sha256: str
    name: str
    size: int
    media_type: str


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """The files of an indicator, for whoever may see it."""
    router = Router()
    here = EvidenceDesk(site, pages)
    doors.add(router, _PAGE, here.hand_out, SEEN)
    doors.add(router, f"{_PAGE}/preview", here.show, SEEN)
    return router


class EvidenceDesk:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages
        self._previews = Previews(site.evidence)

    def hand_out(self, request: Request) -> Response:
        """The file as it was attached, to be saved and not to be opened by the browser."""
        file = self._file(request)
        content = self._site.evidence.open(file.sha256)
        headers = {"Content-Disposition": attachment(file.name)}
        return handed_out(request, content, file.size, file.sha256, file.media_type, headers)

    def show(self, request: Request) -> Response:
        """A picture drawn anew, the beginning of a text; for anything else the way to the file itself."""
        file = self._file(request)
        if file.media_type in _TEXTS:
            return self._text(request, file)
        width = request.query_params.get("width", str(WIDTHS[-1]))
        wanted = next((one for one in WIDTHS if str(one) == width), None)
        if wanted is None:
            raise HTTPException(404)
        picture = self._previews.of(file.sha256, file.media_type, wanted)
        return self._unshown(request, file) if picture is None else self._picture(request, picture)

    def _picture(self, request: Request, picture: Path) -> Response:
        content, size, tag = picture.open("rb"), picture.stat().st_size, picture.stem
        headers = {"Content-Disposition": "inline"}
        return handed_out(request, content, size, tag, MEDIA_TYPE, headers)

    def _text(self, request: Request, file: _File) -> Response:
        with self._site.evidence.open(file.sha256) as content:
            # A character that is cut in two at the end is left out.
            text = _TURNING.sub("", content.read(_SHOWN).decode("utf-8-sig", "ignore"))
        values = {**self._named(request, file), "text": text, "cut": file.size > _SHOWN}
        return self._pages.show(request, "evidence/text.html", values)

    def _unshown(self, request: Request, file: _File) -> Response:
        wording = self._pages.wording(request)
        kind = f"evidence_unshown.{file.media_type.partition('/')[2]}"
        known = kind if kind in wording.sentences else "evidence_unshown.other"
        values = {**self._named(request, file), "why": wording.say(known)}
        return self._pages.show(request, "evidence/unshown.html", values)

    def _named(self, request: Request, file: _File) -> dict[str, object]:
        place: Place = request.state.place
        wording = self._pages.wording(request)
        base = f"{self._site.root}/indicators/{request.path_params['year']}/{quote(place.code, safe='')}"
        return {
            "title": file.name,
            "current": "indicators",
            "size": wording.value(file.size, "size"),
            "back": base,
            "file": f"{base}/evidence/{request.path_params['number']}",
        }

    def _file(self, request: Request) -> _File:
        """The file of the path; a link is none, nor is a number of another indicator."""
        number, place = whole_number(request.path_params["number"], 6), request.state.place
        if number is None:
            raise HTTPException(404)
        e, f = t.evidence.c, t.files.c
        query = (
            select(e.sha256, e.file_name, f.size, f.media_type)
            .join_from(t.evidence, t.files)
            .where(e.indicator_id == place.indicator, e.number == number)
        )
        with self._site.store.read() as tx:
            row = tx.connection.execute(query).one_or_none()
        if row is None:
            raise HTTPException(404)
        return _File(row.sha256, row.file_name or row.sha256[:12], row.size, row.media_type)

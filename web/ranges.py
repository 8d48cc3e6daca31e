"""A file handed out: streamed, in parts where a part is asked for, under a name in any language."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

_PIECE = 1 << 18
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
#: What is made of what we hand out: nothing runs, nothing is guessed, nothing is packed again on the way.
_LOCKED = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "Content-Encoding": "identity",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
}


def attachment(name: str) -> str:
    """The header that has a browser save a file under that name, also where it knows ASCII names only."""
    plain = re.sub(r"[^A-Za-z0-9._ -]", "_", name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def names_tag(asked: str, tag: str) -> bool:
    """Whether ``If-None-Match`` names the tag; weak and strong are the same to it (RFC 9110)."""
    tags = {one.strip().removeprefix("W/") for one in asked.split(",")}
    return "*" in tags or tag.removeprefix("W/") in tags


def handed_out(
    request: Request, content: BinaryIO, size: int, tag: str, media_type: str, headers: Mapping[str, str]
) -> Response:
    """The content or the one part of it that is asked for; it is closed when all of it was sent.

    ``tag`` names the content: whoever has it already is told so, and a part is of it or of nothing.
    """
    etag = f'"{tag}"'
    given = {**_LOCKED, "ETag": etag, **headers}
    if names_tag(request.headers.get("if-none-match", ""), etag):
        content.close()
        return Response(status_code=304, headers=given)
    first, last, status = 0, size - 1, 200
    part = _part_of(request.headers.get("range", ""), size)
    if part is not None and request.headers.get("if-range", etag) == etag:
        first, last = part
        if first > last:
            content.close()
            return Response(status_code=416, headers={**given, "Content-Range": f"bytes */{size}"})
        status = 206
        given["Content-Range"] = f"bytes {first}-{last}/{size}"
    given["Content-Length"] = str(last - first + 1)
    if request.method == "HEAD":
        content.close()
        return Response(status_code=status, headers=given, media_type=media_type)
    return _Handing(content, _pieces(content, first, last), status, given, media_type)


class _Handing(StreamingResponse):
    """Closes the content also where its reader goes away in the middle of it."""

    def __init__(self, content: BinaryIO, *args: Any) -> None:
        super().__init__(*args)
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._content.close()


def _part_of(asked: str, size: int) -> tuple[int, int] | None:
    """The first and last byte; the first behind the last where there is no such part.

    ``None`` where all of it is sent: for what is no range, and for several at once.
    """
    found = _RANGE.fullmatch(asked.strip())
    if found is None or not (found[1] or found[2]):
        return None
    if not found[1]:
        return max(0, size - int(found[2])), size - 1
    first = int(found[1])
    last = min(int(found[2]), size - 1) if found[2] else size - 1
    return (first, last) if first < size and first <= last else (1, 0)


def _pieces(content: BinaryIO, first: int, last: int) -> Iterator[bytes]:
    with content:
        content.seek(first)
        left = last - first + 1
        while left > 0 and (piece := content.read(min(_PIECE, left))):
            left -= len(piece)
            yield piece

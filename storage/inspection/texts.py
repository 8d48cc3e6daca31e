"""Plain texts: UTF-8 without control characters, and no page, script or drawing under another name."""

import codecs
import re

from storage.inspection.files import File

_PIECE = 1 << 18
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
#: How what a browser or a shell would run begins.
_BEGINNINGS = (
    (re.compile(rb"#!"), "text/x-script"),
    (re.compile(rb"<\?php|<\?=", re.IGNORECASE), "application/x-php"),
    (
        re.compile(rb"(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)*(<!doctype\s+svg|<svg)", re.IGNORECASE | re.DOTALL),
        "image/svg+xml",
    ),
    (
        re.compile(
            rb"<(!doctype|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|img|meta|link)[\s>/]"
            rb"|<!--",
            re.IGNORECASE,
        ),
        "text/html",
    ),
    (re.compile(rb"<\?xml"), "text/xml"),
    (re.compile(rb"\{\\rtf"), "application/rtf"),
)


def looks_like(head: bytes) -> str | None:
    """What a text is that is more than a text; ``None`` where it is not."""
    text = head.removeprefix(codecs.BOM_UTF8).lstrip()
    return next((media_type for pattern, media_type in _BEGINNINGS if pattern.match(text)), None)


def check_text(file: File) -> None:
    """UTF-8 from the first byte to the last."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    place = 0
    while True:
        piece = file.at(place, _PIECE)
        place += len(piece)
        try:
            text = decoder.decode(piece, final=not piece)
        except UnicodeDecodeError:
            raise file.refuse("evidence.no_text") from None
        if _CONTROL.search(text):
            raise file.refuse("evidence.no_text")
        if not piece:
            return

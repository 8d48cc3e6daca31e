"""From what somebody has of a page, bytes of a file or pasted HTML, to its lines of text."""

import re
from functools import lru_cache
from html.parser import HTMLParser
from itertools import groupby
from typing import NamedTuple

from engine.thai_dates import from_thai_digits

#: A page of the site has some kilobytes; what is longer is none, and is refused before it is looked at.
LONGEST = 200_000


class Decoded(NamedTuple):
    """The text of a file, and the encoding in which it had to be read where that was not UTF-8."""

    text: str
    encoding: str | None = None


def decoded(content: bytes) -> Decoded:
    """The bytes as text: UTF-8 as it should be, else UTF-16 by its mark, else the old Thai code page."""
    try:
        return Decoded(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        pass
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Decoded(content.decode("utf-16", errors="replace"), "UTF-16")
    return Decoded(content.decode("cp874", errors="replace"), "TIS-620")


#: What no text has in it, and how files begin that are opened with a program of their own.
_NO_LETTER = re.compile("[\x00-\x08\x0e-\x1b\x7f\ufffd]")
_BEGINNINGS = ("%PDF-", "PK\x03\x04", "{\\rtf")


def is_text(text: str) -> bool:
    """Whether this is text, and not the bytes of a PDF, a picture or a document read as such."""
    return not text.startswith(_BEGINNINGS) and len(_NO_LETTER.findall(text)) * 100 <= len(text)


# --- HTML ------------------------------------------------------------------------------------------------

_TAG = re.compile(
    r"<(?:!doctype|/?(?:html|head|body|div|p|br|table|tr|td|th|span|h[1-6]|li|ul|b|font)\b)", re.IGNORECASE
)
_ANY_TAG = re.compile(r"<[^<>]*>")
_UNSEEN = ("script", "style", "head", "title", "template", "noscript")
_CELLS = ("td", "th")
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "br",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "option",
        "p",
        "pre",
        "section",
        "select",
        "table",
        "tbody",
        "thead",
        "tr",
        "ul",
    ]
)


class _Seen(HTMLParser):
    """What a reader sees of HTML: a line for each block, the cells of a row apart by ``|``."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0
        self._in_head = False

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser passes it
        self._hidden += tag in _UNSEEN
        if tag in _CELLS:
            self.parts.append("|")
        elif tag in _BLOCKS:
            # The name of a column is one cell, however many lines it has.
            self.parts.append(" " if self._in_head and tag == "br" else "\n")
        self._in_head = tag == "th" or (self._in_head and tag not in ("td", "tr", "table"))

    def handle_endtag(self, tag: str) -> None:
        self._hidden = max(0, self._hidden - (tag in _UNSEEN))
        self._in_head = self._in_head and tag not in ("th", "tr", "table")
        if tag in _BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # A line end inside HTML is a blank, unless the page was written as plain text between tags.
            self.parts.append(data)


def is_html(text: str) -> bool:
    return _TAG.search(text) is not None


def without_tags(text: str) -> str:
    """The text that a reader would see; what is no HTML that can be parsed loses its tags all the same."""
    seen = _Seen()
    try:
        seen.feed(text)
        seen.close()
    except (AssertionError, ValueError):  # the parser's own complaint about declarations it does not know
        return _ANY_TAG.sub("\n", text)
    return "".join(seen.parts)


# --- lines -----------------------------------------------------------------------------------------------

#: Marks that nobody sees, and blanks of every width.
_EVEN = dict.fromkeys(map(ord, "\ufeff\u200b\u200c\u200d\u2060\u00ad\u0000"), None) | dict.fromkeys(
    map(ord, "\u00a0\u2002\u2003\u2009\u202f\u3000"), " "
)
_BREAKS = re.compile(r"\r\n?|[\n\v\f\x1c-\x1e\x85\u2028\u2029]")
_BLANKS = re.compile(r" {2,}")


def lines_of(text: str) -> list[str]:
    """Every line without blanks around it, a run of empty ones as a single empty line.

    A tab between cells becomes a bar, for that is how cells stand apart everywhere else.
    """
    seen = (without_tags(text) if is_html(text) else text).translate(_EVEN)
    lines = [_line(one) for one in _BREAKS.split(seen)]
    return [one for has_text, run in groupby(lines, bool) for one in (run if has_text else [""])]


def _line(line: str) -> str:
    return _BLANKS.sub(" ", line.strip().replace("\t", " | ")).strip()


# --- spelling --------------------------------------------------------------------------------------------

#: A sara am in its two halves, with a tone mark between them.
_HALVES = re.compile("\u0e4d([\u0e48-\u0e4b]?)\u0e32")
#: Two เ that stand for แ, and a sara am with one half too many.
_SLIPS = (("เเ", "แ"), ("\u0e33\u0e32", "\u0e33"), ("\u0e33\u0e33", "\u0e33"))


@lru_cache(512)  # the same lines and reports are looked through again and again
def even(text: str) -> str:
    """The text in one spelling, for labels to be found in: Arabic digits, small letters, no slips."""
    found = from_thai_digits(text).lower()
    if "\u0e4d" in found:
        found = _HALVES.sub("\\1\u0e33", found)
    for slip, mended in _SLIPS:
        if slip in found:
            found = found.replace(slip, mended)
    return found

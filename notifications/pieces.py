"""Texts cut and cleaned as their reader would: never inside a character, never before its tone mark."""

import re
import unicodedata

#: What no name, subject or line may carry: controls, line ends, and marks that turn the writing round.
_UNSEEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_FIRST_BYTE_OF_NONE = 0b10  # the two highest bits of a byte that continues a character in UTF-8


def one_line(text: str) -> str:
    """The text as a single line, without controls and bidi marks, single-spaced; safe in any header."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def shortened(text: str, limit: int) -> str:
    """The text, or as much of it as goes into ``limit`` characters with an ellipsis."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end > 1 and _is_mark(text[end]):
        end -= 1
    return text[:end].rstrip() + "…"


def cut(text: str, first: int, rest: int, *, after_blank: bool = False) -> list[bytes]:
    """The text in UTF-8, in pieces of at most ``first`` and then ``rest`` bytes, each of whole characters.

    A base character stays with the marks above and below it, as long as they fit into one piece. With
    ``after_blank`` a piece rather ends after a blank, where it has one.
    """
    raw = text.encode()
    if len(raw) <= first:
        return [raw]
    found: list[bytes] = []
    start, room = 0, first
    while len(raw) - start > room:
        end = _boundary(raw, start, start + room)
        if after_blank:
            end = raw.rfind(b" ", start, end) + 1 or end
        found.append(raw[start:end])
        start, room = end, rest
    found.append(raw[start:])
    return found


def _boundary(raw: bytes, start: int, end: int) -> int:
    """The last place at or before ``end`` where a piece may end."""
    while raw[end] >> 6 == _FIRST_BYTE_OF_NONE:
        end -= 1
    whole = end
    while end > start and _is_mark(_character_at(raw, end)):
        end -= 1
        while raw[end] >> 6 == _FIRST_BYTE_OF_NONE:
            end -= 1
    return end if end > start else whole


def _character_at(raw: bytes, index: int) -> str:
    return raw[index : index + 4].decode(errors="ignore")[:1]


def _is_mark(character: str) -> bool:
    """Whether it is drawn on the letter before it: the marks, and Thai and Lao AM."""
    return character in "\u0e33\u0eb3" or unicodedata.category(character).startswith("M")

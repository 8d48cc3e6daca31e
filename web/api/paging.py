"""Cursors: where a page of a list ended, as one word that means nothing to others."""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import TypeVar

from web.api.problems import Fault, Wrong
from web.reading import whole_number

_Row = TypeVar("_Row")


def cursor_of(place: str | int) -> str:
    """The cursor of what follows that place."""
    return urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def text_behind(cursor: str | None) -> str:
    """The place that a cursor names; the beginning where there is none."""
    if cursor is None:
        return ""
    try:
        return urlsafe_b64decode(cursor.encode() + b"=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, ValueError):
        raise _not_ours() from None


def number_behind(cursor: str | None) -> int | None:
    """The same where places are numbers."""
    if cursor is None:
        return None
    number = whole_number(text_behind(cursor), 18)
    if number is None:
        raise _not_ours()
    return number


def cut(rows: Sequence[_Row], limit: int) -> tuple[Sequence[_Row], bool]:
    """So many rows, and whether more follow; one more than the limit was read."""
    return rows[:limit], len(rows) > limit


def _not_ours() -> Wrong:
    return Wrong(404, "api.bad_cursor", [Fault(at="query.cursor", says="no cursor of ours")])

"""Numbers as people type them on the pages: with commas, Thai digits, zeros that say nothing."""

import re
from decimal import Decimal

from engine.pages.text import even

#: So many digits no result has; what is longer is no number of anything.
_DIGITS = 15
NUMBER = rf"[+-]?(?:\d{{1,3}}(?:,\d{{3}})+|\d{{1,{_DIGITS}}})(?:\.\d{{1,{_DIGITS}}})?(?![\d])"
_NUMBER = re.compile(rf"(?<![\d.,])(?:{NUMBER})")
PAIR = re.compile(rf"({NUMBER}|-)\s*/\s*({NUMBER}|-)")
_DASH = re.compile(r"[\s\-–—._]*")


def number_of(text: str) -> Decimal | None:
    """The first number in a text, or ``None``."""
    found = _NUMBER.search(even(text))
    return None if found is None else exact(found[0])


def exact(text: str) -> Decimal:
    """The number written there, without zeros behind the point that say nothing."""
    plain = text.replace(",", "")
    return Decimal((plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0")


def or_none(text: str) -> Decimal | None:
    """The number that a cell is; ``None`` where it is empty or a dash."""
    return None if _DASH.fullmatch(text) else number_of(text)


def is_strange(text: str) -> bool:
    """Whether the number was written so that somebody should look at how it was read."""
    digits = [one for one in text if one.isdigit()]
    is_thai = any(one in "๐๑๒๓๔๕๖๗๘๙" for one in digits)
    return is_thai or "," in text or _reads_less(text, len(digits))


def _reads_less(text: str, digits: int) -> bool:
    """Whether the number that is read leaves digits aside: ``4.452/5``, ``80-85``."""
    found = _NUMBER.search(even(text))
    return digits > sum(one.isdigit() for one in (found[0] if found else ""))


def written(text: str) -> bool:
    """Whether the text is a number and nothing else: nothing of it is lost when it is read."""
    return re.fullmatch(rf"\s*(?:{NUMBER})?\s*%?\s*|[\s\-–—]*", even(text)) is not None

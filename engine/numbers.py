"""Numbers as people type them: Thai digits, thousands set apart by commas, a percent sign behind."""

import re
from decimal import Decimal

from engine.errors import refuse
from engine.thai_dates import plain_text

_NUMBER = re.compile(r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?")


def parse_number(typed: str) -> Decimal:
    """The number that was typed, ``1,407.52`` or ``๘๕.๕%``.

    Refused (``value.not_a_number``) where it is none, and where a comma does not set thousands apart: of
    ``1,5`` nobody knows whether it is more than one or fifteen.
    """
    text = plain_text(typed).removesuffix("%").rstrip()
    if not _NUMBER.fullmatch(text):
        raise refuse("value.not_a_number", value=typed)
    return Decimal(text.replace(",", ""))


def json_number(value: Decimal) -> int | float:
    """A JSON number: whole ones without a point."""
    return int(value) if value == value.to_integral_value() else float(value)

"""The days written in a narrative: those with a day, a month and a year, and nothing else."""

import re
from collections.abc import Iterator
from datetime import date

from engine.thai_dates import MONTH_PATTERN, DateProblem, parse_day, plain_text

_DAY = re.compile(
    rf"(?<![\d/.])(?:\d{{1,2}}\s?[-–]\s?)?(\d{{1,2}}\s?(?:{MONTH_PATTERN})\s?\.?\s?(?:พ\.?\s?ศ\.?\s?)?\d{{2,4}}|\d{{1,2}}/\d{{1,2}}/\d{{4}})(?![\d/])"
)


def days_in(text: str) -> Iterator[date]:
    """Every day that can be read without doubt, in the order of the text."""
    for found in _DAY.finditer(plain_text(text)):
        try:
            yield parse_day(found[1].replace(". ", ".", 1))
        except DateProblem:
            continue

"""Puts the table of a page where it belongs, in whatever order somebody copied its sections."""

import re
from collections.abc import Iterable, Iterator, Sequence

from engine.pages.labels import Label, Line
from engine.pages.table import row_of

#: The texts behind the reports, each below its own heading.
TEXTS = (Label.SUMMARY, Label.DEFINITION, Label.METHOD, Label.EVIDENCE, Label.PLAN)
#: What stands in the head alone, even behind the line that says which quarter is evaluated.
SURE_VALUES = (Label.TARGET, Label.ACHIEVED, Label.KIND)
_TABLE_START = re.compile(r"[\s*(|]*ไตรมาส(?:ที่)?[\s*(]*(?:1\s*-\s*4)?[\s*)]*\|")


def first_of(lines: Sequence[Line], labels: Iterable[Label]) -> Iterator[int]:
    """The first place of each label that is there."""
    for label in labels:
        yield from [at for at, line in enumerate(lines) if line.label is label][:1]


def table_in_place(lines: list[Line]) -> list[Line]:
    """The lines with their table in its place behind the head, where it stands between or behind texts.

    A table that somebody typed into a report stays there: it has no line that names its columns.
    """
    top = max(first_of(lines, (Label.EVALUATED, *SURE_VALUES)), default=len(lines))
    place = next((at for at, line in enumerate(lines) if at > top and _is_heading(line)), len(lines))
    for at, line in enumerate(lines[place:], start=place):
        if "|" in line.text and "2.1" in line.plain and _TABLE_START.match(line.plain):
            end = at + 1
            while end < len(lines) and row_of(lines[end].plain):
                end += 1
            if end > at + 1:
                return [*lines[:place], *lines[at:end], *lines[place:at], *lines[end:]]
    return lines


def _is_heading(line: Line) -> bool:
    """Whether a report or a text may begin here."""
    return line.label in TEXTS or (line.label is Label.REPORT and row_of(line.plain) is None)

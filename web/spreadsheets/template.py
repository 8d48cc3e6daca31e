"""Templates: a workbook with a sheet for each kind, or CSV of one, empty or with what is there."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from xlsxwriter.worksheet import Worksheet

from engine.quarter import BE_OFFSET
from engine.wording import Wording
from web.reports.sheets import Book, Cell
from web.spreadsheets import comma
from web.spreadsheets.columns import COLUMNS, Column, Reads, SheetKind
from web.spreadsheets.names import ABOUT, LISTS
from web.spreadsheets.workbook import letters

#: To how many rows the choices reach, the heading and the keys above them.
_ROWS = 50_000
_FIRST = 2
#: What a spreadsheet shows beside a cell is no longer.
_LONGEST_TITLE, _LONGEST_HELP = 32, 255

Said = Mapping[str, Any]
#: What is there of a kind, row by row; nothing for an empty template.
Filled = Callable[[SheetKind], Iterable[Said]]
#: What there is to choose from where the database knows it, by the family of the column.
Offered = Mapping[str, Sequence[str]]


def nothing(_kind: SheetKind) -> Iterable[Said]:
    """The rows of an empty template."""
    return ()


def write_book(
    path: Path,
    wording: Wording,
    zone: ZoneInfo,
    kinds: Sequence[SheetKind],
    offered: Offered,
    filled: Filled = nothing,
    step: Callable[[], None] = lambda: None,
) -> None:
    """Write the workbook; ``step`` is called after each row."""
    book = Book(path, zone)
    try:
        _explain(book, wording, kinds)
        choices = _Choices(wording, kinds, offered)
        for kind in kinds:
            page = _page(book, wording, kind, choices)
            for row, said in enumerate(filled(kind), start=_FIRST):
                for place, value in enumerate(cells_of(kind, said, wording)):
                    book.put(page, row, place, value)
                step()
        choices.write(book)
    finally:
        book.close()


def write_csv(file: TextIO, wording: Wording, kind: SheetKind, filled: Filled = nothing) -> None:
    """Write one kind as CSV: UTF-8 with its mark, by which Excel knows it."""
    file.write(comma.MARK + comma.line([_head(wording, one) for one in COLUMNS[kind]]))
    file.writelines(
        comma.line([_plain(one) for one in cells_of(kind, said, wording)]) for said in filled(kind)
    )


def _plain(cell: Cell) -> Any:
    return cell if cell is None or isinstance(cell, str) else str(cell)


def cells_of(kind: SheetKind, said: Said, wording: Wording) -> Iterator[Cell]:
    """What a row says, as people read it: years in the Buddhist Era, choices by their words."""
    for column in COLUMNS[kind]:
        value = said.get(column.key)
        if value is None or value == "":
            yield None
        elif column.reads is Reads.YEAR:
            yield value + BE_OFFSET
        elif column.choices:
            yield wording.word(column.family, value)
        else:
            yield value


# --- the pieces of the workbook ----------------------------------------------------------------------------


def _explain(book: Book, wording: Wording, kinds: Sequence[SheetKind]) -> None:
    """The first sheet: how the others are filled in, and what belongs into each column."""
    heads = [wording.say(f"about.{one}") for one in ("sheet", "column", "needed", "help")]
    page = book.page(wording.say(f"sheet_of.{ABOUT}"), heads, (24, 34, 14, 100))
    row = 1
    for line in wording.say("about.rules").split("\n"):
        book.put(page, row, 3, line)
        row += 1
    for kind in kinds:
        for column in COLUMNS[kind]:
            needed = "shown" if column.shown else "yes" if column.needed else "no"
            if column.clears:
                needed = "clears"
            told = (
                wording.say(f"sheet_of.{kind}"),
                wording.say(f"column.{column.called}"),
                wording.say(f"about.{needed}"),
                wording.say(f"column_help.{column.called}"),
            )
            for place, text in enumerate(told):
                book.put(page, row, place, text)
            row += 1


def _page(book: Book, wording: Wording, kind: SheetKind, choices: "_Choices") -> Worksheet:
    columns = COLUMNS[kind]
    heads = [_head(wording, one) for one in columns]
    page = book.page(wording.say(f"sheet_of.{kind}"), heads, [one.width for one in columns])
    page.freeze_panes(_FIRST, 0)
    page.repeat_rows(0, 1)
    for place, column in enumerate(columns):
        if column.reads in (Reads.CODE, Reads.PLAN, Reads.LINE, Reads.TEXT):
            page.set_column(place, place, column.width, book.as_text)
        page.write_string(1, place, column.key, book.quiet)
        page.data_validation(_FIRST, place, _ROWS, place, choices.rule(wording, column))
    return page


def _head(wording: Wording, column: Column) -> str:
    return wording.say(f"column.{column.called}") + (" *" if column.needed else "")


class _Choices:
    """What cells offer to choose from: lists on a hidden sheet, for within a rule there is little room."""

    def __init__(self, wording: Wording, kinds: Sequence[SheetKind], offered: Offered) -> None:
        self._lists: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for column in (one for kind in kinds for one in COLUMNS[kind] if one.family):
            words = [wording.word(column.family, one) for one in column.choices]
            self._lists[column.family, column.choices] = words or list(offered.get(column.family, ()))

    def rule(self, wording: Wording, column: Column) -> dict[str, Any]:
        """What the cells of a column say of themselves, and offer. They forbid nothing: the import tells."""
        shown: dict[str, Any] = {
            "validate": "any",
            "input_title": wording.say(f"column.{column.called}")[:_LONGEST_TITLE],
            "input_message": wording.say(f"column_help.{column.called}")[:_LONGEST_HELP],
            "error_type": "information",
        }
        known = (column.family, column.choices)
        if column.family and self._lists[known]:
            at = letters(list(self._lists).index(known) + 1)
            source = f"={LISTS}!${at}$1:${at}${len(self._lists[known])}"
            shown |= {"validate": "list", "source": source}
        return shown

    def write(self, book: Book) -> None:
        page = book.bare(LISTS)
        for row, words in enumerate(zip_longest(*self._lists.values())):
            for place, word in enumerate(words):
                book.put(page, row, place, word)
        page.very_hidden()

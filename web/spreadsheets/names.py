"""By which words people know sheets, columns and the choices in these: in every language, and by key."""

from collections.abc import Iterable

from engine.wording import Wording
from web.spreadsheets.cells import Choices, fold
from web.spreadsheets.columns import COLUMNS, Column, SheetKind

#: The sheet that explains the others, and the hidden one with what there is to choose from.
ABOUT, LISTS = "about", "_lists"


class Names:
    """All that may stand as a name, folded; the first language is the one in which names are offered."""

    def __init__(self, wordings: Iterable[Wording]) -> None:
        self._wordings = tuple(wordings)
        self.sheets = {
            word: kind for kind in SheetKind for word in self._words(f"sheet_of.{kind}", str(kind))
        }
        self._about = set(self._words(f"sheet_of.{ABOUT}", ABOUT)) | {fold(LISTS)}
        self.heads = {kind: self._heads(kind) for kind in SheetKind}
        self._choices: dict[tuple[str, tuple[str, ...]], Choices] = {}

    def _words(self, sentence: str, key: str) -> list[str]:
        return [*(fold(one.say(sentence)) for one in self._wordings), fold(key)]

    def _heads(self, kind: SheetKind) -> dict[str, Column]:
        return {
            word: column
            for column in COLUMNS[kind]
            for word in self._words(f"column.{column.called}", column.key)
        }

    def is_about(self, sheet: str) -> bool:
        """Whether the sheet is one that only explains, or offers choices."""
        return fold(sheet) in self._about

    def kind(self, sheet: str) -> SheetKind | None:
        """What a sheet of that name holds."""
        return self.sheets.get(fold(sheet))

    def sheet(self, kind: SheetKind) -> str:
        """How the sheet is called."""
        return self._wordings[0].say(f"sheet_of.{kind}")

    def head(self, column: Column) -> str:
        """How the column is called."""
        return self._wordings[0].say(f"column.{column.called}")

    def choices(self, column: Column) -> Choices:
        """The choices of a column by each of their words."""
        known = (column.family, column.choices)
        if known not in self._choices:
            self._choices[known] = {
                fold(word): (choice, self._wordings[0].word(column.family, choice))
                for choice in column.choices
                for word in (*(one.word(column.family, choice) for one in self._wordings), choice)
            }
        return self._choices[known]

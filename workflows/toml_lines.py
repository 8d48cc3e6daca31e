"""Where in a TOML document a key stands, so that a fault can be shown with its line.

The standard library reads TOML but forgets the lines. This is a second, lenient reader that keeps
nothing but them; whether the document is right is for ``tomllib`` to say.
"""

import re
import tomllib
from bisect import bisect_left
from contextlib import suppress

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
# The longer quotes first: an empty string and the opening of a long one begin alike.
_SCALAR = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?'''(?:'{0,2})"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|[^\s,\[\]{}#\"'][^,\]}#\n]*",
    re.DOTALL,
)


def line_of(text: str, path: Path) -> int | None:
    """The line, counted from 1, on which the key path stands, or else its nearest ancestor.

    Tables of an array are numbered from 0: ``("levels", 2, "when")`` is the key ``when`` of the third
    ``[[levels]]``. ``None`` where not even the first part of the path is in the document. What follows a
    place that cannot be read is not found.
    """
    lines = lines_of(text)
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def lines_of(text: str) -> dict[Path, int]:
    """The line of every key path in the document, as far as it can be read."""
    reader = _Reader(text)
    # Where it cannot be read any further, the lines before that place stay right.
    with suppress(_Unreadable, RecursionError):
        reader.document()
    return reader.lines


class _Unreadable(Exception):
    """Here stands something that is no TOML."""


class _Reader:
    """Goes through the text once and notes the line of each path when it first meets it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._ends = [match.start() for match in re.finditer("\n", text)]
        self._tables: dict[Path, int] = {}  # how many tables each array of tables has so far

    def document(self) -> None:
        """A sequence of headers and of keys with values."""
        table: Path = ()
        self._take(_BLANK)
        while self.at < len(self.text):
            if self._skip("[["):
                table = self._next_table(self._keys())
                self._expect("]]")
            elif self._skip("["):
                table = self._within((), self._keys())
                self._expect("]")
            else:
                self._pair(table)
            self._take(_BLANK)

    def _next_table(self, keys: list[str]) -> Path:
        array = self._within((), keys)
        index = self._tables.get(array, 0)
        self._tables[array] = index + 1
        return self._note((*array, index))

    def _within(self, path: Path, keys: list[str]) -> Path:
        """Follow the keys down from ``path``; through an array of tables the way leads by its last one."""
        for index, key in enumerate(keys):
            path = self._note((*path, key))
            if path in self._tables and index < len(keys) - 1:
                path = (*path, self._tables[path] - 1)
        return path

    def _pair(self, table: Path) -> None:
        path = self._within(table, self._keys())
        self._take(_EQUALS)
        self._value(path)

    def _keys(self) -> list[str]:
        """The parts of a dotted key, which never leaves its line."""
        self._take(_BLANK)
        keys = [self._key()]
        while _DOT.match(self.text, self.at):
            self._take(_DOT)
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        word = self._take(_KEY)
        return str(tomllib.loads(f"key = {word}")["key"]) if word[0] in "\"'" else word

    def _value(self, path: Path) -> None:
        if self._skip("["):
            self._items(path)
        elif self._skip("{"):
            self._inline_table(path)
        else:
            self._take(_SCALAR)

    def _items(self, path: Path) -> None:
        index = 0
        self._take(_BLANK)
        while not self._skip("]"):
            self._value(self._note((*path, index)))
            index += 1
            self._comma("]")

    def _inline_table(self, path: Path) -> None:
        self._take(_BLANK)
        while not self._skip("}"):
            self._pair(path)
            self._comma("}")

    def _comma(self, end: str) -> None:
        self._take(_BLANK)
        if not self._skip(",") and not self.text.startswith(end, self.at):
            raise _Unreadable
        self._take(_BLANK)

    def _note(self, path: Path) -> Path:
        self.lines.setdefault(path, bisect_left(self._ends, self.at) + 1)
        return path

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise _Unreadable
        self.at = match.end()
        return match.group()

    def _skip(self, word: str) -> bool:
        found = self.text.startswith(word, self.at)
        self.at += len(word) if found else 0
        return found

    def _expect(self, word: str) -> None:
        self._take(_BLANK)
        if not self._skip(word):
            raise _Unreadable

"""Between a row and a line of an export: the same text whichever database keeps the row, and back again."""

import json
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Integer, SmallInteger, String
from sqlalchemy.types import TypeEngine

from engine.errors import Unmet
from engine.nearest import nearest
from storage.export_format import ARRESTED, Part
from storage.types import Exact, Instant, instant_text

_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_EXACT = re.compile(r"-?\d+(\.\d+)?")
_BITS: tuple[tuple[type[TypeEngine[Any]], int], ...] = ((SmallInteger, 15), (BigInteger, 63), (Integer, 31))
#: A number or a text of this many characters is shown of what cannot be read.
_SHOWN = 60


class Unfit(Exception):
    """A line is not what it must be; ``unmet`` says how."""

    def __init__(self, kind: str, **params: Any) -> None:
        super().__init__(kind)
        self.unmet = Unmet(kind, params)


class Lines:
    """The lines of one part: a row in, a text out, and back."""

    def __init__(self, part: Part) -> None:
        self._fields = [
            (
                tuple(name.split(".")),
                column,
                _reader_of(column),
                ARRESTED.get((column.table.name, column.name)),
            )
            for name, column in zip(part.names.values(), part.columns, strict=True)
        ]
        self._shape = _shape(tuple(part.names.values()))

    def text(self, row: tuple[Any, ...]) -> bytes:
        """The line of a row, with its end."""
        line: dict[str, Any] = {}
        for value, (path, _, _, arrested) in zip(row, self._fields, strict=True):
            table = line
            for name in path[:-1]:
                table = table.setdefault(name, {})
            plain = _plain(value)
            table[path[-1]] = arrested.get(plain, plain) if arrested else plain
        return (_encoder.encode(line) + "\n").encode()

    def row(self, line: bytes) -> dict[str, Any]:
        """The values of a line by the names of their columns; :class:`Unfit` where it has other ones."""
        try:
            given = json.loads(line)
        except (ValueError, RecursionError):
            raise Unfit("import.not_json") from None
        _check_shape(given, self._shape, "")
        row: dict[str, Any] = {}
        for path, column, read, _ in self._fields:
            value = given
            for name in path:
                value = value[name]
            if value is None and column.nullable:
                row[column.name] = None
                continue
            read_value = None if value is None else read(value)
            if read_value is None:
                shown = _encoder.encode(value)[:_SHOWN].encode(errors="replace").decode()
                raise Unfit("import.value", key=".".join(path), given=shown)
            row[column.name] = read_value
        return row


_Shape = Mapping[str, "_Shape | None"]


def _shape(names: tuple[str, ...]) -> _Shape:
    """Which keys a line has, and which of them hold tables."""
    shape: dict[str, Any] = {}
    for name in names:
        table = shape
        *above, last = name.split(".")
        for one in above:
            table = table.setdefault(one, {})
        table[last] = None
    return shape


def _check_shape(given: Any, shape: _Shape, above: str) -> None:
    if not isinstance(given, dict):
        raise Unfit("import.not_table", key=above or None)
    for key in given.keys() - shape.keys():
        raise Unfit("import.key_unknown", key=f"{above}{key}"[:_SHOWN], nearest=nearest(key[:_SHOWN], shape))
    for key, inner in shape.items():
        if key not in given:
            raise Unfit("import.key_missing", key=f"{above}{key}")
        if inner is not None:
            _check_shape(given[key], inner, f"{above}{key}.")


def _plain(value: Any) -> Any:
    """A value as both databases tell it: no exponent, no time zone but UTC."""
    match value:
        case datetime():
            return instant_text(value)
        case date():
            return value.isoformat()
        case Decimal():
            return f"{value or value.copy_abs():f}"
    return value


# --- values as they come in: None for what is none of the column's ----------------------------------------

_Read = Callable[[Any], Any]


def _reader_of(column: Column[Any]) -> _Read:
    kind = column.type
    for its, reader in _READERS.items():
        if isinstance(kind, its):
            return reader
    if isinstance(kind, String):
        most = kind.length
        return lambda value: _text(value, most)
    bits = next(bits for its, bits in _BITS if isinstance(kind, its))
    return lambda value: _whole(value, bits)


def _truth(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _float(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and isfinite(value) else None


def _day(value: Any) -> date | None:
    with suppress(ValueError, TypeError):
        found = date.fromisoformat(value)
        return found if found.isoformat() == value else None
    return None


def _instant(value: Any) -> datetime | None:
    with suppress(ValueError, TypeError, OverflowError):
        found = datetime.fromisoformat(value)
        return found if found.utcoffset() is not None and instant_text(found) == value else None
    return None


def _exact(value: Any) -> Decimal | None:
    return Decimal(value) if isinstance(value, str) and _EXACT.fullmatch(value) else None


def _text(value: Any, most: int | None) -> str | None:
    """A text that every database keeps: none of them takes half a letter, and one no zero byte."""
    if not isinstance(value, str) or "\0" in value or (most is not None and len(value) > most):
        return None
    try:
        value.encode()
    except UnicodeEncodeError:
        return None
    return value


def _whole(value: Any, bits: int) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    return value if is_whole and -(1 << bits) <= value < 1 << bits else None


_READERS: Mapping[type[TypeEngine[Any]], _Read] = {
    Boolean: _truth,
    Float: _float,
    Date: _day,
    Instant: _instant,
    Exact: _exact,
}

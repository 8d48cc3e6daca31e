"""A setting that is a list of tables as rows of fields: shown, added, moved, taken away, read and blamed.

What fits is for the settings alone to say; here is only which fields a row has, and beside which of them a
fault belongs.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from engine.errors import Refusal, Unmet
from engine.numbers import parse_number
from web.reading import Typed, whole_number
from web.site import Setting


class Column(NamedTuple):
    """A field of every row. ``kind`` is "text", "number", "choice", or "kept", which nobody types."""

    name: str
    kind: str
    most: int = 200


Row = dict[str, str]

_COLUMNS: Mapping[str, tuple[Column, ...]] = {
    "checklist": (
        Column("key", "kept", 40),
        Column("th", "text"),
        Column("en", "text"),
        Column("points", "number", 12),
    ),
    "ladder": (Column("role", "choice", 40), Column("after", "number", 12)),
}
#: More rows than any setting takes; a form holds no more.
_MOST = 40


def columns_of(one: Setting) -> tuple[Column, ...]:
    return _COLUMNS[one.key.rpartition(".")[2]]


def field(row: int, column: str) -> str:
    """The name of a field; rows are counted from 0."""
    return f"row-{row}-{column}"


def fields_of(rows: Iterable[Mapping[str, Any]], columns: tuple[Column, ...]) -> Row:
    """The rows as the fields of a form."""
    return {
        field(number, column.name): str(row.get(column.name, ""))
        for number, row in enumerate(rows)
        for column in columns
    }


def typed_rows(typed: Typed, columns: tuple[Column, ...]) -> list[Row]:
    """The rows of the form as they were typed, also the empty ones."""
    return list(_rows(typed, columns))


def _rows(typed: Typed, columns: tuple[Column, ...]) -> Iterator[Row]:
    for number in range(_MOST):
        names = {column.name: field(number, column.name) for column in columns}
        if typed.fields.keys().isdisjoint(names.values()):
            return
        yield {name: typed.fields.get(there, "") for name, there in names.items()}


def moved(rows: list[Row], do: str) -> list[Row] | None:
    """The rows after ``add``, ``up-2`` or ``take-2`` (counted from 0); ``None`` for anything else."""
    name, _, at = do.partition("-")
    number = whole_number(at, 2)
    if name == "add" and len(rows) < _MOST:
        return [*rows, {}]
    if number is None or number >= len(rows):
        return None
    before, this, after = rows[:number], rows[number : number + 1], rows[number + 1 :]
    if name == "take":
        return [*before, *after]
    if name == "up" and before:
        return [*before[:-1], *this, before[-1], *after]
    return None


def put(typed: Typed, rows: list[Row], columns: tuple[Column, ...]) -> None:
    """Let the form hold these rows and no other."""
    others = {name: value for name, value in typed.fields.items() if not name.startswith("row-")}
    typed.fields = {**others, **fields_of(rows, columns)}


def wanted_rows(typed: Typed, columns: tuple[Column, ...]) -> list[dict[str, str | int]]:
    """The rows as they are to be set: what was left empty is left out, whole rows as well.

    Keys of new rows are given here: nobody has to think of one.
    """
    rows = [row for row in typed_rows(typed, columns) if any(map(str.strip, row.values()))]
    put(typed, rows, columns)
    taken = {row["key"] for row in rows if row.get("key")}
    wanted = []
    for number, row in enumerate(rows):
        if "key" in row and not row["key"]:
            row["key"] = next(key for one in range(1, 100) if (key := f"item_{one}") not in taken)
            taken.add(row["key"])
        wanted.append(dict(_values(typed, number, columns)))
        wanted[-1].update({"key": row["key"]} if "key" in row else {})
    return wanted


def _values(typed: Typed, number: int, columns: tuple[Column, ...]) -> Iterator[tuple[str, str | int]]:
    for column in columns:
        name = field(number, column.name)
        text = typed.line(name, column.most)
        if text:
            yield column.name, _whole(typed, name, text) if column.kind == "number" else text


def _whole(typed: Typed, name: str, text: str) -> str | int:
    """The whole number that was typed; any other text as it is, for the settings to refuse."""
    try:
        number = parse_number(text)
    except Refusal as refused:
        typed.fault(name, *refused.conditions)
        return text
    return int(number) if number == number.to_integral_value() else text


#: What is said in another way where there are fields than where there is a file.
_SAID_BESIDE_FIELDS = frozenset(
    {
        "count",
        "missing",
        "unfit",
        "too_small",
        "too_large",
        "not_allowed",
        "no_rung",
        "first_rung_waits",
        "role_twice",
        "ladder_not_rising",
    }
)


def blame(typed: Typed, key: str, unmet: Iterable[Unmet], columns: tuple[Column, ...]) -> None:
    """Put what was refused of the setting beside the field that it is about."""
    rows = typed_rows(typed, columns)
    for one in unmet:
        said = _in_rows(one) if one.params.get("key", "").startswith(key) else one
        typed.fault(_field_of(said, len(rows), columns), said)


def _in_rows(one: Unmet) -> Unmet:
    """The same in the words of a form: where, and not how the file would write it."""
    kind = one.kind.removeprefix("config.")
    if kind == "unfit" and "row" not in one.params:
        kind = "count"
    return Unmet(f"setting_row.{kind}", one.params) if kind in _SAID_BESIDE_FIELDS else one


def _field_of(one: Unmet, rows: int, columns: tuple[Column, ...]) -> str:
    row = one.params.get("row")
    if row is None or row > rows:
        return "value"
    seen = [column.name for column in columns if column.kind != "kept"]
    named = one.params.get("column")
    by_itself = "after" if one.kind.endswith(("first_rung_waits", "ladder_not_rising")) else seen[0]
    return field(row - 1, named if named in seen else by_itself)

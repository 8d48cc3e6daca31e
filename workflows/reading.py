"""TOML files of ours read strictly: keys that nobody knows are refused by name, every fault with its line."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from engine.faults import Fault
from engine.nearest import nearest
from workflows.toml_faults import place_and_fault
from workflows.toml_lines import lines_of

KeyPath = tuple[str | int, ...]
Filled = TypeVar("Filled", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class LocatedFault:
    """A fault with the file and the line, counted from 1, where it is to be mended."""

    file: str
    line: int
    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)


class DefinitionError(Exception):
    """A definition was refused; ``faults`` holds every one that was found, in the order of the lines."""

    def __init__(self, faults: Iterable[LocatedFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.file, fault.line)))
        super().__init__(", ".join(f"{one.file}:{one.line}: {one.kind}" for one in self.faults))


def text_of(path: Path) -> str:
    """The text of a file; one that is not UTF-8 is a :class:`DefinitionError` like any other."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = broken.object.count(b"\n", 0, broken.start) + 1
        raise DefinitionError([LocatedFault(str(path), line, "file.not_utf8")]) from broken


def normalised(text: str) -> str:
    """The text with the line ends of every system made one, so that its hash is the same on all."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def document_of(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=_decimal)
    except ValueError as broken:  # tomllib's own, and whole numbers of thousands of digits
        line, what = place_and_fault(broken, text)
        if what == "twice":
            fault = LocatedFault(file, line, "toml.duplicate_key")
        else:
            fault = LocatedFault(file, line, "toml.syntax", {"what": what})
        raise DefinitionError([fault]) from broken
    except RecursionError as deep:
        raise DefinitionError([LocatedFault(file, 1, "toml.too_deep")]) from deep


def _decimal(digits: str) -> Decimal:
    """The number exactly as it was written; one that no decimal can hold is later refused as no number."""
    try:
        return Decimal(digits)
    except InvalidOperation:
        return Decimal("NaN")


#: pydantic's kinds of errors in ours.
_KINDS = {
    "missing": "key.missing",
    "extra_forbidden": "key.unknown",
    "string_type": "value.not_text",
    "string_unicode": "value.not_text",
    "int_type": "value.not_whole_number",
    "is_instance_of": "value.not_number",
    "finite_number": "value.not_number",
    "bool_type": "value.not_truth",
    "enum": "value.not_allowed",
    "literal_error": "value.not_allowed",
    "date_type": "value.not_day",
    "list_type": "value.not_list",
    "model_type": "value.not_table",
    "dict_type": "value.not_table",
    "recursion_loop": "toml.too_deep",
}

#: Mending one place can uncover another inside it, no deeper than tables lie in tables.
_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Format(Generic[Filled]):
    """A kind of file: its form, the forms that stand under its keys, and what stands in for what is missing.

    Without a stand-in the number is taken that the place of the table suggests. With them the rest is checked
    in the same run.
    """

    form: type[Filled]
    tables: Mapping[str, type[BaseModel]]
    stand_ins: Mapping[str, Any]

    def filled(self, document: dict[str, Any]) -> tuple[Filled | None, list[Fault]]:
        """The document as a form, and the faults of its keys and values.

        What is at fault is taken out or stood in for, and the rest read again: one misspelt word must not
        hide what else is wrong. The form is ``None`` where that leads nowhere.
        """
        faults: list[Fault] = []
        for _ in range(_MOST_ROUNDS):
            try:
                return self.form.model_validate(document), faults
            except ValidationError as refused:
                known = {fault.path for fault in faults}
                for error in refused.errors(include_url=False):
                    path: KeyPath = error["loc"]
                    if not any(path[:length] in known for length in range(1, len(path) + 1)):
                        faults.append(self._fault(error))
                    self._mend(document, path, error["type"])
        return None, faults

    def _fault(self, error: ErrorDetails) -> Fault:
        path: KeyPath = error["loc"]
        kind = _KINDS.get(error["type"], "value.unfit")
        params: dict[str, Any] = {"key": dotted(path)}
        if kind == "key.unknown":
            above = (self.tables[one] for one in reversed(path[:-1]) if isinstance(one, str))
            known = sorted(next(above, self.form).model_fields)
            params |= {"given": path[-1], "nearest": nearest(str(path[-1]), known), "known": known}
        elif kind == "value.not_allowed":
            allowed = re.findall(r"'([^']*)'", error.get("ctx", {})["expected"])
            given = str(error["input"])[:60]
            params |= {"given": given, "nearest": nearest(given, allowed), "known": allowed}
        elif kind.startswith("value."):
            params |= {"given": str(error["input"])[:60]}
        return Fault(path, kind, params)

    def _mend(self, document: dict[str, Any], path: KeyPath, error: str) -> None:
        """Take out what is at fault, or put in what is missing."""
        table: Any = document
        for part in path[:-1]:
            table = table[part]
        last = path[-1]
        if error == "missing":
            place = path[-2] if len(path) > 1 else 0
            table[last] = self.stand_ins[str(last)] if last in self.stand_ins else cast(int, place) + 1
        elif isinstance(last, int):
            table[last] = _IN_A_LIST.get(error, {})
        else:
            with suppress(KeyError):  # two errors may speak of one value
                del table[last]


#: What stands in for an entry of a list; for anything else an empty table.
_IN_A_LIST: Mapping[str, Any] = {"int_type": -1, "string_type": "missing"}


def hidden_by(fault: Fault, unread: Iterable[KeyPath]) -> bool:
    """Whether the fault lies at or below a place that could not be read, and may only follow from that."""
    return any(fault.path[: len(path)] == path for path in unread)


def located(faults: Iterable[Fault], text: str, file: str) -> DefinitionError:
    """The faults with their lines."""
    lines = lines_of(text)
    return DefinitionError(
        LocatedFault(file, _line(lines, fault.path), fault.kind, fault.params) for fault in faults
    )


def _line(lines: Mapping[KeyPath, int], path: KeyPath) -> int:
    """The line of the path or of its nearest ancestor."""
    return next((lines[path[:length]] for length in range(len(path), 0, -1) if path[:length] in lines), 1)


def dotted(path: KeyPath) -> str:
    """The path as a person would write it, tables of a list counted from 1: ``levels[2].when``."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")

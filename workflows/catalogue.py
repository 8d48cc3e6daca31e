"""Definitions from files: read, checked, hashed, and found by key in their newest version."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.errors import refuse
from engine.faults import Fault
from engine.nearest import nearest
from engine.workflow import (
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    LevelRule,
    Measure,
    Rule,
    Workflow,
    YearValue,
    leaves,
)
from engine.workflow_check import check
from workflows.file_format import FORMS, SHAPES, WorkflowForm
from workflows.toml_lines import line_of

_KeyPath = tuple[str | int, ...]


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


@lru_cache(64)  # the same few texts whenever a database is opened
def parse(text: str, file: str = "") -> Workflow:
    """The workflow that the text defines, or :class:`DefinitionError` with all its faults.

    A document that is no TOML at all has that one fault. In every other the faults of its keys and
    values are told together with those of the definition, as far as it could be understood.
    """
    text = normalised(text)
    document = _document(text, file)
    form, faults = _form(document)
    if form is not None:
        workflow = _workflow(form, text)
        unread = [fault.path for fault in faults]
        faults += [one for one in _misshapen(form) if not _hidden(one, unread)]
        unread = [fault.path for fault in faults]
        faults += [one for one in check(workflow) if not _hidden(one, unread)]
        if not faults:
            return workflow
    raise DefinitionError(
        LocatedFault(file, line_of(text, fault.path) or 1, fault.kind, fault.params) for fault in faults
    )


#: What cannot be told of a definition while such a key in such a list is unread.
_HANGS_ON = {"milestone.unused": ("levels", "when"), "rule.unknown_milestone": ("milestones", "key")}


def _hidden(fault: Fault, unread: Iterable[_KeyPath]) -> bool:
    """Whether the fault may only follow from one at its place, above it or, for a whole rule, inside it."""
    whole = fault.kind in ("rule.shape", "rule.empty")
    return any(
        fault.path[: len(path)] == path
        or (whole and path[: len(fault.path)] == fault.path)
        or (path[0], *path[2:3]) == _HANGS_ON.get(fault.kind)
        for path in unread
    )


def load(path: Path) -> Workflow:
    """The workflow in a file; one that is not UTF-8 text is a :class:`DefinitionError` like any other."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        line = broken.object.count(b"\n", 0, broken.start) + 1
        raise DefinitionError([LocatedFault(str(path), line, "file.not_utf8")]) from broken
    return parse(text, str(path))


def normalised(text: str) -> str:
    """The text with the line ends of every system made one, so that its hash is the same on all."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


class Catalogue:
    """The definitions of a folder."""

    def __init__(self, folder: Path) -> None:
        """Load every ``*.toml``; :class:`DefinitionError` tells the faults of all files together."""
        self._versions: dict[str, dict[int, Workflow]] = {}
        files: dict[tuple[str, int], str] = {}
        faults: list[LocatedFault] = []
        for path in sorted(folder.glob("*.toml")):
            try:
                workflow = load(path)
            except DefinitionError as refused:
                faults += refused.faults
                continue
            known = files.setdefault((workflow.key, workflow.version), str(path))
            if known != str(path):
                params = {"key": workflow.key, "version": workflow.version, "other": known}
                line = line_of(path.read_text(encoding="utf-8-sig"), ("version",)) or 1
                faults.append(LocatedFault(str(path), line, "workflow.duplicate_version", params))
                continue
            self._versions.setdefault(workflow.key, {})[workflow.version] = workflow
        if faults:
            raise DefinitionError(faults)

    def list(self) -> tuple[Workflow, ...]:
        """The newest version of every definition, by key."""
        return tuple(self.get(key) for key in sorted(self._versions))

    def get(self, key: str, version: int | None = None) -> Workflow:
        """The definition of that key, in its newest version or in the one asked for.

        An unknown key is refused with the nearest names, an unknown version with those there are.
        """
        versions = self._versions.get(key)
        if versions is None:
            known = sorted(self._versions)
            raise refuse("workflow.unknown", given=key, nearest=nearest(key, known), known=known)
        if version is not None and version not in versions:
            raise refuse("workflow.unknown_version", key=key, given=version, known=sorted(versions))
        return versions[max(versions) if version is None else version]


# --- from text to a form -------------------------------------------------------------------------------


def _document(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text, parse_float=_decimal)
    except ValueError as broken:  # tomllib's own, and whole numbers of thousands of digits
        place = re.search(r" \(at (?:line (\d+)|end of document).*\)$", str(broken))
        line = int(place[1]) if place and place[1] else text.count("\n") + 1 if place else 1
        message = str(broken).removesuffix(place[0]) if place else str(broken)
        kind = "toml.duplicate_key" if _DUPLICATE.match(message) else "toml.syntax"
        raise DefinitionError([LocatedFault(file, line, kind, {"message": message})]) from broken
    except RecursionError as deep:
        raise DefinitionError([LocatedFault(file, 1, "toml.too_deep")]) from deep


#: How tomllib says that something stands there twice.
_DUPLICATE = re.compile(
    r"Cannot (overwrite a value|declare .* twice|mutate immutable)|Duplicate inline table key"
)


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
    "list_type": "value.not_list",
    "model_type": "value.not_table",
    "recursion_loop": "toml.too_deep",
}

#: What stands in for a key that had to be there, so that the rest can be checked in the same run.
_STAND_INS: dict[str, Any] = {
    "key": "missing",
    "version": 1,
    "order": "tolerant",
    "kind": "percent",
    "when": {},
}

#: What stands in for a value of a list that is of the wrong kind.
_FILLERS: dict[str, Any] = {"int_type": -1, "string_type": ""}

#: Mending one place can uncover another inside it, no deeper than tables lie in tables.
_MOST_ROUNDS = 8


def _form(document: dict[str, Any]) -> tuple[WorkflowForm | None, list[Fault]]:
    """The document as a form, and the faults of its keys and values.

    What is at fault is taken out or stood in for, and the rest read again: one misspelt word must not
    hide what else is wrong. The form is ``None`` where that leads nowhere.
    """
    faults: list[Fault] = []
    for _ in range(_MOST_ROUNDS):
        try:
            return WorkflowForm.model_validate(document), faults
        except ValidationError as refused:
            known = {fault.path for fault in faults}
            for error in refused.errors(include_url=False):
                path: _KeyPath = error["loc"]
                if not any(path[:length] in known for length in range(1, len(path) + 1)):
                    faults.append(_fault(error))
                _mend(document, path, error["type"])
    return None, faults


def _fault(error: ErrorDetails) -> Fault:
    path: _KeyPath = error["loc"]
    kind = _KINDS[error["type"]]
    params: dict[str, Any] = {"key": _dotted(path)}
    if kind == "key.unknown":
        form = next((FORMS[part] for part in reversed(path[:-1]) if isinstance(part, str)), WorkflowForm)
        known = sorted(form.model_fields)
        params |= {"given": path[-1], "nearest": nearest(str(path[-1]), known), "known": known}
    elif kind == "value.not_allowed":
        allowed = re.findall(r"'([^']*)'", error.get("ctx", {})["expected"])
        given = str(error["input"])[:60]
        params |= {"given": given, "nearest": nearest(given, allowed), "known": allowed}
    elif kind.startswith("value."):
        params |= {"given": str(error["input"])[:60]}
    return Fault(path, kind, params)


def _dotted(path: _KeyPath) -> str:
    """The path as a person would write it, tables of a list counted from 1: ``levels[2].when``."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _mend(document: dict[str, Any], path: _KeyPath, error: str) -> None:
    """Take out what is at fault, or put in what is missing."""
    table: Any = document
    for part in path[:-1]:
        table = table[part]
    last = path[-1]
    if error == "missing":
        # A level without its number is taken for the one that its place in the file suggests.
        place = path[-2] if len(path) > 1 else 0
        table[last] = _STAND_INS[str(last)] if last in _STAND_INS else cast(int, place) + 1
    elif isinstance(last, int):
        table[last] = _FILLERS.get(error, {})
    else:
        with suppress(KeyError):  # two errors may speak of one value
            del table[last]


def _misshapen(form: WorkflowForm) -> Iterator[Fault]:
    for index, level in enumerate(form.levels):
        for path, kind, given in level.when.misshapen(("levels", index, "when")):
            if kind == "rule.shape":
                yield Fault(path, kind, {"given": given, "known": SHAPES})
            else:
                yield Fault(path, kind, {"key": _dotted(path), "given": str(given)})


# --- from a form to the engine's types -----------------------------------------------------------------


def _workflow(form: WorkflowForm, text: str) -> Workflow:
    workflow = Workflow(
        key=form.key,
        version=form.version,
        title=form.title.text(),
        order=form.order,
        milestones=tuple(milestone.definition() for milestone in form.milestones),
        levels=tuple(level.rung() for level in form.levels),
        description=form.description.text(),
        remind_before=tuple(form.reminders.before) if form.reminders else None,
        source_hash=sha256(text.encode()).hexdigest(),
        source=text,
    )
    return replace(workflow, levels=tuple(_with_starts(workflow)))


def _with_starts(workflow: Workflow) -> Iterator[LevelRule]:
    """The levels with the start of every limit: the limit of the level below, or the worst value there is."""
    limits = {one.key: _worst(one.measure) for one in workflow.milestones if one.measure is not None}
    for rung in workflow.levels:
        yield replace(rung, rule=_started(rung.rule, limits))
        limits |= {leaf.milestone: leaf.limit for leaf in leaves(rung.rule) if isinstance(leaf, Bound)}


def _worst(measure: Measure) -> Decimal | None:
    """Where progress begins: at the least value, or at the greatest where less is better.

    The range is set for single values in their own unit; of a share or a sum it tells only that
    nothing is the least.
    """
    end = measure.maximum if measure.falls else measure.minimum
    of_single_values = not measure.of_target and measure.year_value is not YearValue.SUM
    return end if of_single_values or end == 0 else None


def _started(rule: Rule, limits: Mapping[str, Decimal | None]) -> Rule:
    match rule:
        case Bound():
            return replace(rule, start=limits.get(rule.milestone))
        case AllOf() | AnyOf() | AtLeast():
            return replace(rule, rules=tuple(_started(part, limits) for part in rule.rules))
    return rule

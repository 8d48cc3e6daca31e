"""Definitions from files: read, checked, hashed, and found by key in their newest version."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

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
from workflows.reading import (
    DefinitionError,
    Format,
    KeyPath,
    LocatedFault,
    document_of,
    dotted,
    hidden_by,
    located,
    normalised,
    text_of,
)
from workflows.toml_lines import line_of


@lru_cache(64)  # the same few texts whenever a database is opened
def parse(text: str, file: str = "") -> Workflow:
    """The workflow that the text defines, or :class:`DefinitionError` with all its faults.

    A document that is no TOML at all has that one fault. In every other the faults of its keys and
    values are told together with those of the definition, as far as it could be understood.
    """
    text = normalised(text)
    form, faults = _FORMAT.filled(document_of(text, file))
    if form is not None:
        workflow = _workflow(form, text)
        unread = [fault.path for fault in faults]
        faults += [one for one in _misshapen(form) if not _hidden(one, unread)]
        unread = [fault.path for fault in faults]
        faults += [one for one in check(workflow) if not _hidden(one, unread)]
        if not faults:
            return workflow
    raise located(faults, text, file)


#: What stands in for a key of a definition; a level without its number is taken for the one of its place.
_FORMAT = Format(
    WorkflowForm,
    FORMS,
    {"key": "missing", "version": 1, "order": "tolerant", "kind": "percent", "when": {}},
)


#: What cannot be told of a definition while such a key in such a list is unread.
_HANGS_ON = {"milestone.unused": ("levels", "when"), "rule.unknown_milestone": ("milestones", "key")}


def _hidden(fault: Fault, unread: Iterable[KeyPath]) -> bool:
    """Whether the fault may only follow from one at its place, above it or, for a whole rule, inside it."""
    whole = fault.kind in ("rule.shape", "rule.empty")
    return hidden_by(fault, unread) or any(
        (whole and path[: len(fault.path)] == fault.path)
        or (path[0], *path[2:3]) == _HANGS_ON.get(fault.kind)
        for path in unread
    )


def load(path: Path) -> Workflow:
    """The workflow in a file; one that is not UTF-8 text is a :class:`DefinitionError` like any other."""
    return parse(text_of(path), str(path))


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


def _misshapen(form: WorkflowForm) -> Iterator[Fault]:
    for index, level in enumerate(form.levels):
        for path, kind, given in level.when.misshapen(("levels", index, "when")):
            if kind == "rule.shape":
                yield Fault(path, kind, {"given": given, "known": SHAPES})
            else:
                yield Fault(path, kind, {"key": dotted(path), "given": str(given)})


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

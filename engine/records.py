"""What the city's records are to be, held beside what they are: every difference, as data.

A campaign file, last year's indicators and a spreadsheet all say the same kind of thing. Whoever reads one
makes :class:`Record` of it; what follows is one course for all of them (:mod:`storage.records`).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from engine.faults import Fault, Path
from engine.nearest import nearest


class Kind(StrEnum):
    """What there are records of, in the order in which they are written: each may name those before it."""

    AGENCY = "agency"
    PERSON = "person"
    PLAN_NODE = "plan_node"
    INDICATOR = "indicator"
    EXTENSION = "extension"
    RESULT = "result"


Value = str | int | Decimal | date | bool | tuple[str, ...] | None
Fields = Mapping[str, Value]
#: A kind with the key by which people call one of it.
Name = tuple[Kind, str]


class Record(NamedTuple):
    """One thing of the city's records: ``key`` is what people call it by, the address of a person, say.

    ``fields`` holds only what is said; what is not said stays as it is. Fields name other things by their
    keys. ``place`` is where it was said, for whoever has to mend it.
    """

    kind: Kind
    key: str
    fields: Fields
    place: Path = ()

    @property
    def name(self) -> Name:
        return self.kind, self.key


def extension_key(agency: str, quarter: int) -> str:
    """What an extension is called by within its year."""
    return f"{agency} Q{quarter}"


def result_key(indicator: str, quarter: int) -> str:
    """What the result of a quarter is called by within its year."""
    return f"{indicator} Q{quarter}"


#: Which fields each kind has.
FIELDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.AGENCY: ("code", "name", "name_en", "kind", "parent"),
    Kind.PERSON: ("name", "language", "roles"),
    Kind.PLAN_NODE: ("title", "parent"),
    Kind.INDICATOR: (
        "agency",
        "workflow",
        "version",
        "title",
        "title_en",
        "unit",
        "target",
        "weight",
        "owner",
        "plan",
        "kind",
        "result_kind",
        "definition",
        "method",
        "evidence_asked",
        "draft",
    ),
    Kind.EXTENSION: ("agency", "quarter", "until", "reason"),
    Kind.RESULT: ("indicator", "quarter", "result", "narrative"),
}
#: What has to be said of each that is new.
_NEEDED: Mapping[Kind, tuple[str, ...]] = {
    Kind.AGENCY: ("name",),
    Kind.PERSON: ("name",),
    Kind.PLAN_NODE: ("title",),
    Kind.INDICATOR: ("agency", "workflow", "version", "title"),
    Kind.EXTENSION: ("agency", "quarter", "until", "reason"),
    Kind.RESULT: ("indicator", "quarter"),
}
#: Fields that name something else by its key, and what kind of thing.
_NAMING: Mapping[Kind, Mapping[str, Kind]] = {
    Kind.AGENCY: {"parent": Kind.AGENCY},
    Kind.PERSON: {},
    Kind.PLAN_NODE: {"parent": Kind.PLAN_NODE},
    Kind.INDICATOR: {"agency": Kind.AGENCY, "owner": Kind.AGENCY, "plan": Kind.PLAN_NODE},
    Kind.EXTENSION: {"agency": Kind.AGENCY},
    Kind.RESULT: {"indicator": Kind.INDICATOR},
}
#: What stays as it was written first, for facts, journals and codes rest on it.
_FIXED: Mapping[Kind, frozenset[str]] = {
    Kind.AGENCY: frozenset({"code", "kind", "parent"}),
    Kind.PERSON: frozenset(),
    Kind.PLAN_NODE: frozenset({"parent"}),
    Kind.INDICATOR: frozenset({"agency", "workflow", "version"}),
    Kind.EXTENSION: frozenset(),
    Kind.RESULT: frozenset({"indicator", "quarter"}),
}
#: The one of these that may be given where it was not known.
_GIVEN_LATER = "code"
#: What is only ever added to: a role that is not named is not taken.
_GROWING = frozenset({"roles"})


class How(StrEnum):
    """What becomes of a record."""

    ADDED = "added"
    CHANGED = "changed"
    SAME = "same"


class Difference(NamedTuple):
    """What becomes of one record: ``before`` is ``None`` where it is new.

    Of one that is there, both hold the fields that differ and no other; they are empty where none does.
    """

    kind: Kind
    key: str
    before: Fields | None
    after: Fields
    place: Path = ()

    @property
    def how(self) -> How:
        if self.before is None:
            return How.ADDED
        return How.CHANGED if self.after else How.SAME


def compared(kept: Mapping[Name, Record], wanted: Iterable[Record]) -> tuple[list[Difference], list[Fault]]:
    """What becomes of each record that is wanted, in the order of writing, and all that is wrong with it."""
    said = list(wanted)
    by_name = {one.name: one for one in said}
    faults = [*_twice(said), *_circles(by_name)]
    found = [_difference(kept.get(one.name), one) for one in said]
    known = kept.keys() | by_name.keys()
    for one in found:
        faults += [*_lacking(one), *_fixed(one), *_unknown(one, known)]
    order = list(Kind)
    found.sort(key=lambda one: (order.index(one.kind), _depth(by_name[one.kind, one.key], by_name)))
    return found, faults


def _difference(kept: Record | None, wanted: Record) -> Difference:
    if kept is None:
        return Difference(wanted.kind, wanted.key, None, wanted.fields, wanted.place)
    meant = {name: _meant(name, kept.fields.get(name), value) for name, value in wanted.fields.items()}
    after = {name: value for name, value in meant.items() if value != kept.fields.get(name)}
    before = {name: kept.fields.get(name) for name in after}
    return Difference(wanted.kind, wanted.key, before, after, wanted.place)


def _meant(name: str, before: Value, said: Value) -> Value:
    if name == "draft":  # how it begins; what has begun is no draft again
        return bool(before and said)
    if name in _GROWING and isinstance(before, tuple) and isinstance(said, tuple):
        return before + tuple(one for one in said if one not in before)
    return said


def _depth(one: Record, others: Mapping[Name, Record]) -> int:
    """How many of the others lie above it, which are written before it; more than there are in a circle."""
    depth, above = 0, others.get((one.kind, str(one.fields.get("parent"))))
    while above is not None and depth <= len(others):
        depth, above = depth + 1, others.get((one.kind, str(above.fields.get("parent"))))
    return depth


def _twice(said: Iterable[Record]) -> Iterator[Fault]:
    seen: set[Name] = set()
    for one in said:
        if one.name in seen:
            yield Fault(one.place, "record.twice", {"kind": one.kind, "key": one.key})
        seen.add(one.name)


def _circles(by_name: Mapping[Name, Record]) -> Iterator[Fault]:
    for one in by_name.values():
        if _depth(one, by_name) > len(by_name):
            yield Fault((*one.place, "parent"), "record.circle", {"kind": one.kind, "key": one.key})


def _lacking(one: Difference) -> Iterator[Fault]:
    for name in _NEEDED[one.kind] if one.before is None else ():
        if one.after.get(name) in (None, ""):
            yield Fault(one.place, "record.lacks", {"kind": one.kind, "key": one.key, "field": name})


def _fixed(one: Difference) -> Iterator[Fault]:
    for name in sorted(_FIXED[one.kind] & one.after.keys()):
        before = None if one.before is None else one.before[name]
        if one.before is not None and (before is not None or name != _GIVEN_LATER):
            params = {"kind": one.kind, "key": one.key, "field": name, "before": before}
            yield Fault((*one.place, name), "record.fixed", {**params, "after": one.after[name]})


def _unknown(one: Difference, known: Iterable[Name]) -> Iterator[Fault]:
    """Whatever it names must be there or come with it."""
    for field, kind in _NAMING[one.kind].items():
        given = one.after.get(field)
        if given is not None and (kind, str(given)) not in known:
            near = nearest(str(given), [key for its, key in known if its is kind])
            params = {"kind": kind, "given": given, "key": one.key, "nearest": near}
            yield Fault((*one.place, field), "record.unknown", params)


class Agencies:
    """Every agency under each of its names: its code, its name in Thai and in English.

    ``kinds`` and ``codes`` are what each is and by which code it goes, by its key.
    """

    def __init__(self, kept: Iterable[Record]) -> None:
        self._keys: dict[str, str] = {}
        self.kinds: dict[str, str] = {}
        self.codes: dict[str, str] = {}
        for one in kept:
            if one.kind is Kind.AGENCY:
                self.learn(one)

    def learn(self, agency: Record) -> None:
        """Know an agency by its names; what was known first stays known."""
        key, fields = agency.key, agency.fields
        self.kinds.setdefault(key, str(fields.get("kind", "")))
        code = fields.get("code")
        if isinstance(code, str) and code:
            self.codes.setdefault(key, code)
        for name in (key, code, fields.get("name"), fields.get("name_en")):
            if isinstance(name, str) and name:
                self._keys.setdefault(name, key)

    def find(self, given: str) -> str | None:
        """The key of the agency of that code or name."""
        return self._keys.get(given.strip())

    def unknown(self, given: str, place: Path) -> Fault:
        """What is said of a name that no agency has."""
        return Fault(place, "agency.unknown", {"given": given, "nearest": nearest(given, self._keys)})

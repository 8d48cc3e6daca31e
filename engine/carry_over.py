"""Next year's indicators from this year's: what is carried over, what is left behind, and why."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple

from engine.indicator import Life
from engine.records import Kind, Name, Record


class Versions(StrEnum):
    """On which version of its definition an indicator goes on."""

    NEWEST = "newest"
    SAME = "same"


class Note(NamedTuple):
    """Something that is not as it was: its kind, the indicator or agency it is about, its particulars."""

    kind: str
    key: str
    params: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class LastYear:
    """What of the year before is looked at besides its records, by the codes of indicators.

    ``cancelled`` has the reason of each that was; ``waived`` each milestone that need not be done, with the
    last day on which that holds; ``served`` the agencies that somebody coordinates.
    """

    lives: Mapping[str, str]
    cancelled: Mapping[str, str] = field(default_factory=dict)
    waived: Mapping[str, list[tuple[str, date]]] = field(default_factory=dict)
    served: Collection[str] = ()


def carried_over(
    records: Mapping[Name, Record],
    last: LastYear,
    there: Mapping[Name, Record],
    known: Collection[tuple[str, int]],
    versions: Versions,
    without: Collection[str],
) -> tuple[list[Record], list[Note]]:
    """The indicators of the next year, with a note for whatever does not simply go on.

    ``records`` are those of the year before, ``there`` those of the next: an indicator that is there already
    stays as it is. ``known`` are the versions of definitions, ``without`` agencies that are left out. Facts,
    reports and evidence belong to their year.
    """
    found: list[Record] = []
    notes: list[Note] = []
    agencies: dict[str, int] = {}
    for one in records.values():
        if one.kind is not Kind.INDICATOR:
            continue
        agency = str(one.fields["agency"])
        left = _left_behind(one, last, agency in without)
        if left is not None:
            notes.append(left)
            continue
        agencies[agency] = agencies.get(agency, 0) + 1
        if one.name in there:
            found.append(Record(one.kind, one.key, {}))
            continue
        key, old = str(one.fields["workflow"]), one.fields["version"]
        version = _version(key, old, known, versions)
        found.append(Record(one.kind, one.key, {**one.fields, "version": version}))
        if version != old:
            notes.append(Note("carry.version", one.key, {"workflow": key, "before": old, "after": version}))
        notes += [
            Note("carry.waiver", one.key, {"milestone": milestone, "until": until})
            for milestone, until in last.waived.get(one.key, ())
        ]
    notes += [
        Note("carry.nobody", agency, {"count": count})
        for agency, count in agencies.items()
        if agency not in last.served
    ]
    return found, notes


def _left_behind(one: Record, last: LastYear, is_without: bool) -> Note | None:
    """Why it is not carried over, if it is not."""
    if last.lives[one.key] == Life.CANCELLED:
        return Note("carry.cancelled", one.key, {"reason": last.cancelled.get(one.key)})
    if is_without:
        return Note("carry.without", one.key, {"agency": one.fields["agency"]})
    return None


def _version(key: str, old: Any, known: Collection[tuple[str, int]], versions: Versions) -> Any:
    if versions is Versions.SAME:
        return old
    return max([old, *(version for its, version in known if its == key)])

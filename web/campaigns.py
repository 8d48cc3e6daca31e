"""A year set up at once: from a campaign file, or from the year before; tried first, then written."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from engine.carry_over import Note, Versions, carried_over
from engine.errors import Refusal, refuse
from engine.faults import Fault
from engine.permissions import Person
from engine.quarter import FiscalYear
from engine.records import Difference, Fields, How, Kind, Record, Value
from engine.wording import Wording
from engine.workflow import Text
from notifications import addresses
from storage import kept_records, last_year, records
from storage.kept_records import Kept
from storage.records import Progress, Written
from storage.store import Store
from workflows.campaign import Campaign
from workflows.campaign_text import campaign_of

#: What agencies and definitions are called, by their keys.
Names = dict[str, str | Text]


class SetUp(NamedTuple):
    """What became of a year, or would, and what did not simply go on from the year before."""

    year: FiscalYear
    written: Written
    notes: list[Note]
    names: Names

    @property
    def digest(self) -> str:
        """Names what would be done, so that what was looked at is what is done."""
        found = [one[:4] for one in self.written.differences if one.how is not How.SAME]
        return hashlib.sha256(repr([found, self.notes]).encode()).hexdigest()


def nothing_done(_done: int, _total: int) -> None:
    """For who does not watch."""


def take_in(
    store: Store,
    text: str,
    file: str,
    *,
    by: Person,
    now: datetime,
    try_only: bool,
    done: Progress = nothing_done,
) -> SetUp:
    """Set a year up as the campaign says; :class:`~workflows.reading.DefinitionError` with every fault."""
    campaign, names = Campaign(text, file), Names()

    def wanted(kept: Kept) -> tuple[list[Record], list[Fault]]:
        found, faults = campaign.records(kept.records, kept.workflows.keys())
        names.update(names_of(found, kept))
        return found, [*faults, *_wrong_people(found, kept)]

    source = {"source": "campaign", "sha256": hashlib.sha256(text.encode()).hexdigest()}
    written = records.write(
        store, campaign.year, wanted, source, by=by, now=now, try_only=try_only, done=done
    )
    if written.faults:
        raise campaign.error(written.faults)
    return SetUp(campaign.year, written, [], names)


def names_of(found: Iterable[Record], kept: Kept) -> Names:
    """Of agencies that are there or come along, and of definitions."""
    agencies = [*kept.of(Kind.AGENCY), *(one for one in found if one.kind is Kind.AGENCY)]
    called: Names = {one.key: str(one.fields["name"]) for one in agencies if one.fields.get("name")}
    return {**called, **{key: one.title for (key, _), one in kept.workflows.items()}}


def _wrong_people(found: Iterable[Record], kept: Kept) -> list[Fault]:
    """New people whose address or name no mail could carry."""
    faults = []
    for one in found:
        if one.kind is not Kind.PERSON or one.name in kept.records:
            continue
        for field, check, given in (
            ("email", addresses.address, one.key),
            ("name", addresses.display_name, one.fields.get("name")),
        ):
            try:
                if isinstance(given, str):
                    check(given)
            except Refusal as refused:
                faults += [
                    Fault((*one.place, field), unmet.kind, unmet.params) for unmet in refused.conditions
                ]
    return faults


def carry_over(
    store: Store,
    before: FiscalYear,
    after: FiscalYear,
    *,
    versions: Versions = Versions.NEWEST,
    without: Collection[str] = (),
    by: Person,
    now: datetime,
    try_only: bool,
    done: Progress = nothing_done,
) -> SetUp:
    """Set the year ``after`` up with the indicators of the year ``before``, but for agencies left out.

    Refused (``carry.years``, ``carry.nothing``, ``agency.unknown``, or what stands in the way of one).
    """
    if after <= before:
        raise refuse("carry.years", before=before, after=after)
    with store.read() as tx:
        old = kept_records.read(store, tx.connection, before.year)
        last = last_year.read(tx.connection, before, old)
    if not last.lives:
        raise refuse("carry.nothing", year=before)
    left_out = {_agency(old, one) for one in without}
    notes: list[Note] = []
    names = Names()

    def wanted(kept: Kept) -> tuple[list[Record], list[Fault]]:
        known = kept.workflows.keys()
        names.update(names_of((), kept))
        found, said = carried_over(old.records, last, kept.records, known, versions, left_out)
        notes.extend(said)
        return found, []

    source = {"source": "carry_over", "from": before.year}
    written = records.write(store, after, wanted, source, by=by, now=now, try_only=try_only, done=done)
    if written.faults:
        raise Refusal(one.unmet for one in written.faults)
    return SetUp(after, written, notes, names)


def _agency(kept: Kept, given: str) -> str:
    agencies = kept.agencies
    key = agencies.find(given)
    if key is None:
        raise Refusal([agencies.unknown(given, ()).unmet])
    return key


def text_of(store: Store, year: FiscalYear) -> str:
    """The year as a campaign file."""
    with store.read() as tx:
        kept = kept_records.read(store, tx.connection, year.year)
    return campaign_of(kept.records, year)


# --- told ----------------------------------------------------------------------------------------------


#: What is told of a record that is new: the rest stands in the file.
_BRIEF: Mapping[Kind, tuple[str, ...]] = {
    Kind.AGENCY: ("name",),
    Kind.PERSON: ("name", "roles"),
    Kind.PLAN_NODE: ("title",),
    Kind.INDICATOR: ("agency", "workflow", "version", "target", "weight"),
    Kind.EXTENSION: ("until", "reason"),
    Kind.RESULT: ("result", "narrative"),
}
#: Fields that hold a word of ours, and the family of it.
_WORDS: Mapping[tuple[Kind, str], str] = {
    (Kind.AGENCY, "kind"): "agency_kind",
    (Kind.INDICATOR, "kind"): "kind",
    (Kind.INDICATOR, "result_kind"): "result_kind",
    (Kind.PERSON, "language"): "language",
}


#: Fields that hold the key of something that has a name.
_NAMED = frozenset({"agency", "owner", "workflow"})


def changes_of(one: Difference, names: Names, wording: Wording) -> list[str]:
    """What differs, a line for each field; of what is new, only what one knows it by."""
    if one.before is None:
        brief = [name for name in _BRIEF.get(one.kind, ()) if one.after.get(name) not in (None, "", ())]
        return [_said(wording, names, "records.is", one, name) for name in brief]
    return [_said(wording, names, "records.becomes", one, name) for name in one.after]


def _said(wording: Wording, names: Names, kind: str, one: Difference, name: str) -> str:
    before = (one.before or {}).get(name)
    values = {"before": _value(one.kind, name, before, names, wording)} if one.before is not None else {}
    after = _value(one.kind, name, one.after[name], names, wording)
    return wording.say(kind, field=wording.word("record_field", name), after=after, **values)


def _value(kind: Kind, name: str, value: Value, names: Names, wording: Wording) -> str:
    """A value of a record in words."""
    if isinstance(value, bool):
        return wording.say(f"records.{str(value).lower()}")
    if name == "roles" and isinstance(value, tuple):
        return ", ".join(_role(one, names, wording) for one in value)
    if name in _NAMED and isinstance(value, str):
        return wording.value(names.get(value, value))
    family = _WORDS.get((kind, name))
    return wording.word(family, str(value)) if family and value else wording.value(value)


def _role(typed: str, names: Names, wording: Wording) -> str:
    role, _, at = typed.partition("@")
    return wording.word("role", role) + (f" ({wording.value(names.get(at, at))})" if at else "")


def note_of(note: Note, names: Names, wording: Wording) -> str:
    """A note in words."""
    params = {name: names.get(one, one) if name in _NAMED else one for name, one in note.params.items()}
    return wording.say(note.kind, {"key": names.get(note.key, note.key), **params})


def as_data(set_up: SetUp, wording: Wording, *, dry_run: bool) -> dict[str, Any]:
    """All of it for programs."""
    written = set_up.written
    return {
        "fiscal_year": set_up.year.be,
        "dry_run": dry_run,
        **{str(how): written.count(how) for how in How},
        "differences": [
            {
                "kind": one.kind,
                "key": one.key,
                "how": one.how,
                "before": None if one.before is None else _plain(one.before),
                "after": _plain(one.after),
            }
            for one in written.differences
        ],
        "notes": [
            {"kind": one.kind, "key": one.key, "text": note_of(one, set_up.names, wording)}
            for one in set_up.notes
        ],
    }


def _plain(fields: Fields) -> Mapping[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}

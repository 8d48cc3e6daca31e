"""What people record: facts, plans, approvals of undated facts, and taking a fact back."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from engine.actions._work import Outcome, Work, begin
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.guards import in_order, not_own_work
from engine.indicator import Occurrence
from engine.levels import Tally
from engine.nearest import nearest
from engine.permissions import Action, Person, who_may
from engine.ports import Transaction
from engine.quarter import Quarter
from engine.thai_dates import from_thai_digits
from engine.workflow import MilestoneDefinition, OccurrenceKind

#: Facts are corrected, and asked to be, in sealed quarters; whatever else is done to them in open ones.
_OF_SEALED = (Action.CORRECT, Action.PETITION)


class NewOccurrence(NamedTuple):
    """A fact as a person gives it.

    Either ``occurred_on`` or, for an undated one, ``quarter`` with a ``note`` that says why there is no
    day. ``kind`` defaults to the milestone's first one. ``planned`` makes it a promise for a day to
    come; ``fulfils`` names the number of the planned one that has now happened.
    """

    milestone: str
    occurred_on: date | None = None
    quarter: int | None = None
    kind: str | None = None
    value: Decimal | None = None
    document_number: str | None = None
    note: str = ""
    planned: bool = False
    fulfils: int | None = None


def record_occurrence(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    new: NewOccurrence,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
    read_from: Mapping[str, Any] | None = None,
) -> Outcome:
    """Record a fact, or a plan, at a milestone; state and level follow by themselves.

    ``read_from`` are the words from which it was read, for its event to tell.
    Raises one :class:`~engine.errors.Refusal` with everything that is wrong with it.
    """
    work = begin(tx, code, fiscal_year, Action.RECORD, by, now, expected_version)
    return _record(work, new, {"read_from": dict(read_from)} if read_from else {})


def record_after_seal(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    new: NewOccurrence,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Correct a sealed quarter by a fact that was missing in it; its ``note`` is the reason.

    What was sealed stays as it is: the fact was not known then. Nobody corrects an open quarter, where the
    agency itself records.
    """
    work = begin(tx, code, fiscal_year, Action.CORRECT, by, now, expected_version)
    no_reason = None if new.note.strip() else Unmet("reason.missing", {"action": Action.CORRECT})
    _later_than_seal(work)
    return _record(work, new, {"after_seal": True, "reason": new.note.strip()}, no_reason)


def _record(work: Work, new: NewOccurrence, more: Mapping[str, Any], fault: Unmet | None = None) -> Outcome:
    definition = work.definition(new.milestone)
    work.check_person(definition, *faults_of(work, definition, new), fault)
    work.later_than_verification(definition.key)
    occurrence = _as_occurrence(work, definition, new)
    work.indicator.occurrences.append(occurrence)
    work.change.occurrences.append(occurrence)
    happened = Happened.OCCURRENCE_PLANNED if new.planned else Happened.OCCURRENCE_RECORDED
    affected_from = None if new.planned or not occurrence.counts else occurrence.counts_on
    data = {"occurrence": described(occurrence), **more}
    return work.finish(happened, data, affected_from, occurrence.number)


def approve_occurrence(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Let an undated fact count, from the last day of its quarter; only once that day has come.

    Whoever recorded it cannot approve it.
    """
    work = begin(tx, code, fiscal_year, Action.APPROVE_UNDATED, by, now, expected_version)
    occurrence = live_occurrence(work, number)
    quarter = work.indicator.fiscal_year.quarters[occurrence.quarter - 1]
    ended = work.today >= quarter.last_day
    work.check_person(
        None,
        *not_own_work(work.attempt(tally=Tally((occurrence,)))),
        _already_dated(occurrence),
        against_quarter(work, occurrence.quarter),
        None if ended else Unmet("quarter.not_ended", {"quarter": quarter, "last": quarter.last_day}),
    )
    work.later_than_verification(occurrence.milestone)
    approved = occurrence._replace(counts_on=quarter.last_day, approved_at=work.written_at, approved_by=by.id)
    _put(work, approved)
    data = {"occurrence": number, "milestone": occurrence.milestone, "counts_on": _iso(approved.counts_on)}
    return work.finish(Happened.OCCURRENCE_APPROVED, data, approved.counts_on, number)


def void_occurrence(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    reason: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Take a fact back, with a reason; it stays in the history and in every level as known before."""
    return _void(begin(tx, code, fiscal_year, Action.VOID, by, now, expected_version), number, reason, {})


def void_after_seal(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    reason: str,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Correct a sealed quarter by taking back a fact that was wrong; what was sealed stays as it is."""
    work = begin(tx, code, fiscal_year, Action.CORRECT, by, now, expected_version)
    _later_than_seal(work)
    return _void(work, number, reason, {"after_seal": True})


def _void(work: Work, number: int, reason: str, more: Mapping[str, Any]) -> Outcome:
    occurrence = live_occurrence(work, number)
    work.check_person(
        None,
        against_quarter(work, occurrence.quarter),
        None if reason.strip() else Unmet("reason.missing", {"action": work.action}),
    )
    voided = occurrence._replace(voided_at=work.written_at, voided_by=work.by.id, void_reason=reason.strip())
    _put(work, voided)
    data = {"occurrence": number, "milestone": occurrence.milestone, "reason": reason.strip(), **more}
    affected_from = None if occurrence.planned else occurrence.counts_on
    return work.finish(Happened.OCCURRENCE_VOIDED, data, affected_from, number)


def described(occurrence: Occurrence) -> dict[str, object]:
    """The particulars of a fact as its event keeps them; what is not given is left out."""
    full = {
        "number": occurrence.number,
        "milestone": occurrence.milestone,
        "kind": occurrence.kind,
        "occurred_on": _iso(occurrence.occurred_on),
        "quarter": occurrence.quarter,
        "value": None if occurrence.value is None else str(occurrence.value),
        "document_number": occurrence.document_number,
        "note": occurrence.note or None,
        "fulfils": occurrence.fulfils,
    }
    return {key: value for key, value in full.items() if value is not None}


def faults_of(work: Work, definition: MilestoneDefinition, new: NewOccurrence) -> Iterator[Unmet]:
    """Everything that is wrong with a fact, whoever records it or asks that it be recorded."""
    yield from _kind_faults(definition, new)
    yield from _day_faults(work, new)
    yield from _value_faults(definition, new)
    yield from _duplicate_faults(work, new)
    yield from _plan_faults(work, new)
    if not new.planned:
        yield from in_order(work.attempt(definition, tally=Tally()))  # it asks for states, not for facts


def _kind_faults(definition: MilestoneDefinition, new: NewOccurrence) -> Iterator[Unmet]:
    if new.kind is not None and definition.kind(new.kind) is None:
        known = [kind.key for kind in definition.kinds]
        yield Unmet(
            "occurrence.kind_unknown",
            {
                "given": new.kind,
                "milestone": definition.title,
                "nearest": nearest(new.kind, known),
                "known": known,
            },
        )


def _day_faults(work: Work, new: NewOccurrence) -> Iterator[Unmet]:
    year = work.indicator.fiscal_year
    day = new.occurred_on
    if day is None:
        yield from _undated_faults(work, new)
        return
    if not year.first_day <= day <= year.last_day:
        yield Unmet(
            "day.outside_year", {"day": day, "year": year, "first": year.first_day, "last": year.last_day}
        )
        return
    if new.planned and day <= work.today:
        yield Unmet("day.not_ahead", {"day": day, "first": work.today, "last": year.last_day})
    if not new.planned and day > work.today:
        yield Unmet("day.in_future", {"day": day, "today": work.today})
    quarter = Quarter.containing(day).number
    if new.quarter is not None and new.quarter != quarter:
        yield Unmet(
            "day.other_quarter", {"day": day, "quarter": year.quarters[quarter - 1], "given": new.quarter}
        )
    sealed = against_quarter(work, quarter)
    if sealed is not None:
        yield sealed


def _undated_faults(work: Work, new: NewOccurrence) -> Iterator[Unmet]:
    year = work.indicator.fiscal_year
    if work.action in _OF_SEALED:
        yield Unmet("day.needed")
        return
    if new.planned or new.quarter is None:
        yield Unmet("day.missing", {"milestone": work.definition(new.milestone).title})
        return
    if not 1 <= new.quarter <= 4:
        yield Unmet("quarter.unknown", {"given": new.quarter})
        return
    if not new.note.strip():
        yield Unmet("reason.undated", {})
    quarter = year.quarters[new.quarter - 1]
    if quarter.first_day > work.today:
        yield Unmet("quarter.not_begun", {"quarter": quarter, "first": quarter.first_day})
    sealed = against_quarter(work, new.quarter)
    if sealed is not None:
        yield sealed


def _value_faults(definition: MilestoneDefinition, new: NewOccurrence) -> Iterator[Unmet]:
    measure = definition.measure
    if measure is None:
        if new.value is not None:
            yield Unmet("value.unexpected", {"milestone": definition.title, "value": new.value})
        return
    if new.value is None:
        if not new.planned:
            yield Unmet("value.missing", {"milestone": definition.title})
        return
    if not new.value.is_finite():
        yield Unmet("value.not_a_number", {"value": new.value})
    elif not measure.admits(new.value):
        bounds = {"minimum": measure.minimum, "maximum": measure.maximum}
        yield Unmet("value.out_of_range", {"value": new.value, **bounds, "milestone": definition.title})


def _duplicate_faults(work: Work, new: NewOccurrence) -> Iterator[Unmet]:
    wanted = _squeezed(new.document_number)
    if not wanted:
        return
    for one in work.indicator.occurrences:
        if one.voided_at is None and not one.planned and _squeezed(one.document_number) == wanted:
            yield Unmet(
                "occurrence.duplicate_document",
                {
                    "document": new.document_number,
                    "number": one.number,
                    "milestone": work.definition(one.milestone).title,
                    "day": one.occurred_on,
                },
            )


def _plan_faults(work: Work, new: NewOccurrence) -> Iterator[Unmet]:
    if new.fulfils is None:
        return
    open_plans = [one.number for one in work.indicator.open_plans(new.milestone)]
    if new.fulfils not in open_plans:
        yield Unmet("occurrence.no_such_plan", {"number": new.fulfils, "known": open_plans})


def _squeezed(document_number: str | None) -> str:
    """A document number without what people write differently: spaces, and digits of either kind."""
    return "".join(from_thai_digits(document_number or "").split())


def _as_occurrence(work: Work, definition: MilestoneDefinition, new: NewOccurrence) -> Occurrence:
    kind = _kind_of(definition, new)
    quarter = new.quarter if new.occurred_on is None else Quarter.containing(new.occurred_on).number
    assert quarter is not None
    return Occurrence(
        number=len(work.indicator.occurrences) + 1,
        milestone=definition.key,
        kind=kind.key if kind else "",
        counts=kind.counts if kind else True,
        occurred_on=new.occurred_on,
        quarter=quarter,
        counts_on=new.occurred_on,
        recorded_at=work.written_at,
        recorded_by=work.by.id,
        planned=new.planned,
        value=new.value,
        document_number=(new.document_number or "").strip() or None,
        note=new.note.strip(),
        fulfils=new.fulfils,
    )


def _kind_of(definition: MilestoneDefinition, new: NewOccurrence) -> OccurrenceKind | None:
    if new.kind is not None:
        return definition.kind(new.kind)
    return definition.kinds[0] if definition.kinds else None


def live_occurrence(work: Work, number: int) -> Occurrence:
    """The fact of that number, which nobody took back."""
    occurrence = work.indicator.occurrence(number)
    if occurrence is None:
        raise refuse(
            "occurrence.unknown",
            number=number,
            code=work.indicator.code,
            known=[one.number for one in work.indicator.occurrences if one.voided_at is None],
        )
    if occurrence.voided_at is not None:
        raise refuse("occurrence.already_voided", number=number, at=occurrence.voided_at)
    return occurrence


def _already_dated(occurrence: Occurrence) -> Unmet | None:
    if occurrence.waits_for_approval:
        return None
    return Unmet("occurrence.already_counts", {"number": occurrence.number, "day": occurrence.counts_on})


def against_quarter(work: Work, quarter: int) -> Unmet | None:
    """What stands against the quarter: corrections are for sealed ones, everything else for open ones."""
    is_sealed = quarter <= work.indicator.sealed_through
    if is_sealed == (work.action in _OF_SEALED):
        return None
    what = {"quarter": work.indicator.fiscal_year.quarters[quarter - 1]}
    if is_sealed:
        return Unmet("quarter.sealed", {**what, "correctors": who_may(Action.CORRECT)})
    return Unmet("quarter.not_sealed", what)


def _later_than_seal(work: Work) -> None:
    """See to it that a correction is later than the seal, which did not know it, whatever the clock says."""
    sealed_at = work.tx.last_sealed_at(work.indicator.fiscal_year.year)
    if sealed_at is not None:
        work.written_at = max(work.written_at, sealed_at + timedelta(microseconds=1))


def _put(work: Work, occurrence: Occurrence) -> None:
    work.indicator.occurrences[occurrence.number - 1] = occurrence
    work.change.occurrences.append(occurrence)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()

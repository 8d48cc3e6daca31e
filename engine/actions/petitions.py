"""What an agency asks for, and what is decided on it: time, waivers, longer quarters, an end, corrections."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from engine.actions._work import Outcome, Work, begin
from engine.actions.indicators import cancel_indicator, move_life
from engine.actions.milestones import postpone_milestone, waive_milestone
from engine.actions.occurrences import (
    NewOccurrence,
    against_quarter,
    faults_of,
    live_occurrence,
    record_after_seal,
    void_after_seal,
)
from engine.actions.quarters import grant_extension
from engine.actions.reports import deadline
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.guards import ahead, ahead_in_year, reasoned
from engine.indicator import Life
from engine.machine import fire, petition_rules
from engine.permissions import Action, Person
from engine.petition import DECIDED_BY, Petition, PetitionKind, PetitionState
from engine.ports import Transaction
from engine.quarter import Quarter

_OF_MILESTONES = (PetitionKind.POSTPONEMENT, PetitionKind.WAIVER)


@dataclass(frozen=True, slots=True)
class NewPetition:
    """A petition as a person makes it: about a milestone, a quarter, a fact, or all of it.

    A correction names the ``occurrence`` to be taken back, or tells of the one that is missing: its
    milestone, its day as ``until``, and what else is known of it.
    """

    kind: PetitionKind
    until: date | None
    reason: str
    milestone: str = ""
    quarter: int = 0
    occurrence: int | None = None
    fact_kind: str | None = None
    value: Decimal | None = None
    document_number: str | None = None


def make_petition(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    new: NewPetition,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Ask for it; one of a kind about the same thing waits at a time."""
    work = begin(tx, code, fiscal_year, Action.PETITION, by, now, expected_version)
    new = _about(work, new)
    milestone = work.definition(new.milestone) if new.kind in _OF_MILESTONES else None
    made = tx.petitions(work.indicator)
    work.check_person(milestone, *_faults(work, new, made), corrected=new.kind is PetitionKind.CORRECTION)
    assert new.until is not None  # which is refused above
    petition = Petition(
        number=len(made) + 1,
        kind=new.kind,
        milestone=new.milestone,
        quarter=new.quarter,
        until=new.until,
        reason=new.reason.strip(),
        asked_at=work.written_at,
        asked_by=by.id,
        occurrence=new.occurrence,
        fact_kind=new.fact_kind,
        value=new.value,
        document_number=new.document_number,
    )
    if new.kind is PetitionKind.CANCELLATION:
        move_life(work, "request_cancellation", new.reason)
    tx.keep_petition(work.indicator, petition)
    return work.finish(Happened.PETITION_MADE, _described(petition), number=petition.number)


def grant_petition(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    by: Person,
    now: datetime,
    fact: NewOccurrence | None = None,
    expected_version: int | None = None,
) -> Outcome:
    """Give what was asked for, and with it do the thing: postpone, waive, extend, cancel, or correct.

    ``fact`` is the missing one as whoever decides found it, where they know more of it than was asked.
    """
    petition = _petition(tx, code, fiscal_year, number)
    work = _decide(tx, code, fiscal_year, petition, "grant", "", by, now, expected_version)
    tx.keep_petition(work.indicator, petition)
    outcome = work.finish(Happened.PETITION_GRANTED, _described(petition), number=number)
    key, until, reason = petition.milestone, petition.until, petition.reason
    match petition.kind:
        case PetitionKind.POSTPONEMENT:
            return postpone_milestone(tx, code, fiscal_year, key, until=until, reason=reason, by=by, now=now)
        case PetitionKind.WAIVER:
            return waive_milestone(
                tx, code, fiscal_year, key, expires_on=until, reason=reason, by=by, now=now
            )
        case PetitionKind.EXTENSION:
            quarter = work.indicator.fiscal_year.quarters[petition.quarter - 1]
            grant_extension(tx, work.indicator.agency, quarter, until, reason=reason, by=by, now=now)
            return outcome
        case PetitionKind.CANCELLATION:
            return cancel_indicator(tx, code, fiscal_year, reason=reason, by=by, now=now)
        case PetitionKind.CORRECTION if petition.occurrence is not None:
            return void_after_seal(tx, code, fiscal_year, petition.occurrence, reason=reason, by=by, now=now)
        case PetitionKind.CORRECTION:
            return record_after_seal(tx, code, fiscal_year, fact or missing(petition), by=by, now=now)


def missing(asked: Petition | NewPetition) -> NewOccurrence:
    """The missing fact of a correction, as it is asked for."""
    return NewOccurrence(
        milestone=asked.milestone,
        occurred_on=asked.until,
        kind=asked.fact_kind,
        value=asked.value,
        document_number=asked.document_number,
        note=asked.reason,
    )


def decline_petition(
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
    """Turn it down, with a reason."""
    petition = _petition(tx, code, fiscal_year, number)
    work = _decide(tx, code, fiscal_year, petition, "decline", reason, by, now, expected_version)
    _go_on(work, petition)
    tx.keep_petition(work.indicator, petition)
    data = {**_described(petition), "reason": petition.answer}
    return work.finish(Happened.PETITION_DECLINED, data, number=number)


def withdraw_petition(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    number: int,
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Take it back before it is decided."""
    petition = _petition(tx, code, fiscal_year, number)
    work = begin(tx, code, fiscal_year, Action.PETITION, by, now, expected_version)
    is_correction = petition.kind is PetitionKind.CORRECTION
    fire(petition_rules(), petition, "withdraw", work.attempt(corrected=is_correction))
    _go_on(work, petition)
    tx.keep_petition(work.indicator, petition)
    return work.finish(Happened.PETITION_WITHDRAWN, _described(petition), number=number)


def _decide(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    petition: Petition,
    trigger: str,
    reason: str,
    by: Person,
    now: datetime,
    expected_version: int | None,
) -> Work:
    work = begin(tx, code, fiscal_year, DECIDED_BY[petition.kind], by, now, expected_version)
    attempt = work.attempt(reason=reason, petitioner=petition.asked_by)
    fire(petition_rules(), petition, trigger, attempt, _too_late(work, petition, trigger))
    petition.decided_at, petition.decided_by, petition.answer = work.written_at, by.id, reason.strip()
    return work


def _too_late(work: Work, petition: Petition, trigger: str) -> Iterator[Unmet]:
    """Whoever asked for the end of an indicator by some day may have gone on with it after that."""
    is_over = petition.kind is PetitionKind.CANCELLATION and petition.until < work.today
    if is_over and trigger == "grant":
        yield Unmet("petition.run_out", {"until": petition.until})


def _go_on(work: Work, petition: Petition) -> None:
    """Nobody asks for the end of the indicator any more, where this petition did."""
    asked = work.indicator.life == Life.CANCELLATION_REQUESTED
    if petition.kind is PetitionKind.CANCELLATION and asked:
        move_life(work, "decline_cancellation", "")


def _petition(tx: Transaction, code: str, fiscal_year: int, number: int) -> Petition:
    made = tx.petitions(tx.indicator(code, fiscal_year))
    if not 1 <= number <= len(made):
        raise refuse("petition.unknown", number=number, code=code, known=[one.number for one in made])
    return made[number - 1]


def _about(work: Work, new: NewPetition) -> NewPetition:
    """The petition with what its kind is about, and nothing else."""
    if new.kind is PetitionKind.CORRECTION:
        return _about_a_fact(work, new)
    milestone = new.milestone if new.kind in _OF_MILESTONES else ""
    quarter = new.quarter if new.kind is PetitionKind.EXTENSION else 0
    return NewPetition(new.kind, new.until, new.reason, milestone, quarter)


def _about_a_fact(work: Work, new: NewPetition) -> NewPetition:
    """A correction is of the quarter of its day; what is known of a fact to be taken back is that fact's."""
    if new.occurrence is None:
        quarter = Quarter.containing(new.until).number if new.until else 0
        document = (new.document_number or "").strip() or None
        return replace(new, quarter=quarter, document_number=document)
    fact = live_occurrence(work, new.occurrence)
    day = fact.occurred_on or work.indicator.fiscal_year.quarters[fact.quarter - 1].last_day
    return NewPetition(new.kind, day, new.reason, fact.milestone, fact.quarter, fact.number)


def _faults(work: Work, new: NewPetition, made: list[Petition]) -> Iterator[Unmet]:
    attempt = work.attempt(reason=new.reason, until=new.until)
    yield from reasoned(attempt)
    if new.kind is PetitionKind.CORRECTION:
        yield from _correction_faults(work, new)
    elif new.until is None:
        yield Unmet("petition.no_day", {})
    elif new.kind is PetitionKind.EXTENSION:
        yield from _extension_faults(work, new, new.until)
    elif new.kind is PetitionKind.CANCELLATION:
        yield from ahead(attempt)
    else:
        yield from ahead_in_year(attempt)
    for one in made:
        if one.state == PetitionState.PENDING and _thing(one) == _thing(new):
            params = {"kind": new.kind, "until": one.until, "number": one.number}
            yield Unmet("petition.waits_already", params)


def _thing(asked: Petition | NewPetition) -> tuple[object, ...]:
    """What it is about; of corrections each missing fact is a thing of its own."""
    about = (asked.kind, asked.milestone, asked.quarter)
    if asked.kind is not PetitionKind.CORRECTION:
        return about
    return (*about, asked.until, asked.occurrence, asked.fact_kind, asked.document_number)


def _correction_faults(work: Work, new: NewPetition) -> Iterator[Unmet]:
    if new.occurrence is None:
        yield from faults_of(work, work.definition(new.milestone), missing(new))
    elif (fault := against_quarter(work, new.quarter)) is not None:
        yield fault


def _extension_faults(work: Work, new: NewPetition, until: date) -> Iterator[Unmet]:
    if not 1 <= new.quarter <= 4:
        yield Unmet("quarter.unknown", {"given": new.quarter})
        return
    quarter = work.indicator.fiscal_year.quarters[new.quarter - 1]
    if quarter.number <= work.indicator.sealed_through:
        yield Unmet("quarter.sealed", {"quarter": quarter})
    due_on = deadline(work.tx, work.indicator.agency, quarter)
    if until <= due_on:
        yield Unmet("extension.not_longer", {"until": until, "usual": due_on})
    if until <= work.today:
        yield Unmet("day.not_ahead", {"day": until, "first": work.today, "last": None})


def _described(petition: Petition) -> dict[str, object]:
    """The particulars of a petition as its events keep them; what is not given is left out."""
    full = {
        "petition": petition.number,
        "kind": str(petition.kind),
        "milestone": petition.milestone or None,
        "quarter": petition.quarter or None,
        "until": petition.until.isoformat(),
        "occurrence": None,
        "reason": petition.reason,
    }
    if petition.kind is PetitionKind.CORRECTION:
        full |= {"until": None, "occurrence": petition.occurrence or _fact(petition)}
    return {key: value for key, value in full.items() if value is not None}


def _fact(petition: Petition) -> dict[str, object]:
    """A missing fact as its petition's events tell it; it has no number yet."""
    full = {
        "milestone": petition.milestone,
        "kind": petition.fact_kind,
        "occurred_on": petition.until.isoformat(),
        "value": None if petition.value is None else str(petition.value),
        "document_number": petition.document_number,
    }
    return {key: value for key, value in full.items() if value is not None}

"""What people do with evidence: attach it, put a newer version in its place, take it back."""

from datetime import date, datetime
from typing import Any

from engine.actions._work import Outcome, Work, begin
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.evidence import replaced_by
from engine.indicator import Evidence
from engine.nearest import nearest
from engine.permissions import Action, Person
from engine.ports import Transaction
from engine.workflow import MilestoneDefinition


def attach_evidence(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    milestone: str,
    *,
    request: str | None = None,
    occurrence: int | None = None,
    sha256: str | None = None,
    link: str | None = None,
    file_name: str = "",
    expires_on: date | None = None,
    replaces: int | None = None,
    after_seal: bool = False,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Attach a kept file (by its SHA-256) or a link to a milestone, as one of the documents it asks for.

    ``request`` defaults to the milestone's first document, ``occurrence`` ties it to one fact; a newer
    version has both of the evidence that it ``replaces``, which stays in the history. It proves something
    through ``expires_on``; a milestone that was verified by then stays so. What proves a
    correction is attached ``after_seal`` by whoever made it.
    """
    action = Action.CORRECT if after_seal else Action.ATTACH
    work = begin(tx, code, fiscal_year, action, by, now, expected_version)
    definition = work.definition(milestone)
    known = [asked.key for asked in definition.evidence]
    older = _numbered(work, replaces)
    if older is not None:
        request = request or older.request
        occurrence = occurrence or _still_a_fact(work, older.occurrence)
    request = request or (known[0] if known else "")
    work.check_person(
        definition,
        _unknown_request(definition, request),
        _unknown_fact(work, milestone, occurrence),
        Unmet("evidence.file_or_link") if (sha256 is None) == (link is None) else None,
        _run_out(work, expires_on),
        _not_replaceable(work, milestone, replaces),
        _no_correction(work, occurrence) if after_seal else None,
    )
    evidence = Evidence(
        number=len(work.indicator.evidence) + 1,
        milestone=milestone,
        request=request,
        occurrence=occurrence,
        attached_at=work.written_at,
        attached_by=by.id,
        sha256=sha256,
        link=link,
        file_name=file_name,
        expires_on=expires_on,
        replaces=replaces,
    )
    work.indicator.evidence.append(evidence)
    work.change.evidence.append(evidence)
    full = {
        "number": evidence.number,
        "milestone": milestone,
        "request": request or None,
        "occurrence": occurrence,
        "sha256": sha256,
        "link": link,
        "file_name": file_name or None,
        "expires_on": expires_on.isoformat() if expires_on else None,
        "replaces": replaces,
    }
    data: dict[str, Any] = {"evidence": {key: value for key, value in full.items() if value is not None}}
    if after_seal:
        data["after_seal"] = True
    return work.finish(Happened.EVIDENCE_ATTACHED, data, number=evidence.number)


def withdraw_evidence(
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
    """Take a piece of evidence back, with a reason; the file itself is kept.

    What it had replaced stands in its place again.
    """
    work = begin(tx, code, fiscal_year, Action.ATTACH, by, now, expected_version)
    found = _numbered(work, number)
    if found is None:
        raise refuse("evidence.unknown", number=number, code=code, known=_numbers(work))
    work.check_person(
        work.definition(found.milestone),
        None if reason.strip() else Unmet("reason.missing", {"action": Action.ATTACH}),
    )
    withdrawn = found._replace(withdrawn_at=work.written_at)
    work.indicator.evidence[number - 1] = withdrawn
    work.change.evidence.append(withdrawn)
    data = {"evidence": number, "milestone": found.milestone, "reason": reason.strip()}
    return work.finish(Happened.EVIDENCE_WITHDRAWN, data, number=number)


def _numbers(work: Work) -> list[int]:
    return [one.number for one in work.indicator.evidence if one.withdrawn_at is None]


def _numbered(work: Work, number: int | None) -> Evidence | None:
    """The evidence of that number, unless it was withdrawn."""
    if number not in _numbers(work):
        return None
    return next(one for one in work.indicator.evidence if one.number == number)


def _run_out(work: Work, expires_on: date | None) -> Unmet | None:
    """Work of a year that is over is proved by what still held on its last day."""
    if expires_on is None or expires_on >= work.last_day:
        return None
    return Unmet("evidence.run_out", {"day": expires_on, "first": work.last_day})


def _no_correction(work: Work, number: int | None) -> Unmet | None:
    """It belongs to a fact that the same person recorded in a sealed quarter."""
    fact = None if number is None else work.indicator.occurrence(number)
    if fact and fact.recorded_by == work.by.id and fact.quarter <= work.indicator.sealed_through:
        return None
    return Unmet("evidence.no_correction")


def _not_replaceable(work: Work, milestone: str, number: int | None) -> Unmet | None:
    if number is None:
        return None
    found = _numbered(work, number)
    if found is None:
        what = {"number": number, "code": work.indicator.code, "known": _numbers(work)}
        return Unmet("evidence.unknown", what)
    if found.milestone != milestone:
        title = work.definition(found.milestone).title
        return Unmet("evidence.of_another", {"number": number, "milestone": title})
    newer = replaced_by(work.indicator, number)
    if newer is not None:
        return Unmet("evidence.replaced_already", {"number": number, "newer": newer.number})
    return None


def _unknown_request(definition: MilestoneDefinition, request: str) -> Unmet | None:
    known = [asked.key for asked in definition.evidence]
    if not known or request in known:
        return None
    return Unmet(
        "evidence.request_unknown",
        {
            "given": request,
            "milestone": definition.title,
            "nearest": nearest(request, known),
            "known": known,
        },
    )


def _still_a_fact(work: Work, number: int | None) -> int | None:
    fact = None if number is None else work.indicator.occurrence(number)
    return number if fact is not None and fact.voided_at is None else None


def _unknown_fact(work: Work, milestone: str, number: int | None) -> Unmet | None:
    known = [
        one.number
        for one in work.indicator.occurrences
        if one.milestone == milestone and one.voided_at is None
    ]
    if number is None or number in known:
        return None
    return Unmet("occurrence.unknown", {"number": number, "code": work.indicator.code, "known": known})

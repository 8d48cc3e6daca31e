"""What programs do to an indicator: a row for each action of :mod:`engine.actions`, as pages have acts."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydantic import BaseModel

from engine import actions
from engine.actions import NewOccurrence, NewPetition, Outcome
from engine.errors import refuse
from engine.permissions import Action
from engine.petition import PetitionKind
from engine.tokens import Scope
from storage import drafts
from storage.transaction import Tx
from web.api import bodies, shapes
from web.api.operation import Call, Operation
from web.doors import SEEN, Rule, doing

_ONE = "/indicators/{year}/{code}"
_MILESTONE = f"{_ONE}/milestones/{{milestone}}"
_FACT = f"{_ONE}/occurrences/{{number}}"
_EVIDENCE = f"{_ONE}/evidence/{{number}}"
_PETITION = f"{_ONE}/petitions/{{number}}"
_QUARTER = f"{_ONE}/quarters/{{quarter}}"
_APPEAL = f"{_ONE}/appeals/{{number}}"


class Act(NamedTuple):
    """One thing that is done: its name, to what, by whom, what is sent, what it does."""

    name: str
    path: str
    rule: Rule
    says: str
    do: Callable[[Call, Tx], Outcome]
    takes: type[BaseModel] | None = None
    needs: Scope | None = None


def operations() -> Iterator[Operation]:
    """A row of the API for each act."""
    for act in ACTS:
        yield Operation(
            act.name,
            "POST",
            act.path,
            act.rule,
            act.says,
            acts=act.do,
            takes=act.takes,
            gives=shapes.Done,
            needs=act.needs,
        )


def _at(call: Call, tx: Tx) -> tuple[Tx, str, int]:
    """Where an action is done: in which transaction, on which indicator."""
    return tx, call.place.code, call.place.year


def _milestone(call: Call, tx: Tx) -> tuple[Tx, str, int, str]:
    return *_at(call, tx), call.part("milestone")


def _number(call: Call, tx: Tx) -> tuple[Tx, str, int, int]:
    return *_at(call, tx), call.number()


def _quarter(call: Call, tx: Tx) -> tuple[Tx, str, int, int]:
    return *_at(call, tx), call.number("quarter")


# --- with files ------------------------------------------------------------------------------------------


def _record(call: Call, tx: Tx) -> Outcome:
    """Record it and attach its files, all of it or nothing."""
    new: bodies.Recorded = call.given
    fact = NewOccurrence(
        milestone=call.part("milestone"),
        occurred_on=new.occurred_on,
        quarter=new.quarter,
        kind=new.kind,
        value=new.value,  # type: ignore[arg-type]  # exact once it was read
        document_number=new.document_number or None,
        note=new.note,
        planned=new.planned,
        fulfils=new.fulfils,
    )
    outcome = actions.record_occurrence(*_at(call, tx), fact, **call.common)
    last = _attach_uploads(call, tx, new.uploads, new.request, outcome.number)
    return outcome if last is None else _as_one(outcome, last)


def _correct(call: Call, tx: Tx) -> Outcome:
    """Record what was missing in a sealed quarter, with its files."""
    new: bodies.Missing = call.given
    fact = NewOccurrence(
        milestone=call.part("milestone"),
        occurred_on=new.occurred_on,
        kind=new.kind,
        value=new.value,  # type: ignore[arg-type]  # exact once it was read
        document_number=new.document_number or None,
        note=new.reason,
    )
    outcome = actions.record_after_seal(*_at(call, tx), fact, **call.common)
    last = _attach_uploads(call, tx, new.uploads, new.request, outcome.number, after_seal=True)
    return outcome if last is None else _as_one(outcome, last)


def _attach(call: Call, tx: Tx) -> Outcome:
    """Attach every file and the link."""
    new: bodies.Attached = call.given
    if not new.uploads and not new.link:
        raise refuse("evidence.nothing")
    first = None
    if new.link:
        first = actions.attach_evidence(
            *_milestone(call, tx),
            request=new.request,
            occurrence=new.occurrence,
            link=new.link,
            expires_on=new.expires_on,
            replaces=new.replaces if not new.uploads else None,
            **call.common,
        )
        call.version = None
    last = _attach_uploads(call, tx, new.uploads, new.request, new.occurrence, new)
    if first is None:
        assert last is not None  # there are files, or there was a link
        return last
    return first if last is None else _as_one(first, last)


def _attach_uploads(
    call: Call,
    tx: Tx,
    ids: list[str],
    request: str | None,
    occurrence: int | None,
    more: bodies.Attached | None = None,
    *,
    after_seal: bool = False,
) -> Outcome | None:
    """Attach files that were sent before; the first of them is held to the version that was seen."""
    version = call.version if more else None
    uploads = call.site.uploads.of(call.by.id, ids)
    if len(uploads) < len(set(ids)):
        raise refuse("upload.unknown")
    outcome = None
    for upload in uploads:
        outcome = call.site.uploads.attach(
            *_milestone(call, tx),
            upload,
            request=request,
            occurrence=occurrence,
            by=call.by,
            now=call.now,
            expected_version=version if outcome is None else None,
            expires_on=more.expires_on if more else None,
            replaces=more.replaces if more else None,
            after_seal=after_seal,
        )
    return outcome


def _as_one(first: Outcome, last: Outcome) -> Outcome:
    """Several actions as one: what the first did, and where the last left the indicator."""
    return Outcome(last.indicator, first.event, first.before, first.number)


# --- petitions, reports, appeals -------------------------------------------------------------------------


def _ask(call: Call, tx: Tx) -> Outcome:
    new: bodies.Asking = call.given
    asked = NewPetition(
        PetitionKind(new.kind),
        new.until,
        new.reason,
        new.milestone or "",
        new.quarter or 0,
        new.occurrence,
        new.fact_kind,
        new.value,  # type: ignore[arg-type]  # exact once it was read
        new.document_number,
    )
    return actions.make_petition(*_at(call, tx), asked, **call.common)


def _write(call: Call, tx: Tx) -> Outcome:
    given = bodies.given(call.given)
    value = given.get("self_reported")
    outcome = actions.write_report(
        *_quarter(call, tx),
        narrative=given.get("narrative"),
        self_reported=value,
        not_reported="self_reported" in given and value is None,
        **call.common,
    )
    drafts.forget(tx.connection, call.by.id, outcome.indicator.id, call.number("quarter"))
    return outcome


def _read_again(call: Call, tx: Tx) -> Outcome:
    new: bodies.ReadAgain = call.given
    return actions.read_report_again(
        *_quarter(call, tx),
        met=new.met,
        quality=new.quality,
        quality_reason=new.quality_reason,
        remark=new.remark,
        **call.common,
    )


def _accept(call: Call, tx: Tx) -> Outcome:
    new: bodies.Accepted = call.given
    return actions.accept_report(
        *_quarter(call, tx),
        quality=new.quality,
        timeliness_given=new.timeliness,
        remark=new.remark,
        met=new.met,
        quality_reason=new.quality_reason,
        timeliness_reason=new.timeliness_reason,
        **call.common,
    )


def _decide(call: Call, tx: Tx) -> Outcome:
    new: bodies.Decided = call.given
    upheld = new.decision == "uphold"
    return actions.decide_appeal(
        *_number(call, tx),
        uphold=upheld,
        reason=new.reason,
        quality=new.quality if upheld else None,
        timeliness=new.timeliness if upheld else None,
        **call.common,
    )


#: Every act, in the order in which they are documented.
ACTS: tuple[Act, ...] = (
    Act(
        "record_occurrence",
        f"{_MILESTONE}/record",
        doing(Action.RECORD),
        "Record something that was done, or is planned.",
        _record,
        bodies.Recorded,
    ),
    Act(
        "record_after_seal",
        f"{_MILESTONE}/correct",
        doing(Action.CORRECT),
        "Correct a sealed quarter by a fact that was missing in it; the seal stays as it is.",
        _correct,
        bodies.Missing,
    ),
    Act(
        "attach_evidence",
        f"{_MILESTONE}/evidence",
        doing(Action.ATTACH),
        "Attach files that were sent to `/uploads`, or a link.",
        _attach,
        bodies.Attached,
    ),
    Act(
        "achieve_milestone",
        f"{_MILESTONE}/answer",
        doing(Action.ACHIEVE),
        "Put a milestone forward again after a return or a reopening.",
        lambda call, tx: actions.achieve_milestone(
            *_milestone(call, tx), answers=call.given.answers, **call.common
        ),
        bodies.Answered,
    ),
    Act(
        "verify_milestone",
        f"{_MILESTONE}/verify",
        doing(Action.VERIFY),
        "Accept a milestone with the facts recorded so far.",
        lambda call, tx: actions.verify_milestone(
            *_milestone(call, tx), remark=call.given.remark, **call.common
        ),
        bodies.Remarked,
    ),
    Act(
        "return_milestone",
        f"{_MILESTONE}/return",
        doing(Action.RETURN),
        "Send a milestone back to be mended.",
        lambda call, tx: actions.return_milestone(
            *_milestone(call, tx), reason=call.given.reason, fix_by=call.given.fix_by, **call.common
        ),
        bodies.Returned,
    ),
    Act(
        "reopen_milestone",
        f"{_MILESTONE}/reopen",
        doing(Action.REOPEN),
        "Take a milestone back into work.",
        lambda call, tx: actions.reopen_milestone(
            *_milestone(call, tx), reason=call.given.reason, **call.common
        ),
        bodies.Reasoned,
    ),
    Act(
        "block_milestone",
        f"{_MILESTONE}/block",
        doing(Action.BLOCK),
        "Report that a milestone waits for somebody else.",
        lambda call, tx: actions.block_milestone(
            *_milestone(call, tx), waiting_for=call.given.waiting_for, **call.common
        ),
        bodies.Blocked,
    ),
    Act(
        "resume_milestone",
        f"{_MILESTONE}/resume",
        doing(Action.RESUME),
        "Lift a block or a postponement.",
        lambda call, tx: actions.resume_milestone(*_milestone(call, tx), **call.common),
    ),
    Act(
        "postpone_milestone",
        f"{_MILESTONE}/postpone",
        doing(Action.POSTPONE),
        "Put a milestone off to a later day of the year.",
        lambda call, tx: actions.postpone_milestone(
            *_milestone(call, tx), until=call.given.until, reason=call.given.reason, **call.common
        ),
        bodies.Until,
    ),
    Act(
        "waive_milestone",
        f"{_MILESTONE}/waive",
        doing(Action.WAIVE),
        "Excuse the agency from a milestone through a day.",
        lambda call, tx: actions.waive_milestone(
            *_milestone(call, tx), expires_on=call.given.until, reason=call.given.reason, **call.common
        ),
        bodies.Until,
    ),
    Act(
        "approve_occurrence",
        f"{_FACT}/approve",
        doing(Action.APPROVE_UNDATED),
        "Let a fact without a day count from the end of its quarter.",
        lambda call, tx: actions.approve_occurrence(*_number(call, tx), **call.common),
    ),
    Act(
        "void_occurrence",
        f"{_FACT}/void",
        doing(Action.VOID),
        "Take a fact back; it stays in the history.",
        lambda call, tx: actions.void_occurrence(*_number(call, tx), reason=call.given.reason, **call.common),
        bodies.Reasoned,
    ),
    Act(
        "void_after_seal",
        f"{_FACT}/correct",
        doing(Action.CORRECT),
        "Correct a sealed quarter by taking a fact back that was wrong; the seal stays as it is.",
        lambda call, tx: actions.void_after_seal(*_number(call, tx), reason=call.given.reason, **call.common),
        bodies.Reasoned,
    ),
    Act(
        "withdraw_evidence",
        f"{_EVIDENCE}/withdraw",
        doing(Action.ATTACH),
        "Take a piece of evidence back; the file itself is kept.",
        lambda call, tx: actions.withdraw_evidence(
            *_number(call, tx), reason=call.given.reason, **call.common
        ),
        bodies.Reasoned,
    ),
    Act(
        "make_petition",
        f"{_ONE}/petitions",
        doing(Action.PETITION),
        "Ask for a milestone later or not at all, a longer quarter, an end of it all, or a correction.",
        _ask,
        bodies.Asking,
    ),
    Act(
        "grant_petition",
        f"{_PETITION}/grant",
        SEEN,
        "Give what was asked for, and with it do the thing.",
        lambda call, tx: actions.grant_petition(*_number(call, tx), **call.common),
        needs=Scope.REVIEW,
    ),
    Act(
        "decline_petition",
        f"{_PETITION}/decline",
        SEEN,
        "Turn it down.",
        lambda call, tx: actions.decline_petition(
            *_number(call, tx), reason=call.given.reason, **call.common
        ),
        bodies.Reasoned,
        needs=Scope.REVIEW,
    ),
    Act(
        "withdraw_petition",
        f"{_PETITION}/take_back",
        doing(Action.PETITION),
        "Take it back before it is decided.",
        lambda call, tx: actions.withdraw_petition(*_number(call, tx), **call.common),
    ),
    Act(
        "write_report",
        f"{_QUARTER}/write",
        doing(Action.WRITE_REPORT),
        "Write the draft of a quarter's report.",
        _write,
        bodies.Written,
    ),
    Act(
        "submit_report",
        f"{_QUARTER}/submit",
        doing(Action.SUBMIT_REPORT),
        "Hand the report in.",
        lambda call, tx: actions.submit_report(
            *_quarter(call, tx), answers=call.given.answers, **call.common
        ),
        bodies.Answered,
    ),
    Act(
        "endorse_report",
        f"{_QUARTER}/endorse",
        doing(Action.ENDORSE_REPORT),
        "Stand behind the report, as the section head.",
        lambda call, tx: actions.endorse_report(*_quarter(call, tx), **call.common),
    ),
    Act(
        "return_report",
        f"{_QUARTER}/return",
        doing(Action.RETURN_REPORT),
        "Send the report back to be mended.",
        lambda call, tx: actions.return_report(
            *_quarter(call, tx),
            reason=call.given.reason,
            fix_by=call.given.fix_by,
            met=call.given.met,
            **call.common,
        ),
        bodies.ReturnedReport,
    ),
    Act(
        "accept_report",
        f"{_QUARTER}/accept",
        doing(Action.ACCEPT_REPORT),
        "Accept the report with its 2.1 and 2.2.",
        _accept,
        bodies.Accepted,
    ),
    Act(
        "read_report_again",
        f"{_QUARTER}/second",
        doing(Action.READ_AGAIN),
        "Score a drawn report a second time; what stands is not changed.",
        _read_again,
        bodies.ReadAgain,
    ),
    Act(
        "make_appeal",
        f"{_QUARTER}/appeal",
        doing(Action.APPEAL),
        "Dispute the verdict on the report.",
        lambda call, tx: actions.make_appeal(*_quarter(call, tx), reason=call.given.reason, **call.common),
        bodies.Reasoned,
    ),
    Act(
        "decide_appeal",
        f"{_APPEAL}/decide",
        doing(Action.DECIDE_APPEAL),
        "Uphold an appeal or dismiss it.",
        _decide,
        bodies.Decided,
    ),
)

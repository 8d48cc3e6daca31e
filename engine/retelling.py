"""The history told again: what the events of an indicator say of its facts, held beside what is kept of them.

Every row of a fact was written together with an event, whose hash a seal freezes. So a row that says
something else than its event, that no event tells of, or that is missing, was altered.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from engine.events import Event, Happened
from engine.indicator import Decision, Evidence, Indicator, Occurrence, QuarterReport, Ruling, Waiver


class Altered(NamedTuple):
    """A fact that is not as its events tell it: what it is, and its number (0 for the indicator itself).

    ``kind`` is ``occurrence``, ``evidence``, ``report`` (numbered by its quarter), ``decision``, ``waiver``
    or ``target``.
    """

    kind: str
    number: int


#: What was told of a thing: the values of its fields by their names.
_Fields = dict[str, Any]


class _Told:
    """All that the events told, in the end."""

    def __init__(self) -> None:
        self.things: dict[Altered, _Fields] = {}
        self.decisions: list[tuple[str, Ruling, int, str, str | None]] = []
        self.waivers: list[tuple[str, str, str, int]] = []
        self.is_whole = True

    def of(self, kind: str, number: int) -> _Fields:
        return self.things.setdefault(Altered(kind, number), {})


def altered(indicator: Indicator, events: Iterable[Event]) -> Iterator[Altered]:
    """Every fact that the events, all of them from the first, tell otherwise than it is kept.

    Where an event of a later release is among them nothing can be said of what it may have changed.
    """
    told = _Told()
    for event in events:
        _HEARD.get(event.what, _unheard)(told, event)
    if not told.is_whole:
        return
    kept = _kept(indicator)
    for thing, fields in told.things.items():
        row = kept.get(thing)
        if row is None or any(row[name] != value for name, value in fields.items()):
            yield thing
    for thing in kept:
        if thing not in told.things and thing.kind in ("occurrence", "evidence"):
            yield thing
    yield from _altered_decisions(indicator.decisions, told.decisions)
    yield from _altered_waivers(indicator.waivers, told.waivers)


# --- what is kept, by the names under which events tell it -------------------------------------------------


def _kept(indicator: Indicator) -> dict[Altered, _Fields]:
    found = {Altered("target", 0): {"target": indicator.target, "weight": indicator.weight}}
    found |= {Altered("occurrence", one.number): _of_occurrence(one) for one in indicator.occurrences}
    found |= {Altered("evidence", one.number): _of_evidence(one) for one in indicator.evidence}
    found |= {Altered("report", one.quarter): _of_report(one) for one in indicator.reports.values()}
    return found


def _of_occurrence(one: Occurrence) -> _Fields:
    return {
        "milestone": one.milestone,
        "kind": one.kind,
        "occurred_on": one.occurred_on,
        "quarter": one.quarter,
        "counts_on": one.counts_on,
        "value": one.value,
        "document_number": one.document_number,
        "note": one.note,
        "fulfils": one.fulfils,
        "planned": one.planned,
        "recorded_by": one.recorded_by,
        "approved_by": one.approved_by,
        "voided_by": one.voided_by,
        "void_reason": one.void_reason,
        "voided": one.voided_at is not None,
    }


def _of_evidence(one: Evidence) -> _Fields:
    return {
        "milestone": one.milestone,
        "request": one.request,
        "occurrence": one.occurrence,
        "sha256": one.sha256,
        "link": one.link,
        "file_name": one.file_name,
        "expires_on": one.expires_on,
        "replaces": one.replaces,
        "attached_by": one.attached_by,
        "withdrawn": one.withdrawn_at is not None,
    }


def _of_report(one: QuarterReport) -> _Fields:
    given = one.evaluation
    return {
        "narrative": one.narrative,
        "self_reported": one.self_reported,
        "written": (one.written_at, one.written_by),
        "submitted": (one.submitted_at, one.submitted_by),
        "endorsed": (one.endorsed_at, one.endorsed_by),
        "return": (one.return_reason, one.fix_by),
        "answer": one.answer,
        "evaluation": (given.quality, given.timeliness, given.remark, given.evaluated_at, given.evaluated_by)
        if given
        else None,
    }


# --- what the events tell ----------------------------------------------------------------------------------


def _created(told: _Told, event: Event) -> None:
    told.of("target", 0).update(
        target=_number(event.data.get("target")), weight=_number(event.data.get("weight"))
    )


def _changed(told: _Told, event: Event) -> None:
    given = {name: _number(event.data[name]) for name in ("target", "weight") if name in event.data}
    told.of("target", 0).update(given)


def _recorded(told: _Told, event: Event) -> None:
    fact: Mapping[str, Any] = event.data["occurrence"]
    day = _day(fact.get("occurred_on"))
    told.of("occurrence", fact["number"]).update(
        milestone=fact["milestone"],
        kind=fact.get("kind", ""),
        occurred_on=day,
        quarter=fact["quarter"],
        counts_on=day,
        value=_number(fact.get("value")),
        document_number=fact.get("document_number"),
        note=fact.get("note", ""),
        fulfils=fact.get("fulfils"),
        planned=event.what == Happened.OCCURRENCE_PLANNED,
        recorded_by=event.by,
        approved_by=None,
        voided_by=None,
        void_reason="",
        voided=False,
    )


def _approved(told: _Told, event: Event) -> None:
    fact = told.of("occurrence", event.data["occurrence"])
    fact.update(counts_on=_day(event.data["counts_on"]), approved_by=event.by)


def _voided(told: _Told, event: Event) -> None:
    fact = told.of("occurrence", event.data["occurrence"])
    fact.update(voided=True, voided_by=event.by, void_reason=event.data["reason"])


def _attached(told: _Told, event: Event) -> None:
    given: Mapping[str, Any] = event.data["evidence"]
    told.of("evidence", given["number"]).update(
        milestone=given["milestone"],
        request=given.get("request", ""),
        occurrence=given.get("occurrence"),
        sha256=given.get("sha256"),
        link=given.get("link"),
        file_name=given.get("file_name", ""),
        expires_on=_day(given.get("expires_on")),
        replaces=given.get("replaces"),
        attached_by=event.by,
        withdrawn=False,
    )


def _withdrawn(told: _Told, event: Event) -> None:
    told.of("evidence", event.data["evidence"])["withdrawn"] = True


def _report_written(told: _Told, event: Event) -> None:
    told.of("report", event.data["quarter"]).update(
        narrative=event.data["narrative"],
        self_reported=_number(event.data["self_reported"]),
        written=(event.at, event.by),
    )


def _report_submitted(told: _Told, event: Event) -> None:
    told.of("report", event.data["quarter"]).update(
        {"submitted": (event.at, event.by), "answer": event.data.get("answer", ""), "return": ("", None)}
    )


def _report_endorsed(told: _Told, event: Event) -> None:
    told.of("report", event.data["quarter"])["endorsed"] = (event.at, event.by)


def _report_accepted(told: _Told, event: Event) -> None:
    data = event.data
    scores = (data["quality"], data["timeliness"], data["remark"], event.at, event.by)
    told.of("report", data["quarter"])["evaluation"] = scores


def _report_returned(told: _Told, event: Event) -> None:
    told.of("report", event.data["quarter"]).update(
        {
            "return": (event.data["reason"], _day(event.data["fix_by"])),
            "endorsed": (None, None),
            "evaluation": None,
        }
    )


def _appeal_upheld(told: _Told, event: Event) -> None:
    data = event.data
    scores = (data["quality"], data["timeliness"], data["reason"], event.at, event.by)
    told.of("report", data["quarter"]).update({"evaluation": scores, "return": ("", None)})


def _page_imported(told: _Told, event: Event) -> None:
    for one in event.data["reports"]:
        scores = (one["quality"], one["timeliness"])
        told.of("report", one["quarter"]).update(
            narrative=one["narrative"],
            self_reported=_number(one["self_reported"]),
            written=(event.at, event.by),
            evaluation=None if scores == (None, None) else (*scores, "", event.at, event.by),
        )


def _decided(told: _Told, event: Event) -> None:
    data = event.data
    reason = data.get("reason") or data.get("remark") or data.get("answer") or ""
    ruling = _RULINGS[event.what]
    told.decisions.append((data["milestone"], ruling, event.by, reason.strip(), data.get("fix_by")))


def _waived(told: _Told, event: Event) -> None:
    data = event.data
    told.waivers.append((data["milestone"], data["expires_on"], data["reason"], event.by))


def _nothing_kept(_told: _Told, _event: Event) -> None:
    """What moves states and levels alone is held by other checks."""


def _unheard(told: _Told, _event: Event) -> None:
    told.is_whole = False


_RULINGS: Mapping[str, Ruling] = {
    Happened.MILESTONE_ACHIEVED: Ruling.ACHIEVED,
    Happened.MILESTONE_VERIFIED: Ruling.VERIFIED,
    Happened.MILESTONE_RETURNED: Ruling.RETURNED,
    Happened.MILESTONE_REOPENED: Ruling.REOPENED,
}
_HEARD: Mapping[str, Callable[[_Told, Event], None]] = {
    Happened.INDICATOR_CREATED: _created,
    Happened.INDICATOR_CHANGED: _changed,
    Happened.OCCURRENCE_RECORDED: _recorded,
    Happened.OCCURRENCE_PLANNED: _recorded,
    Happened.OCCURRENCE_APPROVED: _approved,
    Happened.OCCURRENCE_VOIDED: _voided,
    Happened.EVIDENCE_ATTACHED: _attached,
    Happened.EVIDENCE_WITHDRAWN: _withdrawn,
    Happened.REPORT_WRITTEN: _report_written,
    Happened.REPORT_SUBMITTED: _report_submitted,
    Happened.REPORT_ENDORSED: _report_endorsed,
    Happened.REPORT_ACCEPTED: _report_accepted,
    Happened.REPORT_RETURNED: _report_returned,
    Happened.APPEAL_UPHELD: _appeal_upheld,
    Happened.PAGE_IMPORTED: _page_imported,
    Happened.MILESTONE_WAIVED: _waived,
    **dict.fromkeys(_RULINGS, _decided),
    **dict.fromkeys(
        (
            Happened.INDICATOR_ACTIVATED,
            Happened.CANCELLATION_REQUESTED,
            Happened.CANCELLATION_DECLINED,
            Happened.INDICATOR_CANCELLED,
            Happened.INDICATOR_CLOSED,
            Happened.INDICATOR_MIGRATED,
            Happened.MILESTONE_BLOCKED,
            Happened.MILESTONE_RESUMED,
            Happened.MILESTONE_POSTPONED,
            Happened.PETITION_MADE,
            Happened.PETITION_GRANTED,
            Happened.PETITION_DECLINED,
            Happened.PETITION_WITHDRAWN,
            Happened.FACTS_PROPOSED,
            Happened.PROPOSAL_REFUSED,
            Happened.REPORT_READ_AGAIN,
            Happened.APPEAL_MADE,
            Happened.APPEAL_DISMISSED,
            Happened.LEVEL_REFRESHED,
            Happened.DEADLINES_MOVED,
        ),
        _nothing_kept,
    ),
}


# --- what has no number in its event -----------------------------------------------------------------------


def _altered_decisions(
    kept: list[Decision], told: list[tuple[str, Ruling, int, str, str | None]]
) -> Iterator[Altered]:
    """Each decision in its order; to reopen what was waived takes the waiver back and decides nothing."""
    waiting = list(told)
    for place, one in enumerate(kept, start=1):
        row = (one.milestone, one.ruling, one.decided_by, one.reason, _iso(one.fix_by))
        while waiting and waiting[0] != row and waiting[0][1] is Ruling.REOPENED:
            waiting.pop(0)
        if one.number != place or not waiting or waiting.pop(0) != row:
            yield Altered("decision", one.number)
            return
    if any(ruling is not Ruling.REOPENED for _, ruling, *_ in waiting):
        yield Altered("decision", len(kept) + 1)


def _altered_waivers(kept: list[Waiver], told: list[tuple[str, str, str, int]]) -> Iterator[Altered]:
    """What was withdrawn after a seal is kept a second time, until the day of the seal."""
    granted = {(milestone, reason, by) for milestone, _, reason, by in told}
    for one in kept:
        if (one.milestone, one.reason, one.granted_by) not in granted:
            yield Altered("waiver", one.number)
    there = {(one.milestone, one.expires_on.isoformat(), one.reason, one.granted_by) for one in kept}
    if any(one not in there for one in told):
        yield Altered("waiver", 0)


def _number(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def as_event(what: str, at: str, by: int, data: Mapping[str, Any]) -> Event:
    """An event as a row of the journal keeps it; what it is called may be known to a later release only."""
    return Event(what, datetime.fromisoformat(at), by, data)  # type: ignore[arg-type]  # a name of ours is its text

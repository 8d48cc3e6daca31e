"""The facts that the reports of an indicator propose: read again, accepted, changed and refused."""

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine import actions
from engine.actions import NewOccurrence, Outcome
from engine.actions.proposals import as_fact
from engine.errors import Refusal, Unmet
from engine.indicator import Indicator
from engine.pages.values import ImportedPage
from engine.permissions import Action
from engine.proposed import OPEN, ProposalState, Proposed
from engine.prose.reasons import CONTRADICTS, Confidence
from engine.quarter import Quarter
from engine.thai_dates import plain_text
from storage.transaction import Tx
from web.coordinator.scene import Counter, Scene, Turn
from web.coordinator.views import Tag
from web.doors import SEEN, Doors, doing
from web.reading import Typed, whole_number

_PAGE = "/indicators/{year}/{code}/proposals"
_COLOURS = {Confidence.HIGH: "green", Confidence.MEDIUM: "yellow", Confidence.LOW: "orange"}
#: Between a milestone and its kind in the choice of a form.
_AND = "/"


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The list of them, a page for each, and what is done there."""
    room, rule = _Proposals(counter), doing(Action.RECORD)
    doors.add(router, _PAGE, room.page, SEEN)
    doors.add(router, f"{_PAGE}/read", room.read, rule, ["POST"])
    doors.add(router, f"{_PAGE}/accept", room.accept_certain, rule, ["POST"])
    doors.add(router, f"{_PAGE}/{{key}}", room.ask, rule)
    doors.add(router, f"{_PAGE}/{{key}}/accept", room.accept, rule, ["POST"])
    doors.add(router, f"{_PAGE}/{{key}}/refuse", room.refuse, rule, ["POST"])


class Piece(NamedTuple):
    """A part of a narrative; ``begins`` are the numbers of the proposals whose words begin here."""

    text: str
    is_read: bool
    begins: tuple[int, ...] = ()


class _Read(NamedTuple):
    proposals: list[Proposed]
    pages: list[ImportedPage]


def _read(tx: Tx, indicator: Indicator) -> _Read:
    return _Read(tx.proposals(indicator), tx.imported_pages(indicator))


class _Proposals:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site

    # -- reading -----------------------------------------------------------------------------------------

    def page(self, request: Request) -> Response:
        """Every quarter's narrative with the words that were read, and beside it what they propose."""
        return self._shown(request, Typed({}))

    def _shown(self, request: Request, typed: Typed) -> Response:
        scene = self._counter.scene(request, _read)
        read: _Read = scene.read
        page = f"{self._site.root}{scene.base}/proposals"
        reports = scene.indicator.reports
        told = {one.quarter for one in read.proposals} | {
            number for number, one in reports.items() if one.narrative
        }
        quarters = [
            self._quarter(scene, quarter, read.proposals, page)
            for quarter in scene.indicator.fiscal_year.quarters
            if quarter.number in told
        ]
        values = {
            "title": scene.wording.say("proposals.title"),
            "page": page,
            "quarters": quarters,
            "waiting": sum(one.state == ProposalState.PENDING for one in read.proposals),
            "certain": sum(one.is_certain for one in read.proposals),
            "may_work": scene.may(Action.RECORD),
            "sources": [
                {
                    "words": scene.wording.say(
                        "proposals.source", name=one.name, at=one.imported_at, who=scene.name(one.imported_by)
                    ),
                    "text": one.text,
                }
                for one in reversed(read.pages)
            ],
            "typed": typed,
        }
        return self._counter.show(request, "proposals.html", scene, values)

    def _quarter(
        self, scene: Scene, quarter: Quarter, proposals: Sequence[Proposed], page: str
    ) -> dict[str, Any]:
        report = scene.indicator.reports.get(quarter.number)
        narrative = report.narrative if report else ""
        own = [one for one in proposals if one.quarter == quarter.number]
        shown = [one for one in own if one.state != ProposalState.OUTDATED]
        return {
            "title": scene.wording.value(quarter),
            "number": quarter.number,
            "pieces": list(pieces(narrative, shown)),
            "rows": [self._row(scene, one, page) for one in shown],
            "outdated": len(own) - len(shown),
        }

    def _row(self, scene: Scene, one: Proposed, page: str) -> dict[str, Any]:
        wording = scene.wording
        is_open, may_work = one.state in OPEN, scene.may(Action.RECORD)
        fact = scene.indicator.occurrence(one.occurrence) if one.occurrence else None
        waits = fact is not None and fact.counts and fact.waits_for_approval
        approve = f"{self._site.root}{scene.base}/occurrences/{one.occurrence}/approve"
        return {
            "number": one.number,
            "title": _title(scene, one),
            "state": Tag(wording.word("proposal_state", one.state), "" if is_open else "grey"),
            "confidence": Tag(
                wording.word("confidence", one.confidence), _COLOURS.get(Confidence(one.confidence), "")
            )
            if one.state == ProposalState.PENDING
            else None,
            "standing": wording.word("proposal_standing", one.standing)
            if one.state == ProposalState.SET_ASIDE
            else "",
            "day": _when(scene, one),
            "document": one.document_number or "",
            "value": wording.amount(one.value, scene.indicator.unit) if one.value is not None else "",
            "text": one.text,
            "why": [wording.say(reason.kind, reason.params) for reason in one.why],
            "contradicts": [
                wording.say(reason.kind, reason.params)
                for reason in one.why
                if reason.kind == CONTRADICTS and is_open
            ],
            "reason": one.reason,
            "accept": f"{page}/{one.number}/accept"
            if is_open and may_work and one.milestone and not one.needs_day
            else "",
            "needs_day": is_open and one.needs_day and bool(one.milestone),
            "change": f"{page}/{one.number}" if is_open and may_work else "",
            "refuse": f"{page}/{one.number}/refuse" if is_open and may_work else "",
            "approve": approve if waits and scene.may(Action.APPROVE_UNDATED) else "",
            "waits": waits,
        }

    # -- what is done ------------------------------------------------------------------------------------

    def read(self, request: Request) -> Response:
        """Read the reports as they are now."""
        typed = Typed(request.state.form)

        def do(turn: Turn) -> Outcome:
            return actions.propose_facts(turn.tx, turn.code, turn.year, by=turn.by, now=turn.now)

        outcome = self._counter.do(request, typed, do)
        if typed.faults:
            return self._shown(request, typed)
        done = "facts_read" if outcome and outcome.event else "facts_read_before"
        return self._counter.to(f"{self._counter.base(request)}/proposals", done)

    def accept_certain(self, request: Request) -> Response:
        """Accept all about which nothing is in doubt."""
        typed = Typed(request.state.form)

        def do(turn: Turn) -> None:
            done = actions.accept_proposals(
                turn.tx, turn.code, turn.year, only_certain=True, by=turn.by, now=turn.now
            )
            if not done.accepted:  # where some were, the others are seen to be waiting still
                for _, refusal in done.refused:
                    typed.fault("", *refusal.conditions)

        self._counter.do(request, typed, do)
        if typed.faults:
            return self._shown(request, typed)
        return self._counter.to(f"{self._counter.base(request)}/proposals", "proposals_accepted")

    def ask(self, request: Request, key: str) -> Response:
        """One proposal: change it before it is accepted, or say that it is no fact."""
        scene = self._counter.scene(request, _read)
        one = _one(scene, key)
        fields = {
            "fact": f"{one.milestone or ''}{_AND}{one.kind or ''}",
            "day": scene.wording.value(one.occurred_on) if one.occurred_on else "",
            "document": one.document_number or "",
            "note": one.note,
            "value": scene.wording.value(one.value) if one.value is not None else "",
        }
        return self._asked(request, scene, one, Typed(fields))

    def _asked(self, request: Request, scene: Scene, one: Proposed, typed: Typed) -> Response:
        wording = scene.wording
        page = f"{self._site.root}{scene.base}/proposals"
        values = {
            "title": wording.say("proposals.change"),
            "row": self._row(scene, one, page),
            "page": page,
            "facts": list(_facts_to_choose(scene)),
            "quarter": wording.value(Quarter(scene.indicator.fiscal_year.year, one.quarter)),
            "measured": one.value is not None,
            "day_hint": _day_hint(scene, one),
            "typed": typed,
        }
        return self._counter.show(request, "proposal.html", scene, values)

    def accept(self, request: Request, key: str) -> Response:
        """Make it a fact: as it is, or as it was changed on its page."""
        typed = Typed(request.state.form)
        number = _number(key)
        is_changed = "fact" in typed.fields

        def do(turn: Turn) -> Outcome:
            indicator = turn.tx.indicator(turn.code, turn.year)
            one = next((each for each in turn.tx.proposals(indicator) if each.number == number), None)
            changed = _changed(typed, one) if is_changed and one else None
            if typed.faults:
                raise Refusal(())
            return actions.accept_proposal(
                turn.tx, turn.code, turn.year, number, changed=changed, by=turn.by, now=turn.now
            )

        outcome = self._counter.do(request, typed, do)
        if not typed.faults:
            anchor = f"{self._counter.base(request)}/proposals#proposal-{number}"
            return self._counter.to(anchor, "proposal_accepted", outcome)
        if not is_changed:
            return self._shown(request, typed)
        scene = self._counter.scene(request, _read)
        return self._asked(request, scene, _one(scene, key), typed)

    def refuse(self, request: Request, key: str) -> Response:
        """Say that it is no fact."""
        typed, number = Typed(request.state.form), _number(key)

        def do(turn: Turn) -> Outcome:
            return actions.refuse_proposal(
                turn.tx,
                turn.code,
                turn.year,
                number,
                reason=typed.text("reason", 2000),
                by=turn.by,
                now=turn.now,
            )

        self._counter.do(request, typed, do)
        if typed.faults:
            return self._shown(request, typed)
        return self._counter.to(
            f"{self._counter.base(request)}/proposals#proposal-{number}", "proposal_refused"
        )


def pieces(narrative: str, proposals: Sequence[Proposed]) -> Iterator[Piece]:
    """The narrative cut where words that were read begin and end; they may lie inside each other."""
    read = [one for one in proposals if one.ends and narrative[one.begins : one.ends] == one.text]
    cuts = {0, len(narrative), *(at for one in read for at in (one.begins, one.ends))}
    for start, end in pairwise(sorted(cuts)):
        inside = [one for one in read if one.begins <= start and end <= one.ends]
        begins = tuple(one.number for one in inside if one.begins == start)
        yield Piece(narrative[start:end], bool(inside), begins)


def _title(scene: Scene, one: Proposed) -> str:
    definition = scene.indicator.workflow.milestone(one.milestone) if one.milestone else None
    if definition is None:
        return scene.wording.say("proposals.no_milestone")
    kind = definition.kind(one.kind) if one.kind else None
    title = scene.wording.value(definition.title)
    return f"{title} · {scene.wording.value(kind.title)}" if kind else title


def _when(scene: Scene, one: Proposed) -> str:
    day, say = scene.phrases.day, scene.wording.say
    if one.first_on is None or one.last_on is None or one.first_on == one.last_on:
        return day(one.occurred_on) if one.occurred_on else say("proposals.no_day")
    span = {"first": one.first_on, "last": one.last_on}
    if one.occurred_on is None:
        return say("proposals.day_asked", span)
    return say("proposals.day_of_range", span, day=day(one.occurred_on))


def _day_hint(scene: Scene, one: Proposed) -> str:
    """What may be typed as the day: one of those that the words name, where they name no single one."""
    if one.needs_day:
        kind = "proposals.day_hint_month" if _month_of(one) else "proposals.day_hint_span"
        return scene.wording.say(kind, first=one.first_on, last=one.last_on)
    quarter = Quarter(scene.indicator.fiscal_year.year, one.quarter)
    return scene.wording.say("proposals.day_hint", quarter=quarter)


def _month_of(one: Proposed) -> date | None:
    """The first day of the only month that the words name, where they name no day."""
    first, last = one.first_on, one.last_on
    same = first is not None and last is not None and (first.year, first.month) == (last.year, last.month)
    return first if one.needs_day and same else None


def _facts_to_choose(scene: Scene) -> Iterator[tuple[str, str]]:
    """Every milestone with each of its kinds."""
    wording = scene.wording
    yield _AND, wording.say("page.choose")
    for milestone in scene.indicator.workflow.milestones:
        title = wording.value(milestone.title)
        if not milestone.kinds:
            yield f"{milestone.key}{_AND}", title
        for kind in milestone.kinds:
            words = f"{title} · {wording.value(kind.title)}"
            yield f"{milestone.key}{_AND}{kind.key}", words


def _changed(typed: Typed, one: Proposed) -> NewOccurrence | None:
    """The fact as the form has it."""
    milestone, _, kind = typed.line("fact").partition(_AND)
    if not milestone:
        typed.fault("fact", Unmet("proposal.no_milestone", {"number": one.number}))
    given = {
        **_day_given(typed, one),
        "kind": kind or None,
        "value": typed.number("value"),
        "document_number": typed.line("document") or None,
        "note": typed.text("note", 2000),
    }
    return as_fact(one, {"milestone": milestone, **given}) if milestone else None


def _day_given(typed: Typed, one: Proposed) -> dict[str, date | None]:
    """The day of the form, of a known month its number will do; nothing where it is still asked for."""
    month, number = _month_of(one), whole_number(plain_text(typed.line("day")), 2)
    try:
        day = month.replace(day=number) if month and number else typed.day("day")
    except ValueError:
        day = typed.day("day")
    is_told = not one.needs_day or "day" in typed.faults or bool(typed.fields.get("no_day"))
    return {"occurred_on": day} if day or is_told else {}


def _one(scene: Scene, key: str) -> Proposed:
    """The proposal of a path; one that was decided on leads nowhere."""
    number = _number(key)
    found = next((one for one in scene.read.proposals if one.number == number and one.state in OPEN), None)
    if found is None:
        raise HTTPException(404)
    proposal: Proposed = found
    return proposal


def _number(key: str) -> int:
    number = whole_number(key, 9)
    if number is None:
        raise HTTPException(404)
    return number

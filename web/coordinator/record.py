"""Recording: something was done, is planned, or was done on a day that nobody knows; with its files."""

from collections.abc import Mapping
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.actions import (
    NewOccurrence,
    Outcome,
    attach_evidence,
    grant_petition,
    record_after_seal,
    record_occurrence,
)
from engine.errors import Unmet
from engine.indicator import Occurrence
from engine.permissions import Action
from engine.petition import Petition, PetitionKind
from engine.thai_dates import Style, format_day
from engine.wording import Wording
from engine.workflow import MilestoneDefinition
from storage.uploads import Upload
from web.coordinator.attaching import offered
from web.coordinator.scene import Counter, Scene, Turn
from web.doors import Doors, Visit, doing
from web.reading import Typed, whole_number
from web.uploading import taken

_PAGE = "/indicators/{year}/{code}/milestones/{milestone}"
DONE, PLANNED, UNDATED = WAYS = ("done", "planned", "undated")


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The form that records, and the one that attaches documents to what was recorded."""
    here = _Record(counter)
    doors.add(router, f"{_PAGE}/record", here.ask, doing(Action.RECORD))
    doors.add(router, f"{_PAGE}/record", here.record, doing(Action.RECORD, files=True), ["POST"])
    later = _Record(counter, after_seal=True)
    doors.add(router, f"{_PAGE}/correct", later.ask, doing(Action.CORRECT))
    doors.add(router, f"{_PAGE}/correct", later.record, doing(Action.CORRECT, files=True), ["POST"])
    doors.add(router, f"{_PAGE}/evidence", here.attach, doing(Action.ATTACH, files=True), ["POST"])


class _Given(NamedTuple):
    """What was sent: the form, the files that are whole, and where they belong."""

    typed: Typed
    uploads: list[Upload]


class _Record:
    def __init__(self, counter: Counter, *, after_seal: bool = False) -> None:
        self._counter = counter
        self._site = counter.site
        self._after_seal = after_seal
        self._quarter_field = "day" if after_seal else "quarter"  # a correction has no other field for it

    def ask(self, request: Request, milestone: str) -> Response:
        """The form; with a plan to be kept, or a correction that was asked for, its words stand in it."""
        scene = self._counter.scene(request)
        definition = scene.milestone(milestone)
        seen = str(len(scene.indicator.occurrences))
        plan = _of_plan(scene, request.query_params.get("fulfils", ""))
        asked = _of_petition(scene, definition, self._petition(scene, milestone, request.query_params))
        typed = Typed({"way": DONE, "seen": seen, **plan, **asked})
        return self._asked(request, scene, definition, _Given(typed, []))

    def record(self, request: Request, milestone: str) -> Response:
        """Record it and attach its files, all of it or nothing."""
        given = self._given(request)
        typed = given.typed
        new = self._new(typed, milestone)
        if self._after_seal and typed.fields.get("petition"):
            self._petition(self._counter.scene(request), milestone, typed.fields)
        outcome = self._counter.do(
            request,
            typed,
            lambda turn: self._recorded(turn, milestone, new, given),
            quarter=self._quarter_field,
        )
        if not typed.faults:
            done = "planned" if new.planned else "recorded" if new.occurred_on else "undated"
            done = "corrected" if self._after_seal else done
            return self._counter.to(f"{self._counter.base(request)}/milestones/{milestone}", done, outcome)
        scene = self._counter.scene(request)
        return self._asked(request, scene, scene.milestone(milestone), given)

    def attach(self, request: Request, milestone: str) -> Response:
        """Attach documents to the milestone; from its own page."""
        given = self._given(request)
        typed = given.typed
        link = typed.line("link", 2000)
        if not given.uploads and not link and not typed.faults:
            typed.fault("files", Unmet("evidence.nothing", {}))
        if link and not link.startswith(("https://", "http://")):
            typed.fault("link", Unmet("evidence.no_link", {"given": link}))
        if typed.whole("replaces") and len(given.uploads) + bool(link) > 1:
            typed.fault("replaces", Unmet("evidence.one_version", {}))
        outcome = self._counter.do(
            request, typed, lambda turn: self._attached_once(turn, milestone, given, link)
        )
        if not typed.faults:
            page = f"{self._counter.base(request)}/milestones/{milestone}"
            return self._counter.to(f"{page}#evidence", "attached", outcome)
        scene = self._counter.scene(request)
        return self._asked_for_files(request, scene, scene.milestone(milestone), given)

    # -- what was sent -----------------------------------------------------------------------------------

    def _given(self, request: Request) -> _Given:
        visit: Visit = request.state.visit
        typed = Typed(request.state.form)
        uploads, faults = taken(request, self._site.uploads, visit.person.id, self._site.clock())
        typed.blame(faults)
        return _Given(typed, uploads)

    def _new(self, typed: Typed, milestone: str) -> NewOccurrence:
        """The fact as it was typed; what cannot be read is a fault of the form."""
        way = typed.fields.get("way", DONE)
        quarter = typed.whole("quarter") if way == UNDATED else None
        if way == UNDATED and quarter is None:
            typed.fault(self._quarter_field, Unmet("quarter.choose", {}))
        return NewOccurrence(
            milestone=milestone,
            occurred_on=None if way == UNDATED else typed.day("day"),
            quarter=quarter,
            kind=typed.line("kind") or None,
            value=typed.number("value"),
            document_number=typed.line("document") or None,
            note=typed.text("reason" if self._after_seal else "note", 2000),
            planned=way == PLANNED,
            fulfils=typed.whole("fulfils") if way == DONE else None,
        )

    def _petition(self, scene: Scene, milestone: str, fields: Mapping[str, str]) -> Petition | None:
        """The petition that a correction answers; one that asks for something else leads nowhere."""
        chosen = fields.get("petition", "") if self._after_seal else ""
        if not chosen:
            return None
        number = whole_number(chosen, 9)
        for one in scene.petitions:
            is_missing = one.kind is PetitionKind.CORRECTION and one.occurrence is None
            if one.number == number and is_missing and one.milestone == milestone:
                return one
        raise HTTPException(404)

    # -- what is done ------------------------------------------------------------------------------------

    def _recorded(self, turn: Turn, milestone: str, new: NewOccurrence, given: _Given) -> Outcome | None:
        """``None`` if this very form did so before: a double tap, or a page that was sent again."""
        seen = given.typed.whole("seen")
        if seen is not None:
            facts = turn.tx.indicator(turn.code, turn.year).occurrences
            own = [one for one in facts if one.number > seen and one.recorded_by == turn.by.id]
            if any(_is_same(one, new) for one in own):
                return None
        outcome = self._done(turn, new, given.typed.whole("petition"))
        self._attached(turn, milestone, given, outcome)
        return outcome

    def _done(self, turn: Turn, new: NewOccurrence, petition: int | None) -> Outcome:
        at = (turn.tx, turn.code, turn.year)
        if not self._after_seal:
            return record_occurrence(*at, new, by=turn.by, now=turn.now)
        if petition is None:
            return record_after_seal(*at, new, by=turn.by, now=turn.now)
        return grant_petition(*at, petition, fact=new, by=turn.by, now=turn.now)

    def _attached_once(self, turn: Turn, milestone: str, given: _Given, link: str) -> Outcome | None:
        """``None`` if this very form did so before."""
        seen = given.typed.whole("seen")
        if seen is not None:
            evidence = turn.tx.indicator(turn.code, turn.year).evidence
            own = [one for one in evidence if one.number > seen and one.attached_by == turn.by.id]
            there = {one.sha256 or one.link for one in own}
            if there.issuperset([*(one.sha256 for one in given.uploads), *([link] if link else ())]):
                return None
        return self._attached(turn, milestone, given, link=link)

    def _attached(
        self, turn: Turn, milestone: str, given: _Given, outcome: Outcome | None = None, link: str = ""
    ) -> Outcome:
        """Attach every file and the link, to the fact that was just recorded if there is one."""
        typed = given.typed
        wanted = typed.line("request") or None
        about = outcome.number if outcome else typed.whole("occurrence")
        for upload in given.uploads:
            attached = self._site.uploads.attach(
                turn.tx,
                turn.code,
                turn.year,
                milestone,
                upload,
                request=wanted,
                occurrence=about,
                by=turn.by,
                now=turn.now,
                expires_on=typed.day("expires"),
                replaces=typed.whole("replaces"),
                after_seal=self._after_seal,
            )
            outcome = outcome or attached
        if link:
            attached = attach_evidence(
                turn.tx,
                turn.code,
                turn.year,
                milestone,
                request=wanted,
                occurrence=about,
                link=link,
                expires_on=typed.day("expires"),
                replaces=typed.whole("replaces"),
                by=turn.by,
                now=turn.now,
            )
            outcome = outcome or attached
        assert outcome is not None  # who sent nothing is asked again before
        return outcome

    # -- the forms ---------------------------------------------------------------------------------------

    def _asked(
        self, request: Request, scene: Scene, definition: MilestoneDefinition, given: _Given
    ) -> Response:
        wording = scene.wording
        values = {
            "title": wording.say("act.record_after_seal" if self._after_seal else "act.record"),
            "after_seal": self._after_seal,
            "milestone": wording.value(definition.title),
            "page": f"{self._site.root}{scene.base}/milestones/{definition.key}",
            "typed": given.typed,
            "uploads": given.uploads,
            "ways": [(way, wording.say(f"way.{way}"), wording.say(f"way.{way}_hint")) for way in WAYS],
            "kinds": kinds_of(definition, wording),
            "quarters": [
                (str(one.number), wording.value(one))
                for one in scene.indicator.fiscal_year.quarters
                if one.first_day <= scene.today and one.number > scene.indicator.sealed_through
            ],
            "plans": [
                (str(one.number), scene.phrases.day(one.occurred_on), one.note)
                for one in scene.indicator.open_plans(definition.key)
                if one.occurred_on
            ],
            "requests": [(one.key, wording.value(one.title)) for one in definition.evidence],
            "measured": definition.measure is not None,
            "unit": scene.indicator.unit,
            "day_example": format_day(scene.found.on, wording.language, Style.SHORT),
        }
        return self._counter.show(request, "record.html", scene, values)

    def _asked_for_files(
        self, request: Request, scene: Scene, definition: MilestoneDefinition, given: _Given
    ) -> Response:
        wording = scene.wording
        values = {
            "title": wording.say("act.attach"),
            "milestone": wording.value(definition.title),
            "page": f"{self._site.root}{scene.base}/milestones/{definition.key}",
            "typed": given.typed,
            "uploads": given.uploads,
            **offered(scene, definition),
        }
        return self._counter.show(request, "attach.html", scene, values)


def kinds_of(definition: MilestoneDefinition, wording: Wording) -> list[tuple[str, str, str]]:
    """The kinds of facts of a milestone to choose from, each with a hint."""
    return [
        (one.key, wording.value(one.title), "" if one.counts else wording.say("page.does_not_count"))
        for one in definition.kinds
    ]


def _is_same(one: Occurrence, new: NewOccurrence) -> bool:
    """Whether the fact says word for word what was sent."""
    return (
        (one.milestone, one.occurred_on, one.value, one.document_number, one.note, one.planned, one.fulfils)
        == (
            new.milestone,
            new.occurred_on,
            new.value,
            new.document_number,
            new.note,
            new.planned,
            new.fulfils,
        )
        and new.kind in (None, one.kind)
        and new.quarter in (None, one.quarter)
        and one.voided_at is None
    )


def _of_plan(scene: Scene, number: str) -> dict[str, str]:
    """The fields of a plan that is to be kept, so that nobody types them twice."""
    chosen = whole_number(number, 9)
    plan = None if chosen is None else scene.indicator.occurrence(chosen)
    if plan is None or not plan.planned or plan.occurred_on is None:
        return {}
    day = format_day(plan.occurred_on, scene.wording.language, Style.SHORT)
    return {"fulfils": number, "day": day, "kind": plan.kind, "note": plan.note}


def _of_petition(scene: Scene, definition: MilestoneDefinition, asked: Petition | None) -> dict[str, str]:
    """The fields of a correction as it was asked for."""
    if asked is None:
        return {}
    default = definition.kinds[0].key if definition.kinds else ""
    return {
        "petition": str(asked.number),
        "day": format_day(asked.until, scene.wording.language, Style.SHORT),
        "kind": asked.fact_kind or default,
        "value": "" if asked.value is None else str(asked.value),
        "document": asked.document_number or "",
        "reason": asked.reason,
    }

"""The page of an indicator: where it stands, what blocks it, its milestones, quarters, people and history."""

import json
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.actions.agreement import AGREED
from engine.indicator import Indicator, Life, MilestoneState
from engine.machine import milestone_rules
from engine.permissions import Action
from engine.petition import PetitionState
from engine.quarter import Quarter
from engine.reminders import Subject, Topic
from engine.verdict import judged_elsewhere, shown_of
from engine.wording import Wording, level_text
from engine.workflow import Text
from storage import imports, told, views
from storage.deadlines import deadlines_of_year
from storage.evidence import Kept, Use
from storage.reminding import Reminder
from storage.seals import SealedLevel, sealed_levels
from storage.transaction import Tx
from storage.views import HistoryLine
from web.coordinator import views as shown
from web.coordinator.attaching import of_version, offered
from web.coordinator.course import courses
from web.coordinator.scene import Counter, Scene
from web.doors import SEEN, Doors
from web.drawn import Drawn
from web.evidence_list import evidence_rows, files_of
from web.states import place_of, states_of, told_of

_PAGE = "/indicators/{year}/{code}"
#: So much of the history stands on the indicator's own page; all of it has a page of its own.
_LAST = 8
_LAST_TOLD = 12
#: So many pages are kept as they were drawn, of about 20 kB each.
_DRAWN = 256


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page itself, its milestones, its history, its place in the diagram of states."""
    here = _Indicator(counter)
    doors.add(router, _PAGE, here.page, SEEN)
    doors.add(router, f"{_PAGE}/history", here.history, SEEN)
    doors.add(router, f"{_PAGE}/states", here.states, SEEN)
    doors.add(router, f"{_PAGE}/milestones/{{milestone}}", here.milestone, SEEN)


class _Read(NamedTuple):
    """What the page reads besides the indicator and its dossier."""

    due: dict[int, date]
    history: list[HistoryLine]
    told: list[told.Told]
    sealed: dict[int, SealedLevel]
    proposed: int


def _read(tx: Tx, indicator: Indicator) -> _Read:
    return _Read(
        deadlines_of_year(tx, indicator.agency, indicator.fiscal_year),
        views.history(tx.connection, indicator.id),
        told.told(tx.connection, indicator.id, indicator.agency, _LAST_TOLD),
        sealed_levels(tx.connection, indicator.id, indicator.fiscal_year.year),
        imports.pending(tx.connection, indicator.id),
    )


def _read_milestone(
    tx: Tx, indicator: Indicator, milestone: str
) -> tuple[tuple[Mapping[str, Kept], Mapping[str, list[Use]]], dict[int, SealedLevel]]:
    """The files of the milestone, and the levels that are sealed."""
    year = indicator.fiscal_year.year
    return files_of(tx.connection, indicator, milestone), sealed_levels(tx.connection, indicator.id, year)


class _Indicator:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site
        self._drawn = Drawn(_DRAWN)

    def page(self, request: Request) -> Response:
        """Everything of the indicator, the most useful first."""
        scene = self._counter.scene(request, _read)
        person = scene.visit.person
        # All that the page shows follows from these, and people open the same page again and again.
        shown_from = (
            scene.indicator,
            scene.hidden,
            scene.dossier,
            scene.petitions,
            scene.read,
            scene.today,
            person,
        )
        place = (scene.indicator.id, person.id, scene.wording.language)
        body = self._drawn.piece(place, shown_from, lambda: self._body(scene))
        title = scene.wording.value(scene.indicator.title)
        return self._counter.show(request, "indicator_page.html", scene, {"title": title, "body": body})

    def _body(self, scene: Scene) -> Markup:
        wording, root, indicator, read = scene.wording, self._site.root, scene.indicator, scene.read
        due, history, found = read.due, read.history, scene.found
        return self._counter.piece(
            "indicator.html",
            say=wording.say,
            base=root + scene.base,
            code=indicator.code,
            title=wording.value(indicator.title),
            scene=scene,
            life=wording.word("life", indicator.life) if indicator.life != "active" else "",
            standing=self._standing(scene),
            next_level=found.next.level if found.next else None,
            todos=shown.todos(scene, found.next.missing, root) if found.next else [],
            unverified_level=found.next_verified.level if found.next_verified else None,
            unverified=shown.todos(scene, found.next_verified.missing, root) if found.next_verified else [],
            steps=shown.ladder(scene),
            courses=courses(scene),
            tasks=shown.task_list(scene, root),
            quarters=shown.quarter_table(scene, root, due, read.sealed),
            judged=shown.judged(scene),
            facts=list(self._facts(scene)),
            texts=self._texts(scene),
            petitions=self._petitions(scene, root),
            told=_told(read.told[-_LAST_TOLD:], indicator, wording),
            events=events(scene, history[-_LAST:]),
            more_events=max(0, len(history) - _LAST),
            proposed=read.proposed,
            may_ask_end=scene.may(Action.PETITION) and indicator.life == Life.ACTIVE,
        )

    def _standing(self, scene: Scene) -> dict[str, Any]:
        """The levels, and how they agree with what the agency reports itself."""
        found, wording = scene.found, scene.wording
        claimed = level_text(found.claimed.level, found.claimed.fraction)
        self_reported = found.self_reported
        differs = (
            self_reported is not None
            and all(one.measure is None for one in scene.indicator.workflow.milestones)
            and self_reported != found.claimed.level
        )
        return {
            "claimed": claimed,
            "verified": level_text(found.verified.level, found.verified.fraction),
            "projected": level_text(found.projected.level, found.projected.fraction),
            "rises": found.projected.level > found.claimed.level,
            "top": scene.indicator.workflow.top_level,
            "target": found.target_level,
            "self_reported": wording.value(self_reported) if self_reported is not None else "",
            "differs": differs,
            "on": scene.phrases.day(found.on),
            "is_past": found.on < scene.today,
        }

    def _facts(self, scene: Scene) -> Iterator[tuple[str, str]]:
        """The short facts around the indicator, as (label, value); what is not known is left out."""
        wording, indicator, dossier = scene.wording, scene.indicator, scene.dossier
        yield wording.say("page.agency"), wording.value(dossier.agency)
        yield wording.say("page.fiscal_year"), wording.value(indicator.fiscal_year)
        if indicator.target is not None:
            yield wording.say("label.target"), wording.amount(indicator.target, indicator.unit)
        yield wording.say("page.weight"), wording.value(indicator.weight)
        details = dossier.details
        kinds = [
            wording.word(family, value)
            for family, value in (("kind", details.kind), ("result_kind", details.result_kind))
            if value
        ]
        if kinds:
            yield wording.say("label.kind"), " · ".join(kinds)
        if dossier.owner is not None:
            yield wording.say("role.owner"), wording.value(dossier.owner)
        workflow = indicator.workflow
        yield (
            wording.say("page.workflow"),
            wording.say("page.workflow_is", title=workflow.title, version=workflow.version),
        )

    def _texts(self, scene: Scene) -> list[tuple[str, str]]:
        details = scene.dossier.details
        return [
            (scene.wording.say(kind), text)
            for kind, text in (
                ("page.definition", details.definition),
                ("page.method", details.method),
                ("page.evidence_asked", details.evidence_asked),
                ("page.source_note", details.source_note),
            )
            if text
        ]

    def _petitions(self, scene: Scene, root: str) -> list[dict[str, Any]]:
        return [
            {
                "href": f"{root}{scene.base}/petitions/{one.number}",
                "what": petition_words(scene, one.kind, one.milestone, one.quarter),
                "until": scene.wording.value(one.until),
                "state": scene.wording.word("petition_state", one.state),
                "pending": one.state == PetitionState.PENDING,
            }
            for one in scene.petitions
        ]

    def states(self, request: Request) -> Response:
        """The diagram of its definition, with the place where it stands."""
        scene = self._counter.scene(request)
        wording, found, workflow = scene.wording, scene.found, scene.indicator.workflow
        place = place_of(scene.indicator, found)
        values = {
            "title": wording.say("states.title"),
            "workflow": wording.say("page.workflow_is", title=workflow.title, version=workflow.version),
            "told": told_of(place, workflow, wording),
            "rows": states_of(workflow, wording, place),
        }
        return self._counter.show(request, "states.html", scene, values)

    def history(self, request: Request) -> Response:
        """Everything that ever happened to the indicator, the newest first."""
        scene = self._counter.scene(request, lambda tx, one: views.history(tx.connection, one.id))
        lines = scene.read
        title = scene.wording.say("page.history")
        return self._counter.show(
            request, "history.html", scene, {"title": title, "events": events(scene, lines)}
        )

    def milestone(self, request: Request, milestone: str) -> Response:
        """One milestone: its facts, its documents, and what can be done."""
        scene = self._counter.scene(request, lambda tx, one: _read_milestone(tx, one, milestone))
        definition = scene.milestone(milestone)
        kept, wording, root = scene.indicator.milestones[milestone], scene.wording, self._site.root
        returned = shown.why_returned(scene, milestone)
        (files, uses), sealed = scene.read
        evidence = evidence_rows(
            scene.indicator,
            milestone,
            files,
            uses,
            on=scene.found.on,
            reader=scene.visit.person,
            names=scene.dossier.names,
            wording=wording,
        )
        page = f"{root}{scene.base}/milestones/{milestone}"
        version = of_version(scene, request.query_params.get("replaces", ""))
        values = {
            "title": wording.value(definition.title),
            "page": page,
            "tag": shown.state_tag(kept.state, wording),
            "due": wording.value(kept.postponed_to or kept.due_on) if kept.due_on else "",
            "needs": definition.needs if definition.measure is None else None,
            "level": scene.indicator.workflow.first_level_of(milestone),
            "measured": definition.measure is not None,
            "paused": shown.paused(scene, kept),
            "returned": returned,
            "reopened": shown.why_reopened(scene, milestone),
            "facts": shown.fact_rows(scene, definition, root, sealed),
            "wanted": shown.wanted_evidence(scene, definition),
            "evidence": evidence,
            "uploads": [],
            "fields": version,
            "attaches": bool(version) or "attach" in request.query_params,
            **offered(scene, definition),
            "may_record": scene.may(Action.RECORD) and scene.indicator.sealed_through < 4,
            "may_attach": scene.may(Action.ATTACH),
            "acts": [*possible_acts(scene, milestone, page), *_corrections(scene, page)],
        }
        return self._counter.show(request, "milestone.html", scene, values)


#: What people do to a milestone on pages of their own, in the order in which it is offered, by its trigger.
_ACTS: tuple[tuple[str, str, Action], ...] = (
    ("answer", "achieve", Action.ACHIEVE),
    ("verify", "verify", Action.VERIFY),
    ("return", "return", Action.RETURN),
    ("resume", "resume", Action.RESUME),
    ("block", "block", Action.BLOCK),
    ("postpone", "postpone", Action.POSTPONE),
    ("waive", "waive", Action.WAIVE),
    ("reopen", "reopen", Action.REOPEN),
)
_CAN_BE_ASKED = ("postpone", "waive")


def possible_acts(scene: Scene, key: str, page: str) -> list[tuple[str, str]]:
    """What whoever looks may do to the milestone of that key, as (word, address)."""
    words = {"answer": "achieve"} if shown.why_reopened(scene, key) else {}
    return [
        (scene.wording.say(f"act.{words.get(name, name)}"), f"{page}/{name}")
        for name in names_of_acts(scene, key)
    ]


def _corrections(scene: Scene, page: str) -> list[tuple[str, str]]:
    """The way to record what was missing in a sealed quarter, or to ask for it, where there is one."""
    if not scene.indicator.sealed_through:
        return []
    if scene.may(Action.CORRECT):
        return [(scene.wording.say("act.record_after_seal"), f"{page}/correct")]
    if scene.may(Action.PETITION):
        return [(scene.wording.say("act.ask_missing"), f"{page}/ask_correction")]
    return []


def names_of_acts(scene: Scene, key: str) -> list[str]:
    """What whoever looks may do to the milestone of that key, by name."""
    state = scene.indicator.milestones[key].state
    possible = milestone_rules().triggers_from(state)
    # What is complete is achieved by itself, but after a return or a reopening somebody has to say so.
    is_said = state == MilestoneState.RETURNED or bool(shown.why_reopened(scene, key))
    found = [
        name
        for name, trigger, action in _ACTS
        if trigger in possible and scene.may(action) and (name != "answer" or is_said)
    ]
    if scene.may(Action.PETITION) and any(trigger in possible for trigger in _CAN_BE_ASKED):
        found.append("ask")
    return found


def petition_words(scene: Scene, kind: str, milestone: str, quarter: int) -> str:
    """What is asked for, in a line."""
    definition = scene.indicator.workflow.milestone(milestone)
    of_quarter = Quarter(scene.indicator.fiscal_year.year, quarter) if quarter else scene.indicator.title
    about = definition.title if definition else of_quarter
    return scene.wording.say("page.petition_is", kind=scene.wording.word("petition_kind", kind), about=about)


class EventRow(NamedTuple):
    """An event as the history shows it."""

    at: str
    what: str
    about: str
    who: str


def events(scene: Scene, lines: list[HistoryLine]) -> list[EventRow]:
    """The events, the newest first."""
    return [
        EventRow(
            scene.wording.value(datetime.fromisoformat(line.entry.at)),
            scene.wording.word("event", line.entry.what),
            " · ".join(particulars(scene.indicator, _shown(scene, line), scene.wording)),
            scene.wording.word("person_name", line.by),
        )
        for line in reversed(lines)
    ]


def _shown(scene: Scene, line: HistoryLine) -> Mapping[str, Any]:
    """What an event says, but for what would tell a score that is hidden."""
    return shown_of(line.entry.what, json.loads(line.entry.data), scene.hidden)


def particulars(indicator: Indicator, data: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """What an event was about, in the words of its readers."""
    fact = data.get("occurrence")
    inner: Mapping[str, Any] = fact if isinstance(fact, Mapping) else {}
    file = data.get("evidence")
    attached: Mapping[str, Any] = file if isinstance(file, Mapping) else {}
    key = data.get("milestone") or inner.get("milestone") or attached.get("milestone")
    definition = indicator.workflow.milestone(str(key)) if key else None
    if definition is not None:
        yield wording.value(definition.title)
    if "quarter" in data and not key:
        yield wording.value(Quarter(indicator.fiscal_year.year, int(data["quarter"])))
    for name in ("occurred_on", "until", "fix_by", "expires_on"):
        day = data.get(name) or inner.get(name)
        if day:
            yield wording.say(f"history.{name}", day=date.fromisoformat(day))
    for text in (inner.get("document_number"), attached.get("file_name") or attached.get("link")):
        if text:
            yield str(text)
    if isinstance(data.get("name"), str):
        yield data["name"]
    if quarters := judged_elsewhere(data):
        yield wording.say("history.page_scores", quarters=quarters)
    if "after_seal" in data:
        yield wording.say("page.after_seal")
    if "read_from" in data:
        yield wording.say("history.read_from", quarter=data["read_from"]["quarter"])
    for name in ("reason", "waiting_for", "remark"):
        if data.get(name):
            yield f"“{data[name]}”"
    before = data.get("before")
    if isinstance(before, Mapping):
        yield from _agreed(data, before, wording)
    for basis in ("versions", "claimed", "verified"):
        if basis in data:
            before, after = data[basis]
            yield wording.say(f"history.{basis}", before=before, after=after)


#: Fields of an agreement that records call otherwise, and those that are told with their values.
_FIELDS: Mapping[str, str] = {"title_th": "title", "owner_id": "owner", "plan_node_id": "plan"}
_TOLD = ("title_th", "title_en", "unit", "target", "weight")


def _agreed(data: Mapping[str, Any], before: Mapping[str, Any], wording: Wording) -> Iterator[str]:
    """What an indicator is agreed on now, and was before; of texts only that they are others."""
    for name in AGREED:
        if name in data:
            field = wording.word("record_field", _FIELDS.get(name, name))
            values = {"before": _number(name, before.get(name)), "after": _number(name, data[name])}
            told_so = name in _TOLD and name in before
            yield wording.say("records.becomes", field=field, **values) if told_so else field


def _number(name: str, value: Any) -> Any:
    """Events keep exact numbers as texts."""
    return Decimal(value) if name in ("target", "weight") and value is not None else value


def _told(rows: list[told.Told], indicator: Indicator, wording: Wording) -> list[tuple[str, str, str, str]]:
    """Who was told what, when, and with which result, the newest first."""
    found = []
    for one in reversed(rows):
        about = one.about
        if isinstance(about, Reminder):
            thing = wording.value(_thing(about.subject, indicator))
            what = f"{wording.word('heading', about.subject.topic)}: {thing}"
        else:
            what = wording.word("event", about.what)
        result = one.result
        at = result.sent_at or result.not_before if result else None
        state = wording.word("message_state", result.state) if result else wording.say("page.not_told_yet")
        found.append((one.name, what, wording.value(at), state))
    return found


def _thing(subject: Subject, indicator: Indicator) -> Text | Quarter | str:
    """Which milestone, quarter or plan a reminder is about."""
    if definition := indicator.workflow.milestone(subject.key):
        return definition.title
    if subject.topic is Topic.MEETING:
        plan = indicator.occurrence(int(subject.key))
        return plan.note if plan else ""
    return Quarter(indicator.fiscal_year.year, int(subject.key))

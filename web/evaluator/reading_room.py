"""What an evaluator reads of a report: text, facts and documents of the quarter, what does not fit, news."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request

from engine.contradictions import contradictions
from engine.indicator import Indicator, QuarterReport
from engine.quarter import Quarter, Timeliness, timeliness
from engine.scores import timeliness_score
from engine.verdict import Verdict, of_quarter, unjudged_from
from storage import views
from storage.deadlines import deadlines_of_year
from storage.dossier import names_of
from storage.evidence import Kept, Use
from storage.transaction import Tx
from storage.views import HistoryLine
from web.coordinator import views as shown
from web.coordinator.indicator import events
from web.coordinator.scene import Counter, Scene
from web.evidence_list import EvidenceRow, evidence_rows, files_of

#: So much of what is new is shown; all of it is in the history.
_NEWS = 20


class _Read(NamedTuple):
    due_on: date
    history: list[HistoryLine]
    verdicts: list[Verdict]
    files: Mapping[str, Kept]
    uses: Mapping[str, list[Use]]
    judges: dict[int, str]


@dataclass(frozen=True, slots=True)
class Room:
    """One report with all that it is judged by."""

    scene: Scene
    quarter: Quarter
    report: QuarterReport
    submitted_on: date | None
    read: _Read
    proposed_timeliness: int

    @property
    def due_on(self) -> date:
        return self.read.due_on

    @property
    def verdicts(self) -> list[Verdict]:
        return self.read.verdicts

    @property
    def base(self) -> str:
        """The path of the report's own page."""
        return f"{self.scene.base}/quarters/{self.quarter.number}"

    @property
    def timeliness(self) -> Timeliness:
        return timeliness(self.submitted_on, self.due_on)


def enter(counter: Counter, request: Request, number: str) -> Room:
    """The report of that quarter as it stands now; one that nobody has begun is not there."""
    if number not in ("1", "2", "3", "4"):
        raise HTTPException(404)

    def read(tx: Tx, one: Indicator) -> _Read:
        files, uses = files_of(tx.connection, one)
        due_on = deadlines_of_year(tx, one.agency, one.fiscal_year)[int(number)]
        lines = views.history(tx.connection, one.id)
        verdicts = of_quarter(tx.verdicts(one), int(number))
        judges = names_of(tx.connection, {each.given_by for each in verdicts})
        return _Read(due_on, lines, verdicts, files, uses, judges)

    scene = counter.scene(request, read)
    report = scene.indicator.reports.get(int(number))
    if report is None:
        raise HTTPException(404)
    policy = counter.site.store.policy
    submitted_on = policy.day_of(report.submitted_at) if report.submitted_at else None
    earned = timeliness_score(timeliness(submitted_on, scene.read.due_on), policy.scale)
    quarter = scene.indicator.fiscal_year.quarters[int(number) - 1]
    return Room(scene, quarter, report, submitted_on, scene.read, earned)


class Part(NamedTuple):
    """One milestone with the facts of the quarter and all its documents."""

    title: str
    href: str
    tag: shown.Tag
    facts: list[shown.FactRow]
    evidence: list[EvidenceRow]
    lacking: list[str]


def values_of(room: Room, root: str) -> dict[str, Any]:
    """What the pages of an evaluator show of the report."""
    scene, report, quarter = room.scene, room.report, room.quarter
    wording = scene.wording
    found = scene.found.quarters[quarter.number - 1]
    return {
        "what": scene.phrases.thing(quarter),
        "agency": wording.value(scene.dossier.agency),
        "report_page": f"{root}{room.base}",
        "tag": shown.report_tag(report, wording),
        "report": report,
        "claimed": wording.value(found.claimed),
        "verified": wording.value(found.verified),
        "self_reported": wording.amount(report.self_reported, scene.indicator.unit),
        "warnings": [wording.unmet(one) for one in _contradictions(room)],
        "submitted": _by_at(scene, report.submitted_by, report.submitted_at),
        "endorsed": _by_at(scene, report.endorsed_by, report.endorsed_at),
        "in_time": wording.say(f"in_time.{room.timeliness}", day=scene.phrases.day(room.due_on)),
        "parts": list(_parts(room, root)),
    }


def _contradictions(room: Room) -> Iterator[Any]:
    report, scene = room.report, room.scene
    return contradictions(
        scene.indicator, room.quarter, report.narrative, report.self_reported, scene.found.on
    )


def _parts(room: Room, root: str) -> Iterator[Part]:
    """The milestones of which there is a fact in the quarter, in the order of the definition."""
    scene = room.scene
    in_quarter = {one.number for one in scene.indicator.occurrences if one.quarter == room.quarter.number}
    for definition in scene.indicator.workflow.milestones:
        rows = shown.fact_rows(scene, definition, root)
        facts = [one for one in rows if one.number in in_quarter and not one.voided]
        if not facts:
            continue
        evidence = evidence_rows(
            scene.indicator,
            definition.key,
            room.read.files,
            room.read.uses,
            on=scene.found.on,
            reader=scene.visit.person,
            names=scene.dossier.names,
            wording=scene.wording,
        )
        wanted = shown.wanted_evidence(scene, definition)
        yield Part(
            scene.wording.value(definition.title),
            f"{root}{scene.base}/milestones/{definition.key}",
            shown.state_tag(scene.indicator.milestones[definition.key].state, scene.wording),
            facts,
            [one for one in evidence if one.is_live],
            [words for _, words, is_needed, is_there in wanted if is_needed and not is_there],
        )


def score_choices(nothing: str, scale: Sequence[int]) -> list[tuple[str, str]]:
    """The scores that may be given, from the highest down, behind the words for giving none."""
    return [("", nothing), *((str(one), str(one)) for one in reversed(scale))]


def news_of(room: Room) -> dict[str, Any]:
    """What happened to the indicator since somebody judged last."""
    lines = room.read.history
    first = unjudged_from([line.entry.what for line in lines])
    new = lines[first:]
    last = lines[first - 1] if first else None
    wording = room.scene.wording
    return {
        "news": events(room.scene, new[-_NEWS:]),
        "more_news": max(0, len(new) - _NEWS),
        "judged_last": wording.say(
            "evaluate.judged_last",
            what=wording.word("event", last.entry.what),
            by=last.by,
            at=datetime.fromisoformat(last.entry.at),
        )
        if last
        else wording.say("evaluate.never_judged"),
    }


def _by_at(scene: Scene, person: int | None, at: object) -> str:
    return scene.wording.say("page.by_at", name=scene.name(person), at=at) if at else ""

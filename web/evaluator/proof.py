"""The proof of a level: every rule of every rung, met or not and by which fact, and what is missing."""

from datetime import datetime
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Unmet
from engine.evidence import EvidenceState, evidence_states
from engine.explain import next_level
from engine.indicator import Indicator, Occurrence, Ruling
from engine.levels import Basis, LevelResult, latest_decisions
from engine.proving import Told, fact_told, told
from engine.quarter import FiscalYear
from engine.sealing import recorded_after
from engine.wording import level_text
from storage.seals import seals_of
from storage.transaction import Tx
from web.coordinator import views as shown
from web.coordinator.scene import Counter, Scene
from web.doors import SEEN, Doors, Place
from web.pages import Pages
from web.reading import Typed
from web.site import Site


def add_routes(router: Router, site: Site, pages: Pages, doors: Doors) -> None:
    """``/indicators/2564/CODE/proof``."""
    here = _Proof(Counter(site, pages))
    doors.add(router, "/indicators/{year}/{code}/proof", here.page, SEEN)


class _Proof:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def page(self, request: Request) -> Response:
        """The level by the day, the instant and the word that are asked for, and why it is that."""
        place: Place = request.state.place
        typed = Typed(request.query_params)
        on, known_at = typed.day("on"), typed.instant("known_at", self._counter.wording(request).zone)
        year = FiscalYear(place.year)
        if on is not None and not year.first_day <= on <= year.last_day:
            params = {"day": on, "year": year, "first": year.first_day, "last": year.last_day}
            typed.fault("on", Unmet("day.outside_year", params))
            on = None
        basis = _basis(typed.fields.get("basis", ""))
        scene = self._counter.scene(request, _seals, on=on, known_at=known_at)
        result = {
            Basis.CLAIMED: scene.found.claimed,
            Basis.VERIFIED: scene.found.verified,
            Basis.PROJECTED: scene.found.projected,
        }[basis]
        values = {
            "title": scene.wording.say("proof.title"),
            "scene": scene,
            "basis": basis,
            "level": level_text(result.level, result.fraction),
            "top": scene.indicator.workflow.top_level,
            "target": scene.found.target_level,
            "told": scene.wording.say("proof.as_of", day=scene.found.on, known_at=known_at),
            "rungs": _rungs(scene, result, self._counter.site.root),
            **_missing(scene, basis, self._counter.site.root),
            "bases": [(str(one), scene.wording.value(one)) for one in Basis],
            "typed": typed,
        }
        return self._counter.show(request, "evaluator/proof.html", scene, values)


def _seals(tx: Tx, indicator: Indicator) -> dict[int, datetime]:
    """When each quarter of the year was sealed, by its number."""
    seals = seals_of(tx.connection, indicator.fiscal_year.year)
    return {number: one.sealed_at for number, one in seals.items()}


def _basis(asked: str) -> Basis:
    return Basis(asked) if asked in list(Basis) else Basis.CLAIMED


def _missing(scene: Scene, basis: Basis, root: str) -> dict[str, Any]:
    """What separates the indicator from the next level of that kind, and who can supply it."""
    found = scene.found
    if basis is Basis.VERIFIED:
        ahead = next_level(scene.indicator, found.on, found.known_at, Basis.VERIFIED)
    else:
        ahead = found.next
    return {
        "next_level": ahead.level if ahead else None,
        "todos": shown.todos(scene, ahead.missing, root) if ahead else [],
    }


class Fact(NamedTuple):
    """A fact that counts, with what proves it and who accepted it.

    It came ``after_seal`` where it was recorded, or accepted, after its quarter was sealed.
    """

    text: str
    who: str
    evidence: list[tuple[str, str]]
    accepted: str
    after_seal: bool


class Rule(NamedTuple):
    """A rule of a rung, in words, with its parts; ``href`` leads to the milestone of a leaf.

    ``evidence`` is what was attached to the milestone itself, and to none of its facts.
    """

    text: str
    met: bool
    href: str
    facts: list[Fact]
    evidence: list[tuple[str, str]]
    parts: list["Rule"]


class Rung(NamedTuple):
    """A level and whether it is reached, with its rule."""

    level: int
    title: str
    met: bool
    rule: Rule


def _rungs(scene: Scene, result: LevelResult, root: str) -> list[Rung]:
    """The rungs, the highest first, as the ladder is drawn."""
    states = evidence_states(scene.indicator, scene.found.on, scene.found.known_at)
    return [
        Rung(
            rung.level.level,
            scene.wording.value(rung.level.title),
            rung.proof.met,
            _rule(scene, told(scene.indicator, rung.proof, scene.wording), states, root),
        )
        for rung in reversed(result.rungs)
    ]


def _rule(scene: Scene, one: Told, states: dict[int, EvidenceState], root: str) -> Rule:
    return Rule(
        one.text,
        one.met,
        f"{root}{scene.base}/milestones/{one.milestone}" if one.milestone else "",
        [_fact(scene, fact, states, root) for fact in one.facts],
        _evidence(scene, one.milestone, None, states, root) if one.milestone else [],
        [_rule(scene, part, states, root) for part in one.parts],
    )


def _fact(scene: Scene, fact: Occurrence, states: dict[int, EvidenceState], root: str) -> Fact:
    wording, known_at = scene.wording, scene.found.known_at
    decision = latest_decisions(scene.indicator.decisions, known_at).get(fact.milestone)
    is_accepted = (
        decision is not None
        and decision.ruling is Ruling.VERIFIED
        and fact.known_since <= decision.decided_at
    )
    accepted_at = decision.decided_at if is_accepted and decision is not None else None
    return Fact(
        fact_told(fact, wording),
        wording.say("page.by_at", name=scene.name(fact.recorded_by), at=fact.recorded_at),
        _evidence(scene, fact.milestone, fact.number, states, root),
        wording.say("proof.accepted", name=scene.name(decision.decided_by), at=decision.decided_at)
        if is_accepted and decision is not None
        else "",
        recorded_after(fact, scene.read, accepted_at),
    )


def _evidence(
    scene: Scene, milestone: str, fact: int | None, states: dict[int, EvidenceState], root: str
) -> list[tuple[str, str]]:
    """The name and the address of each file or link that holds."""
    return [
        (one.file_name or one.link or "", one.link or f"{root}{scene.base}/evidence/{one.number}")
        for one in scene.indicator.evidence
        if (one.milestone, one.occurrence) == (milestone, fact)
        and states.get(one.number) is EvidenceState.HOLDS
    ]

"""Asking: for a milestone later or not at all, a longer quarter, an end of it all, a missing fact."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.actions import NewPetition, make_petition
from engine.errors import Unmet
from engine.permissions import Action
from engine.petition import PetitionKind
from engine.quarter import Quarter
from web.coordinator.record import kinds_of
from web.coordinator.scene import Counter, Scene
from web.doors import Doors, doing
from web.reading import Typed

_INDICATOR = "/indicators/{year}/{code}"
_OF_MILESTONES = (PetitionKind.POSTPONEMENT, PetitionKind.WAIVER)


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The form of a petition, about a milestone, about a quarter, and about the indicator itself."""
    here, rule = _Ask(counter), doing(Action.PETITION)
    for path, ask, send in (
        (f"{_INDICATOR}/milestones/{{milestone}}/ask", here.about_milestone, here.of_milestone),
        (f"{_INDICATOR}/quarters/{{quarter}}/ask", here.about_quarter, here.of_quarter),
        (f"{_INDICATOR}/ask", here.about_all, here.of_all),
        (f"{_INDICATOR}/milestones/{{milestone}}/ask_correction", here.about_missing, here.of_missing),
    ):
        doors.add(router, path, ask, rule)
        doors.add(router, path, send, rule, ["POST"])


class _Ask:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def about_milestone(self, request: Request, milestone: str) -> Response:
        scene = self._counter.scene(request)
        scene.milestone(milestone)
        return self._asked(request, scene, Typed({}), milestone=milestone)

    def about_quarter(self, request: Request, quarter: str) -> Response:
        scene = self._counter.scene(request)
        return self._asked(request, scene, Typed({}), quarter=_number(quarter))

    def about_all(self, request: Request) -> Response:
        return self._asked(request, self._counter.scene(request), Typed({}))

    def of_all(self, request: Request) -> Response:
        return self._send(request, Typed(request.state.form), PetitionKind.CANCELLATION)

    def of_milestone(self, request: Request, milestone: str) -> Response:
        typed = Typed(request.state.form)
        wanted = typed.fields.get("kind", "")
        if wanted not in _OF_MILESTONES:
            typed.fault("kind", Unmet("petition.choose_kind", {}))
        kind = PetitionKind(wanted) if wanted in _OF_MILESTONES else PetitionKind.POSTPONEMENT
        return self._send(request, typed, kind, milestone=milestone)

    def of_quarter(self, request: Request, quarter: str) -> Response:
        typed = Typed(request.state.form)
        return self._send(request, typed, PetitionKind.EXTENSION, quarter=_number(quarter))

    def about_missing(self, request: Request, milestone: str) -> Response:
        return self._asked_missing(request, Typed({}), milestone)

    def of_missing(self, request: Request, milestone: str) -> Response:
        typed = Typed(request.state.form)
        new = NewPetition(
            PetitionKind.CORRECTION,
            typed.day("day"),
            typed.text("reason", 2000),
            milestone,
            fact_kind=typed.line("kind") or None,
            value=typed.number("value"),
            document_number=typed.line("document") or None,
        )
        answer = self._sent(request, typed, new, quarter="day")  # it has no other field for it
        return answer or self._asked_missing(request, typed, milestone)

    def _asked_missing(self, request: Request, typed: Typed, milestone: str) -> Response:
        """The form of a correction: what is missing in a sealed quarter, as far as it is known."""
        scene = self._counter.scene(request)
        definition, wording = scene.milestone(milestone), scene.wording
        values = {
            "title": wording.say("act.ask_missing"),
            "milestone": wording.value(definition.title),
            "page": f"{self._counter.site.root}{scene.base}/milestones/{milestone}",
            "typed": typed,
            "kinds": kinds_of(definition, wording),
            "measured": definition.measure is not None,
            "unit": scene.indicator.unit,
        }
        return self._counter.show(request, "ask_correction.html", scene, values)

    def _sent(self, request: Request, typed: Typed, new: NewPetition, **fields: str) -> Response | None:
        """The page of the petition that was made; nothing where it was refused."""
        outcome = self._counter.do(
            request,
            typed,
            lambda turn: make_petition(turn.tx, turn.code, turn.year, new, by=turn.by, now=turn.now),
            **fields,
        )
        if outcome is None:
            return None
        return self._counter.to(f"{self._counter.base(request)}/petitions/{outcome.number}", "asked")

    def _send(
        self,
        request: Request,
        typed: Typed,
        kind: PetitionKind,
        *,
        milestone: str = "",
        quarter: int | None = None,
    ) -> Response:
        new = NewPetition(kind, typed.day("day"), typed.text("reason", 2000), milestone, quarter or 0)
        answer = self._sent(request, typed, new)
        if answer is not None:
            return answer
        scene = self._counter.scene(request)
        return self._asked(request, scene, typed, milestone=milestone, quarter=quarter)

    def _asked(
        self, request: Request, scene: Scene, typed: Typed, *, milestone: str = "", quarter: int | None = None
    ) -> Response:
        wording, root = scene.wording, self._counter.site.root
        if milestone:
            about, back = wording.value(scene.milestone(milestone).title), f"/milestones/{milestone}"
        elif quarter is None:
            about, back = wording.value(scene.indicator.title), ""
        else:
            year = scene.indicator.fiscal_year.year
            about, back = scene.phrases.thing(Quarter(year, quarter)), f"/quarters/{quarter}"
        of_all = not milestone and quarter is None
        values = {
            "title": wording.say("act.ask_cancellation" if of_all else "act.ask"),
            "does": wording.say("page.cancellation_does" if of_all else "page.petition_does"),
            "day_label": wording.say("page.cancellation_day" if of_all else "page.petition_day"),
            "what": about,
            "kinds": [
                (str(kind), wording.word("petition_kind", kind), wording.say(f"page.{kind}_does"))
                for kind in _OF_MILESTONES
            ]
            if milestone
            else [],
            "back": f"{root}{scene.base}{back}",
            "typed": typed,
        }
        return self._counter.show(request, "ask.html", scene, values)


def _number(quarter: str) -> int:
    """The quarter of a path; one that there is not leads nowhere."""
    if quarter not in ("1", "2", "3", "4"):
        raise HTTPException(404)
    return int(quarter)

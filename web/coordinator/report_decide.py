"""A report that was handed in: the section head stands behind it, or it is sent back."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine import actions
from engine.actions import Outcome
from engine.permissions import Action
from web.coordinator.report_parts import About, amount, level_at_end, seen, warnings
from web.coordinator.scene import Counter, Scene, Turn
from web.doors import Doors, doing
from web.reading import Typed

_PAGE = "/indicators/{year}/{code}/quarters/{quarter}"


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages on which a report is endorsed and sent back."""
    for name, action in (("endorse", Action.ENDORSE_REPORT), ("return", Action.RETURN_REPORT)):
        decide = _Decide(counter, name)
        doors.add(router, f"{_PAGE}/{name}", decide.ask, doing(action))
        doors.add(router, f"{_PAGE}/{name}", decide.do, doing(action), ["POST"])


class _Decide:
    """The section head, or the evaluator, stands behind the report or sends it back."""

    def __init__(self, counter: Counter, name: str) -> None:
        self._counter = counter
        self._name = name

    def ask(self, request: Request, quarter: str) -> Response:
        return self._asked(request, *seen(self._counter, request, quarter), Typed({}))

    def do(self, request: Request, quarter: str) -> Response:
        typed = Typed(request.state.form)
        scene, about = seen(self._counter, request, quarter)
        version = typed.whole("version")

        def decide(turn: Turn) -> Outcome:
            where = (turn.tx, turn.code, turn.year, about.quarter.number)
            if self._name == "endorse":
                return actions.endorse_report(*where, by=turn.by, now=turn.now, expected_version=version)
            return actions.return_report(
                *where,
                reason=typed.text("reason"),
                fix_by=typed.day("day"),
                by=turn.by,
                now=turn.now,
                expected_version=version,
            )

        outcome = self._counter.do(request, typed, decide)
        if typed.faults:
            return self._asked(request, *seen(self._counter, request, quarter), typed)
        done = "endorsed" if self._name == "endorse" else "report_returned"
        return self._counter.to(f"{scene.base}/quarters/{quarter}", done, outcome)

    def _asked(self, request: Request, scene: Scene, about: About, typed: Typed) -> Response:
        say, report = scene.wording.say, about.report
        values = {
            "title": say(f"act.{self._name}_report"),
            "what": scene.phrases.thing(about.quarter),
            "more": [
                say("page.self_reported_is", value=amount(scene, report)),
                say("page.level_at_end", level=level_at_end(scene, about.quarter)),
                *warnings(scene, about.quarter, report.narrative, report.self_reported),
            ],
            "does": say(f"act.{self._name}_report_does"),
            "button": say(f"act.{self._name}_report_button"),
            "back": f"{self._counter.site.root}{scene.base}/quarters/{about.quarter.number}",
            "asked": () if self._name == "endorse" else ("reason", "day"),
            "reason_label": say("act.return_reason"),
            "day_label": say("act.return_day"),
            "day_is_optional": True,
            "points": (),
            "seen": "",
            "warns": False,
            "typed": typed,
        }
        return self._counter.show(request, "act.html", scene, values)

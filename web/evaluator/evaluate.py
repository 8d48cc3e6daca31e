"""A report evaluated: the checklist, 2.1 and 2.2, accepted or sent back; and a drawn one read again."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine import actions
from engine.actions import Outcome
from engine.errors import Unmet
from engine.indicator import ReportState
from engine.machine import report_rules
from engine.permissions import Action
from engine.verdict import CheckItem, to_be_read_again
from web.coordinator.scene import Counter, Turn
from web.doors import Doors, doing
from web.evaluator.reading_room import Room, enter, news_of, score_choices, values_of
from web.reading import Typed

_PAGE = "/indicators/{year}/{code}/quarters/{quarter}"


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page of an evaluation, and that of a second reading."""
    first, again = _Evaluate(counter), _Again(counter)
    doors.add(router, f"{_PAGE}/evaluate", first.ask, doing(Action.ACCEPT_REPORT))
    doors.add(router, f"{_PAGE}/evaluate", first.do, doing(Action.ACCEPT_REPORT), ["POST"])
    doors.add(router, f"{_PAGE}/second", again.ask, doing(Action.READ_AGAIN))
    doors.add(router, f"{_PAGE}/second", again.do, doing(Action.READ_AGAIN), ["POST"])


class _Evaluate:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def ask(self, request: Request, quarter: str) -> Response:
        """All that the report is judged by, and the form."""
        return self._asked(request, enter(self._counter, request, quarter), Typed({}))

    def do(self, request: Request, quarter: str) -> Response:
        """Accept it or send it back, whichever was chosen."""
        typed = Typed(request.state.form)
        room = enter(self._counter, request, quarter)
        verdict = typed.fields.get("verdict", "")
        if verdict not in self._possible(room):
            typed.fault("verdict", Unmet("evaluate.choose"))
        outcome = self._counter.do(request, typed, lambda turn: self._judge(turn, room, typed, verdict))
        if typed.faults:
            return self._asked(request, enter(self._counter, request, quarter), typed)
        done = "accepted" if verdict == "accept" else "report_returned"
        return self._counter.to(room.base, done, outcome)

    def _judge(self, turn: Turn, room: Room, typed: Typed, verdict: str) -> Outcome:
        where = (turn.tx, turn.code, turn.year, room.quarter.number)
        met = met_of(typed, self._counter.site.store.policy.review.checklist)
        version = typed.whole("version")
        if verdict == "return":
            return actions.return_report(
                *where,
                reason=typed.text("reason"),
                fix_by=typed.day("day"),
                met=met,
                by=turn.by,
                now=turn.now,
                expected_version=version,
            )
        return actions.accept_report(
            *where,
            quality=typed.whole("quality"),
            timeliness_given=typed.whole("timeliness"),
            remark=typed.text("remark", 2000),
            met=met,
            quality_reason=typed.text("quality_reason", 2000),
            timeliness_reason=typed.text("timeliness_reason", 2000),
            by=turn.by,
            now=turn.now,
            expected_version=version,
        )

    def _possible(self, room: Room) -> list[str]:
        possible = report_rules().triggers_from(room.report.state)
        open_to_all = room.quarter.number > room.scene.indicator.sealed_through
        return [one for one in ("accept", "return") if one in possible and open_to_all]

    def _asked(self, request: Request, room: Room, typed: Typed) -> Response:
        say, scale = room.scene.wording.say, self._counter.site.store.policy.scale
        possible, given = self._possible(room), room.report.evaluation
        is_scored = room.report.state == ReportState.ACCEPTED
        values = {
            **values_of(room, self._counter.site.root),
            **news_of(room),
            **checklist_values(self._counter, request),
            "title": say("evaluate.title"),
            "is_second": False,
            "verdicts": [
                (one, say(f"evaluate.{one}"), say(f"evaluate.{one}_does", is_scored=is_scored))
                for one in possible
            ],
            "possible": possible,
            "timeliness_choices": score_choices(
                say("evaluate.as_received", score=room.proposed_timeliness), scale.timeliness
            ),
            "waits_for_head": room.report.state == ReportState.SUBMITTED,
            "scores": (given.quality, given.timeliness) if given else None,
            "typed": typed,
        }
        return self._counter.show(request, "evaluator/evaluate.html", room.scene, values)


class _Again:
    """Blind: what the first evaluator found is not on the page."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def ask(self, request: Request, quarter: str) -> Response:
        """The report, and the same form without what is not scored twice."""
        room = enter(self._counter, request, quarter)
        if to_be_read_again(room.verdicts) is None:
            return self._counter.to(room.base)
        return self._asked(request, room, Typed({}))

    def do(self, request: Request, quarter: str) -> Response:
        """Keep what was found; what stands is not changed."""
        typed = Typed(request.state.form)
        room = enter(self._counter, request, quarter)
        outcome = self._counter.do(
            request,
            typed,
            lambda turn: actions.read_report_again(
                turn.tx,
                turn.code,
                turn.year,
                room.quarter.number,
                met=met_of(typed, self._counter.site.store.policy.review.checklist),
                quality=typed.whole("quality"),
                quality_reason=typed.text("quality_reason", 2000),
                remark=typed.text("remark", 2000),
                by=turn.by,
                now=turn.now,
                expected_version=typed.whole("version"),
            ),
        )
        if typed.faults:
            return self._asked(request, enter(self._counter, request, quarter), typed)
        return self._counter.to(room.base, "read_again", outcome)

    def _asked(self, request: Request, room: Room, typed: Typed) -> Response:
        values = {
            **values_of(room, self._counter.site.root),
            **checklist_values(self._counter, request),
            "title": room.scene.wording.say("second.title"),
            "is_second": True,
            "typed": typed,
        }
        return self._counter.show(request, "evaluator/evaluate.html", room.scene, values)


def met_of(typed: Typed, checklist: tuple[CheckItem, ...]) -> list[str]:
    """The questions that are ticked."""
    return [item.key for item in checklist if typed.fields.get(f"met-{item.key}")]


def checklist_values(counter: Counter, request: Request) -> dict[str, Any]:
    """The checklist and the scores of 2.1 as the form shows them."""
    policy, wording = counter.site.store.policy, counter.wording(request)
    most = sum(item.points for item in policy.review.checklist)
    return {
        "checklist": [(one.key, wording.value(one.title), one.points) for one in policy.review.checklist],
        "most_points": most,
        "scale": list(policy.scale.quality),
        "quality_choices": score_choices(wording.say("evaluate.as_checked"), policy.scale.quality),
    }

"""Appeals: made by an agency against a verdict on its report, decided by another evaluator."""

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine import actions
from engine.actions import Outcome
from engine.appeal import Appeal, AppealState, accepted_before, disputed, not_appealable
from engine.errors import Unmet
from engine.permissions import Action
from engine.verdict import Verdict, VerdictKind
from storage.dossier import names_of
from web.coordinator.scene import Counter, Scene, Turn
from web.doors import SEEN, Doors, doing
from web.evaluator.reading_room import Room, enter, score_choices, values_of
from web.reading import Typed, whole_number

_INDICATOR = "/indicators/{year}/{code}"


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """Where an appeal is made, looked at, and decided."""
    make, decide = _Make(counter), _Decide(counter)
    doors.add(router, f"{_INDICATOR}/quarters/{{quarter}}/appeal", make.ask, doing(Action.APPEAL))
    doors.add(router, f"{_INDICATOR}/quarters/{{quarter}}/appeal", make.do, doing(Action.APPEAL), ["POST"])
    doors.add(router, f"{_INDICATOR}/appeals/{{number}}", decide.page, SEEN)
    rule = doing(Action.DECIDE_APPEAL)
    doors.add(router, f"{_INDICATOR}/appeals/{{number}}", decide.do, rule, ["POST"])


class _Make:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def ask(self, request: Request, quarter: str) -> Response:
        """What is disputed, until when that can be, and the reason."""
        return self._asked(request, enter(self._counter, request, quarter), Typed({}))

    def do(self, request: Request, quarter: str) -> Response:
        typed = Typed(request.state.form)
        room = enter(self._counter, request, quarter)
        outcome = self._counter.do(
            request,
            typed,
            lambda turn: actions.make_appeal(
                turn.tx,
                turn.code,
                turn.year,
                room.quarter.number,
                reason=typed.text("reason", 4000),
                by=turn.by,
                now=turn.now,
            ),
        )
        if outcome is None:
            return self._asked(request, enter(self._counter, request, quarter), typed)
        return self._counter.to(f"{room.scene.base}/appeals/{outcome.number}", "appealed")

    def _asked(self, request: Request, room: Room, typed: Typed) -> Response:
        policy, scene = self._counter.site.store.policy, room.scene
        with self._counter.site.store.read() as tx:
            made = tx.appeals(scene.indicator)
        in_the_way = not_appealable(room.report, room.verdicts, made, policy.appeal_until, scene.today)
        verdict = disputed(room.report, room.verdicts)
        values = {
            "title": scene.wording.say("appeal.make"),
            "what": scene.phrases.thing(room.quarter),
            "back": f"{self._counter.site.root}{room.base}",
            "lines": _lines(room, verdict) if verdict else [],
            "until": scene.phrases.day(policy.appeal_until(verdict)) if verdict else "",
            "in_the_way": [scene.wording.unmet(one) for one in in_the_way],
            "typed": typed,
        }
        return self._counter.show(request, "evaluator/appeal.html", scene, values)


class _Decide:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def page(self, request: Request, number: str) -> Response:
        """The appeal, and for who may decide it the form."""
        return self._shown(request, *self._seen(request, number), Typed({}))

    def do(self, request: Request, number: str) -> Response:
        """Uphold it or dismiss it."""
        typed = Typed(request.state.form)
        room, appeal = self._seen(request, number)
        choice = typed.fields.get("decision", "")
        if choice not in ("uphold", "dismiss"):
            typed.fault("decision", Unmet("appeal.choose"))
        if _is_blind(room):
            typed.fault("", Unmet("appeal.read_first"))
        outcome = self._counter.do(
            request, typed, lambda turn: self._decided(turn, appeal, typed, uphold=choice == "uphold")
        )
        if outcome is None:
            return self._shown(request, *self._seen(request, number), typed)
        done = "upheld" if choice == "uphold" else "dismissed"
        return self._counter.to(f"{room.scene.base}/appeals/{number}", done)

    def _decided(self, turn: Turn, appeal: Appeal, typed: Typed, *, uphold: bool) -> Outcome:
        return actions.decide_appeal(
            turn.tx,
            turn.code,
            turn.year,
            appeal.number,
            uphold=uphold,
            reason=typed.text("reason", 4000),
            quality=typed.whole("quality") if uphold else None,
            timeliness=typed.whole("timeliness") if uphold else None,
            by=turn.by,
            now=turn.now,
            expected_version=typed.whole("version"),
        )

    def _seen(self, request: Request, number: str) -> tuple[Room, Appeal]:
        place = request.state.place
        with self._counter.site.store.read() as tx:
            made = tx.appeals(tx.indicator(place.code, place.year))
        wanted = whole_number(number, 9)
        found = next((one for one in made if one.number == wanted), None)
        if found is None:
            raise HTTPException(404)
        return enter(self._counter, request, str(found.quarter)), found

    def _shown(self, request: Request, room: Room, appeal: Appeal, typed: Typed) -> Response:
        scene, root = room.scene, self._counter.site.root
        say, scale = scene.wording.say, self._counter.site.store.policy.scale
        verdict = next(one for one in room.verdicts if one.number == appeal.verdict)
        is_open = appeal.state == AppealState.PENDING
        may_decide = is_open and scene.may(Action.DECIDE_APPEAL) and not _is_blind(room)
        is_own = verdict.given_by == scene.visit.person.id
        with self._counter.site.store.read() as tx:
            names = names_of(tx.connection, [one for one in (appeal.made_by, appeal.decided_by) if one])
        taken = accepted_before(room.verdicts, verdict) if verdict.kind is VerdictKind.RETURNED else None
        values: dict[str, Any] = {
            **values_of(room, root),
            "title": say("appeal.title"),
            "lines": [] if _is_blind(room) else _lines(room, verdict),
            "read_first": f"{root}{room.base}/second" if _is_blind(room) else "",
            "restores": _scores(scene, taken) if taken else "",
            "appeal": appeal,
            "made": say("page.by_at", name=names.get(appeal.made_by, ""), at=appeal.made_at),
            "decided": say("page.by_at", name=names.get(appeal.decided_by or 0, ""), at=appeal.decided_at)
            if appeal.decided_at
            else "",
            "state": scene.wording.word("appeal_state", appeal.state),
            "is_open": is_open,
            "may_decide": may_decide and not is_own,
            "is_own": may_decide and is_own,
            "rescores": verdict.kind is VerdictKind.ACCEPTED,
            "quality_choices": score_choices(say("appeal.stays", score=verdict.quality), scale.quality),
            "timeliness_choices": score_choices(
                say("appeal.stays", score=verdict.timeliness), scale.timeliness
            ),
            "typed": typed,
        }
        return self._counter.show(request, "evaluator/appeal_page.html", scene, values)


def _is_blind(room: Room) -> bool:
    """Whether whoever looks may still read the report again, and so is not shown what is disputed."""
    return room.quarter.number in room.scene.hidden


def _scores(scene: Scene, verdict: Verdict) -> str:
    return f"{scene.wording.value(verdict.quality)} / {scene.wording.value(verdict.timeliness)}"


def _lines(room: Room, verdict: Verdict) -> list[tuple[str, str]]:
    """What is disputed, as (label, value)."""
    wording = room.scene.wording
    judge = room.read.judges.get(verdict.given_by, "")
    given = wording.say("page.by_at", name=judge, at=verdict.given_at)
    lines = [(wording.say("appeal.against"), wording.word("verdict_kind", verdict.kind))]
    if verdict.kind is VerdictKind.ACCEPTED:
        lines.append(("2.1 / 2.2", _scores(room.scene, verdict)))
    for kind, text in (
        ("page.remark", verdict.remark),
        ("evaluate.quality_reason", verdict.quality_reason),
        ("evaluate.timeliness_reason", verdict.timeliness_reason),
    ):
        if text:
            lines.append((wording.say(kind), text))
    return [*lines, (wording.say("appeal.given"), given)]

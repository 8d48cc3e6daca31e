"""What is decided or reported by one small page each: the reason, perhaps a day, and a button."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine import actions
from engine.actions import NewPetition, Outcome
from engine.answering import points_of
from engine.errors import Refusal, Unmet
from engine.indicator import Milestone, MilestoneState
from engine.permissions import Action
from engine.petition import DECIDED_BY, Petition, PetitionKind, PetitionState
from web.coordinator import views
from web.coordinator.indicator import petition_words
from web.coordinator.scene import Counter, Scene, Turn
from web.doors import SEEN, Doors, Rule, doing
from web.reading import Typed, whole_number

_INDICATOR = "/indicators/{year}/{code}"
#: Below which path the thing lies that something is done to.
_MILESTONE, _FACT, _EVIDENCE, _PETITION = "milestones", "occurrences", "evidence", "petitions"


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that is done: to what, by whom, what is asked besides, and what it does.

    ``fields`` are ``reason`` (needed), ``remark`` (a reason that may be left out), ``day`` and ``points`` (an
    answer to each point of a return).
    """

    name: str
    to: str
    rule: Rule
    fields: tuple[str, ...]
    do: Callable[[Turn, str, Typed], Outcome]
    done: str


def _answers(typed: Typed) -> list[str]:
    count = typed.whole("points") or 0
    return [typed.text(f"answer-{number}", 2000) for number in range(1, min(count, 50) + 1)]


#: Every act, each with its page. The key is that of the milestone or the number of the thing.
ACTS: tuple[Act, ...] = (
    Act(
        "answer",
        _MILESTONE,
        doing(Action.ACHIEVE),
        ("points",),
        lambda turn, key, typed: actions.achieve_milestone(
            turn.tx, turn.code, turn.year, key, answers=_answers(typed), by=turn.by, now=turn.now
        ),
        "achieved",
    ),
    Act(
        "verify",
        _MILESTONE,
        doing(Action.VERIFY),
        ("remark",),
        lambda turn, key, typed: actions.verify_milestone(
            turn.tx,
            turn.code,
            turn.year,
            key,
            remark=typed.text("remark"),
            by=turn.by,
            now=turn.now,
            expected_version=typed.whole("version"),
        ),
        "verified",
    ),
    Act(
        "return",
        _MILESTONE,
        doing(Action.RETURN),
        ("reason", "day"),
        lambda turn, key, typed: actions.return_milestone(
            turn.tx,
            turn.code,
            turn.year,
            key,
            reason=typed.text("reason"),
            fix_by=typed.day("day"),
            by=turn.by,
            now=turn.now,
            expected_version=typed.whole("version"),
        ),
        "returned",
    ),
    Act(
        "reopen",
        _MILESTONE,
        doing(Action.REOPEN),
        ("reason",),
        lambda turn, key, typed: actions.reopen_milestone(
            turn.tx, turn.code, turn.year, key, reason=typed.text("reason"), by=turn.by, now=turn.now
        ),
        "reopened",
    ),
    Act(
        "block",
        _MILESTONE,
        doing(Action.BLOCK),
        ("reason",),
        lambda turn, key, typed: actions.block_milestone(
            turn.tx, turn.code, turn.year, key, waiting_for=typed.text("reason"), by=turn.by, now=turn.now
        ),
        "blocked",
    ),
    Act(
        "resume",
        _MILESTONE,
        doing(Action.RESUME),
        (),
        lambda turn, key, _typed: actions.resume_milestone(
            turn.tx, turn.code, turn.year, key, by=turn.by, now=turn.now
        ),
        "resumed",
    ),
    Act(
        "postpone",
        _MILESTONE,
        doing(Action.POSTPONE),
        ("day", "reason"),
        lambda turn, key, typed: actions.postpone_milestone(
            turn.tx,
            turn.code,
            turn.year,
            key,
            until=_needed_day(typed),
            reason=typed.text("reason"),
            by=turn.by,
            now=turn.now,
        ),
        "postponed",
    ),
    Act(
        "waive",
        _MILESTONE,
        doing(Action.WAIVE),
        ("day", "reason"),
        lambda turn, key, typed: actions.waive_milestone(
            turn.tx,
            turn.code,
            turn.year,
            key,
            expires_on=_needed_day(typed),
            reason=typed.text("reason"),
            by=turn.by,
            now=turn.now,
        ),
        "waived",
    ),
    Act(
        "approve",
        _FACT,
        doing(Action.APPROVE_UNDATED),
        (),
        lambda turn, key, _typed: actions.approve_occurrence(
            turn.tx, turn.code, turn.year, int(key), by=turn.by, now=turn.now
        ),
        "approved",
    ),
    Act(
        "void",
        _FACT,
        doing(Action.VOID),
        ("reason",),
        lambda turn, key, typed: actions.void_occurrence(
            turn.tx, turn.code, turn.year, int(key), reason=typed.text("reason"), by=turn.by, now=turn.now
        ),
        "voided",
    ),
    Act(
        "correct",
        _FACT,
        doing(Action.CORRECT),
        ("reason",),
        lambda turn, key, typed: actions.void_after_seal(
            turn.tx, turn.code, turn.year, int(key), reason=typed.text("reason"), by=turn.by, now=turn.now
        ),
        "corrected",
    ),
    Act(
        "ask_correction",
        _FACT,
        doing(Action.PETITION),
        ("reason",),
        lambda turn, key, typed: actions.make_petition(
            turn.tx,
            turn.code,
            turn.year,
            NewPetition(PetitionKind.CORRECTION, None, typed.text("reason", 2000), occurrence=int(key)),
            by=turn.by,
            now=turn.now,
        ),
        "asked",
    ),
    Act(
        "withdraw",
        _EVIDENCE,
        doing(Action.ATTACH),
        ("reason",),
        lambda turn, key, typed: actions.withdraw_evidence(
            turn.tx, turn.code, turn.year, int(key), reason=typed.text("reason"), by=turn.by, now=turn.now
        ),
        "withdrawn",
    ),
    Act(
        "grant",
        _PETITION,
        SEEN,
        (),
        lambda turn, key, _typed: actions.grant_petition(
            turn.tx, turn.code, turn.year, int(key), by=turn.by, now=turn.now
        ),
        "granted",
    ),
    Act(
        "decline",
        _PETITION,
        SEEN,
        ("reason",),
        lambda turn, key, typed: actions.decline_petition(
            turn.tx, turn.code, turn.year, int(key), reason=typed.text("reason"), by=turn.by, now=turn.now
        ),
        "declined",
    ),
    Act(
        "take_back",
        _PETITION,
        doing(Action.PETITION),
        (),
        lambda turn, key, _typed: actions.withdraw_petition(
            turn.tx, turn.code, turn.year, int(key), by=turn.by, now=turn.now
        ),
        "taken_back",
    ),
)


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """A page for every act, and the page of a petition."""
    for act in ACTS:
        page = _Page(counter, act)
        path = f"{_INDICATOR}/{act.to}/{{key}}/{act.name}"
        doors.add(router, path, page.ask, act.rule)
        doors.add(router, path, page.do, act.rule, ["POST"])
    doors.add(router, f"{_INDICATOR}/petitions/{{key}}", _Petition(counter).page, SEEN)


def _needed_day(typed: Typed) -> date:
    day = typed.day("day")
    if day is None:
        raise Refusal([] if typed.faults else [Unmet("petition.no_day", {})])
    return day


class _About(NamedTuple):
    """What an act is done to: in a line, in a few more, the page to go back to, and the points to answer."""

    what: str
    more: list[str]
    back: str
    points: Sequence[str] = ()
    is_correction: bool = False


class _Page:
    def __init__(self, counter: Counter, act: Act) -> None:
        self._counter = counter
        self._act = act

    def ask(self, request: Request, key: str) -> Response:
        """What it will do, what is asked, and the button."""
        scene = self._counter.scene(request)
        return self._asked(request, scene, key, Typed({}))

    def do(self, request: Request, key: str) -> Response:
        """Do it, or show the form again with what is wrong beside it."""
        typed = Typed(request.state.form)
        before = _about(self._counter.scene(request), self._act, key)
        outcome = self._counter.do(request, typed, lambda turn: self._done(turn, key, typed))
        if typed.faults:
            return self._asked(request, self._counter.scene(request), key, typed)
        return self._counter.to(before.back, self._act.done, outcome)

    def _done(self, turn: Turn, key: str, typed: Typed) -> Outcome | None:
        """Nothing where somebody else said something of the milestone since the form was opened."""
        if (seen := typed.fields.get("seen")) and self._act.to == _MILESTONE:
            now = turn.tx.indicator(turn.code, turn.year).milestones[key]
            stands = now.blocked_by or now.reason
            # The same words are a form that was sent twice.
            if seen != _print_of(now) and stands not in ("", typed.text("reason")):
                # Shown again with what stands there now, it may be sent on top of that.
                typed.fields["seen"] = _print_of(now)
                typed.fault("", Unmet("milestone.changed_meanwhile", {"state": MilestoneState(now.state)}))
                return None
        return self._act.do(turn, key, typed)

    def _asked(self, request: Request, scene: Scene, key: str, typed: Typed) -> Response:
        act, about = self._act, _about(scene, self._act, key)
        say = scene.wording.say
        # What was reopened has no points to be answered: it is only said to be done.
        name = "achieve" if act.name == "answer" and not about.points else act.name
        does = "decline_correction" if about.is_correction and name == "decline" else name
        values = {
            "title": say(f"act.{name}"),
            "what": about.what,
            "more": about.more,
            "does": say(f"act.{does}_does"),
            "button": say(f"act.{name}_button"),
            "back": self._counter.site.root + about.back,
            "asked": act.fields,
            "reason_label": say(f"act.{act.name}_reason") if "reason" in act.fields else "",
            "day_label": say(f"act.{act.name}_day") if "day" in act.fields else "",
            "day_is_optional": act.name == "return",
            "points": about.points,
            "seen": typed.fields.get("seen") or _seen(scene, act, key),
            "typed": typed,
            "warns": act.name in ("void", "correct", "reopen", "withdraw"),
        }
        return self._counter.show(request, "act.html", scene, values)


class _Petition:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def page(self, request: Request, key: str) -> Response:
        """A petition, and what can be done about it."""
        scene = self._counter.scene(request)
        about = _petition(scene, key)
        petition = scene.petitions[int(key) - 1]
        base = f"{self._counter.site.root}{scene.base}"
        page = f"{base}/petitions/{petition.number}"
        say, acts = scene.wording.say, []
        if petition.state == PetitionState.PENDING:
            if scene.may(DECIDED_BY[petition.kind]):
                acts = [
                    (say("act.grant"), _granting(petition, base)),
                    (say("act.decline"), f"{page}/decline"),
                ]
            elif scene.may(Action.PETITION):
                acts = [(say("act.take_back"), f"{page}/take_back")]
        values = {
            "title": say("page.petition"),
            "what": about.what,
            "more": about.more,
            "state": scene.wording.word("petition_state", petition.state),
            "answer": petition.answer,
            "acts": acts,
        }
        return self._counter.show(request, "petition.html", scene, values)


def _granting(petition: Petition, base: str) -> str:
    """Where it is granted: what is missing is recorded by the form of corrections, which is filled in."""
    if petition.kind is PetitionKind.CORRECTION and petition.occurrence is None:
        return f"{base}/milestones/{petition.milestone}/correct?petition={petition.number}"
    return f"{base}/petitions/{petition.number}/grant"


def _about(scene: Scene, act: Act, key: str) -> _About:
    match act.to:
        case "milestones":
            return _milestone(scene, key)
        case "occurrences":
            return _fact(scene, key)
        case "evidence":
            return _evidence(scene, key)
    return _petition(scene, key)


def _seen(scene: Scene, act: Act, key: str) -> str:
    return _print_of(scene.indicator.milestones[key]) if act.to == _MILESTONE else ""


def _print_of(milestone: Milestone) -> str:
    """What somebody saw of the milestone: nobody changes what was said of it and was not read."""
    said = (milestone.state, milestone.blocked_by, milestone.postponed_to, milestone.reason)
    return hashlib.sha256(repr(said).encode()).hexdigest()[:24]


def _milestone(scene: Scene, key: str) -> _About:
    definition = scene.milestone(key)
    returned = views.why_returned(scene, key)
    return _About(
        scene.wording.value(definition.title),
        [paused] if (paused := views.paused(scene, scene.indicator.milestones[key])) else [],
        f"{scene.base}/milestones/{key}",
        points_of(returned[0]) if returned else (),
    )


def _fact(scene: Scene, key: str) -> _About:
    fact = scene.indicator.occurrence(_number(key))
    if fact is None:
        raise HTTPException(404)
    definition = scene.milestone(fact.milestone)
    row = next(one for one in views.fact_rows(scene, definition, "") if one.number == fact.number)
    more = [one for one in (row.day, row.value, row.document, row.note, row.who) if one]
    return _About(f"{scene.wording.value(definition.title)}: {row.kind}", more, _back(scene, fact.milestone))


def _evidence(scene: Scene, key: str) -> _About:
    found = next((one for one in scene.indicator.evidence if one.number == _number(key)), None)
    if found is None or found.withdrawn_at is not None:
        raise HTTPException(404)
    title = scene.wording.value(scene.milestone(found.milestone).title)
    return _About(found.file_name or found.link or "", [title], _back(scene, found.milestone))


def _petition(scene: Scene, key: str) -> _About:
    number = _number(key)
    if not 1 <= number <= len(scene.petitions):
        raise HTTPException(404)
    one = scene.petitions[number - 1]
    say = scene.wording.say
    is_correction = one.kind is PetitionKind.CORRECTION
    more = [
        *(_correction(scene, one) if is_correction else [say("page.petition_until", until=one.until)]),
        say("page.petition_reason", reason=one.reason),
        say("page.by_at", name=scene.name(one.asked_by), at=one.asked_at),
    ]
    what = petition_words(scene, one.kind, one.milestone, one.quarter)
    return _About(what, more, scene.base, is_correction=is_correction)


def _correction(scene: Scene, one: Petition) -> list[str]:
    """What is to be taken back, or what is missing, as far as it is known."""
    say = scene.wording.say
    if one.occurrence is not None:
        fact = _fact(scene, str(one.occurrence))
        return [say("page.petition_takes_back"), " · ".join([fact.what, *fact.more])]
    kind = scene.milestone(one.milestone).kind(one.fact_kind) if one.fact_kind else None
    known = [
        scene.phrases.day(one.until),
        scene.wording.value(kind.title) if kind else "",
        "" if one.value is None else scene.wording.amount(one.value, scene.indicator.unit),
        one.document_number or "",
    ]
    return [say("page.petition_adds"), " · ".join(part for part in known if part)]


def _back(scene: Scene, milestone: str) -> str:
    return f"{scene.base}/milestones/{milestone}"


def _number(key: str) -> int:
    number = whole_number(key, 9)
    if number is None:
        raise HTTPException(404)
    return number

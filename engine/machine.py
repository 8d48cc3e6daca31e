"""The three machines, built from tables on ``transitions``, and :func:`fire`, the one way to move them.

One shared machine serves every model: a model is any object with a ``state`` attribute. The library
asks a guard for exactly ``True`` or ``False`` and stays silent on a false one; it raises on a trigger
that the state does not know. :func:`fire` turns both into one :class:`~engine.errors.Refusal` that
lists every unmet condition. Guards come from the tables of this module, never from a file.
"""

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any, NamedTuple, Protocol

from transitions import Event, EventData, Machine
from transitions import Transition as Moving

from engine import guards
from engine.appeal import AppealState
from engine.errors import Refusal, Unmet
from engine.guards import Attempt, Guard
from engine.indicator import Life, MilestoneState, ReportState
from engine.petition import PetitionState
from engine.workflow import NOT_STARTED, Workflow


class Model(Protocol):
    """Anything with a state."""

    state: str


class Transition(NamedTuple):
    """A trigger, the states it leaves, the state it reaches, and the guards that must all be met."""

    trigger: str
    sources: tuple[str, ...]
    dest: str
    guards: tuple[Guard, ...] = ()


_OPEN, _IN_PROGRESS, _ACHIEVED, _VERIFIED, _RETURNED, _BLOCKED, _POSTPONED, _WAIVED = MilestoneState
_PERSON = (guards.permitted, guards.running, guards.year_open)

#: What people do to a milestone, then what follows by itself from the facts (the last five).
MILESTONE_TRANSITIONS = (
    Transition(
        "achieve",
        (_RETURNED, _IN_PROGRESS, _OPEN, _BLOCKED, _POSTPONED),
        _ACHIEVED,
        (*_PERSON, guards.complete, guards.in_order),
    ),
    Transition(
        "verify",
        (_ACHIEVED,),
        _VERIFIED,
        (*_PERSON, guards.complete, guards.evidenced, guards.not_own_work),
    ),
    Transition("return", (_ACHIEVED, _VERIFIED), _RETURNED, (*_PERSON, guards.reasoned, guards.ahead)),
    Transition(
        "reopen",
        (_ACHIEVED, _VERIFIED, _RETURNED, _WAIVED),
        _IN_PROGRESS,
        (*_PERSON, guards.reasoned, guards.facts_open),
    ),
    Transition("block", (_OPEN, _IN_PROGRESS, _BLOCKED), _BLOCKED, (*_PERSON, guards.reasoned)),
    Transition("resume", (_BLOCKED, _POSTPONED), _IN_PROGRESS, _PERSON),
    Transition(
        "postpone",
        (_OPEN, _IN_PROGRESS, _BLOCKED, _POSTPONED),
        _POSTPONED,
        (*_PERSON, guards.reasoned, guards.ahead_in_year),
    ),
    Transition(
        "waive",
        (_OPEN, _IN_PROGRESS, _RETURNED, _BLOCKED, _POSTPONED),
        _WAIVED,
        (*_PERSON, guards.reasoned, guards.ahead_in_year),
    ),
    Transition("start", (_OPEN, _WAIVED), _IN_PROGRESS),
    Transition(
        "complete",
        (_OPEN, _IN_PROGRESS, _BLOCKED, _POSTPONED, _WAIVED),
        _ACHIEVED,
        (guards.complete,),
    ),
    Transition("renew", (_VERIFIED,), _ACHIEVED),
    Transition("lapse", (_ACHIEVED, _VERIFIED), _IN_PROGRESS),
    Transition("clear", (_IN_PROGRESS, _ACHIEVED, _VERIFIED, _WAIVED), _OPEN),
)

_R = ReportState
#: A quarter report's way from the draft to the seal.
REPORT_TRANSITIONS = (
    Transition("write", (_R.DRAFT, _R.RETURNED), _R.DRAFT, (*_PERSON, guards.quarter_open)),
    Transition(
        "submit",
        (_R.DRAFT, _R.RETURNED),
        _R.SUBMITTED,
        (*_PERSON, guards.quarter_open, guards.quarter_begun, guards.something_reported),
    ),
    Transition("endorse", (_R.SUBMITTED,), _R.ENDORSED, (*_PERSON, guards.quarter_open, guards.not_own_work)),
    Transition("accept", (_R.ENDORSED,), _R.ACCEPTED, (*_PERSON, guards.quarter_open, guards.not_own_work)),
    Transition(
        "return",
        (_R.SUBMITTED, _R.ENDORSED, _R.ACCEPTED),
        _R.RETURNED,
        (*_PERSON, guards.quarter_open, guards.acceptance_is_theirs, guards.reasoned, guards.ahead),
    ),
    # What follows from an appeal that is upheld.
    Transition("restore", (_R.RETURNED,), _R.ACCEPTED, (guards.quarter_open,)),
    Transition("rescore", (_R.ACCEPTED,), _R.ACCEPTED, (guards.quarter_open,)),
    Transition("seal", (_R.DRAFT, _R.SUBMITTED, _R.ENDORSED, _R.ACCEPTED, _R.RETURNED), _R.SEALED),
)

_MANAGED = (guards.permitted,)
#: The life around the ladder.
LIFE_TRANSITIONS = (
    Transition("activate", (Life.DRAFT,), Life.ACTIVE, _MANAGED),
    Transition(
        "request_cancellation",
        (Life.ACTIVE,),
        Life.CANCELLATION_REQUESTED,
        (*_MANAGED, guards.reasoned),
    ),
    Transition("decline_cancellation", (Life.CANCELLATION_REQUESTED,), Life.ACTIVE, _MANAGED),
    Transition(
        "cancel", (Life.ACTIVE, Life.CANCELLATION_REQUESTED), Life.CANCELLED, (*_MANAGED, guards.reasoned)
    ),
    Transition("close", (Life.ACTIVE,), Life.CLOSED, _MANAGED),
)


_P = PetitionState
#: A petition's short way.
PETITION_TRANSITIONS = (
    Transition("grant", (_P.PENDING,), _P.GRANTED, (*_PERSON, guards.not_own_work)),
    Transition("decline", (_P.PENDING,), _P.DECLINED, (*_PERSON, guards.not_own_work, guards.reasoned)),
    Transition("withdraw", (_P.PENDING,), _P.WITHDRAWN, _PERSON),
)

_A = AppealState
_DECIDED = (*_PERSON, guards.not_own_work, guards.not_own_verdict, guards.reasoned)
#: An appeal is decided once, and by nobody who is a party to it.
APPEAL_TRANSITIONS = (
    Transition("uphold", (_A.PENDING,), _A.UPHELD, _DECIDED),
    Transition("dismiss", (_A.PENDING,), _A.DISMISSED, _DECIDED),
)


class _Quiet(Moving):
    """A transition that nothing listens to: asking its guards and changing the state is all there is.

    The library would call and log a dozen empty lists of callbacks, at twice the price of the move itself.
    """

    def execute(self, event_data: EventData) -> bool:
        if not self._eval_conditions(event_data):
            return False
        model: Any = event_data.model
        model.state = str(self.dest)
        return True


class _Trigger(Event):
    """A trigger whose transitions are tried at once: there is no queue, and again nothing that listens."""

    def trigger(self, model: Any, *args: Any, **kwargs: Any) -> bool:
        if model.state not in self.transitions:
            raise ValueError(f"{self.name} leads nowhere from {model.state!r}")
        data = EventData(None, self, self.machine, model, args=args, kwargs=kwargs)
        return any(moving.execute(data) for moving in self.transitions[model.state])


class _Machine(Machine):
    transition_cls = _Quiet
    event_cls = _Trigger


class Rules:
    """A machine with the guards of each of its triggers."""

    def __init__(self, subject: str, states: Iterable[str], table: Iterable[Transition]) -> None:
        table = tuple(table)
        self.subject = subject
        self.guards: dict[str, tuple[Guard, ...]] = {row.trigger: row.guards for row in table}
        states = [str(state) for state in states]
        assert {str(row.dest) for row in table} <= {*states}, (
            "the library takes a state that it does not know"
        )
        self.machine = _Machine(
            model=None,
            states=states,
            initial=None,
            auto_transitions=False,
            send_event=False,
        )
        for row in table:
            self.machine.add_transition(
                row.trigger,
                [str(source) for source in row.sources],
                str(row.dest),
                conditions=_condition(row.guards) if row.guards else None,
            )

    def triggers_from(self, state: str) -> tuple[str, ...]:
        """What people can do in that state; what follows by itself asks nobody's permission."""
        return tuple(
            name
            for name, event in self.machine.events.items()
            if state in event.transitions and guards.permitted in self.guards[name]
        )


def _condition(row: tuple[Guard, ...]):  # type: ignore[no-untyped-def]  # the library takes any callable
    def every_guard_is_met(attempt: Attempt) -> bool:
        return not unmet_conditions(row, attempt)

    return every_guard_is_met


def unmet_conditions(row: Iterable[Guard], attempt: Attempt) -> list[Unmet]:
    """Everything that the guards find unmet, in their order."""
    return [unmet for guard in row for unmet in guard(attempt)]


def fire(rules: Rules, model: Model, trigger: str, attempt: Attempt, faults: Iterable[Unmet] = ()) -> None:
    """Move ``model`` by ``trigger``, or raise one refusal that names every unmet condition.

    ``faults`` are what the action itself found wrong with what it was given; with any it is refused. The
    state changes before this returns and nothing else does: what follows from it is the action's.
    """
    faults = tuple(faults)
    event = rules.machine.events.get(trigger)
    if event is None:
        raise Refusal([Unmet("trigger.unknown", {"trigger": trigger, "known": sorted(rules.guards)})])
    if model.state not in rules.machine.states:
        raise ValueError(f"{model.state!r} is no state of the {rules.subject}")
    model.state = str(model.state)  # the library takes the member of an enum by its name, not its value
    if model.state not in event.transitions:
        wrong_state = Unmet(
            f"{rules.subject}.wrong_state",
            {"state": model.state, "trigger": trigger, "possible": rules.triggers_from(model.state)},
        )
        raise Refusal([wrong_state, *unmet_conditions(rules.guards[trigger], attempt), *faults])
    if faults or not event.trigger(model, attempt):
        raise Refusal([*unmet_conditions(rules.guards[trigger], attempt), *faults])


@cache
def milestone_rules() -> Rules:
    """The life of a milestone."""
    return Rules("milestone", MilestoneState, MILESTONE_TRANSITIONS)


@cache
def report_rules() -> Rules:
    """The life of a quarter report."""
    return Rules("report", ReportState, REPORT_TRANSITIONS)


@cache
def petition_rules() -> Rules:
    """The life of a petition."""
    return Rules("petition", PetitionState, PETITION_TRANSITIONS)


@cache
def appeal_rules() -> Rules:
    """The life of an appeal."""
    return Rules("appeal", AppealState, APPEAL_TRANSITIONS)


@cache
def life_rules() -> Rules:
    """The life of an indicator around its ladder."""
    return Rules("indicator", Life, LIFE_TRANSITIONS)


@lru_cache(maxsize=256)
def ladder_rules(workflow: Workflow) -> Rules:
    """The ladder of a workflow: ``not_started`` and a state per level, each reached from every other."""
    return Rules("ladder", *_ladder_tables(workflow))


def _ladder_tables(workflow: Workflow) -> tuple[list[str], list[Transition]]:
    states = [NOT_STARTED, *(rung.state for rung in workflow.levels)]
    table = [
        Transition(f"to_{dest}", tuple(source for source in states if source != dest), dest)
        for dest in states
    ]
    return states, table

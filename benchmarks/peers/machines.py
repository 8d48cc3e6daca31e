"""State machines in memory, each as its documentation has it: three states, a guard on every transition."""

# ruff: noqa: ARG002  some libraries keep something beside the model, some nothing

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

from statemachine import State, StateMachine
from transitions import Machine

TRIGGERS = ("begin", "achieve", "reopen")
"""Fired in this order they bring a model back to where it was."""


@dataclass(slots=True)
class Model:
    """A milestone's own fields, the same for every library."""

    state: str = "open"
    count: int = 1

    def has_enough(self) -> bool:
        return self.count >= 1


class Machines(Protocol):
    """One library's way to make a model live and to fire its triggers."""

    def enliven(self, model: Model) -> object:
        """Whatever must be kept beside the model for it to be fired (None if nothing)."""

    def cycle(self, model: Model, beside: object) -> None:
        """Fire the three triggers once."""


class TransitionsShared:
    """transitions with one machine for all models, fired through its events."""

    def __init__(self) -> None:
        machine = Machine(
            model=None, states=["open", "in_progress", "achieved"], initial="open", auto_transitions=False
        )
        machine.add_transition("begin", "open", "in_progress", conditions="has_enough")
        machine.add_transition("achieve", "in_progress", "achieved", conditions="has_enough")
        machine.add_transition("reopen", "achieved", "open", conditions="has_enough")
        self._fire = [machine.events[trigger].trigger for trigger in TRIGGERS]

    def enliven(self, model: Model) -> object:
        return None

    def cycle(self, model: Model, beside: object) -> None:
        for fire in self._fire:
            fire(model)


class Milestone(StateMachine):
    """The same life for python-statemachine."""

    not_begun = State(initial=True, value="open")
    in_progress = State(value="in_progress")
    achieved = State(value="achieved")

    begin = not_begun.to(in_progress, cond="has_enough")
    achieve = in_progress.to(achieved, cond="has_enough")
    reopen = achieved.to(not_begun, cond="has_enough")


class PythonStatemachine:
    """python-statemachine with one machine per model, as it demands."""

    def enliven(self, model: Model) -> object:
        return Milestone(model)

    def cycle(self, model: Model, beside: object) -> None:
        assert isinstance(beside, Milestone)
        beside.begin()
        beside.achieve()
        beside.reopen()


class PlainTable:
    """A dictionary and an if: the least that a state machine can cost in Python."""

    table: ClassVar[dict[tuple[str, str], tuple[Callable[[Model], bool], str]]] = {
        ("open", "begin"): (Model.has_enough, "in_progress"),
        ("in_progress", "achieve"): (Model.has_enough, "achieved"),
        ("achieved", "reopen"): (Model.has_enough, "open"),
    }

    def enliven(self, model: Model) -> object:
        return None

    def cycle(self, model: Model, beside: object) -> None:
        for trigger in TRIGGERS:
            guard, target = self.table[model.state, trigger]
            if guard(model):
                model.state = target

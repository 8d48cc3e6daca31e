"""A definition as the diagram of its states, the highest first: what leads to each, and who stands there."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from engine.indicator import Indicator
from engine.standing import Stand
from engine.wording import Wording
from engine.workflow import NOT_STARTED, Workflow
from web.coordinator.views import Tag, state_tag
from workflows.diagram import described


@dataclass(frozen=True, slots=True)
class Place:
    """Where an indicator stands in its ladder: the level that it claims, what is verified, its target.

    ``milestones`` are the states of its milestones by their keys.
    """

    claimed: int
    verified: int
    target: int | None
    milestones: Mapping[str, str]


def place_of(indicator: Indicator, found: Stand) -> Place:
    """The place of an indicator of which ``found`` was found."""
    states = {key: one.state for key, one in indicator.milestones.items()}
    return Place(found.claimed.level, found.verified.level, found.target_level, states)


@dataclass(frozen=True, slots=True)
class State:
    """A state of the diagram, with the rule that leads into it; ``marks`` say in words what stands here.

    ``milestones`` are those that lead here before anywhere else, each with its own state.
    """

    level: int
    name: str
    title: str
    rule: str
    is_here: bool
    is_verified: bool
    marks: list[str]
    milestones: list[tuple[str, Tag]]


_NOBODY: Mapping[int, int] = MappingProxyType({})


def states_of(
    workflow: Workflow, wording: Wording, place: Place | None = None, standing: Mapping[int, int] = _NOBODY
) -> list[State]:
    """The states from the highest down to where nothing has begun.

    ``standing`` tells how many indicators stand at each level.
    """
    rungs = [
        (one.level, one.state, wording.value(one.title), described(one.rule, workflow, wording.language))
        for one in reversed(workflow.levels)
    ]
    every = [*rungs, (0, NOT_STARTED, wording.say("admin.not_started"), "")]
    return [
        State(
            level,
            name,
            title,
            rule,
            place is not None and level == place.claimed,
            place is not None and level == place.verified,
            _marks(level, place, standing.get(level, 0), wording),
            _milestones(level, place, workflow, wording),
        )
        for level, name, title, rule in every
    ]


def told_of(place: Place, workflow: Workflow, wording: Wording) -> str:
    """Where it stands, in a sentence."""
    titles = {
        0: wording.say("admin.not_started"),
        **{one.level: wording.value(one.title) for one in workflow.levels},
    }
    return wording.say(
        "states.told",
        claimed=place.claimed,
        title=titles[place.claimed],
        verified=place.verified,
        target=place.target,
    )


def _marks(level: int, place: Place | None, count: int, wording: Wording) -> list[str]:
    marks = [wording.say("admin.stand_here", count=count)] if count else []
    if place is not None:
        said = {"claimed": place.claimed, "verified": place.verified, "target": place.target}
        marks += [wording.say(f"states.{name}") for name, at in said.items() if at == level]
    return marks


def _milestones(
    level: int, place: Place | None, workflow: Workflow, wording: Wording
) -> list[tuple[str, Tag]]:
    if place is None:
        return []
    return [
        (wording.value(one.title), state_tag(place.milestones[one.key], wording))
        for one in workflow.milestones
        if workflow.first_level_of(one.key) == level
    ]

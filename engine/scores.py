"""What evaluators give a quarter report (2.1 and 2.2), and how many values become one along a tree."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from engine.errors import Unmet, unless
from engine.indicator import Evaluation, Life
from engine.matrix import target_level
from engine.quarter import Timeliness
from engine.workflow import Direction, Workflow

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class ScoreScale:
    """The scores that may be given for quality (2.1) and timeliness (2.2), and what timeliness earns.

    The defaults are the values seen on 101 public pages; official wording and weights are not public, so
    all of it is configuration. ``quarter_weights`` are those of the quarters 1 to 4 in the year.
    """

    quality: tuple[int, ...] = (0, 75, 80, 85, 90, 95, 100)
    timeliness: tuple[int, ...] = (0, 50, 100)
    on_time: int = 100
    late: int = 50
    missing: int = 0
    quarter_weights: tuple[Decimal, Decimal, Decimal, Decimal] = (_ONE, _ONE, _ONE, _ONE)

    def __post_init__(self) -> None:
        for name, allowed in (("quality", self.quality), ("timeliness", self.timeliness)):
            if not allowed or any(low >= high for low, high in pairwise(allowed)):
                raise ValueError(f"the scores for {name} must rise from the lowest to the highest: {allowed}")
        for name, earned in (("on_time", self.on_time), ("late", self.late), ("missing", self.missing)):
            if earned not in self.timeliness:
                raise ValueError(f"{name} earns {earned}, which is not one of {self.timeliness}")


def timeliness_score(timeliness: Timeliness, scale: ScoreScale) -> int:
    """The 2.2 score that a submission earns; the evaluator may give another."""
    earned = {
        Timeliness.ON_TIME: scale.on_time,
        Timeliness.LATE: scale.late,
        Timeliness.MISSING: scale.missing,
    }
    return earned[timeliness]


def as_evaluated(quality: int | None, timeliness: int | None) -> tuple[int | None, int | None]:
    """A pair 2.1 / 2.2 as other systems show it, with their 0/0 read as what it means: not evaluated."""
    return (None, None) if quality == timeliness == 0 else (quality, timeliness)


class Method(StrEnum):
    """How the values below a node become its own. What is missing is left out, with its weight."""

    MEAN = "mean"  # every leaf counts alike, however deep it lies and whatever its weight
    WEIGHTED = "weighted"  # each child by its weight among its siblings, floor by floor
    MINIMUM = "minimum"  # the lowest leaf
    SHARE_AT_TARGET = "share_at_target"  # the part, 0 to 1, of the leaves that reach their target


@dataclass(frozen=True, slots=True)
class RollUpNode:
    """A node of a tree of values: a leaf with its own value, or a group (``children``, perhaps none yet).

    ``None`` as a value is a missing one and never 0. ``target`` and ``direction`` are for the leaves of
    :attr:`Method.SHARE_AT_TARGET`. A leaf may stand for ``times`` siblings that are alike in all of this, so
    that a city of a million is rolled up from a few hundred.
    """

    key: str
    weight: Decimal = _ONE
    value: Decimal | None = None
    target: Decimal | None = None
    direction: Direction = Direction.RISING
    children: tuple["RollUpNode", ...] | None = None
    times: int = 1

    def __post_init__(self) -> None:
        if self.times < 1 or (self.children is not None and self.times > 1):
            raise ValueError(
                f"{self.key} stands for {self.times}: a leaf for one or more, a group for itself"
            )
        if self.children is not None and self.value is not None:
            raise ValueError(f"{self.key} has a value of its own and children: which one counts?")
        for number in (self.weight, self.value, self.target):
            if number is not None and not number.is_finite():
                raise ValueError(f"{self.key} holds {number}, which is not a number to count with")

    @property
    def at_target(self) -> bool | None:
        """Whether a leaf reaches its target; ``None`` where the value or the target is missing."""
        if self.value is None or self.target is None:
            return None
        return self.value >= self.target if self.direction is Direction.RISING else self.value <= self.target


@dataclass(frozen=True, slots=True)
class RollUp:
    """The value of a node, how many leaves went into it and how many are missing, and its parts.

    ``parts`` are the children rolled up, in their order, so every number can be opened down to the leaves,
    whose ``node`` holds the value and the target that were given.
    """

    node: RollUpNode
    exact: Fraction | None
    counted: int
    missing: int
    parts: tuple["RollUp", ...] = ()

    @property
    def value(self) -> Decimal | None:
        """The exact value as a decimal with four places, halves away from zero: for showing and storing.

        Nothing is computed from it; floor upon floor is computed from ``exact``.
        """
        return None if self.exact is None else rounded(self.exact, 4)


def rounded(exact: Fraction, places: int) -> Decimal:
    """The decimal with that many places nearest to an exact value, halves away from zero."""
    scaled, rest = divmod(abs(exact.numerator) * 10**places, exact.denominator)
    up = 2 * rest >= exact.denominator
    sign = "-" if exact < 0 else ""
    # Read from a string, because only there Decimal keeps every digit, whatever its context.
    return Decimal(f"{sign}{scaled + up}e-{places}")


def roll_up(node: RollUpNode, method: Method) -> RollUp:
    """The value of the node from all leaves below it; ``None`` when there is none to count.

    Raises :class:`~engine.errors.Refusal` with ``weight.not_positive`` for every weight of 0 or less.
    """
    unless(_weightless(node))
    return _rolled(node, method)


def _weightless(node: RollUpNode) -> Iterator[Unmet]:
    if node.weight <= 0:
        yield Unmet("weight.not_positive", {"key": node.key, "weight": node.weight})
    for child in node.children or ():
        yield from _weightless(child)


def _rolled(node: RollUpNode, method: Method) -> RollUp:
    if node.children is None:
        exact = _of_leaf(node, method)
        return RollUp(node, exact, *((0, node.times) if exact is None else (node.times, 0)))
    parts = tuple([_rolled(child, method) for child in node.children])
    return RollUp(
        node,
        _COMBINE[method](parts),
        sum(part.counted for part in parts),
        sum(part.missing for part in parts),
        parts,
    )


def _of_leaf(leaf: RollUpNode, method: Method) -> Fraction | None:
    if method is Method.SHARE_AT_TARGET:
        return None if leaf.at_target is None else Fraction(leaf.at_target)
    return None if leaf.value is None else Fraction(leaf.value)


def _balanced(weight: Callable[[RollUp], Fraction]) -> Callable[[Sequence[RollUp]], Fraction | None]:
    """The mean of the parts that have a value, each by its weight."""

    def combined(parts: Sequence[RollUp]) -> Fraction | None:
        weighed = [(weight(part), part.exact) for part in parts if part.exact is not None]
        if not weighed:
            return None
        return sum((by * exact for by, exact in weighed), Fraction()) / sum(by for by, _ in weighed)

    return combined


def _lowest(parts: Sequence[RollUp]) -> Fraction | None:
    return min((part.exact for part in parts if part.exact is not None), default=None)


_by_leaves = _balanced(lambda part: Fraction(part.counted))
_COMBINE: Mapping[Method, Callable[[Sequence[RollUp]], Fraction | None]] = {
    Method.MEAN: _by_leaves,
    Method.WEIGHTED: _balanced(lambda part: Fraction(part.node.weight) * part.node.times),
    Method.MINIMUM: _lowest,
    Method.SHARE_AT_TARGET: _by_leaves,
}


def leaf_of(
    key: str,
    level: int | None,
    workflow: Workflow,
    target: Decimal | None,
    *,
    weight: Decimal,
    life: str,
    times: int = 1,
) -> RollUpNode:
    """The leaf of an indicator: its level beside the one that its target means. A draft has no level yet."""
    aim = target_level(workflow, target)
    return RollUpNode(
        key,
        weight,
        None if level is None or life == Life.DRAFT else Decimal(level),
        None if aim is None else Decimal(aim),
        times=times,
    )


class Place(NamedTuple):
    """A node of a tree as it is kept, one beside the other: its key, and that of the node above it."""

    key: str
    parent: str | None


def tree_of(root: str, places: Sequence[Place], leaves: Iterable[tuple[str, RollUpNode]]) -> RollUpNode:
    """The tree of the places with each leaf at its own, below one root.

    The order of siblings is that of the places. A place with nothing below it is left out, but no leaf ever
    is: one whose place hangs on nothing hangs on the root.
    """
    below: dict[str | None, list[str]] = {}
    for place in places:
        below.setdefault(place.parent, []).append(place.key)
    at: dict[str, list[RollUpNode]] = {}
    for key, leaf in leaves:
        at.setdefault(key, []).append(leaf)
    groups = [group for key in below.get(None, ()) if (group := _group(key, below, at)).children]
    return RollUpNode(root, children=(*groups, *(leaf for rest in at.values() for leaf in rest)))


def _group(
    key: str, below: Mapping[str | None, Sequence[str]], at: dict[str, list[RollUpNode]]
) -> RollUpNode:
    """The place with all below it; what is put into it is taken out of ``at``."""
    own = at.pop(key, [])
    groups = [group for each in below.get(key, ()) if (group := _group(each, below, at)).children]
    return RollUpNode(key, children=(*groups, *own))


@dataclass(frozen=True, slots=True)
class YearEvaluation:
    """The year's quality (2.1) and timeliness (2.2), each with the quarters it was made from."""

    quality: RollUp
    timeliness: RollUp


def year_evaluation(quarters: Mapping[int, Evaluation | None], scale: ScoreScale) -> YearEvaluation:
    """What the evaluations of the quarters 1 to 4 make together; a quarter without one is missing, not 0."""
    given = [quarters.get(number) for number in (1, 2, 3, 4)]
    return YearEvaluation(
        _year("quality", [None if one is None else one.quality for one in given], scale),
        _year("timeliness", [None if one is None else one.timeliness for one in given], scale),
    )


def _year(key: str, scores: Sequence[int | None], scale: ScoreScale) -> RollUp:
    leaves = tuple(
        RollUpNode(f"Q{number}", weight, None if score is None else Decimal(score))
        for number, (weight, score) in enumerate(zip(scale.quarter_weights, scores, strict=True), start=1)
    )
    return roll_up(RollUpNode(key, children=leaves), Method.WEIGHTED)

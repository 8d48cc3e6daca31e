"""A workflow: the milestones of an indicator, the rules that turn them into levels, and the check of both."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from engine.permissions import Role


@dataclass(frozen=True, slots=True)
class Text:
    """The same words in Thai and in English."""

    th: str
    en: str

    def in_language(self, language: str) -> str:
        """The English words for ``en``; the Thai ones for every other language."""
        return self.en if language == "en" else self.th


class Order(StrEnum):
    """In which order milestones may be recorded, and how a gap counts."""

    STRICT = "strict"  # only the next milestone may be recorded
    TOLERANT = "tolerant"  # any may be recorded; the level counts what is unbroken from below
    ANY = "any"  # any may be recorded; the level counts how many are done


class MeasureKind(StrEnum):
    PERCENT = "percent"
    COUNT = "count"
    SCORE = "score"


class Direction(StrEnum):
    RISING = "rising"  # more is better
    FALLING = "falling"  # less is better


class YearValue(StrEnum):
    """How the values recorded through a year make the year's value."""

    LATEST = "latest"  # each value is year-to-date already: the newest one stands
    SUM = "sum"  # each value belongs to its own period
    MEAN = "mean"


@dataclass(frozen=True, slots=True)
class Measure:
    """What is measured at a milestone: its kind, which direction is better and how values add up.

    With ``of_target`` the year's value is turned into percent of the indicator's target before it meets
    a rule. ``minimum`` and ``maximum`` bound a single recorded value, in its own unit, both inclusive.
    """

    kind: MeasureKind
    direction: Direction = Direction.RISING
    year_value: YearValue = YearValue.LATEST
    of_target: bool = False
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    @property
    def falls(self) -> bool:
        """Whether less is better."""
        return self.direction is Direction.FALLING

    def admits(self, value: Decimal) -> bool:
        """Whether a single recorded value may be that low and that high."""
        low, high = self.minimum, self.maximum
        return (low is None or value >= low) and (high is None or value <= high)


@dataclass(frozen=True, slots=True)
class EvidenceRequest:
    """A document that a milestone asks for; ``available_from_quarter`` is when it can first exist."""

    key: str
    title: Text
    required: bool = True
    available_from_quarter: int = 1


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words by which a statement tells of a kind of fact, ``written`` as ``"แต่งตั้ง กรรมการ|คณะทำงาน -ลาออก"``.

    The words stand one after the other, each in one of its forms (``|``); a statement in which a word with
    a dash stands tells of something else. It changes no rule: what is found is proposed to a person.
    """

    written: str

    @property
    def words(self) -> tuple[tuple[str, ...], ...]:
        """The words in their order, each with its forms."""
        return tuple(
            tuple(filter(None, word.split("|"))) for word in self.written.split() if not word.startswith("-")
        )

    @property
    def without(self) -> tuple[str, ...]:
        """The words that may not stand there."""
        return tuple(word[1:] for word in self.written.split() if word.startswith("-"))


@dataclass(frozen=True, slots=True)
class OccurrenceKind:
    """A kind of fact recorded at a milestone; those that do not count are kept for the history only."""

    key: str
    title: Text
    counts: bool = True
    phrases: tuple[Phrase, ...] = ()


@dataclass(frozen=True, slots=True)
class MilestoneDefinition:
    """One step: how many counting occurrences it needs, by which quarter, with which evidence.

    An ``optional`` milestone may stay open below a level that is reached. ``supplied_by`` names the role
    whose work it is.
    """

    key: str
    title: Text
    needs: int = 1
    due_quarter: int = 4
    kinds: tuple[OccurrenceKind, ...] = ()
    evidence: tuple[EvidenceRequest, ...] = ()
    measure: Measure | None = None
    optional: bool = False
    supplied_by: Role = Role.COORDINATOR

    def kind(self, key: str) -> OccurrenceKind | None:
        """The kind of occurrence called ``key``, or ``None``."""
        return next((kind for kind in self.kinds if kind.key == key), None)

    @property
    def required_evidence(self) -> tuple[EvidenceRequest, ...]:
        return tuple(request for request in self.evidence if request.required)


@dataclass(frozen=True, slots=True)
class Reached:
    """Met when the milestone has the occurrences it needs, or is waived."""

    milestone: str


@dataclass(frozen=True, slots=True)
class Count:
    """Met when at least ``at_least`` counting occurrences are recorded at the milestone."""

    milestone: str
    at_least: int


@dataclass(frozen=True, slots=True)
class Bound:
    """Met when the measured year's value is on the good side of ``limit`` (inclusive).

    ``start`` is where progress towards the limit begins: the limit of the level below, or the least
    value; ``None`` makes progress all or nothing.
    """

    milestone: str
    limit: Decimal
    falling: bool = False
    start: Decimal | None = None


@dataclass(frozen=True, slots=True)
class AllOf:
    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    rules: tuple["Rule", ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Met when at least ``n`` of the rules are."""

    n: int
    rules: tuple["Rule", ...]


Leaf = Reached | Count | Bound
Rule = Leaf | AllOf | AnyOf | AtLeast


def leaves(rule: Rule) -> Iterator[Leaf]:
    """Every leaf of a rule tree, left to right."""
    if isinstance(rule, Reached | Count | Bound):
        yield rule
    else:
        for part in rule.rules:
            yield from leaves(part)


@dataclass(frozen=True, slots=True)
class LevelRule:
    """One rung of the ladder: its number, the name of its state, and the rule that reaches it."""

    level: int
    state: str
    title: Text
    rule: Rule


#: The state of an indicator below its first level.
NOT_STARTED = "not_started"


@dataclass(frozen=True, slots=True, eq=False)
class Workflow:
    """A versioned definition. ``levels`` are in rising order; ``source_hash`` is the SHA-256 of ``source``.

    ``remind_before`` are the working days before a milestone's due day on which its people are reminded:
    some of the house's, or ``None`` for all of them.

    Two definitions are the same when they are one object: comparing and hashing whole trees would cost
    more than the work done with them, and ``source_hash`` tells whether two texts agree.
    """

    key: str
    version: int
    title: Text
    order: Order
    milestones: tuple[MilestoneDefinition, ...]
    levels: tuple[LevelRule, ...]
    description: Text = Text("", "")
    remind_before: tuple[int, ...] | None = None
    source_hash: str = ""
    source: str = field(default="", repr=False)
    _by_key: dict[str, MilestoneDefinition] = field(init=False, repr=False)
    _states: dict[int, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        by_key = {milestone.key: milestone for milestone in self.milestones}
        object.__setattr__(self, "_by_key", by_key)
        object.__setattr__(self, "_states", {rung.level: rung.state for rung in self.levels})

    def milestone(self, key: str) -> MilestoneDefinition | None:
        """The milestone called ``key``, or ``None``."""
        return self._by_key.get(key)

    @property
    def top_level(self) -> int:
        return self.levels[-1].level

    def state_of_level(self, level: int) -> str:
        """The ladder state that carries ``level``; ``not_started`` for 0."""
        return self._states.get(level, NOT_STARTED)

    def first_level_of(self, milestone: str) -> int | None:
        """The lowest level whose rule mentions the milestone, or ``None``."""
        return next(
            (
                rung.level
                for rung in self.levels
                if any(leaf.milestone == milestone for leaf in leaves(rung.rule))
            ),
            None,
        )

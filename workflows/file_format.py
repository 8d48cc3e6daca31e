"""What may stand in a definition file, key by key, and how it becomes the engine's types."""

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.permissions import Role
from engine.workflow import (
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    Direction,
    EvidenceRequest,
    LevelRule,
    Measure,
    MeasureKind,
    MilestoneDefinition,
    OccurrenceKind,
    Order,
    Phrase,
    Reached,
    Rule,
    Text,
    YearValue,
)


def _exact(value: Any) -> Any:
    """Whole numbers are numbers too; ``true`` is none."""
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


Number = Annotated[Decimal, BeforeValidator(_exact)]


class Form(BaseModel):
    """A table of the file: keys that are not named here are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class TextForm(Form):
    """A title in both languages. What is left out is empty, and the check asks for it."""

    th: str = ""
    en: str = ""

    def text(self) -> Text:
        return Text(self.th, self.en)


class KindForm(Form):
    key: str
    title: TextForm = TextForm()
    counts: bool = True
    phrases: list[str] = []

    def kind(self) -> OccurrenceKind:
        phrases = tuple(Phrase(one) for one in self.phrases)
        return OccurrenceKind(self.key, self.title.text(), self.counts, phrases)


class EvidenceForm(Form):
    key: str
    title: TextForm = TextForm()
    required: bool = True
    available_from_quarter: int = 1


class MeasureForm(Form):
    kind: Annotated[MeasureKind, Field(strict=False)]
    direction: Annotated[Direction, Field(strict=False)] = Direction.RISING
    year_value: Annotated[YearValue, Field(strict=False)] = YearValue.LATEST
    of_target: bool = False
    minimum: Number | None = None
    maximum: Number | None = None

    def measure(self) -> Measure:
        return Measure(self.kind, self.direction, self.year_value, self.of_target, self.minimum, self.maximum)


class MilestoneForm(Form):
    key: str
    title: TextForm = TextForm()
    needs: int = 1
    due_quarter: int = 4
    supplied_by: Annotated[Role, Field(strict=False)] = Role.COORDINATOR
    optional: bool = False
    kinds: list[KindForm] = []
    evidence: list[EvidenceForm] = []
    measure: MeasureForm | None = None

    def definition(self) -> MilestoneDefinition:
        return MilestoneDefinition(
            key=self.key,
            title=self.title.text(),
            needs=self.needs,
            due_quarter=self.due_quarter,
            kinds=tuple(kind.kind() for kind in self.kinds),
            evidence=tuple(
                EvidenceRequest(one.key, one.title.text(), one.required, one.available_from_quarter)
                for one in self.evidence
            ),
            measure=self.measure.measure() if self.measure else None,
            optional=self.optional,
            supplied_by=self.supplied_by,
        )


class RuleForm(Form):
    """A rule is told apart by the keys it has: see ``_SHAPES``."""

    milestone: str = ""
    count: str = ""
    measure: str = ""
    at_least: Number = Decimal(0)
    at_most: Number = Decimal(0)
    all: list["RuleForm"] = []
    any: list["RuleForm"] = []
    of: list["RuleForm"] = []

    def misshapen(self, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str, Any]]:
        """Where a rule has keys that do not go together, or a part of a fact or of a rule is asked for."""
        given = frozenset(self.model_fields_set)
        if given not in _SHAPES:
            yield path, "rule.shape", sorted(given)
        elif "measure" not in given and self.at_least != int(self.at_least):
            yield (*path, "at_least"), "value.not_whole_number", self.at_least
        for name in ("all", "any", "of"):
            for index, part in enumerate(getattr(self, name)):
                yield from part.misshapen((*path, name, index))

    def rule(self) -> Rule:
        """The engine's rule; one that no shape fits becomes all that it names, and is checked as that."""
        build = _SHAPES.get(frozenset(self.model_fields_set))
        if build:
            return build(self)
        named = [Reached(key) for key in (self.milestone, self.count, self.measure) if key]
        return AllOf((*named, *self.parts()))

    def parts(self) -> tuple[Rule, ...]:
        return tuple(part.rule() for part in (*self.all, *self.any, *self.of))


#: Which keys make which rule. The start of a limit is found once all levels are known.
_SHAPES: dict[frozenset[str], Callable[[RuleForm], Rule]] = {
    frozenset({"milestone"}): lambda form: Reached(form.milestone),
    frozenset({"count", "at_least"}): lambda form: Count(form.count, int(form.at_least)),
    frozenset({"measure", "at_least"}): lambda form: Bound(form.measure, form.at_least),
    frozenset({"measure", "at_most"}): lambda form: Bound(form.measure, form.at_most, falling=True),
    frozenset({"all"}): lambda form: AllOf(form.parts()),
    frozenset({"any"}): lambda form: AnyOf(form.parts()),
    frozenset({"at_least", "of"}): lambda form: AtLeast(int(form.at_least), form.parts()),
}

#: The same in the words of the file, to be offered where a rule has another shape.
SHAPES = tuple(" + ".join(sorted(shape)) for shape in _SHAPES)


class LevelForm(Form):
    level: int
    title: TextForm = TextForm()
    state: str | None = None
    when: RuleForm

    def rung(self) -> LevelRule:
        """The level; its state is called after its milestone where it has a single one."""
        rule = self.when.rule()
        named = rule.milestone if isinstance(rule, Reached) else f"level_{self.level}"
        return LevelRule(self.level, named if self.state is None else self.state, self.title.text(), rule)


class RemindersForm(Form):
    before: list[int] = []


class WorkflowForm(Form):
    key: str
    version: int
    order: Annotated[Order, Field(strict=False)]
    title: TextForm = TextForm()
    description: TextForm = TextForm()
    milestones: list[MilestoneForm] = []
    levels: list[LevelForm] = []
    reminders: RemindersForm | None = None


#: The form that stands under each key, to name the keys that it knows.
FORMS: dict[str, type[Form]] = {
    "title": TextForm,
    "description": TextForm,
    "milestones": MilestoneForm,
    "kinds": KindForm,
    "evidence": EvidenceForm,
    "measure": MeasureForm,
    "levels": LevelForm,
    "when": RuleForm,
    "all": RuleForm,
    "any": RuleForm,
    "of": RuleForm,
    "reminders": RemindersForm,
}

"""A workflow as a picture: the ladder of its levels in the notation of Mermaid."""

from collections.abc import Iterator
from decimal import Decimal

from engine.workflow import (
    NOT_STARTED,
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    MeasureKind,
    Reached,
    Rule,
    Workflow,
)

#: The few words of the picture that no definition brings along.
_WORDS = {
    "th": {
        "not_started": "ยังไม่เริ่ม",
        "level": "ระดับ {}",
        "all": " และ ",
        "any": " หรือ ",
        "some": "อย่างน้อย {} ข้อจาก ({})",
        "times": "{} อย่างน้อย {} ครั้ง",
        "of_target": "{}% ของเป้าหมาย",
    },
    "en": {
        "not_started": "Not started",
        "level": "Level {}",
        "all": " and ",
        "any": " or ",
        "some": "at least {} of ({})",
        "times": "{} at least {} times",
        "of_target": "{}% of the target",
    },
}

#: Signs that mean something to Mermaid, as the entities that it shows in their place.
_ENTITIES = str.maketrans(
    {'"': "#quot;", "#": "#35;", ";": "#59;", ":": "#58;", "<": "#lt;", ">": "#gt;", "\n": " "}
)


def diagram(workflow: Workflow, language: str, here: str | None = None) -> str:
    """Mermaid text of the ladder; the state called ``here`` is marked as the current place.

    Raises ``ValueError`` for a state that the ladder does not have.
    """
    states = [NOT_STARTED, *(rung.state for rung in workflow.levels)]
    if here is not None and here not in states:
        raise ValueError(f"{here!r} is no state of the ladder of {workflow.key!r}")
    return "\n".join([*_lines(workflow, language, here), ""])


def _lines(workflow: Workflow, language: str, here: str | None) -> Iterator[str]:
    words = _WORDS["en" if language == "en" else "th"]
    yield "stateDiagram-v2"
    yield f'    state "{words["not_started"]}" as {NOT_STARTED}'
    for rung in workflow.levels:
        label = f"{words['level'].format(rung.level)} · {rung.title.in_language(language)}"
        yield f'    state "{_safe(label)}" as {rung.state}'
    yield f"    [*] --> {NOT_STARTED}"
    below = NOT_STARTED
    for rung in workflow.levels:
        yield f"    {below} --> {rung.state} : {_safe(described(rung.rule, workflow, language))}"
        below = rung.state
    if here is not None:
        yield "    classDef here fill:#00703c,color:#ffffff,stroke-width:3px"
        yield f"    class {here} here"


def described(rule: Rule, workflow: Workflow, language: str) -> str:
    """What the rule asks for, in a few words."""
    words = _WORDS["en" if language == "en" else "th"]
    match rule:
        case Reached(key):
            return _title(workflow, key, language)
        case Count(key, at_least):
            return words["times"].format(_title(workflow, key, language), at_least)
        case Bound():
            sign = "≤" if rule.falling else "≥"
            return f"{_title(workflow, rule.milestone, language)} {sign} {_limit(rule, workflow, words)}"
        case AllOf(rules):
            return words["all"].join(_part(part, workflow, language) for part in rules)
        case AnyOf(rules):
            return words["any"].join(_part(part, workflow, language) for part in rules)
        case AtLeast(n, rules):
            return words["some"].format(n, ", ".join(described(part, workflow, language) for part in rules))


def _part(rule: Rule, workflow: Workflow, language: str) -> str:
    """A rule inside another, in brackets where it has parts itself."""
    said = described(rule, workflow, language)
    return f"({said})" if isinstance(rule, AllOf | AnyOf) else said


def _limit(rule: Bound, workflow: Workflow, words: dict[str, str]) -> str:
    milestone = workflow.milestone(rule.milestone)
    measure = milestone.measure if milestone else None
    number = _plain(rule.limit)
    if measure is not None and measure.of_target:
        return words["of_target"].format(number)
    return f"{number}%" if measure is not None and measure.kind is MeasureKind.PERCENT else number


def _plain(number: Decimal) -> str:
    return f"{number:f}"


def _title(workflow: Workflow, key: str, language: str) -> str:
    milestone = workflow.milestone(key)
    return milestone.title.in_language(language) if milestone else key


def _safe(label: str) -> str:
    return label.translate(_ENTITIES)

"""Why something is proposed, and how sure it is: every reason is data, and weighs as this table says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that was seen: its kind, whose sentence stands in ``locale/``, and its particulars."""

    kind: str
    params: Mapping[str, Any] = field(default_factory=dict)


class Confidence(StrEnum):
    """How sure a proposal is; it decides nothing, a person does."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


_ORDER = (Confidence.HIGH, Confidence.MEDIUM, Confidence.LOW)

#: Another value is stated beside this one: a person has to choose.
CONTRADICTS = "prose.contradicts"
#: How sure a proposal can be at most with this reason; what is not named here takes nothing away.
AT_MOST: Mapping[str, Confidence] = {
    "prose.undated": Confidence.MEDIUM,
    "prose.range": Confidence.MEDIUM,
    "prose.range_end": Confidence.MEDIUM,
    "prose.months": Confidence.MEDIUM,
    "prose.year_assumed": Confidence.MEDIUM,
    "prose.day_or_month": Confidence.MEDIUM,
    "prose.date_shared": Confidence.MEDIUM,
    "prose.other_quarter": Confidence.MEDIUM,
    "prose.planned": Confidence.MEDIUM,
    "prose.another_verb": Confidence.LOW,
    "prose.not_at_head": Confidence.LOW,
    "prose.also_fits": Confidence.LOW,
    "prose.era": Confidence.LOW,
    "prose.weekday": Confidence.LOW,
    "prose.no_such_day": Confidence.LOW,
    "prose.no_phrase": Confidence.LOW,
    CONTRADICTS: Confidence.LOW,
}


def confidence(reasons: Iterable[Reason]) -> Confidence:
    """As sure as the least sure of the reasons."""
    return max((AT_MOST.get(one.kind, Confidence.HIGH) for one in reasons), key=_ORDER.index)

"""What an indicator was agreed on, changed on purpose: title, target, weight, texts, place in the plan."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from engine.actions._work import Outcome, begin
from engine.errors import Unmet, unless
from engine.events import Happened
from engine.guards import permitted, year_open
from engine.indicator import Indicator, Life
from engine.machine import unmet_conditions
from engine.permissions import Action, Person, Role
from engine.ports import Transaction
from engine.quarter import Quarter
from engine.workflow import Text

#: What may be given; agencies and plan nodes by their ids.
AGREED = (
    "title_th",
    "title_en",
    "unit",
    "target",
    "weight",
    "owner_id",
    "kind",
    "result_kind",
    "definition",
    "method",
    "evidence_asked",
    "plan_node_id",
)
#: What levels and scores were computed with: a seal has frozen them.
_WEIGHED = frozenset({"target", "weight"})


def change_indicator(
    tx: Transaction,
    code: str,
    fiscal_year: int,
    given: Mapping[str, Any],
    *,
    by: Person,
    now: datetime,
    expected_version: int | None = None,
) -> Outcome:
    """Change what is ``given`` of :data:`AGREED`; levels follow a new target at once.

    The event keeps what is given and, as far as it is short, what was there ``before``.

    Target and weight stand once a quarter of the year is sealed: what was computed with them is frozen.
    """
    work = begin(tx, code, fiscal_year, Action.MANAGE_INDICATORS, by, now, expected_version)
    unless([*unmet_conditions((permitted, year_open), work.attempt()), *_faults(work.indicator, given)])
    before = {name: _plain(one) for name, one in _agreed(work.indicator).items() if name in given}
    _agree(work.indicator, given)
    tx.agree(work.indicator, given)
    data = {**{name: _plain(one) for name, one in sorted(given.items())}, "before": before}
    affected_from = work.indicator.fiscal_year.first_day if "target" in given else None
    return work.finish(Happened.INDICATOR_CHANGED, data, affected_from)


def _faults(indicator: Indicator, given: Mapping[str, Any]) -> list[Unmet]:
    faults = []
    if indicator.life in (Life.CANCELLED, Life.CLOSED):
        params = {"code": indicator.code, "life": indicator.life}
        faults.append(Unmet("indicator.not_running", params, (Role.ADMINISTRATOR, Role.EVALUATOR)))
    if indicator.sealed_through and _WEIGHED & given.keys():
        sealed = Quarter(indicator.fiscal_year.year, indicator.sealed_through)
        faults.append(Unmet("quarter.sealed", {"quarter": sealed}))
    title, weight, target = (given.get(name, "-") for name in ("title_th", "weight", "target"))
    if not title.strip():
        faults.append(Unmet("indicator.title_missing", {"code": indicator.code}))
    numbers = [one for one in (weight, target) if isinstance(one, Decimal)]
    faults += [Unmet("value.not_a_number", {"value": one}) for one in numbers if not one.is_finite()]
    if isinstance(weight, Decimal) and weight.is_finite() and weight <= 0:
        faults.append(Unmet("weight.not_positive", {"key": indicator.code, "weight": weight}))
    return faults


def _agreed(indicator: Indicator) -> dict[str, Any]:
    """What it is agreed on, as far as the engine knows it: texts are read by pages alone."""
    return {
        "title_th": indicator.title.th,
        "title_en": indicator.title.en,
        "unit": indicator.unit,
        "target": indicator.target,
        "weight": indicator.weight,
        "owner_id": indicator.workflow_owner,
    }


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def _agree(indicator: Indicator, given: Mapping[str, Any]) -> None:
    """The indicator as it is now agreed on, as far as the engine looks at it."""
    title = indicator.title
    indicator.title = Text(given.get("title_th", title.th), given.get("title_en", title.en))
    indicator.unit = given.get("unit", indicator.unit)
    indicator.target = given.get("target", indicator.target)
    indicator.weight = given.get("weight", indicator.weight)
    indicator.workflow_owner = given.get("owner_id", indicator.workflow_owner)

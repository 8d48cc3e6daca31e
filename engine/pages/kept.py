"""What is kept of a page besides its indicator: what each quarter tells, and the long texts."""

from decimal import Decimal
from typing import NamedTuple

from engine.pages.values import PlanLine


class TakenReport(NamedTuple):
    """What is kept of a quarter; ``quality`` and ``timeliness`` are ``None`` where it was not evaluated."""

    quarter: int
    narrative: str
    self_reported: Decimal | None
    quality: int | None
    timeliness: int | None


class Texts(NamedTuple):
    """The long texts of the page, and its place in the plan from the top down."""

    kind: str | None
    result_kind: str | None
    definition: str | None
    method: str | None
    evidence_asked: str | None
    plan: tuple[PlanLine, ...]

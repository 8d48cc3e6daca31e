"""An indicator of one agency in one fiscal year, with every fact that its level is computed from.

What never changes is a named tuple: every action makes dozens of them, and they cost a fifth of a frozen
dataclass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from engine.quarter import FiscalYear
from engine.workflow import NOT_STARTED, Text, Workflow


class Life(StrEnum):
    """The life around the ladder."""

    DRAFT = "draft"
    ACTIVE = "active"
    CANCELLATION_REQUESTED = "cancellation_requested"
    CANCELLED = "cancelled"
    CLOSED = "closed"


class MilestoneState(StrEnum):
    OPEN = "open"
    IN_PROGRESS = "in_progress"
    ACHIEVED = "achieved"
    VERIFIED = "verified"
    RETURNED = "returned"
    BLOCKED = "blocked"
    POSTPONED = "postponed"
    WAIVED = "waived"


class ReportState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    ENDORSED = "endorsed"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    SEALED = "sealed"


class Occurrence(NamedTuple):
    """A fact recorded at a milestone, numbered within its indicator from 1.

    ``counts_on`` is the day from which it counts: the day it occurred, the end of its quarter for an
    undated one once approved, ``None`` for an undated one still waiting. A ``planned`` one has not
    happened: its day is a promise and only the projected level uses it. ``value`` is the measured
    number, in the indicator's unit. Facts are voided, never deleted.
    """

    number: int
    milestone: str
    kind: str
    counts: bool
    occurred_on: date | None
    quarter: int
    counts_on: date | None
    recorded_at: datetime
    recorded_by: int
    planned: bool = False
    value: Decimal | None = None
    document_number: str | None = None
    note: str = ""
    approved_at: datetime | None = None
    approved_by: int | None = None
    fulfils: int | None = None
    voided_at: datetime | None = None
    voided_by: int | None = None
    void_reason: str = ""

    @property
    def known_since(self) -> datetime:
        """When it was recorded, an undated one when it was approved."""
        return self.approved_at or self.recorded_at

    @property
    def waits_for_approval(self) -> bool:
        return self.counts_on is None and self.voided_at is None


class Ruling(StrEnum):
    """What was decided on a milestone; the latest one stands."""

    ACHIEVED = "achieved"  # declared done again, after a return or a reopening
    VERIFIED = "verified"
    RETURNED = "returned"
    REOPENED = "reopened"


class Decision(NamedTuple):
    """A dated decision on one milestone. A return names the day by which it is to be mended."""

    number: int
    milestone: str
    ruling: Ruling
    decided_at: datetime
    decided_by: int
    reason: str = ""
    fix_by: date | None = None


class Waiver(NamedTuple):
    """A milestone that need not be done, from the day it was granted through ``expires_on``."""

    number: int
    milestone: str
    granted_on: date
    expires_on: date
    granted_at: datetime
    granted_by: int
    reason: str
    withdrawn_at: datetime | None = None


class Evidence(NamedTuple):
    """A file (by its SHA-256) or a link that proves a fact of a milestone.

    It proves something through ``expires_on`` (``None``: for ever). ``replaces`` is the number of the
    evidence of which it is a newer version.
    """

    number: int
    milestone: str
    request: str
    occurrence: int | None
    attached_at: datetime
    attached_by: int
    sha256: str | None = None
    link: str | None = None
    file_name: str = ""
    withdrawn_at: datetime | None = None
    expires_on: date | None = None
    replaces: int | None = None


@dataclass(slots=True)
class Milestone:
    """One step of an indicator. Mutable because the state machine writes ``state`` on it."""

    key: str
    state: str = MilestoneState.OPEN.value
    due_on: date | None = None
    since: datetime | None = None
    blocked_by: str = ""
    postponed_to: date | None = None
    reason: str = ""

    def forget_why(self) -> None:
        """Drop why it was blocked, postponed or waived, when it is so no longer."""
        self.blocked_by, self.postponed_to, self.reason = "", None, ""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The evaluator's 2.1 (quality) and 2.2 (timeliness); ``None`` where not evaluated."""

    quality: int | None
    timeliness: int | None
    remark: str
    evaluated_at: datetime
    evaluated_by: int


@dataclass(slots=True)
class QuarterReport:
    """What the agency says of one quarter; ``answer`` is what it said to the last return, point by point.

    Mutable because the state machine writes ``state`` on it.
    """

    quarter: int
    state: str = ReportState.DRAFT.value
    narrative: str = ""
    self_reported: Decimal | None = None
    written_at: datetime | None = None
    written_by: int | None = None
    submitted_at: datetime | None = None
    submitted_by: int | None = None
    endorsed_at: datetime | None = None
    endorsed_by: int | None = None
    return_reason: str = ""
    fix_by: date | None = None
    answer: str = ""
    evaluation: Evaluation | None = None

    @property
    def came_judged(self) -> bool:
        """Whether an imported page tells its scores: they are no verdict of whoever imported it.

        Of what is judged here it is known when it was handed in; of such a report nobody knows.
        """
        return self.evaluation is not None and self.submitted_at is None


class Facts(NamedTuple):
    """All that :func:`engine.levels.level_of` looks at."""

    occurrences: Sequence[Occurrence] = ()
    decisions: Sequence[Decision] = ()
    waivers: Sequence[Waiver] = ()
    target: Decimal | None = None


class Standing(NamedTuple):
    """A level with the fraction of the way to the next one, 0 to below 1, in ten-thousandths."""

    level: int = 0
    fraction: float = 0.0


class Stored(NamedTuple):
    """What is kept on the indicator's row so that pages need not compute it.

    ``as_of`` is the day the levels were computed for; ``changes_on`` the next day on which they change
    by themselves (a waiver runs out), or ``None``. The trails hold the level at the end of each quarter
    of the year so far, the running one as of ``as_of``; ``None`` for quarters yet to come.
    """

    claimed: Standing = Standing()
    verified: Standing = Standing()
    as_of: date | None = None
    changes_on: date | None = None
    next_due_on: date | None = None
    claimed_trail: tuple[int | None, ...] = (None, None, None, None)
    verified_trail: tuple[int | None, ...] = (None, None, None, None)


#: What is kept before anything was computed.
UNSETTLED = Stored()


@dataclass(slots=True)
class Indicator:
    """One agency's indicator in one fiscal year, as loaded inside one transaction.

    ``version`` counts its changes; ``journal_seq`` and ``journal_head`` are the end of its history.
    ``sealed_through`` is the last sealed quarter of its year, 0 for none.
    """

    id: int
    code: str
    fiscal_year: FiscalYear
    agency: int
    workflow: Workflow
    title: Text
    unit: str = ""
    target: Decimal | None = None
    weight: Decimal = Decimal(1)
    life: str = Life.DRAFT.value
    ladder: str = NOT_STARTED
    workflow_owner: int | None = None
    version: int = 0
    journal_seq: int = 0
    journal_head: str = ""
    sealed_through: int = 0
    stored: Stored = UNSETTLED
    milestones: dict[str, Milestone] = field(default_factory=dict)
    occurrences: list[Occurrence] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    reports: dict[int, QuarterReport] = field(default_factory=dict)

    @property
    def facts(self) -> Facts:
        return Facts(self.occurrences, self.decisions, self.waivers, self.target)

    def occurrence(self, number: int) -> Occurrence | None:
        """The occurrence of that number, or ``None``."""
        return next((one for one in self.occurrences if one.number == number), None)

    @property
    def kept_plans(self) -> frozenset[int]:
        """The numbers of the plans of which a fact that stands says that they took place."""
        return frozenset(one.fulfils for one in self.occurrences if one.fulfils and one.voided_at is None)

    def open_plans(self, milestone: str) -> list[Occurrence]:
        """What is planned at the milestone and has not been kept."""
        kept = self.kept_plans
        return [
            one
            for one in self.occurrences
            if one.milestone == milestone and one.planned and one.voided_at is None and one.number not in kept
        ]

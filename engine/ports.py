"""What the engine is handed: the policy of the house, and one transaction on the store."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from engine.appeal import Appeal
from engine.errors import Refusal
from engine.events import Event
from engine.indicator import (
    Decision,
    Evidence,
    Indicator,
    Milestone,
    Occurrence,
    QuarterReport,
    Waiver,
)
from engine.pages.kept import Texts
from engine.pages.values import ImportedPage
from engine.petition import Petition
from engine.proposed import Proposed
from engine.quarter import DeadlinePolicy, Quarter, WorkCalendar, local_day
from engine.scores import ScoreScale
from engine.sealing import Counts
from engine.verdict import ReviewPolicy, Verdict
from engine.workflow import Workflow


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings that decisions rest on, built at the door from ``config.toml``.

    ``fix_days`` are the working days a return leaves for mending.
    """

    zone: ZoneInfo
    calendar: WorkCalendar
    deadlines: DeadlinePolicy
    scale: ScoreScale
    fix_days: int = 5
    review: ReviewPolicy = field(default_factory=ReviewPolicy)

    def day_of(self, instant: datetime) -> date:
        """The local day of an instant."""
        return local_day(instant, self.zone)

    def appeal_until(self, verdict: Verdict) -> date:
        """The last day on which the verdict may be disputed."""
        return self.calendar.add_working_days(self.day_of(verdict.given_at), self.review.appeal_days)


@dataclass(slots=True)
class Change:
    """Everything that one action writes: it is kept together with its event, or not at all.

    ``indicator`` is as it is after the action; its ``version``, ``journal_seq`` and ``journal_head`` are
    still those that were loaded. Rows in the lists are written by their numbers: new or replaced.
    """

    indicator: Indicator
    event: Event
    milestones: list[Milestone] = field(default_factory=list)
    occurrences: list[Occurrence] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    waivers: list[Waiver] = field(default_factory=list)
    evidence: list[Evidence] = field(default_factory=list)
    reports: list[QuarterReport] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SealLine:
    """One indicator in a seal: its levels as of the quarter's end, its rule version, its journal's end."""

    indicator: int
    code: str
    claimed: int
    claimed_fraction: float
    verified: int
    verified_fraction: float
    workflow: str
    workflow_version: int
    workflow_hash: str
    journal_seq: int
    journal_head: str


@dataclass(frozen=True, slots=True)
class LastChange:
    """The end of an indicator's history: what happened, by whom, when, and the version it led to."""

    what: str
    by: str
    at: datetime
    version: int


class Transaction(Protocol):
    """One transaction: what is saved through it is committed together when it ends, or not at all."""

    policy: Policy

    def indicator(self, code: str, fiscal_year: int) -> Indicator:
        """The indicator with all its facts.

        Raises :class:`~engine.errors.Refusal` ``indicator.unknown`` with the nearest codes.
        """

    def indicators(self, fiscal_year: int | None = None, agency: int | None = None) -> Iterable[Indicator]:
        """Every indicator of the year and the agency (``None``: of all) by id, loaded in portions."""

    def extension(self, agency: int, quarter: Quarter) -> date | None:
        """The day until which the agency was given longer for the quarter, if it was."""

    def save(self, change: Change) -> None:
        """Write the change and its event and move the indicator to its next version.

        Raises :class:`~engine.errors.Refusal` ``indicator.changed_meanwhile`` when another transaction
        was first.
        """

    def changed_meanwhile(self, indicator: Indicator) -> Refusal:
        """The refusal that tells the loser of a race who changed what, and when."""

    def create(self, indicator: Indicator, event: Event) -> None:
        """Write a new indicator with its milestones and its first event; sets ``indicator.id``."""

    def agree(self, indicator: Indicator, given: Mapping[str, Any]) -> None:
        """Write what the indicator is agreed on; the caller saves its event in the same transaction."""

    def migrate(self, indicator: Indicator, dropped: Collection[str]) -> None:
        """Write on which version of its definition it runs, and forget the milestones that this one lacks.

        The caller saves its event in the same transaction.
        """

    def petitions(self, indicator: Indicator) -> list[Petition]:
        """Every petition about the indicator, by number; read only where somebody asks for them."""

    def keep_petition(self, indicator: Indicator, petition: Petition) -> None:
        """Write a new petition, or what became of one; the caller saves its event in the same transaction."""

    def verdicts(self, indicator: Indicator) -> list[Verdict]:
        """Every verdict on the indicator's reports, by number; read only where somebody asks for them."""

    def keep_verdict(self, indicator: Indicator, verdict: Verdict) -> None:
        """Write a new verdict; the caller saves its event in the same transaction."""

    def appeals(self, indicator: Indicator) -> list[Appeal]:
        """Every appeal about the indicator's reports, by number."""

    def keep_appeal(self, indicator: Indicator, appeal: Appeal) -> None:
        """Write a new appeal, or what became of one; the caller saves its event likewise."""

    def newest(self, workflow: Workflow) -> Workflow:
        """The newest version of the workflow that is kept: its phrases read texts of every version."""

    def texts(self, indicator: Indicator) -> Texts:
        """The long texts of the indicator; read only where somebody asks for them."""

    def imported_pages(self, indicator: Indicator) -> list[ImportedPage]:
        """The pages that the indicator was imported from, the newest last."""

    def keep_page(self, indicator: Indicator, page: ImportedPage, texts: Texts) -> None:
        """Write a page with the texts that it tells; the caller saves its event likewise."""

    def proposals(self, indicator: Indicator) -> list[Proposed]:
        """Every fact that the indicator's texts proposed, by number."""

    def keep_proposals(self, indicator: Indicator, proposals: Iterable[Proposed]) -> None:
        """Write proposals, new or decided on; the caller saves the event likewise."""

    def extend(self, agency: int, quarter: Quarter, until: date, reason: str, event: Event) -> None:
        """Keep an extension of the agency's deadline with its event in the city's own journal."""

    def sealed_through(self, fiscal_year: int) -> int:
        """The last sealed quarter of the year, 0 for none."""

    def last_sealed_at(self, fiscal_year: int) -> datetime | None:
        """When a quarter of the year was sealed last."""

    def still_open(self, quarter: Quarter) -> Counts:
        """How much of the quarter is not settled, by what it is; only what there is any of."""

    def seal(self, quarter: Quarter, lines: Iterable[SealLine], event: Event) -> str:
        """Freeze the quarter: keep every line, seal its reports; return the hash over all of it."""

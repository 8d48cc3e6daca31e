"""What programs are given of one indicator: itself, its level, its reports."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field

from engine.permissions import Role
from web.api.shapes import Agency, Listed, Name, Number, Ordinal, Out, PersonId, QuarterNumber, Words, Year

# --- an indicator and what belongs to it ---------------------------------------------------------------


class Fact(Out):
    """An occurrence: something that was done, or is planned, at a milestone."""

    number: int
    milestone: str
    kind: Name
    counts: bool
    occurred_on: date | None
    quarter: QuarterNumber
    counts_on: date | None = Field(description="From when on it counts; `null` while it waits for approval.")
    planned: bool
    value: Number | None
    document_number: str | None
    note: str
    fulfils: int | None = Field(description="Number of the plan that it keeps.")
    recorded_at: datetime
    recorded_by: PersonId
    approved_at: datetime | None
    approved_by: int | None
    voided_at: datetime | None
    voided_by: int | None
    void_reason: Name


class Decision(Out):
    """What was decided on a milestone; the latest stands."""

    number: int
    milestone: str
    ruling: str
    decided_at: datetime
    decided_by: PersonId
    reason: str
    fix_by: date | None


class Waiver(Out):
    number: int
    milestone: str
    granted_on: date
    expires_on: date
    granted_at: datetime
    granted_by: PersonId
    reason: str
    withdrawn_at: datetime | None


class Evidence(Out):
    """A file or a link that proves something; a file is fetched at `…/evidence/{number}`."""

    number: int
    milestone: str
    request: Name
    occurrence: int | None
    sha256: str | None
    link: str | None
    file_name: Name
    attached_at: datetime
    attached_by: PersonId
    expires_on: date | None
    replaces: int | None
    withdrawn_at: datetime | None
    state: str = Field(
        description="`holds`, `replaced`, `expired`, `unfounded` (its fact was voided) or `withdrawn`."
    )


class Milestone(Out):
    """One step of an indicator. `acts` is what whoever asks may do to it now."""

    key: str
    title: Words
    state: str
    needs: int
    due_on: date | None
    postponed_to: date | None
    blocked_by: Name
    reason: Name
    since: datetime | None
    acts: list[str]


class MilestoneDetail(Milestone):
    """A milestone with its facts, documents and decisions."""

    facts: list[Fact]
    evidence: list[Evidence]
    decisions: list[Decision]
    waivers: list[Waiver]


class Evaluation(Out):
    quality: int | None = Field(description="2.1")
    timeliness: int | None = Field(description="2.2")
    remark: str
    evaluated_at: datetime = Field(
        description="When it came here, where a page of the existing site tells it."
    )
    evaluated_by: int | None = Field(description="Null where a page of the existing site tells it.")


class Report(Out):
    """The report of a quarter. `evaluation` is hidden from whoever is to read it again."""

    quarter: QuarterNumber
    state: str
    narrative: str
    self_reported: Number | None
    written_at: datetime | None
    written_by: int | None
    submitted_at: datetime | None
    submitted_by: int | None
    endorsed_at: datetime | None
    endorsed_by: int | None
    return_reason: Name
    fix_by: date | None
    answer: Name
    evaluation: Evaluation | None


class Petition(Out):
    number: int
    kind: str
    milestone: Name
    quarter: Ordinal
    until: date = Field(description="Of a correction the day of the fact.")
    reason: str
    state: str
    asked_at: datetime
    asked_by: PersonId
    decided_at: datetime | None
    decided_by: int | None
    answer: Name
    occurrence: int | None = Field(description="The fact that a correction is to take back.")
    fact_kind: str | None
    value: Number | None
    document_number: str | None


class Verdict(Out):
    """What an evaluator found about a report."""

    number: int
    quarter: QuarterNumber
    kind: str
    given_at: datetime
    given_by: PersonId
    quality: int | None
    timeliness: int | None
    met: list[str] | None = Field(description="Keys of the checklist that were found met.")
    proposed_quality: int | None
    proposed_timeliness: int | None
    quality_reason: Name
    timeliness_reason: Name
    remark: str


class Appeal(Out):
    number: int
    quarter: QuarterNumber
    verdict: int
    reason: str
    state: str
    made_at: datetime
    made_by: PersonId
    decided_at: datetime | None
    decided_by: int | None
    answer: Name


class AppealDetail(Appeal):
    """An appeal with the verdict that it disputes."""

    disputed: Verdict


class SealedLevel(Out):
    quarter: QuarterNumber
    hash: str
    sealed_at: datetime
    claimed: int
    verified: int


class Told(Out):
    """Somebody was told something, or is to be told it."""

    name: str
    what: str = Field(description="Topic of the reminder, or kind of the event.")
    at: datetime | None
    state: str | None = Field(description="What became of the message; `null` before there is one.")


class Responsible(Out):
    role: Role
    name: str
    email: str


class PlanStep(Out):
    code: str
    title: str


class WorkflowName(Out):
    key: str
    version: int
    title: Words
    top_level: int


class Standing(Out):
    level: int
    fraction: float


class Details(Out):
    kind: str | None
    result_kind: str | None
    definition: str | None
    method: str | None
    evidence_asked: str | None
    source_note: str | None


class Quarter(Out):
    """A quarter of the year: by when its work is due, whether it is sealed."""

    quarter: QuarterNumber
    first_day: date
    last_day: date
    due_on: date
    sealed: bool


class IndicatorRow(Out):
    """An indicator as lists have it."""

    code: str
    fiscal_year: Year
    agency: Agency
    title: Words
    unit: str
    workflow: str
    target: Number | None
    life: str
    claimed: Standing
    verified: Annotated[int, Field(description="The verified level.")]
    next_due_on: date | None
    version: int


class Indicators(Listed):
    items: list[IndicatorRow]


class Indicator(Out):
    """All of an indicator but its proof (`/level`), its history (`/history`) and the files themselves."""

    code: str
    fiscal_year: Year
    version: int
    agency: Agency
    title: Words
    unit: str
    target: Number | None
    weight: Number
    life: str
    workflow: WorkflowName
    owner: Words | None
    details: Details
    plan: list[PlanStep]
    responsible: list[Responsible]
    claimed: Standing
    verified: Standing
    projected: Standing
    self_reported: Number | None
    quarters: list[Quarter]
    sealed: list[SealedLevel]
    milestones: list[Milestone]
    facts: list[Fact]
    decisions: list[Decision]
    waivers: list[Waiver]
    evidence: list[Evidence]
    reports: list[Report]
    petitions: list[Petition]
    appeals: list[Appeal]
    told: list[Told]
    people: dict[str, str] = Field(description="Names of those who did something, by id.")


# --- where it stands: the contract of `radap level --json` ---------------------------------------------


class QuarterStanding(Out):
    quarter: QuarterNumber
    claimed: int | None
    verified: int | None
    self_reported: Number | None


class Missing(Out):
    rule: str
    text: str
    who: list[str]
    due_on: date | None


class NextLevel(Out):
    level: int
    missing: list[Missing]


class Proof(Out):
    """A rule with what was found for it; one that has parts has no facts of its own."""

    rule: str
    met: bool
    progress: float
    parts: list["Proof"] | None = None
    have: Number | None = None
    need: Number | None = None
    waived: bool | None = None
    facts: list[int] | None = Field(default=None, description="Numbers of the facts that count.")


class Rung(Proof):
    level: int
    state: str
    title: Words
    verified: bool


class Proofs(Out):
    levels: list[Rung]


class Level(Out):
    """Where an indicator stands on a day, as known at an instant, and why."""

    code: str
    fiscal_year: Year
    workflow: str
    target: Number | None
    on: date
    known_at: datetime | None
    claimed: Standing
    verified: Standing
    projected: Standing
    self_reported: Number | None
    quarters: list[QuarterStanding]
    next: NextLevel | None
    proof: Proofs


class Happening(Out):
    """An event of the journal; `data` are its particulars, `hash` is chained to the one before."""

    seq: int
    at: datetime
    what: str
    by: PersonId
    name: str
    data: dict[str, Any]
    hash: str


class History(Listed):
    items: list[Happening]


# --- a quarter report ----------------------------------------------------------------------------------


class Warning(Out):  # noqa: A001 - what it is
    """Where a report does not fit the facts."""

    kind: str
    sentence: str


class ReportDetail(Out):
    """A quarter's report with what is said of it. `acts` is what whoever asks may do to it now."""

    report: Report
    is_begun: bool
    level: int | None = Field(description="The claimed level on the quarter's last day, today while it runs.")
    due_on: date
    warnings: list[Warning]
    points: list[str] = Field(description="The points of the last return, each of which has to be answered.")
    appeals: list[Appeal]
    draft: "Draft | None"
    acts: list[str]


class Draft(Out):
    """What somebody typed and has not said yet; for themselves alone."""

    narrative: str
    self_reported: str
    saved_at: datetime


class Receipt(Out):
    """That a report was handed in, and whether in time."""

    number: str
    submitted_at: datetime
    submitted_by: PersonId
    due_on: date
    in_time: str


class CheckItem(Out):
    key: str
    title: Words
    points: int


class Assessment(Out):
    """All that a report is judged by; of a second reading nothing that the first evaluator found."""

    report: Report
    due_on: date
    in_time: str
    proposed_timeliness: int | None
    checklist: list[CheckItem]
    quality_scale: list[int]
    timeliness_scale: list[int]
    warnings: list[Warning]
    facts: list[Fact]
    evidence: list[Evidence]
    verdicts: list[Verdict]


# --- what reports propose --------------------------------------------------------------------------------


class Proposal(Out):
    """A fact that was read in a quarter's narrative, at the characters from `begins` up to `ends`."""

    number: int
    quarter: QuarterNumber
    begins: int
    ends: int
    text: str
    standing: str
    milestone: str | None
    kind: str | None
    counts: bool
    occurred_on: date | None
    first_on: date | None
    last_on: date | None
    document_number: str | None
    note: str
    value: Number | None
    confidence: str
    is_certain: bool
    is_contradicted: bool = Field(description="Whether its report states another value as well.")
    needs_day: bool = Field(
        description="Whether only `first_on` and `last_on` are known, and accepting takes `occurred_on`."
    )
    why: list[str]
    made_at: datetime
    made_by: PersonId
    state: str
    decided_at: datetime | None
    decided_by: int | None
    reason: Name
    occurrence: int | None = Field(description="Number of the fact that it became.")


class ImportedPage(Out):
    """A page of the existing site as it was imported."""

    number: int
    name: str
    form: str
    sha256: str
    imported_at: datetime
    imported_by: int


class Proposals(Out):
    items: list[Proposal]
    pages: list[ImportedPage]


class RefusedProposal(Out):
    number: int
    sentences: list[str]


class AcceptedProposals(Out):
    """Which became facts, and what was in the way of the others."""

    accepted: list[int]
    refused: list[RefusedProposal]

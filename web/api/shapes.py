"""What programs are given: the shapes of answers. They are made from values of ours by their attributes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.numbers import json_number
from engine.permissions import Role
from engine.quarter import FiscalYear


class Out(BaseModel):
    """A shape of an answer."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _number(value: Any) -> Any:
    return json_number(value) if isinstance(value, Decimal) else value


def _be(value: Any) -> Any:
    return value.be if isinstance(value, FiscalYear) else value


def _or_none(value: Any) -> Any:
    return None if value in ("", 0) else value


#: An exact number as a number of JSON.
Number = Annotated[int | float, BeforeValidator(_number)]
#: A fiscal year by its name: of the Buddhist Era, as `radap … --json` has it and people say it.
Year = Annotated[
    int, BeforeValidator(_be), Field(description="Fiscal year of the Buddhist Era, such as 2564.")
]
QuarterNumber = Annotated[int, Field(ge=1, le=4)]
#: Where ours have an empty text, or 0 for no number, programs are told `null`.
Name = Annotated[str | None, BeforeValidator(_or_none)]
Ordinal = Annotated[int | None, BeforeValidator(_or_none)]
PersonId = Annotated[int, Field(description="Id of a person; `people` has their names.")]


class Words(Out):
    """The same in Thai and in English."""

    th: str
    en: str


class Moved(Out):
    """A level before and after."""

    before: int
    after: int


class Done(Out):
    """What an action did. `event` is `null` where everything already was as asked."""

    code: str
    fiscal_year: Year
    event: str | None = Field(description="Kind of the journal event that tells of it.")
    number: int | None = Field(
        description="Number of the fact, decision, evidence, petition or appeal that it made."
    )
    version: int = Field(description="The version of the indicator from now on; its ETag.")
    claimed: Moved
    verified: Moved


class Listed(Out):
    """A page of a list."""

    next: str | None = Field(default=None, description="Cursor of what follows; `null` at the end.")


class Agency(Out):
    id: int
    code: str | None
    th: str
    en: str


# --- an indicator and what belongs to it -----------------------------------------------------------------


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
    evaluated_at: datetime
    evaluated_by: PersonId


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
    until: date
    reason: str
    state: str
    asked_at: datetime
    asked_by: PersonId
    decided_at: datetime | None
    decided_by: int | None
    answer: Name


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


# --- where it stands: the contract of `radap level --json` -----------------------------------------------


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


# --- a quarter report ------------------------------------------------------------------------------------


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


# --- whoever asks ----------------------------------------------------------------------------------------


class Grant(Out):
    """A role, and the agency at which it is held."""

    role: Role
    agency: int | None


class Me(Out):
    id: int
    name: str
    email: str
    language: str
    roles: list[Grant]
    scopes: list[str]


class Task(Out):
    """One thing to do, or to wait for; `key` is that of a milestone, or the number of a quarter."""

    group: str
    verb: str
    topic: str
    fiscal_year: Year
    code: str
    title: Words
    key: str
    number: Ordinal
    due_on: date | None
    days: int | None = Field(description="Working days left, negative when overdue.")
    note: Name


class Work(Out):
    agency: int | None
    agencies: list[Agency]
    items: list[Task]


def agency(one: Any) -> Agency:
    """An agency of :mod:`storage.registry`."""
    return Agency(id=one.id, code=one.code, th=one.name.th, en=one.name.en)


# --- the matrix ------------------------------------------------------------------------------------------


class Difference(Out):
    """How much further the levels are than in the reading beside."""

    claimed: int
    verified: int
    was: int


class Cell(Out):
    """One indicator in the matrix; the shape of `radap matrix --json`, and more."""

    code: str
    agency: Agency
    title: Words
    unit: str
    workflow: str
    target: Number | None
    life: str
    claimed: "CellLevel"
    verified: "CellLevel"
    trail: list[int | None] = Field(description="The claimed level at the end of each quarter that was kept.")
    self_reported: Number | None
    next_due_on: date | None
    blocked: bool
    returned: bool
    difference: Difference | None


class CellLevel(Out):
    level: int
    fraction: float | None = None


class Matrix(Listed):
    """The cells of so many agencies, by agency and code."""

    fiscal_year: Year
    quarter: int | None
    items: list[Cell]


class MilestoneOfMatrix(Out):
    key: str
    state: str
    due_on: date | None
    postponed_to: date | None
    blocked_by: Name


class MilestonesRow(Out):
    """An indicator with its milestones."""

    code: str
    agency: Agency
    title: Words
    milestones: list[MilestoneOfMatrix]


class Milestones(Listed):
    fiscal_year: Year
    workflow: str
    items: list[MilestonesRow]


# --- the city --------------------------------------------------------------------------------------------


class RollUp(Out):
    """Many levels made one. `value` is `null` where nothing is counted; parts are those right below."""

    node: str
    code: str
    title: Words | None
    value: float | None
    counted: int
    missing: int


class Leaf(Out):
    code: str
    title: Words
    agency: Words
    level: int | None
    target: Number | None
    weight: Number
    at_target: bool | None
    life: str


class RolledUp(RollUp):
    fiscal_year: Year
    quarter: int | None
    basis: str
    method: str
    path: list[str] = Field(description="Nodes from the city down to this one.")
    parts: list[RollUp]
    indicators: list[Leaf]


class LevelsOfQuarter(Out):
    quarter: QuarterNumber
    levels: dict[str, int] | None = Field(
        description="How many indicators at each level; `null` before it has begun."
    )


class ReportsOfQuarter(Out):
    quarter: QuarterNumber
    on_time: int
    late: int
    missing: int
    not_due: int


class Waits(Out):
    """So many milestones of one kind that have waited about as long."""

    wait: str
    workflow: str
    milestone: str
    step: int
    count: int
    since: datetime


class Overview(Out):
    fiscal_year: Year
    quarter: int | None
    basis: str
    method: str
    value: float | None
    counted: int
    missing: int
    agencies: list[RollUp]
    levels: list[LevelsOfQuarter]
    reports: list[ReportsOfQuarter]
    waits: list[Waits]


class Wait(Out):
    """One milestone that waits, since when and, where it is known, for whom."""

    code: str
    title: Words
    agency: Words
    workflow: str
    since: datetime
    working_days: int
    waits_for: Name


class WaitList(Out):
    items: list[Wait]


class Hit(Out):
    """A text in which all the words stand."""

    fiscal_year: Year
    code: str
    agency: Words
    title: Words
    kind: str
    number: int
    milestone: Name
    holds: bool
    text: str


class Hits(Listed):
    items: list[Hit]

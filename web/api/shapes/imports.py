"""What programs are given of imported pages and of the facts that texts propose."""

from datetime import date, datetime

from web.api.shapes import Name, Number, Out, QuarterNumber, Year


class Proposal(Out):
    """A fact that a text proposes; `begins` and `ends` are places in the narrative, in code points."""

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
    note: Name
    value: Number | None
    confidence: str
    why: list[str]
    page: int | None
    state: str
    decided_at: datetime | None
    decided_by: int | None
    reason: Name
    occurrence: int | None


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


class Finding(Out):
    """What is odd about a page: its kind, how much it weighs, where, and what to do."""

    kind: str
    weight: str
    field: str
    quarter: QuarterNumber | None
    text: str
    suggestion: str


class TakenReport(Out):
    """What is kept of a quarter."""

    quarter: QuarterNumber
    narrative: str
    self_reported: Number | None
    quality: int | None
    timeliness: int | None


class Page(Out):
    """What was read from a page, and what would be kept of it."""

    form: str
    code: str | None
    fiscal_year: Year | None
    agency: str | None
    workflow: str | None
    title: Name
    unit: str | None
    target: Number | None
    achieved: Number | None
    kind: str | None
    result_kind: str | None
    definition: str | None
    method: str | None
    evidence_asked: str | None
    plan: list[str]
    reports: list[TakenReport]
    findings: list[Finding]


class Change(Out):
    """A field that the page tells otherwise; `is_kept` where an update writes it."""

    field: str
    quarter: QuarterNumber | None
    before: str | None
    after: str | None
    is_kept: bool


class Kept(Out):
    """What became of a page: `added`, `updated`, `same`, or `differs` where nobody asked to update."""

    result: str
    code: str
    fiscal_year: Year
    waiting: int
    changes: list[Change]

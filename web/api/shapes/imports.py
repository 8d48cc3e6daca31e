"""What programs are given of a page of the existing site."""

from web.api.shapes import Name, Number, Out, QuarterNumber, Year


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

"""What programs are given of more than one indicator: the matrix, roll-ups, waits, and what was found."""

from datetime import date, datetime

from pydantic import Field

from web.api.shapes import Agency, Listed, Name, Number, Out, QuarterNumber, Words, Year

# --- the matrix ----------------------------------------------------------------------------------------


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
    sealed_claimed: int | None = Field(description="Of a sealed quarter, the claimed level in its seal.")
    sealed_verified: int | None


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


# --- the city ------------------------------------------------------------------------------------------


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

"""What programs are given of spreadsheets: what may be given, how far one is, and what became of it."""

from datetime import datetime

from pydantic import Field

from web.api.shapes import Name, Out, Year
from web.api.shapes.records import RecordDifference


class SpreadsheetRow(Out):
    """A file that you gave: only tried with `dry_run`, else taken in."""

    number: int
    name: str
    kind: Name = Field(description="What it holds, where that was said; `null` where its sheets say so.")
    fiscal_year: Year
    dry_run: bool
    state: str = Field(description="`waiting`, `running`, `done`, `failed` or `cancelled`.")
    done: int
    total: int
    asked_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None
    error: Name


class Spreadsheets(Out):
    """What you may give here, of which years, and what you gave, the newest first."""

    kinds: list[str]
    years: list[Year]
    items: list[SpreadsheetRow]


class SheetFinding(Out):
    """Something that is wrong, or good to know, and where; `null` for the row, sheet or file itself."""

    sheet: str | None
    row: int | None
    column: str | None = Field(description="By its letters.")
    head: str | None = Field(description="Its heading, as it stands in the file.")
    kind: str
    sentence: str


class SheetDifference(RecordDifference):
    """The same for people, a line for each field: `told`."""

    told: list[str]


class SheetResult(Out):
    """What became of a file, or would: with anything wrong (`faults`) nothing was written."""

    written: bool
    counts: dict[str, dict[str, int]] = Field(description="By kind: how many are added, changed, the same.")
    faults: int = Field(description="How many things are wrong; the first of them are among the findings.")
    findings: list[SheetFinding]
    notes: list[SheetFinding]
    differences: list[SheetDifference]


class Spreadsheet(SpreadsheetRow):
    """With what became of it, once that is `done`, for a week."""

    result: SheetResult | None

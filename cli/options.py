"""The arguments and options that several commands share, declared once."""

from pathlib import Path
from typing import Annotated

import typer

Code = Annotated[str, typer.Argument(metavar="CODE", help="Code of the indicator, such as 5049-2017.")]
MilestoneKey = Annotated[str, typer.Argument(metavar="MILESTONE", help="Key of the milestone.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the record.")]
QuarterNumber = Annotated[str, typer.Argument(metavar="QUARTER", help="1 to 4.")]
Year = Annotated[
    str | None,
    typer.Option(
        "--year",
        metavar="BE",
        help="Fiscal year in the Buddhist Era, such as 2564; may be left out where the code has only one.",
    ),
]
NeededYear = Annotated[
    str, typer.Option("--year", metavar="BE", help="Fiscal year in the Buddhist Era, such as 2564.")
]
By = Annotated[
    str | None,
    typer.Option("--by", metavar="EMAIL", help="Act as this person; without it, as the operator."),
]
IfVersion = Annotated[
    int | None,
    typer.Option(
        "--if-version",
        metavar="N",
        help="Do it only if the indicator still is at this version.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the history.")]
FixBy = Annotated[
    str | None,
    typer.Option("--fix-by", metavar="DATE", help="Day by which it is to be mended."),
]
OneFile = Annotated[Path, typer.Argument(metavar="FILE")]

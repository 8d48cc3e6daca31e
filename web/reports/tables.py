"""What reports over many indicators say: of an agency, of a dimension of the plan, of the whole city."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import groupby

from engine.indicator import Indicator
from engine.permissions import Person
from engine.quarter import FiscalYear
from engine.workflow import Workflow
from storage.dossier import PlanStep
from storage.reporting import Plan, YearRow
from storage.seals import seals_of
from storage.transaction import Tx
from web.reports.data import Data, Telling, frame, indicator_block


def agency_report(
    tx: Tx, telling: Telling, rows: list[YearRow], indicators: Iterable[Indicator], by: Person, plan: Plan
) -> Data:
    """One agency: its indicators by dimension in one table, then each with its texts."""
    year = FiscalYear(rows[0].fiscal_year)
    head = frame(
        telling,
        telling.wording.value(rows[0].agency_name),
        telling.wording.say("report_pdf.agency", year=year),
        by,
        seals_of(tx.connection, year.year),
    )
    blocks = {one.code: indicator_block(tx, telling, one) for one in indicators}
    groups = _by_dimension(telling, rows, plan)
    return {
        **head,
        "summary": _summary(telling, tx, rows),
        "heads": _row_heads(telling),
        "groups": [{**group, "rows": [_table_row(telling, row) for row in own]} for group, own in groups],
        "blocks": [blocks[row.code] for _, own in groups for row in own],
    }


def dimension_report(
    tx: Tx, telling: Telling, dimension: PlanStep, rows: list[YearRow], year: FiscalYear, by: Person
) -> Data:
    """One dimension of the plan: the indicators of every agency that lie in it."""
    title = telling.wording.say("report_pdf.dimension", code=telling.digits(dimension.code))
    head = frame(
        telling,
        f"{title} {dimension.title}",
        telling.wording.value(year),
        by,
        seals_of(tx.connection, year.year),
    )
    return {**head, **_by_agency(telling, tx, rows)}


def city_report(tx: Tx, telling: Telling, rows: list[YearRow], year: FiscalYear, by: Person) -> Data:
    """The whole city: a line for each agency, then the indicators of each."""
    head = frame(
        telling,
        telling.wording.say("report_pdf.city"),
        telling.wording.value(year),
        by,
        seals_of(tx.connection, year.year),
    )
    return {**head, **_by_agency(telling, tx, rows)}


def _by_agency(telling: Telling, tx: Tx, rows: list[YearRow]) -> Data:
    value = telling.wording.value
    agencies = [(key, list(own)) for key, own in groupby(rows, key=lambda row: row.agency)]
    return {
        "summary": _summary(telling, tx, rows),
        "agency_heads": [
            telling.wording.say(kind)
            for kind in (
                "page.agency",
                "report_pdf.indicators",
                "report_pdf.at_target",
                "report_pdf.verified_at_target",
                "report_pdf.handed_in_share",
                "report_pdf.quality",
            )
        ],
        "agencies": [[value(own[0].agency_name), *_counts(telling, tx, own)] for _, own in agencies],
        "heads": _row_heads(telling),
        "groups": [
            {
                "head": value(own[0].agency_name),
                "code": own[0].agency_code or "",
                "rows": [_table_row(telling, row) for row in own],
            }
            for _, own in agencies
        ],
    }


def _by_dimension(telling: Telling, rows: list[YearRow], plan: Plan) -> list[tuple[Data, list[YearRow]]]:
    """The rows by the dimension of the plan in which they lie, those without one last."""
    found: dict[tuple[str, str], list[YearRow]] = {}
    for row in rows:
        step = plan.dimension(row.plan_node)
        found.setdefault((step.code, step.title) if step else ("~", ""), []).append(row)
    say = telling.wording.say
    return [
        (
            {
                "code": "",
                "head": say("report_pdf.no_dimension")
                if code == "~"
                else f"{say('report_pdf.dimension', code=telling.digits(code))} {title}",
            },
            own,
        )
        for (code, title), own in sorted(found.items())
    ]


def _row_heads(telling: Telling) -> list[str]:
    say = telling.wording.say
    quarters = [say("report_pdf.quarter_short", number=number) for number in (1, 2, 3, 4)]
    return [
        say("label.code"),
        say("label.indicator"),
        say("label.target"),
        say("report_pdf.result_short"),
        *quarters,
        say("basis.verified"),
        say("report_pdf.quality_short"),
    ]


def _table_row(telling: Telling, row: YearRow) -> list[str]:
    """An indicator in a table: the claimed level at each quarter's end, the verified one, the last score."""
    value = telling.wording.value
    scores = [one.quality for one in row.quarters if one.quality is not None]
    return [
        row.code,
        value(row.title),
        telling.wording.amount(row.target, row.unit),
        value(row.self_reported),
        *(value(one.claimed) for one in row.quarters),
        value(row.verified),
        value(scores[-1] if scores else None),
    ]


def _summary(telling: Telling, tx: Tx, rows: list[YearRow]) -> list[list[str]]:
    say = telling.wording.say
    kinds = ("indicators", "at_target", "verified_at_target", "handed_in_share", "quality")
    return [
        [say(f"report_pdf.{kind}"), number]
        for kind, number in zip(kinds, _counts(telling, tx, rows), strict=True)
    ]


def _counts(telling: Telling, tx: Tx, rows: list[YearRow]) -> list[str]:
    """How many there are, at target, verified at target, reports handed in, and the mean quality."""
    aims = [(row, target_level(row, tx.store.workflow(row.workflow_version, tx.connection))) for row in rows]
    known = [(row, aim) for row, aim in aims if aim is not None]
    reports = [one for row in rows for one in row.quarters if one.claimed is not None]
    handed_in = sum(one.submitted_at is not None for one in reports)
    scores = [one.quality for one in reports if one.quality is not None]
    mean = Decimal(sum(scores)) / len(scores) if scores else None
    return [
        str(len(rows)),
        f"{sum(row.claimed >= aim for row, aim in known)} / {len(known)}",
        f"{sum(row.verified >= aim for row, aim in known)} / {len(known)}",
        f"{handed_in} / {len(reports)}",
        telling.wording.value(None if mean is None else mean.quantize(Decimal("0.1"))),
    ]


def target_level(row: YearRow, workflow: Workflow) -> int | None:
    """The level that the target means: itself for a ladder of milestones, the top for a measure."""
    if any(one.measure is not None for one in workflow.milestones):
        return workflow.top_level
    return None if row.target is None else int(row.target)

"""Spreadsheets: one sheet for each question, written row by row in constant memory; no text is a formula."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from engine.evidence import evidence_states
from engine.explain import next_level
from engine.indicator import Indicator
from engine.levels import tallies_of
from engine.standing import sentence, stand
from engine.thai_dates import to_thai_digits
from engine.workflow import Text
from storage.evidence import known_files
from storage.reporting import Plan, plan_nodes_of_year, plan_of
from storage.seals import sealed_levels, seals_of
from storage.transaction import Tx
from web.coordinator.views import remark_of
from web.reports.data import Telling

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: More a cell does not hold.
_LONGEST = 32_767
#: A sheet holds no more rows, its head among them; what is beyond goes onto another.
_MOST_ROWS = 1_048_576
#: Days and instants in the Buddhist Era, as spreadsheets write them for Thai readers.
_DAY, _INSTANT = "[$-107041E]d mmm yyyy", "[$-107041E]d mmm yyyy hh:mm"

Cell = str | int | float | Decimal | date | datetime | None


class Book:
    """A workbook that is written from top to bottom. Text is written as text, whatever it begins with."""

    def __init__(self, path: Path, zone: ZoneInfo) -> None:
        self._zone = zone
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._head = self._book.add_format(
            {"bold": True, "bg_color": "#EEF5F2", "bottom": 1, "text_wrap": True, "valign": "top"}
        )
        #: Cells that stay what was typed into them, and words that are there for programs.
        self.as_text = self._book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        self.quiet = self._book.add_format({"font_color": "#505A5F", "font_size": 8, "italic": True})
        self._day = self._book.add_format({"num_format": _DAY})
        self._instant = self._book.add_format({"num_format": _INSTANT})

    def sheet(self, name: str, heads: Sequence[str], widths: Sequence[int]) -> "Sheet":
        return Sheet(self, name, heads, widths)

    def page(self, name: str, heads: Sequence[str], widths: Sequence[int]) -> Worksheet:
        """A worksheet with its head, which stays in sight."""
        made: Worksheet = self._book.add_worksheet(name)
        made.freeze_panes(1, 0)
        made.repeat_rows(0)
        made.set_landscape()
        made.set_paper(9)
        made.fit_to_pages(1, 0)
        for place, width in enumerate(widths):
            made.set_column(place, place, width)
        for place, head in enumerate(heads):
            made.write_string(0, place, head, self._head)
        return made

    def bare(self, name: str) -> Worksheet:
        """A worksheet of which nothing is said yet."""
        made: Worksheet = self._book.add_worksheet(name)
        return made

    def put(self, page: Worksheet, row: int, place: int, value: Cell) -> None:
        """A value by its type; nothing for ``None``, which is not 0."""
        match value:
            case None | "":
                return
            case str():
                page.write_string(row, place, value[:_LONGEST])
            case datetime():
                local = value.astimezone(self._zone).replace(tzinfo=None)
                page.write_datetime(row, place, local, self._instant)
            case date():
                page.write_datetime(row, place, value, self._day)
            case _:
                page.write_number(row, place, float(value))

    def close(self) -> None:
        self._book.close()


class Sheet:
    """One question's rows; where they are more than a sheet holds they go on in another."""

    def __init__(self, book: Book, name: str, heads: Sequence[str], widths: Sequence[int]) -> None:
        self._book, self._name, self._heads, self._widths = book, name, heads, widths
        self._pages = 0
        self._row = _MOST_ROWS
        self._turn()

    def _turn(self) -> None:
        self._pages += 1
        name = self._name if self._pages == 1 else f"{self._name} {self._pages}"
        self._page = self._book.page(name, self._heads, self._widths)
        self._row = 1

    def add(self, values: Iterable[Cell]) -> None:
        if self._row >= _MOST_ROWS:
            self._turn()
        for place, value in enumerate(values):
            self._book.put(self._page, self._row, place, value)
        self._row += 1


# --- the questions -----------------------------------------------------------------------------------------

_KNOWN = (("label.code", 14), ("page.agency", 30), ("label.indicator", 60))
#: Each sheet: its name, and its columns beside those by which an indicator is known.
SHEETS: Mapping[str, Sequence[tuple[str, int]]] = {
    "levels": (
        ("sheet.dimension", 30),
        ("label.unit", 14),
        ("label.target", 10),
        ("page.weight", 10),
        ("basis.claimed", 12),
        ("sheet.fraction", 12),
        ("basis.verified", 12),
        ("sheet.target_level", 12),
        ("label.self_reported", 14),
        ("label.due", 16),
        ("label.state", 16),
    ),
    "quarters": (
        ("label.quarter", 10),
        ("basis.claimed", 12),
        ("basis.verified", 12),
        ("label.self_reported", 14),
        ("label.report", 20),
        ("page.submitted", 22),
        ("sheet.quality", 10),
        ("sheet.timeliness", 10),
        ("page.remark", 40),
        ("sheet.narrative", 80),
        ("sheet.sealed_claimed", 16),
        ("sheet.sealed_verified", 16),
        ("seals.hash", 68),
    ),
    "milestones": (
        ("label.milestone", 40),
        ("label.state", 16),
        ("label.due", 16),
        ("sheet.facts", 12),
        ("sheet.needed", 12),
        ("sheet.value", 12),
        ("sheet.waits_for", 40),
    ),
    "missing": (
        ("sheet.for_level", 12),
        ("sheet.missing", 80),
        ("sheet.who", 30),
        ("label.due", 16),
    ),
    "evidence": (
        ("label.milestone", 40),
        ("label.number", 10),
        ("label.file", 50),
        ("sheet.size", 14),
        ("label.state", 14),
        ("sheet.attached_at", 22),
        ("sheet.sha256", 68),
    ),
}


def write_sheets(
    tx: Tx,
    telling: Telling,
    path: Path,
    fiscal_year: int,
    indicators: Iterable[Indicator],
    agencies: Mapping[int, Text],
    step: Callable[[], None] = lambda: None,
) -> None:
    """Write the workbook of these indicators; ``step`` is called after each."""
    book = Book(path, telling.wording.zone)
    try:
        sheets = {key: _sheet(book, telling, key) for key in SHEETS}
        places = _Places(tx, telling, fiscal_year)
        for indicator in indicators:
            title, agency = telling.wording.value(indicator.title), agencies.get(indicator.agency)
            known = [indicator.code, telling.wording.value(agency), title]
            for key, rows in _ROWS.items():
                for row in rows(tx, telling, indicator, places):
                    sheets[key].add([*known, *row])
            step()
    finally:
        book.close()


def _sheet(book: Book, telling: Telling, key: str) -> Sheet:
    columns = (*_KNOWN, *SHEETS[key])
    heads = [telling.wording.say(kind) for kind, _ in columns]
    return book.sheet(telling.wording.say(f"sheet.{key}"), heads, [width for _, width in columns])


class _Places:
    """What all rows share: the plan, where each indicator lies in it, and the seals of the year."""

    def __init__(self, tx: Tx, telling: Telling, fiscal_year: int) -> None:
        self._plan: Plan = plan_of(tx.connection)
        self._nodes = plan_nodes_of_year(tx.connection, fiscal_year)
        self._telling = telling
        self.seals = {number: one.hash for number, one in seals_of(tx.connection, fiscal_year).items()}

    def dimension(self, indicator: int) -> str:
        step = self._plan.dimension(self._nodes.get(indicator))
        return f"{to_thai_digits(step.code)} {step.title}" if step else ""


Row = Sequence[Cell]


def _levels(_tx: Tx, telling: Telling, one: Indicator, places: _Places) -> Iterator[Row]:
    stored = one.stored
    given = [
        report.self_reported for _, report in sorted(one.reports.items()) if report.self_reported is not None
    ]
    measured = any(each.measure is not None for each in one.workflow.milestones)
    aim = one.workflow.top_level if measured else None if one.target is None else int(one.target)
    yield (
        places.dimension(one.id),
        one.unit,
        one.target,
        one.weight,
        stored.claimed.level,
        stored.claimed.fraction,
        stored.verified.level,
        aim,
        given[-1] if given else None,
        stored.next_due_on,
        telling.wording.word("life", one.life),
    )


def _quarters(tx: Tx, telling: Telling, one: Indicator, places: _Places) -> Iterator[Row]:
    found = stand(one, one.fiscal_year.nearest(telling.today), None)
    sealed = sealed_levels(tx.connection, one.id, one.fiscal_year.year) if places.seals else {}
    for quarter in found.quarters:
        number = quarter.quarter.number
        kept = sealed.get(number)
        report = one.reports.get(number)
        given = report.evaluation if report else None
        yield (
            number,
            quarter.claimed,
            quarter.verified,
            report.self_reported if report else None,
            telling.wording.word("report_state", report.state) if report else "",
            report.submitted_at if report else None,
            given.quality if given else None,
            given.timeliness if given else None,
            remark_of(report, telling.wording),
            report.narrative if report else "",
            kept.claimed if kept else None,
            kept.verified if kept else None,
            places.seals.get(number, ""),
        )


def _milestones(_tx: Tx, telling: Telling, one: Indicator, _places: _Places) -> Iterator[Row]:
    tallies = tallies_of(one.workflow, one.facts, one.fiscal_year.nearest(telling.today))
    for definition in one.workflow.milestones:
        kept, tally = one.milestones[definition.key], tallies[definition.key]
        yield (
            telling.wording.value(definition.title),
            telling.wording.word("milestone_state", kept.state),
            kept.postponed_to or kept.due_on,
            len(tally.facts),
            definition.needs if definition.measure is None else None,
            tally.value,
            kept.blocked_by,
        )


def _missing(_tx: Tx, telling: Telling, one: Indicator, _places: _Places) -> Iterator[Row]:
    ahead = next_level(one, one.fiscal_year.nearest(telling.today))
    for missing in ahead.missing if ahead else ():
        who = telling.wording.value(list(missing.condition.who)) if missing.condition.who else ""
        yield (ahead.level if ahead else None, sentence(missing, telling.wording), who, missing.due_on)


def _evidence(tx: Tx, telling: Telling, one: Indicator, _places: _Places) -> Iterator[Row]:
    if not one.evidence:
        return
    states = evidence_states(one, one.fiscal_year.nearest(telling.today))
    files = known_files(tx.connection, {each.sha256 for each in one.evidence if each.sha256})
    for each in one.evidence:
        definition = one.workflow.milestone(each.milestone)
        kept = files.get(each.sha256 or "")
        yield (
            telling.wording.value(definition.title) if definition else each.milestone,
            each.number,
            each.file_name or each.link,
            kept.size if kept else None,
            telling.wording.value(states[each.number]),
            each.attached_at,
            each.sha256 or "",
        )


_ROWS: Mapping[str, Callable[[Tx, Telling, Indicator, _Places], Iterator[Row]]] = {
    "levels": _levels,
    "quarters": _quarters,
    "milestones": _milestones,
    "missing": _missing,
    "evidence": _evidence,
}

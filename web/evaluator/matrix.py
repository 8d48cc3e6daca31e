"""The matrix: agencies by what several of them do, each cell with its levels, its trend and its marks."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.matrix import (
    Cell,
    CellState,
    Difference,
    Grid,
    Sort,
    as_of,
    differences,
    laid_out,
    target_level,
)
from engine.quarter import FiscalYear, Quarter
from engine.wording import Wording
from engine.workflow import Workflow
from storage.choices import Choices, choices
from storage.matrix import district_matrix
from storage.narrowing import Wanted
from storage.transaction import Tx
from web.doors import SIGNED_IN, Doors, Visit
from web.evaluator.asking import (
    AGENCIES,
    KINDS,
    RESULT_KINDS,
    Choice,
    Question,
    group_choices,
    question_of,
    readings,
    year_choices,
)
from web.evaluator.cells import BLOCKED, CORRECTED, LATE, RETURNED, TARGET, VERIFIED, Cells, CellWords
from web.pages import Pages
from web.site import Site

#: The signs, in the order in which a cell shows them, with what they mean.
_LEGEND = (
    (VERIFIED, "basis.verified"),
    (TARGET, "matrix.target_means"),
    (BLOCKED, "matrix.blocked_means"),
    (RETURNED, "matrix.returned_means"),
    (LATE, "matrix.late_means"),
    (CORRECTED, "matrix.corrected_means"),
)


def add_routes(router: Router, site: Site, pages: Pages, doors: Doors) -> None:
    """``/matrix``."""
    doors.add(router, "/matrix", _Matrix(site, pages).page, SIGNED_IN)


class Read(NamedTuple):
    """All that a page of the matrix is made from, of one moment."""

    question: Question
    choices: Choices
    workflows: Mapping[int, Workflow]
    cells: list[Cell]
    differences: Mapping[int, Difference]


def read_question(tx: Tx, site: Site, request: Request) -> tuple[Question, Choices, Mapping[int, Workflow]]:
    """What is asked, with what there is to choose from, and the definitions by the ids of their versions."""
    visit: Visit = request.state.visit
    there = choices(tx.connection)
    workflows = {version: site.store.workflow(version, tx.connection) for version in there.versions}
    question = question_of(request, visit.person, site.store.policy, site.today(), there, workflows)
    return question, there, workflows


def read(tx: Tx, site: Site, request: Request) -> Read:
    """The cells that are asked for, and how far they are from those of the reading beside."""
    question, there, workflows = read_question(tx, site, request)
    cells = cells_of(tx, question, workflows)
    beside = beside_of(tx, question, cells) if question.beside else {}
    return Read(question, there, workflows, cells, beside)


def cells_of(tx: Tx, question: Question, workflows: Mapping[int, Workflow]) -> list[Cell]:
    """The cells that are asked for: as they are kept, or with the levels of a day computed from the facts."""
    return _kept(tx, question) if question.day is None else _computed(tx, question, workflows)


def _kept(tx: Tx, question: Question) -> list[Cell]:
    year, wanted = question.year.year, question.wanted
    return district_matrix(tx.connection, year, question.quarter, wanted, question.moment)


def _computed(tx: Tx, question: Question, workflows: Mapping[int, Workflow]) -> list[Cell]:
    """The cells with the levels of that day: what is kept says which, the facts say how high."""
    wanted, day = question.wanted, question.day
    assert day is not None
    by_target = wanted.state in (CellState.AT_TARGET, CellState.BELOW_TARGET)
    every = replace(wanted, level=None, state=None if by_target else wanted.state)
    kept = _kept(tx, replace(question, wanted=every, quarter=None))
    facts = {one.id: one for one in tx.these([cell.id for cell in kept])}
    cells = [as_of(cell, facts[cell.id], day, question.known_at) for cell in kept]

    def fits(cell: Cell) -> bool:
        if wanted.level not in (None, cell.claimed):
            return False
        if not by_target:
            return True
        aim = target_level(workflows[cell.workflow_version], cell.target)
        return aim is not None and (cell.claimed >= aim) is (wanted.state is CellState.AT_TARGET)

    return [cell for cell in cells if fits(cell)]


def beside_of(tx: Tx, question: Question, cells: Sequence[Cell]) -> Mapping[int, Difference]:
    """How far the cells are from the other reading, whatever that is narrowed by."""
    assert question.beside is not None
    year, quarter = question.beside
    agencies = tuple({cell.agency_id: None for cell in cells})
    wanted = Wanted(person=question.wanted.person, agencies=agencies)
    return differences(cells, district_matrix(tx.connection, year.year, quarter, wanted))


class _Matrix:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages
        self._words = {language: CellWords(wording) for language, wording in site.wordings.items()}

    def page(self, request: Request) -> Response:
        """The matrix as it is asked for."""
        site, wording = self._site, self._pages.wording(request)
        with site.store.read() as tx:
            found = read(tx, site, request)
        question = found.question
        words = self._words[wording.language]
        calendar = site.store.policy.calendar
        cells = Cells(question, found.workflows, calendar, words, site.root, found.differences)
        grid = laid_out(found.cells, question.wanted.sort)
        agencies = len({cell.agency_id for cell in found.cells})
        errors, choices = question.typed.errors(wording), _choices(found, wording)
        values = {
            "current": "matrix",
            "title": wording.say("matrix.title", year=question.year),
            "told": _told(question, wording),
            "narrowed_by": _narrowed_by(question, choices, grid, wording),
            "columns": [
                (wording.value(one.title), f"{site.root}/matrix/{one.workflow}?year={question.year.be}")
                for one in grid.columns
            ],
            "rows": [
                (
                    wording.value(row.first.agency),
                    question.address(agency=str(row.first.agency_id)),
                    cells.row(row.cells),
                )
                for row in grid.rows
            ],
            "alone": _alone(grid, cells, words, wording),
            "alone_title": wording.say("matrix.alone" if agencies > 1 else "label.indicator"),
            "drawings": cells.drawings(),
            "legend": [(sign, wording.say(kind)) for sign, kind in _LEGEND],
            "counts": _counts(found.cells, cells, agencies, question, wording),
            "nothing": "matrix.nothing_fits" if question.is_narrowed else "matrix.nothing",
            "narrowed": question.is_narrowed,
            "everything": f"?year={question.year.be}",
            "before": question.address(page=str(question.page - 1)) if question.page > 1 else "",
            "after": question.address(page=str(question.page + 1)) if agencies == AGENCIES else "",
            "live": "" if question.day else question.address(page=str(question.page)),
            "fields": question.fields,
            "errors": errors,
            "wrong_form": bool(errors),
            **choices,
        }
        return self._pages.show(request, "evaluator/matrix.html", values, 422 if errors else 200)


def _told(question: Question, wording: Wording) -> str:
    """Of which day the levels are, and beside which they stand."""
    if question.day is not None:
        said = wording.say("matrix.computed", day=question.day, known_at=question.known_at)
    elif question.quarter is not None:
        quarter = question.year.quarters[question.quarter - 1]
        said = wording.say("matrix.of_quarter", quarter=quarter, day=quarter.last_day)
    elif question.moment.today > question.year.last_day:
        said = wording.say("matrix.of_year", year=question.year, day=question.year.last_day)
    else:
        said = wording.say("matrix.of_today", day=question.moment.today)
    if question.beside is not None:
        said += " " + wording.say("matrix.beside", reading=_reading(question.beside, wording))
    return said


#: The fields that narrow what is shown, each with its label and the name of its choices.
_NARROWING = (
    ("group", "page.agency", "groups"),
    ("workflow", "page.workflow", "workflows"),
    ("plan", "matrix.plan", "plan"),
    ("kind", "label.kind", "kinds"),
    ("result_kind", "matrix.result_kind", "result_kinds"),
    ("level", "matrix.level", "levels"),
    ("state", "label.state", "states"),
)


def _narrowed_by(
    question: Question, choices: Mapping[str, Sequence[Choice]], grid: Grid, wording: Wording
) -> str:
    """What is shown alone, in words: nobody is to take a part for the whole."""
    found = [
        f"{wording.say(label)} {dict(choices[name])[chosen].strip()}"
        for field, label, name in _NARROWING
        if (chosen := question.fields.get(field)) and chosen in dict(choices[name])
    ]
    if question.wanted.agencies and grid.alone:
        found.append(wording.value(grid.alone[0][0].agency))
    return wording.say("matrix.narrowed_by", what=" · ".join(found)) if found else ""


def _reading(reading: tuple[FiscalYear, int], wording: Wording) -> str:
    year, quarter = reading
    return wording.value(Quarter(year.year, quarter))


class Alone(NamedTuple):
    """An indicator that no other agency has, as a row of its own."""

    id: int
    href: str
    title: str
    code: str
    claimed: str
    verified: int
    target: str
    trend: Markup
    quarters: str
    marks: list[str]
    notes: list[str]


def _alone(grid: Grid, cells: Cells, words: CellWords, wording: Wording) -> list[tuple[str, list[Alone]]]:
    """What only one agency does, by agency."""

    def row(cell: Cell) -> Alone:
        shown = cells.shown(cell)
        return Alone(
            cell.id,
            cells.proof(cell),
            wording.value(cell.title),
            cell.code,
            shown.level,
            shown.verified,
            wording.value(shown.aim),
            words.trend(shown),
            words.trend_told(shown.trail) if shown.trail else "",
            words.marks(shown),
            words.notes(shown),
        )

    return [(wording.value(own[0].agency), [row(cell) for cell in own]) for own in grid.alone]


def _counts(
    found: Sequence[Cell], cells: Cells, agencies: int, question: Question, wording: Wording
) -> list[tuple[str, str]]:
    """How many of each state there are, each with the address of them alone; none of which there is none."""
    shown = [cells.shown(cell) for cell in found]
    counted = {
        CellState.AT_TARGET: sum(one.reached for one in shown),
        CellState.BLOCKED: sum(one.blocked for one in shown),
        CellState.RETURNED: sum(one.returned for one in shown),
        CellState.LATE: sum(one.late for one in shown),
        CellState.CORRECTED: sum(one.corrected is not None for one in shown),
    }
    said = [(wording.say("matrix.counted", indicators=len(found), agencies=agencies), "")]
    for state, count in counted.items():
        if count:
            words = f"{wording.word('cell_state', state)} {count}"
            said.append((words, question.address(state=str(state))))
    return said if found else []


def _choices(found: Read, wording: Wording) -> dict[str, list[Choice]]:
    """What can be chosen in each field of the form, nothing first where nothing need be."""
    say, there = wording.say, found.choices
    every = ("", say("matrix.every"))
    top = max((one.top_level for one in found.workflows.values()), default=0)
    titles = {one.key: wording.value(one.title) for one in found.workflows.values()}
    this = found.question
    return {
        "years": year_choices(there, wording),
        "quarters": [
            ("", say("matrix.now")),
            *((str(number), say("label.quarter_number", number=number)) for number in (1, 2, 3, 4)),
        ],
        "besides": [
            ("", say("matrix.nothing_beside")),
            *(
                (name, _reading(one, wording))
                for name, one in readings(there.years)
                if one != (this.year, this.quarter)
            ),
        ],
        "groups": group_choices(there, wording),
        "plan": [
            every,
            *((str(one.id), f"{' ' * 2 * one.depth}{one.code} {one.title}") for one in there.plan),
        ],
        "kinds": [every, *((one, wording.word("kind", one)) for one in KINDS)],
        "result_kinds": [every, *((one, wording.word("result_kind", one)) for one in RESULT_KINDS)],
        "workflows": [every, *_sorted(titles)],
        "levels": [every, *((str(level), str(level)) for level in range(top + 1))],
        "states": [every, *((str(one), wording.word("cell_state", one)) for one in CellState)],
        "sorts": [(str(one), wording.word("sort", one)) for one in Sort],
    }


def _sorted(titles: Mapping[str, str]) -> Iterable[Choice]:
    return sorted(titles.items(), key=lambda one: one[1])

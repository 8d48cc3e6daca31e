"""One milestone of one workflow at all agencies of a year: looked through, verified or sent back at once."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine import actions
from engine.errors import Refusal, Unmet
from engine.indicator import MilestoneState
from engine.permissions import Action
from engine.quarter import FiscalYear
from engine.thai_dates import DateProblem, parse_be_year
from storage import review
from storage.evidence import uses_of
from web.coordinator.scene import Counter
from web.doors import Doors, Visit, for_city
from web.evaluator.across_rows import Look, Where
from web.reading import Typed, whole_number

_PAGE = "/review/{year}/{workflow}/{milestone}"
_ACTS = ("verify", "return")
_LONGEST_REASON = 2000


class Answer(NamedTuple):
    """What became of one agency's milestone: nothing stood in the way, or these sentences say what did."""

    indicator: int
    agency: str
    code: str
    href: str
    refused: list[str]


class Judgement(NamedTuple):
    """What is done to those that are ticked; by indicator the version that was seen, and the reason."""

    act: str
    seen: Mapping[int, int]
    reasons: Mapping[int, str]
    fix_by: date | None


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page, and what is done on it."""
    here = _Across(counter)
    doors.add(router, _PAGE, here.page, for_city(Action.VERIFY))
    doors.add(router, _PAGE, here.do, for_city(Action.VERIFY), ["POST"])


class _Across:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site

    def page(self, request: Request, year: str, workflow: str, milestone: str) -> Response:
        """The agencies whose milestone waits, or all of them."""
        return self._shown(request, self._where(request, year, workflow, milestone), Typed({}), [])

    def do(self, request: Request, year: str, workflow: str, milestone: str) -> Response:
        """Verify or send back what is ticked, and say of each what became of it."""
        where, typed = self._where(request, year, workflow, milestone), Typed(request.state.form)
        given = _judgement(typed)
        answers = [] if typed.faults else list(self._each(request, where, given))
        return self._shown(request, where, typed, answers)

    def _each(self, request: Request, where: Where, given: Judgement) -> Iterator[Answer]:
        """One transaction each, so that what is refused of one takes nothing from the others."""
        wording, look = self._counter.wording(request), Look(self._counter, request, where)
        with self._site.store.read() as tx:
            known = review.names_of_indicators(tx.connection, where.year.year, given.seen)
        for indicator, (code, agency) in known.items():
            refused: list[str] = []
            try:
                self._judge(request.state.visit, where, given, indicator, code)
            except Refusal as refusal:
                refused = wording.refusal(refusal)
            yield Answer(indicator, wording.value(agency), code, look.place(code), refused)

    def _judge(self, visit: Visit, where: Where, given: Judgement, indicator: int, code: str) -> None:
        now, reason, seen = self._site.clock(), given.reasons[indicator], given.seen[indicator]
        with self._site.store.begin() as tx:
            on = (tx, code, where.year.year, where.milestone.key)
            if given.act == "verify":
                actions.verify_milestone(*on, remark=reason, by=visit.person, now=now, expected_version=seen)
            else:
                actions.return_milestone(
                    *on, reason=reason, fix_by=given.fix_by, by=visit.person, now=now, expected_version=seen
                )

    def _where(self, request: Request, year: str, workflow: str, milestone: str) -> Where:
        try:
            fiscal_year = FiscalYear(parse_be_year(year))
        except DateProblem:
            raise HTTPException(404) from None
        with self._site.store.read() as tx:
            version = review.workflows(tx.connection).get(workflow)
            found = self._site.store.workflow(version, tx.connection) if version is not None else None
        definition = found.milestone(milestone) if found else None
        if found is None or definition is None:
            raise HTTPException(404)
        state = None if request.query_params.get("show") == "all" else str(MilestoneState.ACHIEVED)
        page = whole_number(request.query_params.get("page", ""), 4) or 1
        return Where(fiscal_year, workflow, found, definition, state, page)

    def _shown(self, request: Request, where: Where, typed: Typed, answers: list[Answer]) -> Response:
        wording, look = self._counter.wording(request), Look(self._counter, request, where)
        with self._site.store.read() as tx:
            key = where.milestone.key
            found, more = review.across(
                tx.connection, where.year.year, where.workflow, key, where.state, where.page
            )
            versions = {
                one: self._site.store.workflow(one, tx.connection) for one in {row.workflow for row in found}
            }
            hashes = {each.sha256 for row in found for each in row.evidence if each.sha256}
            uses = uses_of(tx.connection, hashes)
        errors = typed.errors(wording)
        values = {
            "current": "review",
            "title": wording.value(where.milestone.title),
            "workflow": wording.value(where.definition.title),
            "year": wording.value(where.year),
            "page": look.address(),
            "shows_all": where.state is None,
            "waiting_href": look.address(show="", page=1),
            "all_href": look.address(show="all", page=1),
            "steps": [
                (wording.value(one.title), look.address(milestone=one.key, page=1), one is where.milestone)
                for one in where.definition.milestones
            ],
            "rows": [look.row(one, versions[one.workflow], uses) for one in found],
            "next": look.address(page=where.page + 1) if more else "",
            "previous": look.address(page=where.page - 1) if where.page > 1 else "",
            "answers": answers,
            "done_count": sum(not one.refused for one in answers),
            "act": typed.fields.get("act", ""),
            "fields": _left(typed, answers),
            "errors": errors,
            "wrong_form": bool(errors),
        }
        return self._counter.page(request, "evaluator/across.html", values, 422 if errors else 200)


def _judgement(typed: Typed) -> Judgement:
    """The form: what is ticked, what is done with it, and why; what is wrong is a fault of ``typed``."""
    seen = {}
    for name, value in typed.fields.items():
        prefix, _, number = name.partition("-")
        indicator, version = whole_number(number, 9), whole_number(value, 9)
        if prefix == "pick" and indicator is not None and version is not None:
            seen[indicator] = version
    act = typed.fields.get("act", "")
    if not seen:
        typed.fault("pick", Unmet("review.pick_some"))
    if act not in _ACTS:
        typed.fault("act", Unmet("review.choose_act"))
    for_all, fix_by = typed.text("reason", _LONGEST_REASON), typed.day("day")
    reasons = {one: typed.line(f"why-{one}", _LONGEST_REASON) or for_all for one in seen}
    if act == "return" and not all(reasons.values()):
        typed.fault("reason", Unmet("reason.missing", {"action": Action.RETURN}))
    return Judgement(act, seen, reasons, fix_by)


def _left(typed: Typed, answers: list[Answer]) -> dict[str, str]:
    """What of the form is still to be dealt with: what was done is done, what was refused stays ticked."""
    done = {str(one.indicator) for one in answers if not one.refused}
    if answers and len(done) == len(answers):
        return {}
    return {name: value for name, value in typed.fields.items() if name.partition("-")[2] not in done}

"""What waits for evaluators, one milestone judged at many agencies, and how strict each is."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from starlette.exceptions import HTTPException

from engine import actions
from engine.errors import Refusal
from engine.indicator import MilestoneState
from engine.permissions import Action
from engine.quarter import FiscalYear
from engine.strictness import strictness
from storage import review
from storage.desk import years
from storage.dossier import names_of
from storage.review import KINDS, MOST, Filter
from web.api import bodies
from web.api.indicators import year_of
from web.api.operation import Call, Operation
from web.api.paging import cursor_of, number_behind
from web.api.shapes import office
from web.doors import for_city
from web.site import Site

_ACROSS = "/review/{year}/{workflow}/{milestone}"
_EVALUATES, _VERIFIES = for_city(Action.ACCEPT_REPORT), for_city(Action.VERIFY)


def operations(site: Site) -> Iterator[Operation]:
    """``/review`` and what lies below it."""
    here = _Review(site)
    yield Operation(
        "list_waiting",
        "GET",
        "/review",
        _EVALUATES,
        "What waits for evaluators, the longest waiting of each kind first.",
        reads=here.list,
        asks=bodies.ReviewAsked,
        gives=office.Review,
    )
    yield Operation(
        "get_strictness",
        "GET",
        "/review/strictness",
        _EVALUATES,
        "What each evaluator gives, beside what others give to the same work.",
        reads=here.strictness,
        asks=bodies.YearAsked,
        gives=office.StrictnessList,
    )
    yield Operation(
        "list_across",
        "GET",
        _ACROSS,
        _VERIFIES,
        "One milestone at all agencies of a year.",
        reads=here.across,
        asks=bodies.AcrossAsked,
        gives=office.AcrossList,
    )
    yield Operation(
        "judge_across",
        "POST",
        _ACROSS,
        _VERIFIES,
        "Verify or send back one milestone at many agencies, each held to the version that was seen.",
        reads=here.judge,
        takes=bodies.Judgement,
        gives=office.JudgedList,
        more="Each is a transaction of its own: `refused` says of each what was in the way.",
    )


class _Review:
    def __init__(self, site: Site) -> None:
        self._site = site

    def list(self, call: Call) -> office.Review:
        asked: bodies.ReviewAsked = call.asked
        only = Filter(asked.agency, asked.workflow)
        with self._site.store.read() as tx:
            found = {
                kind: review.waiting_of(tx.connection, kind, only)
                for kind in KINDS
                if asked.kind in (None, kind)
            }
            fronts = review.fronts(tx.connection)
        return office.Review(
            items=[
                office.Waiting.model_validate({**one._asdict(), "fiscal_year": FiscalYear(one.fiscal_year)})
                for of_kind in found.values()
                for one in of_kind[:MOST]
                # What is to be read again is for others than who read it first.
                if not (one.kind == "second" and one.judge == call.by.id)
            ],
            fronts=[
                office.Front.model_validate({**one._asdict(), "fiscal_year": FiscalYear(one.fiscal_year)})
                for one in fronts
            ],
            cut=[kind for kind, of_kind in found.items() if len(of_kind) > MOST],
        )

    def strictness(self, call: Call) -> office.StrictnessList:
        with self._site.store.read() as tx:
            there = years(tx.connection, call.by)
            year = FiscalYear(year_of(call.asked.year, there, self._site.today()))
            found = strictness(review.given_in(tx.connection, year.year))
            names = names_of(tx.connection, [one.evaluator for one in found])
        return office.StrictnessList(
            fiscal_year=year.be,
            items=[
                office.Strictness.model_validate(
                    {
                        name: float(value) if isinstance(value, Fraction) else value
                        for name, value in one._asdict().items()
                    }
                    | {"name": names.get(one.evaluator, "")}
                )
                for one in found
            ],
        )

    def _where(self, call: Call) -> tuple[FiscalYear, str, str]:
        """The year, the definition and the milestone of the path, all of which there must be."""
        be, workflow, milestone = call.number("year"), call.part("workflow"), call.part("milestone")
        with self._site.store.read() as tx:
            version = review.workflows(tx.connection).get(workflow)
            found = None if version is None else self._site.store.workflow(version, tx.connection)
        is_year = bodies.LEAST_YEAR <= be <= bodies.LAST_YEAR
        if not is_year or found is None or found.milestone(milestone) is None:
            raise HTTPException(404)
        return FiscalYear.from_be(be), workflow, milestone

    def across(self, call: Call) -> office.AcrossList:
        asked: bodies.AcrossAsked = call.asked
        year, workflow, milestone = self._where(call)
        state = None if asked.show == "all" else str(MilestoneState.ACHIEVED)
        page = min(max(number_behind(asked.cursor) or 1, 1), 9999)
        with self._site.store.read() as tx:
            found, more = review.across(tx.connection, year.year, workflow, milestone, state, page)
        return office.AcrossList(
            items=[office.Across.model_validate(one) for one in found],
            next=cursor_of(page + 1) if more else None,
        )

    def judge(self, call: Call) -> office.JudgedList:
        year, _, milestone = self._where(call)
        given: bodies.Judgement = call.given
        return office.JudgedList(items=[self._one(call, year, milestone, one) for one in given.items])

    def _one(self, call: Call, year: FiscalYear, milestone: str, one: bodies.JudgedOne) -> office.Judged:
        given: bodies.Judgement = call.given
        reason = one.reason or given.reason
        common: dict[str, Any] = {"by": call.by, "now": call.now, "expected_version": one.version}
        try:
            with self._site.store.begin() as tx:
                on = (tx, one.code, year.year, milestone)
                if given.act == "verify":
                    outcome = actions.verify_milestone(*on, remark=reason, **common)
                else:
                    outcome = actions.return_milestone(*on, reason=reason, fix_by=given.fix_by, **common)
        except Refusal as refused:
            return office.Judged(code=one.code, version=None, refused=call.wording.refusal(refused))
        return office.Judged(code=one.code, version=outcome.indicator.version, refused=[])

"""The seals: the quarters of a year, what is still open before one is closed, and the proof of what was."""

import hashlib
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.actions import seal_quarter
from engine.errors import Refusal, Unmet
from engine.jobs import Product, Scope, Wanted
from engine.permissions import Action, Subject, may
from engine.quarter import BE_OFFSET, FiscalYear, Quarter
from engine.sealing import STOPS, Check, Counts
from engine.wording import Wording
from storage import checks, jobs, seals
from storage.desk import years
from storage.dossier import names_of
from storage.journal import GENESIS, canonical
from storage.sealing import Open, still_open
from storage.seals import Seal
from storage.views import level_counts
from web.doors import Doors, Visit, for_city
from web.evaluator.corrections import corrected
from web.evaluator.open_rows import check_rows
from web.pages import Pages
from web.reading import Typed, year_asked
from web.reports.wanted import WHOLE_CITY, altered_words
from web.site import Site

_SEALS = "/seals"
_PAGE = "/seals/{year}/{quarter}"
#: A seal over so many indicators is proved while somebody waits for the page.
AT_ONCE = 500
_LOOKS, _SEALS_IT = for_city(Action.VIEW), for_city(Action.SEAL)


def add_routes(router: Router, site: Site, pages: Pages, doors: Doors) -> None:
    """``/seals``, and a page for each quarter."""
    here = _Seals(site, pages)
    doors.add(router, _SEALS, here.list, _LOOKS)
    doors.add(router, _PAGE, here.quarter, _LOOKS)
    doors.add(router, f"{_PAGE}/check", here.check, _SEALS_IT, ["POST"])
    doors.add(router, f"{_PAGE}/close", here.close, _SEALS_IT, ["POST"])
    doors.add(router, f"{_PAGE}/verify", here.verify, _LOOKS, ["POST"])


class QuarterRow(NamedTuple):
    """A quarter as the list shows it."""

    words: str
    state: str
    colour: str
    hash: str
    who: str
    href: str


class _Seals:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages

    # -- the quarters of a year --------------------------------------------------------------------------

    def list(self, request: Request) -> Response:
        """The quarters of a year, each with its seal or with what it waits for."""
        visit: Visit = request.state.visit
        wording, today = self._pages.wording(request), self._site.today()
        with self._site.store.read() as tx:
            there = years(tx.connection, visit.person)
            year = year_asked(request.query_params.get("year", ""), there, today).year
            kept = seals.seals_of(tx.connection, year)
            names = names_of(tx.connection, [one.sealed_by for one in kept.values()])
        rows = [self._row(one, kept, names, today, wording) for one in FiscalYear(year).quarters]
        values = {
            "title": wording.say("seals.title", year=FiscalYear(year)),
            "years": [(one + BE_OFFSET, wording.value(FiscalYear(one)), one == year) for one in there],
            "rows": rows,
        }
        return self._show(request, "seals.html", values)

    def _row(
        self,
        quarter: Quarter,
        kept: dict[int, Seal],
        names: dict[int, str],
        today: date,
        wording: Wording,
    ) -> QuarterRow:
        seal = kept.get(quarter.number)
        state, colour = state_of(quarter, kept, today)
        who = ""
        if seal is not None:
            who = wording.say("page.by_at", name=names.get(seal.sealed_by, ""), at=seal.sealed_at)
        return QuarterRow(
            wording.say("label.quarter_number", number=quarter.number),
            wording.say(f"seals.{state}", last=quarter.last_day),
            colour,
            seal.hash if seal else "",
            who,
            self._site.root + _path(quarter),
        )

    # -- one quarter -------------------------------------------------------------------------------------

    def quarter(self, request: Request) -> Response:
        """A seal with all that it holds, or what is still open before it can be made."""
        return self._quarter(request, _quarter(request), Typed({}))

    def _quarter(self, request: Request, quarter: Quarter, typed: Typed) -> Response:
        with self._site.store.read() as tx:
            kept = seals.seals_of(tx.connection, quarter.fiscal_year)
            seal = kept.get(quarter.number)
            if seal is not None:
                names = names_of(tx.connection, [seal.sealed_by])
                told = told_by(seals.sealing_events(tx.connection), seal)
                count = seals.count_of_lines(tx.connection, quarter)
                wording = self._pages.wording(request)
                since = corrected(tx.connection, quarter, wording, self._site.root)
            else:
                found = still_open(tx.connection, self._site.store.workflow, quarter)
        if seal is not None:
            more = {
                "who": self._pages.wording(request).word("person_name", names.get(seal.sealed_by, "")),
                "count": count,
                "corrected": since,
            }
            return self._sealed(request, seal, told, more)
        state, _ = state_of(quarter, kept, self._site.today())
        return self._open(request, quarter, state, found, typed)

    def _sealed(self, request: Request, seal: Seal, told: dict[str, Any], more: dict[str, Any]) -> Response:
        wording = self._pages.wording(request)
        still = {Check(key): number for key, number in told.get("open", {}).items() if key in set(Check)}
        values = {
            **self._frame(wording, seal.quarter),
            "seal": seal,
            "is_first": seal.previous_hash == GENESIS,
            "at": wording.value(seal.sealed_at),
            **more,
            "was_open": _counted(still, wording),
            "reason": told.get("reason", ""),
            "done": [wording.say("seals.done")] if request.query_params.get("done") == "sealed" else [],
            "found": None,
        }
        return self._show(request, "sealed.html", values)

    def _open(
        self, request: Request, quarter: Quarter, state: str, found: dict[Check, Open], typed: Typed
    ) -> Response:
        visit: Visit = request.state.visit
        wording = self._pages.wording(request)
        stopped = any(found[check].count for check in STOPS)
        values = {
            **self._frame(wording, quarter),
            "state": wording.say(f"seals.{state}", last=quarter.last_day),
            "is_ready": state == "ready",
            "checks": [
                check_rows(check, one, quarter, wording, self._site.root) for check, one in found.items()
            ],
            "stopped": stopped,
            "asks_reason": not stopped and any(one.count for one in found.values()),
            "may_seal": may(visit.person, Action.SEAL, Subject()),
        }
        return self._form(request, "seal.html", values, typed)

    # -- closing it --------------------------------------------------------------------------------------

    def check(self, request: Request) -> Response:
        """What will be frozen, for a last look."""
        quarter, typed = _quarter(request), Typed(request.state.form)
        typed.text("reason", 2000)
        with self._site.store.read() as tx:
            still = tx.still_open(quarter)
            levels = level_counts(tx.connection, quarter.fiscal_year)
        if still and not typed.text("reason") and not any(still.get(one) for one in STOPS):
            typed.fault("reason", Unmet("reason.missing", {"action": Action.SEAL}))
        if typed.faults:
            return self._quarter(request, quarter, typed)
        return self._checked(request, quarter, still, sum(levels.values()), typed)

    def _checked(
        self, request: Request, quarter: Quarter, still: Counts, indicators: int, typed: Typed
    ) -> Response:
        wording = self._pages.wording(request)
        values = {
            **self._frame(wording, quarter),
            "count": indicators,
            "open": _counted(still, wording),
            "reason": typed.text("reason", 2000),
            "seen": _print_of(still),
        }
        return self._form(request, "seal_check.html", values, typed)

    def close(self, request: Request) -> Response:
        """Seal it: what was looked at, and nothing else."""
        quarter, typed = _quarter(request), Typed(request.state.form)
        visit: Visit = request.state.visit
        reason, count = typed.text("reason", 2000), 0
        still: Counts = {}
        try:
            with self._site.store.begin() as tx:
                still = tx.still_open(quarter)
                count = sum(level_counts(tx.connection, quarter.fiscal_year).values())
                if typed.fields.get("seen") != _print_of(still):
                    raise Refusal([Unmet("seal.changed_meanwhile", {})])
                seal_quarter(tx, quarter, reason=reason, by=visit.person, now=self._site.clock())
        except Refusal as refused:
            typed.blame(refused, **{"quarter.": ""})
            return self._checked(request, quarter, still, count, typed)
        return RedirectResponse(f"{self._site.root}{_path(quarter)}?done=sealed", 303)

    # -- proving it --------------------------------------------------------------------------------------

    def verify(self, request: Request) -> Response:
        """Compute everything behind the seal again and name what was altered; of a large city as a job."""
        quarter = _quarter(request)
        visit: Visit = request.state.visit
        wording = self._pages.wording(request)
        with self._site.store.read() as tx:
            count = seals.count_of_lines(tx.connection, quarter)
            found = list(checks.seal(tx, quarter)) if count <= AT_ONCE else []
        if count > AT_ONCE:
            wanted = Wanted(Product.PROOF, Scope.CITY, "", quarter.fiscal_year, quarter.number)
            now = self._site.clock()
            with self._site.store.begin() as tx:
                job = jobs.ask(tx.connection, wanted, WHOLE_CITY, visit.person.id, now)
            return RedirectResponse(f"{self._site.root}/jobs/{job}", 303)
        values = {
            **self._frame(wording, quarter),
            "at": wording.value(self._site.clock()),
            "count": count,
            "found": altered_words(found, quarter, wording),
        }
        return self._show(request, "seal_verified.html", values)

    # -- what every page shows ---------------------------------------------------------------------------

    def _frame(self, wording: Wording, quarter: Quarter) -> dict[str, Any]:
        be = quarter.fiscal_year + BE_OFFSET
        return {
            "title": wording.value(quarter),
            "page": self._site.root + _path(quarter),
            "back": f"{self._site.root}{_SEALS}?{urlencode({'year': be})}",
        }

    def _form(self, request: Request, template: str, values: dict[str, Any], typed: Typed) -> Response:
        errors = typed.errors(self._pages.wording(request))
        shown = {**values, "fields": typed.fields, "errors": errors, "wrong_form": bool(errors)}
        return self._show(request, template, shown, 422 if errors else 200)

    def _show(self, request: Request, template: str, values: dict[str, Any], status: int = 200) -> Response:
        return self._pages.show(request, f"evaluator/{template}", {"current": "seals", **values}, status)


def _quarter(request: Request) -> Quarter:
    """The quarter of the path; one that there is not leads nowhere."""
    year, number = request.path_params["year"], request.path_params["quarter"]
    is_year = year.isascii() and year.isdigit() and len(year) == 4 and int(year) > BE_OFFSET + 1
    if not is_year or number not in ("1", "2", "3", "4"):
        raise HTTPException(404)
    return Quarter(int(year) - BE_OFFSET, int(number))


def _path(quarter: Quarter) -> str:
    return f"{_SEALS}/{quarter.fiscal_year + BE_OFFSET}/{quarter.number}"


def state_of(quarter: Quarter, kept: dict[int, Seal], today: date) -> tuple[str, str]:
    """Where a quarter is on its way to the seal, and the colour of its tag."""
    if quarter.number in kept:
        return "sealed", "purple"
    if today <= quarter.last_day:
        return "running", "grey"
    if quarter.number - 1 > max(kept, default=0):
        return "not_in_turn", "grey"
    return "ready", "green"


def told_by(events: list[tuple[str, int, dict[str, Any]]], seal: Seal) -> dict[str, Any]:
    """What the event of the seal keeps besides: the reason, and what was open."""
    return next((data for _, _, data in events if data.get("hash") == seal.hash), {})


def _print_of(still: Counts) -> str:
    """What was seen to be open, so that nothing else is sealed than what was looked at."""
    return hashlib.sha256(canonical({str(key): count for key, count in still.items()}).encode()).hexdigest()


def _counted(still: Counts, wording: Wording) -> list[tuple[str, int]]:
    return [(wording.say(f"check.{check}"), still[check]) for check in Check if still.get(check)]

"""Spreadsheets: templates handed out, files taken in: tried first, looked at, and then written."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Refusal, Unmet
from engine.jobs import Job, JobState, Product
from engine.permissions import Action
from engine.quarter import FiscalYear
from engine.wording import Wording
from web.administrator.counter import Counter, by_of, number_of
from web.doors import SIGNED_IN, Doors, Rule, for_city
from web.jobs import job_row
from web.reading import Typed, year_typed
from web.spreadsheets.desk import SheetDesk

#: Where administrators give everything, and where those who write reports give results.
PATH, RESULTS = "/administration/spreadsheets", "/spreadsheets"
#: So many differences and faults are shown; the file that can be fetched has more.
_SHOWN = 100
#: So many seconds after it was opened the page of a file that is being read looks again by itself.
_REFRESH = "3"


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages under ``/administration/spreadsheets``, and the same for results under ``/spreadsheets``."""
    for path, rule, bringing in (
        (PATH, for_city(Action.MANAGE_PEOPLE), for_city(Action.MANAGE_PEOPLE, files=True)),
        (RESULTS, SIGNED_IN, Rule(signed_in=True, files=True)),
    ):
        room = _Spreadsheets(counter, path)
        doors.add(router, path, room.ask, rule)
        doors.add(router, path, room.give, bringing, ["POST"])
        doors.add(router, f"{path}/template", room.template, rule)
        doors.add(router, f"{path}/{{number}}", room.show, rule)
        doors.add(router, f"{path}/{{number}}", room.confirm, rule, ["POST"])


class _Spreadsheets:
    def __init__(self, counter: Counter, path: str) -> None:
        self._counter = counter
        self._site = counter.site
        self._path = path
        self._desk = SheetDesk(counter.site, only_results=path == RESULTS)

    def _frame(self, wording: Wording) -> dict[str, Any]:
        """Where the page lies among the others."""
        is_own = self._path == RESULTS
        part = "indicators" if is_own else "administration"
        return {
            "current": part,
            "home": f"{self._site.root}{self._path}",
            "above": (f"{self._site.root}/{part}", wording.say(f"page.menu_{part}")),
            "name": wording.say("sheets.results" if is_own else "admin.spreadsheets"),
        }

    # -- templates, and giving a file ---------------------------------------------------------------------

    def ask(self, request: Request) -> Response:
        return self._asked(request, Typed({}))

    def _asked(self, request: Request, typed: Typed) -> Response:
        wording, person = self._counter.wording(request), by_of(request)
        with self._site.store.read() as tx:
            years, own = self._desk.years(tx.connection), self._desk.own(tx.connection, person)
        typed.fields.setdefault("year", str(FiscalYear.containing(self._site.today()).be))
        kinds = [(str(one), wording.say(f"sheet_of.{one}")) for one in self._desk.kinds(person)]
        frame = self._frame(wording)
        values = {
            **frame,
            "years": [(str(one.be), wording.value(one)) for one in years],
            "kinds": [("", wording.say("sheets.every_kind")), *kinds],
            "only": kinds[0][0] if len(kinds) == 1 else "",
            "kinds_of_file": [("", wording.say("sheets.as_named")), *kinds],
            "jobs": [self._row(one, wording) for one in own],
        }
        return self._counter.show(request, "spreadsheets", frame["name"], values, typed)

    def template(self, request: Request) -> Response:
        """A template to be filled in, of everything or of one kind, empty or with what is there."""
        asked, person = request.query_params, by_of(request)
        year, kind = year_typed(asked.get("year", "")), asked.get("kind", "")
        if year is None or kind not in ("", *self._desk.kinds(person)):
            raise HTTPException(404)
        is_filled, is_csv = asked.get("filled") == "yes", asked.get("format") == "csv" and bool(kind)
        wording = self._counter.wording(request)
        return self._desk.template(person, wording, year, kind, is_filled=is_filled, is_csv=is_csv)

    def give(self, request: Request) -> Response:
        """Take the file, and have it tried in the background."""
        typed, person = Typed(request.state.form), by_of(request)
        sent, year, kind = request.state.form.get("file"), year_typed(typed.line("year")), typed.line("kind")
        if year is None:
            typed.fault("year", Unmet("admin.year_missing"))
        # A browser sends an empty file where none was chosen.
        if not isinstance(sent, UploadFile) or not (sent.filename and sent.size):
            typed.fault("file", Unmet("sheets.choose_file"))
        elif year is not None:
            try:
                asked = self._desk.keep(person, sent.file, sent.filename, kind)
            except Refusal as refused:
                is_of_kind = refused.conditions[0].kind == "sheets.choose_kind"
                typed.fault("kind" if is_of_kind else "file", *refused.conditions)
            else:
                return self._on_to(self._desk.put(person, asked, year, try_only=True))
        return self._asked(request, typed)

    def _on_to(self, number: int) -> Response:
        return RedirectResponse(f"{self._site.root}{self._path}/{number}", 303)

    # -- what became of it --------------------------------------------------------------------------------

    def show(self, request: Request, number: str) -> Response:
        """How far it is; then all that is wrong, or what it would do; then what it did."""
        job, wording = self._job(request, number), self._counter.wording(request)
        is_open = job.state in (JobState.WAITING, JobState.RUNNING)
        found = self._desk.result(job)
        values = {
            **self._frame(wording),
            "job": self._row(job, wording),
            "is_open": is_open,
            "is_done": job.state is JobState.DONE,
            "is_trial": job.wanted.product is Product.TRIAL,
            "done": job.done,
            "total": job.total,
            "error": job.error,
            "result": None if found is None else _told(found, wording),
            "file": f"{self._site.root}/jobs/{job.id}/file",
            "year": wording.value(FiscalYear(job.wanted.fiscal_year)),
        }
        answer = self._counter.show(request, "spreadsheet", _title(job, wording), values)
        if is_open:
            answer.headers["Refresh"] = _REFRESH
        return answer

    def confirm(self, request: Request, number: str) -> Response:
        """Have what was shown written, if it would still be the same."""
        return self._on_to(self._desk.confirm(by_of(request), self._job(request, number)))

    def _job(self, request: Request, number: str) -> Job:
        return self._desk.job(by_of(request), number_of(number))

    def _row(self, job: Job, wording: Wording) -> dict[str, Any]:
        return job_row(job, f"{self._site.root}{self._path}/{job.id}", _title(job, wording), wording)


def _title(job: Job, wording: Wording) -> str:
    return wording.say(f"sheets.{job.wanted.product}_of", file=wording.value(job.name))


def _told(found: dict[str, Any], wording: Wording) -> dict[str, Any]:
    """The result as the page shows it: counts, then as much of each list as can be read."""
    changed = sum(of_kind["added"] + of_kind["changed"] for of_kind in found["counts"].values())
    return {
        "faults": found["faults"],
        "changed": changed,
        "left_faults": max(0, found["faults"] - _SHOWN),
        "left": max(0, changed - _SHOWN),
        "findings": [_finding(one) for one in found["findings"][:_SHOWN]],
        "notes": [_finding(one) for one in found["notes"][:_SHOWN]],
        "counts": [
            [wording.word("record_kind", kind), *(count[how] for how in ("added", "changed", "same"))]
            for kind, count in found["counts"].items()
        ],
        "rows": [_difference(one, wording) for one in found["differences"][:_SHOWN]],
    }


def _finding(one: dict[str, Any]) -> list[str]:
    column = " ".join(filter(None, (one["column"], f"({one['head']})" if one["head"] else "")))
    return [one["sheet"] or "–", str(one["row"] or "–"), column or "–", one["sentence"]]


def _difference(one: dict[str, Any], wording: Wording) -> dict[str, Any]:
    told: Sequence[str] = one["told"]
    return {
        "kind": wording.word("record_kind", one["kind"]),
        "key": one["key"],
        "how": wording.word("how", one["how"]),
        "colour": "green" if one["how"] == "added" else "yellow",
        "told": told,
    }

"""Spreadsheets: templates handed out, files taken in: tried first, looked at, and then written."""

import json
import tempfile
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Refusal, Unmet
from engine.jobs import Job, JobState, Product, Scope, Wanted
from engine.permissions import Action, Person, Subject, may, who_may
from engine.quarter import BE_OFFSET, FiscalYear
from engine.wording import Wording
from engine.workflow import Text
from storage import jobs, kept_records
from storage.choices import choices
from storage.file_names import clean_name
from web.administrator.counter import Counter, by_of, number_of
from web.doors import SIGNED_IN, Doors, Rule, for_city
from web.jobs import job_row
from web.ranges import attachment
from web.reading import Typed, year_typed
from web.spreadsheets.columns import DONE_BY, SheetKind
from web.spreadsheets.filling import Filling
from web.spreadsheets.reading import XLSX, check_file
from web.spreadsheets.taking import Asked
from web.spreadsheets.template import nothing, write_book, write_csv

#: Where administrators give everything, and where those who write reports give results.
PATH, RESULTS = "/administration/spreadsheets", "/spreadsheets"
#: So many differences and faults are shown; the file that can be fetched has more.
_SHOWN = 100
#: So many seconds after it was opened the page of a file that is being read looks again by itself.
_REFRESH = "3"
_PRODUCTS = (Product.TRIAL, Product.INTAKE)


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


def kinds_for(person: Person) -> list[SheetKind]:
    """What somebody may give: results are those of who writes reports."""
    roles = {one.role for one in person.grants}
    return [
        kind
        for kind, action in DONE_BY.items()
        if may(person, action, Subject()) or roles.intersection(who_may(action))
    ]


class _Spreadsheets:
    def __init__(self, counter: Counter, path: str) -> None:
        self._counter = counter
        self._site = counter.site
        self._path = path

    def _kinds(self, person: Person) -> list[SheetKind]:
        """What they may give here; whoever may give nothing has no business here."""
        here = [SheetKind.RESULTS] if self._path == RESULTS else list(SheetKind)
        kinds = [kind for kind in kinds_for(person) if kind in here]
        if not kinds:
            raise HTTPException(403)
        return kinds

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
            years = {*choices(tx.connection).years, FiscalYear.containing(self._site.today()).year}
            own = [one for one in jobs.jobs_of(tx.connection, person.id) if one.wanted.product in _PRODUCTS]
        running = FiscalYear.containing(self._site.today())
        typed.fields.setdefault("year", str(running.be))
        kinds = [(str(one), wording.say(f"sheet_of.{one}")) for one in self._kinds(person)]
        frame = self._frame(wording)
        values = {
            **frame,
            "years": [(str(one + BE_OFFSET), wording.value(FiscalYear(one))) for one in sorted(years)[::-1]],
            "kinds": [("", wording.say("sheets.every_kind")), *kinds],
            "only": kinds[0][0] if len(kinds) == 1 else "",
            "kinds_of_file": [("", wording.say("sheets.as_named")), *kinds],
            "jobs": [self._row(one, wording) for one in own],
        }
        return self._counter.show(request, "spreadsheets", frame["name"], values, typed)

    def template(self, request: Request) -> Response:
        """A template to be filled in, of everything or of one kind, empty or with what is there."""
        asked, wording, person = request.query_params, self._counter.wording(request), by_of(request)
        kinds = self._kinds(person)
        year, only = year_typed(asked.get("year", "")), asked.get("kind", "")
        if year is None or only not in ("", *kinds):
            raise HTTPException(404)
        chosen = [SheetKind(only)] if only else kinds
        is_filled, is_csv = asked.get("filled") == "yes", asked.get("format") == "csv" and bool(only)
        with self._site.store.read() as tx:
            store = self._site.store
            kept = kept_records.read(store, tx.connection, year.year, with_results=is_filled)
        filling = Filling(kept, year, person, chosen)
        rows = filling.rows if is_filled else nothing
        name = f"radap-{only or 'template'}-{year.be}.{'csv' if is_csv else 'xlsx'}"
        headers = {"Content-Disposition": attachment(name), "Cache-Control": "no-store"}
        if is_csv:
            text = StringIO(newline="")
            write_csv(text, wording, chosen[0], rows)
            return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            write_book(path, wording, store.policy.zone, chosen, filling.offered, rows)
            return Response(path.read_bytes(), media_type=XLSX, headers=headers)

    def give(self, request: Request) -> Response:
        """Take the file, and have it tried in the background."""
        typed, person = Typed(request.state.form), by_of(request)
        sent, year, kind = request.state.form.get("file"), year_typed(typed.line("year")), typed.line("kind")
        if year is None:
            typed.fault("year", Unmet("admin.year_missing"))
        if kind not in ("", *self._kinds(person)):
            typed.fault("kind", Unmet("sheets.choose_kind"))
        # A browser sends an empty file where none was chosen.
        if not isinstance(sent, UploadFile) or not (sent.filename and sent.size):
            typed.fault("file", Unmet("sheets.choose_file"))
        elif not typed.faults:
            name = clean_name(sent.filename) or "file"
            try:
                if not check_file(sent.file, name) and not kind:
                    typed.fault("kind", Unmet("sheets.choose_kind"))
            except Refusal as refused:
                typed.fault("file", *refused.conditions)
            sent.file.seek(0)
            if not typed.faults and year is not None:
                asked = Asked(self._site.evidence.keep_as(sent.file), name, SheetKind(kind) if kind else None)
                return self._queued(request, Product.TRIAL, asked, year)
        return self._asked(request, typed)

    def _queued(self, request: Request, product: Product, asked: Asked, year: FiscalYear) -> Response:
        wanted = Wanted(product, Scope.CITY, str(asked), year.year)
        name, now = Text(asked.name, asked.name), self._site.clock()
        with self._site.store.begin() as tx:
            if jobs.waiting_of(tx.connection, by_of(request).id) >= jobs.MOST_WAITING:
                raise Refusal([Unmet("job.too_many", {"most": jobs.MOST_WAITING})])
            number = jobs.ask(tx.connection, wanted, name, by_of(request).id, now)
        return RedirectResponse(f"{self._site.root}{self._path}/{number}", 303)

    # -- what became of it --------------------------------------------------------------------------------

    def show(self, request: Request, number: str) -> Response:
        """How far it is; then all that is wrong, or what it would do; then what it did."""
        job, wording = self._job(request, number), self._counter.wording(request)
        is_open = job.state in (JobState.WAITING, JobState.RUNNING)
        found = self._result(job)
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
        job = self._job(request, number)
        found = self._result(job)
        if job.wanted.product is not Product.TRIAL or found is None or found["faults"]:
            raise HTTPException(404)
        asked = Asked.of(job.wanted.of)._replace(expected=found["digest"])
        return self._queued(request, Product.INTAKE, asked, FiscalYear(job.wanted.fiscal_year))

    def _job(self, request: Request, number: str) -> Job:
        """A file that this person gave; that of somebody else is like one that there is not."""
        with self._site.store.read() as tx:
            job = jobs.job(tx.connection, number_of(number))
        if job is None or job.asked_by != by_of(request).id or job.wanted.product not in _PRODUCTS:
            raise HTTPException(404)
        return job

    def _result(self, job: Job) -> dict[str, Any] | None:
        if job.result is None or not job.can_be_fetched(self._site.clock()):
            return None
        with self._site.evidence.open(job.result.sha256) as content:
            found: dict[str, Any] = json.load(content)
        return found

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

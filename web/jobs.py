"""What is made in the background: asked for, watched while it is made, fetched by whoever asked."""

from collections.abc import Iterator, Mapping
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Unmet
from engine.jobs import Job, JobState, Product, Scope, Wanted
from engine.permissions import Action, Person, Role, Subject, may
from engine.quarter import BE_OFFSET, FiscalYear
from engine.wording import Wording
from engine.workflow import Text
from storage import jobs
from storage.desk import years
from storage.registry import agencies
from storage.reporting import plan_of
from storage.transaction import Tx
from web.doors import SIGNED_IN, Doors, Visit
from web.pages import Pages
from web.ranges import attachment, handed_out
from web.reading import Typed, newest_year, whole_number
from web.reports import wanted as wishes
from web.site import Site

COLOURS: Mapping[JobState, str] = {
    JobState.WAITING: "grey",
    JobState.RUNNING: "",
    JobState.DONE: "green",
    JobState.FAILED: "red",
    JobState.CANCELLED: "yellow",
}
#: So many seconds after it was opened the page of a job that is not done looks again by itself.
_REFRESH = "3"
_LONGEST_OF = 64
#: What a form may ask for; a proof is asked for at its seal.
OFFERED_IN_FORMS = (Product.PDF, Product.SHEETS, Product.PACK)


def job_row(job: Job, href: str, title: str, wording: Wording) -> dict[str, Any]:
    """A job as lists of one's own jobs show it."""
    return {
        "href": href,
        "title": title,
        "state": wording.word("job_state", job.state),
        "colour": COLOURS[job.state],
        "asked": wording.value(job.asked_at),
        "ended": wording.value(job.ended_at) if job.ended_at else "",
    }


def routes(site: Site, pages: Pages, doors: Doors) -> Router:
    """``/reports``, where reports are asked for, and ``/jobs``, where they come to be."""
    router = Router()
    here = JobRoom(site, pages)
    doors.add(router, "/reports", here.offered, SIGNED_IN)
    doors.add(router, "/reports", here.ask, SIGNED_IN, ["POST"])
    doors.add(router, "/jobs", here.own, SIGNED_IN)
    doors.add(router, "/jobs/{number}", here.job, SIGNED_IN)
    doors.add(router, "/jobs/{number}/file", here.fetch, SIGNED_IN)
    return router


class JobRoom:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages

    # -- asking ------------------------------------------------------------------------------------------

    def offered(self, request: Request) -> Response:
        """What this person may have: of their agencies, or of everything."""
        return self._offered(request, Typed({"year": request.query_params.get("year", "")}))

    def _offered(self, request: Request, typed: Typed) -> Response:
        visit: Visit = request.state.visit
        wording = self._pages.wording(request)
        with self._site.store.read() as tx:
            there = years(tx.connection, visit.person)
            scopes = list(scopes_of(tx, visit.person, wording))
            own = jobs.jobs_of(tx.connection, visit.person.id)
        running = FiscalYear.containing(self._site.today()).year
        newest = newest_year(there, running)
        fields = {"product": "pdf", "of": scopes[0][0] if scopes else "", **typed.fields}
        fields["year"] = fields.get("year") or str(newest + BE_OFFSET)
        errors = typed.errors(wording)
        values = {
            "current": "reports",
            "title": wording.say("reports.title"),
            "years": [(str(one + BE_OFFSET), wording.value(FiscalYear(one))) for one in there],
            "scopes": scopes,
            "products": [
                (str(one), wording.word("product", one), wording.say(f"product_help.{one}"))
                for one in OFFERED_IN_FORMS
            ],
            "jobs": [self._row(one, wording) for one in own[:5]],
            "fields": fields,
            "errors": errors,
            "wrong_form": bool(errors),
        }
        return self._pages.show(request, "reports/offered.html", values, 422 if errors else 200)

    def ask(self, request: Request) -> Response:
        """Put it into the queue, and go to where it can be watched."""
        visit: Visit = request.state.visit
        typed = Typed(request.state.form)
        wanted = _wanted(typed)
        now = self._site.clock()
        by_mail = typed.fields.get("mail") == "yes"
        number = 0
        with self._site.store.begin() as tx:
            found = wishes.find(tx, wanted) if wanted else None
            if wanted is None or found is None:
                typed.fault("product", Unmet("job.not_offered", {}))
            elif not wishes.may_have(visit.person, found):
                raise HTTPException(403)
            elif jobs.waiting_of(tx.connection, visit.person.id) >= jobs.MOST_WAITING:
                typed.fault("", Unmet("job.too_many", {"most": jobs.MOST_WAITING}))
            else:
                number = jobs.ask(tx.connection, wanted, found.name, visit.person.id, now, by_mail=by_mail)
        if typed.faults:
            return self._offered(request, typed)
        return RedirectResponse(f"{self._site.root}/jobs/{number}", 303)

    # -- watching ----------------------------------------------------------------------------------------

    def own(self, request: Request) -> Response:
        """The newest jobs of this person."""
        visit: Visit = request.state.visit
        wording = self._pages.wording(request)
        with self._site.store.read() as tx:
            found = jobs.jobs_of(tx.connection, visit.person.id)
        values = {
            "current": "reports",
            "title": wording.say("jobs.title"),
            "jobs": [self._row(one, wording) for one in found],
        }
        return self._pages.show(request, "reports/jobs.html", values)

    def job(self, request: Request) -> Response:
        """One job; while it is made the page looks again by itself, also without scripts."""
        job = self.job_of(request)
        wording = self._pages.wording(request)
        is_open = job.state in (JobState.WAITING, JobState.RUNNING)
        values = {
            "current": "reports",
            "title": title_of(job, wording),
            "job": self._row(job, wording),
            "is_open": is_open,
            "done": job.done,
            "total": job.total,
            "error": job.error,
            "file": self._file(job, wording),
            "told": wording.say("jobs.told"),
        }
        headers = {"Refresh": _REFRESH} if is_open else None
        return self._pages.show(request, "reports/job.html", values, headers=headers)

    def _row(self, job: Job, wording: Wording) -> dict[str, Any]:
        return job_row(job, f"{self._site.root}/jobs/{job.id}", title_of(job, wording), wording)

    def _file(self, job: Job, wording: Wording) -> dict[str, str] | None:
        result = job.result
        if result is None or not job.can_be_fetched(self._site.clock()):
            return None
        return {
            "href": f"{self._site.root}/jobs/{job.id}/file",
            "name": result.file_name,
            "size": wording.value(result.size, "size"),
            "until": wording.value(job.expires_at),
            "sha256": result.sha256,
        }

    # -- fetching ----------------------------------------------------------------------------------------

    def fetch(self, request: Request) -> Response:
        """The file, for whoever asked and still may see what is in it, and for administrators."""
        visit: Visit = request.state.visit
        job = self.job_of(request)
        with self._site.store.read() as tx:
            found = wishes.find(tx, job.wanted)
        if found is None or not wishes.may_have(visit.person, found):
            raise HTTPException(403)
        result = job.result
        if result is None or not job.can_be_fetched(self._site.clock()):
            raise HTTPException(404)
        content = self._site.evidence.open(result.sha256)
        headers = {"Content-Disposition": attachment(result.file_name)}
        return handed_out(request, content, result.size, result.sha256, result.media_type, headers)

    def job_of(self, request: Request) -> Job:
        """The job of the path; somebody else's is like one that there is not."""
        visit: Visit = request.state.visit
        number = whole_number(request.path_params["number"], 9)
        with self._site.store.read() as tx:
            job = jobs.job(tx.connection, number) if number is not None else None
        if job is None or (job.asked_by != visit.person.id and not visit.person.has(Role.ADMINISTRATOR)):
            raise HTTPException(404)
        return job


def title_of(job: Job, wording: Wording) -> str:
    """What is made, in words."""
    wanted = job.wanted
    return wording.say(
        "jobs.what",
        product=str(wanted.product),
        name=_named(job),
        year=FiscalYear(wanted.fiscal_year) if not wanted.quarter else None,
        quarter=FiscalYear(wanted.fiscal_year).quarters[wanted.quarter - 1] if wanted.quarter else None,
    )


def _named(job: Job) -> Text | None:
    return None if job.wanted.product is Product.PROOF else job.name


def _wanted(typed: Typed) -> Wanted | None:
    """What a form asks for; ``None`` for anything that no form of ours offers."""
    product, year = typed.fields.get("product", ""), whole_number(typed.fields.get("year", ""), 4)
    scope, _, of = typed.fields.get("of", "").partition(":")
    is_known = product in OFFERED_IN_FORMS and scope in list(Scope)
    if not is_known or year is None or year <= BE_OFFSET + 1 or len(of) > _LONGEST_OF:
        return None
    return Wanted(Product(product), Scope(scope), of, year - BE_OFFSET)


def scopes_of(tx: Tx, person: Person, wording: Wording) -> Iterator[tuple[str, str]]:
    """(value, words) of everything of which this person may have a report."""
    if may(person, Action.VIEW, Subject()):
        yield "city:", wording.value(wishes.WHOLE_CITY)
        for step in plan_of(tx.connection).dimensions():
            words = wording.say("report_pdf.dimension", code=step.code)
            yield f"dimension:{step.code}", f"{words} {step.title}"
    for one in agencies(tx.connection):
        if may(person, Action.VIEW, Subject(one.id)):
            yield f"agency:{one.id}", wording.value(one.name)

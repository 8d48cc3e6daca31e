"""The report of a quarter: written, checked, and handed in with a receipt."""

import hashlib
from decimal import Decimal

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Router

from engine import actions
from engine.actions import Outcome
from engine.answering import points_of
from engine.errors import Unmet
from engine.indicator import QuarterReport, ReportState
from engine.machine import report_rules
from engine.permissions import Action
from engine.quarter import timeliness
from engine.wording import plain_number
from storage import drafts
from storage.drafts import Draft
from web.coordinator.report_parts import About, amount, by_at, seen, values_of
from web.coordinator.scene import Counter, Scene, Turn
from web.doors import SEEN, Doors, Place, Visit, doing
from web.reading import Typed

_PAGE = "/indicators/{year}/{code}/quarters/{quarter}"
_WRITES = doing(Action.WRITE_REPORT)


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages of a quarter's report."""
    here = _Report(counter)
    doors.add(router, _PAGE, here.page, SEEN)
    doors.add(router, _PAGE, here.write, _WRITES, ["POST"])
    doors.add(router, f"{_PAGE}/draft", here.keep_draft, _WRITES, ["POST"])
    doors.add(router, f"{_PAGE}/draft/forget", here.forget_draft, _WRITES, ["POST"])
    doors.add(router, f"{_PAGE}/check", here.check, doing(Action.SUBMIT_REPORT))
    doors.add(router, f"{_PAGE}/submit", here.submit, doing(Action.SUBMIT_REPORT), ["POST"])
    doors.add(router, f"{_PAGE}/receipt", here.receipt, SEEN)


class _Report:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site

    # -- reading -----------------------------------------------------------------------------------------

    def page(self, request: Request, quarter: str) -> Response:
        """The report as it stands, or the form to write it where that may be done."""
        scene, about = seen(self._counter, request, quarter)
        if self._may_write(scene, about):
            return self._form(request, scene, about, _typed(about.report))
        return self._counter.show(request, "report.html", scene, values_of(self._counter, scene, about))

    def _may_write(self, scene: Scene, about: About) -> bool:
        open_to_all = about.quarter.number > scene.indicator.sealed_through
        possible = report_rules().triggers_from(about.report.state)
        return open_to_all and "write" in possible and scene.may(Action.WRITE_REPORT)

    # -- writing -----------------------------------------------------------------------------------------

    def _form(
        self,
        request: Request,
        scene: Scene,
        about: About,
        typed: Typed,
        theirs: QuarterReport | None = None,
    ) -> Response:
        with self._site.store.read() as tx:
            number = about.quarter.number
            kept = drafts.draft(tx.connection, scene.visit.person.id, scene.indicator.id, number)
        if kept is not None and (kept.narrative, kept.self_reported) == (
            typed.fields.get("narrative", ""),
            typed.fields.get("value", ""),
        ):
            kept = None
        values = {
            **values_of(self._counter, scene, about),
            "typed": typed,
            "draft": kept if not typed.faults and theirs is None else None,
            "draft_value": kept.self_reported if kept else "",
            "draft_at": scene.wording.value(kept.saved_at) if kept else "",
            "theirs": theirs,
            "theirs_value": amount(scene, theirs) if theirs else "",
            "theirs_by": by_at(scene, theirs.written_by, theirs.written_at) if theirs else "",
            "points": points_of(about.report.return_reason),
        }
        return self._counter.show(request, "write.html", scene, values, 409 if theirs else 200)

    def write(self, request: Request, quarter: str) -> Response:
        """Save what was typed, and go on to check it if that was the button."""
        typed = Typed(request.state.form)
        scene, about = seen(self._counter, request, quarter)
        narrative, value = typed.text("narrative"), typed.number("value")
        if typed.faults:
            return self._form(request, scene, about, typed)
        if typed.fields.get("seen", "") != _print_of(about.report):
            # Somebody else wrote meanwhile: nothing is overwritten that was not read.
            typed.fields["seen"] = _print_of(about.report)
            return self._form(request, scene, about, typed, about.report)
        self._counter.do(request, typed, lambda turn: self._written(turn, about, narrative, value))
        if typed.faults:
            return self._form(request, *seen(self._counter, request, quarter), typed)
        page = f"{scene.base}/quarters/{quarter}"
        if typed.fields.get("then") == "check":
            return self._counter.to(f"{page}/check")
        return self._counter.to(page, "saved")

    def _written(self, turn: Turn, about: About, narrative: str, value: Decimal | None) -> Outcome:
        number = about.quarter.number
        outcome = actions.write_report(
            turn.tx,
            turn.code,
            turn.year,
            number,
            narrative=narrative,
            self_reported=value,
            not_reported=value is None,
            by=turn.by,
            now=turn.now,
        )
        drafts.forget(turn.tx.connection, turn.by.id, outcome.indicator.id, number)
        return outcome

    def keep_draft(self, request: Request, quarter: str) -> Response:
        """Keep what was typed so far, for this person alone; called by the page as it is typed."""
        place: Place = request.state.place
        visit: Visit = request.state.visit
        typed = Typed(request.state.form)
        if quarter not in ("1", "2", "3", "4"):
            raise HTTPException(404)
        now = self._site.clock()
        draft = Draft(typed.text("narrative"), typed.line("value", 60), now)
        if typed.faults:
            raise HTTPException(413)
        with self._site.store.begin() as tx:
            drafts.keep(tx.connection, visit.person.id, place.indicator, int(quarter), draft)
        said = self._counter.wording(request).say("page.draft_saved", at=now)
        return JSONResponse({"saved": said})

    def forget_draft(self, request: Request, quarter: str) -> Response:
        """The draft is not wanted any more."""
        scene, about = seen(self._counter, request, quarter)
        with self._site.store.begin() as tx:
            number = about.quarter.number
            drafts.forget(tx.connection, scene.visit.person.id, scene.indicator.id, number)
        return self._counter.to(f"{scene.base}/quarters/{quarter}")

    # -- handing in --------------------------------------------------------------------------------------

    def check(self, request: Request, quarter: str) -> Response:
        """What will be handed in, for a last look, with whatever contradicts it."""
        return self._checked(request, *seen(self._counter, request, quarter), Typed({}))

    def _checked(self, request: Request, scene: Scene, about: About, typed: Typed) -> Response:
        values = {
            **values_of(self._counter, scene, about),
            "points": points_of(about.report.return_reason),
            "typed": typed,
            "seen": _print_of(about.report),
            "on_time": scene.today <= about.due_on,
        }
        return self._counter.show(request, "check.html", scene, values)

    def submit(self, request: Request, quarter: str) -> Response:
        """Hand it in: what was looked at, and nothing else."""
        typed = Typed(request.state.form)
        scene, about = seen(self._counter, request, quarter)
        if typed.fields.get("seen", "") != _print_of(about.report):
            typed.fault("", Unmet("report.changed", {"by": scene.name(about.report.written_by)}))
            return self._checked(request, scene, about, typed)
        points = points_of(about.report.return_reason)
        answers = [typed.text(f"answer-{number}", 2000) for number in range(1, len(points) + 1)]
        self._counter.do(
            request,
            typed,
            lambda turn: actions.submit_report(
                turn.tx,
                turn.code,
                turn.year,
                about.quarter.number,
                answers=answers if points else None,
                by=turn.by,
                now=turn.now,
            ),
        )
        if typed.faults:
            return self._checked(request, *seen(self._counter, request, quarter), typed)
        return self._counter.to(f"{scene.base}/quarters/{quarter}/receipt")

    def receipt(self, request: Request, quarter: str) -> Response:
        """When it was handed in, whether in time, and what happens next."""
        scene, about = seen(self._counter, request, quarter)
        report = about.report
        if report.submitted_at is None:
            return self._counter.to(f"{scene.base}/quarters/{quarter}")
        submitted_on = self._site.store.policy.day_of(report.submitted_at)
        values = {
            **values_of(self._counter, scene, about),
            "at": scene.wording.value(report.submitted_at),
            "in_time": str(timeliness(submitted_on, about.due_on)),
            "number": f"{scene.indicator.code}/{quarter}/{scene.indicator.fiscal_year.be}",
            "waits": report.state == ReportState.SUBMITTED,
        }
        return self._counter.show(request, "receipt.html", scene, values)


def _typed(report: QuarterReport) -> Typed:
    """The report as the fields of its form."""
    return Typed({"narrative": report.narrative, "value": _number(report), "seen": _print_of(report)})


def _print_of(report: QuarterReport) -> str:
    """What somebody saw of the report: whoever saves it over must have seen what is there."""
    seen = f"{report.state}\n{_number(report)}\n{report.narrative}"
    return hashlib.sha256(seen.encode()).hexdigest()[:24]


def _number(report: QuarterReport) -> str:
    """The self-reported result as it is typed; nothing where nothing was reported."""
    return "" if report.self_reported is None else plain_number(report.self_reported)

"""The report of a quarter: written, checked, handed in with a receipt; endorsed or sent back by the head."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import JSONResponse, Response

from engine import actions
from engine.actions import Outcome
from engine.answering import points_of
from engine.appeal import Appeal, not_appealable
from engine.contradictions import contradictions
from engine.errors import Unmet
from engine.indicator import QuarterReport, ReportState
from engine.machine import report_rules
from engine.permissions import Action
from engine.quarter import Quarter, timeliness
from engine.verdict import CheckItem, Verdict, of_quarter, pairs, standing, to_be_read_again
from engine.wording import Wording, plain_number
from storage import drafts
from storage.deadlines import deadlines_of_year
from storage.drafts import Draft
from web.coordinator.scene import Counter, Scene, Turn
from web.coordinator.views import report_tag
from web.doors import SEEN, Doors, Place, Visit, doing
from web.reading import Typed

_PAGE = "/indicators/{year}/{code}/quarters/{quarter}"
_WRITES = doing(Action.WRITE_REPORT)


def add_routes(router: APIRouter, counter: Counter, doors: Doors) -> None:
    """The pages of a quarter's report."""
    here = _Report(counter)
    doors.add(router, _PAGE, here.page, SEEN)
    doors.add(router, _PAGE, here.write, _WRITES, ["POST"])
    doors.add(router, f"{_PAGE}/draft", here.keep_draft, _WRITES, ["POST"])
    doors.add(router, f"{_PAGE}/draft/forget", here.forget_draft, _WRITES, ["POST"])
    doors.add(router, f"{_PAGE}/check", here.check, doing(Action.SUBMIT_REPORT))
    doors.add(router, f"{_PAGE}/submit", here.submit, doing(Action.SUBMIT_REPORT), ["POST"])
    doors.add(router, f"{_PAGE}/receipt", here.receipt, SEEN)
    for name, action in (("endorse", Action.ENDORSE_REPORT), ("return", Action.RETURN_REPORT)):
        decide = _Decide(counter, name)
        doors.add(router, f"{_PAGE}/{name}", decide.ask, doing(action))
        doors.add(router, f"{_PAGE}/{name}", decide.do, doing(action), ["POST"])


class _About(NamedTuple):
    """The quarter of the path, its report (a blank one where nobody has begun it), and when it is due.

    ``verdicts`` are those on this report, ``appeals`` all about the indicator.
    """

    quarter: Quarter
    report: QuarterReport
    is_there: bool
    due_on: date
    verdicts: list[Verdict]
    appeals: list[Appeal]


def _seen(counter: Counter, request: Request, number: str) -> tuple[Scene, _About]:
    """The indicator and the report of the quarter, as they stand now."""
    if number not in ("1", "2", "3", "4"):
        raise HTTPException(404)
    scene = counter.scene(
        request,
        lambda tx, one: (
            deadlines_of_year(tx, one.agency, one.fiscal_year)[int(number)],
            of_quarter(tx.verdicts(one), int(number)),
            tx.appeals(one),
        ),
    )
    quarter = scene.indicator.fiscal_year.quarters[int(number) - 1]
    report = scene.indicator.reports.get(quarter.number)
    blank = QuarterReport(quarter.number)
    return scene, _About(quarter, report or blank, report is not None, *scene.read)


class _Report:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site

    # -- reading -----------------------------------------------------------------------------------------

    def page(self, request: Request, quarter: str) -> Response:
        """The report as it stands, or the form to write it where that may be done."""
        scene, about = _seen(self._counter, request, quarter)
        if self._may_write(scene, about):
            return self._form(request, scene, about, _typed(about.report))
        return self._counter.show(request, "report.html", scene, self._values(scene, about))

    def _may_write(self, scene: Scene, about: _About) -> bool:
        open_to_all = about.quarter.number > scene.indicator.sealed_through
        possible = report_rules().triggers_from(about.report.state)
        return open_to_all and "write" in possible and scene.may(Action.WRITE_REPORT)

    def _values(self, scene: Scene, about: _About) -> dict[str, Any]:
        """What every page of a report shows."""
        wording, report, quarter = scene.wording, about.report, about.quarter
        page = f"{self._site.root}{scene.base}/quarters/{quarter.number}"
        # Whoever is to read it again is not shown what the first evaluator found.
        is_blind, given = quarter.number in scene.hidden, report.evaluation
        possible = report_rules().triggers_from(report.state) if about.is_there else ()
        # Whoever evaluates does so on one page, from which a report is sent back as well.
        evaluates = scene.may(Action.ACCEPT_REPORT) and "return" in possible
        acts = [
            (wording.say(f"act.{name}_report"), f"{page}/{name}")
            for name, action in (("endorse", Action.ENDORSE_REPORT), ("return", Action.RETURN_REPORT))
            if name in possible and scene.may(action) and not (evaluates and name == "return")
        ]
        if evaluates:
            # What is accepted can only be sent back there.
            kind = "act.return_report" if report.state == ReportState.ACCEPTED else "evaluate.title"
            acts.append((wording.say(kind), f"{page}/evaluate"))
        acts += self._disputes(scene, about, page)
        return {
            "title": scene.phrases.thing(quarter),
            "page": page,
            "tag": report_tag(report if about.is_there else None, wording),
            "report": report,
            "is_there": about.is_there,
            "level": _level_at_end(scene, quarter),
            "self_reported": _amount(scene, report),
            "unit": scene.indicator.unit,
            "due": scene.phrases.day(about.due_on),
            "left": self._left(scene, about),
            "written": _by_at(scene, report.written_by, report.written_at),
            "submitted": _by_at(scene, report.submitted_by, report.submitted_at),
            "endorsed": _by_at(scene, report.endorsed_by, report.endorsed_at),
            "fix_by": scene.phrases.day(report.fix_by) if report.fix_by else "",
            "scores": (wording.value(given.quality), wording.value(given.timeliness)) if given else None,
            "remark": given.remark if given else "",
            "checked": [] if is_blind else _checked(self._site.store.policy.review.checklist, about, wording),
            "second": _second(scene, about),
            "appeals": [
                (
                    f"{self._site.root}{scene.base}/appeals/{one.number}",
                    wording.say("appeal.of", at=one.made_at),
                    wording.word("appeal_state", one.state),
                )
                for one in about.appeals
                if one.quarter == quarter.number
            ],
            # Once it is accepted there is nothing left to be seen to.
            "may_read_facts": bool(report.narrative) and scene.may(Action.RECORD),
            "is_open": about.is_there and report.state not in (ReportState.ACCEPTED, ReportState.SEALED),
            "warnings": _warnings(scene, quarter, report.narrative, report.self_reported),
            "acts": acts,
            "may_ask": scene.may(Action.PETITION) and quarter.number > scene.indicator.sealed_through,
        }

    def _disputes(self, scene: Scene, about: _About, page: str) -> Iterator[tuple[str, str]]:
        """What may be done about a verdict: read a drawn one again, appeal against it."""
        wording = scene.wording
        if self._reads_again(scene, about):
            yield wording.say("second.title"), f"{page}/second"
        until = self._site.store.policy.appeal_until
        in_the_way = not_appealable(about.report, about.verdicts, about.appeals, until, scene.today)
        if scene.may(Action.APPEAL) and next(in_the_way, None) is None:
            yield wording.say("appeal.make"), f"{page}/appeal"

    def _reads_again(self, scene: Scene, about: _About) -> bool:
        return reads_again(scene, about.verdicts)

    def _left(self, scene: Scene, about: _About) -> str:
        if about.report.submitted_at is not None and about.report.state not in _UNFINISHED:
            return ""
        calendar = self._site.store.policy.calendar
        days = calendar.working_days_between(scene.today, about.due_on)
        return scene.phrases.left(days, about.due_on, scene.today)

    # -- writing -----------------------------------------------------------------------------------------

    def _form(
        self,
        request: Request,
        scene: Scene,
        about: _About,
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
            **self._values(scene, about),
            "typed": typed,
            "draft": kept if not typed.faults and theirs is None else None,
            "draft_value": kept.self_reported if kept else "",
            "draft_at": scene.wording.value(kept.saved_at) if kept else "",
            "theirs": theirs,
            "theirs_value": _amount(scene, theirs) if theirs else "",
            "theirs_by": _by_at(scene, theirs.written_by, theirs.written_at) if theirs else "",
            "points": points_of(about.report.return_reason),
        }
        return self._counter.show(request, "write.html", scene, values, 409 if theirs else 200)

    def write(self, request: Request, quarter: str) -> Response:
        """Save what was typed, and go on to check it if that was the button."""
        typed = Typed(request.state.form)
        scene, about = _seen(self._counter, request, quarter)
        narrative, value = typed.text("narrative"), typed.number("value")
        if typed.faults:
            return self._form(request, scene, about, typed)
        if typed.fields.get("seen", "") != _print_of(about.report):
            # Somebody else wrote meanwhile: nothing is overwritten that was not read.
            typed.fields["seen"] = _print_of(about.report)
            return self._form(request, scene, about, typed, about.report)
        self._counter.do(request, typed, lambda turn: self._written(turn, about, narrative, value))
        if typed.faults:
            return self._form(request, *_seen(self._counter, request, quarter), typed)
        page = f"{scene.base}/quarters/{quarter}"
        if typed.fields.get("then") == "check":
            return self._counter.to(f"{page}/check")
        return self._counter.to(page, "saved")

    def _written(self, turn: Turn, about: _About, narrative: str, value: Decimal | None) -> Outcome:
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
        scene, about = _seen(self._counter, request, quarter)
        with self._site.store.begin() as tx:
            number = about.quarter.number
            drafts.forget(tx.connection, scene.visit.person.id, scene.indicator.id, number)
        return self._counter.to(f"{scene.base}/quarters/{quarter}")

    # -- handing in --------------------------------------------------------------------------------------

    def check(self, request: Request, quarter: str) -> Response:
        """What will be handed in, for a last look, with whatever contradicts it."""
        return self._checked(request, *_seen(self._counter, request, quarter), Typed({}))

    def _checked(self, request: Request, scene: Scene, about: _About, typed: Typed) -> Response:
        values = {
            **self._values(scene, about),
            "points": points_of(about.report.return_reason),
            "typed": typed,
            "seen": _print_of(about.report),
            "on_time": scene.today <= about.due_on,
        }
        return self._counter.show(request, "check.html", scene, values)

    def submit(self, request: Request, quarter: str) -> Response:
        """Hand it in: what was looked at, and nothing else."""
        typed = Typed(request.state.form)
        scene, about = _seen(self._counter, request, quarter)
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
            return self._checked(request, *_seen(self._counter, request, quarter), typed)
        return self._counter.to(f"{scene.base}/quarters/{quarter}/receipt")

    def receipt(self, request: Request, quarter: str) -> Response:
        """When it was handed in, whether in time, and what happens next."""
        scene, about = _seen(self._counter, request, quarter)
        report = about.report
        if report.submitted_at is None:
            return self._counter.to(f"{scene.base}/quarters/{quarter}")
        submitted_on = self._site.store.policy.day_of(report.submitted_at)
        values = {
            **self._values(scene, about),
            "at": scene.wording.value(report.submitted_at),
            "in_time": str(timeliness(submitted_on, about.due_on)),
            "number": f"{scene.indicator.code}/{quarter}/{scene.indicator.fiscal_year.be}",
            "waits": report.state == ReportState.SUBMITTED,
        }
        return self._counter.show(request, "receipt.html", scene, values)


def reads_again(scene: Scene, verdicts: Sequence[Verdict]) -> bool:
    """Whether whoever looks is one who may read the report of these verdicts again."""
    first = to_be_read_again(verdicts)
    is_other = first is not None and first.given_by != scene.visit.person.id
    return is_other and scene.may(Action.READ_AGAIN)


_UNFINISHED = (ReportState.DRAFT, ReportState.RETURNED)


class _Decide:
    """The section head, or the evaluator, stands behind the report or sends it back."""

    def __init__(self, counter: Counter, name: str) -> None:
        self._counter = counter
        self._name = name

    def ask(self, request: Request, quarter: str) -> Response:
        return self._asked(request, *_seen(self._counter, request, quarter), Typed({}))

    def do(self, request: Request, quarter: str) -> Response:
        typed = Typed(request.state.form)
        scene, about = _seen(self._counter, request, quarter)
        version = typed.whole("version")

        def decide(turn: Turn) -> Outcome:
            where = (turn.tx, turn.code, turn.year, about.quarter.number)
            if self._name == "endorse":
                return actions.endorse_report(*where, by=turn.by, now=turn.now, expected_version=version)
            return actions.return_report(
                *where,
                reason=typed.text("reason"),
                fix_by=typed.day("day"),
                by=turn.by,
                now=turn.now,
                expected_version=version,
            )

        outcome = self._counter.do(request, typed, decide)
        if typed.faults:
            return self._asked(request, *_seen(self._counter, request, quarter), typed)
        done = "endorsed" if self._name == "endorse" else "report_returned"
        return self._counter.to(f"{scene.base}/quarters/{quarter}", done, outcome)

    def _asked(self, request: Request, scene: Scene, about: _About, typed: Typed) -> Response:
        say, report = scene.wording.say, about.report
        values = {
            "title": say(f"act.{self._name}_report"),
            "what": scene.phrases.thing(about.quarter),
            "more": [
                say("page.self_reported_is", value=_amount(scene, report)),
                say("page.level_at_end", level=_level_at_end(scene, about.quarter)),
                *_warnings(scene, about.quarter, report.narrative, report.self_reported),
            ],
            "does": say(f"act.{self._name}_report_does"),
            "button": say(f"act.{self._name}_report_button"),
            "back": f"{self._counter.site.root}{scene.base}/quarters/{about.quarter.number}",
            "asked": () if self._name == "endorse" else ("reason", "day"),
            "reason_label": say("act.return_reason"),
            "day_label": say("act.return_day"),
            "day_is_optional": True,
            "points": (),
            "warns": False,
            "typed": typed,
        }
        return self._counter.show(request, "act.html", scene, values)


def _checked(checklist: Sequence[CheckItem], about: _About, wording: Wording) -> list[tuple[str, bool]]:
    """What the evaluator found met and unmet, where the verdict that stands went through the checklist."""
    last = standing(about.verdicts)
    if (
        last is None
        or last.met is None
        or about.report.state in (ReportState.SUBMITTED, ReportState.ENDORSED)
    ):
        return []
    return [(wording.value(item.title), item.key in last.met) for item in checklist]


def _second(scene: Scene, about: _About) -> str:
    """What the second reading found, beside the 2.1 that stands; nothing where there was none."""
    found = pairs(about.verdicts)
    if not found:
        return ""
    pair = found[-1]
    kind = "second.agrees" if pair.difference == 0 else "second.differs"
    return scene.wording.say(kind, first=pair.first.quality, second=pair.second.quality)


def _level_at_end(scene: Scene, quarter: Quarter) -> int | None:
    """The claimed level on the quarter's last day, or today while it runs; ``None`` before it has begun."""
    if quarter.first_day > scene.today:
        return None
    return scene.found.quarters[quarter.number - 1].claimed


def _warnings(scene: Scene, quarter: Quarter, narrative: str, value: Decimal | None) -> list[str]:
    found = contradictions(scene.indicator, quarter, narrative, value, scene.found.on)
    return [scene.wording.unmet(one) for one in found]


def _amount(scene: Scene, report: QuarterReport) -> str:
    """The self-reported result with its unit."""
    return scene.wording.amount(report.self_reported, scene.indicator.unit)


def _by_at(scene: Scene, person: int | None, at: object) -> str:
    return scene.wording.say("page.by_at", name=scene.name(person), at=at) if at else ""


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

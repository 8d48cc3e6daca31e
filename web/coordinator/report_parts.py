"""What the pages of a quarter's report share: what they read, and what each of them shows of it."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from starlette.exceptions import HTTPException
from starlette.requests import Request

from engine.appeal import Appeal, not_appealable
from engine.contradictions import contradictions
from engine.indicator import QuarterReport, ReportState
from engine.machine import report_rules
from engine.permissions import Action
from engine.quarter import Quarter
from engine.verdict import CheckItem, Verdict, of_quarter, pairs, standing, to_be_read_again
from engine.wording import Wording
from storage.deadlines import deadlines_of_year
from web.coordinator.scene import Counter, Scene
from web.coordinator.views import report_tag

_UNFINISHED = (ReportState.DRAFT, ReportState.RETURNED)


class About(NamedTuple):
    """The quarter of the path, its report (a blank one where nobody has begun it), and when it is due.

    ``verdicts`` are those on this report, ``appeals`` all about the indicator.
    """

    quarter: Quarter
    report: QuarterReport
    is_there: bool
    due_on: date
    verdicts: list[Verdict]
    appeals: list[Appeal]


def seen(counter: Counter, request: Request, number: str) -> tuple[Scene, About]:
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
    return scene, About(quarter, report or blank, report is not None, *scene.read)


def values_of(counter: Counter, scene: Scene, about: About) -> dict[str, Any]:
    """What every page of a report shows."""
    wording, report, quarter = scene.wording, about.report, about.quarter
    page = f"{counter.site.root}{scene.base}/quarters/{quarter.number}"
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
    acts += _disputes(counter, scene, about, page)
    return {
        "title": scene.phrases.thing(quarter),
        "page": page,
        "tag": report_tag(report if about.is_there else None, wording),
        "report": report,
        "is_there": about.is_there,
        "level": level_at_end(scene, quarter),
        "self_reported": amount(scene, report),
        "unit": scene.indicator.unit,
        "due": scene.phrases.day(about.due_on),
        "left": _left(counter, scene, about),
        "written": "" if report.came_judged else by_at(scene, report.written_by, report.written_at),
        "came": by_at(scene, report.written_by, report.written_at) if report.came_judged else "",
        "submitted": by_at(scene, report.submitted_by, report.submitted_at),
        "endorsed": by_at(scene, report.endorsed_by, report.endorsed_at),
        "fix_by": scene.phrases.day(report.fix_by) if report.fix_by else "",
        "scores": (wording.value(given.quality), wording.value(given.timeliness)) if given else None,
        "remark": given.remark if given else "",
        "checked": [] if is_blind else _checked(counter.site.store.policy.review.checklist, about, wording),
        "second": _second(scene, about),
        "appeals": [
            (
                f"{counter.site.root}{scene.base}/appeals/{one.number}",
                wording.say("appeal.of", at=one.made_at),
                wording.word("appeal_state", one.state),
            )
            for one in about.appeals
            if one.quarter == quarter.number
        ],
        "may_read_facts": bool(report.narrative) and scene.may(Action.RECORD),
        # Once it is accepted there is nothing left to be seen to.
        "is_open": about.is_there and report.state not in (ReportState.ACCEPTED, ReportState.SEALED),
        "warnings": warnings(scene, quarter, report.narrative, report.self_reported),
        "acts": acts,
        "may_ask": scene.may(Action.PETITION) and quarter.number > scene.indicator.sealed_through,
    }


def _disputes(counter: Counter, scene: Scene, about: About, page: str) -> Iterator[tuple[str, str]]:
    """What may be done about a verdict: read a drawn one again, appeal against it."""
    wording = scene.wording
    if _reads_again(scene, about):
        yield wording.say("second.title"), f"{page}/second"
    until = counter.site.store.policy.appeal_until
    in_the_way = not_appealable(about.report, about.verdicts, about.appeals, until, scene.today)
    if scene.may(Action.APPEAL) and next(in_the_way, None) is None:
        yield wording.say("appeal.make"), f"{page}/appeal"


def _reads_again(scene: Scene, about: About) -> bool:
    return reads_again(scene, about.verdicts)


def _left(counter: Counter, scene: Scene, about: About) -> str:
    report = about.report
    if report.came_judged or (report.submitted_at is not None and report.state not in _UNFINISHED):
        return ""
    calendar = counter.site.store.policy.calendar
    days = calendar.working_days_between(scene.today, about.due_on)
    return scene.phrases.left(days, about.due_on, scene.today)


def reads_again(scene: Scene, verdicts: Sequence[Verdict]) -> bool:
    """Whether whoever looks is one who may read the report of these verdicts again."""
    first = to_be_read_again(verdicts)
    is_other = first is not None and first.given_by != scene.visit.person.id
    return is_other and scene.may(Action.READ_AGAIN)


def _checked(checklist: Sequence[CheckItem], about: About, wording: Wording) -> list[tuple[str, bool]]:
    """What the evaluator found met and unmet, where the verdict that stands went through the checklist."""
    last = standing(about.verdicts)
    if (
        last is None
        or last.met is None
        or about.report.state in (ReportState.SUBMITTED, ReportState.ENDORSED)
    ):
        return []
    return [(wording.value(item.title), item.key in last.met) for item in checklist]


def _second(scene: Scene, about: About) -> str:
    """What the second reading found, beside the 2.1 that stands; nothing where there was none."""
    found = pairs(about.verdicts)
    if not found:
        return ""
    pair = found[-1]
    kind = "second.agrees" if pair.difference == 0 else "second.differs"
    return scene.wording.say(kind, first=pair.first.quality, second=pair.second.quality)


def level_at_end(scene: Scene, quarter: Quarter) -> int | None:
    """The claimed level on the quarter's last day, or today while it runs; ``None`` before it has begun."""
    if quarter.first_day > scene.today:
        return None
    return scene.found.quarters[quarter.number - 1].claimed


def warnings(scene: Scene, quarter: Quarter, narrative: str, value: Decimal | None) -> list[str]:
    found = contradictions(scene.indicator, quarter, narrative, value, scene.found.on)
    return [scene.wording.unmet(one) for one in found]


def amount(scene: Scene, report: QuarterReport) -> str:
    """The self-reported result with its unit."""
    return scene.wording.amount(report.self_reported, scene.indicator.unit)


def by_at(scene: Scene, person: int | None, at: object) -> str:
    return scene.wording.say("page.by_at", name=scene.name(person), at=at) if at else ""

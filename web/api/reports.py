"""Reading a quarter's report: as it stands, its draft and receipt, all it is judged by; and its appeals."""

from collections.abc import Iterator

from starlette.exceptions import HTTPException

from engine.answering import points_of
from engine.appeal import not_appealable
from engine.contradictions import contradictions
from engine.indicator import QuarterReport
from engine.machine import report_rules
from engine.permissions import Action
from engine.quarter import Quarter, timeliness
from engine.verdict import of_quarter, to_be_read_again
from storage import drafts
from storage.deadlines import deadlines_of_year
from storage.drafts import Draft
from storage.transaction import Tx
from web.api import bodies, reading
from web.api.operation import Call, Operation, Tagged
from web.api.shapes import pieces
from web.coordinator.scene import Counter, Scene
from web.doors import SEEN, doing
from web.evaluator.reading_room import Room, enter

_ONE = "/indicators/{year}/{code}"
_QUARTER = f"{_ONE}/quarters/{{quarter}}"
#: What may be done to a report: the name of the operation's path, the trigger, who may.
_ACTS = (
    ("write", "write", Action.WRITE_REPORT),
    ("submit", "submit", Action.SUBMIT_REPORT),
    ("endorse", "endorse", Action.ENDORSE_REPORT),
    ("accept", "accept", Action.ACCEPT_REPORT),
    ("return", "return", Action.RETURN_REPORT),
)


def operations(counter: Counter) -> Iterator[Operation]:
    """What can be read of reports; and drafts, which are nobody else's business."""
    here = _Reports(counter)
    yield Operation(
        "get_report",
        "GET",
        _QUARTER,
        SEEN,
        "The report of a quarter, with what is said of it and what may be done.",
        reads=here.one,
        gives=pieces.ReportDetail,
    )
    yield Operation(
        "check_report",
        "GET",
        f"{_QUARTER}/check",
        doing(Action.SUBMIT_REPORT),
        "The same, for a last look before it is handed in.",
        reads=here.one,
        gives=pieces.ReportDetail,
    )
    yield Operation(
        "get_receipt",
        "GET",
        f"{_QUARTER}/receipt",
        SEEN,
        "That the report was handed in, when, and whether in time.",
        reads=here.receipt,
        gives=pieces.Receipt,
    )
    yield Operation(
        "keep_draft",
        "PUT",
        f"{_QUARTER}/draft",
        doing(Action.WRITE_REPORT),
        "Keep what was typed so far, for yourself alone.",
        writes=here.keep_draft,
        takes=bodies.Kept,
        gives=pieces.Draft,
    )
    yield Operation(
        "forget_draft",
        "DELETE",
        f"{_QUARTER}/draft",
        doing(Action.WRITE_REPORT),
        "The draft is not wanted any more.",
        writes=here.forget_draft,
        status=204,
    )
    yield Operation(
        "get_assessment",
        "GET",
        f"{_QUARTER}/evaluate",
        doing(Action.ACCEPT_REPORT),
        "All that the report is judged by.",
        reads=here.assessment,
        gives=pieces.Assessment,
    )
    yield Operation(
        "get_second_reading",
        "GET",
        f"{_QUARTER}/second",
        doing(Action.READ_AGAIN),
        "A drawn report for a second reader, without what the first one found.",
        reads=here.second,
        gives=pieces.Assessment,
    )
    yield Operation(
        "get_appeal",
        "GET",
        f"{_ONE}/appeals/{{number}}",
        SEEN,
        "One appeal with the verdict that it disputes.",
        reads=here.appeal,
        gives=pieces.AppealDetail,
    )


class _Reports:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site

    def one(self, call: Call) -> Tagged:
        number = quarter_of(call)
        scene = self._counter.scene(
            call.request,
            lambda tx, one: {
                "due": deadlines_of_year(tx, one.agency, one.fiscal_year)[number],
                "verdicts": of_quarter(tx.verdicts(one), number),
                "appeals": tx.appeals(one),
                "draft": drafts.draft(tx.connection, call.by.id, one.id, number),
            },
        )
        quarter = scene.indicator.fiscal_year.quarters[number - 1]
        kept = scene.indicator.reports.get(number)
        report, read = kept or QuarterReport(number), scene.read
        found = pieces.ReportDetail(
            report=reading.report(report, blind=False),
            is_begun=kept is not None,
            level=_level(scene, quarter),
            due_on=read["due"],
            warnings=_warnings(scene, quarter, report),
            points=list(points_of(report.return_reason)),
            appeals=[
                pieces.Appeal.model_validate(one)
                for one in reading.appeals(read["appeals"], scene.hidden)
                if one.quarter == number
            ],
            draft=pieces.Draft.model_validate(read["draft"]) if read["draft"] else None,
            acts=list(self._acts(scene, quarter, report, is_there=kept is not None)),
        )
        return Tagged(found, scene.indicator.version)

    def _acts(
        self, scene: Scene, quarter: Quarter, report: QuarterReport, *, is_there: bool
    ) -> Iterator[str]:
        """What whoever asks may do to the report now."""
        is_open = quarter.number > scene.indicator.sealed_through
        possible = report_rules().triggers_from(report.state) if is_open else ()
        for name, trigger, action in _ACTS:
            if trigger in possible and scene.may(action) and (is_there or name == "write"):
                yield name
        verdicts, appeals = scene.read["verdicts"], scene.read["appeals"]
        if quarter.number in scene.hidden:
            yield "second"
        until = self._site.store.policy.appeal_until
        in_the_way = not_appealable(report, verdicts, appeals, until, scene.today)
        if scene.may(Action.APPEAL) and next(in_the_way, None) is None:
            yield "appeal"

    def receipt(self, call: Call) -> pieces.Receipt:
        number = quarter_of(call)
        scene = self._counter.scene(
            call.request, lambda tx, one: deadlines_of_year(tx, one.agency, one.fiscal_year)[number]
        )
        indicator, due_on = scene.indicator, scene.read
        report = indicator.reports.get(number)
        if report is None or report.submitted_at is None or report.submitted_by is None:
            raise HTTPException(404)
        submitted_on = self._site.store.policy.day_of(report.submitted_at)
        return pieces.Receipt(
            number=f"{indicator.code}/{number}/{indicator.fiscal_year.be}",
            submitted_at=report.submitted_at,
            submitted_by=report.submitted_by,
            due_on=due_on,
            in_time=str(timeliness(submitted_on, due_on)),
        )

    def keep_draft(self, call: Call, tx: Tx) -> pieces.Draft:
        typed: bodies.Kept = call.given
        draft = Draft(typed.narrative, typed.self_reported, call.now)
        drafts.keep(tx.connection, call.by.id, call.place.indicator, quarter_of(call), draft)
        return pieces.Draft.model_validate(draft)

    def forget_draft(self, call: Call, tx: Tx) -> None:
        drafts.forget(tx.connection, call.by.id, call.place.indicator, quarter_of(call))

    def assessment(self, call: Call) -> Tagged:
        return self._assessed(enter(self._counter, call.request, call.part("quarter")), blind=False)

    def second(self, call: Call) -> Tagged:
        room = enter(self._counter, call.request, call.part("quarter"))
        if to_be_read_again(room.verdicts) is None:
            raise HTTPException(404)
        return self._assessed(room, blind=True)

    def _assessed(self, room: Room, *, blind: bool) -> Tagged:
        scene, report, policy = room.scene, room.report, self._site.store.policy
        # Whoever is to read it again is not told, on no page, what the first evaluator found.
        blind = blind or room.quarter.number in scene.hidden
        facts = reading.facts(scene.indicator, quarter=room.quarter.number)
        found = pieces.Assessment(
            report=reading.report(report, blind=blind),
            due_on=room.due_on,
            in_time=str(room.timeliness),
            proposed_timeliness=room.proposed_timeliness,
            checklist=[pieces.CheckItem.model_validate(one) for one in policy.review.checklist],
            quality_scale=list(policy.scale.quality),
            timeliness_scale=list(policy.scale.timeliness),
            warnings=_warnings(scene, room.quarter, report),
            facts=facts,
            evidence=reading.evidence(scene, {one.milestone for one in facts}),
            verdicts=[] if blind else [pieces.Verdict.model_validate(one) for one in room.verdicts],
        )
        return Tagged(found, scene.indicator.version)

    def appeal(self, call: Call) -> Tagged:
        number = call.number()
        scene = self._counter.scene(call.request, lambda tx, one: (tx.appeals(one), tx.verdicts(one)))
        appeals, verdicts = scene.read
        found = next((one for one in appeals if one.number == number), None)
        if found is None:
            raise HTTPException(404)
        disputed = next(one for one in verdicts if one.number == found.verdict)
        if found.quarter in scene.hidden:
            disputed = disputed.without_scores()
        (shown,) = reading.appeals([found], scene.hidden)
        appeal = pieces.Appeal.model_validate(shown).model_dump()
        told = pieces.AppealDetail.model_validate({**appeal, "disputed": disputed})
        return Tagged(told, scene.indicator.version)


def quarter_of(call: Call) -> int:
    """The number of the quarter in the path; one that there is not leads nowhere."""
    number = call.number("quarter")
    if number not in (1, 2, 3, 4):
        raise HTTPException(404)
    return number


def _level(scene: Scene, quarter: Quarter) -> int | None:
    """The claimed level on the quarter's last day, or today while it runs; ``None`` before it has begun."""
    if quarter.first_day > scene.today:
        return None
    return scene.found.quarters[quarter.number - 1].claimed


def _warnings(scene: Scene, quarter: Quarter, report: QuarterReport) -> list[pieces.Warning]:
    found = contradictions(scene.indicator, quarter, report.narrative, report.self_reported, scene.found.on)
    return reading.warnings(scene, found)

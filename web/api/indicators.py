"""Reading indicators: the list, one with everything, its level with the proof, its history, its parts."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from starlette.exceptions import HTTPException

from engine.errors import refuse
from engine.matrix import CellState, Sort
from engine.quarter import FiscalYear
from engine.workflow import Workflow
from storage import told, views
from storage.choices import choices
from storage.deadlines import deadlines_of_year
from storage.desk import years
from storage.dossier import names_of
from storage.listing import Listed, listed
from storage.narrowing import Wanted
from storage.registry import AGENCY_KINDS
from storage.seals import sealed_levels
from web.api import bodies, reading
from web.api.operation import Call, Operation, Tagged
from web.api.paging import cursor_of, cut, number_behind, text_behind
from web.api.shapes import pieces
from web.coordinator.scene import Counter, Scene
from web.doors import SEEN, SIGNED_IN
from web.evaluator.asking import moment_of
from web.reading import newest_year, whole_number
from web.standing import as_data

_ONE = "/indicators/{year}/{code}"


def operations(counter: Counter) -> Iterator[Operation]:
    """What can be read of indicators."""
    here = _Indicators(counter)
    yield Operation(
        "list_indicators",
        "GET",
        "/indicators",
        SIGNED_IN,
        "The indicators of a year that you may see, by code.",
        reads=here.list,
        asks=bodies.IndicatorsAsked,
        gives=pieces.Indicators,
    )
    yield Operation(
        "get_indicator",
        "GET",
        _ONE,
        SEEN,
        "One indicator with its milestones, facts, reports, petitions and people.",
        reads=here.one,
        gives=pieces.Indicator,
    )
    yield Operation(
        "get_level",
        "GET",
        f"{_ONE}/level",
        SEEN,
        "Where it stands on a day, as known at an instant: levels, quarters, what is missing, the proof.",
        reads=here.level,
        asks=bodies.AtDay,
        gives=pieces.Level,
    )
    yield Operation(
        "get_history",
        "GET",
        f"{_ONE}/history",
        SEEN,
        "What happened to it, the newest first.",
        reads=here.history,
        asks=bodies.Paged,
        gives=pieces.History,
    )
    yield Operation(
        "get_milestone",
        "GET",
        f"{_ONE}/milestones/{{milestone}}",
        SEEN,
        "One milestone with its facts, documents and decisions.",
        reads=here.milestone,
        gives=pieces.MilestoneDetail,
    )
    yield Operation(
        "get_petition",
        "GET",
        f"{_ONE}/petitions/{{number}}",
        SEEN,
        "One petition, and what became of it.",
        reads=here.petition,
        gives=pieces.Petition,
    )


class _Indicators:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site

    def list(self, call: Call) -> pieces.Indicators:
        asked: bodies.IndicatorsAsked = call.asked
        today, policy = self._site.today(), self._site.store.policy
        with self._site.store.read() as tx:
            there = years(tx.connection, call.by)
            year = FiscalYear(year_of(asked.year, there, today))
            of_target = asked.state in (CellState.AT_TARGET, CellState.BELOW_TARGET)
            versions = choices(tx.connection).versions if of_target else ()
            workflows = {one: self._site.store.workflow(one, tx.connection) for one in versions}
            found = listed(
                tx.connection,
                year.year,
                wanted_of(asked, call, workflows),
                moment_of(policy, year, None, today),
                text_behind(asked.cursor),
                asked.limit + 1,
            )
        rows, more = cut(found, asked.limit)
        return pieces.Indicators(
            items=[_row(one) for one in rows], next=cursor_of(rows[-1].code) if more else None
        )

    def one(self, call: Call) -> Tagged:
        scene = self._counter.scene(call.request, _everything)
        return Tagged(_indicator(scene), scene.indicator.version)

    def level(self, call: Call) -> Tagged:
        asked: bodies.AtDay = call.asked
        year = FiscalYear(call.place.year)
        if asked.on is not None and not year.first_day <= asked.on <= year.last_day:
            raise refuse(
                "day.outside_year", day=asked.on, year=year, first=year.first_day, last=year.last_day
            )
        scene = self._counter.scene(call.request, on=asked.on, known_at=asked.known_at)
        found = pieces.Level.model_validate(as_data(scene.found, call.wording))
        return Tagged(found, scene.indicator.version)

    def history(self, call: Call) -> pieces.History:
        asked: bodies.Paged = call.asked
        scene = self._counter.scene(call.request)
        wanted = views.Asked(before=number_behind(asked.cursor))
        with self._site.store.read() as tx:
            lines = views.browse(tx.connection, scene.indicator.id, wanted, asked.limit + 1)
        rows, more = cut(lines, asked.limit)
        items = reading.happenings(rows, scene.hidden)
        return pieces.History(items=items, next=cursor_of(rows[-1].entry.seq) if more else None)

    def milestone(self, call: Call) -> Tagged:
        key, scene = call.part("milestone"), self._counter.scene(call.request)
        indicator = scene.indicator
        scene.milestone(key)
        found = pieces.MilestoneDetail.model_validate(
            {
                **reading.milestone_values(scene, key),
                "facts": reading.facts(indicator, key),
                "evidence": reading.evidence(scene, (key,)),
                "decisions": [one for one in indicator.decisions if one.milestone == key],
                "waivers": [one for one in indicator.waivers if one.milestone == key],
            }
        )
        return Tagged(found, indicator.version)

    def petition(self, call: Call) -> Tagged:
        scene, number = self._counter.scene(call.request), call.number()
        if not 1 <= number <= len(scene.petitions):
            raise HTTPException(404)
        return Tagged(pieces.Petition.model_validate(scene.petitions[number - 1]), scene.indicator.version)


def year_of(asked: int | None, there: list[int], today: date) -> int:
    """The year (CE) that is asked for (BE); without one the running one, or the newest there is."""
    running = FiscalYear.containing(today).year
    return newest_year(there, running) if asked is None else FiscalYear.from_be(asked).year


def wanted_of(
    asked: bodies.IndicatorsAsked,
    call: Call,
    workflows: Mapping[int, Workflow],
    *,
    size: int | None = None,
    skip: int = 0,
    sort: Sort = Sort.AGENCY,
) -> Wanted:
    """What the filters of a query want, as far as whoever asks may see it."""
    group = asked.group or ""
    return Wanted(
        person=call.by,
        agencies=() if asked.agency is None else (asked.agency,),
        agency_kind=group if group in AGENCY_KINDS else "",
        group=whole_number(group, 9),
        plan=asked.plan,
        kind=asked.kind or "",
        result_kind=asked.result_kind or "",
        workflow=asked.workflow or "",
        level=asked.level,
        state=CellState(asked.state) if asked.state else None,
        tops=tuple(
            (version, one.top_level)
            for version, one in workflows.items()
            if any(milestone.measure is not None for milestone in one.milestones)
        ),
        sort=sort,
        size=size,
        skip=skip,
    )


def _row(one: Listed) -> pieces.IndicatorRow:
    return pieces.IndicatorRow.model_validate(
        {
            **one._asdict(),
            "fiscal_year": FiscalYear(one.fiscal_year),
            "agency": {"id": one.agency, "code": one.agency_code, "th": one.agency_th, "en": one.agency_en},
            "title": {"th": one.title_th, "en": one.title_en},
            "claimed": {"level": one.claimed, "fraction": one.claimed_fraction},
        }
    )


def _everything(tx: Any, indicator: Any) -> dict[str, Any]:
    """What is read besides the indicator and its dossier."""
    connection, year = tx.connection, indicator.fiscal_year
    appeals, petitions = tx.appeals(indicator), tx.petitions(indicator)
    others = {one.made_by for one in appeals} | {one.decided_by for one in [*appeals, *petitions]}
    others |= {one.asked_by for one in petitions}
    return {
        "due": deadlines_of_year(tx, indicator.agency, year),
        "sealed": sealed_levels(connection, indicator.id, year.year),
        "appeals": appeals,
        "told": told.told(connection, indicator.id, indicator.agency),
        "names": names_of(connection, {one for one in others if one}),
    }


def _indicator(scene: Scene) -> pieces.Indicator:
    one, dossier, found, read = scene.indicator, scene.dossier, scene.found, scene.read
    workflow = one.workflow
    return pieces.Indicator.model_validate(
        {
            "code": one.code,
            "fiscal_year": one.fiscal_year,
            "version": one.version,
            "agency": {
                "id": one.agency,
                "code": dossier.agency_code,
                "th": dossier.agency.th,
                "en": dossier.agency.en,
            },
            "title": one.title,
            "unit": one.unit,
            "target": one.target,
            "weight": one.weight,
            "life": one.life,
            "workflow": workflow,
            "owner": dossier.owner,
            "details": dossier.details,
            "plan": dossier.plan,
            "responsible": dossier.responsible,
            "claimed": found.claimed,
            "verified": found.verified,
            "projected": found.projected,
            "self_reported": found.self_reported,
            "quarters": [
                reading.quarter(each, read["due"][each.number], sealed=each.number <= one.sealed_through)
                for each in one.fiscal_year.quarters
            ],
            "sealed": [{"quarter": number, **each._asdict()} for number, each in read["sealed"].items()],
            "milestones": [reading.milestone(scene, each.key) for each in workflow.milestones],
            "facts": reading.facts(one),
            "decisions": one.decisions,
            "waivers": one.waivers,
            "evidence": reading.evidence(scene),
            "reports": [reading.report(each, blind=False) for _, each in sorted(one.reports.items())],
            "petitions": scene.petitions,
            "appeals": reading.appeals(read["appeals"], scene.hidden),
            "told": reading.told(read["told"]),
            "people": {str(id_): name for id_, name in {**dossier.names, **read["names"]}.items()},
        }
    )

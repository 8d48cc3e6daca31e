"""What the address asks of the matrix: every field read, made plain, and kept to be shown again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TypeVar
from urllib.parse import urlencode

from starlette.requests import Request

from engine.errors import Unmet
from engine.matrix import CellState, Sort
from engine.permissions import Person
from engine.ports import Policy
from engine.quarter import FiscalYear, deadline_of
from engine.wording import Wording
from engine.workflow import Workflow
from storage.choices import Choices
from storage.narrowing import Moment, Wanted
from storage.registry import AGENCY_KINDS
from web.reading import Typed, whole_number, year_asked

#: So many agencies stand on a page.
AGENCIES = 100
KINDS = ("strategic", "routine", "negotiated")
RESULT_KINDS = ("output", "outcome")
#: These narrow what is shown; an empty page says that they may be why.
_FILTERS = ("agency", "group", "plan", "kind", "result_kind", "workflow", "level", "state")
_FIELDS = ("year", "quarter", "beside", "on", "known_at", *_FILTERS, "sort", "page")

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. ``day`` is ``None`` where what is kept answers, else the day to compute the levels of.

    ``fields`` are those of the address that mean something, as they were typed.
    """

    year: FiscalYear
    quarter: int | None
    beside: tuple[FiscalYear, int] | None
    day: date | None
    known_at: datetime | None
    wanted: Wanted
    moment: Moment
    page: int
    fields: Mapping[str, str]
    typed: Typed

    @property
    def is_narrowed(self) -> bool:
        return any(self.fields.get(name) for name in _FILTERS)

    @property
    def shown_through(self) -> date:
        """The last day of which the levels tell."""
        if self.day is not None:
            return self.day
        return self.year.quarters[self.quarter - 1].last_day if self.quarter else self.year.last_day

    def address(self, **changed: str) -> str:
        """The query of the same with something changed; the page begins anew."""
        fields = {**self.fields, "page": "", **changed}
        return "?" + urlencode({name: value for name, value in fields.items() if value})


def question_of(
    request: Request,
    person: Person,
    policy: Policy,
    today: date,
    choices: Choices,
    workflows: Mapping[int, Workflow],
    workflow: str = "",
) -> Question:
    """Read the address; whatever cannot be read is left out, and days that cannot be are told of.

    ``workflow`` is the definition that the path names.
    """
    given = request.query_params
    typed = Typed({name: given[name] for name in _FIELDS if given.get(name)})
    year = year_asked(typed.fields.get("year", ""), choices.years, today)
    if typed.fields.get("year"):
        typed.fields["year"] = str(year.be)
    quarter = _one_of(typed, "quarter", {str(number): number for number in (1, 2, 3, 4)})
    page = _number(typed, "page", 6) or 1
    wanted = _wanted(typed, person, choices, workflows, page)
    day, known_at = typed.day("on"), typed.instant("known_at", policy.zone)
    if day is not None and not year.first_day <= day <= year.last_day:
        params = {"day": day, "year": year, "first": year.first_day, "last": year.last_day}
        typed.fault("on", Unmet("day.outside_year", params))
        day = None
    if day is None and known_at is not None:
        day = year.nearest(min(today, year.quarters[quarter - 1].last_day if quarter else today))
    return Question(
        year,
        quarter,
        _one_of(typed, "beside", dict(readings(choices.years))),
        day,
        known_at,
        replace(wanted, workflow=workflow) if workflow else wanted,
        moment_of(policy, year, quarter, today),
        page,
        typed.fields,
        typed,
    )


def readings(years: Iterable[int]) -> list[tuple[str, tuple[FiscalYear, int]]]:
    """What may stand beside: the end of every quarter of every year, by what the address calls it."""
    return [
        (f"{year.be}-{quarter}", (year, quarter))
        for year in map(FiscalYear, years)
        for quarter in (4, 3, 2, 1)
    ]


def _wanted(
    typed: Typed, person: Person, choices: Choices, workflows: Mapping[int, Workflow], page: int
) -> Wanted:
    agency, kind = _number(typed, "agency", 9), typed.fields.get("group", "")
    tops = tuple(
        (version, one.top_level)
        for version, one in workflows.items()
        if any(milestone.measure is not None for milestone in one.milestones)
    )
    return Wanted(
        person=person,
        agencies=() if agency is None else (agency,),
        agency_kind=kind if kind in AGENCY_KINDS else "",
        group=None if kind in AGENCY_KINDS else _number(typed, "group", 9),
        plan=_one_of(typed, "plan", {str(one.id): one.id for one in choices.plan}),
        kind=_one_of(typed, "kind", {one: one for one in KINDS}) or "",
        result_kind=_one_of(typed, "result_kind", {one: one for one in RESULT_KINDS}) or "",
        workflow=_one_of(typed, "workflow", {key: key for key in choices.versions.values()}) or "",
        level=_number(typed, "level", 3),
        state=_one_of(typed, "state", {str(one): one for one in CellState}),
        tops=tops,
        sort=_one_of(typed, "sort", {str(one): one for one in Sort}) or Sort.AGENCY,
        size=AGENCIES,
        skip=(page - 1) * AGENCIES,
    )


def _one_of(typed: Typed, name: str, known: Mapping[str, _Value]) -> _Value | None:
    """What a choice means; one that there is not is as if nothing had been chosen."""
    chosen = typed.fields.get(name, "")
    if chosen and chosen not in known:
        del typed.fields[name]
    return known.get(chosen)


def _number(typed: Typed, name: str, most_digits: int) -> int | None:
    found = whole_number(typed.fields.get(name, ""), most_digits)
    if found is None:
        typed.fields.pop(name, None)
    return found


def moment_of(policy: Policy, year: FiscalYear, quarter: int | None, today: date) -> Moment:
    """Of which quarter the report is looked at: the one asked for, else the last that has ended."""
    ended = [one for one in year.quarters if one.last_day < today]
    looked_at = year.quarters[quarter - 1] if quarter else ended[-1] if ended else year.quarters[0]
    return Moment(today, looked_at.number, deadline_of(looked_at, policy.deadlines, policy.calendar))


Choice = tuple[str, str]


def year_choices(there: Choices, wording: Wording) -> list[Choice]:
    """The years, as a field of a form offers them."""
    return [(str(year.be), wording.value(year)) for year in map(FiscalYear, there.years)]


def group_choices(there: Choices, wording: Wording) -> list[Choice]:
    """Kinds of agencies, and those that have others below them."""
    return [
        ("", wording.say("matrix.every")),
        *((one, wording.word("agency_kind", one)) for one in AGENCY_KINDS),
        *((str(id_), wording.value(name)) for id_, name in there.groups),
    ]

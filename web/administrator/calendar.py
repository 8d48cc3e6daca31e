"""The calendar of a year: its holidays, the days by which each agency reports, and who was given longer."""

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.actions import grant_extension
from engine.errors import Unmet
from engine.permissions import Action, Subject, may
from engine.quarter import BE_OFFSET, FiscalYear, deadline_of
from engine.wording import Wording
from storage import extensions, registry
from storage.choices import choices
from storage.extensions import Granted
from storage.registry import Agency
from storage.transaction import Tx
from web.administrator.choosing import agencies_to_choose
from web.administrator.counter import Counter, by_of
from web.doors import Doors, for_city
from web.reading import YEARS, Typed, year_asked


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages ``/administration/calendar`` and, for who may grant one, that of an extension."""
    room = _Calendar(counter)
    doors.add(router, "/administration/calendar", room.show, for_city(Action.MANAGE_INDICATORS))
    doors.add(router, "/administration/calendar/extend", room.ask, for_city(Action.EXTEND))
    doors.add(router, "/administration/calendar/extend", room.extend, for_city(Action.EXTEND), ["POST"])


class _Calendar:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def show(self, request: Request) -> Response:
        wording, policy = self._counter.wording(request), self._counter.site.store.policy
        today = self._counter.site.today()
        year = year_asked(request.query_params.get("year", ""), (), today)
        with self._counter.site.store.read() as tx:
            agencies = registry.agencies(tx.connection)
            granted = extensions.granted(tx.connection, year.year)
            sealed = tx.sealed_through(year.year)
            years = {*choices(tx.connection).years, year.year, FiscalYear.containing(today).year}
        holidays = sorted(day for day in policy.calendar.holidays if year.first_day <= day <= year.last_day)
        longer = {(one.agency, one.quarter): one.until for one in granted}
        names = {one.id: wording.value(one.name) for one in agencies}
        values = {
            "year": wording.value(year),
            "years": [
                (wording.value(FiscalYear(one)), "?" + urlencode({"year": one + BE_OFFSET}), one == year.year)
                for one in sorted(years, reverse=True)
            ],
            "holidays": [
                [wording.value(day), wording.say("admin.weekday", day=day.isoweekday())] for day in holidays
            ],
            "quarters": [
                wording.say(
                    "admin.sealed_quarter" if one.number <= sealed else "admin.quarter", number=one.number
                )
                for one in year.quarters
            ],
            "deadlines": [self._deadlines(one, year, longer, wording) for one in agencies],
            "granted": [_told(one, names, wording) for one in granted],
        }
        return self._counter.show(request, "calendar", wording.say("admin.calendar"), values)

    def ask(self, request: Request) -> Response:
        """The form that gives an agency longer."""
        return self._asked(
            request, Typed({"year": str(FiscalYear.containing(self._counter.site.today()).be)})
        )

    def _asked(self, request: Request, typed: Typed) -> Response:
        wording = self._counter.wording(request)
        with self._counter.site.store.read() as tx:
            agencies = registry.agencies(tx.connection)
        values = {
            "agencies": agencies_to_choose(agencies, wording, wording.say("admin.choose")),
            "quarters": [(str(one), wording.say("admin.quarter", number=one), "") for one in (1, 2, 3, 4)],
            "sees_calendar": may(by_of(request), Action.MANAGE_INDICATORS, Subject()),
        }
        return self._counter.show(request, "extend", wording.say("admin.extend"), values, typed)

    def extend(self, request: Request) -> Response:
        typed = Typed(request.state.form)
        year, number, agency = typed.whole("year"), typed.whole("quarter"), typed.whole("agency")
        until, reason = typed.day("day"), typed.text("reason", 2000)
        if year is None or year - BE_OFFSET not in YEARS:
            typed.fault("year", Unmet("admin.year_missing"))
        if number not in (1, 2, 3, 4):
            typed.fault("quarter", Unmet("quarter.choose"))
        if until is None and "day" not in typed.faults:
            typed.fault("day", Unmet("admin.day_missing"))

        def do(tx: Tx) -> None:
            if year is None or number is None or agency is None or until is None:
                return
            quarter, by = FiscalYear.from_be(year).quarters[number - 1], by_of(request)
            now = self._counter.site.clock()
            grant_extension(tx, agency, quarter, until, reason=reason, by=by, now=now)

        with self._counter.site.store.read() as tx:
            if agency not in {one.id for one in registry.agencies(tx.connection)}:
                typed.fault("agency", Unmet("admin.agency_missing"))
        if not self._counter.act(typed, do, at="day"):
            return self._asked(request, typed)
        return self._counter.to("/calendar/extend", "extended")

    def _deadlines(
        self, agency: Agency, year: FiscalYear, longer: Mapping[tuple[int, int], date], wording: Wording
    ) -> list[str]:
        """The agency with its day of each quarter; one that was moved says so."""
        policy, row = self._counter.site.store.policy, [wording.value(agency.name)]
        for quarter in year.quarters:
            until = longer.get((agency.id, quarter.number))
            day = deadline_of(quarter, policy.deadlines, policy.calendar, until)
            row.append(wording.say("admin.extended_to" if until else "admin.usual_day", day=day))
        return row


def _told(one: Granted, names: Mapping[int, str], wording: Wording) -> list[Any]:
    return [
        names.get(one.agency, str(one.agency)),
        wording.say("admin.quarter", number=one.quarter),
        wording.value(one.until),
        one.reason,
        wording.word("person_name", one.by),
        wording.value(one.at),
    ]

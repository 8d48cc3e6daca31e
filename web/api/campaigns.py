"""A fiscal year for programs: taken away as a campaign file, set up from one, or from the year before."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from starlette.responses import Response

from engine.carry_over import Versions
from engine.permissions import Action
from engine.quarter import FiscalYear
from engine.records import Fields, How
from engine.tokens import Scope
from web import campaigns
from web.api import bodies
from web.api.indicators import year_of
from web.api.operation import Call, Operation
from web.api.problems import Fault, Wrong, plain
from web.api.shapes import records
from web.campaigns import SetUp
from web.doors import for_city
from web.site import Site
from workflows.reading import DefinitionError

_RULE = for_city(Action.MANAGE_INDICATORS)


def operations(site: Site) -> Iterator[Operation]:
    """What the page of campaigns does; it tells of people and adds them, so a token needs ``admin``."""
    here = _Campaigns(site)
    yield Operation(
        "get_campaign",
        "GET",
        "/campaign",
        _RULE,
        "A year as a campaign file (TOML), to be edited and taken in again.",
        reads=here.file,
        asks=bodies.YearAsked,
        media="application/toml",
        needs=Scope.ADMIN,
    )
    yield Operation(
        "take_in_campaign",
        "POST",
        "/campaign",
        _RULE,
        "Set a year up as a campaign file says, all of it or nothing; with `dry_run` tell what would change.",
        reads=here.take_in,
        takes=bodies.CampaignGiven,
        longest=bodies.LONGEST_CAMPAIGN,
        gives=records.SetUp,
        needs=Scope.ADMIN,
    )
    yield Operation(
        "carry_over",
        "POST",
        "/campaign/carry-over",
        _RULE,
        "Make the indicators of a year from those of the year before; with `dry_run` tell what would change.",
        reads=here.carry_over,
        takes=bodies.CarryOverAsked,
        gives=records.SetUp,
        needs=Scope.ADMIN,
    )


class _Campaigns:
    def __init__(self, site: Site) -> None:
        self._site = site

    def file(self, call: Call) -> Response:
        year = FiscalYear(year_of(call.asked.year, [], self._today))
        text = campaigns.text_of(self._site.store, year)
        return Response(text, media_type="application/toml")

    @property
    def _today(self) -> date:
        return self._site.today()

    def take_in(self, call: Call) -> records.SetUp:
        given: bodies.CampaignGiven = call.given
        try:
            set_up = campaigns.take_in(
                self._site.store, given.text, "", by=call.by, now=call.now, try_only=given.dry_run
            )
        except DefinitionError as refused:
            faults = [
                Fault(at=f"body.text, line {one.line}", says=call.wording.say(one.kind, one.params))
                for one in refused.faults
            ]
            raise Wrong(409, "api.bad_campaign", faults) from None
        return _told(call, set_up, dry_run=given.dry_run)

    def carry_over(self, call: Call) -> records.SetUp:
        given: bodies.CarryOverAsked = call.given
        set_up = campaigns.carry_over(
            self._site.store,
            FiscalYear.from_be(given.from_year),
            FiscalYear.from_be(given.to_year),
            versions=Versions(given.workflows),
            without=given.without,
            by=call.by,
            now=call.now,
            try_only=given.dry_run,
        )
        return _told(call, set_up, dry_run=given.dry_run)


def _told(call: Call, set_up: SetUp, *, dry_run: bool) -> records.SetUp:
    return records.SetUp.model_validate(
        {
            "fiscal_year": set_up.year,
            "dry_run": dry_run,
            **{str(how): set_up.written.count(how) for how in How},
            "differences": [
                {
                    "kind": str(one.kind),
                    "key": one.key,
                    "how": str(one.how),
                    "before": None if one.before is None else _fields(one.before),
                    "after": _fields(one.after),
                }
                for one in set_up.written.differences
                if one.how is not How.SAME
            ],
            "notes": [
                {"kind": one.kind, "key": one.key, "says": campaigns.note_of(one, set_up.names, call.wording)}
                for one in set_up.notes
            ],
        }
    )


def _fields(fields: Fields) -> dict[str, Any]:
    return {name: plain(value) for name, value in fields.items()}

"""The city's records for programs: agencies, the calendar, definitions, the outbox, the journal."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from starlette.exceptions import HTTPException

from engine.actions import grant_extension
from engine.errors import refuse
from engine.explain import rule_text
from engine.outbox import TROUBLED, State
from engine.permissions import Action
from engine.quarter import FiscalYear, deadline_of
from engine.workflow import Text
from storage import checks, definitions, extensions, moving, people, registry, told, views
from storage.tables import CITY
from storage.transaction import Tx
from storage.views import Asked
from web.administrator.outbox import words_of
from web.api import bodies, reading, shapes
from web.api.indicators import year_of
from web.api.operation import Call, Made, Operation
from web.api.paging import cursor_of, cut, number_behind
from web.api.shapes import records
from web.doors import for_city
from web.site import Site

_PEOPLE, _INDICATORS = for_city(Action.MANAGE_PEOPLE), for_city(Action.MANAGE_INDICATORS)


def operations(site: Site) -> Iterator[Operation]:
    """What administrators look after, besides people."""
    here = _Records(site)
    yield Operation(
        "list_agencies",
        "GET",
        "/agencies",
        _PEOPLE,
        "Every agency, with how many people serve it.",
        reads=here.agencies,
        gives=records.Agencies,
    )
    yield Operation(
        "add_agency",
        "POST",
        "/agencies",
        _PEOPLE,
        "Add an agency.",
        writes=here.add_agency,
        takes=bodies.NewAgency,
        gives=records.Added,
        status=201,
    )
    yield Operation(
        "get_calendar",
        "GET",
        "/calendar",
        _INDICATORS,
        "Holidays of a year, deadlines of agencies, extensions.",
        reads=here.calendar,
        asks=bodies.YearAsked,
        gives=records.Calendar,
    )
    yield Operation(
        "grant_extension",
        "POST",
        "/extensions",
        for_city(Action.EXTEND),
        "Give one agency longer for one quarter.",
        writes=here.extend,
        takes=bodies.ExtensionAsked,
        gives=records.ExtensionGiven,
    )
    yield Operation(
        "list_workflows",
        "GET",
        "/workflows",
        _INDICATORS,
        "Every kept version of every definition.",
        reads=here.workflows,
        gives=records.Workflows,
    )
    yield Operation(
        "get_workflow",
        "GET",
        "/workflows/{number}",
        _INDICATORS,
        "One version: its milestones and its levels with how many indicators stand there.",
        reads=here.workflow,
        gives=records.WorkflowDetail,
    )
    yield Operation(
        "list_outbox",
        "GET",
        "/outbox",
        _PEOPLE,
        "Messages, the newest first, and how many are in each state.",
        reads=here.outbox,
        asks=bodies.OutboxAsked,
        gives=records.Outbox,
    )
    yield Operation(
        "get_message",
        "GET",
        "/outbox/{number}",
        _PEOPLE,
        "One message with what it says and what happened to it.",
        reads=here.message,
        gives=records.MessageDetail,
    )
    for name, says in (
        ("retry", "Send it again."),
        ("hold", "Keep it back."),
        ("release", "Let it go, after it was kept back."),
    ):
        yield Operation(
            f"{name}_message",
            "POST",
            f"/outbox/{{number}}/{name}",
            _PEOPLE,
            says,
            writes=partial(here.move, name),
            takes=bodies.Moved,
            gives=records.MessageRow,
        )
    yield Operation(
        "list_journal",
        "GET",
        "/journal",
        _PEOPLE,
        "Events of the city or of one indicator, the newest first; with `verify` whether any was touched.",
        reads=here.journal,
        asks=bodies.JournalAsked,
        gives=records.Journal,
    )


class _Records:
    def __init__(self, site: Site) -> None:
        self._site = site

    # -- agencies and the calendar ------------------------------------------------------------------------

    def agencies(self, _call: Call) -> records.Agencies:
        with self._site.store.read() as tx:
            found = people.agencies(tx.connection)
        return records.Agencies(
            items=[
                records.AgencyRow(
                    **shapes.agency(one).model_dump(), kind=one.kind, parent=one.parent, people=one.people
                )
                for one in found
            ]
        )

    def add_agency(self, call: Call, tx: Tx) -> Made:
        new: bodies.NewAgency = call.given
        if not new.name:
            raise refuse("admin.agency_name_missing")
        check_agency(tx, new.parent)
        added = registry.add_agency(
            tx,
            Text(new.name, new.name_en or new.name),
            new.kind,
            code=new.code or None,
            parent=new.parent,
            by=call.by.id,
            now=call.now,
        )
        return Made(records.Added(id=added), "/agencies")

    def calendar(self, call: Call) -> records.Calendar:
        policy = self._site.store.policy
        year = FiscalYear(year_of(call.asked.year, [], self._site.today()))
        with self._site.store.read() as tx:
            agencies = registry.agencies(tx.connection)
            granted = extensions.granted(tx.connection, year.year)
            sealed = tx.sealed_through(year.year)
        longer = {(one.agency, one.quarter): one.until for one in granted}
        return records.Calendar(
            fiscal_year=year.be,
            holidays=sorted(
                day for day in policy.calendar.holidays if year.first_day <= day <= year.last_day
            ),
            sealed_through=sealed,
            agencies=[
                records.AgencyDeadlines(
                    agency=shapes.agency(one),
                    deadlines=[
                        records.DeadlineRow(
                            quarter=quarter.number,
                            due_on=deadline_of(
                                quarter,
                                policy.deadlines,
                                policy.calendar,
                                longer.get((one.id, quarter.number)),
                            ),
                            extended=(one.id, quarter.number) in longer,
                        )
                        for quarter in year.quarters
                    ],
                )
                for one in agencies
            ],
            extensions=[records.Extension.model_validate(one) for one in granted],
        )

    def extend(self, call: Call, tx: Tx) -> records.ExtensionGiven:
        new: bodies.ExtensionAsked = call.given
        check_agency(tx, new.agency)
        quarter = FiscalYear.from_be(new.year).quarters[new.quarter - 1]
        grant_extension(tx, new.agency, quarter, new.until, reason=new.reason, by=call.by, now=call.now)
        return records.ExtensionGiven(
            agency=new.agency, fiscal_year=new.year, quarter=new.quarter, until=new.until
        )

    # -- definitions --------------------------------------------------------------------------------------

    def _kept(self, tx: Tx) -> list[definitions.Kept]:
        return definitions.kept(tx.connection, self._site.store.workflow)

    def workflows(self, _call: Call) -> records.Workflows:
        with self._site.store.read() as tx:
            found = self._kept(tx)
        return records.Workflows(items=[records.WorkflowRow.model_validate(_version(one)) for one in found])

    def workflow(self, call: Call) -> records.WorkflowDetail:
        number = call.number()
        with self._site.store.read() as tx:
            found = next((one for one in self._kept(tx) if one.id == number), None)
            if found is None:
                raise HTTPException(404)
            standing = definitions.standing(tx.connection, number)
        workflow = found.workflow
        return records.WorkflowDetail.model_validate(
            {
                **_version(found),
                "description": workflow.description,
                "order": str(workflow.order),
                "milestones": [
                    {
                        "key": one.key,
                        "title": one.title,
                        "needs": one.needs,
                        "due_quarter": one.due_quarter,
                        "optional": one.optional,
                        "supplied_by": str(one.supplied_by),
                        "measured": one.measure is not None,
                        "evidence": one.evidence,
                    }
                    for one in workflow.milestones
                ],
                "levels": [
                    {
                        "level": one.level,
                        "state": one.state,
                        "title": one.title,
                        "rule": rule_text(one.rule),
                        "indicators": standing.get(one.level, 0),
                    }
                    for one in workflow.levels
                ],
            }
        )

    # -- the outbox ---------------------------------------------------------------------------------------

    def outbox(self, call: Call) -> records.Outbox:
        asked: bodies.OutboxAsked = call.asked
        before = number_behind(asked.cursor)
        with self._site.store.read() as tx:
            found = told.messages(tx.connection, _states(asked.state), before=before, limit=asked.limit + 1)
            counts = told.counts(tx.connection)
        rows, more = cut(found, asked.limit)
        return records.Outbox(
            counts={str(state): counts.get(state, 0) for state in State},
            items=[records.MessageRow.model_validate(one) for one in rows],
            next=cursor_of(rows[-1].id) if more else None,
        )

    def message(self, call: Call) -> records.MessageDetail:
        number = call.number()
        with self._site.store.read() as tx:
            message = told.message_of(tx.connection, number)
            content = told.content_of(tx.connection, number)
            log = told.log_of(tx.connection, number)
        return records.MessageDetail.model_validate(
            {
                **message._asdict(),
                "content": words_of(content, message.channel) if content else "",
                "log": log,
            }
        )

    def move(self, name: str, call: Call, tx: Tx) -> records.MessageRow:
        moving.move(tx, name, call.number(), why=call.given.reason, by=call.by.id, now=call.now)
        return records.MessageRow.model_validate(told.message_of(tx.connection, call.number()))

    # -- the journal --------------------------------------------------------------------------------------

    def journal(self, call: Call) -> records.Journal:
        asked: bodies.JournalAsked = call.asked
        first, last = self._instant(asked.first), self._instant(asked.last, 1)
        wanted = Asked(asked.kind, first, last, number_behind(asked.cursor))
        broken = None
        with self._site.store.read() as tx:
            stream = self._stream(tx, asked)
            lines = views.browse(tx.connection, stream, wanted, asked.limit + 1)
            if asked.verify:
                broken = checks.stream(tx, stream)
        rows, more = cut(lines, asked.limit)
        return records.Journal(
            whole=(broken is None) if asked.verify else None,
            broken_at=broken.seq if broken else None,
            items=reading.happenings(rows),
            next=cursor_of(rows[-1].entry.seq) if more else None,
        )

    def _stream(self, tx: Tx, asked: bodies.JournalAsked) -> int:
        """The stream of the indicator that is asked for, else that of the city."""
        if asked.code is None:
            return CITY
        running = FiscalYear.containing(self._site.today()).year
        year = max(views.years_of(tx.connection, asked.code), default=running)
        if asked.year is not None:
            year = FiscalYear.from_be(asked.year).year
        return tx.indicator(asked.code, year).id

    def _instant(self, day: date | None, days: int = 0) -> datetime | None:
        """When a local day begins, or so many days after it."""
        if day is None or not date(1900, 1, 1) < day < date(2900, 1, 1):
            return None
        begin = datetime.combine(day + timedelta(days=days), time.min, self._site.store.policy.zone)
        return begin.astimezone(UTC)


def check_agency(tx: Tx, agency: int | None) -> None:
    """Refuse an agency that there is not."""
    if agency is not None and agency not in {one.id for one in registry.agencies(tx.connection)}:
        raise refuse("agency.gone", number=agency)


def _version(one: definitions.Kept) -> dict[str, object]:
    workflow = one.workflow
    return {
        "id": one.id,
        "key": workflow.key,
        "version": workflow.version,
        "title": workflow.title,
        "top_level": workflow.top_level,
        "hash": workflow.source_hash,
        "registered_at": one.registered_at,
        "indicators": one.indicators,
    }


def _states(wanted: str | None) -> tuple[State, ...]:
    if wanted is None:
        return tuple(State)
    return tuple(TROUBLED) if wanted == "troubled" else (State(wanted),)

"""What a message has to tell when it is looked at again: what is still owed, and what happened, in words."""

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.engine import Connection

from engine.outbox import Claimed, State, Way, event_of
from engine.quarter import FiscalYear, Quarter
from engine.reminders import Contact, Subject, Topic
from engine.reminders.notices import Happening
from engine.reminders.ports import Changed, Contents, Due
from engine.workflow import Text, Workflow
from storage import tables as t
from storage.among import among
from storage.deadlines import Deadlines
from storage.outbox_tables import outbox, reminders
from storage.owed import still_owed
from storage.reminding import Reminder, notices_in, reminders_in
from storage.rows import year_of

_i, _d, _a, _m, _o, _p, _r = (
    t.indicators.c,
    t.indicator_details.c,
    t.agencies.c,
    t.milestones.c,
    t.occurrences.c,
    t.people.c,
    reminders.c,
)

Workflows = Callable[[int, Connection], Workflow]

_OF_MILESTONES = (Topic.MILESTONE, Topic.RETURNED_MILESTONE)


class _Head(NamedTuple):
    """What an indicator is known by."""

    code: str
    fiscal_year: FiscalYear
    title: Text
    agency: Text
    workflow: Workflow


def contents_of(
    connection: Connection,
    workflows: Workflows,
    deadlines: Deadlines,
    messages: Sequence[tuple[Claimed, Contact]],
    is_silenced: Callable[[Reminder], bool],
) -> tuple[list[Contents], list[int]]:
    """What each message has to tell its reader now, and the ids of their reminders that need not be told.

    The same few statements for one message as for twenty.
    """
    held = reminders_in(connection, [message.id for message, _ in messages])
    told = {
        message: [one for one in _last_of_each(given) if not is_silenced(one)]
        for message, given in held.items()
    }
    owed = [one for given in told.values() for one in given]
    due, done = still_due(connection, workflows, deadlines, owed)
    done += sorted({one.id for given in held.values() for one in given} - {one.id for one in owed})
    message_of = {one.id: one.message for one in owed}
    due_in: defaultdict[int | None, list[Due]] = defaultdict(list)
    for one in due:
        due_in[message_of[one.reminder]].append(one)
    happened = _changed(connection, workflows, [message for message, _ in messages])
    contents = [
        Contents(reader, tuple(due_in[message.id]), tuple(happened[message.id]))
        for message, reader in messages
    ]
    return contents, done


def still_due(
    connection: Connection, workflows: Workflows, deadlines: Deadlines, held: Collection[Reminder]
) -> tuple[list[Due], list[int]]:
    """Those of the reminders that are still owed, with their words, and the ids of those that are not."""
    left = still_owed(connection, deadlines, [one.subject for one in held])
    owed = [one for one in held if one.subject in left]
    done = [one.id for one in held if one.subject not in left]
    return list(_due(connection, workflows, owed)), done


def _last_of_each(held: Collection[Reminder]) -> list[Reminder]:
    """Of each subject its last step: an earlier one that waited until now would tell the same again."""
    last = {one.subject: one for one in sorted(held, key=lambda one: (one.step, one.id))}
    return [one for one in held if last[one.subject] is one]


_HEADS = (
    select(
        _i.id,
        _i.code,
        _i.fiscal_year,
        _d.title_th,
        _d.title_en,
        _a.name_th,
        _a.name_en,
        _i.workflow_version_id,
    )
    .join_from(t.indicators, t.indicator_details)
    .join(t.agencies, _a.id == _i.agency_id)
    .where(among(_i.id, "indicators"))
)


def _heads(connection: Connection, workflows: Workflows, indicators: Collection[int]) -> dict[int, _Head]:
    rows = connection.execute(_HEADS, {"indicators": indicators}).all()
    return {
        id_: _Head(code, year_of(year), Text(th, en), Text(name_th, name_en), workflows(version, connection))
        for id_, code, year, th, en, name_th, name_en, version in rows
    }


# --- reminders -------------------------------------------------------------------------------------------


class Words(NamedTuple):
    """What a subject is known by: ``what`` is the milestone, the quarter, or what is planned.

    An extension has no ``code``.
    """

    code: str
    fiscal_year: FiscalYear
    title: Text
    agency: Text
    what: Text | Quarter | str


def words_of(
    connection: Connection, workflows: Workflows, subjects: Collection[Subject]
) -> dict[Subject, Words]:
    """The words for each subject; the same few statements for one of them as for a hundred."""
    heads = _heads(connection, workflows, {one.indicator for one in subjects})
    plans = _plans(connection, heads, [one for one in subjects if one.topic is Topic.MEETING])
    agencies = _agencies(connection, {one.agency for one in subjects if not one.indicator})
    found = {}
    for subject in subjects:
        head = heads.get(subject.indicator)
        year = head.fiscal_year if head else FiscalYear.containing(subject.due_on)
        planned = plans.get((subject.indicator, subject.key)) if subject.topic is Topic.MEETING else None
        found[subject] = Words(
            code=head.code if head else "",
            fiscal_year=year,
            title=head.title if head else Text("", ""),
            agency=head.agency if head else agencies[subject.agency],
            what=planned or _what(subject, head, year),
        )
    return found


def _due(connection: Connection, workflows: Workflows, owed: Collection[Reminder]) -> Iterable[Due]:
    """Each reminder with its words; the same few statements for one of them as for a hundred."""
    if not owed:
        return
    words = words_of(connection, workflows, [one.subject for one in owed])
    states = _states(connection, [one.subject for one in owed if one.subject.topic in _OF_MILESTONES])
    names = _names(connection, {one.instead_of for one in owed if one.instead_of})
    told = _told_before(connection, owed)
    for one in owed:
        subject = one.subject
        state, waits_for = states.get((subject.indicator, subject.key), ("", ""))
        yield Due(
            reminder=one.id,
            subject=subject,
            step=one.step,
            role=one.role,
            instead_of=names.get(one.instead_of or 0, ""),
            **words[subject]._asdict(),
            state=state,
            waits_for=waits_for,
            told_before=tuple(told.get(one.id, ())),
        )


def _what(subject: Subject, head: _Head | None, year: FiscalYear) -> Text | Quarter:
    """The milestone, or the quarter, that the subject's key names."""
    if subject.topic in _OF_MILESTONES and head is not None:
        definition = head.workflow.milestone(subject.key)
        return definition.title if definition else head.title
    return Quarter(year.year, int(subject.key))


# Pairs are asked for by both of their halves, and what else comes along is not looked at: SQLite would go
# through the whole table for a list of pairs.
_STATES = select(_m.indicator_id, _m.key, _m.state, _m.blocked_by).where(
    among(_m.indicator_id, "indicators"), among(_m.key, "keys")
)
_PLANS = select(_o.indicator_id, _o.number, _o.milestone, _o.kind, _o.note).where(
    among(_o.indicator_id, "indicators"), among(_o.number, "numbers")
)


def _states(connection: Connection, subjects: Collection[Subject]) -> dict[tuple[int, str], tuple[str, str]]:
    if not subjects:
        return {}
    wanted = {
        "indicators": {one.indicator for one in subjects},
        "keys": {one.key for one in subjects},
    }
    rows = connection.execute(_STATES, wanted).all()
    return {(indicator, key): (state, blocked_by) for indicator, key, state, blocked_by in rows}


def _plans(
    connection: Connection, heads: Mapping[int, _Head], subjects: Collection[Subject]
) -> dict[tuple[int, str], Text | str]:
    """What is planned: its note, or else the title of its kind."""
    wanted = {
        "indicators": {one.indicator for one in subjects},
        "numbers": {int(one.key) for one in subjects},
    }
    found: dict[tuple[int, str], Text | str] = {}
    for row in connection.execute(_PLANS, wanted).all():
        head = heads[row.indicator_id]
        definition = head.workflow.milestone(row.milestone)
        kind = definition.kind(row.kind) if definition else None
        title = kind.title if kind else definition.title if definition else head.title
        found[row.indicator_id, str(row.number)] = row.note or title
    return found


def _names(connection: Connection, people: Collection[int]) -> dict[int, str]:
    if not people:
        return {}
    rows = connection.execute(select(_p.id, _p.name).where(_p.id.in_(people)))
    return {row.id: row.name for row in rows}


def _agencies(connection: Connection, agencies: Collection[int]) -> dict[int, Text]:
    if not agencies:
        return {}
    rows = connection.execute(select(_a.id, _a.name_th, _a.name_en).where(_a.id.in_(agencies)))
    return {row.id: Text(row.name_th, row.name_en) for row in rows}


_other = reminders.alias("other").c
_TOLD_BEFORE = (
    select(_r.id, _p.name, func.max(_other.owed_on))
    .join_from(
        reminders,
        _other.id.table,
        and_(
            _other.indicator_id == _r.indicator_id,
            _other.agency_id == _r.agency_id,
            _other.topic == _r.topic,
            _other.key == _r.key,
            _other.due_on == _r.due_on,
            _other.person_id != _r.person_id,
            _other.owed_on < _r.owed_on,
        ),
    )
    .join(outbox, and_(outbox.c.id == _other.message_id, outbox.c.state == State.SENT))
    .join(t.people, _p.id == _other.person_id)
    .where(among(_r.id, "owed"))
    # What is repeated for months would else be read row by row.
    .group_by(_r.id, _p.name)
    .order_by(_r.id, func.min(_other.owed_on), func.min(_other.id))
)


def _told_before(connection: Connection, owed: Collection[Reminder]) -> dict[int, list[tuple[str, date]]]:
    """Who else was told of the same on an earlier day, each once with the last one, by the reminder's id."""
    found: dict[int, dict[str, date]] = {}
    for reminder, name, owed_on in connection.execute(_TOLD_BEFORE, {"owed": [one.id for one in owed]}).all():
        found.setdefault(reminder, {})[name] = owed_on
    return {reminder: list(of_it.items()) for reminder, of_it in found.items()}


# --- what happened ---------------------------------------------------------------------------------------


def _changed(
    connection: Connection, workflows: Workflows, messages: Collection[Claimed]
) -> dict[int, list[Changed]]:
    """What each message tells of, in the order in which it happened."""
    given = {
        message: [(one.indicator, one.seq) for one in notices]
        for message, notices in notices_in(connection, [one.id for one in messages]).items()
    }
    given |= {one.id: [event_of(one.key)] for one in messages if one.channel == Way.WEBHOOK}
    wanted = sorted({event for events in given.values() for event in events})
    told = {one.happening[1:3]: one for one in _events(connection, workflows, wanted)}
    return {
        message: sorted((told[event] for event in events), key=lambda one: (one.at, *one.happening[1:3]))
        for message, events in given.items()
    }


_j = t.journal.c
_EVENTS = (
    select(_j.stream, _j.seq, _j.what, _j.at, _j.by, _j.data, _p.name)
    .join_from(t.journal, t.people, _p.id == _j.by, isouter=True)
    .where(among(_j.stream, "streams"), among(_j.seq, "numbers"))
)


def _events(
    connection: Connection, workflows: Workflows, wanted: Collection[tuple[int, int]]
) -> Iterable[Changed]:
    """Each event of the journal, by stream and number, as its readers are told of it."""
    if not wanted:
        return
    streams, numbers = zip(*wanted, strict=True)
    found = connection.execute(_EVENTS, {"streams": set(streams), "numbers": set(numbers)}).all()
    asked = set(wanted)
    rows = [row for row in found if (row.stream, row.seq) in asked]
    heads = _heads(connection, workflows, {row.stream for row in rows if row.stream})
    cities = [json.loads(row.data)["agency"] for row in rows if not row.stream]
    agencies = _agencies(connection, cities)
    for row in rows:
        data = json.loads(row.data)
        head = heads.get(row.stream)
        agency = data.get("agency", 0)
        yield Changed(
            happening=Happening(agency, row.stream, row.seq, row.what, row.by, data),
            code=head.code if head else "",
            fiscal_year=head.fiscal_year if head else FiscalYear(data["fiscal_year"]),
            title=head.title if head else Text("", ""),
            agency=head.agency if head else agencies[agency],
            thing=_thing(data, head),
            who=row.name or "",
            at=datetime.fromisoformat(row.at),
        )


def _thing(data: Mapping[str, Any], head: _Head | None) -> Text | Quarter | str:
    """The milestone or the quarter that an event is about; the indicator itself where it names none."""
    if "milestone" in data and head:
        definition = head.workflow.milestone(data["milestone"])
        return definition.title if definition else head.title
    if "quarter" in data:
        year = head.fiscal_year.year if head else data["fiscal_year"]
        return Quarter(year, data["quarter"])
    if "occurrence" in data and head and isinstance(data["occurrence"], Mapping):
        return _thing({"milestone": data["occurrence"]["milestone"]}, head)
    return head.title if head else ""

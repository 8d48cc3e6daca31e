"""What is owed: the subjects of reminders by due day, in portions, and what is left of given ones."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Select, String, select
from sqlalchemy.engine import Connection

from engine.indicator import ReportState
from engine.quarter import FiscalYear, Quarter
from engine.reminders import Subject, Topic
from engine.reminders.ports import Window
from storage import owed_statements as s
from storage import tables as t
from storage.deadlines import Deadlines
from storage.types import Instant

#: How many subjects are held at once when all of them are read.
PORTION = 1000
#: How many owners one statement asks for.
_OWNERS = 500

#: A place in the order of a topic's subjects; where it lies is nobody's business but this module's.
Place = tuple[Any, ...]


class Portion(NamedTuple):
    """Some subjects of a window, and where the next ones begin: ``None`` when there are no more.

    A portion may hold fewer than were asked for, even none, and not be the last.
    """

    subjects: list[Subject]
    after: Place | None


def occupied(connection: Connection, deadlines: Deadlines, windows: Iterable[Window]) -> list[Window]:
    """The windows that may hold something, in their order: two statements, one seek in an index each."""
    given, found, dialect = list(windows), set[int](), connection.dialect.name
    by_topic: dict[Topic, list[int]] = {}
    for number, window in enumerate(given):
        by_topic.setdefault(window.topic, []).append(number)
    found.update(
        number
        for number in by_topic.pop(Topic.REPORT, ())
        if deadlines.any_due(given[number].low, given[number].high)
    )
    parameters: dict[str, Any] = {}
    asked: list[list[int]] = []
    earliest = iter(connection.execute(s.EARLIEST).one())
    for topic, sources in s.SOURCES.items():
        for source in sources:
            first = _due_on(topic, deadlines, next(earliest))
            numbers = [n for n in by_topic.get(topic, ()) if first and given[n].high >= first]
            own = [(n, bounds) for n in numbers if (bounds := _bounds(source, deadlines, given[n]))]
            parameters |= s.windows_given(dialect, len(asked), [bounds for _, bounds in own])
            asked.append([number for number, _ in own])
    if any(asked):
        rows = connection.execute(_occupied(dialect), parameters)
        found.update(asked[row.source][row.number] for row in rows)
    return [given[number] for number in sorted(found)]


@cache
def _occupied(dialect: str) -> Select[Any]:
    return s.occupied(dialect)


def portion(
    connection: Connection,
    deadlines: Deadlines,
    window: Window,
    after: Place | None = None,
    limit: int = PORTION,
) -> Portion:
    """The next subjects of the window, by the day they are due; at most ``limit`` of them are held."""
    if window.topic is Topic.REPORT:
        return _reports_due(connection, deadlines, window, after, limit)
    number, *place = after or (0,)
    sources = s.SOURCES[window.topic]
    rows: Sequence[Any] = ()
    bounds = _bounds(sources[number], deadlines, window)
    if bounds is not None:
        due, owner, last = place or (
            bounds[0],
            0,
            "" if isinstance(sources[number].number.type, String) else 0,
        )
        parameters = {"after_due": due, "after_owner": owner, "after_number": last, "last": bounds[1]}
        rows = connection.execute(s.DUE[window.topic][number], {**parameters, "limit": limit}).all()
    following: Place | None = None
    if len(rows) == limit:
        following = (number, rows[-1].due, rows[-1].owner, rows[-1].number)
    elif number + 1 < len(sources):
        following = (number + 1,)
    return Portion(list(_subjects(window.topic, deadlines, rows)), following)


def subjects(connection: Connection, deadlines: Deadlines, window: Window) -> Iterator[Subject]:
    """All subjects of the window, read in portions."""
    after: Place | None = None
    while True:
        found, after = portion(connection, deadlines, window, after)
        yield from found
        if after is None:
            return


def owed_of(
    connection: Connection,
    deadlines: Deadlines,
    indicators: Collection[int],
    topics: Collection[Topic] = tuple(Topic),
) -> list[Subject]:
    """All that is owed of these indicators now, whenever it is due; extensions are nobody's indicator's."""
    return [
        subject
        for topic in topics
        if topic is not Topic.EXTENSION
        for subject in _of_owners(connection, deadlines, topic, indicators)
    ]


def extensions_of(connection: Connection, deadlines: Deadlines, agencies: Collection[int]) -> list[Subject]:
    """The extensions of these agencies under which something is not handed in yet."""
    return list(_of_owners(connection, deadlines, Topic.EXTENSION, agencies))


def still_owed(connection: Connection, deadlines: Deadlines, given: Iterable[Subject]) -> set[Subject]:
    """Those of the subjects that are still owed, and still due on the same day; whichever their workflow."""
    asked = set(given)
    found = {one[:_WORKFLOW] for one in found_again(connection, deadlines, asked)}
    return {one for one in asked if one[:_WORKFLOW] in found}


def found_again(
    connection: Connection, deadlines: Deadlines, given: Collection[Subject]
) -> Iterator[Subject]:
    """The subjects as they are read anew: what was kept lacks the workflow and who is not told."""
    asked = {one[:_WORKFLOW] for one in given}
    owners: dict[Topic, set[int]] = {}
    keys: dict[Topic, set[str]] = {}
    for subject in given:
        owner = subject.agency if subject.topic is Topic.EXTENSION else subject.indicator
        owners.setdefault(subject.topic, set()).add(owner)
        keys.setdefault(subject.topic, set()).add(subject.key)
    for topic, of_topic in owners.items():
        for one in _of_owners(connection, deadlines, topic, of_topic, keys[topic]):
            if one[:_WORKFLOW] in asked:
                yield one


_WORKFLOW = Subject._fields.index("workflow")


def running_of(connection: Connection, agency: int) -> list[int]:
    """The indicators of an agency on which work goes on, by id."""
    i = t.indicators.c
    return list(
        connection.execute(select(i.id).where(i.agency_id == agency, s.RUNNING).order_by(i.id)).scalars()
    )


# --- what has a row --------------------------------------------------------------------------------------

_REVIEWS = (Topic.ENDORSEMENT, Topic.EVALUATION, Topic.APPEAL)


def _bounds(source: s.Source, deadlines: Deadlines, window: Window) -> tuple[Any, Any] | None:
    """The window in the column that the source is ordered by: days, or the instants of handing on."""
    if isinstance(source.due.type, Instant):
        return deadlines.handed_on(window.low, window.high)
    return (window.low, window.high) if window.low <= window.high else None


def _of_owners(
    connection: Connection,
    deadlines: Deadlines,
    topic: Topic,
    owners: Collection[int],
    keys: Collection[str] | None = None,
) -> Iterator[Subject]:
    """All that is owed of these owners; with ``keys`` what has none of them may be left out."""
    given = sorted(owners)
    lookups = s.OF_OWNERS.get(topic, [])
    if keys is not None:
        lookups = s.OF_THESE.get(topic, lookups)
    for first in range(0, len(given), _OWNERS):
        parameters = {"owners": given[first : first + _OWNERS], "keys": keys or ()}
        if topic is Topic.REPORT:
            yield from _reports_of(deadlines, s.REPORTS_OF_OWNERS.all(connection, parameters))
            continue
        for lookup in lookups:
            yield from _subjects(topic, deadlines, lookup.all(connection, parameters))


def _subjects(topic: Topic, deadlines: Deadlines, rows: Iterable[Any]) -> Iterator[Subject]:
    """The rows as subjects, without those of sealed quarters."""
    due_on = deadlines.review_due if topic in _REVIEWS else None
    sealed = deadlines.sealed_years
    for agency, indicator, key, due, workflow, fiscal_year, quarter, belongs_on, not_to, *_ in rows:
        if due is None:
            continue
        if fiscal_year in sealed:
            if quarter is not None and deadlines.is_sealed(Quarter(fiscal_year, quarter)):
                continue
            if belongs_on is not None and deadlines.is_over(agency, fiscal_year, belongs_on):
                continue
        yield Subject(topic, agency, indicator, str(key), due_on(due) if due_on else due, workflow, not_to)


def _due_on(topic: Topic, deadlines: Deadlines, kept: Any) -> Any:
    """The due day, where the column keeps it; a review's from when it was handed on; ``None`` for none."""
    return deadlines.review_due(kept) if kept is not None and topic in _REVIEWS else kept


# --- reports that nobody has begun -----------------------------------------------------------------------


def _quarters_due(deadlines: Deadlines, window: Window) -> Iterator[tuple[Quarter, bool, list[int]]]:
    """The open quarters due in the window: for all agencies but some (``True``), or only for some."""
    for quarter in deadlines.quarters_due(window.low, window.high):
        extended = deadlines.extended(quarter)
        within = {agency for agency, day in extended.items() if window.low <= day <= window.high}
        if window.low <= deadlines.usual(quarter) <= window.high:
            yield quarter, True, sorted(extended.keys() - within)
        elif within:
            yield quarter, False, sorted(within)


def _reports_due(
    connection: Connection, deadlines: Deadlines, window: Window, after: Place | None, limit: int
) -> Portion:
    begin, agency, indicator = after or (None, 0, 0)
    for quarter, all_but, agencies in _quarters_due(deadlines, window):
        if begin is not None and quarter < begin:
            continue
        if quarter != begin:
            agency = indicator = 0
        parameters = {"year": quarter.fiscal_year, "quarter": quarter.number, "agencies": agencies}
        place = {"after_agency": agency, "after_id": indicator, "limit": limit}
        rows = connection.execute(s.REPORTS[all_but], {**parameters, **place}).all()
        if rows:
            found = [
                Subject(Topic.REPORT, own, id_, str(quarter.number), deadlines.of(quarter, own))
                for own, id_ in rows
            ]
            return Portion(found, (quarter, *rows[-1]))
    return Portion([], None)


def _reports_of(deadlines: Deadlines, rows: Iterable[Any]) -> Iterator[Subject]:
    """The quarters of each indicator for which nothing was handed in."""
    there: dict[tuple[int, int, int], set[int]] = {}
    for agency, indicator, fiscal_year, number, state, fix_by in rows:
        done = there.setdefault((agency, indicator, fiscal_year), set())
        if number is not None and not (state == ReportState.DRAFT and fix_by is None):
            done.add(number)
    for (agency, indicator, fiscal_year), done in there.items():
        for quarter in FiscalYear(fiscal_year).quarters:
            if quarter.number not in done and not deadlines.is_sealed(quarter):
                due_on = deadlines.of(quarter, agency)
                yield Subject(Topic.REPORT, agency, indicator, str(quarter.number), due_on)

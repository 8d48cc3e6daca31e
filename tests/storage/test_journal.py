"""Whatever is done to a row of the journal, its check names the indicator and the event."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, insert, select, update

from engine.actions import NewOccurrence, record_occurrence
from engine.events import Event, Happened
from storage import checks
from storage import tables as t
from storage.journal import Broken, Entry, chained, entry_hash
from storage.store import Store
from tests.cast import ADMINISTRATOR, CODE, COORDINATOR, GUIDELINES, MEETINGS, YEAR, at
from tests.storage.story import IMPORTED, OTHER, PERCENT, STORY

j = t.journal.c
LAST = 37  # events of the first indicator in the story


def breaks(store: Store) -> list[tuple[str, Broken]]:
    with store.read() as tx:
        return [(code, broken) for code, broken in checks.journal(tx) if broken]


def run(store: Store, *statements) -> None:
    """What somebody with access to the database itself can do."""
    with store.engine.connect() as connection, connection.begin():
        for statement in statements:
            connection.execute(statement)


def entry(store: Store, seq: int, stream: int = 1) -> Entry:
    with store.read() as tx:
        row = tx.connection.execute(select(t.journal).where(j.stream == stream, j.seq == seq)).one()
    return Entry(*row)


def of(seq: int, stream: int = 1):
    return (j.stream == stream) & (j.seq == seq)


def test_story_leaves_every_stream_whole(year):
    with year.read() as tx:
        streams = [code for code, _ in checks.journal(tx)]

    assert streams == ["", CODE, OTHER, PERCENT, IMPORTED]
    assert breaks(year) == []
    assert entry(year, LAST).what == "occurrence_recorded"


def one_byte_more(value: str) -> str:
    return value[:-1] + chr(ord(value[-1]) ^ 1)


ALTERED: dict[str, Callable[[Entry], object]] = {
    "what": lambda row: one_byte_more(row.what),
    "at": lambda row: one_byte_more(row.at),
    "by": lambda row: row.by + 1,
    "data": lambda row: row.data.replace("2020-12-01", "2020-12-02"),
    "hash": lambda row: one_byte_more(row.hash),
}


@pytest.mark.parametrize("column", ALTERED)
def test_one_byte_of_a_column_altered_is_named(year, column):
    value = ALTERED[column](entry(year, 2))
    assert value != getattr(entry(year, 2), column)

    run(year, update(t.journal).where(of(2)).values({column: value}))

    assert breaks(year) == [(CODE, Broken(1, 2, "altered"))]


def test_altered_predecessor_is_named(year):
    run(year, update(t.journal).where(of(2)).values(previous_hash="f" * 64))

    assert breaks(year) == [(CODE, Broken(1, 2, "unchained"))]


@pytest.mark.parametrize("seq", [1, 2, 17, LAST])
def test_altered_event_is_named_wherever_it_stands(year, seq):
    run(year, update(t.journal).where(of(seq)).values(by=j.by + 1))

    assert breaks(year) == [(CODE, Broken(1, seq, "altered"))]


@pytest.mark.parametrize("seq", [1, 17, LAST])
def test_deleted_event_is_named(year, seq):
    run(year, delete(t.journal).where(of(seq)))

    assert breaks(year) == [(CODE, Broken(1, seq, "missing"))]


def test_emptied_stream_is_named(year):
    run(year, delete(t.journal).where(j.stream == 2))

    assert breaks(year) == [(OTHER, Broken(2, 1, "missing"))]


def test_renumbered_event_is_named(year):
    run(year, update(t.journal).where(of(LAST)).values(seq=LAST + 1))

    assert breaks(year) == [(CODE, Broken(1, LAST, "missing"))]


def test_two_swapped_events_are_named_by_the_first(year):
    run(
        year,
        update(t.journal).where(of(5)).values(seq=1000),
        update(t.journal).where(of(6)).values(seq=5),
        update(t.journal).where(of(1000)).values(seq=6),
    )

    assert breaks(year) == [(CODE, Broken(1, 5, "unchained"))]


def test_swapped_streams_are_named(year):
    first, other = entry(year, 1, 1), entry(year, 1, 2)

    run(
        year,
        update(t.journal).where(of(1, 1)).values(data=other.data, hash=other.hash),
        update(t.journal).where(of(1, 2)).values(data=first.data, hash=first.hash),
    )

    assert breaks(year) == [(CODE, Broken(1, 1, "altered")), (OTHER, Broken(2, 1, "altered"))]


def forged(store: Store, seq: int, stream: int = 1) -> Entry:
    """A row that hashes as it must and follows its predecessor."""
    before = entry(store, seq - 1, stream)
    data = '{"milestone":"issue_chosen"}'
    digest = entry_hash(stream, seq, "milestone_verified", before.at, 5, data, before.hash)
    return Entry(stream, seq, "milestone_verified", before.at, 5, data, before.hash, digest)


def row_of(one: Entry) -> dict[str, object]:
    return one._asdict()


def test_forged_event_at_the_end_is_named(year):
    run(year, insert(t.journal).values(row_of(forged(year, LAST + 1))))

    assert breaks(year) == [(CODE, Broken(1, LAST + 1, "head"))]


def test_forged_event_in_place_of_a_true_one_is_named_by_its_successor(year):
    run(year, delete(t.journal).where(of(7)), insert(t.journal).values(row_of(forged(year, 7))))

    assert breaks(year) == [(CODE, Broken(1, 8, "unchained"))]


def test_last_event_forged_with_its_hash_is_named(year):
    run(year, delete(t.journal).where(of(LAST)), insert(t.journal).values(row_of(forged(year, LAST))))

    assert breaks(year) == [(CODE, Broken(1, LAST, "head"))]


def test_events_of_streams_that_nobody_owns_are_named(year):
    true = row_of(entry(year, 1))

    for stream in (-5, 44, 99):
        run(
            year,
            insert(t.journal).values({**true, "stream": stream, "seq": 7}),
            insert(t.journal).values({**true, "stream": stream, "seq": 8}),
        )

    assert breaks(year) == [("", Broken(stream, 7, "ownerless")) for stream in (-5, 44, 99)]


def test_event_of_the_city_altered_is_named(year):
    run(year, update(t.journal).where(of(3, t.CITY)).values(by=4))

    assert breaks(year) == [("", Broken(t.CITY, 3, "altered"))]


def test_deleted_end_of_the_city_is_named(year):
    run(year, delete(t.city))

    assert breaks(year) == [("", Broken(t.CITY, 1, "ownerless"))]


def test_head_altered_at_its_owner_is_named(year):
    run(year, update(t.indicators).where(t.indicators.c.id == 1).values(journal_head="f" * 64))

    assert breaks(year) == [(CODE, Broken(1, LAST, "head"))]


def test_several_broken_streams_are_all_named(year):
    run(year, update(t.journal).where(j.seq == 1).values(by=99))

    assert [(code, broken.seq) for code, broken in breaks(year)] == [
        ("", 1),
        (CODE, 1),
        (OTHER, 1),
        (PERCENT, 1),
        (IMPORTED, 1),
    ]


def test_check_goes_on_after_the_year_goes_on(city):
    for day in (1, 2, 3):
        now = at(STORY[-1].on.replace(year=2020, month=12, day=day))
        with city.begin() as tx:
            new = NewOccurrence(GUIDELINES if day == 1 else MEETINGS, now.date())
            record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=now)

    assert breaks(city) == []


def test_hash_depends_on_every_field():
    event_hash = entry_hash(1, 2, "level_refreshed", "2021", 3, "{}", "0" * 64)
    others = {
        entry_hash(2, 2, "level_refreshed", "2021", 3, "{}", "0" * 64),
        entry_hash(1, 3, "level_refreshed", "2021", 3, "{}", "0" * 64),
        entry_hash(1, 2, "level_refreshe", "2021", 3, "{}", "0" * 64),
        entry_hash(1, 2, "level_refreshed", "2022", 3, "{}", "0" * 64),
        entry_hash(1, 2, "level_refreshed", "2021", 4, "{}", "0" * 64),
        entry_hash(1, 2, "level_refreshed", "2021", 3, "[]", "0" * 64),
        entry_hash(1, 2, "level_refreshed", "2021", 3, "{}", "1" * 64),
    }

    assert len(others - {event_hash}) == 7


def test_same_event_after_another_has_another_hash():
    event = Event(Happened.INDICATOR_CLOSED, at(STORY[0].on), ADMINISTRATOR.id, {"เหตุ": "ครบปี"})

    first = chained(1, 1, event, "0" * 64)
    second = chained(1, 2, event, first.hash)

    assert first.data == second.data == '{"เหตุ":"ครบปี"}'
    assert second.previous_hash == first.hash != second.hash

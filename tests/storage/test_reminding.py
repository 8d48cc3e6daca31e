"""What is owed is written down once, put into one message a person, and looked up as it was told."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from engine import actions
from engine.actions import NewOccurrence
from engine.outbox import NewMessage, Way
from engine.permissions import Role
from engine.reminders import Owed, Subject, Topic
from engine.reminders.notices import Notice
from engine.reminders.roster import Contact
from storage import gathering, outbox, registry, reminding, telling, told
from storage import tables as t
from storage.contents import contents_of
from storage.deadlines import read_deadlines
from storage.owed import owed_of
from storage.telling import Untold
from tests.cast import (
    CODE,
    COMMITTEE,
    COORDINATOR,
    FOUNDED,
    GUIDELINES,
    MEETINGS,
    OPERATOR,
    POLICY,
    REPORT,
    SECTION_HEAD,
    THUNG_KHRU,
    YEAR,
    at,
    new_indicator,
)
from tests.counting import statements
from tests.storage.plans import plan_of

TODAY = date(2021, 3, 1)
NOW = at(TODAY)
DUE = date(2021, 3, 10)
FIRST = Subject(Topic.MILESTONE, THUNG_KHRU, 1, GUIDELINES, DUE, workflow=1)
SECOND = FIRST._replace(key=COMMITTEE)
WHOLE = Subject(Topic.EXTENSION, THUNG_KHRU, 0, "1", DUE)


def owes(subject: Subject = FIRST, person: int = COORDINATOR.id, **more) -> Owed:
    given = {"step": -7, "role": Role.COORDINATOR, "owed_on": TODAY, "instead_of": None, **more}
    return Owed(subject, person=person, **given)


def owe(store, *owed: Owed) -> int:
    with store.begin() as tx:
        return reminding.add_owed(tx.connection, owed)


def digest(person: int = COORDINATOR.id, on: date = TODAY) -> NewMessage:
    key = f"digest:{person}:{on}"
    return NewMessage(key, Way.MAIL, "digest", person, NOW, f"<{person}.{on}@radap.example>")


def gather(store, *messages: NewMessage, on: date = TODAY) -> int:
    with store.begin() as tx:
        return gathering.gather(tx.connection, messages, on, NOW)


def contents(store, message: int = 1) -> list[reminding.Reminder]:
    with store.read() as tx:
        return reminding.reminders_in(tx.connection, [message])[message]


def begin_sending(connection) -> None:
    mail = ("a@b.example", "เรื่อง", b"mail")
    names = ("to_address", "subject", "content")
    given: dict[str, Any] = dict(zip(names, mail, strict=True))
    assert outbox.sending(connection, 1, "ours", **given, lease_seconds=60, now=NOW)


def count(store, table) -> int:
    with store.read() as tx:
        found: int = tx.connection.execute(select(func.count()).select_from(table)).scalar_one()
    return found


# --- reminders -------------------------------------------------------------------------------------------


def test_reminder_comes_back_as_it_was_owed(city):
    given = owes(WHOLE, SECTION_HEAD.id, step=3, role=Role.SECTION_HEAD, instead_of=COORDINATOR.id)
    owe(city, given)
    gather(city, digest(SECTION_HEAD.id))

    (kept,) = contents(city)

    assert kept == reminding.Reminder(
        1, WHOLE, 3, "due", SECTION_HEAD.id, Role.SECTION_HEAD, COORDINATOR.id, TODAY, 1, None
    )


def test_what_is_owed_is_written_down_once(city):
    assert owe(city, owes(), owes(SECOND), owes()) == 2
    assert owe(city, owes(owed_on=TODAY + timedelta(1)), owes(WHOLE)) == 1
    assert owe(city) == 0
    assert count(city, t.reminders) == 3


@pytest.mark.parametrize(
    "other",
    [
        owes(person=SECTION_HEAD.id),
        owes(FIRST._replace(topic=Topic.RETURNED_MILESTONE)),
        owes(FIRST._replace(indicator=2)),
        owes(FIRST._replace(agency=2)),
        owes(FIRST._replace(key=REPORT)),
        owes(FIRST._replace(due_on=DUE + timedelta(1))),
        owes(step=-3),
        owes(rule="snoozed:2021-03-05"),
    ],
)
def test_another_person_subject_day_step_or_rule_is_another_reminder(city, other):
    assert owe(city, owes(), other) == 2


@pytest.mark.parametrize(
    "same",
    [
        owes(owed_on=TODAY + timedelta(1)),
        owes(role=Role.SECTION_HEAD),
        owes(instead_of=SECTION_HEAD.id),
        owes(FIRST._replace(workflow=2)),
    ],
)
def test_another_day_of_telling_or_role_is_the_same_reminder(city, same):
    """A clock that was set back, or a role given meanwhile, tells nobody twice."""
    assert owe(city, owes(), same) == 1


def test_many_are_written_at_once_in_any_order(city):
    every = [
        owes(FIRST._replace(indicator=number), person)
        for number in range(1, 1001)
        for person in (COORDINATOR.id, SECTION_HEAD.id)
    ]

    assert owe(city, *every[::2]) == 1000
    assert owe(city, *reversed(every)) == 1000
    assert owe(city, *every) == 0


def messages_of(store) -> list[tuple[str, str]]:
    """(key of its subject, key of the message) of every reminder that is in one."""
    query = select(t.reminders.c.key, t.outbox.c.key).join_from(
        t.reminders, t.outbox, t.reminders.c.message_id == t.outbox.c.id
    )
    with store.read() as tx:
        return [(row[0], row[1]) for row in tx.connection.execute(query)]


# --- gathering -------------------------------------------------------------------------------------------


def test_reminders_of_a_person_go_into_one_message(city):
    owe(city, owes(), owes(SECOND), owes(person=SECTION_HEAD.id))
    with city.read() as tx:
        assert gathering.waiting_people(tx.connection, TODAY) == [COORDINATOR.id, SECTION_HEAD.id]

    assert gather(city, digest(), digest(SECTION_HEAD.id)) == 2

    assert [one.subject.key for one in contents(city, 1)] == [COMMITTEE, GUIDELINES]
    assert [one.subject.key for one in contents(city, 2)] == [GUIDELINES]
    with city.read() as tx:
        assert gathering.waiting_people(tx.connection, TODAY) == []


def test_what_is_owed_later_waits(city):
    owe(city, owes(), owes(SECOND, owed_on=TODAY + timedelta(1)))

    gather(city, digest())

    assert [one.subject for one in contents(city)] == [FIRST._replace(workflow=0)]
    with city.read() as tx:
        assert gathering.waiting_people(tx.connection, TODAY) == []
        assert gathering.waiting_people(tx.connection, TODAY + timedelta(1)) == [COORDINATOR.id]


def test_gathering_again_changes_nothing(city):
    owe(city, owes())
    gather(city, digest())

    assert gather(city, digest()) == 0
    assert (count(city, t.outbox), len(contents(city))) == (1, 1)


def test_pending_message_takes_what_is_owed_since(city):
    owe(city, owes())
    gather(city, digest())
    owe(city, owes(SECOND))

    assert gather(city, digest()) == 1

    assert len(contents(city)) == 2


@pytest.mark.parametrize("ending", ["claimed", "sent", "deferred"])
def test_message_on_its_way_takes_nothing_more(city, ending):
    """Not even one that is to be tried again; but what that certainly did not tell goes along tomorrow."""
    owe(city, owes())
    gather(city, digest())
    with city.begin() as tx:
        outbox.claim(tx.connection, Way.MAIL, 1, lease_seconds=60, token="ours", now=NOW)
        if ending != "claimed":
            begin_sending(tx.connection)
        if ending == "sent":
            outbox.sent(tx.connection, 1, "ours", answer="", now=NOW)
        if ending == "deferred":
            outbox.deferred(tx.connection, 1, "ours", not_before=NOW, answer="", now=NOW)
    owe(city, owes(SECOND))

    assert gather(city, digest()) == 0

    tomorrow = TODAY + timedelta(1)
    assert gather(city, digest(on=tomorrow), on=tomorrow) == 1
    assert dict(messages_of(city)) == {
        GUIDELINES: digest(on=tomorrow if ending == "deferred" else TODAY).key,
        COMMITTEE: digest(on=tomorrow).key,
    }


def test_withdrawn_reminder_is_in_no_message_and_is_not_owed_again(city):
    owe(city, owes(), owes(SECOND))
    gather(city, digest())
    with city.begin() as tx:
        reminding.withdraw(tx.connection, [1], NOW)
        reminding.withdraw(tx.connection, [1], NOW + timedelta(hours=1))

    assert [one.id for one in contents(city)] == [2]
    assert owe(city, owes(SECOND), owes()) == 0
    with city.read() as tx:
        withdrawn = select(t.reminders.c.withdrawn_at).order_by(t.reminders.c.id)
        assert list(tx.connection.execute(withdrawn).scalars()) == [NOW, None]


def test_reminder_that_was_withdrawn_while_it_waited_goes_into_no_message(city):
    owe(city, owes())
    with city.begin() as tx:
        reminding.withdraw(tx.connection, [1], NOW)
        assert gathering.waiting_people(tx.connection, TODAY) == []

    assert gather(city, digest()) == 0


# --- notices ---------------------------------------------------------------------------------------------

RETURNED = Notice(COORDINATOR.id, 1, 4, "milestone_returned")


def notify(store, *notices: Notice) -> int:
    with store.begin() as tx:
        return reminding.add_notices(tx.connection, notices)


def changes(minute: int = 0) -> NewMessage:
    return digest()._replace(key=f"changes:2:2021-03-01T09:{minute:02}", kind="changes")


def test_notices_are_written_once_and_go_into_one_message(city):
    earlier = RETURNED._replace(seq=3, what="report_accepted")

    assert notify(city, RETURNED, earlier, RETURNED) == 2
    assert notify(city, earlier) == 0
    with city.begin() as tx:
        assert gathering.notified_people(tx.connection) == [COORDINATOR.id]
        assert gathering.gather_notices(tx.connection, [changes()], NOW) == 1
        assert gathering.notified_people(tx.connection) == []
        found = reminding.notices_in(tx.connection, [1, 2])

    assert [(one.seq, one.what) for one in found[1]] == [(3, "report_accepted"), (4, "milestone_returned")]
    assert found[2] == []


def test_digest_takes_no_notices_and_changes_take_no_reminders(city):
    owe(city, owes())
    notify(city, RETURNED)
    with city.begin() as tx:
        gathering.gather(tx.connection, [digest()], TODAY, NOW)
        gathering.gather_notices(tx.connection, [changes()], NOW)

        assert [len(one) for one in reminding.reminders_in(tx.connection, [1, 2]).values()] == [1, 0]
        assert [len(one) for one in reminding.notices_in(tx.connection, [1, 2]).values()] == [0, 1]


# --- who was told what -----------------------------------------------------------------------------------


def test_indicator_shows_who_was_told_what_and_with_which_result(city):
    owe(city, owes(), owes(SECOND, SECTION_HEAD.id), owes(FIRST._replace(indicator=2)), owes(WHOLE))
    notify(city, RETURNED, RETURNED._replace(indicator=2))
    gather(city, digest())
    with city.begin() as tx:
        gathering.gather_notices(tx.connection, [changes()], NOW)
        outbox.claim(tx.connection, Way.MAIL, 1, lease_seconds=60, token="ours", now=NOW)
        begin_sending(tx.connection)
        outbox.sent(tx.connection, 1, "ours", answer="250 ok", now=NOW)

    with city.read() as tx:
        of_it = told.told(tx.connection, 1)
        with_agency = told.told(tx.connection, 1, THUNG_KHRU)
        of_person = told.told_to(tx.connection, SECTION_HEAD.id)
        assert told.told(tx.connection, 3) == []

    shown = [
        (
            one.name,
            one.about.subject.key if isinstance(one.about, reminding.Reminder) else one.about.what,
            (one.result.state, one.result.answer, one.result.sent_at) if one.result else None,
        )
        for one in of_it
    ]
    assert shown == [
        (COORDINATOR.name, GUIDELINES, ("sent", "250 ok", NOW)),
        (COORDINATOR.name, "milestone_returned", ("pending", "", None)),
        (SECTION_HEAD.name, COMMITTEE, None),
    ]
    (of_agency,) = [one.about for one in with_agency if one not in of_it]
    assert isinstance(of_agency, reminding.Reminder)
    assert of_agency.subject == WHOLE
    assert of_person == of_it[2:]


# --- how far it was told ---------------------------------------------------------------------------------


def test_watermark_moves(city):
    with city.begin() as tx:
        assert telling.swept_on(tx.connection) is None
        telling.move_swept_on(tx.connection, TODAY)
    with city.read() as tx:
        assert telling.swept_on(tx.connection) == TODAY


def untold(store) -> list[Untold]:
    with store.begin() as tx:
        return telling.untold(tx.connection)


def of_city(connection) -> Untold:
    found = telling.untold_of_city(connection)
    assert found is not None
    return found


def record(store, on: date) -> None:
    with store.begin() as tx:
        actions.record_occurrence(tx, CODE, YEAR, NewOccurrence(GUIDELINES, on), by=COORDINATOR, now=at(on))


def test_new_events_are_untold_until_they_are_marked(city):
    assert untold(city) == [Untold(1, THUNG_KHRU, 0, 1)]
    with city.begin() as tx:
        telling.mark_told(tx.connection, telling.untold(tx.connection))
    assert untold(city) == []

    record(city, TODAY)

    (one,) = untold(city)
    with city.read() as tx:
        events = [(entry.seq, entry.what) for entry in telling.events_of(tx.connection, [one])]
    assert one == Untold(1, THUNG_KHRU, 1, 2)
    assert events == [(2, "occurrence_recorded")]


def test_events_come_stream_by_stream_and_none_that_was_told(year):
    with year.begin() as tx:
        tx.connection.execute(update(t.indicators).values(told_seq=t.indicators.c.journal_seq - 2))
        tx.connection.execute(update(t.city).values(told_seq=t.city.c.journal_seq - 1))
        streams = [*telling.untold(tx.connection), of_city(tx.connection)]
        events = [(one.stream, one.seq) for one in telling.events_of(tx.connection, streams)]

    ends = {one.stream: one.last for one in streams}
    assert sorted(ends) == [0, 1, 2, 3, 4]
    assert events == [(0, ends[0]), *((s, ends[s] + back) for s in (1, 2, 3, 4) for back in (-1, 0))]


def test_event_that_happened_since_is_left_for_the_next_time(city):
    (before,) = untold(city)
    record(city, TODAY)

    with city.begin() as tx:
        events = [one.seq for one in telling.events_of(tx.connection, [before])]
        telling.mark_told(tx.connection, [before])

    assert events == [1]
    assert untold(city) == [Untold(1, THUNG_KHRU, 1, 2)]


def test_nothing_is_ever_told_less_than_before(city):
    record(city, TODAY)
    with city.begin() as tx:
        telling.mark_told(tx.connection, [Untold(1, THUNG_KHRU, 0, 2)])
        telling.mark_told(tx.connection, [Untold(1, THUNG_KHRU, 0, 1)])

    assert untold(city) == []


def test_untold_indicators_come_in_portions(city):
    with city.begin() as tx:
        for number in range(5):
            new = new_indicator(f"5049-3{number}")
            actions.create_indicator(tx, new, by=OPERATOR, now=FOUNDED)
    found = []
    while True:
        with city.begin() as tx:
            some = telling.untold(tx.connection, 2)
            telling.mark_told(tx.connection, some)
        if not some:
            break
        found.append([one.stream for one in some])

    assert found == [[1, 2], [3, 4], [5, 6]]


def test_citys_own_events_are_told_as_well(city):
    with city.begin() as tx:
        telling.mark_told(tx.connection, [of_city(tx.connection)])
        assert telling.untold_of_city(tx.connection) is None
    with city.begin() as tx:
        registry.add_person(tx, "new@example.org", "ใหม่", "th", [], by=OPERATOR.id, now=NOW)
        stream = of_city(tx.connection)
        events = [one.what for one in telling.events_of(tx.connection, [stream])]

    assert (stream.stream, stream.agency, stream.last - stream.told) == (0, None, 1)
    assert events == ["person_added"]


def test_two_who_tell_at_once_share_the_indicators(city):
    """On PostgreSQL whoever comes second passes by what the first holds; on SQLite they take turns."""
    if city.is_sqlite:
        return
    with city.begin() as tx:
        new = new_indicator("5049-3000")
        actions.create_indicator(tx, new, by=OPERATOR, now=FOUNDED)
    with city.begin() as one, city.begin() as other:
        first = telling.untold(one.connection, 1)
        second = telling.untold(other.connection, 5)
        assert telling.untold_of_city(one.connection) is not None
        assert telling.untold_of_city(other.connection) is None

    assert ([one.stream for one in first], [one.stream for one in second]) == ([1], [2])


def test_what_a_letter_tells_is_found_by_what_it_is_about(city):
    """A list of pairs would make SQLite read a whole table for each portion of letters."""
    with city.begin() as tx:
        for on in (date(2021, 3, 8), date(2021, 3, 9)):
            meeting = NewOccurrence(MEETINGS, on, planned=True)
            actions.record_occurrence(tx, CODE, YEAR, meeting, by=COORDINATOR, now=NOW)
        known = read_deadlines(tx.connection, POLICY, 5)
        subjects = owed_of(tx.connection, known, [1], [Topic.MILESTONE, Topic.MEETING])
        reminding.add_owed(tx.connection, [owes(one) for one in subjects])
        reminding.add_notices(tx.connection, [RETURNED, RETURNED._replace(seq=5)])
    changed = NewMessage("changes:1", Way.MAIL, "changes", COORDINATOR.id, NOW, "<changes@radap.example>")
    gather(city, digest(), changed)
    contact = Contact(COORDINATOR.id, "coordinator", "a@b.example", "th", None, frozenset())
    with city.begin() as tx:
        claimed = outbox.claim(tx.connection, Way.MAIL, 5, lease_seconds=60, token="ours", now=NOW)
        with statements(city.engine) as run:
            given = [(one, contact) for one in claimed]
            contents, _ = contents_of(tx.connection, city.workflow, known, given, lambda _one: False)
        plans = "\n".join(plan_of(tx.connection, *one) for one in run)

    assert [len(one.due) for one in contents] == [len(subjects), 0] == [7, 0]
    for table in ("milestones", "occurrences", "journal", "indicators", "reminders", "notices"):
        assert f"SCAN {table}\n" not in plans + "\n"
        assert f"Seq Scan on {table}" not in plans

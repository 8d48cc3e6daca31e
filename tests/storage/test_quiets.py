"""Answers to reminders are kept, the last one stands, and each link works once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from sqlalchemy import select, update

from engine.reminders import Quiet, Subject, Topic, quiet_key
from storage import quiets
from storage import tables as t
from tests.cast import COORDINATOR, GUIDELINES, SECTION_HEAD, THUNG_KHRU, at

TODAY = date(2021, 3, 1)
NOW = at(TODAY)
DUE = date(2021, 3, 10)
SUBJECT = Subject(Topic.MILESTONE, THUNG_KHRU, 1, GUIDELINES, DUE, workflow=1)
OTHER = SUBJECT._replace(topic=Topic.REPORT, key="1")
P, HEAD = COORDINATOR.id, SECTION_HEAD.id


def acknowledge(store, subject=SUBJECT, person=P) -> None:
    with store.begin() as tx:
        quiets.acknowledge(tx.connection, person, subject, NOW)


def snooze(store, until: date, subject=SUBJECT, person=P) -> None:
    with store.begin() as tx:
        quiets.snooze(tx.connection, person, subject, until, NOW)


def answers(store, due_from=TODAY):
    with store.read() as tx:
        return quiets.answers(tx.connection, due_from)


def test_answers_are_looked_up_as_plans_ask_for_them(city):
    acknowledge(city)
    snooze(city, date(2021, 3, 5), OTHER, HEAD)

    assert answers(city) == {
        quiet_key(P, SUBJECT): Quiet(DUE, snoozed=False),
        quiet_key(HEAD, OTHER): Quiet(date(2021, 3, 5), snoozed=True),
    }


def test_last_answer_stands_and_none_is_lost(city):
    snooze(city, date(2021, 3, 8))
    acknowledge(city)
    snooze(city, date(2021, 3, 4))

    assert answers(city) == {quiet_key(P, SUBJECT): Quiet(date(2021, 3, 4), snoozed=True)}
    with city.read() as tx:
        kept = tx.connection.execute(select(t.quiets.c.until_on).order_by(t.quiets.c.id)).scalars().all()
    assert kept == [date(2021, 3, 8), DUE, date(2021, 3, 4)]


def test_answers_on_what_was_due_before_are_left_out(city):
    acknowledge(city)

    assert len(answers(city, DUE)) == 1
    assert answers(city, DUE + timedelta(1)) == {}


def test_snoozed_subjects_wake_on_their_day(city):
    snooze(city, date(2021, 3, 4))
    snooze(city, date(2021, 3, 4), person=HEAD)
    snooze(city, date(2021, 3, 5), OTHER)
    acknowledge(city, SUBJECT._replace(due_on=date(2021, 3, 4)))

    def woken(after: int, through: int):
        with city.read() as tx:
            return quiets.woken(tx.connection, date(2021, 3, after), date(2021, 3, through))

    asleep, other = SUBJECT._replace(workflow=0), OTHER._replace(workflow=0)
    assert woken(1, 3) == []
    assert woken(3, 4) == [asleep]
    assert woken(4, 5) == [other]
    assert sorted(woken(3, 5)) == [asleep, other]
    assert woken(5, 9) == []


def use(store, digest: str = "a" * 64) -> bool:
    with store.begin() as tx:
        return quiets.use_link(tx.connection, digest, P, "acknowledge", NOW)


def test_link_is_used_once(city):
    assert [use(city), use(city), use(city, "b" * 64), use(city)] == [True, False, True, False]
    with city.read() as tx:
        kept = [tuple(row) for row in tx.connection.execute(select(t.used_links))]
    assert sorted(kept) == [("a" * 64, NOW, P, "acknowledge"), ("b" * 64, NOW, P, "acknowledge")]


def test_of_many_who_use_a_link_at_once_one_does(city):
    with ThreadPoolExecutor(6) as threads:
        assert sorted(threads.map(lambda _: use(city), range(6))) == [False] * 5 + [True]


def test_link_that_did_nothing_in_the_end_can_be_used_again(city):
    def broken() -> None:
        with city.begin() as tx:
            assert quiets.use_link(tx.connection, "a" * 64, P, "snooze", NOW)
            raise RuntimeError

    try:
        broken()
    except RuntimeError:
        assert use(city)


def test_secret_of_links_is_the_citys_own(city):
    with city.begin() as tx:
        found = quiets.link_secret(tx.connection)
        tx.connection.execute(update(t.city).values(link_secret="ab" * 32))
        given = quiets.link_secret(tx.connection)

    assert len(bytes.fromhex(found)) == 32
    assert found != given == "ab" * 32

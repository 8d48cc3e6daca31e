"""A job is in one worker's hands; one that died loses it, and another takes it up."""

from datetime import date, timedelta

import pytest

from engine.jobs import KEPT_FOR, MOST_ATTEMPTS, Job, JobState, Product, Result, Scope, Wanted
from engine.workflow import Text
from storage import jobs
from storage.store import Store
from tests.cast import COORDINATOR, EVALUATOR, YEAR, at

NOW = at(date(2021, 5, 18))
CITY, AGENCY = (Wanted(Product.PDF, scope, "", YEAR) for scope in (Scope.CITY, Scope.AGENCY))
NAME = Text("ทั้งเมือง", "the whole city")
RESULT = Result("รายงาน.pdf", "application/pdf", "a" * 64, 12)
LONG, OVER = 60.0, -1.0


def ask(store: Store, wanted: Wanted = CITY, person: int = EVALUATOR.id) -> int:
    with store.begin() as tx:
        return jobs.ask(tx.connection, wanted, NAME, person, NOW)


def claim(store: Store, token: str = "one", lease: float = LONG) -> Job | None:
    with store.begin() as tx:
        jobs.expire(tx.connection, "เลิกทำ", NOW)
        return jobs.claim(tx.connection, token, lease, NOW)


def job(store: Store, number: int) -> Job:
    with store.read() as tx:
        found = jobs.job(tx.connection, number)
    assert found is not None
    return found


def test_the_same_is_asked_for_once_while_it_waits(city):
    first = ask(city)

    assert ask(city) == first
    assert len({first, ask(city, AGENCY), ask(city, CITY, COORDINATOR.id)}) == 3


def test_job_comes_back_as_it_was_asked_for(city):
    found = job(city, ask(city))

    assert (found.wanted, found.name, found.asked_by, found.state) == (
        CITY,
        NAME,
        EVALUATOR.id,
        JobState.WAITING,
    )


def test_oldest_is_claimed_first_and_by_one(city):
    first, second = ask(city), ask(city, AGENCY)

    assert [one.id for one in (claim(city), claim(city, "two")) if one] == [first, second]
    assert claim(city, "three") is None
    with city.read() as tx:
        assert not jobs.is_any(tx.connection)


def test_progress_is_told_and_the_lease_renewed(city):
    number = ask(city)
    claim(city, lease=OVER)
    with city.begin() as tx:
        assert jobs.beat(tx.connection, number, "one", LONG, 3, 10)

    assert claim(city, "two") is None
    assert (job(city, number).done, job(city, number).total) == (3, 10)


def test_worker_that_died_loses_the_job_and_can_do_nothing_with_it(city):
    number = ask(city)
    claim(city, lease=OVER)
    with city.read() as tx:
        assert jobs.is_any(tx.connection)
    taken = claim(city, "two")

    assert taken is not None
    assert (taken.id, taken.attempts) == (number, 2)
    with city.begin() as tx:
        late = (tx.connection, number, "one")
        assert not jobs.beat(*late, LONG, 9, 10)
        assert not jobs.finish(*late, RESULT, NOW)
        assert not jobs.fail(*late, "x", NOW)
        assert not jobs.release(*late)
        assert jobs.finish(tx.connection, number, "two", RESULT, NOW)
    assert job(city, number).result == RESULT


def test_job_that_kills_its_workers_is_given_up(city):
    number = ask(city)
    for turn in range(MOST_ATTEMPTS):
        assert claim(city, str(turn), OVER) is not None

    assert claim(city, "last") is None
    assert (job(city, number).state, job(city, number).error) == (JobState.FAILED, "เลิกทำ")


def test_job_that_is_given_back_is_none_that_was_tried(city):
    number = ask(city)
    claim(city)
    with city.begin() as tx:
        assert jobs.release(tx.connection, number, "one")

    assert (job(city, number).state, job(city, number).attempts) == (JobState.WAITING, 0)


def test_result_can_be_fetched_for_some_days(city):
    number = ask(city)
    claim(city)
    with city.begin() as tx:
        jobs.finish(tx.connection, number, "one", RESULT, NOW)
    found = job(city, number)
    assert found.can_be_fetched(NOW + KEPT_FOR - timedelta(seconds=1))
    assert not found.can_be_fetched(NOW + KEPT_FOR)

    with city.begin() as tx:
        assert jobs.sweep(tx.connection, NOW) == 0
        assert jobs.sweep(tx.connection, NOW + KEPT_FOR) == 1
    assert job(city, number).result is None


@pytest.mark.parametrize("person", [COORDINATOR.id, EVALUATOR.id])
def test_everybody_has_their_own_jobs(city, person):
    both = {who: ask(city, CITY, who) for who in (COORDINATOR.id, EVALUATOR.id)}

    with city.read() as tx:
        assert [one.id for one in jobs.jobs_of(tx.connection, person)] == [both[person]]
        assert jobs.waiting_of(tx.connection, person) == 1

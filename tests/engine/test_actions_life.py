"""A draft waits for its agreement: nothing is recorded on it until it is activated."""

from dataclasses import replace
from datetime import date

import pytest

from engine.actions import (
    activate_indicator,
    attach_evidence,
    check_manager,
    create_indicator,
    record_occurrence,
)
from engine.actions.occurrences import NewOccurrence
from engine.errors import Refusal
from tests.cast import ADMINISTRATOR, CODE, COORDINATOR, FOUNDED, GUIDELINES, YEAR, at, new_indicator
from tests.engine.memory import Memory

DAY = date(2020, 10, 5)


@pytest.fixture
def tx() -> Memory:
    made = Memory()
    create_indicator(made, replace(new_indicator(), draft=True), by=ADMINISTRATOR, now=FOUNDED)
    return made


def kinds(refused: pytest.ExceptionInfo[Refusal]) -> list[str]:
    return [condition.kind for condition in refused.value.conditions]


def test_draft_takes_no_facts_until_it_is_activated(tx: Memory) -> None:
    fact = NewOccurrence(GUIDELINES, DAY)
    with pytest.raises(Refusal) as refused:
        record_occurrence(tx, CODE, YEAR, fact, by=COORDINATOR, now=at(DAY))
    assert kinds(refused) == ["indicator.not_running"]

    activate_indicator(tx, CODE, YEAR, by=ADMINISTRATOR, now=at(DAY))
    record_occurrence(tx, CODE, YEAR, fact, by=COORDINATOR, now=at(DAY))
    assert tx.indicator(CODE, YEAR).stored.claimed.level == 1


def test_only_an_administrator_activates(tx: Memory) -> None:
    with pytest.raises(Refusal) as refused:
        activate_indicator(tx, CODE, YEAR, by=COORDINATOR, now=at(DAY))
    assert kinds(refused) == ["person.not_permitted"]


def test_evidence_is_a_file_or_a_link_and_never_neither(tx: Memory) -> None:
    activate_indicator(tx, CODE, YEAR, by=ADMINISTRATOR, now=at(DAY))
    with pytest.raises(Refusal) as refused:
        attach_evidence(tx, CODE, YEAR, GUIDELINES, by=COORDINATOR, now=at(DAY))
    assert kinds(refused) == ["evidence.file_or_link"]


def test_only_a_manager_keeps_the_citys_records() -> None:
    check_manager(ADMINISTRATOR)
    with pytest.raises(Refusal) as refused:
        check_manager(COORDINATOR)
    assert kinds(refused) == ["person.not_permitted"]

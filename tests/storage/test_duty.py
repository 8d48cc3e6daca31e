"""Who can be told, who stands in for whom, and what each has chosen: written down with its event, once."""

import json
from datetime import date

import pytest
from sqlalchemy import select, update

from engine.errors import Refusal
from engine.permissions import Role
from engine.reminders import Away, Contact, Roster, Topic
from storage import checks, duty
from storage import tables as t
from tests.cast import (
    COORDINATOR,
    EVALUATOR,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    THUNG_KHRU,
    at,
)

TODAY = date(2021, 3, 1)
NOW = at(TODAY)
BY = {"by": COORDINATOR.id, "now": NOW}
P = COORDINATOR.id


@pytest.fixture
def roster(monkeypatch):
    """What the roster is made of."""
    given: dict[str, list[object]] = {}

    def keep(self, contacts, duties, away) -> None:
        given.update(contacts=list(contacts), duties=list(duties), away=list(away))

    monkeypatch.setattr(Roster, "__init__", keep)

    def of(store):
        with store.read() as tx:
            duty.roster(tx.connection)
        return given

    return of


def contact(store) -> Contact:
    with store.read() as tx:
        found = duty.roster(tx.connection).contact(P)
    assert found is not None
    return found


def events(store) -> list[tuple[str, dict[str, object]]]:
    """What the city's journal tells since it was founded; its chain holds."""
    j = t.journal.c
    with store.read() as tx:
        assert [broken for _, broken in checks.journal(tx) if broken] == []
        rows = tx.connection.execute(select(j.what, j.data).where(j.stream == t.CITY).order_by(j.seq)).all()
    since = [number for number, row in enumerate(rows) if row.what == "workflow_registered"][-1] + 1
    return [(row.what, json.loads(row.data)) for row in rows[since:]]


def do(store, action, *given, **more):
    with store.begin() as tx:
        return action(tx, *given, **{**BY, **more})


def refused(store, action, *given, **more):
    with pytest.raises(Refusal) as refusal:
        do(store, action, *given, **more)
    (condition,) = refusal.value.conditions
    return condition.kind, condition.params


def test_roster_holds_everybody_with_their_roles(city, roster):
    found = roster(city)

    assert found["contacts"][1] == Contact(
        P, COORDINATOR.name, "coordinator@thungkhru.example", "th", None, frozenset()
    )
    assert [one.id for one in found["contacts"]] == [1, 2, 3, 4, 5, 6]
    assert found["duties"] == [
        (1, Role.OPERATOR, None),
        (P, Role.COORDINATOR, THUNG_KHRU),
        (SAI_MAI_COORDINATOR.id, Role.COORDINATOR, 2),
        (SECTION_HEAD.id, Role.SECTION_HEAD, THUNG_KHRU),
        (EVALUATOR.id, Role.EVALUATOR, None),
        (6, Role.ADMINISTRATOR, None),
    ]
    assert found["away"] == []


def test_roster_knows_who_stands_in_for_whom(city, roster):
    days = (date(2021, 3, 1), date(2021, 3, 5))
    given = do(city, duty.give_substitution, P, SECTION_HEAD.id, *days)
    withdrawn = do(city, duty.give_substitution, EVALUATOR.id, SECTION_HEAD.id, *days)
    do(city, duty.withdraw_substitution, withdrawn)

    assert roster(city)["away"] == [Away(P, SECTION_HEAD.id, *days)]
    with city.read() as tx:
        kept = duty.substitutions(tx.connection)
    assert [(one.id, one.withdrawn_at) for one in kept] == [(given, None), (withdrawn, NOW)]


def test_substitutions_are_in_the_citys_journal(city):
    given = do(city, duty.give_substitution, P, SECTION_HEAD.id, TODAY, TODAY)
    do(city, duty.withdraw_substitution, given)

    days = {"first_on": "2021-03-01", "last_on": "2021-03-01"}
    assert events(city) == [
        ("substitution_given", {"id": given, "person": P, "substitute": SECTION_HEAD.id, **days}),
        ("substitution_withdrawn", {"id": given}),
    ]


def test_nobody_stands_in_for_themselves(city):
    assert refused(city, duty.give_substitution, P, P, TODAY, TODAY)[0] == "substitution.oneself"
    assert events(city) == []


def test_days_the_wrong_way_round_are_refused(city):
    days = (date(2021, 3, 2), date(2021, 3, 1))

    assert refused(city, duty.give_substitution, P, SECTION_HEAD.id, *days) == (
        "substitution.days_reversed",
        {"first": days[0], "last": days[1]},
    )


@pytest.mark.parametrize(
    ("first", "last", "overlaps"),
    [(1, 9, False), (9, 10, True), (12, 13, True), (15, 20, True), (16, 20, False)],
)
def test_two_do_not_stand_in_on_the_same_day(city, first, last, overlaps):
    kept = (date(2021, 3, 10), date(2021, 3, 15))
    do(city, duty.give_substitution, P, SECTION_HEAD.id, *kept)
    given = (P, EVALUATOR.id, date(2021, 3, first), date(2021, 3, last))

    if overlaps:
        assert refused(city, duty.give_substitution, *given) == (
            "substitution.overlaps",
            {"substitute": SECTION_HEAD.name, "first": kept[0], "last": kept[1]},
        )
        do(city, duty.withdraw_substitution, 1)
    assert do(city, duty.give_substitution, *given) > 1


def test_substitution_that_does_not_hold_cannot_be_withdrawn(city):
    given = do(city, duty.give_substitution, P, SECTION_HEAD.id, TODAY, TODAY)
    do(city, duty.withdraw_substitution, given)

    assert refused(city, duty.withdraw_substitution, given) == ("substitution.unknown", {"number": given})
    assert refused(city, duty.withdraw_substitution, 77)[0] == "substitution.unknown"
    assert len(events(city)) == 2


def test_topics_are_switched_off_and_on(city):
    for topic in (Topic.MEETING, Topic.EXTENSION):
        assert do(city, duty.switch_topic, P, topic, on=False)
    assert contact(city).switched_off == {Topic.MEETING, Topic.EXTENSION}
    assert do(city, duty.switch_topic, P, Topic.MEETING, on=True)

    assert contact(city).switched_off == {Topic.EXTENSION}
    assert events(city) == [
        ("topic_switched_off", {"person": P, "topic": "meeting"}),
        ("topic_switched_off", {"person": P, "topic": "extension"}),
        ("topic_switched_on", {"person": P, "topic": "meeting"}),
    ]


def test_hour_language_and_line_account(city):
    assert do(city, duty.set_hour, P, 0)
    assert do(city, duty.set_language, P, "en")
    assert do(city, duty.set_line_id, P, "U123")
    assert (contact(city).hour, contact(city).language) == (0, "en")

    assert do(city, duty.set_hour, P, None)
    assert do(city, duty.set_line_id, P, None)

    assert contact(city).hour is None
    assert events(city) == [
        ("hour_set", {"person": P, "hour": 0}),
        ("language_set", {"person": P, "language": "en"}),
        ("line_set", {"person": P, "linked": True}),
        ("hour_set", {"person": P, "hour": None}),
        ("line_set", {"person": P, "linked": False}),
    ]


@pytest.mark.parametrize("hour", [-1, 24])
def test_hour_that_no_day_has_is_refused(city, hour):
    assert refused(city, duty.set_hour, P, hour) == ("hour.unknown", {"given": hour})


def test_address_that_takes_no_mail_is_none_until_it_does_again(city):
    assert do(city, duty.mark_unreachable, P, "550 no such user", by=0)
    assert contact(city).email is None
    with city.read() as tx:
        assert duty.unreachable(tx.connection) == [
            duty.Unreachable(P, COORDINATOR.name, "coordinator@thungkhru.example", NOW, "550 no such user")
        ]

    assert do(city, duty.mark_reachable, P)

    assert contact(city).email == "coordinator@thungkhru.example"
    assert events(city) == [
        ("person_unreachable", {"person": P, "why": "550 no such user"}),
        ("person_reachable", {"person": P}),
    ]


def test_person_without_address_has_none(city):
    with city.begin() as tx:
        tx.connection.execute(update(t.people).where(t.people.c.id == P).values(email=""))

    assert contact(city).email is None


def test_calendar_is_served_under_its_newest_secret_only(city):
    first = do(city, duty.make_calendar, P)
    second = do(city, duty.make_calendar, P)
    other = do(city, duty.make_calendar, EVALUATOR.id)
    with city.read() as tx:
        kept = tx.connection.execute(select(t.people.c.calendar_hash)).scalars().all()
        found = [
            duty.calendar_owner(tx.connection, token) for token in (first, second, other, "", second[:-1])
        ]

    assert found == [None, P, EVALUATOR.id, None, None]
    assert not {first, second, other} & set(kept)
    assert do(city, duty.revoke_calendar, P)
    with city.read() as tx:
        assert duty.calendar_owner(tx.connection, second) is None
    assert [what for what, _ in events(city)] == [*["calendar_made"] * 3, "calendar_revoked"]


@pytest.mark.parametrize(
    ("action", "given"),
    [
        (duty.switch_topic, {"topic": Topic.MEETING, "on": True}),
        (duty.set_hour, {"hour": None}),
        (duty.set_language, {"language": "th"}),
        (duty.set_line_id, {"line_id": None}),
        (duty.mark_reachable, {}),
        (duty.revoke_calendar, {}),
    ],
)
def test_what_is_so_already_is_no_event(city, action, given):
    assert do(city, action, P, **given) is False
    assert events(city) == []


def test_address_that_is_known_to_take_no_mail_is_marked_once(city):
    do(city, duty.mark_unreachable, P, "550", by=0)

    assert do(city, duty.mark_unreachable, P, "551", by=0, now=at(date(2021, 3, 2))) is False
    assert len(events(city)) == 1

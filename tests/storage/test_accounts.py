"""Accounts on both databases: what happens at once happens once, and nothing secret is written down."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from typing import Any

import pyotp
import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from sqlalchemy import func, select

from engine.errors import Refusal
from engine.signing_in import RESET_LASTS
from storage import door, password_links, second_factors, sessions
from storage import tables as t
from storage.account_tables import door_log
from storage.account_tables import second_factors as factors
from storage.accounts import StoredAccounts
from storage.door import AtTheDoor
from storage.password_links import LinkKind
from storage.passwords import Passwords
from storage.sessions import Client, Session
from storage.store import Store
from tests.cast import COORDINATOR, OPERATOR, SECTION_HEAD, at

NOW = at(date(2021, 1, 4))
CLIENT = Client("192.0.2.7", "a browser")
EMAIL = "coordinator@thungkhru.example"
PASSWORD, OTHER = "correct horse battery", "seven purple elephants"
P = COORDINATOR.id
QUICK = Passwords(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
#: As many as may try at all before one has to wait.
AT_ONCE = 5


@pytest.fixture
def accounts(city: Store) -> StoredAccounts:
    """Accounts of the small city, of which the coordinator has set a password."""
    made = StoredAccounts(city, QUICK, "ระบบติดตามตัวชี้วัด", "radap.example")
    made.set_password(P, PASSWORD, CLIENT, NOW, by=P)
    return made


def session_of(city: Store, token: str) -> Session:
    with city.read() as tx:
        found = sessions.find(tx.connection, token, NOW)
    assert found is not None
    return found


def outcome(act: Callable[[], Any]) -> str:
    """How it ended: done, or the kind of the refusal."""
    try:
        act()
    except Refusal as refused:
        return refused.conditions[0].kind
    return "done"


def at_once(act: Callable[[], Any]) -> list[str]:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        return sorted(threads.map(lambda _: outcome(act), range(AT_ONCE)))


def lines(city: Store) -> list[tuple[str, int | None, str]]:
    d = door_log.c
    with city.read() as tx:
        return [
            tuple(row) for row in tx.connection.execute(select(d.what, d.person_id, d.detail).order_by(d.id))
        ]


# --- at once -----------------------------------------------------------------------------------------------


def test_code_that_is_given_by_many_at_once_lets_one_in(city, accounts):
    with city.begin() as tx:
        second_factors.begin(tx, P, NOW)
        secret = tx.connection.execute(select(factors.c.secret)).scalar_one()
        assert second_factors.prove(tx, P, pyotp.TOTP(secret).at(NOW - timedelta(seconds=30)), NOW)
    half = session_of(city, accounts.sign_in(EMAIL, PASSWORD, CLIENT, NOW, kept=False))
    code = pyotp.TOTP(secret).at(NOW)

    told = at_once(lambda: accounts.give_code(half, code, CLIENT, NOW, recovery=False))

    assert told.count("done") == 1
    assert set(told) <= {"done", "code.wrong", "sign_in.wait"}


def test_recovery_code_that_is_given_by_many_at_once_lets_one_in(city, accounts):
    with city.begin() as tx:
        second_factors.begin(tx, P, NOW)
        secret = tx.connection.execute(select(factors.c.secret)).scalar_one()
        second_factors.prove(tx, P, pyotp.TOTP(secret).at(NOW), NOW)
        code = second_factors.new_codes(tx, P)[0]
    half = session_of(city, accounts.sign_in(EMAIL, PASSWORD, CLIENT, NOW, kept=False))

    told = at_once(lambda: accounts.give_code(half, code, CLIENT, NOW, recovery=True))

    assert told.count("done") == 1


def test_link_that_is_used_by_many_at_once_sets_one_password(city, accounts):
    with city.begin() as tx:
        password_links.keep(tx, LinkKind.RESET, P, "d" * 64, NOW + RESET_LASTS, NOW)
    told = at_once(lambda: accounts.set_by_link(P, "d" * 64, OTHER, CLIENT, NOW))
    assert told == ["done"] + ["password_link.used"] * (AT_ONCE - 1)
    assert [what for what, _, _ in lines(city)].count("password_set") == 2


def test_of_many_attempts_at_once_no_more_are_looked_at_than_of_one_after_the_other(accounts):
    told = at_once(lambda: accounts.sign_in(EMAIL, OTHER, CLIENT, NOW, kept=False))
    told += at_once(lambda: accounts.sign_in(EMAIL, OTHER, CLIENT, NOW, kept=False))
    assert told.count("sign_in.wrong") <= 5
    assert set(told) == {"sign_in.wrong", "sign_in.wait"}


def test_sign_in_with_a_password_that_was_changed_meanwhile_comes_to_nothing(city):
    """The comparison takes a while, and no transaction is open meanwhile."""

    class Slow(Passwords):
        def fits(self, kept: str | None, password: str) -> bool:
            fitting = super().fits(kept, password)
            StoredAccounts(city, QUICK, "", "").set_password(P, OTHER, CLIENT, NOW, by=P)
            return fitting

    slow = Slow(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    accounts = StoredAccounts(city, slow, "", "")
    accounts.set_password(P, PASSWORD, CLIENT, NOW, by=P)
    assert outcome(lambda: accounts.sign_in(EMAIL, PASSWORD, CLIENT, NOW, kept=False)) == "sign_in.wrong"
    with city.read() as tx:
        assert sessions.of_person(tx.connection, P, NOW) == []


def test_who_waits_too_long_for_a_turn_is_sent_away(monkeypatch):
    monkeypatch.setattr("storage.passwords._PATIENCE_SECONDS", 0.01)
    crowded = Passwords(1, PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    with crowded._turn():
        assert outcome(lambda: crowded.fits(None, PASSWORD)) == "sign_in.busy"
    assert not crowded.fits(None, PASSWORD)


# --- passwords ---------------------------------------------------------------------------------------------


def test_hash_is_argon2id_of_the_recommended_strength():
    kept = Passwords().hashed(PASSWORD)
    assert kept.startswith("$argon2id$v=19$m=65536,t=3,p=1$")
    assert Passwords().fits(kept, PASSWORD)


def test_password_of_nobody_never_fits():
    assert not QUICK.fits(None, "the password of nobody")
    assert not QUICK.fits("no hash at all", PASSWORD)


def test_password_of_nobody_costs_as_much_as_any_other():
    assert extract_parameters(QUICK._nobodys) == extract_parameters(QUICK.hashed(PASSWORD))
    with pytest.raises(VerifyMismatchError):  # it was computed, and not refused for its form
        PasswordHasher().verify(QUICK._nobodys, PASSWORD)


# --- sessions ----------------------------------------------------------------------------------------------


def test_sessions_that_are_over_are_removed_when_another_begins(city):
    with city.begin() as tx:
        sessions.begin(tx, P, CLIENT, NOW)
        sessions.begin(tx, P, CLIENT, NOW + timedelta(days=2))
        count = select(func.count()).select_from(t.sessions)
        assert tx.connection.execute(count).scalar_one() == 1


def test_session_that_nobody_used_is_in_no_list(city):
    with city.begin() as tx:
        sessions.begin(tx, P, CLIENT, NOW)
    with city.read() as tx:
        assert len(sessions.of_person(tx.connection, P, NOW + timedelta(hours=11))) == 1
        assert sessions.of_person(tx.connection, P, NOW + timedelta(hours=13)) == []


def test_new_secret_of_a_session_takes_the_place_of_the_old(city):
    with city.begin() as tx:
        old = sessions.begin(tx, P, CLIENT, NOW, kept=True)
    before = session_of(city, old)
    with city.begin() as tx:
        new = sessions.renew(tx, before.id)
    after = session_of(city, new)
    with city.read() as tx:
        assert sessions.find(tx.connection, old, NOW) is None
    assert (after.id, after.kept) == (before.id, True)
    assert after.form_token != before.form_token


# --- another house -----------------------------------------------------------------------------------------


def test_whom_another_house_knows_comes_in_if_an_administrator_has_added_them(city, accounts):
    line = accounts.knock("", CLIENT, NOW)
    token = accounts.sign_in_known(EMAIL.upper(), CLIENT, NOW, line=line, how="openid")
    assert session_of(city, token).person == COORDINATOR
    assert lines(city)[-1] == ("signed_in", P, "openid")
    for email in ("nobody@city.example", "operator@localhost", "\x00", ""):
        line = accounts.knock("", CLIENT, NOW)
        known = partial(accounts.sign_in_known, email, CLIENT, NOW, line=line, how="openid")
        assert outcome(known) == "sign_in.not_added", email
    with city.read() as tx:
        assert tx.connection.execute(select(func.count()).select_from(t.people)).scalar_one() == 6


# --- the log -----------------------------------------------------------------------------------------------


def test_lines_of_a_person_are_found_by_who_they_are_and_by_what_was_typed(city, accounts):
    for email in (EMAIL, "nobody@city.example"):
        outcome(partial(accounts.sign_in, email, OTHER, CLIENT, NOW, kept=False))
    accounts.sign_in(EMAIL, PASSWORD, CLIENT, NOW, kept=False)
    with city.read() as tx:
        found = door.lines(tx.connection, 10, person=P, email=EMAIL)
        everything = door.lines(tx.connection, 10)
        last = door.lines(tx.connection, 1)
    assert [line.what for line in found] == ["signed_in", "failed", "password_set"]
    assert len(everything) == 4
    assert [line.what for line in last] == ["signed_in"]
    assert (found[1].person, found[1].address) == (None, "192.0.2.7")


def test_nothing_secret_is_in_the_log(city, accounts):
    accounts.sign_in(EMAIL, PASSWORD, CLIENT, NOW, kept=False)
    outcome(
        lambda: accounts.sign_in(PASSWORD, EMAIL, CLIENT, NOW, kept=False)
    )  # fields are mixed up, sometimes
    accounts.ask_reset(PASSWORD, CLIENT, NOW)
    with city.read() as tx:
        rows = repr(tx.connection.execute(select(door_log)).all())
    assert PASSWORD not in rows
    assert EMAIL not in rows


def test_detail_of_a_line_is_short_and_can_be_shown(city):
    with city.begin() as tx:
        door.log(tx, AtTheDoor.REFUSED, P, CLIENT, NOW, detail="a\x00\r\n\u202e" + "x" * 1000)
    detail = lines(city)[-1][2]
    assert detail.startswith("a\ufffd\ufffd\ufffd\ufffdx")
    assert len(detail) == 200


def test_factor_of_somebody_who_has_none_cannot_be_taken_off(accounts):
    for person in (P, SECTION_HEAD.id, OPERATOR.id):
        assert outcome(partial(accounts.take_factor_off, person, CLIENT, NOW)) == "factor.none"

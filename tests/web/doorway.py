"""Coming in for tests: passwords of the small cast, forms with the token of their page, what the log says."""

import re
import threading
from datetime import datetime
from typing import Any

import httpx2
import pyotp
from argon2 import PasswordHasher
from sqlalchemy import select

from storage import sessions
from storage.account_tables import door_log, second_factors
from storage.accounts import StoredAccounts
from storage.passwords import Passwords
from storage.sessions import Client
from tests.web.town import QUICK, P, Town

EMAIL = "coordinator@thungkhru.example"
HEAD_EMAIL = "head@thungkhru.example"
EVALUATOR_EMAIL = "evaluator@strategy.example"
PASSWORD = "correct horse battery"
OTHER = "seven purple elephants"
CLIENT = Client("192.0.2.7", "a browser")
COOKIE = "__Host-radap"
_TOKEN = re.compile(r'name="token" value="([^"]+)"')


class Counting(Passwords):
    """Hashes and compares as ever, and counts how often."""

    def __init__(self) -> None:
        super().__init__(hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
        self.hashes = self.comparisons = 0
        self._lock = threading.Lock()

    def hashed(self, password: str) -> str:
        self.hashes = getattr(self, "hashes", 0) + 1
        return super().hashed(password)

    def fits(self, kept: str | None, password: str) -> bool:
        with self._lock:
            self.comparisons += 1
        return super().fits(kept, password)


def accounts_of(town: Town, hashes: Passwords = QUICK) -> StoredAccounts:
    return StoredAccounts(town.store, hashes, town.site.house, town.site.host)


def give_password(town: Town, person: int = P, password: str = PASSWORD) -> None:
    accounts_of(town).set_password(person, password, CLIENT, town.clock.now, by=person)


def sign_in(town: Town, email: str = EMAIL, password: str = PASSWORD, **more: str) -> httpx2.Response:
    """Fill in the form and send it, without following where it leads."""
    given = {"email": email, "password": password, **more}
    return town.client.post("/sign-in", data=given, follow_redirects=False)


def come_in(town: Town, person: int = P) -> str:
    """Signed in as that person, without a form; returns the secret of the session."""
    with town.store.begin() as tx:
        token = sessions.begin(tx, person, CLIENT, town.clock.now)
    town.client.cookies.set(COOKIE, token, domain=town.site.host)
    return token


def token_in(page: httpx2.Response) -> str:
    """The token that the first form of a page carries."""
    found = _TOKEN.search(page.text)
    assert found, page.text
    return found[1]


def send(town: Town, path: str, /, at: str = "/account", **fields: str) -> httpx2.Response:
    """Send a form with the token of the page at which it stands."""
    data = {"token": token_in(town.get(at)), **fields}
    return town.client.post(path, data=data, follow_redirects=False)


def logged(town: Town) -> list[tuple[str, int | None]]:
    """What the door's log says was done, and by whom."""
    d = door_log.c
    with town.store.read() as tx:
        return [tuple(row) for row in tx.connection.execute(select(d.what, d.person_id).order_by(d.id))]


def log_rows(town: Town) -> list[Any]:
    with town.store.read() as tx:
        return list(tx.connection.execute(select(door_log).order_by(door_log.c.id)).all())


def set_up_factor(town: Town, person: int = P) -> list[str]:
    """A second factor, proved by the code of the step before; returns the recovery codes."""
    from storage import second_factors as factors  # noqa: PLC0415 - its table has the same name here

    with town.store.begin() as tx:
        factors.begin(tx, person, town.clock.now)
        secret = tx.connection.execute(
            select(second_factors.c.secret).where(second_factors.c.person_id == person)
        ).scalar_one()
        before = pyotp.TOTP(secret).generate_otp(int(town.clock.now.timestamp()) // 30 - 1)
        assert factors.prove(tx, person, before, town.clock.now)
        return factors.new_codes(tx, person)


def code_of(town: Town, at: datetime | None = None, person: int = P) -> str:
    """What the telephone shows."""
    with town.store.read() as tx:
        secret = tx.connection.execute(
            select(second_factors.c.secret).where(second_factors.c.person_id == person)
        ).scalar_one()
    return pyotp.TOTP(secret).at(at or town.clock.now)

"""How people come to their passwords, are signed out and lose their second step, at the command line."""

import os
import pty
import re
import sys
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from cli import bootstrap
from cli.settings import Database, Settings
from cli.site import site_of
from storage import second_factors, sessions
from storage.account_tables import second_factors as factors
from storage.sessions import Client
from tests.cli.conftest import COORDINATOR, EVALUATOR, MID_JULY, Terminal
from web.app import create_app

PASSWORD = "correct horse battery"
HOME = "http://localhost:8000"
NEW = ("new@thungkhru.example", "--name", "คนใหม่", "--role", "viewer")


@pytest.fixture
def pages(radap):
    """The pages on the database of the terminal, at the same time."""
    house = bootstrap.build(Settings(database=Database(url=radap.url)), lambda: MID_JULY)
    with TestClient(create_app(site_of(house)), base_url=HOME) as client:
        client.house = house  # type: ignore[attr-defined]  # for the test alone
        yield client
    house.close()


def sign_in(pages: TestClient, email: str = COORDINATOR, password: str = PASSWORD) -> int:
    data = {"email": email, "password": password}
    return int(pages.post("/sign-in", data=data, follow_redirects=False).status_code)


def id_of(pages: TestClient, email: str = COORDINATOR) -> int:
    from storage import registry  # noqa: PLC0415 - only here

    with pages.house.store.read() as tx:  # type: ignore[attr-defined]  # as above
        return registry.person(tx.connection, email).id


# --- links -------------------------------------------------------------------------------------------------


def test_who_is_added_gets_a_link_that_sets_the_first_password(radap, pages):
    said = radap("user", "add", *NEW)
    assert said.code == 0, said.err
    added, link = said.out.splitlines()
    assert added.startswith("Added new@thungkhru.example") or "new@thungkhru.example" in added
    found = re.search(rf"It works once, until 22 Jul 2021, 09:00, .* {HOME}(/password/[\w.-]+)$", link)
    assert found, link
    assert pages.get(found[1]).status_code == 200
    assert pages.post(found[1], data={"wanted": PASSWORD}).status_code == 200
    assert sign_in(pages, NEW[0]) == 303
    assert pages.get(found[1]).status_code == 410


def test_link_is_told_to_programs_too(radap):
    said = radap("user", "add", *NEW, "--json", RADAP_WEB__BASE_URL="https://radap.example/city/")
    assert said.data["link"].startswith("https://radap.example/city/password/")
    until = datetime.fromisoformat(said.data["link_until"])
    assert timedelta(0) <= until - (MID_JULY + timedelta(days=7)) < timedelta(minutes=1)  # the clock goes on
    assert {"id", "email", "name", "roles"} <= said.data.keys()


def test_new_link_takes_the_place_of_the_first(radap, pages):
    first = radap("user", "link", COORDINATOR, "--json").data["link"]
    second = radap("user", "link", COORDINATOR, lang="th").out
    found = re.search(r"http://localhost:8000/password/\S+", second)
    assert found
    assert pages.get(first).status_code == 410
    assert pages.get(found[0]).status_code == 200


def test_house_without_passwords_makes_no_links(radap):
    env = {
        "RADAP_SIGN_IN__OIDC__ISSUER": "https://id.example",
        "RADAP_SIGN_IN__OIDC__CLIENT_ID": "radap",
        "RADAP_SIGN_IN__OIDC__NAME": "City ID",
        "RADAP_SIGN_IN__OIDC__ONLY": "true",
    }
    said = radap("user", "add", *NEW, "--json", **env)
    assert (said.code, said.data["link"]) == (0, None)
    said = radap("user", "link", COORDINATOR, **env)
    assert (said.code, said.err) == (1, "Nobody has a password here: people sign in with City ID only.\n")


# --- passwords ---------------------------------------------------------------------------------------------


def test_password_is_read_from_standard_input(radap, pages):
    said = radap("user", "password", COORDINATOR, typed=f"{PASSWORD}\n")
    assert (said.code, said.out) == (
        0,
        "The password of ผู้ประสานงานเขตทุ่งครุ was set. All their devices were signed out.\n",
    )
    assert PASSWORD not in said.out + said.err
    assert sign_in(pages) == 303


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("short\n", "too short"),
        ("", "too short"),
        ("password1234\n", "easy to guess"),
        ("x" * 1_000_000, "too long"),
    ],
)
def test_weak_password_is_refused(radap, pages, typed, sentence):
    said = radap("user", "password", COORDINATOR, typed=typed)
    assert (said.code, said.out) == (1, "")
    assert sentence in said.err
    assert sign_in(pages) == 422


def at_a_terminal(radap: Terminal, *answers: str) -> tuple[int, str]:
    """The command as a person runs it, at a terminal of its own."""
    command = str(Path(sys.executable).with_name("radap"))
    words = [command, "--db", radap.url, "--lang", "en", "user", "password", COORDINATOR]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command, words)  # pragma: no cover - another process from here on
    said = ""
    with os.fdopen(terminal, "r+b", buffering=0) as line, suppress(OSError):
        for answer in (*answers, None):
            while part := line.read(1024):
                said += part.decode()
                if said.endswith(": ") and answer is not None:
                    line.write(f"{answer}\n".encode())
                    break
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


def test_password_is_typed_twice_at_a_terminal_and_not_shown(radap, pages):
    code, said = at_a_terminal(radap, PASSWORD, PASSWORD)
    assert code == 0, said
    assert "New password: " in said
    assert "The same again: " in said
    assert PASSWORD not in said
    assert sign_in(pages) == 303


def test_passwords_that_differ_are_not_set(radap, pages):
    code, said = at_a_terminal(radap, PASSWORD, f"{PASSWORD} ")
    assert code == 1
    assert "The two passwords differ" in said
    assert sign_in(pages) == 422


# --- sessions and the second step --------------------------------------------------------------------------


def test_sessions_are_listed_and_ended(radap, pages):
    radap("user", "password", COORDINATOR, typed=PASSWORD)
    assert radap("user", "sessions", COORDINATOR).out.endswith("is signed in nowhere.\n")
    sign_in(pages)
    listed = radap("user", "sessions", COORDINATOR, "--json").data
    assert [one["address"] for one in listed["sessions"]] == ["testclient"]
    assert "token" not in repr(listed)
    assert "testclient" in radap("user", "sessions", COORDINATOR, lang="th").out
    ended = radap("user", "sessions", COORDINATOR, "--end")
    assert ended.out == "ผู้ประสานงานเขตทุ่งครุ was signed out of 1 devices.\n"
    assert pages.get("/account", follow_redirects=False).status_code == 303


def test_second_step_is_taken_off(radap, pages):
    radap("user", "password", COORDINATOR, typed=PASSWORD)
    person, now = id_of(pages), MID_JULY
    with pages.house.store.begin() as tx:
        second_factors.begin(tx, person, now)
        secret = tx.connection.execute(select(factors.c.secret)).scalar_one()
        second_factors.prove(tx, person, pyotp.TOTP(secret).at(now), now)
        second_factors.new_codes(tx, person)
        sessions.begin(tx, person, Client("", ""), now)
    assert radap("user", "second-factor", COORDINATOR, "--json").data["codes_left"] == 10
    assert "recovery codes left: 10." in radap("user", "second-factor", COORDINATOR).out
    said = radap("user", "second-factor", COORDINATOR, "--remove")
    assert (said.code, "was taken off" in said.out) == (0, True)
    assert radap("user", "second-factor", COORDINATOR).out.endswith("has not set up the second step.\n")
    assert radap("user", "second-factor", COORDINATOR, "--remove").code == 1
    sign_in(pages)
    assert pages.get("/account", follow_redirects=False).status_code == 200


# --- who may, and what is written down ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("link",), ("password",), ("sessions",), ("sessions", "--end"), ("second-factor", "--remove"), ("log",)],
)
def test_only_who_manages_people_may(radap, words):
    command, *options = words
    said = radap("user", command, COORDINATOR, *options, "--by", EVALUATOR, typed=PASSWORD)
    assert (said.code, said.out) == (1, "")


@pytest.mark.parametrize("command", ["link", "password", "sessions", "second-factor", "log"])
def test_nobody_of_that_address_is_a_sentence(radap, command):
    said = radap("user", command, "nobody@thungkhru.example", typed=PASSWORD)
    assert (said.code, said.out) == (1, "")
    assert "nobody@thungkhru.example" in said.err


@pytest.mark.parametrize("command", ["link", "password"])
def test_operator_comes_to_no_door(radap, command):
    said = radap("user", command, "operator@localhost", typed=PASSWORD)
    assert (said.code, said.out) == (1, "")
    assert "does not sign in" in said.err


def test_log_tells_what_happened_at_the_door(radap, pages):
    radap("user", "password", COORDINATOR, typed=PASSWORD)
    sign_in(pages, "nobody@thungkhru.example")
    sign_in(pages, password="wrong horse battery")
    sign_in(pages)
    lines = radap("user", "log", "--json").data
    assert [(line["what"], line["person"]) for line in lines[:4]] == [
        ("signed_in", COORDINATOR),
        ("failed", COORDINATOR),
        ("failed", None),
        ("password_set", COORDINATOR),
    ]
    assert [line["what"] for line in radap("user", "log", COORDINATOR, "--json").data[:3]] == [
        "signed_in",
        "failed",
        "password_set",
    ]
    assert len(radap("user", "log", "--last", "1", "--json").data) == 1
    shown = radap("user", "log").out
    assert "(nobody)" in shown
    assert PASSWORD not in shown
    assert "เข้าสู่ระบบไม่สำเร็จ" in radap("user", "log", lang="th").out


def test_link_in_the_log_is_only_that_there_was_one(radap):
    link = radap("user", "link", COORDINATOR, "--json").data["link"]
    shown = radap("user", "log", COORDINATOR, "--json")
    assert shown.data[0]["what"] == "link_made"
    assert link.rpartition("/")[2] not in shown.out

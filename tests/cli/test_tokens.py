"""Tokens of people's programs at the command line: made, listed without their secret, revoked."""

import json

from cli import bootstrap
from cli.settings import Database, Settings
from engine.events import Happened
from storage import tokens
from storage.tables import CITY
from storage.views import Asked, browse
from tests.cli.conftest import COORDINATOR, MID_JULY

NAMED = ("token", "add", COORDINATOR, "a program")


def test_token_is_made_told_once_and_revoked(radap):
    made = json.loads(radap(*NAMED, "--scope", "read", "--scope", "record", "--days", "30", "--json").out)
    assert made["scopes"] == ["read", "record"]
    assert made["token"].startswith("radap_")
    listed = radap("token", "list", COORDINATOR, "--json").out
    assert made["token"] not in listed
    assert [one["live"] for one in json.loads(listed)] == [True]

    assert radap("token", "revoke", COORDINATOR, str(made["number"])).code == 0
    assert json.loads(radap("token", "list", COORDINATOR, "--json").out)[0]["live"] is False
    again = radap("token", "revoke", COORDINATOR, str(made["number"]))
    assert (again.code, again.err.strip()) == (1, f"There is no live token number {made['number']}.")


def test_what_is_done_for_another_is_journaled(radap):
    secret = json.loads(radap(*NAMED, "--json").out)["token"]
    house = bootstrap.build(Settings(database=Database(url=radap.url)), lambda: MID_JULY)
    with house.store.read() as tx:
        (line,) = browse(tx.connection, CITY, Asked(Happened.TOKEN_MADE), 5)
        bearer = tokens.find(tx.connection, secret, MID_JULY)
    house.close()
    assert bearer is not None
    assert json.loads(line.entry.data) == {"person": bearer.person.id, "token": bearer.token}
    assert bearer.scopes == {"read"}


def test_scope_that_there_is_not_is_refused(radap):
    said = radap(*NAMED, "--scope", "recrod", "--days", "0")
    assert said.code == 1
    assert said.err.splitlines() == [
        "There is no scope “recrod”; there are read, record, review, manage, admin.",
        "A token lasts 1 to 365 days.",
    ]


def test_all_tokens_of_somebody_are_revoked_at_once(radap):
    radap(*NAMED)
    radap(*NAMED)
    assert radap("token", "revoke", COORDINATOR).code == 2
    assert radap("token", "revoke", COORDINATOR, "1", "--all").code == 2
    assert radap("token", "revoke", COORDINATOR, "--all").out == "Tokens of ผู้ประสานงานเขตทุ่งครุ revoked: 2.\n"


def test_password_that_an_operator_sets_anew_ends_every_token(radap):
    assert radap("user", "password", COORDINATOR, typed="correct horse battery").code == 0
    radap(*NAMED)
    said = radap("user", "password", COORDINATOR, typed="seven purple elephants")
    assert said.out.endswith("All their devices were signed out. Tokens of programs revoked: 1.\n")
    assert [one["live"] for one in json.loads(radap("token", "list", COORDINATOR, "--json").out)] == [False]

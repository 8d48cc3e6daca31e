"""The second step of signing in: set up, asked for, never twice the same, and nothing opens without it."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

import pyotp
import pytest
from sqlalchemy import select

from engine.signing_in import CODE_DUE, KEPT
from storage import sessions
from storage.account_tables import recovery_codes, second_factors
from storage.sessions import Client
from tests.cast import COORDINATOR, SECTION_HEAD
from tests.notifications.mailroom import WORDINGS
from tests.web.doorway import (
    CLIENT,
    COOKIE,
    EMAIL,
    HEAD_EMAIL,
    OTHER,
    PASSWORD,
    accounts_of,
    code_of,
    come_in,
    give_password,
    log_rows,
    logged,
    send,
    set_up_factor,
    sign_in,
    token_in,
)
from tests.web.test_sign_in import errors, found, is_in
from tests.web.town import NOW, P, Town
from web.second_factor import key_uri

THAI = WORDINGS["th"]
HERE = "/account/second-factor"


def give(town: Town, code: str = "", recovery: str = ""):
    """Send the code, as the page that asks for it does."""
    field = {"recovery": recovery} if recovery else {"code": code}
    return send(town, "/sign-in/code", at="/sign-in/code", next="/account", **field)


def half_in(town: Town) -> None:
    """The password was given, the code was not."""
    give_password(town)
    set_up_factor(town)
    assert sign_in(town, next="/account").headers["location"] == "/account"


# --- setting it up -----------------------------------------------------------------------------------------


def shown_secret(page) -> str:
    (secret,) = re.findall(r"<code>([A-Z2-7 ]+)</code>", page.text)
    return str(secret).replace(" ", "")


def test_factor_is_set_up_with_a_picture_or_by_hand_and_a_first_code(town):
    give_password(town)
    sign_in(town)
    elsewhere = other_session(town)
    assert 'autocomplete="current-password"' in town.get(HERE).text

    assert send(town, f"{HERE}/begin", at=HERE, present=PASSWORD).status_code == 303
    page = town.get(HERE)
    (picture,) = re.findall(
        r'<img src="(data:image/svg\+xml[^"]+)" width="(\d+)" height="(\d+)" alt="[^"]', page.text
    )
    assert "<svg" in unquote(picture[0])
    assert int(picture[1]) == int(picture[2]) > 100
    assert 'autocomplete="one-time-code" inputmode="numeric"' in page.text
    secret = shown_secret(page)
    assert len(secret) == 32
    # On the telephone itself there is nothing to scan.
    (link,) = re.findall(r'href="(otpauth://[^"]+)"', page.text)
    assert unescape(link) == key_uri(secret, EMAIL, town.site.house)

    done = send(town, f"{HERE}/prove", at=HERE, code=pyotp.TOTP(secret).at(NOW))
    codes = re.findall(r"<li><code>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code></li>", done.text)
    assert (done.status_code, len(set(codes))) == (200, 10)
    assert found(town, elsewhere) is None
    assert is_in(town)
    assert logged(town)[-1] == ("factor_set", P)

    again = town.get(HERE)
    assert not re.findall(r"<code>", again.text)  # the secret and the codes are shown this once
    assert THAI.say("page.recovery_codes_left", left=10) in again.text
    assert THAI.say("page.factor_since", at=NOW) in town.get("/account").text


def other_session(town: Town) -> str:
    with town.store.begin() as tx:
        return sessions.begin(tx, P, CLIENT, NOW)


def test_telephone_is_told_whose_key_it_is(town):
    secret = "JBSWY3DPEHPK3PXP" * 2
    uri = key_uri(secret, EMAIL, town.site.house)
    asked = parse_qs(urlsplit(uri).query)
    assert unquote(urlsplit(uri).path) == f"/{EMAIL}"
    assert (asked["secret"], asked["issuer"]) == ([secret], [town.site.house])
    read = pyotp.parse_uri(uri)
    assert isinstance(read, pyotp.TOTP)
    assert (read.at(NOW), read.issuer, read.name) == (pyotp.TOTP(secret).at(NOW), town.site.house, EMAIL)


def test_recovery_codes_are_kept_as_hashes_only(town):
    codes = set_up_factor(town)
    with town.store.read() as tx:
        rows = repr(tx.connection.execute(select(recovery_codes)).all())
    assert not any(code in rows or code.replace("-", "") in rows for code in codes)


def test_password_is_asked_for_before_anything_changes(town):
    give_password(town)
    sign_in(town)
    page = send(town, f"{HERE}/begin", at=HERE, present="wrong horse battery")
    assert (page.status_code, errors(page)) == (422, [THAI.say("password.wrong")])
    set_up_factor(town)
    for act, field in (("remove", "present"), ("codes", "password")):
        page = send(town, f"{HERE}/{act}", at=HERE, **{field: "wrong horse battery"})
        assert (page.status_code, errors(page)) == (422, [THAI.say("password.wrong")])
        assert f'href="#{field}"' in page.text
    assert accounts_of(town).factor(P, NOW).codes_left == 10


def test_wrong_first_code_sets_nothing_and_keeps_the_secret(town):
    give_password(town)
    sign_in(town)
    send(town, f"{HERE}/begin", at=HERE, present=PASSWORD)
    secret = shown_secret(town.get(HERE))
    page = send(town, f"{HERE}/prove", at=HERE, code="000000")
    assert (page.status_code, errors(page)) == (422, [THAI.say("code.wrong")])
    assert shown_secret(page) == secret
    town.client.cookies.clear()
    assert sign_in(town).headers["location"] == "/"
    assert is_in(town)  # no code is asked for


def test_secret_that_waited_too_long_is_not_taken(town):
    give_password(town)
    sign_in(town)
    send(town, f"{HERE}/begin", at=HERE, present=PASSWORD)
    secret = shown_secret(town.get(HERE))
    town.clock.advance(minutes=16)
    page = send(town, f"{HERE}/prove", at=HERE, code=pyotp.TOTP(secret).at(town.clock.now))
    assert (page.status_code, errors(page)) == (422, [THAI.say("factor.not_begun")])
    assert town.client.post(f"{HERE}/prove", data={"code": "1"}).status_code == 403


def test_factor_in_use_cannot_be_replaced_by_beginning_again(town):
    give_password(town)
    sign_in(town)
    set_up_factor(town)
    before = secret_of(town)
    page = send(town, f"{HERE}/begin", at=HERE, present=PASSWORD)
    assert (page.status_code, errors(page)) == (422, [THAI.say("factor.set")])
    page = send(town, f"{HERE}/prove", at=HERE, code=code_of(town))
    assert (page.status_code, errors(page)) == (422, [THAI.say("factor.not_begun")])
    assert secret_of(town) == before


def secret_of(town: Town) -> str:
    with town.store.read() as tx:
        return str(tx.connection.execute(select(second_factors.c.secret)).scalar_one())


def test_factor_is_removed_by_who_knows_the_password(town):
    give_password(town)
    sign_in(town)
    set_up_factor(town)
    assert send(town, f"{HERE}/remove", at=HERE, present=PASSWORD).status_code == 303
    assert logged(town)[-1] == ("factor_removed", P)
    assert is_in(town)
    town.client.cookies.clear()
    sign_in(town)
    assert is_in(town)
    page = send(town, f"{HERE}/remove", at=HERE, present=PASSWORD)
    assert errors(page) == [THAI.say("factor.none")] or page.status_code == 422


def test_new_recovery_codes_take_the_place_of_the_old(town):
    give_password(town)
    old = set_up_factor(town)
    sign_in(town)
    give(town, code_of(town))
    page = send(town, f"{HERE}/codes", at=HERE, password=PASSWORD)
    new = re.findall(r"<li><code>([a-z2-9-]{19})</code></li>", page.text)
    assert len(new) == 10
    assert not set(new) & set(old)
    assert logged(town)[-1] == ("codes_made", P)
    town.client.cookies.clear()
    sign_in(town)
    assert give(town, recovery=old[0]).status_code == 422
    assert give(town, recovery=new[0]).status_code == 303


def test_who_has_no_password_here_is_told_where_it_is_set_up(town):
    come_in(town)
    page = town.get(HERE)
    assert THAI.say("page.factor_elsewhere") in page.text
    assert "present" not in page.text.partition("<main")[2]


# --- between the password and the code ---------------------------------------------------------------------


def test_password_alone_opens_the_page_of_the_code_and_sign_out_and_nothing_else(town):
    """Every route of the application, also those that others add."""
    half_in(town)
    token = town.client.cookies[COOKIE]
    opened = []
    for (method, path), rule in sorted(town.client.app.state.rules.items()):
        # To programs a session is nobody, whatever was given: they are told so (401).
        if method == "HEAD" or not rule.signed_in or path.startswith("/api/"):
            continue
        asked = re.sub(r"\{[^}]*\}", "1", path)
        answer = town.client.request(method, asked, follow_redirects=False)
        location = answer.headers.get("location", "")
        if answer.status_code != 303 or not location.startswith("/sign-in/code"):
            opened.append((method, path, answer.status_code))
    assert opened == [
        ("GET", "/sign-in/code", 200),
        ("POST", "/sign-in/code", 403),
        ("POST", "/sign-out", 403),
    ]
    assert found(town, token) is not None


def test_pages_that_are_open_to_all_know_nobody_before_the_code(town):
    half_in(town)
    page = town.get("/sign-in")
    assert page.status_code == 200
    assert COORDINATOR.name not in page.text
    assert COORDINATOR.name not in town.get("/sign-in/code").text
    assert "/account" not in town.get("/sign-in/code").text.partition("<form")[0]


def test_code_lets_in_and_the_session_gets_another_secret(town):
    half_in(town)
    half = town.client.cookies[COOKIE]
    asked = town.client.get("/account?lang=en", follow_redirects=False)
    assert asked.headers["location"] == "/sign-in/code?next=/account%3Flang%3Den"

    answer = give(town, code_of(town))

    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert is_in(town)
    assert found(town, half) is None
    assert [what for what, _ in logged(town)][-2:] == ["password_accepted", "signed_in"]
    assert log_rows(town)[-1].detail == "code"


def test_code_is_read_as_people_write_it(town):
    half_in(town)
    code = code_of(town)
    thai = code.translate(str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙"))
    assert give(town, f" {thai[:3]} {thai[3:]} ").status_code == 303


def test_code_of_the_step_before_is_taken_and_older_ones_are_not(town):
    half_in(town)
    code = code_of(town)
    town.clock.advance(seconds=61)
    assert give(town, code).status_code == 422
    town.clock.advance(seconds=-31)
    assert give(town, code).status_code == 303


def test_code_cannot_be_used_twice(town):
    half_in(town)
    code = code_of(town)
    assert give(town, code).status_code == 303
    town.client.cookies.clear()
    sign_in(town)
    page = give(town, code)
    assert (page.status_code, errors(page)) == (422, [THAI.say("code.wrong")])
    assert not is_in(town)


def test_code_of_before_the_last_one_is_not_taken_either(town):
    half_in(town)
    before = code_of(town, NOW + timedelta(seconds=30))
    town.clock.advance(seconds=60)
    give(town, code_of(town))
    town.client.cookies.clear()
    sign_in(town)
    assert give(town, before).status_code == 422


def test_recovery_code_works_once(town):
    give_password(town)
    codes = set_up_factor(town)
    sign_in(town)
    assert give(town, recovery=f" {codes[0].upper()} ").status_code == 303
    assert is_in(town)
    assert log_rows(town)[-1].detail == "recovery code"
    assert accounts_of(town).factor(P, NOW).codes_left == 9
    town.client.cookies.clear()
    sign_in(town)
    page = give(town, recovery=codes[0])
    assert (page.status_code, errors(page)) == (422, [THAI.say("code.wrong")])
    assert "<details" in page.text
    assert "open>" in page.text.partition("<details")[2][:40]


@pytest.mark.parametrize(
    "code", ["", "0", "000000", "x" * 100_000, "\x00", "๐๐๐๐๐๐", "123456789", "' OR 1=1"]
)
def test_wrong_code_is_a_sentence(town, code):
    half_in(town)
    page = give(town, code)
    assert (page.status_code, errors(page)) == (422, [THAI.say("code.wrong")])
    assert not is_in(town)
    assert log_rows(town)[-1].what == "failed"


def test_codes_of_the_app_and_recovery_codes_do_not_stand_for_each_other(town):
    give_password(town)
    codes = set_up_factor(town)
    sign_in(town)
    assert give(town, codes[0]).status_code == 422
    assert give(town, recovery=code_of(town)).status_code == 422


def test_wrong_codes_and_wrong_passwords_make_one_wait_together(town):
    half_in(town)
    for _ in range(5):
        assert give(town, "000000").status_code == 422
    page = give(town, code_of(town))
    assert page.status_code == 429
    assert not is_in(town)
    town.client.cookies.clear()
    assert sign_in(town).status_code == 429
    town.clock.advance(seconds=31)
    assert sign_in(town).status_code == 303


def test_codes_of_another_person_open_nothing(town):
    half_in(town)
    give_password(town, SECTION_HEAD.id)
    others = set_up_factor(town, SECTION_HEAD.id)
    assert give(town, recovery=others[0]).status_code == 422
    assert give(town, code_of(town, person=SECTION_HEAD.id)).status_code == 422


def test_time_for_the_code_runs_out_and_the_password_is_asked_for_again(town):
    half_in(town)
    page = town.get("/sign-in/code")
    code = code_of(town)
    town.clock.now += CODE_DUE
    data = {"token": token_in(page), "code": code}
    answer = town.client.post("/sign-in/code", data=data, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")


def test_session_that_was_to_be_kept_is_kept_once_the_code_was_right(town):
    give_password(town)
    set_up_factor(town)
    half = sign_in(town, keep="yes")
    assert half.status_code == 303
    answer = give(town, code_of(town))
    assert f"Max-Age={int(KEPT.total_seconds())}" in answer.headers["set-cookie"]
    town.clock.advance(days=29)
    assert is_in(town)


def test_half_a_session_is_in_no_list_and_can_be_left(town):
    half_in(town)
    half = town.client.cookies[COOKIE]
    with town.store.read() as tx:
        assert sessions.of_person(tx.connection, P, NOW) == []
    assert send(town, "/sign-out", at="/sign-in/code").headers["location"] == "/sign-in"
    assert found(town, half) is None


def test_who_is_in_is_not_asked_for_a_code(town):
    come_in(town)
    answer = town.client.get("/sign-in/code?next=/account", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert send(town, "/sign-in/code", code="1", next="/account").headers["location"] == "/account"


def test_nobody_is_led_to_another_site_by_the_code(town):
    half_in(town)
    data = {"token": token_in(town.get("/sign-in/code")), "code": code_of(town), "next": "//evil.example"}
    answer = town.client.post("/sign-in/code", data=data, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


# --- taken off by an administrator -------------------------------------------------------------------------


def test_factor_that_is_taken_off_ends_every_session(town):
    half_in(town)
    half = town.client.cookies[COOKIE]
    accounts_of(town).take_factor_off(P, Client("", "radap user"), NOW)
    assert found(town, half) is None
    town.client.cookies.clear()
    sign_in(town)
    assert is_in(town)
    assert ("factor_removed", P) in logged(town)


def test_new_password_does_not_take_the_factor_off(town):
    half_in(town)
    give_password(town, password=OTHER)
    town.client.cookies.clear()
    sign_in(town, password=OTHER)
    assert not is_in(town)
    assert give(town, code_of(town)).status_code == 303


def test_factor_of_one_person_is_nothing_to_another(town):
    half_in(town)
    town.client.cookies.clear()
    give_password(town, SECTION_HEAD.id)
    sign_in(town, HEAD_EMAIL)
    assert is_in(town)

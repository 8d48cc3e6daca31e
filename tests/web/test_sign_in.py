"""Coming in by the password and going out: the same for everybody outside, nothing for strangers to use."""

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, select
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from engine.signing_in import IDLE, KEPT, USUAL
from storage import sessions
from storage.account_tables import credentials
from storage.account_tables import sessions as kept_sessions
from tests.cast import CODE, COORDINATOR, EVALUATOR, SAI_MAI_COORDINATOR, SECTION_HEAD
from tests.notifications.mailroom import WORDINGS
from tests.web.doorway import (
    COOKIE,
    EMAIL,
    HEAD_EMAIL,
    OTHER,
    PASSWORD,
    Counting,
    accounts_of,
    come_in,
    give_password,
    log_rows,
    logged,
    send,
    sign_in,
    token_in,
)
from tests.web.town import NOW, P, Town
from web.account import named
from web.app import create_app
from web.doors import OPEN, SEEN, SIGNED_IN, Doors, doing
from web.pages import Pages

THAI, ENGLISH = WORDINGS["th"], WORDINGS["en"]


def errors(page) -> list[str]:
    """The sentences of the summary of what is wrong."""
    box = page.text.partition('<div class="govuk-error-summary"')[2].partition("</div>\n</div>")[0]
    return re.findall(r"<li>(?:<a [^>]*>)?(.*?)(?:</a>)?</li>", box)


def is_in(town: Town) -> bool:
    return bool(town.client.get("/account", follow_redirects=False).status_code == 200)


# --- coming in ---------------------------------------------------------------------------------------------


def test_page_says_what_to_do_in_either_language(town):
    page = town.get("/sign-in")
    assert page.status_code == 200
    for kind in ("page.no_account", "page.no_account_does", "page.forgotten", "page.keep_signed_in"):
        assert THAI.say(kind) in page.text
        assert ENGLISH.say(kind) in town.get("/sign-in?lang=en").text
    assert 'type="email" value="" autocomplete="username"' in page.text
    assert 'type="password" autocomplete="current-password"' in page.text
    assert "autofocus" not in page.text
    assert "onpaste" not in page.text


def test_password_opens_the_page_that_was_asked_for(town):
    give_password(town)
    asked = town.client.get("/account?lang=en", follow_redirects=False)
    assert (asked.status_code, asked.headers["location"]) == (303, "/sign-in?next=/account%3Flang%3Den")

    page = town.get(asked.headers["location"])
    (next_path,) = re.findall(r'name="next" value="([^"]*)"', page.text)
    answer = sign_in(town, next=next_path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/account?lang=en")
    assert COORDINATOR.name in town.get("/account").text
    assert logged(town)[-1] == ("signed_in", P)


def test_address_is_found_however_it_is_written(town):
    give_password(town)
    assert sign_in(town, f" {EMAIL.upper()} ").status_code == 303


def test_cookie_is_kept_from_scripts_other_sites_and_plain_lines(town):
    give_password(town)
    cookie = sign_in(town).headers["set-cookie"]
    assert cookie.startswith(f"{COOKIE}=")
    assert {part.strip().lower() for part in cookie.split(";")[1:]} == {
        "httponly",
        "path=/",
        "samesite=lax",
        "secure",
    }
    kept = sign_in(town, keep="yes").headers["set-cookie"]
    assert f"Max-Age={int(KEPT.total_seconds())}" in kept


def test_house_without_tls_and_house_below_another_have_cookies_that_browsers_take(town):
    give_password(town)
    town.open(replace(town.site, base_url="http://localhost:8000"))
    assert sign_in(town).headers["set-cookie"].startswith("radap-session=")
    town.open(replace(town.site, base_url="https://city.example/radap"))
    cookie = sign_in(town).headers["set-cookie"]
    assert cookie.startswith("radap-session=")
    assert "Path=/radap" in cookie


def test_secret_of_a_session_is_nowhere_in_the_database(town):
    give_password(town)
    sign_in(town)
    token = town.client.cookies[COOKIE]
    with town.store.read() as tx:
        rows = repr(tx.connection.execute(select(kept_sessions)).all() + log_rows(town))
    assert token not in rows
    assert PASSWORD not in rows


@pytest.mark.parametrize("keyboard", ["NFC", "NFD"])
def test_password_is_the_same_however_the_keyboard_puts_its_letters_together(town, keyboard):
    composed, apart = "caf\u00e9 au lait tiède", "cafe\u0301 au lait tie\u0300de"
    first, second = (composed, apart) if keyboard == "NFC" else (apart, composed)
    give_password(town, password=first)
    assert sign_in(town, password=second).status_code == 303


# --- staying outside ---------------------------------------------------------------------------------------


def outside(page) -> tuple[int, list[str], bool]:
    return page.status_code, errors(page), "set-cookie" in page.headers


def test_unknown_person_wrong_password_and_no_password_yet_are_told_the_same(town):
    give_password(town)
    told = [
        outside(sign_in(town, EMAIL, "wrong horse battery")),
        outside(sign_in(town, "nobody@thungkhru.example", PASSWORD)),
        outside(sign_in(town, HEAD_EMAIL, PASSWORD)),  # was added, and has set none
        outside(sign_in(town, "operator@localhost", PASSWORD)),
        outside(sign_in(town, "", "")),
    ]
    assert told == [(422, [THAI.say("sign_in.wrong")], False)] * 5


def test_as_much_is_done_for_an_unknown_person_as_for_a_known_one(town):
    give_password(town)
    work = []
    for email in (EMAIL, HEAD_EMAIL, "nobody@thungkhru.example"):
        hashes = Counting()
        town.open(replace(town.site, passwords=hashes))
        made, statements = hashes.hashes, list[str]()

        def count(_connection, _cursor, statement, *_, told=statements):
            told.append(statement.split()[0])

        event.listen(town.store.engine, "before_cursor_execute", count)
        sign_in(town, email, "wrong horse battery")
        event.remove(town.store.engine, "before_cursor_execute", count)
        work.append((hashes.comparisons, hashes.hashes - made, tuple(statements)))
    assert work[0][:2] == (1, 0)
    assert work == [work[0]] * 3


def test_what_was_typed_stays_but_the_password(town):
    page = sign_in(town, "<b>nobody@x", "secret <password>", keep="yes", next="/account")
    assert 'value="&lt;b&gt;nobody@x"' in page.text
    assert 'value="/account"' in page.text
    assert 'value="yes" checked' in page.text
    assert "secret" not in page.text


def test_errors_speak_the_language_of_the_person(town):
    page = town.client.post("/sign-in?lang=en", data={"email": "x", "password": "y"})
    assert errors(page) == ["The e-mail or the password is wrong."]
    assert "<title>Error:" in page.text


@pytest.mark.parametrize(
    "email",
    [
        "coordinator@thungkhru.example\r\nBcc: all@city.example",
        "coordinator@thungkhru.example\x00",
        "\x00",
        "\u202ecoordinator@thungkhru.example",
        "a" * 100_000,
        "é\u0301" * 10_000,
        "' OR 1=1 --",
        "%",
    ],
    ids=["CRLF", "NUL", "only NUL", "bidi", "long", "marks", "SQL", "wildcard"],
)
def test_hostile_address_is_nobody(town, email):
    give_password(town)
    page = sign_in(town, email)
    assert outside(page) == (422, [THAI.say("sign_in.wrong")], False)
    assert logged(town)[-1] == ("failed", None)


@pytest.mark.parametrize(
    ("password", "status"),
    [("x" * 1_000_000, 413), ("x" * 300_000, 422), ("e" + "\u0301" * 50_000, 422), ("\x00", 422), ("", 422)],
    ids=["1 MB", "300 kB", "marks", "NUL", "nothing"],
)
def test_hostile_password_is_a_sentence(town, password, status):
    give_password(town)
    page = sign_in(town, password=password)
    assert page.status_code == status
    assert not is_in(town)


def test_form_with_a_file_instead_of_a_password_is_a_sentence(town):
    give_password(town)
    files = {"email": ("a", EMAIL.encode()), "password": ("b", PASSWORD.encode())}
    assert town.client.post("/sign-in", files=files).status_code == 400


# --- waiting -----------------------------------------------------------------------------------------------


def test_who_fails_often_has_to_wait_also_with_the_right_password(town):
    give_password(town)
    for _ in range(5):
        assert sign_in(town, password="wrong horse battery").status_code == 422
    page = sign_in(town)
    assert page.status_code == 429
    assert errors(page) == [THAI.say("sign_in.wait", until=NOW + timedelta(minutes=1))]
    assert not is_in(town)
    assert logged(town)[-1] == ("waited", None)

    town.clock.advance(seconds=31)
    assert sign_in(town).status_code == 303


def test_waiting_does_not_make_the_wait_longer(town):
    give_password(town)
    for _ in range(5):
        sign_in(town, password="wrong horse battery")
    for _ in range(20):
        assert sign_in(town).status_code == 429
        town.clock.advance(seconds=1)
    town.clock.advance(seconds=11)
    assert sign_in(town).status_code == 303


def test_address_that_nobody_has_waits_like_any_other(town):
    told = [sign_in(town, "nobody@x.example").status_code for _ in range(6)]
    assert told == [422] * 5 + [429]


def test_one_account_does_not_make_another_wait(town):
    give_password(town)
    give_password(town, SECTION_HEAD.id)
    for _ in range(6):
        sign_in(town, password="wrong horse battery")
    assert sign_in(town, HEAD_EMAIL).status_code == 303


def test_one_address_cannot_try_every_account(town):
    told = [sign_in(town, f"person{number}@city.example").status_code for number in range(52)]
    assert told == [422] * 50 + [429] * 2


def test_many_attempts_at_once_are_no_more_than_one_after_the_other(town):
    give_password(town)
    hashes = Counting()
    site = replace(town.site, passwords=hashes)
    clients = [TestClient(create_app(site), town.site.base_url) for _ in range(16)]
    # An application puts its routes together at its first request, which is not for many threads at once.
    for client in clients:
        client.get("/sign-in")

    def attempt(client: TestClient) -> int:
        data = {"email": EMAIL, "password": "wrong horse battery"}
        return int(client.post("/sign-in", data=data).status_code)

    with ThreadPoolExecutor(16) as threads:
        told = sorted(threads.map(attempt, clients))
    assert hashes.comparisons == told.count(422) <= 5
    assert set(told) <= {422, 429}


# --- sessions ----------------------------------------------------------------------------------------------


def test_session_that_the_browser_brings_is_not_the_one_that_is_signed_in(town):
    give_password(town)
    town.client.cookies.set(COOKIE, "fixed-by-a-stranger", domain=town.site.host)
    sign_in(town)
    assert town.client.cookies.get(COOKIE, domain="radap.example") not in (None, "fixed-by-a-stranger")
    town.client.cookies.clear()
    town.client.cookies.set(COOKIE, "fixed-by-a-stranger", domain=town.site.host)
    assert not is_in(town)


def test_signing_in_again_ends_the_session_before(town):
    give_password(town)
    sign_in(town)
    first = town.client.cookies[COOKIE]
    sign_in(town)
    second = town.client.cookies[COOKIE]
    assert first != second
    assert found(town, first) is None
    assert found(town, second) is not None


def found(town: Town, token: str) -> sessions.Session | None:
    with town.store.read() as tx:
        return sessions.find(tx.connection, token, town.clock.now)


def test_session_ends_when_nobody_was_there(town):
    come_in(town)
    town.clock.advance(hours=11)
    assert is_in(town)
    town.clock.now += IDLE
    assert not is_in(town)


def test_session_ends_after_a_day_however_busy_it_was(town):
    come_in(town)
    for _ in range(3):
        assert is_in(town)
        town.clock.now += USUAL / 3
    assert not is_in(town)


def test_kept_session_lasts_a_month(town):
    give_password(town)
    sign_in(town, keep="yes")
    town.clock.advance(days=29)
    assert is_in(town)
    town.clock.advance(days=1)
    assert not is_in(town)


def test_that_somebody_is_there_is_written_once_a_minute(town):
    come_in(town)
    for _ in range(3):
        town.get("/account")
    with town.store.read() as tx:
        seen = tx.connection.execute(select(kept_sessions.c.seen_at)).scalar_one()
    assert seen == NOW
    town.clock.advance(seconds=61)
    town.get("/account")
    with town.store.read() as tx:
        assert tx.connection.execute(select(kept_sessions.c.seen_at)).scalar_one() == town.clock.now


def test_signing_out_ends_the_session(town):
    token = come_in(town)
    answer = send(town, "/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert f'{COOKIE}=""' in answer.headers["set-cookie"]
    assert found(town, token) is None
    assert logged(town)[-1] == ("signed_out", P)


def test_sessions_are_listed_and_ended_one_by_one_or_all_the_others(town):
    others = [come_in(town) for _ in range(3)]
    own = come_in(town)
    page = town.get("/account")
    numbers = re.findall(r'name="session" value="(\d+)"', page.text)
    assert len(numbers) == 3
    assert page.text.count("a browser · 192.0.2.7") == 4

    assert send(town, "/account/sessions", session=numbers[0]).status_code == 303
    assert sum(found(town, token) is not None for token in others) == 2
    send(town, "/account/sessions", session="others")
    assert [found(town, token) for token in others] == [None] * 3
    assert found(town, own) is not None
    assert [what for what, _ in logged(town)] == ["session_ended"] * 2


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        ("Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36", "Chrome · Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge · Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox · Linux"),
        ("curl/8.5.0", "curl/8.5.0"),
        ("x" * 200, "x" * 40),
        ("", "–"),
    ],
)
def test_browser_is_called_as_people_call_it(agent, name):
    assert named(agent) == name


def test_session_of_somebody_else_cannot_be_ended(town):
    with town.store.begin() as tx:
        token = sessions.begin(tx, SECTION_HEAD.id, sessions.Client("", ""), NOW)
    other = found(town, token)
    assert other is not None
    come_in(town)
    for given in (str(other.id), "0", "-1", "x", "9" * 30, "๑"):
        send(town, "/account/sessions", session=given)
    assert found(town, token) is not None


# --- the password of one's own -----------------------------------------------------------------------------


def change(town: Town, present: str = PASSWORD, wanted: str = OTHER):
    return send(town, "/account/password", present=present, wanted=wanted)


def test_password_that_was_changed_ends_every_other_session_and_every_copy_of_this_one(town):
    give_password(town)
    elsewhere = come_in(town)
    sign_in(town)
    stolen = town.client.cookies[COOKIE]

    page = change(town)

    assert page.status_code == 200
    assert THAI.say("page.password_changed") in page.text
    assert found(town, elsewhere) is None
    assert found(town, stolen) is None
    assert is_in(town)  # by the new secret
    town.client.cookies.clear()
    assert sign_in(town).status_code == 422
    assert sign_in(town, password=OTHER).status_code == 303
    assert ("password_set", P) in logged(town)


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [
        ("short", "password.short"),
        ("x" * 300, "password.long"),
        ("x" * 100_000, "password.long"),
        ("password1234", "password.common"),
        ("aaaaaaaaaaaaaaa", "password.common"),
        ("thungkhru2564", "password.common"),
        ("my coordinator is here", "password.related"),
        ("ระบบติดตามตัวชี้วัด 2564", "password.related"),
    ],
)
def test_password_that_is_easily_guessed_is_not_taken(town, wanted, kind):
    give_password(town)
    sign_in(town)
    page = change(town, wanted=wanted)
    assert page.status_code == 422
    assert '<a href="#wanted">' in page.text
    assert errors(page) == [THAI.say(kind, least=12, most=256)]
    assert wanted not in page.text.partition("<main")[2]
    town.client.cookies.clear()
    assert sign_in(town).status_code == 303


def test_present_password_is_asked_for_and_its_failures_count(town):
    give_password(town)
    sign_in(town)
    for _ in range(5):
        page = change(town, present="wrong horse battery")
        assert (page.status_code, errors(page)) == (422, [THAI.say("password.wrong")])
    assert change(town).status_code == 429
    assert logged(town)[-2:] == [("failed", P), ("waited", None)]


def test_fields_for_passwords_can_be_filled_by_a_password_manager(town):
    give_password(town)
    sign_in(town)
    page = town.get("/account").text
    for field in ("username", "current-password", "new-password"):
        assert f'autocomplete="{field}"' in page
    assert PASSWORD not in page


def test_weaker_hash_is_renewed_when_the_password_is_given(town):
    give_password(town)
    town.open(replace(town.site, passwords=Counting()))
    hashes = [hash_of(town)]
    sign_in(town)
    hashes.append(hash_of(town))
    from argon2 import PasswordHasher  # noqa: PLC0415 - only here

    from storage.passwords import Passwords  # noqa: PLC0415 - only here

    stronger = Passwords(hasher=PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    town.open(replace(town.site, passwords=stronger))
    sign_in(town)
    hashes.append(hash_of(town))
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[2].startswith("$argon2id$v=19$m=16,t=2,p=1$")
    assert sign_in(town).status_code == 303


def hash_of(town: Town) -> str:
    with town.store.read() as tx:
        query = select(credentials.c.password_hash).where(credentials.c.person_id == P)
        return str(tx.connection.execute(query).scalar_one())


# --- from elsewhere ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "http://radap.example"},
        {"origin": "https://radap.example.evil.example"},
        {"origin": "https://radap.example:8443"},
        {"origin": "null"},
        {"origin": ""},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://radap.example", "sec-fetch-site": "cross-site"},
        {"origin": "null", "sec-fetch-site": "cross-site"},
    ],
    ids=str,
)
def test_form_of_another_site_does_nothing(town, headers):
    give_password(town)
    answer = town.client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD}, headers=headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    come_in(town)
    data = {"token": token_in(town.get("/account")), "session": "others"}
    assert town.client.post("/account/sessions", data=data, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"origin": "https://radap.example"},
        {"origin": "https://radap.example", "sec-fetch-site": "same-origin"},
        {"origin": "null", "sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
    ],
    ids=str,
)
def test_form_of_our_own_is_taken(town, headers):
    give_password(town)
    data = {"email": EMAIL, "password": PASSWORD}
    answer = town.client.post("/sign-in", data=data, headers=headers, follow_redirects=False)
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "given",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "evil.example",
        "///evil.example",
        "http:evil.example",
        " //evil.example",
        "/\x00",
        "\u2215/evil.example",
        "",
    ],
)
def test_nobody_is_led_to_another_site(town, given):
    give_password(town)
    answer = sign_in(town, next=given)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    assert (
        town.client.get("/sign-in", params={"next": given}, follow_redirects=False).headers["location"] == "/"
    )


@pytest.mark.parametrize(
    "given",
    ["/", "/account", "/indicators/2564/5049-2017?lang=en&x=1", "/links/a.b_c-d", "/?next=//evil.example"],
)
def test_who_signs_in_is_led_on_to_our_own_pages(town, given):
    give_password(town)
    assert sign_in(town, next=given).headers["location"] == given


# --- tokens ------------------------------------------------------------------------------------------------


def test_token_is_written_anew_for_every_answer_and_works_all_the_same(town):
    come_in(town)
    tokens = {token_in(town.get("/account")) for _ in range(5)}
    with town.store.read() as tx:
        kept = tx.connection.execute(select(kept_sessions.c.form_token)).scalar_one()
    assert len(tokens) == 5
    assert not any(kept in token for token in tokens)
    for token in tokens:
        data = {"token": token, "session": "others"}
        assert town.client.post("/account/sessions", data=data, follow_redirects=False).status_code == 303


def test_token_of_somebody_else_opens_nothing(town):
    come_in(town, SECTION_HEAD.id)
    foreign = token_in(town.get("/account"))
    town.client.cookies.clear()
    come_in(town)
    with town.store.read() as tx:
        unmasked = tx.connection.execute(select(kept_sessions.c.form_token)).scalars().all()
    for token in (foreign, "", "x", "AAAA", "A" * 88, "é", *unmasked, foreign[:-4]):
        answer = town.client.post("/account/sessions", data={"token": token, "session": "others"})
        assert answer.status_code == 403, token
    assert town.client.post("/account/sessions", data={"session": "others"}).status_code == 403
    assert town.client.post("/account/sessions").status_code == 403


# --- what is written down ----------------------------------------------------------------------------------


def rules_of(town: Town) -> Doors:
    """Doors with a page that one may see, and one on which only an evaluator may do something."""
    doors = Doors(town.site, Pages(town.site))
    app = town.client.app
    for path, rule in (("/x/{year}/{code}", SEEN), ("/y/{year}/{code}", doing_verify())):
        doors.add(app.router, path, lambda: PlainTextResponse("seen"), rule)
    return doors


def doing_verify():
    from engine.permissions import Action  # noqa: PLC0415 - only here

    return doing(Action.VERIFY)


def test_what_is_refused_is_in_the_log_and_what_is_anothers_is_not_there(town):
    rules_of(town)
    come_in(town)
    assert town.get(f"/x/2564/{CODE}").status_code == 200
    assert town.get(f"/y/2564/{CODE}").status_code == 403
    town.client.cookies.clear()
    come_in(town, SAI_MAI_COORDINATOR.id)
    assert town.get(f"/x/2564/{CODE}").status_code == 404
    assert town.get("/x/2564/no-such").status_code == 404  # the same, and no line: there is nothing to see
    town.client.cookies.clear()
    come_in(town, EVALUATOR.id)
    assert town.get(f"/y/2564/{CODE}").status_code == 200
    refused = [(row.what, row.person_id, row.detail) for row in log_rows(town)]
    assert refused == [
        ("refused", P, f"403 verify /y/2564/{CODE}"),
        ("refused", SAI_MAI_COORDINATOR.id, f"404 view /x/2564/{CODE}"),
    ]


@pytest.mark.parametrize(
    "path", ["/x/2564/%00", "/x/2564/%0d%0aSet-Cookie:a", "/x/2564/" + "5" * 5000, "/x/๒๕๖๔/a", "/x/99999/a"]
)
def test_hostile_path_is_a_page_that_is_not_there(town, path):
    rules_of(town)
    come_in(town)
    assert town.get(path).status_code == 404


def test_log_knows_where_from_and_with_what(town):
    give_password(town)
    town.client.headers["user-agent"] = "b\x7frowser " + "x" * 500
    sign_in(town)
    row = log_rows(town)[-1]
    assert (row.address, row.agent[:9], len(row.agent)) == ("testclient", "b\ufffdrowser ", 200)


def test_anonymous_visitor_is_shown_the_way_in_and_back(town):
    answer = town.client.get("/account", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=/account")
    answer = town.client.post("/account/password", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    # Whose session ended over a form is led back to it: there the browser has what was typed.
    for came_from, led_to in (
        ("/account?a=1", "/sign-in?next=/account%3Fa%3D1"),
        ("//evil.example/x", "/sign-in"),
        ("https://evil.example/account", "/sign-in"),
        ("https://evil.example@radap.example//evil.example", "/sign-in"),
    ):
        whole = came_from if "://" in came_from else f"https://{town.site.host}{came_from}"
        headers = {"referer": whole}
        answer = town.client.post("/account/password", headers=headers, follow_redirects=False)
        assert answer.headers["location"] == led_to, came_from
    assert (OPEN.signed_in, SIGNED_IN.signed_in) == (False, True)


def test_same_accounts_serve_the_command_line(town):
    give_password(town)
    assert accounts_of(town).has_password(P)
    assert not accounts_of(town).has_password(SECTION_HEAD.id)

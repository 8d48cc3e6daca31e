"""Signing in at another house: a real provider on loopback signs real tokens, and errs in every way."""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import RSAKey
from sqlalchemy import select

from storage import tables as t
from storage.account_tables import sessions as kept_sessions
from tests.cast import COORDINATOR
from tests.notifications.mailroom import WORDINGS
from tests.web.doorway import (
    EMAIL,
    PASSWORD,
    code_of,
    come_in,
    give_password,
    log_rows,
    logged,
    send,
    set_up_factor,
    sign_in,
)
from tests.web.provider import (
    CLIENT_ID,
    SECRET,
    OpenIdProvider,
    served,
    signed_by,
    signed_with_the_public_key,
    unsigned,
)
from tests.web.test_sign_in import errors, found, is_in
from tests.web.town import NOW, P, Town
from web.site import OpenId

THAI = WORDINGS["th"]
NAME = "บัญชีของเมือง"
DONE = "/sign-in/openid/done"
FLOW = "__Host-radap-openid"


@pytest.fixture
def provider(town: Town) -> Iterator[OpenIdProvider]:
    made = OpenIdProvider(town.clock)
    with served(made):
        open_with(town, made)
        yield made


def open_with(town: Town, provider: OpenIdProvider, **more: object) -> None:
    terms = OpenId(provider.url, CLIENT_ID, SECRET, NAME)
    town.open(replace(town.site, openid=replace(terms, **more)))  # type: ignore[arg-type]  # a test names what differs


def sent_back(address: str) -> str:
    """Where the provider sends a browser that comes to the address."""
    # There is no TLS, and to read all certificates of the machine takes longer than to ask.
    return httpx2.get(address, follow_redirects=False, verify=False).headers["location"]


def go(town: Town, next_path: str = "/account") -> str:
    """Press the button; returns where the provider sends the browser back to."""
    there = town.client.get(f"/sign-in/openid?next={next_path}", follow_redirects=False)
    assert there.status_code == 303, there.text
    back = sent_back(there.headers["location"])
    assert back.startswith(f"https://radap.example{DONE}?")
    return back.removeprefix("https://radap.example")


def come_back(town: Town, path: str) -> httpx2.Response:
    return town.client.get(path, follow_redirects=False)


def told(page: httpx2.Response) -> tuple[int, list[str]]:
    return page.status_code, errors(page)


def refusal(kind: str, **params: str) -> list[str]:
    return [THAI.say(kind, name=NAME, **params)]


# --- the way there and back --------------------------------------------------------------------------------


def test_button_leads_there_and_back_to_the_page_that_was_asked_for(town, provider):
    page = town.get("/sign-in?next=/account%3Flang%3Den")
    assert THAI.say("page.sign_in_elsewhere", name=NAME) in page.text
    (href,) = re.findall(r'href="(/sign-in/openid\?next=[^"]*)"', page.text)
    there = town.client.get(href, follow_redirects=False)
    back = sent_back(there.headers["location"])
    answer = come_back(town, back.removeprefix("https://radap.example"))

    assert (answer.status_code, answer.headers["location"]) == (303, "/account?lang=en")
    assert COORDINATOR.name in town.get("/account").text
    assert logged(town)[-1] == ("signed_in", P)
    assert log_rows(town)[-1].detail == "openid"


def test_request_has_pkce_state_and_nonce_and_no_secret(town, provider):
    asked = []
    for _ in range(2):
        there = town.client.get("/sign-in/openid", follow_redirects=False)
        query = parse_qs(urlsplit(there.headers["location"]).query)
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"] == [f"https://radap.example{DONE}"]
        assert SECRET not in there.headers["location"]
        verifier = town.client.cookies[FLOW].split(".")[2]
        assert verifier not in there.headers["location"]
        asked.append((query["state"][0], query["nonce"][0], query["code_challenge"][0]))
    assert all(one != other for one, other in zip(*asked, strict=True))
    cookie = there.headers["set-cookie"].lower()
    for word in ("httponly", "secure", "samesite=lax", "path=/", "max-age=600"):
        assert word in cookie


def test_password_works_beside_it(town, provider):
    give_password(town)
    assert sign_in(town).status_code == 303


def test_session_from_before_ends(town, provider):
    before = come_in(town)
    come_back(town, go(town))
    assert found(town, before) is None
    assert is_in(town)


def test_code_is_asked_for_here_where_it_was_set_up(town, provider):
    give_password(town)
    set_up_factor(town)
    come_back(town, go(town))
    assert not is_in(town)
    answer = send(town, "/sign-in/code", at="/sign-in/code", code=code_of(town), next="/account")
    assert answer.status_code == 303
    assert is_in(town)


def test_secret_may_be_sent_in_the_form(town, provider):
    provider.metadata = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
    assert come_back(town, go(town)).status_code == 303


def test_address_is_asked_for_where_the_token_does_not_say_it(town, provider):
    provider.claims = {"email": None, "email_verified": None}
    provider.userinfo = {"email": EMAIL, "email_verified": True}
    assert come_back(town, go(town)).status_code == 303
    assert is_in(town)


def test_house_and_its_keys_are_asked_for_once_an_hour(town, provider):
    for _ in range(3):
        come_back(town, go(town))
    assert provider.requests.count("/keys") == 1
    assert provider.requests.count("/.well-known/openid-configuration") == 1
    town.clock.advance(minutes=61)
    come_back(town, go(town))
    assert provider.requests.count("/.well-known/openid-configuration") == 2


def test_new_key_is_found(town, provider):
    come_back(town, go(town))
    new = RSAKey.generate_key(2048, {"kid": "two"})
    provider.published, provider.sign = [new], signed_by(new, "two")
    town.clock.advance(minutes=2)
    assert come_back(town, go(town)).status_code == 303


# --- who comes in ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "email",
    ["nobody@city.example", "operator@localhost", f"{EMAIL}\x00", f"{EMAIL}\r\nBcc: x@y", "%", "x" * 5000],
)
def test_whom_nobody_has_added_does_not_come_in_and_is_not_made(town, provider, email):
    provider.email = email
    page = come_back(town, go(town))
    assert page.status_code == 422
    assert not is_in(town)
    assert logged(town)[-1] == ("failed", None)
    with town.store.read() as tx:
        assert len(tx.connection.execute(select(t.people.c.id)).all()) == 6


def test_whom_nobody_has_added_is_told_whom_to_ask(town, provider):
    provider.email = "nobody@city.example"
    page = come_back(town, go(town))
    assert told(page) == (422, refusal("sign_in.not_added", email="nobody@city.example"))


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": 1},
        {"email_verified": None},
        {"email": None},
        {"email": ""},
        {"email": ["coordinator@thungkhru.example"]},
        {"email": 7},
    ],
    ids=str,
)
def test_address_that_is_not_verified_is_not_taken(town, provider, claims):
    provider.claims = claims
    assert told(come_back(town, go(town))) == (422, refusal("openid.not_verified"))
    assert not is_in(town)


# --- tokens that prove nothing -----------------------------------------------------------------------------

FOREIGN = RSAKey.generate_key(2048, {"kid": "one"})


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": int((NOW - timedelta(minutes=2)).timestamp())},
        {"exp": None},
        {"exp": "never"},
        {"iat": int((NOW + timedelta(minutes=5)).timestamp())},
        {"nbf": int((NOW + timedelta(minutes=5)).timestamp())},
        {"sub": None},
        {"at_hash": "AAAA"},
    ],
    ids=str,
)
def test_token_that_is_for_another_or_for_another_time_is_not_believed(town, provider, claims):
    provider.claims = claims
    assert told(come_back(town, go(town))) == (422, refusal("openid.not_trusted"))
    assert not is_in(town)
    assert log_rows(town)[-1].detail == "openid.not_trusted"


@pytest.mark.parametrize(
    "sign",
    [
        unsigned,
        signed_by(FOREIGN),
        signed_by(FOREIGN, "unknown"),
        lambda _claims: "no.token.atall",
        lambda _claims: "",
        lambda _claims: "x" * 100_000,
    ],
    ids=["none", "foreign key", "unknown key", "garbage", "empty", "long"],
)
def test_token_that_the_house_has_not_signed_is_not_believed(town, provider, sign):
    provider.sign = sign
    assert told(come_back(town, go(town))) == (422, refusal("openid.not_trusted"))
    assert not is_in(town)


def test_token_signed_with_what_everybody_knows_is_not_believed(town, provider):
    provider.sign = signed_with_the_public_key
    assert told(come_back(town, go(town))) == (422, refusal("openid.not_trusted"))


def test_clocks_may_lie_a_minute_apart(town, provider):
    provider.claims = {"iat": int((NOW + timedelta(seconds=50)).timestamp())}
    assert come_back(town, go(town)).status_code == 303


def test_what_is_said_of_another_person_is_not_taken(town, provider):
    provider.claims = {"email": None}
    provider.userinfo = {"sub": "person-8", "email": EMAIL, "email_verified": True}
    assert told(come_back(town, go(town))) == (422, refusal("openid.not_trusted"))


# --- ways back that were not begun here --------------------------------------------------------------------


def test_state_of_another_browser_is_refused(town, provider):
    """A stranger sends their own way back, so that the reader works in the stranger's account."""
    path = go(town)
    town.client.cookies.clear()
    assert told(come_back(town, path)) == (422, [THAI.say("openid.too_late")])
    assert not is_in(town)
    assert provider.requests.count("/token") == 0


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=", "?code=x&state=y", "?state=%00&code=%FF", "?error=x"]
)
def test_way_back_with_another_state_is_refused(town, provider, query):
    go(town)
    assert told(come_back(town, DONE + query)) == (422, [THAI.say("openid.too_late")])
    assert provider.requests.count("/token") == 0


def test_way_back_works_once(town, provider):
    path = go(town)
    kept = town.client.cookies[FLOW]
    assert come_back(town, path).status_code == 303
    assert FLOW not in town.client.cookies
    town.client.cookies.clear()
    assert told(come_back(town, path)) == (422, [THAI.say("openid.too_late")])
    town.client.cookies.set(FLOW, kept, domain="radap.example")
    assert told(come_back(town, path)) == (422, refusal("openid.not_trusted"))  # the code was used


def test_way_back_after_ten_minutes_is_too_late(town, provider):
    path = go(town)
    town.clock.advance(minutes=10)
    assert told(come_back(town, path)) == (422, [THAI.say("openid.too_late")])


def test_verifier_of_another_way_is_refused_by_the_house(town, provider):
    path = go(town)
    parts = town.client.cookies[FLOW].split(".")
    town.client.cookies.clear()
    forged = ".".join([*parts[:2], "A" * 43, *parts[3:]])
    town.client.cookies.set(FLOW, forged, domain="radap.example")
    assert told(come_back(town, path)) == (422, refusal("openid.not_trusted"))


def test_answer_of_another_house_is_refused(town, provider):
    path = re.sub("iss=[^&]*", "iss=https%3A%2F%2Fevil.example", go(town))
    assert told(come_back(town, path)) == (422, refusal("openid.not_trusted"))
    assert provider.requests.count("/token") == 0


@pytest.mark.parametrize(
    "kept", ["", "x", "a.b.c.d.e", "a.b.c.9.%", "....", "a.b.c." + "9" * 50 + ".e", "x" * 4000]
)
def test_hostile_cookie_is_no_way(town, provider, kept):
    town.client.headers["cookie"] = f"{FLOW}={kept}"
    assert told(come_back(town, f"{DONE}?code=x&state=a")) == (422, [THAI.say("openid.too_late")])


@pytest.mark.parametrize("next_path", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_nobody_is_led_to_another_site(town, provider, next_path):
    answer = come_back(town, go(town, next_path))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_who_says_no_there_is_told_so(town, provider):
    provider.error = "access_denied"
    assert told(come_back(town, go(town))) == (422, refusal("openid.declined"))


def test_many_failures_make_an_address_wait(town, provider):
    for _ in range(50):
        assert come_back(town, f"{DONE}?code=x&state=y").status_code == 422
    assert come_back(town, go(town)).status_code == 429
    assert not is_in(town)


# --- a house that is not there, or says something else ----------------------------------------------------


@pytest.mark.parametrize(
    ("path", "answer", "kind"),
    [
        ("/.well-known/openid-configuration", (404, b"{}"), "openid.not_trusted"),
        ("/.well-known/openid-configuration", (500, b"{}"), "openid.unreachable"),
        ("/.well-known/openid-configuration", (200, b"<html>"), "openid.not_trusted"),
        ("/.well-known/openid-configuration", (200, b"[]"), "openid.not_trusted"),
        ("/.well-known/openid-configuration", (200, b"[" * 100_000), "openid.not_trusted"),
        ("/.well-known/openid-configuration", (200, b" " * 2_000_000), "openid.not_trusted"),
        ("/.well-known/openid-configuration", (302, b"http://127.0.0.1:9/"), "openid.not_trusted"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_house_that_does_not_describe_itself_is_a_sentence(town, provider, path, answer, kind):
    provider.answers = {path: answer}
    page = town.client.get("/sign-in/openid", follow_redirects=False)
    assert told(page) == (422, refusal(kind))


@pytest.mark.parametrize(
    ("path", "answer", "kind"),
    [
        ("/token", (500, b"{}"), "openid.unreachable"),
        ("/token", (401, b"{}"), "openid.not_trusted"),
        ("/token", (200, b"{}"), "openid.not_trusted"),
        ("/token", (200, b'{"id_token": 7}'), "openid.not_trusted"),
        ("/keys", (200, b"{}"), "openid.not_trusted"),
        ("/keys", (200, b'{"keys": []}'), "openid.not_trusted"),
        ("/keys", (200, b'{"keys": [{"kty": "RSA"}]}'), "openid.not_trusted"),
        ("/keys", (503, b"{}"), "openid.unreachable"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_house_that_breaks_down_on_the_way_is_a_sentence(town, provider, path, answer, kind):
    provider.answers = {path: answer}
    assert told(come_back(town, go(town))) == (422, refusal(kind))
    assert not is_in(town)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://evil.example"},
        {"authorization_endpoint": "http://evil.example/authorize"},
        {"authorization_endpoint": "javascript:alert(1)"},
        {"authorization_endpoint": None},
        {"authorization_endpoint": 7},
    ],
    ids=str,
)
def test_house_that_leads_elsewhere_is_not_followed(town, provider, metadata):
    provider.metadata = metadata
    page = town.client.get("/sign-in/openid", follow_redirects=False)
    assert told(page) == (422, refusal("openid.not_trusted"))


@pytest.mark.parametrize("endpoint", ["token_endpoint", "jwks_uri"])
def test_secrets_and_keys_go_by_tls_only(town, provider, endpoint):
    provider.metadata = {endpoint: "http://evil.example/"}
    assert told(come_back(town, go(town))) == (422, refusal("openid.not_trusted"))


def test_house_that_is_not_there_is_a_sentence(town, provider):
    open_with(town, provider, issuer="http://127.0.0.1:9")
    page = town.client.get("/sign-in/openid", follow_redirects=False)
    assert told(page) == (422, refusal("openid.unreachable"))


# --- only there --------------------------------------------------------------------------------------------


def test_house_may_take_no_passwords_at_all(town, provider):
    give_password(town)
    open_with(town, provider, only=True)
    page = town.get("/sign-in")
    assert "password" not in page.text.partition("<main")[2]
    assert sign_in(town, EMAIL, PASSWORD).status_code == 405
    assert town.get("/forgotten").status_code == 404
    assert town.get("/password/x").status_code == 404
    assert come_back(town, go(town)).status_code == 303
    assert "password" not in town.get("/account").text.partition("<main")[2]
    provider.error = "access_denied"
    assert THAI.say("openid.declined", name=NAME) in come_back(town, go(town)).text


def test_house_without_another_has_no_such_pages(town):
    assert town.get("/sign-in/openid").status_code == 404
    assert town.get(DONE).status_code == 404
    assert "/sign-in/openid" not in town.get("/sign-in").text


def test_nothing_secret_is_kept_of_it(town, provider):
    path = go(town)
    come_back(town, path)
    code = parse_qs(urlsplit(path).query)["code"][0]
    with town.store.read() as tx:
        rows = repr(tx.connection.execute(select(kept_sessions)).all()) + repr(log_rows(town))
    assert code not in rows


def test_extra_is_not_needed_by_who_does_not_use_it():
    """Everything imports without it: what needs it asks for it when it is used."""
    script = (
        "import sys\n"
        "class Absent:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name.partition('.')[0] in ('authlib', 'joserfc'):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Absent())\n"
        "import cli.commands, cli.serve, web.app, web.openid, web.openid_provider, storage.accounts\n"
        "from cli.sign_in_settings import OidcSection, SignInSection\n"
        "from cli.site import openid_of\n"
        "assert openid_of(SignInSection()) is None\n"
        "print('there')\n"
        "house = OidcSection(issuer='https://id.example', client_id='radap', name='City')\n"
        "try:\n"
        "    openid_of(SignInSection(oidc=house))\n"
        "except Exception as refused:\n"
        "    print(refused.conditions[0].kind)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("there\nopenid.not_installed\n", 0), done.stderr

"""By which name we are asked for, who is behind a proxy, and what browsers are told about TLS."""

from dataclasses import replace

import pytest
from starlette.testclient import TestClient

from tests.cast import COORDINATOR, EVALUATOR
from tests.notifications.mailroom import WORDINGS
from tests.web.doorway import log_rows
from web.app import create_app
from web.hosts import is_loopback

THAI = WORDINGS["th"]
LOOPBACK = "http://127.0.0.1:8000"


def asked(town, host: str, base_url: str = "https://radap.example", served_at: str = "") -> int:
    """The answer to a request by that name, of a house that people reach at that address."""
    town.open(replace(town.site, base_url=base_url))
    client = TestClient(create_app(town.site), served_at or base_url)
    return int(client.get("/sign-in", headers={"host": host}).status_code)


@pytest.mark.parametrize("host", ["radap.example", "RADAP.example", "radap.example:443"])
def test_own_name_is_answered(town, host):
    assert asked(town, host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "radap.example.evil.example",
        "radap.example:8443",
        "radap.example:80",
        "radap.example@evil.example",
        "evil.example/radap.example",
        "evil.example#radap.example",
        "radap.example evil.example",
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::1",
        "radap.example:x",
        "radap.example:99999",
        "",
    ],
)
def test_forged_name_is_refused(town, host):
    assert asked(town, host) == 400


def test_refusal_is_a_sentence_with_closed_doors(town):
    page = town.client.get("/sign-in", headers={"host": "evil.example"})
    assert THAI.say("page.not_ours") in page.text
    assert "evil.example" not in page.text
    assert page.headers["x-frame-options"] == "DENY"
    page = town.client.post("/sign-in", headers={"host": "evil.example", "accept-language": "en"})
    assert (page.status_code, '<html lang="en"' in page.text) == (400, True)


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8000", "localhost:8000", "127.0.0.1:9", "[::1]:8000", "localhost"]
)
def test_on_the_machine_itself_every_name_of_it_is_answered(town, host):
    assert asked(town, host, "https://radap.example", LOOPBACK) == 200
    assert asked(town, host, "https://radap.example", "http://10.0.0.5:8000") == 400


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "2130706433"]
)
def test_on_the_machine_itself_a_foreign_name_is_refused(town, host):
    """A page of a stranger whose name was bound to our address (DNS rebinding)."""
    assert asked(town, host, LOOPBACK, LOOPBACK) == 400


@pytest.mark.parametrize(
    ("name", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("10.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("0.0.0.0", False),
        ("localhost.example", False),
        ("testclient", False),
        ("", False),
    ],
)
def test_loopback_is_known(name, loopback):
    assert is_loopback(name) is loopback


def test_browsers_are_told_to_come_by_tls_only_where_we_have_it(town):
    assert town.get("/sign-in").headers["strict-transport-security"] == "max-age=31536000"
    town.open(replace(town.site, base_url="http://localhost:8000"))
    assert "strict-transport-security" not in town.get("/sign-in").headers


# --- the demo ----------------------------------------------------------------------------------------------

PEOPLE = ((COORDINATOR.id, "ผู้ประสานงาน"), (EVALUATOR.id, "ผู้ประเมิน"))


def demo(town, client: tuple[str, int] = ("127.0.0.1", 50000), people=PEOPLE) -> TestClient:
    town.open(replace(town.site, base_url=LOOPBACK, demo_people=people))
    return TestClient(create_app(town.site), LOOPBACK, client=client)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "::ffff:127.0.0.1"])
def test_demo_lets_its_own_machine_in_without_a_password(town, address):
    client = demo(town, (address, 50000))
    page = client.get("/sign-in?next=/account")
    assert [page.text.index(name) for _, name in PEOPLE] == sorted(
        page.text.index(name) for _, name in PEOPLE
    )
    data = {"person": str(COORDINATOR.id), "next": "/account"}
    assert client.post("/sign-in/demo", data=data).status_code == 200
    assert COORDINATOR.name in client.get("/account").text


@pytest.mark.parametrize(
    ("address", "headers"),
    [
        ("10.0.0.5", {}),
        ("192.0.2.7", {"x-forwarded-for": "127.0.0.1"}),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}),
        ("127.0.0.1", {"forwarded": "for=192.0.2.7"}),
        ("127.0.0.1", {"via": "1.1 tunnel"}),
        ("testclient", {}),
        ("", {}),
    ],
)
def test_demo_shows_nothing_to_who_comes_from_elsewhere(town, address, headers):
    client = demo(town, (address, 50000))
    page = client.get("/sign-in", headers=headers)
    assert page.status_code == 200
    assert PEOPLE[0][1] not in page.text
    answer = client.post("/sign-in/demo", data={"person": str(COORDINATOR.id)}, headers=headers)
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)


def test_house_that_is_no_demo_shows_and_takes_nobody(town):
    client = demo(town, people=())
    assert "/sign-in/demo" not in client.get("/sign-in").text
    answer = client.post("/sign-in/demo", data={"person": str(COORDINATOR.id)})
    assert (answer.status_code, "set-cookie" in answer.headers) == (404, False)


@pytest.mark.parametrize("person", ["1", "4", "0", "", "x", "2 OR 1=1", "๒"])
def test_demo_takes_nobody_whom_it_does_not_show(town, person):
    assert demo(town).post("/sign-in/demo", data={"person": person}).status_code == 404


def test_form_of_another_site_does_not_sign_in_to_the_demo(town):
    data, headers = {"person": str(COORDINATOR.id)}, {"origin": "https://evil.example"}
    assert demo(town).post("/sign-in/demo", data=data, headers=headers).status_code == 403


# --- where from --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "line"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:aaaa::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:bbbb::2", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("a name\x00", "a name\ufffd"),
        ("x" * 100, "x" * 64),
    ],
)
def test_address_counts_by_its_line(town, address, line):
    client = TestClient(town.client.app, town.site.base_url, client=(address, 1))
    client.post("/sign-in", data={"email": "nobody@x.example", "password": "x"})
    assert log_rows(town)[-1].address == line

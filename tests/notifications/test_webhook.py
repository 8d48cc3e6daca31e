"""The webhook: signed, to the address that was looked at, and never into the house unless allowed."""

import hashlib
import hmac
import ipaddress
import socket
import time
from contextlib import closing
from datetime import UTC, datetime

import pytest

from engine.errors import Refusal
from notifications.channels import Answer, Letter, Outcome
from notifications.posting import EVERYWHERE, Wires, is_public
from notifications.timed_socket import Address, resolve
from notifications.webhook import Webhook
from tests.notifications.http_servers import HttpServer
from tests.office import system_trust

NOW = datetime(2021, 7, 15, 2, tzinfo=UTC)
BODY = '{"code":"5049-2017","what":"ส่งกลับแก้ไข"}'.encode()
LETTER = Letter("", BODY, "<1@strategy.example>")
SECRET = "หนึ่งสอง"
LATER, SENT, MISCONFIGURED = Outcome.LATER, Outcome.SENT, Outcome.MISCONFIGURED


def wires(context=None, looked_up=resolve, seconds=20.0):
    return Wires(looked_up, time.monotonic, lambda: NOW, context or system_trust(), seconds)


def hook(server, path="/radap?x=1", **more):
    url = f"http://127.0.0.1:{server.port}{path}"
    return Webhook(url, SECRET, wires(**more), reach=EVERYWHERE, plain_allowed=True)


def always(*hosts):
    """A look-up that knows these addresses only, and counts how often it was asked."""
    asked = []

    def look_up(host, port):
        asked.append(host)
        return [Address(socket.AF_INET6 if ":" in one else socket.AF_INET, (one, port)) for one in hosts]

    return look_up, asked


# --- what is sent --------------------------------------------------------------------------------------


def test_body_arrives_signed():
    with HttpServer() as server:
        assert hook(server).send(LETTER) == Answer(SENT, "HTTP 200 OK")
        (one,) = server.received
    at, proof = (part.partition("=")[2] for part in one.headers["Radap-Signature"].split(","))
    assert (one.path, one.body) == ("/radap?x=1", BODY)
    assert one.headers["Content-Type"] == "application/json; charset=utf-8"
    assert one.headers["Host"] == f"127.0.0.1:{server.port}"
    assert int(at) == NOW.timestamp()
    assert proof == hmac.new(SECRET.encode(), f"{at}.".encode() + BODY, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("status", "headers", "expected", "wait"),
    [
        (200, {}, SENT, None),
        (204, {}, SENT, None),
        (301, {"Location": "/"}, MISCONFIGURED, None),
        (307, {"Location": "http://127.0.0.1:1/"}, MISCONFIGURED, None),
        (400, {}, Outcome.REFUSED, None),
        (401, {}, Outcome.REFUSED, None),
        (404, {"Retry-After": "5"}, Outcome.REFUSED, 5.0),
        (410, {}, Outcome.REFUSED, None),
        (429, {"Retry-After": "120"}, LATER, 120.0),
        (429, {"Retry-After": "Thu, 15 Jul 2021 02:10:00 GMT"}, LATER, 600.0),
        (429, {"Retry-After": "Thu, 15 Jul 2021 01:00:00 GMT"}, LATER, 0.0),
        (429, {"Retry-After": "999999999999999999"}, LATER, 86_400.0),
        (429, {"Retry-After": "-5"}, LATER, None),
        (429, {"Retry-After": "soon"}, LATER, None),
        (500, {}, LATER, None),
        (503, {"Retry-After": "30"}, LATER, 30.0),
    ],
)
def test_status_decides(status, headers, expected, wait):
    with HttpServer(status, headers) as server:
        answer = hook(server).send(LETTER)
        assert (answer.outcome, answer.retry_after) == (expected, wait)
        assert answer.said.startswith(f"HTTP {status} ")
        assert len(server.received) == 1


def test_what_a_server_inside_the_house_says_is_not_shown():
    with HttpServer(500, body=b"the secret of the house") as server:
        assert hook(server).send(LETTER).said == "HTTP 500 Internal Server Error"


# --- where it goes -------------------------------------------------------------------------------------


def test_https_asks_for_the_name_at_the_address_that_was_looked_at(server_context, trusting):
    look_up, asked = always("127.0.0.1")
    with HttpServer(tls=server_context) as server:
        url = f"https://hook.example.test:{server.port}/radap"
        channel = Webhook(url, SECRET, wires(trusting, look_up), reach=EVERYWHERE, plain_allowed=True)
        assert channel.send(LETTER).outcome is SENT
        assert server.received[0].headers["Host"] == f"hook.example.test:{server.port}"
        assert server.names == ["hook.example.test"]
        assert asked == ["hook.example.test"]


def test_https_of_another_name_gets_nothing(server_context, trusting):
    look_up, _ = always("127.0.0.1")
    with HttpServer(tls=server_context) as server:
        url = f"https://other.example.test:{server.port}/radap"
        answer = Webhook(url, SECRET, wires(trusting, look_up), reach=EVERYWHERE, plain_allowed=True).send(
            LETTER
        )
        assert (answer.outcome, answer.said.split(":")[0]) == (MISCONFIGURED, "channel.not_trusted")
        assert server.received == []


INSIDE = [
    "127.0.0.1",
    "127.8.8.8",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "0.0.0.0",
    "100.64.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "198.18.0.1",
    "192.0.2.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "fd12::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "64:ff9b::7f00:1",
    "2001:0:7f00:1::",
]
OUTSIDE = ["8.8.8.8", "203.150.1.1", "2404:6800:4001::1", "::ffff:8.8.8.8", "2002:808:808::1"]


@pytest.mark.parametrize("host", INSIDE)
def test_address_inside_is_not_public(host):
    assert not is_public(Address(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, 443)))


@pytest.mark.parametrize("host", OUTSIDE)
def test_address_outside_is_public(host):
    assert is_public(Address(socket.AF_INET6 if ":" in host else socket.AF_INET, (host, 443)))


@pytest.mark.parametrize("hosts", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"]])
def test_name_that_leads_inside_is_not_called(server_context, trusting, hosts):
    """A server does listen there; that it is not called is our doing."""
    look_up, _ = always(*hosts)
    with HttpServer(tls=server_context) as server:
        url = f"https://hook.example.test:{server.port}/"
        answer = Webhook(url, SECRET, wires(trusting, look_up)).send(LETTER)
        inside = next(one for one in hosts if not ipaddress.ip_address(one).is_global)
        assert answer == Answer(MISCONFIGURED, f"channel.private_address: {inside}")
        assert server.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "0"])
def test_address_of_the_machine_itself_however_written_is_not_called(host):
    answer = Webhook(f"https://{host}/", SECRET, wires()).send(LETTER)
    assert answer.outcome is MISCONFIGURED
    assert answer.said.startswith("channel.private_address: ")


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("http://hook.example.go.th/", "url.not_https"),
        ("ftp://hook.example.go.th/", "url.unfit"),
        ("file:" + "//hook/etc/passwd", "url.unfit"),
        ("https:///radap", "url.unfit"),
        ("https://user:word@hook.example.go.th/", "url.unfit"),
        ("https://hook.example.go.th:x/", "url.unfit"),
        ("https://hook.example.go.th:99999/", "url.unfit"),
        ("https://hook.example.go.th/\r\nX: y", "url.unfit"),
        ("https://hook.example.go.th/ HTTP/1.1", "url.unfit"),
        ("https://ทุ่งครุ.ไทย/", "url.unfit"),
        ("https://[::1/", "url.unfit"),
        ("hook.example.go.th", "url.unfit"),
        ("", "url.unfit"),
    ],
)
def test_url_that_is_none_is_refused_before_anything_is_sent(url, kind):
    with pytest.raises(Refusal) as refused:
        Webhook(url, SECRET, wires())
    assert [one.kind for one in refused.value.conditions] == [kind]


def test_webhook_without_a_secret_is_refused():
    with pytest.raises(Refusal, match=r"url\.no_secret"):
        Webhook("https://hook.example.go.th/", "", wires())


# --- what goes wrong -----------------------------------------------------------------------------------


def test_server_that_is_down_is_tried_later():
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/"
        answer = Webhook(url, SECRET, wires(), reach=EVERYWHERE, plain_allowed=True).send(LETTER)
    assert answer == Answer(LATER, "channel.unreachable: Connection refused")


def test_name_that_nobody_knows_is_tried_later():
    answer = Webhook("https://hook.invalid/", SECRET, wires()).send(LETTER)
    assert (answer.outcome, answer.said.split(":")[0]) == (LATER, "channel.unreachable")


@pytest.mark.parametrize(
    "raw",
    [b"", b"HTTP/1.1", b"HTTP/1.1 2", b"HTTP/1.1 200", b"nonsense\r\n\r\n", b"HTTP/1.1 200 " + b"x" * 70_000],
)
def test_reply_that_is_lost_is_uncertain(raw):
    with HttpServer(raw=raw) as server:
        assert hook(server).send(LETTER) == Answer(Outcome.UNCERTAIN, "channel.reply_lost")
        assert len(server.received) == 1


def test_status_counts_though_the_body_never_ends():
    with HttpServer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + b"x" * 100) as server:
        assert hook(server).send(LETTER).outcome is SENT


def test_reply_that_trickles_is_given_up():
    with HttpServer(raw=b"HTTP/1.1 200 OK\r\nX: " + b"x" * 200 + b"\r\n\r\n", trickle=True) as server:
        answer = hook(server, seconds=0.5).send(LETTER)
        assert answer == Answer(Outcome.UNCERTAIN, "channel.reply_lost")


def test_headers_without_end_are_given_up():
    with HttpServer(raw=b"HTTP/1.1 100 Continue\r\n\r\n" * 12_000) as server:
        assert hook(server).send(LETTER).outcome is Outcome.UNCERTAIN


def test_server_that_does_not_take_the_body_surely_has_not_got_it():
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        big = Letter("", b"x" * 30_000_000, "<1@x>")
        answer = Webhook(url, SECRET, wires(seconds=0.5), reach=EVERYWHERE, plain_allowed=True).send(big)
    assert answer == Answer(LATER, "channel.too_slow")

"""LINE against a real server of this machine: a repeat is known by its key, errors say what LINE said."""

import json
import ssl
import time
import uuid
from datetime import UTC, datetime

import pytest

from engine.errors import Refusal
from notifications.channels import Answer, Letter, Outcome
from notifications.line import MAX_TEXT, Line, retry_key, shortened
from notifications.posting import Wires
from notifications.timed_socket import resolve
from tests.notifications.http_servers import HttpServer

USER = "U4af4980629"
LETTER = Letter(USER, "ครบกำหนด 15 ต.ค. 2564 🎉".encode(), "<1@strategy.example>")
WIRES = Wires(
    resolve, time.monotonic, lambda: datetime(2021, 7, 15, tzinfo=UTC), ssl.create_default_context(), 20.0
)


def line(server):
    return Line(f"http://127.0.0.1:{server.port}", "token", WIRES)


def test_text_is_pushed_with_token_and_key():
    with HttpServer() as server:
        assert line(server).send(LETTER) == Answer(Outcome.SENT, "HTTP 200 OK")
        (one,) = server.received
    assert one.path == "/v2/bot/message/push"
    assert one.headers["Authorization"] == "Bearer token"
    assert one.headers["Content-Type"] == "application/json"
    assert uuid.UUID(one.headers["X-Line-Retry-Key"]) == retry_key(LETTER.ref)
    assert json.loads(one.body) == {
        "to": USER,
        "messages": [{"type": "text", "text": "ครบกำหนด 15 ต.ค. 2564 🎉"}],
    }


def test_repeat_has_the_same_key_and_another_letter_has_not():
    with HttpServer() as server:
        for letter in (LETTER, LETTER, Letter(USER, LETTER.content, "<2@strategy.example>")):
            line(server).send(letter)
        keys = [one.headers["X-Line-Retry-Key"] for one in server.received]
    assert [keys.index(key) for key in keys] == [0, 0, 2]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (409, Outcome.SENT),
        (400, Outcome.REFUSED),
        (401, Outcome.MISCONFIGURED),
        (403, Outcome.MISCONFIGURED),
        (404, Outcome.REFUSED),
        (429, Outcome.LATER),
        (500, Outcome.LATER),
        (503, Outcome.LATER),
    ],
)
def test_status_decides(status, expected):
    with HttpServer(status, body=b'{"message": "what LINE\\nsays"}') as server:
        assert line(server).send(LETTER) == Answer(expected, f"HTTP {status} what LINE says")


def test_retry_after_is_kept():
    with HttpServer(429, {"Retry-After": "7"}, body=b"[]") as server:
        assert line(server).send(LETTER) == Answer(Outcome.LATER, "HTTP 429 Too Many Requests", 7.0)


def test_reply_that_is_lost_is_asked_for_again():
    """The key makes the repeat safe: LINE answers 409 if it had accepted the first."""
    with HttpServer(raw=b"HTTP/1.1 2") as server:
        assert line(server).send(LETTER) == Answer(Outcome.LATER, "channel.reply_lost")
        server.raw, server.status = None, 409
        assert line(server).send(LETTER).outcome is Outcome.SENT


def units(text):
    return len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize("text", ["x", "x" * MAX_TEXT, "🎉" * (MAX_TEXT // 2)])
def test_text_that_fits_is_kept(text):
    assert shortened(text) == text


def test_text_that_is_too_long_ends_with_an_ellipsis():
    lines = [f"{number}. ครบกำหนด" for number in range(1000)]
    kept = shortened("\n".join(lines)).split("\n")
    assert kept[-1] == "…"
    assert kept[:-1] == lines[: len(kept) - 1]
    assert MAX_TEXT - 20 < units("\n".join(kept)) <= MAX_TEXT


def test_text_without_lines_is_cut_between_characters():
    assert units(shortened("x" + "🎉" * MAX_TEXT)) in (MAX_TEXT, MAX_TEXT - 1)
    assert shortened("x" + "🎉" * MAX_TEXT).endswith("🎉\n…")


@pytest.mark.parametrize(
    ("url", "token", "kind"),
    [
        ("http://api.line.example", "token", "url.not_https"),
        ("http://127.0.0.1.evil.example", "token", "url.not_https"),
        ("http://localhost.evil.example:80", "token", "url.not_https"),
        ("https://api.line.me", "", "url.no_secret"),
        ("https://api.line.me", "token\r\nX-Evil: 1", "url.no_secret"),
        ("https://api.line.me", "โทเคน", "url.no_secret"),
    ],
)
def test_settings_that_would_give_the_token_away_are_refused(url, token, kind):
    with pytest.raises(Refusal) as refused:
        Line(url, token, WIRES)
    assert [one.kind for one in refused.value.conditions] == [kind]

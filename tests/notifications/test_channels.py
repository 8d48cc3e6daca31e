"""Every answer can be told to a person, in both languages; settings make the channels that they name."""

import io
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from cli import bootstrap
from cli.channels import line_of, mailer_of, pace_of, webhook_of
from cli.mail_settings import LineSection, MailSection, WebhookSection
from notifications.channels import Letter, Outcome, one_line, ours, told
from notifications.mailers import ConsoleMailer, FileMailer, SmtpMailer

ROOT = Path(__file__).parents[2]
THAI, ENGLISH = (bootstrap.wording(language, ZoneInfo("Asia/Bangkok")) for language in ("th", "en"))
KINDS = sorted(
    {
        kind
        for file in (ROOT / "notifications").glob("*.py")
        for kind in re.findall(r'"(channel\.[a-z0-9_]+)"', file.read_text(encoding="utf-8"))
    }
)


def now():
    return datetime(2021, 7, 15, tzinfo=UTC)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("detail", ["", "Connection refused"])
def test_our_own_answer_is_a_sentence(kind, detail):
    said = ours(Outcome.LATER, kind, detail).said
    for wording in (THAI, ENGLISH):
        sentence = told(said, wording)
        assert sentence != said
        assert not set("[]{}–") & set(sentence)
    assert re.search("[ก-๙]", told(said, THAI))


def test_what_a_server_said_is_told_as_it_is():
    assert told("550 5.1.1 no such user", THAI) == "550 5.1.1 no such user"
    assert told("channel.unheard_of: x", THAI) == "channel.unheard_of: x"


def test_address_that_was_refused_is_told_without_its_lost_particulars():
    assert told("address.two: x@y,z@y", ENGLISH) == (
        "“x@y,z@y” is more than one address: write a single one, like coordinator@example.go.th."
    )
    assert told("address.strange: x y@z", ENGLISH) == (
        "“x y@z” has a mark that an address cannot have; "
        "write the address alone, like coordinator@example.go.th."
    )


@pytest.mark.parametrize("outcome", Outcome)
def test_outcome_has_its_word(outcome):
    assert THAI.word("outcome", outcome) != outcome
    assert ENGLISH.word("outcome", outcome)


def test_line_has_at_most_500_characters_and_no_break():
    assert one_line(b"a\r\n b\xff\0c") == "a b\ufffd c"
    assert len(one_line("ก" * 100_000)) == 500


# --- settings ------------------------------------------------------------------------------------------


def test_mailer_is_what_the_settings_say(tmp_path):
    stream = io.StringIO()
    assert isinstance(mailer_of(MailSection(mailer="console"), stream), ConsoleMailer)
    assert isinstance(mailer_of(MailSection(mailer="smtp"), stream), SmtpMailer)
    filed = mailer_of(MailSection(mailer="file", folder=tmp_path), stream)
    assert isinstance(filed, FileMailer)
    filed.send(Letter("x@y.example", b"Subject: x\r\n\r\n", "<1@x>"))
    assert len(list(tmp_path.iterdir())) == 1
    assert stream.getvalue() == ""


def test_channels_that_are_not_wanted_are_none():
    assert webhook_of(WebhookSection(), now) is None
    assert line_of(LineSection(), now) is None


def test_channels_that_are_wanted_are_there():
    assert webhook_of(WebhookSection(url="https://hook.example.go.th/", secret="s"), now) is not None
    assert line_of(LineSection(channel_token="t"), now) is not None


def test_pace_is_what_the_settings_say():
    pace = pace_of(MailSection(per_minute=1, per_domain_per_minute=0))
    assert [pace.wait("x.example", 0.0), pace.wait("y.example", 0.0)] == [0.0, 60.0]


@pytest.mark.parametrize(
    ("section", "given", "key", "kind"),
    [
        (MailSection, {"mailer": "pigeon"}, "mailer", "literal_error"),
        (MailSection, {"port": 70_000}, "port", "less_than_equal"),
        (MailSection, {"security": "ssl"}, "security", "literal_error"),
        (MailSection, {"sender": "radap"}, "sender", "person_no_address"),
        (MailSection, {"sender": "a@b.example\r\nBcc: c@d.example"}, "sender", "address_line_break"),
        (MailSection, {"sender_name": "a\u202eb"}, "sender_name", "address_name_bidi_mark"),
        (MailSection, {"timeout_seconds": 0}, "timeout_seconds", "greater_than"),
        (MailSection, {"per_minute": -1}, "per_minute", "greater_than_equal"),
        (MailSection, {"pasword": "x"}, "pasword", "extra_forbidden"),
        (WebhookSection, {"url": "hook"}, "url", "url_unfit"),
        (WebhookSection, {"url": "https://x.example/"}, "secret", "url_no_secret"),
        (WebhookSection, {"url": "http://x.example/", "secret": "s"}, "allow_private", "url_not_https"),
        (LineSection, {"base_url": "api.line.me"}, "base_url", "url_unfit"),
    ],
)
def test_setting_that_does_not_fit_is_named(section, given, key, kind):
    with pytest.raises(ValidationError) as refused:
        section(**given)
    assert [(error["loc"], error["type"]) for error in refused.value.errors()] == [((key,), kind)]


def test_secrets_are_not_shown():
    shown = [
        repr(MailSection(password="word-1")),
        repr(WebhookSection(url="https://x.example/", secret="word-2")),
        repr(LineSection(channel_token="word-3")),
    ]
    assert "word-" not in "".join(shown)


def test_sections_that_the_shipped_file_has_say_the_defaults():
    written = tomllib.loads((ROOT / "config.toml").read_text(encoding="utf-8"))
    for name, section in (("mail", MailSection), ("webhook", WebhookSection), ("line", LineSection)):
        assert section(**written.get(name, {})) == section()

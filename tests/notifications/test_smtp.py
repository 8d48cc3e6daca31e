"""SMTP against real servers: each fault has its outcome, and nothing is sent twice or in the clear."""

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from email.message import EmailMessage
from email.policy import SMTP as CRLF
from email.policy import SMTPUTF8

import pytest

from notifications.addresses import mailbox_of
from notifications.channels import Answer, Letter, Outcome
from notifications.mailers import SmtpMailer
from notifications.smtp import Server, Stage, outcome_of
from tests.notifications.smtp_servers import CUT, SLOWLY, MailServer, ScriptedServer

COORDINATOR = "coordinator@thungkhru.example"
SENDER = "radap@strategy.example"
LATER, REFUSED, BOUNCED = Outcome.LATER, Outcome.REFUSED, Outcome.BOUNCED
SENT, UNCERTAIN, MISCONFIGURED = Outcome.SENT, Outcome.UNCERTAIN, Outcome.MISCONFIGURED


def message(number: int = 1, body: str = "ครบกำหนดส่งรายงาน") -> Letter:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, COORDINATOR, "แจ้งเตือน"
    mail["Message-ID"] = f"<{number}@strategy.example>"
    mail.set_content(body, cte="base64")
    return Letter(COORDINATOR, mail.as_bytes(policy=CRLF), str(mail["Message-ID"]))


MakeMailer = Callable[..., SmtpMailer]


@pytest.fixture
def mailer(trusting: ssl.SSLContext) -> Iterator[MakeMailer]:
    """Makes mailers to a port of this machine and closes them in the end."""
    made: list[SmtpMailer] = []

    def make(port: int, **options: object) -> SmtpMailer:
        settings = {
            "host": "localhost" if "security" in options else "127.0.0.1",
            "security": "none",
            "sender": mailbox_of(SENDER),
            "context": trusting,
            "timeout_seconds": 20.0,
            **options,
        }
        made.append(SmtpMailer(Server(port=port, **settings), time.monotonic))  # type: ignore[arg-type]  # checked by running
        return made[-1]

    yield make
    for one in made:
        one.close()


# --- a good server -------------------------------------------------------------------------------------


def test_letter_arrives_as_it_was_written(mailer):
    letter = message()
    with MailServer() as server:
        answer = mailer(server.port).send(letter)
        (envelope,) = server.received
        assert answer == Answer(SENT, "250 2.0.0 kept")
        assert (envelope.mail_from, envelope.rcpt_tos) == (SENDER, [COORDINATOR])
        assert server.contents == [letter.content]
        assert server.greeted == ["strategy.example"]


def test_hundred_letters_go_over_one_connection(mailer):
    letters = [message(number) for number in range(100)]
    with MailServer() as server:
        kept = mailer(server.port)
        assert {kept.send(letter).outcome for letter in letters} == {SENT}
        assert server.contents == [letter.content for letter in letters]
        assert server.connections == 1


def test_connection_is_made_anew_after_so_many_letters(mailer):
    with MailServer() as server:
        kept = mailer(server.port, letters_per_connection=3)
        assert [kept.send(message(number)).outcome for number in range(7)] == [SENT] * 7
        assert server.connections == 3


def test_mailer_can_be_used_after_it_was_closed(mailer):
    with MailServer() as server:
        kept = mailer(server.port)
        for number in (1, 2):
            assert kept.send(message(number)).outcome is SENT
            kept.close()
        assert server.connections == 2


@pytest.mark.parametrize(
    ("content", "arrives"),
    [
        (b"Subject: a\r\n\r\n.\r\n..b\r\n", b"Subject: a\r\n\r\n.\r\n..b\r\n"),
        (b".a: b\r\n\r\nno end", b".a: b\r\n\r\nno end\r\n"),
        (b"Subject: a\n\n\n.\nMAIL FROM:<x@y>\n", b"Subject: a\r\n\r\n\r\n.\r\nMAIL FROM:<x@y>\r\n"),
        (b"Subject: a\r\n\r\nx\n.\r\nMAIL\r", b"Subject: a\r\n\r\nx\r\n.\r\nMAIL\r\n"),
        (b"Subject: a\r\n\r\nx\r.\rMAIL\r\n", b"Subject: a\r\n\r\nx\r\n.\r\nMAIL\r\n"),
    ],
)
def test_no_line_of_a_letter_ends_it_early(mailer, content, arrives):
    with MailServer() as server:
        assert mailer(server.port).send(Letter(COORDINATOR, content, "<1@x>")).outcome is SENT
        assert server.contents == [arrives]


# --- TLS and signing in --------------------------------------------------------------------------------


def test_implicit_tls(mailer, server_context):
    with MailServer(implicit_tls=server_context) as server:
        kept = mailer(server.port, security="tls")
        assert [kept.send(message(number)).outcome for number in (1, 2)] == [SENT, SENT]
        assert [envelope.content for envelope in server.received] == [message(n).content for n in (1, 2)]
        kept.close()


def test_starttls(mailer, server_context):
    with MailServer(starttls=server_context) as server:
        kept = mailer(server.port, security="starttls")
        assert [kept.send(message(number)).outcome for number in (1, 2)] == [SENT, SENT]
        assert server.connections == 1
        kept.close()


def test_starttls_that_was_stripped_sends_nothing(mailer):
    with ScriptedServer() as server:
        kept = mailer(server.port, security="starttls", user="radap", password="secret")
        assert kept.send(message()) == Answer(MISCONFIGURED, "channel.no_starttls")
        assert server.verbs() == ["EHLO"]


def test_starttls_that_fails_for_now_is_tried_later(mailer, server_context):
    script = {"EHLO": "250-x\r\n250 STARTTLS", "STARTTLS": "454 4.3.0 TLS not available"}
    with ScriptedServer(script, tls=server_context) as server:
        answer = mailer(server.port, security="starttls").send(message())
        assert answer == Answer(LATER, "454 4.3.0 TLS not available")
        assert server.letters == []


def test_words_slipped_in_before_tls_are_forgotten(mailer, server_context):
    """A man in the middle appends a reply to the consent, in the clear; it must not count as the server's."""
    script = {
        "EHLO": ["250-x\r\n250 STARTTLS", "250-x\r\n250 AUTH PLAIN"],
        "STARTTLS": "220 go on\r\n250-evil\r\n250 X-EVIL",
    }
    with ScriptedServer(script, tls=server_context) as server:
        kept = mailer(server.port, security="starttls", user="radap", password="secret")
        assert kept.send(message()).outcome is SENT
        assert server.verbs() == ["EHLO", "STARTTLS", "EHLO", "AUTH", "MAIL", "RCPT", "DATA"]
        kept.close()


def test_certificate_that_nobody_vouches_for_gets_nothing(mailer, server_context):
    with MailServer(implicit_tls=server_context) as server:
        strangers = ssl.create_default_context()
        answer = mailer(server.port, security="tls", context=strangers).send(message())
        assert answer.outcome is MISCONFIGURED
        assert answer.said.startswith("channel.not_trusted: ")
        assert server.received == []


def test_certificate_of_another_host_gets_nothing(mailer, server_context):
    with MailServer(implicit_tls=server_context) as server:
        answer = mailer(server.port, security="tls", host="127.0.0.1").send(message())
        assert answer.said.startswith("channel.not_trusted: IP address mismatch")
        assert server.received == []


def test_tls_at_a_port_that_speaks_none_is_misconfigured(mailer):
    with ScriptedServer() as server:
        answer = mailer(server.port, security="tls").send(message())
        assert (answer.outcome, answer.said.split(":")[0]) == (MISCONFIGURED, "channel.no_tls")


# aiosmtpd warns against what these tests are about, and takes TLS from the first byte for none.
PASSWORDS = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")


@PASSWORDS
@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
def test_signed_in_letter_arrives(mailer, server_context, security):
    tls = {"tls": {"implicit_tls": server_context}, "starttls": {"starttls": server_context}}
    with MailServer(users={"radap": "secret"}, **tls.get(security, {})) as server:
        kept = mailer(server.port, security=security, user="radap", password="secret")
        assert kept.send(message()).outcome is SENT
        kept.close()


@PASSWORDS
def test_wrong_password_is_misconfigured(mailer):
    with MailServer(users={"radap": "secret"}) as server:
        answer = mailer(server.port, user="radap", password="guess").send(message())
        assert answer == Answer(MISCONFIGURED, "535 5.7.8 Authentication credentials invalid")
        assert server.received == []


@PASSWORDS
def test_nobody_signed_in_is_misconfigured(mailer):
    with MailServer(users={"radap": "secret"}) as server:
        answer = mailer(server.port).send(message())
        assert answer == Answer(MISCONFIGURED, "530 5.7.0 Authentication required")


_AUTH = "250-x\r\n250 AUTH LOGIN CRAM-MD5"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ({"EHLO": _AUTH, "AUTH": "454 4.7.0 no answer from the directory"}, LATER),
        ({"EHLO": _AUTH, "AUTH": "421 4.3.2 going down"}, LATER),
        ({"EHLO": _AUTH, "AUTH": CUT}, LATER),
        ({"EHLO": _AUTH, "AUTH": "535 5.7.8 no"}, MISCONFIGURED),
        ({"EHLO": _AUTH, "AUTH": "534 5.7.9 too weak"}, MISCONFIGURED),
        ({"EHLO": _AUTH, "AUTH": "334 "}, MISCONFIGURED),
        ({"EHLO": "250-x\r\n250 AUTH GSSAPI"}, MISCONFIGURED),
        ({}, MISCONFIGURED),
    ],
)
def test_signing_in_that_fails(mailer, script, expected):
    with ScriptedServer(script) as server:
        answer = mailer(server.port, user="radap", password="secret").send(message())
        assert answer.outcome is expected
        assert server.letters == []


def test_wrong_password_is_tried_once(mailer):
    """Every further way to sign in would count as another wrong password, and lock the account."""
    with ScriptedServer({"EHLO": "250-x\r\n250 AUTH PLAIN LOGIN CRAM-MD5", "AUTH": "535 no"}) as server:
        mailer(server.port, user="radap", password="guess").send(message())
        assert server.verbs() == ["EHLO", "AUTH"]


def test_password_that_is_not_ascii_is_misconfigured(mailer):
    with ScriptedServer({"EHLO": "250-x\r\n250 AUTH PLAIN"}) as server:
        answer = mailer(server.port, user="radap", password="ความลับ").send(message())
        assert answer == Answer(MISCONFIGURED, "channel.password_not_ascii")


# --- what a server may reply ---------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "END"])
def test_421_at_any_point_is_tried_later_over_a_new_connection(mailer, verb):
    healthy = {"greeting": "220 x", "EHLO": "250 x", "MAIL": "250 x", "RCPT": "250 x", "DATA": "354 x"}
    with ScriptedServer({verb: ["421 4.3.2 going down", healthy.get(verb, "250 x")]}) as server:
        kept = mailer(server.port)
        assert kept.send(message(1)) == Answer(LATER, "421 4.3.2 going down")
        assert kept.send(message(2)).outcome is SENT
        assert server.connections == 2


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA", "END"])
@pytest.mark.parametrize("reply", ["450 4.2.0 greylisted", "451 4.3.0 local error", "452 4.3.1 no room"])
def test_passing_fault_is_tried_later_over_the_same_connection(mailer, verb, reply):
    good = "354 go on" if verb == "DATA" else "250 ok"
    with ScriptedServer({verb: [reply, good]}) as server:
        kept = mailer(server.port)
        assert kept.send(message(1)) == Answer(LATER, reply)
        assert kept.send(message(2)).outcome is SENT
        assert server.connections == 1
        assert server.verbs().count("RSET") == 1


@pytest.mark.parametrize(
    ("verb", "reply", "expected"),
    [
        ("RCPT", "550 5.1.1 no such user", BOUNCED),
        ("RCPT", "550-5.1.1 The account does\r\n550 5.1.1 not exist", BOUNCED),
        ("RCPT", "550 5.1.10 null MX", BOUNCED),
        ("RCPT", "554 5.1.2 no such host", BOUNCED),
        ("RCPT", "550 5.2.1 mailbox disabled", BOUNCED),
        ("RCPT", "551 he has moved", BOUNCED),
        ("RCPT", "553 no such name", BOUNCED),
        ("RCPT", "553 5.7.1 sender is not yours", REFUSED),
        ("RCPT", "550 blocked by our policy", REFUSED),
        ("RCPT", "550 5.7.1 relaying denied", REFUSED),
        ("RCPT", "550 5.1.10x", REFUSED),
        ("RCPT", "552 5.2.2 mailbox full", REFUSED),
        ("RCPT", "554 5.7.1 no", REFUSED),
        ("RCPT", "530 5.7.0 sign in first", MISCONFIGURED),
        ("RCPT", "550 5.1.8 sender's domain unknown", MISCONFIGURED),
        ("MAIL", "550 5.7.1 you may not send as that", MISCONFIGURED),
        ("MAIL", "553 5.1.8 no such sender", MISCONFIGURED),
        ("MAIL", "530 5.7.0 begin TLS first", MISCONFIGURED),
        ("MAIL", "552 5.3.4 too large", REFUSED),
        ("DATA", "554 5.5.1 no valid recipients", REFUSED),
        ("END", "550 5.7.1 looks like spam", REFUSED),
        ("END", "552 5.3.4 too large", REFUSED),
        ("END", "554 5.6.0 transaction failed", REFUSED),
        ("END", "550 5.1.1 no such user", BOUNCED),
        ("END", "553 not like this", REFUSED),
    ],
)
def test_fault_for_good(mailer, verb, reply, expected):
    good = "354 go on" if verb == "DATA" else "250 ok"
    said = "550 5.1.1 The account does 5.1.1 not exist" if "\r\n" in reply else reply
    with ScriptedServer({verb: [reply, good]}) as server:
        kept = mailer(server.port)
        assert kept.send(message(1)) == Answer(expected, said)
        assert kept.send(message(2)).outcome is SENT
        assert server.connections == 1


@pytest.mark.parametrize("verb", ["greeting", "EHLO"])
def test_server_that_takes_no_mail_is_misconfigured(mailer, verb):
    with ScriptedServer({verb: "554 5.3.2 no mail here"}) as server:
        assert mailer(server.port).send(message()) == Answer(MISCONFIGURED, "554 5.3.2 no mail here")
        assert server.letters == []


def test_old_server_that_knows_no_ehlo_takes_mail(mailer):
    with ScriptedServer({"EHLO": "502 5.5.1 what?"}) as server:
        assert mailer(server.port).send(message()).outcome is SENT
        assert server.verbs()[:3] == ["EHLO", "HELO", "MAIL"]


@pytest.mark.parametrize("verb", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("reply", ["hello?", "199 what", "", "250-endless line " + "x" * 9000])
def test_nonsense_before_the_letter_was_said_is_tried_later(mailer, verb, reply):
    with ScriptedServer({verb: reply}) as server:
        assert mailer(server.port).send(message()).outcome is LATER
        assert server.letters == []


@pytest.mark.parametrize("reply", [CUT, "2" + CUT, "250" + CUT, "hello?", "354 more?", "250-" + "x" * 9000])
def test_reply_lost_after_the_last_dot_is_uncertain(mailer, reply):
    """Also when the first letters of the reply came: a line counts when it is whole."""
    with ScriptedServer({"END": [reply, "250 ok"]}) as server:
        kept = mailer(server.port)
        assert kept.send(message(1)).outcome is UNCERTAIN
        assert len(server.letters) == 1
        assert kept.send(message(2)).outcome is SENT
        assert server.connections == 2


def test_what_the_server_said_is_one_clean_line(mailer):
    said = "550-5.7.1 see\t\x1b[31m\r\n550 5.7.1 \u202ehttps://x.example/" + "y" * 600
    with ScriptedServer({"RCPT": said}) as server:
        answer = mailer(server.port).send(message())
        assert answer.said.startswith("550 5.7.1 see [31m 5.7.1 https://x.example/yyy")
        assert (len(answer.said), answer.said.endswith("y…")) == (500, True)


def test_number_decides_without_a_server():
    assert outcome_of(Stage.END, -1, "") is UNCERTAIN
    assert outcome_of(Stage.DATA, 250, "ok") is LATER
    assert outcome_of(Stage.OPENING, 501, "5.1.1 no") is MISCONFIGURED


# --- connections that break ----------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_connection_lost_before_the_letter_was_said_is_tried_later(mailer, verb):
    with ScriptedServer({verb: CUT}) as server:
        assert mailer(server.port).send(message()) == Answer(LATER, "channel.cut_off")
        assert server.letters == []


def test_connection_cut_in_the_middle_of_the_letter_is_tried_later(mailer):
    with ScriptedServer(cut_after=100_000) as server:
        answer = mailer(server.port).send(message(body="ยาว " * 800_000))
        assert answer == Answer(LATER, "channel.cut_off")
        assert server.letters == []


def test_refusal_in_the_middle_of_the_letter_counts_before_the_dot(mailer):
    """The server has had enough, says so and waits: the last dot is not sent, so nothing is uncertain."""
    with ScriptedServer({"DATA": "354 go on\r\n552 5.3.4 too large"}) as server:
        assert mailer(server.port).send(message()) == Answer(REFUSED, "552 5.3.4 too large")
        assert server.letters == []


def test_server_that_hung_up_while_idle_is_called_again(mailer):
    with ScriptedServer(hang_up_after=1) as server:
        kept = mailer(server.port)
        assert [kept.send(message(number)).outcome for number in (1, 2, 3)] == [SENT, SENT, SENT]
        assert (server.connections, len(server.letters)) == (3, 3)


def test_server_that_says_goodbye_to_the_idle_is_called_again(mailer):
    with ScriptedServer({"MAIL": ["250 ok", "421 4.4.2 idle too long", "250 ok"]}) as server:
        kept = mailer(server.port)
        assert [kept.send(message(number)).outcome for number in (1, 2)] == [SENT, SENT]
        assert (server.connections, len(server.letters)) == (2, 2)


def test_server_that_cannot_clear_the_table_gets_a_new_connection(mailer):
    with ScriptedServer({"RCPT": ["450 no", "250 ok"], "RSET": "421 bye"}) as server:
        kept = mailer(server.port)
        assert [kept.send(message(number)).outcome for number in (1, 2)] == [LATER, SENT]
        assert server.connections == 2


def test_server_that_is_down_is_tried_later(mailer):
    with closing(socket.socket()) as unused:
        unused.bind(("127.0.0.1", 0))
        answer = mailer(unused.getsockname()[1]).send(message())
    assert answer == Answer(LATER, "channel.unreachable: Connection refused")


def test_server_whose_name_nobody_knows_is_tried_later(mailer):
    answer = mailer(25, host="mail.invalid").send(message())
    assert (answer.outcome, answer.said.split(":")[0]) == (LATER, "channel.unreachable")


@pytest.mark.parametrize("verb", ["greeting", "EHLO", "MAIL", "RCPT", "DATA"])
def test_server_that_trickles_its_reply_is_given_up(mailer, verb):
    """Each byte comes long before a time-out for single bytes; the time for the whole letter runs out."""
    words = {"greeting": "220 ", "DATA": "354 "}.get(verb, "250 ") + "slow " * 100
    with ScriptedServer({verb: SLOWLY + words}) as server:
        answer = mailer(server.port, timeout_seconds=0.5).send(message())
        assert answer == Answer(LATER, "channel.too_slow")
        assert server.letters == []


def test_server_that_trickles_its_last_reply_leaves_it_uncertain(mailer):
    with ScriptedServer({"END": SLOWLY + "250 " + "slow " * 100}) as server:
        answer = mailer(server.port, timeout_seconds=0.5).send(message())
        assert answer == Answer(UNCERTAIN, "channel.reply_lost")
        assert len(server.letters) == 1


def test_server_that_takes_a_byte_a_second_is_given_up(mailer):
    with ScriptedServer(sip=(1, 1.0)) as server:
        answer = mailer(server.port, timeout_seconds=1.0).send(message(body="ยาว " * 800_000))
        assert answer == Answer(LATER, "channel.too_slow")


def test_small_letter_that_waits_before_a_slow_server_is_uncertain(mailer):
    """All of it is on its way, and nobody can call it back: the server may take it yet."""
    with ScriptedServer(sip=(1, 1.0)) as server:
        answer = mailer(server.port, timeout_seconds=0.5).send(message())
        assert answer == Answer(UNCERTAIN, "channel.reply_lost")


def test_server_that_sips_a_letter_is_given_up(mailer):
    """It takes a little all the time, so that no single piece of the letter waits for long."""
    with ScriptedServer(sip=(65536, 0.02)) as server:
        answer = mailer(server.port, timeout_seconds=1.0).send(message(body="ยาว " * 800_000))
        assert answer == Answer(LATER, "channel.too_slow")
        assert server.letters == []


def test_server_that_never_stops_talking_is_given_up(mailer):
    with ScriptedServer({"EHLO": "250-x\r\n" * 60_000 + "250 x"}) as server:
        assert mailer(server.port).send(message()) == Answer(LATER, "channel.cut_off")
        assert server.letters == []


# --- addresses -----------------------------------------------------------------------------------------


THAI = "ผู้ประสานงาน@ทุ่งครุ.ไทย"


def thai_letter() -> Letter:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = SENDER, THAI, "แจ้งเตือน"
    mail.set_content("ครบกำหนด")
    return Letter(THAI, mail.as_bytes(policy=SMTPUTF8), "<1@x>")


def test_thai_address_goes_to_a_server_that_takes_it(mailer):
    with MailServer() as server:
        assert mailer(server.port).send(thai_letter()).outcome is SENT
        (envelope,) = server.received
        assert envelope.rcpt_tos == ["ผู้ประสานงาน@" + "ทุ่งครุ.ไทย".encode("idna").decode()]
        assert envelope.mail_options == [f"SIZE={len(thai_letter().content)}", "BODY=8BITMIME", "SMTPUTF8"]


def test_thai_address_is_refused_where_no_server_takes_it(mailer):
    with MailServer(utf8=False) as server:
        kept = mailer(server.port)
        answer = kept.send(thai_letter())
        assert answer.outcome is REFUSED
        assert answer.said.startswith("channel.no_smtputf8: ผู้ประสานงาน@xn--")
        assert kept.send(message()).outcome is SENT
        assert (len(server.received), server.connections) == (1, 1)


def test_thai_domain_alone_needs_no_special_server(mailer):
    with MailServer(utf8=False) as server:
        letter = Letter("coordinator@ทุ่งครุ.ไทย", message().content, "<1@x>")
        assert mailer(server.port).send(letter).outcome is SENT
        (envelope,) = server.received
        assert envelope.rcpt_tos == ["coordinator@" + "ทุ่งครุ.ไทย".encode("idna").decode()]


def test_letter_that_is_not_ascii_is_refused_where_no_server_takes_it(mailer):
    with ScriptedServer({"EHLO": "250 x"}) as server:
        answer = mailer(server.port).send(Letter(COORDINATOR, "Subject: ก\r\n\r\n".encode(), "<1@x>"))
        assert answer == Answer(REFUSED, f"channel.no_8bit: {COORDINATOR}")
        assert server.verbs() == ["EHLO"]


def test_small_address_does_not_ask_for_more_than_it_needs(mailer):
    with MailServer() as server:
        mailer(server.port).send(message())
        assert server.received[0].mail_options == [f"SIZE={len(message().content)}"]


@pytest.mark.parametrize(
    "address", ["x@y.example>\r\nRCPT TO:<z@y.example", "x@y.example, z@y.example", "x\0@y.example", "x"]
)
def test_address_that_is_none_reaches_no_server(mailer, address):
    with MailServer() as server:
        answer = mailer(server.port).send(Letter(address, b"Subject: x\r\n\r\n", "<1@x>"))
        assert answer.outcome is BOUNCED
        assert "\r" not in answer.said
        assert server.connections == 0

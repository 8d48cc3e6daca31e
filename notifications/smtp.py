"""One conversation with a mail server: opened, signed in, letters handed over one after the other."""

import re
import smtplib
import ssl
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from notifications.addresses import Mailbox
from notifications.channels import Answer, Letter, Meanwhile, Outcome, nothing, one_line, ours
from notifications.timed_socket import Stopwatch, TimedSocket, not_connected, resolve

Security = Literal["none", "starttls", "tls"]


class Stage(StrEnum):
    """How far the conversation has come."""

    OPENING = "opening"  # greeting, EHLO, STARTTLS, AUTH: nothing of a letter was said
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    END = "end"  # the last dot was said: from here on the letter may have been accepted


class Unavailable(Exception):
    """The server takes nothing now; of the letter it has heard nothing but its sender."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.said)
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Server:
    """Where letters are handed over, and how.

    ``sender`` is the envelope's, to which bounces go; ``timeout_seconds`` is for one letter all in all,
    with the connection if it must be made; ``context`` decides whose certificates are trusted.
    """

    host: str
    port: int
    security: Security
    sender: Mailbox
    context: ssl.SSLContext
    user: str = ""
    password: str = ""
    timeout_seconds: float = 60.0
    letters_per_connection: int = 100


#: RFC 3463: what is wrong is the address of the recipient, for good.
_NO_SUCH_ADDRESS = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
#: RFC 3463 and RFC 5321 without such a code: the mailbox is elsewhere, its name is not allowed.
_ADDRESS_CODES = frozenset({551, 553})
#: RFC 3463: the sender's address is at fault, which is the same for every letter.
_SENDER_FAULTS = frozenset({"5.1.7", "5.1.8"})
#: RFC 4954 and RFC 3207: sign in first, or better; begin TLS first.
_NOT_SIGNED_IN = frozenset({530, 534, 535, 538})
#: RFC 1870: the letter is larger than the server takes.
_TOO_LARGE = 552
_ENHANCED = re.compile(r"5\.\d{1,3}\.\d{1,3}\b")


def outcome_of(stage: Stage, code: int, said: str) -> Outcome:
    """What a reply that is no consent means. A number that no server should say here decides nothing."""
    if 400 <= code <= 499:
        return Outcome.LATER
    if not 500 <= code <= 599:
        return Outcome.UNCERTAIN if stage is Stage.END else Outcome.LATER
    found = _ENHANCED.match(said)
    enhanced = found[0] if found else ""
    if code in _NOT_SIGNED_IN or enhanced in _SENDER_FAULTS or stage is Stage.OPENING:
        return Outcome.MISCONFIGURED
    if stage is Stage.SENDER:  # of the letter, the server knows no more than its size
        return Outcome.REFUSED if code == _TOO_LARGE else Outcome.MISCONFIGURED
    if enhanced in _NO_SUCH_ADDRESS:
        return Outcome.BOUNCED
    if stage is Stage.RECIPIENT and code in _ADDRESS_CODES and not enhanced:
        return Outcome.BOUNCED
    return Outcome.REFUSED


class Conversation:
    """A connection over which letters go one after the other; ``usable`` until something went wrong."""

    def __init__(self, server: Server, stopwatch: Stopwatch, until: float) -> None:
        """Connect, begin TLS and sign in before ``until``. Raises :class:`Unavailable`."""
        self._server = server
        self._letters = 0
        try:
            self._line = TimedSocket(resolve(server.host, server.port), stopwatch, until)
        except (OSError, UnicodeError) as error:
            raise Unavailable(not_connected(error)) from error
        # The name we greet with is the sender's domain: asking the network for our own may take minutes.
        self._smtp = smtplib.SMTP(local_hostname=server.sender.domain)
        self._smtp.sock = self._line  # type: ignore[assignment]  # it has what smtplib asks of a socket
        self._smtp.command_encoding = "utf-8"
        try:
            self._open()
        except OSError as error:  # SMTPException is one too
            answer = self._unopened(error)
            self._smtp.close()
            self._line.close()
            raise Unavailable(answer) from error
        except BaseException:
            self._line.close()
            raise

    @property
    def usable(self) -> bool:
        """Whether another letter can go this way."""
        return self._smtp.sock is not None and self._letters < self._server.letters_per_connection

    def send(self, mailbox: Mailbox, letter: Letter, until: float, meanwhile: Meanwhile = nothing) -> Answer:
        """Hand one letter over before ``until``; ``meanwhile`` is done while the server reads it.

        Raises :class:`Unavailable` when the server hangs up, or says that it will, before it has heard of
        the recipient: idle connections end so.
        """
        self._line.until = until
        self._letters += 1
        content = _lines(letter.content)
        if kind := self._cannot_take(mailbox, content):
            return ours(Outcome.REFUSED, kind, mailbox)
        for stage, verb, argument in (
            (Stage.SENDER, "MAIL", f"FROM:<{self._server.sender}>{self._options(mailbox, content)}"),
            (Stage.RECIPIENT, "RCPT", f"TO:<{mailbox}>"),
            (Stage.DATA, "DATA", ""),
        ):
            try:
                code, said = self._smtp.docmd(verb, argument)
            except smtplib.SMTPException as lost:
                answer = self._lost()
                if stage is Stage.SENDER:
                    raise Unavailable(answer) from lost
                return answer
            if code // 100 != (3 if stage is Stage.DATA else 2):
                return self._declined(stage, code, said)
        return self._handed_over(content, meanwhile)

    def close(self, until: float) -> None:
        """Say QUIT and hang up."""
        self._line.until = until
        if self._smtp.sock is not None:
            try:
                self._smtp.quit()
            except smtplib.SMTPException:
                self._smtp.close()  # whoever hangs up first is no matter when nothing is left to say
        self._line.close()

    def _open(self) -> None:
        server = self._server
        if server.security == "tls":
            self._line.secure(server.context, server.host)
        self._expect(220, *self._smtp.getreply())
        self._greet()
        if server.security == "starttls":
            if not self._smtp.has_extn("starttls"):
                raise Unavailable(ours(Outcome.MISCONFIGURED, "channel.no_starttls"))
            self._expect(220, *self._smtp.docmd("STARTTLS"))
            self._line.secure(server.context, server.host)
            self._greet()  # what was offered before TLS may have been somebody else's words
        if server.user:
            self._sign_in()

    def _greet(self) -> None:
        code, said = self._smtp.ehlo()
        if code in (500, 502):  # an old server that knows no EHLO
            code, said = self._smtp.helo()
        self._expect(250, code, said)

    def _sign_in(self) -> None:
        """Try one way only: every further one would count as another wrong password."""
        offered = self._smtp.esmtp_features.get("auth", "").upper().split()
        safe = self._server.security != "none"
        ways = ("PLAIN", "LOGIN", "CRAM-MD5") if safe else ("CRAM-MD5", "PLAIN", "LOGIN")
        way = next((way for way in ways if way in offered), None)
        if way is None:
            raise Unavailable(ours(Outcome.MISCONFIGURED, "channel.no_auth"))
        self._smtp.user, self._smtp.password = self._server.user, self._server.password
        words: dict[str, Any] = {
            "PLAIN": self._smtp.auth_plain,
            "LOGIN": self._smtp.auth_login,
            "CRAM-MD5": self._smtp.auth_cram_md5,
        }
        try:
            self._smtp.auth(way, words[way])
        except UnicodeEncodeError:
            raise Unavailable(ours(Outcome.MISCONFIGURED, "channel.password_not_ascii")) from None

    def _expect(self, consent: int, code: int, said: bytes) -> None:
        if code != consent:
            raise smtplib.SMTPResponseException(code, said)

    def _unopened(self, error: Exception) -> Answer:
        match error:
            case smtplib.SMTPException() if self._smtp.sock is None:  # smtplib gave up before we did
                return self._lost()
            case smtplib.SMTPResponseException():
                return _answer(Stage.OPENING, error.smtp_code, error.smtp_error)
            case smtplib.SMTPException():
                return ours(Outcome.MISCONFIGURED, "channel.no_auth", error)
        return not_connected(error)

    def _cannot_take(self, mailbox: Mailbox, content: bytes) -> str | None:
        if mailbox.needs_utf8 and not self._smtp.has_extn("smtputf8"):
            return "channel.no_smtputf8"
        if not content.isascii() and not self._smtp.has_extn("8bitmime"):
            return "channel.no_8bit"
        return None

    def _options(self, mailbox: Mailbox, content: bytes) -> str:
        options = []
        if self._smtp.has_extn("size"):
            options.append(f"SIZE={len(content)}")
        if not content.isascii():
            options.append("BODY=8BITMIME")
        if mailbox.needs_utf8:
            options.append("SMTPUTF8")
        return "".join(f" {option}" for option in options)

    def _handed_over(self, content: bytes, meanwhile: Meanwhile) -> Answer:
        """The line between what was surely not accepted and what may have been is the last dot."""
        try:
            self._smtp.send(content)
        except smtplib.SMTPException:
            return self._lost()
        if self._line.interrupted():  # before the dot: an early refusal, or the end of the connection
            return self._last_words()
        try:
            self._smtp.send(b".\r\n")
            meanwhile()
            code, said = self._smtp.getreply()
        except smtplib.SMTPException:
            return ours(Outcome.UNCERTAIN, "channel.reply_lost")
        if code // 100 == 2:
            return Answer(Outcome.SENT, _said(code, said))
        return self._declined(Stage.END, code, said)

    def _last_words(self) -> Answer:
        try:
            code, said = self._smtp.getreply()
        except smtplib.SMTPException:
            return self._lost()
        self._smtp.close()  # it waits for the rest of a letter that it does not want
        return _answer(Stage.DATA, code, said)

    def _declined(self, stage: Stage, code: int, said: bytes) -> Answer:
        """A letter was not taken: clear the table for the next one, or give the connection up."""
        answer = _answer(stage, code, said)
        if code == 421 and stage is Stage.SENDER:
            self._smtp.close()
            raise Unavailable(answer)
        if code == 421 or not 400 <= code <= 599:
            self._smtp.close()
            return answer
        try:
            if self._smtp.rset()[0] != 250:
                self._smtp.close()
        except smtplib.SMTPException:
            self._smtp.close()
        return answer

    def _lost(self) -> Answer:
        self._smtp.close()
        return ours(Outcome.LATER, "channel.too_slow" if self._line.late else "channel.cut_off")


def _answer(stage: Stage, code: int, said: bytes | str) -> Answer:
    words = one_line(said)
    return Answer(outcome_of(stage, code, words), _said(code, words))


def _said(code: int, said: bytes | str) -> str:
    return one_line(f"{code} {one_line(said)}")


def _lines(content: bytes) -> bytes:
    """The letter as SMTP carries it: CRLF at the end of every line and nowhere else, leading dots doubled.

    A lone CR or LF, taken for a line's end by one server and not by the next, can smuggle in a second
    letter.
    """
    lines = b"\r\n".join(content.splitlines()) + b"\r\n"
    stuffed = lines.replace(b"\r\n.", b"\r\n..")
    return b"." + stuffed if stuffed.startswith(b".") else stuffed

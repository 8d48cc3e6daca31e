"""Channels for mails: a mail server, a folder, or the terminal."""

import email
import hashlib
import os
import re
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TextIO

from engine.errors import Refusal
from notifications.addresses import mailbox_of
from notifications.channels import Answer, Letter, Meanwhile, Outcome, nothing, ours
from notifications.smtp import Conversation, Server, Unavailable
from notifications.timed_socket import Stopwatch

#: How many seconds a server gets for its goodbye.
_GOODBYE_SECONDS = 5.0


class SmtpMailer:
    """Hands letters to a mail server over one connection that is kept; for one thread.

    ``send`` returns within the server's ``timeout_seconds``, and what looking up its name takes; after the
    last letter of a connection a goodbye may take five seconds more.
    """

    def __init__(self, server: Server, stopwatch: Stopwatch) -> None:
        self._server = server
        self._stopwatch = stopwatch
        self._conversation: Conversation | None = None

    def send(self, letter: Letter, meanwhile: Meanwhile = nothing) -> Answer:
        """Hand the letter over; a connection that ended while it was idle is made anew once."""
        try:
            mailbox = mailbox_of(letter.to)
        except Refusal as refused:
            condition = refused.conditions[0]
            return ours(Outcome.BOUNCED, condition.kind, condition.params["given"])
        until = self._stopwatch() + self._server.timeout_seconds
        if self._conversation is not None:
            try:
                return self._conversation.send(mailbox, letter, until, meanwhile)
            except Unavailable:
                self._conversation = None
            finally:
                self._give_up_the_unusable()
        try:
            self._conversation = Conversation(self._server, self._stopwatch, until)
            return self._conversation.send(mailbox, letter, until, meanwhile)
        except Unavailable as unavailable:
            return unavailable.answer
        finally:
            self._give_up_the_unusable()

    def close(self) -> None:
        if self._conversation is not None:
            self._conversation.close(self._stopwatch() + _GOODBYE_SECONDS)
            self._conversation = None

    def _give_up_the_unusable(self) -> None:
        if self._conversation is not None and not self._conversation.usable:
            self.close()


class FileMailer:
    """Lays each letter into a folder as a file ``.eml``; the same letter twice is one file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Letter, meanwhile: Meanwhile = nothing) -> Answer:  # noqa: ARG002 - see Channel
        """Write the file whole or not at all."""
        place = self._folder / file_name(letter.ref)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(place, letter.content)
        except OSError as error:
            return ours(Outcome.LATER, "channel.not_written", error.strerror or error)
        return Answer(Outcome.SENT, place.name)

    def close(self) -> None:
        """Nothing is kept open."""


def file_name(ref: str) -> str:
    """The name of a letter's file: readable, and different for different letters."""
    readable = re.sub(r"[^A-Za-z0-9.@_-]+", "-", ref).strip(".-")[:80]
    return f"{readable}-{hashlib.sha256(ref.encode()).hexdigest()[:12]}.eml"


def _write(place: Path, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=place.parent, prefix=".writing-", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).replace(place)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    handle = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(handle)  # so that the name survives a power cut
    finally:
        os.close(handle)


class ConsoleMailer:
    """Shows letters on a terminal as a reader would see them; safe among threads."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()

    def send(self, letter: Letter, meanwhile: Meanwhile = nothing) -> Answer:  # noqa: ARG002 - see Channel
        message = email.message_from_bytes(letter.content, policy=default)
        shown = "\n".join(_shown(letter.to, message)) + "\n\n"
        with self._lock:
            self._stream.write(shown)
            self._stream.flush()
        return Answer(Outcome.SENT, "console")

    def close(self) -> None:
        """The terminal is not ours to close."""


def _shown(to: str, message: EmailMessage) -> Iterator[str]:
    yield f"--- {_plain(to)}"
    for name in ("From", "To", "Subject"):
        yield f"{name}: {_plain(str(message.get(name, '')))}"
    yield ""
    body = message.get_body(("plain", "html"))
    if body is not None:
        yield from (_plain(line) for line in str(body.get_content()).splitlines())


def _plain(text: str) -> str:
    """Without marks that a terminal would obey."""
    return "".join(mark for mark in text if unicodedata.category(mark) != "Cc" or mark == "\t")

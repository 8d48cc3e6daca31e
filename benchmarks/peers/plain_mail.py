"""Mails as a script sends them: each template from its source, an EmailMessage, a connection for each."""

import smtplib
from collections.abc import Iterable, Mapping
from email.message import EmailMessage
from functools import cache
from typing import Any

from jinja2 import Environment, FunctionLoader

from notifications.templating import SYNTAX, source_of

Values = Mapping[str, Any]

_PAGES = Environment(loader=FunctionLoader(source_of), autoescape=True, **SYNTAX)
_TEXTS = Environment(loader=FunctionLoader(source_of), autoescape=False, **SYNTAX)
_source = cache(source_of)  # the file is read once: what is measured is what becomes of it


def build(values: Values, to: str) -> EmailMessage:
    """The digest with these values, in two parts."""
    message = EmailMessage()
    message["From"] = "Radap <radap@localhost>"
    message["To"] = to
    message["Subject"] = _rendered(_TEXTS, "digest/subject.th.txt", values).strip()
    message.set_content(_rendered(_TEXTS, "digest/body.th.txt", values))
    message.add_alternative(_rendered(_PAGES, "digest/body.th.html", values), subtype="html")
    return message


def send(port: int, mails: Iterable[tuple[Values, str]]) -> None:
    """Build each mail and send it over a connection of its own."""
    for values, to in mails:
        with smtplib.SMTP("127.0.0.1", port) as server:
            server.send_message(build(values, to))


def _rendered(environment: Environment, name: str, values: Values) -> str:
    source = _source(name)
    assert source is not None
    return environment.from_string(source).render(values)

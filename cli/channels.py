"""The channels by which something leaves the house, made of its settings."""

import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from ipaddress import ip_network
from typing import TextIO

from cli.mail_settings import EndpointsSection, LineSection, MailSection, WebhookSection
from notifications.addresses import mailbox_of
from notifications.channels import Channel
from notifications.line import Line
from notifications.mailers import ConsoleMailer, FileMailer, SmtpMailer
from notifications.pace import Pace
from notifications.posting import EVERYWHERE, OUTSIDE, Reach, Wires
from notifications.programs import outcome_at_program
from notifications.smtp import Server
from notifications.timed_socket import resolve
from notifications.webhook import Webhook


def mailer_of(mail: MailSection, console: TextIO, context: ssl.SSLContext | None = None) -> Channel:
    """A mailer for one thread; ``context`` when other certificates than the system's are trusted."""
    match mail.mailer:
        case "console":
            return ConsoleMailer(console)
        case "file":
            return FileMailer(mail.folder)
        case "smtp":
            return SmtpMailer(_server(mail, context or _system_trust()), time.monotonic)


def _server(mail: MailSection, context: ssl.SSLContext) -> Server:
    return Server(
        host=mail.host,
        port=mail.port,
        security=mail.security,
        sender=mailbox_of(mail.sender),
        context=context,
        user=mail.user,
        password=mail.password,
        timeout_seconds=mail.timeout_seconds,
        letters_per_connection=mail.mails_per_connection,
    )


def pace_of(mail: MailSection) -> Pace:
    """The limits of one process."""
    return Pace(mail.per_minute, mail.per_domain_per_minute)


def webhook_of(webhook: WebhookSection, now: Callable[[], datetime]) -> Webhook | None:
    """The webhook; ``None`` where none is wanted."""
    if not webhook.url:
        return None
    inside = webhook.allow_private
    reach = EVERYWHERE if inside else OUTSIDE
    return Webhook(webhook.url, webhook.secret, _wires(now), reach=reach, plain_allowed=inside)


def reach_of(endpoints: EndpointsSection) -> Reach:
    """How far the endpoints of programs may lie."""
    return Reach(tuple(map(ip_network, endpoints.networks)))


def endpoint_of(url: str, secret: str, endpoints: EndpointsSection, now: Callable[[], datetime]) -> Webhook:
    """The way to a program. Where it may lie is asked again with every address that its name has."""
    wires = replace(_wires(now), seconds=endpoints.timeout_seconds)
    reach = reach_of(endpoints)
    return Webhook(url, secret, wires, reach=reach, plain_allowed=True, judge=outcome_at_program)


def line_of(line: LineSection, now: Callable[[], datetime]) -> Line | None:
    """The LINE channel; ``None`` where none is wanted. Raises what :class:`~notifications.line.Line` does."""
    return Line(line.base_url, line.channel_token, _wires(now)) if line.channel_token else None


def _wires(now: Callable[[], datetime]) -> Wires:
    return Wires(resolve, time.monotonic, now, _system_trust())


@cache
def _system_trust() -> ssl.SSLContext:
    """What the system trusts; read once, for that takes longer than handing over twenty mails."""
    return ssl.create_default_context()

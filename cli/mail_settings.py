"""The settings of what leaves the house, and the channels that they describe."""

import ssl
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal, TextIO

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from cli.sign_in_settings import Networks
from engine.errors import Refusal
from notifications.addresses import address, display_name, mailbox_of
from notifications.channels import Channel
from notifications.line import Line
from notifications.mailers import ConsoleMailer, FileMailer, SmtpMailer
from notifications.pace import Pace
from notifications.posting import EVERYWHERE, OUTSIDE, Reach, Wires, target_of
from notifications.programs import outcome_at_program
from notifications.smtp import Security, Server
from notifications.timed_socket import resolve
from notifications.webhook import Webhook


def _safe(check: Callable[[str], Any]) -> AfterValidator:
    """Refuse what the check refuses, and keep what was written."""

    def checked(given: str) -> str:
        try:
            check(given)
        except Refusal as refused:
            kind = refused.conditions[0].kind.replace(".", "_")
            raise PydanticCustomError(kind, "refused", {"given": given}) from None
        return given

    return AfterValidator(checked)


def _a_url_or_none(given: str) -> None:
    if given:
        target_of(given, plain_allowed=True)


Secret = Annotated[str, Field(repr=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MailSection(_Section):
    mailer: Literal["console", "file", "smtp"] = "file"
    folder: Path = Path("var/mail")
    host: Annotated[str, Field(min_length=1)] = "localhost"
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Security = "starttls"
    user: str = ""
    password: Secret = ""
    sender: Annotated[str, _safe(address)] = "radap@localhost"
    sender_name: Annotated[str, _safe(display_name)] = "Radap"
    timeout_seconds: Annotated[float, Field(gt=0, le=600)] = 60.0
    mails_per_connection: Annotated[int, Field(ge=1, le=10_000)] = 100
    connections: Annotated[int, Field(ge=1, le=50)] = 2
    wording: str = ""
    per_minute: Annotated[int, Field(ge=0)] = 300
    per_domain_per_minute: Annotated[int, Field(ge=0)] = 120


class OutboxSection(_Section):
    on_uncertain: Literal["resend", "hold"] = "resend"
    lease_seconds: Annotated[float, Field(ge=1, le=86_400)] = 300.0
    gather_minutes: Literal[1, 2, 3, 5, 10, 15, 20, 30] = 5


class WebSection(_Section):
    base_url: Annotated[str, _safe(_a_url_or_none), Field(min_length=1)] = "http://localhost:8000"
    trusted_proxies: Networks = ()


class WebhookSection(_Section):
    url: Annotated[str, _safe(_a_url_or_none)] = ""
    secret: Annotated[Secret, Field(validate_default=True)] = ""
    allow_private: Annotated[bool, Field(validate_default=True)] = False

    @field_validator("secret")
    @classmethod
    def _is_there(cls, secret: str, info: ValidationInfo) -> str:
        if info.data.get("url") and not secret:
            raise PydanticCustomError("url_no_secret", "refused", {})
        return secret

    @field_validator("allow_private")
    @classmethod
    def _fits_the_url(cls, allowed: bool, info: ValidationInfo) -> bool:
        url: str = info.data.get("url", "")
        if url.startswith("http://") and not allowed:
            raise PydanticCustomError("url_not_https", "refused", {"given": url})
        return allowed


class EndpointsSection(_Section):
    networks: Networks = ()
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 10.0


class LineSection(_Section):
    base_url: Annotated[str, _safe(_a_url_or_none), Field(min_length=1)] = "https://api.line.me"
    channel_token: Secret = ""


# --- the channels --------------------------------------------------------------------------------------


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

"""The settings of what leaves the house."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from cli.sign_in_settings import Networks
from engine.errors import Refusal
from notifications.addresses import address, display_name
from notifications.posting import target_of
from notifications.smtp import Security


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

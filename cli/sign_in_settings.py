"""The settings of signing in: the other house where people may do so, and the proxies that are believed."""

from ipaddress import ip_network
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from web.hosts import is_loopback


def _a_network(given: str) -> str:
    try:
        ip_network(given)
    except ValueError:
        raise PydanticCustomError("no_network", "neither an address nor a network", {}) from None
    return given


#: Addresses and networks; a name could come to mean another machine.
Networks = tuple[Annotated[str, AfterValidator(_a_network)], ...]


def _an_issuer_or_none(given: str) -> str:
    if not given:
        return given
    try:
        parts = urlsplit(given)
        safe = parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
    except ValueError:
        safe = False
    if not safe or not given.isascii() or not parts.hostname or parts.query or parts.fragment:
        raise PydanticCustomError("openid_issuer", "no issuer", {})
    return given


class OidcSection(BaseModel):
    """The secret belongs into the environment: RADAP_SIGN_IN__OIDC__CLIENT_SECRET."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: Annotated[str, AfterValidator(_an_issuer_or_none)] = ""
    client_id: Annotated[str, Field(validate_default=True)] = ""
    client_secret: Annotated[str, Field(repr=False)] = ""
    name: Annotated[str, Field(validate_default=True)] = ""
    only: Annotated[bool, Field(validate_default=True)] = False

    @field_validator("client_id", "name")
    @classmethod
    def _is_there(cls, given: str, info: ValidationInfo) -> str:
        if info.data.get("issuer") and not given.strip():
            raise PydanticCustomError("openid_incomplete", "missing", {})
        return given

    @field_validator("only")
    @classmethod
    def _leaves_a_way_in(cls, only: bool, info: ValidationInfo) -> bool:
        if only and not info.data.get("issuer"):
            raise PydanticCustomError("openid_incomplete", "nobody could sign in", {})
        return only


class SignInSection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    oidc: OidcSection = OidcSection()

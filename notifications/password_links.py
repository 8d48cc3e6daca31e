"""The links that set a password: signed, for one person, until an instant; each holds something random.

A token is ``person.ends_at.random.signature``. Reading one decides nothing: that it is the newest, was not
used, and that no password was set since, is the promise of the store, which keeps its :func:`fingerprint`.
Whoever reads the database can make signatures, but no token of that fingerprint.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.errors import refuse
from notifications.links import fingerprint

__all__ = ["PasswordLink", "fingerprint", "make", "path_of", "read"]

_LEAST_SECRET = 32
_RANDOM = re.compile(r"[A-Za-z0-9_-]{22,64}")
_TOKEN = re.compile(r"([0-9]{1,18})\.([0-9]{1,11})\.([A-Za-z0-9_-]{22,64})\.([A-Za-z0-9_-]{43})")
# So that no other text that the same secret may ever sign is one of these.
_PURPOSE = "radap password 1\n"


@dataclass(frozen=True, slots=True)
class PasswordLink:
    """What a token says: whose password it sets, and until when; whole seconds."""

    person: int
    ends_at: datetime


def make(secret: str, link: PasswordLink, random: str) -> str:
    """The token of the link; ``random`` are at least 22 letters and digits that nobody can guess."""
    if not _RANDOM.fullmatch(random):
        raise ValueError("not random enough for a link")
    said = f"{link.person}.{int(link.ends_at.timestamp())}.{random}"
    return f"{said}.{_signature(secret, said)}"


def read(secret: str, token: str, now: datetime) -> PasswordLink:
    """What the token says.

    Raises :class:`~engine.errors.Refusal`: ``link.forged`` for anything we did not sign,
    ``password_link.expired`` when its time is over.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise refuse("link.forged")
    person, ends_at, random, signature = match.groups()
    if not hmac.compare_digest(signature, _signature(secret, f"{person}.{ends_at}.{random}")):
        raise refuse("link.forged")
    link = PasswordLink(int(person), datetime.fromtimestamp(int(ends_at), UTC))
    if now >= link.ends_at:
        raise refuse("password_link.expired")
    return link


def path_of(token: str) -> str:
    """The address of the page that the link opens."""
    return f"/password/{token}"


def _signature(secret: str, said: str) -> str:
    if len(secret) < _LEAST_SECRET:
        raise ValueError("the secret of links is too short")
    return (
        urlsafe_b64encode(hmac.digest(secret.encode(), (_PURPOSE + said).encode(), "sha256"))
        .rstrip(b"=")
        .decode()
    )

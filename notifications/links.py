"""The links of a mail that work without signing in: signed, for one person and one matter, until a day.

A token is ``action.person.about.day.signature``: nothing in it is secret, and nothing can be changed without
the secret. Reading one decides nothing: that it is used only once is the promise of the store, by
:func:`fingerprint`.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from hashlib import sha256

from engine.errors import refuse

#: Of the 32 bytes of HMAC-SHA256; 2^128 guesses are as far away as 2^256, and the link stays short.
_SIGNATURE_BYTES = 16
_LEAST_SECRET = 32
_ABOUT = re.compile(r"[A-Za-z0-9_:-]{1,80}")
_TOKEN = re.compile(r"([a-z]+)\.([0-9]{1,18})\.([A-Za-z0-9_:-]{1,80})\.([0-9]{1,7})\.([A-Za-z0-9_-]{22})")
# So that no other text that the same secret may ever sign is one of these.
_PURPOSE = "radap link 1\n"


class LinkAction(StrEnum):
    """What a link may do without signing in: only what is safe, and can be taken back."""

    ACKNOWLEDGE = "acknowledge"
    SNOOZE = "snooze"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True)
class Link:
    """What a token says: the action, by whom, on which reminder (or all, or a topic), through which day."""

    action: LinkAction
    person: int
    about: str
    expires_on: date


def make(secret: str, link: Link) -> str:
    """The token of the link: letters, digits and ``. _ : -``, about 60 characters.

    Raises ``ValueError`` for a secret under 32 characters and for an ``about`` that does not fit into a link.
    """
    if not _ABOUT.fullmatch(link.about):
        raise ValueError(f"not fit for a link: {link.about!r}")
    said = f"{link.action}.{link.person}.{link.about}.{link.expires_on.toordinal()}"
    return f"{said}.{_signature(secret, said)}"


def read(secret: str, token: str, today: date) -> Link:
    """What the token says.

    Raises :class:`~engine.errors.Refusal`: ``link.forged`` for anything we did not sign, ``link.expired``
    after its last day.
    """
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise refuse("link.forged")
    action, person, about, day, signature = match.groups()
    # Compared as text, not as bytes: of four texts that mean the same bytes only ours is a token.
    if not hmac.compare_digest(signature, _signature(secret, f"{action}.{person}.{about}.{day}")):
        raise refuse("link.forged")
    link = Link(LinkAction(action), int(person), about, date.fromordinal(int(day)))
    if today > link.expires_on:
        raise refuse("link.expired", day=link.expires_on)
    return link


def fingerprint(token: str) -> str:
    """What the store keeps of a token that was used: its SHA-256 in hex."""
    return sha256(token.encode()).hexdigest()


def _signature(secret: str, said: str) -> str:
    if len(secret) < _LEAST_SECRET:
        raise ValueError("the secret of links is too short")
    signed = hmac.digest(secret.encode(), (_PURPOSE + said).encode(), "sha256")
    return urlsafe_b64encode(signed[:_SIGNATURE_BYTES]).rstrip(b"=").decode()

"""Addresses and names from outside, made safe before they stand in a mail, or refused with the reason."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from engine.errors import Refusal, refuse

#: RFC 5321: the longest path is 256 octets with its two angle brackets; the longest local part is 64.
MAX_ADDRESS = 254
MAX_LOCAL = 64
MAX_NAME = 200

#: What ends a line somewhere: in a mail, a terminal or `str.splitlines`.
_LINE_BREAKS = frozenset("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
#: Marks that turn the direction of writing, by which a text reads otherwise than it is.
_BIDI_MARKS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
#: RFC 5322: what has a meaning of its own in a list of addresses.
_SPECIAL = frozenset('()<>[]:;@\\,"')
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address as a mail server takes it: the domain in ASCII, the local part as it is."""

    local: str
    domain: str

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it."""
        return not self.local.isascii()

    def __str__(self) -> str:
        return f"{self.local}@{self.domain}"


def address(given: str) -> str:
    """One mail address, trimmed of blanks and composed (NFC), as it may be kept and written to.

    Quoted local parts and domains in brackets are not taken: no mailbox of a city has one, and both have
    carried commands to mail servers. Raises :class:`~engine.errors.Refusal`: ``person.no_address``, or
    ``address.`` with ``line_break``, ``control_mark``, ``bidi_mark``, ``invisible_mark``, ``two``,
    ``no_local``, ``no_domain``, ``too_long``, ``local_too_long``, ``dots``, ``strange`` or ``domain``.
    """
    text = unicodedata.normalize("NFC", given.strip(" "))
    mailbox_of(text)
    return text


@lru_cache(1024)  # a mail asks for it when it is written, when it is paced and when it goes out
def mailbox_of(given: str) -> Mailbox:
    """The mailbox that an address names; raises the refusals of :func:`address`."""
    _mind_the_marks(given, "address")
    for mark in given:
        if not mark.isprintable():
            raise refuse("address.invisible_mark", given=visible(given), mark=_code(mark))
    shown = visible(given)
    if given.count("@") > 1 or "," in given or ";" in given:
        raise refuse("address.two", given=shown)
    if "@" not in given:
        raise refuse("person.no_address", given=shown)
    local, _, domain = given.partition("@")
    if not local:
        raise refuse("address.no_local", given=shown)
    if not domain:
        raise refuse("address.no_domain", given=shown)
    if len(given.encode()) > MAX_ADDRESS:
        raise refuse("address.too_long", given=shown, limit=MAX_ADDRESS)
    _mind_the_local(local, shown)
    mailbox = Mailbox(local, _ascii_domain(domain, shown))
    if len(str(mailbox).encode()) > MAX_ADDRESS:
        raise refuse("address.too_long", given=shown, limit=MAX_ADDRESS)
    return mailbox


def display_name(given: str) -> str:
    """A person's name, trimmed and composed (NFC), as it may stand before an address and in histories.

    Raises :class:`~engine.errors.Refusal`: ``address_name.`` with ``line_break``, ``control_mark``,
    ``bidi_mark``, ``empty`` or ``too_long``.
    """
    text = unicodedata.normalize("NFC", given.strip(" "))
    if not text:
        raise refuse("address_name.empty")
    _mind_the_marks(text, "address_name")
    if len(text) > MAX_NAME:
        raise refuse("address_name.too_long", given=visible(text), limit=MAX_NAME)
    return text


def domain_of(given: str) -> str:
    """The domain to which a mail goes, in ASCII and small letters; empty for what is no address."""
    try:
        return mailbox_of(given).domain
    except Refusal:
        return ""


def visible(given: str) -> str:
    """A text as it can be shown: what cannot be seen, or would turn what is seen, is written as its code."""
    marks = [mark if mark.isprintable() else f"<{_code(mark)}>" for mark in given[:MAX_LOCAL]]
    return "".join(marks) + ("…" if len(given) > MAX_LOCAL else "")


def _mind_the_marks(given: str, about: str) -> None:
    for mark in given:
        for fault, is_such in _MARKS:
            if is_such(mark):
                raise refuse(f"{about}.{fault}", given=visible(given), mark=_code(mark))


#: Lone surrogates come from bytes of a command line that were no UTF-8; they could not be written down.
_MARKS = (
    ("line_break", _LINE_BREAKS.__contains__),
    ("bidi_mark", _BIDI_MARKS.__contains__),
    ("control_mark", lambda mark: unicodedata.category(mark) in ("Cc", "Cs")),
)


def _mind_the_local(local: str, shown: str) -> None:
    if len(local.encode()) > MAX_LOCAL:
        raise refuse("address.local_too_long", given=shown, limit=MAX_LOCAL)
    if "" in local.split("."):
        raise refuse("address.dots", given=shown)
    for mark in local:
        if mark in _SPECIAL or mark == " ":
            raise refuse("address.strange", given=shown, mark=visible(mark))


def _ascii_domain(domain: str, shown: str) -> str:
    try:
        plain = domain.lower().encode("idna").decode()
    except UnicodeError:
        raise refuse("address.domain", given=shown) from None
    labels = plain.split(".")
    # A last label of digits only would be taken for a number of the network.
    if labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise refuse("address.domain", given=shown)
    return plain


def _code(mark: str) -> str:
    return f"U+{ord(mark):04X}"

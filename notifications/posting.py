"""One HTTP POST that follows no redirect, trusts no name twice and has one deadline for everything."""

import http.client
import ipaddress
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from engine.errors import refuse
from engine.outbox import LONGEST_WAIT
from notifications.channels import Answer, Outcome, one_line, ours
from notifications.timed_socket import Address, Resolver, Stopwatch, TimedSocket, not_connected

#: How much of a reply is read, in bytes.
MAX_READ = 4096


@dataclass(frozen=True, slots=True)
class Target:
    """Where a POST goes, taken from a URL once."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        name = f"[{self.host}]" if ":" in self.host else self.host
        return name if self.port == (443 if self.secure else 80) else f"{name}:{self.port}"


def target_of(url: str, *, plain_allowed: bool) -> Target:
    """The parts of a URL. Raises :class:`~engine.errors.Refusal`: ``url.unfit`` or ``url.not_https``."""
    # Checked before it is split: the splitter leaves out line breaks without a word.
    if not url or not all("!" <= mark <= "~" for mark in url):
        raise refuse("url.unfit", url=one_line(url))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise refuse("url.unfit", url=url) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        raise refuse("url.unfit", url=url)
    secure = parts.scheme == "https"
    if not secure and not plain_allowed:
        raise refuse("url.not_https", url=url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, parts.hostname, port or (443 if secure else 80), path)


@dataclass(frozen=True, slots=True)
class Wires:
    """What a POST needs of the world: names looked up, time measured, certificates trusted, what day it is.

    ``seconds`` are for the whole exchange.
    """

    resolve: Resolver
    stopwatch: Stopwatch
    now: Callable[[], datetime]
    context: ssl.SSLContext
    seconds: float = 20.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered; ``retry_after`` in seconds, when it said so."""

    status: int
    reason: str
    retry_after: float | None
    body: bytes


class NoReply(Exception):
    """Nothing readable came back; the answer tells whether the other side may have got it all the same."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.said)
        self.answer = answer


def post(
    target: Target, headers: Mapping[str, str], body: bytes, wires: Wires, *, private_allowed: bool
) -> Reply:
    """Send the body and read the reply.

    The name is looked up once, and the connection goes to one of the very addresses that were looked at.
    Raises :class:`NoReply`.
    """
    until = wires.stopwatch() + wires.seconds
    line = _connected(target, wires, until, private_allowed)
    try:
        try:
            line.sendall(_request(target, headers, body))
        except OSError as error:
            kind = "channel.too_slow" if line.late else "channel.cut_off"
            raise NoReply(ours(Outcome.LATER, kind)) from error
        return _reply(line, wires.now())
    finally:
        line.close()


def _connected(target: Target, wires: Wires, until: float, private_allowed: bool) -> TimedSocket:
    line: TimedSocket | None = None
    try:
        addresses = wires.resolve(target.host, target.port)
        for address in addresses:
            if not private_allowed and not is_public(address):
                raise NoReply(ours(Outcome.MISCONFIGURED, "channel.private_address", address.host))
        line = TimedSocket(addresses, wires.stopwatch, until)
        if target.secure:
            line.secure(wires.context, target.host)
    except (OSError, UnicodeError) as error:
        if line is not None:
            line.close()
        raise NoReply(not_connected(error)) from error
    return line


def is_public(address: Address) -> bool:
    """Whether an address belongs to the whole Internet, also the one that is wrapped in it."""
    try:
        ip = ipaddress.ip_address(address.host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if wrapped is not None:
            return _is_public(wrapped)
    return _is_public(ip)


def _is_public(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    # Reserved has in it what translates to IPv4 (64:ff9b::/96) and the old IPv4-compatible addresses.
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    lines = {"Host": target.host_header, **headers}
    lines |= {"Content-Length": str(len(body)), "Connection": "close", "User-Agent": "Radap"}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {target.path} HTTP/1.1\r\n{head}\r\n".encode("ascii") + body


def _reply(line: TimedSocket, now: datetime) -> Reply:
    response = http.client.HTTPResponse(line, method="POST")  # type: ignore[arg-type]  # it asks for makefile only
    try:
        response.begin()
    except (OSError, http.client.HTTPException) as error:
        raise NoReply(ours(Outcome.UNCERTAIN, "channel.reply_lost")) from error
    try:
        body = response.read(MAX_READ)
    except (OSError, http.client.HTTPException):
        body = b""  # the status has told what became of it
    wait = _seconds(response.headers.get("Retry-After"), now)
    return Reply(response.status, one_line(response.reason), wait, body)


def _seconds(retry_after: str | None, now: datetime) -> float | None:
    """The header in seconds: it is a number of them, or the instant itself."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:9])
    else:
        try:
            then = parsedate_to_datetime(text)
        except ValueError:
            return None
        seconds = ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()
    return min(max(seconds, 0.0), LONGEST_WAIT.total_seconds())

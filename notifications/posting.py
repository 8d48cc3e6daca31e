"""One HTTP POST that follows no redirect, trusts no name twice and has one deadline for everything."""

import http.client
import ipaddress
import socket
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


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Reach:
    """How far we go: to every address of the whole Internet, and into these networks of the house."""

    networks: tuple[Network, ...] = ()

    def covers(self, address: Address) -> bool:
        if is_public(address):
            return True
        ip = _ip_of(address)
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        return ip is not None and any(ip in network for network in self.networks)


EVERYWHERE = Reach((ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0")))
OUTSIDE = Reach()


def target_in_reach(url: str, reach: Reach) -> Target:
    """The parts of a URL that somebody gave who is no operator.

    Without https only this machine itself can be reached, where the operator allows it. A name is looked up
    when something is sent. Raises :class:`~engine.errors.Refusal`: ``url.unfit``, ``url.not_https``,
    ``url.private``.
    """
    target = target_of(url, plain_allowed=True)
    there = _as_address("127.0.0.1" if target.host == "localhost" else target.host)
    ip = None if there is None else _ip_of(there)
    if not target.secure and (ip is None or not ip.is_loopback):
        raise refuse("url.not_https", url=url)
    if there is not None and not reach.covers(there):
        raise refuse("url.private", url=url)
    return target


def _as_address(host: str) -> Address | None:
    """The address that a host is, where it is no name."""
    address = Address(socket.AF_INET6 if ":" in host else socket.AF_INET, (host,))
    return None if _ip_of(address) is None else address


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


def post(target: Target, headers: Mapping[str, str], body: bytes, wires: Wires, *, reach: Reach) -> Reply:
    """Send the body and read the reply.

    The name is looked up once, and the connection goes to one of the very addresses that were looked at.
    Raises :class:`NoReply`.
    """
    until = wires.stopwatch() + wires.seconds
    line = _connected(target, wires, until, reach)
    try:
        try:
            line.sendall(_request(target, headers, body))
        except OSError as error:
            kind = "channel.too_slow" if line.late else "channel.cut_off"
            raise NoReply(ours(Outcome.LATER, kind)) from error
        return _reply(line, wires.now())
    finally:
        line.close()


def _connected(target: Target, wires: Wires, until: float, reach: Reach) -> TimedSocket:
    line: TimedSocket | None = None
    try:
        addresses = wires.resolve(target.host, target.port)
        for address in addresses:
            if not reach.covers(address):
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
    ip = _ip_of(address)
    if ip is None:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if wrapped is not None:
            return _is_public(wrapped)
    return _is_public(ip)


def _ip_of(address: Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(address.host.partition("%")[0])
    except ValueError:
        return None


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

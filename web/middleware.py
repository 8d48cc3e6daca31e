"""What holds for every answer and every request: closed doors, our own name, a limit on what is sent."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.hosts import is_loopback

#: Nothing but what is our own; no frame, nothing inline, no cache, and no address of ours told to others: it
#: may hold a secret. (Told to nobody at all, browsers would call our own forms foreign.)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
#: For a year browsers come by TLS only.
_BY_TLS = {"Strict-Transport-Security": "max-age=31536000"}
_PORTS = {"http": 80, "https": 443}


def headers_for(base_url: str) -> Mapping[str, str]:
    """What every answer carries of a house that people reach at that address."""
    return {**HEADERS, **_BY_TLS} if urlsplit(base_url).scheme == "https" else HEADERS


class ClosedDoors:
    """Adds the headers to every answer that does not say otherwise itself."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str]) -> None:
        self._app = app
        self._headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, closing)


class OwnName:
    """Lets in who asks for us by our name, and on the machine itself by the names that every machine has.

    Whatever is made of a request's ``Host`` would else lead where a stranger wants it.
    """

    def __init__(self, app: ASGIApp, base_url: str, refused: Callable[[Request], Response]) -> None:
        self._app = app
        self._refused = refused
        own = urlsplit(base_url)
        self._own = (own.hostname, own.port or _PORTS[own.scheme])
        self._port = _PORTS[own.scheme]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or self._is_own(scope):
            await self._app(scope, receive, send)
        else:
            await self._refused(Request(scope, receive))(scope, receive, send)

    def _is_own(self, scope: Scope) -> bool:
        try:
            asked = urlsplit(f"//{Headers(scope=scope).get('host', '')}")
            name, port = asked.hostname or "", asked.port or self._port
        except ValueError:
            return False
        server = scope.get("server") or ("", None)
        return (name, port) == self._own or (is_loopback(name) and is_loopback(server[0]))


#: Where in the scope of a request a route keeps its own limit.
LIMIT = "radap.limit"


class BodyLimit:
    """Answers 413 to who sends more than ``limit`` bytes, before they are held or written anywhere.

    A route that takes more says so under :data:`LIMIT`, once it knows who sends.
    """

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > scope.get(LIMIT, self._limit):
                raise HTTPException(413)
            return message

        await self._app(scope, counting, send)

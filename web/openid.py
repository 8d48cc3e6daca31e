"""Signing in at another house: the way there, and the way back with what it says of the person."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Refusal, refuse
from storage.accounts import StoredAccounts
from web.doors import OPEN, Doors, client_of, own_path
from web.openid_provider import Provider
from web.reading import whole_number
from web.site import OpenId, Site

_HERE = "/sign-in/openid"
_BACK = f"{_HERE}/done"
#: How long somebody may take to sign in there.
_TIME = timedelta(minutes=10)
#: Shows the sign-in page, with what is in the way.
Asked = Callable[[Request, str, Refusal], Response]


class _Way(NamedTuple):
    """What the browser keeps between the way there and the way back; no other site can read or set it."""

    state: str
    nonce: str
    verifier: str
    begun: str
    next_path: str


def add(
    router: Router, site: Site, terms: OpenId, doors: Doors, accounts: StoredAccounts, asked: Asked
) -> None:
    """The pages under ``/sign-in/openid``."""
    here = _Elsewhere(site, terms, doors, accounts, asked)
    doors.add(router, _HERE, here.go, OPEN, ["GET"])
    doors.add(router, _BACK, here.come_back, OPEN, ["GET"])


class _Elsewhere:
    def __init__(
        self, site: Site, terms: OpenId, doors: Doors, accounts: StoredAccounts, asked: Asked
    ) -> None:
        self._site = site
        self._terms = terms
        self._doors = doors
        self._accounts = accounts
        self._asked = asked
        self._provider = Provider(terms, site.clock)
        self._redirect = site.base_url.rstrip("/") + _BACK
        self._cookie = "__Host-radap-openid" if doors.cookie.startswith("__Host-") else "radap-openid"

    def go(self, request: Request) -> Response:
        """Send the browser there; what is to come back with it is kept in a cookie of its own."""
        next_path = own_path(request.query_params.get("next", "/"))
        begun = str(int(self._site.clock().timestamp()))
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        way = _Way(state, nonce, verifier, begun, next_path)
        try:
            address = self._provider.address(self._redirect, way.state, way.nonce, way.verifier)
        except Refusal as refused:
            return self._asked(request, next_path, refused)
        answer = RedirectResponse(address, 303)
        self._doors.hand(answer, self._cookie, _packed(way), int(_TIME.total_seconds()))
        return answer

    def come_back(self, request: Request) -> Response:
        """A session for whoever has signed in there, if an administrator has added their address here."""
        way = self._way(request)
        next_path = own_path(way.next_path) if way else "/"
        try:
            token = self._let_in(request, way)
        except Refusal as refused:
            answer = self._asked(request, next_path, refused)
        else:
            answer = RedirectResponse(self._site.root + next_path, 303)
            self._doors.keep(answer, token, kept=False)
        # It serves once, whatever came of it.
        self._doors.hand(answer, self._cookie, "", 0)
        return answer

    def _let_in(self, request: Request, way: _Way | None) -> str:
        client, now = client_of(request), self._site.clock()
        line = self._accounts.knock("", client, now)
        try:
            email = self._email(request, way)
        except Refusal as refused:
            self._accounts.failed(line, refused.conditions[0].kind)
            raise
        before = request.state.begun
        return self._accounts.sign_in_known(email, client, now, line=line, how="openid", instead_of=before)

    def _email(self, request: Request, way: _Way | None) -> str:
        asked, name = request.query_params, self._terms.name
        if way is None or not hmac.compare_digest(asked.get("state", "").encode(), way.state.encode()):
            raise refuse("openid.too_late")
        if asked.get("iss", self._terms.issuer) != self._terms.issuer:
            raise refuse("openid.not_trusted", name=name)
        code = asked.get("code", "")
        if "error" in asked or not code:
            raise refuse("openid.declined", name=name)
        return self._provider.email(code, self._redirect, way.nonce, way.verifier)

    def _way(self, request: Request) -> _Way | None:
        """What this browser was sent with, unless that is too long ago."""
        way = _unpacked(request.cookies.get(self._cookie, ""))
        if way is None:
            return None
        taken = self._site.clock().timestamp() - int(way.begun)
        return way if 0 <= taken < _TIME.total_seconds() else None


def _packed(way: _Way) -> str:
    return ".".join((*way[:4], urlsafe_b64encode(way.next_path.encode()).rstrip(b"=").decode()))


def _unpacked(kept: str) -> _Way | None:
    """What was packed; ``None`` for anything else."""
    parts = kept.split(".")
    if len(parts) != 5 or whole_number(parts[3], 12) is None:
        return None
    try:
        next_path = urlsafe_b64decode(parts[4] + "=" * (-len(parts[4]) % 4)).decode()
    except ValueError:
        return None
    state, nonce, verifier, begun, _ = parts
    return _Way(state, nonce, verifier, begun, next_path)

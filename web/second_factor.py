"""The second factor of one's account: set up with a telephone, its recovery codes, and taken off again."""

from typing import Any
from urllib.parse import quote, urlencode

import segno
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Refusal
from storage.accounts import StoredAccounts
from web.doors import SIGNED_IN, Doors, Visit, client_of
from web.pages import Pages
from web.session import password_in, status_of
from web.site import Site

_HERE = "/account/second-factor"
#: So that it fits the narrowest telephone, and its squares are whole pixels.
_SCALE = 4


def routes(site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> Router:
    """The pages under ``/account/second-factor``."""
    router = Router()
    here = _SecondFactor(site, pages, accounts)
    doors.add(router, _HERE, here.look, SIGNED_IN)
    if site.takes_passwords:
        doors.add(router, f"{_HERE}/begin", here.begin, SIGNED_IN, ["POST"])
        doors.add(router, f"{_HERE}/prove", here.prove, SIGNED_IN, ["POST"])
        doors.add(router, f"{_HERE}/codes", here.renew_codes, SIGNED_IN, ["POST"])
        doors.add(router, f"{_HERE}/remove", here.remove, SIGNED_IN, ["POST"])
    return router


class _SecondFactor:
    def __init__(self, site: Site, pages: Pages, accounts: StoredAccounts) -> None:
        self._site = site
        self._pages = pages
        self._accounts = accounts

    def look(self, request: Request) -> Response:
        """How things stand, and what can be done."""
        return self._shown(request)

    def _shown(
        self, request: Request, errors: dict[str, Refusal] | None = None, codes: list[str] | None = None
    ) -> Response:
        visit: Visit = request.state.visit
        wording, person = self._pages.wording(request), visit.person.id
        found = self._accounts.factor(person, self._site.clock())
        said = {name: wording.refusal(refused) for name, refused in (errors or {}).items()}
        values: dict[str, Any] = {
            "title": wording.say("page.factor"),
            "errors": said,
            "wrong_form": bool(said),
            "codes": codes or [],
            "codes_left": found.codes_left,
            "set_at": wording.value(found.set_at) if found.set_at else "",
            "picture": self._picture(found.pending, visit.email) if found.pending else None,
            "secret": _in_groups(found.pending or ""),
            "key_uri": key_uri(found.pending, visit.email, self._site.house) if found.pending else "",
            "has_password": self._site.takes_passwords and self._accounts.has_password(person),
        }
        refused = next(iter((errors or {}).values()), None)
        return self._pages.show(request, "session/second_factor.html", values, status_of(refused))

    def _picture(self, secret: str, email: str) -> dict[str, Any]:
        """What a telephone reads from the screen: an image that needs no other address."""
        code = segno.make(key_uri(secret, email, self._site.house), error="l", micro=False)
        width, height = code.symbol_size(scale=_SCALE)
        return {"src": code.svg_data_uri(scale=_SCALE), "width": width, "height": height}

    def begin(self, request: Request) -> Response:
        """Make a secret, for who knows the password."""
        try:
            self._accounts.begin_factor(*self._who(request, "present"))
        except Refusal as refused:
            return self._shown(request, {"present": refused})
        return self._to(_HERE)

    def prove(self, request: Request) -> Response:
        """The first code: from now on one is asked for; the recovery codes are shown, this once."""
        visit: Visit = request.state.visit
        typed = str(request.state.form.get("code", ""))
        try:
            codes = self._accounts.set_factor(visit.session, typed, client_of(request), self._site.clock())
        except Refusal as refused:
            return self._shown(request, {"code": refused})
        return self._shown(request, codes=codes)

    def renew_codes(self, request: Request) -> Response:
        """Other recovery codes, shown this once."""
        try:
            codes = self._accounts.renew_codes(*self._who(request, "password"))
        except Refusal as refused:
            return self._shown(request, {"password": refused})
        return self._shown(request, codes=codes)

    def remove(self, request: Request) -> Response:
        """Ask for no code any more, for who knows the password."""
        try:
            self._accounts.drop_factor(*self._who(request, "present"))
        except Refusal as refused:
            return self._shown(request, {"present": refused})
        return self._to(_HERE)

    def _who(self, request: Request, field: str) -> tuple[Any, ...]:
        """Whose factor it is, what they gave as their password, from where, and when."""
        visit: Visit = request.state.visit
        given = password_in(request.state.form, field)
        return visit.session, given, client_of(request), self._site.clock()

    def _to(self, path: str) -> RedirectResponse:
        return RedirectResponse(self._site.root + path, 303)


def key_uri(secret: str, email: str, house: str) -> str:
    """The key as telephones read it; the house is named once, for Thai names are long in an address."""
    return f"otpauth://totp/{quote(email)}?{urlencode({'secret': secret, 'issuer': house}, quote_via=quote)}"


def _in_groups(secret: str) -> str:
    """Four by four, as one types it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))

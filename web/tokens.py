"""One's own tokens: made for programs, shown once, listed and ended."""

from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Refusal
from engine.tokens import LASTS, NewToken, Scope
from engine.wording import Wording
from storage import tokens
from storage.accounts import StoredAccounts
from storage.tokens import Token
from web.doors import SIGNED_IN, Doors, Visit, client_of
from web.pages import Pages
from web.reading import Typed
from web.session import password_in, status_of
from web.site import Site

_PAGE = "/account/tokens"
#: To which field a refusal belongs, by how its kind begins.
_AT = {
    "token.name_": "name",
    "token.no_scope": "scopes",
    "token.scope_": "scopes",
    "token.days": "days",
    "password.": "present",
    "sign_in.": "present",
}


def routes(site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> Router:
    """The page ``/account/tokens``."""
    router = Router()
    here = _Tokens(site, pages, accounts)
    doors.add(router, _PAGE, here.look, SIGNED_IN)
    doors.add(router, _PAGE, here.make, SIGNED_IN, ["POST"])
    doors.add(router, f"{_PAGE}/revoke", here.revoke, SIGNED_IN, ["POST"])
    return router


class _Tokens:
    def __init__(self, site: Site, pages: Pages, accounts: StoredAccounts) -> None:
        self._site = site
        self._pages = pages
        self._accounts = accounts

    def look(self, request: Request) -> Response:
        """All tokens, and the form for another."""
        return self._shown(request, Typed({"days": str(LASTS[0]), "scope-read": "yes"}))

    def make(self, request: Request) -> Response:
        """Make one; this answer is the only one that holds its secret."""
        visit: Visit = request.state.visit
        typed, who, now = Typed(request.state.form), client_of(request), self._site.clock()
        chosen = [str(scope) for scope in Scope if typed.fields.get(f"scope-{scope}")]
        new = NewToken(typed.line("name"), chosen, typed.whole("days") or 0)
        try:
            if self._has_password(visit):
                present = password_in(request.state.form, "present")
                self._accounts.check_present(visit.session, present, who, now)
            with self._site.store.begin() as tx:
                secret, _ = tokens.make(tx, visit.person.id, new, who, now)
        except Refusal as refused:
            typed.fields.pop("present", None)
            for one in refused.conditions:
                at = next((field for kind, field in _AT.items() if one.kind.startswith(kind)), "")
                typed.fault(at, one)
            return self._shown(request, typed, status=status_of(refused))
        return self._shown(request, Typed({"days": str(LASTS[0])}), secret)

    def revoke(self, request: Request) -> Response:
        """End one."""
        visit: Visit = request.state.visit
        number, now = Typed(request.state.form).whole("number") or 0, self._site.clock()
        with self._site.store.begin() as tx:
            tokens.revoke(tx, visit.person.id, number, client_of(request), now)
        return RedirectResponse(f"{self._site.root}{_PAGE}?done=revoked", 303)

    def _has_password(self, visit: Visit) -> bool:
        return self._site.takes_passwords and self._accounts.has_password(visit.person.id)

    def _shown(self, request: Request, typed: Typed, secret: str = "", status: int = 200) -> Response:
        visit: Visit = request.state.visit
        wording, now = self._pages.wording(request), self._site.clock()
        with self._site.store.read() as tx:
            found = tokens.of_person(tx.connection, visit.person.id)
        errors = typed.errors(wording)
        values = {
            "title": wording.say("tokens.title"),
            "secret": secret,
            "done": wording.say("tokens.done_revoked")
            if request.query_params.get("done") == "revoked"
            else "",
            "live": [_row(one, wording, now) for one in found if one.is_live(now)],
            "over": [_row(one, wording, now) for one in found if not one.is_live(now)],
            "scopes": [
                (str(one), wording.say(f"scope.{one}"), wording.say(f"scope.{one}_does")) for one in Scope
            ],
            "lasts": [(str(days), wording.say("tokens.days_are", days=days)) for days in LASTS],
            "has_password": self._has_password(visit),
            "fields": typed.fields,
            "errors": errors,
            "wrong_form": bool(errors),
        }
        return self._pages.show(request, "session/tokens.html", values, status)


def _row(one: Token, wording: Wording, now: datetime) -> dict[str, Any]:
    state = "tokens.revoked" if one.revoked_at else "tokens.until" if one.is_live(now) else "tokens.ended"
    used = wording.say("tokens.used", at=one.used_at) if one.used_at else wording.say("tokens.never_used")
    return {
        "id": one.id,
        "name": one.name,
        "scopes": [wording.say(f"scope.{scope}") for scope in Scope if scope in one.scopes],
        "state": wording.say(state, until=one.ends_at),
        "used": used,
        "revoke": wording.say("tokens.revoke_one", name=one.name),
    }

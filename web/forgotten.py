"""A password that was forgotten or never set: asking for a link, and the page that the link opens."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Refusal, refuse
from notifications import password_links
from notifications.password_links import PasswordLink
from storage import quiets
from storage.accounts import StoredAccounts
from web.doors import OPEN, Doors, client_of
from web.pages import Pages
from web.session import email_in, password_in, status_of
from web.site import Site


def routes(site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> Router:
    """The pages under ``/forgotten`` and ``/password``."""
    router = Router()
    here = _Forgotten(site, pages, accounts)
    if site.takes_passwords:
        doors.add(router, "/forgotten", here.ask, OPEN)
        doors.add(router, "/forgotten", here.send, OPEN, ["POST"])
        doors.add(router, "/password/{token}", here.open, OPEN)
        doors.add(router, "/password/{token}", here.set, OPEN, ["POST"])
    return router


class _Forgotten:
    def __init__(self, site: Site, pages: Pages, accounts: StoredAccounts) -> None:
        self._site = site
        self._pages = pages
        self._accounts = accounts

    def ask(self, request: Request) -> Response:
        """The form that asks for the address."""
        return self._asked(request)

    def _asked(self, request: Request, refused: Refusal | None = None) -> Response:
        wording = self._pages.wording(request)
        errors = {"email": wording.refusal(refused)} if refused else {}
        values = {
            "title": wording.say("page.forgotten"),
            "errors": errors,
            "wrong_form": bool(errors),
            "fields": {"email": request.query_params.get("email", "")},
        }
        return self._pages.show(request, "session/forgotten.html", values, status_of(refused))

    def send(self, request: Request) -> Response:
        """The same answer whoever is asked for: whether somebody has the address is for nobody to know."""
        email = email_in(request.state.form).strip()
        if not email:
            return self._asked(request, refuse("email.needed"))
        self._accounts.ask_reset(email, client_of(request), self._site.clock())
        return self._told(request, "page.reset_sent", email=email)

    def open(self, request: Request, token: str) -> Response:
        """The form that sets a password; whoever only looks changes nothing."""
        link, email = self._read(token)
        return self._opened(request, link, email)

    def _opened(
        self, request: Request, link: PasswordLink, email: str, refused: Refusal | None = None
    ) -> Response:
        wording = self._pages.wording(request)
        errors = {"wanted": wording.refusal(refused)} if refused else {}
        values = {
            "title": wording.say("page.set_password"),
            "email": email,
            "ends_at": wording.value(link.ends_at),
            "live_tokens": self._accounts.tokens_at_stake(link.person, self._site.clock()),
            "errors": errors,
            "wrong_form": bool(errors),
        }
        return self._pages.show(request, "session/set_password.html", values, status_of(refused))

    def set(self, request: Request, token: str) -> Response:
        """Set the password, once; every session ends, and every token if there was a password before."""
        link, email = self._read(token)
        wanted = password_in(request.state.form, "wanted")
        digest = password_links.fingerprint(token)
        try:
            who, now = client_of(request), self._site.clock()
            ended = self._accounts.set_by_link(link.person, digest, wanted, who, now)
        except Refusal as refused:
            if not refused.conditions[0].kind.startswith("password."):
                raise
            return self._opened(request, link, email, refused)
        return self._told(request, "page.password_set", tokens=ended or None)

    def _read(self, token: str) -> tuple[PasswordLink, str]:
        """What the link says, and whose password it still sets."""
        with self._site.store.read() as tx:
            secret = quiets.link_secret(tx.connection)
        now = self._site.clock()
        link = password_links.read(secret, token, now)
        return link, self._accounts.email_behind(link.person, password_links.fingerprint(token), now)

    def _told(self, request: Request, kind: str, **params: str | int | None) -> Response:
        wording = self._pages.wording(request)
        values = {"title": wording.say(f"{kind}_title"), "sentence": wording.say(kind, params)}
        return self._pages.show(request, "session/told.html", values)

"""One's own account: who one is here, the password, and where one is signed in."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Refusal
from storage import sessions
from storage.accounts import StoredAccounts
from web.doors import SIGNED_IN, Doors, Visit, agencies_of, client_of
from web.pages import Pages
from web.reading import whole_number
from web.session import password_in, status_of
from web.site import Site

#: Which field a refusal stands at; any other at the new password.
_AT = {"password.wrong": "present", "sign_in.wait": "present", "sign_in.busy": "present"}


#: What browsers call themselves, and what people call them; those that name others besides themselves first.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Line/", "LINE"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
_SHOWN = 40


def named(agent: str) -> str:
    """A browser as people know it; as it calls itself where we do not."""
    found = [next((name for mark, name in one if mark in agent), "") for one in (_BROWSERS, _SYSTEMS)]
    return " · ".join(filter(None, found)) or agent[:_SHOWN] or "–"


def routes(site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> Router:
    """The pages under ``/account``."""
    router = Router()
    here = _Account(site, pages, doors, accounts)
    doors.add(router, "/account", here.account, SIGNED_IN)
    doors.add(router, "/account/password", here.change_password, SIGNED_IN, ["POST"])
    doors.add(router, "/account/sessions", here.end_session, SIGNED_IN, ["POST"])
    doors.add(router, "/account/agency", here.choose_agency, SIGNED_IN, ["POST"])
    return router


class _Account:
    def __init__(self, site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> None:
        self._site = site
        self._pages = pages
        self._doors = doors
        self._accounts = accounts

    def account(self, request: Request) -> Response:
        return self._account(request)

    def _account(self, request: Request, refused: Refusal | None = None, done: str | None = None) -> Response:
        visit: Visit = request.state.visit
        wording = self._pages.wording(request)
        person, now = visit.person.id, self._site.clock()
        with self._site.store.read() as tx:
            found = sessions.of_person(tx.connection, person, now)
        has_password = self._site.takes_passwords and self._accounts.has_password(person)
        set_at = self._accounts.factor(person, now).set_at
        errors = {}
        if refused:
            errors = {_AT.get(refused.conditions[0].kind, "wanted"): wording.refusal(refused)}
        values = {
            "title": wording.say("page.account"),
            "errors": errors,
            "wrong_form": bool(errors),
            "done": done,
            "has_password": has_password,
            "live_tokens": self._accounts.tokens_at_stake(person, now),
            "ends_tokens": bool(refused) and request.state.form.get("tokens") == "end",
            "factor_set": wording.value(set_at) if set_at else "",
            "roles": [wording.value(one.role) for one in visit.person.grants],
            "sessions": [
                {
                    "id": one.id,
                    "begun": wording.value(one.begun_at),
                    "seen": wording.value(one.seen_at),
                    "where": f"{named(one.agent)} · {one.address}",
                    "is_this": one.id == visit.session.id,
                }
                for one in found
            ],
        }
        return self._pages.show(request, "session/account.html", values, status_of(refused))

    def change_password(self, request: Request) -> Response:
        visit: Visit = request.state.visit
        form, wording = request.state.form, self._pages.wording(request)
        try:
            token, ended = self._accounts.change_password(
                visit.session,
                password_in(form, "present"),
                password_in(form, "wanted"),
                client_of(request),
                self._site.clock(),
                with_tokens=form.get("tokens") == "end",
            )
        except Refusal as refused:
            return self._account(request, refused)
        answer = self._account(request, done=wording.say("page.password_changed", tokens=ended or None))
        self._doors.keep(answer, token, kept=visit.session.kept)
        return answer

    def end_session(self, request: Request) -> Response:
        """End one session of one's own, or all but this one."""
        visit: Visit = request.state.visit
        wanted = str(request.state.form.get("session", ""))
        who, now = client_of(request), self._site.clock()
        if wanted == "others":
            self._accounts.end_sessions(visit.person.id, who, now, but=visit.session.id)
        elif (number := whole_number(wanted, 9)) is not None:
            self._accounts.end_sessions(visit.person.id, who, now, only=number)
        return self._to("/account")

    def choose_agency(self, request: Request) -> Response:
        visit: Visit = request.state.visit
        wanted = str(request.state.form.get("agency", ""))
        if wanted not in {str(one) for one in agencies_of(visit.person)}:
            raise HTTPException(404)
        with self._site.store.begin() as tx:
            sessions.choose_agency(tx, visit.session.id, int(wanted))
        return self._to("/")

    def _to(self, path: str) -> RedirectResponse:
        return RedirectResponse(self._site.root + path, 303)

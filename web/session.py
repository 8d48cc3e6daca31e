"""Signing in and out: the password, the code where one is asked for, and the demo on one's own machine."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Refusal
from storage.accounts import StoredAccounts
from storage.sessions import Session
from web import openid
from web.doors import HALFWAY, OPEN, Doors, client_of, own_path
from web.hosts import is_loopback
from web.pages import Pages
from web.site import Site

#: What a proxy adds to a request that it passes on: who asks then is somebody else than it seems.
_PASSED_ON = ("forwarded", "x-forwarded-for", "x-real-ip", "via")
#: With which status a form is shown again.
_AGAIN = {"sign_in.wait": 429, "sign_in.busy": 503}
_LONGEST_ADDRESS, _LONGEST_PASSWORD = 254, 1024


def routes(site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> Router:
    """The pages under ``/sign-in`` and ``/sign-out``."""
    router = Router()
    here = _Door(site, pages, doors, accounts)
    doors.add(router, "/sign-in", here.ask, OPEN)
    doors.add(router, "/sign-in/code", here.ask_code, HALFWAY)
    doors.add(router, "/sign-in/code", here.give_code, HALFWAY, ["POST"])
    doors.add(router, "/sign-out", here.sign_out, HALFWAY, ["POST"])
    if site.takes_passwords:
        doors.add(router, "/sign-in", here.sign_in, OPEN, ["POST"])
    if site.openid is not None:
        openid.add(router, site, site.openid, doors, accounts, here.asked)
    if site.demo_people:
        doors.add(router, "/sign-in/demo", here.sign_in_as, OPEN, ["POST"])
    return router


class _Door:
    def __init__(self, site: Site, pages: Pages, doors: Doors, accounts: StoredAccounts) -> None:
        self._site = site
        self._pages = pages
        self._doors = doors
        self._accounts = accounts

    def ask(self, request: Request) -> Response:
        """The form to sign in with."""
        next_path = own_path(request.query_params.get("next", "/"))
        return self._to(next_path) if request.state.visit else self.asked(request, next_path)

    def asked(self, request: Request, next_path: str, refused: Refusal | None = None) -> Response:
        wording = self._pages.wording(request)
        form = getattr(request.state, "form", {})
        errors = {"email": wording.refusal(refused)} if refused else {}
        values = {
            "title": wording.say("page.sign_in"),
            "next": own_path(next_path),
            "fields": {"email": email_in(form), "keep": str(form.get("keep", ""))},
            "errors": errors,
            "wrong_form": bool(errors),
            "demo": self._demo_people(request),
            "takes_passwords": self._site.takes_passwords,
            "elsewhere": self._site.openid.name if self._site.openid else "",
        }
        return self._pages.show(request, "session/sign_in.html", values, status_of(refused))

    def sign_in(self, request: Request) -> Response:
        """A new session, whatever the browser brought before."""
        form, site = request.state.form, self._site
        next_path = own_path(str(form.get("next", "/")))
        kept = form.get("keep") == "yes"
        try:
            token = self._accounts.sign_in(
                email_in(form),
                password_in(form, "password"),
                client_of(request),
                site.clock(),
                kept=kept,
                instead_of=request.state.begun,
            )
        except Refusal as refused:
            return self.asked(request, next_path, refused)
        answer = self._to(next_path)
        self._doors.keep(answer, token, kept=kept)
        return answer

    def sign_in_as(self, request: Request) -> Response:
        """One of the people of the demo, on the machine that serves it."""
        people = {str(person) for person, _ in self._demo_people(request)}
        person = str(request.state.form.get("person", ""))
        if person not in people:
            raise HTTPException(404)
        token = self._accounts.sign_in_as(int(person), client_of(request), self._site.clock())
        answer = self._to(own_path(str(request.state.form.get("next", "/"))))
        self._doors.keep(answer, token, kept=False)
        return answer

    def _demo_people(self, request: Request) -> tuple[tuple[int, str], ...]:
        here = request.client is not None and is_loopback(request.client.host)
        passed_on = any(name in request.headers for name in _PASSED_ON)
        return self._site.demo_people if here and not passed_on else ()

    # -- the code -----------------------------------------------------------------------------------------

    def ask_code(self, request: Request) -> Response:
        """The form for the code of the moment."""
        next_path = own_path(request.query_params.get("next", "/"))
        return self._code_asked(request, next_path) if _is_due(request) else self._to(next_path)

    def _code_asked(self, request: Request, next_path: str, refused: Refusal | None = None) -> Response:
        wording = self._pages.wording(request)
        field = "recovery" if getattr(request.state, "form", {}).get("recovery") else "code"
        errors = {field: wording.refusal(refused)} if refused else {}
        values = {
            "title": wording.say("page.code"),
            "next": next_path,
            "token": request.state.visit.token,
            # Nobody is signed in yet: the frame shows no menu and no name.
            "visit": None,
            "errors": errors,
            "wrong_form": bool(errors),
        }
        return self._pages.show(request, "session/code.html", values, status_of(refused))

    def give_code(self, request: Request) -> Response:
        """A session that opens what the person may see, instead of the one that lacked the code."""
        form = request.state.form
        next_path = own_path(str(form.get("next", "/")))
        if not _is_due(request):
            return self._to(next_path)
        session: Session = request.state.begun
        recovery = str(form.get("recovery", ""))
        try:
            token = self._accounts.give_code(
                session,
                recovery or str(form.get("code", "")),
                client_of(request),
                self._site.clock(),
                recovery=bool(recovery),
            )
        except Refusal as refused:
            return self._code_asked(request, next_path, refused)
        answer = self._to(next_path)
        self._doors.keep(answer, token, kept=session.kept)
        return answer

    # -- out ----------------------------------------------------------------------------------------------

    def sign_out(self, request: Request) -> Response:
        self._accounts.sign_out(request.state.begun, client_of(request), self._site.clock())
        answer = self._to("/sign-in")
        self._doors.forget(answer)
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        return answer

    def _to(self, path: str) -> RedirectResponse:
        return RedirectResponse(self._site.root + path, 303)


def _is_due(request: Request) -> bool:
    return bool(request.state.begun.code_due)


def status_of(refused: Refusal | None) -> int:
    """The status of a form: as it is asked for, or shown again because of something."""
    return _AGAIN.get(refused.conditions[0].kind, 422) if refused else 200


def email_in(form: object) -> str:
    """The address of a form, as far as one can be long."""
    return _text(form, "email")[:_LONGEST_ADDRESS]


def password_in(form: object, name: str) -> str:
    """A password of a form; one that is too long stays too long."""
    return _text(form, name)[:_LONGEST_PASSWORD]


def _text(form: object, name: str) -> str:
    given = getattr(form, "get", dict[str, str]().get)(name, "")
    return given if isinstance(given, str) else ""

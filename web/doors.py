"""The one place that decides who comes in: every route has a rule, and is answered only where it holds."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cache
from inspect import iscoroutinefunction, signature
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

from sqlalchemy import bindparam, select
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from engine.permissions import Action, Person, Role, Subject, may
from engine.quarter import BE_OFFSET
from engine.signing_in import KEPT
from storage import door, sessions
from storage import tables as t
from storage.asking import Lookup
from storage.door import AtTheDoor
from storage.sessions import Client
from web.middleware import LIMIT
from web.pages import Pages
from web.site import Site

#: What answers a path: by a request and the parts of the path, in a thread unless it is a coroutine.
Endpoint = Callable[..., Response | Awaitable[Response]]

_SAFE = frozenset({"GET", "HEAD"})
#: How much is kept of the name that a browser gives itself, and of a network address.
_AGENT, _ADDRESS = 200, 64
#: So many files of the greatest size a form may bring at once; more go one after the other.
_AT_ONCE = 4
#: How forms are sent, and how long a field may be: one without files is as short as a body may be.
_TYPED = "application/x-www-form-urlencoded"
_LONGEST_FIELD = {_TYPED: 512 * 1024, "multipart/form-data": 128 * 1024}
#: No code of an indicator is longer.
_CODE = 64


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may open a route.

    Anybody, or whoever is signed in; with ``sees`` only who may see the indicator of the path, with an
    ``action`` only who may do that to it, or anywhere in the city where the path names no indicator. Who has
    given the password and not yet the code is nobody, but where a rule is for the ``halfway``. What is
    ``public`` is there only where the house is. The form may bring ``files``, and fields of so many bytes
    as ``longest`` says, where that is more than others may have.
    """

    signed_in: bool
    sees: bool = False
    action: Action | None = None
    halfway: bool = False
    files: bool = False
    public: bool = False
    longest: int = 0


#: Mails lead here, and whoever wants to sign in.
OPEN = Rule(signed_in=False)
PUBLIC = Rule(signed_in=False, public=True)
SIGNED_IN = Rule(signed_in=True)
HALFWAY = Rule(signed_in=True, halfway=True)
SEEN = Rule(signed_in=True, sees=True)


def doing(action: Action, *, files: bool = False) -> Rule:
    """Only for who sees the indicator and may do that to it; with ``files`` the form may bring some."""
    return Rule(signed_in=True, sees=True, action=action, files=files)


def for_city(action: Action, *, files: bool = False, longest: int = 0) -> Rule:
    """Only for who may do that anywhere in the city; with ``files`` the form may bring some."""
    return Rule(signed_in=True, action=action, files=files, longest=longest)


@dataclass(frozen=True, slots=True)
class Visit:
    """Who is signed in, and the token that their forms carry; ``agency`` is the one they chose.

    The ``token`` is masked anew for every answer, for what repeats itself in a compressed page can be guessed
    from its length (BREACH).
    """

    person: Person
    email: str
    language: str
    token: str
    session: sessions.Session
    agency: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """The indicator that a path names; ``year`` is that of the Common Era."""

    code: str
    year: int
    indicator: int
    subject: Subject


class SignInFirst(Exception):
    """Nobody is signed in: to be answered with the way to the sign-in page, and back."""

    def __init__(self, next_path: str) -> None:
        super().__init__(next_path)
        self.next_path = next_path


class CodeFirst(SignInFirst):
    """The password was given and the code was not: to be answered with the page that asks for it."""


_i = t.indicators.c
_PLACE = Lookup(
    select(_i.id, _i.agency_id, _i.owner_id).where(
        _i.fiscal_year == bindparam("year"), _i.code == bindparam("code")
    )
)


class Doors:
    """Adds routes to routers, each behind its rule; ``rules`` has all of them, by method and path."""

    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._pages = pages
        self._own = urlsplit(site.base_url)
        self.rules: dict[tuple[str, str], Rule] = {}

    @property
    def is_secure(self) -> bool:
        """Whether people reach us by TLS only."""
        return self._own.scheme == "https"

    @property
    def cookie(self) -> str:
        """The name of the session's cookie; by TLS one that no other site of the domain can set."""
        return "__Host-radap" if self.is_secure and not self._site.root else "radap-session"

    def add(
        self,
        router: Router,
        path: str,
        endpoint: Endpoint,
        rule: Rule,
        methods: Sequence[str] = ("GET", "HEAD"),
    ) -> None:
        """Answer the path by the endpoint for those to whom the rule opens it.

        The endpoint takes the ``request``, parts of the path by their names, both or neither.
        """
        behind = self._reading if _SAFE.issuperset(methods) else self._changing
        route = Route(path, behind(endpoint, rule), methods=methods)
        for method in route.methods or ():
            self.rules[method, path] = rule
        router.routes.append(route)

    def _reading(self, endpoint: Endpoint, rule: Rule) -> Callable[[Request], Any]:
        """The endpoint behind its rule, in one piece: what only reads has no form that must be read first."""
        called = _called(endpoint)

        def answer(request: Request) -> Any:
            self._enter(request, rule)
            return called(request)

        return answer

    def _changing(self, endpoint: Endpoint, rule: Rule) -> Callable[[Request], Any]:
        """The endpoint behind its rule, once the form is read that came along."""
        called = _called(endpoint)

        async def answer(request: Request) -> Any:
            await run_in_threadpool(self._enter, request, rule)
            if request.method not in _SAFE:
                most = rule.longest
                if rule.files and _kind_of(request) != _TYPED:
                    most += self._site.evidence.limits.max_bytes * _AT_ONCE
                if most:
                    request.scope[LIMIT] = most
                await self._read(request, rule)
            try:
                if iscoroutinefunction(endpoint):
                    return await called(request)
                return await run_in_threadpool(called, request)
            finally:
                # What came along lies in files that nobody has a name for: they go when they are closed.
                await request.close()

        return answer

    def keep(self, answer: Response, token: str, *, kept: bool) -> None:
        """Let the browser keep the secret of a session: for long, or until it is closed."""
        self.hand(answer, self.cookie, token, int(KEPT.total_seconds()) if kept else None)

    def forget(self, answer: Response) -> None:
        """Let the browser forget it."""
        self.hand(answer, self.cookie, "", 0)

    def hand(self, answer: Response, name: str, value: str, seconds: int | None) -> None:
        """Hand the browser something to keep that no script and no other site can see."""
        answer.set_cookie(
            name,
            value,
            max_age=seconds,
            path=self._site.root or "/",
            secure=self.is_secure,
            httponly=True,
            samesite="lax",
        )

    # -- in order: the address, the session, the indicator, the form --------------------------------------

    def _enter(self, request: Request, rule: Rule) -> None:
        self._site.follow()
        if rule.public and not self._site.public:
            raise HTTPException(404)
        if request.method not in _SAFE:
            self._check_origin(request)
        visit = self._visit(request)
        if visit is not None:
            self._pages.speak(request, visit.language)
        request.state.begun = visit.session if visit is not None else None
        code_due = visit is not None and visit.session.code_due
        # Where the password alone opens nothing: this line, and no other.
        request.state.visit = None if code_due and not rule.halfway else visit
        if not rule.signed_in:
            return
        if visit is None or request.state.visit is None:
            first = CodeFirst if code_due else SignInFirst
            raise first(_path_of(request) if request.method in _SAFE else self._page_before(request))
        self.admit(request, visit.person, rule)

    def admit(self, request: Request, person: Person, rule: Rule) -> None:
        """Turn away whom the rule does not let in; the indicator of the path is then ``request.state.place``.

        The same for pages, where a session tells who comes, and for programs, where a token does.
        """
        subject = Subject()
        if rule.sees:
            place = self._place(request, person)
            request.state.place = place
            subject = place.subject
        if rule.action is not None and not may(person, rule.action, subject):
            self.refuse(request, person, rule.action)

    def _page_before(self, request: Request) -> str:
        """The page of ours from which a form came: whoever signs in again finds there what they had typed."""
        came_from = urlsplit(request.headers.get("referer", ""))
        if came_from.netloc != request.url.netloc:
            return "/"
        path = came_from.path.removeprefix(self._site.root)
        return own_path(path + (f"?{came_from.query}" if came_from.query else ""))

    def _visit(self, request: Request) -> Visit | None:
        token = request.cookies.get(self.cookie)
        if not token:
            return None
        now = self._site.clock()
        with self._site.store.read() as tx:
            found = sessions.find(tx.connection, token, now)
        if found is None:
            return None
        if now - found.seen_at >= sessions.SEEN_EVERY:
            with self._site.store.begin() as tx:
                sessions.see(tx, found.id, now)
        agencies = agencies_of(found.person)
        chosen = found.agency if found.agency in agencies else next(iter(agencies), None)
        return Visit(found.person, found.email, found.language, _masked(found.form_token), found, chosen)

    def _place(self, request: Request, person: Person) -> Place:
        """The indicator of the path; one of which they may not know is like one that there is not."""
        code, be = request.path_params["code"], request.path_params["year"]
        is_year = be.isascii() and be.isdigit() and len(be) == 4
        if not is_year or not code.isprintable() or len(code) > _CODE:
            raise HTTPException(404)
        year = int(be) - BE_OFFSET
        with self._site.store.read() as tx:
            row = _PLACE.one(tx.connection, {"year": year, "code": code})
        if row is None:
            raise HTTPException(404)
        subject = Subject(row.agency_id, row.owner_id)
        if not may(person, Action.VIEW, subject):
            self.refuse(request, person, Action.VIEW, 404)
        return Place(code, year, row.id, subject)

    def refuse(self, request: Request, person: Person | None, action: str, status: int = 403) -> NoReturn:
        """Write down what somebody wanted and may not, and answer so."""
        whose, now = person.id if person else None, self._site.clock()
        with self._site.store.begin() as tx:
            detail = f"{status} {action} {_open_part(request)}"
            door.log(tx, AtTheDoor.REFUSED, whose, client_of(request), now, detail=detail)
        raise HTTPException(status)

    def _check_origin(self, request: Request) -> None:
        """What changes something comes from our own pages, as far as the browser tells."""
        origin, site = request.headers.get("origin"), request.headers.get("sec-fetch-site")
        own = {f"{self._own.scheme}://{self._own.netloc}", f"{request.url.scheme}://{request.url.netloc}"}
        # A browser that keeps its referrers to itself calls our own pages "null", but tells the rest.
        is_own = origin is None or origin in own or (origin == "null" and site == "same-origin")
        if not is_own or (site or "none") not in ("same-origin", "none"):
            self.refuse(request, None, "origin")

    async def _read(self, request: Request, rule: Rule) -> None:
        """The form, and that it was made for this session."""
        visit: Visit | None = request.state.visit
        form = FormData()
        if (kind := _kind_of(request)) in _LONGEST_FIELD:
            # Files go to the disk as they come; what is typed is held, so that there is little of it.
            longest = max(rule.longest, _LONGEST_FIELD[kind])
            form = await request.form(
                max_files=20 if rule.files else 0, max_fields=200, max_part_size=longest
            )
        request.state.form = form
        if visit is not None and rule.signed_in:
            given = form.get("token") or request.headers.get("x-radap-token", "")
            if not hmac.compare_digest(_unmasked(str(given)), visit.session.form_token.encode()):
                await run_in_threadpool(self.refuse, request, visit.person, "token")


@cache
def _parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Their names, looked up once for all sites of a process."""
    return tuple(signature(function).parameters)


def _called(endpoint: Endpoint) -> Callable[[Request], Any]:
    """The endpoint as a function of the request alone."""
    function = getattr(endpoint, "__func__", endpoint)
    takes = _parameters(function)[function is not endpoint :]
    if takes == ("request",):
        return endpoint
    names = [name for name in takes if name != "request"]

    def called(request: Request) -> Any:
        given = {name: request.path_params[name] for name in names}
        return endpoint(request=request, **given) if "request" in takes else endpoint(**given)

    return called


def _kind_of(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def agencies_of(person: Person) -> tuple[int, ...]:
    """The agencies for which somebody works, each once, in the order of their grants."""
    return tuple(dict.fromkeys(one.agency for one in person.grants if one.agency is not None))


def sees_everything(person: Person) -> bool:
    """Whether somebody serves the whole city."""
    return any(one.role in (Role.EVALUATOR, Role.ADMINISTRATOR, Role.VIEWER) for one in person.grants)


def client_of(request: Request) -> Client:
    """Where the request comes from."""
    agent = door.printable(request.headers.get("user-agent", ""), _AGENT)
    return Client(_line(request.client.host if request.client else ""), agent)


def _line(given: str) -> str:
    """The address of a line; of IPv6 the network, for every line has more addresses than can be counted."""
    try:
        address = ip_address(given)
    except ValueError:
        return door.printable(given, _ADDRESS)
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ip_network((int(address), 64), strict=False))
    return str(address)


def _masked(token: str) -> str:
    """The token under something random, which stands before it."""
    mask = secrets.token_bytes(len(token))
    return urlsafe_b64encode(mask + _xor(mask, token.encode())).decode()


def _unmasked(given: str) -> bytes:
    """The token that was masked; nothing for what never was."""
    try:
        both = urlsafe_b64decode(given.encode())
    except ValueError:
        return b""
    half = len(both) // 2
    return _xor(both[:half], both[half:]) if len(both) % 2 == 0 else b""


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def own_path(given: str) -> str:
    """A path of ours to go on to; anything that could lead elsewhere leads home."""
    parts = urlsplit(given)
    is_ours = given.startswith("/") and not given.startswith("//") and not parts.scheme and not parts.netloc
    safe = is_ours and "\\" not in given and given.isprintable()
    return given if safe else "/"


def _open_part(request: Request) -> str:
    """The path without what of it may be a secret."""
    shown = request.url.path
    for name, value in request.path_params.items():
        if name == "token":
            shown = shown.replace(str(value), "…")
    return shown


def _path_of(request: Request) -> str:
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")


def sign_in_address(root: str, next_path: str) -> str:
    """Where to sign in to be led back to that path."""
    return _with_next(f"{root}/sign-in", next_path)


def code_address(root: str, next_path: str) -> str:
    """Where to give the code to be led on to that path."""
    return _with_next(f"{root}/sign-in/code", next_path)


def _with_next(address: str, next_path: str) -> str:
    return address + (f"?next={quote(next_path)}" if next_path != "/" else "")

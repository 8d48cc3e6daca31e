"""The course of every operation: the token, the rule, the limit, what came in, the act, what goes out."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, Router

from engine.actions import Outcome
from engine.tokens import LONGEST_KEY, PER_WINDOW, WINDOW, Use
from storage import replays, tokens
from storage.replays import Answer
from storage.tokens import Bearer
from storage.transaction import Tx
from web.api.operation import LONGEST_PART, Call, Made, Operation, Tagged, Told
from web.api.problems import ROOT, Fault, Wrong, faults_of
from web.api.shapes import Done
from web.doors import Doors
from web.middleware import LIMIT
from web.pages import Pages
from web.ranges import names_tag
from web.site import Site

_JSON = "application/json"
_BEARER = "bearer"
_KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(f"[!-~]{{1,{LONGEST_KEY}}}")
#: The version of an indicator, and so many digits by what was told of it.
_DIGITS = 16
_TAG = re.compile(f"([0-9]{{1,9}})(?:-[0-9a-f]{{{_DIGITS}}})?")
#: So many bytes JSON may need for a character.
_ESCAPED = 6
_SECONDS = int(WINDOW.total_seconds())


class Course:
    """Answers operations; each route stands behind the rule of its row, among the rules of the pages."""

    def __init__(self, site: Site, pages: Pages, doors: Doors) -> None:
        self._site = site
        self._pages = pages
        self._doors = doors

    def add(self, router: Router, every: Iterable[Operation]) -> None:
        """A route for each path, which knows all of its methods."""
        paths: dict[str, dict[str, Operation]] = {}
        for one in every:
            for method in one.methods:
                self._doors.rules[method, ROOT + one.path] = one.rule
                paths.setdefault(ROOT + one.path, {})[method] = one
        # A path that is written out goes before one with a part that could be read as the same.
        for path in sorted(paths, key=lambda one: one.replace("{", "~")):
            answer = self._answering(paths[path])
            router.routes.append(Route(path, answer, methods=list(paths[path])))

    def _answering(self, by_method: Mapping[str, Operation]) -> Callable[..., Any]:
        async def answer(request: Request) -> Response:
            one = by_method[request.method]
            if not one.changes:
                return await run_in_threadpool(self._read, request, one)
            call = await run_in_threadpool(self._enter, request, one)
            if one.streams is not None:
                return self._told(call, one, await one.streams(call))
            # Only who may do it is listened to.
            if one.longest:
                request.scope[LIMIT] = one.longest * _ESCAPED
            body = await request.body() if one.takes is not None else b""
            return await run_in_threadpool(self._change, call, one, body)

        return answer

    def _read(self, request: Request, one: Operation) -> Response:
        call = self._enter(request, one)
        assert one.reads is not None
        return self._told(call, one, one.reads(call))

    # -- coming in ----------------------------------------------------------------------------------------

    def _enter(self, request: Request, one: Operation) -> Call:
        """Whoever the token stands for, if it is not used too often and both they and it may do that."""
        bearer, now = self._bearer(request), self._site.clock()
        language = self._pages.wanted_language(request, bearer.language)
        self._pages.speak(request, language)
        with self._site.store.begin() as tx:
            use = tokens.count(tx, bearer.token, now)
        request.state.visit, request.state.limits = (
            bearer,
            _limits(use, int((use.ends_at - now).total_seconds())),
        )
        if use.is_too_much:
            wait = {"Retry-After": str(int((use.ends_at - now).total_seconds()) + 1)}
            raise Wrong(429, "api.too_often", headers=wait)
        if any(len(part) > LONGEST_PART for part in request.path_params.values()):
            raise HTTPException(404)
        self._doors.admit(request, bearer.person, one.rule)
        if one.scope not in bearer.scopes:
            challenge = {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{one.scope}"'}
            raise Wrong(403, "api.scope", [Fault(at="token", says=f"needs scope {one.scope}")], challenge)
        call = Call(self._site, request, bearer, self._site.wordings[language], now)
        if one.asks is not None or request.query_params:
            call.asked = _asked(request, one)
        if one.acts is not None:
            call.version = _version_seen(request)
        if one.changes and not one.keeps_answer and _KEY_HEADER in request.headers:
            raise Wrong(400, "api.no_key", [Fault(at=f"header.{_KEY_HEADER}", says="not taken here")])
        return call

    def _bearer(self, request: Request) -> Bearer:
        """Whom the token stands for. A session opens nothing here: cookies are not looked at."""
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        found = None
        if scheme.lower() == _BEARER and secret.strip():
            with self._site.store.read() as tx:
                found = tokens.find(tx.connection, secret.strip(), self._site.clock())
        if found is None:
            raise Wrong(401, "api.no_token", headers={"WWW-Authenticate": "Bearer"})
        return found

    # -- doing --------------------------------------------------------------------------------------------

    def _change(self, call: Call, one: Operation, body: bytes) -> Response:
        if one.takes is not None:
            call.given = _given(call.request, one.takes, body)
        if one.reads is not None:
            return self._told(call, one, one.reads(call))
        key = call.request.headers.get(_KEY_HEADER)
        if key is not None and not _KEY.fullmatch(key):
            says = f"1 to {LONGEST_KEY} printable ASCII characters without blanks"
            raise Wrong(400, "api.bad_key", [Fault(at=f"header.{_KEY_HEADER}", says=says)])
        with self._site.store.begin() as tx:
            if key is None:
                return self._response(call, self._done(call, one, tx))
            asked = _print_of(call, body)
            kept = replays.claim(tx, call.bearer.token, key, asked, call.now)
            if kept is None:
                answer = self._done(call, one, tx)
                replays.keep(tx, call.bearer.token, key, answer)
                return self._response(call, answer)
        if kept.request_hash != asked:
            raise Wrong(
                422, "api.key_used", [Fault(at=f"header.{_KEY_HEADER}", says="used for something else")]
            )
        return self._response(call, kept.answer, {"Idempotency-Replayed": "true"})

    def _done(self, call: Call, one: Operation, tx: Tx) -> Answer:
        """Do it, and what is answered."""
        if one.acts is not None:
            outcome = one.acts(call, tx)
            told = told_of(outcome)
            return Answer(one.status, {"ETag": tag_of(outcome.indicator.version)}, told.model_dump_json())
        assert one.writes is not None
        return self._answer(one, one.writes(call, tx))

    # -- going out ----------------------------------------------------------------------------------------

    def _told(self, call: Call, one: Operation, told: Told | Response) -> Response:
        if isinstance(told, Response):
            for name, value in _common(call).items():
                told.headers.setdefault(name, value)
            return told
        answer = self._answer(one, told)
        return self._response(call, answer if one.changes else _tagged(call.request, told, answer))

    def _answer(self, one: Operation, told: Told) -> Answer:
        match told:
            case None:
                return Answer(204, {}, "")
            case Made(body, path):
                where = f"{self._site.root}{ROOT}{path}"
                return Answer(201, {"Location": where}, body.model_dump_json())
            case Tagged(body, _):
                return Answer(one.status, {}, body.model_dump_json())
        return Answer(one.status, {}, told.model_dump_json())

    def _response(self, call: Call, answer: Answer, more: Mapping[str, str] | None = None) -> Response:
        headers = {**_common(call), **answer.headers, **(more or {})}
        media = _JSON if answer.body else None
        return Response(answer.body, answer.status, headers, media)


def told_of(outcome: Outcome) -> Done:
    """What an action did, as programs are told."""
    before, after, event = outcome.before, outcome.after, outcome.event
    return Done.model_validate(
        {
            "code": outcome.indicator.code,
            "fiscal_year": outcome.indicator.fiscal_year.be,
            "event": None if event is None else str(event.what),
            "number": outcome.number,
            "version": outcome.indicator.version,
            "claimed": {"before": before.claimed.level, "after": after.claimed.level},
            "verified": {"before": before.verified.level, "after": after.verified.level},
        }
    )


def tag_of(version: int) -> str:
    """The entity tag of an indicator."""
    return f'"{version}"'


def _tagged(request: Request, told: Told, answer: Answer) -> Answer:
    """What was read, under a tag by what it says, or that whoever asks has it already.

    Of an indicator more is told than its version knows of, such as what a day brings; so both are in the tag.
    """
    version = f"{told.version}-" if isinstance(told, Tagged) else ""
    tag = f'"{version}{hashlib.sha256(answer.body.encode()).hexdigest()[:_DIGITS]}"'
    if names_tag(request.headers.get("if-none-match", ""), tag):
        return Answer(304, {"ETag": tag}, "")
    return answer._replace(headers={**answer.headers, "ETag": tag})


def _version_seen(request: Request) -> int | None:
    """Which version the sender saw; ``*`` for whichever there is, and nothing is a fault (RFC 6585)."""
    given = request.headers.get("if-match")
    if given is None:
        raise Wrong(428, "api.if_match", [Fault(at="header.If-Match", says='the ETag that was seen, or "*"')])
    if given.strip() == "*":
        return None
    tag = _TAG.fullmatch(given.strip().removeprefix("W/").strip('"'))
    if tag is None:
        raise Wrong(400, "api.bad_tag", [Fault(at="header.If-Match", says="not an ETag of ours")])
    return int(tag[1])


def _asked(request: Request, one: Operation) -> Any:
    """The query, read by its model; a field that there is not is a fault, so that none is misspelt unseen."""
    fields: dict[str, Any] = {}
    for name, value in request.query_params.multi_items():
        if name in fields:
            raise Wrong(422, "api.invalid", [Fault(at=f"query.{name}", says="given twice")])
        fields[name] = value
    if one.asks is None:
        raise Wrong(
            422, "api.invalid", [Fault(at=f"query.{name}", says="there is no such field") for name in fields]
        )
    try:
        return one.asks.model_validate_strings(fields)
    except ValidationError as error:
        raise Wrong(422, "api.invalid", faults_of(error, "query")) from None


def _given(request: Request, model: type[BaseModel], body: bytes) -> BaseModel:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != _JSON:
        raise Wrong(415, "api.not_json", [Fault(at="header.Content-Type", says=f"must be {_JSON}")])
    try:
        return model.model_validate_json(_normal(body))
    except (ValueError, RecursionError) as error:
        if not isinstance(error, ValidationError):
            raise Wrong(400, "api.invalid", [Fault(at="body", says="no JSON")]) from None
        broken = any(one["type"] == "json_invalid" for one in error.errors(include_url=False))
        raise Wrong(400 if broken else 422, "api.invalid", faults_of(error, "body")) from None


def _normal(body: bytes) -> str:
    """The JSON with whole numbers written as such: to its schema language 4.0 is one."""

    def number(text: str) -> int | float:
        value = float(text)
        return int(value) if value.is_integer() else value

    return json.dumps(json.loads(body, parse_float=number))


def _print_of(call: Call, body: bytes) -> str:
    """What is asked for, so that the same key is not used for something else."""
    request = call.request
    seen = f"{request.method} {request.url.path} {request.headers.get('if-match', '')}\n".encode()
    return hashlib.sha256(seen + body).hexdigest()


def _common(call: Call) -> dict[str, str]:
    """What every answer carries."""
    language = {"Content-Language": call.wording.language, "Vary": "Accept-Language, Authorization"}
    limits: dict[str, str] = call.request.state.limits
    return {**language, **limits}


def _limits(use: Use, seconds: int) -> dict[str, str]:
    """How often the token may ask, and how often it still may in this window."""
    return {
        "RateLimit-Policy": f'"token";q={PER_WINDOW};w={_SECONDS}',
        "RateLimit": f'"token";r={use.left};t={max(seconds, 0)}',
    }

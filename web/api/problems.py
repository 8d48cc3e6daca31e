"""What programs are told when something is in the way: problem details (RFC 9457), all of it."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from engine.errors import Refusal, Unmet
from engine.quarter import FiscalYear, Quarter
from engine.wording import Wording
from engine.workflow import Text
from web.standing import number

MEDIA_TYPE = "application/problem+json"
#: Below this path every answer is for programs.
ROOT = "/api/v1"
_TYPES = "urn:radap:problem"

#: With which status a refusal is answered, by how its first kind begins; any other is a conflict with how
#: things stand (409).
_REFUSED: Mapping[str, int] = {
    "indicator.changed_meanwhile": 412,
    "indicator.unknown": 404,
    "milestone.unknown": 404,
    "occurrence.unknown": 404,
    "evidence.unknown": 404,
    "petition.unknown": 404,
    "appeal.unknown": 404,
    "message.unknown": 404,
    "endpoint.unknown": 404,
    "token.unknown": 404,
    "upload.unknown": 404,
    "upload.longer": 413,
    "evidence.too_large": 413,
    "evidence.unscanned": 503,
    "person.not_permitted": 403,
    "sign_in.busy": 503,
}
#: What is said where there is no refusal to tell of.
_SAID: Mapping[int, str] = {
    401: "api.no_token",
    403: "api.forbidden",
    404: "page.unknown",
    405: "page.wrong_method",
    413: "page.too_large",
    500: "page.broken",
}


class Condition(BaseModel):
    """One condition that is not met, and the roles that can lift it."""

    kind: str = Field(description="Stable name of the condition, such as `day.in_future`.")
    sentence: str = Field(description="The same for people, in the language that was asked for.")
    params: dict[str, Any] = Field(description="The particulars that stand in the sentence.")
    who: list[str] = Field(description="Roles that can lift it.")


class Fault(BaseModel):
    """A place of the request that does not follow the schema."""

    at: str = Field(description="Where: a field of the body, of the query, or a header.")
    says: str


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(description="`urn:radap:problem:…`, or `about:blank` where the status says it all.")
    title: str
    status: int
    detail: str = Field(description="For people, in the language that was asked for.")
    conditions: list[Condition] = Field(
        default_factory=list, description="Everything that stands in the way, not only the first."
    )
    errors: list[Fault] = Field(default_factory=list)


class Wrong(Exception):
    """A request that cannot be understood or is not allowed as it is; ``kind`` is that of its sentence."""

    def __init__(
        self, status: int, kind: str, errors: Iterable[Fault] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(kind)
        self.status = status
        self.kind = kind
        self.errors = list(errors)
        self.headers = dict(headers or {})


def is_for_programs(request: Request) -> bool:
    """Whether the request is one to the API."""
    return request.url.path == ROOT or request.url.path.startswith(f"{ROOT}/")


def refused(request: Request, refusal: Refusal, wording: Wording) -> Response:
    """A refusal with all of its conditions."""
    first = refusal.conditions[0].kind if refusal.conditions else ""
    status = _REFUSED.get(first, 409)
    if any(one.kind == "person.not_permitted" for one in refusal.conditions):
        status = 403
    conditions = [_condition(one, wording) for one in refusal.conditions]
    kind = "changed-meanwhile" if status == 412 else "refused"
    detail = " ".join(one.sentence for one in conditions)
    return _answer(request, status, detail, f"{_TYPES}:{kind}", conditions=conditions)


def wrong(request: Request, error: Wrong, wording: Wording) -> Response:
    """A request that is not as it must be."""
    kind = error.kind.partition(".")[2].replace("_", "-")
    detail = wording.say(error.kind)
    return _answer(
        request, error.status, detail, f"{_TYPES}:{kind}", errors=error.errors, headers=error.headers
    )


def plain_status(
    request: Request, status: int, wording: Wording, headers: Mapping[str, str] | None = None
) -> Response:
    """A status that says it all."""
    said = wording.say(_SAID.get(status, "page.unreadable"))
    return _answer(request, status, said, "about:blank", headers=headers)


def faults_of(error: ValidationError, place: str) -> list[Fault]:
    """What does not follow a schema, each with its place."""
    return [
        Fault(at=".".join([place, *map(str, one["loc"])]), says=one["msg"])
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _answer(
    request: Request,
    status: int,
    detail: str,
    kind: str,
    *,
    conditions: list[Condition] | None = None,
    errors: list[Fault] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    problem = Problem(
        type=kind,
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        conditions=conditions or [],
        errors=errors or [],
    )
    limits = getattr(request.state, "limits", {})
    return Response(problem.model_dump_json(), status, {**limits, **(headers or {})}, MEDIA_TYPE)


def _condition(unmet: Unmet, wording: Wording) -> Condition:
    return Condition(
        kind=unmet.kind,
        sentence=wording.unmet(unmet),
        params={name: plain(value) for name, value in unmet.params.items()},
        who=[str(role) for role in unmet.who],
    )


def plain(value: object) -> Any:
    """A value of ours as JSON has it: years of the Buddhist Era, ISO days, exact numbers as numbers."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return value.value
        case str():
            return value
        case Text():
            return {"th": value.th, "en": value.en}
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return number(value) if value.is_finite() else str(value)
        case Quarter():
            return {"fiscal_year": FiscalYear(value.fiscal_year).be, "quarter": value.number}
        case FiscalYear():
            return value.be
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case Iterable():
            return [plain(one) for one in value]
    return str(value)

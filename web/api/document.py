"""The OpenAPI document, written from the rows of the operations and the shapes of what goes in and out."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from starlette.responses import Response

from engine.tokens import LONGEST_KEY
from web.api.operation import LONGEST_PART, Operation
from web.api.problems import MEDIA_TYPE, ROOT, Problem
from web.site import Site

#: Where each shape stands in the document, by what it is used for.
Refs = dict[tuple[Any, str], Any]
_REF = "#/components/schemas/{model}"
_ABOUT = """\
Everything that the pages read and do, for programs; the same rules decide. A program brings a personal token
(`Authorization: Bearer radap_…`), made on the page of one's account or by `radap token add`.

* Years are fiscal years of the Buddhist Era (2564 is 1 October 2020 to 30 September 2021); days are ISO.
* What changes an indicator needs `If-Match` with the `ETag` that was seen: `428` without, `412` where
  somebody was first, with who changed what.
* What is read carries an `ETag`; sent back in `If-None-Match`, it is answered `304` while nothing changed.
* With an `Idempotency-Key` a change may be sent again for 24 hours and is done once.
* Whatever is refused comes as `application/problem+json` with every unmet condition, in the language of
  `Accept-Language` (th, en).
* `RateLimit` tells how often a token may still ask; beyond that the answer is `429` with `Retry-After`.
"""
#: What a part of a path may be.
_PARTS: dict[str, dict[str, Any]] = {
    "year": {
        "type": "integer",
        "minimum": 2500,
        "maximum": 2700,
        "description": "Fiscal year (Buddhist Era).",
    },
    "quarter": {"type": "integer", "minimum": 1, "maximum": 4},
    "code": {"type": "string", "minLength": 1, "maxLength": 64, "description": "Code of the indicator."},
}
_NUMBERED = {"type": "integer", "minimum": 1, "maximum": 999_999_999}
_NAMED = {"type": "string", "minLength": 1, "maxLength": LONGEST_PART}
_NAMES = ("milestone", "workflow", "id", "key")
#: What a status says, in the document.
_STATUSES = {
    400: "The request cannot be read.",
    401: "No live token.",
    403: "The person may not, or the token's scopes do not reach so far.",
    404: "There is no such thing, or none that this person may know of.",
    409: "Refused, with every condition that is not met.",
    412: "Somebody changed the indicator meanwhile; the condition says who and what.",
    413: "Too long.",
    415: "Not JSON.",
    422: "It does not follow the schema, or the idempotency key was used for something else.",
    428: "If-Match is missing.",
    429: "Asked too often.",
    503: "Not now; try again.",
}
_SAME = "What you have is what would be told."
_HEADERS = {
    "RateLimit": {"schema": {"type": "string"}, "description": "What is left in the running window."},
    "RateLimit-Policy": {"schema": {"type": "string"}, "description": "So many requests in so many seconds."},
}
_ETAG = {
    "schema": {"type": "string"},
    "description": "Names what was told; of an indicator it begins with its version, for `If-Match`.",
}


class Document:
    """The document of a house; written when it is first asked for."""

    def __init__(self, site: Site, operations: Sequence[Operation]) -> None:
        self._site = site
        self._operations = operations

    def answer(self) -> Response:
        """The document as JSON, for everybody."""
        return Response(self._text, media_type="application/json")

    @cached_property
    def _text(self) -> str:
        return json.dumps(self.whole(), ensure_ascii=False)

    def whole(self) -> dict[str, Any]:
        """The document as a value."""
        refs, definitions = self._schemas()
        paths: dict[str, dict[str, Any]] = {}
        for one in self._operations:
            paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, refs)
        return {
            "openapi": "3.1.0",
            "info": {"title": "Radap", "version": "1", "description": _ABOUT},
            "servers": [{"url": f"{self._site.base_url.rstrip('/')}{ROOT}"}],
            "security": [{"token": []}],
            "paths": paths,
            "components": {
                "schemas": definitions,
                "securitySchemes": {
                    "token": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "A personal token; its scopes only narrow what its person may do.",
                    }
                },
                "responses": {
                    str(status): _problem(status, said, refs) for status, said in _STATUSES.items()
                },
            },
        }

    def _schemas(self) -> tuple[Refs, dict[str, Any]]:
        wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Problem, "serialization"): None}
        for one in self._operations:
            if one.takes is not None:
                wanted[one.takes, "validation"] = None
            if one.gives is not None:
                wanted[one.gives, "serialization"] = None
        refs, rest = models_json_schema(list(wanted), ref_template=_REF)
        return {(model, mode): ref for (model, mode), ref in refs.items()}, rest.get("$defs", {})


def _operation(one: Operation, refs: Refs) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": one.name,
        "summary": one.says,
        "description": f"Needs the scope `{one.scope}`." + (f" {one.more}" if one.more else ""),
        "tags": [one.tag or one.path.split("/")[1]],
        "parameters": list(_parameters(one)),
        "responses": _responses(one, refs),
    }
    if one.takes is not None:
        schema = refs[one.takes, "validation"]
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if one.streams is not None:
        bytes_of_it = {"schema": {"type": "string", "format": "binary"}}
        found["requestBody"] = {"required": False, "content": {"application/octet-stream": bytes_of_it}}
    return found


def _parameters(one: Operation) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"{([a-z_]+)}", one.path):
        schema = _PARTS.get(name) or (_NAMED if name in _NAMES else _NUMBERED)
        yield {"name": name, "in": "path", "required": True, "schema": schema}
    if one.asks is not None:
        fields: dict[str, Any] = one.asks.model_json_schema(ref_template=_REF)
        for name, asked in fields["properties"].items():
            yield {
                "name": name,
                "in": "query",
                "required": name in fields.get("required", ()),
                "schema": _without_null(asked),
            }
    if one.acts is not None:
        yield {
            "name": "If-Match",
            "in": "header",
            "required": True,
            "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[0-9]{1,9}(-[0-9a-f]{16})?")$'},
            "description": "The `ETag` that was seen, or `*` for whichever version there is.",
        }
    if one.tells:
        yield {
            "name": "If-None-Match",
            "in": "header",
            "required": False,
            "schema": {"type": "string"},
            "description": "The `ETag` of what you have: the answer is an empty 304 where it is that still.",
        }
    if one.goes_on:
        yield {
            "name": "Upload-Offset",
            "in": "header",
            "required": True,
            "schema": {"type": "integer", "minimum": 0, "maximum": 10**12},
            "description": "How much of the file is there already.",
        }
    if one.keeps_answer:
        yield {
            "name": "Idempotency-Key",
            "in": "header",
            "required": False,
            "schema": {"type": "string", "pattern": f"^[!-~]{{1,{LONGEST_KEY}}}$"},
            "description": "Under one key a change is done once and answered alike for 24 hours.",
        }


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A field of a query is given or not; there is no `null` in an address."""
    kinds = [one for one in schema.get("anyOf", ()) if one != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in ("anyOf", "title")}
    if rest.get("default", 0) is None:
        del rest["default"]
    return {**kinds[0], **rest} if len(kinds) == 1 else schema if not kinds else {"anyOf": kinds, **rest}


def _responses(one: Operation, refs: Refs) -> dict[str, Any]:
    headers: dict[str, Any] = dict(_HEADERS)
    if one.tells or one.acts is not None:
        headers["ETag"] = _ETAG
    good: dict[str, Any] = {"description": one.says, "headers": headers}
    if one.media:
        good["content"] = {one.media: {"schema": {"type": "string", "format": "binary"}}}
    elif one.gives is not None:
        good["content"] = {"application/json": {"schema": refs[one.gives, "serialization"]}}
    same = {"304": {"description": _SAME, "headers": headers}} if one.tells else {}
    refused = {str(status): {"$ref": f"#/components/responses/{status}"} for status in _refusals(one)}
    return {str(one.status): good, **same, **refused}


def _refusals(one: Operation) -> Iterator[int]:
    yield from (401, 403, 404, 409, 422, 429)
    if one.changes:
        yield from (400, 413)
    if one.takes is not None:
        yield 415
    if one.acts is not None:
        yield from (412, 428)


def _problem(status: int, said: str, refs: Refs) -> dict[str, Any]:
    headers = {} if status == 401 else dict(_HEADERS)
    if status == 429:
        headers["Retry-After"] = {"schema": {"type": "integer"}, "description": "Seconds to wait."}
    content = {MEDIA_TYPE: {"schema": refs[Problem, "serialization"]}}
    return {"description": said, "headers": headers, "content": content}

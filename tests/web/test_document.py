"""The document of the API tells the truth: what is asked by it is answered by it, and nothing breaks."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.cast import OPERATOR
from tests.web.programs import token_for
from tests.web.town import NOW, Town

_KEY = re.compile(rb"[!-~]{1,200}")
#: What follows the schema may still be refused because of how things stand, but never as not understood.
_REFUSED = ["2xx", "304", "403", "404", "409", "412", "413"]


def config_of(bearer: str, *, long: bool) -> SchemathesisConfig:
    """In short every operation with a few requests; in long all limits of all fields, and chains of them."""
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "headers": {"Authorization": bearer},
            "generation": {"max-examples": 50 if long else 2, "deterministic": True, "database": "none"},
            "phases": {"coverage": {"enabled": long}, "stateful": {"enabled": long}},
            "checks": {"positive_data_acceptance": {"expected-statuses": _REFUSED}},
        }
    )


def faults(schema: Any) -> Iterator[str]:
    """What the tool finds wrong, each with how it was asked."""
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished(status=Status.FAILURE):
                for checks in event.recorder.checks.values():
                    for check in checks:
                        if check.failure_info is not None:
                            failure = check.failure_info
                            yield f"{failure.failure.title}: {failure.failure.message}\n{failure.code_sample}"
            case events.NonFatalError() | events.FatalError():
                yield repr(event)


def ticking() -> Callable[[], datetime]:
    """A clock on which every look takes a tenth of a second, so that nobody asks too often."""
    looks = count()
    return lambda: NOW + timedelta(milliseconds=100) * next(looks)


def keyed(app: ASGIApp) -> ASGIApp:
    """Each request with a key of its own: one key for two is refused, and the tool likes to use it again."""
    numbers = count()

    def own(name: bytes, value: bytes) -> bytes:
        is_key = name == b"idempotency-key" and _KEY.fullmatch(value)
        return f"key-{next(numbers)}".encode() if is_key else value

    async def asked(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, own(name, value)) for name, value in scope.get("headers", [])]
        await app({**scope, "headers": headers}, receive, send)

    return asked


def test_api_does_as_its_document_says(sqlite_town: Town, long: bool) -> None:
    # Under the name by which the tool asks for it.
    sqlite_town.open(replace(sqlite_town.site, base_url="http://testserver", clock=ticking()))
    config = config_of(f"Bearer {token_for(sqlite_town, OPERATOR.id)}", long=long)
    schema = schemathesis.openapi.from_asgi(
        "/api/v1/openapi.json", keyed(sqlite_town.client.app), config=config
    )
    found = list(faults(schema))
    assert not found, "\n\n".join(found)

"""Programs for tests: a token for anybody, and a client that brings it."""

from dataclasses import dataclass
from typing import Any

import httpx2

from engine.tokens import NewToken, Scope
from storage import tokens
from tests.cast import CODE
from tests.web.doorway import CLIENT
from tests.web.town import Town

ONE = f"/indicators/2564/{CODE}"
ALL = tuple(map(str, Scope))


def token_for(town: Town, person: int, *scopes: str, days: int = 90) -> str:
    """A new token of that person."""
    with town.store.begin() as tx:
        new = NewToken("a program", scopes or ALL, days)
        return tokens.make(tx, person, new, CLIENT, town.clock.now)[0]


@dataclass
class Program:
    """Whoever asks in the name of a person."""

    town: Town
    token: str
    language: str = "en"

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx2.Response:
        """A request below the API, with the names of headers as Python has them; bytes go as they are."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        sent: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
        return self.town.client.request(
            method,
            f"/api/v1{path}",
            headers={"authorization": f"Bearer {self.token}", "accept-language": self.language, **given},
            **sent,
        )

    def get(self, path: str, **headers: str) -> httpx2.Response:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, *, seen: str = "*", **headers: str) -> httpx2.Response:
        return self.ask("POST", path, body, if_match=seen, **headers)


def program(town: Town, person: int, *scopes: str) -> Program:
    """A program of that person."""
    return Program(town, token_for(town, person, *scopes))

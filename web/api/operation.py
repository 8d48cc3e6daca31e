"""An operation of the API as a row that says all of it: who may, what comes in and out, what it does."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from engine.actions import Outcome
from engine.permissions import Person
from engine.tokens import Scope, scope_of
from engine.wording import Wording
from storage.tokens import Bearer
from storage.transaction import Tx
from web.doors import Place, Rule
from web.reading import whole_number
from web.site import Site

SAFE = ("GET", "HEAD")
#: No part of a path is longer.
LONGEST_PART = 100
_ONE = "/indicators/{year}/{code}"


@dataclass(slots=True)
class Call:
    """One request as an operation sees it; ``version`` is the one of the indicator that was seen."""

    site: Site
    request: Request
    bearer: Bearer
    wording: Wording
    now: datetime
    asked: Any = None
    given: Any = None
    version: int | None = None

    @property
    def by(self) -> Person:
        return self.bearer.person

    @property
    def place(self) -> Place:
        """The indicator of the path."""
        found: Place = self.request.state.place
        return found

    def part(self, name: str) -> str:
        """A part of the path."""
        return str(self.request.path_params[name])

    def number(self, name: str = "number") -> int:
        """A part of the path that is a number; 0, which is no number of ours, for what is none."""
        return whole_number(self.part(name), 9) or 0

    @property
    def common(self) -> dict[str, Any]:
        """What every action on an indicator takes besides."""
        return {"by": self.by, "now": self.now, "expected_version": self.version}


class Tagged(NamedTuple):
    """What is told of an indicator, and of which version of it."""

    body: BaseModel
    version: int


class Made(NamedTuple):
    """What was made, and the path below the API where it is now."""

    body: BaseModel
    path: str


#: What is answered; nothing where there is nothing to tell.
Told = BaseModel | Tagged | Made | None
#: What an operation reads or does; inside a transaction of ours where it changes something.
Reads = Callable[[Call], Told | Response]
Acts = Callable[[Call, Tx], Outcome]
Writes = Callable[[Call, Tx], Told]
#: Takes the body piece by piece, as it comes, and says itself how much of it.
Streams = Callable[[Call], Awaitable[Told | Response]]


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of the API.

    ``reads`` answers without changing anything, or in transactions of its own; ``acts`` does something to
    the indicator of the path, which must be the version that was seen; ``writes`` changes something else, and
    ``streams`` takes a file, with ``goes_on`` piece after piece of it.
    ``takes`` is the body, in which a text may have ``longest`` characters where that is more than forms have;
    ``asks`` is the query, ``gives`` the answer (``media`` where it is a file).
    """

    name: str
    method: str
    path: str
    rule: Rule
    says: str
    reads: Reads | None = None
    acts: Acts | None = None
    writes: Writes | None = None
    streams: Streams | None = None
    goes_on: bool = False
    takes: type[BaseModel] | None = None
    longest: int = 0
    asks: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    status: int = 200
    media: str = ""
    needs: Scope | None = None
    more: str = ""
    tag: str = field(default="")

    @property
    def changes(self) -> bool:
        return self.method not in SAFE

    @property
    def tells(self) -> bool:
        """Whether it only tells something, which whoever asks may have already."""
        return not self.changes and not self.media

    @property
    def methods(self) -> tuple[str, ...]:
        return SAFE if self.method == "GET" else (self.method,)

    @property
    def scope(self) -> Scope:
        """The scope that a token needs for it."""
        return self.needs or scope_of(self.rule.action, changes=self.changes)

    @property
    def keeps_answer(self) -> bool:
        """Whether it may be asked twice under one key: what changes something in one transaction."""
        return self.acts is not None or self.writes is not None

    @property
    def about_one(self) -> bool:
        """Whether it is about one indicator."""
        return self.path.startswith(_ONE)

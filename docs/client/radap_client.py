"""A client of Radap's API for Python 3.11 and later, in one file without dependencies: copy it.

radap = Radap("https://radap.example", token="…")
for row in radap.indicators(year=2564):
    print(row.code, row.title.th, row.claimed.level)
one = radap.indicator(2564, "5049-2017")
radap.record(one, "meetings_held", occurred_on=date(2021, 5, 18), key="minutes-812")
"""

import hashlib
import hmac
import json
import time
import types
import typing
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date, datetime
from typing import Any, TypeVar

_T = TypeVar("_T")
#: Where spreadsheets are given: results by those who write reports, everything else by administrators.
RESULTS, EVERYTHING = "/spreadsheets", "/administration/spreadsheets"

# --- what the API tells ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Words:
    """The same in Thai and in English."""

    th: str
    en: str


@dataclass(frozen=True)
class Agency:
    id: int
    code: str | None
    th: str
    en: str


@dataclass(frozen=True)
class Standing:
    """A level, and how much of the way to the next is done."""

    level: int
    fraction: float


@dataclass(frozen=True)
class IndicatorRow:
    """An indicator as lists have it; `fiscal_year` is of the Buddhist Era."""

    code: str
    fiscal_year: int
    agency: Agency
    title: Words
    unit: str
    workflow: str
    target: float | None
    life: str
    claimed: Standing
    verified: int
    next_due_on: date | None
    version: int


@dataclass(frozen=True)
class Milestone:
    """One step of an indicator; `acts` is what you may do to it now."""

    key: str
    title: Words
    state: str
    needs: int
    due_on: date | None
    postponed_to: date | None
    blocked_by: str | None
    acts: list[str]


@dataclass(frozen=True)
class Fact:
    """Something that was done, or is planned, at a milestone."""

    number: int
    milestone: str
    occurred_on: date | None
    quarter: int
    counts_on: date | None
    planned: bool
    value: float | None
    document_number: str | None
    note: str
    recorded_at: datetime
    recorded_by: int
    voided_at: datetime | None


@dataclass(frozen=True)
class Report:
    """The report of a quarter. `self_reported` is `None` where nothing was reported: that is not 0."""

    quarter: int
    state: str
    narrative: str
    self_reported: float | None
    submitted_at: datetime | None
    endorsed_at: datetime | None
    fix_by: date | None


@dataclass(frozen=True)
class Indicator:
    """One indicator; whatever of it has no field here is in `raw`."""

    code: str
    fiscal_year: int
    version: int
    agency: Agency
    title: Words
    unit: str
    target: float | None
    weight: float
    life: str
    claimed: Standing
    verified: Standing
    projected: Standing
    self_reported: float | None
    milestones: list[Milestone]
    facts: list[Fact]
    reports: list[Report]
    people: dict[str, str]
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Missing:
    """What is missing for the next level, who can supply it, and by when."""

    rule: str
    text: str
    who: list[str]
    due_on: date | None


@dataclass(frozen=True)
class NextLevel:
    level: int
    missing: list[Missing]


@dataclass(frozen=True)
class Level:
    """Where an indicator stands on a day, as known at an instant; the proof is in `raw`."""

    code: str
    fiscal_year: int
    on: date
    known_at: datetime | None
    claimed: Standing
    verified: Standing
    projected: Standing
    next: NextLevel | None
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Happening:
    """An event of an indicator's journal; `hash` is chained to the one before."""

    seq: int
    at: datetime
    what: str
    by: int
    name: str
    data: dict[str, Any]
    hash: str


@dataclass(frozen=True)
class Moved:
    before: int
    after: int


@dataclass(frozen=True)
class Done:
    """What an action did; `event` is `None` where everything already was as asked."""

    code: str
    fiscal_year: int
    event: str | None
    number: int | None
    version: int
    claimed: Moved
    verified: Moved


# --- what is in the way ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SheetFinding:
    """Something that is wrong in a file, and where; `None` for the row, the sheet or the file as a whole."""

    sheet: str | None
    row: int | None
    column: str | None
    head: str | None
    kind: str
    sentence: str


@dataclass(frozen=True)
class SheetDifference:
    """What becomes of one record: `how` is `added` or `changed`, `told` says it for people."""

    kind: str
    key: str
    how: str
    before: dict[str, Any] | None
    after: dict[str, Any]
    told: list[str]


@dataclass(frozen=True)
class SheetResult:
    """What became of a file, or would; where anything is wrong (`faults`) nothing was written."""

    written: bool
    counts: dict[str, dict[str, int]]
    faults: int
    findings: list[SheetFinding]
    notes: list[SheetFinding]
    differences: list[SheetDifference]


@dataclass(frozen=True)
class Spreadsheet:
    """A file that you gave; `result` is there once its `state` is `done`."""

    number: int
    name: str
    fiscal_year: int
    dry_run: bool
    state: str
    error: str | None
    result: SheetResult | None


@dataclass(frozen=True)
class Condition:
    """One condition that is not met: its stable name, a sentence for people, and the roles that lift it."""

    kind: str
    sentence: str
    params: dict[str, Any]
    who: list[str]


@dataclass(frozen=True)
class Fault:
    """A place of the request that is not as it must be."""

    at: str
    says: str


class Problem(Exception):
    """The server did not do it. `conditions` is everything that stands in the way, not only the first."""

    def __init__(self, status: int, told: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.type: str = told.get("type", "about:blank")
        self.title: str = told.get("title", "")
        self.detail: str = told.get("detail", "")
        self.conditions = [_as(Condition, one) for one in told.get("conditions", ())]
        self.errors = [_as(Fault, one) for one in told.get("errors", ())]
        self.retry_after = retry_after
        super().__init__(self.detail or f"{status} {self.title}")

    @property
    def changed_meanwhile(self) -> bool:
        """Somebody else changed the indicator after it was read: read it again, and decide anew."""
        return self.status == 412


# --- the client --------------------------------------------------------------------------------------------

#: Answers after which the same request may be sent again.
_LATER = (429, 502, 503, 504)


class Radap:
    """Whoever holds the token, at one Radap.

    What only reads, and what is done under a `key`, is tried `tries` times where the server is busy or does
    not answer; a server that says for how long to wait is waited for, up to `patience` seconds.
    """

    def __init__(
        self,
        base_url: str,
        token: str,
        *,
        language: str = "th",
        timeout: float = 30.0,
        tries: int = 3,
        patience: float = 60.0,
    ) -> None:
        if not base_url.startswith(("https://", "http://")):
            raise ValueError(f"no address of a server: {base_url}")
        self._root = base_url.rstrip("/") + "/api/v1"
        self._headers = {"Authorization": f"Bearer {token}", "Accept-Language": language}
        self._timeout = timeout
        self._tries = tries
        self._patience = patience
        # A token is for one server: it is not carried to where another one points.
        self._opener = urllib.request.build_opener(_NoRedirect)

    # -- reading

    def indicators(self, year: int | None = None, **filters: Any) -> Iterator[IndicatorRow]:
        """Every indicator of a year (Buddhist Era) that you may see, by code; page by page as you go."""
        for row in self.pages("/indicators", year=year, **filters):
            yield _as(IndicatorRow, row)

    def indicator(self, year: int, code: str) -> Indicator:
        found = self.get(_one(year, code))
        return _as(Indicator, {**found, "raw": found})

    def level(
        self, year: int, code: str, *, on: date | None = None, known_at: datetime | None = None
    ) -> Level:
        """Where it stands on a day, as known at an instant; now where neither is given."""
        found = self.get(_one(year, code) + "/level", on=on, known_at=known_at)
        return _as(Level, {**found, "raw": found})

    def history(self, year: int, code: str) -> Iterator[Happening]:
        """What happened to it, the newest first."""
        for row in self.pages(_one(year, code) + "/history"):
            yield _as(Happening, row)

    def get(self, path: str, **query: Any) -> Any:
        """Anything else below `/api/v1`, as JSON."""
        return self._ask("GET", path, query)

    def pages(self, path: str, **query: Any) -> Iterator[Any]:
        """The items of any list, page by page."""
        cursor = None
        while True:
            page = self.get(path, **query, cursor=cursor)
            yield from page["items"]
            cursor = page["next"]
            if cursor is None:
                return

    # -- doing

    def record(
        self,
        at: Indicator | IndicatorRow,
        milestone: str,
        *,
        occurred_on: date | None = None,
        key: str | None = None,
        **fact: Any,
    ) -> Done:
        """Record something that was done at a milestone of the indicator as you have read it.

        Further fields: `quarter`, `kind`, `value`, `document_number`, `note`, `planned`, `fulfils`,
        `uploads`, `request`.
        """
        day = None if occurred_on is None else occurred_on.isoformat()
        return self.act(at, f"/milestones/{milestone}/record", {"occurred_on": day, **fact}, key=key)

    def act(
        self,
        at: Indicator | IndicatorRow,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        whatever_version: bool = False,
    ) -> Done:
        """Do something to the indicator, such as `/quarters/3/submit`, if it is still as you have read it.

        Under one `key` it is done once, however often it is sent: give the same one when you try again after
        your program ended. Without one, this call makes its own.
        """
        seen = "*" if whatever_version else f'"{at.version}"'
        headers = {"If-Match": seen, "Idempotency-Key": key or str(uuid.uuid4())}
        found = self._ask("POST", _one(at.fiscal_year, at.code) + path, {}, body, headers)
        return _as(Done, found)

    # -- spreadsheets

    def template(
        self,
        at: str = RESULTS,
        *,
        year: int | None = None,
        kind: str | None = None,
        filled: bool = False,
        format: str = "xlsx",  # noqa: A002 - as the API calls it
    ) -> bytes:
        """A workbook, or with `format="csv"` one kind, to be filled in; `filled` with what is there."""
        query = {"year": year, "kind": kind, "filled": filled, "format": format}
        return bytes(self._ask("GET", f"{at}/template", query))

    def give(
        self,
        name: str,
        content: bytes,
        at: str = RESULTS,
        *,
        year: int | None = None,
        kind: str | None = None,
        dry_run: bool = False,
    ) -> Spreadsheet:
        """Have a file taken in, all of it or nothing, or only tried; :meth:`wait` tells what became of it."""
        query = {"name": name, "year": year, "kind": kind, "dry_run": dry_run}
        return _as(Spreadsheet, self._ask("POST", at, query, content))

    def wait(self, one: Spreadsheet, at: str = RESULTS, *, seconds: float = 600.0) -> Spreadsheet:
        """The file once it was read; raises `TimeoutError` where that takes longer."""
        until = time.monotonic() + seconds
        while True:
            found = _as(Spreadsheet, self.get(f"{at}/{one.number}"))
            if found.state not in ("waiting", "running"):
                return found
            if time.monotonic() > until:
                raise TimeoutError(f"{one.name} is still {found.state}")
            time.sleep(1.0)

    def confirm(self, one: Spreadsheet, at: str = RESULTS) -> Spreadsheet:
        """Have what was tried taken in, if it would still change the same."""
        return _as(Spreadsheet, self._ask("POST", f"{at}/{one.number}/confirm", {}))

    # -- the wire

    def _ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any],
        body: Mapping[str, Any] | bytes | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Any:
        asked = {name: _text(value) for name, value in query.items() if value is not None}
        url = self._root + path + ("?" + urllib.parse.urlencode(asked) if asked else "")
        data = json.dumps(body).encode() if isinstance(body, Mapping) else body
        headers = {**self._headers, **(more or {})}
        if data is not None:
            kind = "application/json" if isinstance(body, Mapping) else "application/octet-stream"
            headers["Content-Type"] = kind
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 - looked at above
        for left in range(self._tries - 1, -1, -1):
            try:
                return self._once(request)
            except Problem as problem:
                wait = 1.0 if problem.retry_after is None else problem.retry_after
                if not left or problem.status not in _LATER or wait > self._patience:
                    raise
            except OSError:
                if not left:
                    raise
                wait = 1.0
            time.sleep(wait)
        raise AssertionError("tried at least once")

    def _once(self, request: urllib.request.Request) -> Any:
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                content, kind = answer.read(), answer.headers.get_content_type()
        except urllib.error.HTTPError as error:
            with error:
                raise _problem(error) from None
        if kind != "application/json":
            return content or None
        return json.loads(content) if content else None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _problem(error: urllib.error.HTTPError) -> Problem:
    try:
        told = json.loads(error.read())
    except ValueError:
        told = {"title": error.reason}
    wait = error.headers.get("Retry-After", "")
    return Problem(error.code, told, float(wait) if wait.isdigit() else None)


def _one(year: int, code: str) -> str:
    return f"/indicators/{year}/{urllib.parse.quote(code, safe='')}"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.isoformat() if isinstance(value, date) else str(value)


# --- webhooks ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Named:
    """The agency that an event is about."""

    id: int
    code: str | None
    name: Words


@dataclass(frozen=True)
class Told:
    """An event that a webhook told: word for word as the journal has it, and what it is about.

    `id` is the same however often it comes; `stream` is 0 for the city's own events, and `None` for a test.
    """

    id: str
    event: str
    at: datetime
    stream: int | None = None
    seq: int | None = None
    by: int | None = None
    data: dict[str, Any] = field(default_factory=dict)
    previous_hash: str = ""
    hash: str = ""
    code: str | None = None
    fiscal_year: int | None = None
    agency: Named | None = None


class NotOurs(Exception):
    """A message that was not signed with the secret, or not lately."""


def verify_webhook(
    secret: str, signature: str, body: bytes, *, now: float | None = None, tolerance: float = 300.0
) -> Told:
    """The event that was told, if the message comes from Radap; raises :class:`NotOurs`.

    `signature` is the header `Radap-Signature`, `body` the bytes as they came, before anything reads them.
    """
    parts = dict(part.strip().partition("=")[::2] for part in signature.split(","))
    at = parts.get("t", "")
    if not (at.isascii() and at.isdigit()):
        raise NotOurs("no time in the signature")
    proof = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(proof.encode(), parts.get("v1", "").encode()):
        raise NotOurs("not signed with this secret")
    if abs((time.time() if now is None else now) - int(at)) > tolerance:
        raise NotOurs("signed too long ago, or by a clock that is wrong")
    return _as(Told, json.loads(body))


# --- from JSON to the classes above ------------------------------------------------------------------------


def _as(kind: type[_T], value: Mapping[str, Any]) -> _T:
    """The value as that class; what a later server tells besides is left out."""
    hints = typing.get_type_hints(kind)
    assert is_dataclass(kind)
    known = {one.name for one in fields(kind)} & value.keys()
    return kind(**{name: _read(hints[name], value[name]) for name in known})


def _read(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    origin, inner = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return _read(next(one for one in inner if one is not types.NoneType), value)
    if origin is list:
        return [_read(inner[0], one) for one in value]
    if kind is datetime:
        return datetime.fromisoformat(value)
    if kind is date:
        return date.fromisoformat(value)
    return _as(kind, value) if isinstance(kind, type) and is_dataclass(kind) else value

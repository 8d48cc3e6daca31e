"""Spreadsheets for programs: templates, files that are tried or taken in, and what becomes of each."""

import tempfile
from collections.abc import Iterator
from typing import Any, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from engine.jobs import Job, Product
from engine.permissions import Action
from engine.quarter import FiscalYear
from engine.tokens import Scope
from web.api import bodies
from web.api.files import progress_of
from web.api.indicators import year_of
from web.api.operation import Call, Made, Operation
from web.api.shapes import sheets as shapes
from web.doors import SIGNED_IN, Rule, for_city
from web.middleware import LIMIT
from web.site import Site
from web.spreadsheets.desk import SheetDesk
from web.spreadsheets.reading import MOST_BYTES
from web.spreadsheets.taking import Asked

#: So much of a body is held at a time.
_PIECE = 1 << 20
_HOW = (
    "The file is the body, `name` what it is called (.xlsx or .csv); of CSV, `kind` says what it holds. "
    "It is read in the background: ask for `Location` until its state is `done`."
)


def operations(site: Site) -> Iterator[Operation]:
    """What administrators give, and the results of those who write reports."""
    yield from _of(
        _Spreadsheets(site, "/administration/spreadsheets"),
        for_city(Action.MANAGE_PEOPLE),
        "spreadsheet",
        "Agencies, plan, people, indicators and targets",
        None,
    )
    yield from _of(
        _Spreadsheets(site, "/spreadsheets", only_results=True),
        SIGNED_IN,
        "results",
        "Quarter results of the indicators whose reports you write",
        Scope.RECORD,
    )


def _of(here: "_Spreadsheets", rule: Rule, name: str, what: str, needs: Scope | None) -> Iterator[Operation]:
    def row(did: str, method: str, path: str, says: str, **more: Any) -> Operation:
        return Operation(
            f"{did}_{name}", method, f"{here.path}{path}", rule, says, tag="spreadsheets", **more
        )

    yield row(
        "list", "GET", "", "What may be given, and what you gave.", reads=here.all, gives=shapes.Spreadsheets
    )
    yield row(
        "template",
        "GET",
        "/template",
        f"{what}: a template to be filled in, or with `filled` what is there.",
        reads=here.template,
        asks=bodies.TemplateAsked,
        media="*/*",
        more="A workbook, or CSV of one kind with `format=csv`.",
    )
    yield row(
        "give",
        "POST",
        "",
        f"{what}: take a file in, all of it or nothing; with `dry_run` tell what would change.",
        streams=here.give,
        asks=bodies.SpreadsheetGiven,
        gives=shapes.Spreadsheet,
        status=201,
        needs=needs,
        more=_HOW,
    )
    yield row(
        "get",
        "GET",
        "/{number}",
        "How far it is; then every difference, and everything that is wrong, with its place.",
        reads=here.one,
        gives=shapes.Spreadsheet,
    )
    yield row(
        "confirm",
        "POST",
        "/{number}/confirm",
        "Take in what was tried, if it would still change the same.",
        reads=here.confirm,
        gives=shapes.Spreadsheet,
        status=201,
        needs=needs,
    )


class _Spreadsheets:
    def __init__(self, site: Site, path: str, *, only_results: bool = False) -> None:
        self.path = path
        self._site = site
        self._desk = SheetDesk(site, only_results=only_results)

    def all(self, call: Call) -> shapes.Spreadsheets:
        with self._site.store.read() as tx:
            years, own = self._desk.years(tx.connection), self._desk.own(tx.connection, call.by)
        return shapes.Spreadsheets(
            kinds=list(map(str, self._desk.kinds(call.by))),
            years=[one.be for one in years],
            items=[shapes.SpreadsheetRow.model_validate(_row(one)) for one in own],
        )

    def template(self, call: Call) -> Response:
        asked: bodies.TemplateAsked = call.asked
        return self._desk.template(
            call.by,
            call.wording,
            self._year(asked),
            asked.kind or "",
            is_filled=asked.filled,
            is_csv=asked.format == "csv",
        )

    async def give(self, call: Call) -> Made:
        """The body goes to the disk as it comes; only who may give something is listened to."""
        self._desk.kinds(call.by)
        call.request.scope[LIMIT] = MOST_BYTES
        with tempfile.TemporaryFile() as content:
            await _receive(call.request, content)
            return await run_in_threadpool(self._given, call, content)

    def _given(self, call: Call, content: BinaryIO) -> Made:
        asked: bodies.SpreadsheetGiven = call.asked
        kept = self._desk.keep(call.by, content, asked.name, asked.kind or "")
        return self._made(call, self._desk.put(call.by, kept, self._year(asked), try_only=asked.dry_run))

    def one(self, call: Call) -> shapes.Spreadsheet:
        return self._told(call, call.number())

    def confirm(self, call: Call) -> Made:
        return self._made(call, self._desk.confirm(call.by, self._desk.job(call.by, call.number())))

    def _made(self, call: Call, number: int) -> Made:
        return Made(self._told(call, number), f"{self.path}/{number}")

    def _told(self, call: Call, number: int) -> shapes.Spreadsheet:
        job = self._desk.job(call.by, number)
        return shapes.Spreadsheet.model_validate({**_row(job), "result": self._desk.result(job)})

    def _year(self, asked: bodies.YearAsked) -> FiscalYear:
        return FiscalYear(year_of(asked.year, [], self._site.today()))


async def _receive(request: Request, content: BinaryIO) -> None:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) >= _PIECE:
            await run_in_threadpool(content.write, held)
            held.clear()
    await run_in_threadpool(content.write, held)


def _row(job: Job) -> dict[str, Any]:
    asked = Asked.of(job.wanted.of)
    return {
        **progress_of(job),
        "name": asked.name,
        "kind": asked.kind,
        "dry_run": job.wanted.product is Product.TRIAL,
    }

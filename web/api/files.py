"""Files for programs: evidence and products of an indicator, what is made in the background, uploads."""

from collections.abc import Callable, Iterator
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from engine.errors import refuse
from engine.jobs import Job, Product, Scope, Wanted
from engine.quarter import FiscalYear
from engine.tokens import Scope as Needs
from storage import jobs
from storage.desk import years
from storage.transaction import Tx
from storage.uploads import Upload
from web.api import bodies, shapes
from web.api.operation import Call, Made, Operation, Reads
from web.api.shapes import office
from web.doors import SEEN, SIGNED_IN, Rule
from web.downloads import Downloads
from web.evidence import EvidenceDesk
from web.jobs import OFFERED_IN_FORMS, JobRoom, scopes_of
from web.middleware import LIMIT
from web.pages import Pages
from web.reading import whole_number
from web.reports import wanted as wishes
from web.reports.wanted import MEDIA_TYPES, OFFERED
from web.site import Site
from web.uploading import UploadDesk, sender_of

_ONE = "/indicators/{year}/{code}"
_ANY = "application/octet-stream"
_OFFSET = "upload-offset"


def operations(site: Site, pages: Pages) -> Iterator[Operation]:
    """Everything that is a file, and how one comes to be."""
    evidence, downloads = EvidenceDesk(site, pages), Downloads(site, pages)
    for name, path, says, answer, media in (
        ("get_evidence", "evidence/{number}", "A file as it was attached.", evidence.hand_out, _ANY),
        (
            "get_evidence_preview",
            "evidence/{number}/preview",
            "A picture of it, drawn anew; a page where it cannot be shown.",
            evidence.show,
            "*/*",
        ),
        ("get_report_pdf", "report.pdf", "The official report.", downloads.report, MEDIA_TYPES[Product.PDF]),
        ("get_sheets", "report.xlsx", "The spreadsheet.", downloads.sheets, MEDIA_TYPES[Product.SHEETS]),
        (
            "get_pack",
            "evidence.zip",
            "All evidence with its manifest.",
            downloads.pack,
            MEDIA_TYPES[Product.PACK],
        ),
    ):
        yield Operation(
            name,
            "GET",
            f"{_ONE}/{path}",
            SEEN,
            says,
            reads=_answered_by(answer),
            media=media,
        )
    yield from _of_jobs(_Jobs(site, pages))
    yield from _of_uploads(_Uploads(site, pages))


def _answered_by(page: Callable[[Request], Response]) -> Reads:
    """What a page hands out, to programs."""
    return lambda call: page(call.request)


def _of_jobs(here: "_Jobs") -> Iterator[Operation]:
    yield Operation(
        "list_reports",
        "GET",
        "/reports",
        SIGNED_IN,
        "Of what a report can be made, for you.",
        reads=here.offered,
        gives=office.OfferedList,
    )
    yield Operation(
        "order_report",
        "POST",
        "/jobs",
        SIGNED_IN,
        "Have a report, a spreadsheet or an evidence pack made in the background.",
        writes=here.order,
        takes=bodies.Ordered,
        gives=office.Job,
        status=201,
        needs=Needs.READ,
    )
    yield Operation(
        "list_jobs", "GET", "/jobs", SIGNED_IN, "Your newest jobs.", reads=here.own, gives=office.Jobs
    )
    yield Operation(
        "get_job",
        "GET",
        "/jobs/{number}",
        SIGNED_IN,
        "How far it is.",
        reads=here.one,
        gives=office.Job,
    )
    yield Operation(
        "get_job_file",
        "GET",
        "/jobs/{number}/file",
        SIGNED_IN,
        "What was made.",
        reads=here.file,
        media=_ANY,
    )


class _Jobs:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._room = JobRoom(site, pages)

    def offered(self, call: Call) -> office.OfferedList:
        with self._site.store.read() as tx:
            there = years(tx.connection, call.by)
            texts = [dict(scopes_of(tx, call.by, self._site.wordings[language])) for language in ("th", "en")]
        items = []
        for key in texts[0]:
            scope, _, of = key.partition(":")
            products = [str(one) for one in OFFERED[Scope(scope)] if one in OFFERED_IN_FORMS]
            name = shapes.Words(th=texts[0][key], en=texts[1][key])
            items.append(office.Offered(scope=scope, of=of, name=name, products=products))
        return office.OfferedList(years=[FiscalYear(one).be for one in there], items=items)

    def order(self, call: Call, tx: Tx) -> Made:
        asked: bodies.Ordered = call.given
        year = FiscalYear.from_be(asked.year).year
        wanted = Wanted(Product(asked.product), Scope(asked.scope), asked.of, year)
        found = wishes.find(tx, wanted)
        if found is None:
            raise refuse("job.not_offered")
        if not wishes.may_have(call.by, found):
            raise HTTPException(403)
        if jobs.waiting_of(tx.connection, call.by.id) >= jobs.MOST_WAITING:
            raise refuse("job.too_many", most=jobs.MOST_WAITING)
        number = jobs.ask(tx.connection, wanted, found.name, call.by.id, call.now, by_mail=asked.mail)
        job = jobs.job(tx.connection, number)
        assert job is not None  # asked for a moment ago
        return Made(told_of(job, call), f"/jobs/{number}")

    def own(self, call: Call) -> office.Jobs:
        with self._site.store.read() as tx:
            found = jobs.jobs_of(tx.connection, call.by.id)
        return office.Jobs(items=[told_of(one, call) for one in found])

    def one(self, call: Call) -> office.Job:
        return told_of(self._room.job_of(call.request), call)

    def file(self, call: Call) -> Response:
        return self._room.fetch(call.request)


def progress_of(job: Job) -> dict[str, Any]:
    """How far it is, as programs are told of whatever is done in the background."""
    return {
        "number": job.id,
        "fiscal_year": FiscalYear(job.wanted.fiscal_year),
        "state": str(job.state),
        "done": job.done,
        "total": job.total,
        "asked_at": job.asked_at,
        "ended_at": job.ended_at,
        "expires_at": job.expires_at,
        "error": job.error,
    }


def told_of(job: Job, call: Call) -> office.Job:
    """A job as programs are told of it."""
    wanted = job.wanted
    return office.Job.model_validate(
        {
            **progress_of(job),
            "product": str(wanted.product),
            "scope": str(wanted.scope),
            "of": wanted.of,
            "quarter": wanted.quarter,
            "name": job.name,
            "file": job.result if job.can_be_fetched(call.now) else None,
        }
    )


def _of_uploads(here: "_Uploads") -> Iterator[Operation]:
    yield Operation(
        "begin_upload",
        "POST",
        "/uploads",
        SIGNED_IN,
        "Announce a file by its name and size; its bytes follow by PATCH.",
        reads=here.begin,
        takes=bodies.BegunUpload,
        gives=office.Upload,
        status=201,
        needs=Needs.RECORD,
    )
    yield Operation(
        "add_to_upload",
        "PATCH",
        "/uploads/{id}",
        Rule(signed_in=True, files=True),
        "Append the body to the file, at the offset of the header `Upload-Offset`.",
        streams=here.add,
        goes_on=True,
        gives=office.Upload,
        needs=Needs.RECORD,
    )
    yield Operation(
        "get_upload",
        "GET",
        "/uploads/{id}",
        SIGNED_IN,
        "How much of the file is here.",
        reads=here.tell,
        gives=office.Upload,
    )
    yield Operation(
        "drop_upload",
        "DELETE",
        "/uploads/{id}",
        SIGNED_IN,
        "Forget the file.",
        reads=here.drop,
        status=204,
        needs=Needs.RECORD,
    )


class _Uploads:
    def __init__(self, site: Site, pages: Pages) -> None:
        self._site = site
        self._desk = UploadDesk(site, pages)

    def begin(self, call: Call) -> office.Upload:
        asked: bodies.BegunUpload = call.given
        person = sender_of(call.request)
        return _told(self._site.uploads.begin(person, asked.name, asked.size, call.now))

    def tell(self, call: Call) -> office.Upload:
        return _told(self._site.uploads.find(sender_of(call.request), call.part("id")))

    def drop(self, call: Call) -> Response:
        self._site.uploads.drop(sender_of(call.request), call.part("id"))
        return Response(status_code=204)

    async def add(self, call: Call) -> Response:
        """Append the body, piece by piece, so that what came before a broken connection is kept."""
        person = sender_of(call.request)
        call.request.scope[LIMIT] = self._site.evidence.limits.max_bytes
        offset = whole_number(call.request.headers.get(_OFFSET, ""), 15)
        if offset is None:
            raise HTTPException(400)
        upload = await run_in_threadpool(self._desk.expected, person, call.part("id"), offset)
        upload = await self._desk.received(call.request, upload)
        return JSONResponse(_told(upload).model_dump(), headers={"Upload-Offset": str(upload.received)})


def _told(upload: Upload) -> office.Upload:
    return office.Upload(
        id=upload.id,
        name=upload.name,
        size=upload.size,
        offset=upload.received,
        whole=upload.sha256 is not None,
    )

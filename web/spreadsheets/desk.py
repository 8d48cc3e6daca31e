"""Where spreadsheets are handed out and given, by pages and programs: tried first, and then written."""

import json
import tempfile
from io import StringIO
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy.engine import Connection
from starlette.exceptions import HTTPException
from starlette.responses import Response

from engine.errors import refuse
from engine.jobs import Job, Product, Scope, Wanted
from engine.permissions import Person, Subject, may, who_may
from engine.quarter import FiscalYear
from engine.wording import Wording
from engine.workflow import Text
from storage import jobs, kept_records
from storage.choices import choices
from storage.file_names import clean_name
from web.ranges import attachment
from web.site import Site
from web.spreadsheets.columns import DONE_BY, SheetKind
from web.spreadsheets.filling import Filling
from web.spreadsheets.reading import XLSX, check_file
from web.spreadsheets.taking import Asked
from web.spreadsheets.template import nothing, write_book, write_csv

#: What becomes of a file that somebody gives.
PRODUCTS = (Product.TRIAL, Product.INTAKE)
CSV = "text/csv; charset=utf-8"


def kinds_for(person: Person) -> list[SheetKind]:
    """What somebody may give: results are those of who writes reports."""
    roles = {one.role for one in person.grants}
    return [
        kind
        for kind, action in DONE_BY.items()
        if may(person, action, Subject()) or roles.intersection(who_may(action))
    ]


class SheetDesk:
    """The desk of administrators, or with ``only_results`` that of those who write reports."""

    def __init__(self, site: Site, *, only_results: bool) -> None:
        self._site = site
        self._here = [SheetKind.RESULTS] if only_results else list(SheetKind)

    def kinds(self, person: Person) -> list[SheetKind]:
        """What they may give here; whoever may give nothing has no business here."""
        kinds = [kind for kind in kinds_for(person) if kind in self._here]
        if not kinds:
            raise HTTPException(403)
        return kinds

    def years(self, connection: Connection) -> list[FiscalYear]:
        """Of which years there may be something to give, the newest first."""
        running = FiscalYear.containing(self._site.today()).year
        return [FiscalYear(one) for one in sorted({*choices(connection).years, running}, reverse=True)]

    def template(
        self, person: Person, wording: Wording, year: FiscalYear, kind: str, *, is_filled: bool, is_csv: bool
    ) -> Response:
        """A template to be filled in, of everything or of one kind, empty or with what is there."""
        kinds, store = self.kinds(person), self._site.store
        if kind:
            kinds = [self._known(kind, kinds)]
        if is_csv and len(kinds) > 1:
            raise refuse("sheets.choose_kind")
        with store.read() as tx:
            kept = kept_records.read(store, tx.connection, year.year, with_results=is_filled)
        filling = Filling(kept, year, person, kinds)
        rows = filling.rows if is_filled else nothing
        name = f"radap-{kind or 'template'}-{year.be}.{'csv' if is_csv else 'xlsx'}"
        headers = {"Content-Disposition": attachment(name), "Cache-Control": "no-store"}
        if is_csv:
            text = StringIO(newline="")
            write_csv(text, wording, kinds[0], rows)
            return Response(text.getvalue(), media_type=CSV, headers=headers)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            write_book(path, wording, store.policy.zone, kinds, filling.offered, rows)
            return Response(path.read_bytes(), media_type=XLSX, headers=headers)

    # -- a file, and what becomes of it -------------------------------------------------------------------

    def keep(self, person: Person, content: BinaryIO, name: str, kind: str) -> Asked:
        """Keep a file for whoever tries it, or takes it in.

        Refused: ``sheets.choose_kind``, ``sheets.choose_file``, ``sheet.too_large``, ``evidence.*``.
        """
        only = self._known(kind, self.kinds(person)) if kind else None
        name = clean_name(name) or "file"
        if not content.seek(0, 2):
            raise refuse("sheets.choose_file")
        if not check_file(content, name) and only is None:
            raise refuse("sheets.choose_kind")
        content.seek(0)
        return Asked(self._site.evidence.keep_as(content), name, only)

    def _known(self, kind: str, kinds: list[SheetKind]) -> SheetKind:
        if kind not in kinds:
            raise refuse("sheets.choose_kind")
        return SheetKind(kind)

    def put(self, person: Person, asked: Asked, year: FiscalYear, *, try_only: bool) -> int:
        """Have it tried or taken in, in the background; the number of the job. Refused: ``job.too_many``."""
        product = Product.TRIAL if try_only else Product.INTAKE
        wanted = Wanted(product, Scope.CITY, str(asked), year.year)
        name, now = Text(asked.name, asked.name), self._site.clock()
        with self._site.store.begin() as tx:
            if jobs.waiting_of(tx.connection, person.id) >= jobs.MOST_WAITING:
                raise refuse("job.too_many", most=jobs.MOST_WAITING)
            return jobs.ask(tx.connection, wanted, name, person.id, now)

    def confirm(self, person: Person, job: Job) -> int:
        """Have what a trial showed written, if it would still be the same.

        Refused: ``sheets.not_tried``, ``sheet.refused`` where something is wrong with it.
        """
        found = self.result(job)
        if job.wanted.product is not Product.TRIAL or found is None:
            raise refuse("sheets.not_tried")
        if found["faults"]:
            raise refuse("sheet.refused", count=found["faults"], left=None)
        asked = Asked.of(job.wanted.of)._replace(expected=found["digest"])
        return self.put(person, asked, FiscalYear(job.wanted.fiscal_year), try_only=False)

    def own(self, connection: Connection, person: Person) -> list[Job]:
        """The newest files that they gave."""
        found = jobs.jobs_of(connection, person.id)
        return [one for one in found if one.wanted.product in PRODUCTS]

    def job(self, person: Person, number: int) -> Job:
        """A file that this person gave; that of somebody else is like one that there is not."""
        with self._site.store.read() as tx:
            found = jobs.job(tx.connection, number)
        if found is None or found.asked_by != person.id or found.wanted.product not in PRODUCTS:
            raise HTTPException(404)
        return found

    def result(self, job: Job) -> dict[str, Any] | None:
        """What became of it, as :func:`web.spreadsheets.telling.as_data` has it, while that is kept."""
        if job.result is None or not job.can_be_fetched(self._site.clock()):
            return None
        with self._site.evidence.open(job.result.sha256) as content:
            found: dict[str, Any] = json.load(content)
        return found

"""One transaction on the store: the engine's port, kept by statements of both databases."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Connection

from engine.appeal import Appeal
from engine.errors import Refusal, refuse
from engine.events import Event
from engine.indicator import Indicator
from engine.nearest import nearest
from engine.pages.kept import Texts
from engine.pages.values import ImportedPage
from engine.petition import Petition
from engine.ports import Change, LastChange, SealLine
from engine.proposed import Proposed
from engine.quarter import Quarter
from engine.sealing import Counts
from engine.verdict import Verdict
from engine.workflow import Workflow
from storage import imports, petitions, rows, sealing, seals, search_index, verdicts
from storage import tables as t
from storage.journal import GENESIS, Entry, chained
from storage.statements import Prepared, upsert

if TYPE_CHECKING:
    from storage.store import Store


class Tx:
    """Implements :class:`engine.ports.Transaction`; ``connection`` is for the reads of pages."""

    def __init__(self, store: "Store", connection: Connection, *, writing: bool) -> None:
        self.store = store
        self.policy = store.policy
        self._connection = connection
        self._pending: list[tuple[str, Sequence[Any]]] = []
        self._lock_rows = writing and not store.is_sqlite
        self._locked: set[int] = set()
        self._statements = store.statements
        driver: Any = connection.connection
        self._driver = driver.driver_connection
        self._one_cursor = self._driver.cursor() if store.is_sqlite else None

    @property
    def connection(self) -> Connection:
        """For the reads of pages; they see what was saved."""
        self.flush()
        return self._connection

    def flush(self) -> None:
        """On PostgreSQL: send what was saved since the last read, in one round trip."""
        if self._pending:
            with self._together():
                self._send()

    def end(self) -> None:
        """On PostgreSQL: what was saved last and the COMMIT travel together; elsewhere the writer commits."""
        if self._pending:
            with self._together():
                self._send()
                self._driver.commit()

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part of the transaction: when it raises, nothing of it is kept, and the rest goes on."""
        self.flush()
        self._driver.execute("SAVEPOINT part")
        try:
            yield
            self.flush()
        except BaseException:
            self._pending.clear()
            self._driver.execute("ROLLBACK TO SAVEPOINT part")
            self._driver.execute("RELEASE SAVEPOINT part")
            raise
        self._driver.execute("RELEASE SAVEPOINT part")

    def _send(self) -> None:
        pending, self._pending = self._pending, []
        cursor = self._driver.cursor()  # one for all: nobody asks for their results
        for sql, parameters in pending:
            cursor.execute(sql, parameters)

    # -- indicators ---------------------------------------------------------------------------------

    def indicator(self, code: str, fiscal_year: int) -> Indicator:
        """The indicator with all its facts; locked until the end of a writing transaction."""
        statements, key = self._statements, {"code": code, "fiscal_year": fiscal_year}
        # A lock of its own: a statement that waits for one would show the seals of before the wait.
        found = self._fetch(statements.one, key, statements.lock if self._lock_rows else None)
        if not found:
            raise self._unknown(code, fiscal_year)
        indicator = self._indicator_of(found[0])
        if self._lock_rows:
            self._locked.add(indicator.id)
        return indicator

    def has(self, code: str, fiscal_year: int) -> bool:
        """Whether the indicator is there."""
        return bool(self._fetch(self._statements.lock, {"code": code, "fiscal_year": fiscal_year}))

    def indicators(
        self,
        fiscal_year: int | None = None,
        agency: int | None = None,
        *,
        without: frozenset[int] = frozenset(),
    ) -> Iterator[Indicator]:
        """Every indicator of the year and the agency (``None``: of all) by id, in bounded portions.

        Those that run on a definition ``without`` which it is asked for are passed by.
        """
        after = 0
        while found := self._fetch(self._statements.portion, {"after": after}):
            after = found[-1][0]
            for row in found:
                wanted = fiscal_year in (None, row[2]) and agency in (None, row[3])
                if wanted and row[4] not in without:
                    yield self._indicator_of(row)

    def these(self, indicators: Sequence[int]) -> Iterator[Indicator]:
        """The indicators of these ids, by id: one statement for each portion of them."""
        for first in range(0, len(indicators), rows.PORTION):
            portion = indicators[first : first + rows.PORTION]
            for row in self._fetch(self._statements.these, {"indicators": portion}):
                yield self._indicator_of(row)

    def create(self, indicator: Indicator, event: Event) -> None:
        """Write a new indicator with its milestones and its first event; sets its id and journal end."""
        statements = self._statements
        values = {
            "code": indicator.code,
            "fiscal_year": indicator.fiscal_year.year,
            "agency_id": indicator.agency,
            "workflow_version_id": self._workflow_version(indicator.workflow),
            "owner_id": indicator.workflow_owner,
            "target": indicator.target,
            "weight": indicator.weight,
            "life": str(indicator.life),
            "ladder": indicator.ladder,
            "version": 1,
            "journal_seq": 1,
            "journal_head": "",
            **rows.stored_columns(indicator.stored),
        }
        inserted = self._fetch(statements.create, values)
        if not inserted:
            raise refuse("indicator.exists", code=indicator.code, year=indicator.fiscal_year)
        indicator.id = inserted[0][0]
        entry = chained(indicator.id, 1, event, GENESIS)
        begin = statements.begin_journal
        self._write(begin, begin.parameters({"indicator": indicator.id, "head": entry.hash}))
        title = indicator.title
        described = (indicator.id, title.th, title.en, indicator.unit)
        self._write(statements.describe, statements.describe.row(described))
        put = self._statements.upserts["milestones"]
        for milestone in indicator.milestones.values():
            self._write(put, put.row(rows.milestone_row(indicator.id, milestone)))
        self._append(entry)
        self._make_findable([search_index.first_row(indicator)])
        indicator.version, indicator.journal_seq, indicator.journal_head = 1, 1, entry.hash

    def save(self, change: Change) -> None:
        """Write the change and its event together; refused when the indicator moved on meanwhile."""
        indicator = change.indicator
        entry = chained(indicator.id, indicator.journal_seq + 1, change.event, indicator.journal_head)
        move = self._statements.move
        parameters = move.row(rows.moved(indicator, entry.seq, entry.hash))
        if indicator.id in self._locked:  # nobody can have moved it, so the answer need not be waited for
            self._write(move, parameters)
        else:
            cursor = self._cursor()
            cursor.execute(move.sql, parameters)
            if cursor.rowcount != 1:
                raise self.changed_meanwhile(indicator)
        for name, row in rows.changed(change):
            put = self._statements.upserts[name]
            self._write(put, put.row(row))
        self._make_findable(search_index.rows_of(change))
        self._append(entry)
        indicator.version += 1
        indicator.journal_seq, indicator.journal_head = entry.seq, entry.hash

    def agree(self, indicator: Indicator, given: Mapping[str, Any]) -> None:
        """Write what the indicator is agreed on, and let it be found by its new title."""
        for table, key in ((t.indicators, "id"), (t.indicator_details, "indicator_id")):
            row = {name: value for name, value in given.items() if name in table.c}
            if row:
                self.connection.execute(update(table).where(table.c[key] == indicator.id).values(row))
        self._make_findable([search_index.first_row(indicator)])

    def migrate(self, indicator: Indicator, dropped: Collection[str]) -> None:
        """Write on which version of its definition it runs; nothing is recorded of the dropped milestones."""
        version = self._workflow_version(indicator.workflow)
        mine, m = t.indicators.c.id == indicator.id, t.milestones.c
        self.connection.execute(update(t.indicators).where(mine).values(workflow_version_id=version))
        if dropped:
            gone = (m.indicator_id == indicator.id) & m.key.in_(dropped)
            self.connection.execute(delete(t.milestones).where(gone))

    def changed_meanwhile(self, indicator: Indicator) -> Refusal:
        """The refusal that tells the loser who changed what, and when."""
        last = self.last_change(indicator)
        return refuse(
            "indicator.changed_meanwhile",
            code=indicator.code,
            by=last.by,
            what=last.what,
            at=last.at,
            version=last.version,
        )

    def last_change(self, indicator: Indicator) -> LastChange:
        """Who changed the indicator last, what was done, and when."""
        j, p = t.journal.c, t.people.c
        row = self.connection.execute(
            select(j.what, j.at, p.name, t.indicators.c.version)
            .join_from(t.journal, t.people, j.by == p.id, isouter=True)
            .join(t.indicators, t.indicators.c.id == j.stream)
            .where(j.stream == indicator.id)
            .order_by(j.seq.desc())
            .limit(1)
        ).one()
        return LastChange(row.what, row.name or "", datetime.fromisoformat(row.at), row.version)

    # -- the city -----------------------------------------------------------------------------------

    def extension(self, agency: int, quarter: Quarter) -> date | None:
        """The day until which the agency was given longer for the quarter, if it was."""
        key = {"agency": agency, "fiscal_year": quarter.fiscal_year, "quarter": quarter.number}
        found = self._fetch(self._statements.extension, key)
        return found[0][0] if found else None

    def sealed_through(self, fiscal_year: int) -> int:
        """The last sealed quarter of the year, 0 for none."""
        found = self._fetch(self._statements.sealed_through, {"fiscal_year": fiscal_year})
        return found[0][0] if found else 0

    def last_sealed_at(self, fiscal_year: int) -> datetime | None:
        """When a quarter of the year was sealed last."""
        found = seals.seals_of(self.connection, fiscal_year).values()
        return max((one.sealed_at for one in found), default=None)

    def petitions(self, indicator: Indicator) -> list[Petition]:
        """Every petition about the indicator, by number."""
        return petitions.of(self.connection, [indicator.id]).get(indicator.id, [])

    def keep_petition(self, indicator: Indicator, petition: Petition) -> None:
        """Write a new petition, or what became of one."""
        petitions.keep(self.connection, indicator.id, petition)

    def verdicts(self, indicator: Indicator) -> list[Verdict]:
        """Every verdict on the indicator's reports, by number."""
        return verdicts.of(self.connection, indicator.id)

    def keep_verdict(self, indicator: Indicator, verdict: Verdict) -> None:
        """Write a new verdict."""
        verdicts.keep(self.connection, indicator.id, verdict)

    def appeals(self, indicator: Indicator) -> list[Appeal]:
        """Every appeal about the indicator's reports, by number."""
        return verdicts.appeals_of(self.connection, indicator.id)

    def keep_appeal(self, indicator: Indicator, appeal: Appeal) -> None:
        """Write a new appeal, or what became of one."""
        verdicts.keep_appeal(self.connection, indicator.id, appeal)

    def newest(self, workflow: Workflow) -> Workflow:
        """The newest version of the workflow that is kept."""
        found = self._fetch(self._statements.newest_version, {"key": workflow.key})
        return self.store.workflow(found[0][0], self._connection)

    def texts(self, indicator: Indicator) -> Texts:
        """The long texts of the indicator."""
        return imports.texts_of(self.connection, indicator.id)

    def imported_pages(self, indicator: Indicator) -> list[ImportedPage]:
        """The pages that the indicator was imported from, the newest last."""
        return imports.pages_of(self.connection, indicator.id)

    def keep_page(self, indicator: Indicator, page: ImportedPage, texts: Texts) -> None:
        """Write a page with the texts that it tells."""
        statements = imports.statements_for(self.store.engine.dialect)
        self._write(statements.keep_page, statements.keep_page.row((indicator.id, *page)))
        row = imports.details(indicator.id, texts, self._plan_node(texts))
        self._write(statements.describe, statements.describe.parameters(row))

    def proposals(self, indicator: Indicator) -> list[Proposed]:
        """Every fact that the indicator's texts proposed, by number."""
        return imports.proposals_of(self.connection, indicator.id)

    def keep_proposals(self, indicator: Indicator, proposals: Iterable[Proposed]) -> None:
        """Write proposals, new or decided on."""
        put = imports.statements_for(self.store.engine.dialect).keep_proposal
        for one in proposals:
            self._write(put, put.row(imports.proposal_row(indicator.id, one)))

    def extend(self, agency: int, quarter: Quarter, until: date, reason: str, event: Event) -> None:
        """Keep an extension of the agency's deadline with its event in the city's own journal."""
        row = {
            "agency_id": agency,
            "fiscal_year": quarter.fiscal_year,
            "quarter": quarter.number,
            "until_on": until,
            "reason": reason,
            "granted_at": event.at,
            "granted_by": event.by,
        }
        self.connection.execute(upsert(t.extensions, self.store.engine.dialect), row)
        self.record(event)

    def still_open(self, quarter: Quarter) -> Counts:
        """How much of the quarter is not settled, by what it is; only what there is any of."""
        found = sealing.still_open(self.connection, self.store.workflow, quarter, most=1)
        return {check: one.count for check, one in found.items() if one.count}

    def seal(self, quarter: Quarter, lines: Iterable[SealLine], event: Event) -> str:
        """Freeze the quarter: keep every line, seal its reports; return the hash over all of it.

        Every indicator of the year moves to its next version, so that nobody who loaded one before the
        seal can still write a fact behind it.
        """
        self._end_of_city()  # taken first, as by everything that writes there: no two wait for each other
        if self.sealed_through(quarter.fiscal_year) >= quarter.number:  # by whoever held it before us
            raise refuse("quarter.sealed", quarter=quarter)
        digest = seals.write(self.connection, quarter, lines, event)
        self.record(Event(event.what, event.at, event.by, {**event.data, "hash": digest}))
        return digest

    def record(self, event: Event) -> Entry:
        """Append an event to the city's own stream of the journal."""
        seq, head = self._end_of_city()
        entry = chained(t.CITY, seq + 1, event, head)
        self._append(entry)
        self.connection.execute(
            update(t.city).where(t.city.c.id == 1).values(journal_seq=entry.seq, journal_head=entry.hash)
        )
        return entry

    def lock_city(self) -> None:
        """Keep everybody else from writing to the city's records until the transaction ends."""
        self._end_of_city()

    def _end_of_city(self) -> tuple[int, str]:
        """The end of the city's own stream, locked until the transaction ends."""
        end = select(t.city.c.journal_seq, t.city.c.journal_head).where(t.city.c.id == 1)
        row = self.connection.execute(end.with_for_update() if self._lock_rows else end).one()
        return row.journal_seq, row.journal_head

    # -- helpers ------------------------------------------------------------------------------------

    def _append(self, entry: Entry) -> None:
        self._write(self._statements.append, entry)

    def _make_findable(self, texts: Iterable[search_index.Row]) -> None:
        for row in texts:
            self._write(self._statements.make_findable, row)

    def _write(self, statement: Prepared, parameters: Sequence[Any]) -> None:
        """Run it; on PostgreSQL keep it back until something is read or committed."""
        if self._one_cursor is not None:
            self._one_cursor.execute(statement.sql, parameters)
        else:
            self._pending.append((statement.sql, parameters))

    def _together(self) -> AbstractContextManager[Any]:
        """On PostgreSQL the statements of one change travel in one round trip."""
        if self.store.is_sqlite:
            return nullcontext()
        return self._driver.pipeline()  # type: ignore[no-any-return]  # psycopg's own pipeline

    def _indicator_of(self, row: Any) -> Indicator:
        return rows.indicator_of(row, self.store.workflow(row[4], self._connection))

    def _cursor(self) -> Any:
        """On SQLite one for all, since each statement is read to its end before the next."""
        self.flush()
        return self._one_cursor or self._driver.cursor()

    def _fetch(
        self, statement: Prepared, values: dict[str, Any], before: Prepared | None = None
    ) -> list[Any]:
        """The rows of the statement, and of none that is to be run ``before``, in the same round trip."""
        cursor = self._cursor()
        if before is None:
            statement.run(cursor, values)
        else:
            with self._together():
                before.run(self._driver.cursor(), values)
                statement.run(cursor, values)
        return statement.rows(cursor)

    def _plan_node(self, texts: Texts) -> int | None:
        """The id of the deepest place of the plan that the page tells; most are there already."""
        deepest = max(texts.plan, key=lambda line: line.code.count("."), default=None)
        if deepest is None:
            return None
        statement = imports.statements_for(self.store.engine.dialect).plan_node
        found = self._fetch(statement, {"code": deepest.code})
        return found[0][0] if found else imports.add_plan(self.connection, texts)

    def _workflow_version(self, workflow: Workflow) -> int:
        key = {"key": workflow.key, "version": workflow.version}
        found = self._fetch(self._statements.workflow_version, key)
        if not found:
            raise refuse("workflow.not_registered", key=workflow.key, version=workflow.version)
        return int(found[0][0])

    def _unknown(self, code: str, fiscal_year: int) -> Refusal:
        """Unknown here: offer the nearest codes of the year, and the years that do have this one."""
        i = t.indicators.c
        years = self.connection.execute(
            select(i.fiscal_year).where(i.code == code).order_by(i.fiscal_year)
        ).scalars()
        agency = code.partition("-")[0]
        codes = select(i.code).where(i.fiscal_year == fiscal_year).order_by(i.code).limit(2000)
        near = self.connection.execute(codes.where(i.code.startswith(f"{agency}-", autoescape=True)))
        known = list(near.scalars()) or list(self.connection.execute(codes).scalars())
        return refuse(
            "indicator.unknown",
            code=code,
            year=rows.year_of(fiscal_year),
            nearest=nearest(code, known),
            years=[rows.year_of(year) for year in years],
        )

"""The command `radap import page`: pages of the existing site from files, looked through and kept."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import bootstrap, parsing
from cli.desk import REFUSED, Desk
from cli.operations import register_definitions
from cli.options import By, Json
from cli.proposals import accepted_data, tell_accepted
from engine.actions import Accepted, accept_proposals
from engine.errors import Refusal, Unmet, refuse
from engine.pages.kinds import Finding
from engine.pages.taking_in import City, Given, Prepared, prepare
from engine.pages.text import LONGEST, decoded
from engine.permissions import Person
from storage import imports, schema
from storage.taking_in import How, Taken, city_of
from storage.taking_in import take_in as keep
from storage.transaction import Tx

#: So many pages are in one transaction: a commit costs more than a page, and others want to write too.
PORTION = 100
_ENDINGS = (".txt", ".html", ".htm")
_CODE = re.compile(r"\d{4}-\d{3,4}")
_LARGEST = LONGEST * 4

Files = Annotated[
    list[Path], typer.Argument(metavar="FILE...", help="Files with a page each, or folders with such files.")
]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be done with every page."""

    given: Given
    update: bool
    accept_all: bool


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one file; ``refusal`` where nothing of it could be kept."""

    file: Path
    prepared: Prepared | None
    taken: Taken | None = None
    accepted: Accepted | None = None
    proposals: int = 0
    level: int | None = None
    refusal: Refusal | None = None

    @property
    def is_refused(self) -> bool:
        waits = self.taken is not None and self.taken.how is How.DIFFERS
        return self.refusal is not None or waits or bool(self.accepted and self.accepted.refused)


def take_in(
    ctx: typer.Context,
    files: Files,
    code: Annotated[
        str | None, typer.Option("--code", metavar="CODE", help="Its code, where the page does not tell it.")
    ] = None,
    year: Annotated[
        str | None,
        typer.Option("--year", metavar="BE", help="Its fiscal year: no page tells it. Such as 2564."),
    ] = None,
    agency: Annotated[
        str | None,
        typer.Option("--agency", metavar="CODE|NAME", help="Whose it is, where the code does not tell it."),
    ] = None,
    workflow: Annotated[
        str | None, typer.Option("--workflow", metavar="KEY", help="Instead of the one that fits best.")
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", metavar="TEXT", help="Its title, where the page has none.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what is found and what would be kept.")
    ] = False,
    accept_all: Annotated[
        bool, typer.Option("--accept-all", help="Also make facts of all that the texts propose.")
    ] = False,
    update: Annotated[
        bool, typer.Option("--update", help="Keep what has changed of a page that was imported before.")
    ] = False,
    zero_as_is: Annotated[
        bool, typer.Option("--zero-as-is", help="Keep a 0 even where it seems to mean not reported.")
    ] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Take in pages of the existing site: indicator, results, reports and evaluations, with what is odd."""
    desk: Desk = ctx.obj
    found = list(_found(files))
    if len(found) > 1 and (code is not None or title is not None):
        raise parsing.unreadable("import.one_page_only")
    given = Given(
        code.strip() if code else None,
        None if year is None else parsing.fiscal_year(year),
        agency,
        workflow,
        title,
        zero_as_is=zero_as_is,
    )
    asked = Asked(given, update, accept_all)
    done = tried(desk, found, given) if dry_run else kept(desk, found, asked, by)
    told = (
        _told_as_json(desk, done, many=len(found) > 1) if as_json else _told(desk, done, many=len(found) > 1)
    )
    if told.refused:
        raise typer.Exit(REFUSED)


def _found(given: Iterable[Path]) -> Iterator[Path]:
    """Every file, those of a folder by name."""
    for one in given:
        if one.is_dir():
            inside = sorted(file for file in one.rglob("*") if file.suffix.lower() in _ENDINGS)
            if not inside:
                raise refuse("import.empty_folder", file=str(one))
            yield from inside
        elif one.exists():
            yield one
        else:
            raise refuse("file.missing", file=str(one))


def _read(file: Path, given: Given, city: City) -> tuple[Prepared, str]:
    """The page in the file, made ready; where it does not tell its code, the name of the file may."""
    if file.stat().st_size > _LARGEST:
        raise refuse("import_found.too_long", length=file.stat().st_size, most=LONGEST)
    text, encoding = decoded(file.read_bytes())
    named = file.stem if _CODE.fullmatch(file.stem) else None
    return prepare(text, given._replace(encoding=encoding, code_of_file=named), city), text


# --- trying, and keeping ---------------------------------------------------------------------------------


def tried(desk: Desk, files: list[Path], given: Given) -> Iterator[Done]:
    """What is found in each page; no database is needed for that, and none is made."""
    try:
        with desk.house().store.read() as tx:
            city = city_of(tx.connection, bootstrap.catalogue().list())
    except Refusal:
        city = city_of(None, bootstrap.catalogue().list())
    with desk.progress("progress.pages", len(files)) as bar:
        for file in files:
            yield _one_tried(file, given, city)
            bar.step()


def _one_tried(file: Path, given: Given, city: City) -> Done:
    try:
        prepared, _ = _read(file, given, city)
    except Refusal as refusal:
        return Done(file, None, refusal=refusal)
    fatal = [Unmet(f"import_found.{one.kind}", one.params) for one in prepared.fatal]
    return Done(file, prepared, refusal=Refusal(fatal) if fatal else None)


def kept(desk: Desk, files: list[Path], asked: Asked, by: str | None) -> Iterator[Done]:
    """Each page with all that belongs to it, or nothing of it; some pages share a commit.

    An empty database is set up first.
    """
    house = desk.house(new=True)
    if schema.revision(house.engine) is None:
        schema.upgrade(house.engine)
        register_definitions(desk, house)
        desk.note("done.initialised", url=desk.url, workflows=len(bootstrap.catalogue().list()))
    schema.require_current(house.engine)
    workflows = bootstrap.catalogue().list()
    with desk.progress("progress.pages", len(files)) as bar:
        for portion in _portions(files):
            with house.store.begin() as tx:
                person, city = desk.person(tx, by), city_of(tx.connection, workflows)
                done = [_one_kept(desk, tx, file, asked, city, person) for file in portion]
            for one in done:
                bar.step()
                yield one


def _portions(files: list[Path]) -> Iterator[list[Path]]:
    for first in range(0, len(files), PORTION):
        yield files[first : first + PORTION]


def _one_kept(desk: Desk, tx: Tx, file: Path, asked: Asked, city: City, by: Person) -> Done:
    prepared = None
    try:
        prepared, text = _read(file, asked.given, city)
        with tx.part():
            taken = keep(tx, city, prepared, file.name, text, update=asked.update, by=by, now=desk.clock())
            accepted = _accepted(desk, tx, prepared, by) if asked.accept_all else None
            kept = taken.outcome.indicator if taken.outcome else None
            waiting = (taken.outcome.number or 0) if taken.outcome else 0
            if kept is not None and (accepted is not None or taken.how is How.UPDATED):
                kept = tx.indicator(*_name(prepared))
                waiting = imports.pending(tx.connection, kept.id)
    except Refusal as refusal:
        return Done(file, prepared, refusal=refusal)
    level = None if kept is None else kept.stored.claimed.level
    return Done(file, prepared, taken, accepted, waiting, level)


def _accepted(desk: Desk, tx: Tx, prepared: Prepared, by: Person) -> Accepted:
    return accept_proposals(tx, *_name(prepared), only_certain=False, by=by, now=desk.clock())


def _name(prepared: Prepared) -> tuple[str, int]:
    assert prepared.code is not None  # or nothing was kept
    assert prepared.fiscal_year is not None
    return prepared.code, prepared.fiscal_year.year


# --- telling ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Told:
    """How many pages were told: all, those of which something was kept, and those that were refused."""

    count: int = 0
    kept: int = 0
    refused: int = 0

    def add(self, one: Done) -> None:
        self.count += 1
        self.kept += one.taken is not None and one.taken.outcome is not None
        self.refused += one.is_refused


def _told(desk: Desk, done: Iterable[Done], *, many: bool) -> _Told:
    """Tell each page as it comes, for there may be thousands."""
    told = _Told()
    for one in done:
        told.add(one)
        desk.text(str(one.file))
        for found in one.prepared.findings if one.prepared else ():
            desk.text("  " + sentence(desk, found))
        _tell_what_came(desk, one)
    if many:
        desk.say("import.counts", count=told.count, kept=told.kept, refused=told.refused)
    return told


def _told_as_json(desk: Desk, done: Iterable[Done], *, many: bool) -> _Told:
    """One object, or a list of them that is written as it grows."""
    told = _Told()
    for one in done:
        if many:
            desk.out.file.write(",\n" if told.count else "[\n")
        told.add(one)
        desk.json(_as_data(desk, one))
    if many:
        desk.out.file.write("]\n")
    return told


def sentence(desk: Desk, found: Finding) -> str:
    """A finding as a line: what it asks for, where, what was found, and what to do."""
    wording = desk.wording
    where = wording.say(
        "import.where", field=wording.word("import_field", found.field), quarter=found.quarter or None
    )
    what = wording.say(f"import_found.{found.kind}", found.params)
    do = wording.say(f"import_advice.{found.kind}", found.params)
    return wording.say("import.line", weight=found.weight, where=where, what=what, advice=do)


def _tell_what_came(desk: Desk, one: Done) -> None:
    if one.refusal is not None:
        desk.complain(desk.wording.refusal(one.refusal))
        return
    if one.taken is None or one.prepared is None:
        desk.say("import.would_keep", count=len(one.prepared.reports) if one.prepared else 0)
        return
    prepared = one.prepared
    common = {"code": prepared.code, "year": prepared.fiscal_year}
    if one.taken.how is How.DIFFERS:
        desk.complain([desk.wording.say("import.changed", **common, count=len(one.taken.changes))])
    else:
        desk.say(f"import.{one.taken.how}", **common, waiting=one.proposals or None)
    for change in one.taken.changes:
        values = {"field": desk.wording.word("import_field", change.field), "quarter": change.quarter or None}
        kind = "import.change" if change.is_kept else "import.change_left"
        desk.text(
            "  " + desk.wording.say(kind, **values, before=change.before or "–", after=change.after or "–")
        )
    if one.accepted is not None:
        tell_accepted(desk, one.accepted)


def _as_data(desk: Desk, one: Done) -> dict[str, Any]:
    prepared, taken = one.prepared, one.taken
    accepted = accepted_data(desk, one.accepted) if one.accepted else {}
    return {
        "file": str(one.file),
        "code": prepared.code if prepared else None,
        "fiscal_year": prepared.fiscal_year.be if prepared and prepared.fiscal_year else None,
        "agency": prepared.agency.name.th if prepared and prepared.agency else None,
        "workflow": prepared.workflow.key if prepared and prepared.workflow else None,
        "result": str(taken.how) if taken else None,
        "level": one.level,
        "read": _read_data(prepared) if prepared else None,
        "findings": [_finding_data(desk, found) for found in prepared.findings] if prepared else [],
        "changes": [change._asdict() for change in taken.changes] if taken else [],
        "proposals": {"pending": one.proposals, **accepted},
        "refused": desk.wording.refusal(one.refusal) if one.refusal else [],
    }


def _read_data(prepared: Prepared) -> dict[str, Any]:
    page = prepared.page
    return {
        "form": str(page.form),
        "title": prepared.title or None,
        "unit": page.unit,
        "target": page.target,
        "achieved": page.achieved,
        "kind": page.kind,
        "result_kind": page.result_kind,
        "evaluated_quarter": page.evaluated_quarter,
        "evaluated_score": page.evaluated_score,
        "quarters": [one._asdict() for one in page.quarters],
        "summary": page.summary,
        "definition": page.definition,
        "method": page.method,
        "evidence_asked": page.evidence_asked,
        "plan": [line._asdict() for line in page.plan],
    }


def _finding_data(desk: Desk, found: Finding) -> dict[str, Any]:
    wording = desk.wording
    return {
        "kind": str(found.kind),
        "weight": str(found.weight),
        "field": found.field,
        "quarter": found.quarter or None,
        "text": wording.say(f"import_found.{found.kind}", found.params),
        "suggestion": wording.say(f"import_advice.{found.kind}", found.params),
        "proposed": dict(found.proposed) or None,
    }

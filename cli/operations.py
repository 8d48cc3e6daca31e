"""Commands for whoever runs the house: init, migrate, doctor, backup, restore."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from sqlalchemy import func, select

from cli import bootstrap
from cli.desk import REFUSED, Desk, count
from cli.options import Json, OneFile
from engine.actions import refresh_level
from engine.errors import refuse
from engine.wording import Wording
from storage import backup as safe
from storage import checks, registry, schema, search_checks, search_index, views
from storage import tables as t
from storage.transaction import Tx
from workflows.reading import DefinitionError


def init(ctx: typer.Context, as_json: Json = False) -> None:
    """Make the database: tables, the operator, and the definitions of this release."""
    desk: Desk = ctx.obj
    house = desk.house(new=True)
    before, after = schema.upgrade(house.engine)
    registered = register_definitions(desk, house)
    if as_json:
        desk.json({"schema": after, "created": before is None, "workflows": registered})
    else:
        kind = "done.initialised" if before is None else "done.initialised_already"
        desk.say(kind, url=desk.url, workflows=len(registered))


def migrate(ctx: typer.Context, as_json: Json = False) -> None:
    """Bring the database to this release: its schema, and new versions of definitions."""
    desk: Desk = ctx.obj
    house = bootstrap.build(desk.settings, desk.clock, new=True, must_exist=True)
    desk.adopt(house)
    if schema.revision(house.engine) is None:
        raise refuse("schema.missing")
    before, after = schema.upgrade(house.engine)
    registered = register_definitions(desk, house)
    if as_json:
        desk.json({"schema": {"before": before, "after": after}, "workflows": registered})
    elif before == after and not registered:
        desk.say("done.migrated_already", schema=after)
    else:
        desk.say("done.migrated", before=before, after=after, workflows=registered)


def register_definitions(desk: Desk, house: bootstrap.House) -> list[str]:
    """The definitions of this release that the database did not know, as it knows them now."""
    with house.store.begin() as tx:
        operator = registry.found_city(tx, desk.clock())
        return [
            f"{workflow.key} {workflow.version}"
            for workflow in bootstrap.catalogue().list()
            if registry.register_workflow(tx, workflow, workflow.source, by=operator.id, now=desk.clock())
        ]


# --- doctor --------------------------------------------------------------------------------------------


def doctor(
    ctx: typer.Context,
    mend: Annotated[
        bool,
        typer.Option("--mend", help="First bring stored levels and the search index in line with the facts."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Examine the house: schema, clock, definitions, levels, journal, files, seals, search, settings."""
    desk: Desk = ctx.obj
    house = desk.house()
    mended = _mended(desk) if mend else 0
    findings: list[dict[str, Any]] = []
    checked: dict[str, int] = {}
    with house.store.read() as tx:
        for name, found in (
            ("clock", _clock(desk, tx)),
            ("definitions", _definitions(desk.wording)),
            ("levels", _levels(desk, tx)),
            ("journal", _journal(desk, tx)),
            ("files", _files(desk, tx, house)),
            ("seals", _seals(desk, tx)),
            ("search", _search(desk, tx)),
            ("settings", _settings(desk, house)),
        ):
            checked[name] = 0
            for text in found:
                checked[name] += 1
                if text is not None:
                    findings.append({"check": name, "text": text})
    if as_json:
        desk.json(
            {
                "schema": schema.revision(house.engine),
                "checked": checked,
                "findings": findings,
                "mended": mended,
            }
        )
    else:
        if mend:
            desk.say("doctor.mended", count=mended)
        desk.say("doctor.schema", schema=schema.revision(house.engine), url=desk.url)
        for name, number in checked.items():
            wrong = sum(finding["check"] == name for finding in findings)
            kind = "doctor.line_wrong" if wrong else "doctor.line"
            desk.say(kind, check=desk.wording.say(f"doctor.{name}"), count=number, wrong=wrong)
        for finding in findings:
            desk.text(finding["text"])
        desk.say("doctor.findings" if findings else "doctor.healthy", count=len(findings))
    if findings:
        raise typer.Exit(REFUSED)


def _mended(desk: Desk) -> int:
    """Refresh every indicator whose stored levels are wrong or whose day has come; returns how many."""
    store, now = desk.house().store, desk.clock()
    with store.read() as tx:
        wrong = {(found.code, found.year) for found in checks.levels(tx) if found is not None}
        due = set(views.due_for_refresh(tx.connection, tx.policy.day_of(now)))
        operator = desk.person(tx, None)
        is_found = not any(search_checks.search(tx.connection))
    if not is_found:
        with store.begin() as tx:
            search_index.make(tx.connection)
    count = 0
    for code, year in sorted(wrong | due):
        with store.begin() as tx:
            count += refresh_level(tx, code, year, by=operator, now=now).event is not None
    return count


#: The clocks of two machines that write to one database are never quite the same.
_CLOCKS_DIFFER = timedelta(minutes=1)


def _clock(desk: Desk, tx: Tx) -> Iterator[str | None]:
    """No event may lie in the future: a clock that went wrong orders the history wrongly."""
    newest = tx.connection.execute(select(func.max(t.journal.c.at))).scalar_one()
    at = None if newest is None else datetime.fromisoformat(newest)
    now = desk.clock()
    ahead = at is not None and at > now + _CLOCKS_DIFFER
    yield desk.wording.say("doctor.clock_behind", at=at, now=now) if ahead else None


def _definitions(wording: Wording) -> Iterator[str | None]:
    try:
        for _ in bootstrap.catalogue().list():
            yield None
    except DefinitionError as error:
        for one in error.faults:
            yield wording.say(
                "fault.at", file=one.file, line=one.line, sentence=wording.say(one.kind, one.params)
            )


def _levels(desk: Desk, tx: Tx) -> Iterator[str | None]:
    with desk.progress("progress.levels", count(tx, t.indicators)) as bar:
        for finding in checks.levels(tx):
            bar.step()
            yield None if finding is None else _said(desk, finding)


def _journal(desk: Desk, tx: Tx) -> Iterator[str | None]:
    with desk.progress("progress.journal", count(tx, t.indicators) + 1) as bar:
        for code, broken in checks.journal(tx):
            bar.step()
            if broken is None:
                yield None
            else:
                who = code or desk.wording.say("journal.city")
                yield desk.wording.say(f"journal.{broken.fault}", code=who, number=broken.seq)


def _files(desk: Desk, tx: Tx, house: bootstrap.House) -> Iterator[str | None]:
    with desk.progress("progress.files", count(tx, t.files)) as bar:
        for finding in checks.files(tx, house.evidence):
            bar.step()
            yield None if finding is None else _said(desk, finding)


def _seals(desk: Desk, tx: Tx) -> Iterator[str | None]:
    for quarter in checks.sealed_quarters(tx):
        wrong = list(checks.seal(tx, quarter))
        for one in wrong:
            yield desk.wording.say(
                f"seal.{one.fault}", code=one.code, quarter=quarter, number=one.number or None
            )
        if not wrong:
            yield None


def _search(desk: Desk, tx: Tx) -> Iterator[str | None]:
    for finding in search_checks.search(tx.connection):
        yield None if finding is None else _said(desk, finding)


def _settings(desk: Desk, house: bootstrap.House) -> Iterator[str | None]:
    """What was changed while the house ran fits what stands in the file."""
    for key, change in house.current.held.items():
        if change.value is not None:
            is_unfit = key in house.current.unfit
            yield desk.wording.say("doctor.setting_unfit", key=key) if is_unfit else None


def _said(desk: Desk, finding: checks.Finding) -> str:
    return desk.wording.say(f"finding.{finding.kind}", code=finding.code, detail=finding.detail)


# --- backup, restore -----------------------------------------------------------------------------------


def backup(ctx: typer.Context, file: OneFile, as_json: Json = False) -> None:
    """Write everything, evidence files too, into one file that any database can take."""
    desk: Desk = ctx.obj
    house = desk.house()
    with house.store.read() as tx:
        parts = len(safe.TABLES) + count(tx, t.files)
    with desk.progress("progress.backup", parts) as bar:
        written = safe.back_up(house.store, house.evidence, file, bar.step)
    if as_json:
        desk.json({"file": str(file), "rows": written.rows, "lacking": list(written.lacking)})
    else:
        desk.say("done.backed_up", file=str(file), rows=written.rows)
    for sha256 in written.lacking:
        desk.note("backup.lacks", sha256=sha256)
    if written.lacking:
        raise typer.Exit(REFUSED)


def restore(ctx: typer.Context, file: OneFile, as_json: Json = False) -> None:
    """Fill an empty database from a backup."""
    desk: Desk = ctx.obj
    if not file.exists():
        raise refuse("file.missing", file=str(file))
    house = desk.house(new=True)
    with desk.progress("progress.restore", None) as bar:
        rows = safe.restore(house.engine, house.evidence, file, bar.step)
    if as_json:
        desk.json({"file": str(file), "rows": rows})
    else:
        desk.say("done.restored", file=str(file), rows=rows, url=desk.url)

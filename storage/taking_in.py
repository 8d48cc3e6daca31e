"""Pages of the existing site on their way in: what the city knows of them, and what becomes of each."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.engine import Connection

from engine import actions
from engine.actions import NewIndicator, Outcome, TakenPage
from engine.errors import Unmet, refuse, unless
from engine.pages.changes import ChangedField
from engine.pages.taking_in import City, KnownAgency, Prepared
from engine.pages.values import ImportedPage
from engine.permissions import Person
from engine.workflow import Text, Workflow
from storage import registry
from storage import tables as t
from storage.transaction import Tx


class How(StrEnum):
    """What became of a page."""

    ADDED = "added"
    UPDATED = "updated"
    SAME = "same"  # nothing of it is new
    DIFFERS = "differs"  # it tells something otherwise, and nobody asked to write that


class Taken(NamedTuple):
    """What became of a page: the outcome where anything was written, and what it tells otherwise."""

    how: How
    outcome: Outcome | None
    changes: tuple[ChangedField, ...] = ()


def city_of(connection: Connection | None, workflows: Iterable[Workflow]) -> City:
    """What is known of the city: its agencies, and of those that it has not added yet its own list."""
    there = [] if connection is None else registry.agencies(connection)
    known = [KnownAgency(one.code, one.name, one.kind, one.id) for one in there]
    names = {one.name.th for one in known} | {one.code for one in known}
    listed = [
        KnownAgency(row["code"], Text(row["name_th"], row["name_en"] or row["name_th"]), row["kind"])
        for row in registry.city_list()
        if row["name_th"] not in names and (row["code"] is None or row["code"] not in names)
    ]
    kept = () if connection is None else connection.execute(_REGISTERED).scalars()
    return City(tuple(workflows), (*known, *listed), frozenset(kept))


_REGISTERED = select(t.workflow_versions.c.hash)


def take_in(
    tx: Tx, city: City, prepared: Prepared, name: str, text: str, *, update: bool, by: Person, now: datetime
) -> Taken:
    """Keep a page: a new indicator, or with ``update`` what has changed of one that was imported before.

    Raises :class:`~engine.errors.Refusal` with all that stands in its way; nothing of the page is kept then.
    """
    unless(Unmet(f"import_found.{one.kind}", one.params) for one in prepared.fatal)
    taken = _taken(tx, city, prepared, name, text, by, now)
    new = taken.new
    if not tx.has(new.code, new.fiscal_year.year):
        return Taken(How.ADDED, actions.import_page(tx, taken, by=by, now=now))
    indicator = tx.indicator(new.code, new.fiscal_year.year)
    there = tx.imported_pages(indicator)
    if not there:
        raise refuse("import.not_imported", code=new.code, year=new.fiscal_year)
    changes = tuple(actions.changed_fields(tx, indicator, taken))
    if there[-1].sha256 == taken.page.sha256 or not changes:
        return Taken(How.SAME, None)
    if not update or not any(one.is_kept for one in changes):
        return Taken(How.DIFFERS, None, changes)
    return Taken(How.UPDATED, actions.update_from_page(tx, taken, by=by, now=now), changes)


def _taken(
    tx: Tx, city: City, prepared: Prepared, name: str, text: str, by: Person, now: datetime
) -> TakenPage:
    agency, workflow, year = prepared.agency, prepared.workflow, prepared.fiscal_year
    assert agency is not None  # which is refused above, as is all that follows
    assert workflow is not None
    assert year is not None
    assert prepared.code is not None
    page = prepared.page
    new = NewIndicator(
        code=prepared.code,
        fiscal_year=year,
        agency=_agency(tx, agency, by, now),
        workflow=workflow,
        title=workflow.title if prepared.title == workflow.title.th else Text(prepared.title, prepared.title),
        unit=page.unit or "",
        target=page.target,
    )
    if workflow.source_hash not in city.registered:
        registry.register_workflow(tx, workflow, workflow.source, by=by.id, now=now)
    digest = hashlib.sha256(text.encode()).hexdigest()
    source = ImportedPage(0, name, str(page.form), digest, text, now, by.id)
    return TakenPage(new, prepared.texts, prepared.reports, source)


def _agency(tx: Tx, wanted: KnownAgency, by: Person, now: datetime) -> int:
    """The id of the agency, which is added where only the city's list has it."""
    if wanted.id is not None:
        return wanted.id
    there = registry.agency_called(tx.connection, wanted.code, wanted.name.th)
    if there is not None:
        return there
    actions.check_manager(by)
    return registry.add_agency(tx, wanted.name, wanted.kind, code=wanted.code, by=by.id, now=now)

"""Pages of the existing site, for programs."""

from collections.abc import Iterator

from engine.pages.changes import ChangedField
from engine.pages.kinds import Finding
from engine.pages.taking_in import City, Given, Prepared, prepare
from engine.pages.text import LONGEST
from engine.permissions import Action
from engine.quarter import FiscalYear
from engine.wording import Wording
from storage import review
from storage.taking_in import city_of, take_in
from storage.transaction import Tx
from web.api import bodies
from web.api.operation import Call, Operation
from web.api.shapes import imports as shapes
from web.doors import for_city

_PAGE = "/import/page"
_NAME = "api"


def operations() -> Iterator[Operation]:
    """A page is looked through, and kept."""
    manages = for_city(Action.MANAGE_INDICATORS)
    yield Operation(
        "look_at_page",
        "POST",
        _PAGE,
        manages,
        "What is read from the text of a page and what is odd about it; nothing is kept.",
        writes=_look,
        takes=bodies.PageAsked,
        longest=LONGEST,
        gives=shapes.Page,
    )
    yield Operation(
        "keep_page",
        "POST",
        f"{_PAGE}/keep",
        manages,
        "Keep a page as an indicator; the same page again changes nothing.",
        writes=_keep,
        takes=bodies.PageAsked,
        longest=LONGEST,
        gives=shapes.Kept,
    )


def _prepared(call: Call, tx: Tx) -> tuple[City, Prepared]:
    new: bodies.PageAsked = call.given
    newest = review.workflows(tx.connection).values()
    city = city_of(tx.connection, [call.site.store.workflow(one, tx.connection) for one in newest])
    given = Given(
        new.code,
        None if new.fiscal_year is None else FiscalYear.from_be(new.fiscal_year),
        new.agency,
        new.workflow,
        new.title,
        zero_as_is=new.zero_as_is,
    )
    return city, prepare(new.text, given, city)


def _look(call: Call, tx: Tx) -> shapes.Page:
    _, prepared = _prepared(call, tx)
    page = prepared.page
    return shapes.Page(
        form=str(page.form),
        code=prepared.code,
        fiscal_year=prepared.fiscal_year.be if prepared.fiscal_year else None,
        agency=prepared.agency.name.th if prepared.agency else None,
        workflow=prepared.workflow.key if prepared.workflow else None,
        title=prepared.title,
        unit=page.unit,
        target=page.target,
        achieved=page.achieved,
        kind=page.kind,
        result_kind=page.result_kind,
        definition=page.definition,
        method=page.method,
        evidence_asked=page.evidence_asked,
        plan=[f"{line.code} {line.title}" for line in page.plan],
        reports=[shapes.TakenReport.model_validate(one) for one in prepared.reports],
        findings=[_finding(one, call.wording) for one in prepared.findings],
    )


def _finding(one: Finding, wording: Wording) -> shapes.Finding:
    return shapes.Finding(
        kind=str(one.kind),
        weight=str(one.weight),
        field=one.field,
        quarter=one.quarter or None,
        text=wording.say(f"import_found.{one.kind}", one.params),
        suggestion=wording.say(f"import_advice.{one.kind}", one.params),
    )


def _keep(call: Call, tx: Tx) -> shapes.Kept:
    new: bodies.PageAsked = call.given
    city, prepared = _prepared(call, tx)
    taken = take_in(tx, city, prepared, _NAME, new.text, update=new.update, by=call.by, now=call.now)
    assert prepared.code is not None  # or it would have been refused
    assert prepared.fiscal_year is not None
    return shapes.Kept(
        result=str(taken.how),
        code=prepared.code,
        fiscal_year=prepared.fiscal_year.be,
        waiting=(taken.outcome.number or 0) if taken.outcome else 0,
        changes=[_change(one) for one in taken.changes],
    )


def _change(one: ChangedField) -> shapes.Change:
    return shapes.Change(
        field=one.field,
        quarter=one.quarter or None,
        before=None if one.before is None else str(one.before),
        after=None if one.after is None else str(one.after),
        is_kept=one.is_kept,
    )

"""Pages of the existing site for programs, and the facts that reports propose."""

from collections.abc import Iterator
from functools import partial

from fastapi import HTTPException

from engine import actions
from engine.actions import NewOccurrence, Outcome
from engine.errors import Refusal
from engine.indicator import Indicator
from engine.pages.changes import ChangedField
from engine.pages.kinds import Finding
from engine.pages.taking_in import City, Given, Prepared, prepare
from engine.permissions import Action
from engine.proposed import Proposed
from engine.quarter import FiscalYear
from engine.wording import Wording
from storage import review
from storage.taking_in import city_of, take_in
from storage.transaction import Tx
from web.api import bodies
from web.api.operation import Call, Operation, Tagged
from web.api.shapes import Done
from web.api.shapes import imports as shapes
from web.doors import SEEN, doing, for_city
from web.site import Site

_PROPOSALS = "/indicators/{year}/{code}/proposals"
_PAGE = "/import/page"
_NAME = "api"


def operations(site: Site) -> Iterator[Operation]:
    """What is proposed and decided; and pages, looked through and kept."""
    works, manages = doing(Action.RECORD), for_city(Action.MANAGE_INDICATORS)
    yield Operation(
        "list_proposals",
        "GET",
        _PROPOSALS,
        SEEN,
        "Every fact that the reports propose, and the pages that were imported.",
        reads=partial(_listed, site),
        gives=shapes.Proposals,
    )
    yield Operation(
        "get_proposal",
        "GET",
        f"{_PROPOSALS}/{{number}}",
        works,
        "One proposed fact.",
        reads=partial(_one, site),
        gives=shapes.Proposal,
    )
    for name, path, says, act, takes in (
        ("read_facts", "read", "Read the facts that the reports propose now.", _read, None),
        ("accept_certain", "accept", "Accept all about which nothing is in doubt.", _accept_certain, None),
        (
            "accept_proposal",
            "{number}/accept",
            "Make it a fact, as proposed or as changed.",
            _accept,
            bodies.AcceptedFact,
        ),
        ("refuse_proposal", "{number}/refuse", "Say that it is no fact.", _refuse, bodies.RefusedFact),
    ):
        yield Operation(name, "POST", f"{_PROPOSALS}/{path}", works, says, acts=act, takes=takes, gives=Done)
    yield Operation(
        "look_at_page",
        "POST",
        _PAGE,
        manages,
        "What is read from the text of a page and what is odd about it; nothing is kept.",
        writes=_look,
        takes=bodies.PageAsked,
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
        gives=shapes.Kept,
    )


# --- what is proposed ------------------------------------------------------------------------------------


def _load(site: Site, call: Call) -> tuple[Indicator, list[Proposed], list[shapes.ImportedPage]]:
    with site.store.read() as tx:
        indicator = tx.indicator(call.place.code, call.place.year)
        pages = [shapes.ImportedPage.model_validate(one) for one in tx.imported_pages(indicator)]
        return indicator, tx.proposals(indicator), pages


def _listed(site: Site, call: Call) -> Tagged:
    indicator, found, pages = _load(site, call)
    items = [_told(one, call.wording) for one in found]
    return Tagged(shapes.Proposals(items=items, pages=pages), indicator.version)


def _one(site: Site, call: Call) -> Tagged:
    indicator, found, _ = _load(site, call)
    one = next((each for each in found if each.number == call.number()), None)
    if one is None:
        raise HTTPException(404)
    return Tagged(_told(one, call.wording), indicator.version)


def _told(one: Proposed, wording: Wording) -> shapes.Proposal:
    why = [wording.say(reason.kind, reason.params) for reason in one.why]
    return shapes.Proposal.model_validate({**one._asdict(), "why": why})


def _where(call: Call, tx: Tx) -> tuple[Tx, str, int]:
    return tx, call.place.code, call.place.year


def _read(call: Call, tx: Tx) -> Outcome:
    return actions.propose_facts(*_where(call, tx), **call.common)


def _accept_certain(call: Call, tx: Tx) -> Outcome:
    """All of them as one: what was before the first, and where the last left the indicator."""
    indicator = tx.indicator(call.place.code, call.place.year)
    if call.version is not None and call.version != indicator.version:
        raise tx.changed_meanwhile(indicator)
    done = actions.accept_proposals(*_where(call, tx), only_certain=True, by=call.by, now=call.now)
    if not done.accepted and done.refused:
        raise Refusal([one for _, refusal in done.refused for one in refusal.conditions])
    if done.last is None:
        return Outcome(indicator, None, indicator.stored)
    return Outcome(done.last.indicator, done.last.event, indicator.stored, done.last.number)


def _accept(call: Call, tx: Tx) -> Outcome:
    new: bodies.AcceptedFact = call.given
    given = bodies.given(new)
    indicator = tx.indicator(call.place.code, call.place.year)
    one = next((each for each in tx.proposals(indicator) if each.number == call.number()), None)
    changed = _changed(one, given) if one is not None and given else None
    return actions.accept_proposal(*_where(call, tx), call.number(), changed=changed, **call.common)


def _changed(one: Proposed, given: dict[str, object]) -> NewOccurrence:
    """The proposal with what was said otherwise; at another milestone its kind is that milestone's first."""
    moved = given.get("milestone", one.milestone) != one.milestone
    fields = {
        "milestone": one.milestone or "",
        "occurred_on": one.occurred_on,
        "kind": None if moved else one.kind,
        "value": one.value,
        "document_number": one.document_number,
        "note": one.note,
        **given,
    }
    fact = NewOccurrence(**fields)  # type: ignore[arg-type]  # each was read as its field is
    return fact if fact.occurred_on else fact._replace(quarter=one.quarter)


def _refuse(call: Call, tx: Tx) -> Outcome:
    new: bodies.RefusedFact = call.given
    return actions.refuse_proposal(*_where(call, tx), call.number(), reason=new.reason, **call.common)


# --- pages -----------------------------------------------------------------------------------------------


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

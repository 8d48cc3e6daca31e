"""Pages of the existing site, pasted: looked through field by field, and kept as indicators."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Router

from engine.errors import Refusal, Unmet
from engine.pages.changes import ChangedField
from engine.pages.kinds import Finding, Weight
from engine.pages.taking_in import City, Given, KnownAgency, Prepared, prepare
from engine.pages.text import LONGEST
from engine.permissions import Action
from engine.quarter import FiscalYear
from engine.thai_dates import DateProblem, parse_be_year
from engine.wording import Wording
from storage import review
from storage.taking_in import How, Taken, city_of, take_in
from storage.transaction import Tx
from web.administrator.counter import Counter, by_of
from web.coordinator.scene import path_of
from web.doors import Doors, for_city
from web.reading import Typed

_PAGE = "/administration/import"
#: To which field of the form what stands in the way belongs; what is not named here is about the text.
_FIELDS = {
    "no_code": "code",
    "no_year": "year",
    "no_agency": "agency",
    "agency_unknown": "agency",
    "workflow_unclear": "workflow",
    "workflow_unknown": "workflow",
}
_NAME = "pasted"
#: So many bytes a form needs for a Thai letter.
_TYPED = 9
#: The fatal first, then what is to be looked at.
_ORDER = (Weight.FATAL, Weight.DOUBT, Weight.MISSING, Weight.NOTE)


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page to paste into, what was read, and keeping it."""
    room, rule = _Import(counter), for_city(Action.MANAGE_INDICATORS)
    pasting = for_city(Action.MANAGE_INDICATORS, longest=LONGEST * _TYPED)
    doors.add(router, _PAGE, room.ask, rule)
    doors.add(router, _PAGE, room.look, pasting, ["POST"])
    doors.add(router, f"{_PAGE}/keep", room.keep, pasting, ["POST"])


class _Seen(NamedTuple):
    """What was made of the form."""

    text: str
    city: City
    prepared: Prepared


class _Import:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def ask(self, request: Request) -> Response:
        """The empty form."""
        return self._shown(request, Typed({}), None)

    def look(self, request: Request) -> Response:
        """What is read from the text, before anything is kept."""
        typed = Typed(request.state.form)
        with self._counter.site.store.read() as tx:
            seen = self._seen(tx, typed)
        return self._shown(request, typed, seen)

    def keep(self, request: Request) -> Response:
        """Keep it; what stands in the way is shown beside its field, and nothing that was typed is lost."""
        typed, site = Typed(request.state.form), self._counter.site
        taken: Taken | None = None
        seen: _Seen | None = None
        try:
            with site.store.begin() as tx:
                seen = self._seen(tx, typed)
                if seen is not None:
                    update = bool(typed.fields.get("update"))
                    taken = take_in(
                        tx,
                        seen.city,
                        seen.prepared,
                        _NAME,
                        seen.text,
                        update=update,
                        by=by_of(request),
                        now=site.clock(),
                    )
        except Refusal as refused:
            for one in refused.conditions:
                kind = one.kind.removeprefix("import_found.")
                typed.fault(_FIELDS.get(kind, "text"), one)
        if taken is None or seen is None or taken.outcome is None:
            return self._shown(request, typed, seen, taken)
        indicator = taken.outcome.indicator
        done = "imported" if taken.how is How.ADDED else "imported_again"
        path = f"{path_of(indicator.fiscal_year.be, indicator.code)}/proposals?done={done}"
        return RedirectResponse(site.root + path, 303)

    # -- the form --------------------------------------------------------------------------------------

    def _seen(self, tx: Tx, typed: Typed) -> _Seen | None:
        text = typed.text("text", LONGEST)
        if not text:
            typed.fault("text", Unmet("admin.import_no_text"))
            return None
        given = Given(
            typed.line("code", 32) or None,
            _year(typed),
            typed.line("agency", 300) or None,
            typed.line("workflow", 64) or None,
            typed.line("title", 500) or None,
            zero_as_is=bool(typed.fields.get("zero_as_is")),
        )
        city = self._city(tx)
        return None if typed.faults else _Seen(text, city, prepare(text, given, city))

    def _city(self, tx: Tx) -> City:
        newest = review.workflows(tx.connection)
        return city_of(
            tx.connection, [self._counter.site.store.workflow(one, tx.connection) for one in newest.values()]
        )

    def _shown(
        self, request: Request, typed: Typed, seen: _Seen | None, taken: Taken | None = None
    ) -> Response:
        wording = self._counter.wording(request)
        with self._counter.site.store.read() as tx:
            city = self._city(tx)
        prepared = seen.prepared if seen else None
        values = {
            "page": f"{self._counter.site.root}{_PAGE}",
            "agencies": list(_agencies(city, wording)),
            "workflows": list(_workflows(city, wording)),
            "is_read": prepared is not None,
            "read": list(_read(prepared, wording)) if prepared else [],
            "quarters": list(_quarters(prepared, wording)) if prepared else [],
            "findings": _findings(prepared, wording) if prepared else [],
            "is_keepable": prepared is not None and not prepared.fatal,
            "changes": [_change(one, wording) for one in taken.changes] if taken else [],
            "is_same": taken is not None and taken.how is How.SAME,
            "differs": taken is not None and taken.how is How.DIFFERS,
        }
        return self._counter.show(request, "import", wording.say("admin.import"), values, typed)


def _year(typed: Typed) -> FiscalYear | None:
    line = typed.line("year", 40)
    if not line:
        return None
    try:
        return FiscalYear(parse_be_year(line))
    except DateProblem as problem:
        typed.fault("year", Unmet(problem.kind, problem.params))
        return None


def _agencies(city: City, wording: Wording) -> Iterator[tuple[str, str]]:
    yield "", wording.say("admin.import_by_code")
    for one in sorted(city.agencies, key=lambda each: each.name.th):
        yield one.name.th, _named(one, wording)


def _named(one: KnownAgency, wording: Wording) -> str:
    return f"{wording.value(one.name)} ({one.code})" if one.code else wording.value(one.name)


def _workflows(city: City, wording: Wording) -> Iterator[tuple[str, str]]:
    yield "", wording.say("admin.import_by_words")
    for one in city.workflows:
        yield one.key, wording.value(one.title)


# --- what was read ---------------------------------------------------------------------------------------


def _read(prepared: Prepared, wording: Wording) -> Iterator[tuple[str, str]]:
    """Every field with what will be kept of it."""
    page = prepared.page
    kinds = [
        wording.word(family, value)
        for family, value in (("kind", page.kind), ("result_kind", page.result_kind))
        if value
    ]
    for name, value in (
        ("code", prepared.code),
        ("fiscal_year", prepared.fiscal_year),
        ("agency", prepared.agency.name if prepared.agency else None),
        ("workflow", prepared.workflow.title if prepared.workflow else None),
        ("title", prepared.title or None),
        ("unit", page.unit),
        ("target", page.target),
        ("achieved", page.achieved),
        ("kind", " · ".join(kinds) or None),
        ("definition", page.definition),
        ("method", page.method),
        ("evidence_asked", page.evidence_asked),
    ):
        yield wording.word("import_field", name), wording.value(value)
    plan = " › ".join(f"{line.code} {line.title}" for line in page.plan)
    yield wording.word("import_field", "plan"), plan or wording.value(None)


def _quarters(prepared: Prepared, wording: Wording) -> Iterator[dict[str, str]]:
    for one in prepared.reports:
        yield {
            "number": str(one.quarter),
            "result": wording.value(one.self_reported),
            "scores": f"{wording.value(one.quality)} / {wording.value(one.timeliness)}",
            "narrative": one.narrative,
        }


def _findings(prepared: Prepared, wording: Wording) -> list[dict[str, str]]:
    found = sorted(prepared.findings, key=lambda one: _ORDER.index(one.weight))
    return [_finding(one, wording) for one in found]


def _finding(one: Finding, wording: Wording) -> dict[str, str]:
    field = wording.word("import_field", one.field)
    return {
        "weight": str(one.weight),
        "weight_words": wording.value(one.weight),
        "where": wording.say("import.where", field=field, quarter=one.quarter or None),
        "what": wording.say(f"import_found.{one.kind}", one.params),
        "advice": wording.say(f"import_advice.{one.kind}", one.params),
    }


def _change(one: ChangedField, wording: Wording) -> str:
    values: dict[str, Any] = {
        "field": wording.word("import_field", one.field),
        "quarter": one.quarter or None,
        "before": one.before if one.before is not None else "–",
        "after": one.after if one.after is not None else "–",
    }
    return wording.say("import.change" if one.is_kept else "import.change_left", values)

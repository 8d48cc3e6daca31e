"""What forms of these rooms choose among, and how it is read and told: roles, agencies, an indicator."""

from datetime import date

from engine.errors import Refusal, Unmet
from engine.indicator import Indicator
from engine.permissions import Grant
from engine.quarter import BE_OFFSET, FiscalYear
from engine.roles import OF_PEOPLE, grant_of
from engine.wording import Wording
from storage import views
from storage.people import Held
from storage.registry import Agency
from storage.transaction import Tx
from web.reading import YEARS, Typed


def roles_to_choose(wording: Wording, nothing: str) -> list[tuple[str, str]]:
    """Every role of people, behind a word for none."""
    return [("", nothing), *((str(role), wording.word("role", role)) for role in OF_PEOPLE)]


def agencies_to_choose(every: list[Agency], wording: Wording, nothing: str) -> list[tuple[str, str]]:
    """Every agency by its number, behind a word for none."""
    return [("", nothing), *((str(one.id), wording.value(one.name)) for one in every)]


def grant_in(typed: Typed, every: list[Agency]) -> Grant | None:
    """The role that a form chooses; what cannot be is its fault."""
    role, wanted = typed.line("role"), typed.whole("agency")
    agency = next((one.id for one in every if one.id == wanted), None)
    if not role:
        typed.fault("role", Unmet("role.choose"))
        return None
    try:
        return grant_of(role, agency)
    except Refusal as refused:
        lacks_agency = refused.conditions[0].kind == "role.needs_agency"
        typed.fault(
            *(("agency", Unmet("role.choose_agency")) if lacks_agency else ("role", Unmet("role.choose")))
        )
        return None


def in_words(held: Held, wording: Wording) -> str:
    """A role with the agency at which it is held."""
    role = wording.word("role", held.grant.role)
    return f"{role} ({wording.value(held.agency)})" if held.agency else role


def indicator_of(tx: Tx, typed: Typed, today: date) -> Indicator | None:
    """The indicator that the fields ``code`` and ``year`` name; none where there is none such."""
    code = typed.line("code", 64)
    if not code:
        return None
    year = max(views.years_of(tx.connection, code), default=FiscalYear.containing(today).year)
    if typed.fields["year"]:
        year = (typed.whole("year") or 0) - BE_OFFSET
    if year not in YEARS:
        typed.fault("year", Unmet("admin.year_missing"))
        return None
    try:
        return tx.indicator(code, year)
    except Refusal as refused:
        typed.fault("code", *refused.conditions)
        return None

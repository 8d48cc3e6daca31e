"""Seals for programs: the quarters of a year, what is open before one is closed, the proof of what was."""

from collections.abc import Iterator
from datetime import date

from starlette.exceptions import HTTPException

from engine.actions import seal_quarter
from engine.jobs import Product, Scope, Wanted
from engine.permissions import Action
from engine.quarter import FiscalYear, Quarter
from engine.sealing import STOPS
from storage import checks, jobs, seals
from storage.corrections import Correction, corrections
from storage.desk import years
from storage.sealing import still_open
from storage.seals import Seal
from storage.transaction import Tx
from web.api import bodies
from web.api.indicators import year_of
from web.api.operation import Call, Operation
from web.api.shapes import office
from web.doors import for_city
from web.evaluator.seal import AT_ONCE, state_of, told_by
from web.reports.wanted import WHOLE_CITY
from web.site import Site

_PAGE = "/seals/{year}/{quarter}"
_LOOKS, _SEALS_IT = for_city(Action.VIEW), for_city(Action.SEAL)


def operations(site: Site) -> Iterator[Operation]:
    """``/seals``, and each quarter."""
    here = _Seals(site)
    yield Operation(
        "list_seals",
        "GET",
        "/seals",
        _LOOKS,
        "The quarters of a year, each with its seal or where it is on its way there.",
        reads=here.list,
        asks=bodies.YearAsked,
        gives=office.Seals,
    )
    yield Operation(
        "get_seal",
        "GET",
        _PAGE,
        _LOOKS,
        "A seal with what it holds, or what is still open before it can be made.",
        reads=here.one,
        gives=office.SealDetail,
    )
    yield Operation(
        "seal_quarter",
        "POST",
        f"{_PAGE}/close",
        _SEALS_IT,
        "Freeze every level of the quarter under one hash.",
        writes=here.close,
        takes=bodies.Close,
        gives=office.Sealed,
    )
    yield Operation(
        "verify_seal",
        "POST",
        f"{_PAGE}/verify",
        _LOOKS,
        "Compute everything behind the seal again and name what was altered.",
        reads=here.verify,
        gives=office.SealProof,
    )


class _Seals:
    def __init__(self, site: Site) -> None:
        self._site = site

    def list(self, call: Call) -> office.Seals:
        today = self._site.today()
        with self._site.store.read() as tx:
            year = FiscalYear(year_of(call.asked.year, years(tx.connection, call.by), today))
            kept = seals.seals_of(tx.connection, year.year)
        return office.Seals(
            fiscal_year=year.be,
            items=[office.Seal.model_validate(_values(one, kept, today)) for one in year.quarters],
        )

    def one(self, call: Call) -> office.SealDetail:
        quarter, today = _quarter(call), self._site.today()
        count, reason, found = None, "", {}
        corrected: list[Correction] = []
        with self._site.store.read() as tx:
            kept = seals.seals_of(tx.connection, quarter.fiscal_year)
            seal = kept.get(quarter.number)
            if seal is not None:
                count = seals.count_of_lines(tx.connection, quarter)
                corrected = corrections(tx.connection, quarter)
                reason = told_by(seals.sealing_events(tx.connection), seal).get("reason", "")
            else:
                found = still_open(tx.connection, self._site.store.workflow, quarter)
        return office.SealDetail.model_validate(
            {
                **_values(quarter, kept, today),
                "fiscal_year": FiscalYear(quarter.fiscal_year),
                "indicators": count,
                "reason": reason,
                "open": [
                    {
                        "check": str(check),
                        "count": one.count,
                        "stops": check in STOPS,
                        "indicators": [row.code for row in one.rows],
                    }
                    for check, one in found.items()
                    if one.count
                ],
                "corrected": [office.Correction.model_validate(one._asdict()) for one in corrected],
            }
        )

    def close(self, call: Call, tx: Tx) -> office.Sealed:
        quarter = _quarter(call)
        made = seal_quarter(tx, quarter, reason=call.given.reason, by=call.by, now=call.now)
        return office.Sealed(
            fiscal_year=FiscalYear(quarter.fiscal_year).be, quarter=quarter.number, hash=made
        )

    def verify(self, call: Call) -> office.SealProof:
        quarter = _quarter(call)
        with self._site.store.read() as tx:
            if quarter.number not in seals.seals_of(tx.connection, quarter.fiscal_year):
                raise HTTPException(404)
            count = seals.count_of_lines(tx.connection, quarter)
            found = list(checks.seal(tx, quarter)) if count <= AT_ONCE else None
        if found is not None:
            return office.SealProof(altered=[office.Altered.model_validate(one) for one in found], job=None)
        wanted = Wanted(Product.PROOF, Scope.CITY, "", quarter.fiscal_year, quarter.number)
        with self._site.store.begin() as tx:
            job = jobs.ask(tx.connection, wanted, WHOLE_CITY, call.by.id, call.now)
        return office.SealProof(altered=None, job=job)


def _quarter(call: Call) -> Quarter:
    """The quarter of the path; one that there is not leads nowhere."""
    be, number = call.number("year"), call.number("quarter")
    if not bodies.LEAST_YEAR <= be <= bodies.LAST_YEAR or number not in (1, 2, 3, 4):
        raise HTTPException(404)
    return FiscalYear.from_be(be).quarters[number - 1]


def _values(quarter: Quarter, kept: dict[int, Seal], today: date) -> dict[str, object]:
    seal = kept.get(quarter.number)
    return {
        "quarter": quarter.number,
        "state": state_of(quarter, kept, today)[0],
        "hash": seal.hash if seal else None,
        "previous_hash": seal.previous_hash if seal else None,
        "sealed_at": seal.sealed_at if seal else None,
        "sealed_by": seal.sealed_by if seal else None,
    }

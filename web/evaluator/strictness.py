"""How strict each evaluator is, beside the others: a table, and a picture of it with words."""

from fractions import Fraction
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.permissions import Action
from engine.quarter import BE_OFFSET, FiscalYear
from engine.scores import rounded
from engine.strictness import FEWEST, Strictness, strictness
from engine.wording import Wording
from storage.desk import years
from storage.dossier import names_of
from storage.review import given_in
from web.coordinator.scene import Counter
from web.doors import Doors, Visit, for_city
from web.reading import year_asked

#: How wide the picture of a difference is; the middle is none.
_WIDTH = 640


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """``/review/strictness``."""
    doors.add(router, "/review/strictness", _Strictness(counter).page, for_city(Action.ACCEPT_REPORT))


class Bar(NamedTuple):
    """One evaluator in the picture: from the middle to the left is stricter, to the right milder."""

    name: str
    told: str
    x: float
    width: float
    is_below: bool


class _Strictness:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._site = counter.site

    def page(self, request: Request) -> Response:
        """The evaluators of a year."""
        visit: Visit = request.state.visit
        wording = self._counter.wording(request)
        with self._site.store.read() as tx:
            there = years(tx.connection, visit.person)
            year = year_asked(request.query_params.get("year", ""), there, self._site.today()).year
            found = strictness(given_in(tx.connection, year))
            names = names_of(tx.connection, [one.evaluator for one in found])
        told = [one for one in found if one.verdicts >= FEWEST]
        values: dict[str, Any] = {
            "current": "review",
            "title": wording.say("strictness.title"),
            "year": wording.value(FiscalYear(year)),
            "years": [(one + BE_OFFSET, wording.value(FiscalYear(one)), one == year) for one in there],
            "rows": [_row(one, names.get(one.evaluator, ""), wording) for one in found],
            "fewest": FEWEST,
            "bars": _bars(told, names, wording),
            "width": _WIDTH,
        }
        return self._counter.page(request, "evaluator/strictness.html", values)


def _row(one: Strictness, name: str, wording: Wording) -> dict[str, str]:
    """What the table says of an evaluator; what cannot be told yet is a dash."""
    share = one.share_returned
    return {
        "name": name,
        "verdicts": str(one.verdicts),
        "is_few": "yes" if one.verdicts < FEWEST else "",
        "returned": "–" if share is None else f"{one.returned} ({rounded(share * 100, 0)}%)",
        "mean": _number(one.mean_quality),
        "others": signed(one.against_others),
        "second": signed(one.against_second),
        "read_twice": str(one.read_twice),
        "judgement": _judgement(one.against_others, wording),
    }


def _judgement(difference: Fraction | None, wording: Wording) -> str:
    """Stricter or milder than the others; within a point they are alike."""
    if difference is None:
        return ""
    if abs(difference) < 1:
        return wording.say("strictness.alike")
    kind = "strictness.stricter" if difference < 0 else "strictness.milder"
    return wording.say(kind, points=rounded(abs(difference), 1))


def _bars(told: list[Strictness], names: dict[int, str], wording: Wording) -> list[Bar]:
    shown = [(one, one.against_others) for one in told if one.against_others is not None]
    # At least ten points from the middle to the edge, so that a small difference looks small.
    most = max([Fraction(10), *(abs(difference) for _, difference in shown)])
    half, bars = _WIDTH / 2, []
    for one, difference in shown:
        width = float(abs(difference) / most) * half
        bars.append(
            Bar(
                names.get(one.evaluator, ""),
                _judgement(difference, wording),
                round(half - width if difference < 0 else half, 1),
                round(max(width, 1.0), 1),
                difference < 0,
            )
        )
    return bars


def _number(value: Fraction | None) -> str:
    return "–" if value is None else str(rounded(value, 1))


def signed(value: Fraction | None) -> str:
    """A difference with its sign, the minus as it is printed."""
    if value is None:
        return "–"
    shown = rounded(value, 1)
    return f"−{abs(shown)}" if shown < 0 else f"+{shown}" if shown > 0 else "0"

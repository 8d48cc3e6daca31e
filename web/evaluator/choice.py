"""What the address of a page about the city asks for: year, quarter, whose word, how numbers become one."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple
from urllib.parse import urlencode

from engine.levels import Basis
from engine.quarter import BE_OFFSET, FiscalYear, Quarter
from engine.scores import Method
from engine.wording import Wording
from web.reading import whole_number, year_asked

#: Of what is planned there is no roll-up: nobody has stored it.
_BASES = (Basis.CLAIMED, Basis.VERIFIED)
Choices = list[tuple[str, str]]


class Choice(NamedTuple):
    """What was chosen; ``quarter`` is ``None`` for today. Whatever is none of ours is as if not asked for."""

    year: FiscalYear
    quarter: int | None
    basis: Basis
    method: Method

    @property
    def span(self) -> FiscalYear | Quarter:
        """The time that was chosen."""
        return self.year if self.quarter is None else self.year.quarters[self.quarter - 1]

    def has_begun(self, today: date) -> bool:
        """Whether there can be levels yet."""
        return self.span.first_day <= today

    @property
    def fields(self) -> dict[str, str]:
        """As the fields of an address and of the form that chooses."""
        return {
            "year": str(self.year.be),
            "quarter": str(self.quarter or ""),
            "basis": str(self.basis),
            "method": str(self.method),
        }

    def address(self, path: str, **more: str) -> str:
        """The path with all that was chosen."""
        return f"{path}?{urlencode({**self.fields, **more})}"


def choice_of(asked: Mapping[str, str], years: Sequence[int], today: date) -> Choice:
    """What an address asks for; without a year the running one, or the newest there is."""
    year = year_asked(asked.get("year", ""), years, today)
    quarter = whole_number(asked.get("quarter", ""), 1)
    return Choice(
        year,
        quarter if quarter in (1, 2, 3, 4) else None,
        next((one for one in _BASES if one == asked.get("basis")), Basis.CLAIMED),
        next((one for one in Method if one == asked.get("method")), Method.MEAN),
    )


def choices(wording: Wording, years: Sequence[int], chosen: Choice) -> dict[str, Choices]:
    """What may be chosen in the form, by field, as (value, words)."""
    known = sorted({*years, chosen.year.year}, reverse=True)
    return {
        "year": [(str(year + BE_OFFSET), wording.value(FiscalYear(year))) for year in known],
        "quarter": [
            ("", wording.say("city.today")),
            *((str(one.number), wording.value(one)) for one in chosen.year.quarters),
        ],
        "basis": [(str(one), wording.word("basis", one)) for one in _BASES],
        "method": [(str(one), wording.word("method", one)) for one in Method],
    }

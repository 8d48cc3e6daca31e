"""What became of a file, in words for people and as data for programs."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import islice
from typing import Any

from engine.numbers import json_number
from engine.records import Difference, Fields, How, Kind, Value
from engine.wording import Wording
from web.campaigns import changes_of
from web.spreadsheets.reading import MOST_TOLD, Finding
from web.spreadsheets.taking import Taken, digest_of

#: So long is what is told of a field.
_SHOWN = 240


def place_words(one: Finding, wording: Wording) -> str:
    """Where it is: the sheet, the row, the column with its heading."""
    place = one.place
    return wording.say(
        "sheet.at",
        sheet=place.sheet,
        row=place.row or None,
        column=place.letters,
        head=place.head,
    )


def finding_words(one: Finding, wording: Wording) -> str:
    """Where it is, and what is wrong there."""
    sentence = wording.unmet(one.condition)
    return f"{place_words(one, wording)}: {sentence}" if one.place.sheet else sentence


def counted(differences: Iterable[Difference]) -> dict[Kind, dict[How, int]]:
    """How many of each kind are added, changed, the same; kinds of which there are none are left out."""
    found: dict[Kind, dict[How, int]] = {}
    for one in differences:
        of_kind = found.setdefault(one.kind, dict.fromkeys(How, 0))
        of_kind[one.how] += 1
    return found


def changes_words(one: Difference, taken: Taken, wording: Wording) -> list[str]:
    """What differs, a line for each field, of which no line is very long."""
    lines = changes_of(one, taken.called, wording)
    return [line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…" for line in lines]


# --- for programs ------------------------------------------------------------------------------------------


def as_data(taken: Taken, wording: Wording, *, written: bool) -> dict[str, Any]:
    """What became of the file; what stays the same is only counted, and so is what is very much."""
    return {
        "file": taken.name,
        "sha256": taken.sha256,
        "fiscal_year": taken.year.be,
        "written": written and not taken.findings.count,
        "counts": {
            str(kind): {str(how): count for how, count in of_kind.items()}
            for kind, of_kind in counted(taken.differences).items()
        },
        "faults": taken.findings.count,
        "findings": [_finding(one, wording) for one in taken.findings.wrong],
        "notes": [_finding(one, wording) for one in taken.findings.notes],
        "digest": digest_of(taken.differences),
        "differences": [
            {**_difference(one), "told": changes_words(one, taken, wording)}
            for one in islice((one for one in taken.differences if one.how is not How.SAME), MOST_TOLD)
        ],
    }


def _finding(one: Finding, wording: Wording) -> dict[str, Any]:
    place = one.place
    return {
        "sheet": place.sheet or None,
        "row": place.row or None,
        "column": place.letters or None,
        "head": place.head or None,
        "kind": one.condition.kind,
        "sentence": wording.unmet(one.condition),
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "kind": str(one.kind),
        "key": one.key,
        "how": str(one.how),
        "before": None if one.before is None else _plain(one.before),
        "after": _plain(one.after),
    }


def _plain(fields: Fields) -> dict[str, Any]:
    return {name: _value(value) for name, value in fields.items()}


def _value(value: Value) -> Any:
    if isinstance(value, Decimal):
        return json_number(value)
    return list(value) if isinstance(value, tuple) else value

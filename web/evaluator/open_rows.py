"""What is still open before a quarter is sealed, in words: a row for each thing, with the way to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from engine.quarter import BE_OFFSET, Quarter
from engine.sealing import STOPS, Check
from engine.wording import Wording
from storage.sealing import Open, Row
from web.coordinator.scene import path_of


@dataclass(frozen=True, slots=True)
class CheckRows:
    """A check as its page shows it: the first rows, and how many more there are."""

    key: str
    title: str
    help: str
    count: int
    stops: bool
    rows: list[tuple[str, str, str]]
    more: int


def check_rows(check: Check, found: Open, quarter: Quarter, wording: Wording, root: str) -> CheckRows:
    """A check in words, each row with the way to where it is settled."""
    be = quarter.fiscal_year + BE_OFFSET
    return CheckRows(
        str(check),
        wording.say(f"check.{check}"),
        wording.say(f"check_help.{check}"),
        found.count,
        check in STOPS,
        [
            (
                root
                + path_of(be, one.code)
                + _PLACES[check].format(quarter=quarter.number, number=one.number),
                f"{one.code} · {wording.value(one.agency)}",
                _about(check, one, wording),
            )
            for one in found.rows
        ],
        found.count - len(found.rows),
    )


#: Where each thing is settled, below the page of its indicator.
_PLACES: Mapping[Check, str] = {
    Check.UNEVALUATED: "/quarters/{quarter}",
    Check.APPEALED: "/appeals/{number}",
    Check.UNDECIDED: "/petitions/{number}",
    Check.UNREPORTED: "/quarters/{quarter}",
    Check.CONTRADICTING: "/quarters/{quarter}",
    Check.UNVERIFIED: "",
    Check.UNDATED: "/occurrences/{number}/approve",
    Check.PETITIONED: "/petitions/{number}",
}


def _about(check: Check, one: Row, wording: Wording) -> str:
    """What is open about it, in a few words."""
    match check:
        case Check.UNEVALUATED:
            return wording.word("report_state", one.word)
        case Check.UNREPORTED:
            return wording.word("report_state", one.word) if one.word else wording.say("page.no_report")
        case Check.APPEALED:
            return wording.say("check.appeal", number=one.number)
        case Check.UNDECIDED | Check.PETITIONED:
            return wording.word("petition_kind", one.word)
        case Check.CONTRADICTING:
            return wording.say("check.says_finds", said=one.said, found=_short(one.found))
        case Check.UNVERIFIED:
            return wording.say("check.claims_verified", claimed=one.said, verified=one.found)
        case Check.UNDATED:
            return wording.say("check.fact", number=one.number)


def _short(value: Decimal | float | None) -> Decimal | None:
    return None if value is None else Decimal(f"{value:.2f}")

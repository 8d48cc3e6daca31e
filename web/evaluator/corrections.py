"""What was corrected after a seal, in words: a row for each indicator, with the way to it."""

from typing import NamedTuple

from sqlalchemy.engine import Connection

from engine.quarter import FiscalYear, Quarter
from engine.wording import Wording
from engine.workflow import Text
from storage.corrections import corrections
from web.coordinator.scene import path_of

#: So many stand on the page of a seal.
_MOST = 100


class Corrected(NamedTuple):
    """The first of them as (address, indicator, what differs from the seal), and whether there are more."""

    rows: list[tuple[str, str, str]]
    more: bool


def corrected(connection: Connection, quarter: Quarter, wording: Wording, root: str) -> Corrected:
    found = corrections(connection, quarter, _MOST + 1)
    be = FiscalYear(quarter.fiscal_year).be
    rows = [
        (
            f"{root}{path_of(be, one.code)}#quarters",
            f"{one.code} {wording.value(Text(one.title_th, one.title_en))}",
            wording.say("seals.corrected" if one.moved else "seals.corrected_alike", one._asdict()),
        )
        for one in found[:_MOST]
    ]
    return Corrected(rows, len(found) > _MOST)

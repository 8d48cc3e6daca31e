"""The sheets and their columns, as one table: templates are made of it, and files are read by it."""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

from engine.permissions import Action
from engine.roles import OF_PEOPLE
from storage.registry import AGENCY_KINDS


class SheetKind(StrEnum):
    """What a sheet holds, in the order in which it is taken in: each may name what stands in those before."""

    AGENCIES = "agencies"
    PLAN = "plan"
    PEOPLE = "people"
    INDICATORS = "indicators"
    TARGETS = "targets"
    RESULTS = "results"


class Reads(StrEnum):
    """What stands in the cells of a column."""

    LINE = "line"
    TEXT = "text"
    CODE = "code"
    PLAN = "plan"
    NUMBER = "number"
    YEAR = "year"
    QUARTER = "quarter"
    CHOICE = "choice"


class Column(NamedTuple):
    """A column: its key, what stands in it, how wide it is drawn.

    A ``needed`` one is filled in every row. ``family`` is that of the words of its ``choices``; where it has
    none of these they are looked up (agencies, workflows). One that is ``shown`` only is never read.
    ``name`` ends the kinds of the sentences about it, where these are not those of its key. What ``clears``
    may be emptied by the word for it (:func:`web.spreadsheets.cells.is_clearing`).
    """

    key: str
    reads: Reads
    width: int
    needed: bool = False
    family: str = ""
    choices: tuple[str, ...] = ()
    shown: bool = False
    name: str = ""
    clears: bool = False

    @property
    def called(self) -> str:
        """The end of the kinds of its sentences, ``column.`` and ``column_help.``."""
        return self.name or self.key


#: How indicators are sorted on the pages of the city, and what they measure.
INDICATOR_KINDS, RESULT_KINDS = ("strategic", "routine", "negotiated"), ("output", "outcome")
LANGUAGES = ("th", "en")

_YEAR = Column("year", Reads.YEAR, 12)
_CODE = Column("code", Reads.CODE, 16, needed=True, name="indicator_code")
#: By what people know an indicator where only its numbers are asked for.
_KNOWN = (
    Column("title", Reads.LINE, 50, shown=True, name="shown_title"),
    Column("agency", Reads.LINE, 28, shown=True, name="shown_agency"),
)
COLUMNS: Mapping[SheetKind, tuple[Column, ...]] = {
    SheetKind.AGENCIES: (
        Column("code", Reads.CODE, 12, name="agency_code"),
        Column("name", Reads.LINE, 36, needed=True, name="agency_th"),
        Column("name_en", Reads.LINE, 36, name="agency_en"),
        Column("kind", Reads.CHOICE, 14, family="agency_kind", choices=AGENCY_KINDS, name="agency_kind"),
        Column("parent", Reads.LINE, 30, family="agency"),
    ),
    SheetKind.PLAN: (
        Column("code", Reads.PLAN, 14, needed=True, name="plan_code"),
        Column("title", Reads.LINE, 80, needed=True, name="plan_title"),
    ),
    SheetKind.PEOPLE: (
        Column("email", Reads.LINE, 36, needed=True),
        Column("name", Reads.LINE, 30, needed=True, name="person_name"),
        Column(
            "role", Reads.CHOICE, 18, needed=True, family="role", choices=tuple(str(one) for one in OF_PEOPLE)
        ),
        Column("agency", Reads.LINE, 30, family="agency", name="person_agency"),
        Column("language", Reads.CHOICE, 10, family="language", choices=LANGUAGES),
    ),
    SheetKind.INDICATORS: (
        _YEAR,
        _CODE,
        Column("agency", Reads.LINE, 28, needed=True, family="agency"),
        Column("workflow", Reads.LINE, 24, needed=True, family="workflow"),
        Column("title", Reads.LINE, 50, needed=True),
        Column("title_en", Reads.LINE, 50),
        Column("unit", Reads.LINE, 12, clears=True),
        Column("target", Reads.NUMBER, 12, clears=True),
        Column("weight", Reads.NUMBER, 10),
        Column("owner", Reads.LINE, 28, family="agency", clears=True),
        Column("plan", Reads.PLAN, 12, clears=True),
        Column("kind", Reads.CHOICE, 14, family="kind", choices=INDICATOR_KINDS, clears=True),
        Column("result_kind", Reads.CHOICE, 12, family="result_kind", choices=RESULT_KINDS, clears=True),
        Column("definition", Reads.TEXT, 40, clears=True),
        Column("method", Reads.TEXT, 40, clears=True),
        Column("evidence_asked", Reads.TEXT, 40, clears=True),
    ),
    SheetKind.TARGETS: (
        _YEAR,
        _CODE,
        *_KNOWN,
        Column("target", Reads.NUMBER, 12, clears=True),
        Column("weight", Reads.NUMBER, 10),
    ),
    SheetKind.RESULTS: (
        _YEAR,
        _CODE,
        *_KNOWN,
        Column("quarter", Reads.QUARTER, 10, needed=True),
        Column("result", Reads.NUMBER, 12, clears=True),
        Column("narrative", Reads.TEXT, 80, clears=True),
    ),
}
#: Who may do what stands in a sheet.
DONE_BY: Mapping[SheetKind, Action] = {
    SheetKind.AGENCIES: Action.MANAGE_PEOPLE,
    SheetKind.PLAN: Action.MANAGE_INDICATORS,
    SheetKind.PEOPLE: Action.MANAGE_PEOPLE,
    SheetKind.INDICATORS: Action.MANAGE_INDICATORS,
    SheetKind.TARGETS: Action.MANAGE_INDICATORS,
    SheetKind.RESULTS: Action.WRITE_REPORT,
}

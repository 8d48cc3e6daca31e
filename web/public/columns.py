"""The columns of what is published, as one table: the files are made of it, and the data dictionary."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from engine.quarter import FiscalYear
from engine.wording import Wording
from storage.published import Result, Seal

Value = str | int | float | None


class Column(NamedTuple):
    """A column: its name, which ends the kinds of its sentences, the word of its unit, what stands in it.

    What is ``sealed`` goes into the seal's hash; what is ``of_today`` is called so today; ``corrected`` is
    what follows from facts that were corrected after the seal, and empty where none was.
    """

    key: str
    unit: str
    source: str
    value: Callable[[Seal, Result], Value]


_SEALED, _TODAY, _SINCE = "sealed", "of_today", "corrected"
COLUMNS: tuple[Column, ...] = (
    Column("fiscal_year", "ce", _SEALED, lambda seal, _: seal.quarter.fiscal_year),
    Column("fiscal_year_be", "be", _SEALED, lambda seal, _: FiscalYear(seal.quarter.fiscal_year).be),
    Column("quarter", "quarter", _SEALED, lambda seal, _: seal.quarter.number),
    Column("agency_code", "text", _TODAY, lambda _, one: one.agency_code),
    Column("agency_th", "text", _TODAY, lambda _, one: one.agency_name.th),
    Column("agency_en", "text", _TODAY, lambda _, one: one.agency_name.en),
    Column("code", "text", _SEALED, lambda _, one: one.code),
    Column("title_th", "text", _TODAY, lambda _, one: one.title.th),
    Column("title_en", "text", _TODAY, lambda _, one: one.title.en),
    Column("unit", "text", _TODAY, lambda _, one: one.unit),
    Column("verified_level", "level", _SEALED, lambda _, one: one.verified),
    Column("verified_fraction", "fraction", _SEALED, lambda _, one: one.verified_fraction),
    Column("claimed_level", "level", _SEALED, lambda _, one: one.claimed),
    Column("claimed_fraction", "fraction", _SEALED, lambda _, one: one.claimed_fraction),
    Column("top_level", "level", _SEALED, lambda _, one: one.top),
    Column("workflow", "text", _SEALED, lambda _, one: one.workflow),
    Column("workflow_version", "number", _SEALED, lambda _, one: one.workflow_version),
    Column("workflow_hash", "hash", _SEALED, lambda _, one: one.workflow_hash),
    Column("indicator_id", "number", _SEALED, lambda _, one: one.indicator),
    Column("journal_seq", "number", _SEALED, lambda _, one: one.journal_seq),
    Column("journal_head", "hash", _SEALED, lambda _, one: one.journal_head),
    Column("seal_hash", "hash", _SEALED, lambda seal, _: seal.hash),
    Column("corrected_verified_level", "level", _SINCE, lambda _, one: one.corrected and one.corrected[1]),
    Column("corrected_claimed_level", "level", _SINCE, lambda _, one: one.corrected and one.corrected[0]),
)


def dictionary(wordings: Sequence[Wording]) -> Iterator[list[str]]:
    """What every column means, in every language: a row of names, then a row for each."""
    languages = [one.language for one in wordings]
    yield [
        "column",
        *(f"{what}_{one}" for what in ("name", "meaning", "unit", "source") for one in languages),
    ]
    for column in COLUMNS:
        kinds = (
            f"public_name.{column.key}",
            f"public_meaning.{column.key}",
            f"public_unit.{column.unit}",
            f"public_source.{column.source}",
        )
        yield [column.key, *(one.say(kind) for kind in kinds for one in wordings)]

"""What programs are given: the shapes of answers. They are made from values of ours by their attributes."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from engine.numbers import json_number
from engine.quarter import FiscalYear


class Out(BaseModel):
    """A shape of an answer."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


def _number(value: Any) -> Any:
    return json_number(value) if isinstance(value, Decimal) else value


def _be(value: Any) -> Any:
    return value.be if isinstance(value, FiscalYear) else value


def _or_none(value: Any) -> Any:
    return None if value in ("", 0) else value


#: An exact number as a number of JSON.
Number = Annotated[int | float, BeforeValidator(_number)]
#: A fiscal year by its name: of the Buddhist Era, as `radap … --json` has it and people say it.
Year = Annotated[
    int, BeforeValidator(_be), Field(description="Fiscal year of the Buddhist Era, such as 2564.")
]
QuarterNumber = Annotated[int, Field(ge=1, le=4)]
#: Where ours have an empty text, or 0 for no number, programs are told `null`.
Name = Annotated[str | None, BeforeValidator(_or_none)]
Ordinal = Annotated[int | None, BeforeValidator(_or_none)]
PersonId = Annotated[int, Field(description="Id of a person; `people` has their names.")]


class Words(Out):
    """The same in Thai and in English."""

    th: str
    en: str


class Moved(Out):
    """A level before and after."""

    before: int
    after: int


class Done(Out):
    """What an action did. `event` is `null` where everything already was as asked."""

    code: str
    fiscal_year: Year
    event: str | None = Field(description="Kind of the journal event that tells of it.")
    number: int | None = Field(
        description="Number of the fact, decision, evidence, petition or appeal that it made."
    )
    version: int = Field(description="The version of the indicator from now on; its ETag.")
    claimed: Moved
    verified: Moved


class Listed(Out):
    """A page of a list."""

    next: str | None = Field(default=None, description="Cursor of what follows; `null` at the end.")


class Agency(Out):
    id: int
    code: str | None
    th: str
    en: str


def agency(one: Any) -> Agency:
    """An agency of :mod:`storage.registry`."""
    return Agency(id=one.id, code=one.code, th=one.name.th, en=one.name.en)

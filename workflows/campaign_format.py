"""What may stand in a campaign file, key by key; ``docs/campaign.example.toml`` explains each to people."""

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from engine.thai_dates import DateProblem, parse_day
from workflows.file_format import Form, Number, TextForm
from workflows.reading import Format


def _day(value: Any) -> Any:
    """A day of TOML, or one as people write it; anything else is left for the form to refuse."""
    if not isinstance(value, str):
        return value
    try:
        return parse_day(value)
    except DateProblem:
        return value


Day = Annotated[date, BeforeValidator(_day)]


class AgencyForm(Form):
    name: str | None = None
    name_en: str | None = None
    code: str | None = None
    kind: Literal["district", "department"] | None = None
    below: str | None = None


class PersonForm(Form):
    email: str
    name: str | None = None
    language: Literal["th", "en"] | None = None
    roles: list[str] = Field(default_factory=list)


class NodeForm(Form):
    code: str
    title: str | None = None
    below: str | None = None


class IndicatorsForm(Form):
    """One indicator for each of the agencies."""

    workflow: str
    version: int | None = None
    agencies: list[str]
    without: list[str] = Field(default_factory=list)
    code: str | None = None
    codes: dict[str, str] = Field(default_factory=dict)
    title: TextForm | None = None
    unit: str | None = None
    target: Number | None = None
    targets: dict[str, Number] = Field(default_factory=dict)
    weight: Number | None = None
    weights: dict[str, Number] = Field(default_factory=dict)
    owner: str | None = None
    plan: str | None = None
    kind: Literal["strategic", "routine"] | None = None
    result_kind: Literal["output", "outcome"] | None = None
    definition: str | None = None
    method: str | None = None
    evidence_asked: str | None = None
    draft: bool | None = None


class ExtensionForm(Form):
    agencies: list[str]
    without: list[str] = Field(default_factory=list)
    quarter: int
    until: Day
    reason: str


class CampaignForm(Form):
    year: int
    groups: dict[str, list[str]] = Field(default_factory=dict)
    agencies: list[AgencyForm] = Field(default_factory=list)
    people: list[PersonForm] = Field(default_factory=list)
    plan: list[NodeForm] = Field(default_factory=list)
    indicators: list[IndicatorsForm] = Field(default_factory=list)
    extensions: list[ExtensionForm] = Field(default_factory=list)


#: The form that stands under each key, to name the keys that it knows.
_TABLES: dict[str, type[BaseModel]] = {
    "agencies": AgencyForm,
    "people": PersonForm,
    "plan": NodeForm,
    "indicators": IndicatorsForm,
    "extensions": ExtensionForm,
    "title": TextForm,
}
FORMAT = Format(
    CampaignForm,
    _TABLES,
    {
        "year": 2564,
        "email": "missing",
        "code": "missing",
        "workflow": "missing",
        "agencies": [],
        "quarter": 1,
        "until": date(2021, 1, 1),
        "reason": "missing",
    },
)

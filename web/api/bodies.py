"""What programs send: the shapes of bodies and of queries, strict, with nothing that is not asked for."""

import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from engine.events import Happened
from engine.pages.text import LONGEST
from storage.door import AtTheDoor
from web.reading import plain
from web.spreadsheets.columns import SheetKind

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:$|[T ])")


class In(BaseModel):
    """A body."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Asked(BaseModel):
    """A query."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


def _exact(value: float) -> Decimal:
    return Decimal(int(value)) if value.is_integer() else Decimal(repr(value))


def _line(value: str) -> str:
    return " ".join(plain(value).split())


def _dashed(value: object) -> object:
    """A day as it is told: a number is none, though it could be read as so many seconds."""
    if not isinstance(value, str) or not _DAY.match(value):
        raise ValueError("must begin with a day such as 2021-05-18")
    return value


#: Days and instants are ISO.
Day = Annotated[date, Field(strict=False), BeforeValidator(_dashed)]
Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_dashed)]
#: Texts are kept as those that are typed: composed letters, nothing hidden in them.
Text = Annotated[str, Field(max_length=20_000), AfterValidator(plain)]
Reason = Annotated[str, Field(max_length=2000), AfterValidator(plain)]
Line = Annotated[str, Field(max_length=300), AfterValidator(_line)]
Key = Annotated[str, Field(max_length=100)]
Exact = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False), AfterValidator(_exact)]
Id = Annotated[int, Field(ge=1, le=999_999_999)]
QuarterNumber = Annotated[int, Field(ge=1, le=4)]
#: Years that can be asked for.
LEAST_YEAR, LAST_YEAR = 2500, 2700
#: Characters of a campaign; a year of a whole city is some 600,000.
LONGEST_CAMPAIGN = 2_000_000
Year = Annotated[int, Field(ge=LEAST_YEAR, le=LAST_YEAR, description="Fiscal year of the Buddhist Era.")]
Limit = Annotated[int, Field(ge=1, le=200, description="How many at most.")]
Cursor = Annotated[str, Field(max_length=200, description="`next` of the page before.")]


#: What people can be, and where messages can be.
RoleName = Literal[
    "coordinator", "deputy", "section_head", "director", "owner", "evaluator", "administrator", "viewer"
]
MessageState = Literal[
    "troubled", "pending", "claimed", "sending", "sent", "failed", "uncertain", "withdrawn", "held"
]


class Paged(Asked):
    limit: Limit = 50
    cursor: Cursor | None = None


# --- bodies of what is done to an indicator --------------------------------------------------------------


class Reasoned(In):
    reason: Reason


class Remarked(In):
    remark: Reason = ""


class Returned(In):
    """Sent back, to be mended by a day (the policy's working days where none is given)."""

    reason: Reason
    fix_by: Day | None = None


class Until(In):
    until: Day
    reason: Reason


class Answered(In):
    """An answer to each point of the return; `null` where there was none."""

    answers: list[Reason] | None = Field(default=None, max_length=50)


class Blocked(In):
    waiting_for: Reason


class Recorded(In):
    """Something that was done (`occurred_on`), is planned (`planned`), or was done on a day that nobody knows
    (`quarter` and a `note` that says why). `uploads` are ids of files that were sent to `/uploads`."""

    occurred_on: Day | None = None
    quarter: QuarterNumber | None = None
    kind: Key | None = None
    value: Exact | None = None
    document_number: Line | None = None
    note: Reason = ""
    planned: bool = False
    fulfils: Id | None = None
    uploads: list[Key] = Field(default_factory=list, max_length=20)
    request: Key | None = Field(default=None, description="As which of the documents asked for.")


class Missing(In):
    """A fact of a sealed quarter that was missing in it, with the `reason` why it comes so late."""

    occurred_on: Day
    reason: Reason
    kind: Key | None = None
    value: Exact | None = None
    document_number: Line | None = None
    uploads: list[Key] = Field(default_factory=list, max_length=20)
    request: Key | None = Field(default=None, description="As which of the documents asked for.")


class Attached(In):
    """Files that were sent to `/uploads`, or a link; attached to a fact, or to the milestone."""

    uploads: list[Key] = Field(default_factory=list, max_length=20)
    link: Annotated[str, Field(max_length=2000, pattern=r"^https?://\S+$")] | None = None
    request: Key | None = None
    occurrence: Id | None = None
    expires_on: Day | None = None
    replaces: Id | None = None


class Asking(In):
    """About a milestone (`postponement`, `waiver`), a quarter (`extension`), or all (`cancellation`), each
    `until` a day; or that a sealed quarter be corrected (`correction`): by taking back the fact `occurrence`,
    or by a missing one, with its `milestone`, its day as `until`, and what else is known of it."""

    kind: Literal["postponement", "waiver", "extension", "cancellation", "correction"]
    until: Day | None = None
    reason: Reason
    milestone: Key | None = None
    quarter: QuarterNumber | None = None
    occurrence: Id | None = None
    fact_kind: Key | None = None
    value: Exact | None = None
    document_number: Line | None = None


class Written(In):
    """What is left out stays as it was; `"self_reported": null` takes a number back: that is not 0."""

    narrative: Text | None = None
    self_reported: Exact | None = None


class Kept(In):
    """What was typed so far, as it was typed."""

    narrative: Text = ""
    self_reported: Annotated[str, Field(max_length=60)] = ""


class Accepted(In):
    """Scores that are left out are taken as proposed: 2.1 by the checklist, 2.2 by the time of submission."""

    quality: int | None = Field(default=None, ge=0, le=100)
    timeliness: int | None = Field(default=None, ge=0, le=100)
    remark: Reason = ""
    met: list[Key] | None = Field(default=None, max_length=50)
    quality_reason: Reason = ""
    timeliness_reason: Reason = ""


class ReturnedReport(In):
    reason: Reason
    fix_by: Day | None = None
    met: list[Key] | None = Field(default=None, max_length=50)


class ReadAgain(In):
    met: list[Key] = Field(max_length=50)
    quality: int | None = Field(default=None, ge=0, le=100)
    quality_reason: Reason = ""
    remark: Reason = ""


class Decided(In):
    """Upheld or dismissed; upheld against scores it gives other ones, each left out staying as it is."""

    decision: Literal["uphold", "dismiss"]
    reason: Annotated[str, Field(max_length=4000), AfterValidator(plain)]
    quality: int | None = Field(default=None, ge=0, le=100)
    timeliness: int | None = Field(default=None, ge=0, le=100)


# --- queries ---------------------------------------------------------------------------------------------


class AtDay(Asked):
    on: Day | None = Field(default=None, description="On which day of the year; today by default.")
    known_at: Instant | None = Field(default=None, description="As known then.")


class IndicatorsAsked(Paged):
    """The filters of the matrix."""

    year: Year | None = None
    agency: Id | None = None
    group: str | None = Field(
        default=None, description="`district`, `department`, or the id of an agency above others."
    )
    plan: Id | None = None
    kind: Literal["strategic", "routine", "negotiated"] | None = None
    result_kind: Literal["output", "outcome"] | None = None
    workflow: Key | None = None
    level: int | None = Field(default=None, ge=0, le=99)
    state: Literal["blocked", "returned", "late", "at_target", "below_target"] | None = None


class WorkAsked(Asked):
    agency: Id | None = Field(default=None, description="One of your agencies; the first by default.")


class MatrixAsked(IndicatorsAsked):
    """`beside` is another reading, such as `2563-4`; `on` and `known_at` have levels computed of then."""

    quarter: QuarterNumber | None = None
    beside: Annotated[str, Field(pattern="^2[56][0-9]{2}-[1-4]$")] | None = None
    on: Day | None = None
    known_at: Instant | None = None
    sort: Literal["agency", "level", "due"] = "agency"


class MilestonesAsked(Paged):
    year: Year | None = None
    agency: Id | None = None
    group: str | None = None


class CityAsked(Asked):
    """Which roll-up: of which time, on whose word, by which method."""

    year: Year | None = None
    quarter: QuarterNumber | None = None
    basis: Literal["claimed", "verified"] = "claimed"
    method: Literal["mean", "weighted", "minimum", "share_at_target"] = "mean"


class NodeAsked(CityAsked):
    node: Key | None = Field(default=None, description="A node of the tree; the whole city by default.")


class WaitingAsked(CityAsked):
    wait: Literal["blocked", "achieved", "returned"]
    workflow: Key
    milestone: Key
    step: int | None = Field(default=None, ge=0, le=9, description="How long it waits, as `/city` counts.")


class SearchAsked(Paged):
    q: Annotated[str, Field(min_length=1, max_length=200)]


class YearAsked(Asked):
    year: Year | None = None


class ReviewAsked(Asked):
    kind: Literal["appeal", "report", "milestone", "petition", "second", "submitted"] | None = None
    agency: Id | None = None
    workflow: Key | None = None


class AcrossAsked(Asked):
    show: Literal["waiting", "all"] = "waiting"
    cursor: Cursor | None = None


class OutboxAsked(Paged):
    """`troubled` are those that somebody should look at."""

    state: MessageState | None = None


class PeopleAsked(Paged):
    q: Annotated[str, Field(max_length=200)] = ""
    role: RoleName | None = None
    agency: Id | None = None


class JournalAsked(Paged):
    """Without a `code` the city's own events."""

    code: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    year: Year | None = None
    kind: Happened | None = None
    first: Day | None = None
    last: Day | None = None
    verify: bool = False


class DoorAsked(Paged):
    """`email` is that of a person; with it what was tried under their address as well."""

    what: AtTheDoor | None = None
    email: Annotated[str, Field(min_length=3, max_length=254)] | None = None


# --- bodies of what is done to the city ------------------------------------------------------------------


class Close(In):
    """`reason` where something is open that does not stop the seal."""

    reason: Reason = ""


class JudgedOne(In):
    code: Annotated[str, Field(min_length=1, max_length=64)]
    version: int = Field(ge=0, le=999_999_999, description="The version that was seen.")
    reason: Reason = ""


class Judgement(In):
    """Verify or send back; one transaction each, so that what is refused of one takes nothing from others."""

    act: Literal["verify", "return"]
    items: list[JudgedOne] = Field(min_length=1, max_length=200)
    reason: Reason = ""
    fix_by: Day | None = None


class Ordered(In):
    """A report, spreadsheet or evidence pack to be made; see `/reports` for what there is."""

    product: Literal["pdf", "sheets", "pack"]
    scope: Literal["indicator", "agency", "dimension", "city"]
    of: Annotated[str, Field(max_length=64)] = ""
    year: Year
    mail: bool = False


class BegunUpload(In):
    name: Annotated[str, Field(min_length=1, max_length=255)]
    size: int = Field(ge=0, le=10**12)


class NewAgency(In):
    name: Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_line)]
    name_en: Annotated[str, Field(max_length=200), AfterValidator(_line)] = ""
    kind: Literal["district", "department"]
    code: Annotated[str, Field(max_length=16), AfterValidator(_line)] | None = None
    parent: Id | None = None


class NewPerson(In):
    email: Annotated[str, Field(min_length=3, max_length=254)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    language: Literal["th", "en"] = "th"
    role: RoleName | None = None
    agency: Id | None = None


class RoleGiven(In):
    role: RoleName
    agency: Id | None = None


class AwayGiven(In):
    substitute: Annotated[str, Field(max_length=254, description="Address of who stands in.")]
    first_on: Day
    last_on: Day


class Numbered(In):
    number: Id


class ExtensionAsked(In):
    agency: Id
    year: Year
    quarter: QuarterNumber
    until: Day
    reason: Reason


class Moved(In):
    reason: Reason = ""


class NewWebhook(In):
    """Where a program listens; without `events` it hears of all, without `agency` of the whole city."""

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    name: Annotated[str, Field(max_length=200), AfterValidator(_line)] = ""
    events: Annotated[list[Happened], Field(max_length=200)] = Field(default_factory=list)
    agency: Id | None = None


class Repeated(In):
    """Which delivery; `null` for all that it refused."""

    delivery: Id | None = None


class JobsAsked(Paged):
    state: Literal["open", "waiting", "running", "done", "failed", "cancelled"] | None = None


class PerhapsReasoned(In):
    reason: Reason = ""


class ChangedProposal(In):
    """What is left out stays as proposed; `occurred_on` is `null` where nobody knows the day."""

    milestone: Key | None = None
    kind: Key | None = None
    occurred_on: Day | None = None
    document_number: Line | None = None
    note: Reason = ""
    value: Exact | None = None


class SettingChanged(In):
    """As the form has it: a text, or days; `null` gives the setting back to the file."""

    value: Annotated[str, Field(max_length=20_000)] | Annotated[list[Line], Field(max_length=1000)] | None


def given(model: BaseModel) -> dict[str, Any]:
    """The fields that were sent."""
    return {name: getattr(model, name) for name in model.model_fields_set}


# --- pages of the existing site -----------------------------------------------------------------------


class PageAsked(In):
    """The text of a page, or its HTML, and what it does not tell."""

    text: Annotated[str, Field(min_length=1, max_length=LONGEST), AfterValidator(plain)]
    code: Annotated[str, Field(max_length=32)] | None = None
    fiscal_year: Year | None = None
    agency: Line | None = None
    workflow: Key | None = None
    title: Line | None = None
    zero_as_is: bool = False
    update: bool = False


class CampaignGiven(In):
    text: Annotated[str, Field(max_length=LONGEST_CAMPAIGN, description="A campaign file (TOML).")]
    dry_run: bool = False


class CarryOverAsked(In):
    from_year: Year
    to_year: Year
    workflows: Literal["newest", "same"] = "newest"
    without: Annotated[
        list[Annotated[str, Field(max_length=200)]],
        Field(max_length=200, description="Codes or names of agencies that are left behind."),
    ] = []
    dry_run: bool = False


# --- spreadsheets -------------------------------------------------------------------------------------


class TemplateAsked(YearAsked):
    kind: SheetKind | None = Field(default=None, description="A sheet for each kind by default.")
    filled: bool = False
    format: Literal["xlsx", "csv"] = "xlsx"


class SpreadsheetGiven(YearAsked):
    """`year` is that of rows that name none; the running one by default."""

    name: Annotated[str, Field(min_length=1, max_length=255, description="What the file is called.")]
    kind: SheetKind | None = Field(
        default=None, description="What it holds, where it does not say so itself."
    )
    dry_run: bool = False

"""What programs are given of the city's records: agencies, people, definitions, messages, events."""

from datetime import date, datetime
from typing import Any

from pydantic import Field

from storage.told import Message
from web.api.shapes import Agency, Listed, Name, Out, QuarterNumber, Words, Year
from web.api.shapes.office import Grant
from web.api.shapes.pieces import Happening, WorkflowName

# --- administration ------------------------------------------------------------------------------------


class AgencyRow(Agency):
    kind: str
    parent: int | None
    people: int


class Agencies(Out):
    items: list[AgencyRow]


class Added(Out):
    id: int


class AddedPerson(Added):
    """With the link with which they set a password, told this once."""

    link: str | None
    link_until: datetime | None


class SetupLink(Out):
    """A link with which somebody sets a password, told this once."""

    link: str
    link_until: datetime


class PersonRow(Out):
    id: int
    name: str
    email: str
    unreachable: bool
    roles: list[Grant]


class People(Listed):
    items: list[PersonRow]


class Away(Out):
    """Somebody stands in for a person."""

    number: int
    substitute: str
    first_on: date
    last_on: date


class SessionRow(Out):
    begun_at: datetime
    seen_at: datetime
    address: str
    agent: str


class DoorLine(Out):
    at: datetime
    what: str
    address: str
    agent: str
    detail: str


class PersonDetail(Out):
    id: int
    name: str
    email: str
    language: str
    unreachable: Name
    roles: list[Grant]
    away: list[Away]
    sessions: list[SessionRow]
    live_tokens: int
    second_factor_since: datetime | None
    door: list[DoorLine]


class DeadlineRow(Out):
    quarter: QuarterNumber
    due_on: date
    extended: bool


class AgencyDeadlines(Out):
    agency: Agency
    deadlines: list[DeadlineRow]


class Extension(Out):
    agency: int
    quarter: QuarterNumber
    until: date
    reason: str
    at: datetime
    by: str


class Calendar(Out):
    """Holidays of a fiscal year, the days by which agencies report, who was given longer."""

    fiscal_year: Year
    holidays: list[date]
    sealed_through: int
    agencies: list[AgencyDeadlines]
    extensions: list[Extension]


class ExtensionGiven(Out):
    agency: int
    fiscal_year: Year
    quarter: QuarterNumber
    until: date


class WorkflowRow(WorkflowName):
    id: int
    hash: str
    registered_at: datetime
    indicators: int


class Workflows(Out):
    items: list[WorkflowRow]


class MilestoneOfWorkflow(Out):
    key: str
    title: Words
    needs: int
    due_quarter: int
    optional: bool
    supplied_by: str
    measured: bool
    evidence: list["EvidenceAsked"]


class EvidenceAsked(Out):
    key: str
    title: Words
    required: bool


class RungOfWorkflow(Out):
    level: int
    state: str
    title: Words
    rule: str
    indicators: int = Field(description="How many indicators stand there.")


class WorkflowDetail(WorkflowRow):
    description: Words
    order: str
    milestones: list[MilestoneOfWorkflow]
    levels: list[RungOfWorkflow]


class MessageRow(Out):
    id: int
    channel: str
    kind: str
    person: int | None
    state: str
    not_before: datetime
    created_at: datetime
    sent_at: datetime | None
    attempts: int
    to_address: str
    subject: str
    answer: str


class Outbox(Listed):
    counts: dict[str, int]
    items: list[MessageRow]


class MessageStep(Out):
    at: datetime
    what: str
    detail: str


class MessageDetail(MessageRow):
    """A message with what it says, without what acts in its reader's name, and what happened to it."""

    content: str
    log: list[MessageStep]


class LoggedLine(DoorLine):
    """`person` is null where nobody knows who it was."""

    id: int
    person: int | None
    name: Name | None


class DoorLog(Listed):
    items: list[LoggedLine]


class Journal(Listed):
    """Events of the city, or of one indicator; `whole` tells of the proof, where one was asked for."""

    whole: bool | None
    broken_at: int | None = Field(description="The number of the first event that was touched.")
    items: list[Happening]


# --- webhooks --------------------------------------------------------------------------------------------


class Webhook(Out):
    """A program that is told of every event. `waiting` messages are to come, `failed` ones it refused."""

    id: int
    name: str
    url: str
    events: list[str] = Field(description="Kinds of events that it hears of; none for all of them.")
    agency: int | None
    state: str = Field(description="`active`, `paused`, or `stopped`: it took nothing for too long.")
    added_at: datetime
    added_by: str
    failing_since: datetime | None
    not_before: datetime | None = Field(description="When it is tried again, while it fails.")
    answer: Name
    waiting: int
    failed: int


class Webhooks(Out):
    items: list[Webhook]


class AddedWebhook(Added):
    """With the secret of its signatures, told this once."""

    secret: str


class Delivery(Out):
    """What it was told, and what it answered; `event` is the event's id, `what` its kind once it was told."""

    id: int
    event: str
    what: Name
    state: str
    attempts: int
    created_at: datetime
    sent_at: datetime | None
    answer: Name

    @classmethod
    def of(cls, one: Message) -> "Delivery":
        return cls.model_validate({**one._asdict(), "event": one.message_ref, "what": one.subject})


class WebhookDetail(Listed):
    webhook: Webhook
    items: list[Delivery]


class Repeated(Out):
    count: int


# --- settings --------------------------------------------------------------------------------------------


class Setting(Out):
    """A setting: what the release, the file and the last change say; `written` is `now` as a file has it."""

    key: str
    kind: str
    choices: list[str]
    default: Any
    started: Any
    now: Any
    written: str
    is_changed: bool
    unfit: bool
    at: datetime | None
    by: str


class Settings(Out):
    items: list[Setting]


# --- a year set up at once -----------------------------------------------------------------------------


class RecordDifference(Out):
    """What becomes of one record; `before` is null where it is new, else both have what differs alone."""

    kind: str
    key: str
    how: str
    before: dict[str, Any] | None
    after: dict[str, Any]


class CarryNote(Out):
    """Something that does not simply go on from the year before."""

    kind: str
    key: str
    says: str


class SetUp(Out):
    fiscal_year: Year
    dry_run: bool
    added: int
    changed: int
    same: int
    differences: list[RecordDifference]
    notes: list[CarryNote]

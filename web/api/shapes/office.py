"""What programs are given of seals, of review, of jobs and uploads, and of themselves."""

from datetime import date, datetime

from pydantic import Field

from engine.permissions import Role
from web.api.shapes import Agency, Listed, Name, Ordinal, Out, PersonId, QuarterNumber, Words, Year

# --- whoever asks --------------------------------------------------------------------------------------


class Grant(Out):
    """A role, and the agency at which it is held."""

    role: Role
    agency: int | None


class Me(Out):
    id: int
    name: str
    email: str
    language: str
    roles: list[Grant]
    scopes: list[str]


class Task(Out):
    """One thing to do, or to wait for; `key` is that of a milestone, or the number of a quarter."""

    group: str
    verb: str
    topic: str
    fiscal_year: Year
    code: str
    title: Words
    key: str
    number: Ordinal
    due_on: date | None
    days: int | None = Field(description="Working days left, negative when overdue.")
    note: Name


class Work(Out):
    agency: int | None
    agencies: list[Agency]
    items: list[Task]


# --- seals ---------------------------------------------------------------------------------------------


class Seal(Out):
    """A quarter of a year on its way to its seal: `running`, `not_in_turn`, `ready` or `sealed`."""

    quarter: QuarterNumber
    state: str
    hash: str | None
    previous_hash: str | None
    sealed_at: datetime | None
    sealed_by: int | None


class Seals(Out):
    fiscal_year: Year
    items: list[Seal]


class StillOpen(Out):
    """What is open before a quarter is sealed: it `stops` the seal, or a reason is needed."""

    check: str
    count: int
    stops: bool
    indicators: list[str] = Field(description="Codes of the first of them.")


class Correction(Out):
    """An indicator that is not as it was sealed, with the numbers of the facts that came after the seal."""

    code: str
    sealed_claimed: int
    sealed_verified: int
    claimed: int
    verified: int
    facts: list[int]


class SealDetail(Seal):
    """A seal with all it holds, or what is still open. `reason` is why it was sealed with something open."""

    fiscal_year: Year
    indicators: int | None = Field(description="How many indicators the seal holds.")
    reason: Name
    open: list[StillOpen]
    corrected: list[Correction]


class Sealed(Out):
    fiscal_year: Year
    quarter: QuarterNumber
    hash: str


class Altered(Out):
    """A place where a sealed quarter and what is there now disagree."""

    code: str
    fault: str
    number: int


class SealProof(Out):
    """Everything behind a seal computed again; of a large city that is a job, and `altered` comes later."""

    altered: list[Altered] | None
    job: int | None


# --- review --------------------------------------------------------------------------------------------


class Waiting(Out):
    """Something that waits for evaluators. `key` is that of a milestone, or the number of a quarter."""

    kind: str
    fiscal_year: Year
    code: str
    agency: Words
    title: Words
    key: str
    number: Ordinal
    since: datetime
    until: date | None


class Front(Out):
    """One milestone that waits at several agencies."""

    fiscal_year: Year
    workflow: str
    milestone: str
    waiting: int
    since: datetime


class Review(Out):
    items: list[Waiting]
    fronts: list[Front]
    cut: list[str] = Field(description="Kinds of which there is more than is told; narrow the question.")


class Across(Out):
    """One agency's milestone, with the version of its indicator to be judged."""

    code: str
    agency: Words
    version: int
    state: str
    since: datetime | None


class AcrossList(Listed):
    items: list[Across]


class Judged(Out):
    """What became of one: nothing stood in the way, or these conditions did."""

    code: str
    version: int | None
    refused: list[str]


class JudgedList(Out):
    items: list[Judged]


class Strictness(Out):
    """What one evaluator gives beside what others give; what cannot be told yet is `null`."""

    evaluator: PersonId
    name: str
    verdicts: int
    returned: int
    read_twice: int
    mean_quality: float | None
    share_returned: float | None
    against_others: float | None
    against_second: float | None


class StrictnessList(Out):
    fiscal_year: Year
    items: list[Strictness]


# --- jobs and uploads ----------------------------------------------------------------------------------


class JobFile(Out):
    file_name: str
    media_type: str
    sha256: str
    size: int


class Job(Out):
    """What is made in the background; its file is fetched at `/jobs/{number}/file`."""

    number: int
    product: str
    scope: str
    of: str
    fiscal_year: Year
    quarter: Ordinal
    name: Words
    state: str
    done: int
    total: int
    asked_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None
    error: Name
    file: JobFile | None


class Jobs(Out):
    items: list[Job]


class Offered(Out):
    """Of what a report may be asked for."""

    scope: str
    of: str
    name: Words
    products: list[str]


class OfferedList(Out):
    years: list[Year]
    items: list[Offered]


class Upload(Out):
    """A file that was sent and is attached to nothing yet; gone after a day."""

    id: str
    name: str
    size: int
    offset: int = Field(description="How much of it is here.")
    whole: bool


class AnyJob(Job):
    """A job among everybody's, with who asked for it."""

    by: str


class AllJobs(Listed):
    items: list[AnyJob]

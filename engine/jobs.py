"""What is made in the background: what somebody wants, of what, and how far it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from engine.workflow import Text

#: So long a result can be fetched.
KEPT_FOR = timedelta(days=7)
#: Whoever waits for longer than this is told by mail.
TELL_AFTER = timedelta(minutes=1)
#: A job whose worker died so often is not begun again: it may be what kills them.
MOST_ATTEMPTS = 3
#: The kind of the message that tells that a job has ended, and how its key begins.
JOB = "job"


class Product(StrEnum):
    """What is made."""

    PDF = "pdf"  # the official report
    SHEETS = "sheets"  # the spreadsheet
    PACK = "pack"  # the evidence with its manifest
    PROOF = "proof"  # of a seal: what was altered behind it
    TRIAL = "trial"  # of a spreadsheet that was given: what would become of it
    INTAKE = "intake"  # the same, written


class Scope(StrEnum):
    """Of what it is made."""

    INDICATOR = "indicator"
    AGENCY = "agency"
    DIMENSION = "dimension"
    CITY = "city"


class Wanted(NamedTuple):
    """A product of a scope in a fiscal year (CE).

    ``of`` is the code of the indicator, the id of the agency, the code of the plan's node; empty for the
    city, and what a spreadsheet is known by. ``quarter`` is that of a seal, else 0.
    """

    product: Product
    scope: Scope
    of: str
    fiscal_year: int
    quarter: int = 0

    def as_data(self) -> dict[str, Any]:
        """The same, ready for JSON."""
        return {**self._asdict(), "product": str(self.product), "scope": str(self.scope)}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Wanted":
        return cls(
            Product(data["product"]),
            Scope(data["scope"]),
            data["of"],
            data["fiscal_year"],
            data["quarter"],
        )


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: What an administrator may do to a job, and the states in which it may be done.
JOB_MOVES: Mapping[str, frozenset[JobState]] = {
    "cancel": frozenset({JobState.WAITING, JobState.RUNNING}),
    "retry": frozenset({JobState.FAILED, JobState.CANCELLED}),
}


class Result(NamedTuple):
    """The file that a job made, by its content."""

    file_name: str
    media_type: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands: what is wanted, and the ``name`` of what it is made of.

    ``total`` is 0 while nobody knows how much there is to do; ``error`` is a sentence.
    """

    id: int
    wanted: Wanted
    name: Text
    asked_by: int
    asked_at: datetime
    state: JobState
    done: int
    total: int
    attempts: int
    started_at: datetime | None
    ended_at: datetime | None
    expires_at: datetime | None
    error: str
    result: Result | None

    def can_be_fetched(self, now: datetime) -> bool:
        return self.result is not None and self.expires_at is not None and now < self.expires_at


def job_key(job: int) -> str:
    """The key of the message that tells of the end of a job."""
    return f"{JOB}:{job}"


def job_of(key: str) -> int:
    """The job that such a key names."""
    return int(key.partition(":")[2])


def is_told(asked_at: datetime, ended_at: datetime, by_mail: bool) -> bool:
    """Whether whoever asked is told by mail: when they asked for it, or had to wait."""
    return by_mail or ended_at - asked_at > TELL_AFTER

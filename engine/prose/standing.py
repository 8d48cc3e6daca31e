"""Whether a text says that something was done, will be, or is only spoken of."""

from enum import StrEnum


class ProposalStanding(StrEnum):
    """What a piece of a narrative says about a fact."""

    DONE = "done"
    PLANNED = "planned"  # will be, is under way, or is not yet done
    POSTPONED = "postponed"
    CANCELLED = "cancelled"
    REFERENCE = "reference"  # names a day or a document of another time
    UNSUPPORTED = "unsupported"  # no phrase of the workflow fits

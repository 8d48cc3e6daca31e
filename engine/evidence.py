"""What became of each piece of evidence by a day: it holds, or was replaced, ran out, or was taken back."""

from datetime import date, datetime
from enum import StrEnum

from engine.indicator import Evidence, Indicator
from engine.levels import happened


class EvidenceState(StrEnum):
    """Whether evidence still proves something. Only what holds does; the rest stays in the history."""

    HOLDS = "holds"
    REPLACED = "replaced"  # a newer version stands in its place
    EXPIRED = "expired"  # its last day is past
    UNFOUNDED = "unfounded"  # the fact that it proved was voided
    WITHDRAWN = "withdrawn"


def evidence_states(
    indicator: Indicator, on: date, known_at: datetime | None = None
) -> dict[int, EvidenceState]:
    """The state of every piece of evidence attached by ``known_at``, by its number.

    A newer version that is withdrawn gives its place back to the one that it had replaced.
    """
    attached = [one for one in indicator.evidence if happened(one.attached_at, known_at)]
    voided = {one.number for one in indicator.occurrences if happened(one.voided_at, known_at)}
    replaced = {one.replaces for one in attached if not happened(one.withdrawn_at, known_at)}

    def state(one: Evidence) -> EvidenceState:
        if happened(one.withdrawn_at, known_at):
            return EvidenceState.WITHDRAWN
        if one.number in replaced:
            return EvidenceState.REPLACED
        if one.occurrence in voided:
            return EvidenceState.UNFOUNDED
        if one.expires_on is not None and one.expires_on < on:
            return EvidenceState.EXPIRED
        return EvidenceState.HOLDS

    return {one.number: state(one) for one in attached}


def replaced_by(indicator: Indicator, number: int) -> Evidence | None:
    """The version that stands in the place of that evidence, if one does."""
    newer = (one for one in indicator.evidence if one.replaces == number and one.withdrawn_at is None)
    return next(newer, None)

"""What evaluators find about a quarter report: verdicts, the checklist behind 2.1, the sample read twice."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from itertools import groupby
from typing import Any, NamedTuple

from engine.events import Happened
from engine.scores import ScoreScale
from engine.workflow import Text


class VerdictKind(StrEnum):
    """What was found."""

    ACCEPTED = "accepted"
    RETURNED = "returned"
    SECOND = "second"  # by another evaluator on a sample; it changes no score
    APPEAL = "appeal"  # an appeal was upheld: from then on these scores stand


class Verdict(NamedTuple):
    """One verdict on the report of a quarter, numbered within its indicator from 1.

    ``met`` are the keys of the checklist that were found met, ``None`` where nobody went through it. The
    ``proposed`` scores are what checklist and time of receipt earned; a score that differs has its reason.
    ``remark`` is the word to the agency, of a return its reason. One that is ``drawn`` is to be read by a
    second evaluator.
    """

    number: int
    quarter: int
    kind: VerdictKind
    given_at: datetime
    given_by: int
    quality: int | None = None
    timeliness: int | None = None
    met: tuple[str, ...] | None = None
    proposed_quality: int | None = None
    proposed_timeliness: int | None = None
    quality_reason: str = ""
    timeliness_reason: str = ""
    remark: str = ""
    drawn: bool = False

    def without_scores(self) -> "Verdict":
        """The same, without what was found."""
        return Verdict(self.number, self.quarter, self.kind, self.given_at, self.given_by, drawn=self.drawn)


class CheckItem(NamedTuple):
    """A question of the checklist, and what it is worth where the answer is yes."""

    key: str
    title: Text
    points: int


#: Worth 75 and five times 5, so that every answer leads to a score of the usual scale.
CHECKLIST = (
    CheckItem(
        "tells_what",
        Text("เล่าว่าทำอะไรในไตรมาสนี้ อ่านแล้วเข้าใจ", "Tells plainly what was done in the quarter"),
        75,
    ),
    CheckItem("dated", Text("ระบุวันที่และเลขที่เอกสารของสิ่งที่ทำ", "Gives days and document numbers"), 5),
    CheckItem(
        "number_fits", Text("ผลที่รายงานตรงกับระดับที่ระบบคำนวณ", "The reported result fits the computed level"), 5
    ),
    CheckItem("evidenced", Text("หลักฐานครบและเปิดอ่านได้", "The evidence is complete and can be read"), 5),
    CheckItem(
        "of_this_quarter",
        Text("หลักฐานเป็นของไตรมาสและหน่วยงานนี้", "The evidence is of this quarter and agency"),
        5,
    ),
    CheckItem("next_steps", Text("บอกปัญหาและแผนงานต่อไป", "Names obstacles and the next steps"), 5),
)


@dataclass(frozen=True, slots=True)
class ReviewPolicy:
    """How evaluators work: the checklist, the sample that is read twice, how long one may appeal.

    ``second_percent`` of the accepted reports are read by a second evaluator; which ones follows from
    ``second_seed``. ``appeal_days`` are working days.
    """

    checklist: tuple[CheckItem, ...] = CHECKLIST
    second_percent: int = 10
    second_seed: str = "radap"
    appeal_days: int = 10


def proposed_quality(met: Collection[str], checklist: Sequence[CheckItem], scale: ScoreScale) -> int:
    """The 2.1 that the checklist earns: the highest score of the scale that its points reach.

    All points together earn the highest score there is, whatever they add up to.
    """
    most = sum(item.points for item in checklist)
    earned = sum(item.points for item in checklist if item.key in met)
    top = scale.quality[-1]
    return max((one for one in scale.quality if one * most <= earned * top), default=scale.quality[0])


def is_drawn(code: str, fiscal_year: int, quarter: int, policy: ReviewPolicy) -> bool:
    """Whether the report is of the sample that is read twice.

    It follows from the report and the seed alone, so that nobody chooses, and anybody can check.
    """
    digest = sha256(f"{policy.second_seed}\n{fiscal_year}\n{code}\n{quarter}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100 < policy.second_percent


def of_quarter(verdicts: Sequence[Verdict], quarter: int) -> list[Verdict]:
    """The verdicts on the report of that quarter, the latest last."""
    return [one for one in verdicts if one.quarter == quarter]


def standing(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Of the verdicts on one report the one that stands: the latest that is no second reading."""
    return next((one for one in reversed(verdicts) if one.kind is not VerdictKind.SECOND), None)


def to_be_read_again(verdicts: Sequence[Verdict]) -> Verdict | None:
    """Of the verdicts on one report the acceptance that a second evaluator is still to read, if any."""
    last = verdicts[-1] if verdicts else None
    return last if last is not None and last.kind is VerdictKind.ACCEPTED and last.drawn else None


#: What an event says in which a score may stand, in figures or in words.
_TELLS_SCORES = frozenset(
    {"quality", "timeliness", "remark", "reason", "met", "quality_reason", "timeliness_reason"}
)


def shown_of(what: str, data: Mapping[str, Any], hidden: Collection[int]) -> Mapping[str, Any]:
    """What an event says, without what tells the scores of the quarters of which they are hidden."""
    if what not in (Happened.REPORT_ACCEPTED, Happened.APPEAL_MADE) or data.get("quarter") not in hidden:
        return data
    return {name: value for name, value in data.items() if name not in _TELLS_SCORES}


def judged_elsewhere(data: Mapping[str, Any]) -> list[int]:
    """The quarters whose scores an imported page tells: of its event, and of no other."""
    of_page = data.get("reports", []) if "sha256" in data else []
    return [one["quarter"] for one in of_page if (one["quality"], one["timeliness"]) != (None, None)]


class Pair(NamedTuple):
    """An acceptance, and what the second evaluator found who did not know it."""

    first: Verdict
    second: Verdict

    @property
    def difference(self) -> int | None:
        """By how much the first 2.1 is above the second; ``None`` where one of them gave none."""
        if self.first.quality is None or self.second.quality is None:
            return None
        return self.first.quality - self.second.quality


def pairs(verdicts: Sequence[Verdict]) -> list[Pair]:
    """Every acceptance that was read twice, with its second reading; all verdicts are of one indicator."""
    found = []
    in_order = sorted(verdicts, key=lambda one: (one.quarter, one.number))
    for _, of_one in groupby(in_order, key=lambda one: one.quarter):
        first: Verdict | None = None
        for one in of_one:
            if one.kind is VerdictKind.SECOND and first is not None:
                found.append(Pair(first, one))
            first = one if one.kind is VerdictKind.ACCEPTED else first
    return found


#: What ends a round: whatever happened after the last of these, nobody has judged yet.
JUDGED = frozenset(
    {
        Happened.REPORT_ACCEPTED,
        Happened.REPORT_RETURNED,
        Happened.MILESTONE_VERIFIED,
        Happened.MILESTONE_RETURNED,
        Happened.APPEAL_UPHELD,
        Happened.APPEAL_DISMISSED,
    }
)


def unjudged_from(happened: Sequence[str]) -> int:
    """Of what happened, in its order, the place of the first that lies after the last judgement."""
    last = (place for place in reversed(range(len(happened))) if happened[place] in JUDGED)
    return next(last, -1) + 1

"""A return and the answer to it: the points that a reason makes, and what was done about each of them."""

import re
from collections.abc import Iterator, Sequence

from engine.errors import Unmet

_NUMBER = r"\(?[0-9๐-๙]{1,2}[.)]+(?![0-9๐-๙])"
_MARK = re.compile(rf"\s*(?:[-–•*]|{_NUMBER})\s*")
#: Where one line holds several points: "1) the date 2) the order".
_INLINE = re.compile(rf"\s+(?={_NUMBER}\s*\D)")


def points_of(reason: str) -> list[str]:
    """The points of a reason, one a line or numbered within a line, without their marks."""
    lines = [line for line in reason.splitlines() if line.strip()]
    if len(lines) == 1 and re.match(rf"\s*{_NUMBER}", lines[0]):
        lines = _INLINE.split(lines[0])
    points = [_unmarked(line) for line in lines]
    return [point for point in points if point]


def _unmarked(line: str) -> str:
    mark = _MARK.match(line)
    return (line[mark.end() :] if mark else line).strip()


def unanswered(reason: str, answers: Sequence[str]) -> Iterator[Unmet]:
    """The points to which nothing was answered."""
    for number, point in enumerate(points_of(reason), start=1):
        if len(answers) < number or not answers[number - 1].strip():
            yield Unmet("return.unanswered", {"number": number, "point": point})


def answered(reason: str, answers: Sequence[str]) -> str:
    """Each point with its answer below it, as it is kept."""
    pairs = zip(points_of(reason), answers, strict=False)
    return "\n".join(f"{number}. {point}\n→ {said.strip()}" for number, (point, said) in enumerate(pairs, 1))

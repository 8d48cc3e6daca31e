"""The lines of the plan on an indicator's page: the four floors from the area down to the strategy."""

import re
from collections.abc import Sequence

from engine.pages.text import even
from engine.pages.values import PlanLine

_FLOOR = r"(?:ด้าน|มิติ|เป้าหมาย|กลยุทธ์|กลยุทธ|เป้าประสงค์)\s*(?:ที่)?"
_CODE = r"(?P<code>\d{1,2}(?:\s*\.\s*\d{1,2}){0,3})\.?(?![\d/])"
_NAMED = re.compile(rf"(?P<floor>{_FLOOR})?\s*{_CODE}[\s:–-]*")
_CUT = re.compile(r"[\s|]*(?:%|\.{3,}|…)[\s|]*$")
#: The plan has four floors; copies of more than one indicator's plan are not looked for.
MOST = 4


def plan_line(line: str) -> PlanLine | None:
    """The line as one of the plan: it has its code, and besides a mark or the name of its floor."""
    is_marked = line.lstrip(" *").startswith(":") or line.rstrip(" *").endswith("|")
    return _plan_line(line, is_marked=is_marked)


def plan_at_end(lines: Sequence[str]) -> int:
    """How many of the last lines are of the plan although nothing marks them: each below the one before."""
    taken, below, floors = 0, 5, 0
    for line in reversed(lines[-2 * MOST :]):
        found = _plan_line(line, is_marked=True) if line else None
        if line and (found is None or floor_of(found) >= below):
            break
        if found is not None:
            below, floors = floor_of(found), floors + 1
        taken += 1
    return taken if below == 1 and floors > 1 else 0  # a lone "1." is of a list


def floor_of(line: PlanLine) -> int:
    """1 for an area to 4 for a strategy."""
    return line.code.count(".") + 1


def _plan_line(line: str, *, is_marked: bool) -> PlanLine | None:
    text = line.strip(" *:|")
    found = _NAMED.match(even(text))
    if found is None or not (is_marked or found["floor"]) or len(found[0]) == len(text):
        return None
    cut = _CUT.search(text)
    title = text[found.end() : cut.start() if cut else None].strip(" *:|-–")
    code = "".join(found["code"].split())
    return PlanLine(code, title, cut is not None) if title or cut else None

"""What is odd about the numbers of a page: targets, results, scores, and the units they are in."""

import re
from collections.abc import Iterator
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from engine.pages.kinds import Finding, Found
from engine.pages.values import ReadPage, ReadQuarter

#: No ladder here has more levels, and no weight in an agreement is more than this.
_FEW = Decimal(10)
_FULL = Decimal(100)
#: A result that is so many times the one before has changed its scale, where that scale was a small one.
_JUMP, _LONG_JUMP = Decimal(5), Decimal(15)
#: A weight was typed for the target where the result is so many times as much.
_TIMES = Decimal(3)


class Scale(StrEnum):
    """What a unit counts in."""

    LEVEL = "level"
    PERCENT = "percent"
    SCORE = "score"
    COUNT = "count"


_SCALES: tuple[tuple[str, Scale], ...] = (
    (r"ร้อยละ|เปอร์เซ็น|%", Scale.PERCENT),
    (r"ระดับ", Scale.LEVEL),
    (r"คะแนน|ค่าเฉลี่ย|เฉลี่ย", Scale.SCORE),
)
_NO_UNIT = re.compile(r"[\W\d_]*|ผลลัพธ์|ผลผลิต|output|outcome")
_BROKEN = re.compile(r"\.{2,}|…")
_WITH_WORDS = re.compile(r"(?:ลดลง|เพิ่มขึ้น|ไม่น้อยกว่า|ไม่เกิน|มากกว่า|น้อยกว่า)|[\d<>≥≤=]")
_GRADE = re.compile(r"ระดับ\s*(?:มากที่สุด|มาก|ปานกลาง|น้อย|ดีมาก|ดีเยี่ยม|ดี|พอใช้)")


def scale_of(words: str | None) -> Scale | None:
    """What a unit, or the first words of a title, counts in."""
    if not words:
        return None
    for pattern, scale in _SCALES:
        if re.search(pattern, words):
            return scale
    return Scale.COUNT


def findings(page: ReadPage) -> list[Finding]:
    scale = scale_of(page.unit)
    explained = list(_of_scale(page, scale))
    return [
        *_of_unit(page),
        *_of_numbers(page),
        *explained,
        *_over(page, scale, is_explained=any(one.kind in _EXPLAINS for one in explained)),
        *_of_course(page),
        *_of_scores(page),
    ]


def _reported(page: ReadPage) -> list[tuple[int, Decimal]]:
    """The results that are not 0, with their quarters: a 0 may be no result at all."""
    return [(one.number, one.result) for one in page.quarters if one.result]


def _values(page: ReadPage) -> list[Decimal]:
    values = [value for _, value in _reported(page)]
    return [*values, page.achieved] if page.achieved else values


# --- the unit --------------------------------------------------------------------------------------------


def _of_unit(page: ReadPage) -> Iterator[Finding]:
    if not page.unit:
        return
    params = {"unit": page.unit}
    if is_odd(page.unit):
        yield Finding(Found.UNIT_ODD, "unit", 0, params)
    elif _WITH_WORDS.search(page.unit):
        yield Finding(Found.UNIT_HAS_WORDS, "unit", 0, params)


def is_odd(unit: str) -> bool:
    """Whether nobody can tell what is counted in it."""
    return bool(_NO_UNIT.fullmatch(unit.lower()) or _BROKEN.search(unit) or _GRADE.search(unit))


def _of_numbers(page: ReadPage) -> Iterator[Finding]:
    for name, written in page.numbers:
        quarter = int(name[-1]) if name[-1].isdigit() else 0
        field = "result" if quarter else name
        value = page.quarter(quarter).result if quarter else getattr(page, name)
        yield Finding(Found.NUMBER_AS_WRITTEN, field, quarter, {"text": written, "value": value})
    for number, cell in page.unread:
        if number:
            yield Finding(Found.CELL_UNREAD, "result", number, {"text": cell})
    for number in page.twice:
        yield Finding(Found.ROW_TWICE, "quarters", number)
    if columns := [name for number, name in page.unread if not number]:
        yield Finding(Found.COLUMNS_UNREAD, "quarters", 0, {"columns": columns})
    if page.target_text:
        params = {"text": page.target_text, "value": page.target}
        yield Finding(Found.TARGET_HAS_WORDS, "target", 0, params)


# --- what the numbers are in -----------------------------------------------------------------------------

#: What explains a result far over its target, which is then no finding of its own.
_EXPLAINS = (Found.WEIGHT_AS_TARGET, Found.PERCENT_IN_LEVEL, Found.SCALE_SWITCHED, Found.TARGET_ZERO)


def _of_scale(page: ReadPage, scale: Scale | None) -> Iterator[Finding]:
    target, values = page.target, _values(page)
    if target == 0:
        yield Finding(Found.TARGET_ZERO, "target", 0, {"achieved": page.achieved})
    switched = _switched(page, scale)
    if scale is Scale.LEVEL and target and target <= _FEW and any(value > _FEW for value in values):
        yield Finding(Found.PERCENT_IN_LEVEL, "result", 0, {"value": max(values), "target": target})
    elif _is_weight(page, scale):
        yield Finding(Found.WEIGHT_AS_TARGET, "target", 0, {"target": target, "value": max(values)})
    elif scale is Scale.PERCENT and _are_steps(page):
        yield Finding(Found.STEPS_IN_PERCENT, "result", 0, {"values": [one for _, one in _reported(page)]})
    if switched:
        quarter, before, value = switched
        yield Finding(Found.SCALE_SWITCHED, "result", quarter, {"before": before, "value": value})


def _is_weight(page: ReadPage, scale: Scale | None) -> bool:
    """A target of a few percent that everybody passes many times over is the weight of the indicator."""
    target, values = page.target, _values(page)
    if scale not in (Scale.PERCENT, Scale.SCORE) or not target or target > _FEW or not values:
        return False
    is_change = page.unit is not None and re.search("ลดลง|เพิ่มขึ้น", page.unit) is not None
    is_mean = page.unit is not None and "เฉลี่ย" in page.unit
    return not is_change and not is_mean and max(values) >= target * _TIMES and max(values) <= _FULL


def _are_steps(page: ReadPage) -> bool:
    """1, 2, 3, 4 in the quarters, and a target of as many steps."""
    values = [value for _, value in _reported(page)]
    return len(values) > 2 and values == [Decimal(one) for one in range(1, len(values) + 1)]


def _switched(page: ReadPage, scale: Scale | None) -> tuple[int, Decimal, Decimal] | None:
    """Where the results change from one scale to another: the quarter, the value before, and its own."""
    is_small = page.target is not None and 0 < page.target <= _FEW
    most = None if is_small else _FULL
    if not is_small and scale is not Scale.PERCENT:
        return None
    reported = _reported(page)
    if most is not None and any(value > most for _, value in reported):
        return None
    for (_, before), (quarter, value) in pairwise(reported):
        low, high = sorted((before, value))
        if low <= _FEW < high and high >= low * (_JUMP if is_small else _LONG_JUMP):
            return quarter, before, value
    return None


# --- results ---------------------------------------------------------------------------------------------


def _over(page: ReadPage, scale: Scale | None, *, is_explained: bool) -> Iterator[Finding]:
    target, achieved = page.target, page.achieved
    if target and achieved is not None and achieved > target and not is_explained:
        params = {"value": achieved, "target": target, "times": (achieved / target).quantize(Decimal("0.01"))}
        yield Finding(Found.OVER_TARGET, "achieved", 0, params)
    over = [(one.number, one.result) for one in page.quarters if one.result and one.result > _FULL]
    if scale is Scale.PERCENT and (over or (achieved is not None and achieved > _FULL)):
        quarter, value = over[0] if over else (0, achieved)
        field = "result" if over else "achieved"
        yield Finding(Found.PERCENT_OVER_100, field, quarter, {"value": value})


def _of_course(page: ReadPage) -> Iterator[Finding]:
    """How the results go through the year: they are told year-to-date."""
    before: ReadQuarter | None = None
    for one in page.quarters:
        if one.result == 0 and before is not None:
            params = {"before": before.result}
            yield Finding(Found.ZERO_UNREPORTED, "result", one.number, params, {"result": None})
        elif one.result:
            if before is not None and before.result is not None and one.result < before.result:
                params = {"before": before.result, "value": one.result}
                yield Finding(Found.RESULT_FELL, "result", one.number, params)
            before = one
    yield from _of_the_year(page, before)


def _of_the_year(page: ReadPage, last: ReadQuarter | None) -> Iterator[Finding]:
    achieved, target = page.achieved, page.target
    if achieved == 0 and target:
        yield Finding(Found.ACHIEVED_ZERO, "achieved", 0, {"target": target})
    elif last is not None and achieved is not None and not _same(achieved, last.result):
        params = {"value": achieved, "last": last.result, "quarter": last.number}
        yield Finding(Found.ACHIEVED_DIFFERS, "achieved", 0, params)
    first = page.quarter(1).result
    if target and first is not None and first == target and page.quarter(2).result == target:
        yield Finding(Found.FULL_AT_ONCE, "result", 1, {"value": first})


def _same(value: Decimal, other: Decimal | None) -> bool:
    """Whether two numbers are one, where one of them may have been rounded."""
    if other is None:
        return False
    places = min(-int(one.as_tuple().exponent) for one in (value, other))
    step = Decimal(1).scaleb(-max(places, 0))
    return abs(value - other) < step if places > 0 else value == other


# --- scores ----------------------------------------------------------------------------------------------


def _of_scores(page: ReadPage) -> Iterator[Finding]:
    pairs = [one for one in page.quarters if one.quality is not None]
    if pairs and all(one.quality == 0 and not one.timeliness and not one.score for one in pairs):
        yield Finding(Found.NEVER_EVALUATED, "score")
    for one in page.quarters:
        for part in (one.quality, one.timeliness):
            if part is not None and not (0 <= part <= _FULL and part == int(part)):
                yield Finding(Found.SCORE_OUT_OF_RANGE, "score", one.number, {"value": part})
    for one in pairs:
        if one.score and one.quality and one.score != one.quality:
            params = {"score": one.score, "quality": one.quality}
            yield Finding(Found.SCORE_DIFFERS, "score", one.number, params)

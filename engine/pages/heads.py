"""The head of an indicator's page: title, code, target, result, type, and which quarter is evaluated."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from engine.pages.figures import is_strange, number_of, written
from engine.pages.labels import Label, Line
from engine.pages.text import even
from engine.quarter import BE_OFFSET
from engine.thai_dates import from_thai_digits

#: Labels that stand once, in the head of the page, with a value.
VALUES = (
    Label.TARGET,
    Label.ACHIEVED,
    Label.KIND,
    Label.RESULT_KIND,
    Label.CODE,
    Label.TITLE,
    Label.AGENCY,
    Label.YEAR,
)
_CODE = re.compile(r"(?<![\d/-])(\d{4}-\d{3,4})(?![\d/-])")
#: A code with the marks around it.
_MARKED_CODE = re.compile(r"\s*[:(\[|]*\s*(\d{4}-\d{3,4})\s*[)\]|:]*\s*")
_ADDRESS = re.compile(r"[?&](?:pid|code|id)=(\d{4}-\d{3,4})(?!\d)", re.IGNORECASE)
_AGENCY = re.compile(r"(?:สำนักงานเขต|สำนัก)[ก-๙ ]{2,40}")
_BE_YEARS = range(2540, 2640)
_KINDS = (("ยุทธศาสตร์", "strategic"), ("งานประจำ", "routine"), ("ประจำ", "routine"))
_RESULT_KINDS = (("ผลผลิต", "output"), ("output", "output"), ("ผลลัพธ์", "outcome"), ("outcome", "outcome"))
_NEGOTIATED = re.compile(r"ตัวชี้วัดเจรจา|เจรจาตกลง")
_SPLIT = re.compile(r"[:：=]")


class Head(NamedTuple):
    """What the head tells; ``None`` for what it does not."""

    code: str | None = None
    title: str | None = None
    agency: str | None = None
    fiscal_year: int | None = None
    unit: str | None = None
    target: Decimal | None = None
    target_text: str = ""
    achieved: Decimal | None = None
    kind: str | None = None
    result_kind: str | None = None
    is_negotiated: bool = False
    evaluated_quarter: int | None = None
    evaluated_score: Decimal | None = None
    numbers: tuple[tuple[str, str], ...] = ()


def read(text: str, lines: Sequence[Line], first: int) -> Head:
    """The head from its lines; what lies before the ``first`` label with a value is title and code."""
    given = _given(lines)
    target_unit, target = _amount(given.get(Label.TARGET, ""))
    achieved_unit, achieved = _amount(given.get(Label.ACHIEVED, ""))
    above = [line.text for line in lines[:first] if not (_says_nothing(line) or line.label in VALUES)]
    code, title, agency = _above(above)
    number, score = _evaluated(lines)
    type_text = even(" ".join(given.get(label, "") for label in (Label.KIND, Label.RESULT_KIND)))
    title = given.get(Label.TITLE) or _unnamed(title)
    return Head(
        code=_code(given.get(Label.CODE, "")) or code or _at_address(text),
        title=title,
        agency=given.get(Label.AGENCY) or agency,
        fiscal_year=_year(given.get(Label.YEAR, "")),
        unit=target_unit or achieved_unit or None,
        target=number_of(target),
        target_text="" if written(target.removesuffix(target_unit)) else target,
        achieved=number_of(achieved),
        kind=_word(even(given.get(Label.KIND, "")), _KINDS),
        result_kind=_word(type_text, _RESULT_KINDS),
        is_negotiated=_NEGOTIATED.search(f"{title} {type_text}") is not None,
        evaluated_quarter=number,
        evaluated_score=score,
        numbers=tuple(
            (name, one)
            for name, one in (("target", target), ("achieved", achieved))
            if is_strange(one) and (written(one) or name == "achieved")
        ),
    )


def _given(lines: Sequence[Line]) -> dict[Label, str]:
    """The value of every label: behind it, or alone in the line below."""
    found: dict[Label, str] = {}
    for at, line in enumerate(lines):
        if line.label not in VALUES or line.label in found:
            continue
        value = line.found.parts["year"] if line.found and line.label is Label.YEAR else line.rest
        if not value.strip(" :"):
            value = _below(lines[at + 1 :], is_number=line.label in (Label.TARGET, Label.ACHIEVED))
        found[line.label] = value.strip()
    return found


def _below(lines: Sequence[Line], *, is_number: bool) -> str:
    """The value in the line below, or in lines below, where unit, colon and number have one each."""
    parts: list[str] = []
    for line in [one for one in lines if one.text][: 3 if is_number else 1]:
        if line.label is not None:
            break
        parts.append(line.text)
        if re.search(r"\d", line.plain):
            break
    return " ".join(parts)


def _amount(value: str) -> tuple[str, str]:
    """The unit and what stands for the number: ``ร้อยละ : 100``, ``ร้อยละ 100``, ``: 5 ระดับ``."""
    before, mark, after = _halves(value)
    if mark:
        unit = before.strip(" *:|")
        return unit or _unit_behind(after), after.strip(" *")
    place = re.search(r"[\d๐-๙]", value)
    if place is None:
        return "", value.strip(" :")
    return value[: place.start()].strip(" *:|") or _unit_behind(value), value[place.start() :].strip()


def _halves(value: str) -> tuple[str, str, str]:
    found = _SPLIT.search(value)
    return (value[: found.start()], found[0], value[found.end() :]) if found else (value, "", "")


def _unit_behind(value: str) -> str:
    found = re.match(r"[\s*]*[\d๐-๙.,]+\s*([^\d๐-๙\s().,:][^\d๐-๙()]{0,30})", value)
    return found[1].strip(" *:%") if found else ""


def _above(lines: Sequence[str]) -> tuple[str | None, str | None, str | None]:
    """Code, title and agency from the lines above the first value."""
    code = title = agency = None
    rest: list[str] = []
    for line in lines:
        if code is None and (found := _CODE.search(even(line))):
            code = found[1]
            title = _without(line, code) or (rest[-1] if rest else None)
        elif agency is None and _AGENCY.fullmatch(line):
            agency = line
        else:
            rest.append(line)
    return code, title or (rest[-1] if rest else None), agency


def _without(line: str, code: str) -> str:
    """The title beside its code, without the marks between the two."""
    plain = line if code in line else from_thai_digits(line)
    left = _MARKED_CODE.sub(lambda found: " " if found[1] == code else found[0], plain)
    return re.sub(r"^(?:รหัส\S*|ตัวชี้วัด(?:ที่)?)\s*:?\s*$", "", left.strip(" :|*#")).strip()


def _unnamed(title: str | None) -> str | None:
    """The title without the words that say that it is one."""
    return re.sub(r"^ชื่อ(?:ตัวชี้วัด)?\s+", "", title) if title else title


def _says_nothing(line: Line) -> bool:
    return not line.text or line.label is Label.FURNITURE or not re.search(r"[\wก-๙]", line.text)


def _evaluated(lines: Sequence[Line]) -> tuple[int | None, Decimal | None]:
    line = next((one for one in lines if one.label is Label.EVALUATED), None)
    if line is None or line.found is None or "quarter" not in line.found.parts:
        return None, None
    return int(line.found.parts["quarter"]), number_of(line.rest)


def _code(text: str) -> str | None:
    found = _CODE.search(even(text))
    return found[1] if found else None


def _at_address(text: str) -> str | None:
    found = _ADDRESS.search(text)
    return found[1] if found else None


def _year(text: str) -> int | None:
    return int(text) - BE_OFFSET if text.isdigit() and int(text) in _BE_YEARS else None


def _word(text: str, words: Sequence[tuple[str, str]]) -> str | None:
    return next((meaning for word, meaning in words if word in text), None)

"""Reads the text of an indicator's page of the existing site: whole, or with most of its headings lost.

The page is cut at the labels it has. What lies between two of them belongs to the first; where labels are
lost, the order of the paragraphs tells what they are, and the reading says so.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from engine.pages import heads
from engine.pages.figures import is_strange, or_none, written
from engine.pages.in_place import SURE_VALUES, TEXTS, first_of, table_in_place
from engine.pages.labels import Label, Line, label_of
from engine.pages.paragraphs import parted, without_texts
from engine.pages.plan import MOST, plan_at_end, plan_line
from engine.pages.table import Table, is_stacked, row_of, table_of
from engine.pages.text import even, lines_of
from engine.pages.values import Form, PlanLine, ReadPage, ReadQuarter

_TABLE_HEAD = re.compile(
    r"[\s*(|]*(?:ไตรมาส(?:ที่)?|1\s*-\s*4|ผลงาน|ผลประเมิน\S*|คะแนน\S*|ร้อยละ|2\.1\s*/\s*2\.2)[\s*)|]*"
)
_QUARTERS = 4


class _Cuts(NamedTuple):
    """Where the page is cut: its head ends before ``body``, and each report and text begins in its line."""

    first: int
    body: int
    reports: dict[int, int]
    texts: dict[int, Label]

    def sections(self, end: int) -> Iterator[tuple[int, int]]:
        return pairwise([*sorted({*self.reports, *self.texts}), end])


def read_page(text: str) -> ReadPage:
    """What the page tells, and ``None`` for all that it does not."""
    lines = table_in_place(
        [Line(one, plain, label_of(plain)) for one in lines_of(text) for plain in [even(one)]]
    )
    plan = _plan(lines, _headings(lines))
    if plan:
        lines = [line for place, line in enumerate(lines) if place not in plan]
    cuts = _cuts(lines)
    gap = lines[cuts.body : min([*cuts.reports, *cuts.texts], default=len(lines))]
    table = table_of(line.text for line in gap)
    rows = table.rows
    told = _sections(lines, cuts)
    head = heads.read(text, lines[: cuts.body + 1], cuts.first)
    is_whole = (
        bool(rows) or head.code is not None or any(_plainness(lines[at]) >= _SURE for at in cuts.reports)
    )
    reports = _reports(lines, cuts, told, keeps_headings=not is_whole)
    texts = {cuts.texts[at]: told[at] for at in cuts.texts}
    by_order = False
    if not cuts.reports and any(line.label for line in lines):
        reports, found, by_order = _by_order(gap, has_table=bool(rows), has_texts=Label.DEFINITION in texts)
        texts = {**found, **texts}
    if cuts.reports and Label.DEFINITION not in texts:
        _take_texts(reports, texts)
    words = {label: _said(texts.get(label, [])) for label in TEXTS}
    return ReadPage(
        form=Form.WHOLE if is_whole else Form.TEXT_ONLY,
        **(head._asdict() | {"numbers": (*head.numbers, *_strange(gap, table))}),
        quarters=tuple(
            rows.get(number, ReadQuarter(number))._replace(narrative=reports.get(number))
            for number in sorted({*rows, *reports})
        ),
        has_table=bool(rows),
        unread=table.unread,
        twice=table.twice,
        is_several=_several(lines),
        by_order=by_order,
        summary=words[Label.SUMMARY],
        definition=words[Label.DEFINITION],
        method=words[Label.METHOD],
        evidence_asked=words[Label.EVIDENCE],
        plan=tuple(plan.values()),
    )


# --- where it is cut -------------------------------------------------------------------------------------


def _headings(lines: Sequence[Line]) -> dict[int, int]:
    """The lines at which the report of a quarter begins, with its number.

    A report may speak of other quarters at the head of a line. So only the plainest kind of heading that
    the page has is one, and each stands for a later quarter than the one before.
    """
    found = [
        (at, line, _plainness(line))
        for at, line in enumerate(lines)
        if line.label is Label.REPORT and not (_begins_row(lines, at) or row_of(line.plain))
    ]
    empty = _empty_rows(lines)
    plainest = max((how for _, _, how in found), default=0)
    headings: dict[int, int] = {}
    for at, line, how in found:
        number = _number(line)
        if at not in empty and how == plainest and number > max(headings.values(), default=0):
            headings[at] = number
    return headings if _is_course(lines, headings) else {}


def _plainness(line: Line) -> int:
    """How surely a line is the heading of a report."""
    assert line.found is not None
    is_alone = not line.rest
    has_mark = bool(line.found.parts.get("end", "").strip(" *"))
    if re.match(r"[\s*:|#>•·_(\[-]*(?:\d{1,2}[.)])?\s*รายงาน", line.plain):
        return 5 if is_alone or has_mark else 3
    return 4 if is_alone else 2 if has_mark else 1


def _empty_rows(lines: Sequence[Line]) -> set[int]:
    """Quarters alone in their line that are rows without any value: next below a row, and headed again."""
    found: set[int] = set()
    last = {_number(line): at for at, line in enumerate(lines) if line.label is Label.REPORT}
    number = 0
    for at, line in enumerate(lines):
        row = row_of(line.plain)
        if row is None and number and _number(line) == number + 1 and not line.rest and last[number + 1] > at:
            found.add(at)
            number += 1
        else:
            number = row.number if row else 0
    return found


def _number(line: Line) -> int:
    return int(line.found.parts["quarter"]) if line.found and line.label is Label.REPORT else 0


def _begins_row(lines: Sequence[Line], at: int) -> bool:
    """Whether a heading is the quarter of a row whose cells lie below it, each in a line."""
    return not lines[at].rest and is_stacked([line.plain for line in lines[at + 1 : at + 8]])


def _is_course(lines: Sequence[Line], headings: Mapping[int, int]) -> bool:
    """Whether the headings are those of the page, and not the first words of a report without any."""
    return len(headings) > 1 or any(_plainness(lines[at]) >= _SURE for at in headings)


#: From this plainness on a heading is one wherever it stands: it says that it is of a report.
_SURE = 3


#: A line of the plan begins with its mark, or with the name of its floor.
_MAY_BE_PLAN = re.compile(r"[\s*|]*(?::|ด้าน|มิติ|เป้าหมาย|เป้าประสงค์|กลยุทธ)")


#: Before the reports, where values stand too, a line of the plan is marked at both ends or names its floor.
_MARKED = re.compile(r"[\s*|]*:\s*(?:(?:ด้าน|มิติ|เป้าหมาย|เป้าประสงค์|กลยุทธ์)(?:ที่)?\s*\d|\d[^|]*[|%]\s*$)")


def _plan(lines: Sequence[Line], headings: Mapping[int, int]) -> dict[int, PlanLine]:
    """The lines of the plan by their places: marked ones anywhere behind the head, others at the end."""
    texts = [line.text for line in lines]
    from_here = len(lines) - plan_at_end(texts)
    head = next((at for at, line in enumerate(lines) if line.label in heads.VALUES), 0)
    last_report = max(headings, default=-1)
    first_report = min(headings, default=-1)
    under = next(
        (at for at, line in enumerate(lines) if line.label is Label.PLAN and at > last_report), len(lines)
    )
    found: dict[int, PlanLine] = {}
    for at, line in enumerate(lines):
        if at <= head or (line.label and line.label is not Label.TARGET):
            continue
        if at <= last_report and not (at < first_report and _MARKED.match(line.text)):
            continue
        if not (at >= from_here or at > under or _MAY_BE_PLAN.match(line.text) or line.text.endswith("|")):
            continue
        for part in line.text.split("|"):
            marked = (
                f":{part}"
                if at >= from_here or at > under
                else f"{part}|"
                if line.text.endswith("|")
                else part
            )
            one = plan_line(marked) if part.strip() else None
            if one and len(found) < MOST and one.code not in {each.code for each in found.values()}:
                found[at if at not in found else -at - len(found)] = one
    return found


def _cuts(lines: Sequence[Line]) -> _Cuts:
    reports = _headings(lines)
    last = max(reports, default=-1)
    first = next((at for at, line in enumerate(lines) if line.label in heads.VALUES), 0)
    first = min(first_of(lines, SURE_VALUES), default=first)
    evaluated = next((at for at, line in enumerate(lines) if line.label is Label.EVALUATED), None)
    texts: dict[int, Label] = {}
    for at, line in enumerate(lines):
        is_early = at < min(reports, default=0) and line.label is not Label.SUMMARY
        is_text = line.label in TEXTS and line.label not in texts.values()
        if line.label and is_text and at > first and (at > last or is_early):
            texts[at] = line.label
    before = min([*reports, *texts], default=len(lines))
    in_head = [at for at, line in enumerate(lines[:before]) if line.label in (*heads.VALUES, Label.EVALUATED)]
    body = max(in_head, default=-1) + 1
    if evaluated is not None and evaluated < before:
        body = max([evaluated, *first_of(lines[:before], SURE_VALUES)]) + 1
    return _Cuts(first, body, reports, texts)


def _several(lines: Sequence[Line]) -> bool:
    """Whether more than one page lies in the text."""
    labels = [line.label for line in lines]
    return min(labels.count(one) for one in (Label.TARGET, Label.ACHIEVED, Label.EVALUATED)) > 1


#: What stands above all reports, and not at the end of the text before them.
_ABOVE_REPORTS = re.compile(r"(?:[\s*:|]*(?:รายงาน)?(?:ความก้าวหน้า|ผลการดำเนินงาน)[^:\d]{0,40})?")

# --- what lies between the cuts --------------------------------------------------------------------------


def _sections(lines: Sequence[Line], cuts: _Cuts) -> dict[int, list[str]]:
    """The lines of every report and text by the place where it begins."""
    found = {}
    for start, end in cuts.sections(len(lines)):
        rest = lines[start].rest
        within = lines[start + 1 : end]
        while end in cuts.reports and within and _ABOVE_REPORTS.fullmatch(within[-1].plain):
            within = within[:-1]
        found[start] = [*([rest] if rest else []), *(line.text for line in within)]
    return found


def _reports(
    lines: Sequence[Line], cuts: _Cuts, told: dict[int, list[str]], *, keeps_headings: bool
) -> dict[int, str]:
    """The narratives by quarter. What a page without headings has for one, somebody typed into the report."""
    found = {}
    for at, number in cuts.reports.items():
        is_typed = keeps_headings and lines[at].rest
        found[number] = _joined([lines[at].text, *told[at][1:]] if is_typed else told[at])
    return found


def _strange(gap: Sequence[Line], table: Table) -> list[tuple[str, str]]:
    """The results of the table that were written in a way of their own, by quarter."""
    cells = [cell.strip() for line in gap for cell in line.text.split("|") if is_strange(cell)]
    found = {or_none(cell): cell for cell in cells if written(cell)}
    plain = [(f"result{one.number}", found[one.result]) for one in table.rows.values() if one.result in found]
    return plain + [
        (f"result{number}", text)
        for number, text in table.results.items()
        if is_strange(text) and not written(text) and table.rows[number].result is not None
    ]


def _by_order(
    gap: Sequence[Line], *, has_table: bool, has_texts: bool
) -> tuple[dict[int, str], dict[Label, list[str]], bool]:
    """Reports and texts where no heading says which is which."""
    body = [line.text for line in gap if _is_of_body(line, has_table=has_table)]
    if has_texts:
        reports, texts = [one for one in body if one][:_QUARTERS], {}
    else:
        sorted_out = parted(body)
        reports = list(sorted_out.reports)
        texts = {
            label: [one]
            for label, one in (
                (Label.DEFINITION, sorted_out.definition),
                (Label.METHOD, sorted_out.method),
                (Label.EVIDENCE, sorted_out.evidence),
            )
            if one
        }
    return _numbered(reports), texts, bool(reports)


def _numbered(reports: Iterable[str]) -> dict[int, str]:
    """The reports by quarter: each the next one, or a later one that it names in its first words."""
    found: dict[int, str] = {}
    for text in reports:
        head = label_of(even(text.split("\n")[0]))
        named = int(head.parts["quarter"]) if head and head.label is Label.REPORT else 0
        found[max(named, max(found, default=0) + 1)] = text
    return {number: text for number, text in found.items() if number <= _QUARTERS}


def _is_of_body(line: Line, *, has_table: bool) -> bool:
    if line.label in (Label.FURNITURE, Label.TABLE) or _TABLE_HEAD.fullmatch(line.plain):
        return False
    return (
        not has_table
        or not line.text
        or (re.search("[ก-๙a-z]", line.plain) is not None and not row_of(line.plain))
    )


def _joined(lines: Iterable[str]) -> str:
    return "\n".join(lines).strip()


def _said(lines: Iterable[str]) -> str | None:
    """The text, where it is more than a dash."""
    text = _joined(lines)
    return text if text.strip(" -–—._\n") else None


def _take_texts(reports: dict[int, str], texts: dict[Label, list[str]]) -> None:
    """Definition, method and evidence stand behind the last report where their headings are lost."""
    last = max(reports)
    found = without_texts(reports[last])
    reports[last] = found.reports[0]
    for label, one in zip(TEXTS[1:4], found[1:], strict=True):
        if one:
            texts.setdefault(label, [one])

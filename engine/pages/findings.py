"""Looks through a page that was read for what is odd about it.

Nothing here forbids anything. A number on the page may be right although it looks wrong: a person decides,
and until then it is kept as the page says it, but for a 0 that stands for "not reported".
"""

from collections.abc import Iterator

from engine.pages import numbers_found, texts_found
from engine.pages.kinds import Finding, Found
from engine.pages.values import ReadPage


def findings(page: ReadPage, fiscal_year: int | None = None) -> list[Finding]:
    """Everything odd about the page, in the order of its fields; the year tells which days are outside."""
    return [
        *missing(page),
        *numbers_found.findings(page),
        *texts_found.findings(page, fiscal_year or page.fiscal_year),
    ]


_ASKED_FOR: tuple[tuple[Found, str], ...] = (
    (Found.NO_CODE, "code"),
    (Found.NO_TITLE, "title"),
    (Found.NO_UNIT, "unit"),
    (Found.NO_TARGET, "target"),
    (Found.NO_ACHIEVED, "achieved"),
    (Found.NO_KIND, "kind"),
    (Found.NO_TABLE, "quarters"),
    (Found.NO_REPORTS, "narrative"),
    (Found.NO_DEFINITION, "definition"),
    (Found.NO_METHOD, "method"),
    (Found.NO_EVIDENCE, "evidence_asked"),
    (Found.NO_PLAN, "plan"),
)


def missing(page: ReadPage) -> Iterator[Finding]:
    """What the page does not tell."""
    if page.target is None and page.achieved is None and not page.quarters:
        yield Finding(Found.NOT_A_PAGE, "page")
        return
    if page.is_several:
        yield Finding(Found.SEVERAL_PAGES, "page")
    if page.by_order:
        taken = [one.number for one in page.quarters if one.narrative is not None]
        yield Finding(Found.QUARTERS_BY_ORDER, "narrative", 0, {"quarters": taken})
    there = {
        "quarters": page.has_table,
        "narrative": any(one.narrative is not None for one in page.quarters),
        "plan": page.plan,
    }
    for kind, name in _ASKED_FOR:
        value = there[name] if name in there else getattr(page, name)
        if value is None or value is False or value in ("", ()):
            yield Finding(kind, name)

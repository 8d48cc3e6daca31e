"""What a page tells otherwise than what is kept of its indicator, field by field."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple, Protocol

from engine.indicator import Indicator
from engine.pages.kept import TakenReport, Texts
from engine.workflow import Text


class ChangedField(NamedTuple):
    """A field whose value on the page is another; ``is_kept`` where an import writes it.

    Title, unit and target are agreed: a page that tells them otherwise changes nothing.
    """

    field: str
    quarter: int
    before: object
    after: object
    is_kept: bool = True


class Telling(Protocol):
    """What of a page can be told apart."""

    @property
    def texts(self) -> Texts: ...
    @property
    def reports(self) -> tuple[TakenReport, ...]: ...


def changes(
    indicator: Indicator, texts: Texts, title: Text, unit: str, target: Decimal | None, told: Telling
) -> list[ChangedField]:
    """Every field that is told otherwise."""
    agreed = (
        ("title", indicator.title.th, title.th),
        ("unit", indicator.unit, unit),
        ("target", indicator.target, target),
    )
    return [
        *(ChangedField(name, 0, old, new, is_kept=False) for name, old, new in agreed if old != new),
        *_of_texts(texts, told.texts),
        *(field for one in told.reports for field in _of_report(indicator, one)),
    ]


def _of_texts(before: Texts, after: Texts) -> Iterator[ChangedField]:
    for name in ("kind", "result_kind", "definition", "method", "evidence_asked"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield ChangedField(name, 0, old, new)
    old, new = _place(before), _place(after)
    if old != new:
        yield ChangedField("plan", 0, old, new)


def _place(texts: Texts) -> str | None:
    """The code of the deepest place of the plan that is told."""
    return max((line.code for line in texts.plan), key=len, default=None)


def _of_report(indicator: Indicator, one: TakenReport) -> Iterator[ChangedField]:
    there = indicator.reports.get(one.quarter)
    given = there.evaluation if there else None
    for name, old, new in (
        ("narrative", there.narrative if there else "", one.narrative.strip()),
        ("result", there.self_reported if there else None, one.self_reported),
        ("quality", given.quality if given else None, one.quality),
        ("timeliness", given.timeliness if given else None, one.timeliness),
    ):
        if old != new:
            yield ChangedField(name, one.quarter, old, new)

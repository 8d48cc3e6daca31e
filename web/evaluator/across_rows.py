"""How the rows of one milestone across agencies are shown: facts, documents, what lacks, what can be done."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from starlette.requests import Request

from engine.indicator import MilestoneState, Ruling
from engine.quarter import BE_OFFSET, FiscalYear, Quarter
from engine.workflow import MilestoneDefinition, Workflow
from storage.evidence import Use
from storage.review import Across
from web.coordinator.scene import Counter, path_of
from web.coordinator.views import Tag, state_tag
from web.evaluator.waiting import address_of
from web.evidence_list import Holder, flags_of

#: What can be done to a milestone in that state.
_CAN: Mapping[str, tuple[str, ...]] = {
    MilestoneState.ACHIEVED: ("verify", "return"),
    MilestoneState.VERIFIED: ("return",),
}


class Where(NamedTuple):
    """Which milestone, of which workflow and year, and which part of the list; ``state`` ``None`` for all."""

    year: FiscalYear
    workflow: str
    definition: Workflow
    milestone: MilestoneDefinition
    state: str | None
    page: int


class Row(NamedTuple):
    """An agency's milestone as the list shows it; of what cannot be touched ``can`` is empty."""

    indicator: int
    version: int
    agency: str
    code: str
    href: str
    tag: Tag
    since: str
    facts: list[str]
    evidence: list[tuple[str, str, list[str]]]
    lacking: list[str]
    judged: str
    can: tuple[str, ...]


class Look:
    """From an agency's milestone to what is shown of it."""

    def __init__(self, counter: Counter, request: Request, where: Where) -> None:
        self._root = counter.site.root
        self._day_of = counter.site.store.policy.day_of
        self._wording = counter.wording(request)
        self._reader = request.state.visit.person
        self._where = where
        self._today = counter.site.today()

    def address(self, milestone: str = "", show: str | None = None, page: int = 0) -> str:
        """This page, with what differs."""
        where = self._where
        shown = show if show is not None else "all" if where.state is None else ""
        more: dict[str, object] = {"show": shown} if shown else {}
        if (page or where.page) > 1:
            more["page"] = page or where.page
        return self._root + address_of(
            where.year.year, where.workflow, milestone or where.milestone.key, **more
        )

    def place(self, code: str) -> str:
        """Where an agency's milestone has its own page."""
        year = self._where.year.year + BE_OFFSET
        return f"{self._root}{path_of(year, code)}/milestones/{self._where.milestone.key}"

    def row(self, one: Across, workflow: Workflow, uses: Mapping[str, list[Use]]) -> Row:
        wording = self._wording
        definition = workflow.milestone(self._where.milestone.key) or self._where.milestone
        base = self._root + path_of(self._where.year.year + BE_OFFSET, one.code)
        return Row(
            one.indicator,
            one.version,
            wording.value(one.agency),
            one.code,
            self.place(one.code),
            state_tag(one.state, wording),
            wording.value(self._day_of(one.since)) if one.since else "",
            [self._fact(fact, definition) for fact in one.facts],
            [
                (
                    each.file_name or each.link,
                    each.link or f"{base}/evidence/{each.number}",
                    list(self._flags(one, workflow, each.number, uses.get(each.sha256, []))),
                )
                for each in one.evidence
            ],
            list(self._lacking(one, definition)),
            self._judged(one),
            _CAN.get(one.state, ()),
        )

    def _flags(self, one: Across, workflow: Workflow, number: int, uses: list[Use]) -> Iterator[str]:
        """Where else the file serves: in another district, or in another year."""
        for own in uses:
            if (own.indicator, own.number) == (one.indicator, number):
                holder = Holder(one.indicator, own.agency, own.fiscal_year, workflow)
                yield from flags_of(holder, number, uses, self._reader, self._wording)

    def _fact(self, fact: Any, definition: MilestoneDefinition) -> str:
        """When it took place, what it was, and the number of its document, in a line."""
        wording = self._wording
        kind = definition.kind(fact.kind)
        value: Decimal | None = fact.value
        if fact.occurred_on is not None:
            day = wording.value(fact.occurred_on)
        else:
            quarter = Quarter(self._where.year.year, fact.quarter)
            day = wording.say("page.undated_in", quarter=quarter, counts_on=fact.counts_on)
        parts = [
            day,
            wording.value(kind.title) if kind and len(definition.kinds) > 1 else "",
            wording.value(value) if value is not None else "",
            fact.document_number or "",
            fact.note,
            wording.say("page.planned") if fact.planned else "",
        ]
        return " · ".join(part for part in parts if part)

    def _lacking(self, one: Across, definition: MilestoneDefinition) -> Iterator[str]:
        """The documents that must be there and are not, or do not hold any more."""
        holds = {
            each.request for each in one.evidence if each.expires_on is None or each.expires_on >= self._today
        }
        for asked in definition.required_evidence:
            if asked.key not in holds:
                yield self._wording.value(asked.title)

    def _judged(self, one: Across) -> str:
        """What was decided last on it, if that was a return."""
        if one.judged is None or one.judged.ruling != Ruling.RETURNED:
            return ""
        day = self._day_of(one.judged.decided_at)
        return self._wording.say("review.returned_before", day=day, reason=one.judged.reason)

"""From a page that was read to what is kept of it: what is asked for, chosen and proposed.

Nothing is guessed silently. What the page does not tell comes from whoever imports it, else from what the
city knows; and where neither does, the page cannot be kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from engine.nearest import nearest
from engine.pages.choosing import Choice, choose
from engine.pages.findings import findings
from engine.pages.kept import TakenReport, Texts
from engine.pages.kinds import Finding, Found, Weight
from engine.pages.reading import read_page
from engine.pages.text import LONGEST, is_text
from engine.pages.values import Form, ReadPage, ReadQuarter
from engine.quarter import FiscalYear
from engine.scores import as_evaluated
from engine.workflow import Text, Workflow


class KnownAgency(NamedTuple):
    """An agency that a page may be of: of the database, or of the city's own list."""

    code: str | None
    name: Text
    kind: str
    id: int | None = None


class Given(NamedTuple):
    """What whoever imports a page says of it; ``None`` leaves it to the page.

    ``zero_as_is`` keeps a 0 although it seems to stand for "not reported"; ``code_of_file`` is the
    code that the file is called, for a page that does not tell its own.
    """

    code: str | None = None
    fiscal_year: FiscalYear | None = None
    agency: str | None = None
    workflow: str | None = None
    title: str | None = None
    encoding: str | None = None
    zero_as_is: bool = False
    code_of_file: str | None = None


class City(NamedTuple):
    """What the city knows: the newest version of every workflow, and its agencies, those it has first.

    ``registered`` are the hashes of the definitions that are kept already.
    """

    workflows: Sequence[Workflow]
    agencies: Sequence[KnownAgency]
    registered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A page made ready to be kept; what is ``None`` is told by a fatal finding."""

    page: ReadPage
    findings: tuple[Finding, ...]
    code: str | None
    fiscal_year: FiscalYear | None
    agency: KnownAgency | None
    workflow: Workflow | None
    title: str

    @property
    def fatal(self) -> list[Finding]:
        """Why it cannot be kept."""
        return [one for one in self.findings if one.weight is Weight.FATAL]

    @property
    def reports(self) -> tuple[TakenReport, ...]:
        """What is kept of each quarter of which the page tells anything, as the findings propose."""
        taken = (self._report(one) for one in self.page.quarters)
        return tuple(one for one in taken if one.narrative or one.self_reported is not None or _judged(one))

    @property
    def texts(self) -> Texts:
        page = self.page
        return Texts(
            page.kind, page.result_kind, page.definition, page.method, page.evidence_asked, page.plan
        )

    def _report(self, quarter: ReadQuarter) -> TakenReport:
        result = quarter.result
        for one in self.findings:
            if one.quarter == quarter.number and "result" in one.proposed:
                result = one.proposed["result"]
        if result is None and not self.page.has_table and quarter == _last_told(self.page):
            result = self.page.achieved
        scores = as_evaluated(_whole(quarter.quality), _whole(quarter.timeliness))
        return TakenReport(quarter.number, quarter.narrative or "", result, *scores)


def prepare(text: str, given: Given, city: City) -> Prepared:
    """Read the page, look through it, and decide what is kept of it."""
    if unfit := _unfit(text):
        return Prepared(ReadPage(Form.TEXT_ONLY), (unfit,), None, None, None, None, "")
    page = read_page(text)
    year = given.fiscal_year or (FiscalYear(page.fiscal_year) if page.fiscal_year else None)
    code = given.code or page.code or given.code_of_file
    odd = [
        _settled(one, given)
        for one in findings(page, year.year if year else None)
        if not (one.kind is Found.NO_CODE and code) and not (one.kind is Found.NO_TITLE and given.title)
    ]
    if any(one.kind is Found.NOT_A_PAGE for one in odd):  # nothing else that is found in it says anything
        return Prepared(page, (odd[0],), code, year, None, None, "")
    agency, of_agency = _agency(given, page, code, city.agencies)
    workflow, of_workflow = _workflow(given, page, odd, city.workflows, year)
    title = given.title or page.title or (workflow.title.th if workflow else "")
    besides = [*_of_given(given, page, year), *of_agency, *of_workflow]
    if not (given.title or page.title) and workflow is not None:
        besides.append(Finding(Found.TITLE_OF_WORKFLOW, "title", 0, {"title": workflow.title}))
    return Prepared(page, (*odd, *besides), code, year, agency, workflow, title)


def _unfit(text: str) -> Finding | None:
    """Why this is not read at all."""
    if len(text) > LONGEST:
        return Finding(Found.TOO_LONG, "page", 0, {"length": len(text), "most": LONGEST})
    return None if is_text(text) else Finding(Found.NOT_TEXT, "page")


def _settled(found: Finding, given: Given) -> Finding:
    """The finding without what it proposes, where the page is to be kept as it is."""
    return found._replace(proposed={}) if given.zero_as_is else found


def _of_given(given: Given, page: ReadPage, year: FiscalYear | None) -> Iterator[Finding]:
    if given.encoding:
        yield Finding(Found.OTHER_ENCODING, "page", 0, {"encoding": given.encoding})
    if given.code_of_file and not given.code and not page.code:
        yield Finding(Found.CODE_OF_FILE, "code", 0, {"code": given.code_of_file})
    if given.code and page.code and given.code != page.code:
        yield Finding(Found.CODE_DIFFERS, "code", 0, {"given": given.code, "page": page.code})
    if year is None:
        yield Finding(Found.NO_YEAR, "fiscal_year")
    elif page.fiscal_year and year.year != page.fiscal_year:
        yield Finding(
            Found.YEAR_DIFFERS, "fiscal_year", 0, {"given": year, "page": FiscalYear(page.fiscal_year)}
        )


def _agency(
    given: Given, page: ReadPage, code: str | None, agencies: Sequence[KnownAgency]
) -> tuple[KnownAgency | None, list[Finding]]:
    """Whose indicator it is: as given, as the page says, or by the first part of its code."""
    for name in filter(None, (given.agency, page.agency)):
        known = _named(name, agencies)
        if known is not None:
            prefix = code.partition("-")[0] if code else None
            return known if known.code else known._replace(code=_free(prefix, agencies)), []
        if name == given.agency:
            params = {"given": name, "nearest": nearest(name, _names(agencies))}
            return None, [Finding(Found.AGENCY_UNKNOWN, "agency", 0, params)]
    if code is None:
        return None, []
    prefix = code.partition("-")[0]
    for one in agencies:
        if one.code == prefix:
            return one, [Finding(Found.AGENCY_BY_CODE, "agency", 0, {"code": prefix, "name": one.name})]
    return None, [Finding(Found.NO_AGENCY, "agency", 0, {"code": prefix})]


def _named(name: str, agencies: Iterable[KnownAgency]) -> KnownAgency | None:
    """The agency of that name or code; of a name with more words around it, such as its code in brackets."""
    wanted, every = name.strip(), list(agencies)
    for one in every:
        if wanted in (one.code, one.name.th, one.name.en):
            return one
    inside = [one for one in every if one.name.th in wanted]
    return max(inside, key=lambda one: len(one.name.th), default=None)


def _names(agencies: Iterable[KnownAgency]) -> list[str]:
    return [name for one in agencies for name in (one.code, one.name.th, one.name.en) if name]


def _free(code: str | None, agencies: Iterable[KnownAgency]) -> str | None:
    """The code for an agency whose own is not known, where no other one has it."""
    return None if any(one.code == code for one in agencies) else code


def _workflow(
    given: Given,
    page: ReadPage,
    odd: Sequence[Finding],
    workflows: Sequence[Workflow],
    year: FiscalYear | None,
) -> tuple[Workflow | None, list[Finding]]:
    if given.workflow is not None:
        keys = {one.key: one for one in workflows}
        if given.workflow in keys:
            return keys[given.workflow], []
        params = {"given": given.workflow, "nearest": nearest(given.workflow, keys)}
        return None, [Finding(Found.WORKFLOW_UNKNOWN, "workflow", 0, params)]
    choice = choose(page, [one.kind for one in odd], workflows, year)
    return choice.workflow, [_of_choice(choice)]


def _of_choice(choice: Choice) -> Finding:
    keys = [one.key for one in choice.candidates]
    if choice.workflow is None:
        return Finding(Found.WORKFLOW_UNCLEAR, "workflow", 0, {"candidates": keys})
    others = [key for key in keys if key != choice.workflow.key]
    params = {"workflow": choice.workflow.title, "words": choice.words, "others": others}
    return Finding(Found.WORKFLOW_CHOSEN, "workflow", 0, params)


def _last_told(page: ReadPage) -> ReadQuarter | None:
    """The last quarter that has a report: without a table the year's result is its result."""
    told = [one for one in page.quarters if not one.says_nothing]
    return told[-1] if told else None


def _judged(report: TakenReport) -> bool:
    return report.quality is not None or report.timeliness is not None


def _whole(score: Decimal | None) -> int | None:
    """A score as the pair 2.1 / 2.2 keeps it; one with a fraction, or out of a hundred, is none of ours."""
    if score is None or score != int(score) or not 0 <= score <= 100:
        return None
    return int(score)

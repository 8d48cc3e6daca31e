"""What can be found odd about a page: the kinds of findings, and what each asks of its reader."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple


class Weight(StrEnum):
    """What a finding asks of whoever reads it."""

    NOTE = "note"  # how something was read, or what the page says of itself: nothing to do
    DOUBT = "doubt"  # somebody should look whether this is right
    MISSING = "missing"  # the page does not tell it: it is asked for, or left unknown
    FATAL = "fatal"  # without it the page cannot be kept


class Found(StrEnum):
    """The kinds of findings; each has its sentence and its advice in ``locale``."""

    # what is not there
    NOT_A_PAGE = "not_a_page"
    NOT_TEXT = "not_text"
    SEVERAL_PAGES = "several_pages"
    NO_CODE = "no_code"
    NO_TITLE = "no_title"
    NO_UNIT = "no_unit"
    NO_TARGET = "no_target"
    NO_ACHIEVED = "no_achieved"
    NO_KIND = "no_kind"
    NO_TABLE = "no_table"
    NO_REPORTS = "no_reports"
    NO_DEFINITION = "no_definition"
    NO_METHOD = "no_method"
    NO_EVIDENCE = "no_evidence"
    NO_PLAN = "no_plan"
    NARRATIVE_MISSING = "narrative_missing"
    # what is given or known besides the page
    TOO_LONG = "too_long"
    OTHER_ENCODING = "other_encoding"
    NO_YEAR = "no_year"
    YEAR_DIFFERS = "year_differs"
    CODE_DIFFERS = "code_differs"
    CODE_OF_FILE = "code_of_file"
    NO_AGENCY = "no_agency"
    AGENCY_UNKNOWN = "agency_unknown"
    AGENCY_BY_CODE = "agency_by_code"
    TITLE_OF_WORKFLOW = "title_of_workflow"
    WORKFLOW_CHOSEN = "workflow_chosen"
    WORKFLOW_UNCLEAR = "workflow_unclear"
    WORKFLOW_UNKNOWN = "workflow_unknown"
    # how it was read
    QUARTERS_BY_ORDER = "quarters_by_order"
    NUMBER_AS_WRITTEN = "number_as_written"
    CELL_UNREAD = "cell_unread"
    COLUMNS_UNREAD = "columns_unread"
    ROW_TWICE = "row_twice"
    TARGET_HAS_WORDS = "target_has_words"
    THAI_DIGITS = "thai_digits"
    MIXED_DIGITS = "mixed_digits"
    SLIPS = "slips"
    PLAN_CUT = "plan_cut"
    # numbers
    ZERO_UNREPORTED = "zero_unreported"
    ACHIEVED_ZERO = "achieved_zero"
    ACHIEVED_DIFFERS = "achieved_differs"
    TARGET_ZERO = "target_zero"
    WEIGHT_AS_TARGET = "weight_as_target"
    PERCENT_IN_LEVEL = "percent_in_level"
    STEPS_IN_PERCENT = "steps_in_percent"
    SCALE_SWITCHED = "scale_switched"
    OVER_TARGET = "over_target"
    PERCENT_OVER_100 = "percent_over_100"
    RESULT_FELL = "result_fell"
    FULL_AT_ONCE = "full_at_once"
    NEVER_EVALUATED = "never_evaluated"
    SCORE_DIFFERS = "score_differs"
    SCORE_OUT_OF_RANGE = "score_out_of_range"
    # unit, title, method
    UNIT_ODD = "unit_odd"
    UNIT_HAS_WORDS = "unit_has_words"
    TITLE_OTHER_UNIT = "title_other_unit"
    TITLE_OTHER_YEAR = "title_other_year"
    TITLE_MARKS = "title_marks"
    TWO_IN_ONE = "two_in_one"
    LESS_IS_BETTER = "less_is_better"
    METHOD_COUNTS = "method_counts"
    # narratives
    DASH_AS_REPORT = "dash_as_report"
    SAID_BEFORE = "said_before"
    CONTRADICTS = "contradicts"
    DAY_OUTSIDE_QUARTER = "day_outside_quarter"
    SEVERAL_QUARTERS = "several_quarters"
    DAYS_OF_OTHER_YEAR = "days_of_other_year"
    HEADING_INSIDE = "heading_inside"
    DATES_MIXED = "dates_mixed"
    CANCELLED = "cancelled"


#: What a kind asks for, where that is not a doubt.
_WEIGHTS: Mapping[Found, Weight] = {
    **{kind: Weight.MISSING for kind in Found if kind.startswith("no_")},
    Found.NARRATIVE_MISSING: Weight.MISSING,
    **dict.fromkeys(
        (
            Found.NOT_A_PAGE,
            Found.NOT_TEXT,
            Found.SEVERAL_PAGES,
            Found.TOO_LONG,
            Found.NO_CODE,
            Found.NO_YEAR,
            Found.NO_AGENCY,
            Found.AGENCY_UNKNOWN,
            Found.WORKFLOW_UNCLEAR,
            Found.WORKFLOW_UNKNOWN,
        ),
        Weight.FATAL,
    ),
    **dict.fromkeys(
        (
            Found.OTHER_ENCODING,
            Found.AGENCY_BY_CODE,
            Found.CODE_OF_FILE,
            Found.TITLE_OF_WORKFLOW,
            Found.WORKFLOW_CHOSEN,
            Found.QUARTERS_BY_ORDER,
            Found.NUMBER_AS_WRITTEN,
            Found.COLUMNS_UNREAD,
            Found.THAI_DIGITS,
            Found.SLIPS,
            Found.TITLE_MARKS,
            Found.HEADING_INSIDE,
            Found.NEVER_EVALUATED,
            Found.FULL_AT_ONCE,
            Found.CANCELLED,
            Found.LESS_IS_BETTER,
        ),
        Weight.NOTE,
    ),
}


class Finding(NamedTuple):
    """One thing found: its kind, the field and quarter it is about (0 for none), and its particulars.

    ``proposed`` is what to keep instead of what the page says, where there is something to propose:
    ``{"result": None}`` for a result that was not reported.
    """

    kind: Found
    field: str
    quarter: int = 0
    params: Mapping[str, Any] = {}
    proposed: Mapping[str, Any] = {}

    @property
    def weight(self) -> Weight:
        return _WEIGHTS.get(self.kind, Weight.DOUBT)

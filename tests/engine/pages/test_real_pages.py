"""The pages of the 99 indicators that were seen: read whole, and what is found odd about each."""

from decimal import Decimal

import pytest

from engine.pages.findings import findings
from engine.pages.reading import read_page
from engine.pages.values import Form, ReadPage
from engine.quarter import BE_OFFSET
from tests.pages import DEFINITION, EVIDENCE, ROWS, Row, method_of, narratives, text_only, whole

#: What stands for each flag; any one of several.
FLAGS: dict[str, set[str]] = {
    "achieved_over_target": {"over_target"},
    "achieved_far_over_target": {"over_target", "weight_as_target"},
    "title_says_level_unit_is_percent": {"title_other_unit"},
    "title_says_percent_unit_is_level": {"title_other_unit"},
    "title_says_percent_unit_is_count": {"title_other_unit"},
    "identical_narrative_repeated": {"said_before"},
    "event_date_outside_quarter": {"day_outside_quarter"},
    "result_decreases": {"result_fell"},
    "weight_as_target": {"weight_as_target"},
    "weight_or_steps_as_target": {"weight_as_target"},
    "dash_only_quarter": {"dash_as_report"},
    "percent_over_100": {"percent_over_100"},
    "level_unit_percent_entered": {"percent_in_level"},
    "scale_switch_between_quarters": {"scale_switched"},
    "thai_digits": {"thai_digits"},
    "mixed_thai_arabic_digits_in_one_number": {"mixed_digits"},
    "type_blank": {"no_kind"},
    "target_zero": {"target_zero"},
    "narrative_contradicts_result": {"contradicts"},
    "narrative_score_13.53_vs_67.65": {"contradicts"},
    "two_indicators_in_one": {"two_in_one"},
    "thanthakhat_phinthu_noise": {"slips"},
    "double_sara_e_typo_เเ": {"slips"},
    "typo_สำเร้จ": {"slips"},
    "odd_unit": {"unit_odd"},
    "unit_contains_grade_word": {"unit_odd"},
    "unit_blank": {"no_unit"},
    "title_starts_with_dash": {"title_marks"},
    "q4_zero_after_full_q3": {"zero_unreported"},
    "q4_zero": {"zero_unreported"},
    "never_evaluated": {"never_evaluated"},
    "unit_level_but_formula_counts_networks": {"method_counts"},
    "title_missing_in_text": {"no_title"},
    "quarter_table_missing_in_text": {"no_table"},
    "target5_achieved0": {"achieved_zero"},
    "full_level_in_q1": {"full_at_once"},
    "steps_entered_1_2_3_4": {"steps_in_percent"},
    "title_year_differs_from_fiscal_year": {"title_other_year"},
    "cancelled_by_committee": {"cancelled"},
    "achieved_not_any_final_value": {"achieved_differs"},
    "achieved_stale_vs_quarter": {"achieved_differs"},
    "thousands_comma_in_number": {"number_as_written"},
    "lower_is_better": {"less_is_better"},
    "empty_quarter_with_result": {"narrative_missing"},
    "empty_quarter_with_score": {"narrative_missing"},
    "several_quarters_in_one_text": {"several_quarters"},
    "narrative_repeats_quarter_heading": {"heading_inside"},
    "mixed_calendar_and_order": {"dates_mixed"},
}
#: What was noticed there and no text of a page can tell.
UNSEEN = {
    "score_100_though_target_missed": "the pair judges the report and not what was achieved",
    "header_3_decimals_table_2": "4.212 and 4.21 are one number, rounded in the table",
    "two_percents_in_title": "a condition in the title is no second indicator",
    "unit_trailing_space": "blanks around a value are taken off",
    "no_space_after_number_prefix": "blanks between list marks and words mean nothing",
    "typo_ลขรหัส": "a letter that is missing in a word is left to its reader",
    "annual_equals_q1_average": "the numbers are in the prose of the first quarter alone",
    "no_detail_from_responsible_officer": "who supplied nothing is told in free words",
    "rai_ngan_wa_triples": "areas in rai, ngan and wa are left as they are written",
    "monthly_figures_in_prose": "a table by month in prose says nothing odd",
    "result_is_activity_count_or_percent": "what the number counts is told nowhere",
    "annual_increment_of_multi_year": "that the work runs over years is told nowhere",
    "cumulative_multi_year_percent": "that the work runs over years is told nowhere",
    "year_ambiguous": "the page carries no year: it is given, and days of other years are references",
}
#: What is found besides, as DOMAIN asks for it, where the flags name it only sometimes or by its cause.
BESIDES = {
    "zero_unreported": "a 0 after a result is on 26 pages, and flagged on three",
    "never_evaluated": "0/0 in every quarter",
    "achieved_zero": "0 for the year may mean that nothing was reported",
    "full_at_once": "the target reached in the first quarter and held",
    "quarters_by_order": "how a page without headings was read",
    "number_as_written": "a number with a comma, or in Thai digits",
    "unit_has_words": "ลดลงร้อยละ is more than a unit",
    "no_title": "the title was not seen",
    "no_table": "the table was not seen",
    "no_code": "the code stands in the title's line, which text alone has lost",
}
#: The same for one page.
OWN = {
    ("5012-0884", "result_fell"): "100 and then 4.71: the scale was switched, and so it fell",
    ("5034-0873", "achieved_differs"): "0 for the year after a 1",
    ("5024-0897", "thai_digits"): "the mixed number has Thai digits",
    ("1900-0755", "day_outside_quarter"): "15 May is told under the first two quarters",
    ("1800-847", "day_outside_quarter"): "21 March is told under the third quarter",
    ("0411-0760", "day_outside_quarter"): "what is told once more has the days of the quarter before",
    ("1800-847", "over_target"): "89.1 of 88.85",
    ("1700-944", "achieved_differs"): "0 for the year after 50",
    ("1700-0876", "score_differs"): "the score of the quarter is not its 2.1",
    ("1900-6516", "score_differs"): "the score of the quarter is not its 2.1",
    ("1900-6527", "score_differs"): "the score of the quarter is not its 2.1",
}


def _year(row: Row) -> int | None:
    return row["fiscal_year_be"] - BE_OFFSET if row["fiscal_year_be"] else None


def _exact(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _kinds(page: ReadPage, row: Row) -> set[str]:
    return {str(one.kind) for one in findings(page, _year(row))}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_page_whole_is_read_as_it_was_written(row: Row) -> None:
    page = read_page(whole(row))
    assert (page.form, page.code) == (Form.WHOLE, row["code"])
    assert (page.title or "").removeprefix("- ") == (row["title"] or "")
    told = [tuple(map(_exact, values)) for _, *values in row["quarters"]]
    assert [tuple(page.quarter(number)[1:5]) for number, *_ in row["quarters"]] == told
    _same_as(page, row)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_page_of_text_alone_is_read_as_far_as_it_goes(row: Row) -> None:
    page = read_page(text_only(row))
    assert (page.form, page.code, page.title, page.has_table) == (Form.TEXT_ONLY, None, None, False)
    _same_as(page, row)


def _same_as(page: ReadPage, row: Row) -> None:
    assert (page.unit, page.target, page.achieved) == (
        (row["unit"] or "").strip() or None,
        _exact(row["target"]),
        _exact(row["achieved"]),
    )
    assert (page.kind, page.result_kind) == (row["kind"], row["result_kind"])
    assert (page.evaluated_quarter, page.evaluated_score) == (
        row["evaluated_quarter"],
        _exact(row["evaluated_score"]),
    )
    assert (page.definition, page.method, page.evidence_asked) == (
        DEFINITION,
        method_of(row),
        EVIDENCE,
    )
    assert [line.code for line in page.plan] == ["1", "1.2", "1.2.1", "1.2.1.1"]
    empty = "" if page.form is Form.WHOLE else "-"
    told = {number: text or empty for number, text in narratives(row).items()}
    assert {one.number: one.narrative for one in page.quarters} == told


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["code"])
def test_findings_of_a_page_are_its_flags(row: Row) -> None:
    made = whole(row) if row["title"] or row["quarters"] else text_only(row)
    found = _kinds(read_page(made), row)
    wanted = [FLAGS[flag] for flag in row["flags"] if flag not in UNSEEN]
    assert [kinds for kinds in wanted if not kinds & found] == []
    besides = found - set().union(*wanted) - set(BESIDES)
    assert {kind for kind in besides if (row["code"], kind) not in OWN} == set()


def test_flags_are_all_accounted_for() -> None:
    flags = {flag for row in ROWS for flag in row["flags"]}
    assert flags == {*FLAGS, *UNSEEN} & flags
    assert not set(FLAGS) & set(UNSEEN)

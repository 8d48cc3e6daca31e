"""Days as people write them, in Buddhist and Common Era, with Thai digits and all their short cuts."""

import json
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.thai_dates import (
    MONTH_PATTERN,
    MONTHS,
    WEEKDAYS,
    DateFault,
    DateProblem,
    Era,
    Span,
    Style,
    format_day,
    from_thai_digits,
    month_named,
    parse_be_year,
    parse_day,
    to_thai_digits,
    weekday_named,
)

CASES = json.loads((Path(__file__).parents[1] / "data" / "thai_dates.json").read_text(encoding="utf-8"))
FIRST, LAST = date(2500 - 543, 1, 1), date(2700 - 543, 12, 31)
EVERY_DAY = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]

THAI_MONTHS = (
    "มกราคม",
    "กุมภาพันธ์",
    "มีนาคม",
    "เมษายน",
    "พฤษภาคม",
    "มิถุนายน",
    "กรกฎาคม",
    "สิงหาคม",
    "กันยายน",
    "ตุลาคม",
    "พฤศจิกายน",
    "ธันวาคม",
)


def problem_of(text: str) -> DateProblem:
    with pytest.raises(DateProblem) as caught:
        parse_day(text)
    return caught.value


def said(text: str) -> dict[str, object]:
    """What is said of a text that is refused, without the text itself."""
    problem = problem_of(text)
    assert problem.params["text"] == text
    return {"kind": problem.kind, **{key: value for key, value in problem.params.items() if key != "text"}}


# --- writing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "style", "expected"),
    [
        ("th", "long", "18 พฤษภาคม 2564"),
        ("th", "short", "18 พ.ค. 2564"),
        ("th", "numeric", "18/05/2564"),
        ("en", "long", "18 May 2021"),
        ("en", "short", "18 May 2021"),
        ("en", "numeric", "2021-05-18"),
    ],
)
def test_day_is_written_in_each_language_and_style(lang, style, expected):
    assert format_day(date(2021, 5, 18), lang, style) == expected


def test_short_months_are_short_in_both_languages():
    assert format_day(date(2020, 11, 30), "th", Style.SHORT) == "30 พ.ย. 2563"
    assert format_day(date(2020, 11, 30), "en", Style.SHORT) == "30 Nov 2020"


def test_day_is_written_long_unless_asked_otherwise():
    assert format_day(date(2020, 2, 29), "th") == "29 กุมภาพันธ์ 2563"


@pytest.mark.parametrize(("lang", "style"), [("de", "long"), ("th", "wide")])
def test_day_in_an_unknown_language_or_style_is_refused(lang, style):
    with pytest.raises(ValueError, match=f"{lang}|{style}"):
        format_day(date(2021, 5, 18), lang, style)


def test_thai_digits_go_both_ways():
    assert to_thai_digits("18/05/2564 (5.2)") == "๑๘/๐๕/๒๕๖๔ (๕.๒)"
    assert from_thai_digits("๒๕๖0") == "2560"
    assert from_thai_digits(to_thai_digits("0123456789")) == "0123456789"


# --- every day, both ways ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lang", "style", "in_thai_digits"),
    [
        ("th", "long", False),
        ("th", "long", True),
        ("th", "short", False),
        ("th", "short", True),
        ("th", "numeric", False),
        ("th", "numeric", True),
        ("en", "long", False),
        ("en", "short", False),
        ("en", "numeric", False),
    ],
)
def test_every_day_of_be_2500_to_2700_is_read_as_it_was_written(lang, style, in_thai_digits):
    digits = to_thai_digits if in_thai_digits else str
    assert [day for day in EVERY_DAY if parse_day(digits(format_day(day, lang, style))) != day] == []


def test_every_day_is_written_with_its_own_month_and_year():
    """By words and numbers written down here, or a fault on the way out could hide one on the way in."""
    wrong = [
        day
        for day in EVERY_DAY
        if format_day(day, "th") != f"{day.day} {THAI_MONTHS[day.month - 1]} {day.year + 543}"
        or format_day(day, "th", "numeric") != f"{day.day:02}/{day.month:02}/{day.year + 543}"
    ]
    assert wrong == []


def test_every_day_is_the_same_on_a_machine_in_new_york(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        wrong = [day for day in EVERY_DAY if parse_day(format_day(day, "th", "numeric")) != day]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert wrong == []


# --- the days of real pages ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "iso"),
    [(case["as_written"], case["iso"]) for case in CASES if "refused" not in case],
)
def test_day_of_a_real_page_is_read(text, iso):
    assert parse_day(text) == date.fromisoformat(iso[:10])


@pytest.mark.parametrize(
    ("text", "kind", "covers"),
    [(case["as_written"], case["refused"], case.get("covers")) for case in CASES if "refused" in case],
)
def test_text_of_a_real_page_that_names_no_single_day_is_refused(text, kind, covers):
    assert said(text) == ({"kind": kind, "covers": covers} if covers else {"kind": kind})


def test_real_pages_give_both_days_and_others():
    refused = sum("refused" in case for case in CASES)
    assert (len(CASES), refused) == (100, 36)


# --- how else people write -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "18 พฤษภาคม พ.ศ. 2564",
        "18 พ.ค. ค.ศ. 2021",
        "วันอังคารที่ ๑๘ พฤษภาคม ๒๕๖๔",
        "วันอังคาร 18 พ.ค. 64",
        "อ. 18 พ.ค. 2564",
        "ณ วันที่ 18 พ.ค. 2564",
        "เมื่อวันที่ 18 พฤษภาคม 2564",
        "ลงวันที่18พฤษภาคม2564",
        "18พค64",
        "18 พ.ค 2564",
        "18 พ. ค. 2564",
        "18 เดือนพฤษภาคม 2564",
        "18-พ.ค.-64",
        "18/5/64",
        "18-05-2564",
        "18.5.2564",
        "18 / 5 / 2564",
        "18–5–2564",
        "18/5/2021",
        "5/18/2021",
        "  18 \u00a0 พ.ค.\u200b 2564 ",
        "18/05/2564 เวลา 09.30 น.",
        "18 พ.ค. 64 13:05",
        "2021-05-18T10:00",
        "2021/5/18",
        "Tuesday, 18 May 2021",
        "May 18, 2021",
        "18th may 2021",
        "18 May 2564 BE",
    ],
)
def test_eighteenth_of_may_is_read_however_it_is_written(text):
    assert parse_day(text) == date(2021, 5, 18)


@pytest.mark.parametrize(("text", "month"), [("30 กรกฏาคม 2564", 7), ("30 พฤษจิกายน 2564", 11)])
def test_month_with_its_usual_misspelling_is_read(text, month):
    assert parse_day(text) == date(2021, month, 30)


def test_leap_day_is_read_in_a_leap_year_only():
    assert parse_day("29/2/2563") == date(2020, 2, 29)
    assert said("29/2/2564") == {
        "kind": DateFault.NO_SUCH_DAY,
        "day": 29,
        "month": 2,
        "year": 2021,
        "last": 28,
    }


# --- what is refused, and how --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["31 กันยายน 2564", "31/9/2564", "2021-09-31", "31 September 2021", "๓๑ ก.ย. ๖๔"]
)
def test_thirty_first_of_september_is_refused_with_the_days_september_has(text):
    assert said(text) == {"kind": DateFault.NO_SUCH_DAY, "day": 31, "month": 9, "year": 2021, "last": 30}


@pytest.mark.parametrize(
    ("text", "month"), [("1/31/2564", 31), ("1/13/2564", 13), ("13/13/2021", 13), ("2021-00-01", 0)]
)
def test_month_beyond_december_is_refused(text, month):
    assert said(text) == {"kind": DateFault.NO_SUCH_MONTH, "month": month}


@pytest.mark.parametrize("text", ["2564-05-18", "2564/5/18", "18 May 2564", "18 พ.ค. ค.ศ. 2564"])
def test_be_year_in_a_ce_form_is_refused_with_the_day_in_ce(text):
    assert said(text) == {
        "kind": DateFault.ERA_MIXED,
        "year": 2564,
        "era": Era.BE,
        "expected": Era.CE,
        "suggested_year": 2021,
        "suggested_day": date(2021, 5, 18),
    }


@pytest.mark.parametrize("text", ["18 พ.ค. 2021", "วันที่ 18 พฤษภาคม ๒๐๒๑", "18 พ.ค. พ.ศ. 2021"])
def test_ce_year_in_a_thai_form_is_refused_with_the_year_in_be(text):
    assert said(text) == {
        "kind": DateFault.ERA_MIXED,
        "year": 2021,
        "era": Era.CE,
        "expected": Era.BE,
        "suggested_year": 2564,
        "suggested_day": date(2021, 5, 18),
    }


@pytest.mark.parametrize("text", ["18 พ.ค. 21", "18/5/21", "18 May 21"])
def test_short_year_that_may_be_of_either_era_is_refused_with_both(text):
    assert said(text) == {"kind": DateFault.ERA_AMBIGUOUS, "year": "21", "as_be": 1978, "as_ce": 2021}


def test_day_and_month_that_may_be_swapped_are_refused_with_both_days():
    assert said("3/4/2021") == {
        "kind": DateFault.DAY_MONTH_AMBIGUOUS,
        "readings": (date(2021, 4, 3), date(2021, 3, 4)),
    }


@pytest.mark.parametrize(("text", "month"), [("13/5/2021", 5), ("5/13/2021", 5), ("12/13/2021", 12)])
def test_day_beyond_twelve_tells_the_order_of_a_ce_day(text, month):
    assert parse_day(text) == date(2021, month, 13)


def test_short_year_behind_an_english_month_is_of_no_certain_era():
    assert said("18 May 64") == {"kind": DateFault.ERA_AMBIGUOUS, "year": "64", "as_be": 2021, "as_ce": 2064}


def test_day_and_month_in_be_are_never_swapped():
    assert parse_day("3/4/2564") == date(2021, 4, 3)


def test_day_and_month_that_are_the_same_number_need_no_order():
    assert parse_day("4/4/2021") == date(2021, 4, 4)


def test_weekday_that_contradicts_its_day_is_refused():
    assert said("วันจันทร์ที่ 29 มิ.ย. 2564") == {
        "kind": DateFault.WEEKDAY_MISMATCH,
        "day": date(2021, 6, 29),
        "given": 1,
        "actual": 2,
    }


def test_day_without_a_year_is_refused():
    assert said("18 พ.ค.") == {"kind": DateFault.YEAR_MISSING, "day": 18, "month": 5}


@pytest.mark.parametrize(
    ("text", "year"), [("18 พ.ค. 25640", "25640"), ("18/5/256", "256"), ("18 พ.ค. 3107", "3107")]
)
def test_year_that_no_report_can_mean_is_refused(text, year):
    assert said(text) == {"kind": DateFault.YEAR_UNLIKELY, "year": year}


@pytest.mark.parametrize(
    "text",
    [
        "571/2559",
        "กท 6909/1116",
        "1/64",
        "4.452/5",
        "ที่ 1/6/2564",  # an order may have two strokes as well
        "จ 5/1/64",  # a letter is no Monday without its dot
        "คำสั่งที่ 571/2559 ลว. 30 ธ.ค. 2559",  # a day among other words: nobody knows what they add
        "2021-05-18T10:00:00Z",  # an instant, which is another day elsewhere
        "18 พ.ค. 2564 25.00 น.",
        "สมควร",  # holds มค and yet no month
        "dismay",
        "-",
        "",
        "   ",
        "٣/٤/٢٠٢١",  # digits that nobody here writes
    ],
)
def test_look_alike_is_not_a_date(text):
    assert said(text) == {"kind": DateFault.NOT_A_DATE}


@pytest.mark.parametrize(
    ("text", "covers"),
    [
        ("4, 5 และ 6 ก.พ. 2563", Span.DAYS),
        ("1/5/2564-3/5/2564", Span.DAYS),
        ("1 ตุลาคม ถึง 5 ตุลาคม 2563", Span.DAYS),
        ("พ.ค. 64", Span.MONTH),
        ("May 2021", Span.MONTH),
        ("ตุลาคม และ พฤศจิกายน 2563", Span.MONTHS),
        ("2564", Span.YEAR),
        ("พ.ศ. ๒๕๖๔", Span.YEAR),
    ],
)
def test_longer_piece_of_time_is_not_one_day(text, covers):
    assert said(text) == {"kind": DateFault.NOT_ONE_DAY, "covers": covers}


@pytest.mark.parametrize(
    "text", ["1-" * 50_000, "1 และ " * 20_000, "ก.พ." * 30_000, "9" * 5_000, "18 พ.ค. " + "9" * 5_000]
)
def test_long_nonsense_is_refused(text):
    """And soon: a pattern that tried every way to read it would not come back."""
    assert problem_of(text).kind in (DateFault.NOT_A_DATE, DateFault.NOT_ONE_DAY)


@given(st.text(alphabet="0123456789๐๒๕๖๔ /-.:,พคศมกยธตสวันที่เดือนMayTBE ", max_size=30))
def test_any_text_is_a_day_or_a_problem(text):
    """Nothing but a :class:`DateProblem` ever comes out, and what is read can be written and read again."""
    try:
        day = parse_day(text)
    except DateProblem as problem:
        said_of = problem.params["text"]
    else:
        said_of = text
        assert parse_day(format_day(day, "th")) == day
    assert said_of == text


# --- years ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["2564", "๒๕๖๔", " 2564 ", "64", "พ.ศ. 2564", "ปี ๒๕๖4", "ปีงบประมาณ 2564", "ปีงบประมาณ พ.ศ. ๒๕๖๔"]
)
def test_be_year_is_read_as_its_ce_year(text):
    assert parse_be_year(text) == 2021


def year_problem(text: str) -> dict[str, object]:
    with pytest.raises(DateProblem) as caught:
        parse_be_year(text)
    return {"kind": caught.value.kind, **caught.value.params}


def test_ce_year_where_be_is_asked_is_refused_with_the_year_in_be():
    assert year_problem("2021") == {
        "kind": DateFault.ERA_MIXED,
        "text": "2021",
        "year": 2021,
        "era": Era.CE,
        "expected": Era.BE,
        "suggested_year": 2564,
        "suggested_day": None,
    }


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ปีหน้า", DateFault.NOT_A_YEAR),
        ("", DateFault.NOT_A_YEAR),
        ("18 พ.ค. 2564", DateFault.NOT_A_YEAR),
        ("256", DateFault.YEAR_UNLIKELY),
        ("9999", DateFault.YEAR_UNLIKELY),
        ("21", DateFault.ERA_AMBIGUOUS),
        ("ค.ศ. 2564", DateFault.ERA_MIXED),
    ],
)
def test_text_that_is_no_be_year_is_refused(text, kind):
    assert year_problem(text)["kind"] is kind


# --- the tables ----------------------------------------------------------------------------------------


def test_every_spelling_of_a_month_or_weekday_names_only_it():
    for names, number_of in ((MONTHS, month_named), (WEEKDAYS, weekday_named)):
        for number, name in enumerate(names, start=1):
            assert {number_of(spelling) for spelling in name.spellings} == {number}


def test_months_can_be_found_by_their_pattern_with_dots_missing():
    assert month_named("มิย.") == month_named("มิ.ย") == month_named("มิ. ย.") == 6
    assert month_named("SEPT") == 9
    assert "|" in MONTH_PATTERN
    assert "(?P" not in MONTH_PATTERN

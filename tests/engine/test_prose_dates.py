"""Dates in running text: every form people write, on many days, and the look-alikes beside them."""

import json
import random
from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.prose.dates import Doubt, Found, Piece, find_dates
from engine.quarter import BE_OFFSET, FiscalYear
from engine.thai_dates import MONTHS, WEEKDAYS, format_day, parse_day, to_thai_digits

CASES = json.loads((Path(__file__).parents[1] / "data" / "thai_dates.json").read_text(encoding="utf-8"))
YEAR = FiscalYear.from_be(2564)


def isos(text: str, within: FiscalYear | None = None) -> list[str]:
    return [one.iso for one in find_dates(text, within)]


def only(text: str, within: FiscalYear | None = None) -> Found:
    (found,) = find_dates(text, within)
    return found


# --- real pages -----------------------------------------------------------------------------------------

#: How the cases write the two years among them.
_YEARS = {"FY2563": "2019-10-01/2020-09-30", "2560 BE": "2017"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["as_written"])
def test_string_of_a_real_page(case):
    iso = case["iso"]
    expected = [] if iso is None else [_YEARS.get(iso, iso.partition("T")[0])]
    assert isos(case["as_written"]) == expected
    assert isos(f"(ก) {case['as_written']} แล้ว") == expected


def test_time_of_day_is_read_with_its_day():
    assert only("ประชุมวันที่ 2 กุมภาพันธ์ 2566 เวลา 10.00 น. ณ ห้องประชุม").at == time(10)
    assert only("2022-10-01 00:00:00.000").at is None


# --- 2,000 made ones ------------------------------------------------------------------------------------


def be(day: date) -> int:
    return day.year + BE_OFFSET


def short_be(day: date) -> str:
    return f"{be(day) % 100:02}"


def long(day: date) -> str:
    return MONTHS[day.month - 1].th


def short(day: date) -> str:
    return MONTHS[day.month - 1].th_short


def bare(day: date) -> str:
    return short(day).replace(".", "")


def weekday(day: date) -> str:
    return WEEKDAYS[day.weekday()].th


def later(day: date) -> date:
    """Another day of the same month, behind it; the day must not be its last."""
    return day.replace(day=min(day.day + 3, 28)) if day.day < 28 else day + timedelta(1)


def next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(40)).replace(day=3)


DAY: list[Callable[[date], str]] = [
    lambda d: f"{d.day} {long(d)} {be(d)}",
    lambda d: f"{d.day}{long(d)}{be(d)}",
    lambda d: f"วันที่{d.day}{long(d)} {be(d)}",
    lambda d: f"เมื่อวันที่ {d.day}  {long(d)}  พ.ศ. {be(d)}",
    lambda d: f"วันที่ {d.day} เดือน {long(d)} พ.ศ.{be(d)}",
    lambda d: f"วันที่ {d.day} เดือน{long(d)} พุทธศักราช {be(d)}",
    lambda d: f"{d.day} {long(d)} {short_be(d)}",
    lambda d: f"{d.day} {short(d)} {be(d)}",
    lambda d: f"{d.day} {short(d)}{short_be(d)}",
    lambda d: f"ลว.{d.day} {short(d)} {be(d)}",
    lambda d: f"ลงวันที่ {d.day} {short(d)[:-1]} {be(d)}",
    lambda d: f"{d.day} {bare(d)} {short_be(d)}",
    lambda d: f"{d.day}{bare(d)}.{short_be(d)}",
    lambda d: f"{d.day} {short(d).replace('.', '. ')}{be(d)}",
    lambda d: f"{d.day} {short(d).replace('.', ' .')} {be(d)}",
    lambda d: f"วันที่ {d.day} เดือน {d.month} พ.ศ. {be(d)}",
    lambda d: f"{d.day}-{short(d)}-{short_be(d)}",
    lambda d: f"{d.day:02}-{d.month:02}-{short_be(d)}",
    lambda d: f"{d.day}/{short(d)}/{be(d)}",
    lambda d: f"วัน{weekday(d)}ที่ {d.day} {short(d)} {be(d)}",
    lambda d: f"วัน{weekday(d)} ที่ {d.day} {long(d)} {be(d)}",
    lambda d: f"{d.day}/{d.month}/{be(d)}",
    lambda d: f"{d.day:02}/{d.month:02}/{be(d)}",
    lambda d: f"{d.day:02}-{d.month:02}-{be(d)}",
    lambda d: f"{d.day}.{d.month}.{be(d)}",
    lambda d: f"{d.day}/{d.month}/{short_be(d)}",
    lambda d: f"{d.day:02}/{d.month:02}/{d.year}",
    lambda d: f"{d.year}-{d.month:02}-{d.day:02}",
    lambda d: f"{d.year}/{d.month:02}/{d.day:02} 08:30",
    lambda d: f"{d.day} {MONTHS[d.month - 1].en} {d.year}",
    lambda d: f"{d.day} {MONTHS[d.month - 1].en_short}. {d.year}",
    lambda d: f"{MONTHS[d.month - 1].en} {d.day}, {d.year}",
    lambda d: f"{d.day} {long(d)} {d.year}",
    lambda d: f"{d.day} {long(d)} {be(d)} เวลา 09.30 น.",
    lambda d: to_thai_digits(f"{d.day} {long(d)} {be(d)}"),
    lambda d: to_thai_digits(f"{d.day}/{d.month:02}/{be(d)}"),
    lambda d: f"{d.day} {short(d)} {to_thai_digits(str(be(d))[:3])}{be(d) % 10}",
    lambda d: f"{d.day} {long(d)[:2]}\u200b{long(d)[2:]} {be(d)}",
    lambda d: f"{d.day}\u00a0{short(d)}\u00a0{be(d)}",
    lambda d: f"{d.day}\n{long(d)} {be(d)}",
]
RANGE: list[Callable[[date], str]] = [
    lambda d: f"วันที่ {d.day} - {later(d).day} {short(later(d))} {be(d)}",
    lambda d: f"{d.day}-{later(d).day} {long(d)} {be(d)}",
    lambda d: f"วันที่ {d.day}~{later(d).day} {long(d)} {be(d)}",
    lambda d: f"วันที่ {d.day} ถึงวันที่ {later(d).day} {short(d)} {short_be(d)}",
    lambda d: f"ระหว่างวันที่ {to_thai_digits(str(d.day))} – {later(d).day} {long(d)} {be(d)}",
    lambda d: f"{d.day} {short(d)} - {later(d).day} {short(d)} {be(d)}",
    lambda d: f"{d.day} {long(d)} {be(d)} ถึง {later(d).day} {short(d)} {be(d)}",
    lambda d: f"{d.day}/{d.month}/{be(d)} - {later(d).day}/{d.month}/{be(d)}",
]
MONTH: list[Callable[[date], str]] = [
    lambda d: f"เดือน{long(d)} {be(d)}",
    lambda d: f"ในเดือน {short(d)} {short_be(d)}",
    lambda d: f"ประจำเดือน{short(d)}{be(d)}",
    lambda d: f"เดือน{bare(d)} {short_be(d)}",
    lambda d: f"สิ้นเดือน{to_thai_digits(f'{long(d)} {be(d)}')}",
    lambda d: f"{MONTHS[d.month - 1].en} {d.year}",
]
MONTHS_IN_A_ROW: list[Callable[[date], str]] = [
    lambda d: f"{long(d)} - {long(next_month(d))} {be(next_month(d))}",
    lambda d: f"{short(d)}-{short(next_month(d))}{be(next_month(d))}",
    lambda d: f"{short(d)}/{short(next_month(d))} {short_be(next_month(d))}",
    lambda d: f"เดือน{short(d)} {short_be(d)} ถึงเดือน{short(next_month(d))} {short_be(next_month(d))}",
    lambda d: f"{short(d)} และ {short(next_month(d))} {be(next_month(d))}",
    lambda d: f"{short(d)}, {short(next_month(d))} {be(next_month(d))}",
]

BEFORE = ("", "- ", "1. ", "ประชุมครั้งที่ 1/64 ", "คำสั่งที่ 571/2559 ", "หนังสือ ที่ กท 6909/1116 ", "จำนวน 7 ประเด็น ")
BEHIND = (
    "",
    " จำนวน 25 คน",
    " (ร้อยละ 62.5)",
    " คะแนน 4.452/5",
    " โทร. 02-221-2141",
    " งบ 1,407.52 บาท",
    "\n2. ต่อไป",
)


def expected_iso(kind: str, day: date) -> str:
    return {
        "day": day.isoformat(),
        "range": f"{day.isoformat()}/{later(day).isoformat()}",
        "month": f"{day:%Y-%m}",
        "months": f"{day:%Y-%m}/{next_month(day):%Y-%m}",
    }[kind]


def made(count: int) -> list[tuple[str, str]]:
    """Texts with one date each, and what it covers; every form with every month many times."""
    dice = random.Random(2564)
    forms = [("day", form) for form in DAY] + [("range", form) for form in RANGE]
    forms += [("month", form) for form in MONTH] + [("months", form) for form in MONTHS_IN_A_ROW]
    texts = []
    for number in range(count):
        kind, form = forms[number % len(forms)]
        day = date(2008, 1, 1) + timedelta(dice.randrange(365 * 40))
        if kind == "range":
            day = day.replace(day=min(day.day, 27))
        text = dice.choice(BEFORE) + form(day) + dice.choice(BEHIND)
        texts.append((text, expected_iso(kind, day)))
    return texts


def test_two_thousand_made_dates():
    wrong = [(text, iso, isos(text)) for text, iso in made(2000) if isos(text) != [iso]]
    assert wrong == []


# --- lists, years, places -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,8,15 มีนาคม 2564", ["2021-03-01", "2021-03-08", "2021-03-15"]),
        ("วันที่ 1 และวันที่ 15 ธ.ค. 63", ["2020-12-01", "2020-12-15"]),
        (
            "4, 5 และ 8-10 ม.ค. 64 และ 3 ก.พ. 64",
            ["2021-01-04", "2021-01-05", "2021-01-08/2021-01-10", "2021-02-03"],
        ),
        ("12 ม.ค. และ 15 ก.พ. 2564", ["2021-01-12", "2021-02-15"]),
        ("ระหว่างวันที่ 28 ธ.ค. - 3 ม.ค. 64", ["2020-12-28/2021-01-03"]),
        ("1-3/2/2564", ["2021-02-01/2021-02-03"]),
        ("1/10/63-31/12/63", ["2020-10-01/2020-12-31"]),
        ("ต.ค. พ.ย. ธ.ค. 2563", ["2020-10/2020-12"]),
        ("ตุลาคม 2563 - มีนาคม 2564", ["2020-10/2021-03"]),
        ("ต.ค. - มี.ค. 64", ["2020-10/2021-03"]),
        ("ปีงบประมาณ 2564", ["2020-10-01/2021-09-30"]),
        ("ประจำปีงบฯ ๖๔", ["2020-10-01/2021-09-30"]),
        ("ปี พ.ศ. 2564", ["2021"]),
        ("แผนปี 2561-2565", ["2018-01-01/2022-12-31"]),
        ("5 ม.ค. 64 - 5 ม.ค. 63", ["2021-01-05", "2020-01-05"]),
        ("30 พฤศจิกายน 2563 - จัดประชุม 21 ธันวาคม 2563", ["2020-11-30", "2020-12-21"]),
    ],
)
def test_several_dates_and_long_ones(text, expected):
    assert isos(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "ที่571/2559",
        "ที่ กท ๖๙๐๙/๑๑๑๖",
        "ครั้งที่ 1/2564",
        "ไตรมาสที่ 2/2564",
        "ได้ 4.452/5 คะแนน",
        "โทร. 0-2221-2141-69",
        "โทรศัพท์ 02-12-2564",
        "งบประมาณ 1,407.52 บาท",
        "สัดส่วน 3/4",
        "เวลา 08.30 - 16.30 น.",
        "ข้อ 2.1.64",
        "เดือนมกราคม 64 คน",
        "อายุ 10 ปี 50 คน",
        "ศพค. 64 แห่ง",
        "สำนักงาน อ.ก.พ. 64",
        "ประชุมคณะ 64",
        "32 มกราคม",
        "45/13/2564",
        "ภายในวันที่ 10 ของเดือน",
        "maybe 2021",
        "5 มกราคม",
    ],
)
def test_look_alike_is_no_date(text):
    assert isos(text) == []


def test_word_that_begins_like_a_short_month_is_none():
    assert isos("วันที่ 8 ม.ค. 64 และมีคำสั่ง", YEAR) == ["2021-01-08"]
    assert isos("วันที่ 8 ม.ค. 64 และมีค.64", YEAR) == ["2021-01-08", "2021-03"]


def test_number_of_a_meeting_is_no_day_of_its_month():
    assert isos("ประชุมครั้งที่ 3 มีนาคม 2564") == ["2021-03"]
    assert isos("ประชุมครั้งที่ 3 - 15 มีนาคม 2564") == ["2021-03-15"]


def test_place_is_that_of_the_text_as_it_was_typed():
    text = "สํานักงานเขต เเต่งตั้ง\u200bเมื่อวันที่ ๓๐ พ.ย. ๒๕๖๓ และวันอังคารที่ 29 มิ.ย. 2564 เวลา 10.00 น."
    assert [text[one.start : one.end] for one in find_dates(text)] == [
        "เมื่อวันที่ ๓๐ พ.ย. ๒๕๖๓",
        "วันอังคารที่ 29 มิ.ย. 2564 เวลา 10.00 น.",
    ]


@pytest.mark.parametrize("form", DAY)
def test_place_of_a_day_is_read_as_that_day_alone(form):
    """The reader of one day and the reader of running text agree."""
    text = form(date(2021, 5, 18))
    found = only(f"แล้ว {text} ต่อ")
    if str(2021) not in text:  # a CE year among Thai words is read here and asked about there
        assert parse_day(f"แล้ว {text} ต่อ"[found.start : found.end]) == found.day


# --- what is not certain --------------------------------------------------------------------------------


def test_day_and_month_that_may_be_swapped_tell_both():
    assert only("3/4/2564")[2:7] == (
        Piece.DAY,
        date(2021, 4, 3),
        date(2021, 4, 3),
        (Doubt.DAY_OR_MONTH,),
        date(2021, 3, 4),
    )
    assert only("1/31/2021").doubts == ()


@pytest.mark.parametrize(
    ("text", "doubt", "iso"),
    [
        ("วันพุธที่ 29 มิ.ย. 2564", Doubt.WEEKDAY, "2021-06-29"),
        ("31 กันยายน 2564", Doubt.NO_SUCH_DAY, "2021-09"),
        ("31/9/2564", Doubt.NO_SUCH_DAY, "2021-09"),
        ("15/3/21", Doubt.ERA, "2021-03-15"),
    ],
)
def test_doubt_is_told(text, doubt, iso):
    assert (only(text).doubts, only(text).iso) == ((doubt,), iso)


def test_day_without_a_year_lies_in_the_fiscal_year_that_is_given():
    found = find_dates("วันที่ 15 ธันวาคม และ 5 มกราคม", YEAR)
    assert [one.iso for one in found] == ["2020-12-15", "2021-01-05"]
    assert {one.doubts for one in found} == {(Doubt.YEAR_ASSUMED,)}
    assert isos("ธ.ค., มี.ค., มิย., ก.ย.", YEAR) == []
    assert isos("ในเดือน มีนาคม", YEAR) == ["2021-03"]


# --- any text -------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *"0123456789๐๑๒๓๔ /-.,()\n\u200b",
        "วันที่",
        "ม.ค.",
        "มกราคม",
        "พค",
        "พ.ศ.",
        "ปี",
        "ถึง",
        "และ",
        "ที่",
        "64",
        "2564",
    ]
)


@pytest.mark.fuzz
@given(st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=60).map("".join)))
def test_any_text_has_dates_in_order_that_lie_in_it(text):
    end = 0
    for one in find_dates(text, YEAR):
        assert end <= one.start < one.end <= len(text)
        assert one.first <= one.last
        end = one.end


@given(st.dates(date(1960, 1, 1), date(2100, 1, 1)), st.sampled_from(["long", "short", "numeric"]))
def test_every_day_as_we_write_it(day, style):
    assert only(f"เมื่อ {format_day(day, 'th', style)} แล้ว").day == day

"""Whatever somebody writes about a quarter is read in bounded time, and what is read lies in the text."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.prose.proposals import ProposalStanding, proposals
from engine.quarter import FiscalYear
from workflows.catalogue import Catalogue

CATALOGUE = Catalogue(Path(__file__).parents[2] / "workflows")
WORKFLOWS = CATALOGUE.list()
YEAR = FiscalYear.from_be(2564)

#: What narratives are made of, and what could lead a reader astray.
SCRAPS = [
    *("จัดประชุม", "ประชุม", "คณะกรรมการ", "แต่งตั้ง", "คำสั่ง", "รายงานผล", "ประเด็น", "มีมติ", "ที่ประชุม", "เครือข่าย"),
    *(
        "เพื่อ",
        "เพื่อพิจารณา",
        "โดย",
        "และ",
        "ตามคำสั่ง",
        "ชุดเดิม",
        "จะ",
        "อยู่ระหว่าง",
        "ยังไม่ได้",
        "เลื่อน",
        "ยกเลิก",
        "แล้ว",
    ),
    *("เมื่อวันที่", "ลว.", "ลงวันที่", "วันที่", "ภายใน", "ครั้งที่", "ที่", "จำนวน", "ร้อยละ", "คะแนน", "เดือน", "ปี"),
    *("5 ม.ค. 64", "30พฤศจิกายน2563", "3/4/2564", "571/2559", "กท 6909/1116", "1/64", "4.452/5", "1,407.52"),
    *(
        " ",
        "  ",
        "\n",
        "- ",
        "-",
        "1.",
        "1..",
        "2)",
        "(",
        ")",
        "•",
        "/",
        ",",
        ".",
        "\u200b",
        "\u0e4d\u0e32",
        "เเ",
        "๓",
        "0",
        "9",
    ),
]
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(st.sampled_from(SCRAPS), max_size=80).map("".join),
    st.text(SCRAPS[-1] + "ก-/ ."),
)


@pytest.mark.fuzz
@given(TEXTS, st.sampled_from(WORKFLOWS), st.integers(1, 4), st.sampled_from(["", "ร้อยละ", "ครั้ง", "คะแนน"]))
def test_any_text_is_read_and_what_is_read_lies_in_it(text, workflow, quarter, unit):
    for one in proposals(workflow, YEAR, quarter, text, unit=unit):
        assert 0 <= one.start < one.end <= len(text)
        assert text[one.start : one.end] == one.text
        assert one.why
        if one.standing is ProposalStanding.DONE:
            milestone = workflow.milestone(one.milestone or "")
            assert milestone is not None
            assert one.kind is None or milestone.kind(one.kind) is not None
            assert one.occurred_on is None or YEAR.first_day <= one.occurred_on <= YEAR.last_day


@pytest.mark.fuzz
@given(TEXTS, st.sampled_from(WORKFLOWS))
def test_the_same_text_is_read_the_same_way(text, workflow):
    assert proposals(workflow, YEAR, 2, text) == proposals(workflow, YEAR, 2, text)


#: Long texts of one thing, over and over: what takes a reader that goes back and forth for ever.
MONOTONOUS = [
    *(
        "1",
        "1 ",
        "1-",
        "1,",
        "1, ",
        "1/",
        "1.",
        "1. ",
        "1) ",
        "5 ม.ค. ",
        "5 ม.ค. 64 ",
        "5 ม.ค. 64, ",
        "ม.ค. ",
        "ม.ค.-",
    ),
    *(" ", "\n", "- ", "-", "•", "(", "ที่", "ครั้งที่ ", "คำสั่ง", "คำสั่งที่ ", "กท ", "จำนวน ", "ร้อยละ ", "คะแนน"),
    *("เพื่อ", "ตามคำสั่ง", "ตามคำสั่ง (", "และ", "และจัดประชุม", "จัดประชุม", "จัดประชุม 5 ม.ค. 64 ", "แต่งตั้ง", "มีมติ"),
    *(
        "จัดประชุมและแต่งตั้งกรรมการ",
        "เเ",
        "\u0e4d\u0e32",
        "\u200b",
        "พ.ศ. ",
        "ปี ",
        "2564 ",
        "ปี 2564-",
        "แต่งตั้งกรรมการและประชุมกรรมการและ",
    ),
]


@pytest.mark.parametrize("scrap", MONOTONOUS)
def test_a_monotonous_text_ends(scrap):
    proposals(CATALOGUE.get("civil_society_network"), YEAR, 2, (scrap * 20_000)[:20_000])

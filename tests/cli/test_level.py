"""`radap level` and `radap matrix`: the contract for programs, and what people see."""

from datetime import UTC, datetime

import pytest

from cli.ladder import CLAIMED, PROJECTED, TARGET, VERIFIED
from tests.cli.conftest import CODE, EVALUATOR, MID_JULY, SECTION_HEAD

NOVEMBER = datetime(2020, 12, 1, 2, tzinfo=UTC)


@pytest.fixture
def year(radap):
    """Thung Khru's facts up to June, each recorded soon after its day."""
    for at, words in (
        (NOVEMBER, ["committee_appointed", "--on", "30 พ.ย. 2563", "--document", "คำสั่งที่ 1/2563"]),
        (datetime(2021, 1, 4, 2, tzinfo=UTC), ["meetings_held", "--on", "21 ธ.ค. 2563", "--kind", "meeting"]),
        (
            datetime(2021, 1, 5, 2, tzinfo=UTC),
            ["guidelines_set", "--quarter", "1", "--note", "หน้าเดิมไม่ระบุวันที่"],
        ),
    ):
        said = radap("record", CODE, *words, at=at)
        assert said.code == 0, said.err
    said = radap("approve", CODE, "3", "--by", SECTION_HEAD, at=datetime(2021, 1, 6, 2, tzinfo=UTC))
    assert said.code == 0, said.err
    words = ["record", CODE, "meetings_held", "--on", "2021-01-19", "--document", "1/64"]
    assert radap(*words, at=datetime(2021, 1, 20, 2, tzinfo=UTC)).code == 0
    return radap


def test_level_json_has_the_shape_of_the_contract(year):
    data = year("level", CODE, "--year", "2564", "--on", "2021-06-30", "--json").data
    assert list(data) == [
        "code",
        "fiscal_year",
        "workflow",
        "target",
        "on",
        "known_at",
        "claimed",
        "verified",
        "projected",
        "self_reported",
        "quarters",
        "next",
        "proof",
    ]
    assert (data["code"], data["fiscal_year"], data["workflow"]) == (CODE, 2564, "civil_society_network")
    assert (data["target"], data["on"], data["known_at"]) == (5, "2021-06-30", None)
    assert data["claimed"] == {"level": 3, "fraction": 0.0}
    assert data["verified"]["level"] == 0
    assert data["quarters"] == [
        {"quarter": 1, "claimed": 2, "verified": 0, "self_reported": None},
        {"quarter": 2, "claimed": 3, "verified": 0, "self_reported": None},
        {"quarter": 3, "claimed": 3, "verified": 0, "self_reported": None},
        {"quarter": 4, "claimed": None, "verified": None, "self_reported": None},
    ]
    assert data["next"] == {
        "level": 4,
        "missing": [
            {
                "rule": "issue_chosen",
                "text": "“Issue chosen” has 0 of the 1 records it needs: record 1 more.",
                "who": ["coordinator"],
                "due_on": "2021-10-15",
            }
        ],
    }
    assert [(rung["level"], rung["met"]) for rung in data["proof"]["levels"]] == [
        (1, True),
        (2, True),
        (3, True),
        (4, False),
        (5, False),
    ]


def test_level_known_at_leaves_out_what_was_recorded_later(year):
    words = ["level", CODE, "--on", "2020-12-31", "--json"]
    assert year(*words).data["claimed"]["level"] == 2
    assert year(*words, "--known-at", "2021-01-05T23:00").data["claimed"]["level"] == 0
    assert year(*words, "--known-at", "2021-01-06").data["claimed"]["level"] == 2


def test_self_reported_value_stays_when_a_later_quarter_is_not_reported(year):
    assert year("report", "write", CODE, "2", "--result", "๓").code == 0
    assert year("level", CODE, "--on", "2021-06-30", "--json").data["self_reported"] == 3
    assert year("level", CODE, "--on", "2020-12-31", "--json").data["self_reported"] is None


def test_level_is_drawn_in_thai_within_sixty_columns(year):
    year.columns = 60
    said = year("level", CODE, "--why", lang=None)
    assert said.code == 0
    ladder = [line for line in said.out.splitlines() if "┃" in line or "╎" in line]
    assert [line.split()[0] for line in ladder] == ["5", "4", "3", "2", "1", "0"]
    assert [line.count(CLAIMED) for line in ladder] == [0, 0, 1, 1, 1, 0]
    assert TARGET in ladder[0]
    assert "สิ่งที่ยังขาดสำหรับระดับ 4" in said.out
    assert "ผู้ที่ทำได้: ผู้ประสานงาน · ภายใน 15 ต.ค. 2564" in said.out


def test_planned_day_shows_as_projected_only(year):
    said = year("plan", CODE, "issue_chosen", "--on", "2021-08-10", "--json")
    assert said.data["event"] == "occurrence_planned"
    data = year("level", CODE, "--json").data
    assert (data["claimed"]["level"], data["projected"]["level"]) == (3, 4)
    assert PROJECTED in year("level", CODE).out


def test_verified_level_is_marked(year):
    for milestone in ("committee_appointed",):
        assert year("verify", CODE, milestone, "--by", EVALUATOR).code == 0
    assert year("level", CODE, "--json").data["verified"]["level"] == 0
    assert "Missing for level 1 to be verified" in year("level", CODE, "--why").out
    assert VERIFIED in year("level", CODE).out


def test_sentences_are_thai_without_lang(radap):
    said = radap("level", CODE, "--year", "2021", lang=None)
    assert said.err == "“2021” ใช้ปี ค.ศ. แต่ตรงนี้ใช้ปี พ.ศ. ให้เขียน 2564\n"


def test_language_of_the_settings_is_spoken(radap):
    said = radap("level", "x", lang=None, RADAP_LANGUAGE__DEFAULT="en")
    assert said.err == "There is no indicator x in fiscal year 2564 (2021).\n"


def test_matrix_lists_agencies_with_their_indicators(year):
    said = year("matrix", "--year", "2564", "--json")
    (cell,) = said.data
    assert (cell["code"], cell["agency"]["code"], cell["claimed"]["level"]) == (CODE, "5049", 3)
    assert cell["self_reported"] is None
    at_first_end = year("matrix", "--year", "2564", "--quarter", "1", "--json").data
    assert at_first_end[0]["claimed"]["level"] == 2


@pytest.mark.parametrize("columns", [60, 100, 140])
def test_matrix_fits_its_terminal_and_keeps_codes_whole(year, columns):
    year.columns = columns
    said = year("matrix", "--year", "๒๕๖๔", lang="th")
    assert CODE in said.out
    assert max(len(line) for line in said.out.splitlines()[:-1]) <= columns + 30  # marks above take no room


def test_matrix_of_a_year_without_indicators_says_so(radap):
    said = radap("matrix", "--year", "2566")
    assert (said.code, said.out[:52]) == (0, "There is no indicator in fiscal year 2566 (2023): ad")


def test_year_must_be_said_when_a_code_has_two(radap):
    add = ["indicator", "add", CODE, "--year", "2565", "--agency", "5049", "--workflow"]
    assert radap(*add, "civil_society_network", "--title", "เครือข่าย", at=MID_JULY).code == 0
    said = radap("level", CODE)
    assert said.code == 2
    assert said.err == (
        "5049-2017 is used in fiscal year 2564 (2021), fiscal year 2565 (2022): say which with --year.\n"
    )

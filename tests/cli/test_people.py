"""How people are told of things, and who stands in for them, set at the command line."""

import pytest

from tests.cli.conftest import COORDINATOR, EVALUATOR, SECTION_HEAD
from tests.cli.test_remind import NINE, mails, tick

USER = "U" + "4af4980629" * 3 + "4a"


def test_what_a_person_chose_is_shown(radap):
    changed = radap(
        *("user", "set", COORDINATOR, "--hour", "7", "--language", "en", "--line", USER, "--off", "meeting")
    )
    said = radap("user", "show", COORDINATOR, lang="th")

    assert (changed.code, said.code) == (0, 0)
    assert changed.out == "How ผู้ประสานงานเขตทุ่งครุ is told of things was changed.\n"
    for words in ("ตั้งแต่ 7.00 น.", "อังกฤษ", USER, "การประชุมและกิจกรรมที่กำหนดวันไว้"):
        assert words in said.out
    assert radap("user", "show", COORDINATOR, "--json").data == {
        "name": "ผู้ประสานงานเขตทุ่งครุ",
        "language": "en",
        "hour": 7,
        "line": USER,
        "switched_off": ["meeting"],
        "unreachable": None,
        "away": [],
    }


def test_what_was_chosen_is_taken_back(radap):
    radap("user", "set", COORDINATOR, "--hour", "7", "--line", USER, "--off", "meeting")
    said = radap(
        *("user", "set", COORDINATOR, "--house-hour", "--no-line", "--on", "meeting", "--reachable", "--json")
    )

    assert (said.data["hour"], said.data["line"], said.data["switched_off"]) == (None, None, [])


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--hour", "24"], 1, "There is no hour 24: give 0 to 23."),
        (["--line", "U4af"], 2, "“U4af” is no user id of LINE"),
        (["--off", "mileston"], 2, "There is no topic “mileston”"),
        (["--off", "milestone"], 1, "cannot be switched off"),
        (["--language", "de"], 2, "de"),
    ],
)
def test_what_cannot_be_changes_nothing(radap, words, code, sentence):
    said = radap("user", "set", COORDINATOR, "--language", "en", *words)

    assert (said.code, said.out) == (code, "")
    assert sentence in said.err
    assert radap("user", "show", COORDINATOR, "--json").data["language"] == "th"


def test_only_who_manages_people_changes_them(radap):
    said = radap("user", "set", COORDINATOR, "--hour", "7", "--by", EVALUATOR)

    assert said.code == 1
    assert "not permitted" in said.err or "may" in said.err


def test_substitute_is_told_until_the_person_is_back(radap):
    days = ("--from", "11 ม.ค. 2564", "--to", "2021-01-29")
    gone = radap("user", "away", COORDINATOR, "--substitute", SECTION_HEAD, *days, at=NINE)
    tick(radap)
    (mail,) = mails()
    shown = radap("user", "show", COORDINATOR, lang="th", at=NINE)
    back = radap("user", "back", COORDINATOR, at=NINE)

    assert gone.out == (
        "หัวหน้าฝ่ายเขตทุ่งครุ is told in the place of ผู้ประสานงานเขตทุ่งครุ from 11 Jan 2021 to 29 Jan 2021.\n"
    )
    assert mail["To"].addresses[0].addr_spec == SECTION_HEAD
    assert "11 ม.ค. 2564 ถึง 29 ม.ค. 2564: หัวหน้าฝ่ายเขตทุ่งครุ" in shown.out
    assert back.out == "ผู้ประสานงานเขตทุ่งครุ is told again.\n"
    assert radap("user", "back", COORDINATOR, at=NINE).out.startswith("Nobody stands in for")


def test_roles_are_given_and_taken_all_or_nothing(radap):
    change = ("user", "role", COORDINATOR, "--give", "deputy@5049")
    refused = radap(*change, "--take", "viewer")
    unreadable = radap(*change, "--give", "deputi@5049")
    before = radap("user", "list", "--json").data
    said = radap(*change, "--take", "coordinator@5049", "--json")

    assert (refused.code, unreadable.code, said.code) == (1, 2, 0)
    assert [role for role, _ in said.data["roles"]] == ["deputy"]
    assert next(one["roles"] for one in before if one["email"] == COORDINATOR)[0]["role"] == "coordinator"

"""Indicators moved to the next version of their definition, as an operator does it."""

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import CODE, COORDINATOR, MID_JULY
from tests.cli.test_remind import mails, text_of
from workflows.catalogue import Catalogue

SHIPPED = Path(__file__).parents[2] / "workflows"
KEY = "civil_society_network"
MOVE = ["workflow", "migrate", KEY, "--year", "2564"]


@pytest.fixture
def radap(radap, tmp_path, monkeypatch):
    """Level 3 is reached; a release then comes with a version that asks for three meetings."""
    for milestone, day in (("guidelines_set", "2"), ("committee_appointed", "3"), ("meetings_held", "4")):
        assert radap("record", CODE, milestone, "--on", f"2020-11-0{day}").code == 0
    assert radap("record", CODE, "meetings_held", "--on", "2021-05-18").code == 0
    assert radap("worker", "--once", "--now", MID_JULY.isoformat()).code == 0
    folder = tmp_path / "workflows"
    folder.mkdir()
    for file in SHIPPED.glob("*.toml"):
        shutil.copy(file, folder)
    text = (folder / f"{KEY}.toml").read_text(encoding="utf-8")
    text = text.replace("\nversion = 2\n", "\nversion = 3\n").replace("\nneeds = 2\n", "\nneeds = 3\n")
    (folder / f"{KEY}.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr("cli.bootstrap.catalogue", lambda: Catalogue(folder))
    return radap


def test_indicators_move_and_their_people_are_told(radap):
    said = radap(*MOVE, "--json")
    again = radap(*MOVE)

    assert (said.code, said.err) == (0, "")
    levels = {"claimed_before": 3, "claimed_after": 2, "verified_before": 0, "verified_after": 0}
    assert said.data == {"moved": [{"code": CODE, "before": 2, "after": 3, **levels}], "refused": []}
    assert again.out == f"Moved to version 3 of {KEY}: 0 indicators.\n"
    assert radap("level", CODE, "--json").data["claimed"]["level"] == 2
    assert [radap(*words).code for words in (["doctor"], ["journal", "verify"])] == [0, 0]
    for instant in ("2021-07-15T09:10", "2021-07-15T09:20"):
        assert radap("worker", "--once", "--now", instant).code == 0
    told = [text_of(mail) for mail in mails() if mail["To"].addresses[0].addr_spec == COORDINATOR]
    assert any("เปลี่ยนแบบตัวชี้วัดจากรุ่น 2 เป็นรุ่น 3" in text and "ระดับลดลงจาก 3 เป็น 2" in text for text in told)
    radap.columns = 300
    (last,) = (line for line in radap("journal", "show", CODE, lang="th").out.splitlines() if "รุ่นอื่น" in line)
    assert "รุ่นที่ 2 → 3 · ตามที่บันทึก 3 → 2" in last


def test_who_cannot_move_stays_and_is_named(radap):
    assert radap("seal", "2564", "1").code == 0

    said = radap(*MOVE)

    assert (said.code, said.out) == (1, f"Moved to version 3 of {KEY}: 0 indicators; 1 could not be moved.\n")
    assert said.err == (
        f"{CODE}: Q1 of fiscal year 2564 (2021) is sealed: nothing in it can be changed any more.\n"
    )
    assert radap("level", CODE, "--json").data["claimed"]["level"] == 3


def test_who_may_not_changes_nothing(radap):
    said = radap(*MOVE, "--by", COORDINATOR)

    assert (said.code, said.out) == (1, "")
    assert "may not manage indicators" in said.err

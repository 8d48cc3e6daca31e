"""A year set up from a file, and from the year before, as an operator does it."""

from pathlib import Path
from typing import get_args

import pytest

from tests.cli.conftest import CODE, EVALUATOR

EXAMPLE = Path(__file__).parents[2] / "docs" / "campaign.example.toml"


@pytest.fixture
def example(empty):
    """The documented example on a database that has nothing yet but the definitions."""
    empty("init")
    return empty


def test_example_sets_a_year_up_and_changes_nothing_the_second_time(example):
    tried = example("import", "campaign", str(EXAMPLE), "--dry-run", "--json").data
    assert (tried["added"], tried["changed"], tried["dry_run"]) == (12, 0, True)
    assert example("agency", "list", "--json").data == []

    done = example("import", "campaign", str(EXAMPLE), "--json").data
    assert (done["differences"], done["dry_run"]) == (tried["differences"], False)
    assert example("doctor").code == 0
    level = example("level", "5021-0938", "--json").data
    assert level["target"] == 4

    again = example("import", "campaign", str(EXAMPLE))
    assert (again.code, again.out) == (
        0,
        "fiscal year 2564 (2021): nothing to change (12 are as they should be).\n",
    )


def test_every_key_of_a_campaign_is_explained_in_the_example_in_both_languages():
    from workflows.campaign_format import CampaignForm  # noqa: PLC0415 - only here

    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    said = "\n".join(line for line in lines if line.startswith("#"))
    for name, field in CampaignForm.model_fields.items():
        assert name in said
        inner = next(iter(get_args(field.annotation)), None)
        for key in getattr(inner, "model_fields", {}):
            assert f"#   {key}" in said or f"; {key}" in said or f", {key}" in said, key


def test_difference_is_shown_field_by_field(radap):
    file = radap.file(
        "c.toml",
        f"year = 2564\n[[indicators]]\nworkflow = 'civil_society_network'\nagencies = ['5049']\n"
        f"code = '{CODE}'\ntarget = 4\n",
    )

    tried = radap("import", "campaign", file, "--dry-run")

    assert "target: 5 → 4" in tried.out
    assert "would add 0 and change 1" in tried.out
    assert radap("level", CODE, "--json").data["target"] == 5
    assert "target: 5 → 4" in radap("import", "campaign", file).out
    assert radap("level", CODE, "--json").data["target"] == 4
    assert radap("doctor").code == 0


def test_faults_are_told_with_file_and_line_and_nothing_is_written(radap):
    file = radap.file(
        "c.toml",
        "year = 2564\n[[agencies]]\nname = 'สำนักงานเขตบางรัก'\n[[indicators]]\nworkflw = 'x'\n"
        "workflow = 'civil_society_network'\n"
        f"agencies = ['5042']\ncode = '{CODE}'\n[[people]]\nemail = 'nobody'\nname = 'ก'\n",
    )

    said = radap("import", "campaign", file)

    assert said.code == 1
    assert [line.partition(": ")[0] for line in said.err.splitlines()] == [
        f"{file}, line 4",
        f"{file}, line 5",
        f"{file}, line 10",
    ]
    assert "which cannot become 5042" in said.err
    assert "บางรัก" not in radap("agency", "list").out


def test_campaign_is_for_administrators(radap):
    file = radap.file("c.toml", "year = 2564\n[[plan]]\ncode = '5'\ntitle = 'ด้าน'\n")

    assert "may not" in radap("import", "campaign", file, "--by", EVALUATOR).err


def test_year_goes_out_as_a_campaign_and_comes_in_the_same(radap):
    out = radap("export", "campaign", "--year", "2564").out

    said = radap("import", "campaign", radap.file("out.toml", out), "--json").data

    assert (said["added"], said["changed"]) == (0, 0)
    assert said["same"] == 6


def test_year_is_carried_over_once(radap):
    radap(
        *("indicator", "add", "5042-7", "--year", "2564", "--agency", "5042"),
        *("--workflow", "percent_achieved", "--title", "ร้อยละ"),
    )
    radap("record", CODE, "guidelines_set", "--on", "2020-11-30")
    radap("indicator", "cancel", "5042-7", "--year", "2564", "--reason", "ยุบโครงการ")
    years = ("campaign", "carry-over", "--from", "2564", "--to", "2565")

    tried = radap(*years, "--dry-run")
    assert "5042-7: left behind, for it was cancelled: ยุบโครงการ" in tried.out
    assert "would add 1" in tried.out
    assert radap("level", CODE, "--year", "2565").code == 1

    assert "added 1" in radap(*years).out
    level = radap("level", CODE, "--year", "2565", "--json").data
    assert (level["claimed"]["level"], level["target"]) == (0, 5)
    assert radap("level", CODE, "--year", "2564", "--json").data["claimed"]["level"] == 1
    assert "nothing to change" in radap(*years).out
    assert radap("doctor").code == 0


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--from", "2564", "--to", "2564"), "must lie after the year"),
        (("--from", "2560", "--to", "2561"), "has no indicators that could go on"),
        (("--from", "2564", "--to", "2565", "--without", "5o49"), "Did you mean 5049"),
    ],
)
def test_carry_over_that_makes_no_sense_is_refused(radap, words, sentence):
    said = radap("campaign", "carry-over", *words)

    assert said.code == 1
    assert sentence in said.err

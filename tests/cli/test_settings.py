"""Settings: read once, frozen, and every fault named with its line, its key and what to write instead."""

from datetime import date
from pathlib import Path

import pytest

from cli import settings
from cli.bootstrap import work_calendar
from cli.settings import Settings, load
from engine.errors import Refusal

SHIPPED = Path(__file__).parents[2] / "config.toml"


def faults(text: str, tmp_path: Path) -> list[tuple[str, int | None, str]]:
    """(kind, line, key) of everything that is wrong with a file."""
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load(file, {})
    return [(one.kind, one.params.get("line"), one.params.get("key", "")) for one in refused.value.conditions]


def test_shipped_file_says_every_default_and_nothing_else():
    assert load(SHIPPED, {}) == Settings()
    text = SHIPPED.read_text(encoding="utf-8")
    named = [
        f"{section}.{key}" for section, model in settings._sections().items() for key in model.model_fields
    ]
    assert [key for key in named if f"\n{key.partition('.')[2]} = " not in text] == []


def test_missing_file_of_its_own_means_all_defaults():
    assert load(None, {}) == Settings()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[database]\nurll = "x"\n', ("config.unknown_key", 2, "database.urll")),
        ("\n[databse]\n", ("config.unknown_key", 2, "databse")),
        ("[database]\n\nconnections = 0\n", ("config.too_small", 3, "database.connections")),
        ("[database]\nbusy_seconds = 601\n", ("config.too_large", 2, "database.busy_seconds")),
        ('[database]\nconnections = "many"\n', ("config.unfit", 2, "database.connections")),
        ('[calendar]\nzone = "Asia/Bankok"\n', ("config.unknown_name", 2, "calendar.zone")),
        ('[calendar]\ncountry = "TX"\n', ("config.unknown_name", 2, "calendar.country")),
        ('[calendar]\nweekend = ["sunnday"]\n', ("config.not_allowed", 2, "calendar.weekend")),
        ('[calendar]\nadded_holidays = ["2564-13-01"]\n', ("config.unfit", 2, "calendar.added_holidays")),
        ('[deadlines]\ndirection = "later"\n', ("config.not_allowed", 2, "deadlines.direction")),
        ("[deadlines]\ndays = -1\n", ("config.too_small", 2, "deadlines.days")),
        ("[reports]\nquality_scores = [100, 0]\n", ("config.not_rising", 2, "reports.quality_scores")),
        ("[reports]\nlate_score = 60\n", ("config.not_allowed", 2, "reports.late_score")),
        ('[language]\ndefault = "de"\n', ("config.not_allowed", 2, "language.default")),
        ("[database\nurl = 1\n", ("config.unreadable", 1, "")),
    ],
)
def test_broken_key_is_named_with_its_line(tmp_path, text, expected):
    assert faults(text, tmp_path) == [expected]


def test_whole_week_of_weekends_is_refused(tmp_path):
    days = '"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"'
    assert faults(f"[calendar]\nweekend = [{days}]\n", tmp_path) == [
        ("config.whole_week", 2, "calendar.weekend")
    ]


def test_every_fault_is_told_at_once(tmp_path):
    text = '[database]\nurll = "x"\n[language]\ndefault = "de"\n'
    assert len(faults(text, tmp_path)) == 2


def test_file_that_is_no_utf8_is_refused_with_its_line(tmp_path):
    file = tmp_path / "config.toml"
    file.write_bytes("[language]\n# ไทย\n".encode("cp874"))
    with pytest.raises(Refusal) as refused:
        load(file, {})
    assert [(one.kind, one.params["line"]) for one in refused.value.conditions] == [("config.not_utf8", 2)]


def test_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(Refusal, match=r"file\.missing"):
        load(tmp_path / "none.toml", {})


def test_environment_goes_before_the_file(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text('[database]\nurl = "sqlite:///a.db"\nconnections = 3\n', encoding="utf-8")
    found = load(file, {"RADAP_DATABASE__URL": "sqlite:///b.db"})
    assert (found.database.url, found.database.connections) == ("sqlite:///b.db", 3)


def test_misspelt_variable_is_refused_with_the_nearest():
    with pytest.raises(Refusal) as refused:
        load(None, {"RADAP_DATABSE__URL": "x"})
    (condition,) = refused.value.conditions
    assert condition.params["nearest"][0] == "RADAP_DATABASE__URL"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("RADAP_DATABASE__CONNECTIONS", "5x", "config.unfit"),
        ("RADAP_CALENDAR__WEEKEND", "sunday", "config.unfit"),
        ("RADAP_LANGUAGE__DEFAULT", "de", "config.not_allowed"),
    ],
)
def test_broken_variable_is_named(name, value, kind):
    with pytest.raises(Refusal) as refused:
        load(None, {name: value})
    assert [(one.kind, one.params["key"]) for one in refused.value.conditions] == [(kind, name)]


def test_settings_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Settings().database.url = "x"  # type: ignore[misc]  # it is what must not work


def test_calendar_knows_thai_holidays_with_additions_and_removals(tmp_path):
    file = tmp_path / "config.toml"
    text = "[calendar]\nadded_holidays = [2021-07-27]\nremoved_holidays = [2021-04-13]\n"
    file.write_text(text, encoding="utf-8")
    days = work_calendar(load(file, {}))
    usual = work_calendar(Settings())
    songkran, special = date(2021, 4, 13), date(2021, 7, 27)
    assert [usual.is_working_day(day) for day in (songkran, special)] == [False, True]
    assert [days.is_working_day(day) for day in (songkran, special)] == [True, False]

"""Settings that are changed while the house runs: above the file, by its rules, followed by all who serve."""

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from cli.bootstrap import House, build
from cli.changing import Changing
from cli.post import PostOffice
from cli.running import CHANGEABLE, value_at
from cli.settings import Settings, load
from cli.settings_faults import keys
from engine.errors import Refusal
from engine.quarter import FiscalYear, Quarter, deadline_of
from storage import registry
from tests.cli.conftest import EVALUATOR, MID_JULY, Terminal


def settings_of(radap: Terminal, text: str = "") -> Settings:
    file = Path("config.toml")
    file.write_text(text, encoding="utf-8")
    named = {"RADAP_DATABASE__URL": radap.url, "RADAP_EVIDENCE__FOLDER": str(radap.folder / "evidence")}
    return load(file, {**named, "RADAP_MAIL__FOLDER": str(radap.folder / "mail")})


@dataclass
class Clock:
    now: datetime = MID_JULY

    def __call__(self) -> datetime:
        return self.now


def change(house: House, key: str, value: str | None) -> None:
    with house.store.begin() as tx:
        by = registry.person(tx.connection, registry.OPERATOR_EMAIL)
        Changing(house, lambda: 0.0).change(tx, key, value, by=by, now=house.clock())


def test_everything_that_may_be_changed_is_a_setting_and_none_of_it_is_a_secret_or_an_address():
    every = {".".join(path) for path in keys(Settings)}
    assert every >= set(CHANGEABLE)
    tables = {key.partition(".")[0] for key in CHANGEABLE}
    assert tables.isdisjoint({"database", "evidence", "web", "sign_in", "webhook", "line", "language"})
    assert {key for key in CHANGEABLE if key.startswith("mail.")} == {
        "mail.per_minute",
        "mail.per_domain_per_minute",
    }


def test_setting_is_changed_shown_and_given_back(radap):
    assert radap("settings", "set", "reminders.hour", "10").out == "reminders.hour is 10\n"

    (shown,) = radap("settings", "show", "reminders.hour", "--json").data
    assert (shown["now"], shown["file"], shown["default"]) == (10, 8, 8)
    assert shown["changed"]["by"] == "operator"
    last = radap("journal", "show", "--json").data[-1]
    assert (last["what"], last["data"]) == (
        "setting_changed",
        {"key": "reminders.hour", "before": "8", "after": "10", "back": False},
    )

    assert radap("settings", "back", "reminders.hour").out == "reminders.hour is 8\n"
    assert radap("settings", "show", "reminders.hour", "--json").data[0]["changed"] is None
    assert radap("settings", "back", "reminders.hour").code == 1


def test_value_in_the_way_it_is_written_in_the_file(radap):
    for key, typed, now in (
        ("reminders.milestone.before", "7, 1", [7, 1]),
        ("reminders.milestone.before", "[14, 3]", [14, 3]),
        ("reminders.extension.overdue", "", []),
        ("deadlines.shift", "none", "none"),
        ("deadlines.shift", '"previous_working_day"', "previous_working_day"),
        ("public.enabled", "true", True),
        ("outbox.gather_minutes", "10", "10"),
        ("reminders.meeting.ladder", '{ role = "deputy" }', [{"role": "deputy", "after": 0}]),
        ("calendar.added_holidays", "2021-07-27, 2021-07-26", ["2021-07-26", "2021-07-27"]),
    ):
        said = radap("settings", "set", key, typed, "--json")
        assert said.code == 0, said.err
        assert said.data["now"] == now, key


@pytest.mark.parametrize(
    ("key", "typed", "text"),
    [
        ("reminders.hour", "25", "[reminders]\nhour = 25\n"),
        ("reminders.hour", "early", '[reminders]\nhour = "early"\n'),
        ("reminders.milestone.overdue", "3, 3", "[reminders.milestone]\noverdue = [3, 3]\n"),
        ("reminders.milestone.until", "2", "[reminders.milestone]\nuntil = 2\n"),
        ("reminders.report.ladder", "[]", "[reminders.report]\nladder = []\n"),
        ("deadlines.direction", "later", '[deadlines]\ndirection = "later"\n'),
        ("review.checklist", '{ key = "A" }', '[review]\nchecklist = [{ key = "A" }]\n'),
        ("calendar.added_holidays", "soon", '[calendar]\nadded_holidays = ["soon"]\n'),
    ],
)
def test_value_that_does_not_fit_is_refused_in_the_words_of_the_file(radap, key, typed, text):
    said = radap("settings", "set", key, typed)

    assert said.code == 1
    with pytest.raises(Refusal) as refused:
        settings_of(radap, text)
    wanted = {(one.kind, one.params["key"]) for one in refused.value.conditions}
    house = build(settings_of(radap))
    with pytest.raises(Refusal) as here:
        change(house, key, typed)
    house.close()
    assert {(one.kind, one.params["key"]) for one in here.value.conditions} == wanted
    assert "line 1" not in said.err
    assert "config.toml" not in said.err


def test_nothing_else_is_changed_while_the_house_runs(radap):
    said = radap("settings", "set", "reminders.hours", "9")
    assert (said.code, "reminders.hour" in said.err) == (1, True)
    assert radap("settings", "set", "database.url", "sqlite:///other.db").code == 1
    assert radap("settings", "set", "reminders.hour", "9", "--by", EVALUATOR).code == 1
    assert [one for one in radap("settings", "show", "--json").data if one["changed"]] == []


def test_deadlines_of_quarters_that_have_begun_stay(radap):
    clock = Clock()
    house = build(settings_of(radap), clock)
    year, policy = FiscalYear.from_be(2564), house.policy
    before = [deadline_of(one, policy.deadlines, policy.calendar) for one in year.quarters]

    change(house, "deadlines.days", "30")
    policy = house.follow().policy
    clock.now += timedelta(days=1)
    change(house, "deadlines.direction", "before")
    policy = house.follow().policy

    def due(quarter: Quarter) -> date:
        return deadline_of(quarter, policy.deadlines, policy.calendar)

    # July is in the fourth quarter: the next one is that of October to December.
    assert [due(one) for one in year.quarters] == before
    assert due(Quarter(2022, 1)) == date(2021, 12, 1)
    clock.now = datetime(2022, 1, 20, 2, tzinfo=UTC)
    change(house, "deadlines.days", None)
    change(house, "deadlines.direction", None)
    policy = house.follow().policy
    assert due(Quarter(2022, 1)) == date(2021, 12, 1)
    assert due(Quarter(2022, 2)) == date(2022, 3, 1)  # has begun under the change
    assert due(Quarter(2022, 3)) == date(2022, 7, 18)  # the 15th was a Friday off
    house.close()


def test_worker_goes_by_what_another_process_changed(radap):
    """Nine o'clock: the house's hour is past, until it is made later."""
    served, other = build(settings_of(radap), Clock()), build(settings_of(radap), Clock())
    office, stopping = PostOffice(served), threading.Event()
    change(other, "reminders.hour", "23")

    assert office.tick(stopping).gathered == 0

    change(other, "reminders.hour", None)
    assert office.tick(stopping).gathered > 0
    other.close()
    served.close()


def test_late_holiday_moves_a_day_and_makes_the_next_sweep_look_at_everything(radap):
    clock = Clock()
    house = build(settings_of(radap), clock)
    office, stopping = PostOffice(house), threading.Event()
    assert office.tick(stopping).swept.whole
    quarter = Quarter(2021, 4)
    assert deadline_of(quarter, house.policy.deadlines, house.policy.calendar) == date(2021, 10, 15)

    change(house, "calendar.added_holidays", "2021-10-15")

    assert office.tick(stopping).swept.whole
    assert deadline_of(quarter, house.policy.deadlines, house.policy.calendar) == date(2021, 10, 18)
    house.close()


def test_change_that_does_not_fit_the_file_any_more_is_left_out_and_told(radap):
    assert radap("settings", "set", "reminders.report.overdue", "1, 100").code == 0
    assert radap("settings", "set", "reminders.hour", "9").code == 0
    Path("config.toml").write_text("[reminders.report]\nuntil = 50\n", encoding="utf-8")

    every = {one["key"]: one for one in radap("settings", "show", "--json").data}

    assert every["reminders.report.overdue"]["now"] == [1, 3, 7]
    assert {key for key, one in every.items() if one["unfit"]} == {"reminders.report.overdue"}
    assert every["reminders.hour"]["now"] == 9
    assert "does not fit" in radap("settings", "show").out.replace("\n", " ")


def test_pages_look_for_changes_once_a_second(radap):
    served, other = build(settings_of(radap), Clock()), build(settings_of(radap), Clock())
    seconds = [0.0]
    changing = Changing(served, lambda: seconds[0])
    changing.follow()
    change(other, "public.enabled", "true")

    seen = []
    for now in (0.5, 0.9, 1.0):
        seconds[0] = now
        changing.follow()
        seen.append(changing.public)

    assert seen == [False, False, True]
    assert value_at(other.settings, "public.enabled") is False  # whoever changed it looks as well
    other.close()
    served.close()

"""Settings: read once, frozen, and every fault named with its line, its key and what to write instead."""

import re
import tomllib
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cli.bootstrap import wording
from cli.evidence_settings import evidence_store_of, scanner_of
from cli.policies import reminder_policy, work_calendar
from cli.settings import Settings, load
from cli.settings_faults import keys
from cli.site import openid_of
from engine.errors import Refusal
from engine.permissions import Role
from engine.reminders import DEFAULT, Rung, Topic, TopicPolicy
from storage.clamd import Clamd
from storage.evidence import EvidenceFolder
from storage.evidence_s3 import EvidenceBucket
from web.site import OpenId

LADDER = '[{ role = "coordinator" }, { role = "section_head", after = 1 }]'
ITEM = '{ key = "a", th = "ก", en = "a", points = 1 }'
SHIPPED = Path(__file__).parents[2] / "config.toml"


def faults(text: str, tmp_path: Path) -> list[tuple[str, int | None, str]]:
    """(kind, line, key) of everything that is wrong with a file."""
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load(file, {})
    return [(one.kind, one.params.get("line"), one.params.get("key", "")) for one in refused.value.conditions]


def value_at(table: dict[str, Any], path: tuple[str, ...]) -> Any:
    """What is written under a key of tables in tables; ``None`` where nothing is."""
    for name in path:
        table = table.get(name, {})
    return None if table == {} else table


def test_shipped_file_says_every_default_and_nothing_else():
    assert load(SHIPPED, {}) == Settings()
    written = tomllib.loads(SHIPPED.read_text(encoding="utf-8"))
    assert [path for path in keys(Settings) if value_at(written, path) is None] == []


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
        (
            "[calendar]\nadded_holidays = [\n    2021-04-12,\n    2564-05-03,\n]\n",
            ("config.buddhist_era", 4, "calendar.added_holidays"),
        ),
        ('[deadlines]\ndirection = "later"\n', ("config.not_allowed", 2, "deadlines.direction")),
        ("[deadlines]\ndays = -1\n", ("config.too_small", 2, "deadlines.days")),
        ("[reports]\nquality_scores = [100, 0]\n", ("config.not_rising", 2, "reports.quality_scores")),
        ("[reports]\nlate_score = 60\n", ("config.not_allowed", 2, "reports.late_score")),
        ('[language]\ndefault = "de"\n', ("config.not_allowed", 2, "language.default")),
        ('[evidence]\nstore = "s3"\nbucket = ""\n', ("config.no_bucket", 3, "evidence.bucket")),
        ('[evidence]\nstore = "s3"\n', ("config.no_bucket", 1, "evidence.bucket")),
        ('[evidence]\nclamd = "localhost:3310"\n', ("config.no_clamd", 2, "evidence.clamd")),
        ('[evidence]\nclamd = "unix:clamd.ctl"\n', ("config.no_clamd", 2, "evidence.clamd")),
        ('[evidence]\nclamd = "tcp:localhost"\n', ("config.no_clamd", 2, "evidence.clamd")),
        ("[evidence]\nmax_bytes = 3000000000\n", ("config.too_large", 2, "evidence.max_bytes")),
        ('[web]\ntrusted_proxies = ["proxy"]\n', ("config.no_network", 2, "web.trusted_proxies")),
        ('[web]\ntrusted_proxies = ["10.0.0.1/8"]\n', ("config.no_network", 2, "web.trusted_proxies")),
        ('[web]\ntrusted_proxies = ["*"]\n', ("config.no_network", 2, "web.trusted_proxies")),
        ("[sign_in.oidc]\nonly = true\n", ("config.openid_incomplete", 2, "sign_in.oidc.only")),
        ('[sign_in.oidc]\nissuer = "http://x.example"\n', ("config.openid_issuer", 2, "sign_in.oidc.issuer")),
        ('[sign_in.oidc]\nissuers = ""\n', ("config.unknown_key", 2, "sign_in.oidc.issuers")),
        ("[database\nurl = 1\n", ("config.unreadable", 1, "")),
    ],
)
def test_broken_key_is_named_with_its_line(tmp_path, text, expected):
    assert faults(text, tmp_path) == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hour = 24\n", ("config.too_large", 2, "reminders.hour")),
        ("hour = -1\n", ("config.too_small", 2, "reminders.hour")),
        ("review_days = 0\n", ("config.too_small", 2, "reminders.review_days")),
        ("[reminders.milestones]\n", ("config.unknown_key", 2, "reminders.milestones")),
        ("[reminders.meeting]\nladders = []\n", ("config.unknown_key", 3, "reminders.meeting.ladders")),
        ("milestone = 5\n", ("config.unfit", 2, "reminders.milestone")),
        ("[reminders.report]\nbefore = [7,\n-3]\n", ("config.too_small", 4, "reminders.report.before")),
        ("[reminders.report]\nbefore = [400]\n", ("config.too_large", 3, "reminders.report.before")),
        ("[reminders.report]\nbefore = [7, 3,\n7]\n", ("config.day_twice", 4, "reminders.report.before")),
        ("[review]\nchecklist = []\n", ("config.unfit", 3, "review.checklist")),
        (f"[review]\nchecklist = [\n{ITEM},\n{ITEM}]\n", ("config.item_twice", 5, "review.checklist")),
        ("[review]\nappeal_days = 0\n", ("config.too_small", 3, "review.appeal_days")),
        ("[review]\nsecond_percent = 101\n", ("config.too_large", 3, "review.second_percent")),
        ("[reminders.report]\noverdue = [0]\n", ("config.too_small", 3, "reminders.report.overdue")),
        ("[reminders.report]\noverdue = [1, 1]\n", ("config.day_twice", 3, "reminders.report.overdue")),
        ("[reminders.report]\noverdue = 1\n", ("config.unfit", 3, "reminders.report.overdue")),
        ("[reminders.report]\nrepeat_every = -1\n", ("config.too_small", 3, "reminders.report.repeat_every")),
        ("[reminders.meeting]\nladder = []\n", ("config.no_rung", 3, "reminders.meeting.ladder")),
    ],
)
def test_broken_policy_is_named_with_its_line(tmp_path, text, expected):
    assert faults(f"[reminders]\n{text}", tmp_path) == [expected]


def test_fault_in_a_table_of_a_list_is_told_with_an_example_of_that_key_alone(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text(
        '[review]\nchecklist = [{ key = "a", th = "ก", en = "A", pionts = 3 }]\n', encoding="utf-8"
    )

    with pytest.raises(Refusal) as refused:
        load(file, {})

    key, at = "review.checklist[1]", f"{file}, line 2"
    assert wording("en", Settings().zone).refusal(refused.value) == [
        f"{at}: {key}.points is missing: write for example 75.",
        f"{at}: there is no setting {key}.pionts. Did you mean points? Possible here: key, th, en, points.",
    ]


@pytest.mark.parametrize(
    ("rungs", "kind", "line", "key"),
    [
        (['{ role = "coordnator" }'], "config.not_allowed", 3, "ladder[1].role"),
        (['{ role = "coordinator", after = 2 }'], "config.first_rung_waits", 3, "ladder"),
        (['{ role = "coordinator" }', '{ role = "deputy" }'], "config.ladder_not_rising", 4, "ladder"),
        (
            ['{ role = "deputy" }', '{ role = "evaluator", after = 3 }', '{ role = "director", after = 3 }'],
            "config.ladder_not_rising",
            5,
            "ladder",
        ),
        (
            ['{ role = "deputy" }', '{ role = "director", after = 3 }', '{ role = "deputy", after = 7 }'],
            "config.role_twice",
            5,
            "ladder",
        ),
        (
            ['{ role = "deputy" }', '{ role = "director", after = -1 }'],
            "config.too_small",
            4,
            "ladder[2].after",
        ),
        (
            ['{ role = "deputy" }', '{ role = "director", afer = 1 }'],
            "config.unknown_key",
            4,
            "ladder[2].afer",
        ),
        (['{ role = "deputy" }', "{ after = 1 }"], "config.missing", 4, "ladder[2].role"),
        (['"deputy"'], "config.unfit", 3, "ladder"),
    ],
)
def test_broken_ladder_is_named_with_the_line_of_its_rung(tmp_path, rungs, kind, line, key):
    lines = ",\n".join(rungs)
    text = f"[reminders.milestone]\nladder = [\n{lines}\n]\n"
    assert faults(text, tmp_path) == [(kind, line, f"reminders.milestone.{key}")]


@pytest.mark.parametrize(
    ("text", "english"),
    [
        (
            'ladder = [{ role = "secton_head" }]',
            (
                "ladder[1].role cannot be secton_head. Did you mean section_head? "
                "Write one of coordinator, deputy, section_head, director, evaluator, administrator."
            ),
        ),
        (
            'ladder = [{ role = "coordinator" }, { role = "coordinator", after = 2 }]',
            (
                "ladder names coordinator twice, so what passes up would go in a circle: "
                f"name each role once, for example {LADDER}."
            ),
        ),
        (
            'ladder = [{ role = "coordinator" }, { role = "deputy" }]',
            (
                "ladder must rise, but deputy is told after 0 working days, no later than the rung below: "
                f"write for example {LADDER}."
            ),
        ),
        (
            'ladder = [{ role = "coordinator", after = 1 }]',
            "ladder begins with coordinator, who is told from the first day on: leave out after = 1.",
        ),
        ("ladder = []", f"ladder has no rung, so nobody would be told: write for example {LADDER}."),
        ("before = [3, 3]", "before names day 3 twice: write each day once, for example [3, 1]."),
        ("before = [-3]", "before is -3 and must be at least 0: write for example [3, 1]."),
    ],
)
def test_broken_policy_is_said_in_one_sentence(tmp_path, text, english):
    file = tmp_path / "config.toml"
    file.write_text(f"[reminders.extension]\n{text}\n", encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load(file, {})
    said = [wording(language, Settings().zone).refusal(refused.value) for language in ("en", "th")]
    assert said[0] == [f"{file}, line 2: reminders.extension.{english}"]
    assert re.search("[ก-๙]", said[1][0])


def test_address_and_name_that_are_not_safe_are_shown_as_they_are(tmp_path):
    file = tmp_path / "config.toml"
    text = '[webhook]\nurl = "http://hook.example/x"\nsecret = "s"\n[mail]\nsender_name = "a\\u202eb"\n'
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load(file, {})
    private, name = wording("en", Settings().zone).refusal(refused.value)
    assert private.startswith(f"{file}, line 1: “http://hook.example/x” is not https: ")
    assert name == f'{file}, line 5: mail.sender_name cannot be "a\\u202eb": write for example "Radap".'


def test_topic_that_is_changed_in_part_keeps_the_rest(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("[reminders.milestone]\nbefore = [10, 5]\n", encoding="utf-8")
    found, usual = reminder_policy(load(file, {})), reminder_policy(Settings())
    assert found.topics[Topic.MILESTONE] == replace(usual.topics[Topic.MILESTONE], before=(10, 5))
    assert [topic for topic in Topic if found.topics[topic] != usual.topics[topic]] == [Topic.MILESTONE]


def test_policy_of_the_settings_is_the_default_of_the_engine():
    assert reminder_policy(Settings()) == DEFAULT


def test_policy_of_the_file_reaches_the_engine(tmp_path):
    text = """
        [reminders]
        hour = 17
        review_days = 3
        [reminders.meeting]
        before = [2]
        overdue = []
        repeat_every = 4
        ladder = [{ role = "deputy" }, { role = "director", after = 6 }]
        optional = false
    """
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    policy = reminder_policy(load(file, {}))
    assert (policy.hour, policy.review_days) == (17, 3)
    ladder = (Rung(Role.DEPUTY), Rung(Role.DIRECTOR, after=6))
    assert policy.topics[Topic.MEETING] == TopicPolicy((2,), (), 4, ladder)


def test_variable_reaches_a_table_in_a_table(tmp_path):
    file = tmp_path / "config.toml"
    file.write_text("[reminders.milestone]\nrepeat_every = 2\nbefore = [9]\n", encoding="utf-8")
    environment = {
        "RADAP_REMINDERS__HOUR": "7",
        "RADAP_REMINDERS__MILESTONE__BEFORE": "[4, 2]",
        "RADAP_REMINDERS__MEETING__LADDER": '[{"role": "director"}]',
    }
    found = reminder_policy(load(file, environment))
    milestone = found.topics[Topic.MILESTONE]
    assert (found.hour, milestone.before, milestone.repeat_every) == (7, (4, 2), 2)
    assert found.topics[Topic.MEETING].ladder == (Rung(Role.DIRECTOR),)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("RADAP_REMINDERS__MILESTONE__BEFORE", "7, 3", "config.unfit"),
        ("RADAP_REMINDERS__MILESTONE__BEFORE", "[-7]", "config.too_small"),
        ("RADAP_REMINDERS__MILESTONE__LADDER", '[{"role": "boss"}]', "config.not_allowed"),
        ("RADAP_REMINDERS__MILESTONE__REPEAT_EVERY", "often", "config.unfit"),
    ],
)
def test_broken_variable_of_a_table_in_a_table_is_named(tmp_path, name, value, kind):
    file = tmp_path / "config.toml"
    file.write_text("[reminders.milestone]\noverdue = [2]\n", encoding="utf-8")
    with pytest.raises(Refusal) as refused:
        load(file, {name: value})
    (condition,) = refused.value.conditions
    told = condition.params["key"]
    assert (condition.kind, told.partition("[")[0]) == (kind, name)


@pytest.mark.parametrize("name", ["RADAP_REMINDERS__MILESTONE", "RADAP_REMINDERS__MILESTONE__BEFOR"])
def test_variable_of_a_whole_table_or_a_misspelt_one_is_refused(name):
    with pytest.raises(Refusal) as refused:
        load(None, {name: "{}"})
    assert [(one.kind, one.params["key"]) for one in refused.value.conditions] == [
        ("config.unknown_variable", name)
    ]


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
    with pytest.raises(Refusal, match=r"file\.is_folder"):
        load(tmp_path, {})


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


def test_another_house_to_sign_in_at_needs_its_address_a_client_and_a_name(tmp_path):
    text = '[sign_in.oidc]\nissuer = "https://id.example"\n'
    assert [fault[::2] for fault in faults(text, tmp_path)] == [
        ("config.openid_incomplete", "sign_in.oidc.client_id"),
        ("config.openid_incomplete", "sign_in.oidc.name"),
    ]


def test_secret_of_the_other_house_comes_from_the_environment_and_is_not_shown(tmp_path):
    file = tmp_path / "config.toml"
    text = '[sign_in.oidc]\nissuer = "https://id.example"\nclient_id = "radap"\nname = "City"\nonly = true\n'
    file.write_text(text, encoding="utf-8")
    found = load(file, {"RADAP_SIGN_IN__OIDC__CLIENT_SECRET": "very secret"})
    openid = openid_of(found.sign_in)
    assert openid == OpenId("https://id.example", "radap", "very secret", "City", only=True)
    assert "very secret" not in repr(found)
    assert "very secret" not in repr(openid)
    assert openid_of(Settings().sign_in) is None


def test_trusted_proxies_are_addresses_and_networks():
    found = load(None, {"RADAP_WEB__TRUSTED_PROXIES": '["127.0.0.1", "10.0.0.0/24", "fd00::/8"]'})
    assert found.web.trusted_proxies == ("127.0.0.1", "10.0.0.0/24", "fd00::/8")


def test_evidence_is_kept_where_the_settings_say():
    folder = load(None, {}).evidence
    bucket = load(None, {"RADAP_EVIDENCE__STORE": "s3", "RADAP_EVIDENCE__BUCKET": "radap"}).evidence
    keys_of_it = {"RADAP_EVIDENCE__ACCESS_KEY": "key", "RADAP_EVIDENCE__SECRET_KEY": "secret of the bucket"}

    assert isinstance(evidence_store_of(folder), EvidenceFolder)
    assert isinstance(evidence_store_of(bucket), EvidenceBucket)
    assert "secret of the bucket" not in repr(load(None, keys_of_it))


def test_scanner_is_asked_where_the_settings_say():
    given = {"RADAP_EVIDENCE__CLAMD": "tcp:127.0.0.1:3310", "RADAP_EVIDENCE__CLAMD_REQUIRED": "false"}

    assert scanner_of(load(None, {}).evidence) is None
    assert scanner_of(load(None, given).evidence) == Clamd("tcp:127.0.0.1:3310", 30.0, required=False)

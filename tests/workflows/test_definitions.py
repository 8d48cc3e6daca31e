"""The definitions that Radap brings along: what each subset of milestones, and each value, is worth."""

import re
import tomllib
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest

from engine.indicator import Facts, Occurrence
from engine.levels import level_of
from engine.workflow import Bound, Order, Workflow, leaves
from engine.workflow_check import check
from workflows.catalogue import Catalogue
from workflows.diagram import diagram

FOLDER = Path(__file__).parents[2] / "workflows"
CATALOGUE = Catalogue(FOLDER)
DAY = date(2021, 9, 30)
NOON = datetime(2021, 9, 30, 5, tzinfo=UTC)

#: What each level of a chain asks for, from below, written down apart from the definitions.
CHAINS: dict[str, list[set[str]]] = {
    "civil_society_network": [
        {"guidelines_set"},
        {"committee_appointed"},
        {"meetings_held"},
        {"issue_chosen"},
        {"report_submitted"},
    ],
    "bylaw_drafting": [{"study_done"}, {"draft_written"}, {"opinions_heard"}, {"draft_submitted"}],
    "database_development": [
        {"working_group_appointed"},
        {"plan_made"},
        {"catalogue_made"},
        {"data_entered"},
        {"database_opened", "results_reported"},
    ],
    "success_level": [
        {"survey_done"},
        {"plan_approved"},
        {"duties_assigned"},
        {"work_carried_out"},
        {"results_reported"},
    ],
}

#: Where only the number of steps counts.
COUNTED = {
    "occupational_safety_steps": {
        "working_group_appointed",
        "project_sent",
        "measures_carried_out",
        "documents_sent",
    },
}

#: How many facts a milestone needs, where it is not one.
NEEDS = {"meetings_held": 2, "data_entered": 3}

STEPS = {**{key: set().union(*sets) for key, sets in CHAINS.items()}, **COUNTED}


def expected_level(key: str, done: Collection[str]) -> int:
    """The level by the tables above and nothing else."""
    if key in COUNTED:
        return len(done)
    level = 0
    for asked in CHAINS[key]:
        if not asked <= set(done):
            break
        level += 1
    return level


def subsets(names: Collection[str]) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(sorted(names), size) for size in range(len(names) + 1))


def fact(milestone: str, number: int, value: Decimal | None = None) -> Occurrence:
    return Occurrence(number, milestone, "", True, DAY, 4, DAY, NOON, 1, value=value)


def level_with(workflow: Workflow, counts: dict[str, int]) -> int:
    """The level with so many facts at each milestone."""
    facts = [fact(key, number) for key, count in counts.items() for number in range(1, count + 1)]
    return level_of(workflow, Facts(facts), DAY).level


def counts_of(done: Collection[str], names: Collection[str], short: bool) -> dict[str, int]:
    """What is done has all that it needs; what is not has nothing, or just one fact too few."""
    return {
        name: NEEDS.get(name, 1) if name in done else NEEDS.get(name, 1) - 1 if short else 0 for name in names
    }


def test_every_definition_is_in_the_tables_of_this_test():
    assert {workflow.key for workflow in CATALOGUE.list()} == set(STEPS) | set(VALUES)


def test_steps_of_the_tables_are_those_of_the_definitions():
    defined = {key: {milestone.key for milestone in CATALOGUE.get(key).milestones} for key in STEPS}
    assert defined == STEPS


@pytest.mark.parametrize("workflow", CATALOGUE.list(), ids=lambda workflow: workflow.key)
def test_definition_has_no_fault(workflow):
    assert check(workflow) == []


@pytest.mark.parametrize("short", [False, True], ids=["nothing_else", "one_too_few"])
@pytest.mark.parametrize("key", STEPS)
def test_every_subset_of_milestones_has_the_level_of_the_table(key, short):
    workflow = CATALOGUE.get(key)
    computed = {
        done: level_with(workflow, counts_of(done, STEPS[key], short)) for done in subsets(STEPS[key])
    }
    assert len(computed) == 2 ** len(STEPS[key])
    assert computed == {done: expected_level(key, done) for done in subsets(STEPS[key])}


@pytest.mark.parametrize("key", STEPS)
def test_doing_one_more_thing_never_lowers_the_level(key):
    workflow = CATALOGUE.get(key)
    for done in subsets(STEPS[key]):
        level = level_with(workflow, counts_of(done, STEPS[key], short=False))
        for more in STEPS[key] - set(done):
            assert level_with(workflow, counts_of((*done, more), STEPS[key], short=False)) >= level


@pytest.mark.parametrize(
    ("key", "done", "level"),
    [
        ("civil_society_network", {"guidelines_set", "committee_appointed", "issue_chosen"}, 2),
        ("civil_society_network", {"committee_appointed", "meetings_held"}, 0),
        ("database_development", {"working_group_appointed", "plan_made", "catalogue_made", "data_entered",
                                  "results_reported"}, 4),
        ("occupational_safety_steps", {"documents_sent"}, 1),
        ("occupational_safety_steps", {"documents_sent", "project_sent", "working_group_appointed"}, 3),
    ],
)  # fmt: skip  # a table reads better unbroken
def test_a_level_written_by_hand(key, done, level):
    assert level_with(CATALOGUE.get(key), counts_of(done, STEPS[key], short=False)) == level


# --- measured indicators: target, value, level; just below each edge, on it, and above -----------------

BANDS_OF_PERCENT = [
    ("0", 1), ("0.01", 1), ("69.99", 1), ("70", 2), ("70.01", 2), ("79.99", 2), ("80", 3), ("80.01", 3),
    ("89.99", 3), ("90", 4), ("90.01", 4), ("99.99", 4), ("100", 5), ("100.0000", 5), ("1407.52", 5),
]  # fmt: skip  # a table reads better unbroken

VALUES: dict[str, list[tuple[str | None, list[tuple[str, int]]]]] = {
    "percent_of_target": [
        ("100", BANDS_OF_PERCENT),
        ("90", [("62.99", 1), ("63", 2), ("63.01", 2), ("71.99", 2), ("72", 3), ("80.99", 3), ("81", 4),
                ("89.99", 4), ("90", 5), ("100", 5)]),
        ("4.1", [("0.9", 1), ("2.86", 1), ("2.87", 2), ("4.09", 4), ("4.1", 5), ("4.11", 5)]),
        ("0", [("0", 1), ("100", 1)]),
        (None, [("100", 1)]),
    ],
    "percent_achieved": [
        ("10", BANDS_OF_PERCENT),
        ("0", BANDS_OF_PERCENT),
        (None, BANDS_OF_PERCENT),
    ],
    "percent_falling": [
        ("0", [("100", 1), ("80.01", 1), ("80", 2), ("79.99", 2), ("60.01", 2), ("60", 3), ("59.99", 3),
               ("40.01", 3), ("40", 4), ("39.99", 4), ("20.01", 4), ("20", 5), ("19.99", 5), ("0", 5)]),
    ],
    "count_of_target": [
        ("1200", [("0", 0), ("239", 0), ("240", 1), ("241", 1), ("479", 1), ("480", 2), ("481", 2),
                  ("719", 2), ("720", 3), ("721", 3), ("959", 3), ("960", 4), ("961", 4), ("1199", 4),
                  ("1200", 5), ("1611", 5)]),
        ("2", [("0", 0), ("1", 2), ("2", 5), ("8", 5)]),
        ("1", [("0", 0), ("1", 5)]),
        ("0", [("3", 0)]),
        (None, [("3", 0)]),
    ],
    "satisfaction_score": [
        ("4", [("0", 0), ("0.99", 0), ("1", 1), ("1.01", 1), ("1.999", 1), ("2", 2), ("2.01", 2),
               ("2.99", 2), ("3", 3), ("3.01", 3), ("3.51", 3), ("3.999", 3), ("4", 4), ("4.01", 4),
               ("4.91", 4), ("4.999", 4), ("5", 5)]),
    ],
}  # fmt: skip  # a table reads better unbroken

EDGES = [
    (key, target, value, level)
    for key, targets in VALUES.items()
    for target, rows in targets
    for value, level in rows
]


def measured(key: str, target: str | None, *values: str) -> tuple[int, float]:
    """The level and the fraction after the values were recorded one after the other."""
    facts = [fact("result", number, Decimal(value)) for number, value in enumerate(values, start=1)]
    reached = level_of(CATALOGUE.get(key), Facts(facts, target=Decimal(target) if target else None), DAY)
    return reached.level, reached.fraction


@pytest.mark.parametrize(("key", "target", "value", "level"), EDGES)
def test_level_of_a_value(key, target, value, level):
    assert measured(key, target, value)[0] == level


@pytest.mark.parametrize("key", VALUES)
def test_nothing_reported_is_no_level_and_not_a_zero(key):
    assert measured(key, "100") == (0, 0.0)


@pytest.mark.parametrize("key", VALUES)
def test_every_limit_of_the_rules_is_an_edge_of_the_table(key):
    workflow = CATALOGUE.get(key)
    limits = {leaf.limit for rung in workflow.levels for leaf in leaves(rung.rule) if isinstance(leaf, Bound)}
    measure = workflow.milestones[0].measure
    assert measure is not None
    target, rows = VALUES[key][0]
    per_cent = Decimal(target or 100) / 100 if measure.of_target else Decimal(1)
    assert {limit * per_cent for limit in limits} <= {Decimal(value) for value, _ in rows}


@pytest.mark.parametrize(
    ("key", "target", "value", "standing"),
    [
        ("satisfaction_score", "4", "4.212", (4, 0.212)),
        ("satisfaction_score", "4", "0.5", (0, 0.5)),
        ("percent_of_target", "100", "35", (1, 0.5)),
        ("percent_of_target", "100", "75", (2, 0.5)),
        ("percent_falling", "0", "90", (1, 0.5)),
        ("percent_falling", "0", "30", (4, 0.5)),
        ("count_of_target", "4", "0.4", (0, 0.5)),
    ],
)
def test_the_fraction_begins_where_the_level_below_ends(key, target, value, standing):
    assert measured(key, target, value) == standing


def test_a_year_to_date_value_replaces_the_one_before():
    assert measured("count_of_target", "8", "4", "6", "8", "8") == (5, 0.0)
    assert measured("percent_of_target", "100", "100", "50")[0] == 1


# --- the files as they are read by people --------------------------------------------------------------


def keys_of(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys_of(inner)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_the_header_explains_every_key_of_the_file_and_no_other(path):
    text = path.read_text(encoding="utf-8")
    header = text.partition("\n\n")[0]
    assert all(line.startswith("#") for line in header.splitlines())
    explained = set(re.findall(r"^# {1,5}([a-z_]+) {2,}\S", header, re.MULTILINE))
    shown_in_rules = set(re.findall(r"[{,] (\w+) = ", header.partition("[[levels]]")[2]))
    document = tomllib.loads(text)
    used_in_rules = {key for level in document["levels"] for key in keys_of(level["when"])}
    for level in document["levels"]:
        del level["when"]
    assert explained == set(keys_of(document)) - {"th", "en", "milestones", "levels"} | {"when"}
    assert shown_in_rules == used_in_rules


def test_files_are_named_after_their_definition():
    assert {path.stem for path in FOLDER.glob("*.toml")} == {workflow.key for workflow in CATALOGUE.list()}


def test_orders_of_all_three_kinds_are_shipped():
    assert {workflow.order for workflow in CATALOGUE.list()} == set(Order)


def test_civil_society_network_asks_for_the_evidence_of_the_page():
    asked = [
        (milestone.key, request.title.th)
        for milestone in CATALOGUE.get("civil_society_network").milestones
        for request in milestone.required_evidence
    ]
    assert asked == [
        ("guidelines_set", "แนวทางและหลักเกณฑ์การจัดตั้งเครือข่ายประชาสังคมเขต"),
        ("meetings_held", "รายงานการประชุมที่เกี่ยวข้อง"),
        ("issue_chosen", "ประเด็นที่ได้จากเครือข่ายประชาสังคมในพื้นที่เขต"),
    ]


def test_civil_society_network_says_which_facts_do_not_count():
    kinds = {
        kind.key: kind.counts
        for milestone in CATALOGUE.get("civil_society_network").milestones
        for kind in milestone.kinds
    }
    assert kinds == {
        "guidelines": True,
        "project_plan": True,
        "appointing_order": True,
        "position_order": False,
        "meeting": True,
        "invitation": False,
        "resolution": True,
        "agenda_item": False,
        "report": True,
    }


@pytest.mark.parametrize("workflow", CATALOGUE.list(), ids=lambda workflow: workflow.key)
def test_what_is_recorded_without_a_kind_counts(workflow):
    assert all(milestone.kinds[0].counts for milestone in workflow.milestones if milestone.kinds)


# --- the picture ---------------------------------------------------------------------------------------


def test_diagram_of_the_network_with_the_place_where_it_stands():
    assert (
        diagram(CATALOGUE.get("civil_society_network"), "en", here="meetings_held")
        == """\
stateDiagram-v2
    state "Not started" as not_started
    state "Level 1 · Guidelines and criteria are set" as guidelines_set
    state "Level 2 · A committee is appointed" as committee_appointed
    state "Level 3 · It has met at least twice" as meetings_held
    state "Level 4 · An issue is chosen" as issue_chosen
    state "Level 5 · Its work is reported" as report_submitted
    [*] --> not_started
    not_started --> guidelines_set : Guidelines and criteria set
    guidelines_set --> committee_appointed : Committee appointed
    committee_appointed --> meetings_held : Two meetings held
    meetings_held --> issue_chosen : Issue chosen
    issue_chosen --> report_submitted : Report submitted
    classDef here fill:#00703c,color:#ffffff,stroke-width:3px
    class meetings_held here
"""
    )


@pytest.mark.parametrize(
    ("key", "language", "line"),
    [
        ("percent_falling", "th", "    level_4 --> level_5 : ค่าล่าสุด ≤ 20%"),
        ("percent_of_target", "en", "    level_4 --> level_5 : Year-to-date result ≥ 100% of the target"),
        ("count_of_target", "th", "    level_4 --> level_5 : จำนวนสะสม ≥ 100% ของเป้าหมาย"),
        ("satisfaction_score", "en", "    level_4 --> level_5 : Mean score ≥ 5"),
        ("database_development", "th", "    data_entered --> in_use : เปิดใช้งานฐานข้อมูลแล้ว และ รายงานผลแล้ว"),
    ],
)
def test_diagram_says_what_the_last_level_asks_for(key, language, line):
    assert diagram(CATALOGUE.get(key), language).splitlines()[-1] == line


def test_diagram_refuses_a_place_that_is_not_on_the_ladder():
    with pytest.raises(ValueError, match="'level_9' is no state"):
        diagram(CATALOGUE.get("count_of_target"), "th", here="level_9")

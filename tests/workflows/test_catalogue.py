"""Definition files: what a good one becomes, and every fault of a bad one with its file, line and kind."""

from decimal import Decimal
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal
from engine.permissions import Role
from engine.workflow import (
    AllOf,
    AnyOf,
    AtLeast,
    Bound,
    Count,
    Direction,
    Measure,
    MeasureKind,
    Order,
    Reached,
    Text,
    Workflow,
    YearValue,
)
from workflows.catalogue import Catalogue, DefinitionError, load, parse

GOOD = """\
key = "network"
version = 3
order = "tolerant"
title = { th = "เครือข่าย", en = "Network" }

[[milestones]]
key = "guidelines_set"
title = { th = "กำหนดแนวทางแล้ว", en = "Guidelines set" }
due_quarter = 1
supplied_by = "owner"
evidence = [
    { key = "guidelines", title = { th = "แนวทาง", en = "Guidelines" }, required = false },
]

[[milestones]]
key = "meetings_held"
title = { th = "จัดประชุมแล้ว", en = "Meetings held" }
needs = 2
due_quarter = 2
kinds = [
    { key = "meeting", title = { th = "การประชุม", en = "Meeting" } },
    { key = "invitation", title = { th = "หนังสือเชิญ", en = "Invitation" }, counts = false },
]

[[milestones]]
key = "satisfaction"
title = { th = "ความพึงพอใจ", en = "Satisfaction" }
due_quarter = 4
measure = { kind = "percent", minimum = 0, maximum = 100 }

[[levels]]
level = 1
title = { th = "มีแนวทาง", en = "Guidelines" }
when = { milestone = "guidelines_set" }

[[levels]]
level = 2
title = { th = "ประชุมแล้ว", en = "Met" }
when = { all = [{ milestone = "meetings_held" }, { count = "meetings_held", at_least = 2 }] }

[[levels]]
level = 3
title = { th = "พอใจ", en = "Satisfied" }
when = { measure = "satisfaction", at_least = 70 }

[[levels]]
level = 4
state = "delighted"
title = { th = "พอใจมาก", en = "Delighted" }
when = { measure = "satisfaction", at_least = 90.50 }
"""


def changed(old: str, new: str, text: str = GOOD) -> str:
    """The text with the one place that reads ``old`` changed."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def faults_of(text: str) -> list[tuple[int, str]]:
    """Line and kind of each fault, which all name the file."""
    with pytest.raises(DefinitionError) as refused:
        parse(text, "network.toml")
    assert {fault.file for fault in refused.value.faults} == {"network.toml"}
    return [(fault.line, fault.kind) for fault in refused.value.faults]


def params_of(text: str) -> dict[str, object]:
    """The particulars of the only fault."""
    with pytest.raises(DefinitionError) as refused:
        parse(text)
    (fault,) = refused.value.faults
    return dict(fault.params)


# --- a good file ---------------------------------------------------------------------------------------


def test_a_good_file_becomes_a_workflow():
    workflow = parse(GOOD)
    assert (workflow.key, workflow.version, workflow.order) == ("network", 3, Order.TOLERANT)
    assert workflow.title == Text("เครือข่าย", "Network")
    guidelines, meetings, satisfaction = workflow.milestones
    assert (guidelines.supplied_by, guidelines.due_quarter, guidelines.needs) == (Role.OWNER, 1, 1)
    assert [(one.key, one.required, one.available_from_quarter) for one in guidelines.evidence] == [
        ("guidelines", False, 1)
    ]
    assert (meetings.needs, meetings.supplied_by) == (2, Role.COORDINATOR)
    assert [(kind.key, kind.counts) for kind in meetings.kinds] == [("meeting", True), ("invitation", False)]
    assert satisfaction.measure == Measure(
        MeasureKind.PERCENT, Direction.RISING, YearValue.LATEST, False, Decimal(0), Decimal(100)
    )


def test_states_are_named_after_their_milestone_or_their_level():
    assert [rung.state for rung in parse(GOOD).levels] == ["guidelines_set", "level_2", "level_3", "delighted"]


def test_rules_and_where_their_limits_start():
    assert [rung.rule for rung in parse(GOOD).levels] == [
        Reached("guidelines_set"),
        AllOf((Reached("meetings_held"), Count("meetings_held", 2))),
        Bound("satisfaction", Decimal(70), start=Decimal(0)),
        Bound("satisfaction", Decimal("90.50"), start=Decimal(70)),
    ]


def test_numbers_stay_exactly_as_they_are_written():
    limit = parse(GOOD).levels[3].rule
    assert isinstance(limit, Bound)
    assert str(limit.limit) == "90.50"


@pytest.mark.parametrize(
    ("measure", "start"),
    [
        ('kind = "percent"', None),
        ('kind = "percent", minimum = 10', Decimal(10)),
        ('kind = "count", minimum = 0, of_target = true', Decimal(0)),
        ('kind = "count", minimum = 5, of_target = true', None),
        ('kind = "count", minimum = 5, year_value = "sum"', None),
        ('kind = "count", minimum = 0, year_value = "sum"', Decimal(0)),
    ],
)
def test_the_first_limit_starts_at_the_least_value(measure, start):
    workflow = parse(changed('kind = "percent", minimum = 0, maximum = 100', measure))
    assert workflow.levels[2].rule == Bound("satisfaction", Decimal(70), start=start)


def test_where_less_is_better_the_first_limit_starts_at_the_greatest_value():
    text = changed('kind = "percent", minimum', 'kind = "percent", direction = "falling", minimum')
    text = changed("at_least = 70", "at_most = 30", text)
    text = changed("at_least = 90.50", "at_most = 5", text)
    assert [rung.rule for rung in parse(text).levels[2:]] == [
        Bound("satisfaction", Decimal(30), falling=True, start=Decimal(100)),
        Bound("satisfaction", Decimal(5), falling=True, start=Decimal(30)),
    ]


def test_rules_of_some_and_of_any():
    text = changed(
        '{ all = [{ milestone = "meetings_held" }, { count = "meetings_held", at_least = 2 }] }',
        '{ at_least = 2, of = [{ milestone = "meetings_held" }, '
        '{ any = [{ count = "meetings_held", at_least = 3 }, { milestone = "meetings_held" }] }] }',
    )
    assert parse(text).levels[1].rule == AtLeast(
        2,
        (Reached("meetings_held"), AnyOf((Count("meetings_held", 3), Reached("meetings_held")))),
    )


def test_the_hash_is_of_the_text_whatever_its_line_ends():
    expected = sha256(GOOD.encode()).hexdigest()
    assert parse(GOOD).source_hash == expected
    assert parse(GOOD.replace("\n", "\r\n")).source_hash == expected
    assert parse(GOOD + "# more\n").source_hash != expected


# --- every fault, each alone: what to change, the kind, and the words on the line that is blamed -------

MEETINGS_RULE = 'all = [{ milestone = "meetings_held" }, { count = "meetings_held", at_least = 2 }]'

FAULTS = {
    # the document
    "syntax": ("version = 3", "version = ", "toml.syntax", "version = "),
    "open_text": ('en = "Met"', 'en = "Met', "toml.syntax", '"Met'),
    "number_too_long": ("version = 3", "version = " + "9" * 5000, "toml.syntax", "key"),
    "nested_without_end": ("version = 3", "version = " + "[" * 100_000, "toml.too_deep", "key"),
    "duplicate_key": ("needs = 2", "needs = 2\nneeds = 3", "toml.duplicate_key", "needs = 3"),
    "duplicate_inline_key": ('en = "Met"', 'th = "Met"', "toml.duplicate_key", "Met"),
    # its keys and values
    "unknown_key": ("needs = 2", "need = 2", "key.unknown", "need = 2"),
    "unknown_key_at_the_top": ("version = 3", "version = 3\nowner = 1", "key.unknown", "owner"),
    "unknown_key_inside": ("required = false", "require = false", "key.unknown", "require"),
    "unknown_key_in_a_rule": ('when = { milestone = "g', 'when = { mile = 1, milestone = "g', "key.unknown", "mile ="),
    "missing_key": ('key = "network"\n', "", "key.missing", "version"),
    "missing_key_of_a_milestone": ('\nkey = "meetings_held"', "", "key.missing", "[[milestones]]\ntitle = { th = "),
    "missing_order": ('order = "tolerant"\n', "", "key.missing", "key"),
    "missing_level": ("level = 2\n", "", "key.missing", '[[levels]]\ntitle = { th = "ประชุมแล้ว"'),
    "missing_rule": ('when = { milestone = "guidelines_set" }', "", "key.missing", "[[levels]]\nlevel = 1"),
    "not_text": ('key = "network"', "key = 5", "value.not_text", "key = 5"),
    "not_text_in_a_title": ('en = "Met"', "en = 5", "value.not_text", "en = 5"),
    "not_whole": ("needs = 2", "needs = 1.5", "value.not_whole_number", "needs"),
    "not_whole_but_text": ("due_quarter = 1", 'due_quarter = "1"', "value.not_whole_number", 'due_quarter = "1"'),
    "not_whole_but_true": ("needs = 2", "needs = true", "value.not_whole_number", "needs"),
    "not_whole_in_a_count": ('held", at_least = 2', 'held", at_least = 1.5', "value.not_whole_number", "1.5"),
    "not_number": ("at_least = 70", 'at_least = "70"', "value.not_number", '"70"'),
    "not_number_but_nan": ("at_least = 70", "at_least = nan", "value.not_number", "nan"),
    "not_number_but_endless": ("at_least = 70", "at_least = 1e99999999999999999999", "value.not_number", "1e9"),
    "not_truth": ("required = false", 'required = "no"', "value.not_truth", "required"),
    "not_list": ('[{ milestone = "meetings_held" }, { c', '[{ any = "x" }, { c', "value.not_list", '"x"'),
    "not_table": ('title = { th = "พอใจ", en = "Satisfied" }', 'title = "พอใจ"', "value.not_table", 'title = "พอใจ"'),
    "not_allowed": ('order = "tolerant"', 'order = "tolerent"', "value.not_allowed", "tolerent"),
    "role_not_allowed": ('supplied_by = "owner"', 'supplied_by = "mayor"', "value.not_allowed", "mayor"),
    "kind_not_allowed": ('kind = "percent"', 'kind = "ratio"', "value.not_allowed", "ratio"),
    "rule_of_no_shape": ('when = { milestone = "g', 'when = { at_most = 1, milestone = "g', "rule.shape", "at_most"),
    # names and titles
    "malformed_key": ('key = "network"', 'key = "Network 1"', "key.malformed", "Network 1"),
    "malformed_state": ('state = "delighted"', 'state = "ดี"', "key.malformed", "state"),
    "version_below_one": ("version = 3", "version = 0", "workflow.version_below_one", "version"),
    "no_thai_title": ('th = "เครือข่าย", ', "", "title.missing", "title = { en"),
    "no_english_title": (', en = "Meetings held"', "", "title.missing", "จัดประชุมแล้ว"),
    "blank_english_title": ('en = "Met"', 'en = " "', "title.missing", "ประชุมแล้ว"),
    "no_english_title_of_a_kind": (', en = "Invitation"', "", "title.missing", "หนังสือเชิญ"),
    "no_thai_title_of_evidence": ('th = "แนวทาง", ', "", "title.missing", '"guidelines",'),
    "half_a_description": (
        'order = "tolerant"',
        'order = "tolerant"\ndescription = { th = "ก" }',
        "title.missing",
        "description",
    ),
    # milestones
    "duplicate_milestone": (
        '[[milestones]]\nkey = "satisfaction"',
        '[[milestones]]\nkey = "meetings_held"\ntitle = { th = "อีก", en = "Again" }\n'
        '[[milestones]]\nkey = "satisfaction"',
        "milestone.duplicate",
        'key = "meetings_held"\ntitle = { th = "อีก"',
    ),
    "duplicate_kind": ('key = "invitation"', 'key = "meeting"', "kind.duplicate", "หนังสือเชิญ"),
    "no_counting_kind": ('en = "Meeting" }', 'en = "Meeting" }, counts = false', "milestone.no_counting_kind", "kinds"),
    "duplicate_evidence": (
        "required = false },",
        'required = false },\n    { key = "guidelines", title = { th = "อีก", en = "Again" } },',
        "evidence.duplicate",
        "อีก",
    ),
    "needs_below_one": ("needs = 2", "needs = 0", "milestone.needs_below_one", "needs"),
    "due_in_no_quarter": ("due_quarter = 4", "due_quarter = 5", "milestone.due_quarter_outside", "due_quarter = 5"),
    "evidence_of_no_quarter": (
        "required = false",
        "available_from_quarter = 0",
        "evidence.quarter_outside",
        "available_from",
    ),
    "evidence_after_due": ("required = false", "available_from_quarter = 2", "evidence.after_due", "available_from"),
    "unused": (MEETINGS_RULE, 'milestone = "guidelines_set"', "milestone.unused", 'key = "meetings_held"'),
    "due_after_higher": ("due_quarter = 1", "due_quarter = 3", "milestone.due_after_higher", "due_quarter = 3"),
    "empty_range": ("minimum = 0", "minimum = 101", "measure.range_empty", "minimum"),
    # levels
    "duplicate_level": ("level = 2", "level = 1", "level.duplicate", 'level = 1\ntitle = { th = "ประชุมแล้ว"'),
    "gap": ("level = 4", "level = 6", "level.gap", "level = 6"),
    "gap_at_the_bottom": ("level = 1", "level = 5", "level.gap", "level = 5"),
    "level_below_one": ("level = 1", "level = 0", "level.below_one", "level = 0"),
    "duplicate_state": ('state = "delighted"', 'state = "level_3"', "level.state_duplicate", "state"),
    "reserved_state": ('state = "delighted"', 'state = "not_started"', "level.state_reserved", "state"),
    # rules
    "unknown_milestone": (
        'when = { milestone = "guidelines_set" }',
        'when = { milestone = "guideline_set" }',
        "rule.unknown_milestone",
        "guideline_set",
    ),
    "unknown_milestone_counted": ('count = "meetings_held"', 'count = "meeting_held"', "rule.unknown_milestone", "count"),
    "not_measured": (
        MEETINGS_RULE,
        'all = [{ milestone = "meetings_held" }, { measure = "meetings_held", at_least = 2 }]',
        "rule.not_measured",
        "measure = ",
    ),
    "wrong_direction": ("at_least = 90.50", "at_most = 90.50", "rule.wrong_direction", "at_most"),
    "empty_rule": (MEETINGS_RULE, 'all = [{ milestone = "meetings_held" }, { all = [] }]', "rule.empty", "all = []"),
    "count_of_none": ('"meetings_held", at_least = 2', '"meetings_held", at_least = 0', "rule.at_least_below_one", "= 0"),
    "bands_level": ("at_least = 90.50", "at_least = 70", "level.band_not_rising", "__last__"),
    "bands_falling_down": ("at_least = 90.50", "at_least = 60", "level.band_not_rising", "at_least = 60"),
    # the ladder
    "limit_beyond_the_measure": ("at_least = 90.50", "at_least = 101", "level.unreachable", "101"),
    "more_than_are_listed": (
        MEETINGS_RULE,
        'at_least = 3, of = [{ milestone = "meetings_held" }, { milestone = "guidelines_set" }]',
        "level.unreachable",
        "at_least = 3",
    ),
    "always_overtaken": (
        'when = { milestone = "guidelines_set" }',
        'when = { all = [{ milestone = "guidelines_set" }, { milestone = "meetings_held" }] }',
        "level.never_stands",
        "all = [{ milestone = \"guidelines_set\"",
    ),
    "rises_by_another": (
        MEETINGS_RULE,
        'any = [{ milestone = "meetings_held" }, { measure = "satisfaction", at_least = 1 }]',
        "level.rises_while_open",
        "any = ",
    ),
    "rises_before_enough": (MEETINGS_RULE, 'count = "meetings_held", at_least = 1', "level.rises_while_open", "count"),
}  # fmt: skip  # one fault a line, as a table


@pytest.mark.parametrize(("old", "new", "kind", "blamed"), FAULTS.values(), ids=FAULTS)
def test_fault(old, new, kind, blamed):
    text = GOOD.replace(old, new)
    assert text != GOOD
    found = faults_of(text)
    print(found, text[text.index(blamed):][:20], text.count("\n",0,text.index(blamed))+1)

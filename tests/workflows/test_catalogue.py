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
    Phrase,
    Reached,
    Text,
    Workflow,
    YearValue,
)
from workflows.catalogue import Catalogue, load, parse
from workflows.reading import DefinitionError

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
    assert [rung.state for rung in parse(GOOD).levels] == [
        "guidelines_set",
        "level_2",
        "level_3",
        "delighted",
    ]


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


def test_the_text_is_kept_as_it_was_hashed():
    assert parse(GOOD.replace("\n", "\r\n")).source == GOOD


def test_phrases_are_kept_as_they_are_written():
    text = changed(*phrased('"จัดประชุม กรรมการ|คณะทำงาน -เชิญ"'))
    (phrase,) = parse(text).milestones[1].kinds[0].phrases
    assert phrase == Phrase("จัดประชุม กรรมการ|คณะทำงาน -เชิญ")
    assert (phrase.words, phrase.without) == ((("จัดประชุม",), ("กรรมการ", "คณะทำงาน")), ("เชิญ",))


def test_a_phrase_that_fits_two_kinds_alike_is_refused():
    text = changed(*phrased('"ประชุม กรรมการ|คณะทำงาน"'))
    text = changed('en = "Invitation" }', 'en = "Invitation" }, phrases = ["เชิญ|ประชุม คณะทำงาน"]', text)
    assert faults_of(text) == [(line_of_words("Invitation", text), "phrase.shared")]
    told_apart = changed('"เชิญ|ประชุม คณะทำงาน"', '"เชิญ|ประชุม คณะทำงาน -จัดประชุม"', text)
    assert parse(told_apart).milestones[1].kinds[1].phrases


def test_days_before_which_it_reminds_are_kept_as_they_are_written():
    text = changed("[[levels]]\nlevel = 1\n", "[reminders]\nbefore = [7, 3, 0]\n[[levels]]\nlevel = 1\n")
    assert parse(text).remind_before == (7, 3, 0)
    assert parse(GOOD).remind_before is None


# --- every fault, each alone: what to change, the kind, and the words on the line that is blamed -------

MEETINGS_RULE = 'all = [{ milestone = "meetings_held" }, { count = "meetings_held", at_least = 2 }]'

AGAIN = '[[milestones]]\nkey = "meetings_held"\ntitle = { th = "อีก", en = "Again" }\n\n'


CALLED = 'title = { th = "การประชุม", en = "Meeting" }'


def phrased(phrase: str) -> tuple[str, str]:
    """The change that gives a kind a phrase."""
    return CALLED, f"{CALLED}, phrases = [{phrase}]"


def reminding(days: str) -> tuple[str, str]:
    """The change that adds a table of reminders."""
    return "[[levels]]\nlevel = 1\n", f"[reminders]\n{days}\n[[levels]]\nlevel = 1\n"


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
    "unknown_key_at_the_top": ("version = 3", "version = 3\nowner = 1", "key.unknown", "owner ="),
    "unknown_key_inside": ("required = false", "require = false", "key.unknown", "require"),
    "unknown_key_in_a_rule": (
        'when = { milestone = "g',
        'when = { mile = 1, milestone = "g',
        "key.unknown",
        "mile =",
    ),
    "missing_key": ('key = "network"\n', "", "key.missing", "version"),
    "missing_order": ('order = "tolerant"\n', "", "key.missing", "key"),
    "missing_level": ("level = 2\n", "", "key.missing", '[[levels]]\ntitle = { th = "ประชุมแล้ว"'),
    "missing_rule": ('when = { milestone = "guidelines_set" }', "", "key.missing", "[[levels]]\nlevel = 1"),
    "not_text": ('key = "network"', "key = 5", "value.not_text", "key = 5"),
    "not_text_in_a_title": ('en = "Met"', "en = 5", "value.not_text", "en = 5"),
    "not_whole": ("needs = 2", "needs = 1.5", "value.not_whole_number", "needs"),
    "not_whole_but_text": (
        "due_quarter = 1",
        'due_quarter = "1"',
        "value.not_whole_number",
        'due_quarter = "1"',
    ),
    "not_whole_but_true": ("needs = 2", "needs = true", "value.not_whole_number", "needs"),
    "not_whole_in_a_count": ('held", at_least = 2', 'held", at_least = 1.5', "value.not_whole_number", "1.5"),
    "not_number": ("at_least = 70", 'at_least = "70"', "value.not_number", '"70"'),
    "not_number_but_nan": ("at_least = 70", "at_least = nan", "value.not_number", "nan"),
    "not_number_but_endless": (
        "at_least = 70",
        "at_least = 1e99999999999999999999",
        "value.not_number",
        "1e9",
    ),
    "not_truth": ("required = false", 'required = "no"', "value.not_truth", "required"),
    "not_list": ('[{ milestone = "meetings_held" }, { c', '[{ any = "x" }, { c', "value.not_list", '"x"'),
    "not_table": (
        'title = { th = "พอใจ", en = "Satisfied" }',
        'title = "พอใจ"',
        "value.not_table",
        'title = "พอใจ"',
    ),
    "not_allowed": ('order = "tolerant"', 'order = "tolerent"', "value.not_allowed", "tolerent"),
    "role_not_allowed": ('supplied_by = "owner"', 'supplied_by = "mayor"', "value.not_allowed", "mayor"),
    "kind_not_allowed": ('kind = "percent"', 'kind = "ratio"', "value.not_allowed", "ratio"),
    "rule_of_no_shape": (
        'when = { milestone = "g',
        'when = { at_most = 1, milestone = "g',
        "rule.shape",
        "at_most",
    ),
    "not_whole_in_a_list": (*reminding("before = [7,\n'3']"), "value.not_whole_number", "'3'"),
    "half_a_day": (*reminding("before = [0.5]"), "value.not_whole_number", "before"),
    "days_that_are_no_list": (*reminding("before = 7"), "value.not_list", "before"),
    "unknown_key_of_reminders": (*reminding("before = [7]\nafter = [1]"), "key.unknown", "after"),
    # reminders
    "no_days": (*reminding("before = []"), "reminders.no_day", "before"),
    "no_days_at_all": (*reminding(""), "reminders.no_day", "[reminders]"),
    "day_below_zero": (*reminding("before = [7,\n-3]"), "reminders.day_negative", "-3"),
    "day_twice": (*reminding("before = [7, 3,\n7]"), "reminders.day_twice", "7]"),
    # names and titles
    "malformed_key": ('key = "network"', 'key = "Network 1"', "key.malformed", "Network 1"),
    "malformed_state": ('state = "delighted"', 'state = "ดี"', "key.malformed", "state"),
    "version_below_one": ("version = 3", "version = 0", "workflow.version_below_one", "version"),
    "no_thai_title": ('th = "เครือข่าย", ', "", "title.missing", "title = { en"),
    "no_english_title": (', en = "Meetings held"', "", "title.missing", "จัดประชุมแล้ว"),
    "blank_english_title": ('en = "Met"', 'en = " "', "title.missing", 'th = "ประชุมแล้ว"'),
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
        AGAIN + '[[milestones]]\nkey = "satisfaction"',
        "milestone.duplicate",
        'key = "meetings_held"\ntitle = { th = "อีก"',
    ),
    "duplicate_kind": ('key = "invitation"', 'key = "meeting"', "kind.duplicate", "หนังสือเชิญ"),
    "no_counting_kind": (
        'en = "Meeting" }',
        'en = "Meeting" }, counts = false',
        "milestone.no_counting_kind",
        "kinds",
    ),
    "duplicate_evidence": (
        "required = false },",
        'required = false },\n    { key = "guidelines", title = { th = "อีก", en = "Again" } },',
        "evidence.duplicate",
        "อีก",
    ),
    "needs_below_one": ("needs = 2", "needs = 0", "milestone.needs_below_one", "needs"),
    "due_in_no_quarter": (
        "due_quarter = 4",
        "due_quarter = 5",
        "milestone.due_quarter_outside",
        "due_quarter = 5",
    ),
    "evidence_of_no_quarter": (
        "required = false",
        "available_from_quarter = 0",
        "evidence.quarter_outside",
        "available_from",
    ),
    "evidence_after_due": (
        "required = false",
        "available_from_quarter = 2",
        "evidence.after_due",
        "available_from",
    ),
    "due_after_higher": (
        "due_quarter = 1",
        "due_quarter = 3",
        "milestone.due_after_higher",
        "due_quarter = 3",
    ),
    "unused": (
        "[[levels]]\nlevel = 1\n",
        '[[milestones]]\nkey = "letter_sent"\ntitle = { th = "ส่งแล้ว", en = "Sent" }\n[[levels]]\nlevel = 1\n',
        "milestone.unused",
        'key = "letter_sent"',
    ),
    "empty_range": ("minimum = 0", "minimum = 101", "measure.range_empty", "minimum"),
    # levels
    "gap": ("level = 4", "level = 6", "level.gap", "level = 6"),
    "duplicate_state": ('state = "delighted"', 'state = "level_3"', "level.state_duplicate", "state"),
    "reserved_state": ('state = "delighted"', 'state = "not_started"', "level.state_reserved", "state"),
    # rules
    "unknown_milestone": (
        'when = { milestone = "guidelines_set" }',
        'when = { milestone = "guideline_set" }',
        "rule.unknown_milestone",
        "guideline_set",
    ),
    "unknown_milestone_counted": (
        'count = "meetings_held"',
        'count = "meeting_held"',
        "rule.unknown_milestone",
        "count =",
    ),
    "not_measured": (
        MEETINGS_RULE,
        'all = [{ milestone = "meetings_held" }, { measure = "meetings_held", at_least = 2 }]',
        "rule.not_measured",
        '{ measure = "meetings',
    ),
    "wrong_direction": ("at_least = 90.50", "at_most = 90.50", "rule.wrong_direction", "at_most"),
    "empty_rule": (
        MEETINGS_RULE,
        'all = [{ milestone = "meetings_held" }, { all = [] }]',
        "rule.empty",
        "all = []",
    ),
    "count_of_none": (
        '"meetings_held", at_least = 2',
        '"meetings_held", at_least = 0',
        "rule.at_least_below_one",
        "at_least = 0",
    ),
    "bands_alike": ("at_least = 90.50", "at_least = 70.0", "level.band_not_rising", "at_least = 70.0"),
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
        'all = [{ milestone = "guidelines_set"',
    ),
    "phrase_empty": (*phrased('"-ร่าง"'), "phrase.empty", '"-ร่าง"'),
    "phrase_of_nothing": (*phrased('"|"'), "phrase.empty", '"|"'),
    "phrase_of_a_letter": (*phrased('"จัด ก|กรรมการ"'), "phrase.word_too_short", '"จัด ก'),
    "phrase_against_itself": (*phrased('"รายงาน|รายงานผล -งาน"'), "phrase.never_fits", '-งาน"'),
    "phrase_no_text": (*phrased("5"), "value.not_text", "phrases"),
    "phrase_no_list": (CALLED, CALLED + ', phrases = "x"', "value.not_list", "phrases"),
    "rises_before_enough": (
        MEETINGS_RULE,
        'count = "meetings_held", at_least = 1',
        "level.rises_while_open",
        "count =",
    ),
}


def line_of_words(words: str, text: str) -> int:
    """The line on which the words begin, which stand in the text once."""
    assert text.count(words) == 1, words
    return text.count("\n", 0, text.index(words)) + 1


@pytest.mark.parametrize(("old", "new", "kind", "blamed"), FAULTS.values(), ids=FAULTS)
def test_fault(old, new, kind, blamed):
    text = changed(old, new)
    line = 1 if blamed == "key" else line_of_words(blamed, text)
    assert faults_of(text) == [(line, kind)]


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        ("level = 2", "level = 1", [(37, "level.duplicate"), (42, "level.gap")]),
        ("level = 1", "level = 0", [(32, "level.below_one"), (37, "level.gap")]),
        (
            "level = 1",
            "level = 5",
            [
                (19, "milestone.due_after_higher"),
                (28, "milestone.due_after_higher"),
                (32, "level.gap"),
                (37, "level.out_of_order"),
            ],
        ),
        (
            MEETINGS_RULE,
            'any = [{ milestone = "meetings_held" }, { measure = "satisfaction", at_least = 1 }]',
            [(39, "level.rises_while_open"), (39, "level.rises_while_open")],
        ),
        (
            MEETINGS_RULE,
            'milestone = "guidelines_set"',
            [(16, "milestone.unused"), (34, "level.never_stands"), (36, "level.state_duplicate")],
        ),
    ],
    ids=["duplicate_level", "level_zero", "wrong_way_up", "any_of_two", "one_milestone_twice"],
)
def test_one_slip_with_several_consequences(old, new, found):
    assert faults_of(changed(old, new)) == found


def test_every_day_that_is_wrong_is_told_once():
    assert faults_of(changed(*reminding("before = [\ntrue,\n'x',\n7,\n7,\n-1]\nafter = 1"))) == [
        (33, "value.not_whole_number"),
        (34, "value.not_whole_number"),
        (36, "reminders.day_twice"),
        (37, "reminders.day_negative"),
        (38, "key.unknown"),
    ]


def test_no_milestones_and_no_levels():
    head = GOOD.partition("[[milestones]]")[0]
    assert faults_of(head) == [(1, "workflow.no_milestones"), (1, "workflow.no_levels")]


def test_a_milestone_without_a_key_is_not_missed_in_the_rules():
    text = changed('key = "meetings_held"\n', "")
    assert faults_of(text) == [(15, "key.missing")]


def test_a_state_that_two_levels_share_is_found_where_it_is_not_written():
    text = changed(MEETINGS_RULE, 'milestone = "delighted"')
    text = changed('key = "meetings_held"', 'key = "delighted"', text)
    assert faults_of(text) == [(48, "level.state_duplicate")]


def test_all_faults_of_a_file_are_told_at_once():
    text = GOOD
    for old, new in (
        ('order = "tolerant"', 'order = "loose"'),
        ('en = "Guidelines set"', 'en = ""'),
        ("required = false", "needed = false"),
        ("needs = 2", 'needs = "two"'),
        ("due_quarter = 4", "due_quarter = 9"),
        ("level = 4", "level = 7"),
        ("at_least = 90.50", "at_least = 60"),
        ('when = { milestone = "guidelines_set" }', 'when = { milestone = "guideline_set" }'),
    ):
        text = changed(old, new, text)
    assert faults_of(text) == [
        (3, "value.not_allowed"),
        (8, "title.missing"),
        (12, "key.unknown"),
        (18, "value.not_whole_number"),
        (28, "milestone.due_quarter_outside"),
        (34, "rule.unknown_milestone"),
        (47, "level.gap"),
        (50, "level.band_not_rising"),
    ]


# --- what a fault tells besides its place --------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "params"),
    [
        ("needs = 2", "need = 2", {"key": "milestones[2].need", "given": "need", "nearest": ["needs"]}),
        ('order = "tolerant"', 'order = "tolerent"', {"given": "tolerent", "nearest": ["tolerant"]}),
        (
            'count = "meetings_held"',
            'count = "meeting_held"',
            {"given": "meeting_held", "nearest": ["meetings_held"]},
        ),
        ("at_least = 90.50", "at_least = 101", {"level": 4, "asked": Decimal(101), "possible": Decimal(100)}),
        ("at_least = 90.50", "at_most = 90.50", {"given": "at_most", "right": "at_least"}),
        ("level = 4", "level = 6", {"level": 6, "missing": [4, 5]}),
        ('en = "Met"', 'en = ""', {"language": "en"}),
        (
            "required = false",
            "available_from_quarter = 2",
            {"evidence": "guidelines", "due_quarter": 1, "given": 2},
        ),
        ("due_quarter = 1", "due_quarter = 3", {"higher": "meetings_held", "higher_due_quarter": 2}),
        ("needs = 2", 'needs = "two"', {"key": "milestones[2].needs", "given": "two"}),
        ("[[levels]]\nlevel = 1", "[[levels]]", {"key": "levels[1].level"}),
    ],
)
def test_particulars(old, new, params):
    given = params_of(changed(old, new))
    assert {key: given[key] for key in params} == params


def test_a_rule_of_no_shape_is_told_the_shapes_there_are():
    params = params_of(changed('when = { milestone = "g', 'when = { at_most = 1, milestone = "g'))
    assert params["given"] == ["at_most", "milestone"]
    assert params["known"] == (
        "milestone",
        "at_least + count",
        "at_least + measure",
        "at_most + measure",
        "all",
        "any",
        "at_least + of",
    )


# --- files and folders ---------------------------------------------------------------------------------


def test_a_file_that_is_no_utf8_text(tmp_path):
    path = tmp_path / "old.toml"
    path.write_bytes(b'key = "network"\nversion = 1\n' + 'th = "ระดับ"'.encode("cp874"))
    with pytest.raises(DefinitionError) as refused:
        load(path)
    assert [(one.file, one.line, one.kind) for one in refused.value.faults] == [
        (str(path), 3, "file.not_utf8")
    ]


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(tmp_path):
    path = tmp_path / "network.toml"
    path.write_bytes(GOOD.replace("\n", "\r\n").encode("utf-8-sig"))
    assert load(path).source_hash == parse(GOOD).source_hash


def written(folder, **texts: str) -> Catalogue:
    for name, text in texts.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return Catalogue(folder)


OTHER = changed('key = "network"', 'key = "another"')
FOURTH = changed("version = 3", "version = 4")


def test_catalogue_lists_the_newest_version_of_each(tmp_path):
    catalogue = written(tmp_path, a=FOURTH, b=GOOD, c=OTHER)
    assert [(one.key, one.version) for one in catalogue.list()] == [("another", 3), ("network", 4)]


def test_catalogue_gives_the_newest_version_or_the_one_asked_for(tmp_path):
    catalogue = written(tmp_path, a=FOURTH, b=GOOD)
    assert catalogue.get("network").version == 4
    assert catalogue.get("network", 3).version == 3


def test_catalogue_offers_the_nearest_names(tmp_path):
    with pytest.raises(Refusal) as refused:
        written(tmp_path, a=GOOD, c=OTHER).get("netwrk")
    (condition,) = refused.value.conditions
    assert condition.kind == "workflow.unknown"
    assert condition.params == {"given": "netwrk", "nearest": ["network"], "known": ["another", "network"]}


def test_catalogue_tells_the_versions_there_are(tmp_path):
    with pytest.raises(Refusal) as refused:
        written(tmp_path, a=FOURTH, b=GOOD).get("network", 9)
    (condition,) = refused.value.conditions
    assert condition.kind == "workflow.unknown_version"
    assert condition.params == {"key": "network", "given": 9, "known": [3, 4]}


def test_catalogue_refuses_one_version_in_two_files(tmp_path):
    with pytest.raises(DefinitionError) as refused:
        written(tmp_path, a=GOOD, b=GOOD + "# copied\n")
    (fault,) = refused.value.faults
    assert (fault.file, fault.line, fault.kind) == (str(tmp_path / "b.toml"), 2, "workflow.duplicate_version")
    assert fault.params == {"key": "network", "version": 3, "other": str(tmp_path / "a.toml")}


def test_catalogue_tells_the_faults_of_all_files_together(tmp_path):
    with pytest.raises(DefinitionError) as refused:
        written(tmp_path, a=changed("needs = 2", "needs = 0"), b=OTHER, c="key = ")
    assert [(fault.file[-6:], fault.kind) for fault in refused.value.faults] == [
        ("a.toml", "milestone.needs_below_one"),
        ("c.toml", "toml.syntax"),
    ]


def test_catalogue_of_an_empty_folder_is_empty(tmp_path):
    assert Catalogue(tmp_path).list() == ()


# --- whatever comes in, a workflow or its faults come out ----------------------------------------------

LINES = GOOD.splitlines()
SCRAPS = [
    "[[levels]]",
    "[[milestones]]",
    "[levels]",
    "[title]",
    "[[milestones.kinds]]",
    "key = 1",
    "key = []",
    "level = 1",
    "when = []",
    "when = {}",
    'when = { any = [{}], of = "x" }',
    "when = { all = [[]] }",
    "measure = 5",
    "kinds = [1]",
    "kinds = {}",
    'kinds = [{ key = "a", phrases = [1, "", "|", "-ab ab"] }]',
    "evidence = [[]]",
    "title = []",
    "needs = -1",
    "needs = 2020-10-01",
    "levels = 3",
    "milestones = [2]",
    "minimum = inf",
    "measure = {}",
    "measure = { kind = [] }",
    "version = 99999999999999999999",
    "order = {}",
]


@given(
    st.lists(st.tuples(st.integers(0, len(LINES)), st.sampled_from([*SCRAPS, None])), min_size=1, max_size=4)
)
def test_a_mangled_file_is_refused_with_lines(changes):
    lines = list(LINES)
    for at, scrap in changes:
        lines[at : at + 1] = [] if scrap is None else [scrap]
    text = "\n".join(lines)
    try:
        result: Workflow | DefinitionError = parse(text)
    except DefinitionError as refused:
        result = refused
    if isinstance(result, DefinitionError):
        assert result.faults
        assert all(1 <= fault.line <= len(lines) + 1 for fault in result.faults)
    else:
        assert result.levels

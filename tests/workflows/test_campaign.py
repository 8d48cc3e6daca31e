"""A campaign file becomes records, or is refused with all its faults, each on its line."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.quarter import FiscalYear
from engine.records import Kind, Record, compared
from workflows.campaign import Campaign
from workflows.campaign_text import campaign_of
from workflows.reading import DefinitionError

VERSIONS = {("network", 1), ("network", 2)}
TITLES = {"5049": "สำนักงานเขตทุ่งครุ", "5042": "สำนักงานเขตสายไหม"}
KEPT = {
    (Kind.AGENCY, code): Record(
        Kind.AGENCY,
        code,
        {"code": code, "name": name, "name_en": name, "kind": "district", "parent": None},
    )
    for code, name in TITLES.items()
}
_DEPARTMENT = {"code": None, "name": "สำนักพัฒนาสังคม", "name_en": "", "kind": "department", "parent": None}
DEPARTMENT = Record(Kind.AGENCY, "สำนักพัฒนาสังคม", _DEPARTMENT)
KEPT[DEPARTMENT.name] = DEPARTMENT


def read(text, kept=KEPT):
    campaign = Campaign(f"year = 2564\n{text}", "c.toml")
    records, faults = campaign.records(kept, VERSIONS)
    return records, [(one.kind, one.line) for one in campaign.error(faults).faults]


def indicators(text, kept=KEPT):
    records, faults = read(f'[[indicators]]\nworkflow = "network"\n{text}', kept)
    assert faults == []
    return {one.key: one.fields for one in records if one.kind is Kind.INDICATOR}


@pytest.mark.parametrize(
    ("agencies", "without", "codes"),
    [
        ('"all districts"', "", ["5042-1", "5049-1"]),
        ('"ทุกเขต"', '"5042"', ["5049-1"]),
        ('"5049", "สำนักงานเขตสายไหม", "5049"', "", ["5042-1", "5049-1"]),
        ('"both"', '"สำนักงานเขตทุ่งครุ"', ["5042-1"]),
    ],
)
def test_agencies_are_chosen_by_name_by_word_and_by_group(agencies, without, codes):
    text = (
        f"agencies = [{agencies}]\nwithout = [{without}]\ncode = '{{agency}}-1'\n"
        'groups = 1\n[groups]\nboth = ["5049", "5042"]\n'
    ).replace("groups = 1\n", "")

    assert sorted(indicators(text)) == codes


def test_newest_version_is_taken_unless_one_is_named():
    assert indicators('agencies = ["5049"]\ncode = "x"')["x"]["version"] == 2
    assert indicators('agencies = ["5049"]\ncode = "x"\nversion = 1')["x"]["version"] == 1


def test_single_agencies_have_codes_targets_and_weights_of_their_own():
    found = indicators(
        'agencies = ["all"]\ncode = "{agency}-1"\ntarget = 5\n'
        'codes = { "สำนักพัฒนาสังคม" = "D-7" }\ntargets = { "5042" = 4.5 }\nweights = { "5049" = 2 }'
    )

    assert {code: (fields["target"], fields.get("weight")) for code, fields in found.items()} == {
        "5049-1": (Decimal(5), Decimal(2)),
        "5042-1": (Decimal("4.5"), None),
        "D-7": (Decimal(5), None),
    }


def test_what_comes_later_in_the_file_may_be_named_before():
    records, faults = read(
        '[[people]]\nemail = "A@b.example"\nname = "ก"\nroles = ["coordinator@5004"]\n'
        '[[agencies]]\nname = "กลุ่ม"\nbelow = "5004"\n[[agencies]]\ncode = "5004"\nname = "บางรัก"\n'
        '[[plan]]\ncode = "5.2"\ntitle = "ข"\n[[plan]]\ncode = "5"\ntitle = "ก"\n'
        '[[extensions]]\nagencies = ["all districts"]\nwithout = ["กลุ่ม"]\nquarter = 1\n'
        'until = "29 ม.ค. 2564"\nreason = "น้ำท่วม"'
    )

    found, wrong = compared(KEPT, records)
    assert (faults, wrong) == ([], [])
    assert [one.key for one in found] == [
        "5004",
        "กลุ่ม",
        "a@b.example",
        "5",
        "5.2",
        "5049 Q1",
        "5042 Q1",
        "5004 Q1",
    ]
    assert found[-1].after["until"] == date(2021, 1, 29)


def test_every_fault_is_told_at_once_on_its_line():
    _, faults = read(
        "yaer = 1\n"  # 2
        '[groups]\nsouth = ["5094"]\n'  # 4
        '[[agencies]]\nkind = "castle"\n'  # 5, 6
        '[[people]]\nemail = "a@b.example"\nroles = ["wizard", "coordinator", "coordinator@5o49"]\n'  # 9
        '[[indicators]]\nworkflow = "netwrk"\nagencies = ["all distrcts", "south"]\n'
        'target = "five"\ntaget = 5\n'
        '[[indicators]]\nworkflow = "network"\nversion = 9\nagencies = ["สำนักพัฒนาสังคม"]\n'
        'targets = { "5042" = 4 }\n'
        '[[extensions]]\nagencies = ["5049"]\nquarter = 5\nuntil = "31 ก.พ. 2564"\n'
    )

    assert faults == [
        ("key.unknown", 2),
        ("agency.unknown", 4),
        ("campaign.agency_unnamed", 5),
        ("value.not_allowed", 6),
        ("role.unknown", 9),
        ("role.needs_agency", 9),
        ("agency.unknown", 9),
        ("workflow.unknown", 11),
        ("agency.unknown", 12),
        ("value.not_number", 13),
        ("key.unknown", 14),
        ("campaign.no_code", 15),
        ("workflow.unknown_version", 17),
        ("campaign.not_chosen", 19),
        ("key.missing", 20),
        ("quarter.unknown", 22),
        ("value.not_day", 23),
    ]


def kinds_of(text):
    """The kinds of all faults of a text."""
    try:
        campaign = Campaign(text, "c.toml")
        found = campaign.error(campaign.records(KEPT, VERSIONS)[1])
    except DefinitionError as refused:
        found = refused
    return [one.kind for one in found.faults]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("year = 2021", "date.era_mixed"),
        ("year = ", "toml.syntax"),
        ("", "key.missing"),
        ("year = 2564\nyear = 2565", "toml.duplicate_key"),
    ],
)
def test_text_that_is_no_campaign_is_refused(text, kind):
    assert kinds_of(text) == [kind]


# --- out, and in again -----------------------------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('"\\\n\t\x7f'), min_size=1)
NUMBER = st.decimals(0, 1000, places=2)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "agency": st.sampled_from(["5049", "5042", "สำนักพัฒนาสังคม"]),
                "title": TEXT,
                "definition": st.none() | TEXT,
                "target": st.none() | NUMBER,
                "weight": NUMBER,
                "plan": st.sampled_from([None, "5"]),
                "draft": st.booleans(),
            }
        ),
        max_size=6,
    )
)
def test_year_that_goes_out_comes_in_the_same(made):
    kept = dict(KEPT)
    kept[Kind.PLAN_NODE, "5"] = Record(Kind.PLAN_NODE, "5", {"title": "ด้าน", "parent": None})
    for number, fields in enumerate(made):
        agency = str(fields["agency"])
        code = f"{agency}-{number % 3}-{number}" if number % 2 else f"{agency}-{number}"
        rest = {"title_en": "", "unit": "", "owner": None, "kind": None, "workflow": "network", "version": 1}
        kept[Kind.INDICATOR, code] = Record(Kind.INDICATOR, code, {**rest, **fields})

    text = campaign_of(kept, FiscalYear(2021))

    campaign = Campaign(text, "c.toml")
    records, faults = campaign.records(kept, VERSIONS)
    found, wrong = compared(kept, records)
    assert (faults, wrong) == ([], [])
    assert {one.name for one in records} == kept.keys()
    assert [one for one in found if one.after] == []


@pytest.mark.fuzz
@given(
    st.text()
    | st.from_regex(r"(year|\[\[?(indicators|people|plan|groups)\]?\]|[a-z]+ = .*|\n)*", fullmatch=True)
)
def test_no_text_whatever_makes_more_than_faults(text):
    try:
        Campaign(text, "c.toml").records(KEPT, VERSIONS)
    except DefinitionError as refused:
        assert refused.faults  # noqa: PT017 - a text may as well be a campaign

"""Records that are wanted, held beside those that are kept: what is new, what differs, what cannot be."""

from decimal import Decimal

from engine.records import Agencies, Difference, How, Kind, Record, compared

DISTRICT = Record(
    Kind.AGENCY,
    "5049",
    {"code": "5049", "name": "สำนักงานเขตทุ่งครุ", "name_en": "Thung Khru", "kind": "district"},
)
INDICATOR = Record(
    Kind.INDICATOR,
    "5049-2017",
    {"agency": "5049", "workflow": "network", "version": 1, "title": "เครือข่าย", "target": Decimal(5)},
)
KEPT = {one.name: one for one in (DISTRICT, INDICATOR)}


def compare(*wanted, kept=None):
    return compared(KEPT if kept is None else kept, wanted)


def faults(*wanted, kept=None):
    return [(one.kind, one.path) for one in compare(*wanted, kept=kept)[1]]


def test_what_is_not_there_is_added_whole():
    (found,), wrong = compare(INDICATOR, kept={DISTRICT.name: DISTRICT})

    assert (found, wrong) == (Difference(*INDICATOR[:2], None, INDICATOR.fields), [])
    assert found.how is How.ADDED


def test_only_what_is_said_and_differs_is_changed():
    said = INDICATOR._replace(fields={"target": Decimal(4), "title": "เครือข่าย"})

    (found,), wrong = compare(said)

    assert (found.before, found.after) == ({"target": Decimal(5)}, {"target": Decimal(4)})
    assert (found.how, wrong) == (How.CHANGED, [])


def test_what_is_as_it_was_said_is_the_same():
    (found,), wrong = compare(INDICATOR._replace(fields={"target": Decimal("5.00")}))

    assert (found.how, found.after, wrong) == (How.SAME, {}, [])


def test_agency_and_workflow_of_an_indicator_stay():
    wrong = INDICATOR._replace(fields={"agency": "5042", "version": 2}, place=("indicators", 0))
    other = Record(Kind.AGENCY, "5042", {"name": "สำนักงานเขตสายไหม"})

    assert faults(wrong, other) == [
        ("record.fixed", ("indicators", 0, "agency")),
        ("record.fixed", ("indicators", 0, "version")),
    ]


def test_code_that_was_not_known_may_be_given():
    unknown = Record(Kind.AGENCY, "สำนักงานเขตสายไหม", {"code": None, "name": "สำนักงานเขตสายไหม"})

    (found,), wrong = compare(unknown._replace(fields={"code": "5042"}), kept={unknown.name: unknown})

    assert (found.after, wrong) == ({"code": "5042"}, [])


def test_roles_are_added_and_never_taken():
    kept = Record(Kind.PERSON, "a@b.example", {"name": "ก", "roles": ("viewer",)})
    said = kept._replace(fields={"roles": ("evaluator", "viewer")})

    (found,), _ = compare(said, kept={kept.name: kept})

    assert found.after == {"roles": ("viewer", "evaluator")}


def test_what_has_begun_is_no_draft_again():
    begun = INDICATOR._replace(fields={**INDICATOR.fields, "draft": False})

    (found,), _ = compare(begun._replace(fields={"draft": True}), kept={begun.name: begun})

    assert found.how is How.SAME


def test_new_thing_says_what_it_needs():
    assert faults(Record(Kind.PERSON, "a@b.example", {"name": ""}, ("people", 0)), kept={}) == [
        ("record.lacks", ("people", 0))
    ]


def test_thing_that_is_named_must_be_there_or_come_along():
    assert faults(INDICATOR, kept={}) == [("record.unknown", ("agency",))]
    assert faults(INDICATOR, DISTRICT, kept={}) == []


def test_thing_said_twice_is_refused():
    assert faults(DISTRICT, DISTRICT._replace(place=("agencies", 1))) == [("record.twice", ("agencies", 1))]


def test_parents_are_written_first_and_a_circle_is_named():
    leaf = Record(Kind.PLAN_NODE, "5.2.1", {"title": "เป้าหมาย", "parent": "5.2"})
    above = Record(Kind.PLAN_NODE, "5.2", {"title": "มิติ", "parent": "5"})
    root = Record(Kind.PLAN_NODE, "5", {"title": "ด้าน"})

    found, wrong = compare(INDICATOR, leaf, above, root)
    assert ([one.key for one in found], wrong) == (["5", "5.2", "5.2.1", "5049-2017"], [])

    bent = root._replace(fields={"title": "ด้าน", "parent": "5.2.1"})
    assert ("record.circle", ("parent",)) in faults(leaf, above, bent)


def test_agency_is_found_by_each_of_its_names():
    agencies = Agencies(KEPT.values())

    found = [agencies.find(name) for name in ("5049", "สำนักงานเขตทุ่งครุ", " Thung Khru ", "5042")]

    assert found == ["5049", "5049", "5049", None]
    assert agencies.unknown("5o49", ("x",)).params["nearest"] == ["5049"]

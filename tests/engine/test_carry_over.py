"""What of a year goes on into the next, and what is said of the rest."""

from datetime import date

from engine.carry_over import LastYear, Note, Versions, carried_over
from engine.records import Kind, Record

LAST_DAY = date(2021, 9, 30)


def indicator(code, agency="5049", **more):
    said = {"agency": agency, "workflow": "network", "version": 1, "title": "เครือข่าย", "target": 5}
    return Record(Kind.INDICATOR, code, {**said, **more})


def carry(*records, there=(), versions=Versions.NEWEST, without=(), **last):
    lives = {one.key: "active" for one in records} | last.pop("lives", {})
    found, notes = carried_over(
        {one.name: one for one in records},
        LastYear(lives, served={"5049", "5042"}, **last),
        {one.name: one for one in there},
        {("network", 1), ("network", 3), ("other", 9)},
        versions,
        without,
    )
    return {one.key: one.fields for one in found}, notes


def test_indicator_goes_on_under_its_code_on_the_newest_version():
    found, notes = carry(indicator("5049-1"))

    assert found == {"5049-1": indicator("5049-1", version=3).fields}
    assert notes == [Note("carry.version", "5049-1", {"workflow": "network", "before": 1, "after": 3})]


def test_indicator_stays_on_its_version_where_that_is_asked_for():
    assert carry(indicator("5049-1"), versions=Versions.SAME) == ({"5049-1": indicator("5049-1").fields}, [])


def test_version_that_nobody_knows_any_more_is_kept():
    found, notes = carry(indicator("5049-1", workflow="gone", version=7))

    assert (found["5049-1"]["version"], notes) == (7, [])


def test_cancelled_indicator_is_left_behind_with_its_reason():
    found, notes = carry(
        indicator("5049-1", version=3), lives={"5049-1": "cancelled"}, cancelled={"5049-1": "ยุบโครงการ"}
    )

    assert (found, notes) == ({}, [Note("carry.cancelled", "5049-1", {"reason": "ยุบโครงการ"})])


def test_closed_indicator_goes_on():
    assert carry(indicator("5049-1", version=3), lives={"5049-1": "closed"})[0].keys() == {"5049-1"}


def test_agency_may_be_left_out():
    found, notes = carry(
        indicator("5049-1", version=3), indicator("5042-1", "5042", version=3), without={"5042"}
    )

    assert (found.keys(), notes) == ({"5049-1"}, [Note("carry.without", "5042-1", {"agency": "5042"})])


def test_waivers_stay_in_their_year():
    _, notes = carry(indicator("5049-1", version=3), waived={"5049-1": [("meetings_held", LAST_DAY)]})

    assert notes == [Note("carry.waiver", "5049-1", {"milestone": "meetings_held", "until": LAST_DAY})]


def test_agency_that_nobody_coordinates_is_told_once():
    _, notes = carry(*(indicator(f"5004-{one}", "5004", version=3) for one in range(2)))

    assert notes == [Note("carry.nobody", "5004", {"count": 2})]


def test_indicator_that_is_there_already_stays_as_it_is():
    there = indicator("5049-1", version=1, target=4)

    assert carry(indicator("5049-1"), there=[there]) == ({"5049-1": {}}, [])

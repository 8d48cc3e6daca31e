"""Proposals as they are kept: each reading once, decisions stay, and words that are gone are marked."""

from datetime import UTC, date, datetime
from decimal import Decimal

from cli.bootstrap import catalogue
from engine.proposed import ProposalState, Proposed
from engine.proposing import Said, kept, read_facts
from engine.quarter import FiscalYear

NETWORK = catalogue().get("civil_society_network")
PERCENT = catalogue().get("percent_of_target")
YEAR, NOW, BY = FiscalYear(2021), datetime(2021, 11, 1, tzinfo=UTC), 2
FIRST = "- จัดประชุมคณะกรรมการประชาคมเขต เมื่อวันที่ 21 ธ.ค. 2563"
SECOND = "- จัดทำคำสั่งแต่งตั้งคณะกรรมการ ลงวันที่ 30 พ.ย. 2563"


def read(narrative: str, there: list[Proposed] | None = None) -> list[Proposed]:
    found = read_facts(NETWORK, YEAR, Said({1: narrative}, {}), "ระดับ")
    return kept(found, there or [], page=None, by=BY, at=NOW)


def test_proposals_are_numbered_and_point_to_their_words():
    one, two = read(f"{FIRST}\n{SECOND}")
    assert [one.number, two.number] == [1, 2]
    narrative = f"{FIRST}\n{SECOND}"
    assert narrative[one.begins : one.ends] == one.text
    assert (one.milestone, one.occurred_on) == ("meetings_held", date(2020, 12, 21))


def test_same_words_propose_nothing_new():
    there = read(f"{FIRST}\n{SECOND}")
    assert read(f"{FIRST}\n{SECOND}", there) == []
    assert [one.number for one in read(f"{SECOND}\n{FIRST}", there)] == []


def test_words_that_are_gone_are_marked_unless_they_were_decided_on():
    one, two = read(f"{FIRST}\n{SECOND}")
    accepted = one._replace(state=ProposalState.ACCEPTED.value)
    changed = read("- ส่งรายงานผลการดำเนินงานเครือข่าย เมื่อวันที่ 25 ธ.ค. 2563", [accepted, two])
    assert [(each.number, each.state) for each in changed] == [(3, "pending"), (2, "outdated")]


def test_report_that_proposes_nothing_any_more_marks_its_old_proposals():
    there = read(FIRST)
    assert [(each.number, each.state) for each in read("", there)] == [(1, "outdated")]


def test_result_of_a_quarter_is_its_measured_value():
    said = Said({1: "ผลการดำเนินงานคิดเป็นร้อยละ 25"}, {1: Decimal(25), 3: Decimal(70), 4: Decimal(-1)})
    found = read_facts(PERCENT, YEAR, said, "ร้อยละ")
    assert [(one.quarter, one.value, one.occurred_on) for one in found] == [
        (1, Decimal(25), date(2020, 12, 31)),
        (3, Decimal(70), date(2021, 6, 30)),
    ]

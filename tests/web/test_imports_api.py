"""Pages of the existing site and proposals for programs: the twins of the pages."""

import pytest

from tests.cast import ADMINISTRATOR, COORDINATOR, YEAR
from tests.seed import AFTER, IMPORTED, NETWORK, PAGE, import_the_page, know_the_network
from tests.web.programs import program
from tests.web.town import Town

PROPOSALS = f"/indicators/2564/{IMPORTED}/proposals"
ASKED = {"text": PAGE, "code": IMPORTED, "fiscal_year": 2564, "workflow": NETWORK.key}


@pytest.fixture
def knowing(sqlite_town: Town) -> Town:
    sqlite_town.clock.now = sqlite_town.clock.now.replace(year=AFTER.year, month=AFTER.month)
    know_the_network(sqlite_town)
    return sqlite_town


def test_page_is_looked_at_and_then_kept_once(knowing):
    theirs = program(knowing, ADMINISTRATOR.id)
    seen = theirs.ask("POST", "/import/page", ASKED).json()
    assert (seen["agency"], seen["workflow"], seen["target"]) == ("สำนักงานเขตทุ่งครุ", NETWORK.key, 5)
    assert {"plan_cut", "no_title"} <= {one["kind"] for one in seen["findings"]}
    kept = theirs.ask("POST", "/import/page/keep", ASKED).json()
    assert (kept["result"], kept["waiting"]) == ("added", 12)
    assert theirs.ask("POST", "/import/page/keep", ASKED).json()["result"] == "same"
    changed = {**ASKED, "text": PAGE.replace("จำนวน 7 ประเด็น", "จำนวน 8 ประเด็น")}
    differs = theirs.ask("POST", "/import/page/keep", changed).json()
    assert (differs["result"], [one["field"] for one in differs["changes"]]) == ("differs", ["narrative"])
    refused = theirs.ask("POST", "/import/page/keep", {"text": "ไม่มีอะไร"})
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")


def test_proposals_are_read_accepted_and_refused(knowing):
    import_the_page(knowing)
    theirs = program(knowing, COORDINATOR.id)
    listed = theirs.ask("GET", PROPOSALS).json()
    assert [len(listed["items"]), len(listed["pages"])] == [13, 1]
    assert theirs.ask("GET", f"{PROPOSALS}/3").json()["occurred_on"] == "2020-12-21"
    assert theirs.ask("GET", f"{PROPOSALS}/99").status_code == 404
    done = theirs.ask("POST", f"{PROPOSALS}/accept", None, if_match="*").json()
    assert done["event"] == "occurrence_recorded"
    changed = {"milestone": "guidelines_set", "kind": "guidelines", "note": "แนวทาง"}
    answer = theirs.ask("POST", f"{PROPOSALS}/1/accept", changed, if_match="*")
    assert answer.status_code == 200, answer.text
    assert theirs.ask("POST", f"{PROPOSALS}/6/refuse", {"reason": "ไม่นับ"}, if_match="*").status_code == 200
    again = theirs.ask("POST", f"{PROPOSALS}/6/refuse", {}, if_match="*")
    assert again.status_code == 409
    assert theirs.ask("POST", f"{PROPOSALS}/read", None, if_match="*").json()["event"] is None
    with knowing.store.read() as tx:
        indicator = tx.indicator(IMPORTED, YEAR)
    fact = indicator.occurrences[-1]
    assert (fact.milestone, fact.kind, fact.note, fact.quarter) == (
        "guidelines_set",
        "guidelines",
        "แนวทาง",
        1,
    )

"""Pages of the existing site for programs: the twins of the pages."""

import pytest

from tests.cast import ADMINISTRATOR
from tests.seed import AFTER, IMPORTED, NETWORK, PAGE, know_the_network
from tests.web.programs import program
from tests.web.town import Town

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
    longest = {**ASKED, "text": PAGE + "\n" + "ก" * (200_000 - len(PAGE) - 1)}
    assert theirs.ask("POST", "/import/page", longest).status_code == 200
    refused = theirs.ask("POST", "/import/page/keep", {"text": "ไม่มีอะไร"})
    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")

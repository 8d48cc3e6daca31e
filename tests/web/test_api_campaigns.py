"""A year set up by a program: the same course as on the page, and nothing for who may not."""

from decimal import Decimal

from engine.records import Kind
from tests.cast import ADMINISTRATOR, CODE, EVALUATOR, YEAR
from tests.web.programs import program
from tests.web.test_campaign import TEXT, kept


def test_campaign_is_tried_and_then_taken_in(town):
    other = program(town, ADMINISTRATOR.id)
    with town.nothing_changes():
        tried = other.post("/campaign", {"text": TEXT, "dry_run": True})
    assert tried.status_code == 200, tried.text
    told = tried.json()
    assert (told["fiscal_year"], told["added"], told["changed"]) == (2564, 3, 1)
    (changed,) = [one for one in told["differences"] if one["how"] == "changed"]
    assert (changed["key"], changed["before"], changed["after"]) == (CODE, {"target": 5}, {"target": 4})

    assert other.post("/campaign", {"text": TEXT}).json()["differences"] == told["differences"]
    assert kept(town)[Kind.INDICATOR, CODE].fields["target"] == Decimal(4)
    again = other.post("/campaign", {"text": other.get("/campaign?year=2564").text}).json()
    assert (again["added"], again["changed"], again["differences"]) == (0, 0, [])


def test_faults_are_told_with_their_lines(town):
    answer = program(town, ADMINISTRATOR.id).post("/campaign", {"text": "year = 2564\nyaer = 1\n[[plan]]\n"})

    assert answer.status_code == 409
    assert {one["at"] for one in answer.json()["errors"]} == {"body.text, line 2", "body.text, line 3"}
    assert "Did you mean year?" in answer.json()["errors"][0]["says"]


def test_campaign_of_a_large_city_is_taken(town):
    text = TEXT + "# ก\n" * 50_000
    told = program(town, ADMINISTRATOR.id).post("/campaign", {"text": text, "dry_run": True})
    assert (told.status_code, told.json()["added"]) == (200, 3)


def test_year_is_carried_over(town):
    other = program(town, ADMINISTRATOR.id)

    told = other.post("/campaign/carry-over", {"from_year": 2564, "to_year": 2565}).json()

    assert (told["fiscal_year"], told["added"]) == (2565, 1)
    assert (Kind.INDICATOR, CODE) in kept(town, YEAR + 1)
    refused = other.post("/campaign/carry-over", {"from_year": 2565, "to_year": 2564})
    assert (refused.status_code, refused.json()["conditions"][0]["kind"]) == (409, "carry.years")


def test_year_is_for_administrators_whose_token_says_so(town):
    for stranger in (program(town, EVALUATOR.id), program(town, ADMINISTRATOR.id, "read", "manage")):
        with town.nothing_changes():
            assert stranger.get("/campaign?year=2564").status_code == 403
            assert stranger.post("/campaign", {"text": TEXT}).status_code == 403

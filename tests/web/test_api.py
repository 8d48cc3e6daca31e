"""The API for programs: tokens, versions, keys, refusals, limits; and what it reads."""

from datetime import date, timedelta

import pytest

from engine.actions import create_indicator
from engine.tokens import PER_WINDOW
from tests.cast import (
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    OPERATOR,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    THUNG_KHRU,
    at,
    new_indicator,
)
from tests.web.doorway import come_in
from tests.web.programs import ONE, Program, program, token_for
from tests.web.test_rules import filled
from tests.web.town import Town

RECORD = f"{ONE}/milestones/{GUIDELINES}/record"
MEETING = {"occurred_on": "2020-12-21", "document_number": "1/2564"}


@pytest.fixture
def coordinator(town: Town) -> Program:
    return program(town, COORDINATOR.id)


@pytest.fixture
def evaluator(town: Town) -> Program:
    return program(town, EVALUATOR.id)


# --- coming in -------------------------------------------------------------------------------------------


def test_without_a_token_nothing_is_told(town):
    answer = town.client.get(f"/api/v1{ONE}")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "urn:radap:problem:no-token"


def test_session_opens_nothing(town):
    come_in(town, COORDINATOR.id)
    assert town.client.get(f"/api/v1{ONE}").status_code == 401
    assert town.client.post(f"/api/v1{RECORD}", json=MEETING).status_code == 401


def test_token_that_ran_out_opens_nothing(town, coordinator):
    assert coordinator.get(ONE).status_code == 200
    town.clock.now += timedelta(days=91)
    assert coordinator.get(ONE).status_code == 401


def test_token_needs_the_scope(town):
    reader = program(town, COORDINATOR.id, "read")
    answer = reader.post(RECORD, MEETING)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:radap:problem:scope")
    assert "record" in answer.headers["www-authenticate"]
    assert reader.get(ONE).json()["version"] == 1


def test_scope_opens_nothing_that_the_person_may_not(town):
    """All scopes of somebody of another district: there is no such indicator."""
    assert program(town, SAI_MAI_COORDINATOR.id).get(ONE).status_code == 404
    assert program(town, EVALUATOR.id).post(RECORD, MEETING).status_code == 403


# --- reading ---------------------------------------------------------------------------------------------


def test_indicator_is_told_whole(coordinator):
    answer = coordinator.get(ONE)
    told = answer.json()
    assert (answer.status_code, answer.headers["etag"][:3]) == (200, '"1-')
    assert (told["code"], told["fiscal_year"], told["agency"]["en"]) == (CODE, 2564, "Thung Khru District")
    assert [one["key"] for one in told["milestones"]][:2] == [GUIDELINES, COMMITTEE]
    assert told["milestones"][0]["acts"] == ["block", "ask"]


def test_level_is_told_at_a_day_with_its_proof(coordinator):
    coordinator.post(RECORD, MEETING)
    before = coordinator.get(f"{ONE}/level?on=2020-12-20").json()
    after = coordinator.get(f"{ONE}/level?on=2020-12-21").json()
    assert (before["claimed"]["level"], after["claimed"]["level"]) == (0, 1)
    assert after["proof"]["levels"][0]["facts"] == [1]
    assert after["next"]["missing"][0]["who"] == ["coordinator"]


def test_list_goes_on_behind_its_cursor(town, coordinator):
    with town.store.begin() as tx:
        for code, agency in (("5050-0001", SAI_MAI), ("5049-1000", THUNG_KHRU)):
            create_indicator(tx, new_indicator(code, agency=agency), by=OPERATOR, now=town.clock.now)
    evaluator = program(town, EVALUATOR.id)
    first = evaluator.get("/indicators?year=2564&limit=2").json()
    rest = evaluator.get(f"/indicators?year=2564&limit=2&cursor={first['next']}").json()
    assert [one["code"] for one in first["items"]] == ["5049-1000", CODE]
    assert [one["code"] for one in rest["items"]] == ["5050-0001"]
    assert rest["next"] is None
    own = coordinator.get("/indicators?year=2564").json()
    assert [one["code"] for one in own["items"]] == ["5049-1000", CODE]


def test_misspelt_field_of_a_query_is_refused(coordinator):
    answer = coordinator.get("/indicators?yaer=2564")
    assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, "query.yaer")


def test_what_was_read_is_not_told_again_while_it_is_the_same(coordinator):
    first = coordinator.get(ONE)
    tag = first.headers["etag"]

    for asked in (tag, f'"other", W/{tag}', "*"):
        same = coordinator.get(ONE, if_none_match=asked)
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    assert same.headers["ratelimit"].startswith('"token"')
    assert coordinator.get(ONE, if_none_match='"1"').content == first.content

    assert coordinator.post(RECORD, MEETING, seen=tag).status_code == 200
    changed = coordinator.get(ONE, if_none_match=tag)
    assert (changed.status_code, changed.headers["etag"][:3]) == (200, '"2-')


def test_every_answer_that_is_read_has_a_tag_by_what_it_says(sqlite_town):
    """Made from the document; of each whatever there is to be read of a founded city."""
    operator = program(sqlite_town, OPERATOR.id)
    document = sqlite_town.client.get("/api/v1/openapi.json").json()
    tells = [
        path for path, by in document["paths"].items() if "304" in by.get("get", {}).get("responses", {})
    ]
    seen = {}
    for path in tells:
        short = filled(path)
        answer = operator.get(short)
        if answer.status_code == 200:
            again = operator.get(short, if_none_match=answer.headers["etag"])
            seen[path] = (again.status_code, again.content)
    assert len(seen) > 25
    assert {path for path, told in seen.items() if told != (304, b"")} == set()


# --- doing -----------------------------------------------------------------------------------------------


def test_recorded_fact_moves_the_level(coordinator):
    answer = coordinator.post(RECORD, MEETING, seen='"1"')
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json() == {
        "code": CODE,
        "fiscal_year": 2564,
        "event": "occurrence_recorded",
        "number": 1,
        "version": 2,
        "claimed": {"before": 0, "after": 1},
        "verified": {"before": 0, "after": 0},
    }


def test_change_needs_the_version_that_was_seen(coordinator):
    answer = coordinator.ask("POST", RECORD, MEETING)
    assert (answer.status_code, answer.json()["type"]) == (428, "urn:radap:problem:if-match")
    assert coordinator.get(ONE).json()["version"] == 1


def test_loser_of_a_race_is_told_who_changed_what(coordinator):
    coordinator.post(RECORD, MEETING, seen='"1"')
    answer = coordinator.post(RECORD, {"occurred_on": "2020-12-22"}, seen='"1"')
    (condition,) = answer.json()["conditions"]
    assert (answer.status_code, condition["kind"]) == (412, "indicator.changed_meanwhile")
    assert condition["params"]["by"] == COORDINATOR.name


def test_refusal_names_everything_that_is_in_the_way(coordinator):
    body = {"occurred_on": "2021-09-01", "kind": "no_such", "value": 5}
    answer = coordinator.post(RECORD, body)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (409, "urn:radap:problem:refused")
    assert [one["kind"] for one in problem["conditions"]] == [
        "occurrence.kind_unknown",
        "day.in_future",
        "value.unexpected",
    ]
    assert coordinator.get(ONE).json()["version"] == 1


def test_sentences_are_in_the_language_that_is_asked_for(town, coordinator):
    thai = Program(town, coordinator.token, "th-TH,en;q=0.5")
    body = {"occurred_on": "2021-09-01"}
    english, other = coordinator.post(RECORD, body).json(), thai.post(RECORD, body).json()
    assert english["conditions"][0]["sentence"].isascii()
    assert "ยังมาไม่ถึง" in other["conditions"][0]["sentence"]


def test_body_that_does_not_fit_is_refused_field_by_field(coordinator):
    answer = coordinator.post(RECORD, {"occurred_on": "yesterday", "color": 1})
    assert answer.status_code == 422
    assert {one["at"] for one in answer.json()["errors"]} == {"body.occurred_on", "body.color"}


# --- asked twice -----------------------------------------------------------------------------------------


def test_same_key_is_done_once_and_answered_alike(coordinator):
    first = coordinator.post(RECORD, MEETING, idempotency_key="k1")
    again = coordinator.post(RECORD, MEETING, idempotency_key="k1")
    assert (again.status_code, again.json(), again.headers["etag"]) == (200, first.json(), '"2"')
    assert again.headers["idempotency-replayed"] == "true"
    assert len(coordinator.get(ONE).json()["facts"]) == 1


def test_same_key_for_something_else_is_refused(coordinator):
    coordinator.post(RECORD, MEETING, idempotency_key="k1")
    other = coordinator.post(RECORD, {"occurred_on": "2020-12-22"}, idempotency_key="k1")
    assert (other.status_code, other.json()["type"]) == (422, "urn:radap:problem:key-used")
    assert len(coordinator.get(ONE).json()["facts"]) == 1


def test_key_of_a_refused_change_is_free_again(coordinator):
    assert coordinator.post(RECORD, {"occurred_on": "2021-09-01"}, idempotency_key="k").status_code == 409
    assert coordinator.post(RECORD, MEETING, idempotency_key="k").status_code == 200


def test_key_is_forgotten_after_a_day(town, coordinator):
    coordinator.post(RECORD, MEETING, idempotency_key="k1")
    town.clock.now += timedelta(hours=25)
    other = coordinator.post(RECORD, {"occurred_on": "2020-12-22"}, idempotency_key="k1")
    assert other.status_code == 200


def test_key_of_another_token_is_another_key(town, coordinator):
    coordinator.post(RECORD, MEETING, idempotency_key="k1")
    other = Program(town, token_for(town, COORDINATOR.id))
    assert other.post(RECORD, MEETING, idempotency_key="k1").status_code == 409  # the document is there


# --- how often -------------------------------------------------------------------------------------------


def test_token_that_asks_too_often_waits(town, coordinator):
    town.clock.now = at(date(2021, 1, 4)) + timedelta(seconds=20)
    first = coordinator.get("/indicators")
    assert first.headers["ratelimit"] == f'"token";r={PER_WINDOW - 1};t=40'
    with town.store.begin() as tx:
        tx.connection.exec_driver_sql(f"UPDATE tokens SET asked = {PER_WINDOW}")
    answer = coordinator.get("/indicators")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "41")
    town.clock.now += timedelta(seconds=41)
    assert coordinator.get("/indicators").status_code == 200


# --- what there is not -----------------------------------------------------------------------------------


def test_unknown_paths_are_told_to_programs_as_problems(coordinator):
    for path, status in (("/nothing", 404), (f"{ONE}/level/x", 404)):
        answer = coordinator.get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert coordinator.ask("DELETE", "/indicators").status_code == 405

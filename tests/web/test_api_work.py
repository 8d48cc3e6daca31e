"""A year's work done by programs: files, reports, petitions, seals, people; each read back as it was done."""

import threading
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from engine.jobs import Product, Scope, Wanted
from engine.permissions import Role
from storage import jobs, registry
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    ISSUE,
    OTHER_EVALUATOR,
    SAI_MAI,
    SECTION_HEAD,
    THUNG_KHRU,
    WORKFLOW,
    YEAR,
    at,
)
from tests.web.coordinators import PNG
from tests.web.programs import ONE, Program, program
from tests.web.town import Town

QUARTER = f"{ONE}/quarters/1"
RECORD = f"{ONE}/milestones/{GUIDELINES}/record"


@pytest.fixture
def coordinator(town: Town) -> Program:
    return program(town, COORDINATOR.id)


@pytest.fixture
def head(town: Town) -> Program:
    return program(town, SECTION_HEAD.id)


@pytest.fixture
def evaluator(town: Town) -> Program:
    return program(town, EVALUATOR.id)


@pytest.fixture
def administrator(town: Town) -> Program:
    return program(town, ADMINISTRATOR.id)


def done(answer: Any) -> Any:
    """What was answered to something that was done."""
    assert answer.status_code in (200, 201, 204), answer.text
    return answer.json() if answer.content else None


# --- files -----------------------------------------------------------------------------------------------


def send(program: Program, content: bytes, name: str) -> str:
    """Send a file in two pieces; returns its id."""
    begun = done(program.ask("POST", "/uploads", {"name": name, "size": len(content)}))
    half = len(content) // 2
    for offset, piece in ((0, content[:half]), (half, content[half:])):
        answer = program.town.client.patch(
            f"/api/v1/uploads/{begun['id']}",
            content=piece,
            headers={"authorization": f"Bearer {program.token}", "upload-offset": str(offset)},
        )
        assert answer.status_code == 200, answer.text
    assert done(program.get(f"/uploads/{begun['id']}"))["whole"]
    return str(begun["id"])


def test_fact_is_recorded_with_its_file_and_the_file_fetched_again(coordinator):
    upload = send(coordinator, PNG, "ภาพ.png")
    told = done(coordinator.post(RECORD, {"occurred_on": "2020-12-21", "uploads": [upload]}, seen='"1"'))
    assert (told["event"], told["version"]) == ("occurrence_recorded", 3)
    milestone = done(coordinator.get(f"{ONE}/milestones/{GUIDELINES}"))
    (evidence,) = milestone["evidence"]
    assert (evidence["file_name"], evidence["occurrence"], evidence["state"]) == ("ภาพ.png", 1, "holds")
    assert coordinator.get(f"{ONE}/evidence/1").content == PNG
    assert coordinator.post(RECORD, {"occurred_on": "2020-12-22", "uploads": [upload]}).status_code == 404


def test_link_is_attached_and_withdrawn(coordinator):
    where = f"{ONE}/milestones/{GUIDELINES}/evidence"
    done(coordinator.post(where, {"link": "https://example.org/1"}))
    done(coordinator.post(f"{ONE}/evidence/1/withdraw", {"reason": "ผิดเรื่อง"}))
    (evidence,) = done(coordinator.get(ONE))["evidence"]
    assert evidence["state"] == "withdrawn"
    assert coordinator.post(where, {}).json()["conditions"][0]["kind"] == "evidence.nothing"


# --- decisions -------------------------------------------------------------------------------------------


def test_milestone_is_verified_returned_and_answered(coordinator, evaluator):
    done(coordinator.post(RECORD, {"occurred_on": "2020-12-21"}))
    milestone = f"{ONE}/milestones/{GUIDELINES}"
    assert done(evaluator.post(f"{milestone}/verify", {}))["verified"] == {"before": 0, "after": 1}
    done(evaluator.post(f"{milestone}/return", {"reason": "1. ลงนาม\n2. เลขที่"}))
    told = done(coordinator.get(milestone))
    assert (told["state"], told["acts"]) == ("returned", ["answer", "reopen", "ask"])
    done(coordinator.post(f"{milestone}/answer", {"answers": ["แล้ว", "1/2564"]}))
    assert done(coordinator.get(milestone))["state"] == "achieved"


def test_petition_is_made_and_granted(coordinator, evaluator):
    body = {"kind": "postponement", "milestone": ISSUE, "until": "2021-08-01", "reason": "น้ำท่วม"}
    assert done(coordinator.post(f"{ONE}/petitions", body))["number"] == 1
    assert coordinator.post(f"{ONE}/petitions/1/grant").status_code == 403
    done(evaluator.post(f"{ONE}/petitions/1/grant"))
    assert done(coordinator.get(f"{ONE}/petitions/1"))["state"] == "granted"
    assert done(coordinator.get(f"{ONE}/milestones/{ISSUE}"))["postponed_to"] == "2021-08-01"


def test_report_goes_its_way_from_draft_to_score(town, coordinator, head, evaluator):
    done(coordinator.ask("PUT", f"{QUARTER}/draft", {"narrative": "กำลังเขียน"}))
    assert done(coordinator.get(QUARTER))["draft"]["narrative"] == "กำลังเขียน"
    done(coordinator.post(f"{QUARTER}/write", {"narrative": "ประชุมแล้ว", "self_reported": 1}))
    assert done(coordinator.get(QUARTER))["draft"] is None
    town.clock.now = at(date(2021, 1, 8))
    done(coordinator.post(f"{QUARTER}/submit", {}))
    assert done(coordinator.get(f"{QUARTER}/receipt"))["in_time"] == "on_time"
    assert head.post(f"{QUARTER}/accept", {}).status_code == 403
    done(head.post(f"{QUARTER}/endorse"))
    judged = done(evaluator.get(f"{QUARTER}/evaluate"))
    keys = [one["key"] for one in judged["checklist"]]
    done(evaluator.post(f"{QUARTER}/accept", {"met": keys, "remark": "ดี"}))
    told = done(coordinator.get(QUARTER))
    assert told["report"]["state"] == "accepted"
    assert told["report"]["evaluation"]["quality"] == 100
    assert told["acts"] == ["appeal"]
    done(coordinator.post(f"{QUARTER}/appeal", {"reason": "ขอทบทวน"}))
    assert done(coordinator.get(f"{ONE}/appeals/1"))["disputed"]["quality"] == 100


def test_number_that_is_taken_back_is_not_zero(coordinator):
    done(coordinator.post(f"{QUARTER}/write", {"self_reported": 0}))
    assert done(coordinator.get(QUARTER))["report"]["self_reported"] == 0
    done(coordinator.post(f"{QUARTER}/write", {"narrative": "ยังไม่มีผล"}))
    assert done(coordinator.get(QUARTER))["report"]["self_reported"] == 0
    done(coordinator.post(f"{QUARTER}/write", {"self_reported": None}))
    assert done(coordinator.get(QUARTER))["report"]["self_reported"] is None


def test_milestone_is_judged_at_many_agencies_at_once(coordinator, evaluator):
    done(coordinator.post(RECORD, {"occurred_on": "2020-12-21"}))
    page = f"/review/2564/{WORKFLOW.key}/{GUIDELINES}"
    (row,) = done(evaluator.get(page))["items"]
    items = [{"code": CODE, "version": row["version"]}, {"code": "5049-none", "version": 1}]
    told = done(evaluator.ask("POST", page, {"act": "verify", "items": items}))["items"]
    assert [(one["code"], bool(one["refused"])) for one in told] == [(CODE, False), ("5049-none", True)]


# --- the city --------------------------------------------------------------------------------------------


def test_quarter_is_sealed_once_under_one_key(town, evaluator):
    town.clock.now = at(date(2021, 2, 1))
    assert evaluator.ask("POST", "/seals/2564/1/close", {}).status_code == 409
    body = {"reason": "ไม่มีรายงาน"}
    first = evaluator.ask("POST", "/seals/2564/1/close", body, idempotency_key="s")
    again = evaluator.ask("POST", "/seals/2564/1/close", body, idempotency_key="s")
    assert done(first) == done(again)
    told = done(evaluator.get("/seals/2564/1"))
    assert (told["state"], told["hash"], told["reason"]) == ("sealed", done(first)["hash"], "ไม่มีรายงาน")
    assert done(evaluator.ask("POST", "/seals/2564/1/verify")) == {"altered": [], "job": None}


def test_extension_moves_the_deadline(town, evaluator, administrator):
    body = {"agency": SAI_MAI, "year": 2564, "quarter": 2, "until": "2021-05-31", "reason": "ระบาด"}
    done(evaluator.ask("POST", "/extensions", body))
    told = done(administrator.get("/calendar?year=2564"))
    assert [(one["agency"], one["until"]) for one in told["extensions"]] == [(SAI_MAI, "2021-05-31")]
    assert evaluator.ask("POST", "/extensions", {**body, "agency": 99}).status_code == 409


def test_person_is_added_given_a_role_and_relieved_of_it(administrator):
    body = {"email": "New@thungkhru.example", "name": "คนใหม่", "role": "viewer"}
    answer = administrator.ask("POST", "/people", body)
    added = done(answer)
    assert answer.status_code == 201
    assert "/password/" in added["link"]
    one = f"/people/{added['id']}"
    done(administrator.ask("POST", f"{one}/give", {"role": "coordinator", "agency": THUNG_KHRU}))
    done(administrator.ask("POST", f"{one}/take", {"role": "viewer"}))
    told = done(administrator.get(one))
    assert told["roles"] == [{"role": str(Role.COORDINATOR), "agency": THUNG_KHRU}]
    assert [row["email"] for row in done(administrator.get("/people?q=คนใหม่"))["items"]] == [told["email"]]
    kinds = [event["what"] for event in done(administrator.get("/journal"))["items"]]
    assert kinds[:4] == ["role_taken", "role_given", "link_made", "person_added"]
    assert done(administrator.get("/journal?verify=true"))["whole"] is True


def test_agency_is_added_once(administrator):
    body = {"name": "สำนักงานเขตใหม่", "kind": "district", "code": "5099"}
    added = administrator.ask("POST", "/agencies", body, idempotency_key="a")
    assert (added.status_code, added.headers["location"]) == (201, "/api/v1/agencies")
    again = administrator.ask("POST", "/agencies", body, idempotency_key="a")
    assert (again.status_code, again.json()) == (201, added.json())
    assert administrator.ask("POST", "/agencies", body).json()["conditions"][0]["kind"] == "agency.exists"


def test_report_is_ordered_and_its_job_is_nobody_elses(town, coordinator, evaluator):
    body = {"product": "pdf", "scope": "agency", "of": str(THUNG_KHRU), "year": 2564}
    told = done(coordinator.ask("POST", "/jobs", body))
    assert told["state"] == "waiting"
    assert done(coordinator.get(f"/jobs/{told['number']}")) == told
    assert evaluator.get(f"/jobs/{told['number']}").status_code == 404
    assert coordinator.ask("POST", "/jobs", {**body, "of": str(SAI_MAI)}).status_code == 403
    with town.store.read() as tx:
        kept = jobs.job(tx.connection, told["number"])
    assert kept is not None
    assert kept.wanted == Wanted(Product.PDF, Scope.AGENCY, str(THUNG_KHRU), YEAR)


def test_search_finds_what_the_person_may_see(town, coordinator):
    done(coordinator.post(RECORD, {"occurred_on": "2020-12-21", "document_number": "กท 6909/1116"}))
    (hit,) = done(coordinator.get("/search?q=6909/1116"))["items"]
    assert (hit["code"], hit["kind"], hit["milestone"]) == (CODE, "fact", GUIDELINES)


# --- two at once -----------------------------------------------------------------------------------------


def test_of_two_at_once_under_one_key_one_does_it(coordinator):
    answers: list[Any] = []

    def ask() -> None:
        body = {"occurred_on": "2020-12-21"}
        answers.append(coordinator.post(RECORD, body, seen='"1"', idempotency_key="once"))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status_code for one in answers] == [200] * 4
    assert len({one.text for one in answers}) == 1
    assert sum("idempotency-replayed" in one.headers for one in answers) == 3
    assert len(done(coordinator.get(ONE))["facts"]) == 1


# --- a second reading is blind ---------------------------------------------------------------------------


def test_second_reader_is_not_told_what_the_first_found(town, coordinator, head, evaluator):
    review = replace(town.store.policy.review, second_percent=100)
    town.store.policy = replace(town.store.policy, review=review)
    with town.store.begin() as tx:
        grants, now = list(OTHER_EVALUATOR.grants), town.clock.now
        registry.add_person(tx, "other@strategy.example", "คนที่สอง", "th", grants, by=1, now=now)
    done(coordinator.post(f"{QUARTER}/write", {"narrative": "ประชุมแล้ว"}))
    done(coordinator.post(f"{QUARTER}/submit", {}))
    done(head.post(f"{QUARTER}/endorse"))
    done(evaluator.post(f"{QUARTER}/accept", {"met": [], "remark": "ความลับ"}))
    other = program(town, OTHER_EVALUATOR.id)
    for path in (ONE, QUARTER, f"{ONE}/history", f"{QUARTER}/evaluate", f"{QUARTER}/second"):
        answer = other.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert "ความลับ" not in answer.text, path
    assert done(other.get(QUARTER))["acts"][-1] == "second"
    assert "ความลับ" in coordinator.get(QUARTER).text

"""Spreadsheets given by programs: tried, confirmed or taken in at once, at the desk of the pages."""

from io import BytesIO
from threading import Event
from typing import Any

import httpx2
import openpyxl
import pytest

from engine.actions import create_indicator
from tests.cast import ADMINISTRATOR, CODE, COORDINATOR, EVALUATOR, SAI_MAI, YEAR, new_indicator
from tests.web.hostile_files import office
from tests.web.programs import Program, program
from tests.web.sheets import RESULTS, TARGETS, file_of
from tests.web.town import Town
from web.reports.worker import Maker

DESK, OWN = "/administration/spreadsheets", "/spreadsheets"
OTHER = "5042-2017"


@pytest.fixture
def office_program(town: Town) -> Program:
    """A program of the administrator."""
    return program(town, ADMINISTRATOR.id)


def give(other: Program, content: bytes, path: str = DESK, **query: str) -> httpx2.Response:
    asked = {"year": "2564", "name": "targets.xlsx", **query}
    return other.ask(
        "POST", f"{path}?{'&'.join(f'{name}={value}' for name, value in asked.items())}", content
    )


def made(other: Program, answer: httpx2.Response) -> Any:
    """What is told of a file once the worker has done with it."""
    assert answer.status_code == 201, answer.text
    assert answer.json()["state"] == "waiting"
    assert Maker(other.town.site).run_one(Event())
    path = answer.headers["location"].partition("/api/v1")[2]
    return other.get(path).json()


def target(town: Town) -> str:
    with town.store.read() as tx:
        return str(tx.indicator(CODE, YEAR).target)


def test_file_is_tried_and_confirmed(office_program):
    told = made(
        office_program, give(office_program, file_of("ค่าเป้าหมาย", TARGETS, (CODE, 4)), dry_run="true")
    )

    assert (told["state"], told["dry_run"], told["name"]) == ("done", True, "targets.xlsx")
    result = told["result"]
    assert (result["written"], result["faults"], result["counts"]["indicator"]["changed"]) == (False, 0, 1)
    (changed,) = result["differences"]
    assert (changed["key"], changed["before"], changed["after"]) == (CODE, {"target": 5}, {"target": 4})
    assert target(office_program.town) == "5"

    written = made(office_program, office_program.post(f"{DESK}/{told['number']}/confirm"))

    assert (written["dry_run"], written["result"]["written"]) == (False, True)
    assert target(office_program.town) == "4"
    again = office_program.post(f"{DESK}/{written['number']}/confirm")
    assert (again.status_code, again.json()["conditions"][0]["kind"]) == (409, "sheets.not_tried")
    assert [one["number"] for one in office_program.get(DESK).json()["items"]] == [
        written["number"],
        told["number"],
    ]


def test_file_is_taken_in_at_once_and_the_second_time_changes_nothing(office_program):
    content = "รหัสตัวชี้วัด,ค่าเป้าหมาย\n5049-2017,3\n".encode()
    for changed in (1, 0):
        told = made(office_program, give(office_program, content, name="a.csv", kind="targets"))
        assert (told["kind"], told["result"]["written"]) == ("targets", True)
        assert told["result"]["counts"]["indicator"]["changed"] == changed
    assert target(office_program.town) == "3"


def test_everything_that_is_wrong_is_told_with_its_place_and_nothing_is_written(office_program):
    content = file_of("ค่าเป้าหมาย", TARGETS, (CODE, 4), ("5049-2071", 4), (CODE, "สี่"))
    told = made(office_program, give(office_program, content))

    result = told["result"]
    assert (result["written"], result["faults"], target(office_program.town)) == (False, 2, "5")
    unknown, no_number = result["findings"]
    assert (unknown["sheet"], unknown["row"], unknown["column"]) == ("ค่าเป้าหมาย", 3, "A")
    assert (no_number["sheet"], no_number["row"], no_number["column"]) == ("ค่าเป้าหมาย", 4, "B")
    assert all(one["sentence"] for one in result["findings"])
    refused = office_program.post(f"{DESK}/{told['number']}/confirm")
    assert (refused.status_code, refused.json()["conditions"][0]["kind"]) == (409, "sheets.not_tried")


def test_trial_with_faults_cannot_be_confirmed(office_program):
    content = file_of("ค่าเป้าหมาย", TARGETS, ("5049-2071", 4))
    told = made(office_program, give(office_program, content, dry_run="true"))

    refused = office_program.post(f"{DESK}/{told['number']}/confirm")

    assert (refused.status_code, refused.headers["content-type"]) == (409, "application/problem+json")
    (condition,) = refused.json()["conditions"]
    assert (condition["kind"], condition["params"]["count"]) == ("sheet.refused", 1)


def test_file_that_cannot_be_taken_is_refused_at_once(office_program, monkeypatch):
    for content, query, status, kind in (
        (b"", {}, 409, "sheets.choose_file"),
        (b"hello", {}, 409, "evidence.type_forbidden"),
        (b"a,b\n", {"name": "a.csv"}, 409, "sheets.choose_kind"),
        (b"a,b\n", {"name": "a.csv", "kind": "results"}, 409, "sheets.choose_kind"),
        (office("xlsx", {"xl/vbaProject.bin": b"x"}), {}, 409, "evidence.macros"),
    ):
        answer = give(office_program, content, **query)
        assert (answer.status_code, answer.json()["conditions"][0]["kind"]) == (status, kind)
    for query, at in (
        ({"kind": "nonsense"}, "query.kind"),
        ({"year": "64"}, "query.year"),
        ({"nmae": "x"}, "query.nmae"),
    ):
        answer = give(office_program, b"x", **query)
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, at)
    keyed = office_program.ask("POST", f"{DESK}?name=a.xlsx", b"x", idempotency_key="k")
    assert (keyed.status_code, keyed.json()["type"]) == (400, "urn:radap:problem:no-key")
    monkeypatch.setattr("web.api.spreadsheets.MOST_BYTES", 100)
    too_large = give(office_program, bytes(101))
    assert (too_large.status_code, too_large.headers["content-type"]) == (413, "application/problem+json")
    assert office_program.get(DESK).json()["items"] == []


def test_templates_are_handed_out(office_program):
    book = openpyxl.load_workbook(
        BytesIO(office_program.get(f"{DESK}/template?year=2564&filled=true").content)
    )
    assert "Results" not in book.sheetnames
    assert CODE in {row[1].value for row in book["Indicators"].iter_rows()}
    text = office_program.get(f"{DESK}/template?year=2564&kind=agencies&filled=true&format=csv")
    assert text.headers["content-type"] == "text/csv; charset=utf-8"
    assert text.content.decode("utf-8-sig").splitlines()[1].startswith("5049,สำนักงานเขตทุ่งครุ,")
    for wrong in ("kind=results", "format=csv"):
        assert office_program.get(f"{DESK}/template?{wrong}").status_code == 409


def test_results_are_given_by_whoever_writes_the_report_and_by_nobody_else(town):
    with town.store.begin() as tx:
        create_indicator(tx, new_indicator(OTHER, agency=SAI_MAI), by=ADMINISTRATOR, now=town.clock())
    own = program(town, COORDINATOR.id)
    template = own.get(f"{OWN}/template?year=2564&filled=true&format=csv").content.decode("utf-8-sig")
    assert {line.split(",")[1] for line in template.splitlines()[1:]} == {CODE}

    told = made(own, give(own, file_of("ผลรายไตรมาส", RESULTS, (CODE, 2, 3, "ประชุม")), OWN))
    assert told["result"]["written"]
    with town.store.read() as tx:
        assert tx.indicator(CODE, YEAR).reports[2].narrative == "ประชุม"

    theirs = made(own, give(own, file_of("ผลรายไตรมาส", RESULTS, (OTHER, 1, 3, "x")), OWN))
    assert (theirs["result"]["written"], theirs["result"]["faults"]) == (False, 1)
    for stranger, path in (
        (own, DESK),
        (program(town, EVALUATOR.id), OWN),
        (program(town, ADMINISTRATOR.id), OWN),
        (program(town, COORDINATOR.id, "read"), OWN),
    ):
        with town.nothing_changes():
            assert give(stranger, b"x", path).status_code == 403
    assert program(town, EVALUATOR.id).get(f"{OWN}/{told['number']}").status_code == 404

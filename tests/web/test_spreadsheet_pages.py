"""Administrators give spreadsheets: tried in the background, looked at, confirmed, and then written."""

import threading
from io import BytesIO

import httpx2
import openpyxl
import pytest
from sqlalchemy import update

from engine.actions import change_indicator, create_indicator
from engine.jobs import JobState
from engine.permissions import Person
from engine.records import Kind
from storage import kept_records, registry
from storage import tables as t
from tests.cast import ADMINISTRATOR, CODE, EVALUATOR, SAI_MAI, YEAR, new_indicator
from tests.web.coordinators import enter, heading, words
from tests.web.doorway import EMAIL, token_in
from tests.web.hostile_files import encrypted_office, office
from tests.web.sheets import RESULTS, TARGETS, THAI, file_of
from tests.web.town import NOW, Town
from web.reports.worker import Maker

PAGE = "/administration/spreadsheets"
#: An indicator of another district.
OTHER = "5042-2017"


@pytest.fixture
def desk(town: Town) -> Town:
    """The town with its administrator at the desk."""
    return enter(town, ADMINISTRATOR)


def give(
    town: Town, content: bytes, name: str = "targets.xlsx", path: str = PAGE, **fields: str
) -> httpx2.Response:
    data = {"token": token_in(town.get(path)), "year": "2564", "kind": "", **fields}
    return town.client.post(path, data=data, files={"file": (name, content)}, follow_redirects=False)


def made(town: Town, answer: httpx2.Response) -> httpx2.Response:
    """The page of a file once the worker has done with it."""
    assert answer.status_code == 303, answer.text
    assert Maker(town.site).run_one(threading.Event())
    return town.get(answer.headers["location"])


def confirm(town: Town, page: httpx2.Response) -> httpx2.Response:
    data = {"token": token_in(page)}
    return town.client.post(page.url.path, data=data, follow_redirects=False)


def target(town: Town) -> str:
    with town.store.read() as tx:
        return str(tx.indicator(CODE, YEAR).target)


def test_file_is_tried_looked_at_and_written_when_it_is_confirmed(desk):
    answer = give(desk, file_of("ค่าเป้าหมาย", TARGETS, (CODE, 4)))
    waiting = desk.get(answer.headers["location"])
    assert (heading(waiting), waiting.headers["refresh"]) == ("ทดลองนำเข้า targets.xlsx", "3")

    tried = made(desk, answer)
    assert "ค่าเป้าหมาย: 5 → 4" in words(tried.text)
    assert "ยังไม่ได้บันทึก" in words(tried.text)
    assert (target(desk), "refresh" in tried.headers) == ("5", False)

    written = made(desk, confirm(desk, tried))
    assert heading(written) == "นำเข้า targets.xlsx"
    assert "สิ่งที่เปลี่ยนแล้ว" in words(written.text)
    assert "ยืนยันและบันทึกทั้งหมด" not in written.text
    assert target(desk) == "4"

    again = made(desk, give(desk, file_of("ค่าเป้าหมาย", TARGETS, (CODE, 4))))
    assert "ไม่มีอะไรต้องบันทึก" in words(again.text)
    assert confirm(desk, again).status_code == 303


def test_what_is_wrong_is_listed_with_its_place_and_nothing_can_be_confirmed(desk):
    page = made(desk, give(desk, file_of("ค่าเป้าหมาย", TARGETS, (CODE, "สี่"), ("5049-2071", 4))))

    said = words(page.text)
    assert "พบข้อผิดพลาด 2 แห่ง ยังไม่ได้บันทึกอะไร" in said
    assert "ค่าเป้าหมาย 2 B (ค่าเป้าหมาย)" in said
    assert "ค่าเป้าหมาย 3 A (รหัสตัวชี้วัด) ไม่พบตัวชี้วัด 5049-2071" in said
    assert "ยืนยันและบันทึกทั้งหมด" not in page.text
    refused = desk.client.post(page.url.path, data={"token": token_in(desk.get(PAGE))})
    assert (refused.status_code, "พบข้อผิดพลาด 2 แห่ง" in words(refused.text)) == (409, True)


def test_file_that_was_called_off_says_so(desk):
    answer = give(desk, file_of("ค่าเป้าหมาย", TARGETS, (CODE, 4)))
    with desk.store.begin() as tx:
        tx.connection.execute(update(t.jobs).values(state=JobState.CANCELLED, ended_at=NOW))

    page = desk.get(answer.headers["location"])
    assert (page.status_code, "refresh" in page.headers) == (200, False)
    assert THAI.word("job_state", JobState.CANCELLED) in words(page.text)


def test_what_changed_since_it_was_tried_must_be_looked_at_again(desk):
    tried = made(desk, give(desk, file_of("ค่าเป้าหมาย", TARGETS, (CODE, 4))))
    with desk.store.begin() as tx:
        change_indicator(tx, CODE, YEAR, {"target": None}, by=ADMINISTRATOR, now=NOW)

    page = made(desk, confirm(desk, tried))

    assert "ข้อมูลในระบบเปลี่ยนไปหลังจากทดลองไฟล์ targets.xlsx" in words(page.text)
    assert target(desk) == "None"


def test_file_that_cannot_be_taken_is_told_at_once(desk):
    for content, name, kind, field, said in (
        (b"", "", "", "file", "โปรดเลือกไฟล์"),
        (b"hello", "a.xlsx", "", "file", "ไม่รับไฟล์ a.xlsx"),
        (b"a,b\n", "a.csv", "", "kind", "โปรดเลือกว่าไฟล์นี้มีข้อมูลอะไร"),
        (b"a,b\n", "a.csv", "results", "kind", "โปรดเลือกว่าไฟล์นี้มีข้อมูลอะไร"),
        (office("xlsx", {"xl/vbaProject.bin": b"x"}), "a.xlsx", "", "file", "มาโคร"),
        (encrypted_office(), "a.xlsx", "", "file", "รหัสผ่าน"),
        (office("xlsx", {"xl/media.xml": bytes(40_000_000)}), "a.xlsx", "", "file", "ใหญ่เกินปกติ"),
    ):
        page = give(desk, content, name, kind=kind)

        assert page.status_code == 422
        assert said in words(page.text)
        assert f'id="{field}-error"' in page.text


def test_template_of_everything_is_handed_out_but_not_what_others_write(desk):
    page = desk.get(f"{PAGE}/template?year=2564&kind=&filled=yes")
    book = openpyxl.load_workbook(BytesIO(page.content))
    assert book.sheetnames == ["คำอธิบาย", "หน่วยงาน", "แผน", "ผู้ใช้", "ตัวชี้วัด", "ค่าเป้าหมาย", "_lists"]
    assert book["ตัวชี้วัด"]["B3"].value == CODE

    text = desk.get(f"{PAGE}/template?year=2564&kind=agencies&filled=yes&format=csv")
    assert text.content.decode("utf-8-sig").splitlines()[1].startswith("5049,สำนักงานเขตทุ่งครุ,")
    for wrong in ("year=2564&kind=results", "year=x&kind=", "year=2564&kind=other"):
        assert desk.get(f"{PAGE}/template?{wrong}").status_code == 404


def test_somebody_elses_file_is_like_one_that_there_is_not(desk):
    with desk.store.begin() as tx:
        name, grants = "ผู้ดูแลระบบคนที่สอง", list(ADMINISTRATOR.grants)
        added = registry.add_person(tx, "second@strategy.example", name, "th", grants, by=1, now=NOW)
    answer = give(desk, file_of("ค่าเป้าหมาย", TARGETS, (CODE, 4)))

    enter(desk, Person(added, name, tuple(grants)))
    assert desk.get(answer.headers["location"]).status_code == 404
    enter(desk, EVALUATOR)
    assert desk.get(PAGE).status_code == 403


def test_results_are_refused_row_by_row_where_an_administrator_gives_them(desk):
    page = made(desk, give(desk, file_of("ผลรายไตรมาส", RESULTS, (CODE, 1, 3, "x"))))

    assert "ไม่มีสิทธิ์เขียนรายงานผลรายไตรมาส" in words(page.text)
    with desk.store.read() as tx:
        kept = kept_records.read(desk.store, tx.connection, YEAR, with_results=True)
    assert list(kept.of(Kind.RESULT)) == []


def test_coordinator_gives_results_of_their_own_agency_and_of_no_other(town):
    with town.store.begin() as tx:
        create_indicator(tx, new_indicator(OTHER, agency=SAI_MAI), by=ADMINISTRATOR, now=NOW)
    enter(town)
    assert 'href="/spreadsheets"' in town.get("/indicators?year=2564").text
    template = town.get("/spreadsheets/template?year=2564&kind=results&filled=yes").content
    sheet = openpyxl.load_workbook(BytesIO(template))["ผลรายไตรมาส"]
    assert {row[1].value for row in sheet.iter_rows(min_row=3)} == {CODE}
    assert town.get("/spreadsheets/template?year=2564&kind=people").status_code == 404

    tried = made(
        town, give(town, file_of("ผลรายไตรมาส", RESULTS, (CODE, 2, 3, "ประชุม")), path="/spreadsheets")
    )
    assert "ผลที่รายงาน 3" in words(tried.text)
    made(town, confirm(town, tried))
    with town.store.read() as tx:
        assert tx.indicator(CODE, YEAR).reports[2].narrative == "ประชุม"

    for content, said in (
        (file_of("ผลรายไตรมาส", RESULTS, (OTHER, 1, 3, "x")), f"ไม่พบตัวชี้วัด {OTHER}"),
        (file_of("ค่าเป้าหมาย", TARGETS, (CODE, 1)), "ไม่มีสิทธิ์"),
        (file_of("ผู้ใช้", ("อีเมล", "ชื่อ-นามสกุล", "บทบาท"), (EMAIL, "ใหม่", "ผู้ประเมิน")), "ไม่มีสิทธิ์"),
    ):
        page = made(town, give(town, content, path="/spreadsheets"))
        assert said in words(page.text)
        assert "ยืนยันและบันทึกทั้งหมด" not in page.text
    enter(town, EVALUATOR)
    assert town.get("/spreadsheets").status_code == 403

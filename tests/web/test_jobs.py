"""Reports are made in the background, for whoever asked, and fetched by nobody else."""

import threading
from datetime import timedelta
from io import BytesIO

import pypdf
import pytest
from sqlalchemy import delete, select

from engine.jobs import KEPT_FOR, Product, Scope, Wanted
from engine.outbox import Way
from engine.reminders import DEFAULT
from engine.workflow import Text
from notifications.letters import Letters, Terms
from storage import jobs
from storage import tables as t
from storage.queue import StoredQueue
from tests.cast import ADMINISTRATOR, COORDINATOR, EVALUATOR, SAI_MAI_COORDINATOR, THUNG_KHRU, YEAR
from tests.notifications.mailroom import composer
from tests.web.coordinators import DAY, enter, errors, heading, words
from tests.web.doorway import EMAIL, token_in
from tests.web.test_administration import told
from web.reports import wanted as wishes
from web.reports.worker import Maker

AGENCY = f"agency:{THUNG_KHRU}"


def ask(town, of: str = AGENCY, product: str = "pdf", **more: str):
    data = {"token": token_in(town.get("/reports")), "of": of, "product": product, "year": "2564", **more}
    return town.client.post("/reports", data=data, follow_redirects=False)


def make(town) -> bool:
    return Maker(town.site).run_one(threading.Event())


def mails(town) -> list[tuple[str, str]]:
    with town.store.read() as tx:
        return [tuple(row) for row in tx.connection.execute(select(t.outbox.c.key, t.outbox.c.kind))]


def test_coordinator_has_the_report_of_their_agency_made_and_fetches_it(town):
    enter(town)
    offered = town.get("/reports")
    assert f'value="{AGENCY}"' in offered.text
    assert 'value="city:"' not in offered.text

    answer = ask(town)
    page = town.get(answer.headers["location"])
    assert heading(page) == "รายงาน PDF สำนักงานเขตทุ่งครุ ปีงบประมาณ 2564"
    assert page.headers["refresh"] == "3"

    assert make(town)
    page = town.get("/jobs/1")
    assert "refresh" not in page.headers
    assert "เสร็จแล้ว" in words(page.text)
    file = town.get("/jobs/1/file")
    assert file.headers["content-type"] == "application/pdf"
    assert len(pypdf.PdfReader(BytesIO(file.content)).pages) >= 2
    assert not make(town)
    assert mails(town) == []


@pytest.mark.parametrize("product", ["sheets", "pack"])
def test_other_products_are_made_as_well(town, product):
    enter(town)
    ask(town, product=product)
    make(town)

    assert town.get("/jobs/1/file").content[:2] == b"PK"


def test_evaluator_has_everything_made(town):
    enter(town, EVALUATOR)
    assert ask(town, "city:").status_code == 303

    make(town)

    assert town.get("/jobs/1/file").content[:5] == b"%PDF-"


@pytest.mark.parametrize("of", ["city:", "agency:2"])
def test_nobody_asks_for_what_they_may_not_see(town, of):
    enter(town)

    assert ask(town, of).status_code == 403


@pytest.mark.parametrize(
    ("of", "more"),
    [
        ("agency:99", {}),
        ("agency:x", {}),
        ("dimension:9.9", {}),
        ("", {}),
        (AGENCY, {"product": "proof"}),
        (AGENCY, {"product": "x"}),
        (AGENCY, {"year": "2021x"}),
        ("indicator:none", {}),
    ],
)
def test_what_is_not_offered_is_refused_in_words(town, of, more):
    enter(town, EVALUATOR)

    answer = ask(town, of, **more)

    assert (answer.status_code, errors(answer)) == (422, [("product", "เลือกขอบเขตและรูปแบบจากรายการ")])


def test_job_is_not_there_for_anybody_else_but_an_administrator(town):
    enter(town)
    ask(town)
    make(town)
    for person in (EVALUATOR, SAI_MAI_COORDINATOR):
        enter(town, person)
        assert town.get("/jobs/1").status_code == 404
        assert town.get("/jobs/1/file").status_code == 404
        assert "ทุ่งครุ" not in words(town.get("/jobs").text)
    enter(town, ADMINISTRATOR)
    assert town.get("/jobs/1/file").status_code == 200
    assert town.get("/jobs/99").status_code == 404
    assert town.get("/jobs/x/file").status_code == 404


def test_whoever_lost_the_role_fetches_nothing_any_more(town):
    enter(town)
    ask(town)
    make(town)
    with town.store.engine.connect() as connection, connection.begin():
        connection.execute(delete(t.grants).where(t.grants.c.person_id == COORDINATOR.id))

    assert town.get("/jobs/1/file").status_code == 403


def test_nothing_is_made_for_whoever_lost_the_role_meanwhile(town):
    enter(town)
    ask(town)
    with town.store.engine.connect() as connection, connection.begin():
        connection.execute(delete(t.grants).where(t.grants.c.person_id == COORDINATOR.id))
    make(town)

    page = town.get("/jobs/1")
    assert "ท่านไม่มีสิทธิ์ดูข้อมูลทั้งหมดในเอกสารนี้" in words(page.text)


def test_file_is_gone_when_its_days_are_over(town):
    enter(town)
    ask(town)
    make(town)
    town.clock.advance(seconds=(KEPT_FOR + timedelta(seconds=1)).total_seconds())
    enter(town, day=DAY + timedelta(days=8))

    assert town.get("/jobs/1/file").status_code == 404
    assert "พ้นเวลาที่เก็บไว้แล้ว" in words(town.get("/jobs/1").text)


def test_what_is_swept_are_results_that_nothing_points_to_any_more(town):
    enter(town)
    ask(town)
    make(town)
    (sha256,) = [one for one, _ in town.site.evidence.lying()]

    def sweep(days: int) -> int:
        now = town.clock.now + timedelta(days=days)
        with town.store.begin() as tx:
            jobs.sweep(tx.connection, now)
        later = town.site.evidence.lying()
        newest = max(since for _, since in later)
        return int(town.site.uploads.sweep(newest + timedelta(days=days)))

    assert sweep(3) == 0
    assert town.site.evidence.holds(sha256)
    assert sweep(8) == 1
    assert not town.site.evidence.holds(sha256)


def test_job_without_an_indicator_says_so(town):
    enter(town, EVALUATOR)
    with town.store.begin() as tx:
        wanted = Wanted(Product.PDF, Scope.AGENCY, "2", YEAR)
        jobs.ask(tx.connection, wanted, Text("สายไหม", "Sai Mai"), EVALUATOR.id, town.clock.now)
    make(town)

    assert "ไม่มีตัวชี้วัดในปีและขอบเขตนี้" in words(town.get("/jobs/1").text)


def test_mistake_of_ours_is_told_in_words_and_logged(town, monkeypatch, caplog):
    enter(town)
    ask(town)

    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(wishes, "make", broken)
    assert make(town)

    assert "เกิดข้อผิดพลาดในระบบ" in words(town.get("/jobs/1").text)
    assert "RuntimeError" in caplog.text


def test_worker_that_is_told_to_stop_gives_the_job_back(town):
    enter(town)
    ask(town, product="sheets")
    stopping = threading.Event()
    stopping.set()

    Maker(town.site).run_one(stopping)

    with town.store.read() as tx:
        found = jobs.job(tx.connection, 1)
    assert found is not None
    assert (found.state, found.attempts) == ("waiting", 0)
    assert make(town)


def test_whoever_waited_for_long_or_asked_is_told_by_mail_once(town):
    enter(town)
    ask(town, mail="yes")
    make(town)
    assert mails(town) == [("job:1", "job")]

    ask(town, product="pack")
    town.clock.advance(seconds=61)
    make(town)
    assert mails(town) == [("job:1", "job"), ("job:2", "job")]


def test_mail_leads_to_the_page_of_the_job(town):
    enter(town)
    ask(town, mail="yes")
    make(town)
    now = town.clock.now
    queue = StoredQueue(town.store, DEFAULT, lease_seconds=60, resend=True)
    (message,) = queue.claim(Way.MAIL, 5, "one", now)
    (contents,) = queue.contents([message], now)

    terms = Terms(town.store.policy.calendar, DEFAULT, town.store.policy.day_of, "5" * 64)
    written = Letters(composer(), terms).write(message, contents, now)

    assert written is not None
    assert (written.letter.to, written.subject) == (EMAIL, "จัดทำแล้ว: รายงาน PDF สำนักงานเขตทุ่งครุ")
    with town.store.begin() as tx:
        tx.connection.execute(delete(t.jobs))
    (gone,) = queue.contents([message], now)
    assert Letters(composer(), terms).write(message, gone, now) is None


def test_ten_jobs_may_wait_and_no_more(town):
    enter(town)
    with town.store.begin() as tx:
        for number in range(jobs.MOST_WAITING):
            wanted = Wanted(Product.PDF, Scope.INDICATOR, str(number), YEAR)
            jobs.ask(tx.connection, wanted, Text("", ""), COORDINATOR.id, town.clock.now)

    assert errors(ask(town))[0][1].startswith("ท่านมีงานที่รอจัดทำครบ 10 รายการแล้ว")


# --- everybody's, for administrators ------------------------------------------------------------------------

ALL = "/administration/jobs"


def move(town, number: int, step: str):
    data = {"token": token_in(town.get(ALL)), "step": step}
    return town.client.post(f"{ALL}/{number}/move", data=data, follow_redirects=False)


def state_of(town, number: int) -> str:
    with town.store.read() as tx:
        return str(jobs.listed_one(tx.connection, number).job.state)


def test_administrator_sees_everybodys_jobs_with_their_states(town):
    enter(town)
    ask(town)
    enter(town, EVALUATOR)
    ask(town, "city:", product="sheets")
    enter(town, ADMINISTRATOR)

    assert f'href="{ALL}"' in town.get("/administration").text
    page = words(town.get(ALL).text)
    assert "ผู้ประสานงานเขตทุ่งครุ ขอเมื่อ" in page
    assert "ผู้ประเมิน ขอเมื่อ" in page
    assert "1 ·" in words(town.get(f"{ALL}?state=open").text)
    assert "1 ·" not in words(town.get(f"{ALL}?state=failed").text)
    assert "ไม่มีงานในสถานะนี้" in words(town.get(f"{ALL}?state=failed").text)


def test_job_that_is_being_made_is_cancelled_and_its_worker_lets_go(town, monkeypatch):
    enter(town)
    ask(town)
    enter(town, ADMINISTRATOR)
    seen = []

    def slow(site, telling, wanted, person, path, progress):
        seen.append(move(town, 1, "cancel").status_code)
        path.write_bytes(b"made all the same")

    monkeypatch.setattr(wishes, "make", slow)
    assert make(town)

    assert seen == [303]
    assert state_of(town, 1) == "cancelled"
    assert mails(town) == []
    assert told(town) == ("job_moved", ADMINISTRATOR.id, {"job": 1, "step": "cancel"})
    enter(town)
    assert "ผู้ดูแลระบบยกเลิกงานนี้" in words(town.get("/jobs/1").text)
    assert town.get("/jobs/1/file").status_code == 404


def test_job_that_failed_or_was_cancelled_is_tried_again(town):
    enter(town)
    ask(town)
    with town.store.begin() as tx:
        jobs.claim(tx.connection, "holder", 60, town.clock.now)
        jobs.fail(tx.connection, 1, "holder", "เครื่องดับ", town.clock.now)
    enter(town, ADMINISTRATOR)
    assert "เครื่องดับ" in words(town.get(ALL).text)

    assert move(town, 1, "retry").status_code == 303
    assert state_of(town, 1) == "waiting"
    refused = move(town, 1, "retry")
    assert (refused.status_code, errors(refused)) == (
        422,
        [("", "งานหมายเลข 1 อยู่ในสถานะ รอจัดทำ จึงทำเช่นนี้ไม่ได้")],
    )
    assert move(town, 1, "cancel").status_code == 303
    assert move(town, 1, "retry").status_code == 303
    assert make(town)
    assert state_of(town, 1) == "done"
    assert move(town, 99, "cancel").status_code == 422
    assert move(town, 1, "nonsense").status_code == 200

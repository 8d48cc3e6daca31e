"""Whoever may still read a report again is shown the first scores nowhere, and everybody else is."""

import threading
from dataclasses import replace
from io import BytesIO

import openpyxl
import pypdf
import pytest

from engine import actions
from engine.permissions import Grant, Person, Role
from engine.verdict import ReviewPolicy
from storage.blind import hidden_at, hidden_in
from storage.registry import person
from tests.cast import ADMINISTRATOR, COORDINATOR, EVALUATOR, OPERATOR, OTHER_EVALUATOR, POLICY, YEAR, at
from tests.web.coordinators import BASE, DAY, did, enter, fill, indicator, words
from tests.web.doorway import token_in
from tests.web.programs import program
from tests.web.test_review import MET, PAGE, add_other, endorsed
from tests.web.town import Town
from web.reports.worker import Maker

REMARK, WHY = "บางเกินไปสำหรับไตรมาสนี้", "ขาดเลขที่คำสั่งหลายฉบับ"
SCORES = "85 / 50"
DISPUTE = "ขอให้พิจารณา 85 คะแนนใหม่"
#: Everything that can be opened about the indicator.
PAGES = [
    BASE,
    f"{BASE}/history",
    PAGE,
    f"{PAGE}/evaluate",
    f"{PAGE}/second",
    f"{BASE}/proof",
    f"{BASE}/appeals/1",
    "/matrix?year=2564",
    "/city?year=2564",
    "/indicators?year=2564",
    "/review",
    "/review/strictness?year=2564",
    f"/search?q={REMARK[:9]}",
    f"/search?q={WHY[:9]}",
]


@pytest.fixture
def drawn(town: Town) -> Town:
    """A report that was accepted and drawn, and the appeal against its scores."""
    town.store.policy = replace(POLICY, review=ReviewPolicy(second_percent=100))
    add_other(town)
    endorsed(town)
    given = {"quality": 85, "remark": REMARK, "quality_reason": WHY}
    did(town, actions.accept_report, 2, met=["tells_what"], by=EVALUATOR, now=at(DAY), **given)
    did(town, actions.make_appeal, 2, reason=DISPUTE, by=COORDINATOR, now=at(DAY))
    return town


def texts(town: Town) -> dict[str, str]:
    """All that somebody reads about it: pages, the printed report, the spreadsheets."""
    found = {path: words(town.get(path).text.partition('name="q"')[2]) for path in PAGES}
    found["pdf"] = _pdf(town.get(f"{BASE}/report.pdf").content)
    found["xlsx"] = _sheets(town.get(f"{BASE}/report.xlsx").content)
    for product, read in (("pdf", _pdf), ("sheets", _sheets)):
        for of in ("agency:1", "city:"):
            data = {"token": token_in(town.get("/reports")), "of": of, "product": product, "year": "2564"}
            job = town.client.post("/reports", data=data, follow_redirects=False).headers["location"]
            assert Maker(town.site).run_one(threading.Event())
            found[f"{of} {product}"] = read(town.get(f"{job}/file").content)
    return found


def _pdf(content: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(content)).pages)


def _sheets(content: bytes) -> str:
    book = openpyxl.load_workbook(BytesIO(content), read_only=True)
    rows = [row for sheet in book for row in sheet.iter_rows(values_only=True)]
    return " ".join(f"<{cell}>" for row in rows for cell in row if cell is not None)


def leaks(found: dict[str, str]) -> list[str]:
    """Where the scores stand, or what was said about them."""
    secrets = (REMARK, WHY, DISPUTE, SCORES, "๘๕", "<85>")
    return [name for name, text in found.items() if any(one in text for one in secrets)]


def test_everybody_else_is_shown_the_scores(drawn):
    enter(drawn, EVALUATOR)
    seen = leaks(texts(drawn))
    assert {BASE, f"{BASE}/history", PAGE, "xlsx", "pdf", "agency:1 sheets", "city: sheets"} <= set(seen)


def test_whoever_reads_it_again_is_shown_them_nowhere(drawn):
    enter(drawn, OTHER_EVALUATOR)

    found = texts(drawn)

    assert leaks(found) == []
    assert "ซ่อนไว้จนกว่าท่านจะสอบทาน" in found[BASE]
    assert "รับรายงาน" in found[f"{BASE}/history"]  # that it was accepted is no secret


def test_appeal_waits_until_it_is_read_again(drawn):
    enter(drawn, OTHER_EVALUATOR)
    page = drawn.get(f"{BASE}/appeals/1")
    assert f'href="{PAGE}/second"' in page.text
    data = {"token": token_in(page), "decision": "dismiss", "reason": "เห็นด้วย"}
    answer = drawn.client.post(f"{BASE}/appeals/1", data=data, follow_redirects=False)
    assert answer.status_code == 422

    assert fill(drawn, f"{PAGE}/second", **MET).status_code == 303

    assert BASE in leaks(texts(drawn))
    answer = drawn.client.post(f"{BASE}/appeals/1", data=data, follow_redirects=False)
    assert answer.status_code == 303


def test_scores_are_hidden_from_evaluators_who_may_read_again_and_nobody_else(drawn):
    own = indicator(drawn).id
    both = Person(EVALUATOR.id + 50, "x", (Grant(Role.ADMINISTRATOR), Grant(Role.EVALUATOR)))
    with drawn.store.read() as tx:
        other = person(tx.connection, "other@strategy.example")
        for reader, quarters in (
            (other, {2}),
            (both, {2}),
            (EVALUATOR, set()),
            (COORDINATOR, set()),
            (ADMINISTRATOR, set()),
            (OPERATOR, set()),
        ):
            assert hidden_at(tx.connection, reader, own) == quarters
            assert hidden_in(tx.connection, reader, YEAR).get(own, set()) == quarters
            assert hidden_in(tx.connection, reader, YEAR - 1) == {}


def test_programs_are_told_as_little(drawn):
    paths = [BASE, f"{BASE}/history", PAGE, f"{BASE}/appeals/1"]
    for reader, is_hidden in ((EVALUATOR, False), (OTHER_EVALUATOR, True)):
        asking = program(drawn, reader.id)
        answers = {path: asking.get(path) for path in paths}
        assert {one.status_code for one in answers.values()} == {200}
        secrets = (REMARK, WHY, DISPUTE, '"quality":85', '"quality": 85')
        told = [path for path, one in answers.items() if any(each in one.text for each in secrets)]
        assert told == ([] if is_hidden else paths)

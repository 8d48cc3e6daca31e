"""Pages of the existing site, pasted, looked through and kept; and the facts that reports propose."""

import re

import pytest

from engine.indicator import Indicator
from engine.pages.text import LONGEST
from storage.review import given_in
from tests.cast import ADMINISTRATOR, COORDINATOR, OPERATOR, SECTION_HEAD, YEAR
from tests.pages import ROWS, whole
from tests.seed import AFTER, IMPORTED, PAGE, import_the_page, know_the_network
from tests.web.coordinators import arrive, banner, enter, errors, fill, heading, words
from tests.web.doorway import come_in, token_in
from tests.web.programs import program
from tests.web.town import Town

IMPORT = "/administration/import"
BASE = f"/indicators/2564/{IMPORTED}"
PROPOSALS = f"{BASE}/proposals"


@pytest.fixture
def knowing(town: Town) -> Town:
    know_the_network(town)
    return town


@pytest.fixture
def imported(knowing: Town) -> Town:
    import_the_page(knowing)
    return knowing


def loaded(town: Town) -> Indicator:
    with town.store.read() as tx:
        return tx.indicator(IMPORTED, YEAR)


def states(town: Town) -> dict[int, str]:
    with town.store.read() as tx:
        return {one.number: one.state for one in tx.proposals(tx.indicator(IMPORTED, YEAR))}


def send(town: Town, path: str, **fields: str):
    """Send a form of the list, which has only its token."""
    data = {"token": token_in(town.get(PROPOSALS)), **fields}
    return town.client.post(path, data=data, follow_redirects=False)


# --- pasting a page --------------------------------------------------------------------------------------


def test_pasted_page_is_looked_through_before_anything_is_kept(knowing):
    enter(knowing, ADMINISTRATOR, AFTER)
    page = fill(knowing, IMPORT, text=PAGE, code=IMPORTED, year="2564", workflow="civil_society_network")
    assert page.status_code == 200
    seen = words(page.text)
    for said in ("ข้อความของแผน 5.2.1 ขาดกลางคัน", "ไม่พบชื่อตัวชี้วัดในหน้า", "สำนักงานเขตทุ่งครุ", "นับจำนวนเครือข่าย"):
        assert said in seen
    with knowing.store.read() as tx:
        assert IMPORTED not in {one.code for one in tx.indicators()}


def test_longest_page_can_be_pasted(knowing):
    enter(knowing, ADMINISTRATOR, AFTER)
    text = f"{PAGE}\n{'ก' * (LONGEST - len(PAGE) - 1)}"
    page = fill(knowing, IMPORT, text=text, code=IMPORTED, year="2564", workflow="civil_society_network")
    assert page.status_code == 200


def test_pasted_page_is_kept_and_leads_to_what_it_proposes(knowing):
    enter(knowing, ADMINISTRATOR, AFTER)
    data = {"text": PAGE, "code": IMPORTED, "year": "๒๕๖๔", "title": "เครือข่ายประชาสังคม"}
    answer = fill(knowing, IMPORT, to=f"{IMPORT}/keep", workflow="civil_society_network", **data)
    page = arrive(knowing, answer)
    assert banner(page) == ["นำเข้าตัวชี้วัดแล้ว"]
    assert loaded(knowing).title.th == "เครือข่ายประชาสังคม"
    assert "มีข้อเท็จจริงที่เสนอ 12 รายการรอพิจารณา" in words(page.text)


def test_what_is_missing_is_asked_for_beside_its_field(knowing):
    enter(knowing, ADMINISTRATOR, AFTER)
    page = fill(knowing, IMPORT, to=f"{IMPORT}/keep", text=PAGE, code="", year="", workflow="nothing")
    assert page.status_code == 422
    assert [field for field, _ in errors(page)] == ["code", "year", "workflow"]
    assert "30พฤศจิกายน2563" in page.text
    empty = fill(knowing, IMPORT, text="  ")
    assert [field for field, _ in errors(empty)] == ["text"]
    nothing = fill(knowing, IMPORT, text="ไม่ใช่หน้า", year="2021")
    assert [field for field, _ in errors(nothing)] == ["year"]
    assert "2564" in nothing.text


def test_changed_page_shows_what_differs_and_is_written_when_asked(imported):
    enter(imported, ADMINISTRATOR, AFTER)
    changed = PAGE.replace("จำนวน 7 ประเด็น", "จำนวน 8 ประเด็น")
    data = {"text": changed, "code": IMPORTED, "year": "2564", "workflow": "civil_society_network"}
    page = fill(imported, IMPORT, to=f"{IMPORT}/keep", **data)
    assert page.status_code == 200
    assert "สิ่งที่ต่างจากที่เก็บไว้" in words(page.text)
    assert 'name="update"' in page.text
    answer = fill(imported, IMPORT, to=f"{IMPORT}/keep", update="yes", **data)
    assert banner(arrive(imported, answer)) == ["ปรับตัวชี้วัดตามหน้าที่นำเข้าแล้ว"]
    assert "8 ประเด็น" in loaded(imported).reports[4].narrative
    same = fill(imported, IMPORT, to=f"{IMPORT}/keep", **data)
    assert "นำเข้าไว้แล้วและไม่มีอะไรเปลี่ยน" in words(same.text)


def test_page_with_hostile_words_is_shown_as_words(knowing):
    enter(knowing, ADMINISTRATOR, AFTER)
    text = whole(ROWS[12]).replace("จัดทำแผน", '&lt;script&gt;alert(1)&lt;/script&gt;"><b>')
    page = fill(knowing, IMPORT, text=text, year="2563")
    assert page.status_code == 200
    assert "<script>alert" not in page.text


# --- what reports propose --------------------------------------------------------------------------------


def test_proposals_stand_beside_the_words_they_were_read_from(imported):
    enter(imported, COORDINATOR, AFTER)
    page = imported.get(PROPOSALS)
    assert heading(page) == "ข้อเท็จจริงที่อ่านจากรายงาน"
    marked = [words(one) for one in re.findall(r"<mark[^>]*>(.*?)</mark>", page.text, re.DOTALL)]
    assert "ข้อเสนอ 3 จัดประชุมคณะกรรมการพิจารณาจัดตั้งเครือข่ายภาคประชาสังคมเขตทุ่งครุ เมื่อวันที่21ธันวาคม2563" in marked
    narrative = loaded(imported).reports[2].narrative
    shown = re.findall(r'radap-read__text">(.*?)</p>', page.text, re.DOTALL)[1]
    without_numbers = re.sub(r"<a .*?</a>", "", shown, flags=re.DOTALL)
    assert words(without_numbers).replace(" ", "") == narrative.replace(" ", "")
    assert "มีข้อเท็จจริงที่เสนอ 12 รายการรอพิจารณา" in words(imported.get(BASE).text)


def test_coordinator_accepts_the_certain_ones_and_then_one_without_a_day(imported):
    enter(imported, COORDINATOR, AFTER)
    answer = send(imported, f"{PROPOSALS}/accept")
    assert banner(arrive(imported, answer)) == ["รับข้อเท็จจริงที่ค่อนข้างแน่แล้ว"]
    assert [number for number, state in states(imported).items() if state == "accepted"] == [
        *(2, 3, 4, 8, 9, 10, 11, 13)
    ]
    page = arrive(imported, send(imported, f"{PROPOSALS}/1/accept"))
    assert banner(page) == ["รับเป็นข้อเท็จจริงแล้ว"]
    assert "รับแล้ว แต่ไม่มีวันที่ จึงรอการรับรอง" in words(page.text)
    assert loaded(imported).stored.claimed.level == 0
    number = max(one.number for one in loaded(imported).occurrences)
    come_in(imported, SECTION_HEAD.id)
    approve = f"{BASE}/occurrences/{number}/approve"
    assert f'href="{approve}"' in imported.get(PROPOSALS).text
    assert fill(imported, approve).status_code == 303
    assert loaded(imported).stored.claimed.level == 3


def test_proposal_is_changed_before_it_is_accepted(imported):
    enter(imported, COORDINATOR, AFTER)
    page = imported.get(f"{PROPOSALS}/12")
    assert "มีมติคัดเลือกประเด็น" in page.text
    wrong = fill(
        imported,
        f"{PROPOSALS}/12",
        to=f"{PROPOSALS}/12/accept",
        fact="issue_chosen/resolution",
        day="31/2/2564",
    )
    assert (wrong.status_code, [field for field, _ in errors(wrong)]) == (422, ["day"])
    answer = fill(
        imported,
        f"{PROPOSALS}/12",
        to=f"{PROPOSALS}/12/accept",
        fact="issue_chosen/resolution",
        day="5 ส.ค. 2564",
        document="4/64",
        note="มติที่ประชุม",
    )
    assert answer.status_code == 303
    (fact,) = loaded(imported).occurrences
    assert (fact.milestone, str(fact.occurred_on), fact.document_number) == (
        "issue_chosen",
        "2021-08-05",
        "4/64",
    )
    assert "อ่านจากรายงานไตรมาสที่ 4" in words(imported.get(f"{BASE}/history").text)


def test_reference_gets_a_milestone_only_from_a_person(imported):
    enter(imported, COORDINATOR, AFTER)
    assert states(imported)[5] == "set_aside"
    answer = send(imported, f"{PROPOSALS}/5/accept")
    assert answer.status_code == 422
    assert states(imported)[5] == "set_aside"


def test_proposal_is_refused_with_a_reason(imported):
    enter(imported, COORDINATOR, AFTER)
    answer = fill(imported, f"{PROPOSALS}/6", to=f"{PROPOSALS}/6/refuse", reason="หนังสือเชิญไม่ใช่ผลงาน")
    page = arrive(imported, answer)
    assert banner(page) == ["ไม่รับข้อเสนอแล้ว"]
    assert "“หนังสือเชิญไม่ใช่ผลงาน”" in page.text
    assert imported.get(f"{PROPOSALS}/6").status_code == 404
    assert send(imported, f"{PROPOSALS}/6/accept").status_code == 422


def test_report_that_is_written_here_is_read_on_demand(imported):
    enter(imported, COORDINATOR, AFTER)
    assert f'action="{PROPOSALS}/read"' in imported.get(f"{BASE}/quarters/3").text
    page = arrive(imported, send(imported, f"{PROPOSALS}/read"))
    assert banner(page) == ["อ่านรายงานแล้ว ไม่พบสิ่งใหม่"]
    before = loaded(imported).reports[3].narrative
    text = before + "\n- จัดประชุมคณะกรรมการประชาคมเขตทุ่งครุ ครั้งที่ 4/64 เมื่อวันที่ 30 มิ.ย. 2564"
    assert fill(imported, f"{BASE}/quarters/3", narrative=text, value="").status_code == 303
    page = arrive(imported, send(imported, f"{PROPOSALS}/read"))
    assert banner(page) == ["อ่านรายงานแล้ว พบข้อเท็จจริงใหม่"]
    assert states(imported)[14] == "pending"
    assert states(imported)[11] == "pending"


def read_more(town: Town, text: str) -> None:
    """The report of the third quarter goes on like that, and is read again."""
    before = loaded(town).reports[3].narrative
    fill(town, f"{BASE}/quarters/3", narrative=f"{before}\n- {text}", value="")
    assert send(town, f"{PROPOSALS}/read").status_code == 303


def give(town: Town, **fields: str):
    """What was proposed last, at its milestone, as the form has it."""
    return fill(town, f"{PROPOSALS}/14", to=f"{PROPOSALS}/14/accept", fact="meetings_held/meeting", **fields)


def test_month_is_no_day_until_somebody_gives_one_of_it(imported):
    enter(imported, COORDINATOR, AFTER)
    read_more(imported, "จัดประชุมคณะกรรมการประชาคมเขตทุ่งครุ ครั้งที่ 4/64 ในเดือนเมษายน 2564")
    page = imported.get(PROPOSALS).text
    assert f'action="{PROPOSALS}/14/accept"' not in page
    assert "ไม่ระบุวันที่ ระหว่าง 1 เม.ย. 2564 ถึง 30 เม.ย. 2564" in words(page)
    assert send(imported, f"{PROPOSALS}/14/accept").status_code == 422
    for day in ("", "31", "5 พ.ค. 2564", "0"):
        refused = give(imported, day=day)
        assert (refused.status_code, [field for field, _ in errors(refused)]) == (422, ["day"]), day
    assert give(imported, day="๒๓").status_code == 303
    (fact,) = loaded(imported).occurrences
    assert str(fact.occurred_on) == "2021-04-23"


def test_whoever_does_not_know_the_day_in_a_month_says_so(imported):
    enter(imported, COORDINATOR, AFTER)
    read_more(imported, "จัดประชุมคณะกรรมการประชาคมเขตทุ่งครุ ในเดือนเมษายน 2564")
    assert give(imported, day="", no_day="yes", note="ไม่พบรายงานการประชุม").status_code == 303
    (fact,) = loaded(imported).occurrences
    assert (fact.occurred_on, fact.quarter, fact.waits_for_approval) == (None, 3, True)


def test_range_is_accepted_with_its_last_day_and_shown_whole(imported):
    enter(imported, COORDINATOR, AFTER)
    read_more(imported, "จัดประชุมคณะกรรมการประชาคมเขตทุ่งครุ ระหว่างวันที่ 20-22 เม.ย. 2564")
    shown = words(imported.get(PROPOSALS).text)
    assert "22 เมษายน 2564 (วันสุดท้ายของช่วง 20 เม.ย. 2564 ถึง 22 เม.ย. 2564)" in shown
    assert send(imported, f"{PROPOSALS}/14/accept").status_code == 303
    (fact,) = loaded(imported).occurrences
    assert str(fact.occurred_on) == "2021-04-22"


def test_who_may_only_look_sees_no_buttons(imported):
    enter(imported, ADMINISTRATOR, AFTER)
    page = imported.get(PROPOSALS)
    assert page.status_code == 200
    assert "<form" not in page.text.partition("<main")[2]


def test_scores_of_a_page_are_no_verdicts_of_who_imported_it(knowing):
    import_the_page(knowing, whole(next(row for row in ROWS if row["code"] == "5025-0912")))
    enter(knowing, OPERATOR, AFTER)
    assert "คะแนนจากหน้าเดิม" in words(knowing.get(BASE).text)
    assert "มิใช่ผลการประเมินของผู้นำเข้า" in words(knowing.get(f"{BASE}/history").text)
    told = program(knowing, OPERATOR.id).get(f"/indicators/2564/{IMPORTED}/quarters/1").json()["report"]
    assert (told["evaluation"]["quality"], told["evaluation"]["evaluated_by"]) == (100, None)
    with knowing.store.read() as tx:
        assert given_in(tx.connection, YEAR) == []


def test_every_page_shows_an_imported_report_whose_time_is_unknown(knowing):
    text = whole(next(row for row in ROWS if row["code"] == "5025-0912"))
    import_the_page(knowing, text)
    enter(knowing, OPERATOR, AFTER)
    page = knowing.get(f"{BASE}/quarters/1")
    assert "100 / 100" in words(page.text)
    assert "นำเข้าพร้อมคะแนนจากหน้าของระบบเดิม" in words(page.text)
    assert "เขียนล่าสุด" not in words(page.text)
    assert "เกินกำหนด" not in words(page.text)
    for path in (
        BASE,
        f"{BASE}/history",
        f"{BASE}/quarters/3",
        f"{BASE}/quarters/1/evaluate",
        f"{BASE}/quarters/1/return",
        f"{BASE}/report.pdf",
        f"{BASE}/report.xlsx",
        f"{BASE}/proof",
        "/review",
        "/seals?year=2564",
        "/city?year=2564",
        "/indicators?year=2564",
        "/",
    ):
        assert knowing.get(path).status_code == 200, path

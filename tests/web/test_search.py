"""Search as its pages show it: what was found of which indicator, marked, paged, for who may see it."""

import re
from html import unescape

import pytest

from engine import actions
from engine.actions import NewOccurrence
from tests.cast import CODE, COORDINATOR, EVALUATOR, MEETINGS, REPORT, SAI_MAI_COORDINATOR, YEAR, at
from tests.web.coordinators import BASE, DAY, enter, errors, heading, value_of, words
from web.search import _SHOWN

_GROUP = re.compile(r'<section class="radap-found">(.*?)</section>', re.DOTALL)
_MARK = re.compile(r"<mark[^>]*>(.*?)</mark>")
NOW = at(DAY)


@pytest.fixture
def told(town):
    """Something of every kind is written at Thung Khru."""
    with town.store.begin() as tx:
        meeting = NewOccurrence(MEETINGS, DAY, document_number="กท ๖๙๐๙/1116", note="นัดเรื่อง <b>ไฟไหม้</b>")
        actions.record_occurrence(tx, CODE, YEAR, meeting, by=COORDINATOR, now=NOW)
        narrative = "ลอกคลองและเก็บขยะในที่ดินรกร้าง"
        actions.write_report(tx, CODE, YEAR, 3, narrative=narrative, by=COORDINATOR, now=NOW)
        link = "https://example.org/minutes"
        actions.attach_evidence(tx, CODE, YEAR, REPORT, link=link, by=COORDINATOR, now=NOW)
    return enter(town)


def search(town, asked: str, **more: str):
    return town.client.get("/search", params={"q": asked, **more})


def groups(page) -> list[str]:
    return [words(one) for one in _GROUP.findall(page.text)]


def marks(page) -> list[str]:
    return [unescape(one) for one in _MARK.findall(page.text)]


@pytest.mark.parametrize(
    ("asked", "where", "href"),
    [
        ("ขยะ", "รายงานผล ไตรมาสที่ 3 ปีงบประมาณ 2564", f"{BASE}/quarters/3"),
        ("6909/1116", "การดำเนินการ: จัดประชุม", f"{BASE}/milestones/{MEETINGS}#fact-1"),
        ("minutes", "หลักฐาน: ส่งรายงาน", f"{BASE}/milestones/{REPORT}#evidence"),
        ("building", "ชื่อตัวชี้วัด", BASE),
    ],
)
def test_what_is_found_leads_to_where_it_is(told, asked, where, href):
    page = search(told, asked)
    (group,) = groups(page)
    assert group.startswith("ระดับความสำเร็จของการสร้างเครือข่าย 5049-2017 · ปีงบประมาณ 2564 · สำนักงานเขตทุ่งครุ")
    assert where in group
    assert f'<a class="govuk-link" href="{href}">' in page.text
    assert town_opens(told, href)


def town_opens(town, href: str) -> bool:
    path, _, anchor = href.partition("#")
    page = town.get(path)
    assert f'id="{anchor}"' in page.text + 'id=""'
    return True


def test_found_words_are_marked_and_what_stands_around_them_is_text(told):
    page = search(told, "ไฟไหม้ 6909/1116")
    assert marks(page) == ["๖๙๐๙/1116", "ไฟไหม้"]
    assert "&lt;b&gt;<mark" in page.text
    assert "<b>" not in page.text


def test_title_and_code_are_marked_in_their_place(told):
    assert marks(search(told, "สร้างเครือข่าย")) == ["สร้างเครือข่าย"]
    assert marks(search(told, "5049")) == ["5049"]
    assert marks(search(told, "building the")) == ["building", "the"]


def test_page_without_words_asks_for_some(told):
    page = search(told, " ")
    assert (heading(page), page.status_code, groups(page)) == ("ค้นหา", 200, [])
    assert town_has_one_form(page)


def town_has_one_form(page) -> bool:
    found: int = page.text.count('role="search"')
    return found == 1


def test_nothing_found_says_what_to_try(told):
    page = search(told, "<script>ไม่มี</script>")
    assert "ไม่พบข้อความที่มี “&lt;script&gt;ไม่มี&lt;/script&gt;”" in page.text
    assert "พิมพ์น้อยคำลง" in page.text
    assert value_of(page, "q") == "<script>ไม่มี</script>"


@pytest.mark.parametrize("asked", ["ก", "ก" * 301, "คำ " * 4 + " ".join(map(str, range(10, 40)))])
def test_what_cannot_be_looked_for_is_told_and_kept(told, asked):
    page = search(told, asked)
    assert page.status_code == 422
    assert [field for field, _ in errors(page)] == ["q"]
    assert value_of(page, "q") == asked


def test_hostile_words_and_places_are_answered(told):
    for asked in ("ก" * 300, "%", "%%", '"', "' OR 1=1 --", "\\", "a" * 5000, "\x00\x1b"):
        assert search(told, asked).status_code in (200, 422), asked
    for before in ("", "0", "x", "-1", "9" * 19, "9" * 40, "๙", str(1 << 63)):
        assert search(told, "ขยะ", before=before).status_code == 200, before


def test_other_district_finds_nothing_and_the_city_everything(told):
    enter(told, SAI_MAI_COORDINATOR)
    for asked in ("ขยะ", "ไฟ", CODE, "minutes"):
        page = search(told, asked)
        assert (groups(page), "ทุ่งครุ" in page.text) == ([], False)
    enter(told, EVALUATOR)
    assert len(groups(search(told, "ขยะ"))) == 1


def test_pages_lead_on_until_everything_was_shown(told):
    with told.store.begin() as tx:
        for number in range(2 * _SHOWN + 5):
            new = NewOccurrence(MEETINGS, DAY, document_number=f"ลำดับ-{number}")
            actions.record_occurrence(tx, CODE, YEAR, new, by=COORDINATOR, now=NOW)
    enter(told)
    page, found = search(told, "ลำดับ"), []
    for _ in range(9):
        found += re.findall(r"-(\d+)</li>", page.text)
        further = re.search(r'href="([^"]+)" rel="next"', page.text)
        if further is None:
            break
        page = told.get(unescape(further[1]))

    assert found == [str(number) for number in reversed(range(2 * _SHOWN + 5))]


def test_every_page_of_whoever_is_signed_in_has_the_field(told):
    assert town_has_one_form(told.get("/"))
    told.client.cookies.clear()
    assert 'role="search"' not in told.get("/sign-in").text

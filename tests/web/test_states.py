"""The diagram of states: the place of an indicator is ringed, said in words, and stands in the table."""

import re

from engine import actions
from engine.actions import NewOccurrence
from tests.cast import (
    ADMINISTRATOR,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    GUIDELINES,
    MEASURED,
    MEETINGS,
    SAI_MAI,
    at,
)
from tests.cast import new_indicator as new
from tests.web.coordinators import BASE, DAY, did, enter, errors, words

HERE = "อยู่ที่นี่ขณะนี้"
WORKFLOWS = "/administration/workflows"


def begun(town) -> None:
    """Three facts: the first milestone is verified, of the third there is half."""
    for milestone in (GUIDELINES, COMMITTEE):
        did(town, actions.record_occurrence, NewOccurrence(milestone, DAY), now=at(DAY))
    did(town, actions.record_occurrence, NewOccurrence(MEETINGS, DAY), now=at(DAY))
    did(town, actions.verify_milestone, GUIDELINES, by=EVALUATOR, now=at(DAY, 5))


def drawn(page) -> list[tuple[str, bool, str]]:
    """(level, whether it is ringed, marks) of each state of the picture, the highest first."""
    found = re.findall(r'<li class="radap-state.*?</li>', page.text, re.DOTALL)
    return [
        (
            re.findall(r'text-anchor="middle">(\d+)<', one)[0],
            "radap-state__ring" in one and 'aria-current="step"' in one,
            "".join(re.findall(r"radap-rung__marks\">([^<]+)<", one)),
        )
        for one in found
    ]


def milestones(page) -> list[str]:
    """The states of the milestones that lead to each level, the highest first."""
    found = re.findall(r'<li class="radap-state.*?(?=<li class="radap-state|</ol>)', page.text, re.DOTALL)
    return [" ".join(re.findall(r'<strong class="govuk-tag[^>]*>([^<]+)<', one)) for one in found]


def test_indicator_shows_where_it_stands(town):
    begun(town)
    enter(town)
    assert f'href="{BASE}/states"' in town.get(BASE).text

    page = town.get(f"{BASE}/states")

    assert drawn(page) == [
        ("5", False, "เป้าหมาย"),
        ("4", False, ""),
        ("3", False, ""),
        ("2", True, HERE),
        ("1", False, "ตรวจรับแล้วถึงที่นี่"),
        ("0", False, ""),
    ]
    expected = ["ยังไม่เริ่ม", "ยังไม่เริ่ม", "กำลังดำเนินการ", "แล้วเสร็จ", "ตรวจรับแล้ว", ""]
    assert milestones(page) == expected
    rows = [words(one) for one in re.findall(r"<tr.*?</tr>", page.text, re.DOTALL)]
    assert [HERE in one for one in rows] == [False, False, False, False, True, False, False]
    assert all(state in row for state, row in zip(expected, rows[1:], strict=True))


def test_administrator_marks_an_indicator_by_its_code(town):
    begun(town)
    enter(town, ADMINISTRATOR)
    plain = town.get(f"{WORKFLOWS}/1")
    assert [ringed for _, ringed, _ in drawn(plain)] == [False] * 6
    assert HERE not in words(plain.text)
    assert milestones(plain) == [""] * 6

    page = town.get(f"{WORKFLOWS}/1?code=5049-2017&year=2564")

    assert [level for level, ringed, _ in drawn(page) if ringed] == ["2"]
    assert milestones(page)[4] == "ตรวจรับแล้ว"
    assert drawn(page)[3][2] == f"ตัวชี้วัดที่อยู่ระดับนี้ 1 · {HERE}"


def test_code_that_is_unknown_or_runs_on_another_version_is_told(town):
    with town.store.begin() as tx:
        other = new("5042-2017", agency=SAI_MAI, workflow=MEASURED)
        actions.create_indicator(tx, other, by=ADMINISTRATOR, now=at(DAY))
    enter(town, ADMINISTRATOR)
    for code, said in (("5042-2017", "ไม่ได้ใช้แบบตัวชี้วัดรุ่นนี้"), ("9999-1", "9999-1"), ("<b>", "&lt;b&gt;")):
        page = town.get(f"{WORKFLOWS}/1?code={code}")
        ((field, sentence),) = errors(page)
        assert (field, page.status_code) == ("code", 422)
        assert said in page.text, sentence
        assert "<b>5" not in page.text
    enter(town, COORDINATOR)
    assert town.get(f"{WORKFLOWS}/1?code=5042-2017").status_code == 403

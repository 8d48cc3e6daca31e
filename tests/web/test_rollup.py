"""The city rolled up on its pages: the numbers are the engine's, and open down to the indicators."""

import re
from collections.abc import Iterator
from html import unescape

import pytest

from engine.levels import Basis, level_of
from engine.permissions import Grant, Role
from engine.quarter import FiscalYear
from engine.scores import Method, RollUpNode, leaf_of, roll_up, rounded
from storage import registry
from storage.rollup import Tree
from tests.cast import ADMINISTRATOR, EVALUATOR, OPERATOR, THUNG_KHRU, YEAR, at
from tests.counting import counted
from tests.fifty import PLAN, agency_of, found_fifty
from tests.web.coordinators import DAY, enter, heading, words
from web.evaluator.pictures import districts

_ROW = re.compile(r'<tr class="govuk-table__row" role="row">\s*<th scope="row".*?</tr>', re.DOTALL)
_LINK = re.compile(r'<a class="govuk-link" href="([^"]+)">')
_CELL = re.compile(r'<td role="cell"[^>]*>(.*?)</td>', re.DOTALL)


def rows(page) -> list[tuple[str, list[str]]]:
    """The rows of a page: to where each leads, and its cells."""
    return [
        (unescape(_LINK.findall(row)[0]), [words(cell) for cell in _CELL.findall(row)])
        for row in _ROW.findall(page.text)
    ]


def standing(page) -> str:
    found = re.search(r'radap-standing__level">(.*?)<', page.text)
    assert found
    return found[1]


def leaves(town, basis, quarter) -> list[tuple[str, str, RollUpNode]]:
    """(agency, code in the plan, leaf) of every indicator, computed from its facts."""
    with town.store.read() as tx:
        indicators = list(tx.indicators(YEAR))
        on = min(FiscalYear(YEAR).quarters[quarter - 1].last_day, DAY) if quarter else DAY
        nodes = plan_of_indicators(tx)
    return [
        (
            str(one.agency),
            nodes[one.id],
            leaf_of(
                one.code,
                level_of(one.workflow, one.facts, on, basis=basis).level,
                one.workflow,
                one.target,
                weight=one.weight,
                life=one.life,
            ),
        )
        for one in indicators
    ]


def plan_of_indicators(tx) -> dict[int, str]:
    query = (
        "SELECT d.indicator_id, coalesce(n.code, '') FROM indicator_details d "
        "LEFT JOIN plan_nodes n ON n.id = d.plan_node_id"
    )
    return {row[0]: row[1] for row in tx.connection.exec_driver_sql(query)}


def by_agency(town, basis, quarter) -> RollUpNode:
    groups: dict[str, list[RollUpNode]] = {}
    for agency, _, leaf in leaves(town, basis, quarter):
        groups.setdefault(agency, []).append(leaf)
    return RollUpNode(
        "city", children=tuple(RollUpNode(key, children=tuple(own)) for key, own in groups.items())
    )


def by_plan(town, basis, quarter) -> RollUpNode:
    below: dict[str, list[RollUpNode]] = {}
    for _, code, leaf in leaves(town, basis, quarter):
        below.setdefault(code, []).append(leaf)

    def group(code: str) -> RollUpNode:
        inner = [group(one) for one, _, parent in PLAN if parent == code]
        return RollUpNode(code, children=(*(one for one in inner if one.children), *below.get(code, ())))

    tops = [group(one) for one, _, parent in PLAN if parent is None]
    return RollUpNode("city", children=(*tops, RollUpNode("", children=tuple(below.get("", ())))))


def shown(exact, method: Method) -> str:
    if exact is None:
        return "–"
    number = rounded(exact * 100, 1) if method is Method.SHARE_AT_TARGET else rounded(exact, 2)
    text = f"{number:f}".rstrip("0").rstrip(".") if "." in f"{number:f}" else f"{number:f}"
    return f"ร้อยละ {text}" if method is Method.SHARE_AT_TARGET else text


def test_numbers_of_the_plan_are_those_of_the_engine_down_every_branch(fifty):
    for basis, quarter in AT:
        tree = by_plan(fifty, basis, quarter)
        for method in Method:
            expected = sorted(numbers(roll_up(tree, method), method))
            assert followed(fifty, address(Tree.PLAN, basis, quarter, method)) == expected


def test_numbers_of_agencies_are_those_of_the_engine(fifty):
    for basis, quarter in AT:
        tree = by_agency(fifty, basis, quarter)
        for method in Method:
            page = fifty.get(address(Tree.AGENCIES, basis, quarter, method))
            whole, *parts = numbers(roll_up(tree, method), method)
            found = rows(page)
            assert said(page) == whole
            assert sorted((cells[0], int(cells[1]), int(cells[2])) for _, cells in found) == sorted(parts)
            href, cells = found[-1]
            assert followed(fifty, href) == [(cells[0], int(cells[1]), int(cells[2]))]


AT = ((Basis.CLAIMED, None), (Basis.VERIFIED, 2))


def address(tree, basis, quarter, method) -> str:
    return f"/city/{tree}?year=2564&quarter={quarter or ''}&basis={basis}&method={method}"


def numbers(found, method) -> Iterator[tuple[str, int, int]]:
    """Of every node, however deep: its number as it is shown, how many are counted and how many missing."""
    yield shown(found.exact, method), found.counted, found.missing
    for part in found.parts:
        if part.node.children is not None:
            yield from numbers(part, method)


def said(page) -> tuple[str, int, int]:
    """The number that a page is about, how many are counted and how many missing."""
    found = re.search(r"นับ (\d+) ตัวชี้วัด · ไม่มีข้อมูล (\d+) ตัวชี้วัด", page.text)
    assert found, page.text
    return standing(page), int(found[1]), int(found[2])


def followed(town, href: str) -> list[tuple[str, int, int]]:
    """What the page says of itself and, where its links lead, of all that it is made of."""
    page = town.get(href)
    found = [said(page)]
    for below, cells in rows(page):
        if below.startswith("/city/"):
            inner = followed(town, below)
            assert (cells[0], int(cells[1]), int(cells[2])) in inner
            found += inner
        else:
            assert below.startswith("/indicators/2564/")
    return sorted(found)


def test_indicators_are_listed_at_their_place_with_level_and_target(fifty):
    agency = agency_of(fifty.store, name := sorted(districts())[19])
    page = fifty.get(f"/city/agencies?year=2564&node={agency}")

    assert heading(page) == f"สำนักงานเขต{name}"
    listed = [[cells[0].split()[0], *cells[1:]] for _, cells in rows(page)]
    assert listed == [["1", "5", "ยังไม่ถึง", "1"], ["1", "2", "ยังไม่ถึง", "2"]]
    href, _ = rows(page)[0]
    assert fifty.get(href).status_code == 200
    proof = fifty.get(f"{href}/proof?basis=verified&on=2021-03-31")
    assert f'href="{href}/proof?basis=claimed"' in page.text
    assert proof.status_code == 200
    quarter = fifty.get(f"/city/agencies?year=2564&node={agency}&quarter=2&basis=verified")
    assert f'href="{href}/proof?basis=verified&amp;on=2021-03-31"' in quarter.text


def test_quarter_that_has_not_begun_is_missing_and_not_zero(fifty):
    page = fifty.get("/city/agencies?year=2564&quarter=4")

    assert standing(page) == "–"
    assert "นับ 0 ตัวชี้วัด · ไม่มีข้อมูล 101 ตัวชี้วัด" in words(page.text)
    assert "ยังไม่ถึงช่วงเวลานี้" in page.text


def test_director_sees_the_own_district_alone(fifty):
    with fifty.store.begin() as tx:
        grant = [Grant(Role.DIRECTOR, THUNG_KHRU)]
        registry.add_person(
            tx, "director@thungkhru.example", "ผู้อำนวยการเขต", "th", grant, by=OPERATOR.id, now=at(DAY)
        )
        director = registry.person(tx.connection, "director@thungkhru.example")
    enter(fifty, director, DAY)
    page = fifty.get("/city/agencies?year=2564")

    assert heading(page) == "ตัวชี้วัดทั้งหมดที่ท่านดูได้"
    assert [cells[1:] for _, cells in rows(page)] == [["3", "0"]]
    other = agency_of(fifty.store, "พระนคร")
    assert fifty.get(f"/city/agencies?year=2564&node={other}").status_code == 404


@pytest.mark.parametrize("path", ["/city/plan?node=999", "/city/agencies?node=x", "/city/plan?node=%27"])
def test_node_that_is_not_there_leads_nowhere(town, path):
    assert enter(town, EVALUATOR).get(path).status_code == 404


def test_choice_that_is_none_of_ours_is_as_if_not_made(town):
    page = enter(town, EVALUATOR).get("/city/plan?year=abc&quarter=9&basis=x&method=%00&node=")
    assert page.status_code == 200
    assert "ค่าเฉลี่ย · ตามที่บันทึก" in words(page.text)


def test_city_without_indicators_says_so(town):
    page = enter(town, EVALUATOR).get("/city/plan?year=2570")
    assert "ไม่มีตัวชี้วัดที่ท่านดูได้ในปีนี้" in page.text


def test_as_many_statements_for_a_hundred_indicators_as_for_one(town):
    enter(town, ADMINISTRATOR, DAY)
    paths = (
        "/city/plan?year=2564",
        "/city/agencies?year=2564",
        f"/city/agencies?node={THUNG_KHRU}&year=2564",
    )
    few = {path: asked(town, path) for path in paths}
    found_fifty(town.store)

    assert {path: asked(town, path) for path in paths} == few
    assert max(few.values()) <= 7


def asked(town, path: str) -> int:
    town.get(path)  # what is read once in a process was read
    with counted(town.store) as sent:
        assert town.get(path).status_code == 200
    return len(sent)

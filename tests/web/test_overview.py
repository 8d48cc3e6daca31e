"""The city at a glance: what is drawn is what is there, and each number leads to what is behind it."""

import re
from datetime import date, timedelta
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from engine import actions
from engine.levels import level_of
from engine.quarter import FiscalYear, Quarter, Timeliness, WorkCalendar, deadline_of, timeliness
from engine.waiting import STEPS, Wait, starts, step_of
from tests.cast import EVALUATOR, POLICY, SAI_MAI_COORDINATOR, THUNG_KHRU, YEAR, at
from tests.counting import counted
from tests.fifty import found_fifty
from tests.web.coordinators import DAY, enter, words
from web.evaluator.pictures import WIDTH, bar, districts

PAGE = "/city?year=2564"
_HOLIDAYS = WorkCalendar(holidays=frozenset({date(2021, 4, 13), date(2021, 4, 14), date(2021, 5, 3)}))


def indicators(town):
    with town.store.read() as tx:
        return list(tx.indicators(YEAR))


def table(page, section: str) -> list[list[str]]:
    """The rows of the table behind a picture."""
    part = page.text.partition(f'<section aria-labelledby="{section}">')[2].partition("</section>")[0]
    found = re.findall(r'<tr class="govuk-table__row" role="row">(.*?)</tr>', part, re.DOTALL)
    cells = [re.findall(r"<t[hd] [^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found]
    return [[words(cell) for cell in row] for row in cells]


def test_map_has_every_district_once_with_its_number(fifty):
    page = fifty.get(PAGE)
    tiles = re.findall(r"<a href=\"([^\"]+)\" tabindex=\"-1\"><title>(.*?)</title>", page.text)

    assert len(tiles) == len(districts()) == 50
    assert len({(one.row, one.column) for one in districts().values()}) == 50
    for href, title in tiles[::10]:
        name, _, told = unescape(title).partition(": ")
        number = told.partition(" นับ ")[0]
        behind = fifty.get(unescape(href))
        assert f'radap-standing__level">{number}<' in behind.text
        assert name in behind.text


def test_levels_are_counted_by_quarter_and_one_that_has_not_begun_has_none(fifty):
    quarters = FiscalYear(YEAR).quarters
    expected = []
    for quarter in quarters:
        on = min(quarter.last_day, DAY)
        found = [level_of(one.workflow, one.facts, on).level for one in indicators(fifty)]
        expected.append([str(found.count(level)) for level in range(6)])
    expected[3] = ["–"] * 6

    page = fifty.get(PAGE)
    behind = [[cell.split()[0] for cell in row[1:]] for row in table(page, "levels")[1:]]
    assert behind == expected
    (href, *_) = re.findall(r'href="(/matrix[^"]+)"', page.text)
    assert fifty.get(unescape(href)).status_code == 200


def test_reports_are_in_time_by_the_deadline_of_each_agency(fifty):
    """One district was given longer for the second quarter, which saves all that it handed in by then."""
    with fifty.store.begin() as tx:
        late = next(one for one in tx.indicators(YEAR) if how(one, Quarter(YEAR, 2), None) == "late")
        until, now = date(2021, 6, 30), at(date(2021, 5, 1))
        where = (tx, late.agency, Quarter(YEAR, 2))
        actions.grant_extension(*where, until=until, reason="น้ำท่วม", by=EVALUATOR, now=now)
    extended = {(late.agency, 2): until}
    expected = []
    for quarter in FiscalYear(YEAR).quarters:
        found = [how(one, quarter, extended.get((one.agency, quarter.number))) for one in indicators(fifty)]
        expected.append([str(found.count(one)) for one in ("on_time", "late", "missing", "not_due")])

    assert [row[1:5] for row in table(fifty.get(PAGE), "reports")[1:]] == expected
    assert {row[1] for row in table(fifty.get(PAGE), "reports")[1:]} > {"0"}


def how(indicator, quarter, until) -> str:
    report = indicator.reports.get(quarter.number)
    came = report.submitted_at if report else None
    due = deadline_of(quarter, POLICY.deadlines, POLICY.calendar, until)
    found = timeliness(POLICY.day_of(came) if came else None, due)
    return "not_due" if found is Timeliness.MISSING and due >= DAY else str(found)


def test_every_number_of_what_waits_leads_to_as_many_rows(fifty):
    page = fifty.get(PAGE)
    links = re.findall(r'<a class="govuk-link" href="(/city/waiting[^"]+)">(?:<b>)?(\d+)', page.text)
    waiting = {str(one): 0 for one in Wait}
    for one in indicators(fifty):
        for milestone in one.milestones.values():
            if milestone.state in waiting:
                waiting[milestone.state] += 1
    everything = [(href, number) for href, number in links if "step=" not in href]

    assert sum(int(number) for _, number in everything) == sum(waiting.values()) > 0
    for href, number in links[::3]:
        behind = fifty.get(unescape(href))
        assert behind.text.count('<li class="radap-row">') == int(number)
        low, high = bounds(href)
        days = [int(found) for found in re.findall(r"· (\d+) วันทำการ", behind.text)]
        assert all(low <= one <= high for one in days)
        assert days == sorted(days, reverse=True)


def bounds(href: str) -> tuple[int, int]:
    step = re.search(r"step=(\d)", href)
    if step is None:
        return 0, 999
    number = int(step[1])
    return (0, *(end + 1 for end in STEPS))[number], (*STEPS, 999)[number]


def test_a_district_sees_what_waits_at_its_own_alone(fifty):
    page = enter(fifty, SAI_MAI_COORDINATOR, DAY).get(PAGE)
    rows = enter(fifty, SAI_MAI_COORDINATOR, DAY).get(
        "/city/waiting?year=2564&wait=achieved&workflow=percent_achieved&milestone=result"
    )

    assert "สำนักงานเขตพระนคร" not in page.text
    assert "สำนักงานเขตสายไหม" in page.text
    assert re.findall("สำนักงานเขต[ก-๙]+", rows.text) in (["สำนักงานเขตสายไหม"], [])


def test_wait_that_is_none_leads_nowhere_and_an_empty_one_says_so(town):
    enter(town, EVALUATOR, DAY)
    assert town.get("/city/waiting?wait=x").status_code == 404
    page = town.get("/city/waiting?wait=blocked&workflow=%27&milestone=x&step=9")
    assert "ไม่มีงานที่ค้างรอ" in page.text


def test_overview_takes_as_many_statements_for_fifty_districts_as_for_one(town):
    enter(town, EVALUATOR, DAY)
    one = asked(town)
    found_fifty(town.store)

    assert asked(town) == one
    assert one <= 10


def asked(town) -> int:
    town.get(PAGE)  # what is read once in a process was read
    with counted(town.store) as sent:
        assert town.get(PAGE).status_code == 200
    return len(sent)


def test_city_of_which_one_district_has_indicators_has_no_map_and_its_numbers_all_the_same(town):
    page = enter(town, EVALUATOR, DAY).get(PAGE)
    assert "radap-map" not in page.text
    assert f"node={THUNG_KHRU}" in page.text


# --- steps and bars ----------------------------------------------------------------------------------


@given(st.dates(date(2020, 10, 1), date(2021, 9, 30)), st.integers(0, 120))
def test_steps_begin_where_counting_working_days_says(today, ago):
    since = today - timedelta(days=ago)
    days = _HOLIDAYS.working_days_between(since, today)
    found = sum(since < start for start in starts(_HOLIDAYS, today))

    assert found == step_of(days)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.just("ก"), st.integers(0, 500)), max_size=6))
def test_parts_of_a_bar_fill_it(counts):
    parts = bar("", counts).parts

    assert len(parts) == sum(number > 0 for _, _, number in counts)
    if parts:
        assert abs(sum(part.width for part in parts) - WIDTH) < 0.5
        assert all(part.number == "" or int(part.number) > 0 for part in parts)

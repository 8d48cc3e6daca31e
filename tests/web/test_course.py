"""The year of an indicator as lines on its page."""

import re
from datetime import date
from decimal import Decimal

from engine.actions import NewOccurrence, create_indicator, record_occurrence, verify_milestone
from tests.cast import (
    ADMINISTRATOR,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    MEASURED,
    YEAR,
    at,
    new_indicator,
)
from tests.web.coordinators import BASE, DAY, did, enter, words

PERCENT = "5049-938"
_COURSE = re.compile(r'<figure class="radap-course">.*?</figure>', re.DOTALL)


def test_level_is_drawn_with_a_table_behind_it(town):
    town.clock.now = at(date(2020, 12, 14))
    did(town, record_occurrence, NewOccurrence(GUIDELINES, date(2020, 12, 1)))
    did(town, verify_milestone, GUIDELINES, by=EVALUATOR)
    (drawn,) = _COURSE.findall(enter(town, COORDINATOR, DAY).get(BASE).text)

    assert "1 ต.ค. 2563 0 0 1 ธ.ค. 2563 1 1" in words(drawn)
    assert 'role="img"' in drawn
    assert re.search(r'radap-line__line" d="M34\.0 118\.0H80\.\dV96\.0H', drawn)
    assert len(drawn) < 5_000


def test_year_in_which_nothing_has_moved_is_not_drawn(town):
    assert _COURSE.findall(enter(town, COORDINATOR, DAY).get(BASE).text) == []


def test_measured_value_is_drawn_on_its_way_to_the_target_with_what_is_planned(town):
    with town.store.begin() as tx:
        new = new_indicator(PERCENT, workflow=MEASURED)
        create_indicator(tx, new, by=ADMINISTRATOR, now=FOUNDED)
        for day, value, planned in (
            (date(2021, 1, 20), "2.5", False),
            (date(2021, 4, 20), "4", False),
            (date(2021, 8, 31), "6", True),
        ):
            fact = NewOccurrence("result", day, value=Decimal(value), planned=planned)
            now = at(min(day, DAY))
            record_occurrence(tx, PERCENT, YEAR, fact, by=COORDINATOR, now=now)
    (drawn,) = _COURSE.findall(enter(town, COORDINATOR, DAY).get(f"/indicators/2564/{PERCENT}").text)

    told = words(drawn)
    assert "20 ม.ค. 2564 2.5 ที่ทำได้ 20 เม.ย. 2564 4 ที่ทำได้ 31 ส.ค. 2564 6 ตามแผนที่นัดไว้" in told
    assert "เป้าหมาย 5" in told
    assert len(drawn) < 5_000

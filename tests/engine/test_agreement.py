"""What an indicator was agreed on is changed on purpose, and its level follows at once."""

from datetime import date
from decimal import Decimal

import pytest

from engine.actions import change_indicator
from engine.events import Happened
from engine.quarter import Quarter
from engine.workflow import (
    Bound,
    LevelRule,
    Measure,
    MeasureKind,
    MilestoneDefinition,
    Order,
    Text,
    Workflow,
)
from tests.cast import ADMINISTRATOR, YEAR, at
from tests.engine.memory import Desk, desk, unmet

DAY = date(2021, 4, 1)
#: Done in percent of the target: 50 is level 1, 100 is level 2.
OF_TARGET = Workflow(
    key="count_of_target",
    version=1,
    title=Text("จำนวน", "Count"),
    order=Order.TOLERANT,
    milestones=(
        MilestoneDefinition(
            "result", Text("ผล", "Result"), measure=Measure(MeasureKind.COUNT, of_target=True)
        ),
    ),
    levels=tuple(
        LevelRule(level, f"level_{level}", Text(f"ระดับ {level}", f"Level {level}"), Bound("result", limit))
        for level, limit in ((1, Decimal(50)), (2, Decimal(100)))
    ),
)


@pytest.fixture
def one() -> Desk:
    """Four of five networks are there: level 1."""
    made = desk(OF_TARGET)
    made.record("result", date(2021, 2, 1), value=Decimal(4))
    return made


def change(one: Desk, **given):
    return one.do(change_indicator, given, by=ADMINISTRATOR, now=at(DAY))


def test_level_follows_a_new_target(one):
    outcome = change(one, target=Decimal(4))

    assert (outcome.before.claimed.level, outcome.after.claimed.level) == (1, 2)
    assert one.indicator.stored.claimed_trail[1] == 2
    assert outcome.event is not None
    assert outcome.event.what is Happened.INDICATOR_CHANGED
    assert (outcome.event.data["target"], outcome.event.data["claimed"]) == ("4", [1, 2])


def test_words_move_no_level(one):
    outcome = change(one, title_th="จำนวนเครือข่าย", unit="เครือข่าย", definition="นิยาม")

    assert (one.indicator.title.th, one.indicator.unit) == ("จำนวนเครือข่าย", "เครือข่าย")
    assert outcome.before.claimed == outcome.after.claimed


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"title_th": "  "}, "indicator.title_missing"),
        ({"weight": Decimal(0)}, "weight.not_positive"),
        ({"weight": Decimal("NaN")}, "value.not_a_number"),
        ({"target": Decimal("Infinity")}, "value.not_a_number"),
    ],
)
def test_agreement_that_makes_no_sense_is_refused(one, given, kind):
    assert [found.kind for found in unmet(lambda: change(one, **given))] == [kind]


@pytest.mark.parametrize("given", [{"target": Decimal(4)}, {"weight": Decimal(2)}])
def test_what_a_seal_was_computed_with_stands(one, given):
    one.tx.seals = {Quarter(YEAR, 1): []}

    (found,) = unmet(lambda: change(one, **given))

    assert (found.kind, found.params) == ("quarter.sealed", {"quarter": Quarter(YEAR, 1)})
    assert change(one, title_th="ชื่อใหม่").event is not None

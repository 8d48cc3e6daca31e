"""Evaluation scores, and values that become one along a tree."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal
from engine.indicator import Evaluation
from engine.quarter import Timeliness
from engine.scores import (
    Method,
    Place,
    RollUp,
    RollUpNode,
    ScoreScale,
    as_evaluated,
    leaf_of,
    roll_up,
    rounded,
    timeliness_score,
    tree_of,
    year_evaluation,
)
from engine.workflow import Direction
from tests.cast import MEASURED, WORKFLOW

SCALE = ScoreScale()
NOW = datetime(2021, 7, 20, tzinfo=UTC)
EVALUATOR = 3


def leaf(key: str, value: str | None, weight: str = "1", target: str | None = None) -> RollUpNode:
    return RollUpNode(
        key,
        Decimal(weight),
        None if value is None else Decimal(value),
        None if target is None else Decimal(target),
    )


def group(key: str, *children: RollUpNode, weight: str = "1") -> RollUpNode:
    return RollUpNode(key, Decimal(weight), children=children)


# A city of two districts: one with two indicators and a missing one, one with a single indicator.
CITY = group(
    "city",
    group(
        "thung_khru",
        leaf("5049-2017", "5", "3", target="5"),
        leaf("5049-0001", "2", "1", target="4"),
        leaf("5049-0002", None, "6", target="5"),
        weight="1",
    ),
    group("sai_mai", leaf("5042-2017", "1", "1", target="1"), weight="3"),
)


# --- the scale -----------------------------------------------------------------------------------------


def test_scale_allows_by_default_what_was_seen():
    assert SCALE.quality == (0, 75, 80, 85, 90, 95, 100)
    assert SCALE.timeliness == (0, 50, 100)


@pytest.mark.parametrize(
    ("how", "score"), [(Timeliness.ON_TIME, 100), (Timeliness.LATE, 50), (Timeliness.MISSING, 0)]
)
def test_timeliness_earns_its_score(how, score):
    assert timeliness_score(how, SCALE) == score


def test_timeliness_earns_what_the_scale_is_set_to():
    strict = ScoreScale(timeliness=(0, 10, 20), on_time=20, late=10)
    assert [timeliness_score(how, strict) for how in Timeliness] == [20, 10, 0]


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"quality": ()}, "quality"),
        ({"quality": (80, 75)}, "quality"),
        ({"timeliness": (0, 50, 50, 100)}, "timeliness"),
        ({"timeliness": (0, 100)}, "late"),
        ({"on_time": 99}, "on_time"),
        ({"missing": 1}, "missing"),
    ],
)
def test_scale_that_contradicts_itself_is_refused(settings, named):
    with pytest.raises(ValueError, match=named):
        ScoreScale(**settings)


@pytest.mark.parametrize(
    ("pair", "expected"),
    [
        ((0, 0), (None, None)),  # how other systems show "not evaluated"
        ((0, 50), (0, 50)),
        ((75, 0), (75, 0)),
        ((100, 100), (100, 100)),
        ((None, None), (None, None)),
    ],
)
def test_pair_of_two_zeros_means_not_evaluated(pair, expected):
    assert as_evaluated(*pair) == expected


# --- the year ------------------------------------------------------------------------------------------


def evaluation(quality: int | None, timeliness: int | None) -> Evaluation:
    return Evaluation(quality, timeliness, "", NOW, EVALUATOR)


def test_year_evaluation_leaves_out_quarters_that_were_not_evaluated():
    year = year_evaluation(
        {1: evaluation(100, 100), 2: evaluation(75, 50), 3: evaluation(None, 0), 4: None}, SCALE
    )
    assert (year.quality.value, year.quality.counted, year.quality.missing) == (Decimal("87.5000"), 2, 2)
    assert (year.timeliness.value, year.timeliness.counted, year.timeliness.missing) == (
        Decimal("50.0000"),
        3,
        1,
    )
    assert [part.node.key for part in year.quality.parts] == ["Q1", "Q2", "Q3", "Q4"]
    assert [part.node.value for part in year.quality.parts] == [Decimal(100), Decimal(75), None, None]


def test_year_evaluation_of_nothing_is_nothing():
    year = year_evaluation({}, SCALE)
    assert (year.quality.value, year.quality.counted, year.quality.missing) == (None, 0, 4)


def test_year_evaluation_weighs_quarters_as_the_scale_says():
    scale = ScoreScale(quarter_weights=(Decimal(1), Decimal(1), Decimal(1), Decimal(3)))
    year = year_evaluation({1: evaluation(0, 100), 4: evaluation(100, 0)}, scale)
    assert (year.quality.value, year.timeliness.value) == (Decimal(75), Decimal(25))


# --- roll-up -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "value"),
    [
        (Method.MEAN, "2.6667"),  # (5 + 2 + 1) / 3
        (Method.WEIGHTED, "1.8125"),  # ((3 x 5 + 1 x 2) / 4 x 1 + 1 x 3) / 4
        (Method.MINIMUM, "1"),
        (Method.SHARE_AT_TARGET, "0.6667"),  # 5 of 5 and 1 of 1, but 2 of 4
    ],
)
def test_city_is_rolled_up_by_each_method(method, value):
    result = roll_up(CITY, method)
    assert (result.value, result.counted, result.missing) == (Decimal(value), 3, 1)


def test_rolled_up_number_can_be_opened_down_to_the_facts():
    result = roll_up(CITY, Method.WEIGHTED)
    thung_khru, sai_mai = result.parts
    assert (thung_khru.value, thung_khru.counted, thung_khru.missing) == (Decimal("4.25"), 2, 1)
    assert (sai_mai.value, sai_mai.node.weight) == (Decimal(1), Decimal(3))
    assert [(part.node.key, part.value, part.counted) for part in thung_khru.parts] == [
        ("5049-2017", Decimal(5), 1),
        ("5049-0001", Decimal(2), 1),
        ("5049-0002", None, 0),
    ]


@pytest.mark.parametrize("method", list(Method))
def test_missing_value_is_not_zero(method):
    missing = roll_up(group("g", leaf("a", None, "9", "1"), leaf("b", "4", target="1")), method)
    zero = roll_up(group("g", leaf("a", "0", "9", "1"), leaf("b", "4", target="1")), method)
    assert missing.exact == (1 if method is Method.SHARE_AT_TARGET else 4)
    assert (missing.counted, missing.missing) == (1, 1)
    assert (zero.counted, zero.missing) == (2, 0)
    assert zero.exact is not None
    assert missing.exact is not None
    assert zero.exact < missing.exact


@pytest.mark.parametrize("method", list(Method))
def test_nothing_below_rolls_up_to_nothing(method):
    empty = roll_up(group("city", group("district")), method)
    assert (empty.value, empty.counted, empty.missing) == (None, 0, 0)
    unreported = roll_up(group("city", leaf("a", None)), method)
    assert (unreported.value, unreported.counted, unreported.missing) == (None, 0, 1)


def test_leaf_alone_is_its_own_value():
    assert roll_up(leaf("a", "4.452"), Method.MEAN).value == Decimal("4.452")


def test_share_at_target_misses_a_leaf_without_a_target():
    result = roll_up(group("g", leaf("a", "5"), leaf("b", "5", target="5")), Method.SHARE_AT_TARGET)
    assert result.exact == 1
    assert (result.counted, result.missing) == (1, 1)


def test_share_at_target_where_less_is_better():
    accidents = RollUpNode("a", value=Decimal(3), target=Decimal(5), direction=Direction.FALLING)
    assert accidents.at_target is True
    assert RollUpNode("a", value=Decimal(3), target=Decimal(5)).at_target is False


def test_weights_of_zero_or_less_are_all_refused_at_once():
    with pytest.raises(Refusal) as refused:
        roll_up(
            group("city", group("d", leaf("a", "1", "0"), weight="-2"), leaf("b", None, "0")), Method.MEAN
        )
    assert [(unmet.kind, unmet.params["key"]) for unmet in refused.value.conditions] == [
        ("weight.not_positive", "d"),
        ("weight.not_positive", "a"),
        ("weight.not_positive", "b"),
    ]


def test_group_with_a_value_of_its_own_is_refused():
    with pytest.raises(ValueError, match="city"):
        RollUpNode("city", value=Decimal(1), children=(leaf("a", "1"),))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "sNaN"])
def test_value_that_is_no_number_is_refused(number):
    with pytest.raises(ValueError, match="not a number"):
        leaf("a", number)


def test_three_thirds_make_exactly_one():
    """Floors of floats would not, and neither would decimals rounded on the way."""
    third = group("third", leaf("a", "1"), leaf("b", "0"), leaf("c", "0"))
    result = roll_up(group("city", third, third, third), Method.WEIGHTED)
    assert result.exact == Fraction(1, 3)
    assert sum(part.exact for part in result.parts if part.exact is not None) == 1
    assert result.value == Decimal("0.3333")


@pytest.mark.parametrize(
    ("exact", "expected"),
    [
        (Fraction(1, 3), "0.33"),
        (Fraction(2, 3), "0.67"),
        (Fraction(1, 200), "0.01"),  # a half goes away from zero
        (Fraction(-1, 200), "-0.01"),
        (Fraction(-1, 3), "-0.33"),
        (Fraction(7), "7.00"),
        (Fraction(0), "0.00"),
    ],
)
def test_rounding_takes_halves_away_from_zero(exact, expected):
    assert str(rounded(exact, 2)) == expected


def test_rounding_does_not_depend_on_the_decimal_context():
    with localcontext(prec=3):
        assert rounded(Fraction(12345678, 1), 4) == Decimal("12345678.0000")


# --- properties, against the words of the definition ---------------------------------------------------

values = st.none() | st.decimals(-1000, 1000, places=3)
weights = st.decimals("0.01", 100, places=2)
leaves = st.builds(RollUpNode, st.just("leaf"), weights, values, st.none() | st.decimals(-10, 10, places=1))
trees = st.recursive(
    leaves,
    lambda below: st.builds(
        RollUpNode, st.just("group"), weights, children=st.lists(below, max_size=4).map(tuple)
    ),
    max_leaves=20,
)


def leaves_of(node: RollUpNode) -> Iterator[RollUpNode]:
    if node.children is None:
        yield node
    for child in node.children or ():
        yield from leaves_of(child)


def weighted_by_hand(node: RollUpNode) -> Fraction | None:
    if node.children is None:
        return None if node.value is None else Fraction(node.value)
    above, below = Fraction(0), Fraction(0)
    for child in node.children:
        value = weighted_by_hand(child)
        if value is not None:
            above += Fraction(child.weight) * value
            below += Fraction(child.weight)
    return above / below if below else None


@given(trees)
def test_mean_is_the_sum_of_all_leaves_by_their_number(tree):
    given_values = [Fraction(one.value) for one in leaves_of(tree) if one.value is not None]
    expected = sum(given_values) / Fraction(len(given_values)) if given_values else None
    assert roll_up(tree, Method.MEAN).exact == expected


@given(trees)
def test_weighted_is_what_a_calculation_by_hand_gives(tree):
    assert roll_up(tree, Method.WEIGHTED).exact == weighted_by_hand(tree)


@given(trees)
def test_minimum_is_the_lowest_leaf(tree):
    given_values = [Fraction(one.value) for one in leaves_of(tree) if one.value is not None]
    assert roll_up(tree, Method.MINIMUM).exact == (min(given_values) if given_values else None)


@given(trees)
def test_share_is_leaves_at_target_by_leaves_that_have_one(tree):
    judged = [
        one.value >= one.target for one in leaves_of(tree) if one.value is not None and one.target is not None
    ]
    assert roll_up(tree, Method.SHARE_AT_TARGET).exact == (
        Fraction(sum(judged), len(judged)) if judged else None
    )


@given(trees, st.sampled_from([Method.MEAN, Method.WEIGHTED, Method.MINIMUM]))
def test_every_leaf_is_counted_or_missing_on_every_floor(tree, method):
    def check(result: RollUp) -> None:
        below = list(leaves_of(result.node))
        assert result.counted == sum(one.value is not None for one in below)
        assert result.counted + result.missing == len(below)
        assert (result.exact is None) == (result.counted == 0)
        for part in result.parts:
            check(part)

    check(roll_up(tree, method))


@given(trees, st.sampled_from([Method.MEAN, Method.WEIGHTED, Method.MINIMUM]))
def test_value_lies_between_the_lowest_and_the_highest_leaf(tree, method):
    exact = roll_up(tree, method).exact
    given_values = [one.value for one in leaves_of(tree) if one.value is not None]
    if exact is None:
        assert given_values == []
    else:
        assert min(given_values) <= exact <= max(given_values)


@given(trees)
def test_weights_multiplied_alike_change_nothing(tree):
    def heavier(node: RollUpNode) -> RollUpNode:
        children = None if node.children is None else tuple(map(heavier, node.children))
        return RollUpNode(node.key, node.weight * 7, node.value, node.target, node.direction, children)

    assert roll_up(heavier(tree), Method.WEIGHTED).exact == roll_up(tree, Method.WEIGHTED).exact


@given(st.fractions(-10_000, 10_000), st.integers(0, 6))
def test_rounded_value_is_off_by_half_a_place_at_most(exact, places):
    assert abs(Fraction(rounded(exact, places)) - exact) <= Fraction(1, 2 * 10**places)


# --- trees that are kept as rows, and leaves that are alike -------------------------------------------


@given(st.lists(st.tuples(leaves, st.integers(1, 5)), max_size=8), st.sampled_from(Method))
def test_leaf_that_stands_for_several_counts_as_often(some, method):
    alike = group("city", *(replace(one, times=times) for one, times in some))
    single = group("city", *(one for one, times in some for _ in range(times)))
    found, expected = roll_up(alike, method), roll_up(single, method)

    assert (found.exact, found.counted, found.missing) == (
        expected.exact,
        expected.counted,
        expected.missing,
    )


@given(
    st.lists(st.integers(-1, 6), min_size=1, max_size=7),
    st.lists(st.tuples(st.integers(0, 9), leaves), max_size=12),
)
def test_tree_of_rows_loses_no_leaf_and_keeps_each_below_its_place(parents, rows):
    """Also where a place hangs on itself, or is not there at all."""
    places = [
        Place(str(key), None if parent < 0 or parent >= len(parents) else str(parent))
        for key, parent in enumerate(parents)
    ]
    tree = tree_of("city", places, [(str(place), leaf) for place, leaf in rows])
    found = list(leaves_of(tree))
    below = {one.node.key: list(leaves_of(one.node)) for one in groups_of(roll_up(tree, Method.MEAN))}

    assert sorted(map(id, found)) == sorted(id(leaf) for _, leaf in rows)
    for key, leaf in rows:
        above: list[str] = []
        place: str | None = str(key)
        while place is not None and place not in above and int(place) < len(parents):
            above.append(place)
            place = next(one.parent for one in places if one.key == place)
        if place is None:
            assert all(any(leaf is one for one in below[each]) for each in above)


def groups_of(found: RollUp) -> Iterator[RollUp]:
    for part in found.parts:
        if part.node.children is not None:
            yield part
            yield from groups_of(part)


@pytest.mark.parametrize("wrong", [{"times": 0}, {"times": 2, "children": ()}])
def test_only_a_leaf_stands_for_several(wrong):
    with pytest.raises(ValueError, match="stands for"):
        RollUpNode("x", **wrong)


def test_leaf_of_an_indicator_has_its_level_beside_that_of_its_target():
    ladder = leaf_of("a", 3, WORKFLOW, Decimal(5), weight=Decimal(2), life="active")
    measured = leaf_of("b", 1, MEASURED, Decimal(80), weight=Decimal(1), life="closed", times=4)
    draft = leaf_of("c", 0, WORKFLOW, None, weight=Decimal(1), life="draft")

    assert (ladder.value, ladder.target, ladder.weight, ladder.times) == (
        Decimal(3),
        Decimal(5),
        Decimal(2),
        1,
    )
    assert (measured.value, measured.target, measured.times) == (Decimal(1), Decimal(2), 4)
    assert (draft.value, draft.target) == (None, None)

"""What is rolled up equals an independent recomputation: over trees, weights, targets and what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from engine.levels import Basis
from engine.permissions import Grant, Person, Role
from engine.quarter import FiscalYear
from engine.scores import Method, RollUp
from storage import tables as t
from storage.journal import GENESIS
from storage.rollup import NOWHERE, Tree, alike, leaves_at, nodes, rolled
from tests.cast import EVALUATOR, MEASURED, WORKFLOW, YEAR
from tests.counting import statements
from tests.storage.plans import plan_of
from web.evaluator.choice import Choice

TODAY = date(2021, 5, 18)
LIVES = ("active", "cancellation_requested", "closed", "draft", "cancelled")
_PARENTS = st.lists(st.integers(0, 5), min_size=1, max_size=6)


@dataclass(frozen=True)
class Row:
    """One indicator as it is kept; ``place`` is the number of its agency and of its place in the plan."""

    agency: int
    plan: int | None
    workflow: int
    target: str | None
    weight: str
    life: str
    claimed: tuple[int | None, ...]
    verified: tuple[int | None, ...]


def levels(most: int) -> st.SearchStrategy[tuple[int | None, ...]]:
    """The levels of today and of four quarters, of which some were not kept."""
    one = st.none() | st.integers(0, most)
    return st.tuples(st.integers(0, most), one, one, one, one)


ROWS = st.builds(
    Row,
    st.integers(0, 5),
    st.none() | st.integers(0, 5),
    st.sampled_from([1, 2]),
    st.sampled_from([None, "2", "5", "80"]),
    st.sampled_from(["1", "0.5", "10", "33.3"]),
    st.sampled_from(LIVES),
    levels(5),
    levels(5),
)


def keep(connection, agencies, plan, rows) -> None:
    """Only this is in the city: trees given by the number of each node's parent, and the rows."""
    for table in (
        t.search_texts,
        t.milestones,
        t.journal,
        t.indicator_details,
        t.indicators,
        t.grants,
        t.agencies,
        t.plan_nodes,
    ):
        connection.execute(delete(table))
    above = [parent + 1 if parent < place else None for place, parent in enumerate(agencies)]
    name = {"name_th": "หน่วยงาน", "name_en": "Agency", "kind": "district"}
    found = [{"id": place, "parent_id": parent, **name} for place, parent in enumerate(above, start=1)]
    connection.execute(insert(t.agencies), found)
    above = [parent + 1 if parent < place else None for place, parent in enumerate(plan)]
    found = [
        {"id": place, "code": str(place), "title": "แผน", "parent_id": parent}
        for place, parent in enumerate(above, start=1)
    ]
    connection.execute(insert(t.plan_nodes), found)
    if rows:
        kept = [_indicator(number, one, len(agencies)) for number, one in enumerate(rows, start=1)]
        connection.execute(insert(t.indicators), kept)
        details = {"title_th": "ก", "title_en": "a", "unit": ""}
        nodes_of = [None if one.plan is None else one.plan % len(plan) + 1 for one in rows]
        texts = [
            {"indicator_id": number, "plan_node_id": node, **details}
            for number, node in enumerate(nodes_of, start=1)
        ]
        connection.execute(insert(t.indicator_details), texts)


def _indicator(number: int, one: Row, agencies: int) -> dict[str, object]:
    return {
        "id": number,
        "code": f"5049-{number}",
        "fiscal_year": YEAR,
        "agency_id": one.agency % agencies + 1,
        "workflow_version_id": one.workflow,
        "target": None if one.target is None else Decimal(one.target),
        "weight": Decimal(one.weight),
        "life": one.life,
        "ladder": "not_started",
        "claimed_level": one.claimed[0],
        "claimed_fraction": 0.0,
        "verified_level": one.verified[0],
        "verified_fraction": 0.0,
        "as_of": TODAY,
        "version": 1,
        "journal_seq": 1,
        "journal_head": GENESIS,
        **{f"claimed_q{quarter}": one.claimed[quarter] for quarter in (1, 2, 3, 4)},
        **{f"verified_q{quarter}": one.verified[quarter] for quarter in (1, 2, 3, 4)},
    }


# --- the same by hand: every node asks every row whether it lies below it ----------------------------


def by_hand(rows, parents, places, choice, method, of=None) -> tuple[Fraction | None, int, int]:
    """(value, counted, missing) of the node, or of the city."""
    below = [row for row, place in zip(rows, places, strict=True) if of is None or of in up(place, parents)]
    values = [value_of(row, choice, method) for row in below if row.life != "cancelled"]
    there = [one for one in values if one is not None]
    if not there:
        return None, 0, len(values)
    if method is Method.WEIGHTED:
        exact = weighed(rows, parents, places, choice, of)
    else:
        exact = min(there) if method is Method.MINIMUM else Fraction(sum(there), len(there))
    return exact, len(there), len(values) - len(there)


def up(place, parents) -> Iterator[int | None]:
    """The place and all above it; ``None`` is no place."""
    while place is not None:
        yield place
        place = parents[place] if parents[place] < place else None


def value_of(row: Row, choice: Choice, method: Method) -> Fraction | None:
    trail = row.claimed if choice.basis is Basis.CLAIMED else row.verified
    level = trail[0] or 0
    if choice.quarter is not None:
        kept = [one for one in trail[1 : choice.quarter + 1] if one is not None]
        level = kept[-1] if kept else 0
    begins = {None: 10, 1: 10, 2: 1, 3: 4, 4: 7}[choice.quarter]
    if row.life == "draft" or date(YEAR - (begins == 10), begins, 1) > TODAY:
        return None
    if method is not Method.SHARE_AT_TARGET:
        return Fraction(level)
    aim = MEASURED.top_level if row.workflow == 2 else row.target
    return None if aim is None else Fraction(level >= int(aim))


def weighed(rows, parents, places, choice, of) -> Fraction | None:
    """Each child by its weight; a place counts one."""
    above = below = Fraction(0)
    for row, place in zip(rows, places, strict=True):
        value = value_of(row, choice, Method.WEIGHTED)
        if place == of and value is not None and row.life != "cancelled":
            above, below = above + Fraction(row.weight) * value, below + Fraction(row.weight)
    for child, parent in enumerate(parents):
        if (parent if parent < child else None) == of:
            value = weighed(rows, parents, places, choice, child)
            if value is not None:
                above, below = above + value, below + 1
    return above / below if below else None


def numbers(found: RollUp) -> dict[str, tuple[Fraction | None, int, int]]:
    """Of every node what was found, by its key."""
    found_here = {found.node.key: (found.exact, found.counted, found.missing)}
    for part in found.parts:
        if part.node.children is not None:
            found_here |= numbers(part)
    return found_here


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    agencies=_PARENTS,
    plan=_PARENTS,
    rows=st.lists(ROWS, max_size=12),
    quarter=st.none() | st.integers(1, 4),
    basis=st.sampled_from([Basis.CLAIMED, Basis.VERIFIED]),
    method=st.sampled_from(Method),
)
def test_every_number_equals_one_made_by_hand(city, agencies, plan, rows, quarter, basis, method):
    choice = Choice(FiscalYear(YEAR), quarter, basis, method)
    with city.engine.connect() as connection:
        keep(connection, agencies, plan, rows)
        for tree, parents, places in (
            (Tree.AGENCIES, agencies, [one.agency % len(agencies) for one in rows]),
            (Tree.PLAN, plan, [None if one.plan is None else one.plan % len(plan) for one in rows]),
        ):
            names = nodes(connection, tree)
            counted = alike(connection, city.workflow, EVALUATOR, YEAR, tree, basis, quarter)
            found = numbers(rolled(names, counted, method, begun=choice.has_begun(TODAY)))
            if method is Method.WEIGHTED and tree is Tree.PLAN:
                # What is in no plan is one part of the city beside the others.
                whole, _, _ = found.pop("")
                parts = [weighed(rows, parents, places, choice, one) for one in top_places(parents)]
                parts.append(nowhere(rows, places, choice))
                there = [one for one in parts if one is not None]
                assert whole == (sum(there) / Fraction(len(there)) if there else None)
            else:
                assert found.pop("") == by_hand(rows, parents, places, choice, method)
            found.pop(NOWHERE, None)
            for key, number in found.items():
                assert number == by_hand(rows, parents, places, choice, method, int(key) - 1), (tree, key)
        connection.rollback()


def top_places(parents) -> list[int]:
    return [child for child, parent in enumerate(parents) if parent >= child]


def nowhere(rows, places, choice) -> Fraction | None:
    alone = [row for row, place in zip(rows, places, strict=True) if place is None]
    return weighed(alone, [], [None] * len(alone), choice, None)


def test_leaves_are_what_was_counted(year):
    with year.read() as tx:
        found = {
            tree: sum(one.count for one in alike(tx.connection, year.workflow, EVALUATOR, YEAR, tree, *AT))
            for tree in Tree
        }
        listed = {
            tree: sum(
                len(leaves_at(tx.connection, year.workflow, EVALUATOR, YEAR, tree, place, *AT, 100))
                for place in [one.place.key for one in nodes(tx.connection, tree)] + [NOWHERE]
                if tree is Tree.PLAN or place != NOWHERE
            )
            for tree in Tree
        }
        kept = tx.connection.execute(
            select(t.indicators.c.id).where(t.indicators.c.life != "cancelled")
        ).all()

    assert found == listed == dict.fromkeys(Tree, len(kept))


AT = (Basis.CLAIMED, None)


def test_another_district_is_counted_for_nobody_who_may_not_see_it(year):
    director = Person(9, "ผู้อำนวยการเขตสายไหม", (Grant(Role.DIRECTOR, 2),))
    with year.read() as tx:
        seen = alike(tx.connection, year.workflow, director, YEAR, Tree.AGENCIES, *AT)
        everything = alike(tx.connection, year.workflow, EVALUATOR, YEAR, Tree.AGENCIES, *AT)

    assert {one.place for one in seen} <= {"2"} < {one.place for one in everything} | {"2"}
    assert sum(one.count for one in seen) < sum(one.count for one in everything)


@pytest.mark.parametrize(
    ("basis", "index"),
    [(Basis.CLAIMED, "ix_indicators_year_level"), (Basis.VERIFIED, "ix_indicators_year_verified")],
)
def test_a_million_is_counted_in_the_order_of_an_index(city, basis, index):
    with statements(city.engine) as sent, city.read() as tx:
        alike(tx.connection, city.workflow, EVALUATOR, YEAR, Tree.AGENCIES, basis, None)

    with city.read() as tx:
        plan = plan_of(tx.connection, *sent[0])
    assert index in plan
    assert "TEMP B-TREE" not in plan


def test_workflows_of_the_cast_are_as_the_test_takes_them(city):
    with city.read() as tx:
        assert [city.workflow(number, tx.connection) for number in (1, 2)] == [WORKFLOW, MEASURED]

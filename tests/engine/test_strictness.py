"""Strictness: beside others on the same workflow, beside second readings, and nothing of too few."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from engine.strictness import FEWEST, Given, Strictness, given_of, strictness
from engine.verdict import Verdict, VerdictKind
from tests.cast import FOUNDED


def several(evaluator: int, workflow: str, *qualities: int | None) -> list[Given]:
    return [Given(evaluator, workflow, one is None, one) for one in qualities]


def of(found: list[Strictness], evaluator: int) -> Strictness:
    return next(one for one in found if one.evaluator == evaluator)


def test_figures_of_an_evaluator_are_those_one_counts_by_hand():
    found = strictness(
        [
            *several(1, "network", 80, 80, 90, None),
            *several(1, "percent", 100),
            *several(2, "network", 100, 90, 95, 95, 95),
        ]
    )
    first = of(found, 1)
    assert (first.verdicts, first.returned, first.read_twice) == (5, 1, 0)
    assert first.mean_quality == Fraction(350, 4)
    assert first.share_returned == Fraction(1, 5)
    # On the network the others' mean is 95; on the percent there is no other.
    assert first.against_others == Fraction(-15 - 15 - 5, 3)
    assert first.against_second is None
    assert of(found, 2).against_others == 95 - Fraction(250, 3)


def test_fewer_than_five_verdicts_are_counted_and_not_judged():
    found = strictness([*several(1, "network", 0, 0, 0, 0), *several(2, "network", *[100] * 5)])
    few = of(found, 1)
    assert few == Strictness(1, 4, 0, 0)
    assert of(found, 2).against_others == 100


def test_second_readings_are_beside_the_scores_that_were_read_again():
    both = [Given(1, "network", False, 90, 80), Given(1, "network", False, 85, 85)]
    few = of(strictness([*both, *several(1, "network", 75, 75, 75)]), 1)
    assert (few.read_twice, few.against_second) == (2, None)
    enough = of(strictness([*both, Given(1, "network", False, 75, 80), *both]), 1)
    assert (enough.read_twice, enough.against_second) == (5, Fraction(10 + 0 - 5 + 10 + 0, 5))


def test_verdicts_become_what_was_given():
    def verdict(number: int, kind: VerdictKind, by: int, quality: int | None) -> Verdict:
        return Verdict(number, 1, kind, FOUNDED, by, quality)

    given = given_of(
        "network",
        [
            verdict(1, VerdictKind.RETURNED, 5, None),
            verdict(2, VerdictKind.ACCEPTED, 5, 90),
            verdict(3, VerdictKind.SECOND, 7, 80),
            verdict(4, VerdictKind.APPEAL, 7, 95),
        ],
    )
    assert list(given) == [Given(5, "network", True), Given(5, "network", False, 90, 80)]


@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from("ab"), st.sampled_from([None, 0, 75, 100])), max_size=40
    )
)
def test_differences_agree_with_a_count_by_hand(rows):
    found = strictness([Given(one, workflow, score is None, score) for one, workflow, score in rows])
    assert sum(one.verdicts for one in found) == len(rows)
    for one in found:
        if one.verdicts < FEWEST:
            assert one.mean_quality is one.share_returned is one.against_others is None
            continue
        differences = []
        for by, workflow, score in rows:
            others = [s for b, w, s in rows if b != one.evaluator and w == workflow and s is not None]
            if by == one.evaluator and score is not None and others:
                differences.append(score - Fraction(sum(others), len(others)))
        expected = sum(differences, Fraction()) / len(differences) if differences else None
        assert one.against_others == expected

"""How strict evaluators are: what each gives, beside what others give to the same work."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from engine.verdict import Verdict, VerdictKind, pairs

#: Of fewer verdicts nothing is told: it would be chance.
FEWEST = 5


class Given(NamedTuple):
    """A verdict as far as strictness cares: whose, on which workflow, returned or scored.

    ``second`` is the 2.1 that a second evaluator found, where one did.
    """

    evaluator: int
    workflow: str
    returned: bool
    quality: int | None = None
    second: int | None = None


def given_of(workflow: str, verdicts: Sequence[Verdict]) -> Iterator[Given]:
    """What was given to the reports of one indicator, each with what a second reading of it found."""
    second = {one.first.number: one.second.quality for one in pairs(verdicts)}
    for one in verdicts:
        if one.kind in (VerdictKind.ACCEPTED, VerdictKind.RETURNED):
            returned = one.kind is VerdictKind.RETURNED
            yield Given(one.given_by, workflow, returned, one.quality, second.get(one.number))


class Strictness(NamedTuple):
    """One evaluator. What cannot be told, or not yet, is ``None``.

    ``against_others`` is by how much their 2.1 lies above that of the others on the same workflows,
    ``against_second`` above that of second readings. ``read_twice`` is how many of those there are.
    """

    evaluator: int
    verdicts: int
    returned: int
    read_twice: int
    mean_quality: Fraction | None = None
    share_returned: Fraction | None = None
    against_others: Fraction | None = None
    against_second: Fraction | None = None


def strictness(given: Iterable[Given]) -> list[Strictness]:
    """Every evaluator with a verdict, by id; figures only of those who gave enough of them."""
    by_evaluator: defaultdict[int, list[Given]] = defaultdict(list)
    for one in given:
        by_evaluator[one.evaluator].append(one)
    everything = [one for own in by_evaluator.values() for one in own]
    return [_of(evaluator, own, everything) for evaluator, own in sorted(by_evaluator.items())]


def _of(evaluator: int, own: Sequence[Given], everything: Sequence[Given]) -> Strictness:
    returned = sum(one.returned for one in own)
    twice = [one.quality - one.second for one in own if one.quality is not None and one.second is not None]
    counted = Strictness(evaluator, len(own), returned, len(twice))
    if len(own) < FEWEST:
        return counted
    return counted._replace(
        mean_quality=_mean([one.quality for one in own if one.quality is not None]),
        share_returned=Fraction(returned, len(own)),
        against_others=_against_others(evaluator, own, everything),
        against_second=_mean(twice) if len(twice) >= FEWEST else None,
    )


def _against_others(evaluator: int, own: Sequence[Given], everything: Sequence[Given]) -> Fraction | None:
    """The mean of the differences to the others' mean, verdict by verdict, where others judged the same."""
    others: defaultdict[str, list[int]] = defaultdict(list)
    for one in everything:
        if one.evaluator != evaluator and one.quality is not None:
            others[one.workflow].append(one.quality)
    means = {workflow: Fraction(sum(scores), len(scores)) for workflow, scores in others.items()}
    return _mean(
        [
            one.quality - means[one.workflow]
            for one in own
            if one.quality is not None and one.workflow in means
        ]
    )


def _mean(values: Sequence[int] | Sequence[Fraction]) -> Fraction | None:
    return Fraction(sum(values), len(values)) if values else None

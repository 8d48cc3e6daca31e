"""What is wrong with the phrases of a definition: they say nothing, never fit, or fit two kinds alike."""

from collections.abc import Iterator, Sequence

from engine.faults import Fault, Path
from engine.prose.fitting import squeezed
from engine.workflow import MilestoneDefinition, OccurrenceKind, Phrase

#: A single letter stands everywhere.
_SHORTEST = 2


def phrase_faults(milestones: Sequence[MilestoneDefinition]) -> Iterator[Fault]:
    """Every fault, at the place of its phrase."""
    before: list[tuple[MilestoneDefinition, OccurrenceKind, Phrase]] = []
    for place, milestone in enumerate(milestones):
        for number, kind in enumerate(milestone.kinds):
            for index, phrase in enumerate(kind.phrases):
                path: Path = ("milestones", place, "kinds", number, "phrases", index)
                yield from _alone(path, phrase)
                yield from _beside(path, milestone, kind, phrase, before)
                before.append((milestone, kind, phrase))


def _alone(path: Path, phrase: Phrase) -> Iterator[Fault]:
    words = [[squeezed(form) for form in forms] for forms in phrase.words]
    without = [squeezed(word) for word in phrase.without]
    if not words or not all(words):
        yield Fault(path, "phrase.empty", {"given": phrase.written})
        return
    short = [
        form for form in (*(form for forms in words for form in forms), *without) if len(form) < _SHORTEST
    ]
    if short:
        yield Fault(path, "phrase.word_too_short", {"given": phrase.written, "words": short})
        return
    for forms in words:
        never = [word for word in without if all(word in form for form in forms)]
        if never:
            yield Fault(path, "phrase.never_fits", {"given": phrase.written, "words": never})
            return


def _beside(
    path: Path,
    milestone: MilestoneDefinition,
    kind: OccurrenceKind,
    phrase: Phrase,
    before: Sequence[tuple[MilestoneDefinition, OccurrenceKind, Phrase]],
) -> Iterator[Fault]:
    for other_milestone, other_kind, other in before:
        if (other_milestone, other_kind) != (milestone, kind) and _alike(phrase, other):
            params = {"given": phrase.written, "milestone": other_milestone.key, "kind": other_kind.key}
            yield Fault(path, "phrase.shared", params)
            return


def _alike(one: Phrase, other: Phrase) -> bool:
    """Whether some words fit both, and nothing that may not stand there tells them apart."""
    if len(one.words) != len(other.words) or not one.words:
        return False
    if set(map(squeezed, one.without)) != set(map(squeezed, other.without)):
        return False
    pairs = zip(one.words, other.words, strict=True)
    return all(set(map(squeezed, mine)) & set(map(squeezed, theirs)) for mine, theirs in pairs)

"""The nearest names to one that was mistyped, to be offered in a refusal."""

import difflib
from collections.abc import Iterable


def nearest(given: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Up to ``most`` of the known names that resemble ``given``, best first."""
    return difflib.get_close_matches(given, list(known), n=most, cutoff=0.5)

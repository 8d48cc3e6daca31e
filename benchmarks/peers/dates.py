"""dateparser: dates in running text, in two hundred languages."""

from dateparser.search import search_dates


def dates_found(text: str) -> int:
    """How many it finds in a Thai text."""
    return len(search_dates(text, languages=["th"]) or ())

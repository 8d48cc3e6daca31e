"""What is wrong with a text that is no TOML, in words of ours where we have some for it."""

import re

#: What :mod:`tomllib` says, and the name of our words for it (``toml_fault`` in ``locale/``).
_KNOWN = (
    (r"Cannot (overwrite|declare|mutate|redefine)|Duplicate inline table key", "twice"),
    (r"Expected '=' after a key", "no_equals"),
    (r"Invalid value", "no_value"),
    (r"Unclosed (array|inline table)|Expected '\]", "not_closed"),
    (r"Unterminated string|Illegal character '\\n'|Expected [\"']", "text_open"),
    (r"Illegal character|Found invalid character", "bad_character"),
    (r"Unescaped|Invalid hex value|Escaped character", "bad_escape"),
    (r"Invalid date or datetime", "no_day"),
    (r"Invalid (statement|initial character)|Expected newline or end of document", "no_line"),
    (r"Exceeds the limit", "long_number"),
)
_PLACE = re.compile(r" \(at (?:line (\d+)|end of document).*\)$")


def place_and_fault(broken: ValueError, text: str) -> tuple[int, str]:
    """The line, counted from 1, and our name for what is wrong there, or the reader's own words.

    A number of thousands of digits is refused without a place: that is line 1.
    """
    said = str(broken)
    place = _PLACE.search(said)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1 if place else 1
    words = said.removesuffix(place[0]) if place else said
    return line, next((name for pattern, name in _KNOWN if re.match(pattern, words)), words)

"""A text in one even form for reading, and from each place in it the way back to the text as it was typed."""

import re
from bisect import bisect_right
from typing import NamedTuple

# One letter for one letter, so that places stay: digits, capitals, dashes and blanks of every kind.
_EVEN = str.maketrans(
    dict(zip("๐๑๒๓๔๕๖๗๘๙", "0123456789", strict=True))
    | {chr(letter): chr(letter + 32) for letter in range(ord("A"), ord("Z") + 1)}
    | dict.fromkeys("‐‑‒–—―−－~～", "-")
    | dict.fromkeys(
        "\t\v\f\r\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u202f\u3000", " "
    )
    | {"\u2028": "\n", "\u2029": "\n", "／": "/", "．": "."}
)
_UNEVEN = re.compile(f"[{re.escape(''.join(map(chr, _EVEN)))}]+")
_UNSEEN = "\u00ad\u200b-\u200f\u2060\ufeff"
#: What is longer as typed than as read: invisible marks, แ typed as two เ, ำ in its two halves. It begins
#: with a set of letters, so that the others are passed over at once.
_ODD = re.compile(
    f"[{_UNSEEN}เ\u0e4d](?:(?<=[{_UNSEEN}])[{_UNSEEN}]*+|(?<=เ)เ|(?<=\u0e4d)([\u0e48-\u0e4b]?)\u0e32)"
)


class Plain(NamedTuple):
    """The even text; where something was shortened, each place behind it and how many letters are gone."""

    text: str
    breaks: tuple[int, ...] = ()
    gone: tuple[int, ...] = ()

    def origin(self, place: int) -> int:
        """The place in the text as it was typed, behind marks that nobody sees."""
        index = bisect_right(self.breaks, place)
        return place + self.gone[index - 1] if index else place


def plain(text: str) -> Plain:
    """The text in its even form; most texts keep every place."""
    even = _UNEVEN.sub(lambda found: found[0].translate(_EVEN), text)
    if not _ODD.search(even):
        return Plain(even)
    parts: list[str] = []
    breaks: list[int] = []
    gone: list[int] = []
    end = length = lost = 0
    for odd in _ODD.finditer(even):
        put = "แ" if odd[0] == "เเ" else "" if odd[1] is None else f"{odd[1]}\u0e33"
        parts += [even[end : odd.start()], put]
        length += odd.start() - end + len(put)
        lost += len(odd[0]) - len(put)
        breaks.append(length)
        gone.append(lost)
        end = odd.end()
    parts.append(even[end:])
    return Plain("".join(parts), tuple(breaks), tuple(gone))

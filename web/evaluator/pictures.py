"""From counts to what is drawn: where each tile and each part of a bar lies, and which words fit on it."""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from engine.workflow import Text

#: How wide bars are drawn, in units that are pixels on the smallest phone.
WIDTH = 320
_DIGIT, _LETTER, _MARGIN = 9, 8, 6
#: Each tile of the map, and the room around it.
TILE_WIDTH, TILE_HEIGHT, _GAP = 66, 58, 2
#: Colours come in so many tones; a number stands beside each of them.
TONES = 6


class District(NamedTuple):
    """Where a district lies on the map, and its name in lines."""

    row: int
    column: int
    lines: Text


@cache
def districts() -> Mapping[str, District]:
    """The map by the district's name in Thai."""
    read = tomllib.loads(Path(__file__).with_name("districts.toml").read_text(encoding="utf-8"))
    return {
        th.replace("|", ""): District(row, column, Text(th, en)) for th, en, row, column in read["districts"]
    }


def district_of(name: Text) -> District | None:
    """The place of a district office on the map; ``None`` for any other agency."""
    return districts().get(name.th.removeprefix("สำนักงานเขต").strip())


class Tile(NamedTuple):
    """A district on the map: its number is written, its tone and the length of its bar say the same."""

    x: int
    y: int
    href: str
    told: str
    lines: list[str]
    value: str
    tone: int | None
    filled: int


def tile(
    district: District, lines: str, href: str, told: str, value: str, filled: int, *, is_known: bool
) -> Tile:
    """A tile for a district; what is not known has no tone."""
    return Tile(
        district.column * (TILE_WIDTH + _GAP),
        district.row * (TILE_HEIGHT + _GAP),
        href,
        told,
        lines.split("|"),
        value,
        tone_of(filled) if is_known else None,
        filled * (TILE_WIDTH - 8) // 100,
    )


def tone_of(hundredths: int) -> int:
    """The tone of a part of the whole: the last is for all of it alone."""
    return hundredths * (TONES - 1) // 100


def map_size(tiles: Sequence[Tile]) -> tuple[int, int]:
    """Width and height of the drawing that holds them."""
    return (
        max((one.x for one in tiles), default=0) + TILE_WIDTH,
        max((one.y for one in tiles), default=0) + TILE_HEIGHT,
    )


class Part(NamedTuple):
    """One part of a bar: ``kind`` is its look, ``mark`` what is written above it, if it fits."""

    x: float
    width: float
    kind: str
    mark: str
    number: str


class Bar(NamedTuple):
    """One bar that shows how a whole is divided; ``note`` stands at its end."""

    title: str
    parts: list[Part]
    note: str


def bar(title: str, counts: Iterable[tuple[str, str, int]], note: str = "") -> Bar:
    """A bar of (kind, mark, count): each part as long as its share of all."""
    given = [one for one in counts if one[2]]
    whole = sum(count for _, _, count in given)
    parts, x = [], 0.0
    for kind, mark, count in given:
        width = WIDTH * count / whole
        number = str(count)
        parts.append(
            Part(
                round(x, 1),
                round(width, 1),
                kind,
                mark if len(mark) * _LETTER + _MARGIN <= width else "",
                number if len(number) * _DIGIT + _MARGIN <= width else "",
            )
        )
        x += width
    return Bar(title, parts, note)

"""Makes the fonts of printed reports: the parts of Sarabun that the pages use, merged into one file a weight.

cd web/assets && npm ci
.venv/bin/python web/reports/fonts/make.py
"""

import io
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from fontTools.merge import Merger
from fontTools.ttLib import TTFont

HERE = Path(__file__).parent
SOURCE = HERE.parents[1] / "assets" / "node_modules" / "@fontsource" / "sarabun"
WEIGHTS = {"400": "Regular", "700": "Bold"}
#: Thai first: where a letter is in several parts, that of the first is taken.
PARTS = ("thai", "latin", "latin-ext")


def merged(weight: str) -> TTFont:
    """All parts of a weight as one font."""
    with TemporaryDirectory() as folder:
        paths = []
        for part in PARTS:
            font = TTFont(SOURCE / "files" / f"sarabun-{part}-{weight}-normal.woff2")
            font.flavor = None
            plain = Path(folder) / f"{part}.ttf"
            font.save(plain)
            paths.append(str(plain))
        return Merger().merge(paths)


def levelled(font: TTFont) -> TTFont:
    """The font with every tone mark at the height at which it is drawn.

    It is lowered by a few hundredths over some vowels. A PDF then has it in a piece of its own, and says the
    whole syllable once more for that piece: whoever searches or listens finds "ตั้ตั้ง" for "ตั้ง".
    """
    for lookup in font["GPOS"].table.LookupList.Lookup:
        for subtable in lookup.SubTable:
            if lookup.LookupType == _MARK_TO_MARK:
                _level(subtable.Mark1Coverage, subtable.Mark1Array, _anchors_of_marks(subtable))
            elif lookup.LookupType == _MARK_TO_BASE:
                _level(subtable.MarkCoverage, subtable.MarkArray, _anchors_of_bases(subtable))
    return font


_MARK_TO_BASE, _MARK_TO_MARK = 4, 6
#: What stands first over a consonant, and second over a vowel.
_LEADING = ("uni0E49.small", "uni0E31")
#: Marks that are moved by more are moved with a purpose: out of the way of something.
_FEW_UNITS = 80


def _anchors_of_marks(subtable: Any) -> list[list[Any]]:
    return [one.Mark2Anchor for one in subtable.Mark2Array.Mark2Record]


def _anchors_of_bases(subtable: Any) -> list[list[Any]]:
    return [one.BaseAnchor for one in subtable.BaseArray.BaseRecord]


def _level(coverage: Any, marks: Any, anchors: list[list[Any]]) -> None:
    for glyph, mark in zip(coverage.glyphs, marks.MarkRecord, strict=True):
        if glyph in _LEADING:
            for of_classes in anchors:
                anchor, height = of_classes[mark.Class], mark.MarkAnchor.YCoordinate
                if anchor is not None and 0 < abs(anchor.YCoordinate - height) <= _FEW_UNITS:
                    anchor.YCoordinate = height


def named(font: TTFont, style: str) -> TTFont:
    """The font under the names by which the templates ask for it, and with no instant in it."""
    for number, name in ((1, "Sarabun"), (2, style), (4, f"Sarabun {style}"), (6, f"Sarabun-{style}")):
        font["name"].setName(name, number, 3, 1, 0x409)
    font["head"].created = font["head"].modified = 0
    return font


def main() -> None:
    for weight, style in WEIGHTS.items():
        content = io.BytesIO()
        font = named(levelled(merged(weight)), style)
        font.recalcTimestamp = False
        font.save(content)
        (HERE / f"Sarabun-{style}.ttf").write_bytes(content.getvalue())
    (HERE / "OFL.txt").write_bytes((SOURCE / "LICENSE").read_bytes())


if __name__ == "__main__":
    main()

"""Official reports as PDF: for archives (PDF/A), for all readers (PDF/UA), in Thai that can be searched."""

import json
import re
from pathlib import Path

import typst

from web.reports.data import Data

_FOLDER = Path(__file__).parent
TEMPLATES, FONTS = _FOLDER / "templates", _FOLDER / "fonts"
MEDIA_TYPE = "application/pdf"
#: What no font at hand is sure to have: little pictures, other scripts, private marks.
_UNPRINTABLE = re.compile(
    "[^\n\x20-\x7e\u00a0-\u00ff\u0e01-\u0e3a\u0e3f-\u0e5b\u2013\u2014\u2018-\u201e\u2020-\u2022\u2026"
    "\u2039\u203a\u20ac\u2122\u2190-\u2193\u2212\u2264\u2265\u25a1]"
)
#: What stands in its place.
_SQUARE = "□"


def pdf(template: str, data: Data) -> bytes:
    """The report of that template; nothing of the machine is used, so it is the same everywhere.

    An archive takes no letter that has no shape: where people wrote some, squares stand for them.
    """
    text = json.dumps(data, ensure_ascii=False)
    try:
        return _compiled(template, text)
    except typst.TypstError:
        # The text of JSON has its own marks in ASCII, and escapes nothing else but control characters.
        return _compiled(template, _UNPRINTABLE.sub(_SQUARE, text))


def _compiled(template: str, data: str) -> bytes:
    return typst.compile(
        str(TEMPLATES / f"{template}.typ"),
        root=str(TEMPLATES),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs={"data": data},
        # For archives, and for people who listen to a document: whatever breaks either is no report.
        pdf_standards=["a-2a", "ua-1"],
    )

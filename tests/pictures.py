"""Draw the pictures of the README: what `radap` prints, as it looks in a terminal, photographed by Chromium.

Run by `make pictures` on a database with the demo year in it.
"""

import os
import re
import subprocess
import sys
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import DEFAULT_TERMINAL_THEME
from rich.text import Text

from tests import chromium

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
WIDTH = 92
#: The name of each picture, the command it shows, and how many of its first lines.
PICTURES = {
    "level": ("level 5049-2017 --year 2564 --on 2021-06-30 --known-at 2021-07-20 --why", 44),
    "matrix": ("matrix --year 2564 --quarter 4", 34),
}
PAGE = """<!DOCTYPE html><meta charset="utf-8"><style>
body {{ margin: 12px 20px; font: 15px "DejaVu Sans Mono", "Loma", monospace; }}
div {{ position: relative; height: 24px; line-height: 24px; white-space: pre; }}
div > span {{ position: absolute; }}
</style>{lines}"""
#: Words that stand together: columns are set apart by at least two spaces.
_RUN = re.compile(r"\S+(?: \S+)*")


def main() -> None:
    """Write every picture."""
    for name, (command, lines) in PICTURES.items():
        printed = _printed(command.split())
        shown = "\n".join([f"$ radap {command}", "", *printed.splitlines()[:lines]])
        _photograph(_page(shown), FOLDER / f"{name}.png", shown.count("\n") + 1)


def _printed(command: list[str]) -> str:
    radap = Path(sys.executable).with_name("radap")
    environment = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
    done = subprocess.run([radap, *command], env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def _page(printed: str) -> str:
    """Every run of words at the column where a terminal has it, whatever the width of its letters."""
    lines = []
    for line in printed.splitlines():
        text = Text.from_ansi(line)
        runs = [
            (cell_len(text.plain[: run.start()]), _styled(text[run.start() : run.end()]))
            for run in _RUN.finditer(text.plain)
        ]
        spans = "".join(f'<span style="left: {column}ch">{words}</span>' for column, words in runs)
        lines.append(f"<div>{spans}</div>")
    return PAGE.format(lines="".join(lines))


def _styled(text: Text) -> str:
    parts = []
    for segment in text.render(Console()):
        css = segment.style.get_html_style(DEFAULT_TERMINAL_THEME) if segment.style else ""
        parts.append(f'<span style="{css}">{escape(segment.text)}</span>')
    return "".join(parts)


def _photograph(page: str, picture: Path, lines: int) -> None:
    with TemporaryDirectory() as folder:
        source = Path(folder) / "page.html"
        source.write_text(page, encoding="utf-8")
        chromium.photograph(source.as_uri(), picture, WIDTH * 9 + 60, lines * 24 + 24)


if __name__ == "__main__":
    main()

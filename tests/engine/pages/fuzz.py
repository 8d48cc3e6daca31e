"""The reader of pages under atheris, which looks for inputs that reach new lines.

Only where atheris is installed; `make fuzz` runs it then.
"""

import sys

import atheris

with atheris.instrument_imports(include=["engine.pages", "engine.prose"]):
    from engine.pages.findings import findings
    from engine.pages.reading import read_page
    from engine.pages.text import decoded
    from tests.pages import ROWS, text_only, whole


def one(content: bytes) -> None:
    """A page, with what the fuzzer made of it in the place that its first bytes name."""
    made = (whole, text_only)[content[:1] == b"a"](ROWS[len(content) % len(ROWS)])
    at = int.from_bytes(content[1:3], "big") % (len(made) + 1)
    text = made[:at] + decoded(content[3:]).text + made[at + len(content) :]
    findings(read_page(text), 2021)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()

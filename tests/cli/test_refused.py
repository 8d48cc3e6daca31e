"""Everything in refused.txt: what is typed wrongly or not allowed is a sentence, and nothing is written."""

import re
import shlex
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal


def cases() -> Iterator[tuple[str, int, list[str]]]:
    """(what is typed, exit code, the sentences) of each paragraph of the file."""
    text = (Path(__file__).parent / "refused.txt").read_text(encoding="utf-8")
    for paragraph in text.split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line and not line.startswith("#")]
        if lines:
            typed, *said = lines
            codes, sentences = zip(*(line.split(": ", 1) for line in said), strict=True)
            yield typed.removeprefix("$ radap "), int(codes[0]), list(sentences)


def written(radap: Terminal) -> bytes:
    """Everything that was ever written: the whole database as text."""
    with closing(sqlite3.connect(radap.folder / "radap.db")) as connection:
        return "\n".join(connection.iterdump()).encode()


@pytest.mark.parametrize(("typed", "code", "sentences"), list(cases()), ids=lambda value: str(value)[:60])
def test_what_is_refused_is_said_and_nothing_is_written(radap, typed, code, sentences):
    before = written(radap)
    said = radap(*shlex.split(typed))
    assert (said.code, said.out) == (code, "")
    told = said.err.splitlines()
    assert len(told) == len(sentences)
    for line, sentence in zip(told, sentences, strict=True):
        assert re.fullmatch(re.escape(sentence).replace("…", ".+"), line), line
    assert written(radap) == before


def test_sentences_are_told_in_thai_too(radap):
    for typed, code, sentences in cases():
        said = radap(*shlex.split(typed), lang="th")
        assert (said.code, len(said.err.splitlines())) == (code, len(sentences))
        assert re.search("[ก-๙]", said.err), said.err

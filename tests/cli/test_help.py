"""Help in the language of the answers: every text of every command, and what the library says around them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from cli.bootstrap import sentences
from cli.commands import app

#: What the library says of every command.
OF_THE_LIBRARY = {
    "Usage:",
    "[OPTIONS]",
    "COMMAND [ARGS]...",
    "Arguments",
    "Options",
    "Commands",
    "[required]",
    "[default: {}]",
    "[env var: {}]",
    "Show this message and exit.",
}
#: What is typed as it stands, in whichever language it is told.
TYPED = re.compile(
    r"`[^`]+`|--[a-z-]+|[a-z]+\.[a-z]+|[a-z]+@[0-9]+|https?:|\d[\d-]+|XLSX|CSV|JSON|Mermaid|LINE|\{\}"
)


def texts(command: Any) -> Iterator[str]:
    yield command.help
    for param in command.params:
        if getattr(param, "help", None):
            yield param.help
    for name in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from texts(command.get_command(None, name))


@pytest.fixture(scope="module")
def english() -> set[str]:
    return set(texts(get_command(app)))


def test_every_text_is_there_in_thai_and_nothing_else(english):
    assert len(english) > 200
    assert set(sentences("th", "help")) == english | OF_THE_LIBRARY


def test_what_is_typed_stands_in_both():
    lost = {
        text: thai
        for text, thai in sentences("th", "help").items()
        if sorted(TYPED.findall(text)) != sorted(TYPED.findall(thai))
    }
    assert lost == {}


@pytest.mark.parametrize(
    "words", [(), ("report",), ("record",), ("serve",), ("user", "password")], ids=" ".join
)
def test_help_is_in_the_language_of_the_answers(radap, words):
    thai, english = radap(*words, "--help", lang=None), radap(*words, "--help")

    assert (thai.code, english.code) == (0, 0)
    for word in ("Usage", "OPTIONS", "Options", "Commands", "Arguments", "required", "default:", "Show"):
        assert word not in thai.out
    assert "วิธีใช้: radap" in thai.out
    assert "แสดงข้อความนี้แล้วจบ" in thai.out
    assert "Usage: radap" in english.out
    assert "Show this message and exit." in english.out
    assert not re.search("[ก-๛]", english.out.replace("18 พ.ค. 2564", ""))


def test_group_without_a_command_gives_its_help_in_thai(radap):
    said = radap("report", lang=None)

    assert "ส่งรายงานกลับให้แก้ไข" in said.out + said.err
    assert "Send a report" not in said.out + said.err

"""What is wrong with a text that is no TOML is told in our words, for each thing that the reader says."""

import tomllib

import pytest

from cli.bootstrap import LANGUAGES, sentences
from workflows import toml_faults
from workflows.toml_faults import place_and_fault

BROKEN = {
    "twice": ("a = 1\na = 2\n", "[a]\n[a]\n", "a = {b = 1, b = 2}\n", "a = 1\n[a.b]\n"),
    "no_equals": ("a\n", "a 1\n"),
    "no_value": ("a = \n", "a = yes\n"),
    "not_closed": ("a = [1, 2\n", "[a\n", "[[a]\n", "a = {b = 1\n"),
    "text_open": ('a = "text\n', 'a = """text\n', "a = 'text\n"),
    "bad_character": ('a = "\x01"\n', "# \x01\n"),
    "bad_escape": ('a = "C:\\data"\n', 'a = "\\u00zz"\n', 'a = "\\ud800"\n'),
    "no_day": ("a = 2021-09-31\n",),
    "no_line": ("= 1\n", "a = 1 b = 2\n"),
    "long_number": ("a = " + "9" * 5000 + "\n",),
}


def faults(text: str) -> tuple[int, str]:
    with pytest.raises(ValueError, match=r".") as caught:
        tomllib.loads(text)
    return place_and_fault(caught.value, text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BROKEN.items() for text in texts])
def test_fault_has_a_name(name, text):
    assert faults(text)[1] == name


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_has_words(language):
    told = {kind.partition(".")[2] for kind in sentences(language) if kind.startswith("toml_fault.")}

    assert told == set(BROKEN) == {name for _, name in toml_faults._KNOWN}


@pytest.mark.parametrize(
    ("text", "line"), [("a = 1\nb = \nc = 2\n", 2), ("a = 1\nb = [1,\n", 3), ("a = " + "9" * 5000, 1)]
)
def test_line_is_told(text, line):
    assert faults(text)[0] == line


def test_what_we_have_no_words_for_is_told_as_it_is():
    assert place_and_fault(ValueError("A new fault (at line 3, column 1)"), "") == (3, "A new fault")

"""The line of a key, whatever shape the document gives it."""

import tomllib
from collections.abc import Iterator
from pathlib import Path as File
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.toml_lines import Path, line_of, lines_of

DOCUMENT = '''\
# key = "not me"
key = "network"
title = { th = "เครือข่าย", en = "network" }

note = """
[[levels]]
level = 99
\\"""  still the note
"""
literal = \'\'\'
needs = 3
\'\'\'
site . address = "https://example.org/#top"
"odd key" = 1
'single' = 2

[server]
port = 8000  # listen = 1
[server.tls]
"certificate file" = "a.pem"

[[levels]]
level = 1
when = { milestone = "guidelines_set" }

[[levels]]
level = 2
when = { all = [
    { milestone = "guidelines_set" },
    # { milestone = "not_me" },
    { count = "meetings_held", at_least = 2 },
    { any = [
      { milestone = "issue_chosen" }] },
] }

[levels.more]
colour = "red"

[[levels.notes]]
by = "a"
[[levels.notes]]
by = "b"
'''

PLACES: dict[Path, int] = {
    ("key",): 2,
    ("title",): 3,
    ("title", "en"): 3,
    ("note",): 5,
    ("literal",): 10,
    ("site", "address"): 13,
    ("site",): 13,
    ("odd key",): 14,
    ("single",): 15,
    ("server",): 17,
    ("server", "port"): 18,
    ("server", "tls"): 19,
    ("server", "tls", "certificate file"): 20,
    ("levels",): 22,
    ("levels", 0): 22,
    ("levels", 0, "level"): 23,
    ("levels", 0, "when", "milestone"): 24,
    ("levels", 1): 26,
    ("levels", 1, "when"): 28,
    ("levels", 1, "when", "all", 0, "milestone"): 29,
    ("levels", 1, "when", "all", 1): 31,
    ("levels", 1, "when", "all", 1, "count"): 31,
    ("levels", 1, "when", "all", 1, "at_least"): 31,
    ("levels", 1, "when", "all", 2): 32,
    ("levels", 1, "when", "all", 2, "any", 0, "milestone"): 33,
    ("levels", 1, "more"): 36,
    ("levels", 1, "more", "colour"): 37,
    ("levels", 1, "notes", 0, "by"): 40,
    ("levels", 1, "notes", 1): 41,
    ("levels", 1, "notes", 1, "by"): 42,
}


@pytest.mark.parametrize(("path", "line"), PLACES.items(), ids=str)
def test_line_of_a_key(path, line):
    assert line_of(DOCUMENT, path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("levels", 1, "title", "en"), 26),
        (("levels", 7, "title"), 22),
        (("title", "fr"), 3),
        (("server", "host"), 17),
        (("levels", 1, "when", "all", 1, "of", 3), 31),
    ],
)
def test_a_path_that_is_missing_falls_back_to_its_nearest_ancestor(path, line):
    assert line_of(DOCUMENT, path) == line


@pytest.mark.parametrize("path", [(), ("needs",), ("colour",), ("by",), ("description", "th")])
def test_a_path_without_any_ancestor_has_no_line(path):
    assert line_of(DOCUMENT, path) is None


def test_every_path_of_the_document_is_found():
    assert set(paths(tomllib.loads(DOCUMENT))) == set(lines_of(DOCUMENT))


def test_windows_line_ends_count_once():
    text = DOCUMENT.replace("\n", "\r\n")
    assert {path: line_of(text, path) for path in PLACES} == PLACES


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('a = """x"""""\nb = 1', 2),
        ("a = ''\nb = 1", 2),
        ('a = ""\nb = 1', 2),
        ('a = "#"\nb = 1', 2),
        ("a = [ # b\n]\nb = 1", 3),
        ("a = []\nb = 1", 2),
        ("a = {}\nb = 1", 2),
        ("a = [[1, 2], [3]]\nb = 1", 2),
        ("a = 2564-01-01 10:00:00\nb = 1", 2),
        ('a = "\\\\"\nb = 1', 2),
        ("a = true # x\n\n\n\tb = 1", 4),
        ("a = '''\n'''\nb=1", 3),
        ("", None),
    ],
)
def test_what_stands_before_a_key_does_not_mislead(text, line):
    assert line_of(text, ("b",)) == line


@pytest.mark.parametrize(
    "broken", ["a = \nb = 1", 'a = ["1" "2"]\nb = 1', 'a = "x\nb = 1', "[a\nb = 1", "=\nb = 1"]
)
def test_a_broken_document_is_read_as_far_as_it_goes(broken):
    assert line_of("first = 1\n" + broken, ("first",)) == 1
    assert line_of("first = 1\n" + broken, ("b",)) is None


def test_a_document_nested_without_end_is_read_as_far_as_it_goes():
    assert line_of("first = 1\na = " + "[" * 100_000, ("first",)) == 1


@pytest.mark.parametrize(
    "file", sorted((File(__file__).parents[2] / "workflows").glob("*.toml")), ids=lambda file: file.stem
)
def test_every_key_of_every_definition_stands_on_its_line(file):
    text = file.read_text(encoding="utf-8")
    lines = text.splitlines()
    for path in paths(tomllib.loads(text)):
        line = line_of(text, path)
        assert line is not None
        word = next((part for part in reversed(path) if isinstance(part, str)), "")
        assert word in lines[line - 1] or isinstance(path[-1], int), path


words = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8)
names = st.from_regex(r"[a-z_-]{1,5}", fullmatch=True)
values = st.recursive(
    st.integers(-5, 5) | st.booleans() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


def written(value: Any, gap: str) -> str:
    """The value as TOML, with ``gap`` wherever a line may be broken."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, list):
        return f"[{gap}" + "".join(f"{written(item, gap)},{gap}" for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {written(item, gap)}" for key, item in value.items()) + "}"
    return str(value)


@given(st.dictionaries(names, values, max_size=4), st.sampled_from([" ", "\n", " # [b]\n\n  "]))
def test_whatever_is_written_is_found_where_it_was_written(document, gap):
    text = ""
    starts: dict[str, int] = {}
    for key, value in document.items():
        text += "# a comment = 1\n"
        starts[key] = text.count("\n") + 1
        text += f"{key} = {written(value, gap)}\n"
    assert tomllib.loads(text) == document
    assert set(lines_of(text)) == set(paths(document))
    assert {key: line_of(text, (key,)) for key in document} == starts


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every path of a document that has been read."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))

"""A full export and its import, as an operator does them."""

import pytest

from tests.cli.conftest import COORDINATOR, Terminal


@pytest.fixture
def other(tmp_path):
    """A terminal in another house, which has nothing yet."""
    folder = tmp_path / "other"
    folder.mkdir()
    return Terminal(f"sqlite:///{folder / 'radap.db'}", folder)


def test_city_goes_out_and_comes_in_elsewhere(radap, other):
    out = str(radap.folder / "out.zip")
    minutes = radap.file("minutes.pdf", b"%PDF-1.7\n%%EOF\n")
    radap("record", "5049-2017", "committee_appointed", "--on", "2020-11-30", "--evidence", minutes)
    sent = radap("export", "all", out, "--json")
    assert (sent.code, sent.err, sent.data["files"], sent.data["lacking"]) == (0, "", 1, [])

    taken = other("import", "all", out)

    assert (taken.code, taken.out.startswith(f"Took {sent.data['rows']} rows and 1 evidence files")) == (
        0,
        True,
    )
    assert "radap user link" in taken.err
    assert other("doctor").code == 0
    assert other("journal", "verify").code == 0
    assert other("journal", "show", "5049-2017").out == radap("journal", "show", "5049-2017").out
    assert other("level", "5049-2017", "--why").out == radap("level", "5049-2017", "--why").out
    assert other("user", "show", COORDINATOR).out == radap("user", "show", COORDINATOR).out
    again = str(radap.folder / "again.zip")
    other("export", "all", again)
    assert (radap.folder / "again.zip").read_bytes() == (radap.folder / "out.zip").read_bytes()
    added = other("user", "add", "new@thungkhru.example", "--name", "ใหม่", "--role", "viewer")
    assert added.code == 0


def test_each_fault_is_a_sentence_with_its_line(radap, other):
    radap("export", "all", str(radap.folder / "out"))
    people = radap.folder / "out" / "people.jsonl"
    people.write_bytes(people.read_bytes().replace(b'"hour":null', b'"hour":"7"'))

    said = other("import", "all", str(radap.folder / "out"))

    assert said.code == 1
    assert said.err.splitlines()[:2] == [
        "people.jsonl does not have its SHA-256, so it was altered or damaged: take the original copy.",
        'people.jsonl line 1: "7" cannot be the value of hour.',
    ]
    thai = other("import", "all", str(radap.folder / "out"), lang="th")
    assert 'people.jsonl บรรทัด 1: ค่า "7" ของ hour ไม่ถูกต้อง' in thai.err


def test_nothing_is_written_over_and_nothing_into_what_is_full(radap):
    out = str(radap.folder / "out")
    radap("export", "all", out)

    assert radap("export", "all", out).err == f"{out} is there already: choose another name.\n"
    assert radap("import", "all", out).err.startswith("The database sqlite:///")
    assert radap("import", "all", str(radap.folder / "none")).code == 1

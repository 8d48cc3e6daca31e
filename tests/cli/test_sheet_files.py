"""Spreadsheets on the command line: a template goes out, is changed, and comes back."""

import openpyxl
import pytest

from tests.cli.conftest import CODE, COORDINATOR, EVALUATOR


@pytest.fixture
def book(radap):
    """The template of 2564 with what is there, as somebody opens it to change it."""
    said = radap("export", "template", "year.xlsx", "--year", "2564", "--filled", lang="th")
    assert (said.code, said.err) == (0, "")
    return openpyxl.load_workbook(radap.folder / "year.xlsx")


def give(radap, book: openpyxl.Workbook, *words: str, lang: str = "en"):
    book.save(radap.folder / "changed.xlsx")
    return radap("import", "xlsx", "changed.xlsx", *words, lang=lang)


def test_changed_template_is_tried_taken_in_and_the_second_time_changes_nothing(radap, book):
    book["ค่าเป้าหมาย"]["E3"] = "๔"
    book["ผลรายไตรมาส"]["F3"] = 2

    tried = give(radap, book, "--dry-run")
    assert (tried.code, tried.err) == (0, "")
    assert "target: 5 → 4" in tried.out
    assert tried.out.splitlines()[-2:] == [
        "quarter result: 1 added, 0 changed, 0 the same",
        "Only tried: nothing of changed.xlsx was written for fiscal year 2564 (2021).",
    ]

    assert give(radap, book).out.splitlines()[-1] == "changed.xlsx is taken in for fiscal year 2564 (2021)."
    assert radap("level", CODE, "--json").data["target"] == 4

    again = give(radap, book, "--json")
    assert again.data["counts"]["result"] == {"added": 0, "changed": 0, "same": 1}
    assert (again.data["faults"], again.data["differences"]) == (0, [])


def test_all_that_is_wrong_is_told_on_standard_error_and_as_data(radap, book):
    book["ค่าเป้าหมาย"]["E3"] = "สี่"
    book["ผลรายไตรมาส"]["B3"] = "5049-2071"

    said = give(radap, book, lang="th")
    assert (said.code, said.out) == (1, "")
    assert [line.partition(":")[0] for line in said.err.splitlines()] == [
        "แผ่นงาน ค่าเป้าหมาย แถว 3 คอลัมน์ E (ค่าเป้าหมาย)",
        "แผ่นงาน ผลรายไตรมาส แถว 3 คอลัมน์ B (รหัสตัวชี้วัด *)",
        "พบข้อผิดพลาด 2 แห่ง จึงไม่ได้บันทึกอะไรเลย แก้แล้วนำเข้าใหม่ได้",
    ] or said.err
    data = give(radap, book, "--json").data
    assert [(one["sheet"], one["row"], one["column"], one["kind"]) for one in data["findings"]] == [
        ("ค่าเป้าหมาย", 3, "E", "value.not_a_number"),
        ("ผลรายไตรมาส", 3, "B", "indicator.unknown"),
    ]
    assert (data["written"], radap("level", CODE, "--json").data["target"]) == (False, 5)


def test_results_are_given_as_csv_by_who_writes_reports(radap):
    said = radap("export", "template", "results.csv", "--kind", "results", "--year", "2564", "--filled")
    assert said.code == 0, said.err
    text = (radap.folder / "results.csv").read_text(encoding="utf-8-sig")
    lines = text.splitlines()
    assert len(lines) == 5
    radap.file("results.csv", "\r\n".join([lines[0], lines[1].removesuffix(",,") + ",3,ประชุมแล้ว"]))
    words = ("import", "xlsx", "results.csv", "--kind", "results", "--year", "2564", "--by")

    refused = radap(*words, EVALUATOR)
    assert (refused.code, "may not" in refused.err) == (1, True)
    taken = radap(*words, COORDINATOR)
    assert (taken.code, taken.err) == (0, "")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["none.xlsx"], 1, "There is no file none.xlsx."),
        (["none.csv"], 2, "A CSV file does not say what it holds"),
        (["none.xlsx", "--kind", "target"], 2, "Did you mean targets?"),
        (["none.xlsx", "--year", "2021"], 2, "write 2564"),
    ],
)
def test_what_cannot_be_taken_in_is_refused_in_words(radap, words, code, sentence):
    said = radap("import", "xlsx", *words)

    assert said.code == code
    assert sentence in said.err

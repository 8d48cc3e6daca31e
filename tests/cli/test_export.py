"""`radap export`: what is taken out is a file that opens, and never one over another."""

import zipfile

import openpyxl
import pypdf
import pytest

from cli.bootstrap import build
from cli.settings import load
from engine.jobs import JobState, Product, Scope, Wanted
from engine.workflow import Text
from storage import jobs
from tests.cli.conftest import CODE, COORDINATOR, MID_JULY


@pytest.mark.parametrize("of", [[CODE], ["--agency", "5049", "--year", "2564"], ["--year", "2564"]])
def test_report_is_written_as_pdf(radap, of):
    said = radap("export", "pdf", *of, "--to", "report.pdf")

    assert said.code == 0, said.err
    assert len(pypdf.PdfReader(radap.folder / "report.pdf").pages) >= 1


def test_spreadsheet_and_pack_are_written(radap):
    assert radap("export", "xlsx", "--year", "2564", "--to", "all.xlsx").code == 0
    assert radap("export", "pack", CODE, "--to", "evidence.zip").code == 0

    assert openpyxl.load_workbook(radap.folder / "all.xlsx").sheetnames[0] == "Levels"
    with zipfile.ZipFile(radap.folder / "evidence.zip") as pack:
        assert "manifest.json" in pack.namelist()


def test_no_file_is_overwritten_and_none_is_left_half_done(radap):
    radap.file("report.pdf", "mine")
    said = radap("export", "pdf", CODE, "--to", "report.pdf")
    assert (said.code, said.err) == (1, "report.pdf is there already: choose another name.\n")
    assert (radap.folder / "report.pdf").read_text() == "mine"

    assert radap("export", "pdf", "--agency", "5042", "--year", "2564", "--to", "none.pdf").code == 1
    assert sorted(path.name for path in radap.folder.glob("*none*")) == []


def test_whoever_may_not_see_it_exports_nothing(radap):
    said = radap("export", "xlsx", "--year", "2564", "--to", "all.xlsx", "--by", COORDINATOR)

    assert (said.code, said.err) == (1, "You may not see all that this would hold.\n")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "Name the year with --year when no indicator is named."),
        (["--dimension", "9.9", "--year", "2564"], 1, "There is no 9.9, or no such report of it."),
        (["5049-1", "--year", "2564"], 1, "There is no 5049-1, or no such report of it."),
    ],
)
def test_what_there_is_not_is_refused_in_words(radap, words, code, sentence):
    said = radap("export", "pdf", *words, "--to", "x.pdf")

    assert (said.code, said.err) == (code, sentence + "\n")


def test_worker_makes_what_was_asked_for_on_pages(radap):
    settings = load(None, {"RADAP_DATABASE__URL": radap.url})
    house = build(settings)
    with house.store.begin() as tx:
        wanted = Wanted(Product.PDF, Scope.CITY, "", 2021)
        number = jobs.ask(tx.connection, wanted, Text("", ""), 1, MID_JULY)

    assert radap("worker", "--once", "--now", MID_JULY.isoformat()).code == 0

    with house.store.read() as tx:
        found = jobs.job(tx.connection, number)
    house.close()
    assert found is not None
    assert (found.state, found.error) == (JobState.DONE, "")

"""`radap search`: what stands where, for people and for programs, as one person may see it."""

from tests.cli.conftest import CODE, COORDINATOR
from tests.cli.test_operations import run_sql

MEETING = [
    *("record", CODE, "meetings_held", "--on", "18 พ.ค. 2564"),
    *("--document", "กท ๖๙๐๙/1116", "--note", "นัดเรื่องไฟไหม้"),
]


def test_search_shows_what_was_found_and_where(radap):
    assert radap(*MEETING).code == 0

    found = radap("search", "6909/1116", "ไฟ").out
    assert ("2564" in found, CODE in found, "กท ๖๙๐๙/1116 · นัดเรื่องไฟไหม้" in found) == (True, True, True)
    assert radap("search", "ขยะ").out == "No text has “ขยะ”.\n"
    (hit,) = radap("search", "ไฟไหม้", "--json", "--by", COORDINATOR).data
    assert (hit["code"], hit["fiscal_year"], hit["kind"], hit["number"]) == (CODE, 2564, "fact", 1)
    assert (hit["text"], hit["milestone"]) == ("กท ๖๙๐๙/1116 · นัดเรื่องไฟไหม้", "meetings_held")


def test_search_for_one_letter_is_refused(radap):
    said = radap("search", "ก")
    assert (said.code, said.err) == (1, "This is too short: type at least 2 letters in a row.\n")


def test_doctor_finds_and_mends_an_index_that_is_wrong(radap):
    run_sql(radap, "DELETE FROM search_texts")
    said = radap("doctor")
    assert said.code == 1
    assert (
        f"The search index of {CODE} is not what is written (indicator 0): use radap doctor --mend."
        in said.out
    )

    assert radap("doctor", "--mend").code == 0
    assert radap("doctor").code == 0
    assert len(radap("search", CODE, "--json").data) == 1

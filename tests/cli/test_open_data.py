"""`radap export open-data`: a folder that describes itself, wherever it is put."""

import csv
import hashlib
import json
from datetime import UTC, datetime

from tests.cli.conftest import EVALUATOR

AFTER = datetime(2021, 7, 20, 2, tzinfo=UTC)


def test_sealed_year_is_written_with_its_record(radap):
    for quarter in "12":
        said = radap("seal", "2564", quarter, "--by", EVALUATOR, "--reason", "ครบกำหนด", at=AFTER)
        assert said.code == 0, said.err

    said = radap("export", "open-data", "open", "--year", "2564", "--base", "https://data.example/radap")
    assert (said.code, said.err) == (0, "")

    folder = radap.folder / "open"
    files = sorted(path.name for path in folder.iterdir())
    results = [f"results-2564-{quarter}.{kind}" for quarter in (1, 2) for kind in ("csv", "json")]
    assert files == ["catalog.jsonld", "dictionary.csv", *results]
    record = json.loads((folder / "catalog.jsonld").read_text(encoding="utf-8"))
    (dataset,) = record["dcat:dataset"]
    assert len(dataset["dcat:distribution"]) == 4
    for one in dataset["dcat:distribution"]:
        address = one["dcat:downloadURL"]["@id"]
        content = (folder / address.removeprefix("https://data.example/radap/")).read_bytes()
        assert one["spdx:checksum"]["spdx:checksumValue"]["@value"] == hashlib.sha256(content).hexdigest()
    with (folder / "dictionary.csv").open(encoding="utf-8-sig", newline="") as file:
        explained = [row[0] for row in csv.reader(file)][1:]
    with (folder / "results-2564-1.csv").open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == explained


def test_folder_with_files_and_year_without_a_seal_are_refused(radap):
    said = radap("export", "open-data", "open", "--year", "2564")
    assert (said.code, said.err) == (
        1,
        "No quarter of fiscal year 2564 (2021) is sealed yet: there is nothing to publish.\n",
    )
    radap.file("mine.txt", "mine")
    said = radap("export", "open-data", ".", "--year", "2564")
    assert (said.code, said.err) == (1, "There are files in .: choose a new or an empty folder.\n")

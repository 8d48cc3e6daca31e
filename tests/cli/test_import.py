"""Pages of the existing site at the command line: tried, kept, and made facts of."""

import json
from datetime import UTC, datetime
from pathlib import Path

from tests.pages import ROWS, text_only, whole

SEED = (Path(__file__).parent.parent / "data" / "5049-2017.txt").read_text(encoding="utf-8")
#: The year of the page is over.
AFTER = datetime(2021, 11, 1, 2, tzinfo=UTC)
QUARTERS = ("2020-12-31", "2021-03-31", "2021-06-30", "2021-09-30")


def levels(empty):
    """What is claimed at the end of each quarter."""
    level = ("level", "5049-2017", "--year", "2564", "--json")
    return [empty(*level, "--on", day, at=AFTER).data["claimed"]["level"] for day in QUARTERS]


def test_page_on_an_empty_database_gives_the_levels_of_the_year(empty):
    page = empty.file("5049-2017.txt", SEED)
    said = empty(
        "import", "page", page, "--code", "5049-2017", "--year", "2564", "--accept-all", "--json", at=AFTER
    )
    assert said.code == 0, said.err
    assert (said.data["agency"], said.data["workflow"]) == ("สำนักงานเขตทุ่งครุ", "civil_society_network")
    assert said.data["result"] == "added"
    assert levels(empty) == [2, 3, 3, 5]
    assert empty("doctor", at=AFTER).code == 0
    again = empty("import", "page", page, "--year", "2564", "--accept-all", "--json", at=AFTER).data
    assert (again["result"], again["proposals"]["accepted"]) == ("same", [])


def test_proposals_of_the_page_are_those_of_the_year(empty):
    page = empty.file("5049-2017.txt", SEED)
    assert empty("import", "page", page, "--year", "2564").code == 0
    waiting = empty("import", "proposals", "5049-2017", "--json").data
    assert [
        (one["quarter"], one["milestone"], one["kind"], one["occurred_on"], one["state"]) for one in waiting
    ] == [
        (1, "guidelines_set", "project_plan", None, "pending"),
        (1, "committee_appointed", "appointing_order", "2020-11-30", "pending"),
        (1, "meetings_held", "meeting", "2020-12-21", "pending"),
        (2, "meetings_held", "meeting", "2021-01-19", "pending"),
        (2, None, None, "2016-12-30", "set_aside"),
        (2, "meetings_held", "invitation", None, "pending"),
        (3, "committee_appointed", "appointing_order", None, "pending"),
        (3, "meetings_held", "meeting", "2021-05-18", "pending"),
        (3, "committee_appointed", "position_order", "2021-05-24", "pending"),
        (3, "committee_appointed", "position_order", "2021-05-25", "pending"),
        (3, "meetings_held", "meeting", "2021-06-29", "pending"),
        (4, "issue_chosen", "resolution", None, "pending"),
        (4, "report_submitted", "report", "2021-08-19", "pending"),
    ]
    quarter_3 = next(one for one in waiting if one["occurred_on"] == "2021-06-29")
    assert SEED.count(quarter_3["text"]) == 1


def test_proposals_are_accepted_changed_and_refused_one_by_one(empty):
    page = empty.file("5049-2017.txt", SEED)
    assert empty("import", "page", page, "--year", "2564").code == 0
    assert empty("import", "accept", "5049-2017", "2", "3").code == 0
    changed = ("--milestone", "guidelines_set", "--on", "2020-11-02")
    assert empty("import", "accept", "5049-2017", "1", *changed).code == 0
    assert empty("import", "refuse", "5049-2017", "6", "--reason", "หนังสือเชิญไม่นับ").code == 0
    assert empty("import", "accept", "5049-2017", "2").code == 1
    assert empty("import", "accept", "5049-2017", "1", "2", "--on", "2020-11-02").code == 2
    level = empty("level", "5049-2017", "--on", "2020-12-31", "--json").data["claimed"]["level"]
    assert level == 2
    rest = empty("import", "accept", "5049-2017", "--certain", "--json", at=AFTER).data
    assert (sorted(rest["accepted"]), rest["approved"]) == ([4, 8, 9, 10, 11, 13], [])


def test_month_takes_a_day_of_its_own_or_that_nobody_knows_it(empty):
    text = SEED.replace("เมื่อวันที่ 18 พ.ค. 2564", "ในเดือน พ.ค. 2564")
    assert empty("import", "page", empty.file("5049-2017.txt", text), "--year", "2564").code == 0
    (waiting,) = [one for one in empty("import", "proposals", "5049-2017", "--json").data if one["needs_day"]]
    assert (waiting["state"], waiting["first_on"]) == ("pending", "2021-05-01")
    accept = ("import", "accept", "5049-2017", str(waiting["number"]))
    assert "from 1 May 2021 to 31 May 2021" in empty(*accept, at=AFTER).err
    assert empty(*accept, "--on", "2021-06-01", at=AFTER).code == 1
    assert empty(*accept, "--on", "2021-05-18", "--no-day", at=AFTER).code == 2
    assert empty(*accept, "--no-day", at=AFTER).code == 0


def test_with_all_a_month_becomes_a_fact_whose_day_nobody_knows(empty):
    text = SEED.replace("เมื่อวันที่ 18 พ.ค. 2564", "ในเดือน พ.ค. 2564")
    page = empty.file("5049-2017.txt", text)
    said = empty("import", "page", page, "--year", "2564", "--accept-all", "--json", at=AFTER)
    came = said.data["proposals"]
    assert (said.code, came["refused"], came["left"], came["pending"]) == (0, {}, {}, 0)
    assert len(came["approved"]) == 4  # three of the page name no day at all
    assert levels(empty) == [2, 3, 3, 5]


def test_dry_run_needs_no_database_and_makes_none(empty):
    page = empty.file("page.html", "<p>" + whole(ROWS[12]).replace("\n", "<br>") + "</p>")
    said = empty(
        "import", "page", page, "--year", "2563", "--agency", "สำนักงานเขตพระนคร", "--dry-run", "--json"
    )
    assert said.code == 0, said.err
    kinds = {(one["kind"], one["quarter"]) for one in said.data["findings"]}
    assert ("zero_unreported", 4) in kinds
    assert said.data["read"]["quarters"][2]["result"] == 70
    assert not (empty.folder / "radap.db").exists()


def test_folder_goes_in_and_what_cannot_be_kept_is_told_page_by_page(empty):
    folder = empty.folder / "pages"
    folder.mkdir()
    for row in ROWS[20:26]:
        (folder / f"{row['code']}.txt").write_text(whole(row), encoding="utf-8")
    (folder / "unknown.txt").write_text(text_only(ROWS[1]), encoding="cp874")
    (folder / "nothing.txt").write_text("ไม่มีอะไร", encoding="utf-8")
    said = empty("import", "page", str(folder), "--year", "2563", "--agency", "สำนักงานเขตพระนคร", "--json")
    assert said.code == 1
    results = {Path(one["file"]).stem: one["result"] for one in said.data}
    assert [results.pop(name) for name in ("nothing", "unknown")] == [None, None]
    assert set(results.values()) == {"added"}
    unknown = next(one for one in said.data if one["file"].endswith("unknown.txt"))
    assert {"other_encoding", "no_code"} <= {one["kind"] for one in unknown["findings"]}
    assert empty("doctor").code == 0


def test_changed_page_is_refused_with_what_changed(empty):
    page = empty.file("5049-2017.txt", SEED)
    assert empty("import", "page", page, "--year", "2564").code == 0
    empty.file("5049-2017.txt", SEED.replace("จำนวน 7 ประเด็น", "จำนวน 8 ประเด็น"))
    said = empty("import", "page", page, "--year", "2564")
    assert said.code == 1
    assert "--update" in said.err
    assert "8 ประเด็น" in said.out
    updated = empty("import", "page", page, "--year", "2564", "--update", "--json")
    waiting = json.loads(empty("import", "proposals", "5049-2017", "--json").out)
    pending = [one for one in waiting if one["state"] == "pending"]
    assert (updated.code, json.loads(updated.out)["proposals"]["pending"]) == (0, len(pending))


def test_what_cannot_be_read_is_one_sentence(empty):
    assert "nowhere.txt" in empty("import", "page", "nowhere.txt", "--year", "2564").err
    empty.file("a.txt", SEED)
    empty.file("b.txt", SEED)
    both = empty("import", "page", "a.txt", "b.txt", "--year", "2564", "--code", "5049-2017")
    assert (both.code, "--code" in both.err) == (2, True)
    assert empty("import", "page", "a.txt", "--year", "2021").code == 2

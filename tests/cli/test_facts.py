"""Commands that change an indicator: what they do, what they refuse, and that nothing is lost."""

import os
from datetime import UTC, datetime

import pytest

from tests.cli.conftest import CODE, COORDINATOR, EVALUATOR, MID_JULY, SECTION_HEAD

MEETING = ["record", CODE, "meetings_held", "--on", "18 พ.ค. 2564"]
PDF = b"%PDF-1.7\n1 0 obj\n"


def version(radap):
    """The indicator's last event: nothing was written when it stays."""
    return len(radap("journal", "show", CODE, "--json").data)


def test_record_tells_the_number_and_the_levels(radap):
    said = radap("record", CODE, "guidelines_set", "--on", "2020-11-02", "--by", COORDINATOR)
    assert (
        said.out
        == "5049-2017: record made (no. 1).\n  claimed: level 0 → 1\n  verified: level 0, as before\n"
    )


def test_record_json_is_for_programs(radap):
    assert radap(*MEETING, "--json").data == {
        "code": CODE,
        "fiscal_year": 2564,
        "event": "occurrence_recorded",
        "number": 1,
        "version": 2,
        "claimed": {"before": 0, "after": 0},
        "verified": {"before": 0, "after": 0},
    }


def test_one_document_twice_is_refused(radap):
    assert radap(*MEETING, "--document", "2/64").code == 0
    said = radap("record", CODE, "meetings_held", "--on", "2021-05-19", "--document", " ๒ / 64")
    assert said.code == 1
    assert said.err.endswith(
        "is recorded already as number 1 at “Two meetings held” on 18 May 2021: "
        "void that one first if it is wrong.\n"
    )


def test_old_version_is_refused_with_who_changed_what(radap):
    assert radap(*MEETING, "--by", COORDINATOR).code == 0
    said = radap(*MEETING, "--if-version", "1")
    assert said.code == 1
    assert said.err == (
        "Indicator 5049-2017 was changed meanwhile by ผู้ประสานงานเขตทุ่งครุ: record made, on 15 Jul 2021, 09:00. "
        "Look at it again (it is now version 2) and repeat what still applies.\n"
    )


def test_sealed_quarter_takes_no_more_facts(radap):
    assert radap("seal", "2564", "1", "--by", EVALUATOR, "--reason", "พ้นกำหนด").code == 0
    said = radap("record", CODE, "committee_appointed", "--on", "2020-11-30")
    assert said.code == 1
    assert said.err == (
        "Q1 of fiscal year 2564 (2021) is sealed: nothing in it can be changed any more. "
        "If something is wrong or missing, ask for a correction on the page of the milestone; "
        "the evaluator or administrator decides.\n"
    )
    assert radap("seal", "2564", "3").err == (
        "Q3 of fiscal year 2564 (2021) cannot be sealed before Q2 of fiscal year 2564 (2021): "
        "seal that one first.\n"
    )


def test_undated_fact_counts_once_approved(radap):
    words = ["record", CODE, "guidelines_set", "--quarter", "Q1", "--note", "หน้าเดิมไม่ระบุวันที่"]
    assert radap(*words, "--json").data["claimed"]["after"] == 0
    assert "counts from the end of Q1" in radap("level", CODE, "--why").out
    assert radap("approve", CODE, "1", "--by", COORDINATOR).code == 1
    assert radap("approve", CODE, "1", "--by", SECTION_HEAD, "--json").data["claimed"]["after"] == 1


def test_returned_milestone_lowers_verified_and_not_claimed(radap):
    assert radap("record", CODE, "guidelines_set", "--on", "2020-11-02").code == 0
    guideline = radap.file("guideline.pdf", PDF)
    assert radap("attach", CODE, "guidelines_set", guideline).code == 0
    assert radap("verify", CODE, "guidelines_set", "--by", EVALUATOR, "--json").data["verified"]["after"] == 1
    words = ["return", CODE, "guidelines_set", "--reason", "ขาดหน้า 2", "--by", EVALUATOR, "--json"]
    said = radap(*words)
    assert (said.data["claimed"]["after"], said.data["verified"]["after"]) == (1, 0)
    assert radap("achieve", CODE, "guidelines_set", "--json").data["event"] == "milestone_achieved"
    assert radap("achieve", CODE, "guidelines_set").out == (
        "5049-2017: everything is as asked already; nothing was changed.\n"
    )


def test_blocked_postponed_waived_and_reopened(radap):
    for words, event in (
        (["block", CODE, "issue_chosen", "--waiting-for", "สยป."], "milestone_blocked"),
        (["resume", CODE, "issue_chosen"], "milestone_resumed"),
        (
            ["postpone", CODE, "issue_chosen", "--until", "30 ก.ค. 2564", "--reason", "โควิด"],
            "milestone_postponed",
        ),
        (["waive", CODE, "issue_chosen", "--until", "2021-09-30", "--reason", "โควิด"], "milestone_waived"),
        (["reopen", CODE, "issue_chosen", "--reason", "ทำได้แล้ว"], "milestone_reopened"),
    ):
        said = radap(*words, "--json")
        assert (said.code, said.err) == (0, "")
        assert said.data["event"] == event


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("empty.pdf", b"", "is empty: nothing was kept."),
        ("tool.pdf", b"MZ\x90\x00" + bytes(200), "is of a kind that is not taken"),
        ("big.pdf", PDF + bytes(3_000), "is larger than 2 kB"),
    ],
)
def test_evidence_that_cannot_be_taken_leaves_nothing(radap, name, content, sentence):
    before = version(radap)
    said = radap(*MEETING, "--evidence", radap.file(name, content), RADAP_EVIDENCE__MAX_BYTES="2000")
    assert said.code == 1
    assert sentence in said.err
    assert version(radap) == before
    assert [one for one in (radap.folder / "evidence").rglob("*") if one.is_file()] == []


def test_evidence_is_kept_listed_got_back_and_withdrawn(radap):
    assert radap(*MEETING, "--evidence", radap.file("minutes.pdf", PDF)).code == 0
    (row,) = radap("evidence", "list", CODE, "--json").data
    assert (row["file_name"], row["record"], row["whole"]) == ("minutes.pdf", 1, True)
    target = radap.folder / "back.pdf"
    assert radap("evidence", "get", row["sha256"], str(target)).code == 0
    assert target.read_bytes() == PDF
    assert radap("evidence", "get", row["sha256"], str(target)).err == (
        f"{target} is there already: choose another name.\n"
    )
    assert radap("evidence", "withdraw", CODE, "1", "--reason", "ผิดฉบับ").code == 0
    listed = radap("evidence", "list", CODE, lang="th").out
    assert "รายงานการประชุมที่เกี่ยวข้อง" in listed
    assert "meeting_reports" not in listed
    assert "withdrawn" in radap("evidence", "list", CODE).out


def test_evidence_that_vanished_from_disk_is_named(radap):
    assert radap(*MEETING, "--evidence", radap.file("minutes.pdf", PDF)).code == 0
    (row,) = radap("evidence", "list", CODE, "--json").data
    (radap.folder / "evidence" / row["sha256"][:2] / row["sha256"]).unlink()
    said = radap("evidence", "get", row["sha256"], str(radap.folder / "back.pdf"))
    assert said.code == 1
    assert said.err.startswith(f"The file with SHA-256 {row['sha256']} is no longer on disk")
    assert not (radap.folder / "back.pdf").exists()
    assert "lost or altered" in radap("evidence", "list", CODE).out
    assert radap("doctor").code == 1


def test_file_that_serves_elsewhere_already_is_noted(radap):
    minutes = radap.file("minutes.pdf", PDF)
    assert radap(*MEETING, "--evidence", minutes).err == ""
    said = radap("attach", CODE, "issue_chosen", minutes)
    assert said.code == 0
    assert said.err == (
        "Note: the file minutes.pdf already serves as evidence of 5049-2017 in 2021 (meetings_held); "
        "check that it is the right one.\n"
    )


def test_report_goes_from_draft_to_accepted(radap):
    story = radap.file("story.txt", "ประชุมครั้งที่ 2/64")
    for words in (
        ["write", CODE, "3", "--file", story, "--result", "3", "--by", COORDINATOR],
        ["submit", CODE, "3", "--by", COORDINATOR],
        ["endorse", CODE, "3", "--by", SECTION_HEAD],
        ["accept", CODE, "3", "--quality", "95", "--by", EVALUATOR],
    ):
        said = radap("report", *words)
        assert (said.code, said.err) == (0, "")
    (report,) = radap("report", "show", CODE, "--json").data
    assert (report["state"], report["self_reported"]) == ("accepted", 3)
    assert (report["quality"], report["timeliness"]) == (95, 100)
    assert radap("report", "show", CODE, "3", lang="th").out == (
        "ไตรมาสที่ 3 ปีงบประมาณ 2564: รับรายงานแล้ว · ผล 3 · ส่งเมื่อ 15 ก.ค. 2564 เวลา 09:00 น. "
        "· 2.1 ได้ 95 · 2.2 ได้ 100\nประชุมครั้งที่ 2/64\n"
    )


def test_report_after_the_deadline_is_late_unless_extended(radap):
    late = datetime(2021, 7, 20, 2, tzinfo=UTC)
    extend = ["extend", "5049", "3", "--year", "2564", "--reason", "โควิด", "--until"]
    assert radap(*extend, "2021-07-15").code == 1
    said = radap(*extend, "2021-07-30", "--by", EVALUATOR)
    assert said.out == "Thung Khru District Office has until 30 Jul 2021 for Q3 of fiscal year 2564 (2021).\n"
    radap("report", "write", CODE, "3", "--text", "-", at=late)
    radap("report", "submit", CODE, "3", at=late)
    radap("report", "endorse", CODE, "3", at=late)
    radap("report", "accept", CODE, "3", at=late)
    (report,) = radap("report", "show", CODE, "--json", at=MID_JULY).data
    assert (report["quality"], report["timeliness"]) == (None, 100)


def test_returned_report_names_reason_and_day(radap):
    radap("report", "write", CODE, "3", "--text", "ประชุมแล้ว")
    radap("report", "submit", CODE, "3")
    said = radap("report", "return", CODE, "3", "--reason", "ขาดวันที่", "--fix-by", "30 ก.ค. 2564")
    assert said.code == 0
    assert "Returned: ขาดวันที่ (mend by 30 Jul 2021)" in radap("report", "show", CODE).out


def test_cancelled_indicator_takes_nothing(radap):
    assert (
        radap("indicator", "request-cancellation", CODE, "--reason", "ยุบรวม", "--by", COORDINATOR).code == 0
    )
    assert radap("indicator", "decline-cancellation", CODE, "--by", EVALUATOR).code == 0
    assert radap("indicator", "cancel", CODE, "--reason", "ยุบรวม", "--by", EVALUATOR).code == 0
    assert radap(*MEETING).err == (
        "Indicator 5049-2017 is cancelled: nothing can be recorded on it. "
        "Who can do this: administrator, evaluator.\n"
    )


def test_newer_version_and_last_day_are_listed(radap):
    first = radap.file("แผน.pdf", PDF)
    second = radap.file("แผน ใหม่", PDF + b"new")
    assert radap("attach", CODE, "meetings_held", first, "--expires", "31 ส.ค. 2564").code == 0
    assert radap("attach", CODE, "meetings_held", second, "--replaces", "1").code == 0

    old, new = radap("evidence", "list", CODE, "--json").data

    assert (old["state"], old["expires_on"], old["file_name"]) == ("replaced", "2021-08-31", "แผน.pdf")
    assert (new["state"], new["replaces"], new["file_name"]) == ("holds", 1, "แผน ใหม่.pdf")
    listed = " ".join(radap("evidence", "list", CODE).out.split())
    assert "older version" in listed
    assert "replaces 1" in listed


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        (["--expires", "2021-01-31"], "The document ran out on 31 Jan 2021"),
        (["--expires", "soon"], "“soon”"),
        (["--replaces", "7"], "has no evidence number 7"),
    ],
)
def test_version_or_day_that_cannot_be_is_refused(radap, more, sentence):
    said = radap("attach", CODE, "meetings_held", radap.file("a.pdf", PDF), *more)

    assert said.code in (1, 2)
    assert sentence in said.err
    assert radap("evidence", "list", CODE, "--json").data == []


def test_file_that_nobody_attached_is_swept_when_a_day_has_passed(radap):
    assert radap(*MEETING, "--evidence", radap.file("a.pdf", PDF)).code == 0
    lost = radap.folder / "evidence" / "aa" / ("aa" * 32)
    lost.parent.mkdir()
    lost.write_bytes(b"nobody's")
    assert radap("evidence", "sweep", "--json").data == {"swept": 0}
    os.utime(lost, (0, 0))

    assert radap("evidence", "sweep").out == "Files removed that nobody attached: 1.\n"
    assert radap("evidence", "list", CODE, "--json").data[0]["whole"] is True


def test_file_waits_outside_while_the_scanner_is_away(radap):
    nobody = f"unix:{radap.folder}/clamd.ctl"
    said = radap(*MEETING, "--evidence", radap.file("a.pdf", PDF), RADAP_EVIDENCE__CLAMD=nobody)

    assert said.code == 1
    assert "could not be checked for viruses" in said.err
    assert [one for one in (radap.folder / "evidence").rglob("*") if one.is_file()] == []

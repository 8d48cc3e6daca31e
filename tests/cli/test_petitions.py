"""Petitions at the command line: asked, listed, decided; and what is wrong with one."""

from tests.cli.conftest import CODE

DUE = "2021-08-02"


def test_petition_is_made_listed_and_granted(radap):
    made = radap("petition", "ask", CODE, "postponement", "issue_chosen", *_given())
    assert made.code == 0, made.err
    listed = radap("petition", "list", CODE, "--json").data
    assert [(one["kind"], one["milestone"], one["until"], one["state"]) for one in listed] == [
        ("postponement", "issue_chosen", DUE, "pending")
    ]
    assert radap("petition", "grant", CODE, "1").code == 0
    (after,) = radap("petition", "list", CODE, "--json").data
    assert after["state"] == "granted"


def test_petition_for_a_longer_quarter_is_declined_with_a_reason(radap):
    assert radap("petition", "ask", CODE, "extension", "3", *_given()).code == 0
    assert radap("petition", "decline", CODE, "1", "--reason", "there is time").code == 0
    (after,) = radap("petition", "list", CODE, "--json").data
    assert (after["quarter"], after["state"], after["answer"]) == (3, "declined", "there is time")


def test_petition_is_withdrawn(radap):
    radap("petition", "ask", CODE, "waiver", "issue_chosen", *_given())
    assert radap("petition", "withdraw", CODE, "1").code == 0
    assert "withdrawn" in radap("petition", "list", CODE).out


def test_petition_of_no_kind_is_wrong_use(radap):
    said = radap("petition", "ask", CODE, "holiday", "issue_chosen", *_given())
    assert said.code == 2
    assert "postponement" in said.err


def _given() -> tuple[str, ...]:
    return "--until", DUE, "--reason", "floods"


def test_correction_of_a_sealed_quarter_is_asked_for_and_made(radap):
    assert radap("seal", "2564", "1", "--reason", "พ้นกำหนด").code == 0
    missing = ("--until", "2020-11-30", "--document", "571/2563", "--reason", "found late")
    made = radap("petition", "ask", CODE, "correction", "committee_appointed", *missing)
    assert made.code == 0, made.err
    (one,) = radap("petition", "list", CODE, "--json").data
    assert (one["kind"], one["quarter"], one["until"], one["document_number"], one["record"]) == (
        "correction",
        1,
        "2020-11-30",
        "571/2563",
        None,
    )
    assert radap("petition", "grant", CODE, "1").code == 0
    wrong = radap("petition", "ask", CODE, "correction", "--record", "1", "--reason", "of last year")
    assert wrong.code == 0, wrong.err
    assert radap("petition", "grant", CODE, "2").code == 0
    states = [one["state"] for one in radap("petition", "list", CODE, "--json").data]
    assert states == ["granted", "granted"]

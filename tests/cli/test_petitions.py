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

"""Appeals at the command line: made, listed, decided; and reports accepted by the checklist."""

from tests.cli.conftest import CODE


def test_appeal_is_made_listed_and_dismissed_and_another_upheld(radap):
    for quarter in ("1", "2"):
        assert radap("report", "write", CODE, quarter, "--text", "ประชุมแล้ว").code == 0
        assert radap("report", "submit", CODE, quarter).code == 0
        assert radap("report", "endorse", CODE, quarter).code == 0
        given = ("--met", "tells_what", "--met", "dated", "--remark", "ยังขาด")
        accepted = radap("report", "accept", CODE, quarter, *given)
        assert accepted.code == 0, accepted.err
        assert radap("appeal", "make", CODE, quarter, "--reason", "ครบแล้ว").code == 0
    assert radap("appeal", "dismiss", CODE, "1", "--reason", "ยังขาด").code == 0
    upheld = radap("appeal", "uphold", CODE, "2", "--reason", "จริง", "--quality", "100")
    assert upheld.code == 0, upheld.err
    listed = radap("appeal", "list", CODE, "--json").data
    assert [(one["quarter"], one["state"], one["answer"]) for one in listed] == [
        (1, "dismissed", "ยังขาด"),
        (2, "upheld", "จริง"),
    ]
    reports = radap("report", "show", CODE, "--json").data
    assert [(one["quarter"], one["quality"]) for one in reports] == [(1, 80), (2, 100)]


def test_score_that_differs_from_what_is_proposed_asks_for_a_reason(radap):
    radap("report", "write", CODE, "1", "--text", "ประชุมแล้ว")
    radap("report", "submit", CODE, "1")
    radap("report", "endorse", CODE, "1")
    said = radap("--lang", "en", "report", "accept", CODE, "1", "--met", "tells_what", "--quality", "90")
    assert said.code == 1
    assert "the checklist proposes 75" in said.err


def test_cancellation_is_asked_for_at_the_command_line(radap):
    asked = radap(
        "petition", "ask", CODE, "cancellation", "--until", "2021-08-02", "--reason", "รวมกับตัวชี้วัดอื่น"
    )
    assert asked.code == 0, asked.err
    (one,) = radap("petition", "list", CODE, "--json").data
    assert (one["kind"], one["milestone"], one["quarter"]) == ("cancellation", None, None)
    assert radap("petition", "list", CODE).code == 0

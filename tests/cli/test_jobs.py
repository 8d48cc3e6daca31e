"""What is made in the background, seen and moved from the command line."""

from engine.jobs import Product, Scope, Wanted
from engine.workflow import Text
from storage import jobs
from storage.store import Store, connect
from tests.cast import POLICY
from tests.cli.conftest import EVALUATOR, MID_JULY
from workflows.catalogue import parse


def ask(radap) -> None:
    store = Store(connect(radap.url), POLICY, parse)
    with store.begin() as tx:
        wanted = Wanted(Product.PDF, Scope.AGENCY, "1", 2021)
        jobs.ask(tx.connection, wanted, Text("ทุ่งครุ", "Thung Khru"), 2, MID_JULY)
    store.close()


def test_jobs_are_listed_cancelled_and_tried_again(radap):
    assert radap("jobs", "list", "--json").data == []
    ask(radap)

    (one,) = radap("jobs", "list", "--json").data
    assert (one["id"], one["state"], one["error"]) == (1, "waiting", None)
    assert "Khru" in radap("jobs", "list").out
    assert radap("jobs", "cancel", "1").out == "Job 1 is cancelled\n"
    (one,) = radap("jobs", "list", "--state", "cancelled", "--json").data
    assert one["error"].startswith("An administrator")
    assert radap("jobs", "list", "--state", "failed", "--json").data == []
    assert radap("jobs", "retry", "1").code == 0
    assert radap("journal", "show", "--json").data[-1]["data"] == {"job": 1, "step": "retry"}


def test_what_cannot_be_done_to_a_job_is_told(radap):
    ask(radap)

    for words, code in (
        (["retry", "1"], 1),
        (["cancel", "7"], 1),
        (["cancel", "1", "--by", EVALUATOR], 1),
        (["list", "--state", "lost"], 2),
    ):
        said = radap("jobs", *words)
        assert (said.code, len(said.err.splitlines())) == (code, 1), said.err
    assert radap("jobs", "list", "--json").data[0]["state"] == "waiting"

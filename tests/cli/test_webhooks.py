"""The commands of webhooks: an endpoint added, tried, told by the worker, looked at, paused and removed."""

from datetime import UTC, datetime
from math import inf
from pathlib import Path

import pytest

from docs.client.radap_client import verify_webhook
from tests.notifications.http_servers import HttpServer
from tests.programs import heard

#: When something happens after the endpoint was added.
LATER = datetime(2021, 7, 16, 2, tzinfo=UTC)


@pytest.fixture
def hub(radap):
    Path("config.toml").write_text('[endpoints]\nnetworks = ["127.0.0.0/8"]\n')
    with HttpServer() as server:
        yield server


def test_endpoint_lives_from_add_to_remove(radap, hub):
    url = f"http://127.0.0.1:{hub.port}/hook"
    added = radap("webhook", "add", url, "--name", "Data hub", "--event", "agency_added", "--json").data
    assert (added["id"], added["name"]) == (1, "Data hub")
    assert len(added["secret"]) >= 32
    assert radap("webhook", "test", "1").code == 0
    assert [one["event"] for one in heard(hub)] == ["test"]

    radap("agency", "add", "สำนัก", "--name-en", "Office", "--kind", "department", at=LATER)
    told = radap("worker", "--once", "--json", at=LATER).data

    assert told["programs"] == {"sent": 1}
    assert heard(hub)[1]["event"] == "agency_added"
    (delivery,) = radap("webhook", "deliveries", "1", "--json").data
    assert (delivery["state"], delivery["answer"]) == ("sent", "HTTP 200 OK")
    assert radap("webhook", "resend", "1", "--delivery", str(delivery["id"])).code == 0
    hub.status = 500
    assert radap("worker", "--once", "--json", at=LATER).data["programs"] == {"deferred": 1}
    (one,) = radap("webhook", "list", "--json").data
    assert (one["waiting"], one["answer"]) == (1, "HTTP 500 Internal Server Error")
    assert one["url"] == url
    assert "Data hub" in radap("webhook", "list").out
    assert "HTTP 500" in radap("webhook", "deliveries", "1").out
    assert radap("webhook", "test", "1").code == 1
    renewed = radap("webhook", "renew", "1", "--json").data
    assert renewed["secret"] != added["secret"]
    hub.status = 200
    assert radap("webhook", "test", "1").code == 0
    signed = hub.received[-1].headers["Radap-Signature"]
    assert verify_webhook(renewed["secret"], signed, hub.received[-1].body, tolerance=inf).event == "test"
    for command in ("pause", "resume", "remove"):
        assert radap("webhook", command, "1").code == 0
    said = radap("webhook", "remove", "1")
    assert (said.code, said.err) == (1, "There is no endpoint 1.\n")
    assert radap("webhook", "list", "--json").data == []


def test_address_inside_is_refused_without_the_settings(radap):
    said = radap("webhook", "add", "https://10.0.0.8/hook")

    assert said.code == 1
    assert "private network" in said.err
    said = radap("webhook", "add", "https://x.example/", "--event", "agency_aded")
    assert "Did you mean agency_added" in said.err

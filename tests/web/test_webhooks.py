"""The pages of webhooks: added with a secret that is shown once, paused, removed, and what each was told."""

import re
from dataclasses import replace
from ipaddress import ip_network

from engine.endpoints import EVENT, message_to
from notifications.posting import Reach
from storage import endpoints, outbox
from storage.endpoints import New
from tests.cast import ADMINISTRATOR, FOUNDED, OPERATOR, THUNG_KHRU
from tests.counting import counted
from tests.web.coordinators import banner, enter, errors, heading, words
from tests.web.programs import program
from tests.web.test_administration import HOSTILE, send, told

HOOKS = "/administration/webhooks"
URL = "https://hub.example.go.th/radap?key=1"


def add(town, name="ระบบข้อมูลกลาง", url=URL, **more):
    with town.store.begin() as tx:
        return endpoints.add(tx, New(url, name, **more), by=OPERATOR.id, now=FOUNDED)[0]


def tell(town, number, count=1, first=1):
    with town.store.begin() as tx:
        messages = [message_to(number, f"1:{first + n}", EVENT, town.clock.now) for n in range(count)]
        outbox.enqueue(tx.connection, messages, town.clock.now)


def queries(town, path):
    with counted(town.store) as asked:
        assert town.get(path).status_code == 200
    return len(asked)


def test_endpoint_is_added_with_a_secret_that_is_shown_once(town):
    enter(town, ADMINISTRATOR)
    wanted = {"event-report_submitted": "1", "event-quarter_sealed": "1", "agency": str(THUNG_KHRU)}

    page = send(town, f"{HOOKS}/add", url=URL, name="ระบบข้อมูลกลาง", **wanted)

    assert (page.status_code, heading(page)) == (200, "ระบบข้อมูลกลาง")
    (secret,) = re.findall(r'<code class="radap-code">([^<]+)</code>', page.text)
    what, by, data = told(town)
    chosen = ["report_submitted", "quarter_sealed"]
    assert (what, by) == ("endpoint_added", ADMINISTRATOR.id)
    assert (data["events"], data["agency"]) == (chosen, THUNG_KHRU)
    again = town.get(f"{HOOKS}/{data['id']}")
    assert secret not in again.text
    assert "สำนักงานเขตทุ่งครุ" in words(again.text)
    with town.store.read() as tx:
        assert endpoints.signed_with(tx.connection, data["id"]) == (URL, secret)
    assert "hub.example.go.th" in town.get(HOOKS).text


def test_endpoint_that_cannot_be_is_refused_and_what_was_typed_stays(town):
    enter(town, ADMINISTRATOR)
    for url, said in (
        ("", "ไม่ใช่ URL"),
        ("http://hub.example.go.th/", "ไม่ใช่ https"),
        ("http://127.0.0.1/", "ภายในเครือข่าย"),
        ("https://10.0.0.8/", "ภายในเครือข่าย"),
        ("https://[::1]/", "ภายในเครือข่าย"),
        ("https://user:pass@hub.example.go.th/", "ไม่ใช่ URL"),
        ("ftp://hub.example.go.th/", "ไม่ใช่ URL"),
    ):
        page = send(town, f"{HOOKS}/add", url=url, name=HOSTILE, **{"event-role_given": "1"})
        assert page.status_code == 422, url
        ((field, sentence),) = errors(page)
        assert field == "url"
        assert said in sentence
        assert "<script>alert" not in page.text
        assert re.search(r'id="event-role_given"[^>]* checked', page.text)
    assert "ยังไม่มีปลายทาง" in town.get(HOOKS).text


def test_endpoint_is_paused_resumed_tried_and_removed(town):
    enter(town, ADMINISTRATOR)
    number = add(town)
    one = f"{HOOKS}/{number}"
    for act, what in (("pause", "endpoint_paused"), ("resume", "endpoint_resumed")):
        page = send(town, f"{one}/do", act=act)
        assert banner(town.get(page.headers["location"]))
        assert told(town) == (what, ADMINISTRATOR.id, {"id": number, "name": "ระบบข้อมูลกลาง"})
    assert send(town, f"{one}/do", act="resume").status_code == 422
    assert send(town, f"{one}/do", act="nonsense").status_code == 200
    assert send(town, f"{one}/do", act="test").status_code == 303
    assert "test:" in town.get(one).text

    page = send(town, f"{one}/do", act="remove")

    assert page.headers["location"].startswith(f"{HOOKS}?")
    assert town.get(one).status_code == 404
    assert send(town, f"{one}/do", act="pause").status_code == 404
    assert told(town)[0] == "endpoint_removed"


def test_secret_is_renewed_and_shown_once(town):
    enter(town, ADMINISTRATOR)
    number = add(town)
    one = f"{HOOKS}/{number}"
    with town.store.read() as tx:
        _, before = endpoints.signed_with(tx.connection, number)

    page = send(town, f"{one}/do", act="renew")

    (secret,) = re.findall(r'<code class="radap-code">([^<]+)</code>', page.text)
    with town.store.read() as tx:
        assert endpoints.signed_with(tx.connection, number) == (URL, secret)
    assert secret != before
    assert told(town) == ("endpoint_renewed", ADMINISTRATOR.id, {"id": number, "name": "ระบบข้อมูลกลาง"})
    assert secret not in town.get(one).text
    assert send(town, f"{HOOKS}/99/do", act="renew").status_code == 404


def test_what_was_told_is_listed_and_told_again(town):
    enter(town, ADMINISTRATOR)
    number = add(town)
    tell(town, number, 60)
    page = town.get(f"{HOOKS}/{number}")
    assert page.text.count("/administration/outbox/") == 50
    (older,) = re.findall(r'href="(\?before=\d+)"', page.text)
    assert town.get(f"{HOOKS}/{number}{older}").text.count("/administration/outbox/") == 10
    assert "/administration/outbox/1" not in town.get("/administration/outbox").text
    with town.store.begin() as tx:
        (first,) = outbox.claim_of_program(
            tx.connection, number, 0, 1, lease_seconds=60, token="x", now=town.clock.now
        )
        outbox.failed(tx.connection, first.id, "x", answer="HTTP 422 Unprocessable", now=town.clock.now)
    assert "HTTP 422 Unprocessable" in town.get(f"{HOOKS}/{number}{older}").text

    send(town, f"{HOOKS}/{number}/do", act="repeat", message=str(first.id))

    assert told(town)[2] == {"endpoint": number, "messages": [first.id], "step": "repeated"}


def test_pages_ask_as_much_for_one_as_for_many(town):
    enter(town, ADMINISTRATOR)
    number = add(town)
    tell(town, number)
    few = [queries(town, path) for path in (HOOKS, f"{HOOKS}/{number}")]
    for each in range(30):
        add(town, name=f"p{each}", agency=THUNG_KHRU)
    tell(town, number, 30, first=100)
    assert [queries(town, path) for path in (HOOKS, f"{HOOKS}/{number}")] == few


def test_plain_http_is_for_this_machine_and_only_where_the_operator_says_so(town):
    town.open(replace(town.site, reach=Reach((ip_network("127.0.0.0/8"),))))
    enter(town, ADMINISTRATOR)
    assert send(town, f"{HOOKS}/add", url="http://localhost:9000/hook").status_code == 200
    assert send(town, f"{HOOKS}/add", url="http://10.0.0.8/hook").status_code == 422


def test_programs_do_the_same(town):
    hub = program(town, ADMINISTRATOR.id)
    refused = hub.post("/webhooks", {"url": "https://10.0.0.8/", "events": []})
    assert refused.status_code == 409
    assert refused.json()["conditions"][0]["kind"] == "url.private"
    added = hub.post("/webhooks", {"url": URL, "events": ["role_given"], "agency": THUNG_KHRU}).json()
    number = added["id"]
    one = hub.get(f"/webhooks/{number}").json()["webhook"]
    assert (one["name"], one["events"], one["state"]) == ("hub.example.go.th", ["role_given"], "active")
    assert added["secret"] not in hub.get(f"/webhooks/{number}").text
    for act, state in (("pause", "paused"), ("resume", "active"), ("test", "active")):
        assert hub.post(f"/webhooks/{number}/{act}").json()["state"] == state
    (delivery,) = hub.get(f"/webhooks/{number}").json()["items"]
    assert delivery["state"] == "pending"
    assert hub.post(f"/webhooks/{number}/repeat", {"delivery": delivery["id"]}).status_code == 409
    assert hub.post(f"/webhooks/{number}/repeat", {}).json() == {"count": 0}
    renewed = hub.post(f"/webhooks/{number}/renew").json()
    assert (renewed["id"], renewed["secret"] != added["secret"]) == (number, True)
    assert hub.ask("DELETE", f"/webhooks/{number}").status_code == 204
    assert hub.post(f"/webhooks/{number}/renew").status_code == 404
    assert hub.get(f"/webhooks/{number}").status_code == 404
    assert hub.get("/webhooks").json() == {"items": []}

"""Proposals, everybody's jobs and changing settings, as programs read and decide them."""

import pytest

from cli.bootstrap import House
from cli.changing import Changing
from cli.settings import Settings
from tests.cast import ADMINISTRATOR, COORDINATOR, THUNG_KHRU, at
from tests.seed import AFTER, IMPORTED, import_the_page, know_the_network
from tests.web.programs import Program, program
from tests.web.town import Town

PROPOSALS = f"/indicators/2564/{IMPORTED}/proposals"


@pytest.fixture
def reader(town: Town) -> Program:
    """A program of the coordinator, once the page of the existing site was imported."""
    know_the_network(town)
    import_the_page(town)
    town.clock.now = at(AFTER)
    return program(town, COORDINATOR.id)


def test_proposals_are_accepted_changed_and_refused(reader):
    told = reader.get(PROPOSALS)
    assert [one["form"] for one in told.json()["pages"]] == ["text_only"]
    assert reader.get(f"{PROPOSALS}/99").status_code == 404
    items = {one["number"]: one for one in told.json()["items"]}
    certain = [number for number, one in items.items() if one["is_certain"]]
    assert len(certain) > 3
    first, second, *rest = certain
    narrative = reader.get(f"/indicators/2564/{IMPORTED}/quarters/{items[first]['quarter']}").json()["report"]
    assert narrative["narrative"][items[first]["begins"] : items[first]["ends"]] == items[first]["text"]

    changed = reader.post(f"{PROPOSALS}/{first}/accept", {"note": "แก้แล้ว"}, seen=told.headers["etag"])
    assert (changed.status_code, changed.json()["event"]) == (200, "occurrence_recorded")
    stale = reader.post(f"{PROPOSALS}/{second}/accept", {}, seen=told.headers["etag"])
    assert stale.status_code == 412
    assert reader.post(f"{PROPOSALS}/{second}/refuse", {"reason": "ไม่ใช่"}).status_code == 200
    taken = reader.ask("POST", f"{PROPOSALS}/accept").json()
    assert set(rest) <= set(taken["accepted"])
    states = {one["number"]: one["state"] for one in reader.get(PROPOSALS).json()["items"]}
    assert (states[first], states[second]) == ("accepted", "refused")
    fact = reader.get(f"/indicators/2564/{IMPORTED}").json()["facts"][0]
    assert fact["note"] == "แก้แล้ว"


def test_day_of_a_month_has_to_be_given_or_said_to_be_unknown(reader):
    quarter = f"/indicators/2564/{IMPORTED}/quarters/3/write"
    narrative = "- จัดประชุมคณะกรรมการ ในเดือนเมษายน 2564 - แต่งตั้งคณะกรรมการ ในเดือนพฤษภาคม 2564"
    assert reader.post(quarter, {"narrative": narrative}).status_code == 200
    assert reader.post(f"{PROPOSALS}/read").status_code == 200
    meeting, order = [one["number"] for one in reader.get(PROPOSALS).json()["items"] if one["needs_day"]]
    assert reader.post(f"{PROPOSALS}/{meeting}/accept", {}).json()["conditions"][0]["kind"] == "day.asked"
    assert reader.post(f"{PROPOSALS}/{meeting}/accept", {"note": "x"}).status_code == 409
    assert reader.post(f"{PROPOSALS}/{meeting}/accept", {"occurred_on": "2021-05-01"}).status_code == 409
    assert reader.post(f"{PROPOSALS}/{meeting}/accept", {"occurred_on": "2021-04-20"}).status_code == 200
    assert reader.post(f"{PROPOSALS}/{order}/accept", {"occurred_on": None}).status_code == 200
    facts = reader.get(f"/indicators/2564/{IMPORTED}").json()["facts"]
    assert [one["occurred_on"] for one in facts] == ["2021-04-20", None]


def test_words_that_fit_no_milestone_become_a_fact_of_the_one_that_is_named(reader):
    items = reader.get(PROPOSALS).json()["items"]
    (aside,) = [one for one in items if one["milestone"] is None]
    path = f"{PROPOSALS}/{aside['number']}/accept"
    refused = reader.post(path, {"note": "ไม่ทราบขั้น"})
    assert refused.status_code == 409
    named = {"milestone": "meetings_held", "occurred_on": "2021-01-19"}
    assert reader.post(path, named).json()["event"] == "occurrence_recorded"
    facts = reader.get(f"/indicators/2564/{IMPORTED}").json()["facts"]
    assert [(one["kind"], one["occurred_on"]) for one in facts] == [("meeting", "2021-01-19")]


def test_jobs_of_everybody_are_cancelled_and_tried_again(town):
    theirs, admin = program(town, COORDINATOR.id), program(town, ADMINISTRATOR.id)
    body = {"product": "pdf", "scope": "agency", "of": str(THUNG_KHRU), "year": 2564}
    number = theirs.ask("POST", "/jobs", body).json()["number"]
    (job,) = admin.get("/administration/jobs?state=open").json()["items"]
    assert (job["number"], job["by"]) == (number, COORDINATOR.name)
    one = f"/administration/jobs/{number}"
    assert admin.ask("POST", f"{one}/cancel").json()["state"] == "cancelled"
    assert admin.ask("POST", f"{one}/cancel").status_code == 409
    assert admin.ask("POST", f"{one}/retry").json()["state"] == "waiting"


def test_setting_is_changed_and_given_back(town):
    house = House(Settings(), town.store, town.site.evidence, town.clock)
    town.site.settings = Changing(house, lambda: 0.0)
    admin = program(town, ADMINISTRATOR.id)
    one = "/settings/reminders.hour"
    assert admin.get(one).json()["now"] == 8
    assert admin.ask("POST", one, {"value": "10"}).json()["now"] == 10
    assert town.site.reminders.hour == 10
    assert admin.ask("POST", one, {"value": "25"}).status_code == 409
    assert admin.ask("POST", one, {"value": None}).json()["is_changed"] is False
    assert admin.get("/settings/no.such").status_code == 404

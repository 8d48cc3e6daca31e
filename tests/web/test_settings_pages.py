"""Settings that administrators change: the page, its fields, and what follows at once."""

import pytest

from cli.bootstrap import House
from cli.changing import Changing
from cli.running import CHANGEABLE
from cli.settings import Settings
from storage import setting_changes
from tests.cast import ADMINISTRATOR
from tests.web.coordinators import banner, enter, errors, heading, words
from tests.web.test_administration import HOSTILE, send, told
from tests.web.town import Town

PAGE = "/administration/settings"


@pytest.fixture
def ruled(town: Town) -> Town:
    """The pages of a house that was started with every default, and its administrator."""
    house = House(Settings(), town.store, town.site.evidence, town.clock)
    town.site.settings = Changing(house, lambda: 0.0)
    return enter(town, ADMINISTRATOR)


def save(town: Town, key: str, value: str, do: str = "change"):
    return send(town, f"{PAGE}/{key}", at=f"{PAGE}/{key}", value=value, do=do)


def test_every_setting_stands_on_the_page_with_a_page_of_its_own(ruled):
    page = ruled.get(PAGE)
    assert heading(page) == "การตั้งค่า"
    for key in CHANGEABLE:
        assert f'href="{PAGE}/{key}"' in page.text
        one = ruled.get(f"{PAGE}/{key}")
        assert one.status_code == 200
        assert "setting." not in words(one.text), key
    assert "setting." not in words(page.text)
    assert ruled.get(f"{PAGE}/database.url").status_code == 404


def test_hour_is_changed_journaled_and_given_back(ruled):
    assert banner(ruled.get(save(ruled, "reminders.hour", "10").headers["location"])) == [
        "เปลี่ยนการตั้งค่าแล้ว มีผลตั้งแต่นี้"
    ]

    assert ruled.site.reminders.hour == 10
    particulars = {"key": "reminders.hour", "before": "8", "after": "10", "back": False}
    assert told(ruled) == ("setting_changed", ADMINISTRATOR.id, particulars)
    page = words(ruled.get(f"{PAGE}/reminders.hour").text)
    assert "เปลี่ยนแล้ว" in page
    assert "reminders.hour" in words(ruled.get("/administration/journal").text)

    save(ruled, "reminders.hour", "", do="back")
    assert ruled.site.reminders.hour == 8
    again = save(ruled, "reminders.hour", "", do="back")
    assert [text for _, text in errors(again)] == ["reminders.hour ใช้ค่าในไฟล์อยู่แล้ว"]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("reminders.hour", "25", "reminders.hour คือ 25 ต้องไม่เกิน 23"),
        ("reminders.report.before", "3, 3", "3"),
        ("review.checklist", HOSTILE, "review.checklist"),
        ("calendar.added_holidays", "12 เม.ย. 2564\n31 ก.พ. 2564", "31"),
        ("outbox.gather_minutes", "7", "outbox.gather_minutes"),
        ("reports.fix_days", "5\nhour = 3", "reports.fix_days"),
    ],
)
def test_wrong_value_is_told_beside_the_field_and_nothing_is_lost(ruled, key, value, said):
    with ruled.nothing_changes():
        answer = save(ruled, key, value)

    assert answer.status_code == 422
    ((field, sentence),) = errors(answer)[:1]
    assert (field, said in sentence) == ("value", True), sentence
    assert "<script>alert" not in answer.text
    if "\n" not in value and value != HOSTILE and CHANGEABLE[key] != "choice":
        assert f'value="{value}"' in answer.text


def test_days_are_typed_as_people_write_them(ruled):
    save(ruled, "calendar.added_holidays", "27 ก.ค. 2564\n๒๖ กรกฎาคม ๒๕๖๔")

    page = ruled.get(f"{PAGE}/calendar.added_holidays")
    assert "26 ก.ค. 2564, 27 ก.ค. 2564" in words(page.text)
    with ruled.store.read() as tx:
        (kept,) = setting_changes.every(tx.connection)
    assert kept.value == ["2021-07-26", "2021-07-27"]


def test_public_pages_come_and_go(ruled):
    assert ruled.get("/public").status_code == 404
    save(ruled, "public.enabled", "true")
    assert ruled.get("/public").status_code == 200
    save(ruled, "public.enabled", "false")
    assert ruled.get("/public").status_code == 404


def test_checklist_is_kept_as_the_file_writes_it(ruled):
    page = ruled.get(f"{PAGE}/review.checklist")
    assert "tells_what" in page.text
    text = '[\n  { key = "whole", th = "ครบถ้วน \\"จริง\\"", en = "Whole", points = 3 },\n]'

    save(ruled, "review.checklist", text)

    (item,) = ruled.store.policy.review.checklist
    assert (item.key, item.title.th, item.points) == ("whole", 'ครบถ้วน "จริง"', 3)
    assert text in ruled.get(f"{PAGE}/review.checklist").text.replace("&#34;", '"')

"""Settings that administrators change: the page, its fields, and what follows at once."""

import html
import re

import pytest

from cli.bootstrap import House
from cli.changing import Changing
from cli.running import CHANGEABLE
from cli.settings import Settings
from engine.reminders import Topic
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
    if "\n" not in value and CHANGEABLE[key] != "choice":
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


CHECKLIST = f"{PAGE}/review.checklist"
LADDER = f"{PAGE}/reminders.report.ladder"


def rows(*typed: dict[str, str]) -> dict[str, str]:
    """Rows as the fields of the form."""
    return {f"row-{n}-{name}": text for n, one in enumerate(typed) for name, text in one.items()}


def row_fields(page) -> dict[str, str]:
    """What the fields of the rows hold on the page."""
    inputs = re.findall(r'name="(row-[^"]+)"[^>]* value="([^"]*)"', page.text)
    selects = re.findall(r'<select[^>]* name="(row-[^"]+)"(.*?)</select>', page.text, re.DOTALL)
    chosen = {name: "".join(re.findall(r'value="([^"]*)" selected', options)) for name, options in selects}
    return {**{name: html.unescape(value) for name, value in inputs}, **chosen}


def post(town: Town, path: str, fields: dict[str, str], do: str = "change"):
    return send(town, path, at=path, do=do, **fields)


def question(key: str, th: str, en: str, points: str) -> dict[str, str]:
    return {"key": key, "th": th, "en": en, "points": points}


def test_checklist_is_filled_in_row_by_row(ruled):
    page = ruled.get(CHECKLIST)
    assert row_fields(page)["row-0-key"] == "tells_what"
    assert "<textarea" not in page.text

    fields = rows(
        question("tells_what", 'ครบถ้วน "จริง"', "Whole", "๙๐"),
        question("", "", "", ""),
        question("", "มีภาพถ่าย", "Has photos", "5"),
    )
    post(ruled, CHECKLIST, fields)

    kept = [(one.key, one.title.th, one.title.en, one.points) for one in ruled.store.policy.review.checklist]
    assert kept == [
        ("tells_what", 'ครบถ้วน "จริง"', "Whole", 90),
        ("item_1", "มีภาพถ่าย", "Has photos", 5),
    ]
    assert row_fields(ruled.get(CHECKLIST))["row-1-key"] == "item_1"


def test_rows_come_go_and_move_without_a_script_and_nothing_is_saved_by_that(ruled):
    first, second = question("a", "ก", "A", "x"), question("b", "ข", "B", "2")
    empty = question("", "", "", "")
    with ruled.nothing_changes():
        for do, expected in (
            ("add", [first, second, empty]),
            ("up-1", [second, first]),
            ("take-0", [second]),
        ):
            page = post(ruled, CHECKLIST, rows(first, second), do)
            assert (page.status_code, errors(page)) == (200, []), do
            assert row_fields(page) == rows(*expected), do


#: A setting, what is typed into its rows, at which field the fault stands, and what of it is said.
FAULTS: tuple[tuple[str, list[dict[str, str]], str, str], ...] = (
    (CHECKLIST, [question("a", "ก", "A", "มาก")], "row-0-points", "มาก"),
    (CHECKLIST, [question("a", "ก", "A", "1"), question("b", "ข", "", "0")], "row-1-en", "ภาษาอังกฤษ"),
    (CHECKLIST, [question("a", "ก", "A", "1001")], "row-0-points", "ไม่เกิน 1000"),
    (CHECKLIST, [question("a", "ก", "A", "1.5")], "row-0-points", "1.5"),
    (CHECKLIST, [question("a", "ก", "A", "1"), question("a", "ข", "B", "1")], "row-1-th", "a"),
    (CHECKLIST, [question("", "", "", "")], "value", "อย่างน้อย 1 รายการ"),
    (CHECKLIST, [question(HOSTILE, HOSTILE, "A", "1")], "row-0-th", "รายการที่ 1"),
    (LADDER, [{"role": "", "after": ""}], "value", "ไม่มีผู้รับแจ้งเลย"),
    (LADDER, [{"role": "", "after": "3"}], "row-0-role", "บทบาท"),
    (LADDER, [{"role": "viewer", "after": ""}], "row-0-role", "เลือกจากรายการ"),
    (LADDER, [{"role": "deputy", "after": "2"}], "row-0-after", "เว้นช่องจำนวนวันว่าง"),
    (
        LADDER,
        [{"role": "coordinator", "after": ""}, {"role": "coordinator", "after": "2"}],
        "row-1-role",
        "ผู้ประสานงานซ้ำ",
    ),
    (
        LADDER,
        [{"role": "deputy", "after": ""}, {"role": "director", "after": "0"}],
        "row-1-after",
        "ต้องช้ากว่ารายการก่อนหน้า",
    ),
)


def test_fault_of_a_row_is_told_at_its_field_and_every_row_stays(ruled):
    for path, typed, at, said in FAULTS:
        with ruled.nothing_changes():
            answer = post(ruled, path, rows(*typed))

        assert answer.status_code == 422
        ((field, sentence), *_) = errors(answer)
        assert (field, said in sentence) == (at, True), (field, sentence)
        assert "<script>alert" not in answer.text
        if at != "value":
            assert f'id="{at}-error"' in answer.text
            forged = {"row-0-role": ""} if said == "เลือกจากรายการ" else {}
            assert row_fields(answer) == {**rows(*typed), **forged}


def test_ladder_is_filled_in_row_by_row(ruled):
    assert row_fields(ruled.get(LADDER))["row-1-role"] == "deputy"
    post(ruled, LADDER, rows({"role": "section_head", "after": ""}, {"role": "director", "after": "4"}))
    ladder = ruled.site.reminders.topics[Topic.REPORT].ladder
    assert [(str(one.role), one.after) for one in ladder] == [("section_head", 0), ("director", 4)]

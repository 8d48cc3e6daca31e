"""A year set up on a page: the difference is seen first, and what was seen is what is written."""

import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from engine import actions
from engine.records import Kind
from storage import kept_records, views
from storage import tables as t
from tests.cast import ADMINISTRATOR, CODE, EVALUATOR, WORKFLOW, YEAR, at, new_indicator
from tests.counting import counted
from tests.fifty import found_fifty
from tests.web.coordinators import arrive, banner, enter, errors, fill, value_of

PAGE = "/administration/campaign"
EXAMPLE = Path(__file__).parents[2] / "docs" / "campaign.example.toml"
CARRY = f"{PAGE}/carry-over"
TEXT = f"""year = 2564

[[agencies]]
code = "5004"
name = "สำนักงานเขตบางรัก"

[[people]]
email = "coordinator@bangrak.example"
name = "ผู้ประสานงานเขตบางรัก"
roles = ["coordinator@5004"]

[[indicators]]
workflow = "{WORKFLOW.key}"
agencies = ["ทุกเขต"]
without = ["สำนักงานเขตสายไหม"]
code = "{{agency}}-2017"
title = {{ th = "ระดับความสำเร็จของการสร้างเครือข่าย" }}
target = 4
"""


def look(town, text=TEXT):
    return fill(town, PAGE, files={"file": ("c.toml", text.encode())})


def write(town, seen, path=PAGE, **changed):
    """Confirm what was seen: send the form of that page back."""
    fields = {
        name: value_of(seen, name)
        for name in ("token", "expected", "text", "from", "year", "versions", "without")
        if f'name="{name}"' in seen.text
    }
    return town.client.post(path, data={**fields, "step": "write", **changed}, follow_redirects=False)


def kept(town, year=YEAR):
    with town.store.read() as tx:
        return kept_records.read(town.store, tx.connection, year).records


def rows(page):
    return re.findall(r'data-label="รายการ">([^<]+)<', page.text)


def test_file_is_looked_at_and_then_written(town):
    enter(town, ADMINISTRATOR)
    with town.nothing_changes():
        seen = look(town)
    assert rows(seen) == ["5004", "coordinator@bangrak.example", CODE, "5004-2017"]
    assert "ค่าเป้าหมาย: 5 → 4" in seen.text

    answer = write(town, seen)

    assert banner(arrive(town, answer)) == ["บันทึกแล้วทั้งหมด"]
    found = kept(town)
    assert found[Kind.INDICATOR, CODE].fields["target"] == Decimal(4)
    assert found[Kind.INDICATOR, "5004-2017"].fields["agency"] == "5004"
    assert found[Kind.PERSON, "coordinator@bangrak.example"].fields["roles"] == ("coordinator@5004",)
    with town.store.read() as tx:
        last = views.history(tx.connection, t.CITY)[-1].entry
    assert (last.what, last.by) == ("records_written", ADMINISTRATOR.id)
    assert "ไม่มีอะไรเปลี่ยนแปลง" in look(town).text


def test_what_changed_meanwhile_is_shown_again_and_not_written(town):
    enter(town, ADMINISTRATOR)
    seen = look(town)
    with town.store.begin() as tx:
        given = {"target": Decimal(3)}
        actions.change_indicator(tx, CODE, YEAR, given, by=ADMINISTRATOR, now=town.clock.now)

    with town.nothing_changes():
        again = write(town, seen)

    assert "ข้อมูลเปลี่ยนไปตั้งแต่ดูครั้งก่อน" in again.text
    assert "ค่าเป้าหมาย: 3 → 4" in again.text
    assert write(town, again).status_code == 303


def test_text_that_was_edited_after_it_was_seen_is_seen_again(town):
    enter(town, ADMINISTRATOR)
    seen = look(town)

    with town.nothing_changes():
        again = write(town, seen, text=TEXT.replace("target = 4", "target = 3"))

    assert "ค่าเป้าหมาย: 5 → 3" in again.text


def test_faults_stand_beside_the_text_by_line_and_nothing_typed_is_lost(town):
    enter(town, ADMINISTRATOR)
    wrong = TEXT.replace("target", "taget").replace('"ทุกเขต"', '"ทุกเข"')

    with town.nothing_changes():
        page = look(town, wrong)

    assert page.status_code == 422
    (first, second) = errors(page)
    assert first[0] == "text"
    assert first[1].startswith('บรรทัด 14 “agencies = ["ทุกเข"]”')
    assert "หมายถึง ทุกเขต" in first[1]
    assert second[1].startswith("บรรทัด 18")
    assert value_of(page, "text") == wrong
    mended = town.client.post(PAGE, data={"token": value_of(page, "token"), "text": TEXT})
    assert CODE in rows(mended)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "เลือกไฟล์หรือวางข้อความ"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"#" * 2_000_001, "2 MB"),
    ],
)
def test_file_that_is_none_is_told_so(town, content, sentence):
    enter(town, ADMINISTRATOR)

    page = fill(town, PAGE, files={"file": ("c.toml", content)})

    assert page.status_code == 422
    assert sentence in errors(page)[0][1]


def test_campaign_of_a_large_city_is_looked_at_and_written(town):
    enter(town, ADMINISTRATOR)
    seen = look(town, TEXT + "# ก\n" * 50_000)
    form = {name: (None, value_of(seen, name)) for name in ("token", "expected", "text")}

    answer = town.client.post(PAGE, files={**form, "step": (None, "write")}, follow_redirects=False)

    assert answer.status_code == 303

    assert kept(town)[Kind.INDICATOR, CODE].fields["target"] == Decimal(4)


def test_hostile_text_is_only_text(town):
    enter(town, ADMINISTRATOR)
    hostile = 'year = 2564\n[[agencies]]\nname = "<script>alert(1)</script>{{ 7 * 7 }}"\n'

    for text in (hostile, hostile + "x ="):
        page = look(town, text)
        assert "<script>alert" not in page.text
        assert "{{ 7 * 7 }}" in page.text


def test_what_an_action_would_refuse_is_told_before(town):
    enter(town, ADMINISTRATOR)
    text = (
        'year = 2564\n[[extensions]]\nagencies = ["5049"]\nquarter = 1\n'
        'until = "4 ม.ค. 2564"\nreason = "น้ำท่วม"\n'
    )

    page = look(town, text)

    assert page.status_code == 422
    assert errors(page)[0][1].startswith("บรรทัด 2 ")


def test_year_is_carried_over_with_what_does_not_go_on(town):
    with town.store.begin() as tx:
        actions.create_indicator(tx, new_indicator("5049-9"), by=ADMINISTRATOR, now=at(date(2020, 10, 2)))
        actions.cancel_indicator(
            tx, "5049-9", YEAR, reason="ยุบโครงการ", by=EVALUATOR, now=at(date(2020, 11, 2))
        )
    enter(town, ADMINISTRATOR)
    with town.nothing_changes():
        seen = fill(
            town, PAGE, to=CARRY, **{"from": "2564", "year": "2565", "versions": "newest", "without": ""}
        )
    assert rows(seen) == [CODE]
    assert "5049-9: ไม่ยกไป เพราะถูกยกเลิกด้วยเหตุผลว่า ยุบโครงการ" in seen.text

    assert write(town, seen, CARRY).status_code == 303

    (carried,) = [one for one in kept(town, YEAR + 1).values() if one.kind is Kind.INDICATOR]
    assert (carried.key, carried.fields["target"]) == (CODE, Decimal(5))


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"from": "2564", "year": "2564"}, "year"),
        ({"from": "2564", "year": "2021"}, "year"),
        ({"from": "2564", "year": "x"}, "year"),
        ({"from": "", "year": "2565"}, "from"),
        ({"from": "2564", "year": "2565", "without": "5o49"}, "without"),
    ],
)
def test_carry_over_that_makes_no_sense_keeps_what_was_typed(town, fields, field):
    enter(town, ADMINISTRATOR)

    page = fill(town, PAGE, to=CARRY, **fields)

    assert [name for name, _ in errors(page)] == [field]
    assert value_of(page, "year") == fields["year"]


def test_year_is_taken_away_as_a_file_and_comes_in_the_same(town):
    enter(town, ADMINISTRATOR)

    file = town.get(f"{PAGE}/file?year=2564")

    assert file.headers["content-disposition"] == 'attachment; filename="campaign-2564.toml"'
    assert file.headers["content-type"].startswith("application/toml")
    assert "ไม่มีอะไรเปลี่ยนแปลง" in look(town, file.text).text
    assert town.get(f"{PAGE}/file?year=x").status_code == 404
    assert f'href="{PAGE}/file"' in town.get(PAGE).text
    assert town.get(f"{PAGE}/file").text == EXAMPLE.read_text(encoding="utf-8")


def test_page_asks_as_often_for_fifty_districts_as_for_one(town):
    enter(town, ADMINISTRATOR)
    town.get(PAGE)
    with counted(town.store) as few:
        town.get(PAGE)
    found_fifty(town.store)
    with counted(town.store) as many:
        town.get(PAGE)
    assert len(many) == len(few)


def test_history_tells_what_was_changed(town):
    with town.store.begin() as tx:
        given = {"target": Decimal(4), "definition": "นิยาม", "title_th": "เครือข่ายใหม่"}
        actions.change_indicator(tx, CODE, YEAR, given, by=ADMINISTRATOR, now=town.clock.now)
    enter(town, ADMINISTRATOR)

    page = town.get(f"/indicators/2564/{CODE}/history")

    assert "แก้ไขข้อตกลงของตัวชี้วัด" in page.text
    assert "ค่าเป้าหมาย: 5 → 4" in page.text
    assert "→ เครือข่ายใหม่ · ค่าเป้าหมาย: 5 → 4 · นิยาม" in page.text

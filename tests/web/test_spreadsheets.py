"""What people give in spreadsheets is taken in whole, or all that is wrong is told with its place."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.utils.cell import range_boundaries

from engine.permissions import Action
from engine.quarter import FiscalYear
from engine.records import How, Kind
from storage import checks, kept_records
from storage.store import Store
from tests.cast import (
    CODE,
    COORDINATOR,
    EVALUATOR,
    OPERATOR,
    YEAR,
    ZONE,
    found_city,
    new_store,
    open_store,
)
from tests.conftest import Copies
from tests.storage.story import everything as written
from tests.web.sheets import (
    RESULTS,
    TARGETS,
    THAI,
    empty_book,
    file_of,
    given,
    noted,
    saved,
    sheet_in,
    told,
)
from web.spreadsheets.columns import COLUMNS, SheetKind
from web.spreadsheets.filling import Filling
from web.spreadsheets.reading import MOST_TOLD
from web.spreadsheets.template import write_book, write_csv

AGENCIES = ("รหัสหน่วยงาน", "ชื่อหน่วยงาน", "ประเภทหน่วยงาน", "อยู่ภายใต้หน่วยงาน")
PEOPLE = ("อีเมล", "ชื่อ-นามสกุล", "บทบาท", "หน่วยงานที่สังกัด", "ภาษา")
INDICATORS = ("ปีงบประมาณ", "รหัสตัวชี้วัด", "หน่วยงาน", "แบบตัวชี้วัด", "ชื่อตัวชี้วัด", "รหัสแผนของตัวชี้วัด")


@pytest.fixture
def store(copy_of: Copies) -> Iterator[Store]:
    """A founded city; what is about files alone need not be tried on each kind of database."""
    opened = open_store(copy_of("sqlite", fill))
    yield opened
    opened.close()


def fill(url: str) -> None:
    store = new_store(url)
    found_city(store)
    store.close()


def day(year: int, month: int, number: int) -> datetime:
    """A day as a spreadsheet keeps it."""
    return datetime.combine(date(year, month, number), time())


def everything(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    with store.read() as tx:
        return written(tx.connection)


def filled(store: Store, path: Path, kinds: list[SheetKind] | None = None) -> bytes:
    """The template with what is there."""
    with store.read() as tx:
        kept = kept_records.read(store, tx.connection, YEAR, with_results=True)
    filling = Filling(kept, FiscalYear(YEAR), OPERATOR, kinds or list(SheetKind))
    write_book(path, THAI, ZONE, kinds or list(SheetKind), filling.offered, filling.rows)
    return path.read_bytes()


def reports(store: Store) -> dict[int, tuple[str, Decimal | None]]:
    """What was written of each quarter."""
    with store.read() as tx:
        found = tx.indicator(CODE, YEAR).reports
    return {quarter: (one.narrative, one.self_reported) for quarter, one in sorted(found.items())}


def everything_new() -> bytes:
    """Two departments, a plan, a person of two roles, an indicator with its target and its first result."""
    book = empty_book()
    sheet_in(book, "ผลรายไตรมาส", RESULTS, ("5100-1", "ไตรมาส ๑", "๘๕%", "จัดประชุมแล้ว"))
    sheet_in(book, "ค่าเป้าหมาย", TARGETS, ("5100-1", "1,407.52"))
    sheet_in(
        book,
        "ตัวชี้วัด",
        INDICATORS,
        ("๒๕๖๔", "5100-1", "สำนักการศึกษา", "เครือข่ายภาคประชาสังคม", "ระดับความสำเร็จ", "๕.๒"),
    )
    sheet_in(
        book,
        "ผู้ใช้",
        PEOPLE,
        ("New@Education.example ", " ผู้ประสานงานสำนักการศึกษา", "ผู้ประสานงาน", "5100", "ไทย"),
        ("new@education.example", "ผู้ประสานงานสำนักการศึกษา", "coordinator", "เขตย่อย", None),
    )
    sheet_in(book, "แผน", ("รหัสแผน", "ชื่อด้าน มิติ เป้าหมาย หรือกลยุทธ์"), ("5.2", "มิติ"), (5, "ด้าน"))
    sheet_in(
        book, "หน่วยงาน", AGENCIES, (None, "เขตย่อย", "district", "5100"), (5100, "สำนักการศึกษา", "สำนัก", None)
    )
    return saved(book)


def test_file_is_taken_in_whole_and_the_second_time_changes_nothing(city):
    before = everything(city)
    tried = given(city, everything_new(), try_only=True)
    assert (told(tried), everything(city)) == ([], before)

    taken = given(city, everything_new())
    assert told(taken) == []
    assert [(one.kind, one.key, one.how) for one in taken.differences] == [
        (one.kind, one.key, one.how) for one in tried.differences
    ]
    assert [(one.kind, one.key) for one in taken.differences] == [
        (Kind.AGENCY, "5100"),
        (Kind.AGENCY, "เขตย่อย"),
        (Kind.PERSON, "new@education.example"),
        (Kind.PLAN_NODE, "5"),
        (Kind.PLAN_NODE, "5.2"),
        (Kind.INDICATOR, "5100-1"),
        (Kind.RESULT, "5100-1 Q1"),
    ]
    with city.read() as tx:
        made = tx.indicator("5100-1", YEAR)
        kept = kept_records.read(city, tx.connection, YEAR)
    assert (made.target, made.reports[1].self_reported) == (Decimal("1407.52"), Decimal(85))
    assert made.reports[1].state == "draft"
    person = kept.records[Kind.PERSON, "new@education.example"].fields
    assert person["roles"] == ("coordinator@5100", "coordinator@เขตย่อย")
    assert kept.records[Kind.INDICATOR, "5100-1"].fields["plan"] == "5.2"

    after = everything(city)
    again = given(city, everything_new())
    assert (told(again), again.count(How.SAME), everything(city)) == ([], 7, after)
    with city.read() as tx:
        assert [found for _, found in checks.journal(tx) if found] == []
        assert [found for found in checks.levels(tx) if found] == []


def test_template_with_what_is_there_comes_back_and_changes_nothing(city, tmp_path):
    given(city, everything_new())
    before = everything(city)

    taken = given(city, filled(city, tmp_path / "filled.xlsx"))

    assert (told(taken), taken.count(How.SAME), len(taken.differences)) == (
        [],
        len(taken.differences),
        15,
    )
    assert everything(city) == before


def test_what_was_changed_in_a_template_is_meant_and_the_second_time_nothing(store, tmp_path):
    path = tmp_path / "filled.xlsx"
    filled(store, path)
    book = openpyxl.load_workbook(path)
    book["ค่าเป้าหมาย"]["E3"] = 4
    book["ตัวชี้วัด"]["E3"] = "ชื่อใหม่"

    taken = given(store, saved(book))

    (changed,) = [one for one in taken.differences if one.how is How.CHANGED]
    assert told(taken) == []
    assert dict(changed.after) == {"title": "ชื่อใหม่", "target": Decimal(4)}
    assert given(store, saved(book)).count(How.SAME) == len(taken.differences)


def test_sheets_that_say_different_things_are_told(store, tmp_path):
    path = tmp_path / "filled.xlsx"
    filled(store, path)
    book = openpyxl.load_workbook(path)
    book["ค่าเป้าหมาย"]["E3"], book["ตัวชี้วัด"]["H3"] = 4, 3

    taken = given(store, saved(book))

    assert told(taken) == [
        "แผ่นงาน ค่าเป้าหมาย แถว 3 คอลัมน์ E (ค่าเป้าหมาย): ค่านี้ไม่ตรงกับแผ่นงาน ตัวชี้วัด แถว 3: แก้ให้ตรงกัน"
    ]


def test_everything_that_is_wrong_is_told_at_once_with_its_place(store):
    book = empty_book()
    sheet_in(
        book,
        "ผลรายไตรมาส",
        ("รายงานของสำนักงานเขต",),
        (),
        RESULTS,
        (CODE, 5, "หก", "ok"),
        ("5049-2071", 1, 5),
        (CODE, None, day(2021, 1, 5)),
        (None, None, None),
        (CODE, 2, "=1+1"),
        (CODE, 1, "#N/A"),
        (CODE, 3, "=SUM(B1:B2)"),
    )
    book["ผลรายไตรมาส"]["C9"].data_type = "e"
    before = everything(store)

    taken = given(store, saved(book))

    said = "แผ่นงาน ผลรายไตรมาส แถว "
    assert told(taken) == [
        f"{said}4 คอลัมน์ B (ไตรมาส): {THAI.say('quarter.unknown', given=5)}",
        f"{said}4 คอลัมน์ C (ผลที่รายงาน): {THAI.say('value.not_a_number', value='หก')}",
        f"{said}5 คอลัมน์ A (รหัสตัวชี้วัด): ไม่พบตัวชี้วัด 5049-2071 ในปีงบประมาณ 2564 หมายถึง 5049-2017 ใช่หรือไม่",
        f"{said}6 คอลัมน์ B (ไตรมาส): ต้องกรอกไตรมาส",
        f"{said}6 คอลัมน์ C (ผลที่รายงาน): {THAI.say('cell.day_for_number', day=date(2021, 1, 5))}",
        f"{said}8 คอลัมน์ C (ผลที่รายงาน): {THAI.say('cell.formula_unsaved')}",
        f"{said}9 คอลัมน์ C (ผลที่รายงาน): {THAI.say('cell.error')}",
        f"{said}10 คอลัมน์ C (ผลที่รายงาน): {THAI.say('cell.formula_unsaved')}",
    ]
    assert everything(store) == before


def test_headings_may_stand_anywhere_and_a_wrong_one_is_told_with_the_nearest(store):
    rows = [("ค่าเป้าหมาย", "หมายเหตุ", "รหัสตัวชี้วด"), (4, "x", CODE)]
    taken = given(store, file_of("ค่าเป้าหมาย", ("น้ำหนัก", *rows[0]), (1, *rows[1])))

    at = "แผ่นงาน ค่าเป้าหมาย แถว 1"
    assert told(taken) == [
        f"{at}: ไม่มีหัวตาราง “รหัสตัวชี้วัด”",
        f"{at} คอลัมน์ D (รหัสตัวชี้วด): ไม่รู้จักหัวตาราง “รหัสตัวชี้วด” หมายถึง รหัสตัวชี้วัด ใช่หรือไม่",
    ]
    assert noted(taken) == [f"{at} คอลัมน์ C (หมายเหตุ): ไม่รู้จักหัวตาราง “หมายเหตุ” จึงไม่ได้อ่านคอลัมน์นี้"]

    right = file_of("Targets", ("Weight *", "target", "หมายเหตุ", " รหัส ตัวชี้วัด "), (2, 4, "x", CODE))
    (changed,) = given(store, right).differences
    assert dict(changed.after) == {"target": Decimal(4), "weight": Decimal(2)}


def test_sheets_are_known_by_their_names_and_what_is_not_read_is_told(store):
    book = empty_book()
    sheet_in(book, "ค่าเป้าหมาย", TARGETS, (CODE, 4))
    sheet_in(book, "สรุปสำหรับผู้บริหาร", ("อะไรก็ได้",))
    sheet_in(book, "ตัวชี้วัด", INDICATORS, ("x",)).sheet_state = "hidden"
    taken = given(store, saved(book))

    assert (told(taken), taken.count(How.CHANGED)) == ([], 1)
    assert noted(taken) == [
        "แผ่นงาน ตัวชี้วัด: แผ่นงานนี้ซ่อนไว้ จึงไม่ได้อ่าน",
        "แผ่นงาน สรุปสำหรับผู้บริหาร: ไม่รู้จักแผ่นงานนี้ จึงไม่ได้อ่าน",
    ]
    wrong = given(store, file_of("ค่าเปาหมาย", TARGETS, (CODE, 4)))
    assert told(wrong) == ["แผ่นงาน ค่าเปาหมาย: ไม่รู้จักแผ่นงานชื่อนี้ หมายถึง ค่าเป้าหมาย ใช่หรือไม่: แก้ชื่อแผ่นงาน หรือลบออก"]
    named = given(store, file_of("Sheet1", TARGETS, (CODE, 3)), kind=SheetKind.TARGETS)
    assert (told(named), named.count(How.CHANGED)) == ([], 1)


def test_merged_cells_are_told_where_they_take_a_value_from_rows(store):
    book = empty_book()
    sheet = sheet_in(book, "ค่าเป้าหมาย", ("ตารางค่าเป้าหมาย",), TARGETS, (CODE, 4), (None, 5))
    sheet.merge_cells("A1:B1")
    sheet.merge_cells("A3:A4")

    assert told(given(store, saved(book))) == [
        f"แผ่นงาน ค่าเป้าหมาย แถว 3: {THAI.say('sheet.merged', range='A3:A4')}",
        "แผ่นงาน ค่าเป้าหมาย แถว 4 คอลัมน์ A (รหัสตัวชี้วัด): ต้องกรอกรหัสตัวชี้วัด",
    ]


def test_percentages_codes_and_days_are_read_as_people_see_them(store):
    book = empty_book()
    sheet = sheet_in(book, "ผลรายไตรมาส", RESULTS, (CODE, day(2020, 12, 31), 0.855), (CODE, "5 ม.ค. 2564", 0))
    sheet["C2"].number_format = "0.0%"
    assert told(given(store, saved(book))) == []
    assert reports(store) == {1: ("", Decimal("85.5")), 2: ("", Decimal(0))}

    plan = file_of("แผน", ("รหัสแผน", "ชื่อด้าน มิติ เป้าหมาย หรือกลยุทธ์"), (day(2001, 2, 5), "x"))
    assert told(given(store, plan)) == [
        f"แผ่นงาน แผน แถว 2 คอลัมน์ A (รหัสแผน): {THAI.say('cell.day_for_code', day=date(2001, 2, 5))}"
    ]


def test_a_cell_that_says_nothing_leaves_what_is_there(store):
    given(store, file_of("ผลรายไตรมาส", RESULTS, (CODE, 1, 3, "เดิม")))
    taken = given(store, file_of("ผลรายไตรมาส", RESULTS, (CODE, 1, "-", None), (CODE, 2, None, " ")))

    assert (told(taken), taken.differences) == ([], [])
    assert reports(store) == {1: ("เดิม", Decimal(3))}


def test_results_are_taken_from_who_writes_reports_and_tell_nobody_else_what_stands_in_them(store):
    content = file_of("ผลรายไตรมาส", RESULTS, (CODE, 1, 3, "x"))
    assert told(given(store, content, by=COORDINATOR)) == []

    refused = given(store, content, by=EVALUATOR)
    assert refused.differences == []
    assert told(refused) == [
        "แผ่นงาน ผลรายไตรมาส แถว 2 คอลัมน์ A (รหัสตัวชี้วัด): "
        + THAI.say("person.not_permitted", person=EVALUATOR.name, action=Action.WRITE_REPORT)
    ]


def test_what_the_rules_refuse_is_told_at_its_row(store):
    people = file_of("ผู้ใช้", PEOPLE, ("a@b.example", "ก", "ผู้ประสานงาน", None), ("no address", "ข", "ผู้ประเมิน"))
    assert [(one.condition.kind, one.place.row) for one in given(store, people).findings.wrong] == [
        ("role.choose_agency", 2),
        ("person.no_address", 3),
    ]

    agency = file_of("ตัวชี้วัด", INDICATORS, (2564, CODE, "5042", "civil_society_network", "x"))
    (fixed,) = given(store, agency).findings.wrong
    assert (fixed.condition.kind, fixed.place.letters) == ("record.fixed", "C")

    other = file_of("ค่าเป้าหมาย", ("ปีงบประมาณ", *TARGETS), (2565, CODE, 4), (2021, CODE, 4))
    assert [one.condition.kind for one in given(store, other).findings.wrong] == [
        "sheet.other_year",
        "date.era_mixed",
    ]


def test_faults_are_capped_and_the_rest_is_counted(store):
    content = "\n".join([",".join(TARGETS), *[f"{CODE},x"] * (MOST_TOLD + 50)]).encode()
    taken = given(store, content, "a.csv", kind=SheetKind.TARGETS)
    assert (len(taken.findings.wrong), taken.findings.count) == (MOST_TOLD, MOST_TOLD + 50)


def test_a_file_without_rows_says_so(store, tmp_path):
    path = tmp_path / "empty.xlsx"
    write_book(path, THAI, ZONE, list(SheetKind), {})

    taken = given(store, path.read_bytes())

    assert (told(taken), taken.differences, noted(taken)) == ([], [], ["ไฟล์นี้ไม่มีข้อมูลใต้หัวตาราง"])


# --- templates ---------------------------------------------------------------------------------------------


def test_template_offers_choices_and_explains_every_column(store, tmp_path):
    book = openpyxl.load_workbook(BytesIO(filled(store, tmp_path / "t.xlsx")))

    assert book.sheetnames == [
        "คำอธิบาย",
        "หน่วยงาน",
        "แผน",
        "ผู้ใช้",
        "ตัวชี้วัด",
        "ค่าเป้าหมาย",
        "ผลรายไตรมาส",
        "_lists",
    ]
    people = book["ผู้ใช้"]
    assert [cell.value for cell in people[1]] == [f"{word} *" for word in PEOPLE[:3]] + list(PEOPLE[3:])
    assert [cell.value for cell in people[2]] == [one.key for one in COLUMNS[SheetKind.PEOPLE]]
    offered = {}
    for rule in people.data_validations.dataValidation:
        if rule.type == "list":
            column = range_boundaries(str(rule.sqref))[0]
            offered[column] = [
                cell.value for (cell,) in book["_lists"][rule.formula1.partition("!")[2].replace("$", "")]
            ]
    assert offered[4] == ["สำนักงานเขตทุ่งครุ", "สำนักงานเขตสายไหม"]
    assert offered[3][0] == "ผู้ประสานงาน"
    assert offered[5] == ["ไทย", "อังกฤษ"]
    explained = {(row[0].value, row[1].value) for row in book["คำอธิบาย"].iter_rows(min_row=2) if row[1].value}
    assert len(explained) == sum(len(columns) for columns in COLUMNS.values())


def test_nothing_that_is_kept_becomes_a_formula(store, tmp_path):
    hostile = ('=HYPERLINK("http://x")', "+1", "-1", "@SUM(1)", "'=1", "''=1", "'a")
    rows = [(f"510{place}", name, "สำนัก") for place, name in enumerate(hostile)]
    content = StringIO()
    writer = csv.writer(content)
    writer.writerow(AGENCIES[:3])
    for code, name, kind in rows:
        writer.writerow(
            (code, f"'{name}" if name[0] in "=+-@" or name.startswith(("'=", "''=")) else name, kind)
        )
    taken = given(store, content.getvalue().encode("utf-8-sig"), "a.csv", kind=SheetKind.AGENCIES)
    assert (told(taken), taken.count(How.ADDED)) == ([], len(hostile))

    book = openpyxl.load_workbook(BytesIO(filled(store, tmp_path / "t.xlsx")))
    assert [row[1].value for row in book["หน่วยงาน"].iter_rows(min_row=5)] == list(hostile)
    assert {cell.data_type for row in book["หน่วยงาน"].iter_rows(min_row=5) for cell in row} <= {"s", "n"}

    with store.read() as tx:
        filling = Filling(
            kept_records.read(store, tx.connection, YEAR), FiscalYear(YEAR), OPERATOR, [SheetKind.AGENCIES]
        )
    out = StringIO(newline="")
    write_csv(out, THAI, SheetKind.AGENCIES, filling.rows)
    assert out.getvalue().startswith("\ufeffรหัสหน่วยงาน,ชื่อหน่วยงาน *,")
    cells = [cell for row in csv.reader(StringIO(out.getvalue())) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    again = given(store, out.getvalue().encode(), "a.csv", kind=SheetKind.AGENCIES)
    assert (told(again), again.count(How.SAME)) == ([], len(hostile) + 2)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp874", "utf-16"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_is_read_however_it_was_saved(tmp_path, encoding, separator):
    store = new_store(f"sqlite:///{tmp_path / 'r.db'}")
    found_city(store)
    text = separator.join(RESULTS) + "\r\n" + separator.join((CODE, "1", "๘๕", '"หนึ่ง\nสอง"')) + "\r\n"

    taken = given(store, text.encode(encoding), "r.csv", kind=SheetKind.RESULTS)

    assert told(taken) == []
    assert reports(store) == {1: ("หนึ่ง\nสอง", Decimal(85))}
    store.close()


# --- emptying a value --------------------------------------------------------------------------------------

DETAILS = ("รหัสตัวชี้วัด", "หน่วยงาน", "แบบตัวชี้วัด", "ชื่อตัวชี้วัด", "หน่วยนับ", "ค่าเป้าหมาย", "นิยาม", "น้ำหนัก")


def indicators_file(*values: Any) -> bytes:
    return file_of("ตัวชี้วัด", DETAILS, (CODE, "สำนักงานเขตทุ่งครุ", "civil_society_network", "เครือข่าย", *values))


def fields_of(store: Store) -> dict[str, Any]:
    with store.read() as tx:
        kept = kept_records.read(store, tx.connection, YEAR)
    fields = kept.records[Kind.INDICATOR, CODE].fields
    return {name: fields[name] for name in ("unit", "target", "definition")}


def test_word_for_it_empties_a_value_and_an_empty_cell_or_a_dash_does_not(city):
    given(city, indicators_file("ระดับ", 4, "เครือข่ายระดับเขต"))
    full = fields_of(city)
    assert full == {"unit": "ระดับ", "target": Decimal(4), "definition": "เครือข่ายระดับเขต"}
    given(city, indicators_file(None, "-", ""))
    assert fields_of(city) == full

    clearing = indicators_file("(ล้างค่า)", " (Clear) ", "(ล้าง)")
    tried = given(city, clearing, try_only=True)
    (change,) = [one for one in tried.differences if one.how is How.CHANGED]
    assert (change.before, change.after) == (full, {"unit": "", "target": None, "definition": None})
    assert fields_of(city) == full

    given(city, clearing)
    assert fields_of(city) == {"unit": "", "target": None, "definition": None}
    assert {one.how for one in given(city, clearing).differences} == {How.SAME}


def test_what_always_has_a_value_cannot_be_emptied(city):
    taken = given(city, indicators_file(None, None, None, "(ล้างค่า)"))
    assert told(taken) == ["แผ่นงาน ตัวชี้วัด แถว 2 คอลัมน์ H (น้ำหนัก): “น้ำหนัก” ล้างค่าไม่ได้ ต้องมีค่าเสมอ"]


def test_result_and_text_of_a_quarter_are_emptied_and_nothing_is_begun_by_it(city):
    given(city, file_of("ผลรายไตรมาส", RESULTS, (CODE, 2, 3, "ประชุมแล้ว")))
    cleared = file_of("ผลรายไตรมาส", RESULTS, (CODE, 2, "(ล้างค่า)", "(ล้างค่า)"), (CODE, 3, "(ล้างค่า)", None))
    given(city, cleared)
    assert reports(city) == {2: ("", None)}
    assert {one.how for one in given(city, cleared).differences} == {How.SAME}

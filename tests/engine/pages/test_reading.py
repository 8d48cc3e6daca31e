"""An indicator's page is read in whatever way somebody copied it."""

import re
from decimal import Decimal

import pytest

from engine.pages.findings import findings
from engine.pages.kinds import Found
from engine.pages.reading import read_page
from engine.pages.text import decoded, is_text
from engine.pages.values import Form, PlanLine, ReadPage

BY_ROWS = """5049-2006 : พื้นที่สีเขียวที่เพิ่มขึ้น
ค่าเป้าหมาย ร้อยละ : ๑๐๐.๐๐
ผลงานที่ทำได้ ร้อยละ: 1,407.52
ประเภทตัวชี้วัด : ตัวชี้วัดเชิงยุทธศาสตร์ (ตัวชี้วัดระดับผลผลิต (output))
*** สยป. ตรวจประเมินตัวชี้วัด : ไตรมาสที่ 3: 100.0000
ไตรมาสที่ | ผลงาน | คะแนน | 2.1 / 2.2
1 | 10 | 100 | 100 / 100
2 | | 100 | 100 / 50
3 | - | 0 | 0 / 0
4 | 100.0000 | 0 | 100/100
ไตรมาสที่ 1 : ปลูกต้นไม้
- ดูแลต้นไม้
ไตรมาสที่ 2 : -
ไตรมาสที่ 3 : ทำแล้ว
ไตรมาสที่ 1 ได้ทำไปบางส่วน
ไตรมาสที่ 4 : ครบถ้วน
สรุปผลทั้งปี : ดี
นิยาม : พื้นที่สีเขียว หมายถึง สวน
วิธีการคำนวณ : นับพื้นที่
หลักฐาน : ภาพถ่าย
ด้านที่ ๑ มหานครปลอดภัย
มิติที่ ๑.๒ ปลอดมลพิษ
เป้าหมายที่ ๑.๒.๑ ประชาชนมีพื้นที่%
กลยุทธ์ที่ ๑.๒.๑.๑ เสริมสร้าง"""

PASTED = """<html><head><title>x</title></head><body><h1>ระดับความสำเร็จ (5049-2017)</h1>
<p>ค่าเป้าหมาย ระดับ : 5</p><p>ผลงานที่ทำได้ ระดับ : 5<br>ประเภทตัวชี้วัด : ตัวชี้วัดงานประจำ<br>
(ตัวชี้วัดระดับผลลัพธ์ (outcome))</p>
<table><tr><th>ไตรมาสที่<br>(1 - 4)</th><th>ผลงาน</th><th>ผลประเมิน</th><th>2.1 / 2.2</th></tr>
<tr><td>1</td><td>2</td><td>100</td><td>100 / 100</td></tr>
<tr><td>2</td><td></td><td>0</td><td>0 / 0</td></tr></table>
<b>รายงานผลฯ ไตรมาสที่ 1</b><br>จัดประชุม &amp; อบรม<br><b>รายงานผลฯ ไตรมาสที่ 2</b><br>&nbsp;-<br>
<script>var a = "ไตรมาสที่ 3 : x"</script><p>:ด้านที่ ๕ - มหานครประชาธิปไตย |</p></body></html>"""

ON_ITS_SIDE = """ตัวชี้วัด : ระดับความสำเร็จ
รหัส : 5049-2017
หน่วยงาน : สำนักงานเขตทุ่งครุ
ปีงบประมาณ พ.ศ. 2564
เป้าหมาย : 5 ระดับ
ผลงานที่ทำได้ : 4.50 ระดับ
ประเภทตัวชี้วัด :
ตัวชี้วัดงานประจำ
 | ไตรมาสที่ 1 | ไตรมาสที่ 2 | ไตรมาสที่ 3 | ไตรมาสที่ 4
ผลงาน | 1 | 2 | 3 | 5
ผลประเมิน | 100 | 100 | 95 | 0
2.1 / 2.2 | 100 / 100 | 100 / 50 | 95 / 100 | 0 / 0
ผลการดำเนินงานไตรมาสที่ 1
ประชุมแล้ว
ผลการดำเนินงานไตรมาสที่ 2
เลือกแล้ว"""


def table(page: ReadPage) -> list[tuple[str, ...]]:
    return [tuple("-" if cell is None else f"{cell:f}" for cell in row[1:5]) for row in page.quarters]


def reports(page: ReadPage) -> dict[int, str | None]:
    return {one.number: one.narrative for one in page.quarters}


def damaged(text: str) -> str:
    """As copying leaves it: a mark before it, other line ends, sara am and แ in other letters."""
    return "\ufeff" + text.replace("ำ", "\u0e4d\u0e32").replace("แ", "เเ").replace("\n", "\r\n")


@pytest.mark.parametrize("text", [BY_ROWS, damaged(BY_ROWS)], ids=["clean", "damaged"])
def test_page_with_a_table_of_rows(text: str) -> None:
    page = read_page(text)
    assert (page.form, page.code, page.title) == (Form.WHOLE, "5049-2006", "พื้นที่สีเขียวที่เพิ่มขึ้น")
    assert (page.unit, page.target, page.achieved) == ("ร้อยละ", Decimal(100), Decimal("1407.52"))
    assert (page.kind, page.result_kind) == ("strategic", "output")
    assert (page.evaluated_quarter, page.evaluated_score) == (3, Decimal(100))
    assert table(page) == [
        ("10", "100", "100", "100"),
        ("-", "100", "100", "50"),
        ("-", "0", "0", "0"),
        ("100", "0", "100", "100"),
    ]
    assert page.plan[2] == PlanLine("1.2.1", "ประชาชนมีพื้นที่", is_cut=True)
    assert [line.code for line in page.plan] == ["1", "1.2", "1.2.1", "1.2.1.1"]
    assert page.numbers == (("target", "๑๐๐.๐๐"), ("achieved", "1,407.52"))


def test_report_that_speaks_of_another_quarter_is_one_report() -> None:
    page = read_page(BY_ROWS)
    assert reports(page) == {
        1: "ปลูกต้นไม้\n- ดูแลต้นไม้",
        2: "-",
        3: "ทำแล้ว\nไตรมาสที่ 1 ได้ทำไปบางส่วน",
        4: "ครบถ้วน",
    }
    assert (page.summary, page.method, page.evidence_asked) == ("ดี", "นับพื้นที่", "ภาพถ่าย")


@pytest.mark.parametrize(
    "heading",
    ["สรุปผลทั้งปี :", "รายงานผลฯ สรุปทั้งปี", "รายงานผลฯ ประจำปี", "ผลการดำเนินงานทั้งปี", "สรุปผลการดำเนินงานประจำปี :"],
)
def test_summary_of_the_year_is_no_part_of_the_last_report(heading: str) -> None:
    page = read_page(BY_ROWS.replace("สรุปผลทั้งปี :", f"{heading}\n"))
    assert (page.summary, reports(page)[4]) == ("ดี", "ครบถ้วน")


def test_pasted_html_is_read_as_it_is_seen() -> None:
    page = read_page(PASTED)
    assert (page.code, page.title, page.kind, page.result_kind) == (
        "5049-2017",
        "ระดับความสำเร็จ",
        "routine",
        "outcome",
    )
    assert table(page) == [("2", "100", "100", "100"), ("-", "0", "0", "0")]
    assert reports(page) == {1: "จัดประชุม & อบรม", 2: "-"}
    assert page.plan == (PlanLine("5", "มหานครประชาธิปไตย"),)


def test_table_on_its_side_and_labelled_head_are_read() -> None:
    page = read_page(ON_ITS_SIDE)
    assert (page.agency, page.fiscal_year, page.code) == ("สำนักงานเขตทุ่งครุ", 2021, "5049-2017")
    assert (page.unit, page.target, page.target_text, page.achieved) == (
        "ระดับ",
        Decimal(5),
        "",
        Decimal("4.5"),
    )
    assert table(page) == [
        ("1", "100", "100", "100"),
        ("2", "100", "100", "50"),
        ("3", "95", "95", "100"),
        ("5", "0", "0", "0"),
    ]
    assert reports(page) == {1: "ประชุมแล้ว", 2: "เลือกแล้ว", 3: None, 4: None}


@pytest.mark.parametrize("text", ["", "สวัสดี\nครับ", "<p>hello</p>", "404 Not Found"])
def test_text_that_is_no_page_tells_nothing(text: str) -> None:
    page = read_page(text)
    assert (page.target, page.achieved, page.quarters) == (None, None, ())


def test_file_of_the_old_code_page_is_read_and_told() -> None:
    page = "ค่าเป้าหมาย ระดับ : 5"
    assert decoded(page.encode("tis-620")) == (page, "TIS-620")
    assert (
        decoded(page.encode("utf-16")) == ("\ufeff" + page, "UTF-16")
        or decoded(page.encode("utf-16"))[0] == page
    )
    assert decoded(b"\xef\xbb\xbf" + page.encode()) == (page, None)


def with_table(*lines: str) -> ReadPage:
    """The page with these lines for its table."""
    before, _, behind = BY_ROWS.partition("ไตรมาสที่ | ผลงาน")
    return read_page("\n".join([before.strip(), *lines, behind[behind.index("ไตรมาสที่ 1 : ปลูก") :]]))


@pytest.mark.parametrize(
    ("lines", "row"),
    [
        (["ไตรมาสที่ 1 | - | 100 | 100 / 50"], ("-", "100", "100", "50")),
        (["ไตรมาสที่ 1 | | 100 | 100 / 50"], ("-", "100", "100", "50")),
        (["ไตรมาสที่ 1 - 100 100 / 50"], ("-", "100", "100", "50")),
        (["ไตรมาสที่ 1 - 20 100 100 / 50"], ("20", "100", "100", "50")),
        (["ไตรมาสที่ 1 | -2.5 | 100 | 100 / 50"], ("-2.5", "100", "100", "50")),
        (["ไตรมาสที่ 1 | 4.452/5 | 100 | 100 / 50"], ("4.452", "100", "100", "50")),
        (["ไตรมาสที่ 1", "4.452/5", "100", "100 / 50"], ("4.452", "100", "100", "50")),
        (["ไตรมาสที่ 1 | รอผล | 100 | 100 / 50"], ("-", "100", "100", "50")),
        (["ไตรมาสที่ 1 (ต.ค. - ธ.ค. 63) | 20 | 100 | 100 / 50"], ("20", "100", "100", "50")),
        (["1 | รอผล | 100 | 100 / 50"], ("-", "100", "100", "50")),
        (["ไตรมาส | แผน | ผลงาน | คะแนน | 2.1 | 2.2", "1 | 25 | 20 | 9 | 10 | 50"], ("20", "9", "10", "50")),
        (["ไตรมาส | คะแนน | 2.1 / 2.2 | ผลงาน", "ไตรมาสที่ 1 | 100 | 100 / 50 | -"], ("-", "100", "100", "50")),
        (["ไตรมาส | | ผลงาน | คะแนน | 2.1 / 2.2", "ไตรมาสที่ | 1 | 20 | 9 | 10 / 50"], ("20", "9", "10", "50")),
    ],
)
def test_cells_of_a_table_keep_their_columns(lines: list[str], row: tuple[str, ...]) -> None:
    assert table(with_table(*lines))[0] == row


def test_what_a_table_has_besides_is_told() -> None:
    head = "ไตรมาส | เป้าหมาย | ผลงาน | คะแนน | 2.1 / 2.2"
    page = with_table(head, "1 | 25 | รอผล | 100 | 100 / 50", "1 | 25 | 20 | 100 | 100 / 50")
    assert page.unread == ((1, "รอผล"), (0, "เป้าหมาย"))
    assert page.twice == (1,)
    told = {(one.kind, one.quarter) for one in findings(page)}
    assert {(Found.CELL_UNREAD, 1), (Found.COLUMNS_UNREAD, 0), (Found.ROW_TWICE, 1)} <= told


def test_head_of_a_column_with_two_lines_is_one_cell() -> None:
    heads = "<th>ไตรมาส<br>(1 - 4)</th><th>เป้าหมาย</th><th>ผลงาน<br>(ระดับ)</th><th>คะแนน</th><th>2.1/2.2</th>"
    row = "<tr><td>1</td><td>5</td><td>2</td><td>100</td><td>100 / 100</td></tr>"
    start, end = PASTED.index("<tr>"), PASTED.index("</table>")
    page = read_page(f"{PASTED[:start]}<tr>{heads}</tr>{row}{PASTED[end:]}")
    assert table(page)[0] == ("2", "100", "100", "100")


def test_sections_in_another_order_are_read_alike() -> None:
    lines = BY_ROWS.split("\n")
    head, rows = lines[:5], lines[5:10]
    head = [*head[:2], head[4], *head[2:4]]  # the evaluated quarter above the values
    told, texts = lines[10:17], lines[17:20]
    plan = [":ด้านที่ ๑ มหานครปลอดภัย |", ":๑.๒ ปลอดมลพิษ |", ":๑.๒.๑ พื้นที่% |", ":๑.๒.๑.๑ เสริมสร้าง |"]
    moved, page = read_page("\n".join([*head, *texts, *plan, *told, *rows])), read_page(BY_ROWS)
    assert (table(moved), reports(moved)) == (table(page), reports(page))
    assert (moved.target, moved.achieved, moved.kind) == (page.target, page.achieved, page.kind)
    assert (moved.definition, moved.method, moved.summary) == (page.definition, page.method, page.summary)
    assert [line.code for line in moved.plan] == [line.code for line in page.plan]


def test_last_item_of_the_evidence_is_no_plan() -> None:
    text = BY_ROWS[: BY_ROWS.index("หลักฐาน :")] + "หลักฐาน\n1. รายงาน\n2. ภาพถ่าย"
    page = read_page(text)
    assert (page.evidence_asked, page.plan) == ("1. รายงาน\n2. ภาพถ่าย", ())


def test_two_pages_in_one_text_are_told() -> None:
    assert Found.SEVERAL_PAGES in {one.kind for one in findings(read_page(f"{BY_ROWS}\n{BY_ROWS}"))}
    assert Found.SEVERAL_PAGES not in {one.kind for one in findings(read_page(BY_ROWS))}


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\nx", b"PK\x03\x04abc", b"\x89PNG\r\n\x1a\n\x00\x00", bytes(range(256))]
)
def test_file_that_is_no_text_is_known(content: bytes) -> None:
    assert not is_text(decoded(content).text)


def test_page_is_text() -> None:
    assert is_text(BY_ROWS)
    assert is_text("")


@pytest.mark.parametrize(
    "heading", ["ไตรมาสที่ {} (เม.ย. - มิ.ย. 64)", "Q{}", "ไตรมาส {}", "ไตรมาสที่ {} ของปีงบประมาณ"]
)
def test_headings_of_reports_are_known_beside_a_table(heading: str) -> None:
    text = re.sub(r"ไตรมาสที่ (\d) : ", lambda found: heading.format(found[1]) + "\n", BY_ROWS)
    rows = re.sub(r"(?m)^(\d) \|", r"ไตรมาสที่ \1 |", text)
    assert reports(read_page(rows))[4] == ("ครบถ้วน" if "ของ" not in heading else "ของปีงบประมาณ\nครบถ้วน")
    assert table(read_page(rows)) == table(read_page(BY_ROWS))


def test_rows_without_values_are_no_headings() -> None:
    text = BY_ROWS.replace(
        "3 | - | 0 | 0 / 0\n4 | 100.0000 | 0 | 100/100", "ไตรมาสที่ 3 | | |\nไตรมาสที่ 4 | | |"
    )
    page = read_page(re.sub(r"ไตรมาสที่ (\d) : ", r"ไตรมาสที่ \1\n", text))
    assert table(page)[1:] == [("-", "100", "100", "50"), ("-",) * 4, ("-",) * 4]
    assert reports(page)[4] == "ครบถ้วน"


@pytest.mark.parametrize(
    "lines",
    [
        "ค่าเป้าหมาย | ร้อยละ | 80",
        "ค่าเป้าหมาย | : ร้อยละ : 80",
        "ค่าเป้าหมาย\nร้อยละ\n:\n80",
        "**ค่าเป้าหมาย** ร้อยละ : 80",
    ],
)
def test_value_beside_its_label_or_below_is_read(lines: str) -> None:
    page = read_page(BY_ROWS.replace("ค่าเป้าหมาย ร้อยละ : ๑๐๐.๐๐", lines))
    assert (page.unit, page.target) == ("ร้อยละ", Decimal(80))


def test_title_and_code_stand_below_year_and_agency_too() -> None:
    page = read_page(f"ปีงบประมาณ 2563\nหน่วยงาน : สำนักงานเขตบางรัก\n{BY_ROWS}")
    assert (page.code, page.title) == ("5049-2006", "พื้นที่สีเขียวที่เพิ่มขึ้น")
    assert (page.fiscal_year, page.agency) == (2020, "สำนักงานเขตบางรัก")


def test_days_that_are_all_of_another_year_are_told() -> None:
    page = read_page(
        BY_ROWS.replace("ปลูกต้นไม้", "ปลูกเมื่อวันที่ 3 พ.ย. 2563").replace("ทำแล้ว", "ทำเมื่อวันที่ 5 พ.ค. 2564")
    )
    assert Found.DAYS_OF_OTHER_YEAR in {one.kind for one in findings(page, 2022)}
    assert Found.DAYS_OF_OTHER_YEAR not in {one.kind for one in findings(page, 2021)}

"""What is printed and taken away: the words of reports unbroken, numbers as numbers, no text a formula."""

import hashlib
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import openpyxl
import pypdf
import pypdfium2
import pytest
from sqlalchemy import update

from engine import actions
from engine.actions import NewOccurrence, create_indicator
from engine.jobs import Product
from engine.quarter import Quarter
from engine.workflow import Text
from storage import registry
from storage import tables as t
from storage.reporting import plan_of, rows_of_year
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    MEASURED,
    MEETINGS,
    OPERATOR,
    REPORT,
    SAI_MAI,
    SAI_MAI_COORDINATOR,
    SECTION_HEAD,
    YEAR,
    at,
    new_indicator,
)
from tests.cast import COORDINATOR as C
from tests.web.coordinators import BASE, DAY, PNG, did, enter
from web.reports import pdf
from web.reports.data import Telling, indicator_report
from web.reports.tables import agency_report, city_report, dimension_report

PERCENT = "5049-1001"
#: What a spreadsheet would run, if it were no text.
HOSTILE = '=HYPERLINK("https://evil.example","คลิก")'
STARTS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")
_THAI = re.compile(r"[\u0e00-\u0e7f]+")


@pytest.fixture
def full(town):
    """Something of everything, some of it hostile; the first quarter is sealed."""
    town.clock.now = at(date(2021, 1, 5))
    with town.store.begin() as tx:
        top = registry.add_plan_node(tx, "5", "มหานครประชาธิปไตย", None)
        dimension = registry.add_plan_node(tx, "5.2", "เมืองธรรมาภิบาล", top)
        node = registry.add_plan_node(tx, "5.2.1", "ประชาชนมีส่วนร่วม", dimension)
        details = registry.Details(
            "strategic",
            "outcome",
            "เครือข่ายระดับเขตของผู้แทนกลุ่มภาคประชาสังคม",
            "นับขั้นความสำเร็จ",
            "รายงานการประชุม",
            node,
        )
        registry.describe(tx, 1, details)
        new = replace(new_indicator(PERCENT, workflow=MEASURED), title=Text(HOSTILE, HOSTILE))
        create_indicator(tx, new, by=ADMINISTRATOR, now=FOUNDED)
    for milestone, day in ((GUIDELINES, date(2020, 12, 14)), (COMMITTEE, date(2020, 11, 30))):
        note = "ตามคำสั่งสำนักงานเขตทุ่งครุ"
        number = f"57{day.month}/2563"
        new_fact = NewOccurrence(milestone, day, document_number=number, note=note)
        did(town, actions.record_occurrence, new_fact)
    narrative = "จัดทำโครงการจัดตั้งเครือข่ายและแต่งตั้งคณะกรรมการพิจารณาเรียบร้อยแล้ว\nน้ำท่วมขังบนถนนกำแพงเพชร"
    did(town, actions.write_report, 1, narrative=narrative, self_reported=Decimal("2.50"))
    did(town, actions.submit_report, 1)
    did(town, actions.endorse_report, 1, by=SECTION_HEAD)
    did(town, actions.accept_report, 1, quality=95, remark="ครบถ้วน", by=EVALUATOR)
    with town.store.begin() as tx:
        now = at(date(2021, 2, 1))
        actions.seal_quarter(tx, Quarter(YEAR, 1), by=OPERATOR, now=now)
    enter(town, C, DAY)
    did(town, actions.verify_milestone, GUIDELINES, by=EVALUATOR)  # moves the level of the sealed quarter
    did(town, actions.record_occurrence, NewOccurrence(REPORT, DAY, document_number="กท 6909/1116"))
    for place, name in enumerate(("../../ภาพการประชุม.png", "aux.png", "=1+1.png")):
        upload = town.site.uploads.take(C.id, BytesIO(PNG + b"\0" * place), name, town.clock.now)
        with town.store.begin() as tx:
            where = (tx, CODE, YEAR, MEETINGS)
            town.site.uploads.attach(*where, upload, request=None, occurrence=None, by=C, now=town.clock.now)
    did(town, actions.attach_evidence, GUIDELINES, link="https://example.org/แนวทาง")
    return town


# --- PDF ---------------------------------------------------------------------------------------------------


def text_of(content: bytes) -> str:
    """As a browser finds it."""
    document = pypdfium2.PdfDocument(content)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def strings(data: Any) -> Iterator[str]:
    """Every text that a template is given."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for value in data.values():
            yield from strings(value)
    elif isinstance(data, list):
        for value in data:
            yield from strings(value)


def thai_words(data: Any) -> set[str]:
    return {word for text in strings(data) for word in _THAI.findall(text)}


def squeezed(text: str) -> str:
    return "".join(text.split())


def broken(content: bytes, data: Any) -> list[str]:
    """Words that are not there as they are written; only the long ones may go on in the next line."""
    text = text_of(content)
    whole = squeezed(text)
    return sorted(word for word in thai_words(data) if word not in (text if len(word) <= 20 else whole))


@pytest.fixture
def telling(full) -> Telling:
    return Telling.of(full.site, Product.PDF, "th")


def test_report_of_an_indicator_has_every_word_unbroken(full, telling):
    with full.store.read() as tx:
        data = indicator_report(tx, telling, tx.indicator(CODE, YEAR), C)

    content = pdf.pdf("indicator", data)

    assert len(thai_words(data)) > 80
    assert broken(content, data) == []


def test_report_of_an_agency_a_dimension_and_the_city_have_every_word_unbroken(full, telling):
    with full.store.read() as tx:
        plan, year = plan_of(tx.connection), tx.indicator(CODE, YEAR).fiscal_year
        rows = list(rows_of_year(tx.connection, YEAR))
        (dimension,) = plan.dimensions()
        own = [row for row in rows if plan.dimension(row.plan_node) == dimension]
        reports = {
            "agency": agency_report(tx, telling, rows, tx.indicators(YEAR, rows[0].agency), C, plan),
            "dimension": dimension_report(tx, telling, dimension, own, year, EVALUATOR),
            "city": city_report(tx, telling, rows, year, EVALUATOR),
        }

    assert [row.code for row in own] == [CODE]
    for name, data in reports.items():
        content = pdf.pdf("agency" if name == "agency" else "city", data)
        assert broken(content, data) == [], name


def test_report_is_tagged_archivable_and_carries_the_hash_of_the_seal(full):
    answer = full.get(f"{BASE}/report.pdf")
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment;")
    reader = pypdf.PdfReader(BytesIO(answer.content))
    root: Any = reader.trailer["/Root"]
    with full.store.read() as tx:
        sealed = tx.connection.execute(t.seals.select()).one().hash

    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "th"
    metadata = root["/Metadata"].get_object().get_data()
    assert b"pdfaid:part" in metadata
    assert b"pdfuaid:part" in metadata
    text = squeezed(text_of(answer.content))
    assert sealed in text
    assert "หน้า๑/" in text
    assert "๕.๒.๑" in text


def test_report_keeps_what_archives_ask_of_it(full):
    """As far as can be told without a validator: PDF/A-2a, PDF/UA-1 (ISO 19005-2, 14289-1)."""
    reader = pypdf.PdfReader(BytesIO(full.get(f"{BASE}/report.pdf").content))
    trailer: Any = reader.trailer
    root = trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    claims = dict(re.findall(r"<(pdf(?:ua|a)id:\w+)>(\w+)<", metadata))

    assert claims == {"pdfaid:part": "2", "pdfaid:conformance": "A", "pdfuaid:part": "1"}
    assert not reader.is_encrypted
    assert len(trailer["/ID"]) == 2
    (intent,) = (one.get_object() for one in root["/OutputIntents"])
    assert intent["/S"] == "/GTS_PDFA1"
    assert intent["/DestOutputProfile"].get_object()["/N"] == 3
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert reader.metadata is not None
    assert reader.metadata.title
    assert f">{reader.metadata.title}</rdf:li>" in metadata
    objects: list[Any] = [
        found
        for number in range(1, trailer["/Size"])
        if isinstance(found := reader.get_object(number), pypdf.generic.DictionaryObject)
    ]
    runs = {"/JS", "/JavaScript", "/AA", "/OpenAction", "/EmbeddedFiles", "/Launch", "/XFA"}
    assert not any(runs & one.keys() for one in objects)
    assert not any(one.get("/S") in ("/JavaScript", "/Launch", "/Movie", "/Sound") for one in objects)
    tagged = [one for one in objects if one.get("/Type") == "/StructElem"]
    kinds = {str(one["/S"]) for one in tagged}
    assert {"/H1", "/Table", "/TR", "/TH", "/TD", "/P"} <= kinds
    assert all(one.get("/Alt") for one in tagged if one["/S"] == "/Figure")
    pages: list[Any] = list(reader.pages)
    assert all(page["/Tabs"] == "/S" and "/StructParents" in page for page in pages)


def test_fonts_of_a_report_lie_in_it_and_their_letters_can_be_copied(full):
    pages: list[Any] = list(pypdf.PdfReader(BytesIO(full.get(f"{BASE}/report.pdf").content)).pages)
    found = [one.get_object() for page in pages for one in page["/Resources"]["/Font"].values()]
    fonts = {str(font["/BaseFont"]): font for font in found}

    assert fonts
    for name, font in fonts.items():
        (inner,) = font["/DescendantFonts"]
        described = inner.get_object()["/FontDescriptor"]
        assert {"/FontFile2", "/FontFile3"} & described.keys(), name
        assert b"beginbf" in font["/ToUnicode"].get_data(), name


def test_report_says_what_the_page_says(full):
    text = squeezed(text_of(full.get(f"{BASE}/report.pdf").content))

    for said in (
        "5711/2563",
        "30 พ.ย. 2563",
        "95 / 100",
        "2.5",
        "ครบถ้วน",
        "เครือข่ายระดับเขตของผู้แทนกลุ่มภาคประชาสังคม",
    ):
        assert squeezed(said) in text, said


def printed(full, telling, narrative: str) -> str:
    """The text of the report in which that is the text of the first quarter."""
    with full.store.read() as tx:
        data = indicator_report(tx, telling, tx.indicator(CODE, YEAR), C)
    data["indicator"]["texts"][0]["text"] = narrative
    return text_of(pdf.pdf("indicator", data))


def test_what_people_write_is_no_markup(full, telling):
    hostile = "#{panic()} $x$ *b* _i_ @ref <label> // c [ ] \\ `raw` = h"

    assert squeezed(hostile) in squeezed(printed(full, telling, hostile))


@pytest.mark.parametrize("letters", ["😀", "会议", "\ue000", "العربية 😀"])
def test_letters_that_no_font_has_are_squares_and_keep_no_report_back(full, telling, letters):
    text = printed(full, telling, f"ประชุม {letters} แล้ว")

    assert "□" in text
    assert "ประชุม" in text


def test_every_letter_that_is_left_as_it_is_has_a_shape(full, telling):
    every = "".join(map(chr, range(0x20, 0x2600)))

    printed(full, telling, " ".join(pdf._UNPRINTABLE.sub("", every)))


def test_very_long_texts_and_words_are_printed(full, telling):
    link = "https://example.org/" + "a" * 400
    text = squeezed(printed(full, telling, f"{link} {'ก' * 3000} {'ประชุม ' * 3000}"))

    assert "ก" * 3000 in text.replace("\u200b", "")


# --- XLSX --------------------------------------------------------------------------------------------------


def book(content: bytes) -> dict[str, list[list[Any]]]:
    opened = openpyxl.load_workbook(BytesIO(content))
    return {sheet.title: [[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in opened}


def cells(content: bytes) -> Iterator[Any]:
    for sheet in openpyxl.load_workbook(BytesIO(content)):
        for row in sheet.iter_rows():
            yield from row


def test_spreadsheet_has_the_numbers_of_the_store(full):
    content = full.get(f"{BASE}/report.xlsx").content
    sheets = book(content)
    head, row = sheets["ระดับ"]
    levels = dict(zip(head, row, strict=True))
    with full.store.read() as tx:
        stored = tx.indicator(CODE, YEAR).stored

    assert list(sheets) == ["ระดับ", "ไตรมาส", "ขั้นความสำเร็จ", "สิ่งที่ขาด", "หลักฐาน"]
    assert (levels["ตามที่บันทึก"], levels["ตรวจรับแล้ว"]) == (stored.claimed.level, stored.verified.level)
    assert (levels["เป้าหมาย"], levels["รายงานเอง"]) == (5, 2.5)
    quarters = [dict(zip(sheets["ไตรมาส"][0], one, strict=True)) for one in sheets["ไตรมาส"][1:]]
    assert [one["ไตรมาส"] for one in quarters] == [1, 2, 3, 4]
    assert [one["2.1 คุณภาพ"] for one in quarters] == [95, None, None, None]
    assert [one["รายงานเอง"] for one in quarters] == [2.5, None, None, None]
    assert len(sheets["หลักฐาน"]) == 5


def test_no_text_is_a_formula(full):
    with full.store.engine.connect() as connection, connection.begin():
        connection.execute(update(t.reports).values(narrative=STARTS[0], remark=STARTS[3]))
        connection.execute(update(t.indicator_details).values(title_th=HOSTILE, unit=STARTS[1]))
        connection.execute(update(t.milestones).values(blocked_by=STARTS[2]))
        connection.execute(update(t.agencies).values(name_th=STARTS[5]))
    content = full.get(f"{BASE}/report.xlsx").content

    every = list(cells(content))
    assert [cell.coordinate for cell in every if cell.data_type == "f" or cell.hyperlink] == []
    assert HOSTILE in [cell.value for cell in every]
    with zipfile.ZipFile(BytesIO(content)) as archive:
        assert not any(b"<f>" in archive.read(name) for name in archive.namelist())


def test_head_stays_in_sight(full):
    opened = openpyxl.load_workbook(BytesIO(full.get(f"{BASE}/report.xlsx").content))
    assert {sheet.freeze_panes for sheet in opened} == {"A2"}


# --- ZIP ---------------------------------------------------------------------------------------------------


def pack(town) -> zipfile.ZipFile:
    answer = town.get(f"{BASE}/evidence.zip")
    assert answer.status_code == 200
    return zipfile.ZipFile(BytesIO(answer.content))


def manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(archive.read("manifest.json"))
    return read


def test_pack_is_a_tree_with_the_hash_of_every_file(full):
    archive = pack(full)
    told = manifest(archive)
    files = {one["path"]: one for one in told["files"] if one["sha256"]}

    assert set(archive.namelist()) == {*files, "manifest.json", "รายการที่ขาด.txt"}
    for path, one in files.items():
        content = archive.read(path)
        assert (hashlib.sha256(content).hexdigest(), len(content)) == (one["sha256"], one["size"])
        assert path.startswith(f"สำนักงานเขตทุ่งครุ/{CODE}/03 จัดประชุม/")
        assert ".." not in path
    assert [one["link"] for one in told["files"] if "link" in one] == ["https://example.org/แนวทาง"]


def test_pack_tells_what_is_missing(full):
    told = manifest(pack(full))

    assert [(one["why"], one["milestone"]) for one in told["missing"]] == [("not_attached", "ส่งรายงาน")]
    text = pack(full).read("รายการที่ขาด.txt").decode("utf-8-sig")
    assert f"{CODE}: ส่งรายงาน: ยังไม่แนบ รายงาน" in text


def test_pack_names_files_that_vanished_or_were_altered(full):
    kept = sorted(full.evidence.glob("[0-9a-f][0-9a-f]/*"))
    kept[0].unlink()
    kept[1].write_bytes(b"altered")

    told = manifest(pack(full))

    assert sorted(one["why"] for one in told["missing"]) == ["altered", "not_attached", "vanished"]
    assert len([one for one in told["files"] if one["sha256"]]) == 1


# --- who -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["report.pdf", "report.xlsx", "evidence.zip"])
def test_nobody_takes_away_what_they_may_not_see(full, end):
    enter(full, SAI_MAI_COORDINATOR, DAY)
    assert full.get(f"{BASE}/{end}").status_code == 404


def test_report_of_an_agency_holds_its_own_indicators_alone(full):
    with full.store.begin() as tx:
        create_indicator(tx, new_indicator("5042-1", agency=SAI_MAI), by=ADMINISTRATOR, now=FOUNDED)
    with full.store.read() as tx:
        assert {row.code for row in rows_of_year(tx.connection, YEAR, SAI_MAI)} == {"5042-1"}
        assert {row.code for row in rows_of_year(tx.connection, YEAR)} == {CODE, PERCENT, "5042-1"}

"""Pages of the existing site, made from the facts that were read there: whole, and with most headings lost.

The narratives of the facts were not kept. So each is made of the dates that stood in it, and where a flag
says what was odd about it, it is made odd in that way.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from engine.wording import plain_number

Row = dict[str, Any]
ROWS: list[Row] = json.loads((Path(__file__).parent / "data" / "indicator_pages.json").read_text("utf-8"))

DEFINITION = "ความสำเร็จ หมายถึง การดำเนินการครบถ้วนตามแผนที่หน่วยงานกำหนดไว้ในปีงบประมาณ"
METHOD = "ผลการดำเนินการที่แล้วเสร็จ หารด้วยแผนทั้งหมด คูณ 100"
COUNTING = "นับจำนวนเครือข่ายที่จัดตั้งในพื้นที่เขต"
EVIDENCE = "1. แผนการดำเนินงาน 2. รายงานผลการดำเนินงาน 3. ภาพถ่ายกิจกรรม"
PLAN = (
    ":ด้านที่ ๑ - มหานครปลอดภัย |",
    ":๑.๒ - ปลอดภัยจากอาชญากรรม |",
    ":๑.๒.๑ ประชาชนมีความปลอดภัยในชีวิต |",
    ":๑.๒.๑.๑ เสริมสร้างความเข้มแข็งของชุมชน |",
)
_KINDS = {"strategic": "ตัวชี้วัดเชิงยุทธศาสตร์", "routine": "ตัวชี้วัดงานประจำ", None: ""}
_RESULTS = {"output": "ผลผลิต (output)", "outcome": "ผลลัพธ์ (outcome)"}
_WORKS = ("จัดทำแผนและขออนุมัติ", "ประสานงานและเตรียมพื้นที่", "ลงพื้นที่ตรวจติดตาม", "สรุปและประเมินผล")

#: What a flag says of the narratives, put into them by quarter; ``{was}`` is what was there.
_ODD: dict[str, dict[int, str]] = {
    "identical_narrative_repeated": {2: "{first}"},
    "dash_only_quarter": {4: "-"},
    "narrative_score_13.53_vs_67.65": {4: "ผลการประเมินได้คะแนน 13.53"},
    "cancelled_by_committee": {4: "คณะกรรมการเห็นชอบให้ยกเลิกโครงการ"},
    "double_sara_e_typo_เเ": {1: "จัดทำเเผนเเละดำเนินการ"},
    "thanthakhat_phinthu_noise": {1: "โครงการ (ฺBest Service) {was}"},
    "narrative_repeats_quarter_heading": {1: "ไตรมาสที่ 1 : {was}"},
    "mixed_thai_arabic_digits_in_one_number": {1: "ปริมาณ ๒๕๖0 ตัน {was}"},
    "thai_digits": {1: "ดำเนินการ ๓ ครั้ง {was}"},
    "empty_quarter_with_result": {3: ""},
    "empty_quarter_with_score": {1: ""},
    "typo_สำเร้จ": {1: "ดำเนินการสำเร้จ {was}"},
}
#: The same for one page, where each was odd in its own words.
_OWN: dict[str, dict[int, str]] = {
    "5022-2003": {4: "เบิกจ่ายแล้ว 290,259,229.02 บาท จากทั้งหมด 366,722,545 บาท ณ วันที่ 29 กันยายน 2564"},
    "5025-0912": {1: "เบิกจ่ายได้ร้อยละ 7.04 ณ วันที่ 27 ธ.ค.2562"},
    "5024-0929": {1: "แก้ไขเรื่องร้องเรียนได้ 7 เรื่อง จาก 8 เรื่อง คิดเป็นร้อยละ 87.50"},
}


def whole(row: Row) -> str:
    """The page in the order in which it carries its fields, every cell in a line of its own."""
    mark = "- " if "title_starts_with_dash" in row["flags"] else ""
    title = mark + " ".join(filter(None, [row["title"], ":", row["code"]]))
    lines = ["รายละเอียดตัวชี้วัด", "", "Back Home", "", title, ""]
    for line in _head(row):
        lines += [line, ""]
    lines += ["*** สยป. ตรวจประเมินตัวชี้วัด : " + _evaluated(row), "", "ผลงานเทียบกับเป้าหมายรายไตรมาส", ""]
    if row["quarters"]:
        lines += ["ไตรมาสที่", "(1 - 4)", "*ผลงาน*", f"({_unit(row)})", "*ผลประเมินตัวชี้วัด*", "(* 2.1 / 2.2 *)"]
        for number, result, score, quality, timeliness in row["quarters"]:
            cells = [str(number), _number(result, 2), _number(score, 4), f"{quality} / {timeliness}"]
            lines += [cell for cell in cells if cell]
    for number, text in sorted(narratives(row).items()):
        lines += ["", f"รายงานผลฯ ไตรมาสที่ {number}", "", text]
    lines += ["", "สรุปผลการดำเนินงานทั้งปี", "ดำเนินการตามแผน", "", "นิยาม", DEFINITION, ""]
    return "\n".join([*lines, "วิธีการคำนวณ", method_of(row), "", "เอกสาร/หลักฐาน", EVIDENCE, "", *PLAN, ""])


def text_only(row: Row) -> str:
    """The page as its text was seen without title, code, table and headings."""
    texts = [text or "-" for _, text in sorted(narratives(row).items())]
    lines = [*_head(row), "*** สยป. ตรวจประเมินตัวชี้วัด : " + _evaluated(row), *texts]
    return "\n".join([*lines, DEFINITION, method_of(row), EVIDENCE, *PLAN])


def method_of(row: Row) -> str:
    return COUNTING if "unit_level_but_formula_counts_networks" in row["flags"] else METHOD


def narratives(row: Row) -> dict[int, str]:
    found = {}
    for number, work in enumerate(_WORKS, start=1):
        days = [day for quarter, day in row["days"] if quarter == number]
        found[number] = " ".join([f"- {work}", *(f"- ดำเนินการ {day}" for day in days)])
    for flag in row["flags"]:
        for number, words in _ODD.get(flag, {}).items():
            found[number] = words.format(was=found[number], first=found[1])
    return found | _OWN.get(row["code"], {})


def _head(row: Row) -> list[str]:
    places = 4 if "header_3_decimals_table_2" in row["flags"] else 2
    kind = f"ประเภทตัวชี้วัด : {_KINDS[row['kind']]}".rstrip()
    return [
        f"ค่าเป้าหมาย {_unit(row)} : {_number(row['target'], 4)}",
        f"ผลงานที่ทำได้ {_unit(row)} : {_number(row['achieved'], places)}",
        f"{kind}\n(ตัวชี้วัดระดับ{_RESULTS[row['result_kind']]})",
        "รายละเอียดตัวชี้วัดฯ : พิมพ์ข้อมูล",
    ]


def _unit(row: Row) -> str:
    return row["unit"] or ""


def _evaluated(row: Row) -> str:
    return f"ไตรมาสที่ {row['evaluated_quarter']}: {_number(row['evaluated_score'], 0)}".rstrip()


def _number(value: float | None, places: int) -> str:
    if value is None:
        return ""
    exact = Decimal(str(value))
    text = plain_number(exact)
    return f"{exact:,.{places}f}" if len(text.partition(".")[2]) <= places else text

"""The forms in which days, months and years stand in running text, as patterns for a text made even.

A text is searched once for places at which a date can begin; only there a form is tried. Every repetition
is bounded or cannot be given back, so that no text takes longer than its length.
"""

import re

from engine.thai_dates import ERA_PATTERN, MONTH_PATTERN, MONTHS, WEEKDAY_PATTERN


def _is_whole(word: str) -> bool:
    return not word.isascii() and "." not in word


_LINE = r" *+(?:\n *+)?"
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])(?![0-9])(?:st|nd|rd|th)?"
_MARK = rf"(?:(?:ปี ?)?(?:{ERA_PATTERN}) ?|ปี ?)?"
_NOT_MORE = r"(?![0-9]|\.[0-9]|,[0-9]{3})"
#: Of two digits the years that can only be BE.
_YEAR = rf"(?:[0-9]{{4}}|4[3-9]|[5-9][0-9]){_NOT_MORE}"
#: What is counted: a number of two digits before it is no year.
_COUNTED = (
    r"คน|ราย|ครั้ง(?!ที่)|แห่ง|บาท|ล้าน|คัน|หลัง|ไร่|ตัน|จุด|ฉบับ|ชุมชน|เครือข่าย|เรื่อง|ประเด็น|คะแนน|%"
    r"|วัน(?!ที่)(?!จ|อั|พุ|พฤ|ศุ|เส|อา)"
)
_TIME = (
    r"(?P<time>,? *+(?:เวลา *+|t(?=[0-9])|(?=[0-9]{2}:))(?P<hour>[01]?[0-9]|2[0-3])[:.](?P<minute>[0-5][0-9])"
    r"(?:[:.][0-5][0-9](?:\.[0-9]+)?)?(?: ?- ?[0-9]{1,2}[:.][0-9]{2})?(?: ?น\.)?)?"
)

#: Words before a day inside a list or a range.
_LEAD = rf"(?:(?:(?:เมื่อ|ใน|ลง)?วันที่|(?:วัน)?(?:{WEEKDAY_PATTERN}) ?ที่|(?:ช่วง|ใน|สิ้น)?เดือน|เมื่อ){_LINE})?"
RANGE = rf"{_LINE}(?:-+|จนถึง|ถึง|to|until){_LINE}{_LEAD}"
LIST = rf"{_LINE}(?:,|/|&|และ|กับ|and){_LINE}{_LEAD}"
_JOIN = rf"(?:{RANGE}|{LIST})"
_DAYS = rf"{_DAY}(?:{_JOIN}{_DAY}){{0,15}}"
#: Between a month and its year; a comma stands before four digits only.
_TO_YEAR = rf"(?: ?\.?{_LINE}|[-/]|, ?(?=[0-9]{{4}})){_MARK}"
_PART = (
    rf"(?:{_DAYS}[ ./-]{{0,3}}(?:\n *+)?(?:(?:ของ)?เดือน ?)?)?(?:{MONTH_PATTERN})"
    rf"(?:{_TO_YEAR}{_YEAR}(?! ?(?:{_COUNTED})))?"
)

#: Days and months in a list or a range, written with the names of months; and the pieces of such.
WORDS = re.compile(rf"{_PART}(?:(?:{_JOIN}| ++){_PART}){{0,11}}{_TIME}")
PIECES = re.compile(
    rf"(?P<range>{RANGE})|(?P<list>{LIST})|(?P<day>{_DAY})"
    rf"|(?P<month>{MONTH_PATTERN})(?:{_TO_YEAR}(?P<year>{_YEAR})(?! ?(?:{_COUNTED})))?"
)
#: A day in numbers, or days of one month of which only the last one has it.
NUMBERS = re.compile(
    rf"(?:(?P<from>{_DAY}) ?- ?(?=[0-9]{{1,2}} ?/))?"
    rf"(?P<first>[0-9]{{1,2}}) ?(?P<sep>[/.-]) ?(?P<second>[0-9]{{1,2}}) ?(?P=sep) ?"
    rf"{_MARK}(?P<year>[0-9]{{4}}|[0-9]{{2}}){_NOT_MORE}{_TIME}"
)
ISO = re.compile(
    rf"(?P<year>[0-9]{{4}})(?P<sep>[-/.])(?P<second>[0-9]{{1,2}})(?P=sep)(?P<first>[0-9]{{1,2}})(?![0-9]){_TIME}"
)
MONTH_FIRST = re.compile(
    rf"(?P<month>{MONTH_PATTERN}) ?(?P<day>{_DAY})(?:, ?| )(?P<year>[0-9]{{4}})(?![0-9]){_TIME}"
)
YEARS = re.compile(
    rf"(?:(?P<fiscal>ปี ?งบ(?:ประมาณ)?|fiscal year|fy)|(?P<calendar>ปี)|(?={ERA_PATTERN}))"
    rf" ?(?:{ERA_PATTERN})? ?(?P<year>{_YEAR})(?! ?(?:{_COUNTED}))(?: ?- ?(?P<through>{_YEAR}))?"
)
BETWEEN = re.compile(RANGE)

#: What leads to a date and is part of its place.
LEAD = re.compile(
    rf"(?:(?:เมื่อ|ณ|ลง|ระหว่าง|dated|on) ?)?"
    rf"(?:วันที่|(?:วัน|(?<![ก-๎a-z.]))(?P<weekday>{WEEKDAY_PATTERN})(?: ?ที่)?,?|(?:ประจำ)?เดือน|ลว\.?|ประจำ(?=ปี|$))"
    rf"{_LINE}$"
)
#: Words before a number that make it the number of something, and no day.
NUMBERED = re.compile(
    r"(?:(?:ครั้ง|ฉบับ|ลำดับ|ชุด|รุ่น|ข้อ|หมวด|คำสั่ง|เลข|หมู่|ไตรมาส|ระดับ|ซอย|หนังสือ|ประกาศ|ขั้น)ที่"
    r"|จำนวน|ร้อยละ|ไตรมาส|ข้อ|หมู่|โทร\.?|โทรศัพท์) *+$"
)
#: A month by its whole Thai name; and in its short form, with or without its dot.
WHOLE = re.compile("|".join(word for name in MONTHS for word in name.spellings if _is_whole(word)))
SHORT = re.compile(r"(?:เม|[ก-ฮ][ิี]?)(?P<dot>\. ?)?[ก-ฮ](?![ก-๎])|[a-z]")


def _starts() -> re.Pattern[str]:
    """Where a date can begin: at a number that is no part of a longer one, or at the first two letters."""
    seconds: dict[str, set[str]] = {}
    words = [word.lower() for name in MONTHS for word in name.spellings]
    for word in [*words, "ปี", "fy", "fiscal", "พ.ศ.", "ค.ศ."]:
        seconds.setdefault(word[0], set()).add(word[1])
        if word[1] == ".":
            seconds[word[0]].add(word[2])
    letters = "|".join(
        f"(?<={first})[{re.escape(''.join(sorted(rest)))}]" for first, rest in sorted(seconds.items())
    )
    number = r"(?<=[0-9])(?<![0-9].)(?<![0-9][./].)(?=[0-9]{3}[-/.][0-9]|[0-9]?(?![0-9])(?!,[0-9]{3}))"
    return re.compile(f"[0-9{''.join(seconds)}](?:{number}|{letters})")


STARTS = _starts()

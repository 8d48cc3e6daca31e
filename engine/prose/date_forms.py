"""The forms in which days, months and years stand in running text, as patterns for a text made even.

A text is searched once for places at which a date can begin; only there a form is tried. Every repetition
is bounded or cannot be given back, so that no text takes longer than its length.
"""

import re
from collections.abc import Iterator

from engine.thai_dates import ERA_PATTERN, MONTH_PATTERN, MONTHS, WEEKDAY_PATTERN, WEEKDAYS


def _is_whole(word: str) -> bool:
    return not word.isascii() and "." not in word


_LINE = r" *+(?:\n *+)?"
_DAY = r"(?:3[01]|[12][0-9]|0?[1-9])(?![0-9])(?:st|nd|rd|th)?"
_MARK = rf"(?:(?:ปี ?)?(?:{ERA_PATTERN}) ?|ปี ?)?"
_NOT_MORE = r"(?![0-9]|\.[0-9]|,[0-9]{3})"
#: What is counted: two digits before it are no year, and neither are those that may be of either era.
_COUNTED = r"คน|ราย|ครั้ง(?!ที่)|แห่ง|บาท|ล้าน|คัน|หลัง|ไร่|ตัน|จุด|%|วัน(?!ที่)(?!จ|อั|พุ|พฤ|ศุ|เส|อา)"
_YEAR = rf"(?:[0-9]{{4}}{_NOT_MORE}|(?:4[3-9]|[5-9][0-9]){_NOT_MORE}(?! ?(?:{_COUNTED})))"
_TIME = (
    r"(?P<time>,? *+(?:เวลา *+|t(?=[0-9])|(?=[0-9]{2}:))(?P<hour>[01]?[0-9]|2[0-3])[:.](?P<minute>[0-5][0-9])"
    r"(?:[:.][0-5][0-9](?:\.[0-9]+)?)?(?: ?- ?[0-9]{1,2}[:.][0-9]{2})?(?: ?น\.)?)?"
)

#: Words before a day inside a list or a range.
_LEAD = rf"(?:(?:(?:เมื่อ|ใน|ลง)?วันที่|(?:วัน)?(?:{WEEKDAY_PATTERN}) ?ที่|(?:ช่วง|ใน|สิ้น)?เดือน|เมื่อ){_LINE})?"
_RANGE = rf"{_LINE}(?:-+|จนถึง|ถึง|to|until){_LINE}"
_LIST = rf"{_LINE}(?:,|/|&|และ|กับ|and){_LINE}"
_JOIN = rf"(?:{_RANGE}|{_LIST}){_LEAD}"
#: A short form without its last dot is no part of a longer word: มีค is no month in "และมีคำสั่ง".
_MONTH = rf"(?:{MONTH_PATTERN})(?![a-z])(?!(?<=[คยพ])[ก-๎])"
_DAYS = rf"{_DAY}(?:{_JOIN}{_DAY}){{0,15}}"
#: Between a month and its year; a comma stands before four digits only.
_TO_YEAR = rf"(?: ?\.?{_LINE}|[-/]| ?, ?(?=[0-9]{{4}})){_MARK}"
_TO_MONTH = rf"(?: ?[-/] ?|\.|{_LINE})(?:(?:ของ)?เดือน ?)?"
_PART = rf"(?:{_DAYS}{_TO_MONTH})?{_MONTH}(?:{_TO_YEAR}{_YEAR})?"

#: Days and months in a list or a range, written with the names of months; and the pieces of such.
WORDS = re.compile(rf"{_PART}(?:(?:{_JOIN}| ++){_PART}){{0,11}}{_TIME}")
#: What most of them are: one day.
ONE_DAY = re.compile(rf"(?P<day>{_DAY}){_TO_MONTH}(?P<month>{_MONTH}){_TO_YEAR}(?P<year>{_YEAR})")
PIECES = re.compile(
    rf"(?:(?P<range>{_RANGE})|{_LIST})(?P<lead>{_LEAD})|(?P<day>{_DAY})"
    rf"|(?P<month>{_MONTH})(?:{_TO_YEAR}(?P<year>{_YEAR}))?"
)
#: A day in numbers, or days of one month of which only the last one has it.
NUMBERS = re.compile(
    rf"(?:(?P<from>{_DAY}) ?- ?(?=[0-9]{{1,2}} ?/))?"
    rf"(?P<first>[0-9]{{1,2}}) ?(?P<sep>[/.-]) ?(?P<second>[0-9]{{1,2}}) ?(?P=sep) ?"
    rf"{_MARK}(?P<year>[0-9]{{4}}|[0-9]{{2}}){_NOT_MORE}{_TIME}"
)
#: The same with a word for the month: วันที่ 30 เดือน 11 พ.ศ. 2563.
WITH_MONTH = re.compile(
    rf"(?P<first>{_DAY})(?P<sep> ?เดือน(?:ที่)? ?)(?P<second>1[0-2]|0?[1-9])(?![0-9]) ?,? ?"
    rf"{_MARK}(?P<year>{_YEAR}){_TIME}"
)
ISO = re.compile(
    rf"(?P<year>[0-9]{{4}})(?P<sep>[-/.])(?P<second>[0-9]{{1,2}})(?P=sep)(?P<first>[0-9]{{1,2}})(?![0-9]){_TIME}"
)
MONTH_FIRST = re.compile(
    rf"(?P<month>{_MONTH}) ?(?P<day>{_DAY})(?:, ?| )(?P<year>[0-9]{{4}})(?![0-9]){_TIME}"
)
YEARS = re.compile(
    rf"(?:(?P<fiscal>ปี ?งบ(?:ประมาณ|ฯ)?|fiscal year|fy)|(?P<calendar>ปี)|(?={ERA_PATTERN}))"
    rf" ?(?:{ERA_PATTERN})? ?(?P<year>{_YEAR})(?: ?- ?(?P<through>{_YEAR}))?"
)
BETWEEN = re.compile(rf"{_RANGE}{_LEAD}")

#: What leads to a date and is part of its place.
LEAD = re.compile(
    rf"(?:(?:เมื่อ|ณ|ลง|ระหว่าง|dated|on) ?)?"
    rf"(?:วันที่|(?:วัน|(?<![ก-๎a-z.]))(?P<weekday>{WEEKDAY_PATTERN})(?: ?ที่)?,?|(?:ประจำ)?เดือน|ลว\.?|ประจำ)"
    rf"{_LINE}$"
)
#: How such words end, so that what ends in another way need not be looked at.
LEAD_ENDS = frozenset("่นว.,ำnd\n" + "".join(name.th[-1] + name.en[-1] for name in WEEKDAYS))
#: Words before a number that make it the number of something, and no day.
NUMBERED = re.compile(
    r"(?:(?:ครั้ง|ฉบับ|ลำดับ|ชุด|รุ่น|ข้อ|หมวด|คำสั่ง|เลข|หมู่|ไตรมาส|ระดับ|ซอย|หนังสือ|ประกาศ|ขั้น)ที่"
    r"|จำนวน|ร้อยละ|ไตรมาส|ข้อ|หมู่|โทร\.?|โทรศัพท์) *+$"
)
#: The end of a telephone number's first part.
TELEPHONE = re.compile(r"(?<![0-9/])[0-9]{2,4}-$")
#: A month by its whole Thai name; and in its short form, with or without its dot.
WHOLE = re.compile("|".join(word for name in MONTHS for word in name.spellings if _is_whole(word)))
SHORT = re.compile(r"(?:เม|[ก-ฮ][ิี]?)(?P<dot> ?\. ?)?[ก-ฮ](?![ก-๎])|[a-z]")


def _starts() -> re.Pattern[str]:
    """Where a date can begin: at a number that is no part of a longer one, or at a name by its first letters.

    Every alternative begins with its letter, so that the others are passed over at once.
    """
    behind: dict[str, set[str]] = {"ป": {"ี"}, "พ": {r"\.? ?ศ"}}
    for word in [*(word.lower() for name in MONTHS for word in name.spellings), "fiscal", "fy"]:
        behind.setdefault(word[0], set()).update(_next_letters(word))
    # What can follow a day: a sign, a month, a word that joins it to another.
    follows = rf"(?: *+(?:[-/.,&\n]|เ[มด]|[{''.join(sorted(set(behind) - {'เ', 'ป'}))}แถจขtundsr]))"
    number = rf"(?<![0-9].)(?<![0-9][./].)(?=[0-9]{{3}}[-/.][0-9]|[0-9]?(?![0-9])(?!,[0-9]{{3}}){follows})"
    numbers = [f"{digit}{number}" for digit in "0123456789"]
    names = [f"{first}(?:{'|'.join(sorted(rest))})" for first, rest in sorted(behind.items())]
    return re.compile("|".join([*names, *numbers]))


def _next_letters(word: str) -> Iterator[str]:
    """What follows the first letter of a month, as far as it tells it from other words."""
    if "." not in word:
        yield word[1:3]
        return
    first, second, _ = word.split(".")
    yield rf"{first[1:]}(?: ?\. ?)?{second}(?![ก-๎])"


STARTS = _starts()

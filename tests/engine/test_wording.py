"""Every kind has its sentence in both languages, and every value is said by its type."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.pofile import read_po

from engine import wording
from engine.appeal import AppealState
from engine.desk import Group, Verb
from engine.errors import Unmet, refuse
from engine.events import Happened
from engine.evidence import EvidenceState
from engine.indicator import Life, MilestoneState, ReportState, Ruling
from engine.levels import Basis
from engine.machine import (
    APPEAL_TRANSITIONS,
    LIFE_TRANSITIONS,
    MILESTONE_TRANSITIONS,
    PETITION_TRANSITIONS,
    REPORT_TRANSITIONS,
)
from engine.matrix import CellState, Sort
from engine.permissions import Action, Role
from engine.petition import PetitionKind, PetitionState
from engine.quarter import FiscalYear, Quarter
from engine.sealing import Check
from engine.thai_dates import DateFault, Era, Span
from engine.verdict import VerdictKind
from engine.wording import Wording, places
from engine.workflow import Order, Text

ROOT = Path(__file__).parents[2]
ZONE = ZoneInfo("Asia/Bangkok")
FOLDERS = ("engine", "storage", "workflows", "notifications", "web", "cli")

SEAL_FAULTS = (
    *("no_seal", "gone", "level", "rule", "journal", "hash"),
    *("occurrence", "evidence", "report", "decision", "waiver", "target"),
)

_KIND = re.compile(r"[a-z_]+(\.[a-z_]*[a-z])+")
#: Strings of that form that are no kinds: names of files, of columns and of loggers.
_NO_KINDS = re.compile(
    r".*\.(toml|json|po|id|sha256|example|html|ics|css|csv|js|jsonld|svg|pdf|xlsx|zip)|radap.limit|level\.differs|search\.(differs|broken)|agencies\..*|(body|query|path|header)\..*|cli\..*|http\..*"
)


def catalogue(language: str) -> dict[str, str]:
    with (ROOT / "locale" / language / "LC_MESSAGES" / "radap.po").open("rb") as file:
        return {str(one.id): str(one.string) for one in read_po(file, locale=language) if one.id}


SENTENCES = {language: catalogue(language) for language in ("th", "en")}
THAI, ENGLISH = (Wording(language, SENTENCES[language], ZONE) for language in ("th", "en"))


def kinds_in(source: str) -> Iterator[str]:
    """Every text in the code that has the form of a kind; a docstring never has it whole."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _KIND.fullmatch(node.value):
            yield node.value


def words() -> list[str]:
    """Every word that a family must have."""
    families: tuple[tuple[str, type[StrEnum]], ...] = (
        ("role", Role),
        ("action", Action),
        ("appeal_state", AppealState),
        ("verdict_kind", VerdictKind),
        ("event", Happened),
        ("life", Life),
        ("milestone_state", MilestoneState),
        ("report_state", ReportState),
        ("ruling", Ruling),
        ("basis", Basis),
        ("order", Order),
        ("petition_kind", PetitionKind),
        ("petition_state", PetitionState),
        ("cell_state", CellState),
        ("sort", Sort),
        ("desk", Group),
        ("do", Verb),
        ("era", Era),
        ("evidence_state", EvidenceState),
        ("span", Span),
    )
    tables = (
        MILESTONE_TRANSITIONS,
        REPORT_TRANSITIONS,
        LIFE_TRANSITIONS,
        PETITION_TRANSITIONS,
        APPEAL_TRANSITIONS,
    )
    triggers = {f"trigger.{row.trigger}" for table in tables for row in table}
    return sorted({f"{family}.{name}" for family, names in families for name in names} | triggers)


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_kind_in_the_code_has_its_sentence(folder):
    found = {
        kind
        for path in sorted((ROOT / folder).rglob("*.py"))
        for kind in kinds_in(path.read_text(encoding="utf-8"))
        if not _NO_KINDS.fullmatch(kind)
    }
    assert sorted(found - set(SENTENCES["th"])) == []
    assert sorted(found - set(SENTENCES["en"])) == []


def test_a_kind_without_sentence_would_be_found():
    source = 'raise refuse("indicator.lost", code=code)\nUnmet(f"{subject}.wrong_state")\n"""It ends."""'
    assert list(kinds_in(source)) == ["indicator.lost"]


def test_every_built_kind_has_its_sentence():
    """Kinds that the code puts together from parts, which no reading of it can find."""
    built = [f"{subject}.wrong_state" for subject in ("milestone", "report", "indicator", "petition")]
    built += [str(fault) for fault in DateFault]
    built += [f"journal.{fault}" for fault in ("altered", "missing", "unchained", "head", "ownerless")]
    built += [f"seal.{fault}" for fault in SEAL_FAULTS]
    built += [f"{family}.{check}" for family in ("sealing", "check", "check_help") for check in Check]
    built += [f"evidence.{kind}" for kind in ("macros", "embedded", "linked")]
    built += [f"evidence_used.{kind}" for kind in ("agency", "year", "indicator")]
    built += [f"evidence_unshown.{kind}" for kind in ("pdf", "heic", "other")]
    built += [f"finding.{kind}" for kind in ("level.differs", "evidence.vanished", "evidence.altered")]
    assert sorted(set(built) - set(SENTENCES["th"])) == []


def test_every_word_of_ours_is_in_both_languages():
    assert sorted(set(words()) - set(SENTENCES["th"])) == []
    assert sorted(set(words()) - set(SENTENCES["en"])) == []


def test_both_languages_have_the_same_kinds_with_the_same_places():
    assert sorted(SENTENCES["th"]) == sorted(SENTENCES["en"])
    different = [
        kind
        for kind, thai in SENTENCES["th"].items()
        if places(thai) != places(SENTENCES["en"][kind]) and not kind.startswith("format.")
    ]
    assert different == []


def test_no_sentence_is_empty_and_brackets_are_paired():
    for language, sentences in SENTENCES.items():
        for kind, sentence in sentences.items():
            assert sentence.strip(), (language, kind)
            assert sentence.count("{") == sentence.count("}"), (language, kind)
            assert sentence.count("[") == sentence.count("]"), (language, kind)


@pytest.mark.parametrize(
    ("value", "thai", "english"),
    [
        (None, "–", "–"),
        (date(2021, 5, 18), "18 พ.ค. 2564", "18 May 2021"),
        (datetime(2021, 5, 18, 18, 5, tzinfo=UTC), "19 พ.ค. 2564 เวลา 01:05 น.", "19 May 2021, 01:05"),
        (Quarter(2021, 2), "ไตรมาสที่ 2 ปีงบประมาณ 2564", "Q2 of fiscal year 2564 (2021)"),
        (FiscalYear(2021), "ปีงบประมาณ 2564", "fiscal year 2564 (2021)"),
        (Text("จัดประชุม", "Meetings held"), "จัดประชุม", "Meetings held"),
        (Role.EVALUATOR, "ผู้ประเมิน", "evaluator"),
        (MilestoneState.RETURNED, "ส่งกลับแก้ไข", "returned"),
        ([Role.COORDINATOR, Role.SECTION_HEAD], "ผู้ประสานงาน, หัวหน้าฝ่าย", "coordinator, section head"),
        (Decimal("100.0000"), "100", "100"),
        (Decimal("1E+2"), "100", "100"),
        (Decimal("1407.520"), "1407.52", "1407.52"),
        (Decimal("NaN"), "NaN", "NaN"),
        (7, "7", "7"),
        ("5049-2017", "5049-2017", "5049-2017"),
    ],
)
def test_value_is_said_by_its_type(value, thai, english):
    assert THAI.value(value) == thai
    assert ENGLISH.value(value) == english


def test_list_for_or_ends_with_or():
    assert THAI.value(["a", "b", "c"], "or") == "a, b หรือ c"
    assert ENGLISH.value(["a"], "or") == "a"


def test_part_in_brackets_is_left_out_when_it_has_nothing_to_say():
    year = FiscalYear(2021)
    with_names = {"code": "5049-2071", "year": year, "nearest": ["5049-2017"], "years": []}
    without = {"code": "x", "year": year, "nearest": [], "years": []}
    assert ENGLISH.say("indicator.unknown", with_names) == (
        "There is no indicator 5049-2071 in fiscal year 2564 (2021). Did you mean 5049-2017?"
    )
    assert THAI.say("indicator.unknown", without) == "ไม่พบตัวชี้วัด x ในปีงบประมาณ 2564"


def test_brackets_in_what_people_typed_are_kept():
    assert "[a] {code}" in THAI.say("date.not_a_date", {"text": "[a] {code}"})


def test_unmet_condition_says_who_can_lift_it():
    condition = Unmet(
        "milestone.needs_occurrences",
        {"milestone": Text("จัดประชุม", "Meetings held"), "missing": 1, "have": 1, "need": 2},
        (Role.COORDINATOR,),
    )
    assert THAI.unmet(condition) == (
        "“จัดประชุม” มีการดำเนินการ 1 จาก 2 รายการที่ต้องมี ให้บันทึกเพิ่มอีก 1 รายการ ผู้ที่ทำได้: ผู้ประสานงาน"
    )
    assert ENGLISH.unmet(condition) == (
        "“Meetings held” has 1 of the 2 records it needs: record 1 more. Who can do this: coordinator."
    )


def test_refusal_becomes_a_sentence_for_every_condition():
    refusal = refuse("quarter.unknown", given=5)
    assert ENGLISH.refusal(refusal) == ["There is no quarter 5: a fiscal year has quarters 1 to 4."]


def test_state_that_is_plain_text_is_said_in_our_words():
    params = {"state": "open", "trigger": "verify", "possible": ("achieve", "block")}
    assert ENGLISH.say("milestone.wrong_state", params) == (
        "This cannot be done now (“verify”): the milestone is open. Possible now: achieve, block."
    )


def test_word_that_we_do_not_have_is_its_own_name():
    assert THAI.word("milestone_state", "polished") == "polished"


def test_wording_knows_every_family_that_sentences_name():
    numbered = set(wording._NUMBERED) | {"or"}
    families = {
        place.partition(":")[2]
        for sentence in SENTENCES["th"].values()
        for place in places(sentence)
        if ":" in place
    }
    known = {kind.partition(".")[0] for kind in SENTENCES["th"]}
    assert sorted(families - numbered - known) == []


def test_no_thai_word_is_written_together_with_a_quarter_before_it():
    """It ends with its year: ปีงบประมาณ 2564ส่งแล้ว reads as one word."""
    together = re.compile(r"\{quarter\}[ก-๙]")
    assert [kind for kind, sentence in SENTENCES["th"].items() if together.search(sentence)] == []

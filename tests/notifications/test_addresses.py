"""Addresses and names from outside: what is safe stays as it is, all else is refused with its reason."""

from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import bootstrap
from engine.errors import Refusal
from notifications.addresses import address, display_name, domain_of, mailbox_of, visible
from tests.cli.conftest import Terminal, found

ZONE = ZoneInfo("Asia/Bangkok")
#: One for every way of turning the direction of writing.
BIDI = [chr(code) for code in (0x61C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))]


def refused(check, text):
    """The kind of the refusal; its sentence must be one line of what can be seen, in both languages."""
    with pytest.raises(Refusal) as refusal:
        check(text)
    (condition,) = refusal.value.conditions
    for language in bootstrap.LANGUAGES:
        (sentence,) = bootstrap.wording(language, ZONE).refusal(refusal.value)
        assert sentence.isprintable(), sentence
        assert "–" not in sentence, "a place that is not filled"
    return condition.kind


@pytest.mark.parametrize(
    "text",
    [
        "coordinator@thungkhru.example",
        "a.b+c_d-e'f@x.example",
        "operator@localhost",
        "ผู้ประสานงาน@ทุ่งครุ.ไทย",
        "x@" + "a" * 63 + ".example",
        "x" * 64 + "@y.example",
        "x@" + "abcdefghi." * 25 + "th",
    ],
)
def test_address_that_is_one_is_kept(text):
    assert address(text) == text


def test_address_is_trimmed_and_composed():
    assert address("  x@y.example ") == "x@y.example"
    assert address("cafe\u0301@y.example") == "caf\u00e9@y.example"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("x@y.example\r\nBcc: z@y.example", "address.line_break"),
        ("x@y.example\n", "address.line_break"),
        ("x@y.example\r", "address.line_break"),
        ("x\u2028@y.example", "address.line_break"),
        ("x\u0085@y.example", "address.line_break"),
        ("x\0@y.example", "address.control_mark"),
        ("x\x1b[31m@y.example", "address.control_mark"),
        ("x\x7f@y.example", "address.control_mark"),
        ("x\udcff@y.example", "address.control_mark"),
        ("x\u200b@y.example", "address.invisible_mark"),
        ("x@y\u00ad.example", "address.invisible_mark"),
        ("x@y.example,z@y.example", "address.two"),
        ("x@y.example;z@y.example", "address.two"),
        ("x@y.example z@y.example", "address.two"),
        ("x@y@z.example", "address.two"),
        ("@y.example", "address.no_local"),
        ("x@", "address.no_domain"),
        ("nobody", "person.no_address"),
        ("", "person.no_address"),
        ("x" * 65 + "@y.example", "address.local_too_long"),
        ("ก" * 22 + "@y.example", "address.local_too_long"),
        ("x@" + "abcdefghi." * 25 + "tha", "address.too_long"),
        ("x@" + "ทุ่งครุ." * 25 + "ไทย", "address.too_long"),
        (".x@y.example", "address.dots"),
        ("x.@y.example", "address.dots"),
        ("x..z@y.example", "address.dots"),
        ("x z@y.example", "address.strange"),
        ("X <x@y.example>", "address.strange"),
        ('"x"@y.example', "address.strange"),
        ("x(a)@y.example", "address.strange"),
        ("x\\@y.example", "address.strange"),
        ("x\u00a0@y.example", "address.invisible_mark"),
        ("x@y..example", "address.domain"),
        ("x@.example", "address.domain"),
        ("x@y.example.", "address.domain"),
        ("x@-y.example", "address.domain"),
        ("x@y_z.example", "address.domain"),
        ("x@y example", "address.domain"),
        ("x@y.example>", "address.domain"),
        ("x@[127.0.0.1]", "address.domain"),
        ("x@127.0.0.1", "address.domain"),
        ("x@" + "a" * 64 + ".example", "address.domain"),
        *((f"x{mark}@y.example", "address.bidi_mark") for mark in BIDI),
    ],
)
def test_address_that_is_not_safe_is_refused(text, kind):
    assert refused(address, text) == kind


@pytest.mark.parametrize("text", ["สมหญิง ใจดี", "Thung Khru, District (5049)", "O'Neil “x” <y>", "ก" * 200])
def test_name_that_is_safe_is_kept(text):
    assert display_name(f" {text}  ") == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("สมหญิง\r\nBcc: z@y.example", "address_name.line_break"),
        ("สมหญิง\n", "address_name.line_break"),
        ("a\u2029b", "address_name.line_break"),
        ("a\0b", "address_name.control_mark"),
        ("a\tb", "address_name.control_mark"),
        ("\x1b]0;x\x07", "address_name.control_mark"),
        ("a\udc80", "address_name.control_mark"),
        ("", "address_name.empty"),
        ("   ", "address_name.empty"),
        ("ก" * 201, "address_name.too_long"),
        *((f"ก{mark}ข", "address_name.bidi_mark") for mark in BIDI),
    ],
)
def test_name_that_is_not_safe_is_refused(text, kind):
    assert refused(display_name, text) == kind


@given(st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_taken_is_one_line_of_one_address(before, after):
    try:
        taken = address(f"{before}@{after}")
    except Refusal:
        return
    assert taken.count("@") == 1
    assert taken.isprintable()
    assert address(taken) == taken
    assert str(mailbox_of(taken)).rpartition("@")[2].isascii()


@given(st.text(max_size=40))
def test_whatever_name_is_taken_makes_one_header(text):
    try:
        name = display_name(text)
    except Refusal:
        return
    message = EmailMessage()
    message["Subject"] = name
    assert list(message.keys()) == ["Subject"]
    assert name.splitlines() == [name]


def test_domain_is_told_in_ascii_and_small():
    assert domain_of("x@ThungKhru.Example") == "thungkhru.example"
    assert domain_of("x@ทุ่งครุ.ไทย") == "ทุ่งครุ.ไทย".encode("idna").decode()
    assert domain_of("nobody") == ""


def test_what_cannot_be_seen_is_shown_by_its_code():
    assert visible("a\r\n\u202eb") == "a<U+000D><U+000A><U+202E>b"
    assert visible("x" * 70) == "x" * 64 + "…"


# --- at the door ---------------------------------------------------------------------------------------


@pytest.fixture
def radap(tmp_path):
    terminal = Terminal(f"sqlite:///{tmp_path / 'radap.db'}", tmp_path)
    found(terminal)
    return terminal


def listed(radap):
    return [person["email"] for person in radap("user", "list", "--json").data]


@pytest.mark.parametrize(
    ("email", "name", "sentence"),
    [
        ("x@y.example,z@y.example", "x", "“x@y.example,z@y.example” is more than one address"),
        ("x@y.example\nBcc: z@y.example", "x", "“x@y.example<U+000A>Bcc: z@y.example” has a line break"),
        ("x@y.example", "a\u202eb", "The name “a<U+202E>b” has a mark that turns the direction"),
    ],
)
def test_person_whose_address_or_name_is_not_safe_is_not_added(radap, email, name, sentence):
    before = listed(radap)
    said = radap("user", "add", email, "--name", name, "--role", "viewer")
    assert (said.code, said.out) == (2, "")
    assert sentence in " ".join(said.err.split())
    assert listed(radap) == before


def test_person_with_a_thai_address_is_added(radap):
    said = radap("user", "add", " ผู้ดู@ทุ่งครุ.ไทย", "--name", " ผู้ดู ", "--role", "viewer", "--json")
    assert (said.data["email"], said.data["name"]) == ("ผู้ดู@ทุ่งครุ.ไทย", "ผู้ดู")
    assert "ผู้ดู@ทุ่งครุ.ไทย" in listed(radap)

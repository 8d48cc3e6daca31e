"""Hostile words in every field that takes text: what each is answered, and that no page is turned by them."""

from typing import NamedTuple

import pytest

from storage import petitions
from tests.cast import MEETINGS
from tests.web.coordinators import BASE, PNG, enter, errors, fill, indicator, value_of
from tests.web.doorway import token_in

_RECORD, _SEEN_AT = f"{BASE}/milestones/{MEETINGS}/record", f"{BASE}/milestones/{MEETINGS}"
_FACT = {"way": "done", "day": "18 พ.ค. 2564"}


class Field(NamedTuple):
    """A field: the page of its form, what is sent besides, and the page that then shows it."""

    form: str
    name: str
    more: dict[str, str]
    shown: str


FIELDS = {
    "narrative": Field(
        f"{BASE}/quarters/2", "narrative", {"value": "", "then": "stay"}, f"{BASE}/quarters/2"
    ),
    "note": Field(_RECORD, "note", _FACT, _SEEN_AT),
    "document": Field(_RECORD, "document", _FACT, _SEEN_AT),
    "reason": Field(f"{BASE}/milestones/{MEETINGS}/block", "reason", {}, _SEEN_AT),
}
#: What is typed, what of it must not stand on the page, and what a reader is to find there.
SHOWN = {
    "script": ("<script>alert(1)</script>", "<script>alert", "&lt;script&gt;"),
    "attribute": ('"><img src=x onerror=alert(1)>', "<img src=x", "&lt;img src=x"),
    "template": ("{{ 7 * 7 }}", ">49<", "{{ 7 * 7 }}"),
    "turned around": ("มติ\u202egnp.exe\u2066", "\u202e", "มติgnp.exe"),
    "NUL": ("มติ\x00ที่ประชุม", "\x00", "มติที่ประชุม"),
    "escape": ("มติ\x1b[31mแดง", "\x1b", "มติ"),
    "tone marks": ("น้ำ" + "\u0e49" * 400, "\u0e49" * 5, "น้ำ"),
    "60 kB of combining marks": ("e" + "\u0301" * 30_000, "\u0301" * 5, "\u00e9"),
    "formula": ("=HYPERLINK(A1)", "<a href=A1", "=HYPERLINK(A1)"),
}
#: What is too much, and with which status it is answered.
REFUSED = {
    "1 MB of combining marks": ("e" + "\u0301" * 500_000, 413),
    "300 kB": ("x" * 300_000, 422),
}


@pytest.mark.parametrize("typed", SHOWN.values(), ids=SHOWN)
@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_hostile_words_are_words(town, field, typed):
    text, never, read = typed
    enter(town)
    answer = fill(town, field.form, **field.more, **{field.name: text})
    assert answer.status_code == 303, errors(answer)

    for page in (town.get(field.shown), town.get(f"{BASE}/history"), town.get("/")):
        assert page.status_code == 200
        assert never not in page.text
    assert read in town.get(field.shown).text


@pytest.mark.parametrize("typed", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_too_many_words_are_refused_and_nothing_is_kept(town, field, typed):
    text, status = typed
    enter(town)
    before = indicator(town).version
    answer = fill(town, field.form, **field.more, **{field.name: text})

    assert answer.status_code == status
    assert indicator(town).version == before
    if status == 422:
        assert field.name in [one for one, _ in errors(answer)]


# --- forms that are sent again ---------------------------------------------------------------------------


def sent_twice(town, page: str, to: str, **fields: str) -> None:
    """A double tap, or a page that the browser sends again."""
    form = town.get(page)
    hidden = {name: value_of(form, name) for name in ("token", "seen")}
    for _ in range(2):
        answer = town.client.post(to, data={**hidden, **fields}, follow_redirects=False)
        assert answer.status_code == 303, errors(answer)


@pytest.mark.parametrize("document", ["", "กท 1/2564"], ids=["without a number", "with a number"])
@pytest.mark.parametrize(
    "what",
    [
        {"way": "done", "day": "18 พ.ค. 2564"},
        {"way": "planned", "day": "1 มิ.ย. 2564"},
        {"way": "undated", "quarter": "2"},
    ],
    ids=["done", "planned", "undated"],
)
def test_record_that_is_sent_twice_is_one_fact(town, what, document):
    enter(town)
    sent_twice(town, _RECORD, _RECORD, **what, note="ประชุม", document=document)
    assert len(indicator(town).occurrences) == 1


def test_second_meeting_of_the_same_day_is_another_fact(town):
    enter(town)
    for _ in range(2):
        fill(town, _RECORD, **_FACT, note="ประชุม")
    assert len(indicator(town).occurrences) == 2


def test_link_that_is_sent_twice_is_one_document(town):
    enter(town)
    sent_twice(town, _SEEN_AT, f"{_SEEN_AT}/evidence", link="https://example.org/report")
    assert len(indicator(town).evidence) == 1


def test_file_that_is_sent_twice_is_one_document(town):
    enter(town)
    form = town.get(_SEEN_AT)
    hidden = {name: value_of(form, name) for name in ("token", "seen")}
    for _ in range(2):
        files = [("files", ("ประชุม.png", PNG, "image/png"))]
        answer = town.client.post(f"{_SEEN_AT}/evidence", data=hidden, files=files, follow_redirects=False)
        assert answer.status_code == 303, errors(answer)
    assert len(indicator(town).evidence) == 1


def test_what_is_asked_for_twice_waits_once(town):
    enter(town)
    ask = f"{_SEEN_AT}/ask"
    data = {"token": token_in(town.get(ask)), "kind": "postponement", "day": "1 ก.ย. 2564", "reason": "น้ำท่วม"}
    for _ in range(2):
        town.client.post(ask, data=data, follow_redirects=False)
    number = indicator(town).id
    with town.store.read() as tx:
        assert len(petitions.of(tx.connection, [number])[number]) == 1

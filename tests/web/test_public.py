"""What the public sees: sealed results as they were sealed, nothing of anybody, and nothing when off."""

import csv
import hashlib
import json
import re
import warnings
from dataclasses import replace
from datetime import UTC, date
from io import StringIO

import pytest
from rdflib import FOAF, RDF, XSD, Graph, Literal, Namespace
from sqlalchemy import insert, select, update

from engine import actions
from engine.actions import NewOccurrence, create_indicator, seal_quarter
from engine.quarter import Quarter
from storage import tables as t
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    COMMITTEE,
    COORDINATOR,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    SAI_MAI,
    SECTION_HEAD,
    YEAR,
    at,
    new_indicator,
)
from tests.counting import counted
from tests.web.coordinators import enter, heading, words
from tests.web.town import HOME as HOUSE
from web.public.columns import COLUMNS

DAY, SEALED = date(2020, 12, 14), date(2021, 1, 20)
NOW = at(SEALED)
OTHER = "5042-2017"
HOME = "/public/2564/1"
BADGE = f"/public/badge/2564/{CODE}.svg"
EVERY = [
    "/public",
    HOME,
    f"{HOME}/agencies/1",
    f"{HOME}/results.csv",
    f"{HOME}/results.json",
    "/public/dictionary",
    "/public/catalog.jsonld",
    BADGE,
]
#: What must never be read there, each put where it could come from.
SECRETS = ["สมศรี ใจดี", "081-234-5678", "somsri@thungkhru.example", "บันทึกภายใน", "example.org/inside"]


@pytest.fixture
def shown(town):
    """A sealed quarter of two districts, personal words at every corner, and a verdict after the seal."""
    with town.store.begin() as tx:
        create_indicator(tx, new_indicator(OTHER, agency=SAI_MAI), by=ADMINISTRATOR, now=FOUNDED)
        by, now = COORDINATOR, at(DAY)
        for milestone in (GUIDELINES, COMMITTEE):
            note, number = f"บันทึกภายใน {SECRETS[0]}", f"{SECRETS[1]} {milestone}"
            new = NewOccurrence(milestone, DAY, document_number=number, note=note)
            actions.record_occurrence(tx, CODE, YEAR, new, by=by, now=now)
        actions.verify_milestone(tx, CODE, YEAR, GUIDELINES, by=EVALUATOR, now=at(DAY))
        link = "https://example.org/inside"
        actions.attach_evidence(tx, CODE, YEAR, GUIDELINES, link=link, by=by, now=now)
        actions.write_report(tx, CODE, YEAR, 1, narrative=f"{SECRETS[0]} {SECRETS[2]}", by=by, now=now)
        tx.connection.execute(update(t.people).values(name=SECRETS[0]).where(t.people.c.id == COORDINATOR.id))
        tx.connection.execute(
            update(t.people).values(email=SECRETS[2]).where(t.people.c.id == COORDINATOR.id)
        )
        seal_quarter(tx, Quarter(YEAR, 1), reason="ครบกำหนด", by=EVALUATOR, now=NOW)
        actions.verify_milestone(tx, CODE, YEAR, COMMITTEE, by=EVALUATOR, now=at(date(2021, 2, 1)))
    town.open(replace(town.site, public=True))
    return town


def records(town) -> list[dict[str, object]]:
    found: list[dict[str, object]] = town.get(f"{HOME}/results.json").json()["results"]
    return found


def test_house_that_is_not_public_has_none_of_it(town):
    with town.store.begin() as tx:
        seal_quarter(tx, Quarter(YEAR, 1), reason="ครบกำหนด", by=EVALUATOR, now=NOW)
    for person in (None, EVALUATOR):
        if person is not None:
            enter(town, person)
        assert [town.get(path).status_code for path in EVERY] == [404] * len(EVERY)


def test_public_house_shows_it_to_everybody_without_a_word_of_anybody(shown):
    for person in (None, COORDINATOR):
        if person is not None:
            enter(shown, person, SEALED)
        for path in EVERY:
            page = shown.get(path)
            assert page.status_code == 200, path
            found = [one for one in (*SECRETS, SECTION_HEAD.name, "sealed_by") if one in page.text]
            assert found == [], path


def test_results_are_those_of_the_seal_and_of_nothing_after_it(shown):
    found = {
        one["code"]: (one["verified_level"], one["claimed_level"], one["top_level"]) for one in records(shown)
    }
    assert found == {CODE: (1, 2, 5), OTHER: (0, 0, 5)}

    page = shown.get(f"{HOME}/agencies/1")
    assert heading(page) == "สำนักงานเขตทุ่งครุ"
    assert "1 จาก 5" in words(page.text)
    assert "2 จาก 5" in words(page.text)


def test_json_is_csv_and_both_are_what_was_sealed(shown):
    text = shown.get(f"{HOME}/results.csv").content.decode("utf-8-sig")
    lines = list(csv.DictReader(StringIO(text, newline="")))
    data = shown.get(f"{HOME}/results.json").json()

    assert [list(one) for one in data["results"]] == [[column.key for column in COLUMNS]] * 2
    assert lines == [
        {key: "" if value is None else str(value) for key, value in one.items()} for one in data["results"]
    ]
    names = ["indicator_id", "code", "claimed_level", "claimed_fraction", "verified_level"]
    names += [
        "verified_fraction",
        "workflow",
        "workflow_version",
        "workflow_hash",
        "journal_seq",
        "journal_head",
    ]
    said = [[data[name] for name in ("fiscal_year", "quarter", "sealed_at", "previous_hash")]]
    said += [[one[name] for name in names] for one in data["results"]]
    text = "\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in said)
    with shown.store.read() as tx:
        kept = tx.connection.execute(select(t.seals.c.hash)).scalar_one()
    assert hashlib.sha256(text.encode()).hexdigest() == kept == data["hash"]
    assert kept in shown.get(HOME).text


def test_what_was_corrected_after_the_seal_stands_beside_it_and_is_marked(shown):
    tags = {path: shown.get(path).headers["etag"] for path in EVERY}
    before = {one["code"]: one for one in records(shown)}
    assert {one["corrected_verified_level"] for one in before.values()} == {None}
    assert "แก้ไขหลังปิดไตรมาส" not in words(shown.get(f"{HOME}/agencies/1").text)
    now = at(date(2021, 2, 2))
    with shown.store.begin() as tx:
        actions.void_after_seal(tx, CODE, YEAR, 2, reason=f"{SECRETS[3]} ผิดปี", by=EVALUATOR, now=now)

    after = {one["code"]: one for one in records(shown)}
    changed = {"corrected_verified_level": 1, "corrected_claimed_level": 1}
    assert after == {OTHER: before[OTHER], CODE: {**before[CODE], **changed}}
    page = words(shown.get(f"{HOME}/agencies/1").text)
    assert "1 จาก 5 แก้ไขหลังปิดไตรมาส ปัจจุบัน 1 จาก 5" in page
    assert "2 จาก 5 ปัจจุบัน 1 จาก 5" in page
    assert "สำนักงานเขตทุ่งครุ แก้ไขหลังปิดไตรมาส 1 ตัวชี้วัด 1 0 0" in words(shown.get(HOME).text)
    assert "ระดับ 1 จาก 5" in shown.get(BADGE).text
    (dataset,) = shown.get("/public/catalog.jsonld").json()["dcat:dataset"]
    assert dataset["dct:modified"]["@value"].startswith(now.astimezone(UTC).isoformat()[:16])
    same = {path for path, tag in tags.items() if shown.get(path).headers["etag"] == tag}
    assert same == {"/public/dictionary", BADGE}
    assert not any(one in shown.get(path).text for path in EVERY for one in SECRETS)


def test_page_of_the_quarter_counts_by_agency(shown):
    rows = re.findall(r'<tr class="govuk-table__row">(.*?)</tr>', shown.get("/public").text, re.DOTALL)
    assert [words(row) for row in rows[1:]] == ["สำนักงานเขตสายไหม 1 0 0", "สำนักงานเขตทุ่งครุ 1 0 0"]


def test_title_that_is_a_formula_is_a_text_in_the_table(shown):
    for title in ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '="a",b'):
        with shown.store.begin() as tx:
            tx.connection.execute(update(t.indicator_details).values(title_th=title))
        text = shown.get(f"{HOME}/results.csv").content.decode("utf-8-sig")
        assert {one["title_th"] for one in csv.DictReader(StringIO(text, newline=""))} == {f"'{title}"}
        assert {one["title_th"] for one in records(shown)} == {title}


def test_what_is_not_sealed_is_not_there(shown):
    for path in (
        *("2564/2", "2021/1", "2564/0", "2564/x", "0/1", "๒๕๖๔/1", f"{'9' * 20}/1", "2564/1 OR 1=1"),
        *("2564/1/results.xlsx", "2564/2/results.csv", "2564/2/results.json", "2564/2/agencies/1"),
        *("2564/1/agencies/9", "2564/1/agencies/x", f"2564/1/agencies/{'9' * 40}", "2564/1/agencies/-1"),
        *("badge/2564/none.svg", f"badge/x/{CODE}.svg", f"badge/2563/{CODE}.svg", "badge/2564/'.svg"),
        *(f"badge/2564/{'5' * 500}.svg", "badge/2564/%00.svg"),
    ):
        assert shown.get(f"/public/{path}").status_code == 404, path


def test_badge_is_a_picture_with_words(shown):
    badge = shown.get(f"{BADGE}?lang=en")
    assert badge.headers["content-type"] == "image/svg+xml"
    assert badge.headers["cross-origin-resource-policy"] == "cross-origin"
    title = "5049-2017 Success of building the network: level 1 of 5, Q1 of fiscal year 2564 (2021)"
    assert re.findall(r'<title id="title">(.*?)</title>', badge.text) == [title]
    assert ">Level 1 of 5 · Q1/2021<" in badge.text
    assert ">ระดับ 1 จาก 5 · ไตรมาส 1/2564<" in shown.get(BADGE, **{"accept-language": "en"}).text


def test_badge_holds_no_markup_of_a_title(shown):
    with shown.store.begin() as tx:
        tx.connection.execute(
            update(t.indicator_details).values(title_th="</title><script>alert(1)</script>")
        )
    assert "<script>" not in shown.get(BADGE).text


def test_whoever_has_it_is_told_so_until_the_next_seal(shown):
    tags = {path: shown.get(path).headers["etag"] for path in EVERY}
    for path, tag in tags.items():
        same = shown.get(path, **{"if-none-match": tag})
        assert (same.status_code, same.content) == (304, b""), path
        assert shown.get(path, **{"if-none-match": 'W/"another"'}).status_code == 200
        assert shown.client.head(path).headers["etag"] == tag
    with shown.store.begin() as tx:
        seal_quarter(tx, Quarter(YEAR, 2), reason="ครบกำหนด", by=EVALUATOR, now=at(date(2021, 4, 20)))
    changed = {path for path, tag in tags.items() if shown.get(path).headers["etag"] != tag}
    assert changed >= {"/public", HOME, BADGE}
    assert "/public/dictionary" not in changed


def test_pages_of_two_languages_are_two_pages(shown):
    thai, english = shown.get("/public/dictionary?lang=th"), shown.get("/public/dictionary?lang=en")
    assert thai.headers["etag"] != english.headers["etag"]
    assert heading(english) == "Data dictionary"
    for column in COLUMNS:
        assert thai.text.count(f">{column.key}<") == 1


def test_many_results_are_asked_for_by_the_portion(shown, monkeypatch):
    from web.public import downloads  # noqa: PLC0415 - its constant is what is changed

    with shown.store.begin() as tx:
        for number in range(5):
            create_indicator(tx, new_indicator(f"5049-9{number:03}"), by=ADMINISTRATOR, now=at(DAY))
        line = dict(tx.connection.execute(select(t.seal_lines).limit(1)).mappings().one())
        for number in range(3, 8):
            tx.connection.execute(insert(t.seal_lines).values({**line, "indicator_id": number}))
    monkeypatch.setattr(downloads, "_PORTION", 2)
    with counted(shown.store) as sent:
        found = [one["indicator_id"] for one in records(shown)]
    assert found == [1, 2, 3, 4, 5, 6, 7]
    assert sum("seal_lines" in one for one in sent) == 5


def test_city_without_a_seal_says_so(town):
    town.open(replace(town.site, public=True))
    assert "ยังไม่มีไตรมาสใดที่ปิดแล้ว" in town.get("/public").text


# --- the record for catalogues ---------------------------------------------------------------------------

DCAT, DCT = Namespace("http://www.w3.org/ns/dcat#"), Namespace("http://purl.org/dc/terms/")
SPDX = Namespace("http://spdx.org/rdf/terms#")


def graph_of(town) -> Graph:
    """The record as any reader of such records has it."""
    page = town.get("/public/catalog.jsonld")
    assert page.headers["content-type"] == "application/ld+json"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the reader warns of a class of its own
        return Graph().parse(data=page.text, format="json-ld")


def test_record_describes_the_year_in_both_languages(shown):
    shown.open(replace(shown.site, licence="https://licence.example/by"))
    graph = graph_of(shown)

    (dataset,) = graph.subjects(RDF.type, DCAT.Dataset)
    assert set(graph.objects(dataset, DCT.title)) == {
        Literal("ผลตัวชี้วัดที่ปิดไตรมาสแล้ว ปีงบประมาณ 2564", lang="th"),
        Literal("Sealed indicator results, fiscal year 2564 (2021)", lang="en"),
    }
    period = graph.value(dataset, DCT.temporal)
    assert graph.value(period, DCAT.startDate) == Literal("2020-10-01", datatype=XSD.date)
    assert graph.value(period, DCAT.endDate) == Literal("2021-09-30", datatype=XSD.date)
    name = graph.value(graph.value(dataset, DCT.publisher), FOAF.name)
    assert str(name) == shown.site.house
    assert {str(one) for one in graph.objects(None, DCT.license)} == {"https://licence.example/by"}
    assert len(list(graph.subjects(RDF.type, DCAT.Distribution))) == 2


def test_every_address_of_the_record_opens_and_every_checksum_holds(shown):
    graph = graph_of(shown)
    own = {str(one) for one in (*graph.subjects(), *graph.objects()) if str(one).startswith(HOUSE)}
    assert len(own) == 7
    for address in own:
        assert shown.get(address.removeprefix(HOUSE).partition("#")[0]).status_code == 200, address

    for one in graph.subjects(RDF.type, DCAT.Distribution):
        content = shown.get(str(graph.value(one, DCAT.downloadURL)).removeprefix(HOUSE)).content
        checksum = graph.value(graph.value(one, SPDX.checksum), SPDX.checksumValue)
        assert str(checksum).lower() == hashlib.sha256(content).hexdigest()
        assert int(str(graph.value(one, DCAT.byteSize))) == len(content)


def test_record_without_a_licence_claims_none_and_without_a_seal_lists_nothing(shown):
    assert list(graph_of(shown).objects(None, DCT.license)) == []
    with shown.store.begin() as tx:
        for table in (t.seal_lines, t.seals):
            tx.connection.execute(table.delete())
    assert list(graph_of(shown).subjects(RDF.type, DCAT.Dataset)) == []


def test_page_leads_to_the_record(shown):
    assert 'href="/public/catalog.jsonld"' in shown.get("/public").text

"""What holds for every page: closed doors, a sentence for whatever goes wrong, the language asked for."""

import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from tests.notifications.mailroom import WORDINGS
from tests.web.town import ACKNOWLEDGE, SNOOZE, UNSUBSCRIBE, Town
from web.pages import FOLDER, TEMPLATES

THAI, ENGLISH = WORDINGS["th"], WORDINGS["en"]
CLOSED = {
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "strict-transport-security": "max-age=31536000",
    "cache-control": "no-store",
}


class Stopped:
    """A clock that is broken, and says something that nobody outside is to read."""

    def __call__(self) -> datetime:
        raise RuntimeError("secret of the house")


def break_down(town: Town) -> None:
    town.open(replace(town.site, clock=Stopped()))


def test_every_answer_closes_the_doors(town):
    link = town.link(ACKNOWLEDGE, town.remind())
    pages = {
        "link": town.get(link),
        "done": town.post(link),
        "used": town.post(link),
        "forged": town.get("/links/x"),
        "unknown": town.get("/nowhere"),
        "method": town.client.put(link),
        "style": town.get("/static/radap.css"),
    }
    break_down(town)
    pages["broken"] = town.get(town.link(SNOOZE, 1))

    statuses = {name: page.status_code for name, page in pages.items()}
    assert statuses == {
        "link": 200,
        "done": 200,
        "used": 409,
        "forged": 403,
        "unknown": 404,
        "method": 405,
        "style": 200,
        "broken": 500,
    }
    assert pages.pop("style").headers["cache-control"].startswith("public")
    for name, page in pages.items():
        assert {key: page.headers.get(key) for key in CLOSED} == CLOSED, name
        assert not page.headers.keys() & {"set-cookie", "server", "x-powered-by"}, name


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/links",
        "/links/",
        "/links/a/b",
        "/calendar/",
        "/calendar/x",
        "/docs",
        "/openapi.json",
    ],
)
def test_address_that_leads_nowhere_is_a_page_that_says_so(town, path):
    page = town.get(path)

    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert f">{THAI.say('page.unknown')}</p>" in page.text


@pytest.mark.parametrize(
    "path", ["../web/app.py", "..%2Fapp.py", "%2e%2e/app.py", "/etc/passwd", "", "x.css"]
)
def test_only_our_style_is_served(town, path):
    assert town.get(f"/static/{path}").status_code == 404


def test_method_that_a_page_does_not_know(town):
    page = town.client.delete(town.link(UNSUBSCRIBE, "meeting"))

    assert page.status_code == 405
    assert THAI.say("page.wrong_method") in page.text


def test_what_breaks_on_our_side_is_told_without_particulars(town):
    link = town.link(UNSUBSCRIBE, "meeting")
    break_down(town)
    page = town.get(link)

    assert page.status_code == 500
    assert THAI.say("page.broken") in page.text
    assert "secret of the house" not in page.text
    assert "Traceback" not in page.text


def test_form_that_is_too_long_is_not_read(town):
    link = town.link(SNOOZE, town.remind())
    with town.nothing_changes():
        pages = [
            town.post(link, {"until": "x" * 600_000}),
            town.client.post(link, files={"until": ("x.txt", b"x" * 600_000)}),
            town.client.post(
                link,
                content=(b"until=2021-01-07&x=" + b"x" * 100_000 for _ in range(6)),
                headers={"content-type": "application/x-www-form-urlencoded"},
            ),
        ]
    assert [page.status_code for page in pages] == [413] * 3
    assert THAI.say("page.too_large") in pages[0].text


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("multipart/form-data; boundary=x", b"--y\r\nnonsense"),
        ("multipart/form-data", b"until=2021-01-07"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="until"; filename="a"\r\n\r\n1\r\n--x--\r\n',
        ),
    ],
)
def test_form_that_cannot_be_read_is_a_sentence(town, kind, content):
    link = town.link(SNOOZE, town.remind())
    with town.nothing_changes():
        page = town.client.post(link, content=content, headers={"content-type": kind})

    assert page.status_code == 400
    assert THAI.say("page.unreadable") in page.text


@pytest.mark.parametrize(
    ("accepted", "language"),
    [
        ("", "th"),
        ("th", "th"),
        ("en", "en"),
        ("en-GB,en;q=0.9,th;q=0.8", "en"),
        ("th,en;q=0.9", "th"),
        ("de,fr;q=0.9,en;q=0.2", "en"),
        ("en;q=0.3, th-TH;q=0.7", "th"),
        ("EN-us", "en"),
        ("en;q=0", "th"),
        ("en;q=much", "th"),
        ("*", "th"),
        (",;=,q", "th"),
        ("zh", "th"),
    ],
)
def test_error_speaks_the_language_that_the_browser_prefers(town, accepted, language):
    page = town.get("/nowhere", **{"accept-language": accepted})

    assert f'<html lang="{language}" class' in page.text
    assert WORDINGS[language].say("page.unknown") in page.text


def test_address_that_names_a_language_is_obeyed(town):
    assert ENGLISH.say("page.unknown") in town.get("/nowhere?lang=en", **{"accept-language": "th"}).text


def test_house_speaks_its_own_language_to_who_asks_for_none(town):
    town.open(replace(town.site, language="en"))
    assert ENGLISH.say("page.unknown") in town.get("/nowhere").text


def test_pages_below_another_site_find_their_style(town):
    town.open(replace(town.site, base_url="https://city.example/radap/"))
    page = town.get("/nowhere").text
    (style,) = re.findall(r'<link rel="stylesheet" href="/radap(/static/radap\.css\?v=[0-9a-f]{12})">', page)
    assert town.get(style).headers["cache-control"] == "public, max-age=31536000, immutable"


# --- the files ---------------------------------------------------------------------------------------------

FILES = [*sorted(TEMPLATES.rglob("*.html")), *sorted((FOLDER / "static").glob("*.js"))]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_page_fetches_anything_from_elsewhere_or_runs_anything(file: Path):
    text = file.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")
    text = re.sub(
        r"<script src=\"\{\{ static\('(radap|upload|matrix)\.js'\) \}\}\" defer></script>", "", text
    )
    forbidden = r"https?:|//[a-z]|<script|javascript:| on[a-z]+=|style=|@import|url\((?!#)|\|safe"
    assert re.findall(forbidden, text) == []


def test_style_fetches_nothing_from_elsewhere():
    text = (FOLDER / "static" / "radap.css").read_text(encoding="utf-8")
    assert {found.partition("/")[0] for found in re.findall(r'url\("?([^)"]*)', text)} == {"fonts"}
    assert "@import" not in text


def test_every_sentence_of_the_templates_is_there():
    kinds = {
        kind
        for file in TEMPLATES.rglob("*.html")
        for kind in re.findall(r'say\("([a-z_.]+)"[,)]', file.read_text())
    }
    for action in ("acknowledge", "snooze", "unsubscribe"):
        kinds |= {f"page.{action}", f"page.{action}_button"}
    kinds |= {"page.acknowledged_next", "page.snoozed_next", "page.unsubscribed_next"}

    assert len(kinds) > 15
    assert sorted(kinds - set(THAI.sentences)) == []

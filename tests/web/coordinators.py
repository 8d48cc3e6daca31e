"""The pages of coordinators for tests: who comes in, what is on a page, and forms that are sent."""

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from io import BytesIO
from typing import Any

import httpx2
from PIL import Image

from engine.actions import Outcome
from engine.indicator import Indicator
from engine.permissions import Person
from tests.cast import CODE, COORDINATOR, YEAR, at
from tests.web.doorway import come_in, token_in
from tests.web.town import Town

BASE = f"/indicators/2564/{CODE}"
#: In the third quarter: two quarters are over, the second one's report is due on 12 April.
DAY = date(2021, 5, 18)


def _picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (32, 24), "#00563f").save(made, "PNG")
    return made.getvalue()


#: A picture as small as they come.
PNG = _picture()
HEADING = re.compile(r"<h1[^>]*>(.*?)</h1>", re.DOTALL)
_ROWS = re.compile(r'<li class="radap-row radap-task">(.*?)</li>', re.DOTALL)
_ERRORS = re.compile(r'govuk-error-summary__list">(.*?)</ul>', re.DOTALL)
_BANNER = re.compile(r'notification-banner__heading">(.*?)</p>')


def enter(town: Town, person: Person = COORDINATOR, day: date = DAY) -> Town:
    """On that day, signed in as that person."""
    town.clock.now = at(day)
    come_in(town, person.id)
    return town


def words(html: str) -> str:
    """What a reader sees of it: no marks, single spaces."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def heading(page: httpx2.Response) -> str:
    (found,) = HEADING.findall(page.text)
    return words(found)


def rows(page: httpx2.Response) -> list[str]:
    """The rows of one's desk, in words."""
    return [words(one) for one in _ROWS.findall(page.text)]


def errors(page: httpx2.Response) -> list[tuple[str, str]]:
    """What is wrong with a form: to which field each sentence leads, and the sentence."""
    listed = _ERRORS.findall(page.text)
    if not listed:
        return []
    found = re.findall(r'<li>(?:<a href="#([^"]*)">)?(.*?)(?:</a>)?</li>', listed[0])
    for field, sentence in found:
        assert not field or f'id="{field}"' in page.text, f"“{sentence}” leads to no field"
    return [(field, words(sentence)) for field, sentence in found]


def banner(page: httpx2.Response) -> list[str]:
    """What was just done."""
    return [words(one) for one in _BANNER.findall(page.text)]


def value_of(page: httpx2.Response, name: str) -> str:
    """What stands in a field."""
    area = re.search(rf'<textarea[^>]*name="{name}"[^>]*>\n?(.*?)</textarea>', page.text, re.DOTALL)
    if area:
        return unescape(area[1])
    for field in re.findall(r"<input[^>]*>", page.text):
        if f'name="{name}"' in field:
            found = re.search(r'value="([^"]*)"', field)
            return unescape(found[1]) if found else ""
    raise AssertionError(f"no field {name}")


def fill(
    town: Town, path: str, *, to: str | None = None, files: Any = None, **fields: str
) -> httpx2.Response:
    """Open the page of a form, fill it in and send it to ``to`` (itself); where it leads is not followed."""
    page = town.get(path)
    assert page.status_code == 200, page.text
    hidden = {
        name: value_of(page, name)
        for name in ("seen", "version", "points", "request")
        if f'name="{name}"' in page.text
    }
    data = {"token": token_in(page), **hidden, **fields}
    return town.client.post(to or path.partition("?")[0], data=data, files=files, follow_redirects=False)


def arrive(town: Town, answer: httpx2.Response) -> httpx2.Response:
    """The page to which a form led."""
    assert answer.status_code == 303, answer.text
    return town.get(answer.headers["location"])


def indicator(town: Town, code: str = CODE) -> Indicator:
    with town.store.read() as tx:
        return tx.indicator(code, YEAR)


def did(
    town: Town, action: Callable[..., Outcome], *args: Any, by: Person = COORDINATOR, **given: Any
) -> Outcome:
    """Somebody did something elsewhere."""
    with town.store.begin() as tx:
        return action(tx, CODE, YEAR, *args, by=by, **{"now": town.clock.now, **given})

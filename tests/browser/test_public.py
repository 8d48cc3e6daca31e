"""The public's pages: nothing keeps anybody out of them, in both languages; and their pictures."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page

from engine import actions
from engine.actions import NewOccurrence, create_indicator, seal_quarter
from engine.quarter import Quarter
from engine.workflow import Text
from storage import registry
from tests.browser.conftest import CAMERA, DESK, PHONE, Served
from tests.browser.test_pages import findings
from tests.cast import (
    ADMINISTRATOR,
    CODE,
    EVALUATOR,
    FOUNDED,
    GUIDELINES,
    OPERATOR,
    SECTION_HEAD,
    YEAR,
    at,
    new_indicator,
)

PAGES = {
    "public": "/public",
    "public_agency": "/public/2564/1/agencies/1",
    "public_dictionary": "/public/dictionary",
}
_NAMES = registry.city_list()


@pytest.fixture
def sealed(served: Served) -> Served:
    """Many agencies, most of which have done something, and two sealed quarters."""
    with served.town.store.begin() as tx:
        for number, name in enumerate(_NAMES[:20]):
            words = Text(name["name_th"], name["name_en"])
            added = registry.add_agency(tx, words, "district", code=str(7000 + number), by=1, now=FOUNDED)
            for serial in range(1 + number % 3):
                new = new_indicator(f"{7000 + number}-{serial + 1:03}", agency=added)
                create_indicator(tx, new, by=ADMINISTRATOR, now=FOUNDED)
                if number % 2:
                    fact = NewOccurrence(GUIDELINES, date(2020, 11, 3))
                    actions.record_occurrence(
                        tx, new.code, YEAR, fact, by=OPERATOR, now=at(date(2020, 11, 4))
                    )
        actions.verify_milestone(tx, CODE, YEAR, GUIDELINES, by=EVALUATOR, now=at(date(2020, 12, 20)))
        then = at(date(2021, 1, 19))
        actions.endorse_report(tx, CODE, YEAR, 1, by=SECTION_HEAD, now=then)
        actions.accept_report(tx, CODE, YEAR, 1, quality=95, by=EVALUATOR, now=then)
        for number, day in ((1, date(2021, 1, 20)), (2, date(2021, 4, 20))):
            seal_quarter(tx, Quarter(YEAR, number), reason="ครบกำหนด", by=EVALUATOR, now=at(day))
    return served


@pytest.mark.parametrize("reader", [PHONE, DESK], ids=["phone", "desk"])
def test_public_page_keeps_nobody_out(sealed: Served, opened: Callable[..., Page], reader):
    width = reader["viewport"]["width"]
    page = opened(None, reader)
    wrong: dict[str, object] = {}
    for name, path in PAGES.items():
        for language in ("en", "th"):
            answer = page.goto(f"{path}?lang={language}")
            assert answer is not None
            seen = page.evaluate("document.documentElement.scrollWidth")
            found = (answer.status, page.locator("html").get_attribute("lang"), seen <= width, findings(page))
            if found != (200, language, True, []):
                wrong[f"{name} {language}"] = found
        CAMERA.keep(page, f"{name}-{width}")
    assert wrong == {}


def test_badge_shows_level_and_quarter(sealed: Served, opened: Callable[..., Page]):
    """As a picture on the page of somebody else, with words for who does not see it."""
    page = opened(None, {"viewport": {"width": 420, "height": 60}})
    for language in ("en", "th"):
        page.goto(f"/public/badge/2564/{CODE}.svg?lang={language}")
        assert page.locator("text").first.text_content() == CODE
        for words in page.locator("text").all():
            box = words.bounding_box()
            assert box is not None
            assert box["width"] < 230
    CAMERA.keep(page, "public_badge", full_page=False)

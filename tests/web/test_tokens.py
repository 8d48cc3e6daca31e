"""The page of one's tokens: made and shown once, narrowed, ended; and what the door's log says of it."""

import re

from tests.cast import COORDINATOR
from tests.web.doorway import PASSWORD, come_in, give_password, logged, send, token_in
from tests.web.programs import ONE, Program
from tests.web.town import Town

PAGE = "/account/tokens"
_SECRET = re.compile(r'id="secret" value="(radap_[^"]+)"')


def make(town: Town, **fields: str) -> str:
    """Fill in the form; returns the page that follows."""
    given = {"name": "ระบบสารบรรณ", "days": "30", "scope-read": "yes", **fields}
    return send(town, PAGE, at=PAGE, **given).text


def test_token_is_shown_once_and_works(town):
    come_in(town)
    page = make(town)
    secret = _SECRET.search(page)
    assert secret is not None
    assert Program(town, secret[1]).get(ONE).status_code == 200
    again = town.get(PAGE).text
    assert "ระบบสารบรรณ" in again
    assert secret[1] not in again
    assert logged(town)[-1] == ("token_made", COORDINATOR.id)


def test_token_that_was_ended_opens_nothing(town):
    come_in(town)
    secret = _SECRET.search(make(town))
    assert secret is not None
    data = {"token": token_in(town.get(PAGE))}
    answer = town.client.post(f"{PAGE}/revoke", data={**data, "number": "1"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{PAGE}?done=revoked")
    assert Program(town, secret[1]).get(ONE).status_code == 401
    assert logged(town)[-1] == ("token_revoked", COORDINATOR.id)


def test_form_with_faults_is_shown_again_with_what_was_typed(town):
    come_in(town)
    page = make(town, **{"scope-read": "", "days": "9999"})
    assert 'href="#scopes"' in page
    assert 'href="#days"' in page
    assert 'value="ระบบสารบรรณ"' in page
    assert _SECRET.search(page) is None


def test_password_is_asked_for_where_there_is_one(town):
    give_password(town)
    come_in(town)
    assert 'href="#present"' in make(town, present="wrong")
    assert _SECRET.search(make(town, present=PASSWORD)) is not None

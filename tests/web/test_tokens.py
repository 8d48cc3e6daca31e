"""The page of one's tokens: made and shown once, narrowed, ended; and what the door's log says of it."""

import json
import re

from engine.events import Happened
from storage import roles
from storage.tables import CITY
from storage.views import Asked, browse
from tests.cast import ADMINISTRATOR, COORDINATOR, SECTION_HEAD
from tests.web.doorway import (
    CLIENT,
    OTHER,
    PASSWORD,
    accounts_of,
    come_in,
    give_password,
    logged,
    send,
    token_in,
)
from tests.web.programs import ONE, Program, program
from tests.web.town import P, Town
from web import setup_links

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


# --- when a password is set anew ---------------------------------------------------------------------------


def test_tokens_outlive_a_changed_password_unless_their_person_ends_them(town):
    give_password(town)
    mine, others = program(town, P), program(town, SECTION_HEAD.id)
    come_in(town)
    assert 'name="tokens"' in town.get("/account").text
    send(town, "/account/password", present=PASSWORD, wanted=OTHER)
    assert mine.get(ONE).status_code == 200
    page = send(town, "/account/password", present=OTHER, wanted=PASSWORD, tokens="end")
    assert "ยกเลิกโทเคนสำหรับโปรแกรมแล้ว 1 รายการ" in page.text
    assert [mine.get(ONE).status_code, others.get(ONE).status_code] == [401, 200]
    assert 'name="tokens"' not in page.text


def test_choice_to_end_tokens_stays_when_the_password_is_refused(town):
    give_password(town)
    mine = program(town, P)
    come_in(town)
    page = send(town, "/account/password", present="wrong", wanted=OTHER, tokens="end")
    assert 'value="end" aria-describedby="tokens-hint" checked' in page.text
    assert mine.get(ONE).status_code == 200


def test_link_that_sets_a_password_anew_ends_every_token_and_says_so_before_and_after(town):
    give_password(town)
    mine = program(town, P)
    path = link_for(town)
    assert "โทเคนสำหรับโปรแกรมของท่าน 1 รายการจะถูกยกเลิก" in town.get(path).text
    assert mine.get(ONE).status_code == 200
    done = town.client.post(path, data={"wanted": OTHER})
    assert "ยกเลิกโทเคนสำหรับโปรแกรมแล้ว 1 รายการ" in done.text
    assert mine.get(ONE).status_code == 401
    with town.store.read() as tx:
        (line,) = browse(tx.connection, CITY, Asked(Happened.TOKEN_REVOKED), 5)
    assert (line.entry.by, json.loads(line.entry.data)["person"]) == (P, P)


def test_link_that_sets_the_first_password_ends_no_token(town):
    mine = program(town, P)
    path = link_for(town)
    assert "โทเคน" not in town.get(path).text
    town.client.post(path, data={"wanted": OTHER})
    assert mine.get(ONE).status_code == 200


def test_administrator_ends_every_token_of_somebody(town):
    mine = program(town, P)
    come_in(town, ADMINISTRATOR.id)
    person = f"/administration/people/{P}"
    assert "มีโทเคนที่ใช้ได้ 1 รายการ" in town.get(person).text
    assert send(town, f"{person}/tokens", at=person).status_code == 303
    assert mine.get(ONE).status_code == 401
    with town.store.read() as tx:
        (line,) = browse(tx.connection, CITY, Asked(Happened.TOKEN_REVOKED), 5)
    assert (line.entry.by, json.loads(line.entry.data)["person"]) == (ADMINISTRATOR.id, P)


def test_token_of_somebody_who_has_no_role_any_more_opens_nothing(town):
    mine = program(town, P)
    with town.store.begin() as tx:
        roles.take_role(tx, P, COORDINATOR.grants[0], by=ADMINISTRATOR, now=town.clock.now)
    assert mine.get("/me").status_code == 401


def link_for(town: Town) -> str:
    """The path of a link that an administrator has made for the coordinator."""
    made = setup_links.make(town.store, accounts_of(town), "", P, CLIENT, town.clock.now, by=ADMINISTRATOR.id)
    return made.url

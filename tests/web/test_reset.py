"""A forgotten password: the same answer for everybody, one mail, one link that works once."""

import re
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import uuid4

import pytest
from sqlalchemy import event, select

from engine.outbox import Way
from engine.reminders import DEFAULT
from engine.signing_in import RESET_LASTS, SETUP_LASTS
from notifications import password_links
from notifications.channels import Answer, Letter, Meanwhile, Outcome, nothing
from notifications.delivery import Delivery, Terms
from notifications.letters import Letters
from notifications.letters import Terms as LetterTerms
from notifications.pace import Pace
from notifications.password_links import PasswordLink
from storage import quiets
from storage import tables as t
from storage.account_tables import password_links as kept_links
from storage.queue import StoredQueue
from tests.cast import COORDINATOR, POLICY, SECTION_HEAD
from tests.notifications.mailroom import WORDINGS, composer
from tests.web.doorway import (
    CLIENT,
    COOKIE,
    EMAIL,
    HEAD_EMAIL,
    OTHER,
    PASSWORD,
    Counting,
    accounts_of,
    come_in,
    give_password,
    log_rows,
    logged,
    set_up_factor,
    sign_in,
)
from tests.web.test_sign_in import errors, found, is_in
from tests.web.town import NOW, P, Town

THAI, ENGLISH = WORDINGS["th"], WORDINGS["en"]


@dataclass
class Postman:
    """Delivers what waits in the town's queue, and keeps every letter that went out."""

    town: Town
    answers: list[Outcome] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def send(self, letter: Letter, meanwhile: Meanwhile = nothing) -> Answer:
        self.letters.append(letter)
        return Answer(self.answers.pop(0) if self.answers else Outcome.SENT, "250 ok")

    def close(self) -> None:
        """Nothing is open."""

    def round(self) -> list[EmailMessage]:
        """The mails that go out now."""
        town, before = self.town, len(self.letters)
        with town.store.read() as tx:
            secret = quiets.link_secret(tx.connection)
        terms = LetterTerms(POLICY.calendar, DEFAULT, town.store.policy.day_of, secret)
        Delivery(
            StoredQueue(town.store, DEFAULT, lease_seconds=300, resend=True),
            Letters(composer(), terms),
            Way.MAIL,
            self,
            Pace(0, 0),
            Terms(),
            clock=town.clock,
            monotonic=town.clock.monotonic,
            new_token=lambda: uuid4().hex,
            jitter=lambda: 1.0,
        ).run(threading.Event())
        return [mail_of(letter.content) for letter in self.letters[before:]]


def mail_of(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=default)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.fixture
def postman(town: Town) -> Postman:
    give_password(town)
    return Postman(town)


def ask(town: Town, email: str = EMAIL, **headers: str):
    return town.client.post("/forgotten", data={"email": email}, headers=headers)


def path_in(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    (path,) = re.findall(r"https://radap\.example(/password/\S+)", body.get_content())
    return str(path)


def asked_and_sent(postman: Postman) -> str:
    """The path of the link in the mail that goes out when somebody has forgotten their password."""
    ask(postman.town)
    (mail,) = postman.round()
    return path_in(mail)


def set_password(town: Town, path: str, wanted: str = OTHER):
    return town.client.post(path, data={"wanted": wanted}, follow_redirects=False)


def messages(town: Town) -> list[tuple[str, int | None, str]]:
    o = t.outbox.c
    with town.store.read() as tx:
        query = select(o.kind, o.person_id, o.state).order_by(o.id)
        return [tuple(row) for row in tx.connection.execute(query)]


# --- asking ------------------------------------------------------------------------------------------------


def test_who_has_forgotten_is_sent_a_link_at_once_and_sets_a_password(postman, town):
    page = ask(town)
    assert page.status_code == 200
    assert THAI.say("page.reset_sent", email=EMAIL) in page.text
    assert messages(town) == [("reset", P, "pending")]

    (mail,) = postman.round()
    assert mail["To"].addresses[0].addr_spec == EMAIL
    assert str(mail["Subject"]) == "ตั้งรหัสผ่านใหม่สำหรับ ระบบติดตามตัวชี้วัด"
    path = path_in(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert f'href="https://radap.example{path}"' in html.get_content()

    form = town.get(path)
    assert form.status_code == 200
    assert f'autocomplete="username" value="{EMAIL}" readonly' in form.text
    assert 'autocomplete="new-password"' in form.text
    done = set_password(town, path)
    assert done.status_code == 200
    assert THAI.say("page.password_set") in done.text
    assert "set-cookie" not in done.headers  # nobody is signed in by a link
    assert sign_in(town, password=OTHER).status_code == 303
    assert [what for what, _ in logged(town)] == ["password_set", "reset_asked", "password_set", "signed_in"]


def test_answer_is_the_same_whoever_is_asked_for(postman, town):
    def told(email: str) -> tuple[int, str, list[str]]:
        page = ask(town, email)
        return page.status_code, page.text.replace(email, "…"), sorted(page.headers)

    answers = [
        told(email) for email in (EMAIL, HEAD_EMAIL, "nobody@thungkhru.example", "operator@localhost", "xyz")
    ]
    assert answers == [answers[0]] * 5
    assert messages(town) == [("reset", P, "pending"), ("reset", SECTION_HEAD.id, "pending")]


def test_as_much_is_done_whoever_is_asked_for(postman, town):
    work = []
    for email in (EMAIL, "nobody@thungkhru.example", "operator@localhost"):
        hashes, statements = Counting(), list[str]()
        town.open(replace(town.site, passwords=hashes))
        made = hashes.hashes

        def count(_connection, _cursor, statement, *_, told=statements):
            # A row that is taken back is one that was written.
            told.append(" ".join(statement.replace("ROLLBACK TO", "RELEASE").split()[:3])[:17])

        event.listen(town.store.engine, "before_cursor_execute", count)
        ask(town, email)
        event.remove(town.store.engine, "before_cursor_execute", count)
        work.append((hashes.comparisons, hashes.hashes - made, tuple(statements)))
    assert "INSERT INTO outbo" in work[0][2]
    assert work == [work[0]] * 3


def test_one_person_is_sent_three_mails_an_hour_and_the_answer_stays_the_same(postman, town):
    pages = [ask(town) for _ in range(5)]
    assert {page.text for page in pages} == {pages[0].text}
    assert messages(town) == [("reset", P, "pending")] * 3
    town.clock.advance(minutes=61)
    ask(town)
    assert len(messages(town)) == 4


def test_one_address_cannot_have_mails_sent_to_everybody(postman, town):
    for number in range(20):
        ask(town, f"person{number}@city.example")
    ask(town, EMAIL)
    assert messages(town) == []


def test_nothing_usable_is_in_the_database_before_the_mail_is_made(postman, town):
    ask(town)
    with town.store.read() as tx:
        (row,) = tx.connection.execute(select(t.outbox)).all()
        assert tx.connection.execute(select(kept_links)).all() == []
    assert (row.content, row.subject, row.to_address) == (None, "", "")


def test_nothing_usable_is_in_the_database_after_the_mail_is_made(postman, town):
    path = asked_and_sent(postman)
    token = path.rpartition("/")[2]
    with town.store.read() as tx:
        (row,) = tx.connection.execute(select(t.outbox)).all()
        everything = repr(tx.connection.execute(select(kept_links)).all()) + repr(log_rows(town))
    kept = mail_of(row.content)
    body = kept.get_body(("plain",))
    assert body is not None
    assert "https://radap.example/password/-\r\n" in body.get_content()
    random = token.split(".")[2]
    assert random not in everything + body.get_content()
    assert random not in row.content.decode()


def test_mail_goes_before_what_waits_since_this_morning(postman, town):
    ask(town)
    with town.store.read() as tx:
        (row,) = tx.connection.execute(select(t.outbox.c.not_before, t.outbox.c.created_at)).all()
    assert row.created_at == NOW
    assert NOW - row.not_before >= timedelta(hours=12)


def test_person_is_written_to_in_their_language(postman, town):
    town.change(language="en")
    ask(town)
    (mail,) = postman.round()
    assert str(mail["Subject"]) == "Set a new password for ระบบติดตามตัวชี้วัด"


def test_person_who_is_told_by_line_gets_the_link_by_mail(postman, town):
    town.change(line_id="U" + "4" * 32)
    ask(town)
    (mail,) = postman.round()
    assert mail["To"].addresses[0].addr_spec == EMAIL


def test_empty_address_is_asked_for_again(town):
    page = ask(town, "  ")
    assert (page.status_code, errors(page)) == (422, [THAI.say("email.needed")])


@pytest.mark.parametrize(
    "email",
    [
        f"{EMAIL}\r\nBcc: all@city.example",
        f"{EMAIL}\x00",
        "\x00",
        f"\u202e{EMAIL}",
        f"{EMAIL},{HEAD_EMAIL}",
        "<script>alert(1)</script>",
        "a" * 100_000,
        "e" + "\u0301" * 10_000,
        "' OR 1=1 --",
    ],
    ids=["CRLF", "NUL", "only NUL", "bidi", "two", "script", "long", "marks", "SQL"],
)
def test_hostile_address_sends_nothing(town, email):
    page = ask(town, email)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert messages(town) == []


def test_foreign_form_sends_nothing(town):
    assert ask(town, origin="https://evil.example").status_code == 403
    assert ask(town, **{"sec-fetch-site": "cross-site"}).status_code == 403
    assert messages(town) == []


# --- the link ----------------------------------------------------------------------------------------------


def test_whoever_only_looks_changes_nothing(postman, town):
    path = asked_and_sent(postman)
    looked = [town.get(path), town.client.head(path), town.get(path, **{"sec-purpose": "prefetch"})]
    assert [page.status_code for page in looked] == [200] * 3
    assert sign_in(town).status_code == 303
    assert set_password(town, path).status_code == 200


def gone(page, kind: str = "password_link.used") -> bool:
    return page.status_code == 410 and THAI.say(kind) in page.text


def test_link_works_once(postman, town):
    path = asked_and_sent(postman)
    set_password(town, path)
    assert gone(town.get(path))
    assert gone(set_password(town, path, "eight green elephants"))
    assert sign_in(town, password=OTHER).status_code == 303


def test_link_works_for_an_hour(postman, town):
    path = asked_and_sent(postman)
    town.clock.now = NOW + RESET_LASTS - timedelta(seconds=1)
    assert town.get(path).status_code == 200
    town.clock.now = NOW + RESET_LASTS
    assert gone(town.get(path), "password_link.expired")
    assert gone(set_password(town, path), "password_link.expired")
    assert sign_in(town).status_code == 303


def test_only_the_newest_link_works(postman, town):
    first = asked_and_sent(postman)
    town.clock.advance(minutes=1)
    second = asked_and_sent(postman)
    assert gone(town.get(first))
    assert gone(set_password(town, first))
    assert set_password(town, second).status_code == 200


def test_of_two_mails_that_wait_only_the_newest_goes_out(postman, town):
    ask(town)
    ask(town)
    (mail,) = postman.round()
    assert [state for _, _, state in messages(town)] == ["withdrawn", "sent"]
    assert set_password(town, path_in(mail)).status_code == 200


def test_link_is_void_once_the_password_has_changed(postman, town):
    path = asked_and_sent(postman)
    give_password(town, password="eight green elephants")
    assert gone(town.get(path))
    assert gone(set_password(town, path))


def test_mail_that_waited_while_the_password_changed_does_not_go_out(postman, town):
    ask(town)
    town.clock.advance(minutes=1)
    give_password(town, password="eight green elephants")
    assert postman.round() == []
    assert messages(town) == [("reset", P, "withdrawn")]


def test_mail_that_waited_for_too_long_does_not_go_out(postman, town):
    ask(town)
    town.clock.now += RESET_LASTS
    assert postman.round() == []


def test_mail_that_is_tried_again_carries_a_new_link_that_works(postman, town):
    ask(town)
    postman.answers = [Outcome.LATER]
    (first,) = postman.round()
    town.clock.advance(minutes=2)
    (second,) = postman.round()
    assert first["Message-ID"] == second["Message-ID"]
    assert path_in(first) != path_in(second)
    assert gone(town.get(path_in(first)))
    assert set_password(town, path_in(second)).status_code == 200


def test_link_of_one_person_sets_no_password_of_another(postman, town):
    path = asked_and_sent(postman)
    token = path.rpartition("/")[2]
    for forged in (
        token.replace(f"{P}.", f"{SECTION_HEAD.id}.", 1),
        token[:-1] + "-",
        token + "x",
        "x",
        "%00",
    ):
        answer = town.get(f"/password/{forged}")
        assert answer.status_code == 403, forged
        assert THAI.say("link.forged") in answer.text
        assert set_password(town, f"/password/{forged}").status_code == 403


def test_who_knows_the_secret_of_the_city_cannot_make_a_link(postman, town):
    """A backup in the wrong hands signs whatever it likes, and yet opens nothing."""
    asked_and_sent(postman)
    with town.store.read() as tx:
        secret = quiets.link_secret(tx.connection)
    token = password_links.make(secret, PasswordLink(P, NOW + timedelta(hours=1)), "A" * 43)
    assert gone(town.get(f"/password/{token}"))
    assert gone(set_password(town, f"/password/{token}"))
    assert sign_in(town).status_code == 303


def test_link_of_a_reminder_sets_no_password_and_the_other_way_round(postman, town):
    path = asked_and_sent(postman)
    reminder = town.each_link()[0].rpartition("/")[2]
    assert town.get(f"/password/{reminder}").status_code == 403
    assert town.get(f"/links/{path.rpartition('/')[2]}").status_code == 403


@pytest.mark.parametrize(
    ("wanted", "kind"),
    [("short", "password.short"), ("password1234", "password.common"), ("", "password.short")],
)
def test_weak_password_does_not_use_the_link_up(postman, town, wanted, kind):
    path = asked_and_sent(postman)
    page = set_password(town, path, wanted)
    assert (page.status_code, errors(page)) == (422, [THAI.say(kind, least=12)])
    assert set_password(town, path).status_code == 200


def test_every_session_ends_and_the_second_factor_stays(postman, town):
    set_up_factor(town)
    token = come_in(town)
    path = asked_and_sent(postman)
    set_password(town, path)
    assert found(town, token) is None
    town.client.cookies.clear()
    sign_in(town, password=OTHER)
    assert COOKIE in town.client.cookies
    assert not is_in(town)  # the code is asked for


def test_foreign_form_uses_no_link(postman, town):
    path = asked_and_sent(postman)
    answer = town.client.post(path, data={"wanted": OTHER}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert path.rpartition("/")[2] not in repr(log_rows(town))
    assert set_password(town, path).status_code == 200


def test_page_of_a_link_is_not_kept_and_tells_its_address_to_nobody(postman, town):
    headers = town.get(asked_and_sent(postman)).headers
    assert (headers["cache-control"], headers["referrer-policy"]) == ("no-store", "same-origin")


def test_whose_address_takes_no_mail_is_sent_none(postman, town):
    town.change(unreachable_at=NOW)
    ask(town)
    assert postman.round() == []
    assert messages(town) == [("reset", P, "failed")]


def test_first_password_is_set_by_the_link_of_an_administrator(town):
    path = town_link(town, SECTION_HEAD.id)
    town.clock.advance(days=6)
    assert set_password(town, path, PASSWORD).status_code == 200
    assert sign_in(town, HEAD_EMAIL).status_code == 303
    assert gone(town.get(path))


def test_mail_does_not_void_the_link_of_an_administrator_but_a_password_does(postman, town):
    setup = town_link(town, P)
    mailed = asked_and_sent(postman)
    assert town.get(setup).status_code == 200
    set_password(town, mailed)
    assert gone(town.get(setup))


def town_link(town: Town, person: int) -> str:
    """The path of a link as an administrator makes it."""
    ends_at = town.clock.now + SETUP_LASTS
    with town.store.read() as tx:
        secret = quiets.link_secret(tx.connection)
    token = password_links.make(secret, PasswordLink(person, ends_at), "A" * 43)
    digest = password_links.fingerprint(token)
    accounts_of(town).keep_link(person, digest, ends_at, CLIENT, town.clock.now)
    return password_links.path_of(token)


def test_name_of_a_person_is_not_shown_to_who_only_asks(postman, town):
    assert COORDINATOR.name not in ask(town).text

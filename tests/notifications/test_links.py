"""Links of mails: what we signed is read back, anything else is refused."""

from dataclasses import replace
from datetime import date, timedelta
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Refusal
from notifications.links import Link, LinkAction, fingerprint, make, read

SECRET = "5f" * 32
LINK = Link(LinkAction.SNOOZE, 12, "345", date(2021, 3, 31))
TODAY = date(2021, 3, 1)


def refused(token: str, today: date = TODAY, secret: str = SECRET) -> tuple[str, dict[str, object]]:
    with pytest.raises(Refusal) as refusal:
        read(secret, token, today)
    (condition,) = refusal.value.conditions
    return condition.kind, dict(condition.params)


def test_link_is_read_as_it_was_made():
    assert read(SECRET, make(SECRET, LINK), TODAY) == LINK


@given(
    st.builds(
        Link,
        st.sampled_from(LinkAction),
        st.integers(0, 10**17),
        st.text(ascii_letters + digits + "_:-", min_size=1, max_size=80),
        st.dates(),
    )
)
def test_any_link_is_read_as_it_was_made(link):
    token = make(SECRET, link)
    assert read(SECRET, token, link.expires_on) == link
    assert set(token) <= set(ascii_letters + digits + "_:.-")


def test_token_is_short():
    assert len(make(SECRET, LINK)) < 64


def test_link_holds_through_its_last_day():
    token = make(SECRET, LINK)
    assert read(SECRET, token, LINK.expires_on) == LINK
    assert refused(token, LINK.expires_on + timedelta(1)) == ("link.expired", {"day": LINK.expires_on})


@pytest.mark.parametrize(
    "other",
    [
        replace(LINK, person=13),
        replace(LINK, about="346"),
        replace(LINK, action=LinkAction.ACKNOWLEDGE),
        replace(LINK, expires_on=date(2022, 3, 31)),
    ],
)
def test_signature_of_one_link_is_none_for_another(other):
    said = make(SECRET, other).rpartition(".")[0]
    signature = make(SECRET, LINK).rpartition(".")[2]
    assert refused(f"{said}.{signature}") == ("link.forged", {})


def test_every_changed_character_is_a_forgery():
    token = make(SECRET, LINK)
    for index, sign in enumerate(token):
        other = token[:index] + ("b" if sign != "b" else "c") + token[index + 1 :]
        assert refused(other) == ("link.forged", {}), other


def test_same_signature_written_otherwise_is_a_forgery():
    """Base64 of 16 bytes leaves four bits free: texts that decode alike would be used once each."""
    token = make(SECRET, LINK)
    alphabet = ascii_letters[26:] + ascii_letters[:26] + digits + "-_"
    last = alphabet.index(token[-1])
    alike = [token[:-1] + alphabet[last ^ bits] for bits in range(1, 16)]
    assert {refused(other)[0] for other in alike} == {"link.forged"}


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "....",
        "snooze.12.345",
        "snooze.12.345.738000.",
        "\x00",
        "ก" * 60,
        "snooze.-1.3.7.A" + "A" * 21,
    ]
    + [make(SECRET, LINK) + end for end in ("\n", " ", ".x", "=")]
    + ["x" * 100_000],
)
def test_anything_else_is_a_forgery(token):
    assert refused(token) == ("link.forged", {})


def test_link_of_another_house_is_a_forgery():
    assert refused(make("0" * 64, LINK)) == ("link.forged", {})


def test_forged_link_that_is_also_old_is_forged():
    assert refused(make("0" * 64, LINK), date(2030, 1, 1)) == ("link.forged", {})


@pytest.mark.parametrize("about", ["", "a.b", "a b", "ก", "x" * 81, "a\n"])
def test_subject_that_does_not_fit_into_a_link(about):
    with pytest.raises(ValueError, match="link"):
        make(SECRET, replace(LINK, about=about))


def test_short_secret_signs_nothing():
    with pytest.raises(ValueError, match="too short"):
        make("secret", LINK)


def test_fingerprint_tells_tokens_apart_and_tells_no_token():
    token = make(SECRET, LINK)
    assert fingerprint(token) == fingerprint(token)
    assert fingerprint(token) != fingerprint(make(SECRET, replace(LINK, person=13)))
    assert len(fingerprint(token)) == 64

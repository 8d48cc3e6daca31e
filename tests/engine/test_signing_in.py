"""How long somebody waits after failures, how long things last, and which passwords are good enough."""

from datetime import UTC, datetime, timedelta

import pytest

from engine.errors import Refusal
from engine.signing_in import (
    CODE_DUE,
    IDLE,
    KEPT,
    OF_ACCOUNT,
    OF_ADDRESS,
    USUAL,
    Limits,
    check_password,
    ends_at,
    is_live,
    steps_at,
    typed_code,
    wait_until,
)

NOW = datetime(2021, 1, 4, 2, tzinfo=UTC)
LIMITS = Limits(3, timedelta(hours=1), timedelta(seconds=30), timedelta(minutes=15))


def ago(*minutes: float) -> list[datetime]:
    return [NOW - timedelta(minutes=one) for one in minutes]


# --- waiting -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("failures", [[], ago(1), ago(1, 1), ago(61, 62, 63, 64, 65)])
def test_few_failures_make_nobody_wait(failures):
    assert wait_until(failures, LIMITS, NOW) is None


@pytest.mark.parametrize(
    ("failed", "seconds"),
    [(3, 30), (4, 60), (5, 120), (6, 240), (7, 480), (8, 900), (9, 900), (40, 900), (5000, 900)],
)
def test_each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour(failed, seconds):
    assert wait_until([NOW] * failed, LIMITS, NOW) == NOW + timedelta(seconds=seconds)


def test_wait_begins_with_the_last_failure_and_ends():
    failures = ago(10, 9, 2)
    last = max(failures)
    assert wait_until(failures, LIMITS, last + timedelta(seconds=29)) == last + timedelta(seconds=30)
    assert wait_until(failures, LIMITS, last + timedelta(seconds=30)) is None


def test_order_of_the_failures_does_not_matter():
    assert wait_until(ago(0, 3, 1), LIMITS, NOW) == wait_until(ago(3, 1, 0), LIMITS, NOW)


def test_an_office_behind_one_address_has_more_attempts_than_one_account():
    assert wait_until([NOW] * 20, OF_ACCOUNT, NOW) is not None
    assert wait_until([NOW] * 20, OF_ADDRESS, NOW) is None


def test_nobody_guesses_more_than_ten_passwords_of_an_account_in_an_hour():
    guesses, now = list[datetime](), NOW
    while now < NOW + timedelta(days=1):
        until = wait_until(guesses, OF_ACCOUNT, now)
        if until is None:
            guesses.append(now)
        else:
            now = until
    assert len(guesses) < 24 * 10
    assert len([one for one in guesses if one < NOW + timedelta(hours=1)]) <= 13


# --- how long a session lasts ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "seen", "end", "live"),
    [
        (False, timedelta(0), timedelta(seconds=1), True),
        (False, timedelta(0), timedelta(0), False),
        (False, IDLE, timedelta(hours=1), False),
        (False, IDLE - timedelta(seconds=1), timedelta(hours=1), True),
        (True, timedelta(days=20), timedelta(days=1), True),
        (True, timedelta(0), timedelta(0), False),
    ],
)
def test_session_ends_by_its_day_and_when_nobody_was_there(kept, seen, end, live):
    assert is_live(NOW - seen, NOW + end, NOW, kept=kept) is live


def test_session_without_the_code_lasts_as_long_as_one_takes_to_find_the_telephone():
    assert ends_at(NOW, kept=True, code_due=True) == NOW + CODE_DUE
    assert ends_at(NOW, kept=True) == NOW + KEPT
    assert ends_at(NOW, kept=False) == NOW + USUAL


# --- passwords ---------------------------------------------------------------------------------------------

RELATED = ["coordinator@thungkhru.example", "coordinator", "ผู้ประสานงาน", "Radap", "abc"]


def refused(password: str, *, is_common: bool = False) -> str | None:
    try:
        check_password(password, RELATED, is_common=is_common)
    except Refusal as error:
        return error.conditions[0].kind
    return None


@pytest.mark.parametrize(
    ("password", "kind"),
    [
        ("", "password.short"),
        ("x" * 11, "password.short"),
        ("x" * 257, "password.long"),
        ("my COORDINATOR pass", "password.related"),
        ("ระบบผู้ประสานงานของฉัน", "password.related"),
        ("radap-is-the-best", "password.related"),
        ("abc" * 5, None),  # too short a word to be anybody's name
        ("x" * 12, None),
        ("x" * 256, None),
        ("ม้าน้ำกินข้าวเหนียว", None),
    ],
)
def test_password_is_long_enough_and_none_of_what_everybody_knows(password, kind):
    assert refused(password) == kind


def test_common_password_is_refused():
    assert refused("p" * 20, is_common=True) == "password.common"


# --- codes -------------------------------------------------------------------------------------------------


def test_code_of_now_and_of_the_step_before_and_after_is_taken():
    step = int(NOW.timestamp()) // 30
    assert steps_at(NOW) == (step, step - 1, step + 1)
    assert steps_at(NOW + timedelta(seconds=29)) == steps_at(NOW)
    assert steps_at(NOW + timedelta(seconds=30))[0] == step + 1


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("123456", "123456"),
        (" 123 456\r\n", "123456"),
        ("๑๒๓ ๔๕๖", "123456"),
        ("１２３４５６", "123456"),
        ("abcd-EFGH-jkmn-pqrs", "abcdefghjkmnpqrs"),
        ("\x0012\u202e3456", "123456"),
        ("กขค", ""),
        ("", ""),
        ("1" * 100_000, "1" * 64),
    ],
)
def test_code_is_read_as_people_write_it(typed, code):
    assert typed_code(typed) == code

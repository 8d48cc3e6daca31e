"""When somebody may try to sign in again, how long things last, and which passwords are good enough."""

import unicodedata
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from engine.errors import refuse


class Limits(NamedTuple):
    """How many attempts may fail within the ``window`` before each further one has to wait.

    The first wait is ``pause``, each further one twice as long, none longer than ``longest``: nobody is
    locked out for ever, and nobody can lock out another for long.
    """

    free: int
    window: timedelta
    pause: timedelta
    longest: timedelta


OF_ACCOUNT = Limits(5, timedelta(hours=1), timedelta(seconds=30), timedelta(minutes=15))
OF_ADDRESS = Limits(50, timedelta(hours=1), timedelta(seconds=30), timedelta(minutes=15))

#: A session ends when nothing was done for so long, and after so long in any case: usually, or if it was to
#: be kept.
IDLE = timedelta(hours=12)
USUAL, KEPT = timedelta(hours=24), timedelta(days=30)
#: Whoever has given the password has so long to give the code.
CODE_DUE = timedelta(minutes=10)
#: What a password may be long, in characters.
SHORTEST, LONGEST = 12, 256
#: How long a link sets a password: one that was asked for at the door, and one that an administrator made.
RESET_LASTS, SETUP_LASTS = timedelta(hours=1), timedelta(days=7)
#: So many mails with such links are sent within an hour for one person, and on behalf of one address.
RESETS_FOR_PERSON, RESETS_FROM_ADDRESS = 3, 20
RESETS_WITHIN = timedelta(hours=1)
#: A code of the second factor holds for so many seconds (RFC 6238), and for the one step before and after: no
#: clock is quite right, and nobody types in no time.
STEP_SECONDS = 30
_STEPS_AROUND = (0, -1, 1)


def wait_until(failures: Sequence[datetime], limits: Limits, now: datetime) -> datetime | None:
    """From when on the next attempt is looked at; ``None`` when that is now."""
    recent = sorted(one for one in failures if one > now - limits.window)
    beyond = len(recent) - limits.free
    if beyond < 0:
        return None
    wait = min(limits.pause * 2 ** min(beyond, 20), limits.longest)
    until = recent[-1] + wait
    return until if until > now else None


def is_live(seen_at: datetime, ends_at: datetime, now: datetime, *, kept: bool) -> bool:
    """Whether a session still holds: one that was to be kept ends by its day only."""
    return now < ends_at and (kept or now - seen_at < IDLE)


def ends_at(now: datetime, *, kept: bool, code_due: bool = False) -> datetime:
    """When a session that begins now ends at the latest; one that still lacks the code very soon."""
    if code_due:
        return now + CODE_DUE
    return now + (KEPT if kept else USUAL)


def steps_at(now: datetime) -> tuple[int, ...]:
    """The steps of time of which a code is taken now, the likeliest first."""
    step = int(now.timestamp()) // STEP_SECONDS
    return tuple(step + more for more in _STEPS_AROUND)


def typed_code(typed: str) -> str:
    """A code as it is compared: Thai digits, full-width ones, spaces and dashes are how people write it."""
    plain = unicodedata.normalize("NFKC", typed[:64])
    digits = (
        str(unicodedata.digit(one)) if unicodedata.digit(one, None) is not None else one for one in plain
    )
    return "".join(one for one in "".join(digits).lower() if one.isascii() and one.isalnum())


def check_password(password: str, related: Collection[str], *, is_common: bool) -> None:
    """Refuse a password that is too short or too long, commonly used, or made of what everybody knows.

    ``related`` are such words: the person's address and name, the house's name.
    """
    if len(password) < SHORTEST:
        raise refuse("password.short", least=SHORTEST)
    if len(password) > LONGEST:
        raise refuse("password.long", most=LONGEST)
    said = password.casefold()
    if any(len(word) >= 4 and word.casefold() in said for word in related):
        raise refuse("password.related")
    if is_common:
        raise refuse("password.common")

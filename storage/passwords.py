"""Passwords: hashed by argon2id, compared in the same time whether there is one or not."""

import threading
import unicodedata
from base64 import b64encode
from collections.abc import Collection, Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from engine.errors import refuse
from engine.signing_in import check_password

#: So many guesses, as a power of ten, an attacker has to need at least.
_GUESSES = 8
#: More of a password says nothing more about it and takes long to look at.
_LOOKED_AT = 72
#: Whoever waits longer for a turn is sent away: the pages are served by the same threads.
_PATIENCE_SECONDS = 5.0


class Passwords:
    """Hashes and compares; at most so many at once, for each takes 64 MB.

    Refused (``sign_in.busy``) where too many wait for their turn.
    """

    def __init__(self, at_once: int = 2, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
        self._turns = threading.BoundedSemaphore(at_once)
        self._nobodys = _of_nobody(self._hasher)

    def hashed(self, password: str) -> str:
        """What is kept of a password."""
        with self._turn():
            return self._hasher.hash(_plain(password))

    def fits(self, kept: str | None, password: str) -> bool:
        """Whether it is the password; for nobody (``None``) it takes as long and is not."""
        with self._turn():
            try:
                self._hasher.verify(kept or self._nobodys, _plain(password))
                return kept is not None
            except (VerifyMismatchError, InvalidHashError):
                return False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._turns.acquire(timeout=_PATIENCE_SECONDS):
            raise refuse("sign_in.busy")
        try:
            yield
        finally:
            self._turns.release()

    def is_dated(self, kept: str) -> bool:
        """Whether it was hashed by weaker settings than today's."""
        return self._hasher.check_needs_rehash(kept)


def check(password: str, related: Collection[str], near: Collection[str] = ()) -> None:
    """Refuse a password that is easily guessed: see :func:`engine.signing_in.check_password`.

    Words ``near`` the person may stand in a long one, but make none by themselves.
    """
    # Imported where a password is judged: its lists of words take a moment.
    from zxcvbn import zxcvbn  # noqa: PLC0415 - see above

    plain = _plain(password)
    guessed = zxcvbn(plain[:_LOOKED_AT], [*related, *near]) if plain else {"guesses_log10": 0.0}
    check_password(plain, related, is_common=guessed["guesses_log10"] < _GUESSES)


def _of_nobody(hasher: PasswordHasher) -> str:
    """What no password hashes to, made without hashing: comparing with it takes as long as with any other."""
    costs = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2id$v=19${costs}${_zeros(hasher.salt_len)}${_zeros(hasher.hash_len)}"


def _zeros(length: int) -> str:
    return b64encode(bytes(length)).decode().rstrip("=")


def _plain(password: str) -> str:
    """The same characters however the keyboard put them together."""
    return unicodedata.normalize("NFC", password)

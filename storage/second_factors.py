"""The second factor of a person: codes of the moment (RFC 6238), and codes for when the telephone is lost."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

import pyotp
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection

from engine.errors import refuse
from engine.signing_in import steps_at, typed_code
from storage.account_tables import recovery_codes, second_factors
from storage.statements import upsert
from storage.transaction import Tx

_f, _r = second_factors.c, recovery_codes.c
#: A secret that no code has proved is of no use after this.
_PROVED_WITHIN = timedelta(minutes=15)
_RECOVERY_CODES = 10
#: Letters and digits that nobody mistakes for each other; sixteen of them are 77 bits.
_LETTERS = "abcdefghjkmnpqrstvwxyz23456789"
_GROUPS, _GROUP = 4, 4


class Factor(NamedTuple):
    """How things stand: since when it is set, or the secret that waits to be proved; codes that are left."""

    set_at: datetime | None
    pending: str | None
    codes_left: int


def of_person(connection: Connection, person: int, now: datetime) -> Factor:
    """The second factor of that person."""
    row = connection.execute(
        select(_f.secret, _f.begun_at, _f.set_at).where(_f.person_id == person)
    ).one_or_none()
    left = select(func.count()).select_from(recovery_codes)
    codes = connection.execute(left.where(_r.person_id == person, _r.used_at.is_(None))).scalar_one()
    if row is None or (row.set_at is None and now - row.begun_at > _PROVED_WITHIN):
        return Factor(None, None, 0)
    return Factor(row.set_at, None if row.set_at else row.secret, codes)


def begin(tx: Tx, person: int, now: datetime) -> None:
    """Make a secret that a first code is to prove; refused (``factor.set``) where one is in use."""
    if tx.connection.execute(select(_f.set_at).where(_f.person_id == person)).scalar_one_or_none():
        raise refuse("factor.set")
    row = {"secret": pyotp.random_base32(), "begun_at": now, "set_at": None, "last_step": 0}
    tx.connection.execute(upsert(second_factors, tx.connection.dialect), {"person_id": person, **row})


def prove(tx: Tx, person: int, typed: str, now: datetime) -> bool:
    """Whether the code shows that the telephone has the secret; from then on it is asked for.

    Refused (``factor.not_begun``) where no secret waits for it.
    """
    row = tx.connection.execute(
        select(_f.secret, _f.begun_at).where(_f.person_id == person, _f.set_at.is_(None))
    ).one_or_none()
    if row is None or now - row.begun_at > _PROVED_WITHIN:
        raise refuse("factor.not_begun")
    step = _step_of(row.secret, typed, now)
    if step is None:
        return False
    proved = update(second_factors).where(_f.person_id == person, _f.set_at.is_(None))
    return tx.connection.execute(proved.values(set_at=now, last_step=step)).rowcount == 1


def take(tx: Tx, person: int, typed: str, now: datetime) -> bool:
    """Whether it is a code of now; neither it nor an earlier one is taken again."""
    row = tx.connection.execute(
        select(_f.secret).where(_f.person_id == person, _f.set_at.is_not(None))
    ).one_or_none()
    step = None if row is None else _step_of(row.secret, typed, now)
    if step is None:
        return False
    used = update(second_factors).where(_f.person_id == person, _f.last_step < step)
    return tx.connection.execute(used.values(last_step=step)).rowcount == 1


def _step_of(secret: str, typed: str, now: datetime) -> int | None:
    """The step of time whose code it is."""
    code, totp = typed_code(typed), pyotp.TOTP(secret)
    fitting = [step for step in steps_at(now) if hmac.compare_digest(totp.generate_otp(step), code)]
    return fitting[0] if fitting else None


def new_codes(tx: Tx, person: int) -> list[str]:
    """Codes that each open the door once, instead of any earlier ones; only their hashes are kept."""
    codes = [
        "".join(secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP)) for _ in range(_RECOVERY_CODES)
    ]
    tx.connection.execute(delete(recovery_codes).where(_r.person_id == person))
    rows = [{"person_id": person, "code_hash": _hash(code), "used_at": None} for code in codes]
    tx.connection.execute(insert(recovery_codes), rows)
    return ["-".join(code[at : at + _GROUP] for at in range(0, len(code), _GROUP)) for code in codes]


def take_recovery(tx: Tx, person: int, typed: str, now: datetime) -> bool:
    """Whether it is one of the person's recovery codes that was not used; from now on it is."""
    fits = (_r.person_id == person, _r.code_hash == _hash(typed_code(typed)), _r.used_at.is_(None))
    return tx.connection.execute(update(recovery_codes).where(*fits).values(used_at=now)).rowcount == 1


def remove(tx: Tx, person: int) -> bool:
    """Ask the person for no code any more; ``False`` where none was asked for."""
    tx.connection.execute(delete(recovery_codes).where(_r.person_id == person))
    gone = delete(second_factors).where(_f.person_id == person).returning(_f.set_at)
    return tx.connection.execute(gone).scalar_one_or_none() is not None


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()

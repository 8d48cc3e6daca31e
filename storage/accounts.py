"""Signing in on a store: passwords, codes, links that set one, and a line in the door's log for each."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from engine.errors import refuse
from engine.events import Event, Happened
from engine.outbox import RESET, NewMessage, Way
from engine.signing_in import RESETS_FOR_PERSON, RESETS_FROM_ADDRESS, RESETS_WITHIN
from storage import door, outbox, password_links, passwords, second_factors, sessions, tokens
from storage import tables as t
from storage.account_tables import credentials
from storage.account_tables import second_factors as factors
from storage.door import AtTheDoor
from storage.password_links import LinkKind
from storage.passwords import Passwords
from storage.registry import OPERATOR_EMAIL
from storage.sessions import Client, Session
from storage.store import Store
from storage.transaction import Tx

_c, _p, _f = credentials.c, t.people.c, factors.c
#: What waits since less than this lets a link to set a password go first: somebody sits there and waits.
_GOES_FIRST = timedelta(days=1)


class _Known(NamedTuple):
    """Somebody who may sign in with a password."""

    id: int
    password_hash: str
    asks_code: bool


class StoredAccounts:
    """Accounts of people; ``house`` is a name that no password may be made of, ``host`` ends Message-IDs."""

    def __init__(self, store: Store, hashes: Passwords, house: str, host: str) -> None:
        self._store = store
        self._hashes = hashes
        self._house = house
        self._host = host

    # -- coming in ----------------------------------------------------------------------------------------

    def sign_in(
        self,
        email: str,
        password: str,
        client: Client,
        now: datetime,
        *,
        kept: bool,
        instead_of: Session | None = None,
    ) -> str:
        """The secret of a new session, which may yet lack the code; the one that was there before ends.

        Refused (``sign_in.wrong``) in the same words and after the same work whoever is asked for, and
        (``sign_in.wait``) where too many attempts have failed before.
        """
        line = self.knock(door.subject_of(email), client, now)
        with self._store.read() as tx:
            known = _known(tx.connection, email)
        # Hashing takes a while: nobody's transaction waits for it.
        fits = self._hashes.fits(known.password_hash if known else None, password)
        if not fits or known is None:
            self._came_of(line, AtTheDoor.FAILED)
            raise refuse("sign_in.wrong")
        dated = self._hashes.hashed(password) if self._hashes.is_dated(known.password_hash) else None
        with self._store.begin() as tx:
            # Whoever changed the password meanwhile ended every session: this one must not come after.
            now_known = _known(tx.connection, email)
            if now_known is not None and now_known.password_hash == known.password_hash:
                if dated is not None:
                    renewed = update(credentials).where(_c.person_id == known.id)
                    tx.connection.execute(renewed.values(password_hash=dated))
                return _come_in(tx, line, now_known, client, now, kept=kept, instead_of=instead_of)
            door.came_of(tx, line, AtTheDoor.FAILED)
        raise refuse("sign_in.wrong")

    def sign_in_known(
        self,
        email: str,
        client: Client,
        now: datetime,
        *,
        line: int,
        how: str,
        instead_of: Session | None = None,
    ) -> str:
        """A session for whoever another house has shown to have that address; ``how`` goes into the log.

        ``line`` is that of :meth:`knock`. Refused (``sign_in.not_added``) where no administrator has added
        the address.
        """
        with self._store.begin() as tx:
            person = _person(tx.connection, email)
            if person is not None:
                asks = second_factors.of_person(tx.connection, person, now).set_at is not None
                known = _Known(person, "", asks)
                return _come_in(tx, line, known, client, now, kept=False, instead_of=instead_of, how=how)
            door.came_of(tx, line, AtTheDoor.FAILED, detail=how)
        raise refuse("sign_in.not_added", email=email)

    def sign_in_as(self, person: int, client: Client, now: datetime) -> str:
        """A session without a password, for the demo on one's own machine."""
        with self._store.begin() as tx:
            door.log(tx, AtTheDoor.SIGNED_IN, person, client, now, detail="demo")
            return sessions.begin(tx, person, client, now)

    def give_code(
        self, session: Session, typed: str, client: Client, now: datetime, *, recovery: bool
    ) -> str:
        """The secret of the session that takes the place of one that lacked the code.

        Refused (``code.wrong``) for any other code, one that was used, and (``sign_in.wait``).
        """
        line = self.knock(door.subject_of(session.email), client, now)
        take = second_factors.take_recovery if recovery else second_factors.take
        person = session.person.id
        with self._store.begin() as tx:
            if take(tx, person, typed, now):
                how = "recovery code" if recovery else "code"
                door.came_of(tx, line, AtTheDoor.SIGNED_IN, person, how)
                sessions.end(tx, person, session.id)
                return sessions.begin(tx, person, client, now, kept=session.kept)
            door.came_of(tx, line, AtTheDoor.FAILED, person, "code")
        raise refuse("code.wrong")

    def sign_out(self, session: Session, client: Client, now: datetime) -> None:
        """End the session."""
        with self._store.begin() as tx:
            sessions.end(tx, session.person.id, session.id)
            door.log(tx, AtTheDoor.SIGNED_OUT, session.person.id, client, now)

    def end_sessions(
        self,
        person: int,
        client: Client,
        now: datetime,
        *,
        only: int | None = None,
        but: int | None = None,
        by: int | None = None,
    ) -> int:
        """End one session of a person, or all but one; returns how many that were.

        ``by`` is who does it for another: here and below, what somebody does for another is journaled.
        """
        with self._store.begin() as tx:
            if only is not None:
                ended = int(sessions.end(tx, person, only))
            else:
                ended = sessions.end_others(tx, person, but)
            if ended:
                door.log(tx, AtTheDoor.SESSION_ENDED, person, client, now, detail=str(ended))
                _record(tx, Happened.SESSIONS_ENDED, person, by, now)
            return ended

    def knock(self, subject: str, client: Client, now: datetime) -> int:
        """The line of an attempt, for :func:`storage.door.came_of`; ``sign_in.wait`` after too many.

        The line is there before others are counted, so that of many at once no more are looked at than of
        one after the other.
        """
        with self._store.begin() as tx:
            line = door.log(tx, AtTheDoor.TRIED, None, client, now, subject=subject)
        with self._store.read() as tx:
            until = door.wait(tx.connection, subject, client, now, but=line)
        if until is not None:
            self._came_of(line, AtTheDoor.WAITED)
            raise refuse("sign_in.wait", until=_next_minute(until))
        return line

    def failed(self, line: int, how: str) -> None:
        """An attempt came to nothing before anybody was named."""
        self._came_of(line, AtTheDoor.FAILED, how)

    # -- the password -------------------------------------------------------------------------------------

    def has_password(self, person: int) -> bool:
        """Whether the person ever set one."""
        with self._store.read() as tx:
            return _hash_of(tx.connection, person) is not None

    def check_present(self, session: Session, present: str, client: Client, now: datetime) -> None:
        """Refuse (``password.wrong``, ``sign_in.wait``) who does not know the password of their session."""
        line = self.knock(door.subject_of(session.email), client, now)
        with self._store.read() as tx:
            kept = _hash_of(tx.connection, session.person.id)
        fits = self._hashes.fits(kept, present)
        with self._store.begin() as tx:
            what = AtTheDoor.PASSWORD_ACCEPTED if fits else AtTheDoor.FAILED
            door.came_of(tx, line, what, session.person.id)
        if not fits:
            raise refuse("password.wrong")

    def change_password(
        self,
        session: Session,
        present: str,
        wanted: str,
        client: Client,
        now: datetime,
        *,
        with_tokens: bool = False,
    ) -> tuple[str, int]:
        """Set another password; every other session of the person ends, and this one gets a new secret.

        Returns it, and how many tokens ended: those of programs end ``with_tokens`` only, for whoever
        knows the password that was can choose (docs/decisions/0042).
        """
        self.check_present(session, present, client, now)
        hashed = self._hashed(session.person.id, wanted)
        with self._store.begin() as tx:
            _keep(tx, session.person.id, hashed, client, now, but=session.id)
            ended = tokens.revoke_all(tx, session.person.id, client, now) if with_tokens else 0
            return sessions.renew(tx, session.id), ended

    def set_password(self, person: int, password: str, client: Client, now: datetime, *, by: int) -> int:
        """Set a person's password and end all their sessions; refused when it is easily guessed.

        Where it takes the place of another, somebody else may have known that one: the tokens of programs
        end as well. Returns how many that were.
        """
        hashed = self._hashed(person, password)
        with self._store.begin() as tx:
            was_set = _keep(tx, person, hashed, client, now)
            return tokens.revoke_all(tx, person, client, now, by=by) if was_set else 0

    def set_by_link(self, person: int, digest: str, password: str, client: Client, now: datetime) -> int:
        """The same by a link, once; refused (``password_link.used``) where it works no more."""
        hashed = self._hashed(person, password)
        with self._store.begin() as tx:
            if not password_links.use(tx, person, digest, now):
                raise refuse("password_link.used")
            was_set = _keep(tx, person, hashed, client, now, how="link")
            return tokens.revoke_all(tx, person, client, now, by=person) if was_set else 0

    def tokens_at_stake(self, person: int, now: datetime) -> int:
        """How many tokens of programs end when a link or an administrator sets the person's password."""
        with self._store.read() as tx:
            if _hash_of(tx.connection, person) is None:
                return 0
            return tokens.count_live(tx.connection, person, now)

    def email_behind(self, person: int, digest: str, now: datetime) -> str:
        """Whose password the link sets; refused (``password_link.used``) where it works no more."""
        with self._store.read() as tx:
            live = password_links.is_live(tx.connection, person, digest, now)
            email = tx.connection.execute(select(_p.email).where(_p.id == person)).scalar_one_or_none()
        if not live or email is None:
            raise refuse("password_link.used")
        return str(email)

    def _hashed(self, person: int, password: str) -> str:
        with self._store.read() as tx:
            row = tx.connection.execute(select(_p.email, _p.name).where(_p.id == person)).one()
            near = _near(tx, person)
        passwords.check(password, [row.email, row.email.partition("@")[0], row.name, self._house], near)
        return self._hashes.hashed(password)

    def keep_link(
        self,
        person: int,
        digest: str,
        ends_at: datetime,
        client: Client,
        now: datetime,
        *,
        by: int | None = None,
    ) -> None:
        """Keep the link that an administrator hands to a person; an earlier one sets no password."""
        with self._store.begin() as tx:
            password_links.keep(tx, LinkKind.SETUP, person, digest, ends_at, now)
            door.log(tx, AtTheDoor.LINK_MADE, person, client, now)
            _record(tx, Happened.LINK_MADE, person, by, now)

    def ask_reset(self, email: str, client: Client, now: datetime) -> None:
        """Send a link to set a new password to whoever has that address, if somebody has.

        The same is done whoever is asked for: what is written for nobody is taken back at once.
        """
        subject = door.subject_of(email)
        with self._store.begin() as tx:
            since, asked = now - RESETS_WITHIN, AtTheDoor.RESET_ASKED
            many = door.times(tx.connection, asked, since, subject=subject) >= RESETS_FOR_PERSON
            crowd = door.times(tx.connection, asked, since, address=client.address) >= RESETS_FROM_ADDRESS
            person = _person(tx.connection, email)
            line = door.log(tx, asked, person, client, now, subject=subject)
            new = NewMessage(
                key=f"{RESET}:{line}",
                channel=Way.MAIL,
                kind=RESET,
                person=person,
                not_before=now - _GOES_FIRST,
                message_ref=f"<{RESET}.{line}@{self._host}>",
            )
            with tx.connection.begin_nested() as attempt:
                outbox.enqueue(tx.connection, [new], now)
                if many or crowd or person is None:
                    attempt.rollback()

    # -- the second factor --------------------------------------------------------------------------------

    def factor(self, person: int, now: datetime) -> second_factors.Factor:
        """How things stand with the person's second factor."""
        with self._store.read() as tx:
            return second_factors.of_person(tx.connection, person, now)

    def begin_factor(self, session: Session, present: str, client: Client, now: datetime) -> None:
        """Make a secret for a second factor, for who knows the password."""
        self.check_present(session, present, client, now)
        with self._store.begin() as tx:
            second_factors.begin(tx, session.person.id, now)

    def set_factor(self, session: Session, typed: str, client: Client, now: datetime) -> list[str]:
        """Ask for a code from now on; returns the recovery codes. Every other session ends.

        Refused (``code.wrong``, ``factor.not_begun``).
        """
        person = session.person.id
        with self._store.begin() as tx:
            if second_factors.prove(tx, person, typed, now):
                door.log(tx, AtTheDoor.FACTOR_SET, person, client, now)
                sessions.end_others(tx, person, session.id)
                return second_factors.new_codes(tx, person)
        raise refuse("code.wrong")

    def renew_codes(self, session: Session, present: str, client: Client, now: datetime) -> list[str]:
        """Other recovery codes, for who knows the password; refused (``factor.none``) without a factor."""
        self.check_present(session, present, client, now)
        person = session.person.id
        with self._store.begin() as tx:
            if second_factors.of_person(tx.connection, person, now).set_at is None:
                raise refuse("factor.none")
            door.log(tx, AtTheDoor.CODES_MADE, person, client, now)
            return second_factors.new_codes(tx, person)

    def drop_factor(self, session: Session, present: str, client: Client, now: datetime) -> None:
        """Ask for no code any more, for who knows the password."""
        self.check_present(session, present, client, now)
        self._remove_factor(session.person.id, client, now, but=session.id)

    def take_factor_off(self, person: int, client: Client, now: datetime, *, by: int | None = None) -> None:
        """The same for a person who has lost it; all their sessions end. Refused (``factor.none``)."""
        self._remove_factor(person, client, now, but=None, by=by)

    def _remove_factor(
        self, person: int, client: Client, now: datetime, *, but: int | None, by: int | None = None
    ) -> None:
        with self._store.begin() as tx:
            if not second_factors.remove(tx, person):
                raise refuse("factor.none")
            sessions.end_others(tx, person, but)
            door.log(tx, AtTheDoor.FACTOR_REMOVED, person, client, now)
            _record(tx, Happened.FACTOR_REMOVED, person, by, now)

    def _came_of(self, line: int, what: AtTheDoor, detail: str = "") -> None:
        with self._store.begin() as tx:
            door.came_of(tx, line, what, detail=detail)


def _record(tx: Tx, what: Happened, person: int, by: int | None, now: datetime) -> None:
    """Who did it for another stands in the city's journal; what people do themselves, in the door's log."""
    if by is not None:
        tx.record(Event(what, now, by, {"person": person}))


def _come_in(
    tx: Tx,
    line: int,
    known: _Known,
    client: Client,
    now: datetime,
    *,
    kept: bool,
    instead_of: Session | None,
    how: str = "",
) -> str:
    """A new session for somebody who is known; without the code yet, where one is asked for."""
    what = AtTheDoor.PASSWORD_ACCEPTED if known.asks_code else AtTheDoor.SIGNED_IN
    door.came_of(tx, line, what, known.id, how)
    if instead_of is not None:
        sessions.end(tx, instead_of.person.id, instead_of.id)
    return sessions.begin(tx, known.id, client, now, kept=kept, code_due=known.asks_code)


def _keep(
    tx: Tx, person: int, hashed: str, client: Client, now: datetime, *, but: int | None = None, how: str = ""
) -> bool:
    """A new password: every session but one ends, and no link sets another; whether there was one before."""
    given = {"password_hash": hashed, "changed_at": now}
    changed = tx.connection.execute(update(credentials).where(_c.person_id == person).values(given))
    was_set = changed.rowcount == 1
    if not was_set:
        tx.connection.execute(insert(credentials).values(person_id=person, **given))
    password_links.forget(tx, person)
    sessions.end_others(tx, person, but)
    door.log(tx, AtTheDoor.PASSWORD_SET, person, client, now, detail=how)
    return was_set


def _known(connection: Connection, email: str) -> _Known | None:
    query = (
        select(_p.id, _c.password_hash, _f.set_at)
        .join_from(t.people, credentials, _c.person_id == _p.id)
        .join(factors, _f.person_id == _p.id, isouter=True)
        .where(_p.email == _looked_for(email))
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _Known(row.id, row.password_hash, row.set_at is not None)


def _person(connection: Connection, email: str) -> int | None:
    """Who has that address; the operator is nobody who comes to a door."""
    query = select(_p.id).where(_p.email == _looked_for(email), _p.email != OPERATOR_EMAIL)
    found: int | None = connection.execute(query).scalar_one_or_none()
    return found


def _looked_for(email: str) -> str:
    """The address as it is kept; what cannot be one is nobody's."""
    plain = email.strip().lower()
    return plain if plain.isprintable() else ""


def _hash_of(connection: Connection, person: int) -> str | None:
    query = select(_c.password_hash).where(_c.person_id == person)
    found: str | None = connection.execute(query).scalar_one_or_none()
    return found


def _next_minute(instant: datetime) -> datetime:
    """People are told the minute, and by then it has to be true."""
    return (instant + timedelta(seconds=59, microseconds=999999)).replace(second=0, microsecond=0)


def _near(tx: Tx, person: int) -> list[str]:
    """The words of the names of the agencies for which somebody works, and two of them written as one."""
    a, g = t.agencies.c, t.grants.c
    query = select(a.name_th, a.name_en).join_from(t.agencies, t.grants).where(g.person_id == person)
    names = [name.split() for row in tx.connection.execute(query) for name in row if name]
    return [one for words in names for one in (*words, *map("".join, pairwise(words)))]

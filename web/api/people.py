"""People for programs: looked for, added, and all that an administrator does for one."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydantic import BaseModel
from starlette.exceptions import HTTPException

from engine.errors import refuse
from engine.permissions import Action, Grant
from engine.roles import grant_of
from notifications import addresses
from storage import door, duty, people, registry, roles, sessions, tokens
from storage.accounts import StoredAccounts
from storage.people import Known, Sought
from storage.transaction import Tx
from web import setup_links
from web.api import bodies
from web.api.administration import check_agency
from web.api.operation import Call, Operation
from web.api.paging import cursor_of, cut, number_behind
from web.api.shapes import office, records
from web.doors import client_of, for_city
from web.setup_links import SetupLink
from web.site import Site

_RULE = for_city(Action.MANAGE_PEOPLE)
_PAGE = "/people/{person}"
#: So many of the last lines of the door's log are told.
_LINES = 10


class _Row(NamedTuple):
    """Something that an administrator does for a person, in one transaction."""

    name: str
    path: str
    says: str
    do: Callable[[Call, Tx], BaseModel | None]
    takes: type[BaseModel] | None = None


def operations(site: Site, accounts: StoredAccounts) -> Iterator[Operation]:
    """``/people``, and each of them."""
    here = _People(site, accounts)
    yield Operation(
        "list_people",
        "GET",
        "/people",
        _RULE,
        "Those who fit, by name.",
        reads=here.list,
        asks=bodies.PeopleAsked,
        gives=records.People,
    )
    yield Operation(
        "add_person",
        "POST",
        "/people",
        _RULE,
        "Add a person; the answer holds the link with which they set a password, this once.",
        reads=here.add,
        takes=bodies.NewPerson,
        gives=records.AddedPerson,
        status=201,
    )
    yield Operation(
        "get_person",
        "GET",
        _PAGE,
        _RULE,
        "One person: roles, sessions, substitutes, the last lines at the door.",
        reads=here.one,
        gives=records.PersonDetail,
    )
    yield Operation(
        "list_door_log",
        "GET",
        "/entrance",
        _RULE,
        "Who signed in, failed, had to wait or was refused, the newest first.",
        reads=here.entrance,
        asks=bodies.DoorAsked,
        gives=records.DoorLog,
    )
    for row in (
        _Row("give_role", "give", "Give a role.", here.give, bodies.RoleGiven),
        _Row("take_role", "take", "Take a role.", here.take, bodies.RoleGiven),
        _Row("give_substitute", "away", "Let somebody stand in for them.", here.away, bodies.AwayGiven),
        _Row("end_substitute", "back", "Nobody stands in for them any more.", here.back, bodies.Numbered),
        _Row("revoke_tokens", "tokens", "End every token of theirs.", here.revoke_tokens),
        _Row("mark_reachable", "reachable", "Their address takes mail again.", here.reachable),
    ):
        yield Operation(
            row.name,
            "POST",
            f"{_PAGE}/{row.path}",
            _RULE,
            row.says,
            writes=row.do,
            takes=row.takes,
            status=204,
        )
    yield Operation(
        "make_setup_link",
        "POST",
        f"{_PAGE}/link",
        _RULE,
        "Make a new link with which they set a password; it is told this once.",
        reads=here.link,
        gives=records.SetupLink,
    )
    for name, path, says, do in (
        ("end_sessions", "sessions", "End every session of theirs.", here.end_sessions),
        ("take_factor_off", "second-factor", "Ask them for no code any more.", here.take_factor_off),
    ):
        yield Operation(name, "POST", f"{_PAGE}/{path}", _RULE, says, reads=do, status=204)


class _People:
    def __init__(self, site: Site, accounts: StoredAccounts) -> None:
        self._site = site
        self._accounts = accounts

    def list(self, call: Call) -> records.People:
        asked: bodies.PeopleAsked = call.asked
        sought = Sought(asked.q, asked.role or "", asked.agency)
        with self._site.store.read() as tx:
            found = people.search(tx.connection, sought, number_behind(asked.cursor), asked.limit + 1)
        rows, more = cut(found, asked.limit)
        return records.People(
            items=[
                records.PersonRow(
                    id=one.id,
                    name=one.name,
                    email=one.email,
                    unreachable=one.unreachable,
                    roles=[office.Grant.model_validate(held.grant) for held in one.roles],
                )
                for one in rows
            ],
            next=cursor_of(rows[-1].id) if more else None,
        )

    def one(self, call: Call) -> records.PersonDetail:
        known, now = self._known(call), call.now
        person = known.person
        with self._site.store.read() as tx:
            (contact,) = duty.contacts(tx.connection, [person.id], by_line=True)
            away = people.away(tx.connection, person.id, self._site.today())
            live = sessions.of_person(tx.connection, person.id, now)
            live_tokens = tokens.count_live(tx.connection, person.id, now)
            lines = door.lines(tx.connection, _LINES, person=person.id, email=known.email)
        return records.PersonDetail.model_validate(
            {
                "id": person.id,
                "name": person.name,
                "email": known.email,
                "language": contact.language,
                "unreachable": known.unreachable,
                "roles": person.grants,
                "away": [{**one._asdict(), "number": one.id} for one in away],
                "sessions": live,
                "live_tokens": live_tokens,
                "second_factor_since": self._accounts.factor(person.id, now).set_at,
                "door": lines,
            }
        )

    def entrance(self, call: Call) -> records.DoorLog:
        asked: bodies.DoorAsked = call.asked
        before, email = number_behind(asked.cursor), asked.email or ""
        with self._site.store.read() as tx:
            whose = registry.person(tx.connection, email).id if email else None
            found = door.lines(
                tx.connection, asked.limit + 1, person=whose, email=email, what=asked.what, before=before
            )
        rows, more = cut(found, asked.limit)
        return records.DoorLog(
            items=[records.LoggedLine.model_validate(one) for one in rows],
            next=cursor_of(rows[-1].id) if more else None,
        )

    def add(self, call: Call) -> records.AddedPerson:
        """In transactions of its own, like the page: the link is made once the person is there."""
        new: bodies.NewPerson = call.given
        email, name = addresses.address(new.email), addresses.display_name(new.name)
        given = [] if new.role is None else [grant_of(new.role, new.agency)]
        with self._site.store.begin() as tx:
            check_agency(tx, new.agency)
            added = registry.add_person(tx, email, name, new.language, given, by=call.by.id, now=call.now)
        link = self._link(call, added) if self._site.takes_passwords else None
        return records.AddedPerson(
            id=added, link=link.url if link else None, link_until=link.until if link else None
        )

    # -- what is done for one -----------------------------------------------------------------------------

    def give(self, call: Call, tx: Tx) -> None:
        roles.give_role(tx, self._person(call), _grant(call, tx), by=call.by, now=call.now)

    def take(self, call: Call, tx: Tx) -> None:
        roles.take_role(tx, self._person(call), _grant(call, tx), by=call.by, now=call.now)

    def away(self, call: Call, tx: Tx) -> None:
        new: bodies.AwayGiven = call.given
        other = registry.person(tx.connection, new.substitute)
        days = (new.first_on, new.last_on)
        duty.give_substitution(tx, self._person(call), other.id, *days, by=call.by.id, now=call.now)

    def back(self, call: Call, tx: Tx) -> None:
        wanted, away = call.given.number, people.away(tx.connection, self._person(call), self._site.today())
        if wanted not in [one.id for one in away]:
            raise refuse("substitution.unknown", number=wanted)
        duty.withdraw_substitution(tx, wanted, by=call.by.id, now=call.now)

    def reachable(self, call: Call, tx: Tx) -> None:
        duty.mark_reachable(tx, self._person(call), by=call.by.id, now=call.now)

    def revoke_tokens(self, call: Call, tx: Tx) -> None:
        tokens.revoke_all(tx, self._person(call), client_of(call.request), call.now, by=call.by.id)

    def link(self, call: Call) -> records.SetupLink:
        openid = self._site.openid
        if not self._site.takes_passwords and openid:
            raise refuse("user.no_passwords", name=openid.name)
        made = self._link(call, self._person(call))
        return records.SetupLink(link=made.url, link_until=made.until)

    def end_sessions(self, call: Call) -> None:
        who = client_of(call.request)
        self._accounts.end_sessions(self._person(call), who, call.now, by=call.by.id)

    def take_factor_off(self, call: Call) -> None:
        who = client_of(call.request)
        self._accounts.take_factor_off(self._person(call), who, call.now, by=call.by.id)

    # -- who it is ----------------------------------------------------------------------------------------

    def _known(self, call: Call) -> Known:
        with self._site.store.read() as tx:
            known = people.known(tx.connection, call.number("person"))
        if known is None:
            raise HTTPException(404)
        return known

    def _person(self, call: Call) -> int:
        return self._known(call).person.id

    def _link(self, call: Call, person: int) -> SetupLink:
        site, who = self._site, client_of(call.request)
        return setup_links.make(site.store, self._accounts, site.base_url, person, who, call.now, call.by.id)


def _grant(call: Call, tx: Tx) -> Grant:
    """The role that is asked for, at an agency that there is."""
    new: bodies.RoleGiven = call.given
    check_agency(tx, new.agency)
    return grant_of(new.role, new.agency)

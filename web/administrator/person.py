"""One person: what they are, how they are told and come in; and all that an administrator does for them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Refusal, Unmet, refuse
from engine.permissions import Action, Grant, Person
from engine.wording import Wording
from storage import door, duty, people, registry, roles, sessions, tokens
from storage.people import Known
from storage.transaction import Tx
from web import setup_links
from web.account import named
from web.administrator.choosing import agencies_to_choose, grant_in, in_words, roles_to_choose
from web.administrator.counter import Counter, by_of, number_of
from web.doors import Doors, client_of, for_city
from web.reading import Typed
from web.setup_links import SetupLink

#: So many of the last lines of the door's log are shown.
_LINES = 10


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page ``/administration/people/{person}`` and what its forms do."""
    room, rule = PersonPage(counter), for_city(Action.MANAGE_PEOPLE)
    doors.add(router, "/administration/people/{person}", room.show, rule)
    for name, endpoint in (
        ("give", room.give),
        ("take", room.take),
        ("link", room.link),
        ("sessions", room.end_sessions),
        ("tokens", room.revoke_tokens),
        ("second-factor", room.take_factor_off),
        ("away", room.away),
        ("back", room.back),
        ("reachable", room.reachable),
    ):
        doors.add(router, f"/administration/people/{{person}}/{name}", endpoint, rule, ["POST"])


@dataclass(frozen=True, slots=True)
class _Turn:
    """What every form of the page needs: whose it is, who sends it, what was typed, and when."""

    known: Known
    by: Person
    typed: Typed
    now: datetime


class PersonPage:
    """The page of one person."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def show(self, request: Request, person: str) -> Response:
        return self._shown(request, self._known(number_of(person)))

    def with_link(self, request: Request, person: int, done: str = "admin.done_link") -> Response:
        """The page with a new link to set a password, which is told this once."""
        known, wording = self._known(person), self._counter.wording(request)
        link = self._new_link(request, person) if self._counter.site.takes_passwords else None
        return self._shown(request, known, link=link, done=[wording.say(done, name=known.person.name)])

    def give(self, request: Request, person: str) -> Response:
        """Give a role."""
        turn = self._turn(request, person)
        with self._counter.site.store.read() as tx:
            grant = grant_in(turn.typed, registry.agencies(tx.connection))

        def do(tx: Tx) -> None:
            if grant:
                roles.give_role(tx, turn.known.person.id, grant, by=turn.by, now=turn.now)

        return self._act(request, turn, do, "role_given", at="role")

    def take(self, request: Request, person: str) -> Response:
        """Take a role: that one of those they hold which the button names."""
        turn = self._turn(request, person)
        wanted = turn.typed.line("held")
        grant = next((one for one in turn.known.person.grants if _name_of(one) == wanted), None)

        def do(tx: Tx) -> None:
            if grant is None:
                raise refuse("role.gone", name=turn.known.person.name)
            roles.take_role(tx, turn.known.person.id, grant, by=turn.by, now=turn.now)

        return self._act(request, turn, do, "role_taken")

    def link(self, request: Request, person: str) -> Response:
        """Make a new link to set a password."""
        openid = self._counter.site.openid
        if not self._counter.site.takes_passwords and openid:
            raise refuse("user.no_passwords", name=openid.name)
        return self.with_link(request, number_of(person))

    def end_sessions(self, request: Request, person: str) -> Response:
        """End every session of theirs."""
        turn = self._turn(request, person)
        who, by = client_of(request), turn.by.id
        self._counter.accounts.end_sessions(turn.known.person.id, who, turn.now, by=by)
        return self._to(turn, "sessions_ended")

    def revoke_tokens(self, request: Request, person: str) -> Response:
        """End every token of theirs."""
        turn = self._turn(request, person)
        who = client_of(request)

        def do(tx: Tx) -> None:
            tokens.revoke_all(tx, turn.known.person.id, who, turn.now, by=turn.by.id)

        return self._act(request, turn, do, "tokens_revoked")

    def take_factor_off(self, request: Request, person: str) -> Response:
        """Ask them for no code any more."""
        turn = self._turn(request, person)
        try:
            self._counter.accounts.take_factor_off(
                turn.known.person.id, client_of(request), turn.now, by=turn.by.id
            )
        except Refusal as refused:
            turn.typed.fault("", *refused.conditions)
            return self._shown(request, turn.known, turn.typed)
        return self._to(turn, "factor_removed")

    def away(self, request: Request, person: str) -> Response:
        """Let somebody stand in for them."""
        turn = self._turn(request, person)
        typed = turn.typed
        first, last = typed.day("first"), typed.day("last")
        for name, day in (("first", first), ("last", last)):
            if day is None and name not in typed.faults:
                typed.fault(name, Unmet("admin.day_missing"))

        def do(tx: Tx) -> None:
            other = registry.person(tx.connection, typed.line("substitute"))
            if first and last:
                days, by = (first, last), turn.by.id
                duty.give_substitution(tx, turn.known.person.id, other.id, *days, by=by, now=turn.now)

        return self._act(request, turn, do, "away", at="substitute")

    def back(self, request: Request, person: str) -> Response:
        """Nobody stands in for them as that line says."""
        turn = self._turn(request, person)

        def do(tx: Tx) -> None:
            wanted, today = turn.typed.whole("number"), self._counter.site.today()
            away = people.away(tx.connection, turn.known.person.id, today)
            if wanted not in [one.id for one in away]:
                raise refuse("substitution.unknown", number=wanted)
            duty.withdraw_substitution(tx, wanted or 0, by=turn.by.id, now=turn.now)

        return self._act(request, turn, do, "back")

    def reachable(self, request: Request, person: str) -> Response:
        """Their address takes mail again."""
        turn = self._turn(request, person)

        def do(tx: Tx) -> None:
            duty.mark_reachable(tx, turn.known.person.id, by=turn.by.id, now=turn.now)

        return self._act(request, turn, do, "reachable")

    # -- the common course ----------------------------------------------------------------------------------

    def _known(self, person: int) -> Known:
        with self._counter.site.store.read() as tx:
            known = people.known(tx.connection, person)
        if known is None:
            raise HTTPException(404)
        return known

    def _turn(self, request: Request, person: str) -> _Turn:
        known, now = self._known(number_of(person)), self._counter.site.clock()
        return _Turn(known, by_of(request), Typed(request.state.form), now)

    def _act(
        self, request: Request, turn: _Turn, do: Callable[[Tx], None], done: str, at: str = ""
    ) -> Response:
        if self._counter.act(turn.typed, do, at):
            return self._to(turn, done)
        return self._shown(request, turn.known, turn.typed)

    def _to(self, turn: _Turn, done: str) -> Response:
        return self._counter.to(f"/people/{turn.known.person.id}", done)

    def _new_link(self, request: Request, person: int) -> SetupLink:
        site, accounts = self._counter.site, self._counter.accounts
        who, by = client_of(request), by_of(request).id
        return setup_links.make(site.store, accounts, site.base_url, person, who, site.clock(), by)

    def _shown(
        self,
        request: Request,
        known: Known,
        typed: Typed | None = None,
        link: SetupLink | None = None,
        done: list[str] | None = None,
    ) -> Response:
        wording = self._counter.wording(request)
        values: dict[str, Any] = {
            "id": known.person.id,
            "name": known.person.name,
            "is_self": known.person.id == by_of(request).id,
            "held": [(_name_of(one.grant), in_words(one, wording)) for one in known.roles],
            "unreachable": known.unreachable,
            "link": {"url": link.url, "until": wording.value(link.until)} if link else None,
            "takes_passwords": self._counter.site.takes_passwords,
            **self._of_day(known, wording),
        }
        if done:
            values["done"] = done
        return self._counter.show(request, "person", known.person.name, values, typed)

    def _of_day(self, known: Known, wording: Wording) -> dict[str, Any]:
        """What is read of the person besides."""
        site, person = self._counter.site, known.person.id
        now = site.clock()
        with site.store.read() as tx:
            (contact,) = duty.contacts(tx.connection, [person], by_line=True)
            away = people.away(tx.connection, person, site.today())
            live = sessions.of_person(tx.connection, person, now)
            live_tokens = tokens.count_live(tx.connection, person, now)
            lines = door.lines(tx.connection, _LINES, person=person, email=known.email)
            agencies = registry.agencies(tx.connection)
        factor, value = self._counter.accounts.factor(person, now), wording.value
        hour = contact.hour
        return {
            "email": known.email,
            "language_name": wording.say(f"language.{contact.language}"),
            "hour": wording.say("hour.of_the_house")
            if hour is None
            else wording.say("hour.chosen", hour=hour),
            "by_line": bool(contact.line),
            "off": [wording.word("heading", one) for one in sorted(contact.switched_off)],
            "away": [(one.id, wording.say("person.away", one._asdict())) for one in away],
            "sessions": [
                (
                    f"{named(one.agent)} · {one.address}",
                    wording.say("page.session_times", begun=one.begun_at, seen=one.seen_at),
                )
                for one in live
            ],
            "live_tokens": live_tokens,
            "factor_set": value(factor.set_at) if factor.set_at else "",
            "lines": [
                [value(one.at), wording.word("door", one.what), one.address, named(one.agent)]
                for one in lines
            ],
            "roles": roles_to_choose(wording, wording.say("admin.choose")),
            "agencies": agencies_to_choose(agencies, wording, wording.say("admin.no_agency")),
        }


def _name_of(grant: Grant) -> str:
    """A role of somebody as a button names it."""
    return f"{grant.role}@{grant.agency or ''}"

"""Commands about people: who they are, how they are told, and who stands in for them."""

import re
from datetime import date
from typing import Annotated, Any

import typer

from cli import accounts, bootstrap, parsing
from cli.accounts import Email, manager
from cli.desk import Desk
from cli.options import By, Json
from engine.errors import Refusal
from engine.nearest import nearest
from engine.permissions import Grant
from engine.reminders import Contact, Topic, may_be_switched_off
from engine.roles import grant_of
from notifications import addresses
from storage import duty, registry, roles
from storage.transaction import Tx

app = typer.Typer(
    no_args_is_help=True,
    help="People: add, role, list, show, set, away, back; link, password, sessions, second-factor, log.",
)
for name, command in (
    ("link", accounts.link),
    ("password", accounts.password),
    ("sessions", accounts.list_sessions),
    ("second-factor", accounts.second_factor),
    ("log", accounts.show_log),
):
    app.command(name)(command)

#: How LINE writes the id of a user.
_LINE_ID = re.compile(r"U[0-9a-f]{32}")


@app.command("add")
def add_person(
    ctx: typer.Context,
    email: Annotated[str, typer.Argument(metavar="EMAIL")],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What histories show.")],
    wanted: Annotated[
        list[str],
        typer.Option(
            "--role", metavar="ROLE[@AGENCY]", help="coordinator@5049, evaluator; may be given several times."
        ),
    ],
    language: Annotated[str, typer.Option("--language", metavar="th|en", help="Of mails and pages.")] = "th",
    by: By = None,
    as_json: Json = False,
) -> None:
    """Add a person with their roles; the link that is printed sets their first password."""
    desk: Desk = ctx.obj
    if language not in bootstrap.LANGUAGES:
        raise parsing.unreadable("language.unknown", given=language, known=list(bootstrap.LANGUAGES))
    try:
        email, name = addresses.address(email), addresses.display_name(name)
    except Refusal as refused:
        raise parsing.Unreadable(refused.conditions) from None
    with desk.house().store.begin() as tx:
        person = manager(desk, tx, by)
        grants = [_grant(desk, tx, typed) for typed in wanted]
        added = registry.add_person(tx, email, name, language, grants, by=person.id, now=desk.clock())
    link = accounts.link_for(desk, added, person.id)
    if as_json:
        told = accounts.told_of(link)
        desk.json({"id": added, "email": email.lower(), "name": name, "roles": wanted, **told})
        return
    desk.say("done.person_added", email=email.lower(), roles=[grant.role for grant in grants])
    if link:
        accounts.tell_link(desk, link)


def _grant(desk: Desk, tx: Tx, typed: str) -> Grant:
    role, _, at = typed.partition("@")
    agency = desk.agency(tx, at).id if at else None
    try:
        return grant_of(role, agency)
    except Refusal as refused:
        raise parsing.Unreadable(refused.conditions) from None


@app.command("role")
def change_roles(
    ctx: typer.Context,
    email: Email,
    give: Annotated[
        list[str] | None, typer.Option("--give", metavar="ROLE[@AGENCY]", help="They are this from now on.")
    ] = None,
    take: Annotated[
        list[str] | None, typer.Option("--take", metavar="ROLE[@AGENCY]", help="They are this no more.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Give and take roles; all of it, or nothing."""
    desk: Desk = ctx.obj
    with desk.house().store.begin() as tx:
        actor, person = manager(desk, tx, by), registry.person(tx.connection, email)
        for move, typed in ((roles.give_role, give), (roles.take_role, take)):
            for one in typed or ():
                move(tx, person.id, _grant(desk, tx, one), by=actor, now=desk.clock())
        held = registry.person(tx.connection, email).grants
    if as_json:
        desk.json({"email": email.lower(), "roles": [[grant.role, grant.agency] for grant in held]})
    else:
        desk.say("done.person_changed", name=person.name)


@app.command("list")
def list_people(ctx: typer.Context, as_json: Json = False) -> None:
    """Everybody with their roles."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        found = registry.people(tx.connection)
    if as_json:
        desk.json(
            [
                {
                    "id": one.id,
                    "email": one.email,
                    "name": one.name,
                    "language": one.language,
                    "roles": [
                        {"role": role, "agency": None if at is None else {"th": at.th, "en": at.en}}
                        for role, at in one.roles
                    ],
                }
                for one in found
            ]
        )
        return
    value, word = desk.wording.value, desk.wording.word
    desk.table(
        ["label.email", "label.name", "label.roles"],
        [
            [
                one.email,
                one.name,
                ", ".join(word("role", role) + (f" ({value(at)})" if at else "") for role, at in one.roles)
                or "–",
            ]
            for one in found
        ],
    )


@app.command()
def show(ctx: typer.Context, email: Email, as_json: Json = False) -> None:
    """How a person is told of things, and who stands in for them."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        person = registry.person(tx.connection, email)
        (contact,) = duty.contacts(tx.connection, [person.id], by_line=True)
        away = [
            one
            for one in duty.substitutions(tx.connection)
            if one.person == person.id and one.withdrawn_at is None
        ]
        names = {one.id: one.name for one in registry.people(tx.connection)}
        lost = [one for one in duty.unreachable(tx.connection) if one.person == person.id]
    absences = [
        {"first_on": one.first_on, "last_on": one.last_on, "substitute": names[one.substitute]}
        for one in away
    ]
    if as_json:
        desk.json({**_choices(contact), "unreachable": lost[0].why if lost else None, "away": absences})
        return
    value, word, say = desk.wording.value, desk.wording.word, desk.wording.say
    hour = contact.hour
    rows = [
        ("label.name", contact.name),
        ("label.language", say(f"language.{contact.language}")),
        ("label.hour", say("hour.of_the_house") if hour is None else say("hour.chosen", hour=hour)),
        ("label.line", contact.line or "–"),
        (
            "label.switched_off",
            ", ".join(word("heading", one) for one in sorted(contact.switched_off)) or "–",
        ),
        ("label.unreachable", lost[0].why if lost else "–"),
        *(
            ("label.away", say("person.away", **{name: value(one) for name, one in absence.items()}))
            for absence in absences
        ),
    ]
    desk.table(["label.what", "label.setting"], [[say(label), text] for label, text in rows])


def _choices(contact: Contact) -> dict[str, Any]:
    return {
        "name": contact.name,
        "language": contact.language,
        "hour": contact.hour,
        "line": contact.line,
        "switched_off": sorted(contact.switched_off),
    }


@app.command("set")
def set_(
    ctx: typer.Context,
    email: Email,
    language: Annotated[
        str | None, typer.Option("--language", metavar="th|en", help="Of mails and pages.")
    ] = None,
    hour: Annotated[
        int | None, typer.Option("--hour", metavar="0-23", help="From which hour mails may come.")
    ] = None,
    house_hour: Annotated[bool, typer.Option("--house-hour", help="At the hour of the house again.")] = False,
    line: Annotated[
        str | None, typer.Option("--line", metavar="ID", help="Tell them on LINE instead of by mail.")
    ] = None,
    no_line: Annotated[bool, typer.Option("--no-line", help="Tell them by mail again.")] = False,
    off: Annotated[
        list[str] | None, typer.Option("--off", metavar="TOPIC", help="Remind them of this topic no more.")
    ] = None,
    on: Annotated[
        list[str] | None, typer.Option("--on", metavar="TOPIC", help="Remind them of this topic again.")
    ] = None,
    reachable: Annotated[bool, typer.Option("--reachable", help="Their address takes mail again.")] = False,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Change how a person is told of things; all of it, or nothing."""
    desk: Desk = ctx.obj
    if language is not None and language not in bootstrap.LANGUAGES:
        raise parsing.unreadable("language.unknown", given=language, known=list(bootstrap.LANGUAGES))
    if line is not None and not _LINE_ID.fullmatch(line):
        raise parsing.unreadable("line.unfit", given=line)
    switched = {**dict.fromkeys(_topics(off), False), **dict.fromkeys(_topics(on), True)}
    for topic, wanted in switched.items():
        if not wanted:
            may_be_switched_off(desk.house().reminders, [topic])
    with desk.house().store.begin() as tx:
        actor, person = manager(desk, tx, by), registry.person(tx.connection, email)
        common: dict[str, Any] = {"by": actor.id, "now": desk.clock()}
        if language is not None:
            duty.set_language(tx, person.id, language, **common)
        if hour is not None or house_hour:
            duty.set_hour(tx, person.id, None if house_hour else hour, **common)
        if line is not None or no_line:
            duty.set_line_id(tx, person.id, None if no_line else line, **common)
        if reachable:
            duty.mark_reachable(tx, person.id, **common)
        for topic, wanted in switched.items():
            duty.switch_topic(tx, person.id, topic, on=wanted, **common)
        (contact,) = duty.contacts(tx.connection, [person.id], by_line=True)
    if as_json:
        desk.json(_choices(contact))
    else:
        desk.say("done.person_changed", name=person.name)


def _topics(typed: list[str] | None) -> list[Topic]:
    known = [str(topic) for topic in Topic]
    for one in typed or ():
        if one not in known:
            raise parsing.unreadable("topic.unknown", given=one, nearest=nearest(one, known), known=known)
    return [Topic(one) for one in typed or ()]


@app.command()
def away(
    ctx: typer.Context,
    email: Email,
    substitute: Annotated[
        str, typer.Option("--substitute", metavar="EMAIL", help="Who is told in their place.")
    ],
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="First day.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day.")],
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let somebody stand in for a person for some days."""
    desk: Desk = ctx.obj
    days = parsing.day(first), parsing.day(last)
    with desk.house().store.begin() as tx:
        actor = manager(desk, tx, by)
        person, other = registry.person(tx.connection, email), registry.person(tx.connection, substitute)
        number = duty.give_substitution(tx, person.id, other.id, *days, by=actor.id, now=desk.clock())
    if as_json:
        desk.json({"id": number, "person": person.name, "substitute": other.name, "days": list(days)})
    else:
        desk.say("done.away", name=person.name, substitute=other.name, first=days[0], last=days[1])


@app.command()
def back(ctx: typer.Context, email: Email, by: By = None, as_json: Json = False) -> None:
    """The person is there again: nobody stands in for them today or later."""
    desk: Desk = ctx.obj
    today: date = desk.house().policy.day_of(desk.clock())
    with desk.house().store.begin() as tx:
        actor, person = manager(desk, tx, by), registry.person(tx.connection, email)
        ended = [
            one.id
            for one in duty.substitutions(tx.connection)
            if one.person == person.id and one.withdrawn_at is None and one.last_on >= today
        ]
        for number in ended:
            duty.withdraw_substitution(tx, number, by=actor.id, now=desk.clock())
    if as_json:
        desk.json({"person": person.name, "withdrawn": ended})
    else:
        desk.say("done.back" if ended else "person.not_away", name=person.name)

"""Commands about reminders: what will be told, the outbox, a mail to try the server, calendars of people."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Any

import typer

from cli import parsing
from cli.desk import REFUSED, Desk
from cli.options import Json
from cli.post import PostOffice, ledger_of
from engine.outbox import TROUBLED, State
from engine.quarter import Quarter
from engine.reminders import Owed, Roster, Subject, Topic, forecast
from engine.reminders.ports import Survey
from engine.wording import Wording
from engine.workflow import Text
from notifications.addresses import address
from notifications.channels import Outcome, told
from storage import contents, duty, moving, registry
from storage import told as kept
from storage.ledger import StoredLedger
from storage.reminding import Notice, Reminder

app = typer.Typer(no_args_is_help=True, help="Reminders: what will be told, what was, and what is stuck.")

MessageId = Annotated[
    int, typer.Argument(metavar="ID", help="Number of the message, as `remind outbox` shows.")
]
Why = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why; it is kept in the message's log.")]


@app.command()
def plan(
    ctx: typer.Context,
    first: Annotated[str, typer.Option("--from", metavar="DATE", help="First day.")],
    last: Annotated[str, typer.Option("--to", metavar="DATE", help="Last day.")],
    as_json: Json = False,
) -> None:
    """Every digest that will go out if nothing is done meanwhile: when, to whom, about what, and why."""
    desk: Desk = ctx.obj
    begin, end = parsing.day(first), parsing.day(last)
    if end < begin:
        raise parsing.unreadable("days.backwards", first=begin, last=end)
    lines = list(_planned(desk, begin, end))
    if as_json:
        desk.json([{name: value for name, value in line.items() if name != "what"} for line in lines])
        return
    if not lines:
        desk.say("remind.nothing", first=begin, last=end)
        return
    wording = desk.wording
    desk.table(
        ["label.on", "label.person", "label.code", "label.topic", "label.due", "label.step", "label.role"],
        [
            [
                wording.value(line["on"]),
                line["person"],
                line["code"] or "–",
                _thing(wording, line["topic"], line["what"]),
                wording.value(line["due_on"]),
                f"{line['step']:+d}",
                wording.word("role", line["role"]),
            ]
            for line in lines
        ],
        numbers=(5,),
    )
    digests = {(line["on"], line["email"]) for line in lines}
    desk.say("remind.planned", reminders=len(lines), digests=len(digests), first=begin, last=end)


def _planned(desk: Desk, first: date, last: date) -> Iterator[dict[str, Any]]:
    house = desk.house()
    ledger = ledger_of(house)
    survey = ledger.survey(first)
    days = list(_forecast(desk, ledger, survey, first, last))
    with house.store.read() as tx:
        subjects = {one.subject for _, owed in days for one in owed}
        words = contents.words_of(tx.connection, house.store.workflow, subjects)
    for on, owed in days:
        for one in sorted(owed, key=lambda each: (each.person, each.subject.due_on, each.subject.indicator)):
            yield _line(on, one, survey.roster, words[one.subject])


def _forecast(
    desk: Desk, ledger: StoredLedger, survey: Survey, first: date, last: date
) -> Iterator[tuple[date, list[Owed]]]:
    return forecast(
        desk.house().reminders,
        desk.house().policy.calendar,
        survey.roster,
        ledger.everything(),
        first,
        last,
        quiet=survey.quiet,
        narrow=survey.narrow,
    )


def _line(on: date, one: Owed, roster: Roster, words: contents.Words) -> dict[str, Any]:
    person = roster.contact(one.person)
    stands_for = roster.contact(one.instead_of) if one.instead_of else None
    return {
        "on": on,
        "person": person.name if person else str(one.person),
        "email": person.email if person else None,
        "topic": one.subject.topic,
        "code": words.code or None,
        "key": one.subject.key,
        "what": words.what,
        "due_on": one.subject.due_on,
        "step": one.step,
        "role": one.role,
        "instead_of": stands_for.name if stands_for else None,
    }


def _thing(wording: Wording, topic: Topic, what: Text | Quarter | str) -> str:
    """What a reminder is about: the kind of thing, and which one."""
    return f"{wording.word('heading', topic)}: {wording.value(what)}"


@app.command("outbox")
def outbox_(
    ctx: typer.Context,
    failed: Annotated[
        bool, typer.Option("--failed", help="Only what failed, may have arrived, or is held.")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """The queue of messages, the newest first, with what the server said."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        found = kept.messages(tx.connection, TROUBLED if failed else tuple(State), limit=limit)
        counts = kept.counts(tx.connection)
    if as_json:
        desk.json({"counts": counts, "messages": [one._asdict() for one in found]})
        return
    wording = desk.wording
    if found:
        desk.table(
            ["label.number", "label.state", "label.not_before", "label.to", "label.subject", "label.answer"],
            [
                [
                    str(one.id),
                    wording.word("message_state", one.state),
                    wording.value(one.sent_at or one.not_before),
                    one.to_address or "–",
                    one.subject or one.key,
                    told(one.answer, wording) or "–",
                ]
                for one in found
            ],
            numbers=(0,),
        )
    desk.say("remind.counts", **{str(state): counts.get(state, 0) for state in State})


@app.command()
def retry(ctx: typer.Context, message: MessageId, reason: Why = "") -> None:
    """Send again what failed, or what may have arrived."""
    _move(ctx, "retry", "remind.retried", message, reason)


@app.command()
def hold(ctx: typer.Context, message: MessageId, reason: Why = "") -> None:
    """Keep a pending message back."""
    _move(ctx, "hold", "remind.held", message, reason)


@app.command()
def release(ctx: typer.Context, message: MessageId, reason: Why = "") -> None:
    """Let go what was held, or what may have arrived."""
    _move(ctx, "release", "remind.released", message, reason)


def _move(ctx: typer.Context, move: str, said: str, message: int, reason: str) -> None:
    desk: Desk = ctx.obj
    with desk.house().store.begin() as tx:
        by = desk.person(tx, None).id
        moving.move(tx, move, message, why=reason.strip(), by=by, now=desk.clock())
    desk.say(said, number=message)


@app.command("test")
def try_(
    ctx: typer.Context,
    to: Annotated[str, typer.Option("--to", metavar="ADDRESS", help="Where the mail goes.")],
    as_json: Json = False,
) -> None:
    """Send one mail now, past the outbox, to see that mails arrive and that their Thai is whole."""
    desk: Desk = ctx.obj
    office = PostOffice(desk.house())
    answer = office.test(address(to), desk.lang or desk.settings.language.default, desk.clock())
    if as_json:
        desk.json({"outcome": answer.outcome, "said": answer.said})
    else:
        desk.say(f"remind.test_{answer.outcome}", to=to, said=told(answer.said, desk.wording))
    if answer.outcome is not Outcome.SENT:
        raise typer.Exit(REFUSED)


@app.command()
def who(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(metavar="CODE", help="Code of the indicator.")],
    year: Annotated[str | None, typer.Option("--year", metavar="BE", help="Fiscal year.")] = None,
    as_json: Json = False,
) -> None:
    """Who was told what of an indicator, when, and with which result."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        indicator = tx.indicator(code.strip(), desk.year(tx, code.strip(), year))
        found = kept.told(tx.connection, indicator.id, indicator.agency)
        subjects = {one.about.subject for one in found if isinstance(one.about, Reminder)}
        words = contents.words_of(tx.connection, desk.house().store.workflow, subjects)
    if as_json:
        desk.json([_as_data(one) for one in found])
        return
    if not found:
        desk.say("remind.nobody", code=indicator.code)
        return
    wording = desk.wording
    desk.table(
        ["label.on", "label.person", "label.topic", "label.due", "label.role", "label.state", "label.answer"],
        [
            [
                wording.value(_when(one)),
                one.name,
                *_about(wording, one.about, words),
                _result(wording, one),
                told(one.result.answer, wording) or "–" if one.result else "–",
            ]
            for one in found
        ],
    )


def _as_data(one: kept.Told) -> dict[str, Any]:
    about, result = one.about, one.result
    if isinstance(about, Reminder):
        told_of: dict[str, Any] = {
            "topic": about.subject.topic,
            "key": about.subject.key,
            "due_on": about.subject.due_on,
            "step": about.step,
            "role": about.role,
            "owed_on": about.owed_on,
            "withdrawn_at": about.withdrawn_at,
        }
    else:
        told_of = {"event": about.what, "seq": about.seq}
    return {
        "person": one.name,
        **told_of,
        "message": result.id if result else None,
        "state": result.state if result else None,
        "to": result.to_address if result else None,
        "sent_at": result.sent_at if result else None,
        "answer": result.answer if result else None,
    }


def _when(one: kept.Told) -> date | datetime | None:
    if one.result and one.result.sent_at:
        return one.result.sent_at
    return one.about.owed_on if isinstance(one.about, Reminder) else None


def _about(wording: Wording, about: Reminder | Notice, words: Mapping[Subject, contents.Words]) -> list[str]:
    """What it is about, when that is due, and as whom they were told."""
    if isinstance(about, Notice):
        return [wording.word("event", about.what), "–", "–"]
    subject = about.subject
    return [
        _thing(wording, subject.topic, words[subject].what),
        wording.value(subject.due_on),
        wording.word("role", about.role),
    ]


def _result(wording: Wording, one: kept.Told) -> str:
    if isinstance(one.about, Reminder) and one.about.withdrawn_at:
        return wording.word("message_state", State.WITHDRAWN)
    return wording.word("message_state", one.result.state if one.result else State.PENDING)


@app.command("calendar")
def calendar_(
    ctx: typer.Context,
    person: Annotated[str, typer.Option("--person", metavar="EMAIL", help="Whose calendar.")],
    revoke: Annotated[bool, typer.Option("--revoke", help="Serve it no more.")] = False,
    as_json: Json = False,
) -> None:
    """Make a new private address of a person's calendar, in place of an earlier one, or revoke it."""
    desk: Desk = ctx.obj
    with desk.house().store.begin() as tx:
        owner = registry.person(tx.connection, person.strip())
        by, now = desk.person(tx, None).id, desk.clock()
        was_there = revoke and duty.revoke_calendar(tx, owner.id, by=by, now=now)
        token = None if revoke else duty.make_calendar(tx, owner.id, by=by, now=now)
    url = f"{desk.settings.web.base_url.rstrip('/')}/calendar/{token}.ics" if token else None
    if as_json:
        desk.json({"person": owner.name, "url": url, "revoked": was_there})
    elif url:
        desk.say("calendar.made", name=owner.name, url=url)
    else:
        desk.say("calendar.revoked" if was_there else "calendar.none", name=owner.name)

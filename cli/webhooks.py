"""Commands about the endpoints of programs: added, listed, tried, paused, renewed, removed, told again."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from cli.channels import endpoint_of, reach_of
from cli.desk import REFUSED, Desk
from cli.options import By, Json
from engine.actions import check_manager
from engine.endpoints import TEST
from engine.permissions import Action
from notifications.channels import Letter, Outcome, told
from notifications.posting import target_in_reach
from notifications.programs import test_body
from storage import endpoints
from storage import told as kept
from storage.endpoints import Endpoint, New
from storage.transaction import Tx

app = typer.Typer(
    no_args_is_help=True, help="Webhooks: programs that are told of every event of the journal."
)

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the endpoint, as `webhook list` shows.")]


@app.command()
def add(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the program listens: https.")],
    name: Annotated[str, typer.Option("--name", metavar="TEXT", help="What people call the program.")] = "",
    event: Annotated[
        list[str] | None,
        typer.Option("--event", metavar="KIND", help="Only events of this kind; again for more."),
    ] = None,
    agency: Annotated[
        str | None, typer.Option("--agency", metavar="CODE", help="Only events of this agency.")
    ] = None,
    by: By = None,
    as_json: Json = False,
) -> None:
    """Let a program hear of what happens from now on; prints the secret of its signatures, once."""
    desk: Desk = ctx.obj
    target = target_in_reach(url.strip(), reach_of(desk.settings.endpoints))
    with desk.house().store.begin() as tx:
        of = desk.agency(tx, agency).id if agency else None
        new = New(url.strip(), " ".join(name.split()) or target.host, tuple(event or ()), of)
        number, secret = endpoints.add(tx, new, by=_manager(desk, tx, by), now=desk.clock())
    if as_json:
        desk.json({"id": number, "name": new.name, "secret": secret})
    else:
        desk.say("webhook.added", number=number, name=new.name, secret=secret)


@app.command("list")
def list_(ctx: typer.Context, as_json: Json = False) -> None:
    """Every endpoint: what it wants to hear, how it is, what waits for it."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        found = endpoints.endpoints(tx.connection)
    if as_json:
        desk.json([_as_data(one) for one in found])
        return
    if not found:
        desk.say("webhook.none")
        return
    wording = desk.wording
    heads = ("number", "program", "url", "state", "failing_since", "waiting", "answer")
    desk.table(
        [f"label.{head}" for head in heads],
        [
            [
                str(one.id),
                one.name,
                one.url,
                wording.word("endpoint_state", one.state),
                wording.value(one.failing_since),
                str(one.waiting),
                told(one.answer, wording) or "–",
            ]
            for one in found
        ],
        numbers=(0, 5),
    )


def _as_data(one: Endpoint) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "url": one.url,
        "events": list(one.events),
        "agency": one.agency,
        "state": one.state,
        "added_at": one.added_at,
        "added_by": one.added_by,
        "failing_since": one.failing_since,
        "not_before": one.not_before,
        "answer": one.answer,
        "waiting": one.waiting,
        "failed": one.failed,
    }


@app.command("deliveries")
def deliveries_(
    ctx: typer.Context,
    number: Number,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """What an endpoint was told, the newest first, and what it answered."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        endpoints.endpoint(tx.connection, number)
        found = kept.messages(tx.connection, endpoint=number, limit=limit)
    if as_json:
        names = ("id", "message_ref", "subject", "state", "attempts", "created_at", "sent_at", "answer")
        desk.json([{name: getattr(one, name) for name in names} for one in found])
        return
    if not found:
        desk.say("webhook.nothing", number=number)
        return
    wording = desk.wording
    desk.table(
        ["label.number", "label.event", "label.what", "label.state", "label.at", "label.answer"],
        [
            [
                str(one.id),
                one.message_ref,
                wording.word("event", one.subject) if one.subject else "–",
                wording.word("message_state", one.state),
                wording.value(one.sent_at or one.created_at),
                told(one.answer, wording) or "–",
            ]
            for one in found
        ],
        numbers=(0,),
    )


@app.command("test")
def try_(ctx: typer.Context, number: Number, as_json: Json = False) -> None:
    """Post a signed test to the endpoint now, past the queue, and say what it answered."""
    desk: Desk = ctx.obj
    with desk.house().store.read() as tx:
        url, secret = endpoints.signed_with(tx.connection, number)
    channel = endpoint_of(url, secret, desk.settings.endpoints, desk.clock)
    answer = channel.send(Letter("", test_body(f"{TEST}:0", desk.clock()), ""))
    if as_json:
        desk.json({"outcome": answer.outcome, "said": answer.said})
    else:
        did = "arrived" if answer.outcome is Outcome.SENT else "refused"
        desk.say(f"webhook.test_{did}", number=number, said=told(answer.said, desk.wording))
    if answer.outcome is not Outcome.SENT:
        raise typer.Exit(REFUSED)


@app.command()
def pause(ctx: typer.Context, number: Number, by: By = None) -> None:
    """Tell it nothing for a while; what happens meanwhile waits for it."""
    _do(ctx, endpoints.pause, number, by, "webhook.paused")


@app.command()
def resume(ctx: typer.Context, number: Number, by: By = None) -> None:
    """Tell it again, what has waited first."""
    _do(ctx, endpoints.resume, number, by, "webhook.resumed")


@app.command()
def renew(ctx: typer.Context, number: Number, by: By = None, as_json: Json = False) -> None:
    """Give it another secret, printed once; from now on nothing is signed with the old one."""
    desk: Desk = ctx.obj
    with desk.house().store.begin() as tx:
        secret = endpoints.renew(tx, number, by=_manager(desk, tx, by), now=desk.clock())
    if as_json:
        desk.json({"id": number, "secret": secret})
    else:
        desk.say("webhook.renewed", number=number, secret=secret)


@app.command()
def remove(ctx: typer.Context, number: Number, by: By = None) -> None:
    """Tell it nothing any more, and forget its secret."""
    _do(ctx, endpoints.remove, number, by, "webhook.removed")


def _do(ctx: typer.Context, act: Callable[..., None], number: int, by: str | None, said: str) -> None:
    desk: Desk = ctx.obj
    with desk.house().store.begin() as tx:
        act(tx, number, by=_manager(desk, tx, by), now=desk.clock())
    desk.say(said, number=number)


@app.command()
def resend(
    ctx: typer.Context,
    number: Number,
    delivery: Annotated[
        int | None,
        typer.Option("--delivery", metavar="N", help="Only this one; otherwise all that it refused."),
    ] = None,
    by: By = None,
) -> None:
    """Tell it again what it was told, under the same ids."""
    desk: Desk = ctx.obj
    with desk.house().store.begin() as tx:
        count = endpoints.repeat(tx, number, delivery, by=_manager(desk, tx, by), now=desk.clock())
    desk.say("webhook.resent", number=number, count=count)


def _manager(desk: Desk, tx: Tx, by: str | None) -> int:
    """Whoever acts, if they may."""
    person = desk.person(tx, by)
    check_manager(person, Action.MANAGE_WEBHOOKS)
    return person.id

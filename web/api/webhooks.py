"""Webhooks for programs: the endpoints of the house, adding one, what each was told, what is done to one."""

from collections.abc import Callable, Iterator
from functools import partial

from engine.permissions import Action
from notifications.posting import target_in_reach
from storage import endpoints, told
from storage.endpoints import Endpoint, New
from storage.transaction import Tx
from web.api import bodies
from web.api.administration import check_agency
from web.api.operation import Call, Made, Operation
from web.api.paging import cursor_of, cut, number_behind
from web.api.shapes import records
from web.doors import for_city
from web.site import Site

_RULE = for_city(Action.MANAGE_WEBHOOKS)
_ONE = "/webhooks/{number}"


def operations(site: Site) -> Iterator[Operation]:
    """What administrators do about webhooks."""
    here = _Webhooks(site)
    yield Operation(
        "list_webhooks",
        "GET",
        "/webhooks",
        _RULE,
        "The programs that are told of every event.",
        reads=here.all,
        gives=records.Webhooks,
    )
    yield Operation(
        "add_webhook",
        "POST",
        "/webhooks",
        _RULE,
        "Let a program hear of what happens from now on; the secret of its signatures is told this once.",
        writes=here.add,
        takes=bodies.NewWebhook,
        gives=records.AddedWebhook,
        status=201,
    )
    yield Operation(
        "get_webhook",
        "GET",
        _ONE,
        _RULE,
        "One of them, and what it was told, the newest first.",
        reads=here.one,
        asks=bodies.Paged,
        gives=records.WebhookDetail,
    )
    for name, do, says in (
        ("pause", endpoints.pause, "Tell it nothing for a while; what happens meanwhile waits for it."),
        ("resume", endpoints.resume, "Tell it again, what has waited first."),
    ):
        yield Operation(
            f"{name}_webhook",
            "POST",
            f"{_ONE}/{name}",
            _RULE,
            says,
            writes=partial(here.move, do),
            gives=records.Webhook,
        )
    yield Operation(
        "test_webhook",
        "POST",
        f"{_ONE}/test",
        _RULE,
        "Put a test into its queue; what it answers is among what it was told.",
        writes=here.test,
        gives=records.Webhook,
    )
    yield Operation(
        "renew_webhook",
        "POST",
        f"{_ONE}/renew",
        _RULE,
        "Give it another secret, told this once; from now on nothing is signed with the old one.",
        writes=here.renew,
        gives=records.AddedWebhook,
    )
    yield Operation(
        "repeat_webhook",
        "POST",
        f"{_ONE}/repeat",
        _RULE,
        "Tell it again what that delivery told, or all that it refused.",
        writes=here.repeat,
        takes=bodies.Repeated,
        gives=records.Repeated,
    )
    yield Operation(
        "remove_webhook",
        "DELETE",
        _ONE,
        _RULE,
        "Tell it nothing any more, and forget its secret.",
        writes=here.remove,
        status=204,
    )


class _Webhooks:
    def __init__(self, site: Site) -> None:
        self._site = site

    def all(self, _call: Call) -> records.Webhooks:
        with self._site.store.read() as tx:
            found = endpoints.endpoints(tx.connection)
        return records.Webhooks(items=[records.Webhook.model_validate(one) for one in found])

    def one(self, call: Call) -> records.WebhookDetail:
        number, before = call.number(), number_behind(call.asked.cursor)
        with self._site.store.read() as tx:
            one = endpoints.endpoint(tx.connection, number)
            found = told.messages(tx.connection, endpoint=number, before=before, limit=call.asked.limit + 1)
        rows, more = cut(found, call.asked.limit)
        return records.WebhookDetail(
            webhook=records.Webhook.model_validate(one),
            items=[records.Delivery.of(each) for each in rows],
            next=cursor_of(rows[-1].id) if more else None,
        )

    def add(self, call: Call, tx: Tx) -> Made:
        new: bodies.NewWebhook = call.given
        target = target_in_reach(new.url, self._site.reach)
        check_agency(tx, new.agency)
        wanted = New(new.url, new.name or target.host, tuple(map(str, new.events)), new.agency)
        number, secret = endpoints.add(tx, wanted, by=call.by.id, now=call.now)
        return Made(records.AddedWebhook(id=number, secret=secret), f"/webhooks/{number}")

    def move(self, do: Callable[..., None], call: Call, tx: Tx) -> records.Webhook:
        do(tx, call.number(), by=call.by.id, now=call.now)
        return self._shown(call, tx)

    def test(self, call: Call, tx: Tx) -> records.Webhook:
        endpoints.try_(tx, call.number(), call.now)
        return self._shown(call, tx)

    def renew(self, call: Call, tx: Tx) -> records.AddedWebhook:
        number = call.number()
        secret = endpoints.renew(tx, number, by=call.by.id, now=call.now)
        return records.AddedWebhook(id=number, secret=secret)

    def repeat(self, call: Call, tx: Tx) -> records.Repeated:
        new: bodies.Repeated = call.given
        count = endpoints.repeat(tx, call.number(), new.delivery, by=call.by.id, now=call.now)
        return records.Repeated(count=count)

    def remove(self, call: Call, tx: Tx) -> None:
        endpoints.remove(tx, call.number(), by=call.by.id, now=call.now)

    def _shown(self, call: Call, tx: Tx) -> records.Webhook:
        found: Endpoint = endpoints.endpoint(tx.connection, call.number())
        return records.Webhook.model_validate(found)

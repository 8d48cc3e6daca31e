"""The outbox: messages by state, one word for word with its log, and moving one on."""

import re
from email import message_from_bytes
from email.policy import default

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.errors import Refusal
from engine.outbox import STEPS, TROUBLED, State, Way
from engine.permissions import Action
from engine.wording import Wording
from notifications.channels import told as said_in_words
from storage import moving, told
from storage.moving import MOVES
from storage.told import Message
from storage.transaction import Tx
from web.administrator.counter import ROWS, Counter, by_of, number_of
from web.coordinator.views import Tag
from web.doors import Doors, for_city
from web.reading import Typed, whole_number

#: What may be chosen: everything, what somebody has to look at, or one state.
_TROUBLED = "troubled"
COLOURS: dict[str, str] = {
    State.SENT: "green",
    State.FAILED: "red",
    State.UNCERTAIN: "orange",
    State.HELD: "yellow",
    State.PENDING: "blue",
    State.CLAIMED: "blue",
    State.SENDING: "blue",
}
#: What in a message would act in its reader's name: whoever administrates reads it, and may not do that.
_ACTS = re.compile(r"(/(?:links|password|calendar)/)[A-Za-z0-9._~-]+")
#: No more of a message is shown.
_SHOWN = 100_000


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The pages under ``/administration/outbox``."""
    room, rule = _Outbox(counter), for_city(Action.MANAGE_PEOPLE)
    doors.add(router, "/administration/outbox", room.listed, rule)
    doors.add(router, "/administration/outbox/{message}", room.show, rule)
    doors.add(router, "/administration/outbox/{message}/move", room.move, rule, ["POST"])


def words_of(content: bytes, way: str) -> str:
    """What a message says, as it was sent: of a mail its text; without what acts in its reader's name."""
    text = _text_of(content) if way == Way.MAIL else content.decode("utf-8", "replace")
    return _ACTS.sub(r"\1…", text[:_SHOWN])


def _text_of(content: bytes) -> str:
    mail = message_from_bytes(content, policy=default)
    body = mail.get_body(("plain",))
    return str(body.get_content()) if body is not None else ""


class _Outbox:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def listed(self, request: Request) -> Response:
        """The newest in the states asked for."""
        wording = self._counter.wording(request)
        wanted = request.query_params.get("state", "")
        states = _states(wanted)
        before = whole_number(request.query_params.get("before", ""), 9)
        with self._counter.site.store.read() as tx:
            found = told.messages(tx.connection, states, before=before, limit=ROWS + 1)
            counts = told.counts(tx.connection)
        shown, narrowed = found[:ROWS], f"state={wanted}&" if len(states) < len(State) else ""
        values = {
            "rows": [self._row(one, wording) for one in shown],
            "states": [
                ("", wording.say("admin.any_state")),
                (_TROUBLED, wording.say("admin.troubled")),
                *((str(one), wording.word("message_state", one)) for one in State),
            ],
            "counts": wording.say("remind.counts", {str(one): counts.get(one, 0) for one in State}),
            "next": f"?{narrowed}before={shown[-1].id}" if len(found) > ROWS else "",
            "first": f"?{narrowed}" if before is not None else "",
        }
        typed = Typed({"state": wanted})
        return self._counter.show(request, "outbox", wording.say("admin.outbox"), values, typed)

    def show(self, request: Request, message: str) -> Response:
        return self._shown(request, number_of(message), Typed({}))

    def move(self, request: Request, message: str) -> Response:
        """Send it again, keep it back, or let it go, as the button says."""
        number, typed = number_of(message), Typed(request.state.form)
        step, why = typed.line("step"), typed.line("reason")
        if step not in MOVES:
            return self._shown(request, number, typed)

        def do(tx: Tx) -> None:
            by, now = by_of(request).id, self._counter.site.clock()
            moving.move(tx, step, number, why=why, by=by, now=now)

        if self._counter.act(typed, do, at="reason"):
            return self._counter.to(f"/outbox/{number}", f"message_{step}")
        return self._shown(request, number, typed)

    def _shown(self, request: Request, number: int, typed: Typed) -> Response:
        wording = self._counter.wording(request)
        with self._counter.site.store.read() as tx:
            message = _message(tx, number)
            content = told.content_of(tx.connection, number)
            log = told.log_of(tx.connection, number)
        values = {
            "id": number,
            "message": self._row(message, wording),
            "content": words_of(content, message.channel) if content else "",
            "log": [
                [
                    wording.value(one.at),
                    wording.word("message_step", one.what),
                    said_in_words(one.detail, wording),
                ]
                for one in log
            ],
            "moves": [
                (name, wording.say(f"admin.move_{name}"))
                for name, step in MOVES.items()
                if message.state in STEPS[step][0]
            ],
        }
        title = wording.say("admin.message", number=number)
        return self._counter.show(request, "message", title, values, typed)

    def _row(self, one: Message, wording: Wording) -> dict[str, object]:
        return {
            "id": one.id,
            "what": one.subject or wording.say("admin.not_written"),
            "to": one.to_address or "–",
            "state": Tag(wording.word("message_state", one.state), COLOURS.get(one.state, "grey")),
            "channel": wording.word("channel", one.channel),
            "at": wording.value(one.sent_at or one.not_before),
            "created": wording.value(one.created_at),
            "attempts": one.attempts,
            "answer": said_in_words(one.answer, wording),
        }


def _states(wanted: str) -> tuple[State, ...]:
    if wanted == _TROUBLED:
        return tuple(TROUBLED)
    return tuple(one for one in State if one == wanted) or tuple(State)


def _message(tx: Tx, number: int) -> Message:
    """The message of that number; one that there is not leads nowhere."""
    try:
        return told.message_of(tx.connection, number)
    except Refusal:
        raise HTTPException(404) from None

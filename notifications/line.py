"""The LINE channel: a push message through the Messaging API, delivered once however often it is repeated."""

import json
import uuid

from engine.errors import refuse
from notifications.channels import Answer, Letter, Meanwhile, Outcome, nothing, one_line
from notifications.posting import EVERYWHERE, NoReply, Reply, Wires, post, target_of

#: The longest text of one message, in UTF-16 code units as LINE counts them.
MAX_TEXT = 5000
_PATH = "/v2/bot/message/push"
#: Of our own: a letter's retry key is its ref in this space.
_SPACE = uuid.UUID("6f0c2f5e-4f5d-5d0b-9d55-6b1c5a3a7f10")


class Line:
    """Pushes each letter's text to one user of LINE."""

    def __init__(self, base_url: str, channel_token: str, wires: Wires) -> None:
        """Raises :class:`~engine.errors.Refusal`: ``url.unfit``, ``url.not_https``, ``url.no_secret``.

        Without TLS only this machine itself may be talked to: the token must not cross a network.
        """
        on_this_machine = base_url.startswith(("http://127.0.0.1:", "http://localhost:", "http://[::1]:"))
        self._target = target_of(base_url.rstrip("/") + _PATH, plain_allowed=on_this_machine)
        # What is no visible ASCII could end the header and begin another.
        if not channel_token or not all("!" <= mark <= "~" for mark in channel_token):
            raise refuse("url.no_secret", url=base_url)
        self._token = channel_token
        self._wires = wires

    def send(self, letter: Letter, meanwhile: Meanwhile = nothing) -> Answer:  # noqa: ARG002 - see Channel
        """Push the text; one that is too long ends with an ellipsis.

        The retry key holds for 24 hours at LINE: until then a repeat is not delivered twice, so a reply
        that was lost is simply asked for again.
        """
        text = shortened(letter.content.decode("utf-8", "replace"))
        body = json.dumps({"to": letter.to, "messages": [{"type": "text", "text": text}]}).encode()
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "X-Line-Retry-Key": str(retry_key(letter.ref)),
        }
        try:
            reply = post(self._target, headers, body, self._wires, reach=EVERYWHERE)
        except NoReply as none:
            uncertain = none.answer.outcome is Outcome.UNCERTAIN
            return Answer(Outcome.LATER, none.answer.said) if uncertain else none.answer
        return Answer(_outcome(reply.status), _said(reply), reply.retry_after)

    def close(self) -> None:
        """Every letter has a connection of its own."""


def retry_key(ref: str) -> uuid.UUID:
    """The same for the same letter, whenever and by whomever it is sent."""
    return uuid.uuid5(_SPACE, ref)


def shortened(text: str) -> str:
    """A text as long as LINE takes, cut at the end of a line where there is one."""
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MAX_TEXT:
        return text
    kept = units[: 2 * (MAX_TEXT - 2)].decode("utf-16-le", "ignore")
    whole, _, _ = kept.rpartition("\n")
    return (whole or kept) + "\n…"


def _outcome(status: int) -> Outcome:
    match status:
        case 409:  # this retry key was accepted before
            return Outcome.SENT
        case 401 | 403:
            return Outcome.MISCONFIGURED
        case 429:
            return Outcome.LATER
        case _ if 200 <= status <= 299:
            return Outcome.SENT
        case _ if status >= 500:
            return Outcome.LATER
    return Outcome.REFUSED


def _said(reply: Reply) -> str:
    """The status with the message that LINE puts into its JSON."""
    try:
        found = json.loads(reply.body)
    except ValueError:
        found = None
    message = found.get("message") if isinstance(found, dict) else None
    return one_line(f"HTTP {reply.status} {message or reply.reason}")

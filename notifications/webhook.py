"""The webhook channel: a signed POST to an address of the operator's choice."""

import hashlib
import hmac
from collections.abc import Callable

from engine.errors import refuse
from notifications.channels import Answer, Letter, Meanwhile, Outcome, nothing, one_line
from notifications.posting import OUTSIDE, NoReply, Reach, Wires, post, target_of


class Webhook:
    """Posts each letter's JSON to one URL; a receiver proves by the shared secret that it came from us."""

    def __init__(
        self,
        url: str,
        secret: str,
        wires: Wires,
        *,
        reach: Reach = OUTSIDE,
        plain_allowed: bool = False,
        judge: Callable[[int], Outcome] | None = None,
    ) -> None:
        """``judge`` says what a status means, where it means something else than usual.

        Raises :class:`~engine.errors.Refusal`: ``url.unfit``, ``url.not_https``, ``url.no_secret``.
        """
        self._target = target_of(url, plain_allowed=plain_allowed)
        if not secret:
            raise refuse("url.no_secret", url=url)
        self._secret = secret.encode()
        self._wires = wires
        self._reach = reach
        self._judge = judge or _outcome

    def send(self, letter: Letter, meanwhile: Meanwhile = nothing) -> Answer:  # noqa: ARG002 - see Channel
        """Post the body as it is; ``to`` is not used."""
        at = int(self._wires.now().timestamp())
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Radap-Signature": signature(self._secret, at, letter.content),
        }
        try:
            reply = post(self._target, headers, letter.content, self._wires, reach=self._reach)
        except NoReply as none:
            return none.answer
        # Of what a server inside the house may say, no more than the status is shown.
        said = one_line(f"HTTP {reply.status} {reply.reason}")
        return Answer(self._judge(reply.status), said, reply.retry_after)

    def close(self) -> None:
        """Every letter has a connection of its own."""


def signature(secret: bytes, at: int, body: bytes) -> str:
    """The header that proves origin and time: HMAC-SHA256 over the Unix time, a dot and the body."""
    proof = hmac.new(secret, b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={proof}"


def _outcome(status: int) -> Outcome:
    match status:
        case _ if 200 <= status <= 299:
            return Outcome.SENT
        case _ if status == 429 or status >= 500:
            return Outcome.LATER
        case _ if 300 <= status <= 399:
            # The receiver has moved: an operator gives the new URL, we go nowhere by ourselves.
            return Outcome.MISCONFIGURED
    return Outcome.REFUSED

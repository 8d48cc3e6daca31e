"""What programs are told: an event of the journal as JSON; and what their answers mean."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from engine.endpoints import TEST
from engine.outbox import Claimed
from engine.reminders.ports import About, Contents, Heard
from notifications.channels import Letter, Outcome
from notifications.delivery import Terms, Written

#: After any answer but these nothing more goes to the program for a while, so that nothing overtakes what it
#: did not take. No message is given up by itself, the endpoint is.
PROGRAM_TERMS = Terms(
    batch=5,
    give_up_after=timedelta.max,
    halts=frozenset(Outcome) - {Outcome.SENT, Outcome.REFUSED},
)

#: It will not take this one, and says nothing of any other.
_OF_THIS_ONE = (400, 413, 422)
_GONE = 410


def outcome_at_program(status: int) -> Outcome:
    """What a status means: all but a few are tried again, for whoever mends the program must find it all."""
    if 200 <= status <= 299:
        return Outcome.SENT
    if status == _GONE:
        return Outcome.BOUNCED
    return Outcome.REFUSED if status in _OF_THIS_ONE else Outcome.LATER


class ProgramLetters:
    """Writes what a program at ``host`` is told."""

    def __init__(self, host: str) -> None:
        self._host = host

    def write(self, message: Claimed, contents: Contents, now: datetime) -> Written | None:
        """The event as JSON; ``None`` where there is none any more."""
        ref, heard = message.message_ref, contents.heard
        if message.kind == TEST:
            return Written(TEST, Letter(self._host, test_body(ref, now), ref))
        if heard is None:
            return None
        return Written(heard.what, Letter(self._host, _as_json(as_told(ref, heard)), ref))


def test_body(id_: str, now: datetime) -> bytes:
    """What an endpoint is tried with."""
    return _as_json({"id": id_, "event": TEST, "at": now.isoformat()})


def _as_json(told: Mapping[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def as_told(id_: str, heard: Heard) -> dict[str, Any]:
    """The event as the journal has it, and what it is about; years as the API has them."""
    return {
        "id": id_,
        "event": heard.what,
        "stream": heard.stream,
        "seq": heard.seq,
        "at": heard.at,
        "by": heard.by,
        "data": heard.data,
        "previous_hash": heard.previous_hash,
        "hash": heard.hash,
        **_about(heard.about),
    }


def _about(about: About | None) -> dict[str, Any]:
    if about is None:
        return {"code": None, "fiscal_year": None, "agency": None}
    name = {"th": about.agency_name.th, "en": about.agency_name.en}
    return {
        "code": about.code or None,
        "fiscal_year": about.fiscal_year.be if about.fiscal_year else None,
        "agency": {"id": about.agency, "code": about.agency_code, "name": name},
    }

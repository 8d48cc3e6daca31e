"""Personal tokens: what each scope lets a program do for its person, how long one lasts, how often it asks.

A scope only narrows: whatever the person may not do, no token of theirs does.
"""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from engine.errors import Unmet, unless
from engine.nearest import nearest
from engine.permissions import Action


class Scope(StrEnum):
    """What a token is for."""

    READ = "read"
    RECORD = "record"  # the work of an agency
    REVIEW = "review"  # deciding on it
    MANAGE = "manage"  # indicators, deadlines, seals
    ADMIN = "admin"  # people, agencies, the outbox


#: Each action has one scope.
SCOPES: Mapping[Action, Scope] = {
    Action.VIEW: Scope.READ,
    Action.RECORD: Scope.RECORD,
    Action.VOID: Scope.RECORD,
    Action.ATTACH: Scope.RECORD,
    Action.ACHIEVE: Scope.RECORD,
    Action.REOPEN: Scope.RECORD,
    Action.BLOCK: Scope.RECORD,
    Action.RESUME: Scope.RECORD,
    Action.WRITE_REPORT: Scope.RECORD,
    Action.SUBMIT_REPORT: Scope.RECORD,
    Action.APPEAL: Scope.RECORD,
    Action.PETITION: Scope.RECORD,
    Action.REQUEST_CANCELLATION: Scope.RECORD,
    Action.APPROVE_UNDATED: Scope.REVIEW,
    Action.VERIFY: Scope.REVIEW,
    Action.RETURN: Scope.REVIEW,
    Action.POSTPONE: Scope.REVIEW,
    Action.WAIVE: Scope.REVIEW,
    Action.ENDORSE_REPORT: Scope.REVIEW,
    Action.ACCEPT_REPORT: Scope.REVIEW,
    Action.RETURN_REPORT: Scope.REVIEW,
    Action.READ_AGAIN: Scope.REVIEW,
    Action.DECIDE_APPEAL: Scope.REVIEW,
    Action.CANCEL: Scope.REVIEW,
    Action.CORRECT: Scope.REVIEW,
    Action.EXTEND: Scope.MANAGE,
    Action.SEAL: Scope.MANAGE,
    Action.MANAGE_INDICATORS: Scope.MANAGE,
    Action.MANAGE_PEOPLE: Scope.ADMIN,
    Action.MANAGE_WEBHOOKS: Scope.ADMIN,
    Action.MANAGE_SETTINGS: Scope.ADMIN,
}


def scope_of(action: Action | None, *, changes: bool) -> Scope:
    """What a token needs for it: reading needs ``read``, but what is told of people needs ``admin``."""
    scope = Scope.READ if action is None else SCOPES[action]
    return scope if changes or scope is Scope.ADMIN else Scope.READ


#: How many days a token may last, the usual first; so many live ones a person may have.
LASTS = (90, 30, 7, 365)
LONGEST = max(LASTS)
MOST = 20
LONGEST_NAME = 80
#: A token may ask so often within each window.
PER_WINDOW, WINDOW = 600, timedelta(minutes=1)
#: What was answered under an idempotency key is kept for so long.
REPLAYED_FOR = timedelta(hours=24)
LONGEST_KEY = 200


class NewToken(NamedTuple):
    """A token as somebody asks for it; ``scopes`` are names as they were given."""

    name: str
    scopes: Collection[str]
    days: int


def check_new(new: NewToken, live: int) -> frozenset[Scope]:
    """The scopes of a token that may be made; refused with all that is wrong with it.

    ``live`` is how many live tokens the person has.
    """
    known = [str(scope) for scope in Scope]
    unknown = [one for one in new.scopes if one not in known]
    unless(
        [
            None if new.name.strip() else Unmet("token.name_missing"),
            None if len(new.name) <= LONGEST_NAME else Unmet("token.name_long", {"most": LONGEST_NAME}),
            None if new.scopes else Unmet("token.no_scope", {"known": known}),
            *(
                Unmet("token.scope_unknown", {"given": one, "nearest": nearest(one, known), "known": known})
                for one in unknown
            ),
            None if 1 <= new.days <= LONGEST else Unmet("token.days", {"most": LONGEST}),
            None if live < MOST else Unmet("token.too_many", {"most": MOST}),
        ]
    )
    return frozenset(map(Scope, new.scopes))


def window_of(now: datetime) -> datetime:
    """When the window began in which an instant lies."""
    return now - timedelta(seconds=now.timestamp() % WINDOW.total_seconds())


class Use(NamedTuple):
    """How often a token has asked in the running window, and when that ends."""

    asked: int
    ends_at: datetime

    @property
    def left(self) -> int:
        return max(PER_WINDOW - self.asked, 0)

    @property
    def is_too_much(self) -> bool:
        return self.asked > PER_WINDOW

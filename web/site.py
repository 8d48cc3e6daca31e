"""What pages are made from: handed in whole, so that nothing is global and two sites may share a process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from engine.reminders import ReminderPolicy
from engine.wording import Wording
from storage.store import Store


@dataclass(frozen=True, slots=True)
class Site:
    """A house as its pages know it.

    ``house`` is the name at the head of every page, ``base_url`` the address under which people reach the
    pages, ``language`` what is spoken to who asks for none; ``clock`` gives aware instants.
    """

    store: Store
    reminders: ReminderPolicy
    wordings: Mapping[str, Wording]
    clock: Callable[[], datetime]
    house: str
    base_url: str
    language: str = "th"

    @property
    def root(self) -> str:
        """What stands before the path of every page: empty, or where a proxy serves us below another site."""
        return urlsplit(self.base_url).path.rstrip("/")

    def today(self) -> date:
        """The local day."""
        return self.store.policy.day_of(self.clock())

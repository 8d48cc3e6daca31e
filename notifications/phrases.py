"""What mails say of a day, of the time left and of what changed, in one language; said once and kept."""

from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.errors import Unmet
from engine.quarter import Quarter
from engine.thai_dates import Style, format_day
from engine.wording import Wording
from notifications.channels import told
from notifications.pieces import one_line


class Phrases:
    """The phrases of one language. The same few days and counts come again in thousands of mails."""

    def __init__(self, wording: Wording) -> None:
        self._wording = wording
        self.day = lru_cache(4096)(self._day)
        self.short_day = lru_cache(4096)(self._short_day)
        self.left = lru_cache(4096)(self._left)

    @property
    def zone(self) -> ZoneInfo:
        return self._wording.zone

    def value(self, value: object) -> str:
        """A title, a quarter, a state, an instant or a text as people write it."""
        return value if type(value) is str else self._wording.value(value)

    def word(self, family: str, name: str) -> str:
        """Our word for a name of that family."""
        return self._wording.word(family, name)

    def sentence(self, said: Unmet | str) -> str:
        """A sentence given by its kind, or as it stands."""
        return self._wording.say(said.kind, said.params) if isinstance(said, Unmet) else said.strip()

    def said(self, answer: str) -> str:
        """What a server said, in one line; where it said nothing, our sentence."""
        return told(answer, self._wording)

    def thing(self, value: object, *, extension: bool = False) -> str:
        """What it is about, in a line: a title as it stands, of a quarter its report or its extension."""
        if isinstance(value, Quarter):
            return self._wording.say("thing.extension" if extension else "thing.report", quarter=value)
        return one_line(self.value(value))

    def news(self, news: str, thing: object, before: int | None, after: int | None) -> str:
        """What became of something."""
        said = self.thing(thing)
        return self._wording.say(f"news.{news}", thing=said, before=before, after=after)

    def _day(self, day: date) -> str:
        """The day in full: วันอังคารที่ 18 พฤษภาคม 2564."""
        long = format_day(day, self._wording.language, Style.LONG)
        return self._wording.say("format.weekday_day", weekday=day.isoweekday(), day=long)

    def _short_day(self, day: date) -> str:
        return format_day(day, self._wording.language, Style.SHORT)

    def _left(self, days: int, due_on: date, on: date) -> str:
        """How long there is, in working days; nobody works on every due day."""
        match days:
            case 0 if due_on == on:
                kind = "left.today"
            case 0 if due_on > on:
                kind = "left.last_day"
            case 0:
                kind = "late.just"
            case 1 | -1:
                kind = "left.one" if days > 0 else "late.one"
            case _:
                kind = "left.many" if days > 0 else "late.many"
        return self._wording.say(kind, days=abs(days))

"""What templates are given of an item and of a change: plain values, said in the language of the reader."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from engine.reminders import Topic
from notifications.phrases import Phrases
from notifications.pieces import one_line, shortened

if TYPE_CHECKING:
    from notifications.messages import Item, Line

_TITLE_IN_SUBJECT = 60
_NEXT_LINE = "\n     "
View = dict[str, Any]


def item_view(item: "Item", on: date, phrases: Phrases, whole: Callable[[str], str]) -> View:
    """The item as its reader sees it on the day ``on``; ``whole`` makes a whole link of one of ours."""
    what = phrases.thing(item.what, extension=item.topic is Topic.EXTENSION)
    return {
        "heading": "",
        "topic": item.topic.value,
        "code": item.code,
        "title": one_line(phrases.value(item.title)),
        "agency": one_line(phrases.value(item.agency)),
        "what": what,
        "short": shortened(what, _TITLE_IN_SUBJECT),
        "due": phrases.day(item.due_on),
        "days": item.days,
        "left": phrases.left(item.days, item.due_on, on),
        "overdue": item.due_on < on,
        "state": phrases.value(item.state),
        "waits_for": one_line(item.waits_for),
        "why": phrases.sentence(item.why),
        "told": [{"name": one_line(name), "on": phrases.short_day(day)} for name, day in item.told_before],
        "instead_of": one_line(item.instead_of),
        "link": whole(item.link),
        "acknowledge": whole(item.acknowledge) if item.acknowledge else "",
        "snooze": whole(item.snooze) if item.snooze else "",
    }


def line_view(line: "Line", phrases: Phrases, whole: Callable[[str], str]) -> View:
    """The change as its reader sees it."""
    told = phrases.news(line.news, line.thing, line.before, line.after)
    return {
        "news": line.news.value,
        "told": told,
        "short": shortened(told, _TITLE_IN_SUBJECT),
        "code": line.code,
        "title": one_line(phrases.value(line.title)),
        "agency": one_line(phrases.value(line.agency)),
        "who": one_line(phrases.word("person_name", line.who)),
        "at": phrases.value(line.at),
        "reason": _indented(line.reason),
        "until": phrases.day(line.until) if line.until else "",
        "link": whole(line.link),
    }


def _indented(text: str) -> str:
    """Its lines below each other in plain text: a numbered one must not pass for a part of the mail."""
    return _NEXT_LINE.join(filter(None, map(one_line, text.splitlines())))

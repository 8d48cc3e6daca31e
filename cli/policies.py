"""What decisions rest on, made of the settings: policies, scales, and the days that are worked on."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import date
from functools import cache, cached_property
from typing import get_args

from cli.settings import Calendar, Deadlines, Settings, Weekday
from engine.ports import Policy
from engine.quarter import DeadlinePolicy, WorkCalendar
from engine.reminders import ReminderPolicy, Topic
from engine.scores import ScoreScale
from engine.verdict import CheckItem, ReviewPolicy
from engine.workflow import Text

#: The calendar years for which holidays are computed: from before the oldest page that was seen (BE 2556)
#: to well beyond any plan.
_YEARS = range(2010, 2046)


def policy_of(settings: Settings, deadlines: DeadlinePolicy | None = None) -> Policy:
    """The settings that decisions rest on; ``deadlines`` where they differ between quarters."""
    reports = settings.reports
    return Policy(
        zone=settings.zone,
        calendar=work_calendar(settings),
        deadlines=deadlines or deadline_policy(settings.deadlines),
        scale=ScoreScale(
            quality=reports.quality_scores,
            timeliness=reports.timeliness_scores,
            on_time=reports.on_time_score,
            late=reports.late_score,
            missing=reports.missing_score,
            quarter_weights=reports.quarter_weights,
        ),
        fix_days=reports.fix_days,
        review=review_policy(settings),
    )


def deadline_policy(deadlines: Deadlines) -> DeadlinePolicy:
    """When a quarter's work is due."""
    return DeadlinePolicy(deadlines.days, deadlines.direction, deadlines.shift, deadlines.days_are)


def review_policy(settings: Settings) -> ReviewPolicy:
    """How evaluators work."""
    review = settings.review
    items = [CheckItem(one.key, Text(one.th, one.en), one.points) for one in review.checklist]
    return ReviewPolicy(tuple(items), review.second_percent, review.second_seed, review.appeal_days)


def reminder_policy(settings: Settings) -> ReminderPolicy:
    """Who is reminded of what, when, as the settings say."""
    reminders = settings.reminders
    topics = {topic: reminders.topic(topic).policy() for topic in Topic}
    return ReminderPolicy(topics, reminders.hour, reminders.review_days)


def work_calendar(settings: Settings) -> WorkCalendar:
    """The country's holidays with the house's own additions and removals."""
    names = get_args(Weekday)
    weekend = frozenset(names.index(day) + 1 for day in settings.calendar.weekend)
    return WorkCalendar(_Holidays(settings.calendar), weekend)


class _Holidays(AbstractSet[date]):
    """The holidays of a house, found out when somebody first asks: it takes a tenth of a second.

    Most commands never do.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    @cached_property
    def _days(self) -> frozenset[date]:
        calendar = self._calendar
        return (_official_holidays(calendar.country) | calendar.added_holidays) - calendar.removed_holidays

    def __contains__(self, day: object) -> bool:
        return day in self._days

    def __iter__(self) -> Iterator[date]:
        return iter(self._days)

    def __len__(self) -> int:
        return len(self._days)


@cache
def _official_holidays(country: str) -> frozenset[date]:
    # Imported when it is needed: it reads the holidays of every country.
    from holidays import country_holidays  # noqa: PLC0415 - see above

    return frozenset(country_holidays(country, years=_YEARS))

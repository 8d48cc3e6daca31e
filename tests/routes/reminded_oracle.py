"""Who must have been told of what on which day, read from the rules alone: days walked one at a time.

It shares nothing with the house: it counts working days on its fingers, knows the policy as the numbers
written here, looks people up in plain lists, and keeps its own books of what is done.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, NamedTuple

import holidays

DAY = timedelta(1)
HOUSE_HOUR = 8
REVIEW_DAYS, FIX_DAYS, DAYS_AFTER_QUARTER = 5, 5, 15
ENDS = {1: date(2020, 12, 31), 2: date(2021, 3, 31), 3: date(2021, 6, 30), 4: date(2021, 9, 30)}
#: The milestones from the bottom of the ladder, with the quarter by which each is due.
LADDER = {
    "guidelines_set": 1,
    "committee_appointed": 1,
    "meetings_held": 2,
    "issue_chosen": 4,
    "report_submitted": 4,
}

_BEFORE = (30, 14, 7, 3, 1, 0)
_WORKING = {"coordinator": 0, "deputy": 1, "section_head": 3, "director": 7, "evaluator": 14}
#: By topic: days before, days overdue, whether it goes on after them, who is told from how many days overdue.
POLICY: dict[str, tuple[tuple[int, ...], tuple[int, ...], bool, dict[str, int]]] = {
    "milestone": (_BEFORE, (1, 3, 7), True, _WORKING),
    "report": (_BEFORE, (1, 3, 7), True, _WORKING),
    "endorsement": ((1, 0), (1, 3, 7), True, {"section_head": 0, "director": 3, "evaluator": 7}),
    "evaluation": ((1, 0), (1, 3, 7), True, {"evaluator": 0, "administrator": 7}),
    "returned_milestone": ((3, 1, 0), (1, 3, 7), True, _WORKING),
    "returned_report": ((3, 1, 0), (1, 3, 7), True, _WORKING),
    "extension": ((3, 1), (), False, {"coordinator": 0, "section_head": 1}),
    "meeting": ((1,), (1, 3), False, {"coordinator": 0}),
}
MAY_BE_SWITCHED_OFF = ("extension", "meeting")
#: What a definition of its own wants of the days before its milestones.
NARROWED_BEFORE = (7, 3, 1)

_AGENCY = ("coordinator", "deputy", "section_head")
#: The news of what is done; anything else is news only where it moves a level.
NEWS_OF = {
    "return": "returned",
    "verify": "verified",
    "postpone": "postponed",
    "waive": "waived",
    "submit": "submitted",
    "endorse": "endorsed",
    "accept": "accepted",
    "return_report": "returned",
    "extend": "extended",
}
#: Who is told of it; who did it is not. A level that moves is told to the whole agency.
NEWS = {
    "returned": _AGENCY,
    "verified": ("coordinator", "deputy"),
    "postponed": ("coordinator", "deputy"),
    "waived": ("coordinator", "deputy"),
    "submitted": ("section_head",),
    "endorsed": ("coordinator", "deputy"),
    "accepted": _AGENCY,
    "extended": _AGENCY,
    "level_reached": _AGENCY,
}


class Item(NamedTuple):
    """One thing in a digest. ``key`` is a milestone, a quarter's number, or what a plan is called."""

    topic: str
    agency: str
    code: str
    key: str
    due_on: date


class Told(NamedTuple):
    """One thing in a mail of changes: what became of which milestone or quarter."""

    news: str
    agency: str
    code: str
    key: str


#: So many working days overdue is the last on which anybody is told.
LAST_STEP = 120

# --- days --------------------------------------------------------------------------------------------------


@dataclass
class Days:
    """The days that are worked on, and the steps of a due day.

    ``repeat_every`` is after how many days milestones and reports are told again and again.
    """

    added: date
    removed: date
    repeat_every: int
    _off: set[date] = field(init=False)
    _steps: dict[tuple[str, bool, date], dict[date, int]] = field(default_factory=dict)
    _reached: dict[tuple[str, bool, date, date], int | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        official = set(holidays.country_holidays("TH", years=(2020, 2021, 2022)))
        self._off = {*official, self.added} - {self.removed}

    def worked(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self._off

    def walk(self, day: date, count: int) -> date:
        """So many working days after the day, or before it."""
        while count:
            day += DAY if count > 0 else -DAY
            if self.worked(day):
                count -= 1 if count > 0 else -1
        return day

    def on_or_before(self, day: date) -> date:
        return day if self.worked(day) else self.walk(day, -1)

    def deadline(self, quarter: int) -> date:
        """Fifteen days after the quarter, or the next working day."""
        day = ENDS[quarter] + DAYS_AFTER_QUARTER * DAY
        return day if self.worked(day) else self.walk(day, 1)

    def step(self, topic: str, due_on: date, today: date, *, narrowed: bool) -> int | None:
        """The last step that has come by today, or ``None``."""
        asked = topic, narrowed, due_on, today
        if asked not in self._reached:
            key = topic, narrowed, due_on
            if key not in self._steps:
                self._steps[key] = dict(self._steps_of(topic, due_on, narrowed))
            come = max((step for day, step in self._steps[key].items() if day <= today), default=None)
            self._reached[asked] = None if come == LAST_STEP + 1 else come
        return self._reached[asked]

    def _steps_of(self, topic: str, due_on: date, narrowed: bool) -> Iterator[tuple[date, int]]:
        """Each day on which a step falls, with the last one that does."""
        before, overdue, goes_on, ladder = POLICY[topic]
        if narrowed:
            before = NARROWED_BEFORE
        for count in sorted(before, reverse=True):
            yield (self.walk(due_on, -count) if count else self.on_or_before(due_on)), -count
        last, day = max(overdue, default=0), due_on
        every = self.repeat_every if topic in ("milestone", "report") else 5
        for count in range(1, LAST_STEP + 1):
            day = self.walk(day, 1)
            repeated = goes_on and count > last and (count - last) % every == 0
            if count in overdue or count in list(ladder.values())[1:] or repeated:
                yield day, count
        yield self.walk(day, 1), LAST_STEP + 1


# --- people ------------------------------------------------------------------------------------------------


@dataclass
class People:
    """Who holds which role where, by address, and what became of them."""

    holders: dict[tuple[str, str], str]
    hours: dict[str, int]
    off: set[tuple[str, str]] = field(default_factory=set)
    unreachable: set[str] = field(default_factory=set)
    away: list[tuple[str, str, date, date]] = field(default_factory=list)

    def holder(self, role: str, agency: str) -> str:
        return self.holders.get((role, agency)) or self.holders[role, ""]

    def instead(self, person: str, today: date) -> str | None:
        """Who does the work of a person today, if they can be told."""
        for away, substitute, first, last in self.away:
            if away == person and first <= today <= last:
                person = substitute
        return None if person in self.unreachable else person

    def told(self, item: Item, step: int, today: date) -> set[str]:
        """Everybody who is told of it at that step."""
        found, passed_up = set(), False
        for place, (role, after) in enumerate(POLICY[item.topic][3].items()):
            if place and not passed_up and after > step:
                continue
            holder = self.holder(role, item.agency)
            person = self.instead(holder, today)
            passed_up = person is None
            if person is None:
                continue
            silent = {(holder, item.topic), (person, item.topic)} & self.off
            if not (silent and item.topic in MAY_BE_SWITCHED_OFF):
                found.add(person)
        return found


# --- work --------------------------------------------------------------------------------------------------


class Act(NamedTuple):
    """Something that happens in the morning of a day.

    ``by`` is the role that does it, for the district of ``code`` (an indicator's, or the district's own).
    ``key`` is a milestone, a quarter, a plan or a topic; ``day`` the one by which or on which it is to be,
    ``last`` the last one of an absence. ``whom`` and the ``substitute`` are roles of the district.
    """

    on: date
    what: str
    by: str
    code: str
    key: str = ""
    day: date | None = None
    last: date | None = None
    whom: str = ""
    substitute: str = ""

    @property
    def agency(self) -> str:
        return agency_of(self.code)


def agency_of(code: str) -> str:
    """The code of the district whose indicator it is."""
    return code.partition("-")[0]


@dataclass
class Milestone:
    """A milestone as far as it is owed: open, done, returned or waived, and by when."""

    due_on: date
    state: str = "open"
    fix_by: date = date.max


@dataclass
class Report:
    """A report: missing, submitted, endorsed, accepted or returned, and by when it is to be anything else."""

    state: str = "missing"
    due_on: date = date.max


@dataclass
class Work:
    """The books of what is done and what is not."""

    days: Days
    milestones: dict[tuple[str, str], Milestone]
    reports: dict[tuple[str, str], Report]
    extended: dict[tuple[str, str], date] = field(default_factory=dict)
    meetings: dict[tuple[str, str], date] = field(default_factory=dict)

    @classmethod
    def begun(cls, days: Days, codes: Iterable[str]) -> "Work":
        """Nothing is done yet."""
        given = list(codes)
        return cls(
            days,
            {(code, key): Milestone(days.deadline(due)) for code in given for key, due in LADDER.items()},
            {(code, str(quarter)): Report() for code in given for quarter in ENDS},
        )

    def owed(self) -> Iterator[Item]:
        """Everything that is to be done."""
        for (code, key), milestone in self.milestones.items():
            if milestone.state == "open":
                yield Item("milestone", agency_of(code), code, key, milestone.due_on)
            elif milestone.state == "returned":
                yield Item("returned_milestone", agency_of(code), code, key, milestone.fix_by)
        missing = set()
        for (code, quarter), report in self.reports.items():
            agency = agency_of(code)
            if report.state == "missing":
                missing.add((agency, quarter))
                due_on = self.extended.get((agency, quarter)) or self.days.deadline(int(quarter))
                yield Item("report", agency, code, quarter, due_on)
            elif topic := _TOPIC_OF_REPORT.get(report.state):
                yield Item(topic, agency, code, quarter, report.due_on)
        for (agency, quarter), until in self.extended.items():
            if (agency, quarter) in missing:
                yield Item("extension", agency, "", quarter, until)
        for (code, name), on in self.meetings.items():
            yield Item("meeting", agency_of(code), code, name, on)

    def level(self, code: str) -> int:
        """How many milestones are done from the bottom without a gap; what was returned still counts."""
        states = [self.milestones[code, key].state for key in LADDER]
        return (*states, "open").index("open")

    def enter(self, act: Act) -> None:
        """Write down what was done."""
        code, key, day = act.code, act.key, act.day
        milestone = self.milestones.get((code, key), Milestone(date.max))
        report = self.reports.get((code, key), Report())
        match act.what:
            case "record" | "mend":
                milestone.state = "done"
            case "return":
                milestone.state, milestone.fix_by = "returned", day or self.days.walk(act.on, FIX_DAYS)
            case "waive":
                milestone.state = "waived"
            case "postpone" if day:
                milestone.due_on = day
            case "submit":
                report.state, report.due_on = "submitted", self.days.walk(act.on, REVIEW_DAYS)
            case "endorse":
                report.state, report.due_on = "endorsed", self.days.walk(act.on, REVIEW_DAYS)
            case "accept":
                report.state = "accepted"
            case "return_report":
                report.state, report.due_on = "returned", day or self.days.walk(act.on, FIX_DAYS)
            case "extend" if day:
                self.extended[act.agency, key] = day
                for (of, name), moved in self.milestones.items():
                    if agency_of(of) == act.agency and LADDER[name] == int(key):
                        moved.due_on = day
            case "plan" if day:
                self.meetings[code, key] = day
            case "keep":
                del self.meetings[code, key]


_TOPIC_OF_REPORT = {"submitted": "endorsement", "endorsed": "evaluation", "returned": "returned_report"}


# --- what must arrive --------------------------------------------------------------------------------------


@dataclass
class Oracle:
    """Goes through the year as the worker does, and knows what must have arrived.

    ``busy`` is set while the mail server takes nothing; ``gone`` are addresses that it knows no more.
    """

    days: Days
    people: People
    work: Work
    narrowed: set[str]
    busy: bool = False
    gone: set[str] = field(default_factory=set)
    _told: set[tuple[str, Item, int]] = field(default_factory=set)
    _waiting: defaultdict[str, dict[Item, date]] = field(default_factory=lambda: defaultdict(dict))
    _digested: set[tuple[str, date]] = field(default_factory=set)
    _deferred: list[tuple[str, set[Item]]] = field(default_factory=list)
    _happened: list[tuple[Act, int]] = field(default_factory=list)
    _news: defaultdict[str, Counter[Told]] = field(default_factory=lambda: defaultdict(Counter))

    def hear(self, act: Act) -> None:
        """Something was done."""
        before = self.work.level(act.code) if act.code != act.agency else 0
        self.work.enter(act)
        after = self.work.level(act.code) if act.code != act.agency else 0
        self._happened.append((act, after - before))
        whom = self.people.holder(act.whom, act.agency) if act.whom else ""
        match act.what:
            case "away" if act.day and act.last:
                substitute = self.people.holder(act.substitute, act.agency)
                self.people.away.append((whom, substitute, act.day, act.last))
            case "switch_off":
                self.people.off.add((whom, act.key))
            case "gone":
                self.gone.add(whom)

    def tick(self, today: date, hour: int) -> tuple[list[tuple[str, set[Item]]], dict[str, Counter[Told]]]:
        """The worker looks: the digests and the mails of changes that must arrive now, by address."""
        news, self._news = self._news, defaultdict(Counter)
        self.gather(today)
        owed = set(self.work.owed())
        if self.days.worked(today):
            self._owe(owed, today)
        going = self._deferred + (self._digests(today, hour) if self.days.worked(today) else [])
        if self.busy:
            self._deferred = going
            return [], {}
        self._deferred = []
        digests = self._arriving([(person, items & owed) for person, items in going])
        return digests, dict(self._arriving(news.items()))

    def _owe(self, owed: Iterable[Item], today: date) -> None:
        people: dict[tuple[str, str, int], set[str]] = {}
        for item in owed:
            narrowed = item.topic == "milestone" and item.code in self.narrowed
            step = self.days.step(item.topic, item.due_on, today, narrowed=narrowed)
            if step is None:
                continue
            rungs = item.topic, item.agency, step
            if rungs not in people:
                people[rungs] = self.people.told(item, step, today)
            for person in people[rungs]:
                if (person, item, step) not in self._told:
                    self._told.add((person, item, step))
                    self._waiting[person].setdefault(item, today)

    def _digests(self, today: date, hour: int) -> list[tuple[str, set[Item]]]:
        """One a person and day, at their hour, of what they are to be told by that day."""
        ready = []
        for person, waiting in self._waiting.items():
            items = {item for item, owed_on in waiting.items() if owed_on <= today}
            late_enough = hour >= self.people.hours.get(person, HOUSE_HOUR)
            if items and late_enough and (person, today) not in self._digested:
                self._digested.add((person, today))
                ready.append((person, items))
                self._waiting[person] = {item: on for item, on in waiting.items() if item not in items}
        return ready

    def gather(self, today: date) -> None:
        """News is gathered when the worker next looks, and goes out when it looks again."""
        for act, rise in self._happened:
            told = [NEWS_OF[act.what]] if act.what in NEWS_OF else []
            roles = NEWS["level_reached"] if rise else NEWS[told[0]] if told else ()
            about = act.agency, "" if act.code == act.agency else act.code, act.key
            lines = [Told(news, *about) for news in (*told, *(["level_reached"] if rise else []))]
            holders = [self.people.holder(role, act.agency) for role in roles]
            people = {self.people.instead(holder, today) for holder in holders}
            if act.what == "submit":
                author = self.people.holder(act.by, act.agency)
                if author not in self.people.unreachable:
                    self._news[author or ""].update([Told("received", *about)])
            for person in people - {None, self.people.holder(act.by, act.agency)}:
                self._news[person or ""].update(lines)
        self._happened = []

    def _arriving(self, going: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Those that have anything to tell and whose address takes them; from now on no other is used."""
        given = [(person, content) for person, content in going if content]
        arriving = [one for one in given if one[0] not in self.gone | self.people.unreachable]
        self.people.unreachable |= {person for person, _ in given} & self.gone
        return arriving

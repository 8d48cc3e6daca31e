"""What administrators look after while the house runs: everybody's jobs, and settings that may change."""

from collections.abc import Iterator
from functools import partial

from starlette.exceptions import HTTPException

from engine.jobs import JOB_MOVES
from engine.permissions import Action
from storage import jobs
from storage.transaction import Tx
from web.administrator.jobs import states_of
from web.api import bodies
from web.api.files import told_of
from web.api.operation import Call, Operation
from web.api.paging import cursor_of, cut, number_behind
from web.api.problems import plain
from web.api.shapes import office, records
from web.doors import for_city
from web.site import ChangingSettings, Setting, Site

_JOBS, _SETTINGS = for_city(Action.MANAGE_PEOPLE), for_city(Action.MANAGE_SETTINGS)


def operations(site: Site) -> Iterator[Operation]:
    """Jobs of everybody, and settings."""
    here = _House(site)
    yield Operation(
        "list_all_jobs",
        "GET",
        "/administration/jobs",
        _JOBS,
        "Everybody's jobs, the newest first.",
        reads=here.jobs,
        asks=bodies.JobsAsked,
        gives=office.AllJobs,
    )
    for name in JOB_MOVES:
        yield Operation(
            f"{name}_job",
            "POST",
            f"/administration/jobs/{{number}}/{name}",
            _JOBS,
            "Cancel it." if name == "cancel" else "Put it into the queue once more.",
            writes=partial(here.move, name),
            gives=office.Job,
        )
    yield Operation(
        "list_settings",
        "GET",
        "/settings",
        _SETTINGS,
        "Settings that may change while the house runs, and what holds.",
        reads=here.settings,
        gives=records.Settings,
    )
    yield Operation(
        "get_setting",
        "GET",
        "/settings/{key}",
        _SETTINGS,
        "One setting.",
        reads=here.setting,
        gives=records.Setting,
    )
    yield Operation(
        "change_setting",
        "POST",
        "/settings/{key}",
        _SETTINGS,
        "Change a setting; `null` gives it back to the file.",
        reads=here.change,
        takes=bodies.SettingChanged,
        gives=records.Setting,
    )


class _House:
    def __init__(self, site: Site) -> None:
        self._site = site

    def jobs(self, call: Call) -> office.AllJobs:
        asked: bodies.JobsAsked = call.asked
        states = states_of(asked.state or "")
        with self._site.store.read() as tx:
            before = number_behind(asked.cursor)
            found = jobs.listed(tx.connection, states, before=before, limit=asked.limit + 1)
        rows, more = cut(found, asked.limit)
        return office.AllJobs(
            items=[office.AnyJob(**told_of(one.job, call).model_dump(), by=one.by) for one in rows],
            next=cursor_of(rows[-1].job.id) if more else None,
        )

    def move(self, name: str, call: Call, tx: Tx) -> office.Job:
        said = self._site.wordings[self._site.language].say("job.cancelled")
        jobs.move(tx, name, call.number(), said=said, by=call.by, now=call.now)
        return told_of(jobs.listed_one(tx.connection, call.number()).job, call)

    @property
    def _changing(self) -> ChangingSettings:
        if self._site.settings is None:
            raise HTTPException(404)
        return self._site.settings

    def settings(self, _call: Call) -> records.Settings:
        return records.Settings(items=[_told(one) for one in self._changing.listed()])

    def setting(self, call: Call) -> records.Setting:
        key = call.part("key")
        found = next((one for one in self._changing.listed() if one.key == key), None)
        if found is None:
            raise HTTPException(404)
        return _told(found)

    def change(self, call: Call) -> records.Setting:
        """In a transaction of its own: what holds then is read again by this process."""
        self.setting(call)
        wanted = call.given.value
        with self._site.store.begin() as tx:
            self._changing.change(tx, call.part("key"), wanted, by=call.by, now=call.now)
        self._site.follow(at_once=True)
        return self.setting(call)


def _told(one: Setting) -> records.Setting:
    return records.Setting(
        key=one.key,
        kind=one.kind,
        choices=list(one.choices),
        default=plain(one.default),
        started=plain(one.started),
        now=plain(one.now),
        written=one.written,
        is_changed=one.is_changed,
        unfit=one.unfit,
        at=one.at,
        by=one.by,
    )

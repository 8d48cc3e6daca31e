"""The command that ticks and delivers: `radap worker`."""

import signal
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any

import typer

from cli.bootstrap import keep_what_is_there
from cli.desk import REFUSED, Desk
from cli.options import Json
from cli.parsing import instant, unreadable
from cli.post import PostOffice, Ticked
from cli.site import site_of
from cli.sweeping import sweep_files
from engine.outbox import Step
from engine.permissions import Role
from engine.reminders import Gap
from notifications import schedule
from notifications.channels import told
from storage import registry
from web.site import Site

#: How many agencies are named where many lack the same.
_NAMED = 3


def worker(
    ctx: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Tick once, deliver, and end.")] = False,
    now: Annotated[
        str | None,
        typer.Option("--now", metavar="ISO", help="With --once: tick as if it were this instant."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Remind and deliver: every minute, until stopped, or once."""
    desk: Desk = ctx.obj
    if now is not None:
        if not once:
            raise unreadable("worker.now_once")
        moment = instant(now, desk.settings.zone)
        desk.clock = lambda: moment
    office = PostOffice(desk.house())
    tell_broken(desk, office)
    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    try:
        site = site_of(desk.house())
        if once:
            make_all(site, stopping)
            ticked = office.tick(stopping, whole=True)
            programs = office.tell_programs(stopping).steps
            _tell(desk, ticked, programs, as_json=as_json)
            if ticked.delivered.halted:
                raise typer.Exit(REFUSED)
            return
        desk.say("worker.started", url=desk.url)
        keep_what_is_there(desk.house())
        until_stopped(desk, office, site, stopping, as_json=as_json)
        desk.say("worker.stopped")
    finally:
        office.close()


def until_stopped(
    desk: Desk, office: PostOffice, site: Site, stopping: threading.Event, *, as_json: bool = False
) -> None:
    """Tick every minute, look at everything every night, and say what was done; make jobs as they come."""
    # Imported when it is needed: it takes a moment, and no other command needs it.
    from web.reports.worker import Maker  # noqa: PLC0415 - see above

    making = threading.Thread(target=Maker(site).until_stopped, args=(stopping,), name="maker")
    making.start()
    try:
        schedule.run(
            lambda: _tell(desk, office.tick(stopping), as_json=as_json, quiet=True),
            lambda: _at_night(desk, office, stopping, as_json=as_json),
            desk.settings.calendar.zone,
            stopping,
            beside=lambda: tell_programs(desk, office, stopping, as_json=as_json),
        )
    finally:
        stopping.set()
        making.join()


def make_all(site: Site, stopping: threading.Event) -> int:
    """Make every job that waits; returns how many there were."""
    from web.reports.worker import Maker  # noqa: PLC0415 - as above

    maker, made = Maker(site), 0
    while not stopping.is_set() and maker.run_one(stopping):
        made += 1
    return made


def _at_night(desk: Desk, office: PostOffice, stopping: threading.Event, *, as_json: bool) -> None:
    """Look at everything anew, and tidy up what people sent and did not attach."""
    _tell(desk, office.tick(stopping, whole=True), as_json=as_json, quiet=True)
    swept = sweep_files(desk.house())
    if swept and as_json:
        desk.json({"swept": swept})
    elif swept:
        desk.say("done.swept", count=swept)


def _tell(
    desk: Desk,
    ticked: Ticked,
    programs: Mapping[Step, int] = MappingProxyType({}),
    *,
    as_json: bool,
    quiet: bool = False,
) -> None:
    """What a tick did, and what became of what programs were told; a quiet one only where it did anything."""
    steps = {str(step): count for step, count in ticked.delivered.steps.items()}
    done: dict[str, Any] = {
        "news": ticked.news,
        "owed": ticked.swept.owed,
        "messages": ticked.gathered,
        **{name: steps.get(name, 0) for name in ("sent", "deferred", "failed", "uncertain", "withdrawn")},
    }
    if quiet and not any(done.values()):
        return
    if as_json:
        gaps = [{"agency": gap.agency, "role": gap.role, "why": gap.why} for gap in ticked.swept.gaps]
        desk.json({**done, "programs": programs, "gaps": gaps, "halted": ticked.delivered.halted})
        return
    desk.say("worker.ticked", at=desk.clock(), **done)
    _say_programs(desk, programs)
    for (why, role), agencies in _gaps(desk, ticked.swept.gaps).items():
        some = agencies[:_NAMED]
        desk.note(f"gap.{why}", role=role, agencies=some, more=len(agencies) - len(some) or None)
    if ticked.delivered.halted:
        desk.note("worker.halted", said=told(ticked.delivered.halted, desk.wording))


def tell_programs(desk: Desk, office: PostOffice, stopping: threading.Event, *, as_json: bool) -> None:
    """Tell programs what happened, and say what became of it where there was anything to tell."""
    steps = office.tell_programs(stopping).steps
    if steps and as_json:
        desk.json({"programs": steps})
    else:
        _say_programs(desk, steps)


def _say_programs(desk: Desk, steps: Mapping[Step, int]) -> None:
    failed = sum(count for step, count in steps.items() if step is not Step.SENT)
    if steps:
        sent = steps.get(Step.SENT, 0)
        desk.say("worker.told_programs", at=desk.clock(), sent=sent, failed=failed or None)


def _gaps(desk: Desk, gaps: list[Gap]) -> dict[tuple[str, Role], list[str]]:
    """The agencies in which a role cannot be told, by the reason."""
    if not gaps:
        return {}
    with desk.house().store.read() as tx:
        names = {one.id: desk.wording.value(one.name) for one in registry.agencies(tx.connection)}
    found: dict[tuple[str, Role], list[str]] = {}
    for gap in gaps:
        found.setdefault((gap.why, gap.role), []).append(names.get(gap.agency, str(gap.agency)))
    return found


def tell_broken(desk: Desk, office: PostOffice) -> None:
    """Wording of the house that is not used, before anything is sent."""
    for broken in getattr(office.templates, "broken", ()):
        desk.complain([desk.wording.unmet(broken.unmet)])

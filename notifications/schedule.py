"""The ticker: what a worker does every minute and every night. The only file that knows APScheduler.

Every node ticks and none is the leader: that each thing is done once is the promise of the database. So jobs
are kept in memory, a late one is never skipped, and those that piled up run as one.
"""

import logging
import threading
from collections.abc import Callable

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

_log = logging.getLogger(__name__)

Job = Callable[[], object]


def run(
    every_minute: Job,
    every_night: Job,
    zone: str,
    stopping: threading.Event,
    *,
    beside: Job = lambda: None,
    seconds: int = 60,
) -> None:
    """Tick until asked to stop, the first time at once; a tick that fails is logged and the next one comes.

    ``every_night`` is done at four in the morning of the zone; ``beside`` four times as often as the tick,
    and neither waits for the other.
    """
    scheduler = BackgroundScheduler(
        timezone=zone,
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
    )
    scheduler.add_job(_safely(every_minute), IntervalTrigger(seconds=seconds, timezone=zone))
    scheduler.add_job(_safely(beside), IntervalTrigger(seconds=max(seconds // 4, 1), timezone=zone))
    scheduler.add_job(_safely(every_night), CronTrigger(hour=4, minute=0, timezone=zone))
    _safely(every_minute)()
    scheduler.start()
    try:
        stopping.wait()
    finally:
        scheduler.shutdown(wait=True)


def _safely(job: Job) -> Job:
    def tick() -> None:
        try:
            job()
        except Exception:  # noqa: BLE001 - whatever it was, the next tick must come
            _log.exception("a tick failed")

    return tick

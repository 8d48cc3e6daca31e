"""Everybody's jobs of the background: how far each is, who asked, what failed; cancelling, trying again."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Router

from engine.jobs import JOB_MOVES, JobState
from engine.permissions import Action
from engine.wording import Wording
from storage import jobs
from storage.jobs import Listed
from storage.transaction import Tx
from web.administrator.counter import ROWS, Counter, by_of, number_of
from web.coordinator.views import Tag
from web.doors import Doors, for_city
from web.jobs import COLOURS, title_of
from web.reading import Typed, whole_number

#: What is not at its end yet.
_OPEN = "open"


def add_routes(router: Router, counter: Counter, doors: Doors) -> None:
    """The page ``/administration/jobs`` and its buttons."""
    room, rule = _Jobs(counter), for_city(Action.MANAGE_PEOPLE)
    doors.add(router, "/administration/jobs", room.show, rule)
    doors.add(router, "/administration/jobs/{number}/move", room.move, rule, ["POST"])


class _Jobs:
    def __init__(self, counter: Counter) -> None:
        self._counter = counter

    def show(self, request: Request) -> Response:
        return self._listed(request, Typed({"state": request.query_params.get("state", "")}))

    def _listed(self, request: Request, typed: Typed) -> Response:
        """The newest in the states asked for."""
        wording, wanted = self._counter.wording(request), typed.fields.get("state", "")
        states = states_of(wanted)
        before = whole_number(request.query_params.get("before", ""), 9)
        with self._counter.site.store.read() as tx:
            found = jobs.listed(tx.connection, states, before=before, limit=ROWS + 1)
        shown, narrowed = found[:ROWS], f"state={wanted}&" if len(states) < len(JobState) else ""
        values = {
            "rows": [self._row(one, wording) for one in shown],
            "states": [
                ("", wording.say("admin.any_state")),
                (_OPEN, wording.say("admin.jobs_open")),
                *((str(one), wording.word("job_state", one)) for one in JobState),
            ],
            "next": f"?{narrowed}before={shown[-1].job.id}" if len(found) > ROWS else "",
            "first": f"?{narrowed}" if before is not None else "",
        }
        return self._counter.show(request, "jobs", wording.say("admin.jobs"), values, typed)

    def _row(self, one: Listed, wording: Wording) -> dict[str, Any]:
        job, say = one.job, wording.say
        times = [
            say("admin.job_asked", at=job.asked_at, by=one.by),
            say("admin.job_started", at=job.started_at) if job.started_at else "",
            say("jobs.ended", at=job.ended_at) if job.ended_at else "",
        ]
        progress = say("jobs.progress", done=job.done, total=job.total) if job.total else say("jobs.begins")
        return {
            "id": job.id,
            "title": title_of(job, wording),
            "state": Tag(wording.word("job_state", job.state), COLOURS[job.state]),
            "times": " · ".join(filter(None, times)),
            "progress": progress if job.state is JobState.RUNNING else "",
            "error": job.error,
            "moves": [
                (name, say(f"admin.job_{name}")) for name, states in JOB_MOVES.items() if job.state in states
            ],
        }

    def move(self, request: Request, number: str) -> Response:
        """Cancel it or try it again, as the button says; the list stays narrowed as it was."""
        typed, job = Typed(request.state.form), number_of(number)
        step, site = typed.fields.get("step", ""), self._counter.site

        def do(tx: Tx) -> None:
            said = site.wordings[site.language].say("job.cancelled")
            jobs.move(tx, step, job, said=said, by=by_of(request), now=site.clock())

        if step not in JOB_MOVES or not self._counter.act(typed, do):
            return self._listed(request, typed)
        return self._counter.to("/jobs", f"job_{step}")


def states_of(wanted: str) -> tuple[JobState, ...]:
    """The states that a word names; all of them where it names none."""
    if wanted == _OPEN:
        return (JobState.WAITING, JobState.RUNNING)
    return tuple(one for one in JobState if one == wanted) or tuple(JobState)

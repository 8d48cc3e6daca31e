"""Commands about what is made in the background: `radap jobs`."""

from typing import Annotated, Any

import typer

from cli.desk import Desk
from cli.options import By, Json
from cli.parsing import unreadable
from engine.jobs import JobState
from storage import jobs
from storage.jobs import Listed

app = typer.Typer(no_args_is_help=True, help="What is made in the background, of everybody.")

JobId = Annotated[int, typer.Argument(metavar="ID", help="Number of the job, as `jobs list` shows.")]


@app.command("list")
def list_(
    ctx: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", metavar="STATE", help="Only in this state, such as failed.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", metavar="N", min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """The newest jobs: who asked for what, how far each is, and why one failed."""
    desk: Desk = ctx.obj
    known = list(JobState)
    if state is not None and state not in known:
        raise unreadable("job.state_unknown", given=state, known=[str(one) for one in known])
    states = known if state is None else [JobState(state)]
    with desk.house().store.read() as tx:
        found = jobs.listed(tx.connection, states, limit=limit)
    if as_json:
        desk.json([_plain(one) for one in found])
        return
    # Imported when it is needed: it takes a moment, and no other command needs it.
    from web.jobs import title_of  # noqa: PLC0415 - see above

    wording = desk.wording
    desk.table(
        [
            "label.number",
            "label.state",
            "label.what",
            "label.by",
            "label.at",
            "label.progress",
            "label.detail",
        ],
        [
            [
                str(one.job.id),
                wording.word("job_state", one.job.state),
                title_of(one.job, wording),
                desk.wording.word("person_name", one.by),
                wording.value(one.job.asked_at),
                f"{one.job.done}/{one.job.total}" if one.job.total else "–",
                one.job.error or "–",
            ]
            for one in found
        ],
        numbers=(0,),
    )


@app.command()
def cancel(ctx: typer.Context, job: JobId, by: By = None) -> None:
    """Let a job be that waits or is being made; whoever asked sees that it was cancelled."""
    _move(ctx.obj, "cancel", "done.job_cancelled", job, by)


@app.command()
def retry(ctx: typer.Context, job: JobId, by: By = None) -> None:
    """Try a job again that failed or was cancelled."""
    _move(ctx.obj, "retry", "done.job_retried", job, by)


def _move(desk: Desk, step: str, done: str, job: int, by: str | None) -> None:
    said = desk.wording.say("job.cancelled")
    with desk.house().store.begin() as tx:
        jobs.move(tx, step, job, said=said, by=desk.person(tx, by), now=desk.clock())
    desk.say(done, number=job)


def _plain(one: Listed) -> dict[str, Any]:
    job = one.job
    return {
        "id": job.id,
        "state": job.state,
        "wanted": job.wanted.as_data(),
        "by": one.by,
        "asked_at": job.asked_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "done": job.done,
        "total": job.total,
        "attempts": job.attempts,
        "error": job.error or None,
    }

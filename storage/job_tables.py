"""The table of what is made in the background."""

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, SmallInteger, String, Table, Text

from storage.naming import metadata, one_of, only
from storage.types import Instant

# ``lease_until`` is in seconds of the database's own clock. The result is a file among the evidence's, of
# which nothing else knows: it is swept away when the row lets go of it.
jobs = Table(
    "jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("parameters", Text, nullable=False),
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("asked_by", ForeignKey("people.id"), nullable=False, index=True),
    Column("asked_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),
    Column("token", String(64)),
    Column("lease_until", Float),
    Column("attempts", SmallInteger, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("by_mail", Boolean, nullable=False),
    Column("started_at", Instant),
    Column("ended_at", Instant),
    Column("expires_at", Instant),
    Column("error", Text, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("media_type", String(128), nullable=False),
    Column("sha256", String(64), index=True),
    Column("size", Integer),
)
WAITING = one_of(jobs.c.state, "waiting")
RUNNING = one_of(jobs.c.state, "running")
Index("ix_jobs_waiting", jobs.c.id, **only(WAITING))
Index("ix_jobs_running", jobs.c.lease_until, **only(RUNNING))

"""The tables of judging: what agencies ask for, what evaluators find, and who disputes it."""

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    true,
)

from storage.naming import metadata, one_of, only
from storage.types import Exact, Instant

petitions = Table(
    "petitions",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("milestone", String(64), nullable=False),
    Column("quarter", SmallInteger, nullable=False),
    Column("until", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("asked_by", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Integer),
    Column("answer", Text, nullable=False),
    Column("occurrence", Integer),  # the fact to be taken back
    Column("fact_kind", String(64)),
    Column("value", Exact),
    Column("document_number", Text),
    sqlite_with_rowid=False,
)
PENDING = one_of(petitions.c.state, "pending")
Index("ix_petitions_pending", petitions.c.asked_at, petitions.c.indicator_id, **only(PENDING))

verdicts = Table(
    "verdicts",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("quarter", SmallInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("given_by", Integer, nullable=False),
    Column("quality", SmallInteger),
    Column("timeliness", SmallInteger),
    Column("met", Text),  # keys of the checklist, joined by commas; null where nobody went through it
    Column("proposed_quality", SmallInteger),
    Column("proposed_timeliness", SmallInteger),
    Column("quality_reason", Text, nullable=False),
    Column("timeliness_reason", Text, nullable=False),
    Column("remark", Text, nullable=False),
    Column("drawn", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
DRAWN = verdicts.c.drawn == true()
Index("ix_verdicts_drawn", verdicts.c.given_at, verdicts.c.indicator_id, verdicts.c.number, **only(DRAWN))

appeals = Table(
    "appeals",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("quarter", SmallInteger, nullable=False),
    Column("verdict", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Integer),
    Column("answer", Text, nullable=False),
    sqlite_with_rowid=False,
)
APPEALED = one_of(appeals.c.state, "pending")
Index("ix_appeals_pending", appeals.c.made_at, appeals.c.indicator_id, appeals.c.number, **only(APPEALED))

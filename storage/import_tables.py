"""What came from elsewhere: pages of the existing site, and the facts that texts propose."""

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, SmallInteger, String, Table, Text

from storage.naming import metadata, one_of, only
from storage.types import Exact, Instant

# The text itself is kept: whoever doubts a fact can look at the words from which it was read.
imported_pages = Table(
    "imported_pages",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("form", String(16), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("text", Text, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("imported_by", Integer, nullable=False),
    sqlite_with_rowid=False,
)

# In the order of :class:`engine.proposed.Proposed`, for rows are read by position.
proposals = Table(
    "proposals",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("quarter", SmallInteger, nullable=False),
    Column("begins", Integer, nullable=False),
    Column("ends", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("standing", String(16), nullable=False),
    Column("milestone", String(64)),
    Column("kind", String(64)),
    Column("counts", Boolean, nullable=False),
    Column("occurred_on", Date),
    Column("first_on", Date),
    Column("last_on", Date),
    Column("document_number", Text),
    Column("note", Text, nullable=False),
    Column("value", Exact),
    Column("confidence", String(16), nullable=False),
    Column("why", Text, nullable=False),  # reasons as JSON
    Column("page", Integer),  # the imported page that it was read from; null for a report written here
    Column("made_at", Instant, nullable=False),
    Column("made_by", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("decided_at", Instant),
    Column("decided_by", Integer),
    Column("reason", Text, nullable=False),
    Column("occurrence", Integer),  # the fact that it became
    sqlite_with_rowid=False,
)
PROPOSED = one_of(proposals.c.state, "pending")
Index("ix_proposals_pending", proposals.c.indicator_id, proposals.c.number, **only(PROPOSED))

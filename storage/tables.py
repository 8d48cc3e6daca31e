"""Every table. Children of an indicator are keyed by its id and a number that the engine gives."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

from storage.account_tables import (
    credentials,
    door_log,
    password_links,
    recovery_codes,
    second_factors,
    sessions,
)
from storage.import_tables import imported_pages, proposals
from storage.job_tables import jobs
from storage.naming import metadata, one_of, only
from storage.outbox_tables import (
    endpoints,
    notices,
    outbox,
    outbox_log,
    quiets,
    reminders,
    substitutions,
    used_links,
)
from storage.review_tables import APPEALED, DRAWN, PENDING, appeals, petitions, verdicts
from storage.search_tables import search_texts
from storage.setting_tables import setting_changes
from storage.token_tables import replays, tokens
from storage.types import Exact, Instant

#: What comes from elsewhere and is found here as well: this module knows every table.
__all__ = [
    "APPEALED",
    "DRAWN",
    "PENDING",
    "appeals",
    "credentials",
    "door_log",
    "endpoints",
    "imported_pages",
    "jobs",
    "metadata",
    "notices",
    "outbox",
    "outbox_log",
    "password_links",
    "petitions",
    "proposals",
    "quiets",
    "recovery_codes",
    "reminders",
    "replays",
    "search_texts",
    "second_factors",
    "sessions",
    "setting_changes",
    "substitutions",
    "tokens",
    "used_links",
    "verdicts",
]

#: The stream of the journal that belongs to no indicator.
CITY = 0

agencies = Table(
    "agencies",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(16), unique=True),  # unknown for many; never guessed
    Column("name_th", Text, nullable=False),
    Column("name_en", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("parent_id", ForeignKey("agencies.id")),
)

people = Table(
    "people",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(254), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("language", String(2), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("hour", SmallInteger),  # at which mails may come; the house's where it is null
    Column("switched_off", Text, nullable=False, server_default=""),  # topics, joined by commas
    Column("line_id", Text),
    Column("unreachable_at", Instant),  # since when the address is known to take no mail
    Column("unreachable_why", Text, nullable=False, server_default=""),
    Column("calendar_hash", String(64)),
    Index("ix_people_calendar_hash", "calendar_hash", unique=True),
)

grants = Table(
    "grants",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("role", String(16), nullable=False),
    Column("agency_id", ForeignKey("agencies.id")),
)

workflow_versions = Table(
    "workflow_versions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("source", Text, nullable=False),
    Column("registered_at", Instant, nullable=False),
    UniqueConstraint("key", "version"),
)

plan_nodes = Table(
    "plan_nodes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("parent_id", ForeignKey("plan_nodes.id")),
    Column("code", String(32), nullable=False, unique=True),  # "5.2.1.1", digits of the code only
    Column("title", Text, nullable=False),
)

# What pages read is kept on the row: a matrix is one index scan. The row is slim on purpose; long texts
# lie in indicator_details.
indicators = Table(
    "indicators",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("code", String(32), nullable=False),
    Column("fiscal_year", SmallInteger, nullable=False),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("workflow_version_id", ForeignKey("workflow_versions.id"), nullable=False),
    Column("owner_id", ForeignKey("agencies.id")),
    Column("target", Exact),
    Column("weight", Exact, nullable=False),
    Column("life", String(24), nullable=False),
    Column("ladder", String(64), nullable=False),
    Column("claimed_level", SmallInteger, nullable=False),
    Column("claimed_fraction", Float, nullable=False),
    Column("verified_level", SmallInteger, nullable=False),
    Column("verified_fraction", Float, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("changes_on", Date),
    Column("next_due_on", Date),
    Column("claimed_q1", SmallInteger),
    Column("claimed_q2", SmallInteger),
    Column("claimed_q3", SmallInteger),
    Column("claimed_q4", SmallInteger),
    Column("verified_q1", SmallInteger),
    Column("verified_q2", SmallInteger),
    Column("verified_q3", SmallInteger),
    Column("verified_q4", SmallInteger),
    Column("version", Integer, nullable=False),
    Column("journal_seq", Integer, nullable=False),
    Column("journal_head", String(64), nullable=False),
    # Up to here the journal was looked through for what people are to be told, and the facts for what can be
    # found. No action touches it.
    Column("told_seq", Integer, nullable=False, server_default="0"),
    UniqueConstraint("fiscal_year", "code"),
    # With the code, for SQLite would rather read the whole year in the order of the codes than sort a few.
    Index("ix_indicators_year_agency_code", "fiscal_year", "agency_id", "code"),
    # With all that a roll-up asks, which then counts a million rows in this order, and looks into none. For
    # quarters there is none: each is written with every advance (docs/pages.md has the figures).
    Index(
        "ix_indicators_year_level",
        "fiscal_year",
        "claimed_level",
        "life",
        "workflow_version_id",
        "target",
        "weight",
        "agency_id",
    ),
    Index(
        "ix_indicators_year_verified",
        "fiscal_year",
        "verified_level",
        "life",
        "workflow_version_id",
        "target",
        "weight",
        "agency_id",
    ),
    Index("ix_indicators_changes_on", "changes_on"),
)
UNTOLD = indicators.c.journal_seq > indicators.c.told_seq
Index("ix_indicators_untold", indicators.c.id, **only(UNTOLD))

indicator_details = Table(
    "indicator_details",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("title_th", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("kind", String(16)),  # strategic or routine, as the page says
    Column("result_kind", String(16)),  # output or outcome
    Column("definition", Text),
    Column("method", Text),
    Column("evidence_asked", Text),
    Column("plan_node_id", ForeignKey("plan_nodes.id")),
    Column("source_note", Text),
)

milestones = Table(
    "milestones",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("due_on", Date),
    Column("since", Instant),
    Column("blocked_by", Text, nullable=False),
    Column("postponed_to", Date),
    Column("reason", Text, nullable=False),
    sqlite_with_rowid=False,
)
# A postponed milestone is due on another day, kept in another column: so there are two indexes. The state is
# in them so that SQLite, which asks for it again, need not look into the table for it.
UNDONE = one_of(milestones.c.state, "open", "in_progress", "blocked")
POSTPONED = one_of(milestones.c.state, "postponed")
Index(
    "ix_milestones_undone",
    milestones.c.due_on,
    milestones.c.indicator_id,
    milestones.c.key,
    milestones.c.state,
    **only(UNDONE),
)
Index(
    "ix_milestones_postponed",
    milestones.c.postponed_to,
    milestones.c.indicator_id,
    milestones.c.key,
    milestones.c.state,
    **only(POSTPONED),
)
# What waits for an evaluator, the longest waiting first.
ACHIEVED = one_of(milestones.c.state, "achieved")
Index(
    "ix_milestones_achieved",
    milestones.c.since,
    milestones.c.indicator_id,
    milestones.c.key,
    **only(ACHIEVED),
)

occurrences = Table(
    "occurrences",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("milestone", String(64), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("counts", Boolean, nullable=False),
    Column("occurred_on", Date),
    Column("quarter", SmallInteger, nullable=False),
    Column("counts_on", Date),
    Column("recorded_at", Instant, nullable=False),
    Column("recorded_by", Integer, nullable=False),
    Column("planned", Boolean, nullable=False),
    Column("value", Exact),
    Column("document_number", Text),
    Column("note", Text, nullable=False),
    Column("approved_at", Instant),
    Column("approved_by", Integer),
    Column("fulfils", Integer),
    Column("voided_at", Instant),
    Column("voided_by", Integer),
    Column("void_reason", Text, nullable=False),
    sqlite_with_rowid=False,
)
PLANNED = and_(occurrences.c.planned, occurrences.c.voided_at.is_(None))
Index(
    "ix_occurrences_planned",
    occurrences.c.occurred_on,
    occurrences.c.indicator_id,
    occurrences.c.number,
    **only(PLANNED),
)

decisions = Table(
    "decisions",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("milestone", String(64), nullable=False),
    Column("ruling", String(16), nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("decided_by", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("fix_by", Date),
    sqlite_with_rowid=False,
)
RETURN = one_of(decisions.c.ruling, "returned")
Index(
    "ix_decisions_returned",
    decisions.c.fix_by,
    decisions.c.indicator_id,
    decisions.c.number,
    **only(RETURN),
)

waivers = Table(
    "waivers",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("milestone", String(64), nullable=False),
    Column("granted_on", Date, nullable=False),
    Column("expires_on", Date, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("granted_by", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("withdrawn_at", Instant),
    sqlite_with_rowid=False,
)

files = Table(
    "files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", Integer, nullable=False),
    Column("media_type", String(128), nullable=False),
    Column("stored_at", Instant, nullable=False),
)

# What somebody sent and no evidence points to yet: gone when it is attached, or after a day.
uploads = Table(
    "uploads",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("sha256", String(64), index=True),  # once it is whole, and was found to be what may be kept
    Column("media_type", String(128)),
    Column("created_at", Instant, nullable=False, index=True),
    sqlite_with_rowid=False,
)

evidence = Table(
    "evidence",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("milestone", String(64), nullable=False),
    Column("request", String(64), nullable=False),
    Column("occurrence", Integer),
    Column("attached_at", Instant, nullable=False),
    Column("attached_by", Integer, nullable=False),
    Column("sha256", ForeignKey("files.sha256"), index=True),
    Column("link", Text),
    Column("file_name", Text, nullable=False),
    Column("withdrawn_at", Instant),
    Column("expires_on", Date),
    Column("replaces", Integer),  # the number of the evidence of which it is a newer version
    CheckConstraint("(sha256 IS NULL) <> (link IS NULL)", name="file_or_link"),
    sqlite_with_rowid=False,
)

reports = Table(
    "reports",
    metadata,
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("state", String(16), nullable=False),
    Column("narrative", Text, nullable=False),
    Column("self_reported", Exact),  # null is "not reported", never 0
    Column("written_at", Instant),
    Column("written_by", Integer),
    Column("submitted_at", Instant),
    Column("submitted_by", Integer),
    Column("endorsed_at", Instant),
    Column("endorsed_by", Integer),
    Column("return_reason", Text, nullable=False),
    Column("fix_by", Date),
    Column("answer", Text, nullable=False, server_default=""),  # to the last return, point by point
    Column("quality", SmallInteger),
    Column("timeliness", SmallInteger),
    Column("remark", Text),
    Column("evaluated_at", Instant),
    Column("evaluated_by", Integer),
    sqlite_with_rowid=False,
)
SUBMITTED = one_of(reports.c.state, "submitted")
ENDORSED = one_of(reports.c.state, "endorsed")
# Writing at a returned report makes a draft of it, which is still to be mended by the same day.
TO_MEND = and_(one_of(reports.c.state, "draft", "returned"), reports.c.fix_by.is_not(None))
Index(
    "ix_reports_submitted",
    reports.c.submitted_at,
    reports.c.indicator_id,
    reports.c.quarter,
    **only(SUBMITTED),
)
Index(
    "ix_reports_endorsed", reports.c.endorsed_at, reports.c.indicator_id, reports.c.quarter, **only(ENDORSED)
)
Index("ix_reports_to_mend", reports.c.fix_by, reports.c.indicator_id, reports.c.quarter, **only(TO_MEND))

# What somebody typed and has not said yet: no fact, so no journal knows of it.
drafts = Table(
    "drafts",
    metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True),
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("narrative", Text, nullable=False),
    Column("self_reported", Text, nullable=False),
    Column("saved_at", Instant, nullable=False),
    sqlite_with_rowid=False,
)

extensions = Table(
    "extensions",
    metadata,
    Column("agency_id", ForeignKey("agencies.id"), primary_key=True),
    Column("fiscal_year", SmallInteger, primary_key=True),
    Column("quarter", SmallInteger, primary_key=True),
    Column("until_on", Date, nullable=False),
    Column("reason", Text, nullable=False),
    Column("granted_at", Instant, nullable=False),
    Column("granted_by", Integer, nullable=False),
    Index("ix_extensions_until_on", "until_on", "agency_id", "quarter"),
)

# Append-only. ``at`` and ``data`` are kept as the very text that was hashed, on both databases.
journal = Table(
    "journal",
    metadata,
    Column("stream", Integer, primary_key=True, autoincrement=False),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("what", String(32), nullable=False),
    Column("at", String(32), nullable=False),
    Column("by", Integer, nullable=False),
    Column("data", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    sqlite_with_rowid=False,
)

# One row: the end of the city's own stream of the journal, how far it was told, the last day whose reminders
# were all written down, and the secret that links in mails are signed with.
city = Table(
    "city",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("journal_seq", Integer, nullable=False),
    Column("journal_head", String(64), nullable=False),
    Column("told_seq", Integer, nullable=False, server_default="0"),
    Column("swept_on", Date),
    Column("link_secret", String(64), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
)

seals = Table(
    "seals",
    metadata,
    Column("fiscal_year", SmallInteger, primary_key=True, autoincrement=False),
    Column("quarter", SmallInteger, primary_key=True, autoincrement=False),
    Column("sealed_at", Instant, nullable=False),
    Column("sealed_by", Integer, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
)

seal_lines = Table(
    "seal_lines",
    metadata,
    Column("fiscal_year", SmallInteger, primary_key=True, autoincrement=False),
    Column("quarter", SmallInteger, primary_key=True, autoincrement=False),
    Column("indicator_id", ForeignKey("indicators.id"), primary_key=True),
    Column("code", String(32), nullable=False),
    Column("claimed_level", SmallInteger, nullable=False),
    Column("claimed_fraction", Float, nullable=False),
    Column("verified_level", SmallInteger, nullable=False),
    Column("verified_fraction", Float, nullable=False),
    Column("workflow", String(64), nullable=False),
    Column("workflow_version", Integer, nullable=False),
    Column("workflow_hash", String(64), nullable=False),
    Column("journal_seq", Integer, nullable=False),
    Column("journal_head", String(64), nullable=False),
    sqlite_with_rowid=False,
)

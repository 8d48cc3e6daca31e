"""The tables of reminders and the outbox: substitutions, what is owed, what was sent, what was answered.

``topic`` is a :class:`~engine.reminders.Topic`; ``agency_id``, ``indicator_id``, ``key`` and ``due_on`` name
its subject, where ``indicator_id`` 0 stands for none, so it points nowhere.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
)

from storage.naming import metadata, one_of, only
from storage.types import Instant

substitutions = Table(
    "substitutions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("substitute_id", ForeignKey("people.id"), nullable=False),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("withdrawn_at", Instant),
)

# One row a message. ``lease_until`` is in seconds of the database's own clock, which no worker can set wrong;
# every other time is the worker's. Rows are read without ``content``, which is why it came last.
outbox = Table(
    "outbox",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # "digest:12:2021-03-01": once, whoever asks
    Column("channel", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("person_id", ForeignKey("people.id"), index=True),
    Column("state", String(16), nullable=False),
    Column("not_before", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("token", String(64)),
    Column("lease_until", Float),
    Column("message_ref", Text, nullable=False),  # the Message-ID, the same in every attempt
    Column("to_address", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("answer", Text, nullable=False),  # what the server said last
    Column("sent_at", Instant),
    Column("content", LargeBinary),  # word for word as sent
    Column("endpoint_id", ForeignKey("endpoints.id")),  # of the program that is told
)
PENDING = one_of(outbox.c.state, "pending")
LEASED = one_of(outbox.c.state, "claimed", "sending")
#: What somebody has to look at.
TROUBLED = one_of(outbox.c.state, "failed", "uncertain", "held")
Index("ix_outbox_pending", outbox.c.channel, outbox.c.not_before, outbox.c.id, **only(PENDING))
Index("ix_outbox_troubled", outbox.c.id, **only(TROUBLED))
Index("ix_outbox_leased", outbox.c.lease_until, **only(LEASED))
TO_PROGRAM = outbox.c.endpoint_id.is_not(None)
Index("ix_outbox_endpoint", outbox.c.endpoint_id, outbox.c.id, **only(TO_PROGRAM))
Index("ix_outbox_endpoint_pending", outbox.c.endpoint_id, outbox.c.id, **only(and_(PENDING, TO_PROGRAM)))

# A program that is told what happens. ``events`` are kinds, joined by commas; none for all of them. Its
# secret is kept as it is, for it signs; while ``not_before`` lies ahead it is left in peace.
endpoints = Table(
    "endpoints",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("secret", String(64), nullable=False),
    Column("events", Text, nullable=False),
    Column("agency_id", ForeignKey("agencies.id")),
    Column("state", String(16), nullable=False),
    Column("added_at", Instant, nullable=False),
    Column("added_by", ForeignKey("people.id"), nullable=False),
    Column("failing_since", Instant),
    Column("not_before", Instant),
    Column("answer", Text, nullable=False),  # what it said last, while it fails
)

outbox_log = Table(
    "outbox_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("message_id", ForeignKey("outbox.id"), nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("what", String(32), nullable=False),
    Column("detail", Text, nullable=False),
)

# ``rule`` is "due", or "snoozed:2021-03-05" for what is told again on the day that somebody chose.
reminders = Table(
    "reminders",
    metadata,
    # On PostgreSQL what is there already uses up a number each time it is written again.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("topic", String(24), nullable=False),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("indicator_id", Integer, nullable=False, index=True),
    Column("key", String(64), nullable=False),
    Column("due_on", Date, nullable=False),
    Column("step", Integer, nullable=False),
    Column("rule", String(24), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("role", String(16), nullable=False),
    Column("instead_of", Integer),
    Column("owed_on", Date, nullable=False),
    Column("message_id", ForeignKey("outbox.id")),
    Column("withdrawn_at", Instant),
    UniqueConstraint(
        "person_id",
        "topic",
        "indicator_id",
        "agency_id",
        "key",
        "due_on",
        "rule",
        "step",
        name="uq_reminders_once",
    ),
)
WAITING = and_(reminders.c.message_id.is_(None), reminders.c.withdrawn_at.is_(None))
Index("ix_reminders_waiting", reminders.c.person_id, reminders.c.owed_on, **only(WAITING))
Index("ix_reminders_message_id", reminders.c.message_id, **only(reminders.c.message_id.is_not(None)))

notices = Table(
    "notices",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("indicator_id", Integer, nullable=False, index=True),
    Column("seq", Integer, nullable=False),  # of the event in the indicator's journal
    Column("what", String(32), nullable=False),
    Column("message_id", ForeignKey("outbox.id")),
    UniqueConstraint("person_id", "indicator_id", "seq"),
)
UNSAID = notices.c.message_id.is_(None)
Index("ix_notices_waiting", notices.c.person_id, **only(UNSAID))
Index("ix_notices_message_id", notices.c.message_id, **only(notices.c.message_id.is_not(None)))

# What a person answered to a reminder; the latest answer on a subject stands.
quiets = Table(
    "quiets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("topic", String(24), nullable=False),
    Column("agency_id", ForeignKey("agencies.id"), nullable=False),
    Column("indicator_id", Integer, nullable=False),
    Column("key", String(64), nullable=False),
    Column("due_on", Date, nullable=False, index=True),
    Column("until_on", Date, nullable=False, index=True),
    Column("snoozed", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)

used_links = Table(
    "used_links",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("used_at", Instant, nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False),
    Column("action", String(24), nullable=False),
)

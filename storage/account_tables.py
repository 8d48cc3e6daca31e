"""The tables of signing in: passwords, second factors, sessions, links, and who came to the door."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from storage.naming import metadata
from storage.types import Instant

credentials = Table(
    "credentials",
    metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("password_hash", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

# A secret with which codes are made, of no use before a first code has proved it (``set_at``). ``last_step``
# is the step of the last code that was taken: none of it or of an earlier one is taken again.
second_factors = Table(
    "second_factors",
    metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("secret", String(64), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("set_at", Instant),
    Column("last_step", Integer, nullable=False),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("code_hash", String(64), primary_key=True),
    Column("used_at", Instant),
)

# Tokens are kept as their SHA-256: whoever reads the database cannot use them. While the code is due the
# session opens nothing but the page that asks for it.
sessions = Table(
    "sessions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("form_token", String(64), nullable=False),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("agency_id", ForeignKey("agencies.id")),  # the one chosen by who serves several
    Column("begun_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False, index=True),
    Column("kept", Boolean, nullable=False),
    Column("code_due", Boolean, nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
)

# The newest link of each kind with which a person may set a password, as its SHA-256; gone once it was used
# or a password was set in another way.
password_links = Table(
    "password_links",
    metadata,
    Column("person_id", ForeignKey("people.id"), primary_key=True, autoincrement=False),
    Column("kind", String(8), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
)

# Lines are only added; the line of an attempt is written before it is looked at, so that many at once count,
# and then says what came of it. ``subject`` is the SHA-256 of the address that was typed: what a stranger
# mistypes is nobody's business, and may be a password.
door_log = Table(
    "door_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("what", String(32), nullable=False),
    Column("person_id", ForeignKey("people.id"), index=True),
    Column("subject", String(64), nullable=False),
    Column("address", String(64), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_door_log_subject", "subject", "at"),
    Index("ix_door_log_address", "address", "at"),
)

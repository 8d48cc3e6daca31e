"""The tables of personal tokens, and of what was answered to programs that may ask twice."""

from sqlalchemy import Column, ForeignKey, Index, Integer, SmallInteger, String, Table, Text

from storage.naming import metadata
from storage.types import Instant

# Only the SHA-256 of a token is kept. ``window_at`` and ``asked`` count how often it asks, for all processes.
tokens = Table(
    "tokens",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("person_id", ForeignKey("people.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("scopes", String(64), nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("made_by", ForeignKey("people.id"), nullable=False),
    Column("ends_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    Column("window_at", Instant),
    Column("asked", Integer, nullable=False),
)

# The answer to a change, under the key that a program gave it: written in the transaction of the change.
# ``request_hash`` tells whether the same is asked under the same key.
replays = Table(
    "replays",
    metadata,
    Column("token_id", ForeignKey("tokens.id"), primary_key=True, autoincrement=False),
    Column("key", String(200), primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("ix_replays_at", "at"),
)

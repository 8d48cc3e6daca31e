"""The table of settings that were changed while the house ran."""

from sqlalchemy import Column, ForeignKey, Integer, String, Table, Text

from storage.naming import metadata
from storage.types import Instant

# Rows are only added: the newest of a key holds, and the newest of all tells whoever keeps the settings
# whether they still have them all. ``value`` is JSON; where it is null the configuration's own holds again.
setting_changes = Table(
    "setting_changes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(64), nullable=False),
    Column("value", Text),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", ForeignKey("people.id"), nullable=False),
)

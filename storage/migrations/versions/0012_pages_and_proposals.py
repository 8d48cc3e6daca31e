"""pages of the existing site as they were read, and the facts that texts propose."""

import sqlalchemy as sa
from alembic import op

from storage.types import Exact, Instant

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_PENDING = sa.text("state IN ('pending')")


def upgrade() -> None:
    op.create_table(
        "imported_pages",
        sa.Column("indicator_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("form", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("imported_at", Instant, nullable=False),
        sa.Column("imported_by", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("indicator_id", "number", name=op.f("pk_imported_pages")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_imported_pages_indicator_id_indicators")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "proposals",
        sa.Column("indicator_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("quarter", sa.SmallInteger, nullable=False),
        sa.Column("begins", sa.Integer, nullable=False),
        sa.Column("ends", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("standing", sa.String(16), nullable=False),
        sa.Column("milestone", sa.String(64)),
        sa.Column("kind", sa.String(64)),
        sa.Column("counts", sa.Boolean, nullable=False),
        sa.Column("occurred_on", sa.Date),
        sa.Column("first_on", sa.Date),
        sa.Column("last_on", sa.Date),
        sa.Column("document_number", sa.Text),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("value", Exact),
        sa.Column("confidence", sa.String(16), nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("page", sa.Integer),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("made_by", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("decided_by", sa.Integer),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("occurrence", sa.Integer),
        sa.PrimaryKeyConstraint("indicator_id", "number", name=op.f("pk_proposals")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_proposals_indicator_id_indicators")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_proposals_pending",
        "proposals",
        ["indicator_id", "number"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )

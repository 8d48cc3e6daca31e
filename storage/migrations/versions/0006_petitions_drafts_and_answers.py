"""petitions, drafts of reports, and what was answered to a return."""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_PENDING = sa.text("state IN ('pending')")


def upgrade() -> None:
    op.create_table(
        "petitions",
        sa.Column("indicator_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("milestone", sa.String(64), nullable=False),
        sa.Column("quarter", sa.SmallInteger, nullable=False),
        sa.Column("until", sa.Date, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("asked_at", Instant, nullable=False),
        sa.Column("asked_by", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("decided_by", sa.Integer),
        sa.Column("answer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("indicator_id", "number", name=op.f("pk_petitions")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_petitions_indicator_id_indicators")
        ),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_petitions_pending",
        "petitions",
        ["asked_at", "indicator_id"],
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    )
    op.create_table(
        "drafts",
        sa.Column("person_id", sa.Integer, nullable=False),
        sa.Column("indicator_id", sa.Integer, nullable=False),
        sa.Column("quarter", sa.SmallInteger, nullable=False),
        sa.Column("narrative", sa.Text, nullable=False),
        sa.Column("self_reported", sa.Text, nullable=False),
        sa.Column("saved_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("person_id", "indicator_id", "quarter", name=op.f("pk_drafts")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_drafts_person_id_people")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_drafts_indicator_id_indicators")
        ),
        sqlite_with_rowid=False,
    )
    op.add_column("reports", sa.Column("answer", sa.Text, nullable=False, server_default=""))

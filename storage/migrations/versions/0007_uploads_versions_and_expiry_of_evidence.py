"""uploads, and evidence that runs out or has newer versions."""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "uploads",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("media_type", sa.String(128)),
        sa.Column("created_at", Instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_uploads_person_id_people")),
        sqlite_with_rowid=False,
    )
    for column in ("person_id", "sha256", "created_at"):
        op.create_index(op.f(f"ix_uploads_{column}"), "uploads", [column])
    op.add_column("evidence", sa.Column("expires_on", sa.Date))
    op.add_column("evidence", sa.Column("replaces", sa.Integer))

"""settings changed while running."""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "setting_changes",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("value", sa.Text),
        sa.Column("changed_at", Instant, nullable=False),
        sa.Column("changed_by", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting_changes")),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["people.id"], name=op.f("fk_setting_changes_changed_by_people")
        ),
    )

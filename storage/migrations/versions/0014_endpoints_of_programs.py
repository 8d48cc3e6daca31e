"""endpoints of programs, and what they are told."""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_OF_PROGRAMS = sa.text("endpoint_id IS NOT NULL")
_PENDING = sa.text("state IN ('pending') AND endpoint_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "endpoints",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("secret", sa.String(64), nullable=False),
        sa.Column("events", sa.Text, nullable=False),
        sa.Column("agency_id", sa.Integer),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("added_at", Instant, nullable=False),
        sa.Column("added_by", sa.Integer, nullable=False),
        sa.Column("failing_since", Instant),
        sa.Column("not_before", Instant),
        sa.Column("answer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_endpoints")),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_endpoints_agency_id_agencies")),
        sa.ForeignKeyConstraint(["added_by"], ["people.id"], name=op.f("fk_endpoints_added_by_people")),
    )
    # In one statement: SQLite takes no constraint afterwards, and would build the whole queue anew.
    op.execute(
        "ALTER TABLE outbox ADD COLUMN endpoint_id INTEGER "
        "CONSTRAINT fk_outbox_endpoint_id_endpoints REFERENCES endpoints (id)"
    )
    for name, rows in (("endpoint", _OF_PROGRAMS), ("endpoint_pending", _PENDING)):
        op.create_index(
            f"ix_outbox_{name}", "outbox", ["endpoint_id", "id"], sqlite_where=rows, postgresql_where=rows
        )

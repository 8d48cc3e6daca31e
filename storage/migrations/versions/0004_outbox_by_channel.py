"""the outbox by channel, and what of it somebody has to look at."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_PENDING = sa.text("state IN ('pending')")
_TROUBLED = sa.text("state IN ('failed', 'uncertain', 'held')")


def upgrade() -> None:
    op.drop_index("ix_outbox_pending", "outbox")
    _index("ix_outbox_pending", ["channel", "not_before", "id"], _PENDING)
    _index("ix_outbox_troubled", ["id"], _TROUBLED)


def _index(name: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, "outbox", columns, sqlite_where=where, postgresql_where=where)

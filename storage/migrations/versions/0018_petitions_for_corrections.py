"""petitions for corrections."""

import sqlalchemy as sa
from alembic import op

from storage.types import Exact

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("occurrence", sa.Integer),
        sa.Column("fact_kind", sa.String(64)),
        sa.Column("value", Exact),
        sa.Column("document_number", sa.Text),
    ):
        op.add_column("petitions", column)

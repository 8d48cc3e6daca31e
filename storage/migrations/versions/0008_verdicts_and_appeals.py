"""verdicts on reports and appeals against them; what waits for evaluators has indexes."""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_PENDING, _ACHIEVED = (sa.text(f"state IN ('{state}')") for state in ("pending", "achieved"))
#: The scores that stand are the verdicts that are known of; of the sample is none of them.
_KNOWN = """
INSERT INTO verdicts (indicator_id, number, quarter, kind, given_at, given_by, quality, timeliness,
                      quality_reason, timeliness_reason, remark, drawn)
SELECT indicator_id, row_number() OVER (PARTITION BY indicator_id ORDER BY evaluated_at, quarter), quarter,
       'accepted', evaluated_at, evaluated_by, quality, timeliness, '', '', coalesce(remark, ''), false
FROM reports WHERE evaluated_at IS NOT NULL
"""


def upgrade() -> None:
    op.create_table(
        "verdicts",
        sa.Column("indicator_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("quarter", sa.SmallInteger, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("given_at", Instant, nullable=False),
        sa.Column("given_by", sa.Integer, nullable=False),
        sa.Column("quality", sa.SmallInteger),
        sa.Column("timeliness", sa.SmallInteger),
        sa.Column("met", sa.Text),
        sa.Column("proposed_quality", sa.SmallInteger),
        sa.Column("proposed_timeliness", sa.SmallInteger),
        sa.Column("quality_reason", sa.Text, nullable=False),
        sa.Column("timeliness_reason", sa.Text, nullable=False),
        sa.Column("remark", sa.Text, nullable=False),
        sa.Column("drawn", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("indicator_id", "number", name=op.f("pk_verdicts")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_verdicts_indicator_id_indicators")
        ),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "appeals",
        sa.Column("indicator_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("quarter", sa.SmallInteger, nullable=False),
        sa.Column("verdict", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("made_by", sa.Integer, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("decided_at", Instant),
        sa.Column("decided_by", sa.Integer),
        sa.Column("answer", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("indicator_id", "number", name=op.f("pk_appeals")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_appeals_indicator_id_indicators")
        ),
        sqlite_with_rowid=False,
    )
    drawn = sa.text("drawn = 1" if op.get_bind().dialect.name == "sqlite" else "drawn = true")
    for name, table, columns, where in (
        ("ix_verdicts_drawn", "verdicts", ["given_at", "indicator_id", "number"], drawn),
        ("ix_appeals_pending", "appeals", ["made_at", "indicator_id", "number"], _PENDING),
        ("ix_milestones_achieved", "milestones", ["since", "indicator_id", "key"], _ACHIEVED),
    ):
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
    op.execute(_KNOWN)

"""the index of levels holds all that a roll-up of the city asks: a million rows are counted from it."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_indicators_year_level", "indicators")
    op.create_index(
        "ix_indicators_year_level",
        "indicators",
        [
            "fiscal_year",
            "claimed_level",
            "life",
            "workflow_version_id",
            "target",
            "weight",
            "agency_id",
        ],
    )

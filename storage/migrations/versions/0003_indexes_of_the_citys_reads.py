"""indexes for what is read of the whole city: counts by level, and an agency's indicators by code."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_indicators_year_agency", "indicators")
    op.create_index("ix_indicators_year_agency_code", "indicators", ["fiscal_year", "agency_id", "code"])
    op.create_index("ix_indicators_year_level", "indicators", ["fiscal_year", "claimed_level"])

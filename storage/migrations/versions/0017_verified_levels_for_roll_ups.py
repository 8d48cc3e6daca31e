"""verified levels for roll-ups: a million of them are counted from an index as the claimed ones are."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_indicators_year_verified",
        "indicators",
        [
            "fiscal_year",
            "verified_level",
            "life",
            "workflow_version_id",
            "target",
            "weight",
            "agency_id",
        ],
    )

"""tokens of programs."""

import sqlalchemy as sa
from alembic import op

from storage.types import Instant

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tokens",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("person_id", sa.Integer, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("scopes", sa.String(64), nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("made_by", sa.Integer, nullable=False),
        sa.Column("ends_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
        sa.Column("revoked_at", Instant),
        sa.Column("window_at", Instant),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tokens_token_hash")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_tokens_person_id_people")),
        sa.ForeignKeyConstraint(["made_by"], ["people.id"], name=op.f("fk_tokens_made_by_people")),
    )
    op.create_index(op.f("ix_tokens_person_id"), "tokens", ["person_id"])
    op.create_table(
        "replays",
        sa.Column("token_id", sa.Integer, nullable=False),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("status", sa.SmallInteger, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("token_id", "key", name=op.f("pk_replays")),
        sa.ForeignKeyConstraint(["token_id"], ["tokens.id"], name=op.f("fk_replays_token_id_tokens")),
    )
    op.create_index("ix_replays_at", "replays", ["at"])

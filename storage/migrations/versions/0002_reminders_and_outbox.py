"""reminders and outbox.

What happened before the upgrade counts as told: nobody is mailed about old history.
"""

import secrets

import sqlalchemy as sa
from alembic import op

import storage.types

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _people()
    _outbox()
    _reminders()
    _told()
    _city()
    _due_indexes()


def _people() -> None:
    for column in (
        sa.Column("hour", sa.SmallInteger(), nullable=True),
        sa.Column("switched_off", sa.Text(), server_default="", nullable=False),
        sa.Column("line_id", sa.Text(), nullable=True),
        sa.Column("unreachable_at", storage.types.Instant(timezone=True), nullable=True),
        sa.Column("unreachable_why", sa.Text(), server_default="", nullable=False),
        sa.Column("calendar_hash", sa.String(length=64), nullable=True),
    ):
        op.add_column("people", column)
    op.create_index("ix_people_calendar_hash", "people", ["calendar_hash"], unique=True)
    op.create_table(
        "substitutions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("substitute_id", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("added_at", storage.types.Instant(timezone=True), nullable=False),
        sa.Column("withdrawn_at", storage.types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_substitutions_person_id_people")),
        sa.ForeignKeyConstraint(
            ["substitute_id"], ["people.id"], name=op.f("fk_substitutions_substitute_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitutions")),
    )
    op.create_index(op.f("ix_substitutions_person_id"), "substitutions", ["person_id"])


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("not_before", storage.types.Instant(timezone=True), nullable=False),
        sa.Column("created_at", storage.types.Instant(timezone=True), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.Float(), nullable=True),
        sa.Column("message_ref", sa.Text(), nullable=False),
        sa.Column("to_address", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("sent_at", storage.types.Instant(timezone=True), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_outbox_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(op.f("ix_outbox_person_id"), "outbox", ["person_id"])
    _partial_index("ix_outbox_pending", "outbox", ["not_before", "id"], "state IN ('pending')")
    _partial_index("ix_outbox_leased", "outbox", ["lease_until"], "state IN ('claimed', 'sending')")
    op.create_table(
        "outbox_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("at", storage.types.Instant(timezone=True), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.id"], name=op.f("fk_outbox_log_message_id_outbox")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_log")),
    )
    op.create_index(op.f("ix_outbox_log_message_id"), "outbox_log", ["message_id"])


def _reminders() -> None:
    op.create_table(
        "reminders",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("topic", sa.String(length=24), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=24), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("instead_of", sa.Integer(), nullable=True),
        sa.Column("owed_on", sa.Date(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", storage.types.Instant(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_reminders_agency_id_agencies")),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.id"], name=op.f("fk_reminders_message_id_outbox")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reminders_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "person_id",
            "topic",
            "indicator_id",
            "agency_id",
            "key",
            "due_on",
            "rule",
            "step",
            name="uq_reminders_once",
        ),
    )
    op.create_index(op.f("ix_reminders_indicator_id"), "reminders", ["indicator_id"])
    waiting = "message_id IS NULL AND withdrawn_at IS NULL"
    _partial_index("ix_reminders_waiting", "reminders", ["person_id", "owed_on"], waiting)
    _partial_index("ix_reminders_message_id", "reminders", ["message_id"], "message_id IS NOT NULL")
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.id"], name=op.f("fk_notices_message_id_outbox")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notices_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint(
            "person_id", "indicator_id", "seq", name=op.f("uq_notices_person_id_indicator_id_seq")
        ),
    )
    op.create_index(op.f("ix_notices_indicator_id"), "notices", ["indicator_id"])
    _partial_index("ix_notices_waiting", "notices", ["person_id"], "message_id IS NULL")
    _partial_index("ix_notices_message_id", "notices", ["message_id"], "message_id IS NOT NULL")
    op.create_table(
        "quiets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.String(length=24), nullable=False),
        sa.Column("agency_id", sa.Integer(), nullable=False),
        sa.Column("indicator_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("snoozed", sa.Boolean(), nullable=False),
        sa.Column("at", storage.types.Instant(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["agency_id"], ["agencies.id"], name=op.f("fk_quiets_agency_id_agencies")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_quiets_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quiets")),
    )
    op.create_index(op.f("ix_quiets_due_on"), "quiets", ["due_on"])
    op.create_index(op.f("ix_quiets_until_on"), "quiets", ["until_on"])
    op.create_table(
        "used_links",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("used_at", storage.types.Instant(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_used_links_person_id_people")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_used_links")),
    )


def _told() -> None:
    op.add_column("indicators", sa.Column("told_seq", sa.Integer(), server_default="0", nullable=False))
    op.execute("UPDATE indicators SET told_seq = journal_seq")
    _partial_index("ix_indicators_untold", "indicators", ["id"], "journal_seq > told_seq")


def _city() -> None:
    """The secret differs from city to city, so its column has no default and is filled before it must be."""
    op.add_column("city", sa.Column("told_seq", sa.Integer(), server_default="0", nullable=False))
    op.add_column("city", sa.Column("swept_on", sa.Date(), nullable=True))
    op.add_column("city", sa.Column("link_secret", sa.String(length=64), nullable=True))
    op.execute(
        sa.text("UPDATE city SET told_seq = journal_seq, link_secret = :secret").bindparams(
            secret=secrets.token_hex(32)
        )
    )
    # SQLite builds the table anew, and would forget the condition that it is not told of.
    one_row = sa.CheckConstraint("id = 1", name=op.f("ck_city_one_row"))
    with op.batch_alter_table("city", table_args=(one_row,)) as city:
        city.alter_column("link_secret", existing_type=sa.String(length=64), nullable=False)


def _due_indexes() -> None:
    """For each topic of reminders the index in which its due days stand in order."""
    for name, table, columns, rows in (
        (
            "ix_milestones_undone",
            "milestones",
            ["due_on", "indicator_id", "key", "state"],
            "state IN ('open', 'in_progress', 'blocked')",
        ),
        (
            "ix_milestones_postponed",
            "milestones",
            ["postponed_to", "indicator_id", "key", "state"],
            "state IN ('postponed')",
        ),
        (
            "ix_decisions_returned",
            "decisions",
            ["fix_by", "indicator_id", "number"],
            "ruling IN ('returned')",
        ),
        (
            "ix_reports_submitted",
            "reports",
            ["submitted_at", "indicator_id", "quarter"],
            "state IN ('submitted')",
        ),
        (
            "ix_reports_endorsed",
            "reports",
            ["endorsed_at", "indicator_id", "quarter"],
            "state IN ('endorsed')",
        ),
        (
            "ix_reports_to_mend",
            "reports",
            ["fix_by", "indicator_id", "quarter"],
            "state IN ('draft', 'returned') AND fix_by IS NOT NULL",
        ),
    ):
        _partial_index(name, table, columns, rows)
    planned = "planned = 1" if op.get_bind().dialect.name == "sqlite" else "planned"
    _partial_index(
        "ix_occurrences_planned",
        "occurrences",
        ["occurred_on", "indicator_id", "number"],
        f"{planned} AND voided_at IS NULL",
    )
    op.create_index("ix_extensions_until_on", "extensions", ["until_on", "agency_id", "quarter"])


def _partial_index(name: str, table: str, columns: list[str], rows: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(rows), postgresql_where=sa.text(rows))

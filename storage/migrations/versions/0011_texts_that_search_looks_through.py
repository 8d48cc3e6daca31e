"""the texts that search looks through, made from all that is there."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from storage import search_index
from storage.search_index import Kind

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _texts(table: str, *columns: str) -> sa.Select[Any]:
    """The texts of a table as it is at this revision, of the indicators of a year from one to another."""
    one, other = sa.table("indicators", sa.column("id"), sa.column("fiscal_year")), sa.table(table)
    return (
        sa.select(one.c.id, *(sa.literal_column(column) for column in columns))
        .join_from(one, other, sa.literal_column(f"{table}.indicator_id") == one.c.id)
        .where(one.c.fiscal_year == sa.bindparam("year"))
        .where(one.c.id.between(sa.bindparam("first"), sa.bindparam("last")))
    )


_SOURCES = {
    Kind.INDICATOR: _texts("indicator_details", "0", "code", "title_th", "title_en"),
    Kind.REPORT: _texts("reports", "quarter", "narrative"),
    Kind.EVIDENCE: _texts("evidence", "number", "file_name", "link"),
    Kind.FACT: _texts("occurrences", "number", "document_number", "note"),
}


def upgrade() -> None:
    op.create_table(
        "search_texts",
        sa.Column(
            "place", sa.BigInteger().with_variant(sa.Integer, "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("indicator_id", sa.Integer, nullable=False),
        sa.Column("kind", sa.SmallInteger, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("place", name=op.f("pk_search_texts")),
        sa.ForeignKeyConstraint(
            ["indicator_id"], ["indicators.id"], name=op.f("fk_search_texts_indicator_id_indicators")
        ),
    )
    search_index.make(op.get_bind(), _SOURCES)

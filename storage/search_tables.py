"""The table of what search looks through."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, SmallInteger, Table, Text

from storage.naming import metadata

# What search looks through: the folded text of whatever can be found (:mod:`storage.search_index`). The place
# is the number of the row on SQLite, where it must be called an INTEGER for that.
search_texts = Table(
    "search_texts",
    metadata,
    Column("place", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("indicator_id", ForeignKey("indicators.id"), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
)

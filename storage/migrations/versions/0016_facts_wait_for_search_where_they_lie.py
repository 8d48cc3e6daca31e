"""facts wait for search where they lie: the table in which short texts did is gone."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_INTO_THE_INDEX = "INSERT INTO search (rowid, text) VALUES (new.place, new.text);"
_OUT_OF_THE_INDEX = "INSERT INTO search (search, rowid, text) VALUES ('delete', old.place, old.text);"
_TRIGGERS = {
    "added AFTER INSERT": _INTO_THE_INDEX,
    "changed AFTER UPDATE OF text": _OUT_OF_THE_INDEX + _INTO_THE_INDEX,
    "removed AFTER DELETE": _OUT_OF_THE_INDEX,
}


def upgrade() -> None:
    if not sa.inspect(op.get_bind()).has_table("search_new"):
        return  # PostgreSQL never had it, and what is made today by revision 0011 has not either
    op.execute(
        "INSERT INTO search (rowid, text) SELECT n.place, s.text FROM search_new n "
        "JOIN search_texts s ON s.place = n.place ORDER BY n.place"
    )
    for trigger, body in _TRIGGERS.items():
        name = f"search_text_{trigger.partition(' ')[0]}"
        op.execute(f"DROP TRIGGER {name}")
        op.execute(f"CREATE TRIGGER search_text_{trigger} ON search_texts BEGIN {body} END")
    op.execute("DROP TABLE search_new")

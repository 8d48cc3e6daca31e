"""How the database answers a statement."""


def plan_of(connection, statement: str, parameters) -> str:
    """How the database answers it; on PostgreSQL as it does where tables are not as small as here."""
    if connection.dialect.name == "sqlite":
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return "\n".join(row.detail for row in rows)
    for way in ("seqscan", "bitmapscan", "sort", "incremental_sort", "hashagg"):
        connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    return "\n".join(connection.exec_driver_sql(f"EXPLAIN {statement}", parameters).scalars())

"""The index that makes a search key quick to look into. PostgreSQL only; other databases scan."""

from django.db.migrations.operations import RunPython


def index_search_key(table: str, column: str = "search_key") -> RunPython:
    """A migration operation that puts a trigram index on this column of the table."""
    name = f"{table}_{column.removesuffix('_key')}"

    def create(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            quote = schema_editor.quote_name
            schema_editor.execute(
                f"CREATE INDEX {quote(name)} ON {quote(table)} USING gin ({quote(column)} gin_trgm_ops)"
            )

    def drop(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"DROP INDEX IF EXISTS {schema_editor.quote_name(name)}")

    return RunPython(create, drop)

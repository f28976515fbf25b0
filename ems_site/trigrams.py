"""The indexes that make a search key quick to look into: of trigrams, in either database.

PostgreSQL has an index of its own for that. In SQLite a full-text table stands beside the searched one,
kept true by triggers. They go with the searched table when a migration makes it anew, as Django does there
to change a column: such a migration ends with full_text() once more.
"""

from django.db.migrations.operations import RunPython

EVENTS = {
    "added": ("INSERT", "", False, True),
    "removed": ("DELETE", "", True, False),
    "changed": ("UPDATE", " OF {column}", True, True),
}


def index_search_key(table: str, column: str = "search_key") -> RunPython:
    """A migration operation that puts a trigram index on this column of the table; PostgreSQL only."""
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


def full_text_table(table: str, column: str) -> str:
    return f"{table}_{column}_trigrams"


def full_text(table: str, column: str = "search_key") -> RunPython:
    """A migration operation that makes, or makes anew, the full-text table of this column; SQLite only."""

    def create(apps, schema_editor):
        if schema_editor.connection.vendor == "sqlite":
            drop(apps, schema_editor)
            for statement in _creation(schema_editor.quote_name, table, column):
                schema_editor.execute(statement)

    def drop(apps, schema_editor):
        if schema_editor.connection.vendor == "sqlite":
            quote, name = schema_editor.quote_name, full_text_table(table, column)
            for event in EVENTS:
                schema_editor.execute(f"DROP TRIGGER IF EXISTS {quote(f'{name}_{event}')}")
            schema_editor.execute(f"DROP TABLE IF EXISTS {quote(name)}")

    return RunPython(create, drop)


def _creation(quote, table, column):
    name = full_text_table(table, column)
    found, text = quote(name), quote(column)
    yield (
        f"CREATE VIRTUAL TABLE {found} USING fts5({text}, content={quote(table)}, "
        "content_rowid='id', tokenize='trigram case_sensitive 1')"
    )
    into = f"INSERT INTO {found}"
    remove = f"{into}({found}, rowid, {text}) VALUES ('delete', old.id, old.{text});"
    add = f"{into}(rowid, {text}) VALUES (new.id, new.{text});"
    for event, (verb, of, is_removed, is_added) in EVENTS.items():
        body = (remove if is_removed else "") + (add if is_added else "")
        yield (
            f"CREATE TRIGGER {quote(f'{name}_{event}')} AFTER {verb}{of.format(column=text)} "
            f"ON {quote(table)} BEGIN {body} END"
        )
    yield f"{into}({found}) VALUES ('rebuild')"

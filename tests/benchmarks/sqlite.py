"""Fills tables without their indexes and triggers, which are made again afterwards."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

MADE = """
    SELECT type, name, sql FROM sqlite_master
    WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name IN ({})
"""
FULL_TEXT = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL TABLE %fts5%'"


@contextmanager
def bare_tables(tables: Sequence[str]) -> Iterator[None]:
    """The tables without indexes and triggers, which they have again, the same, when the block ends.

    Full-text tables, which the triggers keep true, are built anew.
    """
    with connection.cursor() as cursor:
        cursor.execute(MADE.format(", ".join(["%s"] * len(tables))), tables)
        made = cursor.fetchall()
        synchronous = cursor.execute("PRAGMA synchronous").fetchone()[0]
        cursor.execute("PRAGMA synchronous = OFF")
        for kind, name, _ in made:
            cursor.execute(f'DROP {kind.upper()} "{name}"')
        yield
        for _, _, statement in made:
            cursor.execute(statement)
        for (name,) in cursor.execute(FULL_TEXT).fetchall():
            cursor.execute(f'INSERT INTO "{name}"("{name}") VALUES (\'rebuild\')')
        cursor.execute(f"PRAGMA synchronous = {synchronous}")


def insert(table: str, columns: list[str], rows: list[tuple]) -> None:
    names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', rows)

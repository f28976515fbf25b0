"""Fills tables by COPY, without their indexes and constraints, which are made again afterwards."""

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache

import psycopg

from tests.benchmarks.workers import cores

INDEXES = (
    "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema AND tablename = ANY(%s)"
)
# Whether columns may be empty stays as it is: that costs nothing.
CONSTRAINTS = """
    SELECT contype, quote_ident(conname), conrelid::regclass::text, pg_get_constraintdef(oid),
           conindid::regclass::text, condeferrable, condeferred
    FROM pg_constraint
    WHERE contype IN ('p', 'u', 'c', 'f')
    AND (conrelid = ANY(%s::regclass[]) OR confrelid = ANY(%s::regclass[]))
"""
MEMORY = "SET maintenance_work_mem = '512MB'"


@contextmanager
def bare_tables(tables: Sequence[str]) -> Iterator[None]:
    """The tables without indexes and constraints, which they have again, the same, when the block ends."""
    with _connect() as connection:
        constraints = connection.execute(CONSTRAINTS, [list(tables), list(tables)]).fetchall()
        indexes = dict(connection.execute(INDEXES, [list(tables)]).fetchall())
        # Keys that others refer to go last.
        for _, name, table, *_ in sorted(constraints, key=lambda row: row[0] != "f"):
            connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name in indexes:
            connection.execute(f'DROP INDEX IF EXISTS "{name}"')
    yield
    # The long ones first, so that no core waits for the other.
    _side_by_side(sorted(indexes.values(), key=lambda statement: " gin " not in statement))
    keys = [row for row in constraints if row[0] in "pu"]
    _one_by_one(_with_index(*row) for row in keys)
    for kind in "cf":
        _one_by_one(
            f"ALTER TABLE {row[2]} ADD CONSTRAINT {row[1]} {row[3]}" for row in constraints if row[0] == kind
        )


def copy(tables: Iterable[tuple[str, list[str], Iterable[list]]]) -> None:
    """Appends the rows to the tables, given by name and columns."""
    with _kept().transaction(), _kept().cursor() as cursor:
        for table, columns, rows in tables:
            names = ", ".join(f'"{column}"' for column in columns)
            with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as target:
                target.write("".join(map(_line, rows)))


def vacuum(tables: Iterable[str]) -> None:
    """Statistics, and which rows everybody may see, as autovacuum leaves them in production."""
    _side_by_side(f'VACUUM (ANALYZE) "{table}"' for table in tables)


def _with_index(kind, name, table, definition, index, is_deferrable, is_deferred):
    made = "PRIMARY KEY" if kind == "p" else "UNIQUE"
    when = (" DEFERRABLE" if is_deferrable else "") + (" INITIALLY DEFERRED" if is_deferred else "")
    return f"ALTER TABLE {table} ADD CONSTRAINT {name} {made} USING INDEX {index}{when}"


def _line(values):
    written = [
        _escaped(value) if type(value) is str else "\\N" if value is None else str(value) for value in values
    ]
    return "\t".join(written) + "\n"


def _escaped(text):
    if "\\" in text:
        text = text.replace("\\", "\\\\")
    if "\n" in text:
        text = text.replace("\n", "\\n")
    return text.replace("\t", "\\t") if "\t" in text else text


def _connect():
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@cache
def _kept():
    """The connection of this process."""
    return _connect()


def _one_by_one(statements):
    with _connect() as connection:
        connection.execute(MEMORY)
        for statement in statements:
            connection.execute(statement)


def _side_by_side(statements):
    with ThreadPoolExecutor(cores()) as threads:
        for done in [threads.submit(_one_by_one, [statement]) for statement in statements]:
            done.result()

"""Fills the empty database that Django is set up for with a data set of so many customers."""

import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache

from django.core.management.color import no_style
from django.db import connection, transaction

from tests.benchmarks import postgresql, sqlite, workers
from tests.benchmarks.chunks import CUSTOMERS, MODELS, Chunk
from tests.benchmarks.records import Columns

TABLES = [model._meta.db_table for model in MODELS]


def fill(customers: int, seed: int, say: Callable[[str], None]) -> None:
    """Rows first, with neither index nor constraint in the way, then these. Says how long each took."""
    stopwatch = Stopwatch(say)
    calls = [(seed, number, size) for number, size in enumerate(sizes(customers))]
    if connection.vendor == "postgresql":
        with postgresql.bare_tables(TABLES):
            _watch(workers.each(_copy, calls), len(calls), say)
            stopwatch.tell("rows")
        stopwatch.tell("indexes and constraints")
        postgresql.vacuum(TABLES)
        stopwatch.tell("statistics")
    else:
        with sqlite.bare_tables(TABLES):
            _watch(_inserted(workers.each(_rows, calls)), len(calls), say)
            stopwatch.tell("rows")
        stopwatch.tell("indexes and full-text tables")
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), MODELS):
            cursor.execute(statement)


def sizes(customers: int) -> list[int]:
    """How many customers are in each chunk."""
    full, rest = divmod(customers, CUSTOMERS)
    return [CUSTOMERS] * full + [rest] * bool(rest)


class Stopwatch:
    def __init__(self, say: Callable[[str], None]) -> None:
        self.say, self.started = say, time.monotonic()

    def tell(self, what: str) -> None:
        now = time.monotonic()
        self.say(f"  {what}: {now - self.started:.0f} s")
        self.started = now


def _watch(results: Iterable, count: int, say) -> None:
    for done, _ in enumerate(results, 1):
        if done * 10 // count > (done - 1) * 10 // count and count >= 100:
            say(f"  {done * 100 // count} %")


@cache
def _columns():
    return [(model, Columns(model)) for model in MODELS]


def _copy(seed, number, size):
    chunk = Chunk(seed, number, size)
    tables = [
        (columns.table, columns.names, map(columns.values, chunk.records[model]))
        for model, columns in _columns()
    ]
    postgresql.copy(tables)


def _rows(seed, number, size):
    """As SQLite keeps them."""
    chunk, found = Chunk(seed, number, size), []
    for model, columns in _columns():
        prepare = [field.get_db_prep_save for field in columns.fields]
        found.append(
            [
                tuple(
                    one(value, connection) for one, value in zip(prepare, columns.values(record), strict=True)
                )
                for record in chunk.records[model]
            ]
        )
    return found


def _inserted(chunks: Iterable[list]) -> Iterator[None]:
    for chunk in chunks:
        with transaction.atomic():
            for (_, columns), rows in zip(_columns(), chunk, strict=True):
                sqlite.insert(columns.table, columns.names, rows)
        yield

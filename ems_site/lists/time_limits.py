"""Queries that a stranger can ask for end by themselves after a while."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, transaction

LIST_SECONDS = 3
STEPS_BETWEEN_LOOKS = 10_000


class TooSlow(Exception):
    """A query was ended because it took too long."""


@contextmanager
def time_limit(seconds: float = LIST_SECONDS) -> Iterator[None]:
    """Ends a query within the block that takes longer than this, and begins none after so long.

    Raises TooSlow; whatever comes after the block is unharmed. In PostgreSQL tables are not read as a whole
    within the block where an index will do, whatever the planner expects of it.
    """
    guard = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    try:
        with guard(seconds):
            yield
    except OperationalError as error:
        if was_ended(error):
            raise TooSlow from error
        raise


def was_ended(error: OperationalError) -> bool:
    """By a time limit, and not by what else ends queries."""
    return type(error.__cause__).__name__ == "QueryCanceled" or "interrupted" in str(error)


@contextmanager
def _on_postgresql(seconds):
    # Beyond a transaction it would stick to the connection, which others use next.
    is_inner = connection.in_atomic_block
    until = time.monotonic() + seconds

    def begin(send, sql, params, many, context):
        if time.monotonic() > until:
            raise TooSlow
        return send(sql, params, many, context)

    with transaction.atomic():
        _set(int(seconds * 1000), "off")
        with connection.execute_wrapper(begin):
            yield
        if is_inner:
            _set(0, "on")


def _set(milliseconds: int, seqscan: str):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('statement_timeout', %s, true), set_config('enable_seqscan', %s, true)",
            [str(milliseconds), seqscan],
        )


@contextmanager
def _on_sqlite(seconds):
    connection.ensure_connection()
    until = time.monotonic() + seconds
    handle = connection.connection.set_progress_handler
    handle(lambda: time.monotonic() > until, STEPS_BETWEEN_LOOKS)
    try:
        yield
    finally:
        handle(None, 0)

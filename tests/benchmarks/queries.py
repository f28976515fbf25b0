"""The statements that something sends to the database, and how long they take by themselves."""

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import OperationalError, connection, transaction

from ems_site.lists.time_limits import was_ended

Statement = tuple[str, Any]
LIMIT = 10.0


def sent_by(call: Callable[[], object]) -> list[Statement]:
    """What it reads from the database, with its settings."""
    statements: list[Statement] = []

    def note(execute, sql, params, many, context):
        if sql.startswith(("SELECT", "WITH")):
            statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        call()
    return statements


def without(statements: Iterable[Statement], others: Iterable[Statement]) -> list[Statement]:
    """Those whose text is not among the others."""
    known = {sql for sql, _ in others}
    return [(sql, params) for sql, params in statements if sql not in known]


def again(statements: Iterable[Statement]) -> None:
    """Sends them once more and fetches all rows. Settings hold until the end, as in a list's transaction."""
    with (
        transaction.atomic() if connection.vendor == "postgresql" else nullcontext(),
        connection.cursor() as cursor,
    ):
        for sql, params in statements:
            cursor.execute(sql, params)
            cursor.fetchall()


def vendor() -> str:
    return connection.vendor


class TookTooLong(Exception):
    """It was ended."""


@contextmanager
def limit(seconds: float = LIMIT) -> Iterator[None]:
    """Ends statements within the block that take longer. Raises TookTooLong."""
    guard = _on_postgresql if connection.vendor == "postgresql" else _on_sqlite
    try:
        with guard(seconds):
            yield
    except OperationalError as error:
        if was_ended(error):
            raise TookTooLong from error
        raise


@contextmanager
def _on_postgresql(seconds):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, false)", [str(int(seconds * 1000))])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', '0', false)")


@contextmanager
def _on_sqlite(seconds):
    connection.ensure_connection()
    timer = threading.Timer(seconds, connection.connection.interrupt)
    timer.start()
    try:
        yield
    finally:
        timer.cancel()

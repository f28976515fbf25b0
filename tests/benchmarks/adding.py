"""Adding a customer: what the product's action costs on top of the bare row."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import connection

from customers import actions
from customers.models import Customer
from tests.benchmarks.chunks import CUSTOMERS, Chunk
from tests.benchmarks.figures import Figure, at_most
from tests.benchmarks.records import Columns, Record
from tests.benchmarks.timing import Times, once

RUNS, PROMISE, WARM = 200, 3, 20


def figures(by: Any, rows: int, seed: int) -> Iterator[Figure]:
    """By the action, by the model alone, and as a bare row, in turn."""
    taken: dict[str, list[float]] = {"action": [], "model": [], "bare": []}
    records = iter(Chunk(seed, rows // CUSTOMERS + 1, len(taken) * (RUNS + WARM)).customers)
    for _ in range(RUNS + WARM):
        taken["action"].append(once(partial(actions.save, _customer(next(records)), by=by)))
        taken["model"].append(once(_customer(next(records)).save))
        taken["bare"].append(once(_insert(next(records))))
    times = {name: Times.of(found[WARM:]) for name, found in taken.items()}
    yield at_most("Add one customer", times["action"], "bare INSERT of such a row", times["bare"], PROMISE)
    yield at_most("Add one customer", times["action"], "saving the model alone", times["model"])


def _customer(record: Record) -> Customer:
    return Customer(**{name: getattr(record, name) for name in Customer.ATTRIBUTES})


def _insert(record):
    columns = Columns(Customer)
    record.contacts.clear()
    values = [
        field.get_db_prep_save(value, connection)
        for field, value in zip(columns.fields, columns.values(record), strict=True)
    ]
    names = ", ".join(connection.ops.quote_name(name) for name in columns.names[1:])
    marks = ", ".join(["%s"] * (len(values) - 1))
    sql = f"INSERT INTO {columns.table} ({names}) VALUES ({marks})"

    def insert():
        with connection.cursor() as cursor:
            cursor.execute(sql, values[1:])

    return insert

"""A database of its own for each run, gone afterwards. Whatever DATABASE_URL names is left alone."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg


@contextmanager
def of_its_own(server: str) -> Iterator[str]:
    """The URL of a new, empty database on this PostgreSQL server."""
    name = f"ems_bench_{secrets.token_hex(4)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlsplit(server)._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@contextmanager
def in_a_file() -> Iterator[str]:
    """The URL of a new SQLite database."""
    with tempfile.TemporaryDirectory(prefix="ems-bench-") as folder:
        yield f"sqlite:///{Path(folder) / 'bench.sqlite3'}"

"""What the figures were measured on; nothing that names the machine."""

import platform
import re
from pathlib import Path

import django
from django.db import connection

from tests.benchmarks.workers import cores, memory


def told() -> dict[str, str]:
    return {
        "Processor": f"{cores()} cores of {_processor()}",
        "Memory": f"{memory() / 2**30:.0f} GB",
        "Database": _database(),
        "Python": f"{platform.python_version()}, Django {django.get_version()}",
    }


def _processor():
    try:
        found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def _database():
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]}"
        cursor.execute("SELECT split_part(current_setting('server_version'), ' ', 1)")
        (version,) = cursor.fetchone()
        cursor.execute("SHOW shared_buffers")
        return f"PostgreSQL {version} with {cursor.fetchone()[0]} of buffers"

"""What the figures were measured on; nothing that names the machine."""

import os
import platform
import re
from pathlib import Path

import django
from django.db import connection

from tests.benchmarks.workers import cores


def told() -> dict[str, str]:
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "Processor": f"{cores()} cores of {_processor()}",
        "Memory": f"{pages * size / 2**30:.0f} GB",
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
    question = "SHOW server_version" if connection.vendor == "postgresql" else "SELECT sqlite_version()"
    with connection.cursor() as cursor:
        cursor.execute(question)
        version = cursor.fetchone()[0].split()[0]
    return f"{'PostgreSQL' if connection.vendor == 'postgresql' else 'SQLite'} {version}"

"""The table of promises, for people in a terminal and for docs/performance.md."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.figures import Figure

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "performance.md"
HEAD = ("What", "Median / p95", "Beside", "Median / p95", "Measured", "Promise", "Result")
NAMES = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}


def table(found: dict[str, Any]) -> str:
    rows = [HEAD, *_rows(found)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD) - 1)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[-1]])
        for row in rows
    ]
    head = f"{NAMES[found['vendor']]}, {found['customers']:,} customers"
    slowest = ["", "The slowest searches:", *(f"  {line}" for line in found["slowest"])]
    return "\n".join(["", head, "", lines[0], "-" * sum(widths), *lines[1:], *slowest, "", *machine(found)])


def machine(found: dict[str, Any]) -> list[str]:
    return [f"{name}: {value}" for name, value in found["machine"].items()]


def renew(found: dict[str, Any], document: Path = DOCUMENT) -> None:
    """Puts the table between the marks of its database."""
    vendor = found["vendor"]
    marks = f"<!-- {vendor} -->\n", f"<!-- end of {vendor} -->"
    text = document.read_text("utf-8")
    found_marks = re.compile(f"{re.escape(marks[0])}.*?{re.escape(marks[1])}", re.DOTALL)
    assert found_marks.search(text), f"{document} has no marks for {vendor}."
    renewed = found_marks.sub(lambda _: marks[0] + _markdown(found) + marks[1], text)
    document.write_text(renewed, "utf-8")


def _markdown(found):
    today = datetime.now(UTC).date().isoformat()
    head = f"{NAMES[found['vendor']]}, {found['customers']:,} customers, on {today}."
    lines = [
        f"{head} {'. '.join(machine(found))}.",
        "",
        _line(HEAD),
        "|" + "---|" * len(HEAD),
        *map(_line, _rows(found)),
        "",
        "The slowest searches:",
        *(f"- {line}" for line in found["slowest"]),
    ]
    return "\n".join(lines) + "\n"


def _line(row):
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"


def _rows(found):
    for figure in map(Figure.read, found["figures"]):
        times, others = str(figure.times or ""), str(figure.others or "")
        yield (
            figure.what,
            times,
            figure.beside,
            others,
            figure.measured(),
            figure.promised(),
            figure.verdict(),
        )

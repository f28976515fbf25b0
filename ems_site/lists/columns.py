"""The columns of a list, of which each person chooses some, in their order."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

SEPARATOR = ","


@dataclass(frozen=True)
class Column:
    """`text` is what a person reads in a row's cell; `right` is needed to see it at all."""

    name: str
    title: str
    text: Callable[[Any], str]
    right: str = ""


def by_name(*columns: Column) -> dict[str, Column]:
    return {column.name: column for column in columns}


def chosen(
    text: str, visible: dict[str, Column], default: tuple[str, ...], leading: str
) -> tuple[list[Column], list[str]]:
    """The columns that an address names, in its order, and those it names that are not there.

    The leading one takes people to the record, so it is always among them.
    """
    names = list(dict.fromkeys(name for name in text.split(SEPARATOR)[:100] if name))
    known = [name for name in names if name in visible] or [name for name in default if name in visible]
    if leading not in known:
        known.insert(0, leading)
    return [visible[name] for name in known], [name for name in names if name not in visible]


def time_text(instant: datetime | None) -> str:
    """Of UTC, to the minute. Written out: formatting by locale takes twenty times as long."""
    return f"{instant:%Y-%m-%d %H:%M}" if instant else ""

"""What narrows a list beside the search: days, and whatever a list adds of its own."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.db.models import Q

from ems_site import days

DAYS = {
    "created_from": ("created", "gte", "Created from"),
    "created_to": ("created", "lt", "Created to"),
    "changed_from": ("changed", "gte", "Changed from"),
    "changed_to": ("changed", "lt", "Changed to"),
}


@dataclass
class Filter:
    """What narrows a list: `name` and `value` in its address, `label` and `shown` to people."""

    name: str
    label: str
    value: str
    shown: str


def on_days(name: str, day: date) -> Q:
    """Created or changed from this day on, or up to it; days are those of UTC."""
    column, lookup, _ = DAYS[name]
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return Q(**{f"{column}__{lookup}": start + timedelta(days=1) if lookup == "lt" else start})


def day_filter(name: str, day: date) -> Filter:
    return Filter(name, DAYS[name][2], day.isoformat(), f"{days.day(day)} (UTC)")


def read_day(text: str) -> date:
    """Raises ValueError with a sentence for people."""
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        raise ValueError("Enter a date such as 2026-06-30.")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"There is no {text} in the calendar.") from None
    if not 1900 <= day.year <= 9998:
        raise ValueError("Enter a date from 1900 to 9998.")
    return day

"""Days and times of day as people read them. The same few days stand in many cells of a list."""

from datetime import date, datetime
from functools import lru_cache

from django.utils.formats import date_format
from django.utils.translation import get_language


def day(at: date | None) -> str:
    """`3 Jan 2026` in the person's language; empty for None. A datetime's day is that of its own zone."""
    return _day(get_language(), at.year, at.month, at.day) if at else ""


def minute(at: datetime) -> str:
    """`3 Jan 2026, 14:05` in its own zone."""
    return f"{day(at)}, {at:%H:%M}"


@lru_cache(maxsize=4096)
def _day(_language, year, month, of_month):
    return date_format(date(year, month, of_month), "j M Y")

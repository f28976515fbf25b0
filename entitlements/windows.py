"""License windows: what calendar dates in a time zone are as instants. Pure, without Django.

The rule stands in docs/domain.md: from the first instant of the start date to the first instant of the
day after the end date, both in the zone.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

# Everything between can be shown in every zone without leaving the calendar.
EARLIEST, LATEST = date(1900, 1, 1), date(9998, 12, 31)
DAY = timedelta(days=1)


def license_window(start: date, end: date | None, time_zone: str) -> tuple[datetime, datetime | None]:
    """The half-open window from `start` to the whole of `end` (None: never expires) in this zone.

    Both instants are aware and in UTC; the second is the first at which the license is not valid any
    more, None where it never expires. Raises ValueError with a sentence for people.
    """
    zone = _zone(time_zone)
    for day in (start, end):
        if day is not None and not EARLIEST <= day <= LATEST:
            raise ValueError(f"Choose dates from {spelled(EARLIEST)} to {spelled(LATEST)}.")
    if end is not None and end < start:
        raise ValueError("The end date is before the start date.")
    starts = _start_of_day(start, zone)
    if starts.astimezone(zone).date() != start:
        raise ValueError(f"{spelled(start)} did not exist in {time_zone}: the calendar skipped it.")
    return starts, None if end is None else _start_of_day(end + DAY, zone)


def day_window(day: date, time_zone: str) -> tuple[datetime, datetime]:
    """The whole of this day in this zone. Raises ValueError like license_window."""
    starts, until = license_window(day, day, time_zone)
    assert until is not None  # noqa: S101
    return starts, until


def local_date(instant: datetime, time_zone: str) -> date:
    """Which day it is in this zone at this instant."""
    return instant.astimezone(_zone(time_zone)).date()


def spelled(day: date) -> str:
    """`1 January 2026`, whatever the language of the person."""
    return f"{day.day} {day:%B} {day.year}"


@lru_cache(maxsize=1024)
def _zone(time_zone):
    try:
        return ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"“{time_zone}” is not a time zone.") from None


def _start_of_day(day, zone):
    """The first instant on this day or, where the calendar skips it, on the next."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    starts = midnight.astimezone(UTC)
    if starts.astimezone(zone).replace(tzinfo=None) == midnight.replace(tzinfo=None):
        return starts
    # The clock skips midnight, in the night between these two: look for the instant at which it does.
    before, after = midnight.replace(fold=1).astimezone(UTC), starts
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) // 2
        middle = middle.replace(microsecond=0)
        if middle.astimezone(zone).date() < day:
            before = middle
        else:
            after = middle
    return after

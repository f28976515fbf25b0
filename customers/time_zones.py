"""The time zones on offer, taken from the pinned tzdata package and never from the machine."""

from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from importlib.resources import files
from itertools import groupby
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError

NOT_A_PLACE = {"Factory", "localtime", "posixrules"}


@cache
def canonical_names() -> tuple[str, ...]:
    """UTC, then the places of zone.tab in alphabetical order."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text("utf-8")
    rows = (line.split("\t") for line in table.splitlines() if not line.startswith("#"))
    return "UTC", *sorted(row[2] for row in rows)


@cache
def known_names() -> frozenset[str]:
    """The canonical names and the old aliases, which are accepted from outside."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - NOT_A_PLACE


def validate_time_zone(name: str) -> None:
    if name not in known_names():
        raise ValidationError("Choose a time zone from the list.", code="unknown_time_zone")


def utc_offset(name: str, at: datetime | None = None) -> str:
    """`UTC+01:00`, in force at this instant (now by default)."""
    return _offset(name, (at or datetime.now(UTC)).replace(second=0, microsecond=0))


@lru_cache(maxsize=2048)
def _offset(name, minute):
    offset = minute.astimezone(ZoneInfo(name)).utcoffset() or timedelta()
    sign = "-" if offset < timedelta() else "+"
    hours, minutes = divmod(abs(offset) // timedelta(minutes=1), 60)
    return f"UTC{sign}{hours:02}:{minutes:02}"


def label(name: str, at: datetime | None = None) -> str:
    """`(UTC+01:00) Europe/Berlin`, with the offset in force at this instant (now by default)."""
    return f"({utc_offset(name, at)}) {name}"


def label_now(name: str) -> str:
    """`UTC+01:00, now 15:42`."""
    return f"{utc_offset(name)}, now {datetime.now(ZoneInfo(name)):%H:%M}"


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Names and labels in groups by region, with today's offsets."""
    return _choices_on(datetime.now(UTC).date())


@lru_cache(maxsize=2)
def _choices_on(day: date):
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    regions = groupby(canonical_names(), key=lambda name: name.partition("/")[0])
    return [(region, [(name, label(name, noon)) for name in names]) for region, names in regions]

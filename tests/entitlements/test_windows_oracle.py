"""License windows against an oracle that is not ours: PostgreSQL's AT TIME ZONE with its own time zones."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from customers.time_zones import canonical_names
from entitlements.windows import day_window

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="The oracle is PostgreSQL."),
]

DAY = timedelta(days=1)
FIRST, LAST = date(1990, 1, 1), date(2040, 12, 31)
ORDINARY_DAYS = 40
# Of some four hundred: with more, the two databases would be years apart and the test would say little.
MOST_LEFT_OUT = 20


@dataclass
class Sample:
    zone: str
    day: date
    starts: datetime
    until: datetime


def days_to_try(zone):
    """Every day on which the offset changes, its neighbours, and some ordinary days."""
    random, rules = Random(zone), ZoneInfo(zone)
    days, tried = (LAST - FIRST).days, set()
    noons = [datetime(FIRST.year, FIRST.month, FIRST.day, 12) + DAY * n for n in range(days + 1)]  # noqa: DTZ001
    offsets = [rules.utcoffset(noon) for noon in noons]
    for place in range(1, len(noons)):
        if offsets[place] != offsets[place - 1]:
            tried |= {noons[near].date() for near in (place - 1, place) if near < len(noons)}
    return sorted(tried | {FIRST + DAY * random.randrange(days) for _ in range(ORDINARY_DAYS)})


def samples():
    """Windows of all zones; days that were skipped have none."""
    for zone in canonical_names():
        for day in days_to_try(zone):
            try:
                yield Sample(zone, day, *day_window(day, zone))
            except ValueError:
                assert (zone, day) in MISSING


MISSING = {
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Fakaofo", date(2011, 12, 30)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("Pacific/Kiritimati", date(1994, 12, 31)),
    ("Pacific/Kanton", date(1994, 12, 31)),
}


def asked(sql, *columns):
    """What PostgreSQL answers for rows made of these arrays, in their order."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        cursor.execute(sql, columns)
        return cursor.fetchall()


def zones_that_differ(tried):
    """Zones for which PostgreSQL's clock shows another time than ours at an instant of these windows, or
    which it does not know: its time zone database is of another version than the tzdata package."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM pg_timezone_names")
        known = {name for (name,) in cursor.fetchall()}
    unknown = {sample.zone for sample in tried} - known
    rows = [sample for sample in tried if sample.zone in known]
    instants = [(row.zone, at) for row in rows for at in (row.starts, row.until - timedelta(seconds=1))]
    shown = asked(
        "SELECT at AT TIME ZONE zone FROM unnest(%s::text[], %s::timestamptz[]) WITH ORDINALITY"
        " AS t(zone, at, n) ORDER BY n",
        [zone for zone, _ in instants],
        [at for _, at in instants],
    )
    ours = [at.astimezone(ZoneInfo(zone)).replace(tzinfo=None) for zone, at in instants]
    return unknown | {
        zone for (zone, _), mine, (theirs,) in zip(instants, ours, shown, strict=True) if mine != theirs
    }


def overlap_at(instant, zone):
    """By how much the clock is put back at or soon after this instant, if its local time comes twice."""
    local = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    first, second = (local.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    return second.astimezone(UTC) - first.astimezone(UTC)


def test_windows_are_what_postgresql_says(capsys):
    tried = list(samples())
    left_out = zones_that_differ(tried)
    with capsys.disabled():
        print(f"\nLeft out, PostgreSQL's time zones differ: {', '.join(sorted(left_out)) or 'none'}")
    assert len(left_out) <= MOST_LEFT_OUT, left_out
    rows = [sample for sample in tried if sample.zone not in left_out]
    answers = asked(
        "SELECT day::timestamp AT TIME ZONE zone, (day + 1)::timestamp AT TIME ZONE zone"
        " FROM unnest(%s::text[], %s::date[]) WITH ORDINALITY AS t(zone, day, n) ORDER BY n",
        [row.zone for row in rows],
        [row.day for row in rows],
    )
    twice = 0
    for row, (starts, until) in zip(rows, answers, strict=True):
        for ours, theirs in ((row.starts, starts), (row.until, until)):
            if ours == theirs:
                continue
            # Midnight happens twice: PostgreSQL takes the second, we the first.
            twice += 1
            assert theirs - ours == overlap_at(ours, row.zone) > timedelta(0), row
            local = ours.astimezone(ZoneInfo(row.zone))
            assert (local.hour, local.minute) == (0, 0), row
            just_before = (ours - timedelta(microseconds=1)).astimezone(ZoneInfo(row.zone))
            assert just_before.date() == local.date() - DAY, row
    assert len(rows) > 20_000
    assert twice > 100

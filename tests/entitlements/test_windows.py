"""License windows: the rule on days of every kind, and what can be said of all days."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customers.time_zones import canonical_names
from entitlements.windows import EARLIEST, LATEST, day_window, license_window, local_date

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
ZONES = st.sampled_from(canonical_names())
DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))
# In which zones whole days were skipped from 1990 to 2040: crossing the date line.
MISSING = {
    ("Pacific/Apia", date(2011, 12, 30)),
    ("Pacific/Fakaofo", date(2011, 12, 30)),
    ("Pacific/Kwajalein", date(1993, 8, 21)),
    ("Pacific/Kiritimati", date(1994, 12, 31)),
    ("Pacific/Kanton", date(1994, 12, 31)),
}


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "day", "starts", "until"),
    [
        ("UTC", date(2026, 2, 28), utc(2026, 2, 28), utc(2026, 3, 1)),
        ("Europe/Berlin", date(2026, 1, 1), utc(2025, 12, 31, 23), utc(2026, 1, 1, 23)),
        ("Europe/Berlin", date(2026, 3, 29), utc(2026, 3, 28, 23), utc(2026, 3, 29, 22)),
        ("Europe/Berlin", date(2026, 10, 25), utc(2026, 10, 24, 22), utc(2026, 10, 25, 23)),
        ("Asia/Kathmandu", date(2026, 1, 1), utc(2025, 12, 31, 18, 15), utc(2026, 1, 1, 18, 15)),
        ("Asia/Calcutta", date(2026, 1, 1), utc(2025, 12, 31, 18, 30), utc(2026, 1, 1, 18, 30)),
        # Midnight is skipped: the day starts at one.
        ("America/Sao_Paulo", date(2018, 11, 4), utc(2018, 11, 4, 3), utc(2018, 11, 5, 2)),
        # Midnight is skipped by a clock that was put forward half an hour before: the day starts at 0:30.
        ("America/Toronto", date(1919, 3, 31), utc(1919, 3, 31, 4, 30), utc(1919, 4, 1, 4)),
        # Midnight happens twice, and the first counts.
        ("America/Havana", date(2023, 11, 5), utc(2023, 11, 5, 4), utc(2023, 11, 6, 5)),
        ("America/St_Johns", date(2006, 10, 29), utc(2006, 10, 29, 2, 30), utc(2006, 10, 30, 3, 30)),
        # The clock was put back at midnight: what had been eleven became eleven again.
        ("America/Sao_Paulo", date(2018, 2, 18), utc(2018, 2, 18, 3), utc(2018, 2, 19, 3)),
        ("Antarctica/Vostok", date(1994, 2, 1), None, None),
        # The end on a day that never was is the end of the day before it.
        ("Pacific/Apia", date(2011, 12, 29), utc(2011, 12, 29, 10), utc(2011, 12, 30, 10)),
        ("Pacific/Apia", date(2011, 12, 31), utc(2011, 12, 30, 10), utc(2011, 12, 31, 10)),
    ],
)
def test_a_day(zone, day, starts, until):
    window = license_window(day, day, zone)
    assert window == day_window(day, zone)
    if starts:
        assert window == (starts, until)
    assert all(instant.tzinfo is UTC for instant in window)


def test_the_end_date_counts_in_full():
    assert license_window(date(2026, 1, 1), date(2026, 12, 31), "UTC") == (utc(2026, 1, 1), utc(2027, 1, 1))


def test_without_end_it_never_expires():
    assert license_window(date(2026, 1, 1), None, "Asia/Tokyo") == (utc(2025, 12, 31, 15), None)


def test_an_end_on_the_missing_day_is_the_end_of_the_day_before():
    missing, before = date(2011, 12, 30), date(2011, 12, 29)
    start = date(2011, 1, 1)
    assert license_window(start, missing, "Pacific/Apia") == license_window(start, before, "Pacific/Apia")


@pytest.mark.parametrize(
    ("start", "end", "zone", "sentence"),
    [
        (date(2026, 1, 2), date(2026, 1, 1), "UTC", "The end date is before the start date."),
        (date(1, 1, 1), None, "UTC", "Choose dates from 1 January 1900 to 31 December 9998."),
        (date(1899, 12, 31), None, "UTC", "Choose dates from 1 January 1900 to 31 December 9998."),
        (
            date(2026, 1, 1),
            date(9999, 12, 31),
            "UTC",
            "Choose dates from 1 January 1900 to 31 December 9998.",
        ),
        (date(2026, 1, 1), None, "Mars/Olympus", "“Mars/Olympus” is not a time zone."),
        (date(2026, 1, 1), None, "", "“” is not a time zone."),
        (date(2026, 1, 1), None, "../../etc/passwd", "“../../etc/passwd” is not a time zone."),
        (date(2026, 1, 1), None, "x" * 5000, f"“{'x' * 5000}” is not a time zone."),
        (date(2026, 1, 1), None, "Europe/\0", "“Europe/\0” is not a time zone."),
        *(
            (
                day,
                end,
                zone,
                f"{day.day} {day:%B} {day.year} did not exist in {zone}: the calendar skipped it.",
            )
            for zone, day in sorted(MISSING)
            for end in (day, None, day + DAY)
        ),
    ],
)
def test_impossible_windows(start, end, zone, sentence):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        license_window(start, end, zone)


@pytest.mark.parametrize("zone", canonical_names())
def test_the_first_and_the_last_day_there_is(zone):
    for day in (EARLIEST, LATEST):
        starts, until = day_window(day, zone)
        assert local_date(starts, zone) == day == local_date(until - HOUR, zone)
        for other in ("Pacific/Kiritimati", "Pacific/Niue"):
            assert starts.astimezone(ZoneInfo(other))
            assert until.astimezone(ZoneInfo(other))


def days_of(zone):
    """Each day from 1990 to 2040 with its window; None for the window of a day that is missing."""
    day = date(1990, 1, 1)
    while day.year <= 2040:
        try:
            yield day, day_window(day, zone)
        except ValueError:
            yield day, None
        day += DAY


@pytest.mark.parametrize("zone", sorted({"Antarctica/Vostok", *(zone for zone, _ in MISSING)}))
def test_missing_days_are_the_only_ones_without_a_window(zone):
    missing = {(zone, day) for day, window in days_of(zone) if window is None}
    assert missing == {row for row in MISSING if row[0] == zone}


def test_the_shortest_and_the_longest_day():
    lengths = {until - starts for _, (starts, until) in days_of("Antarctica/Vostok")}
    assert (min(lengths), max(lengths)) == (17 * HOUR, 31 * HOUR)


@settings(max_examples=500, deadline=None)
@given(ZONES, DAYS)
def test_windows_of_adjacent_days_meet(zone, day):
    if {(zone, day), (zone, day + DAY)} & MISSING:
        return
    assert day_window(day, zone)[1] == day_window(day + DAY, zone)[0]


@settings(max_examples=500, deadline=None)
@given(ZONES, DAYS)
def test_there_and_back(zone, day):
    if (zone, day) in MISSING:
        with pytest.raises(ValueError, match="did not exist"):
            day_window(day, zone)
        return
    starts, until = day_window(day, zone)
    assert local_date(starts, zone) == day
    assert local_date(starts - timedelta(microseconds=1), zone) < day
    assert local_date(until, zone) > day
    # Where midnight happens twice, the first ends the day, and it comes back for the rest of the hour.
    assert local_date(until - timedelta(microseconds=1), zone) == day
    assert 17 * HOUR <= until - starts <= 31 * HOUR


@settings(max_examples=300, deadline=None)
@given(ZONES, DAYS, DAYS)
def test_a_window_is_the_days_in_it(zone, one, other):
    start, end = sorted((one, other))
    if (zone, start) in MISSING:
        return
    starts, until = license_window(start, end, zone)
    assert starts == day_window(start, zone)[0]
    assert license_window(start, None, zone) == (starts, None)
    if (zone, end) not in MISSING:
        assert until == day_window(end, zone)[1]
    assert starts < until

"""How a license stands: from the instants, counted in days of its own zone."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import timezone, translation

from entitlements.validity import Validity, leading

BERLIN = Validity.of(date(2026, 6, 1), date(2026, 6, 30), "Europe/Berlin")
ENDLESS = Validity.of(date(2026, 6, 1), None, "Pacific/Auckland")


@pytest.mark.parametrize(
    ("at", "code", "text"),
    [
        (datetime(2026, 5, 28, 12, tzinfo=UTC), "upcoming", "Starts in 4 days"),
        (datetime(2026, 5, 29, 21, 59, tzinfo=UTC), "upcoming", "Starts in 3 days"),
        # In Berlin it is the 30th already.
        (datetime(2026, 5, 29, 22, 0, tzinfo=UTC), "upcoming", "Starts in 2 days"),
        (datetime(2026, 5, 31, 21, 59, 59, tzinfo=UTC), "upcoming", "Starts tomorrow"),
        (datetime(2026, 5, 31, 22, tzinfo=UTC), "ending", "Ends in 29 days"),
        (datetime(2026, 6, 28, 12, tzinfo=UTC), "ending", "Ends in 2 days"),
        (datetime(2026, 6, 29, 12, tzinfo=UTC), "ending", "Ends tomorrow"),
        (datetime(2026, 6, 29, 22, tzinfo=UTC), "ending", "Ends today"),
        (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), "ending", "Ends today"),
        (datetime(2026, 6, 30, 22, tzinfo=UTC), "expired", "Expired"),
    ],
)
@pytest.mark.parametrize("server", ["UTC", "Pacific/Kiritimati", "Pacific/Niue"])
def test_how_it_stands(at, code, text, server):
    with time_machine.travel(at, tick=False), timezone.override(server):
        standing = BERLIN.standing()
        assert (standing.code, standing.text) == (code, text)
        assert BERLIN.has_ended() is (code == "expired")


def test_without_end_and_far_from_it_it_is_valid():
    at = datetime(2026, 6, 2, tzinfo=UTC)
    assert ENDLESS.standing(at).text == "Valid"
    assert Validity.of(date(2026, 1, 1), date(2026, 7, 3), "UTC").standing(at).text == "Valid"
    assert Validity.of(date(2026, 1, 1), date(2026, 7, 2), "UTC").standing(at).text == "Ends in 30 days"
    assert not ENDLESS.has_ended(datetime(9000, 1, 1, tzinfo=UTC))


def test_an_end_on_a_day_that_was_skipped():
    apia = Validity.of(date(2011, 12, 1), date(2011, 12, 30), "Pacific/Apia")
    assert apia.standing(datetime(2011, 12, 30, 9, 59, tzinfo=UTC)).text == "Ends today"
    assert apia.standing(datetime(2011, 12, 30, 10, 0, tzinfo=UTC)).text == "Expired"


def test_instants_are_shown_with_their_offset():
    assert (BERLIN.starts_there(), BERLIN.until_there()) == (
        "1 Jun 2026, 00:00 (UTC+02:00)",
        "1 Jul 2026, 00:00 (UTC+02:00)",
    )
    assert ENDLESS.until_there() == ""


def test_in_the_words_of_the_history():
    assert (
        str(BERLIN) == "2026-06-01 to 2026-06-30 in Europe/Berlin (UTC: 2026-05-31 22:00 to 2026-06-30 22:00)"
    )
    assert str(ENDLESS) == "2026-06-01 without end in Pacific/Auckland (UTC: 2026-05-31 12:00)"


def test_in_the_language_of_the_person():
    with translation.override("de"):
        assert BERLIN.standing(datetime(2026, 7, 1, tzinfo=UTC)).text != "Expired"
        assert BERLIN.end_shown() == "30. Juni 2026"


def test_which_of_several_tells_how_the_whole_stands():
    at = datetime(2026, 6, 15, tzinfo=UTC)

    def window(start, end):
        return Validity.of(start, end, "UTC")

    past, older = (window(date(year, 1, 1), date(year, 2, 1)) for year in (2025, 2024))
    soon, later = (window(date(year, 1, 1), date(year, 2, 1)) for year in (2027, 2028))
    now, longer = window(date(2026, 1, 1), date(2026, 6, 20)), window(date(2026, 1, 1), date(2026, 9, 1))
    endless = window(date(2026, 1, 1), None)
    assert leading([past, later, endless, longer, None, now, soon], at) is now
    assert leading([endless, past, soon], at) is endless
    assert leading([older, later, past, soon], at) is soon
    assert leading([older, past], at) is past
    assert leading([], at) is None

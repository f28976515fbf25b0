"""Filters by time: answered by the database from stored instants, and from an index."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from entitlements import spans
from entitlements.models import Entitlement, ProductKey
from tests.factories import CustomerFactory, EntitlementFactory, ProductKeyFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def found(entitlements):
    return {entitlement.ref_id1 for entitlement in entitlements}


@pytest.fixture
def year():
    """Complete entitlements, named by when they are valid."""
    windows = {
        "past": (date(2020, 1, 1), date(2020, 12, 31)),
        "long": (date(2000, 1, 1), date(2040, 12, 31)),
        "june": (date(2026, 6, 1), date(2026, 6, 30)),
        "today": (date(2026, 6, 15), date(2026, 6, 15)),
        "tomorrow": (date(2026, 6, 16), date(2026, 6, 16)),
        "endless": (date(2026, 1, 1), None),
        "endless later": (date(2027, 1, 1), None),
        "future": (date(2028, 1, 1), date(2028, 12, 31)),
    }
    for name, (start, end) in windows.items():
        EntitlementFactory(state="complete", start_date=start, end_date=end, ref_id1=name, products=[{}])
    EntitlementFactory(start_date=date(2026, 1, 1), ref_id1="draft", products=[{}])


@pytest.mark.usefixtures("year")
@pytest.mark.parametrize(
    ("starts", "hours", "names"),
    [
        (datetime(2026, 6, 15, tzinfo=UTC), 24, {"long", "june", "today", "endless"}),
        (datetime(2026, 6, 15, 23, 59, tzinfo=UTC), 1, {"long", "june", "today", "tomorrow", "endless"}),
        (datetime(2026, 6, 16, tzinfo=UTC), 1, {"long", "june", "tomorrow", "endless"}),
        (datetime(2020, 12, 31, 23, tzinfo=UTC), 1, {"past", "long"}),
        (datetime(2021, 1, 1, tzinfo=UTC), 1, {"long"}),
        (datetime(1999, 12, 31, tzinfo=UTC), 24, set()),
        (datetime(2028, 2, 1, tzinfo=UTC), 24, {"long", "endless", "endless later", "future"}),
        (datetime(9000, 1, 1, tzinfo=UTC), 24, {"endless", "endless later"}),
    ],
)
def test_valid_during(starts, hours, names):
    assert found(Entitlement.objects.valid_during(starts, starts + timedelta(hours=hours))) == names


@pytest.mark.usefixtures("year")
@pytest.mark.parametrize(
    ("days", "names"),
    [
        (0, {"today"}),
        (1, {"today", "tomorrow"}),
        (14, {"today", "tomorrow"}),
        (15, {"today", "tomorrow", "june"}),
    ],
)
def test_ending_within(days, names):
    with time_machine.travel(NOW, tick=False):
        assert found(Entitlement.objects.ending_within(days)) == names


@pytest.mark.usefixtures("year")
def test_never_expiring():
    assert found(Entitlement.objects.never_expiring()) == {"endless", "endless later"}


def test_one_of_the_products_is_enough_and_counts_once():
    keys = [{"end_date": date(2026, 6, 16)}, {"end_date": date(2026, 6, 17)}, {"never_expires": True}]
    EntitlementFactory(state="complete", ref_id1="both", products=keys)
    with time_machine.travel(NOW, tick=False):
        for rows in (
            Entitlement.objects.ending_within(30),
            Entitlement.objects.never_expiring(),
            Entitlement.objects.valid_during(NOW, NOW + timedelta(days=1)),
        ):
            assert [row.ref_id1 for row in rows] == ["both"]


# In any calendar: as good as looking at every window

INSTANTS = st.datetimes(datetime(1900, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
LENGTHS = st.one_of(
    st.timedeltas(timedelta(seconds=1), timedelta(days=3)),
    st.timedeltas(timedelta(days=1), timedelta(days=5000)),
    st.builds(lambda n, more: timedelta(days=4**n, seconds=more), st.integers(0, 9), st.integers(-1, 1)),
)


@given(INSTANTS, LENGTHS, INSTANTS, LENGTHS, st.booleans())
@settings(deadline=None)
def test_the_class_of_a_window_never_hides_it(starts, length, asked, asked_length, endless):
    try:
        until, asked_until = starts + length, asked + asked_length
    except OverflowError:
        return
    end = None if endless else until
    overlaps = starts < asked_until and (end is None or end > asked)
    row = {"span": spans.span_of(starts, end), "valid_from": starts, "valid_until": end}
    assert any(_fits(row, one) for one in spans.overlapping(asked, asked_until)) is overlaps


def _fits(row, condition):
    compare = {"lt": lambda a, b: a < b, "gt": lambda a, b: a > b, "": lambda a, b: a == b}
    for name, value in condition.children:
        field, _, how = name.partition("__")
        if row[field] is None or value is None:
            if row[field] is not None or value is not None:
                return False
        elif not compare[how](row[field], value):
            return False
    return True


# From an index


@pytest.fixture
def many():
    """Twenty thousand product keys that ended long ago, or start far from now, and one of each other kind."""
    entitlement = EntitlementFactory(state="complete", customer=CustomerFactory())
    old = []
    for number in range(20_000):
        start = date(2000, 1, 1) + timedelta(days=number % 3000)
        if number % 2:
            start = start.replace(year=start.year + 60)
        key = ProductKey(
            entitlement=entitlement, product="Old", start_date=start, end_date=start + timedelta(days=30)
        )
        key.place(key.validity_in("UTC"))
        old.append(key)
    ProductKey.objects.bulk_create(old, batch_size=2000)
    ProductKeyFactory(end_date=date(2026, 6, 20))
    ProductKeyFactory(never_expires=True)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


@pytest.mark.usefixtures("many")
def test_the_windows_are_found_by_their_index():
    with time_machine.travel(NOW, tick=False):
        for rows, *indexes in (
            (Entitlement.objects.valid_during(NOW, NOW + timedelta(days=1)), "product_key_window"),
            (Entitlement.objects.ending_within(30), "product_key_end"),
            (Entitlement.objects.never_expiring(), "product_key_endless", "product_key_window"),
        ):
            assert rows.count() in {1, 2}
            plan = rows.order_by().explain()
            assert any(index in plan for index in indexes), plan
            for line in plan.splitlines():
                assert "SCAN entitlements_productkey" not in line or "USING" in line, plan
                assert "Seq Scan on entitlements_productkey" not in line, plan

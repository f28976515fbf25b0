"""The list of entitlements as an address describes it: order, pages, filters, and what stands beside."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
import time_machine
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from ems_site.lists import listing as lists
from entitlements.listing import EntitlementList
from entitlements.models import Entitlement
from tests.factories import ActivationFactory, ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(lists, "DEFAULT_SIZE", 2)


def listed(address="", *, with_customers=True):
    by = SimpleNamespace(pk=1, has_perm=lambda right: with_customers)
    return EntitlementList(QueryDict(address), by)


def names(address="", **rights):
    """The Ref ID 1 of the rows, which the tests use as a name."""
    return [row.ref_id1 for row in listed(address, **rights).rows]


def complete(name="", *, starts="2026-01-01", ends=None, **values):
    dates = {"start_date": date.fromisoformat(starts), "end_date": ends and date.fromisoformat(ends)}
    values = {"state": "complete", "products": [{}], **dates, **values}
    return EntitlementFactory(ref_id1=name, **values)


# What is unknown


@pytest.mark.parametrize(
    "address",
    [
        *("sort=version", "sort=-", "sort=--eid", "sort=customer__crm_id", "sort=%00", "state=deleted"),
        *("state=%00", "status=draft", "page=x", "unknown=1", "q=%20", "customer=", "customer=%20"),
        *("valid_on=", "ends_within=", "never_expires=", "never_expires=0", "never_expires=yes"),
    ],
)
def test_the_unknown_falls_back(address):
    for name in ("a", "b"):
        EntitlementFactory(ref_id1=name)
    shown = listed(address)
    assert [row.ref_id1 for row in shown.rows] == ["b", "a"]
    assert (shown.errors, shown.filters()) == ({}, [])


FORM = "Enter a date such as 2026-06-30."


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ("2026-02-30", "There is no 2026-02-30 in the calendar."),
        ("2026-13-01", "There is no 2026-13-01 in the calendar."),
        ("0000-01-01", "There is no 0000-01-01 in the calendar."),
        ("0001-01-01", "Enter a date from 1900 to 9998."),
        ("9999-12-31", "Enter a date from 1900 to 9998."),
        *((text, FORM) for text in ("30.6.2026", "20260630", "2026-W01-1", "-1", "today", "%00")),
        *((text, FORM) for text in ("２０２６-06-30", "2026-06-30T00:00", "9" * 99)),
    ],
)
def test_a_day_that_is_none_filters_nothing_and_is_told(day, words):
    complete("a")
    shown = listed(f"valid_on={day}&q=a")
    assert names(f"valid_on={day}") == ["a"]
    assert shown.errors == {"valid_on": words}
    assert shown.filters() == []
    assert "valid_on" not in shown.links.headings()["eid"].address


def test_a_day_that_the_customer_never_had():
    complete("a", customer=CustomerFactory(customer_id="WS-1", time_zone="Pacific/Apia"))
    shown = listed("customer=ws-1&valid_on=2011-12-30")
    assert (
        shown.errors["valid_on"] == "30 December 2011 did not exist in Pacific/Apia: the calendar skipped it."
    )
    assert len(shown.rows) == 1
    assert not listed("valid_on=2011-12-30").errors


@pytest.mark.parametrize("days", ["0", "-1", "1.5", "1e3", "１２", "%00", "x", "36501", "9" * 19, str(2**63)])
def test_days_that_are_none_filter_nothing_and_are_told(days):
    complete("a")
    shown = listed(f"ends_within={days}")
    assert shown.errors == {"ends_within": "Enter a whole number of days, from 1 to 36,500."}
    assert ([row.ref_id1 for row in shown.rows], shown.filters()) == (["a"], [])


def test_both_at_once():
    assert set(listed("valid_on=x&ends_within=x").errors) == {"valid_on", "ends_within"}


# Order


def test_the_newest_first():
    for name in ("a", "b", "c"):
        EntitlementFactory(ref_id1=name)
    Entitlement.objects.filter(ref_id1="a").update(created=NOW + timedelta(days=1))
    assert names() == ["a", "c", "b"]
    assert names("sort=created") == ["b", "c", "a"]
    assert listed().links.headings()["created"].order == "descending"
    assert listed("sort=created").links.headings()["created"].address == "?view=all"


def test_by_state_eid_and_start_date():
    for name, state, day in (("a", "draft", 1), ("b", "complete", 2), ("c", "closed", 3)):
        EntitlementFactory(ref_id1=name, state=state, eid=f"{name}-1", start_date=date(2026, 1, day))
    assert names("sort=state") == ["c", "b", "a"]
    assert names("sort=-state") == ["a", "b", "c"]
    assert names("sort=eid") == names("sort=start_date") == ["a", "b", "c"]
    assert names("sort=-eid") == names("sort=-start_date") == ["c", "b", "a"]


def test_by_end_date_never_is_the_latest():
    for name, ends in (("never", None), ("late", "2027-01-01"), ("early", "2026-03-01")):
        EntitlementFactory(ref_id1=name, end_date=ends)
    assert names("sort=end_date") == ["early", "late", "never"]
    assert names("sort=-end_date") == ["never", "late", "early"]


def test_by_customer_whose_case_and_accents_do_not_count():
    for name in ("mulm", "Ärger", "arm", "Müller"):
        EntitlementFactory(ref_id1=name, customer=CustomerFactory(name=name))
    EntitlementFactory(ref_id1="none", customer=None)
    assert names("sort=customer") == ["none", "Ärger", "arm", "Müller", "mulm"]
    assert names("sort=-customer") == ["mulm", "Müller", "arm", "Ärger", "none"]


def test_by_change():
    for name in ("a", "b"):
        EntitlementFactory(ref_id1=name)
    Entitlement.objects.filter(ref_id1="a").update(changed=NOW + timedelta(days=1))
    assert names("sort=-changed") == ["a", "b"]


def test_each_stands_on_one_page(small_pages):
    for _ in range(5):
        EntitlementFactory(customer=CustomerFactory(name="Same"))
    for sort in [*EntitlementList.sorts, *(f"-{name}" for name in EntitlementList.sorts)]:
        shown = [row.pk for rows in listed(f"sort={sort}").chunks(2) for row in rows]
        assert sorted(shown) == sorted(Entitlement.objects.values_list("pk", flat=True)), sort


# Filters


def test_by_customer_id_in_any_case():
    EntitlementFactory(ref_id1="a", customer=CustomerFactory(name="Straße", customer_id="Größe-1"))
    EntitlementFactory(ref_id1="b")
    EntitlementFactory(ref_id1="c", customer=None)
    for typed in ("Größe-1", "GRÖSSE-1", "gr%C3%B6%C3%9Fe-1", "%20Größe-1%20"):
        assert names(f"customer={typed}") == ["a"], typed
    (one,) = listed("customer=grösse-1").filters()
    assert (one.value, one.shown) == ("Größe-1", "Straße (Größe-1)")


@pytest.mark.parametrize("typed", ["nobody", "%00", "0", "1", "%ED%A0%80", "x" * 5000, "'; --"])
def test_an_unknown_customer_has_no_rows(typed):
    EntitlementFactory()
    EntitlementFactory(customer=None)
    shown = listed(f"customer={typed}")
    assert shown.rows == []
    assert [one.shown.endswith(" (unknown)") for one in shown.filters()] == [True]


def test_a_customer_without_entitlements_is_known_to_those_who_may_view_customers():
    CustomerFactory(name="Secret Ltd", customer_id="S-1")
    assert listed("customer=s-1").links.chips() == [("Customer", "Secret Ltd (S-1)", "?view=all")]
    assert listed("customer=s-1", with_customers=False).links.chips() == [
        ("Customer", "s-1 (unknown)", "?view=all")
    ]
    EntitlementFactory(customer=CustomerFactory(name="Acme", customer_id="A-1"))
    assert listed("customer=a-1", with_customers=False).links.chips() == [
        ("Customer", "Acme (A-1)", "?view=all")
    ]


def test_valid_on_is_the_whole_day_in_the_zone_of_the_customer():
    tokyo = CustomerFactory(customer_id="JP", time_zone="Asia/Tokyo")
    complete("tokyo", starts="2026-06-02", ends="2026-06-03", customer=tokyo)
    assert names("valid_on=2026-06-01&customer=jp") == []
    assert names("valid_on=2026-06-02&customer=jp") == ["tokyo"]
    assert names("valid_on=2026-06-04&customer=jp") == []
    # Without a customer the day is one of UTC: the license begins at 15:00 of the day before.
    assert names("valid_on=2026-06-01") == ["tokyo"]
    assert names("valid_on=2026-06-04") == []
    assert listed("valid_on=2026-06-02&customer=jp").links.chips()[1][1] == "2 Jun 2026 (Asia/Tokyo)"
    assert listed("valid_on=2026-06-02").links.chips()[0][:2] == ("Valid on", "2 Jun 2026 (UTC)")


def test_ends_within_so_many_days():
    complete("soon", ends="2026-06-20")
    complete("later", ends="2026-07-20")
    complete("ended", ends="2026-06-10")
    complete("never")
    assert names("ends_within=1") == []
    assert names("ends_within=6") == ["soon"]
    assert names("ends_within=36500") == ["later", "soon"]
    assert listed("ends_within=1").links.chips()[0][:2] == ("Ends within", "1 day")
    assert listed("ends_within=007").links.chips() == [("Ends within", "7 days", "?view=all")]


def test_never_expires():
    complete("never")
    complete("ends", ends="2026-07-20")
    complete("one of two", ends="2026-07-20", products=[{}, {"never_expires": True}])
    EntitlementFactory(ref_id1="draft", products=[{}])
    assert names("never_expires=1") == ["one of two", "never"]
    assert listed("never_expires=1").links.chips() == [("Never expires", "Yes", "?view=all")]


def test_filters_join_and_addresses_keep_them(small_pages):
    acme = CustomerFactory(name="Acme", customer_id="A 1")
    for number in range(3):
        complete(f"no{number}", ends="2026-06-20", customer=acme)
    complete("other", ends="2026-06-20")
    EntitlementFactory(ref_id1="draft", customer=acme, end_date="2026-06-20", products=[{}])
    asked = "q=no&state=complete&customer=a+1&valid_on=2026-06-15&ends_within=10&sort=-eid"
    kept = "?q=no&state=complete&customer=A+1&valid_on=2026-06-15&ends_within=10"
    shown = listed(asked)
    assert shown.count.number == 3
    assert shown.page.next.startswith(f"{kept}&sort=-eid&after=")
    assert shown.links.headings()["eid"].address == f"{kept}&sort=eid"
    assert [(label, value) for label, value, _ in shown.links.chips()] == [
        ("Any attribute", "no"),
        ("State", "Complete"),
        ("Customer", "Acme (A 1)"),
        ("Valid on", "15 Jun 2026 (UTC)"),
        ("Ends within", "10 days"),
    ]
    assert shown.links.chips()[1][2] == kept.replace("&state=complete", "") + "&sort=-eid"
    assert shown.links.any_status() == shown.links.chips()[1][2]


def test_search_reaches_products_customers_and_contacts():
    anna = ContactFactory(name="Änna", email="anna@example.com")
    customer = CustomerFactory(name="Ökonom", people=[anna])
    EntitlementFactory(ref_id1="xy", customer=customer, contact=anna, products=[{"product": "Süite"}])
    EntitlementFactory(ref_id1="y")
    for text in ("suite", "okonom", "anna", "ANNA@example.com", "xy"):
        assert names(f"q={text}") == ["xy"], text


# What stands beside an entitlement


def test_products_and_what_is_activated():
    entitlement = complete(products=[{"product": name, "quantity": 4} for name in "abc"])
    first, second, _ = entitlement.product_keys.all()
    ActivationFactory(product_key=first, quantity=3)
    ActivationFactory(product_key=second, quantity=1)
    ActivationFactory(product_key=second, quantity=2, revoked=NOW)
    (row,) = listed().rows
    assert ([key.product for key in row.first_keys], row.more_keys) == (["a", "b"], 1)
    assert (row.activated, row.quantity) == (4, 12)


def standing(windows):
    days = [[day and date.fromisoformat(day) for day in window] for window in windows]
    products = [{"start_date": a, "end_date": b} if b else {"start_date": a} for a, b in days]
    complete(products=products)
    (row,) = listed().rows
    shown = row.validity().standing()
    return shown.code, shown.text


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([("2026-07-01", "2026-12-31"), ("2026-06-20", None)], ("upcoming", "Starts in 5 days")),
        ([("2026-01-01", "2026-02-28"), ("2026-03-01", "2026-06-14")], ("expired", "Expired")),
        ([("2026-01-01", "2026-02-28"), ("2026-03-01", "2026-06-15")], ("ending", "Ends today")),
        ([("2026-01-01", "2026-02-28"), ("2026-07-01", "2026-12-31")], ("upcoming", "Starts in 16 days")),
        ([("2026-01-01", "2026-06-20"), ("2026-01-01", None)], ("ending", "Ends in 5 days")),
        ([("2026-01-01", "2026-06-20"), ("2026-01-01", "2026-06-18")], ("ending", "Ends in 3 days")),
    ],
)
def test_the_standing_of_all_product_keys_together(windows, expected, turned):
    assert standing(windows[::-1] if turned else windows) == expected


def test_drafts_and_those_without_products_have_no_standing():
    EntitlementFactory(products=[{}])
    EntitlementFactory(state="closed")
    assert [row.validity() for row in listed().rows] == [None, None]


def test_the_window_is_of_the_product_key_that_ends_next():
    complete(
        products=[
            {"start_date": date(2026, 2, 1), "end_date": date(2026, 9, 30)},
            {"start_date": date(2026, 1, 5), "end_date": date(2026, 8, 31)},
        ]
    )
    (row,) = listed().rows
    assert (row.validity().start, row.validity().end) == (date(2026, 1, 5), date(2026, 8, 31))


def test_why_something_is_not_possible():
    EntitlementFactory(ref_id1="nobody's", customer=None, products=[{}])
    EntitlementFactory(ref_id1="empty")
    EntitlementFactory(ref_id1="ready", products=[{}])
    complete("left", ends="2026-06-14")
    complete("expired", ends="2026-06-12")
    complete("locked", customer=CustomerFactory(status="disabled"))
    used = complete("used", products=[{"quantity": 2}])
    ActivationFactory(product_key=used.product_keys.get(), quantity=2)
    found = {row.ref_id1: row for row in listed().rows}
    assert found["nobody's"].why_not_completed.startswith("has no customer yet")
    assert found["empty"].why_not_completed.startswith("has no product yet")
    assert found["ready"].why_not_completed == ""
    # It ended two days ago everywhere, or is still that day somewhere.
    assert found["left"].why_nothing_activated == ""
    assert found["expired"].why_nothing_activated == "It has expired."
    assert found["locked"].why_nothing_activated.startswith("The customer is disabled")
    assert found["used"].why_nothing_activated == "All of it is activated."


def test_as_many_queries_for_thirty_rows_as_for_three():
    def queries(rows):
        while Entitlement.objects.count() < rows:
            contact = ContactFactory()
            complete(customer=CustomerFactory(people=[contact]), contact=contact, products=[{}, {}, {}])
            EntitlementFactory(products=[{}])
        with CaptureQueriesContext(connection) as captured:
            shown = listed()
            assert len(shown.rows) == shown.count.number == rows
            for row in shown.rows:
                _ = (row.customer and row.customer.name, row.contact and row.contact.name, row.validity())
                _ = [key.called() for key in row.first_keys]
        return len(captured)

    assert queries(4) == queries(30) <= 4

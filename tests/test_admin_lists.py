"""Django admin's own lists stay usable at any size: no full count, and search through our key."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from ems_site import admin_lists
from ems_site.action_admin import ActionAdmin
from ems_site.admin_lists import CappedPaginator
from ems_site.lists.time_limits import time_limit
from tests.conftest import events
from tests.endless import ENDLESS
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db

TABLES = {
    "/admin/customers/customer/": "customers_customer",
    "/admin/contacts/contact/": "contacts_contact",
    "/admin/entitlements/entitlement/": "entitlements_entitlement",
}
SEARCHES = [f"{address}?q=acme" for address in TABLES]
SEARCHES.append(
    "/admin/autocomplete/?term=acme&app_label=entitlements&model_name=entitlement&field_name=customer"
)


@pytest.fixture
def admin(signed_in):
    for place in range(3):
        contact = ContactFactory(name=f"Acme {place}")
        EntitlementFactory(customer=CustomerFactory(name=f"Acme {place}", people=[contact]))
    return signed_in(UserFactory(is_superuser=True))


def statements(client, address):
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [one["sql"] for one in captured]


@pytest.mark.parametrize("query", ["", "?q=acme", "?q=acme+1&o=1", "?p=1"])
@pytest.mark.parametrize("address", TABLES)
def test_nothing_is_counted_to_the_end(address, query, admin):
    for statement in statements(admin, address + query):
        if "COUNT(" in statement and f'FROM "{TABLES[address]}"' in statement:
            assert f"LIMIT {CappedPaginator.MOST}" in statement


@pytest.mark.parametrize("address", TABLES)
def test_search_asks_our_key_alone(address, admin):
    asked = [
        one for one in statements(admin, f"{address}?q=acme") if TABLES[address] in one and "acme" in one
    ]
    assert asked
    for statement in asked:
        assert re.search(r"search_key\" LIKE|search_key_trigrams", statement), statement
        assert "UPPER(" not in statement


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's planner is asked")
@pytest.mark.parametrize("address", TABLES)
def test_the_first_page_is_read_by_an_index(address, admin, monkeypatch):
    monkeypatch.setattr("ems_site.action_admin.ActionAdmin.list_per_page", 2)
    page = next(one for one in statements(admin, address) if one.endswith("LIMIT 2"))
    with time_limit(), connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + page.replace("%", "%%"), [])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert f"Seq Scan on {TABLES[address]}" not in plan, plan


def test_entitlements_are_not_sorted_by_contact(admin):
    """As on the pages: no index leads there, and a million took 13 seconds."""
    page = admin.get("/admin/entitlements/entitlement/").content.decode()
    assert re.search('class="[^"]*sortable[^"]*column-of_customer', page)
    assert re.search('class="[^"]*column-for_contact', page)
    assert not re.search('class="[^"]*sortable[^"]*column-for_contact', page)


def endless(self, request, rows, text):
    return rows.extra(where=[ENDLESS]), False


@pytest.mark.parametrize("address", SEARCHES)
def test_a_search_that_takes_too_long_ends(address, admin, monkeypatch, caplog):
    """Both what is counted and what is shown: the second is asked where the first has come to an end."""
    with monkeypatch.context() as patch:
        patch.setattr(admin_lists, "time_limit", lambda: time_limit(0.3))
        patch.setattr(ActionAdmin, "get_search_results", endless)
        for count in (CappedPaginator.count, 3):
            patch.setattr(CappedPaginator, "count", count)
            answer = admin.get(address)
            assert answer.status_code == 503
            assert "takes too long" in answer.content.decode()
    assert events(caplog).count("query.ended") == 2
    assert admin.get(address).status_code == 200


@pytest.mark.parametrize(("action", "done"), [("enable_selected", "enabled"), ("delete_selected", "deleted")])
def test_all_that_match_are_no_more_than_can_be_done_at_once(action, done, admin, monkeypatch):
    monkeypatch.setattr("ems_site.action_admin.MOST_AT_ONCE", 2)
    Customer.objects.update(status="disabled")
    posted = {"action": action, "select_across": "1", "_selected_action": [Customer.objects.first().pk]}
    page = admin.post("/admin/customers/customer/", posted, follow=True).content.decode()
    assert f"At most 2 customers can be {done} at once." in page
    assert Customer.objects.disabled().count() == 3


def test_pages_end_where_the_count_does(admin, monkeypatch):
    monkeypatch.setattr(CappedPaginator, "MOST", 2)
    assert CappedPaginator(Customer.objects.all(), 1).num_pages == 2
    assert admin.get("/admin/customers/customer/").status_code == 200
    assert CappedPaginator(list(range(5)), 1).count == 5

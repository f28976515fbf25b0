"""The History page: everything that happened to what a person may see."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers import actions
from customers.models import Customer
from ems_site import paging
from ems_site.audit import actions as audit
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


def shown(client, asked=""):
    response = client.get(f"/history/{asked}")
    assert response.status_code == 200
    return Served(response)


def records(page):
    return page.column("Record") if page.tables else []


@pytest.fixture
def three(manager):
    """An entry each about a customer, a contact, an entitlement and an account."""
    customer = CustomerFactory(name="Straße AG", customer_id="STR-1")
    contact = ContactFactory(email="anna@example.com", name="Anna")
    entitlement = EntitlementFactory(customer=customer)
    audit.record("customer.added", customer, by=manager, changes={"name": ["", "Straße AG"]})
    audit.record("contact.changed", contact, by=None, changes={"phone": ["1", "2"]})
    audit.record("entitlement.completed", entitlement, by=None)
    audit.record("user.password_changed", manager, by=manager)
    return customer, contact, entitlement


# What stands in it


def test_who_when_what_and_from_where(client, manager):
    customer = CustomerFactory(name="Acme", customer_id="A-1")
    data = Served(client.get(f"/customers/{customer.pk}/disable/")).form("plan").data
    client.post(f"/customers/{customer.pk}/disable/", data | {"comment": "Unpaid <b>"})
    page = shown(client)
    (row,) = page.tables[0][1:]
    cells = dict(zip(page.tables[0][0], row, strict=True))
    assert cells["Who"] == "manager"
    assert cells["What"] == "Customer disabled"
    assert cells["Record"] == "Acme (A-1)"
    assert "“Unpaid <b>”" in cells["Changes"]
    assert "Status Enabled → Disabled" in cells["Changes"]
    assert cells["From"] == "127.0.0.1"
    assert cells["When"].endswith("UTC")


def test_latest_first(three, client):
    assert [name.partition(" ")[0] for name in records(shown(client))] == [three[2].eid, "Anna", "Straße"]


def test_records_lead_to_their_pages_as_long_as_there_are_any(three, client):
    customer = three[0]
    links = dict(shown(client).links)
    assert links["Straße AG (STR-1)"] == f"/customers/{customer.pk}/"
    three[2].delete()
    actions.delete(Customer.objects.filter(pk=customer.pk), by=None)
    page = shown(client)
    assert "Straße AG (STR-1)" in records(page)
    assert "Straße AG (STR-1)" not in dict(page.links)


def test_nothing_yet(client):
    assert "Nothing has happened yet" in shown(client).text


# For whom


@pytest.mark.parametrize(
    ("rights", "count"),
    [
        ([], 0),
        (["customers.view_customer"], 1),
        (["contacts.view_contact"], 1),
        (["entitlements.view_entitlement"], 1),
        (["customers.view_customer", "contacts.view_contact", "entitlements.view_entitlement"], 3),
        (["customers.change_customer", "accounts.view_user"], 1),
    ],
)
def test_only_what_the_person_may_see(rights, count, three, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("audit.view_entry", *rights))
    page = shown(signed_in(user))
    assert len(records(page)) == count
    assert f"History {count} entries" in page.text
    hidden = {"customers": "Straße", "contacts": "anna@example.com", "entitlements": three[2].eid}
    for app, text in hidden.items():
        if not any(right.startswith(f"{app}.view") for right in rights):
            assert text not in page.text


def test_the_search_finds_nothing_that_is_hidden(three, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("audit.view_entry", "customers.view_customer"))
    assert "Nothing matches" in shown(signed_in(user), "?q=anna").text


def test_accounts_are_for_superusers(three, superuser, signed_in):
    assert "User password changed" in shown(signed_in(superuser)).text


# Search and pages


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("STRASSE", 1),
        ("str-1", 1),
        ("ANNA", 1),
        ("Manager", 1),
        ("zebra", 0),
        ("%", 0),
        ("_", 0),
        ("' OR 1=1", 0),
    ],
)
def test_search(text, count, three, client):
    page = Served(client.get("/history/", {"q": text}))
    assert len(records(page)) == count
    assert text in [form.data.get("q", [""])[0] for form in page.forms]


@pytest.mark.parametrize("raw", ["%00", "%ED%A0%80", "a&q=b", "x" * 100_000])
def test_hostile_terms(raw, three, client):
    shown(client, f"?q={raw}")


def test_pages_keep_the_search(client, monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    customer = CustomerFactory(name="Acme")
    for _ in range(7):
        audit.record("customer.changed", customer, by=None)
    page = shown(client, "?q=acme")
    assert "1–3 of 7 entries" in page.text
    assert dict(page.links)["Page 2"] == "?q=acme&page=2"
    assert len(records(shown(client, "?q=acme&page=3"))) == 1
    for odd in ("-1", "0", "9e99", "１２", "%00"):
        assert "1–3 of 7" in shown(client, f"?page={odd}").text


def test_as_many_queries_for_thirty_entries_as_for_three(client):
    def queries(count):
        for _ in range(count):
            audit.record("customer.changed", CustomerFactory(), by=None)
            audit.record("contact.changed", ContactFactory(), by=None)
        with CaptureQueriesContext(connection) as captured:
            shown(client)
        return len(captured)

    queries(1)
    assert queries(1) == queries(15)

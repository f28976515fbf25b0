"""A customer's page and its history."""

import pytest

from customers import actions
from customers.models import Association, Customer
from ems_site import paging
from ems_site.audit import actions as audit
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def customer():
    return CustomerFactory(
        name="Ökonom & Söhne",
        customer_id="OEK-1",
        crm_id="CRM-7",
        description="One\n\nTwo <b>",
        external_id="EXT-7",
        ref_id="REF-7",
        time_zone="Asia/Kolkata",
    )


def shown(client, customer, page=""):
    response = client.get(f"/customers/{customer.pk}/{page}")
    assert response.status_code == 200
    return Served(response)


def table(page, heading):
    return next((table for table in page.tables if heading in table[0]), None)


def events(page):
    """The text of each entry of the timeline."""
    return page.text.partition(" History ")[2].split(" the customer ")[1:]


# Attributes


def test_attributes(customer, client):
    page = shown(client, customer)
    for text in (
        *("Ökonom & Söhne", "OEK-1", "CRM-7", "EXT-7", "REF-7", "Asia/Kolkata"),
        *("One Two <b>", "UTC+05:30, now", "Enabled"),
    ):
        assert text in page.text


def test_empty_attributes_are_said_to_be_empty(client):
    page = shown(client, CustomerFactory())
    for label in ("CRM ID", "Description", "External ID", "Ref ID"):
        assert f"{label} None" in page.text


@pytest.mark.parametrize("time_zone", ["UTC", "Asia/Calcutta", "Etc/GMT+5", "Pacific/Apia"])
def test_every_kind_of_zone_is_shown(time_zone, client):
    assert time_zone in shown(client, CustomerFactory(time_zone=time_zone)).text


# Contacts


def test_contacts(customer, client):
    anna = ContactFactory(name="Änna", email="anna@example.com")
    bert = ContactFactory(name="", email="bert@example.com", status="disabled")
    Association.objects.create(customer=customer, contact=anna, kind="administrator")
    Association.objects.create(customer=customer, contact=bert)
    rows = table(shown(client, customer), "Kind")[1:]
    assert rows == [
        ["Änna", "anna@example.com", "Administrator", "Enabled"],
        ["–", "bert@example.com", "Standard", "Disabled"],
    ]


def test_no_contacts(customer, client):
    assert "Nobody can log on for this customer" in shown(client, customer).text


# Entitlements


def test_entitlements(customer, client):
    draft = EntitlementFactory(customer=customer)
    closed = EntitlementFactory(customer=customer, state="closed", end_date="2026-12-31")
    EntitlementFactory()
    rows = table(shown(client, customer), "EID")[1:]
    assert rows == [
        ["Closed", closed.eid, "1 Jan 2026", "31 Dec 2026", "–"],
        ["Draft", draft.eid, "1 Jan 2026", "Never expires", "–"],
    ]


def test_the_latest_ten_entitlements_and_how_many_there_are(customer, client):
    for _ in range(12):
        EntitlementFactory(customer=customer)
    page = shown(client, customer)
    assert len(table(page, "EID")) == 11
    assert "The latest 10 of 12" in page.text


def test_nothing_of_entitlements_without_the_right_to_see_them(customer, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer"))
    eid = EntitlementFactory(customer=customer, state="complete").eid
    page = shown(signed_in(user), customer)
    assert "ntitlement" not in page.text
    assert eid not in page.text


# What may be done


def offered(page, customer):
    """The ends of the addresses of this customer that the page leads to."""
    start = f"/customers/{customer.pk}/"
    addresses = [address.partition("#")[0] for _, address in page.links]
    return {address.removeprefix(start) for address in addresses if address.startswith(start)}


@pytest.mark.parametrize(
    ("rights", "status", "expected"),
    [
        ([], "enabled", set()),
        (["change"], "enabled", {"edit/", "disable/"}),
        (["change"], "disabled", {"edit/", "enable/"}),
        (["delete"], "enabled", {"delete/"}),
    ],
)
def test_actions_by_state_and_rights(rights, status, expected, customer, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed(*(f"customers.{right}_customer" for right in ["view", *rights])))
    Customer.objects.update(status=status)
    assert offered(shown(signed_in(user), customer), customer) == expected


def test_a_delete_that_is_not_possible_says_so(customer, client):
    EntitlementFactory(customer=customer)
    assert "not possible, Has 1 entitlement" in shown(client, customer).text


# History


def test_the_timeline(customer, client):
    anna = ContactFactory(email="anna@example.com")
    data = Served(client.get(f"/customers/{customer.pk}/edit/")).form("time_zone").data
    row = {"contacts-TOTAL_FORMS": "1", "contacts-0-contact": anna.pk, "contacts-0-kind": "administrator"}
    client.post(f"/customers/{customer.pk}/edit/", data | row | {"crm_id": "CRM-8", "ref_id": "", "save": ""})
    actions.disable(Customer.objects.filter(pk=customer.pk), by=None, comment="Unpaid <since> May")
    disabled, edited = events(shown(client, customer))[-2:]
    text = shown(client, customer).text
    assert "The system disabled the customer" in text
    assert "“Unpaid <since> May”" in disabled
    assert "Status Enabled → Disabled" in disabled
    assert "manager changed the customer" in text
    assert "UTC · from 127.0.0.1" in edited
    assert "CRM ID CRM-7 → CRM-8" in edited
    assert "Ref ID REF-7 → empty" in edited
    assert "anna@example.com" in edited
    assert "dministrator" in edited


def test_the_history_of_another_customer_is_not_shown(customer, client):
    actions.disable(Customer.objects.filter(pk=CustomerFactory().pk), by=None)
    assert "Nothing has been recorded yet" in shown(client, customer).text
    assert "Nothing has been recorded yet" in shown(client, customer, "history/").text


def test_the_latest_ten_entries_and_the_way_to_all(customer, client):
    for number in range(12):
        audit.record("customer.changed", customer, by=None, changes={"crm_id": ["", f"N{number}"]})
    page = shown(client, customer)
    assert "N11" in page.text
    assert "N1 " not in page.text
    assert f"/customers/{customer.pk}/history/" in [address for _, address in page.links]


def test_pages_of_the_history(customer, client, monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    for number in range(7):
        audit.record("customer.changed", customer, by=None, changes={"crm_id": ["", f"N{number}"]})
    first = shown(client, customer, "history/")
    assert "1–3 of 7 entries" in first.text
    assert ("N6" in first.text, "N4" in first.text, "N3" in first.text) == (True, True, False)
    last = shown(client, customer, "history/?page=3")
    assert "7–7 of 7 entries" in last.text
    assert "N0" in last.text
    for odd in ("-1", "0", "9e99", "１２", "%00", "abc"):
        assert "1–3 of 7" in shown(client, customer, f"history/?page={odd}").text


def test_a_viewer_sees_the_history_of_a_customer(customer, viewer, signed_in):
    actions.disable(Customer.objects.filter(pk=customer.pk), by=None)
    assert "disabled the customer" in shown(signed_in(viewer), customer, "history/").text

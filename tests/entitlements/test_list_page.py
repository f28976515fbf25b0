"""The Entitlements page: what stands in it, and for whom."""

from datetime import UTC, date, datetime
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from entitlements.models import Entitlement
from tests.conftest import allowed
from tests.factories import (
    ActivationFactory,
    ContactFactory,
    CustomerFactory,
    EntitlementFactory,
    ProductKeyFactory,
    UserFactory,
)
from tests.pages import Served

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


def someone(signed_in, *rights):
    user = UserFactory()
    user.user_permissions.set(allowed("entitlements.view_entitlement", *rights))
    return signed_in(user)


def shown(client, asked=""):
    response = client.get(f"/entitlements/{asked}")
    assert response.status_code == 200
    return Served(response)


def eids(page):
    return page.column("EID") if page.tables else []


def cell(page, title):
    (text,) = page.column(title)
    return text


def attributes(page, name):
    return [attrs[name] for _, attrs in page.tags if name in attrs]


# Columns


def test_columns(client):
    anna = ContactFactory(name="Änna", email="anna@example.com")
    customer = CustomerFactory(name="Acme", customer_id="A-1", time_zone="Europe/Berlin", people=[anna])
    entitlement = EntitlementFactory(
        customer=customer,
        contact=anna,
        state="complete",
        end_date=date(2026, 7, 1),
        products=[{"product": "Suite", "product_version": "2.0"}, {"product": "Viewer", "quantity": 5}],
    )
    ActivationFactory(product_key=entitlement.product_keys.first(), quantity=3)
    page = shown(client)
    assert cell(page, "State") == "Complete"
    assert cell(page, "EID") == entitlement.eid
    assert cell(page, "Customer").startswith("Acme A-1")
    assert cell(page, "Contact") == "Änna"
    assert "Suite 2.0 × 10" in cell(page, "Products")
    assert "Viewer × 5" in cell(page, "Products")
    assert cell(page, "Start date") == "1 Jan 2026"
    assert cell(page, "End date").endswith("1 Jul 2026 Europe/Berlin")
    assert cell(page, "Standing").startswith("Ends in 16 days")
    assert cell(page, "Activated") == "3 / 15"
    assert (entitlement.eid, f"/entitlements/{entitlement.pk}/") in page.links
    assert ("Acme", f"/customers/{customer.pk}/") in page.links
    assert ("Änna", f"/contacts/{anna.pk}/") in page.links
    assert ("Only entitlements of Acme (A-1)", "?customer=A-1") in page.links


def test_the_instants_on_request(client):
    ProductKeyFactory(
        entitlement__customer__time_zone="America/New_York",
        start_date=date(2026, 1, 1),
        end_date=date(2026, 6, 30),
    )
    page = shown(client)
    text = cell(page, "Standing")
    assert "America/New_York 1 Jan 2026, 00:00 (UTC-05:00) until 1 Jul 2026, 00:00 (UTC-04:00)" in text
    assert "UTC 1 Jan 2026, 05:00 until 1 Jul 2026, 04:00" in text
    times = [attrs["datetime"] for tag, attrs in page.tags if tag == "time" and "data-local" in attrs]
    assert times == ["2026-01-01T05:00:00+00:00", "2026-07-01T04:00:00+00:00"]
    assert "data-viewer-zone" in dict(attr for _, attrs in page.tags for attr in attrs.items())


def test_a_draft(client):
    EntitlementFactory(customer=None, end_date=date(2026, 7, 1), products=[{}])
    page = shown(client)
    assert (cell(page, "State"), cell(page, "Customer").split()[0]) == ("Draft", "None")
    assert cell(page, "End date").endswith("1 Jul 2026 UTC")
    assert cell(page, "Standing").startswith("–")
    assert cell(page, "Activated") == "–"
    assert "Valid" not in cell(page, "Standing")


def test_one_that_never_expires_without_products(client):
    EntitlementFactory()
    page = shown(client)
    assert "Never expires" in cell(page, "End date")
    assert cell(page, "Products") == "None"


def test_the_first_two_products_and_how_many_more(client):
    entitlement = EntitlementFactory(
        products=[{"product": name} for name in ("Alpha", "Beta", "Gamma", "Delta")]
    )
    page = shown(client)
    text = cell(page, "Products")
    assert ("Alpha" in text, "Beta" in text, "Gamma" in text, "+2 more" in text) == (True, True, False, True)
    assert f"/entitlements/{entitlement.pk}/" in [a for text, a in page.links if text.startswith("+2 more")]


def test_a_customer_id_is_made_part_of_an_address(client):
    customer = CustomerFactory(customer_id="A/1 & ü?#")
    entitlement = EntitlementFactory(customer=customer)
    (address,) = [a for text, a in shown(client).links if text.startswith("Only entitlements of")]
    assert address == "?customer=A%2F1%20%26%20%C3%BC%3F%23"
    page = shown(client, address)
    assert eids(page) == [entitlement.eid]
    assert not [text for text, _ in page.links if text.startswith("Only entitlements of")]


def test_names_are_escaped_everywhere(client):
    nasty = '"><script>alert(1)</script>'
    person = ContactFactory(name=nasty)
    customer = CustomerFactory(name=nasty, customer_id=nasty, people=[person])
    EntitlementFactory(customer=customer, contact=person, products=[{"product": nasty}])
    asked = {"q": nasty, "customer": nasty, "valid_on": nasty, "ends_within": nasty}
    for parameters in ({}, asked, {"customer": nasty}):
        assert "<script>alert" not in client.get("/entitlements/", parameters).content.decode()


# Empty


def test_none_yet(client, viewer, signed_in):
    page = shown(client)
    assert "No entitlements yet" in page.text
    assert "/entitlements/add/" in [address for _, address in page.links]
    assert not page.tables
    assert "/entitlements/add/" not in [address for _, address in shown(signed_in(viewer)).links]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ("?q=zebra", "No entitlement has “zebra” in its EID"),
        ("?q=zebra&state=draft", "that fits the other filters has “zebra”"),
        ("?state=closed", "No entitlement is closed."),
        ("?customer=nobody", "belongs to a customer with the Customer ID “nobody”"),
        ("?customer=e-1", "There is no entitlement of Empty (E-1) yet."),
        ("?valid_on=2026-01-01", "No entitlement fits this filter. Drafts never do"),
        ("?never_expires=1&state=closed", "No entitlement fits all these filters."),
    ],
)
def test_no_match_says_why(asked, words, client):
    EntitlementFactory()
    CustomerFactory(name="Empty", customer_id="E-1")
    page = shown(client, asked)
    assert "No entitlement matches" in page.text
    assert words in page.text
    assert ("Clear all filters", "?view=all") in page.links


# Filters


def test_the_form_keeps_what_was_asked(client):
    EntitlementFactory(customer=CustomerFactory(customer_id="A-1"))
    names = "q in how state customer valid_on ends_within never_expires created_from changed_to"
    values = "xyz eid exact draft a-1 2026-01-01 5 1 2026-02-01 2026-03-01"
    asked = dict(zip(names.split(), values.split(), strict=True))
    asked |= {"sort": "eid", "size": "25", "and": "any.any.id", "columns": "eid,customer"}
    (form,) = [form for form in shown(client, "?" + urlencode(asked)).forms if "state" in form.data]
    assert form.method == "get"
    assert {name: value for name, value in form.data.items() if value != [""]} == {
        name: [value] for name, value in asked.items()
    }


def test_chips_lead_back(client):
    EntitlementFactory(customer=CustomerFactory(name="Acme", customer_id="A-1", time_zone="Europe/Berlin"))
    page = shown(client, "?customer=a-1&valid_on=2026-06-01")
    found = {attrs.get("aria-label"): attrs.get("href") for tag, attrs in page.tags if tag == "a"}
    assert found["Remove the filter Customer: Acme (A-1)"] == "?valid_on=2026-06-01"
    assert found["Remove the filter Valid on: 1 Jun 2026 (Europe/Berlin)"] == "?customer=A-1"


def test_what_cannot_be_read_is_told_beside_the_filters(client):
    entitlement = EntitlementFactory()
    page = shown(client, "?valid_on=2026-02-30&ends_within=-1")
    assert "Valid on: “2026-02-30” was left out. There is no 2026-02-30 in the calendar." in page.text
    assert "Ends within: “-1” was left out. Enter a whole number of days, from 1 to 36,500." in page.text
    fields = {attrs.get("name"): attrs for tag, attrs in page.tags if tag == "input"}
    for name in ("valid_on", "ends_within"):
        assert fields[name]["aria-invalid"] == "true"
        assert f"error_{name}" in attributes(page, "id")
        assert f"error_{name}" in fields[name]["aria-describedby"].split()
    assert eids(page) == [entitlement.eid]
    assert "Active filters" not in attributes(page, "aria-label")


@pytest.mark.parametrize(
    "name", ["q", "state", "customer", "valid_on", "ends_within", "never_expires", "sort"]
)
@pytest.mark.parametrize("raw", ["%00", "%ED%A0%80", "%FF%FE", "１２", "9" * 5000, "-1", "0001-01-01"])
def test_hostile_values_are_answered(name, raw, client):
    EntitlementFactory(state="complete", products=[{}])
    shown(client, f"?{name}={raw}")


# Order


@pytest.mark.parametrize("title", ["State", "EID", "Customer", "Start date", "End date"])
def test_sort_by_a_heading_and_back(title, client):
    for number, state in enumerate(("draft", "complete", "closed")):
        EntitlementFactory(
            state=state, start_date=date(2026, 1, 3 - number), end_date=date(2026, 5, 1 + number)
        )
    up = shown(client, dict(shown(client, "?q=id").links)[title])
    assert dict(zip(up.tables[0][0], sorted_by(up), strict=True))[title] == "ascending"
    down = shown(client, dict(up.links)[title])
    assert dict(zip(down.tables[0][0], sorted_by(down), strict=True))[title] == "descending"
    assert eids(down) == eids(up)[::-1]
    assert len(eids(down)) == 3


def sorted_by(page):
    return [attrs.get("aria-sort") for tag, attrs in page.tags if tag == "th" and attrs.get("scope") == "col"]


# Rights and states


@pytest.fixture
def acme():
    person = ContactFactory(name="Anna")
    customer = CustomerFactory(name="Acme", customer_id="A-1", people=[person])
    return EntitlementFactory(customer=customer, contact=person)


def test_whoever_sees_entitlements_alone_sees_names_and_no_links_to_others_pages(acme, signed_in):
    page = shown(someone(signed_in))
    assert "Acme A-1" in cell(page, "Customer")
    assert cell(page, "Contact") == "Anna"
    assert not [address for _, address in page.links if address.startswith(("/customers/", "/contacts/"))]


def verbs_of(page):
    """What the row offers: the verb, and whether it is said to be not possible."""
    rows = [(text, address) for text, address in page.links if address.startswith("/entitlements/")]
    rows = [(text, address) for text, address in rows if address.count("/") == 4]
    return {text.partition(" ")[0]: "not possible" in text for text, _ in rows}


@pytest.mark.parametrize(
    ("state", "rights", "offered"),
    [
        ("draft", [], {}),
        ("draft", ["change"], {"Complete"}),
        ("draft", ["change", "customers"], {"Edit", "Complete"}),
        ("draft", ["delete"], {"Delete"}),
        ("draft", ["change", "customers", "delete"], {"Edit", "Complete", "Delete"}),
        ("complete", ["delete"], {}),
        ("complete", ["change", "delete"], {"Activate", "Disable", "Close"}),
        ("disabled", ["change", "delete"], {"Enable", "Close"}),
        ("closed", ["change", "delete"], {}),
    ],
)
def test_row_actions_by_state_and_rights(state, rights, offered, signed_in):
    names = {"customers": "customers.view_customer"}
    names |= {verb: f"entitlements.{verb}_entitlement" for verb in ("change", "delete")}
    EntitlementFactory(state=state, products=[{}])
    page = shown(someone(signed_in, *(names[right] for right in rights)))
    assert verbs_of(page) == dict.fromkeys(offered, False)
    bulk = {"change": {"enable", "disable"}, "delete": {"delete"}}
    expected = {f"/entitlements/ticked/{verb}/" for right in rights for verb in bulk.get(right, ())}
    assert set(attributes(page, "formaction")) == expected
    assert ("Actions" in page.tables[0][0]) == bool(expected)
    assert ("pk" in attributes(page, "name")) == bool(expected)


def test_what_is_not_possible_says_why(client):
    EntitlementFactory(customer=None)
    page = shown(client)
    assert verbs_of(page) == {"Edit": False, "Complete": True, "Delete": False}
    assert "Has no customer yet. Choose one before completing it." in attributes(page, "data-tip")
    Entitlement.objects.all().delete()
    EntitlementFactory(state="complete", customer=CustomerFactory(status="disabled"), products=[{}])
    page = shown(client)
    assert verbs_of(page) == {"Activate": True, "Disable": False, "Close": False}
    assert "The customer is disabled: nothing can be activated." in attributes(page, "data-tip")


def test_add_begins_with_the_customer_of_the_list(acme, client, signed_in):
    assert ("Add Entitlement", "/entitlements/add/") in shown(client).links
    page = shown(client, "?customer=a-1")
    assert ("Add Entitlement", f"/entitlements/add/?customer={acme.customer.pk}") in page.links
    client = someone(signed_in, "entitlements.add_entitlement")
    assert "Add Entitlement" not in [text for text, _ in shown(client).links]


def test_the_navigation_leads_here(client, clerk, signed_in):
    assert ("Entitlements", "/entitlements/") in shown(client).links
    answer = signed_in(clerk).get("/password-change/").content.decode()
    assert 'href="/entitlements/"' not in answer


# Cost


@pytest.mark.parametrize("asked", ["", "?q=product&state=complete&valid_on=2026-06-01&sort=-customer"])
def test_as_many_queries_for_thirty_rows_as_for_three(asked, client):
    def queries(rows):
        while Entitlement.objects.filter(state="complete").count() < rows:
            person = ContactFactory()
            values = {"customer": CustomerFactory(people=[person]), "contact": person}
            entitlement = EntitlementFactory(state="complete", products=[{}, {}, {}], **values)
            ActivationFactory(product_key=entitlement.product_keys.first())
        with CaptureQueriesContext(connection) as captured:
            assert len(eids(shown(client, asked))) == rows
        return len(captured)

    queries(3)
    few, more = queries(3), queries(30)
    # The time limit takes six of them in PostgreSQL.
    assert few == more <= 18

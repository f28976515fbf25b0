"""An entitlement's page and its history, and what the customer's and the contact's pages tell of it."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.utils import timezone

from customers import actions as customer_actions
from customers.models import Customer
from ems_site import paging
from ems_site.audit import actions as audit
from entitlements import actions
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


@pytest.fixture
def anna():
    return ContactFactory(name="Änna <b>", email="anna@example.com")


@pytest.fixture
def acme(anna):
    return CustomerFactory(name="Acme", customer_id="A/1", time_zone="Europe/Berlin", people=[anna])


@pytest.fixture
def entitlement(acme, anna):
    return EntitlementFactory(
        customer=acme,
        contact=anna,
        state="complete",
        ref_id1="R-1",
        ref_id2="R-2",
        external_id="X-1",
        end_date=date(2026, 12, 31),
        products=[
            {"product": "Suite", "product_version": "2.0"},
            {"product": "Viewer", "quantity": 5, "end_date": date(2026, 6, 20)},
        ],
    )


def shown(client, entitlement, rest=""):
    response = client.get(f"/entitlements/{entitlement.pk}/{rest}")
    assert response.status_code == 200
    return Served(response)


def table(page, heading):
    return next((table for table in page.tables if table and heading in table[0]), None)


def someone(signed_in, *rights):
    user = UserFactory()
    user.user_permissions.set(allowed("entitlements.view_entitlement", *rights))
    return signed_in(user)


# Attributes


def test_attributes(entitlement, client):
    page = shown(client, entitlement)
    for words in (
        *(f"EID {entitlement.eid}", "State Complete", "Customer AcmeA/1", "Contact Änna <b>anna@example.com"),
        *("Ref ID 1 R-1", "Ref ID 2 R-2", "External ID X-1", "Start date 1 Jan 2026", "End date 31 Dec 2026"),
        *("Time Zone Europe/BerlinThe customer’s", "Created 15 Jun 2026, 12:00 UTC", "Changed 15 Jun 2026"),
    ):
        assert words in page.text, words
    assert ("Acme", f"/customers/{entitlement.customer_id}/") in page.links
    assert ("Änna <b>", f"/contacts/{entitlement.contact_id}/") in page.links


def test_empty_attributes_are_said_to_be_empty(client):
    page = shown(client, EntitlementFactory(customer=None))
    for name in ("Customer", "Contact", "Ref ID 1", "Ref ID 2", "External ID"):
        assert f"{name} None" in page.text
    assert "End date Never expires Time Zone UTCUntil a customer is chosen" in page.text
    assert "No products yet. A draft needs one" in page.text


def test_a_disabled_customer_is_told(entitlement, client):
    Customer.objects.update(status="disabled")
    page = shown(client, entitlement)
    assert "A/1 Disabled" in page.text or "A/1Disabled" in page.text


def test_whoever_sees_entitlements_alone_sees_names_and_no_links_to_others_pages(entitlement, signed_in):
    page = shown(someone(signed_in), entitlement)
    assert "Customer AcmeA/1" in page.text
    assert "anna@example.com" in page.text
    assert not [address for _, address in page.links if address.startswith(("/customers/", "/contacts/"))]


@pytest.mark.parametrize("key", ["4711", "9" * 19, "abc", "-1"])
@pytest.mark.parametrize("rest", ["", "history/"])
def test_there_is_none(key, rest, client):
    assert client.get(f"/entitlements/{key}/{rest}").status_code == 404


# Products


def test_products(entitlement, client):
    suite = entitlement.product_keys.first()
    ActivationFactory(product_key=suite, quantity=3)
    ActivationFactory(product_key=suite, quantity=2, revoked=timezone.now())
    first, second = table(shown(client, entitlement), "Left")[1:]
    assert first[:5] == ["Suite", "2.0", "10", "3", "7"]
    assert first[5].startswith("1 Jan 2026 – 31 Dec 2026 Europe/Berlin Exact times")
    assert "1 Jan 2026, 00:00 (UTC+01:00) until 1 Jan 2027, 00:00 (UTC+01:00)" in first[5]
    assert "UTC 31 Dec 2025, 23:00 until 31 Dec 2026, 23:00" in first[5]
    assert first[6] == "Valid"
    assert second[:5] == ["Viewer", "–", "5", "0", "5"]
    assert second[6] == "Ends in 5 days"


def test_products_of_a_draft_as_they_would_be(acme, client):
    draft = EntitlementFactory(customer=acme, products=[{"product": "Suite"}])
    page = shown(client, draft)
    head, row = table(page, "Product")
    assert head == ["Product", "Version", "Quantity", "Validity, as it would be"]
    assert row[3].startswith("1 Jan 2026 – never expires Europe/Berlin")
    assert "Valid " not in page.text


def test_dates_that_the_zone_does_not_have(client):
    apia = CustomerFactory(time_zone="Pacific/Apia")
    draft = EntitlementFactory(customer=apia, start_date=date(2011, 12, 30), products=[{}])
    row = table(shown(client, draft), "Product")[1]
    assert row[3] == "30 Dec 2011 – never expires These dates are not possible in Pacific/Apia."


def test_a_product_key_activated_in_another_zone_than_the_customers(entitlement, acme, client):
    ActivationFactory(product_key=entitlement.product_keys.first())
    acme.time_zone = "Asia/Tokyo"
    with pytest.raises(customer_actions.ConfirmationRequired) as refusal:
        customer_actions.save(acme, by=None)
    customer_actions.save(acme, by=None, confirmed=refusal.value.confirmation)
    first, second = table(shown(client, entitlement), "Left")[1:]
    assert first[5].startswith("1 Jan 2026 – 31 Dec 2026 Europe/Berlin")
    assert "Customer’s, Asia/Tokyo 1 Jan 2026, 08:00 (UTC+0900)" in first[5]
    assert "Activated in Europe/Berlin; new activations follow Asia/Tokyo." in first[5]
    assert second[5].startswith("1 Jan 2026 – 20 Jun 2026 Asia/Tokyo")
    assert "new activations follow" not in second[5]


def test_names_are_escaped_everywhere(client):
    nasty = '"><script>alert(1)</script>'
    person = ContactFactory(name=nasty)
    customer = CustomerFactory(name=nasty, customer_id=nasty, people=[person])
    values = {"customer": customer, "contact": person, "ref_id1": nasty, "external_id": nasty}
    entitlement = EntitlementFactory(products=[{"product": nasty, "product_version": nasty}], **values)
    for rest in ("", "complete/", "history/"):
        answer = client.get(f"/entitlements/{entitlement.pk}/{rest}")
        assert "<script>alert" not in answer.content.decode()


# Activations


def test_activations_and_who_may_revoke_them(entitlement, anna, client, viewer, signed_in):
    key = entitlement.product_keys.first()
    activation = ActivationFactory(product_key=key, quantity=3, activatee=anna)
    ActivationFactory()
    page = shown(client, entitlement)
    assert "Activations 1" in page.text
    assert "Suite 2.0" in " ".join(table(page, "Activatee")[1])
    start = f"/entitlements/{entitlement.pk}/activations/{activation.pk}"
    addresses = [address for _, address in page.links]
    assert f"{start}/license/" in addresses
    assert f"{start}/revoke/" in addresses
    addresses = [address for _, address in shown(signed_in(viewer), entitlement).links]
    assert f"{start}/license/" in addresses
    assert f"{start}/revoke/" not in addresses
    Entitlement.objects.filter(pk=entitlement.pk).update(state="disabled")
    assert f"{start}/revoke/" not in [address for _, address in shown(client, entitlement).links]


def test_activations_have_pages(entitlement, client, monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 2)
    for _ in range(3):
        ActivationFactory(product_key=entitlement.product_keys.first())
    page = shown(client, entitlement)
    assert len(table(page, "Activatee")) == 3
    assert "1–2 of 3 activations" in page.text
    assert "3–3 of 3 activations" in shown(client, entitlement, "?page=2").text
    for number in ("0", "-1", "x", "9" * 20):
        shown(client, entitlement, f"?page={number}")


# What may be done


def offered(page, entitlement):
    """The ends of the addresses on top that the page leads to; in brackets what is not possible."""
    start = f"/entitlements/{entitlement.pk}/"
    rows = [(text, address) for text, address in page.links if address.startswith(start)]
    found = {(address.removeprefix(start).strip("/"), "not possible" in text) for text, address in rows}
    return {f"({name})" if refused else name for name, refused in found if "/" not in name}


ALL = ["add", "change", "delete", "customers"]


@pytest.mark.parametrize(
    ("state", "rights", "expected"),
    [
        ("draft", [], set()),
        ("draft", ["change"], {"complete"}),
        ("draft", ["change", "customers"], {"complete", "edit"}),
        ("draft", ["delete"], {"delete"}),
        ("draft", ["add"], {"copy"}),
        ("draft", ALL, {"complete", "edit", "copy", "delete"}),
        ("complete", ["add"], {"copy"}),
        ("complete", ["delete"], set()),
        ("complete", ALL, {"activate", "disable", "close", "copy"}),
        ("disabled", ALL, {"enable", "close", "copy"}),
        ("closed", ALL, {"copy"}),
    ],
)
def test_actions_by_state_and_rights(state, rights, expected, signed_in):
    entitlement = EntitlementFactory(state=state, products=[{}])
    names = {"customers": "customers.view_customer"}
    names |= {verb: f"entitlements.{verb}_entitlement" for verb in ("add", "change", "delete")}
    page = shown(someone(signed_in, *(names[right] for right in rights)), entitlement)
    assert offered(page, entitlement) == expected


def test_what_is_not_possible_says_why(client):
    nobodys = EntitlementFactory(customer=None)
    page = shown(client, nobodys)
    assert offered(page, nobodys) == {"(complete)", "edit", "copy", "delete"}
    assert "Complete: not possible, has no customer yet. Choose one before completing it." in page.text
    used = EntitlementFactory(state="complete", products=[{"quantity": 1}])
    ActivationFactory(product_key=used.product_keys.get())
    page = shown(client, used)
    assert offered(page, used) == {"(activate)", "disable", "close", "copy"}
    assert "Activate: not possible. All of it is activated: nothing is left." in page.text


# History


def test_the_timeline(client, acme, licenser):
    entitlement = EntitlementFactory(customer=acme, products=[{"product": "Suite"}])
    rows = Entitlement.objects.filter(pk=entitlement.pk)
    actions.complete(rows, by=licenser)
    actions.disable(rows, by=None, comment="Not <paid>")
    for page in ("", "history/"):
        text = shown(client, entitlement, page).text
        for words in (
            *("licenser completed the entitlement", "The system disabled the entitlement", "“Not <paid>”"),
            *(
                "State Draft → Complete",
                "State Complete → Disabled",
                "in Europe/Berlin (UTC: 2025-12-31 23:00",
            ),
        ):
            assert words in text, words


def test_the_latest_ten_entries_and_the_way_to_all(entitlement, client):
    for number in range(12):
        audit.record("entitlement.changed", entitlement, by=None, changes={"ref_id1": ["", f"N{number}"]})
    page = shown(client, entitlement)
    assert "N11" in page.text
    assert "N1 " not in page.text
    assert ("All of it", f"/entitlements/{entitlement.pk}/history/") in page.links
    assert "1–12 of 12 entries" in shown(client, entitlement, "history/").text


def test_links_to_customers_are_withheld_in_the_history(entitlement, acme, signed_in):
    audit.record("entitlement.changed", entitlement, by=None, changes={"customer:9:Secret Ltd": ["", "x"]})
    for rest in ("", "history/"):
        assert "Secret Ltd" not in shown(someone(signed_in), entitlement, rest).text
        reader = someone(signed_in, "customers.view_customer")
        assert "Secret Ltd" in shown(reader, entitlement, rest).text


# How often the database is asked


def test_the_number_of_queries_does_not_grow(entitlement, anna, client, django_assert_max_num_queries):
    for _ in range(12):
        key = ProductKeyFactory(entitlement=entitlement)
        ActivationFactory(product_key=key, activatee=anna)
        audit.record("entitlement.changed", entitlement, by=None, changes={"ref_id1": ["", "x"]})
    with django_assert_max_num_queries(14):
        client.get(f"/entitlements/{entitlement.pk}/")


# On the customer's page


def test_the_customers_page(entitlement, acme, client, viewer, signed_in):
    EntitlementFactory(customer=acme, products=[{}])
    page = Served(client.get(f"/customers/{acme.pk}/"))
    assert [row[-1] for row in table(page, "EID")[1:]] == ["–", "Ends in 5 days"]
    assert (entitlement.eid, f"/entitlements/{entitlement.pk}/") in page.links
    assert ("Show in Entitlements", "/entitlements/?customer=A%2F1") in page.links
    assert ("Add entitlement", f"/entitlements/add/?customer={acme.pk}") in page.links
    assert "Add entitlement" not in dict(Served(signed_in(viewer).get(f"/customers/{acme.pk}/")).links)
    Customer.objects.update(status="disabled")
    assert "Add entitlement" not in dict(Served(client.get(f"/customers/{acme.pk}/")).links)


def test_the_customers_page_asks_as_often_for_ten_as_for_one(acme, client, django_assert_max_num_queries):
    for _ in range(10):
        EntitlementFactory(customer=acme, state="complete", products=[{}, {}])
    with django_assert_max_num_queries(20):
        client.get(f"/customers/{acme.pk}/")


# On the contact's page


def test_the_contacts_page(entitlement, anna, client):
    page = Served(client.get(f"/contacts/{anna.pk}/"))
    assert [row[-1] for row in table(page, "EID")[1:]] == ["Ends in 5 days"]
    assert ("Show in Entitlements", "/entitlements/?q=anna%40example.com") in page.links
    assert "Activations" not in page.text


def test_activations_on_the_contacts_page(entitlement, anna, signed_in, manager):
    client = signed_in(manager)
    suite, viewer = entitlement.product_keys.all()
    for _ in range(4):
        ActivationFactory(product_key=suite, activatee=anna, quantity=2)
    ActivationFactory(product_key=viewer, activatee=anna)
    ActivationFactory(product_key=viewer, activatee=anna, revoked=timezone.now())
    ActivationFactory(product_key=viewer)
    page = Served(client.get(f"/contacts/{anna.pk}/"))
    rows = table(page, "Of")[1:]
    assert [row[1:] for row in rows[:3]] == [
        [entitlement.eid, "1 × Viewer", "Revoked"],
        [entitlement.eid, "1 × Viewer", "Ends in 5 days"],
        [entitlement.eid, "2 × Suite 2.0", "Valid"],
    ]
    assert len(rows) == 5
    assert "The latest 5 of 6." in page.text
    assert (entitlement.eid, f"/entitlements/{entitlement.pk}/#activations") in page.links
    assert "Delete: not possible, Has 1 entitlement and 6 activations" in page.text


def test_activations_alone_keep_a_contact(manager, signed_in):
    activation = ActivationFactory(activatee=ContactFactory())
    page = Served(signed_in(manager).get(f"/contacts/{activation.activatee.pk}/"))
    assert "Delete: not possible, Has 1 activation" in page.text
    assert "can still be deleted" not in page.text


def test_nothing_of_activations_without_the_right_to_see_entitlements(entitlement, anna, signed_in):
    ActivationFactory(product_key=entitlement.product_keys.first(), activatee=anna)
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact"))
    text = Served(signed_in(user).get(f"/contacts/{anna.pk}/")).text
    for word in (entitlement.eid, "ctivation", "ntitlement", "Suite"):
        assert word not in text

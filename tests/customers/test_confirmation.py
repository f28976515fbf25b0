"""Editing a customer with completed entitlements: the page that asks, and what its answer is worth."""

import pytest

from contacts.models import Contact
from customers import actions
from customers.models import Customer
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def customer():
    customer = CustomerFactory(name="Acme", customer_id="ACME-1", crm_id="old", people=[ContactFactory()])
    for state in ("draft", "complete", "disabled", "closed"):
        EntitlementFactory(customer=customer, state=state)
    return customer


def edit_of(customer):
    return f"/customers/{customer.pk}/edit/"


def opened(client, customer):
    return Served(client.get(edit_of(customer))).form("time_zone").data


def asked(client, customer, status=422, **values):
    """The page that asks, after these values were typed."""
    answer = client.post(edit_of(customer), opened(client, customer) | values | {"save": ""})
    assert answer.status_code == status
    return Served(answer)


def answered(client, page, **values):
    form = page.form("confirmation")
    return client.post(form.action, form.data | {"save": "1"} | values)


def test_the_form_says_so_before(customer, client):
    assert "3 completed entitlements belong" in Served(client.get(edit_of(customer))).text


def test_the_page_says_how_many_and_from_what_to_what(customer, client):
    page = asked(client, customer, name="Acme 2", crm_id="", description="New\r\nlines")
    assert "3 completed entitlements belong" in page.text
    assert "Save these changes to Acme (ACME-1)" in page.text
    rows = {label: (old, new) for label, old, new in page.tables[0][1:]}
    assert rows == {
        "Name": ("Acme", "Acme 2"),
        "CRM ID": ("old", "empty"),
        "Description": ("empty", "New lines"),
    }
    assert "time zone" not in page.text


def test_contacts_count_as_changes(customer, client):
    data = opened(client, customer)
    anna = ContactFactory(email="anna@example.com")
    old = customer.contacts.get()
    more = {
        "contacts-TOTAL_FORMS": "2",
        "contacts-0-contact": str(anna.pk),
        "contacts-0-kind": "administrator",
        "contacts-1-email": "new@example.com",
        "contacts-1-kind": "standard",
        "contacts-1-language": "en",
    }
    answer = client.post(edit_of(customer), data | more | {"save": ""})
    page = Served(answer)
    assert sorted(page.tables[0][1:]) == [
        ["Contact", f"{old.email} (Standard)", "empty"],
        ["Contact", "empty", "anna@example.com (Administrator)"],
        ["Contact", "empty", "new@example.com (Standard)"],
    ]
    assert not Contact.objects.filter(email="new@example.com").exists()
    assert answered(client, page).status_code == 302
    assert set(customer.contacts.values_list("email", flat=True)) == {"anna@example.com", "new@example.com"}


def test_confirming_saves_exactly_what_was_shown(customer, client):
    page = asked(client, customer, name="Acme 2", description="Two\r\nlines")
    answer = answered(client, page)
    assert (answer.status_code, answer.url) == (302, f"/customers/{customer.pk}/")
    customer.refresh_from_db()
    assert (customer.name, customer.description, customer.version) == ("Acme 2", "Two\nlines", 2)


def test_a_confirmation_is_for_what_was_shown(customer, client):
    page = asked(client, customer, name="Acme 2")
    before = everything()
    again = answered(client, page, name="Acme 3")
    assert again.status_code == 422
    assert "Acme 3" in Served(again).text
    assert everything() == before


def test_back_returns_to_the_form_with_everything_typed(customer, client):
    typed = {"name": "Acme 2", "ref_id": " r ", "description": "One\r\nTwo", "contact_q": "who"}
    page = asked(client, customer, **typed)
    before = everything()
    form = page.form("confirmation")
    answer = client.post(form.action, form.data | {"back": "1"})
    assert answer.status_code == 200
    data = Served(answer).form("time_zone").data
    assert {name: data[name][0] for name in typed} == typed
    assert data["contacts-0-contact"] == [str(customer.contacts.get().pk)]
    assert data["version"] == ["1"]
    assert everything() == before
    assert client.post(edit_of(customer), data | {"save": ""}).status_code == 422


def test_back_keeps_a_new_contact(customer, client):
    more = {
        "contacts-TOTAL_FORMS": "1",
        "contacts-0-contact": "",
        "contacts-0-email": "new@example.com",
        "contacts-0-language": "en",
    }
    page = asked(client, customer, **more)
    form = page.form("confirmation")
    data = Served(client.post(form.action, form.data | {"back": "1"})).form("time_zone").data
    assert data["contacts-0-email"] == ["new@example.com"]


def test_a_confirmation_does_not_outlive_a_change(customer, client):
    page = asked(client, customer, name="Acme 2")
    theirs = Customer.objects.get(pk=customer.pk)
    theirs.ref_id = "theirs"
    with pytest.raises(actions.ConfirmationRequired) as required:
        actions.save(theirs, by=UserFactory())
    actions.disable(Customer.objects.filter(pk=customer.pk), by=UserFactory())
    before = everything()
    assert answered(client, page).status_code == 409
    assert everything() == before
    assert required.value.entitlements == 3


def test_a_confirmation_does_not_cover_an_entitlement_completed_later(customer, client):
    page = asked(client, customer, name="Acme 2")
    EntitlementFactory(customer=customer, state="complete")
    before = everything()
    again = answered(client, page)
    assert again.status_code == 422
    assert "4 completed entitlements" in Served(again).text
    assert everything() == before


def test_a_confirmation_works_once(customer, client):
    page = asked(client, customer, name="Acme 2")
    answered(client, page)
    Customer.objects.update(name="Acme")
    before = everything()
    assert answered(client, page).status_code == 409
    assert everything() == before


def test_a_colleagues_confirmation_does_not_count(customer, client, superuser, signed_in):
    page = asked(client, customer, name="Acme 2")
    before = everything()
    assert answered(signed_in(superuser), page).status_code == 422
    assert everything() == before


def test_the_confirmation_for_another_customer_does_not_count(customer, client):
    other = CustomerFactory(name="Acme", customer_id="ACME-2", crm_id="old")
    for _ in range(3):
        EntitlementFactory(customer=other, state="complete")
    token = asked(client, other, name="Acme 2").form("confirmation").data["confirmation"]
    before = everything()
    assert answered(client, asked(client, customer, name="Acme 2"), confirmation=token).status_code == 422
    assert everything() == before


def test_a_bad_value_is_told_before_anything_is_confirmed(customer, client):
    page = asked(client, customer, name="Acme 2", external_id="--")
    assert not page.form("confirmation")
    assert "at least one letter or digit" in page.text


def test_a_value_made_bad_on_the_way_is_refused(customer, client):
    page = asked(client, customer, name="Acme 2")
    before = everything()
    assert answered(client, page, name="").status_code == 422
    assert everything() == before


def test_an_unchanged_form_asks_for_nothing(customer, client):
    before = everything()
    data = opened(client, customer) | {"save": ""}
    assert client.post(edit_of(customer), data).status_code == 302
    assert everything() == before


def test_confirming_what_was_deleted_meanwhile(customer, client):
    page = asked(client, customer, name="Acme 2")
    customer.entitlements.all().delete()
    actions.delete(Customer.objects.filter(pk=customer.pk), by=UserFactory())
    answer = answered(client, page)
    assert answer.status_code == 409
    assert Served(answer).form("time_zone").data["name"] == ["Acme 2"]
    assert not Customer.objects.exists()

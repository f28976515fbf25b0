"""The Customer and Contact pane: found as one types, chosen, changed, removed; nothing typed is lost."""

import pytest

from customers.models import Customer
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

ADD = "/entitlements/add/"
TYPED = {
    "start_date": "half",
    "end_date": "",
    "ref_id1": "x" * 200,
    "ref_id2": " R ",
    "external_id": "!",
    "products-TOTAL_FORMS": "1",
    "products-INITIAL_FORMS": "0",
    "products-0-id": "",
    "products-0-product": "Half an",
    "products-0-product_version": "",
    "products-0-quantity": "many",
    "products-0-start_date": "",
    "products-0-end_date": "",
    "version": "",
}
VALID = {
    "start_date": "2026-01-01",
    "never_expires": "on",
    "ref_id1": "",
    "products-0-quantity": "1",
    "save": "",
}
HTMX = {"HX-Request": "true", "HX-Target": "owner-pane"}
both = pytest.mark.parametrize("headers", [{}, HTMX], ids=["plain", "htmx"])
BAD_KEYS = ["abc", "-1", "0", str(2**63), "9" * 30, "4711", "\0", "1.5", "１２", "None"]


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


@pytest.fixture
def anna():
    return ContactFactory(name="Anna", email="anna@example.com")


@pytest.fixture
def acme(anna):
    return CustomerFactory(name="Acme", customer_id="ACME-1", time_zone="Europe/Berlin", people=[anna])


def edit_of(entitlement):
    return f"/entitlements/{entitlement.pk}/edit/"


class Panes(Served):
    """The panes alone, as they come to htmx, in a form to post them with."""

    def __init__(self, text):
        self.status_code, self.content = 200, f'<form method="post">{text}</form>'.encode()
        super().__init__(self)


def posted(**values):
    return TYPED | {name: str(getattr(value, "pk", value)) for name, value in values.items()}


def pressed(client, button, value="1", *, headers=None, address=ADD, **more):
    answer = client.post(address, posted(**more) | {button: str(value)}, headers=headers or {})
    page = Panes(answer.content.decode()) if headers else Served(answer)
    page.status = answer.status_code
    data = page.form("customer").data
    for name in TYPED:
        if name in data and "FORMS" not in name:
            assert data[name] == [TYPED[name]], name
    return page


def save(client, address=ADD, **values):
    return client.post(address, posted(**values) | VALID)


def chosen(page):
    data = page.form("customer").data
    return data["customer"][0], data["contact"][0]


def offered(page, button):
    tags = [attrs for tag, attrs in page.tags if tag == "button"]
    return [attrs["value"] for attrs in tags if attrs.get("name") == button]


# Finding a customer


@both
def test_find_customers(headers, client, acme):
    CustomerFactory(name="Other")
    page = pressed(client, "find_customers", headers=headers, customer_q="ácme")
    assert page.status == 200
    assert offered(page, "choose_customer") == [str(acme.pk)]
    assert "1 customer matches" in page.text
    assert "ACME-1 · Europe/Berlin" in page.text


@both
def test_customers_of_one_name_are_told_apart(headers, client, acme):
    CustomerFactory(name="Acme", customer_id="ACME-2", time_zone="Asia/Tokyo")
    page = pressed(client, "find_customers", headers=headers, customer_q="acme")
    assert "2 customers match" in page.text
    assert "ACME-1 · Europe/Berlin" in page.text
    assert "ACME-2 · Asia/Tokyo" in page.text


def test_disabled_customers_are_not_offered(client):
    CustomerFactory(name="Acme", status="disabled")
    page = pressed(client, "find_customers", customer_q="acme")
    assert offered(page, "choose_customer") == []
    assert "0 customers match" in page.text


def test_eight_are_offered_and_it_says_that_there_are_more(client):
    for _ in range(12):
        CustomerFactory(name="Acme")
    page = pressed(client, "find_customers", customer_q="acme")
    assert len(offered(page, "choose_customer")) == 8
    assert "The first 8 that match; type more to narrow down" in page.text


@pytest.mark.parametrize("text", ["\0", "%", "'\"><b>", "x" * 100_000, "no such customer", " "])
@pytest.mark.parametrize("button", ["find_customers", "find_contacts"])
def test_find_answers_anything(button, text, client, acme):
    assert pressed(client, button, customer=acme, customer_q=text, contact_q=text).status == 200


# Choosing a customer


@both
def test_choose_a_customer(headers, client, acme):
    before = everything()
    page = pressed(client, "choose_customer", acme.pk, headers=headers, customer_q="acme")
    assert chosen(page) == (str(acme.pk), "")
    assert "ACME-1 · Europe/Berlin (UTC+" in page.text
    assert "Acme (ACME-1) chosen." in page.text
    assert offered(page, "choose_customer") == []
    assert offered(page, "change_customer") == offered(page, "remove_customer") == ["1"]
    assert everything() == before


@both
@pytest.mark.parametrize("key", BAD_KEYS)
def test_choose_nobody(key, headers, client, acme):
    page = pressed(client, "choose_customer", key, headers=headers, customer=acme)
    assert page.status == 200
    assert chosen(page) == (str(acme.pk), "")
    assert "This customer has been deleted meanwhile" in page.text


@both
def test_choose_one_that_was_disabled_meanwhile(headers, client):
    gone = CustomerFactory(name="Gone", customer_id="G", status="disabled")
    page = pressed(client, "choose_customer", gone.pk, headers=headers)
    assert chosen(page) == ("", "")
    assert "Gone (G) has been disabled meanwhile. Choose another one." in page.text


@both
def test_another_customer_clears_the_contact(headers, client, acme, anna):
    other = CustomerFactory(name="Other", customer_id="O-1")
    page = pressed(client, "choose_customer", other.pk, headers=headers, customer=acme, contact=anna)
    assert chosen(page) == (str(other.pk), "")
    assert "Other (O-1) chosen. Anna <anna@example.com> was removed" in page.text
    assert page.text.count("was removed: choose a contact of this customer.") == 2


def test_the_same_customer_once_more_keeps_the_contact(client, acme, anna):
    page = pressed(client, "choose_customer", acme.pk, customer=acme, contact=anna)
    assert chosen(page) == (str(acme.pk), str(anna.pk))


@both
def test_change(headers, client, acme, anna):
    other = CustomerFactory()
    page = pressed(client, "change_customer", headers=headers, customer=acme, contact=anna)
    assert chosen(page) == (str(acme.pk), str(anna.pk))
    assert offered(page, "choose_customer") == [str(other.pk)]
    assert offered(page, "keep_customer") == ["1"]
    page = pressed(client, "keep_customer", headers=headers, customer=acme, contact=anna)
    assert chosen(page) == (str(acme.pk), str(anna.pk))
    assert offered(page, "choose_customer") == []


@both
def test_remove_the_customer(headers, client, acme, anna):
    page = pressed(client, "remove_customer", headers=headers, customer=acme, contact=anna)
    assert chosen(page) == ("", "")
    assert "Acme (ACME-1) removed." in page.text
    assert offered(page, "choose_customer") == [str(acme.pk)]


# The contact


def test_contacts_are_offered_once_there_is_a_customer(client, acme):
    page = Served(client.get(ADD))
    assert "Choose the customer first." in page.text
    assert offered(page, "find_contacts") == []
    page = pressed(client, "choose_customer", acme.pk)
    assert offered(page, "find_contacts") == ["1"]


@both
def test_find_contacts(headers, client, acme, anna):
    ContactFactory(name="Anna of others")
    acme.contacts.add(ContactFactory(name="Anna disabled", status="disabled"), ContactFactory(name="Bert"))
    page = pressed(client, "find_contacts", headers=headers, customer=acme, contact_q="ANNA")
    assert offered(page, "choose_contact") == [str(anna.pk)]
    assert "1 contact matches" in page.text
    assert "anna@example.com" in page.text


def test_eight_contacts_are_offered(client, acme):
    acme.contacts.add(*[ContactFactory() for _ in range(12)])
    page = pressed(client, "find_contacts", customer=acme)
    assert len(offered(page, "choose_contact")) == 8
    assert "The first 8; type more to narrow down" in page.text


@both
def test_choose_a_contact(headers, client, acme, anna):
    page = pressed(client, "choose_contact", anna.pk, headers=headers, customer=acme, contact_q="an")
    assert chosen(page) == (str(acme.pk), str(anna.pk))
    assert "Anna <anna@example.com> chosen." in page.text
    assert offered(page, "choose_contact") == []


@both
@pytest.mark.parametrize("key", BAD_KEYS)
def test_choose_no_contact(key, headers, client, acme):
    page = pressed(client, "choose_contact", key, headers=headers, customer=acme)
    assert page.status == 200
    assert chosen(page) == (str(acme.pk), "")
    assert "not one of the customer’s any more, or is disabled" in page.text


@pytest.mark.parametrize("customer", ["acme", "nobody"])
def test_a_contact_of_another_customer_is_neither_taken_nor_named(customer, client, acme):
    secret = ContactFactory(name="Secret", email="secret@example.com")
    CustomerFactory(people=[secret])
    key = acme.pk if customer == "acme" else ""
    for button, value in [("choose_contact", secret.pk), ("add_product", "1"), ("remove_contact", "1")]:
        page = pressed(client, button, value, customer=key, contact=secret.pk)
        assert chosen(page) == (str(key), "")
        assert "ecret" not in page.text
    page = Served(save(client, customer=key, contact=secret.pk))
    assert page.status == 422
    assert "ecret" not in page.text


@both
def test_remove_the_contact(headers, client, acme, anna):
    page = pressed(client, "remove_contact", headers=headers, customer=acme, contact=anna)
    assert chosen(page) == (str(acme.pk), "")
    assert "Anna <anna@example.com> removed." in page.text


# The customer of a link


def test_the_customer_of_a_link(client, acme):
    page = Served(client.get(ADD, {"customer": acme.pk}))
    assert chosen(page) == (str(acme.pk), "")
    assert "ACME-1 · Europe/Berlin" in page.text


@pytest.mark.parametrize("key", BAD_KEYS)
def test_a_link_to_no_customer(key, client):
    page = Served(client.get(ADD, {"customer": key}))
    assert page.status == 200
    assert chosen(page) == ("", "")
    assert "The customer of this link is disabled or has been deleted." in page.text


def test_a_link_to_a_disabled_customer(client):
    gone = CustomerFactory(status="disabled")
    page = Served(client.get(ADD, {"customer": gone.pk}))
    assert chosen(page) == ("", "")
    assert "is disabled or has been deleted" in page.text


# Saving


@pytest.mark.parametrize("key", BAD_KEYS)
@pytest.mark.parametrize("name", ["customer", "contact"])
def test_a_forged_key_saves_nothing(name, key, client, acme):
    before = everything()
    page = Served(save(client, **({"customer": acme.pk} | {name: key})))
    assert page.status == 422
    assert f"This {name} has been deleted meanwhile. Choose another one." in page.text
    assert f"#{name}-title" in [address for _, address in page.links]
    assert chosen(page) == ("" if name == "customer" else str(acme.pk), "")
    assert everything() == before


def test_a_contact_of_another_customer_saves_nothing(client, acme):
    other = ContactFactory()
    CustomerFactory(people=[other])
    before = everything()
    page = Served(save(client, customer=acme.pk, contact=other.pk))
    assert page.status == 422
    assert ("Contact: Choose a contact of this customer.", "#contact-title") in page.links
    assert everything() == before


def test_a_contact_without_a_customer_saves_nothing(client, anna):
    before = everything()
    page = Served(save(client, contact=anna.pk))
    assert page.status == 422
    assert "Choose the customer first" in page.text
    assert everything() == before


@pytest.mark.parametrize("name", ["customer", "contact"])
def test_disabled_meanwhile(name, client, acme, anna):
    record = acme if name == "customer" else anna
    type(record).objects.filter(pk=record.pk).update(status="disabled")
    before = everything()
    page = Served(save(client, customer=acme.pk, contact=anna.pk))
    assert page.status == 422
    assert f"{record} is disabled. Choose another one." in page.text
    assert everything() == before


def test_what_the_draft_has_already_it_keeps(client, acme, anna):
    draft = EntitlementFactory(customer=acme, contact=anna)
    Customer.objects.filter(pk=acme.pk).update(status="disabled")
    type(anna).objects.filter(pk=anna.pk).update(status="disabled")
    page = Served(client.get(edit_of(draft)))
    assert page.text.count("disabled") == 2
    assert "Disabled meanwhile. The draft keeps it, but nothing can be activated" in page.text
    assert chosen(page) == (str(acme.pk), str(anna.pk))
    data = page.form("customer").data | {"ref_id1": "new", "save": ""}
    assert client.post(edit_of(draft), data).status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.customer, draft.contact) == ("new", acme, anna)


def test_a_contact_that_left_the_customer_is_named_and_has_to_go(client, acme, anna):
    draft = EntitlementFactory(customer=acme, contact=anna)
    acme.contacts.clear()
    page = Served(client.get(edit_of(draft)))
    assert "Not a contact of this customer any more." in page.text
    data = page.form("customer").data
    page = Served(client.post(edit_of(draft), data | {"ref_id1": "new", "save": ""}))
    assert page.status == 422
    assert "Choose a contact of this customer." in page.text
    assert chosen(page) == (str(acme.pk), str(anna.pk))
    page = Served(client.post(edit_of(draft), page.form("customer").data | {"remove_contact": "1"}))
    assert client.post(edit_of(draft), page.form("customer").data | {"save": ""}).status_code == 302
    draft.refresh_from_db()
    assert (draft.ref_id1, draft.contact) == ("new", None)


def test_customer_and_contact_are_saved_from_button_to_button(client, acme, anna):
    page = pressed(client, "choose_customer", acme.pk)
    page = Served(client.post(ADD, page.form("customer").data | {"choose_contact": str(anna.pk)}))
    data = page.form("customer").data | VALID | {"external_id": ""}
    assert client.post(ADD, data).status_code == 302
    draft = Entitlement.objects.get()
    assert (draft.customer, draft.contact) == (acme, anna)
    assert draft.product_keys.get().product == "Half an"

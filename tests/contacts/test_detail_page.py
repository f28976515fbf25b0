"""A contact's page and its history."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts import actions
from contacts.models import Contact, Invitation
from customers import actions as customer_actions
from customers.models import Association
from ems_site.accounts.models import LogOn, Session, User
from ems_site.audit import actions as audit
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def anna():
    return ContactFactory(
        email="anna@example.com",
        name="Änna <b>",
        ref_id1="R-1",
        ref_id2="R-2",
        phone="+49 30 1",
        language="de",
    )


@pytest.fixture
def user_of_anna(anna):
    return UserFactory(username=anna.email, is_staff=False, contact=anna, password="argon2$x")


def shown(client, contact, page=""):
    response = client.get(f"/contacts/{contact.pk}/{page}")
    assert response.status_code == 200
    return Served(response)


def table(page, heading):
    return next((table for table in page.tables if table and heading in table[0]), None)


def someone(signed_in, *rights):
    user = UserFactory()
    user.user_permissions.set(allowed("contacts.view_contact", *rights))
    return signed_in(user)


# Attributes


def test_attributes(anna, client):
    text = shown(client, anna).text
    for words in (
        *("Email anna@example.com", "Name Änna <b>", "Ref ID 1 R-1", "Ref ID 2 R-2", "Phone +49 30 1"),
        *("Language German", "Enabled"),
    ):
        assert words in text


def test_empty_attributes_are_said_to_be_empty(client):
    page = shown(client, ContactFactory(name="", email="nameless@example.com"))
    for label in ("Name", "Ref ID 1", "Ref ID 2", "Phone"):
        assert f"{label} None" in page.text


@pytest.mark.parametrize("key", ["0", "4711", "9" * 18, "9" * 19, "-1", "abc", "１", "%00"])
@pytest.mark.parametrize("page", ["", "edit/", "history/", "customers/", "invite/", "password/", "sign-out/"])
def test_there_is_no_such_contact(key, page, client):
    before = everything()
    for answer in (client.get(f"/contacts/{key}/{page}"), client.post(f"/contacts/{key}/{page}")):
        assert answer.status_code in {404, 405}
    assert everything() == before


# Whether it may log on


def state(client, contact):
    return shown(client, contact).text.partition(" Log-on ")[2]


def test_it_may_log_on(anna, user_of_anna, client):
    CustomerFactory(people=[anna])
    CustomerFactory(people=[anna], status="disabled")
    assert state(client, anna).startswith("May log on Signed in now No Last log-ons None")


def test_without_a_customer_it_may_log_on(anna, user_of_anna, client):
    assert state(client, anna).startswith("May log on Signed")


def test_the_password_is_another_persons(anna, user_of_anna, client):
    User.objects.filter(pk=user_of_anna.pk).update(must_change_password=True)
    assert state(client, anna).startswith("May log on, and must choose a new password at the next log-on ")


@pytest.mark.parametrize("has_user", [False, True])
def test_no_password(has_user, anna, client):
    if has_user:
        UserFactory(username=anna.email, is_staff=False, contact=anna, password="!unusable")
    assert state(client, anna).startswith("Cannot log on: no password yet ")


def test_disabled(anna, user_of_anna, client):
    CustomerFactory(people=[anna], status="disabled")
    assert state(client, anna).startswith("Cannot log on: all customers are disabled ")
    Contact.objects.update(status="disabled")
    assert state(client, anna).startswith("Cannot log on: the contact is disabled ")


def test_a_user_made_inactive_by_an_administrator(anna, user_of_anna, client):
    User.objects.filter(pk=user_of_anna.pk).update(is_active=False)
    assert state(client, anna).startswith("Cannot log on: the log-on has been made inactive ")


def test_sessions_and_log_ons(anna, user_of_anna, client, signed_in):
    signed_in(user_of_anna)
    signed_in(user_of_anna)
    signed_in(UserFactory())
    Session.objects.filter(user=user_of_anna, pk=Session.objects.filter(user=user_of_anna).first().pk).update(
        expire_date=timezone.now() - timedelta(hours=1)
    )
    for number in range(7):
        LogOn.objects.create(user=user_of_anna, client_address=f"192.0.2.{number}")
    text = state(client, anna)
    assert "Signed in now 1 session " in text
    assert ("192.0.2.6" in text, "192.0.2.2" in text, "192.0.2.1" in text) == (True, True, False)


def invitation(contact, **values):
    return Invitation.objects.create(contact=contact, email=contact.email, digest="x" * 64, **values)


def test_an_open_invitation(anna, client):
    open_one = invitation(anna)
    invitation(anna, ended=timezone.now())
    invitation(anna, expires=timezone.now() - timedelta(minutes=1))
    text = state(client, anna)
    assert text.count("Open until") == 1
    assert f"{open_one.expires:%Y, %H:%M} UTC" in text
    assert "Sent to anna@example.com" in text
    assert "Send another invitation" in text


def test_no_open_invitation(anna, client):
    text = state(client, anna)
    assert "Open until" not in text
    assert "Send invitation" in text


def test_an_invitation_that_would_lead_nowhere_is_refused_with_the_reason(anna, client):
    Contact.objects.update(status="disabled")
    assert "Send invitation: not possible, the contact is disabled" in state(client, anna)


def test_nothing_secret_is_shown(anna, user_of_anna, client, signed_in):
    signed_in(user_of_anna)
    digest = invitation(anna).digest
    answer = client.get(f"/contacts/{anna.pk}/").content.decode()
    for secret in (digest, Session.objects.get(user=user_of_anna).session_key, user_of_anna.password):
        assert secret not in answer


# Customers


def test_customers(anna, client):
    acme = CustomerFactory(name="Acme", customer_id="A-1", people=[(anna, "administrator")])
    CustomerFactory(name="bolt", customer_id="B-1", people=[anna], status="disabled")
    page = shown(client, anna)
    assert table(page, "Kind")[1:] == [
        ["Enabled", "Acme", "A-1", "Administrator"],
        ["Disabled", "bolt", "B-1", "Standard"],
    ]
    assert ("Acme", f"/customers/{acme.pk}/") in page.links
    assert ("Associate", f"/contacts/{anna.pk}/customers/") in page.links


def test_the_first_ten_customers_and_the_way_to_all(anna, client):
    for _ in range(12):
        CustomerFactory(people=[anna])
    page = shown(client, anna)
    assert len(table(page, "Kind")) == 11
    assert ("All 12 customers", f"/contacts/{anna.pk}/customers/") in page.links


def test_nothing_of_customers_without_the_right_to_see_them(anna, manager, signed_in):
    customer_actions.associate(CustomerFactory(name="Secret Ltd"), anna, "standard", by=manager)
    client = someone(signed_in, "contacts.change_contact")
    for page in (shown(client, anna), shown(client, anna, "history/")):
        assert "manager changed the contact" in page.text
        assert "Secret Ltd" not in page.text
        assert f"/contacts/{anna.pk}/customers/" not in [address for _, address in page.links]


# Entitlements


def test_entitlements_addressed_to_it(anna, client):
    customer = CustomerFactory(name="Acme", customer_id="A-1", people=[anna])
    draft = EntitlementFactory(customer=None, contact=anna)
    closed = EntitlementFactory(customer=customer, contact=anna, state="closed", end_date="2026-12-31")
    EntitlementFactory(customer=customer)
    assert table(shown(client, anna), "EID")[1:] == [
        ["Closed", closed.eid, "Acme (A-1)", "1 Jan 2026", "31 Dec 2026", "–"],
        ["Draft", draft.eid, "None", "1 Jan 2026", "Never expires", "–"],
    ]


def test_the_latest_ten_entitlements_and_how_many_there_are(anna, client):
    customer = CustomerFactory(people=[anna])
    for _ in range(12):
        EntitlementFactory(customer=customer, contact=anna)
    page = shown(client, anna)
    assert len(table(page, "EID")) == 11
    assert "The latest 10 of 12" in page.text
    assert "Delete: not possible, Has 12 entitlements" in page.text


def test_nothing_of_entitlements_without_the_right_to_see_them(anna, signed_in):
    eid = EntitlementFactory(customer=CustomerFactory(name="Secret Ltd"), contact=anna).eid
    page = shown(someone(signed_in), anna)
    assert "ntitlement" not in page.text
    assert eid not in page.text
    page = shown(someone(signed_in, "entitlements.view_entitlement"), anna)
    assert eid in page.text
    assert "Secret Ltd" not in page.text


# What may be done


def offered(page, contact):
    start = f"/contacts/{contact.pk}/"
    forms = [form.action for form in page.forms]
    addresses = [*(address for _, address in page.links), *forms]
    return {address.removeprefix(start) for address in addresses if address.startswith(start)}


@pytest.mark.parametrize(
    ("rights", "status", "expected"),
    [
        ([], "enabled", set()),
        (["change"], "enabled", {"edit/", "disable/", "invite/", "password/"}),
        (["change"], "disabled", {"edit/", "enable/", "invite/", "password/"}),
        (["delete"], "enabled", {"delete/"}),
    ],
)
def test_actions_by_state_and_rights(rights, status, expected, anna, signed_in):
    Contact.objects.update(status=status)
    client = someone(signed_in, *(f"contacts.{right}_contact" for right in rights))
    assert offered(shown(client, anna), anna) == expected


def test_an_invitation_is_offered_to_those_without_a_password(anna, user_of_anna, client, signed_in):
    assert not {"invite/", "sign-out/"} & offered(shown(client, anna), anna)
    signed_in(user_of_anna)
    assert {"password/", "sign-out/"} <= offered(shown(client, anna), anna)


# History


def test_the_timeline(anna, client, manager):
    customer = CustomerFactory(name="Acme", customer_id="A-1")
    customer_actions.associate(customer, anna, "administrator", by=manager)
    mine = Contact.objects.get(pk=anna.pk)
    mine.phone = ""
    actions.save(mine, by=manager)
    actions.disable(Contact.objects.filter(pk=anna.pk), by=None, comment="Left <the> company")
    for page in ("", "history/"):
        text = shown(client, anna, page).text
        for words in (
            *("The system disabled the contact", "“Left <the> company”", "manager changed the contact"),
            *("Phone +49 30 1 → empty", "Acme (A-1) (Administrator)"),
        ):
            assert words in text


def test_the_latest_ten_entries_and_the_way_to_all(anna, client):
    for number in range(12):
        audit.record("contact.changed", anna, by=None, changes={"phone": ["", f"N{number}"]})
    page = shown(client, anna)
    assert "N11" in page.text
    assert "N1 " not in page.text
    assert f"/contacts/{anna.pk}/history/" in [address for _, address in page.links]
    assert "1–12 of 12 entries" in shown(client, anna, "history/").text


def test_a_viewer_sees_the_history_of_a_contact(anna, viewer, signed_in):
    actions.disable(Contact.objects.filter(pk=anna.pk), by=None)
    assert "disabled the contact" in shown(signed_in(viewer), anna, "history/").text


# How often the database is asked


def test_the_number_of_queries_does_not_grow(anna, user_of_anna, client, django_assert_max_num_queries):
    for number in range(12):
        customer = CustomerFactory(people=[(anna, Association.Kind.STANDARD)])
        EntitlementFactory(customer=customer, contact=anna)
        LogOn.objects.create(user=user_of_anna, client_address=f"192.0.2.{number}")
        audit.record("contact.changed", anna, by=None, changes={"phone": ["", f"N{number}"]})
    with django_assert_max_num_queries(30):
        client.get(f"/contacts/{anna.pk}/")


# From the customer's page


def test_the_customers_page_leads_here(anna, client, signed_in):
    customer = CustomerFactory(people=[anna])
    links = Served(client.get(f"/customers/{customer.pk}/")).links
    assert ("Änna <b>", f"/contacts/{anna.pk}/") in links
    assert ("Show in Contacts", f"/contacts/?customer={customer.pk}") in links
    user = UserFactory()
    user.user_permissions.set(allowed("customers.view_customer"))
    page = Served(signed_in(user).get(f"/customers/{customer.pk}/"))
    assert "Änna <b>" in page.text
    assert not [address for _, address in page.links if address.startswith("/contacts/")]

"""A contact's customers, changed from the contact's side."""

import pytest
from django.test import Client

from contacts.models import Contact
from customers import actions
from customers.models import Association, Customer
from ems_site import paging
from ems_site.audit.models import Entry
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com", name="Anna")


@pytest.fixture
def acme():
    return CustomerFactory(name="Acme", customer_id="A-1")


def page_of(contact):
    return f"/contacts/{contact.pk}/customers/"


def shown(client, contact, **asked):
    answer = client.get(page_of(contact), asked)
    assert answer.status_code == 200
    return Served(answer)


def names_found(answer):
    return [customer.name for customer in answer.context["found"]]


def post(client, contact, follow=True, **typed):
    return client.post(page_of(contact), typed, follow=follow)


def associate(client, contact, customer, kind="standard", **options):
    return post(client, contact, associate=customer.pk, kind=kind, **options)


def kinds(contact):
    return dict(contact.associations.values_list("customer__name", "kind"))


# Looking


def test_associated_customers(anna, acme, client):
    Association.objects.create(customer=acme, contact=anna, kind="administrator")
    CustomerFactory(name="bolt", customer_id="B-1", status="disabled", people=[anna])
    page = shown(client, anna)
    assert [row[0] for row in page.tables[0][1:]] == ["AcmeA-1 Enabled", "boltB-1 Disabled"]
    forms = [form for form in page.forms if "associate" in form.data]
    assert [form.data["kind"] for form in forms] == [["administrator"], ["standard"]]
    assert forms[0].data["associate"] == [str(acme.pk)]


def test_many_customers_come_in_pages(anna, client, monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    for _ in range(5):
        CustomerFactory(people=[anna])
    assert len(shown(client, anna).tables[0]) == 4
    assert len(shown(client, anna, page="2").tables[0]) == 3


def test_only_enabled_customers_without_the_contact_are_offered(anna, acme, client):
    CustomerFactory(name="Acme closed", status="disabled")
    CustomerFactory(name="Acme taken", people=[anna])
    answer = client.get(page_of(anna), {"q": " ACME "})
    assert names_found(answer) == ["Acme"]
    assert "A-1" in Served(answer).text
    assert "1 enabled customer matches" in Served(answer).text


def test_the_first_eight_are_offered(anna, client):
    for number in range(10):
        CustomerFactory(name=f"Customer {number}")
    answer = client.get(page_of(anna))
    assert names_found(answer) == [f"Customer {number}" for number in range(8)]
    assert "type more to narrow down" in Served(answer).text


def test_as_one_types_only_the_results_come(anna, acme, client):
    headers = {"HX-Request": "true", "HX-Target": "customer-results"}
    answer = client.get(page_of(anna), {"q": "acme"}, headers=headers)
    text = answer.content.decode()
    assert "<main" not in text
    assert 'id="customer-results"' in text
    assert f'formaction="{page_of(anna)}?q=acme"' in text
    posted = {"associate": acme.pk, "kind": "standard"}
    again = client.post(f"{page_of(anna)}?q=acme", posted, follow=True)
    assert again.redirect_chain == [(f"{page_of(anna)}?q=acme", 302)]
    assert kinds(anna) == {"Acme": "standard"}


@pytest.mark.parametrize(
    "raw", ["q=%00", "q=%ED%A0%80", "q=" + "x" * 5000, "q=%25&page=9e9", "page=-1", "q=%5C"]
)
def test_hostile_questions(raw, anna, acme, client):
    assert client.get(f"{page_of(anna)}?{raw}").status_code == 200


# Changing


@pytest.mark.parametrize("kind", ["standard", "administrator"])
def test_associate(kind, anna, acme, client, manager):
    answer = associate(client, anna, acme, kind)
    assert f"Anna <anna@example.com> is {kind.capitalize()} of Acme (A-1)." in Served(answer).text
    assert kinds(anna) == {"Acme": kind}
    links = {entry.subject_kind: entry.changes for entry in Entry.objects.all()}
    assert links["customers.customer"] == {f"contact:{anna.pk}:anna@example.com": ["", kind]}
    assert links["contacts.contact"] == {f"customer:{acme.pk}:Acme (A-1)": ["", kind]}


def test_change_the_kind(anna, acme, client):
    Association.objects.create(customer=acme, contact=anna)
    answer = associate(client, anna, acme, "administrator")
    assert "is Administrator of Acme (A-1)." in Served(answer).text
    assert kinds(anna) == {"Acme": "administrator"}


def test_remove(anna, acme, client):
    Association.objects.create(customer=acme, contact=anna)
    answer = post(client, anna, remove=acme.pk)
    assert "Anna <anna@example.com> is no longer associated with Acme (A-1)." in Served(answer).text
    assert kinds(anna) == {}
    assert (Contact.objects.count(), Customer.objects.count()) == (1, 1)


def test_the_other_contacts_of_the_customer_stay(anna, acme, client):
    bert = ContactFactory(email="bert@example.com")
    Association.objects.create(customer=acme, contact=bert, kind="administrator")
    associate(client, anna, acme)
    post(client, anna, remove=acme.pk)
    assert kinds(bert) == {"Acme": "administrator"}


def test_nothing_changes_twice(anna, acme, client):
    Association.objects.create(customer=acme, contact=anna)
    before = everything()
    assert "Nothing was changed" in Served(associate(client, anna, acme)).text
    assert "Nothing was changed" in Served(post(client, anna, remove=CustomerFactory().pk)).text
    Customer.objects.exclude(pk=acme.pk).delete()
    assert everything() == before


def test_losing_the_last_enabled_customer_is_said_and_signs_out(anna, acme, client, signed_in):
    user = UserFactory(username=anna.email, is_staff=False, contact=anna)
    Association.objects.create(customer=acme, contact=anna)
    CustomerFactory(people=[anna], status="disabled")
    signed_in(user)
    answer = post(client, anna, remove=acme.pk, comment="")
    assert "Cannot log on: all customers are disabled." in Served(answer).text
    assert not user.sessions.exists()


# What cannot be read


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"associate": "", "kind": "standard"},
        {"associate": "abc", "kind": "standard"},
        {"associate": "-1", "kind": "standard"},
        {"associate": "１", "kind": "standard"},
        {"associate": "9" * 20, "kind": "standard"},
        {"associate": str(2**63), "kind": "standard"},
        {"associate": "4711", "kind": "standard"},
        {"associate": "acme"},
        {"associate": "acme", "kind": ""},
        {"associate": "acme", "kind": "owner"},
        {"associate": "acme", "kind": "Standard"},
        {"associate": "acme", "kind": "\0"},
        {"remove": ""},
        {"remove": "abc"},
        {"remove": "9" * 30},
        {"remove": "4711"},
        {"kind": "standard"},
    ],
    ids=str,
)
def test_a_clear_message_and_nothing_lost(typed, anna, acme, client):
    Association.objects.create(customer=acme, contact=anna, kind="administrator")
    before = everything()
    typed = {name: str(acme.pk) if value == "acme" else value for name, value in typed.items()}
    answer = client.post(f"{page_of(anna)}?q=bolt", typed)
    assert answer.status_code == 422
    page = Served(answer)
    assert any(
        words in page.text
        for words in ("could not be read", "deleted meanwhile", "is Standard or Administrator")
    )
    assert 'value="bolt"' in answer.content.decode()
    assert everything() == before


def test_deleted_in_the_instant_of_associating(anna, acme, client, monkeypatch):
    action = actions.associate

    def overtaken(customer, *args, **kwargs):
        Customer.objects.filter(pk=customer.pk).delete()
        return action(customer, *args, **kwargs)

    monkeypatch.setattr(actions, "associate", overtaken)
    answer = associate(client, anna, acme)
    assert answer.status_code == 422
    assert "Acme (A-1) has been deleted meanwhile." in Served(answer).text


# Completed entitlements ask for a confirmation


@pytest.fixture
def busy(acme):
    EntitlementFactory(customer=acme, state="complete")
    return acme


def test_the_confirmation_says_what_changes(anna, busy, client):
    before = everything()
    answer = associate(client, anna, busy, "administrator")
    assert answer.status_code == 422
    page = Served(answer)
    assert "Save these changes to Acme (A-1)?" in page.text
    assert "1 completed entitlement belongs to this customer" in page.text
    assert page.tables[0][1:] == [["Contact", "empty", "anna@example.com (Administrator)"]]
    assert everything() == before
    form = page.form("confirmation")
    done = client.post(form.action, form.data | {"save": "1"}, follow=True)
    assert "is Administrator of Acme (A-1)." in Served(done).text
    assert kinds(anna) == {"Acme": "administrator"}


def test_removing_is_confirmed_too(anna, busy, client):
    Association.objects.create(customer=busy, contact=anna)
    page = Served(post(client, anna, remove=busy.pk))
    assert page.tables[0][1:] == [["Contact", "anna@example.com (Standard)", "empty"]]
    form = page.form("confirmation")
    client.post(form.action, form.data | {"save": "1"})
    assert kinds(anna) == {}


def test_a_confirmation_is_for_what_was_shown(anna, busy, client, superuser, signed_in):
    form = Served(associate(client, anna, busy)).form("confirmation")
    before = everything()
    for other in ({"kind": "administrator"}, {"confirmation": "forged"}, {"confirmation": ""}):
        assert client.post(form.action, form.data | other).status_code == 422
    assert signed_in(superuser).post(form.action, form.data).status_code == 422
    bert = ContactFactory()
    assert client.post(page_of(bert), form.data).status_code == 422
    bert.delete()
    assert everything() == before
    assert client.post(form.action, form.data).status_code == 302
    assert client.post(page_of(anna), {"remove": busy.pk, **form.data}).status_code == 422


# Rights


def someone(signed_in, *rights):
    user = UserFactory()
    user.user_permissions.set(allowed(*rights))
    return signed_in(user)


@pytest.mark.parametrize("right", ["contacts.view_contact", "customers.view_customer"])
def test_one_right_alone_does_not_open_the_page(right, anna, acme, signed_in):
    client = someone(signed_in, right, "customers.change_customer", "contacts.change_contact")
    assert client.get(page_of(anna)).status_code == 403
    assert associate(client, anna, acme).status_code == 403
    assert kinds(anna) == {}


def test_a_viewer_looks_only(anna, acme, viewer, signed_in):
    Association.objects.create(customer=acme, contact=anna)
    client = signed_in(viewer)
    page = shown(client, anna)
    assert page.tables[0][1:] == [["AcmeA-1 Enabled", "Standard"]]
    assert [form for form in page.forms if "associate" in form.data or "remove" in dict(form.buttons)] == []
    before = everything()
    assert post(client, anna, remove=acme.pk).status_code == 403
    assert everything() == before


# Taking the last enabled customer away


def test_the_last_enabled_customer_is_removed_with_a_reason(client, log_on_of):
    user = log_on_of(name="Otto")
    customer = CustomerFactory(name="Only Ltd", people=[user.contact])
    Client().force_login(user)
    path = f"/contacts/{user.contact.pk}/customers/"
    page = Served(client.post(path, {"remove": customer.pk}))
    assert page.status == 422
    assert "is signed in now and is out at the next request" in page.text
    assert customer.contacts.exists()
    form = page.form("comment").data | {"comment": "Left the company."}
    client.post(path, form)
    assert not customer.contacts.exists()
    assert not user.sessions.exists()
    for record in (customer, user.contact):
        assert Entry.objects.of(record).first().comment == "Left the company."


def test_others_are_removed_at_once(client, log_on_of):
    user = log_on_of()
    first, _second = (CustomerFactory(people=[user.contact]) for _ in range(2))
    without_log_on = ContactFactory()
    third = CustomerFactory(people=[without_log_on])
    for contact, customer in ((user.contact, first), (without_log_on, third)):
        client.post(f"/contacts/{contact.pk}/customers/", {"remove": customer.pk})
        assert not customer.contacts.exists()


# Invitations by the customer's Administrators


def test_an_invitation_is_seen_and_withdrawn_on_the_customers_page(client, log_on_of):
    arthur = log_on_of(name="Arthur")
    customer = CustomerFactory(people=[(arthur.contact, "administrator")])
    invitation = actions.invite(customer, "nora@example.com", by=arthur)
    page = Served(client.get(f"/customers/{customer.pk}/"))
    assert "nora@example.com by Arthur" in page.text
    path = f"/customers/{customer.pk}/invitations/{invitation.pk}/withdraw/"
    assert client.post(path).status_code == 302
    assert "nora@example.com by" not in Served(client.get(f"/customers/{customer.pk}/")).text
    assert client.post(path).status_code == 404

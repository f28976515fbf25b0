"""Disable and Enable of one customer."""

import pytest

from customers.models import Customer
from ems_site.audit.models import Entry
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

both = pytest.mark.parametrize(
    ("verb", "before", "after"), [("disable", "enabled", "disabled"), ("enable", "disabled", "enabled")]
)


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


def address_of(customer, verb):
    return f"/customers/{customer.pk}/{verb}/"


def opened(client, customer, verb):
    return Served(client.get(address_of(customer, verb))).form("plan").data


@both
def test_done_with_a_reason(verb, before, after, client, manager):
    customer = CustomerFactory(name="Acme", status=before)
    EntitlementFactory(customer=customer, state="complete")
    data = opened(client, customer, verb) | {"comment": "Unpaid <since> May\r\nsee CRM"}
    answer = client.post(address_of(customer, verb), data, follow=True)
    page = Served(answer)
    assert answer.redirect_chain == [(f"/customers/{customer.pk}/", 302)]
    assert f"{customer} {after}." in page.text
    assert "Unpaid <since> May see CRM" in page.text
    customer.refresh_from_db()
    assert (customer.status, customer.version) == (after, 2)
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key, entry.client_address) == (
        f"customer.{after}",
        manager.pk,
        "127.0.0.1",
    )
    assert entry.comment == "Unpaid <since> May\nsee CRM"
    assert entry.changes == {"status": [before.capitalize(), after.capitalize()]}


@both
def test_the_consequence_is_told(verb, before, after, client):
    customer = CustomerFactory(status=before, people=[ContactFactory(), ContactFactory()])
    page = Served(client.get(address_of(customer, verb)))
    assert "2 contacts can" in page.text
    assert ("cannot log on" if verb == "disable" else "log on for it again") in page.text


def user_of(contact):
    return UserFactory(username=contact.email, is_staff=False, contact=contact)


def test_disabling_says_whom_it_locks_out_and_who_is_signed_in_now(client, signed_in):
    """Ten lose their last enabled customer, three of them are signed in; two keep another."""
    people = [ContactFactory() for _ in range(12)]
    customer = CustomerFactory(people=people)
    CustomerFactory(people=people[10:])
    CustomerFactory(people=people[:2], status="disabled")
    for contact in [*people[:3], people[11]]:
        signed_in(user_of(contact))
    text = Served(client.get(address_of(customer, "disable"))).text
    assert "12 contacts are concerned. 10 cannot log on; 3 of them are signed in now" in text
    assert "and are out at their next request; 2 keep other enabled customers (1 signed in now)." in text
    assert "Open invitation and reset links die." in text


def test_disabling_where_all_keep_another_customer(client):
    people = [ContactFactory(), ContactFactory()]
    customer = CustomerFactory(people=people)
    CustomerFactory(people=people)
    text = Served(client.get(address_of(customer, "disable"))).text
    assert "2 contacts are concerned. Nobody is locked out: they keep other enabled customers." in text


def test_disabling_counts_over_all_that_are_ticked(client, signed_in):
    """Whoever has two customers and loses both is locked out, although each alone would leave one."""
    anna = ContactFactory()
    pair = [CustomerFactory(people=[anna]) for _ in range(2)]
    signed_in(user_of(anna))
    answer = client.post("/customers/ticked/disable/", {"pk": [customer.pk for customer in pair]})
    words = "1 contact cannot log on; it is signed in now and is out at the next request."
    assert words in Served(answer).text


@both
def test_nobody_is_associated(verb, before, after, client):
    page = Served(client.get(address_of(CustomerFactory(status=before), verb)))
    assert "No contact is associated" in page.text


@both
def test_so_already(verb, before, after, client):
    customer = CustomerFactory(name="Acme", status=after)
    page = Served(client.get(address_of(customer, verb)))
    assert f"Acme is {after} already" in page.text
    assert not page.form("plan")
    rows = everything()
    assert client.post(address_of(customer, verb), {"plan": "x"}).status_code == 422
    assert everything() == rows


@both
def test_a_plan_works_once(verb, before, after, client):
    customer = CustomerFactory(status=before)
    data = opened(client, customer, verb)
    client.post(address_of(customer, verb), data)
    rows = everything()
    again = client.post(address_of(customer, verb), data)
    assert again.status_code == 422
    assert f"is {after} already" in Served(again).text
    assert everything() == rows


def test_a_plan_is_not_for_its_counterpart(client):
    customer = CustomerFactory()
    data = opened(client, customer, "disable")
    Customer.objects.update(status="disabled")
    assert client.post(address_of(customer, "enable"), data).status_code == 422
    assert not Entry.objects.exists()


def test_a_plan_from_before_a_round_trip(client):
    """Disabled and enabled again meanwhile: it looks the same, but is not what was shown."""
    customer = CustomerFactory()
    stale = opened(client, customer, "disable")
    client.post(address_of(customer, "disable"), opened(client, customer, "disable"))
    client.post(address_of(customer, "enable"), opened(client, customer, "enable"))
    answer = client.post(address_of(customer, "disable"), stale)
    assert answer.status_code == 422
    assert Customer.objects.get().is_enabled()
    assert Served(answer).form("plan").data["plan"] != stale["plan"]


@both
def test_a_completed_entitlement_asks_for_no_confirmation(verb, before, after, client):
    customer = CustomerFactory(status=before)
    EntitlementFactory(customer=customer, state="complete")
    assert client.post(address_of(customer, verb), opened(client, customer, verb)).status_code == 302


@pytest.mark.parametrize("verb", ["disable", "enable"])
def test_gone(verb, client):
    assert client.get(f"/customers/4711/{verb}/").status_code == 404
    assert client.post(f"/customers/4711/{verb}/").status_code == 404


def test_other_verbs_are_no_address(client):
    customer = CustomerFactory()
    for verb in ("disabled", "Disable", "lock", "save"):
        assert client.get(address_of(customer, verb)).status_code == 404

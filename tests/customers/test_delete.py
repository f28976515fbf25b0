"""Deleting customers: never one with an entitlement, whichever way it is tried."""

import pytest
from django.db.models import ProtectedError

from contacts.models import Contact
from customers import actions
from customers.actions import HasEntitlements
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db

STATES = [state.value for state in Entitlement.State]


def one(customer):
    return Customer.objects.filter(pk=customer.pk)


def test_a_customer_goes_and_its_contacts_stay(manager):
    anna, bert = ContactFactory(email="anna@example.com"), ContactFactory()
    customer = CustomerFactory(
        name="Acme", customer_id="A-1", people=[(anna, Association.Kind.ADMINISTRATOR), bert]
    )
    other = CustomerFactory(people=[anna])
    key = customer.pk
    deleted = actions.delete(one(customer), by=manager, comment="Never bought.")
    assert [str(gone) for gone in deleted] == ["Acme (A-1)"]
    assert list(Customer.objects.all()) == [other]
    assert Contact.objects.count() == 2
    assert Association.objects.get().customer == other
    entry = Entry.objects.get(code="customer.deleted")
    assert (entry.subject_kind, entry.subject_key) == ("customers.customer", key)
    assert (entry.subject_name, entry.comment, entry.actor_key) == ("Acme (A-1)", "Never bought.", manager.pk)
    assert entry.changes["name"] == ["Acme", ""]
    assert entry.changes[f"contact:{anna.pk}:anna@example.com"] == ["administrator", ""]
    assert Entry.objects.of(anna).get().changes == {f"customer:{key}:Acme (A-1)": ["administrator", ""]}
    assert Entry.objects.of(bert).get().code == "contact.changed"


@pytest.mark.parametrize("state", STATES)
def test_refused_with_an_entitlement_in_any_state(state, manager):
    customer = CustomerFactory(people=[ContactFactory()])
    EntitlementFactory(customer=customer, state=state)
    with pytest.raises(HasEntitlements) as refused:
        actions.delete(one(customer), by=manager)
    assert refused.value.customers == [customer]
    assert refused.value.code == "has_entitlements"
    assert str(customer) in str(refused.value)
    assert customer.associations.count() == 1
    assert not Entry.objects.exists()


@pytest.mark.parametrize("state", STATES)
def test_of_several_all_or_none(state, manager):
    free = [CustomerFactory(people=[ContactFactory()]) for _ in range(2)]
    blocked = [CustomerFactory() for _ in range(5)]
    for customer in blocked:
        EntitlementFactory(customer=customer, state=state)
    with pytest.raises(HasEntitlements) as refused:
        actions.delete(Customer.objects.all(), by=manager)
    assert refused.value.customers == blocked
    assert "and 2 more have entitlements" in str(refused.value)
    assert Customer.objects.count() == 7
    assert Association.objects.count() == 2
    assert not Entry.objects.exists()
    deleted = actions.delete(Customer.objects.filter(pk__in=[row.pk for row in free]), by=manager)
    assert [row.name for row in deleted] == [row.name for row in free]
    assert Customer.objects.count() == 5


@pytest.mark.parametrize(
    "some",
    [
        lambda: Customer.objects.deletable(),
        lambda: Customer.objects.search("customer").order_by("-name_key"),
        lambda: Customer.objects.filter(associations__kind="standard"),
        lambda: Customer.objects.filter(contacts__status="enabled").distinct(),
    ],
    ids=["outer join", "searched", "joined", "distinct"],
)
def test_any_set_of_customers_will_do(some, manager):
    """However the set is described, each customer in it goes once."""
    customer = CustomerFactory(people=[ContactFactory(), ContactFactory()])
    assert [row.name for row in actions.delete(some(), by=manager)] == [customer.name]
    assert not Customer.objects.exists()
    assert Entry.objects.filter(code="customer.deleted").count() == 1


def test_nothing_to_delete(manager):
    assert actions.delete(Customer.objects.none(), by=manager) == []
    assert not Entry.objects.exists()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(
    "delete",
    [lambda customer: customer.delete(), lambda customer: one(customer).delete()],
    ids=["instance", "queryset"],
)
def test_the_models_refuse_it_too(delete, state):
    customer = CustomerFactory()
    EntitlementFactory(customer=customer, state=state)
    with pytest.raises(ProtectedError):
        delete(customer)
    assert Customer.objects.exists()


def test_the_history_stays(manager):
    customer = actions.save(Customer(name="Acme"), by=manager)
    key = customer.pk
    actions.delete(one(customer), by=manager)
    codes = Entry.objects.filter(subject_kind="customers.customer", subject_key=key).order_by("pk")
    assert [entry.code for entry in codes] == ["customer.added", "customer.deleted"]


def test_an_id_is_free_again(manager):
    customer = CustomerFactory(customer_id="A-1", external_id="E-1")
    actions.delete(one(customer), by=manager)
    assert actions.save(Customer(name="New", customer_id="a-1", external_id="e-1"), by=manager).pk

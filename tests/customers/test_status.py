"""Enable and Disable, and whose sessions end with it."""

import pytest

from customers import actions
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from ems_site.status import Status
from tests.factories import ContactFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db

VERBS = [
    (actions.disable, Status.ENABLED, Status.DISABLED, "customer.disabled"),
    (actions.enable, Status.DISABLED, Status.ENABLED, "customer.enabled"),
]


def everybody():
    return Customer.objects.order_by("-pk")


def person_of(*customers, status=Status.ENABLED):
    """The user of a contact of these customers."""
    contact = ContactFactory(status=status)
    for customer in customers:
        Association.objects.create(customer=customer, contact=contact)
    return UserFactory(username=contact.email, is_staff=False, contact=contact)


def epoch(user):
    user.refresh_from_db()
    return user.session_epoch


@pytest.mark.parametrize(("act", "before", "after", "code"), VERBS)
def test_one_customer(act, before, after, code, manager):
    customer, other = CustomerFactory(status=before), CustomerFactory(status=before)
    changed_before = customer.changed
    done = act(Customer.objects.filter(pk=customer.pk), by=manager, comment="They asked.")
    assert done == [customer]
    row = Customer.objects.get(pk=customer.pk)
    assert (row.status, row.version) == (after, 2)
    assert row.changed > changed_before
    assert row.created == customer.created
    entry = Entry.objects.of(customer).get()
    assert (entry.code, entry.comment, entry.actor_key) == (code, "They asked.", manager.pk)
    assert entry.changes == {"status": [before.label, after.label]}
    assert entry.version == 2
    assert Customer.objects.get(pk=other.pk).status == before


@pytest.mark.parametrize(("act", "before", "after", "code"), VERBS)
def test_what_is_so_already_is_skipped(act, before, after, code, manager):
    to_do = [CustomerFactory(status=before) for _ in range(3)]
    so_already = CustomerFactory(status=after)
    assert act(everybody(), by=manager) == to_do
    assert set(Customer.objects.values_list("status", flat=True)) == {after}
    assert Entry.objects.filter(code=code).count() == 3
    row = Customer.objects.get(pk=so_already.pk)
    assert (row.version, row.changed) == (1, so_already.changed)


@pytest.mark.parametrize(("act", "before", "after", "code"), VERBS)
def test_again_changes_nothing(act, before, after, code, manager):
    CustomerFactory(status=before)
    act(everybody(), by=manager)
    totals = Entry.objects.count(), Customer.objects.get().version
    assert act(everybody(), by=manager) == []
    assert (Entry.objects.count(), Customer.objects.get().version) == totals


@pytest.mark.parametrize(("act", "before", "after", "code"), VERBS)
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
def test_any_set_of_customers_will_do(act, before, after, code, some, manager):
    """However the set is described, each customer in it is changed once."""
    customer = CustomerFactory(status=before, people=[ContactFactory(), ContactFactory()])
    assert act(some(), by=manager) == [customer]
    assert Customer.objects.get().version == 2
    assert Entry.objects.filter(code=code).count() == 1


@pytest.mark.parametrize(("act", "before", "after", "code"), VERBS)
def test_without_customers_nothing_happens(act, before, after, code, manager):
    assert act(Customer.objects.none(), by=manager) == []
    assert not Entry.objects.exists()


def test_the_search_key_and_the_attributes_stay(manager):
    customer = CustomerFactory(description="Old", people=[ContactFactory(email="anna@example.com")])
    actions.disable(everybody(), by=manager)
    row = Customer.objects.get()
    assert row.search_key == customer.search_key
    assert list(Customer.objects.search("anna@")) == [row]


def test_sessions_end_for_those_without_another_enabled_customer(manager):
    going, also_going, staying = CustomerFactory(), CustomerFactory(), CustomerFactory()
    dead = CustomerFactory(status=Status.DISABLED)
    out = [person_of(going), person_of(going, also_going), person_of(going, dead)]
    still_in = [person_of(going, staying), person_of(staying), person_of(dead), person_of()]
    staff = UserFactory()
    actions.disable(Customer.objects.filter(pk__in=[going.pk, also_going.pk]), by=manager)
    assert [epoch(user) for user in out] == [1, 1, 1]
    assert [epoch(user) for user in [*still_in, staff, manager]] == [0] * 6


def test_the_last_of_several_ends_the_sessions(manager):
    one, two = CustomerFactory(), CustomerFactory()
    user = person_of(one, two)
    actions.disable(Customer.objects.filter(pk=one.pk), by=manager)
    assert epoch(user) == 0
    actions.disable(Customer.objects.filter(pk=two.pk), by=manager)
    assert epoch(user) == 1


def test_enabling_never_takes_the_epoch_back(manager):
    user = person_of(CustomerFactory())
    for round_number in (1, 2):
        actions.disable(everybody(), by=manager)
        actions.enable(everybody(), by=manager)
        assert epoch(user) == round_number


def test_an_old_session_stays_dead(manager, signed_in):
    user = person_of(CustomerFactory())
    before = user.get_session_auth_hash()
    actions.disable(everybody(), by=manager)
    actions.enable(everybody(), by=manager)
    user.refresh_from_db()
    assert user.get_session_auth_hash() != before


@pytest.mark.parametrize(
    "lose",
    [
        lambda last, dead, contact, by: actions.delete(Customer.objects.filter(pk=last.pk), by=by),
        lambda last, dead, contact, by: actions.save(last, by=by, associates=[]),
    ],
    ids=["deleted", "taken away"],
)
def test_losing_the_last_enabled_customer_ends_the_sessions(lose, manager):
    last, dead = CustomerFactory(), CustomerFactory(status=Status.DISABLED)
    user = person_of(last, dead)
    lose(last, dead, user.contact, manager)
    user.refresh_from_db()
    assert not user.contact.may_log_on()
    assert user.session_epoch == 1


def test_getting_a_disabled_customer_only_ends_the_sessions(manager):
    dead, user = CustomerFactory(status=Status.DISABLED), person_of()
    actions.save(dead, by=manager, associates=[(user.contact, Association.Kind.STANDARD)])
    assert not user.contact.may_log_on()
    assert epoch(user) == 1


def test_losing_one_of_two_enabled_customers_ends_nothing(manager):
    one, two = CustomerFactory(), CustomerFactory()
    user = person_of(one, two)
    actions.save(one, by=manager, associates=[])
    assert epoch(user) == 0

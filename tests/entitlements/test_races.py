"""The guards in earnest: two people at the same instant, with real threads on the running database."""

import uuid
from datetime import date
from functools import partial

import pytest

import customers.actions
from customers.actions import ConfirmationRequired, HasEntitlements
from customers.models import Customer
from ems_site.audit.models import Entry
from ems_site.errors import Conflict, Gone
from entitlements import actions, licenses
from entitlements.actions import NotAllowed, NothingLeft
from entitlements.models import Activation, Entitlement, ProductKey
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

TRIES = range(200)


@pytest.fixture(autouse=True)
def actor(transactional_db):
    return UserFactory()


def of(entitlement):
    return Entitlement.objects.filter(pk=entitlement.pk)


def customer_of(customer):
    return Customer.objects.filter(pk=customer.pk)


def complete_one(**values):
    entitlement = EntitlementFactory(state="complete", products=[{"quantity": 1}], **values)
    return entitlement, entitlement.product_keys.get()


def test_deleting_a_customer_while_an_entitlement_is_created_for_it(at_once, actor):
    wins = {"entitlement": 0, "deletion": 0}
    for _ in TRIES:
        customer = CustomerFactory()
        draft = Entitlement(customer=customer, start_date=date(2026, 1, 1))
        key = ProductKey(product="Suite")
        saved, deleted = at_once(
            lambda draft=draft, key=key: actions.save(draft, by=actor, product_keys=[key]),
            lambda customer=customer: customers.actions.delete(customer_of(customer), by=actor),
        )
        kept = customer_of(customer).exists()
        created = Entitlement.objects.filter(customer_id=customer.pk)
        if kept:
            assert isinstance(deleted, HasEntitlements), (saved, deleted)
            assert created.get().product_keys.get().called() == "Suite"
            wins["entitlement"] += 1
        else:
            assert deleted == [customer], (saved, deleted)
            assert saved.message_dict == {"customer": ["This customer has been deleted meanwhile."]}
            wins["deletion"] += 1
        assert created.exists() is kept
        codes = set(Entry.objects.filter(subject_key=customer.pk).values_list("code", flat=True))
        assert ("customer.deleted" in codes) is not kept
    assert ProductKey.objects.count() == Entitlement.objects.count() == wins["entitlement"]
    assert sum(wins.values()) == len(TRIES)


def test_completing_while_the_customer_is_edited_without_confirmation(at_once, actor):
    for number in TRIES:
        customer = CustomerFactory()
        draft = EntitlementFactory(customer=customer, products=[{}])
        mine = Customer.objects.get(pk=customer.pk)
        mine.time_zone = "Asia/Tokyo"
        completed, edited = at_once(
            lambda draft=draft: actions.complete(of(draft), by=actor),
            lambda mine=mine: customers.actions.save(mine, by=actor),
        )
        assert completed == [draft], completed
        zone = customer_of(customer).get().time_zone
        key = draft.product_keys.get()
        if isinstance(edited, Exception):
            assert isinstance(edited, ConfirmationRequired), (number, edited)
            assert [move.key for move in edited.moves] == [key]
            assert zone == "UTC"
        else:
            assert zone == "Asia/Tokyo"
        # Whoever was first, the window that was stored is the one of the customer's zone.
        assert key.time_zone == zone
        assert key.validity() == key.validity_in(zone)
        assert Entry.objects.of(draft).get().code == "entitlement.completed"
        assert Entry.objects.of(customer).count() == (1 if zone == "UTC" else 2)


@pytest.mark.parametrize("what", ["entitlement", "customer"])
def test_disabling_while_activating(what, at_once, actor):
    for _ in TRIES:
        entitlement, key = complete_one()

        def disable(entitlement=entitlement):
            if what == "entitlement":
                return actions.disable(of(entitlement), by=actor)
            return customers.actions.disable(customer_of(entitlement.customer), by=actor)

        activated, disabled = at_once(lambda key=key: actions.activate(key, quantity=1, by=actor), disable)
        assert isinstance(disabled, list), disabled
        assert len(disabled) == 1
        rows = list(key.activations.all())
        told = Entry.objects.of(entitlement).filter(code="entitlement.activated").count()
        assert len(rows) == told
        if rows:
            assert rows == [activated]
            assert licenses.verify(rows[0].license.encode(), licenses.known_keys())
        else:
            assert isinstance(activated, NotAllowed), activated
            assert "disabled" in str(activated)
        state = of(entitlement).get().state
        assert state == ("disabled" if what == "entitlement" else "complete")


def test_fifty_activate_at_once_and_twenty_are_left(at_once, actor):
    entitlement = EntitlementFactory(state="complete", products=[{"quantity": 20}])
    key = entitlement.product_keys.get()
    results = at_once(*[lambda: actions.activate(key, quantity=1, by=actor)] * 50)
    activated = [result for result in results if isinstance(result, Activation)]
    refused = [result for result in results if isinstance(result, NothingLeft)]
    assert (len(activated), len(refused)) == (20, 30), results
    assert key.activations.in_force().count() == 20
    assert key.available() == 0
    assert Entry.objects.filter(code="entitlement.activated").count() == 20


def test_a_double_click_activates_once(at_once, actor):
    for _ in range(20):
        _entitlement, key = complete_one()
        given = uuid.uuid4()
        click = partial(actions.activate, key, quantity=1, by=actor, uuid=given)
        results = at_once(*[click] * 3)
        assert {result.pk for result in results} == {key.activations.get().pk}, results


def test_a_revocation_is_done_once(at_once, actor):
    for _ in range(20):
        _entitlement, key = complete_one()
        activation = actions.activate(key, quantity=1, by=actor)
        results = at_once(
            *[lambda activation=activation: actions.revoke(activation, by=actor, comment="Twice.")] * 3
        )
        assert sum(isinstance(result, Activation) for result in results) == 1, results
        assert sum(isinstance(result, NotAllowed) for result in results) == 2, results
        assert key.available() == 1


def test_another_time_zone_while_activating(at_once, actor):
    """The license has either window, and the key moves only where nothing was activated before."""
    for _ in range(40):
        entitlement, key = complete_one(customer=CustomerFactory(time_zone="Europe/Berlin"))
        mine = Customer.objects.get(pk=entitlement.customer_id)
        mine.time_zone = "Asia/Tokyo"
        with pytest.raises(ConfirmationRequired) as required:
            customers.actions.save(mine, by=actor)
        confirmed = required.value.confirmation
        activated, moved = at_once(
            lambda key=key: actions.activate(key, quantity=1, by=actor),
            partial(customers.actions.save, mine, by=actor, confirmed=confirmed),
        )
        assert isinstance(activated, Activation), activated
        zone = ProductKey.objects.get(pk=key.pk).time_zone
        if isinstance(moved, Exception):
            assert isinstance(moved, ConfirmationRequired), moved
            assert (moved.moves, zone, activated.time_zone) == ([], "Europe/Berlin", "Europe/Berlin")
        else:
            assert (zone, activated.time_zone) == ("Asia/Tokyo", "Asia/Tokyo")
        assert activated.validity() == key.validity_in(activated.time_zone)


def test_a_contact_deleted_while_a_license_is_issued_for_it(at_once, actor):
    import contacts.actions
    from contacts.models import Contact

    for _ in range(40):
        person = ContactFactory()
        _entitlement, key = complete_one(customer=CustomerFactory(people=[person]))
        everyone = Contact.objects.filter(pk=person.pk)
        activated, deleted = at_once(
            lambda key=key, person=person: actions.activate(key, quantity=1, by=actor, activatee=person),
            lambda everyone=everyone: contacts.actions.delete(everyone, by=actor),
        )
        if everyone.exists():
            assert isinstance(deleted, contacts.actions.HasEntitlements), (activated, deleted)
            assert key.activations.get().activatee == person
        else:
            assert set(activated.message_dict) == {"activatee"}, (activated, deleted)
            assert not key.activations.exists()


def test_a_draft_is_edited_while_it_is_completed_or_deleted(at_once, actor):
    for number in range(40):
        draft = EntitlementFactory(products=[{"product": "Old"}])
        mine, key = of(draft).get(), draft.product_keys.get()
        key.product = mine.ref_id1 = "New"
        verb = actions.delete if number % 2 else actions.complete
        edited, done = at_once(
            lambda mine=mine, key=key: actions.save(mine, by=actor, product_keys=[key]),
            lambda verb=verb, draft=draft: verb(of(draft), by=actor),
        )
        assert done == [draft], done
        if isinstance(edited, Exception):
            assert isinstance(edited, (Gone, NotAllowed, Conflict)), edited
        found = of(draft).first()
        if number % 2:
            assert found is None
            assert not ProductKey.objects.filter(pk=key.pk).exists()
        else:
            called = "Old" if isinstance(edited, Exception) else "New"
            assert (found.state, found.product_keys.get().called()) == ("complete", called)


@pytest.mark.parametrize("verb", ["disable", "activate"])
def test_a_contact_gets_another_name_and_email_while_its_entitlement_changes(verb, at_once, actor):
    import contacts.actions
    from contacts.models import Contact

    for number in range(60):
        person = ContactFactory()
        entitlement, key = complete_one(customer=CustomerFactory(people=[person]), contact=person)
        mine = Contact.objects.get(pk=person.pk)
        mine.email, mine.name = f"new-{verb}-{number}@example.com", f"New {number}"

        def change(entitlement=entitlement, key=key):
            if verb == "disable":
                return actions.disable(of(entitlement), by=actor)
            return actions.activate(key, quantity=1, by=actor)

        results = at_once(partial(contacts.actions.save, mine, by=actor), change)
        assert not [result for result in results if isinstance(result, Exception)], results
        assert of(entitlement).search(mine.email).exists()


def test_a_contact_activates_at_the_instant_in_which_it_is_disabled(at_once, actor, log_on_of):
    import contacts.actions
    from contacts.models import Contact

    for _ in range(40):
        by = log_on_of(ContactFactory())
        entitlement, key = complete_one(customer=CustomerFactory(people=[by.contact]), contact=by.contact)
        everyone = Contact.objects.filter(pk=by.contact_id)
        activated, disabled = at_once(
            partial(actions.activate, key, quantity=1, by=by),
            partial(contacts.actions.disable, everyone, by=actor),
        )
        assert disabled == [by.contact], disabled
        codes = ["entitlement.activated", "contact.disabled"]
        subjects = [entitlement.pk, by.contact_id]
        told = Entry.objects.filter(code__in=codes, subject_key__in=subjects).order_by("-pk")
        if isinstance(activated, Exception):
            assert isinstance(activated, NotAllowed), activated
            assert not key.activations.exists()
        else:
            assert told[0].code == "contact.disabled"

"""Saving a customer with a completed entitlement: confirmed by this person for exactly this change."""

from datetime import timedelta

import pytest
import time_machine
from django.core import signing
from django.utils import timezone

from contacts.models import Contact
from customers import actions
from customers.actions import ConfirmationRequired
from customers.actions.customers import CONFIRMATION_SALT
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db

STANDARD, ADMINISTRATOR = Association.Kind.STANDARD, Association.Kind.ADMINISTRATOR


@pytest.fixture
def acme(db):
    customer = CustomerFactory(name="Acme", people=[ContactFactory(email="anna@example.com")])
    EntitlementFactory(customer=customer, state="complete")
    return customer


def renamed(customer, name="Renamed"):
    row = Customer.objects.get(pk=customer.pk)
    row.name = name
    return row


def asked(customer, by, **kwargs):
    """The refusal that asks for the confirmation; nothing may have been written."""
    before = Entry.objects.count(), Contact.objects.count()
    with pytest.raises(ConfirmationRequired) as required:
        actions.save(customer, by=by, **kwargs)
    assert (Entry.objects.count(), Contact.objects.count()) == before
    assert Customer.objects.get(pk=customer.pk).name == "Acme"
    return required.value


@pytest.mark.parametrize("state", ["complete", "disabled", "closed"])
def test_needed_in_every_state_but_draft(state, manager):
    customer = CustomerFactory(name="Acme")
    EntitlementFactory(customer=customer, state=state)
    EntitlementFactory(customer=customer, state="draft")
    refusal = asked(renamed(customer), manager)
    assert (refusal.code, refusal.entitlements) == ("confirmation_required", 1)
    assert refusal.changes == {"name": ["Acme", "Renamed"]}
    assert "1 completed entitlement belongs" in str(refusal)


def test_not_needed_for_drafts_nor_for_those_of_others(acme, manager):
    customer = CustomerFactory(name="Bolt")
    EntitlementFactory(customer=customer, state="draft")
    assert actions.save(renamed(customer), by=manager).version == 2


def test_not_needed_without_a_change(acme, manager):
    customer = Customer.objects.get(pk=acme.pk)
    people = [(acme.contacts.get(), STANDARD)]
    assert actions.save(customer, by=manager, associates=people).version == 1


@pytest.mark.parametrize("same_instance", [True, False])
def test_the_right_confirmation_saves(same_instance, acme, manager):
    customer = renamed(acme)
    confirmation = asked(customer, manager).confirmation
    actions.save(customer if same_instance else renamed(acme), by=manager, confirmed=confirmation)
    row = Customer.objects.get(pk=acme.pk)
    assert (row.name, row.version) == ("Renamed", 2)


def test_contacts_count_as_a_change(acme, manager):
    anna, bert, new = acme.contacts.get(), ContactFactory(), Contact(email="new@example.com")
    for others in ([], [(anna, ADMINISTRATOR)], [(anna, STANDARD), (bert, STANDARD)], [(new, STANDARD)]):
        row = Customer.objects.get(pk=acme.pk)
        refusal = asked(row, manager, associates=others)
        assert all(name.startswith("contact:") for name in refusal.changes)
    actions.save(row, by=manager, associates=others, confirmed=refusal.confirmation)
    assert [contact.email for contact in acme.contacts.all()] == ["new@example.com"]


def test_a_confirmation_is_for_one_change_only(acme, manager):
    confirmation = asked(renamed(acme), manager).confirmation
    asked(renamed(acme, "Another"), manager, confirmed=confirmation)
    more = renamed(acme)
    more.crm_id = "7"
    asked(more, manager, confirmed=confirmation)
    asked(renamed(acme), manager, associates=[], confirmed=confirmation)


def test_a_confirmation_is_for_the_new_contacts_that_were_typed(acme, manager):
    def people(email, kind):
        return [(acme.contacts.get(), STANDARD), (Contact(email=email), kind)]

    row = Customer.objects.get(pk=acme.pk)
    confirmation = asked(row, manager, associates=people("new@example.com", STANDARD)).confirmation
    asked(row, manager, associates=people("else@example.com", STANDARD), confirmed=confirmation)
    asked(row, manager, associates=people("new@example.com", ADMINISTRATOR), confirmed=confirmation)


def test_a_confirmation_is_for_one_person(acme, manager):
    confirmation = asked(renamed(acme), manager).confirmation
    asked(renamed(acme), UserFactory(), confirmed=confirmation)
    asked(renamed(acme), None, confirmed=confirmation)


def test_a_confirmation_is_for_one_customer(acme, manager):
    other = CustomerFactory(name="Acme")
    EntitlementFactory(customer=other, state="complete")
    confirmation = asked(renamed(acme), manager).confirmation
    asked(renamed(other), manager, confirmed=confirmation)


def test_a_confirmation_is_for_one_version(acme, manager):
    """Changed there and back, it looks the same and is not what was shown."""
    confirmation = asked(renamed(acme), manager).confirmation
    for act in (actions.disable, actions.enable):
        act(Customer.objects.filter(pk=acme.pk), by=manager)
    asked(renamed(acme), manager, confirmed=confirmation)


def test_a_confirmation_is_for_so_many_entitlements(acme, manager):
    confirmation = asked(renamed(acme), manager).confirmation
    EntitlementFactory(customer=acme, state="closed")
    assert asked(renamed(acme), manager, confirmed=confirmation).entitlements == 2


def test_a_new_draft_spoils_no_confirmation(acme, manager):
    confirmation = asked(renamed(acme), manager).confirmation
    EntitlementFactory(customer=acme, state="draft")
    assert actions.save(renamed(acme), by=manager, confirmed=confirmation).version == 2


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: "",
        lambda text: "yes",
        lambda text: text[:-1],
        lambda text: text + "x",
        lambda text: "x" + text,
        lambda text: text.upper(),
        lambda text: ":".join(reversed(text.split(":"))),
        lambda text: "\ud800\0",
    ],
)
def test_a_tampered_confirmation_does_not_count(spoil, acme, manager):
    confirmation = asked(renamed(acme), manager).confirmation
    asked(renamed(acme), manager, confirmed=spoil(confirmation))


def test_a_signature_for_another_purpose_does_not_count(acme, manager):
    shown = signing.loads(asked(renamed(acme), manager).confirmation, salt=CONFIRMATION_SALT)
    asked(renamed(acme), manager, confirmed=signing.dumps(shown, salt="customers.plan", compress=True))


@pytest.mark.parametrize(("hours", "counts"), [(11, True), (13, False)])
def test_a_confirmation_expires(hours, counts, acme, manager):
    confirmation = asked(renamed(acme), manager).confirmation
    with time_machine.travel(timezone.now() + timedelta(hours=hours)):
        if counts:
            assert actions.save(renamed(acme), by=manager, confirmed=confirmation).version == 2
        else:
            asked(renamed(acme), manager, confirmed=confirmation)


def test_a_confirmation_saves_once(acme, manager):
    confirmation = asked(renamed(acme), manager).confirmation
    actions.save(renamed(acme), by=manager, confirmed=confirmation)
    with pytest.raises(ConfirmationRequired):
        actions.save(renamed(acme, "Acme"), by=manager, confirmed=confirmation)

"""Entitlements go from state to state: what each permits, and what is written down."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, transaction

import customers.actions
from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.actions import NotAllowed
from entitlements.models import Entitlement, ProductKey
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory
from tests.pages import everything

pytestmark = pytest.mark.django_db

STATES = [state.value for state in Entitlement.State]
VERBS = {
    "complete": ("complete", {"draft"}, "entitlement.completed"),
    "disable": ("disabled", {"complete"}, "entitlement.disabled"),
    "enable": ("complete", {"disabled"}, "entitlement.enabled"),
    "close": ("closed", {"complete", "disabled"}, "entitlement.closed"),
}


def of(*entitlements):
    return Entitlement.objects.filter(pk__in=[entitlement.pk for entitlement in entitlements])


def act(verb, *entitlements, **options):
    return getattr(actions, verb)(of(*entitlements), **options)


def reread(entitlement):
    return Entitlement.objects.get(pk=entitlement.pk)


@pytest.mark.parametrize("old", STATES)
@pytest.mark.parametrize("verb", VERBS)
def test_what_each_verb_does_in_each_state(verb, old, manager):
    new, permitted, code = VERBS[verb]
    entitlement = EntitlementFactory(state=old, products=[{}])
    before = everything()
    assert bool(entitlement.why_not(verb)) is (old not in permitted)
    assert of(entitlement).that_may(verb).exists() is (old in permitted)
    if old == new and verb != "complete":
        assert act(verb, entitlement, by=manager) == []
        assert everything() == before
        return
    if old not in permitted:
        with pytest.raises(NotAllowed) as refused:
            act(verb, entitlement, by=manager)
        assert str(refused.value) == f"{entitlement.eid} {entitlement.why_not(verb)}"
        assert everything() == before
        return
    assert act(verb, entitlement, by=manager, comment="Because.") == [entitlement]
    row = reread(entitlement)
    assert (row.state, row.version) == (new, 2)
    assert row.changed > entitlement.changed
    entry = Entry.objects.of(row).get()
    assert (entry.code, entry.actor_key, entry.comment) == (code, manager.pk, "Because.")
    assert entry.changes["state"] == [old.capitalize(), new.capitalize()]
    told = Entry.objects.of(row.customer).get()
    assert told.changes == {f"entitlement:{row.pk}:{row.eid}": [old.capitalize(), new.capitalize()]}


def test_the_state_that_counts_is_the_one_in_the_database(manager):
    entitlement = EntitlementFactory(state="closed", products=[{}])
    entitlement.state = "complete"
    with pytest.raises(NotAllowed):
        act("disable", entitlement, by=manager)


@pytest.mark.parametrize(
    ("verb", "bad"),
    [("disable", "draft"), ("enable", "closed"), ("complete", "complete"), ("close", "draft")],
)
def test_of_several_all_or_none(verb, bad, manager):
    good = EntitlementFactory(state=next(iter(VERBS[verb][1])), products=[{}])
    other = EntitlementFactory(state=bad, products=[{}])
    before = everything()
    with pytest.raises(NotAllowed):
        act(verb, good, other, by=manager)
    assert everything() == before
    assert act(verb, good, by=manager) == [good]


def test_those_that_are_so_already_are_skipped(manager):
    on, off = EntitlementFactory(state="complete"), EntitlementFactory(state="disabled")
    assert act("disable", on, off, by=manager) == [on]
    assert reread(off).version == 1


def test_completing_stores_the_windows(manager):
    customer = CustomerFactory(time_zone="Asia/Tokyo")
    draft = EntitlementFactory(
        customer=customer, end_date=date(2026, 12, 31), products=[{}, {"never_expires": True}]
    )
    act("complete", draft, by=manager)
    first, second = draft.product_keys.all()
    starts = datetime(2025, 12, 31, 15, tzinfo=UTC)
    assert (first.valid_from, first.valid_until) == (starts, datetime(2026, 12, 31, 15, tzinfo=UTC))
    assert (second.valid_from, second.valid_until, second.span) == (starts, None, None)
    assert {first.time_zone, second.time_zone} == {"Asia/Tokyo"}
    changes = Entry.objects.of(draft).get().changes
    assert changes[first.link()] == ["", str(first.validity())]
    assert (
        "2026-01-01 to 2026-12-31 in Asia/Tokyo (UTC: 2025-12-31 15:00 to 2026-12-31 15:00)"
        in changes[first.link()]
    )


def test_completing_needs_a_customer_and_a_product(manager):
    without_customer = EntitlementFactory(customer=None, products=[{}])
    without_product = EntitlementFactory()
    before = everything()
    for draft, lack in ((without_customer, "no customer"), (without_product, "no product")):
        assert not of(draft).that_may("complete").exists()
        with pytest.raises(NotAllowed, match=f"{draft.eid} has {lack} yet"):
            act("complete", draft, by=manager)
    assert everything() == before
    with pytest.raises(IntegrityError), transaction.atomic():
        of(without_customer).update(state="complete")


def test_completing_needs_a_window(manager):
    """The customer's zone may have become another one since the draft was saved."""
    draft = EntitlementFactory(start_date=date(2011, 12, 30), products=[{"product": "Suite"}])
    draft.customer.time_zone = "Pacific/Apia"
    draft.customer.save()
    with pytest.raises(NotAllowed, match="30 December 2011 did not exist in Pacific/Apia"):
        act("complete", draft, by=manager)
    assert (reread(draft).state, ProductKey.objects.get().valid_from) == ("draft", None)


def test_completing_needs_a_contact_of_the_customer(manager):
    draft = EntitlementFactory(products=[{}])
    Entitlement.objects.update(contact=ContactFactory())
    with pytest.raises(NotAllowed, match="Choose a contact of this customer"):
        act("complete", draft, by=manager)


@pytest.mark.parametrize("verb", ["disable", "close"])
def test_a_contact_who_left_the_customer_is_no_hindrance(verb, manager):
    """A completed entitlement cannot be edited, so nobody could ever choose another contact."""
    anna = ContactFactory()
    customer = CustomerFactory(people=[anna])
    entitlement = EntitlementFactory(customer=customer, contact=anna, state="complete")
    with pytest.raises(customers.actions.ConfirmationRequired) as required:
        customers.actions.save(customer, by=manager, associates=[])
    customers.actions.save(customer, by=manager, associates=[], confirmed=required.value.confirmation)
    act(verb, entitlement, by=manager)
    assert reread(entitlement).state == VERBS[verb][0]

"""Entitlements: four states, what each of them permits, and what is written down."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

import customers.actions
from customers.models import Customer
from ems_site.audit.models import Entry
from ems_site.errors import Conflict, Gone
from entitlements import actions
from entitlements.actions import NotAllowed
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db

STATES = [state.value for state in Entitlement.State]
ALLOWED = {
    ("draft", "complete"),
    ("complete", "disabled"),
    ("complete", "closed"),
    ("disabled", "complete"),
    ("disabled", "closed"),
}
VERBS = {
    actions.complete: ("complete", {"draft"}, "entitlement.completed"),
    actions.disable: ("disabled", {"complete"}, "entitlement.disabled"),
    actions.enable: ("complete", {"disabled"}, "entitlement.enabled"),
    actions.close: ("closed", {"complete", "disabled"}, "entitlement.closed"),
}


def reread(entitlement):
    return Entitlement.objects.get(pk=entitlement.pk)


@pytest.mark.parametrize("old", STATES)
@pytest.mark.parametrize("new", STATES)
def test_which_state_follows_which(old, new):
    assert Entitlement(state=old).may_go_to(new) is ((old, new) in ALLOWED)


@pytest.mark.parametrize("old", STATES)
@pytest.mark.parametrize("verb", VERBS)
def test_what_each_verb_does_in_each_state(verb, old, manager):
    new, permitted, code = VERBS[verb]
    entitlement = EntitlementFactory(state=old)
    if old not in permitted:
        with pytest.raises(NotAllowed):
            verb(entitlement, by=manager)
        assert (reread(entitlement).state, reread(entitlement).version) == (old, 1)
        assert not Entry.objects.exists()
        return
    verb(entitlement, by=manager)
    row = reread(entitlement)
    assert (row.state, row.version) == (new, 2)
    assert row.changed > entitlement.changed
    entry = Entry.objects.get()
    assert (entry.code, entry.subject_name, entry.actor_key) == (code, row.eid, manager.pk)
    assert entry.changes == {"state": [old.capitalize(), new.capitalize()]}


@pytest.mark.parametrize("verb", VERBS)
def test_the_state_that_counts_is_the_one_in_the_database(verb, manager):
    entitlement = EntitlementFactory(state="closed")
    entitlement.state = next(iter(VERBS[verb][1]))
    with pytest.raises(NotAllowed):
        verb(entitlement, by=manager)


@pytest.mark.parametrize("verb", [actions.save, *VERBS])
def test_an_entitlement_that_is_gone(verb, manager):
    entitlement = EntitlementFactory()
    Entitlement.objects.all().delete()
    with pytest.raises(Gone):
        verb(entitlement, by=manager)


def test_a_draft_may_be_empty(manager):
    draft = actions.save(Entitlement(start_date=date(2026, 1, 1)), by=manager)
    row = reread(draft)
    assert (row.state, row.customer, row.end_date, row.version) == ("draft", None, None, 1)
    assert len(row.eid) == 35
    assert Entry.objects.get().code == "entitlement.added"
    assert Entry.objects.get().changes["start_date"] == ["", "2026-01-01"]


def test_completing_needs_a_customer(manager):
    draft = actions.save(Entitlement(start_date=date(2026, 1, 1)), by=manager)
    with pytest.raises(ValidationError) as refused:
        actions.complete(draft, by=manager)
    assert "Choose a customer" in str(refused.value.messages)
    assert reread(draft).state == "draft"
    with pytest.raises(IntegrityError), transaction.atomic():
        Entitlement.objects.update(state="complete")


@pytest.mark.parametrize("state", STATES)
def test_only_drafts_are_edited(state, manager):
    entitlement = EntitlementFactory(state=state)
    entitlement.ref_id1 = "New"
    if state == "draft":
        actions.save(entitlement, by=manager)
        assert (reread(entitlement).ref_id1, reread(entitlement).version) == ("New", 2)
        assert Entry.objects.get().changes == {"ref_id1": ["", "New"]}
    else:
        with pytest.raises(NotAllowed):
            actions.save(entitlement, by=manager)
        assert not Entry.objects.exists()


@pytest.mark.parametrize("adding", [True, False])
@pytest.mark.parametrize("state", [state for state in STATES if state != "draft"])
def test_saving_never_changes_the_state(state, adding, manager):
    entitlement = Entitlement(customer=CustomerFactory(), start_date=date(2026, 1, 1))
    if not adding:
        actions.save(entitlement, by=manager)
    entitlement.state, entitlement.ref_id1 = state, "New"
    try:
        actions.save(entitlement, by=manager)
    except ValidationError:
        return
    assert reread(entitlement).state == "draft"


def test_without_a_change_nothing_is_written(manager):
    entitlement = EntitlementFactory(ref_id1="R")
    mine = reread(entitlement)
    mine.ref_id1 = " R "
    actions.save(mine, by=manager)
    assert (reread(entitlement).version, Entry.objects.count()) == (1, 0)


def test_two_versions_meet(manager, superuser):
    mine, theirs = reread(EntitlementFactory()), Entitlement.objects.get()
    theirs.ref_id1, mine.ref_id2 = "theirs", "mine"
    actions.save(theirs, by=superuser)
    with pytest.raises(Conflict) as conflict:
        actions.save(mine, by=manager)
    assert (conflict.value.current.ref_id1, mine.version) == ("theirs", 1)


@pytest.mark.parametrize("states", [["draft"], ["draft", "draft"]])
def test_drafts_are_deleted(states, manager):
    drafts = [EntitlementFactory(state=state) for state in states]
    eids = [draft.eid for draft in drafts]
    deleted = actions.delete(Entitlement.objects.all(), by=manager)
    assert [draft.eid for draft in deleted] == eids
    assert not Entitlement.objects.exists()
    entries = Entry.objects.filter(code="entitlement.deleted")
    assert sorted(entry.subject_name for entry in entries) == sorted(eids)
    assert entries[0].changes["start_date"] == ["2026-01-01", ""]


@pytest.mark.parametrize("state", [state for state in STATES if state != "draft"])
def test_what_was_completed_is_not_deleted_nor_its_company(state, manager):
    EntitlementFactory(state="draft")
    EntitlementFactory(state=state)
    with pytest.raises(NotAllowed):
        actions.delete(Entitlement.objects.all(), by=manager)
    assert Entitlement.objects.count() == 2
    assert not Entry.objects.exists()


@pytest.mark.parametrize("verb", [actions.save, actions.complete])
def test_the_contact_is_one_of_the_customers(verb, manager):
    anna, bert = ContactFactory(), ContactFactory()
    customer = CustomerFactory(people=[anna])
    draft = EntitlementFactory(customer=customer)
    for contact in (bert, anna):
        Entitlement.objects.update(contact=contact)
        mine = reread(draft)
        mine.ref_id1 = f"for {contact}"
        if contact is bert:
            with pytest.raises(ValidationError) as refused:
                verb(mine, by=manager)
            assert set(refused.value.message_dict) == {"contact"}
        else:
            assert verb(mine, by=manager).version == 2


@pytest.mark.parametrize("verb", [actions.disable, actions.close])
def test_a_contact_who_left_the_customer_is_no_hindrance(verb, manager):
    """A completed entitlement cannot be edited, so nobody could ever choose another contact."""
    anna = ContactFactory()
    customer = CustomerFactory(people=[anna])
    entitlement = EntitlementFactory(customer=customer, contact=anna, state="complete")
    with pytest.raises(customers.actions.ConfirmationRequired) as required:
        customers.actions.save(customer, by=manager, associates=[])
    customers.actions.save(customer, by=manager, associates=[], confirmed=required.value.confirmation)
    verb(entitlement, by=manager)
    assert reread(entitlement).state == VERBS[verb][0]


@pytest.mark.parametrize(
    ("end", "good"), [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (None, True)]
)
def test_the_end_is_not_before_the_start(end, good, manager):
    entitlement = Entitlement(start_date=date(2026, 1, 1), end_date=end)
    if good:
        assert actions.save(entitlement, by=manager).pk
        return
    with pytest.raises(ValidationError) as refused:
        actions.save(entitlement, by=manager)
    assert "before the start" in str(refused.value.messages)
    with pytest.raises(IntegrityError), transaction.atomic():
        entitlement.save()


def test_a_customer_that_is_gone(manager):
    entitlement = Entitlement(customer=CustomerFactory(), start_date=date(2026, 1, 1))
    Customer.objects.all().delete()
    with pytest.raises(ValidationError) as refused:
        actions.save(entitlement, by=manager)
    assert set(refused.value.message_dict) == {"customer"}


@pytest.mark.parametrize("field", ["ref_id1", "ref_id2", "external_id"])
def test_numbers_have_at_most_a_hundred_characters(field, manager):
    for length, good in ((100, True), (101, False)):
        entitlement = Entitlement(start_date=date(2026, 1, 1), **{field: "x" * length})
        if good:
            actions.save(entitlement, by=manager)
        else:
            with pytest.raises(ValidationError) as refused:
                actions.save(entitlement, by=manager)
            assert set(refused.value.message_dict) == {field}


def test_a_lost_race_names_the_field(manager, monkeypatch):
    EntitlementFactory(external_id="X-1")
    clean, calls = Entitlement.full_clean, []

    def too_early(self, *args, **kwargs):
        calls.append(self)
        return clean(self, *args, **kwargs) if len(calls) > 1 else None

    monkeypatch.setattr(Entitlement, "full_clean", too_early)
    with pytest.raises(ValidationError) as refused:
        actions.save(Entitlement(start_date=date(2026, 1, 1), external_id="x-1"), by=manager)
    assert set(refused.value.message_dict) == {"external_id"}

"""Another time zone of a customer: which product keys move, and what is asked before."""

from datetime import UTC, date, datetime

import pytest
from django.core.exceptions import ValidationError

import customers.actions
from customers.actions import ConfirmationRequired
from customers.models import Customer
from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.models import Entitlement, ProductKey
from tests.factories import CustomerFactory, EntitlementFactory, ProductKeyFactory, UserFactory
from tests.pages import everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def customer():
    return CustomerFactory(time_zone="Europe/Berlin")


def key_of(customer, state="complete", **values):
    return ProductKeyFactory(entitlement=EntitlementFactory(customer=customer, state=state), **values)


def move(customer, zone, by, confirmed=None):
    row = Customer.objects.get(pk=customer.pk)
    row.time_zone = zone
    return customers.actions.save(row, by=by, confirmed=confirmed)


def asked(customer, zone, by):
    with pytest.raises(ConfirmationRequired) as required:
        move(customer, zone, by)
    return required.value


def windows():
    return {key.pk: (key.time_zone, key.valid_from, key.valid_until) for key in ProductKey.objects.all()}


def test_what_is_shown_is_what_moves(customer, manager):
    shut = key_of(customer, "closed", end_date=date(2026, 3, 28))
    off = key_of(customer, "disabled")
    free, used = key_of(customer), key_of(customer)
    draft, foreign = key_of(customer, "draft"), key_of(CustomerFactory(time_zone="Europe/Berlin"))
    actions.activate(used, quantity=1, by=manager)
    before = windows()
    required = asked(customer, "Asia/Tokyo", manager)
    assert windows() == before
    assert [shown.key for shown in required.moves] == [shut, off, free]
    assert all(shown.is_felt() for shown in required.moves)
    first = required.moves[0]
    assert first.before.until == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert first.after.until == datetime(2026, 3, 28, 15, tzinfo=UTC)
    move(customer, "Asia/Tokyo", manager, required.confirmation)
    after = windows()
    assert {pk for pk in before if before[pk] != after[pk]} == {shut.pk, off.pk, free.pk}
    for shown in required.moves:
        assert after[shown.key.pk] == ("Asia/Tokyo", shown.after.starts, shown.after.until)
        (entry,) = Entry.objects.of(shown.key.entitlement).filter(code="entitlement.moved")
        assert entry.changes == {shown.key.link(): [str(shown.before), str(shown.after)]}
    for left in (used, draft, foreign):
        assert not Entry.objects.of(left.entitlement).filter(code="entitlement.moved").exists()
    assert ProductKey.objects.get(pk=shut.pk).span == shut.span


def test_another_name_of_the_same_zone_is_not_felt(customer, manager):
    key = key_of(customer)
    required = asked(customer, "Europe/Copenhagen", manager)
    assert [shown.is_felt() for shown in required.moves] == [False]
    move(customer, "Europe/Copenhagen", manager, required.confirmation)
    assert windows()[key.pk][0] == "Europe/Copenhagen"
    assert not Entry.objects.filter(code="entitlement.moved").exists()


def test_without_another_zone_nothing_moves(customer, manager):
    key_of(customer)
    row = Customer.objects.get(pk=customer.pk)
    row.description = "New"
    with pytest.raises(ConfirmationRequired) as required:
        customers.actions.save(row, by=manager)
    assert required.value.moves == []


@pytest.mark.parametrize("meanwhile", ["activated", "revoked", "completed"])
def test_the_confirmation_holds_for_what_was_shown(meanwhile, customer, manager):
    key, other = key_of(customer), key_of(customer, "draft")
    activation = actions.activate(key, quantity=1, by=manager) if meanwhile == "revoked" else None
    required = asked(customer, "Asia/Tokyo", manager)
    if meanwhile == "activated":
        actions.activate(key, quantity=1, by=manager)
    elif activation:
        actions.revoke(activation, by=manager, comment="R")
    else:
        actions.complete(Entitlement.objects.filter(pk=other.entitlement_id), by=manager)
    before = everything()
    with pytest.raises(ConfirmationRequired) as again:
        move(customer, "Asia/Tokyo", manager, required.confirmation)
    assert everything() == before
    move(customer, "Asia/Tokyo", manager, again.value.confirmation)
    assert {shown.key.pk for shown in again.value.moves} == {
        pk for pk, window in windows().items() if window[0] == "Asia/Tokyo"
    }


def test_a_day_that_the_new_zone_skipped(customer, manager):
    start = date(2011, 12, 30)
    key = key_of(customer, start_date=start, product="Suite", product_version="2")
    before = everything()
    with pytest.raises(ValidationError) as refused:
        move(customer, "Pacific/Apia", manager)
    why = "30 December 2011 did not exist in Pacific/Apia: the calendar skipped it."
    assert refused.value.message_dict == {"time_zone": [f"Suite 2 of {key.entitlement.eid}: {why}"]}
    assert everything() == before
    clerk = UserFactory()
    with pytest.raises(ValidationError) as refused:
        move(customer, "Pacific/Apia", clerk)
    assert refused.value.message_dict == {"time_zone": [f"A license of this customer: {why}"]}


def test_the_number_of_queries_does_not_depend_on_the_number_of_keys(
    customer, manager, django_assert_max_num_queries
):
    for _ in range(12):
        key_of(customer)
    required = asked(customer, "Asia/Tokyo", manager)
    with django_assert_max_num_queries(30 + 12):
        move(customer, "Asia/Tokyo", manager, required.confirmation)

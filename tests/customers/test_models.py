"""The customer itself: its made-up Customer ID, and the questions it answers."""

import re

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from contacts.models import Contact
from customers import models
from customers.models import Association, Customer
from ems_site.status import Status
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db

LOOK_ALIKES = set("0O1IL2Z5S8BUV")


def test_made_up_ids_are_short_and_readable():
    ids = [models.new_customer_id() for _ in range(500)]
    assert all(re.fullmatch("C-[A-Z0-9]{6}", text) for text in ids)
    assert not LOOK_ALIKES & set("".join(text.removeprefix("C-") for text in ids))
    assert len(set(ids)) > 495


@pytest.mark.parametrize("blank", ["", " ", "\u3000\t"])
def test_a_customer_without_an_id_gets_one(blank):
    customer = Customer(name="Acme", customer_id=blank)
    customer.full_clean()
    customer.save()
    assert re.fullmatch("C-[A-Z0-9]{6}", Customer.objects.get().customer_id)
    assert customer.customer_id == Customer.objects.get().customer_id


def test_a_given_id_is_kept():
    customer = Customer(name="Acme", customer_id=" Acme-1 ")
    customer.full_clean()
    customer.save()
    assert Customer.objects.get().customer_id == "Acme-1"


@pytest.fixture
def made_up(monkeypatch):
    """These Customer IDs are made up next; returns the rest of them."""

    def prepare(*ids):
        rest = list(ids)
        monkeypatch.setattr(models, "new_customer_id", lambda: rest.pop(0))
        return rest

    return prepare


def test_a_clash_is_retried(made_up):
    CustomerFactory(customer_id="taken")
    rest = made_up("TAKEN", "Ｔaken", "free", "unused")
    customer = Customer(name="Acme")
    customer.save()
    assert (customer.customer_id, rest) == ("free", ["unused"])
    assert Customer.objects.count() == 2


def test_another_clash_is_no_reason_to_retry(made_up):
    CustomerFactory(external_id="taken")
    rest = made_up("one", "two")
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer(name="Acme", external_id="TAKEN").save()
    assert rest == ["two"]


def test_made_up_ids_do_not_repeat():
    for number in range(50):
        Customer.objects.create(name=f"Acme {number}")
    assert Customer.objects.values("customer_id").distinct().count() == 50


def test_names_may_repeat_and_the_id_tells_them_apart():
    one, other = CustomerFactory(name="Acme"), CustomerFactory(name="ACME")
    assert str(one) != str(other)
    assert one.customer_id in str(one)


@pytest.mark.parametrize("name", ["acme", " ACME ", "Ａcme", "Ácme"])
def test_customers_of_a_name_are_found_however_it_is_written(name):
    customer = CustomerFactory(name="Acme")
    CustomerFactory(name="Acme Ltd")
    assert list(Customer.objects.named(name)) == [customer]


def test_a_customer_needs_a_name():
    with pytest.raises(ValidationError) as refused:
        Customer(customer_id="x").full_clean()
    assert set(refused.value.message_dict) == {"name"}


def test_new_customers_are_enabled_and_in_utc():
    customer = Customer.objects.create(name="Acme")
    assert customer.is_enabled()
    assert (customer.time_zone, customer.version) == ("UTC", 1)
    assert customer.uuid != Customer.objects.create(name="Acme").uuid


@pytest.mark.parametrize(
    ("state", "needs_confirmation"),
    [("draft", False), ("complete", True), ("disabled", True), ("closed", True)],
)
def test_what_entitlements_do_to_a_customer(state, needs_confirmation):
    customer, other = CustomerFactory(), CustomerFactory()
    assert (customer.edit_needs_confirmation(), customer.may_be_deleted()) == (False, True)
    EntitlementFactory(customer=customer, state=state)
    assert customer.edit_needs_confirmation() is needs_confirmation
    assert not customer.may_be_deleted()
    assert list(Customer.objects.deletable()) == [other]


def test_customers_with_many_entitlements_are_counted_once():
    customer = CustomerFactory()
    for state in Entitlement.State:
        EntitlementFactory(customer=customer, state=state)
    assert list(Customer.objects.all()) == [customer]
    assert customer.entitlements.completed().count() == 3


def test_status_divides_the_customers():
    enabled, disabled = CustomerFactory(), CustomerFactory(status=Status.DISABLED)
    assert list(Customer.objects.enabled()) == [enabled]
    assert list(Customer.objects.disabled()) == [disabled]


def test_rows_as_they_were_shown():
    one, two = CustomerFactory(), CustomerFactory(version=3)
    shown = Customer.objects.as_shown
    assert set(shown([(one.pk, 1), (two.pk, 3)])) == {one, two}
    assert set(shown([(one.pk, 3), (two.pk, 3)])) == {two}
    assert not shown([]).exists()


@pytest.mark.parametrize(
    ("status", "customers", "may"),
    [
        (Status.ENABLED, [], True),
        (Status.ENABLED, [Status.ENABLED], True),
        (Status.ENABLED, [Status.DISABLED, Status.ENABLED], True),
        (Status.ENABLED, [Status.DISABLED, Status.DISABLED], False),
        (Status.DISABLED, [], False),
        (Status.DISABLED, [Status.ENABLED], False),
    ],
)
def test_who_may_log_on(status, customers, may):
    contact = ContactFactory(status=status)
    for customer_status in customers:
        CustomerFactory(status=customer_status, people=[contact])
    assert contact.may_log_on() is may


def test_a_contact_is_associated_once():
    contact = ContactFactory()
    customer = CustomerFactory(people=[(contact, Association.Kind.ADMINISTRATOR)])
    with pytest.raises(IntegrityError), transaction.atomic():
        Association.objects.create(customer=customer, contact=contact)
    assert Contact.objects.get().customers.get() == customer

"""Folded key columns: identities without regard to case, true after every kind of save."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from contacts.models import Contact
from customers.forms import CustomerForm
from customers.models import Customer
from ems_site.accounts.models import User
from ems_site.folding import identity_key, search_term, sort_key
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db

TWINS = [
    ("ACME-1", "acme-1"),
    ("ACME-1", "ＡＣＭＥ-1"),
    ("STRASSE", "straße"),
    ("ÄÖ1", "äÖ1"),
    ("ΟΔΟΣ", "οδος"),
]


def customer(**values):
    return Customer(name="Other", **values)


def entitlement(**values):
    return Entitlement(start_date="2026-01-01", **values)


IDENTITIES = [
    *((CustomerFactory, customer, "customer_id", pair) for pair in TWINS),
    *((CustomerFactory, customer, "external_id", pair) for pair in TWINS),
    *((ContactFactory, lambda **values: Contact(email="b@b.example", **values), "ref_id1", p) for p in TWINS),
    *((EntitlementFactory, entitlement, "external_id", pair) for pair in TWINS),
    *((UserFactory, lambda **values: User(password="!", **values), "username", pair) for pair in TWINS),
    (ContactFactory, Contact, "email", ("anna@example.com", "ANNA@Example.com")),
    (ContactFactory, Contact, "email", ("a@straße.example", "a@STRASSE.example")),
    (ContactFactory, Contact, "email", ("a@ü.example", "a@Ü.example")),
]


@pytest.mark.parametrize(("factory", "model", "field", "twins"), IDENTITIES)
def test_twins_are_refused_on_their_field(factory, model, field, twins):
    factory(**{field: twins[0]})
    with pytest.raises(ValidationError) as refused:
        model(**{field: twins[1]}).full_clean()
    assert set(refused.value.message_dict) == {field}
    assert "nother" in refused.value.message_dict[field][0]


@pytest.mark.parametrize(("factory", "model", "field", "twins"), IDENTITIES)
def test_the_database_refuses_twins_too(factory, model, field, twins):
    factory(**{field: twins[0]})
    with pytest.raises(IntegrityError), transaction.atomic():
        factory(**{field: twins[1]})


@pytest.mark.parametrize(
    ("factory", "model", "field", "twins"), [row for row in IDENTITIES if row[0] is not UserFactory]
)
def test_a_row_may_change_the_spelling_of_its_own(factory, model, field, twins):
    row = factory(**{field: twins[0]})
    setattr(row, field, twins[1])
    row.full_clean()
    row.save()
    assert getattr(type(row).objects.get(pk=row.pk), field) == getattr(row, field) != twins[0]


def test_empty_identities_never_collide():
    for text in ("", "  ", "\t"):
        for number in range(2):
            row = Customer(name="Acme", external_id=text)
            row.full_clean()
            row.save()
            person = Contact(email=f"{number}{len(text)}{text.count(' ')}@example.com", ref_id1=text)
            person.full_clean()
            person.save()
    assert set(Customer.objects.values_list("external_id_key", flat=True)) == {None}
    assert set(Contact.objects.values_list("ref_id1_key", flat=True)) == {None}


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (customer, "customer_id"),
        (customer, "external_id"),
        (lambda **values: Contact(email="b@b.example", **values), "ref_id1"),
        (entitlement, "external_id"),
        (lambda **values: User(password="!", **values), "username"),
    ],
)
def test_a_key_too_long_once_folded_is_refused(make, field):
    text = "\ufdfa" * 60
    assert len(identity_key(text)) > 600
    with pytest.raises(ValidationError) as refused:
        make(**{field: text}).full_clean()
    assert refused.value.message_dict == {field: ["Too long."]}


def test_a_long_name_sorts_by_its_beginning():
    row = CustomerFactory(name="\ufdfa" * 255)
    row.full_clean()
    row.save()
    assert Customer.objects.named("\ufdfa" * 255).get() == row
    assert len(row.name_key) == 600


@pytest.mark.parametrize("field", ["customer_id", "external_id"])
@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_what_no_database_can_store_is_refused_and_not_looked_up(field, text):
    with pytest.raises(ValidationError) as refused:
        customer(**{field: text}).full_clean()
    assert set(refused.value.message_dict) == {field}


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_names_that_cannot_be_stored_are_nobodys(text):
    CustomerFactory(name="ab")
    assert not Customer.objects.named(text).exists()


def keys_of(row):
    stored = Customer.objects.get(pk=row.pk)
    return {
        "name_key": (stored.name_key, sort_key(stored.name)),
        "crm_id_key": (stored.crm_id_key, sort_key(stored.crm_id)),
        "customer_id_key": (stored.customer_id_key, identity_key(stored.customer_id)),
        "external_id_key": (stored.external_id_key, identity_key(stored.external_id) or None),
        "search_key": (search_term(stored.name) in stored.search_key, True),
    }


def are_true(row):
    wrong = {name: pair for name, pair in keys_of(row).items() if pair[0] != pair[1]}
    assert wrong == {}


CHANGES = {"name": "Élan", "customer_id": "ÉL-1", "crm_id": "Ç", "external_id": "Straße"}


def test_keys_are_true_after_save():
    row = CustomerFactory(external_id="x1")
    are_true(row)
    for name, value in CHANGES.items():
        setattr(row, name, value)
    row.save()
    are_true(row)


@pytest.mark.parametrize("name", CHANGES)
def test_keys_are_true_after_saving_one_field(name):
    row = CustomerFactory(external_id="x1")
    setattr(row, name, CHANGES[name])
    row.save(update_fields=[name])
    are_true(row)


def test_keys_are_true_after_bulk_create():
    for row in Customer.objects.bulk_create([Customer(**CHANGES), Customer(name="B", customer_id="B")]):
        are_true(row)


def test_checking_does_not_spoil_the_keys():
    row = CustomerFactory(external_id="x1")
    row.full_clean()
    row.save(update_fields=["version"])
    are_true(row)
    row.save()
    are_true(row)


def test_the_form_puts_the_message_on_the_field():
    CustomerFactory(customer_id="ACME", external_id="E1")
    form = CustomerForm({"name": "B", "customer_id": "acme", "external_id": "ｅ1", "time_zone": "UTC"})
    assert set(form.errors) == {"customer_id", "external_id"}

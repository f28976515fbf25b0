"""Searching customers: every attribute and the contacts' e-mails, in any case and script."""

import pytest
from hypothesis import HealthCheck, settings

from contacts.models import Contact
from customers.models import Customer
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db

unhurried = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def test_every_attribute_is_found():
    values = {
        "name": "Namely",
        "customer_id": "Ident-1",
        "crm_id": "Crm-2",
        "description": "First line\nSecond line",
        "external_id": "Extern-3",
        "ref_id": "Refer-4",
        "time_zone": "Pacific/Apia",
    }
    customer = CustomerFactory(**values, people=[ContactFactory(email="Anna.Öz@example.com")])
    CustomerFactory()
    for text in ["NAMELY", "ident-1", "CRM-", "second l", "extern", "r-4", "apia", "anna.oz@", "Example.com"]:
        assert list(Customer.objects.search(text)) == [customer], text


def test_a_customer_with_many_hits_is_found_once():
    customer = CustomerFactory(
        name="Acme Acme", crm_id="acme", people=[ContactFactory(email="acme@acme.example")]
    )
    assert list(Customer.objects.search("acme")) == [customer]


def test_a_contacts_name_is_not_searched():
    CustomerFactory(people=[ContactFactory(name="Zebedee", email="a@example.com")])
    assert not Customer.objects.search("zebedee").exists()


def test_a_search_narrows_what_it_is_given():
    one, _ = CustomerFactory(name="Acme"), CustomerFactory(name="Acme")
    assert list(Customer.objects.filter(pk=one.pk).search("acme")) == [one]


def test_contacts_are_found_by_every_attribute():
    contact = ContactFactory(email="x@y.example", name="Zoë", ref_id1="R1-a", ref_id2="R2-b", phone="+49 89")
    ContactFactory()
    for text in ["X@Y", "zoe", "r1-", "2-B", "+49", "9 8"]:
        assert list(Contact.objects.search(text)) == [contact], text
    assert Contact.objects.search(" ").count() == 2


def test_entitlements_are_found_by_their_numbers():
    entitlement = EntitlementFactory(ref_id1="R1-a", ref_id2="R2-b", external_id="X-3")
    EntitlementFactory()
    for text in [entitlement.eid.upper(), entitlement.eid[5:15], "r1", "R2-B", "x-3"]:
        assert list(Entitlement.objects.search(text)) == [entitlement], text


def names_found(text):
    return set(Customer.objects.search(text).values_list("name", flat=True))


@pytest.fixture
def named():
    def make(*names):
        Customer.objects.bulk_create(
            Customer(name=name, customer_id=f"C{place}") for place, name in enumerate(names)
        )

    return make


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("50% off", "50%"),
        ("snake_case", "e_c"),
        ("back\\slash", "k\\s"),
        ("O'Hara", "o'h"),
        ("a*b", "a*b"),
        ("tab?", "ab?"),
        ("[brackets]", "[b"),
        ("Mini Rail", "i r"),
        ("k10@jet", "0@j"),
        ("ÖKONOM", "okon"),
        ("Ökonom", "ÖKON"),
        ("ＡＣＭＥ", "cme"),
        ("Straße", "RASS"),
        ("ΟΔΟΣ", "δος"),
        ("株式会社", "会"),
        ("Łódź", "lodz"),
    ],
)
def test_found_literally(named, name, text):
    named(name, "Something else", "Xmini-rxail k10j 50 snakeXcase")
    assert names_found(text) == {name}


def test_a_term_never_spans_two_attributes(named):
    named("Acme")
    assert names_found("acmeC0") == set()
    assert names_found("acme C0") == set()


@pytest.mark.parametrize("text", ["", " ", "\0", "\ud800", "\u200a"])
def test_a_blank_term_finds_all(named, text):
    named("Acme", "Bolt")
    assert names_found(text) == {"Acme", "Bolt"}

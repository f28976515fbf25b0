"""The list of contacts as an address describes it: order, pages, filters."""

import importlib
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.http import QueryDict
from django.utils import timezone

from contacts.listing import ContactList
from contacts.models import Contact
from ems_site.lists import listing
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db


def listed(address="", *, with_customers=True, with_entitlements=True):
    rights = {"customers.view_customer": with_customers, "entitlements.view_entitlement": with_entitlements}
    return ContactList(QueryDict(address), SimpleNamespace(pk=1, has_perm=rights.get))


def names(address="", **rights):
    return [contact.name for contact in listed(address, **rights).rows]


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(listing, "DEFAULT_SIZE", 2)


@pytest.mark.parametrize(
    "address",
    [
        *("sort=password", "sort=-", "sort=--name", "sort=user__password", "sort=customers__name"),
        *("sort=uuid", "sort=%00", "status=deleted", "status=%00", "customer=x", "customer=4711"),
        *("page=x", "unknown=1", "q=%00", "q=%20"),
    ],
)
def test_the_unknown_falls_back(address):
    for name in ("b", "a"):
        ContactFactory(
            name=name, email=f"{name}@example.com", status="disabled" if name == "b" else "enabled"
        )
    assert names(address) == ["a", "b"]


def test_each_contact_stands_on_one_page(small_pages):
    for _ in range(5):
        ContactFactory(name="Same", phone="", language="en")
    for sort in [*ContactList.sorts, *(f"-{name}" for name in ContactList.sorts)]:
        shown = [row.pk for rows in listed(f"sort={sort}").chunks(2) for row in rows]
        assert sorted(shown) == sorted(Contact.objects.values_list("pk", flat=True)), sort


IN_ORDER = ["", "1st", "acme", "Ärger", "arm", "Łódź", "Müller", "mulm", "Øre", "Zoe", "Жук", "田中"]


@pytest.mark.parametrize("column", ["name", "phone"])
def test_case_and_accents_do_not_count_in_the_order(column):
    for text in reversed(IN_ORDER):
        ContactFactory(**{"name": text, column: text})
    assert names(f"sort={column}") == IN_ORDER
    assert names(f"sort=-{column}") == IN_ORDER[::-1]


def test_by_email():
    for email in ("B@example.com", "a@example.com", "Ç@example.com"):
        ContactFactory(email=email, name=email[0])
    assert names() == ["a", "B", "Ç"]


def test_by_status_and_language():
    ContactFactory(name="on", language="de")
    ContactFactory(name="off", language="en", status="disabled")
    assert names("sort=status") == ["off", "on"]
    assert names("sort=-status") == ["on", "off"]
    assert names("sort=language") == ["on", "off"]


def test_by_last_log_on_those_who_never_did_first_and_turned_round_last():
    now = timezone.now()
    for name, ago in [("late", 1), ("never", None), ("early", 5), ("no user", 0)]:
        contact = ContactFactory(name=name)
        if name != "no user":
            last = now - timedelta(days=ago) if ago else None
            UserFactory(username=contact.email, is_staff=False, contact=contact, last_login=last)
    assert names("sort=last_log_on") == ["never", "no user", "early", "late"]
    assert names("sort=-last_log_on") == ["late", "early", "no user", "never"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite always compares bytes")
def test_no_order_depends_on_the_language_of_the_database():
    columns = [sort.columns[-1] for sort in ContactList.sorts.values() if sort.columns[-1].endswith("_key")]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT attname, collname FROM pg_attribute JOIN pg_collation ON pg_collation.oid = attcollation "
            "WHERE attrelid = 'contacts_contact'::regclass AND attname = ANY(%s)",
            [columns],
        )
        collations = dict(cursor.fetchall())
    assert collations == dict.fromkeys(columns, "C")


def test_filters_join():
    anna, bert, cora = (ContactFactory(name=name) for name in ("Anna", "Bert", "Cora"))
    acme = CustomerFactory(name="Acme", people=[anna, bert])
    Contact.objects.filter(pk=bert.pk).update(status="disabled")
    assert names(f"customer={acme.pk}") == ["Anna", "Bert"]
    assert names(f"customer={acme.pk}&status=disabled") == ["Bert"]
    assert names(f"customer={acme.pk}&q=anna") == ["Anna"]
    assert names("customer=none") == [cora.name]
    assert names("q=acme") == ["Anna", "Bert"]
    assert listed(f"customer={acme.pk}").count.number == 2


def test_customers_are_only_for_those_who_may_view_them():
    acme = CustomerFactory(name="Acme", people=[ContactFactory(name="Anna")])
    ContactFactory(name="Bert")
    for address in (f"customer={acme.pk}", "customer=none", ""):
        assert names(address, with_customers=False) == ["Anna", "Bert"]
    assert names("q=acme", with_customers=False) == []
    row = listed(with_customers=False, with_entitlements=False).rows[0]
    assert not hasattr(row, "links")
    assert not hasattr(row, "entitlement_count")


def test_addresses_keep_the_filters(small_pages):
    people = [ContactFactory() for _ in range(5)]
    acme = CustomerFactory(name="Acme", customer_id="A-1", people=people)
    shown = listed(f"q=example&status=enabled&customer={acme.pk}&sort=-name")
    kept = f"?q=example&status=enabled&customer={acme.pk}"
    assert shown.page.next.startswith(f"{kept}&sort=-name&after=")
    assert shown.links.headings()["name"].address == f"{kept}&sort=name"
    assert shown.links.headings()["email"].address == kept
    assert shown.links.chips() == [
        ("Any attribute", "example", f"?status=enabled&customer={acme.pk}&sort=-name"),
        ("Status", "Enabled", f"?q=example&customer={acme.pk}&sort=-name"),
        ("Customer", "Acme (A-1)", "?q=example&status=enabled&sort=-name"),
    ]
    assert listed("customer=none").links.chips() == [("Customer", "None", "?view=all")]
    assert not listed("customer=4711").is_filtered()


def test_what_stands_beside_a_contact():
    anna, bert = ContactFactory(name="Anna"), ContactFactory(name="Bert")
    for name in ("Delta", "Bolt", "Acme"):
        CustomerFactory(name=name, people=[(anna, "administrator")])
    for state in ("draft", "complete"):
        EntitlementFactory(contact=anna, state=state)
    first, second = listed("sort=name").rows
    assert [(link.customer.name, link.kind) for link in first.links] == [
        ("Acme", "administrator"),
        ("Bolt", "administrator"),
    ]
    assert (first.customer_count, first.more_customers, first.entitlement_count) == (3, 1, 2)
    assert (second.links, second.customer_count, second.more_customers, second.entitlement_count) == (
        *([], 0, 0, 0),
    )
    assert second == bert


def test_the_chosen_customer_stands_first_among_those_shown():
    anna = ContactFactory()
    *_, zeta = [CustomerFactory(name=name, people=[anna]) for name in ("Acme", "Bolt", "Zeta")]
    (row,) = listed(f"customer={zeta.pk}").rows
    assert [link.customer.name for link in row.links] == ["Zeta", "Acme"]


def test_rows_from_before_get_their_sort_keys():
    ContactFactory(name="Ärger", phone="+49 Büro")
    ContactFactory(name="", phone="")
    before = list(Contact.objects.order_by("pk").values_list("name_key", "phone_key"))
    Contact.objects.update(name_key="", phone_key="")
    migration = importlib.import_module("contacts.migrations.0005_sort_keys")
    migration.fill(apps, SimpleNamespace(connection=connection))
    assert list(Contact.objects.order_by("pk").values_list("name_key", "phone_key")) == before

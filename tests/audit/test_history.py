"""The history: written in the transaction of what it records, and never changed."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from contacts.models import Contact
from customers import actions
from customers.models import Customer
from ems_site.audit.actions import record
from ems_site.audit.changes import change_lines, differences, first_values, last_values
from ems_site.audit.models import Entry, attach_addresses
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db

is_postgresql = connection.vendor == "postgresql"


@pytest.fixture
def entry(manager):
    customer = CustomerFactory(name="Acme", customer_id="A-1", version=3)
    changes = {"name": ["", "Acme"]}
    return record("customer.added", customer, by=manager, changes=changes, comment="Why not")


def test_an_entry_says_who_did_what_to_what(entry, manager):
    row = Entry.objects.get()
    assert (row.code, row.verb, row.noun) == ("customer.added", "added", "Customer")
    assert (row.subject_kind, row.subject_name, row.version) == ("customers.customer", "Acme (A-1)", 3)
    assert (row.actor_key, row.actor_name) == (manager.pk, "manager")
    assert (row.changes, row.comment) == ({"name": ["", "Acme"]}, "Why not")
    assert row.at.utcoffset() is not None


def test_outside_a_request_there_is_no_address(entry):
    assert (entry.client_address, entry.request_id) == ("", "")


def test_in_a_request_the_address_and_the_request_are_known(signed_in, manager):
    post = {"name": "Acme", "time_zone": "UTC", "contacts-TOTAL_FORMS": "0", "contacts-INITIAL_FORMS": "0"}
    answer = signed_in(manager).post("/customers/add/", post)
    row = Entry.objects.get(code="customer.added")
    assert (row.client_address, row.request_id) == ("127.0.0.1", answer["X-Request-ID"])
    assert row.request_id


def test_the_newest_stands_first(entry):
    later = record("customer.disabled", Customer.objects.get(), by=None)
    assert list(Entry.objects.all()) == [later, entry]


def test_a_transaction_taken_back_leaves_no_entry(manager):
    with transaction.atomic():
        customer = actions.save(Customer(name="Acme"), by=manager)
        actions.disable(Customer.objects.all(), by=manager)
        assert Entry.objects.of(customer).count() == 2
        transaction.set_rollback(True)
    assert not Entry.objects.exists()
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    "act",
    [
        lambda customer, by: actions.save(customer, by=by),
        lambda customer, by: actions.disable(Customer.objects.all(), by=by),
        lambda customer, by: actions.delete(Customer.objects.all(), by=by),
    ],
    ids=["save", "disable", "delete"],
)
def test_what_cannot_be_recorded_does_not_happen(act, manager, monkeypatch):
    customer = CustomerFactory(name="Acme")
    customer.name = "Renamed"

    def fail(*args, **kwargs):
        raise OSError

    monkeypatch.setattr("ems_site.audit.actions.record", fail)
    with pytest.raises(OSError):  # noqa: PT011
        act(customer, manager)
    row = Customer.objects.get()
    assert (row.name, row.is_enabled(), row.version) == ("Acme", True, 1)


def refused(change):
    before = list(Entry.objects.values())
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        change()
    assert "append-only" in str(error.value)
    assert list(Entry.objects.values()) == before
    return error.value


@pytest.mark.parametrize(
    "change",
    [
        lambda: Entry.objects.update(code="customer.deleted"),
        lambda: Entry.objects.all().delete(),
        lambda: Entry.objects.get().delete(),
        lambda: Entry.objects.get().save(),
        lambda: Entry.objects.bulk_update([Entry(pk=Entry.objects.get().pk, code="x")], ["code"]),
        lambda: Entry.objects.update_or_create(pk=Entry.objects.get().pk, defaults={"code": "x"}),
    ],
    ids=["update", "delete", "instance delete", "instance save", "bulk_update", "update_or_create"],
)
def test_the_orm_cannot_change_it(change, entry):
    assert isinstance(refused(change), IntegrityError)


COLUMNS = "id, at, code, subject_kind, subject_key, subject_name, actor_name, client_address, request_id, "
COLUMNS += "changes, comment, search_key"
COPY = f"INTO audit_entry ({COLUMNS}) SELECT {COLUMNS} FROM audit_entry WHERE true"
STATEMENTS = {
    "update": "UPDATE audit_entry SET code = 'x'",
    "update of nothing new": "UPDATE audit_entry SET code = code",
    "delete": "DELETE FROM audit_entry",
    "upsert": f"INSERT {COPY} ON CONFLICT (id) DO UPDATE SET code = 'x'",
}
if is_postgresql:
    STATEMENTS["truncate"] = "TRUNCATE audit_entry"
    STATEMENTS["truncate with others"] = "TRUNCATE accounts_session, audit_entry CASCADE"
else:
    STATEMENTS["replace"] = f"REPLACE {COPY}"
    STATEMENTS["insert or replace"] = f"INSERT OR REPLACE {COPY}"
    STATEMENTS["update or replace"] = "UPDATE OR REPLACE audit_entry SET code = 'x'"


@pytest.mark.parametrize("sql", STATEMENTS.values(), ids=STATEMENTS)
def test_sql_cannot_change_it(sql, entry):
    def change():
        with connection.cursor() as cursor:
            cursor.execute(sql)

    refused(change)


def test_the_name_of_who_did_it_outlives_them(entry, manager):
    key = manager.pk
    manager.delete()
    row = Entry.objects.get()
    assert (row.actor_key, row.actor_name) == (key, "manager")


def test_the_name_of_a_subject_outlives_it(entry):
    customer = Customer.objects.get()
    attach_addresses(entries := [Entry.objects.get()])
    assert entries[0].subject_url == customer.get_absolute_url()
    customer.delete()
    attach_addresses(entries := [Entry.objects.get()])
    assert (entries[0].subject_url, entries[0].subject_name) == ("", "Acme (A-1)")


def test_entries_of_one_subject(entry):
    contact = ContactFactory(pk=entry.subject_key)
    record("contact.changed", contact, by=None)
    assert list(Entry.objects.of(Customer.objects.get())) == [entry]
    assert Entry.objects.of(contact).get().subject_kind == "contacts.contact"


def test_each_person_sees_the_kinds_they_may_view(viewer, clerk, manager, superuser, contact_user):
    subjects = CustomerFactory(), ContactFactory(), EntitlementFactory(), UserFactory()
    for subject in subjects:
        record(f"{subject._meta.model_name}.changed", subject, by=None)
    Entry.objects.create(code="ghost.changed", subject_kind="gone.ghost", subject_key=1, subject_name="Ghost")

    def seen(user):
        return {entry.code.partition(".")[0] for entry in Entry.objects.visible_to(user)}

    assert seen(viewer) == {"customer", "contact", "entitlement"}
    assert {"customer", "contact"} <= seen(manager)
    assert "user" not in seen(manager)
    assert seen(clerk) == seen(contact_user) == set()
    assert seen(superuser) == {"customer", "contact", "entitlement", "user"}


def test_entries_of_a_kind_that_is_gone_can_be_read():
    row = Entry(
        code="ghost.half_eaten", subject_kind="gone.ghost", subject_name="Ghost", changes={"a": [1, None]}
    )
    assert (row.noun, row.verb, row.icon) == ("gone.ghost", "half eaten", "pencil")
    assert row.change_lines() == [("a", "1", "")]
    row.subject_key = 1
    attach_addresses([row])
    assert row.subject_url == ""


@pytest.mark.parametrize("text", ["acme", "a-1", "MANAGER", "  man  "])
def test_entries_are_found_by_subject_and_person(text, entry):
    other = record("customer.added", CustomerFactory(name="Other", customer_id="O"), by=None)
    assert list(Entry.objects.search(text)) == [entry]
    assert set(Entry.objects.search(" ")) == {entry, other}


def test_changes_are_told_in_words():
    changes = {
        "name": ["Old", "New"],
        "time_zone": ["UTC", "Europe/Berlin"],
        "contact:7:anna:b@example.com": ["", "administrator"],
        "contact::new@example.com": ["standard", ""],
        "unknown": [None, 5],
    }
    assert change_lines(Customer, changes) == [
        ("Name", "Old", "New"),
        ("Time Zone", "UTC", "Europe/Berlin"),
        ("Contact", "", "anna:b@example.com (Administrator)"),
        ("Contact", "new@example.com (Standard)", ""),
        ("unknown", "", "5"),
    ]


def test_values_are_kept_as_people_read_them():
    old, new = Contact(email="a@example.com", language="en"), Contact(email="b@example.com", language="de")
    assert differences(old, new) == {
        "email": ["a@example.com", "b@example.com"],
        "language": ["English", "German"],
    }
    assert differences(old, old) == {}
    assert first_values(old) == {"email": ["", "a@example.com"], "language": ["", "English"]}
    assert last_values(old) == {"email": ["a@example.com", ""], "language": ["English", ""]}


def test_a_long_name_is_cut_not_refused():
    customer = CustomerFactory(name="n" * 255, customer_id="c" * 100)
    contact = ContactFactory(name="n" * 100, email="e" * 242 + "@example.com")
    for subject in (customer, contact):
        assert record("x.changed", subject, by=None).subject_name == str(subject)[:500]


def test_no_password_is_kept(manager):
    manager.set_password("a secret of many words")
    manager.save()
    assert "secret" not in str(first_values(manager))
    assert "password" not in first_values(manager)

"""The demo data: who can log on, that every row is valid, and that history led to what is there."""

import re
import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.utils import timezone

import contacts.actions
import customers.actions
import entitlements.actions
from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.accounts import actions as accounts
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from ems_site.demo.diary import Diary
from ems_site.demo.filling import fill
from ems_site.demo.log_ons import STAFF
from ems_site.demo.management.commands.demo import Command
from ems_site.demo.story import tell
from entitlements.models import Entitlement
from tests.factories import UserFactory

NO_RIGHTS: dict[str, list] = {member.username: [] for member in STAFF}
MODELS = (User, Contact, Customer, Entitlement)


@pytest.fixture(autouse=True)
def _demo_mode(settings):
    settings.DEMO = True


@pytest.fixture
def filled(db, settings):
    with_argon2 = settings.PASSWORD_HASHERS
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    fill()
    settings.PASSWORD_HASHERS = with_argon2


def demo() -> str:
    output = StringIO()
    call_command(Command(), stdout=output)
    return output.getvalue()


def test_outside_demo_mode_it_refuses(db, settings):
    settings.DEMO = False
    with pytest.raises(CommandError, match="set EMS_DEMO=1"):
        demo()
    assert not User.objects.exists()


def test_log_ons(db):
    assert "customers" in demo()
    users = {user.username: user for user in User.objects.all()}
    assert set(users) == {
        *("admin", "manager", "viewer", "clerk"),
        *("standard@example.com", "administrator@example.com", "disabled@example.com"),
    }
    for name, user in users.items():
        assert user.check_password("demo-" + name.partition("@")[0])
        assert user.get_full_name().count(" ") == 1
        assert user.is_staff == (user.contact is None)
    assert [name for name, user in users.items() if user.is_superuser] == ["admin"]
    assert [group.name for group in users["manager"].groups.all()] == ["Customer Management"]
    assert users["manager"].has_perm("customers.delete_customer")
    assert users["viewer"].get_all_permissions() == {
        *("customers.view_customer", "contacts.view_contact", "entitlements.view_entitlement")
    }
    assert not users["clerk"].get_all_permissions()
    assert customers_of(users["standard@example.com"]) == [("standard", "enabled")]
    assert customers_of(users["administrator@example.com"]) == [("administrator", "enabled")] * 2
    assert [status for _, status in customers_of(users["disabled@example.com"])] == ["disabled"]
    assert {name for name, user in users.items() if not user.may_log_on()} == {"disabled@example.com"}
    for name in ("standard@example.com", "administrator@example.com"):
        assert users[name].contact.entitlements.filter(state="complete").exists()


def customers_of(user):
    return list(user.contact.associations.values_list("kind", "customer__status"))


def test_a_database_with_anything_in_it_is_left_alone(filled):
    before = [model.objects.count() for model in (*MODELS, Association, Entry)]
    assert demo() == "The database is not empty: no demo data was added.\n"
    assert [model.objects.count() for model in (*MODELS, Association, Entry)] == before


def test_one_user_is_enough_to_be_left_alone(db):
    UserFactory()
    assert fill() is None
    assert not Customer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_that_start_at_once_one_fills(at_once, settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    results = at_once(fill, fill)
    assert sorted(isinstance(result, Diary) for result in results) == [False, True], results
    assert None in results
    assert User.objects.count() == 7


def test_what_there_is(filled):
    assert_contacts()
    assert_entitlements()
    assert_names()


def assert_contacts():
    assert 200 <= Customer.objects.count() <= 220
    assert 330 <= Contact.objects.count() <= 370
    assert 20 <= Customer.objects.disabled().count() <= 30
    contacts = Counter(Association.objects.values_list("customer", flat=True))
    assert 39 <= max(contacts.values()) <= 42
    assert Customer.objects.filter(contacts=None).count() >= 20
    assert Contact.objects.filter(customers=None).count() >= 10
    assert max(Counter(Association.objects.values_list("contact", flat=True)).values()) >= 4
    assert set(Association.objects.values_list("kind", flat=True)) == set(Association.Kind.values)
    assert Contact.objects.filter(status="disabled").count() >= 5
    assert set(Contact.objects.values_list("language", flat=True)) <= {"en", "de"}


def assert_entitlements():
    assert 280 <= Entitlement.objects.count() <= 340
    assert Customer.objects.deletable().count() >= 50
    assert set(Entitlement.objects.values_list("state", flat=True)) == set(Entitlement.State.values)
    per_customer = Counter(Entitlement.objects.exclude(customer=None).values_list("customer", flat=True))
    assert max(per_customer.values()) == 25
    assert list(per_customer.values()).count(1) >= 40
    today = timezone.now().date()
    assert Entitlement.objects.filter(customer=None, state="draft").count() >= 3
    assert Entitlement.objects.filter(end_date=None).count() >= 20
    assert Entitlement.objects.filter(end_date__lt=today).count() >= 50
    assert Entitlement.objects.filter(start_date__gt=today).count() >= 10
    assert Entitlement.objects.exclude(contact=None).count() >= 50


def assert_names():
    customers = Customer.objects.all()
    customer_ids = defaultdict(set)
    for customer in customers:
        customer_ids[customer.name_key].add(customer.customer_id)
    assert sum(len(same) > 1 for same in customer_ids.values()) >= 6
    assert len(customer_ids["acme ltd"]) >= 3
    marks = {mark for customer in customers for mark in customer.name if mark.isalpha()}
    assert len({unicodedata.name(mark).split()[0] for mark in marks}) >= 20
    assert len({customer.time_zone for customer in customers}) >= 80
    assert sum(len(customer.name) > 230 for customer in customers) == 2


def test_every_row_is_valid_and_its_keys_are_what_a_save_writes(filled):
    for model in MODELS:
        fields = model._meta.concrete_fields
        for row in model.objects.all():
            before = [field.value_from_object(row) for field in fields]
            row.full_clean()
            for field in fields:
                if field.name.endswith("_key"):
                    field.pre_save(row, add=False)
            assert [field.value_from_object(row) for field in fields] == before


def test_it_can_be_worked_with(filled):
    assert_history()
    assert_rows_can_be_added()


def assert_rows_can_be_added():
    manager = User.objects.get(username="manager")
    contact = Contact(email="new@example.com")
    customer = Customer(name="New")
    customers.actions.save(customer, by=manager, associates=[(contact, "standard")])
    entitlements.actions.save(Entitlement(customer=customer, start_date=date(2026, 1, 1)), by=manager)
    UserFactory()
    assert Customer.objects.search("new@example.com").get() == customer


def assert_history():
    entries = list(Entry.objects.order_by("pk"))
    assert entries == sorted(entries, key=lambda entry: (entry.at, entry.pk))
    assert entries[-1].at < timezone.now()
    assert entries[0].at > timezone.now() - timedelta(days=750)
    assert {entry.actor_name for entry in entries[1:]} == {"admin", "manager"}
    assert all(entry.client_address.startswith("10.") for entry in entries[1:])
    stories = defaultdict(list)
    for entry in entries:
        stories[entry.subject_kind, entry.subject_key].append(entry)
    for model in MODELS:
        for row in model.objects.all():
            assert_told(row, stories.pop((model._meta.label_lower, row.pk)))
    assert not stories


def assert_told(row, entries):
    noun = row._meta.model_name
    assert entries[0].code == f"{noun}.added"
    assert all(entry.code != f"{noun}.added" for entry in entries[1:])
    values: dict = {}
    links: dict = {}
    for entry in entries:
        for name, (old, new) in entry.changes.items():
            known = links if ":" in name else values
            key = tuple(name.split(":")[:2]) if ":" in name else name
            assert known.get(key, "Enabled" if name == "status" else "") == old
            known[key] = new
    for name in row.ATTRIBUTES:
        assert values.get(name, "") == shown(row, name)
    if hasattr(row, "version"):
        own = [entry for entry in entries if any(":" not in name for name in entry.changes)]
        own += [entry for entry in entries if noun == "customer" and entry not in own]
        assert row.version == len(own) == entries[-1].version
        assert row.created == entries[0].at
        assert row.changed == max(entry.at for entry in own)
    if noun in {"customer", "contact"}:
        assert values.get("status", "Enabled") == row.get_status_display()
        other = "contact" if noun == "customer" else "customer"
        found = {(other, str(getattr(link, f"{other}_id"))): link.kind for link in row.associations.all()}
        assert {key: kind for key, kind in links.items() if kind} == found


def shown(row, name):
    if row._meta.get_field(name).choices:
        return getattr(row, f"get_{name}_display")()
    value = getattr(row, name)
    if name == "customer" and value:
        added = Entry.objects.of(row).get(code="entitlement.added")
        return added.changes["customer"][1]
    if name == "contact" and value:
        return Entry.objects.of(row).get(code="entitlement.added").changes["contact"][1]
    return str(value) if value else ""


def test_the_diary_writes_what_the_actions_write(db):
    admin = UserFactory(username="admin", is_superuser=True)
    role = Group.objects.get(name="Customer Management")

    diary = Diary()
    diary.begin_request(at=timezone.now(), by=User.objects.get(), address="", request_id="")
    staff, known, new, customer, draft = rows()
    diary.add_user(staff, [role])
    diary.add_contact(known)
    diary.add_customer(customer, [(new, "standard"), (known, "administrator")])
    diary.change_customer(customer, [(known, "")], name="Later", time_zone="Asia/Kolkata")
    diary.set_status(customer, "disabled", "Because.")
    diary.add_entitlement(draft)
    diary.move_entitlement(draft, "entitlement.completed", "complete")

    staff, known, new, customer, draft = rows()
    accounts.save(staff, by=admin, groups=[role])
    contacts.actions.save(known, by=admin)
    customers.actions.save(customer, by=admin, associates=[(new, "standard"), (known, "administrator")])
    customer.name, customer.time_zone = "Later", "Asia/Kolkata"
    customers.actions.save(customer, by=admin, associates=[(new, "standard")])
    customers.actions.disable(Customer.objects.all(), by=admin, comment="Because.")
    draft.customer = Customer.objects.get()
    entitlements.actions.save(draft, by=admin)
    entitlements.actions.complete(draft, by=admin)

    assert [without_keys(entry) for entry in diary.entries] == [
        without_keys(entry) for entry in Entry.objects.order_by("pk")
    ]


def rows():
    staff = User(username="staff", password="!", email="staff@example.com", is_staff=True)
    known = Contact(email="known@example.com", name="Known", language="en")
    new = Contact(email="new@example.com", ref_id1="P1")
    customer = Customer(name="First", customer_id="K-1", description="Two\nlines")
    draft = Entitlement(eid="1", customer=customer, start_date=date(2026, 1, 1), ref_id1="PO")
    return staff, known, new, customer, draft


def without_keys(entry):
    changes = {re.sub(r":\d+:", "::", name): change for name, change in entry.changes.items()}
    same = ("code", "subject_kind", "subject_name", "version", "actor_key", "actor_name", "comment")
    return [changes, *(getattr(entry, name) for name in same)]


def test_it_is_the_same_every_time():
    def told():
        diary = tell(NO_RIGHTS, date(2026, 11, 22))
        hidden = {"_state", "password"}
        kept = (*diary.contacts, *diary.customers, *diary.entitlements, *diary.entries)
        return [{name: value for name, value in vars(row).items() if name not in hidden} for row in kept]

    assert told() == told()


@pytest.mark.parametrize("days", [0, 2, 4])
def test_it_can_be_told_on_any_day(days):
    today = date(2028, 2, 25) + timedelta(days=days)
    diary = tell(NO_RIGHTS, today)
    assert diary.entries[-1].at.date() < today
    assert len(diary.customers) > 200

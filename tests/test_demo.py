"""The demo data: who can log on and did, that every row is valid, and that history led to what is there.

What became of the entitlements is gone through entry by entry and compared with what the rules say.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date, timedelta
from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.utils import timezone

import contacts.actions
import customers.actions
import entitlements.actions
from contacts.models import INVITATION_VALID, Contact, Invitation
from customers.actions import ConfirmationRequired, invitations
from customers.models import Association, AssociationOffer, Customer
from ems_site.accounts import actions as accounts
from ems_site.accounts.checks import DEMO_NAMES, demo_password
from ems_site.accounts.models import LogOn, User
from ems_site.audit.models import Entry
from ems_site.demo.diary import Diary
from ems_site.demo.filling import fill
from ems_site.demo.log_ons import PEOPLE, STAFF
from ems_site.demo.management.commands.demo import Command
from ems_site.demo.products import ELSEWHERE, PRODUCTS
from ems_site.demo.story import tell
from entitlements import licenses, spans
from entitlements.models import Activation, Entitlement, ProductKey
from entitlements.windows import license_window
from tests.factories import UserFactory

NO_RIGHTS: dict[str, list] = {member.username: [] for member in STAFF}
MODELS = (User, Contact, Customer, Entitlement)
TABLES = (*MODELS, ProductKey, Activation, Association, Entry, LogOn, Invitation, AssociationOffer)
PORTAL = [person.email for person in PEOPLE]
NAMES = [*(member.username for member in STAFF), *PORTAL]
OTHERS = ~Q(email__in=PORTAL)


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


def roles_of(user):
    return {group.name for group in user.groups.all()}


def test_log_ons(db):
    assert "customers" in demo()
    everybody = {user.username: user for user in User.objects.select_related("contact")}
    users = {name: everybody.pop(name) for name in NAMES}
    assert set(users) == {
        *("admin", "manager", "licensing", "viewer", "clerk"),
        *("standard@example.com", "administrator@example.com", "disabled@example.com"),
    }
    for name, user in users.items():
        assert user.check_password("demo-" + name.partition("@")[0])
        assert user.get_full_name().count(" ") == 1
        assert user.is_staff == (user.contact is None)
    assert [name for name, user in users.items() if user.is_superuser] == ["admin"]
    assert roles_of(users["manager"]) == {"Customer Management", "Export"}
    assert users["manager"].has_perm("customers.delete_customer")
    assert not users["manager"].has_perm("entitlements.change_entitlement")
    assert roles_of(users["licensing"]) == {"Entitlement Management", "Export"}
    assert users["licensing"].has_perms(["entitlements.add_entitlement", "customers.view_customer"])
    assert not users["licensing"].has_perm("customers.change_customer")
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
    assert_nobody_knows_the_passwords(everybody)


def test_production_knows_every_password_of_the_demo():
    """It does not start while one of them works."""
    assert sorted(DEMO_NAMES) == sorted(NAMES)


def assert_nobody_knows_the_passwords(users):
    """All have the same one, which takes long enough to hash once."""
    assert len({user.password for user in users.values()}) == 1
    for name, user in users.items():
        assert name == user.email == user.contact.email
        assert not user.is_staff
        assert not user.must_change_password
        assert user.has_usable_password()
    name, user = users.popitem()
    assert not user.check_password(demo_password(name))
    assert not user.check_password("")


def customers_of(user):
    return list(user.contact.associations.values_list("kind", "customer__status"))


def test_a_database_with_anything_in_it_is_left_alone(filled):
    before = [model.objects.count() for model in TABLES]
    assert demo() == "The database is not empty: no demo data was added.\n"
    assert [model.objects.count() for model in TABLES] == before


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
    diary = next(result for result in results if result)
    assert User.objects.count() == len(diary.users)
    assert LogOn.objects.count() == len(diary.log_ons)


def test_what_there_is(filled):
    assert_contacts()
    assert_entitlements()
    assert_products()
    assert_activations()
    assert_standings()
    assert_portal()
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
    for days in (0, 5, 20):
        assert Entitlement.objects.filter(end_date=today + timedelta(days=days), state="complete").exists()


def assert_activations():
    keys = ProductKey.objects.exclude(valid_from=None)
    some = keys.filter(activations__in=Activation.objects.in_force()).distinct()
    assert 0.35 <= some.count() / keys.count() <= 0.65
    uses = Activation.objects.all()
    assert set(Counter(uses.values_list("product_key", flat=True)).values()) == {1, 2, 3, 4, 5}
    assert uses.filter(activatee=None).count() >= 50
    assert uses.exclude(activatee=None).count() >= 100
    assert uses.exclude(revoked=None).count() >= 10
    assert uses.filter(time_zone__in=ELSEWHERE).count() >= 20
    assert uses.filter(activated_by__in=PORTAL).count() >= 5
    assert Entry.objects.filter(code="entitlement.moved").count() >= 3


def assert_products():
    keys = ProductKey.objects.all()
    per_entitlement = Counter(keys.values_list("entitlement", flat=True))
    assert set(per_entitlement.values()) == {1, 2, 3, 4}
    without = Entitlement.objects.exclude(pk__in=per_entitlement)
    assert 1 <= without.count() <= 10
    assert not without.completed().exists()
    assert (min(key.quantity for key in keys), max(key.quantity for key in keys)) == (1, 500)
    assert keys.filter(never_expires=True).count() >= 10
    assert keys.exclude(start_date=None).count() >= 10
    assert keys.exclude(end_date=None).count() >= 10
    assert len({key.product for key in keys}) == len(PRODUCTS)
    assert Entitlement.objects.search("prufplan").exists()


def assert_standings():
    keys = ProductKey.objects.filter(entitlement__state="complete").select_related("entitlement")
    shown = Counter(key.validity().standing().code for key in keys)
    assert all(shown[code] >= 5 for code in ("upcoming", "valid", "ending", "expired")), shown


def assert_portal():
    for email in ("standard@example.com", "administrator@example.com"):
        contact = Contact.objects.get(email=email)
        for customer in contact.customers.all():
            assert set(customer.entitlements.values_list("state", flat=True)) >= {
                "complete",
                "disabled",
                "closed",
            }
        seen = Entitlement.objects.visible_to(contact).filter(state="complete")
        keys = ProductKey.objects.with_activated().filter(entitlement__in=seen).select_related("entitlement")
        can_be = [key for key in keys if key.available() and not key.validity().has_ended()]
        assert [key for key in can_be if key.activated]
        assert [key for key in can_be if not key.activated]
        assert Activation.objects.in_force().filter(product_key__in=can_be).count() >= 2
    drafts = Entitlement.objects.filter(state="draft", customer__contacts__email__in=PORTAL)
    assert drafts.count() >= 2


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
    for model in (*MODELS, ProductKey, Activation):
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
    draft, key = Entitlement(customer=customer, start_date=date(2026, 1, 1)), ProductKey(product="New")
    entitlements.actions.save(draft, by=manager, product_keys=[key])
    entitlements.actions.complete(Entitlement.objects.filter(pk=draft.pk), by=manager)
    entitlements.actions.activate(key, quantity=1, by=manager, activatee=contact)
    contacts.actions.invite(contact, by=manager)
    invitations.invite(customer, "newer@example.com", by=manager)
    UserFactory()
    assert Customer.objects.search("new@example.com").get() == customer


def assert_history():
    entries = list(Entry.objects.order_by("pk"))
    assert entries == sorted(entries, key=lambda entry: (entry.at, entry.pk))
    assert entries[-1].at < timezone.now()
    assert entries[0].at > timezone.now() - timedelta(days=750)
    by_staff = [entry for entry in entries[1:] if entry.actor_name in {"admin", "manager", "licensing"}]
    assert all(entry.client_address.startswith("10.") for entry in by_staff)
    assert_done_by_contacts([entry for entry in entries[1:] if entry not in by_staff])
    stories = defaultdict(list)
    for entry in entries:
        stories[entry.subject_kind, entry.subject_key].append(entry)
    for model in MODELS:
        for row in model.objects.all():
            assert_told(row, stories.pop((model._meta.label_lower, row.pk)))
    assert not stories


def assert_done_by_contacts(entries):
    """They choose their passwords, some activate what they see, and one of them has invited somebody."""
    assert {entry.code for entry in entries} == {
        *("user.added", "user.password_changed", "contact.changed", "customer.changed"),
        "entitlement.activated",
    }
    assert not [entry for entry in entries if entry.client_address.startswith("10.")]
    for entry in entries:
        if entry.code == "contact.changed":
            assert entry.changes == {"password": ["", "chosen by the contact"]}
        elif entry.code == "user.password_changed":
            assert (entry.actor_key, entry.actor_name) == (entry.subject_key, entry.subject_name)
        elif entry.code == "entitlement.activated":
            assert entry.actor_name in PORTAL
        else:
            assert entry.actor_name == ("" if entry.code == "user.added" else "administrator@example.com")
    chosen = [entry.subject_key for entry in entries if entry.code == "user.password_changed"]
    assert chosen == [entry.subject_key for entry in entries if entry.code == "user.added"]
    assert set(chosen) == set(User.objects.exclude(username__in=NAMES).values_list("pk", flat=True))


def assert_told(row, entries):
    noun = row._meta.model_name
    # Inviting somebody to a customer, or choosing a password, does not change the record itself.
    entries = [entry for entry in entries if not is_offer(entry) and "password" not in entry.changes]
    assert entries[0].code == f"{noun}.added"
    assert all(entry.code != f"{noun}.added" for entry in entries[1:])
    values: dict = {}
    links: dict = {}
    for entry in entries:
        for name, (old, new) in entry.changes.items():
            if noun == "entitlement" and ":" in name:
                continue  # What became of its products is gone through below.
            known = links if ":" in name else values
            key = tuple(name.split(":")[:2]) if ":" in name else name
            assert known.get(key, "Enabled" if name == "status" else "") == old
            known[key] = new
    for name in row.ATTRIBUTES:
        assert values.get(name, "") == shown(row, name)
    if hasattr(row, "version"):
        own = [entry for entry in entries if any(":" not in name for name in entry.changes)]
        own += [entry for entry in entries if noun == "customer" and is_of_contacts_alone(entry)]
        assert row.version == len(own) == entries[-1].version
        assert row.created == entries[0].at
        assert row.changed == max(entry.at for entry in own)
    if noun in {"customer", "contact"}:
        assert values.get("status", "Enabled") == row.get_status_display()
        other = "contact" if noun == "customer" else "customer"
        found = {(other, str(getattr(link, f"{other}_id"))): link.kind for link in row.associations.all()}
        assert {key: kind for key, kind in links.items() if kind and key[0] == other} == found


def is_of_contacts_alone(entry):
    return all(name.startswith("contact:") for name in entry.changes)


def is_offer(entry):
    return any(name.startswith(invitations.INVITED) for name in entry.changes)


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


class Retold:
    """Hears the history entry by entry, and compares what it says of products with the rules."""

    def __init__(self):
        of = "product_key__entitlement"
        keys = ProductKey.objects.select_related("entitlement__customer", "entitlement__contact")
        uses = Activation.objects.select_related("activatee", f"{of}__customer", f"{of}__contact")
        self.keys = {key.pk: key for key in keys}
        self.uses = {use.pk: use for use in uses}
        self.drafts = {row.pk: row for row in Entitlement.objects.select_related("customer")}
        self.called = {}
        self.zones = {}
        self.states = {}
        self.enabled = {}
        self.people = defaultdict(dict)
        self.lines = {}
        self.windows = {}
        self.in_force = defaultdict(Counter)
        self.moved = {}
        self.next = None

    def hear(self, entry):
        if self.next:
            assert (entry.subject_key, entry.code, entry.changes, entry.request_id) == self.next
            self.next = None
        subject = entry.subject_kind, entry.subject_key
        if entry.verb in {"added", "enabled", "disabled"}:
            self.enabled[subject] = entry.verb != "disabled"
        if entry.subject_kind == "entitlements.entitlement":
            self.state(entry)
            getattr(self, f"hear_{entry.verb}")(entry, self.drafts[entry.subject_key])
            return
        name = "email" if entry.subject_kind == "contacts.contact" else "name"
        if name in entry.changes:
            self.called[subject] = entry.changes[name][1]
        if entry.subject_kind == "customers.customer":
            self.customer(entry)

    def customer(self, entry):
        for name, (_, kind) in entry.changes.items():
            if name.startswith("contact:"):
                self.people[entry.subject_key][int(name.split(":")[1])] = kind
        if "time_zone" in entry.changes:
            zone = self.zones[entry.subject_key] = entry.changes["time_zone"][1]
            placed = [key for key in self.keys.values() if key.pk in self.windows]
            for key in placed:
                if key.entitlement.customer_id == entry.subject_key and not self.in_force[key.pk].total():
                    self.follow(key, zone)
        assert self.moved == {}

    def follow(self, key, zone):
        before = self.windows[key.pk]
        after = self.windows[key.pk] = key.validity_in(zone)
        if (before.starts, before.until) != (after.starts, after.until):
            assert self.moved.pop(key.link()) == [str(before), str(after)]

    def state(self, entry):
        """Each state is told to the customer in the same request."""
        draft, change = self.drafts[entry.subject_key], entry.changes.get("state")
        if not change:
            return
        assert self.states.get(draft.pk, "") == change[0]
        self.states[draft.pk] = change[1]
        if draft.customer:
            told = {f"entitlement:{draft.pk}:{draft.eid}": change}
            self.next = draft.customer.pk, "customer.changed", told, entry.request_id

    def hear_added(self, entry, draft):
        if draft.customer:
            assert self.enabled["customers.customer", draft.customer.pk]
        if draft.contact_id:
            assert self.people[draft.customer.pk][draft.contact_id]
            assert self.enabled["contacts.contact", draft.contact_id]
        self.lines |= {name: change for name, change in entry.changes.items() if ":" in name}

    def hear_completed(self, entry, draft):
        keys = [key for key in self.keys.values() if key.entitlement_id == draft.pk]
        for key in keys:
            self.windows[key.pk] = key.validity_in(self.zones[draft.customer.pk])
        windows = {key.link(): ["", str(self.windows[key.pk])] for key in keys}
        assert windows
        assert entry.changes == {"state": ["Draft", "Complete"]} | windows

    def hear_disabled(self, entry, draft):
        assert entry.changes == {"state": ["Complete", "Disabled"]}

    def hear_enabled(self, entry, draft):
        assert entry.changes == {"state": ["Disabled", "Complete"]}

    def hear_closed(self, entry, draft):
        assert entry.changes == {"state": ["Complete", "Closed"]}

    def hear_moved(self, entry, draft):
        self.moved |= entry.changes

    def use(self, entry):
        ((name, change),) = entry.changes.items()
        kind, pk, called = name.split(":", 2)
        use = self.uses[int(pk)]
        key = use.product_key
        assert (kind, called, key.entitlement_id) == ("activation", key.called(), entry.subject_key)
        assert self.states[entry.subject_key] == "Complete"
        email = self.called["contacts.contact", use.activatee.pk] if use.activatee else None
        person = f" for {email}" if email else ""
        validity = key.validity_in(use.time_zone)
        assert (use.valid_from, use.valid_until) == (validity.starts, validity.until)
        return use, change, f"{use.quantity}{person}, {validity}", email

    def hear_activated(self, entry, draft):
        use, change, summary, email = self.use(entry)
        assert change == ["", summary]
        assert (use.activated, use.activated_by) == (entry.at, entry.actor_name)
        assert use.activated_by_key == entry.actor_key
        assert not use.validity().has_ended(entry.at)
        customer = use.product_key.entitlement.customer
        assert self.enabled["customers.customer", customer.pk]
        assert use.time_zone in {self.zones[customer.pk], *ELSEWHERE}
        if use.activatee:
            assert self.people[customer.pk][use.activatee.pk]
            assert self.enabled["contacts.contact", use.activatee.pk]
        if entry.actor_name != "licensing":
            self.by_contact(draft, Contact.objects.get(email=entry.actor_name))
        in_force = self.in_force[use.product_key_id]
        in_force[use.pk] = use.quantity
        assert in_force.total() <= use.product_key.quantity
        name = self.called["customers.customer", customer.pk]
        found = licenses.verify(use.license.encode(), licenses.known_keys())
        assert found == replace(licenses.of(use), customer=name, activatee=email)

    def by_contact(self, draft, contact):
        kind = self.people[draft.customer.pk][contact.pk]
        assert kind == "administrator" or (kind and draft.contact_id == contact.pk)

    def hear_revoked(self, entry, draft):
        use, change, summary, _ = self.use(entry)
        assert change == [summary, ""]
        assert (use.revoked, use.revoked_by, use.reason) == (entry.at, entry.actor_name, entry.comment)
        assert use.reason
        del self.in_force[use.product_key_id][use.pk]
        if not self.in_force[use.product_key_id].total():
            zone = self.zones[draft.customer.pk]
            self.windows[use.product_key_id] = use.product_key.validity_in(zone)

    def assert_end(self):
        assert self.next is None
        assert self.lines == {key.link(): ["", key.summary()] for key in self.keys.values()}
        for draft in self.drafts.values():
            assert self.states[draft.pk] == draft.get_state_display()
        for key in ProductKey.objects.with_activated().select_related("entitlement__customer"):
            self.assert_key(key)
        heard = {use: quantity for uses in self.in_force.values() for use, quantity in uses.items()}
        assert heard == {use.pk: use.quantity for use in Activation.objects.in_force()}

    def assert_key(self, key):
        assert key.activated == self.in_force[key.pk].total()
        if key.entitlement.is_draft():
            assert key.pk not in self.windows
            assert [getattr(key, name) for name in key.WINDOW] == ["", None, None, None]
            return
        stored = key.valid_from, key.valid_until
        assert stored == license_window(key.starts_on(), key.ends_on(), key.time_zone)
        assert key.span == spans.span_of(*stored)
        assert key.validity() == self.windows[key.pk]
        assert key.activated or key.time_zone == key.entitlement.customer.time_zone


def test_what_became_of_products_is_what_the_rules_say(filled):
    told = Retold()
    for entry in Entry.objects.order_by("pk"):
        told.hear(entry)
    told.assert_end()


def test_the_diary_writes_what_the_actions_write(db):
    admin = UserFactory(username="admin", is_superuser=True)
    role = Group.objects.get(name="Customer Management")

    diary = Diary()
    diary.users = [admin] * admin.pk  # The next key is the one that the database gives.
    request = {"at": timezone.now(), "address": "", "request_id": ""}
    diary.begin_request(by=admin, **request)
    staff, known, new, customer, draft, keys = rows()
    diary.add_user(staff, [role])
    diary.add_contact(known)
    diary.add_customer(customer, [(new, "standard"), (known, "administrator")])
    diary.change_customer(customer, [(known, "")], name="Later", time_zone="Asia/Kolkata")
    diary.invite(known)
    diary.begin_request(by=None, **request)
    diary.choose_password(known)
    diary.begin_request(by=admin, **request)
    diary.change_contact(known, email="later@example.com")
    diary.invite(new)
    diary.invite_to(customer, "colleague@example.com")
    open_until_disabled = [row.ended is None for row in diary.invitations]
    diary.set_status(customer, "disabled", "Because.")
    diary.set_status(customer, "enabled")
    diary.ledger.add(draft, keys)
    diary.ledger.go(draft, "completed", "complete")
    use = {"quantity": 2, "uuid": uuid4()}
    used = diary.ledger.activate(keys[0], activatee=new, time_zone="Asia/Tokyo", **use)
    diary.change_customer(customer, time_zone="Europe/Berlin")
    diary.ledger.revoke(used, "Because.")
    diary.ledger.activate(keys[1], activatee=None, time_zone="", quantity=1, uuid=uuid4())
    diary.change_customer(customer, time_zone="America/Lima")
    diary.ledger.go(draft, "disabled", "disabled")

    staff, known, new, customer, draft, keys = rows()
    accounts.save(staff, by=admin, groups=[role])
    contacts.actions.save(known, by=admin)
    customers.actions.save(customer, by=admin, associates=[(new, "standard"), (known, "administrator")])
    customer.name, customer.time_zone = "Later", "Asia/Kolkata"
    customers.actions.save(customer, by=admin, associates=[(new, "standard")])
    contacts.actions.invite(known, by=admin)
    contacts.actions.set_password(known, "Uncommon-19-Walrus", by=None)
    known.email = "later@example.com"
    contacts.actions.save(known, by=admin)
    contacts.actions.invite(new, by=admin)
    invitations.invite(customer, "colleague@example.com", by=admin)
    assert [row.ended is None for row in Invitation.objects.order_by("pk")] == open_until_disabled
    customers.actions.disable(Customer.objects.all(), by=admin, comment="Because.")
    customers.actions.enable(Customer.objects.all(), by=admin)
    draft.customer = Customer.objects.get()
    entitlements.actions.save(draft, by=admin, product_keys=keys)
    entitlements.actions.complete(Entitlement.objects.all(), by=admin)
    used = entitlements.actions.activate(keys[0], activatee=new, time_zone="Asia/Tokyo", by=admin, **use)
    move_to("Europe/Berlin", by=admin)
    entitlements.actions.revoke(used, by=admin, comment="Because.")
    entitlements.actions.activate(keys[1], quantity=1, by=admin)
    move_to("America/Lima", by=admin)
    entitlements.actions.disable(Entitlement.objects.all(), by=admin)

    assert [without_keys(entry) for entry in diary.entries] == [
        without_keys(entry) for entry in Entry.objects.order_by("pk")
    ]
    assert list(map(kept, diary.invitations)) == list(map(kept, Invitation.objects.order_by("pk")))
    assert [kept(row.invitation) for row in diary.invited] == [
        kept(row.invitation) for row in AssociationOffer.objects.all()
    ]
    saved = ProductKey.objects.order_by("pk")
    assert list(map(line_of, diary.ledger.product_keys)) == list(map(line_of, saved))
    uses = Activation.objects.order_by("pk")
    assert list(map(use_of, diary.ledger.activations)) == list(map(use_of, uses))
    assert user_of(diary.users[-1]) == user_of(User.objects.get(contact__email="later@example.com"))


def move_to(time_zone, by):
    customer = Customer.objects.get()
    customer.time_zone = time_zone
    with pytest.raises(ConfirmationRequired) as required:
        customers.actions.save(customer, by=by)
    customers.actions.save(customer, by=by, confirmed=required.value.confirmation)


def line_of(key):
    return [key.entitlement.eid, *(getattr(key, name) for name in (*key.ATTRIBUTES, *key.WINDOW))]


def use_of(use):
    names = ("quantity", "time_zone", "valid_from", "valid_until", "revoked_by", "reason")
    names += ("activated_by", "activated_by_key")
    found = licenses.verify(use.license.encode(), licenses.known_keys())
    assert found == licenses.of(use)
    return [
        str(use.product_key),
        str(use.activatee),
        use.is_revoked(),
        *(getattr(use, name) for name in names),
    ]


def kept(invitation):
    names = ("email", "language", "sent_by")
    ended = invitation.ended is not None
    return [str(invitation.contact), ended, *(getattr(invitation, name) for name in names)]


def user_of(user):
    names = (*User.ATTRIBUTES, "must_change_password", "last_login")
    return [str(user.contact), *(getattr(user, name) for name in names)]


def rows():
    staff = User(username="staff", password="!", email="staff@example.com", is_staff=True)
    known = Contact(email="known@example.com", name="Known", language="en")
    new = Contact(email="new@example.com", ref_id1="P1")
    customer = Customer(name="First", customer_id="K-1", description="Two\nlines")
    draft = Entitlement(eid="1", customer=customer, start_date=date(2026, 1, 1), ref_id1="PO")
    keys = [
        ProductKey(
            entitlement=draft, product="One", product_version="1", quantity=3, end_date=date(2048, 2, 29)
        ),
        ProductKey(entitlement=draft, product="Two", start_date=date(2026, 6, 1), never_expires=True),
        ProductKey(entitlement=draft, product="Three", quantity=500),
    ]
    return staff, known, new, customer, draft, keys


def without_keys(entry):
    changes = {re.sub(r":\d+:", "::", name): change for name, change in entry.changes.items()}
    same = ("code", "subject_kind", "subject_name", "version", "actor_key", "actor_name", "comment")
    return [changes, *(getattr(entry, name) for name in same)]


def test_most_contacts_have_logged_on(filled):
    others = Contact.objects.filter(OTHERS)
    visitors = others.exclude(user__last_login=None)
    assert 0.55 <= visitors.count() / others.count() <= 0.65
    users = User.objects.exclude(contact=None).prefetch_related("log_ons")
    assert set(PORTAL) | {contact.email for contact in visitors} == {user.email for user in users}
    assert {user.log_ons.count() for user in users if user.email not in PORTAL} == {1, 2, 3, 4}
    lately = timezone.now() - timedelta(days=90)
    for user in users:
        times = [log_on.at for log_on in user.log_ons.all()]
        assert times == sorted(times, reverse=True)
        assert user.last_login == times[0] < timezone.now()
        assert user.contact.created < user.date_joined < times[-1]
        assert times[-1] > lately or not user.may_log_on()
        assert not any(log_on.client_address.startswith("10.") for log_on in user.log_ons.all())


def test_the_staff_log_on_from_where_they_work(filled):
    for member in STAFF:
        user = User.objects.get(username=member.username)
        found = user.log_ons.all()
        assert {log_on.client_address for log_on in found} == set(member.addresses)
        assert user.last_login == found[0].at < timezone.now()
        assert found[0].at > timezone.now() - timedelta(days=9)


def test_nobody_logged_on_when_the_history_says_that_they_might_not(filled):
    enabled: dict = {}
    customers_of_contact = defaultdict(set)
    steps = [*Entry.objects.order_by("pk"), *LogOn.objects.order_by("pk").select_related("user__contact")]
    for step in sorted(steps, key=lambda step: step.at):
        if isinstance(step, LogOn):
            if step.user.contact:
                links = customers_of_contact[step.user.contact.pk]
                assert enabled["contacts.contact", step.user.contact.pk], step
                assert not links or any(enabled["customers.customer", link] for link in links), step
            continue
        subject = step.subject_kind, step.subject_key
        if step.verb in {"added", "enabled", "disabled"}:
            enabled[subject] = step.verb != "disabled"
        for name, (_, kind) in step.changes.items():
            if step.subject_kind == "contacts.contact" and name.startswith("customer:"):
                links = customers_of_contact[step.subject_key]
                (links.add if kind else links.discard)(int(name.split(":")[1]))
    cut = User.objects.get(username="disabled@example.com")
    assert cut.last_login < Entry.objects.of(cut.contact.customers.get()).get(code="customer.disabled").at
    assert sum(not user.may_log_on() for user in User.objects.filter(OTHERS)) >= 10


def test_some_invitations_are_open(filled):
    manager = User.objects.get(username="manager")
    offered = AssociationOffer.objects.get()
    own = Invitation.objects.open().exclude(pk=offered.invitation_id)
    assert 2 <= own.count() <= 3
    for invitation in own:
        assert invitation.sent_by == manager.get_full_name()
        assert invitation.may_be_accepted()
        assert not User.objects.filter(contact=invitation.contact).exists()
        entry = Entry.objects.of(invitation.contact).filter(code="contact.invited").get()
        assert (entry.at, entry.actor_name) == (invitation.created, "manager")
    arthur = Contact.objects.get(email="administrator@example.com")
    assert arthur.customers.contains(offered.customer)
    assert offered.invitation in Invitation.objects.open()
    assert offered.invitation.sent_by == "Arthur Pemberton"
    assert offered.invitation.may_be_accepted()
    assert offered.invitation.recipient() is None
    entry = Entry.objects.of(offered.customer)[0]
    assert entry.changes == {f"invitation::{offered.invitation.email}": ["", "invited"]}
    assert (entry.at, entry.actor_name) == (offered.invitation.created, arthur.email)
    assert arthur.user.last_login < entry.at


def test_invitations_are_as_if_sent(filled):
    sent = Invitation.objects.all()
    assert Counter(row.contact.email for row in sent if row.contact).most_common(1)[0][1] == 1
    for invitation in sent:
        invitation.full_clean(exclude=["contact"])
        assert invitation.expires == invitation.created + INVITATION_VALID
        assert invitation.ended is None or invitation.created < invitation.ended < invitation.expires
        assert invitation.created < timezone.now() < invitation.expires or invitation.ended
    assert len({invitation.digest for invitation in sent}) == len(sent)


def test_it_is_the_same_every_time():
    def told():
        diary = tell(NO_RIGHTS, date(2026, 11, 22))
        hidden = {"_state", "password", "digest"}
        rows = (*diary.users, *diary.contacts, *diary.customers, *diary.ledger.entitlements)
        rows += (*diary.ledger.product_keys, *diary.ledger.activations)
        rows += (*diary.entries, *diary.log_ons, *diary.invitations, *diary.invited)
        return [{name: value for name, value in vars(row).items() if name not in hidden} for row in rows]

    assert told() == told()


@pytest.mark.parametrize("days", [0, 2, 4])
def test_it_can_be_told_on_any_day(days):
    today = date(2028, 2, 25) + timedelta(days=days)
    diary = tell(NO_RIGHTS, today)
    assert diary.entries[-1].at.date() < today
    assert max(log_on.at for log_on in diary.log_ons).date() < today
    waiting = [invitation for invitation in diary.invitations if invitation.ended is None]
    assert len(waiting) >= 3
    assert min(invitation.expires for invitation in waiting).date() > today
    assert len(diary.customers) > 200

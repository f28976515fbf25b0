"""The demo data: who can log on and did, that every row is valid, and that history led to what is there."""

import re
import unicodedata
from collections import Counter, defaultdict
from datetime import date, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.db.models import Q
from django.utils import timezone

import contacts.actions
import customers.actions
import entitlements.actions
from contacts.models import INVITATION_VALID, Contact, Invitation
from customers.actions import invitations
from customers.models import Association, AssociationOffer, Customer
from ems_site.accounts import actions as accounts
from ems_site.accounts.checks import DEMO_NAMES, demo_password
from ems_site.accounts.models import LogOn, User
from ems_site.audit.models import Entry
from ems_site.demo.diary import Diary
from ems_site.demo.filling import fill
from ems_site.demo.log_ons import PEOPLE, STAFF
from ems_site.demo.management.commands.demo import Command
from ems_site.demo.story import tell
from entitlements.models import Entitlement
from tests.factories import UserFactory

NO_RIGHTS: dict[str, list] = {member.username: [] for member in STAFF}
MODELS = (User, Contact, Customer, Entitlement)
TABLES = (*MODELS, Association, Entry, LogOn, Invitation, AssociationOffer)
PORTAL = [person.email for person in PEOPLE]
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


def test_log_ons(db):
    assert "customers" in demo()
    everybody = {user.username: user for user in User.objects.select_related("contact")}
    users = {name: everybody.pop(name) for name in DEMO_NAMES}
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
    assert_nobody_knows_the_passwords(everybody)


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
    contacts.actions.invite(contact, by=manager)
    invitations.invite(customer, "newer@example.com", by=manager)
    UserFactory()
    assert Customer.objects.search("new@example.com").get() == customer


def assert_history():
    entries = list(Entry.objects.order_by("pk"))
    assert entries == sorted(entries, key=lambda entry: (entry.at, entry.pk))
    assert entries[-1].at < timezone.now()
    assert entries[0].at > timezone.now() - timedelta(days=750)
    by_staff = [entry for entry in entries[1:] if entry.actor_name in {"admin", "manager"}]
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
    """They choose their passwords, and one of them has invited somebody."""
    assert {entry.code for entry in entries} == {
        *("user.added", "user.password_changed", "contact.changed", "customer.changed"),
    }
    assert not [entry for entry in entries if entry.client_address.startswith("10.")]
    for entry in entries:
        if entry.code == "contact.changed":
            assert entry.changes == {"password": ["", "chosen by the contact"]}
        elif entry.code == "user.password_changed":
            assert (entry.actor_key, entry.actor_name) == (entry.subject_key, entry.subject_name)
        else:
            assert entry.actor_name == ("" if entry.code == "user.added" else "administrator@example.com")
    chosen = [entry.subject_key for entry in entries if entry.code == "user.password_changed"]
    assert chosen == [entry.subject_key for entry in entries if entry.code == "user.added"]
    assert set(chosen) == set(User.objects.exclude(username__in=DEMO_NAMES).values_list("pk", flat=True))


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


def test_the_diary_writes_what_the_actions_write(db):
    admin = UserFactory(username="admin", is_superuser=True)
    role = Group.objects.get(name="Customer Management")

    diary = Diary()
    diary.users = [admin] * admin.pk  # The next key is the one that the database gives.
    request = {"at": timezone.now(), "address": "", "request_id": ""}
    diary.begin_request(by=admin, **request)
    staff, known, new, customer, draft = rows()
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
    diary.add_entitlement(draft)
    diary.move_entitlement(draft, "entitlement.completed", "complete")

    staff, known, new, customer, draft = rows()
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
    draft.customer = Customer.objects.get()
    entitlements.actions.save(draft, by=admin)
    entitlements.actions.complete(draft, by=admin)

    assert [without_keys(entry) for entry in diary.entries] == [
        without_keys(entry) for entry in Entry.objects.order_by("pk")
    ]
    assert list(map(kept, diary.invitations)) == list(map(kept, Invitation.objects.order_by("pk")))
    assert [kept(row.invitation) for row in diary.invited] == [
        kept(row.invitation) for row in AssociationOffer.objects.all()
    ]
    assert user_of(diary.users[-1]) == user_of(User.objects.get(contact__email="later@example.com"))


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
    return staff, known, new, customer, draft


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
        rows = (*diary.users, *diary.contacts, *diary.customers, *diary.entitlements, *diary.entries)
        rows += (*diary.log_ons, *diary.invitations, *diary.invited)
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

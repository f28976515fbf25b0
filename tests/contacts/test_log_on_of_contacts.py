"""Disable, delete and a new e-mail address end sessions, links and invitations for good."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

import customers.actions
from contacts import actions
from contacts.models import Contact, Invitation
from customers.models import Association, Customer
from ems_site.accounts.models import Session, User
from ems_site.accounts.tokens import reset_tokens
from ems_site.audit.models import Entry
from ems_site.errors import Gone
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(log_on_of):
    return log_on_of(email="anna@example.com", name="Anna")


def one(contact):
    return Contact.objects.filter(pk=contact.pk)


def disable_contact(contact, by):
    actions.disable(one(contact), by=by, comment="Left the company.")
    return lambda: actions.enable(one(contact), by=by)


def disable_customer(contact, by):
    customer = CustomerFactory(people=[contact])
    customers.actions.disable(Customer.objects.filter(pk=customer.pk), by=by)
    return lambda: customers.actions.enable(Customer.objects.filter(pk=customer.pk), by=by)


def remove_last_enabled_customer(contact, by):
    enabled, disabled = CustomerFactory(people=[contact]), CustomerFactory(people=[contact])
    customers.actions.disable(Customer.objects.filter(pk=disabled.pk), by=by)
    assert contact.may_log_on()
    customers.actions.dissociate(enabled, contact, by=by)
    return lambda: customers.actions.associate(enabled, contact, "standard", by=by)


WAYS_OUT = [disable_contact, disable_customer, remove_last_enabled_customer]


@pytest.mark.parametrize("cut", WAYS_OUT)
def test_out_now_and_never_revived(cut, anna, manager):
    client = Client()
    client.force_login(anna)
    link = reset_tokens.key(anna)
    assert Session.objects.filter(user=anna).exists()
    undo = cut(anna.contact, manager)
    assert not anna.contact.may_log_on() or not one(anna.contact).get().may_log_on()
    assert not Session.objects.filter(user=anna).exists()
    assert reset_tokens.user_of(link, for_contacts=True) is None
    undo()
    assert one(anna.contact).get().may_log_on()
    assert client.get("/").url.startswith("/login/")
    assert reset_tokens.user_of(link, for_contacts=True) is None
    fresh = User.objects.get(pk=anna.pk)
    assert reset_tokens.user_of(reset_tokens.key(fresh), for_contacts=True) == fresh


@pytest.mark.parametrize("cut", WAYS_OUT)
def test_an_invitation_dies_with_the_right_to_log_on(cut, manager, mails, django_capture_on_commit_callbacks):
    contact = ContactFactory()
    with django_capture_on_commit_callbacks(execute=True):
        actions.invite(contact, by=manager)
    key = mails[0][1][1]
    assert Invitation.objects.of_key(key)
    undo = cut(contact, manager)
    assert Invitation.objects.of_key(key) is None
    undo()
    assert Invitation.objects.of_key(key) is None


def test_somebody_with_another_enabled_customer_stays(anna, manager):
    client = Client()
    client.force_login(anna)
    first, _ = CustomerFactory(people=[anna.contact]), CustomerFactory(people=[anna.contact])
    customers.actions.disable(Customer.objects.filter(pk=first.pk), by=manager)
    assert Session.objects.filter(user=anna).exists()
    assert User.objects.get(pk=anna.pk).session_epoch == anna.session_epoch


def test_removing_the_only_customer_ends_sessions_and_lets_them_log_on_again(anna, manager):
    customer = CustomerFactory(people=[anna.contact])
    Client().force_login(anna)
    customers.actions.dissociate(customer, anna.contact, by=manager)
    assert not Session.objects.filter(user=anna).exists()
    assert one(anna.contact).get().may_log_on()


def test_the_reason_goes_into_the_history(anna, manager):
    disable_contact(anna.contact, manager)
    entry = Entry.objects.of(anna.contact).get(code="contact.disabled")
    assert (entry.comment, entry.changes) == ("Left the company.", {"status": ["Enabled", "Disabled"]})
    assert actions.disable(one(anna.contact), by=manager) == []


# Deleting


def test_a_deleted_contact_leaves_its_customers(anna, manager):
    customer = CustomerFactory(people=[(anna.contact, Association.Kind.ADMINISTRATOR)])
    Client().force_login(anna)
    deleted = actions.delete(one(anna.contact), by=manager, comment="Asked for it.")
    assert [contact.email for contact in deleted] == ["anna@example.com"]
    assert not User.objects.filter(pk=anna.pk).exists()
    assert not Session.objects.filter(user=anna.pk).exists()
    left = Customer.objects.get(pk=customer.pk)
    assert left.version == customer.version + 1
    assert "anna" not in left.search_key
    told = Entry.objects.of(customer).get(code="customer.changed")
    assert list(told.changes.values()) == [["administrator", ""]]
    gone = Entry.objects.get(code="contact.deleted")
    assert gone.comment == told.comment == "Asked for it."
    assert gone.changes[f"customer:{customer.pk}:{customer}"] == ["administrator", ""]


def test_none_is_deleted_where_an_entitlement_is_addressed_to_one(anna, manager):
    other = ContactFactory()
    EntitlementFactory(customer=CustomerFactory(people=[anna.contact]), contact=anna.contact)
    with pytest.raises(actions.HasEntitlements) as refused:
        actions.delete(Contact.objects.filter(pk__in=[anna.contact.pk, other.pk]), by=manager)
    assert str(refused.value) == "Anna <anna@example.com> has entitlements and cannot be deleted."
    assert Contact.objects.filter(pk__in=[anna.contact.pk, other.pk]).count() == 2
    assert not Entry.objects.exists()


# Another e-mail address


def renamed(contact, email):
    row = one(contact).get()
    row.email = email
    return row


def test_another_email_keeps_the_password_and_ends_the_rest(
    anna, manager, mails, django_capture_on_commit_callbacks
):
    client = Client()
    client.force_login(anna)
    link = reset_tokens.key(anna)
    with django_capture_on_commit_callbacks(execute=True):
        actions.save(renamed(anna.contact, "anna@new.example"), by=manager)
    user = User.objects.get(pk=anna.pk)
    assert (user.username, user.email) == ("anna@new.example", "anna@new.example")
    assert user.check_password("seven unrelated marmots")
    assert client.get("/").url.startswith("/login/")
    assert reset_tokens.user_of(link, for_contacts=True) is None
    assert ("send_email_changed", (anna.pk, "anna@example.com")) in mails


def test_a_letter_in_another_case_is_a_new_email_too(anna, manager):
    actions.save(renamed(anna.contact, "Anna@example.com"), by=manager)
    assert User.objects.get(pk=anna.pk).username == "Anna@example.com"


LONGEST = f"{'a' * 60}@{'.'.join(['b' * 61] * 3)}.{'c' * 3}.com"


@pytest.mark.parametrize(
    "email", ["o'brien@example.com", "a+b!c@example.com", "anna@bücher.example", LONGEST]
)
def test_any_good_address_can_log_on_and_act(email, manager):
    assert len(email) <= 254
    contact = actions.save(Contact(email=email), by=manager)
    user = actions.set_password(contact, "seven unrelated marmots", by=None)
    assert user.username == email
    contact.name = "Changed"
    actions.save(contact, by=user)
    assert Entry.objects.of(contact).first().actor_name == email


# A password from a manager


def test_the_password_of_a_manager_is_for_the_first_log_on(anna, manager):
    user = actions.set_password(anna.contact, "four quiet harbours", by=manager)
    assert user.must_change_password
    user = actions.set_password(anna.contact, "five quiet harbours", by=None)
    assert not user.must_change_password


def test_gone_contacts(manager):
    contact = ContactFactory()
    one(contact).delete()
    for act in (actions.invite, lambda row, by: actions.set_password(row, "x" * 20, by=by)):
        with pytest.raises(Gone):
            act(contact, by=manager)


def test_who_cannot_be_invited(anna, manager):
    with pytest.raises(actions.HasPassword):
        actions.invite(anna.contact, by=manager)
    contact = ContactFactory()
    disable_contact(contact, manager)
    with pytest.raises(actions.MayNotLogOn, match="it is disabled"):
        actions.invite(contact, by=manager)
    other = ContactFactory()
    disable_customer(other, manager)
    with pytest.raises(actions.MayNotLogOn, match="all its customers are disabled"):
        actions.invite(other, by=manager)


def test_an_invitation_is_no_way_to_a_bad_password(manager, mails, django_capture_on_commit_callbacks):
    contact = ContactFactory()
    with django_capture_on_commit_callbacks(execute=True):
        actions.invite(contact, by=manager)
    with pytest.raises(ValidationError):
        customers.actions.accept(mails[0][1][1])
    assert Invitation.objects.of_key(mails[0][1][1])

"""Invitations: once, seven days, newest only, and blind to what is known of an address."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

import contacts.actions
from contacts.models import Contact, Invitation
from customers import actions
from customers.actions.associations import NotAdministrator
from customers.actions.invitations import AlreadyAssociated, NotEnabled
from customers.models import Association, AssociationOffer, Customer, offers_of
from ems_site.accounts import actions as accounts
from ems_site.accounts.actions import LinkUsed
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from tests.accounts.conftest import cheap_passwords  # noqa: F401
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "seven unrelated marmots"


@pytest.fixture
def acme():
    return CustomerFactory(name="Acme Ltd", customer_id="ACME-1")


@pytest.fixture
def arthur(acme, log_on_of):
    user = log_on_of(email="arthur@example.com", name="Arthur")
    Association.objects.create(customer=acme, contact=user.contact, kind="administrator")
    return user


@pytest.fixture
def invite(acme, arthur, mails, django_capture_on_commit_callbacks):
    """Invites this address and returns the key that was mailed, or None."""

    def invite(email, customer=acme):
        with django_capture_on_commit_callbacks(execute=True):
            actions.invite(customer, email, by=arthur)
        sent = [given for name, given in mails if name == "send_invitation"]
        mails.clear()
        return sent[0][1] if sent else None

    return invite


@pytest.fixture
def invited(mails, manager, django_capture_on_commit_callbacks):
    """A contact without a password, and the key that a manager sent."""
    contact = ContactFactory(email="nina@example.com")
    with django_capture_on_commit_callbacks(execute=True):
        contacts.actions.invite(contact, by=manager)
    return contact, mails[0][1][1]


def test_the_contact_chooses_a_password(invited):
    contact, key = invited
    assert actions.accept(key, password=PASSWORD) == contact
    user = User.objects.get(contact=contact)
    assert user.check_password(PASSWORD)
    assert not user.must_change_password
    assert (user.username, user.is_staff) == ("nina@example.com", False)


def test_once(invited):
    _, key = invited
    actions.accept(key, password=PASSWORD)
    with pytest.raises(LinkUsed):
        actions.accept(key, password="another seven marmots")


@pytest.mark.parametrize("days", [6.99, 7.01])
def test_seven_days(days, invited):
    _, key = invited
    with time_machine.travel(timezone.now() + timedelta(days=days)):
        assert (Invitation.objects.of_key(key) is not None) == (days < 7)


def test_the_newest_only(invited, mails, manager, django_capture_on_commit_callbacks):
    contact, old = invited
    with django_capture_on_commit_callbacks(execute=True):
        contacts.actions.invite(contact, by=manager)
    assert Invitation.objects.of_key(old) is None
    assert Invitation.objects.of_key(mails[-1][1][1])


def test_a_password_from_elsewhere_ends_it(invited, manager):
    contact, key = invited
    contacts.actions.set_password(contact, PASSWORD, by=manager)
    assert Invitation.objects.of_key(key) is None


def test_another_email_ends_it(invited, manager):
    contact, key = invited
    contact.email = "nina@other.example"
    contacts.actions.save(contact, by=manager)
    assert Invitation.objects.of_key(key) is None


def test_altered_keys(invited):
    _, key = invited
    pk, _, secret = key.partition(".")
    altered = [
        *("", ".", pk, f"{pk}.", f".{secret}", key[:-1], key + "x", key.upper(), f"{int(pk) + 1}.{secret}"),
        *(f"{'9' * 30}.{secret}", f"-{pk}.{secret}", f"{pk}.\0", f"{pk}.\ud800", f"１.{secret}"),
    ]
    assert [text for text in altered if Invitation.objects.of_key(text)] == []
    assert Invitation.objects.of_key(key)


def test_the_key_is_not_kept(invited):
    _, key = invited
    secret = key.partition(".")[2]
    assert all(secret not in str(value) for value in Invitation.objects.values().get().values())
    assert not Entry.objects.filter(changes__icontains=secret).exists()


# By an Administrator


def test_a_stranger_becomes_a_contact_on_acceptance(invite, acme):
    key = invite("Nora@Example.com")
    assert not Contact.objects.addressed("nora@example.com").exists()
    contact = actions.accept(key, password=PASSWORD, name="Nora")
    link = Association.objects.get(contact=contact)
    assert (link.customer, link.kind, contact.name, contact.email) == (
        acme,
        "standard",
        "Nora",
        "Nora@Example.com",
    )
    assert User.objects.get(contact=contact).check_password(PASSWORD)
    told = Entry.objects.of(acme).first()
    assert (told.actor_name, list(told.changes.values())) == ("Nora@Example.com", [["", "standard"]])


def test_somebody_with_a_password_keeps_it(invite, acme, log_on_of):
    nora = log_on_of(email="nora@example.com", password="an old and good one")
    contact = actions.accept(invite("NORA@example.com"), password="taken over by me")
    assert contact == nora.contact
    assert User.objects.get(pk=nora.pk).check_password("an old and good one")
    assert acme.contacts.contains(contact)


def test_a_completed_entitlement_is_no_obstacle(invite, acme):
    EntitlementFactory(customer=acme, state="complete")
    assert acme.contacts.contains(actions.accept(invite("nora@example.com"), password=PASSWORD))


def test_known_unknown_disabled_and_staff_look_the_same(acme, arthur, log_on_of, manager):
    log_on_of(email="known@example.com", name="Known Person")
    disabled = log_on_of(email="disabled@example.com")
    contacts.actions.disable(Contact.objects.filter(pk=disabled.contact.pk), by=manager)
    UserFactory(username="staff@example.com", email="staff@example.com")
    for name in ("known", "unknown", "disabled", "staff"):
        invitation = actions.invite(acme, f"{name}@example.com", by=arthur)
        assert invitation.email == f"{name}@example.com"
    rows = Invitation.objects.open().filter(offer__customer=acme)
    assert len({(row.language, row.sent_by, bool(row.digest)) for row in rows}) == 1
    kinds = Entry.objects.of(acme).values_list("code", "actor_name")
    assert len(set(kinds)) == 1
    assert len(kinds) == 4


@pytest.mark.parametrize("who", ["disabled", "staff"])
def test_who_must_not_be_invited_gets_no_mail(who, invite, log_on_of, manager):
    if who == "staff":
        UserFactory(username="who@example.com")
    else:
        contact = log_on_of(email="who@example.com").contact
        contacts.actions.disable(Contact.objects.filter(pk=contact.pk), by=manager)
    assert invite("who@example.com") is None


def test_a_contact_of_the_customer_is_not_invited_again(invite, acme):
    acme.associations.create(contact=ContactFactory(email="here@example.com"))
    with pytest.raises(AlreadyAssociated):
        invite("Here@example.com")


def test_the_newest_of_a_customer_only(invite, acme, arthur):
    other = CustomerFactory(people=[(arthur.contact, "administrator")])
    old, elsewhere = invite("nora@example.com"), invite("nora@example.com", other)
    new = invite("Nora@example.com")
    assert Invitation.objects.of_key(old) is None
    assert Invitation.objects.of_key(elsewhere)
    assert Invitation.objects.of_key(new)


def test_a_disabled_customer_invites_nobody_and_its_invitations_stay_dead(invite, acme, arthur, manager):
    key, row = invite("nora@example.com"), Customer.objects.filter(pk=acme.pk)
    actions.disable(row, by=manager)
    assert Invitation.objects.of_key(key) is None
    with pytest.raises(NotEnabled):
        actions.invite(acme, "other@example.com", by=arthur)
    actions.enable(row, by=manager)
    assert Invitation.objects.of_key(key) is None


def test_deleting_the_customer_ends_its_invitations(invite, acme, manager):
    key = invite("nora@example.com")
    actions.delete(Customer.objects.filter(pk=acme.pk), by=manager)
    assert Invitation.objects.of_key(key) is None
    with pytest.raises(LinkUsed):
        actions.accept(key, password=PASSWORD)


def test_withdrawn(invite, acme, arthur):
    key = invite("nora@example.com")
    invitation = AssociationOffer.objects.get(customer=acme).invitation
    assert actions.withdraw(invitation, by=arthur)
    assert not actions.withdraw(invitation, by=arthur)
    assert Invitation.objects.of_key(key) is None


def test_whoever_became_a_contact_meanwhile_is_that_contact(invite, acme, manager):
    key = invite("nora@example.com")
    contact = contacts.actions.save(Contact(email="NORA@example.com", name="From staff"), by=manager)
    assert actions.accept(key, password=PASSWORD, name="Mine") == contact
    assert Contact.objects.get(pk=contact.pk).name == "From staff"
    assert Contact.objects.addressed("nora@example.com").count() == 1


def test_whoever_was_disabled_meanwhile_stays_out(invite, manager):
    key = invite("nora@example.com")
    contact = contacts.actions.save(Contact(email="nora@example.com"), by=manager)
    contacts.actions.disable(Contact.objects.filter(pk=contact.pk), by=manager)
    with pytest.raises(LinkUsed):
        actions.accept(key, password=PASSWORD)


# What happens between the invitation and its acceptance


def one(contact):
    return Contact.objects.filter(pk=contact.pk)


def switched_off_and_on(contact, by):
    contacts.actions.disable(one(contact), by=by)
    contacts.actions.enable(one(contact), by=by)


def deleted(contact, by):
    contacts.actions.delete(one(contact), by=by)


def moved(contact, by):
    contact.email = "elsewhere@example.com"
    contacts.actions.save(contact, by=by)


@pytest.mark.parametrize("cut", [switched_off_and_on, deleted, moved])
@pytest.mark.parametrize("known_before", [True, False])
def test_a_cut_ends_it_whether_or_not_the_address_was_known_then(known_before, cut, invite, acme, manager):
    contact = Contact(email="nora@example.com")
    if known_before:
        contacts.actions.save(contact, by=manager)
    key = invite("nora@example.com")
    if not known_before:
        contacts.actions.save(contact, by=manager)
    assert Invitation.objects.of_key(key)
    cut(contact, manager)
    assert Invitation.objects.of_key(key) is None
    with pytest.raises(LinkUsed):
        actions.accept(key, password=PASSWORD)
    # Whoever invited somebody does not see from it that the vendor knows the address.
    assert offers_of(acme).pending().filter(email="nora@example.com").exists()


def test_whoever_was_associated_meanwhile_is_not_let_in_twice(invite, acme, manager):
    contact = ContactFactory(email="nora@example.com")
    key = invite("nora@example.com")
    actions.associate(acme, contact, "administrator", by=manager)
    with pytest.raises(LinkUsed):
        actions.accept(key, password=PASSWORD)
    assert acme.associations.get(contact=contact).kind == "administrator"
    actions.dissociate(acme, contact, by=manager)
    with pytest.raises(LinkUsed):
        actions.accept(key, password=PASSWORD)
    assert not acme.contacts.contains(contact)


@pytest.mark.parametrize("loss", ["disabled", "deleted", "standard", "removed"])
def test_it_dies_with_the_rights_of_who_sent_it_for_good(loss, invite, acme, arthur, manager):
    key = invite("nora@example.com")
    if loss == "disabled":
        contacts.actions.disable(one(arthur.contact), by=manager)
    elif loss == "deleted":
        contacts.actions.delete(one(arthur.contact), by=manager)
    elif loss == "standard":
        actions.associate(acme, arthur.contact, "standard", by=manager)
    else:
        actions.dissociate(acme, arthur.contact, by=manager)
    assert Invitation.objects.of_key(key) is None
    with pytest.raises(LinkUsed):
        actions.accept(key, password=PASSWORD)
    if loss != "deleted":
        contacts.actions.enable(one(arthur.contact), by=manager)
        actions.associate(Customer.objects.get(pk=acme.pk), arthur.contact, "administrator", by=manager)
    assert Invitation.objects.of_key(key) is None


def test_a_log_on_made_inactive_is_not_opened_by_it(invite, log_on_of):
    nora = log_on_of(email="nora@example.com")
    key = invite("nora@example.com")
    User.objects.filter(pk=nora.pk).update(is_active=False)
    assert Invitation.objects.of_key(key) is None


def test_a_password_taken_away_revives_no_invitation(invited, manager):
    contact, key = invited
    user = contacts.actions.set_password(contact, PASSWORD, by=None)
    accounts.set_password(user, None, by=manager)
    assert not contact.has_password()
    assert Invitation.objects.of_key(key) is None


# By an Administrator who ends the part of another contact


def test_an_administrator_ends_the_part_of_another(acme, arthur):
    EntitlementFactory(customer=acme, state="complete")
    other = ContactFactory()
    acme.associations.create(contact=other)
    actions.dismiss(acme, other, by=arthur)
    assert not acme.contacts.contains(other)


def test_nobody_ends_their_own_part_and_only_administrators_end_any(acme, arthur, log_on_of):
    standard = log_on_of(email="stella@example.com")
    acme.associations.create(contact=standard.contact)
    for by, contact in ((arthur, arthur.contact), (standard, arthur.contact), (standard, standard.contact)):
        with pytest.raises(NotAdministrator):
            actions.dismiss(acme, contact, by=by)
    assert acme.contacts.count() == 2


# From either side


def test_associated_from_the_contacts_side(acme, manager):
    contact = ContactFactory(email="otto@example.com")
    actions.associate(acme, contact, "standard", by=manager)
    actions.associate(Customer.objects.get(pk=acme.pk), contact, "administrator", by=manager)
    actions.dissociate(acme, contact, by=manager)
    actions.dissociate(acme, contact, by=manager)
    steps = [["administrator", ""], ["standard", "administrator"], ["", "standard"]]
    for record in (acme, contact):
        assert [next(iter(entry.changes.values())) for entry in Entry.objects.of(record)] == steps
    assert Customer.objects.get(pk=acme.pk).version == acme.version + 3


def test_it_needs_the_customers_confirmation(acme, manager):
    EntitlementFactory(customer=acme, state="complete")
    contact = ContactFactory()
    with pytest.raises(actions.ConfirmationRequired) as required:
        actions.associate(acme, contact, "standard", by=manager)
    assert not acme.contacts.exists()
    actions.associate(acme, contact, "standard", by=manager, confirmed=required.value.confirmation)
    assert acme.contacts.contains(contact)


def test_contacts_are_found_by_their_customers(acme, manager):
    contact = ContactFactory()
    actions.associate(acme, contact, "standard", by=manager)
    found = Contact.objects.search("acme", with_customers=True)
    assert list(found) == [contact]
    assert not Contact.objects.search("acme").exists()
    acme = Customer.objects.get(pk=acme.pk)
    acme.name = "Zenith"
    actions.save(acme, by=manager)
    assert not Contact.objects.search("acme ltd", with_customers=True).exists()
    assert Contact.objects.search("ZENITH", with_customers=True).exists()
    actions.delete(Customer.objects.filter(pk=acme.pk), by=manager)
    assert not Contact.objects.search("zenith", with_customers=True).exists()

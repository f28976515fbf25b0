"""Adding and changing contacts."""

import pytest
from django.core.exceptions import ValidationError

from contacts import actions
from contacts.forms import ContactForm
from contacts.models import Contact
from customers.models import Customer
from ems_site.audit.models import Entry
from ems_site.errors import Conflict, Gone
from tests.factories import ContactFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db


def reread(contact):
    return Contact.objects.get(pk=contact.pk)


def test_a_contact_is_added(manager):
    contact = actions.save(Contact(email=" Anna@Example.com ", name="Anna", phone="+49"), by=manager)
    row = reread(contact)
    assert (row.email, row.name, row.version, row.language) == ("Anna@Example.com", "Anna", 1, "en")
    assert row.is_enabled()
    entry = Entry.objects.get()
    assert (entry.code, entry.actor_key) == ("contact.added", manager.pk)
    assert entry.subject_name == "Anna <Anna@Example.com>"
    assert entry.changes["email"] == ["", "Anna@Example.com"]
    assert entry.changes["language"] == ["", "English"]
    assert "ref_id1" not in entry.changes


def test_the_system_may_add_one():
    actions.save(Contact(email="a@example.com"), by=None)
    entry = Entry.objects.get()
    assert (entry.actor_key, entry.actor_name) == (None, "")


def test_a_change_is_written_down(manager):
    contact = ContactFactory(name="Anna")
    mine = reread(contact)
    mine.name, mine.language = "Anna B.", "de"
    actions.save(mine, by=manager)
    row = reread(contact)
    assert (row.name, row.version) == ("Anna B.", 2)
    assert row.changed > contact.changed
    entry = Entry.objects.get()
    assert (entry.code, entry.version) == ("contact.changed", 2)
    assert entry.changes == {"name": ["Anna", "Anna B."], "language": ["English", "German"]}


@pytest.mark.parametrize("stale", [False, True])
def test_without_a_change_nothing_is_written(stale, manager):
    contact = ContactFactory(name="Anna")
    mine = reread(contact)
    mine.name, mine.version = " Anna ", 0 if stale else 1
    actions.save(mine, by=manager)
    assert (reread(contact).version, reread(contact).changed) == (1, contact.changed)
    assert not Entry.objects.exists()


BAD = {
    "email": ["", "x", "TAKEN@example.com", "a b@example.com"],
    "ref_id1": ["ｔaken", "x" * 101, "a\u200bb"],
    "ref_id2": ["x" * 101],
    "name": ["x" * 101, "a\nb"],
    "phone": ["\x07"],
    "language": ["", "xx"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field in BAD for value in BAD[field]])
@pytest.mark.parametrize("adding", [True, False], ids=["add", "edit"])
def test_bad_values_are_refused_on_their_field(field, value, adding, manager):
    ContactFactory(email="taken@example.com", ref_id1="taken")
    contact = Contact(email="new@example.com") if adding else reread(ContactFactory(email="new@example.com"))
    before = Contact.objects.count()
    setattr(contact, field, value)
    with pytest.raises(ValidationError) as refused:
        actions.save(contact, by=manager)
    assert set(refused.value.message_dict) == {field}
    assert Contact.objects.count() == before
    assert not Entry.objects.exists()
    setattr(contact, field, "good@example.com" if field == "email" else "de")
    actions.save(contact, by=manager)
    assert getattr(reread(contact), field) == getattr(contact, field)


def test_two_versions_meet(manager, superuser):
    contact = ContactFactory(name="Anna")
    mine, theirs = reread(contact), reread(contact)
    theirs.name, mine.phone = "Theirs", "1"
    actions.save(theirs, by=superuser)
    with pytest.raises(Conflict) as conflict:
        actions.save(mine, by=manager)
    assert (conflict.value.current.name, conflict.value.current.version, mine.version) == ("Theirs", 2, 1)
    assert (reread(contact).phone, Entry.objects.count()) == ("", 1)


def test_a_contact_that_is_gone(manager):
    contact = ContactFactory()
    Contact.objects.filter(pk=contact.pk).delete()
    contact.name = "Late"
    with pytest.raises(Gone):
        actions.save(contact, by=manager)
    assert not Entry.objects.exists()


def test_a_new_email_is_found_with_every_customer_of_the_contact(manager):
    contact = ContactFactory(email="old@example.com")
    customers = [CustomerFactory(people=[contact]) for _ in range(3)]
    other = CustomerFactory(people=[ContactFactory(email="else@example.com")])
    contact.email = "neu@example.com"
    actions.save(contact, by=manager)
    assert set(Customer.objects.search("neu@")) == set(customers)
    assert not Customer.objects.search("old@").exists()
    assert list(Customer.objects.search("else@")) == [other]
    assert set(Contact.objects.search("neu@")) == {contact}
    assert set(Customer.objects.values_list("version", flat=True)) == {1}


def test_a_lost_race_names_the_field(manager, monkeypatch):
    """Both looked before either wrote."""
    ContactFactory(email="anna@example.com")
    clean, calls = Contact.full_clean, []

    def too_early(self, *args, **kwargs):
        calls.append(self)
        return clean(self, *args, **kwargs) if len(calls) > 1 else None

    monkeypatch.setattr(Contact, "full_clean", too_early)
    with pytest.raises(ValidationError) as refused:
        actions.save(Contact(email="ANNA@example.com"), by=manager)
    assert set(refused.value.message_dict) == {"email"}
    assert not Entry.objects.exists()


def test_the_status_is_shown_in_words():
    contact = ContactFactory(name="Anna", email="anna@example.com")
    assert str(contact) == "Anna <anna@example.com>"
    assert str(ContactFactory(name="", email="b@example.com")) == "b@example.com"


def test_a_contact_does_not_take_the_user_name_of_staff(manager):
    UserFactory(username="boss@example.com")
    with pytest.raises(ValidationError) as refused:
        actions.save(Contact(email="BOSS@example.com"), by=manager)
    assert set(refused.value.message_dict) == {"email"}


def test_saving_an_untouched_form_after_somebody_else_is_no_conflict(manager):
    contact = ContactFactory(name="Anna")
    mine, theirs = reread(contact), reread(contact)
    theirs.name = "Anna B."
    actions.save(theirs, by=manager)
    actions.save(mine, by=manager)
    assert (reread(contact).name, reread(contact).version) == ("Anna B.", 2)
    mine = reread(contact)
    mine.version, mine.name, mine.phone = 1, "Anna", "+49"
    with pytest.raises(Conflict):
        actions.save(mine, by=manager)


def test_only_the_attributes_are_written(manager):
    """Whoever is disabled while they save their profile stays disabled."""
    mine = ContactFactory(name="Anna")
    Contact.objects.filter(pk=mine.pk).update(status="disabled")
    mine.name = "Anna B."
    actions.save(mine, by=manager)
    assert (reread(mine).name, reread(mine).status) == ("Anna B.", "disabled")


@pytest.mark.parametrize(("posted", "counts_as"), [("1", 1), ("2", 2), ("3", 0), ("2147483647", 0)])
def test_nobody_saw_a_later_version_than_there_is(posted, counts_as):
    contact = ContactFactory(version=2)
    form = ContactForm({"email": contact.email, "language": "en", "version": posted}, instance=contact)
    assert form.is_valid()
    assert form.instance.version == counts_as

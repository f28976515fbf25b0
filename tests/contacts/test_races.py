"""Getting in and being cut off in the same instant, with real threads on the running database."""

from functools import partial

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.test import Client

import contacts.actions
import customers.actions
import entitlements.actions
from contacts.forms import ContactForm
from contacts.models import Contact, Invitation
from customers.models import Customer
from ems_site.accounts import actions as accounts
from ems_site.accounts.backends import AccountBackend
from ems_site.accounts.models import Session, User
from ems_site.accounts.session_store import SessionStore
from ems_site.errors import Refused
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

TRIES = 40
PASSWORD = "seven unrelated marmots"
BACKEND = "ems_site.accounts.backends.AccountBackend"


@pytest.fixture
def actor(transactional_db):
    return UserFactory()


def one(row):
    return type(row).objects.filter(pk=row.pk)


def log_on(email):
    """Logs on as the page does; the session's key if that went well."""
    request = HttpRequest()
    request.session = SessionStore()
    user = AccountBackend().authenticate(request, email, PASSWORD, for_contacts=True)
    if user is None:
        return None
    user.backend = BACKEND
    if not accounts.log_on(request, user):
        return None
    request.session.save()
    return request.session.session_key


def is_in(key) -> bool:
    """Whether a request with this session is served."""
    client = Client()
    client.cookies["sessionid"] = key or "none"
    return "/login/" not in client.get("/")["Location"]


def cut_by_disabling_the_contact(contact, customer, by):
    contacts.actions.disable(one(contact), by=by)
    return lambda: contacts.actions.enable(one(contact), by=by)


def cut_by_disabling_the_customer(contact, customer, by):
    customers.actions.disable(one(customer), by=by)
    return lambda: customers.actions.enable(one(customer), by=by)


def cut_by_ending_sessions(contact, customer, by):
    accounts.end_sessions(User.objects.filter(contact=contact), by=by)
    return lambda: None


@pytest.mark.parametrize(
    "cut", [cut_by_disabling_the_contact, cut_by_disabling_the_customer, cut_by_ending_sessions]
)
def test_a_log_on_at_the_instant_of_the_cut(cut, at_once, actor, log_on_of):
    user = log_on_of()
    customer = CustomerFactory(people=[user.contact])
    for _ in range(TRIES):
        key, undo = at_once(lambda: log_on(user.username), lambda: cut(user.contact, customer, actor))
        assert not isinstance(key, Exception), key
        assert callable(undo), undo
        ended = cut is not cut_by_ending_sessions
        if ended:
            assert not is_in(key)
        undo()
        # Only a log-on that came after the cut as a whole may be in, which disabling has refused.
        if ended:
            assert not is_in(key)
            assert not Session.objects.filter(user=user).exists()


def test_a_log_on_at_the_instant_of_the_deletion(at_once, actor, log_on_of):
    for _ in range(TRIES // 2):
        user = log_on_of()
        key, deleted = at_once(
            lambda user=user: log_on(user.username),
            lambda user=user: contacts.actions.delete(one(user.contact), by=actor),
        )
        assert not isinstance(key, Exception), key
        assert len(deleted) == 1
        assert not is_in(key)


def test_a_log_on_at_the_instant_of_another_email(at_once, actor, log_on_of):
    for number in range(TRIES // 2):
        user = log_on_of()
        contact = Contact.objects.get(pk=user.contact.pk)
        contact.email = f"new-{number}@example.com"
        key, saved = at_once(
            lambda user=user: log_on(user.username),
            lambda contact=contact: contacts.actions.save(contact, by=actor),
        )
        assert not isinstance(key, Exception), key
        assert isinstance(saved, Contact), saved
        assert not is_in(key)
        assert User.objects.get(pk=user.pk).username == f"new-{number}@example.com"


def invitation_of(contact, actor, mails):
    contacts.actions.invite(contact, by=actor)
    return mails[-1][1][1]


def test_a_link_used_twice_at_once(at_once, actor, mails):
    for _ in range(TRIES // 2):
        key = invitation_of(ContactFactory(), actor, mails)
        results = at_once(*[lambda key=key: customers.actions.accept(key, password=PASSWORD)] * 2)
        assert sorted(type(result).__name__ for result in results) == ["Contact", "LinkUsed"]


def test_one_stranger_invited_by_two_customers(at_once, actor, mails):
    for number in range(TRIES // 2):
        email, keys = f"nora-{number}@example.com", []
        for customer in (CustomerFactory(), CustomerFactory()):
            customers.actions.invite(customer, email, by=actor)
            keys.append(mails[-1][1][1])
        results = at_once(*[lambda key=key: customers.actions.accept(key, password=PASSWORD) for key in keys])
        people = [result for result in results if isinstance(result, Contact)]
        refused = [result for result in results if not isinstance(result, Contact)]
        assert people, results
        assert all(not isinstance(error, AssertionError) for error in refused)
        assert Contact.objects.addressed(email).count() == User.objects.filter(username=email).count() == 1
        # Whoever came second, if refused, can still use the other link.
        for key in keys:
            if Invitation.objects.of_key(key):
                customers.actions.accept(key, password=PASSWORD)
        assert Contact.objects.addressed(email).get().customers.count() == 2


@pytest.mark.parametrize("whom", ["contact", "customer"])
def test_accepting_at_the_instant_of_disabling(whom, at_once, actor, mails):
    for _ in range(TRIES // 2):
        contact = ContactFactory()
        customer = CustomerFactory(people=[contact])
        key = invitation_of(contact, actor, mails)
        cut = cut_by_disabling_the_contact if whom == "contact" else cut_by_disabling_the_customer
        accepted, undo = at_once(
            lambda key=key: customers.actions.accept(key, password=PASSWORD),
            lambda cut=cut, contact=contact, customer=customer: cut(contact, customer, actor),
        )
        assert isinstance(accepted, Contact | Refused), accepted
        undo()
        assert Invitation.objects.of_key(key) is None
        assert contact.has_password() == isinstance(accepted, Contact)


def test_an_entitlement_addressed_at_the_instant_of_deletion(at_once, actor):
    for _ in range(TRIES // 2):
        contact = ContactFactory()
        customer = CustomerFactory(people=[contact])
        draft = EntitlementFactory.build(customer=customer, contact=contact)
        saved, deleted = at_once(
            lambda draft=draft: entitlements.actions.save(draft, by=actor),
            lambda contact=contact: contacts.actions.delete(one(contact), by=actor),
        )
        exists = one(contact).exists()
        assert exists == isinstance(saved, Entitlement), (saved, deleted)
        assert exists == isinstance(deleted, contacts.actions.HasEntitlements), (saved, deleted)


def test_two_customers_disabled_at_once_leave_nobody_in(at_once, actor, log_on_of):
    for _ in range(TRIES // 2):
        user = log_on_of()
        rows = [CustomerFactory(people=[user.contact]) for _ in range(2)]
        key = log_on(user.username)
        assert is_in(key)
        at_once(*[lambda row=row: customers.actions.disable(one(row), by=actor) for row in rows])
        customers.actions.enable(Customer.objects.filter(pk__in=[row.pk for row in rows]), by=actor)
        assert not is_in(key)


def test_a_session_ended_while_a_request_is_under_way_stays_ended(log_on_of):
    user = log_on_of()
    key = log_on(user.username)
    under_way: SessionBase = SessionStore(key)
    under_way["note"] = "typed meanwhile"
    accounts.end_sessions(User.objects.filter(pk=user.pk), by=None)
    under_way.save()
    assert not Session.objects.filter(session_key=key).exists()
    assert not is_in(key)


def test_accepting_while_another_contact_of_the_customer_is_saved(at_once, actor, mails):
    for number in range(TRIES // 2):
        people = [ContactFactory() for _ in range(3)]
        customer = CustomerFactory(people=people)
        customers.actions.invite(customer, f"nora-{number}@example.com", by=actor)
        key = mails[-1][1][1]
        other = Contact.objects.get(pk=people[number % 3].pk)
        other.email = f"other-{number}@example.com"
        accepted, saved, changed = at_once(
            lambda key=key: customers.actions.accept(key, password=PASSWORD),
            lambda other=other: contacts.actions.save(other, by=actor),
            lambda customer=customer, one=people[0]: customers.actions.associate(
                Customer.objects.get(pk=customer.pk), one, "administrator", by=actor
            ),
        )
        assert isinstance(accepted, Contact), accepted
        assert isinstance(saved, Contact), saved
        assert isinstance(changed, Customer), changed


def test_a_contact_who_saves_the_profile_at_the_instant_of_the_cut(at_once, actor, log_on_of):
    for _ in range(TRIES // 2):
        user = log_on_of()
        people = Contact.objects.filter(pk=user.contact.pk)

        def save_profile(user=user):
            contact = Contact.objects.get(pk=user.contact.pk)
            form = ContactForm(
                {"email": contact.email, "language": "de", "version": contact.version + 1}, instance=contact
            )
            assert form.is_valid()
            return contacts.actions.save(form.instance, by=user)

        _, disabled = at_once(save_profile, lambda people=people: contacts.actions.disable(people, by=actor))
        assert len(disabled) == 1
        assert people.get().status == "disabled"


def test_two_administrators_who_end_one_another(at_once, log_on_of):
    for _ in range(TRIES // 2):
        users = [log_on_of(), log_on_of()]
        customer = CustomerFactory(people=[(user.contact, "administrator") for user in users])
        at_once(
            *[
                partial(customers.actions.dismiss, customer, other.contact, by=by)
                for by, other in (users, users[::-1])
            ]
        )
        assert customer.contacts.count() == 1

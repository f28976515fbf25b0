"""Two people at the same instant, with real threads on the running database."""

from functools import partial

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

import contacts.actions
import entitlements.actions
from contacts.models import Contact
from customers import actions
from customers.actions import HasEntitlements
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from ems_site.errors import Conflict
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)

TRIES = range(15)
STANDARD = Association.Kind.STANDARD


@pytest.fixture(autouse=True)
def actor(transactional_db):
    return UserFactory()


def split(results):
    """(what was returned, what was raised)"""
    raised = [result for result in results if isinstance(result, Exception)]
    return [result for result in results if not isinstance(result, Exception)], raised


def one(customer):
    return Customer.objects.filter(pk=customer.pk)


def edit(customer, by, **values):
    row = Customer.objects.get(pk=customer.pk)
    for name, value in values.items():
        setattr(row, name, value)
    return lambda: actions.save(row, by=by)


@pytest.mark.parametrize("field", ["customer_id", "external_id"])
def test_two_customers_with_one_identity(field, at_once, actor):
    for number in TRIES:
        texts = f"acme-{number}", f"ＡＣＭＥ-{number}", f"Acme-{number}"
        rows = [Customer(name=text, **{field: text}) for text in texts]
        saved, refused = split(at_once(*[lambda row=row: actions.save(row, by=actor) for row in rows]))
        assert (len(saved), len(refused)) == (1, 2), refused
        for error in refused:
            assert set(error.message_dict) == {field}
        assert Entry.objects.filter(code="customer.added").count() == number + 1


def test_two_customers_with_one_new_contact(at_once, actor):
    for number in TRIES:
        emails = f"anna{number}@example.com", f"ANNA{number}@example.com"
        results = at_once(
            *[
                lambda email=email: actions.save(
                    Customer(name=email), by=actor, associates=[(Contact(email=email), STANDARD)]
                )
                for email in emails
            ]
        )
        saved, refused = split(results)
        assert (len(saved), len(refused)) == (1, 1), refused
        assert "Another contact has this Email" in refused[0].messages[0]
        assert Customer.objects.count() == Contact.objects.count() == number + 1


def test_two_customers_with_two_new_contacts_in_opposite_orders(at_once, actor):
    for number in TRIES:
        emails = f"anna{number}@example.com", f"bert{number}@example.com"
        results = at_once(
            *[
                lambda emails=emails, step=step: actions.save(
                    Customer(name="Acme"),
                    by=actor,
                    associates=[(Contact(email=email), STANDARD) for email in emails[::step]],
                )
                for step in (1, -1)
            ]
        )
        saved, refused = split(results)
        assert (len(saved), [type(error) for error in refused]) == (1, [ValidationError]), refused
        assert Contact.objects.count() == 2 * (number + 1)


def test_two_edits_of_one_version(at_once, actor):
    customer = CustomerFactory()
    for number in TRIES:
        edits = edit(customer, actor, name=f"One {number}"), edit(customer, actor, crm_id=f"Other {number}")
        saved, refused = split(at_once(*edits))
        assert (len(saved), [type(error) for error in refused]) == (1, [Conflict]), refused
        row = Customer.objects.get()
        assert row.version == refused[0].current.version == number + 2
        assert (row.name == f"One {number}") != (row.crm_id == f"Other {number}")
    assert Entry.objects.of(customer).count() == len(TRIES)


@pytest.mark.parametrize("way", ["action", "plain"])
@pytest.mark.parametrize("whole_set", [False, True], ids=["one", "set"])
def test_delete_against_a_new_entitlement(way, whole_set, at_once, actor):
    """Exactly one of the two wins, and an entitlement never stands without its customer."""

    def create(customer):
        entitlement = Entitlement(customer=customer, start_date="2026-01-01")
        if way == "action":
            return entitlements.actions.save(entitlement, by=actor)
        return entitlement.save()

    for _ in TRIES:
        customer, neighbour = CustomerFactory(people=[ContactFactory()]), CustomerFactory()
        doomed = Customer.objects.filter(pk__in=[customer.pk, neighbour.pk]) if whole_set else one(customer)
        deletion, creation = at_once(
            lambda doomed=doomed: actions.delete(doomed, by=actor), lambda customer=customer: create(customer)
        )
        kept = one(customer).exists()
        assert Entitlement.objects.filter(customer_id=customer.pk).exists() == kept
        if kept:
            assert isinstance(deletion, HasEntitlements), deletion
            assert not isinstance(creation, Exception), creation
            assert one(neighbour).exists()
            assert customer.associations.count() == 1
        else:
            assert not isinstance(deletion, Exception), deletion
            expected = ValidationError if way == "action" else (IntegrityError, Customer.DoesNotExist)
            assert isinstance(creation, expected), creation
        assert Entry.objects.filter(code="customer.deleted", subject_key=customer.pk).exists() != kept


def test_new_emails_against_associating(at_once, actor):
    """Whatever comes first, the search key tells the contacts that the customer has at the end."""
    for number in TRIES:
        customer = CustomerFactory(people=[ContactFactory()])
        anna, bert = customer.contacts.get(), ContactFactory()
        row = Customer.objects.get(pk=customer.pk)

        def rename(contact, email):
            mine = Contact.objects.get(pk=contact.pk)
            mine.email = email
            return contacts.actions.save(mine, by=actor)

        results = at_once(
            lambda anna=anna, number=number: rename(anna, f"anna.new{number}@example.com"),
            lambda bert=bert, number=number: rename(bert, f"bert.new{number}@example.com"),
            lambda row=row, people=[(anna, STANDARD), (bert, STANDARD)]: actions.save(
                row, by=actor, associates=people
            ),
        )
        assert not split(results)[1], results
        row = Customer.objects.get(pk=customer.pk)
        assert row.search_key == Customer._meta.get_field("search_key").key(row)
        assert "new" in row.search_key


def test_a_new_email_against_an_edit_and_a_removal(at_once, actor):
    for number in TRIES:
        people = [ContactFactory(), ContactFactory()]
        customer, other = CustomerFactory(people=people), CustomerFactory(people=people)
        row = Customer.objects.get(pk=other.pk)
        anna = Contact.objects.get(pk=people[0].pk)
        anna.email = f"anna.late{number}@example.com"
        results = at_once(
            lambda anna=anna: contacts.actions.save(anna, by=actor),
            edit(customer, actor, name=f"Renamed {number}"),
            lambda row=row, people=people: actions.save(row, by=actor, associates=[(people[1], STANDARD)]),
        )
        assert not split(results)[1], results
        for row in Customer.objects.filter(pk__in=[customer.pk, other.pk]):
            assert row.search_key == Customer._meta.get_field("search_key").key(row)


def test_bulk_verbs_in_opposite_orders(at_once, actor):
    for _ in TRIES:
        people = [ContactFactory() for _ in range(3)]
        keys = [CustomerFactory(people=people).pk for _ in range(8)]
        some = Customer.objects.filter(pk__in=keys)
        results = at_once(
            lambda some=some: actions.disable(some.order_by("pk"), by=actor),
            lambda some=some: actions.disable(some.order_by("-pk"), by=actor),
            lambda some=some: actions.disable(some.order_by("-name_key"), by=actor),
        )
        done, failed = split(results)
        assert not failed
        assert sum(len(changed) for changed in done) == 8
        assert set(some.values_list("status", "version")) == {("disabled", 2)}
        assert Entry.objects.filter(code="customer.disabled", subject_key__in=keys).count() == 8


def test_the_last_two_customers_disabled_at_once(at_once, actor):
    """Each leaves the other, so neither alone would end the contact's sessions."""
    for _ in TRIES:
        contact = ContactFactory()
        user = UserFactory(username=contact.email, is_staff=False, contact=contact)
        pair = [CustomerFactory(people=[contact]) for _ in range(2)]
        results = at_once(*[lambda row=row: actions.disable(one(row), by=actor) for row in pair])
        assert not split(results)[1], results
        user.refresh_from_db()
        assert not contact.may_log_on()
        assert user.session_epoch >= 1


def test_made_up_ids_in_parallel(at_once, actor, monkeypatch):
    """All think of the same ID first."""
    for number in range(8):
        names = iter(range(10_000))

        def think(number=number, names=names):
            return f"C-{number}-{next(names) // 4}"

        monkeypatch.setattr("customers.models.new_customer_id", think)
        results = at_once(*[lambda: actions.save(Customer(name="Acme"), by=actor)] * 4)
        assert not split(results)[1], results
    assert Customer.objects.values("customer_id_key").distinct().count() == 32


def test_two_pages_add_the_same_contact(at_once, signed_in, superuser):
    """The second one is told; whatever it typed is still there."""
    for number in range(5):
        person = {"email": f"new{number}@example.com", "language": "en", "kind": "standard"}
        post = {f"contacts-0-{name}": value for name, value in person.items()}
        post |= {"contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": "0"}
        post |= {"name": f"Acme {number}", "time_zone": "UTC"}
        clients = signed_in(superuser), signed_in(superuser)
        posts = [partial(client.post, "/customers/add/", post) for client in clients]
        answers = at_once(*posts)
        assert not split(answers)[1], answers
        assert sorted(answer.status_code for answer in answers) == [302, 422]
        refused = max(answers, key=lambda answer: answer.status_code)
        assert f"new{number}@example.com" in refused.content.decode()
        assert Customer.objects.count() == number + 1


def test_one_customer_disabled_while_the_contact_is_taken_from_the_other(at_once, actor):
    for _ in TRIES:
        contact = ContactFactory()
        user = UserFactory(username=contact.email, is_staff=False, contact=contact)
        pair = [CustomerFactory(people=[contact]) for _ in range(2)]
        results = at_once(
            lambda pair=pair: actions.disable(one(pair[0]), by=actor),
            lambda pair=pair: actions.save(pair[1], by=actor, associates=[]),
        )
        assert not split(results)[1], results
        user.refresh_from_db()
        assert not contact.may_log_on()
        assert user.session_epoch >= 1


def test_the_same_form_sent_twice(at_once, signed_in, superuser):
    """With a Customer ID and a new contact, both of which the second finds taken."""
    for number in range(5):
        post = {"name": "Acme", "customer_id": f"A-{number}", "time_zone": "UTC"}
        post |= {"contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": "0"}
        post |= {"contacts-0-email": f"twice{number}@example.com", "contacts-0-language": "en"}
        post |= {"contacts-0-kind": "standard"}
        clients = signed_in(superuser), signed_in(superuser)
        answers = at_once(*[partial(client.post, "/customers/add/", post) for client in clients])
        assert not split(answers)[1], answers
        assert sorted(answer.status_code for answer in answers) == [302, 422]

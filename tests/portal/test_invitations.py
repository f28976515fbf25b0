"""The page behind an invitation's link."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.test import Client

from contacts import actions as contacts
from contacts.models import Contact
from customers import actions as customers
from customers.models import Association, Customer
from ems_site.accounts.models import User
from tests.factories import ContactFactory
from tests.pages import Served, everything
from tests.portal.conftest import PASSWORD, STANDARD, person

pytestmark = pytest.mark.django_db

NEW = "nine purple otters"
PAGE = "/portal/invitation/"


@pytest.fixture
def key_of(mailoutbox, django_capture_on_commit_callbacks):
    """The key in the mail that this sends."""

    def key_of(send, *args, **kwargs):
        with django_capture_on_commit_callbacks(execute=True):
            send(*args, **kwargs)
        return re.search(r"/portal/invitation/\?key=(\S+)", mailoutbox[-1].body)[1]

    return key_of


@pytest.fixture
def to_join(key_of, acme, administrator):
    """Invites this address to become a contact of Acme Ltd."""
    return lambda email="new@example.org": key_of(
        customers.invite, acme, email, by=administrator, language="en"
    )


@pytest.fixture
def newcomer(acme):
    contact = ContactFactory(email="carla@example.org", name="Carla")
    acme.associations.create(contact=contact, kind=STANDARD)
    return contact


def follow(client, key):
    return client.get(PAGE, {"key": key}, follow=True)


def accept(client, **typed):
    return client.post(PAGE, {"new_password": NEW, "repeated": NEW} | typed)


def is_dead(answer):
    return answer.status_code == 410 and "This link does not work" in answer.content.decode()


# What it asks and does


def test_a_contact_chooses_a_password(client, key_of, newcomer, staff, log_on, acme):
    page = follow(client, key_of(contacts.invite, newcomer, by=staff))
    text = page.content.decode()
    assert page.redirect_chain == [(PAGE, 302)]
    assert "carla@example.org" in text
    assert "Acme Ltd" in text
    assert "C-ACME" in text
    assert 'name="name"' not in text
    answer = accept(client)
    assert answer.url == "/portal/login/"
    assert not get_user(client).is_authenticated
    assert "You can log on now." in client.get(answer.url).content.decode()
    assert log_on("carla@example.org", NEW).url == "/portal/"


def test_a_stranger_becomes_a_contact(client, to_join, log_on, acme):
    text = follow(client, to_join()).content.decode()
    assert "Arthur invites you to become a contact of Acme Ltd (C-ACME)." in text
    assert 'name="name"' in text
    client.cookies["language"] = "de"
    accept(client, name="  Nora Neu ")
    contact = Contact.objects.get(email="new@example.org")
    assert (contact.name, contact.language) == ("Nora Neu", "de")
    assert contact.associations.get().kind == STANDARD
    assert contact.associations.get().customer == acme
    assert log_on("new@example.org", NEW).url == "/portal/"


def test_who_has_a_password_only_accepts(client, to_join, alone, log_on, acme):
    text = follow(client, to_join(alone.username)).content.decode()
    assert "password" not in re.findall(r'type="(\w+)"', text)
    assert 'name="name"' not in text
    assert (
        client.post(PAGE, {"new_password": "taken over by Arthur", "name": "Other"}).url == "/portal/login/"
    )
    assert log_on("alma@example.com", PASSWORD).status_code == 302
    assert alone.contact.customers.get() == acme
    assert Contact.objects.get(pk=alone.contact_id).name == "Alma"


def test_what_is_posted_besides_counts_for_nothing(client, to_join, acme):
    follow(client, to_join())
    accept(client, kind="administrator", email="other@example.org", is_staff="on", status="x", customer="1")
    user = User.objects.get(username="new@example.org")
    assert not user.is_staff
    assert user.contact.associations.get().kind == STANDARD


def test_a_weak_password_is_refused_and_the_link_still_works(client, to_join):
    follow(client, to_join())
    for weak in ("short", "customer portal", "new@example.org"):
        answer = accept(client, new_password=weak, repeated=weak)
        assert answer.status_code == 200
        assert "new_password" in answer.context["form"].errors
    assert "repeated" in accept(client, repeated="something else").context["form"].errors
    assert accept(client).status_code == 302


def test_looking_uses_nothing_up(client, to_join):
    key = to_join()
    before = everything()
    for _ in range(3):
        assert follow(client, key).status_code == 200
        assert follow(Client(), key).status_code == 200
    assert client.head(PAGE).status_code == 200
    assert everything() == before


def test_the_key_leaves_the_address(client, to_join):
    key = to_join()
    answer = client.get(PAGE, {"key": key})
    assert answer.url == PAGE
    assert key not in client.get(PAGE).content.decode()


def test_somebody_signed_in_accepts_for_whom_it_was_sent(signed_in, standard, to_join):
    client = signed_in(standard)
    follow(client, to_join())
    accept(client)
    assert Association.objects.filter(contact__email="new@example.org").exists()
    assert get_user(client) == standard


# Dead links: one page


def test_a_link_works_once(client, to_join):
    key = to_join()
    follow(client, key)
    accept(client)
    before = everything()
    for other in (client, Client()):
        assert is_dead(follow(other, key))
        assert is_dead(accept(other))
    assert everything() == before


def test_of_two_tabs_one_is_late(client, to_join):
    key, other = to_join(), Client()
    follow(client, key)
    follow(other, key)
    assert accept(client).status_code == 302
    assert is_dead(accept(other, new_password="late and refused", repeated="late and refused"))


def altered(key):
    pk, _, secret = key.partition(".")
    yield from (key[:-1], key[:20], key + "x", pk, f"{pk}.", f".{secret}", secret, "", ".", "x.y")
    yield from (
        f"{int(pk) + 1}.{secret}",
        f"{pk}.{secret.swapcase()}",
        f"{pk}.{secret[::-1]}",
        "\0",
        f"{pk}.ü",
    )
    yield from ("9" * 30 + f".{secret}", f"-{pk}.{secret}", f"٣.{secret}", f"{pk}.{'x' * 5000}")


def test_altered_and_cut_links(client, to_join):
    for wrong in altered(to_join()):
        assert is_dead(client.get(PAGE, {"key": wrong})), wrong
        assert is_dead(client.post(f"{PAGE}?key=x", {"key": wrong})), wrong
    assert is_dead(client.get(PAGE))


def test_a_link_lasts_seven_days(client, to_join, time_machine):
    time_machine.move_to("2026-05-01T09:00:00Z", tick=False)
    key = to_join()
    time_machine.shift(timedelta(days=7, seconds=-1))
    assert follow(client, key).status_code == 200
    time_machine.shift(timedelta(seconds=1))
    assert is_dead(accept(client))
    assert is_dead(follow(Client(), key))


def test_the_newest_counts(client, to_join, key_of, newcomer, staff):
    older, newer = to_join(), to_join(" NEW@example.org")
    assert is_dead(follow(client, older))
    assert follow(client, newer).status_code == 200
    older, newer = [key_of(contacts.invite, newcomer, by=staff) for _ in range(2)]
    assert is_dead(follow(client, older))
    assert follow(client, newer).status_code == 200


def test_withdrawn(client, to_join, administrator, acme):
    key = to_join()
    customers.withdraw(acme.offers.get().invitation, by=administrator)
    assert is_dead(follow(client, key))


def test_a_link_dies_with_the_contact_or_the_customer_and_stays_dead(
    client, key_of, to_join, newcomer, staff, acme
):
    password, join = key_of(contacts.invite, newcomer, by=staff), to_join()
    customers.disable(Customer.objects.filter(pk=acme.pk), by=staff)
    assert is_dead(follow(client, password))
    assert is_dead(follow(client, join))
    customers.enable(Customer.objects.filter(pk=acme.pk), by=staff)
    assert is_dead(follow(client, password))
    assert is_dead(follow(client, join))
    again = key_of(contacts.invite, newcomer, by=staff)
    contacts.disable(Contact.objects.filter(pk=newcomer.pk), by=staff)
    contacts.enable(Contact.objects.filter(pk=newcomer.pk), by=staff)
    assert is_dead(follow(client, again))


def test_a_link_dies_between_look_and_acceptance(client, key_of, newcomer, staff):
    follow(client, key_of(contacts.invite, newcomer, by=staff))
    contacts.disable(Contact.objects.filter(pk=newcomer.pk), by=staff)
    before = everything()
    assert is_dead(accept(client))
    assert everything() == before


def test_who_chose_a_password_meanwhile_keeps_it(client, to_join, log_on, acme):
    """The link to join offered a password, because there was no such contact then."""
    follow(client, to_join())
    person("new@example.org")
    accept(client)
    assert log_on("new@example.org", PASSWORD).status_code == 302
    assert log_on("new@example.org", NEW).status_code == 200


def test_keys_of_another_kind_open_nothing(client, to_join, standard):
    from ems_site.accounts.tokens import reset_tokens

    assert is_dead(client.get(PAGE, {"key": reset_tokens.key(standard)}))
    assert client.get("/portal/password-reset/confirm/", {"key": to_join()}).status_code == 410


def test_of_two_links_in_one_browser_the_form_does_what_it_shows(
    client, acme, foreign, administrator, foreigner, key_of
):
    first = key_of(customers.invite, acme, "nora@example.com", by=administrator)
    second = key_of(customers.invite, foreign, "nora@example.com", by=foreigner)
    client.get(f"{PAGE}?key={first}")
    typed = {"new_password": NEW, "repeated": NEW}
    shown = Served(client.get(PAGE)).form("link").data
    client.get(f"{PAGE}?key={second}")
    answer = client.post(PAGE, shown | typed)
    assert answer.status_code == 409
    assert "Another link was opened meanwhile" in answer.content.decode()
    assert foreign.name in answer.content.decode()
    assert not Contact.objects.addressed("nora@example.com").exists()
    client.post(PAGE, Served(answer).form("link").data | typed)
    assert Contact.objects.addressed("nora@example.com").get().customers.get() == foreign

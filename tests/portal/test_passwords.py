"""Forgotten and changed passwords in the portal."""

import re

import pytest
from django.contrib.auth import get_user
from django.test import Client

from contacts import actions as contacts
from contacts.models import Contact
from customers import actions as customers
from customers.models import Customer
from ems_site import mail
from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from tests.factories import UserFactory
from tests.pages import everything
from tests.portal.conftest import PASSWORD, is_in, person

pytestmark = pytest.mark.django_db

NEW = "nine purple otters"
CONFIRM = "/portal/password-reset/confirm/"


def ask(client, email="stella@example.com", **headers):
    return client.post("/portal/password-reset/", {"email": email}, **headers)


def choose(client, password=NEW):
    return client.post(CONFIRM, {"new_password": password, "repeated": password})


@pytest.fixture
def key(standard):
    return reset_tokens.key(standard)


def test_from_the_mail_to_the_log_on(client, standard, mailoutbox, log_on):
    assert ask(client, "STELLA@example.com").url == "/portal/password-reset/sent/"
    assert mailoutbox[0].to == ["stella@example.com"]
    link = re.search(r"http://127.0.0.1:8000(/portal/\S+)", mailoutbox[0].body)[1]
    assert client.get(link).url == CONFIRM
    assert 'value="stella@example.com"' in client.get(CONFIRM).content.decode()
    assert choose(client).url == "/portal/login/"
    assert not get_user(client).is_authenticated
    assert "Log on with the new one" in client.get("/portal/login/").content.decode()
    assert log_on(password=NEW).status_code == 302


def test_the_answer_is_the_same_for_everybody(client, standard, of_disabled, alone, monkeypatch):
    UserFactory(username="staff@example.com", email="staff@example.com")
    sent = []
    monkeypatch.setattr(mail, "_start", lambda function, *arguments: sent.append(function))
    names = ["stella@example.com", "dino@example.com", "staff@example.com", "nobody@example.com"]
    answers = [ask(client, name, REMOTE_ADDR=f"127.0.0.{n}") for n, name in enumerate(names, start=1)]
    assert {(answer.status_code, answer.url) for answer in answers} == {(302, "/portal/password-reset/sent/")}
    assert len(sent) == 4


@pytest.mark.parametrize(
    "who", ["dino@example.com", "staff@example.com", "invited@example.com", "x@example.com"]
)
def test_who_gets_no_link(client, of_disabled, mailoutbox, who):
    User.objects.create_user("staff@example.com", "staff@example.com", PASSWORD)
    without = person("invited@example.com")
    without.set_unusable_password()
    without.save()
    ask(client, who)
    assert mailoutbox == []


def test_three_mails_an_hour(client, standard, mailoutbox):
    answers = [ask(client, REMOTE_ADDR=f"127.0.0.{number}").status_code for number in range(1, 5)]
    assert answers == [302, 302, 302, 429]
    assert len(mailoutbox) == 3


def test_looking_uses_nothing_up(client, key):
    before = everything()
    for _ in range(3):
        assert client.get(CONFIRM, {"key": key}, follow=True).status_code == 200
    assert everything() == before


def test_a_link_works_once(client, key):
    client.get(CONFIRM, {"key": key})
    choose(client)
    assert client.get(CONFIRM, {"key": key}).status_code == 410
    assert choose(client, "another fine otter").status_code == 410


def test_altered_keys(client, key, standard):
    staff = User.objects.create_user("anna", "anna@example.com", PASSWORD)
    wrong = [key + "0", key[:-1], key.partition(".")[2], "", ".", f"{staff.pk}.{key.partition('.')[2]}", "\0"]
    for text in [*wrong, reset_tokens.key(staff)]:
        assert client.get(CONFIRM, {"key": text}).status_code == 410, text
    assert client.get("/password-reset/confirm/", {"key": key}).status_code == 410


@pytest.mark.parametrize("what", ["customer", "contact"])
def test_a_link_dies_with_the_customer_or_the_contact_and_stays_dead(
    client, key, standard, acme, staff, what
):
    rows = {"customer": Customer.objects.filter(pk=acme.pk), "contact": Contact.objects.all()}[what]
    actions = {"customer": customers, "contact": contacts}[what]
    actions.disable(rows, by=staff)
    assert client.get(CONFIRM, {"key": key}).status_code == 410
    actions.enable(rows, by=staff)
    assert client.get(CONFIRM, {"key": key}).status_code == 410


def test_a_reset_ends_all_sessions(client, key, standard, signed_in):
    elsewhere = signed_in(standard)
    client.get(CONFIRM, {"key": reset_tokens.key(standard)})
    assert choose(client).status_code == 302
    assert not is_in(elsewhere)


# Changing it


def change(client, old=PASSWORD, new=NEW, repeated=NEW):
    typed = {"old_password": old, "new_password": new, "repeated": repeated}
    return client.post("/portal/profile/password/", typed)


def test_changing_keeps_this_session_and_ends_the_others(client, log_on, standard):
    log_on()
    elsewhere = Client()
    log_on(client=elsewhere)
    assert change(client).url == "/portal/"
    page = client.get("/portal/").content.decode()
    assert "Your password is changed." in page
    assert not is_in(elsewhere)
    assert standard.sessions.open().count() == 1


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"old": "wrong"}, "old_password"),
        ({"new": "short", "repeated": "short"}, "new_password"),
        ({"new": "stella@example.com", "repeated": "stella@example.com"}, "new_password"),
        ({"repeated": "different otters"}, "repeated"),
    ],
)
def test_a_wrong_change_is_refused_at_its_field(signed_in, standard, typed, field):
    answer = change(signed_in(standard), **typed)
    assert field in answer.context["form"].errors
    assert "Acme Ltd" in answer.content.decode()
    assert User.objects.get(pk=standard.pk).check_password(PASSWORD)


def test_the_password_of_a_manager_is_no_new_one(signed_in, standard):
    User.objects.filter(pk=standard.pk).update(must_change_password=True)
    client = signed_in(standard)
    answer = change(client, new=PASSWORD, repeated=PASSWORD)
    assert "Choose another password than the present one." in answer.content.decode()
    assert User.objects.get(pk=standard.pk).must_change_password
    assert client.get("/portal/").url == "/portal/profile/password/"
    assert change(client).status_code == 302
    assert not User.objects.get(pk=standard.pk).must_change_password


def test_a_stolen_session_cannot_guess_for_long(signed_in, standard):
    client = signed_in(standard)
    for _ in range(10):
        change(client, old="wrong")
    assert "Too many wrong passwords" in change(client).content.decode()
    assert User.objects.get(pk=standard.pk).check_password(PASSWORD)


def test_a_reset_does_not_keep_the_password_that_somebody_else_set(client, standard, manager, mail_at_once):
    user = contacts.set_password(standard.contact, "four quiet harbours", by=manager)
    client.get(f"{CONFIRM}?key={reset_tokens.key(user)}")
    for password, keeps in (("four quiet harbours", True), ("five quiet harbours", False)):
        client.post(CONFIRM, {"new_password": password, "repeated": password})
        assert User.objects.get(pk=user.pk).must_change_password is keeps

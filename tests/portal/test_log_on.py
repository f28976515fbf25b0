"""The portal's way in and out."""

import pytest
from axes.models import AccessAttempt, AccessFailureLog
from django.contrib.auth import get_user
from django.contrib.auth.hashers import get_hashers
from django.test import Client

from contacts import actions as contacts
from contacts.models import Contact
from customers import actions as customers
from customers.models import Customer
from ems_site.accounts import actions as accounts
from ems_site.accounts import doors
from ems_site.accounts.models import User
from tests.accounts.conftest import CheapHasher
from tests.portal.conftest import PASSWORD, is_in, person

pytestmark = pytest.mark.django_db

ONE_SENTENCE = "The email or the password is wrong."


def test_the_page_has_the_promised_labels(client):
    page = client.get("/portal/login/").content.decode()
    assert "Email<span" in page
    assert "Password<span" in page
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page


@pytest.mark.parametrize("spelling", ["stella@example.com", "Stella@EXAMPLE.com", " stella@example.com "])
def test_every_spelling_of_the_address_logs_on(client, log_on, standard, spelling):
    assert log_on(spelling).url == "/portal/"
    assert is_in(client)


def test_who_may_log_on(client, log_on, standard, administrator, half, alone):
    for user in (standard, administrator, half, alone):
        assert log_on(user.username).status_code == 302
        assert get_user(client) == user


REFUSED = {
    "unknown": ("nobody@example.com", PASSWORD),
    "wrong": ("stella@example.com", "wrong password"),
    "no password": ("alma@example.com", PASSWORD),
    "staff": ("staff@example.com", PASSWORD),
    "disabled and wrong": ("dino@example.com", "wrong password"),
    "no address": ("stella", PASSWORD),
    "long": ("stella@example.com" + "x" * 236, PASSWORD),
}


@pytest.fixture(params=REFUSED)
def refused(request, standard, alone, of_disabled):
    """(address, password) of somebody who is refused, each for another reason."""
    User.objects.create_user("staff@example.com", "staff@example.com", PASSWORD, is_staff=True)
    alone.set_unusable_password()
    alone.save()
    return REFUSED[request.param]


def test_every_refusal_reads_the_same(client, log_on, refused):
    answer = log_on(*refused)
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == [ONE_SENTENCE]
    assert not get_user(client).is_authenticated


def test_every_refusal_costs_one_hash(log_on, monkeypatch, refused):
    hashes = []
    get_hashers()
    real = CheapHasher.encode

    def counted(self, *args, **kwargs):
        hashes.append(1)
        return real(self, *args, **kwargs)

    monkeypatch.setattr(CheapHasher, "encode", counted)
    log_on(*refused)
    assert len(hashes) == 1


@pytest.mark.parametrize(
    ("support", "words"),
    [
        ("help@vendor.example", "This account is disabled. Ask help@vendor.example."),
        ("", "This account is disabled. Ask your vendor’s administrator."),
    ],
)
def test_who_knows_the_password_learns_that_the_account_is_disabled(
    log_on, client, of_disabled, settings, support, words
):
    settings.SUPPORT_EMAIL = support
    answer = log_on("dino@example.com")
    assert answer.context["form"].non_field_errors() == [words]
    assert not get_user(client).is_authenticated


def test_a_disabled_contact_of_an_enabled_customer(log_on, standard):
    Contact.objects.filter(pk=standard.contact_id).update(status="disabled")
    assert "This account is disabled." in log_on().content.decode()


@pytest.mark.parametrize("is_disabled", [True, False])
def test_somebody_cut_off_between_password_and_session_stays_out(
    is_disabled, log_on, client, standard, monkeypatch
):
    def cut(request, user):
        if is_disabled:
            contacts.disable(Contact.objects.filter(pk=standard.contact.pk), by=None)
        return False

    monkeypatch.setattr(doors.actions, "log_on", cut)
    answer = log_on()
    assert answer.status_code == 200
    assert ("This account is disabled." in answer.content.decode()) is is_disabled
    assert not get_user(client).is_authenticated


def test_each_door_refuses_the_others_people(client, standard, log_on):
    staff = User.objects.create_user("Anna", "anna@example.com", PASSWORD, is_staff=True)
    assert log_on("Anna").context["form"].non_field_errors() == [ONE_SENTENCE]
    answer = client.post("/login/", {"username": standard.username, "password": PASSWORD})
    assert answer.status_code == 200
    assert not get_user(client).is_authenticated
    client.post("/login/", {"username": staff.username, "password": PASSWORD})
    assert get_user(client) == staff


def test_the_typed_address_is_kept_nowhere(log_on, caplog):
    """People type passwords into the wrong field."""
    log_on("my secret password")
    kept = [*AccessAttempt.objects.values_list(), *AccessFailureLog.objects.values_list()]
    assert kept
    assert "my secret password" not in str(kept) + caplog.text
    assert "my+secret+password" not in str(kept)


def test_a_disabled_person_locks_no_one_else(log_on, client, standard, of_disabled):
    for _ in range(10):
        log_on("dino@example.com")
    assert log_on("dino@example.com").status_code == 429
    assert log_on().status_code == 302


# Sessions


def test_what_a_stranger_put_into_the_session_is_gone(client, log_on, standard):
    """Fixation: the key is a new one, and nothing of the old session is in it."""
    session = client.session
    session["portal_customer"] = 4711
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = session.session_key
    log_on()
    assert client.session.session_key != session.session_key
    assert "planted" not in client.session
    planted = Client()
    planted.cookies["sessionid"] = session.session_key
    assert not get_user(planted).is_authenticated


def test_a_key_that_a_stranger_chose_is_not_taken(client, log_on, standard):
    client.cookies["sessionid"] = "a" * 32
    log_on()
    assert client.session.session_key != "a" * 32


def test_logging_on_as_somebody_else_leaves_nothing(client, log_on, administrator, beta, standard):
    log_on("arthur@example.com")
    client.post("/portal/customer/", {"customer": beta.pk})
    first = client.session.session_key
    log_on()
    assert "portal_customer" not in client.session
    assert not client.session.exists(first)


def test_log_out_is_a_post_and_leaves_nothing(client, log_on, standard):
    log_on()
    key = client.session.session_key
    assert client.get("/portal/logout/").status_code == 405
    assert is_in(client)
    answer = client.post("/portal/logout/")
    assert answer.url == "/portal/login/"
    assert answer["Clear-Site-Data"] == '"cache", "storage"'
    replayed = Client()
    replayed.cookies["sessionid"] = key
    assert not is_in(replayed)


def test_disabled_meanwhile_is_out_at_the_next_request(client, log_on, standard, acme, staff):
    log_on()
    customers.disable(Customer.objects.filter(pk=acme.pk), by=staff)
    assert client.get("/portal/").url == "/portal/login/?next=/portal/"
    customers.enable(Customer.objects.filter(pk=acme.pk), by=staff)
    assert not is_in(client)


# Where one is sent


OUTSIDE = [
    *(
        "//evil.example",
        "//evil.example/portal/",
        "/\\evil.example",
        "\\\\evil.example",
        "https:evil.example",
    ),
    *("///evil.example", "https://evil.example/portal/", "http://testserver@evil.example/portal/"),
    *("javascript:alert(1)", "data:text/html,x", "/\t/evil.example", "\x01//evil.example", "http:///x"),
    *("/customers/", "/admin/", "/", "/login/", "/password-change/", "http://testserver/customers/"),
    *("/portal/../customers/", "/portal/%2e%2e/customers/", "/portal/..;/admin/", "/portal", "portal/", ""),
    *("/portal/login/", "/portal/logout/", "/portal/customer/", "/portal/language/", "/portal/nowhere/"),
    "http://[",
]


@pytest.mark.parametrize("address", OUTSIDE)
def test_nobody_is_sent_outside_the_portal(client, standard, address):
    typed = {"email": standard.username, "password": PASSWORD, "next": address}
    assert client.post("/portal/login/", typed).url == "/portal/"
    assert client.get("/portal/login/", {"next": address}).url == "/portal/"


def test_after_logging_on_one_is_where_one_wanted_to_be(client, standard):
    typed = {"email": standard.username, "password": PASSWORD, "next": "/portal/profile/?x=1#y"}
    assert client.post("/portal/login/", typed).url == "/portal/profile/?x=1"


def test_home_sends_contacts_to_the_portal(signed_in, standard):
    assert signed_in(standard).get("/").url == "/portal/"


# A password that somebody else set


@pytest.fixture
def newcomer(standard, staff):
    accounts.set_password(standard, "known to the manager", by=staff)
    return User.objects.get(pk=standard.pk)


def test_a_password_set_by_others_is_changed_first(client, log_on, newcomer, rows, acme):
    assert log_on(password="known to the manager").url == "/portal/"
    for path in ("", "profile/", f"entitlements/{rows.own.pk}/", f"customers/{acme.pk}/contacts/"):
        assert client.get(f"/portal/{path}").url == "/portal/profile/password/", path
    assert client.post("/portal/profile/", {"name": "x"}).url == "/portal/profile/password/"
    page = client.get("/portal/profile/password/").content.decode()
    assert "Somebody else set your password" in page
    assert "My profile" not in page
    typed = {
        "old_password": "known to the manager",
        "new_password": PASSWORD + "!",
        "repeated": PASSWORD + "!",
    }
    assert client.post("/portal/profile/password/", typed).url == "/portal/"
    assert is_in(client)
    assert "Somebody else" not in client.get("/portal/profile/password/").content.decode()


def test_who_has_to_change_the_password_may_log_out(client, log_on, newcomer):
    log_on(password="known to the manager")
    assert client.post("/portal/logout/").url == "/portal/login/"
    assert not get_user(client).is_authenticated


def test_a_contact_added_since_may_log_on(client, log_on, db):
    person("new@example.org")
    assert log_on("new@example.org").status_code == 302

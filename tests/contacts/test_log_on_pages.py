"""Sending an invitation, setting a password and signing somebody out, from a contact's page."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from contacts import actions
from contacts.models import Contact, Invitation
from ems_site.accounts import throttles
from ems_site.accounts.models import Session, User
from ems_site.audit.models import Entry
from tests.conftest import allowed, events
from tests.factories import ContactFactory, CustomerFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

GOOD = "orchard lantern gravel tide"


@pytest.fixture
def client(manager, signed_in):
    return signed_in(manager)


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com", name="Anna", language="de")


@pytest.fixture
def user_of_anna(anna):
    return UserFactory(username=anna.email, is_staff=False, contact=anna, password="argon2$x")


@pytest.fixture
def quick_hash(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def at(contact, page):
    return f"/contacts/{contact.pk}/{page}/"


def everything_of_log_ons():
    """A session is prolonged by each request, so only who has how many is compared."""
    rows = {model: list(model.objects.order_by("pk").values()) for model in (Invitation, User)}
    sessions = list(Session.objects.exclude(user__contact=None).values_list("user", flat=True))
    return {**everything(), **rows, Session: sessions}


# Invitations


def confirmed(client, contact):
    form = Served(client.get(at(contact, "invite"))).form("version")
    return client.post(form.action, form.data, follow=True)


def test_the_page_says_what_will_happen(anna, client):
    before = everything_of_log_ons()
    page = Served(client.get(at(anna, "invite")))
    assert "Send an invitation to Anna?" in page.text
    assert "A mail in German goes to anna@example.com" in page.text
    assert "once, for 7 days" in page.text
    assert "stops working" not in page.text
    assert everything_of_log_ons() == before


def test_an_invitation_is_sent(anna, client, manager):
    answer = confirmed(client, anna)
    assert answer.redirect_chain == [(f"/contacts/{anna.pk}/", 302)]
    assert "An invitation is on its way to Anna <anna@example.com>" in Served(answer).text
    sent = Invitation.objects.open().get()
    assert (sent.contact, sent.email, sent.language) == (anna, "anna@example.com", "de")
    assert sent.expires - timezone.now() > timedelta(days=6, hours=23)
    assert (Entry.objects.get().code, Entry.objects.get().actor_key) == ("contact.invited", manager.pk)


def test_the_mail_goes_out(anna, client, monkeypatch, django_capture_on_commit_callbacks):
    sent = []
    monkeypatch.setattr(actions, "later", lambda function, *arguments: sent.append(arguments))
    form = Served(client.get(at(anna, "invite"))).form("version")
    with django_capture_on_commit_callbacks(execute=True):
        client.post(form.action, form.data)
    assert [arguments[0] for arguments in sent] == [Invitation.objects.get().pk]


def test_only_the_newest_invitation_counts_and_the_page_says_so(anna, client):
    confirmed(client, anna)
    assert "The invitation that is open now stops working" in Served(client.get(at(anna, "invite"))).text
    confirmed(client, anna)
    assert (Invitation.objects.count(), Invitation.objects.open().count()) == (2, 1)


def refused(client, contact, words):
    """Both before anybody asks and to whoever posts what was shown earlier."""
    page = Served(client.get(at(contact, "invite")))
    assert "cannot be invited" in page.text
    assert words in page.text
    assert page.form("version") is None
    before = everything_of_log_ons()
    answer = client.post(at(contact, "invite"), {"version": contact.version})
    assert (answer.status_code, words in Served(answer).text) == (422, True)
    assert everything_of_log_ons() == before


def test_no_invitation_for_a_password_that_is_there(anna, user_of_anna, client):
    refused(client, anna, "has a password already")


def test_no_invitation_for_a_disabled_contact(client):
    refused(client, ContactFactory(status="disabled"), "the contact is disabled")


def test_no_invitation_while_all_customers_are_disabled(anna, client):
    CustomerFactory(people=[anna], status="disabled")
    refused(client, anna, "all customers are disabled")


@pytest.mark.parametrize("version", ["", "0", "2", "abc", "9" * 30, "１"])
def test_nothing_is_sent_to_another_address_than_was_shown(version, anna, client):
    before = everything_of_log_ons()
    answer = client.post(at(anna, "invite"), {"version": version})
    assert answer.status_code == 422
    assert "The contact changed since. Look again." in Served(answer).text
    assert everything_of_log_ons() == before


def test_a_contact_changed_meanwhile_is_shown_again(anna, client, manager):
    form = Served(client.get(at(anna, "invite"))).form("version")
    anna.email = "other@example.com"
    actions.save(anna, by=manager)
    again = Served(client.post(form.action, form.data))
    assert "goes to other@example.com" in again.text
    assert not Invitation.objects.exists()
    client.post(form.action, again.form("version").data)
    assert Invitation.objects.get().email == "other@example.com"


def test_fifty_invitations_an_hour(anna, client, monkeypatch, caplog):
    monkeypatch.setattr(throttles, "INVITATIONS_PER_HOUR", 2)
    assert [confirmed(client, anna).status_code for _ in range(3)] == [200, 200, 429]
    assert Invitation.objects.count() == 2
    assert "invitation.throttled" in events(caplog)


# Passwords


def set_password(client, contact, password=GOOD, repeated=None, **options):
    typed = {"new_password": password, "repeated": password if repeated is None else repeated}
    return client.post(at(contact, "password"), typed, **options)


def test_the_password_page_says_what_it_does(anna, client):
    page = Served(client.get(at(anna, "password")))
    assert "must choose a new password at the first log-on" in page.text
    assert "All of their sessions" in page.text
    Contact.objects.update(status="disabled")
    assert (
        "cannot log on, with any password: the contact is disabled"
        in Served(client.get(at(anna, "password"))).text
    )


def test_a_first_password(anna, client, manager, quick_hash):
    confirmed(client, anna)
    answer = set_password(client, anna, follow=True)
    assert answer.redirect_chain == [(f"/contacts/{anna.pk}/", 302)]
    text = Served(answer).text
    assert "The password of Anna <anna@example.com> is set." in text
    assert "must choose a new password at the next log-on" in text
    user = User.objects.get(contact=anna)
    assert user.check_password(GOOD)
    assert (user.must_change_password, user.is_staff) == (True, False)
    assert not Invitation.objects.open().exists()
    assert manager.pk in Entry.objects.filter(code="user.password_changed").values_list(
        "actor_key", flat=True
    )


def test_another_password_ends_all_sessions(anna, user_of_anna, client, signed_in, quick_hash):
    signed_in(user_of_anna)
    set_password(client, anna)
    user_of_anna.refresh_from_db()
    assert user_of_anna.check_password(GOOD)
    assert not user_of_anna.sessions.exists()


@pytest.mark.parametrize(
    ("password", "repeated", "field", "words"),
    [
        ("", GOOD, "new_password", "required"),
        ("gr4vel tide", None, "new_password", "at least 12"),
        ("x" * 257, None, "new_password", "at most 256"),
        ("anna@example.com", None, "new_password", "too similar"),
        ("Wilhelmina-Kaltenbach", None, "new_password", "too similar"),
        ("customer portal", None, "new_password", "words that anyone would try"),
        (GOOD, GOOD + " ", "repeated", "differ"),
        (GOOD, "", "repeated", "required"),
    ],
)
@pytest.mark.parametrize("has_user", [False, True])
def test_bad_passwords(password, repeated, field, words, has_user, client):
    contact = ContactFactory(email="anna@example.com", name="Wilhelmina Kaltenbach")
    if has_user:
        UserFactory(username=contact.email, is_staff=False, contact=contact)
    before = everything_of_log_ons()
    answer = set_password(client, contact, password, repeated)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert words in " ".join(answer.context["form"].errors[field])
    assert words in Served(answer).text
    assert everything_of_log_ons() == before
    assert f'value="{password}"' not in answer.content.decode() or password in {"", contact.email}


def test_an_empty_post_sets_nothing(anna, client):
    before = everything_of_log_ons()
    assert client.post(at(anna, "password")).status_code == 422
    assert everything_of_log_ons() == before


@pytest.mark.parametrize(
    "email",
    [
        "o'brien+x@example.com",
        '"quoted"@example.com',
        "anna@bücher.example",
        "n" * 242 + "@example.com",
    ],
    ids=lambda email: ascii(email)[:24],
)
def test_every_address_that_a_contact_may_have_can_log_on(email, client, manager, quick_hash):
    contact = actions.save(Contact(email=email), by=manager)
    assert set_password(client, contact).status_code == 302
    assert User.objects.get(contact=contact).username == email


def test_a_contact_deleted_meanwhile(anna, client, monkeypatch):
    action = actions.set_password

    def overtaken(contact, *args, **kwargs):
        Contact.objects.all().delete()
        return action(contact, *args, **kwargs)

    monkeypatch.setattr(actions, "set_password", overtaken)
    answer = set_password(client, anna)
    assert (answer.status_code, "has been deleted meanwhile" in Served(answer).text) == (422, True)


# The manager's own password, where it was not given within ten minutes

OWN = "marsh tailor cobalt ferry"


@pytest.fixture
def later(manager, signed_in, quick_hash):
    """The manager's client, eleven minutes after the log-on."""
    manager.set_password(OWN)
    manager.save()
    client = signed_in(manager)
    client.get("/contacts/")
    with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=False):
        yield client


def with_own(client, contact, own, password=GOOD):
    typed = {"new_password": password, "repeated": password, "old_password": own}
    return client.post(at(contact, "password"), typed)


def asks_own(answer) -> bool:
    return "Your own password" in Served(answer).text


def test_ones_own_password_is_not_asked_within_ten_minutes(anna, client):
    assert not asks_own(client.get(at(anna, "password")))


def test_ones_own_password_is_asked_beside_the_new_one(anna, later):
    page = later.get(at(anna, "password"))
    assert asks_own(page)
    assert {"new_password", "repeated", "old_password"} <= set(Served(page).form("new_password").data)
    assert with_own(later, anna, OWN).status_code == 302
    assert User.objects.get(contact=anna).check_password(GOOD)
    # For the next ten minutes it is not asked again.
    assert not asks_own(later.get(at(anna, "password")))
    assert set_password(later, anna, GOOD + "s").status_code == 302


@pytest.mark.parametrize(
    ("own", "words"), [("", "required"), ("wrong", "not your present password"), (GOOD, "not your present")]
)
def test_without_ones_own_password_nothing_is_set(own, words, anna, later):
    before = everything_of_log_ons()
    answer = with_own(later, anna, own)
    assert answer.status_code == 422
    assert list(answer.context["asked"].errors) == ["old_password"]
    assert words in Served(answer).text
    assert GOOD not in answer.content.decode()
    assert everything_of_log_ons() == before


def test_ten_minutes_that_pass_while_the_page_is_open(anna, later):
    """The page had no such field; now it has, and says so."""
    before = everything_of_log_ons()
    answer = set_password(later, anna)
    assert (answer.status_code, asks_own(answer)) == (422, True)
    assert everything_of_log_ons() == before


def test_the_right_one_counts_even_beside_a_bad_new_one(anna, later):
    answer = with_own(later, anna, OWN, "short")
    assert (answer.status_code, asks_own(answer)) == (422, False)
    assert list(answer.context["form"].errors) == ["new_password"]
    assert not User.objects.filter(contact=anna).exists()
    assert set_password(later, anna).status_code == 302


def test_both_are_refused_at_once(anna, later):
    answer = with_own(later, anna, "wrong", "short")
    assert list(answer.context["form"].errors) == ["new_password"]
    assert list(answer.context["asked"].errors) == ["old_password"]


def test_ten_wrong_guesses_of_ones_own_password(anna, later):
    for _ in range(10):
        with_own(later, anna, "guess")
    answer = with_own(later, anna, OWN)
    assert (answer.status_code, "Too many wrong passwords" in Served(answer).text) == (422, True)
    assert not User.objects.filter(contact=anna).exists()


# Signing out


def test_sign_out_everywhere(anna, user_of_anna, client, signed_in):
    theirs = [signed_in(user_of_anna) for _ in range(2)]
    assert user_of_anna.sessions.open().count() == 2
    answer = client.post(at(anna, "sign-out"), follow=True)
    assert answer.redirect_chain == [(f"/contacts/{anna.pk}/", 302)]
    assert "Anna <anna@example.com> is signed out everywhere." in Served(answer).text
    assert not user_of_anna.sessions.exists()
    assert all("/login/" in one.get("/").url for one in theirs)
    assert Entry.objects.of(user_of_anna).get().code == "user.sessions_ended"
    assert Entry.objects.of(anna).get().changes == {"sessions": ["", "ended"]}


def test_only_this_contact_is_signed_out(anna, user_of_anna, client, contact_user, signed_in):
    signed_in(contact_user)
    client.post(at(anna, "sign-out"))
    assert contact_user.sessions.open().exists()


def test_nobody_to_sign_out(anna, client):
    before = everything_of_log_ons()
    assert "was not signed in" in Served(client.post(at(anna, "sign-out"), follow=True)).text
    assert everything_of_log_ons() == before
    assert client.get(at(anna, "sign-out")).status_code == 405


# Rights


@pytest.mark.parametrize("page", ["invite", "password", "sign-out"])
@pytest.mark.parametrize("right", ["contacts.view_contact", "contacts.change_contact"])
def test_one_right_alone_is_not_enough(page, right, anna, signed_in):
    user = UserFactory()
    user.user_permissions.set(allowed(right))
    client = signed_in(user)
    before = everything_of_log_ons()
    posted = {"version": "1", "new_password": GOOD, "repeated": GOOD}
    assert client.post(at(anna, page), posted).status_code == 403
    assert client.get(at(anna, page)).status_code in {403, 405}
    assert everything_of_log_ons() == before

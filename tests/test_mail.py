"""What leaves by mail: to whom, in which language, and what it may never carry."""

import re
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import connections
from django.utils import timezone, translation

import contacts.mail
from contacts.models import Invitation
from ems_site import mail
from ems_site.accounts import mail as account_mails
from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from tests.factories import ContactFactory, CustomerFactory, UserFactory

pytestmark = pytest.mark.django_db

HOSTILE = "<img src=x onerror=alert(1)>'\"&{{ 7|add:7 }}"
AT = datetime(2026, 5, 3, 14, 7, tzinfo=UTC)


@pytest.fixture(autouse=True)
def hosts(settings):
    settings.BASE_URL = "https://ems.example.com"
    settings.PORTAL_URL = "https://portal.example.com"
    settings.SUPPORT_EMAIL = "help@example.com"


@pytest.fixture
def anna():
    """A member of staff."""
    return made_user("Anna", email="anna@example.com", first_name="Anna", last_name="Amsel")


def made_user(username, **values):
    user = UserFactory.build(username=username, **values)
    user.password = "argon2$never-checked"
    user.save()
    return user


@pytest.fixture
def user_of():
    """Makes the user of a new contact."""

    def make(language="de", **values):
        contact = ContactFactory(
            language=language, **{"email": "carla@example.org", "name": "Carla", **values}
        )
        return made_user(contact.email, email=contact.email, is_staff=False, contact=contact)

    return make


def html_of(message: EmailMultiAlternatives) -> str:
    ((html, kind),) = message.alternatives
    assert kind == "text/html"
    return str(html)


class Parsed(HTMLParser):
    """Tags and attributes of an HTML part."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words = set(), [], []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.words.append(data)


def invited(customer="", sender="Sam Support", **values):
    invitation = Invitation(**{"email": "neu@example.org", "language": "de", **values})
    key = f"1.{invitation.renew_key()}"
    invitation.save()
    contacts.mail.send_invitation(invitation.pk, key, sender, customer)
    return invitation, key


# Every mail, in both languages


def all_mails(user):
    account_mails.send_reset_links(user.contact.email, for_contacts=True)
    account_mails.send_password_changed(user.pk)
    account_mails.send_email_changed(user.pk, "old@example.org")
    account_mails.send_locked_out(user.pk, "192.0.2.7")
    account_mails.send_new_network(user.pk, "2001:db8::7", AT)
    for sender in ("Sam Support", ""):
        for customer in (HOSTILE, ""):
            invited(customer, sender, contact=user.contact, email=user.contact.email)


@pytest.mark.parametrize("support", ["help@example.com", ""])
@pytest.mark.parametrize("language", ["en", "de"])
def test_every_mail_is_complete_and_harmless(language, support, user_of, mailoutbox, settings):
    settings.SUPPORT_EMAIL = support
    all_mails(user_of(language, name=HOSTILE[:100]))
    assert len(mailoutbox) == 10
    for message in mailoutbox:
        page = Parsed(html_of(message))
        assert message.extra_headers["Content-Language"] == language
        assert f'<html lang="{language}">' in html_of(message)
        assert message.subject
        assert "\n" not in message.subject
        assert HOSTILE in message.body
        assert HOSTILE in page.text
        assert not page.tags & {"img", "script", "style", "link", "form", "iframe"}
        addresses = [value for name, value in page.attributes if name in {"href", "src", "background"}]
        assert all(address.startswith("https://portal.example.com/portal/") for address in addresses)
        assert not any(name.startswith("on") or "url(" in (value or "") for name, value in page.attributes)
        assert "\n\n\n" not in message.body
        assert message.message().as_bytes()


def test_the_two_parts_say_the_same(user_of, mailoutbox):
    all_mails(user_of("en"))
    for message in mailoutbox:
        page = Parsed(html_of(message)).text
        for line in filter(None, message.body.splitlines()):
            is_heading = line.endswith("here:") or line == "--"
            assert is_heading or " ".join(line.split()) in page


def test_german_mails_are_german(user_of, mailoutbox):
    all_mails(user_of("de"))
    english = re.compile(r"\b(the|your|password|account|you|and)\b")
    for message in mailoutbox:
        for text in (message.subject, message.body, Parsed(html_of(message)).text):
            assert not english.search(re.sub(r"https://\S+", "", text).replace(HOSTILE, "")), text
    new_network = next(message for message in mailoutbox if "2001:db8::7" in message.body)
    assert "3. Mai 2026 um 14:07 UTC" in new_network.body


def test_staff_mails_are_english_whatever_the_page_speaks(anna, mailoutbox):
    with translation.override("de"), timezone.override("Asia/Tokyo"):
        account_mails.send_new_network(anna.pk, "192.0.2.7", AT)
        assert translation.get_language() == "de"
    assert mailoutbox[0].extra_headers["Content-Language"] == "en"
    assert mailoutbox[0].body.startswith("Hello Anna Amsel,\n\nSomebody logged on to your account")
    assert "3 May 2026, 14:07 UTC" in mailoutbox[0].body


def test_a_language_that_is_not_installed_becomes_english(user_of, mailoutbox):
    account_mails.send_password_changed(user_of("xx").pk)
    assert mailoutbox[0].extra_headers["Content-Language"] == "en"
    assert mailoutbox[0].subject == "Your password has been changed"


# The post office


@pytest.fixture
def template(tmp_path, settings):
    """Writes a mail that repeats a name in every part."""
    (tmp_path / "mail").mkdir()
    for ending in ("subject.txt", "txt", "html"):
        (tmp_path / "mail" / f"test.{ending}").write_text("Hello {{ name }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    return "test"


@pytest.mark.parametrize("mark", ["\r\n", "\n", "\r", "\v", "\x85", "\u2028"])
def test_no_value_gets_into_a_header(template, mailoutbox, mark):
    mail.send(template, "anna@example.com", "en", name=f"Anna{mark}Bcc: everyone@example.com")
    (message,) = mailoutbox
    assert message.recipients() == ["anna@example.com"]
    assert message.subject == "Hello Anna Bcc: everyone@example.com"
    assert b"\nBcc:" not in message.message().as_bytes().partition(b"\n\n")[0]


def test_values_are_escaped_in_html_alone(template, mailoutbox):
    mail.send(template, "anna@example.com", "en", name="<b>Anna & Co</b>")
    assert mailoutbox[0].body == "Hello <b>Anna & Co</b>\n"
    assert html_of(mailoutbox[0]) == "Hello &lt;b&gt;Anna &amp; Co&lt;/b&gt;"


def test_nobody_is_asked_to_answer(template, mailoutbox):
    mail.send(template, "anna@example.com", "de")
    assert mailoutbox[0].extra_headers == {"Content-Language": "de", "Auto-Submitted": "auto-generated"}


def wait_for(found):
    end = time.monotonic() + 5
    while not found and time.monotonic() < end:
        time.sleep(0.01)
    return found


def test_later_knows_the_request_and_closes_its_connections():
    asked = ContextVar("asked")
    asked.set("by this request")
    found = []

    class Closed:
        def close_all(self):
            found.append("closed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mail, "connections", Closed())
        mail.later(lambda: found.append(asked.get()))
        assert wait_for(found)
        while len(found) < 2:
            time.sleep(0.01)
    assert found == ["by this request", "closed"]
    assert connections["default"].connection


def test_a_mail_that_fails_is_logged(caplog, monkeypatch):
    monkeypatch.setattr(mail, "_start", mail._guarded)
    monkeypatch.setattr(mail.connections, "close_all", lambda: None)
    mail.later(lambda: 1 / 0)
    (record,) = [record for record in caplog.records if record.name == "ems.mail"]
    assert record.levelname == "ERROR"
    assert record.exc_info


# Who is told


def test_staff_are_found_by_any_spelling_and_told_at_the_stored_address(mailoutbox):
    made_user("Anna", email="anna@müller.example")
    made_user("Anna2", email="Anna@MÜLLER.example")
    made_user("Otto", email="otto@example.com")
    account_mails.send_reset_links("ANNA@Müller.EXAMPLE")
    assert sorted(message.to[0] for message in mailoutbox) == ["Anna@MÜLLER.example", "anna@müller.example"]
    account_mails.send_reset_links("anna@muller.example")
    account_mails.send_reset_links("")
    assert len(mailoutbox) == 2


def test_links_lead_to_the_pages_of_the_person(anna, user_of, mailoutbox):
    carla = user_of()
    account_mails.send_reset_links("anna@example.com")
    account_mails.send_reset_links("Carla@Example.ORG", for_contacts=True)
    assert [message.to for message in mailoutbox] == [["anna@example.com"], ["carla@example.org"]]
    assert "\nhttps://ems.example.com/password-reset/confirm/?key=" in mailoutbox[0].body
    link = re.search(
        r"https://portal.example.com/portal/password-reset/confirm/\?key=(\S+)", mailoutbox[1].body
    )
    assert reset_tokens.user_of(link[1], for_contacts=True) == carla


def test_neither_kind_of_person_gets_a_link_of_the_other(anna, user_of, mailoutbox):
    user_of()
    account_mails.send_reset_links("anna@example.com", for_contacts=True)
    account_mails.send_reset_links("carla@example.org")
    assert mailoutbox == []


def test_who_may_not_log_on_gets_no_link(user_of, mailoutbox):
    carla = user_of()
    CustomerFactory(people=[carla.contact], status="disabled")
    account_mails.send_reset_links("carla@example.org", for_contacts=True)
    account_mails.send_reset_links("nul\0@example.org", for_contacts=True)
    assert mailoutbox == []


def test_an_account_without_an_address_is_told_nothing(mailoutbox):
    user = made_user("nobody", email="")
    account_mails.send_password_changed(user.pk)
    account_mails.send_locked_out(user.pk, "192.0.2.7")
    account_mails.send_new_network(user.pk, "192.0.2.7", AT)
    account_mails.send_email_changed(user.pk, "")
    assert mailoutbox == []


def test_an_account_that_is_gone_is_told_nothing(mailoutbox):
    account_mails.send_password_changed(10**6)
    account_mails.send_email_changed(10**6, "old@example.com")
    contacts.mail.send_invitation(10**6, "1.x", "Sam")
    assert mailoutbox == []


def test_a_contact_is_told_at_the_address_of_the_contact(user_of, mailoutbox):
    carla = user_of()
    User.objects.filter(pk=carla.pk).update(email="stale@example.org")
    account_mails.send_password_changed(carla.pk)
    assert mailoutbox[0].to == ["carla@example.org"]


def test_both_addresses_are_told_and_neither_learns_the_other(user_of, mailoutbox):
    carla = user_of("en")
    account_mails.send_email_changed(carla.pk, "old@example.org")
    old, new = mailoutbox
    assert (old.to, new.to) == (["old@example.org"], ["carla@example.org"])
    assert "carla@example.org" not in old.body + html_of(old)
    assert "old@example.org" not in new.body + html_of(new)
    for message in mailoutbox:
        assert "write to help@example.com at once" in message.body


def test_the_new_address_is_told_when_the_old_one_fails(user_of, mailoutbox, monkeypatch):
    carla, send = user_of(), mail.send

    def fussy(template, to, *args, **values):
        if to == "old@example.org":
            raise ConnectionRefusedError
        send(template, to, *args, **values)

    monkeypatch.setattr(account_mails, "send", fussy)
    with pytest.raises(ConnectionRefusedError):
        account_mails.send_email_changed(carla.pk, "old@example.org")
    assert [message.to for message in mailoutbox] == [["carla@example.org"]]


def test_a_lock_says_where_it_came_from_and_for_how_long(anna, mailoutbox):
    account_mails.send_locked_out(anna.pk, "192.0.2.7")
    assert "10 wrong passwords" in mailoutbox[0].body
    assert "192.0.2.7" in mailoutbox[0].body
    assert "For 15 minutes" in mailoutbox[0].body


# Invitations


def test_an_invitation_says_who_invites_and_for_which_customer(mailoutbox):
    invitation, key = invited("Acme GmbH", language="en")
    (message,) = mailoutbox
    assert message.to == ["neu@example.org"]
    assert "Sam Support invites you to the customer portal, for the customer Acme GmbH." in message.body
    assert f"\nhttps://portal.example.com/portal/invitation/?key={key}\n" in message.body
    assert f"{invitation.expires:%H:%M} UTC" in message.body


def test_an_invitation_speaks_the_language_of_a_known_contact(mailoutbox):
    contact = ContactFactory(language="en", email="neu@example.org", name="Nele")
    invited(language="de")
    invited(language="de", contact=contact)
    assert [message.extra_headers["Content-Language"] for message in mailoutbox] == ["en", "en"]
    assert mailoutbox[0].body.startswith("Hello Nele,")


def test_an_invitation_that_has_ended_is_not_sent(mailoutbox):
    invited(ended=timezone.now())
    invited(expires=timezone.now())
    assert mailoutbox == []


@pytest.mark.parametrize(
    ("for_contacts", "language", "sender"),
    [
        (False, "en", "EMS Customers <no-reply@127.0.0.1>"),
        (True, "en", "Customer Portal <no-reply@127.0.0.1>"),
        (True, "de", "Kundenportal <no-reply@127.0.0.1>"),
    ],
)
def test_contacts_hear_from_the_portal(for_contacts, language, sender, mailoutbox):
    mail.send(
        "locked_out",
        "a@example.com",
        language,
        for_contacts=for_contacts,
        address="::1",
        tries=10,
        minutes=15,
    )
    sent = mailoutbox[0]
    assert sent.from_email == sender
    texts = sent.subject + sent.body + sent.alternatives[0].content
    assert ("EMS Customers" in texts) != for_contacts


def test_the_name_of_the_sender_can_be_set(settings, mailoutbox):
    settings.DEFAULT_FROM_EMAIL = "Acme Licensing <licensing@example.com>"
    mail.send("locked_out", "a@example.com", "de", for_contacts=True, address="::1", tries=10, minutes=15)
    assert mailoutbox[0].from_email == "Acme Licensing <licensing@example.com>"

"""Ways in that somebody else opens: an invitation, a password set for the contact, a mail with a link."""

import re

import pytest
from playwright.sync_api import expect

from contacts.models import Contact
from tests.accounts.conftest import cheap_passwords  # noqa: F401
from tests.browser.portal import NO_PAGE, acts_for, is_asked_to_log_on, log_on
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory
from tests.portal.conftest import ADMINISTRATOR, PASSWORD, associate, person

pytestmark = pytest.mark.browser

TYPED = "New password*", "New password again*"


@pytest.fixture(autouse=True)
def links_lead_here(settings, live_server):
    settings.BASE_URL = settings.PORTAL_URL = live_server.url


@pytest.fixture
def newest_link(mail_at_once, mailoutbox):
    """The link in the mail that was sent last: newest_link(to="anna@example.com")."""

    def find(to):
        assert mailoutbox[-1].to == [to]
        (link,) = re.findall(r"^http\S+\?key=\S+$", mailoutbox[-1].body, re.MULTILINE)
        return link

    return find


@pytest.fixture
def acme(db):
    return CustomerFactory(name="Acme Ltd", customer_id="C-ACME")


@pytest.fixture
def anna(acme):
    """A contact of Acme who cannot log on yet."""
    contact = ContactFactory(email="anna@example.com", name="Anna")
    acme.associations.create(contact=contact, kind="standard")
    return contact


def fill(page, labels, value):
    for label in labels:
        page.get_by_label(label, exact=True).fill(value)


def is_dead(page, link):
    assert page.goto(link).status == 410
    expect(page.get_by_role("heading", name="This link does not work", level=1)).to_be_visible()


def test_invitation(page, browse, anna, acme, newest_link, watch):
    watch.excused.append(NO_PAGE)
    own = EntitlementFactory(customer=acme, contact=anna, state="complete")
    others = EntitlementFactory(customer=acme, state="complete")
    beta = CustomerFactory(name="Beta GmbH")
    page.goto(anna.get_absolute_url())
    page.get_by_role("link", name="Send invitation").click()
    dialog = page.get_by_role("dialog", name="Send an invitation to Anna?")
    expect(dialog).to_contain_text("A mail in English goes to anna@example.com")
    dialog.get_by_role("button", name="Send invitation").click()
    messages = page.locator("#messages")
    expect(messages).to_contain_text("An invitation is on its way to Anna <anna@example.com>.")
    first = newest_link(to="anna@example.com")
    page.get_by_role("link", name="Send another invitation").click()
    expect(dialog).to_contain_text("The invitation that is open now stops working.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.get_by_role("link", name="Send another invitation").click()
    dialog.get_by_role("button", name="Send invitation").click()
    expect(dialog).to_be_hidden()
    expect(messages).to_contain_text("An invitation is on its way")
    link = newest_link(to="anna@example.com")

    guest = browse()
    is_dead(guest, first)
    guest.goto(link)
    expect(guest).to_have_url("/portal/invitation/")
    expect(guest.get_by_role("heading", name="Your invitation", level=1)).to_be_visible()
    expect(guest.get_by_role("listitem").filter(has_text="Acme Ltd")).to_contain_text("C-ACME")
    fill(guest, TYPED, "marmots")
    guest.get_by_role("button", name="Accept and set the password").click()
    expect(guest.get_by_text("This password is too short.")).to_be_visible()
    expect(guest.get_by_label(TYPED[0], exact=True)).to_have_attribute("aria-invalid", "true")
    fill(guest, TYPED[:1], PASSWORD)
    fill(guest, TYPED[1:], "eight unrelated marmots")
    guest.get_by_role("button", name="Accept and set the password").click()
    expect(guest.get_by_text("The two passwords differ.")).to_be_visible()
    fill(guest, TYPED, PASSWORD)
    guest.get_by_role("button", name="Accept and set the password").click()
    is_asked_to_log_on(guest)
    expect(guest.get_by_text("Done. You can log on now.")).to_be_visible()

    log_on(guest, "anna@example.com")
    expect(guest.get_by_role("heading", name="Welcome, Anna")).to_be_visible()
    acts_for(guest, acme, never=[beta])
    expect(guest.get_by_role("link", name=own.eid)).to_be_visible()
    expect(guest.locator("body")).not_to_contain_text(others.eid)
    for reader in guest, browse():
        is_dead(reader, link)
    page.reload()
    expect(page.get_by_text("May log on", exact=True)).to_be_visible()
    expect(page.get_by_role("link", name="Send another invitation")).to_have_count(0)


def test_a_password_of_somebody_elses_opens_nothing_but_the_change(page, browse, anna, acme, mail_at_once):
    page.goto(anna.get_absolute_url())
    page.get_by_role("link", name="Set password").click()
    dialog = page.get_by_role("dialog", name="Set a password for Anna")
    fill(dialog, TYPED, "anna@example.com")
    dialog.get_by_role("button", name="Set password").click()
    expect(dialog.get_by_text("The password is too similar to the")).to_be_visible()
    fill(dialog, TYPED, PASSWORD)
    dialog.get_by_role("button", name="Set password").click()
    expect(page.locator("#messages")).to_contain_text("must choose a new password at the next log-on")

    hers = browse()
    hers.goto("/portal/")
    log_on(hers, "anna@example.com")
    heading = hers.get_by_role("heading", name="Change password", level=1)
    expect(heading).to_be_visible()
    expect(hers.get_by_text("Somebody else set your password, so they know it.")).to_be_visible()
    expect(hers.get_by_role("navigation")).to_have_count(0)
    for path in "", "profile/", f"customers/{acme.pk}/contacts/":
        hers.goto(f"/portal/{path}")
        expect(hers).to_have_url("/portal/profile/password/")
    hers.get_by_label("Present password").fill(PASSWORD)
    fill(hers, TYPED, "nine unrelated marmots")
    hers.get_by_role("button", name="Change password").click()
    expect(hers.get_by_text("Your password is changed.")).to_be_visible()
    acts_for(hers, acme)
    hers.get_by_role("link", name="My profile").click()
    expect(hers.get_by_role("heading", name="My profile", level=1)).to_be_visible()


def test_forgotten_password_in_german(browse, newest_link, mailoutbox, watch, db):
    watch.excused.append(NO_PAGE)
    person("anna@example.com", name="Anna", language="de")
    page = browse(locale="de-DE")
    page.goto("/portal/login/")
    page.get_by_role("link", name="Kennwort vergessen?").click()
    for email in "nobody@example.com", "Anna@Example.com":
        page.goto("/portal/password-reset/")
        page.get_by_label("E-Mail").fill(email)
        page.get_by_role("button", name="Link senden").click()
        expect(page.get_by_role("heading", name="Prüfen Sie Ihr Postfach")).to_be_visible()
    (mail,) = mailoutbox
    assert mail.subject == "Wählen Sie ein neues Kennwort"
    link = newest_link(to="anna@example.com")

    page.goto(link)
    expect(page).to_have_url("/portal/password-reset/confirm/")
    expect(page.locator("html")).to_have_attribute("lang", "de")
    labels = "Neues Kennwort*", "Neues Kennwort wiederholen*"
    fill(page, labels, "Murmeltier")
    page.get_by_role("button", name="Kennwort festlegen").click()
    expect(page.get_by_text("Dieses Kennwort ist zu kurz.")).to_be_visible()
    fill(page, labels, "sieben fremde Murmeltiere")
    page.get_by_role("button", name="Kennwort festlegen").click()
    expect(page.get_by_text("Ihr Kennwort wurde geändert.")).to_be_visible()
    log_on(page, "anna@example.com", "sieben fremde Murmeltiere")
    expect(page.get_by_role("heading", name="Willkommen")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "de")
    assert page.goto(link).status == 410
    expect(page.get_by_role("heading", name="Dieser Link ist ungültig")).to_be_visible()


def test_an_administrators_invitation_makes_a_contact(browse, acme, newest_link, watch):
    watch.excused.append(NO_PAGE)
    arthur = person("arthur@example.com", name="Arthur", language="de")
    associate(acme, arthur, ADMINISTRATOR)
    page, guest = browse(arthur), browse(java_script_enabled=False)
    page.goto(f"/portal/customers/{acme.pk}/contacts/invite/")
    expect(page.get_by_label("E-Mail")).to_be_focused()
    page.keyboard.type("nora@example.com")
    page.get_by_role("button", name="Einladung senden").click()
    expect(page.get_by_text("Die Einladung an nora@example.com ist unterwegs.")).to_be_visible()
    link = newest_link(to="nora@example.com")

    guest.goto(link)
    lead = "Arthur invites you to become a contact of Acme Ltd (C-ACME)."
    expect(guest.get_by_text(lead)).to_be_visible()
    guest.get_by_label("Name").fill("Nora")
    fill(guest, TYPED, PASSWORD)
    guest.get_by_role("button", name="Accept and set the password").click()
    log_on(guest, "nora@example.com")
    expect(guest.get_by_role("heading", name="Welcome, Nora")).to_be_visible()
    acts_for(guest, acme)
    expect(guest.get_by_role("link", name="Contacts")).to_have_count(0)
    is_dead(guest, link)
    assert Contact.objects.get(email="nora@example.com").language == "en"
    page.reload()
    expect(page.get_by_role("row", name="Nora nora@example.com Standard")).to_be_visible()

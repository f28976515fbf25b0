"""The portal as contacts use it: log-on, switcher, languages, and Disable while they are in."""

import pytest
from playwright.sync_api import expect

from contacts.models import Contact, Invitation
from customers.models import Association, Customer
from ems_site.accounts.models import User
from ems_site.audit.models import Entry
from ems_site.status import Status
from tests.accounts.conftest import cheap_passwords  # noqa: F401
from tests.browser.portal import NO_PAGE, acts_for, is_asked_to_log_on, log_on
from tests.factories import CustomerFactory
from tests.portal.conftest import ADMINISTRATOR, PASSWORD, associate, entitlement, person

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("mail_at_once")]

WRONG = "The email or the password is wrong."


@pytest.fixture
def acme(db):
    return CustomerFactory(name="Acme Ltd", customer_id="C-ACME")


@pytest.fixture
def beta(db):
    return CustomerFactory(name="Beta GmbH", customer_id="C-BETA")


@pytest.fixture
def stella(acme):
    """Standard contact of Acme."""
    user = person("stella@example.com", name="Stella")
    associate(acme, user)
    return user


@pytest.fixture
def arthur(acme, beta):
    """Administrator contact of Acme and of Beta."""
    user = person("arthur@example.com", name="Arthur")
    associate(acme, user, ADMINISTRATOR)
    associate(beta, user, ADMINISTRATOR)
    return user


def test_log_on_by_keyboard_leads_on_to_the_page_that_was_asked_for(browse, stella):
    page = browse()
    page.goto("/portal/profile/?from=mail")
    is_asked_to_log_on(page)
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type("STELLA@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type("eight unrelated marmots")
    page.keyboard.press("Enter")
    expect(page.get_by_text(WRONG)).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("STELLA@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="My profile", level=1)).to_be_visible()
    expect(page).to_have_url("/portal/profile/?from=mail")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.get_by_role("button", name="Log out").click()
    is_asked_to_log_on(page)

    for elsewhere in "/customers/", "https://example.org/", "//example.org/portal/":
        page.goto(f"/portal/login/?next={elsewhere}")
        log_on(page, "stella@example.com")
        expect(page.get_by_role("heading", name="Welcome, Stella")).to_be_visible()
        expect(page).to_have_url("/portal/")
        page.get_by_role("button", name="Log out").click()
        is_asked_to_log_on(page)


def test_each_log_on_refuses_the_others_people(browse, stella):
    User.objects.create_user("marek", "marek@example.com", PASSWORD, is_staff=True)
    page = browse()
    page.goto("/portal/login/")
    for email in "marek", "marek@example.com":
        log_on(page, email)
        expect(page.get_by_text(WRONG)).to_be_visible()
    page.goto("/login/")
    page.get_by_label("User name").fill("stella@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The user name or the password is wrong.")).to_be_visible()
    page.goto("/")
    expect(page.get_by_label("User name")).to_be_visible()


def test_who_knows_the_password_learns_that_the_account_is_disabled(browse, stella, arthur, settings):
    settings.SUPPORT_EMAIL = "help@example.com"
    Contact.objects.filter(user=stella).update(status=Status.DISABLED)
    Customer.objects.update(status=Status.DISABLED)
    page = browse()
    page.goto("/portal/")
    for user in stella, arthur:
        log_on(page, user.email, "eight unrelated marmots")
        expect(page.get_by_text(WRONG)).to_be_visible()
        log_on(page, user.email)
        expect(page.get_by_text("This account is disabled. Ask help@example.com.")).to_be_visible()
    page.goto("/portal/")
    is_asked_to_log_on(page)


def test_switcher(browse, arthur, acme, beta):
    of_acme, of_beta = entitlement(acme), entitlement(beta)
    page = browse(arthur)
    page.goto("/portal/")
    acts_for(page, acme)
    expect(page.get_by_role("link", name=of_acme.eid)).to_be_visible()
    expect(page.get_by_role("link", name=of_beta.eid)).to_be_hidden()
    switcher = page.get_by_role("region", name="Customer", exact=True)
    choice = switcher.get_by_role("button", name="Beta GmbH")
    expect(choice).to_be_hidden()
    switcher.get_by_text("Switch customer").focus()
    page.keyboard.press("Enter")
    choice.focus()
    page.keyboard.press("Enter")
    acts_for(page, beta)
    expect(page.get_by_role("link", name=of_acme.eid)).to_be_hidden()
    page.get_by_role("link", name=of_beta.eid).click()
    expect(page.get_by_role("heading", name=of_beta.eid)).to_be_visible()
    acts_for(page, beta)
    for name in "Contacts", "My profile":
        page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
        acts_for(page, beta)
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Act for Acme Ltd (C-ACME)").click()
    acts_for(page, acme)


def test_an_older_tab_acts_for_the_customer_that_it_names(browse, arthur, acme, beta):
    older = browse(arthur)
    older.goto(f"/portal/customers/{acme.pk}/contacts/")
    older.get_by_role("link", name="Invite a contact").click()
    older.get_by_label("Email").fill("nora@example.com")
    newer = older.context.new_page()
    newer.goto("/portal/")
    newer.get_by_role("button", name="Act for Beta GmbH (C-BETA)").click()
    acts_for(newer, beta)
    acts_for(older, acme)
    older.get_by_role("button", name="Send the invitation").click()
    expect(older.get_by_text("The invitation of nora@example.com is on its way.")).to_be_visible()
    acts_for(older, acme)
    assert Invitation.objects.get().offer.customer == acme


def test_disabling_a_customer_ends_what_is_going_on(browse, page, stella, arthur, acme, beta):
    entitlement(acme, stella)
    hers, his = browse(stella), browse(arthur)
    for portal in hers, his:
        portal.goto("/portal/")
        acts_for(portal, acme)
    cookies = hers.context.cookies()

    page.goto(acme.get_absolute_url())
    page.get_by_role("link", name="Disable", exact=True).click()
    dialog = page.get_by_role("dialog", name="Disable Acme Ltd?")
    expect(dialog).to_contain_text("2 contacts are concerned. 1 cannot log on; it is signed in now")
    expect(dialog).to_contain_text("1 keeps other enabled customers")
    dialog.get_by_label("Reason").fill("Out of business")
    dialog.get_by_role("button", name="Disable customer").click()
    expect(page.locator("#messages")).to_contain_text("Acme Ltd (C-ACME) disabled.")
    assert Entry.objects.get(code="customer.disabled").comment == "Out of business"

    hers.get_by_role("link", name="My profile").click()
    is_asked_to_log_on(hers)
    log_on(hers, stella.email)
    expect(hers.get_by_text("This account is disabled.")).to_be_visible()
    his.get_by_role("link", name="My profile").click()
    acts_for(his, beta, never=[acme])
    his.get_by_role("link", name="Overview").click()
    acts_for(his, beta, never=[acme])

    page.locator("#messages").get_by_role("link", name="Enable again").click()
    page.get_by_role("button", name="Enable customer").click()
    expect(page.locator("#messages")).to_contain_text("Acme Ltd (C-ACME) enabled.")
    hers.context.add_cookies(cookies)
    hers.goto("/portal/")
    is_asked_to_log_on(hers)
    log_on(hers, stella.email)
    acts_for(hers, acme)
    his.reload()
    expect(his.get_by_role("region", name="My customers")).to_contain_text("C-ACME")


@pytest.mark.parametrize("verb", ["Disable", "Delete"])
def test_disabling_or_deleting_a_contact_ends_what_is_going_on(browse, page, stella, acme, verb):
    hers = browse(stella)
    hers.goto("/portal/")
    acts_for(hers, acme)
    cookies = hers.context.cookies()
    page.goto(stella.contact.get_absolute_url())
    page.get_by_role("link", name=verb, exact=True).click()
    dialog = page.get_by_role("dialog", name=f"{verb} Stella?")
    expect(dialog).to_contain_text("it is signed in now and is out at the next request")
    dialog.get_by_label("Reason").fill("Left the company")
    dialog.get_by_role("button", name=f"{verb} contact").click()
    messages = page.locator("#messages")
    expect(messages).to_contain_text(f"Stella <stella@example.com> {verb.lower()}d.")
    assert Entry.objects.get(code=f"contact.{verb.lower()}d").comment == "Left the company"

    hers.get_by_role("link", name="My profile").click()
    is_asked_to_log_on(hers)
    log_on(hers, stella.email)
    if verb == "Delete":
        expect(hers.get_by_text(WRONG)).to_be_visible()
        return
    expect(hers.get_by_text("This account is disabled.")).to_be_visible()
    messages.get_by_role("link", name="Enable again").click()
    page.get_by_role("button", name="Enable contact").click()
    expect(messages).to_contain_text("enabled.")
    hers.context.add_cookies(cookies)
    hers.goto("/portal/")
    is_asked_to_log_on(hers)
    log_on(hers, stella.email)
    acts_for(hers, acme)


def test_the_log_on_speaks_the_browsers_language(browse, stella):
    page = browse(locale="de-DE")
    page.goto("/portal/")
    root = page.locator("html")
    expect(root).to_have_attribute("lang", "de")
    expect(page).to_have_title("Anmelden · Kundenportal")
    log_on(page, stella.email, "eight unrelated marmots")
    expect(page.get_by_text("Die E-Mail-Adresse oder das Kennwort ist falsch.")).to_be_visible()
    page.get_by_role("button", name="English").click()
    is_asked_to_log_on(page)
    expect(root).to_have_attribute("lang", "en")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Anmelden", level=1)).to_be_visible()
    log_on(page, stella.email)
    expect(page.get_by_role("heading", name="Welcome, Stella")).to_be_visible()
    expect(root).to_have_attribute("lang", "en")


def test_the_portal_speaks_the_contacts_language(browse, stella, acme):
    Contact.objects.update(language="de")
    entitlement(acme, stella)
    page = browse(stella)
    page.goto("/portal/")
    root = page.locator("html")
    expect(root).to_have_attribute("lang", "de")
    expect(page.get_by_role("heading", name="Willkommen, Stella")).to_be_visible()
    expect(page.get_by_role("cell", name="1. März 2026")).to_be_visible()
    page.get_by_role("link", name="Mein Profil").click()
    page.get_by_label("Sprache").select_option("English")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    expect(root).to_have_attribute("lang", "en")
    expect(page.get_by_label("Language")).to_have_value("en")
    page.get_by_label("Language").select_option("Deutsch")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Ihr Profil wurde gespeichert.")).to_be_visible()
    expect(root).to_have_attribute("lang", "de")


def test_what_an_administrator_does_with_contacts(browse, arthur, stella, acme, watch):
    entitlement(acme, stella)
    page = browse(arthur)
    page.goto("/portal/")
    page.get_by_role("link", name="Contacts").click()
    people = page.get_by_role("region", name="Contacts", exact=True)
    expect(people.get_by_role("row", name="Stella stella@example.com Standard")).to_be_visible()
    own = people.get_by_role("row", name="Arthur arthur@example.com Administrator You")
    expect(own).to_be_visible()
    expect(own.get_by_role("link")).to_have_count(0)

    page.get_by_role("link", name="Invite a contact").click()
    expect(page.get_by_label("Email")).to_be_focused()
    page.keyboard.type("Stella@Example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_text("is a contact of this customer already.")).to_be_visible()
    expect(page.get_by_label("Email")).to_have_value("Stella@Example.com")
    page.get_by_label("Email").fill("nora@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The invitation of nora@example.com is on its way.")).to_be_visible()
    page.get_by_role("button", name="Withdraw the invitation of nora@example.com").click()
    expect(page.get_by_text("The invitation of nora@example.com is withdrawn.")).to_be_visible()
    expect(page.get_by_text("Nobody has an invitation that is still open.")).to_be_visible()

    page.get_by_role("link", name="End association of Stella").click()
    expect(page.get_by_role("heading", name="End the association of Stella?")).to_be_visible()
    expect(
        page.get_by_text("1 entitlement is addressed to them; it stays with the customer.")
    ).to_be_visible()
    page.get_by_role("button", name="End the association").click()
    expect(page.get_by_text("is no longer a contact of Acme Ltd (C-ACME).")).to_be_visible()
    expect(people.get_by_role("row", name="Stella")).to_be_hidden()
    assert not Association.objects.filter(contact=stella.contact).exists()

    page.goto(f"/portal/customers/{acme.pk}/contacts/{arthur.contact.pk}/end/")
    expect(page.get_by_role("alert")).to_contain_text("your own association, which you cannot end")
    expect(page.get_by_role("button", name="End the association")).to_have_count(0)


def test_a_standard_contact_sees_what_is_theirs(browse, stella, arthur, acme, beta, watch):
    watch.excused.append(NO_PAGE)
    own, others, foreign = entitlement(acme, stella), entitlement(acme), entitlement(beta)
    page = browse(stella)
    page.goto("/portal/")
    acts_for(page, acme, never=[beta])
    expect(page.get_by_role("link", name=own.eid)).to_be_visible()
    expect(page.locator("body")).not_to_contain_text(others.eid)
    expect(page.get_by_text("Switch customer")).to_have_count(0)
    expect(page.get_by_role("link", name="Contacts")).to_have_count(0)
    for path in (
        f"customers/{acme.pk}/contacts/",
        f"customers/{acme.pk}/contacts/invite/",
        f"customers/{acme.pk}/contacts/{arthur.contact.pk}/end/",
        f"customers/{beta.pk}/contacts/",
        f"entitlements/{others.pk}/",
        f"entitlements/{foreign.pk}/",
    ):
        assert page.goto(f"/portal/{path}").status == 404
        expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    page.get_by_role("link", name="To the portal").click()
    acts_for(page, acme)


def test_log_on_profile_and_sign_out_without_javascript(browse, stella, arthur):
    page, elsewhere = browse(java_script_enabled=False), browse(stella)
    page.goto("/portal/profile/")
    log_on(page, stella.email)
    page.get_by_label("Name").fill("Stella Maris")
    page.get_by_label("Phone").fill("+49 30 1234")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    expect(page.get_by_label("Phone")).to_have_value("+49 30 1234")
    elsewhere.goto("/portal/")
    expect(elsewhere.get_by_role("heading", name="Welcome, Stella Maris")).to_be_visible()

    sessions = page.get_by_role("region", name="Where I am signed in")
    expect(sessions.get_by_role("listitem")).to_have_count(2)
    sessions.get_by_role("link", name="Sign out", exact=True).click()
    page.get_by_label("Present password").fill("eight unrelated marmots")
    page.get_by_role("button", name="Sign out there").click()
    expect(page.get_by_text("This is not your present password.")).to_be_visible()
    page.get_by_label("Present password").fill(PASSWORD)
    page.get_by_role("button", name="Sign out there").click()
    expect(page.get_by_text("The other session has ended.")).to_be_visible()
    expect(sessions.get_by_role("listitem")).to_have_count(1)
    elsewhere.get_by_role("link", name="My profile").click()
    is_asked_to_log_on(elsewhere)

    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_text("You are signed out everywhere.")).to_be_visible()
    page.goto("/portal/")
    is_asked_to_log_on(page)

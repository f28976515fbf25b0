"""The Contacts page: filters, dialogs and the narrow screen."""

import pytest
from playwright.sync_api import expect

from contacts.models import Contact
from ems_site.audit.models import Entry
from tests.browser.conftest import NARROW
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.browser

WORD = "Donaudampfschifffahrtsgesellschaft" * 7


@pytest.fixture
def people():
    """One of everything: long, nameless, disabled, with an entitlement, signed in once."""
    long = ContactFactory(
        email=f"{'a' * 60}@{'b' * 60}.example.com", name=WORD[:100], phone="1" * 100, language="de"
    )
    nameless = ContactFactory(name="", email="nameless@example.com")
    off = ContactFactory(name="Off", status="disabled")
    UserFactory(username=nameless.email, is_staff=False, contact=nameless)
    for name in (WORD[:238], "Acme", "Zeta"):
        CustomerFactory(name=name, people=[(long, "administrator"), nameless])
    EntitlementFactory(contact=nameless)
    return long, nameless, off


def row(page, name):
    return page.locator("tbody tr", has=page.get_by_role("rowheader", name=name))


def test_filter_by_a_customer_from_the_column(page, people, axe):
    page.goto("/contacts/")
    axe(page)
    expect(page.get_by_text("3 contacts")).to_be_visible()
    row(page, "nameless@").get_by_role("link", name="Only contacts of Acme").click()
    expect(page.get_by_text("2 contacts")).to_be_visible()
    axe(page)
    page.get_by_label("Customer", exact=True).select_option("Without a customer")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(row(page, "Off")).to_be_visible()
    page.get_by_role("link", name="Remove the filter Customer: None").click()
    expect(page.get_by_text("3 contacts")).to_be_visible()


def test_a_refused_delete_leads_to_disable(page, people, axe):
    page.goto("/contacts/")
    row(page, "nameless@").get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog", name="nameless@example.com cannot be deleted")
    expect(dialog).to_contain_text("1 entitlement is addressed to it.")
    axe(page)
    dialog.get_by_role("link", name="Disable contact…").click()
    dialog = page.get_by_role("dialog", name="Disable nameless@example.com?")
    expect(dialog).to_contain_text("1 contact cannot log on; it is not signed in now.")
    axe(page)
    dialog.get_by_label("Reason").fill("Left")
    dialog.get_by_role("button", name="Disable contact").click()
    expect(page.get_by_text("nameless@example.com disabled.")).to_be_visible()
    expect(row(page, "nameless@")).to_contain_text("Disabled")
    assert Entry.objects.get(code="contact.disabled").comment == "Left"


def test_ticked_without_javascript(browse, manager, people):
    page = browse(manager, java_script_enabled=False)
    page.goto("/contacts/")
    for name in ("Off", "nameless@"):
        row(page, name).get_by_role("checkbox").check()
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_role("heading", name="Enable 1 of the 2 ticked contacts?")).to_be_visible()
    page.get_by_role("button", name="Enable 1 contact").click()
    expect(page.get_by_text("enabled.")).to_be_visible()
    assert not Contact.objects.filter(status="disabled").exists()


def test_cards_at_390_pixels(browse, manager, people, axe, fits):
    page = browse(manager, viewport=NARROW)
    page.goto("/contacts/")
    fits(page)
    axe(page)
    card = row(page, "nameless@")
    for label in ("Email", "Language", "Customers", "Kind", "Last log-on"):
        expect(card.locator(f"[data-label='{label}']")).to_be_visible()
    expect(card.locator("[data-label='Phone']")).to_be_hidden()
    page.goto("/contacts/?q=zebra&customer=none")
    fits(page)
    axe(page)

"""At 390 pixels nothing scrolls sideways, and everything is still there."""

import pytest
from playwright.sync_api import expect

from customers import actions
from customers.models import Customer
from entitlements.models import Entitlement
from tests.browser.conftest import NARROW
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser

WORD = "Donaudampfschifffahrtsgesellschaft" * 7


@pytest.fixture
def page(browse, manager):
    return browse(manager, viewport=NARROW)


@pytest.fixture
def customer(db, manager):
    """Everything at its longest, without a blank to break at."""
    contact = ContactFactory(email=f"{'a' * 60}@{'b' * 60}.example.com", name=WORD[:100])
    customer = Customer(
        name=WORD[:238],
        customer_id="C" * 100,
        crm_id="m" * 255,
        external_id="x" * 60,
        ref_id="r" * 255,
        description="d" * 510,
    )
    actions.save(customer, by=manager, associates=[(contact, "administrator")])
    EntitlementFactory(customer=customer, state=Entitlement.State.COMPLETE)
    return customer


def test_list(page, customer, fits):
    CustomerFactory(name="Acme", customer_id="C-1")
    page.goto("/customers/")
    fits(page)
    page.get_by_label("Select Acme (C-1)").check()
    expect(page.locator("[data-bulk-bar]")).to_be_visible()
    fits(page)
    page.locator("[data-bulk-bar]").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    fits(page)


def test_navigation_opens_by_its_button(page):
    page.goto("/customers/")
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    expect(navigation.get_by_role("link", name="Customers", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
    page.keyboard.press("Escape")
    expect(navigation).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    navigation.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()


def test_form(page, customer, fits):
    page.goto(f"{customer.get_absolute_url()}edit/")
    fits(page)
    page.get_by_label("External ID").fill("x" * 300)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Add Contact").click()
    expect(page.get_by_role("dialog", name="Add Contact")).to_be_visible()
    fits(page)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()


def test_confirmation_and_conflict(browse, manager, customer, fits):
    """On pages of their own, as without JavaScript."""
    page = browse(manager, viewport=NARROW, java_script_enabled=False)
    page.goto(f"{customer.get_absolute_url()}edit/")
    page.get_by_label("CRM ID").fill("n" * 255)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Save these changes to")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Back to editing").click()
    Customer.objects.update(version=2, crm_id="t" * 255, description="")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Somebody else changed this customer")).to_be_visible()
    fits(page)


@pytest.mark.parametrize("path", ["", "history/", "delete/", "disable/"])
def test_pages_of_a_customer(page, customer, fits, path):
    page.goto(f"{customer.get_absolute_url()}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    fits(page)


def test_history(page, customer, fits):
    page.goto("/history/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    fits(page)

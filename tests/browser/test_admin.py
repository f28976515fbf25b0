"""Django admin has the same rules, and runs under the same Content-Security-Policy."""

import pytest
from playwright.sync_api import expect

from customers.models import Customer
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def customer(db):
    customer = CustomerFactory(name="Acme", customer_id="C-1", crm_id="old", people=[ContactFactory()])
    EntitlementFactory(customer=customer, state=Entitlement.State.COMPLETE)
    return customer


def test_change_with_confirmation(page, customer):
    page.goto("/admin/")
    page.locator("#content").get_by_role("link", name="Customers", exact=True).last.click()
    page.get_by_role("link", name="Acme").click()
    page.get_by_label("CRM ID").fill("new")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Confirm the change")).to_be_visible()
    expect(page.get_by_role("row", name="CRM ID old new")).to_be_visible()
    assert Customer.objects.get().crm_id == "old"
    page.get_by_role("button", name="Confirm and save").click()
    expect(page.get_by_text("was changed successfully.")).to_be_visible()
    assert Customer.objects.get().crm_id == "new"
    page.get_by_role("link", name="Acme").first.click()
    page.get_by_role("link", name="History").last.click()
    expect(page.get_by_text("CRM ID: old → new")).to_be_visible()


def test_add_with_a_contact_found_by_typing(page):
    contact = ContactFactory(email="anna@example.com", name="Anna")
    page.goto("/admin/customers/customer/add/")
    page.get_by_label("Name:").fill("Beta")
    page.get_by_role("button", name="Add another Association").click()
    page.locator("#associations-0 .select2-selection").click()
    expect(page.locator(".select2-search__field")).to_be_focused()
    page.keyboard.type("anna")
    page.get_by_role("option", name="Anna <anna@example.com>").click()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully.")).to_be_visible()
    assert Customer.objects.get().contacts.get() == contact


def test_refused_delete(page, customer):
    page.goto(f"/admin/customers/customer/{customer.pk}/delete/")
    expect(page.get_by_role("heading", name="Cannot delete customer")).to_be_visible()
    page.goto("/admin/customers/customer/")
    page.get_by_role("checkbox", name="Select this object").check()
    page.get_by_label("Action:").select_option("Disable selected customers")
    page.get_by_role("button", name="Go", exact=True).click()
    page.get_by_label("Reason").fill("Out of business.")
    page.get_by_role("button", name="Disable 1 customer").click()
    expect(page.get_by_text("1 customer disabled.")).to_be_visible()
    assert Customer.objects.disabled().exists()

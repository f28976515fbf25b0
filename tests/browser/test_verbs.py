"""Delete, Disable and Enable, one and many."""

import pytest
from playwright.sync_api import expect

from customers.models import Customer
from ems_site.audit.models import Entry
from ems_site.status import Status
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser


def row(page, name):
    return page.locator("tbody tr", has=page.get_by_role("rowheader", name=name))


def test_refused_delete_leads_to_disable(page):
    customer = CustomerFactory(name="Acme", customer_id="C-1", people=[ContactFactory()])
    entitlements = EntitlementFactory.create_batch(7, customer=customer)
    page.goto("/customers/")
    delete = row(page, "Acme").get_by_role("link", name="Delete Acme (C-1): not possible, has 7 entitlements")
    delete.click()
    dialog = page.get_by_role("dialog", name="Acme cannot be deleted")
    expect(dialog).to_contain_text("7 entitlements have been generated for it.")
    expect(dialog.get_by_role("link", name=entitlements[6].eid)).to_be_visible()
    expect(dialog.get_by_role("link", name="All 7 entitlements")).to_be_visible()
    dialog.get_by_role("link", name="Keep as it is").click()
    expect(dialog).to_be_hidden()
    expect(delete).to_be_focused()

    page.keyboard.press("Enter")
    dialog.get_by_role("link", name="Disable customer…").click()
    dialog = page.get_by_role("dialog", name="Disable Acme?")
    expect(dialog).to_contain_text("1 contact cannot log on; it is not signed in now.")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Out of business")
    dialog.get_by_role("button", name="Disable customer").click()
    expect(page.get_by_text("Acme (C-1) disabled.")).to_be_visible()
    expect(row(page, "Acme")).to_contain_text("Disabled")
    assert Customer.objects.get().status == Status.DISABLED
    assert Entry.objects.get(code="customer.disabled").comment == "Out of business"


def test_delete_from_the_list_keeps_the_place(page):
    for number in range(60):
        CustomerFactory(name=f"Customer {number:02}", customer_id=f"C-{number:02}")
    page.goto("/customers/?status=enabled")
    page.get_by_role("link", name="Next page").click()
    expect(row(page, "Customer 55")).to_be_visible()
    place = page.url
    row(page, "Customer 55").get_by_role("link", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete Customer 55?")
    expect(dialog).to_contain_text("gone for good")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    row(page, "Customer 55").get_by_role("link", name="Delete").click()
    dialog.get_by_role("button", name="Delete customer").click()
    expect(page.get_by_text("Customer 55 (C-55) deleted.")).to_be_visible()
    expect(row(page, "Customer 55")).to_be_hidden()
    expect(page).to_have_url(place)
    expect(page.get_by_text("9 of 59 customers")).to_be_visible()
    assert not Customer.objects.filter(name="Customer 55").exists()


@pytest.mark.parametrize("with_script", [True, False])
def test_delete_from_the_customers_page_leads_to_the_list(browse, manager, with_script):
    page = browse(manager, java_script_enabled=with_script)
    customer = CustomerFactory(name="Acme", customer_id="C-1", people=[ContactFactory()])
    page.goto(customer.get_absolute_url())
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("1 association with contacts goes too; the contacts stay.")).to_be_visible()
    page.get_by_label("Reason").fill("Entered twice")
    page.get_by_role("button", name="Delete customer").click()
    expect(page.get_by_text("Acme (C-1) deleted.")).to_be_visible()
    expect(page).to_have_title("Customers · EMS Customers")
    assert not Customer.objects.exists()
    assert Entry.objects.get(code="customer.deleted").comment == "Entered twice"


def test_disable_and_the_way_back(page):
    customer = CustomerFactory(name="Acme", customer_id="C-1")
    page.goto(customer.get_absolute_url())
    page.get_by_role("link", name="Disable", exact=True).click()
    page.get_by_role("button", name="Disable customer").click()
    expect(page.locator("#messages")).to_contain_text("Acme (C-1) disabled.")
    expect(page.locator("main .status-pill")).to_have_text("Disabled")
    page.locator("#messages").get_by_role("link", name="Enable again").click()
    page.get_by_role("button", name="Enable customer").click()
    expect(page.locator("#messages")).to_contain_text("Acme (C-1) enabled.")
    expect(page.locator("main .status-pill")).to_have_text("Enabled")
    expect(page).to_have_url(customer.get_absolute_url())


def test_a_change_meanwhile_is_shown_first(page):
    customer = CustomerFactory(name="Acme", customer_id="C-1")
    page.goto("/customers/")
    row(page, "Acme").get_by_role("link", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete Acme?")).to_be_visible()
    EntitlementFactory(customer=customer)
    page.get_by_role("button", name="Delete customer").click()
    dialog = page.get_by_role("dialog", name="Acme cannot be deleted")
    expect(dialog).to_contain_text("1 entitlement has been generated for it.")
    assert Customer.objects.exists()


@pytest.fixture
def six(db):
    """A to F; B is disabled, and C has an entitlement."""
    customers = {letter: CustomerFactory(name=f"{letter}-Corp") for letter in "ABCDEF"}
    Customer.objects.filter(name="B-Corp").update(status=Status.DISABLED)
    EntitlementFactory(customer=customers["C"])
    return customers


def disabled():
    return [customer.name for customer in Customer.objects.disabled()]


def test_disable_several_with_shift(page, six):
    page.goto("/customers/")
    bar = page.locator("[data-bulk-bar]")
    expect(bar).to_be_hidden()
    row(page, "A-Corp").get_by_role("checkbox").click()
    row(page, "D-Corp").get_by_role("checkbox").click(modifiers=["Shift"])
    expect(bar.get_by_role("status")).to_have_text("4 selected")
    expect(page.get_by_label("Select all customers on this page")).to_have_js_property("indeterminate", True)
    bar.get_by_role("button", name="Disable").click()
    dialog = page.get_by_role("dialog", name="Disable 3 of the 4 ticked customers?")
    expect(dialog.get_by_role("listitem").filter(has_text="B-Corp")).to_contain_text("Is disabled already")
    dialog.get_by_label("Reason").fill("Clean-up")
    dialog.get_by_role("button", name="Disable 3 customers").click()
    expect(page.get_by_text("3 customers disabled.")).to_be_visible()
    assert disabled() == ["A-Corp", "B-Corp", "C-Corp", "D-Corp"]
    expect(row(page, "D-Corp")).to_contain_text("Disabled")
    expect(bar).to_be_hidden()


def test_disable_several_without_javascript(plain_page, six):
    page = plain_page
    page.goto("/customers/")
    for name in "A-Corp", "B-Corp":
        row(page, name).get_by_role("checkbox").check()
    page.locator("[data-bulk-bar]").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("heading", name="Disable 1 of the 2 ticked customers?")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="B-Corp")).to_contain_text("Is disabled already")
    page.get_by_label("Reason").fill("Clean-up")
    page.get_by_role("button", name="Disable 1 customer", exact=True).click()
    expect(page.get_by_text("disabled.")).to_be_visible()
    assert disabled() == ["A-Corp", "B-Corp"]


def test_delete_all_on_the_page(page, six):
    page.goto("/customers/")
    page.get_by_label("Select all customers on this page").check()
    bar = page.locator("[data-bulk-bar]")
    expect(bar.get_by_role("status")).to_have_text("6 selected")
    bar.get_by_role("button", name="Clear the selection").click()
    expect(bar).to_be_hidden()
    expect(page.get_by_label("Select all customers on this page")).to_be_focused()
    page.keyboard.press("Space")
    bar.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete 5 of the 6 ticked customers?")
    expect(dialog.get_by_role("listitem").filter(has_text="C-Corp")).to_contain_text("Has 1 entitlement")
    dialog.get_by_role("button", name="Delete 5 customers").click()
    expect(page.get_by_text("5 customers deleted.")).to_be_visible()
    assert [customer.name for customer in Customer.objects.all()] == ["C-Corp"]


def test_none_of_the_ticked_can_be_done(page, six):
    page.goto("/customers/")
    row(page, "C-Corp").get_by_role("checkbox").check()
    page.locator("[data-bulk-bar]").get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog", name="None of these customers can be deleted")
    expect(dialog).to_contain_text("Has 1 entitlement")
    dialog.get_by_role("link", name="Back").click()
    expect(dialog).to_be_hidden()
    expect(row(page, "C-Corp").get_by_role("checkbox")).to_be_checked()

"""The Customers page: search, filters, order, pages and keys; and what all pages share."""

import re

import pytest
from playwright.sync_api import expect

from customers.models import Customer
from ems_site.lists import counting
from ems_site.status import Status
from tests.factories import ContactFactory, CustomerFactory

pytestmark = pytest.mark.browser


def names(page):
    return page.locator("tbody th[scope=row] a")


@pytest.fixture
def sixty(db):
    for number in range(60):
        CustomerFactory(name=f"Customer {number:02}", customer_id=f"C-{99 - number}")


def test_search_and_filter(plain_page):
    """Without JavaScript: what it adds stands in test_list_search.py."""
    page = plain_page
    CustomerFactory(name="Café Zürich", people=[ContactFactory(email="anna@example.com")])
    CustomerFactory(name="Acme", crm_id="ＣＡＦＥ-9")
    CustomerFactory(name="Other")
    Customer.objects.filter(name="Acme").update(status=Status.DISABLED)
    page.goto("/customers/?sort=-name&columns=name,status&size=25")
    search = page.get_by_label("Search customers")
    search.fill("cafe")
    search.press("Enter")
    expect(names(page)).to_have_text(["Café Zürich", "Acme"])
    expect(page.locator("main").get_by_text("2 customers")).to_be_visible()
    page.get_by_label("Status", exact=True).select_option("Disabled")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(names(page)).to_have_text(["Acme"])
    chips = page.get_by_role("group", name="Active filters")
    chips.get_by_role("link", name="Remove the filter Any attribute: cafe").click()
    expect(search).to_have_value("")
    expect(names(page)).to_have_text(["Acme"])
    search.fill("anna@example")
    search.press("Enter")
    expect(page.get_by_role("heading", name="No customer matches")).to_be_visible()
    page.get_by_role("link", name="Search any status").click()
    expect(names(page)).to_have_text(["Café Zürich"])
    page.get_by_role("link", name="Clear all").click()
    expect(names(page)).to_have_count(3)
    expect(page.get_by_role("columnheader")).to_have_text(["Select", "Name", "Status", "Actions"])
    expect(page).to_have_url("/customers/?sort=-name&columns=name%2Cstatus&size=25&view=all")


def test_several_criteria(plain_page):
    page = plain_page
    CustomerFactory(name="Acme North", external_id="N-1")
    CustomerFactory(name="Acme South", external_id="S-1")
    CustomerFactory(name="Bolt North", external_id="N-2")
    page.goto("/customers/")
    search = page.get_by_label("Search customers")
    search.fill("acme")
    page.get_by_role("button", name="And another criterion").click()
    expect(page).to_have_url(re.compile(r"/customers/\?and=any\.any\.acme#id_q$"))
    expect(search).to_be_focused()
    page.get_by_label("Search in").select_option("External ID")
    page.get_by_label("Match", exact=True).select_option("Starts with")
    search.fill("n-")
    search.press("Enter")
    expect(names(page)).to_have_text(["Acme North"])
    chips = page.get_by_role("group", name="Active filters")
    chips.get_by_role("link", name="Remove the filter Any attribute: acme").click()
    expect(names(page)).to_have_text(["Acme North", "Bolt North"])
    expect(page.get_by_label("Search in")).to_have_value("external_id")


def test_more_filters_open_without_javascript(plain_page):
    page = plain_page
    CustomerFactory(name="Old")
    CustomerFactory(name="New")
    Customer.objects.filter(name="Old").update(created="2026-01-05T23:59:59Z")
    page.goto("/customers/")
    day = page.get_by_role("group", name="Created").get_by_label("to")
    expect(day).to_be_hidden()
    page.get_by_text("More filters").click()
    day.fill("2026-01-05")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(names(page)).to_have_text(["Old"])
    expect(day).to_have_value("2026-01-05")


def test_sort_by_keyboard(page):
    for name, identity in ("B", "C-1"), ("a", "C-3"), ("C", "C-2"):
        CustomerFactory(name=name, customer_id=identity)
    page.goto("/customers/")
    expect(names(page)).to_have_text(["a", "B", "C"])
    name, identity = (page.get_by_role("columnheader", name=title) for title in ("Name", "Customer ID"))
    expect(name).to_have_attribute("aria-sort", "ascending")
    name.get_by_role("link").focus()
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["C", "B", "a"])
    expect(name).to_have_attribute("aria-sort", "descending")
    name.get_by_role("link").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["B", "C", "a"])
    expect(identity).to_have_attribute("aria-sort", "ascending")
    expect(name).not_to_have_attribute("aria-sort", re.compile("."))


def test_pages(page, sixty, axe):
    page.goto("/customers/?sort=customer_id&q=customer&size=25")
    pages = page.get_by_role("navigation", name="Pages")
    first, before, after, last = (
        pages.get_by_role("link", name=f"{name}")
        for name in ("First page", "Previous page", "Next page", "Last page")
    )
    expect(page.get_by_role("heading", name="Customers 60 records", level=1)).to_be_visible()
    expect(page.get_by_text("25 of 60 customers")).to_be_visible()
    expect(names(page).first).to_have_text("Customer 59")
    axe(page)
    for link in (first, before):
        expect(link).to_have_count(0)
    after.click()
    expect(names(page).first).to_have_text("Customer 34")
    last.click()
    expect(names(page).last).to_have_text("Customer 00")
    for link in (after, last):
        expect(link).to_have_count(0)
    before.click()
    expect(names(page).last).to_have_text("Customer 25")
    first.click()
    expect(names(page).first).to_have_text("Customer 59")
    expect(page.get_by_label("Search customers")).to_have_value("customer")
    after.click()
    page.get_by_role("navigation", name="Rows on a page").get_by_role("link", name="50 rows").click()
    expect(names(page)).to_have_count(35)
    expect(names(page).first).to_have_text("Customer 34")


def test_the_exact_number_comes_after_the_page(page, sixty, monkeypatch):
    monkeypatch.setattr(counting, "COUNTED", 40)
    page.goto("/customers/?size=25")
    expect(page.get_by_role("heading", name="Customers 60 records", level=1)).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="25 of 60 customers")).to_be_visible()


def test_the_number_stays_rough_without_javascript(plain_page, sixty, monkeypatch):
    monkeypatch.setattr(counting, "COUNTED", 40)
    plain_page.goto("/customers/?size=25")
    expect(plain_page.get_by_text("25 of more than 40 customers")).to_be_visible()


def test_keys(page):
    customer = CustomerFactory(name="Acme")
    page.goto("/customers/?q=acme")
    page.keyboard.press("?")
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(shortcuts).to_be_visible()
    page.keyboard.press("n")
    expect(shortcuts).to_be_visible()
    page.keyboard.press("Escape")
    expect(shortcuts).to_be_hidden()
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Add Customer", level=1)).to_be_visible()
    page.goto(customer.get_absolute_url())
    page.keyboard.press("e")
    expect(page.get_by_role("heading", name="Edit Acme", level=1)).to_be_visible()


def test_the_menu_offers_the_shortcuts(page):
    page.goto("/customers/")
    page.get_by_role("button", name="Account: manager").click()
    page.get_by_role("button", name="Keyboard shortcuts").click()
    shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(page.get_by_role("button", name="Log out")).to_be_hidden()
    shortcuts.get_by_role("button", name="Close").click()
    expect(shortcuts).to_be_hidden()


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_the_theme_stays(page):
    page.goto("/customers/")
    light = background(page)
    page.get_by_role("button", name="Account: manager").click()
    themes = page.get_by_role("group", name="Theme")
    expect(themes.get_by_role("button", name="Auto")).to_have_attribute("aria-pressed", "true")
    themes.get_by_role("button", name="Dark").click()
    expect(themes.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    dark = background(page)
    assert dark != light
    page.goto("/customers/add/")
    assert background(page) == dark
    page.get_by_role("button", name="Account: manager").click()
    themes.get_by_role("button", name="Auto").click()
    assert background(page) == light
    page.emulate_media(color_scheme="dark")
    assert background(page) == dark


def test_times_are_told_in_the_zone_of_the_viewer(page):
    customer = CustomerFactory()
    Customer.objects.update(created="2026-01-05T11:30:00Z")
    page.goto(customer.get_absolute_url())
    created = page.locator("dl.facts div", has=page.get_by_text("Created", exact=True)).locator("time")
    expect(created).to_have_attribute("title", re.compile("5 January 2026|January 5, 2026"))
    expect(created).to_have_attribute("title", re.compile("12:30:00"))
    expect(created).to_have_text(re.compile("ago|last|yesterday|in "))


def test_nothing_is_offered_that_is_not_allowed(browse, viewer):
    page = browse(viewer)
    customer = CustomerFactory(name="Acme")
    page.goto("/customers/")
    expect(names(page)).to_have_text(["Acme"])
    expect(page.locator("main").get_by_role("checkbox")).to_have_count(0)
    for verb in "Add Customer", "Edit", "Delete", "Disable":
        expect(page.get_by_role("link", name=verb)).to_have_count(0)
    expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="History")).to_have_count(0)
    page.keyboard.press("n")
    page.goto(customer.get_absolute_url())
    page.keyboard.press("e")
    for verb in "Edit", "Delete", "Disable", "Associate":
        expect(page.get_by_role("link", name=verb)).to_have_count(0)
    expect(page).to_have_url(customer.get_absolute_url())


def test_a_failed_request_says_so(page, watch):
    watch.excused += ["Failed to load resource: net::ERR_FAILED", r"htmx:\w+, .+"]
    page.goto("/customers/add/")
    page.get_by_label("Name*", exact=True).fill("Acme")
    page.route("**/customers/add/", lambda route: route.abort())
    page.get_by_role("button", name="Add Contact").click()
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    page.get_by_role("button", name="Dismiss this message").click()
    expect(page.get_by_text("The server cannot be reached.")).to_be_hidden()
    expect(page.get_by_label("Name*", exact=True)).to_have_value("Acme")

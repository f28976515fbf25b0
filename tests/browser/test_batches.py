"""All matching in Chromium: the offer, the plan, progress over a reload, stop, resume, report."""

import threading
import time

import pytest
from playwright.sync_api import expect

from customers.models import Customer
from ems_site.audit.models import Entry
from ems_site.lists import running
from ems_site.lists.actions import batches
from ems_site.lists.models import Batch
from tests.conftest import allowed
from tests.factories import CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser

NARROW = {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def parts(monkeypatch, live_server):
    """Lets so many parts of ten be done: parts(2). The database is emptied when nobody works any more."""
    monkeypatch.setattr(batches, "PART", 10)
    monkeypatch.setattr(running, "PAUSE", 0)
    gate, do_part = threading.Semaphore(0), batches.do_part

    def when_let(batch, verbs):
        assert gate.acquire(timeout=60)
        return do_part(batch, verbs)

    monkeypatch.setattr(batches, "do_part", when_let)
    yield gate.release
    gate.release(1_000)
    for _ in range(600):
        if running._thread is None:
            return
        time.sleep(0.05)
    raise AssertionError("A batch does not end.")


@pytest.fixture
def many(db):
    """61 enabled customers, one with an entitlement, and one that is disabled."""
    customers = [CustomerFactory(name=f"Customer {number:02}") for number in range(61)]
    CustomerFactory(name="Customer off", status="disabled")
    EntitlementFactory(customer=customers[7])
    return customers


def choose_all(page, number):
    page.get_by_label("Select all customers on this page").check()
    bar = page.locator("[data-bulk-bar]")
    expect(bar.get_by_role("status")).to_have_text("50 selected")
    bar.get_by_role("button", name=f"Select all {number} matching").click()
    expect(bar.get_by_role("status")).to_have_text(f"All {number} matching selected")
    return bar


def test_disable_all_with_a_reload_half_way(page, many, parts, axe):
    page.goto("/customers/")
    bar = choose_all(page, 62)
    expect(bar.get_by_role("button", name="Enable all matching")).to_be_focused()
    bar.get_by_role("button", name="Disable all matching").click()
    expect(page.get_by_role("heading", name="Disable 61 of the 62 customers that match?")).to_be_visible()
    expect(page.get_by_text("Is disabled already")).to_be_visible()
    axe(page)
    page.get_by_label("Reason").fill("Clean-up")
    page.get_by_role("button", name="Disable 61 customers").click()
    expect(page.get_by_role("heading", name="Disabling 62 customers")).to_be_visible()
    progress = page.get_by_role("progressbar", name="Disabling 62 customers")
    expect(progress).to_have_js_property("value", 0)
    parts(3)
    expect(progress).to_have_js_property("value", 30)
    expect(page.get_by_text("30 disabled 0 left out 32 to go")).to_be_visible()
    expect(page.locator("#announcer")).to_have_text("Disabling 62 customers: 48 %")
    axe(page)
    page.reload()
    expect(progress).to_have_js_property("value", 30)
    page.get_by_role("link", name="To the list").click()
    expect(page.get_by_role("table")).to_be_visible()
    page.go_back()
    parts(1)
    expect(progress).to_have_js_property("value", 40)
    parts(4)
    expect(page.get_by_role("heading", name="61 of 62 customers disabled")).to_be_visible()
    expect(page.get_by_text("1 left out: Is disabled already")).to_be_visible()
    expect(page.get_by_role("link", name="Customer off")).to_be_visible()
    axe(page)
    page.get_by_role("link", name="Back to the list").click()
    expect(page).to_have_title("Customers · EMS Customers")
    assert not Customer.objects.enabled().exists()
    assert Entry.objects.filter(code="customer.disabled", comment="Clean-up").count() == 61


def test_stop_and_resume(page, many, parts):
    page.goto("/customers/?q=customer")
    choose_all(page, 62).get_by_role("button", name="Disable all matching").click()
    expect(page.get_by_text("Any attribute: customer")).to_be_visible()
    page.get_by_role("button", name="Disable 61 customers").click()
    parts(2)
    expect(page.get_by_role("progressbar")).to_have_js_property("value", 20)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Disabling 62 customers was stopped")).to_be_visible()
    parts(2)
    assert Customer.objects.disabled().count() == 21
    parts(20)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("heading", name="61 of 62 customers disabled")).to_be_visible()
    assert Customer.objects.disabled().count() == 62


def test_the_offer_goes_with_the_ticks(page, many):
    page.goto("/customers/")
    bar = choose_all(page, 62)
    page.locator("tbody").get_by_role("checkbox").first.uncheck()
    expect(bar.get_by_role("status")).to_have_text("49 selected")
    expect(bar.get_by_role("button", name="Select all")).to_be_hidden()
    bar.get_by_role("button", name="Disable").click()
    expect(page.get_by_role("dialog", name="Disable 49 customers?")).to_be_visible()


def test_one_page_has_no_offer(page):
    CustomerFactory.create_batch(3)
    page.goto("/customers/")
    page.get_by_label("Select all customers on this page").check()
    bar = page.locator("[data-bulk-bar]")
    expect(bar.get_by_role("status")).to_have_text("3 selected")
    expect(bar.get_by_role("button", name="Select all")).to_have_count(0)


def test_without_javascript(browse, manager, many, parts):
    manager.user_permissions.add(*allowed("customers.export_customer"))
    page = browse(manager, java_script_enabled=False)
    page.goto("/customers/")
    page.locator("[data-bulk-bar]").get_by_role("button", name="Delete all matching").click()
    expect(page.get_by_role("heading", name="Delete 61 of the 62 customers that match?")).to_be_visible()
    page.get_by_role("button", name="Delete 61 customers").click()
    expect(page.get_by_role("heading", name="Deleting 62 customers")).to_be_visible()
    parts(20)
    for _ in range(100):
        if not page.get_by_role("progressbar").count():
            break
        page.get_by_role("link", name="Refresh").click()
        time.sleep(0.2)
    expect(page.get_by_role("heading", name="61 of 62 customers deleted")).to_be_visible()
    expect(page.get_by_text("1 left out: Has entitlements")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="All left out as CSV").click()
    assert download.value.suggested_filename == "customers-not-deleted.csv"
    assert Customer.objects.count() == 1


def test_on_a_narrow_screen(browse, manager, many, parts, fits, axe):
    page = browse(manager, viewport=NARROW)
    page.goto("/customers/")
    bar = page.locator("[data-bulk-bar]")
    page.locator("[data-select-row]").first.check()
    bar.get_by_role("button", name="Select all 62 matching").click()
    expect(bar.get_by_role("status")).to_have_text("All 62 matching selected")
    expect(page.locator("[data-select-row]:not(:checked)")).to_have_count(0)
    fits(page)
    bar.get_by_role("button", name="Disable all matching").click()
    fits(page)
    page.get_by_role("button", name="Disable 61 customers").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    fits(page)
    axe(page)
    parts(20)
    expect(page.get_by_role("heading", name="61 of 62 customers disabled")).to_be_visible()
    fits(page)
    assert Batch.objects.get().status == "finished"

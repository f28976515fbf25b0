"""Results that follow what is typed: the address bar keeps up, Back works, the caret stays where it is."""

import re
import threading

import pytest
from playwright.sync_api import expect

from customers.listing import CustomerList
from customers.models import Customer
from ems_site.lists import counting
from ems_site.lists.time_limits import TooSlow
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser

TOO_SLOW = r"Failed to load resource: the server responded with a status of 503 \([\w ]+\)"


def names(page):
    return page.locator("tbody th[scope=row] a.row-name")


def caret(page):
    return page.evaluate("[document.activeElement.id, document.activeElement.selectionStart]")


@pytest.fixture
def three(db):
    CustomerFactory(name="Café Zürich", external_id="N-1", people=[ContactFactory(email="anna@example.com")])
    CustomerFactory(name="Cafeteria", external_id="N-2")
    CustomerFactory(name="Other", crm_id="cafe", external_id="S-1")


@pytest.fixture
def ready(page, three):
    """The Customers page with its scripts run."""
    page.goto("/customers/")
    page.wait_for_load_state("load")
    return page


def test_results_follow_what_is_typed(ready, axe):
    page = ready
    search = page.get_by_label("Search customers")
    search.press_sequentially("CAFÉ", delay=30)
    expect(page).to_have_url("/customers/?q=CAF%C3%89")
    expect(names(page)).to_have_text(["Café Zürich", "Cafeteria", "Other"])
    expect(page.get_by_role("heading", name="Customers 3 records", level=1)).to_be_visible()
    search.press_sequentially(" z", delay=30)
    expect(names(page)).to_have_text(["Café Zürich"])
    expect(page).to_have_url("/customers/?q=CAF%C3%89+z")
    expect(page.get_by_role("heading", name="Customers 1 record", level=1)).to_be_visible()
    assert caret(page) == ["id_q", 6]
    expect(page.locator("#announcer")).to_have_text("1 customer")
    search.press("Home")
    search.press_sequentially("x")
    expect(page.get_by_role("heading", name="No customer matches")).to_be_visible()
    assert caret(page) == ["id_q", 1]
    expect(page.locator("#announcer")).to_have_text("No customer matches")
    axe(page)


def test_back_and_forward(ready):
    page, before = ready, ready.evaluate("history.length")
    search = page.get_by_label("Search customers")
    search.press_sequentially("cafe", delay=30)
    expect(page).to_have_url("/customers/?q=cafe")
    search.press_sequentially("t", delay=30)
    expect(names(page)).to_have_text(["Cafeteria"])
    page.get_by_label("Search in").select_option("Name")
    expect(page).to_have_url("/customers/?q=cafet&in=name")
    assert page.evaluate("history.length") == before + 3
    for address, value, shown in [
        ("?q=cafet", "cafet", 1),
        ("?q=cafe", "cafe", 3),
        ("", "", 3),
    ]:
        page.go_back()
        expect(page).to_have_url(f"/customers/{address}")
        expect(names(page)).to_have_count(shown)
        expect(search).to_have_value(value)
        expect(page.get_by_label("Search in")).to_have_value("")
    page.go_forward()
    expect(search).to_have_value("cafe")
    page.wait_for_load_state("load")
    search.press("End")
    search.press_sequentially("teria", delay=30)
    expect(names(page)).to_have_text(["Cafeteria"])


def test_back_from_a_record_leads_to_the_results(ready):
    page = ready
    page.get_by_label("Search customers").press_sequentially("cafet", delay=30)
    expect(names(page)).to_have_text(["Cafeteria"])
    names(page).click()
    expect(page.get_by_role("heading", name="Cafeteria", level=1)).to_be_visible()
    page.go_back()
    expect(names(page)).to_have_text(["Cafeteria"])
    expect(page.get_by_label("Search customers")).to_have_value("cafet")


def test_enter_asks_at_once_and_keeps_the_rest(page, three):
    page.goto("/customers/?sort=-name&columns=name,status&size=25&and=any.any.cafe")
    page.wait_for_load_state("load")
    search = page.get_by_label("Search customers")
    search.fill("n-")
    search.press("Enter")
    rest = "and=any.any.cafe&sort=-name&columns=name%2Cstatus&size=25"
    expect(page).to_have_url(f"/customers/?q=n-&{rest}")
    expect(names(page)).to_have_text(["Cafeteria", "Café Zürich"])
    before = page.evaluate("history.length")
    search.press("Enter")
    page.wait_for_timeout(600)
    assert page.evaluate("history.length") == before
    assert caret(page)[0] == "id_q"


def test_another_criterion_by_keyboard(ready):
    page = ready
    search = page.get_by_label("Search customers")
    search.press_sequentially("cafe", delay=30)
    search.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url("/customers/?and=any.any.cafe")
    expect(search).to_be_focused()
    expect(search).to_have_value("")
    page.get_by_label("Search in").select_option("External ID")
    page.get_by_label("Match", exact=True).select_option("Exact")
    search.press_sequentially("s-1")
    expect(names(page)).to_have_text(["Other"])
    chips = page.get_by_role("group", name="Active filters").locator(".chip")
    expect(chips).to_have_text(["Any attribute: cafe", "External ID is: s-1"])
    page.get_by_role("link", name="Remove the filter Any attribute: cafe").click()
    expect(page).to_have_url("/customers/?q=s-1&in=external_id&how=exact")
    expect(names(page)).to_have_text(["Other"])


def test_an_older_answer_never_replaces_a_newer_one(ready, monkeypatch):
    page, held, asked = ready, threading.Event(), CustomerList.narrow

    def narrow(self, records, **how):
        if self.text == "cafe":
            held.wait(10)
        return asked(self, records, **how)

    monkeypatch.setattr(CustomerList, "narrow", narrow)
    search = page.get_by_label("Search customers")
    with page.expect_request(re.compile("q=cafe$")):
        search.press_sequentially("cafe", delay=30)
    search.press_sequentially("teria", delay=30)
    expect(names(page)).to_have_text(["Cafeteria"])
    held.set()
    page.wait_for_timeout(500)
    expect(names(page)).to_have_text(["Cafeteria"])
    expect(page).to_have_url("/customers/?q=cafeteria")


def test_what_is_swapped_in_works(ready):
    page = ready
    page.get_by_label("Search customers").press_sequentially("cafeteria", delay=30)
    expect(names(page)).to_have_text(["Cafeteria"])
    expect(page.locator("tbody time").first).to_have_text(re.compile("now|ago"))
    bar = page.locator("[data-bulk-bar]")
    expect(bar).to_be_hidden()
    page.get_by_label("Select Cafeteria").check()
    expect(bar).to_contain_text("1 selected")
    bar.get_by_role("button", name="Disable").click()
    dialog = page.get_by_role("dialog", name="Disable")
    dialog.get_by_role("button", name="Disable 1 customer").click()
    expect(page.locator(".message")).to_contain_text("disabled.")
    expect(page).to_have_url("/customers/?q=cafeteria")
    expect(names(page)).to_have_text(["Cafeteria"])
    assert not Customer.objects.get(name="Cafeteria").is_enabled()


def test_a_search_that_takes_too_long(ready, watch, monkeypatch):
    def too_slow(self, records, **how):
        raise TooSlow

    page, narrow = ready, CustomerList.narrow
    watch.excused.append(TOO_SLOW)
    monkeypatch.setattr(CustomerList, "narrow", too_slow)
    search = page.get_by_label("Search customers")
    search.press_sequentially("caf", delay=30)
    expect(page.get_by_role("heading", name="This takes too long")).to_be_visible()
    expect(page.get_by_text("Something went wrong")).to_have_count(0)
    expect(page).to_have_url("/customers/")
    monkeypatch.setattr(CustomerList, "narrow", narrow)
    search.press_sequentially("eteria", delay=30)
    expect(names(page)).to_have_text(["Cafeteria"])


def test_the_exact_number_follows_the_results(ready, monkeypatch):
    monkeypatch.setattr(counting, "COUNTED", 1)
    page = ready
    page.get_by_label("Search customers").press_sequentially("n-", delay=30)
    expect(names(page)).to_have_count(2)
    expect(page.get_by_role("heading", name="Customers 2 records", level=1)).to_be_visible()


def test_dates_that_cannot_be_read(ready, axe):
    page = ready
    page.get_by_text("More filters").click()
    day = page.get_by_role("group", name="Created").get_by_label("from")
    day.fill("0001-01-01")
    expect(page.get_by_text("Created from: “0001-01-01” was left out.")).to_be_visible()
    expect(day).to_have_attribute("aria-invalid", "true")
    expect(names(page)).to_have_count(3)
    axe(page)
    day.fill("2000-01-01")
    expect(page).to_have_url("/customers/?created_from=2000-01-01")
    expect(day).not_to_have_attribute("aria-invalid", "true")
    expect(page.get_by_text("was left out")).to_have_count(0)


def test_filters_of_entitlements_follow(browse, licenser):
    page = browse(licenser)
    acme = EntitlementFactory(customer=CustomerFactory(name="Acme", customer_id="A-1"))
    EntitlementFactory(state="complete", products=[{}])
    page.goto("/entitlements/")
    page.wait_for_load_state("load")
    page.get_by_text("More filters").click()
    page.get_by_label("Customer ID", exact=True).press_sequentially("a-1", delay=30)
    expect(names(page)).to_have_text([acme.eid])
    expect(page).to_have_url("/entitlements/?customer=A-1")
    add = page.get_by_role("link", name="Add Entitlement")
    expect(add).to_have_attribute("href", f"/entitlements/add/?customer={acme.customer.pk}")
    page.get_by_label("State", exact=True).select_option("Complete")
    expect(page.get_by_role("heading", name="No entitlement matches")).to_be_visible()
    page.get_by_label("Customer ID", exact=True).fill("")
    expect(names(page)).to_have_count(1)
    expect(add).to_have_attribute("href", "/entitlements/add/")


def test_a_session_that_ended_says_so(ready, watch):
    watch.excused.append(r"Failed to load resource: the server responded with a status of 401 \([\w ]+\)")
    watch.excused.append(r"Response Status Error Code 401 from .+")
    page = ready
    page.context.clear_cookies()
    page.get_by_label("Search customers").press_sequentially("cafe", delay=30)
    expect(page.get_by_text("Your session has ended.")).to_be_visible()
    expect(page.get_by_label("Search customers")).to_have_value("cafe")

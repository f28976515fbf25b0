"""The search over everything, by keyboard alone, while one types."""

import re
from contextlib import suppress

import pytest
from playwright.sync_api import Error, expect

from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def acme(db):
    anna = ContactFactory(email="anna@acme.example", name="Anna")
    customer = CustomerFactory(name="Acme & <b>Ltd</b>", customer_id="C-7", people=[anna])
    for number in range(6):
        CustomerFactory(name=f"Acme {number}", customer_id=f"X-{number}")
    return EntitlementFactory(customer=customer, contact=anna, state="complete")


def visit(page, path):
    """Keys mean something once the scripts have run."""
    page.goto(path)
    page.wait_for_load_state("load")


def dialog_of(page):
    return page.get_by_role("dialog", name="Search everything")


def field_of(page):
    return dialog_of(page).get_by_role("combobox")


def options(page):
    return dialog_of(page).get_by_role("option")


def active(page):
    return dialog_of(page).locator("[role=option][aria-selected=true]")


def ask(page, text):
    page.keyboard.press("/")
    expect(field_of(page)).to_be_focused()
    page.keyboard.type(text)


def test_by_keyboard_alone(page, acme):
    visit(page, "/customers/")
    ask(page, "acme")
    field = field_of(page)
    expect(options(page)).to_have_count(5 + 1 + 1 + 1)
    expect(field).to_have_attribute("aria-expanded", "true")
    groups = dialog_of(page).get_by_role("group")
    assert [group.get_attribute("aria-label") for group in groups.all()] == [
        "Customers",
        "Contacts",
        "Entitlements",
    ]
    expect(active(page)).to_have_text("Acme & <b>Ltd</b>C-7")
    expect(field).to_have_attribute("aria-activedescendant", active(page).get_attribute("id"))
    for key, text in [
        ("ArrowDown", "Acme 0X-0"),
        ("ArrowUp", "Acme & <b>Ltd</b>C-7"),
        ("ArrowUp", re.compile(acme.eid)),
        ("ArrowDown", "Acme & <b>Ltd</b>C-7"),
        ("End", re.compile(acme.eid)),
        ("Home", "Acme & <b>Ltd</b>C-7"),
    ]:
        page.keyboard.press(key)
        expect(active(page)).to_have_count(1)
        expect(active(page)).to_have_text(text)
        expect(field).to_have_attribute("aria-activedescendant", active(page).get_attribute("id"))
    expect(field).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Acme & <b>Ltd</b>", level=1)).to_be_visible()


def test_to_all_of_a_kind(page, acme):
    visit(page, "/customers/")
    ask(page, "acme")
    dialog_of(page).get_by_role("option", name="All 7 customers with “acme”").click()
    expect(page).to_have_url(re.compile(r"/customers/\?q=acme$"))


def test_it_opens_while_one_types_elsewhere_and_gives_the_focus_back(page, acme):
    visit(page, "/customers/add/")
    name = page.get_by_label("Name*", exact=True)
    name.fill("typed")
    page.keyboard.press("Control+k")
    expect(field_of(page)).to_be_focused()
    page.keyboard.type("n/?")
    expect(field_of(page)).to_have_value("n/?")
    page.keyboard.press("Escape")
    expect(dialog_of(page)).to_be_hidden()
    expect(name).to_be_focused()
    expect(name).to_have_value("typed")
    page.keyboard.type("/")
    expect(name).to_have_value("typed/")
    name.fill("")


def test_the_button_opens_it_and_the_cross_closes_it(page, acme):
    visit(page, "/customers/")
    opener = page.get_by_role("button", name="Search everything")
    opener.click()
    expect(field_of(page)).to_be_focused()
    page.keyboard.type("anna@acme.example")
    expect(active(page)).to_have_text("Annaanna@acme.example")
    dialog_of(page).get_by_role("button", name="Close").click()
    expect(dialog_of(page)).to_be_hidden()
    expect(opener).to_be_focused()
    # The next time it is there as it was left, and typing replaces it.
    opener.click()
    expect(field_of(page)).to_have_value("anna@acme.example")
    expect(active(page)).to_have_text("Annaanna@acme.example")
    page.keyboard.type("x")
    expect(field_of(page)).to_have_value("x")


def test_it_does_not_open_over_another_dialog(page, acme):
    visit(page, acme.customer.get_absolute_url())
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_contain_text("Search everything")
    page.keyboard.press("Control+k")
    page.keyboard.press("/")
    expect(dialog_of(page)).to_be_hidden()


def test_one_request_for_what_is_typed_at_once(page, acme):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "/search/" in request.url else None)
    visit(page, "/customers/")
    ask(page, "")
    # Sign by sign, and without a pause however busy the machine is.
    page.evaluate("[...'acme'].forEach((sign) => document.execCommand('insertText', false, sign))")
    expect(options(page)).to_have_count(8)
    assert len(asked) == 1
    # Blanks around it ask for nothing new.
    page.keyboard.type("  ")
    page.wait_for_timeout(400)
    assert len(asked) == 1


def test_an_older_answer_never_replaces_a_newer(page, acme):
    waiting = []

    def hold_the_first(route):
        if "q=acme+5" in route.request.url:
            route.continue_()
        else:
            waiting.append(route)

    page.route("**/search/?q=*", hold_the_first)
    visit(page, "/customers/")
    with page.expect_request("**/search/?q=acme&*"):
        ask(page, "acme")
    page.keyboard.type(" 5")
    expect(options(page)).to_have_count(1)
    assert waiting
    for route in waiting:
        # The browser may have given the request up already, which is as good.
        with suppress(Error):
            route.continue_()
    page.wait_for_timeout(400)
    expect(options(page)).to_have_count(1)
    expect(active(page)).to_have_text("Acme 5X-5")


def test_enter_before_the_answer_leads_to_the_page(page, acme):
    visit(page, "/customers/")
    page.route("**/search/?q=*part=1*", lambda route: None)
    ask(page, "acme 3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search/\?q=acme\+3$"))
    expect(page.get_by_role("heading", name="Search", level=1)).to_be_visible()
    page.get_by_role("main").get_by_role("link", name="Acme 3").click()
    expect(page.get_by_role("heading", name="Acme 3", level=1)).to_be_visible()


def test_nothing_found_is_said(page, acme):
    visit(page, "/customers/")
    ask(page, "nobody")
    dialog = dialog_of(page)
    expect(dialog).to_contain_text("Nothing with “nobody”.")
    expect(dialog.get_by_role("status")).to_have_text("Nothing found")
    expect(field_of(page)).to_have_attribute("aria-expanded", "false")
    field_of(page).fill("acme")
    expect(dialog.get_by_role("status")).to_have_text("7 customers, 1 contact, 1 entitlement")
    field_of(page).fill("")
    expect(dialog).to_contain_text("Type a part of a name, an ID or an e-mail.")
    expect(options(page)).to_have_count(0)
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "The server cannot be reached."),
        (401, "Your session has ended."),
        (503, "This takes too long."),
        (500, "Something went wrong on the server."),
    ],
)
def test_what_goes_wrong_is_said_and_typing_on_tries_again(page, acme, watch, status, words):
    watch.excused += [r"Failed to load resource: .*"]

    def fail(route):
        if status:
            route.fulfill(status=status, body="<p>no</p>")
        else:
            route.abort()

    visit(page, "/customers/")
    page.route("**/search/?q=*", fail)
    ask(page, "acm")
    expect(dialog_of(page)).to_contain_text(words)
    expect(dialog_of(page).get_by_role("status")).to_contain_text(words)
    page.unroute("**/search/?q=*", fail)
    page.keyboard.type("e")
    expect(options(page)).to_have_count(8)


def test_an_ended_session_is_told(page, acme, manager, watch):
    watch.excused += [r"Failed to load resource: .*401.*"]
    visit(page, "/customers/")
    manager.sessions.all().delete()
    ask(page, "acme")
    expect(dialog_of(page)).to_contain_text("Your session has ended.")


def test_without_scripts_the_top_bar_leads_to_the_page(plain_page, acme):
    plain_page.goto("/customers/")
    field = plain_page.get_by_role("banner").get_by_label("Search everything")
    field.fill("acme 3")
    field.press("Enter")
    expect(plain_page).to_have_url(re.compile(r"/search/\?q=acme\+3$"))
    plain_page.get_by_role("main").get_by_role("link", name="Acme 3").click()
    expect(plain_page.get_by_role("heading", name="Acme 3", level=1)).to_be_visible()


def test_who_may_see_nothing_has_no_search(browse, clerk):
    page = browse(clerk)
    visit(page, "/password-change/")
    page.keyboard.press("Control+k")
    page.keyboard.press("/")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Search everything")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_accessible_in_both_themes(page, axe, fits, acme, width):
    page.set_viewport_size({"width": width, "height": 844})
    visit(page, "/customers/")
    page.get_by_role("button", name="Search everything").click()
    axe(page)
    page.keyboard.type("acme")
    expect(options(page)).to_have_count(8)
    page.keyboard.press("ArrowDown")
    axe(page)
    fits(page)
    field_of(page).fill("nobody")
    expect(dialog_of(page)).to_contain_text("Nothing with")
    axe(page)


@pytest.mark.parametrize("query", ["", "?q=acme", "?q=nobody"])
def test_the_page_is_accessible_in_both_themes(page, axe, fits, acme, query):
    visit(page, f"/search/{query}")
    axe(page)
    page.set_viewport_size({"width": 390, "height": 844})
    fits(page)

"""The staff's pages of entitlements: drafts with and without JavaScript, by keyboard, verbs and filters."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from customers.models import Customer
from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.models import Entitlement, ProductKey
from tests.factories import ActivationFactory, ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser

SUITE = {"product": "Suite", "product_version": "2.0", "quantity": 5}


@pytest.fixture
def page(browse, licenser):
    return browse(licenser)


@pytest.fixture
def plain_page(browse, licenser):
    """Without JavaScript."""
    return browse(licenser, java_script_enabled=False)


@pytest.fixture
def anna(db):
    return ContactFactory(name="Anna", email="anna@example.com")


@pytest.fixture
def acme(anna):
    """With Anna and Ben; not the only customer whose name begins so."""
    CustomerFactory(name="Acme Asia", customer_id="C-9")
    people = [anna, ContactFactory(name="Ben")]
    return CustomerFactory(name="Acme Ltd", customer_id="C-1", time_zone="Europe/Berlin", people=people)


def row(page, entitlement):
    return page.locator("tbody tr", has_text=str(entitlement))


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def lines():
    return list(ProductKey.objects.order_by("pk").values_list("product", "product_version", "quantity"))


def state_of(entitlement):
    return Entitlement.objects.get(pk=entitlement.pk).state


# The form


def fill_line(page, number, product, quantity):
    page.get_by_label(f"Product of line {number}").fill(product)
    page.get_by_label(f"Quantity of line {number}").fill(quantity)


def test_the_form_without_javascript(plain_page, acme):
    page = plain_page
    page.goto("/entitlements/")
    page.get_by_role("link", name="Add Entitlement").first.click()
    page.get_by_label("Start date*", exact=True).fill("2026-03-01")
    page.get_by_label("Ref ID 1").fill("R-1")
    fill_line(page, 1, "Suite", "5")
    page.get_by_label("Find a customer").fill("acme l")
    press(page.get_by_role("region", name="Customer", exact=True), "Find")
    press(page, "Choose Acme Ltd (C-1)")
    page.get_by_label("Find a contact").fill("ann")
    press(page.get_by_role("region", name="Contact", exact=True), "Find")
    press(page, "Choose Anna <anna@example.com>")
    press(page, "Add product")
    fill_line(page, 2, "Mistake", "1")
    press(page, "Add product")
    fill_line(page, 3, "Tool", "no number")
    page.get_by_label("Never expires, line 3").check()
    press(page, "Remove line 2 (Mistake)")
    expect(page.get_by_label("Product of line 2")).to_have_value("Tool")
    expect(page.get_by_label("Never expires, line 2")).to_be_checked()
    press(page, "Save draft")

    expect(page.get_by_role("alert")).to_contain_text("The draft was not saved.")
    expect(page.get_by_role("alert")).to_contain_text("Line 2 (Tool): Quantity")
    expect(page.get_by_role("alert")).to_contain_text("Give an end date, or tick “Never expires”.")
    expect(page.get_by_text("Acme Ltd", exact=True)).to_be_visible()
    page.get_by_label("Quantity of line 2").fill("7")
    page.get_by_label("Never expires", exact=True).check()
    press(page, "Save draft")
    draft = Entitlement.objects.get()
    expect(page.locator("#messages")).to_contain_text(f"{draft} added.")
    assert [draft.customer, draft.contact.name, draft.ref_id1] == [acme, "Anna", "R-1"]
    assert lines() == [("Suite", "", 5), ("Tool", "", 7)]

    page.get_by_role("link", name="Edit", exact=True).click()
    press(page, "Remove line 1 (Suite)")
    press(page, "Save and go to complete")
    expect(page.get_by_role("heading", name=f"Complete {draft}?")).to_be_visible()
    expect(page.get_by_role("row", name="Tool 7")).to_contain_text("1 Mar 2026 – never expires")
    press(page, "Complete entitlement")
    expect(page.locator("#messages")).to_contain_text(f"{draft} completed.")
    assert lines() == [("Tool", "", 7)]
    key = ProductKey.objects.get()
    assert [key.time_zone, key.valid_until] == ["Europe/Berlin", None]
    assert key.valid_from == datetime(2026, 2, 28, 23, tzinfo=UTC)


def tab_to(page, target, *, key="Tab"):
    """Presses it until this has the focus, and not for ever."""
    for _ in range(60):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press(key)
    pytest.fail(f"The focus never came to {target}")


def button(page, name):
    return page.get_by_role("button", name=name, exact=True)


def test_by_keyboard_alone(page, acme):
    """From the list to a completed entitlement; after each swap the focus is where one goes on."""
    page.goto("/entitlements/")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="Add Entitlement", level=1)).to_be_visible()
    expect(page.get_by_label("Find a customer")).to_be_focused()
    page.keyboard.type("acme l")
    expect(page.get_by_text("1 customer matches")).to_be_visible()
    expect(page.get_by_label("Find a customer")).to_be_focused()
    tab_to(page, button(page, "Choose Acme Ltd (C-1)"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Find a contact")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Acme Ltd (C-1) chosen.")
    page.keyboard.type("ann")
    expect(page.get_by_text("1 contact matches")).to_be_visible()
    tab_to(page, button(page, "Choose Anna <anna@example.com>"))
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="Contact", exact=True)).to_be_focused()

    start = page.get_by_label("Start date*", exact=True)
    tab_to(page, start)
    # Whichever of day and month the browser asks first.
    page.keyboard.type("03032026")
    expect(start).to_have_value("2026-03-03")
    tab_to(page, page.get_by_label("Never expires", exact=True))
    page.keyboard.press("Space")
    expect(page.get_by_label("End date", exact=True)).to_be_disabled()
    tab_to(page, page.get_by_label("Product of line 1"))
    for text in "Suite", "2.0":
        page.keyboard.type(text)
        page.keyboard.press("Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("5")
    tab_to(page, button(page, "Add product"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Product of line 2")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Line 2 added.")
    page.keyboard.type("Mistake")
    tab_to(page, button(page, "Remove line 2"))
    page.keyboard.press("Space")
    expect(page.get_by_role("heading", name="Products", exact=True)).to_be_focused()
    expect(page.locator("#announcer")).to_contain_text("Line 2 removed.")
    tab_to(page, button(page, "Save and go to complete"))
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="Complete ", level=1)).to_be_visible()
    tab_to(page, page.get_by_label("Reason"))
    page.keyboard.type("Order 4711")
    tab_to(page, button(page, "Complete entitlement"))
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("completed.")
    entitlement = Entitlement.objects.get()
    assert [entitlement.state, entitlement.customer, entitlement.contact.name] == ["complete", acme, "Anna"]
    assert [entitlement.start_date, entitlement.end_date] == [date(2026, 3, 3), None]
    assert lines() == [("Suite", "2.0", 5)]
    assert Entry.objects.get(code="entitlement.completed").comment == "Order 4711"


def test_windows_follow_the_dates_and_the_customer(page, acme):
    page.goto("/entitlements/add/")
    fill_line(page, 1, "Suite", "5")
    window = page.locator("#window-0")
    expect(window).to_have_text("Follows from the dates")
    page.get_by_label("Start date*", exact=True).fill("2026-03-01")
    page.get_by_label("End date", exact=True).fill("2026-03-31")
    page.get_by_label("Ref ID 1").focus()
    expect(window).to_contain_text("1 Mar 2026 – 31 Mar 2026")
    expect(window.locator("summary")).to_contain_text("UTC")
    page.get_by_label("End date of line 1").fill("2026-02-01")
    page.get_by_label("Product of line 1").focus()
    expect(window).to_contain_text("before")
    page.get_by_label("End date of line 1").fill("2026-12-31")
    page.get_by_label("Product of line 1").focus()
    expect(window).to_contain_text("1 Mar 2026 – 31 Dec 2026")
    press(page, "Choose Acme Ltd (C-1)")
    expect(window.locator("summary")).to_contain_text("Europe/Berlin")
    expect(page.get_by_label("Product of line 1")).to_have_value("Suite")
    assert not Entitlement.objects.exists()


def test_what_is_typed_while_a_pane_is_on_its_way_is_not_lost(page, acme):
    held = []
    page.goto("/entitlements/add/")
    page.route("**/entitlements/add/", lambda route: held.append(route))
    with page.expect_request("**/entitlements/add/"):
        press(page, "Choose Acme Ltd (C-1)")
    product = page.get_by_label("Product of line 1")
    if product.is_enabled():
        product.focus()
        page.keyboard.type("Suite")
    typed = product.input_value()
    held[0].continue_()
    expect(page.get_by_label("Find a contact")).to_be_visible()
    expect(product).to_have_value(typed)


def test_another_customer_takes_the_contact_along(page, acme, anna):
    draft = EntitlementFactory(customer=acme, contact=anna, products=[SUITE])
    page.goto(f"{draft.get_absolute_url()}edit/")
    press(page, "Change the customer")
    expect(page.get_by_label("Find a customer")).to_be_focused()
    press(page, "Keep Acme Ltd (C-1)")
    expect(page.get_by_text("anna@example.com")).to_be_visible()
    press(page, "Change the customer")
    press(page, "Choose Acme Asia (C-9)")
    expect(page.locator("#announcer")).to_contain_text("was removed: choose a contact of this customer.")
    expect(page.get_by_text("The customer has no enabled contacts.")).to_be_visible()
    page.get_by_label("Never expires", exact=True).check()
    press(page, "Save draft")
    expect(page.locator("#messages")).to_contain_text(f"{draft} saved.")
    draft.refresh_from_db()
    assert [draft.customer.name, draft.contact] == ["Acme Asia", None]


@pytest.mark.parametrize("with_script", [True, False])
def test_two_people_edit_a_draft_at_once(browse, licenser, acme, anna, with_script):
    draft = EntitlementFactory(customer=acme, products=[SUITE])
    page = browse(licenser, java_script_enabled=with_script)
    page.goto(f"{draft.get_absolute_url()}edit/")
    page.get_by_label("Ref ID 1").fill("mine")
    page.get_by_label("Quantity of line 1").fill("6")
    theirs = Entitlement.objects.get()
    theirs.ref_id1, theirs.contact = "theirs", anna
    actions.save(theirs, by=None)
    press(page, "Save draft")
    expect(page.get_by_role("heading", name="Somebody else changed this draft meanwhile")).to_be_visible()
    fields = page.get_by_role("table", name="Fields that differ")
    expect(fields.get_by_label("Ref ID 1, yours")).to_be_checked()
    expect(fields.get_by_label("Contact, theirs")).to_be_checked()
    expect(fields.get_by_label("Products, yours")).to_be_checked()
    fields.get_by_label("Ref ID 1, theirs").check()
    press(page, "Save my choice")
    expect(page.locator("#messages")).to_contain_text(f"{draft} saved.")
    draft.refresh_from_db()
    assert [draft.ref_id1, draft.contact, lines()] == ["theirs", anna, [("Suite", "2.0", 6)]]


def test_completed_meanwhile(page, acme, licenser):
    """Nothing is saved then, and what was typed is shown to be copied."""
    draft = EntitlementFactory(customer=acme, products=[SUITE])
    page.goto(f"{draft.get_absolute_url()}edit/")
    page.get_by_label("Ref ID 1").fill("mine")
    actions.complete(Entitlement.objects.all(), by=licenser)
    press(page, "Save draft")
    expect(page.get_by_role("heading", name="This entitlement is no draft any more")).to_be_visible()
    expect(page.get_by_role("row", name="Ref ID 1 empty mine")).to_be_visible()
    page.get_by_role("link", name=f"Open {draft}").click()
    expect(page.locator("main .status-pill")).to_have_text("Complete")


# The verbs


def open_dialog(page, link, title):
    page.get_by_role("link", name=link, exact=True).click()
    return page.get_by_role("dialog", name=title)


def test_disable_enable_and_close(page, acme):
    entitlement = EntitlementFactory(customer=acme, state="complete", products=[SUITE])
    ActivationFactory(product_key=entitlement.product_keys.get())
    page.goto(entitlement.get_absolute_url())
    messages, pill = page.locator("#messages"), page.locator("main .status-pill")
    dialog = open_dialog(page, "Disable", f"Disable {entitlement}?")
    expect(dialog).to_contain_text("1 activation is in force: licenses already issued stay valid")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("link", name="Disable", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    dialog.get_by_label("Reason").fill("Unpaid")
    press(dialog, "Disable entitlement")
    expect(messages).to_contain_text(f"{entitlement} disabled.")
    expect(pill).to_have_text("Disabled")
    expect(page.get_by_role("link", name="Activate")).to_have_count(0)
    messages.get_by_role("link", name="Enable again").click()
    press(page.get_by_role("dialog", name=f"Enable {entitlement}?"), "Enable entitlement")
    expect(messages).to_contain_text(f"{entitlement} enabled.")
    expect(pill).to_have_text("Complete")

    dialog = open_dialog(page, "Close", f"Close {entitlement}?")
    expect(dialog).to_contain_text("For good: nothing of it can be activated, revoked or enabled ever again.")
    dialog.get_by_label("Reason").fill("Returned")
    press(dialog, "Close entitlement")
    expect(messages).to_contain_text(f"{entitlement} closed.")
    expect(pill).to_have_text("Closed")
    for name in "Activate", "Disable", "Enable", "Close", "Revoke", "Delete":
        expect(page.get_by_role("main").get_by_role("link", name=name)).to_have_count(0)
    told = Entry.objects.filter(subject_key=entitlement.pk).exclude(comment="")
    assert {entry.code: entry.comment for entry in told} == {
        "entitlement.disabled": "Unpaid",
        "entitlement.closed": "Returned",
    }


def test_complete_says_what_is_missing(page, acme):
    draft = EntitlementFactory(customer=acme)
    page.goto(draft.get_absolute_url())
    page.get_by_role("link").filter(has_text="Complete: not possible, has no product yet.").click()
    dialog = page.get_by_role("dialog", name=f"{draft} cannot be completed")
    expect(dialog).to_contain_text("It has no product yet. Add one before completing it.")
    dialog.get_by_role("link", name="Edit the draft").click()
    expect(page.get_by_role("heading", name="Edit ", level=1)).to_be_visible()


def test_delete_a_draft(page, acme):
    draft = EntitlementFactory(customer=acme, products=[SUITE])
    page.goto(draft.get_absolute_url())
    dialog = open_dialog(page, "Delete", f"Delete {draft}?")
    expect(dialog).to_contain_text("The draft is gone for good, with 1 product.")
    dialog.get_by_label("Reason").fill("Entered twice")
    press(dialog, "Delete entitlement")
    expect(page.locator("#messages")).to_contain_text(f"{draft} deleted.")
    expect(page).to_have_url("/entitlements/")
    assert not Entitlement.objects.exists()
    assert Entry.objects.get(code="entitlement.deleted").comment == "Entered twice"


def test_copy(page, acme, anna):
    values = {"customer": acme, "contact": anna, "state": "closed", "ref_id1": "R-1", "external_id": "X-1"}
    entitlement = EntitlementFactory(products=[SUITE], **values)
    page.goto(entitlement.get_absolute_url())
    dialog = open_dialog(page, "Copy", f"Copy {entitlement}?")
    expect(dialog).to_contain_text("Customer and contact are left empty on purpose")
    press(dialog, "Copy entitlement")
    expect(page.get_by_role("heading", name="Edit ", level=1)).to_be_visible()
    draft = Entitlement.objects.get(state="draft")
    expect(page.locator("#messages")).to_contain_text(f"{draft} added as a copy of {entitlement}.")
    expect(page.get_by_label("Ref ID 1")).to_have_value("R-1")
    expect(page.get_by_label("External ID")).to_have_value("")
    expect(page.get_by_label("Product of line 1")).to_have_value("Suite")
    assert [draft.customer, draft.contact, draft.external_id] == [None, None, ""]


def test_disable_the_ticked(page, acme):
    """Those that cannot be disabled say why."""
    complete = EntitlementFactory.create_batch(2, customer=acme, state="complete")
    draft, closed = (EntitlementFactory(customer=acme, state=state) for state in ("draft", "closed"))
    page.goto("/entitlements/")
    page.get_by_label("Select all entitlements on this page").check()
    bar = page.locator("[data-bulk-bar]")
    expect(bar.get_by_role("status")).to_have_text("4 selected")
    press(bar, "Disable")
    dialog = page.get_by_role("dialog", name="Disable 2 of the 4 ticked entitlements?")
    expect(dialog.get_by_role("listitem").filter(has_text=str(draft))).to_contain_text("Is a draft.")
    expect(dialog.get_by_role("listitem").filter(has_text=str(closed))).to_contain_text("Is closed")
    dialog.get_by_label("Reason").fill("Unpaid")
    press(dialog, "Disable 2 entitlements")
    expect(page.locator("#messages")).to_contain_text("2 entitlements disabled.")
    for entitlement in complete:
        expect(row(page, entitlement)).to_contain_text("Disabled")
        assert state_of(entitlement) == "disabled"
    assert [state_of(draft), state_of(closed)] == ["draft", "closed"]


def test_none_of_the_ticked_without_javascript(plain_page, acme):
    draft = EntitlementFactory(customer=acme)
    plain_page.goto("/entitlements/")
    plain_page.get_by_label(f"Select {draft}").check()
    press(plain_page.locator("[data-bulk-bar]"), "Disable")
    expect(
        plain_page.get_by_role("heading", name="None of these entitlements can be disabled")
    ).to_be_visible()
    expect(plain_page.get_by_role("listitem").filter(has_text=str(draft))).to_contain_text("Is a draft.")
    plain_page.get_by_role("link", name="Back", exact=True).click()
    expect(plain_page.get_by_role("heading", name="Entitlements", level=1)).to_be_visible()


# The customer's time zone


def test_a_new_time_zone_of_the_customer_moves_product_keys(browse, manager, acme):
    """Those that are activated stay; the confirmation says which move, from when to when."""
    values = {"customer": acme, "state": "complete", "start_date": date(2026, 6, 1)}
    still, used = SUITE | {"end_date": date(2026, 6, 30)}, {"product": "Tool"}
    entitlement = EntitlementFactory(products=[still, used], **values)
    ActivationFactory(product_key=entitlement.product_keys.get(product="Tool"))
    page = browse(manager)
    page.goto(f"{acme.get_absolute_url()}edit/")
    page.get_by_role("combobox", name="Time Zone").focus()
    page.keyboard.type("new york")
    page.keyboard.press("Enter")
    press(page, "Save")
    dialog = page.get_by_role("dialog", name="Save these changes to Acme Ltd (C-1)?")
    expect(dialog.get_by_role("heading", name="1 product key moves to America/New_York")).to_be_visible()
    moves = dialog.get_by_role("region", name="1 product key moves")
    moved = moves.get_by_role("row", name="Suite 2.0")
    expect(moved).to_contain_text(entitlement.eid)
    expect(moved.get_by_role("cell")).to_contain_text(
        [
            "1 Jun 2026 – 30 Jun 2026",
            "31 May 2026, 22:00until 30 Jun 2026, 22:00Europe/Berlin",
            "1 Jun 2026, 04:00until 1 Jul 2026, 04:00America/New_York",
        ]
    )
    expect(moves).not_to_contain_text("Tool")
    dialog.get_by_role("button", name="Back to editing").click()
    assert ProductKey.objects.get(product="Suite").time_zone == "Europe/Berlin"
    press(page, "Save")
    press(dialog, "Save changes")
    expect(page.get_by_text("Acme Ltd (C-1) saved.")).to_be_visible()
    key = ProductKey.objects.get(product="Suite")
    assert [key.time_zone, key.valid_from] == ["America/New_York", datetime(2026, 6, 1, 4, tzinfo=UTC)]
    assert key.valid_until == datetime(2026, 7, 1, 4, tzinfo=UTC)
    assert ProductKey.objects.get(product="Tool").time_zone == "Europe/Berlin"
    assert Customer.objects.get(customer_id="C-1").time_zone == "America/New_York"
    page.goto(entitlement.get_absolute_url())
    used = page.get_by_role("table", name="Products").locator("tbody tr", has_text="Tool")
    expect(used).to_contain_text("Activated in Europe/Berlin; new activations follow America/New_York.")
    expect(page.get_by_role("region", name="History")).to_contain_text("America/New_York")


# The list


@pytest.fixture
def several(acme):
    """By name: when each is valid."""
    today = timezone.now().date()
    soon, later = today + timedelta(days=5), today + timedelta(days=365)
    beta = CustomerFactory(name="Beta GmbH", customer_id="C-2")
    made = {
        "june": (acme, "complete", date(2026, 6, 1), date(2026, 6, 30)),
        "later": (acme, "disabled", date(2026, 7, 1), later),
        "ending": (beta, "complete", date(2026, 1, 1), soon),
        "never": (beta, "complete", date(2026, 1, 1), None),
        "draft": (acme, "draft", date(2026, 1, 1), None),
    }
    entitlements = {}
    for name, (customer, state, start, end) in made.items():
        values = {"customer": customer, "state": state, "start_date": start, "end_date": end}
        entitlements[name] = EntitlementFactory(products=[SUITE | {"product": name}], **values)
    return entitlements


@pytest.fixture
def lists(page, several):
    """Asserts that the list shows these, in any order: lists("june", "never")."""

    def check(*names):
        expect(page.locator("tbody .row-name")).to_have_count(len(names))
        for name in names:
            expect(row(page, several[name])).to_be_visible()

    return check


def test_filters(page, several, lists):
    page.goto("/entitlements/")
    lists(*several)
    search = page.get_by_role("search", name="Entitlements")
    chips = page.get_by_role("group", name="Active filters")
    search.get_by_label("State").select_option("Complete")
    press(search, "Search")
    lists("june", "ending", "never")
    search.get_by_text("More filters").click()
    search.get_by_label("Customer ID").fill("c-2")
    page.keyboard.press("Enter")
    lists("ending", "never")
    expect(chips).to_contain_text("Customer: Beta GmbH (C-2)")
    search.get_by_label("Never expires").check()
    press(search, "Search")
    lists("never")
    page.go_back()
    lists("ending", "never")
    expect(chips).not_to_contain_text("Never expires")
    page.go_back()
    lists("june", "ending", "never")
    expect(search.get_by_label("Customer ID")).to_have_value("")
    page.go_forward()
    chips.get_by_role("link", name="Remove the filter State: Complete").click()
    lists("ending", "never")
    search.get_by_label("Ends within").fill("7")
    press(search, "Search")
    lists("ending")
    expect(row(page, several["ending"])).to_contain_text("Ends in")
    chips.get_by_role("link", name="Remove the filter Ends within: 7 days").click()
    chips.get_by_role("link", name="Clear all").click()
    lists(*several)
    row(page, several["never"]).get_by_role("link", name="Only entitlements of Beta GmbH (C-2)").click()
    lists("ending", "never")


def test_valid_on_a_day_where_the_customer_is(page, several, lists):
    page.goto("/entitlements/")
    search = page.get_by_role("search", name="Entitlements")
    chips = page.get_by_role("group", name="Active filters")
    search.get_by_text("More filters").click()
    search.get_by_label("Valid on").fill("2026-06-30")
    press(search, "Search")
    # In UTC the last two hours of that day are in July in Berlin.
    lists("june", "later", "ending", "never")
    expect(chips).to_contain_text("Valid on: 30 Jun 2026 (UTC)")
    search.get_by_label("Customer ID").fill("C-1")
    press(search, "Search")
    lists("june")
    expect(chips).to_contain_text("Valid on: 30 Jun 2026 (Europe/Berlin)")
    chips.get_by_role("link", name="Remove the filter Customer: Acme Ltd (C-1)").click()
    lists("june", "later", "ending", "never")


def test_filters_that_cannot_be_read_filter_nothing(page, several, lists):
    page.goto("/entitlements/?valid_on=2026-02-30&ends_within=-1&state=complete")
    lists("june", "ending", "never")
    search = page.get_by_role("search", name="Entitlements")
    expect(page.locator("main").get_by_role("alert")).to_contain_text("Valid on: “2026-02-30” was left out.")
    expect(search.get_by_label("Ends within")).to_have_value("-1")
    expect(search.get_by_label("Ends within")).to_have_attribute("aria-invalid", "true")
    search.get_by_label("Ends within").fill("")
    search.get_by_label("Customer ID").fill("C-0")
    press(search, "Search")
    expect(page.get_by_role("heading", name="No entitlement matches")).to_be_visible()
    expect(
        page.get_by_text("No entitlement belongs to a customer with the Customer ID “C-0”.")
    ).to_be_visible()
    page.get_by_role("link", name="Clear all filters").click()
    lists(*several)


def test_exact_times_in_the_list(browse, viewer, several):
    page = browse(viewer, timezone_id="America/New_York")
    page.goto("/entitlements/?customer=C-1&state=complete")
    details = row(page, several["june"]).locator("details.times")
    details.locator("summary").click()
    expect(details.locator("dl > div")).to_contain_text(
        ["Europe/Berlin", "Yours, America/New_York", "UTC"], use_inner_text=True
    )
    expect(details).to_contain_text("31 May 2026, 18:00 (UTC-04:00)")
    expect(page.get_by_role("link", name="Add Entitlement")).to_have_count(0)
    expect(page.locator("[data-bulk-bar]")).to_have_count(0)

"""Add Customer: the form, the Associate Contacts pane and its dialog."""

import pytest
from django.test import Client
from playwright.sync_api import expect

from contacts.models import Contact
from customers.models import Customer
from customers.views import editing
from tests.factories import ContactFactory, CustomerFactory

pytestmark = pytest.mark.browser

NO_ROWS = {"contacts-TOTAL_FORMS": "0", "contacts-INITIAL_FORMS": "0"}


def associates(customer):
    return [(link.contact.email, link.kind) for link in customer.associations.select_related("contact")]


def pane(page):
    return page.get_by_role("region", name="Associate Contacts")


def associated(page):
    return page.get_by_role("table", name="Associated Contacts")


def dialog(page):
    return page.get_by_role("dialog", name="Add Contact")


def test_add_with_javascript(page):
    other = CustomerFactory(name="Acme Ltd", customer_id="C-OLD")
    anna = ContactFactory(email="anna@example.com", name="Anna")
    ben = ContactFactory(email="ben@example.com", name="Ben")
    page.goto("/customers/")
    page.get_by_role("link", name="Add Customer").click()

    page.get_by_label("Name*", exact=True).press_sequentially("acme ltd")
    hint = page.locator("#same-name")
    expect(hint).to_contain_text("Another customer has this name: C-OLD")
    expect(hint.get_by_role("link", name="C-OLD")).to_have_attribute("href", other.get_absolute_url())
    page.get_by_label("Name*", exact=True).fill("Acme Ltd of Berlin")
    expect(hint).to_be_empty()
    page.get_by_label("Description").fill("Two lines\nof text")

    zone = page.get_by_role("combobox", name="Time Zone")
    zone.click()
    zone.press_sequentially("berl")
    expect(page.get_by_role("option", name="Europe/Berlin")).to_be_visible()
    expect(page.get_by_role("option", name="Europe/Paris")).to_be_hidden()
    zone.press("Enter")
    expect(zone).to_have_value("(UTC+01:00) Europe/Berlin")
    expect(page.get_by_text("Time there now:")).to_be_visible()

    find = page.get_by_label("Name or e-mail")
    find.press_sequentially("an")
    expect(page.get_by_text("1 contact matches")).to_be_visible()
    expect(find).to_be_focused()
    page.get_by_role("button", name="Associate Anna <anna@example.com>").click()
    expect(associated(page)).to_contain_text("anna@example.com")
    expect(page.locator("#announcer")).to_have_text("Anna <anna@example.com> associated.")
    expect(find).to_be_focused()
    find.fill("ben")
    page.get_by_role("button", name="Associate Ben <ben@example.com>").click()
    associated(page).get_by_label("Kind of Ben").select_option("Administrator")

    page.get_by_role("button", name="Add Contact").click()
    expect(dialog(page).get_by_label("Email")).to_be_focused()
    page.keyboard.type("carla.example.com")
    dialog(page).get_by_label("Name").fill("Carla")
    page.keyboard.press("Enter")
    expect(dialog(page).get_by_text("Enter a valid email address.")).to_be_visible()
    expect(dialog(page).get_by_label("Name")).to_have_value("Carla")
    expect(dialog(page).get_by_label("Email")).to_be_focused()
    dialog(page).get_by_label("Email").fill("carla@example.com")
    dialog(page).get_by_label("Kind").select_option("Administrator")
    dialog(page).get_by_label("Phone").press("Enter")
    expect(dialog(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Add Contact")).to_be_focused()
    expect(associated(page).get_by_label("Kind of Carla")).to_have_value("administrator")
    expect(associated(page).get_by_label("Kind of Ben")).to_have_value("administrator")

    page.get_by_role("button", name="Remove Anna").click()
    expect(associated(page)).not_to_contain_text("Anna")
    expect(page.locator("#announcer")).to_have_text("Contact removed from the list.")
    expect(page.get_by_label("Name*", exact=True)).to_have_value("Acme Ltd of Berlin")
    assert Customer.objects.count() == 1

    page.get_by_role("button", name="Add Customer").click()
    expect(page.get_by_role("heading", name="Acme Ltd of Berlin", level=1)).to_be_visible()
    customer = Customer.objects.get(name="Acme Ltd of Berlin")
    expect(page.get_by_text(f"{customer} added.")).to_be_visible()
    contacts = page.get_by_role("table", name="Contacts")
    for name in "Ben", "Carla":
        row = contacts.get_by_role("row", name=name)
        expect(row).to_contain_text("Administrator")
    assert (customer.time_zone, customer.description) == ("Europe/Berlin", "Two lines\nof text")
    assert associates(customer) == [
        ("ben@example.com", "administrator"),
        ("carla@example.com", "administrator"),
    ]
    assert set(Contact.objects.values_list("pk", flat=True)) >= {anna.pk, ben.pk}


def test_esc_cancels_the_dialog(page):
    page.goto("/customers/add/")
    page.get_by_label("Name*", exact=True).fill("Acme")
    page.get_by_role("button", name="Add Contact").click()
    expect(dialog(page).get_by_label("Email")).to_be_focused()
    page.keyboard.type("anna@example.com")
    page.keyboard.press("Escape")
    expect(dialog(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Add Contact")).to_be_focused()
    expect(page.get_by_text("None yet.")).to_be_visible()
    expect(page.get_by_label("Name*", exact=True)).to_have_value("Acme")


def test_the_dialog_keeps_the_focus(page):
    page.goto("/customers/add/")
    page.get_by_role("button", name="Add Contact").click()
    expect(dialog(page).get_by_label("Email")).to_be_focused()
    for _ in range(12):
        page.keyboard.press("Tab")
        # The body, while the browser's own buttons have the focus.
        assert page.evaluate("document.activeElement.matches('body, dialog *')")


def test_a_hint_under_way_swallows_no_message(page, monkeypatch):
    """The hint's request begins before a customer is saved, and ends after it."""
    page.goto("/customers/add/")
    tab = Client()
    tab.cookies["sessionid"] = page.context.cookies()[0]["value"]
    hint = editing._same_name

    def slow_hint(*args):
        tab.post("/customers/add/", {"name": "Beta", "time_zone": "UTC", **NO_ROWS})
        return hint(*args)

    monkeypatch.setattr(editing, "_same_name", slow_hint)
    name = page.get_by_label("Name*", exact=True)
    with page.expect_response("**/same-name/**"):
        name.press_sequentially("Acme")
    name.fill("")
    page.goto("/customers/")
    expect(page.get_by_role("rowheader", name="Beta")).to_be_visible()
    expect(page.locator("#messages")).to_contain_text("added.")


def test_two_quick_clicks_are_not_lost(page):
    """The second one counts as well, or cannot be made before the first is answered."""
    for name in "Anna", "Ben":
        ContactFactory(name=name)
    page.goto("/customers/add/")
    expect(page.get_by_role("button", name="Associate Ben")).to_be_visible()
    both_clicked = page.evaluate(
        """() => {
            const [anna, ben] = document.querySelectorAll("button[name=associate]");
            anna.click();
            const open = !ben.disabled;
            ben.click();
            return open;
        }"""
    )
    expect(associated(page)).to_contain_text("Anna")
    if both_clicked:
        expect(associated(page)).to_contain_text("Ben")


def test_enter_in_a_field_saves(page):
    page.goto("/customers/add/")
    page.get_by_label("Name*", exact=True).fill("Acme")
    page.get_by_label("Customer ID").fill("C-1")
    page.get_by_label("Customer ID").press("Enter")
    expect(page.get_by_role("heading", name="Acme", level=1)).to_be_visible()
    assert Customer.objects.get().customer_id == "C-1"


def test_enter_in_the_contact_search_finds(page):
    ContactFactory(email="anna@example.com", name="Anna")
    ContactFactory(email="ben@example.com", name="Ben")
    page.goto("/customers/add/")
    page.get_by_label("Name or e-mail").fill("ben")
    page.get_by_label("Name or e-mail").press("Enter")
    expect(page.get_by_text("1 contact matches")).to_be_visible()
    expect(pane(page)).not_to_contain_text("Anna")
    expect(page.get_by_label("Name or e-mail")).to_be_focused()


def test_time_zone_by_keyboard(page):
    page.goto("/customers/add/")
    zone = page.get_by_role("combobox", name="Time Zone")
    expect(zone).to_have_value("(UTC+00:00) UTC")
    zone.focus()
    page.keyboard.type("nowhere")
    expect(page.get_by_text("No time zone matches.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(zone).to_have_value("(UTC+00:00) UTC")
    expect(zone).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Control+a")
    page.keyboard.type("america indiana")
    chosen = page.get_by_role("listbox").get_by_role("option", selected=True)
    expect(chosen).to_contain_text("America/Indiana/Indianapolis")
    page.keyboard.press("ArrowDown")
    expect(chosen).to_contain_text("America/Indiana/Knox")
    page.keyboard.press("Enter")
    page.get_by_label("Name*", exact=True).fill("Acme")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Acme", level=1)).to_be_visible()
    assert Customer.objects.get().time_zone == "America/Indiana/Knox"


def test_add_without_javascript(plain_page):
    page = plain_page
    CustomerFactory(name="Acme Ltd", customer_id="C-OLD")
    ContactFactory(email="anna@example.com", name="Anna")
    ContactFactory(email="ben@example.com", name="Ben")
    page.goto("/customers/add/")
    typed = {
        "Name*": "Acme Ltd",
        "Customer ID": "c-old",
        "CRM ID": "crm 1",
        "Description": "Two lines\nof text",
        "External ID": "X-1",
        "Ref ID": "R-1",
    }
    for label, value in typed.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Time Zone").select_option("Europe/Berlin")

    def all_kept():
        for label, value in typed.items():
            expect(page.get_by_label(label, exact=True)).to_have_value(value)
        expect(page.get_by_label("Time Zone")).to_have_value("Europe/Berlin")

    page.get_by_label("Name or e-mail").fill("example.com")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("Another customer has this name: C-OLD")).to_be_visible()
    all_kept()
    page.get_by_role("button", name="Associate Anna").click()
    page.get_by_label("Kind of Anna").select_option("Administrator")
    page.get_by_role("button", name="Associate Ben").click()
    expect(page.get_by_label("Kind of Anna")).to_have_value("administrator")
    all_kept()
    page.get_by_role("button", name="Remove Ben").click()
    expect(associated(page)).not_to_contain_text("Ben")
    all_kept()

    page.get_by_role("button", name="Add Contact").click()
    dialog(page).get_by_label("Email").fill("nobody@example.com")
    dialog(page).get_by_role("button", name="Cancel").click()
    expect(dialog(page)).to_be_hidden()
    all_kept()
    page.get_by_role("button", name="Add Contact").click()
    dialog(page).get_by_label("Email").fill("carla")
    dialog(page).get_by_label("Name").fill("Carla")
    dialog(page).get_by_role("button", name="Add Contact").click()
    expect(dialog(page).get_by_text("Enter a valid email address.")).to_be_visible()
    expect(dialog(page).get_by_label("Name")).to_have_value("Carla")
    dialog(page).get_by_label("Email").fill("carla@example.com")
    dialog(page).get_by_role("button", name="Add Contact").click()
    expect(page.get_by_label("Kind of Carla")).to_have_value("standard")
    all_kept()

    page.get_by_role("button", name="Add Customer").click()
    expect(page.get_by_role("alert")).to_contain_text("The customer was not saved.")
    all_kept()
    expect(page.get_by_label("Kind of Anna")).to_have_value("administrator")
    expect(page.get_by_label("Kind of Carla")).to_have_value("standard")
    page.get_by_label("Customer ID").fill("C-NEW")
    page.get_by_role("button", name="Add Customer").click()
    expect(page.get_by_text("Acme Ltd (C-NEW) added.")).to_be_visible()
    customer = Customer.objects.get(customer_id="C-NEW")
    assert [customer.crm_id, customer.time_zone] == ["crm 1", "Europe/Berlin"]
    assert associates(customer) == [("anna@example.com", "administrator"), ("carla@example.com", "standard")]


def test_errors_link_to_their_fields(page):
    CustomerFactory(customer_id="C-1", external_id="X-1")
    page.goto("/customers/add/")
    page.get_by_label("Name*", exact=True).fill("N" * 256)
    page.get_by_label("Customer ID").fill("ｃ-1")
    page.get_by_label("External ID").fill("x-1")
    page.get_by_role("button", name="Add Customer").click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("The customer was not saved.")
    for label, value in ("Name*", "N" * 256), ("Customer ID", "ｃ-1"), ("External ID", "x-1"):
        field = page.get_by_label(label, exact=True)
        expect(field).to_have_value(value)
        expect(field).to_have_attribute("aria-invalid", "true")
        summary.get_by_role("link", name=label.rstrip("*")).click()
        expect(field).to_be_focused()
    assert Customer.objects.count() == 1


def test_the_counter_appears_near_the_limit(page):
    page.goto("/customers/add/")
    counter = page.locator("#id_external_id_counter")
    field = page.get_by_label("External ID")
    field.fill("x" * 47)
    expect(counter).to_be_hidden()
    field.fill("x" * 48)
    expect(counter).to_have_text("12 of 60 left")
    field.fill("🏢" * 59)
    expect(counter).to_have_text("1 of 60 left")
    field.fill("x" * 61)
    expect(counter).to_have_text("1 too many (limit 60)")
    expect(field).to_have_value("x" * 61)


def test_leaving_asks_only_with_unsaved_changes(page, watch):
    page.goto("/customers/add/")
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_title("Customers · EMS Customers")
    page.get_by_role("link", name="Add Customer").first.click()
    page.get_by_label("Name*", exact=True).fill("Acme")
    with page.expect_event("dialog"):
        page.get_by_role("link", name="Cancel").click()
    assert watch.questions == ["beforeunload"]
    expect(page.get_by_label("Name*", exact=True)).to_have_value("Acme")
    watch.questions.clear()
    page.get_by_role("button", name="Add Customer").click()
    expect(page.get_by_text("added.")).to_be_visible()


def test_leaving_asks_after_an_error_and_an_added_contact(page, watch):
    watch.leaves = True
    page.goto("/customers/add/")
    page.get_by_role("button", name="Add Contact").click()
    dialog(page).get_by_label("Email").fill("anna@example.com")
    page.keyboard.press("Enter")
    expect(associated(page)).to_contain_text("anna@example.com")
    page.get_by_role("button", name="Add Customer").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(associated(page)).to_contain_text("anna@example.com")
    page.get_by_role("link", name="Cancel").click()
    expect(page).to_have_title("Customers · EMS Customers")
    assert watch.questions == ["beforeunload"]
    watch.questions.clear()
    assert not Contact.objects.exists()


def test_what_is_typed_outlives_the_session(page, watch):
    watch.excused.append(r"Failed to load resource: the server responded with a status of 401 \([\w ]+\)")
    page.goto("/customers/add/")
    name = page.get_by_label("Name*", exact=True)
    with page.expect_response("**/same-name/**"):
        name.fill("Typed for an hour")
    cookies = page.context.cookies()
    page.context.clear_cookies(name="sessionid")
    page.get_by_role("button", name="Add Customer").last.click()
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended")
    expect(name).to_have_value("Typed for an hour")
    page.context.add_cookies([cookie for cookie in cookies if cookie["name"] == "sessionid"])
    page.get_by_role("button", name="Add Customer").last.click()
    expect(page.get_by_role("heading", name="Typed for an hour", level=1)).to_be_visible()

"""The staff's pages of contacts: list, form, verbs, and customers from the contact's side."""

import pytest
from playwright.sync_api import expect

from contacts import actions
from contacts.models import Contact
from customers.models import Association
from ems_site.audit.models import Entry
from ems_site.status import Status
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.browser


def row(page, name):
    return page.locator("tbody tr", has=page.get_by_role("rowheader", name=name))


def names(page):
    return page.locator("tbody .row-name")


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


@pytest.fixture
def people(db):
    """Anna and Ben of Acme, Carla of Beta, Dora without a customer and disabled, all with @example.com."""
    made = {name: ContactFactory(name=name, email=f"{name.lower()}@example.com") for name in NAMES}
    CustomerFactory(name="Acme Ltd", customer_id="C-1", people=[made["Anna"], (made["Ben"], "administrator")])
    CustomerFactory(name="Beta GmbH", customer_id="C-2", people=[made["Carla"]])
    Contact.objects.filter(name="Dora").update(status=Status.DISABLED)
    return made


NAMES = ["Anna", "Ben", "Carla", "Dora"]


def test_search_and_filters(page, people):
    page.goto("/contacts/")
    expect(names(page)).to_have_text(NAMES)
    expect(row(page, "Ben").locator(".cell-kind")).to_have_text("Administrator")
    search = page.get_by_role("search", name="Contacts")
    search.get_by_label("Search contacts").fill("acme")
    page.keyboard.press("Enter")
    expect(names(page)).to_have_text(["Anna", "Ben"])
    heading = page.get_by_role("columnheader", name="Name")
    for order in "ascending", "descending":
        heading.get_by_role("link").click()
        expect(heading).to_have_attribute("aria-sort", order)
    expect(names(page)).to_have_text(["Ben", "Anna"])
    page.get_by_role("link", name="Remove the filter Any attribute: acme").click()
    search.get_by_text("More filters").click()
    search.get_by_label("Customer").select_option("Without a customer")
    press(search, "Search")
    expect(names(page)).to_have_text(["Dora"])
    search.get_by_label("Status").select_option("Enabled")
    press(search, "Search")
    expect(page.get_by_role("heading", name="No contact matches")).to_be_visible()
    page.get_by_role("link", name="Clear all filters").click()
    row(page, "Carla").get_by_role("link", name="Only contacts of Beta GmbH (C-2)").click()
    expect(names(page)).to_have_text(["Carla"])
    expect(search.get_by_label("Customer").locator("option:checked")).to_have_text("Beta GmbH")


def test_disable_two_of_three(page, people):
    page.goto("/contacts/")
    for name in "Anna", "Ben", "Dora":
        page.get_by_label(f"Select {name} <").check()
    bar = page.locator("[data-bulk-bar]")
    expect(bar.get_by_role("status")).to_have_text("3 selected")
    press(bar, "Disable")
    dialog = page.get_by_role("dialog", name="Disable 2 of the 3 ticked contacts?")
    expect(dialog).to_contain_text("2 contacts cannot log on; none of them is signed in now.")
    expect(dialog.get_by_role("listitem").filter(has_text="Dora")).to_contain_text("Is disabled already")
    dialog.get_by_label("Reason").fill("Left the company")
    press(dialog, "Disable 2 contacts")
    expect(page.locator("#messages")).to_contain_text("2 contacts disabled.")
    expect(row(page, "Ben")).to_contain_text("Disabled")
    assert [contact.name for contact in Contact.objects.enabled()] == ["Carla"]
    comments = Entry.objects.filter(code="contact.disabled").values_list("comment", flat=True)
    assert list(comments) == ["Left the company"] * 2


def test_add_by_keyboard_alone(page, people):
    page.goto("/contacts/")
    page.keyboard.press("n")
    email = page.get_by_label("Email")
    expect(email).to_be_focused()
    page.keyboard.type("ANNA@Example.com")
    for text in "Ännchen", "R-1", "R-2", "+49 30 1234":
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.type("Ger")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Add Contact")).to_be_focused()
    page.keyboard.press("Enter")

    summary = page.locator("[data-error-summary]")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("The contact was not saved.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(email).to_be_focused()
    expect(email).to_have_value("ANNA@Example.com")
    expect(email).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#div_id_email .invalid-feedback")).to_contain_text("Another contact has this Email")
    for label, value in ("Name", "Ännchen"), ("Ref ID 1", "R-1"), ("Ref ID 2", "R-2"), ("Language*", "de"):
        expect(page.get_by_label(label, exact=True)).to_have_value(value)
    page.keyboard.press("Control+a")
    page.keyboard.type("aennchen@example.com")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Ännchen", level=1)).to_be_visible()
    expect(page.locator("#messages")).to_contain_text("Ännchen <aennchen@example.com> added.")
    added = Contact.objects.get(email="aennchen@example.com")
    assert [added.ref_id1, added.ref_id2, added.phone, added.language] == ["R-1", "R-2", "+49 30 1234", "de"]


@pytest.mark.parametrize("with_script", [True, False])
def test_two_people_edit_at_once(browse, manager, people, with_script):
    page = browse(manager, java_script_enabled=with_script)
    page.goto(people["Anna"].get_absolute_url())
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Anna of mine")
    page.get_by_label("Phone").fill("my phone")
    theirs = Contact.objects.get(name="Anna")
    theirs.name, theirs.ref_id2 = "Anna of theirs", "their ref"
    actions.save(theirs, by=UserFactory(username="olga"))
    press(page, "Save")
    expect(page.get_by_role("heading", name="Somebody else changed this contact meanwhile")).to_be_visible()
    expect(page.get_by_text("olga changed Anna of theirs <anna@example.com>")).to_be_visible()
    fields = page.get_by_role("table", name="Fields that differ")
    expect(fields.get_by_role("row", name="Name changed by both")).to_contain_text("Anna of mine")
    expect(fields.get_by_label("Name, yours")).to_be_checked()
    expect(fields.get_by_label("Phone, yours")).to_be_checked()
    expect(fields.get_by_label("Ref ID 2, theirs")).to_be_checked()
    fields.get_by_label("Name, theirs").check()
    press(page, "Save my choice")
    expect(page.get_by_role("heading", name="Anna of theirs", level=1)).to_be_visible()
    saved = Contact.objects.get(email="anna@example.com")
    assert [saved.name, saved.phone, saved.ref_id2] == ["Anna of theirs", "my phone", "their ref"]


def test_refused_delete_leads_to_disable(page, people):
    entitlements = EntitlementFactory.create_batch(7, contact=people["Anna"])
    page.goto("/contacts/")
    delete = row(page, "Anna").get_by_role("link", name="Delete Anna <anna@example.com>: not possible, has 7")
    delete.click()
    dialog = page.get_by_role("dialog", name="Anna cannot be deleted")
    expect(dialog).to_contain_text("7 entitlements are addressed to it.")
    expect(dialog.get_by_role("link", name=entitlements[6].eid)).to_be_visible()
    expect(dialog.get_by_role("link", name="All 7 entitlements")).to_be_visible()
    dialog.get_by_role("link", name="Keep as it is").click()
    expect(dialog).to_be_hidden()
    expect(delete).to_be_focused()
    page.keyboard.press("Enter")
    dialog.get_by_role("link", name="Disable contact…").click()
    dialog = page.get_by_role("dialog", name="Disable Anna?")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.type("Left the company")
    press(dialog, "Disable contact")
    expect(page.locator("#messages")).to_contain_text("Anna <anna@example.com> disabled.")
    expect(row(page, "Anna")).to_contain_text("Disabled")


def test_customers_from_the_contacts_side(page, people):
    """With a confirmation where a completed entitlement belongs to the customer."""
    gamma = CustomerFactory(name="Gamma SA", customer_id="C-3")
    EntitlementFactory(customer=gamma, state="complete")
    carla = people["Carla"]
    page.goto(carla.get_absolute_url())
    page.get_by_role("link", name="Associate", exact=True).click()
    expect(page.get_by_role("heading", name="Customers of Carla", level=1)).to_be_visible()
    page.get_by_label("Name, Customer ID or another attribute").press_sequentially("gam")
    expect(page.get_by_text("1 enabled customer matches")).to_be_visible()
    page.get_by_label("Associate as").select_option("Administrator")
    press(page, "Associate Gamma SA (C-3)")
    dialog = page.get_by_role("dialog", name="Save these changes to Gamma SA (C-3)?")
    expect(dialog).to_contain_text("1 completed entitlement belongs to this customer")
    expect(dialog.get_by_role("row", name="carla@example.com")).to_contain_text("Administrator")
    dialog.get_by_role("link", name="Back").click()
    expect(dialog).to_be_hidden()
    assert not gamma.associations.exists()
    press(page, "Associate Gamma SA (C-3)")
    press(dialog, "Save changes")
    messages = page.locator("#messages")
    expect(messages).to_contain_text("Carla <carla@example.com> is Administrator of Gamma SA (C-3).")
    associated = page.get_by_role("table", name="Associated customers")
    expect(associated.get_by_label("Kind in Gamma SA (C-3)")).to_have_value("administrator")

    press(associated, "Remove Beta GmbH (C-2)")
    expect(messages).to_contain_text("is no longer associated with Beta GmbH (C-2).")
    expect(associated).not_to_contain_text("Beta GmbH")
    page.get_by_role("link", name="Back to the contact").click()
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text("Gamma SA (C-3)")
    assert [link.kind for link in Association.objects.filter(contact=carla)] == ["administrator"]


def test_add_associate_and_disable_without_javascript(plain_page, people):
    page = plain_page
    gamma = CustomerFactory(name="Gamma SA", customer_id="C-3")
    EntitlementFactory(customer=gamma, state="complete")
    page.goto("/contacts/")
    page.get_by_role("link", name="Add Contact").click()
    page.get_by_label("Email").fill("BEN@example.com")
    page.get_by_label("Name", exact=True).fill("Nora")
    press(page, "Add Contact")
    expect(page.get_by_role("alert")).to_contain_text("Another contact has this Email")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Nora")
    page.get_by_label("Email").fill("nora@example.com")
    press(page, "Add Contact")
    expect(page.locator("#messages")).to_contain_text("Nora <nora@example.com> added.")

    page.get_by_role("link", name="Associate", exact=True).click()
    page.get_by_label("Name, Customer ID or another attribute").fill("c-3")
    press(page, "Find")
    press(page, "Associate Gamma SA (C-3)")
    expect(page.get_by_role("heading", name="Save these changes to Gamma SA (C-3)?")).to_be_visible()
    press(page, "Save changes")
    expect(page.get_by_text("Nora <nora@example.com> is Standard of Gamma SA (C-3).")).to_be_visible()
    expect(page.get_by_label("Kind in Gamma SA (C-3)")).to_have_value("standard")
    assert [link.contact.name for link in gamma.associations.all()] == ["Nora"]

    page.get_by_role("link", name="Back to the contact").click()
    page.get_by_role("link", name="Disable", exact=True).click()
    expect(page.get_by_role("heading", name="Disable Nora?")).to_be_visible()
    page.get_by_label("Reason").fill("Left the company")
    press(page, "Disable contact")
    expect(page.get_by_text("Nora <nora@example.com> disabled.")).to_be_visible()
    assert not Contact.objects.get(name="Nora").is_enabled()

"""Edit Customer: the confirmation, and two people at once."""

import pytest
from playwright.sync_api import expect

from customers import actions
from customers.models import Customer
from entitlements.models import Entitlement
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def customer(db):
    return CustomerFactory(name="Acme", customer_id="C-1", crm_id="old", time_zone="UTC")


@pytest.fixture
def with_entitlements(customer):
    """Three entitlements, two of them completed."""
    EntitlementFactory(customer=customer)
    for state in Entitlement.State.COMPLETE, Entitlement.State.CLOSED:
        EntitlementFactory(customer=customer, state=state, products=[{"product": f"Suite {state}"}])


def edit(page, customer):
    page.goto(customer.get_absolute_url())
    page.get_by_role("link", name="Edit", exact=True).click()
    expect(page.get_by_role("heading", name="Edit Acme", level=1)).to_be_visible()


def save(page):
    page.get_by_role("button", name="Save", exact=True).click()


def name_field(page):
    return page.get_by_label("Name*", exact=True)


def shows_what_changes(body):
    expect(body).to_contain_text("2 completed entitlements belong to this customer")
    expect(body.get_by_role("row", name="CRM ID old new")).to_be_visible()
    expect(body.get_by_role("row", name="Time Zone UTC Europe/Berlin")).to_be_visible()
    expect(body.get_by_role("heading", name="2 product keys move to Europe/Berlin")).to_be_visible()
    moved = "Suite complete"
    expect(body.get_by_role("row").filter(has_text=moved)).to_contain_text("31 Dec 2025, 23:00")


def test_confirmation_over_the_form(page, customer, with_entitlements):
    edit(page, customer)
    expect(page.get_by_text("2 completed entitlements belong to this customer.")).to_be_visible()
    page.get_by_label("CRM ID").fill("new")
    page.get_by_role("combobox", name="Time Zone").focus()
    page.keyboard.type("berlin")
    page.keyboard.press("Enter")
    save(page)
    dialog = page.get_by_role("dialog", name="Save these changes to Acme (C-1)?")
    shows_what_changes(dialog)
    dialog.get_by_role("button", name="Back to editing").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_focused()
    expect(page.get_by_label("CRM ID")).to_have_value("new")
    save(page)
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert Customer.objects.get().crm_id == "old"

    name_field(page).fill("Acme Ltd")
    save(page)
    expect(dialog.get_by_role("row", name="Name Acme Acme Ltd")).to_be_visible()
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_role("heading", name="Acme Ltd", level=1)).to_be_visible()
    expect(page.get_by_text("Acme Ltd (C-1) saved.")).to_be_visible()
    customer.refresh_from_db()
    assert [customer.name, customer.crm_id, customer.time_zone] == ["Acme Ltd", "new", "Europe/Berlin"]


def test_confirmation_without_javascript(plain_page, customer, with_entitlements):
    page = plain_page
    edit(page, customer)
    page.get_by_label("CRM ID").fill("new")
    page.get_by_label("Time Zone").select_option("Europe/Berlin")
    save(page)
    expect(page.get_by_role("heading", name="Save these changes to Acme (C-1)?")).to_be_visible()
    shows_what_changes(page.locator("main"))
    page.get_by_role("button", name="Back to editing").click()
    expect(page.get_by_label("CRM ID")).to_have_value("new")
    expect(page.get_by_label("Time Zone")).to_have_value("Europe/Berlin")
    save(page)
    page.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Acme (C-1) saved.")).to_be_visible()
    customer.refresh_from_db()
    assert [customer.crm_id, customer.time_zone] == ["new", "Europe/Berlin"]


def test_an_error_on_edit_keeps_everything(page, customer):
    CustomerFactory(external_id="X-1")
    edit(page, customer)
    page.get_by_label("CRM ID").fill("new")
    page.get_by_label("External ID").fill("x-1")
    save(page)
    expect(page.locator("[data-error-summary]")).to_be_focused()
    page.get_by_role("link", name="External ID").click()
    expect(page.get_by_label("External ID")).to_be_focused()
    expect(page.get_by_label("CRM ID")).to_have_value("new")
    page.get_by_role("combobox", name="Time Zone").focus()
    page.keyboard.type("berlin")
    page.keyboard.press("Enter")
    page.get_by_label("External ID").fill("X-2")
    save(page)
    expect(page.get_by_text("Acme (C-1) saved.")).to_be_visible()
    customer.refresh_from_db()
    assert [customer.crm_id, customer.external_id, customer.time_zone] == ["new", "X-2", "Europe/Berlin"]


def test_contacts_are_edited(page, customer):
    anna = ContactFactory(email="anna@example.com", name="Anna")
    ContactFactory(email="ben@example.com", name="Ben")
    actions.save(customer, by=None, associates=[(anna, "standard")])
    edit(page, customer)
    page.get_by_role("button", name="Remove Anna").click()
    expect(page.get_by_label("Kind of Anna")).to_be_hidden()
    page.get_by_role("button", name="Associate Ben").click()
    expect(page.get_by_label("Kind of Ben")).to_be_visible()
    save(page)
    contacts = page.get_by_role("region", name="Contacts 1", exact=True)
    expect(contacts).to_contain_text("ben@example.com")
    expect(contacts).not_to_contain_text("anna@example.com")
    history = page.get_by_role("region", name="History")
    expect(history).to_contain_text("anna@example.com (Standard)")
    expect(history).to_contain_text("ben@example.com (Standard)")


def meanwhile(customer):
    """Somebody else saves: both change the name, they the Ref ID and a contact as well."""
    other = UserFactory(username="olga")
    theirs = Customer.objects.get(pk=customer.pk)
    theirs.name, theirs.ref_id = "Acme of theirs", "their ref"
    contact = ContactFactory(email="anna@example.com", name="Anna")
    actions.save(theirs, by=other, associates=[(contact, "administrator")])


@pytest.mark.parametrize("with_script", [True, False])
def test_conflict(browse, manager, customer, with_script):
    page = browse(manager, java_script_enabled=with_script)
    edit(page, customer)
    name_field(page).fill("Acme of mine")
    page.get_by_label("CRM ID").fill("my crm")
    page.get_by_label("Description").fill("my text")
    meanwhile(customer)
    save(page)

    expect(page.get_by_role("heading", name="Somebody else changed this customer meanwhile")).to_be_visible()
    expect(page.get_by_text("olga changed Acme of theirs (C-1)")).to_be_visible()
    fields = page.get_by_role("table", name="Fields that differ")
    name = fields.get_by_role("row", name="Name changed by both")
    expect(name).to_contain_text("Acme of mine")
    expect(name).to_contain_text("Acme of theirs")
    expect(name.get_by_label("Name, yours")).to_be_checked()
    ref = fields.get_by_role("row", name="Ref ID changed by them")
    expect(ref.get_by_label("Ref ID, theirs")).to_be_checked()
    expect(fields.get_by_label("Description, yours")).to_be_checked()
    expect(fields.get_by_label("Contact anna@example.com, theirs")).to_be_checked()
    expect(fields).not_to_contain_text("Customer ID")
    name.get_by_label("Name, theirs").check()
    fields.get_by_label("Ref ID, yours").check()
    page.get_by_role("button", name="Save my choice").click()

    expect(page.get_by_role("heading", name="Acme of theirs", level=1)).to_be_visible()
    customer.refresh_from_db()
    assert [customer.name, customer.ref_id] == ["Acme of theirs", ""]
    assert [customer.crm_id, customer.description] == ["my crm", "my text"]
    assert [link.kind for link in customer.associations.all()] == ["administrator"]


@pytest.mark.parametrize("with_script", [True, False])
def test_from_a_conflict_back_to_editing(browse, manager, customer, with_script):
    page = browse(manager, java_script_enabled=with_script)
    edit(page, customer)
    name_field(page).fill("Acme of mine")
    page.get_by_label("CRM ID").fill("my crm")
    meanwhile(customer)
    save(page)
    page.get_by_label("Name, theirs").check()
    page.get_by_role("button", name="Back to editing").click()
    expect(name_field(page)).to_have_value("Acme of theirs")
    expect(page.get_by_label("Ref ID")).to_have_value("their ref")
    expect(page.get_by_label("CRM ID")).to_have_value("my crm")
    expect(page.get_by_label("Kind of Anna")).to_have_value("administrator")
    page.get_by_label("CRM ID").fill("my other crm")
    save(page)
    expect(page.get_by_text("Acme of theirs (C-1) saved.")).to_be_visible()
    customer.refresh_from_db()
    assert [customer.crm_id, customer.ref_id] == ["my other crm", "their ref"]


def test_a_conflict_is_confirmed_too(page, customer, with_entitlements):
    edit(page, customer)
    page.get_by_label("CRM ID").fill("my crm")
    meanwhile_confirmed(customer)
    save(page)
    expect(page.get_by_label("CRM ID, yours")).to_be_checked()
    page.get_by_role("button", name="Save my choice").click()
    dialog = page.get_by_role("dialog", name="Save these changes to Acme (C-1)?")
    expect(dialog.get_by_role("row", name="CRM ID their crm my crm")).to_be_visible()
    dialog.get_by_role("button", name="Save changes").click()
    expect(page.get_by_text("Acme (C-1) saved.")).to_be_visible()
    customer.refresh_from_db()
    assert customer.crm_id == "my crm"


def meanwhile_confirmed(customer):
    theirs = Customer.objects.get(pk=customer.pk)
    theirs.crm_id = "their crm"
    with pytest.raises(actions.ConfirmationRequired) as refusal:
        actions.save(theirs, by=None)
    actions.save(theirs, by=None, confirmed=refusal.value.confirmation)


@pytest.mark.parametrize("with_script", [True, False])
def test_a_customer_deleted_meanwhile_is_not_lost(browse, manager, customer, with_script):
    page = browse(manager, java_script_enabled=with_script)
    edit(page, customer)
    page.get_by_label("CRM ID").fill("my crm")
    actions.delete(Customer.objects.all(), by=UserFactory(username="olga"))
    save(page)
    expect(page.get_by_text("olga deleted Acme (C-1) meanwhile.")).to_be_visible()
    expect(page.get_by_label("CRM ID")).to_have_value("my crm")
    page.get_by_role("button", name="Add Customer").click()
    expect(page.get_by_text("Acme (C-1) added.")).to_be_visible()
    assert Customer.objects.get().crm_id == "my crm"


def test_what_is_typed_outlives_the_session(page, customer, watch):
    """The session ends while one types; after a new log-on in another tab, Save works."""
    watch.excused.append(r"Failed to load resource: the server responded with a status of 401 \([\w ]+\)")
    edit(page, customer)
    with page.expect_response("**/same-name/**"):
        name_field(page).fill("Typed for an hour")
    context = page.context
    cookies = context.cookies()
    context.clear_cookies(name="sessionid")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended")
    expect(name_field(page)).to_have_value("Typed for an hour")
    context.add_cookies([cookie for cookie in cookies if cookie["name"] == "sessionid"])
    save(page)
    expect(page.get_by_text("saved.")).to_be_visible()
    customer.refresh_from_db()
    assert customer.name == "Typed for an hour"


def test_a_colleagues_change_alone_is_no_conflict(page, customer, superuser):
    edit(page, customer)
    theirs = Customer.objects.get()
    theirs.crm_id = "theirs"
    actions.save(theirs, by=superuser)
    save(page)
    expect(page.get_by_text("Nothing was changed")).to_be_visible()


def test_no_network_after_the_session_ended(page, customer, watch):
    watch.excused.append(r"Failed to load resource: (the server responded with a status of 401|net::ERR).*")
    edit(page, customer)
    with page.expect_response("**/same-name/**"):
        name_field(page).fill("Typed for an hour")
    page.context.clear_cookies(name="sessionid")
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("Your session has ended")
    page.context.set_offline(True)
    save(page)
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(name_field(page)).to_have_value("Typed for an hour")
    page.context.set_offline(False)
    watch.leaves = True

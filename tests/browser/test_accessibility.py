"""Every page, in light and in dark, as axe sees it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts import actions as contact_actions
from contacts.models import Contact
from customers import actions
from customers.models import Association, Customer
from ems_site.accounts.models import User
from ems_site.accounts.tokens import reset_tokens
from ems_site.status import Status
from entitlements import actions as entitlement_actions
from entitlements.models import Activation, Entitlement
from tests.browser.portal import NO_PAGE, administrator_of, invited, log_on
from tests.factories import ActivationFactory, ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser


@pytest.fixture
def acme(db, manager):
    """With contacts, entitlements of every state, and some history."""
    people = [(ContactFactory(name="Anna"), "standard"), (ContactFactory(name=""), "administrator")]
    customer = Customer(name="Acme", customer_id="C-1", crm_id="old", description="Two\nlines")
    actions.save(customer, by=manager, associates=people)
    customer.name, customer.time_zone = "Acme Ltd", "Europe/Berlin"
    actions.save(customer, by=manager)
    for state in Entitlement.State:
        EntitlementFactory(customer=customer, state=state)
    ContactFactory(name="Ben")
    return customer


@pytest.fixture
def others(db):
    CustomerFactory(name="Beta", external_id="X-1")
    CustomerFactory(name="Gamma Ltd", crm_id="crm")
    Customer.objects.filter(name="Beta").update(status=Status.DISABLED)


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


@pytest.mark.parametrize("path", ["/login/", "/password-reset/", "/password-reset/sent/"])
def test_before_the_log_on(browse, axe, path):
    page = browse()
    page.goto(path)
    axe(page)


def test_refused_log_on(browse, axe):
    page = browse()
    page.goto("/login/")
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password").fill("nothing")
    press(page, "Log on")
    expect(page.get_by_text("The user name or the password is wrong.")).to_be_visible()
    axe(page)


def test_list(page, axe, acme, others):
    CustomerFactory.create_batch(50)
    page.goto("/customers/?sort=-created&and=any.starts.id-&created_from=2000-01-01&changed_to=nothing")
    axe(page)
    page.goto("/customers/?sort=-created&last=1")
    axe(page)
    page.get_by_label("Select Acme Ltd (C-1)").check()
    page.get_by_role("button", name="Account: manager").click()
    axe(page)


def test_empty_list(page, axe):
    page.goto("/customers/")
    expect(page.get_by_role("heading", name="No customers yet")).to_be_visible()
    axe(page)


def test_no_match(page, axe, acme):
    page.goto("/customers/?q=nobody&status=disabled")
    expect(page.get_by_role("heading", name="No customer matches")).to_be_visible()
    axe(page)


def test_list_of_a_viewer(browse, viewer, axe, acme, others):
    page = browse(viewer)
    page.goto("/customers/")
    axe(page)


def test_add(page, axe, acme):
    page.goto("/customers/add/")
    page.get_by_role("combobox", name="Time Zone").focus()
    page.keyboard.type("europe b")
    expect(page.get_by_role("option", name="Europe/Berlin")).to_be_visible()
    axe(page)


def test_add_with_errors(page, axe, acme):
    page.goto("/customers/add/")
    page.get_by_label("Name*", exact=True).fill("acme ltd")
    page.get_by_label("Customer ID").fill("c-1")
    page.get_by_label("External ID").fill("x" * 61)
    press(page, "Add Customer")
    expect(page.locator("[data-error-summary]")).to_be_visible()
    axe(page)


def test_contact_dialog(page, axe, acme):
    page.goto("/customers/add/")
    page.get_by_role("button", name="Associate Ben").click()
    expect(page.get_by_label("Kind of Ben")).to_be_visible()
    press(page, "Add Contact")
    dialog = page.get_by_role("dialog", name="Add Contact")
    dialog.get_by_label("Email").fill("no address")
    page.keyboard.press("Enter")
    expect(dialog.get_by_text("Enter a valid email address.")).to_be_visible()
    axe(page)


def test_confirmation(page, axe, acme):
    page.goto(f"{acme.get_absolute_url()}edit/")
    page.get_by_label("CRM ID").fill("new")
    press(page, "Save")
    expect(page.get_by_role("dialog", name="Save these changes")).to_be_visible()
    axe(page)


def test_conflict(page, axe, others):
    customer = Customer.objects.get(name="Gamma Ltd")
    page.goto(f"{customer.get_absolute_url()}edit/")
    page.get_by_label("Name*", exact=True).fill("mine")
    page.get_by_label("Description").fill("mine")
    customer.name = "theirs"
    actions.save(customer, by=None, associates=[(ContactFactory(), "standard")])
    press(page, "Save")
    expect(page.get_by_role("heading", name="Somebody else changed this customer meanwhile")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("path", ["", "edit/", "delete/", "disable/", "history/"])
def test_pages_of_a_customer(page, axe, acme, path):
    page.goto(f"{acme.get_absolute_url()}{path}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Acme Ltd")
    axe(page)


@pytest.mark.parametrize("path", ["", "delete/", "enable/"])
def test_pages_of_a_disabled_customer_without_anything(page, axe, others, path):
    customer = Customer.objects.get(name="Beta")
    page.goto(f"{customer.get_absolute_url()}{path}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Beta")
    axe(page)


def test_bulk_plan(page, axe, acme, others):
    page.goto("/customers/")
    page.get_by_label("Select all customers on this page").check()
    page.locator("[data-bulk-bar]").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete 2 of the 3 ticked customers?")).to_be_visible()
    axe(page)


def test_history(page, axe, acme):
    page.goto("/history/")
    expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()
    axe(page)
    page.goto("/history/?q=nobody")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    axe(page)


def test_shortcuts(page, axe):
    page.goto("/customers/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    axe(page)


def test_password_change(page, axe):
    page.goto("/password-change/")
    axe(page)


def test_refused_and_missing(browse, clerk, axe, watch):
    watch.excused.append(r"Failed to load resource: the server responded with a status of 404 \(Not Found\)")
    page = browse(clerk)
    page.goto("/customers/")
    expect(page.get_by_role("heading", name="Not yours to see")).to_be_visible()
    axe(page)
    page.goto("/nowhere/")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    axe(page)


def test_narrow(browse, manager, axe, acme, others):
    page = browse(manager, viewport={"width": 390, "height": 844})
    page.goto("/customers/")
    page.get_by_label("Select Beta").check()
    axe(page)
    page.get_by_role("button", name="Navigation").click()
    expect(page.get_by_role("navigation", name="Main")).to_be_visible()
    axe(page)


@pytest.fixture
def anna(acme, log_on_of):
    """One of Acme's contacts, who may log on and has an entitlement."""
    contact = Contact.objects.get(name="Anna")
    EntitlementFactory(customer=acme, contact=contact)
    log_on_of(contact).log_ons.create(client_address="203.0.113.7")
    return contact


@pytest.fixture
def ben(acme):
    """Without a customer, and invited."""
    contact = Contact.objects.get(name="Ben")
    invited(contact.email, contact=contact)
    return contact


def test_lists_of_contacts(page, axe):
    page.goto("/contacts/")
    expect(page.get_by_role("heading", name="No contacts yet")).to_be_visible()
    axe(page)
    anna, _nameless = ContactFactory(name="Anna", phone="+49 30 1234"), ContactFactory(name="")
    CustomerFactory.create_batch(4, people=[anna])
    ContactFactory(name="Ben", status=Status.DISABLED)
    EntitlementFactory(contact=anna)
    page.goto("/contacts/?sort=-name&q=example&columns=email,name,status,ref_id1")
    page.get_by_label("Select Ben").check()
    axe(page)
    page.get_by_label("Select Anna").check()
    page.locator("[data-bulk-bar]").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog", name="Delete 1 of the 2 ticked contacts?")).to_be_visible()
    axe(page)
    page.goto("/contacts/?q=nobody&customer=none")
    expect(page.get_by_role("heading", name="No contact matches")).to_be_visible()
    axe(page)


def test_pages_of_contacts(page, axe, anna, ben):
    own = ["", "edit/", "delete/", "disable/", "history/", "customers/", "invite/", "password/"]
    for path in ["add/", *(f"{anna.pk}/{path}" for path in own)]:
        assert page.goto(f"/contacts/{path}").ok
        axe(page)
    Contact.objects.filter(pk=ben.pk).update(status=Status.DISABLED)
    for path in "", "enable/", "delete/", "invite/", "password/":
        assert page.goto(f"/contacts/{ben.pk}/{path}").ok
        axe(page)


def test_dialogs_and_errors_of_contacts(page, axe, acme, anna, ben):
    page.goto(ben.get_absolute_url())
    page.get_by_role("link", name="Send another invitation").click()
    expect(page.get_by_role("dialog", name="Send an invitation to Ben?")).to_be_visible()
    axe(page)
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Set password").click()
    press(page, "Set password")
    expect(page.get_by_role("dialog").get_by_text("This field is required.").first).to_be_visible()
    axe(page)
    page.goto(f"/contacts/{ben.pk}/customers/")
    press(page, "Associate Acme Ltd (C-1)")
    expect(page.get_by_role("dialog", name="Save these changes to Acme Ltd")).to_be_visible()
    axe(page)
    page.goto(f"/contacts/{ben.pk}/edit/")
    page.get_by_label("Email").fill(anna.email)
    page.get_by_label("Name", exact=True).fill("x" * 101)
    press(page, "Save")
    expect(page.locator("[data-error-summary]")).to_be_visible()
    axe(page)
    page.get_by_label("Email").fill(ben.email)
    page.get_by_label("Name", exact=True).fill("mine")
    ben.name = "theirs"
    contact_actions.save(ben, by=None)
    press(page, "Save")
    expect(page.get_by_role("heading", name="Somebody else changed this contact meanwhile")).to_be_visible()
    axe(page)


def test_contacts_of_a_viewer(browse, viewer, axe, anna):
    page = browse(viewer)
    for path in "", f"{anna.pk}/", f"{anna.pk}/customers/":
        assert page.goto(f"/contacts/{path}").ok
        axe(page)


def test_portal_before_the_log_on(browse, axe, watch, anna, ben):
    watch.excused.append(NO_PAGE)
    page = browse()
    dead = ["invitation/?key=1.dead", "password-reset/confirm/?key=1.dead", "nowhere/"]
    for path in ["login/", "password-reset/", "password-reset/sent/", *dead]:
        page.goto(f"/portal/{path}")
        axe(page)
    page.goto("/portal/login/")
    log_on(page, "nobody@example.com")
    expect(page.get_by_text("The email or the password is wrong.")).to_be_visible()
    axe(page)
    _invitation, key = invited(ben.email, contact=ben)
    page.goto(f"/portal/invitation/?key={key}")
    axe(page)
    press(page, "Accept and set the password")
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    axe(page)
    page.goto(f"/portal/password-reset/confirm/?key={reset_tokens.key(anna.user)}")
    press(page, "Set the password")
    expect(page.get_by_text("This field is required.").first).to_be_visible()
    axe(page)


def test_portal(browse, axe, acme, anna):
    user, paths = administrator_of(acme, anna)
    page = browse(user)
    for path in paths:
        assert page.goto(f"/portal/{path}").ok
        page.get_by_text("Switch customer").click()
        axe(page)
    page.goto("/portal/profile/")
    page.get_by_label("Name").fill("x" * 101)
    press(page, "Save")
    expect(page.locator(".is-invalid")).to_be_visible()
    axe(page)
    page.get_by_label("Name").fill("mine")
    Contact.objects.filter(pk=user.contact_id).update(name="theirs", version=2, language="de")
    press(page, "Save")
    expect(page.get_by_role("alert")).to_be_visible()
    axe(page)
    for path in f"customers/{acme.pk}/contacts/invite/", "profile/password/", paths[-1]:
        page.goto(f"/portal/{path}")
        page.locator("main .btn-primary").click()
        expect(page.locator(".is-invalid").first).to_be_visible()
        axe(page)


def test_portal_with_little_to_see(browse, manager, axe, watch, acme, anna, log_on_of):
    watch.excused.append(NO_PAGE)
    page = browse(anna.user)
    page.goto("/portal/")
    expect(page.get_by_role("heading", name="No entitlements yet")).to_be_visible()
    axe(page)
    page.goto("/portal/entitlements/1/")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    axe(page)
    Association.objects.all().delete()
    page.goto("/portal/")
    expect(page.get_by_text("you are not a contact of any customer yet")).to_be_visible()
    axe(page)
    User.objects.filter(pk=anna.user.pk).update(must_change_password=True)
    page.goto("/portal/")
    expect(page.get_by_role("heading", name="Change password")).to_be_visible()
    axe(page)
    page = browse(manager)
    page.goto("/portal/")
    expect(page.get_by_role("heading", name="Not yours to see")).to_be_visible()
    axe(page)


@pytest.fixture
def office(browse, licenser):
    """A page of Entitlement Management."""
    return browse(licenser)


@pytest.fixture
def sold(acme, anna, manager):
    """Acme's entitlements by state: products that ended, that start later and that never end; with one
    activation in force, in another time zone, and one revoked, and some history."""
    own = {"start_date": date(2026, 6, 1), "end_date": date(2026, 6, 30)}
    later = {"start_date": date(2099, 1, 1), "end_date": date(2099, 12, 31)}
    soon = {"end_date": timezone.localdate() + timedelta(days=5)}
    products = [{}, own, later, soon]
    sold = {}
    for state in Entitlement.State:
        sold[state] = EntitlementFactory(customer=acme, contact=anna, state=state, products=products)
        if state != Entitlement.State.DRAFT:
            key = sold[state].product_keys.first()
            key.place(key.validity_in("Asia/Tokyo"))
            ActivationFactory(product_key=key, activatee=anna, activated_by="manager")
            revoked = {"revoked": timezone.now(), "revoked_by": "manager", "reason": "Wrong machine"}
            ActivationFactory(product_key=key, **revoked)
    draft = sold[Entitlement.State.DRAFT]
    draft.ref_id1 = "new"
    entitlement_actions.save(draft, by=manager)
    return sold


def unfold(page):
    """Shows all exact times."""
    page.locator("main details").evaluate_all("all => all.forEach((one) => { one.open = true; })")


def test_lists_of_entitlements(office, axe, acme, anna, request):
    page = office
    Entitlement.objects.all().delete()
    page.goto("/entitlements/")
    expect(page.get_by_role("heading", name="No entitlements yet")).to_be_visible()
    axe(page)
    sold = request.getfixturevalue("sold")
    EntitlementFactory()
    page.goto("/entitlements/")
    page.get_by_label(f"Select {sold['closed']}").check()
    page.locator("details.times summary").first.click()
    axe(page)
    press(page.locator("[data-bulk-bar]"), "Disable")
    expect(page.get_by_role("dialog", name="None of these entitlements can be disabled")).to_be_visible()
    axe(page)
    page.goto("/entitlements/?q=a&state=complete&customer=c-1&valid_on=2026-06-01&never_expires=1&sort=-eid")
    expect(page.locator(".chip")).to_have_count(5)
    axe(page)
    page.goto("/entitlements/?valid_on=2026-02-30&ends_within=-1&customer=nobody")
    expect(page.get_by_role("heading", name="No entitlement matches")).to_be_visible()
    axe(page)


PAGES_OF_ENTITLEMENTS = {
    "draft": ["", "edit/", "complete/", "delete/", "copy/", "history/", "activate/", "close/"],
    "complete": ["", "disable/", "close/", "delete/", "copy/", "history/", "activate/"],
    "disabled": ["", "enable/", "activate/"],
    "closed": ["", "copy/"],
}


@pytest.mark.parametrize("state", PAGES_OF_ENTITLEMENTS)
def test_pages_of_entitlements(office, axe, sold, state):
    page = office
    for path in PAGES_OF_ENTITLEMENTS[state]:
        assert page.goto(f"{sold[state].get_absolute_url()}{path}").ok
        unfold(page)
        axe(page)


def test_pages_of_activations(office, axe, watch, sold):
    watch.excused.append(NO_PAGE)
    page = office
    entitlement = sold["complete"]
    for activation in Activation.objects.filter(product_key__entitlement=entitlement):
        assert page.goto(f"{entitlement.get_absolute_url()}activations/{activation.pk}/revoke/").ok
        axe(page)
        if not activation.is_revoked():
            press(page, "Revoke activation")
            expect(page.get_by_text("Give a reason.")).to_be_visible()
            axe(page)
    page.goto(f"{entitlement.get_absolute_url()}activate/")
    page.get_by_label("Quantity").fill("0")
    page.get_by_label("Activatee", exact=True).fill("nobody@example.com")
    press(page, "Activate")
    expect(page.locator(".is-invalid").first).to_be_visible()
    axe(page)


def test_add_entitlement(office, axe, acme):
    page = office
    page.goto("/entitlements/add/")
    axe(page)
    press(page, "Choose Acme Ltd (C-1)")
    expect(page.get_by_label("Find a contact")).to_be_focused()
    for number in range(2, 6):
        press(page, "Add product")
        expect(page.get_by_label(f"Product of line {number}")).to_be_focused()
    page.get_by_label("Start date*", exact=True).fill("2026-03-01")
    page.get_by_label("End date", exact=True).fill("2026-12-31")
    page.get_by_label("Ref ID 1").focus()
    expect(page.locator("#window-4")).to_contain_text("1 Mar 2026")
    unfold(page)
    axe(page)
    page.get_by_label("End date", exact=True).fill("2026-02-01")
    page.get_by_label("Product of line 1").fill("Suite")
    page.get_by_label("Quantity of line 1").fill("none")
    page.get_by_label("End date of line 2").fill("2025-01-01")
    page.get_by_label("Never expires, line 3").check()
    press(page, "Save draft")
    expect(page.locator("[data-error-summary]")).to_be_visible()
    axe(page)


def test_dialogs_and_conflicts_of_entitlements(office, axe, sold, licenser):
    page = office
    draft = sold["draft"]
    for state, names in ("draft", ["Complete", "Copy", "Delete"]), ("complete", ["Disable", "Close"]):
        page.goto(sold[state].get_absolute_url())
        for name in names:
            page.get_by_role("link", name=name, exact=True).click()
            expect(page.get_by_role("dialog", name=f"{name} {sold[state]}?")).to_be_visible()
            axe(page)
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_be_hidden()
    page.goto(f"{draft.get_absolute_url()}edit/")
    page.get_by_label("Ref ID 1").fill("mine")
    page.get_by_label("Quantity of line 1").fill("6")
    page.get_by_label("Never expires", exact=True).check()
    draft.ref_id1 = "theirs"
    entitlement_actions.save(draft, by=None)
    press(page, "Save draft")
    expect(page.get_by_role("heading", name="Somebody else changed this draft meanwhile")).to_be_visible()
    axe(page)
    press(page, "Back to editing")
    entitlement_actions.complete(Entitlement.objects.filter(pk=draft.pk), by=licenser)
    press(page, "Save draft")
    expect(page.get_by_role("heading", name="This entitlement is no draft any more")).to_be_visible()
    axe(page)


def test_entitlements_of_a_viewer(browse, viewer, axe, sold):
    page = browse(viewer)
    for path in ["", *(f"{entitlement.pk}/" for entitlement in sold.values())]:
        assert page.goto(f"/entitlements/{path}").ok
        axe(page)


def test_customer_moves_to_another_time_zone(page, axe, acme, sold):
    page.goto(f"{acme.get_absolute_url()}edit/")
    page.get_by_role("combobox", name="Time Zone").focus()
    page.keyboard.type("new york")
    page.keyboard.press("Enter")
    press(page, "Save")
    expect(page.get_by_role("heading", name="to America/New_York")).to_be_visible()
    axe(page)


@pytest.mark.parametrize("language", ["en", "de"])
def test_entitlements_in_the_portal(browse, axe, acme, anna, sold, language):
    Association.objects.filter(contact=anna).update(kind=Association.Kind.ADMINISTRATOR)
    Contact.objects.update(language=language)
    page = browse(anna.user)
    for state in "complete", "disabled", "closed":
        for path in "", "activate/":
            assert page.goto(f"/portal/entitlements/{sold[state].pk}/{path}").ok
            unfold(page)
            axe(page)
    page.goto(f"/portal/entitlements/{sold['complete'].pk}/activate/")
    page.locator("[name=quantity]").fill("0")
    page.locator("[name=activatee]").fill("nobody@example.com")
    page.locator("main .btn-primary").click()
    expect(page.locator(".is-invalid").first).to_be_visible()
    axe(page)

"""At 390 pixels nothing scrolls sideways, and everything is still there."""

from datetime import date

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from contacts import actions as contact_actions
from contacts.models import Contact
from customers import actions
from customers.models import Association, Customer
from entitlements import actions as entitlement_actions
from entitlements.models import Activation, Entitlement
from tests.browser.conftest import NARROW
from tests.browser.portal import NO_PAGE, administrator_of, invited
from tests.factories import ActivationFactory, ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser

WORD = "Donaudampfschifffahrtsgesellschaft" * 7


@pytest.fixture
def page(browse, manager):
    return browse(manager, viewport=NARROW)


@pytest.fixture
def customer(db, manager):
    """Everything at its longest, without a blank to break at."""
    contact = ContactFactory(email=f"{'a' * 60}@{'b' * 60}.example.com", name=WORD[:100])
    customer = Customer(
        name=WORD[:238],
        customer_id="C" * 100,
        crm_id="m" * 255,
        external_id="x" * 60,
        ref_id="r" * 255,
        description="d" * 510,
    )
    actions.save(customer, by=manager, associates=[(contact, "administrator")])
    EntitlementFactory(customer=customer, state=Entitlement.State.COMPLETE)
    return customer


def test_list(page, customer, fits):
    CustomerFactory(name="Acme", customer_id="C-1")
    page.goto("/customers/")
    fits(page)
    page.get_by_label("Select Acme (C-1)").check()
    expect(page.locator("[data-bulk-bar]")).to_be_visible()
    fits(page)
    page.locator("[data-bulk-bar]").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    fits(page)


def test_navigation_opens_by_its_button(page):
    page.goto("/customers/")
    navigation = page.get_by_role("navigation", name="Main")
    expect(navigation).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    expect(navigation.get_by_role("link", name="Customers", exact=True)).to_have_attribute(
        "aria-current", "page"
    )
    page.keyboard.press("Escape")
    expect(navigation).to_be_hidden()
    page.get_by_role("button", name="Navigation").click()
    navigation.get_by_role("link", name="History").click()
    expect(page.get_by_role("heading", name="History", level=1)).to_be_visible()


def test_form(page, customer, fits):
    page.goto(f"{customer.get_absolute_url()}edit/")
    fits(page)
    page.get_by_label("External ID").fill("x" * 300)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Add Contact").click()
    expect(page.get_by_role("dialog", name="Add Contact")).to_be_visible()
    fits(page)
    expect(page.get_by_role("button", name="Save", exact=True)).to_be_in_viewport()


def test_confirmation_and_conflict(browse, manager, customer, fits):
    """On pages of their own, as without JavaScript."""
    page = browse(manager, viewport=NARROW, java_script_enabled=False)
    page.goto(f"{customer.get_absolute_url()}edit/")
    page.get_by_label("CRM ID").fill("n" * 255)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Save these changes to")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Back to editing").click()
    Customer.objects.update(version=2, crm_id="t" * 255, description="")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Somebody else changed this customer")).to_be_visible()
    fits(page)


@pytest.mark.parametrize("path", ["", "history/", "delete/", "disable/"])
def test_pages_of_a_customer(page, customer, fits, path):
    page.goto(f"{customer.get_absolute_url()}{path}")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    fits(page)


def test_history(page, customer, fits):
    page.goto("/history/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    fits(page)


@pytest.fixture
def contact(customer, log_on_of):
    """Everything at its longest; may log on, and has an entitlement."""
    contact = Contact.objects.get()
    Contact.objects.update(ref_id1="r" * 100, ref_id2="R" * 100, phone="0" * 100)
    EntitlementFactory(contact=contact, customer=customer)
    log_on_of(contact).log_ons.create(client_address="2001:db8:1111:2222:3333:4444:5555:6666")
    return contact


def test_contacts(page, customer, contact, fits):
    other = ContactFactory(name="O" * 100, status="disabled")
    page.goto("/contacts/")
    fits(page)
    page.get_by_label(f"Select {other.name}").check()
    page.locator("[data-bulk-bar]").get_by_role("button", name="Enable").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    fits(page)
    own = ["", "edit/", "delete/", "disable/", "history/", "customers/", "invite/", "password/"]
    for path in ["?q=nobody", "add/", *(f"{contact.pk}/{path}" for path in own), f"{other.pk}/enable/"]:
        assert page.goto(f"/contacts/{path}").ok
        fits(page)


def test_dialogs_and_errors_of_contacts(page, customer, fits):
    contact = ContactFactory(name="O" * 100, email=f"{'o' * 60}@{'b' * 60}.example.com")
    page.goto(contact.get_absolute_url())
    for name in "Send invitation", "Set password", "Disable", "Delete":
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        fits(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    page.goto(f"{contact.get_absolute_url()}customers/")
    page.get_by_role("button", name="Associate Donau").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    fits(page)
    page.goto(f"{contact.get_absolute_url()}edit/")
    page.get_by_label("Ref ID 1").fill("x" * 300)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    fits(page)
    page.get_by_label("Ref ID 1").fill("x" * 100)
    contact.ref_id1 = "y" * 100
    contact_actions.save(contact, by=None)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Somebody else changed this contact")).to_be_visible()
    fits(page)


def test_portal(browse, customer, contact, fits):
    user, paths = administrator_of(customer, contact)
    Contact.objects.filter(pk=user.contact_id).update(name=WORD[:100], language="de")
    page = browse(user, viewport=NARROW)
    for path in paths:
        assert page.goto(f"/portal/{path}").ok
        fits(page)
        page.get_by_text("Kunden wechseln").click()
        fits(page)
    page.goto("/portal/profile/")
    page.get_by_label("Name").fill("x" * 101)
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator(".is-invalid")).to_be_visible()
    fits(page)


def test_portal_before_the_log_on(browse, customer, contact, fits, watch):
    watch.excused.append(NO_PAGE)
    contact.user.delete()
    _invitation, key = invited(contact.email, contact=contact)
    page = browse(viewport=NARROW, locale="de-DE")
    dead = ["invitation/?key=1.dead", "password-reset/confirm/?key=1.dead", "nowhere/"]
    for path in ["login/", "password-reset/", "password-reset/sent/", f"invitation/?key={key}", *dead]:
        page.goto(f"/portal/{path}")
        fits(page)


@pytest.fixture
def office(browse, licenser):
    return browse(licenser, viewport=NARROW)


@pytest.fixture
def sold(customer, contact):
    """By state, everything at its longest: with an activation in another time zone, and one revoked."""
    Customer.objects.update(time_zone="America/Argentina/ComodRivadavia")
    Entitlement.objects.all().delete()
    line = {"product": WORD[:100], "product_version": "9" * 50, "quantity": 1_000_000}
    products = [line, line | {"start_date": date(2026, 12, 30), "end_date": date(2026, 12, 31)}]
    numbers = {"ref_id1": "r" * 100, "ref_id2": "R" * 100}
    sold = {}
    for state in Entitlement.State:
        values = {"customer": Customer.objects.get(), "contact": contact, "external_id": state * 12}
        sold[state] = EntitlementFactory(state=state, products=products, **numbers, **values)
        if state != Entitlement.State.DRAFT:
            key = sold[state].product_keys.first()
            key.place(key.validity_in("America/North_Dakota/New_Salem"))
            ActivationFactory(product_key=key, activatee=contact, activated_by="a" * 150, quantity=99_999)
            revoked = {"revoked": timezone.now(), "revoked_by": "a" * 150, "reason": WORD}
            ActivationFactory(product_key=key, **revoked)
    return sold


def unfold(page):
    """Shows all exact times."""
    page.locator("main details").evaluate_all("all => all.forEach((one) => { one.open = true; })")


def test_lists_of_entitlements(office, sold, fits):
    page = office
    page.goto("/entitlements/")
    page.get_by_label(f"Select {sold['closed']}").check()
    unfold(page)
    fits(page)
    page.locator("[data-bulk-bar]").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    fits(page)
    page.goto(f"/entitlements/?q={WORD[:30]}&state=complete&customer={'C' * 100}&valid_on=2026-06-01")
    expect(page.locator(".chip")).to_have_count(4)
    fits(page)
    page.goto(f"/entitlements/?q={WORD}&customer=nobody&valid_on=20260230&ends_within=never")
    expect(page.get_by_role("heading", name="No entitlement matches")).to_be_visible()
    fits(page)
    Activation.objects.all().delete()
    Entitlement.objects.all().delete()
    page.goto("/entitlements/")
    expect(page.get_by_role("heading", name="No entitlements yet")).to_be_visible()
    fits(page)


PAGES_OF_ENTITLEMENTS = {
    "draft": ["", "edit/", "complete/", "delete/", "copy/", "history/", "activate/", "close/"],
    "complete": ["", "disable/", "close/", "delete/", "history/", "activate/"],
    "disabled": ["", "enable/", "activate/"],
    "closed": ["", "copy/"],
}


@pytest.mark.parametrize("state", PAGES_OF_ENTITLEMENTS)
def test_pages_of_entitlements(office, sold, fits, state):
    page = office
    for path in PAGES_OF_ENTITLEMENTS[state]:
        assert page.goto(f"{sold[state].get_absolute_url()}{path}").ok
        fits(page)
        unfold(page)
        fits(page)


def test_pages_of_activations(office, sold, fits):
    page = office
    entitlement = sold["complete"]
    for activation in Activation.objects.filter(product_key__entitlement=entitlement):
        assert page.goto(f"{entitlement.get_absolute_url()}activations/{activation.pk}/revoke/").ok
        fits(page)
    page.goto(f"{entitlement.get_absolute_url()}activate/")
    page.get_by_label("Quantity").fill("0")
    page.get_by_label("Activatee", exact=True).fill("nobody@example.com")
    page.get_by_role("button", name="Activate", exact=True).click()
    expect(page.locator(".is-invalid").first).to_be_visible()
    fits(page)


def test_add_entitlement(office, sold, fits):
    page = office
    page.goto("/entitlements/add/")
    fits(page)
    page.get_by_role("button", name="Choose Donau").click()
    expect(page.get_by_label("Find a contact")).to_be_focused()
    for number in range(2, 6):
        page.get_by_role("button", name="Add product").click()
        expect(page.get_by_label(f"Product of line {number}")).to_be_focused()
    page.get_by_label("Start date*", exact=True).fill("2026-03-01")
    page.get_by_label("Never expires", exact=True).check()
    page.get_by_label("Ref ID 1").focus()
    expect(page.locator("#window-4")).to_contain_text("1 Mar 2026")
    unfold(page)
    fits(page)
    page.get_by_label("Product of line 1").fill(WORD)
    page.get_by_label("Quantity of line 1").fill("none")
    page.get_by_label("End date of line 2").fill("2025-01-01")
    page.get_by_role("button", name="Save draft").click()
    expect(page.locator("[data-error-summary]")).to_be_visible()
    fits(page)
    expect(page.get_by_role("button", name="Save draft")).to_be_in_viewport()


def test_dialogs_and_conflicts_of_entitlements(office, sold, fits, licenser):
    page = office
    draft = sold["draft"]
    for state, names in ("draft", ["Complete", "Copy", "Delete"]), ("complete", ["Disable", "Close"]):
        page.goto(sold[state].get_absolute_url())
        for name in names:
            page.get_by_role("link", name=name, exact=True).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            fits(page)
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_be_hidden()
    page.goto(f"{draft.get_absolute_url()}edit/")
    page.get_by_label("Ref ID 1").fill("m" * 100)
    page.get_by_label("Product of line 1").fill("M" * 100)
    page.get_by_label("Never expires", exact=True).check()
    draft.ref_id1 = "t" * 100
    entitlement_actions.save(draft, by=None)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", name="Somebody else changed this draft")).to_be_visible()
    fits(page)
    page.get_by_role("button", name="Back to editing").click()
    entitlement_actions.complete(Entitlement.objects.filter(pk=draft.pk), by=licenser)
    page.get_by_role("button", name="Save draft").click()
    expect(page.get_by_role("heading", name="This entitlement is no draft any more")).to_be_visible()
    fits(page)


@pytest.mark.parametrize("language", ["en", "de"])
def test_entitlements_in_the_portal(browse, contact, sold, fits, language):
    Association.objects.update(kind=Association.Kind.ADMINISTRATOR)
    Contact.objects.update(language=language)
    page = browse(contact.user, viewport=NARROW)
    for state in "complete", "disabled", "closed":
        for path in "", "activate/":
            assert page.goto(f"/portal/entitlements/{sold[state].pk}/{path}").ok
            fits(page)
            unfold(page)
            fits(page)
    page.goto(f"/portal/entitlements/{sold['complete'].pk}/activate/")
    page.locator("[name=quantity]").fill("0")
    page.locator("main .btn-primary").click()
    expect(page.locator(".is-invalid").first).to_be_visible()
    fits(page)

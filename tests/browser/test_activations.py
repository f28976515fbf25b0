"""From the order to the license in hand: staff, the portal, and the exact times that both tell."""

from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import expect

from contacts.models import Contact
from ems_site.audit.models import Entry
from entitlements import licenses
from entitlements.models import Activation, Entitlement
from tests.accounts.conftest import cheap_passwords  # noqa: F401
from tests.browser.portal import NO_PAGE, acts_for
from tests.factories import CustomerFactory, EntitlementFactory
from tests.portal.conftest import ADMINISTRATOR, associate, person

pytestmark = pytest.mark.browser

ENDS = date(2099, 12, 31)
SUITE = {"product": "Suite", "product_version": "2.0", "quantity": 10}


@pytest.fixture
def page(browse, licenser):
    return browse(licenser)


@pytest.fixture
def acme(db):
    CustomerFactory(name="Acme Asia", customer_id="C-9")
    return CustomerFactory(name="Acme Ltd", customer_id="C-1", time_zone="Europe/Berlin")


@pytest.fixture
def arthur(acme):
    """Administrator contact of Acme."""
    user = person("arthur@example.com", name="Arthur")
    associate(acme, user, ADMINISTRATOR)
    return user


@pytest.fixture
def anna(acme):
    """Standard contact of Acme."""
    user = person("anna@example.com", name="Anna")
    associate(acme, user)
    return user


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def row(page, table, name):
    return page.get_by_role("table", name=table).locator("tbody tr", has_text=name)


def saved_bytes(page, link):
    """What the browser saves when this link is clicked."""
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.startswith("license-")
    return Path(download.value.path()).read_bytes()


def verified(file):
    return licenses.verify(file, licenses.known_keys())


def order(page):
    """From the list to Complete: for Acme and Anna ten of Suite 2.0 and three of Tool."""
    page.goto("/entitlements/")
    page.get_by_role("link", name="Add Entitlement").first.click()
    page.get_by_label("Find a customer").press_sequentially("acme l")
    expect(page.get_by_text("1 customer matches")).to_be_visible()
    press(page, "Choose Acme Ltd (C-1)")
    page.get_by_label("Find a contact").press_sequentially("ann")
    expect(page.get_by_text("1 contact matches")).to_be_visible()
    press(page, "Choose Anna <anna@example.com>")
    expect(page.get_by_role("heading", name="Contact", exact=True)).to_be_focused()
    page.get_by_label("Start date*", exact=True).fill("2026-03-01")
    page.get_by_label("End date", exact=True).fill("2099-12-31")
    page.get_by_label("Product of line 1").fill("Suite")
    page.get_by_label("Version of line 1").fill("2.0")
    page.get_by_label("Quantity of line 1").fill("10")
    press(page, "Add product")
    expect(page.get_by_label("Product of line 2")).to_be_focused()
    page.keyboard.type("Tool")
    page.get_by_label("Quantity of line 2").fill("3")
    page.get_by_label("Never expires, line 2").check()
    press(page, "Save and go to complete")


def complete(page):
    expect(page.get_by_role("heading", name="Complete ", level=1)).to_be_visible()
    product = row(page, "Products with the validity", "Suite 2.0")
    expect(product).to_contain_text("1 Mar 2026 – 31 Dec 2099")
    expect(product).to_contain_text("Europe/Berlin")
    expect(row(page, "Products with the validity", "Tool")).to_contain_text("1 Mar 2026 – never expires")
    press(page, "Complete entitlement")
    expect(page.locator("#messages")).to_contain_text("completed.")
    expect(page.locator("main .status-pill")).to_have_text("Complete")
    return Entitlement.objects.get()


def activate_for_anna(page):
    page.get_by_role("link", name="Activate", exact=True).click()
    page.get_by_label("Product*", exact=True).select_option(label="Suite 2.0: 10 of 10 left")
    page.get_by_label("Quantity*", exact=True).fill("4")
    activatee = page.get_by_label("Activatee", exact=True)
    activatee.press_sequentially("ann")
    offered = page.locator("#activatees option")
    expect(offered).to_have_count(1)
    activatee.fill(offered.get_attribute("value"))
    page.get_by_label("Time Zone of the activatee").select_option("America/New_York")
    press(page, "Activate")
    expect(page.locator("#messages")).to_contain_text("activated for Anna <anna@example.com>.")


def shows(found, entitlement, **values):
    """A license of Suite 2.0, signed by us, that says so."""
    always = {"eid": entitlement.eid, "product": "Suite", "version": "2.0", "customer_id": "C-1"}
    assert {name: getattr(found, name) for name in always | values} == always | values


def test_from_the_order_to_the_revoked_license(browse, page, anna, arthur, acme, watch):
    watch.excused.append(NO_PAGE)
    order(page)
    entitlement = complete(page)
    activate_for_anna(page)
    expect(row(page, "Products", "Suite").get_by_role("cell")).to_contain_text(["2.0", "10", "4", "6"])
    activation = row(page, "Activations of", "Suite 2.0")
    expect(activation).to_contain_text("by licenser")
    file = saved_bytes(page, activation.get_by_role("link", name="License of 4 × Suite 2.0"))
    values = {"quantity": 4, "activatee": "anna@example.com", "time_zone": "America/New_York"}
    instants = {"not_before": "2026-03-01T05:00:00Z", "not_after": "2100-01-01T05:00:00Z"}
    shows(verified(file), entitlement, **values, **instants)
    assert saved_bytes(page, page.locator("#messages").get_by_role("link", name="Download")) == file

    portal = browse(arthur)
    portal.goto("/portal/")
    acts_for(portal, acme)
    portal.get_by_role("link", name=entitlement.eid).click()
    expect(row(portal, "Products", "Suite").get_by_role("cell")).to_contain_text(["10", "4", "6"])
    theirs = row(portal, "Activations", "Suite 2.0")
    expect(theirs).to_contain_text("by the vendor")
    assert saved_bytes(portal, theirs.get_by_role("link", name="License 4 × Suite 2.0")) == file
    portal.get_by_role("link", name="Activate Suite 2.0").click()
    portal.get_by_label("Quantity*", exact=True).fill("2")
    press(portal, "Activate")
    expect(portal.get_by_text("2 × Suite 2.0 activated.")).to_be_visible()
    more = saved_bytes(portal, portal.get_by_role("link", name="License 2 × Suite 2.0"))
    values = {"quantity": 2, "activatee": None, "time_zone": "Europe/Berlin"}
    instants = {"not_before": "2026-02-28T23:00:00Z", "not_after": "2099-12-31T23:00:00Z"}
    shows(verified(more), entitlement, **values, **instants)
    expect(row(portal, "Products", "Suite").get_by_role("cell")).to_contain_text(["10", "6", "4"])

    page.reload()
    page.get_by_role("link", name="Revoke 4 × Suite 2.0").click()
    dialog = page.get_by_role("dialog", name="Revoke the activation of 4 × Suite 2.0?")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    press(dialog, "Revoke activation")
    expect(dialog.get_by_text("Give a reason.")).to_be_visible()
    dialog.get_by_label("Reason").fill("Wrong machine")
    press(dialog, "Revoke activation")
    expect(page.locator("#messages")).to_contain_text("8 of 10 can be activated now.")
    revoked = row(page, "Activations of", "Revoked")
    expect(revoked).to_contain_text("“Wrong machine”")
    expect(revoked.get_by_role("link", name="License")).to_have_count(0)
    expect(row(page, "Products", "Suite").get_by_role("cell")).to_contain_text(["2.0", "10", "2", "8"])
    assert Entry.objects.get(code="entitlement.revoked").comment == "Wrong machine"

    portal.reload()
    theirs = row(portal, "Activations", "Revoked")
    expect(theirs.get_by_role("link", name="License")).to_have_count(0)
    expect(theirs).not_to_contain_text("Wrong machine")
    expect(row(portal, "Products", "Suite").get_by_role("cell")).to_contain_text(["10", "2", "8"])
    gone = Activation.objects.get(quantity=4)
    answer = portal.goto(f"/portal/entitlements/{entitlement.pk}/licenses/{gone.pk}/")
    assert answer.status == 410
    expect(portal.get_by_role("alert")).to_contain_text("This activation has been revoked.")
    acts_for(portal, acme)


def test_activate_without_javascript(browse, licenser, anna, acme):
    """What is not possible says why, and nothing typed is lost."""
    entitlement = EntitlementFactory(customer=acme, state="complete", products=[SUITE])
    page = browse(licenser, java_script_enabled=False)
    page.goto(entitlement.get_absolute_url())
    page.get_by_role("link", name="Activate", exact=True).click()
    page.get_by_label("Quantity*", exact=True).fill("11")
    page.get_by_label("Activatee", exact=True).fill("nobody@example.com")
    page.get_by_label("Time Zone of the activatee").select_option("Asia/Tokyo")
    press(page, "Activate")
    expect(page.get_by_text("No enabled contact of this customer has this e-mail address.")).to_be_visible()
    page.get_by_label("Activatee", exact=True).fill("ANNA@example.com")
    press(page, "Activate")
    expect(page.get_by_role("alert")).to_contain_text("Only 10 of 10 are left.")
    expect(page.get_by_label("Time Zone of the activatee")).to_have_value("Asia/Tokyo")
    page.get_by_label("Quantity*", exact=True).fill("10")
    press(page, "Activate")
    expect(page.locator("#messages")).to_contain_text("10 × Suite 2.0 activated for Anna")
    found = verified(saved_bytes(page, page.locator("#messages").get_by_role("link", name="Download")))
    shows(found, entitlement, quantity=10, not_before="2025-12-31T15:00:00Z", not_after=None)
    page.get_by_role("link").filter(has_text="Activate").click()
    expect(page.get_by_text("All of it is activated: nothing is left.")).to_be_visible()
    page.get_by_role("link", name="Back", exact=True).click()
    page.get_by_role("link", name="Revoke 10 × Suite 2.0").click()
    press(page, "Revoke activation")
    expect(page.get_by_text("Give a reason.")).to_be_visible()
    page.get_by_label("Reason").fill("Wrong machine")
    press(page, "Revoke activation")
    expect(page.locator("#messages")).to_contain_text("10 of 10 can be activated now.")


def test_somebody_else_takes_the_last_ones(browse, page, arthur, acme):
    entitlement = EntitlementFactory(customer=acme, state="complete", products=[SUITE | {"quantity": 1}])
    portal = browse(arthur)
    portal.goto(f"/portal/entitlements/{entitlement.pk}/activate/")
    page.goto(f"{entitlement.get_absolute_url()}activate/")
    press(page, "Activate")
    expect(page.locator("#messages")).to_contain_text("1 × Suite 2.0 activated.")
    press(portal, "Activate")
    expect(portal.get_by_text("All of it is activated: nothing is left.")).to_be_visible()
    assert Activation.objects.count() == 1


def test_a_double_click_activates_once(page, acme):
    entitlement = EntitlementFactory(customer=acme, state="complete", products=[SUITE])
    page.goto(f"{entitlement.get_absolute_url()}activate/")
    page.get_by_label("Quantity*", exact=True).fill("3")
    page.get_by_role("button", name="Activate", exact=True).dblclick()
    expect(page.locator("#messages")).to_contain_text("3 × Suite 2.0 activated.")
    assert [activation.quantity for activation in Activation.objects.all()] == [3]


@pytest.fixture
def june(acme, anna):
    """Valid in June 2026, as Berlin counts its days."""
    values = {"start_date": date(2026, 6, 1), "end_date": date(2026, 6, 30), "contact": anna.contact}
    return EntitlementFactory(customer=acme, state="complete", products=[SUITE], **values)


def exact_times(page, table):
    details = row(page, table, "Suite").locator("details")
    expect(details.locator("dl")).to_be_hidden()
    details.locator("summary").click()
    return details.locator("dl > div:visible")


NEW_YORK = {"timezone_id": "America/New_York"}


def test_exact_times_for_staff(browse, licenser, june):
    page = browse(licenser, **NEW_YORK)
    page.goto(june.get_absolute_url())
    expect(row(page, "Products", "Suite")).to_contain_text("1 Jun 2026 – 30 Jun 2026")
    expect(exact_times(page, "Products")).to_have_text(
        [
            "Europe/Berlin 1 Jun 2026, 00:00 (UTC+02:00) until 1 Jul 2026, 00:00 (UTC+02:00)",
            "Yours, America/New_York 31 May 2026, 18:00 (UTC-04:00) until 30 Jun 2026, 18:00 (UTC-04:00)",
            "UTC 31 May 2026, 22:00 until 30 Jun 2026, 22:00",
        ],
        use_inner_text=True,
    )


@pytest.mark.parametrize(
    ("language", "times"),
    [
        (
            "en",
            [
                "Europe/Berlin from June 1, 2026, 00:00 until July 1, 2026, 00:00",
                "Yours: America/New_York from May 31, 2026, 18:00 until June 30, 2026, 18:00",
                "UTC from May 31, 2026, 22:00 until June 30, 2026, 22:00",
            ],
        ),
        (
            "de",
            [
                "Europe/Berlin ab 1. Juni 2026, 00:00 bis 1. Juli 2026, 00:00",
                "Ihre: America/New_York ab 31. Mai 2026, 18:00 bis 30. Juni 2026, 18:00",
                "UTC ab 31. Mai 2026, 22:00 bis 30. Juni 2026, 22:00",
            ],
        ),
    ],
)
def test_exact_times_in_the_portal(browse, anna, june, language, times):
    Contact.objects.update(language=language)
    page = browse(anna, **NEW_YORK)
    page.goto(f"/portal/entitlements/{june.pk}/")
    table = {"en": "Products", "de": "Produkte"}[language]
    expect(exact_times(page, table)).to_have_text(times, use_inner_text=True)


def test_exact_times_without_javascript(browse, licenser, anna, june):
    """The browser's own zone, which the server does not know, is left out."""
    for user, address, table in [
        (licenser, june.get_absolute_url(), "Products"),
        (anna, f"/portal/entitlements/{june.pk}/", "Products"),
    ]:
        page = browse(user, java_script_enabled=False, **NEW_YORK)
        page.goto(address)
        times = exact_times(page, table)
        expect(times).to_have_count(2)
        expect(times.first).to_contain_text("Europe/Berlin")
        expect(times.last).to_contain_text("UTC")

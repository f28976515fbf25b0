"""Columns that a person chooses, and lists kept under a name."""

import pytest
from playwright.sync_api import expect

from ems_site.lists.actions import saved_views as actions
from ems_site.lists.models import DefaultView, SavedView
from tests.browser.conftest import NARROW
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory

pytestmark = pytest.mark.browser

DEFAULT = ["Status", "Name", "Customer ID", "CRM ID", "External ID", "Time Zone", "Contacts", "Entitlements"]


def titles(page):
    return page.get_by_role("columnheader")


@pytest.fixture
def two(db):
    CustomerFactory(name="Acme", ref_id="R-1", description="One\nTwo")
    CustomerFactory(name="Bolt", ref_id="R-2")


def opened(page, address="/customers/"):
    page.goto(address)
    page.wait_for_load_state("load")
    return page


def test_choose_columns_by_keyboard(page, two, axe):
    opened(page, "/customers/?q=acme")
    page.get_by_role("link", name="Columns").focus()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Columns of the list")
    expect(dialog).to_be_visible()
    axe(page)
    for name in DEFAULT[2:]:
        box = dialog.get_by_role("checkbox", name=name)
        box.focus()
        page.keyboard.press("Space")
        expect(box).not_to_be_checked()
    expect(dialog.get_by_role("checkbox", name="Name")).to_be_disabled()
    dialog.get_by_role("checkbox", name="Ref ID").press("Space")
    up = dialog.get_by_role("button", name="Move Ref ID up")
    up.focus()
    for place in range(10, 0, -1):
        page.keyboard.press("Enter")
        expect(up).to_be_focused()
        expect(page.locator("#announcer")).to_have_text(f"Ref ID is {place} of 12")
    expect(up).to_have_attribute("aria-disabled", "true")
    dialog.get_by_label("Sort by").select_option("Changed")
    dialog.get_by_label("Order").select_option("Descending")
    dialog.get_by_label("Rows on a page").select_option("25")
    dialog.get_by_role("button", name="Show these").press("Enter")
    expect(page).to_have_url(
        "/customers/?q=acme&sort=-changed&columns=ref_id%2Cstatus%2Cname%2Ccreated%2Cchanged&size=25"
    )
    expect(titles(page)).to_have_text(["Select", "Ref ID", "Status", "Name", "Created", "Changed", "Actions"])
    axe(page)
    page.get_by_role("link", name="Columns").click()
    dialog.get_by_role("link", name="Reset to default").click()
    expect(page).to_have_url("/customers/?q=acme")


def test_choose_columns_without_javascript(plain_page, two):
    page = opened(plain_page)
    page.get_by_role("link", name="Columns").click()
    page.get_by_label("Description", exact=True).check()
    page.get_by_label("Position of Description").fill("2")
    page.get_by_label("Status", exact=True).uncheck()
    page.get_by_role("button", name="Show these").click()
    expect(titles(page)).to_have_text(
        ["Select", "Description", *DEFAULT[1:], "Created", "Changed", "Actions"]
    )


def test_all_columns_scroll_within_their_frame(page, fits, browse, superuser):
    everything = {
        "customers": CustomerFactory,
        "contacts": lambda: ContactFactory(
            name="O" * 100, phone="0" * 60, ref_id1="r" * 100, ref_id2="s" * 100
        ),
        "entitlements": lambda: EntitlementFactory(state="complete", products=[{"product": "P" * 80}]),
    }
    from ems_site.lists.listing import LISTS

    for name, make in everything.items():
        make()
        columns = ",".join(LISTS[name].columns_by_name)
        for width in (1440, 800, 390):
            page = browse(superuser, viewport={"width": width, "height": 900})
            page.goto(f"/{name}/?columns={columns}")
            expect(page.locator("tbody th[scope=row] a.row-name").first).to_be_visible()
            fits(page)
            if width > 390:
                frame, root = page.locator(".grid-frame"), page.locator("html")
                assert frame.evaluate("it => it.scrollWidth > it.clientWidth"), (name, width)
                assert root.evaluate("it => it.scrollLeft") == 0
                expect(page.get_by_role("columnheader", name="Actions")).to_be_in_viewport()


def test_save_open_change_and_delete_a_view(page, two, axe):
    opened(page, "/customers/?columns=name,ref_id")
    page.get_by_label("Search customers").press_sequentially("acme", delay=30)
    expect(page).to_have_url("/customers/?q=acme&columns=name%2Cref_id")
    page.get_by_text("Views", exact=True).click()
    axe(page)
    page.get_by_role("link", name="Save this view…").click()
    dialog = page.get_by_role("dialog", name="Save this view")
    expect(dialog.get_by_text("Any attribute: acme")).to_be_visible()
    expect(dialog.get_by_label("Name")).to_be_focused()
    axe(page)
    dialog.get_by_label("Name").fill("x" * 61)
    dialog.get_by_role("button", name="Save view").click()
    expect(dialog.locator(".is-invalid")).to_be_focused()
    dialog.get_by_label("Name").fill("Acmes")
    dialog.get_by_label("Open customers with it").check()
    dialog.get_by_role("button", name="Save view").click()
    view = SavedView.objects.get
    expect(page.get_by_text("View “Acmes” saved.")).to_be_visible()
    expect(page).to_have_url(f"/customers/?q=acme&columns=name%2Cref_id&view={view().pk}")
    menu = page.locator("details[data-menu]")
    expect(menu).to_contain_text("View: Acmes")

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Customers", exact=True).click()
    expect(page).to_have_url(f"/customers/?q=acme&columns=name%2Cref_id&view={view().pk}")
    page.wait_for_load_state("load")
    page.get_by_label("Search customers").fill("bolt")
    expect(menu).to_contain_text("View: Acmes (changed)")
    expect(page.locator("tbody th[scope=row] a")).to_have_text(["Bolt"])
    menu.locator("summary").click()
    page.get_by_role("button", name="Update “Acmes” to this").click()
    expect(page.get_by_text("View “Acmes” updated.")).to_be_visible()
    assert view().query == "q=bolt&columns=name%2Cref_id"
    menu.locator("summary").click()
    page.get_by_role("link", name="All customers").click()
    expect(page.locator("tbody tr")).to_have_count(2)

    menu.locator("summary").click()
    page.get_by_role("link", name="Manage views").click()
    axe(page)
    page.get_by_role("link", name="Rename or share Acmes").click()
    dialog = page.get_by_role("dialog", name="Rename or share Acmes")
    dialog.get_by_label("Name").fill("Bolts")
    dialog.get_by_label("Share it").check()
    dialog.get_by_label("Open customers with it").uncheck()
    dialog.get_by_role("button", name="Save view").click()
    expect(page.get_by_text("Shared by you")).to_be_visible()
    assert not DefaultView.objects.exists()
    page.get_by_role("link", name="Delete Bolts").click()
    dialog = page.get_by_role("dialog", name="Delete the view Bolts?")
    expect(dialog).to_contain_text("No customers are touched.")
    axe(page)
    dialog.get_by_role("button", name="Delete view").click()
    expect(page.get_by_text("View “Bolts” deleted.")).to_be_visible()
    expect(page.get_by_role("link", name="Bolts")).to_have_count(0)


def test_views_without_javascript(plain_page, two):
    page = opened(plain_page, "/customers/?q=acme")
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("link", name="Save this view…").click()
    page.get_by_label("Name").fill("Acmes")
    page.get_by_label("Share it").check()
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_text("View: Acmes")).to_be_visible()
    expect(page.locator("tbody th[scope=row] a")).to_have_text(["Acme"])
    page.get_by_text("View: Acmes").click()
    page.get_by_role("link", name="Manage views").click()
    page.get_by_role("button", name="Make it my default").click()
    expect(page.get_by_text("Customers open with “Acmes”.")).to_be_visible()
    page.goto("/customers/")
    expect(page.locator("tbody th[scope=row] a")).to_have_text(["Acme"])
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator("tbody th[scope=row] a")).to_have_count(2)


def test_a_colleague_opens_what_is_shared(browse, manager, viewer, two):
    view = SavedView(listing="customers", name="Acmes", is_shared=True, query="q=acme&columns=name,gone")
    actions.save(view, by=manager)
    SavedView.objects.update(query="q=acme&columns=name,gone")
    page = opened(browse(viewer))
    page.get_by_text("Views", exact=True).click()
    page.get_by_role("link", name="Acmes shared by manager").click()
    expect(page.locator("tbody th[scope=row] a")).to_have_text(["Acme"])
    expect(page.get_by_text("A column was left out")).to_be_visible()


def test_the_menu_closes(page, two):
    opened(page)
    menu = page.locator("details[data-menu]")
    for close in (
        lambda: page.keyboard.press("Escape"),
        lambda: page.get_by_label("Search customers").click(),
        lambda: page.get_by_role("heading", level=1).click(),
    ):
        menu.locator("summary").click()
        expect(menu.get_by_role("link", name="Manage views")).to_be_visible()
        close()
        expect(menu.get_by_role("link", name="Manage views")).to_be_hidden()
    menu.locator("summary").focus()
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(menu.get_by_role("link", name="Manage views")).to_be_hidden()


def test_narrow(browse, manager, two, fits):
    for number in range(3):
        view = SavedView(listing="customers", name=f"{'Long name ' * 5}{number}", query="q=acme")
        actions.save(view, by=manager)
    page = opened(browse(manager, viewport=NARROW), f"/customers/?q=acme&size=25&view={view.pk}")
    fits(page)
    page.locator("details[data-menu] summary").click()
    fits(page)
    page.get_by_role("link", name="Manage views").click()
    fits(page)
    opened(page, "/customers/?and=any.any.acme&created_from=2000-01-01&changed_to=1")
    fits(page)
    page.get_by_role("link", name="Columns").click()
    expect(page.get_by_role("dialog", name="Columns of the list")).to_be_visible()
    fits(page)

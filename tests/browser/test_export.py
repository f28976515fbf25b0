"""Export in a dialog: what it says, and the file that the browser saves."""

import csv
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from ems_site.accounts.models import Session
from ems_site.accounts.password_again import GIVEN
from ems_site.audit.models import Entry
from ems_site.lists.exports import Turn
from tests.factories import CustomerFactory
from tests.lists.workbooks import workbook_of

pytestmark = pytest.mark.browser
PASSWORD = "seven unrelated marmots"


@pytest.fixture
def page(browse, exporter):
    exporter.set_password(PASSWORD)
    exporter.save()
    for name in ("Acme", "Acme Ltd", "Beta"):
        CustomerFactory(name=name, customer_id=f"={name}")
    return browse(exporter)


def open_dialog(page, query):
    page.goto(f"/customers/{query}")
    page.wait_for_load_state("load")
    page.locator("a[data-dialog][href*='export/']").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading", level=1)).to_contain_text("Export")
    return dialog


def saved(page, tmp_path, button):
    with page.expect_download() as waiting:
        page.get_by_role("button", name=button).click()
    path = tmp_path / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def rows_of(path):
    return list(csv.reader(path.read_text("utf-8-sig").splitlines()))


def test_a_filtered_list_as_csv(page, tmp_path):
    dialog = open_dialog(page, "?q=acme&columns=name,customer_id")
    expect(dialog.get_by_role("heading", name="Export 2 customers")).to_be_visible()
    expect(dialog.get_by_role("list", name="Filters")).to_contain_text("Any attribute: acme")
    dialog.get_by_role("radio", name="CSV").check()
    path = saved(page, tmp_path, "Export 2 customers")
    assert path.name == f"customers-{datetime.now(UTC):%Y-%m-%d}.csv"
    assert rows_of(path) == [["Name", "Customer ID"], ["Acme", "'=Acme"], ["Acme Ltd", "'=Acme Ltd"]]
    assert Entry.objects.get(code="customer.exported").subject_name == "2 customers"
    # The list is still there.
    expect(page).to_have_url(re.compile(r"/customers/\?q=acme"))


def test_all_attributes_as_xlsx(page, tmp_path):
    dialog = open_dialog(page, "")
    dialog.get_by_role("radio", name="All attributes").check()
    path = saved(page, tmp_path, "Export 3 customers")
    sheet = workbook_of(path.read_bytes()).active
    assert [cell.value for cell in sheet[1]][:2] == ["name", "customerCRMId"]
    assert [cell.value for cell in sheet["F"]] == ["customerIdentifier", "=Acme", "=Acme Ltd", "=Beta"]


def test_without_scripts(browse, exporter, page, tmp_path):
    plain = browse(exporter, java_script_enabled=False)
    plain.goto("/customers/export/?q=beta&columns=name")
    plain.get_by_role("radio", name="CSV").check()
    assert rows_of(saved(plain, tmp_path, "Export 1 customer")) == [["Name"], ["Beta"]]


def grow_stale():
    """The password was given a while ago."""
    for row in Session.objects.all():
        session = row.get_session_store_class()(row.session_key)
        session[GIVEN] = int((datetime.now(UTC) - timedelta(minutes=11)).timestamp())
        session.save()


def test_the_password_is_asked_for_in_the_same_dialog(page, tmp_path, axe):
    page.goto("/customers/export/?q=beta&columns=name")
    grow_stale()
    page.goto("/customers/export/?q=beta&columns=name")
    page.get_by_role("radio", name="CSV").check()
    page.get_by_label("Your own password").fill("wrong")
    page.get_by_role("button", name="Export 1 customer").click()
    expect(page.get_by_text("This is not your present password.")).to_be_visible()
    expect(page.get_by_role("radio", name="CSV")).to_be_checked()
    axe(page)
    page.get_by_label("Your own password").fill(PASSWORD)
    assert rows_of(saved(page, tmp_path, "Export 1 customer")) == [["Name"], ["Beta"]]


def test_one_at_a_time(page, exporter, watch, axe):
    watch.excused += [r"Failed to load resource: .*429.*"]
    turn = Turn(exporter)
    assert turn.take()
    page.goto("/customers/export/")
    page.get_by_role("button", name="Export 3 customers").click()
    expect(page.get_by_role("alert")).to_contain_text("Another export of yours is still under way.")
    axe(page)
    turn.give_back()


@pytest.mark.parametrize("width", [1440, 390])
def test_accessible_in_both_themes(page, axe, fits, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto("/customers/export/?q=acme&status=enabled")
    axe(page)
    fits(page)
    page.goto("/customers/export/?q=nobody")
    expect(page.get_by_role("heading", name="No customers to export")).to_be_visible()
    axe(page)

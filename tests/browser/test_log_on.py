"""The way in, by keyboard alone."""

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import expect

from ems_site.accounts.models import User
from tests.factories import CustomerFactory

pytestmark = pytest.mark.browser

PASSWORD = "seven unrelated marmots"


@pytest.fixture
def person(db):
    user = User.objects.create_user("Anna", "anna@example.com", PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name="Customer Management"))
    return user


@pytest.mark.parametrize("with_script", [True, False])
def test_log_on_by_keyboard(browse, person, with_script):
    customer = CustomerFactory(name="Acme")
    page = browse(java_script_enabled=with_script)
    page.goto(f"/customers/{customer.pk}/")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("anna")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Acme", level=1)).to_be_visible()


def test_log_on_leads_to_the_customers(browse, person):
    page = browse()
    page.goto("/")
    expect(page.get_by_label("User name")).to_be_focused()
    page.keyboard.type("Anna")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page).to_have_title("Customers · EMS Customers")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()


def test_wrong_password_keeps_the_name(browse, person):
    page = browse()
    page.goto("/login/")
    page.get_by_label("User name").fill("Anna")
    page.get_by_label("Password").fill("eight unrelated marmots")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The user name or the password is wrong.")).to_be_visible()
    expect(page.get_by_label("User name")).to_have_value("Anna")


def test_log_out(page):
    page.goto("/customers/")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log on")).to_be_visible()
    page.goto("/customers/")
    expect(page.get_by_role("heading", name="Log on")).to_be_visible()

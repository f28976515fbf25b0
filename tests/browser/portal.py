"""What the tests of the portal's pages share."""

from django.test import Client
from playwright.sync_api import expect

from contacts.models import Invitation
from customers.models import AssociationOffer
from tests.factories import CustomerFactory
from tests.portal.conftest import ADMINISTRATOR, PASSWORD, associate, entitlement, person

# What Chromium itself writes about pages that are not there, or not any more.
NO_PAGE = r"Failed to load resource: the server responded with a status of (404|410) \([\w ]+\)"


def log_on(page, email, password=PASSWORD):
    """On the log-on page that is open, in whatever language it is."""
    page.locator("[name=email]").fill(email)
    page.locator("[name=password]").fill(password)
    page.keyboard.press("Enter")


def is_asked_to_log_on(page):
    expect(page).to_have_title("Log on · Customer Portal")
    expect(page.get_by_role("heading", name="Log on", level=1)).to_be_visible()


def acts_for(page, customer, *, never=()):
    """The page says for which customer one acts, and has no word of these others."""
    region = page.get_by_role("region", name="Customer", exact=True)
    expect(region.locator("strong")).to_have_text(customer.name)
    expect(region).to_contain_text(customer.customer_id)
    for other in never:
        expect(page.locator("body")).not_to_contain_text(other.name)


def administrator_of(customer, other):
    """An Administrator contact of the customer, with something to see on every page of the portal, where
    the customer's `other` contact is shown; and the addresses of these pages."""
    user = person("arthur@example.com", name="Arthur")
    associate(customer, user, ADMINISTRATOR)
    associate(CustomerFactory(name="Beta GmbH", customer_id="C-BETA"), user)
    entitlements = [entitlement(customer, user, state=state) for state in ("complete", "disabled", "closed")]
    invitation, _key = invited("nora@example.com", contact=None)
    AssociationOffer.objects.create(invitation=invitation, customer=customer)
    Client().force_login(user)
    contacts = f"customers/{customer.pk}/contacts/"
    return user, [
        "",
        f"entitlements/{entitlements[0].pk}/",
        contacts,
        f"{contacts}invite/",
        f"{contacts}{other.pk}/end/",
        f"{contacts}{user.contact_id}/end/",
        "profile/",
        "profile/password/",
        f"profile/sessions/{user.sessions.get().public_id()}/end/",
    ]


def invited(email, *, contact):
    """An open invitation, and the key of its link."""
    invitation = Invitation(email=email, contact=contact)
    secret = invitation.renew_key()
    invitation.save()
    return invitation, f"{invitation.pk}.{secret}"

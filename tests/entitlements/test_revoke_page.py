"""Staff revoke an activation: the page, the reason, and what is left afterwards."""

from datetime import date

import pytest
from django.contrib.messages import get_messages

from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.models import Activation, Entitlement
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


@pytest.fixture
def entitlement():
    anna = ContactFactory(email="anna@example.com", name="Anna")
    customer = CustomerFactory(time_zone="Europe/Berlin", people=[anna])
    products = [{"product": "Suite", "quantity": 10, "end_date": date(2098, 12, 31)}]
    return EntitlementFactory(customer=customer, state="complete", products=products)


@pytest.fixture
def activation(entitlement):
    anna = entitlement.customer.contacts.get()
    return actions.activate(entitlement.product_keys.get(), quantity=3, activatee=anna, by=None)


def address(activation, entitlement=None):
    entitlement = entitlement or activation.product_key.entitlement
    return f"/entitlements/{entitlement.pk}/activations/{activation.pk}/revoke/"


def test_the_page_says_the_consequence(client, activation):
    before = everything()
    page = Served(client.get(address(activation)))
    assert page.status == 200
    assert "Revoke the activation of 3 × Suite?" in page.text
    assert "for Anna <anna@example.com>" in page.text
    assert "3 can be activated again, but the license file" in page.text
    assert "stays valid on the machines it is on until 1 Jan 2099, 00:00 (UTC+01:00)" in page.text
    assert everything() == before


def test_revoked(client, activation, licenser):
    answer = client.post(address(activation), {"comment": " Wrong machine\r\nof Anna "})
    assert answer.status_code == 302
    assert answer.url == f"/entitlements/{activation.product_key.entitlement_id}/"
    row = Activation.objects.get()
    assert row.is_revoked()
    assert (row.revoked_by, row.reason) == (licenser.username, "Wrong machine\nof Anna")
    assert row.product_key.available() == 10
    assert Entry.objects.filter(code="entitlement.revoked").get().comment == "Wrong machine\nof Anna"
    [message] = get_messages(answer.wsgi_request)
    assert str(message) == "The activation of 3 × Suite is revoked. 10 of 10 can be activated now."


@pytest.mark.parametrize("reason", ["", "   ", "\r\n"])
def test_without_a_reason(client, activation, reason):
    before = everything()
    page = Served(client.post(address(activation), {"comment": reason}))
    assert page.status == 422
    assert "Give a reason." in page.text
    assert everything() == before


def test_reasons_that_cannot_be(client, activation):
    before = everything()
    for reason in ("x" * 501, "a\x07b", "a\u202eb", "a\x00b"):
        assert client.post(address(activation), {"comment": reason}).status_code == 422
    assert everything() == before
    assert client.post(address(activation), {"comment": "x" * 500}).status_code == 302


def test_revoked_already(client, activation, licenser):
    """By somebody else meanwhile, or by a double click."""
    actions.revoke(activation, by=licenser, comment="Left the company")
    before = everything()
    for answer in (client.get(address(activation)), client.post(address(activation), {"comment": "again"})):
        page = Served(answer)
        assert "This activation is revoked" in page.text
        assert "by licenser" in page.text
        assert "“Left the company”" in page.text
        assert page.form("comment") is None
    assert page.status == 422
    assert everything() == before


@pytest.mark.parametrize("state", ["disabled", "closed"])
def test_states(client, activation, state):
    Entitlement.objects.update(state=state)
    before = everything()
    page = Served(client.get(address(activation)))
    assert f"The entitlement is {state}" in page.text
    assert page.form("comment") is None
    assert client.post(address(activation), {"comment": "x"}).status_code == 422
    assert everything() == before


def test_an_activation_of_another_entitlement(client, activation):
    other = EntitlementFactory(state="complete", products=[{}])
    before = everything()
    for path in (address(activation, other), "/entitlements/999999/activations/1/revoke/"):
        assert client.get(path).status_code == 404
        assert client.post(path, {"comment": "x"}).status_code == 404
    assert everything() == before


def test_rights(signed_in, viewer, manager, activation):
    user = UserFactory()
    user.user_permissions.set(allowed("entitlements.change_entitlement"))
    for person in (viewer, manager, user):
        client = signed_in(person)
        assert client.get(address(activation)).status_code == 403
        assert client.post(address(activation), {"comment": "x"}).status_code == 403
    assert not Activation.objects.get().is_revoked()

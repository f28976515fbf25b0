"""The license of an activation as a file: its bytes, its name, and who gets it."""

import pytest

from entitlements import actions, licenses
from entitlements.models import Activation
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(viewer, signed_in):
    return signed_in(viewer)


@pytest.fixture
def activation():
    person = ContactFactory(email="jürgen@bücher.example")
    customer = CustomerFactory(name='Bücher "株式会社"\n', time_zone="Europe/Berlin", people=[person])
    products = [{"product": "../Suite\u00a0♥", "quantity": 10}]
    entitlement = EntitlementFactory(customer=customer, state="complete", products=products)
    return actions.activate(entitlement.product_keys.get(), quantity=2, activatee=person, by=None)


def address(activation, entitlement=None):
    entitlement = entitlement or activation.product_key.entitlement
    return f"/entitlements/{entitlement.pk}/activations/{activation.pk}/license/"


def test_the_file(client, activation):
    before = everything()
    answer = client.get(address(activation))
    assert answer.status_code == 200
    assert answer.content == activation.license.encode()
    issued = licenses.verify(answer.content, licenses.known_keys())
    assert (issued.quantity, issued.activatee) == (2, "jürgen@bücher.example")
    assert issued.eid == activation.product_key.entitlement.eid
    assert everything() == before


def test_its_headers(client, activation):
    answer = client.get(address(activation))
    eid = activation.product_key.entitlement.eid
    assert answer["Content-Type"] == "application/json"
    assert answer["Content-Disposition"] == f'attachment; filename="license-{eid}-{activation.pk}.json"'
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Cache-Control"] == "no-store"
    assert int(answer["Content-Length"]) == len(answer.content)


def test_a_bit_less_is_not_genuine(client, activation):
    file = client.get(address(activation)).content
    for changed in (file[:-1], file + b"\n", file.replace(b'"quantity":2', b'"quantity":9')):
        with pytest.raises(licenses.NotGenuine):
            licenses.verify(changed, licenses.known_keys())


def test_it_only_looks(client, activation):
    assert client.head(address(activation)).status_code == 200
    assert client.post(address(activation)).status_code == 405


def test_a_revoked_one_is_gone(client, activation, licenser):
    actions.revoke(activation, by=licenser, comment="Wrong machine")
    answer = client.get(address(activation))
    assert answer.status_code == 410
    assert "Content-Disposition" not in answer
    page = Served(answer)
    assert "This activation is revoked" in page.text
    assert "Its license is not handed out any more." in page.text


def test_an_activation_of_another_entitlement(client, activation):
    other = EntitlementFactory(state="complete", products=[{}])
    assert client.get(address(activation, other)).status_code == 404
    assert client.get(f"/entitlements/{other.pk}/activations/{10**18 - 1}/license/").status_code == 404


def test_who_gets_it(signed_in, manager, clerk, contact_user, activation):
    assert signed_in(manager).get(address(activation)).status_code == 200
    assert signed_in(clerk).get(address(activation)).status_code == 403
    assert signed_in(contact_user).get(address(activation)).status_code == 403
    assert Activation.objects.count() == 1

"""Staff activate part of a product key: the page, what it refuses, and what it says."""

import uuid
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.contrib.messages import get_messages
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from entitlements import actions
from entitlements.models import Activation, Entitlement
from tests.conftest import allowed
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory, UserFactory
from tests.pages import Served, everything

pytestmark = pytest.mark.django_db

NOBODY_HERE = "No enabled contact of this customer has this e-mail address."


class Page(Served):
    """With the contacts that a field offers to pick."""

    offered: list[str]

    def start_datalist(self, attrs):
        self._select = {}, []

    def end_datalist(self):
        self.offered, self._select = [value for value, _ in self._select[1]], None


@pytest.fixture
def client(licenser, signed_in):
    return signed_in(licenser)


@pytest.fixture
def anna():
    return ContactFactory(email="anna@example.com", name="Anna")


@pytest.fixture
def acme(anna):
    return CustomerFactory(name="Acme", customer_id="C-ACME", time_zone="Europe/Berlin", people=[anna])


@pytest.fixture
def entitlement(acme):
    products = [{"product": "Suite", "product_version": "2.0", "quantity": 10}]
    return EntitlementFactory(customer=acme, state="complete", products=products)


@pytest.fixture
def key(entitlement):
    return entitlement.product_keys.get()


def address(entitlement):
    return f"/entitlements/{entitlement.pk}/activate/"


def form_of(client, entitlement, query=""):
    """What the browser would post, with single values."""
    served = Page(client.get(address(entitlement) + query))
    return {name: values[0] for name, values in served.form("uuid").data.items()}


def activate(client, entitlement, **typed):
    return client.post(address(entitlement), form_of(client, entitlement) | typed)


def said_by(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


# The page


def test_the_page_shows_what_is_left(client, entitlement, key, licenser):
    actions.activate(key, quantity=3, by=licenser)
    before = everything()
    answer = client.get(address(entitlement))
    page = Page(answer)
    assert answer.status_code == 200
    assert "Acme (C-ACME)" in page.text
    assert page.column("Product") == ["Suite 2.0"]
    assert (page.column("Quantity"), page.column("Left")) == (["10"], ["7"])
    assert "1 Jan 2026 – never expires" in page.column("Validity")[0]
    assert page.column("Validity")[0].endswith("Valid")
    assert everything() == before


def test_what_the_form_proposes(client, entitlement, key):
    form = form_of(client, entitlement)
    assert (form["product_key"], form["quantity"]) == (str(key.pk), "1")
    assert (form["activatee"], form["time_zone"]) == ("", "")
    assert uuid.UUID(form["uuid"])
    assert "The customer’s: Europe/Berlin" in client.get(address(entitlement)).content.decode()


def test_several_products_are_chosen_from(client, acme):
    products = [{"product": "Suite"}, {"product": "Viewer", "quantity": 5}]
    entitlement = EntitlementFactory(customer=acme, state="complete", products=products)
    suite, viewer = entitlement.product_keys.all()
    assert form_of(client, entitlement)["product_key"] == ""
    assert form_of(client, entitlement, f"?key={viewer.pk}")["product_key"] == str(viewer.pk)
    for nonsense in ("x", "-1", "", 2**63, "１"):
        assert form_of(client, entitlement, f"?key={nonsense}")["product_key"] == ""
    assert "Viewer: 5 of 5 left" in client.get(address(entitlement)).content.decode()
    actions.activate(suite, quantity=10, by=None)
    assert form_of(client, entitlement)["product_key"] == str(viewer.pk)
    assert form_of(client, entitlement, f"?key={suite.pk}")["product_key"] == ""


def test_it_takes_the_same_queries_for_many_products_and_contacts(client, acme):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address(entitlement)).status_code == 200
        return len(queries)

    entitlement = EntitlementFactory(customer=acme, state="complete", products=[{}])
    client.get("/")
    few = count()
    for _ in range(20):
        key = entitlement.product_keys.create(product="X", quantity=5)
        key.place(key.validity_in("UTC"))
        key.save()
        acme.associations.create(contact=ContactFactory())
    assert count() == few


# Contacts to pick


def offered(answer):
    return Page(answer).offered


def test_contacts_to_pick(client, entitlement, acme, anna):
    ContactFactory(email="foreign@example.com")
    shut = ContactFactory(status="disabled")
    acme.associations.create(contact=shut)
    assert offered(client.get(address(entitlement))) == [anna.email]


def test_of_many_contacts_some_are_offered_and_each_is_found(client, entitlement, acme):
    for number in range(120):
        acme.associations.create(contact=ContactFactory(email=f"p{number:03}@example.org"))
    assert len(offered(client.get(address(entitlement)))) == 100
    assert offered(client.get(address(entitlement) + "?activatee=P119")) == ["p119@example.org"]
    assert offered(client.get(address(entitlement) + "?activatee=%00" + "x" * 5000)) == []
    assert activate(client, entitlement, activatee="p119@example.org").status_code == 302


def test_whoever_may_not_view_customers_is_offered_nobody(signed_in, entitlement, anna):
    user = UserFactory()
    user.user_permissions.set(allowed("entitlements.view_entitlement", "entitlements.change_entitlement"))
    client = signed_in(user)
    assert offered(client.get(address(entitlement))) == []
    assert activate(client, entitlement, activatee=anna.email).status_code == 302
    assert Activation.objects.get().activatee == anna


# Activated


def test_activated(client, entitlement, key, anna, licenser):
    typed = {"quantity": "3", "activatee": " ANNA@Example.com "}
    answer = activate(client, entitlement, **typed)
    assert (answer.status_code, answer.url) == (302, f"/entitlements/{entitlement.pk}/")
    made = Activation.objects.get()
    assert (made.product_key, made.quantity, made.activatee) == (key, 3, anna)
    assert (made.time_zone, made.activated_by) == ("Europe/Berlin", licenser.username)
    [text] = said_by(answer)
    assert "3 × Suite 2.0 activated for Anna &lt;anna@example.com&gt;." in text
    assert f'href="/entitlements/{entitlement.pk}/activations/{made.pk}/license/"' in text


def test_activated_for_nobody(client, entitlement):
    answer = activate(client, entitlement)
    assert Activation.objects.get().activatee is None
    assert "1 × Suite 2.0 activated." in said_by(answer)[0]


def test_in_a_dialog(client, entitlement):
    data = form_of(client, entitlement)
    answer = client.post(address(entitlement), data, headers={"x-dialog": "1"})
    assert (answer.status_code, answer["X-Location"]) == (204, f"/entitlements/{entitlement.pk}/")
    tags = Page(client.get(address(entitlement))).tags
    assert any("data-dialog-body" in attrs for _tag, attrs in tags)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "Asia/Calcutta", "UTC"])
def test_the_time_zone_of_the_activatee(client, entitlement, zone):
    assert activate(client, entitlement, time_zone=zone).status_code == 302
    made = Activation.objects.get()
    assert made.time_zone == zone
    assert made.valid_from == datetime(2026, 1, 1, tzinfo=ZoneInfo(zone))


def test_posted_twice(client, entitlement):
    """A double click, or the page loaded again."""
    data = form_of(client, entitlement)
    first, second = (client.post(address(entitlement), data) for _ in range(2))
    assert (first.status_code, second.status_code) == (302, 302)
    assert Activation.objects.get().quantity == 1
    assert form_of(client, entitlement)["uuid"] != data["uuid"]


def test_a_form_that_was_used_for_another_product(client, acme):
    entitlement = EntitlementFactory(customer=acme, state="complete", products=[{}, {}])
    one, two = entitlement.product_keys.all()
    data = form_of(client, entitlement, f"?key={one.pk}")
    client.post(address(entitlement), data)
    answer = client.post(address(entitlement), data | {"product_key": two.pk})
    assert answer.status_code == 422
    assert "This form was used already. Open it again." in Page(answer).text
    assert Activation.objects.count() == 1


# Refused


def refused(client, entitlement, sentence, **typed):
    data, before = form_of(client, entitlement) | typed, everything()
    answer = client.post(address(entitlement), data)
    assert answer.status_code == 422
    assert sentence in Page(answer).text
    assert everything() == before
    return answer


QUANTITIES = {
    "": "This field is required.",
    "0": "The quantity is 1 or more.",
    "-1": "The quantity is 1 or more.",
    "1.5": "Enter a whole number, such as 12.",
    "1e1": "Enter a whole number, such as 12.",
    "１２": "Enter a whole number, such as 12.",
    "٣": "Enter a whole number, such as 12.",
    str(2**31): "The quantity is at most 2147483647.",
    str(2**63): "The quantity is at most 2147483647.",
    "9" * 30: "The quantity is at most 2147483647.",
    "9" * 5000: "Enter a whole number, such as 12.",
    "11": "Only 10 of 10 are left.",
}


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_quantities(client, entitlement, quantity):
    typed = {"quantity": quantity, "activatee": "anna@example.com"}
    answer = refused(client, entitlement, QUANTITIES[quantity], **typed)
    form = Page(answer).form("uuid").data
    assert (form["quantity"], form["activatee"]) == ([quantity], ["anna@example.com"])


def test_more_than_is_left_by_now(client, entitlement, key):
    data = form_of(client, entitlement)
    actions.activate(key, quantity=8, by=None)
    page = Page(client.post(address(entitlement), data | {"quantity": "3"}))
    assert "Only 2 of 10 are left." in page.text
    assert page.column("Left") == ["2"]
    actions.activate(key, quantity=2, by=None)
    page = Page(client.post(address(entitlement), data | {"quantity": "3"}))
    assert page.status == 422
    assert "Nothing can be activated" in page.text
    assert "All of it is activated: nothing is left." in page.text


def test_a_product_key_of_another_entitlement(client, entitlement, acme):
    other = EntitlementFactory(customer=acme, state="complete", products=[{}]).product_keys.get()
    for value in (other.pk, 10**18, 2**63, "", "x", "-1", "１"):
        sentence = "Choose a product of this entitlement." if value != "" else "This field is required."
        refused(client, entitlement, sentence, product_key=value)


def test_people_who_are_not_there(client, entitlement, acme):
    """Whoever is nobody's, somebody else's or disabled gets the same answer."""
    foreign = ContactFactory(email="foreign@example.com", name="Fatou")
    CustomerFactory(people=[foreign])
    shut = ContactFactory(email="shut@example.com", status="disabled")
    acme.associations.create(contact=shut)
    for email in (foreign.email, shut.email, "nobody@example.com", "Fatou", "x" * 254, "a\u0130@x"):
        answer = refused(client, entitlement, NOBODY_HERE, activatee=email)
        assert "Fatou" not in answer.content.decode().replace('value="Fatou"', "")


def test_time_zones_that_are_none(client, entitlement):
    for zone in ("Nowhere/City", "Europe", "../etc", "posixrules", "\x00", "europe/berlin"):
        refused(client, entitlement, "Choose a time zone from the list.", time_zone=zone)


def test_an_alias_stays_chosen(client, entitlement):
    answer = refused(client, entitlement, "1 or more", time_zone="Asia/Calcutta", quantity="0")
    assert Page(answer).form("uuid").data["time_zone"] == ["Asia/Calcutta"]


def test_a_day_that_is_missing_there(client, acme):
    """Samoa went from 29 to 31 December 2011."""
    products = [{"start_date": date(2011, 12, 30)}]
    entitlement = EntitlementFactory(customer=acme, state="complete", products=products)
    sentence = "The calendar of Pacific/Apia skipped the start date. Choose another time zone."
    refused(client, entitlement, sentence, time_zone="Pacific/Apia")
    assert activate(client, entitlement, time_zone="Pacific/Pago_Pago").status_code == 302


@pytest.mark.parametrize("value", ["", "x", "0" * 31])
def test_a_form_without_its_number(client, entitlement, value):
    refused(client, entitlement, "This form could not be read. Open it again.", uuid=value)


def test_nothing_to_sign_with(client, entitlement, settings):
    settings.LICENSE_KEY = ""
    refused(client, entitlement, "Licenses cannot be signed yet: no license key has been set up.")


# What cannot be activated at all

WHY = {
    "draft": "This entitlement is a draft: it cannot be activated before it is completed.",
    "disabled": "This entitlement is disabled: nothing of it can be activated.",
    "closed": "This entitlement is closed: nothing of it can be activated any more.",
}


@pytest.mark.parametrize("state", WHY)
def test_states(client, acme, state):
    entitlement = EntitlementFactory(customer=acme, state=state, products=[{}])
    says_why(client, entitlement, WHY[state])


def says_why(client, entitlement, sentence):
    page = Page(client.get(address(entitlement)))
    assert page.status == 200
    assert "Nothing can be activated" in page.text
    assert page.text.count(sentence) == 1
    assert page.form("uuid") is None
    key, before = entitlement.product_keys.first(), everything()
    typed = {"product_key": key.pk, "quantity": "1", "uuid": str(uuid.uuid4())}
    for data in (typed, {}):
        page = Page(client.post(address(entitlement), data))
        assert page.status == 422
        assert page.text.count(sentence) == 1
    assert everything() == before


def test_a_draft_without_customer(client):
    says_why(client, EntitlementFactory(customer=None, products=[{}]), WHY["draft"])


def test_a_disabled_customer(client, entitlement, acme):
    Customer.objects.filter(pk=acme.pk).update(status="disabled")
    says_why(client, entitlement, "The customer is disabled: nothing can be activated.")


def test_nothing_left(client, entitlement, key):
    actions.activate(key, quantity=10, by=None)
    page = Page(client.get(address(entitlement)))
    assert "All of it is activated: nothing is left." in page.text
    assert page.form("uuid") is None


def test_ended(client, acme):
    """Once it has ended everywhere; where it has not, it can be activated."""
    products = [{"end_date": date(2026, 5, 31)}]
    entitlement = EntitlementFactory(customer=acme, state="complete", products=products)
    with time_machine.travel(datetime(2026, 6, 1, 5, tzinfo=UTC), tick=False):
        client.force_login(UserFactory(is_superuser=True))
        refused(client, entitlement, "It ended with May 31, 2026 in Europe/Berlin.")
        assert activate(client, entitlement, time_zone="America/Los_Angeles").status_code == 302
    with time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC), tick=False):
        client.force_login(UserFactory(is_superuser=True))
        says_why(client, entitlement, "What is left has expired: nothing can be activated any more.")


def test_disabled_since_the_form_was_opened(client, entitlement):
    data = form_of(client, entitlement)
    Entitlement.objects.update(state="disabled")
    page = Page(client.post(address(entitlement), data))
    assert page.status == 422
    assert WHY["disabled"] in page.text
    assert page.form("uuid") is None
    assert not Activation.objects.exists()


# Rights


@pytest.mark.parametrize("lacks", ["view_entitlement", "change_entitlement"])
def test_it_needs_both_rights(signed_in, entitlement, lacks):
    user = UserFactory()
    names = {"entitlements.view_entitlement", "entitlements.change_entitlement"}
    user.user_permissions.set(allowed(*(names - {f"entitlements.{lacks}"})))
    client = signed_in(user)
    assert client.get(address(entitlement)).status_code == 403
    assert client.post(address(entitlement)).status_code == 403


def test_viewers_and_customer_managers_may_not(signed_in, viewer, manager, entitlement):
    for user in (viewer, manager):
        assert signed_in(user).get(address(entitlement)).status_code == 403


def test_an_entitlement_that_is_not_there(client):
    assert client.get("/entitlements/999999/activate/").status_code == 404
    assert client.post("/entitlements/999999/activate/").status_code == 404


def test_deleted_while_it_is_activated(client, entitlement, monkeypatch):
    def gone(*args, **kwargs):
        raise actions.activations.Gone("gone")

    monkeypatch.setattr(actions, "activate", gone)
    assert activate(client, entitlement).status_code == 404


def test_names_with_markup(client, acme):
    nasty = '"><script>alert(1)</script>{{7*7}}'
    acme.associations.create(contact=ContactFactory(name=nasty))
    entitlement = EntitlementFactory(customer=acme, state="complete", products=[{"product": nasty}])
    answer = activate(client, entitlement)
    assert "<script" not in said_by(answer)[0]
    page = client.get(address(entitlement)).content.decode()
    assert "<script>alert" not in page
    assert "{{7*7}}" in page

"""Contacts activate: for whom, of what, and what is refused."""

import uuid
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.contrib.messages import get_messages

from contacts.models import Contact
from customers.models import Association, Customer
from ems_site.audit.models import Entry
from entitlements import actions
from entitlements.models import Activation, Entitlement
from tests.entitlements.test_activate_page import NOBODY_HERE, QUANTITIES, WHY, Page
from tests.factories import ContactFactory, ProductKeyFactory
from tests.pages import everything
from tests.portal.conftest import ADMINISTRATOR, associate, entitlement, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(acme, standard):
    own = entitlement(acme, standard)
    ProductKeyFactory(entitlement=own, product="Suite", product_version="2.0", quantity=10)
    return own


@pytest.fixture
def key(own):
    return own.product_keys.get()


def address(entitlement):
    return f"/portal/entitlements/{entitlement.pk}/activate/"


def form_of(client, entitlement, query=""):
    """What the browser would post, with single values."""
    page = Page(client.get(address(entitlement) + query))
    return {name: values[0] for name, values in page.form("uuid").data.items()}


def activate(client, entitlement, **typed):
    return client.post(address(entitlement), form_of(client, entitlement) | typed)


def refused(client, entitlement, sentence, **typed):
    data, before = form_of(client, entitlement) | typed, everything()
    answer = client.post(address(entitlement), data)
    assert answer.status_code == 422
    assert sentence in Page(answer).text
    assert everything() == before
    return answer


# For whom


def test_a_standard_contact_activates_for_themselves(signed_in, standard, own, key):
    client = signed_in(standard)
    data = form_of(client, own)
    assert (data["product_key"], data["activatee"]) == (str(key.pk), "stella@example.com")
    answer = client.post(address(own), data | {"quantity": "2"})
    assert (answer.status_code, answer.url) == (302, f"/portal/entitlements/{own.pk}/")
    made = Activation.objects.get()
    assert (made.quantity, made.activatee, made.activated_by) == (2, standard.contact, standard.username)
    entry = Entry.objects.get(code="entitlement.activated")
    assert entry.actor_key == standard.pk
    [message] = get_messages(answer.wsgi_request)
    assert "2 × Suite 2.0 activated for Stella &lt;stella@example.com&gt;." in str(message)
    assert f'href="/portal/entitlements/{own.pk}/licenses/{made.pk}/"' in str(message)


def test_or_for_nobody(signed_in, standard, own):
    assert activate(signed_in(standard), own, activatee="").status_code == 302
    assert Activation.objects.get().activatee is None


def test_a_standard_contact_activates_for_nobody_else(signed_in, standard, administrator, own):
    client = signed_in(standard)
    for email in (administrator.contact.email, "nobody@example.com"):
        answer = refused(client, own, NOBODY_HERE, activatee=email)
        assert "Arthur" not in answer.content.decode()


def test_an_administrator_activates_for_each_contact_of_the_customer(signed_in, administrator, own, half):
    client = signed_in(administrator)
    page = Page(client.get(address(own)))
    assert sorted(page.offered) == ["arthur@example.com", "hanna@example.com", "stella@example.com"]
    assert form_of(client, own)["activatee"] == ""
    assert activate(client, own, activatee="Hanna@Example.com").status_code == 302
    assert Activation.objects.get().activatee == half.contact


def test_of_many_contacts_each_is_found(signed_in, administrator, acme, own):
    for number in range(120):
        acme.associations.create(contact=ContactFactory(email=f"a{number:03}@example.com"))
    client = signed_in(administrator)
    assert len(Page(client.get(address(own))).offered) == 100
    assert activate(client, own, activatee="stella@example.com").status_code == 302


def test_strangers_are_as_unknown_as_nobody(signed_in, administrator, acme, own, foreigner):
    shut = ContactFactory(email="shut@example.com", name="Sabine", status="disabled")
    acme.associations.create(contact=shut)
    client, texts = signed_in(administrator), set()
    for email in (foreigner.contact.email, shut.email, "nobody@example.com", "Fatou"):
        answer = refused(client, own, NOBODY_HERE, activatee=email)
        page = answer.content.decode()
        assert "Sabine" not in page
        data = Page(answer).form("uuid").data
        for typed in (email, *data["uuid"], *data["csrfmiddlewaretoken"]):
            page = page.replace(typed, "")
        texts.add(page)
    assert len(texts) == 1


def test_whoever_is_no_administrator_any_more_activates_for_themselves_only(
    signed_in, administrator, own, half
):
    client = signed_in(administrator)
    data = form_of(client, own)
    Association.objects.filter(contact=administrator.contact).update(kind="standard")
    Entitlement.objects.update(contact=administrator.contact)
    answer = client.post(address(own), data | {"activatee": half.contact.email})
    assert answer.status_code == 422
    assert NOBODY_HERE in Page(answer).text
    assert not Activation.objects.exists()


# Of what


def test_a_product_key_of_another_entitlement(signed_in, administrator, acme, foreign, own):
    keys = [ProductKeyFactory(entitlement=entitlement(customer)) for customer in (acme, foreign)]
    client = signed_in(administrator)
    for value in (*(key.pk for key in keys), 10**18, 2**63, "x", "-1"):
        refused(client, own, "Choose a product of this entitlement.", product_key=value)


def test_the_product_of_the_row(signed_in, standard, own):
    viewer = ProductKeyFactory(entitlement=own, product="Viewer")
    client = signed_in(standard)
    assert form_of(client, own)["product_key"] == ""
    assert form_of(client, own, f"?key={viewer.pk}")["product_key"] == str(viewer.pk)


@pytest.mark.parametrize("quantity", QUANTITIES)
def test_quantities(signed_in, standard, own, quantity):
    refused(signed_in(standard), own, QUANTITIES[quantity], quantity=quantity)


def test_more_than_is_left_by_now(signed_in, standard, own, key, staff):
    client = signed_in(standard)
    data = form_of(client, own)
    actions.activate(key, quantity=8, by=staff)
    page = Page(client.post(address(own), data | {"quantity": "3"}))
    assert (page.status, "Only 2 of 10 are left." in page.text) == (422, True)


# In which time zone


def test_the_customers_time_zone_by_default(signed_in, standard, own):
    client = signed_in(standard)
    assert "The customer’s: Europe/Berlin" in client.get(address(own)).content.decode()
    activate(client, own)
    assert Activation.objects.get().time_zone == "Europe/Berlin"


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "Asia/Calcutta"])
def test_another_time_zone(signed_in, standard, own, zone):
    assert activate(signed_in(standard), own, time_zone=zone).status_code == 302
    assert Activation.objects.get().time_zone == zone


def test_time_zones_that_are_none(signed_in, standard, own):
    client = signed_in(standard)
    for zone in ("Nowhere/City", "../etc", "\x00"):
        refused(client, own, "Choose a time zone from the list.", time_zone=zone)


def test_a_day_that_is_missing_there(signed_in, acme, standard):
    own = entitlement(acme, standard, start_date=date(2011, 12, 30))
    ProductKeyFactory(entitlement=own)
    sentence = "The calendar of Pacific/Apia skipped the start date. Choose another time zone."
    refused(signed_in(standard), own, sentence, time_zone="Pacific/Apia")


# Once


def test_posted_twice(signed_in, standard, own):
    client = signed_in(standard)
    data = form_of(client, own)
    assert [client.post(address(own), data).status_code for _ in range(2)] == [302, 302]
    assert Activation.objects.count() == 1


def test_a_form_that_somebody_else_used(signed_in, standard, administrator, own):
    """Of another entitlement."""
    other = ProductKeyFactory(entitlement=entitlement(own.customer)).entitlement
    number = str(uuid.uuid4())
    activate(signed_in(administrator), other, uuid=number)
    refused(signed_in(standard), own, "This form was used already. Open it again.", uuid=number)


# What cannot be activated at all


def says_why(client, entitlement, sentence):
    before = everything()
    typed = {"product_key": entitlement.product_keys.first().pk, "quantity": "1", "uuid": str(uuid.uuid4())}
    answers = client.get(address(entitlement)), client.post(address(entitlement), typed)
    assert [answer.status_code for answer in answers] == [200, 422]
    for page in map(Page, answers):
        assert page.text.count(sentence) == 1
        assert page.form("uuid") is None
    assert everything() == before


@pytest.mark.parametrize("state", ["disabled", "closed"])
def test_states(signed_in, standard, own, state):
    Entitlement.objects.update(state=state)
    says_why(signed_in(standard), own, WHY[state])


def test_ended(signed_in, acme, standard):
    own = entitlement(acme, standard, end_date=date(2026, 5, 31))
    ProductKeyFactory(entitlement=own)
    with time_machine.travel(datetime(2026, 6, 1, 5, tzinfo=UTC), tick=False):
        refused(signed_in(standard), own, "It ended with May 31, 2026 in Europe/Berlin.")
    with time_machine.travel(datetime(2026, 6, 1, 12, tzinfo=UTC), tick=False):
        sentence = "What is left has expired: nothing can be activated any more."
        says_why(signed_in(standard), own, sentence)


def test_nothing_to_sign_with(signed_in, standard, own, settings):
    settings.LICENSE_KEY = ""
    refused(signed_in(standard), own, "Licenses cannot be signed yet: no license key has been set up.")


# Who may not


def test_foreign_absent_and_draft_ones_are_the_same(signed_in, standard, foreigner, rows, own):
    for row in (rows.customers, rows.foreign, rows.shut, rows.draft):
        ProductKeyFactory(entitlement=row)
    client, texts, before = signed_in(standard), set(), everything()
    for pk in (rows.customers.pk, rows.foreign.pk, rows.shut.pk, rows.draft.pk, 999_999):
        path = f"/portal/entitlements/{pk}/activate/"
        for answer in (client.get(path), client.post(path, {"quantity": "1"})):
            assert answer.status_code == 404
            texts.add(answer.content)
    assert len(texts) == 1
    assert signed_in(foreigner).get(address(own)).status_code == 404
    assert everything() == before


def test_lost_between_form_and_post(signed_in, standard, acme, beta, own):
    """The customer disabled, the entitlement addressed to somebody else, the association ended."""
    associate(beta, standard)
    client = signed_in(standard)
    data = form_of(client, own)
    losses = (
        (Customer.objects.filter(pk=acme.pk), {"status": "disabled"}, {"status": "enabled"}),
        (Entitlement.objects.filter(pk=own.pk), {"contact": None}, {"contact": standard.contact}),
        (acme.associations.filter(contact=standard.contact), {"customer": beta}, {"customer": acme}),
    )
    for rows, lost, had in losses[:2]:
        rows.update(**lost)
        assert client.post(address(own), data).status_code == 404
        rows.update(**had)
    acme.associations.filter(contact=standard.contact).delete()
    assert client.post(address(own), data).status_code == 404
    assert not Activation.objects.exists()


def test_in_german(signed_in, acme):
    user = person("gerda@example.com", language="de")
    associate(acme, user, ADMINISTRATOR)
    own = entitlement(acme)
    ProductKeyFactory(entitlement=own, product="Suite", quantity=10)
    client = signed_in(user)
    assert "Suite: 10 von 10 verfügbar" in client.get(address(own)).content.decode()
    for typed, sentence in (
        ({"quantity": "0"}, "Die Anzahl beträgt mindestens 1."),
        ({"quantity": "x"}, "Geben Sie eine ganze Zahl ein, zum Beispiel 12."),
        ({"quantity": "11"}, "Nur noch 10 von 10 verfügbar."),
        ({"activatee": "x@y.z"}, "Kein aktiver Kontakt dieses Kunden hat diese E-Mail-Adresse."),
        ({"time_zone": "x"}, "Wählen Sie eine Zeitzone aus der Liste."),
        ({"product_key": "1x"}, "Wählen Sie ein Produkt dieser Berechtigung."),
    ):
        refused(client, own, sentence, **typed)
    answer = activate(client, own, activatee=user.contact.email)
    [message] = get_messages(answer.wsgi_request)
    assert "1 × Suite für Contact" in str(message)
    assert "Lizenz herunterladen" in str(message)


def test_names_with_markup(signed_in, administrator, acme):
    nasty = '"><script>alert(1)</script>{{7*7}}'
    Contact.objects.filter(pk=administrator.contact_id).update(name=nasty)
    own = entitlement(acme)
    ProductKeyFactory(entitlement=own, product=nasty)
    client = signed_in(administrator)
    answer = client.post(address(own), form_of(client, own) | {"activatee": administrator.contact.email})
    pages = [client.get(address(own)), client.get(answer.url)]
    for page in (page.content.decode() for page in pages):
        assert "<script>alert" not in page
        assert "{{7*7}}" in page

"""An entitlement's page: products, validity, activations and their licenses."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts.models import Contact
from customers.models import Association, Customer
from entitlements import actions, licenses
from entitlements.models import Activation, Entitlement
from tests.factories import ProductKeyFactory
from tests.pages import Served, everything
from tests.portal.conftest import ADMINISTRATOR, associate, entitlement, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def own(acme, standard):
    """Stella's, with a product."""
    own = entitlement(acme, standard)
    ProductKeyFactory(entitlement=own, product="Suite", product_version="2.0", quantity=10)
    return own


@pytest.fixture
def key(own):
    return own.product_keys.get()


def page_of(client, entitlement, query=""):
    return Served(client.get(f"/portal/entitlements/{entitlement.pk}/{query}"))


def activated(page):
    """The rows of the table of activations, without its head."""
    return page.tables[1][1:]


# Products


def test_products(signed_in, standard, own, key, staff):
    ProductKeyFactory(entitlement=own, product="Viewer", quantity=3, end_date=date(2026, 5, 31))
    actions.activate(key, quantity=4, by=staff)
    with time_machine.travel(datetime(2026, 5, 29, 12, tzinfo=UTC), tick=False):
        page = page_of(signed_in(standard), own)
    assert page.column("Product") == ["Suite 2.0", "Viewer"]
    assert page.column("Quantity") == ["10", "3"]
    assert page.column("Activated") == ["4", "0"]
    assert page.column("Left") == ["6", "3"]
    suite, viewer = page.column("Validity")
    assert suite.startswith("Valid March 1, 2026 – never expires Europe/Berlin Exact times")
    assert viewer.startswith("Ends in 2 days March 1, 2026 – May 31, 2026 Europe/Berlin")


def test_exact_times(signed_in, standard, own, key, staff):
    actions.activate(key, quantity=1, by=staff, time_zone="Asia/Tokyo")
    page = page_of(signed_in(standard), own)
    assert "Europe/Berlin from March 1, 2026, 00:00" in page.column("Validity")[0]
    assert "UTC from Feb. 28, 2026, 23:00" in page.column("Validity")[0]
    [row] = activated(page)
    for text in (
        "Asia/Tokyo from March 1, 2026, 00:00",
        "The customer’s: Europe/Berlin from Feb. 28, 2026, 16:00",
        "UTC from Feb. 28, 2026, 15:00",
    ):
        assert text in row[4]


def test_the_viewers_own_time_waits_for_the_script(signed_in, standard, own):
    answer = signed_in(standard).get(f"/portal/entitlements/{own.pk}/")
    assert "<div hidden data-viewer>" in answer.content.decode()
    assert 'datetime="2026-02-28T23:00:00+00:00"' in answer.content.decode()
    scripts = [attrs["src"] for tag, attrs in Served(answer).tags if tag == "script"]
    assert scripts == ["/static/js/local-time.js"]


def test_a_zone_that_changed_later_moves_no_license(signed_in, standard, own, key, acme, staff):
    actions.activate(key, quantity=1, by=staff)
    Customer.objects.filter(pk=acme.pk).update(time_zone="America/New_York")
    [row] = activated(page_of(signed_in(standard), own))
    assert "Europe/Berlin from March 1, 2026, 00:00" in row[4]
    assert "The customer’s: America/New_York from Feb. 28, 2026, 18:00" in row[4]


def test_in_german(signed_in, acme, staff):
    user = person("gerda@example.com", language="de")
    associate(acme, user)
    own = entitlement(acme, user, end_date=date(2097, 12, 31))
    key = ProductKeyFactory(entitlement=own, product="Suite", quantity=2)
    actions.activate(key, quantity=1, by=staff)
    page = page_of(signed_in(user), own)
    assert (page.column("Anzahl"), page.column("Verfügbar")) == (["2"], ["1"])
    validity = page.column("Gültigkeit")[0]
    assert validity.startswith("Gültig 1. März 2026 – 31. Dezember 2097 Europe/Berlin Genaue Zeiten")
    assert "ab 1. März 2026, 00:00 bis 1. Januar 2098, 00:00" in validity
    assert "vom Anbieter" in page.text
    Entitlement.objects.update(state="disabled")
    text = page_of(signed_in(user), own).text
    assert "Diese Berechtigung ist deaktiviert: Es kann nichts davon aktiviert werden." in text


# Activate, or why not


def links(page):
    return [address for _text, address in page.links if "/activate/" in address]


def test_who_may_activate(signed_in, standard, administrator, own, key):
    for user in (standard, administrator):
        base = f"/portal/entitlements/{own.pk}/activate/"
        assert links(page_of(signed_in(user), own)) == [base, f"{base}?key={key.pk}"]


@pytest.mark.parametrize("state", ["disabled", "closed"])
def test_why_not(signed_in, standard, own, state):
    Entitlement.objects.update(state=state)
    page = page_of(signed_in(standard), own)
    assert f"This entitlement is {state}: nothing of it can be activated" in page.text
    assert links(page) == []


def test_nothing_left(signed_in, standard, own, key, staff):
    actions.activate(key, quantity=10, by=staff)
    page = page_of(signed_in(standard), own)
    assert "All of it is activated: nothing is left." in page.text
    assert links(page) == []


# Activations


def test_no_activations(signed_in, standard, own):
    assert "Nothing has been activated yet." in page_of(signed_in(standard), own).text


def test_by_whom_and_for_whom(signed_in, standard, administrator, own, key, staff):
    actions.activate(key, quantity=1, by=staff)
    actions.activate(key, quantity=2, by=administrator, activatee=standard.contact)
    page = page_of(signed_in(standard), own)
    mine, vendors = activated(page)
    assert mine[:3] == ["Suite 2.0", "2", "Stella stella@example.com"]
    assert mine[3].endswith("by Arthur")
    assert vendors[:3] == ["Suite 2.0", "1", "–"]
    assert vendors[3].endswith("by the vendor")


def test_whoever_left_the_customer_is_not_named(signed_in, standard, acme, own, key):
    leaver = person("larry@example.com", name="Larry")
    associate(acme, leaver, ADMINISTRATOR)
    actions.activate(key, quantity=1, by=leaver, activatee=leaver.contact)
    Association.objects.filter(contact=leaver.contact).delete()
    Contact.objects.filter(pk=leaver.contact_id).update(name="Larry Moved-On")
    answer = signed_in(standard).get(f"/portal/entitlements/{own.pk}/")
    [row] = activated(Served(answer))
    assert row[2] == "A former contact"
    assert "by" not in row[3]
    assert "arry" not in answer.content.decode()


def test_days_are_those_of_the_customer(signed_in, standard, own, key, staff):
    with time_machine.travel(datetime(2026, 3, 31, 23, tzinfo=UTC), tick=False):
        actions.revoke(actions.activate(key, quantity=1, by=staff), by=staff, comment="x")
    [row] = activated(page_of(signed_in(standard), own))
    assert row[3].startswith("April 1, 2026")
    assert row[4].startswith("Revoked April 1, 2026")


def test_a_revoked_one(signed_in, standard, own, key, staff):
    activation = actions.activate(key, quantity=1, by=staff)
    actions.revoke(activation, by=staff, comment="between us only")
    answer = signed_in(standard).get(f"/portal/entitlements/{own.pk}/")
    [row] = activated(Served(answer))
    assert row[4].startswith("Revoked")
    assert row[5] == ""
    assert "between us only" not in answer.content.decode()


def test_pages_of_activations(signed_in, standard, own, key, staff):
    key.quantity = 60
    key.save()
    for _ in range(51):
        actions.activate(key, quantity=1, by=staff)
    client = signed_in(standard)
    assert len(activated(page_of(client, own))) == 50
    page = page_of(client, own, "?page=2")
    assert len(activated(page)) == 1
    assert "51–51 of 51" in page.text


def test_queries_do_not_grow(signed_in, standard, acme, own, key, staff):
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/portal/entitlements/{own.pk}/").status_code == 200
        return len(queries)

    client = signed_in(standard)
    actions.activate(key, quantity=1, by=staff, activatee=standard.contact)
    client.get("/portal/")
    few = count()
    for number in range(8):
        colleague = person(f"c{number}@example.com", name="Colleague")
        associate(acme, colleague, ADMINISTRATOR)
        actions.activate(key, quantity=1, by=colleague, activatee=colleague.contact)
        ProductKeyFactory(entitlement=own)
    assert count() == few


# Licenses


@pytest.fixture
def activation(key, staff):
    return actions.activate(key, quantity=2, by=staff)


def license_of(activation, entitlement=None):
    entitlement = entitlement or activation.product_key.entitlement
    return f"/portal/entitlements/{entitlement.pk}/licenses/{activation.pk}/"


def test_a_license(signed_in, standard, administrator, own, activation):
    before = everything()
    for user in (standard, administrator):
        page = page_of(signed_in(user), own)
        assert ("License 2 × Suite 2.0", license_of(activation)) in page.links
        answer = signed_in(user).get(license_of(activation))
        assert answer.content == activation.license.encode()
        assert licenses.verify(answer.content, licenses.known_keys()).eid == own.eid
        assert answer["Content-Type"] == "application/json"
        name = f"license-{own.eid}-{activation.pk}.json"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert everything() == before


def test_a_revoked_license(signed_in, standard, activation, staff):
    actions.revoke(activation, by=staff, comment="x")
    answer = signed_in(standard).get(license_of(activation))
    assert answer.status_code == 410
    text = "This activation has been revoked. Its license cannot be downloaded any more."
    assert text in Served(answer).text
    assert "Content-Disposition" not in answer


def test_licenses_of_others(signed_in, standard, foreigner, half, of_disabled, rows, own, activation, staff):
    """Another contact's, another customer's, and those under an address that is not theirs."""
    theirs = {row: ProductKeyFactory(entitlement=row) for row in (rows.customers, rows.foreign)}
    made = {row: actions.activate(key, quantity=1, by=staff) for row, key in theirs.items()}
    client, texts = signed_in(standard), set()
    paths = [license_of(made[rows.customers]), license_of(made[rows.foreign])]
    paths += [license_of(made[rows.customers], own), license_of(made[rows.foreign], own)]
    for path in [*paths, f"/portal/entitlements/{own.pk}/licenses/999999/"]:
        answer = client.get(path)
        assert answer.status_code == 404
        texts.add(answer.content)
    assert len(texts) == 1
    for user in (foreigner, half):
        assert signed_in(user).get(license_of(activation)).status_code == 404


def test_licenses_of_a_disabled_customer(signed_in, standard, beta, acme, activation):
    associate(beta, standard)
    Customer.objects.filter(pk=acme.pk).update(status="disabled")
    assert signed_in(standard).get(license_of(activation)).status_code == 404
    assert Activation.objects.count() == 1

"""The first page, the switch between customers, and entitlements."""

from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from customers.models import Customer
from tests.factories import CustomerFactory, ProductKeyFactory
from tests.pages import Served
from tests.portal.conftest import ADMINISTRATOR, associate, entitlement, person

pytestmark = pytest.mark.django_db


def acting_for(answer):
    """The Customer ID that the page is headed with."""
    page = answer.content.decode()
    return page.partition('class="acting-name"')[2].partition('class="mono">')[2].partition("<")[0]


def eids(answer):
    return [text.split()[0] for text in Served(answer).column("EID")]


def test_a_standard_contact_sees_what_is_addressed_to_them(signed_in, standard, rows):
    answer = signed_in(standard).get("/portal/")
    assert acting_for(answer) == "C-ACME"
    assert eids(answer) == [rows.own.eid]
    assert "Entitlements that are addressed to you." in answer.content.decode()
    assert "Switch customer" not in answer.content.decode()


def test_an_administrator_sees_all_of_the_customers(signed_in, administrator, rows):
    assert eids(signed_in(administrator).get("/portal/")) == [rows.customers.eid, rows.own.eid]


def test_dates_and_their_zone(signed_in, standard, acme):
    entitlement(acme, standard, end_date=date(2027, 12, 31))
    entitlement(acme, standard, end_date=None)
    text = Served(signed_in(standard).get("/portal/")).text
    assert "time zone Europe/Berlin" in text
    assert "March 1, 2026 – Dec. 31, 2027" in text
    assert "March 1, 2026 – never expires" in text


def test_dates_in_german(signed_in, acme):
    user = person("gerda@example.com", language="de")
    associate(acme, user)
    entitlement(acme, user, end_date=date(2027, 12, 31))
    text = Served(signed_in(user).get("/portal/")).text
    assert "1. März 2026 – 31. Dezember 2027" in text


def test_every_state_but_draft(signed_in, standard, acme):
    for state in ("draft", "complete", "disabled", "closed"):
        entitlement(acme, standard, state=state)
    states = Served(signed_in(standard).get("/portal/")).column("State")
    assert states == ["Closed", "Disabled", "Complete"]


NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
JUNE, MAY, YEARS = date(2026, 6, 3), date(2026, 5, 31), date(2030, 1, 1)
STANDINGS = {
    "Valid": [{"end_date": YEARS}],
    "Ends in 2 days": [{"end_date": YEARS}, {"end_date": JUNE}, {"end_date": MAY}, {"never_expires": True}],
    "Starts in 2 days": [{"start_date": YEARS}, {"start_date": JUNE}, {"end_date": MAY}],
    "Expired": [{"end_date": MAY}],
}


@pytest.mark.parametrize("standing", STANDINGS)
def test_how_an_entitlement_stands(signed_in, standard, acme, standing):
    """As the product that ends next does, else the one that starts next."""
    row = entitlement(acme, standard)
    for number, values in enumerate(STANDINGS[standing]):
        ProductKeyFactory(entitlement=row, product=f"Suite {number}", **values)
    with time_machine.travel(NOW, tick=False):
        page = Served(signed_in(standard).get("/portal/"))
    assert page.column("Validity")[0].endswith(standing)
    assert page.column("EID")[0].startswith(f"{row.eid} Suite 0")


def test_a_closed_one_is_not_said_to_stand(signed_in, standard, acme):
    ProductKeyFactory(entitlement=entitlement(acme, standard, state="closed"))
    page = Served(signed_in(standard).get("/portal/"))
    assert page.column("Validity") == ["March 1, 2026 – never expires"]


def test_nothing_yet(signed_in, standard, administrator):
    for user in (standard, administrator):
        assert "No entitlements yet" in signed_in(user).get("/portal/").content.decode()


def test_without_any_customer(signed_in, alone):
    answer = signed_in(alone).get("/portal/")
    assert answer.status_code == 200
    assert "you are not a contact of any customer yet" in answer.content.decode()
    assert acting_for(answer) == ""


def test_pages(signed_in, standard, acme):
    for _ in range(51):
        entitlement(acme, standard)
    client = signed_in(standard)
    assert len(eids(client.get("/portal/"))) == 50
    answer = client.get("/portal/?page=2")
    assert len(eids(answer)) == 1
    assert "51–51 of 51" in answer.content.decode()


def test_queries_do_not_grow(signed_in, standard, administrator, acme):
    def count(client, path):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        return len(queries)

    client, paths = signed_in(administrator), ["/portal/", f"/portal/customers/{acme.pk}/contacts/"]
    for _ in range(3):
        ProductKeyFactory(entitlement=entitlement(acme, standard))
    client.get("/portal/profile/")
    few = [count(client, path) for path in paths]
    for number in range(27):
        ProductKeyFactory(entitlement=entitlement(acme, standard))
        associate(acme, person(f"p{number}@example.com"))
        associate(CustomerFactory(), administrator)
    assert [count(client, path) for path in paths] == few


# The switch


def test_the_switch_is_a_default_for_the_next_pages(signed_in, administrator, acme, beta):
    client = signed_in(administrator)
    assert acting_for(client.get("/portal/")) == "C-ACME"
    assert client.post("/portal/customer/", {"customer": beta.pk}).url == "/portal/"
    assert acting_for(client.get("/portal/")) == "C-BETA"
    assert acting_for(client.get("/portal/profile/")) == "C-BETA"


def test_a_customer_disabled_since_is_not_the_default_any_more(signed_in, administrator, half, acme, beta):
    client = signed_in(administrator)
    client.post("/portal/customer/", {"customer": beta.pk})
    Customer.objects.filter(pk=beta.pk).update(status="disabled")
    answer = client.get("/portal/")
    assert acting_for(answer) == "C-ACME"
    assert "C-BETA" not in answer.content.decode()


def test_the_switch_names_each_customer_with_its_id(signed_in, administrator, acme):
    twin = CustomerFactory(name=acme.name, customer_id="C-TWIN")
    associate(twin, administrator)
    page = signed_in(administrator).get("/portal/").content.decode()
    switch = page[page.index("<details") : page.index("</details>")]
    assert switch.count("Acme Ltd") == 2
    assert "C-ACME" in switch
    assert "C-TWIN" in switch


def test_a_long_name_stays_whole(signed_in, standard, acme):
    Customer.objects.filter(pk=acme.pk).update(name="x" * 255)
    assert "x" * 255 in signed_in(standard).get("/portal/").content.decode()


# Two tabs


def test_a_page_acts_for_the_customer_of_its_row(signed_in, administrator, beta, rows):
    client = signed_in(administrator)
    client.post("/portal/customer/", {"customer": beta.pk})
    answer = client.get(f"/portal/entitlements/{rows.own.pk}/")
    assert acting_for(answer) == "C-ACME"
    assert acting_for(client.get("/portal/")) == "C-BETA"


def test_a_post_of_one_tab_is_not_moved_by_another(signed_in, administrator, acme, beta):
    """The page was opened for Acme, then another tab switched to Beta."""
    client = signed_in(administrator)
    page = client.get(f"/portal/customers/{acme.pk}/contacts/invite/")
    assert acting_for(page) == "C-ACME"
    client.post("/portal/customer/", {"customer": beta.pk})
    client.post(f"/portal/customers/{acme.pk}/contacts/invite/", {"email": "new@example.org"})
    assert [invited.customer for invited in acme.offers.all()] == [acme]
    assert not beta.offers.exists()


def test_whoever_is_no_administrator_any_more_is_told_so_at_the_post(signed_in, administrator, acme):
    client, path = signed_in(administrator), f"/portal/customers/{acme.pk}/contacts/invite/"
    assert client.get(path).status_code == 200
    administrator.contact.associations.filter(customer=acme).update(kind="standard")
    assert client.post(path, {"email": "new@example.org"}).status_code == 404
    assert not acme.offers.exists()


# An entitlement's page


def test_an_entitlement(signed_in, standard, rows, acme):
    served = Served(signed_in(standard).get(f"/portal/entitlements/{rows.own.pk}/"))
    for text in (
        rows.own.eid,
        "Complete",
        "Acme Ltd",
        "C-ACME",
        "March 1, 2026",
        "never expires",
        "Europe/Berlin",
    ):
        assert text in served.text


def test_another_contacts_entitlement(signed_in, standard, administrator, acme, rows):
    assert signed_in(standard).get(f"/portal/entitlements/{rows.customers.pk}/").status_code == 404
    other = person("other@example.com")
    associate(acme, other, ADMINISTRATOR)
    assert signed_in(other).get(f"/portal/entitlements/{rows.own.pk}/").status_code == 200

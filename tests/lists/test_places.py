"""Ways back to a list lead where the person left it."""

import pytest

from ems_site.lists import listing
from ems_site.plans import Plan
from ems_site.verbs import VERBS
from tests.factories import ContactFactory, CustomerFactory, EntitlementFactory
from tests.pages import Served

pytestmark = pytest.mark.django_db

MAKE = {"customers": CustomerFactory, "contacts": ContactFactory, "entitlements": EntitlementFactory}


@pytest.fixture
def client(superuser, signed_in):
    return signed_in(superuser)


@pytest.mark.parametrize("name", MAKE)
def test_breadcrumbs_lead_back_to_the_place(name, client):
    record = MAKE[name]()
    page = record.get_absolute_url()
    pages = [page, f"{page}edit/", f"{page}history/", f"{page}delete/", f"/{name}/add/"]
    for address in pages:
        assert ("/" + name + "/") in [href for _, href in Served(client.get(address)).links]
    client.get(f"/{name}/?size=100&created_from=2000-01-01")
    for address in pages:
        hrefs = [href for text, href in Served(client.get(address)).links if text == name.capitalize()]
        assert f"/{name}/?created_from=2000-01-01&size=100" in hrefs, address


def test_each_list_has_a_place_of_its_own(client):
    record = CustomerFactory()
    client.get("/customers/?size=25")
    client.get("/contacts/?size=100")
    links = Served(client.get(record.get_absolute_url())).links
    assert ("Customers", "/customers/?size=25") in links


def test_what_counts_for_nothing_is_not_kept(client):
    record = CustomerFactory()
    client.get("/customers/?sort=nothing&foo=bar&created_from=never&size=25")
    assert ("Customers", "/customers/?size=25") in Served(client.get(record.get_absolute_url())).links


def test_results_alone_are_a_place_too(client):
    record = CustomerFactory(name="Acme")
    client.get("/customers/?q=acme", headers={"HX-Request": "true", "HX-Target": "results"})
    assert ("Customers", "/customers/?q=acme") in Served(client.get(record.get_absolute_url())).links


@pytest.fixture
def second_page(client, monkeypatch):
    """The address of a page with four customers after it, and the middle one of its three."""
    monkeypatch.setattr(listing, "DEFAULT_SIZE", 3)
    customers = [CustomerFactory(name=f"Customer {number}") for number in range(9)]
    page = Served(client.get("/customers/"))
    (after,) = [attrs["href"] for tag, attrs in page.tags if attrs.get("rel") == "next"]
    address = f"/customers/{after}"
    client.get(address)
    return address, customers


def deleted(client, superuser, *customers):
    rows = type(customers[0]).objects.filter(pk__in=[one.pk for one in customers])
    token = Plan.of(VERBS["delete"], rows, superuser).token
    return client.post(f"/customers/{customers[0].pk}/delete/", {"plan": token, "comment": ""})


def names(client, address):
    """In the order of the rows, without what stands below them."""
    return [text[: len("Customer 0")] for text in Served(client.get(address)).column("Name")]


def test_delete_leads_back_to_the_page_it_came_from(client, superuser, second_page):
    address, customers = second_page
    answer = deleted(client, superuser, customers[4])
    assert answer.url == address
    assert names(client, answer.url) == ["Customer 3", "Customer 5", "Customer 6"]


def test_the_page_stays_though_its_first_row_and_the_one_before_it_go(client, superuser, second_page):
    address, customers = second_page
    for gone in customers[2:4]:
        deleted(client, superuser, gone)
    assert names(client, address) == ["Customer 4", "Customer 5", "Customer 6"]


def test_cancel_of_ticked_rows_leads_back(client, second_page):
    address, customers = second_page
    answer = client.post("/customers/ticked/disable/", {"pk": [one.pk for one in customers[3:5]]})
    assert ("Cancel", address) in Served(answer).links
    assert client.post("/customers/ticked/disable/").url == address
